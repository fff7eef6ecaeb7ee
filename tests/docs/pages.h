// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Where the documentation is, for the tests of it: KAL_SOURCE names the tree, else it is found from this file's own path.
#ifndef PAGES_H
#define PAGES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A path inside the source tree. Static buffers, four at a time.
static inline const char *page_path(const char *name)
{
    static char paths[4][2048];
    static int next;
    char *p = paths[next++ & 3];
    const char *root = getenv("KAL_SOURCE"), *tail = strstr(__FILE__, "tests/docs/");
    if (root && *root)
        snprintf(p, sizeof paths[0], "%s/%s", root, name);
    else
        snprintf(p, sizeof paths[0], "%.*s%s", tail ? (int)(tail - __FILE__) : 0, __FILE__, name);
    return p;
}

/// The whole file with a NUL behind it (free), or NULL.
static inline char *page_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    size_t n = 0, room = 1 << 16;
    char *text = malloc(room + 1);
    for (size_t got; text && (got = fread(text + n, 1, room - n, f)) > 0;) {
        n += got;
        if (n == room) text = realloc(text, (room *= 2) + 1);
    }
    if (text) text[n] = 0;
    fclose(f);
    return text;
}

#endif
