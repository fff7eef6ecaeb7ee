// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Help, from the tables of verbs and options and the records of ops and codecs.
#include "out.h"
#include "records.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
    [KAL_PARAM_INT] = "integer",  [KAL_PARAM_X] = "integer or %", [KAL_PARAM_Y] = "integer or %",
    [KAL_PARAM_FLOAT] = "number", [KAL_PARAM_BOOL] = "boolean",   [KAL_PARAM_CHOICE] = "choice",
    [KAL_PARAM_TEXT] = "text",    [KAL_PARAM_LIST] = "list",      [KAL_PARAM_COLOR] = "colour",
    [KAL_PARAM_FILE] = "file",    [KAL_PARAM_FILES] = "files",
};

// ---- one parameter ------------------------------------------------------------------------------

enum { NAME, TYPE, RANGE, DEFAULT, UNIT, COLUMNS };
typedef char row[COLUMNS][48];

static void default_text(const kal_param *p, char *out, size_t size)
{
    int n;
    const char *word;
    char number[32];
    if (p->kind == KAL_PARAM_TEXT)
        snprintf(out, size, "%s", p->def_text && *p->def_text ? p->def_text : "unset");
    else if (p->kind == KAL_PARAM_LIST || p->kind == KAL_PARAM_COLOR || p->kind == KAL_PARAM_FILE ||
             p->kind == KAL_PARAM_FILES)
        snprintf(out, size, "unset");
    else if (p->def == (double)KAL_AUTO)
        snprintf(out, size, "auto");
    else if (p->kind == KAL_PARAM_BOOL)
        snprintf(out, size, "%s", p->def != 0 ? "true" : "false");
    else if (p->kind == KAL_PARAM_CHOICE && (word = choice_word(p->unit, (int)p->def, &n)) != NULL)
        snprintf(out, size, "%.*s", n, word);
    else
        snprintf(out, size, "%s", number_text(p->def, number));
}

static void fill_row(const kal_param *p, row r)
{
    char low[32], high[32];
    memset(r, 0, sizeof(row));
    snprintf(r[NAME], sizeof r[NAME], "%s", p->name);
    snprintf(r[TYPE], sizeof r[TYPE], "%s", kinds[p->kind]);
    if (p->min != p->max)
        snprintf(r[RANGE], sizeof r[RANGE], "%s..%s", number_text(p->min, low), number_text(p->max, high));
    default_text(p, r[DEFAULT], sizeof r[DEFAULT]);
    if (p->kind != KAL_PARAM_CHOICE && p->kind != KAL_PARAM_FILE)
        snprintf(r[UNIT], sizeof r[UNIT], "%s", p->unit ? p->unit : "");
}

// Words of a choice; a long list goes on in further lines, `column` characters from the left.
static void print_words(const char *words, int column)
{
    enum { MOST = 80 };
    int used = 0;
    while (*words) {
        const int n = (int)strcspn(words, "|") + 1;
        if (used && used + n > MOST) printf("\n%*s", column, ""), used = 0;
        printf("%.*s", n, words);
        used += n;
        words += words[n - 1] ? n : n - 1;
    }
}

static void print_params(const kal_param *params, size_t n)
{
    row r = {"name", "type", "range", "default", "unit"};
    int width[COLUMNS] = {4, 4, 5, 7, 4};
    row one;
    for (size_t i = 0; i < n; i++) {
        fill_row(&params[i], one);
        for (int k = 0; k < COLUMNS; k++)
            if ((int)strlen(one[k]) > width[k]) width[k] = (int)strlen(one[k]);
    }
    int column = 4;
    for (int k = 0; k < COLUMNS; k++) column += width[k] + 2;
    for (size_t i = 0; i <= n; i++) {
        fputs("   ", stdout);
        for (int k = 0; k < COLUMNS; k++) printf(" %-*s ", width[k], r[k]);
        if (!i) puts("");
        const kal_param *p = i ? &params[i - 1] : NULL;
        const bool choice = p && p->kind == KAL_PARAM_CHOICE,
                   looked_for = p && p->kind == KAL_PARAM_FILE && p->unit && *p->unit;
        if (p) printf(" %s%s", p->help, choice ? ": " : "");
        if (looked_for) printf("\n%*s a name alone is looked for below ", column, "");
        if (choice || looked_for) print_words(p->unit, column);
        if (p) puts("");
        if (i < n) fill_row(&params[i], r);
    }
}

