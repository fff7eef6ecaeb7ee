// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What every driver in C measures with, ours and the peers': the same clocks, the same nine runs, the same places.
#ifndef KAL_BENCH_MEASURE_H
#define KAL_BENCH_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MEASURE_RUNS 9

typedef struct measure {
    double wall, cpu;
    uint32_t seed;
} measure;

static inline double measure_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static inline measure measure_begin(void)
{
    return (measure){measure_clock(CLOCK_MONOTONIC), measure_clock(CLOCK_PROCESS_CPUTIME_ID), 1};
}

static inline void measure_end(const measure *m)
{
    printf("ms %.2f cpu %.2f\n", measure_clock(CLOCK_MONOTONIC) - m->wall,
           measure_clock(CLOCK_PROCESS_CPUTIME_ID) - m->cpu);
}

static int measure_order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// One call to warm up, then the median of nine.
static inline void measure_kernel(void (*call)(void *), void *arg)
{
    double wall[MEASURE_RUNS], cpu[MEASURE_RUNS];
    call(arg);
    for (int i = 0; i < MEASURE_RUNS; i++) {
        const measure m = measure_begin();
        call(arg);
        wall[i] = measure_clock(CLOCK_MONOTONIC) - m.wall;
        cpu[i] = measure_clock(CLOCK_PROCESS_CPUTIME_ID) - m.cpu;
    }
    qsort(wall, MEASURE_RUNS, sizeof *wall, measure_order);
    qsort(cpu, MEASURE_RUNS, sizeof *cpu, measure_order);
    printf("ms %.2f cpu %.2f\n", wall[MEASURE_RUNS / 2], cpu[MEASURE_RUNS / 2]);
}

// What a kernel made, for comparing: OUT/PEER.WORKLOAD.raw.
static inline void measure_dump(const char *out, const char *peer, const char *name, const void *data,
                                size_t size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.%s.raw", out, peer, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f)) exit(1);
}

// The next of the places every driver visits.
static inline void measure_place(measure *m, int width, int height, int *x, int *y)
{
    m->seed = m->seed * 1664525u + 1013904223u;
    *x = (int)((m->seed >> 8) % (uint32_t)width);
    m->seed = m->seed * 1664525u + 1013904223u;
    *y = (int)((m->seed >> 8) % (uint32_t)height);
}

#endif
