// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The vertical pass of sep.h in doubles. Every sum runs over the weights in their order, begun from zero, with a multiplication and an
// addition each, so each sample has the reference's bits; vectors hold samples beside each other. Blocks overlap at the end of a row.
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

// ---- columns --------------------------------------------------------------------------------------
// A source row is loaded once for `lines` output rows (one or LINES, known when compiled): row j is weight j − q of output row q.

enum { LINES = 4 };

#define V_ROW(T, V, W, load, cond)                                            \
    do {                                                                      \
        const T x0 = load(rows[j], i), x1 = load(rows[j], i + W);             \
        _Pragma("GCC unroll 4") for (int32_t q = 0; q < lines; q++) if (cond) \
        {                                                                     \
            const T w = V##_set1_pd(t[j - q]);                                \
            acc[q][0] = V##_add_pd(acc[q][0], V##_mul_pd(w, x0));             \
            acc[q][1] = V##_add_pd(acc[q][1], V##_mul_pd(w, x1));             \
        }                                                                     \
    } while (0)

// V: what the intrinsics of vectors T of W doubles begin with.
#define V_KERNEL(type, level, lower, target, T, V, W, load)                                            \
    target static inline __attribute__((always_inline)) void type##_##level##_block(                   \
        double *dst, size_t step, const int32_t lines, const void *const *rows, const double *t,       \
        int32_t taps, size_t i)                                                                        \
    {                                                                                                  \
        T acc[LINES][2];                                                                               \
        _Pragma("GCC unroll 4") for (int32_t q = 0; q < lines; q++) acc[q][0] = acc[q][1] =            \
            V##_setzero_pd();                                                                          \
        int32_t j = 0;                                                                                 \
        for (; j < lines - 1; j++) V_ROW(T, V, W, load, q <= j && j - q < taps);                       \
        for (; j < taps; j++) V_ROW(T, V, W, load, true);                                              \
        for (; j < taps + lines - 1; j++) V_ROW(T, V, W, load, j - q < taps);                          \
        _Pragma("GCC unroll 4") for (int32_t q = 0; q < lines; q++)                                    \
        {                                                                                              \
            V##_storeu_pd(dst + (size_t)q * step + i, acc[q][0]);                                      \
            V##_storeu_pd(dst + (size_t)q * step + i + W, acc[q][1]);                                  \
        }                                                                                              \
    }                                                                                                  \
    target void kal__sep_wide_##type##_##level(double *dst, size_t step, int32_t lines,                \
                                               const void *const *rows, const double *t, int32_t taps, \
                                               size_t n)                                               \
    {                                                                                                  \
        if (n < 2 * W) {                                                                               \
            kal__sep_wide_##type##_##lower(dst, step, lines, rows, t, taps, n);                        \
            return;                                                                                    \
        }                                                                                              \
        for (size_t i = 0; i < n; i += 2 * W) {                                                        \
            if (i + 2 * W > n) i = n - 2 * W;                                                          \
            int32_t q = 0;                                                                             \
            for (; q + LINES <= lines; q += LINES)                                                     \
                type##_##level##_block(dst + (size_t)q * step, step, LINES, rows + q, t, taps, i);     \
            for (; q < lines; q++)                                                                     \
                type##_##level##_block(dst + (size_t)q * step, step, 1, rows + q, t, taps, i);         \
        }                                                                                              \
    }

KAL__TARGET_AVX2 static inline __m256d u8_256(const void *row, size_t i)
{
    int32_t four;
    __builtin_memcpy(&four, (const uint8_t *)row + i, sizeof four);
    return _mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four)));
}

KAL__TARGET_AVX2 static inline __m256d u16_256(const void *row, size_t i)
{
    return _mm256_cvtepi32_pd(_mm_cvtepu16_epi32(_mm_loadl_epi64((const void *)((const uint16_t *)row + i))));
}

KAL__TARGET_AVX2 static inline __m256d f32_256(const void *row, size_t i)
{
    return _mm256_cvtps_pd(_mm_loadu_ps((const float *)row + i));
}

KAL__TARGET_AVX2 static inline __m256d f64_256(const void *row, size_t i)
{
    return _mm256_loadu_pd((const double *)row + i);
}

KAL__TARGET_AVX512 static inline __m512d u8_512(const void *row, size_t i)
{
    return _mm512_cvtepi32_pd(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)((const uint8_t *)row + i))));
}

KAL__TARGET_AVX512 static inline __m512d u16_512(const void *row, size_t i)
{
    return _mm512_cvtepi32_pd(
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)((const uint16_t *)row + i))));
}

KAL__TARGET_AVX512 static inline __m512d f32_512(const void *row, size_t i)
{
    return _mm512_cvtps_pd(_mm256_loadu_ps((const float *)row + i));
}

KAL__TARGET_AVX512 static inline __m512d f64_512(const void *row, size_t i)
{
    return _mm512_loadu_pd((const double *)row + i);
}

V_KERNEL(u8, avx2, c, KAL__TARGET_AVX2, __m256d, _mm256, 4, u8_256)
V_KERNEL(u16, avx2, c, KAL__TARGET_AVX2, __m256d, _mm256, 4, u16_256)
V_KERNEL(f32, avx2, c, KAL__TARGET_AVX2, __m256d, _mm256, 4, f32_256)
V_KERNEL(f64, avx2, c, KAL__TARGET_AVX2, __m256d, _mm256, 4, f64_256)
V_KERNEL(u8, avx512, avx2, KAL__TARGET_AVX512, __m512d, _mm512, 8, u8_512)
V_KERNEL(u16, avx512, avx2, KAL__TARGET_AVX512, __m512d, _mm512, 8, u16_512)
V_KERNEL(f32, avx512, avx2, KAL__TARGET_AVX512, __m512d, _mm512, 8, f32_512)
V_KERNEL(f64, avx512, avx2, KAL__TARGET_AVX512, __m512d, _mm512, 8, f64_512)

#endif
