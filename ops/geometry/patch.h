// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The part of an image that a turned block of output looks at, copied into packed rows. Slanted reading jumps from row to row and misses
// the cache at each; copying reads along the rows. What lies outside the image is put in by the edge mode, so that
// sampling need not ask.
#ifndef KAL_OPS_PATCH_H
#define KAL_OPS_PATCH_H

#include "op.h"

/// 32.32 coordinates of the input for output pixels: (x0 + x xx + y xy, y0 + x yx + y yy). The taps of a pixel are `before`
/// and `after` the one at the whole part, on both axes.
typedef struct kal__slant {
    int64_t x0, y0, xx, xy, yx, yy;
    int32_t before, after;
} kal__slant;

enum { KAL__PATCH_ROWS = 2 * 64, KAL__PATCH_STRIDE = 1 << 14 };   // no block has more, nor a row more bytes

typedef struct kal__patch {
    unsigned char *data;   // pixel (x0, y0); 8 bytes after the last pixel may be read
    ptrdiff_t stride;
    int32_t x0, y0;
    int32_t first, end;   // rows that are copied
    struct {
        int32_t a, b;
    } columns[KAL__PATCH_ROWS];   // of them
} kal__patch;

/// Where patches come from. `fill` is the pixel of the fill mode.
typedef struct kal__patch_source {
    const kal__slant *slant;
    const kal_tile *in;
    const kal_extent *extent;
    kal_edge edge;
    const unsigned char *fill;
} kal__patch_source;

/// Output blocks are at most this wide and high.
int32_t kal__patch_block(const kal__slant *s, size_t pixel);
/// Room for the patch of any block of an output of that size.
size_t kal__patch_room(const kal__slant *s, int32_t width, int32_t height, size_t pixel);
/// Finds what the pixels of `block` need, …
void kal__patch_plan(kal__patch *p, const kal__patch_source *from, kal_rect block);
/// … asks the memory for some of it (part `k` of `n`), so that it is near when …
void kal__patch_ask(const kal__patch *p, const kal__patch_source *from, int32_t k, int32_t n);
/// … it is copied.
void kal__patch_copy(kal__patch *p, const kal__patch_source *from, void *room);

static inline int64_t kal__slant_x(const kal__slant *s, int32_t x, int32_t y)
{
    return s->x0 + x * s->xx + y * s->xy;
}

static inline int64_t kal__slant_y(const kal__slant *s, int32_t x, int32_t y)
{
    return s->y0 + x * s->yx + y * s->yy;
}

/// All taps of the pixels of `out`, which may lie outside the image.
kal_rect kal__slant_taps(const kal__slant *s, kal_rect out);

#endif
