// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metrics: beside formulas written plainly in doubles, with bands, scales and borders in one piece; the scores of the reference programs; the same
// bits for any threads and instructions. `metrics N SEED` tries N more pairs.
#include "cpu.h"
#include "metrics.h"

#include <stdio.h>

// ---- SSIMULACRA2, plainly -----------------------------------------------------------------------

// Means and 4-norms of ssim, artifact, lost of one channel of one scale.
static void norms(const plane *a, const plane *b, double out[6])
{
    plane maps[3];
    const int n = a->w * a->h;
    memset(out, 0, 6 * sizeof *out);
    error_maps(a, b, maps);
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < n; i++) out[k] += maps[k].v[i] / n, out[3 + k] += pow(maps[k].v[i], 4) / n;
        out[3 + k] = pow(out[3 + k], 0.25);
        free(maps[k].v);
    }
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

static double similarity(const plane a[4], const plane b[4], int scale)
{
    plane m = similarities(a, b);
    const int n = m.w * m.h;
    double mean = 0, away = 0;
    for (int i = 0; i < n; i++) mean += m.v[i] / n;
    const double middle = pow(fmax(mean, 0), pow(0.5, scale));
    for (int i = 0; i < n; i++) away += fabs(middle - m.v[i]) / n;
    free(m.v);
    return 1 - away;
}

static double plain_dssim(const kal_extent e[2], void *const p[2])
{
    static const double weights[] = {0.028, 0.197, 0.322, 0.298, 0.155};
    plane of[2][4];
    double sum = 0, all = 0;
    for (int i = 0; i < 2; i++) multiplied_of(&e[i], p[i], of[i]);
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
