// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sums over taps anywhere in a block: random numbers of taps and widths, weights up to the bound of whole ones.
#include "kernel.h"

static rng r = {13};

enum { PITCH = 700, ROWS = 12 };

typedef struct sums {
    const void *src;
    const int32_t *at;
    const void *w;
    int32_t taps;
    size_t n;
    int32_t start, shift;
} sums;

static void run_f64(const kal__kernel_table *k, void *out, const void *arg)
{
    const sums *s = arg;
    k->sum_f64(out, s->src, s->at, s->w, s->taps, s->n);
}

static void run_i16(const kal__kernel_table *k, void *out, const void *arg)
{
    const sums *s = arg;
    k->sum_i16(out, s->src, s->at, s->w, s->taps, s->n);
}

static void run_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const sums *s = arg;
    k->sum_u8(out, s->src, s->at, s->w, s->taps, s->start, s->shift, s->n);
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

static void random_places(int32_t *at, int32_t taps, size_t n)
{
    for (int32_t k = 0; k < taps; k++)
        at[k] = rng_below(&r, ROWS) * PITCH + rng_below(&r, (int32_t)(PITCH - n));
    at[taps] = 0;
}

static void try_f64(int32_t taps, size_t n, bool timed)
{
    static double src[ROWS * PITCH], w[300];
    int32_t at[301];
    char name[80];
    random_places(at, taps, n);
    for (size_t i = 0; i < ROWS * PITCH; i++) src[i] = timed ? (double)rng_below(&r, 256) : random_real();
    for (int32_t k = 0; k < taps; k++) w[k] = random_real();
    snprintf(name, sizeof name, "sum_f64 taps=%d n=%zu", taps, n);
    kernel_try(&(kernel_call){name, run_f64, &(sums){.src = src, .at = at, .w = w, .taps = taps, .n = n},
                              n * 8, 8, (double)n, (double)n * 8},
               timed);
}

// Σ|w|·255 < 2^31, all of it taken with a start of 0: one weight of 16 bits and its like, or many small ones; all of them against white now and then.
static void try_whole(int32_t taps, size_t n, bool timed)
{
    static int16_t src[ROWS * PITCH], w[301];
    int32_t at[301];
    char name[80];
    const bool white = rng_below(&r, 4) == 0;
    const int32_t most = taps <= 256 ? 32767 : 8421504 / taps, least = rng_below(&r, 2) ? most : 1;
    random_places(at, taps, n);
    for (size_t i = 0; i < ROWS * PITCH; i++) src[i] = (int16_t)(white ? 255 : rng_next(&r) & 255);
    for (int32_t k = 0; k < taps; k++)
        w[k] = (int16_t)((least + rng_below(&r, most - least + 1)) * (white || rng_below(&r, 2) ? 1 : -1));
    w[taps] = 0;
    snprintf(name, sizeof name, "sum_i16 taps=%d n=%zu", taps, n);
    sums s = {.src = src, .at = at, .w = w, .taps = taps, .n = n};
    kernel_try(&(kernel_call){name, run_i16, &s, n * 8, 8, (double)n, (double)n * 2}, timed);
    s.shift = rng_below(&r, 15);
    if (taps < 200) s.start = rng_below(&r, 1 << 26) - (1 << 25);
    snprintf(name, sizeof name, "sum_u8 taps=%d n=%zu", taps, n);
    kernel_try(&(kernel_call){name, run_u8, &s, n, 1, (double)n, (double)n * 2}, timed);
}

int main(int argc, char **argv)
{
    kernel_begin(argc, argv);
    for (int i = 0; i < 1500; i++) {
        const int32_t taps = rng_below(&r, rng_below(&r, 4) ? 16 : 300);
        const size_t n = (size_t)rng_below(&r, 260);
        try_f64(taps, n, false);
        try_whole(taps, n, false);
    }
    for (int32_t taps = 5; taps <= 81; taps = taps == 5 ? 9 : taps == 9 ? 25 : 81 + (taps == 81)) {
        try_f64(taps, 192, true);
        try_whole(taps, 192, true);
    }
    return check_done();
}
