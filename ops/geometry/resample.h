// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The weights of resampling one axis from `in` to `out` pixels, or from a part of it. Pixel centres: output o lies at
//
//     c = (o + 1/2) · in / out − 1/2 = ((2o + 1)·in − out) / (2·out)
//
// among the input's pixels (of a part that begins at b and is s long: b + (o + 1/2) · s / out − 1/2), split exactly into a whole part and a fraction. Its window is every pixel nearer
// to c than the kernel's radius, cut at the image's border; the weights in it are divided by their sum. When
// the axis shrinks and antialias is on, the kernel is stretched by s = in / out; else s = 1.
//
//     nearest    the pixel floor((2o + 1)·in / (2·out))
//     box        stretched: the share of each pixel that the output pixel covers; else as nearest
//     bilinear   1 − |x|, |x| < 1
//     bicubic    Catmull-Rom (a = −1/2), |x| < 2
//     mitchell   B = C = 1/3, |x| < 2
//     lanczos3   sinc(x) · sinc(x/3), |x| < 3
//
// An axis that keeps its size is copied, whatever the kernel.
#ifndef KAL_OPS_RESAMPLE_H
#define KAL_OPS_RESAMPLE_H

#include "op.h"

typedef struct kal__axis {
    int32_t in, out;
    int64_t from, size;   // the part of the input, in eighths of a pixel
    kal_kernel kernel;
    bool antialias;
} kal__axis;

static inline kal__axis kal__whole_axis(int32_t in, int32_t out, kal_kernel kernel, bool antialias)
{
    return (kal__axis){in, out, 0, 8 * (int64_t)in, kernel, antialias};
}

/// The input pixels that an output coordinate is made of; never empty.
typedef struct kal__window {
    int32_t first, count;
} kal__window;

/// Neither end ever moves back as `o` grows: the windows of a range reach from its first's first to its
/// last's last.
kal__window kal__window_of(const kal__axis *a, int32_t o);

/// All weights of an axis. Output o has those from at[o] on, window[o].count of them, with a zero before and a
/// zero after. Coordinates whose centres have the same fraction share them.
typedef struct kal__taps {
    kal__window *window;
    size_t *at;
    double *w;
    int16_t *t;   // 14-bit, each set sums to 16384 exactly; NULL: not wanted, or not precise enough
    int32_t widest;
} kal__taps;

/// With more weights than this in a window 14 bits are too few for each.
#define KAL__MOST_TAPS 512

/// About the bytes that kal__taps_make will take, not less.
size_t kal__taps_bytes(const kal__axis *a, bool integers);
/// False: out of memory, and nothing to free.
bool kal__taps_make(const kal__axis *a, bool integers, kal__taps *out);
void kal__taps_free(kal__taps *t);
/// No window is wider; known without the weights, at most 2 more than the widest.
int32_t kal__widest(const kal__axis *a);
/// No range of so many outputs reads more inputs.
int32_t kal__columns(const kal__axis *a, int32_t outputs);
/// How many outputs from o on, before `end` and at most `most`, have their windows within so many pixels; at least
/// one. A multiple of 16 when more than that remain, so that vectors are full.
int32_t kal__outputs_within(const kal__window *w, int32_t o, int32_t end, size_t pixels, size_t most);

#endif
