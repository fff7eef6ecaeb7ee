// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See store.h: all entries of a folder, and which of them go when there is no room. What has not the name of an entry is not looked at.
#define _GNU_SOURCE
#include "store_file.h"

#include "fail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef bool each_file(void *user, kal_key key, int fd, const struct stat *st);

static int by_name(const void *a, const void *b)
{
    return memcmp(a, b, 31);
}

// The names of a shard that are keys, sorted; *n of them, 31 bytes each. NULL when there are none.
static char (*names_of(int folder, const char *shard, size_t *n))[31]
{
    char(*list)[31] = NULL;
    size_t room = 0;
    kal_key key;
    *n = 0;
    const int fd = openat(folder, shard, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0) close(fd);
        return NULL;
    }
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (!kal__store_key_of(shard, e->d_name, &key)) continue;
        if (!kal__more(&list, *n, &room, sizeof *list)) break;
        memcpy(list[(*n)++], e->d_name, 31);
    }
    closedir(d);
    if (*n) qsort(list, *n, sizeof *list, by_name);
    return list;
}

static bool each_of_shard(kal__store *s, const char *shard, each_file *fn, void *user)
{
    size_t n;
    bool go_on = true;
    char(*names)[31] = names_of(s->folder, shard, &n);
    for (size_t i = 0; i < n && go_on; i++) {
        char path[40];
        struct stat st;
        kal_key key;
        snprintf(path, sizeof path, "%s/%s", shard, names[i]);
        const int fd = openat(s->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) continue;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && kal__store_key_of(shard, names[i], &key))
            go_on = fn(user, key, fd, &st);
        close(fd);
    }
    free(names);
    return go_on;
}

static void each(kal__store *s, each_file *fn, void *user)
{
    for (int i = 0; i < 256; i++) {
        char shard[3];
        snprintf(shard, sizeof shard, "%02x", i);
        if (!each_of_shard(s, shard, fn, user)) return;
    }
}

// 0, or why not.
static int remove_entry(kal__store *s, kal_key key)
{
    char path[40];
    struct stat st;
    kal__store_path(key, path);
    if (fstatat(s->folder, path, &st, AT_SYMLINK_NOFOLLOW) != 0 || unlinkat(s->folder, path, 0) != 0)
        return errno;
    __atomic_fetch_add(&s->counts.removed, 1, __ATOMIC_RELAXED);
    kal__store_add_used(s, -(int64_t)st.st_size);
    return 0;
}

bool kal__store_remove(kal__store *s, kal_key key)
{
    return !s->looks && remove_entry(s, key) == 0;
}

// ---- telling ------------------------------------------------------------------------------------

typedef struct telling {
    kal__store_fn *fn;
    void *user;
    bool verify;
} telling;

static bool tell(void *user, kal_key key, int fd, const struct stat *st)
{
    const telling *t = user;
    const size_t n = (size_t)st->st_size;
    kal__store_head head;
    kal__stored what = {.key = key, .on_disk = n};
    what.used = (uint64_t)st->st_mtime;
    if (!n) return t->fn(t->user, &what, false);
    unsigned char *file = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED) return true;
    const kal__store_state state = kal__store_read_head(file, n, key, &what, &head);
    const bool sound = state == KAL__STORE_SOUND && (!t->verify || kal__store_is_whole(file, &head));
    what.used = (uint64_t)st->st_mtime;
    const bool go_on = state == KAL__STORE_FOREIGN || t->fn(t->user, &what, sound);
    munmap(file, n);
    return go_on;
}

void kal__store_each(kal__store *s, bool verify, kal__store_fn *fn, void *user)
{
    telling t = {fn, user, verify};
    each(s, tell, &t);
}

// ---- collecting ---------------------------------------------------------------------------------

typedef struct victim {
    kal_key key;
    size_t bytes;
    double worth;   // below 0: none
} victim;

typedef struct collecting {
    victim *list;
    size_t n, room;
    uint64_t bytes;
    double now;
    bool failed;
    kal_key *stuck;   // that could not be removed by this process, now or before, in order …
    size_t n_stuck, stuck_room;
    uint64_t left;   // … bytes of those that are there
    int why;         // of the last
} collecting;

