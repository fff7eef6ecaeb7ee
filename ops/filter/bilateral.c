// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// bilateral: the mean of the pixels in a disc around each, that count by how near they are and how alike:
//
//     out = Σ w · in / Σ w,   w = exp(−r² / 2 sigma_space²) · exp(−d² / 2 sigma_color²),   r² = dx² + dy² <= radius²
//
// d is the sum of the differences of all colours. Two paths, chosen by the kind of image alone:
//
//   u8 without alpha, up to four colours: both factors are tables of round(32767 · exp), w = (a · b + 2^14) >> 15, sums are exact,
//       out rounds half up. OpenCV's bilateralFilter sums floats, and is within 1 of it.
//   everything else: floats in the order of the disc's rows, out = in + Σ w · (in' − in) / Σ w, so that what is flat stays as it is. The
//       colours' factor is read off a table of exp(−x²/2), x = d / sigma_color in steps of 1/512 and straight lines between, 0 from 6 on: within
//       5e-7. w is multiplied by alpha, which stays itself. Integers round half up.
#include "bilateral.h"

#include "cpu.h"
#include "fmath.h"
#include "kernels.h"
#include "mem.h"
#include "rows.h"

#include <stdlib.h>

enum { BINS = 512, BEYOND = 6 };   // of the wide path's table: to 1; in all

typedef struct tap {
    int32_t dx, dy;
} tap;

typedef struct tables {
    int32_t taps;   // of the narrow path even: a last one may weigh nothing
    tap *where;
    int16_t *space;
    float *space_wide, *colour_wide;
    kal__bilateral_table colour;
} tables;

static bool narrow(const kal_call *c)
{
    const kal_extent *e = &c->in[0]->extent;
    return e->type == KAL_U8 && !e->alpha && e->channels <= KAL__BILATERAL_COLOURS;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_bilateral_p *p = params;
    *out = c->in[0]->extent;
    if (out->model == KAL_MASK) out->model = KAL_GRAY;
    if (p->radius == KAL_AUTO) p->radius = (int32_t)kal__clamp(kal__rint(1.5 * p->sigma_space), 1, 100);
    if (p->sigma_color == KAL_AUTO) p->sigma_color = kal_type_max(out->type) / 8;
    const kal_status st = kal__check_color("bilateral", "color", p->color, out, true, err);
    return st ? st : kal__check_type("bilateral", out, err);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_bilateral_p *p = c->params;
    return kal_need_halo(&c->in[0]->extent, out, p->radius, p->radius, p->radius, p->radius,
                         (kal_edge)p->edge);
}

// ---- tables -------------------------------------------------------------------------------------

static void release(void *state)
{
    tables *t = state;
    if (!t) return;
    free(t->where);
    free(t->space);
    free(t->space_wide);
    free(t->colour_wide);
    free(t);
}

static int32_t taps_of(int32_t radius, tap *where)
{
    int32_t n = 0;
    for (int32_t dy = -radius; dy <= radius; dy++)
        for (int32_t dx = -radius; dx <= radius; dx++) {
            if (dx * dx + dy * dy > radius * radius) continue;
            if (where) where[n] = (tap){dx, dy};
            n++;
        }
    return n;
}

static int32_t weight_of(double square, double sigma)
{
    return (int32_t)(32767 * kal__exp(-square / (2 * sigma * sigma)) + 0.5);
}

static void narrow_tables(const kal_bilateral_p *p, tables *t)
{
    kal__bilateral_table *c = &t->colour;
    for (int32_t i = 0; i < t->taps; i++) {
        const tap *w = &t->where[i];
        t->space[i] = (int16_t)weight_of((double)(w->dx * w->dx + w->dy * w->dy), p->sigma_space);
    }
    if (t->taps & 1) t->where[t->taps] = (tap){0, 0}, t->space[t->taps++] = 0;
    for (int32_t d = 0; d < 256 * KAL__BILATERAL_PAGES; d++) {
        const int32_t w = c->weight[d] = weight_of((double)d * d, p->sigma_color);
        c->low[d] = (uint8_t)(w & 255);
        c->high[d] = (uint8_t)(w >> 8);
        if (w) c->pages = d / 256 + (d % 256 == 255) + 1;
    }
    if (c->pages > KAL__BILATERAL_PAGES) c->pages = KAL__BILATERAL_PAGES;
}

