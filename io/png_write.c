// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing PNG, and what reading and writing share; see png.h. libpng writes what stands before the pixels. Rows are packed in pieces,
// which are filtered, each row by the filter with the smallest sum of distances from 0, and deflated behind the 32 KiB that came before them,
// which are filtered again for that. So pieces need each other's pixels and nothing else. They are gathered into chunks of some size, since
// whoever looks for what stands behind the pixels steps over each. Pictures of few colours, which are held whole: png_palette.c.
#include "png.h"

#include "deflate.h"
#include "inflate.h"
#include "png_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

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
    if (!strcmp(text + strcspn(text, ":"), ": chunk data is too large")) f->large = true;
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

#define CHUNK ((size_t)512 << 10)   // bytes of an IDAT, at most, but for a piece that is larger by itself

kal_status kal__png_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err)
{
    const kal__png_p *p = given;
    if (p->dither && !p->colours)
        return kal_fail(err, KAL_INVALID, "png: dither=true is of few colours: give colours=N, too");
    if (x->type != KAL_U8 && x->type != KAL_U16)
        return kal_fail(err, KAL_INVALID,
                        "png holds 8- and 16-bit samples; use cast type=u8 or type=u16 before saving");
    if (x->channels - x->alpha != 1 && x->channels - x->alpha != 3)
        return kal_fail(err, KAL_INVALID,
                        "png holds gray or RGB with or without alpha, not %d channels%s; "
                        "use band_extract before saving",
                        x->channels, x->alpha ? " of which one is alpha" : "");
    *memory = sizeof(kal__encoder) + CHUNK +
              (264 + 8 + 8 + 128) * 1024;   // libpng's structs, zlib for a profile, their pages
    return p->colours ? kal__png_palette_accepts(x, p, memory, err) : KAL_OK;
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
    const double *d = meta->density;
    if (d[0] >= 0.5 && d[1] >= 0.5 && d[0] < 2147483647.0 && d[1] < 2147483647.0)
        png_set_pHYs(e->png, e->info, (png_uint_32)(d[0] + 0.5), (png_uint_32)(d[1] + 0.5),
                     PNG_RESOLUTION_METER);
    png_write_info(e->png, e->info);
    if (exif->size) png_write_chunk(e->png, (png_const_bytep) "eXIf", exif->data, exif->size);
    if (meta->xmp.size && meta->xmp.size < PNG_UINT_31_MAX - 64) put_xmp(e->png, &meta->xmp);
}

static kal_status put_head(kal__encoder *e, const kal__png_p *p, const kal__meta *meta, const kal__blob *exif,
                           const kal__indexed_palette *palette, int bits)
{
    if (setjmp(e->fail.where)) return e->fail.status;
    const kal_extent *x = &e->extent;
    const int colour =
        palette ? PNG_COLOR_TYPE_PALETTE
                : (x->channels > 2 ? PNG_COLOR_MASK_COLOR : 0) | (x->alpha ? PNG_COLOR_MASK_ALPHA : 0);
    e->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &e->fail, kal__png_on_error,
                                       kal__png_on_warning, &e->fail, kal__png_malloc, kal__png_free);
    if (e->png) e->info = png_create_info_struct(e->png);
    if (!e->info) return kal_fail(e->fail.err, KAL_NOMEM, "png: out of memory");
    png_set_write_fn(e->png, e, on_write, on_flush);
    png_set_benign_errors(e->png, 1);
    png_set_user_limits(e->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(e->png, p->compression);
    png_set_IHDR(e->png, e->info, (png_uint_32)x->width, (png_uint_32)x->height, bits, colour,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (palette) kal__png_palette_set(e->png, e->info, palette);
    if (meta && !p->strip)
        put_meta(e, meta, exif);
    else
        png_write_info(e->png, e->info);
    return KAL_OK;
}

kal_status kal__png_head(kal__encoder *e, const kal__png_p *p, const kal__meta *meta,
                         const kal__indexed_palette *palette, int bits, kal_error *err)
{
    kal__blob exif;
    e->fail.err = err;
    if (!kal__exif_to_write(meta, &exif)) return kal_fail(err, KAL_NOMEM, "png: out of memory");
    const kal_status st = put_head(e, p, meta, &exif, palette, bits);
    free(exif.data);
    return st;
}

static void encoder_free(kal__encoder *e)
{
    kal__apng_write_free(e);
    kal__png_palette_free(e);
    free(e->chunk);
    if (e->png) png_destroy_write_struct(&e->png, &e->info);
    free(e);
}

kal_status kal__png_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err)
{
    const kal__png_p *p = params;
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "png: out of memory");
    e->writer = w;
    e->extent = *x;
    e->level = p->compression;
    e->filter = p->colours ? kal__png_palette_filter(p) : p->filter;
    e->sum = 1;
    kal_status st = p->colours ? kal__png_palette_begin(e, p, meta, err)
                               : kal__png_head(e, p, meta, NULL, x->type == KAL_U16 ? 16 : 8, err);
    if (!st && w->album) st = kal__apng_write_begin(e, p, meta, err);
    if (st) {
        encoder_free(e);
        *out = NULL;
    }
    return st;
}

