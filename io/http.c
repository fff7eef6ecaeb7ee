// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sources on the web. The first answer says what there is: of a server that gives ranges and a length, any number of readers read what they
// want as from a file, each answer held to be of the same file as the first; anything else is a stream.
#define _GNU_SOURCE
#include "http.h"

#include "fd.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static size_t scheme(const char *path)
{
    return !strncasecmp(path, "http://", 7) ? 7 : !strncasecmp(path, "https://", 8) ? 8 : 0;
}

bool kal__is_url(const char *path)
{
    return scheme(path) > 0;
}

void kal__url_name(char *name, const char *url)
{
    const size_t front = scheme(url), host = strcspn(url + front, "/?#");
    size_t skip = 0;
    for (size_t i = 0; i < host; i++)
        if (url[front + i] == '@') skip = i + 1;
    memcpy(name, url, front);
    strcpy(name + front, url + front + skip);
}

#if KAL__CURL

#define WINDOW ((size_t)64 << 10)   // read at a place when nothing says that more will be wanted …
#define WIDEST ((size_t)1 << 20)    // … and at most, when one reads on
#define WINDOWS 8
#define RETRIES 3
#define PAUSE_NS 100000000ll             // before the first retry; four times as long before each further one
#define PROGRESS ((uint64_t)256 << 10)   // bytes after which a failure counts as the first again

typedef struct http_origin {
    kal__origin base;
    kal__web web;
    pthread_mutex_t lock;   // guards what follows; held while the first answer is awaited
    bool known, opened;
    kal__answer first;
    char name[];
} http_origin;

typedef struct window {
    uint64_t at;
    size_t n;
    unsigned char *bytes;
    unsigned used;
} window;

typedef struct http_reader {
    kal__reader base;
    http_origin *of;
    kal__get *get;   // under way at `there`, or NULL
    uint64_t there;
    int failures;
    uint64_t failed_at;
    pthread_mutex_t lock;   // guards the windows
    window windows[WINDOWS];
    unsigned clock;
} http_reader;

// ---- again --------------------------------------------------------------------------------------

bool kal__wait_again(int *failures)
{
    if (*failures >= RETRIES) return false;
    const long long ns = PAUSE_NS << (2 * (*failures)++);
    nanosleep(&(struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000}, NULL);
    return true;
}

// The head of an answer, asked for again after what may pass.
static kal_status start(http_origin *o, uint64_t from, uint64_t to, const kal__answer *same, kal__get **out,
                        kal_error *err)
{
    for (int failures = 0;;) {
        bool again;
        kal_error why = {0};
        const kal_status st = kal__get_start(&o->web, from, to, same, out, &again, &why);
        if (!st) return KAL_OK;
        if (again && kal__wait_again(&failures)) continue;
        if (err) *err = why;
        return st;
    }
}

static kal_status ended(const http_origin *o, uint64_t at, kal_error *err)
{
    return kal_fail(err, KAL_IO, "%s: at byte %llu: the server ended before all was sent", o->name,
                    (unsigned long long)at);
}

static kal_status fetch(http_origin *o, uint64_t at, unsigned char *dst, size_t n, kal_error *err)
{
    int failures = 0;
    for (size_t done = 0; done < n;) {
        kal__get *g;
        kal_error why = {0};
        const kal_status st = start(o, at + done, at + n, &o->first, &g, err);
        if (st) return st;
        ptrdiff_t got = 1;
        bool again = true;
        while (done < n && (got = kal__get_take(g, dst + done, n - done, &again, &why)) > 0)
            done += (size_t)got;
        kal__get_end(g);
        if (done == n) break;
        if (!got) ended(o, at + done, &why), again = true;
        if (again && kal__wait_again(&failures)) continue;
        if (err) *err = why;
        return why.status;
    }
    return KAL_OK;
}

// ---- at places ----------------------------------------------------------------------------------

static ptrdiff_t held(http_reader *r, uint64_t at, void *dst, size_t n)
{
    size_t got = 0;
    pthread_mutex_lock(&r->lock);
    for (int i = 0; i < WINDOWS && !got; i++) {
        window *w = &r->windows[i];
        if (at < w->at || at - w->at >= w->n) continue;
        const size_t skip = (size_t)(at - w->at);
        got = w->n - skip < n ? w->n - skip : n;
        memcpy(dst, w->bytes + skip, got);
        w->used = ++r->clock;
    }
    pthread_mutex_unlock(&r->lock);
    return (ptrdiff_t)got;
}

// In place of the one that was used longest ago; the bytes are taken over.
static void hold(http_reader *r, uint64_t at, unsigned char *bytes, size_t n)
{
    pthread_mutex_lock(&r->lock);
    window *w = r->windows;
    for (int i = 1; i < WINDOWS; i++)
        if (r->windows[i].used < w->used) w = &r->windows[i];
    free(w->bytes);
    *w = (window){.at = at, .n = n, .bytes = bytes, .used = ++r->clock};
    pthread_mutex_unlock(&r->lock);
}

