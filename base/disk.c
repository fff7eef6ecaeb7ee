// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See disk.h.
#define _GNU_SOURCE
#include "disk.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST ((size_t)1 << 30)   // bytes of one call: systems take no more than 2 GiB
#define HANDLES 16               // folders that are open at once
#define DEPTH 100                // of folders that may not be looked into

// at < 0: where the file is.
static bool write_out(int fd, const unsigned char *p, size_t n, off_t at)
{
    while (n) {
        const size_t part = n < MOST ? n : MOST;
        const ssize_t done = at < 0 ? write(fd, p, part) : pwrite(fd, p, part, at);
        if (done < 0 && errno == EINTR) continue;
        if (!done) errno = ENOSPC;
        if (done <= 0) return false;
        p += done;
        n -= (size_t)done;
        if (at >= 0) at += done;
    }
    return true;
}

bool kal__write_all(int fd, const void *data, size_t n)
{
    return write_out(fd, data, n, -1);
}

bool kal__write_all_at(int fd, const void *data, size_t n, uint64_t at)
{
    return write_out(fd, data, n, (off_t)at);
}

static _Thread_local bool closed;   // there was a folder that could not be looked into

static int open_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)at;
    closed |= kind == FTW_DNR;
    if ((kind == FTW_D || kind == FTW_DNR) && (st->st_mode & 0700) != 0700) chmod(path, 0700);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    remove(path);
    return 0;
}

void kal__remove_tree(const char *path)
{
    closed = true;
    for (int depth = 0; closed && depth < DEPTH;
         depth++) {   // those within are seen when those around them are open
        closed = false;
        nftw(path, open_one, HANDLES, FTW_PHYS);
    }
    nftw(path, remove_one, HANDLES, FTW_DEPTH | FTW_PHYS);
}
