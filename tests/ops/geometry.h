// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the geometry tests share: pictures with their samples at hand, tilings, comparison with sums in double
// precision.
#ifndef TESTS_OPS_GEOMETRY_H
#define TESTS_OPS_GEOMETRY_H

#include "check.h"

#include <math.h>

static rng seed = {20261121};
static kal_scope *scope;

typedef struct picture {
    kal_extent e;
    void *data;
    kal_node *node;
} picture;

// data NULL: noise
static picture picture_with(kal_extent e, const void *data)
{
    picture p = {e, malloc(bytes_of(&e)), NULL};
    if (data)
        memcpy(p.data, data, bytes_of(&e));
    else
        rng_pixels(&seed, &e, p.data);
    p.node = kal_pixels(scope, &e, p.data, (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)));
    return p;
}

static picture picture_of(kal_extent e)
{
    return picture_with(e, NULL);
}

static double sample(const kal_extent *e, const void *data, int32_t x, int32_t y, int32_t c)
{
    const size_t i = ((size_t)y * (size_t)e->width + (size_t)x) * (size_t)e->channels + (size_t)c;
    return e->type == KAL_U8    ? ((const uint8_t *)data)[i]
           : e->type == KAL_U16 ? ((const uint16_t *)data)[i]
           : e->type == KAL_U32 ? ((const uint32_t *)data)[i]
                                : (double)((const float *)data)[i];
}

static kal_node *apply(kal_node *in, const char *op, const char *params)
{
    kal_node *n = kal_apply_text(scope, op, params, &in, 1);
    REQUIRE_OK(kal_node_error(n, &check_error));
    return n;
}

static inline bool same_node(const kal_node *a, const kal_node *b)
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

// Any part, in any bands, on any number of threads is the same part of the whole, and of the naive
// evaluator's.
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

// Integers may be off by one.
static inline double slack_of(kal_type type)
{
    return type == KAL_F32 ? 2e-5 : 1.0001;
}

// One pixel of sums, colours times alpha and alpha, against what was stored.
static void close_to(const kal_extent *e, const void *got, int32_t x, int32_t y, const double *sum,
                     double slack, const char *what)
{
    const int32_t last = e->channels - 1;
    const double top = kal_type_max(e->type);
    double a = e->alpha ? sum[last] : 1;
    if (e->alpha && a < 0.02 * top) return;   // too little left to divide by
    for (int32_t c = 0; c < e->channels; c++) {
        double want = c == last && e->alpha ? a : sum[c] / a;
        if (e->type != KAL_F32) want = floor((want < 0 ? 0 : want > top ? top : want) + 0.5);
        const double is = sample(e, got, x, y, c), scale = e->alpha && e->type == KAL_F32 ? 20 : 1;
        if (fabs(is - want) > slack * scale * (e->type == KAL_F32 ? 1 + fabs(want) : 1))
            REQUIRE_NOTE(0, "%s: type %d, at %d,%d channel %d: %.9g, not %.9g", what, e->type, x, y, c, is,
                         want);
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

static inline double sinc(double x)
{
    return x == 0 ? 1 : sin(M_PI * x) / (M_PI * x);
}

static inline double kernel(int k, double x)
{
    x = fabs(x);
    const double b = k == KAL_MITCHELL ? 1 / 3.0 : 0, c = k == KAL_MITCHELL ? 1 / 3.0 : 0.5;
    switch (k) {
    case KAL_BILINEAR: return x < 1 ? 1 - x : 0;
    case KAL_LANCZOS3: return x < 3 ? sinc(x) * sinc(x / 3) : 0;
    default: break;
    }
    if (x >= 2) return 0;
    if (x < 1) return ((12 - 9 * b - 6 * c) * x * x * x + (-18 + 12 * b + 6 * c) * x * x + 6 - 2 * b) / 6;
    return ((-b - 6 * c) * x * x * x + (6 * b + 30 * c) * x * x - (12 * b + 48 * c) * x + 8 * b + 24 * c) / 6;
}

// Bounces until inside; -1: fill.
static inline int32_t fold_in(int32_t i, int32_t n, int edge)
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

// What nearest, bilinear or bicubic (k = 0, 1, 2) sees around (sx, sy), pixel by pixel.
static inline void mix_around(double *sum, const kal_extent *e, const void *data, double sx, double sy, int k,
                              int edge)
{
    const kal_kernel how = k == 1 ? KAL_BILINEAR : KAL_BICUBIC;
    for (int32_t b = -1; b <= 2; b++)
        for (int32_t a = -1; a <= 2; a++) {
            const double dx = (int)floor(sx) + a - sx, dy = (int)floor(sy) + b - sy;
            const int32_t at_x = fold_in((int32_t)floor(sx) + a, e->width, edge);
            const int32_t at_y = fold_in((int32_t)floor(sy) + b, e->height, edge);
            const double by = k == 0 ? fabs(dx) < 0.5 && fabs(dy) < 0.5 : kernel(how, dx) * kernel(how, dy);
            if (at_x >= 0 && at_y >= 0 && by != 0) add(sum, e, data, at_x, at_y, by);
        }
}

#endif
