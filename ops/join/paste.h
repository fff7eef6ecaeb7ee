// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One image on another, shared by insert, uncrop and their kin: what is needed of each, and plain replacement.
#ifndef KAL_OPS_PASTE_H
#define KAL_OPS_PASTE_H

#include "op.h"

/// Both inputs must have the same type, channels and alpha.
kal_status kal__check_paste(const char *op, const kal_call *c, kal_error *err);
/// Needs of input i: the image where it lies; of the base all but `covered`, which hides it (only used when it cuts off whole
/// rows or columns, so that the rest stays a rectangle).
kal_rect kal__paste_need(kal_rect place, kal_rect covered, int32_t i, kal_rect out);
/// Copies base and image into the output.
void kal__paste_replace(const kal_job *j, kal_rect place);

#endif
