// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a directory says: which pixels there are, where, and as what we read them. The library is asked of two things only: whether it
// knows a compression that is not an everyday one, and colours that it alone makes RGB of.
#include "tiff.h"

#if KAL__TIFF

#include "bytes.h"
#include "num.h"

#include <math.h>
#include <string.h>

// Blocks beyond this many bytes are read row by row.
#define LARGE_BLOCK ((uint64_t)8 << 20)

static kal_status refuse(const kal__tiff_dir *d, const char *what, unsigned value)
{
    return kal_fail(d->err, KAL_UNSUPPORTED, "%s: tiff: %s (%u) is not read", d->order.reader->name, what,
                    value);
}

// Fields of the picture are SHORT in every file that a library reads; in two bytes lies what we make of larger ones.
static uint16_t get16(kal__tiff_dir *d, unsigned tag, uint64_t v)
{
    if (v > UINT16_MAX && !d->status)
        d->status = kal_fail(d->err, KAL_UNSUPPORTED, "%s: tiff: %llu in field %u is not read",
                             d->order.reader->name, (unsigned long long)v, tag);
    return (uint16_t)v;
}

static kal_status read_sides(kal__tiff_dir *d, const kal_limits *limits, kal__tiff_head *h)
{
    const uint64_t width = kal__tiff_said(d, KAL__TAG_WIDTH, 0),
                   height = kal__tiff_said(d, KAL__TAG_HEIGHT, 0);
    if (d->status) return d->status;
    if (!width || !height || width > KAL_MAX_SIDE || height > KAL_MAX_SIDE)
        return kal_fail(d->err, KAL_CORRUPT, "%s: tiff: a picture of %llu×%llu pixels", d->order.reader->name,
                        (unsigned long long)width, (unsigned long long)height);
    const kal_status st =
        kal__within_limits(d->order.reader->name, "tiff", (uint32_t)width, (uint32_t)height, limits, d->err);
    if (st) return st;
    h->extent.width = (int32_t)width;
    h->extent.height = (int32_t)height;
    return KAL_OK;
}

// The samples beyond the colours: alpha when the last one says so and is the only one.
static void read_extra(kal__tiff_dir *d, kal__tiff_head *h, int colours)
{
    enum { COREL_STRAIGHT = 999 };   // CorelDRAW wrote this for straight alpha
    kal__tiff_entry e;
    double kind = EXTRASAMPLE_UNSPECIFIED;
    h->extra = (uint16_t)(h->samples > colours ? h->samples - colours : 0);
    if (h->extra != 1 || !kal__tiff_find(d, KAL__TAG_EXTRA, &e) || e.count != 1) return;
    kal__tiff_numbers(d, &e, 0, 1, &kind);
    h->premultiplied = kind == EXTRASAMPLE_ASSOCALPHA;
    h->extent.alpha = h->premultiplied || kind == EXTRASAMPLE_UNASSALPHA || kind == COREL_STRAIGHT;
}

static kal_status read_type(kal__tiff_dir *d, kal__tiff_head *h)
{
    const uint64_t format = kal__tiff_each(d, KAL__TAG_FORMAT, h->samples, SAMPLEFORMAT_UINT);
    const unsigned bits = h->bits;
    if (d->status) return d->status;
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
        return kal_fail(d->err, KAL_UNSUPPORTED, "%s: tiff: samples of %u bits of format %llu are not read",
                        d->order.reader->name, bits, (unsigned long long)format);
    }
    return KAL_OK;
}

// Red of all colours, then green, then blue.
static kal_status read_palette(kal__tiff_dir *d, kal__tiff_head *h)
{
    kal__tiff_entry e;
    double map[3 * 256], most = 0;
    if (h->samples != 1) return refuse(d, "a palette of so many samples a pixel", h->samples);
    if (h->bits > 8 || h->kind != KAL__TIFF_UINT) return refuse(d, "a palette of so many bits", h->bits);
    const size_t n = (size_t)1 << h->bits;
    if (!kal__tiff_find(d, KAL__TAG_COLOURS, &e) || e.type != KAL__IFD_SHORT ||
        !kal__tiff_numbers(d, &e, 0, n * 3, map))
        return d->status
                   ? d->status
                   : kal_fail(d->err, KAL_CORRUPT, "%s: tiff: the palette is missing", d->order.reader->name);
    for (size_t i = 0; i < n * 3; i++) most = map[i] > most ? map[i] : most;
    for (size_t i = 0; i < n * 3; i++) {   // some writers fill the lower bytes only
        const unsigned v = (unsigned)map[i];
        h->palette[i % n][i / n] = (unsigned char)(most < 256 ? v : v >> 8);
    }
    h->kind = KAL__TIFF_PALETTE;
    h->extent.model = KAL_RGB;
    h->extent.channels = 3;
    return KAL_OK;
}

