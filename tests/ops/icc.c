// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Colour profiles: known colours, where the profile goes, and what is wrong with a bad one.
#include "check.h"

static kal_node *one_pixel(kal_scope *s, int r, int g, int b)
{
    const kal_extent e = extent_of(1, 1, 3, KAL_U8);
    const unsigned char v[3] = {(unsigned char)r, (unsigned char)g, (unsigned char)b};
    return kal_pixels(s, &e, v, 3);
}

static void has_pixel(const kal_node *n, int r, int g, int b)
{
    unsigned char *p = read_all(n, NULL, NULL);
    REQUIRE(p != NULL);
    if (p)
        REQUIRE_NOTE(abs(p[0] - r) <= 1 && abs(p[1] - g) <= 1 && abs(p[2] - b) <= 1, "%d %d %d, not %d %d %d",
                     p[0], p[1], p[2], r, g, b);
    free(p);
}

static kal_node *op(kal_scope *s, const char *name, const char *params, kal_node *a, kal_node *b)
{
    return kal_apply_text(s, name, params, (kal_node *[]){a, b}, b ? 2 : 1);
}

// From the definitions of the spaces: a colour in one is computed by hand in the other, to the nearest of 255.
static void known_colours(kal_scope *s)
{
    has_pixel(op(s, "icc_transform", "to=display_p3", one_pixel(s, 255, 0, 0), NULL), 234, 51, 35);
    has_pixel(op(s, "icc_transform", "to=display_p3", one_pixel(s, 0, 255, 0), NULL), 117, 251, 76);
    has_pixel(op(s, "icc_transform", "to=adobe_rgb", one_pixel(s, 0, 255, 0), NULL), 144, 255, 60);
    has_pixel(op(s, "icc_transform", "from=display_p3", one_pixel(s, 234, 51, 35), NULL), 255, 0, 0);
    has_pixel(op(s, "icc_transform", "to=srgb_linear", one_pixel(s, 128, 128, 128), NULL), 55, 55, 55);
    has_pixel(op(s, "icc_transform", "to=rec2020", one_pixel(s, 255, 255, 255), NULL), 255, 255, 255);
}

static kal_bytes profile_of(const kal_node *n)
{
    const void *data = NULL;
    size_t size = 0;
    kal_node_meta(n, "icc", &data, &size);
    return (kal_bytes){(unsigned char *)(uintptr_t)data, size};
}

static bool same_profile(const kal_node *a, const kal_node *b)
{
    const kal_bytes p = profile_of(a), q = profile_of(b);
    return p.size == q.size && (!p.size || !memcmp(p.data, q.data, p.size));
}

// It goes with the picture that pixels come from, and not with one of other colours.
static void where_it_goes(kal_scope *s)
{
    rng r = {3};
    const kal_extent e = extent_of(20, 16, 3, KAL_U8), mask = {20, 16, 1, KAL_U8, KAL_MASK, false};
    kal_node *plain = rng_image(&r, s, &e), *p3 = op(s, "icc_assign", "to=display_p3", plain, NULL);
    kal_node *where = rng_image(&r, s, &mask);
    REQUIRE(profile_of(plain).size == 0 && profile_of(p3).size > 132);
    REQUIRE(same_profile(op(s, "gaussian", "2", p3, NULL), p3));
    REQUIRE(profile_of(op(s, "gray", "", p3, NULL)).size == 0);
    REQUIRE(profile_of(op(s, "threshold", "", op(s, "band_extract", "0", p3, NULL), NULL)).size == 0);
    REQUIRE(same_profile(op(s, "insert", "", plain, p3), p3));
    REQUIRE(!same_profile(op(s, "insert", "", p3, plain), p3));
    REQUIRE(same_profile(op(s, "add", "", p3, plain), p3));
    kal_node *const pile[3] = {plain, plain, p3}, *const blend[3] = {plain, where, p3};
    REQUIRE(same_profile(kal_apply_text(s, "layers", "at=[1 1 2 2]", pile, 3), p3));
    REQUIRE(same_profile(kal_apply_text(s, "mask_blend", "", blend, 3), p3));
    kal_node *gray = op(s, "icc_transform", "to=gray", p3, NULL);
    REQUIRE(profile_of(gray).size > 132 && !memcmp(profile_of(gray).data + 16, "GRAY", 4));
}

static void files_keep_it(kal_scope *s)
{
    rng r = {4};
    const kal_extent e = extent_of(20, 16, 3, KAL_U8);
    kal_node *p3 = op(s, "icc_assign", "to=display_p3", rng_image(&r, s, &e), NULL);
    static const char *const formats[] = {"png", "jpeg"};
    for (size_t i = 0; i < 2; i++) {
        kal_bytes file;
        REQUIRE_OK(kal_read_bytes(kal_encode(s, p3, formats[i], NULL), NULL, &file, &check_error));
        kal_node *back = kal_load_bytes(s, file.data, file.size, NULL);
        REQUIRE_NOTE(same_profile(back, p3), "%s", formats[i]);
        kal_key a, b;
        REQUIRE_OK(kal_node_key(op(s, "icc_transform", "", back, NULL), &a, &check_error));
        REQUIRE_OK(kal_node_key(op(s, "icc_transform", "from=srgb", back, NULL), &b, &check_error));
        REQUIRE_NOTE(!kal_key_equal(a, b), "%s: the embedded profile is what it comes from", formats[i]);
        kal_bytes_free(&file);
    }
}

