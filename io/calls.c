// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes from and to functions of a caller's. What they do wrong is said as what it is: a function that gives more than it was asked for, or takes
// nothing, is an error that names it, and a failure is never taken for the end of the bytes.
#define _GNU_SOURCE
#include "fd.h"
#include "mem.h"
#include "thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// A failure that says nothing gets a sentence; the status that was said stays.
static kal_status failed(const char *name, const char *what, uint64_t at, kal_error *err)
{
    if (err && err->status && err->message[0]) {
        if (!strstr(err->message, name)) kal_within(err, "%s", name);
        return err->status;
    }
    return kal_fail(err, KAL_CALLBACK, "%s: %s at byte %llu failed and gave no reason", name, what,
                    (unsigned long long)at);
}

// ---- in -----------------------------------------------------------------------------------------

typedef struct calls_origin {
    kal__origin base;
    kal_input in;
    pthread_mutex_t lock;   // one call at a time; guards what follows
    uint64_t position;      // of the caller's next byte
    bool opened;
    size_t size;   // 0: nobody knows
    char name[];
} calls_origin;

typedef struct calls_reader {
    kal__reader base;
    calls_origin *of;
} calls_reader;

static void forget(kal_error *err)
{
    if (err) *err = (kal_error){0};
}

static ptrdiff_t read_there(calls_origin *o, uint64_t at, void *dst, size_t n, kal_error *err)
{
    if (__atomic_load_n(&o->base.left, __ATOMIC_RELAXED))
        return kal__nobody_waits(KAL_CANCELLED, o->name, err), -1;
    forget(err);
    if (o->in.seek && o->position != at) {
        kal__outside_begin();
        const kal_status st = o->in.seek(o->in.user, at, err);
        kal__outside_end();
        if (st) {
            o->position = UINT64_MAX;   // wherever it stands now
            failed(o->name, "seek", at, err);
            return -1;
        }
        o->position = at;
    }
    kal__outside_begin();
    const ptrdiff_t got = o->in.read(o->in.user, dst, n, err);
    kal__outside_end();
    if (got < 0) {
        o->position = UINT64_MAX;
        failed(o->name, "read", at, err);
        return -1;
    }
    if ((size_t)got > n) {
        o->position = UINT64_MAX;
        kal_fail(err, KAL_CALLBACK, "%s: read at byte %llu gave %td bytes where %zu were asked for", o->name,
                 (unsigned long long)at, got, n);
        return -1;
    }
    o->position = at + (uint64_t)got;
    return got;
}

static ptrdiff_t calls_read_at(kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err)
{
    calls_origin *o = ((calls_reader *)r)->of;
    kal_error local;
    pthread_mutex_lock(&o->lock);
    const ptrdiff_t got = n ? read_there(o, at, dst, n, err ? err : &local) : 0;
    pthread_mutex_unlock(&o->lock);
    return kal__read_by_place(r, got);
}

static ptrdiff_t calls_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    const ptrdiff_t got = calls_read_at(r, r->position, dst, n, err);
    if (got > 0) r->position += (uint64_t)got;
    return got;
}

static void calls_close(kal__reader *r)
{
    kal__origin *o = &((calls_reader *)r)->of->base;
    free(r);
    kal__origin_unref(&o);
}

static kal_status calls_open(kal__origin *base, kal__reader **out, kal_error *err)
{
    calls_origin *o = (calls_origin *)base;
    *out = NULL;
    pthread_mutex_lock(&o->lock);
    const bool again = o->opened;
    o->opened = true;
    pthread_mutex_unlock(&o->lock);
    if (again && !o->in.seek)
        return kal_fail(err, KAL_INVALID, "%s: is a stream and was read already", o->name);
    calls_reader *r = kal__new_zero(1, sizeof *r);
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", o->name);
    r->base = (kal__reader){.read = calls_read,
                            .read_at = o->in.seek ? calls_read_at : NULL,
                            .close = calls_close,
                            .regular = o->in.seek != NULL,
                            .size = o->size,
                            .name = o->name};
    r->of = o;
    kal__origin_ref(base);
    *out = &r->base;
    return KAL_OK;
}

