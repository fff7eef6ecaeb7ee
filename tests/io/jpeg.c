// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// JPEG: sizes and kinds, orientation and metadata in files made here; the shared pictures bit for bit as
// djpeg decodes them.
#include "files.h"
#include "jpegs.h"

static const int32_t sizes[][2] = {{1, 1}, {7, 1}, {1, 9}, {8, 8}, {17, 15}, {64, 33}, {257, 99}};

static void test_round_trips(void)
{
    static const struct {
        const char *params;
        double near;
    } ways[] = {{NULL, 12},
                {"quality=100 subsampling=444", 1.5},
                {"quality=95 progressive=true", 6},
                {"quality=90 optimize=true", 8},
                {"tables=tuned", 12}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int32_t channels = 1; channels <= 3; channels += 2)
            for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
                const kal_extent e = extent_of(sizes[s][0], sizes[s][1], channels, KAL_U8);
                require_round_trip(&e, "jpeg", ways[i].params, ways[i].near, NULL);
            }
}

// Pieces joined are that file, whatever the number of workers and the room.
static void test_pieces(void)
{
    static const char *const samplings[] = {"subsampling=420", "subsampling=422", "subsampling=444"};
    static const int32_t shapes[][2] = {{1, 1}, {40, 700}, {333, 517}, {4001, 210}, {3000, 1999}};
    rng r = {11};
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 4; k++) {
            kal_scope *s = kal_scope_new();
            const kal_extent e = extent_of(shapes[i][0], shapes[i][1], k < 3 ? 3 : 1, KAL_U8);
            unsigned char *pixels = malloc(bytes_of(&e));
            rng_pixels(&r, &e, pixels);
            kal_node *image = kal_pixels(s, &e, pixels, (ptrdiff_t)e.width * e.channels);
            kal_node *encoded = kal_encode(s, image, "jpeg", samplings[k % 3]);
            unsigned long size;
            const jpeg_kind kind = {.h = k < 2 ? 2 : 1, .v = k < 1 ? 2 : 1, .restart_rows = 1};
            unsigned char *want = jpeg_of(&e, pixels, &kind, &size);
            for (int32_t threads = 1; threads <= 8; threads++) {
                const kal_options o = {
                    .threads = threads, .memo_mode = KAL_MEMO_NEVER, .band = threads == 5 ? 3 : 0};
                kal_bytes got;
                if (!REQUIRE_OK(kal_read_bytes(encoded, &o, &got, &check_error))) continue;
                if (REQUIRE_NOTE(got.size == size, "%d×%d, %s, %d threads: %zu bytes, not %lu", e.width,
                                 e.height, samplings[k % 3], threads, got.size, size))
                    REQUIRE_MEM(got.data, want, size);
                kal_bytes_free(&got);
            }
            free(want);
            free(pixels);
            kal_scope_free(&s);
        }
}

// ---- quantisers ---------------------------------------------------------------------------------

static void read_tables(const kal_bytes *b, JQUANT_TBL out[2])
{
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr mgr;
    d.err = jpeg_std_error(&mgr);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, b->data, (unsigned long)b->size);
    jpeg_read_header(&d, TRUE);
    for (int i = 0; i < 2; i++)
        if (d.quant_tbl_ptrs[i]) out[i] = *d.quant_tbl_ptrs[i];
    jpeg_destroy_decompress(&d);
}

