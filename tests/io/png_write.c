// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PNG in pieces: packed in any order, from nothing but the rows a piece may see, on every instruction set, they are the file that one or
// several threads write; libpng reads it. At level 6 no
// picture becomes larger than libpng makes it, at level 1 hardly one.
#include "files.h"
#include "libpng_read.h"

#include "cpu.h"

#include <setjmp.h>

extern const kal__codec kal__codec_png;
static const kal__codec *const png = &kal__codec_png;

static const void *params_of(int level)
{
    static struct {
        size_t size;
        int compression;
        bool strip;
        double delay;
        int loops, colours;
        bool dither;
        int filter;
    } p;
    p.size = sizeof p;
    p.compression = level;
    return &p;
}

// ---- by hand ------------------------------------------------------------------------------------

// A tile of rows from … y1 - 1 in memory of their own, as part of a ring that wraps.
static kal_tile ring_of(const kal_extent *e, const unsigned char *pixels, int32_t from, int32_t y1)
{
    const ptrdiff_t row = (ptrdiff_t)((size_t)e->width * kal_pixel_size(e));
    const int32_t n = y1 - from;
    kal_tile t = {.rect = {0, from, e->width, y1}, .stride = row, .row0 = n / 2, .ring = n};
    t.data = malloc((size_t)(n * row));
    t.pixel = (int32_t)kal_pixel_size(e);
    for (int32_t y = from; y < y1; y++) memcpy(kal_row(&t, y), pixels + y * row, (size_t)row);
    return t;
}

static kal_bytes by_hand(const kal_extent *e, const unsigned char *pixels, int level)
{
    const void *params = params_of(level);
    kal__pieces pieces = {0};
    png->pieces(e, params, &pieces);
    REQUIRE(pieces.rows > 0);
    const int32_t n = (e->height + pieces.rows - 1) / pieces.rows;
    kal__piece *packed = calloc((size_t)n, sizeof *packed);
    kal__writer *w;
    kal__encoder *c;
    kal_bytes b = {0};
    unsigned char *data = NULL;
    REQUIRE_OK(kal__write_memory(&data, &b.size, &w, &check_error));
    REQUIRE_OK(png->begin(e, params, NULL, w, &c, &check_error));
    for (int32_t i = n - 1; i >= 0; i--) {
        const int32_t y0 = i * pieces.rows, y1 = e->height - y0 < pieces.rows ? e->height : y0 + pieces.rows;
        kal_tile t = ring_of(e, pixels, y0 > pieces.above ? y0 - pieces.above : 0, y1);
        REQUIRE_OK(png->pack(c, &t, y0, &packed[i], &check_error));
        REQUIRE(packed[i].size <= pieces.result);
        free(t.data);
    }
    for (int32_t i = 0; i < n; i++) {
        REQUIRE_OK(png->join(c, &packed[i], &check_error));
        free(packed[i].data);
    }
    REQUIRE_OK(png->end(c, &check_error));
    REQUIRE_OK(w->finish(w, &check_error));
    REQUIRE_OK(w->commit(w, &check_error));
    b.data = data;
    free(packed);
    return b;
}

// ---- libpng -------------------------------------------------------------------------------------

static void on_write(png_structp p, png_bytep data, size_t n)
{
    kal_bytes *b = png_get_io_ptr(p);
    *b = bytes_join(*b, data, n);
}

static kal_bytes written_by_libpng(const kal_extent *e, const unsigned char *pixels, int level)
{
    kal_bytes b = {malloc(1), 0};
    png_structp p = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(p);
    if (setjmp(png_jmpbuf(p))) abort();
    png_set_write_fn(p, &b, on_write, NULL);
    png_set_compression_level(p, level);
    png_set_IHDR(p, info, (png_uint_32)e->width, (png_uint_32)e->height, e->type == KAL_U16 ? 16 : 8,
                 (e->channels > 2 ? PNG_COLOR_MASK_COLOR : 0) | (e->alpha ? PNG_COLOR_MASK_ALPHA : 0), 0, 0,
                 0);
    png_write_info(p, info);
    const uint16_t one = 1;
    if (e->type == KAL_U16 && *(const unsigned char *)&one) png_set_swap(p);
    const size_t row = (size_t)e->width * kal_pixel_size(e);
    for (int32_t y = 0; y < e->height; y++) png_write_row(p, pixels + (size_t)y * row);
    png_write_end(p, NULL);
    png_destroy_write_struct(&p, &info);
    return b;
}

// libpng must find nothing to complain about, and our pixels.
static bool libpng_reads(const kal_bytes *b, const kal_extent *e, const unsigned char *pixels)
{
    cursor c = {b, 0};
    const size_t row = (size_t)e->width * kal_pixel_size(e);
    unsigned char *volatile got = malloc(row);
    volatile bool same = true;
    complained = false;
    png_structp p = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, on_complaint);
    png_infop info = png_create_info_struct(p);
    if (setjmp(png_jmpbuf(p))) {
        same = false;
    } else {
        png_set_read_fn(p, &c, on_read);
        png_read_info(p, info);
        const uint16_t one = 1;
        if (e->type == KAL_U16 && *(const unsigned char *)&one) png_set_swap(p);
        png_read_update_info(p, info);
        same = png_get_rowbytes(p, info) == row;
        for (int32_t y = 0; y < e->height && same; y++) {
            png_read_row(p, got, NULL);
            same = !memcmp(got, pixels + (size_t)y * row, row);
        }
        png_read_end(p, NULL);
    }
    png_destroy_read_struct(&p, &info, NULL);
    free(got);
    return same && !complained && c.at == b->size;
}

// ---- tests --------------------------------------------------------------------------------------

