// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures made of numbers: each formula once more, in the C library's functions, for every type; what random numbers are like; the
// refusals. What `expr` computes stands in tests/ops/expr.c.
#include "formula.h"

#include "synthesis/counter.h"
#include "synthesis/normal.h"

static kal_node *make(kal_scope *s, const char *op, const char *params)
{
    snprintf(about, sizeof about, "%s %s", op, params);
    return kal_apply_text(s, op, params, NULL, 0);
}

// t of a pixel's middle.
typedef double place_fn(double x, double y);

static void check_pattern(kal_node *node, place_fn *place, const double *from, const double *to)
{
    kal_extent e;
    void *got = read_all(node, NULL, &e);
    if (!REQUIRE_NOTE(got != NULL, "%s: %s", about, check_error.message)) return;
    const double max = kal_type_max(e.type);
    size_t i = 0, bad = 0;
    for (int32_t y = 0; y < e.height; y++)
        for (int32_t x = 0; x < e.width; x++)
            for (int32_t k = 0; k < e.channels; k++, i++) {
                const double t = place(x + 0.5, y + 0.5);
                const double want = (from[k] + (to[k] - from[k]) * t) * max / 255, v = at(got, e.type, i);
                if (!near(e.type, v, want, 1e-9 * max) && bad++ < 3)
                    REQUIRE_NOTE(0, "%s: pixel %d %d channel %d is %g, want %g", about, x, y, k, v, want);
            }
    REQUIRE(!bad);
    free(got);
}

static double held(double t)
{
    return t < 0 ? 0 : t > 1 ? 1 : t;
}

static double one(double x, double y)
{
    (void)x, (void)y;
    return 1;
}

static double to_right(double x, double y)
{
    (void)y;
    return held(x / 61);
}

static double slanted(double x, double y)
{
    return held(((x + 3.5) * 43.5 + (y - 2) * 18) / (43.5 * 43.5 + 18 * 18));
}

static double around(double x, double y)
{
    return held(hypot(x - 30.5, y - 10) / hypot(30.5, 10));
}

static double squares(double x, double y)
{
    return ((int)floor(x / 7) + (int)floor(y / 7)) % 2;
}

static double rings(double x, double y)
{
    const double r2 = (x - 30.5) * (x - 30.5) + (y - 10) * (y - 10);
    return 0.5 + 0.5 * cos(2 * M_PI * 0.25 * r2 / 61);
}

static void test_patterns(kal_scope *s)
{
    static const double black[4] = {0, 0, 0, 255}, white[4] = {255, 255, 255, 255},
                        some[4] = {10, 200, 30.5, 128}, other[4] = {255, 0, 99, 7};
    char text[300];
    static const char *const types[] = {"u8", "u16", "f32"};
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "[10 200 30.5 128] width=61 height=20 type=%s", types[i]);
        check_pattern(make(s, "solid", text), one, some, some);
        snprintf(text, sizeof text, "width=61 height=20 type=%s channels=%d", types[i], i + 1);
        const double *const from = i == 1 ? (const double[]){0, 255} : black;
        check_pattern(make(s, "gradient", text), to_right, from, white);
        snprintf(text, sizeof text, "[10 200 30.5 128] [255 0 99 7] 61 20 type=%s x0=-3.5 y0=2 x1=40 y1=20",
                 types[i]);
        check_pattern(make(s, "gradient", text), slanted, some, other);
        snprintf(text, sizeof text, "from=[10 200 30.5 128] width=61 height=20 type=%s kind=radial",
                 types[i]);
        check_pattern(make(s, "gradient", text), around, some, white);
        snprintf(text, sizeof text, "to=[255 0 99] width=61 height=20 type=%s cell=7", types[i]);
        check_pattern(make(s, "checkerboard", text), squares, black, other);
        snprintf(text, sizeof text, "width=61 height=20 type=%s frequency=0.25", types[i]);
        check_pattern(make(s, "zone_plate", text), rings, black, white);
    }
    // colours by words are 8 bits wherever they go; sizes come from values
    check_pattern(make(s, "solid", "red width=3 height=2 type=u16"), one, (const double[]){255, 0, 0},
                  (const double[]){255, 0, 0});
    check_pattern(make(s, "solid", "#f80c type=f32 width=1 height=2"), one,
                  (const double[]){255, 136, 0, 204}, (const double[]){255, 136, 0, 204});
    check_pattern(make(s, "solid", "7 width=3 height=2 channels=3"), one, (const double[]){7, 7, 7},
                  (const double[]){7, 7, 7});
    check_fails(make(s, "solid", "color=[1 2 3] channels=1"), "solid: color has 3 numbers");
    check_fails(make(s, "solid", "color=65535"), "solid: color");
    check_fails(make(s, "solid", "width=50%"), "take percent of");
    check_fails(make(s, "gradient", "x0=5 y0=5 x1=5 y1=5"), "gradient: both colours lie at 5,5");
    check_fails(make(s, "gradient", "from=[1 2 3] to=[1 2 3 4 5]"), "gradient: ");
    check_fails(make(s, "perlin", "scale=1 octaves=16 width=100000"), "perlin: its last octave");
}

