// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See remote.h: opened by a URL, asked while it answers, and believed when what came is whole. Who sends is in remote_queue.c.
#define _GNU_SOURCE
#include "num.h"
#include "putf.h"
#include "remote_part.h"
#include "store_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define CONNECT 0.1   // seconds
#define TIMEOUT 2.0
#define MOST ((size_t)64 << 20)   // bytes of an entry
#define GRACE 0.4                 // seconds before a speed is asked for …
#define SPEED 1e6                 // … of so many bytes a second: computing is faster than less
#define FAILURES 3                // one after another, or …
#define LOST 0.5                  // … so many seconds waited for nothing: then it is left alone …
#define OFF 30.0                  // … for so long

// ---- patience -----------------------------------------------------------------------------------

kal__patience kal__remote_patience(kal__remote *r)
{
    const double now = kal__now();
    pthread_mutex_lock(&r->lock);
    const double left = r->end_by > 0 ? r->end_by + (r->late ? KAL__REMOTE_LAST : 0) - now : r->timeout;
    pthread_mutex_unlock(&r->lock);
    return (kal__patience){now, left < r->timeout ? left : r->timeout};
}

double kal__patience_left(const kal__patience *p, uint64_t moved)
{
    const double fast = GRACE + (double)moved / SPEED, most = fast < p->most ? fast : p->most;
    const double left = p->start + most - kal__now();
    return left > 0 ? left : 0;
}

size_t kal__remote_room(const kal__remote *r)
{
    return r->most + KAL__STORE_RECIPE + ((size_t)64 << 10);   // what stands before and behind the data
}

// ---- whether it answers ---------------------------------------------------------------------------

void kal__remote_count(uint64_t *n)
{
    __atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
}

void kal__remote_here(kal__remote *r)
{
    if (r->pid == getpid()) return;
    r->pid = getpid();
    snprintf(r->token + strcspn(r->token, " "), 24, " %ld", (long)r->pid);
    memset(r->idle, 0, sizeof r->idle);   // they are the parent's
    r->n = r->first = r->bytes = 0;       // it sends them
    r->running = r->busy = r->closing = r->trying = r->late = false;
    r->end_by = 0;
    pthread_cond_init(&r->work, NULL);
    kal__cond_init(&r->empty);
}

// In lock. What is owed goes beside the one request that tries.
static bool is_on(kal__remote *r, bool owed)
{
    if (!r->off_until || (owed && r->spare > 0)) return true;
    if (r->trying || kal__now() < r->off_until) return false;
    return r->trying = true;
}

bool kal__remote_is_off(kal__remote *r, bool owed)
{
    pthread_mutex_lock(&r->lock);
    const bool off = r->off_until && (r->trying || kal__now() < r->off_until) && !(owed && r->spare > 0);
    pthread_mutex_unlock(&r->lock);
    return off;
}

// In lock.
static void judge(kal__remote *r, double seconds, kal__far came)
{
    const bool well = came < KAL__FAR_STRANGE, alone = r->trying;
    if (r->off_until && !alone && came == KAL__FAR_FAILED) r->spare -= seconds;
    // What began before it was off, or was owed; and that there is nothing does not yet make it one that works.
    if (!alone && (r->off_until || (well && came != KAL__FAR_DONE))) return;
    r->trying = false;
    r->off_until = 0;
    r->failures = well ? 0 : r->failures + 1;
    r->lost = well ? 0 : r->lost + seconds;
    r->mute = !well && (r->mute || came == KAL__FAR_FAILED);
    if (well || (!alone && r->failures < FAILURES && r->lost < LOST)) return;
    r->off_until = kal__now() + OFF;
    r->spare = r->mute ? LOST - r->lost : LOST;   // who gives strange things may well take ours
    r->failures = 0;
    r->lost = 0;
    r->mute = false;
}

void kal__remote_blame(kal__remote *r, bool sure, const char *fmt, ...)
{
    char text[sizeof r->why];
    va_list args;
    va_start(args, fmt);
    kal__vformat(text, sizeof text, fmt, args);
    va_end(args);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20) *c = ' ';   // a server's words
    pthread_mutex_lock(&r->lock);
    if (sure || !r->sure) memcpy(r->why, text, sizeof text);
    r->sure |= sure;
    pthread_mutex_unlock(&r->lock);
}

