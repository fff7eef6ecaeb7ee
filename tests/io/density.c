// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pixels per metre: through every format that has a place for them, and through ops, so that what was so long stays so long.
#include "files.h"

#include <math.h>

static const double none[2] = {0, 0};

static void density_of(const kal_node *n, double out[2])
{
    kal_field f;
    out[0] = kal_node_field(n, "density.x", &f) ? f.numbers[0] : 0;
    out[1] = kal_node_field(n, "density.y", &f) ? f.numbers[0] : 0;
}

static void require_density(const kal_node *n, const double want[2], double within, const char *what)
{
    double got[2];
    REQUIRE_OK(kal_node_error(n, &check_error));
    density_of(n, got);
    for (int i = 0; i < 2; i++)
        REQUIRE_NOTE(fabs(got[i] - want[i]) <= within * want[i], "%s: %d is %.9g for %.9g", what, i, got[i],
                     want[i]);
}

// A PNG says it in whole pixels per metre.
static kal_node *picture(kal_scope *s, uint32_t across, uint32_t down)
{
    rng r = {3};
    const kal_extent e = extent_of(60, 40, 3, KAL_U8);
    kal_bytes png = encoded(rng_image(&r, s, &e), "png", NULL), with = bytes_copy(png.data, png.size);
    unsigned char p[9] = {0};
    put_be(p, across, 4), put_be(p + 4, down, 4);
    p[8] = 1;
    splice(&with, 33, png_chunk("pHYs", p, sizeof p));
    kal_node *n = kal_load_bytes(s, with.data, with.size, NULL);
    kal_bytes_free(&png);
    bytes_free(&with);
    return n;
}

static kal_node *through(kal_scope *s, kal_node *n, const char *format, const char *params)
{
    if (kal_node_error(kal_encode(s, n, format, params), NULL)) return NULL;
    kal_bytes b = encoded(n, format, params);
    kal_node *again = kal_load_bytes(s, b.data, b.size, NULL);
    kal_bytes_free(&b);
    return again;
}

static void test_formats(void)
{
    static const struct {
        const char *format;
        double within;   // what its numbers allow
    } formats[] = {{"png", 1e-4}, {"bmp", 1e-4}, {"tiff", 1e-5}, {"jpeg", 2e-3}};
    static const uint32_t densities[][2] = {
        {11811, 11811}, {2835, 2835}, {11811, 5906}, {10000, 10000}, {0, 0}};
    kal_scope *s = kal_scope_new();
    for (size_t i = 0; i < sizeof densities / sizeof *densities; i++)
        for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
            const double want[2] = {densities[i][0], densities[i][1]};
            kal_node *n = through(s, picture(s, densities[i][0], densities[i][1]), formats[f].format, NULL);
            if (!n) {
                check_skip("%s cannot be written here", formats[f].format);
                continue;
            }
            require_density(n, want, formats[f].within, formats[f].format);
            for (size_t g = 0; g < sizeof formats / sizeof *formats; g++) {
                kal_node *twice = through(s, n, formats[g].format, NULL);
                if (twice) require_density(twice, want, 2e-3, formats[g].format);
            }
        }
    const double exact[2] = {300 / 0.0254, 300 / 0.0254}, metric[2] = {10000, 10000};
    require_density(through(s, picture(s, 11811, 11811), "jpeg", NULL), exact, 1e-12, "300 dpi");
    require_density(through(s, picture(s, 11811, 11811), "jpeg", "progressive=true"), exact, 1e-12,
                    "progressive");
    require_density(through(s, picture(s, 10000, 10000), "jpeg", NULL), metric, 1e-12, "100 a centimetre");
    require_density(through(s, picture(s, 11811, 11811), "jpeg", "strip=true"), none, 0, "stripped jpeg");
    require_density(through(s, picture(s, 11811, 11811), "png", "strip=true"), none, 0, "stripped png");
    kal_scope_free(&s);
}

// ---- formats without a place of their own for it ------------------------------------------------

static int warnings, of_density;

static void count(void *user, const kal_warning *w)
{
    warnings++;
    of_density += strstr(w->text, "density of ") && strstr(w->text, user);
}

// How many warnings of density there are, and in *n what comes back (NULL: nothing can).
static int told_of(kal_scope *s, kal_node *in, const char *format, const char *params, const char *says,
                   kal_node **n)
{
    kal_bytes b = {0};
    warnings = of_density = 0;
    const kal_options o = {.warn = count, .user = (void *)(uintptr_t)says};
    if (kal_read_bytes(kal_encode(s, in, format, params), &o, &b, &check_error)) {
        check_skip("%s: %s", format, check_error.message);
        *n = NULL;
        return -1;
    }
    *n = kal_load_bytes(s, b.data, b.size, NULL);
    kal_bytes_free(&b);
    REQUIRE_NOTE(warnings == of_density, "%s: %d warnings, %d of density", format, warnings, of_density);
    return of_density;
}

