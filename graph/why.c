// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Why something is found in the folder of a memo or not: recipes (recipe.h) read back, and that of what was asked for laid beside the one that
// differs least.
#include "memo.h"
#include "recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// ---- a recipe read ------------------------------------------------------------------------------

typedef struct span {
    const char *p;
    size_t n;
} span;

typedef struct made {
    kal_key key;
    span name, version, params, inputs;   // inputs: keys with blanks between
} made;

typedef struct recipe {
    made *lines;   // the last is the root
    size_t n;
} recipe;

static span word(span *s)
{
    while (s->n && *s->p == ' ') s->p++, s->n--;
    span w = {s->p, 0};
    while (w.n < s->n && w.p[w.n] != ' ') w.n++;
    s->p += w.n;
    s->n -= w.n;
    return w;
}

static bool key_in(span w, kal_key *out)
{
    char text[33];
    if (w.n != 32) return false;
    memcpy(text, w.p, 32);
    text[32] = 0;
    return kal_key_parse(text, out);
}

// Where " :" stands before the keys at the end.
static size_t colon(span s)
{
    for (size_t i = s.n; i-- > 1;)
        if (s.p[i] == ':' && s.p[i - 1] == ' ' && (i + 1 == s.n || s.p[i + 1] == ' ')) return i;
    return s.n;
}

static bool read_line(span line, made *out)
{
    if (!key_in(word(&line), &out->key)) return false;
    out->name = word(&line);
    out->version = word(&line);
    if (out->name.n == 4 && (!memcmp(out->name.p, "load", 4) || !memcmp(out->name.p, "save", 4))) {
        out->name.n += 1 + out->version.n;   // "save jpeg" and then the version, up to the first parameter
        while (line.n && *line.p == ' ') line.p++, line.n--;
        out->version = (span){line.p, 0};
        while (line.n) {
            span rest = line;
            const span w = word(&rest);
            if (!w.n || memchr(w.p, '=', w.n) || (w.n == 1 && *w.p == ':')) break;
            out->version.n = (size_t)(w.p + w.n - out->version.p);
            line = rest;
        }
    }
    const size_t at = colon(line);
    out->params = (span){line.p, at ? at - (at < line.n) : 0};
    out->inputs = at < line.n ? (span){line.p + at + 1, line.n - at - 1} : (span){line.p, 0};
    return true;
}

static bool read_recipe(const char *text, size_t n, recipe *out)
{
    size_t room = 0;
    *out = (recipe){NULL, 0};
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        const size_t length = end ? (size_t)(end - text) - at : n - at;
        if (!kal__more(&out->lines, out->n, &room, sizeof *out->lines)) break;
        if (read_line((span){text + at, length}, &out->lines[out->n])) out->n++;
        at += length + 1;
    }
    return out->n > 0;
}

static const made *line_of(const recipe *r, kal_key key)
{
    for (size_t i = r->n; i-- > 0;)
        if (kal_key_equal(r->lines[i].key, key)) return &r->lines[i];
    return NULL;
}

// ---- two of them side by side -------------------------------------------------------------------

#define SEEN 256

typedef struct comparing {
    const recipe *here, *there;
    kal__text *says;   // NULL: only counted
    int differences, visits;
    kal_key seen[SEEN];   // of here, that were compared: what is used twice is told once
    int n_seen;
} comparing;

#define MOST_VISITS 2000
#define ANOTHER_OP 8   // as bad as so many parameters

static bool same_span(span a, span b)
{
    return a.n == b.n && !memcmp(a.p, b.p, a.n);
}

static void say(comparing *c, const made *at, const char *what, span here, span there)
{
    c->differences++;
    if (c->says)
        kal__putf(c->says, "    %.*s: %s%.*s, there %.*s\n", (int)at->name.n, at->name.p, what,
                  (int)(here.n < 80 ? here.n : 80), here.p, (int)(there.n < 80 ? there.n : 80), there.p);
}

// "name=value", where a value in quotes or brackets may hold blanks; of a map (kal_map_print) "\"name\":value", without what stands between them.
static span parameter(span *s)
{
    while (s->n && memchr(" ,{}", *s->p, 4)) s->p++, s->n--;
    span w = {s->p, 0};
    int depth = 0;
    bool quoted = false;
    for (; w.n < s->n; w.n++) {
        const char ch = w.p[w.n];
        if (ch == '"' && (!w.n || w.p[w.n - 1] != '\\')) quoted = !quoted;
        if (!quoted) depth += (ch == '[' || ch == '{') - (ch == ']' || ch == '}');
        if (!quoted && (depth < 0 || (!depth && (ch == ' ' || ch == ',')))) break;
    }
    s->p += w.n;
    s->n -= w.n;
    return w;
}

// A file may have another name with the same bytes in it.
static bool counts(span p)
{
    return p.n < 5 || memcmp(p.p, "file=", 5) != 0;
}

