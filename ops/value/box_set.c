// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Boxes against each other:
//
//     box_union          the least box around all
//     box_intersection   what all have in common, or no box
//     box_iou            area(A ∩ B) / (area(A) + area(B) − area(A ∩ B)), a row for each box, a column for each of `with`
//     box_contains       1 where the box has all of the other box, or the point (x0 <= x < x1), else 0
//     box_merge          boxes that overlap become the box around them, until none do: the result does not hang on the order
//     box_sort           in scan order (y0, x0, y1, x1), or by a size, ties in scan order; some of them
//     box_append         the boxes of two lists, one list after the other
//
// Touching boxes, x1 of one equal to x0 of the other, have nothing in common.
#include "box.h"

#include <stdlib.h>

// ---- box_union, box_intersection ----------------------------------------------------------------

static kal_status box_union_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_box_union_p *p = params;
    if (!p->boxes.n) return kal_fail(err, KAL_INVALID, "box_union: there are no boxes");
    return kal__check_boxes("box_union", "boxes", p->boxes, err);
}

static kal_status box_union_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_list l = ((const kal_box_union_p *)c->params)->boxes;
    kal__box *all = kal__new_boxes(out, 1);
    if (!all) return KAL_NOMEM;
    *all = *kal__boxes_of(l);
    for (int32_t i = 1; i < kal__n_boxes(l); i++) *all = kal__box_join(*all, kal__boxes_of(l)[i]);
    return KAL_OK;
}

#define PARAMS kal_box_union_p
static const kal_param box_union_params[] = {KAL_BOX_UNION_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(box_union, BOXES,
               "The least box around all boxes\nOf no boxes there is none: that is an error.",
               "[10 20 50 50]", "[10 20 50 50 1 30 20 70]");

static kal_status box_intersection_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    return kal__check_boxes("box_intersection", "boxes", ((const kal_box_intersection_p *)params)->boxes,
                            err);
}

static kal_status box_intersection_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_list l = ((const kal_box_intersection_p *)c->params)->boxes;
    kal__box *all = kal__new_boxes(out, 1);
    if (!all) return KAL_NOMEM;
    if (l.n) *all = *kal__boxes_of(l);
    for (int32_t i = 1; i < kal__n_boxes(l); i++) *all = kal__box_common(*all, kal__boxes_of(l)[i]);
    if (kal__box_empty(*all)) out->rows = 0;
    return KAL_OK;
}

#define PARAMS kal_box_intersection_p
static const kal_param box_intersection_params[] = {KAL_BOX_INTERSECTION_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(box_intersection, BOXES, "What all boxes have in common\nNo box when that is nothing.",
               "[10 20 50 50 1 30 20 70]", "[10 20 50 50 50 20 60 50]");

// ---- box_iou, box_contains ----------------------------------------------------------------------

static kal_status box_iou_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_box_iou_p *p = params;
    const kal_status st = kal__check_boxes("box_iou", "boxes", p->boxes, err);
    return st ? st : kal__check_boxes("box_iou", "with", p->with, err);
}

static kal_status new_matrix(const char *op, kal_value *out, int32_t rows, int32_t columns, kal_error *err)
{
    if ((int64_t)rows * columns > 1 << 22)
        return kal_fail(err, KAL_LIMIT, "%s: %d × %d pairs are too many", op, rows, columns);
    return kal_value_make(out, KAL_VALUE_NUMBERS, rows, columns);
}

static kal_status box_iou_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const kal_box_iou_p *p = c->params;
    const kal__box *a = kal__boxes_of(p->boxes), *b = kal__boxes_of(p->with);
    const int32_t rows = kal__n_boxes(p->boxes), columns = kal__n_boxes(p->with);
    const kal_status st = new_matrix("box_iou", out, rows, columns, err);
    for (int32_t i = 0; i < rows && !st; i++)
        for (int32_t k = 0; k < columns; k++) {
            const double common = kal__box_area(kal__box_common(a[i], b[k]));
            out->v[(size_t)i * (size_t)columns + (size_t)k] =
                common / (kal__box_area(a[i]) + kal__box_area(b[k]) - common);
        }
    return st;
}

