// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What ops on masks share: they take masks alone, and an area may be said in pixels or as a share of the image.
#ifndef KAL_OPS_MASK_H
#define KAL_OPS_MASK_H

#include "op.h"

/// Refuses what is no mask.
kal_status kal__check_mask(const char *op, const kal_extent *e, kal_error *err);
/// Connectivity is 4 or 8.
kal_status kal__check_connectivity(const char *op, int32_t connectivity, kal_error *err);

static inline kal_extent kal__mask_of(int32_t width, int32_t height)
{
    return (kal_extent){width, height, 1, KAL_U8, KAL_MASK, false};
}

/// Pixels that an `area` parameter means: under 1 it is a share of the image.
static inline double kal__area(double area, const kal_extent *e)
{
    return area < 1 ? area * ((double)e->width * (double)e->height) : area;
}

#endif
