// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Colour spaces against their formulas, written again with the C library's functions; known colours; there and back.
#include "formula.h"

static rng r = {23};

static double light(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double sample(double x)
{
    return x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055;
}

static double f(double t)
{
    return t > 216 / 24389.0 ? cbrt(t) : (24389 / 27.0 * t + 16) / 116;
}

typedef void formula(double p[3], double max);

static void lab(double p[3], double max)
{
    static const double m[3][3] = {
        {0.412453, 0.357580, 0.180423}, {0.212671, 0.715160, 0.072169}, {0.019334, 0.119193, 0.950227}};
    double v[3];
    for (int i = 0; i < 3; i++) {
        v[i] = 0;
        for (int k = 0; k < 3; k++) v[i] += m[i][k] * light(p[k] / max);
        v[i] = f(v[i] / (m[i][0] + m[i][1] + m[i][2]));
    }
    p[0] = 116 * v[1] - 16;
    p[1] = 500 * (v[0] - v[1]);
    p[2] = 200 * (v[1] - v[2]);
}

static void lch(double p[3], double max)
{
    lab(p, max);
    const double far = hypot(p[1], p[2]), h = atan2(p[2], p[1]) * 180 / acos(-1);
    p[1] = far;
    p[2] = far < 1e-6 ? 0 : h < 0 ? h + 360 : h;
}

static double hue(const double p[3], double v, double d)
{
    if (d <= 0) return 0;
    const double h = v == p[0]   ? 60 * (p[1] - p[2]) / d
                     : v == p[1] ? 60 * (p[2] - p[0]) / d + 120
                                 : 60 * (p[0] - p[1]) / d + 240;
    return h < 0 ? h + 360 : h;
}

static void hsv(double p[3], double max)
{
    (void)max;
    const double v = fmax(fmax(p[0], p[1]), p[2]), d = v - fmin(fmin(p[0], p[1]), p[2]);
    const double h = hue(p, v, d);
    p[0] = h, p[1] = v > 0 ? d / v * max : 0, p[2] = v;
}

static void hsl(double p[3], double max)
{
    const double v = fmax(fmax(p[0], p[1]), p[2]), m = fmin(fmin(p[0], p[1]), p[2]), d = v - m;
    const double h = hue(p, v, d), l = (v + m) / 2;
    p[0] = h, p[1] = d > 0 ? d / (1 - fabs(2 * l / max - 1)) : 0, p[2] = l;
}

static void ycbcr(double p[3], double max)
{
    const double c = max == 1 ? 0.5 : (max + 1) / 2;
    const double y = 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
    const double cb = (p[2] - y) / 1.772 + c, cr = (p[0] - y) / 1.402 + c;
    p[0] = y, p[1] = cb, p[2] = cr;
}

typedef struct space {
    const char *to, *from;
    formula *formula;
    double scale[3], offset[3];   // of bytes
    int hue;
    double near;   // how far f32 may be from the formula
} space;

static const space spaces[] = {
    {"to_lab", "from_lab", lab, {2.55, 1, 1}, {0, 128, 128}, -1, 2e-6},
    {"to_lch", "from_lch", lch, {2.55, 1, 0.5}, {0, 0, 0}, 2, 2e-5},
    {"to_hsv", "from_hsv", hsv, {0.5, 1, 1}, {0, 0, 0}, 0, 1e-6},
    {"to_hsl", "from_hsl", hsl, {0.5, 1, 1}, {0, 0, 0}, 0, 1e-6},
    {"to_ycbcr", "from_ycbcr", ycbcr, {1, 1, 1}, {0, 0, 0}, -1, 1e-6},
};

static void expected(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const space *s = user;
    for (int k = 0; k < e->channels; k++) out[k] = in[0][k];
    s->formula(out, kal_type_max(e->type));
    for (int k = 0; k < 3 && e->type == KAL_U8; k++) {
        out[k] = out[k] * s->scale[k] + s->offset[k];
        if (k == s->hue && out[k] >= 179.5) out[k] = 0;
    }
}

// All bytes of a row of reals are in 0..1 here, as colours are.
static kal_node *colours(kal_scope *s, const kal_extent *e)
{
    kal_extent bytes = *e;
    bytes.type = KAL_U8;
    return kal_cast(s, rng_image(&r, s, &bytes), kal_cast_params(.type = (int32_t)e->type));
}

// Samples of two images differ by at most so much.
static void apart(const space *p, kal_node *x, kal_node *y, double most)
{
    kal_extent e;
    void *a = read_all(x, NULL, &e), *b = read_all(y, NULL, NULL);
    for (size_t i = 0; i < (size_t)e.width * (size_t)e.height * (size_t)e.channels; i++)
        REQUIRE_NOTE(fabs(at(a, e.type, i) - at(b, e.type, i)) <= most, "%s %s: sample %zu: %g, %g", about,
                     p->from, i, at(a, e.type, i), at(b, e.type, i));
    free(a), free(b);
}

// Bytes as the numbers they stand for, and those back to RGB.
static kal_node *back_in_reals(kal_scope *s, const space *p, kal_node *bytes)
{
    double scale[3], offset[3];
    for (int k = 0; k < 3; k++) scale[k] = 255 / p->scale[k], offset[k] = -p->offset[k] / p->scale[k];
    if (!strcmp(p->to, "to_hsv") || !strcmp(p->to, "to_hsl")) scale[1] = scale[2] = 1;
    if (!strcmp(p->to, "to_ycbcr"))
        scale[0] = scale[1] = scale[2] = 1, offset[1] = offset[2] = 0.5 - 128 / 255.0;
    kal_node *real = kal_cast(s, bytes, kal_cast_params(.type = KAL_F32));
    real = kal_linear(s, real, kal_linear_params(.scale = {scale, 3}, .offset = {offset, 3}));
    return kal_apply_text(s, p->from, "", &real, 1);
}

static void test_space(const space *p, int32_t w, int32_t h)
{
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = colours(s, &e), *node = kal_apply_text(s, p->to, "", &in, 1);
        if (colours_of(&e) != 3)
            check_fails(node, "colour channel");
        else if (e.type == KAL_U16 && strcmp(p->to, "to_ycbcr"))
            check_fails(node, "u16 samples have no layout for this");
        else {
            REQUIRE(model_of(node) == KAL_DATA);
            check_pointwise(node, &in, 1, expected, p, e.type == KAL_F32 ? p->near * 30 : 2e-3);
            check_tilings(&r, node);
            node = kal_apply_text(s, p->from, "", &node, 1);
            REQUIRE(model_of(node) == KAL_RGB);
            check_tilings(&r, node);
            if (e.type == KAL_U8)
                apart(p, node, kal_cast(s, back_in_reals(s, p, kal_apply_text(s, p->to, "", &in, 1)), NULL),
                      1);
            else
                apart(p, node, in, e.type == KAL_F32 ? 5e-6 : 2);
        }
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    const kal_extent label = {5, 1, 3, KAL_U32, KAL_DATA, false};
    kal_node *in = rng_image(&r, s, &label);
    check_fails(kal_apply_text(s, p->to, "", &in, 1), "u32 samples are labels");
    kal_scope_free(&s);
}

static void test_known(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(8, 1, 3, KAL_U8), turned = extent_of(4, 1, 3, KAL_F32);
    kal_node *in = image_of(s, e, (const double[]){255, 255, 255, 0,   0,   0, 255, 0,   0,   0, 255, 0,
                                                   0,   0,   255, 255, 255, 0, 128, 128, 128, 1, 2,   3});
    // as OpenCV's cvtColor gives them, but for yellow's b, which is 222.48
    VALUES(kal_to_lab(s, in, NULL), 255, 128, 128, 0, 128, 128, 136, 208, 195, 224, 42, 211, 82, 207, 20, 248,
           106, 222, 137, 128, 128, 1, 128, 128);
    VALUES(kal_to_hsv(s, in, NULL), 0, 0, 255, 0, 0, 0, 0, 255, 255, 60, 255, 255, 120, 255, 255, 30, 255,
           255, 0, 0, 128, 105, 170, 3);
    VALUES(kal_to_hsl(s, in, NULL), 0, 0, 255, 0, 0, 0, 0, 255, 128, 60, 255, 128, 120, 255, 128, 30, 255,
           128, 0, 0, 128, 105, 128, 2);
    VALUES(kal_to_ycbcr(s, in, NULL), 255, 128, 128, 0, 128, 128, 76, 85, 255, 150, 44, 21, 29, 255, 107, 226,
           1, 149, 128, 128, 128, 2, 129, 127);
    // hues of any number of turns
    in = image_of(s, turned, (const double[]){120, 1, 1, 480, 1, 1, -240, 1, 1, 3600, 1, 1});
    VALUES(kal_from_hsv(s, in, NULL), 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0);
    kal_scope_free(&s);
}

// ---- bytes --------------------------------------------------------------------------------------

// n / d, half up, saturated
static int byte_of(int64_t n, int64_t d)
{
    const int64_t v = 2 * n + d < 0 ? 0 : (2 * n + d) / (2 * d);
    return v > 255 ? 255 : (int)v;
}

static int64_t between(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int hue_byte(int red, int g, int b, int v, int d)
{
    const int a = v == red ? g - b : v == g ? b - red + 2 * d : red - g + 4 * d;
    return d ? byte_of(30 * (a < 0 ? a + 6 * d : a), d) % 180 : 0;
}

static void hsv_bytes(int red, int g, int b, int out[3])
{
    const int v = red > g ? (red > b ? red : b) : g > b ? g : b, d = v - (int)least(least(red, g), b);
    out[0] = hue_byte(red, g, b, v, d), out[1] = v ? byte_of(255 * d, v) : 0, out[2] = v;
}

static void hsl_bytes(int red, int g, int b, int out[3])
{
    const int v = red > g ? (red > b ? red : b)
                  : g > b ? g
                          : b,
              m = (int)least(least(red, g), b), sum = v + m;
    const int room = sum > 255 ? 510 - sum : sum;
    out[0] = hue_byte(red, g, b, v, v - m), out[1] = room ? byte_of(255 * (v - m), room) : 0,
    out[2] = (sum + 1) / 2;
}

static void from_hsv_bytes(int h, int s, int v, int out[3])
{
    for (int i = 0; i < 3; i++) {
        const int k = ((const int[]){150, 90, 30}[i] + h) % 180;
        out[i] = byte_of(v * (7650 - s * between(least(k, 120 - k), 0, 30)), 7650);
    }
}

static void from_hsl_bytes(int h, int s, int l, int out[3])
{
    for (int i = 0; i < 3; i++) {
        const int q = ((const int[]){0, 120, 60}[i] + h) % 180;
        out[i] = byte_of(3825 * l - least(l, 255 - l) * s * between(least(q - 45, 135 - q), -15, 15), 3825);
    }
}

static void ycbcr_bytes(int red, int g, int b, int out[3])
{
    out[0] = byte_of(299 * red + 587 * g + 114 * b, 1000);
    out[1] = byte_of(886 * b - 299 * red - 587 * g + 128 * 1772, 1772);
    out[2] = byte_of(701 * red - 587 * g - 114 * b + 128 * 1402, 1402);
}

static void from_ycbcr_bytes(int y, int cb, int cr, int out[3])
{
    cb -= 128, cr -= 128;
    out[0] = byte_of(1000 * y + 1402 * cr, 1000);
    out[1] = byte_of(293500 * (int64_t)y - 209599 * cr - 101004 * cb, 293500);
    out[2] = byte_of(1000 * y + 1772 * cb, 1000);
}

// All triples of bytes give the fractions that they are, rounded half up.
static void test_bytes(void)
{
    static const struct {
        const char *op;
        void (*fraction)(int a, int b, int c, int out[3]);
    } ops[] = {{"to_hsv", hsv_bytes},        {"to_hsl", hsl_bytes},        {"to_ycbcr", ycbcr_bytes},
               {"from_hsv", from_hsv_bytes}, {"from_hsl", from_hsl_bytes}, {"from_ycbcr", from_ycbcr_bytes}};
    enum { SIDE = 1024, EACH = SIDE * SIDE };
    uint8_t *v = malloc(3 * EACH);
    for (int slab = 0; slab < 16; slab++) {
        for (int i = 0; i < EACH; i++)
            v[3 * i] = (uint8_t)(slab * 16 + i / 65536), v[3 * i + 1] = (uint8_t)(i / 256),
                  v[3 * i + 2] = (uint8_t)i;
        const kal_extent e = {SIDE, SIDE, 3, KAL_U8, KAL_RGB, false};
        kal_scope *s = kal_scope_new();
        kal_node *in = kal_pixels(s, &e, v, 3 * SIDE);
        for (size_t o = 0; o < sizeof ops / sizeof *ops; o++) {
            uint8_t *got = read_all(kal_apply(s, ops[o].op, NULL, &in, 1), NULL, NULL);
            int off = 0;
            for (int i = 0; i < EACH; i++) {
                int want[3];
                ops[o].fraction(v[3 * i], v[3 * i + 1], v[3 * i + 2], want);
                for (int k = 0; k < 3; k++) off += got[3 * i + k] != want[k];
            }
            REQUIRE_NOTE(!off, "%s: %d bytes of slab %d", ops[o].op, off, slab);
            free(got);
        }
        kal_scope_free(&s);
    }
    free(v);
}

// ---- light --------------------------------------------------------------------------------------

static void to_linear(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const double max = kal_type_max(e->type);
    double (*curve)(double) = *(double (*const *)(double))user;
    for (int32_t k = 0; k < e->channels; k++)
        out[k] = k < colours_of(e) ? max * curve(in[0][k] / max) : in[0][k];
}

static void test_light(int32_t w, int32_t h)
{
    double (*const curves[2])(double) = {light, sample};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e);
        kal_node *there = kal_to_linear(s, in, NULL), *back = kal_from_linear(s, in, NULL);
        check_pointwise(there, &in, 1, to_linear, &curves[0], 1e-4);
        check_pointwise(back, &in, 1, to_linear, &curves[1], 1e-4);
        check_tilings(&r, there);
        check_tilings(&r, back);
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    const kal_extent five = extent_of(5, 1, 1, KAL_U8), real = extent_of(5, 1, 1, KAL_F32);
    VALUES(kal_to_linear(s, image_of(s, five, (const double[]){0, 10, 128, 200, 255}), NULL), 0, 1, 55, 147,
           255);
    VALUES(kal_from_linear(s, image_of(s, five, (const double[]){0, 1, 55, 147, 255}), NULL), 0, 13, 128, 200,
           255);
    kal_node *in = image_of(s, real, (const double[]){-1, 0, 1, 4, NAN});
    float *v = read_all(kal_to_linear(s, in, NULL), NULL, NULL);
    REQUIRE(v[0] == (float)(-1 / 12.92) && v[1] == 0 && v[2] == 1 && fabs(v[3] / light(4) - 1) < 1e-7 &&
            v[4] != v[4]);
    free(v);
    kal_scope_free(&s);
}

// With another type the curve's result is rounded to it, once; alpha as cast has it.
typedef struct turned_to {
    double (*curve)(double);
    double from, to;
} turned_to;

static void to_type(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const turned_to *t = user;
    for (int32_t k = 0; k < e->channels; k++) {
        const double v = in[0][k] / t->from;
        out[k] = t->to * (k < colours_of(e) ? t->curve(v) : v);
    }
}

static void test_light_types(int32_t w, int32_t h)
{
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);)
        for (int32_t type = KAL_U8; type <= KAL_F32; type++) {
            if (e.type == KAL_F32 || e.type == (kal_type)type) continue;
            kal_scope *s = kal_scope_new();
            kal_node *in = rng_image(&r, s, &e);
            const double from = kal_type_max(e.type), to = kal_type_max((kal_type)type);
            kal_node *a = kal_to_linear(s, in, kal_to_linear_params(.type = 1 + type)),
                     *b = kal_from_linear(s, in, kal_from_linear_params(.type = 1 + type));
            check_pointwise(a, &in, 1, to_type, &(turned_to){light, from, to}, 1e-4);
            check_pointwise(b, &in, 1, to_type, &(turned_to){sample, from, to}, 1e-4);
            check_tilings(&r, a);
            kal_scope_free(&s);
        }
}

