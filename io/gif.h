// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the files of GIF share: gif.c makes pages, gif_blocks.c reads what stands between the frames' data.
#ifndef KAL_IO_GIF_H
#define KAL_IO_GIF_H

#include "lzw.h"

enum {
    KAL__GIF_BACKGROUND = 2,
    KAL__GIF_PREVIOUS
};   // what becomes of a frame when it was shown; others stay

typedef struct kal__gif_frame {
    kal_rect rect;   // on the canvas; may reach beyond it
    bool interlaced;
    int disposal, delay;   // hundredths of a second
    int clear;             // the transparent value; -1: none
    unsigned char colours[256][4];
} kal__gif_frame;

struct kal__decoder {
    kal_extent extent;   // of the canvas
    kal_limits limits;
    kal__reader *of;
    kal__view view;
    int32_t pages, page;
    int32_t start;   // the first frame that shows on the page that was opened
    uint64_t start_at;
    size_t row, largest;     // bytes of a row of the canvas, of the largest interlaced frame
    unsigned char *canvas;   // what frames before left on it; NULL: nothing will be
    kal__gif_frame frame;    // the page's own, or the one that is being drawn
    unsigned char *whole;    // its values, when it is interlaced
    int32_t done;            // rows of it that are read
    int32_t y;               // the next row of the page
    bool has_colours;
    unsigned char colours[256][4];   // for frames without their own
    unsigned char line[65536];       // values of a row
    kal__lzw lzw;
    kal__input in;
};

/// What stands before the first frame.
kal_status kal__gif_screen(kal__decoder *d);
/// Goes to the next frame's data; `found` is false at the end of the file. Loops and metadata go into `m`, unless it is NULL.
kal_status kal__gif_next(kal__decoder *d, kal__meta *m, bool *found);

#endif
