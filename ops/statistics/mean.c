// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// mean: the average of each channel. Sums are doubles in the order of the rows, so the result does not depend on tiling; integers up to
// 2^53 in sum are exact.
#include "op.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    (void)out;
    return kal__check_type("mean", &c->in[0]->extent, err);
}

static size_t size(const kal_call *c)
{
    return (size_t)c->in[0]->extent.channels * sizeof(double);
}

static kal_status rows(const kal_job *j, void *gathered)
{
    double *sum = gathered;
    const kal_extent *e = &j->call->in[0]->extent;
    const size_t channels = (size_t)e->channels;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const void *row = kal_row(&j->in[0], y);
        for (size_t i = 0, k = 0; i < (size_t)e->width * channels; i++, k = k + 1 == channels ? 0 : k + 1)
            sum[k] += kal__get(row, e->type, i);
    }
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)err;
    const double *sum = gathered;
    const kal_extent *e = &c->in[0]->extent;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, 1, e->channels)) return KAL_NOMEM;
    for (int32_t i = 0; i < e->channels; i++) out->v[i] = sum[i] / ((double)e->width * e->height);
    return KAL_OK;
}

static const kal_measure measure = {.kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end};

const kal_op kal__op_mean = {
    .name = "mean",
    .version = 2,
    .family = "values",
    .help = "The average of each channel\nA value, to print or for parameters that are computed: threshold "
            "photo value=(photo | gray | mean).\n"
            "One row, a number for each channel. A NaN makes that channel's mean NaN (null when printed), "
            "which no "
            "parameter takes;\n"
            "sum, std, min, max and median leave it out.",
    .inputs = "image",
    .params_size = sizeof(kal_mean_p),
    .cost = 0.5f,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES(""),
};
