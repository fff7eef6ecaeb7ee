// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is in the place of a tree that is to be written: it goes only if it is a tree of tiles and nothing else lies in it, at whatever depth.
// Somebody's pictures must not be lost because a name was mistyped.
#define _GNU_SOURCE   // memmem
#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Names of files: '#' is a number, '@' a level, '*' the suffix of a format. libvips writes the same trees and two files more.
#define ALWAYS "vips-properties.xml"
#define SIZES(region) region "/#,#/0/default.*", region "/#,/0/default.*"
static const char *const deepzoom[] = {ALWAYS, "@/#_#.*", NULL};
static const char *const iiif[] = {
    ALWAYS, "info.json", SIZES("#,#,#,#"), SIZES("full"), "full/max/0/default.*", "full/full/0/default.*",
    NULL};
static const char *const google[] = {ALWAYS, "tiles.json", "blank.png", "@/#/#.*", NULL};

// What tells of a whole, and words that it has.
typedef struct kind {
    const char *file, *words[2];
    const char *const *names;
} kind;

static const kind of_beside = {"", {"<Image", "schemas.microsoft.com/deepzoom/"}, deepzoom};
static const kind kinds[] = {
    {"info.json", {"\"@context\"", "http://iiif.io/api/image"}, iiif},
    {"tiles.json", {"\"tilejson\"", "{z}"}, google},
};

static bool is_name(const char *pattern, const char *path, bool folder)
{
    for (; *pattern; pattern++) {
        if (*pattern == '*') {
            const kal__codec *c = kal__codec_named(path);
            return c && !c->tree && !folder;
        }
        if (*pattern == '#' || *pattern == '@') {
            const size_t n = strspn(path, "0123456789");
            if (!n || n > (*pattern == '@' ? 2 : 10) || (n > 1 && *path == '0')) return false;
            path += n;
        } else if (*path == *pattern) {
            path++;
        } else {
            return folder && !*path && *pattern == '/';
        }
    }
    return !*path && !folder;
}

static bool is_known(const char *const *names, const char *path, bool folder)
{
    while (*names && !is_name(*names, path, folder)) names++;
    return *names != NULL;
}

static kal_status look_below(const char *const *names, const char *folder, size_t skip, kal_error *err)
{
    char path[2048];
    kal_status st = KAL_OK;
    DIR *d = opendir(folder);
    if (!d) return kal__cannot_write(err, "%s: %s", folder, strerror(errno));
    for (const struct dirent *e; !st && (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        struct stat s;
        const int n = snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (n >= (int)sizeof path || lstat(path, &s) != 0)
            st = kal__cannot_write(err, "%s/%s: cannot be looked at", folder, e->d_name);
        else if ((!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode)) ||
                 !is_known(names, path + skip, S_ISDIR(s.st_mode)))
            st = kal__cannot_write(err,
                                   "%.*s: is a folder in which lies \"%s\", no tree that could be replaced",
                                   (int)skip - 1, path, path + skip);
        else if (S_ISDIR(s.st_mode))
            st = look_below(names, path, skip, err);
    }
    closedir(d);
    return st;
}

// The words stand near the beginning of what these programs write.
static bool tells(const char *path, const kind *k)
{
    char text[4096];
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    const ssize_t n = read(fd, text, sizeof text);
    close(fd);
    bool all = n > 0;
    for (int i = 0; i < 2 && all; i++)
        all = memmem(text, (size_t)n, k->words[i], strlen(k->words[i])) != NULL;
    return all;
}

// Returns 0, 1, or -1: it cannot be read.
static int is_empty(const char *folder)
{
    DIR *d = opendir(folder);
    int n = 0;
    if (!d) return -1;
    while (n <= 2 && readdir(d)) n++;
    closedir(d);
    return n <= 2;
}

kal_status kal__tree_may_go(const char *folder, const char *beside, kal_error *err)
{
    char path[2048];
    const int empty = is_empty(folder);
    if (empty < 0 && errno == ENOENT) return KAL_OK;
    if (empty < 0) return kal__cannot_write(err, "%s: %s", folder, strerror(errno));
    if (empty) return KAL_OK;
    if (beside && !tells(beside, &of_beside))
        return kal__cannot_write(
            err,
            "%s: is a folder, and %s is not there or tells of no tree: no tree that could be "
            "replaced",
            folder, beside);
    if (beside) return look_below(deepzoom, folder, strlen(folder) + 1, err);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const int n = snprintf(path, sizeof path, "%s/%s", folder, kinds[i].file);
        if (n >= (int)sizeof path || access(path, F_OK) != 0) continue;
        if (tells(path, &kinds[i])) return look_below(kinds[i].names, folder, strlen(folder) + 1, err);
        return kal__cannot_write(err, "%s: is a folder whose %s tells of no tree that could be replaced",
                                 folder, kinds[i].file);
    }
    return kal__cannot_write(
        err, "%s: is a folder without info.json or tiles.json, no tree that could be replaced", folder);
}
