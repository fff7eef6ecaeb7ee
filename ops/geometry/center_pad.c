// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// center_pad: the image in the middle of a larger canvas. Before the image goes half of what is left over on
// an axis, rounded down, so an odd pixel goes to the right or the bottom: 4 → 7 puts 1 before and 2 after, as
// does 3 → 6; 3 → 7 puts two and two. It folds into embed and never runs.
#include "fill.h"

extern const kal_op kal__op_embed;

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_center_pad_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    *out = *in;
    if (p->width == KAL_AUTO) p->width = in->width;
    if (p->height == KAL_AUTO) p->height = in->height;
    if (p->width < in->width || p->height < in->height)
        return kal_fail(err, KAL_INVALID, "center_pad: the image of %d×%d does not fit into %d×%d", in->width,
                        in->height, p->width, p->height);
    out->width = p->width;
    out->height = p->height;
    return kal__check_fill("center_pad", p->color, out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_center_pad_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent;
    kal_embed_p *embed = room;
    *embed = kal_embed_defaults();
    embed->x = (p->width - in->width) / 2;
    embed->y = (p->height - in->height) / 2;
    embed->width = p->width;
    embed->height = p->height;
    embed->edge = p->edge;
    embed->color = p->color;
    *to = (kal_folded){.op = &kal__op_embed, .params = embed, .n = 1, .in = {c->in[0]}};
    return true;
}

static kal_status run(const kal_job *j)
{
    return kal_fail(j->err, KAL_INTERNAL, "center_pad was not folded");
}

#define PARAMS kal_center_pad_p
static const kal_param params[] = {KAL_CENTER_PAD_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_center_pad = {
    .name = "center_pad",
    .version = 1,
    .family = "geometry",
    .help = "The image in the middle of a larger canvas\n"
            "An odd pixel goes to the right or bottom: embed with x = floor((width - image's width) / 2).",
    .inputs = "image",
    KAL__PARAMS(params, kal_center_pad_p),
    .cost = 0.2f,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES("width=70 height=80", "width=75", "height=71 edge=mirror",
                            "width=62 height=70 color=255", "width=125% height=120%"),
};
