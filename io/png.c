// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PNG. Palettes become RGB, tRNS becomes alpha, 1, 2 and 4 bits become v·255/(2^n−1), 16 bits stay. There is no gamma correction.
// libpng reads what stands before the pixels; rows are read in png_rows.c. Every call into the library re-arms its own setjmp; no pointer of
// a dead frame survives.
#include "apng.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

// ---- bytes --------------------------------------------------------------------------------------

// Bytes that are read of a chunk when only its head is of interest: that, and some, so that the next leap need not read first.
#define LEAPING 12

size_t kal__png_peek(kal__decoder *d, const unsigned char **p)
{
    kal__reader *r = d->reader;
    if (r->memory) {
        *p = r->memory + r->position;
        return r->size - (size_t)r->position;
    }
    if (!d->fail.ahead) {
        const ptrdiff_t got = r->read(r, d->input, d->leaping ? LEAPING : KAL__PNG_INPUT, d->fail.err);
        if (got < 0) d->fail.status = KAL_IO;
        d->at = 0;
        d->fail.ahead = got > 0 ? (size_t)got : 0;
    }
    *p = d->input + d->at;
    return d->fail.ahead;
}

void kal__png_used(kal__decoder *d, size_t n)
{
    if (d->reader->memory) {
        d->reader->position += n;
    } else {
        d->at += n;
        d->fail.ahead -= n;
    }
}

size_t kal__png_pull(kal__decoder *d, unsigned char *dst, size_t n)
{
    size_t done = 0;
    const unsigned char *p;
    for (size_t step; done < n && (step = kal__png_peek(d, &p)); done += step) {
        if (!dst && n - done > step && d->reader->placed) {   // what is not there shows at the next read
            kal__png_used(d, step);
            d->reader->position += n - done - step;
            d->leaping = true;
            return n;
        }
        if (step > n - done) step = n - done;
        if (dst) memcpy(dst + done, p, step);
        kal__png_used(d, step);
    }
    return done;
}

kal_status kal__png_cut(kal__decoder *d)
{
    if (!d->fail.status)
        d->fail.status =
            kal_fail(d->fail.err, KAL_CORRUPT, "%s: png: the file ends at byte %llu, before the picture does",
                     d->reader->name, (unsigned long long)d->reader->position);
    return d->fail.status;
}

kal_status kal__png_damaged(kal__decoder *d, const char *text)
{
    d->fail.status = kal_fail(d->fail.err, KAL_CORRUPT, "%s: png: near byte %llu: %s", d->reader->name,
                              (unsigned long long)(d->reader->position - d->fail.ahead), text);
    return d->fail.status;
}

static void on_read(png_structp png, png_bytep dst, size_t n)
{
    kal__decoder *d = png_get_io_ptr(png);
    if (kal__png_pull(d, dst, n) != n) {
        kal__png_cut(d);
        longjmp(d->fail.where, 1);
    }
    if (d->fail.large) kal__png_left_out(d, d->chunk, dst, n);
    d->fail.large = false;
    if (n == sizeof d->chunk) memcpy(d->chunk, dst, n);
}

// ---- what stands before the pixels --------------------------------------------------------------

static kal_status create(kal__decoder *d)
{
    if (setjmp(d->fail.where)) return d->fail.status;
    d->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &d->fail, kal__png_on_error, kal__png_on_warning,
                                      &d->fail, kal__png_malloc, kal__png_free);
    if (d->png) d->info = png_create_info_struct(d->png);
    if (!d->info || (!d->reader->memory && !d->input))
        return kal_fail(d->fail.err, KAL_NOMEM, "%s: png: out of memory", d->reader->name);
    png_set_read_fn(d->png, d, on_read);
    png_set_user_limits(d->png, PNG_UINT_31_MAX,
                        PNG_UINT_31_MAX);   // ours are checked before rows are allocated
    png_set_chunk_malloc_max(d->png, (png_alloc_size_t)d->limits.meta_bytes);
    png_set_chunk_cache_max(d->png, 16);
    png_set_benign_errors(d->png, 1);
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_NEVER, NULL,
                                -1);   // all but IHDR PLTE tRNS IDAT IEND
    kal__png_keep_chunks(d->png, d);
    return KAL_OK;
}

