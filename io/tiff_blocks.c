// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See tiff_blocks.h. Rows that are not compressed are read straight from the file.
#include "tiff_blocks.h"
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#if KAL__TIFF

#define DIRECT_BYTES ((size_t)128 << 10)   // read at once
#define LEAP ((size_t)8 << 10)             // of a row: what costs more to read than to be leapt over

// ---- handles ------------------------------------------------------------------------------------

size_t kal__tiff_block_bytes(const kal__tiff_head *h)
{
    if (h->scanlines) return h->row_bytes;
    if (!h->direct) return h->row_bytes * h->block_h;
    const size_t rows = DIRECT_BYTES / h->row_bytes;
    return h->row_bytes * (!rows ? 1 : rows < h->block_h ? rows : h->block_h);
}

void kal__tiff_slot_free(kal__tiff_slot *s)
{
    if (s) kal__tiff_close(&s->file);
    free(s);
}

static kal_status open_file(const kal__tiff_blocks *d, kal__tiff_slot *s, kal_error *err)
{
    kal_status st = kal__tiff_open(&s->file, d->reader, d->head.directory, d->file_bytes, err);
    if (!st) st = kal__tiff_prepare(&s->file, &d->head, err);
    s->file.tables = false;   // of the directory: those are all blocks'
    return st;
}

// libtiff has one decompressor of JPEG for all blocks, so that tables of one would be those of whatever comes next. A block is decoded as if
// it were the first: blocks that have none of their own, as of most files, see none of others'.
static kal_status forget_tables(const kal__tiff_blocks *d, kal__tiff_slot *s, kal_error *err)
{
    if (d->head.compression != COMPRESSION_JPEG || !s->file.tables) return KAL_OK;
    kal__tiff_close(&s->file);
    s->holds = -1;
    const kal_status st = open_file(d, s, err);
    if (st) s->file.tables = true;   // whoever has the handle next tries again
    return st;
}

kal_status kal__tiff_slot_new(const kal__tiff_blocks *d, kal__tiff_slot **out, kal_error *err)
{
    const size_t n = sizeof(kal__tiff_slot) + kal__tiff_block_bytes(&d->head);
    kal__tiff_slot *s = *out = aligned_alloc(64, (n + 63) / 64 * 64);
    if (!s) return kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory for a block", d->reader->name);
    *s = (kal__tiff_slot){.holds = -1};
    kal_status st = kal__tiff_decodes(d->reader, d->head.compression, err);
    if (!st) st = open_file(d, s, err);
    if (st) {
        kal__tiff_slot_free(s);
        *out = NULL;
    }
    return st;
}

// Who reads blocks holds them as they are; what is free is no part of that.
static kal__tiff_blocks *free_of(const kal__tiff_blocks *d)
{
    return (kal__tiff_blocks *)(uintptr_t)d;
}

static kal_status slot_take(const kal__tiff_blocks *d, kal__tiff_slot **out, kal_error *err)
{
    kal__tiff_blocks *p = free_of(d);
    pthread_mutex_lock(&p->lock);
    kal__tiff_slot *s = *out = p->free;
    if (s) p->free = s->next;
    pthread_mutex_unlock(&p->lock);
    return s ? KAL_OK : kal__tiff_slot_new(d, out, err);
}

static void slot_give_back(const kal__tiff_blocks *d, kal__tiff_slot *s)
{
    kal__tiff_blocks *p = free_of(d);
    pthread_mutex_lock(&p->lock);
    s->next = p->free;
    p->free = s;
    pthread_mutex_unlock(&p->lock);
}

// ---- blocks -------------------------------------------------------------------------------------

// A rectangle of one block and plane, on its way to where the rows begin.
typedef struct job {
    const kal__tiff_blocks *d;
    kal_rect block, want;   // in the picture
    uint32_t index;         // the library's
    int32_t plane;
    unsigned char *dst;   // the first wanted pixel
    ptrdiff_t stride;
    kal_error *err;
} job;

static unsigned char *row_of(const job *j, int32_t y)
{
    return j->dst + (y - j->want.y0) * j->stride;
}

