// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A folder that other machines have, too, laid out as one of our own is: so `kal memo gc --memo-dir` keeps it small. Nothing here hangs on locks or on clocks
// that agree, which a file system on a network may lack: a name with host and process, and a rename.
#define _GNU_SOURCE
#include "remote_part.h"
#include "store_file.h"
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEFT \
    600   // seconds after which what has a name of ours in tmp or leases was left there by somebody who is gone

typedef struct folders {
    int top, tmp, leases;
    unsigned serial;   // atomic
} folders;

static int folder_in(int at, const char *name, bool make)
{
    if (make) mkdirat(at, name, 0777);
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int own_name(kal__remote *r, char *name, size_t room)
{
    folders *f = r->state;
    const unsigned serial = __atomic_add_fetch(&f->serial, 1, __ATOMIC_RELAXED);
    const int host = (int)strcspn(r->token, " ");
    snprintf(name, room, "far-%.*s-%s-%x", host, r->token, r->token + host + 1, serial);
    return openat(f->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
}

// By the clock of whoever has the disk.
static void sweep(int folder, time_t now)
{
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct stat st;
    if (!d) {
        if (fd >= 0) close(fd);
        return;
    }
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        if ((!strncmp(e->d_name, "far-", 4) || !strncmp(e->d_name, "lease-", 6)) &&
            fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && now - st.st_mtime > LEFT)
            unlinkat(folder, e->d_name, 0);
    closedir(d);
}

static void folder_close(kal__remote *r)
{
    folders *f = r->state;
    if (!f) return;
    const int fds[] = {f->top, f->tmp, f->leases};
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0) close(fds[i]);
    free(f);
}

// "file:///mnt/memo"; of another machine by its name there is none.
static kal_status folder_open(kal__remote *r, kal_error *err)
{
    folders *f = r->state = kal__new(1, sizeof *f);
    if (!f) return kal_fail(err, KAL_NOMEM, "out of memory for a remote memo");
    *f = (folders){-1, -1, -1, 0};
    if (*r->place != '/')
        return kal_fail(err, KAL_INVALID, "%s: a folder's URL is file:///PATH, with the whole path", r->name);
    return KAL_OK;
}

// Opened when it is first wanted: until then it may not have been mounted. false with errno.
static bool reach(kal__remote *r)
{
    folders *f = r->state;
    char name[120];
    struct stat st;
    if (f->top >= 0) return true;
    if (!r->read_only) mkdir(r->place, 0700);
    const int top = open(r->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) return false;
    const int v1 = folder_in(top, KAL__STORE_VERSION, !r->read_only), why = errno;
    close(top);
    errno = why;
    if (v1 < 0) return false;
    if (!r->read_only) {
        f->tmp = folder_in(v1, "tmp", true);
        f->leases = folder_in(v1, "leases", true);
        const int fd = f->tmp < 0 ? -1 : own_name(r, name, sizeof name);
        if (fd >= 0 && fstat(fd, &st) == 0) {
            sweep(f->tmp, st.st_mtime);
            if (f->leases >= 0) sweep(f->leases, st.st_mtime);
        }
        if (fd >= 0) close(fd), unlinkat(f->tmp, name, 0);
    }
    f->top = v1;
    return true;
}

static void *folder_call(kal__remote *r)
{
    pthread_mutex_lock(&r->lock);
    const bool ok = reach(r);
    const int why = errno;
    pthread_mutex_unlock(&r->lock);
    if (!ok) kal__remote_blame(r, true, "it cannot be opened: %s", strerror(why));
    return ok ? r->state : NULL;
}

static void folder_hang_up(void *line)
{
    (void)line;
}

static kal__far failed(kal__remote *r)
{
    if (errno == ENOENT || errno == ELOOP) return KAL__FAR_NONE;
    kal__remote_blame(r, true, "reading there: %s", strerror(errno));
    return KAL__FAR_FAILED;
}

// Read, not mapped: what is cut while it is mapped would end the process.
static kal__far take(kal__remote *r, int fd, kal__slab **file, size_t *n)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return KAL__FAR_FAILED;
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || (uint64_t)st.st_size > kal__remote_room(r))
        return KAL__FAR_STRANGE;
    *n = (size_t)st.st_size;
    *file = kal__slab_new(*n);
    if (!*file) return KAL__FAR_NONE;
    for (size_t at = 0; at < *n;) {
        const ssize_t got = read(fd, (*file)->data + at, *n - at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            kal__slab_unref(file);
            return got ? KAL__FAR_FAILED : KAL__FAR_STRANGE;
        }
        at += (size_t)got;
    }
    return KAL__FAR_DONE;
}

