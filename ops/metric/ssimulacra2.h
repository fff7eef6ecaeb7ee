// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// SSIMULACRA2 2.1 in two halves: rows to sums (ssimulacra2_rows.c), sums to a score (ssimulacra2.c).
#ifndef KAL_OPS_SSIMULACRA2_H
#define KAL_OPS_SSIMULACRA2_H

#include "metric.h"
#include "pyramid.h"

#define KAL__SSIM2_SCALES 6

extern const kal__pyramid kal__ssim2_pyramid;

/// Sums over a band, for each background of two, scale and channel (X, Y, B): of the maps ssim, artifact and lost, and of their fourth powers.
typedef struct kal__ssim2_sums {
    double of[2][KAL__SSIM2_SCALES][3][6];
} kal__ssim2_sums;

size_t kal__ssim2_scratch(const kal__pyramid *of, const kal_extent *e);
/// Takes what a channel of row y of a scale comes to: ssim, artifact and lost of n pixels, zeros behind them to whole vectors, a pitch from one another.
typedef void kal__ssim2_row(void *to, int scale, int channel, int32_t y, const float *maps, size_t pitch,
                            size_t n);
/// Walks the job's rows through these scales, of the columns that the inputs have (all, if there is more than one scale), over gray of `under` where there is
/// alpha. Within `reach` columns of where they are cut results are not those of the picture.
kal_status kal__ssim2_walk(const kal_job *j, const kal__pyramid *of, float under, kal__ssim2_row *row,
                           void *to);
/// Adds to the sums of background `which` those of the job's rows.
kal_status kal__ssim2_rows(const kal_job *j, int which, float under, kal__ssim2_sums *sums);

#endif
