// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// percentile, median: order statistics of each channel, at rank r = (n − 1) · p / 100 of the sorted samples s:
//
//     linear  s[⌊r⌋] + (s[⌈r⌉] − s[⌊r⌋]) · (r − ⌊r⌋)     lower, higher  s[⌊r⌋], s[⌈r⌉]
//     nearest s[r], halves to even                       midpoint  the mean of lower and higher
//
// which are numpy's, but for the last bit of linear. u8 and u16 are counted; f32 is kept, 4 bytes a sample.
#include "stats.h"

static const double quartiles[] = {0, 25, 50, 75, 100};

static kal_status check(const char *op, const kal_call *c, kal_error *err)
{
    const kal_status st = kal__check_type(op, &c->in[0]->extent, err);
    return st ? st : kal__stats_mask(op, c, err);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)out;
    kal_list *p = &((kal_percentile_p *)params)->p;
    if (!p->n) *p = (kal_list){quartiles, KAL__COUNT(quartiles)};
    return check("percentile", c, err);
}

// What is kept of f32: how many of each channel, then the channels, room for all pixels each.
static size_t pixels_of(const kal_extent *e)
{
    return (size_t)e->width * (size_t)e->height;
}

static size_t size(const kal_call *c)
{
    const kal_extent *e = &c->in[0]->extent;
    const size_t channels = (size_t)e->channels;
    return e->type == KAL_F32 ? channels * (sizeof(uint64_t) + pixels_of(e) * sizeof(uint32_t))
                              : kal__counts_size(e);
}

static uint32_t *keys_of(const kal_extent *e, void *gathered, size_t channel)
{
    return (uint32_t *)(void *)((uint64_t *)gathered + e->channels) + channel * pixels_of(e);
}

static void real_span(const kal_call *c, void *gathered, const void *pixels, size_t n)
{
    const kal_extent *e = &c->in[0]->extent;
    const size_t channels = (size_t)e->channels;
    uint64_t *kept = gathered;
    for (size_t k = 0; k < channels; k++) {
        uint32_t *keys = keys_of(e, gathered, k);
        for (size_t i = 0; i < n; i++) {
            const float v = ((const float *)pixels)[i * channels + k];
            if (v == v) keys[kept[k]++] = kal__sort_key(v);
        }
    }
}

static kal_status rows(const kal_job *j, void *gathered)
{
    kal__stats_rows(j, gathered, j->call->in[0]->extent.type == KAL_F32 ? real_span : kal__counts_span);
    return KAL_OK;
}

static kal__samples samples_of(const kal_extent *e, void *gathered, int32_t k)
{
    const int32_t bins = kal__histogram_bins(e->type);
    if (bins) {
        const uint64_t *counts = (const uint64_t *)gathered + (ptrdiff_t)k * bins;
        return (kal__samples){.counts = counts, .n = kal__counts_total(counts, bins)};
    }
    const uint64_t n = ((const uint64_t *)gathered)[k];
    return (kal__samples){.keys = keys_of(e, gathered, (size_t)k), .n = n};
}

static kal_status all(const kal_call *c, void *gathered, kal_list p, int32_t method, kal_value *out)
{
    const kal_extent *e = &c->in[0]->extent;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, e->channels, p.n)) return KAL_NOMEM;
    for (int32_t k = 0; k < e->channels; k++) {
        const kal__samples s = samples_of(e, gathered, k);
        if (!s.n) out->rows = 0;
        for (int32_t i = 0; s.n && i < p.n; i++) out->v[k * p.n + i] = kal__percentile(&s, p.v[i], method);
    }
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    const kal_percentile_p *p = c->params;
    (void)err;
    return all(c, gathered, p->p, p->method, out);
}

static const kal_measure measure = {.kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end};

#define PARAMS kal_percentile_p
static const kal_param params[] = {KAL_PERCENTILE_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_percentile = {
    .name = "percentile",
    .version = 1,
    .family = "values",
    .help = "Percentiles of each channel, a row of them for each\n"
            "At rank (n − 1) · p / 100 of the sorted samples; between two samples the method decides, as "
            "numpy's do. As\n"
            "many rows as channels, as many numbers in each as there are percentiles." KAL__WHAT_COUNTS,
    .inputs = "image mask?",
    KAL__PARAMS(params, kal_percentile_p),
    .cost = 0.5f,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES("", "p=[1 99 33.3] method=nearest", "p=50 method=midpoint", "p=12 method=lower",
                            "p=77 method=higher"),
};

// ---- median -------------------------------------------------------------------------------------

static kal_status median_extent(const kal_call *c, void *none, kal_extent *out, kal_error *err)
{
    (void)none;
    (void)out;
    return check("median", c, err);
}

static kal_status median_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)err;
    return all(c, gathered, (kal_list){&quartiles[2], 1}, 0, out);
}

static const kal_measure median_measure = {
    .kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = median_end};

const kal_op kal__op_median = {
    .name = "median",
    .version = 1,
    .family = "values",
    .help = "The median of each channel: the mean of the two in the middle of an even number\n"
            "One row, a number for each channel." KAL__WHAT_COUNTS,
    .inputs = "image mask?",
    .params_size = sizeof(kal_median_p),
    .cost = 0.5f,
    .extent = median_extent,
    .measure = &median_measure,
    .samples = KAL__SAMPLES(""),
};
