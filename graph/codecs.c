// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Which codec: by name, by suffix for writing, by content for reading.
#include "load.h"

#include <stdio.h>
#include <string.h>

#define MOST_NAME 400

bool kal_codec_at(size_t i, kal_codec_info *out, const char **version)
{
    if (i >= kal__n_codecs) return false;
    const kal__codec *c = kal__codecs[i];
    *out = (kal_codec_info){.name = c->name,
                            .suffixes = c->suffixes,
                            .help = c->help,
                            .media_type = c->media_type,
                            .reads = c->open != NULL,
                            .writes = c->begin != NULL,
                            .params = c->params,
                            .n_params = c->n_params,
                            .pages = c->pages,
                            .album = c->page != NULL,
                            .searches = c->searches};
    if (version) *version = c->version();
    return true;
}

kal_status kal__unknown_format(kal_status status, kal__use use, const char *where, const char *what,
                               kal_error *err)
{
    char names[300] = "";
    for (size_t i = 0, n = 0; i < kal__n_codecs && n < sizeof names; i++) {
        const kal__codec *c = kal__codecs[i];
        if (use == KAL__READS ? c->open != NULL : c->begin != NULL)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", c->name);
    }
    return kal_fail(err, status, "%s: %s; the formats are %s", where, what, names);
}

kal__schema kal__schema_of_codec(const kal__codec *c)
{
    return (kal__schema){c->params, c->n_params, c->params_size, c->name, c->n_later};
}

// The suffix of a path, of a URL that of its path; one that is too long is none.
static void suffix_of(const char *path, char word[KAL__SUFFIX])
{
    const size_t n = kal__is_url(path) ? strcspn(path, "?#") : strlen(path);
    size_t dot = n;
    while (dot && path[dot - 1] != '.' && path[dot - 1] != '/') dot--;
    *word = 0;
    if (dot && path[dot - 1] == '.' && n - dot < KAL__SUFFIX)
        snprintf(word, KAL__SUFFIX, "%.*s", (int)(n - dot), path + dot);
}

// What messages call a path: nobody's password.
static const char *told(const char *path, char name[MOST_NAME])
{
    if (!kal__is_url(path)) return path;
    if (strlen(path) < MOST_NAME)
        kal__url_name(name, path);
    else
        snprintf(name, MOST_NAME, "a URL");
    return name;
}

static kal_status codec_for_path(const char *path, const char *format, const kal__codec **out,
                                 char word[KAL__SUFFIX], kal_error *err)
{
    char buffer[MOST_NAME];
    const char *name = told(path, buffer);
    *out = NULL;
    suffix_of(path, word);
    if (format && *format) {
        *out = kal__codec_named(format);
        if (!*out) return kal__unknown_format(KAL_INVALID, KAL__WRITES, name, "there is no such format", err);
        snprintf(word, KAL__SUFFIX, "%s", format);
    } else if (!strcmp(path, "-")) {
        return kal__unknown_format(KAL_INVALID, KAL__WRITES, "-",
                                   "standard output has no suffix: say format=", err);
    } else {
        for (size_t i = 0; *word && i < kal__n_codecs && !*out; i++)
            if (kal__word_at(kal__codecs[i]->suffixes, word, strlen(word)) >= 0) *out = kal__codecs[i];
        if (!*out)
            return kal__unknown_format(KAL_INVALID, KAL__WRITES, name,
                                       "the suffix tells no format; say format=", err);
    }
    if (!(*out)->begin)
        return kal_fail(err, KAL_INVALID, "%s: %s can be read but not written", name, (*out)->name);
    return KAL_OK;
}

kal_status kal__codec_for_path(const char *path, const char *format, const kal__codec **out,
                               char word[KAL__SUFFIX], kal_error *err)
{
    return kal__of_output(codec_for_path(path, format, out, word, err), err);
}

kal_status kal__target(const kal__codec *c, const char *path, kal__writer **out, kal_error *err)
{
    char buffer[MOST_NAME];
    kal_limits limits;
    kal_limits_get(&limits);
    *out = NULL;
    if (kal__is_url(path) && !limits.network)
        return kal__over_limit(err, "network=true", "%s: nothing is written to the web here",
                               told(path, buffer));
    return kal__of_output(kal__write_target(c, path, out, err), err);
}

static kal_status allowed(const kal__codec *c, const char *name, const kal_limits *limits, kal_error *err)
{
    char lift[80];
    if (kal__format_allowed(c, limits)) return KAL_OK;
    snprintf(lift, sizeof lift, "formats=…,%s", c->name);
    return kal__over_limit(err, lift, "%s: %s is not among the formats that are read here", name, c->name);
}

kal_status kal__codec_for_bytes(const unsigned char *head, size_t n, const char *name, const char *format,
                                const kal_limits *limits, const kal__codec **out, kal_error *err)
{
    *out = NULL;
    if (format && *format) {
        *out = kal__codec_named(format);
        if (!*out) return kal__unknown_format(KAL_INVALID, KAL__READS, name, "there is no such format", err);
        if (!(*out)->open)
            return kal_fail(err, KAL_INVALID, "%s: %s can be written but not read", name, (*out)->name);
    }
    for (size_t i = 0; i < kal__n_codecs && !*out; i++)
        if (kal__codecs[i]->sniff(head, n)) *out = kal__codecs[i];
    if (*out && !(*out)->open)
        return kal_fail(err, KAL_INVALID, "%s: %s can be written but not read", name, (*out)->name);
    if (*out) return allowed(*out, name, limits, err);
    if (!n) return kal_fail(err, KAL_CORRUPT, "%s: the file is empty", name);
    return kal__unknown_format(KAL_UNSUPPORTED, KAL__READS, name, "not an image in a known format", err);
}
