// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See patch.h. Only the columns that the block's parallelogram covers are copied of each row, a little more at its ends.
#include "patch.h"

#define ONE 4294967296.0

static void include(int64_t v, int64_t *lo, int64_t *hi)
{
    if (v < *lo) *lo = v;
    if (v > *hi) *hi = v;
}

// The taps of the corners; all others lie between.
kal_rect kal__slant_taps(const kal__slant *s, kal_rect out)
{
    int64_t x0 = INT64_MAX, x1 = INT64_MIN, y0 = INT64_MAX, y1 = INT64_MIN;
    for (int k = 0; k < 4; k++) {
        const int32_t x = k & 1 ? out.x1 - 1 : out.x0, y = k & 2 ? out.y1 - 1 : out.y0;
        include(kal__slant_x(s, x, y), &x0, &x1);
        include(kal__slant_y(s, x, y), &y0, &y1);
    }
    return kal_rect_of((int32_t)(x0 >> 32) - s->before, (int32_t)(y0 >> 32) - s->before,
                       (int32_t)(x1 >> 32) + s->after + 1, (int32_t)(y1 >> 32) + s->after + 1);
}

// Bytes from row to row: room for a wide load at the end.
static size_t stride_of(int32_t width, size_t pixel)
{
    return ((size_t)width * pixel + 8 + 15) & ~(size_t)15;
}

static double size_of(int64_t v)
{
    return (double)(v < 0 ? -v : v) / ONE;
}

// Columns and rows of the taps of a block; a few more.
static int32_t columns_of(const kal__slant *s, int32_t w, int32_t h)
{
    return (int32_t)((w - 1) * size_of(s->xx) + (h - 1) * size_of(s->xy)) + s->before + s->after + 3;
}

static int32_t rows_of(const kal__slant *s, int32_t w, int32_t h)
{
    return (int32_t)((w - 1) * size_of(s->yx) + (h - 1) * size_of(s->yy)) + s->before + s->after + 3;
}

// Whoever shrinks has small blocks, so that a patch stays in the first cache or two, and offsets in 16 bits.
int32_t kal__patch_block(const kal__slant *s, size_t pixel)
{
    int32_t side = pixel <= 16 ? 64 : 16;
    while (side > 1 && (rows_of(s, side, side) > KAL__PATCH_ROWS ||
                        stride_of(columns_of(s, side, side), pixel) > KAL__PATCH_STRIDE))
        side /= 2;
    return side;
}

size_t kal__patch_room(const kal__slant *s, int32_t width, int32_t height, size_t pixel)
{
    const int32_t most = kal__patch_block(s, pixel), w = width < most ? width : most,
                  h = height < most ? height : most;
    return stride_of(columns_of(s, w, h), pixel) * (size_t)rows_of(s, w, h);
}

// ---- the columns of a row -----------------------------------------------------------------------
// With d = s − s(corner) a pixel of the block has 0 <= (dx yy − dy xy) / det <= w and 0 <= (dy xx − dx yx) / det <= h. For dy between two
// bounds each of the two gives bounds of dx, as a line with a slope: xy / yy, xx / yx.

typedef struct bounds {
    double slope, low, high;   // of dx at dy = 0
} bounds;

// low … high of dx while dy runs from a to b
static void narrow(const bounds *l, double a, double b, double *low, double *high)
{
    const double p = l->slope * a, q = l->slope * b;
    const double from = l->low + (p < q ? p : q), to = l->high + (p < q ? q : p);
    if (from > *low) *low = from;
    if (to < *high) *high = to;
}

static bounds bounds_of(double slope, double end)
{
    return (bounds){slope, end < 0 ? end : 0, end < 0 ? 0 : end};
}

static void put(unsigned char *dst, const unsigned char *src, size_t pixel)
{
    for (size_t k = 0; k < pixel; k++) dst[k] = src[k];
}

