// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes in: files, standard input, memory.
#define _GNU_SOURCE
#include "fd.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/vfs.h>
#endif
#include <unistd.h>

typedef struct file_reader {
    kal__reader base;
    int fd;
    bool own;   // close it
    char name[];
} file_reader;

static bool standard_read;   // atomic: standard input was read to its end

// What read or pread gave, or why not.
static ptrdiff_t told(ssize_t got, const char *name, uint64_t at, kal_error *err)
{
    if (got < 0)
        kal_fail(err, KAL_IO, "%s: reading at byte %llu: %s", name, (unsigned long long)at, strerror(errno));
    return got;
}

#define AT_ONCE(n) ((n) > (1u << 30) ? (1u << 30) : (n))

ptrdiff_t kal__fd_read(int fd, const char *name, uint64_t at, void *dst, size_t n, kal_error *err)
{
    ssize_t got;
    do got = read(fd, dst, AT_ONCE(n));
    while (got < 0 && errno == EINTR);
    return told(got, name, at, err);
}

ptrdiff_t kal__fd_read_at(int fd, const char *name, uint64_t at, void *dst, size_t n, kal_error *err)
{
    ssize_t got;
    do got = pread(fd, dst, AT_ONCE(n), (off_t)at);
    while (got < 0 && errno == EINTR);
    return told(got, name, at, err);
}

static ptrdiff_t file_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    file_reader *f = (file_reader *)r;
    const ptrdiff_t got = kal__fd_read(f->fd, r->name, r->position, dst, n, err);
    if (got > 0) r->position += (uint64_t)got;
    if (!got && n && f->fd == 0 && !f->own) __atomic_store_n(&standard_read, true, __ATOMIC_RELAXED);
    return got;
}

static void file_close(kal__reader *r)
{
    file_reader *f = (file_reader *)r;
    if (f->own) close(f->fd);
    free(f);
}

