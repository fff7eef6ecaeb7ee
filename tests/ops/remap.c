// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// remap against its formula written again here, beside affine, and what it does with numbers that are no place.
#include "geometry.h"

static kal_node *map_of(int32_t width, int32_t height, const float *places)
{
    const picture p = picture_with((kal_extent){width, height, 2, KAL_F32, KAL_DATA, false}, places);
    free(p.data);   // the node has its own
    return p.node;
}

static kal_node *remap(kal_node *image, kal_node *map, const char *params)
{
    kal_node *const in[2] = {image, map};
    kal_node *n = kal_apply_text(scope, "remap", params, in, 2);
    REQUIRE_OK(kal_node_error(n, &check_error));
    return n;
}

// ---- the formula --------------------------------------------------------------------------------

static bool is_half(double v)
{
    return fabs(v - floor(v) - 0.5) < 1e-5;
}

static void check_formula(kal_extent e, bool corner, int k, int edge)
{
    static const char *const kernels[] = {"nearest", "bilinear", "bicubic"};
    static const char *const edges[] = {"copy", "mirror", "reflect", "wrap", "fill"};
    enum { W = 41, H = 29 };
    float places[H * W * 2];
    const bool grid = k == 1 && e.type == KAL_U8;
    for (int i = 0; i < H * W; i++) {   // near each other at the left, anywhere at the right
        const bool wild = i % W > 25;
        places[2 * i] =
            wild ? (float)rng_below(&seed, 9000) / 128 - 20 : (float)(i % W) * 0.83f - (float)(i / W) * 0.21f;
        places[2 * i + 1] = wild ? (float)rng_below(&seed, 9000) / 128 - 20 : (float)(i / W) * 1.17f - 2.3f;
        if (rng_below(&seed, 50) == 0) places[2 * i + i % 2] = i % 3 ? NAN : i % 4 ? INFINITY : -6e8f;
    }
    picture p = picture_of(e);
    char what[200];
    snprintf(what, sizeof what, "at=%s kernel=%s edge=%s", corner ? "corner" : "centre", kernels[k],
             edges[edge]);
    kal_node *n = remap(p.node, map_of(W, H, places), what);
    kal_extent oe;
    void *got = read_all(n, NULL, &oe);
    REQUIRE(oe.width == W && oe.height == H && oe.channels == e.channels && oe.type == e.type);
    for (int32_t y = 0; y < H && got; y++)
        for (int32_t x = 0; x < W; x++) {
            const float u = places[2 * (y * W + x)], v = places[2 * (y * W + x) + 1];
            double sx = (double)u - 0.5 * corner, sy = (double)v - 0.5 * corner, sum[KAL_MAX_CHANNELS] = {0};
            if (!isfinite(u) || !isfinite(v) || fabsf(u) > 5e8f || fabsf(v) > 5e8f) {
                if (!e.alpha) close_to(&oe, got, x, y, sum, 0, what);
                continue;
            }
            if ((grid && (is_half(sx * 256) || is_half(sy * 256)))) continue;   // either way
            if (grid) sx = floor(sx * 256 + 0.5) / 256, sy = floor(sy * 256 + 0.5) / 256;
            if (k == 0) sx = corner ? floor((double)u) : rint(sx), sy = corner ? floor((double)v) : rint(sy);
            mix_around(sum, &e, p.data, sx, sy, k, edge);
            close_to(&oe, got, x, y, sum, grid || k == 0 ? 0 : slack_of(e.type), what);
        }
    tilings(n, what);
    free(got);
    free(p.data);
}

static void test_formula(void)
{
    static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32, KAL_U8, KAL_U8, KAL_U8, KAL_F32};
    static const int32_t channels[] = {3, 1, 3, 1, 3, 4, 2};
    int i = 0;
    for (int k = 0; k < 3; k++)
        for (int edge = KAL_EDGE_COPY; edge <= KAL_EDGE_FILL; edge++)
            for (int corner = 0; corner < 2; corner++, i++)
                check_formula(extent_of(i & 1 ? 23 : 31, i & 2 ? 9 : 17, channels[i % 7], types[i % 7]),
                              corner, k, edge);
}

// ---- what it is -----------------------------------------------------------------------------------

static void same_pixels(kal_node *a, kal_node *b)
{
    kal_key k = {0}, l = {0};
    REQUIRE_OK(kal_content_key(a, NULL, &k, &check_error));
    REQUIRE_OK(kal_content_key(b, NULL, &l, &check_error));
    REQUIRE(kal_key_equal(k, l));
}

