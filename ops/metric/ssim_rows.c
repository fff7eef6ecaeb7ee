// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// SSIM: from rows to sums (pyramid.h). Each scale keeps eleven rows of luma of both pictures; with the eleventh come the means and products of the
// windows around the row in the middle. Windows that stick out of the picture are left out.
#include "ssim.h"

enum { REACH = KAL__SSIM_WINDOW / 2, TAPS = KAL__SSIM_WINDOW, SIGNALS = 5 };

// exp(-k² / (2 · 1.5²)), those of eleven to sum 1
static const float taps[REACH + 1] = {0.266011725f,  0.213005538f,   0.10936069f,
                                      0.0360007721f, 0.00759875814f, 0.00102838008f};

kal__pyramid kal__ssim_pyramid(int scales)
{
    return (kal__pyramid){.scales = scales, .planes = 1, .reach = REACH, .up = true};
}

// ---- memory -------------------------------------------------------------------------------------

typedef struct level {
    float *ring[2];   // luma of both: TAPS rows
    int32_t next;     // row that comes out next
    double *sums;
} level;

typedef struct work {
    kal__walk walk;
    const kal_job *job;
    float under;
    level levels[KAL__SSIM_SCALES];
    float *blurred;   // SIGNALS rows
    float *maps;      // two rows
    float *samples;   // four planes of a row of the pictures
} work;

size_t kal__ssim_scratch(const kal__pyramid *of, const kal_extent *e)
{
    kal__scale scales[KAL__SCALES];
    const int n = kal__pyramid_scales(of, e, 0, e->height, scales);
    size_t floats = kal__walk_floats(of, n, scales) + scales[0].pitch * (SIGNALS + 2 + 4);
    for (int s = 0; s < n; s++) floats += scales[s].pitch * 2 * TAPS;
    return floats * sizeof(float);
}

static void lay_out(work *k, kal__ssim_sums *sums, int which)
{
    kal__walk *w = &k->walk;
    const kal_extent *e = &k->job->call->in[0]->extent;
    float *room = k->job->scratch;
    w->n = kal__pyramid_scales(w->of, e, k->job->out->rect.y0, k->job->out->rect.y1, w->scales);
    memset(room, 0, kal__ssim_scratch(w->of, e));
    kal__walk_begin(w, &room);
    const size_t pitch = w->scales[0].pitch;
    k->blurred = kal__lanes_take(&room, SIGNALS * pitch);
    k->maps = kal__lanes_take(&room, 2 * pitch);
    k->samples = kal__lanes_take(&room, 4 * pitch);
    for (int s = 0; s < w->n; s++) {
        level *l = &k->levels[s];
        *l = (level){.next = w->scales[s].out0, .sums = sums->of[which][s]};
        for (int i = 0; i < 2; i++) l->ring[i] = kal__lanes_take(&room, TAPS * w->scales[s].pitch);
    }
}

// ---- rows ---------------------------------------------------------------------------------------

#define BODY "ssim_body.h"
#include "lanes_each.h"
KAL__CHOOSE(down, (float *dst, size_t pitch, const float *const *a, const float *const *b, size_t n),
            (dst, pitch, a, b, n))
KAL__CHOOSE(similar, (float *cs, float *ssim, const float *src, size_t pitch, size_t n),
            (cs, ssim, src, pitch, n))
KAL__CHOOSE(add_up, (double *sum, const float *p, size_t n), (sum, p, n))

static void row_out(work *k, int scale, int32_t y)
{
    const kal__scale *a = &k->walk.scales[scale];
    const level *l = &k->levels[scale];
    const size_t n = (size_t)a->width - 2 * REACH, whole = kal__lanes_whole(n);
    const float *p[TAPS], *q[TAPS];
    float *cs = k->maps, *ssim = cs + a->pitch;
    if (y < REACH || y >= a->height - REACH) return;
    kal__ring_around(l->ring[0], a, REACH, y, NULL, p);
    kal__ring_around(l->ring[1], a, REACH, y, NULL, q);
    down(k->blurred + KAL__PAD, a->pitch, p, q, kal__lanes_whole((size_t)a->width));
    similar(cs, ssim, k->blurred + KAL__PAD + REACH, a->pitch, n);
    memset(cs + n, 0, (whole - n) * sizeof(float));
    memset(ssim + n, 0, (whole - n) * sizeof(float));
    add_up(&l->sums[0], cs, whole);
    add_up(&l->sums[1], ssim, whole);
}

static void row_in(kal__walk *w, int scale, int32_t y, float *const light[2])
{
    work *k = w->user;
    level *l = &k->levels[scale];
    const kal__scale *a = &w->scales[scale];
    for (int i = 0; i < 2; i++)
        memcpy(kal__ring_row(l->ring[i], a, TAPS, y), light[i], (size_t)a->width * sizeof(float));
    const int32_t ready = kal__ring_ready(a, REACH, y);
    for (; l->next < ready && l->next < a->out1; l->next++) row_out(k, scale, l->next);
}

static void light_of(kal__walk *w, int side, int32_t y, float *light)
{
    const work *k = w->user;
    kal__metric_luma(&k->job->call->in[side]->extent, kal_row(&k->job->in[side], y),
                     (size_t)w->scales[0].width, k->under, k->samples, light);
}

kal_status kal__ssim_rows(const kal_job *j, const kal__pyramid *of, int which, float under,
                          kal__ssim_sums *sums)
{
    work k = {.job = j, .under = under};
    k.walk = (kal__walk){.of = of, .job = j, .planes = {1, 1}, .light = light_of, .row = row_in, .user = &k};
    lay_out(&k, sums, which);
    return kal__walk_rows(&k.walk);
}