#define PARAMS kal_box_iou_p
static const kal_param box_iou_params[] = {KAL_BOX_IOU_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(box_iou, NUMBERS,
               "Common area over joint area of each pair of boxes\nA row for each box, a column for each of "
               "`with`: 1 for "
               "equal boxes, 0 for boxes that do not overlap.",
               "[0 0 10 10] with=[5 5 15 15]", "[0 0 10 10 3 3 4 4] with=[5 5 15 15 0 0 10 10 20 20 30 30]");

static kal_status box_contains_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_box_contains_p *p = params;
    kal_status st = kal__check_boxes("box_contains", "boxes", p->boxes, err);
    if (!st) st = kal__check_boxes("box_contains", "with", p->with, err);
    if (!st) st = kal__check_points("box_contains", "points", p->points, err);
    if (!st && p->with.n && p->points.n)
        st = kal_fail(err, KAL_INVALID, "box_contains: give boxes or points to look for, not both");
    return st;
}

static bool has_box(kal__box a, kal__box b)
{
    return a.x0 <= b.x0 && a.y0 <= b.y0 && a.x1 >= b.x1 && a.y1 >= b.y1;
}

static bool has_point(kal__box a, kal__point q)
{
    return a.x0 <= q.x && q.x < a.x1 && a.y0 <= q.y && q.y < a.y1;
}

static kal_status box_contains_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const kal_box_contains_p *p = c->params;
    const kal__box *a = kal__boxes_of(p->boxes), *b = kal__boxes_of(p->with);
    const kal__point *q = kal__points_of(p->points);
    const int32_t rows = kal__n_boxes(p->boxes);
    const int32_t columns = p->points.n ? kal__n_points(p->points) : kal__n_boxes(p->with);
    const kal_status st = new_matrix("box_contains", out, rows, columns, err);
    for (int32_t i = 0; i < rows && !st; i++)
        for (int32_t k = 0; k < columns; k++)
            out->v[(size_t)i * (size_t)columns + (size_t)k] =
                p->points.n ? has_point(a[i], q[k]) : has_box(a[i], b[k]);
    return st;
}

#define PARAMS kal_box_contains_p
static const kal_param box_contains_params[] = {KAL_BOX_CONTAINS_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_contains, NUMBERS,
    "1 where a box has all of another, or a point, else 0\nA row for each box, a column for each of what is "
    "looked for. A point on the right or bottom edge is outside.",
    "[0 0 10 10] with=[5 5 10 10 5 5 11 10]", "[0 0 10 10 3 3 4 4] points=[3 3 10 3 0 0]");

// ---- box_append ---------------------------------------------------------------------------------

static kal_status box_append_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_box_append_p *p = params;
    const kal_status st = kal__check_boxes("box_append", "boxes", p->boxes, err);
    return st ? st : kal__check_boxes("box_append", "more", p->more, err);
}

static kal_status box_append_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_append_p *p = c->params;
    kal__box *to = kal__new_boxes(out, kal__n_boxes(p->boxes) + kal__n_boxes(p->more));
    if (!to) return KAL_NOMEM;
    if (p->boxes.n) memcpy(out->v, p->boxes.v, (size_t)p->boxes.n * sizeof(double));
    if (p->more.n) memcpy(out->v + p->boxes.n, p->more.v, (size_t)p->more.n * sizeof(double));
    return KAL_OK;
}

