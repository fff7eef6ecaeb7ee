// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// BMP, after Microsoft's "Bitmap Storage" and the headers' pages in "Windows GDI": 1, 2, 4, 8, 16, 24 and 32 bits, palettes, run lengths of 4
// and 8 bits, bit fields, with the headers of OS/2 1 and 2 and those of Windows up to version 5. A field of n bits becomes 8 bits, or 16 if any
// has more than 8, by v·255/(2^n-1) (65535), rounded half up; the fourth byte of 32 bits is alpha only if a mask says so. A palette of grays
// makes a gray picture; pixels that run lengths pass over have its first colour. Most files have the last row first: these are read whole,
// straight to where the rows belong; those with the first row first come by rows. A profile in the file is kept. See bmp.h.
#include "bmp.h"
#include "input.h"

#include <stdlib.h>
#include <string.h>

// A channel of a pixel with bit fields.
typedef struct field {
    uint32_t mask, max;   // max 0: there is none
    int shift;
} field;

struct kal__decoder {
    kal_extent extent;
    unsigned bits, compression;
    bool upward;
    field fields[4];
    unsigned colours;   // in the palette
    unsigned char palette[256][3];
    int32_t left;   // rows not yet read
    uint64_t profile, profile_size;
    int32_t density[2];
    kal__input in;
    unsigned char row[];   // as it is in the file, without padding
};

static size_t row_bytes(const kal__decoder *d)
{
    return ((size_t)d->extent.width * d->bits + 7) / 8;
}

static size_t decoder_size(const kal__decoder *d)
{
    return sizeof *d + row_bytes(d);
}

// ---- reading: the header ------------------------------------------------------------------------

typedef struct head {
    uint32_t pixels, size, colours;   // where the pixels begin; of the second header
    int64_t width, height;
    unsigned char bytes[KAL__BMP_V5];
} head;

static kal_status take_head(kal__decoder *d, head *h)
{
    unsigned char file[KAL__BMP_FILE];
    kal_status st = kal__input_take(&d->in, file, sizeof file);
    if (st) return st;
    if (memcmp(file, "BM", 2) != 0) return kal__input_corrupt(&d->in, "the header does not begin with BM");
    h->pixels = kal__le32(file + 10);
    st = kal__input_take(&d->in, h->bytes, 4);
    if (st) return st;
    h->size = kal__le32(h->bytes);
    if (h->size != KAL__BMP_CORE && (h->size < 16 || h->size > KAL__BMP_V5))
        return kal__input_fail(&d->in, KAL_UNSUPPORTED, "the header has %u bytes; 12 and 16 to 124 are known",
                               h->size);
    return kal__input_take(&d->in, h->bytes + 4, h->size - 4);
}

static void read_numbers(kal__decoder *d, head *h)
{
    const unsigned char *p = h->bytes;
    if (h->size == KAL__BMP_CORE) {
        h->width = kal__le16(p + 4);
        h->height = kal__le16(p + 6);
        d->bits = kal__le16(p + 10);
    } else {
        h->width = (int32_t)kal__le32(p + 4);
        h->height = (int32_t)kal__le32(p + 8);
        d->bits = kal__le16(p + 14);
        d->compression = kal__le32(p + 16);
        h->colours = kal__le32(p + 32);
    }
    for (int i = 0; i < 2 && h->size >= KAL__BMP_INFO; i++)
        d->density[i] = (int32_t)kal__le32(p + 24 + 4 * i);
    d->upward = h->height > 0;
    if (h->height < 0) h->height = -h->height;
    if (h->size == KAL__BMP_V5 && kal__le32(p + 56) == KAL__BMP_EMBEDDED) {
        d->profile = (uint64_t)KAL__BMP_FILE + kal__le32(p + 112);
        d->profile_size = kal__le32(p + 116);
    }
}

