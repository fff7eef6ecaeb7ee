// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// crop: out(x, y) = in(x + x0, y + y0). Never runs: readers look at the input's rows, shifted.
#include "op.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_crop_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    if (p->width == KAL_AUTO) p->width = in->width - p->x;
    if (p->height == KAL_AUTO) p->height = in->height - p->y;
    if (p->x >= in->width || p->y >= in->height)
        return kal_fail(err, KAL_INVALID, "crop: x=%d y=%d is outside the image of %d×%d", p->x, p->y,
                        in->width, in->height);
    if (p->width < 1 || p->height < 1 || p->x > in->width - p->width || p->y > in->height - p->height)
        return kal_fail(err, KAL_INVALID, "crop: %d×%d at %d,%d is not inside the image of %d×%d", p->width,
                        p->height, p->x, p->y, in->width, in->height);
    *out = *in;
    out->width = p->width;
    out->height = p->height;
    return KAL_OK;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_crop_p *p = c->params;
    return kal_rect_shift(out, p->x, p->y);
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)i;
    const kal_crop_p *p = c->params;
    kal__map_shift(-p->x, -p->y, m);
    return true;
}

// All of it is the input; a crop of a crop is one crop.
static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_crop_p *p = c->params;
    const kal_call *in = c->in[0];
    if (p->width == in->extent.width && p->height == in->extent.height) {
        to->same = in;
        return true;
    }
    if (in->op != c->op) return false;
    const kal_crop_p *q = in->params;
    kal_crop_p *both = room;
    *both = *p;
    both->x += q->x;
    both->y += q->y;
    *to = (kal_folded){.op = c->op, .params = both, .n = 1, .in = {in->in[0]}};
    return true;
}

#define PARAMS kal_crop_p
static const kal_param params[] = {KAL_CROP_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_crop = {
    .name = "crop",
    .version = 1,
    .family = "geometry",
    .help = "A part of the image\nMust lie inside; without width or height it reaches to the right or bottom "
            "edge.",
    .inputs = "image",
    KAL__PARAMS(params, kal_crop_p),
    .flags = KAL_OP_VIEW,
    .extent = extent,
    .need = need,
    .map = map,
    .fold = fold,
    .samples = KAL__SAMPLES("x=1 y=2", "x=0 y=0 width=3 height=1", "x=2 width=1"),
};
