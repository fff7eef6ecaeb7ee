// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Rows of a PNG, or of a pass of one that is interlaced: IDAT chunks → inflate → undo the filters → samples as we have them. Filtered rows are
// inflated into a buffer that stays in a core's cache. Rows whose bytes are ours already (8 bits, no transparent colour) go straight to their
// place; others become pixels in the buffer, and are spread out from there.
#include "png.h"

#include "inflate.h"
#include "png_filter.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER ((size_t)256 << 10)
#define SLACK 8   // what the filters may read behind a row

typedef struct layout {
    size_t bytes;   // of a filtered row, without its filter's byte
    size_t bpp;     // bytes from a sample to the one to its left, at least 1
    int32_t rows;   // in the buffer
} layout;

typedef struct kal__png_rows kal__png_rows;
typedef void spread_fn(const kal__png_rows *r, unsigned char *dst, const unsigned char *src);

struct kal__png_rows {
    layout layout;
    kal__inflate *inflate;
    uint32_t chunk_left, crc;   // of the IDAT chunk that is being read
    const unsigned char *in;    // bytes of it that are taken and not yet inflated
    size_t n_in;
    bool ended;    // the zlib stream is complete
    bool behind;   // the head of a chunk that is no IDAT is in `head`
    unsigned char head[8];
    unsigned char *buffer;   // filtered rows, each behind its filter's byte
    size_t room;             // bytes of it
    int32_t next, have;      // in the buffer
    int32_t left;            // rows that are still to come, of the picture or the pass
    kal_error broken;        // what stands behind these rows, when whoever asked takes them all the same
    unsigned char *up;       // the row above
    unsigned char *last;     // a copy of it, when its place is not ours any more
    spread_fn *spread;       // NULL: rows are as they must be
    int32_t width;
    size_t samples, depth, pixel;
    uint16_t clear[3];               // the transparent colour
    unsigned char colours[256][4];   // pixels for stored values of up to 8 bits
};

// ---- input --------------------------------------------------------------------------------------

// Ends the chunk and goes to the next; when that is no IDAT, sets `behind`.
static kal_status next_chunk(kal__decoder *d, kal__png_rows *r)
{
    unsigned char sum[4];
    if (kal__png_pull(d, sum, 4) != 4) return kal__png_cut(d);
    if (kal__be32(sum) != r->crc) return kal__png_damaged(d, "IDAT: CRC error");
    if (kal__png_pull(d, r->head, 8) != 8) return kal__png_cut(d);
    r->behind = memcmp(r->head + 4, "IDAT", 4) != 0;
    r->chunk_left = kal__be32(r->head);
    r->crc = kal__crc32(0, r->head + 4, 4);
    return r->chunk_left > PNG_UINT_31_MAX ? kal__png_damaged(d, "a chunk's length is too large") : KAL_OK;
}

// Takes the next bytes of pixel data; none when no IDAT follows.
static kal_status take_input(kal__decoder *d, kal__png_rows *r)
{
    kal_status st = KAL_OK;
    while (!st && !r->chunk_left && !r->behind) st = next_chunk(d, r);
    if (st || r->behind) return st;
    size_t n = kal__png_peek(d, &r->in);
    if (!n) return kal__png_cut(d);
    if (n > r->chunk_left) n = r->chunk_left;
    if (n > KAL__PNG_INPUT) n = KAL__PNG_INPUT;   // so that the check sum leaves it in the cache
    r->crc = kal__crc32(r->crc, r->in, n);
    r->chunk_left -= (uint32_t)n;
    r->n_in = n;
    kal__png_used(d, n);
    return KAL_OK;
}

// Inflates until n bytes are there or the stream ends; how many there were, also before a failure.
static kal_status inflate_bytes(kal__decoder *d, kal__png_rows *r, unsigned char *dst, size_t n, size_t *got)
{
    size_t left = n;
    while (left && !r->ended) {
        const size_t left_before = left;
        *got = n - left;
        if (!r->n_in) {
            const kal_status st = take_input(d, r);
            if (st) return st;
        }
        const size_t in_before = r->n_in;
        switch (kal__inflate_run(r->inflate, &r->in, &r->n_in, &dst, &left)) {
        case KAL__INFLATE_OK: break;
        case KAL__INFLATE_END: r->ended = true; break;
        case KAL__INFLATE_DAMAGED: return kal__png_damaged(d, "IDAT: damaged deflate data");
        case KAL__INFLATE_NOMEM:
            return d->fail.status =
                       kal_fail(d->fail.err, KAL_NOMEM, "%s: png: out of memory", d->reader->name);
        }
        if (!r->ended && in_before == r->n_in &&
            left_before == left)   // no input is left, and no output comes
            return kal__png_damaged(d, "IDAT: too little image data");
    }
    *got = n - left;
    return KAL_OK;
}