// Halves of pixels go to the even one between middles, as in OpenCV, and to the one they begin between corners.
static void test_halves(void)
{
    static const uint8_t ten[10] = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
    static const float places[] = {0.5f, 0, 1.5f, 0, 2.5f, 0, 3.5f, 0, -0.5f, 0, 9.5f, 0, 1, 0};
    static const uint8_t centre[] = {10, 12, 12, 14, 10, 7, 11}, corner[] = {10, 11, 12, 13, 7, 19, 11};
    picture p = picture_with(extent_of(10, 1, 1, KAL_U8), ten);
    kal_node *map = map_of(7, 1, places);
    kal_extent e;
    uint8_t *got = read_all(remap(p.node, map, "kernel=nearest color=7"), NULL, &e);
    REQUIRE_MEM(got, centre, 7);
    free(got);
    got = read_all(remap(p.node, map, "kernel=nearest color=7 at=corner"), NULL, &e);
    REQUIRE_MEM(got, corner, 7);
    free(got);
    free(p.data);
}

static void test_cases(void)
{
    picture p = picture_of(extent_of(31, 20, 3, KAL_U8));
    float same[20 * 31 * 2], there[20 * 31 * 2], corners[20 * 31 * 2];
    for (int i = 0; i < 20 * 31; i++) {
        same[2 * i] = (float)(i % 31), same[2 * i + 1] = (float)(i / 31);
        there[2 * i] = same[2 * i] - 2.25f, there[2 * i + 1] = same[2 * i + 1] + 1.5f;
        corners[2 * i] = there[2 * i] + 0.5f, corners[2 * i + 1] = there[2 * i + 1] + 0.5f;
    }
    kal_node *map = map_of(31, 20, there), *other = map_of(31, 20, corners);
    for (int k = 0; k < 3; k++) {
        static const char *const kernels[] = {"kernel=nearest", "kernel=bilinear",
                                              "kernel=bicubic edge=wrap"};
        char affine[100], at[100];
        same_pixels(remap(p.node, map_of(31, 20, same), kernels[k]), p.node);
        snprintf(affine, sizeof affine, "[1 0 -2.25 0 1 1.5] direction=backward at=centre %s", kernels[k]);
        snprintf(at, sizeof at, "at=corner %s", kernels[k]);
        if (k) same_pixels(remap(p.node, map, kernels[k]), apply(p.node, "affine", affine));
        if (k) same_pixels(remap(p.node, other, at), remap(p.node, map, kernels[k]));
    }
    // metadata is the image's, not the map's
    kal_bytes b;
    REQUIRE_OK(kal_read_bytes(kal_encode(scope, p.node, "png", NULL), NULL, &b, &check_error));
    kal_node *photo = kal_load_bytes(scope, b.data, b.size, NULL);
    kal_file_info file;
    REQUIRE(kal_node_file(photo, &file) && kal_node_file(remap(photo, map, ""), &file));
    kal_bytes_free(&b);
    free(p.data);
}

// The image is held once; the map, which is larger, is not.
static void test_memory(void)
{
    enum { W = 200, H = 6000 };   // much beside what any plan is told with
    float *places = malloc(sizeof(float) * W * H * 2);
    for (int i = 0; i < W * H; i++) places[2 * i] = (float)(i % W), places[2 * i + 1] = (float)(i / W);
    picture p = picture_of(extent_of(W, H, 3, KAL_U8));
    kal_node *map = apply(map_of(W, H, places), "linear", "scale=0.5");
    kal_stats stats = {0};
    const kal_options o = {.threads = 1, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
    free(read_all(remap(apply(p.node, "invert", ""), map, ""), &o, NULL));
    REQUIRE_NOTE(stats.peak_bytes >= W * H * 3 && stats.planned_bytes < W * H * 3 + W * H * 8 / 2,
                 "%llu of %llu planned", (unsigned long long)stats.peak_bytes,
                 (unsigned long long)stats.planned_bytes);
    free(places);
    free(p.data);
}

static void test_errors(void)
{
    picture p = picture_of(extent_of(10, 10, 3, KAL_U8)), labels = picture_of(extent_of(10, 10, 1, KAL_U32));
    kal_node *map = map_of(2, 1, (const float[]){0, 0, 1, 1});
    kal_node *const wrong[2] = {p.node, p.node}, *const mixed[2] = {labels.node, map};
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_apply_text(scope, "remap", "", wrong, 2), &check_error));
    REQUIRE_TEXT(check_error.message,
                 "remap: the map has 3 channels of u8; two of f32 are needed, x and y of each pixel");
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_apply_text(scope, "remap", "", mixed, 2), &check_error));
    REQUIRE(has_size(remap(labels.node, map, "kernel=nearest"), 2, 1));
    free(labels.data);
    free(p.data);
}

int main(void)
{
    void (*const tests[])(void) = {test_formula, test_halves, test_cases, test_memory, test_errors};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        scope = kal_scope_new();
        tests[i]();
        kal_memo_clear(NULL);
        kal_scope_free(&scope);
    }
    return check_done();
}