// ---- random numbers -----------------------------------------------------------------------------

static void test_normal(void)
{
    REQUIRE(kal__normal(0.5) == 0);
    for (int i = 1; i < 4000; i++) {   // the C library's own integral of the curve leads back
        const double p = i / 4000.0, back = 0.5 * erfc(-kal__normal(p) / sqrt(2.0));
        REQUIRE_NOTE(fabs(back - p) < 1e-15 * 4, "p %g comes back as %.17g", p, back);
    }
    const double last = kal__normal(kal__count_real(0));
    REQUIRE(fabs(0.5 * erfc(-last / sqrt(2.0)) / 0x1p-33 - 1) < 1e-13);
    REQUIRE(kal__normal(kal__count_real(0xffffffffu)) == -last);
}

// The plain definition of the count: nothing of it may move, or every noise would be another.
static void test_count(void)
{
    const kal__count row = kal__count_row(7, 3);
    REQUIRE_NOTE(kal__mix(0) == 0 && kal__mix(1) == 0x688990c0u, "mix(1) is %08x", kal__mix(1));
    REQUIRE_NOTE(kal__count_at(row, 5, 2) == 0xbad2f4c2u, "count is %08x", kal__count_at(row, 5, 2));
}

typedef struct moments {
    double mean, sigma, least, most, beside, below;   // and correlation with the neighbours
} moments;

static moments moments_of(kal_node *node)
{
    kal_extent e;
    moments m = {.least = 1e30, .most = -1e30};
    void *data = read_all(node, NULL, &e);
    if (!REQUIRE_NOTE(data != NULL, "%s: %s", about, check_error.message)) return m;
    const size_t w = (size_t)e.width * (size_t)e.channels, n = w * (size_t)e.height;
    double sum = 0, square = 0, right = 0, under = 0;
    for (size_t i = 0; i < n; i++) sum += at(data, e.type, i);
    m.mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double v = at(data, e.type, i), d = v - m.mean;
        square += d * d;
        if (i % w)
            right += d * (at(data, e.type, i - (size_t)e.channels * (i % w >= (size_t)e.channels)) - m.mean);
        if (i >= w) under += d * (at(data, e.type, i - w) - m.mean);
        m.least = v < m.least ? v : m.least;
        m.most = v > m.most ? v : m.most;
    }
    m.sigma = sqrt(square / (double)n);
    m.beside = right / square;
    m.below = under / square;
    free(data);
    return m;
}

static void near_to(double got, double want, double slack, const char *what)
{
    REQUIRE_NOTE(fabs(got - want) <= slack, "%s: %s is %g, want %g ± %g", about, what, got, want, slack);
}

// Bounds are five standard errors of 2^18 samples.
static void test_noise(kal_scope *s)
{
    moments m = moments_of(make(s, "noise", "type=f32 mean=3 sigma=2 width=512 height=512 seed=11"));
    near_to(m.mean, 3, 0.02, "mean");
    near_to(m.sigma, 2, 0.014, "sigma");
    near_to(m.beside, 0, 0.01, "correlation along a row");
    near_to(m.below, 0, 0.01, "correlation along a column");
    m = moments_of(make(s, "noise", "uniform low=3 high=9 width=512 height=512"));
    REQUIRE(m.least == 3 && m.most == 9);
    near_to(m.mean, 6, 0.02, "mean");
    near_to(m.sigma, 2, 0.02, "sigma");   // of 7 numbers: the root of 48/12
    m = moments_of(make(s, "noise", "uniform type=u16 width=512 height=512 seed=1000000000"));
    near_to(m.mean, 32767.5, 185, "mean");
    near_to(m.beside, 0, 0.01, "correlation along a row");
    near_to(m.below, 0, 0.01, "correlation along a column");
    m = moments_of(make(s, "noise", "width=512 height=512 seed=1"));
    near_to(m.mean, 127.5, 0.35, "mean");
    near_to(m.sigma, 255 / 8.0, 0.25, "sigma");
    check_fails(make(s, "noise", "low=4 high=3"), "noise: low=4 is above high=3");
    // a larger one holds the smaller one
    kal_node *small = make(s, "noise", "width=40 height=30 seed=5"),
             *large = make(s, "noise", "width=90 height=31 seed=5");
    kal_key a, b;
    kal_content_key(small, NULL, &a, NULL);
    kal_content_key(kal_apply_text(s, "crop", "0 0 40 30", &large, 1), NULL, &b, NULL);
    REQUIRE(kal_key_equal(a, b));
}

