// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The arguments of a call: by name or in order, geometry words, computed values, and what an op takes from the op it undoes.
#include "parse.h"

#include "calm.h"
#include "files.h"
#include "num.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 64   // of a schema, as far as double naming is noticed

// ---- parameters of a call -----------------------------------------------------------------------

// "50%", "640": a piece of a geometry; its length, 0 when there is none.
static size_t piece(const char *at, const char *end)
{
    size_t n = 0, digits = 0, points = 0;
    for (; at + n < end && ((at[n] >= '0' && at[n] <= '9') || at[n] == '.'); n++)
        at[n] == '.' ? points++ : digits++;
    const bool percent = at + n < end && at[n] == '%';
    return digits && points <= percent ? n + percent : 0;
}

typedef struct geometry {
    int32_t n;   // 2, or 4 with a place; 0: it is none
    const char *at[4];
    size_t length[4];
} geometry;

// "640x480", "50%x50%" and "640x480+1200+800" for an op that has width and height (x and y).
static geometry geometry_of(kal__schema s, const kal__token *t)
{
    static const char between[] = "x++";
    const geometry none = {.n = 0};
    geometry g = none;
    const char *at = t->text, *end = at + t->n;
    const bool sized = kal__param_find(s, "width", 5) && kal__param_find(s, "height", 6);
    const bool placed = kal__param_find(s, "x", 1) && kal__param_find(s, "y", 1);
    if ((t->kind != KAL__WORD && t->kind != KAL__STRING) || !sized) return none;
    while (g.n < 4) {
        g.at[g.n] = at;
        g.length[g.n] = piece(at, end);
        if (!g.length[g.n]) return none;
        at += g.length[g.n++];
        if (at == end) break;
        if (g.n == 4 || *at++ != between[g.n - 1]) return none;
    }
    return g.n == 2 || (g.n == 4 && placed) ? g : none;
}

static const char *param_name(const void *of, size_t i)
{
    return ((const kal_param *)of)[i].name;
}

// median measures, median_filter filters: who gives one what only the other takes has mixed them up.
static const char *namesakes(kal__schema s, char *out, size_t room)
{
    const kal_op *op, *self = kal_op_find(s.of);
    const size_t n = strlen(s.of);
    size_t used = 0;
    for (size_t i = 0; self && self->params == s.rows && (op = kal_op_at(i)) != NULL && used < room; i++)
        if (!strncmp(op->name, s.of, n) && op->name[n] == '_')
            used +=
                (size_t)snprintf(out + used, room - used, "%s%s", used ? ", " : "; there is also ", op->name);
    return used ? out : "";
}

static kal_status unknown_param(kal__schema s, const kal__token *key, kal_error *err)
{
    char also[120];
    const char *near = kal__nearest(key->text, key->n, param_name, s.rows, s.n);
    return kal_fail(err, KAL_INVALID, "%s has no parameter \"%.*s\"%s%s%s%s", s.of,
                    (int)(key->n > 60 ? 60 : key->n), key->text, near ? "; did you mean \"" : "",
                    near ? near : "", near ? "\"?" : "", namesakes(s, also, sizeof also));
}

int32_t kal__bound_arg(kal__schema s, const kal__arg *a)
{
    const int32_t code = a->node ? kal__bound_code(s, a->key.text, a->key.n) : -1;
    const bool word = a->value.kind == KAL__WORD && a->value.text != a->key.text;
    if (code < 0 || (size_t)code >= s.n || !word) return code;
    return kal__is_worded(&s.rows[code]) ? -1 : code;
}

static bool is_named(const kal__arg *args, int32_t n, const char *name)
{
    for (int32_t i = 0; i < n; i++)
        if (args[i].key.kind == KAL__WORD && args[i].key.n == strlen(name) &&
            !memcmp(args[i].key.text, name, args[i].key.n))
            return true;
    return false;
}

// The first `taken` go to lists in brackets.
static const char *open_list(kal__schema s, const kal__written *c, int32_t taken)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.rows[i].kind == KAL_PARAM_LIST && !is_named(c->args, c->n_args, s.rows[i].name) && !taken--)
            return s.rows[i].name;
    return NULL;
}

static const char *open_group(kal__schema s, const kal__written *c, const char *group)
{
    const bool has = kal__bound_code(s, group, strlen(group)) >= 0;
    return has && !is_named(c->args, c->n_args, group) ? group : NULL;
}

