// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See admit.h. Who waits holds no ring and no worker, so waiting cannot tie a knot: those who run need nothing of those who wait.
#include "admit.h"

#include "fork.h"
#include "memo.h"
#include "options.h"

typedef struct waiting {
    struct waiting *next;
} waiting;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static size_t held, n_running;
static waiting *first;   // who came first
static _Thread_local kal__budget *budget;

kal__budget *kal__admit_within(kal__budget *b)
{
    kal__budget *before = budget;
    budget = b;
    return before;
}

static void nobody(void *owner)
{
    (void)owner;
    held = n_running = 0;
    first = NULL;
    kal__cond_init(&changed);
}
KAL__GUARD(lock, KAL__FORK_ADMISSION, nobody)

// Before main `changed` waits by the clock that the others wait by, too.
__attribute__((constructor)) static void begin(void)
{
    kal__cond_init(&changed);
}

static size_t limit(void)
{
    kal__resolved o;
    return kal__resolve(NULL, &o, NULL) ? SIZE_MAX : o.max_memory;
}

static bool fits(size_t bytes, size_t most)
{
    return !n_running || (bytes <= most && held <= most - bytes);
}

static void queue_up(waiting *w)
{
    waiting **at = &first;
    while (*at) at = &(*at)->next;
    *at = w;
}

static void leave_queue(waiting *w)
{
    waiting **at = &first;
    while (*at != w) at = &(*at)->next;
    *at = w->next;
    pthread_cond_broadcast(&changed);
}

// With the lock, and before it stands in the queue, where those behind it have budgets of their own. Who holds its part waits for nobody of the same budget.
static kal_status take_of_budget(size_t bytes, const kal__watch *w, kal_error *err)
{
    kal_status st = KAL_OK;
    if (!budget) return KAL_OK;
    while (!st && !kal__is_outside() && budget->n &&
           (bytes > budget->most || budget->held > budget->most - bytes)) {
        kal__cond_wait(&changed, &lock, KAL__GLANCE);
        st = kal__watch_check(w, err);
    }
    if (!st) budget->held += bytes, budget->n++;
    return st;
}

static void give_to_budget(size_t bytes)
{
    if (!budget) return;
    budget->held -= bytes;
    budget->n--;
    pthread_cond_broadcast(&changed);
}

kal_status kal__admit(size_t bytes, kal_memo *memo, const kal__watch *w, kal_error *err)
{
    const size_t most = limit();
    waiting own = {NULL};
    pthread_mutex_lock(&lock);
    kal_status st = take_of_budget(bytes, w, err);
    if (st) {
        pthread_mutex_unlock(&lock);
        return st;
    }
    queue_up(&own);
    while (!st && !kal__is_outside() && (first != &own || !fits(bytes, most))) {
        kal__cond_wait(&changed, &lock, KAL__GLANCE);
        st = kal__watch_check(w, err);
    }
    leave_queue(&own);
    if (!st) held += bytes, n_running++;
    if (st) give_to_budget(bytes);
    const size_t all = held;
    pthread_mutex_unlock(&lock);
    if (!st && memo) kal__memo_shrink(memo, all < most ? most - all : 0);
    return st;
}

void kal__admit_end(size_t bytes)
{
    pthread_mutex_lock(&lock);
    held -= bytes;
    n_running--;
    give_to_budget(bytes);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
