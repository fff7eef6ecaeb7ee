// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal ops` and `kal version`: what this build has.
#include "out.h"
#include "records.h"

#include <stdlib.h>
#include <string.h>

// ---- ops as JSON --------------------------------------------------------------------------------

static const char *const kinds[] = {
    [KAL_PARAM_INT] = "int",     [KAL_PARAM_X] = "x",         [KAL_PARAM_Y] = "y",
    [KAL_PARAM_FLOAT] = "float", [KAL_PARAM_BOOL] = "bool",   [KAL_PARAM_CHOICE] = "choice",
    [KAL_PARAM_TEXT] = "text",   [KAL_PARAM_LIST] = "list",   [KAL_PARAM_COLOR] = "color",
    [KAL_PARAM_FILE] = "file",   [KAL_PARAM_FILES] = "files",
};

static void json_default(json *j, const kal_param *p)
{
    int n = 0;
    const char *word = p->kind == KAL_PARAM_CHOICE ? choice_word(p->unit, (int)p->def, &n) : NULL;
    if (p->kind == KAL_PARAM_TEXT && p->def_text)
        json_text(j, "default", p->def_text);
    else if (p->kind == KAL_PARAM_TEXT || p->kind == KAL_PARAM_FILE || p->kind == KAL_PARAM_FILES ||
             p->kind == KAL_PARAM_LIST || p->kind == KAL_PARAM_COLOR || p->def == (double)KAL_AUTO)
        json_null(j, "default");
    else if (word)
        json_span(j, "default", word, (size_t)n);
    else if (p->kind == KAL_PARAM_BOOL)
        json_bool(j, "default", p->def != 0);
    else
        json_number(j, "default", p->def);
}

static void json_param(json *j, const kal_param *p)
{
    json_open(j, NULL, '{');
    json_text(j, "name", p->name);
    json_text(j, "type", kinds[p->kind]);
    json_default(j, p);
    if (p->min != p->max) {
        json_number(j, "min", p->min);
        json_number(j, "max", p->max);
    }
    if (p->kind == KAL_PARAM_CHOICE || (p->kind == KAL_PARAM_FILE && p->unit && *p->unit)) {
        const char *word;
        json_open(j, p->kind == KAL_PARAM_FILE ? "folders" : "choices", '[');
        for (int i = 0, n; (word = choice_word(p->unit, i, &n)) != NULL; i++)
            json_span(j, NULL, word, (size_t)n);
        json_close(j, ']');
    } else if (p->unit && *p->unit) {
        json_text(j, "unit", p->unit);
    }
    json_text(j, "help", p->help);
    json_close(j, '}');
}

void json_params(json *j, const kal_param *params, size_t n)
{
    json_open(j, "params", '[');
    for (size_t i = 0; i < n; i++) json_param(j, &params[i]);
    json_close(j, ']');
}

static void json_input(void *user, int i, const char *name, int n)
{
    json *j = user;
    (void)i;
    json_open(j, NULL, '{');
    json_span(j, "name", name, (size_t)n);
    json_bool(j, "optional", name[n] == '?');
    json_bool(j, "many", name[n] == '.');
    json_close(j, '}');
}

static void json_op(json *j, const kal_op *op)
{
    json_open(j, NULL, '{');
    json_text(j, "name", op->name);
    json_count(j, "version", op->version);
    json_text(j, "family", op->family ? op->family : "");
    json_text(j, "help", op->help);
    json_open(j, "inputs", '[');
    each_input(op, json_input, j);
    json_close(j, ']');
    json_params(j, op->params, op->n_params);
    json_close(j, '}');
}

// Whether it has the word; NULL: any.
static bool is_listed(const kal_op *op, const char *word)
{
    return !word || op_matches(op, word);
}

static void json_ops(const char *word)
{
    json j = {stdout, false};
    const kal_op *op;
    json_open(&j, NULL, '[');
    for (size_t i = 0, n = 0; (op = kal_op_at(i)) != NULL; i++) {
        if (!is_listed(op, word)) continue;
        if (n++) fputs(",\n ", stdout), j.more = false;
        json_op(&j, op);
    }
    fputs("]\n", stdout);
}

// ---- kal ops ------------------------------------------------------------------------------------

static const char *family_of(const kal_op *op)
{
    return op->family ? op->family : "others";
}

static void print_family(const char *family, int width, const char *word)
{
    const kal_op *op;
    puts(family);
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++)
        if (!strcmp(family_of(op), family) && is_listed(op, word))
            printf("  %-*s  %.*s\n", width, op->name, (int)strcspn(op->help, "\n"), op->help);
}

// Families in the order of their first op.
static void print_ops(const char *word)
{
    int width = 0;
    const kal_op *op;
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++)
        if (is_listed(op, word) && (int)strlen(op->name) > width) width = (int)strlen(op->name);
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++) {
        size_t first = 0;
        if (!is_listed(op, word)) continue;
        while (strcmp(family_of(kal_op_at(first)), family_of(op)) || !is_listed(kal_op_at(first), word))
            first++;
        if (first == i) print_family(family_of(op), width, word);
    }
}

static int one_op(const settings *s, const kal_op *op)
{
    json j = {stdout, false};
    if (!s->json) return help_op(op), EXIT_OK;
    json_op(&j, op);
    putchar('\n');
    return EXIT_OK;
}

int ops_main(settings *s)
{
    const char *word = s->n_words ? s->words[0] : NULL;
    const kal_op *op = word ? kal_op_find(word) : NULL;
    if (op) return one_op(s, op);
    size_t some = 0;
    while (kal_op_at(some) && !is_listed(kal_op_at(some), word)) some++;
    if (!kal_op_at(some)) return no_such("op", word);
    s->json ? json_ops(word) : print_ops(word);
    return EXIT_OK;
}

// ---- kal version --------------------------------------------------------------------------------

#ifdef __VERSION__
#define COMPILER __VERSION__
#else
#define COMPILER "unknown"
#endif

static void version_text(const settings *s)
{
    kal_codec_info c;
    const char *version = NULL;
    size_t ops = 0;
    while (kal_op_at(ops)) ops++;
    printf("kal %s, library %s, compiler %s, %zu ops\n", KAL_VERSION, kal_version(), COMPILER, ops);
    if (!s->codecs) fputs("formats", stdout);
    for (size_t i = 0; kal_codec_at(i, &c, s->codecs ? &version : NULL); i++) {
        if (s->codecs)
            printf("%-6s %-10s %-18s %s\n", c.name,
                   c.reads && c.writes ? "read/write"
                   : c.reads           ? "read"
                                       : "write",
                   c.suffixes, version ? version : "cannot be loaded");
        else
            printf(" %s", c.name);
    }
    if (!s->codecs) puts("; --codecs asks their libraries");
}

static void version_json(const settings *s)
{
    json j = {stdout, false};
    kal_codec_info c;
    const char *version = NULL;
    json_open(&j, NULL, '{');
    json_text(&j, "kal", KAL_VERSION);
    json_text(&j, "library", kal_version());
    json_text(&j, "compiler", COMPILER);
    json_open(&j, "codecs", '[');
    for (size_t i = 0; kal_codec_at(i, &c, s->codecs ? &version : NULL); i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "name", c.name);
        json_text(&j, "suffixes", c.suffixes);
        json_bool(&j, "reads", c.reads);
        json_bool(&j, "writes", c.writes);
        if (version) json_text(&j, "version", version);
        json_params(&j, c.params, c.n_params);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    putchar('\n');
}

int version_main(settings *s)
{
    s->json ? version_json(s) : version_text(s);
    return EXIT_OK;
}
