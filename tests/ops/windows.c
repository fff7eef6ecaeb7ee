// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Filters of windows (median_filter, box_blur) against sorting and adding up each window, over all edges, types, channels and alpha;
// fixed cases.
#include "formula.h"

static rng r = {47};

// Sample k of the pixel that stands for x, y; outside: the fill colour, black and opaque.
static double sample(const void *data, const kal_extent *e, int edge, int32_t x, int32_t y, int32_t k)
{
    x = kal_edge_index(x, e->width, (kal_edge)edge);
    y = kal_edge_index(y, e->height, (kal_edge)edge);
    if (x < 0 || y < 0) return e->alpha && k == e->channels - 1 ? kal_type_max(e->type) : 0;
    return at(data, e->type, ((size_t)y * (size_t)e->width + (size_t)x) * (size_t)e->channels + (size_t)k);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const void *data, const kal_extent *e, int edge, int32_t radius, int32_t x, int32_t y,
                     int32_t k)
{
    double window[31 * 31];
    int32_t n = 0;
    for (int32_t v = y - radius; v <= y + radius; v++)
        for (int32_t u = x - radius; u <= x + radius; u++) window[n++] = sample(data, e, edge, u, v, k);
    qsort(window, (size_t)n, sizeof *window, by_size);
    return window[n / 2];
}

static double mean(const void *data, const kal_extent *e, int edge, int32_t radius, int32_t x, int32_t y,
                   int32_t k)
{
    const int32_t last = e->channels - 1, n = (2 * radius + 1) * (2 * radius + 1);
    const bool weigh = e->alpha && k != last;
    double sum = 0, alphas = 0;
    for (int32_t v = y - radius; v <= y + radius; v++)
        for (int32_t u = x - radius; u <= x + radius; u++) {
            const double a = weigh ? sample(data, e, edge, u, v, last) : 1;
            sum += a * sample(data, e, edge, u, v, k), alphas += a;
        }
    return weigh ? (alphas > 0 ? sum / alphas : 0) : sum / n;
}

typedef double window_fn(const void *data, const kal_extent *e, int edge, int32_t radius, int32_t x,
                         int32_t y, int32_t k);

static void check_window(kal_node *node, kal_node *in, int edge, int32_t radius, window_fn *f, double slack)
{
    kal_extent e;
    if (!REQUIRE_NOTE(!kal_node_extent(node, &e, &check_error), "%s: %s", about, check_error.message)) return;
    void *got = naive_pixels(node), *data = naive_pixels(in);
    size_t bad = 0, i = 0;
    for (int32_t y = 0; y < e.height; y++)
        for (int32_t x = 0; x < e.width; x++)
            for (int32_t k = 0; k < e.channels; k++, i++) {
                const double want = f(data, &e, edge, radius, x, y, k), is = at(got, e.type, i);
                const size_t last = i / (size_t)e.channels * (size_t)e.channels + (size_t)e.channels - 1;
                const bool faint =
                    slack && e.alpha && e.type == KAL_F32 && fabs(at(got, e.type, last)) < 1e-3;
                bad += !faint && (slack ? !near(e.type, is, want, slack) : is != want);
            }
    REQUIRE_NOTE(!bad, "%s, edge %d, radius %d: %zu samples", about, edge, radius, bad);
    free(got);
    free(data);
}

static void test_windows(int32_t w, int32_t h)
{
    static const int32_t radii[] = {1, 2, 3, 4, 5, 7, 15};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);)
        for (size_t i = 0; i < sizeof radii / sizeof *radii; i++)
            for (int edge = 0; edge < 5; edge++) {
                kal_scope *s = kal_scope_new();
                kal_node *in = rng_image(&r, s, &e);
                kal_node *m =
                    kal_median_filter(s, in, kal_median_filter_params(.radius = radii[i], .edge = edge));
                kal_node *b = kal_box_blur(s, in, kal_box_blur_params(.radius = radii[i], .edge = edge));
                check_window(m, in, edge, radii[i], median, 0);
                check_window(b, in, edge, radii[i], mean, 1e-6);
                if ((k + (int)i + edge) % 7 == 0) check_tilings(&r, m);
                if ((k + (int)i + edge) % 7 == 1) check_tilings(&r, b);
                kal_scope_free(&s);
            }
}

