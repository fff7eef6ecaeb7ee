// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes of interleaved pixels: luma, masks, one channel out of three, three into one.
//   AVX2: shuffles work in halves of 16 bytes, so the two halves of a register are two blocks of 16 pixels (or of 4, where a pixel needs 32 bits).
//   AVX-512 VBMI: one permute brings each byte to its place.
// What is left at the end of a row goes through the reference.
#include "halves.h"

#if defined(__x86_64__) && defined(__GNUC__)

// ---- luma ---------------------------------------------------------------------------------------

// Eight sums from pairs R G and B 0 of 16 bits.
KAL__TARGET_AVX2 static inline __m256i luma_avx2(__m256i rg, __m256i b)
{
    const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(rg, _mm256_set1_epi32(9798 | 19235 << 16)),
                                         _mm256_madd_epi16(b, _mm256_set1_epi32(3735)));
    return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(16384)), 15);
}

KAL__TARGET_AVX2 static inline __m256i luma_of_rgb(const uint8_t *src)
{
    const __m256i rg = BOTH_HALVES(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1),
                  b = BOTH_HALVES(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1);
    const __m256i x = load_halves(src, src + 12);
    return luma_avx2(_mm256_shuffle_epi8(x, rg), _mm256_shuffle_epi8(x, b));
}

KAL__TARGET_AVX2 void kal__gray_rgb_u8_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    size_t i = 0;
    for (; i + 34 <= n; i += 32) {   // the last load reaches 4 bytes further
        const uint8_t *s = src + 3 * i;
        const __m256i low = _mm256_packus_epi32(luma_of_rgb(s), luma_of_rgb(s + 24)),
                      high = _mm256_packus_epi32(luma_of_rgb(s + 48), luma_of_rgb(s + 72));
        const __m256i v = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order);
        _mm256_storeu_si256((__m256i *)(void *)(dst + i), v);
    }
    kal__gray_rgb_u8_c(dst + i, src + 3 * i, n - i);
}

KAL__TARGET_AVX512 void kal__gray_rgb_u8_avx512(uint8_t *dst, const uint8_t *src, size_t n)
{
    uint8_t first[64], third[64];
    for (int i = 0; i < 64; i++)
        first[i] = (uint8_t)(i / 4 * 3 + i % 4 / 2), third[i] = (uint8_t)(i / 4 * 3 + 2);
    const __m512i at_rg = _mm512_loadu_si512(first), at_b = _mm512_loadu_si512(third);
    for (size_t i = 0; i < n; i += 16) {
        const size_t left = n - i < 16 ? n - i : 16;
        const __m512i x = _mm512_maskz_loadu_epi8(((__mmask64)1 << (3 * left)) - 1, src + 3 * i);
        const __m512i rg = _mm512_maskz_permutexvar_epi8(0x5555555555555555, at_rg, x),
                      b = _mm512_maskz_permutexvar_epi8(0x1111111111111111, at_b, x);
        const __m512i sum = _mm512_add_epi32(_mm512_madd_epi16(rg, _mm512_set1_epi32(9798 | 19235 << 16)),
                                             _mm512_madd_epi16(b, _mm512_set1_epi32(3735)));
        const __m512i v = _mm512_srli_epi32(_mm512_add_epi32(sum, _mm512_set1_epi32(16384)), 15);
        _mm_mask_storeu_epi8(dst + i, (__mmask16)((1u << left) - 1), _mm512_cvtepi32_epi8(v));
    }
}

KAL__TARGET_AVX2 void kal__gray_rgba_u8_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
    const __m256i to_rg = BOTH_HALVES(0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13, -1);
    const __m256i pack = BOTH_HALVES(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i x = load_32(src + 4 * i);
        const __m256i b = _mm256_and_si256(_mm256_srli_epi32(x, 16), _mm256_set1_epi32(255));
        const __m256i alpha = _mm256_slli_epi32(_mm256_srli_epi32(x, 24), 8);
        const __m256i v = _mm256_or_si256(luma_avx2(_mm256_shuffle_epi8(x, to_rg), b), alpha);
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(v, pack), 0x08);
        _mm_storeu_si128((__m128i *)(void *)(dst + 2 * i), _mm256_castsi256_si128(packed));
    }
    kal__gray_rgba_u8_c(dst + 2 * i, src + 4 * i, n - i);
}

