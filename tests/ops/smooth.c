// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// bilateral, guided_filter, local_mean and local_std against their formulas, pixel by pixel in doubles and without a thought for speed:
// all types, channels and edges, radii larger than the image.
#include "formula.h"

static rng r = {7};

// Alpha of f32 is not negative here: what a weight below 0 means is nobody's to say.
static kal_node *picture(kal_scope *s, const kal_extent *e)
{
    void *data = malloc(bytes_of(e));
    rng_pixels(&r, e, data);
    for (int32_t i = 1; i <= e->width * e->height && e->alpha && e->type == KAL_F32; i++) {
        float *a = (float *)data + i * e->channels - 1;
        *a = fabsf(*a);
    }
    kal_node *node = kal_pixels(s, e, data, (ptrdiff_t)((size_t)e->width * kal_pixel_size(e)));
    free(data);
    return node;
}

typedef struct seen {
    void *data;
    kal_extent e;
    int edge;
} seen;

static double sample(const seen *in, int32_t x, int32_t y, int32_t k)
{
    x = kal_edge_index(x, in->e.width, (kal_edge)in->edge);
    y = kal_edge_index(y, in->e.height, (kal_edge)in->edge);
    if (x < 0 || y < 0) return in->e.alpha && k == in->e.channels - 1 ? kal_type_max(in->e.type) : 0;
    return at(in->data, in->e.type,
              ((size_t)y * (size_t)in->e.width + (size_t)x) * (size_t)in->e.channels + (size_t)k);
}

typedef void want_fn(const seen *in, int32_t x, int32_t y, const void *user, double *want);

static void compare(kal_node *node, kal_node *image, int edge, want_fn *formula, const void *user,
                    double slack)
{
    seen in = {.edge = edge};
    kal_extent e;
    if (!REQUIRE_NOTE(!kal_node_extent(node, &e, &check_error), "%s: %s", about, check_error.message)) return;
    kal_node_extent(image, &in.e, NULL);
    in.data = naive_pixels(image);
    void *got = naive_pixels(node);
    for (int32_t y = 0, bad = 0; y < e.height && bad < 3; y++)
        for (int32_t x = 0; x < e.width; x++) {
            double want[8] = {0};
            formula(&in, x, y, user, want);
            for (int32_t k = 0; k < e.channels; k++) {
                const double v = at(
                    got, e.type, ((size_t)y * (size_t)e.width + (size_t)x) * (size_t)e.channels + (size_t)k);
                bad += !REQUIRE_NOTE(near(e.type, v, want[k], slack),
                                     "%s, edge %d: %d,%d channel %d is %.9g, want %.9g", about, edge, x, y, k,
                                     v, want[k]);
            }
        }
    check_tilings(&r, node);
    free(got);
    free(in.data);
}

// ---- local --------------------------------------------------------------------------------------

typedef struct local {
    int32_t radius;
    bool deviation;
} local;

static void local_want(const seen *in, int32_t x, int32_t y, const void *user, double *want)
{
    const local *l = user;
    const int32_t side = 2 * l->radius + 1;
    const double n = (double)side * side, white = kal_type_max(in->e.type);
    for (int32_t k = 0; k < colours_of(&in->e); k++) {
        double sum = 0, squares = 0;
        for (int32_t i = 0; i < side * side; i++)
            sum += sample(in, x + i % side - l->radius, y + i / side - l->radius, k);
        for (int32_t i = 0; i < side * side; i++) {
            const double d = sample(in, x + i % side - l->radius, y + i / side - l->radius, k) - sum / n;
            squares += d * d;
        }
        want[k] = (l->deviation ? sqrt(squares / n) : sum / n) / white;
    }
}

static void test_local(int32_t w, int32_t h)
{
    static const int32_t radii[] = {1, 2, 9, 17};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);)
        for (int i = 0; i < 4; i++) {
            const int edge = (k + i) % 5;
            kal_scope *s = kal_scope_new();
            kal_node *in = picture(s, &e);
            const local l[2] = {{radii[i], false}, {radii[i], true}};
            compare(kal_local_mean(s, in, kal_local_mean_params(.radius = radii[i], .edge = edge)), in, edge,
                    local_want, &l[0], 0);
            compare(kal_local_std(s, in, kal_local_std_params(.radius = radii[i], .edge = edge)), in, edge,
                    local_want, &l[1], e.type == KAL_F32 ? 1e-6 : 0);
            kal_scope_free(&s);
        }
}

