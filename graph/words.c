// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See words.h.
#include "words.h"

#include <stdlib.h>
#include <string.h>

typedef struct splitting {
    const char *at, *in, *out;
    kal__text word;
} splitting;

static bool put_name(splitting *s, const char *name, const char *is)
{
    const size_t n = strlen(name);
    if (!is || strncmp(s->at, name, n)) return false;
    kal__puts(&s->word, is);
    s->at += n;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Up to the blank behind it, or the end; false: a quote is not closed.
static bool read_word(splitting *s)
{
    char quote = 0;
    for (; *s->at && (quote || !is_blank(*s->at));) {
        if (put_name(s, "{in}", s->in) || put_name(s, "{out}", s->out)) continue;
        const char c = *s->at++;
        if (c == quote)
            quote = 0;
        else if (!quote && (c == '\'' || c == '"'))
            quote = c;
        else if (c == '\\' && quote != '\'' && *s->at)
            kal__put(&s->word, s->at++, 1);
        else
            kal__put(&s->word, &c, 1);
    }
    return !quote;
}

kal_status kal__words_split(const char *text, const char *in, const char *out, kal__arena *arena,
                            char ***words, int *n, kal_error *err)
{
    const size_t most = strlen(text) / 2 + 2;
    splitting s = {text, in, out, {0}};
    char **list = kal__take(arena, most, sizeof *list);
    kal_status st = list ? KAL_OK : KAL_NOMEM;
    *n = 0;
    while (!st) {
        while (is_blank(*s.at)) s.at++;
        if (!*s.at) break;
        s.word.size = 0;
        if (!read_word(&s)) st = kal_fail(err, KAL_INVALID, "a quote is not closed in: %.100s", text);
        char *word = st ? NULL : kal__take(arena, s.word.size + 1, 1);
        if (!st && (!word || s.word.failed)) st = KAL_NOMEM;
        if (!st && s.word.size) memcpy(word, s.word.data, s.word.size);
        if (!st) list[(*n)++] = word;
    }
    free(s.word.data);
    if (st == KAL_NOMEM) return kal_fail(err, KAL_NOMEM, "out of memory for words");
    *words = list;
    return st;
}