static void test_in_exif(void)
{
    static const char *const formats[] = {"webp", "avif", "heif", "jxl"};
    static const double dpi300[2] = {11811, 11811}, uneven[2] = {11811, 5906};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        kal_scope *s = kal_scope_new();
        kal_node *n;
        if (!told_of(s, picture(s, 11811, 11811), formats[i], NULL, "", &n))
            require_density(n, dpi300, 1e-3, formats[i]);
        if (!told_of(s, picture(s, 11811, 5906), formats[i], NULL, "", &n))
            require_density(n, uneven, 1e-3, formats[i]);
        if (!told_of(s, picture(s, 2835, 2835), formats[i], NULL, "", &n))
            require_density(n, none, 0, "72 dpi");
        if (!strcmp(formats[i], "webp") &&
            !told_of(s, picture(s, 11811, 11811), "webp", "strip=true", "", &n))
            require_density(n, none, 0, "stripped webp");
        // beside fields that were there, which stay
        kal_node *in = picture(s, 11811, 11811);
        in = kal_apply_text(s, "set_field", "name=\"exif.Artist\" value=\"Ann\"", &in, 1);
        in = kal_apply_text(s, "unset_field", "name=\"exif.XResolution\"", &in, 1);
        if (!told_of(s, in, formats[i], NULL, "", &n)) {
            kal_field f;
            require_density(n, dpi300, 1e-3, formats[i]);
            REQUIRE_NOTE(kal_node_field(n, "exif.Artist", &f) && !strcmp(f.text, "Ann"), "%s", formats[i]);
        }
        kal_scope_free(&s);
    }
}

static void test_left_out(void)
{
    static const struct {
        const char *format, *params;
    } none_there[] = {{"gif", NULL}, {"pnm", NULL}, {"qoi", NULL},
                      {"npy", NULL}, {"hdr", NULL}, {"pixels", NULL}};
    kal_scope *s = kal_scope_new();
    kal_node *n, *in = picture(s, 11811, 5906);
    char says[80];
    for (size_t i = 0; i < sizeof none_there / sizeof *none_there; i++) {
        snprintf(says, sizeof says, "density of 300 by 150.01 dpi is left out: %s has no place for it",
                 none_there[i].format);
        kal_node *as =
            strcmp(none_there[i].format, "hdr") ? in : kal_apply_text(s, "cast", "type=f32", &in, 1);
        const int told = told_of(s, as, none_there[i].format, none_there[i].params, says, &n);
        REQUIRE_NOTE(told == 1 || told < 0, "%s: %d", none_there[i].format, told);
        for (int filler = 0; filler < 3; filler++) {
            static const uint32_t said[] = {0, 2835, 3780};
            const int none_told = told_of(s, picture(s, said[filler], said[filler]), "pnm", NULL, "", &n);
            REQUIRE_NOTE(none_told == 0, "%u: %d", said[filler], none_told);
        }
    }
    REQUIRE(told_of(s, in, "gif", "strip=true", "", &n) == 0);
    REQUIRE(told_of(s, in, "hash", NULL, "", &n) == 0);
    kal_scope_free(&s);
}

// Lost on the way, before any format is asked.
static int lost;

static void count_lost(void *user, const kal_warning *w)
{
    (void)user;
    lost += strstr(w->text, "density is left out: what was done") != NULL;
}

static int lost_of(kal_scope *s, kal_node *n, const char *format, const char *params)
{
    const kal_options o = {.warn = count_lost};
    kal_bytes b = {0};
    lost = 0;
    REQUIRE_OK(kal_read_bytes(kal_encode(s, n, format, params), &o, &b, &check_error));
    kal_bytes_free(&b);
    return lost;
}

static void test_lost(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *in = picture(s, 11811, 11811), *filler = picture(s, 2835, 2835);
    kal_node *slanted = kal_apply_text(s, "shear", "x=0.5", &in, 1);
    kal_node *later = kal_apply_text(s, "invert", "", &slanted, 1);
    kal_node *set = kal_apply_text(s, "set_field", "name=density value=200dpi", &later, 1);
    kal_node *unset = kal_apply_text(s, "unset_field", "name=density", &later, 1);
    REQUIRE(lost_of(s, slanted, "png", NULL) == 1 && lost_of(s, later, "jpeg", NULL) == 1);
    REQUIRE(lost_of(s, later, "jpeg", "strip=true") == 0 && lost_of(s, later, "pnm", NULL) == 0);
    REQUIRE(lost_of(s, set, "png", NULL) == 0 && lost_of(s, unset, "png", NULL) == 0);
    REQUIRE(lost_of(s, in, "png", NULL) == 0);
    REQUIRE(lost_of(s, kal_apply_text(s, "shear", "x=0.5", &filler, 1), "png", NULL) == 0);
    kal_scope_free(&s);
}

