// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Separable filters, pass by pass: random widths, radii, channels and weights, and the extremes that the bounds in x86/sep_u8.c
// name. Timed: rows of a 12 MP picture under gaussians of several sigmas.
#include "kernel.h"
#include "filter/sep.h"

static rng r = {7};

typedef struct pass {
    kal_type type;                 // of rows; doubles where they are called u32
    int32_t lines, radius, bits;   // bits: of weights beyond 14
    size_t channels, n, step;
    const void **rows;
    int16_t *words, *t;
    double *w;
} pass;

static void run_v_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const pass *p = arg;
    k->sep_v_u8(out, p->step, p->lines, p->rows, p->t, p->radius, 8 + p->bits, p->n);
}

static void run_h_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const pass *p = arg;
    k->sep_h_u8(out, p->words, p->t, p->radius, 20 + p->bits, p->channels, p->n);
}

static void run_wide(const kal__kernel_table *k, void *out, const void *arg)
{
    const pass *p = arg;
    (p->type == KAL_U8    ? k->sep_wide_u8
     : p->type == KAL_U16 ? k->sep_wide_u16
     : p->type == KAL_F32 ? k->sep_wide_f32
                          : k->sep_wide_f64)(out, p->step, p->lines, p->rows, p->w, 2 * p->radius + 1, p->n);
}

// ---- weights ------------------------------------------------------------------------------------

// From the middle outwards, with both sides 2^(14 + bits) in all: all in the middle, all in the outermost pairs, or spread at random.
static void random_halves(pass *p)
{
    const int32_t most = 32767;
    int32_t left = 8192 << p->bits;
    const int how = rng_below(&r, 4);
    memset(p->t, 0, ((size_t)p->radius + 2) * sizeof *p->t);
    for (int32_t k = p->radius; k > 0 && how; k--) {
        const int32_t free = left < most ? left : most, part = free / (how == 2 ? p->radius : 2);
        p->t[k] = (int16_t)(how == 1 ? free : rng_below(&r, part + 1));
        left -= p->t[k];
    }
    for (int32_t k = 1; k <= p->radius && 2 * left > most; k++) {
        const int32_t free = most - p->t[k], part = left < free ? left : free;
        p->t[k] = (int16_t)(p->t[k] + part);
        left -= part;
    }
    p->t[0] = (int16_t)(2 * left);
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
    p->rows = malloc(rows * sizeof *p->rows);
    p->words = malloc(row * sizeof *p->words);
    for (size_t i = 0; i < rows * p->n; i++) memory[i] = extreme ? 255 : (uint8_t)rng_next(&r);
    for (size_t k = 0; k < rows; k++) p->rows[k] = memory + k * p->n;
    for (size_t i = 0; i < row; i++) p->words[i] = (int16_t)(extreme ? 16320 : rng_below(&r, 16321));
    p->step = p->n + (size_t)rng_below(&r, 3);
    const size_t out = p->n ? ((size_t)p->lines - 1) * p->step + p->n : 0;
    const double items = (double)p->n;
    note(name, sizeof name, "sep_v_u8", p);
    kernel_try(&(kernel_call){name, run_v_u8, p, out * 2, 2, items * p->lines, items * p->lines}, timed);
    note(name, sizeof name, "sep_h_u8", p);
    kernel_try(&(kernel_call){name, run_h_u8, p, p->n, 1, items, items}, timed);
    free(memory);
    free(p->rows);
    free(p->words);
}

// Columns from each type of sample to doubles.
static void try_wide(pass *p, bool timed)
{
    static const struct {
        kal_type type;
        size_t size;
        const char *name;
    } kinds[] = {{KAL_U8, 1, "sep_wide_u8"},
                 {KAL_U16, 2, "sep_wide_u16"},
                 {KAL_F32, 4, "sep_wide_f32"},
                 {KAL_U32, 8, "sep_wide_f64"}};
    char name[80];
    const size_t rows = 2 * (size_t)p->radius + (size_t)p->lines;
    unsigned char *memory = malloc(rows * p->n * 8 + 1);
    p->rows = malloc(rows * sizeof *p->rows);
    p->step = p->n + (size_t)rng_below(&r, 3);
    for (int k = 0; k < 4; k++) {
        p->type = kinds[k].type;
        for (size_t i = 0; i < rows * p->n; i++) {
            const double v = timed ? (double)rng_below(&r, 256) : random_real();
            if (p->type == KAL_U32)
                memcpy(memory + i * 8, &v, 8);
            else
                kal__set(memory, p->type, i, p->type == KAL_F32 ? v : (double)(rng_next(&r) & 65535));
        }
        for (size_t i = 0; i < rows; i++) p->rows[i] = memory + i * p->n * kinds[k].size;
        const size_t out = p->n ? ((size_t)p->lines - 1) * p->step + p->n : 0;
        const double items = (double)p->n * p->lines;
        note(name, sizeof name, kinds[k].name, p);
        kernel_try(&(kernel_call){name, run_wide, p, out * 8, 8, items, items * (double)kinds[k].size},
                   timed);
    }
    free(memory);
    free(p->rows);
}

static void try_random(void)
{
    pass p = {.lines = 1 + rng_below(&r, 9), .radius = rng_below(&r, rng_below(&r, 4) ? 12 : 60)};
    p.bits = rng_below(&r, p.radius < 3 ? p.radius + 1 : 4);   // so that all of it fits the weights there are
    p.channels = 1 + (size_t)rng_below(&r, 5);
    p.n = (size_t)rng_below(&r, rng_below(&r, 3) ? 90 : 400);
    p.t = malloc(((size_t)p.radius + 2) * sizeof *p.t);
    p.w = malloc((2 * (size_t)p.radius + 1) * sizeof *p.w);
    random_halves(&p);
    for (int32_t k = 0; k <= 2 * p.radius; k++) p.w[k] = random_real();
    try_u8(&p, rng_below(&r, 4) == 0, false);
    try_wide(&p, false);
    free(p.t);
    free(p.w);
}

static void time_gaussian(double sigma)
{
    pass p = {.lines = 4};
    p.w = kal__gaussian_weights(sigma, &p.radius);
    p.t = malloc(((size_t)p.radius + 2) * sizeof *p.t);
    random_halves(&p);
    for (p.channels = 1; p.channels <= 4; p.channels += p.channels == 1 ? 2 : 1) {
        p.n = 4000 * p.channels;
        try_u8(&p, false, true);
        try_wide(&p, true);
    }
    free(p.t);
    free(p.w);
}

int main(int argc, char **argv)
{
    kernel_begin(argc, argv);
    for (int i = 0; i < 1500; i++) try_random();
    if (kernel_bench) {
        static const double sigmas[] = {1, 3, 10, 30};
        for (int i = 0; i < 4; i++) time_gaussian(sigmas[i]);
    }
    return check_done();
}
