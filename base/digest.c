// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The content key: a Merkle root over 256×256 leaves, so that it can be made from rows at any width and, later, from tiles.
// Specified in docs/keys.md.
#include "digest.h"

#include "hash.h"
#include "mem.h"
#include "thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SIDE KAL__LEAF
#define MOST_THREADS 4                     // more of them wait for memory
#define WORTH_A_THREAD ((size_t)3 << 19)   // bytes for each
#define STRIP 16                           // rows at a time
#define GATHERED 2   // bytes of a pixel up to which the rows of a leaf are too short to be hashed one by one

struct kal__digest {
    kal_extent extent;
    kal__hash root;
    kal__hash *columns;   // one leaf per tile column in progress
    size_t n_columns;
    int32_t row;
    kal_key *out;
    unsigned char *canonical;   // a row of floats with one kind of NaN
};

static void put_int(kal__hash *h, uint64_t v, int bytes)
{
    unsigned char b[8];
    for (int i = 0; i < bytes; i++) b[i] = (unsigned char)(v >> (8 * i));
    kal__hash_add(h, b, (size_t)bytes);
}

static size_t n_columns(const kal_extent *e)
{
    return ((size_t)e->width + SIDE - 1) / SIDE;
}

size_t kal__digest_memory(const kal_extent *e)
{
    return sizeof(kal__digest) + n_columns(e) * sizeof(kal__hash) + (size_t)e->width * kal_pixel_size(e);
}

kal__digest *kal__digest_new(const kal_extent *e, kal_key *out)
{
    kal__digest *d = aligned_alloc(_Alignof(kal__digest), sizeof *d);   // it holds an aligned hash state
    if (!d) return NULL;
    memset(d, 0, sizeof *d);
    d->extent = *e;
    d->out = out;
    d->n_columns = n_columns(e);
    // aligned_alloc because the hash states are wider than malloc's promise
    d->columns = aligned_alloc(_Alignof(kal__hash), d->n_columns * sizeof *d->columns);
    d->canonical = kal__new((size_t)e->width, kal_pixel_size(e));
    if (!d->columns || !d->canonical) {
        kal__digest_free(&d);
        return NULL;
    }
    kal__hash_init(&d->root);
    kal__hash_add(&d->root, "kalc1", 5);
    put_int(&d->root, (uint64_t)e->width, 4);
    put_int(&d->root, (uint64_t)e->height, 4);
    put_int(&d->root, (uint64_t)e->channels, 4);
    put_int(&d->root, (uint64_t)e->type, 1);
    put_int(&d->root, (uint64_t)e->model, 1);
    put_int(&d->root, e->alpha, 1);
    return d;
}

// Samples little-endian, every NaN the same.
static const unsigned char *canonical(kal__digest *d, const unsigned char *row)
{
    const size_t n = (size_t)d->extent.width * (size_t)d->extent.channels;
    const size_t size = kal_type_size(d->extent.type);
    const bool swap = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ && size > 1;
    if (d->extent.type != KAL_F32 && !swap) return row;
    for (size_t i = 0; i < n; i++) {
        unsigned char *to = d->canonical + i * size;
        memcpy(to, row + i * size, size);
        if (d->extent.type == KAL_F32) {
            uint32_t bits;
            memcpy(&bits, to, 4);
            if ((bits & 0x7fffffffu) > 0x7f800000u) bits = 0x7fc00000u;
            memcpy(to, &bits, 4);
        }
        for (size_t k = 0; swap && k < size / 2; k++) {
            const unsigned char t = to[k];
            to[k] = to[size - 1 - k];
            to[size - 1 - k] = t;
        }
    }
    return d->canonical;
}

static void put_leaf(kal__digest *d, kal_key k)
{
    put_int(&d->root, k.lo, 8);
    put_int(&d->root, k.hi, 8);
}

// The next row of the leaves that are in progress.
static void add_row(kal__digest *d, const unsigned char *row)
{
    const size_t pixel = kal_pixel_size(&d->extent), width = (size_t)d->extent.width;
    row = canonical(d, row);
    for (size_t c = 0; c < d->n_columns; c++) {
        const size_t x = c * SIDE, n = width - x < SIDE ? width - x : SIDE;
        kal__hash_add(&d->columns[c], row + x * pixel, n * pixel);
    }
}

void kal__digest_row(kal__digest *d, const unsigned char *row)
{
    for (size_t c = 0; c < d->n_columns && d->row % SIDE == 0; c++) kal__hash_init(&d->columns[c]);
    add_row(d, row);
    const bool last = ++d->row == d->extent.height;
    for (size_t c = 0; c < d->n_columns && (d->row % SIDE == 0 || last); c++)
        put_leaf(d, kal__hash_done(&d->columns[c]));
    if (last) *d->out = kal__hash_done(&d->root);
}

