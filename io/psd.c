// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Photoshop's PSD and PSB: the flattened picture, as it is or in run lengths, whose rows' lengths stand before them: any rows are read without
// those before. It lies in planes, the first row of green behind the last of red. Gray and RGB of 8 and 16 bits and of f32, palettes, black and
// white. CMYK (255: no ink) becomes RGB as that of a JPEG does, c·k/255; duotone is gray. What has alpha lies on white in files of Photoshop's
// (1057 tells them): c·a + 1 - a; c is what we give, and where a is 0, what is there. See psd_head.c for the rest of the file.
#include "psd.h"

#include <stdlib.h>
#include <string.h>

#define SCRATCH ((size_t)128 << 10)   // bytes of planes at a time, if a row is not longer
#define PART_ROWS 32                  // at least, which a worker decodes by itself

struct kal__decoder {
    kal__reader *reader;
    kal__psd_head head;
    uint64_t *at;    // of packed rows, plane after plane, and of the end
    kal_rect part;   // that was aimed at
    int32_t y;       // the next row of it
    int32_t some;    // rows that are unpacked at a time
    unsigned char *scratch;
};

static kal_status no_memory(const kal__reader *r, kal_error *err)
{
    return kal_fail(err, KAL_NOMEM, "%s: psd: out of memory", r->name);
}

// ---- opening ------------------------------------------------------------------------------------

static size_t n_rows(const kal__psd_head *h)
{
    return (size_t)h->planes * (size_t)h->extent.height;
}

// A row in run lengths: at worst a length before each byte.
static uint64_t most_packed(const kal__psd_head *h)
{
    return 2 * (uint64_t)h->row_bytes + 16;
}

// The lengths of all rows of all planes of the file stand before the first row: 2 bytes each, 4 in a PSB.
static kal_status read_table(kal__decoder *d, kal_error *err)
{
    const kal__psd_head *h = &d->head;
    const size_t n = n_rows(h), size = h->big ? 4 : 2,
                 all = (size_t)h->channels * (size_t)h->extent.height * size;
    unsigned char some[4096];
    if (h->pixels + all > d->reader->size)   // before memory is taken for it
        return kal__psd_read(d->reader, d->reader->size, some, 1, err);
    d->at = kal__new(n + 1, sizeof *d->at);
    if (!d->at) return no_memory(d->reader, err);
    d->at[0] = h->pixels + all;
    for (size_t i = 0; i < n; i++) {
        const size_t in = i * size % sizeof some, left = (n - i) * size;
        kal_status st = KAL_OK;
        if (!in)
            st = kal__psd_read(d->reader, h->pixels + i * size, some, left < sizeof some ? left : sizeof some,
                               err);
        if (st) return st;
        const uint64_t length = h->big ? kal__be32(some + in) : kal__be16(some + in);
        if (length > most_packed(h))
            return kal_fail(err, KAL_CORRUPT, "%s: psd: at byte %llu: a row is longer than its pixels can be",
                            d->reader->name, (unsigned long long)(h->pixels + i * size));
        d->at[i + 1] = d->at[i] + length;
    }
    return KAL_OK;
}

static kal_status read_head(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    unsigned char none[1];
    const kal__psd_head *h = &d->head;
    kal_status st = kal__psd_read_head(d->reader, limits, &d->head, err);
    if (!st && h->packed) st = read_table(d, err);
    if (st) return st;
    const uint64_t end = h->packed ? d->at[n_rows(h)] : h->pixels + (uint64_t)n_rows(h) * h->row_bytes;
    if (end > d->reader->size) return kal__psd_read(d->reader, d->reader->size, none, 1, err);
    const size_t row = (size_t)h->planes * h->row_bytes;
    d->some = row < SCRATCH ? (int32_t)(SCRATCH / row) : 1;
    if (d->some > h->extent.height) d->some = h->extent.height;
    d->part = kal_rect_all(&h->extent);
    return KAL_OK;
}

static kal_status psd_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // other channels may follow, and are not looked at
    free(d->scratch);
    free(d->at);
    free(d);
    return KAL_OK;
}