static void wide_tables(const kal_bilateral_p *p, tables *t)
{
    for (int32_t i = 0; i < t->taps; i++) {
        const double r2 = (double)(t->where[i].dx * t->where[i].dx + t->where[i].dy * t->where[i].dy);
        t->space_wide[i] = (float)kal__exp(-r2 / (2 * p->sigma_space * p->sigma_space));
    }
    for (int32_t i = 0; i < BINS * BEYOND; i++)
        t->colour_wide[i] = (float)kal__exp(-(double)i * i / (2.0 * BINS * BINS));
    t->colour_wide[BINS * BEYOND] = t->colour_wide[BINS * BEYOND + 1] = 0;
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_bilateral_p *p = c->params;
    tables *t = kal__new_zero(1, sizeof *t);
    *state = t;
    if (t) {
        const size_t n = (size_t)(t->taps = taps_of(p->radius, NULL)) + 1;
        t->where = kal__new(n, sizeof *t->where);
        t->space = kal__new(n, sizeof *t->space);
        t->space_wide = kal__new(n, sizeof *t->space_wide);
        t->colour_wide = kal__new(BINS * BEYOND + 2, sizeof *t->colour_wide);
    }
    if (!t || !t->where || !t->space || !t->space_wide || !t->colour_wide) {
        release(t);
        *state = NULL;
        return kal_fail(err, KAL_NOMEM, "bilateral: out of memory for weights");
    }
    taps_of(p->radius, t->where);
    (narrow(c) ? narrow_tables : wide_tables)(p, t);
    return KAL_OK;
}

static size_t tables_bytes(const kal_call *c)
{
    const size_t side = 2 * (size_t)((const kal_bilateral_p *)c->params)->radius + 1;
    return sizeof(tables) + (side * side + 1) * (sizeof(tap) + sizeof(int16_t) + sizeof(float)) +
           (BINS * BEYOND + 2) * sizeof(float);
}

// ---- scratch ------------------------------------------------------------------------------------

// A row of the source as it is read; then by colours (wide: and alpha) in a ring of rows; where the taps lie; sums and their totals.
typedef struct room {
    unsigned char *raw, *ring;
    size_t plane, slot;   // bytes from channel to channel, from row to row
    const void **at;
    void *sums, *totals;
    size_t step;   // of sums, in pixels
    size_t bytes;
} room;

