// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A folder for trees, what lies in it, and saving one there.
#ifndef DZ_TREES_H
#define DZ_TREES_H

#include "files.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static const kal_options fresh = {.memo_mode = KAL_MEMO_NEVER};

// ---- a folder to work in ------------------------------------------------------------------------

static char folder[256];

static inline const char *in_folder(const char *name)
{
    static char paths[8][700];
    static int next;
    char *p = paths[next++ & 7];
    snprintf(p, sizeof paths[0], "%s/%s", folder, name);
    return p;
}

static int n_files;

static inline int count_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)path, (void)st, (void)at;
    n_files += kind == FTW_F;
    return 0;
}

static inline int files_below(const char *path)
{
    n_files = 0;
    nftw(path, count_one, 16, FTW_PHYS);
    return n_files;
}

/// Of whatever kind, at the top.
static inline int entries(void)
{
    int n = -2;   // . and ..
    DIR *dir = opendir(folder);
    while (dir && readdir(dir)) n++;
    if (dir) closedir(dir);
    return n;
}

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static inline void empty_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    mkdir(folder, 0777);
}

static inline kal_status save(kal_node *image, const char *path, const char *layout, const char *params,
                              const kal_options *o)
{
    kal_node *n = kal_encode(NULL, image, strcmp(layout, "iiif") ? "dzi" : "iiif", params);
    const kal_status st = kal_write_files(&n, &path, 1, o, &check_error);
    kal_node_unref(&n);
    return st;
}

#endif
