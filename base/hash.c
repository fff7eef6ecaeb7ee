// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See hash.h. The header-only form of libxxhash is used: its shared library's default entry point is three times slower.
#include "hash.h"

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

void kal__hash_add(kal__hash *h, const void *data, size_t n)
{
    if (n) XXH3_128bits_update((XXH3_state_t *)h->state, data, n);
}

kal_key kal__hash_done(const kal__hash *h)
{
    return key_of(XXH3_128bits_digest((const XXH3_state_t *)h->state));
}

kal_key kal__hash_of(const void *data, size_t n)
{
    return key_of(XXH3_128bits(data, n));
}
