// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// mask_blend and dim: what a mask, hard or soft, lets through. With m the mask's sample over its full scale:
//
//     mask_blend   out = base + m · (image − base)                       in every channel, alpha included
//     dim          out = base · (alpha + (1 − alpha) · m)                in every colour channel; alpha stays
//
// in doubles, in this order; u8 and u16 round half up. Where the mask is full or empty that is exact: the image, or the base; and for
// dim the base, or base · alpha.
#include "channels.h"
#include "mask.h"
#include "paste.h"

// A mask, or one channel of any kind that a soft mask has.
static kal_status check_soft(const kal_call *c, int32_t i, const kal_extent *base, kal_error *err)
{
    const kal_extent *m = &c->in[i]->extent;
    if (m->channels != 1 || m->type == KAL_U32)
        return kal_fail(err, KAL_INVALID, "%s: the mask has one channel of u8, u16 or f32", c->op->name);
    if (m->width == base->width && m->height == base->height) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: the mask is %d×%d and the base %d×%d", c->op->name, m->width,
                    m->height, base->width, base->height);
}

// ---- mask_blend ---------------------------------------------------------------------------------

static kal_status extent_blend(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    const kal_extent *image = &c->in[0]->extent, *base = &c->in[2]->extent;
    *out = *base;
    kal__unmask(out);
    if (image->width != base->width || image->height != base->height || image->type != base->type ||
        image->channels != base->channels || image->alpha != base->alpha)
        return kal_fail(err, KAL_INVALID,
                        "mask_blend: image and base have the same size, type and channels; use crop, cast or "
                        "to_rgb before");
    const kal_status st = check_soft(c, 1, base, err);
    return st ? st : kal__check_type("mask_blend", base, err);
}

static kal_status run_blend(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    const kal_type soft = j->call->in[1]->extent.type;
    const double full = kal_type_max(soft);
    const size_t channels = (size_t)e->channels, n = (size_t)kal_tile_width(j->out);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        void *dst = kal_row(j->out, y);
        const void *image = kal_row(&j->in[0], y), *mask = kal_row(&j->in[1], y),
                   *base = kal_row(&j->in[2], y);
        for (size_t x = 0, i = 0; x < n; x++) {
            const double m = kal__get(mask, soft, x) / full;
            for (size_t k = 0; k < channels; k++, i++) {
                const double b = kal__get(base, e->type, i), v = kal__get(image, e->type, i);
                kal__set(dst, e->type, i, m == 1 ? v : b + m * (v - b));
            }
        }
    }
    return KAL_OK;
}

const kal_op kal__op_mask_blend = {
    .name = "mask_blend",
    .version = 1,
    .family = "masks",
    .help = "The image where the mask is set, the base elsewhere, and a mix where the mask is soft\n"
            "Image and base have the same size, type and channels; the mask has one channel of any type. "
            "Alpha is\n"
            "mixed like the others.",
    .inputs = "image mask base",
    .params_size = sizeof(kal_mask_blend_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 2,
    .extent = extent_blend,
    .run = run_blend,
    .samples = KAL__SAMPLES(""),
};

// ---- dim ----------------------------------------------------------------------------------------

static kal_status extent_dim(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[1]->extent;
    kal__unmask(out);
    const kal_status st = check_soft(c, 0, out, err);
    return st ? st : kal__check_type("dim", out, err);
}

static bool fold_dim(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (((const kal_dim_p *)c->params)->alpha == 1 && c->in[1]->extent.model != KAL_MASK) to->same = c->in[1];
    return to->same != NULL;
}

static kal_status run_dim(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    const kal_type soft = j->call->in[0]->extent.type;
    const double full = kal_type_max(soft), alpha = ((const kal_dim_p *)j->call->params)->alpha;
    const size_t channels = (size_t)e->channels, colours = (size_t)kal__colours(e),
                 n = (size_t)kal_tile_width(j->out);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        void *dst = kal_row(j->out, y);
        const void *mask = kal_row(&j->in[0], y), *base = kal_row(&j->in[1], y);
        for (size_t x = 0; x < n; x++) {
            const double m = kal__get(mask, soft, x) / full, share = m == 1 ? 1 : alpha + (1 - alpha) * m;
            for (size_t k = 0, i = x * channels; k < colours; k++, i++)
                kal__set(dst, e->type, i, kal__get(base, e->type, i) * share);
        }
        kal__keep_alpha(e, dst, base, n);
    }
    return KAL_OK;
}

#define PARAMS kal_dim_p
static const kal_param params[] = {KAL_DIM_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_dim = {
    .name = "dim",
    .version = 1,
    .family = "masks",
    .help = "What lies outside the mask becomes darker\nOf it only the share `alpha` is left; a soft mask "
            "goes over evenly. "
            "Alpha\nchannels stay.",
    .inputs = "mask base",
    KAL__PARAMS(params, kal_dim_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 1.5f,
    .extent = extent_dim,
    .fold = fold_dim,
    .run = run_dim,
    .samples = KAL__SAMPLES("alpha=0.2", "", "alpha=1", "alpha=0"),
};
