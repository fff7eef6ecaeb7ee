// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Kernels chosen by instruction set. An op calls kal__kernels()->name(…); the table for the machine is one of three, each
// complete: where a level has no variant of its own it holds the next lower one.
#ifndef KAL_OPS_KERNELS_H
#define KAL_OPS_KERNELS_H

#include <kal/base.h>

#include "cpu.h"

#include <stddef.h>
#include <stdint.h>

struct kal__bilateral_row;   // filter/bilateral.h
struct kal__median_columns;   // filter/median_filter.h
struct kal__across_u8;        // resize.h
struct kal__across_real;

#define KERNEL(name, variants, params) \
    void kal__##name##_c params;       \
    void kal__##name##_avx2 params;    \
    void kal__##name##_avx512 params;
#include "kernel_list.h"
#undef KERNEL

typedef struct kal__kernel_table {
#define KERNEL(name, variants, params) void(*name) params;
#include "kernel_list.h"
#undef KERNEL
} kal__kernel_table;

extern const kal__kernel_table kal__kernel_tables[3];   // by kal__isa

static inline const kal__kernel_table *kal__kernels(void)
{
    return &kal__kernel_tables[kal__cpu_isa()];
}

#endif
