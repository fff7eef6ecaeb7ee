// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Counts of bytes. Vectors cannot count in memory; what helps is that neighbours never meet in one counter, where each would wait for
// the one before: sample i goes to table i mod 8 (mod 12 where there are three channels), and 32 bits are enough for a row.
#include "kernels.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)

#define STEP 24      // a multiple of 8 and of 12
#define WORTH 4096   // samples; fewer do not pay for clearing and adding up the tables

KAL__TARGET_AVX2 static inline __attribute__((always_inline)) void count(uint64_t *counts, const uint8_t *src,
                                                                         size_t samples, size_t channels,
                                                                         size_t tables)
{
    uint32_t t[12][256];
    memset(t, 0, tables * sizeof *t);
    size_t i = 0;
    for (; i + STEP <= samples; i += STEP)
#pragma GCC unroll 24
        for (size_t k = 0; k < STEP; k++) t[k % tables][src[i + k]]++;
    for (size_t k = 0; i + k < samples; k++) t[k % tables][src[i + k]]++;
    for (size_t k = 0; k < tables; k++)
        for (size_t v = 0; v < 256; v++) counts[k % channels * 256 + v] += t[k][v];
}

KAL__TARGET_AVX2 void kal__histogram_u8_avx2(uint64_t *counts, const uint8_t *src, size_t n, size_t channels)
{
    const size_t samples = n * channels;
    if (channels > 4 || samples < WORTH || samples > UINT32_MAX)
        kal__histogram_u8_c(counts, src, n, channels);
    else if (channels == 3)
        count(counts, src, samples, 3, 12);
    else
        count(counts, src, samples, channels, 8);
}

#endif
