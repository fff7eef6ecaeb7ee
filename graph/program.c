// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A program: the names of a text, what it saves and prints, its last expression.
#include "parse.h"

#include "calm.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

// ---- names --------------------------------------------------------------------------------------

static size_t name_slot(const kal_program *p, const char *text, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)text[i]) * 16777619u;
    size_t i = h & (p->n_slots - 1);
    while (p->slots[i]) {
        const kal__name *m = &p->names[p->slots[i] - 1];
        if (m->n == n && !memcmp(m->text, text, n)) break;
        i = (i + 1) & (p->n_slots - 1);
    }
    return i;
}

kal__name *kal__find_name(const kal_program *p, const char *text, size_t n)
{
    if (!p->n_slots) return NULL;
    const uint32_t at = p->slots[name_slot(p, text, n)];
    return at ? &p->names[at - 1] : NULL;
}

static bool names_grow(kal_program *p)
{
    if (p->n_names < p->names_room) return true;
    const size_t room = p->names_room ? p->names_room * 2 : 32;
    uint32_t *slots = kal__new_zero(room * 2, sizeof *slots);
    if (!slots || !kal__grow(&p->names, room, sizeof *p->names)) {
        free(slots);
        return false;
    }
    free(p->slots);
    p->slots = slots;
    p->n_slots = room * 2;
    p->names_room = room;
    for (size_t i = 0; i < p->n_names; i++)
        slots[name_slot(p, p->names[i].text, p->names[i].n)] = (uint32_t)i + 1;
    return true;
}

// Takes the name's reference, whatever happens.
bool kal__set_name(kal_program *p, const kal__name *given)
{
    kal_node *unused = given->node;
    kal__name *old = kal__find_name(p, given->text, given->n);
    if (old) {
        if (old->fixed) {
            kal_node_unref(&unused);
            return true;
        }
        kal_node_unref(&old->node);
        *old = *given;
        return true;
    }
    if (!names_grow(p)) {
        kal_node_unref(&unused);
        return false;
    }
    p->names[p->n_names++] = *given;
    p->slots[name_slot(p, given->text, given->n)] = (uint32_t)p->n_names;
    return true;
}

// ---- saves --------------------------------------------------------------------------------------

bool kal__add_save(kal_program *p, kal_node *encoded, const char *path)
{
    if (p->n_saves == p->saves_room) {
        const size_t room = p->saves_room ? p->saves_room * 2 : 4;
        if (!kal__grow(&p->saves, room, sizeof *p->saves)) return false;
        p->saves_room = room;
    }
    char *copy = kal__take(&p->arena, strlen(path) + 1, 1);
    if (!copy) return false;
    strcpy(copy, path);
    p->saves[p->n_saves++] = (kal__saving){encoded, copy};
    return true;
}

// ---- the public face ----------------------------------------------------------------------------

bool kal__add_print(kal_program *p, kal_node *node, const char *name, size_t n)
{
    if (p->n_prints == p->prints_room) {
        const size_t room = p->prints_room ? p->prints_room * 2 : 4;
        if (!kal__grow(&p->prints, room, sizeof *p->prints)) return false;
        p->prints_room = room;
    }
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
        if (!kal__set_name(p, &m)) return kal_fail(err, KAL_NOMEM, "out of memory");
    }
    return KAL_OK;
}

kal_status kal_program_parse(const char *text, size_t size, const kal_binding *bindings, int32_t n,
                             kal_program **out, kal_error *err)
{
    kal_error local = {KAL_OK, ""};
    if (!err) err = &local;
    *out = NULL;
    if (!text) return kal_fail(err, KAL_INVALID, "no text was given (NULL)");
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        text += 3, size -= 3;   // a byte order mark says nothing here
    kal_program *p = *out = kal__new_zero(1, sizeof *p);
    if (!p) return kal_fail(err, KAL_NOMEM, "out of memory for a text");
    // names point into the text: keep it
    char *copy = kal__take(&p->arena, size + 1, 1);
    kal_status st = copy ? bind(p, bindings, n, err) : kal_fail(err, KAL_NOMEM, "out of memory for a text");
    if (!st) {
        memcpy(copy, text, size);
        kal__parser r = {.p = p, .lex = {copy, copy + size, copy, &p->arena, 0}, .err = err};
        const kal__calm calm = kal__calm_begin();
        st = kal__parse(&r);
        kal__calm_end(&calm);
    }
    if (st) kal_program_free(out);
    return st;
}

void kal_program_free(kal_program **slot)
{
    kal_program *p = *slot;
    *slot = NULL;
    if (!p) return;
    for (size_t i = 0; i < p->n_names; i++) kal_node_unref(&p->names[i].node);
    for (size_t i = 0; i < p->n_saves; i++) kal_node_unref(&p->saves[i].encoded);
    for (size_t i = 0; i < p->n_prints; i++) kal_node_unref(&p->prints[i].node);
    kal_node_unref(&p->root);
    for (kal__trail *t = p->trails; t; t = t->next) kal__trail_release(t);
    free(p->names);
    free(p->slots);
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

kal_status kal_program_run(const kal_program *p, const kal_options *options, kal_error *err)
{
    if (!p) return kal_fail(err, KAL_INVALID, "there is no program to run (NULL)");
    if (!p->n_saves) return kal_fail(err, KAL_INVALID, "the text saves nothing: end it with | save out.jpg");
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