static void unpack(const job *j, const unsigned char *raw, int32_t x, int32_t y)
{
    kal__tiff_unpack(&j->d->head, raw, j->want.x0 - x, j->want.x1 - x, j->plane, row_of(j, y));
}

bool kal__tiff_is_missing(kal__tiff_file *f, uint32_t index)
{
    int failed = 0;
    const uint64_t at = f->lib->TIFFGetStrileOffsetWithErr(f->tif, index, &failed);
    if (failed || at) return false;
    const uint64_t n = f->lib->TIFFGetStrileByteCountWithErr(f->tif, index, &failed);
    return !failed && !n;
}

static void fill_block(const job *j, kal__tiff_slot *s)
{
    s->holds = -1;
    kal__tiff_fill(&j->d->head, s->block);
    for (int32_t y = j->want.y0; y < j->want.y1; y++) unpack(j, s->block, j->block.x0, y);
}

static void to_machine(const kal__tiff_head *h, unsigned char *raw, size_t n)
{
    const size_t size = h->bits / 8;
    if (h->swapped && h->bits > 8 && h->bits % 8 == 0) kal__swap_samples(raw, n / size, size);
}

static kal_status direct_block(const job *j, kal__tiff_slot *s)
{
    const kal__tiff_head *h = &j->d->head;
    int failed = 0;
    const uint64_t start = s->file.lib->TIFFGetStrileOffsetWithErr(s->file.tif, j->index, &failed);
    if (failed || !start) return kal__tiff_failed(&s->file, "the place of a block", j->err);
    const size_t pixel = h->row_bytes / h->block_w;
    const size_t wanted = (size_t)(j->want.x1 - j->want.x0) * pixel;
    const bool narrow = !h->tiled && h->bits % 8 == 0 && h->row_bytes - wanted >= LEAP;
    const size_t skip = narrow ? (size_t)(j->want.x0 - j->block.x0) * pixel : 0;
    const size_t row = narrow ? wanted : h->row_bytes;
    const int32_t x = narrow ? j->want.x0 : j->block.x0;
    const int32_t most = narrow ? 1 : (int32_t)(kal__tiff_block_bytes(h) / h->row_bytes);
    for (int32_t y = j->want.y0; y < j->want.y1;) {
        const int32_t n = j->want.y1 - y < most ? j->want.y1 - y : most;
        const uint64_t at = start + (uint64_t)(y - j->block.y0) * h->row_bytes + skip;
        const kal_status st = kal__read_exact(j->d->reader, "tiff", at, s->block, row * (size_t)n, j->err);
        if (st) return st;
        to_machine(h, s->block, row * (size_t)n);
        for (int32_t i = 0; i < n; i++) unpack(j, s->block + row * (size_t)i, x, y + i);
        y += n;
    }
    return KAL_OK;
}

static bool decode_block(const job *j, kal__tiff_slot *s)
{
    const kal__tiff_head *h = &j->d->head;
    const kal__tiff_lib *l = s->file.lib;
    TIFF *tif = s->file.tif;
    uint32_t *raster = (uint32_t *)(void *)s->block;
    memset(
        s->block, 0,
        kal__tiff_block_bytes(h));   // a block that ends too soon is no error to every codec of the library's
    if (h->kind == KAL__TIFF_RGBA && h->tiled)
        return l->TIFFReadRGBATileExt(tif, (uint32_t)j->block.x0, (uint32_t)j->block.y0, raster, 1);
    if (h->kind == KAL__TIFF_RGBA) return l->TIFFReadRGBAStripExt(tif, (uint32_t)j->block.y0, raster, 1);
    if (h->tiled)
        return l->TIFFReadEncodedTile(tif, j->index, s->block, (tmsize_t)kal__tiff_block_bytes(h)) >= 0;
    const tmsize_t bytes = (tmsize_t)(h->row_bytes * (size_t)(j->block.y1 - j->block.y0));
    return l->TIFFReadEncodedStrip(tif, j->index, s->block, bytes) == bytes;
}

