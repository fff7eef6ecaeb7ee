// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing GIF: pictures of few colours come back as they were, those of many nearly; what the format cannot hold is refused.
// tests/io/pages.c and pages_peers.sh are about animations.
#include "files.h"

// What such a picture is read as: RGB, with alpha where some place is for what is transparent.
static unsigned char *as_read(const kal_extent *e, const unsigned char *p, bool alpha, kal_extent *out)
{
    const int colours = e->channels - e->alpha;
    const size_t n = (size_t)e->width * (size_t)e->height;
    *out = (kal_extent){e->width, e->height, 3 + alpha, KAL_U8, KAL_RGB, alpha};
    unsigned char *r = calloc(n, 4);
    for (size_t i = 0; i < n; i++) {
        unsigned char *to = r + i * (size_t)out->channels;
        const unsigned char *from = p + i * (size_t)e->channels;
        if (e->alpha && from[colours] < 128) continue;
        for (int k = 0; k < 3; k++) to[k] = from[colours == 3 ? k : 0];
        if (alpha) to[3] = 255;
    }
    return r;
}

static void few(int32_t w, int32_t h, int channels, int n, int holes, uint64_t seed)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(w, h, channels, KAL_U8);
    unsigned char list[256][4], *p = malloc(bytes_of(&e));
    char what[100];
    rng r = {seed};
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 4; k++) list[i][k] = (unsigned char)rng_next(&r);
        list[i][0] = (unsigned char)(i * 256 / n);   // all are different, of gray too
        if (e.alpha) list[i][channels - 1] = (unsigned char)(i < holes ? rng_below(&r, 128) : 128 + i % 128);
    }
    const int change = rng_below(&r, 2) ? 1 : 6;
    for (size_t i = 0, v = 0; i < (size_t)w * (size_t)h; i++) {
        if (i < (size_t)n)
            v = i;
        else if (!rng_below(&r, change))
            v = (size_t)rng_below(&r, n);
        memcpy(p + i * (size_t)channels, list[v], (size_t)channels);
    }
    kal_extent want;
    unsigned char *pixels = as_read(&e, p, e.alpha && (holes || n < 256), &want);
    kal_bytes b = encoded(node_of(s, &e, p), "gif", NULL);
    snprintf(what, sizeof what, "%d×%d×%d, %d colours, %d clear, seed %d", w, h, channels, n, holes,
             (int)seed);
    require_picture(b.data, b.size, NULL, &want, pixels, what);
    kal_bytes_free(&b);
    free(pixels);
    free(p);
    kal_scope_free(&s);
}

// Squares of what a picture of many colours is wrong by, on average.
static double many(const char *params, int channels)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(231, 147, channels, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e));
    smooth_pixels(&e, p);
    for (size_t i = 3; channels == 4 && i < bytes_of(&e); i += 4) p[i] = i % 28 == 3 ? 127 : 128;
    kal_extent got, want;
    kal_bytes b = encoded(node_of(s, &e, p), "gif", params);
    unsigned char *is = decoded(b.data, b.size, NULL, &got), *pixels = as_read(&e, p, e.alpha, &want);
    double sum = 0;
    if (REQUIRE_NOTE(is && extent_equal(&got, &want), "%s", check_error.message))
        for (size_t i = 0; i < bytes_of(&got); i++) {
            sum += (is[i] - pixels[i]) * (is[i] - pixels[i]);
            if (e.alpha && i % 4 == 3 && is[i] != pixels[i]) sum += 1e9;
        }
    kal_bytes_free(&b);
    free(is), free(pixels), free(p);
    kal_scope_free(&s);
    return sum / (double)bytes_of(&want);
}

// Dithering is worse point by point and better on average over some.
static void dithers(void)
{
    const double plain = many(NULL, 3), dithered = many("dither=true", 3), alpha = many(NULL, 4);
    REQUIRE_NOTE(plain < 60 && alpha < 60, "%g, %g", plain, alpha);
    REQUIRE_NOTE(dithered > plain && dithered < 4 * plain, "%g, %g", dithered, plain);
}

