// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// stretch and rescale: samples from low to high become out_low to out_high, what lies outside saturates there:
//
//     out = v ≤ low: out_low; v ≥ high: out_high; else out_low + (v − low) · (out_high − out_low) / (high − low)
//
// in doubles, 8 and 16 bits rounded half up. So an image of one value, where low is high, becomes out_low. NaN stays. rescale is told low
// and high, stretch takes them from percentiles of the whole image (linear, as in percentile.c).
#include "channels.h"
#include "counted.h"
#include "tone.h"

typedef struct range {
    double low, high, out_low, out_high;
} range;

static void rescale(const range *r, double *v, size_t n)
{
    const double by = r->out_high - r->out_low, over = r->high - r->low;
    for (size_t i = 0; i < n; i++)
        v[i] = v[i] <= r->low    ? r->out_low
               : v[i] >= r->high ? r->out_high
                                 : r->out_low + (v[i] - r->low) * by / over;
}

static kal_status settle(const char *op, const kal_call *c, double *low, double *high, kal_extent *out,
                         kal_error *err)
{
    *out = c->in[0]->extent;
    kal__unmask(out);
    if (*low == KAL_AUTO) *low = 0;
    if (*high == KAL_AUTO) *high = kal_type_max(out->type);
    return kal__check_type(op, out, err);
}

// ---- rescale ------------------------------------------------------------------------------------

static kal_status rescale_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_rescale_p *p = params;
    const kal_status st = settle("rescale", c, &p->out_low, &p->out_high, out, err);
    const int32_t colours = kal__colours(out), n = p->range.n;
    if (st || n == 2 || n == 2 * colours || n == 2 * out->channels) return st;
    return kal_fail(err, KAL_INVALID,
                    "rescale: range has %d values; give low and high, or both for each of the %d channels", n,
                    colours);
}

static void rescale_curve(const kal_call *c, int32_t channel, double *v, size_t n)
{
    const kal_rescale_p *p = c->params;
    const double *at = p->range.v + (p->range.n > 2 ? 2 * channel : 0);
    rescale(&(range){at[0], at[1], p->out_low, p->out_high}, v, n);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    return kal__tone_new(c, rescale_curve, NULL, ((const kal_rescale_p *)c->params)->range.n == 2, state,
                         err);
}

#define PARAMS kal_rescale_p
static const kal_param rescale_params[] = {KAL_RESCALE_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_rescale = {
    .name = "rescale",
    .version = 1,
    .family = "tone",
    .help =
        "A range of samples becomes another; what lies outside saturates\n"
        "One range for all channels, or low and high of each in turn, as percentile gives them:\n"
        "rescale photo range=(photo | percentile [1 99]) does in bands what stretch 1 99 does. Alpha stays.",
    .inputs = "image",
    KAL__PARAMS(rescale_params, kal_rescale_p),
    .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,
    .cost = 0.5f,
    .extent = rescale_extent,
    .prepare = prepare,
    .release = kal__tone_free,
    .run = kal__tone_run,
    .samples =
        KAL__SAMPLES("range=[20 99.5]", "range=[0.1 0.7] out_low=0.9 out_high=0.2",
                     "range=[7 7] out_low=3 out_high=200", "range=[0 9 100 200 5 50] out_low=1 out_high=254"),
};

// ---- stretch ------------------------------------------------------------------------------------

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_stretch_p *p = params;
    if (p->low > p->high)
        return kal_fail(err, KAL_INVALID, "stretch: low=%g is above high=%g", p->low, p->high);
    return settle("stretch", c, &p->out_low, &p->out_high, out, err);
}

static bool together(const kal_call *c)
{
    return ((const kal_stretch_p *)c->params)->channels == KAL__TOGETHER;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    const kal_extent *e = &c->extent;
    if (e->type != KAL_F32) return kal__counted_scratch(e);
    return (size_t)width * (size_t)height * sizeof(uint32_t) * (size_t)(together(c) ? kal__colours(e) : 1);
}

static range range_of(const kal_call *c, const kal__samples *s)
{
    const kal_stretch_p *p = c->params;
    if (!s->n) return (range){0, 0, p->out_low, p->out_high};
    return (range){kal__percentile(s, p->low, 0), kal__percentile(s, p->high, 0), p->out_low, p->out_high};
}

static void curve(const kal_call *c, const uint64_t *counts, int32_t bins, double *out)
{
    const range r = range_of(c, &(kal__samples){.counts = counts, .n = kal__counts_total(counts, bins)});
    for (int32_t v = 0; v < bins; v++) out[v] = v;
    rescale(&r, out, (size_t)bins);
}

static float *row_of(const kal_tile *t, int32_t y)
{
    return (float *)(void *)kal_row(t, y);
}

// The samples of channel k, or of all colour channels.
static kal__samples samples_of(const kal_job *j, int32_t k)
{
    const kal_extent *e = &j->call->extent;
    const bool all = together(j->call);
    uint32_t *keys = j->scratch;
    size_t n = 0;
    for (int32_t y = 0; y < e->height; y++)
        for (int32_t x = 0; x < e->width; x++)
            for (int32_t i = all ? 0 : k; i < (all ? kal__colours(e) : k + 1); i++) {
                const float v = row_of(&j->in[0], y)[x * e->channels + i];
                if (v == v) keys[n++] = kal__sort_key(v);
            }
    return (kal__samples){.keys = keys, .n = n};
}

static void run_real(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    range r = {0};
    for (int32_t k = 0; k < kal__colours(e); k++) {
        if (!k || !together(j->call)) {
            const kal__samples s = samples_of(j, k);
            r = range_of(j->call, &s);
        }
        for (int32_t y = 0; y < e->height; y++)
            for (int32_t i = k; i < e->width * e->channels; i += e->channels) {
                double v = (double)row_of(&j->in[0], y)[i];
                rescale(&r, &v, 1);
                row_of(j->out, y)[i] = (float)v;
            }
    }
    for (int32_t y = 0; y < e->height && e->alpha; y++)
        kal__keep_alpha(e, kal_row(j->out, y), kal_row(&j->in[0], y), (size_t)e->width);
}

static kal_status run(const kal_job *j)
{
    if (j->call->extent.type == KAL_F32)
        run_real(j);
    else
        kal__counted_run(j, together(j->call), curve);
    return KAL_OK;
}

#define PARAMS kal_stretch_p
static const kal_param params[] = {KAL_STRETCH_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_stretch = {
    .name = "stretch",
    .version = 1,
    .family = "tone",
    .help =
        "The range between two percentiles of the image becomes all of full scale, or out_low to out_high\n"
        "For each colour channel, or with channels=together one range for all; alpha stays. An image of one "
        "value becomes\nout_low. The whole image is held; rescale does it in bands.",
    .inputs = "image",
    KAL__PARAMS(params, kal_stretch_p),
    .flags = KAL_OP_WHOLE,
    .cost = 0.7f,
    .extent = extent,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("", "low=5 high=95", "low=1 high=80 out_low=0.25 out_high=0.5 channels=together",
                            "out_low=200 out_high=100"),
};
