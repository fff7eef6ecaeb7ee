// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See kernel.h.
#define _GNU_SOURCE
#include "kernel.h"

#include <time.h>

bool kernel_bench;

void kernel_begin(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--bench")) kernel_bench = true;
}

// The levels this machine has.
static int levels(void)
{
    const kal__isa now = kal__cpu_isa();
    kal__cpu_set_isa(KAL__AVX512);
    const int n = (int)kal__cpu_isa() + 1;
    kal__cpu_set_isa(now);
    return n;
}

#define GUARD 192

static unsigned char *guarded(const kernel_call *c, unsigned char **memory)
{
    *memory = malloc(c->bytes + 2 * GUARD + 64);
    memset(*memory, 0x5a, c->bytes + 2 * GUARD + 64);
    // off by one sample from any alignment
    unsigned char *at = *memory + GUARD;
    at += (64 - ((uintptr_t)at & 63)) & 63;
    return at + (c->out_step ? c->out_step : 1);
}

static bool untouched(const kernel_call *c, const unsigned char *memory, const unsigned char *out)
{
    for (const unsigned char *p = memory; p < out; p++)
        if (*p != 0x5a) return false;
    for (const unsigned char *p = out + c->bytes; p < memory + c->bytes + 2 * GUARD + 64; p++)
        if (*p != 0x5a) return false;
    return true;
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

enum { RUNS = 9 };

// Levels take turns, so that drift of the machine hits all alike.
static void time_it(const kernel_call *c, int n)
{
    double t[3][RUNS];
    unsigned char *memory, *out = guarded(c, &memory);
    double start = cpu_seconds();
    c->run(&kal__kernel_tables[0], out, c->arg);
    const double once = cpu_seconds() - start;
    const int inner = once > 5e-3 ? 1 : (int)(5e-3 / (once > 1e-8 ? once : 1e-8)) + 1;
    for (int r = 0; r < RUNS; r++)
        for (int i = 0; i < n; i++) {
            start = cpu_seconds();
            for (int k = 0; k < inner; k++) c->run(&kal__kernel_tables[i], out, c->arg);
            t[i][r] = (cpu_seconds() - start) / inner;
        }
    free(memory);
    printf("%-44s", c->name);
    for (int i = 0; i < n; i++) {
        qsort(t[i], RUNS, sizeof(double), by_value);
        const double s = t[i][RUNS / 2];
        printf("  %s %8.3f ms %6.3f ns %5.1f GB/s", kal__isa_name((kal__isa)i), s * 1e3, s * 1e9 / c->items,
               c->input_bytes / s * 1e-9);
    }
    putchar('\n');
}

void kernel_try(const kernel_call *c, bool timed)
{
    const int n = levels();
    unsigned char *memory[3], *out[3];
    for (int i = 0; i < n; i++) {
        out[i] = guarded(c, &memory[i]);
        c->run(&kal__kernel_tables[i], out[i], c->arg);
        REQUIRE_NOTE(untouched(c, memory[i], out[i]), "%s: %s writes outside its output", c->name,
                     kal__isa_name((kal__isa)i));
        size_t at = 0;
        while (at < c->bytes && out[i][at] == out[0][at]) at++;
        REQUIRE_NOTE(at == c->bytes, "%s: %s differs from the reference at byte %zu of %zu: %d, not %d",
                     c->name, kal__isa_name((kal__isa)i), at, c->bytes, at < c->bytes ? out[i][at] : 0,
                     at < c->bytes ? out[0][at] : 0);
    }
    for (int i = 0; i < n; i++) free(memory[i]);
    if (timed && kernel_bench) time_it(c, n);
}
