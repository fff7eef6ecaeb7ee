// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// map_boxes, map_points: from the coordinates of one image to those of another that has a picture in common with it, in either direction:
// through crop, resize, turn, rotate, embed, uncrop … (whatever record says so, see `map` in kal/op.h). No pixel is looked at. Coordinates
// are of edges: pixel (x, y) reaches from x to x + 1. A box becomes the box around its mapped corners. Nothing is rounded or cut off.
#include "box.h"

static kal__point mapped(const double m[6], double x, double y)
{
    return (kal__point){m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]};
}

static kal__box around(const double m[6], kal__box b)
{
    const kal__point p = mapped(m, b.x0, b.y0);
    kal__box out = {p.x, p.y, p.x, p.y};
    for (int i = 1; i < 4; i++) {
        const kal__point q = mapped(m, i & 1 ? b.x1 : b.x0, i & 2 ? b.y1 : b.y0);
        out = kal__box_join(out, (kal__box){q.x, q.y, q.x, q.y});
    }
    return out;
}

// ---- map_boxes ----------------------------------------------------------------------------------

static kal_status map_boxes_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)out;
    double m[6];
    const kal_status st =
        kal__check_boxes("map_boxes", "boxes", ((const kal_map_boxes_p *)params)->boxes, err);
    return st ? st : kal_call_map(c->in[0], c->in[1], m, err);
}

static kal_status map_boxes_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    double m[6];
    const kal_list l = ((const kal_map_boxes_p *)c->params)->boxes;
    const kal_status st = kal_call_map(c->in[0], c->in[1], m, err);
    kal__box *to = st ? NULL : kal__new_boxes(out, kal__n_boxes(l));
    for (int32_t i = 0; to && i < kal__n_boxes(l); i++) to[i] = around(m, kal__boxes_of(l)[i]);
    return st || to ? st : KAL_NOMEM;
}

#define PARAMS kal_map_boxes_p
static const kal_param map_boxes_params[] = {KAL_MAP_BOXES_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static const kal_measure map_boxes_measure = {.kind = KAL_VALUE_BOXES, .end = map_boxes_end};

const kal_op kal__op_map_boxes = {
    .name = "map_boxes",
    .version = 1,
    .family = "boxes",
    .help = "Boxes on one image, on another made from it, or from the same picture\n"
            "Either way through crop, resize, turn, rotate, embed, uncrop: map_boxes small photo (boxes of "
            "small). "
            "A box becomes\n"
            "the box around its mapped corners; box_clip cuts off what lies outside.",
    .inputs = "from to",
    KAL__PARAMS(map_boxes_params, kal_map_boxes_p),
    .cost = 0.1f,
    .extent = map_boxes_check,
    .measure = &map_boxes_measure,
    .samples = KAL__SAMPLES("[10 20 50 50]", "[10 20 50 50 1 2 3 4.5]"),
};

// ---- map_points ---------------------------------------------------------------------------------

static kal_status map_points_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)out;
    double m[6];
    const kal_status st =
        kal__check_points("map_points", "points", ((const kal_map_points_p *)params)->points, err);
    return st ? st : kal_call_map(c->in[0], c->in[1], m, err);
}

static kal_status map_points_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    double m[6];
    const kal_list l = ((const kal_map_points_p *)c->params)->points;
    const kal_status st = kal_call_map(c->in[0], c->in[1], m, err);
    kal__point *to = st ? NULL : kal__new_points(out, kal__n_points(l));
    for (int32_t i = 0; to && i < kal__n_points(l); i++)
        to[i] = mapped(m, kal__points_of(l)[i].x, kal__points_of(l)[i].y);
    return st || to ? st : KAL_NOMEM;
}

#define PARAMS kal_map_points_p
static const kal_param map_points_params[] = {KAL_MAP_POINTS_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static const kal_measure map_points_measure = {.kind = KAL_VALUE_POINTS, .end = map_points_end};

const kal_op kal__op_map_points = {
    .name = "map_points",
    .version = 1,
    .family = "boxes",
    .help =
        "Points on one image, on another made from it, or from the same picture\nEither way, as map_boxes.",
    .inputs = "from to",
    KAL__PARAMS(map_points_params, kal_map_points_p),
    .cost = 0.1f,
    .extent = map_points_check,
    .measure = &map_points_measure,
    .samples = KAL__SAMPLES("[1 2.5 3 4]"),
};
