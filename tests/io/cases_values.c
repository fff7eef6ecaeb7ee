// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures, pages and metadata as their users meet them, a function a promise: docs/notes/io-cases.md has the list, and which of them other
// tests hold.
// What libx265 once took, and what libheif leaves of a file that breaks off, is theirs.
#define LEAKS_OF_OTHERS "leak:libx265.so\nleak:libheif.so\nleak:libdav1d.so\n"
#include "feeds.h"

#include <fcntl.h>
#include <unistd.h>

static kal_node *noise(kal_scope *s, kal_extent e, uint64_t seed)
{
    rng r = {seed};
    return rng_image(&r, s, &e);
}

// ---- pages --------------------------------------------------------------------------------------

// n pictures of 5×4, each of one colour, in a file of functions (free its data); nothing where that is not written here.
static kal_bytes album_of(const char *format, int n, const char *params)
{
    drain d = {.step = 0};
    const kal_output o = drain_output(&d);
    kal_album *a;
    kal_scope *s = kal_scope_new();
    if (kal_album_create_output(&o, format, &a, &check_error)) {
        check_skip("%s: %s", format, check_error.message);
        kal_scope_free(&s);
        return (kal_bytes){NULL, 0};
    }
    for (int i = 0; i < n; i++) {
        char call[60];
        snprintf(call, sizeof call, "color=[%d 2 3] width=5 height=4", i + 1);
        REQUIRE_OK(kal_album_add(a, kal_apply_text(s, "solid", call, NULL, 0), params, &fresh, &check_error));
    }
    REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));
    kal_scope_free(&s);
    return (kal_bytes){d.data, d.size};
}

// That a page is of 5×4 and of the colour i.
static void require_page(const kal_node *n, int i, const char *what)
{
    kal_extent e = {0};
    unsigned char *p = read_all(n, &fresh, &e);
    REQUIRE_NOTE(p && e.width == 5 && e.height == 4 && e.channels == 3 && p[0] == i + 1 && p[59] == 3,
                 "%s, page %d: %s", what, i, p ? "another picture" : check_error.message);
    free(p);
}

// V1, V2, V3: of any format the first page comes without a word, any by its number, all by walking, one too; another number is one error.
static void pages(void)
{
    static const char *const formats[] = {"gif", "png", "webp", "tiff"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (int n = 1; n <= 3; n += 2) {
            const char *f = formats[i];
            kal_bytes b = album_of(f, n, strcmp(f, "webp") ? NULL : "lossless=true");
            if (!b.size) continue;
            kal_scope *s = kal_scope_new();
            kal_node *first = kal_load_bytes(s, b.data, b.size, NULL), *page;
            require_page(first, 0, f);
            if (n == 3) require_page(kal_load_bytes(s, b.data, b.size, "page=1"), 1, f);
            kal_pages *walk;
            int32_t k = 0;
            REQUIRE_OK(kal_pages_open(first, &walk, &check_error));
            REQUIRE_NOTE(kal_pages_count(walk) == n, "%s: %d", f, kal_pages_count(walk));
            for (; (page = kal_pages_next(walk, s)) != NULL; k++) require_page(page, k, f);
            REQUIRE_NOTE(k == n, "%s: %d", f, k);
            kal_pages_close(&walk);
            page = kal_load_bytes(s, b.data, b.size, "page=7");
            REQUIRE_FAILS(KAL_INVALID, kal_node_error(page, &check_error));
            REQUIRE_NOTE(strstr(check_error.message, "page 7: there ") &&
                             strstr(check_error.message, n == 3 ? "3, from 0 to 2" : "one picture"),
                         "%s: %s", f, check_error.message);
            kal_scope_free(&s);
            free(b.data);
        }
}

// V11: a walk that ends after two of a hundred decoded two, and lets go of the source with what it gave.
static void two_of_a_hundred(void)
{
    kal_bytes b = album_of("gif", 100, NULL);
    feed f = {.data = b.data, .size = b.size};
    const kal_input in = input_of(&f, true);
    kal_scope *s = kal_scope_new();
    kal_pages *walk;
    uint64_t decodes = 0;
    REQUIRE_OK(kal_pages_open(kal_load_input(s, &in, NULL), &walk, &check_error));
    REQUIRE(kal_pages_count(walk) == 100);
    for (int i = 0; i < 2; i++) {
        kal_stats stats = {0};
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .stats = &stats};
        unsigned char *p = read_all(kal_pages_next(walk, s), &o, NULL);
        REQUIRE_NOTE(p && p[0] == i + 1, "%s", check_error.message);
        decodes += stats.decodes;
        free(p);
    }
    REQUIRE_NOTE(decodes == 1, "%llu", (unsigned long long)decodes);   // begun once, and gone on with
    kal_pages_close(&walk);
    kal_scope_free(&s);
    REQUIRE_NOTE(f.closes == 1, "%d", f.closes);
    free(b.data);
}

// ---- headers ------------------------------------------------------------------------------------

#define VAST ((size_t)300020000)

