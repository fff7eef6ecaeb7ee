// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures that break off, asked for all the same: the rows that are there are those of the whole picture, the others are 0, the warning says
// where that begins, and nothing of it is taken for the whole picture, or kept. Without `lenient` they stay errors.
#include "files.h"
#include "gifs.h"

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
    keys_and_texts();
    other_failures();
    parts();
    kal_memo_clear(NULL);
    return check_done();
}
