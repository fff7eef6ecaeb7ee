// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// sobel, scharr and laplacian against sums written again pixel by pixel; canny against a plain reading of its definition; fixed cases.
#include "formula.h"

static rng r = {53};

static double sample(const void *data, const kal_extent *e, int edge, int32_t x, int32_t y, int32_t k)
{
    x = kal_edge_index(x, e->width, (kal_edge)edge);
    y = kal_edge_index(y, e->height, (kal_edge)edge);
    if (x < 0 || y < 0) return e->alpha && k == e->channels - 1 ? kal_type_max(e->type) : 0;
    return at(data, e->type, ((size_t)y * (size_t)e->width + (size_t)x) * (size_t)e->channels + (size_t)k);
}

static double slope(const void *data, const kal_extent *e, int edge, double a, double b, bool down, int32_t x,
                    int32_t y, int32_t k)
{
    double sum = 0;
    for (int32_t i = -1; i <= 1; i++)
        sum += (i ? a : b) *
               (down ? sample(data, e, edge, x + i, y + 1, k) - sample(data, e, edge, x + i, y - 1, k)
                     : sample(data, e, edge, x + 1, y + i, k) - sample(data, e, edge, x - 1, y + i, k));
    return sum;
}

// op: 0 sobel, 1 scharr, 2 laplacian
static double slope_of(const void *data, const kal_extent *e, int op, int of, int edge, int32_t x, int32_t y,
                       int32_t k)
{
    if (op == 2)
        return sample(data, e, edge, x, y - 1, k) + sample(data, e, edge, x, y + 1, k) +
               sample(data, e, edge, x - 1, y, k) + sample(data, e, edge, x + 1, y, k) -
               4 * sample(data, e, edge, x, y, k);
    const double a = op ? 3 : 1, b = op ? 10 : 2, right = slope(data, e, edge, a, b, false, x, y, k),
                 down = slope(data, e, edge, a, b, true, x, y, k);
    return of == 1 ? right : of == 2 ? down : sqrt(right * right + down * down);
}

static void check_slope(kal_node *node, kal_node *in, int op, int of, int edge)
{
    kal_extent e, o;
    if (!REQUIRE_NOTE(!kal_node_extent(node, &o, &check_error), "%s: %s", about, check_error.message)) return;
    kal_node_extent(in, &e, NULL);
    float *got = naive_pixels(node);
    void *data = naive_pixels(in);
    REQUIRE(o.type == KAL_F32 && !o.alpha && o.channels == e.channels - e.alpha);
    size_t bad = 0, i = 0;
    for (int32_t y = 0; y < e.height; y++)
        for (int32_t x = 0; x < e.width; x++)
            for (int32_t k = 0; k < o.channels; k++, i++) {
                const double want = slope_of(data, &e, op, of, edge, x, y, k) / kal_type_max(e.type);
                bad += e.type == KAL_F32 ? fabs(got[i] - want) > 1e-5 : got[i] != (float)want;
            }
    REQUIRE_NOTE(!bad, "%s, op %d of %d edge %d: %zu samples", about, op, of, edge, bad);
    free(got);
    free(data);
}

static void test_slopes(int32_t w, int32_t h)
{
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);)
        for (int edge = 0; edge < 5; edge++)
            for (int of = 0; of < 3; of++) {
                kal_scope *s = kal_scope_new();
                kal_node *in = rng_image(&r, s, &e);
                kal_node *all[] = {kal_sobel(s, in, kal_sobel_params(.of = of, .edge = edge)),
                                   kal_scharr(s, in, kal_scharr_params(.of = of, .edge = edge)),
                                   kal_laplacian(s, in, kal_laplacian_params(.edge = edge))};
                for (int op = 0; op < 3; op++) check_slope(all[op], in, op, of, edge);
                check_tilings(&r, all[(k + edge) % 3]);
                kal_scope_free(&s);
            }
}

// ---- canny --------------------------------------------------------------------------------------

// x, y and m of the steepest colour; m is 0 outside.
static void steepest(const void *data, const kal_extent *e, int32_t x, int32_t y, double g[3])
{
    g[0] = g[1] = g[2] = 0;
    if (x < 0 || y < 0 || x >= e->width || y >= e->height) return;
    for (int32_t k = 0; k < e->channels - e->alpha; k++) {
        const double right = slope(data, e, KAL_EDGE_COPY, 1, 2, false, x, y, k),
                     down = slope(data, e, KAL_EDGE_COPY, 1, 2, true, x, y, k), m = fabs(right) + fabs(down);
        if (m > g[2]) g[0] = right, g[1] = down, g[2] = m;
    }
}

