// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// thumbnail: the image in a box, by one of three ways. W × H is the image's size, w × h the box; enlarging is only done when asked for.
//
//     inside   resized by s = min(w/W, h/H), all of it inside the box
//     cover    resized by s = max(w/W, h/H), then what sticks out of the box is cropped, by gravity
//     fill     resized to w × h, whatever becomes of the aspect
//
// It folds into resize, and crop, and never runs. When the image comes straight from a file whose format can decode smaller, it is
// decoded at the smallest of 1/8, 1/4, 1/2 that is still at least `gap` times the wanted size on both sides: these bits are not
// those of a resize of the whole picture, which is why thumbnail is asked for by name.
#include "fill.h"

extern const kal_op kal__op_resize, kal__op_crop;

// other · of / by, half up, at least 1
static int32_t in_proportion(int64_t other, int64_t of, int64_t by)
{
    const int64_t v = (2 * other * of + by) / (2 * by);
    return v > KAL_MAX_SIDE ? KAL_MAX_SIDE : v > 1 ? (int32_t)v : 1;
}

// The size before anything is cropped.
static void resized(const kal_thumbnail_p *p, const kal_extent *in, int32_t *w, int32_t *h)
{
    const int64_t iw = in->width, ih = in->height;
    *w = p->width, *h = p->height;
    if (p->fit == KAL_FIT_FILL) {
        if (!p->enlarge && *w > iw) *w = in->width;
        if (!p->enlarge && *h > ih) *h = in->height;
        return;
    }
    const bool wide = iw * p->height >= ih * p->width;   // than the box: inside, the width decides
    const bool by_width = wide == (p->fit == KAL_FIT_INSIDE);
    if (!p->enlarge && (by_width ? p->width >= iw : p->height >= ih))
        *w = in->width, *h = in->height;
    else if (by_width)
        *h = in_proportion(p->width, ih, iw);
    else
        *w = in_proportion(p->height, iw, ih);
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_thumbnail_p *p = params;
    *out = c->in[0]->extent;
    if (p->width == KAL_AUTO && p->height == KAL_AUTO)
        return kal_fail(err, KAL_INVALID, "thumbnail: give the box a width, a height or both");
    if (p->width == KAL_AUTO) p->width = p->height;
    if (p->height == KAL_AUTO) p->height = p->width;
    if (out->type == KAL_U32 && p->kernel != KAL_NEAREST) return kal__refuse_mixing("thumbnail", out, err);
    int32_t w, h;
    resized(p, &c->in[0]->extent, &w, &h);
    out->width = p->fit == KAL_FIT_COVER ? least(w, p->width) : w;
    out->height = p->fit == KAL_FIT_COVER ? least(h, p->height) : h;
    return KAL_OK;
}

static int32_t reduction(const kal_extent *in, int32_t w, int32_t h, double gap)
{
    for (int32_t by = 8; by > 1; by /= 2)
        if (in->width >= gap * w * by && in->height >= gap * h * by) return by;
    return 1;
}

// Of a picture of W × H at 1/by the last column and row may hold less than a whole pixel: only W/by × H/by of it is picture. Turned upright, they may
// be the first.
static void part_of_shrunk(const kal_call *in, int32_t by, kal_resize_p *resize)
{
    static const bool first_x[] = {0, 1, 1, 0, 0, 1, 1, 0},
                      first_y[] = {0, 0, 1, 1, 0, 0, 1, 1};   // by kal_turn_how
    const int32_t how = in->op->flags & KAL_OP_UPRIGHT ? ((const kal_turn_p *)in->params)->how : 0;
    const int32_t w = (in->extent.width + by - 1) / by, h = (in->extent.height + by - 1) / by;
    resize->from_width = (double)in->extent.width / by;
    resize->from_height = (double)in->extent.height / by;
    if (first_x[how]) resize->from_x = w - resize->from_width;
    if (first_y[how]) resize->from_y = h - resize->from_height;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_thumbnail_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent;
    int32_t w, h;
    resized(p, in, &w, &h);
    kal_resize_p *resize = room;
    *resize = kal_resize_defaults();
    resize->width = w;
    resize->height = h;
    resize->kernel = p->kernel;
    resize->light = p->light;
    *to = (kal_folded){.op = &kal__op_resize, .params = resize, .n = 1, .in = {c->in[0]}};
    to->shrink =
        in->model == KAL_MASK || p->kernel == KAL_NEAREST || p->gap <= 0 ? 1 : reduction(in, w, h, p->gap);
    kal_resize_p *shrunk = resize + 1;
    *shrunk = *resize;
    if (to->shrink > 1) part_of_shrunk(c->in[0], to->shrink, shrunk);
    to->shrunk_params = shrunk;
    if (w == c->extent.width && h == c->extent.height) return true;
    kal_crop_p *crop = (kal_crop_p *)(shrunk + 1);
    *crop = kal_crop_defaults();
    crop->width = c->extent.width;
    crop->height = c->extent.height;
    crop->x = kal__gravity_start(w - crop->width, p->gravity, false);
    crop->y = kal__gravity_start(h - crop->height, p->gravity, true);
    to->before = to->op;
    to->before_params = to->params;
    to->op = &kal__op_crop;
    to->params = crop;
    return true;
}

static kal_status run(const kal_job *j)
{
    return kal_fail(j->err, KAL_INTERNAL, "thumbnail was not folded");
}

#define PARAMS kal_thumbnail_p
static const kal_param params[] = {KAL_THUMBNAIL_PARAMS(KAL_SCHEMA)};
_Static_assert(2 * sizeof(kal_resize_p) + sizeof(kal_crop_p) <= KAL_FOLD_ROOM, "room for both");

const kal_op kal__op_thumbnail = {
    .name = "thumbnail",
    .version = 1,
    .family = "geometry",
    .help =
        "A smaller picture in a box, decoded no larger than needed\n"
        "fit=inside keeps all of it, cover fills the box and crops what sticks out, fill stretches. A "
        "picture\n"
        "straight from a JPEG is decoded at 1/2, 1/4 or 1/8, but no less than gap times the size wanted:\n"
        "1 is fastest, 2 hard to tell from gap=0, which decodes all of it. It is a resize (and a crop) of "
        "that\n"
        "and prints as such.",
    .inputs = "image",
    KAL__PARAMS(params, kal_thumbnail_p),
    .n_later = 1,
    .cost = 5,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES(
        "width=7", "height=5 width=8 fit=cover", "width=4 height=4 fit=cover gravity=southeast",
        "width=9 height=3 fit=fill kernel=box", "width=80 enlarge=true", "width=200",
        "width=6 height=4 fit=cover gravity=west gap=0", "width=5 height=4 fit=cover light=linear"),
};
