// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The format "optimize", of pictures of all kinds: the file that they come from, gray, alpha, 16 bits and floats, profiles and fields, and smaller ones.
#include "optimizing.h"

// ---- the original -------------------------------------------------------------------------------

static void write_bytes(const char *path, const kal_bytes *b)
{
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(b->data, 1, b->size, f) == b->size);
    if (f) fclose(f);
}

static void test_original(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b;
    kal_choice c;
    const char *path = check_temp("small.jpg");
    REQUIRE_OK(kal_read_bytes(kal_encode(s, scene(s, 160, 120, 3, KAL_U8, 2), "jpeg", "quality=30"), NULL, &b,
                              &check_error));
    write_bytes(path, &b);
    kal_node *photo = kal_load(s, path, NULL);
    kal_bytes gif;   // of a format that is not tried unless it is asked for
    REQUIRE_OK(
        kal_read_bytes(kal_encode(s, scene(s, 20, 20, 1, KAL_U8, 2), "gif", NULL), NULL, &gif, &check_error));
    kal_node *still = kal_load_bytes(s, gif.data, gif.size, NULL);
    REQUIRE_OK(kal_choose(optimized(s, still, "min_score=100"), NULL, &c, &check_error));
    REQUIRE(c.candidates[0].original && c.size <= gif.size);
    kal_choice_release(&c);
    kal_bytes_free(&gif);
    REQUIRE_OK(
        kal_choose(optimized(s, photo, "min_score=90 formats=\"jpeg, png,png\""), NULL, &c, &check_error));
    REQUIRE(c.passed && chosen(&c)->original && c.size == b.size && !memcmp(c.data, b.data, b.size));
    REQUIRE_TEXT(c.suffix, "jpg");
    REQUIRE_TEXT(c.media_type, "image/jpeg");
    kal_node *file = kal_choice_file(s, &c);
    kal_choice_release(&c);
    const char *out = check_temp("kept.jpg");
    REQUIRE_OK(kal_write_files(&file, &out, 1, NULL, &check_error));
    kal_node *back = kal_load(s, out, NULL);
    kal_key keys[2];
    REQUIRE_OK(kal_node_key(back, &keys[0], &check_error));
    REQUIRE_OK(kal_node_key(photo, &keys[1], &check_error));
    REQUIRE(kal_key_equal(keys[0], keys[1]));
    static const char *const without[] = {"min_score=90 formats=\"jpeg\" original=false",
                                          "min_score=90 formats=\"png\"",
                                          "min_score=90 formats=\"jpeg\" metadata=strip"};
    for (size_t i = 0; i < 3; i++) {
        REQUIRE_OK(kal_choose(optimized(s, photo, without[i]), NULL, &c, &check_error));
        for (int32_t k = 0; k < c.n; k++) REQUIRE_NOTE(!c.candidates[k].original, "%s", without[i]);
        kal_choice_release(&c);
    }
    kal_node *cut = kal_apply_text(s, "crop", "x=0 y=0 width=100 height=100", &photo, 1);
    REQUIRE_OK(kal_choose(optimized(s, cut, "min_score=60 formats=\"jpeg\""), NULL, &c, &check_error));
    for (int32_t k = 0; k < c.n; k++) REQUIRE(!c.candidates[k].original);
    kal_choice_release(&c);
    kal_bytes_free(&b);
    const char *other = check_temp("other.jpg");
    REQUIRE_OK(kal_read_bytes(kal_encode(s, scene(s, 160, 120, 3, KAL_U8, 21), "jpeg", "quality=30"), NULL,
                              &b, &check_error));
    write_bytes(other, &b);
    kal_node *later = optimized(s, kal_load(s, other, NULL), "min_score=50 formats=\"jpeg\"");
    b.data[b.size / 2] ^= 1;   // another file by now
    write_bytes(other, &b);
    REQUIRE_FAILS(KAL_CHANGED, kal_choose(later, NULL, &c, &check_error));
    REQUIRE(!c.n && !c.held);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// ---- pictures of all kinds ----------------------------------------------------------------------

static void test_kinds(void)
{
    static const struct {
        int32_t w, h, channels;
        kal_type type;
        const char *params, *only;   // only: the format that must win; NULL: any
    } kinds[] = {{1, 1, 3, KAL_U8, "", NULL},
                 {7, 9, 3, KAL_U8, "min_score=80", NULL},
                 {9, 7, 1, KAL_U8, "max_bytes=400", NULL},
                 {120, 90, 1, KAL_U8, "min_score=70", NULL},
                 {120, 90, 4, KAL_U8, "min_score=70", NULL},
                 {120, 90, 2, KAL_U8, "min_score=70", NULL},
                 {64, 48, 3, KAL_U16, "min_score=70", NULL},
                 {64, 48, 3, KAL_U16, "formats=\"png\" min_score=100", "png"},
                 {64, 48, 3, KAL_F32, "min_score=70", NULL}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        kal_scope *s = kal_scope_new();
        kal_choice c;
        kal_extent e;
        kal_node *image = scene(s, kinds[i].w, kinds[i].h, kinds[i].channels, kinds[i].type, 4);
        REQUIRE_OK(kal_choose(optimized(s, image, kinds[i].params), NULL, &c, &check_error));
        if (c.n) {
            REQUIRE_NOTE(c.passed, "kind %zu: %s", i, chosen(&c)->why);
            REQUIRE_NOTE(!kinds[i].only || !strcmp(chosen(&c)->format, kinds[i].only), "kind %zu", i);
            REQUIRE_OK(kal_node_extent(read_back(s, &c), &e, &check_error));
            REQUIRE_NOTE(e.width == kinds[i].w && e.height == kinds[i].h, "kind %zu", i);
            REQUIRE_NOTE(e.alpha || kinds[i].channels % 2, "kind %zu: alpha is gone", i);
        }
        kal_choice_release(&c);
        kal_scope_free(&s);
    }
}

// 16 bits are whole in a PNG.
static void test_sixteen_bits(void)
{
    kal_scope *s = kal_scope_new();
    kal_choice c;
    kal_key a, b;
    kal_node *image = scene(s, 64, 48, 3, KAL_U16, 4);
    REQUIRE_OK(kal_choose(optimized(s, image, "formats=\"png\" min_score=100"), NULL, &c, &check_error));
    REQUIRE_OK(kal_content_key(image, NULL, &a, &check_error));
    REQUIRE_OK(kal_content_key(read_back(s, &c), NULL, &b, &check_error));
    REQUIRE(kal_key_equal(a, b));
    kal_choice_release(&c);
    kal_scope_free(&s);
}

// Colours that sRGB has not, or has by another curve: files keep the profile, or hold sRGB; the score is of what is seen.
static void test_colours(const char *space)
{
    static const char *const policies[] = {"keep", "colour", "strip"};
    kal_scope *s = kal_scope_new();
    char to[64];
    snprintf(to, sizeof to, "to=%s", space);
    kal_node *wide = scene(s, 120, 90, 3, KAL_U8, 6);
    wide = kal_apply_text(s, "icc_assign", to, &wide, 1);
    wide = kal_apply_text(s, "set_field", "\"exif.Artist\" \"Ada\"", &wide, 1);
    for (int i = 0; i < 3; i++) {
        char params[96];
        kal_choice c;
        kal_field f;
        const void *icc;
        size_t n;
        snprintf(params, sizeof params, "min_score=85 formats=\"jpeg,webp\" metadata=%s", policies[i]);
        kal_node *node = optimized(s, wide, params);
        if (kal_choose(node, NULL, &c, &check_error) == KAL_UNSUPPORTED) {
            check_skip("no Little CMS");
            break;
        }
        kal_node *back = read_back(s, &c);
        REQUIRE(kal_node_meta(back, "icc", &icc, &n) == (i < 2));
        REQUIRE(kal_node_field(back, "exif.Artist", &f) == (i == 0));
        kal_node *seen[2] = {wide, back};
        for (int k = 0; k < 2; k++)
            if (k == 0 || i < 2) seen[k] = kal_apply_text(s, "icc_transform", "to=srgb", &seen[k], 1);
        REQUIRE_NOTE(c.passed &&
                         fabs(metric_of(s, "ssimulacra2", seen[0], seen[1]) - chosen(&c)->score) < 1e-9,
                     "%s, %s", space, policies[i]);
        kal_choice_release(&c);
    }
    kal_scope_free(&s);
}

// WebP, GIF and palettes are RGB: by the profile that they get a gray picture looks as by its own.
static void test_gray_profile(void)
{
    static const char *const formats[] = {"webp", "gif", "png"};
    static const char *const params[] = {"lossless=true", "", "colours=256"};
    kal_scope *s = kal_scope_new();
    kal_node *gray = scene(s, 120, 90, 1, KAL_U8, 6);
    gray = kal_apply_text(s, "icc_assign", "to=gray_linear", &gray, 1);
    kal_node *want = kal_apply_text(s, "icc_transform", "to=srgb", &gray, 1);
    for (int i = 0; i < 3 && !kal_node_error(want, NULL); i++) {
        kal_bytes b = {0};
        const void *icc;
        size_t n;
        REQUIRE_OK(kal_read_bytes(kal_encode(s, gray, formats[i], params[i]), NULL, &b, &check_error));
        kal_node *back = kal_load_bytes(s, b.data, b.size, NULL);
        REQUIRE_NOTE(kal_node_meta(back, "icc", &icc, &n), "%s", formats[i]);
        kal_node *seen = kal_apply_text(s, "icc_transform", "to=srgb", &back, 1);
        const double near = metric_of(s, "psnr", want, seen);
        REQUIRE_NOTE(near > 50, "%s: %g", formats[i], near);
        kal_bytes_free(&b);
    }
    kal_choice c;
    REQUIRE_OK(kal_choose(optimized(s, gray, "min_score=80 formats=webp"), NULL, &c, &check_error));
    REQUIRE(c.passed);
    kal_choice_release(&c);
    kal_scope_free(&s);
}

// A profile that is damaged is as none: the picture is what it is.
static void test_damaged_profile(void)
{
    static const char *const policies[] = {"keep", "strip", "keep", "strip"};
    kal_scope *s = kal_scope_new();
    kal_node *wide = scene(s, 120, 90, 3, KAL_U8, 6);
    wide = kal_apply_text(s, "icc_assign", "to=display_p3", &wide, 1);
    kal_bytes b = {0};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, wide, "jpeg", "quality=95"), NULL, &b, &check_error));
    static const char *const lost[] = {"acsp", "gTRC"};   // no profile at all; one without a curve of green
    for (int i = 0; i < 4; i++) {
        char params[96];
        kal_choice c;
        unsigned char *bytes = malloc(b.size), *at = memcpy(bytes, b.data, b.size);
        while (at + 4 < bytes + b.size && memcmp(at, lost[i / 2], 4) != 0) at++;
        memcpy(at, "????", 4);
        kal_node *photo = kal_load_bytes(s, bytes, b.size, NULL);
        free(bytes);
        snprintf(params, sizeof params, "min_score=60 formats=webp metadata=%s", policies[i]);
        REQUIRE_OK(kal_choose(optimized(s, photo, params), NULL, &c, &check_error));
        kal_node *back = read_back(s, &c);
        REQUIRE(c.passed && fabs(metric_of(s, "ssimulacra2", photo, back) - chosen(&c)->score) < 1e-9);
        kal_choice_release(&c);
    }
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

