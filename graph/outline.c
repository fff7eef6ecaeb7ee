// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The outline of a text: what it declares, and which pictures it wants, in, in1, in2 …, without having any of them. Statements that would
// make nodes are leapt over, word by word.
#include "parse.h"

#include <string.h>

static bool is_input(const char *text, size_t n)
{
    if (n < 2 || n > 12 || memcmp(text, "in", 2) != 0) return false;
    for (size_t i = 2; i < n; i++)
        if (text[i] < '0' || text[i] > '9') return false;
    return true;
}

static kal_status keep_input(kal__parser *r, const kal__def *def, const char *text, size_t n)
{
    kal_program *p = r->p;
    if (!is_input(text, n) || kal__lookup(r, text, n)) return KAL_OK;
    for (int32_t i = 0; def && i < def->n_formals; i++)
        if (def->formals[i].name.n == n && !memcmp(def->formals[i].name.text, text, n)) return KAL_OK;
    for (size_t i = 0; i < p->n_inputs; i++)
        if (strlen(p->inputs[i].name) == n && !memcmp(p->inputs[i].name, text, n)) return KAL_OK;
    if (!kal__more(&p->inputs, p->n_inputs, &p->inputs_room, sizeof *p->inputs)) return kal__no_memory(r);
    const kal__wanted w = {kal__copy_word(p, text, n), kal__lex_place(&r->lex, text)};
    if (!w.name) return kal__no_memory(r);
    p->inputs[p->n_inputs++] = w;
    return KAL_OK;
}

// A word, or those of a list, unless it is the name of a parameter.
static kal_status look_at(kal__parser *r, const kal__def *def, const kal__token *t, bool names)
{
    kal_status st = KAL_OK;
    if (t->kind == KAL__WORD && !names) return keep_input(r, def, t->text, t->n);
    if (t->kind != KAL__LIST) return KAL_OK;
    for (const char *at = t->text + 1, *end = t->text + t->n - 1; at < end && !st;) {
        const char *word = at;
        while (at < end && !strchr(" \t\r\n,", *at)) at++;
        st = keep_input(r, def, word, (size_t)(at - word));
        if (at < end) at++;
    }
    return st;
}

// Where a call of load is: `key`, the last word that may be a parameter's name; `value`, behind its =.
typedef struct loading {
    bool call, value;
    kal__token key;
} loading;

// load -, load "-", load page=0 path=-
static bool loads_stdin(loading *l, const kal__token *t)
{
    const bool word = t->kind == KAL__WORD || t->kind == KAL__STRING;
    const bool it =
        l->call && word && t->n == 1 && *t->text == '-' && (!l->value || kal__same(&l->key, "path"));
    if (t->kind == KAL__PIPE || t->kind == KAL__NEWLINE || t->kind == KAL__OPEN || t->kind == KAL__CLOSE)
        l->call = false;
    if (t->kind == KAL__WORD && !l->call) l->call = kal__same(t, "load");
    l->value = t->kind == KAL__EQUALS;
    if (!l->value) l->key = *t;
    return it;
}

static kal_status leap(kal__parser *r, const kal__def *def, bool to_end)
{
    kal_status st = KAL_OK;
    bool piped = false;
    loading l = {.call = false};
    while (!st && r->t.kind != KAL__END) {
        const kal__token t = r->t;
        r->p->stdin_too |= loads_stdin(&l, &t) && !def;   // a def's body is nothing until it is called
        if (t.kind == KAL__NEWLINE && !to_end && !r->lex.depth && !(piped && *t.at == '\n')) break;
        r->lex.depth += t.kind == KAL__OPEN ? 1 : t.kind == KAL__CLOSE && r->lex.depth ? -1 : 0;
        if (t.kind != KAL__NEWLINE) piped = t.kind == KAL__PIPE;
        st = kal__next(r);
        if (!st) st = look_at(r, def, &t, r->t.kind == KAL__EQUALS);
    }
    r->lex.depth = 0;
    return st;
}

kal_status kal__leap_statement(kal__parser *r, const kal__token *defined)
{
    kal_status st = leap(r, NULL, false);
    if (!st && defined && !kal__define(r, &(kal__name){.text = defined->text, .n = defined->n}))
        st = kal__no_memory(r);
    return st;
}

kal_status kal__leap_body(kal__parser *r)
{
    const kal__lexer was = r->lex;
    const kal__token t = r->t;
    const kal__def *def = r->p->defs[r->p->n_defs - 1];
    if (r->file) return KAL_OK;   // it sees no pictures
    r->lex = def->body;
    kal_status st = kal__next(r);
    if (!st) st = leap(r, def, true);
    r->lex = was;
    r->t = t;
    return st;
}
