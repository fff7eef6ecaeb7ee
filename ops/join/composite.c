// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// composite: the image on the base at x, y or by gravity, in one of the modes of lay.c. The result has the base's size and channels; what
// sticks out is cut off, and outside the image the base is copied: a mode acts only where the image lies. With `tile` it lies everywhere,
// from x, y on in both directions, `gap` pixels apart.
#include "channels.h"
#include "lay.h"
#include "mem.h"
#include "paste.h"

#include <stdlib.h>

extern const kal_op kal__op_insert;

// Where the gravity puts a side of the image; the offset goes inwards from an edge.
static int32_t from_gravity(int32_t side, int32_t size, int32_t where, int32_t offset)
{
    return where < 0 ? offset : where > 0 ? side - size - offset : kal__middle(side - size) + offset;
}

static void settle_gravity(kal_composite_p *p, const kal_extent *image, const kal_extent *base)
{
    static const signed char across[] = {0, 0, 1, 1, 1, 0, -1, -1, -1},
                             down[] = {0, -1, -1, 0, 1, 1, 1, 0, -1};   // by kal_gravity
    if (!p->gravity) return;
    p->x = from_gravity(base->width, image->width, across[p->gravity - 1], p->x);
    p->y = from_gravity(base->height, image->height, down[p->gravity - 1], p->y);
    p->gravity = 0;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_composite_p *p = params;
    const kal_extent *image = &c->in[0]->extent, *base = &c->in[1]->extent;
    *out = *base;
    if (image->model != KAL_MASK || p->mode != KAL_MODE_OVER || p->opacity < 1) kal__unmask(out);
    settle_gravity(p, image, base);
    if (!p->tile) p->gap = 0;
    return kal__check_lay("composite", p->mode, image, base, err);
}

static kal_rect place(const kal_call *c)
{
    const kal_composite_p *p = c->params;
    if (p->tile) return kal_rect_all(&c->extent);
    return kal_rect_shift(kal_rect_all(&c->in[0]->extent), p->x, p->y);
}

// ---- tiled --------------------------------------------------------------------------------------

// How often a side of the image comes again before `at`, which is at or before the first when negative.
static int32_t turn_of(int32_t at, int32_t start, int32_t period)
{
    const int32_t d = at - start;
    return d >= 0 ? d / period : -((period - 1 - d) / period);
}

// What from..to needs of a side of the image that comes again and again: part of it, or all.
static void repeated(int32_t from, int32_t to, int32_t start, int32_t size, int32_t gap, int32_t *a,
                     int32_t *b)
{
    const int32_t period = size + gap, turn = turn_of(from, start, period);
    *a = 0, *b = size;
    if (turn != turn_of(to - 1, start, period)) return;
    *a = from - start - turn * period;
    *b = to - start - turn * period;
    if (*b > size) *b = size;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    const kal_composite_p *p = c->params;
    if (i || !p->tile) return kal__paste_need(place(c), kal_rect_of(0, 0, 0, 0), i, out);
    kal_rect r;
    repeated(out.x0, out.x1, p->x, c->in[0]->extent.width, p->gap, &r.x0, &r.x1);
    repeated(out.y0, out.y1, p->y, c->in[0]->extent.height, p->gap, &r.y0, &r.y1);
    return kal_rect_empty(r) ? kal_rect_of(0, 0, 0, 0) : r;
}

// ---- rows ---------------------------------------------------------------------------------------

// Row y of the result where the image's row lies from column x on.
static void lay_at(const kal_job *j, const kal__lay *l, int32_t x, int32_t y, int32_t image_y)
{
    const kal_rect out = j->out->rect;
    const int32_t x0 = x > out.x0 ? x : out.x0, end = x + j->call->in[0]->extent.width;
    const int32_t x1 = end < out.x1 ? end : out.x1;
    if (x0 >= x1) return;
    const size_t n = (size_t)(x1 - x0);
    unsigned char *dst = kal_at(j->out, x0, y);
    const unsigned char *base = kal_at(&j->in[1], x0, y);
    if (base == dst && !kal__lay_replaces(l)) base = memcpy(j->scratch, base, n * (size_t)j->out->pixel);
    kal__lay_row(l, dst, kal_at(&j->in[0], x0 - x, image_y), base, n);
}

// What lies below, where that is in the output's own memory: rows are made some bytes ahead.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    return (size_t)width * kal_pixel_size(&c->extent);
}

// Pixels x0 up to x1 of a row are the base's.
static void keep_base(const kal_job *j, int32_t y, int32_t x0, int32_t x1)
{
    if (x0 < x1)
        memcpy(kal_at(j->out, x0, y), kal_at(&j->in[1], x0, y), (size_t)(x1 - x0) * (size_t)j->out->pixel);
}