static kal_status encoded_block(const job *j, kal__tiff_slot *s)
{
    const kal__tiff_head *h = &j->d->head;
    if (s->holds != j->index) {
        s->holds = -1;
        if (!s->file.io) s->file.why.message[0] = 0;
        if (!decode_block(j, s) || s->file.io)
            return kal__tiff_failed(&s->file, h->tiled ? "a tile" : "a strip", j->err);
        s->holds = j->index;
    }
    // the library's own pixels begin with the lowest row
    const int32_t last = (h->tiled ? (int32_t)h->block_h : j->block.y1 - j->block.y0) - 1;
    for (int32_t y = j->want.y0; y < j->want.y1; y++) {
        const int32_t i = y - j->block.y0;
        unpack(j, s->block + h->row_bytes * (size_t)(h->kind == KAL__TIFF_RGBA ? last - i : i), j->block.x0,
               y);
    }
    return KAL_OK;
}

static kal_rect common(kal_rect a, kal_rect b)
{
    return kal_rect_of(a.x0 > b.x0 ? a.x0 : b.x0, a.y0 > b.y0 ? a.y0 : b.y0, a.x1 < b.x1 ? a.x1 : b.x1,
                       a.y1 < b.y1 ? a.y1 : b.y1);
}

static kal_status one_block(job *j, kal__tiff_slot *s, int32_t column, int32_t row)
{
    const kal__tiff_head *h = &j->d->head;
    const int32_t w = (int32_t)h->block_w, high = (int32_t)h->block_h;
    const uint32_t across = ((uint32_t)h->extent.width + h->block_w - 1) / h->block_w;
    const uint32_t down = ((uint32_t)h->extent.height + h->block_h - 1) / h->block_h;
    const int32_t planes = h->separate && h->kind != KAL__TIFF_RGBA ? h->samples : 1;
    const kal_rect part = j->want;
    unsigned char *dst = j->dst;
    kal_status st = KAL_OK;
    j->block = kal_rect_of(column * w, row * high, (column + 1) * w, (row + 1) * high);
    if (!h->tiled && j->block.y1 > h->extent.height) j->block.y1 = h->extent.height;
    j->want = common(part, j->block);
    j->dst += (j->want.y0 - part.y0) * j->stride +
              (ptrdiff_t)(j->want.x0 - part.x0) * (ptrdiff_t)kal_pixel_size(&h->extent);
    for (j->plane = 0; j->plane < planes && !st; j->plane++) {
        j->index = ((uint32_t)j->plane * down + (uint32_t)row) * across + (uint32_t)column;
        if (s->holds != j->index) st = forget_tables(j->d, s, j->err);
        if (!st && kal__tiff_is_missing(&s->file, j->index))
            fill_block(j, s);
        else if (!st)
            st = h->direct ? direct_block(j, s) : encoded_block(j, s);
    }
    j->want = part;
    j->dst = dst;
    return st;
}

void kal__tiff_straighten(const kal__tiff_head *h, unsigned char *dst, ptrdiff_t stride, int32_t width,
                          int32_t n)
{
    if (!h->premultiplied) return;
    for (int32_t y = 0; y < n; y++) kal__tiff_straight(h, dst + y * stride, width);
}

kal_status kal__tiff_read_part(const kal__tiff_blocks *d, kal_rect part, unsigned char *dst, ptrdiff_t stride,
                               kal_error *err)
{
    kal__tiff_slot *s;
    const int32_t w = (int32_t)d->head.block_w, h = (int32_t)d->head.block_h;
    job j = {.d = d, .want = part, .dst = dst, .stride = stride, .err = err};
    kal_status st = slot_take(d, &s, err);
    if (st) return st;
    for (int32_t row = part.y0 / h; !st && row <= (part.y1 - 1) / h; row++)
        for (int32_t column = part.x0 / w; !st && column <= (part.x1 - 1) / w; column++)
            st = one_block(&j, s, column, row);
    slot_give_back(d, s);
    if (!st) kal__tiff_straighten(&d->head, dst, stride, part.x1 - part.x0, part.y1 - part.y0);
    return st;
}

void kal__tiff_blocks_end(kal__tiff_blocks *d)
{
    for (kal__tiff_slot *s = d->free, *next; s; s = next) {
        next = s->next;
        kal__tiff_slot_free(s);
    }
    pthread_mutex_destroy(&d->lock);
}

#endif