// What each op makes of 4000 across and 2000 down, and of 4000 both ways; 0: it cannot be said any more.
static const struct {
    const char *op, *params;
    double flat[2], square[2];
} ops[] = {
    {"invert", "", {4000, 2000}, {4000, 4000}},
    {"gaussian", "sigma=2", {4000, 2000}, {4000, 4000}},
    {"gray", "", {4000, 2000}, {4000, 4000}},
    {"crop", "x=3 y=5 width=20 height=10", {4000, 2000}, {4000, 4000}},
    {"embed", "x=2 y=3 width=100 height=90", {4000, 2000}, {4000, 4000}},
    {"resize", "width=30 height=10", {2000, 500}, {2000, 1000}},
    {"resize", "width=120 height=40", {8000, 2000}, {8000, 4000}},
    {"downsample", "factor=2", {2000, 1000}, {2000, 2000}},
    {"zoom", "factor=2", {8000, 4000}, {8000, 8000}},
    {"thumbnail", "width=30 height=20", {2000, 1000}, {2000, 2000}},
    {"turn", "how=right", {2000, 4000}, {4000, 4000}},
    {"flip", "direction=horizontal", {4000, 2000}, {4000, 4000}},
    {"rotate", "angle=90", {2000, 4000}, {4000, 4000}},
    {"rotate", "angle=30", {0, 0}, {4000, 4000}},
    {"shear", "x=0.5", {0, 0}, {0, 0}},
    {"perspective", "from=[1 2 50 3 52 38 4 36]", {0, 0}, {0, 0}},
};

static void test_ops(void)
{
    kal_scope *s = kal_scope_new();
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        for (int square = 0; square < 2; square++) {
            kal_node *in = picture(s, 4000, square ? 4000 : 2000),
                     *n = kal_apply_text(s, ops[i].op, ops[i].params, &in, 1);
            if (!REQUIRE_NOTE(!kal_node_error(n, &check_error), "%s %s: %s", ops[i].op, ops[i].params,
                              check_error.message))
                continue;
            require_density(n, square ? ops[i].square : ops[i].flat, 1e-9, ops[i].op);
        }
    // a value decides how large it becomes: known when it is written
    kal_node *in = picture(s, 4000, 2000);
    kal_node *half = kal_resize(s, in, kal_resize_params(.width = 30, .height = 20));
    kal_node *size = kal_apply_text(s, "size", "", &half, 1);
    const kal_bound bound = {"size", size};
    kal_node *n = kal_apply_bound(s, "resize", NULL, &in, 1, &bound, 1);
    if (REQUIRE_NOTE(!kal_node_error(n, &check_error) && !kal_node_error(size, &check_error), "%s",
                     check_error.message)) {
        n = through(s, n, "png", NULL);
        if (REQUIRE(n)) require_density(n, (double[]){2000, 1000}, 1e-9, "bound");
    }
    kal_scope_free(&s);
}

static void test_smaller_load(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b = encoded(picture(s, 11811, 11811), "jpeg", NULL);
    for (int by = 1; by <= 8; by *= 2) {
        char params[32];
        snprintf(params, sizeof params, "shrink=%d", by);
        const double want[2] = {300 / 0.0254 / by, 300 / 0.0254 / by};
        require_density(kal_load_bytes(s, b.data, b.size, params), want, 1e-9, params);
    }
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// A container's own word comes before that of EXIF.
static void test_which(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {4};
    const kal_extent e = extent_of(8, 8, 1, KAL_U8);
    kal_bytes plain = encoded(rng_image(&r, s, &e), "png", NULL);
    unsigned char exif[70] = "MM\0*\0\0\0\10\0\3"
                             "\1\32\0\5\0\0\0\1\0\0\0\62"
                             "\1\33\0\5\0\0\0\1\0\0\0\72"
                             "\1\50\0\3\0\0\0\1\0\2\0\0\0\0\0\0";
    put_be(exif + 50, 100, 4), put_be(exif + 54, 1, 4);
    put_be(exif + 58, 100, 4), put_be(exif + 62, 1, 4);
    for (int unit = 1; unit <= 3; unit++)
        for (int own = 0; own < 2; own++) {
            kal_bytes b = bytes_copy(plain.data, plain.size);
            unsigned char p[9] = {0, 0, 3, 232, 0, 0, 3, 232, 1};
            exif[43] = (unsigned char)unit;
            splice(&b, 33, png_chunk("eXIf", exif, 66));
            if (own) splice(&b, 33, png_chunk("pHYs", p, sizeof p));
            const double v = own ? 1000 : unit == 1 ? 0 : unit == 2 ? 100 / 0.0254 : 10000;
            require_density(kal_load_bytes(s, b.data, b.size, NULL), (double[]){v, v}, 1e-12, "which");
            bytes_free(&b);
        }
    kal_bytes_free(&plain);
    kal_scope_free(&s);
}

int main(void)
{
    test_formats();
    test_in_exif();
    test_left_out();
    test_lost();
    test_ops();
    test_smaller_load();
    test_which();
    kal_memo_clear(NULL);
    return check_done();
}
