// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What filters do beside their sums: alpha to and fro, doubles to samples, sharpening.
#include "kernel.h"

#include <math.h>

static rng r = {11};

// Any double now and then; ties, and what lies just beside them; else something about as large as samples are.
static double random_real(void)
{
    switch (rng_below(&r, 40)) {
    case 0: return 0.0 * -1;
    case 1: return 1e300;
    case 2: return -1e300;
    case 3: return NAN;
    case 4: return 0.5 - 1e-17;
    default: return (double)rng_below(&r, 300000) / 2 - 1000;
    }
}

// ---- alpha ----------------------------------------------------------------------------------------

typedef struct pixels {
    const double *v;
    size_t n, channels;
    double scale, offset;
} pixels;

static void run_weigh(const kal__kernel_table *k, void *out, const void *arg)
{
    const pixels *p = arg;
    memcpy(out, p->v, p->n * p->channels * sizeof(double));
    k->weigh_f64(out, p->n, p->channels);
}

static void run_unweigh(const kal__kernel_table *k, void *out, const void *arg)
{
    const pixels *p = arg;
    memcpy(out, p->v, p->n * p->channels * sizeof(double));
    k->unweigh_f64(out, p->n, p->channels, p->scale, p->offset);
}

typedef struct veiled {
    const uint8_t *v;
    size_t n, channels;
} veiled;

static void run_weigh_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const veiled *b = arg;
    k->weigh_u8(out, b->v, b->n, b->channels);
}

static void try_alpha_u8(size_t n, size_t channels, bool timed)
{
    char name[80];
    uint8_t v[5 * 512];
    for (size_t i = 0; i < n * channels; i++) v[i] = rng_below(&r, 3) ? (uint8_t)rng_next(&r) : 255;
    const veiled b = {v, n, channels};
    snprintf(name, sizeof name, "weigh_u8 ch=%zu n=%zu", channels, n);
    kernel_try(&(kernel_call){name, run_weigh_u8, &b, n * channels * 2, 2, (double)n, (double)(n * channels)},
               timed);
}

static void try_alpha(size_t n, size_t channels, bool timed)
{
    char name[80];
    double v[5 * 512];
    for (size_t i = 0; i < n * channels; i++) v[i] = random_real();
    const pixels p = {v, n, channels, (double)rng_below(&r, 3) - 1, (double)rng_below(&r, 3) - 1};
    const size_t bytes = n * channels * sizeof *v;
    snprintf(name, sizeof name, "weigh_f64 ch=%zu n=%zu", channels, n);
    kernel_try(&(kernel_call){name, run_weigh, &p, bytes, 8, (double)n, (double)bytes}, timed);
    snprintf(name, sizeof name, "unweigh_f64 ch=%zu n=%zu", channels, n);
    kernel_try(&(kernel_call){name, run_unweigh, &p, bytes, 8, (double)n, (double)bytes}, timed);
}

// ---- doubles to samples -------------------------------------------------------------------------

static void run_narrow_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const pixels *p = arg;
    k->narrow_u8(out, p->v, p->n);
}

static void run_narrow_u16(const kal__kernel_table *k, void *out, const void *arg)
{
    const pixels *p = arg;
    k->narrow_u16(out, p->v, p->n);
}

static void try_narrow(size_t n, bool timed)
{
    char name[80];
    double v[4096];
    for (size_t i = 0; i < n; i++) v[i] = i % 3 ? random_real() : (double)rng_below(&r, 600) / 2 - 20;
    const pixels p = {.v = v, .n = n};
    snprintf(name, sizeof name, "narrow_u8 n=%zu", n);
    kernel_try(&(kernel_call){name, run_narrow_u8, &p, n, 1, (double)n, (double)n * 8}, timed);
    snprintf(name, sizeof name, "narrow_u16 n=%zu", n);
    kernel_try(&(kernel_call){name, run_narrow_u16, &p, n * 2, 2, (double)n, (double)n * 8}, timed);
}

// ---- sharpening -----------------------------------------------------------------------------------

typedef struct mask {
    const uint16_t *src, *blurred;
    size_t n;
    double amount, threshold;
} mask;

static void run_sharpen_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const mask *m = arg;
    memcpy(out, m->blurred, m->n);
    k->sharpen_u8(out, (const uint8_t *)m->src, m->n, m->amount, m->threshold);
}

static void run_sharpen_u16(const kal__kernel_table *k, void *out, const void *arg)
{
    const mask *m = arg;
    memcpy(out, m->blurred, m->n * 2);
    k->sharpen_u16(out, m->src, m->n, m->amount, m->threshold);
}

static void try_sharpen(size_t n, bool timed)
{
    static const double amounts[] = {1, -10, 10, 0.5, 0.7, 1.0 / 3, -0.1},
                        thresholds[] = {0, 0.5, 3, 254.5, 255, 256, 70, 65534.5, 65535};
    char name[80];
    uint16_t a[4096], b[4096];
    for (size_t i = 0; i < n; i++) {
        a[i] = (uint16_t)rng_next(&r);
        b[i] = rng_below(&r, 4) ? (uint16_t)rng_next(&r) : a[i];
    }
    const mask m = {a, b, n, amounts[rng_below(&r, 7)], thresholds[rng_below(&r, 9)]};
    snprintf(name, sizeof name, "sharpen_u8 n=%zu %g %g", n, m.amount, m.threshold);
    kernel_try(&(kernel_call){name, run_sharpen_u8, &m, n, 1, (double)n, (double)n}, timed);
    snprintf(name, sizeof name, "sharpen_u16 n=%zu %g %g", n, m.amount, m.threshold);
    kernel_try(&(kernel_call){name, run_sharpen_u16, &m, n * 2, 2, (double)n, (double)n * 2}, timed);
}

int main(int argc, char **argv)
{
    kernel_begin(argc, argv);
    for (size_t n = 0; n < 100; n++) {
        for (size_t channels = 1; channels <= 5; channels++) {
            try_alpha(n, channels, false);
            try_alpha_u8(n, channels, false);
        }
        try_narrow(n, false);
        for (int i = 0; i < 5; i++) try_sharpen(n, false);
    }
    for (int i = 0; i < 100; i++) try_sharpen(4096, false);
    for (size_t channels = 2; channels <= 4; channels += 2) {
        try_alpha(512, channels, true);
        try_alpha_u8(512, channels, true);
    }
    try_narrow(4096, true);
    try_sharpen(4096, true);
    return check_done();
}
