// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// kal-look FILES: how each picture looks to a search (graph/optimize_look.c), a line of numbers each. For curves.py.
#include "optimize_search.h"

#include "load.h"

#include <kal/kal.h>

#include <stdio.h>
#include <stdlib.h>

// Its samples in memory, as a search holds them; NULL: an error was told.
static kal_node *held(const char *path)
{
    kal_error err = {0};
    kal_extent e;
    kal_node *n = kal_load(NULL, path, NULL), *made = NULL;
    unsigned char *p = NULL;
    kal_status st = kal_node_extent(n, &e, &err);
    const size_t row = st ? 0 : (size_t)e.width * kal_pixel_size(&e);
    if (!st && !(p = malloc(row * (size_t)e.height))) st = KAL_NOMEM;
    if (!st) st = kal_read(n, kal_rect_all(&e), p, (ptrdiff_t)row, NULL, &err);
    if (!st) made = kal_pixels(NULL, &e, p, (ptrdiff_t)row);
    if (st) fprintf(stderr, "%s: %s\n", path, *err.message ? err.message : kal_status_name(st));
    free(p);
    kal_node_unref(&n);
    return made;
}

int main(int argc, char **argv)
{
    static kal__search search;
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        kal_error err = {0};
        kal_node *n = held(argv[i]);
        if (n && !kal__look(&search, n, &err) && search.seen)
            for (int k = 0; k < KAL__QUALITY_LOOKS; k++)
                printf("%.4f%c", search.look[k], k + 1 < KAL__QUALITY_LOOKS ? ' ' : '\n');
        else
            failed = 1;
        kal_node_unref(&n);
    }
    return failed;
}
