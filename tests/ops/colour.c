// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Tone and colour against their formulas, written again in plain doubles: linear, gamma, levels, threshold,
// gray, to_rgb, cast, lut.
#include "formula.h"

static rng r = {11};

static kal_list list_of(const double *v, int32_t n)
{
    return (kal_list){v, n};
}

static void keep_alpha(const kal_extent *e, const double *in, double *out)
{
    if (e->alpha) out[e->channels - 1] = in[e->channels - 1];
}

// ---- linear -------------------------------------------------------------------------------------

typedef struct two_lists {
    double scale[8], offset[8];
} two_lists;

static void linear(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const two_lists *p = user;
    for (int32_t k = 0; k < colours_of(e); k++) out[k] = in[0][k] * p->scale[k] + p->offset[k];
    keep_alpha(e, in[0], out);
}

static double unit_of(rng *g)
{
    return (double)rng_next(g) / 4294967296.0;
}

// On floats: scale and offset rounded once, then the product, then the sum; and how far that is from the formula.
static void test_linear_floats(void)
{
    enum { N = 4000 };
    static float samples[N], got[N];
    for (int k = 0; k < 20; k++) {
        const double scale = unit_of(&r) * 6 - 3, offset = unit_of(&r) * 2 - 1;
        for (int i = 0; i < N; i++) samples[i] = (float)((unit_of(&r) - 0.4) * (i & 1 ? 1 : 1000));
        const kal_extent e = extent_of(N, 1, 1, KAL_F32);
        kal_scope *s = kal_scope_new();
        kal_node *n =
            kal_linear(s, kal_pixels(s, &e, samples, sizeof samples),
                       kal_linear_params(.scale = list_of(&scale, 1), .offset = list_of(&offset, 1)));
        REQUIRE_OK(kal_read(n, kal_rect_all(&e), got, sizeof got, NULL, &check_error));
        for (int i = 0; i < N; i++) {
            const volatile float by = (float)scale, more = (float)offset, product = samples[i] * by;
            const volatile float want = product + more;
            const double exact = (double)samples[i] * scale, bound = ldexp(fabs(exact) + fabs(offset), -22);
            REQUIRE_NOTE(got[i] == want && fabs((double)got[i] - (exact + offset)) <= bound,
                         "%.9g · %.17g + %.17g is %.9g, want %.9g", (double)samples[i], scale, offset,
                         (double)got[i], (double)want);
        }
        kal_scope_free(&s);
    }
}

static void test_linear(int32_t w, int32_t h)
{
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e);
        const double unit = kal_type_max(e.type);
        two_lists p = {{1.5, -1, 0.25, 3, 0}, {-0.1 * unit, unit, 0.125 * unit, 0, unit / 2}};
        const int32_t n = colours_of(&e);
        kal_node *node = kal_linear(
            s, in, kal_linear_params(.scale = list_of(p.scale, n), .offset = list_of(p.offset, n)));
        check_pointwise(node, &in, 1, linear, &p, e.type == KAL_F32 ? 1e-6 : 0);
        check_tilings(&r, node);
        const double half = 0.5;
        node = kal_linear(s, in, kal_linear_params(.scale = list_of(&half, 1)));
        p = (two_lists){{half, half, half, half, half}, {0}};
        check_pointwise(node, &in, 1, linear, &p, 0);
        const double one[5] = {1, 1, 1, 1, 1}, none[5] = {0};
        REQUIRE(kal_linear(s, in, NULL) == in);
        REQUIRE(kal_linear(s, in, kal_linear_params(.scale = list_of(one, n), .offset = list_of(none, n))) ==
                in);
        check_fails(kal_linear(s, in, kal_linear_params(.scale = list_of(p.scale, n + 1 + (n == 1)))),
                    "linear: scale has");
        check_fails(kal_linear(s, in, kal_linear_params(.offset = list_of(p.scale, n + 1 + (n == 1)))),
                    "linear: offset has");
        kal_scope_free(&s);
    }
}

// ---- gamma, levels ------------------------------------------------------------------------------

static void gamma_of(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const double max = kal_type_max(e->type);
    for (int32_t k = 0; k < colours_of(e); k++)
        out[k] = in[0][k] <= 0 ? 0 : max * pow(in[0][k] / max, *(const double *)user);
    keep_alpha(e, in[0], out);
}