static size_t aligned(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

static room room_of(const kal_call *c, int32_t width, void *scratch)
{
    const kal_extent *e = &c->extent;
    const size_t radius = (size_t)((const kal_bilateral_p *)c->params)->radius, side = 2 * radius + 1,
                 channels = (size_t)e->channels, size = narrow(c) ? 1 : sizeof(float),
                 pixels = (size_t)width + 2 * radius, step = aligned((size_t)width);
    room r = {.plane = aligned((step + 2 * radius) * size), .step = step};
    r.slot = r.plane * channels;
    const size_t ring = aligned(pixels * kal_pixel_size(e)), at = ring + side * r.slot,
                 sums = at + aligned((side * side + 1) * sizeof(void *)),
                 totals = sums + step * (channels + 1) * sizeof(float);
    unsigned char *bytes = scratch;
    r.bytes = totals + step * (channels + 1) * (narrow(c) ? sizeof(double) : 0);
    if (!bytes) return r;
    r.raw = bytes, r.ring = bytes + ring, r.at = (void *)(bytes + at);
    r.sums = bytes + sums, r.totals = bytes + totals;
    return r;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    return room_of(c, width, NULL).bytes;
}

// ---- u8 -----------------------------------------------------------------------------------------

void kal__bilateral_u8_c(const kal__bilateral_row *r, int32_t colours)
{
    for (size_t x = 0; x < r->pixels; x++) {
        uint32_t sum[KAL__BILATERAL_COLOURS] = {0}, weights = 0;
        for (int32_t t = 0; t < r->taps; t++) {
            const uint8_t *v = r->at[t] + x;
            int32_t d = 0;
            for (int32_t k = 0; k < colours; k++)
                d += abs(v[(size_t)k * r->plane] - r->middle[(size_t)k * r->plane + x]);
            const uint32_t w = ((uint32_t)r->table->weight[d] * (uint32_t)r->space[t] + (1 << 14)) >> 15;
            weights += w;
            for (int32_t k = 0; k < colours; k++) sum[k] += w * v[(size_t)k * r->plane];
        }
        for (int32_t k = 0; k < colours; k++) r->sums[(size_t)k * r->step + x] = sum[k];
        r->sums[(size_t)colours * r->step + x] = weights;
    }
}

KAL__INLINE void collect_body(double *restrict totals, const uint32_t *restrict sums, size_t n, bool first)
{
    for (size_t i = 0; i < n; i++) totals[i] = (first ? 0 : totals[i]) + (double)sums[i];
}
KAL__VARIANTS(collect, (double *totals, const uint32_t *sums, size_t n, bool first), (totals, sums, n, first))

// Multiplied by 1 / weights, halves may end up below: no other mean is nearer to one than 1 / 2 · 32767 · 31417 > 2^-31.
KAL__INLINE void means_body(uint8_t *restrict dst, double *restrict totals, size_t step, size_t s, size_t n)
{
    double *restrict by = totals + s * step;
    for (size_t i = 0; i < n; i++) by[i] = 1 / by[i];
    for (size_t k = 0; k < s; k++)
        for (size_t i = 0; i < n; i++)
            dst[i * s + k] = (uint8_t)(int32_t)(totals[k * step + i] * by[i] + (0.5 + 0x1p-32));
}
KAL__VARIANTS(means, (uint8_t * dst, double *totals, size_t step, size_t s, size_t n),
              (dst, totals, step, s, n))

#define APART(name, T, U)                                                                              \
    KAL__INLINE void name##_each(U *restrict to, size_t plane, const T *restrict from, const size_t s, \
                                 size_t n)                                                             \
    {                                                                                                  \
        for (size_t k = 0; k < s; k++)                                                                 \
            for (size_t i = 0; i < n; i++) to[k * plane + i] = (U)from[i * s + k];                     \
    }                                                                                                  \
    KAL__INLINE void name##_body(U *to, size_t plane, const T *from, size_t s, size_t n)               \
    {                                                                                                  \
        (s == 1   ? name##_each(to, plane, from, 1, n)                                                 \
         : s == 3 ? name##_each(to, plane, from, 3, n)                                                 \
                  : name##_each(to, plane, from, s, n));                                               \
    }                                                                                                  \
    KAL__VARIANTS(name, (U * to, size_t plane, const T *from, size_t s, size_t n), (to, plane, from, s, n))
APART(apart_u8, uint8_t, uint8_t)
APART(widen_u8, uint8_t, float)
APART(widen_u16, uint16_t, float)
APART(widen_f32, float, float)

static void narrow_row(const kal_job *j, const room *r, int32_t y, unsigned char *middle)
{
    const tables *t = j->state;
    const int32_t s = j->call->extent.channels;
    const size_t n = (size_t)kal_tile_width(j->out), all = ((size_t)s + 1) * r->step;
    kal__bilateral_row row = {.table = &t->colour,
                              .middle = middle,
                              .plane = r->plane,
                              .pixels = aligned(n),
                              .sums = r->sums,
                              .step = r->step};
    for (int32_t from = 0; from < t->taps; from += KAL__BILATERAL_SOME) {
        row.at = (const uint8_t *const *)r->at + from;
        row.space = t->space + from;
        row.taps = t->taps - from < KAL__BILATERAL_SOME ? t->taps - from : KAL__BILATERAL_SOME;
        kal__kernels()->bilateral_u8(&row, s);
        collect(r->totals, r->sums, all, from == 0);
    }
    means(kal_row(j->out, y), r->totals, r->step, (size_t)s, n);
}

// ---- wide ---------------------------------------------------------------------------------------

typedef struct wide {
    const float *const *at;
    const float *space, *colour;
    int32_t taps, colours;
    bool alpha;
    size_t plane;
    size_t from;   // the block's first pixel
    float scale;   // from a distance to bins
} wide;

// A weight of 0 leaves out what may be no number. Sums of a block of pixels, colour by colour, then of weights.
KAL__INLINE void wide_block_body(const wide *w, const float *restrict middle, float *restrict sums,
                                 size_t step)
{
    enum { BLOCK = KAL__BILATERAL_BLOCK };
    const float end = BINS * BEYOND;
    float *restrict weights = sums + (size_t)w->colours * step;
    for (int32_t k = 0; k <= w->colours; k++)
        for (size_t i = 0; i < BLOCK; i++) sums[(size_t)k * step + i] = 0;
    for (int32_t t = 0; t < w->taps; t++) {
        const float *restrict v = w->at[t] + w->from;
        float d[BLOCK] = {0};
        for (int32_t k = 0; k < w->colours; k++)
            for (size_t i = 0; i < BLOCK; i++) {
                const float by = v[(size_t)k * w->plane + i] - middle[(size_t)k * w->plane + i];
                d[i] += by < 0 ? -by : by;
            }
        for (size_t i = 0; i < BLOCK; i++) {
            const float x = d[i] * w->scale, in = x < end ? x : end;
            const int32_t bin = (int32_t)in;
            const float low = w->colour[bin], high = w->colour[bin + 1];
            d[i] = (low + (high - low) * (in - (float)bin)) * w->space[t];
        }
        for (size_t i = 0; i < BLOCK && w->alpha; i++) d[i] *= v[(size_t)w->colours * w->plane + i];
        for (size_t i = 0; i < BLOCK; i++) weights[i] += d[i];
        for (int32_t k = 0; k < w->colours; k++)
            for (size_t i = 0; i < BLOCK; i++) {
                const float by = v[(size_t)k * w->plane + i] - middle[(size_t)k * w->plane + i];
                sums[(size_t)k * step + i] += d[i] > 0 ? d[i] * by : 0;
            }
    }
}
KAL__VARIANTS(wide_block, (const wide *w, const float *middle, float *sums, size_t step),
              (w, middle, sums, step))

static void wide_row(const kal_job *j, const room *r, int32_t y, const float *middle)
{
    const tables *t = j->state;
    const kal_extent *e = &j->call->extent;
    const int32_t colours = kal__colours(e);
    const size_t s = (size_t)e->channels, n = (size_t)kal_tile_width(j->out),
                 plane = r->plane / sizeof(float);
    float *sums = r->sums;
    wide w = {.at = (const float *const *)r->at,
              .space = t->space_wide,
              .colour = t->colour_wide,
              .taps = t->taps,
              .colours = colours,
              .alpha = e->alpha,
              .plane = plane,
              .scale = (float)(BINS / ((const kal_bilateral_p *)j->call->params)->sigma_color)};
    for (; w.from < n; w.from += KAL__BILATERAL_BLOCK)
        wide_block(&w, middle + w.from, sums + w.from, r->step);
    void *dst = kal_row(j->out, y);
    const float *weights = sums + (size_t)colours * r->step;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < s; k++) {
            const float v = middle[k * plane + i];
            const bool moves = k < (size_t)colours && weights[i] > 0;
            kal__set(dst, e->type, i * s + k, (double)(moves ? v + sums[k * r->step + i] / weights[i] : v));
        }
}

