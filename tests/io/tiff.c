// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// TIFF: every kind of sample, block and order that libtiff writes comes back by the formula, whole and in parts, from memory and
// from a file of which only what is needed is read; levels, pages, orientation; damaged files. What we write: tiff_write.c.
#include "files.h"

#include "library.h"

#include <math.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<tiffio.h>)
#include <tiffio.h>
#define HERE 1
#endif
#endif

#if HERE

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

static bool load(void)
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

static int extra_samples(const kind *k)
{
    return k->samples - (k->photometric == PHOTOMETRIC_RGB ? 3 : 1);
}

static void set_fields(TIFF *t, const kind *k)
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
static void put_sample(unsigned char *row, size_t i, int bits, uint64_t v)
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

static uint64_t sample(const kind *k, const uint64_t *samples, int x, int y, int c)
{
    return x < k->width && y < k->height
               ? samples[((size_t)y * (size_t)k->width + (size_t)x) * (size_t)k->samples + (size_t)c]
               : 0;
}

static void write_block(TIFF *t, const kind *k, const uint64_t *samples, uint32_t index, int x0, int y0,
                        int w, int h, int plane)
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

static void write_directory(TIFF *t, const kind *k, const uint64_t *samples)
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

static uint64_t *random_samples(rng *r, const kind *k)
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

static double half(uint64_t v)
{
    const int e = (int)(v >> 10 & 31), m = (int)(v & 1023);
    const double x = e == 31 ? (m ? NAN : INFINITY) : e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
    return v >> 15 ? -x : x;
}

// What a stored sample means, by the book.
static double meaning(const kind *k, uint64_t v, int c, double *most)
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

static kal_extent expected_extent(const kind *k)
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

static double pixel_value(const kind *k, const uint64_t *s, const kal_extent *e, int x, int y, int c)
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

static double stored(const kal_extent *e, const void *data, size_t i)
{
    return e->type == KAL_U8    ? ((const unsigned char *)data)[i]
           : e->type == KAL_U16 ? ((const uint16_t *)data)[i]
           : e->type == KAL_U32 ? ((const uint32_t *)data)[i]
                                : (double)((const float *)data)[i];
}

