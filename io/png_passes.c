// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Interlaced PNG: seven pictures one after another, each of pixels that lie on a grid of its own (PNG, third edition, 8.1, Adam7). All
// but the first fill what those before them left between.
#include "png.h"

#include <stdlib.h>
#include <string.h>

#define PASSES 7

static const struct {
    int32_t x, y, dx, dy;
} grids[PASSES] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                   {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};

static int32_t count(int32_t side, int32_t first, int32_t step)
{
    return side > first ? (side - first + step - 1) / step : 0;
}

static int32_t width_of(const kal__decoder *d)
{
    return (int32_t)png_get_image_width(d->png, d->info);
}

static int32_t height_of(const kal__decoder *d)
{
    return (int32_t)png_get_image_height(d->png, d->info);
}

kal_status kal__png_passes_new(kal__decoder *d)
{
    d->scratch = kal__new(d->row, 1);
    return d->scratch ? KAL_OK : kal_fail(d->fail.err, KAL_NOMEM, "%s: png: out of memory", d->reader->name);
}

// Pixels of a row of a pass, to every dx-th place.
static void scatter(unsigned char *to, const unsigned char *from, int32_t n, size_t pixel, size_t step)
{
    for (int32_t i = 0; i < n; i++, from += pixel, to += step) memcpy(to, from, pixel);
}

// A pass without a column has no rows in the file.
static kal_status read_pass(kal__decoder *d, int pass, unsigned char *dst, ptrdiff_t stride)
{
    const int32_t w = count(width_of(d), grids[pass].x, grids[pass].dx),
                  h = w ? count(height_of(d), grids[pass].y, grids[pass].dy) : 0;
    const size_t pixel = d->row / (size_t)width_of(d);
    kal_status st = KAL_OK;
    if (h) kal__png_rows_turn(d, w, h);
    for (d->pass_row = 0; d->pass_row < h && !st; d->pass_row += !st) {
        st = kal__png_rows_read(d, d->scratch, (ptrdiff_t)d->row, 1);
        unsigned char *row = dst + (grids[pass].y + d->pass_row * grids[pass].dy) * stride;
        if (!st)
            scatter(row + (size_t)grids[pass].x * pixel, d->scratch, w, pixel,
                    (size_t)grids[pass].dx * pixel);
    }
    return st;
}

kal_status kal__png_passes_read(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n)
{
    (void)n;   // all of it
    kal_status st = KAL_OK;
    for (d->pass = 0; d->pass < PASSES && !st; d->pass += !st) st = read_pass(d, d->pass, dst, stride);
    return st;
}

// The pass that gives row y its last pixels.
static int last_of_row(int32_t y, int32_t width)
{
    int p = PASSES - 1;
    while (y % grids[p].dy != grids[p].y || width <= grids[p].x) p--;
    return p;
}

int32_t kal__png_passes_whole(const kal__decoder *d)
{
    const int32_t at = d->pass < PASSES ? grids[d->pass].y + d->pass_row * grids[d->pass].dy : height_of(d);
    int32_t y = 0;
    for (; y < height_of(d); y++) {
        const int last = last_of_row(y, width_of(d));
        if (last > d->pass || (last == d->pass && y >= at)) break;
    }
    return y;
}
