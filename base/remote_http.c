// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A server that gives what was put under a name: nginx with its dav module, bazel-remote's kind, a gateway to an object store. GET, HEAD and PUT by
// libcurl; an entry is at PREFIX/ab/cdef…. There are no leases.
#define _GNU_SOURCE
#include "curl.h"
#include "remote_part.h"
#include "store_file.h"

#if KAL__CURL

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_PAGE ((uint64_t)1 << 20)   // bytes that are read to use the connection again

typedef struct http_line {
    kal__remote *of;
    pid_t pid;
    CURL *easy;
    CURLM *multi;   // keeps the connection
    struct curl_slist *fields;
    uint64_t moved, page;   // bytes both ways; of what is read past
    kal__slab *file;        // what comes
    size_t n, size;
    bool takes;   // it is asked for an entry; else what comes is read past
    bool strange;
    const kal__piece *pieces;   // what goes
    int piece;
    size_t at;
} http_line;

// ---- what comes and goes ------------------------------------------------------------------------

static long status_of(const http_line *l)
{
    long status = 0;
    return kal__curl.curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &status) ? 0 : status;
}

static bool make_room(http_line *l)
{
    curl_off_t size = -1;
    kal__curl.curl_easy_getinfo(l->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    l->strange = size <= 0 || (uint64_t)size > kal__remote_room(l->of);   // without a size we take nothing
    l->size = l->strange ? 0 : (size_t)size;
    l->file = l->size ? kal__slab_new(l->size) : NULL;
    return l->file != NULL;
}

static size_t on_body(char *data, size_t one, size_t size, void *user)
{
    http_line *l = user;
    const size_t n = one * size;
    l->moved += n;
    if (!l->takes || status_of(l) != 200)
        return (l->page += n) < MOST_PAGE ? n : 0;   // a page that says what is wrong
    if (!l->file && !make_room(l)) return 0;
    if (n > l->size - l->n) return 0;
    memcpy(l->file->data + l->n, data, n);
    l->n += n;
    return n;
}

static size_t on_upload(char *data, size_t one, size_t size, void *user)
{
    http_line *l = user;
    while (l->piece < KAL__PIECES && l->at == l->pieces[l->piece].n) l->piece++, l->at = 0;
    if (l->piece == KAL__PIECES) return 0;
    const size_t left = l->pieces[l->piece].n - l->at, n = one * size < left ? one * size : left;
    memcpy(data, (const unsigned char *)l->pieces[l->piece].data + l->at, n);
    l->at += n;
    l->moved += n;
    return n;
}

// ---- a request ----------------------------------------------------------------------------------

// What does not pass by itself is said at once. Ours are a write that was cut off and a time that is over.
static void blame(const http_line *l, CURLcode code, long status)
{
    const bool found = status == 404 || status == 410 || status == 409 || status == 412;
    double begun = 0;   // when there was a line
    kal__curl.curl_easy_getinfo(l->easy, CURLINFO_PRETRANSFER_TIME, &begun);
    if (status >= 300 && !found)   // it is not led elsewhere
        kal__remote_blame(l->of, status < 500 || status == 501 || status == 507, "it answers %ld", status);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        kal__remote_blame(l->of, begun <= 0,
                          begun > 0 ? "no answer in time" : "it cannot be reached in time");
    else if (code != CURLE_OK && code != CURLE_WRITE_ERROR)
        kal__remote_blame(l->of,
                          code != CURLE_PARTIAL_FILE && code != CURLE_RECV_ERROR && code != CURLE_SEND_ERROR,
                          "%s", kal__curl.curl_easy_strerror(code));
}

// Its status; 0: it did not come to an end in time.
static long go(http_line *l)
{
    const kal__patience p = kal__remote_patience(l->of);
    bool over = false;
    CURLcode code = CURLE_OPERATION_TIMEDOUT;
    long status = 0;
    l->moved = l->page = 0;
    if (kal__curl.curl_multi_add_handle(l->multi, l->easy)) return 0;
    while (!over) {
        int running, left;
        const CURLMsg *m;
        if (kal__curl.curl_multi_perform(l->multi, &running)) break;
        while ((m = kal__curl.curl_multi_info_read(l->multi, &left)) != NULL)
            if (m->msg == CURLMSG_DONE) over = true, code = m->data.result;
        const double seconds = kal__patience_left(&p, l->moved);
        if (over || seconds <= 0) break;
        kal__curl.curl_multi_poll(l->multi, NULL, 0, (int)(seconds * 1e3) + 1, NULL);
    }
    if (code == CURLE_OK || code == CURLE_WRITE_ERROR) status = status_of(l);
    if (code == CURLE_WRITE_ERROR && l->takes && status == 200)
        status = 0;   // it was no entry that can be taken
    blame(l, code, status);
    kal__curl.curl_multi_remove_handle(l->multi, l->easy);
    return status;
}

static kal__far meaning(const http_line *l, long status)
{
    if (l->strange) return KAL__FAR_STRANGE;
    if (status == 404 || status == 410) return KAL__FAR_NONE;
    return status >= 200 && status < 300 ? KAL__FAR_DONE : KAL__FAR_FAILED;
}

static bool address(http_line *l, kal_key key)
{
    char path[40];
    kal__text t = {0};
    const kal__remote *r = l->of;
    kal__store_path(key, path);
    size_t n = strlen(r->place);
    while (n && r->place[n - 1] == '/') n--;
    kal__putf(&t, "%s%.*s/%s", r->kind->scheme, (int)n, r->place, path);
    kal__put(&t, "", 1);
    const bool ok = !t.failed && !kal__curl.curl_easy_setopt(l->easy, CURLOPT_URL, t.data);
    free(t.data);
    return ok;
}

static kal__far http_get(kal__remote *r, void *line, kal_key key, kal__slab **file, size_t *n)
{
    http_line *l = line;
    (void)r;
    l->n = l->size = 0;
    l->strange = false;
    l->takes = true;
    if (!address(l, key) || kal__curl.curl_easy_setopt(l->easy, CURLOPT_HTTPGET, 1L)) return KAL__FAR_FAILED;
    const kal__far came = meaning(l, go(l));
    *file = l->file;
    *n = l->n;
    l->file = NULL;
    if (came == KAL__FAR_DONE && *file && *n == l->size) return came;
    kal__slab_unref(file);
    return came == KAL__FAR_DONE ? KAL__FAR_STRANGE : came;   // empty
}

static kal__far http_has(kal__remote *r, void *line, kal_key key)
{
    http_line *l = line;
    (void)r;
    l->takes = l->strange = false;
    if (!address(l, key) || kal__curl.curl_easy_setopt(l->easy, CURLOPT_NOBODY, 1L)) return KAL__FAR_FAILED;
    return meaning(l, go(l));
}

static kal__far http_put(kal__remote *r, void *line, kal_key key, const kal__piece *pieces, size_t most)
{
    http_line *l = line;
    (void)r;
    l->takes = l->strange = false;
    l->pieces = pieces;
    l->piece = 0;
    l->at = 0;
    const bool ok = address(l, key) && !kal__curl.curl_easy_setopt(l->easy, CURLOPT_UPLOAD, 1L) &&
                    !kal__curl.curl_easy_setopt(l->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)most);
    // Some servers do not let an entry take the place of another.
    const long status = ok ? go(l) : 0;
    return status == 409 || status == 412 ? KAL__FAR_BUSY : meaning(l, status);
}