// A bright window that differs by one sample of one: where a difference of two means of squares has nothing left.
static void test_faint(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(1001, 1001, 1, KAL_U16);
    const size_t n = 1001 * 1001;
    uint16_t *data = malloc(n * sizeof *data);
    for (size_t i = 0; i < n; i++) data[i] = 65534;
    data[n / 2] = 65535;
    kal_node *in = kal_pixels(s, &e, data, 1001 * 2);
    kal_node *node = kal_local_std(s, in, kal_local_std_params(.radius = 500));
    float got;
    if (REQUIRE_OK(kal_read(node, kal_rect_of(500, 500, 501, 501), &got, 4, NULL, &check_error))) {
        const double share = 1 / (double)n, want = sqrt(share * (1 - share)) / 65535;
        REQUIRE_NOTE(fabs((double)got - want) < want * 1e-6, "%.9g, want %.9g", (double)got, want);
    }
    VALUES(kal_local_std(s, image_of(s, extent_of(2, 1, 1, KAL_U8), (const double[]){7, 7}), NULL), 0, 0);
    const double steps[3] = {0, 255, 0};
    VALUES(
        kal_local_mean(s, image_of(s, extent_of(3, 1, 1, KAL_U8), steps), kal_local_mean_params(.radius = 1)),
        1 / 3.0, 1 / 3.0, 1 / 3.0);
    const kal_extent label = {5, 1, 1, KAL_U32, KAL_DATA, false};
    check_fails(kal_local_std(s, rng_image(&r, s, &label), NULL), "local_std: u32");
    check_fails(kal_local_mean(s, in, kal_local_mean_params(.radius = 0)), "local_mean: radius");
    free(data);
    kal_scope_free(&s);
}

// ---- bilateral ----------------------------------------------------------------------------------

static void bilateral_want(const seen *in, int32_t x, int32_t y, const void *user, double *want)
{
    const kal_bilateral_p *p = user;
    const int32_t colours = colours_of(&in->e);
    double weights = 0, sum[8] = {0};
    for (int32_t dy = -p->radius; dy <= p->radius; dy++)
        for (int32_t dx = -p->radius; dx <= p->radius; dx++) {
            const int32_t r2 = dx * dx + dy * dy;
            if (r2 > p->radius * p->radius) continue;
            double d = 0;
            for (int32_t k = 0; k < colours; k++)
                d += fabs(sample(in, x + dx, y + dy, k) - sample(in, x, y, k));
            double w = exp(-r2 / (2 * p->sigma_space * p->sigma_space) -
                           d * d / (2 * p->sigma_color * p->sigma_color));
            if (in->e.alpha) w *= sample(in, x + dx, y + dy, colours);
            weights += w;
            for (int32_t k = 0; k < colours; k++) sum[k] += w * sample(in, x + dx, y + dy, k);
        }
    for (int32_t k = 0; k < in->e.channels; k++)
        want[k] = k < colours && weights > 0 ? sum[k] / weights : sample(in, x, y, k);
    // where hardly anything counts, what is beyond the tables counts too
    if (in->e.alpha && sample(in, x, y, colours) < 1e-3 * kal_type_max(in->e.type))
        for (int32_t k = 0; k < colours; k++) want[k] = NAN;
}

static void bilateral_checked(const seen *in, int32_t x, int32_t y, const void *user, double *want)
{
    const void *const *both = user;
    bilateral_want(in, x, y, both[0], want);
    for (int32_t k = 0; k < in->e.channels; k++)
        if (isnan(want[k]))
            want[k] = at(both[1], in->e.type,
                         ((size_t)y * (size_t)in->e.width + (size_t)x) * (size_t)in->e.channels + (size_t)k);
}

static void test_bilateral(int32_t w, int32_t h)
{
    static const struct {
        int32_t radius;
        double color, space;   // of white; of pixels
    } all[] = {{1, 0.1, 1}, {3, 0.3, 2}, {5, 1.2, 3}, {4, 4, 8}, {13, 0.5, 5}, {2, 1e-4, 1}};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);)
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            const int edge = (k + (int)i) % 5;
            const double white = kal_type_max(e.type);
            kal_scope *s = kal_scope_new();
            kal_node *in = picture(s, &e);
            const kal_bilateral_p *p =
                kal_bilateral_params(.radius = all[i].radius, .sigma_color = all[i].color * white,
                                     .sigma_space = all[i].space, .edge = edge);
            kal_node *node = kal_bilateral(s, in, p);
            void *got = naive_pixels(node);
            compare(node, in, edge, bilateral_checked, (const void *[]){p, got},
                    e.type == KAL_U8 ? 0.1 : 3e-6 * white);
            free(got);
            kal_scope_free(&s);
        }
}