static void levels(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const kal_levels_p *p = user;
    const double max = kal_type_max(e->type);
    for (int32_t k = 0; k < colours_of(e); k++) {
        double t = (in[0][k] / max - p->black) / (p->white - p->black);
        t = pow(fmin(fmax(t, 0), 1), 1 / p->gamma);
        out[k] = (p->out_black + t * (p->out_white - p->out_black)) * max;
    }
    keep_alpha(e, in[0], out);
}

static void test_curves(int32_t w, int32_t h)
{
    static const double exponents[] = {0.01, 0.4545, 2.2, 100};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e);
        for (int i = 0; i < 4; i++) {
            kal_node *node = kal_gamma(s, in, kal_gamma_params(.exponent = exponents[i]));
            check_pointwise(node, &in, 1, gamma_of, &exponents[i], 1e-9);
            if (i == 1) check_tilings(&r, node);
        }
        REQUIRE(kal_gamma(s, in, kal_gamma_params(.exponent = 1)) == in);
        const kal_levels_p *some[] = {
            kal_levels_params(.black = 0.2, .white = 0.7), kal_levels_params(.gamma = 2.5),
            kal_levels_params(.black = 0.1, .gamma = 0.4, .out_black = 0.9, .out_white = 0.2),
            kal_levels_params(.out_white = 1)};
        for (int i = 0; i < 4; i++) {
            kal_node *node = kal_levels(s, in, some[i]);
            check_pointwise(node, &in, 1, levels, some[i], 1e-9);
            if (i == 2) check_tilings(&r, node);
            if (i == 3) REQUIRE((node == in) == (e.type != KAL_F32));
        }
        check_fails(kal_levels(s, in, kal_levels_params(.black = 0.5, .white = 0.5)),
                    "levels: white=0.5 must be above black=0.5");
        kal_scope_free(&s);
    }
}

// ---- threshold ----------------------------------------------------------------------------------

static void threshold(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    out[0] = 0;
    for (int32_t k = 0; k < colours_of(e); k++)
        if (in[0][k] > *(const double *)user) out[0] = 255;
}

static void test_threshold(void)
{
    kal_extent e, m;
    for (int k = 0; next_kind(&k, &e, 37, 5);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e);
        const double unit = kal_type_max(e.type), values[] = {0, unit / 2, 0.7 * unit, unit};
        for (int i = 0; i < 4; i++) {
            kal_node *node = kal_threshold(s, in, kal_threshold_params(.value = values[i]));
            check_pointwise(node, &in, 1, threshold, &values[i], 0);
            check_tilings(&r, node);
            REQUIRE_OK(kal_node_extent(node, &m, &check_error));
            REQUIRE(m.channels == 1 && m.type == KAL_U8 && m.model == KAL_MASK && !m.alpha);
            REQUIRE((kal_threshold(s, in, NULL) == node) == (i == 1));   // the default is half of full scale
            REQUIRE(kal_threshold(s, node, kal_threshold_params(.value = 254)) == node);
            REQUIRE(kal_threshold(s, node, kal_threshold_params(.value = 255)) != node);
        }
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    VALUES(kal_threshold(s, image_of(s, extent_of(3, 1, 1, KAL_U8), (const double[]){127, 128, 129}),
                         kal_threshold_params(.value = 128)),
           0, 0, 255);
    kal_scope_free(&s);
}

// ---- gray, to_rgb -------------------------------------------------------------------------------

static void gray(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    (void)user;
    out[0] = (9798 * in[0][0] + 19235 * in[0][1] + 3735 * in[0][2]) / 32768;
    if (e->alpha) out[1] = in[0][3];
}

static void to_rgb(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    (void)user;
    out[0] = out[1] = out[2] = in[0][0];
    if (e->alpha) out[3] = in[0][1];
}

