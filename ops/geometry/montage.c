// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// montage: images on a grid of equal cells, row by row. Cell i has its corner at ((i mod columns)·(w + gap), (i / columns)·(h + gap)); an image
// smaller than its cell lies in it where gravity says, an odd pixel to the right or bottom. Exact.
//
// replicate: the image over and over, columns × rows of it. It becomes embed with edge=wrap.
#include "channels.h"
#include "fill.h"

extern const kal_op kal__op_embed;

// ---- montage ------------------------------------------------------------------------------------

// The least number of columns that makes the grid at least as wide as high, in cells.
static int32_t square_columns(int32_t n)
{
    int32_t columns = 1;
    while ((int64_t)columns * columns < n) columns++;
    return columns;
}

static kal_status same_kind(const kal_call *c, kal_extent *out, kal_error *err)
{
    const kal_extent *a = &c->in[0]->extent;
    *out = *a;
    for (int32_t i = 1; i < c->n; i++) {
        const kal_extent *b = &c->in[i]->extent;
        if (b->type != a->type || b->channels != a->channels || b->alpha != a->alpha)
            return kal_fail(
                err, KAL_INVALID,
                "montage: image %d is of another kind than the first: %s with %d channels, not %s with "
                "%d; use cast or to_rgb",
                i + 1, kal_type_name(b->type), b->channels, kal_type_name(a->type), a->channels);
        if (b->model != KAL_MASK) kal__unmask(out);
    }
    return KAL_OK;
}

// Cells that were not given are as large as the largest image.
static kal_status cells(const kal_call *c, kal_montage_p *p, kal_error *err)
{
    int32_t w = 1, h = 1;
    for (int32_t i = 0; i < c->n; i++) {
        const kal_extent *e = &c->in[i]->extent;
        if (e->width > w) w = e->width;
        if (e->height > h) h = e->height;
    }
    if (p->columns == KAL_AUTO) p->columns = square_columns(c->n);
    if (p->width == KAL_AUTO) p->width = w;
    if (p->height == KAL_AUTO) p->height = h;
    if (p->width >= w && p->height >= h) return KAL_OK;
    return kal_fail(err, KAL_INVALID,
                    "montage: images of up to %d×%d do not fit into cells of %d×%d; use fit first", w, h,
                    p->width, p->height);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_montage_p *p = params;
    kal_status st = same_kind(c, out, err);
    if (!st) st = cells(c, p, err);
    if (st) return st;
    const int64_t rows = (c->n + p->columns - 1) / p->columns;
    const int64_t w = (int64_t)p->columns * p->width + (int64_t)(p->columns - 1) * p->gap,
                  h = rows * p->height + (rows - 1) * p->gap;
    if (w > KAL_MAX_SIDE || h > KAL_MAX_SIDE)
        return kal_fail(err, KAL_INVALID, "montage: the result would be over %d pixels long", KAL_MAX_SIDE);
    out->width = (int32_t)w;
    out->height = (int32_t)h;
    return kal__check_fill("montage", p->color, out, err);
}

static kal_rect place(const kal_call *c, int32_t i)
{
    const kal_montage_p *p = c->params;
    const kal_extent *e = &c->in[i]->extent;
    return kal_rect_shift(
        kal_rect_all(e),
        i % p->columns * (p->width + p->gap) + kal__gravity_start(p->width - e->width, p->gravity, false),
        i / p->columns * (p->height + p->gap) + kal__gravity_start(p->height - e->height, p->gravity, true));
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    const kal_rect at = place(c, i), r = kal_rect_clip(out, at);
    return kal_rect_empty(r) ? r : kal_rect_shift(r, -at.x0, -at.y0);
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    const kal_rect at = place(c, i);
    kal__map_shift(at.x0, at.y0, m);
    return true;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_extent *in = &c->in[0]->extent;
    if (c->n != 1 || in->width != c->extent.width || in->height != c->extent.height) return false;
    to->same = c->in[0];
    return true;
}

