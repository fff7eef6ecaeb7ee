// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// otsu: the value that parts a gray image best in dark and bright (N. Otsu, "A threshold selection method from gray-level
// histograms"): the first v at which
//
//     n0 · n1 · (m0 − m1)²        n0, m0: number and mean of the samples up to v; n1, m1: of those above
//
// is greatest. Counts and sums are exact integers, the rest is doubles in this order; threshold sets what is above the value. Alpha is not looked at. Equal to
// OpenCV's THRESH_OTSU for u8 but where two values part equally well within rounding. When all samples are one, it is that one. f32 is counted in
// 65536 steps from 0 to 1, and the value is the upper end of the step.
#include "histogram.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)out;
    const kal_extent *e = &c->in[0]->extent;
    if (kal__colours(e) != 1)
        return kal_fail(err, KAL_INVALID, "otsu: takes one colour channel, and there are %d; use gray before",
                        kal__colours(e));
    return kal__check_type("otsu", e, err);
}

static size_t size(const kal_call *c)
{
    const kal_extent *e = &c->in[0]->extent;
    return (size_t)kal__histogram_steps(e->type) * (size_t)e->channels * sizeof(uint64_t);
}

static kal_status rows(const kal_job *j, void *gathered)
{
    const kal_extent *e = &j->call->in[0]->extent;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        kal__histogram(gathered, kal_row(&j->in[0], y), (size_t)e->width, e);
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)err;
    const uint64_t *count = gathered;
    const bool real = c->in[0]->extent.type == KAL_F32;
    const size_t values = (size_t)kal__histogram_steps(c->in[0]->extent.type);
    uint64_t n = 0, sum = 0, n0 = 0, sum0 = 0;
    size_t first = 0;
    double most = 0, best = 0;
    for (size_t v = 0; v < values; v++) n += count[v], sum += count[v] * v;
    while (first + 1 < values && !count[first]) first++;
    best = (double)first;
    for (size_t v = first; v < values; v++) {
        n0 += count[v], sum0 += count[v] * v;
        if (!count[v] || n0 == n) continue;
        const double a = (double)n0, b = (double)(n - n0),
                     apart = (double)sum0 / a - (double)(sum - sum0) / b, parted = a * b * apart * apart;
        if (parted > most) most = parted, best = (double)v;
    }
    if (kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1)) return KAL_NOMEM;
    out->v[0] = real ? (best + 0.5) / 65535 : best;
    return KAL_OK;
}

static const kal_measure measure = {.kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end};

const kal_op kal__op_otsu = {
    .name = "otsu",
    .version = 1,
    .family = "values",
    .help =
        "The value that parts a gray image best in dark and bright, by Otsu's method\n"
        "A value in the sample's own unit: threshold photo value=(photo | gray | otsu). One colour channel;\n"
        "f32 is counted in 65536 steps from 0 to 1.",
    .inputs = "image",
    .params_size = sizeof(kal_otsu_p),
    .cost = 0.5f,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES(""),
};