// Names of a map come in their order, and there may be others there: < 0 when p is not, > 0 when q is not here. Those of an op are the same.
static int order(span p, span q)
{
    if (!p.n || !q.n) return (int)!p.n - (int)!q.n;
    if (*p.p != '"' || *q.p != '"') return 0;
    for (size_t i = 1; i < p.n && i < q.n; i++) {
        if (p.p[i] != q.p[i])
            return p.p[i] == '"' ? -1 : q.p[i] == '"' ? 1 : (unsigned char)p.p[i] - (unsigned char)q.p[i];
        if (p.p[i] == '"' && p.p[i - 1] != '\\') return 0;
    }
    return 0;
}

static span named(span params, const char *name)
{
    for (;;) {
        const span p = parameter(&params);
        if (!p.n || (p.n > strlen(name) && !memcmp(p.p, name, strlen(name)))) return p;
    }
}

// Bytes of files are told by the files' names, where they have any.
static void say_param(comparing *c, const made *a, const made *b, span p, span q)
{
    const span here = named(a->params, "file="), there = named(b->params, "file=");
    const bool bytes = p.n > 7 && !memcmp(p.p, "digest=", 7) && here.n && there.n;
    say(c, a, bytes ? "other bytes: " : "", bytes ? here : p, bytes ? there : q);
}

static void compare_params(comparing *c, const made *a, const made *b)
{
    static const span none = {"nothing", 7};
    span x = a->params, y = b->params, p = parameter(&x), q = parameter(&y);
    while (p.n || q.n) {
        const int way = order(p, q);
        const bool same = !way && same_span(p, q);
        if (!same && counts(p.n ? p : q)) say_param(c, a, b, way > 0 ? none : p, way < 0 ? none : q);
        if (way <= 0) p = parameter(&x);
        if (way >= 0) q = parameter(&y);
    }
}

static bool is_seen(comparing *c, kal_key key)
{
    for (int i = 0; i < c->n_seen; i++)
        if (kal_key_equal(c->seen[i], key)) return true;
    if (c->n_seen < SEEN) c->seen[c->n_seen++] = key;
    return false;
}

static void compare(comparing *c, const made *a, const made *b);

static void compare_inputs(comparing *c, const made *a, const made *b)
{
    span x = a->inputs, y = b->inputs;
    for (;;) {
        kal_key k, l;
        const span p = word(&x), q = word(&y);
        if (!p.n && !q.n) return;
        if (!p.n || !q.n) {
            say(c, a, "another number of inputs", (span){"", 0}, (span){"", 0});
            return;
        }
        const made *in = key_in(p, &k) ? line_of(c->here, k) : NULL,
                   *other = key_in(q, &l) ? line_of(c->there, l) : NULL;
        if (in && other)
            compare(c, in, other);
        else if (!same_span(p, q))
            say(c, a, "an input is ", p, q);
    }
}

// Two keys differ though nothing that is told does: the bytes of a file that a parameter names.
static void compare(comparing *c, const made *a, const made *b)
{
    const span bytes = {"the bytes of a file it names", 28}, others = {"others", 6};
    if (kal_key_equal(a->key, b->key) || ++c->visits > MOST_VISITS || is_seen(c, a->key)) return;
    if (!same_span(a->name, b->name)) {
        say(c, a, "", a->name, b->name);
        c->differences += ANOTHER_OP;
        return;
    }
    const int before = c->differences;
    if (!same_span(a->version, b->version)) say(c, a, "version ", a->version, b->version);
    compare_params(c, a, b);
    compare_inputs(c, a, b);
    if (c->differences == before && same_span(a->inputs, b->inputs)) say(c, a, "", bytes, others);
}

// ---- the folder -----------------------------------------------------------------------------------

typedef struct nearest {
    const recipe *here;
    kal_key not ;   // itself
    int least;      // -1: none yet
    kal_key key;
    char *text;   // its recipe
    size_t size;
} nearest;

static bool look_at(void *user, const kal_memo_entry *e)
{
    nearest *n = user;
    recipe there;
    if (!e->sound || kal_key_equal(e->key, n->not ) || !read_recipe(e->recipe, e->recipe_size, &there))
        return true;
    const made *a = &n->here->lines[n->here->n - 1], *b = &there.lines[there.n - 1];
    comparing c = {.here = n->here, .there = &there};
    if (same_span(a->name, b->name)) compare(&c, a, b);
    if (c.differences && (n->least < 0 || c.differences < n->least)) {
        char *copy = kal__new(e->recipe_size, 1);
        if (copy) {
            memcpy(copy, e->recipe, e->recipe_size);
            free(n->text);
            n->text = copy;
            n->size = e->recipe_size;
            n->least = c.differences;
            n->key = e->key;
        }
    }
    free(there.lines);
    return true;
}

static void say_what(kal__text *t, const char *how, const made *m)
{
    char key[33];
    kal__putf(t, "%s %s %.*s %.*s%.*s\n", how, kal_key_print(m->key, key), (int)m->name.n, m->name.p,
              (int)m->version.n, m->version.p, (int)m->params.n, m->params.p);
}

