// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `load keyed=false`: of a large file the header alone is read, whatever its format; pixels are the same, nothing is remembered, and a file that
// changes is still found out.
#include "files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct feed {
    const unsigned char *data;
    size_t size, at;
    uint64_t read;
} feed;

static ptrdiff_t feed_read(void *user, void *dst, size_t n, kal_error *err)
{
    feed *f = user;
    (void)err;
    if (f->at > f->size) return 0;
    if (n > f->size - f->at) n = f->size - f->at;
    memcpy(dst, f->data + f->at, n);
    f->at += n;
    f->read += n;
    return (ptrdiff_t)n;
}

static kal_status feed_seek(void *user, uint64_t at, kal_error *err)
{
    (void)err;
    ((feed *)user)->at = (size_t)at;
    return KAL_OK;
}

static int64_t feed_size(void *user)
{
    return (int64_t)((feed *)user)->size;
}

static kal_node *noise(kal_scope *s)
{
    rng r = {4};
    const kal_extent e = extent_of(1203, 907, 3, KAL_U8);
    return rng_image(&r, s, &e);
}

static void header_alone(void)
{
    static const char *const formats[] = {"jpeg", "png", "tiff", "heic", "avif",
                                          "webp", "ppm", "qoi",  "bmp",  "npy"};
    kal_scope *s = kal_scope_new();
    kal_node *n = noise(s);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        kal_bytes b;
        kal_node *encoded = kal_encode(s, n, formats[i], NULL);
        if (kal_read_bytes(encoded, NULL, &b, &check_error)) {
            check_skip("%s", check_error.message);
            continue;
        }
        feed f = {.data = b.data, .size = b.size};
        const kal_input in = {
            .name = "feed", .user = &f, .read = feed_read, .seek = feed_seek, .size = feed_size};
        kal_node *bare = kal_load_input(s, &in, "keyed=false"),
                 *again = kal_load_input(s, &in, "keyed=false");
        kal_extent e, same;
        REQUIRE_OK(kal_node_extent(bare, &e, &check_error));
        REQUIRE_OK(kal_node_extent(kal_load_bytes(s, b.data, b.size, NULL), &same, &check_error));
        REQUIRE_NOTE(extent_equal(&e, &same), "%s", formats[i]);
        REQUIRE_NOTE(f.read <= 2 * 65536 && f.read < f.size, "%s: %llu bytes of %zu for two headers",
                     formats[i], (unsigned long long)f.read, f.size);
        kal_key k[2];
        REQUIRE_OK(kal_node_key(bare, &k[0], &check_error));
        REQUIRE_OK(kal_node_key(again, &k[1], &check_error));
        REQUIRE_NOTE(!kal_key_equal(k[0], k[1]), "%s", formats[i]);
        void *got = read_all(bare, NULL, NULL),
             *want = read_all(kal_load_bytes(s, b.data, b.size, NULL), NULL, NULL);
        REQUIRE_NOTE(got && want && !memcmp(got, want, bytes_of(&e)), "%s", formats[i]);
        free(got);
        free(want);
        kal_bytes_free(&b);
    }
    kal_scope_free(&s);
}

static void changed(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes a, b;
    const char *path = check_temp("a.tif");
    REQUIRE_OK(kal_read_bytes(kal_encode(s, noise(s), "tiff", NULL), NULL, &a, &check_error));
    REQUIRE_OK(kal_read_bytes(
        kal_encode(s, kal_apply_text(s, "invert", "", (kal_node *[]){noise(s)}, 1), "tiff", NULL), NULL, &b,
        &check_error));
    put_file(path, a.data, a.size);
    usleep(2200000);
    kal_node *bare = kal_load(s, path, "keyed=false"), *keyed = kal_load(s, path, NULL);
    put_file(path, b.data, b.size);
    kal_extent e;
    REQUIRE_OK(kal_node_extent(bare, &e, &check_error));
    unsigned char *p = malloc(bytes_of(&e));
    const ptrdiff_t stride = (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e));
    kal_memo_clear(NULL);
    REQUIRE_FAILS(KAL_CHANGED, kal_read(bare, kal_rect_all(&e), p, stride, NULL, &check_error));
    REQUIRE_FAILS(KAL_CHANGED, kal_read(keyed, kal_rect_all(&e), p, stride, NULL, &check_error));
    free(p);
    kal_bytes_free(&a);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// Stores through a mapping whose pages were dirty before the file was loaded.
