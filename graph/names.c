// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Names of a text. What a def may see is what stood before it in its own file, so a name remembers what it stood for before:
//
//     a = in | invert               since 1
//     def f(x) = x | insert a       since 2: sees a of 1, whatever becomes of it
//     a = in | gaussian 2           since 3, older: 1
#include "parse.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_of(const kal__names *names, const char *text, size_t n)
{
    size_t i = (size_t)kal__hash_of(text, n).lo & (names->n_slots - 1);
    while (names->slots[i]) {
        const kal__name *m = &names->list[names->slots[i] - 1];
        if (m->n == n && !memcmp(m->text, text, n)) break;
        i = (i + 1) & (names->n_slots - 1);
    }
    return i;
}

kal__name *kal__names_find(const kal__names *names, const char *text, size_t n)
{
    if (!names->n_slots) return NULL;
    const uint32_t at = names->slots[slot_of(names, text, n)];
    return at ? &names->list[at - 1] : NULL;
}

static bool grow(kal__names *names)
{
    if (names->n < names->room) return true;
    const size_t room = names->room ? names->room * 2 : 16;
    uint32_t *slots = kal__new_zero(room * 2, sizeof *slots);
    if (!slots || !kal__grow(&names->list, room, sizeof *names->list)) {
        free(slots);
        return false;
    }
    free(names->slots);
    names->slots = slots;
    names->n_slots = room * 2;
    names->room = room;
    for (size_t i = 0; i < names->n; i++)
        slots[slot_of(names, names->list[i].text, names->list[i].n)] = (uint32_t)i + 1;
    return true;
}

bool kal__names_set(kal__names *names, const kal__name *given, kal__arena *keep)
{
    kal_node *unused = given->node;
    kal__name *old = kal__names_find(names, given->text, given->n);
    if (old && old->fixed) {
        kal_node_unref(&unused);
        return true;
    }
    kal__name *kept = old && keep ? kal__take(keep, 1, sizeof *kept) : NULL;
    if ((old && keep && !kept) || (!old && !grow(names))) {
        kal_node_unref(&unused);
        return false;
    }
    if (kept) *kept = *old;
    if (old && !kept) kal_node_unref(&old->node);
    if (!old) {
        names->slots[slot_of(names, given->text, given->n)] = (uint32_t)names->n + 1;
        old = &names->list[names->n++];
    }
    *old = *given;
    old->older = kept;
    return true;
}

void kal__names_free(kal__names *names)
{
    for (size_t i = 0; i < names->n; i++)
        for (kal__name *m = &names->list[i]; m; m = m->older) kal_node_unref(&m->node);
    free(names->list);
    free(names->slots);
    *names = (kal__names){.n = 0};
}

// ---- where the parser is ------------------------------------------------------------------------

const kal__name *kal__lookup(const kal__parser *r, const char *text, size_t n)
{
    const kal__name *m = r->frame ? kal__names_find(&r->frame->own, text, n) : NULL;
    if (m) return m;
    const uint32_t before = r->frame ? r->frame->def->since : UINT32_MAX;
    const uint64_t sees = r->p->files[r->file].sees;
    // a value from outside is one in every file; a picture is of the text that was given
    for (m = kal__names_find(&r->p->names, text, n); m; m = m->older)
        if (m->since < before && (sees >> m->file & 1 || (m->fixed && m->value))) return m;
    return NULL;
}

bool kal__define(kal__parser *r, const kal__name *given)
{
    kal__name m = *given;
    if (r->frame) return kal__names_set(&r->frame->own, &m, NULL);
    m.file = r->file;
    m.since = ++r->p->serial;
    return kal__names_set(&r->p->names, &m, r->p->n_defs || r->p->n_files > 1 ? &r->p->arena : NULL);
}
