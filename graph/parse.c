// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The graph text becomes nodes as it is read; there is no tree in between.
//
//     stmt := name '=' pipe | name '=' literal | 'save' args | 'print' pipe | pipe       between: newline or ;   (statement.c)
//     pipe := call ('|' call)*       call := op arg* | name | '(' pipe ')'
//     arg  := input | value | key '=' value
//
// One rule for inputs: first what changes (the piped image, if there is one), second the base. Literals are words that stand for
// a value and can be set from outside. The body of a def is read again at each call (def.c).
#include "parse.h"

#include "load.h"

#include <stdlib.h>
#include <string.h>

#define MAX_NEST 100

// ---- errors -------------------------------------------------------------------------------------

kal_status kal__fail_at(const kal__parser *r, const kal__token *t, kal_status st)
{
    kal__lex_within(&r->lex, t->at, NULL, r->err);
    return st;
}

// What fails only when a value is known fails with the place, too. Nodes of equal texts are one: the text read last is the likeliest to run.
void kal__remember_place(const kal__parser *r, const kal__token *t, kal_node *node)
{
    if (!node->dynamic) return;
    const uint64_t here = kal__place_keep(r->lex.file, kal__lex_place(&r->lex, t->at));
    const kal__text_file *f = &r->p->files[0];   // all calls of defs begin there
    const kal__lexer top = {.text = f->text, .end = f->text + f->size};
    const uint64_t call = r->frame ? kal__place_keep(f->path, kal__lex_place(&top, r->called_at)) : here;
    __atomic_store_n(&node->place, call, __ATOMIC_RELAXED);
    __atomic_store_n(&node->place_inside, r->frame ? here : 0, __ATOMIC_RELAXED);
}

kal_status kal__wrong(const kal__parser *r, const kal__token *t, const char *what)
{
    const int n = (int)(t->n > 40 ? 40 : t->n);
    if (t->kind == KAL__END)
        kal_fail(r->err, KAL_SYNTAX, "%s, but the %s ends here", what, r->frame ? "def" : "text");
    else if (t->kind == KAL__NEWLINE)
        kal_fail(r->err, KAL_SYNTAX, "%s, but the line ends here", what);
    else
        kal_fail(r->err, KAL_SYNTAX, "%s, not \"%.*s\"", what, n, t->text);
    return kal__fail_at(r, t, KAL_SYNTAX);
}

kal_status kal__next(kal__parser *r)
{
    return kal__lex(&r->lex, &r->t, r->err);
}

kal_status kal__no_memory(const kal__parser *r)
{
    return kal_fail(r->err, KAL_NOMEM, "out of memory for a text");
}

// ---- calls --------------------------------------------------------------------------------------

// ( pipe )
static kal_status parse_nested(kal__parser *r, kal_node **out)
{
    r->lex.depth++;
    kal_status st = kal__next(r);
    if (!st) st = kal__parse_pipe(r, out);
    if (st) return st;
    r->lex.depth--;
    if (r->t.kind != KAL__CLOSE) st = kal__wrong(r, &r->t, "a ) was expected");
    if (!st) st = kal__next(r);
    if (st) kal_node_unref(out);
    return st;
}

bool kal__same(const kal__token *t, const char *s)
{
    return t->kind == KAL__WORD && t->n == strlen(s) && !memcmp(t->text, s, t->n);
}

// Lists in brackets so far that have no name, or a name that stands for one.
static int32_t lists_before(const kal__written *c)
{
    int32_t n = 0;
    for (int32_t i = 0; i < c->n_args; i++)
        n += c->args[i].key.kind != KAL__WORD && c->args[i].value.n && c->args[i].value.text[0] == '[';
    return n;
}

static kal_status add_input(kal__parser *r, kal__written *c, const kal__token *at, kal_node *node,
                            const kal__trail *trail)
{
    if (!c->def && kal__gives_value(node) && c->n_values < KAL__MAX_BOUND) {
        c->lists[c->n_values] = lists_before(c);
        c->values[c->n_values++] = node;
        return KAL_OK;
    }
    if (c->n == KAL__MAX_INPUTS) {
        kal_node_unref(&node);
        kal_fail(r->err, KAL_LIMIT, "more than %d inputs", KAL__MAX_INPUTS);
        return kal__fail_at(r, at, KAL_LIMIT);
    }
    c->trails[c->n] = trail;
    c->in[c->n++] = node;
    return KAL_OK;
}

