// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A file that is only named, looked for in folders and below them: in each first its files, then its folders in the order of their bytes, so that
// of two files of one name it is always the same. Links to folders are not followed.
#define _GNU_SOURCE
#include "files.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEEPEST 8

static bool is_regular(const char *path)
{
    struct stat s;
    return !stat(path, &s) && S_ISREG(s.st_mode);
}

static bool is_folder(const char *path)
{
    struct stat s;
    return !lstat(path, &s) && S_ISDIR(s.st_mode);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

// `at` holds a folder, and the path of the file once it is found.
static bool find_below(char at[PATH_MAX], const char *name, int depth)
{
    const size_t n = strlen(at);
    if (n + strlen(name) + 2 > PATH_MAX) return false;
    sprintf(at + n, "/%s", name);
    if (is_regular(at)) return true;
    at[n] = 0;
    struct dirent **list = NULL;
    const int count = depth < DEEPEST ? scandir(at, &list, not_hidden, by_bytes) : 0;
    bool found = false;
    for (int i = 0; i < count; i++) {
        if (!found && n + strlen(list[i]->d_name) + 2 < PATH_MAX) {
            sprintf(at + n, "/%s", list[i]->d_name);
            found = is_folder(at) && find_below(at, name, depth + 1);
            if (!found) at[n] = 0;
        }
        free(list[i]);
    }
    free(list);
    return found;
}

bool kal__find_below(const char *name, const char *folders, char out[PATH_MAX])
{
    struct stat s;
    if (!folders || !*folders || strchr(name, '/') || !stat(name, &s)) return false;
    for (const char *at = folders; *at;) {
        const size_t n = strcspn(at, "|");
        if (n < PATH_MAX) {
            memcpy(out, at, n);
            out[n] = 0;
            if (find_below(out, name, 0)) return true;
        }
        at += n + (at[n] == '|');
    }
    return false;
}