static bool equal(kal_node *a, kal_node *b)
{
    kal_key u = {0}, v = {0};
    REQUIRE_OK(kal_content_key(a, NULL, &u, &check_error));
    REQUIRE_OK(kal_content_key(b, NULL, &v, &check_error));
    return kal_key_equal(u, v);
}

// light=linear: three ops, none of which is seen, and no less of a picture than it was.
static void test_sums_of_light(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent bytes = extent_of(300, 300, 4, KAL_U8), words = extent_of(300, 300, 3, KAL_U16);
    kal_node *a = rng_image(&r, s, &bytes), *b = rng_image(&r, s, &words);
    const kal_to_linear_p u16 = *kal_to_linear_params(.type = 1 + KAL_U16),
                          f32 = *kal_to_linear_params(.type = 1 + KAL_F32);
    // there and back is nothing, in what lies between
    REQUIRE(
        equal(a, kal_from_linear(s, kal_to_linear(s, a, &u16), kal_from_linear_params(.type = 1 + KAL_U8))));
    REQUIRE(
        equal(b, kal_from_linear(s, kal_to_linear(s, b, &f32), kal_from_linear_params(.type = 1 + KAL_U16))));
    // what it is
    REQUIRE(kal_resize(s, a, kal_resize_params(.width = 70, .light = KAL_LIGHT_LINEAR)) ==
            kal_from_linear(s, kal_resize(s, kal_to_linear(s, a, &u16), kal_resize_params(.width = 70)),
                            kal_from_linear_params(.type = 1 + KAL_U8)));
    REQUIRE(kal_gaussian(s, b, kal_gaussian_params(.sigma = 2, .light = KAL_LIGHT_LINEAR)) ==
            kal_from_linear(s, kal_gaussian(s, kal_to_linear(s, b, &f32), kal_gaussian_params(.sigma = 2)),
                            kal_from_linear_params(.type = 1 + KAL_U16)));
    REQUIRE(kal_resize(s, a, kal_resize_params(.width = 300, .light = KAL_LIGHT_LINEAR)) == a);
    REQUIRE(
        kal_resize(s, a, kal_resize_params(.width = 9, .kernel = KAL_NEAREST, .light = KAL_LIGHT_LINEAR)) ==
        kal_resize(s, a, kal_resize_params(.width = 9, .kernel = KAL_NEAREST)));
    REQUIRE(kal_thumbnail(s, a, kal_thumbnail_params(.width = 70, .light = KAL_LIGHT_LINEAR)) ==
            kal_resize(s, a, kal_resize_params(.width = 70, .light = KAL_LIGHT_LINEAR)));
    // a flat picture stays, as does the fill around it
    const double gray[1] = {77};
    kal_node *flat = kal_apply_text(s, "solid", "width=50 height=40 color=[77]", NULL, 0);
    REQUIRE(equal(flat, kal_gaussian(s, flat,
                                     kal_gaussian_params(.sigma = 3, .edge = KAL_EDGE_FILL,
                                                         .color = {gray, 1}, .light = KAL_LIGHT_LINEAR))));
    REQUIRE(equal(flat, kal_box_blur(s, flat,
                                     kal_box_blur_params(.radius = 3, .edge = KAL_EDGE_FILL,
                                                         .color = {gray, 1}, .light = KAL_LIGHT_LINEAR))));
    // black and white squares are as bright as half the light: 188, not 128
    kal_node *board = kal_apply_text(s, "checkerboard", "width=64 height=64 cell=1", NULL, 0);
    static const char *const small[] = {"resize",    "width=32 kernel=box",
                                        "fit",       "width=8 height=8 kernel=box",
                                        "thumbnail", "width=16 kernel=box"};
    for (size_t i = 0; i < 6; i += 2)
        for (int linear = 0; linear < 2; linear++) {
            char how[80];
            snprintf(how, sizeof how, "%s light=%s", small[i + 1], linear ? "linear" : "stored");
            unsigned char *v = read_all(kal_apply_text(s, small[i], how, &board, 1), NULL, NULL);
            REQUIRE_NOTE(v && v[0] == (linear ? 188 : 128) && v[9] == v[0], "%s %s: %d", small[i], how,
                         v ? v[0] : -1);
            free(v);
        }
    kal_scope_free(&s);
}

int main(void)
{
    test_light_types(61, 7);
    test_light_types(300, 230);
    test_sums_of_light();
    test_bytes();
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        test_space(&spaces[i], 61, 7);
        test_space(&spaces[i], 600, 2);
    }
    test_known();
    test_light(13, 9);
    test_light(300, 3);
    return check_done();
}
