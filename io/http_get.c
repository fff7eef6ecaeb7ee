// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One request by libcurl, pulled: it goes on only while somebody wants bytes, so that a slow reader holds the sender up instead of memory.
#define _GNU_SOURCE
#define CURL_DISABLE_TYPECHECK   // its functions are reached through pointers
#include "http.h"

#if KAL__CURL

#include "library.h"
#include "mem.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#if defined(__APPLE__)
#define LIBRARY "libcurl.4.dylib"
#else
#define LIBRARY "libcurl.so.4"
#endif

#define CONNECT_SECONDS 10L
#define SILENCE_SECONDS 30.0   // KAL_HTTP_TIMEOUT
#define REDIRECTS 10L

#define FUNCTIONS(F)            \
    F(curl_global_init)         \
    F(curl_easy_init)           \
    F(curl_easy_setopt)         \
    F(curl_easy_cleanup)        \
    F(curl_easy_strerror)       \
    F(curl_slist_append)        \
    F(curl_slist_free_all)      \
    F(curl_multi_init)          \
    F(curl_multi_add_handle)    \
    F(curl_multi_remove_handle) \
    F(curl_multi_perform)       \
    F(curl_multi_poll)          \
    F(curl_multi_info_read)     \
    F(curl_multi_cleanup)

static struct {
    FUNCTIONS(KAL__FUNCTION)
} lib;
static bool have;
static double silence = SILENCE_SECONDS;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    static const char *const names[] = {FUNCTIONS(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    const char *seconds = getenv("KAL_HTTP_TIMEOUT");
    if (seconds && atof(seconds) > 0) silence = atof(seconds);
    have = kal__library(LIBRARY, names, n, n, &lib) && !lib.curl_global_init(CURL_GLOBAL_DEFAULT);
}

kal_status kal__web_ready(const char *name, kal_error *err)
{
    pthread_once(&once, load);
    return have ? KAL_OK
                : kal_fail(err, KAL_UNSUPPORTED, "%s: http: libcurl (%s) is not installed", name, LIBRARY);
}

// ---- connections --------------------------------------------------------------------------------

typedef struct kal__line {
    CURL *easy;
    CURLM *multi;   // keeps the connection
    pid_t pid;
    char why[CURL_ERROR_SIZE];
} kal__line;

static void hang_up(kal__line *l)
{
    if (!l || l->pid != getpid()) return;   // after a fork the connection is the parent's
    if (l->easy) lib.curl_easy_cleanup(l->easy);
    if (l->multi) lib.curl_multi_cleanup(l->multi);
    free(l);
}

// What is the same in all requests. The protocols as text came with 7.85; an older library cannot be held to them.
static bool set_up(kal__line *l, const char *url)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    const char *onward = !strncasecmp(url, "https:", 6) ? "https" : "http,https";
    CURL *const e = l->easy;
    return !lib.curl_easy_setopt(e, CURLOPT_URL, url) &&
           !lib.curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !lib.curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, onward) &&
           !lib.curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L) &&
           !lib.curl_easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS) &&
           !lib.curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) &&
           !lib.curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
           !lib.curl_easy_setopt(e, CURLOPT_ERRORBUFFER, l->why) &&
           !lib.curl_easy_setopt(e, CURLOPT_USERAGENT, "kallitype/" KAL_VERSION) &&
           // A stream of HTTP/2 is not held up by a slow reader before it has sent megabytes.
           !lib.curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
#else
    (void)l, (void)url;
    return false;
#endif
}

static kal__line *dial(kal__web *web)
{
    kal__line *l = NULL;
    pthread_mutex_lock(&web->lock);
    for (int i = 0; i < KAL__HTTP_IDLE && !l; i++) l = web->idle[i], web->idle[i] = NULL;
    pthread_mutex_unlock(&web->lock);
    if (l && l->pid == getpid()) return l;
    l = kal__new_zero(1, sizeof *l);
    if (!l) return NULL;
    l->pid = getpid();
    l->easy = lib.curl_easy_init();
    l->multi = lib.curl_multi_init();
    if (l->easy && l->multi && set_up(l, web->url)) return l;
    hang_up(l);
    return NULL;
}

static void put_down(kal__web *web, kal__line *l)
{
    pthread_mutex_lock(&web->lock);
    for (int i = 0; i < KAL__HTTP_IDLE && l; i++)
        if (!web->idle[i]) web->idle[i] = l, l = NULL;
    pthread_mutex_unlock(&web->lock);
    hang_up(l);
}

void kal__web_free(kal__web *web)
{
    for (int i = 0; i < KAL__HTTP_IDLE; i++) hang_up(web->idle[i]);
    pthread_mutex_destroy(&web->lock);
    free(web->url);
}

// ---- what comes ---------------------------------------------------------------------------------

struct kal__get {
    kal__web *web;
    kal__line *line;
    struct curl_slist *fields;
    kal__answer answer;
    bool headed;   // what follows is the body of the last answer
    bool over;
    CURLcode result;
    bool no_memory;
    uint64_t seen;     // bytes of heads and bodies
    uint64_t offset;   // in the file, of the next byte to be taken
    unsigned char *bytes;
    size_t at, n, room;
};

