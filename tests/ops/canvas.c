// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// fit, resize_min_size, downsample, zoom, replicate, montage and trim_box: expected sizes and pixels; acceptance cases R2, R3, L3 to L6.
#include "geometry.h"

static void test_fit(void)
{
    static const struct {
        const char *params;
        int32_t w, h;
    } sizes[] = {
        {"width=20 height=20", 20, 10},
        {"width=20", 20, 10},
        {"height=300", 300, 150},
        {"width=20 height=20 fit=cover", 20, 20},
        {"width=20 height=7 fit=fill", 20, 7},
        {"width=20 height=20 fit=pad", 20, 20},
        {"width=1 height=1", 1, 1},
        {"width=3 height=9", 3, 2},
    };
    picture p = picture_of(extent_of(100, 50, 3, KAL_U8));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        kal_node *n = apply(p.node, "fit", sizes[i].params);
        REQUIRE_NOTE(has_size(n, sizes[i].w, sizes[i].h), "fit %s", sizes[i].params);
    }
    REQUIRE(apply(p.node, "fit", "100 50") == p.node && apply(p.node, "fit", "100 50 cover") == p.node);
    REQUIRE(same_node(apply(p.node, "fit", "20 20"), apply(p.node, "resize", "20 10")));
    REQUIRE(same_node(apply(p.node, "fit", "20 7 fill kernel=bilinear"),
                      apply(p.node, "resize", "20 7 bilinear")));
    REQUIRE(same_node(apply(p.node, "fit", "20 21 pad color=9"),
                      apply(apply(p.node, "resize", "20 10"), "embed", "0 5 20 21 color=9")));
    REQUIRE(same_node(apply(p.node, "fit", "20 20 pad gravity=south edge=copy"),
                      apply(apply(p.node, "resize", "20 10"), "embed", "0 10 20 20 edge=copy")));
    REQUIRE(same_node(apply(p.node, "fit", "20 20 cover"),
                      apply(p.node, "resize", "20 20 from_x=25 from_width=50")));
    REQUIRE(same_node(apply(p.node, "fit", "20 20 cover gravity=east"),
                      apply(p.node, "resize", "20 20 from_x=50 from_width=50")));
    // 100 · 3 / 7 = 42.857, in eighths 42.875; 7.125 are left over, half of them, in eighths, above
    REQUIRE(same_node(apply(p.node, "fit", "7 3 cover"),
                      apply(p.node, "resize", "7 3 from_y=3.5 from_height=42.875")));
    free(p.data);
}

static void test_min_size(void)
{
    static const struct {
        int32_t w, h;
        const char *params;
        int32_t to_w, to_h;
    } sizes[] = {
        {640, 480, "256", 336, 256},          {640, 480, "100", 128, 96},        {200, 300, "64", 64, 96},
        {640, 480, "100 modulo=1", 133, 100}, {100, 100, "50 modulo=1", 50, 50}, {3, 2, "1 modulo=1", 2, 1},
        {5, 2, "1 modulo=1", 2, 1},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        picture p = picture_of(extent_of(sizes[i].w, sizes[i].h, 1, KAL_U8));
        REQUIRE_NOTE(
            has_size(apply(p.node, "resize_min_size", sizes[i].params), sizes[i].to_w, sizes[i].to_h),
            "%d×%d %s", sizes[i].w, sizes[i].h, sizes[i].params);
        free(p.data);
    }
}

static void check_downsample(kal_extent e, int32_t fx, int32_t fy)
{
    char what[80];
    picture p = picture_of(e);
    snprintf(what, sizeof what, "factor=%d factor_y=%d", fx, fy);
    kal_node *n = apply(p.node, "downsample", what);
    kal_extent oe;
    void *got = read_all(n, NULL, &oe);
    REQUIRE(oe.width == e.width / fx && oe.height == e.height / fy);
    for (int32_t y = 0; y < oe.height && got; y++)
        for (int32_t x = 0; x < oe.width; x++) {
            double sum[KAL_MAX_CHANNELS] = {0};
            for (int32_t b = 0; b < fy; b++)
                for (int32_t a = 0; a < fx; a++) add(sum, &e, p.data, x * fx + a, y * fy + b, 1);
            for (int32_t c = 0; c < e.channels; c++) sum[c] /= fx * fy;
            close_to(&oe, got, x, y, sum, e.type == KAL_F32 ? 2e-5 : 0, what);
        }
    tilings(n, what);
    free(got);
    free(p.data);
}

