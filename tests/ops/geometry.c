// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// resize, rotate, embed, center_pad and flip against formulas written again here, in plain double precision with the C library's
// functions; tilings; the acceptance cases R1, R4, L1, L2.
#include "check.h"

#include <math.h>

static rng seed = {20261121};
static kal_scope *scope;

typedef struct picture {
    kal_extent e;
    void *data;
    kal_node *node;
} picture;

static picture picture_of(kal_extent e)
{
    picture p = {e, malloc(bytes_of(&e)), NULL};
    rng_pixels(&seed, &e, p.data);
    p.node = kal_pixels(scope, &e, p.data, (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)));
    return p;
}

static picture picture_with(kal_extent e, const void *data)
{
    picture p = {e, malloc(bytes_of(&e)), NULL};
    memcpy(p.data, data, bytes_of(&e));
    p.node = kal_pixels(scope, &e, p.data, (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)));
    return p;
}

static double sample(const kal_extent *e, const void *data, int32_t x, int32_t y, int32_t c)
{
    const size_t i = ((size_t)y * (size_t)e->width + (size_t)x) * (size_t)e->channels + (size_t)c;
    return e->type == KAL_U8 ? ((const uint8_t *)data)[i] : e->type == KAL_U16 ? ((const uint16_t *)data)[i]
         : e->type == KAL_U32 ? ((const uint32_t *)data)[i] : (double)((const float *)data)[i];
}

static kal_node *apply(kal_node *in, const char *op, const char *params)
{
    kal_node *n = kal_apply_text(scope, op, params, &in, 1);
    REQUIRE_OK(kal_node_error(n, &check_error));
    return n;
}

static bool same_node(const kal_node *a, const kal_node *b)
{
    kal_key k, l;
    return !kal_node_key(a, &k, &check_error) && !kal_node_key(b, &l, &check_error) && kal_key_equal(k, l);
}

static bool has_size(const kal_node *n, int32_t w, int32_t h)
{
    kal_extent e;
    if (!REQUIRE_OK(kal_node_extent(n, &e, &check_error))) return false;
    return REQUIRE_NOTE(e.width == w && e.height == h, "%d×%d instead of %d×%d", e.width, e.height, w, h);
}

// Any part, in any bands, on any number of threads is the same part of the whole; so is the naive evaluator's.
static void tilings(const kal_node *n, const char *what)
{
    kal_extent e;
    unsigned char *whole = read_all(n, NULL, &e), *naive = naive_pixels(n);
    REQUIRE_MEM(whole, naive, bytes_of(&e));
    static const int32_t bands[] = {0, 1, 2, 7};
    const size_t pixel = kal_pixel_size(&e);
    for (int k = 0; k < 12; k++) {
        const kal_options o = {.band = bands[k % 4], .threads = k & 1 ? 4 : 1, .memo_mode = KAL_MEMO_NEVER};
        kal_rect r = {rng_below(&seed, e.width), rng_below(&seed, e.height), 0, 0};
        r.x1 = r.x0 + 1 + rng_below(&seed, e.width - r.x0);
        r.y1 = r.y0 + 1 + rng_below(&seed, e.height - r.y0);
        const size_t row = (size_t)(r.x1 - r.x0) * pixel;
        unsigned char *part = malloc(row * (size_t)(r.y1 - r.y0));
        bool same = REQUIRE_OK(kal_read(n, r, part, (ptrdiff_t)row, &o, &check_error));
        for (int32_t y = r.y0; same && y < r.y1; y++)
            same = !memcmp(part + (size_t)(y - r.y0) * row,
                           whole + ((size_t)y * (size_t)e.width + (size_t)r.x0) * pixel, row);
        REQUIRE_NOTE(same, "%s: %d,%d..%d,%d, bands of %d", what, r.x0, r.y0, r.x1, r.y1, o.band);
        free(part);
    }
    free(whole);
    free(naive);
}

// One pixel of sums, colours times alpha and alpha, against what was stored.
static void close_to(const kal_extent *e, const void *got, int32_t x, int32_t y, const double *sum, const char *what)
{
    const int32_t last = e->channels - 1;
    const double top = kal_type_max(e->type), slack = e->type == KAL_F32 ? 2e-5 : 1.0001;
    double a = e->alpha ? sum[last] : 1;
    if (e->alpha && a < 0.02 * top) return;   // too little left to divide by
    for (int32_t c = 0; c < e->channels; c++) {
        double want = c == last && e->alpha ? a : sum[c] / a;
        if (e->type != KAL_F32) want = floor((want < 0 ? 0 : want > top ? top : want) + 0.5);
        const double is = sample(e, got, x, y, c), scale = e->alpha && e->type == KAL_F32 ? 20 : 1;
        if (fabs(is - want) > slack * scale * (e->type == KAL_F32 ? 1 + fabs(want) : 1))
            REQUIRE_NOTE(0, "%s: type %d, at %d,%d channel %d: %.9g instead of %.9g", what, e->type, x, y, c, is, want);
    }
    check_passed++;
}

