// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// DSSIM in two halves: rows to structural similarity (dssim_rows.c), that to a number (dssim.c).
#ifndef KAL_OPS_DSSIM_H
#define KAL_OPS_DSSIM_H

#include "metric.h"
#include "pyramid.h"

extern const kal__pyramid kal__dssim_pyramid;

/// Floats that a band gathers: the similarity of its pixels, scale after scale, row after row.
size_t kal__dssim_room(const kal_extent *e);
size_t kal__dssim_scratch(const kal__pyramid *of, const kal_extent *e);
/// Takes the similarity of the n pixels of row y of a scale.
typedef void kal__dssim_row(void *to, int scale, int32_t y, const float *similarity, size_t n);
/// Walks the job's rows through these scales, of the columns that the inputs have (all, if there is more than one scale). Within `reach` columns of
/// where they are cut results are not those of the picture.
kal_status kal__dssim_walk(const kal_job *j, const kal__pyramid *of, kal__dssim_row *row, void *to);

#endif
