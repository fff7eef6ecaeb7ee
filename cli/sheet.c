// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// --sheet: the pictures of all runs on one sheet, each with the values it was made with. The runs are over then: what was dear to compute
// is in the memo.
#include "job.h"
#include "out.h"
#include "records.h"

#include <stdlib.h>
#include <string.h>

#define MOST_SIDE 320   // of a cell when --cell does not say
#define ONE_ROW 8       // values of a single literal stand in one, if they are no more

static const kal_op *sheet_op(void)
{
    const kal_op *op = NULL;
    for (size_t i = 0; (op = kal_op_at(i)) != NULL && !(op->flags & KAL_OP_SHEET);) i++;
    return op;
}

static bool cell_of(const char *text, int *width, int *height)
{
    char more;
    return sscanf(text, "%dx%d%c", width, height, &more) == 2 && *width > 0 && *height > 0;
}

int sheet_check(const settings *s, const turns *t)
{
    kal_codec_info c;
    int width, height;
    if (!s->sheet) return s->cell ? usage("--cell is about --sheet, and there is none") : EXIT_OK;
    if (!sheet_op()) return usage("--sheet: this library has no op that makes one");
    if (!codec_of_path(s->sheet, &c) || !c.writes)
        return usage("--sheet: the suffix of %s tells no format that is written", s->sheet);
    if (turns_count(t) > ANY_NUMBER)
        return usage("--sheet: %d pictures at most, and these are %d runs", ANY_NUMBER, turns_count(t));
    if (s->cell && !cell_of(s->cell, &width, &height))
        return usage("--cell: \"%s\" is no size as 320x240", s->cell);
    return EXIT_OK;
}

// Names of all, as the op wants them: in one text. What failed says so.
static bool put_labels(FILE *f, const turns *t, kal_node *const *nodes)
{
    for (int32_t i = 0; i < turns_count(t); i++) {
        char *label = turn_label(t, i);
        if (!label) return false;
        const char *slash = t->sweep ? NULL : strrchr(label, '/');
        if (i) fputc('|', f);
        for (const char *c = slash ? slash + 1 : label; *c; c++) {
            if (*c == '"' || *c == '\\') fputc('\\', f);
            fputc(*c == '|' || (unsigned char)*c < ' ' ? '_' : *c, f);
        }
        if (!nodes[i]) fputs(": failed", f);
        free(label);
    }
    return true;
}

// As large as the largest picture, and at most so that it can be looked at beside others.
static kal_status cell_that_fits(const turns *t, kal_node *const *nodes, int *width, int *height,
                                 kal_error *err)
{
    *width = *height = 1;
    for (int32_t i = 0; i < turns_count(t); i++) {
        kal_extent e;
        const kal_status st = nodes[i] ? kal_node_extent(nodes[i], &e, err) : KAL_OK;
        if (st) return st;
        if (nodes[i] && e.width > *width) *width = e.width;
        if (nodes[i] && e.height > *height) *height = e.height;
    }
    const int longest = *width > *height ? *width : *height;
    if (longest <= MOST_SIDE) return KAL_OK;
    *width = (int)((int64_t)*width * MOST_SIDE / longest);
    *height = (int)((int64_t)*height * MOST_SIDE / longest);
    if (!*width) *width = 1;
    if (!*height) *height = 1;
    return KAL_OK;
}

static char *params_of(const runner *r, kal_node *const *nodes, int width, int height)
{
    const sweep *w = r->turns->sweep;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) return NULL;
    if (w && (w->n > 1 || w->rows <= ONE_ROW)) fprintf(f, "columns=%d ", w->axes[w->n - 1].n);
    fprintf(f, "width=%d height=%d fit=inside gap=8 background=#202020 labels=\"", width, height);
    const bool ok = put_labels(f, r->turns, nodes);
    fputc('"', f);
    if (fclose(f) == 0 && ok) return text;
    free(text);
    return NULL;
}

// In the place of a picture that there is none of: a point of nothing, of the kind of another.
static kal_status fill_gaps(kal_scope *scope, const turns *t, kal_node *const *nodes, kal_node **all,
                            kal_error *err)
{
    static const double nothing[KAL_MAX_CHANNELS];
    kal_extent e;
    int32_t some = -1;
    for (int32_t i = 0; i < turns_count(t); i++)
        if ((all[i] = nodes[i]) != NULL) some = i;
    if (some < 0) return kal_fail(err, KAL_INVALID, "no picture is there for it");
    const kal_status st = kal_node_extent(nodes[some], &e, err);
    if (st) return st;
    e.width = e.height = 1;
    for (int32_t i = 0; i < turns_count(t); i++)
        if (!all[i]) all[i] = kal_pixels(scope, &e, nothing, (ptrdiff_t)sizeof nothing);
    return KAL_OK;
}

static kal_status make(job *j, const runner *r, kal_node *const *nodes, kal_error *err)
{
    kal_node *all[ANY_NUMBER];
    int width, height;
    kal_status st = fill_gaps(j->scope, r->turns, nodes, all, err);
    if (!st && r->s->cell) cell_of(r->s->cell, &width, &height);
    if (!st && !r->s->cell) st = cell_that_fits(r->turns, nodes, &width, &height, err);
    if (st) return st;
    char *params = params_of(r, nodes, width, height);
    if (!params) return kal_fail(err, KAL_NOMEM, "out of memory");
    j->root = kal_apply_text(j->scope, sheet_op()->name, params, all, turns_count(r->turns));
    free(params);
    return kal_node_error(j->root, err);
}

int sheet_write(runner *r, kal_node *const *nodes)
{
    settings s = *r->s;   // that of one picture
    s.out = s.sheet;
    s.format = s.encode = NULL;
    runner one = {
        .s = &s, .in = r->in, .turns = r->turns, .shares = true, .cancel = r->cancel, .profile = r->profile};
    job j = {.number = 1, .began = now_seconds(), .scope = kal_scope_new()};
    kal_error err;
    int code = j.scope ? EXIT_OK : usage("out of memory");
    pthread_mutex_init(&one.lock, NULL);
    if (!code && make(&j, r, nodes, &err)) {
        kal_within(&err, "--sheet");
        code = fail(&err);
    }
    if (!code) code = job_save_to(&j, &s);
    if (!code) code = runner_job(&one, &j);
    stats_add(&r->total, &one.total);
    pthread_mutex_destroy(&one.lock);
    job_free(&j);
    return code;
}
