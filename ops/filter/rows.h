// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Rows of an image together with what the edge mode puts around them, in the sample's own type.
#ifndef KAL_OPS_ROWS_H
#define KAL_OPS_ROWS_H

#include "op.h"

typedef struct kal__rows {
    const kal_extent *e;
    const kal_tile *in;
    kal_edge edge;
    unsigned char fill[KAL_MAX_CHANNELS * 4];
} kal__rows;

kal__rows kal__rows_of(const kal_job *j, int32_t edge, kal_list color);
/// Pixels x0 … x1 − 1 of row y; any of them may lie outside the image.
void kal__rows_get(const kal__rows *r, int32_t x0, int32_t x1, int32_t y, void *to);

#endif
