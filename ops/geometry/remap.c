// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// remap: pixel (x, y) of the result is the image at the place (u, v) that the map holds at (x, y). With at=centre whole numbers are the middles of
// pixels, as in expr and in OpenCV's remap; with at=corner a pixel reaches from u to u + 1, as boxes do. Then
//
//     nearest                at=centre: the pixel at rint(u), rint(v), halves to even; at=corner: at floor(u), floor(v)
//     bilinear, bicubic      the place is rounded to 2^-20 of a pixel, halves to even, and sampled by the formulas of slant.c
//
// What is not finite, or 2^29 pixels away and more, is no place and shows the colour in every edge mode.
//
// Beside OpenCV: nearest is equal. It rounds places to 1/32 of a pixel before it mixes, here u8 is mixed by 256ths, so that on places which are
// whole 32nds u8 differs by 1 (weights of 15 bits there), and elsewhere by what a picture changes along 1/64 + 1/512 of a pixel each way.
//
// Where a block of the result looks is not known before the map is: the whole image is needed, and held once; the map goes through in
// bands. A block whose places lie near each other is sampled from a patch; of another every pixel is looked up by itself.
#include "cpu.h"
#include "fill.h"
#include "gather.h"
#include "mem.h"

#include <stdlib.h>

enum { CORNER, CENTRE };
enum { RUN = 64, ROWS = 32 };   // of a block
enum { BESIDE = 8 };            // pixels beside the image, from where on all is alike

// How numbers of a map become places.
typedef struct grid {
    double half;   // what is taken off first
    double
        magic;   // 1.5 · 2^52 · the step that is rounded to: added to a number, its last bits are what is wanted
    double low, high[2];        // no place further out is looked at, along x and y
    int32_t shift, downwards;   // bits from the step to 2^-32; whether it rounds downwards
} grid;

typedef struct state {
    kal__gather how;
    grid grid;
} state;

// ---- parameters ---------------------------------------------------------------------------------

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_remap_p *p = params;
    const kal_extent *map = &c->in[1]->extent;
    *out = c->in[0]->extent;
    if (map->channels != 2 || map->type != KAL_F32)
        return kal_fail(err, KAL_INVALID,
                        "remap: the map has %d channel%s of %s; two of f32 are needed, x and y of each pixel",
                        map->channels, map->channels == 1 ? "" : "s", kal_type_name(map->type));
    if (out->model == KAL_MASK) p->kernel = KAL__NEAREST;
    if (out->type == KAL_U32 && p->kernel != KAL__NEAREST) return kal__refuse_mixing("remap", out, err);
    out->width = map->width;
    out->height = map->height;
    return kal__check_fill("remap", p->color, out, err);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    if (i == 1 || kal_rect_empty(out)) return out;
    return kal_rect_all(&c->in[0]->extent);
}

// The map lies on the result; the image nowhere that an affine map could say.
static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)c;
    if (i == 1) kal__map_shift(0, 0, m);
    return i == 1;
}

static grid grid_of(const kal_remap_p *p, const kal_extent *in)
{
    const bool nearest = p->kernel == KAL__NEAREST, corner = p->at == CORNER;
    const double far = (1 << 29) + 1, step = nearest ? 1 : 1.0 / (1 << 20);
    // where all beside the image is alike, further is no other than near
    const bool alike = p->edge == KAL_EDGE_FILL || p->edge == KAL_EDGE_COPY;
    return (grid){.half = corner && !nearest ? 0.5 : 0,
                  .magic = 6755399441055744.0 * step,
                  .low = alike ? -BESIDE : -far,
                  .high = {alike ? in->width + BESIDE : far, alike ? in->height + BESIDE : far},
                  .shift = nearest ? 32 : 12,
                  .downwards = nearest && corner};
}

static kal_status prepare(const kal_call *c, void **to, kal_error *err)
{
    const kal_remap_p *p = c->params;
    state *s = *to = kal__new_zero(1, sizeof *s);
    if (!s) return kal_fail(err, KAL_NOMEM, "remap: out of memory");
    kal__gather_set(&s->how, &c->in[0]->extent, p->kernel, (kal_edge)p->edge, p->color);
    if (p->kernel == KAL__NEAREST) s->how.bias = 0;   // it is rounded already
    s->grid = grid_of(p, &c->in[0]->extent);
    return KAL_OK;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)c, (void)width, (void)height;
    return KAL__GATHER_ROOM;
}

// ---- places -------------------------------------------------------------------------------------

static const float far_off = 1 << 29;