// A value written like an input: a size goes to width and height, before any list of boxes that may lie in it; the rest to the first list
// that is still open and not for a list in brackets that stands before it, and a box to where the op has a place for one.
static const char *place_for(kal__schema s, const kal__written *c, const kal_node *value, int32_t lists)
{
    const kal_value_kind kind = value->call.op->measure->kind;
    const char *size = kind == KAL_VALUE_SIZE ? open_group(s, c, "size") : NULL;
    const char *list = size ? NULL : open_list(s, c, lists);
    return size ? size : list ? list : kind == KAL_VALUE_BOXES ? open_group(s, c, "box") : NULL;
}

static kal_status no_place(const kal_op *op, const kal_node *value, kal_error *err)
{
    const char *number = NULL;
    for (size_t i = 0; i < op->n_params && !number; i++)
        if (op->params[i].kind <= KAL_PARAM_FLOAT) number = op->params[i].name;
    return kal_fail(err, KAL_INVALID, "%s has no place for %s of %s%s%s%s%s%s", op->name,
                    kal__value_word(value->call.op->measure->kind), value->call.op->name,
                    number ? "; name the parameter: " : "", number ? op->name : "", number ? " " : "",
                    number ? number : "", number ? "=(…)" : "");
}

kal_status kal__place_values(const kal_op *op, kal__written *c, kal_error *err)
{
    for (int32_t i = 0; i < c->n_values; i++) {
        const char *name = place_for(kal__schema_of(op), c, c->values[i], c->lists[i]);
        if (!name) return no_place(op, c->values[i], err);
        if (c->n_args == KAL__MAX_ARGS)
            return kal_fail(err, KAL_LIMIT, "more than %d arguments", KAL__MAX_ARGS);
        const kal__token key = {KAL__WORD, name, strlen(name), c->op.at};
        c->args[c->n_args++] = (kal__arg){key, key, c->values[i]};
        c->values[i] = NULL;
    }
    c->n_values = 0;
    return KAL_OK;
}

// Which argument sets each row of a schema.
typedef const kal__arg *setters[MAX_ROWS];

// An argument as an error repeats it: "size=(…)", "width=5", "10x10".
static const char *said(const kal__arg *a, char out[80])
{
    const bool named = a->key.kind == KAL__WORD;
    const int key = named ? (int)(a->key.n > 30 ? 30 : a->key.n) : 0,
              n = (int)(a->value.n > 40 ? 40 : a->value.n);
    snprintf(out, 80, "%.*s%s%.*s", key, named ? a->key.text : "", named ? "=" : "", a->node ? 0 : n,
             a->value.text);
    if (a->node) strcat(out, "(…)");
    return out;
}

static kal_status sets(kal__schema s, const kal_param *row, const kal__arg *a, setters by, kal_error *err)
{
    char first[80], second[80];
    const size_t at = (size_t)(row - s.rows);
    if (at >= MAX_ROWS) return KAL_OK;
    if (by[at])
        return kal_fail(err, KAL_INVALID, "%s: %s is given twice, by %s and by %s", s.of, row->name,
                        said(by[at], first), said(a, second));
    by[at] = a;
    return KAL_OK;
}

// What computed values will set is no longer open for others.
static kal_status mark_bound(kal__schema s, const kal__arg *args, int32_t n, setters by,
                             const kal__token **bad, kal_error *err)
{
    for (int32_t i = 0; i < n; i++) {
        const kal_param *rows[4];
        const int32_t code = kal__bound_arg(s, &args[i]);
        const int32_t m = code < 0 ? 0 : kal__bound_rows(s, code, rows);
        *bad = &args[i].key;
        for (int32_t k = 0; k < m; k++) {
            const kal_status st = sets(s, rows[k], &args[i], by, err);
            if (st) return st;
        }
    }
    return KAL_OK;
}

static kal_status set_geometry(kal__schema s, const geometry *g, const kal__arg *a, void *params, setters by,
                               const kal__param_context *context, kal_error *err)
{
    static const char *const names[] = {"width", "height", "x", "y"};
    for (int32_t i = 0; i < g->n; i++) {
        const kal_param *row = kal__param_find(s, names[i], strlen(names[i]));
        kal_status st = sets(s, row, a, by, err);
        if (!st) st = kal__param_set(s, row, params, g->at[i], g->length[i], context, err);
        if (st) return st;
    }
    return KAL_OK;
}

