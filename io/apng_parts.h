// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the two files about animated PNG share: what is known of pages (apng.c), and a frame as a file of its own (apng_file.c).
#ifndef KAL_IO_APNG_PARTS_H
#define KAL_IO_APNG_PARTS_H

#include "apng.h"

// What becomes of a frame when it was shown; how it is laid.
enum { KAL__APNG_STAYS, KAL__APNG_BACKGROUND, KAL__APNG_PREVIOUS };
enum { KAL__APNG_REPLACE, KAL__APNG_OVER };

#define KAL__APNG_FRAME_BYTES 26   // of an fcTL
#define KAL__APNG_FRONT ((size_t)8 + 25 + 12 + 768 + 12 + 256 + 8)

typedef struct kal__apng_frame {
    kal_rect rect;
    int disposal, blend;
    double delay;
} kal__apng_frame;

// What the decoder of a frame reads.
typedef struct kal__apng_file {
    kal__reader base;
    kal__decoder *of;
    unsigned char bytes[KAL__APNG_FRONT];   // what comes before the next of the file's own
    size_t at, n;
    uint32_t left;          // bytes of the chunk that is read
    uint32_t crc, theirs;   // with our name for it, and with theirs
    bool in_chunk;
} kal__apng_file;

// All pages, as whoever looked at the whole file leaves them to the headers of others.
typedef struct kal__apng_walk {
    kal__meta *meta;
    int32_t n;
    struct kal__apng_shown {
        double delay;
        bool opaque;   // nothing of it is transparent
    } * pages;
} kal__apng_walk;

struct kal__apng {
    kal__apng_walk walk;
    int32_t frames, plays, pages;
    bool first;          // the default image is a frame
    uint32_t sequence;   // the number that comes next
    int32_t page;        // the one it is at
    kal__apng_frame frame;
    bool opaque, shows_opaque;   // nothing is transparent, before the frame and with it
    kal_extent stored, full;     // of the default image; the same with alpha
    unsigned char *canvas;
    size_t row;
    unsigned char head[8];                  // of the next chunk
    unsigned char front[KAL__APNG_FRONT];   // what a frame's file begins with
    size_t n_front;
    kal__apng_file input;
    kal__decoder *inner;
    bool interlaced;
    unsigned char *values;   // a row of the frame, or all of it when it is interlaced
    unsigned char *line;     // a row of a page that leaves nothing
    int32_t done, y;         // rows of the frame that are decoded; the next row of the page
};

/// Of what fcTL has; a rectangle that makes no sense is empty.
kal__apng_frame kal__apng_frame_of(const unsigned char *fctl);
/// What stands before the pixels of each frame, from what libpng has read of the file's own.
void kal__apng_make_front(kal__decoder *d);
/// The next fcTL, and on to the first fdAT behind it.
kal_status kal__apng_read_frame(kal__decoder *d, kal__apng_frame *f);
/// That frame's data as a file, which apng->input reads.
kal_status kal__apng_begin_file(kal__decoder *d, int32_t width, int32_t height);
/// Passes over chunks up to the last.
kal_status kal__apng_find_end(kal__decoder *d);

#endif
