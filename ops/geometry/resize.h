// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// resize inside: its tables, and the two ways of computing with them. Both work on blocks of some output rows
// and as many columns as keep a block in the second-level cache: the columns pass into the scratch, then the rows
// pass from there. Between them the block is turned round, so that the same sample of all lines lies in one
// vector: outputs are plain sums of vectors whatever the scale and the channels, and are turned back at the end.
#ifndef KAL_OPS_RESIZE_H
#define KAL_OPS_RESIZE_H

#include "resample.h"

typedef struct kal__resize_tables {
    kal__taps x, y;
} kal__resize_tables;

#define KAL__LINES 16

/// u8 without alpha, 14-bit weights: resize_u8.c.
void kal__resize_u8(const kal_job *j, const kal__resize_tables *t);
size_t kal__resize_u8_scratch(const kal__axis *x, int32_t width, size_t channels);

/// Part of a rows pass: `lines` rows of outputs from columns of the block.
typedef struct kal__across_u8 {
    uint8_t *const *dst;   // row by row, the first output
    size_t lines;          // 1..KAL__LINES
    const int16_t *src;    // KAL__LINES rows; the first pixel is that of the first window. What lies up to
    size_t pitch;          // 8 pixels past the last window is read as well, and does not count
    const kal__window *window;
    const size_t *at;
    const int16_t *t;
    size_t outputs, channels;
    void *room;   // kal__across_u8_room bytes, 64-byte aligned
} kal__across_u8;

/// For so many pixels in the windows.
size_t kal__across_u8_room(size_t pixels, size_t outputs, size_t channels);

/// Everything else, in doubles: resize_real.c.
void kal__resize_real(const kal_job *j, const kal__resize_tables *t);
size_t kal__resize_real_scratch(const kal__axis *x, int32_t width, size_t channels);

typedef struct kal__across_real {
    void *const *dst;   // row by row, the first output
    size_t lines;       // 1..KAL__LINES
    const double
        *src;       // turned: `lanes` doubles, one for each line, for every sample from the first window on
    size_t lanes;   // KAL__LINES; the reference takes less as well
    const kal__window *window;
    const size_t *at;
    const double *t;
    size_t outputs, channels;
    kal_type type;
    bool alpha;   // colours are divided by it
    void *room;   // kal__across_real_room bytes, 64-byte aligned
} kal__across_real;

size_t kal__across_real_room(size_t outputs, size_t channels);

#endif