// The rows that values without a name go to, one after the other, past those that are set by name.
typedef struct places {
    size_t next;
    const kal_param *skipped;   // the last one that it passed because a computed value sets it …
    const kal__arg *by;         // … this one
} places;

static const kal_param *next_place(kal__schema s, setters by, places *p)
{
    for (; p->next < s.n && p->next < MAX_ROWS && by[p->next]; p->next++)
        if (by[p->next]->node && !p->skipped) p->skipped = &s.rows[p->next], p->by = by[p->next];
    return p->next < s.n ? &s.rows[p->next] : NULL;
}

// A value found no row, or not one that takes it, since a computed one has the row that was meant.
static kal_status already_computed(kal__schema s, const kal__arg *a, const places *p, kal_error *err)
{
    char first[80], second[80];
    return kal_fail(err, KAL_INVALID, "%s: %s cannot go with %s, which sets %s; leave one of them out", s.of,
                    said(a, first), said(p->by, second), p->skipped->name);
}

static kal_status set_unnamed(kal__schema s, const kal__arg *a, void *params, setters by, places *p,
                              const kal__param_context *context, kal_error *err)
{
    const geometry g = geometry_of(s, &a->value);
    if (g.n) return set_geometry(s, &g, a, params, by, context, err);
    char also[120];
    const kal_param *row = next_place(s, by, p);
    if (!row && !p->skipped)
        return kal_fail(err, KAL_INVALID, "%s: \"%.*s\" is one value too many%s", s.of,
                        (int)(a->value.n > 60 ? 60 : a->value.n), a->value.text,
                        namesakes(s, also, sizeof also));
    kal_status st = row ? sets(s, row, a, by, err) : KAL_INVALID;
    if (!st) st = kal__param_set(s, row, params, a->value.text, a->value.n, context, err);
    return st == KAL_INVALID && p->skipped ? already_computed(s, a, p, err) : st;
}

static bool is_number(const kal__arg *a)
{
    double v;
    return a->key.kind != KAL__WORD && kal__parse_double(a->value.text, a->value.n, &v);
}

// "solid 10 10", of what makes an image and does not begin with its size: two numbers that were meant to be one, most likely.
static kal_status check_size(kal__schema s, const kal__arg *args, int32_t n, setters by,
                             const kal__param_context *c, kal_error *err)
{
    const kal_param *height = kal__param_find(s, "height", 6);
    const bool makes = c->image && !c->image->width && height && kal__param_find(s, "width", 5);
    if (!makes || s.rows[0].kind != KAL_PARAM_COLOR || n < 2 || !is_number(&args[0]) ||
        !is_number(&args[1]) || by[height - s.rows])
        return KAL_OK;
    return kal_fail(err, KAL_INVALID,
                    "%s: by position %.*s %.*s are %s and %s; a size is written %.*sx%.*s, a colour %s=%.*s",
                    s.of, (int)args[0].value.n, args[0].value.text, (int)args[1].value.n, args[1].value.text,
                    s.rows[0].name, s.rows[1].name, (int)args[0].value.n, args[0].value.text,
                    (int)args[1].value.n, args[1].value.text, s.rows[0].name, (int)args[0].value.n,
                    args[0].value.text);
}

static bool is_word(const kal__token *t, const char *name)
{
    return t->n == strlen(name) && !memcmp(t->text, name, t->n);
}

kal_status kal__take_memo(kal__schema s, kal__written *c, kal_memo_mode *mode, const kal__token **bad,
                          kal_error *err)
{
    static const char *const words[] = {"auto", "always", "never"};
    *mode = KAL_MEMO_AUTO;
    for (size_t i = 0; i < s.n; i++)
        if (!strcmp(s.rows[i].name, "memo")) return KAL_OK;
    for (int32_t i = 0; i < c->n_args; i++) {
        kal__arg *a = &c->args[i];
        if (a->key.kind == KAL__END || !is_word(&a->key, "memo")) continue;
        int k = 0;
        while (k < 3 && (a->node || !is_word(&a->value, words[k]))) k++;
        *bad = &a->value;
        if (k == 3) return kal_fail(err, KAL_INVALID, "memo= is one of auto, always, never");
        *mode = (kal_memo_mode)k;
        memmove(a, a + 1, (size_t)(c->n_args - i - 1) * sizeof *a);
        c->n_args--;
        return KAL_OK;
    }
    return KAL_OK;
}

