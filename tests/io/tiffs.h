// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// TIFFs of every kind that libtiff writes, made of random samples; and what of them must be read, by the book.
#ifndef TIFFS_H
#define TIFFS_H

#include "files.h"

#include "library.h"

#include <math.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<tiffio.h>)
#include <tiffio.h>
#define HAS_TIFF 1
#endif
#endif

#if HAS_TIFF

#define NEEDED(F)            \
    F(TIFFOpen)              \
    F(TIFFClose)             \
    F(TIFFSetField)          \
    F(TIFFWriteEncodedStrip) \
    F(TIFFWriteEncodedTile)  \
    F(TIFFWriteDirectory)    \
    F(TIFFIsCODECConfigured) \
    F(TIFFSetWarningHandler) \
    F(TIFFMergeFieldInfo)

static struct {
    NEEDED(KAL__FUNCTION)
} tiff;

static inline bool load(void)
{
    static const char *const names[] = {NEEDED(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    if (!kal__library("libtiff.so.6", names, n, n, &tiff)) return false;
    tiff.TIFFSetWarningHandler(NULL);
    return true;
}

typedef struct kind {
    const char *mode;   // of the file: order of bytes, size of offsets
    int bits, format, samples, photometric, extra, compression;
    int tile, rows;   // side of a tile, or rows of a strip
    bool separate;
    int width, height;
    int subfile, orientation;
} kind;

static inline int extra_samples(const kind *k)
{
    return k->samples - (k->photometric == PHOTOMETRIC_RGB ? 3 : 1);
}

static inline void set_fields(TIFF *t, const kind *k)
{
    tiff.TIFFSetField(t, TIFFTAG_IMAGEWIDTH, k->width);
    tiff.TIFFSetField(t, TIFFTAG_IMAGELENGTH, k->height);
    tiff.TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, k->bits);
    tiff.TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, k->samples);
    tiff.TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, k->format ? k->format : SAMPLEFORMAT_UINT);
    tiff.TIFFSetField(t, TIFFTAG_PHOTOMETRIC, k->photometric);
    tiff.TIFFSetField(t, TIFFTAG_COMPRESSION, k->compression ? k->compression : COMPRESSION_NONE);
    tiff.TIFFSetField(t, TIFFTAG_PLANARCONFIG, k->separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    tiff.TIFFSetField(t, TIFFTAG_ORIENTATION, k->orientation ? k->orientation : 1);
    tiff.TIFFSetField(t, TIFFTAG_SUBFILETYPE, k->subfile);
    const int n = extra_samples(k);
    uint16_t extra[64];
    for (int i = 0; i < n; i++) extra[i] = (uint16_t)k->extra;
    if (n > 0) tiff.TIFFSetField(t, TIFFTAG_EXTRASAMPLES, n, extra);
    if (k->tile) {
        tiff.TIFFSetField(t, TIFFTAG_TILEWIDTH, k->tile);
        tiff.TIFFSetField(t, TIFFTAG_TILELENGTH, k->tile * 2);
    } else {
        tiff.TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, k->rows);
    }
    if (k->photometric == PHOTOMETRIC_PALETTE) {
        uint16_t map[3][256];
        for (int i = 0; i < 256; i++)
            for (int c = 0; c < 3; c++) map[c][i] = (uint16_t)((i * 37 + c * 91) % 256 * 257);
        tiff.TIFFSetField(t, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
    }
}

// Stored samples of the whole picture: integers, or the bits of floats, one a uint64.
static inline void put_sample(unsigned char *row, size_t i, int bits, uint64_t v)
{
    if (bits >= 8 && bits % 8 == 0) {
        memcpy(row + i * (size_t)bits / 8, &v,
               (size_t)bits / 8);   // this machine's order: the library turns it
        return;
    }
    for (int b = 0; b < bits; b++) {
        const size_t at = i * (size_t)bits + (size_t)b;
        if (v >> (bits - 1 - b) & 1) row[at >> 3] |= (unsigned char)(0x80 >> (at & 7));
    }
}

static inline uint64_t sample(const kind *k, const uint64_t *samples, int x, int y, int c)
{
    return x < k->width && y < k->height
               ? samples[((size_t)y * (size_t)k->width + (size_t)x) * (size_t)k->samples + (size_t)c]
               : 0;
}

