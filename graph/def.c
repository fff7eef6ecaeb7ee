// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops that a text defines: def soft(img, s=2) = img | gaussian s | sharpen. A def is kept as its text, and read again at each call with
// its parameters as names; so a call makes the nodes, and the keys, that its body written out by hand would make. What stands before the
// def is all it sees, and none can be called before it is there, so there is no recursion.
#include "parse.h"

#include <stdio.h>
#include <string.h>

#define MAX_FORMALS 64
#define MAX_DEPTH 100
#define MAX_CALLS 10000
#define MAX_EXPANDED ((size_t)16 << 20)   // bytes

static int shown(size_t n)
{
    return (int)(n > 60 ? 60 : n);
}

static kal_status refuse(const kal__parser *r, const kal__token *t, const char *what)
{
    kal_fail(r->err, KAL_SYNTAX, "%s", what);
    return kal__fail_at(r, t, KAL_SYNTAX);
}

// ---- what a word calls --------------------------------------------------------------------------

static bool is_word(const kal__token *t, const char *text, size_t n)
{
    return t->kind == KAL__WORD && t->n == n && !memcmp(t->text, text, n);
}

static kal_status recursion(const kal__parser *r, const kal__token *t)
{
    kal_fail(r->err, KAL_SYNTAX, "\"%.*s\" would call itself; a def calls those before it", shown(t->n),
             t->text);
    return kal__fail_at(r, t, KAL_SYNTAX);
}

// Defs first: of names that are equally near they are the likelier.
static const char *candidate(const void *of, size_t i)
{
    const kal_program *p = of;
    return i < p->n_defs ? p->defs[i]->name : kal_op_at(i - p->n_defs)->name;
}

// A def that is near, and no op is nearer.
static const char *near_def(const kal__parser *r, const kal__token *t)
{
    size_t n_ops = 0;
    while (r->p->n_defs && kal_op_at(n_ops)) n_ops++;
    const char *near = kal__nearest(t->text, t->n, candidate, r->p, r->p->n_defs + n_ops);
    for (size_t i = 0; near && i < r->p->n_defs; i++)
        if (near == r->p->defs[i]->name && kal__lookup(r, near, strlen(near))) return near;
    return NULL;
}

kal_status kal__called_op(const kal__parser *r, const kal__token *t, const kal_op **out)
{
    for (const kal__frame *f = r->frame; f; f = f->caller)
        if (is_word(t, f->def->name, f->def->n)) return recursion(r, t);
    if (!kal__find_op(t->text, t->n, out, r->err)) return KAL_OK;
    const char *near = near_def(r, t);
    if (near)
        kal_fail(r->err, KAL_INVALID, "there is no op \"%.*s\"; did you mean \"%s\"?", shown(t->n), t->text,
                 near);
    return kal__fail_at(r, t, KAL_INVALID);
}

// ---- the head: (img, base, s=2) -----------------------------------------------------------------

static kal_status new_name(const kal__parser *r, const kal__token *t)
{
    char word[128] = "";
    if (!kal__is_identifier(t)) return kal__wrong(r, t, "the name of a def was expected");
    if (t->n < sizeof word) memcpy(word, t->text, t->n);
    const kal__name *old = kal__names_find(&r->p->names, t->text, t->n);
    const char *is =
        kal_op_find(word) || kal__same(t, "save") || kal__same(t, "print") || kal__same(t, "input") ? "an op"
        : !old                                                                                      ? NULL
        : old->def                                                                                  ? "a def"
        : old->param ? "a param"
        : old->node  ? "an image"
                     : "a literal";
    if (!is) return KAL_OK;
    kal_fail(r->err, KAL_SYNTAX, "\"%.*s\" is %s already; take another name", shown(t->n), t->text, is);
    return kal__fail_at(r, t, KAL_SYNTAX);
}

static kal_status parse_formal(kal__parser *r, kal__def *d)
{
    const kal__token t = r->t;
    if (!kal__is_identifier(&t)) return kal__wrong(r, &t, "the name of a parameter was expected");
    for (int32_t i = 0; i < d->n_formals; i++)
        if (is_word(&t, d->formals[i].name.text, d->formals[i].name.n))
            return refuse(r, &t, "this parameter is there already");
    if (d->n_formals == MAX_FORMALS) {
        kal_fail(r->err, KAL_LIMIT, "more than %d parameters of a def", MAX_FORMALS);
        return kal__fail_at(r, &t, KAL_LIMIT);
    }
    kal__formal *f = &d->formals[d->n_formals++];
    *f = (kal__formal){{.text = kal__copy_word(r->p, t.text, t.n), .n = t.n}, true};
    if (!f->name.text) return kal__no_memory(r);
    kal_status st = kal__next(r);
    if (st || r->t.kind != KAL__EQUALS) return d->n_images++, st;
    st = kal__next(r);
    if (st) return st;
    if (!kal__starts_arg(&r->t) || r->t.kind == KAL__OPEN)
        return kal__wrong(r, &r->t, "a value was expected");
    kal__take_value(r, &r->t, &f->name);
    f->image = false;
    return kal__next(r);
}

