// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// levels, for every colour channel; alpha stays:
//
//     t = clamp((in/max − black) / (white − black), 0, 1)^(1/gamma)
//     out = (out_black + t · (out_white − out_black)) · max
#include "channels.h"
#include "fmath.h"
#include "kernels.h"
#include "tone.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_levels_p *p = params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    if (p->white <= p->black)
        return kal_fail(err, KAL_INVALID,
                        "levels: white=%g must be above black=%g; swap out_black and out_white to invert",
                        p->white, p->black);
    return kal__check_type("levels", out, err);
}

static bool only_clamps(const kal_levels_p *p)
{
    return p->black == 0 && p->white == 1 && p->gamma == 1 && p->out_black == 0 && p->out_white == 1;
}

// f32 would still be clamped.
static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (!only_clamps(c->params) || c->extent.type == KAL_F32) return false;
    to->same = c->in[0];
    return true;
}

static double level(const kal_levels_p *p, double x, double max)
{
    double t = kal__clamp((x / max - p->black) / (p->white - p->black), 0, 1);
    if (p->gamma != 1) t = kal__pow(t, 1 / p->gamma);
    return (p->out_black + t * (p->out_white - p->out_black)) * max;
}

static void curve(const kal_call *c, int32_t channel, double *v, size_t n)
{
    (void)channel;
    const double max = kal_type_max(c->extent.type);
    for (size_t i = 0; i < n; i++) v[i] = level(c->params, v[i], max);
}

// The same without a gamma, max being 1: low + clamp((x − black) / range) · rise
void kal__stretch_f32_c(float *dst, const float *src, size_t n, const double *by)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (float)(by[2] + kal__clamp(((double)src[i] - by[0]) / by[1], 0, 1) * by[3]);
}

// Which needs no doubles, as nothing is rounded; −0 becomes 0, NaN stays. On the bits, since compilers make branches of floats here.
void kal__clamp_f32_c(float *dst, const float *src, size_t n)
{
    const int32_t one = 0x3f800000, infinite = 0x7f800000, quiet = 0x00400000;
    for (size_t i = 0; i < n; i++) {
        int32_t v;
        memcpy(&v, src + i, sizeof v);
        const int32_t above = -(v > one), nan = -((v & INT32_MAX) > infinite);
        const int32_t inside = (above & one) | (~above & (v < 0 ? 0 : v));
        const int32_t r = (nan & (v | quiet)) | (~nan & inside);
        memcpy(dst + i, &r, sizeof r);
    }
}

static void levels_f32(const kal_call *c, int32_t channel, float *dst, const float *src, size_t n,
                       size_t step)
{
    (void)channel;
    const kal_levels_p *p = c->params;
    if (only_clamps(p) && step == 1)
        kal__kernels()->clamp_f32(dst, src, n);
    else if (p->gamma == 1 && step == 1)
        kal__kernels()->stretch_f32(
            dst, src, n,
            (const double[4]){p->black, p->white - p->black, p->out_black, p->out_white - p->out_black});
    else
        for (size_t i = 0; i < n; i++) dst[i * step] = (float)level(p, (double)src[i * step], 1);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    return kal__tone_new(c, curve, levels_f32, true, state, err);
}

#define PARAMS kal_levels_p
static const kal_param params[] = {KAL_LEVELS_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_levels = {
    .name = "levels",
    .version = 1,
    .family = "colour",
    .help = "Black point, white point and middle tones\n"
            "black..white of the input is stretched to out_black..out_white, all as parts of full scale,\n"
            "with a gamma in between (over 1 brightens); what lies outside is clamped, f32 too. Alpha\n"
            "stays. out_black above out_white inverts.",
    .inputs = "image",
    KAL__PARAMS(params, kal_levels_p),
    .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,
    .cost = 1,
    .extent = extent,
    .fold = fold,
    .prepare = prepare,
    .release = kal__tone_free,
    .run = kal__tone_run,
    .samples = KAL__SAMPLES("black=0.1 white=0.9", "gamma=1.8", "black=0.3 white=0.31",
                            "out_black=1 out_white=0.25 gamma=0.5"),
};
