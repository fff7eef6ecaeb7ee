// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// SSIMULACRA2 2.1 in two halves: rows to sums (ssimulacra2_rows.c), sums to a score (ssimulacra2.c).
#ifndef KAL_OPS_SSIMULACRA2_H
#define KAL_OPS_SSIMULACRA2_H

#include "metric.h"

#define KAL__SSIM2_SCALES 6
#define KAL__SSIM2_ROWS 512   // a band: a multiple of 1 << (SCALES - 1)

/// Sums over a band, for each background of two, scale and channel (X, Y, B): of the maps ssim, artifact and lost, and of their fourth powers.
typedef struct kal__ssim2_sums {
    double of[2][KAL__SSIM2_SCALES][3][6];
} kal__ssim2_sums;

/// Sizes of the scales that there are; each is half the one before, rounded up. Their number.
int kal__ssim2_scales(int32_t width, int32_t height, int32_t w[KAL__SSIM2_SCALES],
                      int32_t h[KAL__SSIM2_SCALES]);
/// Rows of the pictures that the sums of these rows hang on.
kal_rect kal__ssim2_need(const kal_extent *e, kal_rect out);
size_t kal__ssim2_scratch(int32_t width, int32_t height);
/// Adds to the sums of background `which` those of the job's rows, the pictures over gray of `under` where they have alpha.
void kal__ssim2_rows(const kal_job *j, int which, float under, kal__ssim2_sums *sums);

#endif
