// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A stream that is read onward: its header while everything is kept, then, from the front once more, its pictures, while what a decoder has
// passed is let go of. So a stream may be endless, and nobody waits for more of it than a picture needs.
#include "codec.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define STEP ((size_t)64 << 10)     // read at once, at most
#define MOST ((size_t)1 << 30)      // bytes that are held, at most
#define HEADER ((size_t)64 << 20)   // of them before anything is let go of

typedef struct flow {
    kal__origin base;
    kal__reader *rest;
    unsigned char *bytes;   // from `from` on, of which n are there
    size_t n, room;
    uint64_t from, past;     // what lies before `past` is not read again
    uint64_t since, limit;   // bytes behind the last place that was let go of
    int opened;
    char name[];
} flow;

typedef struct flow_reader {
    kal__reader base;
    flow *of;
} flow_reader;

// Moves up what is still wanted.
static void let_go(flow *f)
{
    const uint64_t drop = f->past > f->from ? f->past - f->from : 0;
    const size_t gone = drop < f->n ? (size_t)drop : f->n;
    if (gone) memmove(f->bytes, f->bytes + gone, f->n - gone);
    f->n -= gone;
    f->from += gone;
}

// Some bytes more; 0: the stream has ended.
static ptrdiff_t take(flow *f, kal_error *err)
{
    let_go(f);
    if (f->n + STEP > f->room) {
        const size_t room = f->room ? f->room * 2 : 2 * STEP;
        if (f->n >= (f->opened < 2 ? HEADER : MOST)) {
            kal_fail(err, KAL_LIMIT,
                     "%s: a picture in a stream is not known, or not let go of, after %zu bytes; use a file",
                     f->name, f->n);
            return -1;
        }
        if (!kal__grow(&f->bytes, room, 1)) {
            kal_fail(err, KAL_NOMEM, "%s: out of memory for %zu bytes", f->name, room);
            return -1;
        }
        f->room = room;
    }
    const ptrdiff_t got = f->rest->read(f->rest, f->bytes + f->n, STEP, err);
    if (got > 0) f->n += (size_t)got;
    if (f->from + f->n - f->since <= f->limit) return got;
    kal__over_limit(err, "file_bytes=N", "%s: more than the limit of %llu bytes", f->name,
                    (unsigned long long)f->limit);
    return -1;
}

static ptrdiff_t flow_read_at(kal__reader *base, uint64_t at, void *dst, size_t n, kal_error *err)
{
    flow *f = ((flow_reader *)base)->of;
    if (!n) return 0;
    if (at < f->from) {
        kal_fail(err, KAL_INVALID, "%s: is a stream, and its byte %llu is gone", f->name,
                 (unsigned long long)at);
        return -1;
    }
    while (f->from + f->n <= at) {
        const ptrdiff_t got = take(f, err);
        if (!got) base->size = (size_t)(f->from + f->n);   // now it is known
        if (got <= 0) return got;
    }
    const size_t skip = (size_t)(at - f->from), left = f->n - skip;
    if (n > left) n = left;
    memcpy(dst, f->bytes + skip, n);
    return (ptrdiff_t)n;
}

static ptrdiff_t flow_read(kal__reader *base, void *dst, size_t n, kal_error *err)
{
    flow *f = ((flow_reader *)base)->of;
    const ptrdiff_t got = flow_read_at(base, base->position, dst, n, err);
    if (got > 0) base->position += (uint64_t)got;
    if (f->opened > 1 && base->position > f->past) f->past = base->position;
    return got;
}

static void flow_forget(kal__reader *base, uint64_t before)
{
    flow *f = ((flow_reader *)base)->of;
    if (f->opened < 2) return;
    f->since = before;
    if (before > f->past) f->past = before;
}

static void flow_close(kal__reader *base)
{
    kal__origin *o = &((flow_reader *)base)->of->base;
    free(base);
    kal__origin_unref(&o);
}

static kal_status flow_open(kal__origin *base, kal__reader **out, kal_error *err)
{
    flow *f = (flow *)base;
    *out = NULL;
    flow_reader *r = kal__new_zero(1, sizeof *r);
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", f->name);
    if (__atomic_add_fetch(&f->opened, 1, __ATOMIC_ACQ_REL) > 2) {
        free(r);
        return kal_fail(err, KAL_INVALID,
                        "%s: is a stream, whose pictures can be read once and in order; use a file", f->name);
    }
    r->base = (kal__reader){.read = flow_read,
                            .read_at = flow_read_at,
                            .forget = flow_forget,
                            .close = flow_close,
                            .name = f->name};
    r->of = f;
    kal__origin_ref(base);
    *out = &r->base;
    return KAL_OK;
}

static void flow_destroy(kal__origin *base)
{
    flow *f = (flow *)base;
    f->rest->close(f->rest);
    free(f->bytes);
    free(f);
}

kal_status kal__origin_flow(const char *name, kal__reader *rest, uint64_t limit, bool waits,
                            kal__origin **out, kal_error *err)
{
    flow *f = kal__new_zero(1, sizeof *f + strlen(name) + 1);
    *out = NULL;
    if (!f) {
        rest->close(rest);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    }
    strcpy(f->name, name);
    f->rest = rest;
    f->limit = limit;
    f->base =
        (kal__origin){.refs = 1, .open = flow_open, .destroy = flow_destroy, .name = f->name, .waits = waits};
    *out = &f->base;
    return KAL_OK;
}
