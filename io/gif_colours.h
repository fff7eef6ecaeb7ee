// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// From RGB to at most 256 colours.
#ifndef KAL_IO_GIF_COLOURS_H
#define KAL_IO_GIF_COLOURS_H

#include "codec.h"
#include "mem.h"

typedef struct kal__gif_palette {
    int n;       // at least 1, the transparent one among them
    int clear;   // the transparent one; -1: none
    unsigned char colours[256][3];
} kal__gif_palette;

typedef struct kal__gif_colours kal__gif_colours;

/// The colours of a picture, packed, of 8 bits: exactly its own if they are few enough. Alpha below 128 is transparent; a picture with alpha has
/// a colour for it, needed or not, unless 256 others are there. NULL: out of memory.
kal__gif_colours *kal__gif_colours_new(const kal_extent *e, const unsigned char *picture, bool dither,
                                       kal__gif_palette *out);
/// The next row as values; from the first on. What is no colour of the palette becomes the nearest, about; with `dither` by Floyd and Steinberg.
void kal__gif_colours_row(kal__gif_colours *c, const unsigned char *row, unsigned char *values);
void kal__gif_colours_free(kal__gif_colours *c);
/// Bytes it holds, at most.
size_t kal__gif_colours_memory(int32_t width);

#endif