static void require_part(kal_node *n, const kind *k, const uint64_t *s, kal_rect r, int threads,
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

static const kind kinds[] = {
    {"wl", 8, 0, 3, RGB, 0, 0, 0, 7, false, 75, 53, 0, 0},
    {"wb", 8, 0, 3, RGB, 0, 0, 0, 53, false, 75, 53, 0, 0},
    {"w8", 8, 0, 3, RGB, 0, 0, 16, 0, false, 75, 53, 0, 0},
    {"wl", 8, 0, 3, RGB, 0, 0, 16, 0, true, 75, 53, 0, 0},
    {"wl", 8, 0, 4, RGB, STRAIGHT, LZW, 16, 0, false, 75, 53, 0, 0},
    {"wb", 8, 0, 4, RGB, TIMES, 0, 0, 5, false, 75, 53, 0, 0},
    {"wb", 16, 0, 4, RGB, TIMES, ZIP, 0, 5, false, 75, 53, 0, 0},
    {"wl", 16, 0, 4, RGB, TIMES, 0, 32, 0, true, 75, 53, 0, 0},
    {"wl", 32, FLOAT, 4, RGB, TIMES, 0, 32, 0, false, 75, 53, 0, 0},
    {"wl", 8, 0, 4, RGB, 0, 0, 0, 9, false, 75, 53, 0, 0},
    {"wl", 8, 0, 2, GRAY, STRAIGHT, PACK, 0, 9, false, 75, 53, 0, 0},
    {"wl", 8, 0, 2, PHOTOMETRIC_MINISWHITE, STRAIGHT, 0, 0, 9, true, 75, 53, 0, 0},
    {"wl", 1, 0, 1, GRAY, 0, 0, 0, 9, false, 75, 53, 0, 0},
    {"wb", 1, 0, 1, PHOTOMETRIC_MINISWHITE, 0, COMPRESSION_CCITTFAX4, 0, 9, false, 75, 53, 0, 0},
    {"wl", 2, 0, 1, GRAY, 0, LZW, 16, 0, false, 75, 53, 0, 0},
    {"wl", 4, 0, 3, RGB, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wl", 4, 0, 1, PHOTOMETRIC_PALETTE, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 8, 0, 1, PHOTOMETRIC_PALETTE, 0, ZIP, 16, 0, false, 75, 53, 0, 0},
    {"wl", 12, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 12, 0, 3, RGB, 0, 0, 16, 0, true, 75, 53, 0, 0},
    {"wl", 16, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 16, 0, 3, RGB, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"w8", 16, 0, 3, RGB, 0, LZW, 16, 0, true, 75, 53, 0, 0},
    {"wl", 32, 0, 1, GRAY, 0, ZIP, 0, 8, false, 75, 53, 0, 0},
    {"wb", 32, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wl", 8, INT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 16, INT, 3, RGB, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wl", 16, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 32, FLOAT, 3, RGB, 0, ZIP, 16, 0, false, 75, 53, 0, 0},
    {"wl", 32, FLOAT, 3, RGB, 0, 0, 0, 20, true, 75, 53, 0, 0},
    {"wb", 64, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wl", 16, 0, 9, GRAY, 0, ZIP, 0, 8, false, 75, 53, 0, 0},
    {"wl", 8, 0, 3, RGB, 0, ZIP, 0, 1500, false, 2000, 1500, 0, 0},
    {"wl", 8, 0, 3, RGB, 0, LZW, 0, 3100, true, 3000, 3100, 0, 0},
};
#define N_KINDS (sizeof kinds / sizeof *kinds)

static const char *name_of(size_t i)
{
    static char name[40];
    snprintf(name, sizeof name, "kind%zu.tif", i);
    return check_temp(name);
}

static bool can_be_written(const kind *k)
{
    return !k->compression || tiff.TIFFIsCODECConfigured((uint16_t)k->compression);
}

static uint64_t *write_kind(size_t i)
{
    rng r = {100 + i};
    const kind *k = &kinds[i];
    uint64_t *s = random_samples(&r, k);
    TIFF *t = tiff.TIFFOpen(name_of(i), k->mode);
    if (!REQUIRE(t)) return s;
    write_directory(t, k, s);
    tiff.TIFFClose(t);
    return s;
}

// From files that have stood still for a while, and are therefore read at places; and from memory.
static void every_kind(void)
{
    rng r = {7};
    uint64_t *samples[N_KINDS] = {0};
    for (size_t i = 0; i < N_KINDS; i++)
        if (can_be_written(&kinds[i])) samples[i] = write_kind(i);
    for (int old = 0; old < 2; old++) {
        for (size_t i = 0; i < N_KINDS; i++) {
            const kind *k = &kinds[i];
            char what[80];
            if (!samples[i]) {
                check_skip("libtiff here does not write compression %d", k->compression);
                continue;
            }
            snprintf(what, sizeof what, "kind %zu (%d bits, %s)", i, k->bits, old ? "at places" : "held");
            kal_scope *scope = kal_scope_new();
            kal_node *n = kal_load(scope, name_of(i), NULL);
            if (REQUIRE_OK(kal_node_error(n, &check_error))) {
                require_part(n, k, samples[i], kal_rect_of(0, 0, k->width, k->height), 1 + (int)i % 3, what);
                for (int t = 0; t < (k->width > 100 ? 1 : 4); t++) {
                    const int x = rng_below(&r, k->width), y = rng_below(&r, k->height);
                    require_part(n, k, samples[i],
                                 kal_rect_of(x, y, x + 1 + rng_below(&r, k->width - x),
                                             y + 1 + rng_below(&r, k->height - y)),
                                 1 + t % 3, what);
                }
            }
            kal_scope_free(&scope);
        }
        if (!old) usleep(2200000);
    }
    for (size_t i = 0; i < N_KINDS; i++) free(samples[i]);
}

// ---- pages, levels, orientation -----------------------------------------------------------------

static void pages_and_levels(void)
{
    kind k = {"wl", 8, 0, 3, RGB, 0, LZW, 16, 0, false, 101, 67, 0, 0};
    static const int sizes[][2] = {{101, 67}, {51, 34}, {25, 16}, {40, 40}};
    const char *path = check_temp("levels.tif");
    rng r = {3};
    uint64_t *samples[4];
    kind each[4];
    TIFF *t = tiff.TIFFOpen(path, "wl");
    for (int i = 0; i < 4; i++) {
        each[i] = k;
        each[i].width = sizes[i][0], each[i].height = sizes[i][1];
        each[i].subfile = i == 1 || i == 2 ? FILETYPE_REDUCEDIMAGE : 0;
        each[i].orientation = i == 3 ? 6 : 1;
        samples[i] = random_samples(&r, &each[i]);
        write_directory(t, &each[i], samples[i]);
    }
    tiff.TIFFClose(t);
    kal_scope *s = kal_scope_new();
    static const char *const asked[] = {"page=0", "shrink=2", "shrink=4", "page=1 upright=false"};
    for (int i = 0; i < 4; i++) {
        kal_node *n = kal_load(s, path, asked[i]);
        if (!REQUIRE_OK(kal_node_error(n, &check_error))) continue;
        require_part(n, &each[i], samples[i], kal_rect_of(0, 0, each[i].width, each[i].height), 2, asked[i]);
        require_part(n, &each[i], samples[i], kal_rect_of(3, 5, 20, 15), 1, asked[i]);
    }
    kal_file_info info;
    REQUIRE(kal_node_file(kal_load(s, path, NULL), &info) && info.pages == 2);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load(s, path, "page=2"), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "page 2: there are 2, from 0 to 1"), "%s", check_error.message);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load(s, path, "shrink=8"), &check_error));
    int turned;
    bool applied;
    kal_extent e;
    kal_node *upright = kal_load(s, path, "page=1");
    kal_node_orientation(upright, &turned, &applied);
    REQUIRE(turned == 6 && applied);
    REQUIRE_OK(kal_node_extent(upright, &e, &check_error));
    for (int i = 0; i < 4; i++) free(samples[i]);
    kal_scope_free(&s);
}