// ---- rows as we have them ------------------------------------------------------------------------

static unsigned sample(const unsigned char *src, size_t i, size_t depth)
{
    const size_t bit = i * depth;
    return src[bit / 8] >> (8 - depth - bit % 8) & ((1u << depth) - 1);
}

// Palettes and gray of up to 8 bits: each stored value is some pixel.
static void spread_colours(const kal__png_rows *r, unsigned char *dst, const unsigned char *src)
{
    for (int32_t x = 0; x < r->width; x++, dst += r->pixel)
        memcpy(dst, r->colours[r->depth == 8 ? src[x] : sample(src, (size_t)x, r->depth)], r->pixel);
}

static void spread_clear8(const kal__png_rows *r, unsigned char *dst, const unsigned char *src)
{
    for (int32_t x = 0; x < r->width; x++, src += 3, dst += 4) {
        memcpy(dst, src, 3);
        dst[3] = src[0] == r->clear[0] && src[1] == r->clear[1] && src[2] == r->clear[2] ? 0 : 255;
    }
}

static void spread16(const kal__png_rows *r, unsigned char *dst, const unsigned char *src)
{
    uint16_t *out = (uint16_t *)(void *)dst;
    const size_t n = (size_t)r->width * r->samples;
    for (size_t i = 0; i < n; i++) out[i] = (uint16_t)(src[2 * i] << 8 | src[2 * i + 1]);
}

static void spread_clear16(const kal__png_rows *r, unsigned char *dst, const unsigned char *src)
{
    uint16_t *out = (uint16_t *)(void *)dst;
    for (int32_t x = 0; x < r->width; x++) {
        bool clear = true;
        for (size_t c = 0; c < r->samples; c++, src += 2, out++) {
            *out = (uint16_t)(src[0] << 8 | src[1]);
            clear = clear && *out == r->clear[c];
        }
        *out++ = clear ? 0 : 65535;
    }
}

static void set_colours(kal__png_rows *r, int type, const png_color *palette, int n_palette,
                        const png_byte *alphas, int n_alphas, bool trns)
{
    const unsigned max = (1u << r->depth) - 1;
    for (unsigned v = 0; v <= max; v++) {
        unsigned char *c = r->colours[v];
        if (type == PNG_COLOR_TYPE_PALETTE) {   // beyond the palette: black
            if ((int)v < n_palette) c[0] = palette[v].red, c[1] = palette[v].green, c[2] = palette[v].blue;
            c[3] = (int)v < n_alphas ? alphas[v] : 255;
        } else {
            c[0] = (unsigned char)(v * (255 / max));
            c[1] = trns && v == (r->clear[0] & max) ? 0 : 255;
        }
    }
}

static void choose_spread(kal__decoder *d, kal__png_rows *r)
{
    const int type = png_get_color_type(d->png, d->info);
    png_bytep alphas = NULL;
    png_colorp palette = NULL;
    png_color_16p clear = NULL;
    int n_alphas = 0, n_palette = 0;
    const bool trns = png_get_tRNS(d->png, d->info, &alphas, &n_alphas, &clear) != 0;
    png_get_PLTE(d->png, d->info, &palette, &n_palette);
    const bool gray = type == PNG_COLOR_TYPE_GRAY, mapped = type == PNG_COLOR_TYPE_PALETTE;
    if (trns && !mapped) {
        r->clear[0] = gray ? clear->gray : clear->red;
        r->clear[1] = clear->green;
        r->clear[2] = clear->blue;
    }
    if (r->depth == 16) {
        r->spread = trns ? spread_clear16 : kal__png_swapped() ? spread16 : NULL;
    } else if (mapped || (gray && (trns || r->depth < 8))) {
        set_colours(r, type, palette, n_palette, alphas, mapped && trns ? n_alphas : 0, trns);
        r->spread = spread_colours;
    } else if (trns) {
        for (int c = 0; c < 3; c++) r->clear[c] &= 255;
        r->spread = spread_clear8;
    }
}