// The first line of a help, then its paragraphs.
static void print_paragraphs(const char *help)
{
    const char *rest = strchr(help, '\n');
    while (rest && *++rest) {
        const size_t n = strcspn(rest, "\n");
        printf("  %.*s\n", (int)n, rest);
        rest = rest[n] ? rest + n : NULL;
    }
}

// ---- an op, a codec, a verb ---------------------------------------------------------------------

static void input_name(void *user, int i, const char *name, int n)
{
    const bool maybe = name[n] == '?', many = name[n] == '.';
    printf(i || *(int *)user ? " %s%.*s%s%s" : "%s%.*s%s%s", maybe ? "[" : "", n, name, many ? "..." : "",
           maybe ? "]" : "");
}

void help_op(const kal_op *op)
{
    int after_name = 1;
    printf("%s - %.*s\n\n  kal %s", op->name, (int)strcspn(op->help, "\n"), op->help, op->name);
    each_input(op, input_name, &after_name);
    printf("%s%s\n", op->n_params ? " [params]" : "", op->measure ? "" : " -o OUT");
    if (strchr(op->help, '\n')) puts("");
    print_paragraphs(op->help);
    if (op->inputs && *op->inputs) {
        int none = 0;
        fputs("\ninputs\n  ", stdout);
        each_input(op, input_name, &none);
        puts("");
    }
    if (op->n_params) puts("\nparameters, by name or in this order");
    if (op->n_params) print_params(op->params, op->n_params);
    print_example(op);
}

void help_codec(const kal_codec_info *c)
{
    printf("%s - %.*s\n\n  suffixes %s; %s\n", c->name, (int)strcspn(c->help, "\n"), c->help, c->suffixes,
           c->reads && c->writes ? "read and written"
           : c->reads            ? "read only"
                                 : "written only");
    print_paragraphs(c->help);
    if (c->n_params) puts("\nparameters of saving, after the path in the text, or in --encode");
    if (c->n_params) print_params(c->params, c->n_params);
}

static void print_options(unsigned groups)
{
    const option *o;
    for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
        char flag[80];
        if (!(o->groups & groups)) continue;
        snprintf(flag, sizeof flag, "%c%c%c --%s %s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                 o->letter ? ',' : ' ', o->flag, o->value ? o->value : "");
        printf("  %-38s %s%s%s%s\n", flag, o->help, o->env ? " (" : "", o->env ? o->env : "",
               o->env ? ")" : "");
    }
}

void help_verb(const verb *v)
{
    printf("kal %s %s\n  %s\n", v->name, v->usage, v->help);
    if (v->more) printf("\n%s\n", v->more);
    kal_codec_info c;
    for (size_t i = 0; kal_codec_at(i, &c, NULL); i++)   // a verb and a format of one name take the same
        if (!strcmp(c.name, v->name) && c.n_params) {
            puts("\nparameters, as name=value");
            print_params(c.params, c.n_params);
        }
    puts("\noptions");
    print_options(v->groups | OPT_HELP);
}

// ---- words of the text --------------------------------------------------------------------------

