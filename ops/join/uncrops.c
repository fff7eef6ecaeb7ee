// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// uncrops: parts below one another, as crops made them, each resized to its box and put back on the base; the same as one uncrop after the
// other, bit for bit, so that where boxes overlap the later lies over the earlier.
#include "channels.h"
#include "part.h"
#include "paste.h"
#include "seam.h"

static int32_t count(const kal_call *c)
{
    return kal__n_boxes(((const kal_uncrops_p *)c->params)->boxes);
}

static int32_t height_of(const kal_call *c)
{
    return c->in[0]->extent.height / count(c);
}

static kal_status part_of(const kal_call *c, int32_t i, kal__part *p, kal_error *err)
{
    const kal_uncrops_p *q = c->params;
    const kal_extent *in = &c->in[0]->extent;
    const kal_rect at = kal__whole_box(q->boxes, i);
    return kal__part_make(p, in, in->width, height_of(c), at.x1 - at.x0, at.y1 - at.y0, q->resize, err);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_uncrops_p *p = params;
    const kal_extent *in = &c->in[0]->extent, *base = &c->in[1]->extent;
    *out = *base;
    if (in->model != KAL_MASK || p->feather) kal__unmask(out);
    kal_status st = kal__check_paste("uncrops", c, err);
    if (!st) st = kal__check_inside("uncrops", p->boxes, base->width, base->height, err);
    if (!st && p->feather) st = kal__check_type("uncrops with feather", base, err);
    if (!st && in->type == KAL_U32 && p->resize != KAL_NEAREST) st = kal__refuse_mixing("uncrops", in, err);
    if (!st && in->height % kal__n_boxes(p->boxes))
        st = kal_fail(err, KAL_INVALID, "uncrops: the image has %d rows, which are no %d parts of one height",
                      in->height, kal__n_boxes(p->boxes));
    if (!st && in->model == KAL_MASK) p->resize = KAL_NEAREST;
    return st;
}

static kal_rect need(const kal_call *c, int32_t k, kal_rect out)
{
    const kal_uncrops_p *p = c->params;
    kal_rect all = {0, 0, 0, 0};
    if (k == 1) return out;
    for (int32_t i = 0; i < kal__n_boxes(p->boxes); i++) {
        kal__part part;
        const kal_rect at = kal__whole_box(p->boxes, i), hit = kal_rect_clip(out, at);
        if (kal_rect_empty(hit) || part_of(c, i, &part, NULL)) continue;
        const kal_rect seen = kal__part_need(&part, kal_rect_shift(hit, -at.x0, -at.y0));
        all = kal_rect_join(all, kal_rect_shift(seen, 0, i * height_of(c)));
    }
    return all;
}

static kal_rect touches(const kal_call *c)
{
    const kal_uncrops_p *p = c->params;
    kal_rect all = {0, 0, 0, 0};
    for (int32_t i = 0; i < kal__n_boxes(p->boxes); i++)
        all = kal_rect_join(all, kal__whole_box(p->boxes, i));
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

// A part's pixels in the job's rectangle, to a whole cache line.
static size_t bytes_of(const kal_call *c, int32_t width, int32_t height)
{
    return ((size_t)width * (size_t)height * kal_pixel_size(&c->extent) + 63) / 64 * 64;
}

// They come first, then what resizing wants.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    return bytes_of(c, width, height) + kal__parts_scratch(c, count(c), part_of, width, height);
}

static void lay(const kal_job *j, const kal_tile *part, kal_rect at)
{
    const kal_extent *e = &j->call->extent;
    const int32_t feather = ((const kal_uncrops_p *)j->call->params)->feather;
    const kal__seam sx = kal__seam_of(feather, at.x0, at.x1, e->width),
                    sy = kal__seam_of(feather, at.y0, at.y1, e->height);
    const int64_t den = (int64_t)(sx.w + 1) * (sy.w + 1);
    const size_t pixel = (size_t)part->pixel;
    for (int32_t y = part->rect.y0; y < part->rect.y1; y++) {
        unsigned char *dst = kal_at(j->out, part->rect.x0 + at.x0, y + at.y0), *src = kal_row(part, y);
        const int64_t ay = kal__seam_weight(&sy, y);
        for (int32_t x = part->rect.x0; x < part->rect.x1; x++, dst += pixel, src += pixel) {
            const int64_t num = ay * kal__seam_weight(&sx, x);
            if (num == den)
                memcpy(dst, src, pixel);
            else
                kal__seam_pixel(dst, src, dst, e, num, den);
        }
    }
}

static kal_status put_back(const kal_job *j, int32_t i)
{
    const kal_uncrops_p *p = j->call->params;
    const kal_rect out = j->out->rect, at = kal__whole_box(p->boxes, i), hit = kal_rect_clip(out, at);
    if (kal_rect_empty(hit)) return KAL_OK;
    const kal__part *part = &((const kal__parts *)j->state)->parts[i];
    const kal_rect here = kal_rect_shift(hit, -at.x0, -at.y0), seen = kal__part_need(part, here);
    const int32_t y0 = i * height_of(j->call);
    const kal_tile in = kal__tile_part(&j->in[0], kal_rect_shift(seen, 0, y0), 0, -y0);
    const kal_tile to = {.rect = here,
                         .data = j->scratch,
                         .stride = (ptrdiff_t)(here.x1 - here.x0) * j->out->pixel,
                         .ring = here.y1 - here.y0,
                         .pixel = j->out->pixel};
    unsigned char *room = (unsigned char *)j->scratch + bytes_of(j->call, out.x1 - out.x0, out.y1 - out.y0);
    const kal_status st = kal__part_run(part, &in, &to, room, j->err);
    if (!st) lay(j, &to, at);
    return st;
}

static kal_status run(const kal_job *j)
{
    const size_t row = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        memcpy(kal_row(j->out, y), kal_row(&j->in[1], y), row);
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < ((const kal__parts *)j->state)->n && !st; i++) st = put_back(j, i);
    return st;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)c;
    kal__map_shift(0, 0, m);
    return i == 1;   // parts lie where their boxes say, each elsewhere
}

#define PARAMS kal_uncrops_p
static const kal_param params[] = {KAL_UNCROPS_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_uncrops = {
    .name = "uncrops",
    .version = 2,
    .family = "geometry",
    .help = "Processed parts, as crops made them, back into their places on the base\n"
            "Each is resized to its box and laid on with a seam, as uncrop does it, the later over the "
            "earlier. Without a base, text\n"
            "finds the nearest crops upstream and takes base and boxes from it.",
    .inputs = "image base",
    KAL__PARAMS(params, kal_uncrops_p),
    .cost = 2,
    .extent = extent,
    .need = need,
    .touches = touches,
    .map = map,
    .prepare = prepare,
    .release = kal__parts_release,
    .tables = tables,
    .scratch = scratch,
    .run = run,
    .undoes = "crops",
    .samples =
        KAL__SAMPLES("[1 1 9 6]", "[2 0 5 3] feather=2", "[0 0 12 8] feather=3 resize=bilinear",
                     "[3 3 4 4] resize=nearest", "[1 1 9 6 0 0 4 4 3 3 8 7] feather=2 resize=bilinear"),
};
