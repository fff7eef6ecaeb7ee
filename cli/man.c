// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The manual page, from the same tables as `kal help`.
#include "records.h"

#include <string.h>

// Text for roff: no line begins with a dot or an apostrophe, dashes stay dashes.
static void put(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((!i || s[i - 1] == '\n') && (s[i] == '.' || s[i] == '\'')) fputs("\\&", stdout);
        if (s[i] == '\\')
            fputs("\\e", stdout);
        else if (s[i] == '-')
            fputs("\\-", stdout);
        else
            putchar(s[i]);
    }
}

static void line(const char *s)
{
    put(s, strlen(s));
    putchar('\n');
}

// .TP, a bold word, what follows it, and the text.
static void item(const char *bold, size_t n, const char *after, const char *text)
{
    fputs(".TP\n\\fB", stdout);
    put(bold, n);
    fputs("\\fR", stdout);
    if (*after) putchar(' ');
    line(after);
    line(text);
}

static void put_verbs(void)
{
    const verb *v;
    puts(".SH VERBS");
    for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
        item(v->name, strlen(v->name), v->usage, v->help);
        if (v->more) puts(".br"), line(v->more);
    }
    puts(".TP\n\\fIOP\\fR IN... [params] \\-o OUT\n"
         "Any op as a verb: its inputs are files, its parameters follow by name or in order.");
}

static void put_options(void)
{
    const option *o;
    puts(".SH OPTIONS\nEach verb takes those that \\fBkal\\fR \\fIVERB\\fR \\fB\\-\\-help\\fR lists.");
    for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
        char flag[64];
        const char letter[] = {'-', o->letter, ',', ' ', 0};
        snprintf(flag, sizeof flag, "%s--%s", o->letter ? letter : "", o->flag);
        item(flag, strlen(flag), o->value ? o->value : "", o->help);
    }
}

static void put_ops(void)
{
    const kal_op *op;
    puts(".SH OPERATIONS\n\\fBkal help\\fR \\fINAME\\fR tells the parameters.");
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++) {
        fputs(".TP\n\\fB", stdout);
        put(op->name, strlen(op->name));
        fputs("\\fR ", stdout);
        for (size_t k = 0; k < op->n_params; k++) printf("%s%s", k ? " " : "", op->params[k].name);
        putchar('\n');
        put(op->help, strcspn(op->help, "\n"));
        putchar('\n');
    }
    kal_codec_info c;
    puts(".SH FORMATS");
    for (size_t i = 0; kal_codec_at(i, &c, NULL); i++) item(c.name, strlen(c.name), c.suffixes, c.help);
}

static void put_environment(void)
{
    const option *o;
    puts(".SH ENVIRONMENT");
    for (size_t i = 0; (o = option_at(i)) != NULL; i++)
        if (o->env) item(o->env, strlen(o->env), o->value ? o->value : "", o->help);
    item("COLUMNS", 7, "", "width for show when there is no terminal to ask");
}

static void put_exit(void)
{
    static const char *const codes[][2] = {
        {"0", "done"},
        {"1", "failed; for diff: the pictures differ"},
        {"2", "usage: the command line, the text or a parameter"},
        {"3", "an input cannot be read, or is damaged"},
        {"4", "a limit or the deadline was reached"},
        {"5", "with --read-only: a result is not in the memo"},
        {"130", "interrupted"},
    };
    puts(".SH EXIT STATUS\nWith several inputs the worst.");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        item(codes[i][0], strlen(codes[i][0]), "", codes[i][1]);
}

static void put_examples(void)
{
    char s[16], calls[200], text[300];
    example_suffix(s);
    example_calls(calls, sizeof calls);
    puts(".SH EXAMPLES\n.nf");
    snprintf(text, sizeof text, "kal run 'load in.%s%s | save out.%s'", s, calls, s);
    line(text);
    snprintf(text, sizeof text, "kal run 'in%s' *.%s -o 'new/{stem}.%s'", calls, s, s);
    line(text);
    puts(".fi");
}

void print_man(void)
{
    printf(".TH KAL 1 \"\" \"kallitype %s\" \"kallitype\"\n", KAL_VERSION);
    puts(".SH NAME\nkal \\- pictures through a lazy graph");
    puts(".SH SYNOPSIS\n.B kal\n\\fIVERB\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]\n.br\n.B kal\n\\fIOP\\fR "
         "\\fIIN\\fR... "
         "[\\fIparams\\fR] \\-o \\fIOUT\\fR");
    puts(".SH DESCRIPTION\nA text describes pictures: calls joined by |, names for branches, save at the "
         "end. Nothing is computed\n"
         "until something is saved; all that one text saves is computed in one pass, in bands, within a "
         "bound of memory.\n"
         "\\- stands for standard input or output, \\-\\- ends the options. Outputs appear whole or not at "
         "all.");
    put_verbs();
    put_options();
    put_ops();
    put_environment();
    put_exit();
    put_examples();
}
