// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// convolve, convolve_sep and sharpen against sums written again pixel by pixel, over all edges, types,
// channels and alpha.
#include "formula.h"

static rng r = {43};

// ---- the reference ------------------------------------------------------------------------------

static int32_t edge_index(int32_t i, int32_t n, int edge)
{
    while (i < 0 || i >= n) switch (edge) {
        case KAL_EDGE_COPY: i = i < 0 ? 0 : n - 1; break;
        case KAL_EDGE_WRAP: i += i < 0 ? n : -n; break;
        case KAL_EDGE_MIRROR: i = i < 0 ? -1 - i : 2 * n - 1 - i; break;
        case KAL_EDGE_REFLECT: i = n == 1 ? 0 : i < 0 ? -i : 2 * n - 2 - i; break;
        default: return -1;
        }
    return i;
}

typedef struct filter {
    const double *w;
    int32_t columns, rows;
    double scale, offset;   // scale 0: the sum, or 1
    int edge;
    double fill;
} filter;

// Sample k of the pixel that stands for x, y; outside: the fill colour, opaque.
static double sample(const void *data, const kal_extent *e, const filter *f, int32_t x, int32_t y, int32_t k)
{
    x = edge_index(x, e->width, f->edge);
    y = edge_index(y, e->height, f->edge);
    if (x >= 0 && y >= 0)
        return at(data, e->type,
                  ((size_t)y * (size_t)e->width + (size_t)x) * (size_t)e->channels + (size_t)k);
    return e->alpha && k == e->channels - 1 ? kal_type_max(e->type)
           : e->type == KAL_F32             ? (double)(float)f->fill
                                            : f->fill;
}

static void expect(const void *data, const kal_extent *e, const filter *f, int32_t x, int32_t y, double *out)
{
    double total = 0, sum[5] = {0};
    for (int32_t i = 0; i < f->columns * f->rows; i++) total += f->w[i];
    const double scale = f->scale != 0 ? f->scale : total != 0 ? total : 1;
    const bool weigh = e->alpha && total != 0;
    const int32_t last = e->channels - 1;
    for (int32_t i = 0; i < f->columns * f->rows; i++) {
        const int32_t u = x + i % f->columns - f->columns / 2, v = y + i / f->columns - f->rows / 2;
        const double a = weigh ? sample(data, e, f, u, v, last) : 1;
        for (int32_t k = 0; k < e->channels; k++)
            sum[k] += f->w[i] * sample(data, e, f, u, v, k) * (weigh && k == last ? 1 : a);
    }
    const double a = weigh ? sum[last] / total : 1;
    for (int32_t k = 0; k < e->channels; k++) out[k] = a > 0 ? sum[k] / scale / a + f->offset : 0;
    if (weigh) out[last] = a;
    if (e->alpha && !weigh) out[last] = sample(data, e, f, x, y, last);
}

static void check_filter(kal_node *node, kal_node *in, const filter *f)
{
    kal_extent e;
    if (!REQUIRE_NOTE(!kal_node_extent(node, &e, &check_error), "%s: %s", about, check_error.message)) return;
    void *got = naive_pixels(node), *data = naive_pixels(in);
    for (int32_t y = 0; y < e.height; y++)
        for (int32_t x = 0; x < e.width; x++) {
            double want[5];
            expect(data, &e, f, x, y, want);
            for (int32_t k = 0; k < e.channels; k++) {
                const double v = at(
                    got, e.type, ((size_t)y * (size_t)e.width + (size_t)x) * (size_t)e.channels + (size_t)k);
                const bool faint = e.alpha && e.type == KAL_F32 && fabs(want[e.channels - 1]) < 1e-4;
                REQUIRE_NOTE(faint || near(e.type, v, want[k], 1e-6),
                             "%s, %d×%d weights, edge %d: %d,%d channel %d is %g, want %g", about, f->columns,
                             f->rows, f->edge, x, y, k, v, want[k]);
            }
        }
    free(got);
    free(data);
}

