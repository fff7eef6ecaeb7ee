// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// SSIMULACRA2: from rows to sums (pyramid.h). Each scale keeps nine rows of both pictures as XYB, the reach of the blur; with the ninth come the
// blurred means and products of the row in the middle, and the maps.
//
// Blur: in exact arithmetic the recursive filter of the original is these nine taps, with zeros outside of the picture.
#include "ssimulacra2.h"

#include "srgb.h"

enum { TAPS = 9, REACH = 4, SIGNALS = 5 };

static const float taps[REACH + 1] = {0.26462111f, 0.21292859f, 0.10933537f, 0.03601111f, 0.00941437f};

const kal__pyramid kal__ssim2_pyramid = {
    .scales = KAL__SSIM2_SCALES, .planes = 3, .reach = REACH, .up = true};

// ---- memory -------------------------------------------------------------------------------------

typedef struct level {
    float *weight;       // of each column
    float *ring[3][2];   // XYB of both: TAPS rows
    int32_t next;        // row that comes out next
} level;

typedef struct work {
    kal__walk walk;
    const kal_job *job;
    float under;
    kal__ssim2_row *row;
    void *to;
    level levels[KAL__SSIM2_SCALES];
    float *zeros;     // a row
    float *blurred;   // SIGNALS rows
    float *maps;      // three rows
    float *samples;   // four planes of a row of the pictures
} work;

size_t kal__ssim2_scratch(const kal__pyramid *of, const kal_extent *e)
{
    kal__scale scales[KAL__SCALES];
    const int n = kal__pyramid_scales(of, e, 0, e->height, scales);
    size_t floats = kal__walk_floats(of, n, scales);
    floats += scales[0].pitch * (1 + SIGNALS + 3 + 4);
    for (int s = 0; s < n; s++) floats += scales[s].pitch * (1 + 3 * 2 * TAPS);
    return floats * sizeof(float);
}

// Of the blur's weights at place i of n, how much lies inside.
static float weight_at(int32_t i, int32_t n)
{
    if (i >= REACH && i + REACH < n) return 1;
    float w = 0;
    for (int32_t k = -REACH; k <= REACH; k++)
        if (i + k >= 0 && i + k < n) w += taps[k < 0 ? -k : k];
    return w;
}

static void lay_out(work *k)
{
    kal__walk *w = &k->walk;
    kal_extent e = k->job->call->in[0]->extent;
    const int32_t width = e.width, x0 = k->job->in[0].rect.x0;
    float *room = k->job->scratch;
    e.width = kal_tile_width(&k->job->in[0]);
    w->n = kal__pyramid_scales(w->of, &e, k->job->out->rect.y0, k->job->out->rect.y1, w->scales);
    memset(room, 0, kal__ssim2_scratch(w->of, &e));
    kal__walk_begin(w, &room);
    const size_t pitch = w->scales[0].pitch;
    k->zeros = kal__lanes_take(&room, pitch);
    k->blurred = kal__lanes_take(&room, SIGNALS * pitch);
    k->maps = kal__lanes_take(&room, 3 * pitch);
    k->samples = kal__lanes_take(&room, 4 * pitch);
    for (int s = 0; s < w->n; s++) {
        const kal__scale *a = &w->scales[s];
        level *l = &k->levels[s];
        *l = (level){.next = a->out0};
        l->weight = kal__lanes_take(&room, a->pitch);
        for (int32_t x = 0; x < a->width; x++) l->weight[x] = weight_at(x0 + x, s ? a->width : width);
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 2; i++) l->ring[c][i] = kal__lanes_take(&room, TAPS * a->pitch);
    }
}

// ---- XYB ----------------------------------------------------------------------------------------
// Without what is then added to each, so that differences of squares are of small numbers: in floats they would be lost beside 0.0009. The
// sums that follow add it again; inside the picture, where weights sum to 1, there is nothing to add.

static const float offsets[3] = {0.42f, 0.45f, 0.55f};   // of Y 0.01 and the middle of its range

KAL__INLINE float cube_root(float x)
{
    const float r = kal__inverse_cube_root_f32(x);
    return x * (r * r);
}

#define BIAS 0.0037930732552754493f
#define BIAS_ROOT 0.15595420054924862f   // its cube root

