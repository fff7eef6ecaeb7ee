// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The passes of sep.h in doubles. Every sum runs over the weights in their order, begun from zero, with a multiplication and an
// addition each, so each sample has the reference's bits; vectors hold samples beside each other. Blocks overlap at the end of a row.
#include "../kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

// ---- columns --------------------------------------------------------------------------------------
// A source row is loaded once for `lines` output rows (one or LINES, known when compiled): row j is weight j − q of output row q.

enum { LINES = 4 };

#define V_ROW(T, W, load, set1, mul, add, cond)                                               \
    do {                                                                                      \
        const T x0 = load(rows + (size_t)j * pitch), x1 = load(rows + (size_t)j * pitch + W); \
        _Pragma("GCC unroll 4") for (int32_t q = 0; q < lines; q++) if (cond)                 \
        {                                                                                     \
            const T w = set1(t[j - q]);                                                       \
            acc[q][0] = add(acc[q][0], mul(w, x0));                                           \
            acc[q][1] = add(acc[q][1], mul(w, x1));                                           \
        }                                                                                     \
    } while (0)

#define V_BLOCK(name, target, T, W, zero, load, set1, mul, add, store)                                    \
    target static inline __attribute__((always_inline)) void name(                                        \
        double *dst, size_t step, const int32_t lines, const double *rows, size_t pitch, const double *t, \
        int32_t taps)                                                                                     \
    {                                                                                                     \
        T acc[LINES][2];                                                                                  \
        _Pragma("GCC unroll 4") for (int32_t q = 0; q < lines; q++) acc[q][0] = acc[q][1] = zero();       \
        int32_t j = 0;                                                                                    \
        for (; j < lines - 1; j++) V_ROW(T, W, load, set1, mul, add, q <= j && j - q < taps);             \
        for (; j < taps; j++) V_ROW(T, W, load, set1, mul, add, true);                                    \
        for (; j < taps + lines - 1; j++) V_ROW(T, W, load, set1, mul, add, j - q < taps);                \
        _Pragma("GCC unroll 4") for (int32_t q = 0; q < lines; q++)                                       \
        {                                                                                                 \
            store(dst + (size_t)q * step, acc[q][0]);                                                     \
            store(dst + (size_t)q * step + W, acc[q][1]);                                                 \
        }                                                                                                 \
    }

#define V_KERNEL(level, block, target, W, lower)                                                          \
    target void kal__sep_v_f64_##level(double *dst, size_t step, int32_t lines, const double *rows,       \
                                       size_t pitch, const double *t, int32_t taps, size_t n)             \
    {                                                                                                     \
        if (n < 2 * W) {                                                                                  \
            lower(dst, step, lines, rows, pitch, t, taps, n);                                             \
            return;                                                                                       \
        }                                                                                                 \
        for (size_t i = 0; i < n; i += 2 * W) {                                                           \
            if (i + 2 * W > n) i = n - 2 * W;                                                             \
            int32_t q = 0;                                                                                \
            for (; q + LINES <= lines; q += LINES)                                                        \
                block(dst + (size_t)q * step + i, step, LINES, rows + (size_t)q * pitch + i, pitch, t,    \
                      taps);                                                                              \
            for (; q < lines; q++)                                                                        \
                block(dst + (size_t)q * step + i, step, 1, rows + (size_t)q * pitch + i, pitch, t, taps); \
        }                                                                                                 \
    }

V_BLOCK(v_block256, KAL__TARGET_AVX2, __m256d, 4, _mm256_setzero_pd, _mm256_loadu_pd, _mm256_set1_pd,
        _mm256_mul_pd, _mm256_add_pd, _mm256_storeu_pd)
V_KERNEL(avx2, v_block256, KAL__TARGET_AVX2, 4, kal__sep_v_f64_c)
V_BLOCK(v_block512, KAL__TARGET_AVX512, __m512d, 8, _mm512_setzero_pd, _mm512_loadu_pd, _mm512_set1_pd,
        _mm512_mul_pd, _mm512_add_pd, _mm512_storeu_pd)
V_KERNEL(avx512, v_block512, KAL__TARGET_AVX512, 8, kal__sep_v_f64_avx2)

// ---- rows -----------------------------------------------------------------------------------------
// `vectors` sums beside each other hide the additions' latency.

#define H_BLOCK(name, target, T, W, zero, load, set1, mul, add, store)                                     \
    target static inline __attribute__((always_inline)) void name(                                         \
        double *dst, const double *row, const double *t, int32_t taps, size_t channels, const int vectors) \
    {                                                                                                      \
        T acc[8];                                                                                          \
        _Pragma("GCC unroll 8") for (int v = 0; v < vectors; v++) acc[v] = zero();                         \
        for (int32_t k = 0; k < taps; k++, row += channels) {                                              \
            const T w = set1(t[k]);                                                                        \
            _Pragma("GCC unroll 8") for (int v = 0; v < vectors; v++) acc[v] =                             \
                add(acc[v], mul(w, load(row + v * W)));                                                    \
        }                                                                                                  \
        _Pragma("GCC unroll 8") for (int v = 0; v < vectors; v++) store(dst + v * W, acc[v]);              \
    }

#define H_KERNEL(level, block, target, W, lower)                                                      \
    target void kal__sep_h_f64_##level(double *dst, const double *row, const double *t, int32_t taps, \
                                       size_t channels, size_t n)                                     \
    {                                                                                                 \
        size_t i = 0;                                                                                 \
        for (; i + 8 * W <= n; i += 8 * W) block(dst + i, row + i, t, taps, channels, 8);             \
        for (; i + 4 * W <= n; i += 4 * W) block(dst + i, row + i, t, taps, channels, 4);             \
        for (; i + W <= n; i += W) block(dst + i, row + i, t, taps, channels, 1);                     \
        if (i < n && n >= W)                                                                          \
            block(dst + n - W, row + n - W, t, taps, channels, 1);                                    \
        else if (i < n)                                                                               \
            lower(dst + i, row + i, t, taps, channels, n - i);                                        \
    }

H_BLOCK(h_block256, KAL__TARGET_AVX2, __m256d, 4, _mm256_setzero_pd, _mm256_loadu_pd, _mm256_set1_pd,
        _mm256_mul_pd, _mm256_add_pd, _mm256_storeu_pd)
H_KERNEL(avx2, h_block256, KAL__TARGET_AVX2, 4, kal__sep_h_f64_c)
H_BLOCK(h_block512, KAL__TARGET_AVX512, __m512d, 8, _mm512_setzero_pd, _mm512_loadu_pd, _mm512_set1_pd,
        _mm512_mul_pd, _mm512_add_pd, _mm512_storeu_pd)
H_KERNEL(avx512, h_block512, KAL__TARGET_AVX512, 8, kal__sep_h_f64_avx2)

#endif