// ---- convolve -----------------------------------------------------------------------------------

static const double sharp[] = {0, -1, 0, -1, 5, -1, 0, -1, 0}, sobel[] = {-1, 0, 1, -2, 0, 2, -1, 0, 1};
static const double ramp[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, thirds[] = {0.1, 0.2, -0.3};
static const double huge[] = {32768, 40000, -8000};
static const double far[] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

static void test_convolve(int32_t w, int32_t h)
{
    static const filter filters[] = {{sharp, 3, 3, 0, 0, 0, 0},    {sobel, 3, 3, 2, 0.25, 0, 0},
                                     {ramp, 5, 3, 0, 0, 0, 0},     {ramp, 1, 15, 70, 3, 0, 0},
                                     {far, 13, 1, 0, -1, 0, 0},    {thirds, 3, 1, 0, 0, 0, 0},
                                     {ramp, 3, 5, -20, 200, 0, 0}, {sharp, 3, 3, 4, -7, 0, 0},
                                     {sobel, 3, 3, 0, 128, 0, 0},  {huge, 3, 1, 65536, 0, 0, 0}};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);)
        for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
            for (int edge = 0; edge < 5; edge++) {
                kal_scope *s = kal_scope_new();
                kal_node *in = rng_image(&r, s, &e);
                filter f = filters[i];
                f.edge = edge;
                f.fill = rng_below(&r, 2) ? kal_type_max(e.type) * 0.4 : 0;
                kal_node *node = kal_convolve(s, in,
                                              kal_convolve_params(.kernel = {f.w, f.columns * f.rows},
                                                                  .columns = f.columns, .scale = f.scale,
                                                                  .offset = f.offset, .edge = edge,
                                                                  .color = {&f.fill, f.fill != 0}));
                f.fill = e.type == KAL_F32 ? f.fill : rounded(f.fill, kal_type_max(e.type));
                // 0.1 + 0.2 − 0.3 counts as 0
                const double exact[] = {1, 2, -3};
                filter g = f;
                if (f.w == thirds) g.w = exact, g.scale = 10;
                check_filter(node, in, &g);
                if ((k + (int)i + edge) % 7 == 0) check_tilings(&r, node);
                kal_scope_free(&s);
            }
}

