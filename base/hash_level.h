// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is compiled once per instruction set from xxhash's header: the two functions that run over long data. The state is the same for all,
// so a hash may be begun with one and gone on with another.
#ifndef KAL_HASH_LEVEL_H
#define KAL_HASH_LEVEL_H

#include "hash.h"

#define KAL__HASH_DECLARE(level)                                         \
    void kal__hash_add_##level(void *state, const void *data, size_t n); \
    kal_key kal__hash_of_##level(const void *data, size_t n);
KAL__HASH_DECLARE(c)
KAL__HASH_DECLARE(avx2)

#define KAL__HASH_LEVEL(level)                                          \
    void kal__hash_add_##level(void *state, const void *data, size_t n) \
    {                                                                   \
        XXH3_128bits_update((XXH3_state_t *)state, data, n);            \
    }                                                                   \
    kal_key kal__hash_of_##level(const void *data, size_t n)            \
    {                                                                   \
        const XXH128_hash_t h = XXH3_128bits(data, n);                  \
        return (kal_key){h.high64, h.low64};                            \
    }

#endif
