// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See desk.h.
#define _GNU_SOURCE
#include "desk.h"

#include "fail.h"
#include "thread.h"

void kal__desk_init(kal__desk *d, void (*serve)(kal__desk *), void (*clear)(kal__desk *),
                    const kal__watch *watch)
{
    *d = (kal__desk){.serve = serve, .clear = clear, .watch = watch};
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->wish, NULL);
    kal__cond_init(&d->answer);
}

static void clear_away(kal__desk *d)
{
    pthread_cond_destroy(&d->wish);
    pthread_cond_destroy(&d->answer);
    pthread_mutex_destroy(&d->lock);
    d->clear(d);
}

static void *work(void *arg)
{
    kal__desk *d = arg;
    pthread_mutex_lock(&d->lock);
    while (!d->going && !d->left) {
        if (!d->wished) {
            pthread_cond_wait(&d->wish, &d->lock);
            continue;
        }
        pthread_mutex_unlock(&d->lock);
        d->serve(d);
        pthread_mutex_lock(&d->lock);
        d->wished = false;
        pthread_cond_signal(&d->answer);
    }
    const bool left = d->left;
    d->ended = true;
    pthread_cond_signal(&d->answer);
    pthread_mutex_unlock(&d->lock);
    if (left) clear_away(d);
    return NULL;
}

kal_status kal__desk_take(kal__desk *d, const char *name, kal_error *err)
{
    pthread_mutex_lock(&d->lock);
    const kal_status st = d->stopped;
    if (!st) return KAL_OK;
    pthread_mutex_unlock(&d->lock);
    return kal__nobody_waits(st, name, err);
}

// Who does what is wished looks at it too, without the lock.
static void stop(kal__desk *d, kal_status st)
{
    __atomic_store_n(&d->stopped, st, __ATOMIC_RELAXED);
}

kal_status kal__desk_ask(kal__desk *d, kal_error *err)
{
    if (d->watch && !d->stopped)
        stop(d, kal__watch_check(d->watch, err));   // of wishes that are all done at once, too
    if (d->stopped) return d->stopped;
    if (!d->running && !kal__thread_start(NULL, 0, work, d))
        return kal_fail(err, KAL_NOMEM, "no thread can be had to wait on");
    d->running = true;
    d->wished = true;
    pthread_cond_signal(&d->wish);
    while (d->wished && !d->stopped) {
        kal__cond_wait(&d->answer, &d->lock, KAL__GLANCE);
        if (d->wished && !d->stopped && d->watch) stop(d, kal__watch_check(d->watch, err));
    }
    return d->stopped;
}

void kal__desk_watch(kal__desk *d, const kal__watch *watch)
{
    pthread_mutex_lock(&d->lock);
    d->watch = watch;
    pthread_mutex_unlock(&d->lock);
}

void kal__desk_leave(kal__desk *d)
{
    pthread_mutex_lock(&d->lock);   // whoever waits looks at the request under it
    stop(d, KAL_CANCELLED);
    d->watch = NULL;
    pthread_mutex_unlock(&d->lock);
}

void kal__desk_close(kal__desk *d)
{
    pthread_mutex_lock(&d->lock);
    const bool left = d->left = d->wished;   // it is somewhere else, who knows for how long
    d->going = true;
    pthread_cond_signal(&d->wish);
    while (d->running && !left && !d->ended) pthread_cond_wait(&d->answer, &d->lock);
    pthread_mutex_unlock(&d->lock);
    if (!left) clear_away(d);
}
