// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Samples as doubles and back: what filters in doubles share.
#ifndef KAL_OPS_WIDE_H
#define KAL_OPS_WIDE_H

#include "op.h"

/// Pixels first … first + n of a row as doubles; `weigh`: colours times alpha.
void kal__widen(double *dst, const void *src, size_t first, size_t n, const kal_extent *e, bool weigh);
/// Pixels first … first + n of a row from doubles; integers half up and saturated.
void kal__narrow(void *dst, size_t first, const double *src, size_t n, const kal_extent *e);
/// v · by + offset
void kal__scale_f64(double *v, double by, double offset, size_t n);

#endif