static void test_bilateral_cases(void)
{
    kal_scope *s = kal_scope_new();
    const double step[] = {10, 10, 10, 200, 200, 200};
    kal_node *in = image_of(s, extent_of(6, 1, 1, KAL_U8), step);
    VALUES(kal_bilateral(s, in, kal_bilateral_params(.radius = 2)), 10, 10, 10, 200, 200, 200);
    REQUIRE(kal_bilateral(s, in, NULL) ==
            kal_bilateral(s, in, kal_bilateral_params(.radius = 4, .sigma_color = 255.0 / 8)));
    REQUIRE(kal_bilateral(s, in, kal_bilateral_params(.sigma_space = 0.1)) ==
            kal_bilateral(s, in, kal_bilateral_params(.sigma_space = 0.1, .radius = 1)));
    // five that weigh the same: 52/5 and 53/5
    const double pair[] = {10, 11};
    VALUES(kal_bilateral(s, image_of(s, extent_of(2, 1, 1, KAL_U8), pair),
                         kal_bilateral_params(.radius = 1, .sigma_color = 1e9, .sigma_space = 1000,
                                              .edge = KAL_EDGE_WRAP)),
           10, 11);
    const kal_extent label = {5, 1, 1, KAL_U32, KAL_DATA, false};
    check_fails(kal_bilateral(s, rng_image(&r, s, &label), NULL), "bilateral: u32");
    check_fails(kal_bilateral(s, in, kal_bilateral_params(.color = {step, 3})),
                "bilateral: color has 3 values");
    kal_scope_free(&s);
}

// ---- guided_filter ------------------------------------------------------------------------------

typedef struct guided {
    const kal_guided_filter_p *p;
    const seen *guide;
} guided;

// Gauss, the largest pivot first.
static void solve(double m[4][5], int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t best = i;
        for (int32_t k = i; k < n; k++)
            if (fabs(m[k][i]) > fabs(m[best][i])) best = k;
        for (int32_t k = 0; k <= n; k++) {
            const double v = m[i][k];
            m[i][k] = m[best][k], m[best][k] = v;
        }
        for (int32_t k = 0; k < n; k++) {
            const double by = k == i ? 0 : m[k][i] / m[i][i];
            for (int32_t c = i; c <= n; c++) m[k][c] -= by * m[i][c];
        }
    }
    for (int32_t i = 0; i < n; i++) m[i][n] /= m[i][i];
}

// The plane of the window around x, y for colour c: a's, then b; its weight.
static double fit(const seen *in, const seen *g, const kal_guided_filter_p *p, int32_t x, int32_t y,
                  int32_t c, double *plane)
{
    const int32_t n = colours_of(&g->e), last = in->e.channels - 1;
    const double white = kal_type_max(g->e.type), opaque = in->e.alpha ? kal_type_max(in->e.type) : 1;
    double mean[5] = {0}, m[4][5] = {{0}}, weights = 0, held = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int32_t v = y - p->radius; v <= y + p->radius; v++)
            for (int32_t u = x - p->radius; u <= x + p->radius; u++) {
                if (u < 0 || v < 0 || u >= in->e.width || v >= in->e.height) continue;
                double at[5];
                for (int32_t i = 0; i < n; i++) at[i] = sample(g, u, v, i);
                at[n] = sample(in, u, v, c);
                const double w = in->e.alpha ? sample(in, u, v, last) : 1;
                if (!pass) weights += w, held++;
                for (int32_t i = 0; i <= n && !pass; i++) mean[i] += w * at[i];
                for (int32_t i = 0; i < n && pass; i++)
                    for (int32_t k = 0; k <= n; k++)
                        m[i][k] += w * (at[i] - mean[i] / weights) * (at[k] - mean[k] / weights) / weights;
            }
    if (weights <= 0) return 0;
    for (int32_t i = 0; i < n; i++) m[i][i] += p->epsilon * white * white;
    solve(m, n);
    plane[n] = mean[n] / weights;
    for (int32_t i = 0; i < n; i++) plane[i] = m[i][n], plane[n] -= plane[i] * mean[i] / weights;
    return weights / held / opaque;
}

