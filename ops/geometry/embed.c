// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// embed: the image at (x, y) of a canvas, and what surrounds it:
//
//     out(X, Y) = in(edge(X − x), edge(Y − y)), or the fill colour where either lies outside
//
// Exact. A canvas that lies inside the image is a crop and becomes one.
#include "fill.h"

extern const kal_op kal__op_crop;

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_embed_p *p = params;
    *out = c->in[0]->extent;
    if (p->width == KAL_AUTO) p->width = out->width;
    if (p->height == KAL_AUTO) p->height = out->height;
    out->width = p->width;
    out->height = p->height;
    if (p->edge != KAL_EDGE_FILL) p->color = (kal_list){NULL, 0};
    return kal__check_fill("embed", p->color, out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_embed_p *p = c->params;
    const kal_rect canvas = kal_rect_shift(kal_rect_all(&c->extent), -p->x, -p->y);
    if (!kal_rect_inside(canvas, kal_rect_all(&c->in[0]->extent))) return false;
    kal_crop_p *crop = room;
    *crop = kal_crop_defaults();
    crop->x = canvas.x0;
    crop->y = canvas.y0;
    crop->width = p->width;
    crop->height = p->height;
    *to = (kal_folded){.op = &kal__op_crop, .params = crop, .n = 1, .in = {c->in[0]}};
    return true;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_embed_p *p = c->params;
    return kal__need_around(&c->in[0]->extent, kal_rect_shift(out, -p->x, -p->y), (kal_edge)p->edge);
}

// Columns from..to of the input's row (NULL: all fill), some of them perhaps outside.
static void put_outside(unsigned char *dst, const kal_tile *in, const unsigned char *src, const kal_call *c,
                        const unsigned char *fill, int32_t from, int32_t to)
{
    const size_t pixel = kal_pixel_size(&c->extent);
    const kal_edge edge = (kal_edge)((const kal_embed_p *)c->params)->edge;
    for (int32_t x = from; x < to; x++, dst += pixel) {
        const int32_t at = src ? kal_edge_index(x, c->in[0]->extent.width, edge) : -1;
        memcpy(dst, at < 0 ? fill : src + (size_t)(at - in->rect.x0) * pixel, pixel);
    }
}

static kal_status run(const kal_job *j)
{
    const kal_embed_p *p = j->call->params;
    const kal_extent *e = &j->call->in[0]->extent;
    const kal_tile *in = &j->in[0];
    const kal_rect o = kal_rect_shift(j->out->rect, -p->x, -p->y);   // in the image's coordinates
    const int32_t x0 = o.x0 > 0 ? o.x0 : 0, x1 = o.x1 < e->width ? o.x1 : e->width;
    unsigned char fill[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(p->color, e, false, fill);
    for (int32_t y = o.y0; y < o.y1; y++) {
        unsigned char *dst = kal_row(j->out, y + p->y);
        const int32_t at = kal_edge_index(y, e->height, (kal_edge)p->edge);
        const unsigned char *src = at < 0 || kal_rect_empty(in->rect) ? NULL : kal_row(in, at);
        if (!src || x0 >= x1) {
            put_outside(dst, in, src, j->call, fill, o.x0, o.x1);
            continue;
        }
        const size_t pixel = (size_t)j->out->pixel;
        put_outside(dst, in, src, j->call, fill, o.x0, x0);
        memcpy(dst + (size_t)(x0 - o.x0) * pixel, src + (size_t)(x0 - in->rect.x0) * pixel,
               (size_t)(x1 - x0) * pixel);
        put_outside(dst + (size_t)(x1 - o.x0) * pixel, in, src, j->call, fill, x1, o.x1);
    }
    return KAL_OK;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)i;
    const kal_embed_p *p = c->params;
    kal__map_shift(p->x, p->y, m);
    return true;
}

#define PARAMS kal_embed_p
static const kal_param params[] = {KAL_EMBED_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_embed = {
    .name = "embed",
    .version = 1,
    .family = "geometry",
    .help = "The image at x, y of a larger canvas\n"
            "It may stick out of the canvas or lie beside it; edge says what surrounds it.",
    .inputs = "image",
    KAL__PARAMS(params, kal_embed_p),
    .cost = 0.2f,
    .extent = extent,
    .need = need,
    .fold = fold,
    .map = map,
    .run = run,
    .samples =
        KAL__SAMPLES("x=2 y=1 width=20 height=15", "x=-3 y=4 width=18 height=9 edge=mirror",
                     "x=5 y=-2 width=40 height=30 edge=reflect", "x=-2 y=3 edge=copy",
                     "x=9 y=11 width=45 height=33 edge=wrap", "x=100 y=-50 width=12 height=7 edge=copy",
                     "x=30 y=2 width=25 height=20 color=255", "x=-40 width=21 height=10 edge=mirror"),
};
