// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing JPEG on all processors. Every row of MCUs is a restart interval, so that any run of such rows can be compressed by itself:
// chroma is averaged inside an MCU, the DC predictors start anew. A piece is compressed as a small picture with the file's tables; its
// scan, with the restart markers renumbered, goes into the one file:
//
//   file   SOI APP… DQT SOF DHT DRI SOS | rows 0…k RST | rows k+1… RST | …   EOI
//   piece  SOI SOF DRI SOS | rows EOI             (only what stands between the bars is kept)
//
// Progressive and optimized files need the statistics of the whole picture and are written from one end to the other.
#include "jpeg.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES ((size_t)512 << 10)   // of samples, about: large beside what starting a piece costs

struct kal__encoder {
    kal__jpeg_out out;                // of a file written from one end to the other
    kal__jpeg_retoucher *retoucher;   // of one that keeps what another has; NULL: all is encoded
    kal_extent extent;
    kal__jpeg_p params;
};

// ---- what all compressors here have in common ---------------------------------------------------

static bool whole(const kal__jpeg_p *p)
{
    return p->progressive || p->optimize;
}

// Rows of an MCU.
static int32_t mcu_rows(const kal_extent *x, const kal__jpeg_p *p)
{
    return x->channels == 3 && p->subsampling == KAL__JPEG_420 ? 2 * DCTSIZE : DCTSIZE;
}

static void set_up(struct jpeg_compress_struct *j, const kal_extent *x, const kal__jpeg_p *p, int32_t height)
{
    j->image_width = (JDIMENSION)x->width;
    j->image_height = (JDIMENSION)height;
    j->input_components = x->channels;
    j->in_color_space = x->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(j);
    kal__jpeg_set_tables(j, p);
    if (x->channels == 3) {
        j->comp_info[0].h_samp_factor = p->subsampling != KAL__JPEG_444 ? 2 : 1;
        j->comp_info[0].v_samp_factor = p->subsampling == KAL__JPEG_420 ? 2 : 1;
    }
    j->optimize_coding = p->optimize;
    j->dct_method = JDCT_ISLOW;
    j->restart_in_rows = whole(p) ? 0 : 1;
    if (p->progressive) jpeg_simple_progression(j);
}

static void put_rows(struct jpeg_compress_struct *j, const kal_tile *t, int32_t y0, int32_t y1)
{
    for (int32_t y = y0; y < y1;) {
        JSAMPROW rows[16];
        JDIMENSION k = 0;
        for (; k < 16 && y + (int32_t)k < y1; k++) rows[k] = kal_row(t, y + (int32_t)k);
        y += (int32_t)jpeg_write_scanlines(j, rows, k);
    }
}

// Samples that are coded of so many: of colour a half, two thirds, or all.
static size_t coded(const kal_extent *x, const kal__jpeg_p *p, size_t samples)
{
    static const size_t sixths[] = {3, 4, 6};   // 420, 422, 444
    return x->channels < 3 ? samples : samples / 6 * sixths[p->subsampling] + 6;
}

// The most bytes a coded sample takes, by quality: measured on noise of black and white, in percent. Photographs take a tenth of it.
static size_t worst_percent(const kal_extent *x, int32_t quality)
{
    static const size_t of[2][4] = {{70, 98, 124, 192}, {55, 78, 99, 160}};   // gray, colour
    return of[x->channels == 3][quality <= 75 ? 0 : quality <= 90 ? 1 : quality <= 95 ? 2 : 3];
}

// What would say how to code has nothing to say here.
static kal_status kept_as_is(const kal_extent *x, const kal__jpeg_p *p, size_t *memory, kal_error *err)
{
    static const kal__jpeg_p def = {sizeof def, KAL__JPEG_PARAMS(KAL_DEFAULT)};
    *memory = sizeof(kal__encoder) + kal__jpeg_retoucher_memory(x);
    const bool as_is =
        p->quality == def.quality && p->subsampling == def.subsampling && p->tables == def.tables;
    if (as_is && !whole(p)) return KAL_OK;
    return kal_fail(err, KAL_INVALID,
                    "jpeg: lossless_outside keeps the quality, tables, subsampling and scans that the file "
                    "has; leave out "
                    "quality, tables, subsampling, progressive and optimize");
}

kal_status kal__jpeg_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err)
{
    const kal__jpeg_p *p = given;
    if (x->type != KAL_U8)
        return kal_fail(err, KAL_INVALID, "jpeg holds 8-bit samples; use cast type=u8 before saving");
    if (x->alpha) return kal_fail(err, KAL_INVALID, "jpeg has no alpha; use flatten before saving");
    if (x->channels != 1 && x->channels != 3)
        return kal_fail(err, KAL_INVALID, "jpeg holds 1 or 3 channels, not %d", x->channels);
    if (x->width > 65500 || x->height > 65500)
        return kal_fail(err, KAL_INVALID, "jpeg holds at most 65500 pixels a side, not %d×%d", x->width,
                        x->height);
    if (p->lossless_outside) return kept_as_is(x, p, memory, err);
    const size_t row = (size_t)x->width * (size_t)x->channels;
    *memory = sizeof(kal__encoder) + 64 * 1024 + (whole(p) ? row * DCTSIZE * 2 * 3 : 0);
    if (whole(p)) *memory += coded(x, p, row * (size_t)x->height) * sizeof(JCOEF);
    return KAL_OK;
}