// A smaller picture of another kind is no level; levels as sub-directories are found, all of them.
static void levels_of_other_kinds(void)
{
    static const kind base = {"wl", 8, 0, 1, GRAY, 0, 0, 16, 0, false, 64, 64, 0, 0};
    kind other[] = {{"wl", 8, 0, 1, PHOTOMETRIC_PALETTE, 0, 0, 0, 8, false, 32, 32, FILETYPE_REDUCEDIMAGE, 0},
                    {"wl", 8, INT, 1, GRAY, 0, 0, 0, 8, false, 32, 32, FILETYPE_REDUCEDIMAGE, 0},
                    {"wl", 8, 0, 1, GRAY, 0, LZW, 0, 32, false, 32, 32, FILETYPE_REDUCEDIMAGE, 0}};
    for (int i = 0; i < 3; i++) {
        const char *path = check_temp("kinds.tif");
        rng r = {9};
        uint64_t *a = random_samples(&r, &base), *b = random_samples(&r, &other[i]);
        TIFF *t = tiff.TIFFOpen(path, "wl");
        write_directory(t, &base, a);
        write_directory(t, &other[i], b);
        tiff.TIFFClose(t);
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_load(s, path, "shrink=2");
        if (i < 2)
            REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
        else
            require_part(n, &other[i], b, kal_rect_of(1, 2, 30, 31), 2, "a level packed otherwise");
        kal_scope_free(&s);
        free(a);
        free(b);
    }
}

static void sub_directories(void)
{
    const char *path = check_temp("sub.tif");
    static const int sides[] = {64, 32, 16, 8};
    uint64_t *samples[4], none[3] = {0};
    kind k[4];
    rng r = {21};
    TIFF *t = tiff.TIFFOpen(path, "wl");
    for (int i = 0; i < 4; i++) {
        k[i] = (kind){
            "wl", 8, 0, 3, RGB, 0, 0, 16, 0, false, sides[i], sides[i], i ? FILETYPE_REDUCEDIMAGE : 0, 0};
        samples[i] = random_samples(&r, &k[i]);
        if (!i) tiff.TIFFSetField(t, TIFFTAG_SUBIFD, 3, none);
        write_directory(t, &k[i], samples[i]);
    }
    tiff.TIFFClose(t);
    kal_scope *s = kal_scope_new();
    static const char *const asked[] = {"shrink=1", "shrink=2", "shrink=4", "shrink=8"};
    for (int i = 0; i < 4; i++) {
        kal_node *n = kal_load(s, path, asked[i]);
        if (REQUIRE_OK(kal_node_error(n, &check_error)))
            require_part(n, &k[i], samples[i], kal_rect_of(0, 0, sides[i], sides[i]), 2, asked[i]);
        free(samples[i]);
    }
    kal_scope_free(&s);
}

