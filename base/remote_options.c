// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What may be said of a remote in its URL or beside it.
#define _GNU_SOURCE
#include "num.h"
#include "remote_part.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static kal_status set_flag(kal__remote *r, const char *s, kal_error *err)
{
    r->read_only = !*s || !strcmp(s, "true") || !strcmp(s, "1");
    return r->read_only || !strcmp(s, "false") || !strcmp(s, "0")
               ? KAL_OK
               : kal_fail(err, KAL_INVALID, "%s: read_only=%.40s is neither true nor false", r->name, s);
}

static kal_status set_ms(kal__remote *r, const char *name, const char *s, double *out, kal_error *err)
{
    if (!kal__parse_double(s, strlen(s), out) || *out < 1 || *out > 600000)
        return kal_fail(err, KAL_INVALID, "%s: %s=%.40s is not a number of milliseconds", r->name, name, s);
    *out *= 1e-3;
    return KAL_OK;
}

static kal_status set_connect(kal__remote *r, const char *s, kal_error *err)
{
    return set_ms(r, "connect_ms", s, &r->connect, err);
}

static kal_status set_timeout(kal__remote *r, const char *s, kal_error *err)
{
    return set_ms(r, "timeout_ms", s, &r->timeout, err);
}

static kal_status set_most(kal__remote *r, const char *s, kal_error *err)
{
    double v;
    if (!kal__parse_bytes(s, strlen(s), &v) || v < 1 || v > 512.0 * (1 << 20))   // what Redis takes
        return kal_fail(err, KAL_INVALID, "%s: max_bytes=%.40s is not a number of bytes, at most 512M",
                        r->name, s);
    r->most = (size_t)v;
    return KAL_OK;
}

static kal_status set_secret(kal__remote *r, const char *s, kal_error *err)
{
    return kal__seal_ready(r, s, err);
}

static const struct {
    const char *name;
    kal_status (*set)(kal__remote *r, const char *value, kal_error *err);
} known[] = {{"read_only", set_flag},
             {"connect_ms", set_connect},
             {"timeout_ms", set_timeout},
             {"max_bytes", set_most},
             {"secret", set_secret}};

static kal_status set(kal__remote *r, char *word, kal_error *err)
{
    char *value = strchr(word, '=');
    if (value) *value++ = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(word, known[i].name)) return known[i].set(r, value ? value : "", err);
    return kal_fail(err, KAL_INVALID,
                    "%s: there is no \"%.40s\"; read_only, connect_ms, timeout_ms, max_bytes, secret",
                    r->name, word);
}

kal_status kal__remote_options(kal__remote *r, const char *text, kal_error *err)
{
    kal_status st = KAL_OK;
    char *rest, *copy = strdup(text);
    if (!copy) return kal_fail(err, KAL_NOMEM, "out of memory for a remote memo");
    for (char *word = strtok_r(copy, "& \t\n", &rest); word && !st; word = strtok_r(NULL, "& \t\n", &rest))
        st = set(r, word, err);
    free(copy);
    return st;
}
