// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// min, max, sum, std: one number a channel. u8 and u16 are counted, and everything follows from the counts:
//
//     sum = Σ count(v) · v, exact      std = √(Σ count(v) · (v − mean)² / n)      mean = sum / n
//
// f32 and u32 are taken one after the other in doubles, the spread by Welford's update, so that nothing cancels. std is the population's:
// it divides by n. NaN is not counted. Where nothing counts the value has no row.
#include "fmath.h"
#include "stats.h"

typedef struct moment {
    double n, low, high, sum, mean, spread;   // spread: the sum of squared distances from the mean
} moment;

static bool counted(const kal_extent *e)
{
    return kal__histogram_bins(e->type) > 0;
}

static kal_status check(const char *op, const kal_call *c, bool labels, kal_error *err)
{
    const kal_status st = labels ? KAL_OK : kal__check_type(op, &c->in[0]->extent, err);
    return st ? st : kal__stats_mask(op, c, err);
}

static size_t size(const kal_call *c)
{
    const kal_extent *e = &c->in[0]->extent;
    return counted(e) ? kal__counts_size(e) : (size_t)e->channels * sizeof(moment);
}

static void range_span(const kal_call *c, void *gathered, const void *pixels, size_t n)
{
    const kal_extent *e = &c->in[0]->extent;
    const size_t channels = (size_t)e->channels;
    for (size_t i = 0; i < n * channels; i++) {
        moment *m = (moment *)gathered + i % channels;
        const double v = kal__get(pixels, e->type, i);
        if (v != v) continue;
        if (!m->n || v < m->low) m->low = v;
        if (!m->n || v > m->high) m->high = v;
        m->sum += v;
        m->n++;
    }
}

static void spread_span(const kal_call *c, void *gathered, const void *pixels, size_t n)
{
    const kal_extent *e = &c->in[0]->extent;
    const size_t channels = (size_t)e->channels;
    for (size_t i = 0; i < n * channels; i++) {
        moment *m = (moment *)gathered + i % channels;
        const double v = kal__get(pixels, e->type, i), from = v - m->mean;
        if (v != v) continue;
        m->n++;
        m->mean += from / m->n;
        m->spread += from * (v - m->mean);
    }
}

static kal_status range_rows(const kal_job *j, void *gathered)
{
    kal__stats_rows(j, gathered, counted(&j->call->in[0]->extent) ? kal__counts_span : range_span);
    return KAL_OK;
}

static kal_status spread_rows(const kal_job *j, void *gathered)
{
    kal__stats_rows(j, gathered, counted(&j->call->in[0]->extent) ? kal__counts_span : spread_span);
    return KAL_OK;
}

static moment of_counts(const uint64_t *counts, int32_t bins)
{
    moment m = {0};
    uint64_t sum = 0, n = 0;
    for (int32_t v = bins - 1; v >= 0; v--) {
        if (!counts[v]) continue;
        if (!n) m.high = v;
        m.low = v;
        n += counts[v];
        sum += counts[v] * (uint64_t)v;
    }
    m.n = (double)n;
    m.sum = (double)sum;
    m.mean = n ? m.sum / m.n : 0;
    for (int32_t v = 0; v < bins; v++) m.spread += (double)counts[v] * ((v - m.mean) * (v - m.mean));
    return m;
}

typedef double pick(const moment *m);

static double low_of(const moment *m)
{
    return m->low;
}

static double high_of(const moment *m)
{
    return m->high;
}

static double sum_of(const moment *m)
{
    return m->sum;
}

// A step of Newton's brings the power to the root of a square exactly.
static double std_of(const moment *m)
{
    const double v = m->n ? m->spread / m->n : 0, r = kal__pow(v, 0.5);
    return r > 0 ? (r + v / r) / 2 : 0;
}

static moment moment_of(const kal_extent *e, const void *gathered, int32_t k)
{
    const int32_t bins = kal__histogram_bins(e->type);
    return bins ? of_counts((const uint64_t *)gathered + (ptrdiff_t)k * bins, bins)
                : ((const moment *)gathered)[k];
}

// Where nothing counts there is no number, and the value has no row; only a sum is 0 then.
static kal_status each(const kal_call *c, const void *gathered, pick *f, bool of_none, kal_value *out)
{
    const kal_extent *e = &c->in[0]->extent;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, 1, e->channels)) return KAL_NOMEM;
    for (int32_t k = 0; k < e->channels; k++) {
        const moment m = moment_of(e, gathered, k);
        if (!m.n && !of_none) out->rows = 0;
        out->v[k] = f(&m);
    }
    return KAL_OK;
}

#define OP(id, takes_labels, rows_fn, picked, of_none, words)                                       \
    static kal_status id##_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err) \
    {                                                                                               \
        (void)params;                                                                               \
        (void)out;                                                                                  \
        return check(#id, c, takes_labels, err);                                                    \
    }                                                                                               \
    static kal_status id##_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)   \
    {                                                                                               \
        (void)err;                                                                                  \
        return each(c, gathered, picked, of_none, out);                                             \
    }                                                                                               \
    static const kal_measure id##_measure = {                                                       \
        .kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows_fn, .end = id##_end};                 \
    const kal_op kal__op_##id = {                                                                   \
        .name = #id,                                                                                \
        .version = 1,                                                                               \
        .family = "values",                                                                         \
        .help = words KAL__WHAT_COUNTS,                                                             \
        .inputs = "image mask?",                                                                    \
        .params_size = sizeof(kal_##id##_p),                                                        \
        .cost = 0.3f,                                                                               \
        .extent = id##_extent,                                                                      \
        .measure = &id##_measure,                                                                   \
        .samples = KAL__SAMPLES(""),                                                                \
    };
OP(min, true, range_rows, low_of, false, "The smallest sample of each channel")
OP(max, true, range_rows, high_of, false, "The largest sample of each channel")
OP(sum, false, range_rows, sum_of, true, "The sum of each channel, exact for u8 and u16")
OP(std, false, spread_rows, std_of, false,
   "The standard deviation of each channel\nOf the population: squares are divided by n, not by n − 1.")
