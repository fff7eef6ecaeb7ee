// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See pyramid.h.
#include "pyramid.h"

// ---- sizes --------------------------------------------------------------------------------------

static int sizes_of(const kal__pyramid *of, const kal_extent *e, kal__scale scales[KAL__SCALES])
{
    int32_t width = e->width, height = e->height, n = 0;
    for (bool more = true; more && n < of->scales; n++) {
        scales[n] = (kal__scale){.width = width, .height = height, .pitch = kal__lanes_pitch(width)};
        more = width >= 8 && height >= 8;
        width = (width + of->up) / 2, height = (height + of->up) / 2;
    }
    return n;
}

int kal__pyramid_scales(const kal__pyramid *of, const kal_extent *e, int32_t out0, int32_t out1,
                        kal__scale scales[KAL__SCALES])
{
    const int n = sizes_of(of, e, scales);
    for (int s = n - 1; s >= 0; s--) {
        kal__scale *a = &scales[s];
        const kal__scale *next = s + 1 < n ? a + 1 : NULL;
        a->out0 = out0 >> s < a->height ? out0 >> s : a->height;
        a->out1 = out1 >= e->height || out1 >> s > a->height ? a->height : out1 >> s;
        if (a->out1 < a->out0) a->out1 = a->out0;
        const bool none = a->out0 == a->out1;
        a->in0 = a->out0 - (none ? 0 : of->reach), a->in1 = a->out1 + (none ? 0 : of->reach);
        if (next && next->in0 < next->in1) {
            if (none || next->in0 * 2 < a->in0) a->in0 = next->in0 * 2;
            if (none || next->in1 * 2 > a->in1) a->in1 = next->in1 * 2;
        }
        if (a->in0 < 0) a->in0 = 0;
        if (a->in1 > a->height) a->in1 = a->height;
    }
    return n;
}

static int32_t ceil_div(int32_t v, int32_t by)
{
    return v / by + (v % by > 0);
}

int32_t kal__pyramid_rows(const kal_extent *e)
{
    const int32_t step = 1 << (KAL__SCALES - 1), least = ceil_div(e->height, KAL__BAND);
    return step * ceil_div(e->height, step * (least > 1 ? least + (least & 1) : 1));
}

int32_t kal__pyramid_bands(const kal_extent *e)
{
    return ceil_div(e->height, kal__pyramid_rows(e));
}

static int32_t band_end(const kal_extent *e, int32_t band)
{
    const int64_t end = ((int64_t)band + 1) * kal__pyramid_rows(e);
    return end < e->height ? (int32_t)end : e->height;
}

int kal__pyramid_band(const kal__pyramid *of, const kal_extent *e, int32_t band,
                      kal__scale scales[KAL__SCALES])
{
    return kal__pyramid_scales(of, e, band * kal__pyramid_rows(e), band_end(e, band), scales);
}

// Any rows may be asked about; those of whole bands are what is looked at.
kal_rect kal__pyramid_need(const kal__pyramid *of, const kal_extent *e, kal_rect out)
{
    kal__scale scales[KAL__SCALES];
    const int32_t rows = kal__pyramid_rows(e);
    if (kal_rect_empty(out)) return kal_rect_of(0, 0, 0, 0);
    kal__pyramid_scales(of, e, out.y0 / rows * rows, band_end(e, (out.y1 - 1) / rows), scales);
    return kal_rect_of(0, scales[0].in0, e->width, scales[0].in1);
}

// ---- memory -------------------------------------------------------------------------------------

size_t kal__walk_floats(const kal__pyramid *of, int n, const kal__scale *scales)
{
    size_t floats = 2 * of->planes * scales[0].pitch;
    for (int s = 0; s < n; s++) floats += 4 * of->planes * scales[s].pitch;
    return floats;
}

void kal__walk_begin(kal__walk *w, float **room)
{
    memset(*room, 0, kal__walk_floats(w->of, w->n, w->scales) * sizeof(float));
    for (int i = 0; i < 2; i++) {
        w->first[i] = kal__lanes_take(room, w->of->planes * w->scales[0].pitch);
        for (int s = 0; s < w->n; s++) {
            w->scales[s].wait[i] = kal__lanes_take(room, w->of->planes * w->scales[s].pitch);
            w->scales[s].half[i] = kal__lanes_take(room, w->of->planes * w->scales[s].pitch);
        }
    }
}

// ---- rows ---------------------------------------------------------------------------------------

// The mean of two by two.
KAL__INLINE void halve_body(float *restrict dst, const float *upper, const float *lower, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = ((upper[2 * i] + upper[2 * i + 1]) + (lower[2 * i] + lower[2 * i + 1])) * 0.25f;
}
KAL__VARIANTS(halve, (float *dst, const float *upper, const float *lower, size_t n), (dst, upper, lower, n))

static void halve_row(const kal__pyramid *of, float *dst, const float *upper, const float *lower, size_t n)
{
    halve(dst, upper, lower, n / 2);
    if (!(n & 1) || !of->up) return;
    dst[n / 2] = ((upper[n - 1] + upper[n - 1]) + (lower[n - 1] + lower[n - 1])) * 0.25f;
}

static void push(kal__walk *w, int s, int32_t y, float *const light[2]);

// The last row of an odd height goes with itself, or has no row to go to.
static void hand_on(kal__walk *w, int s, int32_t y, float *const light[2])
{
    const kal__scale *a = &w->scales[s], *next = a + 1;
    if (y / 2 < next->in0 || y / 2 >= next->in1) return;
    const bool first = !(y & 1), alone = first && y == a->height - 1;
    for (int i = 0; i < 2; i++) {
        if (first && !alone) memcpy(a->wait[i], light[i], w->planes[i] * a->pitch * sizeof(float));
        for (size_t c = 0; c < w->planes[i] && (!first || alone); c++)
            halve_row(w->of, a->half[i] + c * next->pitch, (alone ? light[i] : a->wait[i]) + c * a->pitch,
                      light[i] + c * a->pitch, (size_t)a->width);
    }
    if (!first || alone) push(w, s + 1, y / 2, a->half);
}

static void push(kal__walk *w, int s, int32_t y, float *const light[2])
{
    const kal__scale *a = &w->scales[s];
    if (s + 1 < w->n) hand_on(w, s, y, light);
    if (a->out0 == a->out1 || y < a->out0 - w->of->reach || y >= a->out1 + w->of->reach) return;
    w->row(w, s, y, light);
}

kal_status kal__walk_rows(kal__walk *w)
{
    for (int32_t y = w->scales[0].in0; y < w->scales[0].in1; y++) {
        if (kal_job_stopped(w->job)) return KAL_CANCELLED;
        for (int i = 0; i < 2; i++) w->light(w, i, y, w->first[i]);
        push(w, 0, y, w->first);
    }
    return KAL_OK;
}
