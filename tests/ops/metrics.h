// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// For tests of metrics: pairs of pictures, and what is said of each of their pixels, plainly in doubles.
#ifndef METRICS_H
#define METRICS_H

#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline double value_of(kal_node *n, uint32_t threads)
{
    kal_value v;
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = threads};
    if (!REQUIRE_OK(kal_read_value(n, &o, &v, &check_error))) return NAN;
    REQUIRE(v.rows == 1 && v.columns == 1);
    const double d = v.v[0];
    kal_value_free(&v);
    return d;
}

typedef struct plane {
    int w, h;
    double *v;
} plane;

static inline plane plane_new(int w, int h)
{
    return (plane){w, h, calloc((size_t)w * (size_t)h, sizeof(double))};
}

static inline double to_light(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static inline double tap(int k)
{
    static const double h[] = {0.26462111, 0.21292859, 0.10933537, 0.03601111, 0.00941437};
    return h[abs(k)];
}

static inline plane blur_product(const plane *a, const plane *b)
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

static inline void to_xyb(const plane light[3], plane out[3])
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

// Structure lost (ssim), edges that are new (artifact) or gone (lost), of one channel of XYB.
static inline void error_maps(const plane *a, const plane *b, plane out[3])
{
    plane ma = blur_product(a, NULL), mb = blur_product(b, NULL), aa = blur_product(a, a),
          bb = blur_product(b, b), ab = blur_product(a, b);
    for (int k = 0; k < 3; k++) out[k] = plane_new(a->w, a->h);
    for (int i = 0; i < a->w * a->h; i++) {
        const double m = ma.v[i], q = mb.v[i];
        const double d = 1 - (1 - (m - q) * (m - q)) * (2 * (ab.v[i] - m * q) + 0.0009) /
                                 ((aa.v[i] - m * m) + (bb.v[i] - q * q) + 0.0009);
        const double e = (1 + fabs(b->v[i] - q)) / (1 + fabs(a->v[i] - m)) - 1;
        out[0].v[i] = fmax(d, 0), out[1].v[i] = fmax(e, 0), out[2].v[i] = fmax(-e, 0);
    }
    free(ma.v), free(mb.v), free(aa.v), free(bb.v), free(ab.v);
}

static inline double full(kal_type type)
{
    return type == KAL_U8 ? 255 : type == KAL_U16 ? 65535 : 1;
}

static inline double sample(const void *p, kal_type type, size_t i)
{
    if (type == KAL_U8) return ((const uint8_t *)p)[i];
    if (type == KAL_U16) return ((const uint16_t *)p)[i];
    return fmin(fmax((double)((const float *)p)[i], 0), 1);
}

// `under` below 0: alpha is left out.
static inline void planes_of(const kal_extent *e, const void *p, double under, plane out[3])
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

// Three taps, twice, each way; what lies beyond an edge is what lies at it.
static inline plane blur3(const plane *p, const plane *by)
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

static inline double lightness(double v)
{
    return v > 216.0 / 24389 ? cbrt(v) - 16.0 / 116 : v * 24389 / (27 * 116);
}

static inline void to_lab(const plane light[4], plane lab[3])
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

// Structural similarity of each pixel, of light with alpha.
static inline plane similarities(const plane a[4], const plane b[4])
{
    plane p[3], q[3], out = plane_new(a[0].w, a[0].h);
    const int n = a[0].w * a[0].h;
    double *m = calloc((size_t)n * 6, sizeof *m);
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
        out.v[i] = (2 * o[1] + 1e-4) * (2 * o[5] + 9e-4) / ((o[0] + o[2] + 1e-4) * (o[3] + o[4] + 9e-4));
    }
    free(m);
    return out;
}

// Light with alpha multiplied in, and alpha.
static inline void multiplied_of(const kal_extent *e, const void *p, plane out[4])
{
    planes_of(e, p, -1, out);
    out[3] = plane_new(e->width, e->height);
    for (int k = 0; k < e->width * e->height; k++) {
        const size_t at = (size_t)k * (size_t)e->channels + (size_t)(e->channels - 1);
        out[3].v[k] = e->alpha ? sample(p, e->type, at) / full(e->type) : 1;
        for (int c = 0; c < 3; c++) out[c].v[k] *= out[3].v[k];
    }
}

// ---- pairs --------------------------------------------------------------------------------------

// Something like a picture, and something like a coded one.
static inline void make_pair(rng *r, const kal_extent e[2], void *p[2])
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

#endif