bool kal__remote_warning(kal__remote *r, char *out, size_t room)
{
    pthread_mutex_lock(&r->lock);
    const bool tell = !r->told && (r->sure || r->off_until > 0);
    if (tell)
        snprintf(out, room, "the memo's remote %.200s: %s; %s", r->name,
                 *r->why ? r->why : "it does not answer",
                 r->off_until > 0 ? "it is left alone for half a minute at a time"
                                  : "what cannot be found or kept there is computed");
    r->told |= tell;
    pthread_mutex_unlock(&r->lock);
    return tell;
}

void *kal__remote_begin(kal__remote *r, bool owed, double *start)
{
    void *line = NULL;
    pthread_mutex_lock(&r->lock);
    kal__remote_here(r);
    const bool on = is_on(r, owed);
    for (int i = 0; i < KAL__REMOTE_IDLE && on && !line; i++) line = r->idle[i], r->idle[i] = NULL;
    pthread_mutex_unlock(&r->lock);
    *start = kal__now();
    if (!on || line) return line;
    line = r->kind->call(r);
    if (!line) kal__remote_end(r, NULL, *start, KAL__FAR_FAILED);
    return line;
}

void kal__remote_end(kal__remote *r, void *line, double start, kal__far came)
{
    const double seconds = kal__now() - start;
    if (came == KAL__FAR_FAILED) kal__remote_count(&r->counts.failed);
    pthread_mutex_lock(&r->lock);
    judge(r, seconds, came);
    for (int i = 0; i < KAL__REMOTE_IDLE && line && came < KAL__FAR_STRANGE; i++)
        if (!r->idle[i]) r->idle[i] = line, line = NULL;
    pthread_mutex_unlock(&r->lock);
    if (line) r->kind->hang_up(line);
}

// ---- asking -------------------------------------------------------------------------------------

// Bytes of the entry, when it is one, with a seal or without, as it is wanted here; 0: it is not.
static size_t sealed(const kal__remote *r, const unsigned char *file, size_t n)
{
    const uint64_t size = kal__store_says(file, n);
    if (!size || (size != n && (n < KAL__SEAL || size != n - KAL__SEAL))) return 0;
    if (!r->secret) return size == n || kal__seal_is_one(file + size) ? (size_t)size : 0;
    return size != n && kal__seal_is_right(r, file, (size_t)size, file + size) ? (size_t)size : 0;
}

// Of what is no picture the rectangle says how many bytes there are.
static bool is_plausible(const kal__stored *what)
{
    const kal_rect r = what->rect;
    if (kal_rect_empty(r)) return false;
    const uint64_t area = (uint64_t)((int64_t)r.x1 - r.x0) * (uint64_t)((int64_t)r.y1 - r.y0);
    if (what->kind == KAL__STORED_ROWS) return what->size % area == 0;
    return !r.x0 && !r.y0 && r.y1 == 1 && (size_t)r.x1 == what->size;
}

// The reference to the file is taken.
static kal__slab *believe(kal__remote *r, kal__store *s, kal__slab *file, size_t n, kal_key key,
                          kal__stored_kind kind, kal_rect rect, kal__stored *what, kal__far *came)
{
    kal__store_head head;
    kal__slab *slab = NULL;
    n = sealed(r, file->data, n);
    const bool sound = n && kal__store_read_head(file->data, n, key, what, &head) == KAL__STORE_SOUND &&
                       is_plausible(what) && kal__store_is_whole(file->data, &head);
    *came = sound ? KAL__FAR_DONE : KAL__FAR_STRANGE;
    if (sound && s) kal__store_put_file(s, what, file->data, n);
    bool broken = false;
    if (sound && what->kind == kind && kal_rect_inside(rect, what->rect))
        slab = kal__store_data(file->data, &head, what, kal__slab_release, file, &broken);
    if (broken) *came = KAL__FAR_STRANGE;
    if (!slab) kal__slab_unref(&file);
    return slab;
}

// One such entry would be asked for again and again, and make the whole remote one that fails.
bool kal__remote_is_strange(kal__remote *r, kal_key key)
{
    bool is = false;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < KAL__REMOTE_STRANGE && i < r->n_strange && !is; i++)
        is = kal_key_equal(r->strange[i], key);
    pthread_mutex_unlock(&r->lock);
    return is;
}

static void note_strange(kal__remote *r, kal_key key)
{
    pthread_mutex_lock(&r->lock);
    r->strange[r->n_strange++ % KAL__REMOTE_STRANGE] = key;
    pthread_mutex_unlock(&r->lock);
}