static void decoder_free(kal__decoder *d)
{
    if (!d) return;
    kal__apng_free(d->apng);
    kal__png_rows_free(d->rows);
    free(d->scratch);
    if (d->png) png_destroy_read_struct(&d->png, &d->info, NULL);
    free(d->input);
    free(d);
}

static kal_status read_info(kal__decoder *d)
{
    if (setjmp(d->fail.where)) return d->fail.status;
    png_read_info(d->png, d->info);
    return KAL_OK;
}

static kal_status check_size(kal__decoder *d, kal_extent *e)
{
    const png_uint_32 w = png_get_image_width(d->png, d->info), h = png_get_image_height(d->png, d->info);
    const int type = png_get_color_type(d->png, d->info);
    const kal_status over = kal__within_limits(d->reader->name, "png", w, h, &d->limits, d->fail.err);
    if (over) return over;
    const bool colour = type & PNG_COLOR_MASK_COLOR;
    const bool alpha = (type & PNG_COLOR_MASK_ALPHA) || png_get_valid(d->png, d->info, PNG_INFO_tRNS);
    *e = (kal_extent){(int32_t)w,
                      (int32_t)h,
                      (colour ? 3 : 1) + alpha,
                      png_get_bit_depth(d->png, d->info) == 16 ? KAL_U16 : KAL_U8,
                      colour ? KAL_RGB : KAL_GRAY,
                      alpha};
    d->row = (size_t)w * kal_pixel_size(e);
    d->left = (int32_t)h;
    d->interlaced = png_get_interlace_type(d->png, d->info) != PNG_INTERLACE_NONE;
    return KAL_OK;
}

static kal_status decoder_new(kal__reader *r, const kal__ask *ask, kal__meta *meta, kal__decoder **out,
                              kal_extent *e, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: png: out of memory", r->name);
    d->reader = r;
    d->limits = ask->limits;
    d->lenient = ask->lenient;
    d->meta = meta;
    d->fail.err = err;
    d->fail.reader = r;
    if (!r->memory) d->input = kal__new(KAL__PNG_INPUT, 1);
    kal_status st = create(d);
    if (!st) st = read_info(d);
    if (!st) st = check_size(d, e);
    if (!st && (d->lost || d->fail.starved))   // libpng goes on without a chunk
        st = kal_fail(err, KAL_NOMEM, "%s: png: out of memory for metadata", r->name);
    if (!st && d->apng) kal__apng_begin(d, e);
    if (!st && !d->apng && ask->page) st = kal__no_page(r->name, ask->page, 1, err);
    return st;
}

// libpng's structs and the libraries' own pages, measured; interlaced also a row of a pass.
static size_t decoder_memory(const kal__decoder *d)
{
    return sizeof *d + (d->input ? KAL__PNG_INPUT : 0) + (4 + 480) * 1024 + kal__png_rows_memory(d) +
           (d->interlaced ? d->row : 0);
}

static kal_status look_behind(kal__decoder *d)
{
    kal__png_scan_behind(d);
    return d->fail.status;
}

static kal_status png_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    kal_status st = decoder_new(r, ask, meta, &d, &h->extent, err);
    if (!st) {
        h->rows = d->interlaced ? 0 : 1;
        h->memory = decoder_memory(d);
        meta->pages = 1;
        if (d->apng) h->memory += h->memory + kal__apng_memory(d, &h->extent);
        st = d->apng ? kal__apng_header(d, ask, h, meta) : look_behind(d);
        kal__meta_take_exif(meta);
        if (d->lost) st = kal_fail(err, KAL_NOMEM, "%s: png: out of memory for metadata", r->name);
    }
    decoder_free(d);
    return st;
}

