// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// SSIM and MS-SSIM beside their formulas, each window by itself in doubles. `ssim N SEED` tries N more pairs.
#include "cpu.h"
#include "metrics.h"

#include <stdio.h>

// ---- plainly ------------------------------------------------------------------------------------

enum { WINDOW = 11 };

static double weight(int x, int y)
{
    static double sum;
    if (sum == 0)
        for (int i = 0; i < WINDOW * WINDOW; i++)
            sum += exp(-(pow(i % WINDOW - 5, 2) + pow(i / WINDOW - 5, 2)) / (2 * 1.5 * 1.5));
    return exp(-(pow(x - 5, 2) + pow(y - 5, 2)) / (2 * 1.5 * 1.5)) / sum;
}

// Of the window whose first pixel this is: contrast and structure, and luminance.
static void window_at(const plane *a, const plane *b, int x0, int y0, double *cs, double *l)
{
    double m[2] = {0}, s[3] = {0};
    for (int y = 0; y < WINDOW; y++)
        for (int x = 0; x < WINDOW; x++) {
            const double w = weight(x, y), p = a->v[(y0 + y) * a->w + x0 + x],
                         q = b->v[(y0 + y) * a->w + x0 + x];
            m[0] += w * p, m[1] += w * q, s[0] += w * p * p, s[1] += w * q * q, s[2] += w * p * q;
        }
    const double c1 = pow(0.01, 2), c2 = pow(0.03, 2);
    *l = (2 * m[0] * m[1] + c1) / (m[0] * m[0] + m[1] * m[1] + c1);
    *cs = (2 * (s[2] - m[0] * m[1]) + c2) / (s[0] - m[0] * m[0] + s[1] - m[1] * m[1] + c2);
}

static void means_of(const plane *a, const plane *b, double *cs, double *ssim)
{
    const int w = a->w - WINDOW + 1, h = a->h - WINDOW + 1;
    *cs = *ssim = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            double of, l;
            window_at(a, b, x, y, &of, &l);
            *cs += of / w / h, *ssim += of * l / w / h;
        }
}

static plane luma_of(const kal_extent *e, const void *p, double under)
{
    static const double shares[] = {0.299, 0.587, 0.114};
    const int colours = e->channels - e->alpha;
    plane out = plane_new(e->width, e->height);
    for (int i = 0; i < e->width * e->height; i++) {
        const size_t at = (size_t)i * (size_t)e->channels;
        const double alpha = e->alpha ? sample(p, e->type, at + (size_t)colours) / full(e->type) : 1;
        for (int c = 0; c < 3; c++) {
            const double v = sample(p, e->type, at + (size_t)(colours == 3 ? c : 0)) / full(e->type);
            out.v[i] += shares[c] * (alpha * v + (1 - alpha) * under);
        }
    }
    return out;
}

static plane half_of(const plane *p)
{
    plane out = plane_new((p->w + 1) / 2, (p->h + 1) / 2);
    for (int i = 0; i < 4 * out.w * out.h; i++) {
        const int x = i / 4 % out.w * 2 + i % 2, y = i / 4 / out.w * 2 + i / 2 % 2;
        out.v[i / 4] += p->v[(y < p->h ? y : p->h - 1) * p->w + (x < p->w ? x : p->w - 1)] / 4;
    }
    return out;
}

// ms_ssim of so many scales; of one it is ssim, and may be below 0 there.
static double scored(const kal_extent e[2], void *const p[2], double under, int scales, bool one)
{
    static const double weights[] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
    plane of[2] = {luma_of(&e[0], p[0], under), luma_of(&e[1], p[1], under)};
    double all = 0, product = 1, cs, ssim;
    for (int s = 0; s < scales; s++) all += weights[s];
    if (scales == 5) all = 1;   // as published, though they sum to 1.0001
    for (int s = 0; s < scales; s++) {
        means_of(&of[0], &of[1], &cs, &ssim);
        product *= pow(fmax(s == scales - 1 ? ssim : cs, 0), weights[s] / all);
        for (int i = 0; i < 2; i++) {
            const plane half = half_of(&of[i]);
            free(of[i].v);
            of[i] = half;
        }
    }
    free(of[0].v), free(of[1].v);
    return one ? ssim : product;
}

static double plainly(const kal_extent e[2], void *const p[2], int scales, bool one)
{
    if (!e[0].alpha) return scored(e, p, 0.5, scales, one);
    return fmin(scored(e, p, 0.1, scales, one), scored(e, p, 0.9, scales, one));
}

// ---- pairs --------------------------------------------------------------------------------------

static kal_node *ms_ssim(kal_scope *s, kal_node *const n[2], int scales)
{
    return kal_ms_ssim(s, n[0], n[1], kal_ms_ssim_params(.scales = scales));
}

