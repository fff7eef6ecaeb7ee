// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See check.h.
#define _GNU_SOURCE
#include "check.h"

#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

int check_failed, check_passed;
static int skipped;
kal_error check_error;

bool check_that(bool ok, const char *file, int line, const char *what, const char *note)
{
    if (ok) {
        __atomic_fetch_add(&check_passed, 1, __ATOMIC_RELAXED);
        return true;
    }
    if (__atomic_fetch_add(&check_failed, 1, __ATOMIC_RELAXED) < 40)
        fprintf(stderr, "%s:%d: failed: %s%s%s\n", file, line, what, note ? "  -- " : "", note ? note : "");
    return false;
}

bool check_note(bool ok, const char *file, int line, const char *what, const char *fmt, ...)
{
    char note[1000] = "";
    if (!ok) {
        va_list args;
        va_start(args, fmt);
        vsnprintf(note, sizeof note, fmt, args);
        va_end(args);
    }
    return check_that(ok, file, line, what, note);
}

bool check_status(kal_status got, kal_status want, const kal_error *err, const char *file, int line,
                  const char *what)
{
    return check_note(got == want, file, line, what, "got %s, want %s: %s", kal_status_name(got),
                      kal_status_name(want), got ? err->message : "");
}

bool check_text(const char *a, const char *b, const char *file, int line)
{
    return check_note(!strcmp(a, b), file, line, "texts are equal", "\"%s\" against \"%s\"", a, b);
}

bool check_mem(const void *a, const void *b, size_t n, const char *file, int line)
{
    const unsigned char *p = a, *q = b;
    if (p && q && !memcmp(p, q, n)) return check_that(true, file, line, "", NULL);
    size_t i = 0, count = 0;
    while (p && q && i < n && p[i] == q[i]) i++;
    for (size_t k = i; p && q && k < n; k++) count += p[k] != q[k];
    return check_note(false, file, line, "memory is equal", "byte %zu of %zu: %d against %d; %zu differ", i,
                      n, p ? p[i] : -1, q ? q[i] : -1, count);
}

void check_skip(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    printf("skipped: ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
    skipped++;
}

static char folder[64];

const char *check_temp(const char *name)
{
    static char paths[8][256];
    static int next;
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "/tmp/kal-test-XXXXXX");
        if (!mkdtemp(folder)) perror(folder);
    }
    char *p = paths[next++ & 7];
    snprintf(p, sizeof paths[0], "%s/%s", folder, name);
    return p;
}

const char *check_shared(const char *path)
{
    static char full[1024];
    const char *root = getenv("KAL_SHARED");
    if (!root) return NULL;
    snprintf(full, sizeof full, "%s/%s", root, path);
    struct stat st;
    return stat(full, &st) == 0 ? full : NULL;
}

int check_done(void)
{
    REQUIRE_NOTE(kal_node_count() == 0, "%zu nodes are still alive", kal_node_count());
    if (folder[0]) {
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        if (system(command)) fprintf(stderr, "%s was left\n", folder);
    }
    printf("%d checks passed, %d failed, %d skipped\n", check_passed, check_failed, skipped);
    return check_failed ? 1 : check_passed <= 1 && skipped ? 77 : 0;
}

void *read_all(const kal_node *node, const kal_options *options, kal_extent *extent)
{
    kal_extent e;
    if (kal_node_extent(node, &e, &check_error)) return NULL;
    if (extent) *extent = e;
    void *data = malloc(bytes_of(&e));
    const size_t row = (size_t)e.width * kal_pixel_size(&e);
    if (!kal_read(node, kal_rect_all(&e), data, (ptrdiff_t)row, options, &check_error)) return data;
    free(data);
    return NULL;
}