// Noise on slow waves, with flat parts: some of everything a filter is for.
static void draw(rng *r, const kal_extent *e, unsigned char *p)
{
    smooth_pixels(&(kal_extent){e->width, e->height, (int32_t)kal_pixel_size(e), KAL_U8, KAL_DATA, false}, p);
    const size_t n = bytes_of(e);
    for (size_t i = 0; i < n; i++)
        if (i % 4096 < 3000) p[i] = (unsigned char)(p[i] + rng_below(r, 8));
}

static void test_picture(rng *r, kal_extent e, int level)
{
    unsigned char *pixels = malloc(bytes_of(&e));
    draw(r, &e, pixels);
    char what[80], params[32];
    snprintf(what, sizeof what, EXTENT_FORMAT " level %d", EXTENT_ARGS(&e), level);
    snprintf(params, sizeof params, "compression=%d", level);
    kal_node *image = node_of(NULL, &e, pixels), *n = kal_encode(NULL, image, "png", params);
    for (int isa = KAL__SCALAR; isa <= KAL__AVX512; isa++) {
        kal__cpu_set_isa((kal__isa)isa);
        kal_bytes mine = by_hand(&e, pixels, level);
        for (int threads = 1; threads < 4; threads += 2) {
            kal_bytes b = {0};
            const kal_options options = {.memo_mode = KAL_MEMO_NEVER, .threads = threads};
            REQUIRE_OK(kal_read_bytes(n, &options, &b, &check_error));
            REQUIRE_NOTE(b.size == mine.size && !memcmp(b.data, mine.data, b.size), "%s, %d threads", what,
                         threads);
            kal_bytes_free(&b);
        }
        REQUIRE_NOTE(isa || libpng_reads(&mine, &e, pixels), "%s", what);
        free(mine.data);
    }
    kal__cpu_set_isa(KAL__AVX512);
    kal_node_unref(&n), kal_node_unref(&image);
    free(pixels);
}

static void test_pictures(void)
{
    static const int32_t sizes[][2] = {{1, 1}, {3, 2}, {1, 140000}, {150000, 3}, {400, 700}, {9000, 31}};
    rng r = {61};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int32_t channels = 1; channels <= 4; channels++) {
            const kal_type type = (channels + (int32_t)i) % 2 ? KAL_U8 : KAL_U16;
            test_picture(&r, extent_of(sizes[i][0], sizes[i][1], channels, type),
                         i % 2 ? 6 : rng_below(&r, 10));
        }
}

static void compare_size(const char *path)
{
    kal_extent e;
    kal_node *n = kal_load(NULL, path, NULL);
    unsigned char *pixels = read_all(n, NULL, &e);
    kal_node_unref(&n);
    static const struct {
        int level, percent;   // of libpng's size; what a piece has around it is not the point
    } most[] = {{1, 103}, {6, 100}};
    for (size_t i = 0; pixels && i < 2; i++) {
        kal_bytes ours = by_hand(&e, pixels, most[i].level),
                  theirs = written_by_libpng(&e, pixels, most[i].level);
        REQUIRE_NOTE(ours.size <= theirs.size * (size_t)most[i].percent / 100 + 300,
                     "%s, level %d: %zu bytes against libpng's %zu", path, most[i].level, ours.size,
                     theirs.size);
        REQUIRE_NOTE(libpng_reads(&ours, &e, pixels), "%s", path);
        bytes_free(&ours), bytes_free(&theirs);
    }
    free(pixels);
}

// Samples that lie in memory are the workers' at once: they run as far ahead of who joins as the window lets them, and no piece is lost.
static void test_from_memory(void)
{
    rng r = {9};
    const kal_extent e = extent_of(1200, 1500, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    rng_pixels(&r, &e, pixels);
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_encode(s, kal_pixels(s, &e, pixels, 1200 * 3), "png", "compression=0");
    kal_bytes want = {0};
    kal_stats stats = {0};
    const kal_options one = {.threads = 1, .memo_mode = KAL_MEMO_NEVER},
                      many = {.threads = 6, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
    REQUIRE_OK(kal_read_bytes(n, &one, &want, &check_error));
    for (int i = 0; i < 20; i++) {
        kal_bytes got = {0};
        REQUIRE_OK(kal_read_bytes(n, &many, &got, &check_error));
        REQUIRE(stats.threads == 6);
        REQUIRE(got.size == want.size && !memcmp(got.data, want.data, want.size));
        kal_bytes_free(&got);
    }
    kal_bytes_free(&want);
    kal_scope_free(&s);
    free(pixels);
}

// Noise of two grays repeats itself far away, whatever a filter makes of it: level 1 must not take it for that of a photograph.
static void test_two_grays(void)
{
    const kal_extent e = extent_of(1500, 400, 1, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e));
    rng r = {71};
    for (int n = 0; n < 12; n++) {
        const unsigned char gray[2] = {(unsigned char)rng_next(&r), (unsigned char)rng_next(&r)};
        for (size_t i = 0; i < bytes_of(&e); i++) p[i] = gray[rng_below(&r, 2)];
        kal_scope *s = kal_scope_new();
        kal_bytes quick = encoded(node_of(s, &e, p), "png", "compression=1"),
                  usual = encoded(node_of(s, &e, p), "png", "compression=2");
        REQUIRE_NOTE((double)quick.size <= 1.06 * (double)usual.size, "%d and %d: %zu for %zu", gray[0],
                     gray[1], quick.size, usual.size);
        kal_bytes_free(&quick), kal_bytes_free(&usual);
        kal_scope_free(&s);
    }
    free(p);
}

int main(void)
{
    test_pictures();
    test_two_grays();
    test_from_memory();
    each_shared("|png|apng|", compare_size);
    each_shared("|jpg|jpeg|", compare_size);
    kal_memo_clear(NULL);
    return check_done();
}
