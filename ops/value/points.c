// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// points: points from numbers, in a unit that is said and never guessed; fractions stay. Point (x, y) lies in pixel (floor x, floor y).
//
//     point_numbers    the way back
//     point_shift      x + by
//     point_scale      x · factor
//     point_clip       into 0..width − 1 and 0..height − 1, or those outside (0 <= x < width) dropped
//     point_transfer   x · to / from
//     point_box        the box around the pixels they lie in
//     point_append     those of two lists, one list after the other
#include "box.h"

static const kal__point *take(kal_list l, kal_value *out, int32_t *n, kal__point **to)
{
    *n = kal__n_points(l);
    *to = kal__new_points(out, *n);
    return kal__points_of(l);
}

// ---- points, point_numbers ----------------------------------------------------------------------

static kal_status points_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_points_p *p = params;
    const kal_status st = kal__check_points("points", "points", p->points, err);
    return st ? st : kal__check_unit("points", p->unit, p->width, p->height, err);
}

static kal_status points_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_points_p *p = c->params;
    const bool parts = p->unit == KAL__NORMALISED;
    int32_t n;
    kal__point *to;
    const kal__point *q = take(p->points, out, &n, &to);
    for (int32_t i = 0; to && i < n; i++)
        to[i] = (kal__point){parts ? q[i].x * p->width : q[i].x, parts ? q[i].y * p->height : q[i].y};
    return to ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_points_p
static const kal_param points_params[] = {KAL_POINTS_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(points, POINTS, "Points from numbers\nNot rounded; normalised ones need the size.", "[1 2.5]",
               "[0.5 0.25 0 1] unit=normalised width=200 height=100");

static kal_status point_numbers_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_point_numbers_p *p = params;
    const kal_status st = kal__check_points("point_numbers", "points", p->points, err);
    return st ? st : kal__check_unit("point_numbers", p->unit, p->width, p->height, err);
}

static kal_status point_numbers_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_point_numbers_p *p = c->params;
    const bool parts = p->unit == KAL__NORMALISED;
    const int32_t n = kal__n_points(p->points);
    if (kal_value_make(out, KAL_VALUE_NUMBERS, n, 2)) return KAL_NOMEM;
    for (int32_t i = 0; i < 2 * n; i++)
        out->v[i] = parts ? p->points.v[i] / (i % 2 ? p->height : p->width) : p->points.v[i];
    return KAL_OK;
}

#define PARAMS kal_point_numbers_p
static const kal_param point_numbers_params[] = {KAL_POINT_NUMBERS_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(point_numbers, NUMBERS, "Points as numbers, in a unit\nWhat points reads.", "[1 2.5 3 4]",
               "[100 25] unit=normalised width=200 height=100");

// ---- point_shift, point_scale -------------------------------------------------------------------

static kal_status point_shift_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    return kal__check_points("point_shift", "points", ((const kal_point_shift_p *)params)->points, err);
}

static kal_status point_shift_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_point_shift_p *p = c->params;
    int32_t n;
    kal__point *to;
    const kal__point *q = take(p->points, out, &n, &to);
    for (int32_t i = 0; to && i < n; i++) to[i] = (kal__point){q[i].x + p->x, q[i].y + p->y};
    return to ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_point_shift_p
static const kal_param point_shift_params[] = {KAL_POINT_SHIFT_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(point_shift, POINTS, "Points moved by x, y", "[1 2.5 3 4] x=-3 y=0.5");

static kal_status point_scale_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    kal_point_scale_p *p = params;
    kal__settle_second(p->x, &p->y);
    return kal__check_points("point_scale", "points", p->points, err);
}

static kal_status point_scale_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_point_scale_p *p = c->params;
    int32_t n;
    kal__point *to;
    const kal__point *q = take(p->points, out, &n, &to);
    for (int32_t i = 0; to && i < n; i++) to[i] = (kal__point){q[i].x * p->x, q[i].y * p->y};
    return to ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_point_scale_p
static const kal_param point_scale_params[] = {KAL_POINT_SCALE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(point_scale, POINTS, "Points times a factor", "[1 2.5 3 4] 2", "[1 2.5 3 4] x=0.5 y=-1");

// ---- point_clip ---------------------------------------------------------------------------------

static kal_status point_clip_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    return kal__check_points("point_clip", "points", ((const kal_point_clip_p *)params)->points, err);
}

