// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// resize against formulas written again here, in plain double precision with the C library's functions; its
// weights; the integer path by its own formula; flats, ramps, sizes; acceptance case R1.
#include "geometry.h"

#include "geometry/resample.h"

// Weights of all input pixels for output o.
static void axis(int k, bool antialias, int32_t in, int32_t out, int32_t o, double *w)
{
    const double s = (double)in / out, c = (o + 0.5) * s - 0.5, wide = antialias && s > 1 ? s : 1;
    double sum = 0;
    for (int32_t i = 0; i < in; i++) {
        if (in == out || k == KAL_NEAREST || (k == KAL_BOX && wide == 1))
            w[i] = i == (int32_t)((2 * (int64_t)o + 1) * in / (2 * (int64_t)out));
        else if (k == KAL_BOX)
            w[i] = fmax(0, fmin(i + 1, (o + 1) * s) - fmax(i, o * s));
        else
            w[i] = kernel(k, (i - c) / wide);
        sum += w[i];
    }
    for (int32_t i = 0; i < in; i++) w[i] /= sum;
}

static void check_resize(kal_extent e, int32_t w, int32_t h, int k, bool antialias)
{
    static const char *const names[] = {"nearest", "box", "bilinear", "bicubic", "mitchell", "lanczos3"};
    picture p = picture_of(e);
    char what[200];
    snprintf(what, sizeof what, "width=%d height=%d kernel=%s antialias=%s", w, h, names[k],
             antialias ? "true" : "false");
    kal_node *n = apply(p.node, "resize", what);
    kal_extent oe;
    void *got = read_all(n, NULL, &oe);
    const size_t columns = (size_t)e.width;
    double *wx = malloc((size_t)w * columns * sizeof *wx), *wy = malloc((size_t)e.height * sizeof *wy);
    for (int32_t x = 0; x < w; x++) axis(k, antialias, e.width, w, x, wx + (size_t)x * columns);
    for (int32_t y = 0; y < h && got; y++) {
        axis(k, antialias, e.height, h, y, wy);
        for (int32_t x = 0; x < w; x++) {
            double sum[KAL_MAX_CHANNELS] = {0};
            for (int32_t v = 0; v < e.height; v++)
                for (int32_t u = 0; u < e.width && wy[v] != 0; u++) {
                    const double across = wx[(size_t)x * columns + (size_t)u];
                    if (across != 0) add(sum, &e, p.data, u, v, wy[v] * across);
                }
            close_to(&oe, got, x, y, sum, slack_of(e.type), what);
        }
    }
    tilings(n, what);
    free(wx);
    free(wy);
    free(got);
    free(p.data);
}

static void test_resize(void)
{
    static const int32_t sizes[][4] = {{13, 9, 7, 4}, {5, 7, 11, 3}, {40, 30, 20, 15}, {23, 31, 23, 10},
                                       {1, 6, 4, 3},  {64, 3, 5, 2}, {9, 8, 27, 24},   {17, 19, 16, 20}};
    for (int k = KAL_NEAREST; k <= KAL_LANCZOS3; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (int t = 0; t < 8; t++) {
                static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32, KAL_U8,
                                                 KAL_U8, KAL_U16, KAL_F32, KAL_U8};
                static const int32_t channels[] = {3, 3, 1, 4, 1, 2, 4, 5};
                if (t > 3 && i % 3) continue;
                const kal_extent e = extent_of(sizes[i][0], sizes[i][1], channels[t], types[t]);
                check_resize(e, sizes[i][2], sizes[i][3], k, (i + (size_t)t) % 3 != 0);
            }
    check_resize(extent_of(403, 4, 3, KAL_U8), 5, 3, KAL_LANCZOS3, true);    // hundreds of 14-bit weights
    check_resize(extent_of(1500, 3, 3, KAL_U8), 4, 2, KAL_LANCZOS3, true);   // too many for 14 bits
    check_resize(extent_of(3100, 3, 3, KAL_U16), 3, 2, KAL_LANCZOS3,
                 true);   // and too many for 16 lines at once
    check_resize(extent_of(4200, 3, 2, KAL_F32), 2, 2, KAL_BICUBIC, true);
    check_resize(extent_of(2, 900, 1, KAL_U8), 1, 3, KAL_BOX, true);
    check_resize(extent_of(6, 5, 64, KAL_U8), 4, 7, KAL_BICUBIC, true);
}