// Who reads on where a window ends gets twice as much.
static size_t breadth(http_reader *r, uint64_t at)
{
    size_t n = WINDOW;
    pthread_mutex_lock(&r->lock);
    for (int i = 0; i < WINDOWS; i++)
        if (r->windows[i].n && r->windows[i].at + r->windows[i].n == at) n = r->windows[i].n * 2;
    pthread_mutex_unlock(&r->lock);
    return n < WIDEST ? n : WIDEST;
}

static ptrdiff_t http_read_at(kal__reader *base, uint64_t at, void *dst, size_t n, kal_error *err)
{
    http_reader *r = (http_reader *)base;
    const uint64_t total = r->of->first.total;
    if (at >= total || !n) return 0;
    if (n > total - at) n = (size_t)(total - at);
    const ptrdiff_t got = held(r, at, dst, n);
    if (got) return kal__read_by_place(base, got);
    size_t wide = breadth(r, at);
    if (wide > total - at) wide = (size_t)(total - at);
    if (n > WIDEST) n = WIDEST;
    if (n >= wide) return fetch(r->of, at, dst, n, err) ? -1 : kal__read_by_place(base, (ptrdiff_t)n);
    unsigned char *bytes = kal__new(wide, 1);
    const kal_status st = bytes ? fetch(r->of, at, bytes, wide, err)
                                : kal_fail(err, KAL_NOMEM, "%s: out of memory", base->name);
    if (st) {
        free(bytes);
        return -1;
    }
    memcpy(dst, bytes, n);
    hold(r, at, bytes, wide);
    return kal__read_by_place(base, (ptrdiff_t)n);
}

// ---- front to back ------------------------------------------------------------------------------

static bool once_more(http_reader *r)
{
    if (r->base.position - r->failed_at >= PROGRESS) r->failures = 0;
    r->failed_at = r->base.position;
    return kal__wait_again(&r->failures);
}

// One request goes on as long as it can; after a failure another takes over where it stood.
static ptrdiff_t flow(http_reader *r, void *dst, size_t n, kal_error *err)
{
    const uint64_t at = r->base.position;
    for (;;) {
        bool again = true;
        kal_error why = {0};
        if (r->get && r->there != at) kal__get_end(r->get), r->get = NULL;
        if (!r->get && start(r->of, at, KAL__TO_THE_END, &r->of->first, &r->get, err)) return -1;
        const ptrdiff_t got = kal__get_take(r->get, dst, n, &again, &why);
        if (got > 0) {
            r->there = at + (uint64_t)got;
            return got;
        }
        kal__get_end(r->get);
        r->get = NULL;
        if (!got) ended(r->of, at, &why), again = true;
        if (again && once_more(r)) {
            r->there = at;
            continue;
        }
        if (err) *err = why;
        return -1;
    }
}

static ptrdiff_t http_read(kal__reader *base, void *dst, size_t n, kal_error *err)
{
    http_reader *r = (http_reader *)base;
    const uint64_t total = r->of->first.total;
    if (base->position >= total || !n) return 0;
    if (n > total - base->position) n = (size_t)(total - base->position);
    ptrdiff_t got = held(r, base->position, dst, n);
    if (!got) got = flow(r, dst, n, err);
    if (got > 0) base->position += (uint64_t)got;
    return got;
}

// Of a server that gives no ranges: what it sends is all there is.
static ptrdiff_t stream_read(kal__reader *base, void *dst, size_t n, kal_error *err)
{
    bool again;
    const ptrdiff_t got = n ? kal__get_take(((http_reader *)base)->get, dst, n, &again, err) : 0;
    if (got > 0) base->position += (uint64_t)got;
    return got;
}

// ---- what pins it -------------------------------------------------------------------------------

// Seconds of "Sun, 06 Nov 1994 08:49:37 GMT" since some day; -1: it is none.
static int64_t seconds_of(const char *date)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, year, hour, minute, second, used = 0;
    char month[4];
    if (sscanf(date, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &day, month, &year, &hour, &minute,
               &second, &used) != 6 ||
        !used)
        return -1;
    const char *at = strstr(months, month);
    if (!at || strlen(month) != 3 || (at - months) % 3) return -1;
    const int64_t m = (at - months) / 3 + 1, y = year - (m <= 2),
                  shifted = (m + 9) % 12;   // years begin in March
    const int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

// A strong entity tag is another one when a byte is; but many servers make it of a time in seconds, so the file must have stood still for two.
static bool is_pinned(const kal__answer *a)
{
    if (!*a->tag || strlen(a->tag) + 1 >= sizeof a->tag) return false;
    if (!*a->date) return true;
    const int64_t changed = seconds_of(a->date), sent = seconds_of(a->sent);
    return changed >= 0 && sent >= 0 && sent - changed > 2;
}