static uint64_t stamp_ns(struct timespec t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Only file systems that are known to keep times by this machine's clock; another one has the clock of somebody else, and no clock here
// tells whether its times are old.
static bool is_local(int fd)
{
#if defined(__linux__)
    // ext, xfs, btrfs, zfs, f2fs, overlays, bcachefs; in memory (tmpfs, ramfs) a store through a mapping changes no time
    static const unsigned long known[] = {0xef53,     0x58465342, 0x9123683e, 0x2fc12fc1,
                                          0xf2f52010, 0x794c7630, 0xca451a4e};
    struct statfs s;
    if (fstatfs(fd, &s) != 0) return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (((unsigned long)s.f_type & 0xffffffffu) == known[i]) return true;
    return false;
#else
    (void)fd;
    return false;
#endif
}

// A store through a mapping changes the times when it makes its page dirty, and then no more until the page has been sent to the disk. So
// dirty pages are sent there first: whatever is stored after the stamp was taken changes it. Of a file that is clean this costs nothing, and it
// is never waited for.
static void send_dirty_pages(int fd)
{
#if defined(SYNC_FILE_RANGE_WRITE)
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
    (void)fd;
#endif
}

static kal__stamp stamp_of(const struct stat *st, bool local)
{
    return (kal__stamp){.dev = (uint64_t)st->st_dev,
                        .ino = (uint64_t)st->st_ino,
                        .size = (uint64_t)st->st_size,
                        .mtime_ns = stamp_ns(st->st_mtim),
                        .ctime_ns = stamp_ns(st->st_ctim),
                        .local = local};
}

bool kal__fd_stamp(int fd, kal__stamp *out)
{
    struct stat st;
    send_dirty_pages(fd);
    if (fstat(fd, &st) != 0) return false;
    *out = stamp_of(&st, is_local(fd));
    return true;
}

bool kal__path_stamp(const char *path, kal__stamp *out)
{
    struct stat st;
    if (kal__is_url(path) || !strcmp(path, "-") || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    *out = stamp_of(&st, true);
    return true;
}

static ptrdiff_t file_read_at(kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err)
{
    const ptrdiff_t got = kal__fd_read_at(((file_reader *)r)->fd, r->name, at, dst, n, err);
    return kal__read_by_place(r, got);
}

static bool file_stamp(kal__reader *r, kal__stamp *out)
{
    return kal__fd_stamp(((file_reader *)r)->fd, out);
}

kal_status kal__open_file(const char *path, kal__reader **out, kal_error *err)
{
    *out = NULL;
    const bool standard = !strcmp(path, "-");
    const char *name = standard ? "standard input" : path;
    if (standard && __atomic_load_n(&standard_read, __ATOMIC_RELAXED))
        return kal_fail(
            err, KAL_INVALID,
            "standard input was read already and can be read once; name what it gave: a = load -");
    file_reader *f = kal__new_zero(1, sizeof *f + strlen(name) + 1);
    if (!f) return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    strcpy(f->name, name);
    f->fd = standard ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    f->own = !standard && f->fd >= 0;
    struct stat st;
    kal_status status = KAL_OK;
    if (f->fd < 0)
        status = kal_fail(err, KAL_IO, "%s: %s", name, strerror(errno));
    else if (fstat(f->fd, &st) != 0)
        status = kal_fail(err, KAL_IO, "%s: %s", name, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        status = kal_fail(err, KAL_IO, "%s: is a directory", name);
    if (status) {
        if (f->own) close(f->fd);
        free(f);
        return status;
    }
    if (S_ISCHR(st.st_mode) && !standard && !isatty(f->fd)) {
        file_close(&f->base);
        return kal_fail(err, KAL_IO, "%s: is a device, not a file", path);
    }
    f->base =
        (kal__reader){.read = file_read, .close = file_close, .size = (size_t)st.st_size, .name = f->name};
    if (S_ISREG(st.st_mode) && !standard) {
        f->base.regular = true;
        f->base.read_at = file_read_at;
        f->base.stamp = file_stamp;
    }
    *out = &f->base;
    return KAL_OK;
}

// ---- memory -------------------------------------------------------------------------------------

static ptrdiff_t memory_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    (void)err;
    const size_t left = r->size - (size_t)r->position;
    if (n > left) n = left;
    if (n) memcpy(dst, r->memory + r->position, n);
    r->position += n;
    return (ptrdiff_t)n;
}

static ptrdiff_t memory_read_at(kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err)
{
    (void)err;
    const size_t left = at < r->size ? r->size - (size_t)at : 0;
    if (n > left) n = left;
    if (n) memcpy(dst, r->memory + at, n);
    return (ptrdiff_t)n;
}

static void memory_close(kal__reader *r)
{
    free(r);
}

kal_status kal__open_memory(const void *data, size_t size, const char *name, kal__reader **out,
                            kal_error *err)
{
    kal__reader *r = *out = kal__new_zero(1, sizeof *r);
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    *r = (kal__reader){.read = memory_read,
                       .read_at = memory_read_at,
                       .close = memory_close,
                       .memory = data,
                       .size = size,
                       .name = name};
    return KAL_OK;
}

// ---- a part of it -------------------------------------------------------------------------------

// Nothing was there at a place, which may lie behind the end.
static kal_status ends(const kal__reader *r, const char *codec, uint64_t at, size_t n, kal_error *err)
{
    if (r->size && r->size < at)
        return kal_fail(err, KAL_CORRUPT,
                        "%s: %s: the file ends at byte %zu, and %zu bytes from byte %llu on are needed",
                        r->name, codec, r->size, n, (unsigned long long)at);
    return kal_fail(err, KAL_CORRUPT, "%s: %s: the file ends at byte %llu, where %zu bytes more are needed",
                    r->name, codec, (unsigned long long)at, n);
}

kal_status kal__read_exact(kal__reader *r, const char *codec, uint64_t at, void *dst, size_t n,
                           kal_error *err)
{
    unsigned char *to = dst;
    if (at > (uint64_t)INT64_MAX - n) return ends(r, codec, at, n, err);   // no file is as long
    while (n) {
        const ptrdiff_t got = r->read_at(r, at, to, n, err);
        if (got < 0) return err && err->status ? err->status : KAL_IO;
        if (!got) return ends(r, codec, at, n, err);
        to += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return KAL_OK;
}

// ---- the front of it ----------------------------------------------------------------------------

kal_status kal__read_front(kal__reader *r, size_t most, unsigned char **data, size_t *size, kal_error *err)
{
    unsigned char *buffer = NULL;
    size_t n = 0, room = 0;
    *data = NULL;
    *size = 0;
    while (n < most) {
        if (n == room) {
            room = room ? room * 2 : (size_t)64 << 10;
            if (room > most) room = most;
            if (!kal__grow(&buffer, room, 1)) {
                free(buffer);
                return kal_fail(err, KAL_NOMEM, "%s: out of memory for %zu bytes", r->name, room);
            }
        }
        const ptrdiff_t got = r->read(r, buffer + n, room - n, err);
        if (got < 0) {
            free(buffer);
            return err && err->status ? err->status : KAL_IO;
        }
        if (!got) break;
        n += (size_t)got;
    }
    *data = buffer;
    *size = n;
    return KAL_OK;
}

// ---- all of it ----------------------------------------------------------------------------------

kal_status kal__read_all(kal__reader *r, uint64_t limit, unsigned char **data, size_t *size, kal_error *err)
{
    unsigned char *buffer = NULL;
    size_t n = 0, room = 0;
    *data = NULL;
    *size = 0;
    for (;;) {
        if (n == room) {
            // one byte more than a file claims to have tells its end without growing
            room = room ? room + room / 2 : (r->size > 4095 && r->size < limit ? r->size + 1 : 4096);
            if (!kal__grow(&buffer, room, 1)) {
                free(buffer);
                return kal_fail(err, KAL_NOMEM, "%s: out of memory for %zu bytes", r->name, room);
            }
        }
        const ptrdiff_t got = r->read(r, buffer + n, room - n, err);
        if (got < 0) {
            free(buffer);
            return err && err->status ? err->status : KAL_IO;
        }
        if (got == 0) break;
        n += (size_t)got;
        if (n > limit) {
            free(buffer);
            return kal__over_limit(err, "file_bytes=N", "%s: more than the limit of %llu bytes", r->name,
                                   (unsigned long long)limit);
        }
    }
    *data = buffer;
    *size = n;
    return KAL_OK;
}
