// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// rotate: counter-clockwise about the centre. Output pixel (x, y) of W×H looks at the input's w×h at
//
//     sx = ((w − 1) − (W − 1)·cos + (H − 1)·sin) / 2 + x·cos − y·sin
//     sy = ((h − 1) − (W − 1)·sin − (H − 1)·cos) / 2 + x·sin + y·cos
//
// in 32.32 fixed point: cos and sin are rounded once. How it is sampled there stands in slant.c. Quarter and half turns become turn,
// which is exact; a quarter turn that must keep the size of an oblong image does not.
#include "fill.h"

#include "fmath.h"
#include "slant.h"

#include <stdlib.h>

extern const kal_op kal__op_turn;

static double cosine(const kal_rotate_p *p)
{
    return kal__cospi(p->angle / 180);
}

static double sine(const kal_rotate_p *p)
{
    return kal__sinpi(p->angle / 180);
}

// ---- the canvas ---------------------------------------------------------------------------------

// angle modulo 360, exact
static double reduced(double angle)
{
    double a = angle - 360 * kal__floor(angle / 360);
    if (a < 0) a += 360;
    return a >= 360 ? 0 : a;
}

// Room for the rotated corners; what rounding of cos and sin adds to a whole number of pixels does not count.
static int32_t side(double along, double across)
{
    const double n = kal__ceil((along < 0 ? -along : along) + (across < 0 ? -across : across) - 1e-9);
    return n < 1 ? 1 : (int32_t)n;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_rotate_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    *out = *in;
    p->angle = reduced(p->angle);
    if (p->edge != KAL_EDGE_FILL) p->color = (kal_list){NULL, 0};
    if (in->model == KAL_MASK) p->kernel = KAL__NEAREST;
    if (in->type == KAL_U32 && p->kernel != KAL__NEAREST && kal__floor(p->angle / 90) * 90 != p->angle)
        return kal__refuse_mixing("rotate", in, err);
    if (p->expand) {
        out->width = side(in->width * cosine(p), in->height * sine(p));
        out->height = side(in->width * sine(p), in->height * cosine(p));
    }
    return kal__check_fill("rotate", p->color, out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    static const kal_turn_how quarters[] = {KAL_TURN_NONE, KAL_TURN_LEFT, KAL_TURN_HALF, KAL_TURN_RIGHT};
    const kal_rotate_p *p = c->params;
    const double q = kal__floor(p->angle / 90);
    if (q * 90 != p->angle) return false;
    const kal_turn_how how = quarters[(int32_t)q];
    const bool swaps = how == KAL_TURN_LEFT || how == KAL_TURN_RIGHT;
    if (swaps && !p->expand && c->extent.width != c->extent.height) return false;
    kal_turn_p *turn = room;
    *turn = kal_turn_defaults();
    turn->how = how;
    *to = (kal_folded){.op = &kal__op_turn, .params = turn, .n = 1, .in = {c->in[0]}};
    return true;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)i;
    const kal_extent *in = &c->in[0]->extent, *out = &c->extent;
    const double cos = cosine(c->params), sin = sine(c->params);
    m[0] = cos;
    m[1] = sin;
    m[2] = (out->width - in->width * cos - in->height * sin) / 2;
    m[3] = -sin;
    m[4] = cos;
    m[5] = (out->height + in->width * sin - in->height * cos) / 2;
    return true;
}

// ---- where a pixel comes from -------------------------------------------------------------------

static kal__slant slant_of(const kal_call *c)
{
    const kal_rotate_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent, *out = &c->extent;
    const int64_t cos = (int64_t)kal__round(cosine(p) * (double)KAL__ONE);
    const int64_t sin = (int64_t)kal__round(sine(p) * (double)KAL__ONE);
    const int64_t w = out->width - 1, h = out->height - 1;
    kal__slant s = {.x0 = ((in->width - 1) * KAL__ONE - w * cos + h * sin) >> 1,
                    .y0 = ((in->height - 1) * KAL__ONE - w * sin - h * cos) >> 1,
                    .xx = cos,
                    .xy = -sin,
                    .yx = sin,
                    .yy = cos};
    kal__slant_set(&s, in, p->kernel);
    return s;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal__slant s = slant_of(c);
    return kal__slant_need(&s, &c->in[0]->extent, (kal_edge)((const kal_rotate_p *)c->params)->edge, out);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_rotate_p *p = c->params;
    const kal__slant s = slant_of(c);
    return kal__slant_prepare(c, &s, p->kernel, (kal_edge)p->edge, p->color, state, err);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    const kal__slant s = slant_of(c);
    return kal__slant_scratch(&s, &c->extent, width, height);
}

#define PARAMS kal_rotate_p
static const kal_param params[] = {KAL_ROTATE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_rotate = {
    .name = "rotate",
    .version = 1,
    .family = "geometry",
    .help =
        "Counter-clockwise about the centre, by any angle\n"
        "Quarter and half turns are exact. With expand=false the size is kept and corners are cut off.\n"
        "With alpha, colours are weighted by it. Masks always use nearest, labels (u32) accept only that.\n"
        "Bilinear, 8 bits are sampled at places rounded to 1/256 pixel: off by one at most, where edges are "
        "steep.",
    .inputs = "image",
    KAL__PARAMS(params, kal_rotate_p),
    .cost = 2,
    .extent = extent,
    .need = need,
    .fold = fold,
    .prepare = prepare,
    .release = free,
    .scratch = scratch,
    .map = map,
    .run = kal__slant_run,
    .samples = KAL__SAMPLES("angle=33", "angle=-10 expand=false edge=mirror", "angle=90",
                            "angle=200.5 kernel=nearest edge=wrap", "angle=270 expand=false color=255",
                            "angle=120 kernel=bicubic edge=reflect", "angle=45 kernel=bicubic",
                            "angle=301 edge=copy expand=false"),
};