// Every answer was held to be of the file with this tag.
static bool http_stamp(kal__reader *base, kal__stamp *out)
{
    const http_origin *o = ((http_reader *)base)->of;
    kal__hash h;
    kal__hash_init(&h);
    kal__hash_add(&h, o->web.url, strlen(o->web.url) + 1);
    kal__hash_add(&h, o->first.tag, strlen(o->first.tag));
    const kal_key key = kal__hash_done(&h);
    *out = (kal__stamp){.dev = key.hi, .ino = key.lo, .size = o->first.total, .told = true};
    return true;
}

// ---- opening ------------------------------------------------------------------------------------

static void http_close(kal__reader *base)
{
    http_reader *r = (http_reader *)base;
    kal__origin *o = &r->of->base;
    kal__get_end(r->get);
    for (int i = 0; i < WINDOWS; i++) free(r->windows[i].bytes);
    pthread_mutex_destroy(&r->lock);
    free(r);
    kal__origin_unref(&o);
}

static bool is_file(const kal__answer *a)
{
    return (a->ranged || a->status == 416) && a->total != KAL__TO_THE_END;
}

// The first answer to anybody: with ranges, the front of the file comes with it.
static kal_status look(http_origin *o, http_reader *r, kal_error *err)
{
    kal__get *g;
    kal_status st = start(o, 0, WINDOW, NULL, &g, err);
    if (!st && kal__get_answer(g)->ranged && !is_file(kal__get_answer(g))) {   // parts of nobody knows what
        kal__get_end(g);
        st = start(o, 0, KAL__TO_THE_END, NULL, &g, err);
    }
    if (st) return st;
    o->first = *kal__get_answer(g);
    o->known = true;
    if (!is_file(&o->first)) {
        r->get = g;
        return KAL_OK;
    }
    const size_t n = o->first.total < WINDOW ? (size_t)o->first.total : WINDOW;
    unsigned char *front = kal__new(n ? n : 1, 1);
    bool again;
    size_t done = 0;
    for (ptrdiff_t got; front && done < n; done += (size_t)got)
        if ((got = kal__get_take(g, front + done, n - done, &again, NULL)) <= 0) break;
    kal__get_end(g);
    if (front && done)
        hold(r, 0, front, done);   // what was cut here is asked for again when it is read
    else
        free(front);
    return KAL_OK;
}

static kal_status http_open(kal__origin *base, kal__reader **out, kal_error *err)
{
    http_origin *o = (http_origin *)base;
    kal_status st = KAL_OK;
    *out = NULL;
    http_reader *r = kal__new_zero(1, sizeof *r);
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", o->name);
    pthread_mutex_init(&r->lock, NULL);
    r->of = o;
    kal__origin_ref(base);
    pthread_mutex_lock(&o->lock);
    if (!o->known)
        st = look(o, r, err);
    else if (!is_file(&o->first))
        st = kal_fail(err, KAL_INVALID, "%s: is a stream and was read already", o->name);
    pthread_mutex_unlock(&o->lock);
    const bool file = is_file(&o->first);
    r->base = (kal__reader){.read = file ? http_read : stream_read,
                            .read_at = file ? http_read_at : NULL,
                            .stamp = file && is_pinned(&o->first) ? http_stamp : NULL,
                            .close = http_close,
                            .regular = file,
                            .size = file ? (size_t)o->first.total : 0,
                            .name = o->name};
    if (st)
        http_close(&r->base);
    else
        *out = &r->base;
    return st;
}

static void http_destroy(kal__origin *base)
{
    http_origin *o = (http_origin *)base;
    kal__web_free(&o->web);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

kal_status kal__origin_http(const char *url, kal__origin **out, kal_error *err)
{
    *out = NULL;
    http_origin *o = kal__new_zero(1, sizeof *o + strlen(url) + 1);
    if (!o) return kal_fail(err, KAL_NOMEM, "out of memory for a source");
    kal__url_name(o->name, url);
    o->web.url = strdup(url);
    o->web.name = o->name;
    pthread_mutex_init(&o->web.lock, NULL);
    pthread_mutex_init(&o->lock, NULL);
    o->base = (kal__origin){.refs = 1,
                            .open = http_open,
                            .destroy = http_destroy,
                            .name = o->name,
                            .path = o->web.url,
                            .waits = true,
                            .remote = true};
    const kal_status st =
        o->web.url ? kal__web_ready(o->name, err) : kal_fail(err, KAL_NOMEM, "%s: out of memory", o->name);
    if (st)
        http_destroy(&o->base);
    else
        *out = &o->base;
    return st;
}

#else

kal_status kal__origin_http(const char *url, kal__origin **out, kal_error *err)
{
    *out = NULL;
    return kal_fail(err, KAL_UNSUPPORTED, "%.*s…: this build has no libcurl", (int)scheme(url), url);
}

kal_status kal__write_http(const char *url, kal__writer **out, kal_error *err)
{
    *out = NULL;
    return kal_fail(err, KAL_UNSUPPORTED, "%.*s…: this build has no libcurl", (int)scheme(url), url);
}

#endif
