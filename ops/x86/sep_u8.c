// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The symmetric integer passes of sep.h. Both add the two samples at distance k first and multiply the sums of k and k + 1 by their
// weights with one multiply-add to 32 bits. Nothing overflows, as all weights are >= 0 and Σt = 2^(14+b) <= 2^17:
//
//   columns   x <= 255: a sum of two <= 510; Σ t·x + 2^(7+b) <= 2^17·255 + 2^10 < 2^25; v <= 16320
//   rows      v <= 16320: a sum of two <= 32640 < 2^15; Σ t·v + 2^(19+b) <= 2^17·16320 + 2^22 < 2^31; out <= 255
//
// so the order of the sums is free. Blocks overlap at the end of a row; rows shorter than a block go to the next lower level.
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

// Weights k and k + 1 side by side; t[radius + 1] is 0.
static inline int32_t pair_at(const int16_t *t, int32_t k)
{
    int32_t pair;
    __builtin_memcpy(&pair, t + k, sizeof pair);
    return pair;
}

// ---- AVX2 -----------------------------------------------------------------------------------------

typedef struct sums256 {
    __m256i a, b;   // words; after an unpack of bytes the samples 0-7, 16-23 and 8-15, 24-31
} sums256;

KAL__TARGET_AVX2 static inline __m256i load256(const void *p)
{
    return _mm256_loadu_si256(p);
}

// Rows at distance k above and below, added.
KAL__TARGET_AVX2 static inline sums256 v_sums256(const void *const *mid, int32_t k, size_t i)
{
    const __m256i one = _mm256_set1_epi8(1), up = load256((const uint8_t *)mid[-k] + i),
                  down = load256((const uint8_t *)mid[k] + i);
    return (sums256){_mm256_maddubs_epi16(_mm256_unpacklo_epi8(up, down), one),
                     _mm256_maddubs_epi16(_mm256_unpackhi_epi8(up, down), one)};
}

KAL__TARGET_AVX2 static inline void add256(__m256i acc[4], sums256 s, sums256 next, int32_t pair)
{
    const __m256i w = _mm256_set1_epi32(pair);
    acc[0] = _mm256_add_epi32(acc[0], _mm256_madd_epi16(_mm256_unpacklo_epi16(s.a, next.a), w));
    acc[1] = _mm256_add_epi32(acc[1], _mm256_madd_epi16(_mm256_unpackhi_epi16(s.a, next.a), w));
    acc[2] = _mm256_add_epi32(acc[2], _mm256_madd_epi16(_mm256_unpacklo_epi16(s.b, next.b), w));
    acc[3] = _mm256_add_epi32(acc[3], _mm256_madd_epi16(_mm256_unpackhi_epi16(s.b, next.b), w));
}

KAL__TARGET_AVX2 static inline void v_block256(int16_t *dst, const void *const *mid, const int16_t *t,
                                               int32_t radius, int32_t shift, size_t i)
{
    const __m128i by = _mm_cvtsi32_si128(shift);
    const __m256i zero = _mm256_setzero_si256(), half = _mm256_set1_epi32(1 << (shift - 1)),
                  x = load256((const uint8_t *)mid[0] + i);
    const sums256 none = {zero, zero};
    __m256i acc[4] = {half, half, half, half};
    sums256 s = {_mm256_unpacklo_epi8(x, zero), _mm256_unpackhi_epi8(x, zero)};
    add256(acc, s, radius ? v_sums256(mid, 1, i) : none, pair_at(t, 0));
    int32_t k = 2;
    for (; k < radius; k += 2) add256(acc, v_sums256(mid, k, i), v_sums256(mid, k + 1, i), pair_at(t, k));
    if (k == radius) add256(acc, v_sums256(mid, k, i), none, pair_at(t, k));
    const __m256i a =
        _mm256_packs_epi32(_mm256_sra_epi32(acc[0], by), _mm256_sra_epi32(acc[1], by));   // 0-7, 16-23
    const __m256i b =
        _mm256_packs_epi32(_mm256_sra_epi32(acc[2], by), _mm256_sra_epi32(acc[3], by));   // 8-15, 24-31
    _mm256_storeu_si256((void *)(dst + i), _mm256_permute2x128_si256(a, b, 0x20));
    _mm256_storeu_si256((void *)(dst + i + 16), _mm256_permute2x128_si256(a, b, 0x31));
}

KAL__TARGET_AVX2 void kal__sep_v_u8_avx2(int16_t *dst, size_t step, int32_t lines, const void *const *rows,
                                         const int16_t *t, int32_t radius, int32_t shift, size_t n)
{
    if (n < 32) {
        kal__sep_v_u8_c(dst, step, lines, rows, t, radius, shift, n);
        return;
    }
    for (size_t i = 0; i < n; i += 32) {
        if (i + 32 > n) i = n - 32;
        for (int32_t q = 0; q < lines; q++)
            v_block256(dst + (size_t)q * step, rows + q + radius, t, radius, shift, i);
    }
}