static void tables_of(int channels, const char *params, JQUANT_TBL out[2])
{
    const kal_extent e = extent_of(40, 24, channels, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    smooth_pixels(&e, pixels);
    kal_node *n = node_of(NULL, &e, pixels);
    kal_bytes b = encoded(n, "jpeg", params);
    read_tables(&b, out);
    kal_bytes_free(&b);
    free(pixels);
    kal_node_unref(&n);
}

// The formula, worked out elsewhere: the mean, and the finest wave both ways.
static void test_tuned_tables(void)
{
    static const struct {
        const char *params;
        int channels, luma[2], chroma[2];
    } cases[] = {{"tables=tuned quality=50", 3, {5, 139}, {5, 112}},
                 {"tables=tuned quality=50 progressive=true optimize=true", 3, {5, 139}, {5, 112}},
                 {"tables=tuned quality=50 subsampling=422", 3, {7, 106}, {11, 215}},
                 {"tables=tuned quality=50 subsampling=444", 3, {7, 106}, {11, 215}},
                 {"tables=tuned quality=50", 1, {7, 106}, {11, 215}},
                 {"tables=tuned quality=75", 3, {3, 69}, {3, 56}},
                 {"tables=tuned quality=1", 3, {255, 255}, {255, 255}},
                 {"tables=tuned quality=100", 3, {1, 1}, {1, 1}},
                 {"tables=standard quality=50", 3, {16, 99}, {17, 99}},
                 {"quality=50", 3, {16, 99}, {17, 99}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        JQUANT_TBL t[2];
        tables_of(cases[i].channels, cases[i].params, t);
        for (int plane = 0; plane < (cases[i].channels == 3 ? 2 : 1); plane++) {
            const int *want = plane ? cases[i].chroma : cases[i].luma;
            REQUIRE_NOTE(t[plane].quantval[0] == want[0] && t[plane].quantval[63] == want[1],
                         "%s, plane %d: %d and %d", cases[i].params, plane, t[plane].quantval[0],
                         t[plane].quantval[63]);
        }
    }
    JQUANT_TBL better[2], worse[2];   // finer waves have larger steps, higher qualities smaller ones
    tables_of(3, "tables=tuned quality=20", worse);
    for (int q = 21; q <= 100; q++, memcpy(worse, better, sizeof worse)) {
        char params[60];
        snprintf(params, sizeof params, "tables=tuned quality=%d", q);
        tables_of(3, params, better);
        for (int i = 0; i < 128; i++) {
            const UINT16 *b = better[i / 64].quantval, *w = worse[i / 64].quantval;
            const int k = i % 64;
            REQUIRE_NOTE(b[k] >= 1 && b[k] <= w[k], "%s: %d at %d", params, b[k], i);
            REQUIRE_NOTE(k % 8 == 0 || k == 1 || b[k] >= b[k - 1], "%s: %d at %d", params, b[k], i);
            REQUIRE_NOTE(b[k] == b[k % 8 * 8 + k / 8], "%s: %d at %d", params, b[k], i);
        }
    }
}

static void test_refusals(void)
{
    static const struct {
        kal_extent e;
        const char *says;
    } cases[] = {{{2, 2, 3, KAL_U16, KAL_RGB, false}, "cast"},
                 {{2, 2, 4, KAL_U8, KAL_RGB, true}, "flatten"},
                 {{2, 2, 5, KAL_U8, KAL_DATA, false}, "channels"},
                 {{65501, 1, 1, KAL_U8, KAL_GRAY, false}, "65500"}};
    rng r = {1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_encode(s, rng_image(&r, s, &cases[i].e), "jpeg", NULL);
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, cases[i].says), "%s", check_error.message);
        kal_scope_free(&s);
    }
}

// ---- orientation and metadata -------------------------------------------------------------------

