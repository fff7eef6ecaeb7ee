// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Adjustments of colours against their formulas and fixed numbers: brightness, contrast, exposure, color_matrix, saturation, hue, sepia, tint,
// white_balance, color_key, swap, premultiply and lut3d.
#include "formula.h"

#include "colour/cube.h"

static rng r = {29};

static double light(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double sample(double x)
{
    return x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055;
}

static void keep_alpha(const kal_extent *e, const double *in, double *out)
{
    if (e->alpha) out[e->channels - 1] = in[e->channels - 1];
}

// ---- tones --------------------------------------------------------------------------------------

static void exposed(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const double max = kal_type_max(e->type), by = *(const double *)user;
    for (int32_t k = 0; k < colours_of(e); k++) out[k] = max * sample(light(in[0][k] / max) * by);
    keep_alpha(e, in[0], out);
}

static void test_tones(void)
{
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 13, 9);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e);
        const double by[2] = {2, exp2(-1.5)}, two = 2, offset = -100;
        kal_node *node = kal_exposure(s, in, kal_exposure_params(.stops = 1));
        check_pointwise(node, &in, 1, exposed, &by[0], 1e-3);
        check_tilings(&r, node);
        check_pointwise(kal_exposure(s, in, kal_exposure_params(.stops = -1.5)), &in, 1, exposed, &by[1],
                        1e-3);
        REQUIRE(kal_exposure(s, in, NULL) == in && kal_brightness(s, in, NULL) == in &&
                kal_contrast(s, in, NULL) == in);
        kal_node *twice = kal_linear(s, in, kal_linear_params(.scale = {&two, 1}));
        REQUIRE(kal_exposure(s, in, kal_exposure_params(.stops = 1, .linear = true)) == twice);
        REQUIRE(kal_brightness(s, in, kal_brightness_params(.factor = 2)) == twice);
        REQUIRE(kal_contrast(s, in, kal_contrast_params(.factor = 2, .pivot = 100)) ==
                kal_linear(s, in, kal_linear_params(.scale = {&two, 1}, .offset = {&offset, 1})));
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    kal_node *in = image_of(s, extent_of(4, 1, 1, KAL_U8), (const double[]){0, 100, 150, 255});
    VALUES(kal_brightness(s, in, kal_brightness_params(.factor = 1.5)), 0, 150, 225, 255);
    VALUES(kal_contrast(s, in, kal_contrast_params(.factor = 2)), 0, 73, 173, 255);
    VALUES(kal_contrast(s, in, kal_contrast_params(.factor = 0)), 128, 128, 128, 128);
    VALUES(kal_exposure(s, in, kal_exposure_params(.stops = 1)), 0, 138, 205, 255);
    // about the mean, as Pillow does
    kal_node *mean = kal_mean(s, in, NULL);
    VALUES(kal_apply_bound(s, "contrast", kal_contrast_params(.factor = 0), &in, 1,
                           &(kal_bound){"pivot", mean}, 1),
           126, 126, 126, 126);
    const kal_extent label = {5, 1, 3, KAL_U32, KAL_DATA, false};
    in = rng_image(&r, s, &label);
    check_fails(kal_brightness(s, in, NULL), "brightness: u32");
    check_fails(kal_exposure(s, in, NULL), "exposure: u32");
    kal_scope_free(&s);
}

// ---- matrices -----------------------------------------------------------------------------------

typedef struct rows {
    double m[20];
    int width, height;
} rows;

static void multiplied(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const rows *p = user;
    keep_alpha(e, in[0], out);
    for (int y = 0; y < p->height; y++) {
        double sum = p->width > 3 ? p->m[y * p->width + p->width - 1] : 0;
        for (int x = 0; x < (p->width == 5 ? 4 : 3); x++) sum += p->m[y * p->width + x] * in[0][x];
        out[y] = sum;
    }
}

static kal_list list_of(const double *v, int32_t n)
{
    return (kal_list){v, n};
}

