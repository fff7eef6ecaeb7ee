// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// composite in every mode against W3C's Compositing and Blending, written with premultiplied colours; its places and tiles; layers against a
// chain of composite.
#include "check.h"

static rng r = {37};

// ---- modes --------------------------------------------------------------------------------------

static const char *const words[] = {
    "over",    "clear",    "source",      "in",         "out",        "atop",       "dest",       "dest_over",
    "dest_in", "dest_out", "dest_atop",   "xor",        "plus",       "multiply",   "screen",     "overlay",
    "darken",  "lighten",  "color_dodge", "color_burn", "hard_light", "soft_light", "difference", "exclusion",
    "add",     "hue",      "saturation",  "color",      "luminosity"};
enum { OPERATORS = 13, MODES = sizeof words / sizeof *words };

static double blended(int mode, double b, double s)
{
    switch (mode) {
    case KAL_MODE_MULTIPLY: return s * b;
    case KAL_MODE_SCREEN: return 1 - (1 - b) * (1 - s);
    case KAL_MODE_OVERLAY: return blended(KAL_MODE_HARD_LIGHT, s, b);
    case KAL_MODE_DARKEN: return s < b ? s : b;
    case KAL_MODE_LIGHTEN: return s < b ? b : s;
    case KAL_MODE_COLOR_DODGE: return b == 0 ? 0 : s == 1 || b > 1 - s ? 1 : b / (1 - s);
    case KAL_MODE_COLOR_BURN: return b == 1 ? 1 : s == 0 || 1 - b > s ? 0 : 1 - (1 - b) / s;
    case KAL_MODE_HARD_LIGHT: return s <= 0.5 ? 2 * s * b : 1 - (1 - b) * (2 - 2 * s);
    case KAL_MODE_SOFT_LIGHT: {
        const double d = b <= 0.25 ? ((16 * b - 12) * b + 4) * b : __builtin_sqrt(b);
        return s <= 0.5 ? b - (1 - 2 * s) * b * (1 - b) : b + (2 * s - 1) * (d - b);
    }
    case KAL_MODE_DIFFERENCE: return b > s ? b - s : s - b;
    case KAL_MODE_EXCLUSION: return b + s - 2 * b * s;
    default: return b + s > 1 ? 1 : b + s;
    }
}

static double lum(const double c[3])
{
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2];
}

static void ends(const double c[3], double *n, double *x)
{
    *n = *x = c[0];
    for (int k = 1; k < 3; k++) *n = c[k] < *n ? c[k] : *n, *x = c[k] > *x ? c[k] : *x;
}

static void set_lum(const double c[3], double l, double out[3])
{
    double n, x;
    for (int k = 0; k < 3; k++) out[k] = c[k] + l - lum(c);
    const double at = lum(out);
    ends(out, &n, &x);
    for (int k = 0; k < 3 && n < 0; k++) out[k] = at + (out[k] - at) * at / (at - n);
    for (int k = 0; k < 3 && x > 1; k++) out[k] = at + (out[k] - at) * (1 - at) / (x - at);
}

static void set_sat(const double c[3], const double of[3], double out[3])
{
    double n, x, least, most;
    ends(c, &n, &x);
    ends(of, &least, &most);
    for (int k = 0; k < 3; k++) out[k] = x > n ? (c[k] - n) * (most - least) / (x - n) : 0;
}

// The modes that look at three colours.
static void together(int mode, const double b[3], const double s[3], double out[3])
{
    double c[3];
    switch (mode) {
    case KAL_MODE_HUE: set_sat(s, b, c), set_lum(c, lum(b), out); break;
    case KAL_MODE_SATURATION: set_sat(b, s, c), set_lum(c, lum(b), out); break;
    case KAL_MODE_COLOR: set_lum(s, lum(b), out); break;
    default: set_lum(b, lum(s), out);
    }
}

// Shares of image and base in the premultiplied result.
static void shares(int mode, double a, double c, double *f, double *g)
{
    const double of[OPERATORS][2] = {{1, 1 - a}, {0, 0},         {1, 0},     {c, 0}, {1 - c, 0},
                                     {c, 1 - a}, {0, 1},         {1 - c, 1}, {0, a}, {0, 1 - a},
                                     {1 - c, a}, {1 - c, 1 - a}, {1, 1}};
    *f = of[mode < OPERATORS ? mode : 0][0];
    *g = of[mode < OPERATORS ? mode : 0][1];
}