// ---- the job ------------------------------------------------------------------------------------

static void take_row(const kal_job *j, const kal__rows *source, const room *r, int32_t y, unsigned char *slot)
{
    const kal_extent *e = &j->call->extent;
    const kal_rect o = j->out->rect;
    const int32_t radius = ((const kal_bilateral_p *)j->call->params)->radius;
    const size_t s = (size_t)e->channels, n = (size_t)(o.x1 - o.x0 + 2 * radius);
    kal__rows_get(source, o.x0 - radius, o.x1 + radius, y, r->raw);
    float *to = (float *)(void *)slot;
    const size_t plane = r->plane / sizeof *to;
    if (narrow(j->call))
        apart_u8(slot, r->plane, r->raw, s, n);
    else if (e->type == KAL_U8)
        widen_u8(to, plane, r->raw, s, n);
    else if (e->type == KAL_U16)
        widen_u16(to, plane, (const uint16_t *)(const void *)r->raw, s, n);
    else
        widen_f32(to, plane, (const float *)(const void *)r->raw, s, n);
}

static kal_status run(const kal_job *j)
{
    const kal_bilateral_p *p = j->call->params;
    const tables *t = j->state;
    const kal_rect o = j->out->rect;
    const int32_t side = 2 * p->radius + 1;
    const size_t size = narrow(j->call) ? 1 : sizeof(float);
    const room r = room_of(j->call, o.x1 - o.x0, j->scratch);
    const kal__rows source = kal__rows_of(j, p->edge, p->color);
    for (int32_t y = o.y0 - p->radius, i = 0; y < o.y1 + p->radius; y++, i++) {
        take_row(j, &source, &r, y, r.ring + (size_t)(i % side) * r.slot);
        if (i < side - 1) continue;
        // the middle row is `radius` before this one
        for (int32_t k = 0; k < t->taps; k++)
            r.at[k] = r.ring + (size_t)((i - p->radius + t->where[k].dy) % side) * r.slot +
                      (size_t)(p->radius + t->where[k].dx) * size;
        unsigned char *middle = r.ring + (size_t)((i - p->radius) % side) * r.slot + (size_t)p->radius * size;
        if (narrow(j->call))
            narrow_row(j, &r, y - p->radius, middle);
        else
            wide_row(j, &r, y - p->radius, (const float *)(void *)middle);
    }
    return KAL_OK;
}

#define PARAMS kal_bilateral_p
static const kal_param params[] = {KAL_BILATERAL_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_bilateral = {
    .name = "bilateral",
    .version = 1,
    .family = "filter",
    .help =
        "Smooths what is alike and keeps edges: a mean of near pixels of a like colour\n"
        "Each counts by a gaussian of its distance and one of how much its colours differ, all differences\n"
        "taken together. With alpha, it counts by that too; alpha stays. The cost grows with the square of\n"
        "the radius; guided_filter's does not.",
    .inputs = "image",
    KAL__PARAMS(params, kal_bilateral_p),
    .cost = 15,
    .extent = extent,
    .need = need,
    .prepare = prepare,
    .release = release,
    .tables = tables_bytes,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("", "1 sigma_color=20 edge=mirror", "4 60 2 edge=reflect", "2 300 edge=wrap",
                            "sigma_color=0.3 sigma_space=1 edge=fill color=200", "14 90 6 edge=fill"),
};
