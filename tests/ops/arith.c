// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Arithmetic, mixing and channels against their formulas: add, subtract, multiply, divide, blend, composite,
// band_extract, band_join, flatten.
#include "formula.h"

static rng r = {29};

static void keep_alpha(const kal_extent *e, const double *in, double *out)
{
    if (e->alpha) out[e->channels - 1] = in[e->channels - 1];
}

// ---- add, subtract, multiply, divide ------------------------------------------------------------

static const char *const ops[] = {"add", "subtract", "multiply", "divide"};

typedef struct arithmetic {
    int op;
    const double *values;   // a number per channel, or NULL: the other image …
    bool broadcast;         // … which has one channel
} arithmetic;

static double with_number(int op, double x, double v)
{
    return op == 0 ? x + v : op == 1 ? x - v : op == 2 ? x * v : x / v;
}

static double with_image(int op, double x, double y, kal_type type)
{
    const double max = kal_type_max(type);
    if (op < 2) return op ? x - y : x + y;
    if (op == 2) return x * y / max;
    if (type == KAL_F32) return y == 0 ? 0 : x / y;
    return y == 0 ? (x == 0 ? 0 : max) : x * max / y;
}

static void compute(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const arithmetic *a = user;
    for (int32_t k = 0; k < colours_of(e); k++)
        out[k] = a->values ? with_number(a->op, in[0][k], a->values[k])
                           : with_image(a->op, in[0][k], in[1][a->broadcast ? 0 : k], e->type);
    keep_alpha(e, in[0], out);
}

static kal_node *apply(kal_scope *s, int op, kal_node *a, kal_node *b, const double *v, int32_t n)
{
    kal_node *in[2] = {a, b};
    const kal_add_p p = {sizeof p, {v, n}};
    return kal_apply(s, ops[op], &p, in, b ? 2 : 1);
}

static void test_numbers(void)
{
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 29, 7);)
        for (int op = 0; op < 4; op++) {
            kal_scope *s = kal_scope_new();
            kal_node *in = rng_image(&r, s, &e);
            const double values[8] = {0.5, -0.25, 3, 7.5, 100.5, 1, 1, 1},
                         same[5] = {2.5, 2.5, 2.5, 2.5, 2.5}, none = op < 2 ? 0 : 1;
            arithmetic a = {op, values, false};
            kal_node *node = apply(s, op, in, NULL, values, colours_of(&e));
            const double slack = e.type == KAL_F32 && op < 3 ? 1e-6 : 0;
            check_pointwise(node, &in, 1, compute, &a, slack);
            check_tilings(&r, node);
            a.values = same;
            check_pointwise(apply(s, op, in, NULL, same, 1), &in, 1, compute, &a, slack);
            REQUIRE(apply(s, op, in, NULL, &none, 1) == in);
            check_fails(apply(s, op, in, NULL, values, colours_of(&e) + 2), "value has");
            check_fails(apply(s, op, in, NULL, NULL, 0), "give another image or value=");
            check_fails(apply(s, op, in, in, values, 1), "another image and value= too");
            if (op == 3) check_fails(apply(s, op, in, NULL, (const double[]){0}, 1), "divide: value is 0");
            kal_scope_free(&s);
        }
}

// On floats: the number rounded once, then the result; divided, the result alone.
static void test_floats(void)
{
    enum { N = 3000 };
    static float samples[N], got[N];
    for (int op = 0; op < 4; op++)
        for (int k = 0; k < 5; k++) {
            const double v = (double)rng_next(&r) / 4e9 * 6 - 3.1;
            for (int i = 0; i < N; i++)
                samples[i] = (float)((double)rng_next(&r) / 4e9 * (i & 1 ? 1 : 300) - 0.4);
            const kal_extent e = extent_of(N, 1, 1, KAL_F32);
            kal_scope *s = kal_scope_new();
            kal_node *n = apply(s, op, kal_pixels(s, &e, samples, sizeof samples), NULL, &v, 1);
            REQUIRE_OK(kal_read(n, kal_rect_all(&e), got, sizeof got, NULL, &check_error));
            for (int i = 0; i < N; i++) {
                const double x = (double)samples[i], by = op == 3 ? v : (double)(float)v;
                const float want =
                    (float)with_number(op, x, by);   // of two floats a double holds more than enough
                const double size = op < 2 ? fabs(x) + fabs(v) : fabs(with_number(op, x, v));
                REQUIRE_NOTE(got[i] == want &&
                                 fabs((double)got[i] - with_number(op, x, v)) <= ldexp(size, -23),
                             "%s %.9g %.17g is %.9g, want %.9g", ops[op], x, v, (double)got[i], (double)want);
            }
            kal_scope_free(&s);
        }
}

