// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What opening a file (heif.c) and its pixels (heif_pixels.c) share.
#ifndef KAL_IO_HEIF_PART_H
#define KAL_IO_HEIF_PART_H

#include "heif_tiles.h"

#if KAL__HEIF

struct kal__decoder {
    const kal__heif *lib;
    kal__reader *reader;
    kal_extent extent;
    uint64_t most_pixels;
    int workers;   // of the HEVC decoder; 0: libheif decides
    unsigned char *
        copy;   // of what is looked at of a file that does not lie in memory: its first and its second box of note
    const unsigned char *bytes;   // all there is, or those boxes
    size_t n, size;               // of them; of the file
    uint64_t at;                  // where libheif stands
    struct {
        uint64_t at, n;
    } large[8];   // bodies of boxes that it has not come by yet
    int n_large;
    kal_error io;   // of the reader
    struct heif_context *context;
    struct heif_image_handle *handle;
    struct heif_image *image;
    bool planar;   // red, green and blue apart
    kal_limits limits;
    kal__heif_tiled tiled;   // its tiles; NULL: libheif makes the picture, all at once
    kal_rect part;           // of a tiled one, that is wanted …
    int32_t y;               // … from its next row on
    struct {
        unsigned char *data;   // rows y0 up to y1 of the part
        int32_t y0, y1;
    } strip;
};

/// What libheif, or the reader before it, says of a failure.
kal_status kal__heif_failed(const kal__decoder *d, struct heif_error e, kal_error *err);
/// The next rows of a part of a tiled picture.
kal_status kal__heif_grid_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n,
                               kal_error *err);
/// What is held for them, beside the file.
size_t kal__heif_grid_memory(const kal__heif_tiled *t, const kal_extent *e);
/// n values of `bits` bits into every `step`-th sample of dst, stretched to the type's range.
void kal__heif_spread(const kal_extent *x, const unsigned char *src, unsigned char *dst, size_t n,
                      size_t step, int bits);
kal_status kal__heif_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err);

#endif
#endif
