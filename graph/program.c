// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A program: what a text saves and prints, its params, its last expression.
#include "parse.h"

#include "calm.h"
#include "run.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

// ---- saves --------------------------------------------------------------------------------------

bool kal__add_save(kal_program *p, kal_node *encoded, const char *path)
{
    if (!kal__more(&p->saves, p->n_saves, &p->saves_room, sizeof *p->saves)) return false;
    char *copy = kal__take(&p->arena, strlen(path) + 1, 1);
    if (!copy) return false;
    strcpy(copy, path);
    p->saves[p->n_saves++] = (kal__saving){encoded, copy};
    return true;
}

bool kal__add_read(kal_program *p, const char *path)
{
    if (!kal__more(&p->reads, p->n_reads, &p->reads_room, sizeof *p->reads)) return false;
    const char *copy = kal__copy_word(p, path, strlen(path));
    if (copy) p->reads[p->n_reads++] = copy;
    return copy != NULL;
}

char *kal__copy_word(kal_program *p, const char *text, size_t n)
{
    char *copy = kal__take(&p->arena, n + 1, 1);
    if (copy && n) memcpy(copy, text, n);
    if (copy) copy[n] = 0;
    return copy;
}

// ---- the public face ----------------------------------------------------------------------------

bool kal__add_print(kal_program *p, kal_node *node, const char *name, size_t n)
{
    if (!kal__more(&p->prints, p->n_prints, &p->prints_room, sizeof *p->prints)) return false;
    char *copy = kal__take(&p->arena, n + 1, 1);
    if (!copy) return false;
    memcpy(copy, name, n);
    p->prints[p->n_prints++] = (kal__printing){node, copy};
    return true;
}

static kal_status bind(kal_program *p, const kal_binding *b, int32_t n, kal_error *err)
{
    for (int32_t i = 0; i < n; i++) {
        if (b[i].node && b[i].node->kind == KAL__ERROR) return kal_node_error(b[i].node, err);
        kal__name m = {
            .text = b[i].name, .n = strlen(b[i].name), .node = kal_node_ref(b[i].node), .fixed = true};
        if (b[i].value) m.value = b[i].value, m.value_n = strlen(b[i].value), m.quoted = true;
        char *copy = kal__take(&p->arena, m.n + m.value_n + 2, 1);
        if (!copy) {
            kal_node_unref(&m.node);
            return kal_fail(err, KAL_NOMEM, "out of memory");
        }
        memcpy(copy, m.text, m.n);
        if (m.value) m.value = memcpy(copy + m.n + 1, m.value, m.value_n);
        m.text = copy;
        if (!kal__names_set(&p->names, &m, NULL)) return kal_fail(err, KAL_NOMEM, "out of memory");
    }
    return KAL_OK;
}

// File 0 of the program: a text that was given, or one that is read.
static kal_status take_text(kal_program *p, const char *text, size_t size, const char *path, kal_error *err)
{
    if (!text) return kal__read_file(p, path, err);
    char *copy = kal__copy_word(p, text, size), *name = path ? kal__copy_word(p, path, strlen(path)) : NULL;
    if (!copy || (path && !name)) return kal_fail(err, KAL_NOMEM, "out of memory for a text");
    p->files[p->n_files++] = (kal__text_file){.path = name, .text = copy, .size = size};
    return KAL_OK;
}

// Names point into the text: the program keeps it.
static kal_status read_text(kal__parser *r, const char *text, size_t size, const char *path,
                            const kal_binding *bindings, int32_t n, kal_program **out)
{
    kal_program *p = *out = kal__new_zero(1, sizeof *p);
    if (!p) return kal_fail(r->err, KAL_NOMEM, "out of memory for a text");
    kal_status st = take_text(p, text, size, path, r->err);
    if (!st) st = bind(p, bindings, n, r->err);
    if (!st) {
        kal__text_file *f = &p->files[0];
        size_t skip = f->size >= 3 && !memcmp(f->text, "\xef\xbb\xbf", 3)
                          ? 3
                          : 0;   // a byte order mark says nothing here
        f->sees = UINT64_MAX;
        f->open = true;
        f->text += skip, f->size -= skip;
        r->p = p;
        r->lex = (kal__lexer){
            .text = f->text, .end = f->text + f->size, .at = f->text, .arena = &p->arena, .file = f->path};
        const kal__calm calm = kal__calm_begin();
        st = kal__parse(r);
        kal__calm_end(&calm);
    }
    if (st) kal_program_free(out);
    return st;
}

kal_status kal_program_parse(const char *text, size_t size, const kal_binding *bindings, int32_t n,
                             kal_program **out, kal_error *err)
{
    kal_error local = {0};
    kal__parser r = {.err = err ? err : &local};
    *out = NULL;
    if (!text) return kal_fail(err, KAL_INVALID, "no text was given (NULL)");
    return read_text(&r, text, size, NULL, bindings, n, out);
}

