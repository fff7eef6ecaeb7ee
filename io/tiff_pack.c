// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Blocks of TIFF: packed by libtiff in a file of their own in memory, of which only the blocks are kept, so that any number of workers
// can pack at once.
#include "tiff.h"

#include "putf.h"

#if KAL__TIFF

#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t kal__tiff_across(const kal__tiff_form *f)
{
    return (f->extent.width + f->block_w - 1) / f->block_w;
}

static size_t block_row(const kal__tiff_form *f)
{
    return (size_t)f->block_w * kal_pixel_size(&f->extent);
}

size_t kal__tiff_bound(const kal__tiff_form *f)
{
    const size_t blocks = (size_t)kal__tiff_across(f), block = block_row(f) * (size_t)f->block_h;
    // packbits and lzw at their worst; the tables of a JPEG
    return blocks * (f->compression == COMPRESSION_NONE ? block + 4 : block + block / 2 + 4096);
}

// ---- a file in memory ---------------------------------------------------------------------------

typedef struct scrap {
    unsigned char *data;
    size_t n, room, at;
    char why[200];
} scrap;

static tmsize_t scrap_write(thandle_t handle, void *src, tmsize_t n)
{
    scrap *s = (scrap *)handle;
    if (s->at + (size_t)n > s->room) {
        const size_t room = (s->at + (size_t)n) * 3 / 2 + 65536;
        if (!kal__grow(&s->data, room, 1)) return -1;
        s->room = room;
    }
    memcpy(s->data + s->at, src, (size_t)n);
    s->at += (size_t)n;
    if (s->at > s->n) s->n = s->at;
    return n;
}

static tmsize_t scrap_read(thandle_t handle, void *dst, tmsize_t n)
{
    scrap *s = (scrap *)handle;
    const size_t left = s->at < s->n ? s->n - s->at : 0;
    if ((size_t)n > left) n = (tmsize_t)left;
    memcpy(dst, s->data + s->at, (size_t)n);
    s->at += (size_t)n;
    return n;
}

static uint64_t scrap_seek(thandle_t handle, uint64_t to, int whence)
{
    scrap *s = (scrap *)handle;
    s->at = (size_t)(whence == SEEK_SET ? to : whence == SEEK_CUR ? s->at + to : s->n + to);
    return s->at;
}

static uint64_t scrap_size(thandle_t handle)
{
    return ((const scrap *)handle)->n;
}

static int scrap_close(thandle_t handle)
{
    (void)handle;
    return 0;
}

static int complain(TIFF *tif, void *user, const char *module, const char *fmt, va_list args)
{
    scrap *s = user;
    (void)tif, (void)module;
    if (!s->why[0]) kal__vformat(s->why, sizeof s->why, fmt, args);
    return 1;
}

static TIFF *scrap_open(const kal__tiff_lib *l, scrap *s)
{
    TIFFOpenOptions *o = l->TIFFOpenOptionsAlloc();
    if (!o) return NULL;
    l->TIFFOpenOptionsSetErrorHandlerExtR(o, complain, s);
    l->TIFFOpenOptionsSetWarningHandlerExtR(o, complain, s);
    TIFF *t = l->TIFFClientOpenExt("tiff", kal__little_endian() ? "wl" : "wb", (thandle_t)s, scrap_read,
                                   scrap_write, scrap_seek, scrap_close, scrap_size, NULL, NULL, o);
    l->TIFFOpenOptionsFree(o);
    s->why[0] = 0;
    return t;
}

static void set_fields(const kal__tiff_lib *l, TIFF *t, const kal__tiff_form *f, int32_t n)
{
    const kal_extent *e = &f->extent;
    const bool real = e->type == KAL_F32;
    l->TIFFSetField(t, TIFFTAG_IMAGEWIDTH,
                    (uint32_t)(f->tiled ? kal__tiff_across(f) * f->block_w : e->width));
    l->TIFFSetField(t, TIFFTAG_IMAGELENGTH, (uint32_t)(f->tiled ? f->block_h : n));
    l->TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, (int)kal_type_size(e->type) * 8);
    l->TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, (int)e->channels);
    l->TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, real ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    l->TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    l->TIFFSetField(t, TIFFTAG_COMPRESSION, f->compression);
    l->TIFFSetField(t, TIFFTAG_PHOTOMETRIC, e->model == KAL_RGB ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    if (f->compression == COMPRESSION_JPEG) {
        if (e->channels == 3) l->TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_YCBCR);
        l->TIFFSetField(t, TIFFTAG_JPEGTABLESMODE, 0);   // each block by itself
        l->TIFFSetField(t, TIFFTAG_JPEGQUALITY, f->quality);
        if (e->channels == 3) l->TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    if (f->compression == COMPRESSION_ADOBE_DEFLATE) l->TIFFSetField(t, TIFFTAG_ZIPQUALITY, f->level);
    if (f->compression == COMPRESSION_ZSTD) l->TIFFSetField(t, TIFFTAG_ZSTD_LEVEL, f->level);
    if (f->compression == COMPRESSION_ADOBE_DEFLATE || f->compression == COMPRESSION_ZSTD ||
        f->compression == COMPRESSION_LZW)
        l->TIFFSetField(t, TIFFTAG_PREDICTOR, real ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
    if (f->tiled) {
        l->TIFFSetField(t, TIFFTAG_TILEWIDTH, (uint32_t)f->block_w);
        l->TIFFSetField(t, TIFFTAG_TILELENGTH, (uint32_t)f->block_h);
    } else {
        l->TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, (uint32_t)n);
    }
}