// Other pixels, of another kind, in place of a file that had stood still: an error, for its pixels and for its pages.
static void replaced(void)
{
    static const kind first = {"wl", 8, 0, 1, GRAY, 0, 0, 0, 16, false, 200, 200, 0, 0},
                      second = {"wl", 8, 0, 3, RGB, 0, 0, 0, 16, false, 200, 200, 0, 0},
                      third = {"wl", 8, 0, 1, GRAY, 0, 0, 0, 16, false, 100, 100, 0, 0};
    const char *path = check_temp("replaced.tif");
    const kind *const now[] = {&second, &third};
    for (int i = 0; i < 2; i++) {
        rng r = {33};
        uint64_t *a = random_samples(&r, &first), *b = random_samples(&r, now[i]);
        TIFF *t = tiff.TIFFOpen(path, "wl");
        write_directory(t, &first, a);
        write_directory(t, &first, a);
        tiff.TIFFClose(t);
        usleep(i ? 0 : 2200000);   // the second time it is young, and known by its digest alone
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_load(s, path, NULL);
        REQUIRE_OK(kal_node_error(n, &check_error));
        t = tiff.TIFFOpen(path, "wl");
        write_directory(t, now[i], b);
        write_directory(t, now[i], b);
        tiff.TIFFClose(t);
        unsigned char *p = malloc(200 * 200);
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 2};
        REQUIRE_FAILS(KAL_CHANGED, kal_read(n, kal_rect_of(0, 0, 200, 200), p, 200, &o, &check_error));
        REQUIRE_FAILS(KAL_CHANGED, kal_node_error(kal_page(s, n, 1), &check_error));
        free(p);
        free(a);
        free(b);
        kal_scope_free(&s);
    }
}

// Bits that begin at the lowest of a byte.
static void fill_order(void)
{
    const char *path = check_temp("order.tif");
    static const int depths[] = {1, 4, 8, 12, 16};
    for (int i = 0; i < 5; i++) {
        kind k = {"wl", depths[i], 0, 1, GRAY, 0, 0, 0, 9, false, 75, 53, 0, 0};
        rng r = {55};
        uint64_t *samples = random_samples(&r, &k);
        TIFF *t = tiff.TIFFOpen(path, "wl");
        tiff.TIFFSetField(t, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB);
        write_directory(t, &k, samples);
        tiff.TIFFClose(t);
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_load(s, path, NULL);
        if (REQUIRE_OK(kal_node_error(n, &check_error)))
            require_part(n, &k, samples, kal_rect_of(0, 0, 75, 53), 1, "bits from the lowest on");
        kal_scope_free(&s);
        free(samples);
    }
}