// 14-bit weights sum to 16384 and stay within the room for sums; windows lie in the image and move one way
// only.
static void test_weights(void)
{
    for (int i = 0; i < 300; i++) {
        const int32_t in = 1 + rng_below(&seed, i % 3 ? 60 : 3000);
        const int32_t out = 1 + rng_below(&seed, i % 2 ? 60 : 3000);
        const kal__axis a = kal__whole_axis(in, out, (kal_kernel)(i % 6), i % 7 != 0);
        kal__taps t;
        if (!REQUIRE(kal__taps_make(&a, true, &t))) return;
        bool good = true;
        int32_t most = 0;
        for (int32_t o = 0; o < out; o++) {
            const kal__window w = t.window[o], before = t.window[o ? o - 1 : 0],
                              alone = kal__window_of(&a, o);
            int32_t sum = 0, size = 0;
            for (int32_t k = 0; k < w.count && t.t; k++) {
                sum += t.t[t.at[o] + (size_t)k];
                size += abs(t.t[t.at[o] + (size_t)k]);
            }
            good &= !t.t || (sum == 16384 && size <= 32768);
            good &= w.count > 0 && w.first >= 0 && w.first + w.count <= in;
            good &= w.first >= before.first && w.first + w.count >= before.first + before.count;
            good &= alone.first == w.first && alone.count == w.count;
            if (w.count > most) most = w.count;
        }
        REQUIRE_NOTE(good && (t.t != NULL) == (most <= 512), "%d to %d, kernel %d", in, out, a.kernel);
        kal__taps_free(&t);
    }
}

// A job's scratch: some megabytes, but for windows of many thousand pixels; then one row of doubles.
static void test_scratch(void)
{
    for (int i = 0; i < 2000; i++) {
        const int32_t channels = 1 + rng_below(&seed, i % 2 ? 4 : 64);
        const int32_t in = 1 + rng_below(&seed, i % 3 ? KAL_MAX_SIDE : 20000);
        const int32_t out = 1 + rng_below(&seed, i % 5 ? in : i % 7 ? 100 : KAL_MAX_SIDE);
        const kal_resize_p params = {.width = out, .height = 3, .kernel = i % 6, .antialias = i % 4 != 0};
        const kal_call image = {.extent = {in, 7, channels, (kal_type)(i % 3), KAL_DATA, i % 11 == 0}};
        const kal_call *const inputs[] = {&image};
        kal_call call = {.params = &params, .extent = image.extent, .n = 1, .in = inputs};
        call.extent.width = out, call.extent.height = 3;
        const size_t n = kal_op_find("resize")->scratch(&call, out, 3);
        const kal__axis a = kal__whole_axis(in, out, (kal_kernel)params.kernel, params.antialias);
        const size_t window = (size_t)kal__widest(&a) * (size_t)channels;
        REQUIRE_NOTE(n <= (8u << 20) + (window > 8192 ? window * sizeof(double) : 0),
                     "%d to %d, %d channels, kernel %d: %zu bytes", in, out, channels, i % 6, n);
    }
}

// u8 by the formula in ops/geometry/resize.c, bit for bit.
static void test_integers(void)
{
    for (int i = 0; i < 40; i++) {
        const int32_t iw = 1 + rng_below(&seed, 90), ih = 1 + rng_below(&seed, 60),
                      n = 1 + i % 5 + (i % 5 > 0);
        const int32_t w = 1 + rng_below(&seed, 90), h = 1 + rng_below(&seed, 60), k = 1 + i % 5;
        if (w == iw && h == ih) continue;
        picture p = picture_of((kal_extent){iw, ih, n, KAL_U8, KAL_DATA, false});
        const kal__axis ax = kal__whole_axis(iw, w, (kal_kernel)k, true),
                        ay = kal__whole_axis(ih, h, (kal_kernel)k, true);
        kal__taps tx, ty;
        if (!REQUIRE(kal__taps_make(&ax, true, &tx) && kal__taps_make(&ay, true, &ty))) return;
        const kal_resize_p *params = kal_resize_params(.width = w, .height = h, .kernel = k);
        kal_node *node = kal_resize(scope, p.node, params);
        uint8_t *got = read_all(node, NULL, NULL);
        bool same = got != NULL;
        for (int32_t at = 0; same && at < w * h * n; at++) {
            const int32_t c = at % n, x = at / n % w, y = at / n / w;
            int32_t sum = 1 << 19;
            for (int32_t b = 0; b < tx.window[x].count; b++) {
                int32_t v = 128;
                for (int32_t d = 0; d < ty.window[y].count; d++)
                    v += ty.t[ty.at[y] + (size_t)d] *
                         (int32_t)sample(&p.e, p.data, tx.window[x].first + b, ty.window[y].first + d, c);
                sum += tx.t[tx.at[x] + (size_t)b] * (v >> 8);
            }
            sum >>= 20;
            same = got[at] == (sum < 0 ? 0 : sum > 255 ? 255 : sum);
        }
        REQUIRE_NOTE(same, "%d×%d×%d to %d×%d, kernel %d", iw, ih, n, w, h, k);
        kal__taps_free(&tx);
        kal__taps_free(&ty);
        free(got);
        free(p.data);
    }
}

