// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures that break off, asked for all the same: the rows that are there are those of the whole picture, the others are 0, the warning says
// where that begins, and nothing of it is taken for the whole picture, or kept. Without `lenient` they stay errors.
#include "files.h"
#include "gifs.h"
#include "jpegs.h"

#include <png.h>

typedef struct told {
    int n, rows;
    char text[600];
} told;

static void warn(void *user, const kal_warning *w)
{
    told *t = user;
    t->n++;
    t->rows = w->rows;
    snprintf(t->text, sizeof t->text, "%s", w->text);
}

static unsigned char *read_lenient(const kal_bytes *b, const char *params, int threads, kal_extent *e,
                                   told *t)
{
    kal_node *n = kal_load_bytes(NULL, b->data, b->size, params);
    *t = (told){.rows = -1};
    unsigned char *p = read_all(n, &(kal_options){.warn = warn, .user = t, .threads = threads}, e);
    kal_node_unref(&n);
    return p;
}

// What is there of a picture that was cut: those rows, then nothing.
static void require_front(const kal_bytes *b, size_t size, const kal_extent *e, const unsigned char *want,
                          int most, const char *what)
{
    const kal_bytes cut = {b->data, size};
    const size_t row = (size_t)e->width * kal_pixel_size(e);
    kal_extent x;
    told t, again;
    unsigned char *p = read_lenient(&cut, "lenient=true", 1, &x, &t);
    if (!REQUIRE_NOTE(p && extent_equal(&x, e), "%s at %zu: %s", what, size, check_error.message)) return;
    const int rows = t.n ? t.rows : e->height;
    bool clear = true;
    for (size_t i = (size_t)rows * row; i < bytes_of(e); i++) clear = clear && !p[i];
    REQUIRE_NOTE(t.n <= 1 && rows >= 0 && rows <= e->height && !memcmp(p, want, (size_t)rows * row) && clear,
                 "%s at %zu of %zu: %d rows, %s", what, size, b->size, rows, t.text);
    REQUIRE_NOTE(rows <= most, "%s at %zu of %zu: %d rows are more than there can be", what, size, b->size,
                 rows);
    unsigned char *other =
        read_lenient(&cut, "lenient=true", 3, &x, &again);   // nothing was kept, so it warns again
    REQUIRE_NOTE(other && !memcmp(other, p, bytes_of(e)) && again.n == t.n && again.rows == t.rows,
                 "%s: %d against %d", what, again.rows, t.rows);
    free(other);
    free(p);
    if (!t.n) return;
    p = read_lenient(&cut, NULL, 1, &x, &again);
    REQUIRE_NOTE(!p && check_error.status == KAL_CORRUPT && !again.n, "%s at %zu: it is no error", what,
                 size);
    free(p);
}

// ---- pictures in passes -------------------------------------------------------------------------

// At many places behind the head, of which those near the end are the ones with rows.
static void cut_everywhere(const kal_bytes *b, size_t head, const char *what, double tail)
{
    kal_extent e;
    unsigned char *want = decoded(b->data, b->size, NULL, &e);
    if (!REQUIRE_NOTE(want != NULL, "%s: %s", what, check_error.message)) return;
    const size_t step = b->size / 40 + 1;
    size_t size = head;
    while (size < b->size) {
        require_front(b, size, &e, want, e.height, what);
        const size_t left = b->size - size;
        size += left <= 12 ? 1 : left - 12 < step ? left - 12 : step;
    }
    kal_extent x;
    told t;
    free(read_lenient(&(kal_bytes){b->data, b->size - b->size / 50 - 1}, "lenient=true", 1, &x, &t));
    REQUIRE_NOTE(t.rows >= e.height * tail, "%s: all but the last of fifty parts: %d rows of %d", what,
                 t.rows, e.height);
    require_front(b, b->size, &e, want, e.height, what);
    free(want);
}