// Which bits go with which compression, a bit for each; OS/2 means other things by 3 and above.
static kal_status check_kind(const kal__decoder *d, const head *h)
{
#define BITS(n) (1ull << (n))
    static const uint64_t kinds[] = {[KAL__BMP_PLAIN] = BITS(1) | BITS(2) | BITS(4) | BITS(8) | BITS(16) |
                                                        BITS(24) | BITS(32),
                                     [KAL__BMP_RLE8] = BITS(8),
                                     [KAL__BMP_RLE4] = BITS(4),
                                     [KAL__BMP_FIELDS] = BITS(16) | BITS(32),
                                     [KAL__BMP_ALPHA_FIELDS] = BITS(16) | BITS(32)};
    const unsigned c = d->compression;
    const uint64_t sound = c < sizeof kinds / sizeof *kinds && (h->size != 64 || c < 3) ? kinds[c] : 0;
    if (!sound)
        return kal__input_fail(&d->in, KAL_UNSUPPORTED,
                               "compression is %u; plain, RLE4, RLE8 and bit fields are read", c);
    if (d->bits > 32 || !(sound >> d->bits & 1))
        return kal__input_fail(&d->in, KAL_CORRUPT, "compression %u does not go with %u bits", c, d->bits);
    if (!d->upward && (c == KAL__BMP_RLE4 || c == KAL__BMP_RLE8))
        return kal__input_corrupt(&d->in, "run lengths have the first row first");
    return KAL_OK;
}

static kal_status make_field(kal__decoder *d, int i, uint32_t mask)
{
    field *f = &d->fields[i];
    *f = (field){.mask = mask};
    if (!mask) return KAL_OK;
    while (!(mask >> f->shift & 1)) f->shift++;
    f->max = mask >> f->shift;
    bool sound = !(f->max & (f->max + 1)) && (d->bits == 32 || mask <= 0xffff);
    for (int k = 0; k < i; k++) sound &= !(d->fields[k].mask & mask);
    return sound ? KAL_OK : kal__input_fail(&d->in, KAL_CORRUPT, "the bit field %#x is none", mask);
}

static kal_status read_fields(kal__decoder *d, head *h)
{
    static const uint32_t usual[2][3] = {{0x7c00, 0x3e0, 0x1f}, {0xff0000, 0xff00, 0xff}};
    const bool given = d->compression != KAL__BMP_PLAIN;
    unsigned char masks[16] = {0};
    kal_status st = KAL_OK;
    if (given && h->size >= KAL__BMP_RGB)
        memcpy(masks, h->bytes + KAL__BMP_INFO, h->size < KAL__BMP_RGBA ? 12 : 16);
    else if (given)
        st = kal__input_take(&d->in, masks, d->compression == KAL__BMP_ALPHA_FIELDS ? 16 : 12);
    for (int i = 0; i < 4 && !st; i++)
        st = make_field(d, i, given ? kal__le32(masks + 4 * i) : i < 3 ? usual[d->bits == 32][i] : 0);
    return st;
}

static kal_status read_palette(kal__decoder *d, const head *h)
{
    const size_t entry = h->size == KAL__BMP_CORE ? 3 : 4;
    const uint64_t at = kal__input_offset(&d->in), room = h->pixels > at ? (h->pixels - at) / entry : 0;
    unsigned n = h->colours && h->colours < 1u << d->bits ? h->colours : 1u << d->bits;
    if (n > room) n = (unsigned)room;
    if (!n) return kal__input_corrupt(&d->in, "there is no palette");
    kal_status st = KAL_OK;
    for (unsigned i = 0; i < n && !st; i++) {
        unsigned char p[4];
        st = kal__input_take(&d->in, p, entry);
        for (size_t c = 0; c < 3 && !st; c++) d->palette[i][c] = p[2 - c];
    }
    d->colours = n;
    return st;
}

static bool is_gray(const kal__decoder *d)
{
    for (unsigned i = 0; i < d->colours; i++)
        if (d->palette[i][0] != d->palette[i][1] || d->palette[i][0] != d->palette[i][2]) return false;
    return d->colours > 0;
}