static void test_convolve_cases(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent row = extent_of(5, 1, 1, KAL_U8);
    kal_node *in = image_of(s, row, (const double[]){0, 0, 9, 0, 100});
    // not flipped: weight 1 on the left neighbour moves the picture to the right
    VALUES(kal_convolve(s, in, kal_convolve_params(.kernel = {(const double[]){1, 0, 0}, 3}, .columns = 3)),
           0, 0, 0, 9, 0);
    // half up and saturated: 9/2, 100/2 + 250
    VALUES(kal_convolve(s, in, kal_convolve_params(.kernel = {(const double[]){1}, 1}, .scale = 2)), 0, 0, 5,
           0, 50);
    VALUES(kal_convolve(s, in,
                        kal_convolve_params(.kernel = {(const double[]){1}, 1}, .scale = 2, .offset = 250)),
           250, 250, 255, 250, 255);
    const double middle[9] = {0, 0, 0, 0, 7}, nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    REQUIRE(kal_convolve(s, in, kal_convolve_params(.kernel = {middle, 9})) == in);
    REQUIRE(kal_convolve(s, in, kal_convolve_params(.kernel = {middle, 9}, .scale = 7)) == in);
    REQUIRE(kal_convolve(s, in, kal_convolve_params(.kernel = {middle, 9}, .scale = 6)) != in);
    REQUIRE(kal_convolve(s, in, kal_convolve_params(.kernel = {middle, 9}, .offset = 1)) != in);
    REQUIRE(kal_convolve(s, in, kal_convolve_params(.kernel = {nine, 9})) ==
            kal_convolve(s, in, kal_convolve_params(.kernel = {nine, 9}, .columns = 3, .scale = 9)));
    check_fails(kal_convolve(s, in, NULL), "convolve: give the matrix");
    check_fails(kal_convolve(s, in, kal_convolve_params(.kernel = {nine, 8})),
                "convolve: kernel has 8 values, which is no odd square");
    check_fails(kal_convolve(s, in, kal_convolve_params(.kernel = {nine, 4})), "no odd square");
    check_fails(kal_convolve(s, in, kal_convolve_params(.kernel = {nine, 9}, .columns = 5)),
                "do not fill rows of columns=5");
    check_fails(kal_convolve(s, in, kal_convolve_params(.kernel = {nine, 6}, .columns = 3)),
                "3 columns and 2 rows; both must be odd");
    check_fails(kal_convolve(s, in, kal_convolve_params(.kernel = {nine, 6}, .columns = 2)),
                "2 columns and 3 rows; both must be odd");
    check_fails(kal_convolve(s, in, kal_convolve_params(.kernel = {nine, 9}, .color = {nine, 3})),
                "color has 3 values");
    const kal_extent label = {5, 1, 1, KAL_U32, KAL_DATA, false}, m = {5, 1, 1, KAL_U8, KAL_MASK, false};
    check_fails(kal_convolve(s, rng_image(&r, s, &label), kal_convolve_params(.kernel = {nine, 9})),
                "convolve: u32");
    REQUIRE(model_of(kal_convolve(s, rng_image(&r, s, &m), kal_convolve_params(.kernel = {nine, 9}))) ==
            KAL_GRAY);
    // an opaque alpha channel changes no colour, whatever the scale
    const kal_extent rgb = extent_of(21, 9, 3, KAL_U16), one = extent_of(21, 9, 1, KAL_U16);
    double white[21 * 9];
    for (int i = 0; i < 21 * 9; i++) white[i] = 65535;
    kal_node *pair[2] = {rng_image(&r, s, &rgb), image_of(s, one, white)};
    kal_node *veiled = kal_band_join(s, pair, 2, kal_band_join_params(.alpha = true));
    for (int i = 0; i < 2; i++) {
        const kal_convolve_p *p = i ? kal_convolve_params(.kernel = {sharp, 9}, .scale = 3)
                                    : kal_convolve_params(.kernel = {sobel, 9}, .offset = 9);
        void *a = naive_pixels(kal_convolve(s, pair[0], p)),
             *b = naive_pixels(kal_flatten(s, kal_convolve(s, veiled, p), NULL));
        REQUIRE_MEM(a, b, bytes_of(&rgb));
        free(a);
        free(b);
    }
    kal_scope_free(&s);
}

// ---- convolve_sep -------------------------------------------------------------------------------

typedef struct axes {
    double x[7], y[7];
    int32_t nx, ny;
    double scale, offset;
} axes;

