// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Which codec: by name, by suffix for writing, by content for reading.
#include "load.h"

#include <stdio.h>
#include <string.h>

bool kal_codec_at(size_t i, kal_codec_info *out, const char **version)
{
    if (i >= kal__n_codecs) return false;
    const kal__codec *c = kal__codecs[i];
    *out = (kal_codec_info){.name = c->name,
                            .suffixes = c->suffixes,
                            .help = c->help,
                            .reads = c->open != NULL,
                            .writes = c->begin != NULL,
                            .params = c->params,
                            .n_params = c->n_params,
                            .pages = c->pages,
                            .album = c->page != NULL};
    if (version) *version = c->version();
    return true;
}

kal_status kal__unknown_format(kal_status status, const char *where, const char *what, kal_error *err)
{
    char names[300] = "";
    for (size_t i = 0, n = 0; i < kal__n_codecs && n < sizeof names; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", kal__codecs[i]->name);
    return kal_fail(err, status, "%s: %s; the formats are %s", where, what, names);
}

kal__schema kal__schema_of_codec(const kal__codec *c)
{
    return (kal__schema){c->params, c->n_params, c->params_size, c->name, c->n_later};
}

kal_status kal__codec_for_path(const char *path, const char *format, const kal__codec **out,
                               const char **word, kal_error *err)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    *out = NULL;
    *word = format && *format ? format : dot ? dot + 1 : "";
    if (format && *format) {
        *out = kal__codec_named(format);
        if (!*out) return kal__unknown_format(KAL_INVALID, path, "there is no such format", err);
    } else if (!strcmp(path, "-")) {
        return kal__unknown_format(KAL_INVALID, "-", "standard output has no suffix: say format=", err);
    } else {
        for (size_t i = 0; dot && i < kal__n_codecs && !*out; i++)
            if (kal__word_at(kal__codecs[i]->suffixes, dot + 1, strlen(dot + 1)) >= 0) *out = kal__codecs[i];
        if (!*out)
            return kal__unknown_format(KAL_INVALID, path, "the suffix tells no format; say format=", err);
    }
    if (!(*out)->begin)
        return kal_fail(err, KAL_INVALID, "%s: %s can be read but not written", path, (*out)->name);
    return KAL_OK;
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
        if (!*out) return kal__unknown_format(KAL_INVALID, name, "there is no such format", err);
        if (!(*out)->open)
            return kal_fail(err, KAL_INVALID, "%s: %s can be written but not read", name, (*out)->name);
    }
    for (size_t i = 0; i < kal__n_codecs && !*out; i++)
        if (kal__codecs[i]->sniff(head, n)) *out = kal__codecs[i];
    if (*out && !(*out)->open)
        return kal_fail(err, KAL_INVALID, "%s: %s can be written but not read", name, (*out)->name);
    if (*out) return allowed(*out, name, limits, err);
    if (!n) return kal_fail(err, KAL_CORRUPT, "%s: the file is empty", name);
    return kal__unknown_format(KAL_UNSUPPORTED, name, "not an image in a known format", err);
}
