// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal grid A B C -o SHEET`: the op that makes sheets, on pictures that were scaled to a cell before, with labels made of their names.
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct sheet {
    const kal_op *op;
    const kal_op *fits;   // what scales to a cell; NULL: nothing does
    int width, height;    // of a cell
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
        char *one = template_expand(s->labels, &(place){in[i], i + 1, {0, 0}, s->page});
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

static char *sheet_params(const settings *s, const sheet *what, const char *const *in, int n)
{
    char columns[32], gap[32];
    const char **words = malloc(((size_t)what->n_words + 3) * sizeof *words);
    char *labels = s->labels ? labels_text(s, in, n) : NULL, *text = NULL;
    int used = 0;
    snprintf(columns, sizeof columns, "columns=%d", s->columns);
    snprintf(gap, sizeof gap, "gap=%d", s->gap);
    if (words && (labels || !s->labels)) {
        if (s->columns) words[used++] = columns;
        if (s->gap) words[used++] = gap;
        if (labels) words[used++] = labels;
        for (int i = 0; i < what->n_words; i++) words[used++] = what->words[i];
        text = params_text(words, used);
    }
    free(labels);
    free(words);
    return text;
}

// As large as the cell lets it be, and never larger than it was. What has no size is told when the sheet is made.
static kal_node *fitted(kal_scope *scope, const sheet *what, kal_node *node)
{
    char size[64];
    kal_extent e;
    if (kal_node_extent(node, &e, NULL)) return node;
    const double scale = fmin(1, fmin((double)what->width / e.width, (double)what->height / e.height));
    snprintf(size, sizeof size, "width=%.0f height=%.0f", fmax(1, round(e.width * scale)),
             fmax(1, round(e.height * scale)));
    return kal_apply_text(scope, what->fits->name, size, &node, 1);
}

static int make_sheet(job *j, const settings *s, const void *about, const char *const *in, int n)
{
    const sheet *what = about;
    kal_node *nodes[ANY_NUMBER];
    kal_error err;
    j->began = now_seconds();
    j->scope = kal_scope_new();
    if (!j->scope) return usage("out of memory");
    for (int i = 0; i < n; i++) {
        const int code = load_node(j->scope, s, in[i], &nodes[i]);
        if (code) return code;
        if (what->fits) nodes[i] = fitted(j->scope, what, nodes[i]);
    }
    j->input = in[0];
    char *params = sheet_params(s, what, in, n);
    if (!params) return EXIT_USAGE;
    j->root = kal_apply_text(j->scope, what->op->name, params, nodes, n);
    free(params);
    return kal_node_error(j->root, &err) ? fail(ASKING, &err) : job_save_to(j, s);
}

static int cell_of(const settings *s, sheet *what)
{
    char more;
    if (!s->cell) return EXIT_OK;
    for (size_t i = 0; (what->fits = kal_op_at(i)) != NULL && !(what->fits->flags & KAL_OP_FITS);) i++;
    if (!what->fits) return usage("--cell: there is no op that scales");
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
    const maker m = {make_sheet, &what, false};
    if (!code) code = jobs_run(s, &m, &in, false);
    inputs_free(&in);
    return code;
}