void kal__remote_replaced(kal__remote *r, kal_key key)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < KAL__REMOTE_STRANGE && i < r->n_strange; i++)
        if (kal_key_equal(r->strange[i], key)) r->strange[i] = (kal_key){0};
    pthread_mutex_unlock(&r->lock);
}

kal__slab *kal__remote_get(kal__remote *r, kal__store *s, kal_key key, kal__stored_kind kind, kal_rect rect,
                           kal__stored *what)
{
    double start;
    size_t n;
    kal__slab *file = NULL, *slab = NULL;
    void *line = kal__remote_is_strange(r, key) ? NULL : kal__remote_begin(r, false, &start);
    if (line) {
        kal__far came = r->kind->get(r, line, key, &file, &n);
        if (came == KAL__FAR_DONE) slab = believe(r, s, file, n, key, kind, rect, what, &came);
        if (came == KAL__FAR_STRANGE) {
            kal__remote_count(&r->counts.refused);
            kal__remote_blame(r, false, "what it gave is no whole entry%s",
                              r->secret ? ", or has not our seal" : "");
            note_strange(r, key);
        }
        kal__remote_end(r, line, start, came);
    }
    kal__remote_count(slab ? &r->counts.hits : &r->counts.misses);
    return slab;
}

bool kal__remote_has(kal__remote *r, kal_key key)
{
    double start;
    void *line = kal__remote_is_strange(r, key) ? NULL : kal__remote_begin(r, false, &start);
    if (!line) return false;
    const kal__far came = r->kind->has(r, line, key);
    kal__remote_end(r, line, start, came == KAL__FAR_DONE ? KAL__FAR_NONE : came);
    return came == KAL__FAR_DONE;
}

// ---- leases -------------------------------------------------------------------------------------

kal__far kal__remote_lease_step(kal__remote *r, kal_key key, kal__lease_step step, uint64_t *mark)
{
    double start;
    const bool owed = step == KAL__LEASE_AGAIN || step == KAL__LEASE_END;
    void *line = kal__remote_begin(r, owed, &start);
    if (!line) return KAL__FAR_FAILED;
    const kal__far came = r->kind->lease(r, line, key, step, mark);
    kal__remote_end(r, line, start, came == KAL__FAR_DONE ? KAL__FAR_NONE : came);
    return came;
}

kal__lease_answer kal__remote_lease(kal__remote *r, kal_key key, bool over, uint64_t *mark)
{
    *mark = 0;
    if (!r->kind->lease || r->read_only) return KAL__NO_LEASE;
    const kal__far came = kal__remote_lease_step(r, key, over ? KAL__LEASE_OVER : KAL__LEASE_TAKE, mark);
    return came == KAL__FAR_DONE ? KAL__LEASED : came == KAL__FAR_BUSY ? KAL__BUSY : KAL__NO_LEASE;
}

void kal__remote_lease_again(kal__remote *r, kal_key key)
{
    uint64_t mark;
    kal__remote_lease_step(r, key, KAL__LEASE_AGAIN, &mark);
}

void kal__remote_lease_end(kal__remote *r, kal_key key)
{
    uint64_t mark;
    const kal__waiting w = {.what.key = key};
    if (!kal__remote_wait_for(r, &w)) kal__remote_lease_step(r, key, KAL__LEASE_END, &mark);
}

// ---- open and close -----------------------------------------------------------------------------

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
KAL__GUARD(all_lock, KAL__FORK_REMOTES, NULL)
static kal__remote *all;   // in all_lock

// In a process that a fork made nothing waits that this one could send, and locks may be held by threads that are not.
static void at_exit(void)
{
    if (pthread_mutex_trylock(&all_lock) != 0) return;
    for (kal__remote *r = all; r; r = r->next)
        if (r->pid == getpid()) kal__remote_flush(r, false);
    pthread_mutex_unlock(&all_lock);
}

static void enlist(kal__remote *r)
{
    pthread_mutex_lock(&all_lock);
    r->next = all;
    all = r;
    pthread_mutex_unlock(&all_lock);
}

static void strike_off(kal__remote *r)
{
    pthread_mutex_lock(&all_lock);
    for (kal__remote **at = &all; *at; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            break;
        }
    pthread_mutex_unlock(&all_lock);
}

static const kal__far_kind *const kinds[] = {&kal__far_folder, &kal__far_redis_unix, &kal__far_redis,
                                             &kal__far_http, &kal__far_https};

