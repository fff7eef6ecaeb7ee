// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// XXH3-128, streaming. Keys are defined in docs/keys.md; graph/key.c is the only place that makes them.
#ifndef KAL_HASH_H
#define KAL_HASH_H

#include <kal/base.h>

/// Opaque state on the caller's stack; 64-byte aligned inside.
typedef struct kal__hash {
    _Alignas(64) unsigned char state[640];
} kal__hash;

void kal__hash_init(kal__hash *h);
void kal__hash_add(kal__hash *h, const void *data, size_t n);
kal_key kal__hash_done(const kal__hash *h);
/// All at once.
kal_key kal__hash_of(const void *data, size_t n);

#endif