static void test_convolve_sep(int32_t w, int32_t h)
{
    static const axes all[] = {{{1, 2, 1}, {1, 2, 1}, 3, 3, 0, 0},
                               {{-1, 0, 1}, {1, 2, 1}, 3, 3, 0, 0.5},
                               {{1, 2, 3, 4, 5}, {7}, 5, 1, 60, 0},
                               {{1}, {1, -3, 5}, 1, 3, 0, 2},
                               {{-1, -2, 10, 3, 4, 5, 6}, {2, 1, 0, 0, 0}, 7, 5, 0, 0}};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);)
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            for (int edge = 0; edge < 5; edge++) {
                kal_scope *s = kal_scope_new();
                kal_node *in = rng_image(&r, s, &e);
                const axes *a = &all[i];
                double product[49];
                for (int32_t c = 0; c < a->nx * a->ny; c++) product[c] = a->y[c / a->nx] * a->x[c % a->nx];
                filter f = {product,
                            a->nx,
                            a->ny,
                            a->scale,
                            a->offset,
                            edge,
                            rng_below(&r, 2) ? kal_type_max(e.type) * 0.4 : 0};
                kal_node *node = kal_convolve_sep(
                    s, in,
                    kal_convolve_sep_params(.horizontal = {a->x, a->nx}, .vertical = {a->y, a->ny},
                                            .scale = a->scale, .offset = a->offset, .edge = edge,
                                            .color = {&f.fill, f.fill != 0}));
                f.fill = e.type == KAL_F32 ? f.fill : rounded(f.fill, kal_type_max(e.type));
                check_filter(node, in, &f);
                if ((k + (int)i + edge) % 7 == 0) check_tilings(&r, node);
                if (i == 0) {
                    const kal_list x = {a->x, a->nx};
                    REQUIRE(node == kal_convolve_sep(
                                        s, in,
                                        kal_convolve_sep_params(.horizontal = x, .scale = 16, .edge = edge,
                                                                .color = {&f.fill, f.fill != 0})) ||
                            f.fill != 0);
                }
                kal_scope_free(&s);
            }
    kal_scope *s = kal_scope_new();
    const kal_extent row = extent_of(5, 1, 1, KAL_U8);
    kal_node *in = rng_image(&r, s, &row);
    check_fails(kal_convolve_sep(s, in, NULL), "convolve_sep: give the weights");
    check_fails(kal_convolve_sep(s, in, kal_convolve_sep_params(.horizontal = {sharp, 2})),
                "convolve_sep: horizontal has 2 values");
    check_fails(
        kal_convolve_sep(s, in, kal_convolve_sep_params(.horizontal = {sharp, 3}, .vertical = {sharp, 4})),
        "vertical has 4 values");
    kal_scope_free(&s);
}

// ---- sharpen ------------------------------------------------------------------------------------

static void sharpen(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const kal_sharpen_p *p = user;
    for (int32_t k = 0; k < e->channels; k++) {
        const double d = in[0][k] - in[1][k];
        out[k] = fabs(d) > p->threshold && k < colours_of(e) ? in[0][k] + p->amount * d : in[0][k];
    }
}

static void test_sharpen(int32_t w, int32_t h)
{
    static const double settings[][3] = {{1, 1, 0}, {0.5, 3, 0}, {1.7, -0.5, 0}, {1, 2, 0.1}};
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, w, h);)
        for (int i = 0; i < 4; i++)
            for (int edge = i; edge < 5; edge += 2) {
                kal_scope *s = kal_scope_new();
                kal_node *in = rng_image(&r, s, &e);
                const kal_sharpen_p *p =
                    kal_sharpen_params(.sigma = settings[i][0], .amount = settings[i][1], .edge = edge,
                                       .threshold = floor(settings[i][2] * 100 * kal_type_max(e.type)) / 100);
                kal_node *node = kal_sharpen(s, in, p);
                kal_node *both[2] = {
                    in, kal_gaussian(s, in, kal_gaussian_params(.sigma = p->sigma, .edge = edge))};
                check_pointwise(node, both, 2, sharpen, p, 0);
                check_tilings(&r, node);
                REQUIRE(kal_sharpen(s, in, kal_sharpen_params(.sigma = 0)) == in);
                REQUIRE(kal_sharpen(s, in, kal_sharpen_params(.amount = 0)) == in);
                kal_scope_free(&s);
            }
    kal_scope *s = kal_scope_new();
    const kal_extent label = {5, 1, 1, KAL_U32, KAL_DATA, false}, m = {5, 1, 1, KAL_U8, KAL_MASK, false};
    check_fails(kal_sharpen(s, rng_image(&r, s, &label), NULL), "sharpen: u32");
    REQUIRE(model_of(kal_sharpen(s, rng_image(&r, s, &m), NULL)) == KAL_GRAY);
    kal_scope_free(&s);
}

int main(void)
{
    test_convolve(13, 9);
    test_convolve(3, 2);
    test_convolve(1, 5);
    test_convolve_cases();
    test_convolve_sep(13, 9);
    test_convolve_sep(2, 3);
    test_sharpen(13, 9);
    test_sharpen(31, 2);
    return check_done();
}
