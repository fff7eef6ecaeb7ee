// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Curves: a new sample from an old one, per colour channel; alpha stays. For u8, and for u16 when the image
// is large enough, the curve becomes a table of 256 or 65536 entries; other samples go through it some at a time.
// 8 and 16 bits round half up and saturate; f32 is not clamped.
#ifndef KAL_OPS_TONE_H
#define KAL_OPS_TONE_H

#include "op.h"

/// Turns n samples of a colour channel into their new values, in place; both in the sample's own unit, not yet rounded.
typedef void kal__curve(const kal_call *c, int32_t channel, double *v, size_t n);
/// The same for n floats that lie `step` apart, for curves simple enough to be worth a loop of their own.
typedef void kal__curve_f32(const kal_call *c, int32_t channel, float *dst, const float *src, size_t n,
                            size_t step);

/// The state of a tone op. `floats` may be NULL; `same`: all colour channels have the curve of channel 0.
kal_status kal__tone_new(const kal_call *c, kal__curve *curve, kal__curve_f32 *floats, bool same,
                         void **state, kal_error *err);
void kal__tone_free(void *state);
/// Runs the state that kal__tone_new made.
kal_status kal__tone_run(const kal_job *j);

#endif
