// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See admit.h. Who waits holds no ring and no worker, so waiting cannot tie a knot: those who run need nothing of those who wait.
#include "admit.h"

#include "memo.h"
#include "options.h"

#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static size_t held, n_running;
static uint64_t next_ticket, serving;

static size_t limit(void)
{
    kal__resolved o;
    return kal__resolve(NULL, &o, NULL) ? SIZE_MAX : o.max_memory;
}

static bool fits(size_t bytes, size_t most)
{
    return !n_running || (bytes <= most && held <= most - bytes);
}

static void wait_a_little(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += 10000000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    pthread_cond_timedwait(&changed, &lock, &t);
}

// A ticket given up must not hold up those behind it: it is served, and nothing is held.
kal_status kal__admit(size_t bytes, kal_memo *memo, const kal__watch *w, kal_error *err)
{
    const size_t most = limit();
    kal_status st = KAL_OK;
    pthread_mutex_lock(&lock);
    const uint64_t ticket = next_ticket++;
    while (ticket != serving || (!st && !fits(bytes, most))) {
        wait_a_little();
        if (!st) st = kal__watch_check(w, err);
    }
    serving++;
    if (!st) held += bytes, n_running++;
    const size_t all = held;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    if (!st && memo) kal__memo_shrink(memo, all < most ? most - all : 0);
    return st;
}

void kal__admit_end(size_t bytes)
{
    pthread_mutex_lock(&lock);
    held -= bytes;
    n_running--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

pthread_mutex_t *kal__admit_mutex(void)
{
    return &lock;
}

void kal__admit_child(void)
{
    held = n_running = 0;
    serving = next_ticket;
    pthread_cond_init(&changed, NULL);
}
