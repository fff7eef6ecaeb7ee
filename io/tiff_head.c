// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a directory says: which pixels there are, where, and as what we read them.
#include "tiff.h"

#if KAL__TIFF

#include "bytes.h"
#include "num.h"

#include <math.h>

#include <stdlib.h>
#include <string.h>

// Blocks beyond this many bytes are read row by row.
#define LARGE_BLOCK ((uint64_t)8 << 20)
#define MOST_DIRECTORIES (1 << 20)

// ---- the chain ----------------------------------------------------------------------------------

typedef struct chain {
    kal__reader *reader;
    bool big_endian, big;   // of numbers; BigTIFF
    kal_error *err;
} chain;

static kal_status number(const chain *c, uint64_t at, size_t bytes, uint64_t *out)
{
    unsigned char b[8];
    const kal_status st = kal__read_exact(c->reader, "tiff", at, b, bytes, c->err);
    *out = 0;
    for (size_t i = 0; !st && i < bytes; i++) *out = *out << 8 | b[c->big_endian ? i : bytes - 1 - i];
    return st;
}

static kal_status chain_begin(chain *c, uint64_t *first)
{
    unsigned char head[4];
    kal_status st = kal__read_exact(c->reader, "tiff", 0, head, sizeof head, c->err);
    if (st) return st;
    if (!kal__tiff_sniff(head, 8))
        return kal_fail(c->err, KAL_CORRUPT, "%s: tiff: at byte 0: this is no TIFF", c->reader->name);
    c->big_endian = head[0] == 'M';
    c->big = head[2] == 43 || head[3] == 43;
    return number(c, c->big ? 8 : 4, c->big ? 8 : 4, first);
}

// *whole: a picture of its own, not another one's level or mask, which is what an entry says that comes first where it is there.
static kal_status chain_next(const chain *c, uint64_t at, uint64_t *next, bool *whole)
{
    uint64_t entries, tag = 0, kind = 0;
    const size_t count = c->big ? 8 : 2, entry = c->big ? 20 : 12;
    kal_status st = number(c, at, count, &entries);
    if (!st && entries) st = number(c, at + count, 2, &tag);
    if (!st && tag == TIFFTAG_SUBFILETYPE) st = number(c, at + count + entry - (c->big ? 8 : 4), 4, &kind);
    if (st) return st;
    if (whole) *whole = !(kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK));
    if (!entries || entries > UINT16_MAX)
        return kal_fail(c->err, KAL_CORRUPT, "%s: tiff: at byte %llu: a directory of %llu entries",
                        c->reader->name, (unsigned long long)at, (unsigned long long)entries);
    return number(c, at + count + entries * entry, c->big ? 8 : 4, next);
}

// Notes where a page lies, at ever more room.
static bool note(uint64_t **list, int32_t n, uint64_t at)
{
    if (!(n & (n - 1)) && !kal__grow(list, n ? (size_t)n * 2 : 1, sizeof **list)) return false;
    (*list)[n] = at;
    return true;
}

// A chain that comes back to itself is found by a mark that is left at each power of two (Brent).
static kal_status walk(kal__reader *r, const kal_limits *limits, uint64_t **list, int32_t *pages,
                       kal_error *err)
{
    chain c = {.reader = r, .err = err};
    uint64_t at, mark = 0;
    int32_t n = 0;
    bool whole = true;
    kal_status st = chain_begin(&c, &at);
    for (int32_t i = 0; !st && at; i++) {
        if (at == mark || i == MOST_DIRECTORIES)
            return kal_fail(err, KAL_CORRUPT, "%s: tiff: at byte %llu: the directories never end", r->name,
                            (unsigned long long)at);
        if (!(i & (i - 1))) mark = at;
        const uint64_t here = at;
        st = chain_next(&c, at, &at, &whole);
        if (!i) whole = true;   // a file of nothing but levels has its first as the picture
        if (!st && whole && !note(list, n++, here))
            st = kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory", r->name);
        if (!st) st = kal__pages_within(r->name, "tiff", n, limits, err);
    }
    *pages = n;
    return st || n ? st : kal_fail(err, KAL_CORRUPT, "%s: tiff: at byte 4: there is no picture", r->name);
}

kal_status kal__tiff_pages(kal__reader *r, const kal__ask *ask, uint64_t *directory, int32_t *pages,
                           kal_error *err)
{
    uint64_t *list = NULL;
    if (!kal__places_find(ask->places, ask->page, directory, pages)) {
        const kal_status st = walk(r, &ask->limits, &list, pages, err);
        if (!st && ask->page < *pages) *directory = list[ask->page];
        if (st) {
            free(list);
            return st;
        }
        kal__places_keep(ask->places, list, *pages);
    }
    return ask->page < *pages ? KAL_OK : kal__no_page(r->name, ask->page, *pages, err);
}

