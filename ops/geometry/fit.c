// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The image in a box of w × h, smaller or larger than its own W × H:
//
//     inside   resized by min(w/W, h/H), sides half up, at least 1
//     cover    the part of the image with the box's aspect, to 1/8 of a pixel, resized to w × h; gravity says which part
//     fill     resized to w × h
//     pad      inside, then on a canvas of w × h where gravity says; an odd pixel goes to the right or bottom
//
// As Pillow's ImageOps.contain, fit and pad, whose part is not rounded to eighths and whose halves go to even.
//
// resize_min_size: short side = side, the other by the aspect, halves to even; then both down to a multiple of modulo.
// zoom: every pixel becomes a block of pixels, exactly.
//
// All of these become resize, with embed behind it.
#include "fill.h"

extern const kal_op kal__op_resize, kal__op_embed;

// other · of / by, half up, at least 1
static int64_t in_proportion(int64_t other, int64_t of, int64_t by)
{
    const int64_t v = (2 * other * of + by) / (2 * by);
    return v > 1 ? v : 1;
}

static kal_status not_folded(const kal_job *j)
{
    return kal_fail(j->err, KAL_INTERNAL, "%s was not folded", j->call->op->name);
}

static kal_resize_p *resize_to(const kal_call *c, kal_folded *to, void *room, int32_t w, int32_t h,
                               int32_t kernel)
{
    kal_resize_p *resize = room;
    *resize = kal_resize_defaults();
    resize->width = w;
    resize->height = h;
    resize->kernel = kernel;
    *to = (kal_folded){.op = &kal__op_resize, .params = resize, .n = 1, .in = {c->in[0]}};
    return resize;
}

// ---- fit ----------------------------------------------------------------------------------------

// What the image is resized to, before anything is put around it.
static void fitted(const kal_fit_p *p, const kal_extent *in, int32_t *w, int32_t *h)
{
    const int64_t iw = in->width, ih = in->height;
    *w = p->width, *h = p->height;
    if (p->fit != KAL_FIT_INSIDE && p->fit != KAL_FIT_PAD) return;
    if (iw * p->height >= ih * p->width)
        *h = (int32_t)in_proportion(p->width, ih, iw);
    else
        *w = (int32_t)in_proportion(p->height, iw, ih);
}

static kal_status fit_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_fit_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    *out = *in;
    if (p->width == KAL_AUTO && p->height == KAL_AUTO)
        return kal_fail(err, KAL_INVALID, "fit: give the box a width, a height or both");
    if (p->width == KAL_AUTO) p->width = p->height;
    if (p->height == KAL_AUTO) p->height = p->width;
    if (p->fit != KAL_FIT_PAD) p->edge = KAL_EDGE_FILL;
    if (p->fit != KAL_FIT_PAD || p->edge != KAL_EDGE_FILL) p->color = (kal_list){NULL, 0};
    if (p->fit == KAL_FIT_INSIDE || p->fit == KAL_FIT_FILL) p->gravity = KAL_CENTRE;
    if (in->model == KAL_MASK) p->kernel = KAL_NEAREST;
    if (in->type == KAL_U32 && p->kernel != KAL_NEAREST) return kal__refuse_mixing("fit", in, err);
    fitted(p, in, &out->width, &out->height);
    if (p->fit == KAL_FIT_PAD) out->width = p->width, out->height = p->height;
    return kal__check_fill("fit", p->color, out, err);
}

// Of a side, in eighths of a pixel: side · of / by, but what lies between a pixel and all of it.
static int32_t part_of(int32_t side, int64_t of, int64_t by)
{
    const int64_t v = (2 * 8 * (int64_t)side * of / by + 1) / 2;
    return v < 8 ? 8 : v > 8 * (int64_t)side ? 8 * side : (int32_t)v;
}

static void take_part(const kal_fit_p *p, const kal_extent *in, kal_resize_p *resize)
{
    const int64_t iw = in->width, ih = in->height;
    const bool wide = iw * p->height > ih * p->width;
    const int32_t side = wide ? in->width : in->height;
    const int32_t part =
        wide ? part_of(in->height, p->width, p->height) : part_of(in->width, p->height, p->width);
    if (part >= 8 * side) return;
    const double from = kal__gravity_start(8 * side - part, p->gravity, !wide) / 8.0;
    *(wide ? &resize->from_x : &resize->from_y) = from;
    *(wide ? &resize->from_width : &resize->from_height) = part / 8.0;
}

static bool fit_fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_fit_p *p = c->params;
    int32_t w, h;
    fitted(p, &c->in[0]->extent, &w, &h);
    kal_resize_p *resize = resize_to(c, to, room, w, h, p->kernel);
    resize->light = p->light;
    if (p->fit == KAL_FIT_COVER) take_part(p, &c->in[0]->extent, resize);
    if (w == c->extent.width && h == c->extent.height) return true;
    kal_embed_p *embed = (kal_embed_p *)(resize + 1);
    *embed = kal_embed_defaults();
    embed->x = kal__gravity_start(c->extent.width - w, p->gravity, false);
    embed->y = kal__gravity_start(c->extent.height - h, p->gravity, true);
    embed->width = c->extent.width;
    embed->height = c->extent.height;
    embed->edge = p->edge;
    embed->color = p->color;
    to->before = to->op;
    to->before_params = to->params;
    to->op = &kal__op_embed;
    to->params = embed;
    return true;
}

