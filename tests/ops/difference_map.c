// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// difference_map beside the formulas of its metrics, plainly in doubles; parts of it, which see cut-off columns, are the whole's; nothing differs from itself.
// `difference_map N SEED` tries N more pairs.
#include "cpu.h"
#include "metrics.h"

#include <stdio.h>

// ---- plainly ------------------------------------------------------------------------------------

// The greater over each background.
static plane errors_of(const kal_extent e[2], void *const p[2])
{
    static const double dark_and_light[] = {0.1, 0.9}, middle[] = {0.5};
    const double *under = e[0].alpha ? dark_and_light : middle;
    plane out = plane_new(e->width, e->height);
    for (int k = 0; k < 1 + e[0].alpha; k++) {
        plane light[3], x[2][3], sum = plane_new(e->width, e->height);
        for (int i = 0; i < 2; i++) {
            planes_of(&e[i], p[i], under[k], light);
            to_xyb(light, x[i]);
            for (int c = 0; c < 3; c++) free(light[c].v);
        }
        for (int c = 0; c < 3; c++) {
            plane maps[3];
            error_maps(&x[0][c], &x[1][c], maps);
            for (int m = 0; m < 3; m++) {
                for (int i = 0; i < e->width * e->height; i++) sum.v[i] += maps[m].v[i];
                free(maps[m].v);
            }
            free(x[0][c].v), free(x[1][c].v);
        }
        for (int i = 0; i < e->width * e->height; i++) out.v[i] = fmax(out.v[i], sum.v[i]);
        free(sum.v);
    }
    return out;
}

static plane dissimilarities_of(const kal_extent e[2], void *const p[2])
{
    plane of[2][4];
    for (int i = 0; i < 2; i++) multiplied_of(&e[i], p[i], of[i]);
    plane out = similarities(of[0], of[1]);
    for (int i = 0; i < e->width * e->height; i++) out.v[i] = 1 - out.v[i];
    for (int i = 0; i < 8; i++) free(of[i / 4][i % 4].v);
    return out;
}

// ---- pairs --------------------------------------------------------------------------------------

static double worst;

static void compare(const char *metric, const plane *want, const float *got)
{
    for (int i = 0; i < want->w * want->h; i++) {
        const double off = fabs(got[i] - want->v[i]);
        worst = fmax(worst, off);
        if (!REQUIRE_NOTE(off <= 3e-4 + 1e-4 * want->v[i], "%s: %d,%d: %.7f, not %.7f", metric, i % want->w,
                          i / want->w, (double)got[i], want->v[i]))
            return;
    }
}

// Any rectangle, for any instruction set.
static void try_parts(rng *r, const kal_node *node, const kal_extent *e, const float *whole)
{
    const kal__isa best = kal__cpu_isa();
    for (int k = 0; k < 9; k++) {
        const int32_t x = rng_below(r, e->width), y = rng_below(r, e->height);
        const kal_rect q =
            kal_rect_of(x, y, x + 1 + rng_below(r, e->width - x), y + 1 + rng_below(r, e->height - y));
        const size_t n = (size_t)(q.x1 - q.x0);
        float *part = malloc(n * (size_t)(q.y1 - q.y0) * sizeof *part);
        const kal_options o = {
            .memo_mode = KAL_MEMO_NEVER, .threads = 1 + (uint32_t)k % 3, .band = k % 2 ? 3 : 0};
        kal__cpu_set_isa((kal__isa)(k / 3));
        if (REQUIRE_OK(kal_read((kal_node *)node, q, part, (ptrdiff_t)(n * sizeof *part), &o, &check_error)))
            for (int32_t row = q.y0; row < q.y1; row++)
                REQUIRE_MEM(part + n * (size_t)(row - q.y0), whole + (ptrdiff_t)row * e->width + q.x0,
                            n * sizeof *part);
        free(part);
    }
    kal__cpu_set_isa(best);
}

static void try_pair(rng *r, int32_t w, int32_t h)
{
    static const kal_type types[] = {KAL_U8, KAL_U8, KAL_U16, KAL_F32};
    static const char *const metrics[] = {"metric=ssimulacra2", "metric=dssim"};
    kal_extent e[2], is;
    void *p[2];
    kal_node *n[2];
    kal_scope *s = kal_scope_new();
    for (int i = 0; i < 2; i++) e[i] = extent_of(w, h, 1 + rng_below(r, 4), types[rng_below(r, 4)]);
    make_pair(r, e, p);
    for (int i = 0; i < 2; i++)
        n[i] = kal_pixels(s, &e[i], p[i], (ptrdiff_t)((size_t)w * kal_pixel_size(&e[i])));
    for (int m = 0; m < 2; m++) {
        kal_node *map = kal_apply_text(s, "difference_map", metrics[m], n, 2);
        kal_node *const same[2] = {n[1], n[1]};
        plane want = m ? dissimilarities_of(e, p) : errors_of(e, p);
        float *got = read_all(map, NULL, &is), *none;
        REQUIRE(is.width == w && is.height == h && is.channels == 1 && is.type == KAL_F32 && !is.alpha);
        compare(metrics[m], &want, got);
        try_parts(r, map, &e[0], got);
        none = read_all(kal_apply_text(s, "difference_map", metrics[m], same, 2), NULL, NULL);
        for (int i = 0; i < w * h; i++)
            if (!REQUIRE_NOTE(none[i] == 0, "%s: %g where nothing differs", metrics[m], (double)none[i]))
                break;
        free(want.v), free(got), free(none);
    }
    kal_scope_free(&s);
    free(p[0]), free(p[1]);
}

// What differs in one place is seen there, and nowhere beyond the reach of the blur.
static void test_place(void)
{
    enum { W = 70, H = 50, X = 33, Y = 20 };
    static uint8_t p[2][W * H];
    const kal_extent e = extent_of(W, H, 1, KAL_U8);
    kal_scope *s = kal_scope_new();
    memset(p, 128, sizeof p);
    p[1][Y * W + X] = 200;
    kal_node *n[2] = {kal_pixels(s, &e, p[0], W), kal_pixels(s, &e, p[1], W)};
    for (int m = 0; m < 2; m++) {
        kal_node *map = kal_difference_map(s, n[0], n[1], kal_difference_map_params(.metric = m));
        float *v = read_all(map, NULL, NULL);
        REQUIRE(v[Y * W + X] > 0.1f);
        for (int i = 0; i < W * H; i++) {
            const bool near = abs(i % W - X) <= 4 && abs(i / W - Y) <= 4;
            REQUIRE(near || fabsf(v[i]) < 1e-4f);
        }
        free(v);
    }
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    static const int32_t sizes[][2] = {{8, 8}, {9, 15}, {64, 48}, {301, 40}, {37, 130}};
    rng r = {argc > 2 ? strtoull(argv[2], NULL, 10) : 11};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) try_pair(&r, sizes[i][0], sizes[i][1]);
    for (int i = argc > 1 ? atoi(argv[1]) : 5; i > 0; i--)
        try_pair(&r, 8 + rng_below(&r, 120), 8 + rng_below(&r, 120));
    test_place();
    printf("%.2g off at most\n", worst);
    kal_memo_clear(NULL);
    return check_done();
}
