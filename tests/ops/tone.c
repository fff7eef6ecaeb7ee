// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// equalize, stretch, rescale, autocontrast, clahe, palettes, quantize and dither: fixed numbers, and what they have to do with each other.
#include "formula.h"

static rng r = {17};

// An image that does not use all of full scale, so that curves have something to do.
static kal_node *dull(kal_scope *s, const kal_extent *e)
{
    kal_node *in = rng_image(&r, s, e);
    const double scale = 0.4, offset = kal_type_max(e->type) * 0.25;
    return kal_linear(s, in, kal_linear_params(.scale = {&scale, 1}, .offset = {&offset, 1}));
}

static void same_image(kal_node *a, kal_node *b)
{
    kal_key x, y;
    if (REQUIRE_NOTE(!kal_content_key(a, NULL, &x, &check_error) &&
                         !kal_content_key(b, NULL, &y, &check_error),
                     "%s: %s", about, check_error.message))
        REQUIRE_NOTE(kal_key_equal(x, y), "%s", about);
}

// A value of one image put into a parameter of an op on it.
static kal_node *bound(kal_scope *s, const char *op, const char *param, kal_node *in, kal_node *value)
{
    return kal_apply_bound(s, op, NULL, &in, 1, &(kal_bound){param, value}, 1);
}

static void test_cases(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent row = extent_of(4, 1, 1, KAL_U8), wide = extent_of(4, 1, 1, KAL_U16),
                     real = extent_of(4, 1, 1, KAL_F32), rgb = extent_of(2, 1, 3, KAL_U8);
    // equalize: round(255 / (4 − 2) · …), as OpenCV; halves go to even
    kal_node *in = image_of(s, row, (const double[]){0, 0, 100, 200});
    VALUES(kal_equalize(s, in, NULL), 0, 0, 128, 255);
    VALUES(bound(s, "lut", "table", in, kal_equalize_table(s, in, NULL, NULL)), 0, 0, 128, 255);
    VALUES(kal_equalize(s, image_of(s, wide, (const double[]){9, 7, 7, 8}), NULL), 65535, 0, 0, 32768);
    kal_node *const same = image_of(s, row, (const double[]){7, 7, 7, 7});
    VALUES(kal_equalize(s, same, NULL), 7, 7, 7, 7);
    kal_node *pair = image_of(s, rgb, (const double[]){10, 20, 30, 40, 20, 50});
    VALUES(kal_equalize(s, pair, NULL), 0, 20, 0, 255, 20, 255);
    // together: 10 20 20 30 40 50, so 2, 3, 4 and 5 fifths above the first
    VALUES(kal_equalize(s, pair, kal_equalize_params(.channels = 1)), 0, 102, 153, 204, 102, 255);
    // stretch: an image of one value becomes out_low
    VALUES(kal_stretch(s, same, NULL), 0, 0, 0, 0);
    VALUES(kal_stretch(s, same, kal_stretch_params(.out_low = 11, .out_high = 99)), 11, 11, 11, 11);
    VALUES(kal_stretch(s, in, NULL), 0, 0, 128, 255);
    VALUES(kal_stretch(s, in, kal_stretch_params(.out_low = 50, .out_high = 10)), 50, 50, 30, 10);
    VALUES(kal_stretch(s, image_of(s, real, (const double[]){0.5, 0.25, 0.75, 0.375}), NULL), 0.5, 0, 1,
           0.25);
    VALUES(kal_stretch(s, image_of(s, real, (const double[]){3, 3, 3, 3}), NULL), 0, 0, 0, 0);
    // the quarter and three quarters of 10 20 30 40 are 17.5 and 32.5
    kal_node *steps = image_of(s, row, (const double[]){10, 20, 30, 40});
    VALUES(kal_stretch(s, steps, kal_stretch_params(.low = 25, .high = 75)), 0, 43, 213, 255);
    check_fails(kal_stretch(s, steps, kal_stretch_params(.low = 75, .high = 25)),
                "stretch: low=75 is above high=25");
    VALUES(kal_rescale(s, steps, kal_rescale_params(.range = {(const double[]){20, 30}, 2})), 0, 0, 255, 255);
    VALUES(kal_rescale(s, pair, kal_rescale_params(.range = {(const double[]){10, 40, 0, 255, 30, 50}, 6})),
           0, 20, 0, 255, 20, 255);
    check_fails(kal_rescale(s, steps, NULL), "rescale: range has 0 values");
    // autocontrast
    VALUES(kal_autocontrast(s, steps, NULL), 0, 85, 170, 255);
    VALUES(kal_autocontrast(s, steps, kal_autocontrast_params(.cutoff = 25)), 0, 0, 255, 255);
    VALUES(kal_autocontrast(s, same, NULL), 7, 7, 7, 7);
    VALUES(kal_autocontrast(s, pair, kal_autocontrast_params(.channels = 1)), 0, 64, 128, 191, 64, 255);
    kal_scope_free(&s);
}

