// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops between RGB and other colour spaces. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_SPACE_H
#define KAL_HEADER_OPS_SPACE_H

#include <kal/ops/define.h>

KAL_BEGIN

#define KAL_TO_LINEAR_PARAMS(P) \
    P(CHOICE, type, 0, 0, 0, "same|u8|u16|f32", "sample type of the result; same: the image's")
#define KAL_FROM_LINEAR_PARAMS KAL_TO_LINEAR_PARAMS
KAL_PARAMS(to_linear, KAL_TO_LINEAR_PARAMS)
KAL_PARAMS(from_linear, KAL_FROM_LINEAR_PARAMS)
#define kal_to_linear_params(...) KAL_WITH(to_linear, KAL_TO_LINEAR_PARAMS, __VA_ARGS__)
#define kal_from_linear_params(...) KAL_WITH(from_linear, KAL_FROM_LINEAR_PARAMS, __VA_ARGS__)
KAL_OP_1(to_linear)
KAL_OP_1(from_linear)

KAL_PARAMS(to_lab, KAL_NO_PARAMS)
KAL_PARAMS(from_lab, KAL_NO_PARAMS)
KAL_OP_1(to_lab)
KAL_OP_1(from_lab)

KAL_PARAMS(to_lch, KAL_NO_PARAMS)
KAL_PARAMS(from_lch, KAL_NO_PARAMS)
KAL_OP_1(to_lch)
KAL_OP_1(from_lch)

KAL_PARAMS(to_hsv, KAL_NO_PARAMS)
KAL_PARAMS(from_hsv, KAL_NO_PARAMS)
KAL_OP_1(to_hsv)
KAL_OP_1(from_hsv)

KAL_PARAMS(to_hsl, KAL_NO_PARAMS)
KAL_PARAMS(from_hsl, KAL_NO_PARAMS)
KAL_OP_1(to_hsl)
KAL_OP_1(from_hsl)

KAL_PARAMS(to_ycbcr, KAL_NO_PARAMS)
KAL_PARAMS(from_ycbcr, KAL_NO_PARAMS)
KAL_OP_1(to_ycbcr)
KAL_OP_1(from_ycbcr)

KAL_END
#endif