// ---- pieces -------------------------------------------------------------------------------------

#define PIECE ((size_t)256 << 10)   // filtered bytes

// What follows from extent, level and filter.
typedef struct shape {
    size_t row, line;       // bytes of a row; of it and its filter
    size_t bpp;             // bytes of a pixel
    int32_t rows, before;   // of a piece; filtered again before it
    bool alone;             // its rows see no row above
} shape;

static shape shape_of(const kal_extent *x, int level, int filter)
{
    const size_t bpp = kal_pixel_size(x), row = (size_t)x->width * bpp, line = row + 1;
    shape s = {row, line, bpp, 1, 0, false};
    if (line < PIECE) s.rows = (int32_t)(PIECE / line);
    // A row that is a piece by itself does without the one above, which all stages before would have to hold too, unless that was asked for.
    s.alone = (!level || line >= PIECE) && filter <= KAL__PNG_SUB + 1;
    if (!s.alone) s.before = (int32_t)((KAL__DEFLATE_WINDOW + line - 1) / line);
    return s;
}

// Before the deflated bytes of the first: the zlib stream's head.
static size_t piece_bound(const shape *s)
{
    return kal__deflate_bound((size_t)s->rows * s->line) + 2;
}

static size_t filtered_size(const shape *s)
{
    return (size_t)(s->rows + s->before) * s->line;
}

// Two to try filters on, one of zeros, and two in the file's byte order.
static size_t rows_beside(const kal_extent *x)
{
    return x->type == KAL_U16 ? 5 : 3;
}

void kal__png_pieces_of(const kal_extent *x, int level, int filter, kal__pieces *out)
{
    const shape s = shape_of(x, level, filter);
    out->rows = s.rows;
    out->above = s.alone ? 0 : s.before + 1;
    out->memory = filtered_size(&s) + rows_beside(x) * s.row + kal__deflate_memory(level);
    out->result = piece_bound(&s);
}

void kal__png_pieces(const kal_extent *x, const void *given, kal__pieces *out)
{
    const kal__png_p *p = given;
    if (!p->colours) kal__png_pieces_of(x, p->compression, p->filter, out);
}

typedef struct packing {
    shape shape;
    unsigned char *filtered;
    unsigned char *tried[2], *wide[2],
        *zeros;   // rows: to try filters on, in the file's byte order, above the first
    kal__slab *memory;
} packing;

static bool packing_new(packing *p, const kal_extent *x)
{
    const size_t filtered = filtered_size(&p->shape), row = p->shape.row;
    p->memory = kal__slab_new(filtered + rows_beside(x) * row);
    if (!p->memory) return false;
    unsigned char *m = p->memory->data;
    p->filtered = m;
    for (int i = 0; i < 2; i++) {
        p->tried[i] = m + filtered + (size_t)i * row;
        if (x->type == KAL_U16) p->wide[i] = m + filtered + (size_t)(3 + i) * row;
    }
    p->zeros = memset(m + filtered + 2 * row, 0, row);
    return true;
}

// A row as it is in the file. 16 bits are turned into one of two places, so that the row above stays.
static const unsigned char *file_row(packing *p, const kal_tile *rows, int32_t y, bool wide)
{
    if (y < 0) return p->zeros;
    const unsigned char *row = kal_row(rows, y);
    if (!wide || !kal__png_swapped()) return row;
    unsigned char *to = p->wide[y & 1];
    for (size_t i = 0; i < p->shape.row; i += 2) {
        to[i] = row[i + 1];
        to[i + 1] = row[i];
    }
    return to;
}

// By the one that is asked for, counted from 1, or, of 0, by the best.
static void filter_row(packing *p, unsigned char *out, const unsigned char *row, const unsigned char *up,
                       int filter)
{
    const shape *s = &p->shape;
    if (filter) {
        out[0] = (unsigned char)(filter - 1);
        kal__png_filter(filter - 1, s->bpp, out + 1, row, up, s->row);
        return;
    }
    uint64_t least = UINT64_MAX;
    int best = 0;
    for (int f = 0; f < (s->alone ? KAL__PNG_UP : KAL__PNG_FILTERS); f++) {
        const uint64_t sum = kal__png_filter(f, s->bpp, p->tried[1], row, up, s->row);
        if (sum >= least) continue;
        least = sum;
        best = f;
        unsigned char *swap = p->tried[0];
        p->tried[0] = p->tried[1];
        p->tried[1] = swap;
    }
    out[0] = (unsigned char)best;
    memcpy(out + 1, p->tried[0], s->row);
}

// Rows from … end - 1, one behind the other.
static void filter_rows(packing *p, const kal_tile *rows, int32_t from, int32_t end, const kal__encoder *e)
{
    unsigned char *out = p->filtered;
    const bool wide = e->extent.type == KAL_U16;
    const int filter = e->filter || e->level ? e->filter : KAL__PNG_NONE + 1;
    const unsigned char *up = !p->shape.alone ? file_row(p, rows, from - 1, wide) : p->zeros;
    for (int32_t y = from; y < end; y++, out += p->shape.line) {
        const unsigned char *row = file_row(p, rows, y, wide);
        filter_row(p, out, row, up, filter);
        up = row;
    }
}