// Colour k of an image's pixel on a base's.
static double pixel_of(int mode, int k, const double s3[3], double a, const double b3[3], double c,
                       double *ao)
{
    const double s = s3[k], b = b3[k];
    double all[3];
    if (mode >= KAL_MODE_HUE) together(mode, b3, s3, all);
    double f, g;
    shares(mode, a, c, &f, &g);
    const double mixed = mode < OPERATORS       ? s
                         : mode >= KAL_MODE_HUE ? (1 - c) * s + c * all[k]
                                                : (1 - c) * s + c * blended(mode, b, s);
    double sum = f * a * mixed + g * c * b;
    *ao = f * a + g * c;
    if (mode == KAL_MODE_PLUS && *ao > 1) *ao = 1;
    if (mode == KAL_MODE_PLUS && sum > 1) sum = 1;
    return *ao > 0 ? sum / *ao : 0;
}

static double sample_of(const void *p, kal_type type, size_t i)
{
    return type == KAL_U8    ? ((const uint8_t *)p)[i] / 255.0
           : type == KAL_U16 ? ((const uint16_t *)p)[i] / 65535.0
                             : (double)((const float *)p)[i];
}

static bool close_to(double got, double want, kal_type type)
{
    const double step = type == KAL_U8 ? 0.5 / 255 : type == KAL_U16 ? 0.5 / 65535 : 1e-6;
    const double off = got < want ? want - got : got - want;
    return off <= step * 1.000001 + 1e-9;
}

static void same_as_formula(int mode, double opacity, const kal_extent *image, const kal_extent *base)
{
    kal_scope *s = kal_scope_new();
    kal_node *in[2] = {rng_image(&r, s, image), rng_image(&r, s, base)};
    if (image->type == KAL_F32)   // within the range in which the modes mean something
        for (int i = 0; i < 2; i++)
            in[i] =
                kal_cast(s,
                         rng_image(&r, s,
                                   &(kal_extent){image->width, image->height, (i ? base : image)->channels,
                                                 KAL_U8, KAL_RGB, (i ? base : image)->alpha}),
                         kal_cast_params(.type = KAL_F32));
    unsigned char *a = read_all(in[0], NULL, NULL), *b = read_all(in[1], NULL, NULL);
    kal_node *node = kal_composite(s, in[0], in[1], kal_composite_params(.mode = mode, .opacity = opacity));
    kal_error err = {0};
    unsigned char *got = kal_node_error(node, &err) ? NULL : read_all(node, NULL, NULL);
    REQUIRE_NOTE(got || (!base->alpha && strstr(err.message, "no alpha channel")), "%s: %s", words[mode],
                 err.message);
    const size_t n = (size_t)base->width * (size_t)base->height, from = (size_t)image->channels,
                 to = (size_t)base->channels;
    for (size_t i = 0; got && i < n; i++)
        for (size_t k = 0; k < 3; k++) {
            const double ai = opacity * (image->alpha ? sample_of(a, image->type, i * from + 3) : 1);
            const double ab = base->alpha ? sample_of(b, base->type, i * to + 3) : 1;
            double ao, s3[3], b3[3];
            for (size_t c = 0; c < 3; c++) s3[c] = sample_of(a, image->type, i * from + c);
            for (size_t c = 0; c < 3; c++) b3[c] = sample_of(b, base->type, i * to + c);
            const double want = pixel_of(mode, (int)k, s3, ai, b3, ab, &ao);
            const double is = sample_of(got, base->type, i * to + k);
            if (!REQUIRE_NOTE(close_to(is, want, base->type), "%s, type %d: %g, not %g", words[mode],
                              base->type, is, want))
                break;
            if (base->alpha) REQUIRE(close_to(sample_of(got, base->type, i * to + 3), ao, base->type));
        }
    free(a), free(b), free(got);
    kal_scope_free(&s);
}

static void modes(void)
{
    for (int mode = 0; mode < MODES; mode++)
        for (int type = KAL_U8; type <= KAL_F32; type++)
            for (int alphas = 0; alphas < 4; alphas++) {
                const kal_extent image = {61, 9, 3 + (alphas & 1), (kal_type)type, KAL_RGB, alphas & 1},
                                 base = {61, 9, 3 + (alphas >> 1), (kal_type)type, KAL_RGB, alphas >> 1};
                same_as_formula(mode, 1, &image, &base);
                same_as_formula(mode, 0.375, &image, &base);
            }
}