// What stands before a host's '@' is not told.
static char *for_people(const char *scheme, const char *place)
{
    kal__text t = {0};
    char *name;
    size_t n;
    const size_t host = strcspn(place, "/");
    const char *at = memrchr(place, '@', host);
    kal__puts(&t, scheme);
    kal__puts(&t, at ? at + 1 : place);
    return kal__text_done(&t, &name, &n) ? name : NULL;
}

static kal_status understand(kal__remote *r, const char *url, const char *params, kal_error *err)
{
    const char *query = strchr(url, '?');
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !r->kind; i++)
        if (!strncasecmp(url, kinds[i]->scheme, strlen(kinds[i]->scheme))) r->kind = kinds[i];
    if (!r->kind)
        return kal_fail(err, KAL_INVALID,
                        "\"%.100s\" is no place for a memo: file:///FOLDER, redis://HOST:PORT/DB, "
                        "redis+unix:/SOCKET, http://HOST/PREFIX",
                        url);
    const char *place = url + strlen(r->kind->scheme);
    r->url = strdup(url);
    r->params = strdup(params ? params : "");
    r->place = query ? strndup(place, (size_t)(query - place)) : strdup(place);
    r->name = r->place ? for_people(r->kind->scheme, r->place) : NULL;
    if (!r->url || !r->params || !r->name) return kal_fail(err, KAL_NOMEM, "out of memory for a remote memo");
    const char *secret = getenv("KAL_MEMO_SECRET");
    kal_status st = query ? kal__remote_options(r, query + 1, err) : KAL_OK;
    if (!st) st = kal__remote_options(r, r->params, err);
    if (!st && !r->secret && secret && *secret) st = kal__seal_ready(r, secret, err);
    return st;
}

kal_status kal__remote_open(const char *url, const char *params, kal__remote **out, kal_error *err)
{
    kal__remote *r = *out = kal__new_zero(1, sizeof *r);
    if (!r) return kal_fail(err, KAL_NOMEM, "out of memory for a remote memo");
    r->connect = CONNECT;
    r->timeout = TIMEOUT;
    r->most = MOST;
    r->pid = getpid();
    pthread_mutex_init(&r->lock, NULL);
    kal__guard(&r->guarded, KAL__FORK_REMOTE, &r->lock, NULL, NULL);
    pthread_cond_init(&r->work, NULL);
    kal__cond_init(&r->empty);
    char host[24] = "?";
    gethostname(host, sizeof host - 1);
    host[strcspn(host, " ")] = 0;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(r->token, sizeof r->token, "%s-%lx %ld", host, (long)t.tv_nsec, (long)r->pid);
    enlist(r);
    kal_status st = understand(r, url, params, err);
    if (!st) st = r->kind->open(r, err);
    if (st) kal__remote_close(out);
    // each time: later than what its libraries registered, so that it runs before they are gone. The system has a lock for it, which a fork must not meet held.
    pthread_mutex_lock(&all_lock);
    if (!st) atexit(at_exit);
    pthread_mutex_unlock(&all_lock);
    return st;
}

void kal__remote_close(kal__remote **slot)
{
    kal__remote *r = *slot;
    *slot = NULL;
    if (!r) return;
    strike_off(r);
    kal__remote_flush(r, true);
    for (int i = 0; i < KAL__REMOTE_IDLE; i++)
        if (r->idle[i]) r->kind->hang_up(r->idle[i]);
    if (r->kind && r->kind->close) r->kind->close(r);
    kal__guard_end(&r->guarded);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->work);
    pthread_cond_destroy(&r->empty);
    free(r->url);
    free(r->params);
    free(r->place);
    free(r->name);
    free(r->secret);
    free(r);
}

const char *kal__remote_name(const kal__remote *r)
{
    return r->name;
}

bool kal__remote_is(const kal__remote *r, const char *url, const char *params)
{
    return !strcmp(r->url, url) && !strcmp(r->params, params ? params : "");
}

void kal__remote_counted(const kal__remote *r, kal__remote_counts *out)
{
    const kal__remote_counts *c = &r->counts;
    *out = (kal__remote_counts){.hits = __atomic_load_n(&c->hits, __ATOMIC_RELAXED),
                                .misses = __atomic_load_n(&c->misses, __ATOMIC_RELAXED),
                                .refused = __atomic_load_n(&c->refused, __ATOMIC_RELAXED),
                                .stored = __atomic_load_n(&c->stored, __ATOMIC_RELAXED),
                                .dropped = __atomic_load_n(&c->dropped, __ATOMIC_RELAXED),
                                .failed = __atomic_load_n(&c->failed, __ATOMIC_RELAXED)};
}
