// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// XXH3 compiled for AVX2: the same header, the same digests. See hash.c.
#include "../hash.h"
#include "../hash_level.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

#define XXH_INLINE_ALL
#define XXH_VECTOR XXH_AVX2
#include <xxhash.h>

KAL__HASH_LEVEL(avx2)

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