// ---- all of a picture in memory -----------------------------------------------------------------

typedef struct picture {
    const kal_extent *extent;
    const unsigned char *from;
    ptrdiff_t stride;
    unsigned char *to;   // where its rows are copied meanwhile; NULL: they are not
    kal_key *leaves;
    int32_t bands;     // of leaves beside each other
    int32_t next;      // of them; atomic
    int32_t workers;   // that had memory; atomic
} picture;

// Of short rows some are laid behind each other first: a hash of 256 bytes at a time costs as much as two of all of them.
static void add_rows(kal__digest *d, const unsigned char *rows, ptrdiff_t stride, int32_t n)
{
    unsigned char some[STRIP * SIDE * GATHERED];
    const size_t pixel = kal_pixel_size(&d->extent), width = (size_t)d->extent.width;
    for (size_t c = 0; c < d->n_columns; c++) {
        const size_t x = c * SIDE, row = (width - x < SIDE ? width - x : SIDE) * pixel;
        for (int32_t y = 0; y < n; y++) memcpy(some + (size_t)y * row, rows + y * stride + x * pixel, row);
        kal__hash_add(&d->columns[c], some, (size_t)n * row);
    }
}

// A few rows are copied and digested while they are near, and then the next.
static void one_band(kal__digest *d, const picture *p, int32_t i)
{
    const kal_extent *e = p->extent;
    const size_t row = (size_t)e->width * kal_pixel_size(e);
    const int32_t y0 = i * SIDE, y1 = e->height - y0 < SIDE ? e->height : y0 + SIDE;
    const bool as_they_lie = e->type != KAL_F32 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    const bool gathered = as_they_lie && kal_pixel_size(e) <= GATHERED;
    for (size_t c = 0; c < d->n_columns; c++) kal__hash_init(&d->columns[c]);
    for (int32_t y = y0; y < y1; y += STRIP) {
        const int32_t n = y1 - y < STRIP ? y1 - y : STRIP;
        const unsigned char *rows = p->from + y * p->stride;
        unsigned char *to = p->to ? p->to + (size_t)y * row : NULL;
        for (int32_t k = 0; to && k < n; k++) memcpy(to + (size_t)k * row, rows + k * p->stride, row);
        const ptrdiff_t stride = to ? (ptrdiff_t)row : p->stride;
        if (to) rows = to;
        if (gathered)
            add_rows(d, rows, stride, n);
        else
            for (int32_t k = 0; k < n; k++) add_row(d, rows + k * stride);
    }
    for (size_t c = 0; c < d->n_columns; c++)
        p->leaves[(size_t)i * d->n_columns + c] = kal__hash_done(&d->columns[c]);
}

static void *digest_bands(void *arg)
{
    picture *p = arg;
    kal_key unused;
    kal__digest *d = kal__digest_new(p->extent, &unused);
    if (d) __atomic_fetch_add(&p->workers, 1, __ATOMIC_RELAXED);
    for (int32_t i = 0; d && i < p->bands;) {
        i = __atomic_fetch_add(&p->next, 1, __ATOMIC_RELAXED);
        if (i < p->bands) one_band(d, p, i);
    }
    kal__digest_free(&d);
    return NULL;
}

// Threads beside this one, as many as can be had and are worth it.
static void digest_together(picture *p, int32_t threads)
{
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    if (threads > p->bands) threads = p->bands;
    kal__together(threads, digest_bands, p);
}

bool kal__digest_picture(const kal_extent *e, const unsigned char *from, ptrdiff_t stride, unsigned char *to,
                         int32_t threads, kal_key *out)
{
    picture p = {.extent = e, .from = from, .stride = stride, .to = to};
    kal__digest *d = kal__digest_new(e, out);
    p.bands = (e->height + SIDE - 1) / SIDE;
    const size_t leaves = (size_t)p.bands * n_columns(e);
    p.leaves = d ? kal__new(leaves, sizeof *p.leaves) : NULL;
    if (p.leaves) {
        const size_t bytes = (size_t)e->width * (size_t)e->height * kal_pixel_size(e);
        const size_t worth = bytes / WORTH_A_THREAD;
        digest_together(&p, worth < (size_t)threads ? (int32_t)worth : threads);
        for (size_t i = 0; i < leaves; i++) put_leaf(d, p.leaves[i]);
        *out = kal__hash_done(&d->root);
    }
    const bool done = p.leaves && p.workers > 0;
    kal__digest_free(&d);
    free(p.leaves);
    return done;
}

void kal__digest_free(kal__digest **slot)
{
    kal__digest *d = *slot;
    *slot = NULL;
    if (!d) return;
    free(d->columns);
    free(d->canonical);
    free(d);
}