// ---- rows ---------------------------------------------------------------------------------------

// As many rows as `room` has, one at least.
static layout layout_of(const kal__decoder *d, size_t width, size_t height, size_t room)
{
    const size_t bits = (size_t)png_get_bit_depth(d->png, d->info) * png_get_channels(d->png, d->info);
    layout l = {(width * bits + 7) / 8, bits < 8 ? 1 : bits / 8, 1};
    const size_t fit = room / (l.bytes + 1);
    if (fit > 1) l.rows = (int32_t)(fit < height ? fit : height);
    return l;
}

static layout layout_of_all(const kal__decoder *d)
{
    return layout_of(d, png_get_image_width(d->png, d->info), png_get_image_height(d->png, d->info), BUFFER);
}

static size_t buffer_size(const layout *l)
{
    return (size_t)l->rows * (l->bytes + 1);
}

size_t kal__png_rows_memory(const kal__decoder *d)
{
    const layout l = layout_of_all(d);
    return sizeof(kal__png_rows) + kal__inflate_memory() + buffer_size(&l) + l.bytes + 2 * SLACK;
}

void kal__png_rows_free(kal__png_rows *r)
{
    if (!r) return;
    kal__inflate_free(r->inflate);
    free(r->buffer);
    free(r->last);
    free(r);
}

kal_status kal__png_rows_new(kal__decoder *d)
{
    kal__png_rows *r = d->rows = kal__new_zero(1, sizeof *r);
    if (r) {
        r->layout = layout_of_all(d);
        r->room = buffer_size(&r->layout);
        r->inflate = kal__inflate_new();
        r->buffer = kal__new_zero(r->room + SLACK, 1);
        r->up = r->last = kal__new_zero(r->layout.bytes + SLACK, 1);
    }
    if (!r || !r->inflate || !r->buffer || !r->last)
        return kal_fail(d->fail.err, KAL_NOMEM, "%s: png: out of memory", d->reader->name);
    r->chunk_left = kal__be32(d->chunk);
    r->crc = kal__crc32(0, d->chunk + 4, 4);
    r->width = (int32_t)png_get_image_width(d->png, d->info);
    r->left = (int32_t)png_get_image_height(d->png, d->info);
    r->samples = png_get_channels(d->png, d->info);
    r->depth = png_get_bit_depth(d->png, d->info);
    r->pixel = d->row / (size_t)r->width;
    choose_spread(d, r);
    return KAL_OK;
}

void kal__png_rows_turn(kal__decoder *d, int32_t width, int32_t height)
{
    kal__png_rows *r = d->rows;
    r->layout = layout_of(d, (size_t)width, (size_t)height, r->room);
    r->width = width;
    r->left = height;
    r->next = r->have = 0;
    r->up = memset(r->last, 0, r->layout.bytes);
}

static void keep_up(kal__png_rows *r)
{
    if (r->up != r->last) memcpy(r->last, r->up, r->layout.bytes);
    r->up = r->last;
}

// The whole rows before a place where the file is corrupt are given first.
static kal_status put_off(kal__decoder *d, kal__png_rows *r, size_t got)
{
    r->have = (int32_t)(got / (r->layout.bytes + 1));
    if (!r->have) return KAL_CORRUPT;
    r->broken = *d->fail.err;
    d->fail.status = KAL_OK;
    return KAL_OK;
}

static kal_status fill(kal__decoder *d, kal__png_rows *r)
{
    if (r->broken.status)
        return d->fail.status = kal__repeat(&r->broken, d->fail.err);
    keep_up(r);
    r->next = 0;
    r->have = r->layout.rows < r->left ? r->layout.rows : r->left;
    const size_t n = (size_t)r->have * (r->layout.bytes + 1);
    size_t got = 0;
    kal_status st = inflate_bytes(d, r, r->buffer, n, &got);
    if (!st && got < n) st = kal__png_damaged(d, "IDAT: too little image data");
    return st == KAL_CORRUPT && d->lenient ? put_off(d, r, got) : st;
}

static bool is_paeth(const kal__png_rows *r, int32_t i)
{
    return r->buffer[(size_t)i * (r->layout.bytes + 1)] == KAL__PNG_PAETH;
}

