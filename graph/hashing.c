// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See hashing.h.
#include "hashing.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE ((size_t)16 << 10)   // where headers alone are read
#define FRONT ((size_t)4 << 10)

typedef struct hashing {
    kal__reader base;
    kal__reader *inner;
    unsigned char *front;   // bytes that were looked at, and are read again
    size_t at, n;
    kal__hash hash;
} hashing;

static ptrdiff_t take(hashing *h, void *dst, size_t n, kal_error *err)
{
    if (h->base.placed) return h->inner->read_at(h->inner, h->base.position, dst, n, err);
    const ptrdiff_t got = h->inner->read(h->inner, dst, n, err);
    if (got > 0) kal__hash_add(&h->hash, dst, (size_t)got);
    return got;
}

static ptrdiff_t hashing_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    hashing *h = (hashing *)r;
    ptrdiff_t got;
    if (h->base.placed) {
        got = take(h, dst, n < AT_ONCE ? n : AT_ONCE, err);
    } else if (h->at < h->n) {
        got = (ptrdiff_t)(h->n - h->at < n ? h->n - h->at : n);
        memcpy(dst, h->front + h->at, (size_t)got);
        h->at += (size_t)got;
    } else {
        got = take(h, dst, n, err);
    }
    if (got > 0) r->position += (uint64_t)got;
    return got;
}

static void hashing_close(kal__reader *r)
{
    hashing *h = (hashing *)r;
    h->inner->close(h->inner);
    free(h->front);
    free(h);
}

kal__reader *kal__placed_new(kal__reader *inner)
{
    kal__reader *r = kal__hashing_new(inner);
    if (r) r->placed = true;
    return r;
}

kal__reader *kal__hashing_new(kal__reader *inner)
{
    hashing *h = aligned_alloc(_Alignof(hashing), sizeof *h);   // it holds an aligned hash state
    if (!h) {
        inner->close(inner);
        return NULL;
    }
    memset(h, 0, sizeof *h);
    h->base =
        (kal__reader){.read = hashing_read, .close = hashing_close, .size = inner->size, .name = inner->name};
    h->inner = inner;
    kal__hash_init(&h->hash);
    return &h->base;
}

ptrdiff_t kal__hashing_peek(kal__reader *r, const unsigned char **front, kal_error *err)
{
    hashing *h = (hashing *)r;
    h->front = kal__new(FRONT, 1);
    if (!h->front) {
        kal_fail(err, KAL_NOMEM, "%s: out of memory", r->name);
        return -1;
    }
    while (h->n < FRONT) {
        const ptrdiff_t got = h->base.placed
                                  ? h->inner->read_at(h->inner, h->n, h->front + h->n, FRONT - h->n, err)
                                  : take(h, h->front + h->n, FRONT - h->n, err);
        if (got < 0) return -1;
        if (!got) break;
        h->n += (size_t)got;
    }
    *front = h->front;
    return (ptrdiff_t)h->n;
}

kal_status kal__hashing_end(kal__reader *r, uint64_t most, const kal__watch *watch, kal_key *out,
                            kal_error *err)
{
    static _Thread_local unsigned char rest[1 << 16];   // too much for the stack of a worker under others
    ptrdiff_t n;
    while ((n = r->read(r, rest, sizeof rest, err)) > 0) {
        const kal_status stopped = watch ? kal__watch_check(watch, err) : KAL_OK;
        if (stopped) return stopped;
        if (r->position > most)
            return kal__over_limit(err, "file_bytes=N", "%s: more than the limit of %llu bytes", r->name,
                                   (unsigned long long)most);
    }
    if (n < 0) return KAL_IO;
    *out = kal__hash_done(&((hashing *)r)->hash);
    return KAL_OK;
}
