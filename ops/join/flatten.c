// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// flatten: the image over a colour g, without its alpha afterwards. 8 and 16 bits with max M, f32 in doubles:
//
//     out = (c a + g (M − a) + (M − 1)/2) / M,  g rounded to a sample first        out = c a + g (1 − a)
//
// M is odd, so there are no halves: the integer formula is the exact result to the nearest.
#include "channels.h"
#include "kernels.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_flatten_p *p = params;
    *out = c->in[0]->extent;
    kal_status st = kal__check_type("flatten", out, err);
    if (!st) st = kal__check_color("flatten", "background", p->background, out, false, err);
    out->channels -= out->alpha;
    out->alpha = false;
    return st;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->in[0]->extent.alpha) return false;
    to->same = c->in[0];
    return true;
}

void kal__flatten_rgba_u8_c(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *under)
{
    for (size_t i = 0; i < n; i++, src += 4, dst += 3)
        for (size_t k = 0; k < 3; k++)
            dst[k] = (uint8_t)((src[k] * src[3] + under[k] * (255u - src[3]) + 127) / 255);
}

#define FLATTEN(type, T, M)                                                                        \
    static void flatten_##type##_c(T *dst, const T *src, size_t n, size_t colours, const T *under) \
    {                                                                                              \
        for (size_t i = 0; i < n; i++, src += colours + 1, dst += colours) {                       \
            const uint32_t a = src[colours];                                                       \
            for (size_t k = 0; k < colours; k++)                                                   \
                dst[k] = (T)((src[k] * a + under[k] * (M - a) + M / 2) / M);                       \
        }                                                                                          \
    }
FLATTEN(u8, uint8_t, 255u)
FLATTEN(u16, uint16_t, 65535u)   // 65535² + 32767 fits 32 bits

static void flatten_f32_c(float *dst, const float *src, size_t n, size_t colours, const float *under)
{
    for (size_t i = 0; i < n; i++, src += colours + 1, dst += colours) {
        const double a = (double)src[colours];
        for (size_t k = 0; k < colours; k++)
            dst[k] = (float)((double)src[k] * a + (double)under[k] * (1 - a));
    }
}

static kal_status run(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    const size_t n = (size_t)kal_tile_width(j->out), colours = (size_t)e->channels;
    _Alignas(4) unsigned char under[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(((const kal_flatten_p *)j->call->params)->background, e, false, under);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        void *dst = kal_row(j->out, y);
        const void *src = kal_row(&j->in[0], y);
        if (e->type == KAL_U8 && colours == 3)
            kal__kernels()->flatten_rgba_u8(dst, src, n, under);
        else if (e->type == KAL_U8)
            flatten_u8_c(dst, src, n, colours, under);
        else if (e->type == KAL_U16)
            flatten_u16_c(dst, src, n, colours, (const uint16_t *)(const void *)under);
        else
            flatten_f32_c(dst, src, n, colours, (const float *)(const void *)under);
    }
    return KAL_OK;
}

#define PARAMS kal_flatten_p
static const kal_param params[] = {KAL_FLATTEN_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_flatten = {
    .name = "flatten",
    .version = 1,
    .family = "channels",
    .help = "The image over a plain colour, without alpha\n"
            "background is in the sample's unit, one value or one per colour channel, or a colour word;\n"
            "unset it is black. An image without alpha is returned as it is.",
    .inputs = "image",
    KAL__PARAMS(params, kal_flatten_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 0.8f,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES("", "background=200", "background=0.5"),
};