static void put_row(const kal_job *j, int32_t i, int32_t y)
{
    const kal_rect o = j->out->rect, at = place(j->call, i);
    const kal_rect r = kal_rect_clip(at, kal_rect_of(o.x0, y, o.x1, y + 1));
    if (kal_rect_empty(r)) return;
    memcpy(kal_at(j->out, r.x0, y), kal_at(&j->in[i], r.x0 - at.x0, y - at.y0),
           (size_t)(r.x1 - r.x0) * (size_t)j->out->pixel);
}

static kal_status run(const kal_job *j)
{
    const kal_montage_p *p = j->call->params;
    const kal_rect o = j->out->rect;
    unsigned char pixel[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(p->color, &j->call->extent, true, pixel);
    for (int32_t y = o.y0; y < o.y1; y++) {
        const int64_t first = (int64_t)(y / (p->height + p->gap)) * p->columns;
        kal__fill_pixels(kal_row(j->out, y), pixel, (size_t)j->out->pixel, (size_t)(o.x1 - o.x0));
        for (int64_t i = first; i < first + p->columns && i < j->call->n; i++) put_row(j, (int32_t)i, y);
    }
    return KAL_OK;
}

#define PARAMS kal_montage_p
static const kal_param params[] = {KAL_MONTAGE_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_montage = {
    .name = "montage",
    .version = 1,
    .family = "geometry",
    .help = "Images on a grid of equal cells, row by row\n"
            "Cells are as large as the largest image, or as said. All images have the same sample type and "
            "channels. What\n"
            "is left over has the colour: black, transparent with alpha.",
    .inputs = "images...",
    KAL__PARAMS(params, kal_montage_p),
    .cost = 0.2f,
    .extent = extent,
    .need = need,
    .fold = fold,
    .map = map,
    .run = run,
    .samples = KAL__SAMPLES("", "columns=3 gap=2 color=255", "columns=1 gravity=southeast",
                            "columns=5 gravity=west"),
};

// ---- replicate ---------------------------------------------------------------------------------------

static kal_status replicate_extent(const kal_call *c, void *params_, kal_extent *out, kal_error *err)
{
    const kal_replicate_p *p = params_;
    *out = c->in[0]->extent;
    const int64_t w = (int64_t)out->width * p->columns, h = (int64_t)out->height * p->rows;
    if (w > KAL_MAX_SIDE || h > KAL_MAX_SIDE)
        return kal_fail(err, KAL_INVALID, "replicate: the result would be over %d pixels long", KAL_MAX_SIDE);
    out->width = (int32_t)w;
    out->height = (int32_t)h;
    return KAL_OK;
}

static bool replicate_fold(const kal_call *c, kal_folded *to, void *room)
{
    kal_embed_p *embed = room;
    *embed = kal_embed_defaults();
    embed->width = c->extent.width;
    embed->height = c->extent.height;
    embed->edge = KAL_EDGE_WRAP;
    *to = (kal_folded){.op = &kal__op_embed, .params = embed, .n = 1, .in = {c->in[0]}};
    return true;
}

static kal_status replicate_run(const kal_job *j)
{
    return kal_fail(j->err, KAL_INTERNAL, "replicate was not folded");
}

#define PARAMS kal_replicate_p
static const kal_param replicate_params[] = {KAL_REPLICATE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_replicate = {
    .name = "replicate",
    .version = 1,
    .family = "geometry",
    .help = "The image over and over, beside and below itself\nIt is an embed with edge=wrap.",
    .inputs = "image",
    KAL__PARAMS(replicate_params, kal_replicate_p),
    .cost = 0.2f,
    .extent = replicate_extent,
    .fold = replicate_fold,
    .run = replicate_run,
    .samples = KAL__SAMPLES("2 3", "columns=4", "rows=2"),
};