static void test_matrix(void)
{
    static const rows all[] = {
        {{0.5, 0.25, 0.125, 1, -1, 1, 0, 2, 0.5}, 3, 3},
        {{0.5, 0.25, 0.125, 0.25, 1, -1, 1, 0.5, 0, 2, 0.5, -0.125}, 4, 3},
        {{0.5, 0.25, 0.125, 1, 0, 1, -1, 1, 0, 0.5, 0, 2, 0.5, 0, 0.5, 0.25, 0.25, 0.25, 0.5, -0.125}, 5, 4},
    };
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 13, 9);)
        for (int i = 0; i < 3; i++) {
            kal_scope *s = kal_scope_new();
            kal_node *in = rng_image(&r, s, &e);
            const rows *p = &all[i];
            kal_node *node = kal_color_matrix(
                s, in, kal_color_matrix_params(.matrix = list_of(p->m, p->width * p->height)));
            if (colours_of(&e) != 3)
                check_fails(node, "colour channel");
            else if (i == 2 && !e.alpha)
                check_fails(node, "has no alpha for 4 rows of 5");
            else {
                check_pointwise(node, &in, 1, multiplied, p, e.type == KAL_F32 ? 1e-6 : 0);
                check_tilings(&r, node);
            }
            kal_scope_free(&s);
        }
    kal_scope *s = kal_scope_new();
    kal_node *in = image_of(s, extent_of(2, 1, 3, KAL_U8), (const double[]){255, 0, 0, 100, 150, 200});
    const double same[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    REQUIRE(kal_color_matrix(s, in, kal_color_matrix_params(.matrix = list_of(same, 9))) == in);
    check_fails(kal_color_matrix(s, in, kal_color_matrix_params(.matrix = list_of(same, 8))),
                "matrix has 8 values");
    REQUIRE(kal_saturation(s, in, NULL) == in);
    REQUIRE(kal_sepia(s, in, kal_sepia_params(.amount = 0)) == in);
    VALUES(kal_saturation(s, in, kal_saturation_params(.factor = 0)), 76, 76, 76, 141, 141, 141);
    VALUES(kal_saturation(s, in, kal_saturation_params(.factor = 2)), 255, 0, 0, 59, 159, 255);
    VALUES(kal_sepia(s, in, NULL), 100, 89, 69, 192, 171, 134);
    const double orange[3] = {255, 128, 0};
    VALUES(kal_tint(s, in, kal_tint_params(.color = list_of(orange, 3))), 76, 38, 0, 141, 71, 0);
    check_fails(kal_tint(s, in, NULL), "tint: say towards which colour");
    kal_node *gray = kal_gray(s, in, NULL);
    REQUIRE(kal_saturation(s, gray, kal_saturation_params(.factor = 3)) == gray);
    check_fails(kal_sepia(s, gray, NULL), "sepia: the image has 1 colour channel;");
    kal_scope_free(&s);
    // without saturation there is gray, to the bit
    for (int k = 0; next_kind(&k, &e, 61, 7);) {
        if (colours_of(&e) != 3) continue;
        s = kal_scope_new();
        in = rng_image(&r, s, &e);
        kal_key a, b;
        REQUIRE_OK(kal_content_key(kal_saturation(s, in, kal_saturation_params(.factor = 0)), NULL, &a,
                                   &check_error));
        REQUIRE_OK(kal_content_key(kal_to_rgb(s, kal_gray(s, in, NULL), NULL), NULL, &b, &check_error));
        REQUIRE_NOTE(kal_key_equal(a, b) || e.type == KAL_F32, "%s", about);
        kal_scope_free(&s);
    }
}

// A third of a turn moves channels, and a turn and all of its multiples change nothing.
static void turned(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const int by = *(const int *)user;
    for (int k = 0; k < 3; k++) out[k] = in[0][(k + 3 - by) % 3];
    keep_alpha(e, in[0], out);
}

