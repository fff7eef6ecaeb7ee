// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Floats beside each other, for loops that the compiler's vectoriser gives up: vectors of the compiler's own, as wide as the registers are, since wider ones
// live in memory. A file of such loops is included for each instruction set by lanes_each.h; each step is one operation of each lane, so bits are the same
// whatever the width. Rows are padded to sixteen floats, which are whole vectors of any.
#ifndef KAL_OPS_METRIC_LANES_H
#define KAL_OPS_METRIC_LANES_H

#include "cpu.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KAL__PAD 16   // floats on both sides of a row that may be looked at

// For an instruction set: vectors of n floats, and of half as many doubles; loads, stores; what is above 0, else (and of NaN) 0; the magnitude.
#define KAL__LANES(isa, n, target)                                           \
    typedef float kal__vec_##isa __attribute__((vector_size(4 * (n))));      \
    typedef int32_t kal__bits_##isa __attribute__((vector_size(4 * (n))));   \
    typedef float kal__half_##isa __attribute__((vector_size(2 * (n))));     \
    typedef double kal__wide_##isa __attribute__((vector_size(4 * (n))));    \
    target KAL__INLINE kal__vec_##isa kal__load_##isa(const float *p)        \
    {                                                                        \
        kal__vec_##isa v;                                                    \
        memcpy(&v, p, sizeof v);                                             \
        return v;                                                            \
    }                                                                        \
    target KAL__INLINE void kal__store_##isa(float *p, kal__vec_##isa v)     \
    {                                                                        \
        memcpy(p, &v, sizeof v);                                             \
    }                                                                        \
    target KAL__INLINE kal__vec_##isa kal__above_0_##isa(kal__vec_##isa v)   \
    {                                                                        \
        return (kal__vec_##isa)((kal__bits_##isa)v & (v > 0));               \
    }                                                                        \
    target KAL__INLINE kal__vec_##isa kal__magnitude_##isa(kal__vec_##isa v) \
    {                                                                        \
        return (kal__vec_##isa)((kal__bits_##isa)v & 0x7fffffff);            \
    }

KAL__LANES(c, 4, )
#ifdef KAL__TARGET_AVX2
KAL__LANES(avx2, 8, KAL__TARGET_AVX2)
KAL__LANES(avx512, 16, KAL__TARGET_AVX512)
#endif

/// Whole vectors of so many floats.
static inline size_t kal__lanes_whole(size_t n)
{
    return (n + 15) / 16 * 16;
}

/// Floats of a row of so many pixels, with its padding.
static inline size_t kal__lanes_pitch(int32_t width)
{
    return kal__lanes_whole((size_t)width + 2 * KAL__PAD);
}

/// The next n floats of a room.
static inline float *kal__lanes_take(float **room, size_t n)
{
    float *p = *room;
    *room += n;
    return p;
}

#endif