// Samples at distance k to the left and right, added.
KAL__TARGET_AVX2 static inline sums256 h_sums256(const int16_t *mid, ptrdiff_t by)
{
    return (sums256){_mm256_add_epi16(load256(mid - by), load256(mid + by)),
                     _mm256_add_epi16(load256(mid - by + 16), load256(mid + by + 16))};
}

KAL__TARGET_AVX2 static inline __m256i h_block256(const int16_t *mid, const int16_t *t, int32_t radius,
                                                  int32_t shift, ptrdiff_t channels)
{
    const __m128i by = _mm_cvtsi32_si128(shift);
    const __m256i zero = _mm256_setzero_si256(), half = _mm256_set1_epi32(1 << (shift - 1));
    const sums256 none = {zero, zero}, s = {load256(mid), load256(mid + 16)};
    __m256i acc[4] = {half, half, half, half};
    add256(acc, s, radius ? h_sums256(mid, channels) : none, pair_at(t, 0));
    int32_t k = 2;
    for (; k < radius; k += 2)
        add256(acc, h_sums256(mid, k * channels), h_sums256(mid, (k + 1) * channels), pair_at(t, k));
    if (k == radius) add256(acc, h_sums256(mid, k * channels), none, pair_at(t, k));
    const __m256i a = _mm256_packs_epi32(_mm256_sra_epi32(acc[0], by), _mm256_sra_epi32(acc[1], by));
    const __m256i b = _mm256_packs_epi32(_mm256_sra_epi32(acc[2], by), _mm256_sra_epi32(acc[3], by));
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(a, b), 0xd8);
}

KAL__TARGET_AVX2 void kal__sep_h_u8_avx2(uint8_t *dst, const int16_t *row, const int16_t *t, int32_t radius,
                                         int32_t shift, size_t channels, size_t n)
{
    if (n < 32) {
        kal__sep_h_u8_c(dst, row, t, radius, shift, channels, n);
        return;
    }
    const int16_t *mid = row + (size_t)radius * channels;
    for (size_t i = 0; i < n; i += 32) {
        if (i + 32 > n) i = n - 32;
        _mm256_storeu_si256((void *)(dst + i), h_block256(mid + i, t, radius, shift, (ptrdiff_t)channels));
    }
}

// ---- AVX-512 --------------------------------------------------------------------------------------

KAL__TARGET_AVX512 static inline __m512i load512(const void *p)
{
    return _mm512_loadu_si512(p);
}

// s and next are sums at distance k and k + 1, w their weights.
KAL__TARGET_AVX512 static inline void add512(__m512i acc[2], __m512i s, __m512i next, __m512i w)
{
    acc[0] = _mm512_dpwssd_epi32(acc[0], _mm512_unpacklo_epi16(s, next), w);
    acc[1] = _mm512_dpwssd_epi32(acc[1], _mm512_unpackhi_epi16(s, next), w);
}

// 32 samples of a source row as words.
KAL__TARGET_AVX512 static inline __m512i words512(const void *row, size_t i)
{
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const void *)((const uint8_t *)row + i)));
}

KAL__TARGET_AVX512 static inline __m512i sum512(__m512i a, __m512i b)
{
    return _mm512_add_epi16(a, b);
}

// Four rows at once, 32 samples of each. At distance k they need the source rows −k … 3 − k, which are up[0] … up[3], and k … k + 3,
// down[0] … down[3]. One further out that is a new row at either end: every source row is loaded and widened once for all four.
KAL__TARGET_AVX512 static inline void v_block512(int16_t *dst, size_t step, const void *const *mid,
                                                 const int16_t *t, int32_t radius, int32_t shift, size_t i)
{
    const __m512i half = _mm512_set1_epi32(1 << (shift - 1)), r0 = words512(mid[0], i),
                  r1 = words512(mid[1], i), r2 = words512(mid[2], i), r3 = words512(mid[3], i);
    __m512i up[4] = {words512(mid[-2], i), words512(mid[-1], i), r0, r1},
            down[4] = {r2, r3, words512(mid[4], i), words512(mid[5], i)};
    __m512i acc[4][2] = {{half, half}, {half, half}, {half, half}, {half, half}},
            w = _mm512_set1_epi32(pair_at(t, 0));
    add512(acc[0], r0, sum512(up[1], r1), w);
    add512(acc[1], r1, sum512(r0, r2), w);
    add512(acc[2], r2, sum512(r1, r3), w);
    add512(acc[3], r3, sum512(r2, down[2]), w);
    for (int32_t k = 2; k <= radius; k += 2) {
        const int32_t next = k < radius ? k + 1 : k;   // the weight after the last is 0
        const __m512i above = words512(mid[-next], i), below = words512(mid[next + 3], i);
        w = _mm512_set1_epi32(pair_at(t, k));
        add512(acc[0], sum512(up[0], down[0]), sum512(above, down[1]), w);
        add512(acc[1], sum512(up[1], down[1]), sum512(up[0], down[2]), w);
        add512(acc[2], sum512(up[2], down[2]), sum512(up[1], down[3]), w);
        add512(acc[3], sum512(up[3], down[3]), sum512(up[2], below), w);
        if (k + 2 > radius) break;
        up[3] = up[1];
        up[2] = up[0];
        up[1] = above;
        up[0] = words512(mid[-k - 2], i);
        down[0] = down[2];
        down[1] = down[3];
        down[2] = below;
        down[3] = words512(mid[k + 5], i);
    }
    const __m128i by = _mm_cvtsi32_si128(shift);
    _Pragma("GCC unroll 4") for (int q = 0; q < 4; q++)
        _mm512_storeu_si512(dst + (size_t)q * step + i, _mm512_packs_epi32(_mm512_sra_epi32(acc[q][0], by),
                                                                           _mm512_sra_epi32(acc[q][1], by)));
}

