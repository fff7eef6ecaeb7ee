// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Questions about a text that save nothing: its key, its plan, its picture.
#include "job.h"
#include "out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_words(job *j, settings *s)
{
    source_text t = {0};
    int code = out_check(s);
    if (!code) code = text_take(&t, s);
    if (!code) code = job_parse(j, s, &t, s->words + t.used, s->n_words - t.used);
    text_free(&t);
    return code;
}

// ---- key ----------------------------------------------------------------------------------------

static kal_status content_key(const kal_node *node, const settings *s, kal_key *out, kal_error *err)
{
    kal_cancel *cancel = catch_signals();
    kal_options o = s->eval;
    o.cancel = cancel;
    o.memo_mode = KAL_MEMO_NEVER;   // nothing would read it
    const kal_status st = kal_content_key(node, &o, out, err);
    release_signals(&cancel);
    return st;
}

int key_main(settings *s)
{
    job j = {.number = 1};
    kal_error err;
    kal_key key;
    char text[33];
    int code = parse_words(&j, s);
    if (!code && !j.root) code = usage("the text has no expression");
    if (!code) {
        const kal_status st =
            s->content ? content_key(j.root, s, &key, &err) : kal_node_key(j.root, &key, &err);
        code = st ? fail(&err) : EXIT_OK;
    }
    if (!code) puts(kal_key_print(key, text));
    job_free(&j);
    return code;
}

// ---- explain and graph --------------------------------------------------------------------------

typedef kal_status answer_fn(kal_node *const *nodes, int32_t n, const settings *s, kal_bytes *out,
                             kal_error *err);

static int put_answer(const kal_bytes *b, const char *path)
{
    const bool file = path && strcmp(path, "-") != 0;
    char *text = NULL;
    size_t size;
    FILE *f = file ? open_memstream(&text, &size) : stdout;
    bool ok = f && fwrite(b->data, 1, b->size, f) == b->size;
    if (ok && b->size && b->data[b->size - 1] != '\n') ok = fputc('\n', f) != EOF;
    if (!file) return EXIT_OK;   // standard output is looked at in the end
    if (f) ok = fclose(f) == 0 && ok;
    int code = ok ? EXIT_OK : usage("out of memory");
    if (ok && !put_whole(path, text, size)) code = failed("%s: %s", path, strerror(errno));
    free(text);
    return code;
}

// It takes the place of nothing that it was made of.
static int check_answer(const settings *s, const job *j, const char *out)
{
    file_set f;
    const int used = !s->file;
    int code = files_take(&f, s, s->words + used, s->n_words - used, "one of the pictures");
    if (!code) code = files_take_loads(&f, j->program);
    if (!code) code = files_take_out(&f, out);
    files_free(&f);
    return code;
}

// All that is saved is one plan; without a save, the last expression. The answer goes to a file, NULL: to standard output.
static int answer(settings *s, answer_fn *fn, const char *out)
{
    job j = {.number = 1};
    kal_error err;
    kal_bytes bytes = {NULL, 0};
    int code = parse_words(&j, s);
    if (!code && !j.n && !j.root) code = usage("the text has no expression");
    if (!code) {
        const kal_status st = j.n ? fn(j.nodes, j.n, s, &bytes, &err) : fn(&j.root, 1, s, &bytes, &err);
        code = st ? fail(&err) : EXIT_OK;
    }
    if (!code && out) code = check_answer(s, &j, out);
    if (!code) code = put_answer(&bytes, out);
    kal_bytes_free(&bytes);
    job_free(&j);
    return code;
}

static kal_status explain(kal_node *const *nodes, int32_t n, const settings *s, kal_bytes *out,
                          kal_error *err)
{
    kal_options o = s->eval;
    if (!s->memo_dir && !s->memo_remote) o.memo_mode = KAL_MEMO_NEVER;   // as `kal run` does with one plan
    return kal_explain(nodes, n, s->json ? KAL_AS_JSON : KAL_AS_TEXT, &o, out, err);
}

static int explain_why(settings *s)
{
    job j = {.number = 1};
    if (s->json) return usage("--why has no JSON; kal memo list --json tells what is there");
    if (!s->memo_dir || !*s->memo_dir)
        return usage("--why: of which folder? --memo-dir DIR, or KAL_MEMO_DIR");
    int code = parse_words(&j, s);
    if (!code && !j.n && !j.root) code = usage("the text has no expression");
    for (int32_t i = 0; i < j.n && !code; i++) code = why_of(j.nodes[i]);
    if (!j.n && !code) code = why_of(j.root);
    job_free(&j);
    return code;
}

int explain_main(settings *s)
{
    if (s->why) return explain_why(s);
    return answer(s, explain, NULL);
}

static kal_status draw(kal_node *const *nodes, int32_t n, const settings *s, kal_bytes *out, kal_error *err)
{
    return kal_draw(nodes, n, s->svg ? KAL_AS_SVG : KAL_AS_DOT, out, err);
}

int graph_main(settings *s)
{
    const char *out = s->out, *dot = out ? strrchr(out, '.') : NULL;
    s->out = NULL;   // of the drawing, not of a picture
    if (dot && !s->svg && !s->dot) s->svg = !strcmp(dot, ".svg"), s->dot = !strcmp(dot, ".dot");
    if (s->svg == s->dot) return usage("graph: --dot or --svg?");
    return answer(s, draw, out);
}
