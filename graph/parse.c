// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The graph text becomes nodes as it is read; there is no tree in between.
//
//     stmt := name '=' pipe | name '=' literal | 'save' args | 'print' pipe | pipe       between: newline or ;
//     pipe := call ('|' call)*       call := op arg* | name | '(' pipe ')'
//     arg  := input | value | key '=' value
//
// One rule for inputs: first what changes (the piped image, if there is one), second the base. Literals are words that stand for
// a value and can be set from outside.
#include "apply.h"
#include "dynamic.h"
#include "lex.h"
#include "load.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

#define MAX_NEST 100
#define MAX_ARGS 64

typedef struct name {
    const char *text;
    size_t n;
    kal_node *node;        // owned; or
    const char *value;     // a literal
    size_t value_n;
    bool fixed;            // set from outside: the text's own definition is ignored
    bool quoted;
} name;

typedef struct saving {
    kal_node *encoded;
    char *path;
} saving;

struct kal_program {
    kal__arena arena;
    name *names;
    size_t n_names, names_room;
    uint32_t *slots;       // hash of names → index + 1
    size_t n_slots;
    saving *saves;
    size_t n_saves, saves_room;
    kal_node **prints;
    size_t n_prints, prints_room;
    kal_node *root;
};

typedef struct parser {
    kal_program *p;
    kal__lexer lex;
    kal__token t;          // the next token
    int nest;
    kal_error *err;
} parser;

// One argument of a call as written.
typedef struct arg {
    kal__token key;        // kind END: positional
    kal__token value;
    kal_node *node;        // owned: the value is computed
} arg;

typedef struct call {
    kal__token op;
    kal_node *in[KAL__MAX_INPUTS];   // owned
    int32_t n;
    arg args[MAX_ARGS];
    int32_t n_args;
} call;

// ---- errors -------------------------------------------------------------------------------------

static kal_status fail_at(const parser *r, const kal__token *t, kal_status st)
{
    int line, column;
    kal__lex_place(&r->lex, t->at, &line, &column);
    kal_within(r->err, "line %d, column %d", line, column);
    return st;
}

static kal_status wrong(const parser *r, const kal__token *t, const char *what)
{
    const int n = (int)(t->n > 40 ? 40 : t->n);
    if (t->kind == KAL__END)
        kal_fail(r->err, KAL_SYNTAX, "%s, but the text ends here", what);
    else if (t->kind == KAL__NEWLINE)
        kal_fail(r->err, KAL_SYNTAX, "%s, but the line ends here", what);
    else
        kal_fail(r->err, KAL_SYNTAX, "%s, not \"%.*s\"", what, n, t->text);
    return fail_at(r, t, KAL_SYNTAX);
}

static kal_status next(parser *r)
{
    return kal__lex(&r->lex, &r->t, r->err);
}

static kal_status no_memory(const parser *r)
{
    return kal_fail(r->err, KAL_NOMEM, "out of memory for a text");
}

// ---- names --------------------------------------------------------------------------------------

static size_t name_slot(const kal_program *p, const char *text, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)text[i]) * 16777619u;
    size_t i = h & (p->n_slots - 1);
    while (p->slots[i]) {
        const name *m = &p->names[p->slots[i] - 1];
        if (m->n == n && !memcmp(m->text, text, n)) break;
        i = (i + 1) & (p->n_slots - 1);
    }
    return i;
}

static name *find_name(const kal_program *p, const char *text, size_t n)
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
    for (size_t i = 0; i < p->n_names; i++) slots[name_slot(p, p->names[i].text, p->names[i].n)] = (uint32_t)i + 1;
    return true;
}