static inline void write_block(TIFF *t, const kind *k, const uint64_t *samples, uint32_t index, int x0,
                               int y0, int w, int h, int plane)
{
    const int each = k->separate ? 1 : k->samples;
    const size_t row = ((size_t)w * (size_t)each * (size_t)k->bits + 7) / 8;
    unsigned char *block = calloc(row, (size_t)h);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int c = 0; c < each; c++)
                put_sample(block + row * (size_t)y, (size_t)(x * each + c), k->bits,
                           sample(k, samples, x0 + x, y0 + y, k->separate ? plane : c));
    const tmsize_t n = (tmsize_t)(row * (size_t)h);
    REQUIRE((k->tile ? tiff.TIFFWriteEncodedTile(t, index, block, n)
                     : tiff.TIFFWriteEncodedStrip(t, index, block, n)) == n);
    free(block);
}

static inline void write_directory(TIFF *t, const kind *k, const uint64_t *samples)
{
    const int w = k->tile ? k->tile : k->width, h = k->tile ? 2 * k->tile : k->rows;
    uint32_t index = 0;
    set_fields(t, k);
    for (int plane = 0; plane < (k->separate ? k->samples : 1); plane++)
        for (int y = 0; y < k->height; y += h)
            for (int x = 0; x < k->width; x += w) {
                const int high = k->tile || y + h <= k->height ? h : k->height - y;
                write_block(t, k, samples, index++, x, y, w, high, plane);
            }
    REQUIRE(tiff.TIFFWriteDirectory(t));
}

static inline uint64_t *random_samples(rng *r, const kind *k)
{
    const size_t n = (size_t)k->width * (size_t)k->height * (size_t)k->samples;
    uint64_t *s = malloc(n * sizeof *s);
    for (size_t i = 0; i < n; i++) {
        const double v = (double)(int32_t)rng_next(r) / 1e9;
        const float f = (float)v;
        s[i] =
            (uint64_t)rng_next(r) & (k->bits == 32 ? 0xffffffffu : (1u << (k->bits < 32 ? k->bits : 31)) - 1);
        if (k->format == SAMPLEFORMAT_IEEEFP && k->bits == 32) s[i] = 0, memcpy(&s[i], &f, 4);
        if (k->format == SAMPLEFORMAT_IEEEFP && k->bits == 64) memcpy(&s[i], &v, 8);
    }
    return s;
}

static inline double half(uint64_t v)
{
    const int e = (int)(v >> 10 & 31), m = (int)(v & 1023);
    const double x = e == 31 ? (m ? NAN : INFINITY) : e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
    return v >> 15 ? -x : x;
}

// What a stored sample means, by the book.
static inline double meaning(const kind *k, uint64_t v, int c, double *most)
{
    const double full = k->bits <= 8 ? 255 : 65535;
    float f;
    double d;
    *most = full;
    if (k->format == SAMPLEFORMAT_IEEEFP) {
        *most = 1;
        if (k->bits == 16) return half(v);
        if (k->bits == 64) return memcpy(&d, &v, 8), (float)d;
        return memcpy(&f, &v, 4), (double)f;
    }
    if (k->format == SAMPLEFORMAT_INT) return k->bits == 8 ? (int8_t)v : (int16_t)v;
    if (k->bits == 32) return (double)v;
    if (k->photometric == PHOTOMETRIC_MINISWHITE && c == 0) v = ((1u << k->bits) - 1) - v;
    return floor((double)v * full / ((1u << k->bits) - 1) + 0.5);
}

static inline kal_extent expected_extent(const kind *k)
{
    const bool alpha = extra_samples(k) == 1 && k->extra;
    const bool numbers = k->format == SAMPLEFORMAT_INT || k->format == SAMPLEFORMAT_IEEEFP;
    const bool data =
        (extra_samples(k) && !alpha) || k->format == SAMPLEFORMAT_INT || (k->bits == 32 && !numbers);
    kal_extent e = {k->width, k->height, k->samples, KAL_U8, KAL_GRAY, alpha && !data};
    e.type = numbers ? KAL_F32 : k->bits == 32 ? KAL_U32 : k->bits > 8 ? KAL_U16 : KAL_U8;
    e.model = data ? KAL_DATA : k->photometric == PHOTOMETRIC_RGB ? KAL_RGB : KAL_GRAY;
    if (k->photometric == PHOTOMETRIC_PALETTE) e.channels = 3, e.model = KAL_RGB;
    return e;
}

