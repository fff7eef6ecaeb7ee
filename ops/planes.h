// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// For ops that look at all colour channels of a pixel: some pixels at a time, channel by channel in doubles, in the sample's own unit.
// 8 and 16 bits round half up and saturate afterwards; NaN becomes 0 there.
#ifndef KAL_OPS_PLANES_H
#define KAL_OPS_PLANES_H

#include "op.h"

enum { KAL__SOME = 256, KAL__PLANES = 4 };   // pixels at a time; channels at most

/// Changes n pixels in place; alpha is the plane after the colours.
typedef void kal__planes_fn(const kal_job *j, double (*p)[KAL__SOME], size_t n);

/// Runs `fn` over a pointwise job whose result has the samples and channels of its input: at most KAL__PLANES.
kal_status kal__planes_run(const kal_job *j, kal__planes_fn *fn);

/// The same for bytes, which stay bytes: the three colours of n pixels; alpha stays.
typedef void kal__bytes_fn(uint8_t *a, uint8_t *b, uint8_t *c, size_t n);
/// Runs `fn` over a pointwise job of u8 samples with three colours.
kal_status kal__bytes_run(const kal_job *j, kal__bytes_fn *fn);

/// Refuses what has not three colour channels, or has samples that are labels.
kal_status kal__check_rgb(const char *op, const kal_extent *e, kal_error *err);

#endif
