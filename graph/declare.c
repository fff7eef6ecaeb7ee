// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a text says of itself: param sigma = 2 in 0..50 "blur strength". A param is a literal whose value, when it is set from outside, is
// looked at before anything is made of it.
#include "parse.h"

#include "putf.h"
#include "num.h"

#include <stdio.h>
#include <string.h>

static int shown(size_t n)
{
    return (int)(n > 60 ? 60 : n);
}

static bool is_word(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && !memcmp(text, word, n);
}

// ---- values -------------------------------------------------------------------------------------

static bool is_bool(const char *text, size_t n)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(text, n, words[i])) return true;
    return false;
}

// A colour, or a list of numbers; one number is one, too.
static bool is_list(const char *text, size_t n)
{
    typedef struct p {
        size_t size;
        kal_list list;
    } p;
    static const kal_param row = {"list", KAL_PARAM_COLOR, offsetof(p, list), 0, NULL, 0, 0, "", ""};
    static const kal_extent rgb = {1, 1, 3, KAL_U8, KAL_RGB, false};
    p params = {sizeof params, {NULL, 0}};
    kal_error unused;
    kal__arena arena = {0};
    const kal__schema s = {&row, 1, sizeof params, "param", 0};
    const bool is =
        !kal__param_set(s, &row, &params, text, n, &(kal__param_context){&rgb, &arena, NULL}, &unused);
    kal__arena_free(&arena);
    return is;
}

// The words of "a|b|c", as many and as long as are likely; what is beyond is not suggested.
typedef struct word_list {
    char list[32][48];
    size_t n;
} word_list;

static const char *word_at(const void *of, size_t i)
{
    return ((const word_list *)of)->list[i];
}

static bool is_choice(const char *choices, const char *text, size_t n, word_list *w)
{
    w->n = 0;
    for (const char *at = choices; *at;) {
        const size_t m = strcspn(at, "|");
        if (m == n && !memcmp(at, text, n)) return true;
        if (w->n < 32) snprintf(w->list[w->n++], sizeof *w->list, "%.*s", (int)(m < 47 ? m : 47), at);
        at += m + (at[m] == '|');
    }
    return false;
}

static kal_param_kind kind_of(const kal__name *v, bool in_range, const char *choices)
{
    double number;
    const bool list = !v->quoted && v->value_n && (*v->value == '[' || is_list(v->value, v->value_n));
    if (choices) return KAL_PARAM_CHOICE;
    if (in_range || (!v->quoted && kal__parse_double(v->value, v->value_n, &number))) return KAL_PARAM_FLOAT;
    if (!v->quoted && is_bool(v->value, v->value_n)) return KAL_PARAM_BOOL;
    return list ? KAL_PARAM_COLOR : KAL_PARAM_TEXT;
}

static kal_status check_value(const kal_param_info *p, const char *text, size_t n, kal_error *err)
{
    double v;
    char want[400] = "";
    word_list w;
    if (p->kind == KAL_PARAM_FLOAT && !kal__parse_double(text, n, &v))
        snprintf(want, sizeof want, "is not a number");
    else if (p->kind == KAL_PARAM_FLOAT && p->min < p->max && (v < p->min || v > p->max))
        kal__format(want, sizeof want, "is outside %g..%g", p->min, p->max);
    else if (p->kind == KAL_PARAM_CHOICE && !is_choice(p->choices, text, n, &w)) {
        const char *near = kal__nearest(text, n, word_at, &w, w.n);
        snprintf(want, sizeof want, "is not one of %.250s%s%s%s", p->choices, near ? "; did you mean \"" : "",
                 near ? near : "", near ? "\"?" : "");
    } else if (p->kind == KAL_PARAM_BOOL && !is_bool(text, n) && !is_word(text, n, "1") &&
               !is_word(text, n, "0"))
        snprintf(want, sizeof want, "is neither true nor false");
    else if (p->kind == KAL_PARAM_COLOR && !is_list(text, n))
        snprintf(want, sizeof want, "is no colour and no list of numbers");
    return *want ? kal_fail(err, KAL_INVALID, "param %.60s=%.*s %s", p->name, shown(n), text, want) : KAL_OK;
}

