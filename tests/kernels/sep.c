// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Separable filters, pass by pass: random widths, radii, channels and weights, and the extremes that the bounds in x86/sep_u8.c
// name. Timed: rows of a 12 MP picture under gaussians of several sigmas.
#include "kernel.h"
#include "sep.h"

static rng r = {7};

typedef struct pass {
    int32_t lines, radius;
    size_t channels, n, step;
    const uint8_t **bytes;
    int16_t *words, *t;
    double *reals, *w;
} pass;

static void run_v_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const pass *p = arg;
    k->sep_v_u8(out, p->step, p->lines, p->bytes, p->t, p->radius, p->n);
}

static void run_h_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const pass *p = arg;
    k->sep_h_u8(out, p->words, p->t, p->radius, p->channels, p->n);
}

static void run_v_f64(const kal__kernel_table *k, void *out, const void *arg)
{
    const pass *p = arg;
    k->sep_v_f64(out, p->step, p->lines, p->reals, p->n, p->w, 2 * p->radius + 1, p->n);
}

static void run_h_f64(const kal__kernel_table *k, void *out, const void *arg)
{
    const pass *p = arg;
    k->sep_h_f64(out, p->reals, p->w, 2 * p->radius + 1, p->channels, p->n);
}

// ---- weights ------------------------------------------------------------------------------------

// From the middle outwards, with both sides 16384 in all: all in the middle, all in the outermost pair, or spread at random.
static void random_halves(int16_t *t, int32_t radius)
{
    int32_t left = 8192;
    const int how = radius ? rng_below(&r, 4) : 0;
    memset(t, 0, ((size_t)radius + 2) * sizeof *t);
    if (how == 1) t[radius] = 8192, left = 0;
    for (int32_t k = 1; k <= radius && how > 1; k++) {
        t[k] = (int16_t)rng_below(&r, left / (how == 2 ? radius : 2) + 1);
        left -= t[k];
    }
    t[0] = (int16_t)(2 * left);
}

static void gaussian_halves(int16_t *t, const double *w, int32_t radius)
{
    int32_t middle = 16384;
    for (int32_t k = 1; k <= radius; k++) {
        t[k] = (int16_t)(w[radius + k] * 16384 + 0.5);
        middle -= 2 * t[k];
    }
    t[0] = (int16_t)middle;
    t[radius + 1] = 0;
}

// Any double now and then, else something small.
static double random_real(void)
{
    switch (rng_below(&r, 40)) {
    case 0: return 0.0 * -1;
    case 1: return 1e300;
    case 2: return -1e300;
    case 3: return 1.0 / 3;
    default: return (double)rng_below(&r, 2000001) / 1000 - 1000;
    }
}

// ---- one pass each --------------------------------------------------------------------------------

static void note(char *name, size_t size, const char *kernel, const pass *p)
{
    snprintf(name, size, "%s r=%d lines=%d ch=%zu n=%zu", kernel, p->radius, p->lines, p->channels, p->n);
}

static void try_u8(pass *p, bool extreme, bool timed)
{
    char name[80];
    const size_t rows = 2 * (size_t)p->radius + (size_t)p->lines,
                 row = p->n + 2 * (size_t)p->radius * p->channels;
    uint8_t *memory = malloc(rows * p->n + 1);
    p->bytes = malloc(rows * sizeof *p->bytes);
    p->words = malloc(row * sizeof *p->words);
    for (size_t i = 0; i < rows * p->n; i++) memory[i] = extreme ? 255 : (uint8_t)rng_next(&r);
    for (size_t k = 0; k < rows; k++) p->bytes[k] = memory + k * p->n;
    for (size_t i = 0; i < row; i++) p->words[i] = (int16_t)(extreme ? 16320 : rng_below(&r, 16321));
    p->step = p->n + (size_t)rng_below(&r, 3);
    const size_t out = p->n ? ((size_t)p->lines - 1) * p->step + p->n : 0;
    const double items = (double)p->n;
    note(name, sizeof name, "sep_v_u8", p);
    kernel_try(&(kernel_call){name, run_v_u8, p, out * 2, 2, items * p->lines, items * p->lines}, timed);
    note(name, sizeof name, "sep_h_u8", p);
    kernel_try(&(kernel_call){name, run_h_u8, p, p->n, 1, items, items}, timed);
    free(memory);
    free(p->bytes);
    free(p->words);
}

static void try_f64(pass *p, bool timed)
{
    char name[80];
    const size_t rows = 2 * (size_t)p->radius + (size_t)p->lines,
                 row = p->n + 2 * (size_t)p->radius * p->channels,
                 most = rows * p->n > row ? rows * p->n : row;
    p->reals = malloc((most + 1) * sizeof *p->reals);
    for (size_t i = 0; i < most; i++) p->reals[i] = timed ? (double)rng_below(&r, 256) : random_real();
    p->step = p->n + (size_t)rng_below(&r, 3);
    const size_t out = p->n ? ((size_t)p->lines - 1) * p->step + p->n : 0;
    const double items = (double)p->n;
    note(name, sizeof name, "sep_v_f64", p);
    kernel_try(&(kernel_call){name, run_v_f64, p, out * 8, 8, items * p->lines, items * p->lines * 8}, timed);
    note(name, sizeof name, "sep_h_f64", p);
    kernel_try(&(kernel_call){name, run_h_f64, p, p->n * 8, 8, items, items * 8}, timed);
    free(p->reals);
}

static void try_random(void)
{
    pass p = {.lines = 1 + rng_below(&r, 6), .radius = rng_below(&r, rng_below(&r, 4) ? 12 : 60)};
    p.channels = 1 + (size_t)rng_below(&r, 5);
    p.n = (size_t)rng_below(&r, rng_below(&r, 3) ? 90 : 400);
    p.t = malloc(((size_t)p.radius + 2) * sizeof *p.t);
    p.w = malloc((2 * (size_t)p.radius + 1) * sizeof *p.w);
    random_halves(p.t, p.radius);
    for (int32_t k = 0; k <= 2 * p.radius; k++) p.w[k] = random_real();
    try_u8(&p, rng_below(&r, 4) == 0, false);
    try_f64(&p, false);
    free(p.t);
    free(p.w);
}

static void time_gaussian(double sigma)
{
    pass p = {.lines = 4};
    p.w = kal__gaussian_weights(sigma, &p.radius);
    p.t = malloc(((size_t)p.radius + 2) * sizeof *p.t);
    gaussian_halves(p.t, p.w, p.radius);
    for (p.channels = 1; p.channels <= 4; p.channels += p.channels == 1 ? 2 : 1) {
        p.n = 4000 * p.channels;
        try_u8(&p, false, true);
        p.n = 96;   // columns are taken in blocks
        try_f64(&p, true);
    }
    free(p.t);
    free(p.w);
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

int main(int argc, char **argv)
{
    kernel_begin(argc, argv);
    for (int i = 0; i < 1500; i++) try_random();
    for (size_t channels = 1; channels <= 5; channels++)
        for (size_t n = 0; n < 40; n++) try_alpha(n, channels, false);
    if (kernel_bench) {
        static const double sigmas[] = {1, 3, 10, 30};
        for (int i = 0; i < 4; i++) time_gaussian(sigmas[i]);
        for (size_t channels = 2; channels <= 4; channels += 2) try_alpha(512, channels, true);
    }
    return check_done();
}
