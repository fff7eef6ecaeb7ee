// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The least or the greatest of samples, row by row, in an order of integers: floats are compared as their bits in order of size, so −0
// lies under 0 and a NaN beyond the infinity of its sign, and the order of joining never matters.
#ifndef KAL_OPS_LANES_H
#define KAL_OPS_LANES_H

#include "op.h"

/// Loops over n samples of one type. Rows of samples are `src`; `dst`, `a` and `b` hold what was loaded. Rows may not overlap.
typedef struct kal__lane {
    size_t size;                                          // of a sample
    void (*load)(void *dst, const void *src, size_t n);   // into the order
    void (*store)(void *dst, size_t n);                   // back from it, in place; NULL: nothing to do
    void (*take)(void *dst, const void *src, size_t n);   // dst = least(dst, src)
    void (*mix)(void *dst, const void *a, const void *src, size_t n);   // dst = least(a, src)
    void (*join)(void *dst, const void *a, const void *b, size_t n);    // dst = least(a, b)
    void (*add)(void *dst, const void *a, size_t n);                    // dst = least(dst, a)
    void (*fill)(void *dst, size_t n);   // with what changes nothing; it is stored as white, or +∞
} kal__lane;

/// For u8, u16 or f32. `greatest`: of all of the above the greatest; black, or −∞.
const kal__lane *kal__lane_of(kal_type type, bool greatest);

#endif
