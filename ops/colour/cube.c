// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See cube.h.
#include "cube.h"

#include "mem.h"
#include "num.h"

#include <stdlib.h>
#include <string.h>

typedef struct word {
    const char *at;
    size_t n;
} word;

typedef struct reader {
    const char *op, *at, *end;
    int32_t line;
    size_t read, all;   // colours
    kal__cube cube;
    bool keep;
    kal_error *err;
} reader;

static kal_status wrong(const reader *r, const char *what)
{
    return kal_fail(r->err, KAL_INVALID, "%s: line %d of the cube: %s", r->op, r->line > 0 ? r->line : 1,
                    what);
}

// The same with the word that is at fault, as far as it can be shown.
static kal_status wrong_word(const reader *r, word w, const char *what)
{
    char shown[24];
    size_t n = 0;
    for (; n < w.n && n + 1 < sizeof shown; n++) shown[n] = w.at[n] >= ' ' && w.at[n] <= '~' ? w.at[n] : '?';
    shown[n] = 0;
    return kal_fail(r->err, KAL_INVALID, "%s: line %d of the cube: \"%s%s\" %s", r->op, r->line, shown,
                    n < w.n ? "..." : "", what);
}

// Splits a line into at most `most` words; how many there are, most + 1 for more.
static int words_of(word line, word *words, int most)
{
    int n = 0;
    for (size_t i = 0; i < line.n;) {
        for (; i < line.n && (line.at[i] == ' ' || line.at[i] == '\t'); i++) continue;
        const size_t from = i;
        for (; i < line.n && line.at[i] != ' ' && line.at[i] != '\t'; i++) continue;
        if (i == from) break;
        if (n == most) return most + 1;
        words[n++] = (word){line.at + from, i - from};
    }
    return n;
}

// The next line without its end; a carriage return alone ends one, too.
static word next_line(reader *r)
{
    const char *from = r->at;
    while (r->at < r->end && *r->at != '\n' && *r->at != '\r') r->at++;
    const word line = {from, (size_t)(r->at - from)};
    if (r->at < r->end && *r->at++ == '\r' && r->at < r->end && *r->at == '\n') r->at++;
    r->line++;
    return line;
}

static bool is(word w, const char *s)
{
    return w.n == strlen(s) && !memcmp(w.at, s, w.n);
}

static kal_status numbers(const reader *r, const word *words, double v[3])
{
    for (int i = 0; i < 3; i++)
        if (!kal__parse_double(words[i].at, words[i].n, &v[i]))
            return wrong_word(r, words[i], "is not a number");
    return KAL_OK;
}

static kal_status take_size(reader *r, const word *words, int n)
{
    int64_t size;
    if (r->cube.size) return wrong(r, "a second size");
    if (n != 2 || !kal__parse_int(words[1].at, words[1].n, &size) || size < 2 || size > KAL__CUBE_MOST)
        return wrong(r, "the size must be a number from 2 to 256");
    r->cube.size = (int32_t)size;
    r->all = (size_t)(size * size * size);
    if (!r->keep) return KAL_OK;
    r->cube.v = kal__new(r->all * 3, sizeof *r->cube.v);
    return r->cube.v ? KAL_OK : kal_fail(r->err, KAL_NOMEM, "%s: out of memory", r->op);
}

static kal_status take_colour(reader *r, const word *words, int n)
{
    double v[3];
    if (!r->cube.size) return wrong(r, "no .cube file: LUT_3D_SIZE must come before anything else");
    if (r->read == r->all) return wrong(r, "there are more colours than size³");
    if (n != 3) return wrong(r, "three numbers are needed");
    const kal_status st = numbers(r, words, v);
    if (!st && r->keep) memcpy(r->cube.v + 3 * r->read, v, sizeof v);
    r->read++;
    return st;
}

// What some programs write in place of both domains.
static kal_status take_range(reader *r, const word *words, int n)
{
    if (n != 3) return wrong(r, "two numbers are needed");
    for (int i = 0; i < 2; i++) {
        double v;
        if (!kal__parse_double(words[i + 1].at, words[i + 1].n, &v))
            return wrong_word(r, words[i + 1], "is not a number");
        for (int k = 0; k < 3; k++) (i ? r->cube.high : r->cube.low)[k] = v;
    }
    return KAL_OK;
}

static kal_status take_line(reader *r, word line)
{
    word words[4];
    const int n = words_of(line, words, 4);
    if (!n || *words[0].at == '#' || is(words[0], "TITLE")) return KAL_OK;
    if (is(words[0], "LUT_3D_SIZE")) return take_size(r, words, n);
    if (is(words[0], "LUT_1D_SIZE")) return wrong(r, "it is a curve; only LUT_3D_SIZE is a cube");
    const bool low = is(words[0], "DOMAIN_MIN");
    if (low || is(words[0], "DOMAIN_MAX"))
        return n == 4 ? numbers(r, words + 1, low ? r->cube.low : r->cube.high)
                      : wrong(r, "three numbers are needed");
    const char c = *words[0].at;
    if (is(words[0], "LUT_3D_INPUT_RANGE")) return take_range(r, words, n);
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return wrong_word(r, words[0],
                          r->cube.size ? "is not a keyword of .cube files"
                                       : "is not a keyword of .cube files, and this may be none");
    return take_colour(r, words, n);
}

static kal_status check(const reader *r)
{
    for (int k = 0; k < 3; k++)
        if (!(r->cube.low[k] < r->cube.high[k])) return wrong(r, "DOMAIN_MIN must be below DOMAIN_MAX");
    if (!r->cube.size) return wrong(r, "no .cube file: it ends without LUT_3D_SIZE");
    if (r->read != r->all)
        return kal_fail(r->err, KAL_INVALID, "%s: line %d of the cube: it ends after %zu of %zu colours",
                        r->op, r->line, r->read, r->all);
    return KAL_OK;
}

kal_status kal__cube_parse(const char *op, const char *text, size_t n, bool values, kal__cube *out,
                           kal_error *err)
{
    reader r = {.op = op, .at = text, .end = text + n, .keep = values, .err = err, .cube.high = {1, 1, 1}};
    kal_status st = KAL_OK;
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) r.at += 3;   // a byte order mark
    while (!st && r.at < r.end) st = take_line(&r, next_line(&r));
    if (!st) st = check(&r);
    if (st)
        free(r.cube.v);
    else
        *out = r.cube;
    return st;
}
