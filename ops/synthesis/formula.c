// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See formula.h. Text becomes a tree, and from the tree come the canonical text and the program.
//
//     compare := sum (('<' | '<=' | '>' | '>=' | '==' | '!=') sum)*
//     sum     := product (('+' | '-') product)*
//     product := unary (('*' | '/') unary)*
//     unary   := '-' unary | number | name | function '(' compare (',' compare)* ')' | '(' compare ')'
#include "formula.h"

#include "num.h"

#include <stdio.h>
#include <string.h>

typedef struct part {
    kal__formula_code code;
    kal__leaf leaf;
    int16_t of[3];
} part;

typedef struct reader {
    const char *op, *text, *at;
    part parts[KAL__FORMULA_PARTS];
    int n, depth;
    kal_status st;
    kal_error *err;
} reader;

static const struct {
    const char *text;
    int n, rank;
} codes[] = {
#define ROW(code, text, n, rank) {text, n, rank},
    KAL__FORMULA_CODES(ROW)
#undef ROW
};
enum { CODES = sizeof codes / sizeof *codes };

// ---- reading ------------------------------------------------------------------------------------

static int column(const reader *r, const char *at)
{
    int n = 1;
    for (const char *c = r->text; c < at; c++) n += ((unsigned char)*c & 0xc0) != 0x80;
    return n;
}

// Keeps the first mistake.
static int wrong(reader *r, const char *at, const char *what)
{
    if (!r->st) r->st = kal_fail(r->err, KAL_INVALID, "%s: column %d: %s", r->op, column(r, at), what);
    return -1;
}

static char next(reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
    return *r->at;
}

static int add(reader *r, part p)
{
    if (r->st) return -1;
    if (r->n == KAL__FORMULA_PARTS) return wrong(r, r->at, "the formula is too long");
    r->parts[r->n] = p;
    return r->n++;
}

static int make(reader *r, kal__formula_code code, int a, int b, int c)
{
    return add(r, (part){.code = code, .of = {(int16_t)a, (int16_t)b, (int16_t)c}});
}