static kal_status read_head(kal__decoder *d, const kal_limits *limits, uint32_t *pixels)
{
    head h = {0};
    kal_status st = take_head(d, &h);
    if (st) return st;
    read_numbers(d, &h);
    st = check_kind(d, &h);
    if (!st) st = kal__input_sides(&d->in, h.width < 0 ? 0 : (uint64_t)h.width, (uint64_t)h.height, limits);
    if (!st && d->bits != 24) st = d->bits <= 8 ? read_palette(d, &h) : read_fields(d, &h);
    if (st) return st;
    if (h.pixels < kal__input_offset(&d->in))
        return kal__input_fail(&d->in, KAL_CORRUPT, "the pixels would begin at byte %u, in the header",
                               h.pixels);
    bool wide = false;
    for (int i = 0; i < 4; i++) wide |= d->fields[i].max > 255;
    const bool gray = is_gray(d), alpha = d->fields[3].max > 0;
    d->extent = (kal_extent){.width = (int32_t)h.width,
                             .height = (int32_t)h.height,
                             .channels = gray ? 1 : 3 + alpha,
                             .type = wide ? KAL_U16 : KAL_U8,
                             .model = gray ? KAL_GRAY : KAL_RGB,
                             .alpha = alpha};
    d->left = d->extent.height;
    *pixels = h.pixels;
    return KAL_OK;
}

// A decoder that has read the header, without room for a row.
static kal_status start(kal__reader *r, const kal_limits *limits, kal__decoder **out, uint32_t *pixels,
                        kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: bmp: out of memory", r->name);
    d->in.reader = r;
    d->in.codec = "bmp";
    d->in.err = err;
    const kal_status st = read_head(d, limits, pixels);
    if (!st) return KAL_OK;
    free(d);
    *out = NULL;
    return st;
}

static kal_status bmp_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    uint32_t pixels;
    kal_status st = start(r, &ask->limits, out, &pixels, err);
    if (st) return st;
    st = kal__input_skip(&(*out)->in, pixels - kal__input_offset(&(*out)->in));
    if (!st && !kal__grow(out, decoder_size(*out), 1))
        st = kal_fail(err, KAL_NOMEM, "%s: bmp: out of memory", r->name);
    if (!st) return KAL_OK;
    free(*out);
    *out = NULL;
    return st;
}

// It lies behind the pixels as a rule; a damaged one, or one that a stream does not reach, is left out.
static kal_status keep_profile(kal__decoder *d, const kal_limits *limits, kal__meta *meta)
{
    const uint64_t at = kal__input_offset(&d->in);
    if (!d->profile_size || d->profile < at || !kal__meta_room(meta, KAL__ICC, d->profile_size, limits))
        return KAL_OK;
    kal_error quiet = {0}, *err = d->in.err;
    d->in.err = &quiet;
    kal_status st = kal__input_skip(&d->in, d->profile - at);
    void *icc = st ? NULL : kal__new((size_t)d->profile_size, 1);
    if (!st && !icc) st = kal_fail(&quiet, KAL_NOMEM, "%s: bmp: out of memory", d->in.reader->name);
    if (!st) st = kal__input_take(&d->in, icc, (size_t)d->profile_size);
    if (!st && !kal__blob_set(&meta->icc, icc, (size_t)d->profile_size))
        st = kal_fail(&quiet, KAL_NOMEM, "%s: bmp: out of memory", d->in.reader->name);
    free(icc);
    d->in.err = err;
    return !st || st == KAL_CORRUPT ? KAL_OK : kal__repeat(&quiet, err);
}

static kal_status bmp_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    uint32_t pixels;
    kal_status st = start(r, &ask->limits, &d, &pixels, err);
    if (st) return st;
    h->extent = d->extent;
    h->rows = d->upward ? 0 : 1;
    h->memory = decoder_size(d);
    for (int i = 0; i < 2 && d->density[0] > 0 && d->density[1] > 0; i++) meta->density[i] = d->density[i];
    st = keep_profile(d, &ask->limits, meta);
    free(d);
    return st;
}

