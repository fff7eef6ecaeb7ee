// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See lease.h. In a folder of our own a lease is a file that its holder has locked, which ends with the holder, and whose time it moves, which ends when the
// holder is stopped. A thread moves those times.
#define _GNU_SOURCE
#include "lease.h"

#include "fork.h"
#include "remote_part.h"
#include "store_file.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define BEAT (KAL__LEASE_TTL / 4)   // seconds
#define SEEN 64

typedef struct held {
    const void *owner;
    kal_key key;
    int fd;                // in the folder; -1: far away
    kal__remote *remote;   // or NULL
} held;

// A lease of somebody else's, and since when it has not moved.
typedef struct seen {
    kal_key key;
    uint64_t mark;
    double since;
} seen;

struct kal__leases {
    kal__guarded guarded;
    pthread_mutex_t lock;   // guards what follows
    pthread_cond_t work;
    pid_t pid;
    held *held;
    size_t n, room;
    seen seen[SEEN];
    unsigned next;
    bool running, closing, beating;
    pthread_cond_t rested;
    pthread_t thread;
};

kal__leases *kal__leases_new(void)
{
    kal__leases *l = kal__new_zero(1, sizeof *l);
    if (!l) return NULL;
    pthread_mutex_init(&l->lock, NULL);
    kal__guard(&l->guarded, KAL__FORK_LEASES, &l->lock, NULL, NULL);
    kal__cond_init(&l->work);
    kal__cond_init(&l->rested);
    l->pid = getpid();
    return l;
}

// In lock. After a fork the leases are the parent's.
static void here(kal__leases *l)
{
    if (l->pid == getpid()) return;
    for (size_t i = 0; i < l->n; i++)
        if (l->held[i].fd >= 0) close(l->held[i].fd);
    l->pid = getpid();
    l->n = 0;
    l->running = l->beating = false;
    kal__cond_init(&l->work);
    kal__cond_init(&l->rested);
}

// ---- in a folder ----------------------------------------------------------------------------------

static void name_of(kal_key key, char out[56])
{
    char text[33];
    kal_key_print(key, text);
    snprintf(out, 56, KAL__STORE_LEASES "/lease-%s", text);
}

static int open_lease(kal__store *s, const char *name)
{
    const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    const int fd = openat(s->folder, name, flags, 0644);
    if (fd >= 0 || errno != ENOENT) return fd;
    mkdirat(s->folder, KAL__STORE_LEASES, 0777);
    return openat(s->folder, name, flags, 0644);
}

static bool is_named(kal__store *s, const char *name, int fd, struct stat *st)
{
    struct stat named;
    return fstat(fd, st) == 0 && fstatat(s->folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_ino == st->st_ino && named.st_dev == st->st_dev;
}

static kal__lease_answer take_here(kal__store *s, kal_key key, bool over, int *fd, uint64_t *mark)
{
    char name[56];
    struct stat st;
    name_of(key, name);
    if (__atomic_load_n(&s->off, __ATOMIC_ACQUIRE)) return KAL__NO_LEASE;
    if (over) unlinkat(s->folder, name, 0);
    *fd = open_lease(s, name);
    if (*fd < 0) return KAL__NO_LEASE;
    const bool locked = flock(*fd, LOCK_EX | LOCK_NB) == 0, busy = !locked && errno == EWOULDBLOCK;
    const bool named = is_named(s, name, *fd, &st);
    if (locked && named) {
        futimens(*fd, NULL);   // it may have been left by somebody who is gone
        return KAL__LEASED;
    }
    close(*fd);
    *mark = (uint64_t)st.st_ino << 32 ^
            ((uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec);
    return locked || busy ? KAL__BUSY : KAL__NO_LEASE;   // its name went: it ended just now
}

static void end_here(kal__store *s, const held *h)
{
    char name[56];
    struct stat st;
    name_of(h->key, name);
    if (s && is_named(s, name, h->fd, &st)) unlinkat(s->folder, name, 0);
    close(h->fd);
}

// ---- holders that do not move any more --------------------------------------------------------------

static bool is_stale(kal__leases *l, kal_key key, uint64_t mark)
{
    const double now = kal__now();
    bool stale = false, found = false;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < SEEN && !found; i++) {
        seen *e = &l->seen[i];
        if (!e->since || !kal_key_equal(e->key, key)) continue;
        found = true;
        stale = e->mark == mark && now - e->since > KAL__LEASE_TTL;
        if (e->mark != mark || stale) *e = (seen){key, mark, now};
    }
    if (!found) l->seen[l->next++ % SEEN] = (seen){key, mark, now};
    pthread_mutex_unlock(&l->lock);
    return stale;
}

static kal__lease_answer take_far(kal__leases *l, kal__remote *r, kal_key key)
{
    uint64_t mark;
    const kal__lease_answer a = kal__remote_lease(r, key, false, &mark);
    if (a != KAL__BUSY || !mark || !is_stale(l, key, mark)) return a;
    return kal__remote_lease(r, key, true, &mark);
}

static kal__lease_answer take_near(kal__leases *l, kal__store *s, kal_key key, int *fd)
{
    uint64_t mark;
    const kal__lease_answer a = take_here(s, key, false, fd, &mark);
    if (a != KAL__BUSY || !is_stale(l, key, mark)) return a;
    return take_here(s, key, true, fd, &mark);
}

// ---- the thread -----------------------------------------------------------------------------------

// Those in a folder at once; of the others a copy of the keys, since a network is slow.
static held *beat_here(kal__leases *l, size_t *n)
{
    held *far = kal__new(l->n, sizeof *far);
    *n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->held[i].fd >= 0) futimens(l->held[i].fd, NULL);
        if (l->held[i].remote && far) far[(*n)++] = l->held[i];
    }
    return far;
}

