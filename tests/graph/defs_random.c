// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Random texts: with defs against what they expand to, and whatever else is thrown at the parser.
#include "check.h"

#include <stdarg.h>

static kal_node *in;   // 200×150 rgb

static kal_status parse(const char *text, kal_program **p)
{
    const kal_binding b = {.name = "in", .node = in};
    return kal_program_parse(text, strlen(text), &b, 1, p, &check_error);
}

// ---- random defs against what they expand to --------------------------------------------------------

enum { MAX_DEFS = 5 };

typedef struct expr {
    int op;   // row of ops; -1: an image; -2: a call
    int which;
    struct expr *in[2];
    int literal[2];   // a number, or -1 - i: literal parameter i of the def it stands in
} expr;

typedef struct random_def {
    int images, literals;
    int standard[2];
    expr *body;
} random_def;

static const struct {
    const char *name, *before, *after;
    int images, literals;
} ops[] = {{"invert", "", "", 1, 0},
           {"gaussian", " sigma=", "", 1, 1},
           {"linear", " scale=", " offset=", 1, 2},
           {"blend", " alpha=0.", "", 2, 1},
           {"crop 64x50+10+20 | gaussian", " ", " | uncrop feather=3", 1, 1}};

static random_def defs[MAX_DEFS];
static int n_defs;
static rng dice;

static int literal(int literals)
{
    return literals && rng_below(&dice, 2) ? -1 - rng_below(&dice, literals) : 1 + rng_below(&dice, 9);
}

static expr *random_expr(int depth, int images, int literals, int callable)
{
    expr *e = calloc(1, sizeof *e);
    const int what = depth ? rng_below(&dice, 8) : 0;
    e->op = what == 0 ? -1 : what < 4 && callable ? -2 : rng_below(&dice, (int)(sizeof ops / sizeof *ops));
    e->which = rng_below(&dice, e->op == -1 ? images : callable ? callable : 1);
    const int n = e->op == -1 ? 0 : e->op == -2 ? defs[e->which].images : ops[e->op].images;
    for (int i = 0; i < n; i++) e->in[i] = random_expr(depth - 1, images, literals, callable);
    for (int i = 0; i < 2; i++) e->literal[i] = literal(literals);
    return e;
}

static void free_expr(expr *e)
{
    if (!e) return;
    free_expr(e->in[0]);
    free_expr(e->in[1]);
    free(e);
}

// What the parameters of the def being written out are.
typedef struct env {
    const char *image[2];
    int literal[2];
} env;

static void put(char *to, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsprintf(to + strlen(to), fmt, args);
    va_end(args);
}

static void put_literal(char *to, int l, const env *e)
{
    if (l >= 0 || e)
        put(to, "%d", l >= 0 ? l : e->literal[-1 - l]);
    else
        put(to, "s%d", -1 - l);
}

// `e` NULL: as it stands in a def.
static void print_expr(char *to, const expr *x, const env *e, bool expand)
{
    static const char *const names[] = {"a", "b"};
    if (x->op == -1) {
        put(to, "%s", e ? e->image[x->which] : names[x->which]);
        return;
    }
    if (x->op == -2 && expand) {
        const random_def *d = &defs[x->which];
        char *parts[2];
        env inner = {{NULL, NULL}, {0, 0}};
        for (int i = 0; i < 2; i++) {
            parts[i] = calloc(1, 1 << 16);
            inner.image[i] = parts[i];
            if (i < d->images)
                put(parts[i], "("), print_expr(parts[i], x->in[i], e, true), put(parts[i], ")");
            const int l = x->literal[i];
            inner.literal[i] = l >= 0 ? l : e->literal[-1 - l];
        }
        print_expr(to, d->body, &inner, true);
        free(parts[0]);
        free(parts[1]);
        return;
    }
    const bool call = x->op == -2, piped = rng_below(&dice, 2) || x->op == 4;
    char word[8];
    snprintf(word, sizeof word, "d%d", x->which);
    const char *name = call ? word : ops[x->op].name;
    const int n = call ? defs[x->which].images : ops[x->op].images,
              literals = call ? defs[x->which].literals : ops[x->op].literals;
    put(to, "(");
    if (piped) print_expr(to, x->in[0], e, expand), put(to, " | ");
    put(to, "%s ", name);
    for (int i = piped; i < n; i++) put(to, "("), print_expr(to, x->in[i], e, expand), put(to, ") ");
    for (int i = 0; i < literals; i++) {
        if (call)
            put(to, rng_below(&dice, 2) ? "s%d=" : " ", i);
        else
            put(to, "%s", i ? ops[x->op].after : ops[x->op].before);
        // blend's alpha is 0.N, which no name can be part of
        put_literal(to, x->op == 3 && x->literal[i] < 0 ? 5 : x->literal[i], e);
        put(to, " ");
    }
    put(to, "%s)", !call && literals < 2 ? ops[x->op].after : "");
}

