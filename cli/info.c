// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal info`: what headers say. No pixel is decoded.
#include "cli.h"

#include <stdlib.h>

typedef struct facts {
    const char *file;
    kal_file_info info;
    kal_extent extent;
    int orientation;
    bool applied;
} facts;

static const char *const metas[] = {"icc", "exif", "xmp"};
enum { N_METAS = sizeof metas / sizeof *metas };

static void print_text(const facts *f, const kal_node *node)
{
    char extent[96];
    printf("%s: %s %s", f->file, f->info.format, extent_text(&f->extent, extent));
    if (f->info.pages > 1) printf(", %d pages", f->info.pages);
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
    json_text(j, "format", f->info.format);
    json_count(j, "bytes", f->info.bytes);
    json_count(j, "pages", (uint64_t)f->info.pages);
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
    facts f = {.file = file};
    kal_node *node = kal_load(scope, file, NULL);
    const kal_status bad = kal_node_extent(node, &f.extent, &err);
    if (!bad) {
        kal_node_file(node, &f.info);
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
