// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// affine, shear and perspective against the formula written again here, and what their matrices become.
#include "geometry.h"

static bool is_half(double v)
{
    return fabs(v - floor(v) - 0.5) < 1e-6;
}

// The place on the image of the middle of pixel (x, y), from the matrix as the text gives it.
static void source(const double *m, bool backward, bool centre, int32_t x, int32_t y, double *sx, double *sy)
{
    const double half = centre ? 0 : 0.5, u = x + half, v = y + half, det = m[0] * m[4] - m[1] * m[3];
    const double p = u - m[2], q = v - m[5];
    *sx = (backward ? m[0] * u + m[1] * v + m[2] : (p * m[4] - q * m[1]) / det) - half;
    *sy = (backward ? m[3] * u + m[4] * v + m[5] : (q * m[0] - p * m[3]) / det) - half;
}

static void check_affine(kal_extent e, const double *m, int how, int k, int edge)
{
    static const char *const kernels[] = {"nearest", "bilinear", "bicubic"};
    static const char *const edges[] = {"copy", "mirror", "reflect", "wrap", "fill"};
    const bool backward = how & 1, centre = how & 2, grid = k == 1 && e.type == KAL_U8;
    picture p = picture_of(e);
    char what[300];
    snprintf(what, sizeof what,
             "matrix=[%.17g %.17g %.17g %.17g %.17g %.17g] width=%d height=%d direction=%s at=%s kernel=%s "
             "edge=%s",
             m[0], m[1], m[2], m[3], m[4], m[5], e.width + 6, e.height - 2, backward ? "backward" : "forward",
             centre ? "centre" : "corner", kernels[k], edges[edge]);
    const double slack = grid ? 0 : slack_of(e.type);
    kal_node *n = apply(p.node, "affine", what);
    kal_extent oe;
    void *got = read_all(n, NULL, &oe);
    for (int32_t y = 0; y < oe.height && got; y++)
        for (int32_t x = 0; x < oe.width; x++) {
            double sx, sy, sum[KAL_MAX_CHANNELS] = {0};
            source(m, backward, centre, x, y, &sx, &sy);
            const double steps = grid ? 256 : 1;
            if ((grid || k == 0) && (is_half(sx * steps) || is_half(sy * steps))) continue;   // either way
            if (grid) sx = floor(sx * 256 + 0.5) / 256, sy = floor(sy * 256 + 0.5) / 256;
            mix_around(sum, &e, p.data, sx, sy, k, edge);
            close_to(&oe, got, x, y, sum, slack, what);
        }
    tilings(n, what);
    free(got);
    free(p.data);
}

static void test_affine(void)
{
    static const double matrices[][6] = {
        {1.2, 0.3, -2, -0.25, 0.9, 3.5}, {0.31, 0, 1, 0, 2.7, 0.5},      {0, -1.1, 9, 1.3, 0, 0},
        {-0.7, 0.01, 12, 0.6, 1.5, -3},  {17.3, 2.1, -30, -3, 25.7, 4},  {0.04, 0.01, 3, -0.02, 0.05, 2},
        {1, 0.5, 0.25, 0, 1, -1.125},    {300.5, 7, -9, 2, 512.25, -90},
    };
    static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32, KAL_U8, KAL_U8, KAL_U8, KAL_F32};
    static const int32_t channels[] = {3, 1, 3, 1, 3, 4, 2};
    int i = 0;
    for (int k = 0; k < 3; k++)
        for (int edge = KAL_EDGE_COPY; edge <= KAL_EDGE_FILL; edge++)
            for (size_t m = 0; m < sizeof matrices / sizeof *matrices; m++, i++)
                check_affine(extent_of(i & 1 ? 23 : 9, i & 2 ? 9 : 17, channels[i % 7], types[i % 7]),
                             matrices[m], rng_below(&seed, 4), k, edge);
}