static void test_resize_laws(void)
{
    static const char *const params[] = {
        "width=9 height=31 kernel=lanczos3", "width=40 height=3 kernel=bicubic",
        "width=3 height=3 kernel=mitchell",  "width=19 height=22 kernel=box",
        "width=21 height=5 kernel=bilinear", "width=5 height=60 kernel=nearest",
    };
    for (size_t i = 0; i < 6; i++)   // flat stays flat
        for (int t = KAL_U8; t <= KAL_U16; t++) {
            picture p = picture_of(extent_of(20, 23, 3, (kal_type)t));
            memset(p.data, 1 + rng_below(&seed, 255), bytes_of(&p.e));
            picture flat = picture_with(p.e, p.data);
            kal_extent e;
            unsigned char *got = read_all(apply(flat.node, "resize", params[i]), NULL, &e);
            bool same = got != NULL;
            for (size_t b = 0; same && b < bytes_of(&e); b++) same = got[b] == *(unsigned char *)p.data;
            REQUIRE_NOTE(same, "%s, type %d", params[i], t);
            free(got);
            free(p.data);
            free(flat.data);
        }
    uint8_t ramp[60];
    for (int32_t x = 0; x < 60; x++) ramp[x] = (uint8_t)(10 + 4 * x);
    picture p = picture_with(extent_of(60, 1, 1, KAL_U8), ramp);
    static const char *const ways[] = {
        "width=30 height=1",
        "width=150 height=1 kernel=bicubic",
        "width=7 height=1 kernel=box",
        "width=81 height=1 kernel=bilinear",
        "width=45 height=1 kernel=mitchell",
    };
    for (size_t i = 0; i < 5; i++) {
        kal_extent e;
        uint8_t *got = read_all(apply(p.node, "resize", ways[i]), NULL, &e);
        for (int32_t x = 0; x < e.width; x++) {
            const double c = (x + 0.5) * 60 / e.width - 0.5;
            const bool border = c < 6 || c > 53;
            REQUIRE_NOTE(border || fabs(got[x] - (10 + 4 * c)) <= 1.01, "%s at %d: %d", ways[i], x, got[x]);
        }
        free(got);
    }
    free(p.data);
}

static void size_is(int32_t w, int32_t h, const char *params, int32_t to_w, int32_t to_h)
{
    picture p = picture_of(extent_of(w, h, 1, KAL_U8));
    kal_node *n = apply(p.node, "resize", params);
    REQUIRE_NOTE(has_size(n, to_w, to_h), "%d×%d %s", w, h, params);
    char plain[80];
    snprintf(plain, sizeof plain, "width=%d height=%d", to_w, to_h);
    REQUIRE_NOTE(same_node(n, apply(p.node, "resize", plain)), "%d×%d %s is not %s", w, h, params, plain);
    free(p.data);
}

static void test_resize_sizes(void)
{
    size_is(7, 5, "width=3", 3, 2);
    size_is(4, 6, "width=3", 3, 5);     // 4.5, half up
    size_is(100, 3, "width=4", 4, 1);   // at least 1
    size_is(30, 40, "height=20", 15, 20);
    size_is(30, 40, "width=50%", 15, 20);
    size_is(100, 50, "width=200 enlarge=false", 100, 50);
    size_is(100, 50, "width=40 enlarge=false", 40, 20);
    size_is(100, 50, "width=200 height=50 enlarge=false", 100, 25);
    size_is(100, 50, "width=50 height=200 enlarge=false", 13, 50);
    size_is(100, 50, "width=400 height=300 enlarge=false", 67, 50);
    size_is(3, 2, "width=100000000 enlarge=false", 3, 2);
    size_is(9, 9, "width=20 height=30 antialias=false", 20, 30);
    picture p = picture_of(extent_of(12, 8, 3, KAL_U8));
    REQUIRE(apply(p.node, "resize", "width=12 height=8 kernel=mitchell") == p.node);   // R1
    REQUIRE(apply(p.node, "resize", "width=12") == p.node);
    kal_node *small = apply(p.node, "resize", "width=5 height=4 kernel=bilinear");
    kal_node *const in[2] = {apply(p.node, "resize", "width=9 height=9"), p.node};
    kal_node *back = kal_apply_text(scope, "uncrop", "x=2 y=1 width=5 height=4 resize=bilinear", in, 2);
    kal_node *const by_hand[2] = {apply(in[0], "resize", "width=5 height=4 kernel=bilinear"), p.node};
    REQUIRE(same_node(back, kal_apply_text(scope, "uncrop", "x=2 y=1", by_hand, 2)));
    REQUIRE(has_size(small, 5, 4));
    free(p.data);
}

int main(void)
{
    scope = kal_scope_new();
    test_resize();
    test_weights();
    test_scratch();
    test_integers();
    test_resize_laws();
    test_resize_sizes();
    kal_memo_clear(NULL);
    kal_scope_free(&scope);
    return check_done();
}