// ---- the statement ------------------------------------------------------------------------------

// LO..HI
static bool read_range(const kal__token *t, kal_param_info *p)
{
    for (size_t i = 1; i + 2 < t->n; i++)
        if (t->text[i] == '.' && t->text[i + 1] == '.')
            return kal__parse_double(t->text, i, &p->min) &&
                   kal__parse_double(t->text + i + 2, t->n - i - 2, &p->max) && p->min < p->max;
    return false;
}

// a|b|c, of which the first word has been read.
static kal_status read_choices(kal__parser *r, const kal__token *first, kal_param_info *p)
{
    const char *end = first->text + first->n;
    kal_status st = KAL_OK;
    while (!st && r->t.kind == KAL__PIPE) {
        st = kal__next(r);
        if (!st && r->t.kind != KAL__WORD) st = kal__wrong(r, &r->t, "a word to choose was expected");
        end = r->t.text + r->t.n;
        if (!st) st = kal__next(r);
    }
    if (st) return st;
    char *words = kal__take(&r->p->arena, (size_t)(end - first->text) + 1, 1);
    if (!words) return kal__no_memory(r);
    p->choices = words;
    for (const char *c = first->text; c < end; c++)
        if (!strchr(" \t\r", *c)) *words++ = *c;
    *words = 0;
    return KAL_OK;
}

static kal_status read_domain(kal__parser *r, const kal__name *v, kal_param_info *p)
{
    kal_status st = kal__next(r);   // past the `in`
    if (st) return st;
    const kal__token t = r->t;
    double number;
    if (t.kind != KAL__WORD) return kal__wrong(r, &t, "LO..HI or words as a|b|c were expected");
    if (v->quoted || (v->value_n && *v->value == '['))
        return kal__wrong(r, &t, "a text or a list has no range: the end of the statement was expected");
    st = kal__next(r);
    if (st) return st;
    const char *dots = t.n > 2 ? memchr(t.text, '.', t.n) : NULL;
    const bool ranged = dots && dots + 1 < t.text + t.n &&
                        (kal__parse_double(t.text, 1, &number) || *t.text == '-' || *t.text == '.');
    if (!ranged || r->t.kind == KAL__PIPE) return read_choices(r, &t, p);
    return read_range(&t, p) ? KAL_OK : kal__wrong(r, &t, "a range LO..HI with LO below HI was expected");
}

static kal_status new_param(kal__parser *r, const kal__token *t)
{
    if (!kal__is_identifier(t)) return kal__wrong(r, t, "the name of a param was expected");
    const kal__name *old = kal__names_find(&r->p->names, t->text, t->n);
    const char *is = !old         ? NULL
                     : old->def   ? "a def"
                     : old->param ? "a param"
                     : old->node  ? "an image"
                     : old->fixed ? NULL
                                  : "a literal";
    if (!is) return KAL_OK;
    kal_fail(r->err, KAL_SYNTAX, "\"%.*s\" is %s already; take another name", shown(t->n), t->text, is);
    return kal__fail_at(r, t, KAL_SYNTAX);
}

static bool keep_param(kal_program *p, const kal_param_info *info)
{
    if (!kal__more(&p->params, p->n_params, &p->params_room, sizeof *p->params)) return false;
    p->params[p->n_params++] = *info;
    return true;
}

// Not a mistake of the text: what was set comes first, and includes say nothing of it.
static kal_status wrong_set(kal__parser *r, const kal_param_info *p)
{
    const kal_error was = *r->err;
    r->outside = true;
    kal_fail(r->err, was.status, "%.250s; declared at %.200s%sline %d, column %d", was.message,
             p->file ? p->file : "", p->file ? ": " : "", p->place.line, p->place.column);
    r->err->about = KAL_ABOUT_BINDING;
    r->err->place = p->place;
    return was.status;
}

