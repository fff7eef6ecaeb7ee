// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops between RGB and other colour spaces. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_SPACE_H
#define KAL_HEADER_OPS_SPACE_H

#include <kal/ops/define.h>

KAL_BEGIN

KAL_PARAMS(to_linear, KAL_NO_PARAMS)
KAL_PARAMS(from_linear, KAL_NO_PARAMS)
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
