// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See cpu.h.
#include "cpu.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"scalar", "avx2", "avx512"};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static kal__isa machine;
static int chosen;   // atomic; tests change it

static kal__isa detect(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni"))
        return KAL__AVX512;
    if (__builtin_cpu_supports("avx2")) return KAL__AVX2;
#endif
    return KAL__SCALAR;
}

static void choose(void)
{
    machine = detect();
    kal__isa isa = machine;
    const char *wanted = getenv("KAL_ISA");
    if (wanted && *wanted) {
        isa = KAL__SCALAR;
        for (int i = 0; i < 3; i++)
            if (!strcmp(wanted, names[i])) isa = (kal__isa)i;
    }
    __atomic_store_n(&chosen, (int)(isa < machine ? isa : machine), __ATOMIC_RELAXED);
}

kal__isa kal__cpu_isa(void)
{
    pthread_once(&once, choose);
    return (kal__isa)__atomic_load_n(&chosen, __ATOMIC_RELAXED);
}

void kal__cpu_set_isa(kal__isa isa)
{
    pthread_once(&once, choose);
    __atomic_store_n(&chosen, (int)(isa < machine ? isa : machine), __ATOMIC_RELAXED);
}

const char *kal__isa_name(kal__isa isa)
{
    return names[isa];
}
