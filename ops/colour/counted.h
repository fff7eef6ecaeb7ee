// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Curves that follow from how often each u8 or u16 value occurs in the whole image: counted once, then every colour channel through its
// table; alpha stays. f32 is counted in 65536 steps from 0 to 1, and goes along the lines between them.
#ifndef KAL_OPS_COUNTED_H
#define KAL_OPS_COUNTED_H

#include "statistics/stats.h"

enum {
    KAL__EACH,
    KAL__TOGETHER
};   // a curve for each colour channel, or one for all from their counts together

/// The new value of each of `bins` samples, not yet rounded.
typedef void kal__counted_curve(const kal_call *c, const uint64_t *counts, int32_t bins, double *out);

/// Bytes of scratch for kal__counted_run.
size_t kal__counted_scratch(const kal_extent *e);
/// Runs an op whose whole image is in the job.
void kal__counted_run(const kal_job *j, int32_t together, kal__counted_curve *curve);
/// Adds the counts of all colour channels to those of the first.
void kal__counts_join(uint64_t *counts, const kal_extent *e);

#endif