// Handles are opened for this alone: such files are rare.
static kal_status ask_for_colours(const kal__tiff_dir *d, const kal__tiff_head *h, uint64_t most)
{
    char why[1024];
    kal__tiff_file f;
    kal_status st = kal__tiff_open(&f, d->order.reader, h->directory, most, d->err);
    if (st) return st;
    if (!f.lib->TIFFRGBAImageOK(f.tif, why))
        st = kal_fail(d->err, KAL_UNSUPPORTED, "%s: tiff: %s", d->order.reader->name, why);
    kal__tiff_close(&f);
    return st;
}

// Colours that the library knows how to make RGB of.
static kal_status read_foreign(kal__tiff_dir *d, kal__tiff_head *h, uint64_t most)
{
    if (h->compression == COMPRESSION_JPEG && h->photometric == PHOTOMETRIC_YCBCR && !h->separate) {
        h->photometric = PHOTOMETRIC_RGB;   // which its decoder makes of them, when it is told so
        return KAL_OK;
    }
    if (h->photometric != PHOTOMETRIC_YCBCR && h->photometric != PHOTOMETRIC_CIELAB)
        return refuse(d, "colour of this kind", h->photometric);
    const kal_status st = ask_for_colours(d, h, most);
    if (st) return st;
    h->kind = KAL__TIFF_RGBA;
    h->extent.type = KAL_U8;
    h->extent.model = KAL_RGB;
    h->extent.channels = 3;
    h->extent.alpha = false;
    return KAL_OK;
}

static kal_status read_colours(kal__tiff_dir *d, kal__tiff_head *h, uint64_t most)
{
    const unsigned photometric = h->photometric;
    const bool foreign = photometric != PHOTOMETRIC_MINISWHITE && photometric != PHOTOMETRIC_MINISBLACK &&
                         photometric != PHOTOMETRIC_RGB && photometric != PHOTOMETRIC_PALETTE &&
                         photometric != PHOTOMETRIC_MASK;
    const kal_status st = foreign ? read_foreign(d, h, most) : KAL_OK;
    if (st || h->kind == KAL__TIFF_RGBA) return st;
    if (photometric == PHOTOMETRIC_PALETTE) return read_palette(d, h);
    const int colours = h->photometric == PHOTOMETRIC_RGB ? 3 : 1;
    if (h->samples < colours || h->samples > KAL_MAX_CHANNELS)
        return refuse(d, "a picture of so many samples a pixel", h->samples);
    read_extra(d, h, colours);
    const bool data =
        (h->extra && !h->extent.alpha) || h->kind == KAL__TIFF_LABELS || h->kind == KAL__TIFF_INT;
    h->extent.channels = h->samples;
    h->extent.model = data ? KAL_DATA : colours == 3 ? KAL_RGB : KAL_GRAY;
    if (data) h->extent.alpha = h->premultiplied = false;
    h->inverted = photometric == PHOTOMETRIC_MINISWHITE && h->kind == KAL__TIFF_UINT;
    return KAL_OK;
}

static kal_status read_blocks(kal__tiff_dir *d, kal__tiff_head *h)
{
    const uint64_t width = (uint64_t)h->extent.width, height = (uint64_t)h->extent.height;
    kal__tiff_entry e;
    h->tiled = kal__tiff_find(d, KAL__TAG_TILE_WIDTH, &e) || kal__tiff_find(d, KAL__TAG_TILE_HEIGHT, &e);
    const uint64_t w = h->tiled ? kal__tiff_said(d, KAL__TAG_TILE_WIDTH, 0) : width;
    uint64_t high = h->tiled ? kal__tiff_said(d, KAL__TAG_TILE_HEIGHT, 0)
                             : kal__tiff_said(d, KAL__TAG_STRIP_ROWS, height);
    if (d->status) return d->status;
    if (!h->tiled && high > height) high = height;
    if (!w || !high || w > KAL_MAX_SIDE || high > KAL_MAX_SIDE)
        return kal_fail(d->err, KAL_CORRUPT, "%s: tiff: blocks of %llu×%llu pixels", d->order.reader->name,
                        (unsigned long long)w, (unsigned long long)high);
    if (!kal__tiff_find(d, KAL__TAG_STRIPS, &e) && !kal__tiff_find(d, KAL__TAG_TILES, &e))
        return kal_fail(d->err, KAL_CORRUPT,
                        "%s: tiff: at byte %llu: there is no field that says where pixels lie",
                        d->order.reader->name, (unsigned long long)d->at);
    h->block_w = (uint32_t)w;
    h->block_h = (uint32_t)high;
    const uint64_t samples = (uint64_t)h->block_w * (h->separate ? 1 : h->samples);
    h->row_bytes = (size_t)((samples * h->bits + 7) / 8);
    if (h->kind == KAL__TIFF_RGBA) h->row_bytes = (size_t)h->block_w * 4;
    h->direct = h->compression == COMPRESSION_NONE && h->kind != KAL__TIFF_RGBA && !h->lsb_first;
    const uint64_t block = (uint64_t)h->row_bytes * h->block_h;
    h->scanlines = !h->direct && !h->tiled && h->kind != KAL__TIFF_RGBA && block > LARGE_BLOCK;
    return KAL_OK;
}