static void add(double *sum, const kal_extent *e, const void *data, int32_t x, int32_t y, double w)
{
    const int32_t last = e->channels - 1;
    const double a = e->alpha ? sample(e, data, x, y, last) : 1;
    for (int32_t c = 0; c < e->channels; c++)
        sum[c] += w * sample(e, data, x, y, c) * (e->alpha && c != last ? a : 1);
}

// ---- resize -------------------------------------------------------------------------------------

static double sinc(double x)
{
    return x == 0 ? 1 : sin(M_PI * x) / (M_PI * x);
}

static double kernel(int k, double x)
{
    x = fabs(x);
    const double b = k == KAL_MITCHELL ? 1 / 3.0 : 0, c = k == KAL_MITCHELL ? 1 / 3.0 : 0.5;   // Mitchell and Netravali
    switch (k) {
    case KAL_BILINEAR: return x < 1 ? 1 - x : 0;
    case KAL_LANCZOS3: return x < 3 ? sinc(x) * sinc(x / 3) : 0;
    default: break;
    }
    if (x >= 2) return 0;
    if (x < 1) return ((12 - 9 * b - 6 * c) * x * x * x + (-18 + 12 * b + 6 * c) * x * x + 6 - 2 * b) / 6;
    return ((-b - 6 * c) * x * x * x + (6 * b + 30 * c) * x * x + (-12 * b - 48 * c) * x + 8 * b + 24 * c) / 6;
}

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
    snprintf(what, sizeof what, "width=%d height=%d kernel=%s antialias=%s", w, h, names[k], antialias ? "true" : "false");
    kal_node *n = apply(p.node, "resize", what);
    kal_extent oe;
    void *got = read_all(n, NULL, &oe);
    double *wx = malloc((size_t)w * (size_t)e.width * sizeof *wx), *wy = malloc((size_t)e.height * sizeof *wy);
    for (int32_t x = 0; x < w; x++) axis(k, antialias, e.width, w, x, wx + (size_t)x * (size_t)e.width);
    for (int32_t y = 0; y < h && got; y++) {
        axis(k, antialias, e.height, h, y, wy);
        for (int32_t x = 0; x < w; x++) {
            double sum[KAL_MAX_CHANNELS] = {0};
            for (int32_t v = 0; v < e.height; v++)
                for (int32_t u = 0; u < e.width && wy[v] != 0; u++)
                    if (wx[(size_t)x * (size_t)e.width + (size_t)u] != 0)
                        add(sum, &e, p.data, u, v, wy[v] * wx[(size_t)x * (size_t)e.width + (size_t)u]);
            close_to(&oe, got, x, y, sum, what);
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
    static const int32_t sizes[][4] = {{13, 9, 7, 4}, {5, 7, 11, 3}, {40, 30, 20, 15}, {23, 31, 23, 10}, {1, 6, 4, 3},
                                       {64, 3, 5, 2}, {9, 8, 27, 24}, {17, 19, 16, 20}};
    for (int k = KAL_NEAREST; k <= KAL_LANCZOS3; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (int t = 0; t < 8; t++) {
                static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32, KAL_U8, KAL_U8, KAL_U16, KAL_F32, KAL_U8};
                static const int32_t channels[] = {3, 3, 1, 4, 1, 2, 4, 5};
                if (t > 3 && i % 3) continue;
                const kal_extent e = extent_of(sizes[i][0], sizes[i][1], channels[t], types[t]);
                check_resize(e, sizes[i][2], sizes[i][3], k, (i + (size_t)t) % 3 != 0);
            }
    check_resize(extent_of(403, 4, 3, KAL_U8), 5, 3, KAL_LANCZOS3, true);    // hundreds of 14-bit weights
    check_resize(extent_of(1500, 3, 3, KAL_U8), 4, 2, KAL_LANCZOS3, true);   // too many for 14 bits
    check_resize(extent_of(2, 900, 1, KAL_U8), 1, 3, KAL_BOX, true);
    check_resize(extent_of(6, 5, 64, KAL_U8), 4, 7, KAL_BICUBIC, true);
}

static void test_resize_laws(void)
{
    static const char *const params[] = {"width=9 height=31 kernel=lanczos3", "width=40 height=3 kernel=bicubic",
                                         "width=3 height=3 kernel=mitchell", "width=19 height=22 kernel=box",
                                         "width=21 height=5 kernel=bilinear", "width=5 height=60 kernel=nearest"};
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
    static const char *const ways[] = {"width=30 height=1", "width=150 height=1 kernel=bicubic", "width=7 height=1 kernel=box",
                                       "width=81 height=1 kernel=bilinear", "width=45 height=1 kernel=mitchell"};
    for (size_t i = 0; i < 5; i++) {
        kal_extent e;
        uint8_t *got = read_all(apply(p.node, "resize", ways[i]), NULL, &e);
        for (int32_t x = 0; x < e.width; x++) {
            const double c = (x + 0.5) * 60 / e.width - 0.5;
            if (c > 6 && c < 53) REQUIRE_NOTE(fabs(got[x] - (10 + 4 * c)) <= 1.01, "%s at %d: %d", ways[i], x, got[x]);
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
    size_is(4, 6, "width=3", 3, 5);          // 4.5, half up
    size_is(100, 3, "width=4", 4, 1);        // at least 1
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

// ---- rotate -------------------------------------------------------------------------------------

// Bounces until inside; -1: fill.
static int32_t fold_in(int32_t i, int32_t n, int edge)
{
    while (i < 0 || i >= n) {
        if (edge == KAL_EDGE_FILL) return -1;
        if (edge == KAL_EDGE_COPY) return i < 0 ? 0 : n - 1;
        if (edge == KAL_EDGE_WRAP) i += i < 0 ? n : -n;
        if (edge == KAL_EDGE_MIRROR) i = i < 0 ? -1 - i : 2 * n - 1 - i;
        if (edge == KAL_EDGE_REFLECT) i = n == 1 ? 0 : i < 0 ? -i : 2 * n - 2 - i;
    }
    return i;
}

// For rotate (cubic or linear weights) the fill is black, transparent with alpha: nothing is added.
static void check_rotate(kal_extent e, double angle, bool expand, int k, int edge)
{
    static const char *const kernels[] = {"nearest", "bilinear", "bicubic"};
    static const char *const edges[] = {"copy", "mirror", "reflect", "wrap", "fill"};
    picture p = picture_of(e);
    char what[200];
    snprintf(what, sizeof what, "angle=%g expand=%s kernel=%s edge=%s", angle, expand ? "true" : "false", kernels[k], edges[edge]);
    kal_node *n = apply(p.node, "rotate", what);
    kal_extent oe;
    void *got = read_all(n, NULL, &oe);
    const double t = angle * M_PI / 180;
    for (int32_t y = 0; y < oe.height && got; y++)
        for (int32_t x = 0; x < oe.width; x++) {
            const double u = x - (oe.width - 1) / 2.0, v = y - (oe.height - 1) / 2.0;
            const double sx = u * cos(t) - v * sin(t) + (e.width - 1) / 2.0, sy = u * sin(t) + v * cos(t) + (e.height - 1) / 2.0;
            double sum[KAL_MAX_CHANNELS] = {0};
            if (k == 0 && (fabs(sx - floor(sx) - 0.5) < 1e-6 || fabs(sy - floor(sy) - 0.5) < 1e-6)) continue;
            for (int32_t b = -1; b <= 2; b++)
                for (int32_t a = -1; a <= 2; a++) {
                    const double dx = (int)floor(sx) + a - sx, dy = (int)floor(sy) + b - sy;
                    const int32_t at_x = fold_in((int32_t)floor(sx) + a, e.width, edge);
                    const int32_t at_y = fold_in((int32_t)floor(sy) + b, e.height, edge);
                    const double w = k == 0 ? fabs(dx) < 0.5 && fabs(dy) < 0.5
                                            : kernel(k == 1 ? KAL_BILINEAR : KAL_BICUBIC, dx) *
                                                  kernel(k == 1 ? KAL_BILINEAR : KAL_BICUBIC, dy);
                    if (at_x >= 0 && at_y >= 0 && w != 0) add(sum, &e, p.data, at_x, at_y, w);
                }
            if (e.alpha && e.type == KAL_U8 && sum[e.channels - 1] < 40) continue;   // weights are 8 bits there
            close_to(&oe, got, x, y, sum, what);
        }
    tilings(n, what);
    free(got);
    free(p.data);
}

static void test_rotate(void)
{
    static const double angles[] = {33, -10, 91.5, 200.25, 300, 45, 1234.5};
    for (int k = 0; k < 3; k++)
        for (int edge = KAL_EDGE_COPY; edge <= KAL_EDGE_FILL; edge++)
            for (int i = 0; i < 7; i++) {
                static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32, KAL_U8, KAL_U8, KAL_U8, KAL_F32};
                static const int32_t channels[] = {3, 1, 3, 1, 3, 4, 2};
                const int32_t w = i & 1 ? 13 : 5, h = i & 1 ? 9 : 7;
                check_rotate(extent_of(w, h, channels[i], types[i]), angles[(i + k + edge) % 7], (i + edge) % 3 != 0, k, edge);
            }
    check_rotate(extent_of(6, 3, 3, KAL_U8), 90, false, 1, KAL_EDGE_FILL);   // cannot be a turn
    check_rotate(extent_of(1, 40, 3, KAL_U8), 61, true, 1, KAL_EDGE_WRAP);
}

static void test_rotate_cases(void)
{
    static const uint8_t six[6] = {1, 2, 3, 4, 5, 6}, left[6] = {3, 6, 2, 5, 1, 4};
    picture p = picture_with(extent_of(3, 2, 1, KAL_U8), six);
    kal_node *n = apply(p.node, "rotate", "angle=90");   // R4
    kal_extent e;
    uint8_t *got = read_all(n, NULL, &e);
    REQUIRE(e.width == 2 && e.height == 3);
    REQUIRE_MEM(got, left, 6);
    free(got);
    free(p.data);
    p = picture_of(extent_of(101, 51, 3, KAL_U8));
    REQUIRE(apply(p.node, "rotate", "angle=0") == p.node && apply(p.node, "rotate", "angle=-720 kernel=bicubic") == p.node);
    REQUIRE(same_node(apply(p.node, "rotate", "angle=-90"), apply(p.node, "turn", "how=right")));
    REQUIRE(same_node(apply(p.node, "rotate", "angle=540 expand=false"), apply(p.node, "turn", "how=half")));
    REQUIRE(same_node(apply(p.node, "rotate", "angle=393"), apply(p.node, "rotate", "angle=33")));
    REQUIRE(same_node(apply(p.node, "rotate", "angle=5 edge=copy color=9"), apply(p.node, "rotate", "angle=5 edge=copy")));
    REQUIRE(has_size(apply(p.node, "rotate", "angle=33 expand=false"), 101, 51));
    REQUIRE(has_size(apply(p.node, "rotate", "angle=45"), 108, 108));   // 107.48
    REQUIRE(has_size(apply(p.node, "rotate", "angle=30"), 113, 95));    // 112.97, 94.67
    REQUIRE(has_size(apply(p.node, "rotate", "angle=300"), 95, 113));
    n = apply(p.node, "rotate", "angle=33 expand=false color=[10 20 30]");
    got = read_all(n, NULL, &e);
    REQUIRE_MEM(got + (size_t)(25 * 101 + 50) * 3, (uint8_t *)p.data + (size_t)(25 * 101 + 50) * 3, 3);   // the centre
    const size_t corners[] = {0, 100, 50 * 101, 50 * 101 + 100};
    for (int i = 0; i < 4; i++) REQUIRE(!memcmp(got + corners[i] * 3, (const uint8_t[]){10, 20, 30}, 3));
    free(got);
    free(p.data);
    // with alpha the corners are transparent
    p = picture_of(extent_of(21, 11, 4, KAL_U16));
    got = read_all(apply(p.node, "rotate", "angle=45"), NULL, &e);
    REQUIRE(!memcmp(got, (const uint8_t[8]){0}, 8));
    free(got);
    free(p.data);
}

// ---- alpha, masks, labels -----------------------------------------------------------------------

// Red where nothing is seen, blue where something is: no red may come through.
static void test_bleeding(void)
{
    static const char *const ops[][2] = {{"resize", "width=9 height=7"}, {"resize", "width=50 height=31 kernel=bicubic"},
                                         {"resize", "width=17 height=40 kernel=bilinear"}, {"rotate", "angle=33"},
                                         {"rotate", "angle=70 kernel=bicubic edge=mirror"}};
    for (int t = KAL_U8; t <= KAL_F32; t++)
        for (size_t i = 0; i < 5; i++) {
            const kal_extent e = extent_of(20, 18, 4, (kal_type)t);
            const double top = kal_type_max(e.type);
            unsigned char *data = calloc(bytes_of(&e), 1);
            for (int32_t k = 0; k < 20 * 18; k++) {
                const bool seen = rng_below(&seed, 2);
                const size_t at = (size_t)k * 4 + (seen ? 2 : 0), a = (size_t)k * 4 + 3;
                if (t == KAL_U8) data[at] = 255, data[a] = seen ? 255 : 0;
                if (t == KAL_U16) ((uint16_t *)(void *)data)[at] = 65535, ((uint16_t *)(void *)data)[a] = seen ? 65535 : 0;
                if (t == KAL_F32) ((float *)(void *)data)[at] = 1, ((float *)(void *)data)[a] = seen ? 1 : 0;
            }
            picture p = picture_with(e, data);
            kal_extent oe;
            void *got = read_all(apply(p.node, ops[i][0], ops[i][1]), NULL, &oe);
            bool pure = true;
            for (int32_t y = 0; y < oe.height; y++)
                for (int32_t x = 0; x < oe.width; x++) {
                    const double a = sample(&oe, got, x, y, 3), blue = sample(&oe, got, x, y, 2);
                    pure &= sample(&oe, got, x, y, 0) == 0 && (a <= 0 ? blue == 0 : fabs(blue - top) <= top * 1e-6);
                }
            REQUIRE_NOTE(pure, "%s %s, type %d", ops[i][0], ops[i][1], t);
            free(got);
            free(p.data);
            free(data);
        }
}

static void test_masks_and_labels(void)
{
    const kal_extent mask = {20, 17, 1, KAL_U8, KAL_MASK, false}, label = {20, 17, 1, KAL_U32, KAL_DATA, false};
    static const char *const ops[][2] = {{"resize", "width=31 height=9"}, {"rotate", "angle=33"}, {"rotate", "angle=7 color=255"},
                                         {"center_pad", "width=30"}, {"flip", ""}, {"embed", "x=-3 y=2 edge=reflect"}};
    picture m = picture_of(mask), l = picture_of(label);
    for (size_t i = 0; i < 6; i++) {
        kal_extent e;
        uint8_t *got = read_all(apply(m.node, ops[i][0], ops[i][1]), NULL, &e);
        bool binary = got && e.model == KAL_MASK;
        for (size_t b = 0; binary && b < bytes_of(&e); b++) binary = got[b] == 0 || got[b] == 255;
        REQUIRE_NOTE(binary, "%s %s", ops[i][0], ops[i][1]);
        free(got);
    }
    REQUIRE(same_node(apply(m.node, "resize", "width=31 height=9"), apply(m.node, "resize", "width=31 height=9 kernel=nearest")));
    tilings(apply(l.node, "resize", "width=31 height=9 kernel=nearest"), "labels");
    tilings(apply(l.node, "rotate", "angle=20 kernel=nearest edge=wrap"), "labels");
    REQUIRE(apply(l.node, "resize", "width=20 height=17") == l.node);
    free(m.data);
    free(l.data);
}

// ---- embed, center_pad, flip --------------------------------------------------------------------

static void test_embed(void)
{
    static const char *const edges[] = {"copy", "mirror", "reflect", "wrap", "fill"};
    for (int i = 0; i < 200; i++) {
        const kal_extent e = extent_of(1 + rng_below(&seed, 12), 1 + rng_below(&seed, 12), 1 + rng_below(&seed, 4), (kal_type)(i % 4));
        const int edge = rng_below(&seed, 5);
        const int32_t x = rng_below(&seed, 80) - 40, y = rng_below(&seed, 80) - 40;
        picture p = picture_of(e);
        char what[200];
        snprintf(what, sizeof what, "x=%d y=%d width=%d height=%d edge=%s color=1", x, y, 1 + rng_below(&seed, 30),
                 1 + rng_below(&seed, 30), edges[edge]);
        kal_node *n = apply(p.node, "embed", what);
        kal_extent oe;
        void *got = read_all(n, NULL, &oe);
        bool same = got != NULL;
        for (int32_t v = 0; same && v < oe.height; v++)
            for (int32_t u = 0; u < oe.width; u++)
                for (int32_t c = 0; c < e.channels; c++) {
                    const int32_t at_x = fold_in(u - x, e.width, edge), at_y = fold_in(v - y, e.height, edge);
                    const double fill = e.alpha && c == e.channels - 1 ? kal_type_max(e.type) : 1;
                    same &= sample(&oe, got, u, v, c) == (at_x < 0 || at_y < 0 ? fill : sample(&e, p.data, at_x, at_y, c));
                }
        REQUIRE_NOTE(same, "%s on %d×%d×%d type %d", what, e.width, e.height, e.channels, e.type);
        tilings(n, what);
        free(got);
        free(p.data);
    }
}

static void test_embed_folds(void)
{
    picture p = picture_of(extent_of(4, 3, 3, KAL_U8));
    REQUIRE(apply(p.node, "embed", "") == p.node && apply(p.node, "center_pad", "") == p.node);
    REQUIRE(same_node(apply(p.node, "embed", "x=-1 width=2"), apply(p.node, "crop", "x=1 width=2")));
    REQUIRE(same_node(apply(p.node, "flip", ""), apply(p.node, "turn", "how=mirror")));
    REQUIRE(same_node(apply(p.node, "flip", "direction=vertical"), apply(p.node, "turn", "how=flip")));
    REQUIRE(apply(apply(p.node, "flip", "direction=vertical"), "flip", "direction=vertical") == p.node);
    static const int32_t pads[][3] = {{4, 7, 1}, {3, 6, 1}, {3, 7, 2}, {5, 6, 0}, {2, 5, 1}};   // L1: floor before
    for (size_t i = 0; i < 5; i++) {
        picture q = picture_of(extent_of(pads[i][0], pads[i][0], 1, KAL_U8));
        char pad[80], embed[120];
        snprintf(pad, sizeof pad, "width=%d height=%d", pads[i][1], pads[i][1]);
        snprintf(embed, sizeof embed, "x=%d y=%d %s", pads[i][2], pads[i][2], pad);
        REQUIRE_NOTE(same_node(apply(q.node, "center_pad", pad), apply(q.node, "embed", embed)), "%s is not %s", pad, embed);
        free(q.data);
    }
    free(p.data);
}

// ---- errors -------------------------------------------------------------------------------------

static void test_errors(void)
{
    static const struct {
        kal_extent e;
        const char *op, *params;
        kal_status status;
        const char *says;
    } bad[] = {
        {{10, 10, 3, KAL_U8, KAL_RGB, false}, "center_pad", "width=4 height=4", KAL_INVALID, "center_pad: the image of 10×10 does not fit"},
        {{10, 10, 3, KAL_U8, KAL_RGB, false}, "resize", "", KAL_INVALID, "resize: give a width, a height or both"},
        {{1, 100, 3, KAL_U8, KAL_RGB, false}, "resize", "width=9000000", KAL_INVALID, "resize: with the aspect of 1×100"},
        {{9, 9, 1, KAL_U32, KAL_DATA, false}, "resize", "width=4", KAL_UNSUPPORTED, "only kernel=nearest is"},
        {{9, 9, 1, KAL_U32, KAL_DATA, false}, "rotate", "angle=4", KAL_UNSUPPORTED, "only kernel=nearest is"},
        {{9, 9, 3, KAL_U8, KAL_RGB, false}, "resize", "width=0", KAL_INVALID, "width"},
        {{9, 9, 3, KAL_U8, KAL_RGB, false}, "rotate", "angle=4 color=[1 2]", KAL_INVALID, "rotate: color has 2 values"},
        {{9, 9, 3, KAL_U8, KAL_RGB, false}, "embed", "width=40 color=[1 2]", KAL_INVALID, "embed: color has 2 values"},
        {{9, 9, 1, KAL_U8, KAL_MASK, false}, "embed", "width=40 color=7", KAL_INVALID, "mask is 0 or 255"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const kal_extent e = bad[i].e;
        kal_node *in = rng_image(&seed, scope, &e), *n = kal_apply_text(scope, bad[i].op, bad[i].params, &in, 1);
        REQUIRE_NOTE(kal_node_error(n, &check_error) == bad[i].status && strstr(check_error.message, bad[i].says), "%s %s: %s",
                     bad[i].op, bad[i].params, check_error.message);
    }
}

int main(void)
{
    void (*const tests[])(void) = {test_resize, test_resize_laws, test_resize_sizes, test_rotate, test_rotate_cases, test_bleeding,
                                   test_masks_and_labels, test_embed, test_embed_folds, test_errors};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        scope = kal_scope_new();
        tests[i]();
        kal_memo_clear(NULL);
        kal_scope_free(&scope);
    }
    return check_done();
}