static void tile_row(const kal_job *j, const kal__lay *l, int32_t y)
{
    const kal_composite_p *p = j->call->params;
    const kal_extent *image = &j->call->in[0]->extent;
    const int32_t across = image->width + p->gap, down = image->height + p->gap;
    const int32_t image_y = y - p->y - turn_of(y, p->y, down) * down;
    if (image_y >= image->height) return;
    for (int32_t x = p->x + turn_of(j->out->rect.x0, p->x, across) * across; x < j->out->rect.x1; x += across)
        lay_at(j, l, x, y, image_y);
}

static kal__lay lay_of(const kal_call *c)
{
    const kal_composite_p *p = c->params;
    return kal__lay_of(p->mode, p->opacity, &c->in[0]->extent, &c->extent);
}

static size_t tables(const kal_call *c)
{
    const kal__lay l = lay_of(c);
    const kal_rect hit = kal_rect_clip(place(c), kal_rect_all(&c->extent));
    const int64_t samples = (int64_t)(hit.x1 - hit.x0) * (hit.y1 - hit.y0) * c->extent.channels;
    return samples >= KAL__PAIRS_FROM && kal__lay_wants_pairs(&l) ? sizeof(kal__pairs) : 0;
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal__lay l = lay_of(c);
    *state = NULL;
    if (!tables(c)) return KAL_OK;
    *state = kal__new(1, sizeof(kal__pairs));
    if (!*state) return kal_fail(err, KAL_NOMEM, "composite: out of memory");
    kal__lay_pairs(&l, *state);
    return KAL_OK;
}

static kal_status run(const kal_job *j)
{
    const kal_composite_p *p = j->call->params;
    kal__lay l = lay_of(j->call);
    l.pairs = j->state;
    const kal_rect at = place(j->call);
    const kal_rect out = j->out->rect;
    for (int32_t y = out.y0; y < out.y1; y++) {
        const bool hit = !p->tile && y >= at.y0 && y < at.y1;
        keep_base(j, y, out.x0, hit && at.x0 < out.x1 ? at.x0 : out.x1);
        if (p->tile)
            tile_row(j, &l, y);
        else if (hit)
            lay_at(j, &l, at.x0, y, y - at.y0);
        if (hit) keep_base(j, y, at.x1 > out.x0 ? at.x1 : out.x0, out.x1);
    }
    return KAL_OK;
}

// Nothing lies on the base; or both are opaque, then it is insert (which would keep calling a mask a mask).
static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_composite_p *p = c->params;
    if (p->tile || c->extent.model != c->in[1]->extent.model) return false;
    if (kal_rect_empty(kal_rect_clip(place(c), kal_rect_all(&c->extent)))) {
        to->same = c->in[1];
        return true;
    }
    const kal__lay l = kal__lay_of(p->mode, p->opacity, &c->in[0]->extent, &c->extent);
    if (!kal__lay_replaces(&l)) return false;
    kal_insert_p *insert = room;
    *insert = kal_insert_defaults();
    insert->x = p->x;
    insert->y = p->y;
    *to = (kal_folded){.op = &kal__op_insert, .params = insert, .n = 2, .in = {c->in[0], c->in[1]}};
    return true;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    const kal_composite_p *p = c->params;
    kal__map_shift(i ? 0 : p->x, i ? 0 : p->y, m);
    return i || !p->tile;
}

#define PARAMS kal_composite_p
static const kal_param params[] = {KAL_COMPOSITE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_composite = {
    .name = "composite",
    .version = 3,
    .family = "arithmetic",
    .help =
        "The image laid on the base at x, y, or where gravity puts it\n"
        "Straight alpha on both sides; an image without alpha is opaque. The operators of Porter and Duff "
        "and the\n"
        "blend modes of W3C's Compositing and Blending. The result has the base's size and channels; what "
        "sticks\n"
        "out is cut off, and where the image does not lie the base stays, in every mode. over is exact "
        "rationals,\n"
        "rounded half up once. With a gravity, x and y are offsets inwards from its edges. A watermark:\n"
        "composite photo tile=true gap=40 opacity=0.2.",
    .inputs = "image base",
    KAL__PARAMS(params, kal_composite_p),
    .flags = KAL_OP_IN_PLACE,
    .cost = 1,
    .extent = extent,
    .need = need,
    .touches = place,
    .fold = fold,
    .map = map,
    .prepare = prepare,
    .release = free,
    .tables = tables,
    .scratch = scratch,
    .run = run,
    .samples =
        KAL__SAMPLES("", "x=1 y=1", "x=-2 y=3", "x=3 y=-1", "mode=multiply opacity=0.5", "x=2 mode=xor",
                     "mode=soft_light x=-3 y=2", "mode=plus", "gravity=southeast x=1 y=2 mode=clear",
                     "tile=true x=-40 y=3", "tile=true x=5 gap=3 mode=color_dodge opacity=0.7",
                     "mode=color_burn", "mode=atop opacity=0.25", "mode=hue",
                     "mode=saturation opacity=0.5 x=2", "mode=color", "mode=luminosity x=-1 y=1"),
};
