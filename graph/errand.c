// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See errand.h.
#define _GNU_SOURCE
#include "errand.h"

#include "desk.h"
#include "mem.h"

#include <stdlib.h>

// ---- on a thread --------------------------------------------------------------------------------

typedef struct errand_desk {
    kal__desk base;
    kal__errand *errand;
    kal_status status;
    kal_error err;
} errand_desk;

static void serve(kal__desk *base)
{
    errand_desk *d = (errand_desk *)base;
    d->status = d->errand->run(d->errand, &d->err);
}

static void clear(kal__desk *base)
{
    errand_desk *d = (errand_desk *)base;
    d->errand->free(d->errand);
    free(d);
}

kal_status kal__errand_run(kal__errand *e, const kal__watch *watch, bool *left, kal_error *err)
{
    *left = false;
    errand_desk *d = kal__new_zero(1, sizeof *d);
    if (!d) {
        const kal_status st = e->run(e, err);
        e->free(e);
        return st;
    }
    d->errand = e;
    kal__desk_init(&d->base, serve, clear, watch);
    pthread_mutex_lock(&d->base.lock);
    kal_status st = kal__desk_ask(&d->base, err);
    if (st == KAL_NOMEM) serve(&d->base);
    *left = st && st != KAL_NOMEM;
    if (*left && e->leave) e->leave(e);   // not done: it is still there
    pthread_mutex_unlock(&d->base.lock);
    if (!*left) {
        st = d->status;
        if (st) *err = d->err;
    }
    kal__desk_close(&d->base);
    return st;
}

// ---- a target that can be left ------------------------------------------------------------------

typedef struct left_writer {
    kal__writer base;
    pthread_mutex_t lock;
    kal__writer *inner;   // NULL once it was left
} left_writer;

static kal_status nobody(kal_error *err)
{
    return kal_fail(err, KAL_CANCELLED, "nobody waits for it any more");
}

static kal_status pass_on(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    left_writer *l = (left_writer *)w;
    pthread_mutex_lock(&l->lock);
    const kal_status st = l->inner ? l->inner->write(l->inner, data, n, err) : nobody(err);
    pthread_mutex_unlock(&l->lock);
    w->written += st ? 0 : n;
    return st;
}

static kal_status patch(kal__writer *w, uint64_t at, const void *data, size_t n, kal_error *err)
{
    left_writer *l = (left_writer *)w;
    pthread_mutex_lock(&l->lock);
    const kal_status st = l->inner ? l->inner->patch(l->inner, at, data, n, err) : nobody(err);
    pthread_mutex_unlock(&l->lock);
    return st;
}

static kal_status file(kal__writer *w, const char *name, const void *data, size_t n, kal_error *err)
{
    left_writer *l = (left_writer *)w;
    pthread_mutex_lock(&l->lock);
    const kal_status st = l->inner ? l->inner->file(l->inner, name, data, n, err) : nobody(err);
    pthread_mutex_unlock(&l->lock);
    return st;
}

kal__writer *kal__left_writer_new(kal__writer *inner)
{
    left_writer *l = kal__new_zero(1, sizeof *l);
    if (!l) return NULL;
    l->base = (kal__writer){.write = pass_on,
                            .patch = inner->patch ? patch : NULL,
                            .file = inner->file ? file : NULL,
                            .written = inner->written,
                            .album = inner->album,
                            .name = inner->name};
    l->inner = inner;
    pthread_mutex_init(&l->lock, NULL);
    return &l->base;
}

// A write that is under way is waited for: what may take long has a patient one before it, which sees the same request stopped.
void kal__left_writer_leave(kal__writer *w)
{
    left_writer *l = (left_writer *)w;
    pthread_mutex_lock(&l->lock);
    l->inner = NULL;
    pthread_mutex_unlock(&l->lock);
}

void kal__left_writer_free(kal__writer *w)
{
    left_writer *l = (left_writer *)w;
    if (!l) return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}
