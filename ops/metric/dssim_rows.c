// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// DSSIM: from rows to the similarity of each pixel (pyramid.h). Light has alpha multiplied in. Each scale makes it L, a and b, keeps five rows of these, of
// which a and b are blurred into five more, and of those come the moments of the row in the middle.
//
// Blur: three taps, twice, edge samples repeated each time.
#include "dssim.h"

#include "srgb.h"

enum { TAPS = 5, REACH = 2, SIGNALS = 5 };   // of one blur, of which there are two

#define SIDE 0.30875886f
#define MIDDLE 0.3824828f

const kal__pyramid kal__dssim_pyramid = {
    .scales = 5, .planes = 4, .reach = 2 * REACH, .band = 512, .up = false};

size_t kal__dssim_room(const kal_extent *e)
{
    kal__scale scales[KAL__SCALES];
    const int n = kal__pyramid_scales(&kal__dssim_pyramid, e, 0, e->height, scales);
    size_t floats = 0;
    for (int s = 0; s < n; s++) {
        const int32_t rows = kal__dssim_pyramid.band >> s, height = scales[s].height;
        floats += (size_t)scales[s].width * (size_t)((height < rows ? height : rows) + 1);
    }
    return floats;
}

// ---- memory -------------------------------------------------------------------------------------

typedef struct level {
    float *lab[3][2];       // of both, TAPS rows: as they are,
    float *blurred[3][2];   // and with a and b blurred
    int32_t chroma, next;   // rows that come next, of the blurred ones and out
    float *out;             // where the next row goes
} level;

typedef struct work {
    kal__walk walk;
    const kal_job *job;
    level levels[KAL__SCALES];
    float *sums;      // SIGNALS rows, twice
    float *moments;   // six rows, added up over L, a and b
    float *samples;   // four planes of a row of the pictures
} work;

size_t kal__dssim_scratch(const kal_extent *e)
{
    kal__scale scales[KAL__SCALES];
    const int n = kal__pyramid_scales(&kal__dssim_pyramid, e, 0, e->height, scales);
    size_t floats = kal__walk_floats(&kal__dssim_pyramid, n, scales);
    floats += scales[0].pitch * (2 * SIGNALS + 6 + 4);
    for (int s = 0; s < n; s++) floats += scales[s].pitch * 2 * 2 * 3 * TAPS;
    return floats * sizeof(float);
}

static void lay_out(work *k, float *out)
{
    kal__walk *w = &k->walk;
    const kal_extent *e = &k->job->call->in[0]->extent;
    float *room = k->job->scratch;
    w->n = kal__pyramid_scales(w->of, e, k->job->out->rect.y0, k->job->out->rect.y1, w->scales);
    memset(room, 0, kal__dssim_scratch(e));
    kal__walk_begin(w, &room);
    const size_t pitch = w->scales[0].pitch;
    k->sums = kal__lanes_take(&room, 2 * SIGNALS * pitch);
    k->moments = kal__lanes_take(&room, 6 * pitch);
    k->samples = kal__lanes_take(&room, 4 * pitch);
    for (int s = 0; s < w->n; s++) {
        const kal__scale *a = &w->scales[s];
        level *l = &k->levels[s];
        *l = (level){.next = a->out0, .chroma = a->out0 > REACH ? a->out0 - REACH : 0, .out = out};
        for (int i = 0; i < 6; i++) {
            l->lab[i / 2][i % 2] = kal__lanes_take(&room, TAPS * a->pitch);
            l->blurred[i / 2][i % 2] = kal__lanes_take(&room, TAPS * a->pitch);
        }
        out += (size_t)a->width * (size_t)(a->out1 - a->out0);
    }
}

// ---- L, a and b ---------------------------------------------------------------------------------

// What lies under what lets light through: a pattern, by place.
KAL__INLINE void under_body(float *red, float *green, float *blue, const float *alpha, int32_t y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t at = ((int32_t)i + 11) ^ (y + 11);
        const float rest = 1 - alpha[i];
        red[i] += at & 16 ? rest : 0;
        green[i] += at & 8 ? rest : 0;
        blue[i] += at & 32 ? rest : 0;
    }
}
KAL__VARIANTS(under, (float *red, float *green, float *blue, const float *alpha, int32_t y, size_t n),
              (red, green, blue, alpha, y, n))

KAL__INLINE float lightness(float v)
{
    const float least = 216.0f / 24389;
    const float x = v > least ? v : least, r = kal__inverse_cube_root_f32(x);
    return v > least ? x * (r * r) - 16.0f / 116 : v * (24389.0f / (27 * 116));
}

