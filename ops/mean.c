// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// mean: the average of each channel, as a value: an f32 image of one sample per channel, side by side. Sums are doubles in the order of
// the rows, so the result does not depend on tiling; integers up to 2^53 in sum are exact.
#include "op.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = (kal_extent){c->in[0]->extent.channels, 1, 1, KAL_F32, KAL_DATA, false};
    return kal__check_type("mean", &c->in[0]->extent, err);
}

static kal_status run(const kal_job *j)
{
    const kal_extent *e = &j->call->in[0]->extent;
    const size_t channels = (size_t)e->channels;
    double sum[KAL_MAX_CHANNELS] = {0};
    for (int32_t y = 0; y < e->height; y++) {
        const void *row = kal_row(&j->in[0], y);
        for (size_t i = 0; i < (size_t)e->width * channels; i++)
            sum[i % channels] += kal__get(row, e->type, i);
    }
    float *out = (float *)(void *)kal_row(j->out, 0);
    for (size_t c = 0; c < channels; c++) out[c] = (float)(sum[c] / ((double)e->width * e->height));
    return KAL_OK;
}

const kal_op kal__op_mean = {
    .name = "mean",
    .version = 1,
    .family = "values",
    .help = "The average of each channel, as a value\nFor parameters that are computed: threshold photo "
            "value=(photo | gray | mean).",
    .inputs = "image",
    .params_size = sizeof(kal_mean_p),
    .flags = KAL_OP_WHOLE,
    .cost = 100,
    .extent = extent,
    .run = run,
    .samples = KAL__SAMPLES(""),
};
