// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Texts in files, and texts that include others: their params, defs and literals. What a file defines is seen by whoever includes it; a
// file sees nothing of those that include it, so that it means the same wherever it is used.
#include "load.h"
#include "parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_TEXT ((size_t)16 << 20)   // bytes
#define MAX_INCLUDES 16               // deep

static kal_status no_file(const char *path, int error, kal_error *err)
{
    return kal_fail(err, KAL_IO, "%.300s: %s", path, strerror(error));
}

static kal_status read_all(FILE *f, kal__text *to, const char *path, kal_error *err)
{
    char piece[4096];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, f)) > 0) {
        kal__put(to, piece, got);
        if (to->size > MAX_TEXT)
            return kal_fail(err, KAL_LIMIT, "%.300s: a text of more than %zu MiB", path, MAX_TEXT >> 20);
    }
    if (ferror(f)) return no_file(path, errno, err);
    return to->failed ? kal_fail(err, KAL_NOMEM, "out of memory for a text") : KAL_OK;
}

static kal_status keep_file(kal_program *p, const char *path, const kal__text *t, const struct stat *st,
                            kal_error *err)
{
    char *name = kal__copy_word(p, path, strlen(path)), *text = kal__copy_word(p, t->data, t->size);
    if (!name || !text) return kal_fail(err, KAL_NOMEM, "out of memory for a text");
    p->files[p->n_files++] = (kal__text_file){.path = name,
                                              .text = text,
                                              .size = t->size,
                                              .dev = (uint64_t)st->st_dev,
                                              .ino = (uint64_t)st->st_ino};
    return KAL_OK;
}

kal_status kal__read_file(kal_program *p, const char *path, kal_error *err)
{
    struct stat st;
    kal__text t = {0};
    FILE *f = fopen(path, "rbe");
    if (!f || fstat(fileno(f), &st) != 0) {
        const int error = errno;
        if (f) fclose(f);
        return no_file(path, error, err);
    }
    kal_status status = S_ISDIR(st.st_mode) ? no_file(path, EISDIR, err) : read_all(f, &t, path, err);
    if (!status) status = keep_file(p, path, &t, &st, err);
    fclose(f);
    free(t.data);
    return status;
}

// ---- include ------------------------------------------------------------------------------------

static kal_status refuse(const kal__parser *r, const kal__token *t, kal_status st, const char *what)
{
    kal_fail(r->err, st, "%s", what);
    return kal__fail_at(r, t, st);
}

// Beside the text that names it; NULL: out of memory.
static char *path_of(const kal__parser *r, const kal__token *t)
{
    const char *from = r->p->files[r->file].path, *slash = from ? strrchr(from, '/') : NULL;
    const size_t n = slash && *t->text != '/' ? (size_t)(slash - from) + 1 : 0;
    char *path = kal__take(&r->p->arena, n + t->n + 1, 1);
    if (!path) return NULL;
    if (n) memcpy(path, from, n);
    memcpy(path + n, t->text, t->n);
    path[n + t->n] = 0;
    return path;
}

// Which file it is, if it has been read; n_files: it has not.
static size_t find_file(const kal_program *p, const char *path)
{
    struct stat st;
    size_t i = 0;
    if (stat(path, &st) != 0) return p->n_files;
    while (i < p->n_files &&
           (p->files[i].ino != (uint64_t)st.st_ino || p->files[i].dev != (uint64_t)st.st_dev))
        i++;
    return i;
}

static kal_status read_statements(kal__parser *r, size_t at)
{
    const kal__lexer lex = r->lex;
    const kal__token t = r->t;
    const uint32_t file = r->file;
    kal__text_file *f = &r->p->files[at];
    const size_t skip = f->size >= 3 && !memcmp(f->text, "\xef\xbb\xbf", 3) ? 3 : 0;
    f->sees = (uint64_t)1 << at;
    f->open = true;
    r->lex = (kal__lexer){.text = f->text + skip,
                          .end = f->text + f->size,
                          .at = f->text + skip,
                          .arena = &r->p->arena,
                          .file = f->path,
                          .included = true};
    r->file = (uint32_t)at;
    r->includes++;
    const kal_status st = kal__parse_statements(r);
    r->includes--;
    f->open = false;
    r->lex = lex, r->t = t, r->file = file;
    return st;
}

static kal_status may_include(const kal__parser *r, const kal__token *t, const char *path)
{
    kal_limits limits;
    kal_limits_get(&limits);
    if (!t->n) return refuse(r, t, KAL_SYNTAX, "the name of the file is empty");
    if (!limits.include) {
        kal__over_limit(r->err, "include=true", "%.200s: a text includes no files here", path);
        return kal__fail_at(r, t, r->err->status);
    }
    if (r->includes == MAX_INCLUDES) {
        kal_fail(r->err, KAL_LIMIT, "includes nested more than %d deep", MAX_INCLUDES);
        return kal__fail_at(r, t, KAL_LIMIT);
    }
    return KAL_OK;
}

kal_status kal__parse_include(kal__parser *r)
{
    const kal__token t = r->t;
    char *path = path_of(r, &t);
    kal_status st = path ? may_include(r, &t, path) : kal__no_memory(r);
    if (st) return st;
    const size_t at = find_file(r->p, path);
    if (at < r->p->n_files && r->p->files[at].open) {
        kal_fail(r->err, KAL_SYNTAX, "%.200s would include itself", path);
        return kal__fail_at(r, &t, KAL_SYNTAX);
    }
    if (at == r->p->n_files) {   // once, however often it is included
        if (at == KAL__MAX_FILES) {
            kal_fail(r->err, KAL_LIMIT, "more than %d files are included", KAL__MAX_FILES - 1);
            return kal__fail_at(r, &t, KAL_LIMIT);
        }
        st = kal__read_file(r->p, path, r->err);
        if (!st) st = read_statements(r, at);
        if (r->outside) return st;
        // where it is included, while there is room to say it, and in the text that was given
        if (st && r->file && strlen(r->err->message) > 300) return st;
        if (st) return kal__fail_at(r, &t, st);
    }
    if (r->file) r->p->files[r->file].sees |= r->p->files[at].sees;
    return kal__next(r);
}