static kal_status add_arg(kal__parser *r, kal__written *c, kal__token key, kal__token value)
{
    if (c->n_args == KAL__MAX_ARGS) {
        kal_fail(r->err, KAL_LIMIT, "more than %d arguments", KAL__MAX_ARGS);
        return kal__fail_at(r, &value, KAL_LIMIT);
    }
    const kal__name *n = value.kind == KAL__WORD ? kal__lookup(r, value.text, value.n) : NULL;
    if (n && n->value)
        value = (kal__token){n->quoted ? KAL__STRING : KAL__WORD, n->value, n->value_n, value.at};
    const bool named = key.kind == KAL__WORD || c->def;
    kal_node *node = n && n->node && named ? kal_node_ref(n->node) : NULL;
    c->args[c->n_args++] = (kal__arg){key, value, node};
    return KAL_OK;
}

// key=(pipe): a computed value. To a def it may also go by its place.
static kal_status parse_computed(kal__parser *r, kal__written *c, kal__token key, kal__token value)
{
    kal_node *node;
    kal_status st = parse_nested(r, &node);
    if (st) return st;
    if (c->n_args == KAL__MAX_ARGS) {
        kal_node_unref(&node);
        return kal__wrong(r, &value, "fewer arguments were expected");
    }
    c->args[c->n_args++] = (kal__arg){key, value, node};
    return KAL_OK;
}

// "[a b c]": names of nodes.
static kal_status list_inputs(kal__parser *r, kal__written *c, const kal__token *t)
{
    const char *at = t->text + 1, *end = t->text + t->n - 1;
    for (;;) {
        while (at < end && strchr(" \t\r\n,", *at)) at++;
        if (at >= end) return KAL_OK;
        const char *word = at;
        while (at < end && !strchr(" \t\r\n,", *at)) at++;
        const kal__token w = {KAL__WORD, word, (size_t)(at - word), word};
        const kal__name *n = kal__lookup(r, word, w.n);
        if (!n || !n->node) return kal__wrong(r, &w, "the name of an image was expected");
        const kal_status st = add_input(r, c, &w, kal_node_ref(n->node), n->trail);
        if (st) return st;
    }
}

static bool lists_names(const kal__parser *r, const kal__token *t)
{
    const char *at = t->text + 1, *end = t->text + t->n - 1;
    while (at < end && strchr(" \t\r\n,", *at)) at++;
    const char *word = at;
    while (at < end && !strchr(" \t\r\n,", *at)) at++;
    const kal__name *n = kal__lookup(r, word, (size_t)(at - word));
    return n && n->node;
}

kal_status kal__parse_arg(kal__parser *r, kal__written *c, int32_t most)
{
    kal_status st;
    const kal__token t = r->t;
    if (t.kind == KAL__OPEN && c->def && c->n >= most)
        return parse_computed(r, c, (kal__token){.kind = KAL__END}, t);
    if (t.kind == KAL__OPEN) {
        kal_node *node;
        st = parse_nested(r, &node);
        return st ? st : add_input(r, c, &t, node, r->trail);
    }
    st = kal__next(r);
    if (st) return st;
    if (t.kind == KAL__WORD && r->t.kind == KAL__EQUALS) {
        st = kal__next(r);
        if (st) return st;
        const kal__token v = r->t;
        if (v.kind == KAL__OPEN) return parse_computed(r, c, t, t);
        if (v.kind != KAL__WORD && v.kind != KAL__STRING && v.kind != KAL__LIST)
            return kal__wrong(r, &v, "a value was expected");
        st = add_arg(r, c, t, v);
        return st ? st : kal__next(r);
    }
    const kal__name *n = t.kind == KAL__WORD ? kal__lookup(r, t.text, t.n) : NULL;
    if (n && n->node && (c->n < most || (!c->def && kal__gives_value(n->node))))
        return add_input(r, c, &t, kal_node_ref(n->node), n->trail);
    if (t.kind == KAL__LIST && c->n < most && lists_names(r, &t)) return list_inputs(r, c, &t);
    return add_arg(r, c, (kal__token){.kind = KAL__END}, t);
}

