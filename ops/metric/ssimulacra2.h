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

size_t kal__ssim2_scratch(const kal_extent *e);
/// Adds to the sums of background `which` those of the job's rows, the pictures over gray of `under` where they have alpha.
void kal__ssim2_rows(const kal_job *j, int which, float under, kal__ssim2_sums *sums);

#endif