static void stored_through_a_mapping(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes a;
    const char *path = check_temp("mapped.tif");
    REQUIRE_OK(kal_read_bytes(kal_encode(s, noise(s), "tiff", NULL), NULL, &a, &check_error));
    put_file(path, a.data, a.size);
    const int fd = open(path, O_RDWR);
    unsigned char *m = mmap(NULL, a.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (REQUIRE(fd >= 0 && m != MAP_FAILED)) {
        const size_t from = a.size / 4;
        for (size_t i = from; i < a.size / 2; i++) m[i] ^= 1;
        usleep(2200000);
        kal_key before, after;
        kal_extent e;
        kal_node *n = kal_load(s, path, NULL);
        REQUIRE_OK(kal_node_key(n, &before, &check_error));
        REQUIRE_OK(kal_node_extent(n, &e, &check_error));
        for (size_t i = from; i < a.size / 2; i++) m[i] ^= 0x55;
        REQUIRE_OK(kal_node_key(kal_load(s, path, NULL), &after, &check_error));
        REQUIRE(!kal_key_equal(before, after));
        unsigned char *p = malloc(bytes_of(&e));
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER};
        REQUIRE_FAILS(KAL_CHANGED,
                      kal_read(n, kal_rect_all(&e), p, (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)), &o,
                               &check_error));
        free(p);
        munmap(m, a.size);
    }
    if (fd >= 0) close(fd);
    kal_bytes_free(&a);
    kal_scope_free(&s);
}

// Pixels in many chunks, most of one length, and what the picture is said to be behind them: found, and not by reading them all.
static void behind_many_chunks(void)
{
    rng r = {21};
    for (int i = 0; i < 60; i++) {
        kal_scope *s = kal_scope_new();
        const kal_extent e = extent_of(60 + rng_below(&r, 60), 40, 3, KAL_U8);
        kal_bytes png = encoded(rng_image(&r, s, &e), "png", NULL), all = bytes_copy(png.data, 33);
        kal_bytes data = {NULL, 0}, exif = make_exif(1, true);
        for (size_t at = 33; at + 12 <= png.size;) {
            const unsigned char *p = (const unsigned char *)png.data + at;
            const size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
            if (!memcmp(p + 4, "IDAT", 4)) data = bytes_join(data, p + 8, n);
            at += n + 12;
        }
        const size_t size = 20 + (size_t)rng_below(&r, 300);
        for (size_t at = 0; at < data.size;) {
            size_t n = rng_below(&r, 12) ? size : 1 + (size_t)rng_below(&r, 400);
            if (n > data.size - at) n = data.size - at;
            splice(&all, all.size, png_chunk("IDAT", (const unsigned char *)data.data + at, n));
            at += n;
        }
        splice(&all, all.size, png_chunk("eXIf", exif.data, exif.size));
        splice(&all, all.size, png_chunk("IEND", NULL, 0));
        put_file(check_temp("many.png"), all.data, all.size);
        kal_node *n = kal_load(s, check_temp("many.png"), "keyed=false");
        require_meta(n, "exif", exif.data, exif.size, "behind many chunks");
        kal_key a = {0}, b = {1, 1};
        REQUIRE_OK(kal_content_key(n, NULL, &a, &check_error));
        REQUIRE_OK(kal_content_key(kal_load_bytes(s, png.data, png.size, NULL), NULL, &b, &check_error));
        REQUIRE(kal_key_equal(a, b));
        bytes_free(&all), bytes_free(&data), bytes_free(&exif);
        kal_bytes_free(&png);
        kal_scope_free(&s);
    }
}

int main(void)
{
    header_alone();
    changed();
    stored_through_a_mapping();
    behind_many_chunks();
    kal_memo_clear(NULL);
    return check_done();
}