bool kal__starts_arg(const kal__token *t)
{
    return t->kind == KAL__WORD || t->kind == KAL__STRING || t->kind == KAL__LIST || t->kind == KAL__OPEN;
}

void kal__call_free(kal__written *c)
{
    for (int32_t i = 0; i < c->n; i++) kal_node_unref(&c->in[i]);
    for (int32_t i = 0; i < c->n_values; i++) kal_node_unref(&c->values[i]);
    for (int32_t i = 0; i < c->n_args; i++) kal_node_unref(&c->args[i].node);
}

// ---- from a call to a node ----------------------------------------------------------------------

// The names that some op undoes, once for a text: few, and asked for at every call.
bool kal__find_undone(kal__parser *r)
{
    const kal_op *op;
    size_t n = 0;
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++) n += op->undoes != NULL;
    r->undone = kal__take(&r->p->arena, n, sizeof *r->undone);
    for (size_t i = 0; r->undone && r->n_undone < n && (op = kal_op_at(i)) != NULL; i++)
        if (op->undoes) r->undone[r->n_undone++] = op->undoes;
    return r->undone != NULL;
}

static bool can_be_undone(const kal__parser *r, const kal_op *op)
{
    for (size_t i = 0; i < r->n_undone; i++)
        if (!strcmp(r->undone[i], op->name)) return true;
    return false;
}

// The trail of what a call made: one step longer, one shorter when the step was undone, else that of the first input that has one.
static kal_status follow(kal__parser *r, const kal__written *c, const kal_op *op, const void *params,
                         const kal__bound *bound, int32_t n_bound, const kal__trail *undone)
{
    r->trail = undone ? undone->outer : NULL;
    for (int32_t i = 0; i < c->n && !r->trail && !undone; i++) r->trail = c->trails[i];
    if (c->n != 1 || !can_be_undone(r, op)) return KAL_OK;
    kal__trail *t = kal__trail_new(&r->p->arena, op, c, params, bound, n_bound);
    if (!t) return kal_fail(r->err, KAL_NOMEM, "out of memory for a text");
    t->next = r->p->trails;
    r->p->trails = t;
    r->trail = t;
    return KAL_OK;
}

// The files that a call names.
static kal_status note_files(kal__parser *r, const kal_op *op, const unsigned char *params)
{
    for (size_t i = 0; i < op->n_params; i++) {
        const char *path;
        const kal_param *p = &op->params[i];
        const bool loads = op == &kal__op_load && p->kind == KAL_PARAM_TEXT && !strcmp(p->name, "path");
        if (!loads && p->kind != KAL_PARAM_FILE) continue;
        memcpy(&path, params + p->offset, sizeof path);
        if (path && *path && !kal__add_read(r->p, path)) return kal__no_memory(r);
    }
    return KAL_OK;
}

static kal_status make(kal__parser *r, kal__written *c, const kal_op *op, kal_node **out)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal__schema s = kal__schema_of(op);
    kal__params_default(s, params);
    const kal__trail *undone = op->undoes && c->n == 1 ? kal__trail_to(c->trails[0], op->undoes) : NULL;
    kal_status st = kal__place_values(op, c, r->err);
    if (!st && op->undoes && c->n == 1) st = kal__undo(op, c, undone, params, r->err);
    if (st) return kal__fail_at(r, &c->op, st);
    kal__arena arena = {0};
    kal__shares shares = {.of = c->n ? c->in[0] : NULL};
    const kal__param_context context = {kal__unit_of(op, c->in, c->n), &arena, c->n ? &shares : NULL};
    const kal__token *bad = &c->op;
    kal_memo_mode memo;
    st = kal__take_memo(s, c, &memo, &bad, r->err);
    if (!st) st = kal__set_args(s, c->args, c->n_args, params, &context, &bad, r->err);
    if (!st) bad = &c->op;
    kal__bound bound[KAL__MAX_ARGS + KAL__MAX_BOUND];
    int32_t n_bound = 0;
    for (; n_bound < shares.n; n_bound++) bound[n_bound] = shares.bound[n_bound];
    for (int32_t i = 0; i < c->n_args; i++) {
        const int32_t code = kal__bound_arg(s, &c->args[i]);
        if (code >= 0) bound[n_bound++] = (kal__bound){code, c->args[i].node};
    }
    if (!st && n_bound) st = kal__check_inputs(op, c->in, c->n, r->err);
    if (!st)
        st = n_bound ? kal__apply_later(op, params, c->in, c->n, bound, n_bound, out, r->err)
                     : kal__apply(op, params, c->in, c->n, out, r->err);
    if (!st) st = follow(r, c, op, params, bound, n_bound, undone);
    if (!st) st = note_files(r, op, params);
    if (!st) kal__remember_place(r, &c->op, *out);
    if (!st && memo) kal_node_set_memo(*out, memo);
    if (st) kal_node_unref(out);
    kal__shares_release(&shares);
    kal__arena_free(&arena);
    return st ? kal__fail_at(r, bad, st) : KAL_OK;
}