// Opaque bytes have loops of integers, or a table; a transparent one more pixel makes doubles of them.
static void pairs(void)
{
    for (int mode = 0; mode < KAL_MODE_HUE; mode++)
        for (int half = 0; half < 2; half++) {
            kal_scope *s = kal_scope_new();
            uint8_t *v = malloc(2 * 65536 * 16);
            for (size_t i = 0; i < 65536 * 16; i++) v[i] = (uint8_t)i, v[i + 65536 * 16] = (uint8_t)(i / 256);
            const kal_extent e = {1024, 1024, 1, KAL_U8, KAL_GRAY, false},
                             f = {256, 256, 1, KAL_U8, KAL_GRAY, false};
            kal_node *const in[2] = {kal_pixels(s, &e, v, 1024), kal_pixels(s, &e, v + 65536 * 16, 1024)};
            kal_node *const few[2] = {kal_pixels(s, &f, v, 256), kal_pixels(s, &f, v + 65536 * 16, 256)};
            const kal_composite_p *p = kal_composite_params(.mode = mode, .opacity = half ? 0.5 : 1);
            kal_node *node = kal_composite(s, in[0], in[1], p);
            if (!kal_node_error(node, NULL)) {
                kal_node *clear = kal_apply_text(s, "solid", "width=256 height=256 color=[255]", NULL, 0);
                kal_node *const one[2] = {few[0], clear}, *const two[2] = {few[1], clear};
                kal_node *doubles =
                    kal_composite(s, kal_band_join(s, one, 2, kal_band_join_params(.alpha = true)),
                                  kal_band_join(s, two, 2, kal_band_join_params(.alpha = true)), p);
                uint8_t *got = read_all(node, NULL, NULL),
                        *small = read_all(kal_composite(s, few[0], few[1], p), NULL, NULL),
                        *want = read_all(doubles, NULL, NULL);
                size_t off = 0;
                for (size_t i = 0; i < 65536 * 16; i++) off += got[i] != want[2 * (i % 65536)];
                for (size_t i = 0; i < 65536; i++) off += small[i] != want[2 * i];
                REQUIRE_NOTE(!off, "%s, opacity %d / 2: %zu bytes", words[mode], 2 - half, off);
                free(got), free(small), free(want);
            }
            free(v);
            kal_scope_free(&s);
        }
}

// ---- numbers ------------------------------------------------------------------------------------

static kal_node *one(kal_scope *s, const char *pixel, int32_t channels)
{
    const kal_extent e = {1, 1, channels, KAL_U8, channels > 2 ? KAL_RGB : KAL_GRAY, channels % 2 == 0};
    return kal_pixels(s, &e, pixel, channels);
}

static void numbers(void)
{
    static const struct {
        const char *how;
        unsigned char image, base, want;
    } gray[] = {
        {"mode=multiply", 100, 200, 78},    {"mode=screen", 100, 200, 222},
        {"mode=overlay", 100, 200, 188},    {"mode=hard_light", 100, 200, 157},
        {"mode=darken", 100, 200, 100},     {"mode=lighten", 100, 200, 200},
        {"mode=difference", 100, 201, 101}, {"mode=exclusion", 100, 200, 143},
        {"mode=add", 100, 200, 255},        {"mode=add", 100, 30, 130},
        {"mode=color_dodge", 100, 50, 82},  {"mode=color_burn", 200, 100, 57},
        {"mode=color_dodge", 255, 0, 0},    {"mode=color_burn", 0, 255, 255},
        {"opacity=0.5", 100, 200, 150},     {"mode=multiply opacity=0.5", 100, 200, 139},
        {"mode=soft_light", 64, 128, 96},   {"mode=hue", 64, 128, 128},
        {"mode=luminosity", 64, 128, 64},   {"mode=color", 64, 128, 128},
    };
    kal_scope *s = kal_scope_new();
    for (size_t i = 0; i < sizeof gray / sizeof *gray; i++) {
        kal_node *const in[2] = {one(s, (const char *)&gray[i].image, 1),
                                 one(s, (const char *)&gray[i].base, 1)};
        unsigned char *got = read_all(kal_apply_text(s, "composite", gray[i].how, in, 2), NULL, NULL);
        REQUIRE_NOTE(got && *got == gray[i].want, "%s %d on %d: %d, not %d", gray[i].how, gray[i].image,
                     gray[i].base, got ? *got : -1, gray[i].want);
        free(got);
    }
    kal_scope_free(&s);
}

