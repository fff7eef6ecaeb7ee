// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See facts.h. Open addressing; a key is a hash already.
#include "facts.h"

#include <stdlib.h>
#include <string.h>

static kal__fact *place_of(const kal__facts *f, kal__fact_kind kind, kal_key key)
{
    size_t i = (size_t)(key.lo ^ (uint64_t)kind) & (f->room - 1);
    for (;; i = (i + 1) & (f->room - 1)) {
        kal__fact *p = &f->places[i];
        if (!p->kind || (p->kind == kind && kal_key_equal(p->key, key))) return p;
    }
}

bool kal__facts_find(const kal__facts *f, kal__fact_kind kind, kal_key key, unsigned char value[KAL__FACT])
{
    const kal__fact *p = f->room ? place_of(f, kind, key) : NULL;
    if (!p || !p->kind) return false;
    memcpy(value, p->value, KAL__FACT);
    return true;
}

static bool grow(kal__facts *f)
{
    const kal__facts old = *f;
    const size_t room = old.room ? old.room * 2 : 64;
    kal__fact *places = kal__new_zero(room, sizeof *places);
    if (!places) return false;
    *f = (kal__facts){places, old.n, room};
    for (size_t i = 0; i < old.room; i++)
        if (old.places[i].kind) *place_of(f, old.places[i].kind, old.places[i].key) = old.places[i];
    free(old.places);
    return true;
}

void kal__facts_put(kal__facts *f, size_t most, kal__fact_kind kind, kal_key key,
                    const unsigned char value[KAL__FACT])
{
    if ((f->n + 1) * 2 > f->room) {
        if (2 * kal__facts_bytes(f) > most) kal__facts_free(f);
        if (!grow(f)) return;
    }
    kal__fact *p = place_of(f, kind, key);
    f->n += !p->kind;
    *p = (kal__fact){.key = key, .kind = kind};
    memcpy(p->value, value, KAL__FACT);
}

size_t kal__facts_bytes(const kal__facts *f)
{
    return f->room * sizeof *f->places;
}

void kal__facts_free(kal__facts *f)
{
    free(f->places);
    *f = (kal__facts){NULL, 0, 0};
}