typedef struct vast {
    const unsigned char *head;
    size_t n_head, at;
    uint64_t read;
} vast;

static ptrdiff_t vast_read(void *user, void *dst, size_t n, kal_error *err)
{
    vast *v = user;
    (void)err;
    if (n > VAST - v->at) n = VAST - v->at;
    memset(dst, 0, n);
    if (v->at < v->n_head) memcpy(dst, v->head + v->at, n < v->n_head - v->at ? n : v->n_head - v->at);
    v->at += n, v->read += n;
    return (ptrdiff_t)n;
}

static kal_status vast_seek(void *user, uint64_t at, kal_error *err)
{
    (void)err;
    ((vast *)user)->at = (size_t)at;
    return KAL_OK;
}

static int64_t vast_size(void *user)
{
    (void)user;
    return VAST;
}

// V4: what a file of 10,000×10,000 is, costs its head.
static void heads(void)
{
    static const char ppm[] = "P6 10000 10000 255\n",
                      npy[] = "\x93NUMPY\1\0\x45\0{'descr': '|u1', 'fortran_order': False, 'shape': "
                              "(10000, 10000, 3)}\n";
    kal_bytes png = bytes_copy("\x89PNG\r\n\x1a\n", 8);
    splice(&png, 8, png_chunk("IHDR", "\0\0\x27\x10\0\0\x27\x10\x08\2\0\0", 13));
    png = bytes_join(png, "\x11\xe1\xf0\xf3IDAT\x78\x01", 10);
    const struct {
        const void *head;
        size_t n;
    } files[] = {{ppm, sizeof ppm - 1}, {png.data, png.size}, {npy, sizeof npy - 1}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        vast v = {files[i].head, files[i].n, 0, 0};
        const kal_input in = {
            .name = "vast", .user = &v, .read = vast_read, .seek = vast_seek, .size = vast_size};
        kal_node *n = kal_load_input(NULL, &in, "keyed=false");
        kal_extent e = {0};
        REQUIRE_OK(kal_node_extent(n, &e, &check_error));
        REQUIRE_NOTE(e.width == 10000 && e.height == 10000 && e.channels == 3 && v.read <= 65536,
                     "%zu: %llu bytes", i, (unsigned long long)v.read);
        kal_node_unref(&n);
    }
    bytes_free(&png);
}

// ---- orientation --------------------------------------------------------------------------------

static kal_bytes png_turned(kal_scope *s, int orientation)
{
    kal_bytes png = encoded(noise(s, extent_of(4, 2, 3, KAL_U8), 1), "png", NULL),
              b = bytes_copy(png.data, png.size), exif = make_exif(orientation, true);
    splice(&b, 33, png_chunk("eXIf", exif.data, exif.size));
    bytes_free(&exif);
    kal_bytes_free(&png);
    return b;
}

// V5, V6: the size that is told is the size that is read, turned or not; what was found and whether it was applied is always told, and what is
// saved is upright and says so.
static void turned(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b = png_turned(s, 6);
    unsigned char *stored = read_all(noise(s, extent_of(4, 2, 3, KAL_U8), 1), NULL, NULL);
    for (int upright_ = 0; upright_ < 2; upright_++) {
        kal_node *n = kal_load_bytes(s, b.data, b.size, upright_ ? NULL : "upright=false");
        kal_extent e = {0}, read = {0}, lies = extent_of(4, 2, 3, KAL_U8), stands;
        int orientation;
        bool applied;
        REQUIRE_OK(kal_node_extent(n, &e, &check_error));
        unsigned char *p = read_all(n, &fresh, &read), *turned_ = upright(6, &lies, stored, &stands);
        const kal_extent want = upright_ ? stands : lies;
        REQUIRE(extent_equal(&e, &want) && extent_equal(&read, &want));
        REQUIRE(p && !memcmp(p, upright_ ? turned_ : stored, bytes_of(&want)));
        kal_node_orientation(n, &orientation, &applied);
        REQUIRE(orientation == 6 && applied == upright_);
        kal_bytes again = encoded(n, "png", NULL);
        kal_node *back = kal_load_bytes(s, again.data, again.size, NULL);   // turned now, where it was not
        unsigned char *q = read_all(back, &fresh, &read);
        REQUIRE(q && read.width == 2 && read.height == 4 && !memcmp(q, turned_, bytes_of(&read)));
        kal_node_orientation(back, &orientation, &applied);
        REQUIRE(orientation == (upright_ ? 1 : 6) && applied == !upright_);
        kal_bytes_free(&again);
        free(p), free(q), free(turned_);
    }
    free(stored);
    bytes_free(&b);
    kal_scope_free(&s);
}

