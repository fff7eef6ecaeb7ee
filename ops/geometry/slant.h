// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops whose output rows look along straight, slanted lines of the input share everything but where the lines lie: rotate, affine.
#ifndef KAL_OPS_SLANT_H
#define KAL_OPS_SLANT_H

#include "patch.h"

#define KAL__ONE ((int64_t)1 << 32)

/// KAL_LINE_KERNELS
enum { KAL__NEAREST, KAL__BILINEAR, KAL__BICUBIC };

/// u8 and bilinear: coordinates are rounded to 1/256.
bool kal__slant_is_narrow(const kal_extent *e, int32_t kernel);
/// Completes what has its matrix and the exact coordinates of output pixel (0, 0): the taps, and what rounding adds.
void kal__slant_set(kal__slant *s, const kal_extent *e, int32_t kernel);

kal_rect kal__slant_need(const kal__slant *s, const kal_extent *in, kal_edge edge, kal_rect out);
/// The state is freed with free.
kal_status kal__slant_prepare(const kal_call *c, const kal__slant *slant, int32_t kernel, kal_edge edge,
                              kal_list color, void **state, kal_error *err);
size_t kal__slant_scratch(const kal__slant *s, const kal_extent *e, int32_t width, int32_t height);
kal_status kal__slant_run(const kal_job *j);

#endif
