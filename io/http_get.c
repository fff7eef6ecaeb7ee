// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One request by libcurl, pulled: it goes on only while somebody wants bytes, so that a slow reader holds the sender up instead of memory.
#define _GNU_SOURCE
#include "http_line.h"

#if KAL__CURL

#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
        kal__keep_text(weak ? a->weak : a->tag, sizeof a->tag, value, size);
    }
    if (n == 4 && !strncasecmp(name, "date", 4)) kal__keep_text(a->sent, sizeof a->sent, value, size);
    if (n == 13 && !strncasecmp(name, "last-modified", 13))
        kal__keep_text(a->date, sizeof a->date, value, size);
    if (n == 13 && !strncasecmp(name, "content-range", 13)) {
        kal__keep_text(text, sizeof text, value, size);
        take_range(a, text);
    }
}

static size_t on_head(char *data, size_t one, size_t size, void *user)
{
    kal__get *g = user;
    size_t n = one * size;
    g->seen += n;
    while (n && (data[n - 1] == '\r' || data[n - 1] == '\n' || data[n - 1] == ' ')) n--;
    kal__answer fresh = {.total = KAL__TO_THE_END};
    if (kal__status_line(data, n, &fresh.status, fresh.reason, sizeof fresh.reason)) {
        g->answer = fresh;   // the one before was not the last
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

// Until there are bytes, or it is over. Its own patience: libcurl's clock would also run while nobody wanted any.
static void pump(kal__get *g)
{
    double heard = kal__now();
    g->at = g->n = 0;
    while (!g->over && !g->n) {
        int running, left;
        const uint64_t seen = g->seen;
        const CURLMcode code = kal__curl.curl_multi_perform(g->line->multi, &running);
        const CURLMsg *m;
        while ((m = kal__curl.curl_multi_info_read(g->line->multi, &left)) != NULL)
            if (m->msg == CURLMSG_DONE) g->over = true, g->result = m->data.result;
        if (code) g->over = true, g->result = CURLE_OUT_OF_MEMORY;
        if (g->over || g->n) break;
        if (g->seen != seen) heard = kal__now();
        if (kal__now() - heard > kal__silence)
            g->over = true, g->result = CURLE_OPERATION_TIMEDOUT;
        else if (g->seen == seen)
            kal__curl.curl_multi_poll(g->line->multi, NULL, 0, 100, NULL);
    }
}

// ---- asking -------------------------------------------------------------------------------------

static kal_status broke(kal__get *g, uint64_t at, bool *again, kal_error *err)
{
    const char *why = g->line->why[0] ? g->line->why : kal__curl.curl_easy_strerror(g->result);
    *again = kal__may_pass(g->result);
    if (g->no_memory || g->result == CURLE_OUT_OF_MEMORY)
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", g->web->name);
    if (g->result == CURLE_OPERATION_TIMEDOUT && !g->line->why[0])
        return kal_fail(err, KAL_IO, "%s: at byte %llu: the server sent nothing for %g seconds", g->web->name,
                        (unsigned long long)at, kal__silence);
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
        *again = kal__status_may_pass(a->status);
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
    struct curl_slist *more = kal__curl.curl_slist_append(g->fields, text);
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
    return ok && !kal__curl.curl_easy_setopt(e, CURLOPT_RANGE, range) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_HTTPHEADER, g->fields) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_head) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_HEADERDATA, g) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_WRITEDATA, g) &&
           !kal__curl.curl_multi_add_handle(g->line->multi, e);
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
    g->line = kal__line_take(web);
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
        kal__curl.curl_multi_remove_handle(g->line->multi, g->line->easy);   // what is not at its end is cut
        kal__curl.curl_easy_setopt(g->line->easy, CURLOPT_HTTPHEADER, NULL);
        kal__line_leave(g->web, g->line);
    }
    kal__curl.curl_slist_free_all(g->fields);
    free(g->bytes);
    free(g);
}

#endif
