// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See patient.h. The two sides share a small desk: the reader leaves a wish on it, the thread what it got. Whoever goes last clears it away.
#define _GNU_SOURCE
#include "patient.h"

#include "mem.h"
#include "thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROOM ((size_t)64 << 10)

typedef struct desk {
    pthread_mutex_t lock;
    pthread_cond_t wish, answer;
    kal__reader *inner;
    size_t wanted;   // 0: nothing
    bool placed;     // from `at`, not from where it stands
    uint64_t at;
    ptrdiff_t got;
    kal_error err;
    bool busy;    // the thread is reading
    bool left;    // the reader went while it was: the thread clears up
    bool going;   // the reader goes: the thread ends
    bool ended;
    unsigned char room[ROOM];
} desk;

typedef struct patient {
    kal__reader base;
    const kal__watch *watch;
    desk *desk;
    pthread_mutex_t turn;   // one wish at a time
    kal_status stopped;     // under the desk's lock
} patient;

static void clear_away(desk *d)
{
    d->inner->close(d->inner);
    pthread_cond_destroy(&d->wish);
    pthread_cond_destroy(&d->answer);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

static void *serve(void *arg)
{
    desk *d = arg;
    pthread_mutex_lock(&d->lock);
    while (!d->going && !d->left) {
        if (!d->wanted) {
            pthread_cond_wait(&d->wish, &d->lock);
            continue;
        }
        const size_t n = d->wanted;
        d->busy = true;
        pthread_mutex_unlock(&d->lock);
        kal_error err = {KAL_OK, ""};
        const ptrdiff_t got = d->placed ? d->inner->read_at(d->inner, d->at, d->room, n, &err)
                                        : d->inner->read(d->inner, d->room, n, &err);
        pthread_mutex_lock(&d->lock);
        d->busy = false;
        d->wanted = 0;
        d->got = got;
        d->err = err;
        pthread_cond_signal(&d->answer);
    }
    const bool left = d->left;
    d->ended = true;
    pthread_cond_signal(&d->answer);
    pthread_mutex_unlock(&d->lock);
    if (left) clear_away(d);
    return NULL;
}

static void in_10_ms(struct timespec *t)
{
    clock_gettime(CLOCK_MONOTONIC, t);
    t->tv_nsec += 10000000;
    if (t->tv_nsec >= 1000000000) t->tv_sec++, t->tv_nsec -= 1000000000;
}

static ptrdiff_t wish(patient *p, const uint64_t *at, void *dst, size_t n, kal_error *err)
{
    desk *d = p->desk;
    if (!n) return 0;
    pthread_mutex_lock(&d->lock);
    if (p->stopped) {
        pthread_mutex_unlock(&d->lock);
        kal_fail(err, p->stopped, "%s: nobody waits for it any more", p->base.name);
        return -1;
    }
    d->wanted = n < ROOM ? n : ROOM;
    d->placed = at != NULL;
    d->at = at ? *at : 0;
    pthread_cond_signal(&d->wish);
    while (d->wanted && !p->stopped) {
        struct timespec t;
        in_10_ms(&t);
        pthread_cond_timedwait(&d->answer, &d->lock, &t);
        if (d->wanted && !p->stopped && p->watch) p->stopped = kal__watch_check(p->watch, err);
    }
    const ptrdiff_t got = p->stopped ? -1 : d->got;
    if (got > 0) memcpy(dst, d->room, (size_t)got);
    if (got < 0 && !p->stopped && err) *err = d->err;
    pthread_mutex_unlock(&d->lock);
    return got;
}

void kal__patient_watch(kal__reader *base, const kal__watch *watch)
{
    patient *p = (patient *)base;
    pthread_mutex_lock(&p->desk->lock);
    p->watch = watch;
    pthread_mutex_unlock(&p->desk->lock);
}

void kal__patient_leave(kal__reader *base)
{
    patient *p = (patient *)base;
    pthread_mutex_lock(&p->desk->lock);   // whoever waits looks at the request under it
    p->stopped = KAL_CANCELLED;
    p->watch = NULL;
    pthread_mutex_unlock(&p->desk->lock);
}

static ptrdiff_t patient_read(kal__reader *base, void *dst, size_t n, kal_error *err)
{
    patient *p = (patient *)base;
    pthread_mutex_lock(&p->turn);
    const ptrdiff_t got = wish(p, NULL, dst, n, err);
    pthread_mutex_unlock(&p->turn);
    if (got > 0) base->position += (uint64_t)got;
    return got;
}

static ptrdiff_t patient_read_at(kal__reader *base, uint64_t at, void *dst, size_t n, kal_error *err)
{
    patient *p = (patient *)base;
    pthread_mutex_lock(&p->turn);
    const ptrdiff_t got = wish(p, &at, dst, n, err);
    pthread_mutex_unlock(&p->turn);
    if (got > 0) __atomic_fetch_add(&base->by_place, (uint64_t)got, __ATOMIC_RELAXED);
    return got;
}

// Whoever reads tells it, so nobody is reading meanwhile but one that was left.
static void patient_forget(kal__reader *base, uint64_t before)
{
    desk *d = ((patient *)base)->desk;
    pthread_mutex_lock(&d->lock);
    if (!d->busy) d->inner->forget(d->inner, before);
    pthread_mutex_unlock(&d->lock);
}

static bool patient_stamp(kal__reader *base, kal__stamp *out)
{
    kal__reader *inner = ((patient *)base)->desk->inner;
    return inner->stamp(inner, out);
}

static void patient_close(kal__reader *base)
{
    patient *p = (patient *)base;
    desk *d = p->desk;
    pthread_mutex_destroy(&p->turn);
    free(p);
    pthread_mutex_lock(&d->lock);
    if (d->busy || d->wanted) {   // it is somewhere else, who knows for how long
        d->left = true;
        pthread_cond_signal(&d->wish);
        pthread_mutex_unlock(&d->lock);
        return;
    }
    d->going = true;
    pthread_cond_signal(&d->wish);
    while (!d->ended) pthread_cond_wait(&d->answer, &d->lock);
    pthread_mutex_unlock(&d->lock);
    clear_away(d);
}

kal__reader *kal__patient_new(kal__reader *inner, const kal__watch *watch)
{
    patient *p = kal__new_zero(1, sizeof *p);
    desk *d = p ? kal__new_zero(1, sizeof *d) : NULL;
    if (!d) {
        free(p);
        inner->close(inner);
        return NULL;
    }
    pthread_condattr_t attr;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->wish, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&d->answer, &attr);
    pthread_condattr_destroy(&attr);
    d->inner = inner;
    *p = (patient){.base = {.read = patient_read,
                            .read_at = inner->read_at ? patient_read_at : NULL,
                            .forget = inner->forget ? patient_forget : NULL,
                            .stamp = inner->stamp ? patient_stamp : NULL,
                            .close = patient_close,
                            .regular = inner->regular,
                            .size = inner->size,
                            .name = inner->name,
                            .position = inner->position},
                   .watch = watch,
                   .desk = d};
    pthread_mutex_init(&p->turn, NULL);
    if (kal__thread_start(NULL, serve, d)) return &p->base;
    clear_away(d);
    pthread_mutex_destroy(&p->turn);
    free(p);
    return NULL;
}