static void test_smaller_picture(void)
{
    kal_scope *s = kal_scope_new();
    kal_choice c;
    kal_node *image = scene(s, 200, 160, 3, KAL_U8, 8);
    const char *plain = "min_score=80 max_bytes=4000 formats=\"jpeg,webp\" lossless=false";
    char with[160];
    REQUIRE_OK(kal_choose(optimized(s, image, plain), NULL, &c, &check_error));
    REQUIRE(!c.passed && c.size <= 4000 && strstr(chosen(&c)->why, "is not at least 80"));
    kal_choice_release(&c);
    snprintf(with, sizeof with, "%s allow_downscale=true", plain);
    REQUIRE_OK(kal_choose(optimized(s, image, with), NULL, &c, &check_error));
    REQUIRE(c.passed && c.size <= 4000 && chosen(&c)->width < 200 && chosen(&c)->score >= 80);
    for (int easier = 50; easier < 80; easier += 7) {   // what is asked less of can be had, too
        kal_choice d;
        snprintf(with, sizeof with,
                 "min_score=%d max_bytes=1500 formats=\"jpeg\" lossless=false allow_downscale=true", easier);
        REQUIRE_OK(kal_choose(optimized(s, image, with), NULL, &d, &check_error));
        REQUIRE_NOTE(d.passed, "%s: %s", with, chosen(&d)->why);
        kal_choice_release(&d);
    }
    kal_choice tiny;   // by bytes alone, where no quality fits
    REQUIRE_OK(kal_choose(optimized(s, image, "max_bytes=900 formats=\"jpeg\" allow_downscale=true"), NULL,
                          &tiny, &check_error));
    REQUIRE(tiny.passed && tiny.size <= 900);
    kal_choice_release(&tiny);
    char size[64];
    snprintf(size, sizeof size, "width=%d height=%d", chosen(&c)->width, chosen(&c)->height);
    kal_node *small = kal_apply_text(s, "resize", size, &image, 1);
    REQUIRE(metric_of(s, "ssimulacra2", small, read_back(s, &c)) == chosen(&c)->score);
    kal_choice_release(&c);
    kal_scope_free(&s);
}

