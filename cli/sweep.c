// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// --sweep: which values a literal gets in turn, and what all the runs of a command are. A range is worked out in decimal, so that
// 0.1..0.5 step 0.1 has 0.3 in it and not its nearest double.
#include "inputs.h"
#include "out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROWS 100000

// ---- values -------------------------------------------------------------------------------------

static int too_many(const char *of)
{
    return usage("--sweep: %s: more than %d runs", of, MOST_ROWS);
}

static int add_value(axis *a, const char *text, size_t n)
{
    if (a->n == MOST_ROWS) return too_many(a->name);
    if ((a->n & (a->n - 1)) == 0) {   // room is a power of two
        char **more = realloc(a->values, (a->n ? (size_t)a->n * 2 : 1) * sizeof *more);
        if (!more) return usage("out of memory");
        a->values = more;
    }
    char *copy = strndup(text, n);
    if (!copy) return usage("out of memory");
    a->values[a->n++] = copy;
    return EXIT_OK;
}

// A plain decimal at the start of the text: how long it is, its value, and how many digits stand behind its point. 0: there is none.
static size_t decimal_at(const char *s, double *value, int *places)
{
    size_t n = *s == '-', dot;
    const size_t first = n;
    n += strspn(s + n, "0123456789");
    dot = s[n] == '.' && s[n + 1] != '.' ? n : 0;
    if (dot) n += 1 + strspn(s + n + 1, "0123456789");
    if (n - first == (dot > 0)) return 0;
    const int after = dot ? (int)(n - dot) - 1 : 0;
    if (after > *places) *places = after;
    char copy[40];
    if (n >= sizeof copy) return 0;
    memcpy(copy, s, n);
    copy[n] = 0;
    *value = strtod(copy, NULL);
    return n;
}

typedef struct range {
    double from, to, step;
    int places;
} range;

// "1..5", "100..800 step 100". false: it is none, but a word.
static bool read_range(const char *text, range *r)
{
    *r = (range){.step = 1};
    size_t n = decimal_at(text, &r->from, &r->places);
    if (!n || strncmp(text + n, "..", 2) != 0) return false;
    text += n + 2;
    n = decimal_at(text, &r->to, &r->places);
    if (!n) return false;
    text += n;
    if (!*text) return true;
    n = strspn(text, " ");
    if (!n || strncmp(text + n, "step ", 5) != 0) return false;
    text += n + 5;
    text += strspn(text, " ");
    n = decimal_at(text, &r->step, &r->places);
    return n && !text[n];
}

static int add_range(axis *a, const range *r, const char *text)
{
    if (!(r->step > 0)) return usage("--sweep: %s=%s: a step is above 0, also downwards", a->name, text);
    const double steps = floor(fabs(r->to - r->from) / r->step * (1 + 1e-12) + 1e-9);
    if (!(steps < MOST_ROWS)) return too_many(a->name);
    for (int i = 0; i <= (int)steps; i++) {
        char value[400], shortest[32];
        snprintf(value, sizeof value, "%.*f", r->places < 30 ? r->places : 30,
                 r->to < r->from ? r->from - i * r->step : r->from + i * r->step);
        const char *word = number_text(strtod(value, NULL) + 0.0, shortest);
        const int code = add_value(a, word, strlen(word));
        if (code) return code;
    }
    return EXIT_OK;
}

// How far a value goes: to a comma that is not inside brackets or quotes.
static size_t value_length(const char *s)
{
    int deep = 0;
    bool quoted = false;
    size_t n = 0;
    for (; s[n] && (s[n] != ',' || deep > 0 || quoted); n++) {
        if (s[n] == '"') quoted = !quoted;
        if (!quoted) deep += (s[n] == '[' || s[n] == '(') - (s[n] == ']' || s[n] == ')');
    }
    return n;
}

static int add_part(axis *a, const char *text, size_t n)
{
    while (n && *text == ' ') text++, n--;
    while (n && text[n - 1] == ' ') n--;
    if (!n) return usage("--sweep: %s: a value is empty", a->name);
    char *part = strndup(text, n);
    range r;
    if (!part) return usage("out of memory");
    const int code = read_range(part, &r) ? add_range(a, &r, part) : add_value(a, part, n);
    free(part);
    return code;
}