static void keep(char *dst, size_t room, const char *value, size_t n)
{
    snprintf(dst, room, "%.*s", n < room ? (int)n : 0, value);
}

// "bytes 0-99/1000", or "bytes */1000" of a range that is not there; "*" for what is not known.
static void take_range(kal__answer *a, const char *value)
{
    unsigned long long from, to, total;
    const char *slash = strchr(value, '/');
    if (strncasecmp(value, "bytes ", 6) || !slash) return;
    if (sscanf(value + 6, "%llu-%llu", &from, &to) == 2 && to >= from) a->ranged = true, a->from = from;
    if (sscanf(slash + 1, "%llu", &total) == 1) a->total = total;
}

static void take_field(kal__answer *a, const char *name, size_t n, const char *value, size_t size)
{
    char text[128];
    if (n == 4 && !strncasecmp(name, "etag", 4)) {
        const bool weak = size > 2 && !memcmp(value, "W/", 2);
        keep(weak ? a->weak : a->tag, sizeof a->tag, value, size);
    }
    if (n == 13 && !strncasecmp(name, "last-modified", 13)) keep(a->date, sizeof a->date, value, size);
    if (n == 13 && !strncasecmp(name, "content-range", 13)) {
        keep(text, sizeof text, value, size);
        take_range(a, text);
    }
}

static size_t on_head(char *data, size_t one, size_t size, void *user)
{
    kal__get *g = user;
    size_t n = one * size;
    g->seen += n;
    while (n && (data[n - 1] == '\r' || data[n - 1] == '\n' || data[n - 1] == ' ')) n--;
    if (n > 5 && !strncasecmp(data, "HTTP/", 5)) {   // the one before was not the last
        g->answer = (kal__answer){.total = KAL__TO_THE_END};
        const char *code = memchr(data, ' ', n);
        if (!code) return one * size;
        g->answer.status = atoi(code);
        const size_t used = (size_t)(code - data) + 5;
        if (n > used) keep(g->answer.reason, sizeof g->answer.reason, data + used, n - used);
        return one * size;
    }
    const char *colon = memchr(data, ':', n);
    if (!colon) return one * size;
    const char *value = colon + 1;
    while (value < data + n && (*value == ' ' || *value == '\t')) value++;
    take_field(&g->answer, data, (size_t)(colon - data), value, (size_t)(data + n - value));
    return one * size;
}

static size_t on_body(char *data, size_t one, size_t size, void *user)
{
    kal__get *g = user;
    const size_t n = one * size;
    g->headed = true;
    g->seen += n;
    if (g->answer.status != 200 && g->answer.status != 206) return 0;   // a page for people
    if (n > g->room - g->n) {
        const size_t room = (g->n + n) * 2;
        if (!kal__grow(&g->bytes, room, 1)) {
            g->no_memory = true;
            return 0;
        }
        g->room = room;
    }
    memcpy(g->bytes + g->n, data, n);
    g->n += n;
    return n;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Until there are bytes, or it is over. Its own patience: libcurl's clock would also run while nobody wanted any.
static void pump(kal__get *g)
{
    double heard = now();
    g->at = g->n = 0;
    while (!g->over && !g->n) {
        int running, left;
        const uint64_t seen = g->seen;
        const CURLMcode code = lib.curl_multi_perform(g->line->multi, &running);
        const CURLMsg *m;
        while ((m = lib.curl_multi_info_read(g->line->multi, &left)) != NULL)
            if (m->msg == CURLMSG_DONE) g->over = true, g->result = m->data.result;
        if (code) g->over = true, g->result = CURLE_OUT_OF_MEMORY;
        if (g->over || g->n) break;
        if (g->seen != seen) heard = now();
        if (now() - heard > silence)
            g->over = true, g->result = CURLE_OPERATION_TIMEDOUT;
        else if (g->seen == seen)
            lib.curl_multi_poll(g->line->multi, NULL, 0, 100, NULL);
    }
}

// ---- asking -------------------------------------------------------------------------------------

static bool may_pass(CURLcode c)
{
    static const CURLcode passing[] = {CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING,
                                       CURLE_PARTIAL_FILE};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (c == passing[i]) return true;
    return false;
}

static kal_status broke(kal__get *g, uint64_t at, bool *again, kal_error *err)
{
    const char *why = g->line->why[0] ? g->line->why : lib.curl_easy_strerror(g->result);
    *again = may_pass(g->result);
    if (g->no_memory || g->result == CURLE_OUT_OF_MEMORY)
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", g->web->name);
    if (g->result == CURLE_OPERATION_TIMEDOUT && !g->line->why[0])
        return kal_fail(err, KAL_IO, "%s: at byte %llu: the server sent nothing for %g seconds", g->web->name,
                        (unsigned long long)at, silence);
    if (g->headed)
        return kal_fail(err, KAL_IO, "%s: at byte %llu: %s", g->web->name, (unsigned long long)at, why);
    return kal_fail(err, KAL_IO, "%s: %s", g->web->name, why);
}

static bool differs(const char *a, const char *b)
{
    return *a && strcmp(a, b) != 0;
}

static bool is_another(const kal__answer *was, const kal__answer *is)
{
    return differs(was->tag, is->tag) || differs(was->weak, is->weak) || differs(was->date, is->date) ||
           (was->total != KAL__TO_THE_END && was->total != is->total);
}

static kal_status judge(kal__get *g, uint64_t from, const kal__answer *same, bool *again, kal_error *err)
{
    const kal__answer *a = &g->answer;
    const char *name = g->web->name;
    const bool sound = a->status == 200 || a->status == 206;
    const bool refused = a->status >= 400;
    if (g->over && g->result && !refused && !g->n)   // what came before a cut is taken first
        return broke(g, from, again, err);
    if (a->status == 412 || (a->status == 416 && same) || (sound && same && is_another(same, a)))
        return kal_fail(err, KAL_CHANGED, "%s: the file changed while it was read; load it again", name);
    if (a->status == 416 && a->total == 0) return KAL_OK;   // of nothing there is no range
    if (!sound) {
        *again = a->status == 408 || a->status == 429 || (a->status >= 500 && a->status != 501);
        return kal_fail(err, KAL_IO, "%s: HTTP %d%s%s", name, a->status, *a->reason ? " " : "", a->reason);
    }
    if (a->status == 206 ? !a->ranged || a->from != from : from > 0)
        return kal_fail(err, KAL_IO, "%s: at byte %llu: the server gave other bytes than were asked for",
                        name, (unsigned long long)from);
    return KAL_OK;
}

static bool add_field(kal__get *g, const char *name, const char *value)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %s", name, value);
    struct curl_slist *more = lib.curl_slist_append(g->fields, text);
    if (more) g->fields = more;
    return more != NULL;
}