static void test_downsample(void)
{
    for (int i = 0; i < 60; i++) {
        static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32};
        const int32_t fx = 1 + rng_below(&seed, 6), fy = 1 + rng_below(&seed, 6);
        check_downsample(
            extent_of(fx + rng_below(&seed, 40), fy + rng_below(&seed, 20), 1 + i % 4, types[i % 3]), fx, fy);
    }
    picture p = picture_of(extent_of(7, 5, 3, KAL_U8));
    REQUIRE(has_size(apply(p.node, "downsample", "2"), 3, 2));   // R2
    kal_node *n = kal_apply_text(scope, "downsample", "8", &p.node, 1);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
    REQUIRE(strstr(check_error.message, "downsample: boxes of 8×8 are larger than the image of 7×5"));
    REQUIRE(apply(p.node, "downsample", "1") == p.node);
    // sums of light are those of the three ops, one after the other
    REQUIRE(same_node(
        apply(p.node, "downsample", "2 light=linear"),
        apply(apply(apply(p.node, "to_linear", "type=u16"), "downsample", "2"), "from_linear", "type=u8")));
    REQUIRE(same_node(apply(p.node, "downsample", "2 light=stored"), apply(p.node, "downsample", "2")));
    REQUIRE(same_node(apply(p.node, "resize_min_size", "4 modulo=1 light=linear"),
                      apply(p.node, "resize", "6x4 light=linear")));
    REQUIRE(same_node(apply(p.node, "resize_min_size", "4 modulo=1 kernel=nearest light=linear"),
                      apply(p.node, "resize", "6x4 nearest")));
    free(p.data);
    static const uint8_t halves[4] = {0, 1, 0, 1};
    kal_extent e;
    p = picture_with(extent_of(2, 2, 1, KAL_U8), halves);
    uint8_t *got = read_all(apply(p.node, "downsample", ""), NULL, &e);
    REQUIRE(got && got[0] == 1);   // a half goes up
    free(got);
    free(p.data);
    uint8_t full[16 * 16 * 3];
    memset(full, 255, sizeof full);
    p = picture_with(extent_of(16, 16, 3, KAL_U8), full);
    got = read_all(apply(p.node, "downsample", "16"), NULL, &e);
    REQUIRE(got && got[0] == 255 && got[2] == 255);
    free(got);
    free(p.data);
}

static void test_copies(void)
{
    static const uint8_t in[6] = {1, 2, 3, 4, 5, 6};
    static const uint8_t zoomed[24] = {1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3,
                                       4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6};
    static const uint8_t tiled[24] = {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6};
    picture p = picture_with(extent_of(3, 2, 1, KAL_U8), in);
    kal_extent e;
    uint8_t *got = read_all(apply(p.node, "zoom", "2"), NULL, &e);
    REQUIRE(e.width == 6 && e.height == 4);
    REQUIRE_MEM(got, zoomed, 24);
    free(got);
    got = read_all(apply(p.node, "replicate", "2 2"), NULL, &e);
    REQUIRE(e.width == 6 && e.height == 4);
    REQUIRE_MEM(got, tiled, 24);
    free(got);
    REQUIRE(apply(p.node, "zoom", "1") == p.node && apply(p.node, "replicate", "1 1") == p.node);
    kal_node *n = kal_apply_text(scope, "zoom", "100000000", &p.node, 1);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
    n = kal_apply_text(scope, "replicate", "100000000", &p.node, 1);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
    free(p.data);
}

// ---- montage ------------------------------------------------------------------------------------

static kal_node *flat(int32_t w, int32_t h, uint8_t r, uint8_t g, uint8_t b)
{
    const kal_extent e = extent_of(w, h, 3, KAL_U8);
    uint8_t *data = malloc(bytes_of(&e));
    for (int32_t i = 0; i < w * h; i++) data[3 * i] = r, data[3 * i + 1] = g, data[3 * i + 2] = b;
    kal_node *n = kal_pixels(scope, &e, data, 3 * (ptrdiff_t)w);
    free(data);
    return n;
}