static inline bool is_place(float u, float v)
{
    return u > -far_off && u < far_off && v > -far_off && v < far_off;
}

static inline int64_t place_of(double v, const grid *g, double high)
{
    const double at = v - g->half, more = at > g->low ? at : g->low, held = more < high ? more : high;
    const double sum = held + g->magic;
    int64_t bits, base;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&base, &g->magic, sizeof base);
    return ((bits - base) - (g->downwards & (sum - g->magic > held))) * ((int64_t)1 << g->shift);
}

KAL__INLINE void places_body(int64_t *restrict x, int64_t *restrict y, const float *restrict map, int32_t n,
                             const grid *g, int64_t dx, int64_t dy)
{
    const grid by = *g;
    for (int32_t i = 0; i < n; i++) {
        x[i] = place_of((double)map[2 * i], &by, by.high[0]) + dx;
        y[i] = place_of((double)map[2 * i + 1], &by, by.high[1]) + dy;
    }
}
KAL__VARIANTS(places,
              (int64_t * x, int64_t *y, const float *map, int32_t n, const grid *g, int64_t dx, int64_t dy),
              (x, y, map, n, g, dx, dy))

// The least and the greatest numbers of a block, as integers in the order of floats; a NaN lies beyond the infinity of its sign. Lanes with even
// numbers are x, the others y.
enum { LANES = 16 };
typedef struct bounds {
    int32_t low[LANES], high[LANES];
} bounds;

// Both ways.
static inline int32_t ordered(int32_t bits)
{
    return bits ^ ((bits >> 31) & INT32_MAX);
}

KAL__INLINE void widen_body(bounds *b, const int32_t *map, int32_t n)
{
    bounds all = *b;
    int32_t i = 0;
    for (; i + LANES <= 2 * n; i += LANES)
        for (int32_t k = 0; k < LANES; k++) {
            const int32_t v = ordered(map[i + k]);
            all.low[k] = v < all.low[k] ? v : all.low[k];
            all.high[k] = v > all.high[k] ? v : all.high[k];
        }
    for (; i < 2 * n; i++) {
        const int32_t v = ordered(map[i]);
        all.low[i % LANES] = v < all.low[i % LANES] ? v : all.low[i % LANES];
        all.high[i % LANES] = v > all.high[i % LANES] ? v : all.high[i % LANES];
    }
    *b = all;
}
KAL__VARIANTS(widen, (bounds * b, const int32_t *map, int32_t n), (b, map, n))

static const void *map_at(const kal_job *j, int32_t x, int32_t y)
{
    return kal_at(&j->in[1], x, y);
}