// Working in linear light and back to where the picture came from, by naming the picture.
static void there_and_back(kal_scope *s)
{
    rng r = {5};
    const kal_extent e = extent_of(40, 30, 4, KAL_U8);
    kal_node *p3 = op(s, "icc_assign", "to=display_p3", rng_image(&r, s, &e), NULL);
    kal_node *wide = op(s, "cast", "f32", p3, NULL);
    kal_node *work = op(s, "icc_transform", "to=srgb_linear", wide, NULL);
    kal_node *back = op(s, "cast", "u8", op(s, "icc_transform", "", work, p3), NULL);
    REQUIRE(same_profile(back, p3) && !same_profile(work, p3));
    unsigned char *a = read_all(p3, NULL, NULL), *b = read_all(back, NULL, NULL);
    int off = 0;
    for (size_t i = 0; a && b && i < bytes_of(&e); i++)
        if (abs(a[i] - b[i]) > off) off = abs(a[i] - b[i]);
    REQUIRE_NOTE(a && b && off <= 1, "off by %d", off);
    free(a), free(b);
    REQUIRE(op(s, "icc_transform", "", p3, p3) == p3);   // from a profile to itself
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(bytes, 1, n, f) == n);
    if (f) fclose(f);
}

static kal_status with_file(kal_scope *s, kal_node *image, const char *path)
{
    char params[400];
    snprintf(params, sizeof params, "profile=\"%s\"", path);
    kal_node *n = op(s, "icc_transform", params, image, NULL);
    kal_status st = kal_node_error(n, &check_error);
    if (st) return st;
    unsigned char rgb[3];
    return kal_read(n, kal_rect_of(0, 0, 1, 1), rgb, 3, NULL, &check_error);
}

static void bad_profiles(kal_scope *s)
{
    kal_node *pixel = one_pixel(s, 1, 2, 3), *p3 = op(s, "icc_assign", "to=display_p3", pixel, NULL);
    const kal_bytes good = profile_of(p3);
    const char *path = check_temp("a.icc");
    write_file(path, good.data, good.size);
    REQUIRE_OK(with_file(s, pixel, path));
    for (size_t n = 0; n < good.size; n += 1 + n / 16) {   // cut off: an error, or what is left says enough
        write_file(path, good.data, n);
        const kal_status st = with_file(s, pixel, path);
        REQUIRE_NOTE(n >= 132 || st == KAL_INVALID, "%zu bytes: %s", n, kal_status_name(st));
        REQUIRE_NOTE(!st || st == KAL_INVALID || st == KAL_CORRUPT, "%zu bytes: %s", n, kal_status_name(st));
    }
    rng r = {6};
    unsigned char *bad = malloc(good.size);
    for (int i = 0; i < 300; i++) {   // bytes changed: never worse than wrong colours
        memcpy(bad, good.data, good.size);
        for (int k = 0; k < 4; k++)
            bad[rng_below(&r, (int32_t)good.size)] = (unsigned char)rng_below(&r, 256);
        write_file(path, bad, good.size);
        const kal_status st = with_file(s, pixel, path);
        REQUIRE_NOTE(!st || st == KAL_INVALID || st == KAL_CORRUPT, "%s", check_error.message);
    }
    memcpy(bad, good.data, good.size);
    memcpy(bad + 16, "CMYK", 4);
    write_file(path, bad, good.size);
    REQUIRE_FAILS(KAL_INVALID, with_file(s, pixel, path));
    REQUIRE(strstr(check_error.message, "CMYK"));
    free(bad);
    REQUIRE_FAILS(KAL_IO, with_file(s, pixel, check_temp("nowhere.icc")));
}

static void mistakes(kal_scope *s)
{
    const kal_extent five = {2, 2, 5, KAL_U8, KAL_DATA, false};
    rng r = {7};
    kal_node *pixel = one_pixel(s, 1, 2, 3), *data = rng_image(&r, s, &five);
    static const char *const wrong[] = {"to=like", "to=file", "from=embedded", "from=file", "from=gray"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        REQUIRE_FAILS(KAL_INVALID,
                      kal_node_error(op(s, "icc_transform", wrong[i], pixel, NULL), &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(op(s, "icc_transform", "to=srgb", pixel, pixel), &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(op(s, "icc_transform", "", data, NULL), &check_error));
}

int main(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = op(s, "icc_transform", "", one_pixel(s, 0, 0, 0), NULL);
    if (kal_node_error(n, &check_error) == KAL_UNSUPPORTED) {
        check_skip("%s", check_error.message);
    } else {
        known_colours(s);
        where_it_goes(s);
        files_keep_it(s);
        there_and_back(s);
        bad_profiles(s);
        mistakes(s);
    }
    kal_scope_free(&s);
    return check_done();
}
