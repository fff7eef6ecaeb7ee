// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Places that encoded bytes can be had from: files by path, descriptors, and what is left of a stream.
#define _GNU_SOURCE
#include "fd.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- a file -------------------------------------------------------------------------------------

typedef struct file_origin {
    kal__origin base;
    char path[];
} file_origin;

static kal_status file_open(kal__origin *o, kal__reader **out, kal_error *err)
{
    return kal__open_file(((file_origin *)o)->path, out, err);
}

static void plain_destroy(kal__origin *o)
{
    free(o);
}

kal_status kal__origin_name(const char *name, kal__origin **out, kal_error *err)
{
    const size_t n = strlen(name) + 1;
    file_origin *f = kal__new(sizeof *f + n, 1);
    *out = NULL;
    if (!f) return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    memcpy(f->path, name, n);
    f->base = (kal__origin){.refs = 1, .open = file_open, .destroy = plain_destroy, .name = f->path};
    *out = &f->base;
    return KAL_OK;
}

kal_status kal__origin_file(const char *path, kal__origin **out, kal_error *err)
{
    if (kal__is_url(path)) return kal__origin_http(path, out, err);
    const kal_status st = kal__origin_name(path, out, err);
    if (!st) (*out)->path = (*out)->name;
    return st;
}

// ---- a descriptor -------------------------------------------------------------------------------

typedef struct fd_origin {
    kal__origin base;
    int fd;
    bool regular;
    bool opened;   // atomic: a stream is read once
    char name[];
} fd_origin;

typedef struct fd_reader {
    kal__reader base;
    fd_origin *of;
} fd_reader;

// Of a file by places, so that the descriptor's own place, which others share, stays.
static ptrdiff_t fd_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    const fd_origin *o = ((fd_reader *)r)->of;
    const ptrdiff_t got = o->regular ? kal__fd_read_at(o->fd, r->name, r->position, dst, n, err)
                                     : kal__fd_read(o->fd, r->name, r->position, dst, n, err);
    if (got > 0) r->position += (uint64_t)got;
    return got;
}

static ptrdiff_t fd_read_at(kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err)
{
    return kal__read_by_place(r, kal__fd_read_at(((fd_reader *)r)->of->fd, r->name, at, dst, n, err));
}

static bool fd_stamp(kal__reader *r, kal__stamp *out)
{
    return kal__fd_stamp(((fd_reader *)r)->of->fd, out);
}

static void fd_close(kal__reader *r)
{
    kal__origin *o = &((fd_reader *)r)->of->base;
    free(r);
    kal__origin_unref(&o);
}

static kal_status fd_open(kal__origin *base, kal__reader **out, kal_error *err)
{
    fd_origin *o = (fd_origin *)base;
    struct stat st;
    *out = NULL;
    if (fstat(o->fd, &st) != 0) return kal_fail(err, KAL_IO, "%s: %s", o->name, strerror(errno));
    if (!o->regular && __atomic_exchange_n(&o->opened, true, __ATOMIC_RELAXED))
        return kal_fail(err, KAL_INVALID, "%s: is a stream and was read already", o->name);
    fd_reader *r = kal__new_zero(1, sizeof *r);
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", o->name);
    r->base = (kal__reader){.read = fd_read,
                            .read_at = o->regular ? fd_read_at : NULL,
                            .stamp = o->regular ? fd_stamp : NULL,
                            .close = fd_close,
                            .regular = o->regular,
                            .size = o->regular ? (size_t)st.st_size : 0,
                            .name = o->name};
    r->of = o;
    kal__origin_ref(base);
    *out = &r->base;
    return KAL_OK;
}

static void fd_destroy(kal__origin *base)
{
    close(((fd_origin *)base)->fd);
    free(base);
}