static void test_images(void)
{
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 83, 7);)
        for (int op = 0; op < 4; op++) {
            kal_scope *s = kal_scope_new();
            kal_extent one = {e.width, e.height, 1, e.type, KAL_GRAY, false}, veiled = e;
            veiled.alpha = !e.alpha;   // as many colours, alpha the other way
            veiled.channels += veiled.alpha ? 1 : -1;
            kal_node *in[2] = {rng_image(&r, s, &e), rng_image(&r, s, &e)};
            const double slack = e.type == KAL_F32 ? 1e-6 : 1e-7;
            arithmetic a = {op, NULL, false};
            kal_node *node = apply(s, op, in[0], in[1], NULL, 0);
            check_pointwise(node, in, 2, compute, &a, slack);
            check_tilings(&r, node);
            in[1] = rng_image(&r, s, &veiled);
            check_pointwise(apply(s, op, in[0], in[1], NULL, 0), in, 2, compute, &a, slack);
            in[1] = rng_image(&r, s, &one);
            a.broadcast = true;
            node = apply(s, op, in[0], in[1], NULL, 0);
            check_pointwise(node, in, 2, compute, &a, slack);
            check_tilings(&r, node);
            REQUIRE(model_of(node) == e.model);
            kal_scope_free(&s);
        }
}

static void test_arithmetic_cases(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent two = extent_of(2, 1, 1, KAL_U8), line = extent_of(4, 1, 1, KAL_U8);
    // P2: 250 + 10, 5 − 10, 100 · 3
    kal_node *in = image_of(s, two, (const double[]){250, 5}),
             *ten = image_of(s, two, (const double[]){10, 10});
    VALUES(apply(s, 0, in, NULL, (const double[]){10}, 1), 255, 15);
    VALUES(apply(s, 0, in, ten, NULL, 0), 255, 15);
    VALUES(apply(s, 1, in, NULL, (const double[]){10}, 1), 240, 0);
    VALUES(apply(s, 1, in, ten, NULL, 0), 240, 0);
    VALUES(apply(s, 2, image_of(s, two, (const double[]){100, 3}), NULL, (const double[]){3}, 1), 255, 9);
    // half up, by numbers and by images
    VALUES(apply(s, 3, image_of(s, line, (const double[]){1, 2, 3, 5}), NULL, (const double[]){2}, 1), 1, 1,
           2, 3);
    kal_node *x = image_of(s, line, (const double[]){0, 9, 100, 200}),
             *y = image_of(s, line, (const double[]){0, 0, 255, 51});
    VALUES(apply(s, 3, x, y, NULL, 0), 0, 255, 100, 255);
    VALUES(apply(s, 2, x, y, NULL, 0), 0, 0, 100, 40);
    // every pair of bytes
    double all[65536], other[65536];
    for (int i = 0; i < 65536; i++) all[i] = i >> 8, other[i] = i & 255;
    const kal_extent square = extent_of(256, 256, 1, KAL_U8);
    kal_node *pair[2] = {image_of(s, square, all), image_of(s, square, other)};
    for (int op = 0; op < 4; op++)
        check_pointwise(apply(s, op, pair[0], pair[1], NULL, 0), pair, 2, compute,
                        &(arithmetic){op, NULL, false}, 1e-9);
    // masks: or, and-not, and
    kal_extent m = {2, 2, 1, KAL_U8, KAL_MASK, false};
    kal_node *a = image_of(s, m, (const double[]){0, 0, 255, 255}),
             *b = image_of(s, m, (const double[]){0, 255, 0, 255});
    VALUES(apply(s, 0, a, b, NULL, 0), 0, 255, 255, 255);
    VALUES(apply(s, 1, a, b, NULL, 0), 0, 0, 255, 0);
    VALUES(apply(s, 2, a, b, NULL, 0), 0, 0, 0, 255);
    VALUES(apply(s, 3, a, b, NULL, 0), 0, 0, 255, 255);
    for (int op = 0; op < 4; op++) {
        REQUIRE(model_of(apply(s, op, a, b, NULL, 0)) == KAL_MASK);
        REQUIRE(model_of(apply(s, op, a, NULL, (const double[]){7}, 1)) == KAL_GRAY);
        m.model = KAL_GRAY;
        REQUIRE(model_of(apply(s, op, a, image_of(s, m, all), NULL, 0)) == KAL_GRAY);
        kal_extent wide = m, rgb = m;
        wide.type = KAL_U16;
        rgb.channels = 3, rgb.model = KAL_RGB;
        check_fails(apply(s, op, a, image_of(s, wide, all), NULL, 0), "use cast");
        check_fails(apply(s, op, a, image_of(s, rgb, all), NULL, 0), "the other 3");
        check_fails(apply(s, op, a, x, NULL, 0), "the other is 4×1");
        wide.type = KAL_U32;
        check_fails(apply(s, op, image_of(s, wide, all), NULL, (const double[]){7}, 1),
                    "u32 samples are labels");
    }
    kal_scope_free(&s);
}

