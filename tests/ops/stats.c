// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// histogram, min, max, sum, std, median, percentile, unique, dominant, dhash and thumbhash: fixed numbers, then sorted samples looked at one by one.
#include "formula.h"

static rng r = {91};

static void check_numbers(kal_node *node, int32_t rows, int32_t columns, const double *want, double slack)
{
    kal_value v;
    if (!REQUIRE_NOTE(kal_read_value(node, NULL, &v, &check_error) == KAL_OK, "%s", check_error.message))
        return;
    REQUIRE_NOTE(v.rows == rows && v.columns == columns, "%s: %d × %d numbers, want %d × %d", about, v.rows,
                 v.columns, rows, columns);
    for (int32_t i = 0; i < rows * columns && v.rows == rows && v.columns == columns; i++)
        REQUIRE_NOTE(fabs(v.v[i] - want[i]) <= slack * (1 + fabs(want[i])),
                     "%s: number %d is %.17g, want %.17g", about, i, v.v[i], want[i]);
    kal_value_free(&v);
}
#define NUMBERS(node, rows, columns, ...) check_numbers(node, rows, columns, (const double[]){__VA_ARGS__}, 0)

static kal_node *text(kal_scope *s, const char *op, const char *params, kal_node *image, kal_node *mask)
{
    kal_node *const in[2] = {image, mask};
    return kal_apply_text(s, op, params, in, mask ? 2 : 1);
}

static void test_cases(void)
{
    kal_scope *s = kal_scope_new();
    snprintf(about, sizeof about, "fixed numbers");
    const kal_extent e = extent_of(4, 2, 1, KAL_U8);
    const kal_extent m = {4, 2, 1, KAL_U8, KAL_MASK, false};
    kal_node *in = image_of(s, e, (const double[]){9, 2, 255, 2, 0, 128, 7, 7});
    kal_node *half = image_of(s, m, (const double[]){255, 1, 0, 0, 0, 0, 0, 3}),
             *none = image_of(s, m, (const double[]){0, 0, 0, 0, 0, 0, 0, 0});
    NUMBERS(kal_min(s, in, NULL, NULL), 1, 1, 0);
    NUMBERS(kal_max(s, in, NULL, NULL), 1, 1, 255);
    NUMBERS(kal_sum(s, in, NULL, NULL), 1, 1, 410);
    NUMBERS(kal_median(s, in, NULL, NULL), 1, 1, 7);
    NUMBERS(kal_min(s, in, half, NULL), 1, 1, 2);
    NUMBERS(kal_max(s, in, half, NULL), 1, 1, 9);
    NUMBERS(kal_sum(s, in, half, NULL), 1, 1, 18);
    NUMBERS(kal_median(s, in, half, NULL), 1, 1, 7);
    NUMBERS(kal_histogram(s, in, NULL, kal_histogram_params(.bins = 2)), 1, 2, 6, 2);
    NUMBERS(kal_histogram(s, in, half, kal_histogram_params(.bins = 64)), 1, 64, 1, 1, 1, [63] = 0);
    // nothing counts: no row, but a sum and empty bins
    NUMBERS(kal_min(s, in, none, NULL), 0, 1, 0);
    NUMBERS(kal_std(s, in, none, NULL), 0, 1, 0);
    NUMBERS(kal_median(s, in, none, NULL), 0, 1, 0);
    NUMBERS(kal_sum(s, in, none, NULL), 1, 1, 0);
    NUMBERS(kal_histogram(s, in, none, kal_histogram_params(.bins = 2)), 1, 2, 0, 0);
    // 2 4 4 4 5 5 7 9 has a mean of 5 and a standard deviation of 2; a constant one of 0, at any height
    NUMBERS(kal_std(s, image_of(s, e, (const double[]){2, 4, 4, 4, 5, 5, 7, 9}), NULL, NULL), 1, 1, 2);
    const kal_extent f = extent_of(4, 2, 1, KAL_F32);
    NUMBERS(kal_std(s, image_of(s, f, (const double[]){2, 4, 4, 4, 5, 5, 7, 9}), NULL, NULL), 1, 1, 2);
    const double c = (double)0.1f;
    NUMBERS(kal_std(s, image_of(s, f, (const double[]){c, c, c, c, c, c, c, c}), NULL, NULL), 1, 1, 0);
    // u16: 65535 is in the last bin; f32: 1 is too, what lies outside as well, NaN is nowhere
    const kal_extent w = extent_of(4, 2, 1, KAL_U16);
    NUMBERS(kal_histogram(s, image_of(s, w, (const double[]){0, 16383, 16384, 65535, 32767, 32768, 1, 2}),
                          NULL, kal_histogram_params(.bins = 4)),
            1, 4, 4, 2, 1, 1);
    const double nan = strtod("nan", NULL);
    kal_node *odd = image_of(s, f, (const double[]){-5, 0, 0.25, 0.5, 1, 9, nan, 0.75});
    NUMBERS(kal_histogram(s, odd, NULL, kal_histogram_params(.bins = 4)), 1, 4, 2, 1, 1, 3);
    NUMBERS(kal_min(s, odd, NULL, NULL), 1, 1, -5);
    NUMBERS(kal_median(s, odd, NULL, NULL), 1, 1, 0.5);
    // percentiles between samples
    const kal_extent row = extent_of(4, 1, 1, KAL_U8);
    kal_node *four = image_of(s, row, (const double[]){40, 10, 20, 30});
    NUMBERS(kal_percentile(s, four, NULL, NULL), 1, 5, 10, 17.5, 25, 32.5, 40);
    NUMBERS(text(s, "percentile", "p=[50 10] method=lower", four, NULL), 1, 2, 20, 10);
    NUMBERS(text(s, "percentile", "p=[50 10] method=higher", four, NULL), 1, 2, 30, 20);
    NUMBERS(text(s, "percentile", "p=[50 10] method=nearest", four, NULL), 1, 2, 30, 10);
    NUMBERS(text(s, "percentile", "p=[50 10] method=midpoint", four, NULL), 1, 2, 25, 15);
    kal_node *const no_mask = image_of(s, e, (const double[]){0, 0, 0, 0, 0, 0, 0, 0});
    check_fails(kal_min(s, four, no_mask, NULL), "min: the mask is 4×2 and the image 4×1");
    check_fails(kal_sum(s, in, image_of(s, w, (const double[]){0, 0, 0, 0, 0, 0, 0, 0}), NULL),
                "sum: the mask has 1 channels of u16");
    kal_scope_free(&s);
}

