// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Floats through doubles, and what does without: every length around the vectors, samples at and beyond every limit.
#include "kernel.h"

#include <math.h>

enum { MOST = 100 };

typedef struct row {
    float src[MOST];
    size_t n;
    double by[4];
} row;

static rng seed = {17};

static float any_float(void)
{
    static const float odd[] = {0,       -0.0f, 1,      -1,       1.0000001f, 0.99999994f, 1e-40f,
                                -1e-40f, 1e30f, -1e30f, INFINITY, -INFINITY,  NAN,         -NAN};
    if (rng_below(&seed, 3) == 0) return odd[rng_below(&seed, sizeof odd / sizeof *odd)];
    return (float)rng_below(&seed, 1 << 22) / (1 << 20) - 1.5f;
}

static double any_double(void)
{
    static const double odd[] = {0, -0.0, 1, -1, 1e-300, 1e300, 0.5};
    return rng_below(&seed, 3) ? (double)rng_next(&seed) / 4e9 * 3 - 1 : odd[rng_below(&seed, 7)];
}

static void run_scale(const kal__kernel_table *k, void *out, const void *arg)
{
    const row *r = arg;
    k->scale_f32(out, r->src, r->n, (float)r->by[0], (float)r->by[1]);
}

static void run_clamp(const kal__kernel_table *k, void *out, const void *arg)
{
    const row *r = arg;
    k->clamp_f32(out, r->src, r->n);
}

static void run_stretch(const kal__kernel_table *k, void *out, const void *arg)
{
    const row *r = arg;
    k->stretch_f32(out, r->src, r->n, r->by);
}

static void try_row(size_t n)
{
    static const struct {
        const char *name;
        void (*run)(const kal__kernel_table *k, void *out, const void *arg);
    } kernels[] = {{"scale_f32", run_scale}, {"clamp_f32", run_clamp}, {"stretch_f32", run_stretch}};
    row r = {.n = n, .by = {any_double(), any_double(), any_double(), any_double()}};
    char name[64];
    for (size_t i = 0; i < n; i++) r.src[i] = any_float();
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        snprintf(name, sizeof name, "%s n=%zu", kernels[k].name, n);
        kernel_try(&(kernel_call){name, kernels[k].run, &r, n * 4, 4, (double)n, (double)n * 4}, false);
    }
    // levels that change nothing but what lies outside have a kernel of their own
    float clamped[MOST], stretched[MOST];
    kal__clamp_f32_c(clamped, r.src, n);
    kal__stretch_f32_c(stretched, r.src, n, (const double[4]){0, 1, 0, 1});
    REQUIRE_MEM(clamped, stretched, n * 4);
}

int main(int argc, char **argv)
{
    kernel_begin(argc, argv);
    for (int i = 0; i < 3000; i++) try_row((size_t)rng_below(&seed, MOST));
    return check_done();
}
