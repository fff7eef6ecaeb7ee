// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// uncrop: the image goes back into its place on the base, over a soft seam of `feather` pixels inside the place:
//
//     d  = distance to the crop's edge in pixels, 0 for the outermost; sides on the base's border have no seam
//     a  = min(w + 1, d + 1) per axis, the smaller of both sides      w = feather, at most half the side
//     out = base + round((crop − base) · ax · ay / (w + 1)²)          round: half away from zero; f32 is not rounded
//
// With alpha, colours are weighed by it (seam.h). With feather 0 the crop replaces the base exactly. The seam's width is clamped per axis: (wx + 1)(wy + 1) divides.
#include "channels.h"
#include "op.h"
#include "paste.h"
#include "seam.h"

// fit op to run first when the crop's size changed
extern const kal_op kal__op_resize;

static kal_rect place(const kal_call *c)
{
    const kal_uncrop_p *p = c->params;
    return kal_rect_of(p->x, p->y, p->x + p->width, p->y + p->height);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_uncrop_p *p = params;
    const kal_extent *in = &c->in[0]->extent, *base = &c->in[1]->extent;
    *out = *base;
    if (in->model != KAL_MASK || p->feather) kal__unmask(out);
    kal_status st = kal__check_paste("uncrop", c, err);
    if (!st && p->feather) st = kal__check_type("uncrop with feather", base, err);
    if (st) return st;
    if (p->width == KAL_AUTO) p->width = in->width;
    if (p->height == KAL_AUTO) p->height = in->height;
    if (p->x > base->width - p->width || p->y > base->height - p->height)
        return kal_fail(err, KAL_INVALID,
                        "uncrop: the place, %d×%d at %d,%d, is not inside the base of %d×%d", p->width,
                        p->height, p->x, p->y, base->width, base->height);
    if (p->resize == 0 && (p->width != in->width || p->height != in->height))
        return kal_fail(err, KAL_INVALID,
                        "uncrop: the image is %d×%d and its place is %d×%d; resize=lanczos3 fits it",
                        in->width, in->height, p->width, p->height);
    return KAL_OK;
}

// Resizes first when sizes differ; without a seam and with everything covered it is the image itself.
static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_uncrop_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent;
    if (p->resize) {
        kal_uncrop_p *fitted = room;
        *fitted = *p;
        fitted->resize = 0;
        *to = (kal_folded){.op = c->op, .params = fitted, .n = 2, .in = {c->in[0], c->in[1]}};
        if (p->width != in->width || p->height != in->height) {
            kal_resize_p *size = (kal_resize_p *)(void *)((unsigned char *)room + KAL_FOLD_ROOM / 2);
            *size = kal_resize_defaults();
            size->width = p->width;
            size->height = p->height;
            size->kernel = p->resize - 1;
            to->before = &kal__op_resize;
            to->before_params = size;
        }
        return true;
    }
    if (!kal_rect_equal(place(c), kal_rect_all(&c->extent))) return false;
    to->same = c->in[0];   // every side lies on the border: no seam
    return true;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    const kal_uncrop_p *p = c->params;
    return kal__paste_need(place(c), p->feather ? kal_rect_of(0, 0, 0, 0) : place(c), i, out);
}

// Where all is the crop's along this axis: from `a` up to `b`.
static void inside(const kal__seam *s, int32_t *a, int32_t *b)
{
    *a = s->at_start ? 0 : s->w;
    *b = s->at_end ? s->length : s->length - s->w;
}

// Onto the base, which lies there.
static void feather_row(const kal_job *j, kal_rect at, const kal__seam *sx, const kal__seam *sy, int32_t y)
{
    const kal_extent *e = &j->call->extent;
    const int64_t ay = kal__seam_weight(sy, y - at.y0), den = (int64_t)(sx->w + 1) * (sy->w + 1);
    const kal_rect over = kal_rect_clip(j->out->rect, at);
    int32_t a, b;
    inside(sx, &a, &b);
    for (int32_t x = over.x0, n; x < over.x1; x += n) {
        const int32_t i = x - at.x0;
        const bool whole = ay == sy->w + 1 && i >= a && i < b;
        unsigned char *dst = kal_at(j->out, x, y);
        const unsigned char *crop = kal_at(&j->in[0], i, y - at.y0);
        n = whole ? (b - i < over.x1 - x ? b - i : over.x1 - x) : 1;
        if (whole)
            memcpy(dst, crop, (size_t)n * (size_t)j->out->pixel);
        else
            kal__seam_pixel(dst, crop, dst, e, ay * kal__seam_weight(sx, i), den);
    }
}

// The base first, then what of the crop lies upon it.
static void feather_rows(const kal_job *j, kal_rect at)
{
    const kal_uncrop_p *p = j->call->params;
    const kal_extent *e = &j->call->extent;
    const kal__seam sx = kal__seam_of(p->feather, at.x0, at.x1, e->width),
                    sy = kal__seam_of(p->feather, at.y0, at.y1, e->height);
    const size_t n = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        memcpy(kal_row(j->out, y), kal_row(&j->in[1], y), n);
        if (y >= at.y0 && y < at.y1) feather_row(j, at, &sx, &sy, y);
    }
}

static kal_status run(const kal_job *j)
{
    const kal_rect at = place(j->call);
    if (kal_rect_empty(j->in[1].rect)) {   // the crop hides the base here
        const size_t n = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
        for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
            memcpy(kal_row(j->out, y), kal_at(&j->in[0], j->out->rect.x0 - at.x0, y - at.y0), n);
        return KAL_OK;
    }
    if (((const kal_uncrop_p *)j->call->params)->feather)
        feather_rows(j, at);
    else
        kal__paste_replace(j, at);
    return KAL_OK;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    const kal_rect at = place(c);
    const kal_extent *in = &c->in[0]->extent;
    kal__map_shift(i ? 0 : at.x0, i ? 0 : at.y0, m);
    if (i) return true;
    m[0] = (double)(at.x1 - at.x0) / in->width;
    m[4] = (double)(at.y1 - at.y0) / in->height;
    return true;
}

#define PARAMS kal_uncrop_p
static const kal_param params[] = {KAL_UNCROP_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_uncrop = {
    .name = "uncrop",
    .version = 2,
    .family = "geometry",
    .help = "A processed crop back into its place on the base\n"
            "Without a base, text finds the nearest crop upstream and takes base and place from it. The seam "
            "of `feather`\n"
            "pixels lies inside the place; there is none along the base's border, and 0 replaces exactly. "
            "What is hidden "
            "by alpha stays so.",
    .inputs = "image base",
    KAL__PARAMS(params, kal_uncrop_p),
    .flags = KAL_OP_IN_PLACE,
    .cost = 0.2f,
    .extent = extent,
    .need = need,
    .touches = place,
    .fold = fold,
    .map = map,
    .run = run,
    .undoes = "crop",
    .samples = KAL__SAMPLES("x=1 y=1", "x=0 y=2 feather=2", "x=2 y=1 feather=100",
                            "x=1 y=0 width=4 height=3 resize=bilinear feather=1"),
};
