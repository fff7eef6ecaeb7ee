// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sums over weights, tap k at src + at[k]: matrix.h, and the horizontal pass of sep.h. In doubles each sum runs over the weights in
// their order, begun from zero, with a multiplication and an addition each, so that each sample has the reference's bits. In
// integers weights go in pairs; sums are below 2^31 by matrix.c's `whole` and `direct_of`, so their order is free. The last blocks of a row overlap.
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

// `vectors` sums beside each other hide the additions' latency. V: what the intrinsics of vectors T of W doubles begin with.
#define SUM_F64(level, lower, target, T, V, W)                                                               \
    target static inline __attribute__((always_inline)) void f64_##level##_block(                            \
        double *dst, const double *src, const int32_t *at, const double *w, int32_t taps, const int vectors) \
    {                                                                                                        \
        T acc[8];                                                                                            \
        _Pragma("GCC unroll 8") for (int v = 0; v < vectors; v++) acc[v] = V##_setzero_pd();                 \
        for (int32_t k = 0; k < taps; k++) {                                                                 \
            const T by = V##_set1_pd(w[k]);                                                                  \
            const double *x = src + at[k];                                                                   \
            _Pragma("GCC unroll 8") for (int v = 0; v < vectors; v++) acc[v] =                               \
                V##_add_pd(acc[v], V##_mul_pd(by, V##_loadu_pd(x + v * W)));                                 \
        }                                                                                                    \
        _Pragma("GCC unroll 8") for (int v = 0; v < vectors; v++) V##_storeu_pd(dst + v * W, acc[v]);        \
    }                                                                                                        \
    target void kal__sum_f64_##level(double *dst, const double *src, const int32_t *at, const double *w,     \
                                     int32_t taps, size_t n)                                                 \
    {                                                                                                        \
        size_t i = 0;                                                                                        \
        for (; i + 8 * W <= n; i += 8 * W) f64_##level##_block(dst + i, src + i, at, w, taps, 8);            \
        for (; i + 4 * W <= n; i += 4 * W) f64_##level##_block(dst + i, src + i, at, w, taps, 4);            \
        for (; i + W <= n; i += W) f64_##level##_block(dst + i, src + i, at, w, taps, 1);                    \
        if (i < n && n >= W)                                                                                 \
            f64_##level##_block(dst + n - W, src + n - W, at, w, taps, 1);                                   \
        else if (i < n)                                                                                      \
            kal__sum_f64_##lower(dst + i, src + i, at, w, taps, n - i);                                      \
    }
SUM_F64(avx2, c, KAL__TARGET_AVX2, __m256d, _mm256, 4)
SUM_F64(avx512, avx2, KAL__TARGET_AVX512, __m512d, _mm512, 8)

// ---- integers -------------------------------------------------------------------------------------

// Weights k and k + 1 side by side.
static inline int32_t pair_at(const int16_t *w, int32_t k)
{
    int32_t pair;
    __builtin_memcpy(&pair, w + k, sizeof pair);
    return pair;
}

// Adds the sums of 32 samples: 0-3 and 8-11, 4-7 and 12-15, and the same of the second half.
KAL__TARGET_AVX2 static inline void i16_block256(__m256i acc[4], const int16_t *src, const int32_t *at,
                                                 const int16_t *w, int32_t taps)
{
    for (int32_t k = 0; k < taps; k += 2) {
        const __m256i by = _mm256_set1_epi32(pair_at(w, k));
        const int16_t *x = src + at[k], *y = src + at[k + 1];
        const __m256i x0 = _mm256_loadu_si256((const void *)x),
                      x1 = _mm256_loadu_si256((const void *)(x + 16)),
                      y0 = _mm256_loadu_si256((const void *)y),
                      y1 = _mm256_loadu_si256((const void *)(y + 16));
        acc[0] = _mm256_add_epi32(acc[0], _mm256_madd_epi16(_mm256_unpacklo_epi16(x0, y0), by));
        acc[1] = _mm256_add_epi32(acc[1], _mm256_madd_epi16(_mm256_unpackhi_epi16(x0, y0), by));
        acc[2] = _mm256_add_epi32(acc[2], _mm256_madd_epi16(_mm256_unpacklo_epi16(x1, y1), by));
        acc[3] = _mm256_add_epi32(acc[3], _mm256_madd_epi16(_mm256_unpackhi_epi16(x1, y1), by));
    }
}

KAL__TARGET_AVX2 void kal__sum_i16_avx2(double *dst, const int16_t *src, const int32_t *at, const int16_t *w,
                                        int32_t taps, size_t n)
{
    if (n < 32) {
        kal__sum_i16_c(dst, src, at, w, taps, n);
        return;
    }
    for (size_t i = 0; i < n; i += 32) {
        if (i + 32 > n) i = n - 32;
        const __m256i zero = _mm256_setzero_si256();
        __m256i acc[4] = {zero, zero, zero, zero};
        i16_block256(acc, src + i, at, w, taps);
        for (int v = 0; v < 4; v += 2) {
            double *to = dst + i + 8 * v;
            _mm256_storeu_pd(to, _mm256_cvtepi32_pd(_mm256_castsi256_si128(acc[v])));
            _mm256_storeu_pd(to + 4, _mm256_cvtepi32_pd(_mm256_castsi256_si128(acc[v + 1])));
            _mm256_storeu_pd(to + 8, _mm256_cvtepi32_pd(_mm256_extracti128_si256(acc[v], 1)));
            _mm256_storeu_pd(to + 12, _mm256_cvtepi32_pd(_mm256_extracti128_si256(acc[v + 1], 1)));
        }
    }
}

KAL__TARGET_AVX2 void kal__sum_u8_avx2(uint8_t *dst, const int16_t *src, const int32_t *at, const int16_t *w,
                                       int32_t taps, int32_t start, int32_t shift, size_t n)
{
    if (n < 32) {
        kal__sum_u8_c(dst, src, at, w, taps, start, shift, n);
        return;
    }
    const __m256i first = _mm256_set1_epi32(start);
    const __m128i by = _mm_cvtsi32_si128(shift);
    for (size_t i = 0; i < n; i += 32) {
        if (i + 32 > n) i = n - 32;
        __m256i acc[4] = {first, first, first, first};
        i16_block256(acc, src + i, at, w, taps);
        for (int v = 0; v < 4; v++) acc[v] = _mm256_sra_epi32(acc[v], by);
        const __m256i v =
            _mm256_packus_epi16(_mm256_packs_epi32(acc[0], acc[1]), _mm256_packs_epi32(acc[2], acc[3]));
        _mm256_storeu_si256((void *)(dst + i), _mm256_permute4x64_epi64(v, 0xd8));
    }
}

#endif
