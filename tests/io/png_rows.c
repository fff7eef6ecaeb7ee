// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PNG's filters on every instruction set against the words of the standard, and our reader of rows against libpng: every kind of
// picture, each row by some filter, pixel data in chunks of some size, read in uneven steps.
#include "files.h"
#include "libpng_read.h"

#include "../../io/png_filter.h"
#include "cpu.h"

#include <setjmp.h>

static const size_t bpps[] = {1, 2, 3, 4, 6, 8};
#define BPPS (sizeof bpps / sizeof *bpps)
#define MOST ((size_t)1000)

// ---- filters ------------------------------------------------------------------------------------

static int expectation(int filter, int a, int b, int c)
{
    const int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    const int nearest = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    const int all[] = {0, a, b, (a + b) / 2, nearest};
    return all[filter];
}

static uint64_t filter_by_the_book(int filter, size_t bpp, unsigned char *out, const unsigned char *row,
                                   const unsigned char *up, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        const int a = i < bpp ? 0 : row[i - bpp], c = i < bpp ? 0 : up[i - bpp];
        out[i] = (unsigned char)(row[i] - expectation(filter, a, up[i], c));
        sum += (uint64_t)abs((signed char)out[i]);
    }
    return sum;
}

typedef struct rows {
    unsigned char up[MOST + 8], row[2][MOST + 8], filtered[2][MOST + 8];
    unsigned char got[2][MOST + 8];
} rows;

// Extremes are what goes wrong in lanes of 8 bits.
static void fill(rng *r, unsigned char *p, size_t n)
{
    const int way = rng_below(r, 3);
    for (size_t i = 0; i < n; i++)
        p[i] = way == 0   ? (unsigned char)rng_next(r)
               : way == 1 ? (unsigned char)-rng_below(r, 2)
                          : (unsigned char)i;
}

static bool untouched(const unsigned char *p)
{
    for (int i = 0; i < 8; i++)
        if (p[i] != 0xa5) return false;
    return true;
}

static void undo_both(const rows *s, rows *t, int filter, size_t bpp, size_t n, bool in_place)
{
    const unsigned char *in[2] = {s->filtered[0], s->filtered[1]};
    unsigned char *out[2] = {t->got[0], t->got[1]};
    memset(t->got, 0xa5, sizeof t->got);
    for (int i = 0; in_place && i < 2; i++) {
        memcpy(t->got[i], s->filtered[i], n);
        in[i] = t->got[i];
    }
    if (filter == KAL__PNG_PAETH) {
        kal__png_unfilter_paeth2(bpp, out, in, s->up, n);
    } else {
        kal__png_unfilter(filter, bpp, out[0], in[0], s->up, n);
        kal__png_unfilter(filter, bpp, out[1], in[1], out[0], n);
    }
}

static void test_filter(rng *r, int filter, size_t bpp, size_t n)
{
    static rows s, t;
    fill(r, s.up, n), fill(r, s.row[0], n), fill(r, s.row[1], n);
    const unsigned char *up = s.up;
    uint64_t sum[2];
    for (int i = 0; i < 2; i++, up = s.row[0])
        sum[i] = filter_by_the_book(filter, bpp, s.filtered[i], s.row[i], up, n);
    for (kal__isa isa = KAL__SCALAR; isa <= KAL__AVX512; isa++) {
        kal__cpu_set_isa(isa);
        for (int way = 0; way < 2; way++) {
            undo_both(&s, &t, filter, bpp, n, way);
            for (int i = 0; i < 2; i++)
                REQUIRE_NOTE(!memcmp(t.got[i], s.row[i], n) && untouched(t.got[i] + n),
                             "undo %d, %zu bytes a pixel, %zu, %s, row %d", filter, bpp, n,
                             kal__isa_name(isa), i);
            kal__png_unfilter(filter, bpp, t.got[0], s.filtered[0], s.up, n);
            REQUIRE(!memcmp(t.got[0], s.row[0], n));
        }
        memset(t.got, 0xa5, sizeof t.got);
        const uint64_t got = kal__png_filter(filter, bpp, t.got[1], s.row[1], s.row[0], n);
        REQUIRE_NOTE(got == sum[1] && !memcmp(t.got[1], s.filtered[1], n) && untouched(t.got[1] + n),
                     "filter %d, %zu bytes a pixel, %zu, %s", filter, bpp, n, kal__isa_name(isa));
    }
}

static void test_filters(void)
{
    rng r = {31};
    for (int filter = 0; filter < KAL__PNG_FILTERS; filter++)
        for (size_t i = 0; i < BPPS; i++)
            for (size_t pixels = 1; pixels * bpps[i] <= MOST; pixels += pixels < 70 ? 1 : 41)
                test_filter(&r, filter, bpps[i], pixels * bpps[i]);
    kal__cpu_set_isa(KAL__AVX512);
}

// ---- files --------------------------------------------------------------------------------------

typedef struct kind {
    png_uint_32 w, h;
    int depth, colour;
    bool trns;
    size_t idat;   // bytes of a chunk at most
} kind;

static void on_write(png_structp png, png_bytep data, size_t n)
{
    kal_bytes *b = png_get_io_ptr(png);
    *b = bytes_join(*b, data, n);
}