static bool ask(kal__get *g, uint64_t from, uint64_t to, const kal__answer *same)
{
    char range[48];
    CURL *const e = g->line->easy;
    const int n = snprintf(range, sizeof range, "%llu-", (unsigned long long)from);
    if (to != KAL__TO_THE_END)
        snprintf(range + n, sizeof range - (size_t)n, "%llu", (unsigned long long)to - 1);
    bool ok = true;
    if (same && *same->tag)
        ok = add_field(g, "If-Match", same->tag);
    else if (same && *same->date)
        ok = add_field(g, "If-Unmodified-Since", same->date);
    return ok && !lib.curl_easy_setopt(e, CURLOPT_RANGE, range) &&
           !lib.curl_easy_setopt(e, CURLOPT_HTTPHEADER, g->fields) &&
           !lib.curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head) &&
           !lib.curl_easy_setopt(e, CURLOPT_HEADERDATA, g) &&
           !lib.curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) &&
           !lib.curl_easy_setopt(e, CURLOPT_WRITEDATA, g) && !lib.curl_multi_add_handle(g->line->multi, e);
}

kal_status kal__get_start(kal__web *web, uint64_t from, uint64_t to, const kal__answer *same, kal__get **out,
                          bool *again, kal_error *err)
{
    *out = NULL;
    *again = false;
    kal__get *g = kal__new_zero(1, sizeof *g);
    if (!g) return kal_fail(err, KAL_NOMEM, "%s: out of memory", web->name);
    g->web = web;
    g->offset = from;
    g->answer.total = KAL__TO_THE_END;
    g->line = dial(web);
    kal_status st = KAL_OK;
    if (g->line) g->line->why[0] = 0;
    if (!g->line || !ask(g, from, to, same))
        st = kal_fail(err, KAL_UNSUPPORTED,
                      "%s: http: libcurl cannot be set up; it must be 7.85 or later, and do HTTP", web->name);
    if (!st) {
        pump(g);
        st = judge(g, from, same, again, err);
    }
    if (!st)
        *out = g;
    else
        kal__get_end(g);
    return st;
}

const kal__answer *kal__get_answer(const kal__get *g)
{
    return &g->answer;
}

ptrdiff_t kal__get_take(kal__get *g, void *dst, size_t n, bool *again, kal_error *err)
{
    *again = false;
    if (g->at == g->n && !g->over) pump(g);
    if (g->at < g->n) {
        const size_t got = g->n - g->at < n ? g->n - g->at : n;
        memcpy(dst, g->bytes + g->at, got);
        g->at += got;
        g->offset += got;
        return (ptrdiff_t)got;
    }
    if (!g->result) return 0;
    broke(g, g->offset, again, err);
    return -1;
}

void kal__get_end(kal__get *g)
{
    if (!g) return;
    if (g->line) {
        lib.curl_multi_remove_handle(g->line->multi, g->line->easy);   // what is not at its end is cut
        lib.curl_easy_setopt(g->line->easy, CURLOPT_HTTPHEADER, NULL);
        put_down(g->web, g->line);
    }
    lib.curl_slist_free_all(g->fields);
    free(g->bytes);
    free(g);
}

#endif