// What stands on no other entry.
static void say_origin(kal__text *t, const made *m)
{
    const span file = named(m->params, "file="), digest = named(m->params, "digest=");
    if (file.n)
        kal__putf(t, "  read from %.*s, whatever its path, with these bytes: %.*s\n", (int)file.n - 5,
                  file.p + 5, (int)digest.n, digest.p);
    else if (digest.n)
        kal__putf(t, "  read from bytes without a name: %.*s\n", (int)digest.n, digest.p);
    else
        kal__puts(t, "  made from nothing else\n");
}

static kal_status say_nearest(kal_memo *m, const recipe *here, kal__text *t, kal_error *err)
{
    nearest n = {.here = here, .not = here->lines[here->n - 1].key, .least = -1};
    const kal_status st = kal_memo_each(m, false, look_at, &n, err);
    recipe there;
    char key[33];
    if (!st && n.least < 0) kal__puts(t, "  nothing like it is there\n");
    if (!st && n.least >= 0 && read_recipe(n.text, n.size, &there)) {
        comparing c = {.here = here, .there = &there, .says = t};
        kal__putf(t, "  the nearest is %s; what differs:\n", kal_key_print(n.key, key));
        compare(&c, &here->lines[here->n - 1], &there.lines[there.n - 1]);
        free(there.lines);
    }
    free(n.text);
    return st;
}

// ---- the questions --------------------------------------------------------------------------------

static kal_status done(kal__text *t, kal_status st, kal_bytes *out, kal_error *err)
{
    char *data = NULL;
    *out = (kal_bytes){NULL, 0};
    const bool ok = kal__text_done(t, &data, &out->size);
    if (!st && !ok) st = kal_fail(err, KAL_NOMEM, "out of memory for a text");
    if (st) free(data), out->size = 0;
    out->data = st ? NULL : (unsigned char *)data;
    return st;
}

// What is found ends the walk: nobody looks behind it.
static kal_status tell_node(kal_memo *m, const kal_node *n, kal__text *t, bool *found, kal_error *err)
{
    kal__text text = {0};
    recipe here;
    kal_status st = KAL_OK;
    kal__recipe(n, &text);
    *found = kal__store_has(kal__memo_store(m), n->key);
    if (!text.failed && read_recipe(text.data, text.size, &here)) {
        say_what(t, *found ? "hit " : "miss", &here.lines[here.n - 1]);
        if (!*found) st = say_nearest(m, &here, t, err);
        free(here.lines);
    }
    free(text.data);
    return st;
}

static bool may_be_kept(const kal_node *n)
{
    if (n->kind == KAL__APPLY) return !(n->call.op->flags & KAL_OP_VIEW);
    return n->kind == KAL__ENCODE || n->kind == KAL__VALUE || n->kind == KAL__DECODE;
}

kal_status kal_memo_why(kal_memo *m, const kal_node *node, kal_bytes *out, kal_error *err)
{
    kal__text t = {0};
    if (!m) m = kal__memo_default();
    *out = (kal_bytes){NULL, 0};
    kal_status st = kal_node_error(node, err);
    if (!st && !kal__memo_store(m))
        st = kal_fail(err, KAL_INVALID, "this memo has no folder: kal_memo_set_folder, KAL_MEMO_DIR");
    if (st) return st;
    bool found = false;
    for (int depth = 0; !st && !found && node && depth < 100; depth++) {
        if (may_be_kept(node)) st = tell_node(m, node, &t, &found, err);
        node = kal_node_input(node, 0);
    }
    return done(&t, st, out, err);
}

typedef struct asked {
    kal_key key;
    char *text;
    size_t size;
} asked;

static bool take_text(void *user, const kal_memo_entry *e)
{
    asked *a = user;
    if (!kal_key_equal(e->key, a->key)) return true;
    a->text = e->sound ? kal__new(e->recipe_size + 1, 1) : NULL;
    if (a->text) memcpy(a->text, e->recipe, a->size = e->recipe_size);
    return false;
}

kal_status kal_memo_why_key(kal_memo *m, kal_key key, kal_bytes *out, kal_error *err)
{
    kal__text t = {0};
    asked a = {.key = key};
    recipe here;
    char text[33];
    *out = (kal_bytes){NULL, 0};
    kal_status st = kal_memo_each(m, false, take_text, &a, err);
    if (!st && !a.text)
        st = kal_fail(err, KAL_INVALID, "%s is not there; what a text misses: kal explain --why",
                      kal_key_print(key, text));
    if (!st && read_recipe(a.text, a.size, &here)) {
        say_what(&t, "hit ", &here.lines[here.n - 1]);
        if (here.n > 1)
            kal__puts(&t, "  made from\n");
        else
            say_origin(&t, &here.lines[0]);
        for (size_t i = 0; i + 1 < here.n; i++) say_what(&t, "   ", &here.lines[i]);
        st = say_nearest(m, &here, &t, err);
        free(here.lines);
    }
    free(a.text);
    return done(&t, st, out, err);
}