static void set_colours(rng *r, const kind *k, png_structp png, png_infop info)
{
    static png_color palette[256];
    static png_byte alphas[256];
    png_color_16 clear = {0};
    for (int i = 0; i < 256; i++) {
        palette[i] = (png_color){(png_byte)rng_next(r), (png_byte)rng_next(r), (png_byte)rng_next(r)};
        alphas[i] = (png_byte)rng_next(r);
    }
    const bool mapped = k->colour == PNG_COLOR_TYPE_PALETTE;
    if (mapped) png_set_PLTE(png, info, palette, 1 << k->depth);
    if (k->trns)
        png_set_tRNS(png, info, mapped ? alphas : NULL, mapped ? 1 << k->depth : 0, mapped ? NULL : &clear);
}

static kal_bytes write_kind(rng *r, const kind *k)
{
    kal_bytes b = {malloc(1), 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png))) abort();
    png_set_write_fn(png, &b, on_write, NULL);
    png_set_compression_level(png, rng_below(r, 4) ? 1 + rng_below(r, 9) : 0);
    png_set_compression_buffer_size(png, k->idat);
    png_set_IHDR(png, info, k->w, k->h, k->depth, k->colour, 0, 0, 0);
    set_colours(r, k, png, info);
    png_write_info(png, info);
    const size_t n = png_get_rowbytes(png, info);
    unsigned char *row = calloc(n, 1);
    const int same = rng_below(r, 3);
    png_set_filter(png, 0, PNG_ALL_FILTERS);
    for (png_uint_32 y = 0; y < k->h; y++) {
        for (size_t i = 0; i < n; i++)
            if (!rng_below(r, 1 + 7 * same)) row[i] = (unsigned char)(rng_below(r, 2) ? rng_next(r) : 0);
        // The same one several times, so that rows of it come in pairs and in odd runs.
        if (y && !rng_below(r, 3)) png_set_filter(png, 0, PNG_FILTER_NONE << rng_below(r, 5));
        png_write_row(png, row);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    free(row);
    return b;
}

static unsigned char *by_libpng(const kal_bytes *b, kal_extent *e)
{
    cursor c = {b, 0};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, on_complaint);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png))) abort();
    png_set_read_fn(png, &c, on_read);
    png_read_info(png, info);
    png_set_expand(png);
    const uint16_t one = 1;
    if (png_get_bit_depth(png, info) == 16 && *(const unsigned char *)&one) png_set_swap(png);
    png_read_update_info(png, info);
    *e = extent_of((int32_t)png_get_image_width(png, info), (int32_t)png_get_image_height(png, info),
                   png_get_channels(png, info), png_get_bit_depth(png, info) == 16 ? KAL_U16 : KAL_U8);
    unsigned char *p = malloc(bytes_of(e));
    const size_t row = png_get_rowbytes(png, info);
    for (int32_t y = 0; y < e->height; y++) png_read_row(png, p + (size_t)y * row, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    return p;
}

extern const kal__codec kal__codec_png;

// The codec itself, rows in uneven steps.
static kal_status read_steps(rng *r, const kal_bytes *b, const kal_extent *e, unsigned char *dst)
{
    kal__ask ask = {0};
    kal_limits_get(&ask.limits);
    kal__reader *in;
    kal__decoder *d;
    kal_status st = kal__open_memory(b->data, b->size, "memory", &in, &check_error);
    if (!st) st = kal__codec_png.open(in, &ask, &d, &check_error);
    const ptrdiff_t stride = (ptrdiff_t)((size_t)e->width * kal_pixel_size(e));
    for (int32_t y = 0, n; !st && y < e->height; y += n) {
        n = 1 + rng_below(r, 40);
        if (n > e->height - y) n = e->height - y;
        st = kal__codec_png.rows(d, dst + y * stride, stride, n, &check_error);
    }
    if (!st) st = kal__codec_png.close(d, &check_error);
    in->close(in);
    return st;
}

static void test_kind(rng *r, const kind *k)
{
    kal_bytes b = write_kind(r, k);
    kal_extent e;
    unsigned char *want = by_libpng(&b, &e), *got = malloc(bytes_of(&e));
    for (kal__isa isa = KAL__SCALAR; isa <= KAL__AVX512; isa++) {
        kal__cpu_set_isa(isa);
        REQUIRE_OK(read_steps(r, &b, &e, got));
        REQUIRE_NOTE(!memcmp(got, want, bytes_of(&e)), "colour %d depth %d%s %ux%u %s", k->colour, k->depth,
                     k->trns ? " tRNS" : "", k->w, k->h, kal__isa_name(isa));
    }
    free(want), free(got);
    bytes_free(&b);
}

static void test_kinds(void)
{
    static const struct {
        int colour, depths;
    } kinds[] = {{0, 1 | 2 | 4 | 8 | 16}, {2, 8 | 16}, {3, 1 | 2 | 4 | 8}, {4, 8 | 16}, {6, 8 | 16}};
    rng r = {32};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int depth = 1; depth <= 16; depth *= 2)
            for (int trns = 0; trns < 2; trns++) {
                if (!(kinds[i].depths & depth) || (trns && kinds[i].colour & 4)) continue;
                for (int n = 0; n < 6; n++) {
                    const png_uint_32 w = 1 + (png_uint_32)rng_below(&r, n ? 90 : 900);
                    test_kind(&r, &(kind){w, 1 + (png_uint_32)rng_below(&r, n ? 60 : 300), depth,
                                          kinds[i].colour, trns, n % 2 ? 7 : 8192});
                }
            }
    kal__cpu_set_isa(KAL__AVX512);
}

int main(void)
{
    test_filters();
    test_kinds();
    return check_done();
}
