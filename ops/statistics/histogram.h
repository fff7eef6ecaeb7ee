// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How often each value occurs: what ops share that decide by it.
#ifndef KAL_OPS_HISTOGRAM_H
#define KAL_OPS_HISTOGRAM_H

#include "op.h"

/// Values that a sample can have: 256 or 65536; 0 for types that are not counted.
int32_t kal__histogram_bins(kal_type type);
/// Steps that samples are counted in: their values, and of f32 as many as of u16 from 0 to 1; 0 for u32.
int32_t kal__histogram_steps(kal_type type);
/// The step that stands for a real: the nearest, halves upwards; NaN counts as 0.
static inline uint16_t kal__step_of(float v)
{
    return kal__to_u16((double)v * 65535);
}
/// Adds n pixels of u8, u16 or f32: value v, or step v, of channel c to counts[c · steps + v].
void kal__histogram(uint64_t *counts, const void *row, size_t n, const kal_extent *e);

#endif