static int ridge(const void *data, const kal_extent *e, int32_t x, int32_t y, double low, double high)
{
    double g[3], a[3], b[3];
    steepest(data, e, x, y, g);
    if (g[2] <= floor(low)) return 0;
    const double flat = 13573.0 / 32768, right = fabs(g[0]), down = fabs(g[1]);
    const bool across = down<flat * right, along = down>(flat + 2) * right;
    const int32_t dx = along ? 0 : !across && g[0] * g[1] < 0 ? -1 : 1, dy = across ? 0 : 1;
    steepest(data, e, x - dx, y - dy, a);
    steepest(data, e, x + dx, y + dy, b);
    if (g[2] <= a[2] || (across || along ? g[2] < b[2] : g[2] <= b[2])) return 0;
    return g[2] > floor(high) ? 2 : 1;
}

static void test_canny_of(int32_t w, int32_t h, int32_t channels, double low, double high)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(w, h, channels, KAL_U8);
    kal_node *in = rng_image(&r, s, &e);
    if (low < 300) in = kal_gaussian(s, in, kal_gaussian_params(.sigma = 0.8));
    kal_node *node = kal_canny(s, in, kal_canny_params(.low = low, .high = high));
    uint8_t *got = naive_pixels(node), *data = naive_pixels(in), *want = calloc((size_t)w, (size_t)h);
    for (int32_t i = 0; i < w * h; i++)
        want[i] = (uint8_t)ridge(data, &e, i % w, i / w, low < high ? low : high, low < high ? high : low);
    for (bool more = true; more;) {
        more = false;
        for (int32_t i = 0; i < w * h; i++)
            for (int32_t k = 0; k < 9 && want[i] == 1; k++) {
                const int32_t x = i % w + k % 3 - 1, y = i / w + k / 3 - 1;
                if (x >= 0 && y >= 0 && x < w && y < h && want[y * w + x] == 2) want[i] = 2, more = true;
            }
    }
    for (int32_t i = 0; i < w * h; i++) want[i] = want[i] == 2 ? 255 : 0;
    REQUIRE_NOTE(!memcmp(got, want, (size_t)w * (size_t)h), "%d×%d×%d, %g to %g", w, h, channels, low, high);
    free(got), free(data), free(want);
    kal_scope_free(&s);
}

static void test_canny(void)
{
    static const double thresholds[][2] = {{50, 150}, {20, 400}, {0, 0}, {600, 300}, {10.7, 99.9}, {5, 2000}};
    for (int i = 0; i < 6; i++)
        for (int32_t channels = 1; channels <= 4; channels++) {
            test_canny_of(61, 47, channels, thresholds[i][0], thresholds[i][1]);
            test_canny_of(1, 9, channels, thresholds[i][0], thresholds[i][1]);
            test_canny_of(13, 1, channels, thresholds[i][0], thresholds[i][1]);
        }
}

static void test_cases(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent row = extent_of(5, 1, 1, KAL_U8);
    kal_node *in = image_of(s, row, (const double[]){0, 0, 255, 255, 0});
    VALUES(kal_sobel(s, in, kal_sobel_params(.of = 1)), 0, 4, 4, -4, -4);
    VALUES(kal_sobel(s, in, kal_sobel_params(.of = 2)), 0, 0, 0, 0, 0);
    VALUES(kal_scharr(s, in, NULL), 0, 16, 16, 16, 16);
    VALUES(kal_laplacian(s, in, NULL), 0, 1, -1, -1, 1);
    // of neighbours that are equally steep the left one
    VALUES(kal_canny(s, in, NULL), 0, 255, 0, 0, 0);
    VALUES(kal_canny(s, in, kal_canny_params(.low = 1020, .high = 0)), 0, 0, 0, 0, 0);
    REQUIRE(model_of(kal_canny(s, in, NULL)) == KAL_MASK);
    const kal_extent label = {5, 1, 1, KAL_U32, KAL_DATA, false}, f = extent_of(5, 1, 1, KAL_F32);
    check_fails(kal_sobel(s, rng_image(&r, s, &label), NULL), "sobel: u32");
    check_fails(kal_laplacian(s, rng_image(&r, s, &label), NULL), "laplacian: u32");
    check_fails(kal_canny(s, rng_image(&r, s, &f), NULL), "canny: f32 samples");
    kal_scope_free(&s);
}

int main(void)
{
    test_slopes(13, 9);
    test_slopes(2, 1);
    test_canny();
    test_cases();
    return check_done();
}
