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
} either;

static kal_status either_open(kal__origin *o, kal__reader **out, kal_error *err)
{
    const either *e = (const either *)o;
    kal_error why = {0};
    const kal_status st = e->of[0]->open(e->of[0], out, &why);
    if (!st || (st != KAL_NOMEM && st != KAL_LIMIT && !e->of[1]->open(e->of[1], out, NULL))) return KAL_OK;
    return kal__repeat(&why, err);
}

static void either_destroy(kal__origin *o)
{
    either *e = (either *)o;
    kal__origin_unref(&e->of[0]);
    kal__origin_unref(&e->of[1]);
    free(e);
}

kal__origin *kal__origin_either(kal__origin *first, kal__origin *second)
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
    return &e->base;
}

kal__origin *kal__origin_first(kal__origin *o)
{
    return o->open == either_open ? ((either *)o)->of[0] : o;
}