static void try_pair(rng *r, int32_t w, int32_t h)
{
    static const kal_type types[] = {KAL_U8, KAL_U8, KAL_U16, KAL_F32};
    kal_extent e[2];
    void *p[2];
    kal_node *n[2];
    int scales = 1;
    kal_scope *s = kal_scope_new();
    for (int i = 0; i < 2; i++) e[i] = extent_of(w, h, 1 + rng_below(r, 4), types[rng_below(r, 4)]);
    make_pair(r, e, p);
    for (int i = 0; i < 2; i++)
        n[i] = kal_pixels(s, &e[i], p[i], (ptrdiff_t)((size_t)w * kal_pixel_size(&e[i])));
    const double want = plainly(e, p, 1, true), got = value_of(kal_ssim(s, n[0], n[1], NULL), 1);
    REQUIRE_NOTE(fabs(got - want) <= 1e-5, "%dx%d of %d and %d channels: %.8f, not %.8f", w, h, e[0].channels,
                 e[1].channels, got, want);
    while (scales < 5 && w >= WINDOW << scales && h >= WINDOW << scales) scales++;
    const double most = plainly(e, p, scales, false), found = value_of(ms_ssim(s, n, scales), 2);
    REQUIRE_NOTE(fabs(found - most) <= 1e-5, "%dx%d, %d scales: %.8f, not %.8f", w, h, scales, found, most);
    const kal__isa best = kal__cpu_isa();
    for (int isa = KAL__SCALAR; isa <= KAL__AVX512; isa++) {
        kal__cpu_set_isa((kal__isa)isa);
        const uint32_t threads = 1 + (uint32_t)isa * 2;
        REQUIRE(value_of(kal_ssim(s, n[0], n[1], NULL), threads) == got);
        REQUIRE(value_of(ms_ssim(s, n, scales), threads) == found);
    }
    kal__cpu_set_isa(best);
    for (int i = 0; i < 2; i++) {
        kal_node *const same[2] = {n[i], n[i]};
        REQUIRE(value_of(kal_ssim(s, n[i], n[i], NULL), 2) == 1);
        REQUIRE(value_of(ms_ssim(s, same, scales), 2) == 1);
    }
    kal_scope_free(&s);
    free(p[0]), free(p[1]);
}

// Black beside white has what the constants leave; a picture beside its negative has no likeness at all.
static void test_ends(void)
{
    enum { SIDE = 40 };
    static uint8_t p[3][SIDE * SIDE];
    const kal_extent e = extent_of(SIDE, SIDE, 1, KAL_U8);
    kal_scope *s = kal_scope_new();
    for (int i = 0; i < SIDE * SIDE; i++) p[1][i] = 255, p[2][i] = i / 7 % 2 ? 200 : 40;
    kal_node *black = kal_pixels(s, &e, p[0], SIDE), *white = kal_pixels(s, &e, p[1], SIDE);
    REQUIRE(fabs(value_of(kal_ssim(s, black, white, NULL), 1) - 1e-4 / (1 + 1e-4)) < 1e-7);
    kal_node *n[2] = {kal_pixels(s, &e, p[2], SIDE)};
    n[1] = kal_invert(s, n[0], NULL);
    REQUIRE(value_of(kal_ssim(s, n[0], n[1], NULL), 1) < -0.5);
    REQUIRE(value_of(ms_ssim(s, n, 2), 1) == 0);
    kal_scope_free(&s);
}

static void test_small(void)
{
    static const struct {
        int32_t w, h, scales;
        bool taken;
    } cases[] = {{11, 11, 1, true},  {10, 40, 1, false},  {40, 10, 1, false},  {22, 22, 2, true},
                 {21, 22, 2, false}, {176, 176, 5, true}, {176, 175, 5, false}};
    rng r = {1};
    kal_scope *s = kal_scope_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const kal_extent e = extent_of(cases[i].w, cases[i].h, 3, KAL_U8);
        kal_node *n[2] = {rng_image(&r, s, &e), rng_image(&r, s, &e)}, *m = ms_ssim(s, n, cases[i].scales);
        char says[60];
        snprintf(says, sizeof says, "sides of at least %d are needed", WINDOW << (cases[i].scales - 1));
        REQUIRE(!kal_node_error(m, &check_error) == cases[i].taken);
        if (!cases[i].taken) REQUIRE_NOTE(strstr(check_error.message, says), "%s", check_error.message);
    }
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    static const int32_t sizes[][2] = {{11, 11}, {12, 30}, {64, 47}, {177, 176}, {190, 203}, {23, 1100}};
    rng r = {argc > 2 ? strtoull(argv[2], NULL, 10) : 3};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) try_pair(&r, sizes[i][0], sizes[i][1]);
    for (int i = argc > 1 ? atoi(argv[1]) : 4; i > 0; i--)
        try_pair(&r, 11 + rng_below(&r, 100), 11 + rng_below(&r, 200));
    test_ends();
    test_small();
    kal_memo_clear(NULL);
    return check_done();
}