// Bytes that nothing fits into: smaller and smaller, until there is one pixel; no file is tried twice.
static void test_smallest_picture(void)
{
    const int sides[][2] = {{64, 48}, {9, 7}, {1, 1}, {1, 40}};
    for (size_t k = 0; k < sizeof sides / sizeof *sides; k++) {
        kal_scope *s = kal_scope_new();
        kal_choice c;
        kal_node *image = scene(s, sides[k][0], sides[k][1], 3, KAL_U8, 8);
        REQUIRE_OK(kal_choose(optimized(s, image, "max_bytes=9 formats=\"jpeg\" allow_downscale=true"), NULL,
                              &c, &check_error));
        bool pixel = false;
        for (int i = 0; i < c.n; i++) {
            const kal_candidate *a = &c.candidates[i];
            pixel |= a->width == 1 && a->height == 1;
            for (int m = 0; m < i; m++) {
                const kal_candidate *b = &c.candidates[m];
                REQUIRE_NOTE(strcmp(a->params, b->params) || a->width != b->width || a->height != b->height,
                             "%dx%d: %s of %dx%d is tried twice", sides[k][0], sides[k][1], a->params,
                             a->width, a->height);
            }
        }
        REQUIRE(!c.passed && pixel);
        kal_choice_release(&c);
        kal_scope_free(&s);
    }
}

