// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See frames.h. Rows from both ends, then in the rows between the first and the last pixel that differ.
#include "frames.h"

#include <string.h>

static int32_t first_other(const unsigned char *a, const unsigned char *b, int32_t n, size_t pixel)
{
    int32_t x = 0;
    while (x < n && !memcmp(a + (size_t)x * pixel, b + (size_t)x * pixel, pixel)) x++;
    return x;
}

static int32_t behind_last_other(const unsigned char *a, const unsigned char *b, int32_t from, int32_t n,
                                 size_t pixel)
{
    int32_t x = n;
    while (x > from && !memcmp(a + (size_t)(x - 1) * pixel, b + (size_t)(x - 1) * pixel, pixel)) x--;
    return x;
}

kal_rect kal__frames_changed(const kal_extent *e, const unsigned char *a, const unsigned char *b)
{
    const size_t pixel = kal_pixel_size(e), row = (size_t)e->width * pixel;
    int32_t y0 = 0, y1 = e->height, x0 = e->width, x1 = 0;
    while (y0 < y1 && !memcmp(a + (size_t)y0 * row, b + (size_t)y0 * row, row)) y0++;
    if (y0 == y1) return kal_rect_of(0, 0, 1, 1);
    while (!memcmp(a + (size_t)(y1 - 1) * row, b + (size_t)(y1 - 1) * row, row)) y1--;
    for (int32_t y = y0; y < y1; y++) {
        const unsigned char *p = a + (size_t)y * row, *q = b + (size_t)y * row;
        x0 = first_other(p, q, x0, pixel);
        x1 = behind_last_other(p, q, x1, e->width, pixel);
    }
    return kal_rect_of(x0, y0, x1, y1);
}

kal_rect kal__frames_gone(const kal_extent *e, const unsigned char *a, const unsigned char *b)
{
    const size_t pixel = kal_pixel_size(e), size = kal_type_size(e->type), alpha = pixel - size;
    static const unsigned char none[8];
    kal_rect r = {e->width, e->height, 0, 0};
    for (int32_t y = 0; y < e->height; y++)
        for (int32_t x = 0; x < e->width; x++, a += pixel, b += pixel) {
            if (!memcmp(a + alpha, none, size) || memcmp(b + alpha, none, size)) continue;
            if (x < r.x0) r.x0 = x;
            if (y < r.y0) r.y0 = y;
            if (x >= r.x1) r.x1 = x + 1;
            r.y1 = y + 1;
        }
    return r.x1 ? r : kal_rect_of(0, 0, 0, 0);
}

void kal__frames_take(const kal_extent *e, const unsigned char *from, kal_rect r, unsigned char *to)
{
    const size_t pixel = kal_pixel_size(e), row = (size_t)e->width * pixel, n = (size_t)(r.x1 - r.x0) * pixel;
    for (int32_t y = r.y0; y < r.y1; y++, to += n)
        memcpy(to, from + (size_t)y * row + (size_t)r.x0 * pixel, n);
}
