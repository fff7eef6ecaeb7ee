// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Kernels against their references, and their speed. A test program describes calls; every level of this machine must give the scalar
// table's bytes, and touch nothing beside its output.
//
//   test.kernels.NAME            compares
//   test.kernels.NAME --bench    compares, then prints ns per item and GB/s of input for each level: medians of CPU time
#ifndef KERNEL_H
#define KERNEL_H

#include "check.h"
#include "kernels.h"

/// One call: `run` calls a kernel of the table `k`, filling `out`, which lies between guards.
typedef struct kernel_call {
    const char *name;   // for the failure and the table: "lut_u8 n=4096"
    void (*run)(const kal__kernel_table *k, void *out, const void *arg);
    const void *arg;
    size_t bytes;                // of out
    size_t out_step;             // alignment that the kernel may rely on: size of a sample
    double items, input_bytes;   // of work, for the bench
} kernel_call;

/// Compares all levels; with --bench and `timed`, times them.
void kernel_try(const kernel_call *c, bool timed);
/// Reads --bench. Call first.
void kernel_begin(int argc, char **argv);
extern bool kernel_bench;

#endif
