// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// gray: Rec. 601 luma with 15-bit weights that sum to 32768; alpha stays:
//
//     u8, u16   (9798 R + 19235 G + 3735 B + 16384) >> 15
//     f32       (9798 R + 19235 G + 3735 B) / 32768 in doubles
//
// White stays white, and equal channels keep their value. Three channels of data count as R, G, B; one
// channel of data only gets another name.
#include "channels.h"
#include "kernels.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    const int32_t colours = kal__colours(out);
    if (colours != 1 && colours != 3)
        return kal_fail(err, KAL_INVALID,
                        "gray: the image has %d colour channels; 1 or 3 are needed: choose with band_extract",
                        colours);
    out->channels = 1 + out->alpha;
    out->model = KAL_GRAY;
    return kal__check_type("gray", out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_model model = c->in[0]->extent.model;
    if (kal__colours(&c->in[0]->extent) != 1 || model == KAL_DATA) return false;
    to->same = c->in[0];
    return true;
}

static inline uint8_t luma(const uint8_t *p)
{
    return (uint8_t)((9798u * p[0] + 19235u * p[1] + 3735u * p[2] + 16384) >> 15);
}

void kal__gray_rgb_u8_c(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = luma(src + 3 * i);
}

void kal__gray_rgba_u8_c(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dst[2 * i] = luma(src + 4 * i);
        dst[2 * i + 1] = src[4 * i + 3];
    }
}

// 65535 · 32768 + 16384 still fits 32 bits.
KAL__INLINE void luma_u16_body(uint16_t *restrict dst, size_t step, const uint16_t *restrict src,
                               size_t channels, size_t n)
{
    for (size_t i = 0; i < n; i++, src += channels)
        dst[i * step] = (uint16_t)((9798u * src[0] + 19235u * src[1] + 3735u * src[2] + 16384) >> 15);
}

KAL__VARIANTS(luma_u16, (uint16_t * dst, size_t step, const uint16_t *src, size_t channels, size_t n),
              (dst, step, src, channels, n))

KAL__INLINE void luma_f32_body(float *restrict dst, size_t step, const float *restrict src, size_t channels,
                               size_t n)
{
    for (size_t i = 0; i < n; i++, src += channels)
        dst[i * step] =
            (float)((9798 * (double)src[0] + 19235 * (double)src[1] + 3735 * (double)src[2]) / 32768);
}

KAL__VARIANTS(luma_f32, (float *dst, size_t step, const float *src, size_t channels, size_t n),
              (dst, step, src, channels, n))

static kal_status run(const kal_job *j)
{
    const kal_extent *in = &j->call->in[0]->extent;
    const size_t from = (size_t)in->channels, to = (size_t)j->call->extent.channels;
    size_t n;
    const int32_t rows = kal__rows_together(j, 1, &n);
    const size_t size = kal_type_size(in->type);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {
        unsigned char *dst = kal_row(j->out, y);
        const unsigned char *src = kal_row(&j->in[0], y);
        if (from == to) {
            memcpy(dst, src, n * to * size);
            continue;
        }
        if (in->type == KAL_U8) {
            (from == 3 ? kal__kernels()->gray_rgb_u8 : kal__kernels()->gray_rgba_u8)(dst, src, n);
            continue;
        }
        if (in->type == KAL_U16)
            luma_u16((uint16_t *)(void *)dst, to, (const uint16_t *)(const void *)src, from, n);
        else
            luma_f32((float *)(void *)dst, to, (const float *)(const void *)src, from, n);
        if (in->alpha) kal__copy_channel(dst + size, to, src + 3 * size, from, n, size);
    }
    return KAL_OK;
}

const kal_op kal__op_gray = {
    .name = "gray",
    .version = 1,
    .family = "colour",
    .help = "Luma of a colour image: 0.299 R + 0.587 G + 0.114 B (Rec. 601); alpha stays\n"
            "u8 and u16 use 15-bit weights, (9798 R + 19235 G + 3735 B + 16384) >> 15: white stays white.\n"
            "Data with three channels counts as R, G, B; of another number of colours there is no gray.",
    .inputs = "image",
    .params_size = sizeof(kal_gray_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 0.5f,
    .extent = extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES(""),
};