static void print_def(char *to, int i)
{
    const random_def *d = &defs[i];
    put(to, "def d%d(", i);
    for (int k = 0; k < d->images; k++) put(to, "%s, ", k ? "b" : "a");
    for (int k = 0; k < d->literals; k++) put(to, "s%d=%d ", k, d->standard[k]);
    put(to, ") = ");
    if (d->body->op >= 0 && rng_below(&dice, 2)) {
        put(to, "{\n  t = ");
        print_expr(to, d->body, NULL, false);
        put(to, "\n  t\n}\n");
    } else {
        print_expr(to, d->body, NULL, false);
        put(to, rng_below(&dice, 2) ? "\n" : ";\n");
    }
}

static void random_texts(void)
{
    static char with[1 << 20], without[1 << 20];
    for (uint64_t seed = 1; seed <= 300; seed++) {
        dice = (rng){seed};
        with[0] = without[0] = 0;
        n_defs = 1 + rng_below(&dice, MAX_DEFS);
        for (int i = 0; i < n_defs; i++) {
            random_def *d = &defs[i];
            *d = (random_def){1 + rng_below(&dice, 2), rng_below(&dice, 3), {literal(0), literal(0)}, NULL};
            d->body = random_expr(2, d->images, d->literals, i);
            print_def(with, i);
        }
        const env outer = {{"in", "other"}, {0, 0}};
        expr *x = random_expr(2, 2, 0, n_defs);
        put(with, "other = in | turn half\n");
        put(without, "other = in | turn half\n");
        print_expr(with, x, &outer, false);
        print_expr(without, x, &outer, true);
        kal_program *p = NULL, *q = NULL;
        const bool ok =
            REQUIRE_NOTE(!parse(with, &p), "seed %d: %s\n%s", (int)seed, check_error.message, with) &
            REQUIRE_NOTE(!parse(without, &q), "seed %d: %s\n%s", (int)seed, check_error.message, without);
        if (ok)
            REQUIRE_NOTE(kal_program_root(p) == kal_program_root(q), "seed %d:\n%s\nagainst\n%s", (int)seed,
                         with, without);
        kal_program_free(&p);
        kal_program_free(&q);
        free_expr(x);
        for (int i = 0; i < n_defs; i++) free_expr(defs[i].body);
    }
}

// ---- whatever is thrown at it -----------------------------------------------------------------------

static void noise(void)
{
    static const char *const words[] = {"in",         "|",      "gaussian", "def",
                                        "(",          ")",      "[",        "]",
                                        "=",          "s",      "2",        "\"",
                                        "f",          "g",      ";",        "\n",
                                        "{",          "}",      ",",        "param",
                                        "in",         "0..5",   "a|b",      "crop",
                                        "uncrop",     "f(a)",   "invert",   "#",
                                        "save",       "print",  "= {",      "def f(a, s=1) =",
                                        "a | invert", "in | f", "include",  "include \"nowhere\""};
    rng r = {77};
    for (int i = 0; i < 30000; i++) {
        char text[500] = "";
        const int32_t n = 1 + rng_below(&r, 16);
        for (int32_t k = 0; k < n; k++) {
            strcat(text, words[rng_below(&r, (int32_t)(sizeof words / sizeof *words))]);
            if (rng_below(&r, 5)) strcat(text, " ");
        }
        kal_program *p = NULL, *q = NULL;
        check_error.message[0] = 0;
        const kal_status st = parse(text, &p);
        REQUIRE_NOTE(!st == (p != NULL) && (!st || check_error.message[0]), "%s", text);
        kal_program_free(&p);
        const kal_status outline = kal_program_outline(text, strlen(text), NULL, &q, &check_error);
        REQUIRE_NOTE(!outline == (q != NULL) && (st || !outline), "%s: %s", text,
                     outline ? check_error.message : "");
        kal_program_free(&q);
    }
}

int main(void)
{
    rng r = {5};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(200, 150, 3, KAL_U8);
    in = rng_image(&r, s, &e);
    random_texts();
    noise();
    kal_scope_free(&s);
    REQUIRE(kal_node_count() == 0);
    return check_done();
}