static const struct {
    const char *name, *help, *usage, *more, *example;
} words[] = {
    {"save", "Write an image to a file; a word of the text, not an op",
     "IMAGE | save PATH [format=NAME] [params]",
     "The suffix tells the format, format= overrules it; - is standard output. The format's parameters "
     "follow,\n"
     "  by name or by position: see kal help FORMAT. All saves of a text are one plan, and no file appears "
     "unless\n"
     "  all succeed. Beside the text, -o saves the last expression.",
     "kal run 'load in.%s | save out.%s'"},
    {"print", "Tell about an image on standard output; a word of the text, not an op", "print IMAGE [| OP …]",
     "One line: size, kind, key, and the content key, which names the pixels.", "kal run 'print load in.%s'"},
    {"param", "Declare a literal that may be set from outside; a word of the text",
     "param NAME = VALUE [in LO..HI | in a|b|c] [\"help\"]",
     "What kind it is its default says: a number, a choice of words, yes or no, a colour or list, a text. "
     "--set "
     "NAME=VALUE\n  changes it, and --help after the text lists them all.",
     "kal run 'param to = \"out.%s\" \"where it goes\"; load in.%s%c | save to' --set to=new.%s"},
    {"def", "Give a name to a pipe with open places; a word of the text",
     "def NAME(IMAGE…, LITERAL=VALUE…) = PIPE | { STATEMENTS; PIPE }",
     "It is called like an op, and is its body written out.",
     "kal run 'def mine(img) = img%c; load in.%s | mine | save out.%s'"},
    {"include", "Take params, defs and literals from a file; a word of the text", "include PATH",
     "The file lies beside the text that names it, and makes and saves no image.",
     "kal run 'include \"common.kal\"; load in.%s%c | save out.%s'"},
};

// In an example %s is a suffix, and %c stands for some calls.
static bool help_word(const char *name)
{
    char s[16], calls[200];
    example_suffix(s);
    example_calls(calls, sizeof calls);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].name, name) != 0) continue;
        printf("%s - %s\n\n  %s\n\n  %s\n\nexample\n  ", name, words[i].help, words[i].usage, words[i].more);
        for (const char *c = words[i].example; *c; c++) {
            const bool here = c[0] == '%' && (c[1] == 's' || c[1] == 'c');
            if (here)
                fputs(*++c == 's' ? s : calls, stdout);
            else
                putchar(*c);
        }
        puts("");
        return true;
    }
    return false;
}

// ---- limits -------------------------------------------------------------------------------------

static void help_limits(void)
{
    kal_limit_info l;
    puts("limits - What files may cost; --limits, KAL_LIMITS, and what --untrusted makes of them\n");
    printf("  %-11s %-10s %-10s\n", "name", "default", "untrusted");
    for (size_t i = 0; kal_limit_at(i, &l); i++) {
        const bool wide = strlen(l.untrusted) > 10;
        printf("  %-11s %-10s %-10s %s\n", l.name, l.standard, wide ? "" : l.untrusted, l.help);
        if (wide) printf("  %-22s %s\n", "", l.untrusted);
    }
    puts("\n  K, M, G and T are powers of 1000, of bytes powers of 1024. Of KAL_LIMITS, --untrusted and "
         "--limits\n"
         "  the later one wins.");
}

// ---- kal help -----------------------------------------------------------------------------------

static void help_screen(void)
{
    char s[16], calls[200];
    const verb *v;
    example_suffix(s);
    example_calls(calls, sizeof calls);
    printf("kal - pictures through a lazy graph\n\n  kal run 'load in.%s%s | save out.%s'\n", s, calls, s);
    printf("  kal run 'in%s' *.%s -o 'new/{stem}.%s'\nverbs\n", calls, s, s);
    for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
        char line[80];
        snprintf(line, sizeof line, "%s %s", v->name, v->usage);
        printf("  kal %-44s %s\n", line, v->help);
    }
    printf("  kal %-44s %s\n", "OP IN... [params] -o OUT", "any op as a verb; kal ops lists them");
    puts("\n- is standard input or output; -- ends the options; kal VERB --help and kal OP --help say more.\n"
         "Exit codes: 0 done, 1 failed, 2 usage, 3 bad input, 4 limit reached, 5 not in the memo, 130 "
         "interrupted.");
}

int help_main(settings *s)
{
    kal_codec_info c;
    if (!s->n_words) return help_screen(), EXIT_OK;
    const char *word = s->words[0];
    const verb *v = verb_find(word);
    const kal_op *op = kal_op_find(word);
    if (v && !s->json) return help_verb(v), EXIT_OK;
    if (op) return ops_main(s);
    if (codec_find(word, &c)) return formats_main(s);
    if (s->json) return usage("--json tells of ops and formats; there is none of the name \"%s\"", word);
    if (help_word(word)) return EXIT_OK;
    if (!strcmp(word, "limits")) return help_limits(), EXIT_OK;
    return no_such("verb, op or format", word);
}
