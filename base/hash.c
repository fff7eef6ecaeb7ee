// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See hash.h. The header-only form of libxxhash is used: its shared library's default entry point is three times slower. What is longer
// than a key's bytes goes to the form compiled for the machine, in x86/.
#include "hash.h"

#include "cpu.h"
#include "hash_level.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(XXH3_state_t) <= sizeof(kal__hash), "room for the state");
_Static_assert(_Alignof(XXH3_state_t) <= _Alignof(kal__hash), "alignment of the state");

static kal_key key_of(XXH128_hash_t h)
{
    return (kal_key){h.high64, h.low64};
}

void kal__hash_init(kal__hash *h)
{
    XXH3_INITSTATE((XXH3_state_t *)h->state);
    XXH3_128bits_reset((XXH3_state_t *)h->state);
}

KAL__HASH_LEVEL(c)

// Up to here nothing is gained: XXH3 has special ways for short data, and its streaming form collects 256 bytes first. AVX-512 is no
// faster than AVX2 from the cache and slower from memory.
enum { SHORT = 256 };

void kal__hash_add(kal__hash *h, const void *data, size_t n)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (n > SHORT && kal__cpu_isa() >= KAL__AVX2) {
        kal__hash_add_avx2(h->state, data, n);
        return;
    }
#endif
    if (n) kal__hash_add_c(h->state, data, n);
}

kal_key kal__hash_done(const kal__hash *h)
{
    return key_of(XXH3_128bits_digest((const XXH3_state_t *)h->state));
}

kal_key kal__hash_of(const void *data, size_t n)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (n > SHORT && kal__cpu_isa() >= KAL__AVX2) return kal__hash_of_avx2(data, n);
#endif
    return kal__hash_of_c(data, n);
}
