// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Counting who holds a place that bytes can be had from; and two places of the same bytes.
#include "codec.h"

#include "mem.h"

#include <stdlib.h>

kal__origin *kal__origin_ref(kal__origin *o)
{
    if (o) __atomic_fetch_add(&o->refs, 1, __ATOMIC_RELAXED);
    return o;
}

void kal__origin_unref(kal__origin **slot)
{
    kal__origin *o = *slot;
    *slot = NULL;
    if (o && __atomic_sub_fetch(&o->refs, 1, __ATOMIC_ACQ_REL) == 0) o->destroy(o);
}

// ---- either -------------------------------------------------------------------------------------

typedef struct either {
    kal__origin base;
    kal__origin *of[2];
    kal__stamp stamp[2];   // of them when their bytes were seen; all 0: nobody knows
} either;

bool kal__stamp_equal(const kal__stamp *a, const kal__stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns && a->local == b->local && a->told == b->told;
}

static bool is_known(const kal__stamp *s)
{
    return !kal__stamp_equal(s, &(kal__stamp){0});
}

static bool stands(kal__reader *r, const kal__stamp *seen)
{
    kal__stamp now;
    return !is_known(seen) || (r->stamp && r->stamp(r, &now) && kal__stamp_equal(&now, seen));
}

// The first, unless it cannot be opened or is another file by now, and the second is the one that it was.
static kal_status either_open(kal__origin *o, kal__reader **out, kal_error *err)
{
    const either *e = (const either *)o;
    kal_error why = {0};
    kal__reader *second = NULL;
    const kal_status st = e->of[0]->open(e->of[0], out, &why);
    if (st == KAL_NOMEM || st == KAL_LIMIT) return kal__repeat(&why, err);
    if (!st && stands(*out, &e->stamp[0])) return KAL_OK;
    if (e->of[1]->open(e->of[1], &second, NULL)) return st ? kal__repeat(&why, err) : KAL_OK;
    if (!st && !(is_known(&e->stamp[1]) && stands(second, &e->stamp[1]))) {
        second->close(second);   // whoever reads the first says that it changed
        return KAL_OK;
    }
    if (!st) (*out)->close(*out);
    *out = second;
    return KAL_OK;
}

static void either_destroy(kal__origin *o)
{
    either *e = (either *)o;
    kal__origin_unref(&e->of[0]);
    kal__origin_unref(&e->of[1]);
    free(e);
}

kal__origin *kal__origin_either(kal__origin *first, const kal__stamp *seen_first, kal__origin *second,
                                const kal__stamp *seen_second)
{
    either *e = kal__new_zero(1, sizeof *e);
    if (!e) return NULL;
    e->base = (kal__origin){.refs = 1,
                            .open = either_open,
                            .destroy = either_destroy,
                            .name = first->name,
                            .path = first->path,
                            .waits = first->waits || second->waits};
    e->of[0] = kal__origin_ref(first);
    e->of[1] = kal__origin_ref(second);
    e->stamp[0] = *seen_first;
    e->stamp[1] = *seen_second;
    return &e->base;
}

kal__origin *kal__origin_place(kal__origin *o, int i, kal__stamp *seen)
{
    const either *e = (const either *)o;
    const bool two = o && o->open == either_open;
    *seen = two && i < 2 ? e->stamp[i] : (kal__stamp){0};
    return two ? (i < 2 ? e->of[i] : NULL) : i ? NULL : o;
}
