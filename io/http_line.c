// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Connections that are kept between requests. See http_line.h.
#define _GNU_SOURCE
#include "http_line.h"

#if KAL__CURL

#include "mem.h"
#include "num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_SECONDS 10L
#define SILENCE_SECONDS 30.0   // KAL_HTTP_TIMEOUT
#define REDIRECTS 10L

double kal__silence = SILENCE_SECONDS;
static char strange[40];   // what KAL_HTTP_TIMEOUT says when it is no time
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void take_timeout(void)
{
    const char *seconds = getenv("KAL_HTTP_TIMEOUT");
    if (seconds && *seconds &&
        (!kal__parse_double(seconds, strlen(seconds), &kal__silence) || kal__silence <= 0))
        snprintf(strange, sizeof strange, "%s", seconds);
}

kal_status kal__web_ready(const char *name, kal_error *err)
{
    pthread_once(&once, take_timeout);
    if (*strange)
        return kal_fail(err, KAL_INVALID, "%s: http: KAL_HTTP_TIMEOUT=%s is not a number of seconds above 0",
                        name, strange);
    return kal__curl_ready(name, err);
}

// ---- connections --------------------------------------------------------------------------------

static void hang_up(kal__line *l)
{
    if (!l || l->pid != getpid()) return;   // after a fork the connection is the parent's
    if (l->easy) kal__curl.curl_easy_cleanup(l->easy);
    if (l->multi) kal__curl.curl_multi_cleanup(l->multi);
    free(l);
}

// What is the same in all requests. The protocols as text came with 7.85; an older library cannot be held to them.
static bool set_up(kal__line *l, const char *url)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    const char *onward = !strncasecmp(url, "https:", 6) ? "https" : "http,https";
    CURL *const e = l->easy;
    return !kal__curl.curl_easy_setopt(e, CURLOPT_URL, url) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, onward) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_ERRORBUFFER, l->why) &&
           !kal__curl.curl_easy_setopt(e, CURLOPT_USERAGENT, "kallitype/" KAL_VERSION) &&
           // A stream of HTTP/2 is not held up by a slow reader before it has sent megabytes.
           !kal__curl.curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
#else
    (void)l, (void)url;
    return false;
#endif
}

kal__line *kal__line_take(kal__web *web)
{
    kal__line *l = NULL;
    pthread_mutex_lock(&web->lock);
    for (int i = 0; i < KAL__HTTP_IDLE && !l; i++) l = web->idle[i], web->idle[i] = NULL;
    pthread_mutex_unlock(&web->lock);
    if (l && l->pid == getpid()) return l;
    l = kal__new_zero(1, sizeof *l);
    if (!l) return NULL;
    l->pid = getpid();
    l->easy = kal__curl.curl_easy_init();
    l->multi = kal__curl.curl_multi_init();
    if (l->easy && l->multi && set_up(l, web->url)) return l;
    hang_up(l);
    return NULL;
}

void kal__line_leave(kal__web *web, kal__line *l)
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

// ---- answers ------------------------------------------------------------------------------------

void kal__keep_text(char *dst, size_t room, const char *text, size_t n)
{
    snprintf(dst, room, "%.*s", n < room ? (int)n : 0, text);
}

bool kal__status_line(const char *line, size_t n, int *status, char *reason, size_t room)
{
    if (n <= 5 || strncasecmp(line, "HTTP/", 5) != 0) return false;
    const char *code = memchr(line, ' ', n);
    if (!code) return true;
    *status = atoi(code);
    const size_t used = (size_t)(code - line) + 5;
    if (n > used) kal__keep_text(reason, room, line + used, n - used);
    return true;
}

bool kal__may_pass(CURLcode c)
{
    static const CURLcode passing[] = {CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING,
                                       CURLE_PARTIAL_FILE};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (c == passing[i]) return true;
    return false;
}

bool kal__status_may_pass(int status)
{
    return status == 408 || status == 429 || (status >= 500 && status != 501);
}

#endif
