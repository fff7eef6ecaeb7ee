// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// to_linear and from_linear: the curve of sRGB, see srgb.h, for every colour channel; alpha stays. f32 is within a relative 1e-7 of the
// formula, 8 and 16 bits round half up.
#include "colour/tone.h"
#include "srgb.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return kal__check_type(c->op->name, out, err);
}

#define CURVE(name, f)                                                                \
    KAL__INLINE void name##_body(double *v, size_t n, double max)                     \
    {                                                                                 \
        for (size_t i = 0; i < n; i++) v[i] = max * f(v[i] / max);                    \
    }                                                                                 \
    KAL__VARIANTS(name, (double *v, size_t n, double max), (v, n, max))               \
    static void name##_curve(const kal_call *c, int32_t k, double *v, size_t n)       \
    {                                                                                 \
        (void)k;                                                                      \
        name(v, n, kal_type_max(c->extent.type));                                     \
    }                                                                                 \
    static kal_status name##_prepare(const kal_call *c, void **state, kal_error *err) \
    {                                                                                 \
        return kal__tone_new(c, name##_curve, NULL, true, state, err);                \
    }
CURVE(light, kal__light)
CURVE(sample, kal__sample)

#define OP(NAME, WHICH, HELP)                          \
    const kal_op kal__op_##NAME = {                    \
        .name = #NAME,                                 \
        .version = 1,                                  \
        .family = "colour spaces",                     \
        .help = HELP,                                  \
        .inputs = "image",                             \
        .params_size = sizeof(kal_##NAME##_p),         \
        .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE, \
        .cost = 2,                                     \
        .extent = extent,                              \
        .prepare = WHICH##_prepare,                    \
        .release = kal__tone_free,                     \
        .run = kal__tone_run,                          \
        .samples = KAL__SAMPLES(""),                   \
    }
OP(to_linear, light,
   "Amounts of light in place of sRGB samples, for sums and means of light; alpha stays\n"
   "8 bits cannot tell dark tones apart then: cast type=f32 or u16 before. f32 below 0 goes on in a "
   "straight\n"
   "line, above 1 along the curve.");
OP(from_linear, sample, "sRGB samples of amounts of light, as to_linear gives them; alpha stays");