static inline double pixel_value(const kind *k, const uint64_t *s, const kal_extent *e, int x, int y, int c)
{
    double most, v, a;
    if (k->photometric == PHOTOMETRIC_PALETTE)
        return (double)((sample(k, s, x, y, 0) * 37 + (unsigned)c * 91) % 256);
    v = meaning(k, sample(k, s, x, y, c), c, &most);
    if (!e->alpha || k->extra != EXTRASAMPLE_ASSOCALPHA || c == k->samples - 1) return v;
    a = meaning(k, sample(k, s, x, y, k->samples - 1), k->samples - 1, &most);
    if (most == 1) return a > 0 ? (double)((float)v / (float)a) : 0;
    return a <= 0 ? 0 : v >= a ? most : floor(v * most / a + 0.5);
}

static inline double stored(const kal_extent *e, const void *data, size_t i)
{
    return e->type == KAL_U8    ? ((const unsigned char *)data)[i]
           : e->type == KAL_U16 ? ((const uint16_t *)data)[i]
           : e->type == KAL_U32 ? ((const uint32_t *)data)[i]
                                : (double)((const float *)data)[i];
}

static inline void require_part(kal_node *n, const kind *k, const uint64_t *s, kal_rect r, int threads,
                                const char *what)
{
    kal_extent e, want = expected_extent(k);
    kal_scope *scope = kal_scope_new();
    kal_node *part = kal_crop(
        scope, n, kal_crop_params(.x = r.x0, .y = r.y0, .width = r.x1 - r.x0, .height = r.y1 - r.y0));
    kal_stats stats = {0};
    const kal_options o = {.threads = threads, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
    void *got = read_all(part, &o, &e);
    want.width = r.x1 - r.x0;
    want.height = r.y1 - r.y0;
    if (!REQUIRE_NOTE(got && !memcmp(&e, &want, sizeof e), "%s: %s", what, check_error.message)) {
        free(got);
        kal_scope_free(&scope);
        return;
    }
    const bool in_place = strstr(what, "at places") && k->rows == 1500;   // rows behind the part are not read
    REQUIRE_NOTE(!in_place || r.y1 > 1000 || (stats.bytes_read && stats.bytes_read < 8000000),
                 "%s: %llu bytes", what, (unsigned long long)stats.bytes_read);
    size_t bad = 0;
    for (int y = r.y0; y < r.y1; y++)
        for (int x = r.x0; x < r.x1; x++)
            for (int c = 0; c < e.channels; c++) {
                const size_t i =
                    ((size_t)(y - r.y0) * (size_t)e.width + (size_t)(x - r.x0)) * (size_t)e.channels +
                    (size_t)c;
                const double v = stored(&e, got, i), w = pixel_value(k, s, &e, x, y, c);
                if (!(v == w || (v != v && w != w)) && !bad++)
                    printf("%s: at %d, %d, channel %d: %.9g instead of %.9g\n", what, x, y, c, v, w);
            }
    REQUIRE_NOTE(!bad, "%s: %zu samples of %d,%d %dx%d on %d threads", what, bad, r.x0, r.y0, want.width,
                 want.height, threads);
    free(got);
    kal_scope_free(&scope);
}

#define RGB PHOTOMETRIC_RGB
#define GRAY PHOTOMETRIC_MINISBLACK
#define FLOAT SAMPLEFORMAT_IEEEFP
#define INT SAMPLEFORMAT_INT
#define LZW COMPRESSION_LZW
#define ZIP COMPRESSION_ADOBE_DEFLATE
#define PACK COMPRESSION_PACKBITS
#define STRAIGHT EXTRASAMPLE_UNASSALPHA
#define TIMES EXTRASAMPLE_ASSOCALPHA

#endif

#endif
