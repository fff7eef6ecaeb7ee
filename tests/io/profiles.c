// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// ICC profiles as bytes: which are sRGB's, gray ones as RGB, and damage.
#define _GNU_SOURCE
#include "files.h"
#include "icc.h"

static const char *const spaces[] = {"srgb",     "srgb_linear", "display_p3", "adobe_rgb",
                                     "prophoto", "rec2020",     "gray",       "gray_linear"};

static kal__blob profile_of(kal_scope *s, const char *space)
{
    const bool gray = !strncmp(space, "gray", 4);
    const kal_extent e = extent_of(2, 2, gray ? 1 : 3, KAL_U8);
    static const unsigned char pixels[12];
    char to[40];
    snprintf(to, sizeof to, "to=%s", space);
    kal_node *n = node_of(s, &e, pixels);
    n = kal_apply_text(s, "icc_assign", to, &n, 1);
    const void *icc;
    kal__blob b = {NULL, 0};
    if (kal_node_error(n, &check_error) == KAL_UNSUPPORTED)
        check_skip("no Little CMS");
    else
        REQUIRE_NOTE(kal_node_meta(n, "icc", &icc, &b.size), "%s: %s", space, check_error.message);
    if (b.size) b.data = malloc(b.size), memcpy(b.data, icc, b.size);
    return b;
}

static void test_known(void)
{
    kal_scope *s = kal_scope_new();
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        kal__blob b = profile_of(s, spaces[i]), rgb = {NULL, 0};
        if (!b.size) break;
        const bool gray = i > 5;
        REQUIRE_NOTE(kal__icc_is_whole(&b), "%s", spaces[i]);
        REQUIRE_NOTE(kal__icc_is_srgb(&b) == (i == 0 || i == 6), "%s", spaces[i]);
        REQUIRE(kal__icc_rgb_of_gray(&b, &rgb) && (rgb.size > 0) == gray);
        if (gray) REQUIRE(kal__icc_is_whole(&rgb) && kal__icc_is_srgb(&rgb) == (i == 6));
        free(rgb.data);
        free(b.data);
    }
    kal_scope_free(&s);
}

// A profile in memory is what icc_assign takes it for.
static void test_in_memory(void)
{
    kal_scope *s = kal_scope_new();
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        kal__blob b = profile_of(s, spaces[i]);
        if (!b.size) break;
        const kal_extent e = extent_of(3, 2, i > 5 ? 1 : 3, KAL_U8);
        static const unsigned char pixels[18] = {1, 2, 3, 4, 5, 6};
        const void *icc;
        size_t n;
        kal_node *pair[2] = {node_of(s, &e, pixels), kal_profile(s, b.data, b.size)};
        kal_node *with = kal_apply_text(s, "icc_assign", "", pair, 2);
        REQUIRE_OK(kal_node_error(with, &check_error));
        REQUIRE_NOTE(kal_node_meta(with, "icc", &icc, &n) && n == b.size && !memcmp(icc, b.data, n), "%s",
                     spaces[i]);
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_profile(s, b.data, b.size - 1), &check_error));
        memcpy((char *)b.data + 16, "CMYK", 4);
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_profile(s, b.data, b.size), &check_error));
        free(b.data);
    }
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_profile(s, NULL, 0), &check_error));
    kal_scope_free(&s);
}

// Whatever stands there, nothing outside of it is read, and what is cut is not whole.
static void test_damage(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {77};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        kal__blob b = profile_of(s, spaces[i]);
        for (size_t n = 0; n < b.size; n++) {
            const kal__blob cut = {memcpy(malloc(n + 1), b.data, n), n};
            REQUIRE_NOTE(!kal__icc_is_whole(&cut) && !kal__icc_is_srgb(&cut), "%zu bytes", n);
            free(cut.data);
        }
        for (int k = 0; k < 2000 && b.size; k++) {
            kal__blob bad = {memcpy(malloc(b.size), b.data, b.size), b.size}, rgb = {NULL, 0};
            for (int m = 1 + rng_below(&r, 4); m; m--)
                ((unsigned char *)bad.data)[rng_below(&r, (int32_t)b.size)] =
                    (unsigned char)rng_below(&r, 256);
            kal__icc_is_srgb(&bad);
            REQUIRE(kal__icc_rgb_of_gray(&bad, &rgb) && (!rgb.size || kal__icc_is_whole(&rgb)));
            free(rgb.data);
            free(bad.data);
        }
        free(b.data);
    }
    kal_scope_free(&s);
}

// Colours that a file names by numbers are those of the profile that says the same.
static void test_code_points(void)
{
    static const struct {
        int primaries, transfer;
        const char *space;   // NULL: as if nothing was said
    } cases[] = {{12, 13, "display_p3"}, {9, 1, "rec2020"}, {9, 14, "rec2020"},
                 {1, 8, "srgb_linear"},  {1, 13, NULL},     {1, 1, NULL},
                 {2, 2, NULL},           {9, 16, NULL},     {77, 13, NULL}};
    static const char *const formats[] = {
        "avif"};   // what we write as HEIC names colours in its stream alone
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(64, 48, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    smooth_pixels(&e, pixels);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        kal_node *file = kal_encode(s, node_of(s, &e, pixels), formats[f], NULL);
        kal_bytes b = {NULL, 0};
        if (kal_node_error(file, &check_error)) {
            check_skip("%s", check_error.message);
            continue;
        }
        REQUIRE_OK(kal_read_bytes(file, NULL, &b, &check_error));
        unsigned char *at = memmem(b.data, b.size, "colrnclx", 8);
        if (!REQUIRE_NOTE(at != NULL, "%s names no colours", formats[f])) continue;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            at[9] = (unsigned char)cases[i].primaries;
            at[11] = (unsigned char)cases[i].transfer;
            kal_node *n = kal_load_bytes(s, b.data, b.size, NULL);
            const void *icc;
            size_t size;
            char to[40];
            const bool has = kal_node_meta(n, "icc", &icc, &size);
            REQUIRE_NOTE(has == (cases[i].space != NULL), "%s, %d %d", formats[f], cases[i].primaries,
                         cases[i].transfer);
            if (!has || !cases[i].space) continue;
            snprintf(to, sizeof to, "to=%s", cases[i].space);
            kal_node *pair[2] = {n, kal_apply_text(s, "icc_assign", to, &n, 1)};
            for (int k = 0; k < 2; k++) pair[k] = kal_apply_text(s, "icc_transform", "to=srgb", &pair[k], 1);
            kal_value v;
            if (kal_node_error(pair[1], NULL) == KAL_UNSUPPORTED) break;
            REQUIRE_OK(kal_read_value(kal_apply_text(s, "psnr", "", pair, 2), NULL, &v, &check_error));
            REQUIRE_NOTE(v.v[0] > 52, "%s as %s: %g", formats[f], cases[i].space, v.v[0]);
            kal_value_free(&v);
        }
        kal_bytes_free(&b);
    }
    free(pixels);
    kal_scope_free(&s);
}

int main(void)
{
    test_known();
    test_in_memory();
    test_damage();
    test_code_points();
    return check_done();
}