// ---- pixels -------------------------------------------------------------------------------------

static kal_status png_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal_extent e;
    kal_status st = decoder_new(r, ask, NULL, out, &e, err);
    if (!st && (*out)->apng) st = kal__apng_open(*out);
    if (!st) st = kal__png_rows_new(*out);
    if (!st && (*out)->interlaced) st = kal__png_passes_new(*out);
    while (!st && kal__apng_page(*out) < ask->page) st = kal__apng_next(*out, err);
    if (st) {
        decoder_free(*out);
        *out = NULL;
    }
    return st;
}

static kal_status png_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    if (kal__apng_page(d)) return kal__apng_rows(d, dst, stride, n, err);
    // A large file may have become another one since its header was read; its rows must still fit.
    if (stride < (ptrdiff_t)d->row || n > d->left || (d->interlaced && n != d->left))
        return kal_fail(err, KAL_CHANGED, "%s: png: the picture has another size than its header had",
                        d->reader->name);
    d->fail.err = err;
    d->left -= n;
    const kal_status st =
        d->interlaced ? kal__png_passes_read(d, dst, stride, n) : kal__png_rows_read(d, dst, stride, n);
    if (!st && d->apng) kal__apng_keep(d, dst, stride, n);
    return st;
}

static kal_status png_next(kal__decoder *d, kal__header *h, kal__meta *m, kal_error *err)
{
    if (!d->apng) return kal__no_page(d->reader->name, 1, 1, err);
    const kal_status st = kal__apng_next(d, err);
    if (st) return st;
    h->extent = kal__apng_extent(d);
    h->rows = 1;
    m->delay = kal__apng_delay(d);
    return KAL_OK;
}

static int32_t png_good(const kal__decoder *d)
{
    return d->interlaced && !kal__apng_page(d) ? kal__png_passes_whole(d) : 0;
}

static kal_status png_close(kal__decoder *d, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err) {
        d->fail.err = err;
        st = kal__apng_page(d) ? kal__apng_end(d) : kal__png_rows_end(d);
    }
    decoder_free(d);
    return st;
}

static bool png_sniff(const unsigned char *head, size_t n)
{
    return n >= 8 && !memcmp(head, "\x89PNG\r\n\x1a\n", 8);
}

// "rows 1" is our own reader, to be raised if its pixels ever change. What it inflates with changes none.
static char version_text[80];

static void make_version(void)
{
    snprintf(version_text, sizeof version_text, "rows 1, libpng %s zlib %s", png_get_libpng_ver(NULL),
             zlibVersion());
}

static const char *png_version(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_version);
    return version_text;
}

#define PARAMS kal__png_p
static const kal_param params[] = {KAL__PNG_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_png = {
    .name = "png",
    .suffixes = "png|apng",
    .media_type = "image/png",
    .help = "PNG: 8- and 16-bit gray and colour with or without alpha, lossless, or of few colours; pages of "
            "an animation are read",
    .edition = "some colours, few grays, literals as before, noise by samples, gray profiles",
    .version = png_version,
    .sniff = png_sniff,
    .header = png_header,
    .streams = true,
    .pages = true,
    .open = png_open,
    .rows = png_rows,
    .good = png_good,
    .next = png_next,
    .close = png_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__png_p),
    .n_later = KAL__PNG_LATER,
    .accepts = kal__png_accepts,
    .carries = 1u << KAL__EXIF | 1u << KAL__XMP | 1u << KAL__ICC | KAL__OWN_DENSITY,
    .begin = kal__png_begin,
    .put = kal__png_put,
    .pieces = kal__png_pieces,
    .pack = kal__png_pack,
    .join = kal__png_join,
    .among = kal__apng_write_memory,
    .page = kal__png_page,
    .turn = kal__png_turn,
    .end = kal__png_end,
};
