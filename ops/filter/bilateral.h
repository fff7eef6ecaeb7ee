// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What bilateral's kernels are called with.
#ifndef KAL_OPS_BILATERAL_H
#define KAL_OPS_BILATERAL_H

#include "op.h"

enum {
    KAL__BILATERAL_COLOURS = 4,                      // at most, of the u8 path
    KAL__BILATERAL_PAGES = KAL__BILATERAL_COLOURS,   // of 256 weights
    KAL__BILATERAL_BLOCK = 64,                       // kernels make whole blocks of pixels
    KAL__BILATERAL_SOME = 512,                       // taps whose sums stay below 2^32
};

/// Weights of 15 bits. A distance is a sum of differences of bytes.
typedef struct kal__bilateral_table {
    int32_t weight[256 * KAL__BILATERAL_PAGES];
    uint8_t low[256 * KAL__BILATERAL_PAGES], high[256 * KAL__BILATERAL_PAGES];   // their bytes
    int32_t pages;   // of 256 that hold more than zeros; the first of them ends in a 0 if it is the only one
} kal__bilateral_table;

typedef struct kal__bilateral_row {
    const kal__bilateral_table *table;
    const uint8_t *const *at;   // of each tap: the sample of colour 0 that the first pixel sees there
    const int16_t *space;       // of each tap
    int32_t taps;               // even
    const uint8_t *middle;      // the first pixel itself
    size_t plane;               // from colour to colour
    size_t pixels;              // rounded up to blocks; samples beyond may be anything
    uint32_t *sums;             // of weighted samples, colour by colour, then of weights: `step` apart
    size_t step;
} kal__bilateral_row;

#endif
