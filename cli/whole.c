// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Texts that are written to files: whole, or not at all.
#define _GNU_SOURCE
#include "cli.h"
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const char *data, size_t n)
{
    while (n) {
        const ssize_t done = write(fd, data, n);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        data += done;
        n -= (size_t)done;
    }
    return true;
}

bool write_whole(int fd, const char *path, const char *data, size_t n)
{
    const bool ok = write_all(fd, data, n);
    if (!ok) usage("%s: %s", strcmp(path, "-") ? path : "standard output", strerror(errno));
    return ok;
}

static bool write_close(int fd, const char *data, size_t n)
{
    const bool ok = write_all(fd, data, n);
    const int why = errno;
    if (close(fd) != 0) return false;
    errno = why;
    return ok;
}

// Into what is there: a pipe, a device, a file in a folder where none can be made beside it.
static bool write_into(const char *path, const char *data, size_t n)
{
    const int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    return fd >= 0 && write_close(fd, data, n);
}

// A new file beside it, which has its rights, takes its place. *made: there is one, so that what failed is no want of a place for it.
static bool take_place(const char *path, const struct stat *old, const char *data, size_t n, bool *made)
{
    char *part = NULL;
    *made = false;
    if (asprintf(&part, "%s.kal-%ld", path, (long)getpid()) < 0) return false;
    const int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    *made = fd >= 0;
    bool ok = fd >= 0 && (!old || fchmod(fd, old->st_mode & 07777) == 0);
    if (fd >= 0) ok = write_close(fd, data, n) && ok;
    ok = ok && rename(part, path) == 0;
    const int why = errno;
    if (*made && !ok) unlink(part);
    free(part);
    errno = why;
    return ok;
}

bool put_whole(const char *path, const char *data, size_t n)
{
    struct stat st;
    bool made;
    const bool there = stat(path, &st) == 0;
    if (there && !S_ISREG(st.st_mode)) return write_into(path, data, n);
    char *real = there ? realpath(path, NULL) : NULL;   // a link stays one
    const bool ok = take_place(real ? real : path, there ? &st : NULL, data, n, &made);
    free(real);
    return ok || (there && !made && write_into(path, data, n));
}
