// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Help for a text: its params and the pictures it wants, which are known without any of them.
#include "inputs.h"
#include "out.h"
#include "records.h"

#include <string.h>

enum { NAME, KIND, RANGE, DEFAULT, COLUMNS };
typedef char row[COLUMNS][48];

static const char *kind_word(kal_param_kind kind)
{
    return kind == KAL_PARAM_FLOAT    ? "number"
           : kind == KAL_PARAM_CHOICE ? "choice"
           : kind == KAL_PARAM_BOOL   ? "yes or no"
           : kind == KAL_PARAM_COLOR  ? "colour or list"
                                      : "text";
}

static void fill_row(const kal_param_info *p, row r)
{
    char low[32], high[32];
    memset(r, 0, sizeof(row));
    snprintf(r[NAME], sizeof r[NAME], "%s", p->name);
    snprintf(r[KIND], sizeof r[KIND], "%s", kind_word(p->kind));
    if (p->min < p->max)
        snprintf(r[RANGE], sizeof r[RANGE], "%s..%s", number_text(p->min, low), number_text(p->max, high));
    snprintf(r[DEFAULT], sizeof r[DEFAULT], "%s", *p->standard ? p->standard : "\"\"");
}

static void print_params(const kal_program *program)
{
    row r = {"name", "type", "range", "default"};
    row one;
    kal_param_info p;
    int width[COLUMNS];
    for (int k = 0; k < COLUMNS; k++) width[k] = (int)strlen(r[k]);
    for (int32_t i = 0; kal_program_param(program, i, &p); i++) {
        fill_row(&p, one);
        for (int k = 0; k < COLUMNS; k++)
            if ((int)strlen(one[k]) > width[k]) width[k] = (int)strlen(one[k]);
    }
    puts("params of the text, which --set changes");
    for (int32_t i = -1; i < 0 || kal_program_param(program, i, &p); i++) {
        if (i >= 0) fill_row(&p, r);
        const char *help = i >= 0 ? p.help : "", *choices = i >= 0 && p.choices ? p.choices : "";
        fputs("  ", stdout);
        for (int k = 0; k < DEFAULT; k++) printf("  %-*s", width[k], r[k]);
        printf("  %-*s", *help || *choices ? width[DEFAULT] + 2 : 0, r[DEFAULT]);
        printf("%s%s%s\n", help, *help && *choices ? ": " : "", choices);
    }
}

int help_text(const settings *s)
{
    source_text t;
    kal_program *program = NULL;
    kal_param_info p;
    kal_error err;
    int code = text_take(&t, s);
    if (!code && kal_program_outline(t.data ? t.data : "", t.size, t.path, &program, &err)) {
        code = fail(&err);
        show_place(&t, &err);
    }
    const bool params = !code && kal_program_param(program, 0, &p),
               pictures = !code && kal_program_input(program, 0, NULL);
    if (params) print_params(program);
    if (pictures) printf("%spictures that follow the text\n ", params ? "\n" : "");
    for (int32_t i = 0; pictures && kal_program_input(program, i, NULL); i++)
        printf(" %s", kal_program_input(program, i, NULL));
    if (pictures) puts("");
    if (params || pictures) puts("");
    kal_program_free(&program);
    text_free(&t);
    return code;
}
