// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes on bytes in floats, ops/join/lay_bytes.c: every mode, kind of pixel and some opacities give the bytes of doubles, with every
// instruction set; and floats are nearer to doubles than what each mode allows for. Usage: test.kernels.near [SEED [PIXELS]]
#include "check.h"

#include "cpu.h"
#include "join/modes.h"

enum { MODES = KAL_MODE_LUMINOSITY + 1 };

// Often the ends, neighbours and equals, where modes divide by little.
static uint8_t sample(rng *r, uint8_t last)
{
    switch (rng_below(r, 8)) {
    case 0: return 0;
    case 1: return 255;
    case 2: return last;
    case 3: return (uint8_t)(last + rng_below(r, 3) - 1);
    case 4: return (uint8_t)(rng_below(r, 2) ? rng_below(r, 4) : 255 - rng_below(r, 4));
    }
    return (uint8_t)rng_below(r, 256);
}

static void fill(rng *r, uint8_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] = sample(r, i ? v[i - 1] : 0);
}

static void try_lay(rng *r, const kal__lay *l, size_t n)
{
    const size_t step = l->colours + l->base_alpha;
    uint8_t *image = malloc(n * l->step), *base = malloc(n * step), *want = malloc(n * step),
            *got = malloc(n * step);
    fill(r, image, n * l->step);
    fill(r, base, n * step);
    kal__lay_in_doubles(l, want, image, base, n);
    const kal__isa best = kal__cpu_isa();
    for (int isa = KAL__SCALAR; isa <= KAL__AVX512; isa++) {
        kal__cpu_set_isa((kal__isa)isa);
        kal__lay_near(l, got, image, base, n);
        size_t i = 0;
        while (i < n * step && got[i] == want[i]) i++;
        if (i == n * step) continue;
        REQUIRE_NOTE(0, "mode %d, %zu colours, alphas %d %d, opacity %g, %s: pixel %zu is %d, not %d",
                     l->mode, l->colours, l->alpha, l->base_alpha, l->opacity, kal__isa_name((kal__isa)isa),
                     i / step, got[i], want[i]);
    }
    kal__cpu_set_isa(best);
    free(image), free(base), free(want), free(got);
}

int main(int argc, char **argv)
{
    rng r = {argc > 1 ? strtoull(argv[1], NULL, 0) : 1};
    const size_t pixels = argc > 2 ? strtoull(argv[2], NULL, 0) : 3001;
    for (int32_t mode = 0; mode < MODES; mode++)
        for (int kind = 0; kind < 8; kind++)
            for (int o = 0; o < 11; o++) {
                const double opacities[] = {
                    1,    0.5,          0.375, 0.999, 1e-3,    (rng_below(&r, 999) + 1) / 1000.0,
                    2e-6, 1 - 1.001e-5, 0,     1e-9,  1 - 1e-9};
                kal__lay l = {.mode = mode,
                              .opacity = opacities[o],
                              .type = KAL_U8,
                              .colours = kind & 4 ? 1 : 3,
                              .alpha = kind & 1,
                              .base_alpha = kind & 2};
                l.step = l.colours + l.alpha;
                if (!l.base_alpha && !kal__modes[mode].opaque) continue;
                REQUIRE(kal__lay_can_near(&l) == (o < 9));
                if (o < 9) try_lay(&r, &l, o ? 200 + pixels / 10 : pixels);
            }
    return check_done();
}