static kal_status parse_head(kal__parser *r, kal__def *d)
{
    if (r->t.kind != KAL__OPEN) return kal__wrong(r, &r->t, "( and the parameters of the def were expected");
    r->lex.commas = true;
    r->lex.depth++;
    kal_status st = kal__next(r);
    while (!st && r->t.kind != KAL__CLOSE) st = parse_formal(r, d);
    r->lex.commas = false;
    r->lex.depth--;
    if (!st) st = kal__next(r);
    if (!st && r->t.kind != KAL__EQUALS) st = kal__wrong(r, &r->t, "= and the body of the def were expected");
    return st;
}

// ---- the body, which is leapt over --------------------------------------------------------------

typedef struct leap {
    const kal__def *def;
    int depth;     // of parentheses
    bool begins;   // a statement does here …
    bool calls;    // … or a pipe, or a call
    bool piped;    // after a |
    bool named;    // what is defined has its name
} leap;

static const char *const never[] = {"save", "print", "param", "include", "def"};

// Words that would be wrong whatever the def is called with.
static kal_status check_word(kal__parser *r, leap *l)
{
    const kal__token t = r->t;
    const kal_op *op;
    kal__parser look = *r;
    kal_status st = kal__next(&look);
    l->named = l->begins && look.t.kind == KAL__EQUALS;
    if (st || l->named) return st;
    const bool stated = l->begins && (look.t.kind == KAL__WORD || look.t.kind == KAL__STRING);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (kal__same(&t, never[i]) && (i < 2 ? l->begins || l->piped : stated))
            return refuse(r, &t, "a def makes one image or value: it saves, prints and declares nothing");
    if (is_word(&t, l->def->name, l->def->n)) return recursion(r, &t);
    const kal__name *n = kal__lookup(r, t.text, t.n);
    return !l->piped || (n && n->def) ? KAL_OK : kal__called_op(r, &t, &op);
}

static kal_status leap_over(kal__parser *r, leap *l, bool *ended)
{
    const kal__token t = r->t;
    kal_status st = KAL_OK;
    *ended = false;
    if (t.kind == KAL__END ||
        (!l->depth && (t.kind == KAL__BRACE_CLOSE ||
                       (t.kind == KAL__NEWLINE && !r->lex.block && !(l->piped && *t.at == '\n')))))
        return *ended = true, KAL_OK;
    if (t.kind == KAL__BRACE_OPEN || t.kind == KAL__BRACE_CLOSE)
        return kal__wrong(r, &t,
                          l->depth ? "a ) was expected" : "the body of a def is one block: a } was expected");
    if (t.kind == KAL__CLOSE && !l->depth) return kal__wrong(r, &t, "the end of the def was expected");
    if (t.kind == KAL__OPEN) l->depth++, r->lex.depth++;
    if (t.kind == KAL__CLOSE) l->depth--, r->lex.depth--;
    if (t.kind == KAL__WORD && l->calls) st = check_word(r, l);
    const bool defines = t.kind == KAL__EQUALS && l->named;
    const bool goes_on = t.kind == KAL__NEWLINE && l->piped && *t.at == '\n';
    if (!goes_on) l->piped = t.kind == KAL__PIPE;
    l->begins = t.kind == KAL__NEWLINE && !goes_on;
    l->calls = l->begins || l->piped || t.kind == KAL__OPEN || defines;
    return st ? st : kal__next(r);
}

static kal_status parse_body(kal__parser *r, kal__def *d)
{
    const kal__lexer mark = r->lex;
    r->lex.block = true;
    kal_status st = kal__next(r);
    if (st) return st;
    if (r->t.kind == KAL__BRACE_OPEN) {
        d->body = r->lex;
        st = kal__next(r);
    } else {
        r->lex = d->body = mark;
        st = kal__next(r);
        if (!st && !kal__starts_arg(&r->t)) st = kal__wrong(r, &r->t, "the body of the def was expected");
    }
    leap l = {.def = d, .begins = true, .calls = true};
    for (bool ended = false; !st && !ended;) st = leap_over(r, &l, &ended);
    if (st) return st;
    if (l.depth) return kal__wrong(r, &r->t, "a ) was expected");
    if (r->lex.block && r->t.kind != KAL__BRACE_CLOSE)
        return kal__wrong(r, &r->t, "the } of the def was expected");
    d->body.end = r->t.at;
    if (!r->lex.block) return KAL_OK;
    r->lex.block = false;
    return kal__next(r);
}