// ---- begin: the header --------------------------------------------------------------------------

// The library writes frame and scan headers with the first row, so a row of MCUs is compressed for their sake.
static kal_status compress_header(kal__jpeg_packing *p, kal__encoder *e, const kal__meta *meta,
                                  const kal__blob *exif, const kal_tile *blank)
{
    if (setjmp(p->fail.where)) return p->fail.status;
    set_up(&p->jpeg, &e->extent, &e->params, e->extent.height);
    if (meta) kal__jpeg_set_density(&p->jpeg, meta);
    jpeg_start_compress(&p->jpeg, TRUE);
    if (meta) kal__jpeg_put_meta(&p->jpeg, meta, exif);
    put_rows(&p->jpeg, blank, 0, blank->rect.y1);
    return KAL_OK;
}

static kal_status write_header(kal__encoder *e, const kal__meta *meta, const kal__blob *exif, kal_error *err)
{
    const size_t row = (size_t)e->extent.width * (size_t)e->extent.channels;
    unsigned char *samples = kal__new_zero(row, 1);   // one row, again and again
    if (!samples) return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    const int32_t mcu = mcu_rows(&e->extent, &e->params);
    const kal_tile blank = {.rect = {0, 0, e->extent.width, mcu < e->extent.height ? mcu : e->extent.height},
                            .data = samples,
                            .ring = INT32_MAX};
    kal__jpeg_packing p;
    kal_status st = kal__jpeg_packing_begin(&p, KAL__JPEG_OUTPUT, err);
    if (!st) st = compress_header(&p, e, meta, exif, &blank);
    if (!st) st = e->out.writer->write(e->out.writer, p.data, kal__jpeg_scan_of(p.data), err);
    kal__jpeg_packing_end(&p);
    free(samples);
    return st;
}

// ---- pieces -------------------------------------------------------------------------------------

void kal__jpeg_pieces(const kal_extent *x, const void *given, kal__pieces *out)
{
    const kal__jpeg_p *p = given;
    if (whole(p)) return;   // all zero: not in pieces
    const size_t mcu = (size_t)mcu_rows(x, p), row = (size_t)x->width * (size_t)x->channels;
    const size_t n = PIECE_BYTES / (mcu * row);
    out->rows = (int32_t)(mcu * (n ? n : 1));
    if (out->rows > x->height) out->rows = x->height;
    // the library's rows, a block high beside what is being converted; its structs and tables
    out->memory = row * (DCTSIZE + 4) + 64 * 1024;
    out->result = coded(x, p, (size_t)out->rows * row) / 100 * worst_percent(x, p->quality);
}

// RST0…7 count the rows of MCUs of the file, not of the piece.
static void renumber(unsigned char *p, const unsigned char *end, unsigned first)
{
    while ((p = memchr(p, 0xff, (size_t)(end - p))) && end - p > 1) {
        if (p[1] >= 0xd0 && p[1] <= 0xd7) p[1] = (unsigned char)(0xd0 | ((p[1] + first) & 7));
        p += 2;
    }
}

static kal_status compress(kal__jpeg_packing *p, const kal__encoder *e, const kal_tile *rows, int32_t y0)
{
    if (setjmp(p->fail.where)) return p->fail.status;
    set_up(&p->jpeg, &e->extent, &e->params, rows->rect.y1 - y0);
    p->jpeg.write_JFIF_header = FALSE;
    jpeg_suppress_tables(&p->jpeg, TRUE);
    jpeg_start_compress(&p->jpeg, FALSE);
    put_rows(&p->jpeg, rows, y0, rows->rect.y1);
    jpeg_finish_compress(&p->jpeg);
    return KAL_OK;
}

kal_status kal__jpeg_pack(const kal__encoder *e, const kal_tile *rows, int32_t y0, kal__piece *out,
                          kal_error *err)
{
    const size_t samples =
        (size_t)(rows->rect.y1 - y0) * (size_t)e->extent.width * (size_t)e->extent.channels;
    kal__jpeg_packing p;
    kal_status st = kal__jpeg_packing_begin(&p, samples / 8 + 4096, err);
    if (!st) st = compress(&p, e, rows, y0);
    if (!st) {
        const unsigned first = (unsigned)(y0 / mcu_rows(&e->extent, &e->params));
        const size_t scan = kal__jpeg_scan_of(p.data);
        renumber(p.data + scan, p.data + p.size - 2, first);
        *out = (kal__piece){.data = p.data, .size = p.size - 2, .note = {scan, first}};   // without EOI
        p.data = NULL;
    }
    kal__jpeg_packing_end(&p);
    return st;
}