KAL__INLINE void lab_body(float *restrict l, float *restrict a, float *restrict b, const float *red,
                          const float *green, const float *blue, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float r = red[i], g = green[i], u = blue[i];
        const float x = lightness((0.4124f * r + 0.3576f * g + 0.1805f * u) / 0.9505f),
                    y = lightness(0.2126f * r + 0.7152f * g + 0.0722f * u),
                    z = lightness((0.0193f * r + 0.1192f * g + 0.9505f * u) / 1.089f);
        l[i] = 1.05f * y;
        a[i] = (500.0f / 220) * (x - y) + 86.2f / 220;
        b[i] = (200.0f / 220) * (y - z) + 107.9f / 220;
    }
}
KAL__VARIANTS(lab,
              (float *l, float *a, float *b, const float *red, const float *green, const float *blue,
               size_t n),
              (l, a, b, red, green, blue, n))

// ---- blur ---------------------------------------------------------------------------------------

// How often each of the five rows around row y is counted: rows beyond the edge are those at it.
static void weights_of(int32_t y, int32_t height, float out[TAPS])
{
    static const float taps[3] = {SIDE, MIDDLE, SIDE};
    const int32_t last = height - 1;
    memset(out, 0, TAPS * sizeof *out);
    for (int32_t i = -1; i <= 1; i++) {
        const int32_t once = y + i < 0 ? 0 : y + i > last ? last : y + i;
        for (int32_t k = -1; k <= 1; k++) {
            const int32_t twice = once + k < 0 ? 0 : once + k > last ? last : once + k;
            out[twice - y + REACH] += taps[i + 1] * taps[k + 1];
        }
    }
}

KAL__INLINE void column_body(float *dst, const float *const *p, const float *w, size_t n)
{
    for (size_t i = 0; i < n; i += KAL__LANES)
        kal__store(dst + i, w[0] * kal__load(p[0] + i) + w[1] * kal__load(p[1] + i) +
                                w[2] * kal__load(p[2] + i) + w[3] * kal__load(p[3] + i) +
                                w[4] * kal__load(p[4] + i));
}
KAL__VARIANTS(column, (float *dst, const float *const *p, const float *w, size_t n), (dst, p, w, n))

// Down the columns: means of both, of their squares, of their product.
KAL__INLINE void columns_body(float *dst, size_t pitch, const float *const *p, const float *const *q,
                              const float *w, size_t n)
{
    for (size_t i = 0; i < n; i += KAL__LANES) {
        kal__vec a = {0}, b = {0}, aa = {0}, bb = {0}, ab = {0};
#pragma GCC unroll 5
        for (int k = 0; k < TAPS; k++) {
            const kal__vec u = kal__load(p[k] + i), v = kal__load(q[k] + i), wu = w[k] * u, wv = w[k] * v;
            a += wu, b += wv, aa += wu * u, bb += wv * v, ab += wu * v;
        }
        kal__store(dst + i, a), kal__store(dst + pitch + i, b), kal__store(dst + 2 * pitch + i, aa);
        kal__store(dst + 3 * pitch + i, bb), kal__store(dst + 4 * pitch + i, ab);
    }
}
KAL__VARIANTS(columns,
              (float *dst, size_t pitch, const float *const *p, const float *const *q, const float *w,
               size_t n),
              (dst, pitch, p, q, w, n))

// Three taps along a row; there is room on both sides of the source for what is repeated.
KAL__INLINE void along_body(float *dst, float *src, size_t n)
{
    src[-1] = src[0];
    src[n] = src[n - 1];
    for (size_t i = 0; i < n; i += KAL__LANES)
        kal__store(dst + i,
                   SIDE * (kal__load(src + i - 1) + kal__load(src + i + 1)) + MIDDLE * kal__load(src + i));
}
KAL__VARIANTS(along, (float *dst, float *src, size_t n), (dst, src, n))

// ---- similarity ---------------------------------------------------------------------------------

// m11, m12, m22 and s1, s2, s12, added up over the planes.
KAL__INLINE void add_moments_body(float *to, size_t pitch, const float *sums, size_t n)
{
    for (size_t i = 0; i < n; i += KAL__LANES) {
        const kal__vec a = kal__load(sums + i), b = kal__load(sums + pitch + i);
        const kal__vec m[6] = {a * a,
                               a * b,
                               b * b,
                               kal__load(sums + 2 * pitch + i) - a * a,
                               kal__load(sums + 3 * pitch + i) - b * b,
                               kal__load(sums + 4 * pitch + i) - a * b};
        for (int k = 0; k < 6; k++)
            kal__store(to + (size_t)k * pitch + i, kal__load(to + (size_t)k * pitch + i) + m[k]);
    }
}
KAL__VARIANTS(add_moments, (float *to, size_t pitch, const float *sums, size_t n), (to, pitch, sums, n))