// ---- blend --------------------------------------------------------------------------------------

static void blend(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const double a = *(const double *)user;
    for (int32_t k = 0; k < e->channels; k++) out[k] = a * in[0][k] + (1 - a) * in[1][k];
}

static void test_blend(void)
{
    static const double alphas[] = {0.5, 0.3, 0.999, 1e-9};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 53, 5);) {
        kal_scope *s = kal_scope_new();
        kal_node *in[2] = {rng_image(&r, s, &e), rng_image(&r, s, &e)};
        for (int i = 0; i < 4; i++) {
            kal_node *node = kal_blend(s, in[0], in[1], kal_blend_params(.alpha = alphas[i]));
            check_pointwise(node, in, 2, blend, &alphas[i], 0);
            if (i < 2) check_tilings(&r, node);
        }
        REQUIRE(kal_blend(s, in[0], in[1], kal_blend_params(.alpha = 1)) == in[0]);
        REQUIRE(kal_blend(s, in[0], in[1], kal_blend_params(.alpha = 0)) == in[1]);
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    kal_node *gray = image_of(s, extent_of(1, 1, 1, KAL_U8), (const double[]){10}),
             *dim = image_of(s, extent_of(1, 1, 1, KAL_U8), (const double[]){101});
    kal_node *layer = image_of(s, extent_of(1, 1, 3, KAL_U8), (const double[]){20, 20, 20});
    kal_node *bright = image_of(s, extent_of(1, 1, 3, KAL_U8), (const double[]){200, 200, 200});
    // P3
    VALUES(kal_blend(s, layer, kal_to_rgb(s, gray, NULL), kal_blend_params(.alpha = 0.5)), 15, 15, 15);
    VALUES(kal_blend(s, bright, kal_to_rgb(s, dim, NULL), kal_blend_params(.alpha = 0.3)), 131, 131, 131);
    check_fails(kal_blend(s, layer, gray, NULL), "blend: the image has 3 channels");
    check_fails(
        kal_blend(s, layer, kal_crop(s, kal_embed(s, layer, kal_embed_params(.width = 2)), NULL), NULL),
        "blend: the image is 1×1");
    const kal_extent m = {5, 1, 1, KAL_U8, KAL_MASK, false};
    REQUIRE(model_of(kal_blend(s, rng_image(&r, s, &m), rng_image(&r, s, &m), NULL)) == KAL_GRAY);
    kal_scope_free(&s);
}

// ---- composite ----------------------------------------------------------------------------------

static void over(const kal_extent *image, const double *top, const kal_extent *base, const double *under,
                 double *out)
{
    const double max = kal_type_max(base->type), ai = image->alpha ? top[image->channels - 1] / max : 1;
    const double ab = base->alpha ? under[base->channels - 1] / max : 1, ao = ai + ab * (1 - ai);
    for (int32_t k = 0; k < colours_of(base); k++)
        out[k] = ao == 0 ? 0 : (top[k] * ai + under[k] * ab * (1 - ai)) / ao;
    if (base->alpha) out[base->channels - 1] = ao * max;
}