// Whatever is broken in the middle: what comes is the same for any number of threads, or an error.
static void damage_somewhere(const kal_bytes *b, const char *what, rng *r)
{
    for (int i = 0; i < 20; i++) {
        kal_bytes bad = bytes_copy(b->data, b->size);
        bad.data[bad.size / 2 + (size_t)rng_below(r, (int)(bad.size / 2))] ^=
            (unsigned char)(1 << rng_below(r, 8));
        kal_extent e, x;
        told t, again;
        unsigned char *p = read_lenient(&bad, "lenient=true", 1, &e, &t),
                      *q = read_lenient(&bad, "lenient=true", 3, &x, &again);
        REQUIRE_NOTE(!p == !q && t.rows == again.rows, "%s: %d rows and then %d", what, t.rows, again.rows);
        REQUIRE_NOTE(!p || !q || (extent_equal(&e, &x) && !memcmp(p, q, bytes_of(&e))), "%s", what);
        bool clear = true;
        for (size_t k = (size_t)(t.rows < 0 ? e.height : t.rows) * (bytes_of(&e) / (size_t)e.height);
             p && k < bytes_of(&e); k++)
            clear = clear && !p[k];
        REQUIRE_NOTE(clear, "%s: what is missing is not 0 from row %d on", what, t.rows);
        free(p), free(q);
        bytes_free(&bad);
    }
}

// Bytes that are left over behind a scan are left of one that was read as something else, from nobody knows where on: no row is given.
static void left_over(const kal_bytes *b, const char *what)
{
    int seen = 0;
    for (size_t at = b->size * 6 / 10; at + 40 < b->size; at += 7) {
        kal_bytes bad = bytes_copy(b->data, at);
        bad = bytes_join(bad, b->data + at + 5, b->size - at - 5);
        kal_extent e;
        told t;
        free(read_lenient(&bad, "lenient=true", 1, &e, &t));
        if (t.n && strstr(t.text, "extraneous")) {
            seen++;
            REQUIRE_NOTE(t.rows == 0, "%s, without bytes at %zu: %d rows, %s", what, at, t.rows, t.text);
        }
        bytes_free(&bad);
    }
    printf("%s: bytes left over %d times\n", what, seen);
}

