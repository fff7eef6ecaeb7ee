// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a JPEG of a picture takes, without writing it: its blocks are transformed once, and of each quality only symbols are counted. Progressive, with the best Huffman tables and the
// tuned quantisers (jpeg_steps.h): in the mean within a thousandth of what libjpeg makes, at a sixth of the time.
#ifndef KAL_JPEG_COUNT_H
#define KAL_JPEG_COUNT_H

#include <kal/base.h>

#define KAL__JPEG_COUNTS 8   // qualities at once

/// Samples in memory, of 8 bits or the upper halves of more. `red`, `green`, `blue`: where in a pixel their byte is; of gray all the same.
typedef struct kal__jpeg_view {
    const unsigned char *data;
    size_t stride, pixel;   // bytes
    size_t red, green, blue;
    int32_t width, height;
    bool gray;     // the file has luma alone
    bool halved;   // chroma of half the resolution both ways
} kal__jpeg_view;

/// Of a file of one quality: all bytes of it; and bits of luma and chroma among them, but for what heads them.
typedef struct kal__jpeg_size {
    double bytes, luma, chroma;
} kal__jpeg_size;

/// `every`: of so many rows of blocks one is looked at, for all; 1: all are. `threads`: at most; the result hangs on none of them. `check`, unless it is NULL, is asked between rows, on any of
/// them; what it says but KAL_OK is returned.
typedef struct kal__jpeg_how {
    int32_t every;
    int threads;
    kal_status (*check)(const void *of, kal_error *err);
    const void *of;
} kal__jpeg_how;

/// Counts files of `n` qualities, 1..100. Or NOMEM.
kal_status kal__jpeg_count(const kal__jpeg_view *v, const kal__jpeg_how *how, const int *qualities, int n,
                           kal__jpeg_size *out, kal_error *err);

// ---- within it: jpeg_cosines -----------------------------------------------------------------------

/// A block of 8 x 8 transformed, all times eight: its mean; in zigzag order magnitudes of its cosines (the first is 0); and the largest of each sixteen.
typedef struct kal__jpeg_block {
    int16_t mean;
    uint16_t at[64], most[4];
} kal__jpeg_block;

/// The blocks of a row of MCUs: of luma `tall` rows of `across[0]`, then of each chroma one row of `across[1]`.
typedef struct kal__jpeg_row {
    kal__jpeg_block *blocks[3];
    int32_t across[2], tall;
} kal__jpeg_row;

/// Natural order of each place of the zigzag.
extern const uint8_t kal__jpeg_natural[64];
/// How many pixels an MCU is wide and high.
int32_t kal__jpeg_side(const kal__jpeg_view *v);
/// Room for a row of MCUs; false: none. And its blocks of the row `y`.
bool kal__jpeg_row_open(const kal__jpeg_view *v, kal__jpeg_row *r);
void kal__jpeg_row_close(kal__jpeg_row *r);
void kal__jpeg_row_fill(const kal__jpeg_view *v, int32_t y, kal__jpeg_row *r);

#endif
