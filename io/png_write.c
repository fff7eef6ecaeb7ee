// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing PNG, and what reading and writing share. See png.h and png.c.
#include "png.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void kal__png_fail_with(kal__png_fail *f, const char *text)
{
    if (!f->status) {
        f->status = f->starved ? KAL_NOMEM : f->reader ? KAL_CORRUPT : KAL_INTERNAL;
        if (f->reader)
            kal_fail(f->err, f->status, "%s: png: near byte %llu: %s", f->reader->name,
                     (unsigned long long)(f->reader->position - f->ahead), text);
        else
            kal_fail(f->err, f->status, "png: %s", text);
    }
    longjmp(f->where, 1);
}

void kal__png_on_error(png_structp png, png_const_charp text)
{
    kal__png_fail_with(png_get_error_ptr(png), text);
}

// Warnings are about chunks that cost no pixel, except these.
void kal__png_on_warning(png_structp png, png_const_charp text)
{
    static const char *const harmless[] = {"IDAT: Extra compressed data", "IDAT: Too much image data"};
    kal__png_fail *f = png_get_error_ptr(png);
    if (!strcmp(text + strcspn(text, ":"), ": CRC error"))
        snprintf(f->damaged, sizeof f->damaged, "%s", text);
    if (!f->reader || (strncmp(text, "IDAT", 4) != 0 && strcmp(text, "tRNS: CRC error") != 0)) return;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (!strcmp(text, harmless[i])) return;
    kal__png_fail_with(f, text);
}

png_voidp kal__png_malloc(png_structp png, png_alloc_size_t n)
{
    kal__png_fail *f = png_get_mem_ptr(png);
    void *p = kal__new(1, n);
    if (!p) f->starved = true;
    return p;
}

void kal__png_free(png_structp png, png_voidp p)
{
    (void)png;
    free(p);
}

bool kal__png_swapped(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one;
}

// ---- writing ------------------------------------------------------------------------------------

struct kal__encoder {
    kal__png_fail fail;
    png_structp png;
    png_infop info;
    kal__writer *writer;
};

static void on_write(png_structp png, png_bytep data, size_t n)
{
    kal__encoder *e = png_get_io_ptr(png);
    const kal_status st = e->writer->write(e->writer, data, n, e->fail.err);
    if (!st) return;
    e->fail.status = st;
    longjmp(e->fail.where, 1);
}

static void on_flush(png_structp png)
{
    (void)png;
}

kal_status kal__png_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err)
{
    (void)given;
    if (x->type != KAL_U8 && x->type != KAL_U16)
        return kal_fail(err, KAL_INVALID,
                        "png holds 8- and 16-bit samples; use cast type=u8 or type=u16 before saving");
    if (x->channels - x->alpha != 1 && x->channels - x->alpha != 3)
        return kal_fail(err, KAL_INVALID,
                        "png holds gray or RGB with or without alpha, not %d channels%s; "
                        "use band_extract before saving",
                        x->channels, x->alpha ? " of which one is alpha" : "");
    // deflate with a 32 KiB window, libpng's structs and output buffer, and rows: this, the last, two to try
    // filters on; and the libraries' own pages, measured
    *memory =
        sizeof(kal__encoder) + (264 + 8 + 8 + 128) * 1024 + 4 * ((size_t)x->width * kal_pixel_size(x) + 64);
    return KAL_OK;
}

static void put_xmp(png_structp png, const kal__blob *xmp)
{
    static const unsigned char head[] =
        KAL__XMP_KEY "\0\0\0\0";   // and a NUL: not compressed, no language, no translation
    png_write_chunk_start(png, (png_const_bytep) "iTXt", (png_uint_32)(sizeof head + xmp->size));
    png_write_chunk_data(png, head, sizeof head);
    png_write_chunk_data(png, xmp->data, xmp->size);
    png_write_chunk_end(png);
}

static void put_meta(kal__encoder *e, const kal__meta *meta, const kal__blob *exif)
{
    // libpng leaves out a profile that is not one for this kind of picture (RGB on gray)
    if (meta->icc.size) png_set_iCCP(e->png, e->info, "icc", 0, meta->icc.data, (png_uint_32)meta->icc.size);
    png_write_info(e->png, e->info);
    if (exif->size) png_write_chunk(e->png, (png_const_bytep) "eXIf", exif->data, exif->size);
    if (meta->xmp.size && meta->xmp.size < PNG_UINT_31_MAX - 64) put_xmp(e->png, &meta->xmp);
}

static kal_status begin(kal__encoder *e, const kal_extent *x, const kal__png_p *p, const kal__meta *meta,
                        const kal__blob *exif)
{
    if (setjmp(e->fail.where)) return e->fail.status;
    const bool wide = x->type == KAL_U16;
    const int colour = (x->channels > 2 ? PNG_COLOR_MASK_COLOR : 0) | (x->alpha ? PNG_COLOR_MASK_ALPHA : 0);
    e->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &e->fail, kal__png_on_error,
                                       kal__png_on_warning, &e->fail, kal__png_malloc, kal__png_free);
    if (e->png) e->info = png_create_info_struct(e->png);
    if (!e->info) return kal_fail(e->fail.err, KAL_NOMEM, "png: out of memory");
    png_set_write_fn(e->png, e, on_write, on_flush);
    png_set_benign_errors(e->png, 1);
    png_set_user_limits(e->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(e->png, p->compression);
    png_set_IHDR(e->png, e->info, (png_uint_32)x->width, (png_uint_32)x->height, wide ? 16 : 8, colour,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (meta && !p->strip)
        put_meta(e, meta, exif);
    else
        png_write_info(e->png, e->info);
    if (wide && kal__png_swapped()) png_set_swap(e->png);
    return KAL_OK;
}

static void encoder_free(kal__encoder *e)
{
    if (e->png) png_destroy_write_struct(&e->png, &e->info);
    free(e);
}

kal_status kal__png_begin(const kal_extent *x, const void *p, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err)
{
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "png: out of memory");
    e->fail.err = err;
    e->writer = w;
    kal__blob exif;
    kal_status st = KAL_OK;
    if (!kal__exif_to_write(meta, &exif)) st = kal_fail(err, KAL_NOMEM, "png: out of memory");
    if (!st) st = begin(e, x, p, meta, &exif);
    free(exif.data);
    if (st) {
        encoder_free(e);
        *out = NULL;
    }
    return st;
}

kal_status kal__png_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err)
{
    e->fail.err = err;
    if (setjmp(e->fail.where)) return e->fail.status;
    for (int32_t y = 0; y < n; y++) png_write_row(e->png, src + y * stride);
    return KAL_OK;
}

static kal_status finish_writing(kal__encoder *e)
{
    if (setjmp(e->fail.where)) return e->fail.status;
    png_write_end(e->png, NULL);
    return KAL_OK;
}

kal_status kal__png_end(kal__encoder *e, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err) {
        e->fail.err = err;
        st = finish_writing(e);
    }
    encoder_free(e);
    return st;
}
