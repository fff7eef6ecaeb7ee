// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// DSSIM in two halves: rows to structural similarity (dssim_rows.c), that to a number (dssim.c).
#ifndef KAL_OPS_DSSIM_H
#define KAL_OPS_DSSIM_H

#include "metric.h"

#define KAL__DSSIM_SCALES 5
#define KAL__DSSIM_ROWS 512   // a band: a multiple of 1 << (SCALES - 1)

/// Sizes of the scales that there are; each is half the one before, rounded down. Their number, at least 1 where pictures have sides of 8.
int kal__dssim_scales(int32_t width, int32_t height, int32_t w[KAL__DSSIM_SCALES],
                      int32_t h[KAL__DSSIM_SCALES]);
/// Rows of a scale that a band has.
void kal__dssim_out(const kal_extent *e, int32_t band, int scale, int32_t height, int32_t *y0, int32_t *y1);
kal_rect kal__dssim_need(const kal_extent *e, kal_rect out);
/// Floats that a band gathers: the similarity of its pixels, scale after scale, row after row.
size_t kal__dssim_room(const kal_extent *e);
size_t kal__dssim_scratch(int32_t width, int32_t height);
void kal__dssim_rows(const kal_job *j, float *out);

#endif