kal_status kal_program_parse_file(const char *path, const kal_binding *bindings, int32_t n, kal_program **out,
                                  kal_error *err)
{
    kal_error local = {0};
    kal__parser r = {.err = err ? err : &local};
    *out = NULL;
    if (!path) return kal_fail(err, KAL_INVALID, "no file was given (NULL)");
    return read_text(&r, NULL, 0, path, bindings, n, out);
}

kal_status kal_program_outline(const char *text, size_t size, const char *path, kal_program **out,
                               kal_error *err)
{
    kal_error local = {0};
    kal__parser r = {.err = err ? err : &local, .outline = true};
    *out = NULL;
    if (!text && !path) return kal_fail(err, KAL_INVALID, "no text was given (NULL)");
    return read_text(&r, text, size, path, NULL, 0, out);
}

void kal_program_free(kal_program **slot)
{
    kal_program *p = *slot;
    *slot = NULL;
    if (!p) return;
    kal__names_free(&p->names);
    for (size_t i = 0; i < p->n_saves; i++) kal_node_unref(&p->saves[i].encoded);
    for (size_t i = 0; i < p->n_prints; i++) kal_node_unref(&p->prints[i].node);
    kal_node_unref(&p->root);
    for (kal__trail *t = p->trails; t; t = t->next) kal__trail_release(t);
    free(p->defs);
    free(p->inputs);
    free(p->reads);
    free(p->params);
    free(p->saves);
    free(p->prints);
    kal__arena_free(&p->arena);
    free(p);
}

kal_node *kal_program_root(const kal_program *p)
{
    return p ? p->root : NULL;
}

kal_node *kal_program_save(const kal_program *p, int32_t i, const char **path)
{
    if (!p || i < 0 || (size_t)i >= p->n_saves) return NULL;
    if (path) *path = p->saves[i].path;
    return p->saves[i].encoded;
}

kal_node *kal_program_print(const kal_program *p, int32_t i, const char **name)
{
    if (!p || i < 0 || (size_t)i >= p->n_prints) return NULL;
    if (name) *name = p->prints[i].name;
    return p->prints[i].node;
}

const char *kal_program_file(const kal_program *p, int32_t i)
{
    size_t k = i < 0 ? SIZE_MAX : (size_t)i;
    const size_t none = p && p->n_files && !p->files[0].path;   // the text came from no file
    if (!p || k >= p->n_files - none + p->n_reads) return NULL;
    return k < p->n_files - none ? p->files[k + none].path : p->reads[k - (p->n_files - none)];
}

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool kal_program_has(const kal_program *p, const char *word)
{
    const size_t n = word ? strlen(word) : 0;
    for (size_t k = 0; p && n && k < p->n_files; k++) {
        const char *text = p->files[k].text, *end = text + p->files[k].size;
        for (const char *at = text; (size_t)(end - at) >= n; at++)
            if (!memcmp(at, word, n) && (at == text || !in_name(at[-1])) &&
                (at + n == end || !in_name(at[n])))
                return true;
    }
    return false;
}

const char *kal_program_input(const kal_program *p, int32_t i, kal_place *place)
{
    if (!p || i < 0 || (size_t)i >= p->n_inputs) return NULL;
    if (place) *place = p->inputs[i].place;
    return p->inputs[i].name;
}

bool kal_program_reads_stdin(const kal_program *p)
{
    return p && p->stdin_too;
}

bool kal_program_param(const kal_program *p, int32_t i, kal_param_info *out)
{
    if (!p || i < 0 || (size_t)i >= p->n_params) return false;
    *out = p->params[i];
    return true;
}

kal_status kal_program_run(const kal_program *p, const kal_options *options, kal_error *err)
{
    if (!p) return kal_fail(err, KAL_INVALID, "there is no program to run (NULL)");
    if (!p->n_saves) {
        kal__begin(options);
        return kal__tell_end(options,
                             kal_fail(err, KAL_INVALID, "the text saves nothing: end it with | save out.jpg"),
                             (kal__tally){0, 0});
    }
    kal_node **nodes = kal__new(p->n_saves, sizeof *nodes);
    const char **paths = kal__new(p->n_saves, sizeof *paths);
    kal_status st = nodes && paths ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory");
    for (size_t i = 0; i < p->n_saves && !st; i++)
        nodes[i] = p->saves[i].encoded, paths[i] = p->saves[i].path;
    if (!st) st = kal_write_files(nodes, paths, (int32_t)p->n_saves, options, err);
    free(nodes);
    free(paths);
    return st;
}

kal_status kal_run_text(const char *text, kal_error *err)
{
    kal_program *p;
    kal_status st = kal_program_parse(text, text ? strlen(text) : 0, NULL, 0, &p, err);
    if (!st) st = kal_program_run(p, NULL, err);
    kal_program_free(&p);
    return st;
}