// V7: an orientation that there is not turns nothing, and its number can be seen.
static void no_orientation(void)
{
    static const int none[] = {0, 9, 77};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        kal_scope *s = kal_scope_new();
        kal_bytes b = png_turned(s, none[i]);
        kal_node *n = kal_load_bytes(s, b.data, b.size, NULL);
        kal_extent e = {0};
        int orientation;
        bool applied;
        kal_field field = {0};
        unsigned char *p = read_all(n, &fresh, &e),
                      *stored = read_all(noise(s, extent_of(4, 2, 3, KAL_U8), 1), &fresh, NULL);
        REQUIRE(p && e.width == 4 && e.height == 2 && !memcmp(p, stored, bytes_of(&e)));
        kal_node_orientation(n, &orientation, &applied);
        REQUIRE(orientation == 1 && !applied);
        REQUIRE_NOTE(kal_node_field(n, "exif.Orientation", &field) && field.numbers[0] == none[i], "%d",
                     none[i]);
        free(p), free(stored);
        bytes_free(&b);
        kal_scope_free(&s);
    }
}

// ---- to bytes and back --------------------------------------------------------------------------

// V8: what is lossless comes back as it was.
static void there_and_back(void)
{
    static const struct {
        const char *format, *params;
        kal_extent e;
    } ways[] = {{"png", NULL, {31, 23, 3, KAL_U8, KAL_RGB, false}},
                {"png", NULL, {31, 23, 4, KAL_U16, KAL_RGB, true}},
                {"ppm", NULL, {31, 23, 3, KAL_U16, KAL_RGB, false}},
                {"pfm", NULL, {31, 23, 3, KAL_F32, KAL_RGB, false}},
                {"qoi", NULL, {31, 23, 4, KAL_U8, KAL_RGB, true}},
                {"bmp", NULL, {31, 23, 3, KAL_U8, KAL_RGB, false}},
                {"npy", NULL, {31, 23, 7, KAL_F32, KAL_DATA, false}},
                {"tiff", NULL, {31, 23, 4, KAL_U16, KAL_RGB, true}},
                {"tiff", "compression=lzw", {31, 23, 3, KAL_F32, KAL_RGB, false}},
                {"webp", "lossless=true", {31, 23, 3, KAL_U8, KAL_RGB, false}},
                {"jp2", "lossless=true", {31, 23, 3, KAL_U16, KAL_RGB, false}},
                {"jxl", "lossless=true", {31, 23, 4, KAL_U16, KAL_RGB, true}},
                {"avif", "lossless=true", {31, 23, 3, KAL_U8, KAL_RGB, false}},
                {"heif", "lossless=true", {31, 23, 3, KAL_U8, KAL_RGB, false}}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        kal_scope *s = kal_scope_new();
        kal_bytes b = {NULL, 0};
        kal_node *n = noise(s, ways[i].e, i + 1);
        const kal_status st =
            kal_read_bytes(kal_encode(s, n, ways[i].format, ways[i].params), &fresh, &b, &check_error);
        if (st == KAL_UNSUPPORTED) check_skip("%s: %s", ways[i].format, check_error.message);
        REQUIRE_NOTE(!st || st == KAL_UNSUPPORTED, "%s: %s", ways[i].format, check_error.message);
        if (!st) {
            kal_extent e = {0};
            void *want = read_all(n, &fresh, NULL), *got = decoded(b.data, b.size, NULL, &e);
            REQUIRE_NOTE(got && extent_equal(&e, &ways[i].e) && !memcmp(got, want, bytes_of(&e)), "%s %s: %s",
                         ways[i].format, ways[i].params ? ways[i].params : "",
                         got ? "another picture" : check_error.message);
            free(want), free(got);
        }
        kal_bytes_free(&b);
        kal_scope_free(&s);
    }
}

// V9: copied bytes, borrowed ones, functions, a descriptor and a path are one node; V10: whatever the path's suffix says.
static void wherever_from(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b = encoded(noise(s, extent_of(31, 23, 3, KAL_U8), 2), "png", NULL);
    const char *path = check_temp("a.png"), *wrong = check_temp("a.jpg");
    put_file(path, b.data, b.size), put_file(wrong, b.data, b.size);
    feed f = {.data = b.data, .size = b.size}, g = f;
    const kal_input in = input_of(&f, true), pipe_ = input_of(&g, false);
    const int fd = open(path, O_RDONLY);
    kal_node *const n[] = {kal_load_bytes(s, b.data, b.size, NULL),
                           kal_load_borrowed(s, b.data, b.size, NULL, NULL, NULL),
                           kal_load_input(s, &in, NULL),
                           kal_load_input(s, &pipe_, NULL),
                           kal_load_fd(s, fd, NULL, NULL),
                           kal_load(s, path, NULL),
                           kal_load(s, wrong, NULL)};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++)
        REQUIRE_NOTE(!kal_node_error(n[i], &check_error) && n[i] == n[0], "%zu: %s", i, check_error.message);
    REQUIRE_FAILS(KAL_CORRUPT, kal_node_error(kal_load(s, path, "format=jpeg"), &check_error));
    close(fd);
    kal_scope_free(&s);
    kal_bytes_free(&b);
}

int main(void)
{
    pages();
    two_of_a_hundred();
    heads();
    turned();
    no_orientation();
    there_and_back();
    wherever_from();
    kal_memo_clear(NULL);
    return check_done();
}
