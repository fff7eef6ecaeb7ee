// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sixteen floats beside each other, however many a register has: the compiler's own vectors, for loops that its vectoriser gives up. Rows are padded to whole
// ones. For functions of KAL__VARIANTS; nothing of it crosses files.
#ifndef KAL_OPS_METRIC_LANES_H
#define KAL_OPS_METRIC_LANES_H

#include "cpu.h"

#include <stdint.h>
#include <string.h>

#define KAL__LANES 16
#define KAL__PAD 16   // floats on both sides of a row that may be looked at

typedef float kal__vec __attribute__((vector_size(64)));
typedef int32_t kal__vec_bits __attribute__((vector_size(64)));

KAL__INLINE kal__vec kal__load(const float *p)
{
    kal__vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

KAL__INLINE void kal__store(float *p, kal__vec v)
{
    memcpy(p, &v, sizeof v);
}

/// What is above 0, else 0; of NaN 0.
KAL__INLINE kal__vec kal__above_0(kal__vec v)
{
    return (kal__vec)((kal__vec_bits)v & (v > 0));
}

KAL__INLINE kal__vec kal__magnitude(kal__vec v)
{
    return (kal__vec)((kal__vec_bits)v & 0x7fffffff);
}

/// Whole vectors of so many floats.
static inline size_t kal__lanes_whole(size_t n)
{
    return (n + KAL__LANES - 1) / KAL__LANES * KAL__LANES;
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