// One tile and no limit: the curve is rint(N(v) · 255 / N) everywhere. A limit of 1 pixel a bin leaves a straight line.
static void test_clahe(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent row = extent_of(4, 1, 1, KAL_U8), square = extent_of(16, 16, 1, KAL_U8);
    kal_node *in = image_of(s, row, (const double[]){9, 2, 9, 200});
    VALUES(kal_clahe(s, in, kal_clahe_params(.clip = 0, .columns = 1, .rows = 1)), 191, 64, 191, 255);
    double ramp[256], line[256];
    for (int i = 0; i < 256; i++) ramp[i] = i, line[i] = rint((i + 1) * (double)(255.0f / 256));
    check_values(
        kal_clahe(s, image_of(s, square, ramp), kal_clahe_params(.clip = 1, .columns = 1, .rows = 1)), line,
        256);
    // tiles of one pixel: each lies between its own curve and that of the tile to the left
    VALUES(kal_clahe(s, in, kal_clahe_params(.clip = 0, .columns = 4, .rows = 1)), 255, 128, 255, 255);
    kal_scope_free(&s);
}

// f32 goes along the curve of u16: what was u16 before comes out about as its u16 does. The cast rounds by 0.002 of a step, which a steep
// curve makes more of. Outside of 0 to 1 all is held there.
static void test_reals(void)
{
    static const char *const ops[][2] = {{"equalize", ""},
                                         {"equalize", "channels=together"},
                                         {"autocontrast", "cutoff=3"},
                                         {"clahe", "clip=3 columns=3 rows=2"}};
    const kal_extent e = extent_of(31, 23, 4, KAL_U16), row = extent_of(4, 1, 1, KAL_F32);
    kal_scope *s = kal_scope_new();
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        kal_node *whole = rng_image(&r, s, &e), *real = kal_cast(s, whole, kal_cast_params(.type = KAL_F32));
        whole = kal_apply_text(s, ops[i][0], ops[i][1], &whole, 1);
        real = kal_apply_text(s, ops[i][0], ops[i][1], &real, 1);
        uint16_t *want = read_all(whole, NULL, NULL);
        float *got = read_all(real, NULL, NULL);
        for (int k = 0; k < 31 * 23 * 4; k++) {
            const double off = (double)got[k] * 65535 - want[k];
            REQUIRE_NOTE(off >= -20 && off <= 20, "%s %s: sample %d is %.9g, not about %d", ops[i][0],
                         ops[i][1], k, (double)got[k] * 65535, want[k]);
        }
        free(want);
        free(got);
    }
    kal_node *in = image_of(s, row, (const double[]){-3, 0.25, 0.75, 7});
    VALUES(kal_autocontrast(s, in, kal_autocontrast_params(.cutoff = 25)), 0, 0, 1, 1);
    in = image_of(s, row, (const double[]){0.5, 0.5, 0.5, 0.5});
    VALUES(kal_equalize(s, in, NULL), 0.5, 0.5, 0.5, 0.5);
    kal_scope_free(&s);
}

