// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A target on the web, by PUT. What is written is kept, and sent with its length at commit, again if need be; of more than is kept the request
// begins, in chunks, and its last one is what commit sends. Either way a server has no whole body before that, and after an abort never.
#define _GNU_SOURCE
#include "http_line.h"

#if KAL__CURL

#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT ((size_t)16 << 20)
#define CHUNK ((size_t)64 << 10)   // what is sent at once, at least, when more than that is written

typedef struct put {
    kal__writer base;
    kal__web web;
    kal__line *line;     // of a request under way; NULL: there is none
    kal__text held;      // what was written and not sent
    const char *bytes;   // to be sent …
    size_t at, n;        // … from `at` on
    bool in_chunks;      // the request began before all was written
    bool whole;          // nothing follows these bytes
    bool paused, over, settled;
    CURLcode result;
    kal__answer answer;
    uint64_t moved;   // bytes that went, and came
    char name[];
} put;

// ---- one request --------------------------------------------------------------------------------

static size_t on_read(char *dst, size_t one, size_t size, void *user)
{
    put *p = user;
    const size_t room = one * size, n = p->n - p->at < room ? p->n - p->at : room;
    if (!n && !p->whole) {
        p->paused = true;
        return CURL_READFUNC_PAUSE;
    }
    if (n) memcpy(dst, p->bytes + p->at, n);
    p->at += n;
    p->moved += n;
    return n;
}

// Asked for when a connection that was open turns out to be closed: only what is still there can be sent once more.
static int on_seek(void *user, curl_off_t at, int from)
{
    put *p = user;
    if (p->in_chunks || from != SEEK_SET) return CURL_SEEKFUNC_FAIL;
    p->at = (size_t)at;
    return CURL_SEEKFUNC_OK;
}

static size_t on_head(char *line, size_t one, size_t size, void *user)
{
    put *p = user;
    size_t n = one * size;
    p->moved += n;
    while (n && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' ')) n--;
    kal__answer fresh = {0};
    if (kal__status_line(line, n, &fresh.status, fresh.reason, sizeof fresh.reason)) p->answer = fresh;
    return one * size;
}

static size_t on_body(char *data, size_t one, size_t size, void *user)
{
    (void)data;   // a page for people
    ((put *)user)->moved += one * size;
    return one * size;
}

// Redirects are not followed: where a picture is put is said by who puts it.
static bool ask(put *p, curl_off_t size)
{
    CURL *const e = p->line->easy;
    return !kal__curl.curl_easy_setopt(e, CURLOPT_UPLOAD, 1L) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, size) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_READDATA, p) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_SEEKDATA, p) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_HEADERDATA, p) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_WRITEDATA, p) &&
           !kal__curl.curl_multi_add_handle(p->line->multi, e);
}

// Of so many bytes; -1: in chunks.
static kal_status begin(put *p, curl_off_t size, kal_error *err)
{
    p->over = p->paused = false;
    p->result = CURLE_OK;
    p->answer = (kal__answer){0};
    p->line = kal__line_take(&p->web);
    if (p->line) p->line->why[0] = 0;
    if (p->line && ask(p, size)) return KAL_OK;
    return kal_fail(err, KAL_UNSUPPORTED,
                    "%s: http: libcurl cannot be set up; it must be 7.85 or later, and do HTTP", p->name);
}

static void end(put *p)
{
    if (!p->line) return;
    kal__curl.curl_multi_remove_handle(p->line->multi, p->line->easy);   // what is not at its end is cut
    kal__line_leave(&p->web, p->line);
    p->line = NULL;
}

// Until these bytes are taken, or, when nothing follows them, the answer is there.
static void transmit(put *p, const char *bytes, size_t n, bool whole)
{
    double heard = kal__now();
    p->bytes = bytes;
    p->at = 0;
    p->n = n;
    p->whole = whole;
    if (p->paused) p->paused = false, kal__curl.curl_easy_pause(p->line->easy, CURLPAUSE_CONT);
    while (!p->over && (p->at < p->n || whole)) {
        int running, left;
        const uint64_t moved = p->moved;
        const CURLMcode code = kal__curl.curl_multi_perform(p->line->multi, &running);
        const CURLMsg *m;
        while ((m = kal__curl.curl_multi_info_read(p->line->multi, &left)) != NULL)
            if (m->msg == CURLMSG_DONE) p->over = true, p->result = m->data.result;
        if (code) p->over = true, p->result = CURLE_OUT_OF_MEMORY;
        if (p->over) break;
        if (p->moved != moved) heard = kal__now();
        if (kal__now() - heard > kal__silence)
            p->over = true, p->result = CURLE_OPERATION_TIMEDOUT;
        else if (p->moved == moved)
            kal__curl.curl_multi_poll(p->line->multi, NULL, 0, 100, NULL);
    }
}