static float as_float(int32_t order)
{
    const int32_t bits = ordered(order);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

// x0 y0 x1 y1 of all numbers in the block; false: not all are places.
static bool bounds_of(const kal_job *j, kal_rect r, float *b)
{
    bounds all;
    for (int k = 0; k < LANES; k++) all.low[k] = INT32_MAX, all.high[k] = INT32_MIN;
    for (int32_t y = r.y0; y < r.y1; y++) widen(&all, map_at(j, r.x0, y), r.x1 - r.x0);
    for (int k = 2; k < LANES; k++) {
        if (all.low[k] < all.low[k % 2]) all.low[k % 2] = all.low[k];
        if (all.high[k] > all.high[k % 2]) all.high[k % 2] = all.high[k];
    }
    for (int k = 0; k < 2; k++) b[k] = as_float(all.low[k]), b[2 + k] = as_float(all.high[k]);
    return is_place(b[0], b[1]) && is_place(b[2], b[3]);
}

// ---- sampling -----------------------------------------------------------------------------------

static void fill_run(const kal_job *j, int32_t x, int32_t y, int32_t n)
{
    kal__fill_pixels(kal_at(j->out, x, y), ((const state *)j->state)->how.pixel, (size_t)j->out->pixel,
                     (size_t)n);
}

static void sample_patch(const kal_job *j, kal_rect r, kal_rect taps)
{
    const state *s = j->state;
    const kal__gather *how = &s->how;
    const int64_t dx = how->bias - taps.x0 * KAL__ONE, dy = how->bias - taps.y0 * KAL__ONE;
    const int32_t n = r.x1 - r.x0;
    kal__patch p;
    int64_t u[RUN], v[RUN];
    kal__gather_patch(how, &p, &j->in[0], taps, j->scratch);
    for (int32_t y = r.y0; y < r.y1; y++) {
        places(u, v, map_at(j, r.x0, y), n, &s->grid, dx, dy);
        how->span(how, &p, kal_at(j->out, r.x0, y), (size_t)n, u, v);
    }
}

// Where it lies in the image, without copying it; not across its border, nor where rows go on at the beginning of a ring.
static bool lies_in_rows(const kal_tile *in, kal_rect taps, kal__patch *p)
{
    if (!kal_rect_inside(taps, in->rect)) return false;
    const unsigned char *first = kal_row(in, taps.y0), *last = kal_row(in, taps.y1 - 1);
    p->data = kal_at(in, taps.x0, taps.y0);
    p->stride = in->stride;
    return last == first + (taps.y1 - 1 - taps.y0) * in->stride;
}

static void sample_one(const kal_job *j, void *dst, const float *at)
{
    const state *s = j->state;
    const kal__gather *how = &s->how;
    int64_t x, y;
    places_body(&x, &y, at, 1, &s->grid, how->bias, how->bias);
    const kal_rect taps = kal__gather_taps(how, x, y, x, y);
    kal__patch p;
    if (!lies_in_rows(&j->in[0], taps, &p)) kal__gather_patch(how, &p, &j->in[0], taps, j->scratch);
    x -= taps.x0 * KAL__ONE;
    y -= taps.y0 * KAL__ONE;
    how->span(how, &p, dst, 1, &x, &y);
}

static void sample_each(const kal_job *j, kal_rect r)
{
    for (int32_t y = r.y0; y < r.y1; y++)
        for (int32_t x = r.x0; x < r.x1; x++) {
            const float *at = map_at(j, x, y);
            if (is_place(at[0], at[1]))
                sample_one(j, kal_at(j->out, x, y), at);
            else
                fill_run(j, x, y, 1);
        }
}

// All that lies between the least and the greatest places of a block. Places grow with the numbers.
static kal_rect taps_of(const state *s, const float *b)
{
    int64_t x[2], y[2];
    places_body(x, y, b, 2, &s->grid, s->how.bias, s->how.bias);
    return kal__gather_taps(&s->how, x[0], y[0], x[1], y[1]);
}

static void run_block(const kal_job *j, kal_rect r)
{
    const state *s = j->state;
    float b[4];
    if (!bounds_of(j, r, b)) {
        sample_each(j, r);
        return;
    }
    const kal_rect taps = taps_of(s, b);
    if (s->how.edge == KAL_EDGE_FILL && kal_rect_empty(kal_rect_clip(taps, kal_rect_all(&s->how.in))))
        for (int32_t y = r.y0; y < r.y1; y++) fill_run(j, r.x0, y, r.x1 - r.x0);
    else if (kal__gather_fits(taps, (size_t)j->out->pixel))
        sample_patch(j, r, taps);
    else
        sample_each(j, r);
}

static kal_status run(const kal_job *j)
{
    const kal_rect o = j->out->rect;
    for (int32_t y = o.y0; y < o.y1; y += ROWS)
        for (int32_t x = o.x0; x < o.x1; x += RUN)
            run_block(j,
                      kal_rect_of(x, y, x + RUN < o.x1 ? x + RUN : o.x1, y + ROWS < o.y1 ? y + ROWS : o.y1));
    return KAL_OK;
}

#define PARAMS kal_remap_p
static const kal_param params[] = {KAL_REMAP_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_remap = {
    .name = "remap",
    .version = 1,
    .family = "geometry",
    .help =
        "Each pixel from the place that a map says\n"
        "The map has two channels of f32, x and y on the image, and its size is the result's. With "
        "at=centre\n"
        "whole numbers are the middles of pixels, as x and y of expr are, and the map is that of OpenCV's\n"
        "remap; with at=corner they are corners, as of boxes. NaN and infinite numbers show the colour.\n"
        "Nothing is smoothed when it shrinks. Masks always use nearest, labels (u32) accept only that. The\n"
        "whole image is held; the map goes through in bands. Boxes and points cannot follow.\n\n"
        "Waves over a photo:\n\n"
        "g = photo | gray; x = expr g \"x + 6 * sin(y / 20)\" type=f32; y = expr g \"y + 6 * sin(x / 20)\" "
        "type=f32;\nremap photo (band_join [x y])",
    .inputs = "image map",
    KAL__PARAMS(params, kal_remap_p),
    .cost = 3,
    .extent = extent,
    .need = need,
    .prepare = prepare,
    .release = free,
    .scratch = scratch,
    .map = map,
    .run = run,
    .samples = KAL__SAMPLES("", "at=corner edge=copy", "kernel=nearest edge=wrap",
                            "at=corner kernel=nearest color=255", "kernel=bicubic edge=mirror",
                            "kernel=bicubic edge=reflect at=corner"),
};
