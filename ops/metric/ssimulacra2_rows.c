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
    .scales = KAL__SSIM2_SCALES, .planes = 3, .reach = REACH, .band = 512, .up = true};

// ---- memory -------------------------------------------------------------------------------------

typedef struct level {
    float *weight;       // of each column
    float *ring[3][2];   // XYB of both: TAPS rows
    int32_t next;        // row that comes out next
    double (*sums)[6];   // of each channel
} level;

typedef struct work {
    kal__walk walk;
    const kal_job *job;
    float under;
    level levels[KAL__SSIM2_SCALES];
    float *zeros;     // a row
    float *blurred;   // SIGNALS rows
    float *maps;      // three rows
    float *samples;   // four planes of a row of the pictures
} work;

size_t kal__ssim2_scratch(const kal_extent *e)
{
    kal__scale scales[KAL__SCALES];
    const int n = kal__pyramid_scales(&kal__ssim2_pyramid, e, 0, e->height, scales);
    size_t floats = kal__walk_floats(&kal__ssim2_pyramid, n, scales);
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

static void lay_out(work *k, kal__ssim2_sums *sums, int which)
{
    kal__walk *w = &k->walk;
    const kal_extent *e = &k->job->call->in[0]->extent;
    float *room = k->job->scratch;
    w->n = kal__pyramid_scales(w->of, e, k->job->out->rect.y0, k->job->out->rect.y1, w->scales);
    memset(room, 0, kal__ssim2_scratch(e));
    kal__walk_begin(w, &room);
    const size_t pitch = w->scales[0].pitch;
    k->zeros = kal__lanes_take(&room, pitch);
    k->blurred = kal__lanes_take(&room, SIGNALS * pitch);
    k->maps = kal__lanes_take(&room, 3 * pitch);
    k->samples = kal__lanes_take(&room, 4 * pitch);
    for (int s = 0; s < w->n; s++) {
        const kal__scale *a = &w->scales[s];
        level *l = &k->levels[s];
        *l = (level){.next = a->out0, .sums = sums->of[which][s]};
        l->weight = kal__lanes_take(&room, a->pitch);
        for (int32_t x = 0; x < a->width; x++) l->weight[x] = weight_at(x, a->width);
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

// ---- blur and maps ------------------------------------------------------------------------------

// The blur's weights on five numbers: the one in the middle, and sums of those beside it.
KAL__INLINE kal__vec weigh(kal__vec middle, kal__vec one, kal__vec two, kal__vec three, kal__vec four)
{
    return taps[0] * middle + taps[1] * one + taps[2] * two + taps[3] * three + taps[4] * four;
}

// Down the columns: means of a and b, of their squares, of their product.
KAL__INLINE void down_body(float *dst, size_t pitch, const float *const *a, const float *const *b, size_t n)
{
    for (size_t i = 0; i < n; i += KAL__LANES) {
        kal__vec p[TAPS], q[TAPS], pp[REACH + 1], qq[REACH + 1], pq[REACH + 1], sp[REACH + 1], sq[REACH + 1];
#pragma GCC unroll 9
        for (int k = 0; k < TAPS; k++) p[k] = kal__load(a[k] + i), q[k] = kal__load(b[k] + i);
        sp[0] = p[REACH], sq[0] = q[REACH];
        pp[0] = sp[0] * sp[0], qq[0] = sq[0] * sq[0], pq[0] = sp[0] * sq[0];
#pragma GCC unroll 4
        for (int k = 1; k <= REACH; k++) {
            const kal__vec p0 = p[REACH - k], p1 = p[REACH + k], q0 = q[REACH - k], q1 = q[REACH + k];
            sp[k] = p0 + p1, sq[k] = q0 + q1;
            pp[k] = p0 * p0 + p1 * p1, qq[k] = q0 * q0 + q1 * q1, pq[k] = p0 * q0 + p1 * q1;
        }
        kal__store(dst + i, weigh(sp[0], sp[1], sp[2], sp[3], sp[4]));
        kal__store(dst + pitch + i, weigh(sq[0], sq[1], sq[2], sq[3], sq[4]));
        kal__store(dst + 2 * pitch + i, weigh(pp[0], pp[1], pp[2], pp[3], pp[4]));
        kal__store(dst + 3 * pitch + i, weigh(qq[0], qq[1], qq[2], qq[3], qq[4]));
        kal__store(dst + 4 * pitch + i, weigh(pq[0], pq[1], pq[2], pq[3], pq[4]));
    }
}
KAL__VARIANTS(down, (float *dst, size_t pitch, const float *const *a, const float *const *b, size_t n),
              (dst, pitch, a, b, n))

KAL__INLINE kal__vec across(const float *p)
{
    return weigh(kal__load(p), kal__load(p - 1) + kal__load(p + 1), kal__load(p - 2) + kal__load(p + 2),
                 kal__load(p - 3) + kal__load(p + 3), kal__load(p - 4) + kal__load(p + 4));
}

// Along the rows, and what comes of it: structure lost (ssim), edges that are new (artifact) or gone (lost). `weight`: of each column and of
// the row, what lies inside of the picture of the blur's weights; `add`: what is missing in the values of this channel.
KAL__INLINE void maps_body(float *dst, size_t pitch, const float *src, const float *a, const float *b,
                           const float *weight, float of_row, float add, size_t n)
{
    const float c2 = 0.0009f;
    for (size_t i = 0; i < n; i += KAL__LANES) {
        const kal__vec ma = across(src + i), mb = across(src + pitch + i), aa = across(src + 2 * pitch + i),
                       bb = across(src + 3 * pitch + i), ab = across(src + 4 * pitch + i);
        const kal__vec inside = kal__load(weight + i) * of_row, more = (1 - inside) * add,
                       most = more * (add * inside);
        const kal__vec between = ma - mb, like = 1 - between * between;
        const kal__vec va = (aa - ma * ma) + (2 * more * ma + most),
                       vb = (bb - mb * mb) + (2 * more * mb + most),
                       vab = (ab - ma * mb) + (more * (ma + mb) + most);
        const kal__vec d = 1 - like * (2 * vab + c2) / (va + vb + c2);
        const kal__vec e = (1 + kal__magnitude((kal__load(b + i) - mb) + more)) /
                               (1 + kal__magnitude((kal__load(a + i) - ma) + more)) -
                           1;
        kal__store(dst + i, kal__above_0(d));
        kal__store(dst + pitch + i, kal__above_0(e));
        kal__store(dst + 2 * pitch + i, kal__above_0(-e));
    }
}
KAL__VARIANTS(maps,
              (float *dst, size_t pitch, const float *src, const float *a, const float *b,
               const float *weight, float of_row, float add, size_t n),
              (dst, pitch, src, a, b, weight, of_row, add, n))

// ---- sums ---------------------------------------------------------------------------------------

typedef float eight __attribute__((vector_size(32)));
typedef double eight_wide __attribute__((vector_size(64)));

// Eight sums beside each other, in one order whatever the vectors are; n is a multiple of eight.
KAL__INLINE void sum_body(double out[6], const float *map, size_t pitch, size_t n)
{
    for (int m = 0; m < 3; m++) {
        eight_wide one = {0}, four = {0};
        for (size_t i = 0; i < n; i += 8) {
            eight v;
            memcpy(&v, map + m * pitch + i, sizeof v);
            const eight square = v * v;
            one += __builtin_convertvector(v, eight_wide);
            four += __builtin_convertvector(square * square, eight_wide);
        }
        out[m] += ((one[0] + one[4]) + (one[2] + one[6])) + ((one[1] + one[5]) + (one[3] + one[7]));
        out[3 + m] +=
            ((four[0] + four[4]) + (four[2] + four[6])) + ((four[1] + four[5]) + (four[3] + four[7]));
    }
}
KAL__VARIANTS(sum, (double out[6], const float *map, size_t pitch, size_t n), (out, map, pitch, n))

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
        sum(l->sums[c], k->maps, a->pitch, whole);
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

void kal__ssim2_rows(const kal_job *j, int which, float under, kal__ssim2_sums *sums)
{
    work k = {.job = j, .under = under};
    k.walk = (kal__walk){
        .of = &kal__ssim2_pyramid, .planes = {3, 3}, .light = light_of, .row = row_in, .user = &k};
    lay_out(&k, sums, which);
    kal__walk_rows(&k.walk);
}