static kal_status psd_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return no_memory(r, err);
    d->reader = r;
    const kal_status st = read_head(d, &ask->limits, err);
    if (!st) return KAL_OK;
    psd_close(d, NULL);
    *out = NULL;
    return st;
}

// Planes, and a plane's rows as they are packed.
static size_t scratch_size(const kal__decoder *d)
{
    const kal__psd_head *h = &d->head;
    const size_t rows = (size_t)d->some, packed = h->packed ? (size_t)most_packed(h) : 0;
    return rows * ((size_t)h->planes * h->row_bytes + packed);
}

static kal_status psd_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    kal_status st = psd_open(r, ask, &d, err);
    if (st) return st;
    h->extent = d->head.extent;
    h->rows = 1;
    h->columns = 1;
    h->part_rows = PART_ROWS;
    h->memory = sizeof *d + scratch_size(d) + (d->at ? (n_rows(&d->head) + 1) * sizeof *d->at : 0);
    st = kal__psd_read_meta(r, &d->head, &ask->limits, meta, err);
    psd_close(d, NULL);
    return st;
}

// ---- planes -------------------------------------------------------------------------------------

// A byte below 128: so many and one more follow as they are. Above: the next one 257 - byte times. 128: nothing.
static bool unpack(const unsigned char *p, const unsigned char *end, unsigned char *dst, size_t n)
{
    while (n) {
        if (p == end) return false;
        const unsigned c = *p++;
        if (c == 128) continue;
        const size_t run = c < 128 ? c + 1 : 257 - c;
        if (run > n || (size_t)(end - p) < (c < 128 ? run : 1)) return false;
        if (c < 128) {
            memcpy(dst, p, run);
            p += run;
        } else {
            memset(dst, *p++, run);
        }
        dst += run;
        n -= run;
    }
    return true;
}

// Rows y … y + n of a plane, one behind another in `to`, packed.
static kal_status read_packed(const kal__decoder *d, size_t plane, int32_t y, int32_t n, unsigned char *to,
                              unsigned char *room, kal_error *err)
{
    const uint64_t *at = d->at + plane * (size_t)d->head.extent.height + (size_t)y;
    const unsigned char *p = room;
    if (d->reader->memory) {
        p = d->reader->memory + at[0];
    } else {
        const kal_status st = kal__psd_read(d->reader, at[0], room, (size_t)(at[n] - at[0]), err);
        if (st) return st;
    }
    for (int32_t k = 0; k < n; k++, to += d->head.row_bytes)
        if (!unpack(p + (at[k] - at[0]), p + (at[k + 1] - at[0]), to, d->head.row_bytes))
            return kal_fail(err, KAL_CORRUPT,
                            "%s: psd: at byte %llu: the runs of a row do not make its pixels",
                            d->reader->name, (unsigned long long)at[k]);
    return KAL_OK;
}

// As they lie there: whole rows at once, or of each its columns.
static kal_status read_plain(const kal__decoder *d, size_t plane, kal_rect part, unsigned char *to,
                             kal_error *err)
{
    const size_t row = d->head.row_bytes, bits = (size_t)d->head.depth;
    const uint64_t at = d->head.pixels + (plane * (size_t)d->head.extent.height + (size_t)part.y0) * row;
    const size_t first = (size_t)part.x0 * bits / 8, n = ((size_t)part.x1 * bits + 7) / 8 - first;
    if (n == row) return kal__psd_read(d->reader, at, to, row * (size_t)(part.y1 - part.y0), err);
    kal_status st = KAL_OK;
    for (size_t y = 0; y < (size_t)(part.y1 - part.y0) && !st; y++)
        st = kal__psd_read(d->reader, at + y * row + first, to + y * row + first, n, err);
    return st;
}

// ---- pixels -------------------------------------------------------------------------------------

// From the order of bytes of the file.
static void to_host(unsigned char *p, size_t n, int depth)
{
    if (kal__little_endian()) kal__swap_samples(p, n, (size_t)depth / 8);
}