kal_status kal__set_args(kal__schema s, const kal__arg *args, int32_t n, void *params,
                         const kal__param_context *context, const kal__token **bad, kal_error *err)
{
    places order = {.next = 0};
    setters by = {NULL};
    kal_status st = mark_bound(s, args, n, by, bad, err);
    for (int32_t i = 0; i < n && !st; i++) {
        const kal__arg *a = &args[i];
        const bool named = a->key.kind == KAL__WORD;
        *bad = named ? &a->key : &a->value;
        if (kal__bound_arg(s, a) >= 0) continue;
        const kal_param *row = named ? kal__param_find(s, a->key.text, a->key.n) : NULL;
        if (!row && named) return unknown_param(s, &a->key, err);
        if (row) st = sets(s, row, a, by, err);
        if (row && !st) st = kal__param_set(s, row, params, a->value.text, a->value.n, context, err);
        if (!row) st = set_unnamed(s, a, params, by, &order, context, err);
    }
    if (!st && n > 1) {
        st = check_size(s, args, n, by, context, err);
        if (st) *bad = &args[0].value;
    }
    return st;
}

// ---- what an op undoes: a bare uncrop -----------------------------------------------------------

static void copy_same_params(kal__schema from, const void *src, kal__schema to, void *dst)
{
    for (size_t i = 0; i < from.n; i++) {
        const kal_param *a = &from.rows[i], *b = kal__param_find(to, a->name, strlen(a->name));
        const bool whole = a->kind <= KAL_PARAM_Y, list = a->kind == KAL_PARAM_LIST;
        if (b && b->kind == a->kind && (whole || list))
            memcpy((unsigned char *)dst + b->offset, (const unsigned char *)src + a->offset,
                   list ? sizeof(kal_list) : sizeof(int32_t));
    }
}

const kal__trail *kal__trail_to(const kal__trail *t, const char *op)
{
    while (t && strcmp(t->op->name, op)) t = t->outer;
    return t;
}

kal_status kal__undo(const kal_op *op, kal__written *c, const kal__trail *t, void *params, kal_error *err)
{
    if (!t)
        return kal_fail(err, KAL_INVALID,
                        "%s: there is no %s upstream to put back; name the base: %s image base x=… y=…",
                        op->name, op->undoes, op->name);
    const kal__schema from = kal__schema_of(t->op), to = kal__schema_of(op);
    copy_same_params(from, t->params, to, params);
    c->in[c->n++] = kal_node_ref(t->base);
    for (int32_t i = 0; i < t->n_bound && c->n_args < KAL__MAX_ARGS; i++) {
        const char *name = kal__bound_name(from, t->bound[i].code);
        if (kal__bound_code(to, name, strlen(name)) < 0 || is_named(c->args, c->n_args, name)) continue;
        const kal__token key = {KAL__WORD, name, strlen(name), c->op.at};
        c->args[c->n_args++] = (kal__arg){key, key, kal_node_ref(t->bound[i].value)};
    }
    return KAL_OK;
}

// What is left open is worked out as the op itself does it, where the size of its input is known.
static void settle_place(const kal_op *op, const kal__written *c, unsigned char *params)
{
    const kal_call *in = &c->in[0]->call;
    kal_extent out = {0};
    kal_error unused;
    const kal_call call = {.op = op, .params = params, .n = 1, .in = &in};
    kal__held_files files = {.n = 0};   // extent may look into them
    if (!c->in[0]->dynamic && !kal__files_hold(kal__schema_of(op), params, &files, &unused))
        op->extent(&call, params, &out, &unused);
    kal__files_release(&files);
}

// The numbers of lists that stand in the text, for as long as the text is read.
static bool keep_lists(kal__arena *arena, const kal_op *op, unsigned char *params)
{
    for (size_t i = 0; i < op->n_params; i++) {
        kal_list l;
        if (op->params[i].kind != KAL_PARAM_LIST) continue;
        memcpy(&l, params + op->params[i].offset, sizeof l);
        double *own = kal__take(arena, (size_t)l.n, sizeof *own);
        if (!own) return false;
        if (l.n) memcpy(own, l.v, (size_t)l.n * sizeof *own);
        l.v = own;
        memcpy(params + op->params[i].offset, &l, sizeof l);
    }
    return true;
}

