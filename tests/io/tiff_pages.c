// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// TIFF of many pages: a walk through n of them costs n times what one does, and the directory of each is looked for once.
#include "files.h"

#include <unistd.h>

#define PAGES 600

static kal_node *page(kal_scope *s, int i)
{
    const kal_extent e = {16, 16, 1, KAL_U8, KAL_GRAY, false};
    unsigned char values[16 * 16];
    memset(values, i % 251, sizeof values);
    return kal_pixels(s, &e, values, 16);
}

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

static bool write_pages(const char *path)
{
    kal_album *a;
    const kal_status made = kal_album_create(path, NULL, &a, &check_error);
    if (made) return REQUIRE_OK(made);
    for (int i = 0; i < PAGES; i++) {
        kal_scope *s = kal_scope_new();
        REQUIRE_OK(kal_album_add(a, page(s, i), NULL, NULL, &check_error));
        kal_scope_free(&s);
    }
    return REQUIRE_OK(kal_album_finish(&a, &check_error));
}

static void walk(const char *path, const char *params)
{
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 1};
    kal_scope *s = kal_scope_new();
    kal_pages *p = NULL;
    REQUIRE_OK(kal_pages_open(kal_load(s, path, params), &p, &check_error));
    const long before = reads();
    int bad = 0, n = 0;
    for (kal_node *at; p && (at = kal_pages_next(p, s)); n++) {
        unsigned char got[16 * 16];
        if (!REQUIRE_OK(kal_read(at, kal_rect_of(0, 0, 16, 16), got, 16, &o, &check_error))) break;
        bad += got[0] != n % 251 || got[255] != n % 251;
    }
    const long count = reads() - before;
    REQUIRE_NOTE(n == PAGES && !bad, "%d pages, %d are others", n, bad);
    REQUIRE_NOTE(before < 0 || count < 60L * PAGES, "%s: %ld reads for %d pages", params ? params : "", count,
                 n);
    if (before >= 0) printf("%ld reads for %d pages\n", count, n);
    kal_pages_close(&p);
    kal_scope_free(&s);
}

int main(void)
{
    const char *path = check_temp("many.tif");
    if (!write_pages(path)) return check_done();
    usleep(2200000);   // so that it is known by its stamp
    walk(path, NULL);
    walk(path, "keyed=false");
    return check_done();
}