// ---- masks --------------------------------------------------------------------------------------

// Bytes 0, 3, 6 … of two blocks of 48, each in three registers.
KAL__TARGET_AVX2 static inline __m256i every_third(__m256i a, __m256i b, __m256i c)
{
    const __m256i in_a = BOTH_HALVES(0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                  in_b = BOTH_HALVES(-1, -1, -1, -1, -1, -1, 2, 5, 8, 11, 14, -1, -1, -1, -1, -1),
                  in_c = BOTH_HALVES(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1, 4, 7, 10, 13);
    return _mm256_or_si256(_mm256_or_si256(_mm256_shuffle_epi8(a, in_a), _mm256_shuffle_epi8(b, in_b)),
                           _mm256_shuffle_epi8(c, in_c));
}

// The largest of each byte and the two after it.
KAL__TARGET_AVX2 static inline __m256i largest_of_three(const uint8_t *p)
{
    return _mm256_max_epu8(_mm256_max_epu8(load_halves(p, p + 48), load_halves(p + 1, p + 49)),
                           load_halves(p + 2, p + 50));
}

KAL__TARGET_AVX2 void kal__above_rgb_u8_avx2(uint8_t *dst, const uint8_t *src, size_t n, uint8_t least)
{
    const __m256i low = _mm256_set1_epi8((char)least);
    size_t i = 0;
    for (; i + 33 <= n; i += 32) {
        const uint8_t *s = src + 3 * i;
        const __m256i v =
            every_third(largest_of_three(s), largest_of_three(s + 16), largest_of_three(s + 32));
        _mm256_storeu_si256((__m256i *)(void *)(dst + i), _mm256_cmpeq_epi8(_mm256_max_epu8(v, low), v));
    }
    kal__above_rgb_u8_c(dst + i, src + 3 * i, n - i, least);
}

KAL__TARGET_AVX2 static inline __m256i above_rgba(const uint8_t *src, __m256i low)
{
    const __m256i x = load_32(src);
    const __m256i any =
        _mm256_slli_epi32(_mm256_cmpeq_epi8(_mm256_max_epu8(x, low), x), 8);   // without alpha
    return _mm256_cmpeq_epi32(any, _mm256_setzero_si256());                    // none
}

KAL__TARGET_AVX2 void kal__above_rgba_u8_avx2(uint8_t *dst, const uint8_t *src, size_t n, uint8_t least)
{
    const __m256i low = _mm256_set1_epi8((char)least), order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const uint8_t *s = src + 4 * i;
        const __m256i a = _mm256_packs_epi32(above_rgba(s, low), above_rgba(s + 32, low)),
                      b = _mm256_packs_epi32(above_rgba(s + 64, low), above_rgba(s + 96, low));
        const __m256i none = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(a, b), order);
        _mm256_storeu_si256((__m256i *)(void *)(dst + i), _mm256_xor_si256(none, _mm256_set1_epi8(-1)));
    }
    kal__above_rgba_u8_c(dst + i, src + 4 * i, n - i, least);
}

// ---- past the caches ------------------------------------------------------------------------------

// Whole lines are not fetched before they are written. The engine ends the stream.
KAL__TARGET_AVX2 void kal__flip_far_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
    const __m256i ones = _mm256_set1_epi8(-1);
    const size_t head = (0 - (uintptr_t)dst) & 63;
    size_t i = head < n ? head : n;
    kal__flip_far_c(dst, src, i);
    for (; i + 64 <= n; i += 64) {
        const __m256i a = load_32(src + i), b = load_32(src + i + 32);
        _mm256_stream_si256((__m256i *)(void *)(dst + i), _mm256_xor_si256(a, ones));
        _mm256_stream_si256((__m256i *)(void *)(dst + i + 32), _mm256_xor_si256(b, ones));
    }
    kal__flip_far_c(dst + i, src + i, n - i);
}

// ---- channels -----------------------------------------------------------------------------------

KAL__TARGET_AVX2 void kal__pick3_u8_avx2(uint8_t *dst, const uint8_t *src, size_t n)
{
    size_t i = 0;
    for (; i + 33 <= n; i += 32) {   // src may begin with the last channel
        const uint8_t *s = src + 3 * i;
        const __m256i v =
            every_third(load_halves(s, s + 48), load_halves(s + 16, s + 64), load_halves(s + 32, s + 80));
        _mm256_storeu_si256((__m256i *)(void *)(dst + i), v);
    }
    kal__pick3_u8_c(dst + i, src + 3 * i, n - i);
}