static void test_gray(void)
{
    kal_extent e, g;
    for (int k = 0; next_kind(&k, &e, 41, 3);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e);
        kal_node *node = kal_gray(s, in, NULL), *rgb = kal_to_rgb(s, in, NULL);
        if (colours_of(&e) == 3) {
            check_pointwise(node, &in, 1, gray, NULL, 0);
            check_tilings(&r, node);
            REQUIRE(rgb == in && kal_gray(s, node, NULL) == node);
            REQUIRE_OK(kal_node_extent(node, &g, &check_error));
            REQUIRE(g.model == KAL_GRAY && g.channels == 1 + e.alpha && g.alpha == e.alpha &&
                    g.type == e.type);
            e.model = KAL_DATA;
            kal_node *data = rng_image(&r, s, &e);
            check_pointwise(kal_gray(s, data, NULL), &data, 1, gray, NULL, 0);
            REQUIRE(model_of(kal_to_rgb(s, data, NULL)) == KAL_RGB);
        } else if (colours_of(&e) == 1) {
            REQUIRE(node == in);
            check_pointwise(rgb, &in, 1, to_rgb, NULL, 0);
            check_tilings(&r, rgb);
            REQUIRE_OK(kal_node_extent(rgb, &g, &check_error));
            REQUIRE(g.model == KAL_RGB && g.channels == 3 + e.alpha && g.alpha == e.alpha &&
                    g.type == e.type);
            REQUIRE(kal_to_rgb(s, rgb, NULL) == rgb);
        } else {
            check_fails(node, "gray: the image has");
            check_fails(rgb, "to_rgb: the image has");
        }
        kal_scope_free(&s);
    }
    // P1: pure colours and one mixed
    kal_scope *s = kal_scope_new();
    const double p1[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 100, 150, 200, 255, 255, 255, 77, 77, 77};
    VALUES(kal_gray(s, image_of(s, extent_of(6, 1, 3, KAL_U8), p1), NULL), 76, 150, 29, 141, 255, 77);
    const double wide[] = {65535, 65535, 65535, 25700, 38550, 51400};
    VALUES(kal_gray(s, image_of(s, extent_of(2, 1, 3, KAL_U16), wide), NULL), 65535, 36172);
    kal_scope_free(&s);
}

// ---- cast ---------------------------------------------------------------------------------------

static void cast(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const kal_type to = *(const kal_type *)user;
    const bool label = e->type == KAL_U32 || to == KAL_U32;
    for (int32_t k = 0; k < e->channels; k++) {
        const double v = in[0][k], part = v / kal_type_max(e->type);
        out[k] = label ? v : to == KAL_F32 ? part : fmin(fmax(part, 0), 1) * kal_type_max(to);
    }
}

static void test_cast(void)
{
    kal_extent e, c;
    for (int k = 0; next_kind(&k, &e, 23, 7);)
        for (int to = 0; to < 4; to++) {
            kal_scope *s = kal_scope_new();
            const kal_type type = (kal_type)to;
            kal_node *in = rng_image(&r, s, &e);
            kal_node *node = kal_cast(s, in, kal_cast_params(.type = to));
            REQUIRE((node == in) == (type == e.type));
            if (to != KAL_U32) check_pointwise(node, &in, 1, cast, &type, 0);
            check_tilings(&r, node);
            REQUIRE_OK(kal_node_extent(node, &c, &check_error));
            REQUIRE(c.type == type && c.channels == e.channels && c.alpha == e.alpha && c.model == e.model);
            kal_scope_free(&s);
        }
    kal_scope *s = kal_scope_new();
    double every[65536];
    for (int i = 0; i < 65536; i++) every[i] = i;
    kal_node *narrow = image_of(s, extent_of(256, 1, 1, KAL_U8), every),
             *wide = image_of(s, extent_of(256, 256, 1, KAL_U16), every);
    for (int to = KAL_U16; to <= KAL_U32; to++)
        check_values(
            kal_cast(s, kal_cast(s, narrow, kal_cast_params(.type = to)), kal_cast_params(.type = KAL_U8)),
            every, 256);
    for (int to = KAL_F32; to <= KAL_U32; to++)
        check_values(
            kal_cast(s, kal_cast(s, wide, kal_cast_params(.type = to)), kal_cast_params(.type = KAL_U16)),
            every, 65536);
    for (int i = 0; i < 65536; i++) every[i] = floor(i / 257.0 + 0.5);
    check_values(kal_cast(s, wide, kal_cast_params(.type = KAL_U8)), every, 65536);
    const double floats[] = {-1, -0.0, 0.001961, 0.5, 0.99, 1, 7, NAN, INFINITY, -INFINITY};
    kal_node *odd = image_of(s, extent_of(10, 1, 1, KAL_F32), floats);
    VALUES(kal_cast(s, odd, kal_cast_params(.type = KAL_U8)), 0, 0, 1, 128, 252, 255, 255, 0, 255, 0);
    VALUES(kal_cast(s, odd, kal_cast_params(.type = KAL_U16)), 0, 0, 129, 32768, 64880, 65535, 65535, 0,
           65535, 0);
    VALUES(kal_cast(s, odd, kal_cast_params(.type = KAL_U32)), 0, 0, 0, 1, 1, 1, 7, 0, 4294967295.0, 0);
    const double labels[] = {0, 7, 255, 256, 65535, 65536, 4294967295.0};
    kal_extent label = {7, 1, 1, KAL_U32, KAL_DATA, false};
    kal_node *ids = image_of(s, label, labels);
    VALUES(kal_cast(s, ids, kal_cast_params(.type = KAL_U8)), 0, 7, 255, 255, 255, 255, 255);
    VALUES(kal_cast(s, ids, kal_cast_params(.type = KAL_U16)), 0, 7, 255, 256, 65535, 65535, 65535);
    check_values(kal_cast(s, ids, kal_cast_params(.type = KAL_F32)), labels, 7);
    check_fails(kal_linear(s, ids, kal_linear_params(.scale = list_of(labels, 1))),
                "linear: u32 samples are labels");
    check_fails(kal_gray(s, ids, NULL), "gray: u32");
    check_fails(kal_threshold(s, ids, NULL), "threshold: u32");
    kal_scope_free(&s);
}

