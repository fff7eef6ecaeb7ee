// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// threshold: a mask (u8, one channel), 255 where any colour channel is above the value, else 0. Alpha is not
// looked at. Unset, the value is half of full scale: 127.5, 32767.5 or 0.5.
#include "fmath.h"
#include "kernels.h"
#include "op.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_threshold_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    *out = (kal_extent){in->width, in->height, 1, KAL_U8, KAL_MASK, false};
    if (p->value == KAL_AUTO) p->value = kal_type_max(in->type) / 2;
    if (in->type != KAL_F32 && in->type != KAL_U32 && p->value > kal_type_max(in->type))
        return kal_fail(err, KAL_INVALID, "threshold: value=%g is above full scale, %g; nothing can be",
                        p->value, kal_type_max(in->type));
    return kal__check_type("threshold", in, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->in[0]->extent.model != KAL_MASK || ((const kal_threshold_p *)c->params)->value >= 255)
        return false;
    to->same = c->in[0];
    return true;
}

void kal__above_rgb_u8_c(uint8_t *dst, const uint8_t *src, size_t n, uint8_t least)
{
    for (size_t i = 0; i < n; i++, src += 3)
        dst[i] = ((src[0] >= least) | (src[1] >= least) | (src[2] >= least)) ? 255 : 0;
}

void kal__above_rgba_u8_c(uint8_t *dst, const uint8_t *src, size_t n, uint8_t least)
{
    for (size_t i = 0; i < n; i++, src += 4)
        dst[i] = ((src[0] >= least) | (src[1] >= least) | (src[2] >= least)) ? 255 : 0;
}

#define ABOVE_ONE(type, T, L)                                                                        \
    KAL__INLINE void above_one_##type##_body(uint8_t *restrict dst, const T *restrict src, size_t n, \
                                             L limit)                                                \
    {                                                                                                \
        for (size_t i = 0; i < n; i++) dst[i] = (L)src[i] > limit ? 255 : 0;                         \
    }                                                                                                \
    KAL__VARIANTS(above_one_##type, (uint8_t * dst, const T *src, size_t n, L limit), (dst, src, n, limit))
ABOVE_ONE(u16, uint16_t, int32_t)
ABOVE_ONE(f32, float, double)

#define ABOVE(type, T, L)                                                                            \
    KAL__INLINE void above_##type##_body(uint8_t *restrict dst, const T *restrict src, size_t n,     \
                                         size_t channels, size_t colours, L limit)                   \
    {                                                                                                \
        for (size_t i = 0; i < n; i++) {                                                             \
            bool any = false;                                                                        \
            for (size_t k = 0; k < colours; k++) any |= (L)src[i * channels + k] > limit;            \
            dst[i] = any ? 255 : 0;                                                                  \
        }                                                                                            \
    }                                                                                                \
    KAL__VARIANTS(above_##type,                                                                      \
                  (uint8_t * dst, const T *src, size_t n, size_t channels, size_t colours, L limit), \
                  (dst, src, n, channels, colours, limit))
ABOVE(u8, uint8_t, int32_t)
ABOVE(u16, uint16_t, int32_t)
ABOVE(f32, float, double)

// Bytes compared as bytes.
KAL__INLINE void above_byte_body(uint8_t *restrict dst, const uint8_t *restrict src, size_t n, uint8_t least)
{
    for (size_t i = 0; i < n; i++) dst[i] = src[i] >= least ? 255 : 0;
}
KAL__VARIANTS(above_byte, (uint8_t * dst, const uint8_t *src, size_t n, uint8_t least), (dst, src, n, least))

// Integers: above the value is above its whole part.
static void row_u8(uint8_t *dst, const uint8_t *src, size_t n, const kal_extent *e, int32_t limit)
{
    const int32_t colours = kal__colours(e);
    if (limit >= 255)
        memset(dst, 0, n);
    else if (e->channels == 1)
        above_byte(dst, src, n, (uint8_t)(limit + 1));
    else if (colours == 3)
        (e->alpha ? kal__kernels()->above_rgba_u8 : kal__kernels()->above_rgb_u8)(dst, src, n,
                                                                                  (uint8_t)(limit + 1));
    else
        above_u8(dst, src, n, (size_t)e->channels, (size_t)colours, limit);
}

static void row_u16(uint8_t *dst, const uint16_t *src, size_t n, const kal_extent *e, int32_t limit)
{
    if (e->channels == 1)
        above_one_u16(dst, src, n, limit);
    else
        above_u16(dst, src, n, (size_t)e->channels, (size_t)kal__colours(e), limit);
}

static void row_f32(uint8_t *dst, const float *src, size_t n, const kal_extent *e, double limit)
{
    if (e->channels == 1)
        above_one_f32(dst, src, n, limit);
    else
        above_f32(dst, src, n, (size_t)e->channels, (size_t)kal__colours(e), limit);
}

static kal_status run(const kal_job *j)
{
    const kal_extent *in = &j->call->in[0]->extent;
    const double value = ((const kal_threshold_p *)j->call->params)->value;
    const int32_t whole = (int32_t)kal__floor(value);
    size_t n;
    const int32_t rows = kal__rows_together(j, 1, &n);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {
        uint8_t *dst = kal_row(j->out, y);
        const void *src = kal_row(&j->in[0], y);
        if (in->type == KAL_U8)
            row_u8(dst, src, n, in, whole);
        else if (in->type == KAL_U16)
            row_u16(dst, src, n, in, whole);
        else
            row_f32(dst, src, n, in, value);
    }
    return KAL_OK;
}

#define PARAMS kal_threshold_p
static const kal_param params[] = {KAL_THRESHOLD_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_threshold = {
    .name = "threshold",
    .version = 1,
    .family = "colour",
    .help = "A mask of what is brighter than a value: 255 where any colour channel is above it, else 0\n"
            "The value is in the sample's own unit; unset it is half of full scale (127.5 for u8). Alpha\n"
            "is not looked at.",
    .inputs = "image",
    KAL__PARAMS(params, kal_threshold_p),
    .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,
    .cost = 0.5f,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES("", "value=0", "value=0.5", "value=200"),
};