// Undoes the filter of the next row, or of two rows when both are Paeth's; how many. out NULL: in the buffer.
static int32_t undo(kal__png_rows *r, unsigned char *dst, ptrdiff_t stride, int32_t most)
{
    const size_t n = r->layout.bytes;
    unsigned char *row = r->buffer + (size_t)r->next * (n + 1), *in[2] = {row + 1, row + n + 2}, *out[2];
    out[0] = r->spread ? in[0] : dst;
    out[1] = r->spread ? in[1] : dst + stride;
    if (most > 1 && r->have - r->next > 1 && is_paeth(r, r->next) && is_paeth(r, r->next + 1)) {
        kal__png_unfilter_paeth2(r->layout.bpp, out, (const unsigned char *const *)in, r->up, n);
        r->up = out[1];
        return 2;
    }
    kal__png_unfilter(*row, r->layout.bpp, out[0], in[0], r->up, n);
    r->up = out[0];
    return 1;
}

kal_status kal__png_rows_read(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n)
{
    kal__png_rows *r = d->rows;
    for (int32_t done; n; n -= done, dst += done * stride) {
        if (r->next == r->have) {
            const kal_status st = fill(d, r);
            if (st) return st;
        }
        const unsigned char *row = r->buffer + (size_t)r->next * (r->layout.bytes + 1);
        if (*row >= KAL__PNG_FILTERS) return kal__png_damaged(d, "bad adaptive filter value");
        done = undo(r, dst, stride, n);
        for (int32_t i = 0; r->spread && i < done; i++)
            r->spread(r, dst + i * stride, row + 1 + (size_t)i * (r->layout.bytes + 1));
        r->next += done;
        r->left -= done;
    }
    keep_up(r);   // dst is the caller's
    return KAL_OK;
}

// ---- behind the pixels --------------------------------------------------------------------------

// More image data than the picture has is passed over; a stream that does not end, or whose check sum is wrong, is damaged.
static kal_status end_stream(kal__decoder *d, kal__png_rows *r)
{
    while (!r->ended) {
        size_t got = 0;
        const kal_status st = inflate_bytes(d, r, r->buffer, r->room, &got);
        if (st) return st;
    }
    r->n_in = 0;
    return KAL_OK;
}

// Passes over a chunk, whose head has been read; `crc`: of its name. What costs no pixel may be damaged.
static kal_status pass_chunk(kal__decoder *d, uint32_t n, uint32_t crc, bool ancillary)
{
    const unsigned char *p;
    unsigned char sum[4];
    for (size_t step; n; n -= (uint32_t)step) {
        step = kal__png_peek(d, &p);
        if (!step) return kal__png_cut(d);
        if (step > n) step = n;
        crc = kal__crc32(crc, p, step);
        kal__png_used(d, step);
    }
    if (kal__png_pull(d, sum, 4) != 4) return kal__png_cut(d);
    return ancillary || kal__be32(sum) == crc ? KAL_OK : kal__png_damaged(d, "CRC error");
}

kal_status kal__png_rows_behind(kal__decoder *d, unsigned char head[8])
{
    kal__png_rows *r = d->rows;
    kal_status st = end_stream(d, r);
    while (!st && !r->behind) st = take_input(d, r);
    if (head != r->head) memcpy(head, r->head, 8);
    return st;
}

kal_status kal__png_rows_end(kal__decoder *d)
{
    kal__png_rows *r = d->rows;
    kal_status st = kal__png_rows_behind(d, r->head);
    while (!st) {
        const uint32_t n = kal__be32(r->head), crc = kal__crc32(0, r->head + 4, 4);
        const bool end = !memcmp(r->head + 4, "IEND", 4), ancillary = r->head[4] & 0x20;
        if (n > PNG_UINT_31_MAX) return kal__png_damaged(d, "a chunk's length is too large");
        st = pass_chunk(d, n, crc, ancillary);
        if (st || end) break;
        if (!ancillary && memcmp(r->head + 4, "PLTE", 4) != 0 && memcmp(r->head + 4, "IDAT", 4) != 0)
            return kal__png_damaged(d, "an unknown chunk that matters");
        if (kal__png_pull(d, r->head, 8) != 8) return kal__png_cut(d);
    }
    return st;
}