// input NAME key=…: what has no text of its own, from the bindings.
static kal_status bound_input(kal__parser *r, const kal__written *c, kal_node **out)
{
    char key[33] = "";
    const kal__arg *a = c->n_args ? &c->args[0] : NULL;
    const bool named = c->n == 1;
    if (!named)
        return kal__wrong(r, a ? &a->value : &c->op, "an image bound to that name was expected (input NAME)");
    kal_key_print(c->in[0]->key, key);
    for (int32_t i = 0; i < c->n_args; i++) {
        if (!kal__same(&c->args[i].key, "key")) continue;
        if (c->args[i].value.n == 32 && !memcmp(c->args[i].value.text, key, 32)) continue;
        kal_fail(r->err, KAL_INVALID, "the image bound here has key %s", key);
        return kal__fail_at(r, &c->args[i].value, KAL_INVALID);
    }
    *out = kal_node_ref(c->in[0]);
    r->trail = NULL;
    return KAL_OK;
}

static kal_status parse_call(kal__parser *r, kal_node *piped, kal_node **out)
{
    *out = NULL;
    const kal__token t = r->t;
    kal__written *c = kal__new_zero(1, sizeof *c);
    if (!c) {
        kal_node_unref(&piped);
        return kal__no_memory(r);
    }
    c->op = t;
    const kal__name *name = t.kind == KAL__WORD ? kal__lookup(r, t.text, t.n) : NULL;
    const kal_op *op = NULL;
    const bool input = kal__same(&t, "input") && !piped;
    c->def = name ? name->def : NULL;
    if (piped) add_input(r, c, &t, piped, r->trail);   // the first always fits
    kal_status st = t.kind != KAL__WORD ? kal__wrong(r, &t, "an op or a name was expected")
                    : input || c->def   ? KAL_OK
                                        : kal__called_op(r, &t, &op);
    const int32_t most = st ? 0 : input ? 1 : c->def ? c->def->n_images : kal__arity_of(op).max;
    if (!st) st = kal__next(r);
    while (!st && kal__starts_arg(&r->t)) st = kal__parse_arg(r, c, most);
    if (!st) st = input ? bound_input(r, c, out) : c->def ? kal__expand(r, c, out) : make(r, c, op, out);
    kal__call_free(c);
    free(c);
    return st;
}

static kal_status parse_first(kal__parser *r, kal_node **out)
{
    *out = NULL;
    if (r->t.kind == KAL__OPEN) return parse_nested(r, out);
    const kal__name *n = r->t.kind == KAL__WORD ? kal__lookup(r, r->t.text, r->t.n) : NULL;
    if (!n || !n->node) return parse_call(r, NULL, out);
    kal_node *node = kal_node_ref(n->node);
    r->trail = n->trail;
    const kal_status st = kal__next(r);
    if (st) kal_node_unref(&node);
    *out = node;
    return st;
}

kal_status kal__parse_pipe(kal__parser *r, kal_node **out)
{
    *out = NULL;
    if (++r->nest > MAX_NEST) {
        kal_fail(r->err, KAL_LIMIT, "parentheses nested more than %d deep", MAX_NEST);
        return kal__fail_at(r, &r->t, KAL_LIMIT);
    }
    kal_status st = parse_first(r, out);
    while (!st && r->t.kind == KAL__PIPE) {
        const kal__lexer mark = r->lex;
        st = kal__next(r);
        while (!st && r->t.kind == KAL__NEWLINE && *r->t.at == '\n')
            st = kal__next(r);                   // a pipe at a line's end goes on
        if (!st && kal__same(&r->t, "save")) {   // belongs to the statement
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
