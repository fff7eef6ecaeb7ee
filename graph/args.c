// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The arguments of a call: by name or in order, geometry words, computed values, and what an op takes from the op it undoes.
#include "parse.h"

#include "calm.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 64   // of a schema, as far as double naming is noticed

// ---- parameters of a call -----------------------------------------------------------------------

static int32_t read_digits(const char **at, const char *end)
{
    int64_t v = 0;
    const char *from = *at;
    while (*at < end && **at >= '0' && **at <= '9' && v < 1000000000) v = v * 10 + (*(*at)++ - '0');
    return *at > from && v < 1000000000 ? (int32_t)v : -1;
}

static void set_if(kal__schema s, const char *key, int32_t v, void *params, bool *set)
{
    const kal_param *p = kal__param_find(s, key, strlen(key));
    if (!p || v < 0) return;
    *(int32_t *)(void *)((unsigned char *)params + p->offset) = v;
    if (p - s.rows < MAX_ROWS) set[p - s.rows] = true;
}

// "640x480" and "640x480+1200+800" for an op that has width and height (x and y).
static bool geometry(kal__schema s, const kal__token *t, void *params, bool *set)
{
    const char *at = t->text, *end = at + t->n;
    const bool sized = kal__param_find(s, "width", 5) && kal__param_find(s, "height", 6);
    const bool placed = kal__param_find(s, "x", 1) && kal__param_find(s, "y", 1);
    if ((t->kind != KAL__WORD && t->kind != KAL__STRING) || !sized) return false;
    const int32_t w = read_digits(&at, end);
    if (w < 0 || at == end || *at++ != 'x') return false;
    const int32_t h = read_digits(&at, end);
    int32_t x = -1, y = -1;
    if (h >= 0 && at < end && placed && *at == '+') {
        at++;
        x = read_digits(&at, end);
        if (x < 0 || at == end || *at++ != '+') return false;
        y = read_digits(&at, end);
        if (y < 0) return false;
    }
    if (h < 0 || at != end) return false;
    set_if(s, "width", w, params, set);
    set_if(s, "height", h, params, set);
    set_if(s, "x", x, params, set);
    set_if(s, "y", y, params, set);
    return true;
}

static const char *param_name(const void *of, size_t i)
{
    return ((const kal_param *)of)[i].name;
}

static kal_status unknown_param(kal__schema s, const kal__token *key, kal_error *err)
{
    const char *near = kal__nearest(key->text, key->n, param_name, s.rows, s.n);
    return kal_fail(err, KAL_INVALID, "%s has no parameter \"%.*s\"%s%s%s", s.of,
                    (int)(key->n > 60 ? 60 : key->n), key->text, near ? "; did you mean \"" : "",
                    near ? near : "", near ? "\"?" : "");
}

int32_t kal__bound_arg(kal__schema s, const kal__arg *a)
{
    const int32_t code = a->node ? kal__bound_code(s, a->key.text, a->key.n) : -1;
    const bool word = a->value.kind == KAL__WORD && a->value.text != a->key.text;
    if (code < 0 || (size_t)code >= s.n || !word) return code;
    const kal_param_kind k = s.rows[code].kind;
    return k == KAL_PARAM_CHOICE || k == KAL_PARAM_TEXT || k == KAL_PARAM_BOOL ? -1 : code;
}

static bool is_named(const kal__arg *args, int32_t n, const char *name)
{
    for (int32_t i = 0; i < n; i++)
        if (args[i].key.kind == KAL__WORD && args[i].key.n == strlen(name) &&
            !memcmp(args[i].key.text, name, args[i].key.n))
            return true;
    return false;
}

// A value written like an input goes to the first list that is still open; a box or a size where the op has a place for one.
static const char *place_for(kal__schema s, const kal__written *c, const kal_node *value)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.rows[i].kind == KAL_PARAM_LIST && !is_named(c->args, c->n_args, s.rows[i].name))
            return s.rows[i].name;
    const kal_value_kind kind = value->call.op->measure->kind;
    const char *group = kind == KAL_VALUE_BOXES ? "box" : kind == KAL_VALUE_SIZE ? "size" : NULL;
    return group && kal__bound_code(s, group, strlen(group)) >= 0 && !is_named(c->args, c->n_args, group)
               ? group
               : NULL;
}

