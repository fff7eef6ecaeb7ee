// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// For tables and files of cases: a text, and what comes of it. Everything goes through what the library promises in public: a text is parsed, then
// its last expression is read.
#ifndef ROWS_H
#define ROWS_H

#include "check.h"

typedef enum how {
    GIVES,   ///< the value as JSON; of an image its rows of samples, of several channels its rows of pixels
    SAME,    ///< the same pixels, or the same value, as another text
    NODE,    ///< the very node of another text: the same key, and nothing to compute
    OTHER,   ///< other pixels than another text, and another key
    FAILS,   ///< is refused as invalid, in a sentence with these words
} how;

typedef struct row {
    const char *what, *text;
    how how;
    const char *want;
} row;

// ---- one text -----------------------------------------------------------------------------------

/// `before` and the text; the caller's reference, or NULL with check_error filled.
static inline kal_node *node_of(const char *before, const char *text)
{
    char all[4000];
    kal_program *p;
    snprintf(all, sizeof all, "%s\n%s", before, text);
    if (kal_program_parse(all, strlen(all), NULL, 0, &p, &check_error)) return NULL;
    kal_node *n = kal_node_ref(kal_program_root(p));
    kal_program_free(&p);
    return n;
}

static inline double sample_of(const kal_extent *e, const unsigned char *at)
{
    uint16_t wide;
    uint32_t label;
    float real;
    switch (e->type) {
    case KAL_U16: memcpy(&wide, at, sizeof wide); return wide;
    case KAL_U32: memcpy(&label, at, sizeof label); return label;
    case KAL_F32: memcpy(&real, at, sizeof real); return (double)real;
    case KAL_U8: break;
    }
    return *at;
}

/// Pixels as JSON. `room` holds what the tables ask for.
static inline kal_status print_pixels(const kal_node *n, char *room, size_t size)
{
    kal_extent e;
    unsigned char *data = read_all(n, NULL, &e);
    if (!data) return check_error.status;
    const size_t each = kal_type_size(e.type);
    size_t at = 0;
    for (int32_t i = 0; i < e.width * e.height * e.channels && at + 40 < size; i++) {
        const int32_t x = i / e.channels % e.width, k = i % e.channels;
        if (x == 0 && k == 0) at += (size_t)snprintf(room + at, size - at, i ? "], [" : "[[");
        if (e.channels > 1 && k == 0) at += (size_t)snprintf(room + at, size - at, x ? ", [" : "[");
        const char *const between = k || (e.channels == 1 && x) ? ", " : "";
        at += (size_t)snprintf(room + at, size - at, "%s%g", between, sample_of(&e, data + (size_t)i * each));
        if (e.channels > 1 && k == e.channels - 1) at += (size_t)snprintf(room + at, size - at, "]");
    }
    snprintf(room + at, size - at, "]]");
    free(data);
    return KAL_OK;
}

static inline kal_status print_any(const kal_node *n, char *room, size_t size)
{
    kal_value v;
    kal_bytes b;
    if (!kal_node_value(n, NULL)) return print_pixels(n, room, size);
    kal_status st = kal_read_value(n, NULL, &v, &check_error);
    if (st) return st;
    st = kal_value_print(&v, &b, &check_error);
    if (!st) snprintf(room, size, "%s", (char *)b.data);
    kal_bytes_free(&b);
    kal_value_free(&v);
    return st;
}

// ---- one row ------------------------------------------------------------------------------------

static inline void gives(const char *before, const row *r)
{
    char got[4000] = "";
    kal_node *n = node_of(before, r->text);
    const bool read = n && !print_any(n, got, sizeof got);
    if (REQUIRE_NOTE(read, "%s: %s: %s", r->what, r->text, check_error.message))
        REQUIRE_NOTE(!strcmp(got, r->want), "%s: %s: %s, not %s", r->what, r->text, got, r->want);
    kal_node_unref(&n);
}

static inline void compares(const char *before, const row *r)
{
    kal_key a, b;
    kal_node *p = node_of(before, r->text), *q = p ? node_of(before, r->want) : NULL;
    const bool read =
        p && q && !kal_content_key(p, NULL, &a, &check_error) && !kal_content_key(q, NULL, &b, &check_error);
    if (REQUIRE_NOTE(read, "%s: %s: %s", r->what, r->text, check_error.message)) {
        const bool same = kal_key_equal(a, b);
        REQUIRE_NOTE(same == (r->how != OTHER), "%s: %s: %s pixels than %s", r->what, r->text,
                     same ? "no other" : "other", r->want);
        if (r->how != SAME)
            REQUIRE_NOTE((p == q) == (r->how == NODE), "%s: %s: %s node than %s", r->what, r->text,
                         p == q ? "no other" : "another", r->want);
    }
    kal_node_unref(&p);
    kal_node_unref(&q);
}

static inline void fails(const char *before, const row *r)
{
    char got[4000];
    kal_node *n = node_of(before, r->text);
    const kal_status st = n ? print_any(n, got, sizeof got) : check_error.status;
    REQUIRE_NOTE(st == KAL_INVALID && strstr(check_error.message, r->want), "%s: %s: %s", r->what, r->text,
                 st ? check_error.message : "is not refused");
    kal_node_unref(&n);
}

/// Each row, after the statements `before`.
static inline void run_rows(const char *before, const row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (rows[i].how == GIVES ? gives : rows[i].how == FAILS ? fails : compares)(before, &rows[i]);
}
#define RUN_ROWS(before, rows) run_rows(before, rows, sizeof(rows) / sizeof *(rows))

// ---- a file of rows -----------------------------------------------------------------------------
// Blocks with blank lines between them: what it is, the text in lines that begin with blanks, and a line that says what comes of it.
// Lines that begin with # are comments.

static inline bool ends_block(const char *line, row *r)
{
    static const struct {
        const char *begins;
        how how;
    } ends[] = {{"= ", GIVES},
                {"same as ", SAME},
                {"the node of ", NODE},
                {"other than ", OTHER},
                {"fails: ", FAILS}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t n = strlen(ends[i].begins);
        if (strncmp(line, ends[i].begins, n) != 0) continue;
        r->how = ends[i].how;
        r->want = line + n;
        return true;
    }
    return false;
}

/// Each block of a file of this folder, after the statements `before`.
static inline void run_file(const char *before, const char *name)
{
    char path[1024], line[4000], what[4000] = "", text[4000] = "";
    size_t blocks = 0;
    snprintf(path, sizeof path, "%s/cases/%s", TESTS_FOLDER, name);
    FILE *f = fopen(path, "r");
    if (!REQUIRE_NOTE(f, "%s is not there", path)) return;
    while (fgets(line, sizeof line, f)) {
        row r = {.what = what, .text = text};
        line[strcspn(line, "\n")] = 0;
        if (*line == '#' || !*line) continue;
        if (*line == ' ') {
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", *text ? "\n" : "",
                     line + strspn(line, " "));
        } else if (*text && REQUIRE_NOTE(ends_block(line, &r), "%s: %s: how does it end?", name, line)) {
            run_rows(before, &r, 1);
            *text = 0;
            blocks++;
        } else {
            snprintf(what, sizeof what, "%s", line);
        }
    }
    REQUIRE_NOTE(blocks && !*text, "%s ends in the middle of: %s", name, what);
    fclose(f);
}

#endif
