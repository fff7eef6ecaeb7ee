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

// Into what is there, or what a link leads to: a pipe, a device, a descriptor, a file that nothing can take the place of.
static bool write_into(const char *path, const char *data, size_t n)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return fd >= 0 && write_close(fd, data, n);
}

// A new file beside it, of a name that nobody has.
static int open_part(const char *path, char **part)
{
    static unsigned counter;
    const char *slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash - path) + 1 : 0;
    int fd = -1;
    for (int tries = 0; tries < 100; tries++) {
        if (asprintf(part, "%.*s.kal-%ld-%u.part", folder, path, (long)getpid(), counter++) < 0) {
            *part = NULL;
            errno = ENOMEM;
            return -1;
        }
        fd = open(*part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) break;
        free(*part);
        *part = NULL;
    }
    return fd;
}

// Whose the old one is and who may do what with it stays.
static bool is_like(int fd, const struct stat *old)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return false;
    if ((st.st_uid != old->st_uid || st.st_gid != old->st_gid) && fchown(fd, old->st_uid, old->st_gid) != 0)
        return false;
    return fchmod(fd, old->st_mode & 07777) == 0;
}

// Nobody may make or move a file there; a want of room, which would be felt when the old one is emptied, is none of these.
static bool is_forbidden(int why)
{
    return why == EACCES || why == EPERM || why == EROFS || why == EBUSY || why == EXDEV ||
           why == ENAMETOOLONG;
}

// It takes the place of the file. *may: it may not, and the file may be written into.
static bool take_place(const char *path, const struct stat *old, const char *data, size_t n, bool *may)
{
    char *part = NULL;
    const int fd = open_part(path, &part);
    bool ok = fd >= 0 && (!old || is_like(fd, old));
    if (fd >= 0 && !ok) {
        const int why = errno;
        close(fd);
        errno = why;
    }
    ok = ok && write_close(fd, data, n) && rename(part, path) == 0;
    const int why = errno;
    *may = !ok && is_forbidden(why);
    if (fd >= 0 && !ok) unlink(part);
    free(part);
    errno = why;
    return ok;
}

// Of what this process has open the descriptor, so that what others write there comes behind; -1: it is none.
static int descriptor_of(const char *path)
{
    static const char *const names[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
    int fd, n = 0;
    for (int i = 0; i < 3; i++)
        if (!strcmp(path, names[i])) return i;
    const bool is =
        sscanf(path, "/dev/fd/%d%n", &fd, &n) == 1 || sscanf(path, "/proc/self/fd/%d%n", &fd, &n) == 1;
    return is && !path[n] ? fd : -1;
}

static bool is_of_processes(const char *path)
{
    return !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6);
}

bool put_whole(const char *path, const char *data, size_t n)
{
    struct stat st, link;
    bool may;
    const int open_as = descriptor_of(path);
    if (open_as >= 0) return write_all(open_as, data, n);
    const bool there = stat(path, &st) == 0, is_link = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
    char *real = there && is_link ? realpath(path, NULL) : NULL;   // a link stays one
    const char *to = real ? real : path;
    bool ok;
    if ((there && !S_ISREG(st.st_mode)) || (is_link && !real) || is_of_processes(path) || is_of_processes(to))
        ok = write_into(path, data, n);
    else if (there && access(to, W_OK) != 0)
        ok = false;
    else
        ok = take_place(to, there ? &st : NULL, data, n, &may) || (may && write_into(to, data, n));
    const int why = errno;
    free(real);
    errno = why;
    return ok;
}