static void check_composite(kal_node *node, kal_node *image, kal_node *base, int32_t x0, int32_t y0)
{
    kal_extent e, b;
    if (!REQUIRE_NOTE(!kal_node_extent(node, &b, &check_error), "%s: %s", about, check_error.message)) return;
    kal_node_extent(image, &e, NULL);
    void *got = naive_pixels(node), *top = naive_pixels(image), *under = naive_pixels(base);
    for (int32_t y = 0; y < b.height; y++)
        for (int32_t x = 0; x < b.width; x++) {
            double t[KAL_MAX_CHANNELS], u[KAL_MAX_CHANNELS], want[KAL_MAX_CHANNELS];
            const bool hit = x >= x0 && x < x0 + e.width && y >= y0 && y < y0 + e.height;
            const size_t i = ((size_t)y * (size_t)b.width + (size_t)x) * (size_t)b.channels;
            for (int32_t k = 0; k < b.channels; k++) want[k] = u[k] = at(under, b.type, i + (size_t)k);
            for (int32_t k = 0; k < e.channels && hit; k++)
                t[k] = at(top, e.type,
                          ((size_t)(y - y0) * (size_t)e.width + (size_t)(x - x0)) * (size_t)e.channels +
                              (size_t)k);
            if (hit) over(&e, t, &b, u, want);
            for (int32_t k = 0; k < b.channels; k++)
                REQUIRE_NOTE(
                    near(b.type, at(got, b.type, i + (size_t)k), want[k], b.type == KAL_F32 ? 1e-4 : 1e-7),
                    "%s over %d channels: %d,%d channel %d is %g, want %g", about, b.channels, x, y, k,
                    at(got, b.type, i + (size_t)k), want[k]);
        }
    free(got);
    free(top);
    free(under);
}

static void test_composite(void)
{
    static const int32_t places[][2] = {{0, 0}, {-3, 2}, {9, -1}, {-1, -1}};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 13, 9);)
        for (int veil = 0; veil < 2; veil++) {
            kal_scope *s = kal_scope_new();
            kal_extent b = {17, 8, colours_of(&e) + veil, e.type, e.model, veil};
            kal_node *image = rng_image(&r, s, &e), *base = rng_image(&r, s, &b);
            for (int p = 0; p < 4; p++) {
                const int32_t x = places[p][0], y = places[p][1];
                kal_node *node = kal_composite(s, image, base, kal_composite_params(.x = x, .y = y));
                check_composite(node, image, base, x, y);
                check_tilings(&r, node);
                if (!veil && !e.alpha)
                    REQUIRE(node == kal_insert(s, image, base, kal_insert_params(.x = x, .y = y)));
            }
            REQUIRE(kal_composite(s, image, base, kal_composite_params(.x = 17)) == base);
            REQUIRE(kal_composite(s, image, base, kal_composite_params(.y = -9)) == base);
            kal_scope_free(&s);
        }
    kal_scope *s = kal_scope_new();
    // every pair of alphas, exact: out = (2 N + A) / 2A in integers
    const kal_extent wide = extent_of(256, 256, 2, KAL_U8);
    double top[131072], under[131072], want[131072];
    for (int i = 0; i < 65536; i++) {
        const int64_t ai = i >> 8, ab = i & 255, ci = (i * 7) & 255, cb = (i * 13 + 5) & 255;
        const int64_t all = ai * 255 + ab * (255 - ai), n = ci * ai * 255 + cb * ab * (255 - ai);
        top[2 * i] = (double)ci, top[2 * i + 1] = (double)ai, under[2 * i] = (double)cb,
                under[2 * i + 1] = (double)ab;
        want[2 * i] = all ? (double)((2 * n + all) / (2 * all)) : 0,
                 want[2 * i + 1] = (double)((2 * all + 255) / 510);
    }
    check_values(kal_composite(s, image_of(s, wide, top), image_of(s, wide, under), NULL), want, 131072);
    const kal_extent m = {5, 1, 1, KAL_U8, KAL_MASK, false}, g = {5, 1, 1, KAL_U8, KAL_GRAY, false},
                     f = {5, 1, 1, KAL_F32, KAL_GRAY, false};
    kal_node *mask = rng_image(&r, s, &m), *gray = rng_image(&r, s, &g);
    REQUIRE(model_of(kal_composite(s, gray, mask, NULL)) == KAL_GRAY);
    REQUIRE(model_of(kal_composite(s, mask, mask, kal_composite_params(.x = 1))) == KAL_MASK);
    check_fails(kal_composite(s, gray, rng_image(&r, s, &f), NULL),
                "composite: the image is u8 and the base is f32");
    check_fails(kal_composite(s, kal_to_rgb(s, gray, NULL), gray, NULL),
                "composite: the image has 3 colour channels");
    kal_scope_free(&s);
}