static void test_hue(void)
{
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 61, 7);) {
        kal_scope *s = kal_scope_new();
        kal_extent bytes = e;
        bytes.type = KAL_U8;
        kal_node *in = kal_cast(s, rng_image(&r, s, &bytes), kal_cast_params(.type = (int32_t)e.type));
        kal_node *node = kal_hue(s, in, kal_hue_params(.degrees = 120));
        if (colours_of(&e) == 3) {
            const int one = 1, two = 2;
            check_pointwise(node, &in, 1, turned, &one, 1e-6);
            check_tilings(&r, node);
            check_pointwise(kal_hue(s, in, kal_hue_params(.degrees = -480)), &in, 1, turned, &two, 1e-6);
            REQUIRE(kal_hue(s, in, kal_hue_params(.degrees = -720)) == in);
        } else
            check_fails(node, "colour channel");
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    kal_node *in = image_of(s, extent_of(2, 1, 3, KAL_U8), (const double[]){255, 0, 0, 100, 150, 200});
    VALUES(kal_hue(s, in, kal_hue_params(.degrees = 30)), 255, 128, 0, 100, 100, 200);
    kal_scope_free(&s);
}

// ---- white_balance ------------------------------------------------------------------------------

static void balanced(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const double max = kal_type_max(e->type), *gray = user;
    const double m[3] = {light(gray[0]), light(gray[1]), light(gray[2])};
    const double luminance = 0.212671 * m[0] + 0.715160 * m[1] + 0.072169 * m[2];
    for (int k = 0; k < 3; k++) out[k] = max * sample(light(in[0][k] / max) * luminance / m[k]);
    keep_alpha(e, in[0], out);
}

static void test_white_balance(void)
{
    const double part[3] = {0.5, 0.4, 0.25};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 13, 9);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e);
        double gray[3];
        for (int i = 0; i < 3; i++) gray[i] = part[i] * kal_type_max(e.type);
        kal_node *node = kal_white_balance(s, in, kal_white_balance_params(.gray = list_of(gray, 3)));
        if (colours_of(&e) == 3) {
            check_pointwise(node, &in, 1, balanced, part, 2e-3);
            check_tilings(&r, node);
        } else
            check_fails(node, "3 are needed");
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    kal_node *in = image_of(s, extent_of(2, 1, 3, KAL_U8), (const double[]){128, 102, 64, 200, 200, 200});
    // the colour named is gray afterwards, of the same luminance; a mean may be that colour
    const double gray[3] = {128, 102, 64}, none[3] = {128, 0, 64};
    VALUES(kal_white_balance(s, in, kal_white_balance_params(.gray = list_of(gray, 3))), 106, 106, 106, 167,
           208, 255);
    kal_node *mean = kal_mean(s, in, NULL);
    uint8_t *first = read_all(
        kal_apply_bound(s, "white_balance", NULL, &in, 1, &(kal_bound){"gray", mean}, 1), NULL, NULL);
    REQUIRE(first && first[0] < 128 && first[2] > 64);
    free(first);
    // light bulbs are yellow, so their pictures become bluer
    VALUES(kal_white_balance(s, in, kal_white_balance_params(.temperature = 6500)), 128, 102, 64, 200, 200,
           200);
    uint8_t *warm =
        read_all(kal_white_balance(s, in, kal_white_balance_params(.temperature = 3000)), NULL, NULL);
    REQUIRE(warm[3] < 200 && warm[5] > 230 && warm[4] > warm[3]);
    free(warm);
    check_fails(kal_white_balance(s, in, NULL), "white_balance: say what is to become gray");
    check_fails(kal_white_balance(s, in, kal_white_balance_params(.gray = list_of(none, 3))), "gray has 0;");
    check_fails(kal_white_balance(s, in, kal_white_balance_params(.gray = list_of(gray, 2))),
                "gray has 2 values");
    check_fails(kal_white_balance(s, in, kal_white_balance_params(.temperature = 1000)), "below 2000");
    kal_scope_free(&s);
}

// ---- channels -----------------------------------------------------------------------------------

