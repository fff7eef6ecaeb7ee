// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What median_filter's kernels are called with: histograms of columns of bytes, from two kernels that agree on what is in them.
#ifndef KAL_OPS_MEDIAN_FILTER_H
#define KAL_OPS_MEDIAN_FILTER_H

#include "op.h"

enum { KAL__MEDIAN_BINS = 16 };

typedef struct kal__median_columns {
    size_t n;           // columns of samples
    uint16_t *coarse;   // by the upper four bits of a sample, column by column
    uint16_t
        *fine;   // by the lower four, of samples with one upper half: those of all columns behind each other
} kal__median_columns;

#endif