// c·a + 1 - a becomes c, rounded; where a is 0, c stays.
#define TAKE_WHITE_OFF(name, type, wide, most)                                \
    static void name(void *colours, const void *alpha, size_t n)              \
    {                                                                         \
        type *c = colours;                                                    \
        const type *a = alpha;                                                \
        for (size_t i = 0; i < n; i++) {                                      \
            if (!a[i]) continue;                                              \
            const wide dark = ((wide)(most - c[i]) * most + a[i] / 2) / a[i]; \
            c[i] = (type)(dark < most ? most - dark : 0);                     \
        }                                                                     \
    }
TAKE_WHITE_OFF(white_u8, uint8_t, uint32_t, 255u)
TAKE_WHITE_OFF(white_u16, uint16_t, uint32_t, 65535u)

static void white_f32(void *colours, const void *alpha, size_t n)
{
    float *c = colours;
    const float *a = alpha;
    for (size_t i = 0; i < n; i++)
        if (a[i] > 0) c[i] = (c[i] - (1 - a[i])) / a[i];
}

#define INK(name, type, most)                                                                    \
    static void name(void *colours, const void *black, size_t n)                                 \
    {                                                                                            \
        type *c = colours;                                                                       \
        const type *k = black;                                                                   \
        for (size_t i = 0; i < n; i++) c[i] = (type)(((uint32_t)c[i] * k[i] + most / 2) / most); \
    }
INK(ink_u8, uint8_t, 255u)
INK(ink_u16, uint16_t, 65535u)

#define MIX(name, type)                                                                            \
    static void name(unsigned char *const *planes, int32_t channels, unsigned char *dst, size_t n) \
    {                                                                                              \
        for (int32_t c = 0; c < channels; c++) {                                                   \
            const type *from = (const type *)(const void *)planes[c];                              \
            type *to = (type *)(void *)dst + c;                                                    \
            for (size_t i = 0; i < n; i++) to[i * (size_t)channels] = from[i];                     \
        }                                                                                          \
    }
MIX(mix_u8, uint8_t)
MIX(mix_u16, uint16_t)
MIX(mix_u32, uint32_t)

static const struct {
    void (*white)(void *colours, const void *alpha, size_t n);
    void (*ink)(void *colours, const void *black, size_t n);
    void (*mix)(unsigned char *const *planes, int32_t channels, unsigned char *dst, size_t n);
} of_size[5] = {
    [1] = {white_u8, ink_u8, mix_u8}, [2] = {white_u16, ink_u16, mix_u16}, [4] = {white_f32, NULL, mix_u32}};

static void from_palette(const kal__psd_head *h, const unsigned char *src, unsigned char *dst, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < 3; c++) *dst++ = h->palette[256 * c + src[i]];
        if (h->extent.alpha) *dst++ = src[i] == h->clear ? 0 : 255;
    }
}

static void from_bits(const unsigned char *src, size_t x0, unsigned char *dst, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = src[(x0 + i) / 8] << (x0 + i) % 8 & 128 ? 0 : 255;
}

// A row of planes, which may be changed, as pixels x0 … x0 + n.
static void make_pixels(const kal__psd_head *h, unsigned char *const *rows, size_t x0, unsigned char *dst,
                        size_t n)
{
    if (h->mode == KAL__PSD_BITMAP) {
        from_bits(rows[0], x0, dst, n);
        return;
    }
    const size_t size = (size_t)h->depth / 8;
    unsigned char *p[KAL__PSD_MOST_PLANES];
    for (int32_t c = 0; c < h->planes; c++) {
        p[c] = rows[c] + x0 * size;
        if (size > 1) to_host(p[c], n, h->depth);
    }
    if (h->mode == KAL__PSD_INDEXED) {
        from_palette(h, p[0], dst, n);
        return;
    }
    const int32_t colours = h->planes - h->extent.alpha;
    for (int32_t c = 0; c < colours && h->white; c++) of_size[size].white(p[c], p[colours], n);
    for (int32_t c = 0; c < 3 && h->mode == KAL__PSD_CMYK; c++) of_size[size].ink(p[c], p[3], n);
    if (h->mode == KAL__PSD_CMYK) p[3] = p[h->planes - 1];
    of_size[size].mix(p, h->extent.channels, dst, n);
}

