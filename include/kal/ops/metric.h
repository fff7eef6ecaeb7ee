// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metrics: how alike two pictures are. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_METRIC_H
#define KAL_HEADER_OPS_METRIC_H

#include <kal/ops/define.h>

KAL_BEGIN

#define KAL_SSIMULACRA2_PARAMS(P) \
    P(BOOL, aligned, false, 0, 0, "", "weights of their own scales, for pictures with a side below 113")
KAL_PARAMS(ssimulacra2, KAL_SSIMULACRA2_PARAMS)
#define kal_ssimulacra2_params(...) KAL_WITH(ssimulacra2, KAL_SSIMULACRA2_PARAMS, __VA_ARGS__)
KAL_OP_2(ssimulacra2)

KAL_PARAMS(dssim, KAL_NO_PARAMS)
KAL_OP_2(dssim)

KAL_PARAMS(ssim, KAL_NO_PARAMS)
KAL_OP_2(ssim)

#define KAL_MS_SSIM_PARAMS(P) P(INT, scales, 5, 1, 5, "", "fewer for pictures with a side below 176")
KAL_PARAMS(ms_ssim, KAL_MS_SSIM_PARAMS)
#define kal_ms_ssim_params(...) KAL_WITH(ms_ssim, KAL_MS_SSIM_PARAMS, __VA_ARGS__)
KAL_OP_2(ms_ssim)

KAL_PARAMS(psnr, KAL_NO_PARAMS)
KAL_OP_2(psnr)

typedef enum kal_difference { KAL_DIFFERENCE_SSIMULACRA2, KAL_DIFFERENCE_DSSIM } kal_difference;
#define KAL_DIFFERENCE_MAP_PARAMS(P) \
    P(CHOICE, metric, KAL_DIFFERENCE_SSIMULACRA2, 0, 0, "ssimulacra2|dssim", "whose map")
KAL_PARAMS(difference_map, KAL_DIFFERENCE_MAP_PARAMS)
#define kal_difference_map_params(...) KAL_WITH(difference_map, KAL_DIFFERENCE_MAP_PARAMS, __VA_ARGS__)
KAL_OP_2(difference_map)

KAL_END
#endif
