// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// mask_blend and dim: what a mask, hard or soft, lets through. With m the mask's sample over its full scale, within 0..1:
//
//     mask_blend   out = base + m · (image − base)                       in every channel, alpha included
//     dim          out = base · (alpha + (1 − alpha) · m)                in every colour channel; alpha stays
//
// in doubles, in this order; u8 and u16 round half up. Where the mask is full or empty that is exact: the image, or the base; and for
// dim the base, or base · alpha.
#include "channels.h"
#include "cpu.h"
#include "mask.h"

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

// In one row's memory: what of each pixel is let through, 0..1.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)c, (void)height;
    return (size_t)width * sizeof(double);
}

static void let_through(double *share, const void *mask, kal_type type, size_t n)
{
    const double full = kal_type_max(type);
    for (size_t x = 0; x < n; x++) {
        const double m = kal__get(mask, type, x) / full;
        share[x] = m > 0 ? m < 1 ? m : 1 : 0;
    }
}

#define WHOLE(v) (int32_t)((v) + 0.5)   // a mix of samples lies between them, and needs no clamping
#define REAL(v) (v)
#define MIX(type, T, ROUND)                                                                                 \
    KAL__INLINE void mix_##type##_body(T *restrict dst, const T *restrict image, const T *restrict base,    \
                                       const double *restrict share, size_t n, size_t channels)             \
    {                                                                                                       \
        for (size_t x = 0, i = 0; x < n; x++)                                                               \
            for (size_t k = 0; k < channels; k++, i++) {                                                    \
                const double b = (double)base[i], v = (double)image[i];                                     \
                dst[i] = (T)ROUND(share[x] == 1 ? v : share[x] == 0 ? b : b + share[x] * (v - b));          \
            }                                                                                               \
    }                                                                                                       \
    KAL__VARIANTS(mix_##type,                                                                               \
                  (T * dst, const T *image, const T *base, const double *share, size_t n, size_t channels), \
                  (dst, image, base, share, n, channels))                                                   \
    KAL__INLINE void dim_##type##_body(T *restrict dst, const T *restrict base,                             \
                                       const double *restrict share, size_t n, size_t channels)             \
    {                                                                                                       \
        for (size_t x = 0, i = 0; x < n; x++)                                                               \
            for (size_t k = 0; k < channels; k++, i++) dst[i] = (T)ROUND((double)base[i] * share[x]);       \
    }                                                                                                       \
    KAL__VARIANTS(dim_##type, (T * dst, const T *base, const double *share, size_t n, size_t channels),     \
                  (dst, base, share, n, channels))
MIX(u8, uint8_t, WHOLE)
MIX(u16, uint16_t, WHOLE)
MIX(f32, float, REAL)

static kal_status run_blend(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    const size_t channels = (size_t)e->channels, n = (size_t)kal_tile_width(j->out);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        void *dst = kal_row(j->out, y);
        const void *image = kal_row(&j->in[0], y), *base = kal_row(&j->in[2], y);
        let_through(j->scratch, kal_row(&j->in[1], y), j->call->in[1]->extent.type, n);
        if (e->type == KAL_U8)
            mix_u8(dst, image, base, j->scratch, n, channels);
        else if (e->type == KAL_U16)
            mix_u16(dst, image, base, j->scratch, n, channels);
        else
            mix_f32(dst, image, base, j->scratch, n, channels);
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
    .scratch = scratch,
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
    const double alpha = ((const kal_dim_p *)j->call->params)->alpha;
    const size_t channels = (size_t)e->channels, n = (size_t)kal_tile_width(j->out);
    double *share = j->scratch;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        void *dst = kal_row(j->out, y);
        const void *base = kal_row(&j->in[1], y);
        let_through(share, kal_row(&j->in[0], y), j->call->in[0]->extent.type, n);
        for (size_t x = 0; x < n; x++) share[x] = share[x] == 1 ? 1 : alpha + (1 - alpha) * share[x];
        if (e->type == KAL_U8)
            dim_u8(dst, base, share, n, channels);
        else if (e->type == KAL_U16)
            dim_u16(dst, base, share, n, channels);
        else
            dim_f32(dst, base, share, n, channels);
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
    .scratch = scratch,
    .run = run_dim,
    .samples = KAL__SAMPLES("alpha=0.2", "", "alpha=1", "alpha=0"),
};