kal_status kal__jpeg_join(kal__encoder *e, const kal__piece *piece, kal_error *err)
{
    unsigned char *scan = piece->data + piece->note[0];
    size_t size = piece->size - (size_t)piece->note[0];
    if (piece->note
            [1]) {   // the marker between this piece and the one before takes the place of the last bytes of SOS
        scan -= 2;
        size += 2;
        scan[0] = 0xff;
        scan[1] = (unsigned char)(0xd0 | ((piece->note[1] - 1) & 7));
    }
    return e->out.writer->write(e->out.writer, scan, size, err);
}

// ---- from one end to the other ------------------------------------------------------------------

static kal_status start(kal__encoder *e, const kal__meta *meta, const kal__blob *exif)
{
    if (setjmp(e->out.fail.where)) return e->out.fail.status;
    set_up(&e->out.jpeg, &e->extent, &e->params, e->extent.height);
    if (meta) kal__jpeg_set_density(&e->out.jpeg, meta);
    jpeg_start_compress(&e->out.jpeg, TRUE);
    if (meta) kal__jpeg_put_meta(&e->out.jpeg, meta, exif);
    return KAL_OK;
}

static void encoder_free(kal__encoder *e)
{
    if (!e) return;
    kal__jpeg_retoucher_end(e->retoucher, NULL);
    kal__jpeg_out_free(&e->out);
    free(e);
}

static kal_status encoder_new(const kal_extent *x, const kal__jpeg_p *p, kal__writer *w, kal__encoder **out,
                              kal_error *err)
{
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    e->extent = *x;
    e->params = *p;
    return kal__jpeg_out_init(&e->out, w, err);
}

// Says beside why a picture cannot be kept that it is turned only because it is to have no EXIF.
static void blame_strip(const kal__meta *meta, const kal__retouch *how, kal_error *err)
{
    const bool turned = how && (how->swap || how->mirror_x || how->mirror_y);
    if (!turned || err->status != KAL_INVALID || !meta || !meta->applied || meta->orientation == 1) return;
    const size_t n = strlen(err->message);
    snprintf(err->message + n, sizeof err->message - n,
             "; without strip=true its EXIF says how it is turned, and its blocks stay where they are");
}

// `how` NULL: all is encoded.
static kal_status begin(kal__encoder *e, const kal__meta *meta, const kal__retouch *how, kal_error *err)
{
    kal__blob exif;
    const kal__meta *given = meta;
    if (e->params.strip) meta = NULL;
    kal_status st = KAL_OK;
    if (!kal__exif_to_write(meta, &exif))
        st = kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    else if (how)
        st = kal__jpeg_retoucher_begin(&e->extent, how, meta, &exif, &e->out, &e->retoucher, err);
    else
        st = whole(&e->params) ? start(e, meta, &exif) : write_header(e, meta, &exif, err);
    if (st && e->params.strip) blame_strip(given, how, err);
    free(exif.data);
    return st;
}

kal_status kal__jpeg_retouch(const kal_extent *x, const void *given, const kal__meta *meta,
                             const kal__retouch *how, kal__writer *w, kal__encoder **out, kal_error *err)
{
    kal_status st = encoder_new(x, given, w, out, err);
    if (!st) st = begin(*out, meta, how, err);
    if (st) {
        encoder_free(*out);
        *out = NULL;
    }
    return st;
}

kal_status kal__jpeg_begin(const kal_extent *x, const void *given, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err)
{
    return kal__jpeg_retouch(x, given, meta, NULL, w, out, err);
}

bool kal__jpeg_keeps(const void *given, bool *tagged)
{
    const kal__jpeg_p *p = given;
    *tagged = !p->strip;
    return p->lossless_outside;
}

static kal_status put(kal__encoder *e, const kal_tile *t)
{
    if (setjmp(e->out.fail.where)) return e->out.fail.status;
    put_rows(&e->out.jpeg, t, 0, t->rect.y1);
    return KAL_OK;
}

kal_status kal__jpeg_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err)
{
    const kal_tile t = {.rect = {0, 0, e->extent.width, n},
                        .data = (unsigned char *)(uintptr_t)src,
                        .stride = stride,
                        .ring = n};
    e->out.fail.err = err;
    return put(e, &t);
}

kal_status kal__jpeg_compare(kal__encoder *e, const unsigned char *now, ptrdiff_t now_stride,
                             const unsigned char *was, ptrdiff_t was_stride, int32_t n, kal_error *err)
{
    return kal__jpeg_retoucher_compare(e->retoucher, now, now_stride, was, was_stride, n, err);
}

static kal_status finish(kal__encoder *e)
{
    if (setjmp(e->out.fail.where)) return e->out.fail.status;
    jpeg_finish_compress(&e->out.jpeg);
    return KAL_OK;
}

kal_status kal__jpeg_end(kal__encoder *e, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err) {
        if (e->retoucher) {
            st = kal__jpeg_retoucher_end(e->retoucher, err);
            e->retoucher = NULL;
        } else {
            e->out.fail.err = err;
            st = whole(&e->params) ? finish(e) : e->out.writer->write(e->out.writer, "\xff\xd9", 2, err);
        }
    }
    encoder_free(e);
    return st;
}