static void put_number(const chain *c, uint64_t at, uint64_t value, kal__tiff_patch *out)
{
    *out = (kal__tiff_patch){.at = at, .n = c->big ? 8 : 4};
    for (size_t i = 0; i < out->n; i++)
        out->bytes[c->big_endian ? out->n - 1 - i : i] = (unsigned char)(value >> (8 * i));
}

kal_status kal__tiff_alone(kal__reader *r, uint64_t directory, kal__tiff_patch out[2], kal_error *err)
{
    chain c = {.reader = r, .err = err};
    uint64_t first, entries;
    kal_status st = chain_begin(&c, &first);
    const size_t count = c.big ? 8 : 2, entry = c.big ? 20 : 12;
    if (!st) st = number(&c, directory, count, &entries);
    if (st) return st;
    put_number(&c, c.big ? 8 : 4, directory, &out[0]);
    if (entries <= UINT16_MAX) put_number(&c, directory + count + entries * entry, 0, &out[1]);
    return KAL_OK;
}

// ---- one directory ------------------------------------------------------------------------------

static kal_status refuse(const kal__tiff_file *f, kal_error *err, const char *what, unsigned value)
{
    return kal_fail(err, KAL_UNSUPPORTED, "%s: tiff: %s (%u) is not read", f->reader->name, what, value);
}

static unsigned get16(kal__tiff_file *f, uint32_t tag)
{
    uint16_t v = 0;
    f->lib->TIFFGetFieldDefaulted(f->tif, tag, &v);
    return v;
}

static uint32_t get32(kal__tiff_file *f, uint32_t tag)
{
    uint32_t v = 0;
    f->lib->TIFFGetFieldDefaulted(f->tif, tag, &v);
    return v;
}

static kal_status read_sides(kal__tiff_file *f, const kal_limits *limits, kal__tiff_head *h, kal_error *err)
{
    const uint32_t width = get32(f, TIFFTAG_IMAGEWIDTH), height = get32(f, TIFFTAG_IMAGELENGTH);
    if (!width || !height || width > KAL_MAX_SIDE || height > KAL_MAX_SIDE)
        return kal_fail(err, KAL_CORRUPT, "%s: tiff: a picture of %u×%u pixels", f->reader->name, width,
                        height);
    const kal_status st = kal__within_limits(f->reader->name, "tiff", width, height, limits, err);
    if (st) return st;
    h->extent.width = (int32_t)width;
    h->extent.height = (int32_t)height;
    return KAL_OK;
}

// The samples beyond the colours: alpha when the last one says so and is the only one.
static void read_extra(kal__tiff_file *f, kal__tiff_head *h, int colours)
{
    uint16_t n = 0, *kinds = NULL;
    h->extra = (uint16_t)(h->samples > colours ? h->samples - colours : 0);
    if (h->extra != 1 || !f->lib->TIFFGetField(f->tif, TIFFTAG_EXTRASAMPLES, &n, &kinds) || n != 1) return;
    h->extent.alpha = kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA;
    h->premultiplied = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
}

static kal_status read_type(kal__tiff_file *f, kal__tiff_head *h, kal_error *err)
{
    const unsigned format = get16(f, TIFFTAG_SAMPLEFORMAT), bits = h->bits;
    if ((format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID) && bits >= 1 && bits <= 16) {
        h->kind = KAL__TIFF_UINT;
        h->extent.type = bits <= 8 ? KAL_U8 : KAL_U16;
    } else if (format == SAMPLEFORMAT_UINT && bits == 32) {
        h->kind = KAL__TIFF_LABELS;
        h->extent.type = KAL_U32;
    } else if (format == SAMPLEFORMAT_INT && (bits == 8 || bits == 16)) {
        h->kind = KAL__TIFF_INT;
        h->extent.type = KAL_F32;
    } else if (format == SAMPLEFORMAT_IEEEFP && (bits == 16 || bits == 32 || bits == 64)) {
        h->kind = KAL__TIFF_FLOAT;
        h->extent.type = KAL_F32;
    } else {
        return kal_fail(err, KAL_UNSUPPORTED, "%s: tiff: samples of %u bits of format %u are not read",
                        f->reader->name, bits, format);
    }
    return KAL_OK;
}