// Gray has no saturation and no hue, however bright: what is left of two of them is one's light.
static void bright_grays(void)
{
    enum { N = 256 };
    static float v[2][3 * N];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 3; k++)
            v[0][3 * i + k] = (float)i / 64 - 1, v[1][3 * i + k] = (float)i * 0.013f - 0.5f;
    kal_scope *s = kal_scope_new();
    const kal_extent e = {N, 1, 3, KAL_F32, KAL_RGB, false};
    kal_node *image = kal_pixels(s, &e, v[0], sizeof v[0]), *base = kal_pixels(s, &e, v[1], sizeof v[1]);
    for (int mode = KAL_MODE_HUE; mode < MODES; mode++) {
        float *got = read_all(kal_composite(s, image, base, kal_composite_params(.mode = mode)), NULL, NULL);
        for (int i = 0; got && i < 3 * N; i++) {
            const double off = (double)got[i] - (double)v[mode != KAL_MODE_LUMINOSITY][i];
            REQUIRE_NOTE(off > -1e-6 && off < 1e-6, "%s of gray %g on %g: %g", words[mode], (double)v[0][i],
                         (double)v[1][i], (double)got[i]);
        }
        free(got);
    }
    kal_scope_free(&s);
}

// ---- places -------------------------------------------------------------------------------------

static bool same_content(kal_node *a, kal_node *b)
{
    kal_key u = {0}, v = {0};
    REQUIRE_OK(kal_content_key(a, NULL, &u, &check_error));
    REQUIRE_OK(kal_content_key(b, NULL, &v, &check_error));
    return kal_key_equal(u, v);
}

static void places(void)
{
    static const struct {
        const char *gravity, *same;
    } at[] = {
        {"gravity=southeast", "x=41 y=28"},
        {"gravity=southeast x=4 y=3", "x=37 y=25"},
        {"gravity=northwest x=2 y=1", "x=2 y=1"},
        {"gravity=centre", "x=20 y=14"},
        {"gravity=north", "x=20 y=0"},
        {"gravity=west y=-2 x=1", "x=1 y=12"},
        {"gravity=south y=5 x=1", "x=21 y=23"},
        {"gravity=east mode=screen", "x=41 y=14 mode=screen"},
    };
    kal_scope *s = kal_scope_new();
    const kal_extent small = {9, 7, 4, KAL_U8, KAL_RGB, true}, large = {50, 35, 3, KAL_U8, KAL_RGB, false};
    kal_node *const in[2] = {rng_image(&r, s, &small), rng_image(&r, s, &large)};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        REQUIRE_NOTE(kal_apply_text(s, "composite", at[i].gravity, in, 2) ==
                         kal_apply_text(s, "composite", at[i].same, in, 2),
                     "%s", at[i].gravity);
    // tiles are the image wrapped around
    for (int32_t x = -20; x < 60; x += 13)
        for (int32_t gap = 0; gap < 6; gap += 5) {
            kal_node *cell = kal_embed(
                s, in[0],
                kal_embed_params(.width = 9 + gap, .height = 7 + gap, .color = {(const double[4]){0}, 4}));
            kal_node *wide = kal_embed(
                s, cell,
                kal_embed_params(.x = x, .y = x / 2, .width = 50, .height = 35, .edge = KAL_EDGE_WRAP));
            REQUIRE_NOTE(same_content(kal_composite(s, wide, in[1], NULL),
                                      kal_composite(s, in[0], in[1],
                                                    kal_composite_params(.x = x, .y = x / 2, .tile = true,
                                                                         .gap = gap))),
                         "tiles from %d, %d apart", x, gap);
        }
    kal_scope_free(&s);
}

// ---- layers -------------------------------------------------------------------------------------