static void test_unique(void)
{
    kal_scope *s = kal_scope_new();
    snprintf(about, sizeof about, "unique");
    const kal_extent row = extent_of(4, 1, 1, KAL_U8), rgb = extent_of(4, 1, 3, KAL_U8),
                     label = extent_of(4, 1, 1, KAL_U32), wide = extent_of(2, 2, 4, KAL_U16),
                     real = extent_of(3, 2, 1, KAL_F32), pair = extent_of(2, 1, 2, KAL_F32);
    const kal_extent m = {4, 1, 1, KAL_U8, KAL_MASK, false};
    kal_node *in = image_of(s, row, (const double[]){200, 3, 3, 200}),
             *mask = image_of(s, m, (const double[]){0, 9, 9, 9}),
             *none = image_of(s, m, (const double[]){0, 0, 0, 0});
    NUMBERS(kal_unique(s, in, NULL, NULL), 2, 2, 3, 2, 200, 2);
    NUMBERS(kal_unique(s, in, mask, NULL), 2, 2, 3, 2, 200, 1);
    NUMBERS(kal_unique(s, in, none, NULL), 0, 2, 0);
    kal_node *colours = image_of(s, rgb, (const double[]){1, 2, 3, 1, 2, 2, 0, 255, 255, 1, 2, 3});
    NUMBERS(kal_unique(s, colours, NULL, NULL), 3, 4, 0, 255, 255, 1, 1, 2, 2, 1, 1, 2, 3, 2);
    NUMBERS(kal_unique(s, colours, mask, NULL), 3, 4, 0, 255, 255, 1, 1, 2, 2, 1, 1, 2, 3, 1);
    NUMBERS(kal_unique(s, colours, none, NULL), 0, 4, 0);
    NUMBERS(kal_unique(s, image_of(s, label, (const double[]){4294967295.0, 0, 7, 4294967295.0}), NULL, NULL),
            3, 2, 0, 1, 7, 1, 4294967295.0, 2);
    NUMBERS(
        kal_unique(s,
                   image_of(s, wide,
                            (const double[]){65535, 0, 0, 1, 0, 0, 0, 65535, 65535, 0, 0, 1, 65535, 0, 0, 0}),
                   NULL, NULL),
        3, 5, 0, 0, 0, 65535, 1, 65535, 0, 0, 0, 1, 65535, 0, 0, 1, 2);
    const double nan = strtod("nan", NULL);
    NUMBERS(kal_unique(s, image_of(s, real, (const double[]){0.5, -3, nan, 0.5, 1e30, -0.25}), NULL, NULL), 4,
            2, -3, 1, -0.25, 1, 0.5, 2, (double)1e30f, 1);
    NUMBERS(kal_unique(s, image_of(s, pair, (const double[]){0.0, 4, -0.0, 4}), NULL, NULL), 1, 3, 0, 4, 2);
    NUMBERS(kal_unique(s, image_of(s, pair, (const double[]){1, -1, 1, -2}), NULL, NULL), 2, 3, 1, -2, 1, 1,
            -1, 1);
    const kal_extent five = extent_of(2, 1, 5, KAL_U16);
    check_fails(kal_unique(s, rng_image(&r, s, &five), NULL, NULL), "unique: a pixel has 10 bytes");
    kal_scope_free(&s);
}