static int leaf(reader *r, kal__leaf_kind kind, int32_t index, double number)
{
    return add(r, (part){.code = KAL__DO_LEAF, .leaf = {kind, index, number}});
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

static int number(reader *r)
{
    const char *end = r->at;
    double v;
    while (is_digit(*end) || *end == '.') end++;
    if ((*end == 'e' || *end == 'E') &&
        (is_digit(end[1]) || ((end[1] == '-' || end[1] == '+') && is_digit(end[2]))))
        for (end += 2; is_digit(*end);) end++;
    if (in_word(*end) || !kal__parse_double(r->at, (size_t)(end - r->at), &v))
        return wrong(r, r->at, "this is not a number");
    r->at = end;
    return leaf(r, KAL__LEAF_NUMBER, 0, v);
}

static int compare(reader *r);

static int function(reader *r, int code, const char *name)
{
    int of[3] = {-1, -1, -1}, n = 0;
    char what[80];
    if (next(r) != '(') return wrong(r, r->at, "a function wants its arguments in brackets");
    do {
        r->at++;
        const int v = compare(r);
        if (n < 3) of[n] = v;
        n++;
    } while (!r->st && next(r) == ',');
    if (r->st) return -1;
    if (*r->at != ')') return wrong(r, r->at, "a bracket is not closed");
    snprintf(what, sizeof what, "%s takes %d argument%s, not %d", codes[code].text, codes[code].n,
             codes[code].n == 1 ? "" : "s", n);
    if (n != codes[code].n) return wrong(r, name, what);
    r->at++;
    return make(r, (kal__formula_code)code, of[0], of[1], of[2]);
}

static int name(reader *r)
{
    static const char *const places[] = {"x", "y", "width", "height", "channel"};
    const char *const begin = r->at;
    while (in_word(*r->at)) r->at++;
    const size_t n = (size_t)(r->at - begin);
    if (n == 1 && *begin >= 'a' && *begin < 'a' + KAL__FORMULA_IMAGES)
        return leaf(r, KAL__LEAF_IMAGE, *begin - 'a', 0);
    for (int i = 0; i < 5; i++)
        if (strlen(places[i]) == n && !memcmp(places[i], begin, n))
            return leaf(r, (kal__leaf_kind)(KAL__LEAF_X + i), 0, 0);
    int64_t index;
    if (*begin == 'v' && n == 1) return leaf(r, KAL__LEAF_VALUE, KAL__OF_CHANNEL, 0);
    if (*begin == 'v' && n > 1 && n < 4 && (n == 2 || begin[1] != '0') &&
        kal__parse_int(begin + 1, n - 1, &index) && index < KAL__FORMULA_VALUES)
        return leaf(r, KAL__LEAF_VALUE, (int32_t)index, 0);
    for (int i = 0; i < CODES; i++)
        if (!codes[i].rank && strlen(codes[i].text) == n && !memcmp(codes[i].text, begin, n))
            return function(r, i, begin);
    char what[200];
    snprintf(
        what, sizeof what,
        "\"%.*s\" is nothing known; images are a..h, places x y width height channel, numbers v and v0..v15",
        (int)(n > 40 ? 40 : n), begin);
    return wrong(r, begin, what);
}

static int unary(reader *r)
{
    const char c = next(r);
    if (r->st) return -1;
    if (r->depth > 100) return wrong(r, r->at, "brackets in brackets, too many of them");
    r->depth++;
    int v;
    if (c == '-') {
        r->at++;
        v = make(r, KAL__DO_NEG, unary(r), -1, -1);
    } else if (c == '(') {
        const char *const open = r->at++;
        v = compare(r);
        if (!r->st && next(r) != ')')
            v = wrong(r, *r->at ? r->at : open,
                      *r->at ? "an operator or ) is missing before this" : "this bracket is not closed");
        if (!r->st) r->at++;
    } else if (is_digit(c) || c == '.') {
        v = number(r);
    } else if (in_word(c)) {
        v = name(r);
    } else {
        v = wrong(r, r->at,
                  c ? "a number, a name or a bracket is wanted here" : "the formula ends too early");
    }
    r->depth--;
    return v;
}

// The operator of this rank that stands here, the longest one; -1: none.
static int operator_here(reader *r, int rank)
{
    int best = -1;
    next(r);
    for (int i = 0; i < CODES; i++) {
        const size_t n = strlen(codes[i].text);
        if (codes[i].rank != rank || codes[i].n != 2 || strncmp(r->at, codes[i].text, n)) continue;
        if (best < 0 || n > strlen(codes[best].text)) best = i;
    }
    return best;
}

static int binary(reader *r, int rank)
{
    if (rank == 4) return unary(r);
    int v = binary(r, rank + 1);
    for (int code; !r->st && (code = operator_here(r, rank)) >= 0;) {
        r->at += strlen(codes[code].text);
        v = make(r, (kal__formula_code)code, v, binary(r, rank + 1), -1);
    }
    return v;
}

static int compare(reader *r)
{
    return binary(r, 1);
}

// ---- writing ------------------------------------------------------------------------------------

typedef struct writer {
    char *to;
    size_t n;
} writer;

// What does not fit is counted, too.
static void put(writer *w, const char *s)
{
    const size_t n = strlen(s);
    if (w->n + n < KAL__FORMULA_ROOM) memcpy(w->to + w->n, s, n + 1);
    w->n += n;
}

static void put_leaf(writer *w, const kal__leaf *l)
{
    static const char *const words[] = {"", "x", "y", "width", "height", "channel"};
    char text[40];
    if (l->kind == KAL__LEAF_IMAGE)
        snprintf(text, sizeof text, "%c", 'a' + l->index);
    else if (l->kind == KAL__LEAF_VALUE && l->index == KAL__OF_CHANNEL)
        snprintf(text, sizeof text, "v");
    else if (l->kind == KAL__LEAF_VALUE)
        snprintf(text, sizeof text, "v%d", l->index);
    else if (l->kind == KAL__LEAF_NUMBER)
        kal__print_double(text, l->number);
    else
        snprintf(text, sizeof text, "%s", words[l->kind]);
    put(w, text);
}

// `least`: a looser operator stands in brackets.
static void put_part(writer *w, const part *parts, int i, int least)
{
    const part *p = &parts[i];
    if (p->code == KAL__DO_LEAF) {
        put_leaf(w, &p->leaf);
        return;
    }
    const int n = codes[p->code].n, rank = codes[p->code].rank;
    const char *text = codes[p->code].text;
    const bool brackets = rank ? rank < least : true;
    if (!rank) put(w, text);
    if (brackets) put(w, "(");
    if (rank && n == 2) {
        put_part(w, parts, p->of[0], rank);
        put(w, " ");
        put(w, text);
        put(w, " ");
        put_part(w, parts, p->of[1], rank + 1);
    } else {
        if (rank) put(w, text);
        for (int k = 0; k < n; k++) {
            if (k) put(w, ", ");
            put_part(w, parts, p->of[k], rank);
        }
    }
    if (brackets) put(w, ")");
}

// ---- compiling ----------------------------------------------------------------------------------

// Registers are leaves, then results by how many others wait for theirs. -1: too many.
static int32_t leaf_register(kal__formula *f, const kal__leaf *l)
{
    for (int32_t i = 0; i < f->n_leaves; i++) {
        const kal__leaf *k = &f->leaves[i];
        if (k->kind == l->kind && k->index == l->index && !memcmp(&k->number, &l->number, sizeof k->number))
            return i;
    }
    if (f->n_leaves == KAL__FORMULA_LEAVES) return -1;
    f->leaves[f->n_leaves] = *l;
    return f->n_leaves++;
}

static bool find_leaves(kal__formula *f, const part *parts, int n)
{
    for (int i = 0; i < n; i++)
        if (parts[i].code == KAL__DO_LEAF && leaf_register(f, &parts[i].leaf) < 0) return false;
    return true;
}

// The register of part i, with `busy` results waiting.
static int32_t compile(kal__formula *f, const part *parts, int i, int32_t busy)
{
    const part *p = &parts[i];
    if (p->code == KAL__DO_LEAF) return leaf_register(f, &p->leaf);
    if (busy >= KAL__FORMULA_DEPTH) return -1;
    kal__formula_step s = {.code = p->code};
    int32_t waiting = busy;
    for (int k = 0; k < codes[p->code].n; k++) {
        s.of[k] = compile(f, parts, p->of[k], waiting);
        if (s.of[k] < 0) return -1;
        waiting += s.of[k] >= f->n_leaves;
    }
    s.to = f->n_leaves + busy;
    if (f->registers <= s.to) f->registers = s.to + 1;
    f->steps[f->n_steps++] = s;
    return s.to;
}

kal_status kal__formula_read(const char *op, const char *text, kal__formula *out, char *canonical,
                             kal_error *err)
{
    reader r = {.op = op, .text = text, .at = text, .err = err};
    const int root = compare(&r);
    if (!r.st && next(&r)) wrong(&r, r.at, "an operator is missing before this");
    if (r.st) return r.st;
    writer w = {.to = canonical};
    put_part(&w, r.parts, root, 0);
    out->n_leaves = out->n_steps = out->registers = 0;
    const bool fits = find_leaves(out, r.parts, r.n);
    if (fits) out->registers = out->n_leaves;
    out->result = fits ? compile(out, r.parts, root, 0) : -1;
    if (w.n < KAL__FORMULA_ROOM && out->result >= 0) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: the formula is too large: %s", op,
                    w.n >= KAL__FORMULA_ROOM ? "at most 1023 letters"
                    : !fits                  ? "at most 32 different names and numbers"
                                             : "at most 24 results may wait for others");
}
