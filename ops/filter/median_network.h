// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sorting networks for medians of 7 × 7 and 9 × 9 samples, as tables: a step orders two places of a block of windows at a time.
#ifndef KAL_OPS_MEDIAN_NETWORK_H
#define KAL_OPS_MEDIAN_NETWORK_H

#include "op.h"

/// A step {a, b, what} orders places a and b, or leaves only the lower in a (1) or the higher in b (2), where nobody asks for the other.
typedef struct kal__median_network {
    int32_t side;
    const uint8_t (*sort)[3];   // sorts a column of `side` places
    int32_t sorts;
    /// Finds the median of sorted columns, place r · side + c being rank r of column c. The first `rows` steps sort each rank across
    /// the columns, as far as that is asked for.
    const uint8_t (*find)[3];
    int32_t rows, finds;
    int32_t at;   // where the median is then
} kal__median_network;

enum { KAL__MEDIAN_LEAST = 3, KAL__MEDIAN_MOST = 4 };   // radii that have one
extern const kal__median_network kal__median_networks[KAL__MEDIAN_MOST - KAL__MEDIAN_LEAST + 1];

/// A row of medians, n samples, from 2 · radius + 1 rows that begin a radius before it. u32 stands for f32 in its order. Rows are read and
/// written in blocks, up to KAL__MEDIAN_BEYOND bytes beyond their end; `ranks` has room for as many rows, `step` bytes apart.
enum { KAL__MEDIAN_BEYOND = 128 };
void kal__median_network_row(void *dst, const void *const *rows, int32_t radius, kal_type type, void *ranks,
                             size_t step, size_t s, size_t n);

#endif