// Where box_blur's means go over from floats to doubles, and where its sums no longer fit 16 bits.
static void test_wide(void)
{
    static const int32_t radii[] = {20, 50, 51, 127, 128, 129};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(37, 5, 3, KAL_U8);
    kal_node *in = rng_image(&r, s, &e);
    for (size_t i = 0; i < sizeof radii / sizeof *radii; i++) {
        const kal_edge edge = i % 2 ? KAL_EDGE_MIRROR : KAL_EDGE_COPY;
        kal_node *b = kal_box_blur(s, in, kal_box_blur_params(.radius = radii[i], .edge = edge));
        check_window(b, in, edge, radii[i], mean, 1e-6);
        check_tilings(&r, b);
    }
    kal_scope_free(&s);
}

// Every window of 0 and 1 there is says that a network sorts everything; 5x5: a random part of them.
static void test_networks(void)
{
    kal_scope *s = kal_scope_new();
    kal_extent e = extent_of(3 * 512, 3, 1, KAL_U8);
    uint8_t *data = calloc(1, 1 << 20);
    for (int32_t x = 0; x < e.width; x++)
        for (int32_t y = 0; y < 3; y++) data[y * e.width + x] = x / 3 >> (y * 3 + x % 3) & 1;
    uint8_t *got = naive_pixels(kal_median_filter(s, kal_pixels(s, &e, data, e.width), NULL));
    for (int32_t x = 1; x < e.width; x += 3)
        REQUIRE(got[e.width + x] == (__builtin_popcount((unsigned)x / 3) > 4));
    free(got);
    e = extent_of(5 * 20000, 5, 1, KAL_U8);
    for (int32_t i = 0; i < e.width * 5; i++) data[i] = (uint8_t)rng_below(&r, 2);
    got = naive_pixels(
        kal_median_filter(s, kal_pixels(s, &e, data, e.width), kal_median_filter_params(.radius = 2)));
    size_t bad = 0;
    for (int32_t x = 2; x < e.width - 2; x++) {
        int32_t ones = 0;
        for (int32_t i = 0; i < 25; i++) ones += data[i / 5 * e.width + x - 2 + i % 5];
        bad += got[2 * e.width + x] != (ones > 12);
    }
    REQUIRE_NOTE(!bad, "%zu windows", bad);
    free(got);
    free(data);
    kal_scope_free(&s);
}

static void test_cases(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *in = image_of(s, extent_of(5, 1, 1, KAL_U8), (const double[]){0, 0, 9, 0, 100});
    VALUES(kal_median_filter(s, in, NULL), 0, 0, 0, 9, 100);
    VALUES(kal_median_filter(s, in, kal_median_filter_params(.edge = KAL_EDGE_FILL)), 0, 0, 0, 0, 0);
    VALUES(kal_box_blur(s, in, NULL), 0, 3, 3, 36, 67);
    VALUES(kal_box_blur(s, in, kal_box_blur_params(.edge = KAL_EDGE_FILL)), 0, 1, 1, 12, 11);
    REQUIRE(kal_median_filter(s, in, kal_median_filter_params(.radius = 0)) == in);
    REQUIRE(kal_box_blur(s, in, kal_box_blur_params(.radius = 0)) == in);
    const kal_extent label = {5, 1, 1, KAL_U32, KAL_DATA, false}, m = {5, 4, 1, KAL_U8, KAL_MASK, false};
    check_fails(kal_median_filter(s, rng_image(&r, s, &label), NULL), "median_filter: u32");
    check_fails(kal_box_blur(s, rng_image(&r, s, &label), NULL), "box_blur: u32");
    REQUIRE(model_of(kal_median_filter(s, rng_image(&r, s, &m), NULL)) == KAL_MASK);
    REQUIRE(model_of(kal_box_blur(s, rng_image(&r, s, &m), NULL)) == KAL_GRAY);
    // a colour without alpha does not shine through: 200 at alpha 255, 9 at alpha 0
    VALUES(kal_box_blur(s, image_of(s, extent_of(2, 1, 2, KAL_U8), (const double[]){200, 255, 9, 0}),
                        kal_box_blur_params(.edge = KAL_EDGE_COPY)),
           200, 170, 200, 85);
    kal_scope_free(&s);
}

int main(void)
{
    test_windows(13, 9);
    test_windows(3, 2);
    test_windows(37, 1);
    test_networks();
    test_wide();
    test_cases();
    return check_done();
}
