// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A walk through an animation looks at the whole file once, not once for each page: reads are counted.
#include "files.h"

#include <unistd.h>

enum { PAGES = 300, SIDE = 16 };

// Calls that read, of this process; -1: nobody counts them here.
static long reads(void)
{
    long n = -1;
    char line[80];
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(line, sizeof line, f)) sscanf(line, "syscr: %ld", &n);
    if (f) fclose(f);
    return n;
}

static kal_node *page(kal_scope *s, int i)
{
    return kal_noise(s, kal_noise_params(.width = SIDE, .height = SIDE, .channels = 3, .seed = i));
}

static void write_pages(const char *path)
{
    kal_album *a;
    if (!REQUIRE_OK(kal_album_create(path, NULL, &a, &check_error))) return;
    for (int i = 0; i < PAGES; i++) {
        kal_scope *s = kal_scope_new();
        REQUIRE_OK(kal_album_add(a, page(s, i), NULL, NULL, &check_error));
        kal_scope_free(&s);
    }
    REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));
}

static void walk(const char *path)
{
    kal_scope *s = kal_scope_new();
    kal_pages *p = NULL;
    int n = 0, bad = 0;
    REQUIRE_OK(kal_pages_open(kal_load(s, path, NULL), &p, &check_error));
    const long before = reads();
    for (kal_node *at; p && (at = kal_pages_next(p, s)); n++) {
        kal_field f;
        kal_extent e;
        unsigned char *got = read_all(at, &(kal_options){.memo_mode = KAL_MEMO_NEVER, .threads = 1}, &e);
        unsigned char *want = read_all(page(s, n), NULL, &e);
        const double delay = kal_node_field(at, "delay", &f) ? f.numbers[0] : -1;
        bad += !got || memcmp(got, want, (size_t)SIDE * SIDE * 3) || delay != 0.1;
        free(got);
        free(want);
    }
    const long count = reads() - before;
    REQUIRE_NOTE(n == PAGES && !bad, "%s: %d pages, %d are others", path, n, bad);
    if (before >= 0) printf("%s: %ld reads for %d pages\n", path, count, n);
    REQUIRE_NOTE(before < 0 || count < 4L * PAGES, "%s: %ld reads for %d pages", path, count, n);
    kal_pages_close(&p);
    kal_scope_free(&s);
}

int main(void)
{
    static const char *const names[] = {"walk.png", "walk.gif"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) write_pages(check_temp(names[i]));
    usleep(2200000);   // what is younger is digested for each page
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) walk(check_temp(names[i]));
    return check_done();
}
