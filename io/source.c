// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes in: files, standard input, memory.
#define _GNU_SOURCE
#include "codec.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct file_reader {
    kal__reader base;
    int fd;
    bool own;   // close it
    char name[];
} file_reader;

static bool standard_read;   // atomic: standard input was read to its end

static ptrdiff_t file_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    file_reader *f = (file_reader *)r;
    ssize_t got;
    do got = read(f->fd, dst, n > (1u << 30) ? (1u << 30) : n);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        kal_fail(err, KAL_IO, "%s: reading at byte %llu: %s", r->name, (unsigned long long)r->position,
                 strerror(errno));
        return -1;
    }
    r->position += (uint64_t)got;
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

kal_status kal__open_file(const char *path, kal__reader **out, kal__stamp *stamp, kal_error *err)
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
    f->base = (kal__reader){.regular = S_ISREG(st.st_mode) && !standard,
                            .read = file_read,
                            .close = file_close,
                            .size = (size_t)st.st_size,
                            .name = f->name};
    if (stamp)
        *stamp = (kal__stamp){(uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size,
                              stamp_ns(st.st_mtim), stamp_ns(st.st_ctim)};
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

static void memory_close(kal__reader *r)
{
    free(r);
}

kal_status kal__open_memory(const void *data, size_t size, const char *name, kal__reader **out,
                            kal_error *err)
{
    kal__reader *r = *out = kal__new_zero(1, sizeof *r);
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    *r =
        (kal__reader){.read = memory_read, .close = memory_close, .memory = data, .size = size, .name = name};
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
            return kal_fail(err, KAL_LIMIT, "%s: more than the limit of %llu bytes", r->name,
                            (unsigned long long)limit);
        }
    }
    *data = buffer;
    *size = n;
    return KAL_OK;
}