static kal_status point_clip_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    enum { MOVE };
    const kal_point_clip_p *p = c->params;
    int32_t n;
    kal__point *to;
    const kal__point *q = take(p->points, out, &n, &to);
    if (!to) return KAL_NOMEM;
    out->rows = 0;
    for (int32_t i = 0; i < n; i++) {
        const bool inside = q[i].x >= 0 && q[i].x < p->width && q[i].y >= 0 && q[i].y < p->height;
        if (inside)
            to[out->rows++] = q[i];
        else if (p->how == MOVE)
            to[out->rows++] =
                (kal__point){kal__clamp(q[i].x, 0, p->width - 1), kal__clamp(q[i].y, 0, p->height - 1)};
    }
    return KAL_OK;
}

#define PARAMS kal_point_clip_p
static const kal_param point_clip_params[] = {KAL_POINT_CLIP_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    point_clip, POINTS,
    "Points outside a picture moved to its nearest pixel, or dropped\nsize=(size photo) computes the size.",
    "[1 2.5 -3 4 9.5 9 10 3] width=10 height=4", "[1 2.5 -3 4 9.5 9 10 3] 10 4 drop");

// ---- point_transfer -----------------------------------------------------------------------------

static kal_status point_transfer_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_point_transfer_p *p = params;
    kal_status st = kal__check_points("point_transfer", "points", p->points, err);
    if (!st) st = kal__check_size("point_transfer", "from", p->from, err);
    return st ? st : kal__check_size("point_transfer", "to", p->to, err);
}

static kal_status point_transfer_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_point_transfer_p *p = c->params;
    int32_t n;
    kal__point *to;
    const kal__point *q = take(p->points, out, &n, &to);
    for (int32_t i = 0; to && i < n; i++)
        to[i] = (kal__point){q[i].x * p->to.v[0] / p->from.v[0], q[i].y * p->to.v[1] / p->from.v[1]};
    return to ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_point_transfer_p
static const kal_param point_transfer_params[] = {KAL_POINT_TRANSFER_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    point_transfer, POINTS,
    "Points of a picture of one size, on the same picture in another\nThe sizes are [width height], or "
    "computed: from=(size small) to=(size photo).",
    "[10 10 3 7.5] from=[100 100] to=[200 50]");

// ---- point_box ----------------------------------------------------------------------------------

static kal_status point_box_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_point_box_p *p = params;
    if (!p->points.n) return kal_fail(err, KAL_INVALID, "point_box: there are no points");
    return kal__check_points("point_box", "points", p->points, err);
}

static kal_status point_box_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_list l = ((const kal_point_box_p *)c->params)->points;
    kal__box *all = kal__new_boxes(out, 1);
    for (int32_t i = 0; all && i < kal__n_points(l); i++) {
        const kal__point q = kal__points_of(l)[i];
        const double x = kal__floor(q.x), y = kal__floor(q.y);
        const kal__box pixel = {x, y, x + 1, y + 1};
        *all = i ? kal__box_join(*all, pixel) : pixel;
    }
    return all ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_point_box_p
static const kal_param point_box_params[] = {KAL_POINT_BOX_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(point_box, BOXES,
               "The box around points\nOf the pixels they lie in: one point gives a box of one pixel. Of no "
               "points there "
               "is none: that is an error.",
               "[5 5]", "[1 2.5 -3 4 9.5 9]");

// ---- point_append -------------------------------------------------------------------------------

static kal_status point_append_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_point_append_p *p = params;
    const kal_status st = kal__check_points("point_append", "points", p->points, err);
    return st ? st : kal__check_points("point_append", "more", p->more, err);
}

static kal_status point_append_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_point_append_p *p = c->params;
    if (!kal__new_points(out, kal__n_points(p->points) + kal__n_points(p->more))) return KAL_NOMEM;
    if (p->points.n) memcpy(out->v, p->points.v, (size_t)p->points.n * sizeof(double));
    if (p->more.n) memcpy(out->v + p->points.n, p->more.v, (size_t)p->more.n * sizeof(double));
    return KAL_OK;
}

#define PARAMS kal_point_append_p
static const kal_param point_append_params[] = {KAL_POINT_APPEND_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(point_append, POINTS,
               "The points of two lists, one list after the other\nEither may be empty.",
               "[1 2] [3 4 5.5 6]");
