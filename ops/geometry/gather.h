// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sampling at places that lie on no line: perspective, remap. Who knows the places of a block of pixels finds what lies between them,
// copies that much into a patch, and has it sampled by the formulas of slant.c.
#ifndef KAL_OPS_GATHER_H
#define KAL_OPS_GATHER_H

#include "slant.h"

enum { KAL__GATHER_ROOM = 96 << 10 };   // bytes of scratch for a patch

/// How an image is sampled. Places are 32.32, to which `bias` was added: what rounding takes.
typedef struct kal__gather kal__gather;
struct kal__gather {
    kal_extent in;
    kal_edge edge;
    int64_t bias;
    int32_t before, after;   // taps around the one at the whole part
    void (*span)(const kal__gather *g, const kal__patch *p, void *dst, size_t n, const int64_t *x,
                 const int64_t *y);                          // n pixels; places count from the patch's corner
    _Alignas(8) unsigned char pixel[KAL_MAX_CHANNELS * 4];   // the fill colour
};

/// `kernel` is one of KAL_LINE_KERNELS.
void kal__gather_set(kal__gather *g, const kal_extent *in, int32_t kernel, kal_edge edge, kal_list color);
/// All taps of places that lie between these.
kal_rect kal__gather_taps(const kal__gather *g, int64_t x0, int64_t y0, int64_t x1, int64_t y1);
/// Whether so much goes into a patch; what one pixel needs always does.
bool kal__gather_fits(kal_rect taps, size_t pixel);
void kal__gather_patch(const kal__gather *g, kal__patch *p, const kal_tile *in, kal_rect taps, void *room);

#endif