// A literal of the text, or of one that it includes.
static int check_name(const char *name, const kal_program *p)
{
    const char *near = NULL;
    int least = 100;
    kal_param_info param;
    if (is_place(name))
        return usage("--sweep: {%s} means something else in -o; give the literal another name", name);
    if (kal_program_has(p, name)) return EXIT_OK;
    for (int32_t i = 0; kal_program_param(p, i, &param); i++) nearer(name, param.name, &near, &least);
    if (near) return usage("--sweep: the text has no name \"%s\"; did you mean \"%s\"?", name, near);
    return usage("--sweep: the text has no name \"%s\"", name);
}

static int read_axis(axis *a, const char *text, const kal_program *p)
{
    const size_t n = strcspn(text, "=");
    if (!n || !text[n]) return usage("--sweep: \"%s\" is not NAME=VALUES, as sigma=1,2,4 or seed=1..5", text);
    a->name = strndup(text, n);
    if (!a->name) return usage("out of memory");
    int code = check_name(a->name, p);
    for (const char *at = text + n + 1; !code; at++) {
        const size_t size = value_length(at);
        code = add_part(a, at, size);
        at += size;
        if (!*at) break;
    }
    return code;
}

static bool is_set(const settings *s, const char *name)
{
    const size_t n = strlen(name);
    for (int i = 0; i < s->sets.n; i++)
        if (!strncmp(s->sets.at[i], name, n) && s->sets.at[i][n] == '=') return true;
    return false;
}

// What can be said of the text without a picture, once and not for every run.
static int outline(const source_text *t, kal_program **p)
{
    kal_error err;
    if (!kal_program_outline(t->data ? t->data : "", t->size, t->path, p, &err)) return EXIT_OK;
    const int code = fail(&err);
    show_place(t, &err);
    return code;
}

int sweep_take(sweep *w, const settings *s, const source_text *t)
{
    kal_program *p = NULL;
    *w = (sweep){.axes = calloc((size_t)s->sweeps.n + 1, sizeof *w->axes), .rows = 1};
    int code = w->axes ? outline(t, &p) : usage("out of memory");
    for (int i = 0; i < s->sweeps.n && !code; i++) {
        axis *a = &w->axes[w->n++];
        code = read_axis(a, s->sweeps.at[i], p);
        if (!code && is_set(s, a->name)) code = usage("--sweep: %s is given by --set, too", a->name);
        for (int32_t k = 0; k < w->n - 1 && !code; k++)
            if (!strcmp(w->axes[k].name, a->name)) code = usage("--sweep: %s is given twice", a->name);
        if (!code && (int64_t)w->rows * a->n > MOST_ROWS) code = too_many(s->sweeps.at[i]);
        if (!code) w->rows *= a->n;
    }
    kal_program_free(&p);
    return code;
}

void sweep_free(sweep *w)
{
    for (int32_t i = 0; i < w->n; i++) {
        for (int32_t k = 0; k < w->axes[i].n; k++) free(w->axes[i].values[k]);
        free(w->axes[i].values);
        free(w->axes[i].name);
    }
    free(w->axes);
    *w = (sweep){NULL, 0, 0};
}

int32_t sweep_index(const sweep *w, int32_t which, int32_t row)
{
    for (int32_t i = w->n - 1; i > which; i--) row /= w->axes[i].n;
    return row % w->axes[which].n;
}

const char *sweep_value(const sweep *w, int32_t which, int32_t row)
{
    return w->axes[which].values[sweep_index(w, which, row)];
}

char *sweep_label(const sweep *w, int32_t row, const char *before)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) return NULL;
    if (before) fputs(before, f);
    for (int32_t i = 0; i < w->n; i++)
        fprintf(f, "%s%s=%s", i || before ? " " : "", w->axes[i].name, sweep_value(w, i, row));
    if (fclose(f) == 0) return text;
    free(text);
    return NULL;
}

// ---- turns --------------------------------------------------------------------------------------

static int32_t rows_of(const turns *t)
{
    return t->sweep ? t->sweep->rows : 1;
}

int32_t turns_count(const turns *t)
{
    return (t->each ? t->in->n : 1) * rows_of(t);
}

turn turn_at(const turns *t, int32_t i)
{
    const int32_t row = i % rows_of(t), input = i / rows_of(t);
    return (turn){t->in->paths + (t->each ? input : 0), t->each ? 1 : t->in->n, row, i + 1};
}

char *turn_label(const turns *t, int32_t i)
{
    const turn at = turn_at(t, i);
    if (t->sweep) return sweep_label(t->sweep, at.row, t->each ? *at.in : NULL);
    return strdup(at.n ? *at.in : "the text");
}