// Deflate with a window of 32 KiB; what kind of level; a multiple of 31.
static void put_stream_head(unsigned char *p, int level)
{
    const unsigned kind = level < 2 ? 0 : level < 6 ? 1 : level == 6 ? 2 : 3, head = 0x7800 | kind << 6;
    p[0] = 0x78;
    p[1] = (unsigned char)(head + 31 - head % 31);
}

// A piece of the zlib stream. note: Adler-32 of the filtered bytes, how many they are, CRC of the piece; whether it is the last one, behind
// which the stream's sum comes.
kal_status kal__png_pack(const kal__encoder *e, const kal_tile *rows, int32_t y0, kal__piece *out,
                         kal_error *err)
{
    packing p = {.shape = shape_of(&e->extent, e->level, e->filter)};
    const shape *s = &p.shape;
    const int32_t y1 = rows->rect.y1, from = y0 > s->before ? y0 - s->before : 0;
    const bool last = y1 == e->extent.height;
    if (e->now) kal__apng_write_keep(e, rows, y0);
    const bool ready = packing_new(&p, &e->extent) && (out->data = kal__new(piece_bound(s), 1));
    size_t n = 0;
    if (ready) {
        filter_rows(&p, rows, from, y1, e);
        const size_t again = (size_t)(y0 - from) * s->line, bytes = (size_t)(y1 - y0) * s->line;
        const size_t dict = again < KAL__DEFLATE_WINDOW ? again : KAL__DEFLATE_WINDOW;
        const unsigned near[KAL__DEFLATE_NEAR] = {1, (unsigned)s->bpp,
                                                  s->line < KAL__DEFLATE_WINDOW ? (unsigned)s->line : 0};
        const size_t head = y0 == 0 ? 2 : 0;
        n = kal__deflate(p.filtered + again - dict, dict, bytes, near, e->level, last, out->data + head);
        if (head) put_stream_head(out->data, e->level);
        out->size = head + n;
        out->note[0] = adler32_z(1, p.filtered + again, bytes);
        out->note[1] = bytes;
        out->note[2] = kal__crc32(0, out->data, out->size);
        out->note[3] = last;
    }
    kal__slab_unref(&p.memory);
    return n ? KAL_OK : kal_fail(err, KAL_NOMEM, "png: out of memory");
}

kal_status kal__png_put_chunk(kal__encoder *e, const char *name, const unsigned char *data, size_t n,
                              uint32_t crc, kal_error *err)
{
    unsigned char head[8], tail[4];
    kal__put_be32(head, (uint32_t)n);
    memcpy(head + 4, name, 4);
    kal__put_be32(tail, (uint32_t)crc32_combine(kal__crc32(0, head + 4, 4), crc, (z_off_t)n));
    kal_status st = e->writer->write(e->writer, head, 8, err);
    if (!st) st = e->writer->write(e->writer, data, n, err);
    return st ? st : e->writer->write(e->writer, tail, 4, err);
}

static kal_status put_gathered(kal__encoder *e, kal_error *err)
{
    const size_t n = e->gathered;
    e->gathered = 0;
    return n ? kal__png_put_chunk(e, "IDAT", e->chunk, n, e->crc, err) : KAL_OK;
}

static kal_status gather(kal__encoder *e, const unsigned char *data, size_t n, uint32_t crc, kal_error *err)
{
    const kal_status st = e->gathered + n > CHUNK ? put_gathered(e, err) : KAL_OK;
    if (st) return st;
    if (n > CHUNK) return kal__png_put_chunk(e, "IDAT", data, n, crc, err);
    if (!kal__grow(&e->chunk, e->gathered + n, 1)) return kal_fail(err, KAL_NOMEM, "png: out of memory");
    memcpy(e->chunk + e->gathered, data, n);
    e->crc = e->gathered ? (uint32_t)crc32_combine(e->crc, crc, (z_off_t)n) : crc;
    e->gathered += n;
    return KAL_OK;
}

kal_status kal__png_join(kal__encoder *e, const kal__piece *piece, kal_error *err)
{
    if (e->frames > 1) return kal__apng_write_join(e, piece, err);
    e->sum = (uint32_t)adler32_combine(e->sum, piece->note[0], (z_off_t)piece->note[1]);
    kal_status st = gather(e, piece->data, piece->size, (uint32_t)piece->note[2], err);
    if (st || !piece->note[3]) return st;
    unsigned char sum[4];
    kal__put_be32(sum, e->sum);
    st = gather(e, sum, sizeof sum, kal__crc32(0, sum, sizeof sum), err);
    return st ? st : put_gathered(e, err);
}

kal_status kal__png_end(kal__encoder *e, kal_error *err)
{
    static const unsigned char end[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
    kal_status st = err && e->palette ? kal__png_palette_end(e, err) : KAL_OK;
    if (!st && err) st = e->writer->write(e->writer, end, sizeof end, err);
    if (!st && err && e->frames) st = kal__apng_write_end(e, err);
    encoder_free(e);
    return st;
}
