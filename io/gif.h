// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the files of GIF share: gif.c makes pages, gif_blocks.c reads what stands between the frames' data,
// gif_write.c writes them.
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
    int disposal, delay;   // hundredths of a second; -1: it does not say
    int clear;             // the transparent value; -1: none
    unsigned char colours[256][4];
} kal__gif_frame;

struct kal__decoder {
    kal_extent extent;   // of the canvas
    kal_limits limits;
    bool lenient, onward;
    kal__reader *of;
    kal__view view;
    int32_t pages, page;
    int32_t start;   // the first frame that shows on the page that was opened
    uint64_t start_at;
    struct kal__gif_page *shown;   // of all pages, while they are walked over
    size_t row, largest;           // bytes of a row of the canvas, of the largest interlaced frame
    unsigned char *canvas;         // what frames before left on it; NULL: nothing will be
    kal__gif_frame frame;          // the page's own, or the one that is being drawn
    unsigned char *whole;          // its values, when it is interlaced
    int32_t good;                  // rows of them before the first that is not there
    kal_error broken;              // why it is not
    int32_t done;                  // rows of it that are read
    int32_t y;                     // the next row of the page
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

// ---- writing ------------------------------------------------------------------------------------

#define KAL__GIF_PARAMS(P)                                                                       \
    P(BOOL, dither, false, 0, 0, "", "of more than 256 colours: errors go to the pixels around") \
    P(BOOL, strip, false, 0, 0, "", "leave out XMP and ICC")                                     \
    P(FLOAT, delay, -1, -1, 655, "s",                                                            \
      "of an animation: how long this picture is shown; -1: as it was, else 0.1")                \
    P(INT, loops, -1, -1, 65535, "",                                                             \
      "of an animation: how often it runs, 0 without end; -1: as it was, else 0")
typedef struct kal__gif_p {
    size_t size;
    KAL__GIF_PARAMS(KAL_FIELD)
} kal__gif_p;
kal_status kal__gif_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err);
size_t kal__gif_among(const kal_extent *x, const void *params);
kal_status kal__gif_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err);
kal_status kal__gif_page(kal__encoder *e, const kal_extent *x, const void *params, const kal__meta *meta,
                         kal_error *err);
kal_status kal__gif_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err);
kal_status kal__gif_turn(kal__encoder *e, kal_error *err);
kal_status kal__gif_end(kal__encoder *e, kal_error *err);

#endif
