// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `--pages`: one text, or op, for every page of every picture. The results go into one file, a page at a time, or with {page} in the name of
// the output into a file each.
#include "out.h"
#include "told.h"

#include <stdlib.h>
#include <string.h>

static int make_page(const runner *r, const maker *m, kal_pages *walk, int input, int page, bool each, job *j)
{
    settings s = *r->s;
    s.walk = walk;
    s.page = page;
    if (!each) s.out = NULL;
    *j = (job){.number = input + 1, .each = true, .label = r->in->paths[input]};
    const int code = runner_make(r, m, j, &s, r->in->paths + input, 1);
    if (code || each) return code;
    if (j->n) return usage("--pages: the text saves by itself; leave that to -o");
    return j->root ? EXIT_OK : usage("-o: the text has no expression to save");
}

static int add_page(runner *r, kal_album *a, const job *j, int page)
{
    kal_stats stats = {0};
    kal_error err;
    kal_options o = r->s->eval;
    o.cancel = r->cancel;
    o.stats = &stats;
    o.memo_mode = r->s->no_memo ? KAL_MEMO_NEVER : KAL_MEMO_AUTO;
    const kal_status st = kal_album_add(a, j->root, r->s->encode, &o, &err);
    stats_add(&r->total, &stats);
    if (!st) return EXIT_OK;
    kal_within(&err, "%s, page %d", j->input, page);
    return fail(&err);
}

// Into which file the pages of a picture go, as far as that is known before they are counted: the first's.
static char *first_path(const runner *r, int input)
{
    const place at = {.input = r->in->paths[input], .number = input + 1};
    return template_expand(r->s->out, &at);
}

// Pictures whose first pages would be one file, or the file of another picture. What later ones become is looked at as they come.
static int check_names(runner *r)
{
    claims first = {0};
    int code = EXIT_OK;
    for (int i = 0; i < r->in->n && !code && !strstr(r->s->out, "{key}"); i++) {
        char *path = first_path(r, i);
        if (!path) code = EXIT_USAGE;
        const int32_t by = path ? claims_add(&first, path, i + 1) : 0;
        if (by < 0) code = usage("out of memory");
        if (by > 0)
            code = usage("%s would be written twice, from %s and from %s", path, r->in->paths[by - 1],
                         r->in->paths[i]);
        free(path);
    }
    claims_free(&first);
    return code;
}

// A page is not written over a picture whose pages are read, its own or another's.
static int check_page(const runner *r, const job *j, int page)
{
    for (int32_t i = 0; i < j->n; i++) {
        const int32_t by = claims_find_file(&r->files.inputs, j->paths[i]);
        if (by > 0)
            return usage("%s is one of the pictures and would be written over by page %d of %s", j->paths[i],
                         page, j->input);
    }
    return EXIT_OK;
}

// Into the album, or a file of its own.
static int one_page(runner *r, const maker *m, kal_album *a, kal_pages *walk, int input, int page)
{
    job j;
    int code = make_page(r, m, walk, input, page, !a, &j);
    if (!code && !a) code = check_page(r, &j, page);
    if (!code) code = a ? add_page(r, a, &j, page) : runner_job(r, &j);
    job_free(&j);
    return code;
}

// The picture is walked through while this runs, so that no page is decoded twice.
static int picture_pages(runner *r, const maker *m, kal_album *a, int input, int *done)
{
    kal_scope *scope = kal_scope_new();
    kal_node *node;
    kal_pages *walk = NULL;
    kal_error err;
    if (!scope) return usage("out of memory");
    const settings first = {.page = 0, .onward = true};
    runner_opens(r);
    int code = load_node(scope, &first, r->in->paths[input], &node);
    if (!code && kal_pages_open(node, &walk, &err)) code = fail(&err);
    for (int p = 0; !code && kal_pages_has(walk, p, &err); p++, ++*done) {
        code = one_page(r, m, a, walk, input, p);
        runner_opens(r);
    }
    if (!code && err.status) code = fail(&err);
    kal_pages_close(&walk);
    kal_scope_free(&scope);
    return code;
}

static int all_pages(runner *r, const maker *m, kal_album *a, int *done)
{
    int code = EXIT_OK;
    for (int i = 0; i < r->in->n && !code; i++) code = picture_pages(r, m, a, i, done);
    return code;
}

static int finish(runner *r, kal_album **a)
{
    kal_error err;
    kal_options o = r->s->eval;
    o.cancel = r->cancel;
    return kal_album_finish(a, &o, &err) ? fail(&err) : EXIT_OK;
}

// The file is there when the last page is in it.
static int into_one(runner *r, const maker *m, int *done)
{
    kal_error err;
    kal_album *a;
    char *path = first_path(r, 0);
    if (!path) return EXIT_USAGE;
    int code = files_picture(&r->files, path);
    if (code) {
        free(path);
        return code;
    }
    code = kal_album_create(path, r->s->format, &a, &err) ? fail(&err) : EXIT_OK;
    if (!code) {
        code = all_pages(r, m, a, done);
        if (code)
            kal_album_abort(&a);
        else
            code = finish(r, &a);
    }
    if (!code && wants_progress(r->s)) fprintf(stderr, "%s %d pages\n", path, *done);
    free(path);
    return code;
}

int album_run(runner *r, const maker *m)
{
    int done = 0;
    if (!r->in->n) return usage("--pages: of which picture?");
    if (r->s->page) return usage("--pages takes every page, --page one: give one of them");
    if (!r->s->out) return usage("--pages: where to? -o OUT, or with {page} in its name a file for each");
    const bool each = strstr(r->s->out, "{page}");
    if (!each && strstr(r->s->out, "{key}"))
        return usage(
            "-o: a file of all pages has no {key} before it is written; {page} as well makes a file of each");
    int code = each ? check_names(r) : EXIT_OK;
    if (code) return code;
    r->cancel = catch_signals();
    if (!r->cancel) return usage("out of memory");
    code = each ? all_pages(r, m, NULL, &done) : into_one(r, m, &done);
    release_signals(&r->cancel);
    return code;
}