static void piles(void)
{
    enum { MOST = 40 };
    for (int round = 0; round < 30; round++) {
        kal_scope *s = kal_scope_new();
        kal_node *in[MOST + 1];
        double at[2 * MOST], opacity[MOST];
        const int32_t n = 1 + rng_below(&r, MOST);
        const bool both = round & 1;
        const int mode = round < 6 ? KAL_MODE_OVER : both ? rng_below(&r, MODES) : KAL_MODE_SCREEN;
        for (int32_t i = 0; i < n; i++) {
            const bool alpha = rng_below(&r, 3) > 0;
            const kal_extent e = {
                1 + rng_below(&r, 20), 1 + rng_below(&r, 20), 3 + alpha, KAL_U8, KAL_RGB, alpha};
            in[i] = rng_image(&r, s, &e);
            at[2 * i] = rng_below(&r, 80) - 20;
            at[2 * i + 1] = rng_below(&r, 60) - 20;
            opacity[i] = round % 3 ? 1 : rng_below(&r, 5) / 4.0;
        }
        const kal_extent e = {50, 35, 3 + both, KAL_U8, KAL_RGB, both};
        in[n] = rng_image(&r, s, &e);
        const bool each = round % 4 == 3;
        char list[MOST * 16] = "";
        int how[MOST];
        for (int32_t i = 0; i < n; i++) {
            do how[i] = each ? rng_below(&r, MODES) : mode;
            while (each && !both && how[i] < KAL_MODE_PLUS && how[i] != KAL_MODE_OVER);
            if (each) snprintf(list + strlen(list), 16, "%s%s", i ? " " : "", words[how[i]]);
        }
        kal_node *pile = kal_layers(s, in, n + 1,
                                    kal_layers_params(.at = {at, 2 * n}, .mode = each ? KAL_MODE_OVER : mode,
                                                      .modes = list, .opacity = {opacity, n}));
        kal_node *chain = in[n];
        for (int32_t i = n - 1; i >= 0; i--)
            chain = kal_composite(s, in[i], chain,
                                  kal_composite_params(.x = (int32_t)at[2 * i], .y = (int32_t)at[2 * i + 1],
                                                       .mode = how[i], .opacity = opacity[i]));
        REQUIRE_NOTE(same_content(pile, chain), "round %d: %d images, %s", round, n, words[mode]);
        kal_scope_free(&s);
    }
}

static void refusals(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = {5, 4, 3, KAL_U8, KAL_RGB, false};
    kal_node *const in[3] = {rng_image(&r, s, &e), rng_image(&r, s, &e), rng_image(&r, s, &e)};
    static const struct {
        const char *op, *how, *words;
    } bad[] = {{"layers", "at=[1 2 3]", "layers: at has 3 numbers; x y of 2 images are 4"},
               {"layers", "opacity=[1 1 1]", "layers: opacity has 3 numbers"},
               {"layers", "modes=over", "layers: modes has 1 words"},
               {"layers", "modes=\"over loud\"", "layers: there is no mode \"loud\""},
               {"layers", "modes=\"over  screen\"", "layers: modes are words with one space"},
               {"layers", "modes=\"over screen\" mode=screen", "layers: give mode"},
               {"layers", "mode=xor", "layers: this mode makes the base transparent"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REQUIRE(kal_node_error(kal_apply_text(s, bad[i].op, bad[i].how, in, 3), &check_error) == KAL_INVALID);
        REQUIRE_NOTE(strstr(check_error.message, bad[i].words), "%s", check_error.message);
    }
    REQUIRE(kal_layers(s, in, 1, NULL) == in[0]);
    REQUIRE(kal_layers(s, in, 3, kal_layers_params(.modes = "screen screen")) ==
            kal_layers(s, in, 3, kal_layers_params(.mode = KAL_MODE_SCREEN)));
    const kal_extent two = {5, 4, 2, KAL_U8, KAL_DATA, false};
    kal_node *const data[2] = {rng_image(&r, s, &two), rng_image(&r, s, &two)};
    REQUIRE(kal_node_error(kal_apply_text(s, "composite", "mode=hue", data, 2), &check_error) == KAL_INVALID);
    REQUIRE_NOTE(strstr(check_error.message, "red, green and blue"), "%s", check_error.message);
    kal_scope_free(&s);
}

int main(void)
{
    modes();
    pairs();
    numbers();
    bright_grays();
    places();
    piles();
    refusals();
    kal_memo_clear(NULL);
    return check_done();
}
