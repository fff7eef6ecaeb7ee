// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Every op is a verb: files for its inputs, then its parameters as words, then -o. All from the record.
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// "name=…": a file of such a name is written ./name=…
static size_t key_length(const char *word)
{
    size_t n = 0;
    while ((word[n] >= 'a' && word[n] <= 'z') || word[n] == '_' || (n && word[n] >= '0' && word[n] <= '9'))
        n++;
    return n && word[n] == '=' ? n : 0;
}

static bool is_file(const char *word)
{
    kal_codec_info c;
    return !strcmp(word, "-") || access(word, F_OK) == 0 || codec_of_path(word, &c);
}

// How many of the words are inputs: those the op must have, then what looks like files while there is room.
static int count_inputs(const settings *s, arity a, bool each)
{
    const int most = each && a.max == 1 ? ANY_NUMBER : a.max;
    int n = 0;
    while (n < s->n_words && n < most && !key_length(s->words[n]) && (n < a.min || is_file(s->words[n]))) n++;
    return n;
}

static bool plain(const char *s)
{
    return *s && !strpbrk(s, " \t\r\n|()[];=\"") && (*s != '#' || strlen(s) > 3);
}

// A value as the grammar wants it: lists and plain words as they are, the rest in quotes.
static void put_value(FILE *f, const char *value)
{
    const size_t n = strlen(value);
    if (plain(value) || (n > 1 && value[0] == '[' && strcspn(value, "]") == n - 1)) {
        fputs(value, f);
        return;
    }
    fputc('"', f);
    for (; *value; value++) {
        if (*value == '\n') {
            fputs("\\n", f);
            continue;
        }
        if (*value == '"' || *value == '\\') fputc('\\', f);
        fputc(*value, f);
    }
    fputc('"', f);
}

static char *params_text(const char *const *words, int n)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) return NULL;
    for (int i = 0; i < n; i++) {
        const size_t key = key_length(words[i]);
        fprintf(f, "%s%.*s%s", i ? " " : "", (int)key, words[i], key ? "=" : "");
        put_value(f, words[i] + key + (key > 0));
    }
    if (fclose(f) == 0) return text;
    free(text);
    return NULL;
}

static int too_few(const kal_op *op, arity a, int n)
{
    char need[32];
    snprintf(need, sizeof need, "%s%d", a.max > a.min ? "at least " : "", a.min);
    return usage("%s takes %s picture%s (%s), not %d; see kal help %s", op->name, need, a.min == 1 ? "" : "s",
                 op->inputs, n, op->name);
}

static int apply(job *j, const settings *s, const kal_op *op, const char *const *in, int n,
                 const char *params)
{
    kal_node *nodes[ANY_NUMBER];
    kal_error err;
    j->scope = kal_scope_new();
    if (!j->scope) return usage("out of memory");
    for (int i = 0; i < n; i++) {
        const int code = load_node(j->scope, in[i], &nodes[i]);
        if (code) return code;
    }
    j->input = n ? in[0] : NULL;
    j->root = kal_apply_text(j->scope, op->name, params, nodes, n);
    if (kal_node_error(j->root, &err)) {
        if (j->each && !strstr(err.message, j->input)) kal_within(&err, "%s", j->input);
        return fail(ASKING, &err);
    }
    return job_save_to(j, s);
}

static int one_op(runner *r, const kal_op *op, const char *const *in, int n, const char *params, int number)
{
    job j = {.number = number ? number : 1, .each = number > 0};
    int code = apply(&j, r->s, op, in, n, params);
    if (!code) code = runner_job(r, &j);
    job_free(&j);
    return code;
}

int op_main(const kal_op *op, settings *s)
{
    const arity a = arity_of(op);
    const int n = count_inputs(s, a, is_template(s->out));
    const bool each = a.max == 1 && n > 1;
    if (n < a.min) return too_few(op, a, n);
    if (!s->out) return usage("%s: where to? -o OUT", op->name);
    char *params = params_text(s->words + n, s->n_words - n);
    if (!params) return usage("out of memory");
    runner r = {.s = s, .several = each};
    int code = each ? EXIT_OK : one_op(&r, op, s->words, n, params, 0);
    for (int i = 0; each && i < n && !interrupted(); i++)
        code = worse(code, one_op(&r, op, s->words + i, 1, params, i + 1));
    runner_end(&r, !strcmp(s->out, "-"));
    free(params);
    return code;
}