static void test_key(void)
{
    kal_scope *s = kal_scope_new();
    const double white[1] = {255}, red[3] = {250, 0, 0};
    kal_node *in = image_of(s, extent_of(4, 1, 3, KAL_U8),
                            (const double[]){255, 255, 255, 255, 0, 0, 254, 255, 255, 0, 0, 0});
    kal_node *keyed = kal_color_key(s, in, kal_color_key_params(.color = list_of(white, 1)));
    VALUES(keyed, 255, 255, 255, 0, 255, 0, 0, 255, 254, 255, 255, 255, 0, 0, 0, 255);
    VALUES(kal_color_key(s, keyed, kal_color_key_params(.color = list_of(red, 3), .tolerance = 5)), 255, 255,
           255, 0, 255, 0, 0, 0, 254, 255, 255, 255, 0, 0, 0, 255);
    REQUIRE(kal_apply_text(s, "color_key", "white", &in, 1) ==
            kal_color_key(s, in, kal_color_key_params(.color = {(const double[]){255, 255, 255}, 3})));
    check_fails(kal_color_key(s, in, NULL), "color_key: say which colour");
    check_fails(kal_color_key(s, in, kal_color_key_params(.color = list_of(red, 2))), "color has 2 values");
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 13, 9);) {
        kal_node *image = rng_image(&r, s, &e);
        const double middle = kal_type_max(e.type) / 2;
        check_tilings(
            &r, kal_color_key(s, image,
                              kal_color_key_params(.color = list_of(&middle, 1), .tolerance = middle / 2)));
    }
    kal_scope_free(&s);
}

static void test_swap(void)
{
    kal_scope *s = kal_scope_new();
    const double back[3] = {2, 1, 0}, all[4] = {3, 0, 1, 2}, twice[3] = {0, 1, 1}, same[3] = {0, 1, 2};
    const kal_extent e = {1, 1, 4, KAL_U16, KAL_RGB, true};
    kal_node *in = image_of(s, e, (const double[]){1, 2, 3, 4});
    VALUES(kal_swap(s, in, kal_swap_params(.order = list_of(back, 3))), 3, 2, 1, 4);
    VALUES(kal_swap(s, in, kal_swap_params(.order = list_of(all, 4))), 4, 1, 2, 3);
    REQUIRE(kal_swap(s, in, kal_swap_params(.order = list_of(same, 3))) == in);
    check_fails(kal_swap(s, in, NULL), "swap: order has 0 values");
    check_fails(kal_swap(s, in, kal_swap_params(.order = list_of(twice, 3))), "swap: order has 1 twice");
    check_fails(kal_swap(s, in, kal_swap_params(.order = list_of(all, 3))), "swap: order has 3;");
    kal_scope_free(&s);
}

static void there(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    (void)user;
    for (int32_t k = 0; k < colours_of(e); k++)
        out[k] = in[0][k] * in[0][e->channels - 1] / kal_type_max(e->type);
    keep_alpha(e, in[0], out);
}

static void back(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    (void)user;
    const double a = in[0][e->channels - 1];
    for (int32_t k = 0; k < colours_of(e); k++) out[k] = a == 0 ? 0 : in[0][k] * kal_type_max(e->type) / a;
    keep_alpha(e, in[0], out);
}

static void test_premultiply(void)
{
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 61, 7);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e), *node = kal_premultiply(s, in, NULL);
        if (e.alpha) {
            check_pointwise(node, &in, 1, there, NULL, 0);
            check_tilings(&r, node);
            check_pointwise(kal_unpremultiply(s, in, NULL), &in, 1, back, NULL, 0);
            check_tilings(&r, kal_unpremultiply(s, in, NULL));
        } else
            REQUIRE(node == in && kal_unpremultiply(s, in, NULL) == in);
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    const kal_extent two = {4, 1, 2, KAL_U8, KAL_GRAY, true};
    kal_node *in = image_of(s, two, (const double[]){255, 0, 255, 128, 100, 50, 51, 2});
    VALUES(kal_premultiply(s, in, NULL), 0, 0, 128, 128, 20, 50, 0, 2);
    VALUES(kal_unpremultiply(s, kal_premultiply(s, in, NULL), NULL), 0, 0, 255, 128, 102, 50, 0, 2);
    kal_scope_free(&s);
}

// ---- lut3d --------------------------------------------------------------------------------------

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fputs(text, f) >= 0);
    if (f) fclose(f);
}