static kal_status read_palette(kal__tiff_file *f, kal__tiff_head *h, kal_error *err)
{
    uint16_t *map[3];
    if (h->samples != 1 || h->bits > 8 || h->kind != KAL__TIFF_UINT)
        return refuse(f, err, "a palette of so many bits", h->bits);
    if (!f->lib->TIFFGetField(f->tif, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
        return kal_fail(err, KAL_CORRUPT, "%s: tiff: the palette is missing", f->reader->name);
    const size_t n = (size_t)1 << h->bits;
    uint16_t most = 0;
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 3; c++) most = map[c][i] > most ? map[c][i] : most;
    for (size_t i = 0; i < n; i++)   // some writers fill the lower bytes only
        for (int c = 0; c < 3; c++)
            h->palette[i][c] = (unsigned char)(most < 256 ? map[c][i] : map[c][i] >> 8);
    h->kind = KAL__TIFF_PALETTE;
    h->extent.model = KAL_RGB;
    h->extent.channels = 3;
    return KAL_OK;
}

// Colours that the library knows how to make RGB of.
static kal_status read_foreign(kal__tiff_file *f, kal__tiff_head *h, kal_error *err)
{
    char why[1024];
    if (h->compression == COMPRESSION_JPEG && h->photometric == PHOTOMETRIC_YCBCR && !h->separate) {
        f->lib->TIFFSetField(f->tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        h->photometric = PHOTOMETRIC_RGB;
        return KAL_OK;
    }
    if (h->photometric != PHOTOMETRIC_YCBCR && h->photometric != PHOTOMETRIC_CIELAB)
        return refuse(f, err, "colour of this kind", h->photometric);
    if (!f->lib->TIFFRGBAImageOK(f->tif, why))
        return kal_fail(err, KAL_UNSUPPORTED, "%s: tiff: %s", f->reader->name, why);
    h->kind = KAL__TIFF_RGBA;
    h->extent.type = KAL_U8;
    h->extent.model = KAL_RGB;
    h->extent.channels = 3;
    h->extent.alpha = false;
    return KAL_OK;
}

static kal_status read_colours(kal__tiff_file *f, kal__tiff_head *h, kal_error *err)
{
    const unsigned photometric = h->photometric;
    const bool foreign = photometric != PHOTOMETRIC_MINISWHITE && photometric != PHOTOMETRIC_MINISBLACK &&
                         photometric != PHOTOMETRIC_RGB && photometric != PHOTOMETRIC_PALETTE &&
                         photometric != PHOTOMETRIC_MASK;
    kal_status st = foreign ? read_foreign(f, h, err) : KAL_OK;
    if (st || h->kind == KAL__TIFF_RGBA) return st;
    if (photometric == PHOTOMETRIC_PALETTE) return read_palette(f, h, err);
    const int colours = h->photometric == PHOTOMETRIC_RGB ? 3 : 1;
    if (h->samples < colours || h->samples > KAL_MAX_CHANNELS)
        return refuse(f, err, "a picture of so many samples a pixel", h->samples);
    read_extra(f, h, colours);
    const bool data =
        (h->extra && !h->extent.alpha) || h->kind == KAL__TIFF_LABELS || h->kind == KAL__TIFF_INT;
    h->extent.channels = h->samples;
    h->extent.model = data ? KAL_DATA : colours == 3 ? KAL_RGB : KAL_GRAY;
    if (data) h->extent.alpha = h->premultiplied = false;
    h->inverted = photometric == PHOTOMETRIC_MINISWHITE && h->kind == KAL__TIFF_UINT;
    return KAL_OK;
}

static kal_status read_blocks(kal__tiff_file *f, kal__tiff_head *h, kal_error *err)
{
    const uint32_t width = (uint32_t)h->extent.width, height = (uint32_t)h->extent.height;
    h->tiled = f->lib->TIFFIsTiled(f->tif);
    h->block_w = h->tiled ? get32(f, TIFFTAG_TILEWIDTH) : width;
    h->block_h = get32(f, h->tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP);
    if (!h->tiled && h->block_h > height) h->block_h = height;
    if (!h->block_w || !h->block_h || h->block_w > KAL_MAX_SIDE || h->block_h > KAL_MAX_SIDE)
        return kal_fail(err, KAL_CORRUPT, "%s: tiff: blocks of %u×%u pixels", f->reader->name, h->block_w,
                        h->block_h);
    const uint64_t samples = (uint64_t)h->block_w * (h->separate ? 1 : h->samples);
    h->row_bytes = (size_t)((samples * h->bits + 7) / 8);
    if (h->kind == KAL__TIFF_RGBA) h->row_bytes = (size_t)h->block_w * 4;
    h->direct = h->compression == COMPRESSION_NONE && h->kind != KAL__TIFF_RGBA && !h->lsb_first;
    const uint64_t block = (uint64_t)h->row_bytes * h->block_h;
    h->scanlines = !h->direct && !h->tiled && h->kind != KAL__TIFF_RGBA && block > LARGE_BLOCK;
    return KAL_OK;
}

// The number that stands for nothing (GDAL's NODATA) is what blocks are of that are not there; else 0.
static double missing_value(kal__tiff_file *f)
{
    enum { NODATA = 42113 };
    uint32_t n = 0;
    const char *text = NULL;
    double v = 0;
    if (!f->lib->TIFFGetField(f->tif, NODATA, &n, &text) || !text) return 0;
    while (n && (!text[n - 1] || text[n - 1] == ' ')) n--;
    while (n && *text == ' ') text++, n--;
    if (n == 3 && (text[0] | 32) == 'n' && (text[1] | 32) == 'a') return NAN;
    return kal__parse_double(text, n, &v) ? v : 0;
}

static double clamped(double v, double least, double most)
{
    return !(v > least) ? least : v > most ? most : v;
}

static void read_fill(kal__tiff_file *f, kal__tiff_head *h)
{
    const double v = missing_value(f);
    const uint64_t full = h->bits >= 64 ? UINT64_MAX : ((uint64_t)1 << h->bits) - 1;
    uint64_t bits = 0;
    if (h->kind == KAL__TIFF_FLOAT && h->bits == 64) {
        memcpy(&bits, &v, 8);
    } else if (h->kind == KAL__TIFF_FLOAT) {
        const float narrow = (float)v;
        uint32_t b;
        memcpy(&b, &narrow, 4);
        bits = h->bits == 16 ? kal__narrow_half(narrow) : b;
    } else if (h->kind == KAL__TIFF_INT) {
        const double half = (double)(full / 2);
        bits = (uint64_t)(int64_t)clamped(v, -half - 1, half);
    } else {
        bits = (uint64_t)clamped(v, 0, (double)full);
    }
    const unsigned char b1 = (unsigned char)bits;
    const uint16_t b2 = (uint16_t)bits;
    const uint32_t b4 = (uint32_t)bits;
    if (h->bits == 8)
        memcpy(h->fill, &b1, 1);
    else if (h->bits <= 16)
        memcpy(h->fill, &b2, 2);
    else if (h->bits == 32)
        memcpy(h->fill, &b4, 4);
    else
        memcpy(h->fill, &bits, 8);
}

kal_status kal__tiff_read_head(kal__tiff_file *f, uint64_t directory, const kal_limits *limits,
                               kal__tiff_head *h, kal_error *err)
{
    memset(h, 0, sizeof *h);
    h->directory = directory;
    h->bits = (uint16_t)get16(f, TIFFTAG_BITSPERSAMPLE);
    h->samples = (uint16_t)get16(f, TIFFTAG_SAMPLESPERPIXEL);
    h->compression = (uint16_t)get16(f, TIFFTAG_COMPRESSION);
    h->separate = get16(f, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE && h->samples > 1;
    h->lsb_first = get16(f, TIFFTAG_FILLORDER) == FILLORDER_LSB2MSB && h->compression == COMPRESSION_NONE;
    h->swapped = f->lib->TIFFIsByteSwapped(f->tif);
    uint16_t photometric = h->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    f->lib->TIFFGetField(f->tif, TIFFTAG_PHOTOMETRIC, &photometric);
    h->photometric = photometric;
    if (!f->lib->TIFFIsCODECConfigured(h->compression)) {
        const TIFFCodec *c = f->lib->TIFFFindCODEC(h->compression);
        return kal_fail(err, KAL_UNSUPPORTED, "%s: tiff: libtiff here does not read compression %u%s%s",
                        f->reader->name, h->compression, c ? ", " : "", c ? c->name : "");
    }
    kal_status st = read_sides(f, limits, h, err);
    if (!st) st = read_type(f, h, err);
    if (!st) st = read_colours(f, h, err);
    if (!st) st = read_blocks(f, h, err);
    if (!st) read_fill(f, h);
    return st;
}

// ---- smaller pictures of the same ---------------------------------------------------------------

static bool stand_at(kal__tiff_file *f, uint64_t directory)
{
    const bool ok = f->lib->TIFFSetSubDirectory(f->tif, directory);
    if (!f->io) f->why.message[0] = 0;
    return ok && !f->io;
}

// Is this a picture of that many of the other's sides, give or take how they were rounded, and of its kind?
static bool fits(kal__tiff_file *f, const kal__tiff_head *h, int32_t by, int32_t size[2])
{
    const int32_t sides[2] = {h->extent.width, h->extent.height};
    if (get16(f, TIFFTAG_BITSPERSAMPLE) != h->bits || get16(f, TIFFTAG_SAMPLESPERPIXEL) != h->samples)
        return false;
    size[0] = (int32_t)get32(f, TIFFTAG_IMAGEWIDTH);
    size[1] = (int32_t)get32(f, TIFFTAG_IMAGELENGTH);
    for (int i = 0; i < 2; i++)
        if (size[i] < 1 || size[i] < sides[i] / by - (by > 2) || size[i] > (sides[i] + by - 1) / by)
            return false;
    return true;
}

static kal_status below(kal__tiff_file *f, const kal__tiff_head *h, const uint64_t *list, int n, int32_t by,
                        uint64_t *directory, int32_t size[2], kal_error *err)
{
    for (int i = 0; i < n && !*directory; i++) {
        if (stand_at(f, list[i]) && fits(f, h, by, size)) *directory = list[i];
        if (f->io) return kal__tiff_failed(f, "a level", err);
    }
    return KAL_OK;
}

static kal_status behind(kal__tiff_file *f, const kal__tiff_head *h, int32_t by, uint64_t *directory,
                         int32_t size[2], kal_error *err)
{
    enum { MOST = 16 };
    chain c = {.reader = f->reader, .err = err};
    uint64_t at;
    kal_status st = chain_begin(&c, &at);
    at = h->directory;
    for (int i = 0; i < MOST && !st && !*directory; i++) {
        st = chain_next(&c, at, &at, NULL);
        if (st || !at) break;
        const bool there = stand_at(f, at) && (get32(f, TIFFTAG_SUBFILETYPE) & FILETYPE_REDUCEDIMAGE);
        if (f->io) return kal__tiff_failed(f, "a level", err);
        if (!there) break;
        if (fits(f, h, by, size)) *directory = at;
    }
    return st;
}

kal_status kal__tiff_level(kal__tiff_file *f, const kal__tiff_head *h, int32_t by, uint64_t *directory,
                           int32_t size[2], kal_error *err)
{
    enum { MOST = 16 };
    uint16_t n = 0;
    uint64_t *list = NULL, copy[MOST];
    *directory = 0;
    if (!stand_at(f, h->directory)) return kal__tiff_failed(f, "a directory", err);
    if (f->lib->TIFFGetField(f->tif, TIFFTAG_SUBIFD, &n, &list) && list) {
        if (n > MOST) n = MOST;
        memcpy(copy, list, n * sizeof *copy);   // they go when another directory is read
        return below(f, h, copy, n, by, directory, size, err);
    }
    return behind(f, h, by, directory, size, err);
}

// ---- metadata -----------------------------------------------------------------------------------

static bool take_blob(kal__tiff_file *f, uint32_t tag, kal__blob_kind what, const kal_limits *limits,
                      kal__meta *meta)
{
    uint32_t n = 0;
    const void *data = NULL;
    if (!f->lib->TIFFGetField(f->tif, tag, &n, &data) || !data) return true;
    return kal__meta_take(meta, what, data, n, limits);
}

void kal__tiff_read_meta(kal__tiff_file *f, const kal_limits *limits, kal__meta *meta, bool *failed)
{
    float x = 0, y = 0;
    const unsigned unit = get16(f, TIFFTAG_RESOLUTIONUNIT), turned = get16(f, TIFFTAG_ORIENTATION);
    const double metre = unit == RESUNIT_CENTIMETER ? 100 : unit == RESUNIT_INCH ? 1 / 0.0254 : 0;
    if (f->lib->TIFFGetField(f->tif, TIFFTAG_XRESOLUTION, &x) && x > 0) meta->density[0] = (double)x * metre;
    if (f->lib->TIFFGetField(f->tif, TIFFTAG_YRESOLUTION, &y) && y > 0) meta->density[1] = (double)y * metre;
    meta->orientation = turned >= 1 && turned <= 8 ? (int)turned : 1;
    // IPTC is counted in words, because writers say that it is made of LONGs; the library gives them as bytes
    *failed = !take_blob(f, TIFFTAG_ICCPROFILE, KAL__ICC, limits, meta) ||
              !take_blob(f, TIFFTAG_XMLPACKET, KAL__XMP, limits, meta) ||
              !take_blob(f, TIFFTAG_RICHTIFFIPTC, KAL__IPTC, limits, meta);
}

#endif