static void jpegs_in_scans(rng *r)
{
    static const struct {
        const char *what;
        jpeg_kind k;
        kal_extent e;
        double tail;
    } all[] = {
        {"progressive 420", {2, 2, .progressive = true}, {203, 149, 3, KAL_U8, KAL_RGB, false}, 0.8},
        {"progressive 422", {2, 1, .progressive = true}, {203, 149, 3, KAL_U8, KAL_RGB, false}, 0.8},
        {"progressive 440", {1, 2, .progressive = true}, {64, 64, 3, KAL_U8, KAL_RGB, false}, 0.6},
        {"progressive 444", {1, 1, .progressive = true}, {203, 149, 3, KAL_U8, KAL_RGB, false}, 0.8},
        {"progressive with restarts",
         {2, 2, .progressive = true, .restart_rows = 1},
         {203, 149, 3, KAL_U8, KAL_RGB, false},
         0.8},
        {"progressive arithmetic",
         {2, 2, .progressive = true, .arithmetic = true},
         {203, 149, 3, KAL_U8, KAL_RGB, false},
         0.7},
        {"progressive gray", {1, 1, .progressive = true}, {203, 149, 1, KAL_U8, KAL_GRAY, false}, 0.8},
        {"a scan for each component", {2, 2, .separate = true}, {203, 149, 3, KAL_U8, KAL_RGB, false}, 0.5},
        {"small", {2, 2, .progressive = true}, {5, 3, 3, KAL_U8, KAL_RGB, false}, 0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        unsigned char *p = malloc(bytes_of(&all[i].e));
        rng_pixels(r, &all[i].e, p);
        unsigned long size;
        kal_bytes b = {jpeg_of(&all[i].e, p, &all[i].k, &size), 0};
        b.size = size;
        cut_everywhere(&b, 650, all[i].what, all[i].tail);
        damage_somewhere(&b, all[i].what, r);
        left_over(&b, all[i].what);
        free(b.data);
        free(p);
    }
}

static void on_write(png_structp png, png_bytep data, size_t n)
{
    kal_bytes *b = png_get_io_ptr(png);
    *b = bytes_join(*b, data, n);
}

static kal_bytes png_in_passes(const kal_extent *e, unsigned char *pixels)
{
    static const int colours[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                  PNG_COLOR_TYPE_RGB_ALPHA};
    kal_bytes b = {malloc(1), 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_byte **rows = malloc((size_t)e->height * sizeof *rows);
    for (int32_t y = 0; y < e->height; y++) rows[y] = pixels + (size_t)y * (bytes_of(e) / (size_t)e->height);
    if (setjmp(png_jmpbuf(png))) abort();
    png_set_write_fn(png, &b, on_write, NULL);
    png_set_IHDR(png, info, (png_uint_32)e->width, (png_uint_32)e->height, 8, colours[e->channels],
                 PNG_INTERLACE_ADAM7, 0, 0);
    png_set_rows(png, info, rows);
    png_write_png(png, info, 0, NULL);
    png_destroy_write_struct(&png, &info);
    free(rows);
    return b;
}

static void pngs_in_passes(rng *r)
{
    static const kal_extent all[] = {
        {203, 149, 3, KAL_U8, KAL_RGB, false}, {40, 1, 4, KAL_U8, KAL_RGB, true},
        {1, 90, 1, KAL_U8, KAL_GRAY, false},   {2, 60, 2, KAL_U8, KAL_GRAY, true},
        {3, 61, 1, KAL_U8, KAL_GRAY, false},   {5, 2, 3, KAL_U8, KAL_RGB, false}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        unsigned char *p = malloc(bytes_of(&all[i]));
        rng_pixels(r, &all[i], p);
        kal_bytes b = png_in_passes(&all[i], p);
        cut_everywhere(&b, 45, "interlaced PNG", i ? 0 : 0.9);
        damage_somewhere(&b, "interlaced PNG", r);
        bytes_free(&b);
        free(p);
    }
}

static void gifs_in_passes(rng *r)
{
    static unsigned char values[99 * 77], colours[768];
    for (size_t i = 0; i < sizeof colours; i++) colours[i] = (unsigned char)rng_next(r);
    for (int h = 1; h < 78; h += h < 10 ? 1 : 67) {
        for (int i = 0; i < 99 * h; i++) values[i] = (unsigned char)rng_next(r);
        const gif_frame f = {0, 0, 99, h, 0, 10, -1, true, false, {0}, values};
        kal_bytes b = bytes_join(gif_add(gif_head(99, h, colours), &f, true), ";", 1);
        cut_everywhere(&b, 830, "interlaced GIF", h > 10 ? 0.8 : 0);
        damage_somewhere(&b, "interlaced GIF", r);
        bytes_free(&b);
    }
}

// ---- formats ------------------------------------------------------------------------------------

static void cut_at_places(const kal_bytes *b, const char *what, double tail)
{
    kal_extent e;
    unsigned char *want = decoded(b->data, b->size, NULL, &e);
    if (!REQUIRE_NOTE(want != NULL, "%s: %s", what, check_error.message)) return;
    int before = 0;
    for (int i = 1; i <= 8; i++) {
        const size_t size = b->size * (size_t)(i + 1) / 10;
        require_front(b, size, &e, want, e.height, what);
        const kal_bytes cut = {b->data, size};
        told t;
        kal_extent x;
        free(read_lenient(&cut, "lenient=true", 1, &x, &t));
        REQUIRE_NOTE(t.rows >= before, "%s: more bytes, %d rows and then %d", what, before, t.rows);
        before = t.rows;
    }
    REQUIRE_NOTE(before >= e.height * tail, "%s: of nine tenths %d rows of %d", what, before, e.height);
    require_front(b, b->size, &e, want, e.height, what);
    free(want);
}

static void kind(const char *format, const char *params, kal_extent e, double tail)
{
    kal_scope *s = kal_scope_new();
    rng r = {17};
    char what[80];
    snprintf(what, sizeof what, "%s %s", format, params ? params : "");
    kal_node *n = kal_encode(s, rng_image(&r, s, &e), format, params);
    kal_bytes b = {0};
    if (kal_read_bytes(n, NULL, &b, &check_error)) {
        check_skip("%s", check_error.message);
    } else {
        cut_at_places(&b, what, tail);
        kal_bytes_free(&b);
    }
    kal_scope_free(&s);
}

static void keys_and_texts(void)
{
    rng r = {4};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(40, 30, 3, KAL_U8);
    kal_bytes b = encoded(rng_image(&r, s, &e), "png", NULL);
    put_file(check_temp("a.png"), b.data, b.size);
    kal_node *strict = kal_load(s, check_temp("a.png"), NULL),
             *n = kal_load(s, check_temp("a.png"), "lenient=true");
    kal_key a, c;
    REQUIRE_OK(kal_node_key(strict, &a, &check_error));
    REQUIRE_OK(kal_node_key(n, &c, &check_error));
    REQUIRE(!kal_key_equal(a, c));
    kal_bytes text = {0};
    kal_program *p = NULL;
    REQUIRE_OK(kal_print_graph(n, &text, &check_error));
    if (REQUIRE_OK(kal_program_parse((char *)text.data, text.size, NULL, 0, &p, &check_error)))
        REQUIRE_NOTE(kal_program_root(p) == n, "%s", (char *)text.data);
    kal_program_free(&p);
    kal_bytes_free(&text);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// Only what is missing is forgiven.
static ptrdiff_t broken_read(void *user, void *dst, size_t n, kal_error *err)
{
    kal_bytes *left = user;
    if (!left->size) return kal_fail(err, KAL_IO, "the disk is broken"), -1;
    if (n > left->size) n = left->size;
    memcpy(dst, left->data, n);
    left->data = (unsigned char *)left->data + n;
    left->size -= n;
    return (ptrdiff_t)n;
}

static void other_failures(void)
{
    rng r = {6};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    kal_bytes b = encoded(rng_image(&r, s, &e), "png", NULL), left = {b.data, b.size / 2};
    const kal_input in = {.name = "the feed", .user = &left, .read = broken_read};
    told t;
    kal_node *n = kal_load_input(s, &in, "lenient=true");
    void *p = read_all(n, &(kal_options){.warn = warn, .user = &t}, NULL);
    REQUIRE_NOTE(!p && check_error.status == KAL_IO, "%s", check_error.message);
    free(p);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// A part below where the picture breaks off, and a smaller one.
static void parts(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(320, 400, 3, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e)), *got = malloc(bytes_of(&e));
    smooth_pixels(&e, p);
    kal_bytes b = encoded(node_of(s, &e, p), "jpeg", NULL);
    kal_node *n = kal_load_bytes(s, b.data, b.size / 2, "lenient=true");
    told t = {.rows = -1};
    const kal_options o = {.warn = warn, .user = &t};
    REQUIRE_OK(kal_read(n, kal_rect_of(10, 380, 50, 400), got, 120, &o, &check_error));
    bool clear = true;
    for (int i = 0; i < 40 * 20 * 3; i++) clear = clear && !got[i];
    REQUIRE_NOTE(clear && t.n == 1 && t.rows <= 380, "%d rows", t.rows);
    t = (told){.rows = -1};
    REQUIRE_OK(kal_read(n, kal_rect_of(10, 20, 50, 40), got, 120, &o, &check_error));
    REQUIRE_NOTE(!t.n, "%s", t.text);
    kal_node *small = kal_load_bytes(s, b.data, b.size / 2, "lenient=true shrink=4");
    free(got);
    got = read_all(small, &o, NULL);
    REQUIRE_NOTE(got && t.n == 1 && t.rows > 20 && t.rows < 90, "%d rows of a quarter", t.rows);
    kal_bytes_free(&b);
    free(p);
    free(got);
    kal_scope_free(&s);
}

int main(void)
{
    static const struct {
        const char *format, *params;
        kal_extent e;
        double tail;   // rows of nine tenths of the file, at least
    } kinds[] = {{"jpeg", NULL, {301, 197, 3, KAL_U8, KAL_RGB, false}, 0.75},
                 {"jpeg", "progressive=true", {101, 97, 1, KAL_U8, KAL_GRAY, false}, 0},
                 {"png", NULL, {301, 197, 3, KAL_U8, KAL_RGB, false}, 0.6},
                 {"png", "compression=0", {101, 97, 4, KAL_U16, KAL_RGB, true}, 0.6},
                 {"pnm", NULL, {301, 197, 3, KAL_U8, KAL_RGB, false}, 0.85},
                 {"qoi", NULL, {301, 197, 3, KAL_U8, KAL_RGB, false}, 0.85},
                 {"bmp", NULL, {301, 197, 3, KAL_U8, KAL_RGB, false}, 0.85},
                 {"npy", NULL, {301, 197, 3, KAL_F32, KAL_RGB, false}, 0.85},
                 {"webp", NULL, {65, 149, 3, KAL_U8, KAL_RGB, false}, 0.5},
                 {"webp", "lossless=true", {65, 149, 4, KAL_U8, KAL_RGB, true}, 0.4},
                 {"gif", NULL, {165, 149, 3, KAL_U8, KAL_RGB, false}, 0.6}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        kind(kinds[i].format, kinds[i].params, kinds[i].e, kinds[i].tail);
    rng r = {29};
    jpegs_in_scans(&r);
    pngs_in_passes(&r);
    gifs_in_passes(&r);
    keys_and_texts();
    other_failures();
    parts();
    kal_memo_clear(NULL);
    return check_done();
}
