// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// invert: out = white − in for every colour channel (255 − x, 65535 − x, 1 − x); alpha stays. Exact; twice is the identity for
// integers.
#include "channels.h"
#include "kernels.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return kal__check_type("invert", out, err);
}

// Alpha is inverted with the rest and put back after: the loops stay plain.
#define INVERT(type, T, expr)                                                               \
    KAL__INLINE void invert_##type##_body(T *restrict dst, const T *restrict src, size_t n) \
    {                                                                                       \
        for (size_t i = 0; i < n; i++) dst[i] = (T)(expr - src[i]);                         \
    }                                                                                       \
    KAL__VARIANTS(invert_##type, (T * dst, const T *src, size_t n), (dst, src, n))
INVERT(u8, uint8_t, 255)
INVERT(u16, uint16_t, 65535)
INVERT(f32, float, 1.0f)

// White less an integer is each of its bits turned.
void kal__flip_far_c(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)~src[i];
}

static kal_status run(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    const size_t channels = (size_t)e->channels;
    size_t n;
    const int32_t rows = kal__rows_together(j, 1, &n);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {
        void *dst = kal_row(j->out, y);
        const void *src = kal_row(&j->in[0], y);
        if (j->far && e->type != KAL_F32 && !e->alpha)
            kal__kernels()->flip_far(dst, src, n * channels * kal_type_size(e->type));
        else if (e->type == KAL_U8)
            invert_u8(dst, src, n * channels);
        else if (e->type == KAL_U16)
            invert_u16(dst, src, n * channels);
        else
            invert_f32(dst, src, n * channels);
        kal__keep_alpha(e, dst, src, n);
    }
    return KAL_OK;
}

const kal_op kal__op_invert = {
    .name = "invert",
    .version = 1,
    .family = "colour",
    .help = "The negative: white − x in every colour channel; alpha stays",
    .inputs = "image",
    .params_size = sizeof(kal_invert_p),
    .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,
    .cost = 0.1f,
    .extent = extent,
    .run = run,
    .samples = KAL__SAMPLES(""),
};
