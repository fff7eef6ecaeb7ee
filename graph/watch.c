// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See watch.h.
#define _GNU_SOURCE
#include "watch.h"

#include <stdlib.h>

struct kal_cancel {
    bool set;   // atomic
};

kal_cancel *kal_cancel_new(void)
{
    return kal__new_zero(1, sizeof(kal_cancel));
}

void kal_cancel_set(kal_cancel *c)
{
    if (c) __atomic_store_n(&c->set, true, __ATOMIC_RELAXED);   // nothing is published with it
}

bool kal__cancelled(const kal_cancel *c)
{
    return __atomic_load_n(&c->set, __ATOMIC_RELAXED);
}

void kal_cancel_free(kal_cancel **c)
{
    free(*c);
    *c = NULL;
}

kal__watch kal__watch_from(const kal_options *options, double start)
{
    kal_limits limits;
    const double own = options ? options->deadline : 0;
    kal_limits_get(&limits);
    const bool first = limits.seconds && (own <= 0 || limits.seconds < own);
    const double seconds = first ? limits.seconds : own;
    return (kal__watch){options, seconds > 0 ? start + seconds : 0, first ? limits.seconds : 0};
}

bool kal__can_be_stopped(const kal__watch *w)
{
    return w->deadline > 0 || (w->options && w->options->cancel);
}

static kal_status too_late(const kal__watch *w, kal_error *err)
{
    if (w->limit)
        return kal__over_limit(err, "seconds=N", "it takes longer than the limit of %u s", w->limit);
    return kal_fail(err, KAL_DEADLINE, "the deadline of %g s passed", w->options->deadline);
}

kal_status kal__watch_check(const kal__watch *w, kal_error *err)
{
    if (w->options && w->options->cancel && kal__cancelled(w->options->cancel))
        return kal_fail(err, KAL_CANCELLED, "the request was cancelled");
    return w->deadline > 0 && kal__now() > w->deadline ? too_late(w, err) : KAL_OK;
}