static kal__far folder_get(kal__remote *r, void *line, kal_key key, kal__slab **file, size_t *n)
{
    char path[40];
    const folders *f = line;
    kal__store_path(key, path);
    const int fd = openat(f->top, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return failed(r);
    const kal__far came = take(r, fd, file, n);
    // When it was last wanted, for who clears up there; the clock is the file system's own.
    if (came == KAL__FAR_DONE && !r->read_only)
        futimens(fd, (struct timespec[2]){{0, UTIME_OMIT}, {0, UTIME_NOW}});
    close(fd);
    return came;
}

static kal__far folder_has(kal__remote *r, void *line, kal_key key)
{
    char path[40];
    struct stat st;
    const folders *f = line;
    kal__store_path(key, path);
    return fstatat(f->top, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? KAL__FAR_DONE : failed(r);
}

static bool publish(const folders *f, const char *name, const char *path)
{
    if (renameat(f->tmp, name, f->top, path) == 0) return true;
    if (errno != ENOENT) return false;
    char shard[3] = {path[0], path[1], 0};
    mkdirat(f->top, shard, 0777);
    return renameat(f->tmp, name, f->top, path) == 0;
}

static kal__far folder_put(kal__remote *r, void *line, kal_key key, const kal__piece *pieces, size_t most)
{
    char path[40], name[120];
    const folders *f = line;
    (void)most;
    kal__store_path(key, path);
    const int fd = f->tmp < 0 ? -1 : own_name(r, name, sizeof name);
    if (fd < 0) {
        kal__remote_blame(r, true, "nothing can be written there: %s", strerror(f->tmp < 0 ? EACCES : errno));
        return KAL__FAR_FAILED;
    }
    bool ok = true;
    for (int i = 0; i < KAL__PIECES && ok; i++) ok = kal__write_all(fd, pieces[i].data, pieces[i].n);
    ok = close(fd) == 0 && ok &&
         publish(f, name, path);   // a full disk elsewhere may be told when it is closed
    if (!ok) {
        kal__remote_blame(r, true, "writing there: %s", strerror(errno));
        unlinkat(f->tmp, name, 0);
    }
    return ok ? KAL__FAR_DONE : KAL__FAR_FAILED;
}

// ---- leases: a file that only one can make, whose time its maker moves -----------------------------

static uint64_t mark_of(const struct stat *st)
{
    return ((uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec) ^ (uint64_t)st->st_ino
                                                                                              << 40;
}

static bool is_own(const kal__remote *r, const char *name)
{
    char text[sizeof r->token];
    const folders *f = r->state;
    const int fd = openat(f->leases, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0) close(fd);
    return n == (ssize_t)strlen(r->token) && !memcmp(text, r->token, (size_t)n);
}

static kal__far take_lease(const kal__remote *r, const char *name, uint64_t *mark)
{
    struct stat st;
    const folders *f = r->state;
    const int fd = openat(f->leases, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0) {
        const bool ok = kal__write_all(fd, r->token, strlen(r->token));
        close(fd);
        if (!ok) unlinkat(f->leases, name, 0);   // a full disk; nobody could end it
        return ok ? KAL__FAR_DONE : KAL__FAR_FAILED;
    }
    if (errno != EEXIST) return KAL__FAR_FAILED;
    *mark = fstatat(f->leases, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? mark_of(&st) : 0;
    return KAL__FAR_BUSY;
}

static kal__far folder_lease(kal__remote *r, void *line, kal_key key, kal__lease_step step, uint64_t *mark)
{
    char text[33], name[40];
    const folders *f = line;
    if (f->leases < 0) return KAL__FAR_FAILED;
    kal_key_print(key, text);
    snprintf(name, sizeof name, "lease-%s", text);
    if (step == KAL__LEASE_AGAIN)
        return is_own(r, name) && utimensat(f->leases, name, NULL, 0) == 0 ? KAL__FAR_DONE : KAL__FAR_NONE;
    if (step == KAL__LEASE_OVER || (step == KAL__LEASE_END && is_own(r, name))) unlinkat(f->leases, name, 0);
    return step == KAL__LEASE_END ? KAL__FAR_DONE : take_lease(r, name, mark);
}

const kal__far_kind kal__far_folder = {.scheme = "file://",
                                       .open = folder_open,
                                       .close = folder_close,
                                       .call = folder_call,
                                       .hang_up = folder_hang_up,
                                       .get = folder_get,
                                       .has = folder_has,
                                       .put = folder_put,
                                       .lease = folder_lease};