// ---- reading: rows ------------------------------------------------------------------------------

static kal_status bad_colour(const kal__decoder *d, unsigned v)
{
    return kal__input_fail(&d->in, KAL_CORRUPT, "a pixel has colour %u, and the palette %u", v, d->colours);
}

// Pixel x of a row; false: there is no such colour.
static bool put_colour(const kal__decoder *d, unsigned char *row, int32_t x, unsigned v)
{
    const size_t channels = (size_t)d->extent.channels;
    if (v < d->colours) memcpy(row + (size_t)x * channels, d->palette[v], channels);
    return v < d->colours;
}

static kal_status row_colours(kal__decoder *d, unsigned char *dst)
{
    const unsigned per = 8 / d->bits, mask = (1u << d->bits) - 1;
    for (int32_t x = 0; x < d->extent.width; x++) {
        const unsigned at = (unsigned)x % per,
                       v = d->row[(unsigned)x / per] >> (8 - d->bits * (at + 1)) & mask;
        if (!put_colour(d, dst, x, v)) return bad_colour(d, v);
    }
    return KAL_OK;
}

static kal_status row_bgr(kal__decoder *d, unsigned char *dst)
{
    for (size_t i = 0; i < (size_t)d->extent.width * 3; i += 3) {
        dst[i] = d->row[i + 2];
        dst[i + 1] = d->row[i + 1];
        dst[i + 2] = d->row[i];
    }
    return KAL_OK;
}

static kal_status row_fields(kal__decoder *d, unsigned char *dst)
{
    const size_t channels = (size_t)d->extent.channels, width = (size_t)d->extent.width;
    uint16_t *wide = (uint16_t *)(void *)dst;
    const bool is_wide = d->extent.type == KAL_U16;
    const uint64_t top = is_wide ? 65535 : 255;
    for (size_t x = 0; x < width; x++) {
        const uint32_t v = d->bits == 16 ? kal__le16(d->row + 2 * x) : kal__le32(d->row + 4 * x);
        for (size_t c = 0; c < channels; c++) {
            const field *f = &d->fields[c];
            uint64_t s = (v & f->mask) >> f->shift;
            if (f->max && f->max != top) s = (2 * s * top + f->max) / (2 * (uint64_t)f->max);
            if (is_wide)
                wide[channels * x + c] = (uint16_t)s;
            else
                dst[channels * x + c] = (unsigned char)s;
        }
    }
    return KAL_OK;
}

// The padding of a row is passed over before the next one: that of the last need not be there.
static kal_status read_row(kal__decoder *d, unsigned char *dst)
{
    const size_t n = row_bytes(d);
    kal_status st = d->left < d->extent.height ? kal__input_skip(&d->in, (4 - n % 4) % 4) : KAL_OK;
    if (!st) st = kal__input_take(&d->in, d->row, n);
    d->left--;
    if (st) return st;
    return d->bits <= 8 ? row_colours(d, dst) : d->bits == 24 ? row_bgr(d, dst) : row_fields(d, dst);
}

// ---- reading: run lengths -----------------------------------------------------------------------

typedef struct pen {
    unsigned char *dst;
    ptrdiff_t stride;
    int64_t x, y;   // y upward
} pen;

// What lies beyond the end of a row is left out, as encoders round odd widths up.
static kal_status draw(const kal__decoder *d, pen *p, unsigned v)
{
    if (p->x < d->extent.width) {
        unsigned char *row = p->dst + (d->extent.height - 1 - p->y) * p->stride;
        if (!put_colour(d, row, (int32_t)p->x, v)) return bad_colour(d, v);
    }
    p->x++;
    return KAL_OK;
}

