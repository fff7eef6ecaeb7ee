// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// gamma: out = max · (in / max)^exponent for every colour channel; alpha stays. f32 below 0 gives 0. A mask
// stays a mask.
#include "fmath.h"
#include "tone.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return kal__check_type("gamma", out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (((const kal_gamma_p *)c->params)->exponent != 1) return false;
    to->same = c->in[0];
    return true;
}

static void curve(const kal_call *c, int32_t channel, double *v, size_t n)
{
    (void)channel;
    const double max = kal_type_max(c->extent.type), exponent = ((const kal_gamma_p *)c->params)->exponent;
    for (size_t i = 0; i < n; i++) v[i] = v[i] <= 0 ? 0 : max * kal__pow(v[i] / max, exponent);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    return kal__tone_new(c, curve, NULL, true, state, err);
}

#define PARAMS kal_gamma_p
static const kal_param params[] = {KAL_GAMMA_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_gamma = {
    .name = "gamma",
    .version = 1,
    .family = "colour",
    .help = "A power curve: max · (in / max)^exponent in every colour channel; alpha stays\n"
            "An exponent under 1 brightens, one over 1 darkens. f32 samples below 0 become 0.",
    .inputs = "image",
    KAL__PARAMS(params, kal_gamma_p),
    .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,
    .cost = 2,
    .extent = extent,
    .fold = fold,
    .prepare = prepare,
    .release = kal__tone_free,
    .run = kal__tone_run,
    .samples = KAL__SAMPLES("exponent=2.2", "exponent=0.4545", "exponent=100"),
};
