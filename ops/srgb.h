// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The curve of sRGB (IEC 61966-2-1) between samples and light, both on 0..1, and the roots that it and Lab are made of:
//
//     light   v ≤ 0.04045: v / 12.92         else ((v + 0.055) / 1.055)^2.4
//     sample  x ≤ 0.0031308: 12.92 x         else 1.055 x^(1/2.4) − 0.055
//
// The straight part goes on below 0, the power above 1; NaN stays. Written for loops that become vectors: no branches, no calls, each
// step one IEEE operation, so that every instruction set gives the same bits. kal__… in doubles, kal__…_f32 in floats.
#ifndef KAL_OPS_SRGB_H
#define KAL_OPS_SRGB_H

#include "cpu.h"

#include <stdint.h>
#include <string.h>

// Near x^(-1/n) for positive x, to 5 %: the bits of a float are about its logarithm. `one` is the best start for n.
KAL__INLINE float kal__near_root(float x, int32_t one, float nth)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = one - (int32_t)((float)bits * nth);
    memcpy(&x, &bits, sizeof bits);
    return x;
}

#define REAL double
#define ROOT __builtin_sqrt
#define NAME(name) kal__##name
#include "srgb_body.h"
#undef REAL
#undef ROOT
#undef NAME

#define REAL float
#define ROOT __builtin_sqrtf
#define NAME(name) kal__##name##_f32
#include "srgb_body.h"
#undef REAL
#undef ROOT
#undef NAME

#endif
