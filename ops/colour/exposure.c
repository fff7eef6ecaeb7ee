// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// brightness, contrast and exposure, for every colour channel; alpha stays:
//
//     brightness   in · factor                                  which is linear, and folds into it
//     contrast     (in − pivot) · factor + pivot                likewise
//     exposure     sample(light(in) · 2^stops), the curve of sRGB there and back (srgb.h); of light it is linear
//
// The first two are Pillow's ImageEnhance.Brightness and Contrast, which cut off what we round half up; its contrast turns about the mean of
// the gray image, rounded: pivot=(photo | gray | mean).
#include "channels.h"
#include "colour/tone.h"
#include "fmath.h"
#include "srgb.h"

extern const kal_op kal__op_linear;

static kal_status plain_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    return kal__check_type(c->op->name, out, err);
}

// scale · in + offset
static bool linear(const kal_call *c, double scale, double offset, kal_folded *to, void *room)
{
    kal_linear_p *p = room;
    double *v = (double *)room + 16;
    v[0] = scale, v[1] = offset;
    *p = (kal_linear_p){.size = sizeof *p, .scale = {v, 1}, .offset = {v + 1, offset != 0}};
    *to = (kal_folded){.op = &kal__op_linear, .params = p, .n = 1, .in = {c->in[0]}};
    return true;
}
_Static_assert(sizeof(kal_linear_p) <= 16 * sizeof(double), "the lists come after it");

static bool brightness_fold(const kal_call *c, kal_folded *to, void *room)
{
    return linear(c, ((const kal_brightness_p *)c->params)->factor, 0, to, room);
}

static kal_status contrast_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_contrast_p *p = params;
    const kal_status st = plain_extent(c, params, out, err);
    if (p->pivot == KAL_AUTO) p->pivot = kal_type_max(out->type) / 2;
    return st;
}

static bool contrast_fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_contrast_p *p = c->params;
    return linear(c, p->factor, p->pivot * (1 - p->factor), to, room);
}

static bool exposure_fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_exposure_p *p = c->params;
    if (p->stops != 0 && !p->linear) return false;
    return linear(c, kal__pow(2, p->stops), 0, to, room);
}

KAL__INLINE void expose_body(double *v, size_t n, double by, double max)
{
    for (size_t i = 0; i < n; i++) v[i] = max * kal__sample(kal__light(v[i] / max) * by);
}
KAL__VARIANTS(expose, (double *v, size_t n, double by, double max), (v, n, by, max))

static void exposure_curve(const kal_call *c, int32_t channel, double *v, size_t n)
{
    (void)channel;
    expose(v, n, kal__pow(2, ((const kal_exposure_p *)c->params)->stops), kal_type_max(c->extent.type));
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    return kal__tone_new(c, exposure_curve, NULL, true, state, err);
}

// brightness and contrast fold and never run.
#define TONE_OP(NAME, LIST, EXTENT, COST, HELP, ...)             \
    static const kal_param NAME##_params[] = {LIST(KAL_SCHEMA)}; \
    const kal_op kal__op_##NAME = {                              \
        .name = #NAME,                                           \
        .version = 1,                                            \
        .family = "tone",                                        \
        .help = HELP,                                            \
        .inputs = "image",                                       \
        KAL__PARAMS(NAME##_params, kal_##NAME##_p),              \
        .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,           \
        .cost = COST,                                            \
        .extent = EXTENT,                                        \
        .fold = NAME##_fold,                                     \
        .prepare = prepare,                                      \
        .release = kal__tone_free,                               \
        .run = kal__tone_run,                                    \
        .samples = KAL__SAMPLES(__VA_ARGS__),                    \
    };
#define PARAMS kal_brightness_p
TONE_OP(brightness, KAL_BRIGHTNESS_PARAMS, plain_extent, 0.5f,
        "Samples times a factor: 0 is black, 1 the image, more than 1 brighter\n"
        "Alpha stays; 8 and 16 bits saturate. exposure does this to light, which keeps dark tones apart.",
        "factor=1.4", "factor=0.35")
#undef PARAMS
#define PARAMS kal_contrast_p
TONE_OP(
    contrast, KAL_CONTRAST_PARAMS, contrast_extent, 0.5f,
    "Distances from a middle tone times a factor: 0 is that tone, 1 the image, more than 1 more contrast\n"
    "pivot is the tone that stays, unset half of full scale; contrast photo 1.5 pivot=(photo | gray | mean) "
    "turns\n"
    "about the photo's own mean. Alpha stays; 8 and 16 bits saturate.",
    "factor=1.5", "factor=0.4 pivot=20.5")
#undef PARAMS
#define PARAMS kal_exposure_p
TONE_OP(exposure, KAL_EXPOSURE_PARAMS, plain_extent, 3,
        "Light times 2^stops: one stop more is twice the light\n"
        "Samples are sRGB and are turned into light and back; with linear=true they are light already, as "
        "to_linear\n"
        "gives it. Alpha stays; 8 and 16 bits saturate.",
        "stops=1", "stops=-1.5", "stops=0.5 linear=true")
#undef PARAMS
