// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PNG through libpng, by rows; an interlaced picture at once. Palettes become RGB, tRNS becomes alpha, 1, 2
// and 4 bits become v·255/(2^n−1), 16 bits stay. There is no gamma correction. Every call into the library
// re-arms its own setjmp; no pointer of a dead frame survives. Metadata is taken from the chunks themselves:
// libpng would drop or refuse what we only carry.
#include "png.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#define INPUT ((size_t)64 << 10)

// ---- reading: bytes -----------------------------------------------------------------------------

struct kal__decoder {
    kal__png_fail fail;
    png_structp png;
    png_infop info;
    kal__reader *reader;
    kal_limits limits;
    kal__meta *meta;   // NULL when only pixels are wanted
    bool lost;         // memory ran out for metadata
    size_t row;        // bytes of an output row
    int32_t left;      // rows not yet read
    bool interlaced;
    unsigned char chunk[8];   // the last eight bytes read at once: a chunk's length and name
    size_t at;
    unsigned char *input;   // INPUT bytes, unless the file lies in memory
};

// Up to n bytes; fewer at the end of the file or, with fail.status set, after an error. dst NULL: passed
// over.
static size_t pull(kal__decoder *d, unsigned char *dst, size_t n)
{
    size_t done = 0;
    while (done < n && d->reader->memory) {
        const size_t left = d->reader->size - (size_t)d->reader->position;
        const size_t step = n < left ? n : left;
        if (dst && step) memcpy(dst, d->reader->memory + d->reader->position, step);
        d->reader->position += step;
        return step;
    }
    while (done < n) {
        if (!d->fail.ahead) {
            const ptrdiff_t got = d->reader->read(d->reader, d->input, INPUT, d->fail.err);
            if (got < 0) d->fail.status = KAL_IO;
            if (got <= 0) break;
            d->at = 0;
            d->fail.ahead = (size_t)got;
        }
        const size_t step = n - done < d->fail.ahead ? n - done : d->fail.ahead;
        if (dst) memcpy(dst + done, d->input + d->at, step);
        d->at += step;
        d->fail.ahead -= step;
        done += step;
    }
    return done;
}

static void on_read(png_structp png, png_bytep dst, size_t n)
{
    kal__decoder *d = png_get_io_ptr(png);
    if (pull(d, dst, n) == n) {
        if (n == sizeof d->chunk) memcpy(d->chunk, dst, n);
        return;
    }
    if (!d->fail.status) {
        d->fail.status = KAL_CORRUPT;
        kal_fail(d->fail.err, KAL_CORRUPT, "%s: png: the file ends at byte %llu, before the picture does",
                 d->reader->name, (unsigned long long)d->reader->position);
    }
    longjmp(d->fail.where, 1);
}

// ---- reading: metadata --------------------------------------------------------------------------

// Inflates into an empty blob. Damaged or too large: nothing is taken. false: out of memory.
static bool inflate_blob(const unsigned char *p, size_t n, uint64_t limit, kal__blob *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)n};
    unsigned char *data = NULL;
    size_t room = 0;
    int code = inflateInit(&z);
    bool ok = code != Z_MEM_ERROR;
    while (ok && code == Z_OK && room < limit) {
        const size_t more = room ? room : 8192;
        ok = kal__grow(&data, room + more, 1);
        if (!ok) break;
        z.next_out = data + room;
        z.avail_out = (uInt)more;
        room += more;
        code = inflate(&z, Z_NO_FLUSH);
    }
    if (ok && code == Z_STREAM_END && z.total_out <= limit) ok = kal__blob_set(out, data, z.total_out);
    inflateEnd(&z);
    free(data);
    return ok;
}

static bool take_exif(kal__meta *m, const unsigned char *p, size_t n, uint64_t limit)
{
    (void)limit;
    const size_t skip =
        n > 6 && !memcmp(p, "Exif\0\0", 6) ? 6 : 0;   // JPEG's prefix, which some writers leave there
    return kal__blob_set(&m->exif, p + skip, n - skip);
}

