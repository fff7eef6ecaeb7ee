// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// mask_boxes and mask_areas: where the connected parts of a mask are, and how large. Rows are read once, in bands; what is kept is one
// record for each part, and those of parts that turned out to be one.
//
//     box = x0 − m·w, y0 − m·h, x1 + m·w, y1 + m·h, clipped to the image, then rounded to nearest, halves to even
//
// Boxes that share a pixel are then merged until none do. Exact.
#include "blobs.h"
#include "fmath.h"
#include "mem.h"

#include <stdlib.h>

extern const kal_op kal__op_open, kal__op_close;

// ---- parameters ---------------------------------------------------------------------------------

static kal_status check_sides(const char *name, kal_list l, kal_error *err)
{
    bool whole = l.n <= 2;
    for (int32_t i = 0; i < l.n && whole; i++) whole = l.v[i] == kal__floor(l.v[i]);
    if (whole) return KAL_OK;
    return kal_fail(err, KAL_INVALID,
                    "mask_boxes: %s is a width and a height in whole pixels, or one for both", name);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)out;
    kal_mask_boxes_p *p = params;
    if (p->largest == KAL_AUTO) p->largest = KAL_MAX_SIDE;
    kal_status st = kal__check_mask("mask_boxes", &c->in[0]->extent, err);
    if (!st) st = kal__check_connectivity("mask_boxes", p->connectivity, err);
    if (!st) st = check_sides("opening", p->opening, err);
    return st ? st : check_sides("closing", p->closing, err);
}

// Opening and closing are ops of their own, which come before.
static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    kal_mask_boxes_p *p = room;
    *p = *(const kal_mask_boxes_p *)c->params;
    kal_list *first = p->opening.n ? &p->opening : &p->closing;
    if (!first->n) return false;
    kal_open_p *sides = (kal_open_p *)(void *)((unsigned char *)room + KAL_FOLD_ROOM / 2);
    *sides = kal_open_defaults();
    sides->width = (int32_t)first->v[0];
    sides->height = (int32_t)first->v[first->n - 1];
    *to = (kal_folded){.op = c->op,
                       .params = p,
                       .n = 1,
                       .in = {c->in[0]},
                       .before = p->opening.n ? &kal__op_open : &kal__op_close,
                       .before_params = sides};
    *first = (kal_list){NULL, 0};
    return true;
}

static kal_status gather(const kal_job *j, void *gathered, int32_t connectivity)
{
    const kal_status st = kal__blobs_rows(gathered, &j->in[0], j->call->in[0]->extent.width, j->out->rect.y0,
                                          j->out->rect.y1, connectivity == 8);
    return st ? kal_fail(j->err, st, "%s: out of memory for the parts", j->call->op->name) : st;
}

static kal_status rows(const kal_job *j, void *gathered)
{
    return gather(j, gathered, ((const kal_mask_boxes_p *)j->call->params)->connectivity);
}

// ---- which parts --------------------------------------------------------------------------------

static int larger_first(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x > y ? -1 : x < y;
}

static void drop_small(kal__blobs *b, double least, int32_t of_least)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        const double area = (double)b->v[i].area;
        if (area > least || (area == least && of_least-- > 0)) b->v[n++] = b->v[i];
    }
    b->n = n;
}

// The n largest, in their old order; of equal ones the first.
static bool keep_largest(kal__blobs *b, int32_t most)
{
    if (b->n <= (size_t)most) return true;
    int64_t *areas = kal__new(b->n, sizeof *areas);
    if (!areas) return false;
    for (size_t i = 0; i < b->n; i++) areas[i] = b->v[i].area;
    qsort(areas, b->n, sizeof *areas, larger_first);
    int32_t of_least = most;
    for (int32_t i = 0; i < most && areas[i] > areas[most - 1]; i++) of_least--;
    drop_small(b, (double)areas[most - 1], of_least);
    free(areas);
    return true;
}

// ---- boxes --------------------------------------------------------------------------------------

static kal_rect grown(kal_rect r, double margin, const kal_extent *e)
{
    const double w = margin * (r.x1 - r.x0), h = margin * (r.y1 - r.y0);
    return kal_rect_of((int32_t)kal__rint(kal__clamp(r.x0 - w, 0, e->width)),
                       (int32_t)kal__rint(kal__clamp(r.y0 - h, 0, e->height)),
                       (int32_t)kal__rint(kal__clamp(r.x1 + w, 0, e->width)),
                       (int32_t)kal__rint(kal__clamp(r.y1 + h, 0, e->height)));
}

static int higher_first(const void *a, const void *b)
{
    const kal__blob *x = a, *y = b;
    if (x->box.y0 != y->box.y0) return x->box.y0 < y->box.y0 ? -1 : 1;
    return x->parent < y->parent ? -1 : 1;
}

static int in_order(const void *a, const void *b)
{
    const kal__blob *x = a, *y = b;
    return x->parent < y->parent ? -1 : 1;
}