static bool shows(const uint8_t *got, const kal_extent *e, int32_t x, int32_t y, uint8_t r, uint8_t g,
                  uint8_t b)
{
    const uint8_t *at = got + ((size_t)y * (size_t)e->width + (size_t)x) * 3;
    return at[0] == r && at[1] == g && at[2] == b;
}

static uint8_t *montage(kal_node *const *in, int32_t n, const char *params, kal_extent *e, int32_t w,
                        int32_t h)
{
    kal_node *m = kal_apply_text(scope, "montage", params, in, n);
    REQUIRE_NOTE(!kal_node_error(m, &check_error), "%s", check_error.message);
    REQUIRE(has_size(m, w, h));
    tilings(m, params);
    return read_all(m, NULL, e);
}

static void test_montage(void)
{
    kal_node *const three[3] = {flat(16, 16, 255, 0, 0), flat(16, 16, 0, 255, 0), flat(16, 16, 0, 0, 255)};
    kal_extent e;
    uint8_t *got = montage(three, 3, "columns=3", &e, 48, 16);   // L3
    REQUIRE(shows(got, &e, 8, 8, 255, 0, 0) && shows(got, &e, 24, 8, 0, 255, 0) &&
            shows(got, &e, 40, 8, 0, 0, 255));
    free(got);
    got = montage(three, 3, "columns=1", &e, 16, 48);   // L4
    REQUIRE(shows(got, &e, 8, 8, 255, 0, 0) && shows(got, &e, 8, 24, 0, 255, 0) &&
            shows(got, &e, 8, 40, 0, 0, 255));
    free(got);
    got = montage(three, 3, "", &e, 32, 32);   // L5
    REQUIRE(shows(got, &e, 8, 24, 0, 0, 255) && shows(got, &e, 16, 16, 0, 0, 0) &&
            shows(got, &e, 31, 31, 0, 0, 0));
    free(got);
    got = montage(three, 3, "columns=2 gap=3 color=[9 8 7]", &e, 35, 35);
    REQUIRE(shows(got, &e, 16, 0, 9, 8, 7) && shows(got, &e, 18, 5, 9, 8, 7) &&
            shows(got, &e, 19, 0, 0, 255, 0));
    REQUIRE(shows(got, &e, 0, 18, 9, 8, 7) && shows(got, &e, 0, 19, 0, 0, 255));
    free(got);
    kal_node *const two[2] = {flat(10, 10, 255, 0, 0), flat(20, 30, 0, 255, 0)};   // L6
    got = montage(two, 2, "", &e, 40, 30);
    REQUIRE(shows(got, &e, 4, 10, 0, 0, 0) && shows(got, &e, 5, 10, 255, 0, 0) &&
            shows(got, &e, 14, 19, 255, 0, 0));
    REQUIRE(shows(got, &e, 15, 19, 0, 0, 0) && shows(got, &e, 20, 0, 0, 255, 0));
    free(got);
    REQUIRE(kal_apply_text(scope, "montage", "", two, 1) == two[0]);
    kal_node *n = kal_apply_text(scope, "montage", "width=12", two, 2);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
    REQUIRE(strstr(check_error.message, "montage: images of up to 20×30 do not fit into cells of 12×30"));
    picture gray = picture_of(extent_of(4, 4, 1, KAL_U8));
    kal_node *const mixed[2] = {two[0], gray.node};
    n = kal_apply_text(scope, "montage", "", mixed, 2);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
    REQUIRE(strstr(check_error.message, "montage: image 2 is of another kind than the first"));
    double m[6];   // boxes follow
    n = kal_apply_text(scope, "montage", "", two, 2);
    REQUIRE_OK(kal_call_map(kal_node_call(two[0]), kal_node_call(n), m, &check_error));
    REQUIRE(m[0] == 1 && m[4] == 1 && m[2] == 5 && m[5] == 10);
    free(gray.data);
}

