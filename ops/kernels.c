// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See kernels.h: the three tables, made from the list.
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define AT_AVX2_AVX2(name) kal__##name##_avx2
#define AT_AVX2_BOTH(name) kal__##name##_avx2
#define AT_AVX2_AVX512(name) kal__##name##_c
#define AT_AVX512_AVX2(name) kal__##name##_avx2
#define AT_AVX512_BOTH(name) kal__##name##_avx512
#define AT_AVX512_AVX512(name) kal__##name##_avx512
#define AT_AVX2(name, variants) AT_AVX2_##variants(name)
#define AT_AVX512(name, variants) AT_AVX512_##variants(name)
#else
#define AT_AVX2(name, variants) kal__##name##_c
#define AT_AVX512(name, variants) kal__##name##_c
#endif

const kal__kernel_table kal__kernel_tables[3] = {
    [KAL__SCALAR] =
        {
#define KERNEL(name, variants, params) .name = kal__##name##_c,
#include "kernel_list.h"
#undef KERNEL
        },
    [KAL__AVX2] =
        {
#define KERNEL(name, variants, params) .name = AT_AVX2(name, variants),
#include "kernel_list.h"
#undef KERNEL
        },
    [KAL__AVX512] =
        {
#define KERNEL(name, variants, params) .name = AT_AVX512(name, variants),
#include "kernel_list.h"
#undef KERNEL
        },
};