// Each box takes in the open ones that it overlaps, from the top down; one is closed once the boxes have come below it. What grew
// may overlap what is closed, so this is done until nothing changes. `v` is in order of top edges; returns how many are left.
static size_t merge_once(kal__blob *v, size_t n)
{
    size_t open = 0, closed = 0;   // v[0 … closed), [closed … open): kept
    for (size_t i = 0; i < n; i++) {
        kal__blob now = v[i];
        for (size_t k = closed; k < open;) {
            if (v[k].box.y1 <= v[i].box.y0) {   // closed: to the front
                const kal__blob done = v[k];
                v[k++] = v[closed];
                v[closed++] = done;
            } else if (!kal_rect_empty(kal_rect_clip(v[k].box, now.box))) {
                now.box = kal_rect_join(now.box, v[k].box);
                if (v[k].parent < now.parent) now.parent = v[k].parent;
                v[k] = v[--open];
                k = closed;
            } else {
                k++;
            }
        }
        v[open++] = now;
    }
    return open;
}

static void merge_overlapping(kal__blobs *b)
{
    size_t before;
    do {
        before = b->n;
        qsort(b->v, b->n, sizeof *b->v, higher_first);
        b->n = merge_once(b->v, b->n);
    } while (b->n < before);
    qsort(b->v, b->n, sizeof *b->v, in_order);
}

static void merge_all(kal__blobs *b)
{
    for (size_t i = 1; i < b->n; i++) b->v[0].box = kal_rect_join(b->v[0].box, b->v[i].box);
    if (b->n > 1) b->n = 1;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    const kal_mask_boxes_p *p = c->params;
    const kal_extent *e = &c->in[0]->extent;
    kal__blobs *b = gathered;
    kal__blobs_end(b);
    drop_small(b, kal__area(p->area, e), INT32_MAX);
    if (!keep_largest(b, p->largest))
        return kal_fail(err, KAL_NOMEM, "mask_boxes: out of memory for the parts");
    if (p->merge == KAL_MERGE_ALL) merge_all(b);
    for (size_t i = 0; i < b->n; i++) {
        b->v[i].box = grown(b->v[i].box, p->margin, e);
        b->v[i].parent = (uint32_t)i;   // its place among the boxes
    }
    if (p->merge == KAL_MERGE_OVERLAPPING && b->n > 1) merge_overlapping(b);
    if (b->n > INT32_MAX / 4 || kal_value_make(out, KAL_VALUE_BOXES, (int32_t)b->n, 4))
        return kal_fail(err, KAL_NOMEM, "mask_boxes: out of memory for %zu boxes", b->n);
    for (size_t i = 0; i < b->n; i++) {
        const kal_rect r = b->v[i].box;
        const double v[4] = {r.x0, r.y0, r.x1, r.y1};
        memcpy(out->v + 4 * i, v, sizeof v);
    }
    return KAL_OK;
}

static const kal_measure boxes = {
    .kind = KAL_VALUE_BOXES, .size = kal__blobs_size, .rows = rows, .end = end, .release = kal__blobs_free};

#define PARAMS kal_mask_boxes_p
static const kal_param boxes_params[] = {KAL_MASK_BOXES_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_mask_boxes = {
    .name = "mask_boxes",
    .version = 1,
    .family = "masks",
    .help = "The boxes of the connected parts of a mask, in the order of their first pixels, row by row\n"
            "A value: crop photo (mask_boxes m merge=all margin=0.1). First the mask is opened and closed, "
            "then small\n"
            "parts are left out, then all but the largest; then boxes grow by the margin, within the image, "
            "and those\n"
            "that share a pixel become one, in the place of the first. Of an empty mask there are no boxes.",
    .inputs = "mask",
    KAL__PARAMS(boxes_params, kal_mask_boxes_p),
    .cost = 1,
    .extent = extent,
    .fold = fold,
    .measure = &boxes,
    .samples = KAL__SAMPLES("", "margin=0.3 merge=none", "merge=all margin=0.1", "area=3 connectivity=4",
                            "opening=2 closing=[3 1] largest=2 merge=none", "largest=1"),
};

// ---- mask_areas ---------------------------------------------------------------------------------

static kal_status extent_areas(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)out;
    const kal_status st = kal__check_mask("mask_areas", &c->in[0]->extent, err);
    return st ? st
              : kal__check_connectivity("mask_areas", ((const kal_mask_areas_p *)params)->connectivity, err);
}

static kal_status rows_areas(const kal_job *j, void *gathered)
{
    return gather(j, gathered, ((const kal_mask_areas_p *)j->call->params)->connectivity);
}

static kal_status end_areas(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)c;
    kal__blobs *b = gathered;
    kal__blobs_end(b);
    if (b->n > INT32_MAX || kal_value_make(out, KAL_VALUE_NUMBERS, b->n ? 1 : 0, (int32_t)b->n))
        return kal_fail(err, KAL_NOMEM, "mask_areas: out of memory for %zu parts", b->n);
    for (size_t i = 0; i < b->n; i++) out->v[i] = (double)b->v[i].area;
    return KAL_OK;
}

static const kal_measure areas = {.kind = KAL_VALUE_NUMBERS,
                                  .size = kal__blobs_size,
                                  .rows = rows_areas,
                                  .end = end_areas,
                                  .release = kal__blobs_free};

#define PARAMS kal_mask_areas_p
static const kal_param areas_params[] = {KAL_COMPONENTS_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_mask_areas = {
    .name = "mask_areas",
    .version = 1,
    .family = "masks",
    .help =
        "Pixels in each connected part of a mask, in the order of `components`\nA value: one row of numbers.",
    .inputs = "mask",
    KAL__PARAMS(areas_params, kal_mask_areas_p),
    .cost = 1,
    .extent = extent_areas,
    .measure = &areas,
    .samples = KAL__SAMPLES("", "connectivity=4"),
};
