// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Instruction-set levels, chosen once. A kernel's variants give the same bits: the level is only about speed.
#ifndef KAL_CPU_H
#define KAL_CPU_H

#include <kal/base.h>

typedef enum kal__isa { KAL__SCALAR, KAL__AVX2, KAL__AVX512 } kal__isa;

/// The highest level of this machine, or what KAL_ISA=scalar|avx2|avx512 asks for if the machine has it. An unknown word in
/// KAL_ISA means scalar: whoever set it wanted something plain. Threads: any.
kal__isa kal__cpu_isa(void);
/// For tests: use another level from now on, at most the machine's. Not while an evaluation runs.
void kal__cpu_set_isa(kal__isa isa);
const char *kal__isa_name(kal__isa isa);

// ---- what a function written for one level needs before it -----------------------------------------
#if defined(__x86_64__) && defined(__GNUC__)
#define KAL__TARGET_AVX2 __attribute__((target("avx2")))
#define KAL__TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vnni")))
#endif

// ---- one loop, several instruction sets -----------------------------------------------------------
// KAL__VARIANTS(name, (parameters), (arguments)) after `static inline void name_body parameters` defines name_c, name_avx2 and
// name_avx512, the same C compiled for each, and `name`, which calls the one for the machine. The loops are written so that the
// compiler may use wider vectors without changing a bit: no float reduction is reordered, nothing is contracted.
#define KAL__INLINE static inline __attribute__((always_inline))
#if defined(__x86_64__) && defined(__GNUC__)
#define KAL__VARIANTS(name, params, args)               \
    static void name##_c params                         \
    {                                                   \
        name##_body args;                               \
    }                                                   \
    KAL__TARGET_AVX2 static void name##_avx2 params     \
    {                                                   \
        name##_body args;                               \
    }                                                   \
    KAL__TARGET_AVX512 static void name##_avx512 params \
    {                                                   \
        name##_body args;                               \
    }                                                   \
    KAL__CHOOSE(name, params, args)
// The last part alone, for three functions written out.
#define KAL__CHOOSE(name, params, args)               \
    static void name params                           \
    {                                                 \
        switch (kal__cpu_isa()) {                     \
        case KAL__AVX512: name##_avx512 args; return; \
        case KAL__AVX2: name##_avx2 args; return;     \
        case KAL__SCALAR: break;                      \
        }                                             \
        name##_c args;                                \
    }
#else
#define KAL__VARIANTS(name, params, args) \
    static void name params               \
    {                                     \
        name##_body args;                 \
    }
#define KAL__CHOOSE(name, params, args) \
    static void name params             \
    {                                   \
        name##_c args;                  \
    }
#endif

#endif