// The number that stands for nothing is what blocks are of that are not there; else 0. It is written as text.
static double missing_value(kal__tiff_dir *d)
{
    char held[64], *text = held;
    kal__tiff_entry e;
    double v = 0;
    if (!kal__tiff_find(d, KAL__TAG_NOTHING, &e) || e.type != KAL__IFD_ASCII || e.count > sizeof held)
        return 0;
    size_t n = (size_t)e.count;
    if (kal__tiff_raw(d, &e, 0, n, text, NULL)) return 0;
    while (n && (!text[n - 1] || text[n - 1] == ' ')) n--;
    while (n && *text == ' ') text++, n--;
    if (n == 3 && (text[0] | 32) == 'n' && (text[1] | 32) == 'a') return NAN;
    return kal__parse_double(text, n, &v) ? v : 0;
}

static double clamped(double v, double least, double most)
{
    return !(v > least) ? least : v > most ? most : v;
}

static void read_fill(kal__tiff_dir *d, kal__tiff_head *h)
{
    const double v = missing_value(d);
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

// What every libtiff reads that there is; of others it is asked.
static bool is_everyday(unsigned compression)
{
    return compression == COMPRESSION_NONE || compression == COMPRESSION_LZW ||
           compression == COMPRESSION_PACKBITS || compression == COMPRESSION_ADOBE_DEFLATE ||
           compression == COMPRESSION_DEFLATE || compression == COMPRESSION_JPEG;
}

static void read_samples(kal__tiff_dir *d, kal__tiff_head *h)
{
    h->samples = get16(d, KAL__TAG_SAMPLES, kal__tiff_said(d, KAL__TAG_SAMPLES, 1));
    h->bits = get16(d, KAL__TAG_BITS, kal__tiff_each(d, KAL__TAG_BITS, h->samples, 1));
    h->compression =
        get16(d, KAL__TAG_COMPRESSION, kal__tiff_said(d, KAL__TAG_COMPRESSION, COMPRESSION_NONE));
    const uint64_t planes = kal__tiff_said(d, KAL__TAG_PLANES, PLANARCONFIG_CONTIG);
    h->separate = planes == PLANARCONFIG_SEPARATE && h->samples > 1;
    h->lsb_first = kal__tiff_hint(d, KAL__TAG_FILL_ORDER, FILLORDER_MSB2LSB) == FILLORDER_LSB2MSB &&
                   h->compression == COMPRESSION_NONE;
    const uint64_t usual = h->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    h->photometric = get16(d, KAL__TAG_PHOTOMETRIC, kal__tiff_said(d, KAL__TAG_PHOTOMETRIC, usual));
}

kal_status kal__tiff_read_head(kal__tiff_dir *d, const kal_limits *limits, kal__tiff_head *h)
{
    const uint16_t one = 1;
    *h = (kal__tiff_head){.directory = d->at};
    read_samples(d, h);
    h->swapped = d->order.big_endian == (*(const unsigned char *)&one == 1);
    kal_status st = d->status;
    if (!st && !is_everyday(h->compression)) st = kal__tiff_decodes(d->order.reader, h->compression, d->err);
    if (!st) st = read_sides(d, limits, h);
    if (!st) st = read_type(d, h);
    if (!st) st = read_colours(d, h, kal__tiff_most(limits));
    if (!st) st = read_blocks(d, h);
    if (!st) read_fill(d, h);
    return d->status = st ? st : d->status;
}

#endif