// What became of it. *again: it may go well another time.
static kal_status judge(const put *p, bool *again, kal_error *err)
{
    const kal__answer *a = &p->answer;
    *again = false;
    if (a->status >= 300) {
        *again = kal__status_may_pass(a->status);
        return kal__cannot_write(err, "%s: writing: HTTP %d%s%s", p->name, a->status, *a->reason ? " " : "",
                                 a->reason);
    }
    if (!p->over) return KAL_OK;
    if (p->result == CURLE_OPERATION_TIMEDOUT && !p->line->why[0])
        return kal__cannot_write(err, "%s: writing: the server neither took nor said anything for %g seconds",
                                 p->name, kal__silence);
    *again = kal__may_pass(p->result);
    if (p->result == CURLE_OUT_OF_MEMORY) return kal_fail(err, KAL_NOMEM, "%s: out of memory", p->name);
    if (p->result)
        return kal__cannot_write(err, "%s: writing: %s", p->name,
                                 p->line->why[0] ? p->line->why : kal__curl.curl_easy_strerror(p->result));
    if (p->whole && a->status >= 200) return KAL_OK;
    return kal__cannot_write(err, "%s: writing: the server answered before it had all", p->name);
}

// ---- the writer ---------------------------------------------------------------------------------

// Bytes of a request in chunks, which begins with the first ones; they are gone then, and it cannot begin again.
static kal_status send_chunk(put *p, const void *data, size_t n, kal_error *err)
{
    bool again;
    kal_status st = KAL_OK;
    if (!p->in_chunks) st = begin(p, -1, err);
    p->in_chunks = true;
    if (st || !n) return st;
    transmit(p, data, n, false);
    return judge(p, &again, err);
}

static kal_status flush(put *p, kal_error *err)
{
    const kal_status st = send_chunk(p, p->held.data, p->held.size, err);
    p->held.size = 0;
    return st;
}

static kal_status put_write(kal__writer *base, const void *data, size_t n, kal_error *err)
{
    put *p = (put *)base;
    base->written += n;
    if (p->held.size + n > (p->in_chunks ? CHUNK : KEPT)) {
        kal_status st = flush(p, err);
        if (!st && n > CHUNK) return send_chunk(p, data, n, err);
        if (st) return st;
    }
    kal__put(&p->held, data, n);
    return p->held.failed ? kal_fail(err, KAL_NOMEM, "%s: out of memory for %zu bytes", p->name, n) : KAL_OK;
}

static kal_status put_finish(kal__writer *base, kal_error *err)
{
    put *p = (put *)base;
    return p->in_chunks && p->held.size ? flush(p, err) : KAL_OK;
}

static void put_abort(kal__writer *base)
{
    put *p = (put *)base;
    end(p);
    kal__web_free(&p->web);
    free(p->held.data);
    free(p);
}

static kal_status send_held(put *p, kal_error *err)
{
    for (int failures = 0;;) {
        bool again = false;
        kal_error why = {0};
        kal_status st = begin(p, (curl_off_t)p->held.size, &why);
        if (!st) {
            transmit(p, p->held.data, p->held.size, true);
            st = judge(p, &again, &why);
        }
        end(p);
        if (st && again && kal__wait_again(&failures)) continue;
        if (st && err) *err = why;
        return st;
    }
}

static kal_status put_settle(kal__writer *base, kal_error *err)
{
    put *p = (put *)base;
    bool again;
    const kal_status st = put_finish(base, err);
    if (st || p->settled) return st;
    p->settled = true;
    if (!p->in_chunks) return send_held(p, err);
    transmit(p, NULL, 0, true);
    return judge(p, &again, err);
}

static kal_status put_commit(kal__writer *base, kal_error *err)
{
    const kal_status st = put_settle(base, err);
    put_abort(base);
    return st;
}

kal_status kal__write_http(const char *url, kal__writer **out, kal_error *err)
{
    *out = NULL;
    put *p = kal__new_zero(1, sizeof *p + strlen(url) + 1);
    if (!p) return kal_fail(err, KAL_NOMEM, "out of memory for a target");
    kal__url_name(p->name, url);
    p->web.url = strdup(url);
    p->web.name = p->name;
    pthread_mutex_init(&p->web.lock, NULL);
    p->base = (kal__writer){.write = put_write,
                            .finish = put_finish,
                            .settle = put_settle,
                            .commit = put_commit,
                            .abort = put_abort,
                            .memory = KEPT,
                            .far = true,
                            .waits = true};
    const kal_status st =
        p->web.url ? kal__web_ready(p->name, err) : kal_fail(err, KAL_NOMEM, "%s: out of memory", p->name);
    if (st)
        put_abort(&p->base);
    else
        *out = &p->base;
    return st;
}

#endif
