// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// autocontrast: the darkest sample becomes black and the brightest white, after ⌊n · cutoff / 100⌋ samples at either end were left out:
//
//     out = (v − low) · full / (high − low), rounded half up, saturated
//
// Which samples are low and high is Pillow's rule; Pillow then truncates, so its results are the same or one less. Where low is high the
// image stays.
#include "counted.h"

#include "channels.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    return kal__check_type("autocontrast", out, err);
}

static void curve(const kal_call *c, const uint64_t *counts, int32_t bins, double *out)
{
    const double cutoff = ((const kal_autocontrast_p *)c->params)->cutoff;
    const uint64_t cut = (uint64_t)((double)kal__counts_total(counts, bins) * cutoff / 100);
    int32_t low = 0, high = bins - 1;
    for (uint64_t below = counts[0]; below <= cut && low < bins - 1; below += counts[++low]) {}
    for (uint64_t above = counts[high]; above <= cut && high > 0; above += counts[--high]) {}
    for (int32_t v = 0; v < bins; v++)
        out[v] = high <= low ? v : (double)(v - low) * (bins - 1) / (high - low);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width;
    (void)height;
    return kal__counted_scratch(&c->extent);
}

static kal_status run(const kal_job *j)
{
    kal__counted_run(j, ((const kal_autocontrast_p *)j->call->params)->channels, curve);
    return KAL_OK;
}

#define PARAMS kal_autocontrast_p
static const kal_param params[] = {KAL_AUTOCONTRAST_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_autocontrast = {
    .name = "autocontrast",
    .version = 1,
    .family = "tone",
    .help = "Darkest to black and brightest to white, leaving out a share of the samples at either end\n"
            "For each colour channel, or with channels=together one curve for all; alpha stays. Pillow's "
            "autocontrast, "
            "but\nrounded instead of truncated. An image of one value stays as it is. f32 is counted in "
            "65536\nsteps from 0 to 1; stretch looks at every value.",
    .inputs = "image",
    KAL__PARAMS(params, kal_autocontrast_p),
    .flags = KAL_OP_WHOLE,
    .cost = 0.7f,
    .extent = extent,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("", "cutoff=10", "cutoff=2.5 channels=together"),
};