// A yardstick for what loses nothing is a PNG of some of the rows: of a tall drawing it calls for files without loss, of tall noise it does not.
static void test_tall(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *images[] = {kal_apply_text(s, "sample", "text width=150 height=2600", NULL, 0),
                          scene(s, 150, 2600, 3, KAL_U8, 3)};
    for (int i = 0; i < 2; i++) {
        kal_choice c;
        int without_loss = 0;
        REQUIRE_OK(kal_choose(optimized(s, images[i], "min_score=70 formats=\"webp\" original=false"), NULL,
                              &c, &check_error));
        for (int32_t k = 0; k < c.n; k++)
            without_loss += strstr(c.candidates[k].params, "lossless=true") != NULL;
        REQUIRE_NOTE(c.passed && (without_loss > 0) == !i, "%d: %d without loss", i, without_loss);
        kal_choice_release(&c);
    }
    kal_scope_free(&s);
}

// What can be had in some memory can be had in more.
static void test_more_memory(void)
{
    static const char *const aims[] = {"metric=none quality=85 formats=jpeg original=false",
                                       "min_score=70 formats=\"jpeg,png\" original=false"};
    kal_scope *s = kal_scope_new();
    kal_bytes b = {0};
    REQUIRE_OK(
        kal_read_bytes(kal_encode(s, scene(s, 400, 400, 3, KAL_U8, 6), "png", NULL), NULL, &b, &check_error));
    kal_node *photo = kal_load_bytes(s, b.data, b.size, NULL);
    for (size_t i = 0; i < sizeof aims / sizeof *aims; i++) {
        int had = 0;
        for (double n = 1e5; n < 8e6; n *= 1.05) {
            const kal_options o = {.max_memory = (uint64_t)n, .memo_mode = KAL_MEMO_NEVER};
            kal_choice c;
            const kal_status st = kal_choose(optimized(s, photo, aims[i]), &o, &c, &check_error);
            REQUIRE_NOTE(st == KAL_OK || (st == KAL_LIMIT && !had), "%s in %.0f bytes: %s", aims[i], n,
                         check_error.message);
            had += !st;
            if (!st) kal_choice_release(&c);
        }
        REQUIRE_NOTE(had > 20, "%s: %d", aims[i], had);
    }
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

int main(void)
{
    if (formats_are_missing()) return check_done();
    test_original();
    test_kinds();
    test_sixteen_bits();
    test_colours("display_p3");
    test_colours("srgb_linear");
    test_gray_profile();
    test_damaged_profile();
    test_more_memory();
    test_smaller_picture();
    test_smallest_picture();
    test_tall();
    kal_memo_clear(NULL);
    return check_done();
}
