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
size_t kal__dssim_scratch(const kal_extent *e);
void kal__dssim_rows(const kal_job *j, float *out);

#endif