// name\0 method deflated
static bool take_icc(kal__meta *m, const unsigned char *p, size_t n, uint64_t limit)
{
    const unsigned char *end = memchr(p, 0, n < 80 ? n : 80);
    const size_t skip = end ? (size_t)(end - p) + 2 : n;
    return m->icc.size || skip >= n || end[1] != 0 || inflate_blob(p + skip, n - skip, limit, &m->icc);
}

// keyword\0 compressed? method language\0 translated\0 text
static bool take_xmp(kal__meta *m, const unsigned char *p, size_t n, uint64_t limit)
{
    size_t at = sizeof KAL__XMP_KEY;
    if (m->xmp.size || n < at + 2 || memcmp(p, KAL__XMP_KEY, at) != 0) return true;
    const bool packed = p[at] == 1;
    at += 2;
    for (int i = 0; i < 2; i++) {
        const unsigned char *end = memchr(p + at, 0, n - at);
        if (!end) return true;
        at = (size_t)(end - p) + 1;
    }
    return packed ? inflate_blob(p + at, n - at, limit, &m->xmp) : kal__blob_set(&m->xmp, p + at, n - at);
}

static const struct {
    const char *chunk;
    bool (*take)(kal__meta *m, const unsigned char *p, size_t n, uint64_t limit);
} kept[] = {{"eXIf", take_exif}, {"iCCP", take_icc}, {"iTXt", take_xmp}};
#define KEPT (sizeof kept / sizeof *kept)

static size_t kept_index(const void *name)
{
    size_t i = 0;
    while (i < KEPT && memcmp(kept[i].chunk, name, 4) != 0) i++;
    return i;
}

static int on_chunk(png_structp png, png_unknown_chunkp c)
{
    kal__decoder *d = png_get_user_chunk_ptr(png);
    const size_t i = kept_index(c->name);
    const bool damaged = !memcmp(d->fail.damaged, c->name, 4);
    d->fail.damaged[0] = 0;
    if (i == KEPT || damaged) return 1;
    if (!kept[i].take(d->meta, c->data, c->size, d->limits.meta_bytes)) d->lost = true;
    return 1;
}

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void take_late(kal__decoder *d, size_t i, const unsigned char head[8], size_t n)
{
    unsigned char *data = kal__new(n + 4, 1);
    if (!data) {
        d->lost = true;
        return;
    }
    const bool all = pull(d, data, n + 4) == n + 4;
    const uLong crc = crc32(crc32(0, head + 4, 4), data, (uInt)n);
    if (all && crc == be32(data + n) && !kept[i].take(d->meta, data, n, d->limits.meta_bytes)) d->lost = true;
    free(data);
}

// Writers put EXIF and XMP behind the pixels too. Steps from chunk to chunk; damage here is the decoder's to
// report.
static void scan_behind_pixels(kal__decoder *d)
{
    unsigned char head[8];
    uint64_t skip = (uint64_t)be32(d->chunk) + 4;
    while (pull(d, NULL, (size_t)skip) == skip && pull(d, head, 8) == 8 && memcmp(head + 4, "IEND", 4) != 0) {
        const uint32_t n = be32(head);
        const size_t i = kept_index(head + 4);
        skip = (uint64_t)n + 4;
        if (i == KEPT || n > d->limits.meta_bytes || n > PNG_UINT_31_MAX) continue;
        take_late(d, i, head, n);
        skip = 0;
    }
}

// ---- reading: pixels ----------------------------------------------------------------------------

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
    if (!d->meta) return KAL_OK;
    png_byte names[KEPT * 5] = {0};
    for (size_t i = 0; i < KEPT; i++) memcpy(names + 5 * i, kept[i].chunk, 4);
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_ALWAYS, names, KEPT);
    png_set_read_user_chunk_fn(d->png, d, on_chunk);
    return KAL_OK;
}