static kal_status draw_run(kal__decoder *d, pen *p, int n, int v)
{
    const bool halves = d->compression == KAL__BMP_RLE4;
    kal_status st = KAL_OK;
    for (int i = 0; i < n && !st; i++) st = draw(d, p, (unsigned)(!halves ? v : i % 2 ? v & 15 : v >> 4));
    return st;
}

// n colours as they are, padded to an even number of bytes.
static kal_status draw_plain(kal__decoder *d, pen *p, int n)
{
    const int per = d->compression == KAL__BMP_RLE4 ? 2 : 1;
    int v = 0, bytes = 0;
    kal_status st = KAL_OK;
    for (int i = 0; i < n && !st; i += per, bytes++) {
        st = kal__input_next(&d->in, &v);
        if (!st) st = draw_run(d, p, n - i < per ? n - i : per, v);
    }
    return !st && bytes % 2 ? kal__input_next(&d->in, &v) : st;
}

static kal_status move(kal__decoder *d, pen *p)
{
    int right, up;
    kal_status st = kal__input_next(&d->in, &right);
    if (!st) st = kal__input_next(&d->in, &up);
    if (st) return st;
    p->x += right;
    p->y += up;
    return KAL_OK;
}

static kal_status read_runs(kal__decoder *d, unsigned char *dst, ptrdiff_t stride)
{
    const int32_t width = d->extent.width, height = d->extent.height;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) put_colour(d, dst + y * stride, x, 0);
    pen p = {dst, stride, 0, 0};
    while (p.y < height && (p.y < height - 1 || p.x < width)) {   // the mark of the end need not be there
        int n, v;
        kal_status st = kal__input_next(&d->in, &n);
        if (!st) st = kal__input_next(&d->in, &v);
        if (st) return st;
        if (!n && v == 1) return KAL_OK;
        if (!n && !v)
            p.x = 0, p.y++;
        else if (n)
            st = draw_run(d, &p, n, v);
        else
            st = v == 2 ? move(d, &p) : draw_plain(d, &p, v);
        if (st) return st;
    }
    return KAL_OK;
}

static kal_status bmp_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    d->in.err = err;
    const int32_t left = d->upward && n < d->left ? 0 : d->left;   // all at once
    kal_status st = kal__input_fits(&d->in, &d->extent, stride, n, left);
    if (st) return st;
    if (d->compression == KAL__BMP_RLE4 || d->compression == KAL__BMP_RLE8) {
        d->left = 0;
        return read_runs(d, dst, stride);
    }
    for (int32_t y = 0; y < n && !st; y++) st = read_row(d, dst + (d->upward ? n - 1 - y : y) * stride);
    return st;
}

static kal_status bmp_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // what follows the pixels is no pixel's
    free(d);
    return KAL_OK;
}

// ---- the record ---------------------------------------------------------------------------------

static bool bmp_sniff(const unsigned char *p, size_t n)
{
    return n >= 18 && !memcmp(p, "BM", 2) && p[15] == 0 && p[16] == 0 && p[17] == 0 && p[14] >= KAL__BMP_CORE;
}

static const char *bmp_version(void)
{
    return "kallitype 1";
}

#define PARAMS kal__bmp_p
static const kal_param params[] = {KAL__BMP_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_bmp = {
    .name = "bmp",
    .suffixes = "bmp|dib",
    .media_type = "image/bmp",
    .help = "BMP: gray, RGB and RGBA of 8 bits, lossless; all but JPEG and PNG inside is read",
    .version = bmp_version,
    .sniff = bmp_sniff,
    .header = bmp_header,
    .streams = true,
    .open = bmp_open,
    .rows = bmp_rows,
    .close = bmp_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__bmp_p),
    .accepts = kal__bmp_accepts,
    .carries = 1u << KAL__ICC | KAL__OWN_DENSITY,
    .begin = kal__bmp_begin,
    .put = kal__bmp_put,
    .end = kal__bmp_end,
};
