// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See lex.h.
#include "lex.h"

#include <string.h>

kal_place kal__lex_place(const kal__lexer *l, const char *at)
{
    kal_place p = {.line = 1, .column = 1, .included = l->included};
    for (const char *c = l->text; c < at && c < l->end; c++) {
        if (*c == '\n')
            p.line++, p.column = 1;
        else if ((*c & 0xc0) != 0x80)   // a UTF-8 sequence is one column
            p.column++;
    }
    return p;
}

void kal__lex_within(const kal__lexer *l, const char *at, const char *def, kal_error *err)
{
    kal__place_within(kal__lex_place(l, at), l->file, def, err);
}

static kal_status fail_at(const kal__lexer *l, const char *at, const char *what, kal_error *err)
{
    kal_fail(err, KAL_SYNTAX, "%s", what);
    kal__lex_within(l, at, NULL, err);
    return KAL_SYNTAX;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_word(char c)
{
    static const bool ends[256] = {
        [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['\0'] = true, ['|'] = true, ['('] = true,
        [')'] = true, ['['] = true,  [']'] = true,  [';'] = true,  ['='] = true,  ['"'] = true};
    return ends[(unsigned char)c];
}

static bool ends_here(const kal__lexer *l, char c)
{
    return ends_word(c) || (l->commas && c == ',') || (l->block && (c == '{' || c == '}'));
}

bool kal__lex_plain(const char *s)
{
    if (!*s || *s == '#' || *s == '\'') return false;
    for (; *s; s++)
        if (ends_word(*s) || (unsigned char)*s < 0x20) return false;
    return true;
}

// "#" begins a comment unless what follows is a colour: 3, 4, 6 or 8 hex digits and the end of a word.
static bool is_colour(const kal__lexer *l)
{
    const char *at = l->at, *end = l->end;
    size_t n = 1;
    while (at + n < end && strchr("0123456789abcdefABCDEF", at[n]) && at[n]) n++;
    return (n == 4 || n == 5 || n == 7 || n == 9) && (at + n == end || ends_here(l, at[n]));
}

static void skip_space(kal__lexer *l)
{
    for (; l->at < l->end; l->at++) {
        if (*l->at == '#' && !is_colour(l)) {
            while (l->at + 1 < l->end && l->at[1] != '\n') l->at++;
            continue;
        }
        if (!is_space(*l->at) && !(l->depth && *l->at == '\n') && !(l->commas && *l->at == ',')) return;
    }
}

static kal_status lex_string(kal__lexer *l, kal__token *t, kal_error *err)
{
    const char *from = ++l->at;
    char *to = kal__take(l->arena, (size_t)(l->end - from) + 1, 1);
    if (!to) return kal_fail(err, KAL_NOMEM, "out of memory");
    size_t n = 0;
    for (; l->at < l->end && *l->at != '"'; l->at++) {
        if (*l->at == '\n') break;
        if (*l->at == '\\' && l->at + 1 < l->end) {
            l->at++;
            to[n++] = *l->at == 'n' ? '\n' : *l->at;
        } else {
            to[n++] = *l->at;
        }
    }
    if (l->at >= l->end || *l->at != '"') return fail_at(l, t->at, "the string is not closed", err);
    l->at++;
    if (memchr(to, 0, n)) return fail_at(l, t->at, "a string cannot hold a NUL byte", err);
    *t = (kal__token){KAL__STRING, to, n, t->at};
    return KAL_OK;
}

static kal_status lex_list(kal__lexer *l, kal__token *t, kal_error *err)
{
    while (l->at < l->end && *l->at != ']') {
        if (l->at > t->at && *l->at == '[') return fail_at(l, l->at, "a list cannot contain a list", err);
        l->at++;
    }
    if (l->at >= l->end) return fail_at(l, t->at, "the list is not closed", err);
    l->at++;
    *t = (kal__token){KAL__LIST, t->at, (size_t)(l->at - t->at), t->at};
    return KAL_OK;
}

static kal_status lex_word(kal__lexer *l, kal__token *t)
{
    while (l->at < l->end && !ends_here(l, *l->at)) l->at++;
    *t = (kal__token){KAL__WORD, t->at, (size_t)(l->at - t->at), t->at};
    return KAL_OK;
}

kal_status kal__lex(kal__lexer *l, kal__token *t, kal_error *err)
{
    static const struct {
        char c;
        kal__token_kind kind;
    } single[] = {{'\n', KAL__NEWLINE}, {';', KAL__NEWLINE}, {'|', KAL__PIPE},       {'(', KAL__OPEN},
                  {')', KAL__CLOSE},    {'=', KAL__EQUALS},  {'{', KAL__BRACE_OPEN}, {'}', KAL__BRACE_CLOSE}};
    skip_space(l);
    *t = (kal__token){KAL__END, l->at, 0, l->at};
    if (l->at >= l->end) return KAL_OK;
    if (*l->at == '\'') return fail_at(l, l->at, "a text stands in \"double quotes\"", err);
    if (!ends_here(l, *l->at)) return lex_word(l, t);
    if (*l->at == '"') return lex_string(l, t, err);
    if (*l->at == '[') return lex_list(l, t, err);
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (*l->at == single[i].c) {
            *t = (kal__token){single[i].kind, l->at, 1, l->at};
            l->at++;
            return KAL_OK;
        }
    return fail_at(l, l->at, *l->at == ']' ? "a ] without its [" : "a NUL byte", err);
}