// ---- lut ----------------------------------------------------------------------------------------

static void lut(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const kal_list *t = user;
    for (int32_t k = 0; k < colours_of(e); k++) out[k] = t->v[(t->n > 256 ? 256 * k : 0) + (int32_t)in[0][k]];
    keep_alpha(e, in[0], out);
}

static void test_lut(void)
{
    kal_extent e;
    double table[5 * 256], same[256];
    for (int i = 0; i < 5 * 256; i++) table[i] = rng_below(&r, 3000) / 10.0;
    for (int i = 0; i < 256; i++) same[i] = i + 0.25;
    for (int k = 0; next_kind(&k, &e, 19, 6);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e);
        const kal_list one = {table, 256}, each = {table, 256 * colours_of(&e)};
        kal_node *node = kal_lut(s, in, kal_lut_params(.table = one));
        if (e.type == KAL_U8) {
            check_pointwise(node, &in, 1, lut, &one, 0);
            check_tilings(&r, node);
            check_pointwise(kal_lut(s, in, kal_lut_params(.table = each)), &in, 1, lut, &each, 0);
            REQUIRE(kal_lut(s, in, kal_lut_params(.table = {same, 256})) == in);
            check_fails(kal_lut(s, in, NULL), "lut: table has 0 values; give 256");
            check_fails(kal_lut(s, in, kal_lut_params(.table = {table, 255})), "lut: table has 255 values");
        } else {
            check_fails(node, "cast type=u8");
        }
        kal_scope_free(&s);
    }
}

// ---- masks --------------------------------------------------------------------------------------

static void test_masks(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = {17, 9, 1, KAL_U8, KAL_MASK, false};
    kal_node *mask = rng_image(&r, s, &e);
    double table[256] = {9};
    REQUIRE(model_of(kal_linear(s, mask, kal_linear_params(.scale = {(const double[]){0.5}, 1}))) ==
            KAL_GRAY);
    REQUIRE(model_of(kal_gamma(s, mask, kal_gamma_params(.exponent = 2))) == KAL_MASK);
    REQUIRE(model_of(kal_levels(s, mask, kal_levels_params(.out_black = 0.5))) == KAL_GRAY);
    REQUIRE(model_of(kal_lut(s, mask, kal_lut_params(.table = {table, 256}))) == KAL_GRAY);
    REQUIRE(model_of(kal_cast(s, mask, kal_cast_params(.type = KAL_F32))) == KAL_GRAY);
    REQUIRE(model_of(kal_to_rgb(s, mask, NULL)) == KAL_RGB);
    REQUIRE(kal_gray(s, mask, NULL) == mask);
    REQUIRE(kal_cast(s, mask, kal_cast_params(.type = KAL_U8)) == mask);
    REQUIRE(kal_threshold(s, mask, NULL) == mask);
    const double two = 2;
    void *a = naive_pixels(mask), *b = naive_pixels(kal_gamma(s, mask, kal_gamma_params(.exponent = two)));
    REQUIRE_MEM(a, b, bytes_of(&e));
    free(a);
    free(b);
    kal_scope_free(&s);
}

int main(void)
{
    test_linear(13, 9);
    test_linear_floats();
    test_linear(301, 219);   // enough samples for 16-bit tables
    test_curves(13, 9);
    test_curves(263, 251);
    test_threshold();
    test_gray();
    test_cast();
    test_lut();
    test_masks();
    return check_done();
}
