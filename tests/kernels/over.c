// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// RGBA over RGBA: both alphas in full with every top colour, against the reference; with --all every base colour too, which is
// every pixel there is (half a minute).
#include "kernel.h"

#include <string.h>

enum { PIXELS = 256 * 86 };

typedef struct pair {
    uint8_t top[4 * PIXELS], base[4 * PIXELS];
    size_t n;
} pair;

static void run_over(const kal__kernel_table *k, void *out, const void *arg)
{
    const pair *p = arg;
    k->over_rgba_u8(out, p->top, p->base, p->n);
}

// All top colours with `some` triples of base colours, which are the three channels of a pixel.
static void alphas(pair *p, int ai, int ab, int first, int some)
{
    p->n = (size_t)(256 * some);
    for (int i = 0; i < 256 * some; i++) {
        uint8_t *t = p->top + 4 * i, *b = p->base + 4 * i;
        t[0] = t[1] = t[2] = (uint8_t)i;
        t[3] = (uint8_t)ai;
        for (int k = 0; k < 3; k++) b[k] = (uint8_t)(3 * (first + i / 256) + k);
        b[3] = (uint8_t)ab;
    }
}

int main(int argc, char **argv)
{
    static pair p;
    kernel_begin(argc, argv);
    bool all = false;
    for (int i = 1; i < argc; i++) all |= !strcmp(argv[i], "--all");
    for (int ai = 0; ai < 256; ai++)
        for (int ab = 0; ab < 256; ab++) {
            alphas(&p, ai, ab, all ? 0 : (ai * 7 + ab * 29) % 86, all ? 86 : 1);
            kernel_try(
                &(kernel_call){"over_rgba_u8", run_over, &p, 4 * p.n, 1, (double)p.n, 8.0 * (double)p.n},
                false);
        }
    for (size_t n = 0; n < 70; n++) {   // ends of rows
        p.n = n;
        kernel_try(&(kernel_call){"over_rgba_u8, short", run_over, &p, 4 * n, 1, 1, 1}, false);
    }
    return check_done();
}
