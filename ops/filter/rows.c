// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See rows.h.
#include "rows.h"

kal__rows kal__rows_of(const kal_job *j, int32_t edge, kal_list color)
{
    kal__rows r = {.e = &j->call->in[0]->extent, .in = &j->in[0], .edge = (kal_edge)edge};
    kal__colour_pixel(color, r.e, false, r.fill);
    return r;
}

void kal__rows_get(const kal__rows *r, int32_t x0, int32_t x1, int32_t y, void *to)
{
    const size_t pixel = kal_pixel_size(r->e);
    const int32_t row = kal_edge_index(y, r->e->height, r->edge);
    unsigned char *at = to;
    for (int32_t x = x0; x < x1;) {
        const int32_t from = row < 0 ? -1 : kal_edge_index(x, r->e->width, r->edge);
        int32_t run = 1;   // pixels that follow each other
        if (from >= 0 && from == x) run = (x1 < r->e->width ? x1 : r->e->width) - x;
        memcpy(at, from < 0 ? r->fill : kal_at(r->in, from, row), (size_t)run * pixel);
        at += (size_t)run * pixel;
        x += run;
    }
}