kal_status kal__place_values(const kal_op *op, kal__written *c, kal_error *err)
{
    for (int32_t i = 0; i < c->n_values; i++) {
        const char *name = place_for(kal__schema_of(op), c, c->values[i]);
        if (!name)
            return kal_fail(err, KAL_INVALID, "%s has no place for %s of %s; name the parameter: %s name=(…)",
                            op->name, kal__value_word(c->values[i]->call.op->measure->kind),
                            c->values[i]->call.op->name, op->name);
        if (c->n_args == KAL__MAX_ARGS)
            return kal_fail(err, KAL_LIMIT, "more than %d arguments", KAL__MAX_ARGS);
        const kal__token key = {KAL__WORD, name, strlen(name), c->op.at};
        c->args[c->n_args++] = (kal__arg){key, key, c->values[i]};
        c->values[i] = NULL;
    }
    c->n_values = 0;
    return KAL_OK;
}

// What computed values will set is no longer open for others.
static void mark_bound(kal__schema s, const kal__arg *args, int32_t n, bool *set)
{
    for (int32_t i = 0; i < n; i++) {
        const kal_param *rows[4];
        const int32_t code = kal__bound_arg(s, &args[i]);
        const int32_t m = code < 0 ? 0 : kal__bound_rows(s, code, rows);
        for (int32_t k = 0; k < m; k++)
            if (rows[k] - s.rows < MAX_ROWS) set[rows[k] - s.rows] = true;
    }
}

kal_status kal__set_args(kal__schema s, const kal__arg *args, int32_t n, void *params,
                         const kal__param_context *context, const kal__token **bad, kal_error *err)
{
    size_t position = 0;
    bool set[MAX_ROWS] = {false};
    mark_bound(s, args, n, set);
    for (int32_t i = 0; i < n; i++) {
        const kal__arg *a = &args[i];
        const bool named = a->key.kind == KAL__WORD;
        *bad = named ? &a->key : &a->value;
        if (kal__bound_arg(s, a) >= 0) continue;
        if (!named && geometry(s, &a->value, params, set)) continue;
        while (!named && position < s.n && set[position]) position++;
        const kal_param *row = named            ? kal__param_find(s, a->key.text, a->key.n)
                               : position < s.n ? &s.rows[position]
                                                : NULL;
        if (!row && named) return unknown_param(s, &a->key, err);
        if (!row)
            return kal_fail(err, KAL_INVALID, "%s: \"%.*s\" is one value too many", s.of,
                            (int)(a->value.n > 60 ? 60 : a->value.n), a->value.text);
        const size_t at = (size_t)(row - s.rows);
        if (at < MAX_ROWS && set[at])
            return kal_fail(err, KAL_INVALID, "%s: %s is given twice", s.of, row->name);
        if (at < MAX_ROWS) set[at] = true;
        const kal_status st = kal__param_set(s, row, params, a->value.text, a->value.n, context, err);
        if (st) return st;
    }
    return KAL_OK;
}

// ---- what an op undoes: a bare uncrop -----------------------------------------------------------

static void copy_same_params(kal__schema from, const void *src, kal__schema to, void *dst)
{
    for (size_t i = 0; i < from.n; i++) {
        const kal_param *a = &from.rows[i], *b = kal__param_find(to, a->name, strlen(a->name));
        if (b && b->kind == a->kind && b->kind <= KAL_PARAM_Y)
            memcpy((unsigned char *)dst + b->offset, (const unsigned char *)src + a->offset, sizeof(int32_t));
    }
}

// The nodes seen by a search: a hash set of pointers, and the same in the order they were met.
typedef struct seen {
    const kal_node **queue, **slots;
    size_t n, room;   // slots are twice the room
} seen;

static size_t seen_slot(const seen *s, const kal_node *node)
{
    size_t i = (size_t)node->key.lo & (2 * s->room - 1);
    while (s->slots[i] && s->slots[i] != node) i = (i + 1) & (2 * s->room - 1);
    return i;
}

