// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See blobs.h. Runs along a row are joined with the runs above that they touch; of two joined parts the one that began earlier stays, so
// the order of what is left is the order of first pixels.
#include "blobs.h"

#include "mem.h"

#include <stdlib.h>

kal_status kal__check_blobs(const char *op, const kal_extent *e, kal_error *err)
{
    if ((int64_t)e->width * e->height < INT32_MAX) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %d×%d is more than the 2147483646 pixels it can tell apart", op,
                    e->width, e->height);
}

// The first column from x on whose pixel is `value`, or is not; at most `end`.
static int32_t skip_to(const uint8_t *row, int32_t x, int32_t end, uint8_t value)
{
    const uint8_t *at = x < end ? memchr(row + x, value, (size_t)(end - x)) : NULL;
    return at ? (int32_t)(at - row) : end;
}

static int32_t skip_past(const uint8_t *row, int32_t x, int32_t end, uint8_t value)
{
    return skip_to(row, x, end, (uint8_t)~value);
}

// ---- whole images -------------------------------------------------------------------------------

int32_t kal__blob_first(int32_t *link, int32_t i)
{
    while (link[i] > 0) {
        const int32_t next = link[i] - 1;
        if (link[next] > 0) link[i] = link[next];
        i = next;
    }
    return i;
}

static int32_t join_links(int32_t *link, int32_t a, int32_t b)
{
    if (a == b) return a;
    const int32_t first = a < b ? a : b, other = a < b ? b : a;
    link[first] += link[other];
    link[other] = first + 1;
    return first;
}

// Joins the run x0 … x1 − 1 of row y with the runs above that it touches.
static void join_above(int32_t *link, const uint8_t *above, int32_t width, int32_t y, int32_t x0, int32_t x1,
                       uint8_t value, bool eight)
{
    const int32_t from = eight && x0 > 0 ? x0 - 1 : x0, to = eight && x1 < width ? x1 + 1 : x1;
    int32_t me = y * width + x0;
    for (int32_t x = skip_to(above, from, to, value); x < to; x = skip_to(above, x, to, value)) {
        me = join_links(link, me, kal__blob_first(link, (y - 1) * width + x));
        x = skip_past(above, x, to, value);
    }
}

void kal__blobs_link(int32_t *link, const kal_tile *in, uint8_t value, bool eight)
{
    const int32_t width = kal_tile_width(in), height = in->rect.y1 - in->rect.y0;
    memset(link, 0, (size_t)width * (size_t)height * sizeof *link);
    for (int32_t y = 0; y < height; y++) {
        const uint8_t *row = kal_row(in, y + in->rect.y0);
        for (int32_t x = skip_to(row, 0, width, value); x < width;) {
            const int32_t end = skip_past(row, x, width, value), first = y * width + x;
            link[first] = x - end;
            for (int32_t i = 1; i < end - x; i++) link[first + i] = first + 1;
            if (y) join_above(link, kal_row(in, y + in->rect.y0 - 1), width, y, x, end, value, eight);
            x = skip_to(row, end, width, value);
        }
    }
}

// ---- row by row ---------------------------------------------------------------------------------

typedef struct run {
    int32_t x0, x1;
    uint32_t blob;
} run;

static size_t most_runs(int32_t width)
{
    return (size_t)width / 2 + 1;
}

size_t kal__blobs_size(const kal_call *c)
{
    return sizeof(kal__blobs) + 2 * most_runs(c->in[0]->extent.width) * sizeof(run);
}

static uint32_t first_of(kal__blob *v, uint32_t i)
{
    while (v[i].parent != i) i = v[i].parent = v[v[i].parent].parent;
    return i;
}

static uint32_t join_blobs(kal__blob *v, uint32_t a, uint32_t b)
{
    if (a == b) return a;
    const uint32_t first = a < b ? a : b, other = a < b ? b : a;
    v[first].area += v[other].area;
    v[first].box = kal_rect_join(v[first].box, v[other].box);
    v[other].parent = first;
    return first;
}

static bool new_blob(kal__blobs *b, uint32_t *index)
{
    if (b->n == b->room) {
        const size_t room = b->room ? 2 * b->room : 64;
        if (b->n == UINT32_MAX || !kal__grow(&b->v, room, sizeof *b->v)) return false;
        b->room = room;
    }
    *index = (uint32_t)b->n++;
    b->v[*index] = (kal__blob){.parent = *index};
    return true;
}

// A run joins every part above that it touches, or begins one. `*k` is the first run above that may touch it or a later one.
static bool place_run(kal__blobs *b, run *r, const run *above, int32_t *k, int32_t y, int32_t reach)
{
    bool placed = false;
    while (*k < b->n_above && above[*k].x1 + reach <= r->x0) ++*k;
    for (int32_t i = *k; i < b->n_above && above[i].x0 < r->x1 + reach; i++) {
        const uint32_t other = first_of(b->v, above[i].blob);
        r->blob = placed ? join_blobs(b->v, r->blob, other) : other;
        placed = true;
    }
    if (!placed && !new_blob(b, &r->blob)) return false;
    kal__blob *mine = &b->v[r->blob];
    mine->area += r->x1 - r->x0;
    mine->box = kal_rect_join(mine->box, kal_rect_of(r->x0, y, r->x1, y + 1));
    return true;
}

kal_status kal__blobs_rows(kal__blobs *b, const kal_tile *in, int32_t width, int32_t y0, int32_t y1,
                           bool eight)
{
    run *above = (run *)(b + 1), *now = above + most_runs(width);
    for (int32_t y = y0; y < y1; y++) {
        const uint8_t *row = kal_row(in, y);
        int32_t n = 0, k = 0;
        for (int32_t x = skip_to(row, 0, width, 255); x < width; n++) {
            const int32_t end = skip_past(row, x, width, 255);
            now[n] = (run){x, end, 0};
            if (!place_run(b, &now[n], above, &k, y, eight)) return KAL_NOMEM;
            x = skip_to(row, end, width, 255);
        }
        memcpy(above, now, (size_t)n * sizeof *now);
        b->n_above = n;
    }
    return KAL_OK;
}

void kal__blobs_end(kal__blobs *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i].parent == i) b->v[n++] = b->v[i];
    b->n = n;
}

void kal__blobs_free(void *gathered)
{
    free(((kal__blobs *)gathered)->v);
}
