// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// SSIM and MS-SSIM in two halves: rows to sums (ssim_rows.c), sums to a number (ssim.c).
#ifndef KAL_OPS_SSIM_H
#define KAL_OPS_SSIM_H

#include "metric.h"
#include "pyramid.h"

enum { KAL__SSIM_WINDOW = 11, KAL__SSIM_SCALES = 5 };

/// Sums over a band, for each background of two and each scale, of contrast and structure (cs), and of these times luminance (ssim).
typedef struct kal__ssim_sums {
    double of[2][KAL__SSIM_SCALES][2];
} kal__ssim_sums;

kal__pyramid kal__ssim_pyramid(int scales);
size_t kal__ssim_scratch(const kal__pyramid *of, const kal_extent *e);
/// Adds to the sums of background `which` those of the job's rows, over gray of `under` where there is alpha.
kal_status kal__ssim_rows(const kal_job *j, const kal__pyramid *of, int which, float under,
                          kal__ssim_sums *sums);

#endif