#define PARAMS kal_fit_p
static const kal_param fit_params[] = {KAL_FIT_PARAMS(KAL_SCHEMA)};
#undef PARAMS
_Static_assert(sizeof(kal_resize_p) + sizeof(kal_embed_p) <= KAL_FOLD_ROOM, "room for both");

const kal_op kal__op_fit = {
    .name = "fit",
    .version = 1,
    .family = "geometry",
    .help =
        "The image in a box, larger or smaller\n"
        "inside keeps all of it and the aspect; cover fills the box with the part that gravity keeps; fill "
        "stretches;\n"
        "pad is inside on a canvas of the box's size. It is a resize (and an embed) and prints as such. For "
        "small\n"
        "pictures of large files thumbnail is faster.",
    .inputs = "image",
    KAL__PARAMS(fit_params, kal_fit_p),
    .n_later = 1,
    .cost = 3,
    .extent = fit_extent,
    .fold = fit_fold,
    .run = not_folded,
    .samples = KAL__SAMPLES(
        "width=20 height=30", "width=7 height=5 fit=cover gravity=southeast",
        "width=9 height=3 fit=fill kernel=box", "width=24 height=31 fit=pad color=255",
        "width=16 fit=pad gravity=northwest edge=mirror", "height=40 fit=cover kernel=nearest",
        "width=13 height=9 fit=cover kernel=bicubic", "width=9 height=12 fit=pad color=200 light=linear"),
};

// ---- resize_min_size ----------------------------------------------------------------------------

// a · b / c, halves to even
static int64_t nearest_even(int64_t a, int64_t b, int64_t c)
{
    const int64_t q = a * b / c, twice = 2 * (a * b - q * c);
    return q + (twice > c || (twice == c && (q & 1)));
}

static kal_status min_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_resize_min_size_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    *out = *in;
    if (in->model == KAL_MASK) p->kernel = KAL_NEAREST;
    if (p->kernel == KAL_NEAREST) p->light = KAL_LIGHT_STORED;
    if (in->type == KAL_U32 && p->kernel != KAL_NEAREST)
        return kal__refuse_mixing("resize_min_size", in, err);
    if (p->side < p->modulo)
        return kal_fail(err, KAL_INVALID, "resize_min_size: no multiple of %d is as small as %d", p->modulo,
                        p->side);
    const bool wide = in->width >= in->height;
    const int32_t less = wide ? in->height : in->width, more = wide ? in->width : in->height;
    const int64_t other = nearest_even(more, p->side, less);
    if (other > KAL_MAX_SIDE)
        return kal_fail(err, KAL_INVALID, "resize_min_size: a side would be over %d pixels", KAL_MAX_SIDE);
    const int32_t a = p->side / p->modulo * p->modulo, b = (int32_t)other / p->modulo * p->modulo;
    out->width = wide ? b : a;
    out->height = wide ? a : b;
    return KAL_OK;
}

static bool min_fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_resize_min_size_p *p = c->params;
    resize_to(c, to, room, c->extent.width, c->extent.height, p->kernel)->light = p->light;
    return true;
}

#define PARAMS kal_resize_min_size_p
static const kal_param min_params[] = {KAL_RESIZE_MIN_SIZE_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_resize_min_size = {
    .name = "resize_min_size",
    .version = 1,
    .family = "geometry",
    .help = "The shorter side becomes so long, and both sides multiples of a number\n"
            "The other side keeps the aspect; then both go down to a multiple of modulo, so side=100 with 16 "
            "gives 96.\n"
            "modulo=1 leaves them. It is a resize.",
    .inputs = "image",
    KAL__PARAMS(min_params, kal_resize_min_size_p),
    .n_later = 1,
    .cost = 3,
    .extent = min_extent,
    .fold = min_fold,
    .run = not_folded,
    .samples = KAL__SAMPLES("16", "20 modulo=4 kernel=bilinear", "7 modulo=1 kernel=nearest",
                            "9 modulo=1 light=linear"),
};

// ---- zoom ---------------------------------------------------------------------------------------

static kal_status zoom_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_zoom_p *p = params;
    *out = c->in[0]->extent;
    if (p->factor_y == KAL_AUTO) p->factor_y = p->factor;
    const int64_t w = (int64_t)out->width * p->factor, h = (int64_t)out->height * p->factor_y;
    if (w > KAL_MAX_SIDE || h > KAL_MAX_SIDE)
        return kal_fail(err, KAL_INVALID, "zoom: the result would be over %d pixels long", KAL_MAX_SIDE);
    out->width = (int32_t)w;
    out->height = (int32_t)h;
    return KAL_OK;
}

static bool zoom_fold(const kal_call *c, kal_folded *to, void *room)
{
    resize_to(c, to, room, c->extent.width, c->extent.height, KAL_NEAREST);
    return true;
}

#define PARAMS kal_zoom_p
static const kal_param zoom_params[] = {KAL_ZOOM_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_zoom = {
    .name = "zoom",
    .version = 1,
    .family = "geometry",
    .help =
        "Every pixel as a block of pixels\nA whole number of times larger, every sample type, exact. It is a "
        "resize with kernel=nearest.",
    .inputs = "image",
    KAL__PARAMS(zoom_params, kal_zoom_p),
    .cost = 0.3f,
    .extent = zoom_extent,
    .fold = zoom_fold,
    .run = not_folded,
    .samples = KAL__SAMPLES("2", "factor=3 factor_y=1", "factor=1 factor_y=4"),
};
