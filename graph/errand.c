// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See errand.h.
#define _GNU_SOURCE
#include "errand.h"

#include "mem.h"
#include "thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

// ---- on a thread --------------------------------------------------------------------------------

typedef struct desk {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    kal__errand *errand;
    kal_status status;
    kal_error err;
    bool done, left;
} desk;

static void desk_free(desk *d)
{
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->ended);
    free(d);
}

static void *go(void *arg)
{
    desk *d = arg;
    d->status = d->errand->run(d->errand, &d->err);
    pthread_mutex_lock(&d->lock);
    d->done = true;
    const bool left = d->left;
    pthread_cond_signal(&d->ended);
    pthread_mutex_unlock(&d->lock);
    if (left) {
        d->errand->free(d->errand);
        desk_free(d);
    }
    return NULL;
}

static desk *desk_new(kal__errand *e)
{
    desk *d = kal__new_zero(1, sizeof *d);
    if (!d) return NULL;
    pthread_condattr_t attr;
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&d->ended, &attr);
    pthread_condattr_destroy(&attr);
    d->errand = e;
    return d;
}

static void wait_10_ms(desk *d)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += 10000000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    pthread_cond_timedwait(&d->ended, &d->lock, &t);
}

static kal_status run_here(kal__errand *e, kal_error *err)
{
    const kal_status st = e->run(e, err);
    e->free(e);
    return st;
}

kal_status kal__errand_run(kal__errand *e, const kal__watch *watch, bool *left, kal_error *err)
{
    *left = false;
    desk *d = desk_new(e);
    if (!d || !kal__thread_start(NULL, go, d)) {
        if (d) desk_free(d);
        return run_here(e, err);
    }
    kal_status stopped = KAL_OK;
    pthread_mutex_lock(&d->lock);
    while (!d->done && !stopped) {
        wait_10_ms(d);
        if (!d->done) stopped = kal__watch_check(watch, err);
    }
    if (stopped && e->leave) e->leave(e);   // not done: it is still there
    *left = d->left = stopped != KAL_OK;
    pthread_mutex_unlock(&d->lock);
    if (stopped) return stopped;
    const kal_status st = d->status;
    if (st) *err = d->err;
    e->free(e);
    desk_free(d);
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

// A write that is under way is waited for: it is the caller's own.
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
