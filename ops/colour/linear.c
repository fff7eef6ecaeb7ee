// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// linear: out = in · scale + offset for every colour channel; alpha stays. 8 and 16 bits work in doubles, round half up and
// saturate. f32 works in floats: scale and offset become floats once, the product is rounded and so is the sum, which is within
// 2⁻²² · (|in · scale| + |offset|) of the formula as long as the product is no denormal. Never one fused step, which would be other
// floats.
#include "channels.h"
#include "kernels.h"
#include "tone.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_linear_p *p = params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    kal_status st = kal__check_per_channel("linear", "scale", p->scale, out, false, err);
    if (!st) st = kal__check_per_channel("linear", "offset", p->offset, out, false, err);
    return st ? st : kal__check_type("linear", out, err);
}

static bool all(kal_list l, double v)
{
    for (int32_t i = 0; i < l.n; i++)
        if (l.v[i] != v) return false;
    return true;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_linear_p *p = c->params;
    if (!all(p->scale, 1) || !all(p->offset, 0)) return false;
    to->same = c->in[0];
    return true;
}

static void curve(const kal_call *c, int32_t channel, double *v, size_t n)
{
    const kal_linear_p *p = c->params;
    const double scale = kal__per_channel(p->scale, channel, 1),
                 offset = kal__per_channel(p->offset, channel, 0);
    for (size_t i = 0; i < n; i++) v[i] = v[i] * scale + offset;
}

static void linear_f32(const kal_call *c, int32_t channel, float *dst, const float *src, size_t n,
                       size_t step)
{
    const kal_linear_p *p = c->params;
    const float scale = (float)kal__per_channel(p->scale, channel, 1),
                offset = (float)kal__per_channel(p->offset, channel, 0);
    if (step == 1)
        kal__kernels()->scale_f32(dst, src, n, scale, offset);
    else
        for (size_t i = 0; i < n; i++) dst[i * step] = src[i * step] * scale + offset;
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_linear_p *p = c->params;
    return kal__tone_new(c, curve, linear_f32, p->scale.n <= 1 && p->offset.n <= 1, state, err);
}

#define PARAMS kal_linear_p
static const kal_param params[] = {KAL_LINEAR_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_linear = {
    .name = "linear",
    .version = 2,
    .family = "colour",
    .help = "Brightness and contrast: in · scale + offset in every colour channel; alpha stays\n"
            "8 and 16 bits round half up and saturate; f32 is computed in floats, product and sum each\n"
            "rounded, and not clamped.",
    .inputs = "image",
    KAL__PARAMS(params, kal_linear_p),
    .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,
    .cost = 0.5f,
    .extent = extent,
    .fold = fold,
    .prepare = prepare,
    .release = kal__tone_free,
    .run = kal__tone_run,
    .samples = KAL__SAMPLES("scale=1.5", "offset=-20.5", "scale=-1 offset=200", "scale=0.33 offset=0.2"),
};
