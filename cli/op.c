// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Every op is a verb: files for its inputs, then its parameters as words, then -o. All from the record.
#include "job.h"
#include "out.h"
#include "records.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t word_name(const char *word)
{
    size_t n = 0;
    while ((word[n] >= 'a' && word[n] <= 'z') || word[n] == '_' || (n && word[n] >= '0' && word[n] <= '9'))
        n++;
    return n && word[n] == '=' ? n : 0;
}

static bool is_file(const char *word)
{
    kal_codec_info c;
    return !strcmp(word, "-") || is_url(word) || access(word, F_OK) == 0 || codec_of_path(word, &c);
}

// How many of the words are inputs: those the op must have, then what looks like files while there is room.
static int count_inputs(const settings *s, arity a, bool each)
{
    const int most = each && a.max == 1 ? INT_MAX : a.max, least = s->list ? 0 : a.min;
    int n = 0;
    while (n < s->n_words && n < most && !word_name(s->words[n]) && (n < least || is_file(s->words[n]))) n++;
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

uint64_t hash_on(uint64_t h, const char *at, size_t n)
{
    for (; n; n--, at++) h = (h ^ (unsigned char)*at) * 1099511628211u;
    return h;
}

uint64_t text_hash(const char *text)
{
    const uint64_t h = hash_on(HASH_START, text, strlen(text));
    return h ^ h >> 29;
}

char *params_text(const char *const *words, int n)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) return NULL;
    for (int i = 0; i < n; i++) {
        const size_t key = word_name(words[i]);
        fprintf(f, "%s%.*s%s", i ? " " : "", (int)key, words[i], key ? "=" : "");
        put_value(f, words[i] + key + (key > 0));
    }
    if (fclose(f) == 0) return text;
    free(text);
    return NULL;
}

static int wrong_number(const kal_op *op, arity a, int n)
{
    char need[64];
    if (!a.max) return usage("%s takes no picture; see kal help %s", op->name, op->name);
    snprintf(need, sizeof need,
             n < a.min && a.max > a.min ? "at least %d"
             : n < a.min                ? "%d"
                                        : "at most %d",
             n < a.min ? a.min : a.max);
    return usage("%s takes %s picture%s (%s), not %d; see kal help %s", op->name, need,
                 (n < a.min ? a.min : a.max) == 1 ? "" : "s", op->inputs, n, op->name);
}

typedef struct call {
    const kal_op *op;
    char *params;
} call;

static int make_op(job *j, const settings *s, const void *what, const char *const *in, int n)
{
    const call *c = what;
    kal_node *nodes[ANY_NUMBER];
    kal_error err;
    const int code = job_load(j, s, in, n, nodes);
    if (code) return code;
    j->root = kal_apply_text(j->scope, c->op->name, c->params, nodes, n);
    if (kal_node_error(j->root, &err)) {
        if (j->each && !strstr(err.message, j->label)) kal_within(&err, "%s", j->label);
        return fail(&err);
    }
    return s->out ? job_save_to(j, s) : EXIT_OK;
}

int op_main(const kal_op *op, settings *s)
{
    const arity a = arity_of(op);
    const int n = count_inputs(s, a, is_batch(s));
    inputs in;
    call c = {op, params_text(s->words + n, s->n_words - n)};
    int code = c.params ? inputs_take(&in, s, s->words, n) : usage("out of memory");
    const bool each = !code && a.max == 1 && inputs_each(&in, s);
    // a file where a number is wanted
    const kal_param_kind first = op->n_params ? op->params[0].kind : KAL_PARAM_INT;
    const bool odd = !a.max && first != KAL_PARAM_TEXT && first != KAL_PARAM_FILE && s->n_words &&
                     access(s->words[0], F_OK) == 0;
    if (!code && (in.n < a.min || (in.n > a.max && !each) || odd)) code = wrong_number(op, a, in.n);
    if (!code && !s->out && !op->measure) code = usage("%s: where to? -o OUT", op->name);
    const maker m = {make_op, &c, false, NULL, c.params};
    if (!code) code = jobs_run(s, &m, &(turns){.in = &in, .each = each});
    if (c.params) inputs_free(&in);
    free(c.params);
    return code;
}
