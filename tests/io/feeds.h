// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Functions of a caller's that give and take bytes: a few at a time, failing at a call that is chosen, lying about how many.
#ifndef FEEDS_H
#define FEEDS_H

#include "files.h"

static const kal_options fresh = {.memo_mode = KAL_MEMO_NEVER};

// ---- a source -----------------------------------------------------------------------------------

typedef struct feed {
    const unsigned char *data;
    size_t size, at, step;
    int calls, fail_at, seeks, closes;   // fail_at counts reads and seeks together
    kal_status status;                   // that it fails with; KAL_OK: it says nothing
    ptrdiff_t lie;                       // given instead of the number of bytes, when not 0
} feed;

static inline bool fails(feed *f, kal_error *err)
{
    if (++f->calls != f->fail_at) return false;
    if (f->status) kal_fail(err, f->status, "the net is down");
    return true;
}

static inline ptrdiff_t feed_read(void *user, void *dst, size_t n, kal_error *err)
{
    feed *f = user;
    if (fails(f, err)) return -1;
    if (f->lie) return f->lie;
    const size_t left = f->at < f->size ? f->size - f->at : 0;   // one may seek beyond the end
    size_t got = left < n ? left : n;
    if (f->step && got > f->step) got = f->step;
    if (got) memcpy(dst, f->data + f->at, got);
    f->at += got;
    return (ptrdiff_t)got;
}

static inline kal_status feed_seek(void *user, uint64_t at, kal_error *err)
{
    feed *f = user;
    f->seeks++;
    if (fails(f, err)) return f->status ? f->status : KAL_CALLBACK;
    f->at = (size_t)at;
    return KAL_OK;
}

static inline void feed_close(void *user)
{
    ((feed *)user)->closes++;
}

static inline kal_input input_of(feed *f, bool seeks)
{
    return (kal_input){.name = "the feed",
                       .user = f,
                       .read = feed_read,
                       .seek = seeks ? feed_seek : NULL,
                       .close = feed_close};
}

// ---- a target -----------------------------------------------------------------------------------

typedef struct drain {
    unsigned char *data;
    size_t size, step;
    int calls, fail_at, ends, aborts;
    kal_status end_fails;
    ptrdiff_t lie;
} drain;

static inline ptrdiff_t drain_write(void *user, const void *data, size_t n, kal_error *err)
{
    drain *d = user;
    if (++d->calls == d->fail_at) {
        kal_fail(err, KAL_IO, "the disk is gone");
        return -1;
    }
    if (d->lie) return d->lie - 1;
    const size_t took = d->step && n > d->step ? d->step : n;
    d->data = realloc(d->data, d->size + took);
    memcpy(d->data + d->size, data, took);
    d->size += took;
    return (ptrdiff_t)took;
}

static inline kal_status drain_end(void *user, kal_error *err)
{
    drain *d = user;
    d->ends++;
    return d->end_fails ? kal_fail(err, d->end_fails, "it was refused") : KAL_OK;
}

static inline void drain_abort(void *user)
{
    ((drain *)user)->aborts++;
}

static inline kal_output drain_output(drain *d)
{
    return (kal_output){
        .name = "the drain", .user = d, .write = drain_write, .end = drain_end, .abort = drain_abort};
}

// ---- what is fed --------------------------------------------------------------------------------

static inline kal_bytes noise_in(const char *format, int32_t w, int32_t h)
{
    rng r = {11};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(w, h, 3, KAL_U8);
    kal_bytes b = {NULL, 0};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, rng_image(&r, s, &e), format, NULL), &fresh, &b, &check_error));
    kal_scope_free(&s);
    return b;
}

#endif