static void same_pixels(kal_node *a, kal_node *b)
{
    kal_key k = {0}, l = {0};
    REQUIRE_OK(kal_content_key(a, NULL, &k, &check_error));
    REQUIRE_OK(kal_content_key(b, NULL, &l, &check_error));
    REQUIRE(kal_key_equal(k, l));
}

static void test_cases(void)
{
    picture p = picture_of(extent_of(31, 20, 3, KAL_U8));
    REQUIRE(apply(p.node, "affine", "[1 0 0 0 1 0]") == p.node);
    REQUIRE(apply(p.node, "affine", "[1 0 0 0 1 0] direction=backward at=centre") == p.node);
    REQUIRE(apply(p.node, "shear", "") == p.node);
    same_pixels(apply(p.node, "affine", "[1 0 3 0 1 -4]"), apply(p.node, "embed", "x=3 y=-4"));
    same_pixels(apply(p.node, "affine", "[1 0 3 0 1 -4] kernel=bicubic edge=wrap"),
                apply(p.node, "embed", "x=3 y=-4 edge=wrap"));
    same_pixels(apply(p.node, "affine", "[-1 0 31 0 1 0]"), apply(p.node, "flip", ""));
    same_pixels(apply(p.node, "affine", "[0 1 0 1 0 0] width=20 height=31"),
                apply(p.node, "turn", "transpose"));
    same_pixels(apply(p.node, "affine", "[3 0 0 0 3 0] width=93 height=60 kernel=nearest"),
                apply(p.node, "zoom", "3"));
    // OpenCV counts from the middle of pixel 0
    same_pixels(apply(p.node, "affine", "[-1 0 30 0 1 0] at=centre"), apply(p.node, "flip", ""));
    REQUIRE(has_size(apply(p.node, "shear", "0.5"), 41, 20));
    REQUIRE(has_size(apply(p.node, "shear", "x=-0.5 y=1"), 41, 51));
    REQUIRE(has_size(apply(p.node, "shear", "x=-0.5 y=1 expand=false"), 31, 20));
    same_pixels(apply(p.node, "shear", "x=1"), apply(p.node, "affine", "[1 1 0 0 1 0] width=51"));
    free(p.data);
    // a whole shear moves rows by whole pixels
    static const uint8_t six[6] = {1, 2, 3, 4, 5, 6}, sheared[8] = {1, 2, 3, 0, 0, 4, 5, 6};
    p = picture_with(extent_of(3, 2, 1, KAL_U8), six);
    kal_extent e;
    uint8_t *got = read_all(apply(p.node, "affine", "[1 1 -0.5 0 1 0] width=4"), NULL, &e);
    REQUIRE_MEM(got, sheared, 8);
    free(got);
    free(p.data);
}

// ---- perspective --------------------------------------------------------------------------------

// `m` is backward, between the middles of pixels: OpenCV's with WARP_INVERSE_MAP.
static void check_perspective(kal_extent e, const double *m, int k, int edge)
{
    static const char *const kernels[] = {"nearest", "bilinear", "bicubic"};
    static const char *const edges[] = {"copy", "mirror", "reflect", "wrap", "fill"};
    const bool grid = k == 1 && e.type == KAL_U8;
    picture p = picture_of(e);
    char what[400];
    snprintf(what, sizeof what,
             "matrix=[%.17g %.17g %.17g %.17g %.17g %.17g %.17g %.17g %.17g] width=%d height=%d "
             "direction=backward "
             "at=centre kernel=%s edge=%s",
             m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], e.width + 50, e.height + 3, kernels[k],
             edges[edge]);
    const double slack = grid ? 0 : slack_of(e.type);
    kal_node *n = apply(p.node, "perspective", what);
    kal_extent oe;
    void *got = read_all(n, NULL, &oe);
    for (int32_t y = 0; y < oe.height && got; y++)
        for (int32_t x = 0; x < oe.width; x++) {
            double sum[KAL_MAX_CHANNELS] = {0};
            const double w = m[6] * x + m[7] * y + m[8];
            double sx = (m[0] * x + m[1] * y + m[2]) / w, sy = (m[3] * x + m[4] * y + m[5]) / w;
            const double steps = grid ? 256 : 1, px = fabs(sx * steps - floor(sx * steps) - 0.5),
                         py = fabs(sy * steps - floor(sy * steps) - 0.5);
            if ((grid || k == 0) && (px < 3e-4 || py < 3e-4)) continue;   // rounds either way
            if (w < 1e-6) {
                if (!e.alpha) close_to(&oe, got, x, y, sum, slack, what);
                continue;
            }
            if (fabs(sx) > 1e5 || fabs(sy) > 1e5) continue;   // for the loop below
            if (grid) sx = floor(sx * 256 + 0.5) / 256, sy = floor(sy * 256 + 0.5) / 256;
            mix_around(sum, &e, p.data, sx, sy, k, edge);
            close_to(&oe, got, x, y, sum, slack, what);
        }
    tilings(n, what);
    free(got);
    free(p.data);
}

