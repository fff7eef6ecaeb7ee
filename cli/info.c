// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal info`: what headers say. No pixel is decoded.
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct facts {
    const char *file, *format;
    kal_extent extent;
    int orientation;
    bool applied;
    uint64_t bytes;
} facts;

static const char *const metas[] = {"icc", "exif", "xmp"};
enum { N_METAS = sizeof metas / sizeof *metas };

static bool opens_as(kal_scope *scope, const char *file, const char *format, kal_key key)
{
    char params[64];
    kal_key other;
    snprintf(params, sizeof params, "format=%s", format);
    return !kal_node_key(kal_load(scope, file, params), &other, NULL) && kal_key_equal(other, key);
}

// The format is part of a picture's key: the codec that gives the same key is the one that reads it. The one
// of the suffix is asked first.
static const char *format_of(kal_scope *scope, const char *file, const kal_node *node)
{
    kal_codec_info c;
    kal_key key;
    if (!strcmp(file, "-") || kal_node_key(node, &key, NULL)) return NULL;
    if (codec_of_path(file, &c) && c.reads && opens_as(scope, file, c.name, key)) return c.name;
    for (size_t i = 0; kal_codec_at(i, &c, NULL); i++)
        if (c.reads && opens_as(scope, file, c.name, key)) return c.name;
    return NULL;
}

static void print_text(const facts *f, const kal_node *node)
{
    char extent[96];
    printf("%s: %s%s%s", f->file, f->format ? f->format : "", f->format ? " " : "",
           extent_text(&f->extent, extent));
    if (f->orientation != 1) printf(", orientation %d%s", f->orientation, f->applied ? " (applied)" : "");
    for (int i = 0; i < N_METAS; i++) {
        const void *data;
        size_t size;
        if (kal_node_meta(node, metas[i], &data, &size)) printf(", %s %zu bytes", metas[i], size);
    }
    putchar('\n');
}

static void print_json(json *j, const facts *f, const kal_node *node)
{
    json_open(j, NULL, '{');
    json_text(j, "file", f->file);
    if (f->format)
        json_text(j, "format", f->format);
    else
        json_null(j, "format");
    if (f->bytes) json_count(j, "bytes", f->bytes);
    json_extent(j, &f->extent);
    json_count(j, "orientation", (uint64_t)f->orientation);
    json_bool(j, "orientation_applied", f->applied);
    for (int i = 0; i < N_METAS; i++) {
        const void *data;
        size_t size = 0;
        char key[32];
        snprintf(key, sizeof key, "%s_bytes", metas[i]);
        json_count(j, key, kal_node_meta(node, metas[i], &data, &size) ? size : 0);
    }
    json_close(j, '}');
}

static void print_failure(json *j, const char *file, const kal_error *err)
{
    json_open(j, NULL, '{');
    json_text(j, "file", file);
    json_text(j, "error", err->message);
    json_text(j, "status", kal_status_name(err->status));
    json_close(j, '}');
}

static int tell(const char *file, json *j)
{
    kal_scope *scope = kal_scope_new();
    kal_error err;
    struct stat st;
    facts f = {.file = file, .bytes = strcmp(file, "-") && stat(file, &st) == 0 ? (uint64_t)st.st_size : 0};
    kal_node *node = kal_load(scope, file, NULL);
    const kal_status bad = kal_node_extent(node, &f.extent, &err);
    if (!bad) {
        f.format = format_of(scope, file, node);
        kal_node_orientation(node, &f.orientation, &f.applied);
    }
    if (j && bad) print_failure(j, file, &err);
    if (j && !bad) print_json(j, &f, node);
    if (!j && !bad) print_text(&f, node);
    kal_scope_free(&scope);
    return bad ? fail(READING, &err) : EXIT_OK;
}

int info_main(settings *s)
{
    json j = {stdout, false};
    int code = EXIT_OK;
    if (!s->n_words) return usage("info: which file?");
    if (s->json) json_open(&j, NULL, '[');
    for (int i = 0; i < s->n_words; i++) {
        if (s->json && i) fputs(",\n ", stdout), j.more = false;
        code = worse(code, tell(s->words[i], s->json ? &j : NULL));
    }
    if (s->json) fputs("]\n", stdout);
    return code;
}