// ---- trim_box -----------------------------------------------------------------------------------

// x0 = -1: no box
static void trims(kal_node *in, const char *params, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    kal_value v = {0};
    kal_node *n = apply(in, "trim_box", params);
    if (!REQUIRE_OK(kal_read_value(n, NULL, &v, &check_error))) return;
    if (x0 < 0)
        REQUIRE_NOTE(v.rows == 0, "trim_box %s finds a box", params);
    else
        REQUIRE_NOTE(v.rows == 1 && v.v[0] == x0 && v.v[1] == y0 && v.v[2] == x1 && v.v[3] == y1,
                     "trim_box %s: %g %g %g %g", params, v.rows ? v.v[0] : 0, v.rows ? v.v[1] : 0,
                     v.rows ? v.v[2] : 0, v.rows ? v.v[3] : 0);
    kal_value_free(&v);
}

static void test_trim(void)
{
    uint8_t data[9 * 12 * 3];
    memset(data, 200, sizeof data);
    data[(3 * 12 + 5) * 3 + 1] = 215;   // (5, 3), (2, 6), and (4, 7), which is between them
    data[(6 * 12 + 2) * 3] = 100;
    data[(7 * 12 + 4) * 3 + 2] = 0;
    data[(8 * 12 + 11) * 3] = 208;
    picture p = picture_with(extent_of(12, 9, 3, KAL_U8), data);
    trims(p.node, "", 2, 3, 6, 8);
    trims(p.node, "tolerance=7", 2, 3, 12, 9);
    trims(p.node, "tolerance=8", 2, 3, 6, 8);
    trims(p.node, "tolerance=15", 2, 6, 5, 8);
    trims(p.node, "tolerance=255", -1, 0, 0, 0);
    trims(p.node, "background=0", 0, 0, 12, 9);
    trims(p.node, "background=[200 200 200]", 2, 3, 6, 8);
    kal_node *n = apply(p.node, "crop", "x=2 y=3 width=4 height=5");
    kal_program *program;
    const kal_binding in = {.name = "photo", .node = p.node};
    static const char text[] = "crop photo (trim_box photo)";
    if (REQUIRE_OK(kal_program_parse(text, strlen(text), &in, 1, &program, &check_error))) {
        kal_key a = {0}, b = {0};
        REQUIRE_OK(kal_content_key(n, NULL, &a, &check_error));
        REQUIRE_OK(kal_content_key(kal_program_root(program), NULL, &b, &check_error));
        REQUIRE(kal_key_equal(a, b));
        kal_program_free(&program);
    }
    free(p.data);
    // under alpha 0 colours do not count
    static const uint8_t clear[4 * 4] = {1, 2, 3, 0, 200, 9, 9, 0, 5, 5, 5, 255, 9, 9, 9, 0};
    p = picture_with(extent_of(4, 1, 4, KAL_U8), clear);
    trims(p.node, "", 2, 0, 3, 1);
    free(p.data);
    // by the pixel
    for (int i = 0; i < 60; i++) {
        const kal_extent e = extent_of(1 + rng_below(&seed, 30), 1 + rng_below(&seed, 30), 1, KAL_U8);
        uint8_t *pixels = calloc(bytes_of(&e), 1);
        kal_rect box = kal_rect_of(0, 0, 0, 0);
        for (int k = rng_below(&seed, 6); k > 0; k--) {
            const int32_t x = rng_below(&seed, e.width), y = rng_below(&seed, e.height);
            if (x + y)
                pixels[y * e.width + x] = 50, box = kal_rect_join(box, kal_rect_of(x, y, x + 1, y + 1));
        }
        p = picture_with(e, pixels);
        trims(p.node, "", kal_rect_empty(box) ? -1 : box.x0, box.y0, box.x1, box.y1);
        free(p.data);
        free(pixels);
    }
}

int main(void)
{
    void (*const tests[])(void) = {test_fit,    test_min_size, test_downsample,
                                   test_copies, test_montage,  test_trim};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        scope = kal_scope_new();
        tests[i]();
        kal_memo_clear(NULL);
        kal_scope_free(&scope);
    }
    return check_done();
}