kal__trail *kal__trail_new(kal__arena *arena, const kal_op *op, const kal__written *c, const void *params,
                           const kal__bound *bound, int32_t n_bound)
{
    kal__trail *t = kal__take(arena, 1, sizeof *t);
    unsigned char *copy = kal__take(arena, 1, op->params_size);
    kal__bound *own = kal__take(arena, (size_t)n_bound, sizeof *own);
    if (!t || !copy || !own) return NULL;
    memcpy(copy, params, op->params_size);
    if (!keep_lists(arena, op, copy)) return NULL;
    if (!n_bound) settle_place(op, c, copy);
    for (int32_t i = 0; i < n_bound; i++) own[i] = (kal__bound){bound[i].code, kal_node_ref(bound[i].value)};
    *t = (kal__trail){.op = op,
                      .base = kal_node_ref(c->in[0]),
                      .outer = c->trails[0],
                      .params = copy,
                      .bound = own,
                      .n_bound = n_bound};
    return t;
}

void kal__trail_release(kal__trail *t)
{
    kal_node_unref(&t->base);
    for (int32_t i = 0; i < t->n_bound; i++) kal_node_unref(&t->bound[i].value);
}

// ---- arguments as a text of their own -------------------------------------------------------------

kal_status kal__params_parse(kal__schema s, void *params, const char *text, const kal__param_context *context,
                             kal_error *err)
{
    kal__arg args[KAL__MAX_ARGS];
    int32_t n = 0;
    kal__lexer l = {.text = text, .end = text + strlen(text), .at = text, .arena = context->arena};
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

kal_status kal__bind(kal__shares *shares, const kal_op *op, const kal_bound *bound, int32_t n, kal_error *err)
{
    const kal__schema s = kal__schema_of(op);
    if (n < 0) return kal_fail(err, KAL_INVALID, "%s: %d computed values", s.of, n);
    for (int32_t i = 0; i < n; i++) {
        if (!bound[i].param)
            return kal_fail(err, KAL_INVALID, "%s: a computed value without the name of its parameter", s.of);
        const kal_status st = kal_node_error(bound[i].value, err);
        const int32_t code = kal__bound_code(s, bound[i].param, strlen(bound[i].param));
        if (st) return st;
        if (code < 0) return kal_fail(err, KAL_INVALID, "%s has no parameter \"%s\"", s.of, bound[i].param);
        if (shares->n == KAL__MAX_BOUND)
            return kal_fail(err, KAL_LIMIT, "%s: at most %d parameters are computed", s.of, KAL__MAX_BOUND);
        shares->bound[shares->n++] = (kal__bound){code, kal_node_ref(bound[i].value)};
    }
    return KAL_OK;
}

kal_node *kal_apply_text(kal_scope *scope, const char *op_name, const char *text, kal_node *const *in,
                         int32_t n)
{
    return kal_apply_text_bound(scope, op_name, text, in, n, NULL, 0);
}

kal_node *kal_apply_text_bound(kal_scope *scope, const char *op_name, const char *text, kal_node *const *in,
                               int32_t n, const kal_bound *bound, int32_t n_bound)
{
    kal_error err = {0};
    for (int32_t i = 0; i < n; i++)
        if (!in || !in[i] || in[i]->kind == KAL__ERROR) return kal_apply(scope, op_name, NULL, in, n);
    const kal__calm calm = kal__calm_begin();
    const kal_op *op;
    kal_node *node = NULL;
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    kal__arena arena = {0};
    kal_status st = kal__find_op(op_name ? op_name : "", op_name ? strlen(op_name) : 0, &op, &err);
    if (!st) kal__params_default(kal__schema_of(op), params);
    kal__shares shares = {.of = n ? in[0] : NULL};
    const kal__param_context context = {st ? NULL : kal__unit_of(op, in, n), &arena, n ? &shares : NULL};
    if (!st && text) st = kal__params_parse(kal__schema_of(op), params, text, &context, &err);
    if (!st) st = kal__bind(&shares, op, bound, n_bound, &err);
    if (!st && shares.n) st = kal__check_inputs(op, in, n, &err);
    if (!st)
        st = shares.n ? kal__apply_later(op, params, in, n, shares.bound, shares.n, &node, &err)
                      : kal__apply(op, params, in, n, &node, &err);
    kal__shares_release(&shares);
    kal__arena_free(&arena);
    kal__calm_end(&calm);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}
