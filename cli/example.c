// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Examples, made from the records. What is printed for an op has been tried on a picture here: its text was read, and its result fits
// the format that its suffix names. Nothing is computed for that.
#include "records.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 4 };   // pictures in an example, when an op takes any number

typedef struct example {
    kal_scope *scope;
    kal_node *picture;   // a stand-in for any photo
    const kal_op *op;
    const char *sample;
    int n;              // pictures it is given
    bool after;         // another op comes before, which makes what this one takes
    char calls[2000];   // as in the text: op and parameters, after "in |" when there is one picture
    char suffix[16];    // of a file that can hold the result; empty for a value, which is printed
} example;

static const char *const no_sample[] = {"", NULL};

static const char *const *samples_of(const kal_op *op)
{
    return op->samples && op->samples[0] ? op->samples : no_sample;
}

static kal_node *make_picture(kal_scope *scope)
{
    const kal_extent e = {320, 240, 3, KAL_U8, KAL_RGB, false};
    unsigned char *pixels = calloc((size_t)e.width * (size_t)e.height, 3);
    kal_node *node = pixels ? kal_pixels(scope, &e, pixels, (ptrdiff_t)e.width * 3) : NULL;
    free(pixels);
    return node;
}

// ---- which format -------------------------------------------------------------------------------

static bool holds(const example *x, kal_node *image, const char *suffix)
{
    return !kal_node_error(kal_encode(x->scope, image, suffix, NULL), NULL);
}

// The usual one, else the first that can hold it.
static bool find_suffix(example *x, kal_node *image)
{
    kal_codec_info c;
    const char *word;
    *x->suffix = 0;
    if (kal_node_value(image, NULL)) return true;
    example_suffix(x->suffix);
    if (holds(x, image, x->suffix)) return true;
    for (size_t i = 0; kal_codec_at(i, &c, NULL); i++)
        for (int k = 0, n; c.writes && (word = choice_word(c.suffixes, k, &n)) != NULL; k++) {
            snprintf(x->suffix, sizeof x->suffix, "%.*s", n, word);
            if (holds(x, image, x->suffix)) return true;
        }
    return false;
}

// ---- which calls --------------------------------------------------------------------------------

// As they stand in a text: after "in |" with one picture, alone with several, whose names are in1, in2 …
static void put_calls(example *x, const kal_op *first)
{
    char names[MOST * 80] = "";
    for (int i = 1; i <= x->n && x->n > 1; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s%s%sin%d%s", i > 1 ? " " : "",
                 first ? "(" : "", first ? first->name : "", first ? " " : "", i, first ? ")" : "");
    const bool list = x->n > 1 && !first && arity_of(x->op).max == ANY_NUMBER;
    if (x->n > 1) first = NULL;
    snprintf(x->calls, sizeof x->calls, "%s%s%s%s%s%s%s%s%s%s%s", first ? first->name : "",
             first && *samples_of(first)[0] ? " " : "", first ? samples_of(first)[0] : "", first ? " | " : "",
             x->op->name, x->n > 1 ? " " : "", list ? "[" : "", names, list ? "]" : "", *x->sample ? " " : "",
             x->sample);
}

static bool works(example *x)
{
    char text[sizeof x->calls + 8];
    kal_binding in[MOST + 1] = {{.name = "in", .node = x->picture}};
    static const char *const names[MOST] = {"in1", "in2", "in3", "in4"};
    for (int i = 0; i < x->n; i++) in[i + 1] = (kal_binding){.name = names[i], .node = x->picture};
    snprintf(text, sizeof text, "%s%s", x->n == 1 ? "in | " : "", x->calls);
    kal_program *p = NULL;
    const bool ok =
        !kal_program_parse(text, strlen(text), in, x->n + 1, &p, NULL) && find_suffix(x, kal_program_root(p));
    kal_program_free(&p);
    return ok;
}

static bool find_samples(example *x, const kal_op *first)
{
    const arity a = arity_of(x->op);
    for (x->n = a.max == ANY_NUMBER ? 2 : a.min; x->n <= a.max && x->n <= MOST; x->n++)
        for (const char *const *s = samples_of(x->op); *s; s++) {
            x->sample = *s;
            put_calls(x, first);
            if (works(x)) return true;
        }
    return false;
}

// What takes no picture may take what an op makes of one: a mask.
static bool find_before(example *x)
{
    const kal_op *first;
    x->after = true;
    for (size_t i = 0; (first = kal_op_at(i)) != NULL; i++) {
        const arity a = arity_of(first);
        const bool plain = a.min == 1 && a.max == 1 && !first->measure && !(first->flags & KAL_OP_SOURCE);
        if (plain && !*samples_of(first)[0] && find_samples(x, first)) return true;
    }
    return false;
}

