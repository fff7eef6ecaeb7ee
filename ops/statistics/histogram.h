// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How often each value occurs: what ops share that decide by it.
#ifndef KAL_OPS_HISTOGRAM_H
#define KAL_OPS_HISTOGRAM_H

#include "op.h"

/// Values that a sample can have: 256 or 65536; 0 for types that are not counted.
int32_t kal__histogram_bins(kal_type type);
/// Adds n pixels of u8 or u16: value v of channel c to counts[c · bins + v].
void kal__histogram(uint64_t *counts, const void *row, size_t n, const kal_extent *e);

#endif
