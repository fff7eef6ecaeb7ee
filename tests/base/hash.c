// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Hashes: every instruction set gives the same digests, at once or in pieces, whatever the length and the alignment. With --bench,
// GB/s from L2 and from memory.
#define _GNU_SOURCE
#include "check.h"

#include "cpu.h"
#include "hash.h"

#include <time.h>

static int levels(void)
{
    kal__cpu_set_isa(KAL__AVX512);
    return (int)kal__cpu_isa() + 1;
}

static kal_key in_pieces(rng *r, const unsigned char *data, size_t n, int most)
{
    kal__hash h;
    kal__hash_init(&h);
    for (size_t i = 0; i < n;) {
        kal__cpu_set_isa((kal__isa)rng_below(r, most));   // levels may even take turns
        size_t part = (size_t)rng_below(r, rng_below(r, 4) ? 600 : 5000);
        if (part > n - i) part = n - i;
        kal__hash_add(&h, data + i, part);
        i += part;
    }
    return kal__hash_done(&h);
}

static void try_length(rng *r, const unsigned char *data, size_t n, int most)
{
    kal__cpu_set_isa(KAL__SCALAR);
    const kal_key want = kal__hash_of(data, n);
    for (int isa = 1; isa < most; isa++) {
        kal__cpu_set_isa((kal__isa)isa);
        REQUIRE_NOTE(kal_key_equal(kal__hash_of(data, n), want), "%s, %zu bytes",
                     kal__isa_name((kal__isa)isa), n);
    }
    REQUIRE_NOTE(kal_key_equal(in_pieces(r, data, n, most), want), "%zu bytes in pieces", n);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Medians; levels take turns.
static void bench(const unsigned char *data, size_t n, int times, int most, bool pieces)
{
    enum { RUNS = 9 };
    double t[3][RUNS];
    for (int r = 0; r < RUNS; r++)
        for (int isa = 0; isa < most; isa++) {
            kal__cpu_set_isa((kal__isa)isa);
            const double start = cpu_seconds();
            for (int k = 0; k < times; k++) {
                kal__hash h;
                kal__hash_init(&h);
                for (size_t i = 0; pieces && i < n; i += 12000)
                    kal__hash_add(&h, data + i, n - i < 12000 ? n - i : 12000);
                if (!pieces) kal__hash_of(data, n);
            }
            t[isa][r] = (cpu_seconds() - start) / times;
        }
    printf("%9zu bytes %s", n, pieces ? "in rows of 12000" : "at once         ");
    for (int isa = 0; isa < most; isa++) {
        qsort(t[isa], RUNS, sizeof(double), by_value);
        printf("  %s %5.1f GB/s", kal__isa_name((kal__isa)isa), (double)n / t[isa][RUNS / 2] * 1e-9);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    const size_t n = argc > 1 && !strcmp(argv[1], "--bench") ? 36000000 : 300000;
    const int most = levels();
    rng r = {3};
    unsigned char *data = malloc(n);
    for (size_t i = 0; i < n; i++) data[i] = (unsigned char)(i < 300000 ? rng_next(&r) : data[i - 300000]);
    for (size_t k = 0; k < 1500; k++) try_length(&r, data + rng_below(&r, 70), k, most);
    for (int k = 0; k < 200; k++)
        try_length(&r, data + rng_below(&r, 70), (size_t)rng_below(&r, 299000), most);
    // XXH3-128 of nothing: the digest must never drift
    REQUIRE(kal_key_equal(kal__hash_of(data, 0), (kal_key){0x99aa06d3014798d8, 0x6001c324468d497f}));
    if (n > 300000)
        for (int pieces = 0; pieces < 2; pieces++) {
            bench(data, 192 << 10, 200, most, pieces);
            bench(data, n, 1, most, pieces);
        }
    free(data);
    return check_done();
}
