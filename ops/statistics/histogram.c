// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See histogram.h. For u16 there is one table a channel and no variant: four of half a megabyte would miss the caches more often than a
// value meets itself.
#include "histogram.h"

#include "kernels.h"
#include "stats.h"

void kal__histogram_u8_c(uint64_t *counts, const uint8_t *src, size_t n, size_t channels)
{
    for (size_t c = 0; c < channels; c++, counts += 256)
        for (size_t i = 0; i < n; i++) counts[src[i * channels + c]]++;
}

static void count_u16(uint64_t *counts, const uint16_t *src, size_t n, size_t channels)
{
    for (size_t c = 0; c < channels; c++, counts += 65536)
        for (size_t i = 0; i < n; i++) counts[src[i * channels + c]]++;
}

static void count_f32(uint64_t *counts, const float *src, size_t n, size_t channels)
{
    for (size_t c = 0; c < channels; c++, counts += 65536)
        for (size_t i = 0; i < n; i++) counts[kal__step_of(src[i * channels + c])]++;
}

int32_t kal__histogram_bins(kal_type type)
{
    return type == KAL_U8 ? 256 : type == KAL_U16 ? 65536 : 0;
}

int32_t kal__histogram_steps(kal_type type)
{
    return type == KAL_F32 ? 65536 : kal__histogram_bins(type);
}

void kal__histogram(uint64_t *counts, const void *row, size_t n, const kal_extent *e)
{
    const size_t channels = (size_t)e->channels;
    if (e->type == KAL_U8)
        kal__kernels()->histogram_u8(counts, row, n, channels);
    else if (e->type == KAL_F32)
        count_f32(counts, row, n, channels);
    else
        count_u16(counts, row, n, channels);
}

// ---- the op -------------------------------------------------------------------------------------

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    (void)out;
    const kal_status st = kal__check_type("histogram", &c->in[0]->extent, err);
    return st ? st : kal__stats_mask("histogram", c, err);
}

static int32_t bins_of(const kal_call *c)
{
    return ((const kal_histogram_p *)c->params)->bins;
}

static size_t size(const kal_call *c)
{
    const kal_extent *e = &c->in[0]->extent;
    return e->type == KAL_F32 ? (size_t)e->channels * (size_t)bins_of(c) * sizeof(uint64_t)
                              : kal__counts_size(e);
}

static void real_span(const kal_call *c, void *gathered, const void *pixels, size_t n)
{
    const int32_t bins = bins_of(c), channels = c->in[0]->extent.channels;
    uint64_t *counts = gathered;
    const float *v = pixels;
    for (size_t i = 0; i < n; i++)
        for (int32_t k = 0; k < channels; k++, v++) {
            if (*v != *v) continue;
            const double at = (double)*v * bins;
            const int32_t bin = at >= bins ? bins - 1 : at > 0 ? (int32_t)at : 0;
            counts[k * bins + bin]++;
        }
}

static kal_status rows(const kal_job *j, void *gathered)
{
    kal__stats_rows(j, gathered, j->call->in[0]->extent.type == KAL_F32 ? real_span : kal__counts_span);
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)err;
    const kal_extent *e = &c->in[0]->extent;
    const int32_t bins = bins_of(c), values = e->type == KAL_F32 ? bins : kal__histogram_bins(e->type);
    const uint64_t *counts = gathered;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, e->channels, bins)) return KAL_NOMEM;
    for (int64_t k = 0; k < e->channels; k++)
        for (int64_t v = 0; v < values; v++)
            out->v[k * bins + v * bins / values] += (double)counts[k * values + v];
    return KAL_OK;
}

static const kal_measure measure = {.kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end};

#define PARAMS kal_histogram_p
static const kal_param params[] = {KAL_HISTOGRAM_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_histogram = {
    .name = "histogram",
    .version = 1,
    .family = "values",
    .help =
        "How many samples fall into each bin, a row of bins for each channel\n"
        "Bins are equal parts of full scale: a u8 or u16 sample v is in bin v · bins / 256 or v · bins / "
        "65536, rounded\n"
        "down; of f32, 0 to 1 is parted, what lies outside is in the first or last bin, and NaN in none.\n"
        "With a mask, pixels count where it is not 0.",
    .inputs = "image mask?",
    KAL__PARAMS(params, kal_histogram_p),
    .cost = 0.3f,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES("", "bins=7", "bins=65536"),
};
