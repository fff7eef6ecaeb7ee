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
#include "../kernels.h"

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

typedef struct sums512 {
    __m512i a, b;
} sums512;

KAL__TARGET_AVX512 static inline sums512 v_sums512(const void *const *mid, int32_t k, size_t i)
{
    const __m512i one = _mm512_set1_epi8(1), up = _mm512_loadu_si512((const uint8_t *)mid[-k] + i),
                  down = _mm512_loadu_si512((const uint8_t *)mid[k] + i);
    return (sums512){_mm512_maddubs_epi16(_mm512_unpacklo_epi8(up, down), one),
                     _mm512_maddubs_epi16(_mm512_unpackhi_epi8(up, down), one)};
}

KAL__TARGET_AVX512 static inline void add512(__m512i acc[4], sums512 s, sums512 next, int32_t pair)
{
    const __m512i w = _mm512_set1_epi32(pair);
    acc[0] = _mm512_add_epi32(acc[0], _mm512_madd_epi16(_mm512_unpacklo_epi16(s.a, next.a), w));
    acc[1] = _mm512_add_epi32(acc[1], _mm512_madd_epi16(_mm512_unpackhi_epi16(s.a, next.a), w));
    acc[2] = _mm512_add_epi32(acc[2], _mm512_madd_epi16(_mm512_unpacklo_epi16(s.b, next.b), w));
    acc[3] = _mm512_add_epi32(acc[3], _mm512_madd_epi16(_mm512_unpackhi_epi16(s.b, next.b), w));
}

KAL__TARGET_AVX512 static inline void v_block512(int16_t *dst, const void *const *mid, const int16_t *t,
                                                 int32_t radius, int32_t shift, size_t i)
{
    const __m128i by = _mm_cvtsi32_si128(shift);
    const __m512i zero = _mm512_setzero_si512(), half = _mm512_set1_epi32(1 << (shift - 1)),
                  x = _mm512_loadu_si512((const uint8_t *)mid[0] + i);
    const sums512 none = {zero, zero};
    __m512i acc[4] = {half, half, half, half};
    sums512 s = {_mm512_unpacklo_epi8(x, zero), _mm512_unpackhi_epi8(x, zero)};
    add512(acc, s, radius ? v_sums512(mid, 1, i) : none, pair_at(t, 0));
    int32_t k = 2;
    for (; k < radius; k += 2) add512(acc, v_sums512(mid, k, i), v_sums512(mid, k + 1, i), pair_at(t, k));
    if (k == radius) add512(acc, v_sums512(mid, k, i), none, pair_at(t, k));
    const __m512i a = _mm512_packs_epi32(_mm512_sra_epi32(acc[0], by), _mm512_sra_epi32(acc[1], by));
    const __m512i b = _mm512_packs_epi32(_mm512_sra_epi32(acc[2], by), _mm512_sra_epi32(acc[3], by));
    // a and b hold the groups of eight 0 2 4 6 and 1 3 5 7
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11),
                  second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    _mm512_storeu_si512(dst + i, _mm512_permutex2var_epi64(a, first, b));
    _mm512_storeu_si512(dst + i + 32, _mm512_permutex2var_epi64(a, second, b));
}

KAL__TARGET_AVX512 void kal__sep_v_u8_avx512(int16_t *dst, size_t step, int32_t lines,
                                             const void *const *rows, const int16_t *t, int32_t radius,
                                             int32_t shift, size_t n)
{
    if (n < 64) {
        kal__sep_v_u8_avx2(dst, step, lines, rows, t, radius, shift, n);
        return;
    }
    for (size_t i = 0; i < n; i += 64) {
        if (i + 64 > n) i = n - 64;
        // more rows than the processor follows by itself
        for (int32_t k = 0; k < 2 * radius + lines && i + 192 <= n; k++)
            _mm_prefetch((const char *)rows[k] + i + 128, _MM_HINT_T0);
        for (int32_t q = 0; q < lines; q++)
            v_block512(dst + (size_t)q * step, rows + q + radius, t, radius, shift, i);
    }
}

KAL__TARGET_AVX512 static inline sums512 h_sums512(const int16_t *mid, ptrdiff_t by)
{
    return (sums512){_mm512_add_epi16(_mm512_loadu_si512(mid - by), _mm512_loadu_si512(mid + by)),
                     _mm512_add_epi16(_mm512_loadu_si512(mid - by + 32), _mm512_loadu_si512(mid + by + 32))};
}

KAL__TARGET_AVX512 static inline __m512i h_block512(const int16_t *mid, const int16_t *t, int32_t radius,
                                                    int32_t shift, ptrdiff_t channels)
{
    const __m128i by = _mm_cvtsi32_si128(shift);
    const __m512i zero = _mm512_setzero_si512(), half = _mm512_set1_epi32(1 << (shift - 1));
    const sums512 none = {zero, zero}, s = {_mm512_loadu_si512(mid), _mm512_loadu_si512(mid + 32)};
    __m512i acc[4] = {half, half, half, half};
    add512(acc, s, radius ? h_sums512(mid, channels) : none, pair_at(t, 0));
    int32_t k = 2;
    for (; k < radius; k += 2)
        add512(acc, h_sums512(mid, k * channels), h_sums512(mid, (k + 1) * channels), pair_at(t, k));
    if (k == radius) add512(acc, h_sums512(mid, k * channels), none, pair_at(t, k));
    const __m512i a = _mm512_packs_epi32(_mm512_sra_epi32(acc[0], by), _mm512_sra_epi32(acc[1], by));
    const __m512i b = _mm512_packs_epi32(_mm512_sra_epi32(acc[2], by), _mm512_sra_epi32(acc[3], by));
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    return _mm512_permutexvar_epi64(order, _mm512_packus_epi16(a, b));
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
