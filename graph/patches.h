// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Many rectangles of one image in one request.
#ifndef KAL_GRAPH_PATCHES_H
#define KAL_GRAPH_PATCHES_H

#include "plan.h"

/// Where the parts of each rectangle go: rect i to dst + i·step, rows `stride` bytes apart.
typedef struct kal__patches {
    const kal_rect *rects;   // the caller's
    int32_t *order;          // by y0
    int32_t n, tallest;
    size_t bytes;   // of all of them
    unsigned char *dst;
    ptrdiff_t stride, step;
} kal__patches;

/// Copies what rows rect.y0 … rect.y1 of the tile hold of the rectangles. Threads: any number at once on different rows.
void kal__patches_copy(const kal__patches *p, const kal_tile *in);

#endif
