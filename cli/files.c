// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// All files that a command reads and writes by their names, before any of them is opened. What is written takes the place of nothing that is
// read, and of nothing else that is written; but a picture may be replaced by what is made of it, which many.c sees to.
#include "job.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(field) offsetof(settings, field)

static const struct {
    const char *what;
    size_t at;
    bool writes;
} roles[] = {{"the text of -f", AT(file), false}, {"the list of --files-from", AT(list), false},
             {"--manifest", AT(manifest), true},  {"--table", AT(table), true},
             {"--sheet", AT(sheet), true},        {"--profile", AT(profile), true}};

enum { ROLES = sizeof roles / sizeof *roles, INCLUDED = ROLES, LOADED, PLAIN_OUT };

static const char *role_name(int32_t role)
{
    return role < ROLES       ? roles[role].what
           : role == INCLUDED ? "included by the text"
           : role == LOADED   ? "named by the text"
                              : "-o";
}

static bool role_writes(int32_t role)
{
    return role < ROLES ? roles[role].writes : role == PLAIN_OUT;
}

// Standard streams, the web, pipes and devices are nobody's place.
static bool is_place_of(const char *path)
{
    struct stat st;
    return path && strcmp(path, "-") != 0 && !is_url(path) && (stat(path, &st) != 0 || S_ISREG(st.st_mode));
}

static int over_read(const char *path, const char *what, int32_t by)
{
    return usage("%s is %s, and %s would be written over it", path, what, role_name(by));
}

// A role takes its file. Exit code.
static int take(file_set *f, const char *path, int32_t role)
{
    if (!is_place_of(path)) return EXIT_OK;
    if (role_writes(role) && claims_find_file(&f->inputs, path)) return over_read(path, f->what, role);
    f->endangers |= role_writes(role) && access(path, F_OK) == 0;
    const int32_t was = claims_add_file(&f->named, path, role + 1) - 1;
    if (was < -1) return usage("out of memory");
    if (was < 0 || was == role || (!role_writes(was) && !role_writes(role))) return EXIT_OK;
    if (!role_writes(was)) return over_read(path, role_name(was), role);
    if (!role_writes(role)) return over_read(path, role_name(role), was);
    return usage("%s would be written twice, by %s and by %s", path, role_name(was), role_name(role));
}

int files_take(file_set *f, const settings *s, const char *const *in, int32_t n, const char *what)
{
    int code = EXIT_OK;
    *f = (file_set){.what = what};
    for (int32_t i = 0; i < n && !code; i++)
        if (is_place_of(in[i]) && claims_add_file(&f->inputs, in[i], i + 1) < 0)
            code = usage("out of memory");
    for (int32_t i = 0; i < ROLES && !code; i++)
        code = take(f, *(const char *const *)((const char *)s + roles[i].at), i);
    return code;
}

// A word of a text, or what stands in quotes.
static int take_word(const file_set *f, const char *word, size_t n)
{
    char path[4096];
    if (!n || n >= sizeof path) return EXIT_OK;
    memcpy(path, word, n);
    path[n] = 0;
    const int32_t by = is_place_of(path) ? claims_find_file(&f->named, path) - 1 : -1;
    return by >= 0 && role_writes(by) ? over_read(path, role_name(LOADED), by) : EXIT_OK;
}

// What it loads is not opened to be known: a pipe can be read once. Where nothing that is written is there yet, nothing is lost.
int files_take_words(const file_set *f, const char *text, size_t n)
{
    int code = EXIT_OK;
    for (size_t i = 0, k; f->endangers && i < n && !code; i += k + 1) {
        const char *quote = text[i] == '"' ? memchr(text + i + 1, '"', n - i - 1) : NULL;
        if (quote) i++;
        for (k = 0; i + k < n && (quote ? text + i + k < quote : !strchr(" \t\r\n|()[];,=\"", text[i + k]));)
            k++;
        code = take_word(f, text + i, k);
    }
    return code;
}

int files_take_text(file_set *f, const source_text *t)
{
    kal_program *p = NULL;
    const char *path;
    int code = EXIT_OK;
    if (!t || !t->data) return EXIT_OK;
    kal_program_outline(t->data, t->size, t->path, &p,
                        NULL);   // what is wrong with it is told when it is run
    for (int32_t i = 0; (path = kal_program_file(p, i)) != NULL && !code; i++) code = take(f, path, INCLUDED);
    kal_program_free(&p);
    return code ? code : files_take_words(f, t->data, t->size);
}

int files_take_loads(file_set *f, const kal_program *p)
{
    const char *path;
    int code = EXIT_OK;
    for (int32_t i = 0; p && (path = kal_program_file(p, i)) != NULL && !code; i++)
        code = take(f, path, LOADED);
    return code;
}

int files_take_out(file_set *f, const char *out)
{
    return take(f, out, PLAIN_OUT);
}

int files_picture(const file_set *f, const char *path)
{
    const int32_t by = is_place_of(path) ? claims_find_file(&f->named, path) - 1 : -1;
    if (by < 0 || by == LOADED) return EXIT_OK;   // a picture may be written over itself
    if (role_writes(by))
        return usage("%s would be written twice, by %s and as a picture", path, role_name(by));
    return usage("%s is %s and would be written over", path, role_name(by));
}

void files_free(file_set *f)
{
    claims_free(&f->inputs);
    claims_free(&f->named);
}