KAL__TARGET_AVX512 void kal__sep_v_u8_avx512(int16_t *dst, size_t step, int32_t lines,
                                             const void *const *rows, const int16_t *t, int32_t radius,
                                             int32_t shift, size_t n)
{
    if (n < 32 || lines < 4 || radius < 2) {
        kal__sep_v_u8_avx2(dst, step, lines, rows, t, radius, shift, n);
        return;
    }
    for (size_t i = 0; i < n; i += 32) {
        if (i + 32 > n) i = n - 32;
        // more rows than the processor follows by itself
        for (int32_t k = 0; k < 2 * radius + lines && i % 64 == 0 && i + 192 <= n; k++)
            _mm_prefetch((const char *)rows[k] + i + 128, _MM_HINT_T0);
        for (int32_t q = 0; q < lines; q += 4) {
            if (q + 4 > lines) q = lines - 4;
            v_block512(dst + (size_t)q * step, step, rows + q + radius, t, radius, shift, i);
        }
    }
}

KAL__TARGET_AVX512 static inline __m512i h_sum512(const int16_t *mid, ptrdiff_t by)
{
    return sum512(load512(mid - by), load512(mid + by));
}

KAL__TARGET_AVX512 static inline __m512i h_block512(const int16_t *mid, const int16_t *t, int32_t radius,
                                                    int32_t shift, ptrdiff_t channels)
{
    const __m512i zero = _mm512_setzero_si512(), half = _mm512_set1_epi32(1 << (shift - 1));
    __m512i acc[2][2] = {{half, half}, {half, half}}, w = _mm512_set1_epi32(pair_at(t, 0));
    add512(acc[0], load512(mid), radius ? h_sum512(mid, channels) : zero, w);
    add512(acc[1], load512(mid + 32), radius ? h_sum512(mid + 32, channels) : zero, w);
    int32_t k = 2;
    for (; k < radius; k += 2) {
        w = _mm512_set1_epi32(pair_at(t, k));
        add512(acc[0], h_sum512(mid, k * channels), h_sum512(mid, (k + 1) * channels), w);
        add512(acc[1], h_sum512(mid + 32, k * channels), h_sum512(mid + 32, (k + 1) * channels), w);
    }
    if (k == radius) {
        w = _mm512_set1_epi32(pair_at(t, k));
        add512(acc[0], h_sum512(mid, k * channels), zero, w);
        add512(acc[1], h_sum512(mid + 32, k * channels), zero, w);
    }
    const __m128i by = _mm_cvtsi32_si128(shift);
    const __m512i a = _mm512_packs_epi32(_mm512_sra_epi32(acc[0][0], by), _mm512_sra_epi32(acc[0][1], by)),
                  b = _mm512_packs_epi32(_mm512_sra_epi32(acc[1][0], by), _mm512_sra_epi32(acc[1][1], by));
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), _mm512_packus_epi16(a, b));
}

KAL__TARGET_AVX512 void kal__sep_h_u8_avx512(uint8_t *dst, const int16_t *row, const int16_t *t,
                                             int32_t radius, int32_t shift, size_t channels, size_t n)
{
    if (n < 64) {
        kal__sep_h_u8_avx2(dst, row, t, radius, shift, channels, n);
        return;
    }
    const int16_t *mid = row + (size_t)radius * channels;
    for (size_t i = 0; i < n; i += 64) {
        if (i + 64 > n) i = n - 64;
        _mm512_storeu_si512(dst + i, h_block512(mid + i, t, radius, shift, (ptrdiff_t)channels));
    }
}

#endif