static void test_dominant(void)
{
    kal_scope *s = kal_scope_new();
    snprintf(about, sizeof about, "dominant");
    const kal_extent e = extent_of(4, 1, 3, KAL_U8), gray = extent_of(6, 1, 1, KAL_U8);
    const kal_extent veiled = {3, 1, 4, KAL_U8, KAL_RGB, true}, m = {4, 1, 1, KAL_U8, KAL_MASK, false};
    kal_node *in = image_of(s, e, (const double[]){250, 0, 0, 0, 0, 200, 240, 10, 0, 250, 0, 0});
    kal_node *mask = image_of(s, m, (const double[]){0, 1, 1, 0});
    NUMBERS(kal_dominant(s, in, NULL, kal_dominant_params(.count = 1)), 1, 3, 185, 2.5, 50);
    NUMBERS(kal_dominant(s, in, NULL, kal_dominant_params(.count = 2, .shares = true)), 2, 4, 740.0 / 3,
            10.0 / 3, 0, 0.75, 0, 0, 200, 0.25);
    NUMBERS(kal_dominant(s, in, NULL, NULL), 3, 3, 250, 0, 0, 0, 0, 200, 240, 10, 0);
    NUMBERS(kal_dominant(s, in, mask, NULL), 2, 3, 0, 0, 200, 240, 10, 0);
    NUMBERS(kal_dominant(s, image_of(s, gray, (const double[]){9, 100, 9, 101, 9, 255}), NULL,
                         kal_dominant_params(.count = 3)),
            3, 1, 9, 100.5, 255);
    // half as opaque is half as frequent; transparent is not there
    NUMBERS(kal_dominant(s, image_of(s, veiled, (const double[]){9, 9, 9, 0, 90, 0, 0, 50, 0, 90, 0, 100}),
                         NULL, kal_dominant_params(.shares = true)),
            2, 4, 0, 90, 0, 100.0 / 150, 90, 0, 0, 50.0 / 150);
    kal_scope_free(&s);
}

static void check_word(kal_node *node, const char *want)
{
    kal_value v;
    if (!REQUIRE_NOTE(kal_read_value(node, NULL, &v, &check_error) == KAL_OK, "%s", check_error.message))
        return;
    REQUIRE_NOTE(v.text && !strcmp(v.text, want), "%s: \"%s\", want \"%s\"", about, v.text ? v.text : "",
                 want);
    kal_value_free(&v);
}

// What the format's own encoder (thumbhash.js) makes of these pixels.
static void test_thumbhash(void)
{
    kal_scope *s = kal_scope_new();
    snprintf(about, sizeof about, "thumbhash");
    const kal_extent rgb = extent_of(12, 9, 3, KAL_U8), tall = extent_of(5, 40, 1, KAL_U8);
    const kal_extent veiled = {12, 9, 4, KAL_U8, KAL_RGB, true};
    double v[12 * 9 * 4], w[12 * 9 * 3], g[200];
    for (int i = 0; i < 12 * 9; i++) {
        const int x = i % 12, y = i / 12;
        const double pixel[4] = {(37 * x + 91 * y + 7 * x * y) % 256, (59 * x + 13 * y * y) % 256,
                                 (11 * x * x + 29 * y) % 256, (31 * x * y + 47 * x) % 200 + 40};
        for (int k = 0; k < 4; k++) v[4 * i + k] = pixel[k];
        for (int k = 0; k < 3; k++) w[3 * i + k] = pixel[k];
    }
    for (int i = 0; i < 200; i++) g[i] = i * 13 % 251;
    check_word(kal_thumbhash(s, image_of(s, rgb, w), NULL), "H/gFFYJVcHQgQnKRk0ZWgyj+Sn9M");
    check_word(kal_thumbhash(s, image_of(s, veiled, v), NULL), "H/iBDIIYhpBDRcBz1/Gr1qYAIIOG2FiBBw==");
    check_word(kal_thumbhash(s, image_of(s, tall, g), kal_thumbhash_params(.digits = 1)),
               "1e08020100457327010582350000000000");
    // what is larger goes through thumbnail
    const kal_extent large = extent_of(210, 130, 3, KAL_U16);
    kal_node *in = rng_image(&r, s, &large);
    REQUIRE(kal_thumbhash(s, in, NULL) ==
            kal_thumbhash(s, kal_thumbnail(s, in, kal_thumbnail_params(.width = 100, .height = 100)), NULL));
    kal_scope_free(&s);
}

