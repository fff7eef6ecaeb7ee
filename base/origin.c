// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Counting who holds a place that bytes can be had from.
#include "codec.h"

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