// Columns a … b of row y, which may lie outside.
static void copy_row(unsigned char *dst, int32_t y, int32_t a, int32_t b, const kal_tile *in,
                     const kal_extent *e, kal_edge edge, const unsigned char *fill)
{
    const size_t pixel = (size_t)in->pixel;
    const int32_t row = kal_edge_index(y, e->height, edge);
    const unsigned char *src = row < 0 ? NULL : kal_row(in, row);
    for (int32_t x = a; x < b;) {
        if (src && x >= 0 && x < e->width) {
            const int32_t end = b < e->width ? b : e->width;
            memcpy(dst, src + (size_t)(x - in->rect.x0) * pixel, (size_t)(end - x) * pixel);
            dst += (size_t)(end - x) * pixel;
            x = end;
            continue;
        }
        const int32_t from = src ? kal_edge_index(x, e->width, edge) : -1;
        put(dst, from < 0 ? fill : src + (size_t)(from - in->rect.x0) * pixel, pixel);
        dst += pixel;
        x++;
    }
}

// The whole part of v, kept in lo..hi.
static int32_t to_int(double v, int32_t lo, int32_t hi)
{
    return v <= lo ? lo : v >= hi ? hi : lo + (int32_t)(v - lo);
}

void kal__patch_plan(kal__patch *p, const kal__patch_source *from, kal_rect block)
{
    const kal__slant *s = from->slant;
    const kal_extent *e = from->extent;
    const kal_rect t = kal__slant_taps(s, block);
    // nobody looks further out with the fill mode
    const kal_rect far = kal_rect_of(-4, -4, e->width + 4, e->height + 4);
    const kal_rect r = from->edge == KAL_EDGE_FILL ? kal_rect_clip(t, far) : t;
    const double xx = (double)s->xx / ONE, xy = (double)s->xy / ONE, yx = (double)s->yx / ONE,
                 yy = (double)s->yy / ONE, det = xx * yy - xy * yx;
    const double x0 = (double)kal__slant_x(s, block.x0, block.y0) / ONE,
                 y0 = (double)kal__slant_y(s, block.x0, block.y0) / ONE;
    const bool is_along = yy > 1e-6 || yy<-1e-6, is_across = yx> 1e-6 || yx < -1e-6;
    const bounds along = bounds_of(is_along ? xy / yy : 0, is_along ? (block.x1 - block.x0) * det / yy : 0),
                 across =
                     bounds_of(is_across ? xx / yx : 0, is_across ? (block.y0 - block.y1) * det / yx : 0);
    p->stride = (ptrdiff_t)stride_of(t.x1 - t.x0, (size_t)from->in->pixel);
    p->x0 = t.x0;
    p->y0 = t.y0;
    p->first = r.y0;
    p->end = r.y1;
    for (int32_t y = r.y0; y < r.y1; y++) {
        double low = t.x0 - x0, high = t.x1 - x0;
        const double above = y - s->after - y0, below = y + s->before + 1 - y0;
        if (is_along) narrow(&along, above, below, &low, &high);
        if (is_across) narrow(&across, above, below, &low, &high);
        // rounding is far under an eighth of a pixel
        p->columns[y - r.y0].a = to_int(x0 + low - 0.125 - s->before, r.x0, r.x1);
        p->columns[y - r.y0].b = to_int(x0 + high + 0.125 + s->after + 1, r.x0, r.x1);
    }
}

void kal__patch_ask(const kal__patch *p, const kal__patch_source *from, int32_t k, int32_t n)
{
    const kal_tile *in = from->in;
    const int32_t rows = p->end - p->first;
    for (int32_t y = p->first + rows * k / n, end = p->first + rows * (k + 1) / n; y < end; y++) {
        int32_t a = p->columns[y - p->first].a, b = p->columns[y - p->first].b;
        if (a < in->rect.x0) a = in->rect.x0;
        if (b > in->rect.x1) b = in->rect.x1;
        if (a >= b || y < in->rect.y0 || y >= in->rect.y1) continue;
        const unsigned char *at = kal_at(in, a, y), *last = at + (size_t)(b - a) * (size_t)in->pixel - 1;
        for (; at < last; at += 64) __builtin_prefetch(at);
        __builtin_prefetch(last);
    }
}

void kal__patch_copy(kal__patch *p, const kal__patch_source *from, void *room)
{
    const size_t pixel = (size_t)from->in->pixel;
    p->data = room;
    for (int32_t y = p->first; y < p->end; y++) {
        const int32_t a = p->columns[y - p->first].a, b = p->columns[y - p->first].b;
        unsigned char *dst = p->data + (y - p->y0) * p->stride + (size_t)(a - p->x0) * pixel;
        if (a < b) copy_row(dst, y, a, b, from->in, from->extent, from->edge, from->fill);
    }
}