static void test_perspective(void)
{
    static const double matrices[][9] = {
        {1.1, 0.2, -1, 0.1, 0.9, 1, 0.01, -0.004, 1},     // all before the eye
        {1, 0.1, 0, 0, 1.5, 0, -0.03, 0.01, 1},           // the horizon runs through it
        {20, 3, -40, -2, 25, 9, 0.002, 0.09, 1},          // shrinks
        {0.2, 0.01, 3, 0.03, 0.25, 2, 0.004, 0.005, 1},   // enlarges
    };
    static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32, KAL_U8, KAL_U8, KAL_U8, KAL_F32};
    static const int32_t channels[] = {3, 1, 3, 1, 3, 4, 2};
    int i = 0;
    for (int k = 0; k < 3; k++)
        for (int edge = KAL_EDGE_COPY; edge <= KAL_EDGE_FILL; edge++)
            for (size_t m = 0; m < sizeof matrices / sizeof *matrices; m++, i++)
                check_perspective(extent_of(i & 1 ? 23 : 31, i & 2 ? 9 : 17, channels[i % 7], types[i % 7]),
                                  matrices[m], k, edge);
}

static void test_perspective_cases(void)
{
    picture p = picture_of(extent_of(31, 20, 3, KAL_U8));
    same_pixels(apply(p.node, "perspective", "from=[0 0 31 0 31 20 0 20]"), p.node);
    same_pixels(apply(p.node, "perspective", "from=[3 2 13 2 13 9 3 9] width=10 height=7"),
                apply(p.node, "crop", "3 2 10 7"));
    same_pixels(apply(p.node, "perspective", "from=[31 0 31 20 0 20 0 0] width=20 height=31"),
                apply(p.node, "turn", "left"));
    same_pixels(apply(p.node, "perspective", "from=[0 0 5 0 5 5 0 5] to=[2 3 7 3 7 8 2 8]"),
                apply(p.node, "embed", "2 3"));
    same_pixels(apply(p.node, "perspective", "[2 0 4 0 2 6 0 0 2]"), apply(p.node, "embed", "2 3"));
    same_pixels(apply(p.node, "perspective", "[-2 0 -4 0 -2 -6 0 0 -2]"), apply(p.node, "embed", "2 3"));
    double m[6];
    kal_node *n = apply(p.node, "perspective", "[2 0 4 0 2 6 0 0 2]");   // boxes follow what is affine
    REQUIRE(kal_node_call(n)->op->map(kal_node_call(n), 0, m) && m[0] == 1 && m[2] == 2 && m[5] == 3);
    n = apply(p.node, "perspective", "[2 0 4 0 2 6 0.01 0 2]");
    REQUIRE(!kal_node_call(n)->op->map(kal_node_call(n), 0, m));
    static const char *const bad[][2] = {
        {"", "perspective: give either matrix or from"},
        {"[1 0 0 0 1 0 0 0 1] from=[0 0 1 0 1 1 0 1]", "perspective: give either matrix or from"},
        {"[1 0 0 0 1 0 0 0]", "perspective: matrix has 8 numbers; it takes nine"},
        {"from=[0 0 1 0 1 1]", "perspective: from and to take four points each"},
        {"[1 0 0 0 1 0 0 0 1] to=[0 0 1 0 1 1 0 1]", "perspective: to goes with from"},
        {"[1 0 0 2 0 0 0 0 1]", "perspective: this leaves nothing of the image"},
        {"from=[0 0 1 1 2 2 0 5]", "perspective: this leaves nothing of the image"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        n = kal_apply_text(scope, "perspective", bad[i][0], &p.node, 1);
        REQUIRE_NOTE(kal_node_error(n, &check_error) == KAL_INVALID && strstr(check_error.message, bad[i][1]),
                     "perspective %s: %s", bad[i][0], check_error.message);
    }
    free(p.data);
}

// The horizon runs so close to the middle of the image that there w is nearly 0, and everywhere else far more: what lies before the eye does
// not hang on where the matrix was made 1.
static void test_perspective_scale(void)
{
    picture p = picture_of(extent_of(31, 20, 1, KAL_U8));
    kal_extent e;
    uint8_t *got = read_all(
        apply(p.node, "perspective", "matrix=[1 0 0 0 1 0 1 0 -15.49999999] kernel=nearest"), NULL, &e);
    int seen = 0;
    for (int32_t y = 0; y < e.height && got; y++)
        for (int32_t x = 0; x < e.width; x++) {
            const double u = x + 0.5, w = 15.49999999 / (u - 1), sx = u * w, sy = (y + 0.5) * w;
            if (u < 1 || sx < 0 || sy < 0 || sx >= 31 || sy >= 20) continue;
            if (fabs(sx - floor(sx + 0.5)) < 1e-4 || fabs(sy - floor(sy + 0.5)) < 1e-4) continue;
            REQUIRE_NOTE(got[y * e.width + x] == (uint8_t)sample(&p.e, p.data, (int32_t)sx, (int32_t)sy, 0),
                         "perspective by the horizon: at %d,%d", x, y);
            seen++;
        }
    REQUIRE(seen > 100);
    free(got);
    free(p.data);
}

static void test_errors(void)
{
    static const struct {
        const char *op, *params, *says;
    } bad[] = {
        {"affine", "", "affine: matrix has 0 numbers; it takes six"},
        {"affine", "[1 2 3 4 5]", "affine: matrix has 5 numbers"},
        {"affine", "[1 2 0 2 4 0]", "affine: the matrix leaves nothing of the image"},
        {"affine", "[1e-9 0 0 0 1 0]", "affine: the matrix looks more than 2^29 pixels away"},
        {"affine", "[1 0 0 0 1 0] color=[1 2]", "affine: color has 2 values"},
        {"shear", "x=2 y=0.5", "shear: x=2 with y=0.5 leaves nothing"},
    };
    picture p = picture_of(extent_of(10, 10, 3, KAL_U8)), l = picture_of(extent_of(10, 10, 1, KAL_U32));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kal_node *n = kal_apply_text(scope, bad[i].op, bad[i].params, &p.node, 1);
        REQUIRE_NOTE(kal_node_error(n, &check_error) == KAL_INVALID &&
                         strstr(check_error.message, bad[i].says),
                     "%s %s: %s", bad[i].op, bad[i].params, check_error.message);
    }
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_apply_text(scope, "affine", "[2 0 0 0 1 0]", &l.node, 1), &check_error));
    free(p.data);
    free(l.data);
}

int main(void)
{
    void (*const tests[])(void) = {
        test_affine, test_cases, test_perspective, test_perspective_cases, test_perspective_scale,
        test_errors};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        scope = kal_scope_new();
        tests[i]();
        kal_memo_clear(NULL);
        kal_scope_free(&scope);
    }
    return check_done();
}
