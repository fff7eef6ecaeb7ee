// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Tokens of the graph text. Words need no quotes unless they contain space or one of | ( ) [ ] ; = "
#ifndef KAL_GRAPH_LEX_H
#define KAL_GRAPH_LEX_H

#include "node.h"

typedef enum kal__token_kind {
    KAL__END,
    KAL__NEWLINE,   // or ;
    KAL__WORD,
    KAL__STRING,   // in quotes; `text` is what they contain, escapes undone
    KAL__LIST,     // [ … ], brackets included
    KAL__PIPE,
    KAL__OPEN,
    KAL__CLOSE,
    KAL__EQUALS,
    KAL__BRACE_OPEN,   // these two in the block of a def only
    KAL__BRACE_CLOSE,
} kal__token_kind;

typedef struct kal__token {
    kal__token_kind kind;
    const char *text;
    size_t n;
    const char *at;   // where it begins in the source
} kal__token;

typedef struct kal__lexer {
    const char *text, *end, *at;
    kal__arena *arena;   // for strings with escapes
    int depth;           // inside ( a newline is only space
    bool commas;         // between the parameters of a def a comma is one, too
    bool block;          // in the block of a def braces stand alone
    const char *file;    // what errors call the text; NULL: it has no name
    bool included;       // by the text that was given
} kal__lexer;

kal_status kal__lex(kal__lexer *l, kal__token *out, kal_error *err);
/// Line and column of a place, counted from 1.
kal_place kal__lex_place(const kal__lexer *l, const char *at);
/// Puts the place before an error, as "common.kal: line 2, column 7"; and behind it, unless NULL, in which def it lies.
void kal__lex_within(const kal__lexer *l, const char *at, const char *def, kal_error *err);
/// Can a word be written without quotes?
bool kal__lex_plain(const char *s);

#endif