static bool find_calls(example *x)
{
    const kal_op *undone = x->op->undoes ? kal_op_find(x->op->undoes) : NULL;
    x->n = 1;
    x->sample = "";
    put_calls(x, undone);   // of an op that undoes another, both: the place follows
    if (undone && works(x)) return true;
    return find_samples(x, NULL) || find_before(x);
}

// A long list that repeats itself, as the shell would repeat it: "table=[$(printf '0 85 %.0s' $(seq 128))]".
static bool shorten(const char *sample, char *out, size_t size)
{
    const char *list = strchr(sample, '['), *end = list ? strrchr(list, ']') : NULL;
    if (strlen(sample) < 200 || !end || memchr(list, '%', (size_t)(end - list))) return false;
    const size_t n = (size_t)(end - ++list);
    size_t k = 1;
    while (k < n && (n % k || list[k - 1] != ' ' || memcmp(list, list + k, n - k))) k++;
    if (k == n) return false;
    snprintf(out, size, "%.*s$(printf '%.*s%%.0s' $(seq %zu))]", (int)(list - sample), sample, (int)k, list,
             n / k);
    return true;
}

// ---- printing -----------------------------------------------------------------------------------

static void put_files(int n, const char *suffix)
{
    for (int i = 0; i < n; i++) printf(" %c.%s", 'a' + i, suffix);
}

static void input_file(void *user, int i, const char *name, int n)
{
    const example *x = user;
    char suffix[16];
    example_suffix(suffix);
    if (name[n] == '.')
        put_files(x->n, suffix);
    else if (i < x->n)
        printf(" %.*s.%s", n, name, suffix);
}

// Parameters as words of the shell: "kernel=[0 1 0]" is one.
static void put_words(const char *sample)
{
    while (*sample) {
        size_t n = 0;
        for (bool list = false; sample[n] && (list || sample[n] != ' '); n++)
            list = sample[n] == '[' || (list && sample[n] != ']');
        const char *quote = memchr(sample, '$', n) ? "\""
                            : memchr(sample, ' ', n) || memchr(sample, '[', n) || memchr(sample, '#', n) ? "'"
                                                                                                         : "";
        printf(" %s%.*s%s", quote, (int)n, sample, quote);
        sample += n + (sample[n] == ' ');
    }
}

static void put_verb(example *x)
{
    printf("  kal %s", x->op->name);
    each_input(x->op, input_file, x);
    put_words(x->sample);
    if (*x->suffix) printf(" -o out.%s", x->suffix);
    puts("");
}

static void put_text(const example *x)
{
    char suffix[16];
    example_suffix(suffix);
    if (x->n == 1) {
        const char quote = strchr(x->calls, '$') ? '"' : '\'';
        printf("  kal run %c%sload in.%s | %s%s%s%c\n", quote, *x->suffix ? "" : "print ", suffix, x->calls,
               *x->suffix ? " | save out." : "", x->suffix, quote);
        return;
    }
    printf("  kal run '%s%s'", *x->suffix ? "" : "print ", x->calls);
    put_files(x->n, suffix);
    if (*x->suffix) printf(" -o out.%s", x->suffix);
    puts("");
}

void print_example(const kal_op *op)
{
    char suffix[16];
    if (op->flags & KAL_OP_SOURCE) {   // a source: its first parameter names a file
        example_suffix(suffix);
        if (op->n_params) printf("\nexample\n  kal %s in.%s -o out.%s\n", op->name, suffix, suffix);
        return;
    }
    example x = {.scope = kal_scope_new(), .op = op};
    x.picture = x.scope ? make_picture(x.scope) : NULL;
    if (x.picture && find_calls(&x)) {
        char shorter[200];
        if (shorten(x.sample, shorter, sizeof shorter)) {
            x.sample = shorter;
            put_calls(&x, NULL);
        }
        puts("\nexample");
        if ((*x.sample || !op->undoes) && !x.after) put_verb(&x);
        put_text(&x);
    }
    kal_scope_free(&x.scope);
}

// Calls for an example: of the first families, the first op on one picture with a plain sample.
void example_calls(char *out, size_t size)
{
    const kal_op *op;
    const char *families[3];
    int n = 0;
    *out = 0;
    for (size_t i = 0; (op = kal_op_at(i)) != NULL && n < 3; i++) {
        const arity a = arity_of(op);
        const char *sample = samples_of(op)[0];
        bool known =
            !op->family || !*sample || strpbrk(sample, "[\"") || a.min != 1 || (op->flags & KAL_OP_VIEW);
        for (int k = 0; k < n; k++) known |= !known && !strcmp(families[k], op->family);
        if (known) continue;
        families[n++] = op->family;
        const size_t used = strlen(out);
        snprintf(out + used, size - used, " | %s %s", op->name, sample);
    }
}
