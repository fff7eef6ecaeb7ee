// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The content key: a Merkle root over 256×256 leaves, so that it can be made from rows at any width and, later, from tiles.
// Specified in docs/keys.md.
#include "digest.h"

#include "hash.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define SIDE KAL__LEAF
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

static void end_leaves(kal__digest *d)
{
    for (size_t c = 0; c < d->n_columns; c++) {
        const kal_key k = kal__hash_done(&d->columns[c]);
        put_int(&d->root, k.lo, 8);
        put_int(&d->root, k.hi, 8);
    }
}

static void end_rows(kal__digest *d, int32_t n)
{
    d->row += n;
    if (d->row == d->extent.height) *d->out = kal__hash_done(&d->root);
}

void kal__digest_row(kal__digest *d, const unsigned char *row)
{
    const size_t pixel = kal_pixel_size(&d->extent), width = (size_t)d->extent.width;
    row = canonical(d, row);
    for (size_t c = 0; c < d->n_columns; c++) {
        if (d->row % SIDE == 0) kal__hash_init(&d->columns[c]);
        const size_t x = c * SIDE, n = width - x < SIDE ? width - x : SIDE;
        kal__hash_add(&d->columns[c], row + x * pixel, n * pixel);
    }
    if ((d->row + 1) % SIDE == 0 || d->row + 1 == d->extent.height) end_leaves(d);
    end_rows(d, 1);
}

// Leaves whose rows are laid behind each other first: a hash of 256 bytes at a time costs as much as two of all of them.
static void digest_leaves(kal__digest *d, const unsigned char *rows, ptrdiff_t stride, int32_t n)
{
    unsigned char leaf[SIDE * SIDE * GATHERED];
    const size_t pixel = kal_pixel_size(&d->extent), width = (size_t)d->extent.width;
    for (size_t c = 0; c < d->n_columns; c++) {
        const size_t x = c * SIDE, row = (width - x < SIDE ? width - x : SIDE) * pixel;
        for (int32_t y = 0; y < n; y++) memcpy(leaf + (size_t)y * row, rows + y * stride + x * pixel, row);
        const kal_key k = kal__hash_of(leaf, (size_t)n * row);
        put_int(&d->root, k.lo, 8);
        put_int(&d->root, k.hi, 8);
    }
    end_rows(d, n);
}

void kal__digest_rows(kal__digest *d, const unsigned char *rows, ptrdiff_t stride, int32_t n)
{
    const bool as_they_lie = d->extent.type != KAL_F32 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    const bool gathered = as_they_lie && kal_pixel_size(&d->extent) <= GATHERED;
    while (n > 0) {
        const int32_t left = d->extent.height - d->row, leaf = left < SIDE ? left : SIDE;
        const int32_t now = gathered && d->row % SIDE == 0 && n >= leaf ? leaf : 1;
        if (now == leaf && gathered && d->row % SIDE == 0)
            digest_leaves(d, rows, stride, leaf);
        else
            kal__digest_row(d, rows);
        rows += now * stride;
        n -= now;
    }
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