// ---- lines --------------------------------------------------------------------------------------

static void http_hang_up(void *line)
{
    http_line *l = line;
    if (l->pid != getpid()) return;   // after a fork the connection is the parent's
    if (l->easy) kal__curl.curl_easy_cleanup(l->easy);
    if (l->multi) kal__curl.curl_multi_cleanup(l->multi);
    kal__curl.curl_slist_free_all(l->fields);
    kal__slab_unref(&l->file);
    free(l);
}

// The protocols as text came with 7.85; an older library cannot be held to them.
static bool set_up(http_line *l)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    CURL *const e = l->easy;
    l->fields = kal__curl.curl_slist_append(NULL, "Expect:");   // sends at once
    return l->fields && !kal__curl.curl_easy_setopt(e, CURLOPT_HTTPHEADER, l->fields) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(l->of->connect * 1e3)) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_FAILONERROR, 0L) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 256L << 10) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_USERAGENT, "kallitype/" KAL_VERSION) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_WRITEDATA, l) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_READFUNCTION, on_upload) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_READDATA, l);
#else
    (void)l;
    return false;
#endif
}

static void *http_call(kal__remote *r)
{
    http_line *l = kal__new_zero(1, sizeof *l);
    if (!l) return NULL;
    l->of = r;
    l->pid = getpid();
    l->easy = kal__curl.curl_easy_init();
    l->multi = kal__curl.curl_multi_init();
    if (l->easy && l->multi && set_up(l)) return l;
    http_hang_up(l);
    return NULL;
}

static kal_status http_open(kal__remote *r, kal_error *err)
{
    const kal_status st = kal__curl_ready(r->name, err);
    if (st) return st;
    return *r->place && *r->place != '/' ? KAL_OK
                                         : kal_fail(err, KAL_INVALID, "%s: a host is wanted", r->name);
}

#define HTTP(name)                                                                                      \
    {                                                                                                   \
        .scheme = name, .open = http_open, .call = http_call, .hang_up = http_hang_up, .get = http_get, \
        .has = http_has, .put = http_put                                                                \
    }

#else

static kal_status without(kal__remote *r, kal_error *err)
{
    return kal__curl_ready(r->name, err);
}

#define HTTP(name)                      \
    {                                   \
        .scheme = name, .open = without \
    }

#endif

const kal__far_kind kal__far_http = HTTP("http://");
const kal__far_kind kal__far_https = HTTP("https://");