#define PARAMS kal_box_append_p
static const kal_param box_append_params[] = {KAL_BOX_APPEND_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(box_append, BOXES,
               "The boxes of two lists, one list after the other\nEither may be empty. box_merge makes one "
               "of those that overlap.",
               "[10 20 50 50] [0 0 1 1 2 2 3 3]", "[] [1 2 3 4]");

// ---- box_sort -----------------------------------------------------------------------------------

// What decides first, then scan order: with all of it compared, equal means the same box.
typedef struct ranked {
    double by;
    kal__box box;
} ranked;

static int compare(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    const double u[] = {p->by, p->box.y0, p->box.x0, p->box.y1, p->box.x1};
    const double v[] = {q->by, q->box.y0, q->box.x0, q->box.y1, q->box.x1};
    for (size_t i = 0; i < KAL__COUNT(u); i++)
        if (u[i] != v[i]) return u[i] < v[i] ? -1 : 1;
    return 0;
}

enum { SCAN, AREA, WIDTH, HEIGHT };

static double rank_of(kal__box b, int32_t by)
{
    return by == SCAN ? 0 : by == AREA ? kal__box_area(b) : by == WIDTH ? b.x1 - b.x0 : b.y1 - b.y0;
}

static bool sort(kal__box *boxes, int32_t n, int32_t by, bool descending)
{
    ranked *r = kal__new((size_t)n + 1, sizeof *r);
    if (!r) return false;
    for (int32_t i = 0; i < n; i++)
        r[i] = (ranked){descending ? -rank_of(boxes[i], by) : rank_of(boxes[i], by), boxes[i]};
    qsort(r, (size_t)n, sizeof *r, compare);
    for (int32_t i = 0; i < n; i++) boxes[i] = r[descending && by == SCAN ? n - 1 - i : i].box;
    free(r);
    return true;
}

static kal_status box_sort_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    return kal__check_boxes("box_sort", "boxes", ((const kal_box_sort_p *)params)->boxes, err);
}

static kal_status box_sort_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_sort_p *p = c->params;
    const int32_t n = kal__n_boxes(p->boxes);
    kal__box *to = kal__new_boxes(out, n);
    if (!to) return KAL_NOMEM;
    if (n) memcpy(to, p->boxes.v, (size_t)n * sizeof *to);
    if (!sort(to, n, p->by, p->descending)) return KAL_NOMEM;
    const int32_t rest = p->skip < n ? n - p->skip : 0;
    out->rows = p->count && p->count < rest ? p->count : rest;
    memmove(to, to + (n - rest), (size_t)out->rows * sizeof *to);
    return KAL_OK;
}

#define PARAMS kal_box_sort_p
static const kal_param box_sort_params[] = {KAL_BOX_SORT_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_sort, BOXES,
    "Boxes in order, or the first of them\nIn scan order (top to bottom, then left to right) or by a size; "
    "ties are in scan order.\nThe largest: by=area descending=true count=1.",
    "[10 20 50 50 1 20 9 70 4 4 5 5]", "[10 20 50 50 1 20 9 70 4 4 5 5] by=area descending=true count=1",
    "[10 20 50 50 1 20 9 70 4 4 5 5] by=width skip=1", "[10 20 50 50 1 20 9 70] descending=true");

// ---- box_merge ----------------------------------------------------------------------------------

static bool near(kal__box a, kal__box b, double gap)
{
    return a.x0 < b.x1 + gap && b.x0 < a.x1 + gap && a.y0 < b.y1 + gap && b.y0 < a.y1 + gap;
}

// Puts a box among n of which no two overlap, and swallows those it meets, until again none do. Each box is swallowed once.
static int32_t swallow(kal__box *all, int32_t n, kal__box b, double gap)
{
    for (int32_t i = 0; i < n;) {
        if (!near(all[i], b, gap)) {
            i++;
            continue;
        }
        b = kal__box_join(b, all[i]);
        all[i] = all[--n];
        i = 0;
    }
    all[n] = b;
    return n + 1;
}

static kal_status box_merge_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    return kal__check_boxes("box_merge", "boxes", ((const kal_box_merge_p *)params)->boxes, err);
}

static kal_status box_merge_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_merge_p *p = c->params;
    const int32_t n = kal__n_boxes(p->boxes);
    kal__box *to = kal__new_boxes(out, n);
    if (!to) return KAL_NOMEM;
    out->rows = 0;
    for (int32_t i = 0; i < n; i++) out->rows = swallow(to, out->rows, kal__boxes_of(p->boxes)[i], p->gap);
    return sort(to, out->rows, SCAN, false) ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_box_merge_p
static const kal_param box_merge_params[] = {KAL_BOX_MERGE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_merge, BOXES,
    "Boxes that overlap become the box around them, until none do\nIn scan order. Boxes that only touch stay "
    "apart; with a gap those nearer than it are merged too.",
    "[0 0 10 10 5 5 15 15 20 20 30 30]", "[0 0 10 10 10 0 20 10]", "[0 0 10 10 12 0 20 10 14 30 15 31] 4");