static void refused(void)
{
    kal_scope *s = kal_scope_new();
    static const struct {
        const char *what;
        kal_extent e;
    } cases[] = {{"cast type=u8", {4, 4, 3, KAL_U16, KAL_RGB, false}},
                 {"band_extract", {4, 4, 5, KAL_U8, KAL_DATA, false}},
                 {"65535×65535", {65536, 1, 1, KAL_U8, KAL_GRAY, false}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *p = calloc(1, bytes_of(&cases[i].e));
        REQUIRE_FAILS(KAL_INVALID,
                      kal_node_error(kal_encode(s, node_of(s, &cases[i].e, p), "gif", NULL), &check_error));
        REQUIRE_NOTE(strstr(check_error.message, cases[i].what), "%s", check_error.message);
        free(p);
    }
    kal_scope_free(&s);
}

static kal_status two(const char *format, const kal_extent *a, const kal_extent *b)
{
    kal_scope *s = kal_scope_new();
    kal_album *album;
    rng r = {5};
    REQUIRE_OK(kal_album_create(check_temp("two"), format, &album, &check_error));
    REQUIRE_OK(kal_album_add(album, rng_image(&r, s, a), NULL, NULL, &check_error));
    const kal_status st = kal_album_add(album, rng_image(&r, s, b), NULL, NULL, &check_error);
    kal_album_abort(&album);
    kal_scope_free(&s);
    return st;
}

static bool is_there(const char *format)
{
    kal_scope *s = kal_scope_new();
    rng r = {5};
    const kal_extent e = extent_of(9, 8, 3, KAL_U8);
    const kal_status st = kal_node_error(kal_encode(s, rng_image(&r, s, &e), format, NULL), &check_error);
    kal_scope_free(&s);
    return !st;
}

static void unlike(const char *format)
{
    const kal_extent a = extent_of(9, 8, 3, KAL_U8), b = extent_of(9, 7, 3, KAL_U8),
                     c = extent_of(9, 8, 4, KAL_U8);
    REQUIRE_OK(two(format, &a, &a));
    REQUIRE_FAILS(KAL_INVALID, two(format, &a, &b));
    REQUIRE_NOTE(strstr(check_error.message, "9×7") && strstr(check_error.message, "picture 1 of"), "%s",
                 check_error.message);
    REQUIRE_FAILS(KAL_INVALID, two(format, &a, &c));
}

// XMP and the profile come along.
static void metadata(void)
{
    static const char xmp[] = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>of a picture, \xc3\xbc</x:xmpmeta>";
    kal_scope *s = kal_scope_new();
    rng r = {3};
    const kal_extent e = extent_of(20, 10, 3, KAL_U8);
    kal_bytes jpeg = encoded(rng_image(&r, s, &e), "jpeg", NULL), full = bytes_copy(jpeg.data, jpeg.size);
    kal_bytes icc = make_icc();
    add_to_jpeg(&full, NULL, &icc, xmp);
    kal_node *n = kal_load_bytes(s, full.data, full.size, NULL);
    kal_bytes with = encoded(n, "gif", NULL), without = encoded(n, "gif", "strip=true");
    n = kal_load_bytes(s, with.data, with.size, NULL);
    require_meta(n, "icc", icc.data, icc.size, "gif");
    require_meta(n, "xmp", xmp, sizeof xmp - 1, "gif");
    REQUIRE(without.size < with.size - icc.size);
    kal_bytes_free(&with), kal_bytes_free(&without), kal_bytes_free(&jpeg), bytes_free(&full),
        bytes_free(&icc);
    kal_scope_free(&s);
}

int main(void)
{
    static const int counts[] = {1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 64, 128, 129, 255, 256};
    uint64_t seed = 1;
    for (int channels = 1; channels <= 4; channels++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            few(counts[i], 1, channels, counts[i], channels % 2 ? 0 : 1, seed++);
            few(61, 53, channels, counts[i], channels % 2 ? 0 : 1 + counts[i] / 3, seed++);
        }
    few(331, 257, 3, 256, 0, seed++);   // codes run out again and again
    few(331, 257, 3, 2, 0, seed++);
    few(1, 1, 1, 1, 0, seed++);
    dithers();
    refused();
    metadata();
    unlike("gif");
    if (is_there("webp"))
        unlike("webp");
    else
        check_skip("%s", check_error.message);
    kal_memo_clear(NULL);
    return check_done();
}