// Takes the name's reference, whatever happens.
static bool set_name(kal_program *p, const name *given)
{
    kal_node *unused = given->node;
    name *old = find_name(p, given->text, given->n);
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

// ---- calls --------------------------------------------------------------------------------------

static kal_status parse_pipe(parser *r, kal_node **out);

// ( pipe )
static kal_status parse_nested(parser *r, kal_node **out)
{
    r->lex.depth++;
    kal_status st = next(r);
    if (!st) st = parse_pipe(r, out);
    if (st) return st;
    r->lex.depth--;
    if (r->t.kind != KAL__CLOSE) st = wrong(r, &r->t, "a ) was expected");
    if (!st) st = next(r);
    if (st) kal_node_unref(out);
    return st;
}

static bool same(const kal__token *t, const char *s)
{
    return t->kind == KAL__WORD && t->n == strlen(s) && !memcmp(t->text, s, t->n);
}

static kal_status add_input(parser *r, call *c, const kal__token *at, kal_node *node)
{
    if (c->n == KAL__MAX_INPUTS) {
        kal_node_unref(&node);
        kal_fail(r->err, KAL_LIMIT, "more than %d inputs", KAL__MAX_INPUTS);
        return fail_at(r, at, KAL_LIMIT);
    }
    c->in[c->n++] = node;
    return KAL_OK;
}

static kal_status add_arg(parser *r, call *c, kal__token key, kal__token value)
{
    if (c->n_args == MAX_ARGS) {
        kal_fail(r->err, KAL_LIMIT, "more than %d arguments", MAX_ARGS);
        return fail_at(r, &value, KAL_LIMIT);
    }
    const name *n = value.kind == KAL__WORD ? find_name(r->p, value.text, value.n) : NULL;
    if (n && n->value) value = (kal__token){n->quoted ? KAL__STRING : KAL__WORD, n->value, n->value_n, value.at};
    kal_node *node = n && n->node && key.kind == KAL__WORD ? kal_node_ref(n->node) : NULL;
    c->args[c->n_args++] = (arg){key, value, node};
    return KAL_OK;
}

// key=(pipe): a computed value.
static kal_status parse_computed(parser *r, call *c, kal__token key)
{
    kal_node *node;
    kal_status st = parse_nested(r, &node);
    if (st) return st;
    if (c->n_args == MAX_ARGS) {
        kal_node_unref(&node);
        return wrong(r, &key, "fewer arguments were expected");
    }
    c->args[c->n_args++] = (arg){key, key, node};
    return KAL_OK;
}

// "[a b c]": names of nodes.
static kal_status list_inputs(parser *r, call *c, const kal__token *t)
{
    const char *at = t->text + 1, *end = t->text + t->n - 1;
    for (;;) {
        while (at < end && strchr(" \t\r\n,", *at)) at++;
        if (at >= end) return KAL_OK;
        const char *word = at;
        while (at < end && !strchr(" \t\r\n,", *at)) at++;
        const kal__token w = {KAL__WORD, word, (size_t)(at - word), word};
        const name *n = find_name(r->p, word, w.n);
        if (!n || !n->node) return wrong(r, &w, "the name of an image was expected");
        const kal_status st = add_input(r, c, &w, kal_node_ref(n->node));
        if (st) return st;
    }
}

static bool lists_names(const parser *r, const kal__token *t)
{
    const char *at = t->text + 1, *end = t->text + t->n - 1;
    while (at < end && strchr(" \t\r\n,", *at)) at++;
    const char *word = at;
    while (at < end && !strchr(" \t\r\n,", *at)) at++;
    const name *n = find_name(r->p, word, (size_t)(at - word));
    return n && n->node;
}

static kal_status parse_arg(parser *r, call *c, int32_t most)
{
    kal_status st;
    const kal__token t = r->t;
    if (t.kind == KAL__OPEN) {
        kal_node *node;
        st = parse_nested(r, &node);
        return st ? st : add_input(r, c, &t, node);
    }
    st = next(r);
    if (st) return st;
    if (t.kind == KAL__WORD && r->t.kind == KAL__EQUALS) {
        st = next(r);
        if (st) return st;
        const kal__token v = r->t;
        if (v.kind == KAL__OPEN) return parse_computed(r, c, t);
        if (v.kind != KAL__WORD && v.kind != KAL__STRING && v.kind != KAL__LIST) return wrong(r, &v, "a value was expected");
        st = add_arg(r, c, t, v);
        return st ? st : next(r);
    }
    const name *n = t.kind == KAL__WORD ? find_name(r->p, t.text, t.n) : NULL;
    if (n && n->node && c->n < most) return add_input(r, c, &t, kal_node_ref(n->node));
    if (t.kind == KAL__LIST && c->n < most && lists_names(r, &t)) return list_inputs(r, c, &t);
    return add_arg(r, c, (kal__token){.kind = KAL__END}, t);
}

static bool starts_arg(const kal__token *t)
{
    return t->kind == KAL__WORD || t->kind == KAL__STRING || t->kind == KAL__LIST || t->kind == KAL__OPEN;
}

static void call_free(call *c)
{
    for (int32_t i = 0; i < c->n; i++) kal_node_unref(&c->in[i]);
    for (int32_t i = 0; i < c->n_args; i++) kal_node_unref(&c->args[i].node);
}

// ---- parameters of a call -----------------------------------------------------------------------

static int32_t read_digits(const char **at, const char *end)
{
    int64_t v = 0;
    const char *from = *at;
    while (*at < end && **at >= '0' && **at <= '9' && v < 1000000000) v = v * 10 + (*(*at)++ - '0');
    return *at > from && v < 1000000000 ? (int32_t)v : -1;
}

static void set_if(kal__schema s, const char *key, int32_t v, void *params)
{
    const kal_param *p = kal__param_find(s, key, strlen(key));
    if (p && v >= 0) *(int32_t *)(void *)((unsigned char *)params + p->offset) = v;
}

// "640x480" and "640x480+1200+800" for an op that has width and height (x and y).
static bool geometry(kal__schema s, const kal__token *t, void *params)
{
    const char *at = t->text, *end = at + t->n;
    const bool sized = kal__param_find(s, "width", 5) && kal__param_find(s, "height", 6);
    const bool placed = kal__param_find(s, "x", 1) && kal__param_find(s, "y", 1);
    if (t->kind != KAL__WORD || !sized) return false;
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
    set_if(s, "width", w, params);
    set_if(s, "height", h, params);
    set_if(s, "x", x, params);
    set_if(s, "y", y, params);
    return true;
}

static const char *param_name(const void *of, size_t i)
{
    return ((const kal_param *)of)[i].name;
}

static kal_status unknown_param(kal__schema s, const kal__token *key, kal_error *err)
{
    const char *near = kal__nearest(key->text, key->n, param_name, s.rows, s.n);
    return kal_fail(err, KAL_INVALID, "%s has no parameter \"%.*s\"%s%s%s", s.of, (int)(key->n > 60 ? 60 : key->n), key->text,
                    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

// The parameter a computed value goes to; NULL when the name of an image only looks like a word for it ("edge=wrap").
static const kal_param *bound_row(kal__schema s, const arg *a)
{
    const kal_param *row = a->node ? kal__param_find(s, a->key.text, a->key.n) : NULL;
    const bool word = a->value.kind == KAL__WORD && a->value.text != a->key.text;
    return row && !(word && (row->kind == KAL_PARAM_CHOICE || row->kind == KAL_PARAM_TEXT || row->kind == KAL_PARAM_BOOL)) ? row : NULL;
}

// Sets all arguments; *bad is the one at fault.
static kal_status set_args(kal__schema s, const arg *args, int32_t n, void *params, const kal__param_context *context,
                           const kal__token **bad, kal_error *err)
{
    size_t position = 0;
    bool set[64] = {false};
    for (int32_t i = 0; i < n; i++) {
        const arg *a = &args[i];
        const bool named = a->key.kind == KAL__WORD;
        *bad = named ? &a->key : &a->value;
        if (a->node && bound_row(s, a)) continue;
        if (!named && geometry(s, &a->value, params)) continue;
        while (!named && position < s.n && set[position]) position++;
        const kal_param *row = named ? kal__param_find(s, a->key.text, a->key.n) : position < s.n ? &s.rows[position] : NULL;
        if (!row && named) return unknown_param(s, &a->key, err);
        if (!row)
            return kal_fail(err, KAL_INVALID, "%s: \"%.*s\" is one value too many", s.of, (int)(a->value.n > 60 ? 60 : a->value.n), a->value.text);
        const size_t at = (size_t)(row - s.rows);
        if (at < 64 && set[at]) return kal_fail(err, KAL_INVALID, "%s: %s is given twice", s.of, row->name);
        if (at < 64) set[at] = true;
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

// Breadth first, so that the nearest is found.
static const kal_node *nearest_upstream(kal_node *from, const char *op)
{
    kal__order o;
    const kal_node *found = NULL;
    if (kal__order_make(&from, 1, &o, NULL)) return NULL;
    uint32_t *far = kal__new(o.n, sizeof *far);
    for (size_t i = 0; far && i < o.n; i++) far[i] = UINT32_MAX;
    if (far) far[o.n - 1] = 0;
    uint32_t best = UINT32_MAX;
    for (size_t i = o.n; far && i-- > 0;) {
        const kal_node *n = o.nodes[i];
        if (far[i] == UINT32_MAX) continue;
        if (n->kind == KAL__APPLY && !strcmp(n->call.op->name, op) && far[i] < best) found = n, best = far[i];
        for (int32_t k = 0; k < n->call.n; k++) {
            const size_t in = kal__order_find(&o, kal__input(n, k));
            if (far[i] + 1 < far[in]) far[in] = far[i] + 1;
        }
    }
    free(far);
    kal__order_free(&o);
    return found;
}

static kal_status undo(const kal_op *op, call *c, void *params, kal_error *err)
{
    const kal_node *done = c->in[0]->kind == KAL__ERROR ? NULL : nearest_upstream(c->in[0], op->undoes);
    if (!done)
        return kal_fail(err, KAL_INVALID, "%s: there is no %s upstream to put back; name the base: %s image base x=… y=…", op->name,
                        op->undoes, op->name);
    copy_same_params(kal__schema_of(done->call.op), done->call.params, kal__schema_of(op), params);
    c->in[c->n++] = kal_node_ref(kal__input(done, 0));
    return KAL_OK;
}

// ---- from a call to a node ----------------------------------------------------------------------

static kal_status make(parser *r, call *c, const kal_op *op, kal_node **out)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal__schema s = kal__schema_of(op);
    kal__params_default(s, params);
    if (op->undoes && c->n == 1) {
        const kal_status st = undo(op, c, params, r->err);
        if (st) return fail_at(r, &c->op, st);
    }
    kal__arena arena = {0};
    const kal__param_context context = {c->n && !c->in[0]->dynamic ? &c->in[0]->call.extent : NULL, &arena};
    const kal__token *bad = &c->op;
    kal_status st = set_args(s, c->args, c->n_args, params, &context, &bad, r->err);
    if (!st) bad = &c->op;
    kal__bound bound[MAX_ARGS];
    int32_t n_bound = 0;
    for (int32_t i = 0; i < c->n_args; i++) {
        const kal_param *row = bound_row(s, &c->args[i]);
        if (row) bound[n_bound++] = (kal__bound){row, c->args[i].node};
    }
    if (!st && n_bound) st = kal__check_inputs(op, c->in, c->n, r->err);
    if (!st) st = n_bound ? kal__apply_later(op, params, c->in, c->n, bound, n_bound, out, r->err) : kal__apply(op, params, c->in, c->n, out, r->err);
    kal__arena_free(&arena);
    return st ? fail_at(r, bad, st) : KAL_OK;
}

// input NAME key=…: what has no text of its own, from the bindings.
static kal_status bound_input(parser *r, const call *c, kal_node **out)
{
    char key[33] = "";
    const arg *a = c->n_args ? &c->args[0] : NULL;
    const bool named = c->n == 1;
    if (!named)
        return wrong(r, a ? &a->value : &c->op, "an image bound to that name was expected (input NAME)");
    kal_key_print(c->in[0]->key, key);
    for (int32_t i = 0; i < c->n_args; i++) {
        if (!same(&c->args[i].key, "key")) continue;
        if (c->args[i].value.n == 32 && !memcmp(c->args[i].value.text, key, 32)) continue;
        kal_fail(r->err, KAL_INVALID, "the image bound here has key %s", key);
        return fail_at(r, &c->args[i].value, KAL_INVALID);
    }
    *out = kal_node_ref(c->in[0]);
    return KAL_OK;
}

static kal_status parse_call(parser *r, kal_node *piped, kal_node **out)
{
    *out = NULL;
    const kal__token t = r->t;
    call *c = kal__new_zero(1, sizeof *c);
    if (!c) {
        kal_node_unref(&piped);
        return no_memory(r);
    }
    c->op = t;
    if (piped) c->in[c->n++] = piped;
    const kal_op *op = NULL;
    const bool input = same(&t, "input") && !piped;
    kal_status st = t.kind != KAL__WORD ? wrong(r, &t, "an op or a name was expected") : input ? KAL_OK : kal__find_op(t.text, t.n, &op, r->err);
    if (st && t.kind == KAL__WORD) st = fail_at(r, &t, st);
    if (!st) st = next(r);
    while (!st && starts_arg(&r->t)) st = parse_arg(r, c, input ? 1 : kal__arity_of(op).max);
    if (!st) st = input ? bound_input(r, c, out) : make(r, c, op, out);
    call_free(c);
    free(c);
    return st;
}

static kal_status parse_first(parser *r, kal_node **out)
{
    *out = NULL;
    if (r->t.kind == KAL__OPEN) return parse_nested(r, out);
    const name *n = r->t.kind == KAL__WORD ? find_name(r->p, r->t.text, r->t.n) : NULL;
    if (!n || !n->node) return parse_call(r, NULL, out);
    kal_node *node = kal_node_ref(n->node);
    const kal_status st = next(r);
    if (st) kal_node_unref(&node);
    *out = node;
    return st;
}

static kal_status parse_pipe(parser *r, kal_node **out)
{
    *out = NULL;
    if (++r->nest > MAX_NEST) {
        kal_fail(r->err, KAL_LIMIT, "parentheses nested more than %d deep", MAX_NEST);
        return fail_at(r, &r->t, KAL_LIMIT);
    }
    kal_status st = parse_first(r, out);
    while (!st && r->t.kind == KAL__PIPE) {
        const kal__lexer mark = r->lex;
        st = next(r);
        while (!st && r->t.kind == KAL__NEWLINE && *r->t.at == '\n') st = next(r);   // a pipe at a line's end goes on
        if (!st && same(&r->t, "save")) {   // belongs to the statement
            r->lex = mark;
            r->t = (kal__token){KAL__PIPE, mark.at, 0, mark.at};
            break;
        }
        kal_node *piped = *out;
        *out = NULL;
        if (st)
            kal_node_unref(&piped);
        else
            st = parse_call(r, piped, out);
    }
    if (st) kal_node_unref(out);
    r->nest--;
    return st;
}

// ---- statements ---------------------------------------------------------------------------------

static kal_status set_root(parser *r, kal_node *node)
{
    kal_node_unref(&r->p->root);
    r->p->root = node;
    return KAL_OK;
}

static bool add_save(kal_program *p, kal_node *encoded, const char *path)
{
    if (p->n_saves == p->saves_room) {
        const size_t room = p->saves_room ? p->saves_room * 2 : 4;
        if (!kal__grow(&p->saves, room, sizeof *p->saves)) return false;
        p->saves_room = room;
    }
    char *copy = kal__take(&p->arena, strlen(path) + 1, 1);
    if (!copy) return false;
    strcpy(copy, path);
    p->saves[p->n_saves++] = (saving){encoded, copy};
    return true;
}

// `path`, `format` and the codec's own parameters, from the arguments of a save.
static kal_status finish_save(parser *r, const call *c, kal_node *image)
{
    char path[4096] = "", format[32] = "";
    arg rest[MAX_ARGS];
    int32_t n = 0;
    for (int32_t i = 0; i < c->n_args; i++) {
        const arg *a = &c->args[i];
        const bool named = a->key.kind == KAL__WORD;
        char *to = !named && !*path ? path : same(&a->key, "path") ? path : same(&a->key, "format") ? format : NULL;
        const size_t room = to == path ? sizeof path : sizeof format;
        if (!to) {
            rest[n++] = *a;
            continue;
        }
        if (a->value.n >= room) return wrong(r, &a->value, "a shorter word was expected");
        memcpy(to, a->value.text, a->value.n);
        to[a->value.n] = 0;
    }
    if (!*path) return wrong(r, &c->op, "save where? save out.jpg");
    const kal__codec *codec;
    kal_status st = kal__codec_for_path(path, format, &codec, r->err);
    if (st) return fail_at(r, &c->op, st);
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal__schema s = {codec->params, codec->n_params, codec->params_size, codec->name};
    kal__params_default(s, params);
    kal__arena arena = {0};
    const kal__token *bad = &c->op;
    kal_node *encoded = NULL;
    st = set_args(s, rest, n, params, &(kal__param_context){&image->call.extent, &arena}, &bad, r->err);
    if (!st) bad = &c->op;
    if (!st) st = kal__encode(image, codec, params, &encoded, r->err);
    kal__arena_free(&arena);
    if (st) return fail_at(r, bad, st);
    if (add_save(r->p, encoded, path)) return KAL_OK;
    kal_node_unref(&encoded);
    return no_memory(r);
}

// `image` is owned; NULL: the first argument is the image.
static kal_status parse_save(parser *r, kal_node *image)
{
    call *c = kal__new_zero(1, sizeof *c);
    if (!c) {
        kal_node_unref(&image);
        return no_memory(r);
    }
    c->op = r->t;
    if (image) c->in[c->n++] = image;
    kal_status st = next(r);
    while (!st && starts_arg(&r->t)) st = parse_arg(r, c, 1);
    if (!st && c->n != 1) st = wrong(r, &c->op, "save what? save image out.jpg, or image | save out.jpg");
    if (!st) st = finish_save(r, c, c->in[0]);
    if (!st) set_root(r, kal_node_ref(c->in[0]));
    call_free(c);
    free(c);
    return st;
}

static kal_status parse_print(parser *r)
{
    kal_program *p = r->p;
    kal_node *node;
    kal_status st = next(r);
    if (!st) st = parse_pipe(r, &node);
    if (st) return st;
    if (p->n_prints == p->prints_room) {
        const size_t room = p->prints_room ? p->prints_room * 2 : 4;
        if (!kal__grow(&p->prints, room, sizeof *p->prints)) {
            kal_node_unref(&node);
            return no_memory(r);
        }
        p->prints_room = room;
    }
    p->prints[p->n_prints++] = node;
    return set_root(r, kal_node_ref(node));
}

static bool is_identifier(const kal__token *t)
{
    if (t->kind != KAL__WORD || !t->n || (*t->text >= '0' && *t->text <= '9')) return false;
    for (size_t i = 0; i < t->n; i++) {
        const char c = t->text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return true;
}

// name = 6, name = "text", name = [1 2 3]: one value and then the end of the statement.
static bool is_literal(const parser *r)
{
    if (r->t.kind != KAL__WORD && r->t.kind != KAL__STRING && r->t.kind != KAL__LIST) return false;
    parser look = *r;
    kal_error unused;
    look.err = &unused;
    if (next(&look) || (look.t.kind != KAL__END && look.t.kind != KAL__NEWLINE)) return false;
    if (r->t.kind != KAL__WORD) return true;
    const name *n = find_name(r->p, r->t.text, r->t.n);
    if (n) return !n->node;
    const kal_op *op;
    return kal__find_op(r->t.text, r->t.n, &op, NULL) != KAL_OK;
}

static kal_status parse_definition(parser *r, const kal__token *id)
{
    kal_status st = next(r);   // past the =
    if (st) return st;
    name n = {.text = id->text, .n = id->n};
    if (is_literal(r)) {
        const name *old = r->t.kind == KAL__WORD ? find_name(r->p, r->t.text, r->t.n) : NULL;
        n.value = old && old->value ? old->value : r->t.text;
        n.value_n = old && old->value ? old->value_n : r->t.n;
        n.quoted = old && old->value ? old->quoted : r->t.kind == KAL__STRING;
        st = next(r);
    } else {
        st = parse_pipe(r, &n.node);
        if (!st) set_root(r, kal_node_ref(n.node));
    }
    if (st) return st;
    return set_name(r->p, &n) ? KAL_OK : no_memory(r);
}

static kal_status parse_statement(parser *r)
{
    if (same(&r->t, "save")) return parse_save(r, NULL);
    if (same(&r->t, "print")) return parse_print(r);
    kal_status st;
    if (is_identifier(&r->t)) {
        const kal__token id = r->t;
        const kal__lexer mark = r->lex;
        st = next(r);
        if (st) return st;
        if (r->t.kind == KAL__EQUALS) return parse_definition(r, &id);
        r->lex = mark;
        r->t = id;
    }
    kal_node *node;
    st = parse_pipe(r, &node);
    if (st) return st;
    if (r->t.kind == KAL__PIPE) {   // … | save
        st = next(r);
        while (!st && r->t.kind == KAL__NEWLINE) st = next(r);
        if (!st) return parse_save(r, node);
        kal_node_unref(&node);
        return st;
    }
    return set_root(r, node);
}

static kal_status parse_all(parser *r)
{
    kal_status st = next(r);
    while (!st && r->t.kind != KAL__END) {
        if (r->t.kind == KAL__NEWLINE) {
            st = next(r);
            continue;
        }
        st = parse_statement(r);
        if (!st && r->t.kind != KAL__END && r->t.kind != KAL__NEWLINE) st = wrong(r, &r->t, "the end of the statement was expected");
    }
    return st;
}

// ---- the public face ----------------------------------------------------------------------------

static kal_status bind(kal_program *p, const kal_binding *b, int32_t n, kal_error *err)
{
    for (int32_t i = 0; i < n; i++) {
        if (b[i].node && b[i].node->kind == KAL__ERROR) return kal_node_error(b[i].node, err);
        name m = {.text = b[i].name, .n = strlen(b[i].name), .node = kal_node_ref(b[i].node), .fixed = true};
        if (b[i].value) m.value = b[i].value, m.value_n = strlen(b[i].value), m.quoted = true;
        char *copy = kal__take(&p->arena, m.n + m.value_n + 2, 1);
        if (!copy) {
            kal_node_unref(&m.node);
            return kal_fail(err, KAL_NOMEM, "out of memory");
        }
        memcpy(copy, m.text, m.n);
        if (m.value) m.value = memcpy(copy + m.n + 1, m.value, m.value_n);
        m.text = copy;
        if (!set_name(p, &m)) return kal_fail(err, KAL_NOMEM, "out of memory");
    }
    return KAL_OK;
}

kal_status kal_program_parse(const char *text, size_t size, const kal_binding *bindings, int32_t n, kal_program **out,
                             kal_error *err)
{
    kal_error local = {KAL_OK, ""};
    if (!err) err = &local;
    kal_program *p = *out = kal__new_zero(1, sizeof *p);
    if (!p) return kal_fail(err, KAL_NOMEM, "out of memory for a text");
    // names point into the text: keep it
    char *copy = kal__take(&p->arena, size + 1, 1);
    kal_status st = copy ? bind(p, bindings, n, err) : kal_fail(err, KAL_NOMEM, "out of memory for a text");
    if (!st) {
        memcpy(copy, text, size);
        parser r = {.p = p, .lex = {copy, copy + size, copy, &p->arena, 0}, .err = err};
        st = parse_all(&r);
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
    for (size_t i = 0; i < p->n_prints; i++) kal_node_unref(&p->prints[i]);
    kal_node_unref(&p->root);
    free(p->names);
    free(p->slots);
    free(p->saves);
    free(p->prints);
    kal__arena_free(&p->arena);
    free(p);
}

kal_node *kal_program_root(const kal_program *p)
{
    return p->root;
}

kal_node *kal_program_save(const kal_program *p, int32_t i, const char **path)
{
    if (i < 0 || (size_t)i >= p->n_saves) return NULL;
    if (path) *path = p->saves[i].path;
    return p->saves[i].encoded;
}

kal_node *kal_program_print(const kal_program *p, int32_t i)
{
    return i >= 0 && (size_t)i < p->n_prints ? p->prints[i] : NULL;
}

kal_status kal_program_run(const kal_program *p, const kal_options *options, kal_error *err)
{
    if (!p->n_saves) return kal_fail(err, KAL_INVALID, "the text saves nothing: end it with | save out.jpg");
    kal_node **nodes = kal__new(p->n_saves, sizeof *nodes);
    const char **paths = kal__new(p->n_saves, sizeof *paths);
    kal_status st = nodes && paths ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory");
    for (size_t i = 0; i < p->n_saves && !st; i++) nodes[i] = p->saves[i].encoded, paths[i] = p->saves[i].path;
    if (!st) st = kal_write_files(nodes, paths, (int32_t)p->n_saves, options, err);
    free(nodes);
    free(paths);
    return st;
}

kal_status kal_run_text(const char *text, kal_error *err)
{
    kal_program *p;
    kal_status st = kal_program_parse(text, strlen(text), NULL, 0, &p, err);
    if (!st) st = kal_program_run(p, NULL, err);
    kal_program_free(&p);
    return st;
}

kal_status kal__params_parse(kal__schema s, void *params, const char *text, const kal__param_context *context, kal_error *err)
{
    arg args[MAX_ARGS];
    int32_t n = 0;
    kal__lexer l = {text, text + strlen(text), text, context->arena, 0};
    kal__token t, after;
    kal_status st = kal__lex(&l, &t, err);
    while (!st && t.kind != KAL__END) {
        if (t.kind != KAL__WORD && t.kind != KAL__STRING && t.kind != KAL__LIST)
            return kal_fail(err, KAL_SYNTAX, "%s: cannot read \"%s\"", s.of, t.at);
        if (n == MAX_ARGS) return kal_fail(err, KAL_LIMIT, "%s: more than %d arguments", s.of, MAX_ARGS);
        st = kal__lex(&l, &after, err);
        args[n] = (arg){.node = NULL, .key = {.kind = KAL__END}, .value = t};
        if (!st && after.kind == KAL__EQUALS) {
            args[n].key = t;
            st = kal__lex(&l, &args[n].value, err);
            if (!st) st = kal__lex(&l, &after, err);
        }
        t = after;
        n++;
    }
    const kal__token *bad;
    return st ? st : set_args(s, args, n, params, context, &bad, err);
}

kal_node *kal_apply_text(kal_scope *scope, const char *op_name, const char *text, kal_node *const *in, int32_t n)
{
    kal_error err = {KAL_OK, ""};
    for (int32_t i = 0; i < n; i++)
        if (!in[i] || in[i]->kind == KAL__ERROR) return kal_apply(scope, op_name, NULL, in, n);
    const kal_op *op;
    kal_node *node = NULL;
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    kal__arena arena = {0};
    kal_status st = kal__find_op(op_name ? op_name : "", op_name ? strlen(op_name) : 0, &op, &err);
    if (!st) kal__params_default(kal__schema_of(op), params);
    const kal__param_context context = {n ? &in[0]->call.extent : NULL, &arena};
    if (!st && text) st = kal__params_parse(kal__schema_of(op), params, text, &context, &err);
    if (!st) st = kal__apply(op, params, in, n, &node, &err);
    kal__arena_free(&arena);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}