static void check_palette(kal_scope *s, const kal_apply_palette_p *p, const double *want, size_t n)
{
    const kal_extent row = extent_of(6, 1, 1, KAL_U8);
    kal_node *in = image_of(s, row, (const double[]){0, 1, 2, 3, 254, 255});
    check_values(kal_apply_palette(s, in, p), want, n);
}
#define COLOURS(params, ...)                                \
    check_palette(s, params, (const double[]){__VA_ARGS__}, \
                  sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static void test_palettes(void)
{
    kal_scope *s = kal_scope_new();
    const double two[] = {1, 2, 3, 250, 251.5, 999};
    COLOURS(NULL, 0, 0, 0, 0, 0, 139, 255, 255, 84, 0, 255, 0, 255, 255, 255, 0, 0, 0);
    COLOURS(kal_apply_palette_params(.palette = KAL_PALETTE_GRAY), 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 254,
            254, 254, 255, 255, 255);
    COLOURS(kal_apply_palette_params(.palette = KAL_PALETTE_VIRIDIS), 68, 1, 84, 68, 2, 86, 69, 4, 87, 69, 5,
            89, 251, 231, 35, 253, 231, 37);
    COLOURS(kal_apply_palette_params(.palette = KAL_PALETTE_JET), 0, 0, 128, 0, 0, 132, 0, 0, 137, 0, 0, 141,
            132, 0, 0, 128, 0, 0);
    // ten colours: past the last the last, or from the first again
    COLOURS(kal_apply_palette_params(.palette = KAL_PALETTE_TAB10), 31, 119, 180, 255, 127, 14, 44, 160, 44,
            214, 39, 40, 23, 190, 207, 23, 190, 207);
    COLOURS(kal_apply_palette_params(.palette = KAL_PALETTE_TAB10, .wrap = true), 31, 119, 180, 255, 127, 14,
            44, 160, 44, 214, 39, 40, 148, 103, 189, 140, 86, 75);
    COLOURS(kal_apply_palette_params(.colors = {two, 6}, .wrap = true), 1, 2, 3, 250, 252, 255, 1, 2, 3, 250,
            252, 255, 1, 2, 3, 250, 252, 255);
    const kal_extent label = extent_of(2, 1, 1, KAL_U32), rgb = extent_of(2, 1, 3, KAL_U8);
    kal_node *far = image_of(s, label, (const double[]){4294967295.0, 2});
    VALUES(kal_apply_palette(s, far, NULL), 0, 0, 0, 255, 255, 84);
    check_fails(kal_apply_palette(s, rng_image(&r, s, &rgb), NULL),
                "apply_palette: the image has 3 colour channels");
    check_fails(kal_apply_palette(s, far, kal_apply_palette_params(.colors = {two, 5})),
                "colors has 5 values");
    kal_scope_free(&s);
}

// ---- quantize and dither ------------------------------------------------------------------------

static int nearest_colour(const double *colours, int n, int channels, const int *pixel)
{
    int best = 0, least = 1 << 30;
    for (int i = 0; i < n; i++) {
        int sum = 0;
        for (int k = 0; k < channels; k++) {
            const int d = pixel[k] - (int)colours[i * channels + k];
            sum += d * d;
        }
        if (sum < least) least = sum, best = i;
    }
    return best;
}

// Every pixel of quantize, or of dither with errors kept for the whole image.
static void check_quantized(kal_node *in, kal_node *node, kal_node *index, const double *colours, int n,
                            bool dither)
{
    kal_extent e;
    kal_node_extent(in, &e, NULL);
    const int channels = colours_of(&e), w = e.width;
    unsigned char *src = naive_pixels(in), *got = naive_pixels(node), *numbers = naive_pixels(index);
    int *errors = calloc((size_t)((w + 2) * (e.height + 1) * channels), sizeof *errors);
    for (int y = 0; y < e.height; y++)
        for (int x = 0; x < w; x++) {
            int v[4];
            const size_t at_pixel = (size_t)(y * w + x) * (size_t)e.channels;
            for (int k = 0; k < channels; k++) {
                const int carried = errors[(y * (w + 2) + x + 1) * channels + k];
                v[k] = src[at_pixel + (size_t)k] + (int)floor((carried + 8) / 16.0);
                v[k] = v[k] < 0 ? 0 : v[k] > 255 ? 255 : v[k];
            }
            const int best = nearest_colour(colours, n, channels, v);
            REQUIRE_NOTE(numbers[y * w + x] == best, "%s: %d,%d is colour %d, want %d", about, x, y,
                         numbers[y * w + x], best);
            for (int k = 0; k < e.channels; k++) {
                const int want = k < channels ? (int)colours[best * channels + k] : src[at_pixel + (size_t)k];
                REQUIRE_NOTE(got[at_pixel + (size_t)k] == want, "%s: %d,%d channel %d", about, x, y, k);
            }
            for (int k = 0; k < channels && dither; k++) {
                const int d = v[k] - (int)colours[best * channels + k];
                errors[(y * (w + 2) + x + 2) * channels + k] += 7 * d;
                errors[((y + 1) * (w + 2) + x) * channels + k] += 3 * d;
                errors[((y + 1) * (w + 2) + x + 1) * channels + k] += 5 * d;
                errors[((y + 1) * (w + 2) + x + 2) * channels + k] += d;
            }
        }
    free(errors);
    free(src);
    free(got);
    free(numbers);
}

static void test_quantize(void)
{
    kal_scope *s = kal_scope_new();
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 37, 21);) {
        if (e.type != KAL_U8 || colours_of(&e) > 4) continue;
        double colours[4 * 29];
        const int n = 1 + rng_below(&r, 29);
        for (int i = 0; i < n * colours_of(&e); i++) colours[i] = rng_below(&r, 256);
        const kal_list list = {colours, n * colours_of(&e)};
        kal_node *in = dull(s, &e);
        check_quantized(in, kal_quantize(s, in, kal_quantize_params(.colors = list)),
                        kal_quantize(s, in, kal_quantize_params(.colors = list, .index = true)), colours, n,
                        false);
        check_quantized(in, kal_dither(s, in, kal_dither_params(.colors = list)),
                        kal_dither(s, in, kal_dither_params(.colors = list, .index = true)), colours, n,
                        true);
    }
    // an even gray between black and white; numbers of colours go back to colours
    const kal_extent row = extent_of(4, 1, 1, KAL_U8), rgb = extent_of(9, 7, 3, KAL_U8);
    const double ends[] = {0, 255};
    kal_node *gray = image_of(s, row, (const double[]){128, 128, 128, 128}), *in = rng_image(&r, s, &rgb);
    VALUES(kal_dither(s, gray, kal_dither_params(.colors = {ends, 2})), 255, 0, 255, 0);
    VALUES(kal_quantize(s, gray, kal_quantize_params(.colors = {ends, 2})), 255, 255, 255, 255);
    snprintf(about, sizeof about, "numbers of colours");
    same_image(kal_quantize(s, in, kal_quantize_params(.palette = KAL_PALETTE_TAB20)),
               kal_apply_palette(
                   s, kal_quantize(s, in, kal_quantize_params(.palette = KAL_PALETTE_TAB20, .index = true)),
                   kal_apply_palette_params(.palette = KAL_PALETTE_TAB20)));
    check_fails(kal_quantize(s, gray, NULL), "quantize: named palettes have 3 colour channels");
    check_fails(kal_dither(s, in, kal_dither_params(.colors = {ends, 2})), "dither: colors has 2 values");
    kal_scope_free(&s);
}

// ---- in bands -----------------------------------------------------------------------------------

// In bands through a value, or whole: the same.
static void test_values(const kal_extent *e)
{
    kal_scope *s = kal_scope_new();
    kal_node *in = dull(s, e);
    const double ends[] = {2, 90};
    kal_node *range = kal_percentile(s, in, NULL, kal_percentile_params(.p = {ends, 2}));
    same_image(kal_stretch(s, in, kal_stretch_params(.low = 2, .high = 90)),
               bound(s, "rescale", "range", in, range));
    if (e->type == KAL_U8)
        same_image(kal_equalize(s, in, NULL),
                   bound(s, "lut", "table", in, kal_equalize_table(s, in, NULL, NULL)));
    // what already reaches from end to end is not stretched any further
    kal_node *once = kal_stretch(s, in, NULL);
    if (e->type != KAL_F32) same_image(once, kal_stretch(s, once, NULL));
    if (e->type != KAL_F32) same_image(once, kal_autocontrast(s, in, NULL));
    kal_scope_free(&s);
}

int main(void)
{
    test_cases();
    test_clahe();
    test_reals();
    test_palettes();
    test_quantize();
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 23, 17);) test_values(&e);
    return check_done();
}
