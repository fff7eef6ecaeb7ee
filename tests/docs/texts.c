// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Every block of graph text in the documentation (```kal) is read, and run when it saves something. A line before the block says more:
//   <!-- one node -->     every line is a text of its own, and all are one node
//   <!-- each line -->    every line is a text of its own
//   <!-- file NAME -->    it is a file of that name, which later blocks include
// A block that ends in "# → message" must fail with exactly that message; with … at its end, with one that begins so.
#define _GNU_SOURCE
#include "check.h"
#include "pages.h"

#include <dirent.h>
#include <unistd.h>

static kal_node *photo;
static int blocks;
static char place[300];

static kal_program *parse(const char *text)
{
    const kal_binding b = {.name = "in", .node = photo};
    kal_program *p = NULL;
    return kal_program_parse(text, strlen(text), &b, 1, &p, &check_error) ? NULL : p;
}

// Sound to the end: saved, or at least of a known size.
static void run(kal_program *p, const char *text)
{
    kal_extent e;
    kal_node *root = kal_program_root(p);
    if (kal_program_save(p, 0, NULL))
        REQUIRE_NOTE(!kal_program_run(p, NULL, &check_error), "%s: %s\n%s", place, check_error.message, text);
    else if (root && !kal_node_value(root, NULL))
        REQUIRE_NOTE(!kal_node_extent(root, &e, &check_error), "%s: %s\n%s", place, check_error.message,
                     text);
}

static void one_text(const char *text)
{
    kal_program *p = parse(text);
    if (REQUIRE_NOTE(p, "%s: %s\n%s", place, check_error.message, text)) run(p, text);
    kal_program_free(&p);
}

static void refused(const char *text, const char *want)
{
    size_t n = strcspn(want, "\n");
    const bool part = n >= 3 && !memcmp(want + n - 3, "…", 3);
    if (part) n -= 3;
    kal_program *p = parse(text);
    REQUIRE_NOTE(!p && !strncmp(check_error.message, want, n) && (part || !check_error.message[n]),
                 "%s: it says \"%s\", and not \"%.*s\"", place, p ? "" : check_error.message, (int)n, want);
    kal_program_free(&p);
}

static void lines(char *text, bool one_node)
{
    kal_program *first = NULL;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        one_text(line);
        kal_program *p = parse(line);
        if (first && p && one_node)
            REQUIRE_NOTE(kal_program_root(p) == kal_program_root(first), "%s: another node: %s", place, line);
        if (first)
            kal_program_free(&p);
        else
            first = p;
    }
    kal_program_free(&first);
}

static void keep(const char *text, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%.*s", (int)strcspn(name, " "), name);
    FILE *f = fopen(path, "w");
    REQUIRE_NOTE(f && fputs(text, f) >= 0, "%s: %s cannot be written", place, path);
    if (f) fclose(f);
}

static void block(char *text, const char *before)
{
    const char *file = strstr(before, "<!-- file ");
    const char *fails = strstr(text, "# → ");
    blocks++;
    if (file)
        keep(text, file + strlen("<!-- file "));
    else if (fails)
        refused(text, fails + strlen("# → "));
    else if (strstr(before, "<!-- one node -->") || strstr(before, "<!-- each line -->"))
        lines(text, strstr(before, "one node") != NULL);
    else
        one_text(text);
}

static void page(const char *path)
{
    char *text = page_read(path), *at = text;
    if (!REQUIRE_NOTE(text, "%s cannot be read", path)) return;
    while ((at = strstr(at, "\n```kal\n"))) {
        char *from = at + strlen("\n```kal\n"), *end = strstr(from, "\n```"), *before = at;
        while (before > text && before[-1] != '\n') before--;
        int line = 2;
        for (const char *c = text; c < at; c++) line += *c == '\n';
        snprintf(place, sizeof place, "%s, line %d", path, line);
        if (!REQUIRE_NOTE(end, "%s: the block does not end", place)) break;
        *at = 0;
        end[1] = 0;   // the text keeps its last new line
        block(from, before);
        at = end + 2;
    }
    free(text);
}

static kal_node *ramp(kal_scope *s, int32_t width, int32_t height)
{
    const kal_extent e = extent_of(width, height, 3, KAL_U8);
    unsigned char *data = malloc(bytes_of(&e));
    for (size_t i = 0; i < bytes_of(&e); i++)
        data[i] = (unsigned char)(i / 3 % (size_t)width / 8 + i % 3 * 40);
    kal_node *n = kal_pixels(s, &e, data, width * 3);
    free(data);
    return n;
}

int main(void)
{
    char docs[2048], path[4096];
    snprintf(docs, sizeof docs, "%s", page_path("docs"));
    kal_scope *s = kal_scope_new();
    if (chdir(check_temp(""))) return 1;   // blocks load and save by bare names
    REQUIRE_OK(kal_save(ramp(s, 2000, 1500), "in.jpg", NULL, NULL, &check_error));
    REQUIRE_OK(kal_save(ramp(s, 300, 200), "logo.png", NULL, NULL, &check_error));
    photo = kal_load(s, "in.jpg", NULL);
    page(page_path("README.md"));
    DIR *d = opendir(docs);
    for (struct dirent *f; d && (f = readdir(d));) {
        const size_t n = strlen(f->d_name);
        if (n < 4 || strcmp(f->d_name + n - 3, ".md") != 0) continue;
        snprintf(path, sizeof path, "%s/%s", docs, f->d_name);
        page(path);
    }
    if (d) closedir(d);
    REQUIRE_NOTE(blocks >= 20, "%d blocks were found", blocks);
    printf("%d blocks of text\n", blocks);
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    return check_done();
}
