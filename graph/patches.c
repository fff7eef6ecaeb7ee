// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Many rectangles of one image in one request: one stage reads the rows that any of them touches, once, and every band of it hands
// the pieces of those rows to the rectangles they belong to.
#include "patches.h"

#include "request.h"

#include <stdlib.h>
#include <string.h>

// The first in order whose y0 is at least y.
static int32_t first_from(const kal__patches *p, int64_t y)
{
    int32_t low = 0, high = p->n;
    while (low < high) {
        const int32_t mid = low + (high - low) / 2;
        if (p->rects[p->order[mid]].y0 < y)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

// Rows of a rectangle lie pages apart, where the processor does not look ahead by itself.
#define AHEAD 8

static void fetch(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n && i < 1024; i += 64) __builtin_prefetch(p + i);
}

// Row n of what the next rectangle reads here.
static void fetch_next(const kal__patches *p, int32_t k, const kal_tile *in, int32_t n)
{
    if (k >= p->n) return;
    const kal_rect r = kal_rect_clip(p->rects[p->order[k]], in->rect);
    if (r.y0 + n < r.y1) fetch(kal_at(in, r.x0, r.y0 + n), (size_t)(r.x1 - r.x0) * (size_t)in->pixel);
}

void kal__patches_copy(const kal__patches *p, const kal_tile *in)
{
    const kal_rect rows = in->rect;
    const size_t pixel = (size_t)in->pixel;
    for (int32_t k = first_from(p, (int64_t)rows.y0 - p->tallest + 1); k < p->n; k++) {
        const int32_t i = p->order[k];
        const kal_rect r = p->rects[i];
        if (r.y0 >= rows.y1) return;
        const int32_t y0 = r.y0 > rows.y0 ? r.y0 : rows.y0, y1 = r.y1 < rows.y1 ? r.y1 : rows.y1;
        unsigned char *to = p->dst + i * p->step + (y0 - r.y0) * p->stride;
        const size_t row = (size_t)(r.x1 - r.x0) * pixel;
        for (int32_t y = y0; y < y1; y++, to += p->stride) {
            if (y + AHEAD < y1)
                fetch(kal_at(in, r.x0, y + AHEAD), row);
            else
                fetch_next(p, k + 1, in, y + AHEAD - y1);
            memcpy(to, kal_at(in, r.x0, y), row);
        }
    }
}

// ---- the request --------------------------------------------------------------------------------

// Counting sort would do, but rectangles are few beside pixels.
static int by_top(const void *a, const void *b)
{
    const kal_rect *const *x = a, *const *y = b;
    return (*x)->y0 < (*y)->y0 ? -1 : (*x)->y0 > (*y)->y0 ? 1 : *x < *y ? -1 : *x > *y;
}

static bool sort(kal__patches *p)
{
    const kal_rect **at = kal__new((size_t)p->n, sizeof(kal_rect *));
    p->order = kal__new((size_t)p->n, sizeof *p->order);
    for (int32_t i = 0; i < p->n && at && p->order; i++) at[i] = &p->rects[i];
    if (at && p->order) {
        qsort(at, (size_t)p->n, sizeof *at, by_top);
        for (int32_t i = 0; i < p->n; i++) p->order[i] = (int32_t)(at[i] - p->rects);
    }
    free(at);
    return at && p->order;
}

static kal_status check(const kal_extent *e, kal__patches *p, kal_rect *all, kal_error *err)
{
    const size_t pixel = kal_pixel_size(e);
    *all = kal_rect_of(0, 0, 0, 0);
    for (int32_t i = 0; i < p->n; i++) {
        const kal_rect r = p->rects[i];
        const kal_status st = kal__check_rect(e, r, p->dst, p->stride, err);
        if (st) return kal_within(err, "rectangle %d", i);
        // the rectangle's own rows, which go up with a negative stride
        const ptrdiff_t row = (ptrdiff_t)((size_t)(r.x1 - r.x0) * pixel);
        const ptrdiff_t high = (r.y1 - r.y0 - 1) * (p->stride < 0 ? -p->stride : p->stride) + row;
        if (p->n > 1 && p->step < high && -p->step < high)
            return kal_fail(err, KAL_INVALID,
                            "rectangle %d takes %td bytes, and the next one begins after %td", i, high,
                            p->step);
        p->bytes += (size_t)row * (size_t)(r.y1 - r.y0);
        if (r.y1 - r.y0 > p->tallest) p->tallest = r.y1 - r.y0;
        *all = kal_rect_join(*all, r);
    }
    return KAL_OK;
}

kal_status kal_read_rects(const kal_node *node, const kal_rect *rects, int32_t n, void *dst, ptrdiff_t stride,
                          ptrdiff_t step, const kal_options *options, kal_error *err)
{
    kal__request q;
    kal_status st = kal__request_begin(&q, node, options, err);
    if (st) return st;
    kal__patches p = {.rects = rects, .n = n, .dst = dst, .stride = stride, .step = step};
    kal_rect all = kal_rect_of(0, 0, 0, 0);
    if (n < 0) st = kal_fail(err, KAL_INVALID, "the number of rectangles is %d; give 0 or more", n);
    if (n > 0 && !rects) st = kal_fail(err, KAL_INVALID, "the rectangles are missing (NULL), and n is %d", n);
    if (!st) st = check(&q.image->call.extent, &p, &all, err);
    if (!st && n && !sort(&p)) st = kal_fail(err, KAL_NOMEM, "out of memory for %d rectangles", n);
    const kal__want w = {.node = q.image, .rect = all, .patches = &p};
    if (!st && n) st = kal__evaluate(&w, 1, options, q.start, &q.tally, err);
    free(p.order);
    return kal__request_end(&q, st);
}
