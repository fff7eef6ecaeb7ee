// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is sent to a remote waits here, little of it, for one thread: nobody who computes waits for a network. The end of a lease stands behind what was made under it.
#define _GNU_SOURCE
#include "remote_part.h"
#include "store_file.h"
#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_BYTES ((size_t)64 << 20)           // of data that waits, beside one entry
#define MOST_PUTS (KAL__REMOTE_ITEMS / 4 * 3)   // the rest is for leases
#define END 2.0                                 // seconds for what waits when all is over

static void forget(kal__waiting *w)
{
    kal__slab_unref(&w->data);
    free((void *)(uintptr_t)w->what.recipe);
}

static void send(kal__remote *r, const kal__waiting *w)
{
    double start;
    size_t n;
    unsigned char seal[KAL__SEAL];
    unsigned char *front = kal__store_front(&w->what, w->data->data, &n);
    const kal__piece pieces[KAL__PIECES] = {
        {front, n}, {w->data->data, w->what.size}, {seal, r->secret ? KAL__SEAL : 0}};
    const bool whole = front && (!r->secret || kal__seal_make(r, pieces, 2, seal));
    const bool owed = kal__remote_is_strange(r, w->what.key);
    void *line = whole ? kal__remote_begin(r, owed, &start) : NULL;
    kal__far came = KAL__FAR_FAILED;
    if (line) {
        came = r->kind->put(r, line, w->what.key, pieces, n + w->what.size + pieces[2].n);
        kal__remote_end(r, line, start, came == KAL__FAR_BUSY ? KAL__FAR_DONE : came);
    }
    const bool there = came == KAL__FAR_DONE || (came == KAL__FAR_BUSY && !owed);
    if (there && owed) kal__remote_replaced(r, w->what.key);
    kal__remote_count(there ? &r->counts.stored : &r->counts.dropped);
    free(front);
}

// Whoever is not told that a lease ended waits two seconds for it: that is said whatever became of the entry.
static void do_one(kal__remote *r, kal__waiting *w, double over)
{
    uint64_t mark;
    if (w->data && over < 0)
        send(r, w);
    else if (w->data)
        kal__remote_count(&r->counts.dropped);
    else if (over < KAL__REMOTE_LAST)
        kal__remote_lease_step(r, w->what.key, KAL__LEASE_END, &mark);
    forget(w);
}

static void *run(void *arg)
{
    kal__remote *r = arg;
    pthread_mutex_lock(&r->lock);
    for (;;) {
        while (!r->n && !r->closing) pthread_cond_wait(&r->work, &r->lock);
        if (!r->n) break;
        kal__waiting w = r->waiting[r->first];
        const double over = r->end_by > 0 ? kal__now() - r->end_by : -1;
        r->first = (r->first + 1) % KAL__REMOTE_ITEMS;
        r->n--;
        r->busy = true;
        r->late = over >= 0;
        pthread_mutex_unlock(&r->lock);
        const size_t size = w.data ? w.what.size : 0;
        do_one(r, &w, over);
        pthread_mutex_lock(&r->lock);
        r->bytes -= size;
        r->busy = false;
        if (!r->n) pthread_cond_broadcast(&r->empty);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

// In lock.
static bool has_room(const kal__remote *r, const kal__waiting *w)
{
    if (!w->data) return r->n < KAL__REMOTE_ITEMS;
    return r->n < MOST_PUTS && (!r->bytes || r->bytes + w->what.size <= MOST_BYTES);
}

bool kal__remote_wait_for(kal__remote *r, const kal__waiting *w)
{
    pthread_mutex_lock(&r->lock);
    kal__remote_here(r);
    if (!r->running) r->running = kal__thread_start(&r->thread, 0, run, r);
    const bool ok = r->running && !r->closing && has_room(r, w);
    if (ok) {
        r->waiting[(r->first + r->n++) % KAL__REMOTE_ITEMS] = *w;
        r->bytes += w->data ? w->what.size : 0;
        pthread_cond_signal(&r->work);
    }
    pthread_mutex_unlock(&r->lock);
    return ok;
}

void kal__remote_put(kal__remote *r, const kal__stored *what, kal__slab *data)
{
    kal__waiting w = {.what = *what};
    if (r->read_only) return;
    w.what.recipe = NULL;
    char *recipe = kal__new(what->recipe_size + 1, 1);
    const bool fits = what->size && what->size <= r->most && what->size / KAL__STORE_PIECE < UINT32_MAX;
    if (recipe && fits && !kal__remote_is_off(r, kal__remote_is_strange(r, what->key))) {
        if (what->recipe_size) memcpy(recipe, what->recipe, what->recipe_size);
        w.what.recipe = recipe;
        w.data = kal__slab_ref(data);
        if (kal__remote_wait_for(r, &w)) return;
        kal__slab_unref(&w.data);
    }
    free(recipe);
    kal__remote_count(&r->counts.dropped);
}

void kal__remote_flush(kal__remote *r, bool for_good)
{
    pthread_mutex_lock(&r->lock);
    kal__remote_here(r);
    r->end_by = kal__now() + END;
    const double most = r->end_by + 1;   // the thread looks at the clock as well, and ends before
    while (r->running && (r->n || r->busy))
        if (!kal__cond_wait(&r->empty, &r->lock, most - kal__now())) break;
    const bool ends = for_good && r->running;
    if (ends) r->closing = true, r->running = false;
    if (!for_good) r->end_by = 0;
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
    if (ends) pthread_join(r->thread, NULL);
}
