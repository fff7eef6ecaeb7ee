// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// gaussian: convolution with w(i) = exp(−i²/2σ²), |i| <= ceil(3σ), normalised, along columns then rows. Arithmetic: sep.h.
#include "channels.h"
#include "sep.h"
#include "space/light.h"

#include "fmath.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_gaussian_p *p = params;
    *out = c->in[0]->extent;
    if (out->model == KAL_MASK) p->light = KAL_LIGHT_STORED;
    kal__unmask(out);
    const kal_status st = kal__check_color("gaussian", "color", p->color, out, true, err);
    return st ? st : kal__check_type("gaussian", out, err);
}

static int32_t radius(const kal_call *c)
{
    return (int32_t)kal__ceil(3 * ((const kal_gaussian_p *)c->params)->sigma);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_gaussian_p *p = c->params;
    return kal__sep_need(c, radius(c), radius(c), (kal_edge)p->edge, out);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_gaussian_p *p = c->params;
    if (!(p->sigma > 0)) {
        to->same = c->in[0];
        return true;
    }
    return kal__light_fold(
        c, (kal__light_fields){offsetof(kal_gaussian_p, light), offsetof(kal_gaussian_p, color)}, to, room);
}
KAL__LIGHT_FITS(kal_gaussian_p);

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_gaussian_p *p = c->params;
    return kal__sep_gaussian(c, p->sigma, (kal_edge)p->edge, p->color, state, err);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    return kal__sep_scratch(c, true, radius(c), radius(c), width);
}

static kal_status run(const kal_job *j)
{
    kal__sep_run(j->state, j->call, j, NULL);
    return KAL_OK;
}

#define PARAMS kal_gaussian_p
static const kal_param params[] = {KAL_GAUSSIAN_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_gaussian = {
    .name = "gaussian",
    .version = 2,
    .family = "filter",
    .help = "Gaussian blur\nRadius ceil(3·sigma). With alpha, colours are weighted by it.",
    .inputs = "image",
    KAL__PARAMS(params, kal_gaussian_p),
    .n_later = 1,
    .cost = 3,
    .extent = extent,
    .need = need,
    .fold = fold,
    .prepare = prepare,
    .release = kal__sep_free,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("sigma=1", "sigma=0.4 edge=mirror", "sigma=2.5 edge=reflect",
                            "sigma=1.2 edge=wrap", "sigma=1.7 edge=fill", "sigma=1 edge=fill color=200",
                            "2 light=linear", "1 edge=fill color=90 light=linear"),
};