// ---- band_extract, band_join --------------------------------------------------------------------

typedef struct bands {
    double v[6];
    int32_t n;
} bands;

static void extract(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    (void)e;
    const bands *b = user;
    for (int32_t i = 0; i < b->n; i++) out[i] = in[0][(int32_t)b->v[i]];
}

static kal_node *take(kal_scope *s, kal_node *in, bands b)
{
    return kal_band_extract(s, in, kal_band_extract_params(.bands = {b.v, b.n}));
}

static void test_extract(void)
{
    kal_extent e, x;
    for (int k = 0; next_kind(&k, &e, 11, 6);)
        for (int trial = 0; trial < 6; trial++) {
            kal_scope *s = kal_scope_new();
            if (trial == 5) e.type = KAL_U32;
            kal_node *in = rng_image(&r, s, &e);
            bands b = {{0}, 1 + rng_below(&r, 6)};
            for (int32_t i = 0; i < b.n; i++) b.v[i] = rng_below(&r, e.channels);
            kal_node *node = take(s, in, b);
            check_pointwise(node, &in, 1, extract, &b, 0);
            check_tilings(&r, node);
            REQUIRE_OK(kal_node_extent(node, &x, &check_error));
            if (node != in) {
                REQUIRE(x.channels == b.n && x.type == e.type);
                REQUIRE(x.alpha == (e.alpha && b.n > 1 && b.v[b.n - 1] == e.channels - 1));
                const bool rgb =
                    e.model == KAL_RGB && colours_of(&x) == 3 && b.v[0] == 0 && b.v[1] == 1 && b.v[2] == 2;
                REQUIRE(x.model == (colours_of(&x) == 1 ? KAL_GRAY : rgb ? KAL_RGB : KAL_DATA));
            }
            bands all = {{0, 1, 2, 3, 4}, e.channels}, beyond = {{0, e.channels}, 2};
            REQUIRE(take(s, in, all) == in);
            check_fails(take(s, in, beyond), "band_extract: bands has");
            check_fails(take(s, in, (bands){{0.5}, 1}), "whole numbers");
            check_fails(take(s, in, (bands){{0}, 0}), "say which channels");
            kal_scope_free(&s);
        }
    kal_scope *s = kal_scope_new();
    const kal_extent rgba = extent_of(3, 2, 4, KAL_U8);
    kal_node *in = rng_image(&r, s, &rgba);
    REQUIRE(model_of(take(s, in, (bands){{0, 1, 2}, 3})) == KAL_RGB);
    REQUIRE(model_of(take(s, in, (bands){{2, 1, 0}, 3})) == KAL_DATA);
    REQUIRE(model_of(take(s, in, (bands){{3}, 1})) == KAL_GRAY);
    kal_scope_free(&s);
}

static void join(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    (void)e;
    const int32_t *counts = user;
    for (int i = 0; i < 3; i++)
        for (int32_t k = 0; k < counts[i]; k++) *out++ = in[i][k];
}