static bool keep_def(kal_program *p, const kal__def *d)
{
    if (!kal__more(&p->defs, p->n_defs, &p->defs_room, sizeof *p->defs)) return false;
    p->defs[p->n_defs++] = d;
    return true;
}

kal_status kal__parse_def(kal__parser *r)
{
    kal_status st = new_name(r, &r->t);
    kal__def *d = kal__take(&r->p->arena, 1, sizeof *d);
    if (st) return st;
    if (!d) return kal__no_memory(r);
    *d = (kal__def){.name = kal__copy_word(r->p, r->t.text, r->t.n),
                    .n = r->t.n,
                    .formals = kal__take(&r->p->arena, MAX_FORMALS, sizeof *d->formals),
                    .file = r->file};
    if (!d->name || !d->formals) return kal__no_memory(r);
    st = kal__next(r);
    if (!st) st = parse_head(r, d);
    if (!st) st = parse_body(r, d);
    if (st) return st;
    if (!keep_def(r->p, d) || !kal__define(r, &(kal__name){.text = d->name, .n = d->n, .def = d}))
        return kal__no_memory(r);
    d->since = r->p->serial;
    return r->outline ? kal__leap_body(r) : KAL_OK;
}

// ---- a call -------------------------------------------------------------------------------------

static const char *formal_name(const void *of, size_t i)
{
    return ((const kal__formal *)of)[i].name.text;
}

// "soft(img, s=…)", as far as there is room.
static const char *head_of(const kal__def *d, char out[200])
{
    size_t at = (size_t)snprintf(out, 200, "%.60s(", d->name);
    for (int32_t i = 0; i < d->n_formals && at < 140; i++)
        at += (size_t)snprintf(out + at, 200 - at, "%s%.40s%s", i ? ", " : "", d->formals[i].name.text,
                               d->formals[i].image ? "" : "=…");
    snprintf(out + at, 200 - at, ")");
    return out;
}

static kal_status wrong_call(const kal__parser *r, const kal__def *d, const kal__token *at, const char *what)
{
    char head[200];
    kal_fail(r->err, KAL_INVALID, "%s: %s", head_of(d, head), what);
    return kal__fail_at(r, at, KAL_INVALID);
}

static kal_status give_images(kal__parser *r, kal__written *c, kal__frame *f)
{
    const kal__def *d = c->def;
    char what[100];
    snprintf(what, sizeof what, "%d image%s or value%s wanted, and %d given", d->n_images,
             d->n_images == 1 ? "" : "s", d->n_images == 1 ? " is" : "s are", c->n);
    if (c->n != d->n_images) return wrong_call(r, d, &c->op, what);
    for (int32_t i = 0, k = 0; i < d->n_formals; i++) {
        if (!d->formals[i].image) continue;
        kal__name m = d->formals[i].name;
        m.node = c->in[k], m.trail = c->trails[k];
        c->in[k++] = NULL;
        if (!kal__names_set(&f->own, &m, NULL)) return kal__no_memory(r);
    }
    return KAL_OK;
}