static void test_hashes(void)
{
    kal_scope *s = kal_scope_new();
    snprintf(about, sizeof about, "dhash");
    const kal_extent e = extent_of(9, 8, 1, KAL_U8), large = extent_of(90, 80, 3, KAL_U16);
    double v[72], ramp[90 * 80 * 3];
    for (int i = 0; i < 72; i++) v[i] = i / 9 % 2 ? i % 9 : i % 2 * 100;
    // rows of 0 100 0 100 …, and rows that rise; what is equal is not brighter
    check_word(kal_dhash(s, image_of(s, e, v), NULL), "aaffaaffaaffaaff");
    for (int i = 0; i < 72; i++) v[i] = 7;
    check_word(kal_dhash(s, image_of(s, e, v), NULL), "0000000000000000");
    for (int i = 0; i < 90 * 80 * 3; i++) ramp[i] = 60000 - i / 3 % 90 * 500;
    check_word(kal_dhash(s, image_of(s, large, ramp), NULL), "0000000000000000");
    for (int i = 0; i < 90 * 80 * 3; i++) ramp[i] = i / 3 % 90 * 500;
    kal_node *rises = image_of(s, large, ramp);
    check_word(kal_dhash(s, rises, NULL), "ffffffffffffffff");
    // the steps before it are ops of their own
    const kal_cast_p *u8 = kal_cast_params(.type = KAL_U8);
    kal_node *small =
        kal_resize(s, kal_gray(s, kal_cast(s, rises, u8), NULL), kal_resize_params(.width = 9, .height = 8));
    REQUIRE(kal_dhash(s, rises, NULL) == kal_dhash(s, small, NULL));
    kal_scope_free(&s);
}

// ---- sorted samples -----------------------------------------------------------------------------

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_kind(const kal_extent *e, bool masked)
{
    kal_scope *s = kal_scope_new();
    const kal_extent m = {e->width, e->height, 1, KAL_U8, KAL_MASK, false};
    const size_t pixels = (size_t)e->width * (size_t)e->height, channels = (size_t)e->channels;
    kal_node *in = rng_image(&r, s, e), *mask = masked ? rng_image(&r, s, &m) : NULL;
    void *data = naive_pixels(in);
    unsigned char *counts = mask ? naive_pixels(mask) : NULL;
    double *v = malloc(pixels * sizeof *v), low[5], high[5], sum[5] = {0}, std[5], q[25], bins[5 * 16] = {0};
    size_t n = 0;
    for (size_t k = 0; k < channels; k++) {
        n = 0;
        for (size_t i = 0; i < pixels; i++)
            if (!counts || counts[i]) v[n++] = at(data, e->type, i * channels + k);
        if (!n) break;
        qsort(v, n, sizeof *v, compare);
        low[k] = v[0], high[k] = v[n - 1];
        for (size_t i = 0; i < n; i++) {
            sum[k] += v[i];
            const double bin = floor(v[i] * 16 / (e->type == KAL_F32 ? 1 : kal_type_max(e->type) + 1));
            bins[k * 16 + (bin < 0 ? 0 : bin > 15 ? 15 : (size_t)bin)]++;
        }
        double spread = 0;
        for (size_t i = 0; i < n; i++) spread += pow(v[i] - sum[k] / (double)n, 2);
        std[k] = sqrt(spread / (double)n);
        for (size_t i = 0; i < 5; i++) {
            const double rank = (double)(n - 1) * (double)i / 4;
            const size_t a = (size_t)floor(rank), b = (size_t)ceil(rank);
            q[k * 5 + i] = v[a] + (v[b] - v[a]) * (rank - floor(rank));
        }
    }
    if (n) {
        check_numbers(kal_min(s, in, mask, NULL), 1, e->channels, low, 0);
        check_numbers(kal_max(s, in, mask, NULL), 1, e->channels, high, 0);
        check_numbers(kal_sum(s, in, mask, NULL), 1, e->channels, sum, e->type == KAL_F32 ? 1e-12 : 0);
        check_numbers(kal_std(s, in, mask, NULL), 1, e->channels, std, 1e-12);
        check_numbers(kal_percentile(s, in, mask, NULL), e->channels, 5, q, 1e-12);
        check_numbers(kal_histogram(s, in, mask, kal_histogram_params(.bins = 16)), e->channels, 16, bins, 0);
    }
    free(v);
    free(counts);
    free(data);
    kal_scope_free(&s);
}

int main(void)
{
    test_cases();
    test_unique();
    test_dominant();
    test_hashes();
    test_thumbhash();
    static const int32_t sizes[][2] = {{13, 9}, {1, 1}, {301, 2}, {2, 70}};
    kal_extent e;
    for (int i = 0; i < 4; i++)
        for (int k = 0; next_kind(&k, &e, sizes[i][0], sizes[i][1]);)
            for (int masked = 0; masked < 2; masked++) test_kind(&e, masked);
    return check_done();
}