KAL__INLINE void xyb_body(float *restrict x, float *restrict y, float *restrict b, const float *red,
                          const float *green, const float *blue, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float m0 = 0.30f * red[i] + 0.622f * green[i] + 0.078f * blue[i] + BIAS;
        const float m1 = 0.23f * red[i] + 0.692f * green[i] + 0.078f * blue[i] + BIAS;
        const float m2 = 0.24342268924547819f * red[i] + 0.20476744424496821f * green[i] +
                         0.55180986650955360f * blue[i] + BIAS;
        const float g0 = cube_root(m0) - BIAS_ROOT, g1 = cube_root(m1) - BIAS_ROOT,
                    g2 = cube_root(m2) - BIAS_ROOT;
        const float luma = (g0 + g1) * 0.5f;
        x[i] = (g0 - g1) * 7;
        y[i] = luma - 0.44f;
        b[i] = g2 - luma;
    }
}
KAL__VARIANTS(xyb,
              (float *x, float *y, float *b, const float *red, const float *green, const float *blue,
               size_t n),
              (x, y, b, red, green, blue, n))

// ---- blur, maps and sums ------------------------------------------------------------------------

#define BODY "ssimulacra2_body.h"
#include "lanes_each.h"
KAL__CHOOSE(down, (float *dst, size_t pitch, const float *const *a, const float *const *b, size_t n),
            (dst, pitch, a, b, n))
KAL__CHOOSE(maps,
            (float *dst, size_t pitch, const float *src, const float *a, const float *b, const float *weight,
             float of_row, float add, size_t n),
            (dst, pitch, src, a, b, weight, of_row, add, n))
KAL__CHOOSE(sum, (double out[6], const float *map, size_t pitch, size_t n), (out, map, pitch, n))

// ---- rows ---------------------------------------------------------------------------------------

static void row_out(work *k, int scale, int32_t y)
{
    const kal__scale *a = &k->walk.scales[scale];
    const level *l = &k->levels[scale];
    const size_t n = (size_t)a->width, whole = kal__lanes_whole(n);
    for (int c = 0; c < 3; c++) {
        const float *p[TAPS], *q[TAPS];
        kal__ring_around(l->ring[c][0], a, REACH, y, k->zeros + KAL__PAD, p);
        kal__ring_around(l->ring[c][1], a, REACH, y, k->zeros + KAL__PAD, q);
        down(k->blurred + KAL__PAD, a->pitch, p, q, whole);
        for (size_t s = 0; s < SIGNALS; s++) {   // what a wider scale left there
            float *row = k->blurred + s * a->pitch + KAL__PAD;
            memset(row + n, 0, REACH * sizeof(float));
            memset(row - REACH, 0, REACH * sizeof(float));
        }
        maps(k->maps, a->pitch, k->blurred + KAL__PAD, p[REACH], q[REACH], l->weight, weight_at(y, a->height),
             offsets[c], n);
        for (size_t m = 0; m < 3; m++) memset(k->maps + m * a->pitch + n, 0, (whole - n) * sizeof(float));
        k->row(k->to, scale, c, y, k->maps, a->pitch, n);
    }
}

static void row_in(kal__walk *w, int scale, int32_t y, float *const light[2])
{
    work *k = w->user;
    level *l = &k->levels[scale];
    const kal__scale *a = &w->scales[scale];
    for (int i = 0; i < 2; i++)
        xyb(kal__ring_row(l->ring[0][i], a, TAPS, y), kal__ring_row(l->ring[1][i], a, TAPS, y),
            kal__ring_row(l->ring[2][i], a, TAPS, y), light[i], light[i] + a->pitch, light[i] + 2 * a->pitch,
            (size_t)a->width);
    const int32_t ready = kal__ring_ready(a, REACH, y);
    for (; l->next < ready && l->next < a->out1; l->next++) row_out(k, scale, l->next);
}

static void light_of(kal__walk *w, int side, int32_t y, float *light)
{
    const work *k = w->user;
    const size_t pitch = w->scales[0].pitch;
    float *const plane[3] = {light, light + pitch, light + 2 * pitch};
    kal__metric_linear(k->job->state, &k->job->call->in[side]->extent, kal_row(&k->job->in[side], y),
                       (size_t)w->scales[0].width, k->under, k->samples, plane);
}

kal_status kal__ssim2_walk(const kal_job *j, const kal__pyramid *of, float under, kal__ssim2_row *row,
                           void *to)
{
    work k = {.job = j, .under = under, .row = row, .to = to};
    k.walk = (kal__walk){.of = of, .job = j, .planes = {3, 3}, .light = light_of, .row = row_in, .user = &k};
    lay_out(&k);
    return kal__walk_rows(&k.walk);
}

static void add_row(void *to, int scale, int channel, int32_t y, const float *map, size_t pitch, size_t n)
{
    double(*sums)[3][6] = to;
    (void)y;
    sum(sums[scale][channel], map, pitch, kal__lanes_whole(n));
}

kal_status kal__ssim2_rows(const kal_job *j, int which, float under, kal__ssim2_sums *sums)
{
    return kal__ssim2_walk(j, &kal__ssim2_pyramid, under, add_row, sums->of[which]);
}
