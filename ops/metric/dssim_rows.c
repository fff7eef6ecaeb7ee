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

const kal__pyramid kal__dssim_pyramid = {.scales = 5, .planes = 4, .reach = 2 * REACH, .up = false};

size_t kal__dssim_room(const kal_extent *e)
{
    kal__scale scales[KAL__SCALES];
    const int n = kal__pyramid_scales(&kal__dssim_pyramid, e, 0, e->height, scales);
    size_t floats = 0;
    for (int s = 0; s < n; s++) {
        const int32_t rows = kal__pyramid_rows(e) >> s, height = scales[s].height;
        floats += (size_t)scales[s].width * (size_t)((height < rows ? height : rows) + 1);
    }
    return floats;
}

// ---- memory -------------------------------------------------------------------------------------

typedef struct level {
    float *lab[3][2];       // of both, TAPS rows: as they are,
    float *blurred[3][2];   // and with a and b blurred
    int32_t chroma, next;   // rows that come next, of the blurred ones and out
} level;

typedef struct work {
    kal__walk walk;
    const kal_job *job;
    kal__dssim_row *row;
    void *to;
    level levels[KAL__SCALES];
    float *sums;      // SIGNALS rows, twice
    float *moments;   // six rows, added up over L, a and b
    float *out;       // a row
    float *samples;   // four planes of a row of the pictures
} work;

size_t kal__dssim_scratch(const kal__pyramid *of, const kal_extent *e)
{
    kal__scale scales[KAL__SCALES];
    const int n = kal__pyramid_scales(of, e, 0, e->height, scales);
    size_t floats = kal__walk_floats(of, n, scales);
    floats += scales[0].pitch * (2 * SIGNALS + 6 + 1 + 4);
    for (int s = 0; s < n; s++) floats += scales[s].pitch * 2 * 2 * 3 * TAPS;
    return floats * sizeof(float);
}

static void lay_out(work *k)
{
    kal__walk *w = &k->walk;
    kal_extent e = k->job->call->in[0]->extent;
    float *room = k->job->scratch;
    e.width = kal_tile_width(&k->job->in[0]);
    w->n = kal__pyramid_scales(w->of, &e, k->job->out->rect.y0, k->job->out->rect.y1, w->scales);
    memset(room, 0, kal__dssim_scratch(w->of, &e));
    kal__walk_begin(w, &room);
    const size_t pitch = w->scales[0].pitch;
    k->sums = kal__lanes_take(&room, 2 * SIGNALS * pitch);
    k->moments = kal__lanes_take(&room, 6 * pitch);
    k->out = kal__lanes_take(&room, pitch);
    k->samples = kal__lanes_take(&room, 4 * pitch);
    for (int s = 0; s < w->n; s++) {
        const kal__scale *a = &w->scales[s];
        level *l = &k->levels[s];
        *l = (level){.next = a->out0, .chroma = a->out0 > REACH ? a->out0 - REACH : 0};
        for (int i = 0; i < 6; i++) {
            l->lab[i / 2][i % 2] = kal__lanes_take(&room, TAPS * a->pitch);
            l->blurred[i / 2][i % 2] = kal__lanes_take(&room, TAPS * a->pitch);
        }
    }
}

// ---- L, a and b ---------------------------------------------------------------------------------

// What lies under what lets light through: a pattern, by place.
KAL__INLINE void under_body(float *red, float *green, float *blue, const float *alpha, int32_t x, int32_t y,
                            size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t at = (x + (int32_t)i + 11) ^ (y + 11);
        const float rest = 1 - alpha[i];
        red[i] += at & 16 ? rest : 0;
        green[i] += at & 8 ? rest : 0;
        blue[i] += at & 32 ? rest : 0;
    }
}
KAL__VARIANTS(under,
              (float *red, float *green, float *blue, const float *alpha, int32_t x, int32_t y, size_t n),
              (red, green, blue, alpha, x, y, n))

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

#define BODY "dssim_body.h"
#include "lanes_each.h"
KAL__CHOOSE(column, (float *dst, const float *const *p, const float *w, size_t n), (dst, p, w, n))
KAL__CHOOSE(columns,
            (float *dst, size_t pitch, const float *const *p, const float *const *q, const float *w,
             size_t n),
            (dst, pitch, p, q, w, n))
KAL__CHOOSE(along, (float *dst, float *src, size_t n), (dst, src, n))
KAL__CHOOSE(add_moments, (float *to, size_t pitch, const float *sums, size_t n), (to, pitch, sums, n))

// ---- similarity ---------------------------------------------------------------------------------

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
    const level *l = &k->levels[scale];
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
    similarity(k->out, k->moments + KAL__PAD, a->pitch, n);
    k->row(k->to, scale, y, k->out, n);
}

static void row_in(kal__walk *w, int scale, int32_t y, float *const light[2])
{
    work *k = w->user;
    level *l = &k->levels[scale];
    const kal__scale *a = &w->scales[scale];
    const size_t n = (size_t)a->width;
    for (int i = 0; i < 2; i++) {
        float *p = light[i], *q = p + a->pitch, *r = q + a->pitch;
        if (w->planes[i] == 4) under(p, q, r, r + a->pitch, k->job->in[i].rect.x0, y, n);
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

kal_status kal__dssim_walk(const kal_job *j, const kal__pyramid *of, kal__dssim_row *row, void *to)
{
    work k = {.job = j, .row = row, .to = to};
    k.walk = (kal__walk){.of = of, .job = j, .light = light_of, .row = row_in, .user = &k};
    for (int i = 0; i < 2; i++) k.walk.planes[i] = j->call->in[i]->extent.alpha ? 4 : 3;
    lay_out(&k);
    return kal__walk_rows(&k.walk);
}