// Blocks that nobody wrote are of GDAL's number for nothing, else 0.
static void missing_blocks(void)
{
    static const TIFFFieldInfo nodata = {42113,        -1, -1, TIFF_ASCII,
                                         FIELD_CUSTOM, 1,  0,  (char *)"GDAL_NODATA"};
    static const struct {
        kind k;
        const char *text;
        double v;
    } each[] = {
        {{"wl", 8, 0, 3, RGB, 0, 0, 16, 0, false, 75, 53, 0, 0}, NULL, 0},
        {{"wb", 16, 0, 1, GRAY, 0, 0, 16, 0, false, 75, 53, 0, 0}, "513", 513},
        {{"wl", 16, 0, 3, RGB, 0, ZIP, 16, 0, true, 75, 53, 0, 0}, " 513 ", 513},
        {{"wb", 32, FLOAT, 1, GRAY, 0, ZIP, 32, 0, false, 75, 53, 0, 0}, "-9999", -9999},
        {{"wl", 32, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "nan", NAN},
        {{"wl", 64, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "0.5", 0.5},
        {{"wl", 16, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "-0.0999755859375", -0.0999755859375},
        {{"wb", 16, INT, 1, GRAY, 0, LZW, 0, 8, false, 75, 53, 0, 0}, "-32768", -32768},
        {{"wl", 8, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "-9999", 0},
        {{"w8", 32, 0, 1, GRAY, 0, 0, 16, 0, false, 75, 53, 0, 0}, "4294967295", 4294967295.0},
        {{"wl", 4, 0, 1, GRAY, 0, 0, 16, 0, false, 75, 53, 0, 0}, "7", 119},
        {{"wb", 12, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0}, "4095", 65535},
        {{"wl", 8, 0, 3, RGB, 0, LZW, 0, 3100, true, 3000, 6200, 0, 0}, "9", 9},
    };
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        const kind *k = &each[i].k;
        const char *path = check_temp("missing.tif");
        rng r = {71 + i};
        uint64_t *samples = random_samples(&r, k);
        TIFF *t = tiff.TIFFOpen(path, k->mode);
        tiff.TIFFMergeFieldInfo(t, &nodata, 1);
        set_fields(t, k);
        if (each[i].text) tiff.TIFFSetField(t, 42113, each[i].text);
        write_block(t, k, samples, 0, 0, 0, k->tile ? k->tile : k->width, k->tile ? 2 * k->tile : k->rows, 0);
        REQUIRE(tiff.TIFFWriteDirectory(t));
        tiff.TIFFClose(t);
        kal_scope *s = kal_scope_new();
        const kal_rect last = kal_rect_of(k->width - 5, k->height - 3, k->width, k->height);
        kal_node *n = kal_crop(s, kal_load(s, path, "keyed=false"),
                               kal_crop_params(.x = last.x0, .y = last.y0, .width = 5, .height = 3));
        kal_extent e;
        void *got = read_all(n, NULL, &e);
        size_t bad = 0;
        for (size_t j = 0; got && j < (size_t)(15 * e.channels); j++) {
            const double v = stored(&e, got, j);
            bad += !(v == each[i].v || (v != v && each[i].v != each[i].v));
        }
        REQUIRE_NOTE(got && !bad, "missing blocks %zu: %zu samples; %s", i, bad, check_error.message);
        free(got);
        if (k->rows < 3000 && !k->separate) {   // what is there is as ever
            kal_node *first = kal_load(s, path, NULL);
            require_part(first, k, samples, kal_rect_of(0, 0, 16, 8), 1, "beside missing blocks");
        }
        free(samples);
        kal_scope_free(&s);
    }
}

// ---- one large strip ----------------------------------------------------------------------------

static void put_entry(unsigned char *p, bool swapped, unsigned tag, unsigned type, uint64_t v)
{
    const unsigned char head[2][4] = {
        {(unsigned char)tag, (unsigned char)(tag >> 8), (unsigned char)type, 0},
        {(unsigned char)(tag >> 8), (unsigned char)tag, 0, (unsigned char)type}};
    const size_t size = type == 3 ? 2 : 4;
    memset(p, 0, 12);
    memcpy(p, head[swapped], 4);
    p[swapped ? 7 : 4] = 1;
    for (size_t i = 0; i < size; i++) p[8 + (swapped ? size - 1 - i : i)] = (unsigned char)(v >> 8 * i);
}

// Strips of more than 1 GiB, in files with a hole in place of most of them: rows that are not packed cost what they are; of
// PackBits, where a zero is two, all is held.
static void large_strips(void)
{
    static const struct {
        unsigned bits, compression;
        uint64_t width, height, bytes, memory;
        bool swapped;
    } each[] = {{4, 1, 40000, 60000, 1200000000, 8 << 20, false},
                {16, 1, 20000, 30000, 1200000000, 8 << 20, true},
                {8, 32773, 20000, 27500, 1100000000, (uint64_t)1200 << 20, false}};
    kal_limits limits, more;
    kal_limits_get(&limits);
    more = limits;
    more.pixels = (uint64_t)1 << 32;
    kal_limits_set(&more);
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        enum { ENTRIES = 8 };
        unsigned char head[8 + 2 + ENTRIES * 12 + 4] = {'I', 'I', 42, 0, 8, 0, 0, 0, ENTRIES, 0};
        if (each[i].swapped) memcpy(head, "MM\0*\0\0\0\10\0\10", 10);
        const uint64_t values[ENTRIES][3] = {{256, 4, each[i].width},
                                             {257, 4, each[i].height},
                                             {258, 3, each[i].bits},
                                             {259, 3, each[i].compression},
                                             {262, 3, 1},
                                             {273, 4, sizeof head},
                                             {278, 4, each[i].height},
                                             {279, 4, each[i].bytes}};
        for (int k = 0; k < ENTRIES; k++)
            put_entry(head + 10 + 12 * k, each[i].swapped, (unsigned)values[k][0], (unsigned)values[k][1],
                      values[k][2]);
        const char *path = check_temp("large.tif");
        FILE *f = fopen(path, "wb");
        REQUIRE(fwrite(head, 1, sizeof head, f) == sizeof head);
        REQUIRE(!fseek(f, (long)(sizeof head + each[i].bytes - 1), SEEK_SET) && fputc(0x13, f) == 0x13);
        fclose(f);
        kal_scope *s = kal_scope_new();
        kal_stats stats = {0};
        const kal_options o = {
            .threads = 1, .memo_mode = KAL_MEMO_NEVER, .stats = &stats, .max_memory = each[i].memory};
        const bool packed = each[i].compression != 1;
        const int32_t x = (int32_t)each[i].width, y = packed ? 4 : (int32_t)each[i].height;
        unsigned char got[4] = {9, 9, 9, 9};
        kal_node *n = kal_load(s, path, "keyed=false");
        REQUIRE_OK(kal_read(n, kal_rect_of(x - 2, y - 1, x, y), got, 4, &o, &check_error));
        // the last byte is 0x13: two pixels of 4 bits, or the low byte of one
        const uint16_t last = 0x13;
        REQUIRE_NOTE(packed              ? !got[0] && !got[1]
                     : each[i].bits == 4 ? got[0] == 17 && got[1] == 51
                                         : !memcmp(got + 2, &last, 2),
                     "large strip %zu: %d %d %d %d", i, got[0], got[1], got[2], got[3]);
        kal_scope_free(&s);
        unlink(path);
    }
    kal_limits_set(&limits);
}

// ---- what is wrong ------------------------------------------------------------------------------

static kal_status whole(const kal_bytes *b)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_bytes(s, b->data, b->size, NULL);
    kal_status st = kal_node_error(n, &check_error);
    kal_extent e;
    if (!st) free(read_all(n, NULL, &e)), st = check_error.status;
    kal_scope_free(&s);
    return st;
}

static void cut_and_changed(void)
{
    rng r = {11};
    static const size_t some[] = {0, 4, 5, 14, 18, 30};
    for (size_t j = 0; j < sizeof some / sizeof *some; j++) {
        kal_bytes b;
        free(write_kind(some[j]));
        FILE *f = fopen(name_of(some[j]), "rb");
        b = read_stream(f);
        fclose(f);
        static const int percents[] = {1, 10, 50, 99};
        for (int i = 0; i < 4; i++) {
            kal_bytes cut = bytes_copy(b.data, b.size * (size_t)percents[i] / 100);
            check_error = (kal_error){KAL_OK, ""};
            REQUIRE_NOTE(whole(&cut) != KAL_OK, "kind %zu cut at %d %%", some[j], percents[i]);
            bytes_free(&cut);
        }
        for (int i = 0; i < 300; i++) {   // nothing but an answer is asked for
            kal_bytes bad = bytes_copy(b.data, b.size);
            for (int n = 1 + rng_below(&r, 4); n; n--) {
                // half of them where the directory lies
                const size_t span = rng_below(&r, 2) ? bad.size : 400,
                             at = (size_t)rng_below(&r, (int32_t)span);
                ((unsigned char *)bad.data)[span == 400 ? bad.size - 1 - at % bad.size : at] ^=
                    (unsigned char)(1 + rng_below(&r, 255));
            }
            check_error = (kal_error){KAL_OK, ""};
            whole(&bad);
            bytes_free(&bad);
        }
        bytes_free(&b);
    }
}

// Directories that go round are found, however many there are in the round.
static void round_and_round(void)
{
    unsigned char file[200] = {'I', 'I', 42, 0, 8, 0, 0, 0};
    for (int n = 1; n < 8; n++) {
        for (int i = 0; i < n; i++) {   // a directory of one entry: the width
            unsigned char *d = file + 8 + 18 * i;
            memset(d, 0, 18);
            d[0] = 1, d[2] = 0, d[3] = 1, d[4] = 3, d[6] = 1, d[10] = 5;
            d[14] = (unsigned char)(i + 1 < n ? 8 + 18 * (i + 1) : 8 + 18 * (n / 2));
        }
        const kal_bytes b = {file, (size_t)(8 + 18 * n)};
        check_error = (kal_error){KAL_OK, ""};
        REQUIRE(whole(&b) == KAL_CORRUPT);
        REQUIRE_NOTE(strstr(check_error.message, "never end"), "%s", check_error.message);
    }
}

int main(void)
{
    if (!load()) {
        check_skip("libtiff is not here");
        return 77;
    }
    every_kind();
    pages_and_levels();
    levels_of_other_kinds();
    sub_directories();
    replaced();
    fill_order();
    missing_blocks();
    large_strips();
    cut_and_changed();
    round_and_round();
    return check_done();
}

#else

int main(void)
{
    check_skip("libtiff's headers are not here");
    return 77;
}

#endif