KAL__INLINE void similarity_body(float *dst, const float *moments, size_t pitch, size_t n)
{
    const float *m11 = moments, *m12 = m11 + pitch, *m22 = m12 + pitch, *s1 = m22 + pitch, *s2 = s1 + pitch,
                *s12 = s2 + pitch;
    for (size_t i = 0; i < n; i++) {
        const float third = 1.0f / 3;
        const float above = (2 * (m12[i] * third) + 1e-4f) * (2 * (s12[i] * third) + 9e-4f),
                    below = ((m11[i] + m22[i]) * third + 1e-4f) * ((s1[i] + s2[i]) * third + 9e-4f);
        dst[i] = above / below;
    }
}
KAL__VARIANTS(similarity, (float *dst, const float *moments, size_t pitch, size_t n),
              (dst, moments, pitch, n))

// ---- rows ---------------------------------------------------------------------------------------

// Twice along the rows, there and back.
static void along_twice(const work *k, const kal__scale *a, float *row)
{
    float *other = k->sums + SIGNALS * a->pitch + KAL__PAD;
    along(other, row, (size_t)a->width);
    along(row, other, (size_t)a->width);
}

static void chroma_row(work *k, int scale, int32_t y)
{
    const kal__scale *a = &k->walk.scales[scale];
    const level *l = &k->levels[scale];
    const size_t n = (size_t)a->width;
    float w[TAPS];
    weights_of(y, a->height, w);
    for (int side = 0; side < 2; side++)
        for (int c = 0; c < 3; c++) {
            float *dst = kal__ring_row(l->blurred[c][side], a, TAPS, y), *row = k->sums + KAL__PAD;
            const float *p[TAPS];
            kal__ring_around(l->lab[c][side], a, REACH, y, NULL, p);
            if (c) column(row, p, w, kal__lanes_whole(n)), along_twice(k, a, row);
            memcpy(dst, c ? row : p[REACH], n * sizeof(float));
        }
}

static void row_out(work *k, int scale, int32_t y)
{
    const kal__scale *a = &k->walk.scales[scale];
    level *l = &k->levels[scale];
    const size_t n = (size_t)a->width, whole = kal__lanes_whole(n);
    float w[TAPS];
    weights_of(y, a->height, w);
    memset(k->moments, 0, 6 * a->pitch * sizeof(float));
    for (int c = 0; c < 3; c++) {
        const float *p[TAPS], *q[TAPS];
        kal__ring_around(l->blurred[c][0], a, REACH, y, NULL, p);
        kal__ring_around(l->blurred[c][1], a, REACH, y, NULL, q);
        columns(k->sums + KAL__PAD, a->pitch, p, q, w, whole);
        for (size_t s = 0; s < SIGNALS; s++) along_twice(k, a, k->sums + s * a->pitch + KAL__PAD);
        add_moments(k->moments + KAL__PAD, a->pitch, k->sums + KAL__PAD, whole);
    }
    similarity(l->out, k->moments + KAL__PAD, a->pitch, n);
    l->out += n;
}

static void row_in(kal__walk *w, int scale, int32_t y, float *const light[2])
{
    work *k = w->user;
    level *l = &k->levels[scale];
    const kal__scale *a = &w->scales[scale];
    const size_t n = (size_t)a->width;
    for (int i = 0; i < 2; i++) {
        float *p = light[i], *q = p + a->pitch, *r = q + a->pitch;
        if (w->planes[i] == 4) under(p, q, r, r + a->pitch, y, n);
        lab(kal__ring_row(l->lab[0][i], a, TAPS, y), kal__ring_row(l->lab[1][i], a, TAPS, y),
            kal__ring_row(l->lab[2][i], a, TAPS, y), p, q, r, n);
    }
    for (const int32_t there = kal__ring_ready(a, REACH, y); l->chroma < there; l->chroma++) {
        chroma_row(k, scale, l->chroma);
        const int32_t ready = kal__ring_ready(a, REACH, l->chroma);
        for (; l->next < ready && l->next < a->out1; l->next++) row_out(k, scale, l->next);
    }
}

static void light_of(kal__walk *w, int side, int32_t y, float *light)
{
    const work *k = w->user;
    const size_t pitch = w->scales[0].pitch;
    float *const plane[4] = {light, light + pitch, light + 2 * pitch, light + 3 * pitch};
    kal__metric_multiplied(k->job->state, &k->job->call->in[side]->extent, kal_row(&k->job->in[side], y),
                           (size_t)w->scales[0].width, k->samples, plane);
}

void kal__dssim_rows(const kal_job *j, float *out)
{
    work k = {.job = j};
    k.walk = (kal__walk){.of = &kal__dssim_pyramid, .light = light_of, .row = row_in, .user = &k};
    for (int i = 0; i < 2; i++) k.walk.planes[i] = j->call->in[i]->extent.alpha ? 4 : 3;
    lay_out(&k, out);
    kal__walk_rows(&k.walk);
}
