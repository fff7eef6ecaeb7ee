// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What values of a whole image share: which pixels count, counts of 8- and 16-bit samples, order statistics of the rest.
#ifndef KAL_OPS_STATS_H
#define KAL_OPS_STATS_H

#include "histogram.h"

/// For the help of what gives a row or nothing.
#define KAL__WHAT_COUNTS                                                                                    \
    "\nWith a mask, pixels count where it is not 0. NaN is not counted; where nothing counts, there is no " \
    "row."
/// Checks the optional mask, input 1: one u8 channel, the image's size. Pixels count where it is not 0.
kal_status kal__stats_mask(const char *op, const kal_call *c, kal_error *err);

/// Looks at n pixels that count and lie side by side.
typedef void kal__span(const kal_call *c, void *gathered, const void *pixels, size_t n);
/// Shows a job's pixels that count, row by row from left to right.
void kal__stats_rows(const kal_job *j, void *gathered, kal__span *span);

/// Channel after channel, how often each value occurs: u8 and u16.
size_t kal__counts_size(const kal_extent *e);
void kal__counts_span(const kal_call *c, void *gathered, const void *pixels, size_t n);
/// All counts of one channel together.
uint64_t kal__counts_total(const uint64_t *counts, int32_t bins);

/// A float as a number that sorts like it, -0 before 0, and back.
static inline uint32_t kal__sort_key(float v)
{
    uint32_t b;
    memcpy(&b, &v, sizeof b);
    return b & 0x80000000u ? ~b : b | 0x80000000u;
}

static inline float kal__of_sort_key(uint32_t k)
{
    const uint32_t b = k & 0x80000000u ? k & 0x7fffffffu : ~k;
    float v;
    memcpy(&v, &b, sizeof v);
    return v;
}

/// Sorts in place, without memory: bit by bit from the highest, `bit`, so that time grows with n alone.
void kal__sort_u64(uint64_t *v, size_t n, uint64_t bit);

/// Samples of one channel: counts of each value, or keys of floats, which are moved about.
typedef struct kal__samples {
    const uint64_t *counts;
    uint32_t *keys;
    uint64_t n;
} kal__samples;
/// The percentile p of at least one sample: at rank (n − 1) · p / 100, between two of them by `method` (KAL_PERCENTILE_METHODS).
double kal__percentile(const kal__samples *s, double p, int32_t method);

#endif
