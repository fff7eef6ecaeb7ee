// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// insert: the image replaces the base where it lies; what sticks out is cut off. The result has the base's size. Exact.
#include "channels.h"
#include "op.h"
#include "paste.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[1]->extent;
    if (c->in[0]->extent.model != KAL_MASK) kal__unmask(out);
    return kal__check_paste("insert", c, err);
}

static kal_rect place(const kal_call *c)
{
    const kal_insert_p *p = c->params;
    return kal_rect_shift(kal_rect_all(&c->in[0]->extent), p->x, p->y);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    return kal__paste_need(place(c), kal_rect_of(0, 0, 0, 0), i, out);
}

static kal_status run(const kal_job *j)
{
    kal__paste_replace(j, place(j->call));
    return KAL_OK;
}

// Everything covered, or nothing.
static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_rect all = kal_rect_all(&c->extent), at = place(c);
    if (kal_rect_equal(at, all))
        to->same = c->in[0];
    else if (kal_rect_empty(kal_rect_clip(at, all)))
        to->same = c->in[1];
    return to->same != NULL;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    const kal_insert_p *p = c->params;
    kal__map_shift(i ? 0 : p->x, i ? 0 : p->y, m);
    return true;
}

#define PARAMS kal_insert_p
static const kal_param params[] = {KAL_INSERT_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_insert = {
    .name = "insert",
    .version = 1,
    .family = "geometry",
    .help = "The image laid on the base at x, y, replacing what is there\nThe result has the base's size.",
    .inputs = "image base",
    KAL__PARAMS(params, kal_insert_p),
    .flags = KAL_OP_IN_PLACE,
    .cost = 0.1f,
    .extent = extent,
    .need = need,
    .touches = place,
    .fold = fold,
    .map = map,
    .run = run,
    .samples = KAL__SAMPLES("x=1 y=1", "x=-1 y=2", "x=3 y=-2"),
};
