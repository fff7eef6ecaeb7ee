// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Folders that killed writers of a tree left beside it. Whoever writes holds its folder locked, which ends with the process however that ends; so who comes
// to the same place later can tell them apart, and removes them once its own tree is there.
#define _GNU_SOURCE
#include "target.h"

#include "disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define YOUNG 10   // seconds in which a folder may have been made and not locked yet

int kal__tree_hold(const char *temp)
{
    const int fd = open(temp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        flock(fd, LOCK_EX | LOCK_NB);   // where there are no locks nobody will take it for left either
    return fd;
}

// ".NAME.kal-PID-N", as kal__target_temp makes it.
static bool is_temporary(const char *entry, const char *name)
{
    const size_t n = strnlen(name, 200);
    int end = 0;
    if (*entry != '.' || strncmp(entry + 1, name, n) != 0) return false;
    sscanf(entry + 1 + n, ".kal-%*[0-9]-%*[0-9]%n", &end);
    return end && !entry[1 + n + (size_t)end];
}

// A folder of ours that nobody holds.
static bool is_left(int beside, const char *entry)
{
    struct stat st;
    const int fd = openat(beside, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return false;
    const bool left = fstat(fd, &st) == 0 && st.st_uid == geteuid() && st.st_mtime + YOUNG < time(NULL) &&
                      flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return left;
}

void kal__tree_sweep(const char *folder)
{
    char beside[4096], path[4400];
    const char *slash = strrchr(folder, '/');
    const int n = slash ? (int)(slash - folder) + 1 : 0;
    if (n >= (int)sizeof beside) return;
    snprintf(beside, sizeof beside, "%.*s", n, folder);
    DIR *d = opendir(n ? beside : ".");
    for (const struct dirent *e; d && (e = readdir(d));)
        if (is_temporary(e->d_name, folder + n) && is_left(dirfd(d), e->d_name) &&
            snprintf(path, sizeof path, "%s%s", beside, e->d_name) < (int)sizeof path)
            kal__remove_tree(path);
    if (d) closedir(d);
}