static void decoder_free(kal__decoder *d)
{
    if (!d) return;
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
    if (w > KAL_MAX_SIDE || h > KAL_MAX_SIDE || (uint64_t)w * h > d->limits.pixels)
        return kal_fail(d->fail.err, KAL_LIMIT, "%s: png: %u×%u pixels are more than the limit of %llu",
                        d->reader->name, w, h, (unsigned long long)d->limits.pixels);
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

static kal_status decoder_new(kal__reader *r, const kal_limits *limits, kal__meta *meta, kal__decoder **out,
                              kal_extent *e, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: png: out of memory", r->name);
    d->reader = r;
    d->limits = *limits;
    d->meta = meta;
    d->fail.err = err;
    d->fail.reader = r;
    if (!r->memory) d->input = kal__new(INPUT, 1);
    kal_status st = create(d);
    if (!st) st = read_info(d);
    return st ? st : check_size(d, e);
}

// zlib's window and state, libpng's IDAT buffer and structs, two rows of output width; the libraries' own pages, measured.
static size_t decoder_memory(const kal__decoder *d)
{
    return sizeof *d + (d->input ? INPUT : 0) + (40 + 8 + 4 + 288) * 1024 + 2 * (d->row + 64);
}

static kal_status png_header(kal__reader *r, const kal_limits *limits, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    kal_status st = decoder_new(r, limits, meta, &d, &h->extent, err);
    if (!st) {
        h->rows = d->interlaced ? 0 : 1;
        h->memory = decoder_memory(d);
        scan_behind_pixels(d);
        st = d->fail.status;
        if (meta->exif.size) meta->orientation = kal__exif_orientation(meta->exif.data, meta->exif.size);
        if (d->lost) st = kal_fail(err, KAL_NOMEM, "%s: png: out of memory for metadata", r->name);
    }
    decoder_free(d);
    return st;
}

static kal_status start(kal__decoder *d)
{
    if (setjmp(d->fail.where)) return d->fail.status;
    png_set_expand(d->png);
    if (kal__png_swapped()) png_set_swap(d->png);
    if (d->interlaced) png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    if (png_get_rowbytes(d->png, d->info) != d->row)
        kal__png_fail_with(&d->fail, "its rows are not what the header promised");
    return KAL_OK;
}

static kal_status png_open(kal__reader *r, const kal_limits *limits, kal__decoder **out, kal_error *err)
{
    kal_extent e;
    kal_status st = decoder_new(r, limits, NULL, out, &e, err);
    if (!st) st = start(*out);
    if (st) {
        decoder_free(*out);
        *out = NULL;
    }
    return st;
}

// Seven passes over the same rows, each adding pixels; a plain picture is one pass.
static kal_status read_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n)
{
    if (setjmp(d->fail.where)) return d->fail.status;
    for (int pass = 0; pass < (d->interlaced ? 7 : 1); pass++)
        for (int32_t y = 0; y < n; y++) png_read_row(d->png, dst + y * stride, NULL);
    return KAL_OK;
}

static kal_status png_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    // A large file may have become another one since its header was read; its rows must still fit.
    if (stride < (ptrdiff_t)d->row || n > d->left || (d->interlaced && n != d->left))
        return kal_fail(err, KAL_CHANGED, "%s: png: the picture has another size than its header had",
                        d->reader->name);
    d->fail.err = err;
    d->left -= n;
    return read_rows(d, dst, stride, n);
}

static kal_status finish(kal__decoder *d)
{
    if (setjmp(d->fail.where)) return d->fail.status;
    png_read_end(d->png, NULL);
    return KAL_OK;
}

static kal_status png_close(kal__decoder *d, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err) {
        d->fail.err = err;
        st = finish(d);
    }
    decoder_free(d);
    return st;
}

static bool png_sniff(const unsigned char *head, size_t n)
{
    return n >= 8 && !memcmp(head, "\x89PNG\r\n\x1a\n", 8);
}

static char version_text[64];

static void make_version(void)
{
    snprintf(version_text, sizeof version_text, "libpng %s zlib %s", png_get_libpng_ver(NULL), zlibVersion());
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
    .help = "PNG: 8- and 16-bit gray and colour with or without alpha, lossless",
    .version = png_version,
    .sniff = png_sniff,
    .header = png_header,
    .open = png_open,
    .rows = png_rows,
    .close = png_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__png_p),
    .accepts = kal__png_accepts,
    .begin = kal__png_begin,
    .put = kal__png_put,
    .end = kal__png_end,
};
