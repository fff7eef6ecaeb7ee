// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Counts against counts taken one by one: any channels, any length, noise, edges of the range and flat rows; added to what is there.
#include "statistics/histogram.h"
#include "kernel.h"

static rng r = {5};

typedef struct row {
    kal_extent e;
    void *v;
    size_t n;
} row;

static size_t size_of(const row *w)
{
    return (size_t)kal__histogram_bins(w->e.type) * (size_t)w->e.channels * sizeof(uint64_t);
}

static void run_u8(const kal__kernel_table *k, void *out, const void *arg)
{
    const row *w = arg;
    memset(out, 0, size_of(w));
    k->histogram_u8(out, w->v, w->n, (size_t)w->e.channels);
}

// Whatever the machine has, twice over.
static void check(const row *w)
{
    const size_t channels = (size_t)w->e.channels, bins = (size_t)kal__histogram_bins(w->e.type);
    uint64_t *got = calloc(bins * channels, sizeof *got), *wanted = calloc(bins * channels, sizeof *wanted);
    for (size_t i = 0; i < w->n * channels; i++)
        wanted[i % channels * bins + (size_t)kal__get(w->v, w->e.type, i)] += 2;
    for (int i = 0; i < 2; i++) kal__histogram(got, w->v, w->n, &w->e);
    REQUIRE_NOTE(!memcmp(got, wanted, size_of(w)), "%s, %zu channels, %zu pixels",
                 w->e.type == KAL_U8 ? "u8" : "u16", channels, w->n);
    free(wanted);
    free(got);
}

static const char *const kinds[] = {"noise", "ends", "flat"};

static void fill(const row *w, int kind)
{
    const size_t n = w->n * (size_t)w->e.channels;
    for (size_t i = 0; i < n; i++) {
        const uint32_t noise = (uint32_t)(rng_next(&r) & 65535);
        const uint16_t v = (uint16_t)(kind == 0 ? noise : kind == 1 ? (noise & 1 ? 65535 : 0) : 51400);
        if (w->e.type == KAL_U8)
            ((uint8_t *)w->v)[i] = (uint8_t)(v >> 8);
        else
            ((uint16_t *)w->v)[i] = v;
    }
}

static void try(size_t n, int32_t channels, kal_type type, int kind, bool timed)
{
    char name[80];
    const size_t samples = n * (size_t)channels;
    row w = {.e = extent_of(1, 1, channels, type), .n = n};
    w.v = malloc(samples * kal_type_size(type) + 1);
    fill(&w, kind);
    check(&w);
    snprintf(name, sizeof name, "histogram_u8 ch=%d n=%zu %s", channels, n, kinds[kind]);
    if (type == KAL_U8)
        kernel_try(
            &(kernel_call){name, run_u8, &w, size_of(&w), sizeof(uint64_t), (double)samples, (double)samples},
            timed);
    free(w.v);
}

int main(int argc, char **argv)
{
    kernel_begin(argc, argv);
    for (int kind = 0; kind < 3; kind++)
        for (int32_t channels = 1; channels <= 6; channels++) {
            for (size_t n = 0; n < 60; n++) try(n, channels, KAL_U8, kind, false);
            for (size_t n = 4096 / (size_t)channels - 2; n < 4096 / (size_t)channels + 28; n++)
                try(n, channels, KAL_U8, kind, false);
            try(1 + rng_below(&r, 40000), channels, KAL_U8, kind, false);
            try(1 + rng_below(&r, 40000), channels, KAL_U16, kind, false);
            if (channels < 5) try(12000, channels, KAL_U8, kind, true);
        }
    REQUIRE(kal__histogram_bins(KAL_F32) == 0 && kal__histogram_bins(KAL_U32) == 0);
    return check_done();
}
