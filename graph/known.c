// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See known.h. A table of a fixed size; a newer file takes the place of an older one.
#include "known.h"

#include "fork.h"
#include "hashing.h"
#include "memo.h"
#include "node.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define PLACES 1024
#define SETTLED_NS ((uint64_t)2000000000)

static struct {
    kal__stamp stamp;
    kal_key digest;
} known[PLACES];   // size 0: free
typedef struct reader {
    uid_t user;
    gid_t group;
} reader;
static struct {
    kal__stamp stamp;
    uint64_t limits;
    kal_key node;
    reader by;   // who opened the file last
} pictures[PLACES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
KAL__GUARD(lock, KAL__FORK_KNOWN, NULL)

static int64_t ahead;   // atomic

void kal__known_step(int64_t ns)
{
    __atomic_store_n(&ahead, ns, __ATOMIC_RELAXED);
}

static uint64_t wall_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec +
           (uint64_t)__atomic_load_n(&ahead, __ATOMIC_RELAXED);
}

// A clock that was stepped back makes what is in the future of a stamp: that is looked at each time, until the clock is past it again.
bool kal__stamp_settled(const kal__stamp *s)
{
    if (s->told) return s->size > 0;
    const uint64_t now = wall_clock();
    const uint64_t last = s->mtime_ns > s->ctime_ns ? s->mtime_ns : s->ctime_ns;
    return s->local && s->size && last < now && now - last > SETTLED_NS;
}

// ---- in the folder of the process's own memo ------------------------------------------------------

// A stamp as a key. Times of another machine's clock, or of none, are not for others.
static bool key_of(const kal__stamp *s, kal_key *out)
{
    const uint64_t v[5] = {s->dev, s->ino, s->size, s->mtime_ns, s->ctime_ns};
    if (!s->local || s->told) return false;
    *out = kal__hash_of(v, sizeof v);
    return true;
}

static bool known_there(const kal__stamp *s, kal_key *out)
{
    kal_key key;
    unsigned char value[KAL__FACT];
    kal__store *store = kal__memo_store(kal__memo_default());
    if (!store || !key_of(s, &key) || !kal__fact_known(store, KAL__FACT_STAMP, key, value)) return false;
    memcpy(out, value, sizeof *out);
    return true;
}

static void remember_there(const kal__stamp *s, kal_key digest)
{
    kal_key key;
    unsigned char value[KAL__FACT] = {0};
    kal__store *store = kal__memo_store(kal__memo_default());
    if (!store || !key_of(s, &key)) return;
    memcpy(value, &digest, sizeof digest);
    kal__fact_remember(store, KAL__FACT_STAMP, key, value);
}

// ---- in this process ------------------------------------------------------------------------------

static size_t place_of(const kal__stamp *s)
{
    const uint64_t x = (s->ino * 0x9e3779b97f4a7c15u) ^ (s->dev * 0xc2b2ae3d27d4eb4fu);
    return (size_t)(x >> 32) % PLACES;
}

static bool known_here(const kal__stamp *s, kal_key *out)
{
    const size_t i = place_of(s);
    pthread_mutex_lock(&lock);
    const bool found = kal__stamp_equal(&known[i].stamp, s);
    if (found) *out = known[i].digest;
    pthread_mutex_unlock(&lock);
    return found;
}

bool kal__digest_known(const kal__stamp *s, kal_key *out)
{
    return known_here(s, out) || known_there(s, out);
}

void kal__digest_remember(const kal__stamp *s, kal_key digest)
{
    const size_t i = place_of(s);
    kal_key before;
    if (known_here(s, &before) && kal_key_equal(before, digest)) return;
    remember_there(s, digest);
    pthread_mutex_lock(&lock);
    known[i].stamp = *s;
    known[i].digest = digest;
    pthread_mutex_unlock(&lock);
}

static reader whoever_asks(void)
{
    return (reader){geteuid(), getegid()};
}

static kal_node *find_picture(const kal__stamp *s, uint64_t limits, bool opened)
{
    const size_t i = place_of(s);
    const reader me = whoever_asks();
    kal_key key;
    pthread_mutex_lock(&lock);
    bool found = kal__stamp_equal(&pictures[i].stamp, s) && pictures[i].limits == limits;
    if (found && opened) pictures[i].by = me;
    found = found && pictures[i].by.user == me.user && pictures[i].by.group == me.group;
    if (found) key = pictures[i].node;
    pthread_mutex_unlock(&lock);
    return found ? kal__node_find(key) : NULL;
}

kal_node *kal__picture_known(const kal__stamp *s, uint64_t limits)
{
    return find_picture(s, limits, true);
}

// A change of who may read a file changes its stamp, so that whoever opened it with this one may still.
kal_node *kal__picture_at(const char *path, uint64_t limits)
{
    kal__stamp now;
    return kal__path_stamp(path, &now) && kal__stamp_settled(&now) ? find_picture(&now, limits, false) : NULL;
}

void kal__picture_remember(const kal__stamp *s, uint64_t limits, const kal_node *picture)
{
    const size_t i = place_of(s);
    const reader me = whoever_asks();
    pthread_mutex_lock(&lock);
    pictures[i].by = me;
    pictures[i].stamp = *s;
    pictures[i].limits = limits;
    pictures[i].node = picture->key;
    pthread_mutex_unlock(&lock);
}

kal_status kal__digest_file(const char *path, kal__stamp *stamp, kal_key *out, kal_error *err)
{
    kal__reader *file;
    kal__stamp before = {0}, after;
    if (!strcmp(path, "-")) return kal_fail(err, KAL_INVALID, "a file is needed here, not standard input");
    kal_status st = kal__open_file(path, &file, err);
    if (st) return st;
    const bool stamped = file->stamp && file->stamp(file, &before);
    const bool settled = stamped && kal__stamp_settled(&before);
    if (stamp) *stamp = before;
    if (settled && kal__digest_known(&before, out)) return file->close(file), KAL_OK;
    kal__reader *r = kal__hashing_new(file);
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", path);
    st = kal__hashing_end(r, UINT64_MAX, NULL, out, err);
    if (!st && stamped && !(file->stamp(file, &after) && kal__stamp_equal(&after, &before)))
        st = kal_fail(err, KAL_CHANGED, "%s: the file changed while it was read", path);
    r->close(r);
    if (!st && settled) kal__digest_remember(&before, *out);
    return st;
}