static void test_lut3d(void)
{
    enum { SIZE = 5 };
    // a cube of a sum is exact everywhere
    double cube[SIZE * SIZE * SIZE * 3];
    rows p = {{0.5, 0.25, 0.125, 0, 0.25, 0, 0.5, 0.125, 1, -0.5, 0.25, 0.25}, 4, 3};
    for (int i = 0; i < SIZE * SIZE * SIZE; i++)
        for (int k = 0; k < 3; k++)
            cube[3 * i + k] = p.m[4 * k] * (i % SIZE) / 4 + p.m[4 * k + 1] * (i / SIZE % SIZE) / 4 +
                              p.m[4 * k + 2] * (i / SIZE / SIZE) / 4 + p.m[4 * k + 3];
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 61, 7);) {
        kal_scope *s = kal_scope_new();
        kal_extent bytes = e;
        bytes.type = KAL_U8;
        kal_node *in = kal_cast(s, rng_image(&r, s, &bytes), kal_cast_params(.type = (int32_t)e.type));
        kal_node *node = kal_lut3d(s, in, kal_lut3d_params(.table = list_of(cube, SIZE * SIZE * SIZE * 3)));
        if (colours_of(&e) == 3) {
            rows q = p;
            for (int i = 0; i < 3; i++) q.m[4 * i + 3] *= kal_type_max(e.type);
            check_pointwise(node, &in, 1, multiplied, &q, 1e-5);
            check_tilings(&r, node);
        } else
            check_fails(node, "colour channel");
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    // tetrahedra: from corner to corner in the order of the fractions
    static const double corners[24] = {0, 0, 0, 0.25, 0, 0, 0, 0, 0, 0.5, 0, 0,
                                       0, 0, 0, 0,    0, 0, 0, 0, 0, 1,   0, 0};
    kal_node *in = image_of(s, extent_of(3, 1, 3, KAL_F32),
                            (const double[]){0.75, 0.5, 0.25, 0.25, 0.75, 0.5, -1, 7, 7});
    VALUES(kal_lut3d(s, in, kal_lut3d_params(.table = list_of(corners, 24))), 0.4375, 0, 0, 0.25, 0, 0, 0, 0,
           0);
    check_fails(kal_lut3d(s, in, NULL), "lut3d: table has 0 values");
    check_fails(kal_lut3d(s, in, kal_lut3d_params(.cube = "hello\n")),
                "lut3d: line 1 of the cube: \"hello\" is not a keyword of .cube files, and this may be none");
    check_fails(kal_lut3d(s, in, kal_lut3d_params(.cube = "1 2 3\n")),
                "lut3d: line 1 of the cube: no .cube file: LUT_3D_SIZE must come before anything else");
    check_fails(kal_lut3d(s, in, kal_lut3d_params(.grid = 3, .table = list_of(corners, 24))),
                "lut3d: table has 24");
    // the same as text, which is another node
    static const char text[] =
        "TITLE \"x\"\r\n# no colours\r\nLUT_3D_SIZE 2\r\n\r\n0 0 0\r\n.25 0 0\r\n0 0 0\r\n5e-1 0 0\r\n"
        "0 0 0\n0 0 0\n0 0 0\n1\t0  0\n";
    VALUES(kal_lut3d(s, in, kal_lut3d_params(.cube = text)), 0.4375, 0, 0, 0.25, 0, 0, 0, 0, 0);
    check_fails(kal_lut3d(s, in, kal_lut3d_params(.cube = text, .table = list_of(corners, 24))),
                "lut3d: give one of");
    // and as a file
    char path[300], words[400];
    snprintf(path, sizeof path, "%s", check_temp("look.cube"));
    write_text(path, text);
    kal_node *named = kal_lut3d(s, in, kal_lut3d_params(.file = path));
    VALUES(named, 0.4375, 0, 0, 0.25, 0, 0, 0, 0, 0);
    REQUIRE(named != kal_lut3d(s, in, kal_lut3d_params(.cube = text)));
    check_fails(kal_lut3d(s, in, kal_lut3d_params(.cube = text, .file = path)), "lut3d: give one of");
    check_fails(kal_lut3d(s, in, kal_lut3d_params(.file = path, .table = list_of(corners, 24))),
                "lut3d: give one of");
    write_text(path, "LUT_3D_SIZE 2\n0 0 0\n0 zero 0\n");
    snprintf(words, sizeof words, "lut3d: %s: line 3 of the cube: \"zero\" is not a number", path);
    check_fails(kal_lut3d(s, in, kal_lut3d_params(.file = path)), words);
    write_text(path, "");
    check_fails(kal_lut3d(s, in, kal_lut3d_params(.file = path)), "without LUT_3D_SIZE");
    VALUES(named, 0.4375, 0, 0, 0.25, 0, 0, 0, 0, 0);   // as the file was
    kal_scope_free(&s);
}