static bool weigh(void *user, kal_key key, int fd, const struct stat *st)
{
    collecting *c = user;
    kal__store_head h;
    const ssize_t n = pread(fd, &h, sizeof h, 0);
    const bool begins = n == (ssize_t)sizeof h && kal__store_is_ours(&h, sizeof h);   // else it goes first
    if (!kal__more(&c->list, c->n, &c->room, sizeof *c->list)) {
        c->failed = true;
        return false;
    }
    const double age = c->now - (double)st->st_mtime;
    const double ns = begins && h.ns > 0 && h.ns < 1e18 ? h.ns : 0;
    const double worth = ns / ((double)st->st_size + 1) / ((age > 0 ? age : 0) + 60);
    c->list[c->n++] = (victim){key, (size_t)st->st_size, begins ? worth : -1};
    c->bytes += (uint64_t)st->st_size;
    return true;
}

static int by_worth(const void *a, const void *b)
{
    const victim *x = a, *y = b;
    return (x->worth > y->worth) - (x->worth < y->worth);
}

static int by_key(const void *a, const void *b)
{
    const kal_key *x = a, *y = b;
    return x->hi != y->hi ? (x->hi > y->hi) - (x->hi < y->hi) : (x->lo > y->lo) - (x->lo < y->lo);
}

// Of those that were known before; fresh ones are behind them, until the end.
static bool is_stuck(const collecting *c, size_t known, kal_key key)
{
    return known && bsearch(&key, c->stuck, known, sizeof key, by_key);
}

static void note_stuck(collecting *c, const victim *v, int why)
{
    if (!kal__more(&c->stuck, c->n_stuck, &c->stuck_room, sizeof *c->stuck)) return;
    c->stuck[c->n_stuck++] = v->key;
    c->left += v->bytes;
    c->why = why;
}

// What others keep there and we may not remove would be tried again at each turn, and all of ours would go for it.
static void remove_least(kal__store *s, collecting *c, uint64_t bytes)
{
    const size_t known = c->n_stuck;
    qsort(c->list, c->n, sizeof *c->list, by_worth);
    for (size_t i = 0; i < c->n; i++)
        if (is_stuck(c, known, c->list[i].key)) c->left += c->list[i].bytes;
    for (size_t i = 0; i < c->n && (c->bytes > bytes + c->left || c->list[i].worth < 0); i++) {
        const victim *v = &c->list[i];
        const int why = is_stuck(c, known, v->key) ? ENOENT : remove_entry(s, v->key);
        if (!why)
            c->bytes -= v->bytes;
        else if (why != ENOENT)
            note_stuck(c, v, why);
    }
    if (c->n_stuck > known) qsort(c->stuck, c->n_stuck, sizeof *c->stuck, by_key);
}

// Who collects has it alone.
static void take_stuck(kal__store *s, collecting *c)
{
    pthread_mutex_lock(&s->lock);
    c->stuck = s->stuck, c->n_stuck = c->stuck_room = s->n_stuck;
    s->stuck = NULL, s->n_stuck = 0;
    pthread_mutex_unlock(&s->lock);
}

static void give_stuck(kal__store *s, collecting *c)
{
    pthread_mutex_lock(&s->lock);
    free(s->stuck);
    s->stuck = c->stuck, s->n_stuck = c->n_stuck;
    pthread_mutex_unlock(&s->lock);
    __atomic_store_n(&s->stuck_bytes, c->left, __ATOMIC_RELAXED);
}

kal_status kal__store_collect(kal__store *s, uint64_t bytes, uint64_t *before, uint64_t *after, bool *busy,
                              kal_error *err)
{
    *before = *after = 0;
    *busy = false;
    if (s->looks) return kal_fail(err, KAL_INVALID, "the memo's folder %.200s is only looked at", s->name);
    const int fd = openat(s->folder, "collecting", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return kal__cannot_write(err, "the memo's folder %.200s: nothing can be removed there: %s", s->name,
                                 strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        *busy = true;
        close(fd);
        return KAL_OK;
    }
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    collecting c = {.now = (double)t.tv_sec};
    each(s, weigh, &c);
    *before = c.bytes;
    take_stuck(s, &c);
    if (!c.failed && c.n) remove_least(s, &c, bytes);
    give_stuck(s, &c);
    *after = c.bytes;
    if (!c.failed) kal__store_set_used(s, c.bytes);
    free(c.list);
    close(fd);
    kal__store_sweep(s);
    if (c.failed) return kal_fail(err, KAL_NOMEM, "out of memory for a list of what is remembered");
    if (!c.why) return KAL_OK;
    return kal__cannot_write(err, "the memo's folder %.200s: %llu bytes of entries cannot be removed: %s",
                             s->name, (unsigned long long)c.left, strerror(c.why));
}
