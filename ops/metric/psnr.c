// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// psnr: 10 log10(1 / mean of squared differences), samples on 0..1 over all colour channels.
#include "metric.h"

#include "fmath.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)out;
    const kal_extent *a = &c->in[0]->extent, *b = &c->in[1]->extent;
    const kal_status st = kal__metric_check("psnr", c, err);
    if (st || a->channels == b->channels) return st;
    return kal_fail(err, KAL_INVALID, "psnr: the reference has %d channels and the distorted %d", a->channels,
                    b->channels);
}

static size_t size(const kal_call *c)
{
    (void)c;
    return sizeof(double);
}

static int32_t apart(const kal_call *c)
{
    (void)c;
    return 256;
}

static double full(kal_type type)
{
    return type == KAL_U8 ? 255 : type == KAL_U16 ? 65535 : 1;
}

// Squares of whole numbers are summed exactly as long as a row has fewer than 2^21 samples of 16 bits.
static kal_status rows(const kal_job *j, void *gathered)
{
    const kal_extent *a = &j->call->in[0]->extent, *b = &j->call->in[1]->extent;
    const size_t n = (size_t)a->width * (size_t)a->channels;
    const double ka = 1 / full(a->type), kb = 1 / full(b->type);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const unsigned char *p = kal_row(&j->in[0], y), *q = kal_row(&j->in[1], y);
        double sum = 0;
        if (a->type == KAL_U8 && b->type == KAL_U8) {
            uint64_t squares = 0;
            for (size_t i = 0; i < n; i++) squares += (uint64_t)((p[i] - q[i]) * (p[i] - q[i]));
            sum = (double)squares / (255.0 * 255.0);
        } else {
            for (size_t i = 0; i < n; i++) {
                const double d = kal__get(p, a->type, i) * ka - kal__get(q, b->type, i) * kb;
                sum += d * d;
            }
        }
        *(double *)gathered += sum;
    }
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    const kal_extent *e = &c->in[0]->extent;
    double sum = 0;
    for (int32_t i = 0; i < (e->height + 255) / 256; i++) sum += ((const double *)gathered)[i];
    if (kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1)) return kal_fail(err, KAL_NOMEM, "psnr: out of memory");
    const double mean = sum / ((double)e->width * (double)e->height * (double)e->channels);
    out->v[0] = mean > 0 ? -10 * kal__log(mean) / 2.302585092994046 : (double)__builtin_inff();
    return KAL_OK;
}

static const kal_measure measure = {
    .kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end, .apart = apart};

const kal_op kal__op_psnr = {
    .name = "psnr",
    .version = 1,
    .family = "metrics",
    .help = "Peak signal to noise: decibels, infinite for the same\n"
            "-10 log10 of the mean squared difference of all samples on 0..1, alpha as the others. It says "
            "little\n"
            "of how pictures look; ssimulacra2 does.",
    .inputs = "reference distorted",
    .params_size = sizeof(kal_psnr_p),
    .cost = 1,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES(""),
};