static void test_orientations(void)
{
    const kal_extent e = extent_of(37, 22, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    smooth_pixels(&e, pixels);
    kal_node *n = node_of(NULL, &e, pixels);
    const kal_bytes plain = encoded(n, "jpeg", NULL);
    kal_node_unref(&n);
    kal_extent got;
    unsigned char *stored = decoded(plain.data, plain.size, NULL, &got);
    for (int o = 0; o <= 9; o++)
        for (int big = 0; big < 2; big++) {
            kal_bytes b = bytes_copy(plain.data, plain.size), exif = make_exif(o, big);
            add_to_jpeg(&b, &exif, NULL, NULL);
            const int real = o >= 1 && o <= 8 ? o : 1;
            char what[50];
            snprintf(what, sizeof what, "orientation %d", o);
            kal_extent turned;
            void *want = upright(real, &e, stored, &turned);
            require_picture(b.data, b.size, NULL, &turned, want, what);
            require_picture(b.data, b.size, "upright=false", &e, stored, what);
            n = kal_load_bytes(NULL, b.data, b.size, NULL);
            int found;
            bool applied;
            kal_node_orientation(n, &found, &applied);
            REQUIRE_NOTE(found == real && applied == (real != 1), "%s: %d %d", what, found, applied);
            kal_node_unref(&n);
            free(want);
            bytes_free(&b), bytes_free(&exif);
        }
    free(stored);
    free(pixels);
    kal_bytes_free(&(kal_bytes){plain.data, plain.size});
}

// EXIF blocks cut anywhere, and with any byte changed: only offsets inside are followed.
static void test_bad_exif(void)
{
    kal_bytes exif = make_exif(6, true);
    for (size_t n = 0; n <= exif.size; n++) {
        unsigned char *exact = malloc(n + !n);   // so that a sanitizer sees one byte too far
        memcpy(exact, exif.data, n);
        const int o = kal__exif_orientation(exact, n);
        REQUIRE_NOTE(o == (n < 34 ? 1 : 6), "%zu bytes: %d", n, o);
        kal__exif_upright(exact, n);
        REQUIRE(kal__exif_orientation(exact, n) == 1);
        free(exact);
    }
    for (size_t i = 0; i < exif.size * 256; i++) {
        unsigned char *exact = malloc(exif.size);
        memcpy(exact, exif.data, exif.size);
        exact[i / 256] = (unsigned char)i;
        const int o = kal__exif_orientation(exact, exif.size);
        REQUIRE(o >= 1 && o <= 8);
        kal__exif_upright(exact, exif.size);
        free(exact);
    }
    bytes_free(&exif);
}

// A bad ICC marker costs no pixel.
static void test_bad_icc(void)
{
    const kal_extent e = extent_of(9, 9, 1, KAL_U8);
    unsigned char pixels[81];
    smooth_pixels(&e, pixels);
    kal_node *n = node_of(NULL, &e, pixels);
    kal_bytes plain = encoded(n, "jpeg", NULL);
    kal_node_unref(&n);
    kal_bytes b = bytes_copy(plain.data, plain.size);
    splice(&b, 2, jpeg_segment(0xe2, "ICC_PROFILE\0\3\2", 14, "profile", 7));
    n = kal_load_bytes(NULL, b.data, b.size, NULL);
    REQUIRE_OK(kal_node_error(n, &check_error));
    require_meta(n, "icc", NULL, 0, "part 3 of 2");
    kal_node_unref(&n);
    bytes_free(&b);
    kal_bytes_free(&plain);
}

// ---- limits -------------------------------------------------------------------------------------

static void test_limits(void)
{
    const kal_extent e = extent_of(64, 64, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    smooth_pixels(&e, pixels);
    kal_node *n = node_of(NULL, &e, pixels);
    kal_bytes b = encoded(n, "jpeg", "progressive=true");
    kal_node_unref(&n);
    kal_limits old, tight;
    kal_limits_get(&old);
    tight = old;
    tight.scans = 3;
    kal_limits_set(&tight);
    REQUIRE(!decoded(b.data, b.size, NULL, NULL) && check_error.status == KAL_LIMIT &&
            strstr(check_error.message, "scans"));
    tight = old;
    tight.pixels = 64 * 64 - 1;
    kal_limits_set(&tight);
    REQUIRE(!decoded(b.data, b.size, NULL, NULL) && check_error.status == KAL_LIMIT &&
            strstr(check_error.message, "pixels"));
    kal_limits_set(&old);
    kal_bytes_free(&b);
    free(pixels);
}

// ---- the shared pictures ------------------------------------------------------------------------

static bool ends_with(const char *s, const char *end)
{
    return strlen(s) >= strlen(end) && !strcmp(s + strlen(s) - strlen(end), end);
}

// djpeg prints no PPM of CMYK; libjpeg gives the four inks, and the formula is the one io/jpeg.c states.
static void *by_formula(const char *path, kal_extent *e)
{
    struct jpeg_decompress_struct j;
    struct jpeg_error_mgr mgr;
    FILE *f = fopen(path, "rb");
    j.err = jpeg_std_error(&mgr);
    jpeg_create_decompress(&j);
    jpeg_stdio_src(&j, f);
    jpeg_read_header(&j, TRUE);
    unsigned char *pixels = NULL;
    if (j.num_components == 4) {
        j.out_color_space = JCS_CMYK;
        jpeg_start_decompress(&j);
        *e = extent_of((int32_t)j.output_width, (int32_t)j.output_height, 3, KAL_U8);
        pixels = malloc(bytes_of(e));
        unsigned char *row = malloc(j.output_width * 4);
        for (int32_t y = 0; y < e->height; y++) {
            jpeg_read_scanlines(&j, &row, 1);
            for (int32_t i = 0; i < e->width * 3; i++) {
                const double ink = row[i / 3 * 4 + i % 3], key = row[i / 3 * 4 + 3];
                const double v = j.saw_Adobe_marker ? ink * key / 255 : (255 - ink) * (255 - key) / 255;
                pixels[(size_t)y * (size_t)e->width * 3 + (size_t)i] = (unsigned char)(v + 0.5);
            }
        }
        free(row);
        jpeg_finish_decompress(&j);
    }
    jpeg_destroy_decompress(&j);
    fclose(f);
    return pixels;
}

static void compare(const char *path)
{
    kal_extent e, got;
    kal_node *n = kal_load(NULL, path, "upright=false");
    void *p = read_all(n, NULL, &got);
    kal_node_unref(&n);
    if (ends_with(path, "monkey12.jpg") || strstr(path, "truncated")) {
        REQUIRE_NOTE(!p && strstr(check_error.message, path) && strstr(check_error.message, "jpeg: ") &&
                         strstr(check_error.message, "byte"),
                     "%s: %s", path, check_error.message);
        free(p);
        return;
    }
    if (!REQUIRE_NOTE(p != NULL, "%s: %s", path, check_error.message)) return;
    void *want = by_formula(path, &e);
    if (!want) {
        char command[2300];
        snprintf(command, sizeof command, "djpeg -pnm '%s' 2>/dev/null", path);
        kal_bytes b = output_of(command);
        want = b.size ? decoded(b.data, b.size, NULL, &e) : NULL;
        bytes_free(&b);
    }
    if (REQUIRE_NOTE(want && extent_equal(&e, &got), "%s", path))
        REQUIRE_NOTE(!memcmp(p, want, bytes_of(&e)), "%s", path);
    free(want);
    free(p);
}

enum { CELLS = 24 };

// The means of CELLS × CELLS cells: what is left of a picture when size, a shift by a pixel and noise are not
// to count.
static void cells_of(const kal_extent *e, const unsigned char *p, double *cells)
{
    for (int i = 0; i < CELLS * CELLS; i++) {
        const int32_t x0 = i % CELLS * e->width / CELLS, x1 = (i % CELLS + 1) * e->width / CELLS;
        const int32_t y0 = i / CELLS * e->height / CELLS, y1 = (i / CELLS + 1) * e->height / CELLS;
        double sum = 0;
        for (int32_t y = y0; y < y1; y++)
            for (int32_t x = x0 * 3; x < x1 * 3; x++) sum += p[(size_t)y * (size_t)e->width * 3 + (size_t)x];
        cells[i] = sum / (double)((x1 - x0) * (y1 - y0) * 3);
    }
}

static double cells_apart(const double *a, const double *b, bool mirrored)
{
    double sum = 0;
    for (int i = 0; i < CELLS * CELLS; i++) {
        const double d = a[i] - b[mirrored ? i / CELLS * CELLS + CELLS - 1 - i % CELLS : i];
        sum += d < 0 ? -d : d;
    }
    return sum / (CELLS * CELLS);
}

// One photograph eight times, 5 to 8 in a smaller size and each with its number painted on: upright, all look
// like the first, and a mirrored one would not.
static void test_exif_set(void)
{
    static double first[CELLS * CELLS], cells[CELLS * CELLS];
    for (int i = 1; i <= 8; i++) {
        char name[64];
        snprintf(name, sizeof name, "data/images/exif/%d.jpg", i);
        const char *path = check_shared(name);
        if (!path) {
            check_skip("%s is not there", name);
            continue;
        }
        kal_node *n = kal_load(NULL, path, NULL);
        kal_extent e;
        unsigned char *p = read_all(n, NULL, &e);
        int orientation;
        bool applied;
        kal_node_orientation(n, &orientation, &applied);
        kal_node_unref(&n);
        const int32_t w = i > 4 ? 231 : 308, h = i > 4 ? 308 : 410;
        REQUIRE_NOTE(p && orientation == i && applied == (i > 1), "%s: orientation %d", name, orientation);
        if (p && REQUIRE_NOTE(e.width == w && e.height == h, "%s: %d×%d", name, e.width, e.height)) {
            cells_of(&e, p, i == 1 ? first : cells);
            const double d = i == 1 ? 0 : cells_apart(first, cells, false),
                         wrong = i == 1 ? 99 : cells_apart(first, cells, true);
            REQUIRE_NOTE(d < 6 && wrong > 3 * d, "%s: %g, mirrored %g", name, d, wrong);
        }
        free(p);
    }
}

// A scan that names a table of Huffman codes that cannot be there: looked at by nobody, refused by the library.
static void test_bad_tables(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(40, 30, 3, KAL_U8);
    rng r = {14};
    kal_bytes b = encoded(rng_image(&r, s, &e), "jpeg", NULL);
    size_t at = 2;
    while (at + 20 < b.size && b.data[at + 1] != 0xda)
        at += 2 + (size_t)(b.data[at + 2] << 8 | b.data[at + 3]);
    static const unsigned char tables[] = {0x50, 0x05, 0xff};
    for (size_t i = 0; i < sizeof tables; i++) {
        kal_extent got;
        b.data[at + 6] = tables[i];   // of the first component
        void *p = decoded(b.data, b.size, NULL, &got);
        REQUIRE_NOTE(!p && check_error.status == KAL_CORRUPT && strstr(check_error.message, "byte"),
                     "%02x: %s", tables[i], p ? "a picture" : check_error.message);
        free(p);
    }
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// Bytes that a scan did not use: padding is nothing, anything else is left of data that were read as something else.
static void test_left_over(void)
{
    static const struct {
        unsigned char byte;
        kal_status want;
    } cases[] = {{0, KAL_OK}, {0xff, KAL_OK}, {0x5a, KAL_CORRUPT}, {1, KAL_CORRUPT}};
    rng r = {8};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(90, 70, 3, KAL_U8);
    const kal_bytes whole = encoded(rng_image(&r, s, &e), "jpeg", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int lenient = 0; lenient < 2; lenient++) {
            unsigned char more[20];
            memset(more, cases[i].byte, sizeof more);
            const kal_bytes piece = {more, sizeof more};
            kal_bytes b = bytes_insert(&whole, whole.size - 2, &piece);
            put_file(check_temp("left.jpg"), b.data, b.size);
            kal_node *const from[] = {kal_load_bytes(s, b.data, b.size, lenient ? "lenient=true" : NULL),
                                      kal_load(s, check_temp("left.jpg"), lenient ? "lenient=true" : NULL)};
            for (int k = 0; k < 2; k++) {
                kal_key key;
                const kal_status st = kal_content_key(from[k], NULL, &key, &check_error);
                REQUIRE_NOTE(st == (lenient ? KAL_OK : cases[i].want), "bytes of %d, %s: %s", cases[i].byte,
                             k ? "a file" : "memory", check_error.message);
                if (st) REQUIRE_NOTE(strstr(check_error.message, "near byte"), "%s", check_error.message);
            }
            bytes_free(&b);
        }
    kal_bytes_free(&(kal_bytes){whole.data, whole.size});
    kal_scope_free(&s);
}

int main(void)
{
    test_round_trips();
    test_bad_tables();
    test_pieces();
    test_tuned_tables();
    test_refusals();
    test_orientations();
    test_bad_exif();
    test_bad_icc();
    test_limits();
    if (has_program("djpeg"))
        each_shared("|jpg|jpeg|", compare);
    else
        check_skip("djpeg is not installed");
    test_exif_set();
    test_left_over();
    kal_memo_clear(NULL);
    return check_done();
}