static void test_join(void)
{
    for (int type = 0; type < 4; type++)
        for (int trial = 0; trial < 12; trial++) {
            kal_scope *s = kal_scope_new();
            int32_t counts[3], sum = 0;
            kal_node *in[3];
            for (int i = 0; i < 3; i++) {
                const kal_extent e = extent_of(14, 5, counts[i] = 1 + rng_below(&r, 4), (kal_type)type);
                in[i] = rng_image(&r, s, &e);
                sum += counts[i];
            }
            snprintf(about, sizeof about, "%s, %d + %d + %d channels", type_names[type], counts[0], counts[1],
                     counts[2]);
            kal_node *node = kal_band_join(s, in, 3, kal_band_join_params(.alpha = trial & 1));
            check_pointwise(node, in, 3, join, counts, 0);
            check_tilings(&r, node);
            kal_extent j;
            REQUIRE_OK(kal_node_extent(node, &j, &check_error));
            const int32_t colours = sum - (trial & 1);
            REQUIRE(j.channels == sum && j.alpha == (trial & 1) && j.type == (kal_type)type);
            REQUIRE(j.model == (colours == 3 ? KAL_RGB : KAL_DATA));
            kal_scope_free(&s);
        }
    kal_scope *s = kal_scope_new();
    const kal_extent one = extent_of(3, 2, 1, KAL_U8), other = extent_of(2, 2, 1, KAL_U8),
                     wide = extent_of(3, 2, 1, KAL_U16);
    kal_node *a = rng_image(&r, s, &one), *many[65];
    for (int i = 0; i < 65; i++) many[i] = a;
    REQUIRE(kal_band_join(s, &a, 1, NULL) == a);
    REQUIRE(model_of(kal_band_join(s, many, 2, kal_band_join_params(.alpha = true))) == KAL_GRAY);
    REQUIRE_OK(kal_node_error(kal_band_join(s, many, 64, NULL), &check_error));
    check_fails(kal_band_join(s, many, 65, NULL), "band_join");
    check_fails(kal_band_join(s, many, 1, kal_band_join_params(.alpha = true)), "give a colour channel too");
    many[1] = rng_image(&r, s, &other);
    check_fails(kal_band_join(s, many, 2, NULL), "image number 2 is 2×2");
    many[1] = rng_image(&r, s, &wide);
    check_fails(kal_band_join(s, many, 2, NULL), "image number 2 is u16; use cast");
    const kal_extent rgba = extent_of(3, 2, 4, KAL_U8);
    kal_node *veiled = rng_image(&r, s, &rgba), *plain = kal_band_join(s, &veiled, 1, NULL);
    REQUIRE(plain != veiled && model_of(plain) == KAL_DATA);
    REQUIRE(kal_band_join(s, &veiled, 1, kal_band_join_params(.alpha = true)) == veiled);
    kal_scope_free(&s);
}

// ---- flatten ------------------------------------------------------------------------------------

static void flatten(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const double max = kal_type_max(e->type), a = in[0][e->channels - 1] / max;
    for (int32_t k = 0; k < colours_of(e); k++) {
        const double v = ((const double *)user)[k],
                     under = e->type == KAL_F32 ? (double)(float)v : rounded(v, max);
        out[k] = in[0][k] * a + under * (1 - a);
    }
}

static void test_flatten(void)
{
    kal_extent e, f;
    for (int k = 0; next_kind(&k, &e, 35, 9);) {
        kal_scope *s = kal_scope_new();
        kal_node *in = rng_image(&r, s, &e);
        const double unit = kal_type_max(e.type), none[5] = {0};
        const double colour[8] = {unit, 0.3 * unit, 0.7 * unit, 0, 0.9 * unit};
        const int32_t n = colours_of(&e);
        kal_node *node = kal_flatten(s, in, kal_flatten_params(.background = {colour, n}));
        REQUIRE((node == in) == !e.alpha);
        check_fails(kal_flatten(s, in, kal_flatten_params(.background = {colour, n + 1 + (n == 1)})),
                    "flatten: background has");
        if (e.alpha) {
            check_pointwise(node, &in, 1, flatten, colour, 1e-7);
            check_tilings(&r, node);
            check_pointwise(kal_flatten(s, in, NULL), &in, 1, flatten, none, 1e-7);
            REQUIRE_OK(kal_node_extent(node, &f, &check_error));
            REQUIRE(f.channels == n && !f.alpha && f.model == e.model && f.type == e.type);
        }
        kal_scope_free(&s);
    }
    // every colour and alpha over 77, exact
    kal_scope *s = kal_scope_new();
    double all[131072], want[65536];
    for (int i = 0; i < 65536; i++) {
        all[2 * i] = i & 255, all[2 * i + 1] = i >> 8;
        want[i] = ((i & 255) * (i >> 8) + 77 * (255 - (i >> 8)) + 127) / 255;
    }
    kal_node *in = image_of(s, extent_of(256, 256, 2, KAL_U8), all);
    check_values(kal_flatten(s, in, kal_flatten_params(.background = {(const double[]){77}, 1})), want,
                 65536);
    kal_scope_free(&s);
}

int main(void)
{
    test_numbers();
    test_floats();
    test_images();
    test_arithmetic_cases();
    test_blend();
    test_composite();
    test_extract();
    test_join();
    test_flatten();
    return check_done();
}
