// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Tables of 256, and bytes turned past the caches: every byte, every length around the widths of the vectors.
#include "kernel.h"

typedef struct map {
    uint8_t table[256];
    uint8_t *src;
    size_t n;
} map;

static void run_lut_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const map *m = arg;
    k->lut_u8(out, m->src, m->n, m->table);
}

static void run_flip_far(const kal__kernel_table *k, void *out, const void *arg)
{
    const map *m = arg;
    k->flip_far(out, m->src, m->n);
}

static void try_length(rng *r, size_t n, bool timed)
{
    char name[64];
    map m = {.n = n, .src = malloc(n ? n : 1)};
    for (size_t i = 0; i < 256; i++) m.table[i] = (uint8_t)rng_next(r);
    for (size_t i = 0; i < n; i++) m.src[i] = (uint8_t)(n < 512 ? i * 7 : rng_next(r));
    snprintf(name, sizeof name, "lut_u8 n=%zu", n);
    kernel_try(&(kernel_call){name, run_lut_u8, &m, n, 1, (double)n, (double)n}, timed);
    snprintf(name, sizeof name, "flip_far n=%zu", n);
    kernel_try(&(kernel_call){name, run_flip_far, &m, n, 1, (double)n, (double)n}, timed);
    free(m.src);
}

int main(int argc, char **argv)
{
    kernel_begin(argc, argv);
    rng r = {1};
    for (size_t n = 0; n < 200; n++) try_length(&r, n, false);
    try_length(&r, 100003, false);
    try_length(&r, (size_t)192 << 10, true);
    if (kernel_bench) try_length(&r, 36000000, true);
    return check_done();
}