static kal_status decode(const kal__decoder *d, kal_rect part, unsigned char *scratch, unsigned char *dst,
                         ptrdiff_t stride, kal_error *err)
{
    const kal__psd_head *h = &d->head;
    const size_t plane = (size_t)d->some * h->row_bytes;
    unsigned char *packed = scratch + (size_t)h->planes * plane;
    for (int32_t y = part.y0, n; y < part.y1; y += n) {
        n = part.y1 - y < d->some ? part.y1 - y : d->some;
        for (size_t c = 0; c < (size_t)h->planes; c++) {
            unsigned char *to = scratch + c * plane;
            const kal_status st = h->packed
                                      ? read_packed(d, c, y, n, to, packed, err)
                                      : read_plain(d, c, kal_rect_of(part.x0, y, part.x1, y + n), to, err);
            if (st) return st;
        }
        for (int32_t k = 0; k < n; k++, dst += stride) {
            unsigned char *rows[KAL__PSD_MOST_PLANES];
            for (size_t c = 0; c < (size_t)h->planes; c++)
                rows[c] = scratch + c * plane + (size_t)k * h->row_bytes;
            make_pixels(h, rows, (size_t)part.x0, dst, (size_t)(part.x1 - part.x0));
        }
    }
    return KAL_OK;
}

// ---- rows and parts -----------------------------------------------------------------------------

static kal_rect psd_reach(const kal__header *h, kal_rect want)
{
    (void)h;
    return want;
}

static kal_status changed(const kal__decoder *d, kal_error *err)
{
    return kal_fail(err, KAL_CHANGED, "%s: psd: the picture has another size than its header had",
                    d->reader->name);
}

static bool fits(const kal__decoder *d, kal_rect part, ptrdiff_t stride)
{
    return part.y0 >= d->part.y0 && part.y1 <= d->part.y1 && part.x0 >= d->part.x0 && part.x1 <= d->part.x1 &&
           stride >= (ptrdiff_t)((size_t)(part.x1 - part.x0) * kal_pixel_size(&d->head.extent));
}

static kal_status psd_aim(kal__decoder *d, int32_t by, kal_rect part, bool parts, kal_error *err)
{
    (void)by, (void)parts;
    if (!fits(d, part, PTRDIFF_MAX)) return changed(d, err);
    d->part = part;
    d->y = part.y0;
    return KAL_OK;
}

static kal_status psd_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const kal_rect part = kal_rect_of(d->part.x0, d->y, d->part.x1, d->y + n);
    if (!fits(d, part, stride)) return changed(d, err);
    if (!d->scratch) d->scratch = kal__new(scratch_size(d), 1);
    if (!d->scratch) return no_memory(d->reader, err);
    d->y += n;
    return decode(d, part, d->scratch, dst, stride, err);
}

static kal_status psd_part(const kal__decoder *d, kal_rect part, unsigned char *dst, ptrdiff_t stride,
                           kal_error *err)
{
    if (!fits(d, part, stride)) return changed(d, err);
    unsigned char *scratch = kal__new(scratch_size(d), 1);
    if (!scratch) return no_memory(d->reader, err);
    const kal_status st = decode(d, part, scratch, dst, stride, err);
    free(scratch);
    return st;
}

// ---- the record ---------------------------------------------------------------------------------

static bool psd_sniff(const unsigned char *p, size_t n)
{
    return n >= 6 && !memcmp(p, "8BPS\0", 5) && (p[5] == 1 || p[5] == 2);
}

static const char *psd_version(void)
{
    return "kallitype 1";
}

const kal__codec kal__codec_psd = {
    .name = "psd",
    .suffixes = "psd|psb",
    .media_type = "image/vnd.adobe.photoshop",
    .help = "Photoshop's PSD and PSB: the flattened picture of 8, 16 and 32 bits, read only",
    .version = psd_version,
    .sniff = psd_sniff,
    .header = psd_header,
    .streams = true,
    .scattered = true,
    .open = psd_open,
    .rows = psd_rows,
    .reach = psd_reach,
    .aim = psd_aim,
    .part = psd_part,
    .close = psd_close,
};
