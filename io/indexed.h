// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// From gray, RGB and RGBA of 8 bits to at most 256 colours: what GIF and palette PNG are written of.
#ifndef KAL_IO_INDEXED_H
#define KAL_IO_INDEXED_H

#include "codec.h"
#include "mem.h"

typedef struct kal__indexed_palette {
    int n;       // at least 1, the transparent one among them
    int clear;   // the transparent one, all of whose samples are 0; -1: none
    unsigned char colours[256][4];
} kal__indexed_palette;

typedef struct kal__indexed_how {
    int most;      // colours, 1 … 256
    bool alpha;    // as it is; else what is below 128 is transparent and the rest opaque
    bool dither;   // of more colours: errors go to the pixels around, by Floyd and Steinberg
} kal__indexed_how;

typedef struct kal__indexed kal__indexed;

/// The colours of a picture, packed, of 8 bits: exactly its own if they are few enough. NULL: out of memory.
/// With `alpha` they are in the order of their alphas, and where they are too many all that is transparent is one of them first. Of more, what is opaque stays
/// so and so does what is transparent, where there are as many colours as kinds of these.
/// Without, a picture with alpha has a last colour for what is transparent, needed or not, unless as many others as may be are there.
kal__indexed *kal__indexed_new(const kal_extent *e, const unsigned char *picture, const kal__indexed_how *how,
                               kal__indexed_palette *out);
/// The next row as values; from the first on. What is no colour of the palette becomes the nearest, about.
void kal__indexed_row(kal__indexed *c, const unsigned char *row, unsigned char *values);
void kal__indexed_free(kal__indexed *c);
/// Bytes it holds, at most.
size_t kal__indexed_memory(const kal_extent *e, const kal__indexed_how *how);
/// Pixels of a picture, at most, so that counts of them fit.
#define KAL__INDEXED_PIXELS(alpha) ((uint64_t)1 << ((alpha) ? 29 : 30))

#endif
