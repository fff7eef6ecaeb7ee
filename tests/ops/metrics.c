// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metrics: beside formulas written plainly in doubles, with bands, scales and borders in one piece; the scores of the reference programs; the same
// bits for any threads and instructions. `metrics N SEED` tries N more pairs.
#include "check.h"
#include "cpu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double value_of(kal_node *n, uint32_t threads)
{
    kal_value v;
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = threads};
    if (!REQUIRE_OK(kal_read_value(n, &o, &v, &check_error))) return NAN;
    REQUIRE(v.rows == 1 && v.columns == 1);
    const double d = v.v[0];
    kal_value_free(&v);
    return d;
}

// ---- SSIMULACRA2, plainly -----------------------------------------------------------------------

typedef struct plane {
    int w, h;
    double *v;
} plane;

static plane plane_new(int w, int h)
{
    return (plane){w, h, calloc((size_t)w * (size_t)h, sizeof(double))};
}

static double to_light(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double tap(int k)
{
    static const double h[] = {0.26462111, 0.21292859, 0.10933537, 0.03601111, 0.00941437};
    return h[abs(k)];
}

static plane blur_product(const plane *a, const plane *b)
{
    plane t = plane_new(a->w, a->h), out = plane_new(a->w, a->h);
    for (int y = 0; y < a->h; y++)
        for (int x = 0; x < a->w; x++)
            for (int k = -4; k <= 4; k++)
                if (x + k >= 0 && x + k < a->w) {
                    const int at = y * a->w + x + k;
                    t.v[y * a->w + x] += tap(k) * a->v[at] * (b ? b->v[at] : 1);
                }
    for (int y = 0; y < a->h; y++)
        for (int x = 0; x < a->w; x++)
            for (int k = -4; k <= 4; k++)
                if (y + k >= 0 && y + k < a->h) out.v[y * a->w + x] += tap(k) * t.v[(y + k) * a->w + x];
    free(t.v);
    return out;
}

static void to_xyb(const plane light[3], plane out[3])
{
    const double b0 = 0.0037930732552754493;
    for (int c = 0; c < 3; c++) out[c] = plane_new(light[0].w, light[0].h);
    for (int i = 0; i < light[0].w * light[0].h; i++) {
        const double r = light[0].v[i], g = light[1].v[i], b = light[2].v[i];
        const double g0 = cbrt(0.30 * r + 0.622 * g + 0.078 * b + b0) - cbrt(b0),
                     g1 = cbrt(0.23 * r + 0.692 * g + 0.078 * b + b0) - cbrt(b0),
                     g2 = cbrt(0.24342268924547819 * r + 0.20476744424496821 * g + 0.55180986650955360 * b +
                               b0) -
                          cbrt(b0);
        out[0].v[i] = 14 * (g0 - g1) / 2 + 0.42;
        out[1].v[i] = (g0 + g1) / 2 + 0.01;
        out[2].v[i] = g2 - (g0 + g1) / 2 + 0.55;
    }
}

// Means and 4-norms of ssim, artifact, lost of one channel of one scale.
static void norms(const plane *a, const plane *b, double out[6])
{
    plane ma = blur_product(a, NULL), mb = blur_product(b, NULL), aa = blur_product(a, a),
          bb = blur_product(b, b), ab = blur_product(a, b);
    const int n = a->w * a->h;
    memset(out, 0, 6 * sizeof *out);
    for (int i = 0; i < n; i++) {
        const double m = ma.v[i], q = mb.v[i];
        const double d = 1 - (1 - (m - q) * (m - q)) * (2 * (ab.v[i] - m * q) + 0.0009) /
                                 ((aa.v[i] - m * m) + (bb.v[i] - q * q) + 0.0009);
        const double e = (1 + fabs(b->v[i] - q)) / (1 + fabs(a->v[i] - m)) - 1;
        const double maps[] = {fmax(d, 0), fmax(e, 0), fmax(-e, 0)};
        for (int k = 0; k < 3; k++) out[k] += maps[k] / n, out[3 + k] += pow(maps[k], 4) / n;
    }
    for (int k = 3; k < 6; k++) out[k] = pow(out[k], 0.25);
    free(ma.v), free(mb.v), free(aa.v), free(bb.v), free(ab.v);
}

static plane halved(const plane *p)
{
    plane out = plane_new((p->w + 1) / 2, (p->h + 1) / 2);
    for (int y = 0; y < out.h; y++)
        for (int x = 0; x < out.w; x++)
            for (int k = 0; k < 4; k++) {
                const int sx = 2 * x + k % 2 < p->w ? 2 * x + k % 2 : p->w - 1,
                          sy = 2 * y + k / 2 < p->h ? 2 * y + k / 2 : p->h - 1;
                out.v[y * out.w + x] += p->v[sy * p->w + sx] / 4;
            }
    return out;
}

// The few weights that carry nearly all; the others are below 0.0021 and tested by the scores of the original.
static const struct {
    int channel, scale, what;
    double weight;
} main_weights[] = {
    {0, 1, 3, 1.1041726426657346},  {0, 2, 3, 1.8422455520539298}, {0, 2, 4, 11.441172603757666},
    {0, 3, 3, 1.8787594979546387},  {0, 3, 4, 10.94906990605142},  {0, 4, 1, 0.9677937080626833},
    {0, 4, 4, 0.9981766977854967},  {1, 0, 3, 7.466890328078848},  {1, 0, 5, 17.445833984131262},
    {1, 1, 3, 6.683678146179332},   {1, 1, 5, 1.027889937768264},  {1, 2, 0, 225.20515300849274},
    {1, 2, 3, 19.213238186143016},  {1, 3, 0, 176.39317598450694}, {1, 3, 3, 24.43300999870476},
    {1, 3, 4, 0.28520802612117757}, {1, 4, 3, 34.77906344483772},  {1, 4, 4, 44.835625328877896},
    {2, 3, 3, 8.826982764996862},   {2, 3, 4, 23.19243343998926},  {2, 4, 0, 95.1080498811086},
    {2, 4, 1, 0.9863978034400682},  {2, 4, 2, 0.9834382792465353}, {2, 4, 4, 171.2667255897307},
    {2, 4, 5, 0.9807858872435379}};

static double plain_score(plane a[3], plane b[3])
{
    double of[6][3][6] = {{{0}}}, t = 0;
    for (int s = 0; s < 6 && a[0].w >= 8 && a[0].h >= 8; s++) {
        plane x[2][3];
        for (int c = 0; c < 3 && s; c++) {
            plane p = halved(&a[c]), q = halved(&b[c]);
            free(a[c].v), free(b[c].v);
            a[c] = p, b[c] = q;
        }
        to_xyb(a, x[0]), to_xyb(b, x[1]);
        for (int c = 0; c < 3; c++) {
            norms(&x[0][c], &x[1][c], of[s][c]);
            free(x[0][c].v), free(x[1][c].v);
        }
    }
    for (size_t i = 0; i < sizeof main_weights / sizeof *main_weights; i++)
        t +=
            main_weights[i].weight * of[main_weights[i].scale][main_weights[i].channel][main_weights[i].what];
    t *= 0.9562382616834844;
    t = 2.326765642916932 * t - 0.020884521182843837 * t * t + 6.248496625763138e-05 * t * t * t;
    return t > 0 ? 100 - 10 * pow(t, 0.6276336467831387) : 100;
}

static double full(kal_type type)
{
    return type == KAL_U8 ? 255 : type == KAL_U16 ? 65535 : 1;
}

static double sample(const void *p, kal_type type, size_t i)
{
    if (type == KAL_U8) return ((const uint8_t *)p)[i];
    if (type == KAL_U16) return ((const uint16_t *)p)[i];
    return fmin(fmax((double)((const float *)p)[i], 0), 1);
}

// `under` below 0: alpha is left out.
static void planes_of(const kal_extent *e, const void *p, double under, plane out[3])
{
    const int colours = e->channels - e->alpha;
    for (int c = 0; c < 3; c++) out[c] = plane_new(e->width, e->height);
    for (int i = 0; i < e->width * e->height; i++)
        for (int c = 0; c < 3; c++) {
            const size_t at = (size_t)i * (size_t)e->channels;
            double v = sample(p, e->type, at + (size_t)(colours == 3 ? c : 0)) / full(e->type);
            const double alpha = e->alpha ? sample(p, e->type, at + (size_t)colours) / full(e->type) : 1;
            if (under >= 0) v = alpha * v + (1 - alpha) * under;
            out[c].v[i] = to_light(v);
        }
}

static double plainly(const kal_extent e[2], void *const p[2])
{
    static const double dark_and_light[] = {0.1, 0.9}, middle[] = {0.5};
    const double *under = e[0].alpha ? dark_and_light : middle;
    double least = INFINITY;
    for (int i = 0; i < 1 + e[0].alpha; i++) {
        plane a[3], b[3];
        planes_of(&e[0], p[0], under[i], a), planes_of(&e[1], p[1], under[i], b);
        least = fmin(least, plain_score(a, b));
        for (int c = 0; c < 3; c++) free(a[c].v), free(b[c].v);
    }
    return least;
}

// ---- DSSIM, plainly -----------------------------------------------------------------------------

// Three taps, twice, each way; what lies beyond an edge is what lies at it.
static plane blur3(const plane *p, const plane *by)
{
    plane a = plane_new(p->w, p->h);
    for (int i = 0; i < p->w * p->h; i++) a.v[i] = p->v[i] * (by ? by->v[i] : 1);
    for (int pass = 0; pass < 4; pass++) {
        plane b = plane_new(p->w, p->h);
        for (int y = 0; y < p->h; y++)
            for (int x = 0; x < p->w; x++)
                for (int k = -1; k <= 1; k++) {
                    const int sx = pass < 2 ? (int)fmin(fmax(x + k, 0), p->w - 1) : x,
                              sy = pass < 2 ? y : (int)fmin(fmax(y + k, 0), p->h - 1);
                    b.v[y * p->w + x] += (k ? 0.30875886 : 0.3824828) * a.v[sy * p->w + sx];
                }
        free(a.v);
        a = b;
    }
    return a;
}

static double lightness(double v)
{
    return v > 216.0 / 24389 ? cbrt(v) - 16.0 / 116 : v * 24389 / (27 * 116);
}

static void to_lab(const plane light[4], plane lab[3])
{
    const int w = light[0].w;
    for (int c = 0; c < 3; c++) lab[c] = plane_new(w, light[0].h);
    for (int i = 0; i < w * light[0].h; i++) {
        const int at = (i % w + 11) ^ (i / w + 11);
        const double rest = 1 - light[3].v[i];
        const double r = light[0].v[i] + (at & 16 ? rest : 0), g = light[1].v[i] + (at & 8 ? rest : 0),
                     b = light[2].v[i] + (at & 32 ? rest : 0);
        const double x = lightness((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505),
                     y = lightness(0.2126 * r + 0.7152 * g + 0.0722 * b),
                     z = lightness((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
        lab[0].v[i] = 1.05 * y;
        lab[1].v[i] = 500.0 / 220 * (x - y) + 86.2 / 220;
        lab[2].v[i] = 200.0 / 220 * (y - z) + 107.9 / 220;
    }
    for (int c = 1; c < 3; c++) {
        plane b = blur3(&lab[c], NULL);
        free(lab[c].v);
        lab[c] = b;
    }
}

static double similarity(const plane a[4], const plane b[4], int scale)
{
    plane p[3], q[3];
    const int n = a[0].w * a[0].h;
    double *m = calloc((size_t)n * 6, sizeof *m), mean = 0, away = 0;
    to_lab(a, p), to_lab(b, q);
    for (int c = 0; c < 3; c++) {
        plane s[5] = {blur3(&p[c], NULL), blur3(&q[c], NULL), blur3(&p[c], &p[c]), blur3(&q[c], &q[c]),
                      blur3(&p[c], &q[c])};
        for (int i = 0; i < n; i++) {
            const double u = s[0].v[i], v = s[1].v[i];
            const double of[6] = {
                u * u, u * v, v * v, s[2].v[i] - u * u, s[3].v[i] - v * v, s[4].v[i] - u * v};
            for (int k = 0; k < 6; k++) m[6 * i + k] += of[k] / 3;
        }
        for (int k = 0; k < 5; k++) free(s[k].v);
        free(p[c].v), free(q[c].v);
    }
    for (int i = 0; i < n; i++) {
        const double *o = m + 6 * i;
        m[i] = (2 * o[1] + 1e-4) * (2 * o[5] + 9e-4) / ((o[0] + o[2] + 1e-4) * (o[3] + o[4] + 9e-4));
        mean += m[i] / n;
    }
    const double middle = pow(fmax(mean, 0), pow(0.5, scale));
    for (int i = 0; i < n; i++) away += fabs(middle - m[i]) / n;
    free(m);
    return 1 - away;
}

static double plain_dssim(const kal_extent e[2], void *const p[2])
{
    static const double weights[] = {0.028, 0.197, 0.322, 0.298, 0.155};
    plane of[2][4];
    double sum = 0, all = 0;
    for (int i = 0; i < 2; i++) {
        planes_of(&e[i], p[i], -1, of[i]);
        of[i][3] = plane_new(e[i].width, e[i].height);
        for (int k = 0; k < e[i].width * e[i].height; k++) {
            const size_t at = (size_t)k * (size_t)e[i].channels + (size_t)(e[i].channels - 1);
            of[i][3].v[k] = e[i].alpha ? sample(p[i], e[i].type, at) / full(e[i].type) : 1;
            for (int c = 0; c < 3; c++) of[i][c].v[k] *= of[i][3].v[k];
        }
    }
    for (int s = 0; s < 5; s++) {
        sum += weights[s] * similarity(of[0], of[1], s), all += weights[s];
        const bool last = of[0][0].w < 8 || of[0][0].h < 8 || s == 4;
        for (int i = 0; i < 8; i++) {
            plane *q = &of[i / 4][i % 4], less = plane_new(q->w / 2, q->h / 2);
            for (int k = 0; k < 4 * less.w * less.h && !last; k++)
                less.v[k / 4] +=
                    q->v[(k / 4 / less.w * 2 + k / 2 % 2) * q->w + k / 4 % less.w * 2 + k % 2] / 4;
            free(q->v);
            *q = less;
        }
        if (last) break;
    }
    for (int i = 0; i < 8; i++) free(of[i / 4][i % 4].v);
    return 1 / (sum / all) - 1;
}

// ---- pairs --------------------------------------------------------------------------------------

// Something like a picture, and something like a coded one.
static void make_pair(rng *r, const kal_extent e[2], void *p[2])
{
    const double fx = 0.02 + rng_below(r, 30) * 0.01, fy = 0.02 + rng_below(r, 30) * 0.01,
                 noise = rng_below(r, 20) * 0.004;
    for (int i = 0; i < 2; i++) {
        p[i] = malloc(bytes_of(&e[i]));
        size_t k = 0;
        for (int32_t y = 0; y < e[i].height; y++)
            for (int32_t x = 0; x < e[i].width; x++)
                for (int32_t c = 0; c < e[i].channels; c++, k++) {
                    double v = 0.5 + 0.3 * sin(fx * x + c) * cos(fy * y) + (x / 23 % 2 ? 0.15 : 0);
                    if (i) v += noise * (rng_below(r, 1001) / 500.0 - 1);
                    v = fmin(fmax(v, 0), 1);
                    if (e[i].type == KAL_U8) ((uint8_t *)p[i])[k] = (uint8_t)(v * 255 + 0.5);
                    if (e[i].type == KAL_U16) ((uint16_t *)p[i])[k] = (uint16_t)(v * 65535 + 0.5);
                    if (e[i].type == KAL_F32) ((float *)p[i])[k] = (float)v;
                }
    }
}

static void try_pair(rng *r, int32_t w, int32_t h)
{
    static const kal_type types[] = {KAL_U8, KAL_U8, KAL_U16, KAL_F32};
    kal_extent e[2];
    void *p[2];
    kal_node *n[2];
    kal_scope *s = kal_scope_new();
    for (int i = 0; i < 2; i++) e[i] = extent_of(w, h, 1 + rng_below(r, 4), types[rng_below(r, 4)]);
    make_pair(r, e, p);
    for (int i = 0; i < 2; i++)
        n[i] = kal_pixels(s, &e[i], p[i], (ptrdiff_t)((size_t)w * kal_pixel_size(&e[i])));
    const double want = plainly(e, p),
                 got = value_of(kal_ssimulacra2(s, n[0], n[1], kal_ssimulacra2_params(.aligned = true)), 1);
    REQUIRE_NOTE(fabs(got - want) <= 0.02, "%dx%d of %d and %d channels: %.6f, not %.6f", w, h, e[0].channels,
                 e[1].channels, got, want);
    const double different = plain_dssim(e, p), found = value_of(kal_dssim(s, n[0], n[1], NULL), 2);
    REQUIRE_NOTE(fabs(found - different) <= 6e-6 + 1e-3 * different,
                 "%dx%d of %d and %d channels: %.8f, not %.8f", w, h, e[0].channels, e[1].channels, found,
                 different);
    for (int isa = KAL__SCALAR; isa <= KAL__AVX512; isa++) {
        const kal__isa before = kal__cpu_isa();
        kal__cpu_set_isa((kal__isa)isa);
        const double other = value_of(kal_ssimulacra2(s, n[0], n[1], kal_ssimulacra2_params(.aligned = true)),
                                      1 + (uint32_t)isa * 2);
        REQUIRE_NOTE(other == got, "%s: %.17g, not %.17g", kal__isa_name((kal__isa)isa), other, got);
        const double second = value_of(kal_dssim(s, n[0], n[1], NULL), 1 + (uint32_t)isa * 2);
        REQUIRE_NOTE(second == found, "%s: %.17g, not %.17g", kal__isa_name((kal__isa)isa), second, found);
        kal__cpu_set_isa(before);
    }
    REQUIRE(value_of(kal_dssim(s, n[0], n[0], NULL), 2) == 0);
    REQUIRE(value_of(kal_ssimulacra2(s, n[0], n[0], NULL), 2) == 100);
    REQUIRE(value_of(kal_ssimulacra2(s, n[1], n[1], NULL), 2) == 100);
    kal_scope_free(&s);
    free(p[0]), free(p[1]);
}

static void test_psnr(rng *r)
{
    for (int i = 0; i < 20; i++) {
        kal_scope *s = kal_scope_new();
        const kal_extent e = extent_of(1 + rng_below(r, 70), 1 + rng_below(r, 600), 1 + rng_below(r, 4),
                                       i % 3 == 0   ? KAL_U8
                                       : i % 3 == 1 ? KAL_U16
                                                    : KAL_F32);
        kal_extent both[2] = {e, e};
        void *p[2];
        kal_node *n[2];
        make_pair(r, both, p);
        for (int k = 0; k < 2; k++)
            n[k] = kal_pixels(s, &e, p[k], (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)));
        const size_t samples = bytes_of(&e) / kal_type_size(e.type);
        double sum = 0;
        for (size_t k = 0; k < samples; k++) {
            const double d = (sample(p[0], e.type, k) - sample(p[1], e.type, k)) / full(e.type);
            sum += d * d;
        }
        const double want = sum > 0 ? -10 * log10(sum / (double)samples) : INFINITY,
                     got = value_of(kal_psnr(s, n[0], n[1], NULL), 1);
        REQUIRE_NOTE(got == want || fabs(got - want) < 1e-9, "%.12g, not %.12g", got, want);
        REQUIRE(value_of(kal_psnr(s, n[0], n[1], NULL), 4) == got);
        REQUIRE(value_of(kal_psnr(s, n[0], n[0], NULL), 1) == INFINITY);
        kal_scope_free(&s);
        free(p[0]), free(p[1]);
    }
}

static void test_refused(void)
{
    static const struct {
        kal_extent a, b;
        const char *says;
    } cases[] = {
        {{9, 9, 3, KAL_U8, KAL_RGB, false}, {9, 8, 3, KAL_U8, KAL_RGB, false}, "9×9 and the distorted 9×8"},
        {{7, 9, 3, KAL_U8, KAL_RGB, false}, {7, 9, 3, KAL_U8, KAL_RGB, false}, "at least 8"},
        {{9, 9, 5, KAL_U8, KAL_DATA, false}, {9, 9, 3, KAL_U8, KAL_RGB, false}, "no colours"},
        {{9, 9, 1, KAL_U32, KAL_GRAY, false}, {9, 9, 1, KAL_U32, KAL_GRAY, false}, "u32"}};
    rng r = {1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_ssimulacra2(s, rng_image(&r, s, &cases[i].a), rng_image(&r, s, &cases[i].b), NULL);
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, cases[i].says), "%s", check_error.message);
        kal_scope_free(&s);
    }
}

// ---- the reference programs' scores -------------------------------------------------------------

// Field `i` of a line of fields between tabs, cut off there.
static char *field(char *line, int i)
{
    for (; i; i--) {
        line = strchr(line, '\t');
        if (!line) return NULL;
        line++;
    }
    line[strcspn(line, "\t\n")] = 0;
    return line;
}

static void test_vectors(void)
{
    enum { REF, DIST, SCORE = 7, SCORE64, DSSIM, DSSIM64 };
    const char *list = check_shared("data/metrics/scores.tsv");
    FILE *f = list ? fopen(list, "r") : NULL;
    if (!f) {
        check_skip("KAL_SHARED has no data/metrics/scores.tsv");
        return;
    }
    char line[2000], folder[1000];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(list, '/') - list), list);
    int n = 0, near = 0;
    double off = 0;
    while (fgets(line, sizeof line, f)) {
        char *dssim64 = field(line, DSSIM64), *dssim = field(line, DSSIM), *score64 = field(line, SCORE64),
             path[2][3100];
        if (!score64 || !strcmp(score64, "ssimulacra2_f64")) continue;
        const double want = atof(score64), theirs = atof(field(line, SCORE));
        snprintf(path[1], sizeof path[1], "%s/%s", folder, field(line, DIST));
        snprintf(path[0], sizeof path[0], "%s/%s", folder, field(line, REF));
        kal_scope *s = kal_scope_new();
        const double got =
            value_of(kal_ssimulacra2(s, kal_load(s, path[0], NULL), kal_load(s, path[1], NULL), NULL), 2);
        REQUIRE_NOTE(fabs(got - want) <= 0.02, "%s: %.4f, not %.4f", path[1], got, want);
        REQUIRE_NOTE(fabs(got - theirs) <= 1, "%s: %.4f, the original %.4f", path[1], got, theirs);
        const double d =
            value_of(kal_dssim(s, kal_load(s, path[0], NULL), kal_load(s, path[1], NULL), NULL), 2);
        REQUIRE_NOTE(fabs(d - atof(dssim)) <= 6e-6 + 1e-3 * d && fabs(d - atof(dssim64)) <= 6e-6 + 1e-3 * d,
                     "%s: %.8f, not %s or %s", path[1], d, dssim, dssim64);
        n++, near += fabs(got - theirs) <= 0.1, off += fabs(got - theirs);
        kal_scope_free(&s);
    }
    fclose(f);
    REQUIRE_NOTE(n > 100 && near >= n * 9 / 10 && off / n <= 0.06, "%d of %d near, %.4f off", near, n,
                 off / n);
}

int main(int argc, char **argv)
{
    static const int32_t sizes[][2] = {{8, 8},     {9, 15},    {17, 8},   {64, 48},
                                       {113, 113}, {129, 112}, {40, 530}, {33, 1100}};
    rng r = {argc > 2 ? strtoull(argv[2], NULL, 10) : 5};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) try_pair(&r, sizes[i][0], sizes[i][1]);
    for (int i = argc > 1 ? atoi(argv[1]) : 6; i > 0; i--)
        try_pair(&r, 8 + rng_below(&r, 120), 8 + rng_below(&r, 300));
    test_psnr(&r);
    test_refused();
    test_vectors();
    kal_memo_clear(NULL);
    return check_done();
}