static void calls_destroy(kal__origin *base)
{
    calls_origin *o = (calls_origin *)base;
    if (o->in.close) o->in.close(o->in.user);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

kal_status kal__origin_calls(const kal_input *in, kal__origin **out, kal_error *err)
{
    *out = NULL;
    if (!in || !in->read) {
        if (in && in->close) in->close(in->user);
        return kal_fail(err, KAL_INVALID, "an input needs a function to read (NULL was given)");
    }
    const char *name = in->name ? in->name : "bytes of the caller";
    calls_origin *o = kal__new_zero(1, sizeof *o + strlen(name) + 1);
    if (!o) {
        if (in->close) in->close(in->user);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    }
    strcpy(o->name, name);
    o->in = *in;
    pthread_mutex_init(&o->lock, NULL);
    kal_error why = {0};
    if (o->in.seek && o->in.seek(o->in.user, 0, &why)) o->in.seek = NULL;   // a pipe behind a general face
    if (o->in.seek && o->in.size) {
        const int64_t size = o->in.size(o->in.user);
        o->size = size > 0 ? (size_t)size : 0;
    }
    o->base = (kal__origin){
        .refs = 1, .open = calls_open, .destroy = calls_destroy, .name = o->name, .waits = true};
    *out = &o->base;
    return KAL_OK;
}

const kal_input *kal__origin_input(const kal__origin *o, int i)
{
    kal__stamp seen;
    const kal__origin *place = kal__origin_place((kal__origin *)(uintptr_t)o, i, &seen);
    return place && place->open == calls_open ? &((const calls_origin *)place)->in : NULL;
}

// ---- out ----------------------------------------------------------------------------------------

typedef struct calls_writer {
    kal__writer base;
    kal_output out;
    char *name;
    uint64_t taken;
    bool settled;
    size_t n;
    unsigned char buffer[KAL__WRITER_BYTES];
} calls_writer;

// What a caller's function failed with is about the output whatever it says.
static kal_status not_taken(const calls_writer *w, const char *what, kal_error *err)
{
    const kal_status st = failed(w->name, what, w->taken, err);
    if (err) err->about = KAL_ABOUT_OUTPUT;
    return st;
}

static kal_status hand_over(calls_writer *w, const unsigned char *data, size_t n, kal_error *err)
{
    kal_error local;
    if (!err) err = &local;
    while (n) {
        if (w->base.left && __atomic_load_n(w->base.left, __ATOMIC_RELAXED))
            return kal__nobody_waits(KAL_CANCELLED, w->name, err);
        forget(err);
        kal__outside_begin();
        const ptrdiff_t took = w->out.write(w->out.user, data, n, err);
        kal__outside_end();
        if (took < 0) return not_taken(w, "write", err);
        if (!took || (size_t)took > n)
            return kal_fail(err, KAL_CALLBACK, "%s: write at byte %llu took %td bytes of %zu", w->name,
                            (unsigned long long)w->taken, took, n);
        data += took;
        n -= (size_t)took;
        w->taken += (uint64_t)took;
    }
    return KAL_OK;
}

static kal_status flush(calls_writer *w, kal_error *err)
{
    const size_t n = w->n;
    w->n = 0;
    return hand_over(w, w->buffer, n, err);
}

static kal_status calls_write(kal__writer *base, const void *data, size_t n, kal_error *err)
{
    calls_writer *w = (calls_writer *)base;
    base->written += n;
    if (n > sizeof w->buffer - w->n) {
        const kal_status st = flush(w, err);
        if (st) return st;
    }
    if (n > sizeof w->buffer) return hand_over(w, data, n, err);
    memcpy(w->buffer + w->n, data, n);
    w->n += n;
    return KAL_OK;
}

static kal_status calls_finish(kal__writer *base, kal_error *err)
{
    return flush((calls_writer *)base, err);
}

static void calls_abort(kal__writer *base)
{
    calls_writer *w = (calls_writer *)base;
    if (w->out.abort) w->out.abort(w->out.user);
    free(w->name);
    free(w);
}

static kal_status calls_settle(kal__writer *base, kal_error *err)
{
    calls_writer *w = (calls_writer *)base;
    kal_error local;
    if (!err) err = &local;
    const kal_status st = flush(w, err);
    if (st || w->settled) return st;
    w->settled = true;
    if (!w->out.end) return KAL_OK;
    forget(err);
    kal__outside_begin();
    const kal_status ended = w->out.end(w->out.user, err);
    kal__outside_end();
    return ended ? not_taken(w, "end", err) : KAL_OK;
}

static kal_status calls_commit(kal__writer *base, kal_error *err)
{
    calls_writer *w = (calls_writer *)base;
    const kal_status st = calls_settle(base, err);
    if (st) {
        calls_abort(base);
        return st;
    }
    free(w->name);
    free(w);
    return KAL_OK;
}

kal_status kal__write_calls(const kal_output *output, kal__writer **out, kal_error *err)
{
    *out = NULL;
    if (!output->write) {
        if (output->abort) output->abort(output->user);
        return kal_fail(err, KAL_INVALID, "an output needs a function to write (NULL was given)");
    }
    const char *name = output->name ? output->name : "a caller's target";
    calls_writer *w = kal__new_zero(1, sizeof *w);
    char *copy = w ? strdup(name) : NULL;
    if (!copy) {
        free(w);
        if (output->abort) output->abort(output->user);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    }
    w->base = (kal__writer){.write = calls_write,
                            .finish = calls_finish,
                            .settle = calls_settle,
                            .commit = calls_commit,
                            .abort = calls_abort,
                            .waits = true};
    w->out = *output;
    w->name = copy;
    *out = &w->base;
    return KAL_OK;
}