// One tile with what lies beyond the picture as its last pixels, which packs better than anything else; or a strip as it is.
static void copy_block(const kal__tiff_form *f, const unsigned char *rows, ptrdiff_t stride, int32_t n,
                       int32_t x0, unsigned char *block)
{
    const size_t pixel = kal_pixel_size(&f->extent), row = block_row(f);
    const int32_t there = f->extent.width - x0 < f->block_w ? f->extent.width - x0 : f->block_w;
    for (int32_t y = 0; y < (f->tiled ? f->block_h : n); y++) {
        unsigned char *to = block + row * (size_t)y;
        if (y >= n) {
            memcpy(to, to - row, row);
            continue;
        }
        memcpy(to, rows + y * stride + (ptrdiff_t)((size_t)x0 * pixel), (size_t)there * pixel);
        for (int32_t x = there; x < f->block_w; x++)
            memcpy(to + (size_t)x * pixel, to + (size_t)(there - 1) * pixel, pixel);
    }
}

static bool put_sizes(scrap *s, const uint32_t *sizes, int32_t n)
{
    s->at = s->n;
    return scrap_write((thandle_t)s, (void *)(uintptr_t)sizes, (tmsize_t)n * 4) >= 0;
}

// libtiff puts each block where the last one ended; its head and its directory go.
static bool pack_by_library(const kal__tiff_form *f, const unsigned char *rows, ptrdiff_t stride, int32_t n,
                            unsigned char *block, uint32_t *sizes, scrap *s)
{
    enum { HEAD = 8 };
    const kal__tiff_lib *l = kal__tiff_library();
    TIFF *t = l ? scrap_open(l, s) : NULL;
    const int32_t across = kal__tiff_across(f);
    bool ok = t != NULL;
    if (ok) set_fields(l, t, f, n);
    for (int32_t i = 0; i < across && ok; i++) {
        const size_t before = s->n;
        copy_block(f, rows, stride, n, i * f->block_w, block);
        const tmsize_t bytes = (tmsize_t)(block_row(f) * (size_t)(f->tiled ? f->block_h : n));
        ok = (f->tiled ? l->TIFFWriteEncodedTile(t, (uint32_t)i, block, bytes)
                       : l->TIFFWriteEncodedStrip(t, (uint32_t)i, block, bytes)) == bytes;
        sizes[i] = (uint32_t)(s->n - (i ? before : HEAD));
    }
    const size_t end = s->n;
    scrap kept = {0};
    if (ok && end > HEAD) {   // closing writes more behind the blocks
        kept.at = 0;
        ok = scrap_write((thandle_t)&kept, s->data + HEAD, (tmsize_t)(end - HEAD)) >= 0;
    }
    if (t) l->TIFFClose(t);
    free(s->data);
    kept.at = kept.n;
    memcpy(kept.why, s->why, sizeof kept.why);
    *s = kept;
    return ok;
}

static bool pack_plain(const kal__tiff_form *f, const unsigned char *rows, ptrdiff_t stride, int32_t n,
                       unsigned char *block, uint32_t *sizes, scrap *s)
{
    const int32_t across = kal__tiff_across(f);
    for (int32_t i = 0; i < across; i++) {
        sizes[i] = (uint32_t)(block_row(f) * (size_t)(f->tiled ? f->block_h : n));
        copy_block(f, rows, stride, n, i * f->block_w, block);
        if (scrap_write((thandle_t)s, block, (tmsize_t)sizes[i]) < 0) return false;
    }
    return true;
}

kal_status kal__tiff_pack_rows(const kal__tiff_form *f, const unsigned char *rows, ptrdiff_t stride,
                               int32_t n, kal__piece *out, kal_error *err)
{
    scrap s = {0};
    const int32_t across = kal__tiff_across(f);
    unsigned char *block = kal__new((size_t)f->block_h, block_row(f));
    uint32_t *sizes = kal__new((size_t)across, sizeof *sizes);
    bool ok = block && sizes;
    if (ok)
        ok = (f->compression == COMPRESSION_NONE ? pack_plain : pack_by_library)(f, rows, stride, n, block,
                                                                                 sizes, &s);
    out->note[0] = (uint64_t)across;
    out->note[1] = s.n;
    ok = ok && put_sizes(&s, sizes, across);
    free(block);
    free(sizes);
    if (!ok) {
        free(s.data);
        return s.why[0] ? kal_fail(err, KAL_INTERNAL, "tiff: %s", s.why)
                        : kal_fail(err, KAL_NOMEM, "tiff: out of memory");
    }
    out->data = s.data;
    out->size = s.n;
    return KAL_OK;
}

#endif