static bool see(seen *s, const kal_node *node)
{
    if (s->n == s->room) {
        const size_t room = s->room ? s->room * 2 : 32;
        const kal_node **slots = kal__new_zero(room * 2, sizeof(kal_node *));
        if (!slots || !kal__grow(&s->queue, room, sizeof *s->queue)) {
            free(slots);
            return false;
        }
        free(s->slots);
        s->slots = slots;
        s->room = room;
        for (size_t i = 0; i < s->n; i++) s->slots[seen_slot(s, s->queue[i])] = s->queue[i];
    }
    const size_t at = seen_slot(s, node);
    if (s->slots[at]) return true;
    s->slots[at] = node;
    s->queue[s->n++] = node;
    return true;
}

// Breadth first, and no further than the first that is found: a long text full of bare uncrops stays linear.
static const kal_node *nearest_upstream(kal_node *from, const char *op)
{
    seen s = {0};
    const kal_node *found = NULL;
    bool ok = see(&s, from);
    for (size_t i = 0; ok && i < s.n && !found; i++) {
        const kal_node *n = s.queue[i];
        const bool named = n->kind == KAL__APPLY || n->kind == KAL__DYNAMIC;
        if (named && !n->dynamic && !strcmp(n->call.op->name, op)) found = n;
        for (int32_t k = 0; k < n->call.n && ok && !found; k++) ok = see(&s, kal__input(n, k));
    }
    free(s.queue);
    free(s.slots);
    return found;
}

kal_status kal__undo(const kal_op *op, kal__written *c, void *params, kal_error *err)
{
    const kal_node *done = c->in[0]->kind == KAL__ERROR ? NULL : nearest_upstream(c->in[0], op->undoes);
    if (!done)
        return kal_fail(err, KAL_INVALID,
                        "%s: there is no %s upstream to put back; name the base: %s image base x=… y=…",
                        op->name, op->undoes, op->name);
    copy_same_params(kal__schema_of(done->call.op), done->call.params, kal__schema_of(op), params);
    c->in[c->n++] = kal_node_ref(kal__input(done, 0));
    return KAL_OK;
}

// ---- arguments as a text of their own -------------------------------------------------------------

kal_status kal__params_parse(kal__schema s, void *params, const char *text, const kal__param_context *context,
                             kal_error *err)
{
    kal__arg args[KAL__MAX_ARGS];
    int32_t n = 0;
    kal__lexer l = {text, text + strlen(text), text, context->arena, 0};
    kal__token t, after;
    kal_status st = kal__lex(&l, &t, err);
    while (!st && t.kind != KAL__END) {
        if (t.kind != KAL__WORD && t.kind != KAL__STRING && t.kind != KAL__LIST)
            return kal_fail(err, KAL_SYNTAX, "%s: cannot read \"%s\"", s.of, t.at);
        if (n == KAL__MAX_ARGS)
            return kal_fail(err, KAL_LIMIT, "%s: more than %d arguments", s.of, KAL__MAX_ARGS);
        st = kal__lex(&l, &after, err);
        args[n] = (kal__arg){.node = NULL, .key = {.kind = KAL__END}, .value = t};
        if (!st && after.kind == KAL__EQUALS) {
            args[n].key = t;
            st = kal__lex(&l, &args[n].value, err);
            if (!st) st = kal__lex(&l, &after, err);
        }
        t = after;
        n++;
    }
    const kal__token *bad;
    return st ? st : kal__set_args(s, args, n, params, context, &bad, err);
}

kal_node *kal_apply_text(kal_scope *scope, const char *op_name, const char *text, kal_node *const *in,
                         int32_t n)
{
    kal_error err = {KAL_OK, ""};
    for (int32_t i = 0; i < n; i++)
        if (!in[i] || in[i]->kind == KAL__ERROR) return kal_apply(scope, op_name, NULL, in, n);
    const kal__calm calm = kal__calm_begin();
    const kal_op *op;
    kal_node *node = NULL;
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    kal__arena arena = {0};
    kal_status st = kal__find_op(op_name ? op_name : "", op_name ? strlen(op_name) : 0, &op, &err);
    if (!st) kal__params_default(kal__schema_of(op), params);
    const kal__param_context context = {n && !in[0]->dynamic ? &in[0]->call.extent : NULL, &arena};
    if (!st && text) st = kal__params_parse(kal__schema_of(op), params, text, &context, &err);
    if (!st) st = kal__apply(op, params, in, n, &node, &err);
    kal__arena_free(&arena);
    kal__calm_end(&calm);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}