KAL__TARGET_AVX512 void kal__pick3_u8_avx512(uint8_t *dst, const uint8_t *src, size_t n)
{
    uint8_t index[64];
    for (int i = 0; i < 64; i++)
        index[i] = (uint8_t)(3 * i);   // modulo 128; from 43 on in the third register
    const __m512i at = _mm512_loadu_si512(index);
    size_t i = 0;
    for (; i + 65 <= n; i += 64) {
        const uint8_t *s = src + 3 * i;
        const __m512i v = _mm512_permutex2var_epi8(_mm512_loadu_si512(s), at, _mm512_loadu_si512(s + 64));
        const __m512i w =
            _mm512_mask_permutexvar_epi8(v, ~(__mmask64)0 << 43, at, _mm512_loadu_si512(s + 128));
        _mm512_storeu_si512(dst + i, w);
    }
    kal__pick3_u8_c(dst + i, src + 3 * i, n - i);
}

// Thirds of 48 bytes: where each of a, b, c goes is the same pattern, begun later.
#define JOIN_A0 BOTH_HALVES(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5)
#define JOIN_B0 BOTH_HALVES(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1)
#define JOIN_C0 BOTH_HALVES(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1)
#define JOIN_A1 BOTH_HALVES(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1)
#define JOIN_B1 BOTH_HALVES(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10)
#define JOIN_C1 BOTH_HALVES(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1)
#define JOIN_A2 BOTH_HALVES(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1)
#define JOIN_B2 BOTH_HALVES(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1)
#define JOIN_C2 BOTH_HALVES(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15)
#define JOIN(k)                                                                                            \
    _mm256_or_si256(_mm256_or_si256(_mm256_shuffle_epi8(x, JOIN_A##k), _mm256_shuffle_epi8(y, JOIN_B##k)), \
                    _mm256_shuffle_epi8(z, JOIN_C##k))

KAL__TARGET_AVX2 void kal__join3_u8_avx2(uint8_t *dst, const uint8_t *a, const uint8_t *b, const uint8_t *c,
                                         size_t n)
{
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m256i x = load_32(a + i), y = load_32(b + i), z = load_32(c + i);
        uint8_t *d = dst + 3 * i;
        store_halves(d, d + 48, JOIN(0));
        store_halves(d + 16, d + 64, JOIN(1));
        store_halves(d + 32, d + 80, JOIN(2));
    }
    kal__join3_u8_c(dst + 3 * i, a + i, b + i, c + i, n - i);
}

KAL__TARGET_AVX2 void kal__split3_u8_avx2(uint8_t *a, uint8_t *b, uint8_t *c, const uint8_t *src, size_t n)
{
    kal__pick3_u8_avx2(a, src, n);
    kal__pick3_u8_avx2(b, src + 1, n);
    kal__pick3_u8_avx2(c, src + 2, n);
}

// Indices as constants: F of from, from + 1 …
#define UP_TO_4(F, from) F(from), F((from) + 1), F((from) + 2), F((from) + 3)
#define UP_TO_16(F, from) \
    UP_TO_4(F, from), UP_TO_4(F, (from) + 4), UP_TO_4(F, (from) + 8), UP_TO_4(F, (from) + 12)
#define UP_TO_64(F, from) \
    UP_TO_16(F, from), UP_TO_16(F, (from) + 16), UP_TO_16(F, (from) + 32), UP_TO_16(F, (from) + 48)
#define FIRSTS(i) ((3 * (i)) & 127)
#define SECONDS(i) ((3 * (i) + 1) & 127)
#define THIRDS(i) ((3 * (i) + 2) & 127)

// From the 43rd on, or the 42nd of the last channel, samples lie in the third register.
KAL__TARGET_AVX512 void kal__split3_u8_avx512(uint8_t *a, uint8_t *b, uint8_t *c, const uint8_t *src,
                                              size_t n)
{
    static const uint8_t index[3][64] = {
        {UP_TO_64(FIRSTS, 0)}, {UP_TO_64(SECONDS, 0)}, {UP_TO_64(THIRDS, 0)}};
    uint8_t *const dst[3] = {a, b, c};
    const __mmask64 last[3] = {~(__mmask64)0 << 43, ~(__mmask64)0 << 43, ~(__mmask64)0 << 42};
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512i x = _mm512_loadu_si512(src + 3 * i), y = _mm512_loadu_si512(src + 3 * i + 64),
                      z = _mm512_loadu_si512(src + 3 * i + 128);
        for (int k = 0; k < 3; k++) {
            const __m512i at = _mm512_loadu_si512(index[k]), v = _mm512_permutex2var_epi8(x, at, y);
            _mm512_storeu_si512(dst[k] + i, _mm512_mask_permutexvar_epi8(v, last[k], at, z));
        }
    }
    kal__split3_u8_c(a + i, b + i, c + i, src + 3 * i, n - i);
}

#define OF_PAIR(j) ((j) / 3 + ((j) % 3 == 1 ? 64 : 0))
#define OF_THIRD(j) ((j) / 3)

KAL__TARGET_AVX512 void kal__join3_u8_avx512(uint8_t *dst, const uint8_t *a, const uint8_t *b,
                                             const uint8_t *c, size_t n)
{
    // byte j is sample j / 3 of a or b, or of c
    static const uint8_t pair[192] = {UP_TO_64(OF_PAIR, 0), UP_TO_64(OF_PAIR, 64), UP_TO_64(OF_PAIR, 128)},
                         third[192] = {UP_TO_64(OF_THIRD, 0), UP_TO_64(OF_THIRD, 64),
                                       UP_TO_64(OF_THIRD, 128)};
    static const uint64_t from_c[3] = {0x4924924924924924, 0x2492492492492492, 0x9249249249249249};
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512i x = _mm512_loadu_si512(a + i), y = _mm512_loadu_si512(b + i),
                      z = _mm512_loadu_si512(c + i);
        for (int k = 0; k < 3; k++) {
            const __m512i v = _mm512_permutex2var_epi8(x, _mm512_loadu_si512(pair + 64 * k), y);
            _mm512_storeu_si512(
                dst + 3 * i + 64 * (size_t)k,
                _mm512_mask_permutexvar_epi8(v, from_c[k], _mm512_loadu_si512(third + 64 * k), z));
        }
    }
    kal__join3_u8_c(dst + 3 * i, a + i, b + i, c + i, n - i);
}

// Four pixels of up to four channels fill at most half a register, before and after.
KAL__TARGET_AVX2 void kal__permute_u8_avx2(uint8_t *dst, int32_t to, const uint8_t *src, int32_t from,
                                           size_t n, const uint8_t *pattern)
{
    uint8_t index[16];
    for (int k = 0; k < 16; k++) index[k] = k < 4 * to ? (uint8_t)(k / to * from + pattern[k % to]) : 0x80;
    const __m256i at = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)index));
    const size_t s = (size_t)from, d = (size_t)to;
    size_t i = 0;
    for (; i + 24 <= n; i += 8) {   // 16 bytes are read and written where there may be but 4 to go on
        const __m256i v = _mm256_shuffle_epi8(load_halves(src + i * s, src + (i + 4) * s), at);
        store_halves(dst + i * d, dst + (i + 4) * d, v);
    }
    kal__permute_u8_c(dst + i * d, to, src + i * s, from, n - i, pattern);
}

KAL__TARGET_AVX512 void kal__permute_u8_avx512(uint8_t *dst, int32_t to, const uint8_t *src, int32_t from,
                                               size_t n, const uint8_t *pattern)
{
    uint8_t index[64];
    for (int k = 0; k < 64; k++) index[k] = (uint8_t)(k / to * from + pattern[k % to]);
    const __m512i at = _mm512_loadu_si512(index);
    for (size_t i = 0; i < n; i += 16) {
        const size_t left = n - i < 16 ? n - i : 16;
        const __mmask64 in = ~(__mmask64)0 >> (64 - left * (size_t)from),
                        out = ~(__mmask64)0 >> (64 - left * (size_t)to);
        const __m512i x = _mm512_maskz_loadu_epi8(in, src + i * (size_t)from);
        _mm512_mask_storeu_epi8(dst + i * (size_t)to, out, _mm512_permutexvar_epi8(at, x));
    }
}

#endif