// Which parameter an argument is for: the one it names, else the next literal that nothing was said of.
static kal_status find_formal(const kal__parser *r, const kal__def *d, const kal__arg *a, const bool *given,
                              int32_t *out)
{
    char what[200];
    const bool named = a->key.kind == KAL__WORD;
    int32_t i = 0;
    while (i < d->n_formals && (named ? !is_word(&a->key, d->formals[i].name.text, d->formals[i].name.n)
                                      : d->formals[i].image || given[i]))
        i++;
    *out = i;
    if (i == d->n_formals && !named) return wrong_call(r, d, &a->value, "this is one value too many");
    if (i == d->n_formals) {
        const char *near = kal__nearest(a->key.text, a->key.n, formal_name, d->formals, (size_t)d->n_formals);
        snprintf(what, sizeof what, "there is no parameter \"%.*s\"%s%.60s%s", shown(a->key.n), a->key.text,
                 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        return wrong_call(r, d, &a->key, what);
    }
    if (d->formals[i].image) return wrong_call(r, d, &a->key, "an image stands without a name");
    return given[i] ? wrong_call(r, d, &a->key, "this parameter is given twice") : KAL_OK;
}

static kal_status give_literals(kal__parser *r, kal__written *c, kal__frame *f)
{
    const kal__def *d = c->def;
    bool given[MAX_FORMALS] = {false};
    const kal__arg *by[MAX_FORMALS] = {NULL};
    // those with a name first: the others go past them
    for (int32_t pass = 0; pass < 2; pass++)
        for (int32_t i = 0, k; i < c->n_args; i++) {
            if ((c->args[i].key.kind == KAL__WORD) != !pass) continue;
            const kal_status st = find_formal(r, d, &c->args[i], given, &k);
            if (st) return st;
            given[k] = true;
            by[k] = &c->args[i];
        }
    for (int32_t i = 0; i < d->n_formals; i++) {
        if (d->formals[i].image) continue;
        kal__name m = d->formals[i].name;
        if (by[i] && by[i]->node)
            m = (kal__name){.text = m.text, .n = m.n, .node = kal_node_ref(by[i]->node)};
        else if (by[i])
            m.value = by[i]->value.text, m.value_n = by[i]->value.n,
            m.quoted = by[i]->value.kind == KAL__STRING;
        if (!kal__names_set(&f->own, &m, NULL)) return kal__no_memory(r);
    }
    return KAL_OK;
}

static kal_status read_last(kal__parser *r, kal_node **out)
{
    kal_status st = kal__parse_pipe(r, out);
    while (!st && r->t.kind == KAL__NEWLINE) st = kal__next(r);
    if (!st && r->t.kind == KAL__PIPE)
        st = refuse(r, &r->t, "a def makes one image or value: it saves nothing");
    if (!st && r->t.kind != KAL__END) st = kal__wrong(r, &r->t, "the end of the def was expected");
    if (st) kal_node_unref(out);
    return st;
}

static kal_status read_body(kal__parser *r, kal_node **out)
{
    kal_status st = kal__next(r);
    for (;;) {
        while (!st && r->t.kind == KAL__NEWLINE) st = kal__next(r);
        if (st) return st;
        if (r->t.kind == KAL__END) return refuse(r, &r->t, "a def ends in a pipe, which is what it makes");
        const kal__token id = r->t;
        const kal__lexer mark = r->lex;
        if (kal__is_identifier(&id)) st = kal__next(r);
        if (st) return st;
        if (!kal__is_identifier(&id) || r->t.kind != KAL__EQUALS) {
            r->lex = mark;
            r->t = id;
            return read_last(r, out);
        }
        st = kal__parse_definition(r, &id);
        if (!st && r->t.kind != KAL__END && r->t.kind != KAL__NEWLINE)
            st = kal__wrong(r, &r->t, "the end of the statement was expected");
    }
}

static kal_status may_expand(kal__parser *r, const kal__written *c)
{
    const kal__def *d = c->def;
    const size_t size = (size_t)(d->body.end - d->body.at);
    if (r->depth == MAX_DEPTH)
        kal_fail(r->err, KAL_LIMIT, "calls of defs nested more than %d deep", MAX_DEPTH);
    else if (r->calls == MAX_CALLS)
        kal_fail(r->err, KAL_LIMIT, "more than %d calls of defs", MAX_CALLS);
    else if (size > MAX_EXPANDED - r->expanded)
        kal_fail(r->err, KAL_LIMIT, "the calls of defs come to more than %zu MiB of text",
                 MAX_EXPANDED >> 20);
    else
        return r->calls++, r->expanded += size, KAL_OK;
    return kal__fail_at(r, &c->op, KAL_LIMIT);
}

// The error lies in the body; the calls that led there stand before it, all of them while there is room, the first always.
static kal_status name_call(const kal__parser *r, const kal__written *c, kal_status st)
{
    if (st != KAL_NOMEM && (!r->depth || strlen(r->err->message) < 300))
        kal__lex_within(&r->lex, c->op.at, c->def->name, r->err);
    return st;
}

// `memo=` behind a call is of what it makes, unless the def has a parameter of that name.
static kal_status take_memo(kal__parser *r, kal__written *c, kal_memo_mode *memo)
{
    const kal__token *bad = &c->op;
    *memo = KAL_MEMO_AUTO;
    for (int32_t i = 0; i < c->def->n_formals; i++)
        if (!strcmp(c->def->formals[i].name.text, "memo")) return KAL_OK;
    const kal_status st = kal__take_memo((kal__schema){.of = c->def->name}, c, memo, &bad, r->err);
    return st ? kal__fail_at(r, bad, st) : KAL_OK;
}

kal_status kal__expand(kal__parser *r, kal__written *c, kal_node **out)
{
    kal__frame f = {.def = c->def, .caller = r->frame};
    kal_memo_mode memo;
    kal_status st = may_expand(r, c);
    if (!st) st = take_memo(r, c, &memo);
    if (!st) st = give_images(r, c, &f);
    if (!st) st = give_literals(r, c, &f);
    const kal__parser was = *r;
    if (!st) {
        if (!r->frame) r->called_at = c->op.at;
        r->lex = c->def->body;
        r->file = c->def->file;
        r->frame = &f;
        r->depth++;
        r->nest--;   // the body's pipe counts as the call's
        st = read_body(r, out);
        r->lex = was.lex, r->t = was.t, r->file = was.file, r->frame = was.frame;
        r->depth = was.depth, r->nest = was.nest;
        if (st) name_call(r, c, st);
        if (!st && memo) kal_node_set_memo(*out, memo);
    }
    kal__names_free(&f.own);
    return st;
}