static void *run(void *arg)
{
    kal__leases *l = arg;
    size_t n;
    pthread_mutex_lock(&l->lock);
    while (!l->closing) {
        if (l->n)
            kal__cond_wait(&l->work, &l->lock, BEAT);
        else
            pthread_cond_wait(&l->work, &l->lock);
        if (l->closing || !l->n) continue;
        held *far = beat_here(l, &n);
        l->beating = true;
        pthread_mutex_unlock(&l->lock);
        for (size_t i = 0; i < n; i++) kal__remote_lease_again(far[i].remote, far[i].key);
        free(far);
        pthread_mutex_lock(&l->lock);
        l->beating = false;
        pthread_cond_broadcast(&l->rested);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

// ---- all or none ----------------------------------------------------------------------------------

// In lock. Of a lease that cannot be written down nobody is told that it ended; it does by itself.
static void note(kal__leases *l, const held *h)
{
    if (!kal__more(&l->held, l->n, &l->room, sizeof *l->held)) {
        if (h->fd >= 0) close(h->fd);
        return;
    }
    l->held[l->n++] = *h;
    if (l->running && l->n == 1) pthread_cond_signal(&l->work);
    if (!l->running) l->running = kal__thread_start(&l->thread, 0, run, l);
}

static bool has(kal__leases *l, const void *owner, kal_key key)
{
    bool found = false;
    pthread_mutex_lock(&l->lock);
    here(l);
    for (size_t i = 0; i < l->n && !found; i++)
        found = l->held[i].owner == owner && kal_key_equal(l->held[i].key, key);
    pthread_mutex_unlock(&l->lock);
    return found;
}

static kal__lease_answer take_one(kal__leases *l, kal__store *s, kal__remote *r, const void *owner,
                                  kal_key key)
{
    held h = {owner, key, -1, r};
    kal__lease_answer a = r ? take_far(l, r, key) : KAL__NO_LEASE;
    if (a == KAL__NO_LEASE && s) h.remote = NULL, a = take_near(l, s, key, &h.fd);
    if (a != KAL__LEASED) return a;
    pthread_mutex_lock(&l->lock);
    note(l, &h);
    pthread_mutex_unlock(&l->lock);
    return a;
}

static void end_those(kal__leases *l, kal__store *s, const void *owner, const kal_key *keys, size_t n)
{
    for (;;) {
        held h = {0};
        pthread_mutex_lock(&l->lock);
        here(l);
        for (size_t i = l->n; i-- > 0 && !h.owner;) {
            bool meant = l->held[i].owner == owner && !keys;
            for (size_t k = 0; k < n && !meant; k++)
                meant = l->held[i].owner == owner && kal_key_equal(keys[k], l->held[i].key);
            if (meant) h = l->held[i], l->held[i] = l->held[--l->n];
        }
        pthread_mutex_unlock(&l->lock);
        if (!h.owner) return;
        if (h.fd >= 0) end_here(s, &h);
        if (h.remote) kal__remote_lease_end(h.remote, h.key);
    }
}

static int by_key(const void *a, const void *b)
{
    const kal_key *x = a, *y = b;
    if (x->hi != y->hi) return x->hi < y->hi ? -1 : 1;
    return (x->lo > y->lo) - (x->lo < y->lo);
}

// In the order of the keys, so that of two who want the same the one that has the first gets the others.
bool kal__lease_take(kal__leases *l, kal__store *s, kal__remote *r, const void *owner, const kal_key *keys,
                     size_t n, bool *fresh)
{
    bool free_of_others = true;
    size_t n_new = 0;
    *fresh = false;
    kal_key *sorted = kal__new(n * 2, sizeof *sorted), *taken = sorted ? sorted + n : NULL;
    if (!sorted) return true;
    memcpy(sorted, keys, n * sizeof *keys);
    qsort(sorted, n, sizeof *sorted, by_key);
    // All are looked at, also behind one that is busy: what somebody left who is gone becomes stale at one time.
    for (size_t i = 0; i < n; i++) {
        if (has(l, owner, sorted[i])) continue;
        const kal__lease_answer a = take_one(l, s, r, owner, sorted[i]);
        free_of_others = free_of_others && a != KAL__BUSY;
        if (a == KAL__LEASED) taken[n_new++] = sorted[i];
    }
    *fresh = n_new > 0;
    if (!free_of_others && n_new) end_those(l, s, owner, taken, n_new);
    free(sorted);
    return free_of_others;
}

void kal__lease_end(kal__leases *l, kal__store *s, const void *owner)
{
    end_those(l, s, owner, NULL, 0);
}

void kal__leases_forget(kal__leases *l, const kal__remote *r)
{
    pthread_mutex_lock(&l->lock);
    here(l);
    for (size_t i = l->n; i-- > 0;)
        if (r && l->held[i].remote == r) l->held[i] = l->held[--l->n];
    while (l->beating) pthread_cond_wait(&l->rested, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

void kal__leases_free(kal__leases **slot)
{
    kal__leases *l = *slot;
    *slot = NULL;
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    here(l);
    const bool running = l->running;
    l->closing = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    if (running) pthread_join(l->thread, NULL);
    kal__guard_end(&l->guarded);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->work);
    pthread_cond_destroy(&l->rested);
    free(l->held);
    free(l);
}