static void guided_want(const seen *in, int32_t x, int32_t y, const void *user, double *want)
{
    const guided *f = user;
    const int32_t n = colours_of(&f->guide->e), radius = f->p->radius;
    for (int32_t c = 0; c < colours_of(&in->e); c++) {
        double sum = 0, weights = 0;
        for (int32_t v = y - radius; v <= y + radius; v++)
            for (int32_t u = x - radius; u <= x + radius; u++) {
                double plane[5] = {0};
                if (u < 0 || v < 0 || u >= in->e.width || v >= in->e.height) continue;
                const double w = fit(in, f->guide, f->p, u, v, c, plane);
                weights += w;
                sum += w * plane[n];
                for (int32_t i = 0; i < n; i++) sum += w * plane[i] * sample(f->guide, x, y, i);
            }
        want[c] = weights > 0 ? sum / weights : sample(in, x, y, c);
    }
    if (in->e.alpha) want[in->e.channels - 1] = sample(in, x, y, in->e.channels - 1);
}

static void test_guided(int32_t w, int32_t h)
{
    static const struct {
        int32_t radius;
        double epsilon;
    } all[] = {{1, 0.01}, {2, 1e-4}, {3, 0.2}};
    kal_extent e, ge;
    for (int k = 0; next_kind(&k, &e, w, h);)
        for (int i = 0; i < 3; i++) {
            kal_scope *s = kal_scope_new();
            kal_node *in = picture(s, &e), *by = NULL;
            int guide_kind = (int)rng_below(&r, 27);
            next_kind(&guide_kind, &ge, w, h);
            const bool self = i == k % 3 && colours_of(&e) < 5;
            if (colours_of(&ge) > 4) ge.channels = 1, ge.alpha = false;
            if (!self) by = picture(s, &ge);
            next_kind(&(int){k - 1}, &e, w, h);   // so that a failure names the image
            const kal_guided_filter_p *p =
                kal_guided_filter_params(.radius = all[i].radius, .epsilon = all[i].epsilon);
            seen guide = {.e = self ? e : ge, .edge = 0};
            guide.data = naive_pixels(self ? in : by);
            compare(kal_guided_filter(s, in, by, p), in, 0, guided_want, &(guided){p, &guide},
                    1e-5 * kal_type_max(e.type));
            free(guide.data);
            kal_scope_free(&s);
        }
}

static void test_guided_cases(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(9, 7, 3, KAL_U8), wide = extent_of(10, 7, 3, KAL_U8),
                     five = extent_of(9, 7, 5, KAL_U8), label = {9, 7, 1, KAL_U32, KAL_DATA, false};
    kal_node *in = rng_image(&r, s, &e);
    const kal_guided_filter_p *p = kal_guided_filter_params(.radius = 2);
    check_fails(kal_guided_filter(s, in, rng_image(&r, s, &wide), p), "guided_filter: the guide is 10×7");
    check_fails(kal_guided_filter(s, rng_image(&r, s, &five), NULL, p),
                "guided_filter: the guide has 5 colour");
    check_fails(kal_guided_filter(s, rng_image(&r, s, &label), NULL, p), "guided_filter: u32");
    check_fails(kal_guided_filter(s, in, rng_image(&r, s, &label), p), "guided_filter: u32");
    // itself as a second input is itself
    void *a = naive_pixels(kal_guided_filter(s, in, NULL, p)),
         *b = naive_pixels(kal_guided_filter(s, in, in, p));
    REQUIRE_MEM(a, b, bytes_of(&e));
    free(a);
    free(b);
    // what is flat stays, whatever the guide
    const double flat[] = {91, 91, 91, 91, 91, 91};
    const kal_extent small = extent_of(6, 1, 1, KAL_U8), rgb = extent_of(6, 1, 3, KAL_U8);
    VALUES(kal_guided_filter(s, image_of(s, small, flat), rng_image(&r, s, &rgb), p), 91, 91, 91, 91, 91, 91);
    // opaque alpha changes nothing
    double white[9 * 7];
    for (int i = 0; i < 9 * 7; i++) white[i] = 255;
    kal_node *pair[2] = {in, image_of(s, extent_of(9, 7, 1, KAL_U8), white)};
    kal_node *veiled = kal_band_join(s, pair, 2, kal_band_join_params(.alpha = true));
    a = naive_pixels(kal_guided_filter(s, in, NULL, p));
    b = naive_pixels(kal_flatten(s, kal_guided_filter(s, veiled, NULL, p), NULL));
    REQUIRE_MEM(a, b, bytes_of(&e));
    free(a);
    free(b);
    kal_scope_free(&s);
}

int main(void)
{
    test_local(13, 9);
    test_local(131, 2);
    test_faint();
    test_bilateral(13, 9);
    test_bilateral(70, 2);
    test_bilateral_cases();
    test_guided(13, 9);
    test_guided(2, 3);
    test_guided(131, 1);
    test_guided_cases();
    return check_done();
}