static void test_add_noise(kal_scope *s)
{
    kal_node *flat = make(s, "solid", "[100 100 100 77] width=300 height=300");
    kal_node *noisy = kal_apply_text(s, "add_noise", "amount=10 seed=3", &flat, 1);
    kal_extent e;
    uint8_t *p = read_all(noisy, NULL, &e);
    double sum = 0, square = 0;
    size_t same = 0;
    for (size_t i = 0; p && i < 300 * 300; i++) {
        REQUIRE(p[4 * i + 3] == 77);
        sum += p[4 * i] - 100, square += (p[4 * i] - 100) * (p[4 * i] - 100);
        same += p[4 * i] == p[4 * i + 1];
    }
    near_to(sum / 90000, 0, 0.17, "mean");
    near_to(sqrt(square / 90000), sqrt(100 + 1 / 12.0), 0.12, "sigma");   // rounding adds a twelfth
    REQUIRE(same < 4000);
    free(p);
    p = read_all(kal_apply_text(s, "add_noise", "amount=5 kind=uniform gray=true", &flat, 1), NULL, &e);
    for (size_t i = 0; p && i < 300 * 300; i++)
        REQUIRE(p[4 * i] >= 95 && p[4 * i] <= 105 && p[4 * i] == p[4 * i + 2]);
    free(p);
    REQUIRE(kal_apply_text(s, "add_noise", "amount=0", &flat, 1) == flat);
}

// ---- clouds and samples -------------------------------------------------------------------------

static void test_perlin(kal_scope *s)
{
    // nothing on the lattice: at scale 2 and one octave, corners of cells lie between pixels, so half a pixel off is near the middle
    moments m = moments_of(make(s, "perlin", "type=f32 width=512 height=512 scale=32 octaves=1"));
    near_to(m.mean, 0.5, 0.02, "mean");
    REQUIRE(m.least >= 0 && m.least < 0.2 && m.most <= 1 && m.most > 0.8);
    REQUIRE_NOTE(m.beside > 0.98 && m.below > 0.98, "%g %g: it is not smooth", m.beside, m.below);
    m = moments_of(make(s, "perlin", "type=f32 width=64 height=64 scale=1 octaves=1"));
    REQUIRE(m.sigma > 0.05);
}

static void test_samples(kal_scope *s)
{
    static const char *const names[] = {"scene", "ramps", "zone", "text"};
    for (int i = 0; i < 4; i++) {
        char text[80];
        snprintf(text, sizeof text, "%s width=200 height=150", names[i]);
        const moments m = moments_of(make(s, "sample", text));
        REQUIRE_NOTE(m.sigma > 20 && m.most - m.least > 150, "%s: %g..%g, sigma %g", text, m.least, m.most,
                     m.sigma);
    }
    check_fails(make(s, "sample", "scene width=4000 height=4"), "sample: a scene of 4000×4");
    VALUES(make(s, "sample", "ramps width=2 height=8"), 64, 64, 64, 192, 192, 192, 68, 68, 68, 204, 204, 204,
           64, 0, 0, 192, 0, 0, 0, 64, 0, 0, 192, 0, 0, 0, 64, 0, 0, 192, 255, 0, 0, 0, 255, 255, 255, 0, 0,
           0, 255, 255, 255, 0, 0, 0, 255, 255);
}

// A colour says how many channels there are, up to four.
static void test_long_colours(kal_scope *s)
{
    static const struct {
        const char *op, *params, *says;
    } cases[] = {
        {"solid", "color=[1 2 3 4 5]", "solid: color has 5 numbers"},
        {"gradient", "from=[1 2 3 4 5] to=[1 2 3 4 5]", "gradient: from has 5 numbers"},
        {"gradient", "from=9 to=[1 2 3 4 5 6]", "gradient: to has 6 numbers"},
        {"checkerboard", "to=[1 2 3 4 5 6 7]", "checkerboard: to has 7 numbers"},
        {"zone_plate", "from=[1 2 3 4 5]", "zone_plate: from has 5 numbers"},
        {"perlin", "to=[1 2 3 4 5]", "perlin: to has 5 numbers"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_fails(make(s, cases[i].op, cases[i].params), cases[i].says);
}

int main(void)
{
    kal_scope *s = kal_scope_new();
    test_patterns(s);
    test_long_colours(s);
    test_normal();
    test_count();
    test_noise(s);
    test_add_noise(s);
    test_perlin(s);
    test_samples(s);
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    return check_done();
}