static void cube_fails(const char *text, const char *words)
{
    kal__cube cube;
    check_error.message[0] = 0;
    const kal_status st = kal__cube_parse("x", text, strlen(text), true, &cube, &check_error);
    REQUIRE_NOTE(st == KAL_INVALID && strstr(check_error.message, words), "want \"%s\", got \"%s\"", words,
                 check_error.message);
}

static void test_cube(void)
{
    static const char text[] =
        "DOMAIN_MIN -1 0 0\nDOMAIN_MAX 1 2 3\nLUT_3D_SIZE 2\n0 0 0\n1 2 3\n4 5 6\n7 8 9\n"
        "0 0 0\n0 0 0\n0 0 0\n-1e-3 1 .5";
    kal__cube cube;
    if (REQUIRE_OK(kal__cube_parse("x", text, strlen(text), true, &cube, &check_error))) {
        REQUIRE(cube.size == 2 && cube.low[0] == -1 && cube.low[2] == 0 && cube.high[1] == 2 &&
                cube.high[2] == 3);
        REQUIRE(cube.v[3] == 1 && cube.v[11] == 9 && cube.v[21] == -1e-3 && cube.v[23] == 0.5);
        free(cube.v);
    }
    // every shorter text is refused, but for the last number's digits
    for (size_t n = 0; n + 3 < strlen(text); n++)
        REQUIRE_NOTE(kal__cube_parse("x", text, n, true, &cube, &check_error), "%zu bytes", n);
    cube_fails("", "without LUT_3D_SIZE");
    cube_fails("LUT_3D_SIZE 2\n0 0 0\n", "line 2 of the cube: it ends after 1 of 8 colours");
    cube_fails("0 0 0\n", "line 1 of the cube: no .cube file: LUT_3D_SIZE must come before anything else");
    cube_fails("LUT_3D_SIZE 1\n", "from 2 to 256");
    cube_fails("LUT_3D_SIZE 257\n", "from 2 to 256");
    cube_fails("LUT_3D_SIZE 2\nLUT_3D_SIZE 2\n", "a second size");
    cube_fails("LUT_1D_SIZE 2\n", "it is a curve");
    cube_fails("LUT_3D_SIZE 2\n0 0 x\n", "line 2 of the cube: \"x\" is not a number");
    cube_fails("LUT_3D_SIZE 2\n0 0 1e999\n", "line 2 of the cube: \"1e999\" is not");
    cube_fails("LUT_3D_INPUT_RANGE 0\n", "line 1 of the cube: two numbers");
    cube_fails("\x89PNG\r\n", "line 1 of the cube: no .cube file: LUT_3D_SIZE must come before anything else");
    cube_fails("LUT_3D_SIZE 2\n0 0 0 0\n", "three numbers");
    cube_fails("LUT_3D_SIZE 2\nDOMAIN_MAX 0 1 1\n", "DOMAIN_MIN must be below");
    cube_fails("WHATEVER 2\n", "line 1 of the cube: \"WHATEVER\" is not a keyword");
    // the file may be anything
    for (int i = 0; i < 3000; i++) {
        char noise[sizeof text];
        memcpy(noise, text, sizeof text);
        for (int k = 0; k < 3; k++)
            noise[rng_below(&r, sizeof text - 1)] = "09 \n\r#-.eLD"[rng_below(&r, 11)];
        if (!kal__cube_parse("x", noise, sizeof text - 1, true, &cube, NULL)) free(cube.v);
    }
}

int main(void)
{
    test_tones();
    test_matrix();
    test_hue();
    test_white_balance();
    test_key();
    test_swap();
    test_premultiply();
    test_lut3d();
    test_cube();
    return check_done();
}