kal_status kal__origin_fd(int fd, const char *name, kal__origin **out, kal_error *err)
{
    char number[40];
    struct stat st;
    *out = NULL;
    snprintf(number, sizeof number, "descriptor %d", fd);
    if (!name) name = number;
    fd_origin *o = kal__new_zero(1, sizeof *o + strlen(name) + 1);
    if (!o) return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    strcpy(o->name, name);
    o->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (o->fd < 0 || fstat(o->fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        const kal_status status =
            kal_fail(err, KAL_IO, "%s: %s", name, o->fd < 0 ? strerror(errno) : "is not something to read");
        if (o->fd >= 0) close(o->fd);
        free(o);
        return status;
    }
    o->regular = S_ISREG(st.st_mode);
    o->base = (kal__origin){
        .refs = 1, .open = fd_open, .destroy = fd_destroy, .name = o->name, .waits = !o->regular};
    *out = &o->base;
    return KAL_OK;
}

// ---- the rest of a stream -----------------------------------------------------------------------

typedef struct rest_origin {
    kal__origin base;
    kal__reader *rest;   // until it is opened
    unsigned char *front;
    size_t n;
    uint64_t limit;
    bool opened;   // atomic
    char name[];
} rest_origin;

typedef struct rest_reader {
    kal__reader base;
    kal__reader *rest;
    unsigned char *front;
    size_t n;
    uint64_t limit;
} rest_reader;

static ptrdiff_t rest_read(kal__reader *base, void *dst, size_t n, kal_error *err)
{
    rest_reader *r = (rest_reader *)base;
    ptrdiff_t got;
    if (base->position < r->n) {
        const size_t left = r->n - (size_t)base->position;
        got = (ptrdiff_t)(left < n ? left : n);
        memcpy(dst, r->front + base->position, (size_t)got);
    } else {
        free(r->front);   // never looked at again
        r->front = NULL;
        got = r->rest->read(r->rest, dst, n, err);
    }
    if (got > 0) base->position += (uint64_t)got;
    if (base->position <= r->limit) return got;
    kal__over_limit(err, "file_bytes=N", "%s: more than the limit of %llu bytes", base->name,
                    (unsigned long long)r->limit);
    return -1;
}

static void rest_close(kal__reader *base)
{
    rest_reader *r = (rest_reader *)base;
    r->rest->close(r->rest);
    free(r->front);
    free(r);
}

static kal_status rest_open(kal__origin *base, kal__reader **out, kal_error *err)
{
    rest_origin *o = (rest_origin *)base;
    *out = NULL;
    rest_reader *r = kal__new_zero(1, sizeof *r);
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", o->name);
    if (__atomic_exchange_n(&o->opened, true, __ATOMIC_ACQ_REL)) {
        free(r);
        return kal_fail(err, KAL_INVALID,
                        "%s: is a stream of more than is kept, and can be read once; use a file", o->name);
    }
    *r = (rest_reader){.base = {.read = rest_read, .close = rest_close, .name = o->rest->name},
                       .rest = o->rest,
                       .front = o->front,
                       .n = o->n,
                       .limit = o->limit};
    o->rest = NULL;
    o->front = NULL;
    *out = &r->base;
    return KAL_OK;
}

static void rest_destroy(kal__origin *base)
{
    rest_origin *o = (rest_origin *)base;
    if (o->rest) o->rest->close(o->rest);
    free(o->front);
    free(o);
}

kal_status kal__origin_rest(const char *name, unsigned char *front, size_t n, kal__reader *rest,
                            uint64_t limit, bool waits, kal__origin **out, kal_error *err)
{
    rest_origin *o = kal__new_zero(1, sizeof *o + strlen(name) + 1);
    *out = NULL;
    if (!o) {
        free(front);
        rest->close(rest);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    }
    strcpy(o->name, name);
    o->rest = rest;
    o->front = front;
    o->n = n;
    o->limit = limit;
    o->base =
        (kal__origin){.refs = 1, .open = rest_open, .destroy = rest_destroy, .name = o->name, .waits = waits};
    *out = &o->base;
    return KAL_OK;
}
