// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal grid A B C -o SHEET`: the op that makes sheets, with labels made of the pictures' names.
#include "job.h"
#include "out.h"
#include "records.h"

#include <stdlib.h>
#include <string.h>

typedef struct sheet {
    const kal_op *op;
    int width, height;    // of a cell; 0: not said
    const char **words;   // of the sheet, behind the pictures
    int n_words;
} sheet;

// One label for all pictures, told apart by what it names of each, as the op wants it: in one text.
static char *labels_text(const settings *s, const char *const *in, int n)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    bool ok = f != NULL;
    if (!ok) return NULL;
    fputs("labels=", f);
    for (int i = 0; i < n && ok && is_template(s->labels); i++) {
        char *one =
            template_expand(s->labels, &(place){"--labels", in[i], i + 1, {0, 0}, s->page, NULL, 0, NULL});
        ok = one != NULL;
        for (char *c = one; ok && *c; c++) *c = *c == '|' ? '_' : *c;
        if (ok) fprintf(f, "%s%s", i ? "|" : "", one);
        free(one);
    }
    if (!is_template(s->labels)) fputs(s->labels, f);
    if (fclose(f) == 0 && ok) return text;
    free(text);
    return NULL;
}

static bool has_word(const sheet *what, const char *name)
{
    for (int i = 0; i < what->n_words; i++)
        if (!strncmp(what->words[i], name, strlen(name))) return true;
    return false;
}

static char *sheet_params(const settings *s, const sheet *what, const char *const *in, int n)
{
    char columns[32], gap[32], width[32], height[32];
    const char **words = malloc(((size_t)what->n_words + 6) * sizeof *words);
    char *labels = s->labels ? labels_text(s, in, n) : NULL, *text = NULL;
    int used = 0;
    snprintf(columns, sizeof columns, "columns=%d", s->columns);
    snprintf(gap, sizeof gap, "gap=%d", s->gap);
    snprintf(width, sizeof width, "width=%d", what->width);
    snprintf(height, sizeof height, "height=%d", what->height);
    if (words && (labels || !s->labels)) {
        if (s->columns) words[used++] = columns;
        if (s->gap) words[used++] = gap;
        if (labels) words[used++] = labels;
        if (what->width) words[used++] = width, words[used++] = height;
        if (what->width && !has_word(what, "fit=")) words[used++] = "fit=inside";
        for (int i = 0; i < what->n_words; i++) words[used++] = what->words[i];
        text = params_text(words, used);
    }
    free(labels);
    free(words);
    return text;
}

// The op's errors, by the name it was called by.
static int fail_as_called(const settings *s, const kal_op *op, kal_error *err)
{
    const size_t n = strlen(op->name);
    if (!strncmp(err->message, op->name, n) && !strncmp(err->message + n, ": ", 2)) {
        memmove(err->message, err->message + n + 2, strlen(err->message + n + 2) + 1);
        kal_within(err, "%s", s->called);
    }
    return fail(err);
}

static int make_sheet(job *j, const settings *s, const void *about, const char *const *in, int n)
{
    const sheet *what = about;
    kal_node *nodes[ANY_NUMBER];
    kal_error err;
    const int code = job_load(j, s, in, n, nodes);
    if (code) return code;
    char *params = sheet_params(s, what, in, n);
    if (!params) return EXIT_USAGE;
    j->root = kal_apply_text(j->scope, what->op->name, params, nodes, n);
    free(params);
    return kal_node_error(j->root, &err) ? fail_as_called(s, what->op, &err) : job_save_to(j, s);
}

static int cell_of(const settings *s, sheet *what)
{
    char more;
    if (!s->cell) return EXIT_OK;
    if (sscanf(s->cell, "%dx%d%c", &what->width, &what->height, &more) != 2 || what->width < 1 ||
        what->height < 1)
        return usage("--cell: \"%s\" is no size as 320x240", s->cell);
    return EXIT_OK;
}

int grid_main(settings *s)
{
    sheet what = {0};
    for (size_t i = 0; (what.op = kal_op_at(i)) != NULL && !(what.op->flags & KAL_OP_SHEET);) i++;
    inputs in;
    int n = 0;
    while (n < s->n_words && !word_name(s->words[n])) n++;
    what.words = s->words + n;
    what.n_words = s->n_words - n;
    if (!what.op) return usage("%s: this library has no such op", s->called);
    if (!s->out) return usage("%s: where to? -o OUT", s->called);
    int code = cell_of(s, &what);
    if (code) return code;
    code = inputs_take(&in, s, s->words, n);
    if (!code && (in.n < 1 || in.n > ANY_NUMBER))
        code = usage("%s: 1 to %d pictures, not %d", s->called, ANY_NUMBER, in.n);
    const maker m = {make_sheet, &what, false, NULL, NULL};
    if (!code) code = jobs_run(s, &m, &(turns){.in = &in});
    inputs_free(&in);
    return code;
}
