// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// threshold: a mask (u8, one channel), 255 where any colour channel is above the value, else 0. Alpha is not
// looked at. Unset, the value is half of full scale: 127.5, 32767.5 or 0.5.
#include "fmath.h"
#include "op.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_threshold_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    *out = (kal_extent){in->width, in->height, 1, KAL_U8, KAL_MASK, false};
    if (p->value == KAL_AUTO) p->value = kal_type_max(in->type) / 2;
    return kal__check_type("threshold", in, true, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->in[0]->extent.model != KAL_MASK || ((const kal_threshold_p *)c->params)->value >= 255)
        return false;
    to->same = c->in[0];
    return true;
}

// Integers: above the value is above its whole part.
static void above_u8_c(uint8_t *dst, const uint8_t *src, size_t n, size_t channels, size_t colours,
                       int32_t limit)
{
    if (channels == 1)
        for (size_t i = 0; i < n; i++) dst[i] = src[i] > limit ? 255 : 0;
    else if (channels == 3 && colours == 3)
        for (size_t i = 0; i < n; i++)
            dst[i] = ((src[3 * i] > limit) | (src[3 * i + 1] > limit) | (src[3 * i + 2] > limit)) ? 255 : 0;
    else if (channels == 4 && colours == 3)
        for (size_t i = 0; i < n; i++)
            dst[i] = ((src[4 * i] > limit) | (src[4 * i + 1] > limit) | (src[4 * i + 2] > limit)) ? 255 : 0;
    else
        for (size_t i = 0; i < n; i++) {
            bool any = false;
            for (size_t k = 0; k < colours; k++) any |= src[i * channels + k] > limit;
            dst[i] = any ? 255 : 0;
        }
}

static void above_u16_c(uint8_t *dst, const uint16_t *src, size_t n, size_t channels, size_t colours,
                        int32_t limit)
{
    for (size_t i = 0; i < n; i++) {
        bool any = false;
        for (size_t k = 0; k < colours; k++) any |= src[i * channels + k] > limit;
        dst[i] = any ? 255 : 0;
    }
}

static void above_f32_c(uint8_t *dst, const float *src, size_t n, size_t channels, size_t colours,
                        double limit)
{
    for (size_t i = 0; i < n; i++) {
        bool any = false;
        for (size_t k = 0; k < colours; k++) any |= (double)src[i * channels + k] > limit;
        dst[i] = any ? 255 : 0;
    }
}

static kal_status run(const kal_job *j)
{
    const kal_extent *in = &j->call->in[0]->extent;
    const double value = ((const kal_threshold_p *)j->call->params)->value;
    const int32_t whole = (int32_t)kal__floor(value);
    const size_t n = (size_t)kal_tile_width(j->out), channels = (size_t)in->channels,
                 colours = (size_t)kal__colours(in);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        uint8_t *dst = kal_row(j->out, y);
        const void *src = kal_row(&j->in[0], y);
        if (in->type == KAL_U8)
            above_u8_c(dst, src, n, channels, colours, whole);
        else if (in->type == KAL_U16)
            above_u16_c(dst, src, n, channels, colours, whole);
        else
            above_f32_c(dst, src, n, channels, colours, value);
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