// The name, now that all is known of it; what was set from outside is looked at here.
static kal_status declare(kal__parser *r, const kal__token *t, kal__name *v, kal_param_info *p)
{
    kal__name *set = kal__names_find(&r->p->names, t->text, t->n);
    p->standard = kal__copy_word(r->p, v->value, v->value_n);
    p->value = set ? kal__copy_word(r->p, set->value, set->value_n) : p->standard;
    if (!p->standard || !p->value) return kal__no_memory(r);
    kal_status st = check_value(p, v->value, v->value_n, r->err);
    if (st) return kal__fail_at(r, t, st);
    if (set && check_value(p, set->value, set->value_n, r->err)) return wrong_set(r, p);
    v->param = true;
    if (set)
        set->param = true;
    else if (!kal__define(r, v))
        return kal__no_memory(r);
    return keep_param(r->p, p) ? KAL_OK : kal__no_memory(r);
}

kal_status kal__parse_param(kal__parser *r)
{
    const kal__token t = r->t;
    kal_param_info p = {.name = kal__copy_word(r->p, t.text, t.n), .help = "", .file = r->lex.file};
    kal__name v = {.text = t.text, .n = t.n};
    kal_status st = p.name ? new_param(r, &t) : kal__no_memory(r);
    if (!st) st = kal__next(r);
    if (!st && r->t.kind != KAL__EQUALS)
        st = kal__wrong(r, &r->t, "= and the default of the param were expected");
    if (!st) st = kal__next(r);
    if (st) return st;
    const kal__name *image = r->t.kind == KAL__WORD ? kal__lookup(r, r->t.text, r->t.n) : NULL;
    if (!kal__starts_arg(&r->t) || r->t.kind == KAL__OPEN || (image && !image->value))
        return kal__wrong(r, &r->t, "a value was expected");
    kal__take_value(r, &r->t, &v);
    st = kal__next(r);
    if (!st && kal__same(&r->t, "in")) st = read_domain(r, &v, &p);
    if (st) return st;
    p.kind = kind_of(&v, p.min < p.max, p.choices);
    if (r->t.kind == KAL__STRING) {
        p.help = kal__copy_word(r->p, r->t.text, r->t.n);
        st = p.help ? kal__next(r) : kal__no_memory(r);
    }
    p.place = kal__lex_place(&r->lex, t.at);
    return st ? st : declare(r, &t, &v, &p);
}

// ---- what was set -------------------------------------------------------------------------------

static const char *param_name(const void *of, size_t i)
{
    return ((const kal_program *)of)->params[i].name;
}

static kal_status no_such_param(const kal_program *p, const kal__name *m, kal_error *err)
{
    char list[300] = "";
    size_t at = 0;
    for (size_t i = 0; i < p->n_params && at < 200; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%.60s", i ? ", " : "", p->params[i].name);
    if (at >= 200) snprintf(list + at, sizeof list - at, " …");
    const char *near = kal__nearest(m->text, m->n, param_name, p, p->n_params);
    return kal_fail(err, KAL_INVALID, "the text has no param \"%.*s\"%s%.60s%s; its params are %s",
                    shown(m->n), m->text, near ? "; did you mean \"" : "", near ? near : "",
                    near ? "\"?" : "", list);
}

kal_status kal__check_sets(kal__parser *r)
{
    const kal_program *p = r->p;
    for (size_t i = 0; i < p->names.n; i++) {
        const kal__name *m = &p->names.list[i];
        if (!m->fixed || !m->value || m->param || (!p->n_params && kal_program_has(p, m->text))) continue;
        p->n_params ? no_such_param(p, m, r->err)
                    : kal_fail(r->err, KAL_INVALID, "the text has no name \"%.*s\"", shown(m->n), m->text);
        r->err->about = KAL_ABOUT_BINDING;
        return KAL_INVALID;
    }
    return KAL_OK;
}
