// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes through a table of 256.
//   AVX-512 VBMI: the table in four registers, two permutes of 128 entries each, chosen by the top bit.
//   AVX2: a byte shuffle looks up 16 entries and gives 0 for an index with its top bit set. With D[k] = T[k] ^ T[k−1] (rows of 16) the xor of
//   the shuffles of x, x − 16, x − 32 … is T[x / 16][x % 16]: once x has gone negative nothing is added. Two halves of 128, chosen
//   by the sign.
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

KAL__TARGET_AVX2 static inline __m256i half(const __m256i d[8], __m256i x)
{
    const __m256i step = _mm256_set1_epi8(16);
    __m256i v = _mm256_shuffle_epi8(d[0], x);
    for (int k = 1; k < 8; k++) {
        x = _mm256_sub_epi8(x, step);
        v = _mm256_xor_si256(v, _mm256_shuffle_epi8(d[k], x));
    }
    return v;
}

KAL__TARGET_AVX2 void kal__lut_u8_avx2(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *table)
{
    __m256i low[8], high[8];
    for (int k = 0; k < 8; k++) {
        low[k] =
            _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(table + 16 * k)));
        high[k] = _mm256_broadcastsi128_si256(
            _mm_loadu_si128((const __m128i *)(const void *)(table + 128 + 16 * k)));
    }
    for (int k = 7; k > 0; k--) {
        low[k] = _mm256_xor_si256(low[k], low[k - 1]);
        high[k] = _mm256_xor_si256(high[k], high[k - 1]);
    }
    const __m256i top = _mm256_set1_epi8((char)0x80);
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(src + i));
        const __m256i v = _mm256_blendv_epi8(half(low, x), half(high, _mm256_xor_si256(x, top)), x);
        _mm256_storeu_si256((__m256i *)(void *)(dst + i), v);
    }
    for (; i < n; i++) dst[i] = table[src[i]];
}

KAL__TARGET_AVX512 void kal__lut_u8_avx512(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *table)
{
    const __m512i a = _mm512_loadu_si512(table), b = _mm512_loadu_si512(table + 64),
                  c = _mm512_loadu_si512(table + 128), d = _mm512_loadu_si512(table + 192);
    for (size_t i = 0; i < n; i += 64) {
        const __mmask64 m = n - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (n - i)) - 1;
        const __m512i x = _mm512_maskz_loadu_epi8(m, src + i);
        const __m512i low = _mm512_permutex2var_epi8(a, x, b), high = _mm512_permutex2var_epi8(c, x, d);
        _mm512_mask_storeu_epi8(dst + i, m, _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high));
    }
}

#endif
