// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// crops: the boxes of an image, each brought to one size, below one another:
//
//     out(x, y) = resize(crop(image, box i), width, height)(x, y − i · height)      i = floor(y / height)
//
// by the kernel of resize, so that it is a column of crops and resizes bit for bit.
#include "part.h"

static int32_t count(const kal_call *c)
{
    return kal__n_boxes(((const kal_crops_p *)c->params)->boxes);
}

static kal_status part_of(const kal_call *c, int32_t i, kal__part *p, kal_error *err)
{
    const kal_crops_p *q = c->params;
    const kal_rect at = kal__whole_box(q->boxes, i);
    return kal__part_make(p, &c->in[0]->extent, at.x1 - at.x0, at.y1 - at.y0, q->width, q->height, q->kernel,
                          err);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_crops_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    if (p->height == KAL_AUTO) p->height = p->width;
    kal_status st = kal__check_inside("crops", p->boxes, in->width, in->height, err);
    if (!st && in->type == KAL_U32 && p->kernel != KAL_NEAREST) st = kal__refuse_mixing("crops", in, err);
    if (!st && (int64_t)p->height * kal__n_boxes(p->boxes) > KAL_MAX_SIDE)
        st = kal_fail(err, KAL_INVALID, "crops: %d boxes of %d rows are too many", kal__n_boxes(p->boxes),
                      p->height);
    if (st) return st;
    if (in->model == KAL_MASK) p->kernel = KAL_NEAREST;
    *out = *in;
    out->width = p->width;
    out->height = p->height * kal__n_boxes(p->boxes);
    return KAL_OK;
}

// What of cell i lies in `out`, in the cell's own coordinates.
static kal_rect cell_of(const kal_crops_p *p, int32_t i, kal_rect out)
{
    const kal_rect cell = {0, i * p->height, p->width, (i + 1) * p->height};
    return kal_rect_shift(kal_rect_clip(out, cell), 0, -cell.y0);
}

static kal_rect need(const kal_call *c, int32_t k, kal_rect out)
{
    (void)k;
    const kal_crops_p *p = c->params;
    kal_rect all = {0, 0, 0, 0};
    for (int32_t i = out.y0 / p->height; i * p->height < out.y1; i++) {
        kal__part part;
        const kal_rect at = kal__whole_box(p->boxes, i);
        if (part_of(c, i, &part, NULL)) continue;   // never: extent has made each
        all = kal_rect_join(all, kal_rect_shift(kal__part_need(&part, cell_of(p, i, out)), at.x0, at.y0));
    }
    return all;
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    return kal__parts_prepare(c, count(c), part_of, state, err);
}

static size_t tables(const kal_call *c)
{
    return kal__parts_tables(c, count(c), part_of);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    return kal__parts_scratch(c, count(c), part_of, width, height);
}

static kal_status run(const kal_job *j)
{
    const kal_crops_p *p = j->call->params;
    const kal__parts *b = j->state;
    const kal_rect out = j->out->rect;
    kal_status st = KAL_OK;
    for (int32_t i = out.y0 / p->height; !st && i * p->height < out.y1; i++) {
        const kal_rect at = kal__whole_box(p->boxes, i), cell = cell_of(p, i, out);
        const kal_rect seen = kal__part_need(&b->parts[i], cell);
        const kal_tile in = kal__tile_part(&j->in[0], kal_rect_shift(seen, at.x0, at.y0), -at.x0, -at.y0);
        const kal_tile to = kal__tile_part(j->out, kal_rect_shift(cell, 0, i * p->height), 0, -i * p->height);
        st = kal__part_run(&b->parts[i], &in, &to, j->scratch, j->err);
    }
    return st;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)c, (void)i, (void)m;
    return false;   // to as many places as there are boxes
}

#define PARAMS kal_crops_p
static const kal_param params[] = {KAL_CROPS_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_crops = {
    .name = "crops",
    .version = 1,
    .family = "geometry",
    .help = "Parts of the image, all of one size, below one another\n"
            "Each box is cropped and resized, as many as there are: a batch, for a model that wants one. In "
            "memory the parts lie one\n"
            "behind the other. crops photo (mask_boxes m) 512 512. What was done to them comes back with "
            "uncrops.",
    .inputs = "image",
    KAL__PARAMS(params, kal_crops_p),
    .cost = 2,
    .extent = extent,
    .need = need,
    .map = map,
    .prepare = prepare,
    .release = kal__parts_release,
    .tables = tables,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("[1 1 9 6 3 0 12 9] 7 5", "[0 0 1 1 2.5 0.5 8 4.5] 11 kernel=bilinear",
                            "[0 0 1 1] 3 2 kernel=nearest", "[2 1 9 6 0 0 7 5] 7 5"),
};
