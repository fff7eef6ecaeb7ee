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

typedef struct kal__run {
    int32_t x0, x1, part;
} part_run;

static size_t most_runs(int32_t width)
{
    return (size_t)width / 2 + 1;
}

// Every run of a row may begin a part.
static size_t most_parts(const kal_call *c)
{
    const kal_extent *e = &c->in[0]->extent;
    return ((size_t)e->width + 1) / 2 * (size_t)e->height;
}

size_t kal__parts_bytes(const kal_call *c)
{
    return most_parts(c) * sizeof(kal__part) + 2 * most_runs(c->in[0]->extent.width) * sizeof(part_run);
}

kal__parts kal__parts_in(void *scratch, const kal_call *c)
{
    kal__parts p = {.v = scratch};
    p.above = (part_run *)(void *)(p.v + most_parts(c));
    p.now = p.above + most_runs(c->in[0]->extent.width);
    return p;
}

static int32_t first_part(kal__part *v, int32_t i)
{
    while (v[i].link != i) i = v[i].link = v[v[i].link].link;
    return i;
}

static int32_t join_parts(kal__part *v, int32_t a, int32_t b)
{
    if (a == b) return a;
    const int32_t first = a < b ? a : b, other = a < b ? b : a;
    v[first].area = (v[first].area + (v[other].area & ~KAL__AT_BORDER)) | (v[other].area & KAL__AT_BORDER);
    v[other].link = first;
    return first;
}

// The runs above that one touches: from *k on, which is moved on to the first that may touch a later run, up to the index returned.
static int32_t touched(const part_run *r, const part_run *above, int32_t n_above, int32_t reach, int32_t *k)
{
    while (*k < n_above && above[*k].x1 + reach <= r->x0) ++*k;
    int32_t i = *k;
    while (i < n_above && above[i].x0 < r->x1 + reach) i++;
    return i;
}

// The next run of a row from x on; false: there is none.
static bool next_run(const uint8_t *row, int32_t x, int32_t width, uint8_t value, part_run *r)
{
    const int32_t x0 = skip_to(row, x, width, value);
    if (x0 == width) return false;   // behind the last of as many as there can be is no place
    r->x0 = x0;
    r->x1 = skip_past(row, x0, width, value);
    return true;
}

static void swap_rows(kal__parts *p)
{
    part_run *const row = p->above;
    p->above = p->now;
    p->now = row;
}

void kal__parts_find(kal__parts *p, const kal_tile *in, uint8_t value, bool eight)
{
    const int32_t width = kal_tile_width(in), end = in->rect.y1;
    int32_t n_above = 0;
    p->n = 0;
    for (int32_t y = in->rect.y0; y < end; y++) {
        const uint8_t *row = kal_row(in, y);
        int32_t n = 0, k = 0;
        for (part_run *r = p->now; next_run(row, n ? r[-1].x1 : 0, width, value, r); r++, n++) {
            const int32_t to = touched(r, p->above, n_above, eight, &k);
            const bool border = y == in->rect.y0 || y == end - 1 || r->x0 == 0 || r->x1 == width;
            r->part = k < to ? first_part(p->v, p->above[k].part) : p->n++;
            if (k == to) p->v[r->part] = (kal__part){r->part, 0};
            for (int32_t i = k + 1; i < to; i++)
                r->part = join_parts(p->v, r->part, first_part(p->v, p->above[i].part));
            p->v[r->part].area =
                (p->v[r->part].area + (uint32_t)(r->x1 - r->x0)) | (border ? KAL__AT_BORDER : 0);
        }
        n_above = n;
        swap_rows(p);
    }
}

void kal__parts_show(kal__parts *p, const kal_job *j, uint8_t value, bool eight, kal__parts_paint *paint)
{
    const kal_tile *in = &j->in[0];
    const int32_t width = kal_tile_width(in);
    int32_t n_above = 0, begun = 0;
    for (int32_t y = in->rect.y0; y < in->rect.y1; y++) {
        const uint8_t *row = kal_row(in, y);
        void *dst = kal_row(j->out, y);
        int32_t n = 0, k = 0, x = 0;
        for (part_run *r = p->now; next_run(row, x, width, value, r); r++, n++) {
            const int32_t to = touched(r, p->above, n_above, eight, &k);
            r->part = k < to ? p->above[k].part : begun++;
            if (x < r->x0) paint(j, dst, x, r->x0 - x, NULL);
            paint(j, dst, r->x0, r->x1 - r->x0, &p->v[r->part]);
            x = r->x1;
        }
        if (x < width) paint(j, dst, x, width - x, NULL);
        n_above = n;
        swap_rows(p);
    }
}

// ---- row by row ---------------------------------------------------------------------------------

typedef struct run {
    int32_t x0, x1;
    uint32_t blob;
} run;

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
    if (b->n == UINT32_MAX || !kal__more(&b->v, b->n, &b->room, sizeof *b->v)) return false;
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
