// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sampling along slanted lines. Coordinates s of the input are 32.32 fixed point, exact in 64 bits, so that a pixel depends on its own place
// alone. Then
//
//     nearest               the pixel at floor(s + 1/2)
//     bilinear, u8          s rounded to 1/256 of a pixel: h = a·(256 − fx) + b·fx above and below,
//                           out = (h0·(256 − fy) + h1·fy + 2^15) >> 16. With alpha: A = Σ w·alpha over the
//                           four, colour = (Σ w·alpha·colour + A / 2) / A, alpha as before; where that is 0 so
//                           are the colours
//     everything else       doubles with all fraction bits: rows summed left to right, then added downwards;
//                           colours times alpha first and divided by it after; integers round half up,
//                           saturating
//
// A tap outside the image is what the edge mode says, so a filled border is smooth.
#include "slant.h"

#include "fill.h"
#include "kernels.h"
#include "mem.h"
#include "sample.h"

#include <stdlib.h>

#define ONE KAL__ONE

// Taps before and after the one at floor(s).
static const struct support {
    int32_t before, after;
} supports[] = {[KAL__NEAREST] = {0, 0}, [KAL__BILINEAR] = {0, 1}, [KAL__BICUBIC] = {1, 2}};

// ---- state --------------------------------------------------------------------------------------

// n output pixels; sx, sy are the first one's coordinates in the patch.
typedef struct slanted slanted;
typedef void span_fn(const slanted *s, const kal__patch *p, void *dst, size_t n, int64_t sx, int64_t sy);

struct slanted {
    kal__slant slant;
    span_fn *span;
    kal_edge edge;
    kal_extent in;
    int32_t taps;
    _Alignas(8) unsigned char pixel[KAL_MAX_CHANNELS * 4];   // the fill colour
};

static void span_nearest(const slanted *s, const kal__patch *p, void *out, size_t n, int64_t sx, int64_t sy)
{
    const size_t pixel = kal_pixel_size(&s->in);
    unsigned char *dst = out;
    for (size_t i = 0; i < n; i++, dst += pixel, sx += s->slant.xx, sy += s->slant.yx) {
        const unsigned char *src = kal__whole_at(p->data, p->stride, pixel, sx, sy);
        if (pixel == 3)
            dst[0] = src[0], dst[1] = src[1], dst[2] = src[2];
        else
            memcpy(dst, src, pixel);
    }
}

// ---- u8, bilinear -------------------------------------------------------------------------------

static inline void bilinear_u8(uint8_t *dst, size_t n, const uint8_t *patch, ptrdiff_t stride, int64_t sx,
                               int64_t sy, int64_t cos, int64_t sin, size_t channels, bool alpha)
{
    for (size_t i = 0; i < n; i++, dst += channels, sx += cos, sy += sin)
        kal__bilinear_at(dst, patch, stride, sx, sy, channels, alpha);
}

#define BILINEAR(kind, channels, alpha)                                                                     \
    void kal__bilinear_##kind##_u8_c(uint8_t *dst, size_t n, const uint8_t *patch, ptrdiff_t stride,        \
                                     int64_t sx, int64_t sy, int64_t cos, int64_t sin)                      \
    {                                                                                                       \
        bilinear_u8(dst, n, patch, stride, sx, sy, cos, sin, channels, alpha);                              \
    }                                                                                                       \
    static void span_##kind##_u8(const slanted *s, const kal__patch *p, void *dst, size_t n, int64_t sx,    \
                                 int64_t sy)                                                                \
    {                                                                                                       \
        kal__kernels()->bilinear_##kind##_u8(dst, n, p->data, p->stride, sx, sy, s->slant.xx, s->slant.yx); \
    }
BILINEAR(gray, 1, false)
BILINEAR(rgb, 3, false)
BILINEAR(rgba, 4, true)

static void span_any_u8(const slanted *s, const kal__patch *p, void *dst, size_t n, int64_t sx, int64_t sy)
{
    bilinear_u8(dst, n, p->data, p->stride, sx, sy, s->slant.xx, s->slant.yx, (size_t)s->in.channels,
                s->in.alpha);
}

static span_fn *bilinear_for(const kal_extent *e)
{
    if (e->channels == 1) return span_gray_u8;
    if (e->channels == 3 && !e->alpha) return span_rgb_u8;
    return e->channels == 4 && e->alpha ? span_rgba_u8 : span_any_u8;
}

// ---- wide ---------------------------------------------------------------------------------------

static inline void wide(const slanted *s, const kal__patch *p, void *out, size_t n, int64_t sx, int64_t sy,
                        int32_t taps, kal_type type, size_t channels, bool alpha)
{
    const size_t pixel = channels * kal_type_size(type);
    unsigned char *dst = out;
    for (size_t i = 0; i < n; i++, dst += pixel, sx += s->slant.xx, sy += s->slant.yx)
        kal__wide_at(dst, p->data, p->stride, sx, sy, s->slant.before, taps, type, channels, alpha);
}

// The common kinds with everything known to the compiler.
static void span_wide(const slanted *s, const kal__patch *p, void *dst, size_t n, int64_t sx, int64_t sy)
{
    const kal_extent *e = &s->in;
#define KIND(T, N, A)                                        \
    if (e->type == T && e->channels == N && e->alpha == A) { \
        if (s->taps == 2)                                    \
            wide(s, p, dst, n, sx, sy, 2, T, N, A);          \
        else                                                 \
            wide(s, p, dst, n, sx, sy, 4, T, N, A);          \
        return;                                              \
    }
    KIND(KAL_U8, 1, false)
    KIND(KAL_U8, 3, false)
    KIND(KAL_U8, 4, true)
    KIND(KAL_U16, 3, false)
    KIND(KAL_F32, 3, false)
#undef KIND
    wide(s, p, dst, n, sx, sy, s->taps, e->type, (size_t)e->channels, e->alpha);
}

bool kal__slant_is_narrow(const kal_extent *e, int32_t kernel)
{
    return e->type == KAL_U8 && kernel == KAL__BILINEAR;
}

void kal__slant_set(kal__slant *s, const kal_extent *e, int32_t kernel)
{
    const int64_t bias = kernel == KAL__NEAREST ? ONE / 2 : kal__slant_is_narrow(e, kernel) ? ONE / 512 : 0;
    s->x0 += bias;
    s->y0 += bias;
    s->before = supports[kernel].before;
    s->after = supports[kernel].after;
}

kal_rect kal__slant_need(const kal__slant *s, const kal_extent *in, kal_edge edge, kal_rect out)
{
    if (kal_rect_empty(out)) return kal_rect_of(0, 0, 0, 0);
    return kal__need_around(in, kal__slant_taps(s, out), edge);
}

kal_status kal__slant_prepare(const kal_call *c, const kal__slant *slant, int32_t kernel, kal_edge edge,
                              kal_list color, void **state, kal_error *err)
{
    slanted *s = *state = kal__new_zero(1, sizeof *s);
    if (!s) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    s->slant = *slant;
    s->span = kernel == KAL__NEAREST                     ? span_nearest
              : kal__slant_is_narrow(&c->extent, kernel) ? bilinear_for(&c->extent)
                                                         : span_wide;
    s->edge = edge;
    s->in = c->in[0]->extent;
    s->taps = slant->before + slant->after + 1;
    kal__colour_pixel(color, &c->extent, true, s->pixel);
    return KAL_OK;
}

// ---- the run ------------------------------------------------------------------------------------

// Shrinks a..b to the x with lo <= start + x·step < hi.
static void narrow_to(int64_t start, int64_t step, int64_t lo, int64_t hi, int32_t *a, int32_t *b)
{
    if (step < 0) {
        narrow_to(-start, -step, 1 - hi, 1 - lo, a, b);
        return;
    }
    if (step == 0) {
        if (start < lo || start >= hi) *b = *a;
        return;
    }
    const int64_t n0 = lo - start + step - 1, n1 = hi - start + step - 1;   // rounded up below
    const int64_t first = n0 >= 0 ? n0 / step : -((-n0 + step - 1) / step);
    const int64_t end = n1 >= 0 ? n1 / step : -((-n1 + step - 1) / step);
    if (first > *a) *a = first < *b ? (int32_t)first : *b;
    if (end < *b) *b = end > *a ? (int32_t)end : *a;
}

// The x in a..b of row y with a tap inside the image.
static void narrow_row(const slanted *s, int32_t y, int32_t *a, int32_t *b)
{
    const kal__slant *m = &s->slant;
    narrow_to(kal__slant_x(m, 0, y), m->xx, -m->after * ONE, (s->in.width + m->before) * ONE, a, b);
    narrow_to(kal__slant_y(m, 0, y), m->yx, -m->after * ONE, (s->in.height + m->before) * ONE, a, b);
}

static void fill_run(const slanted *s, const kal_job *j, int32_t y, int32_t x0, int32_t x1)
{
    if (x0 < x1) kal__fill_pixels(kal_at(j->out, x0, y), s->pixel, (size_t)j->out->pixel, (size_t)(x1 - x0));
}

// Per output row the first x and the end of what is not plain fill colour.
typedef struct span {
    int32_t a, b;
} span;

// Columns of the block without those that are fill colour in all its rows.
static kal_rect trimmed(kal_rect block, const span *spans)
{
    int32_t first = block.x1, end = block.x0;
    for (int32_t y = block.y0; y < block.y1; y++) {
        const span *at = &spans[y - block.y0];
        if (at->a < at->b && at->a < first) first = at->a;
        if (at->a < at->b && at->b > end) end = at->b;
    }
    return kal_rect_of(first > block.x0 ? first : block.x0, block.y0, end < block.x1 ? end : block.x1,
                       block.y1);
}

// The first block from x on that is not all fill colour.
static bool next_block(kal_rect row, int32_t x, int32_t side, const span *spans, kal_rect *block)
{
    for (; x < row.x1; x += side) {
        *block = trimmed(kal_rect_of(x, row.y0, x + side < row.x1 ? x + side : row.x1, row.y1), spans);
        if (!kal_rect_empty(*block)) return true;
    }
    return false;
}

static void sample_row(const kal_job *j, const kal__patch *p, kal_rect block, int32_t y, const span *at)
{
    const slanted *s = j->state;
    const int32_t x0 = at->a > block.x0 ? at->a : block.x0, x1 = at->b < block.x1 ? at->b : block.x1;
    if (x0 < x1)
        s->span(s, p, kal_at(j->out, x0, y), (size_t)(x1 - x0), kal__slant_x(&s->slant, x0, y) - p->x0 * ONE,
                kal__slant_y(&s->slant, x0, y) - p->y0 * ONE);
}

// A row of blocks, from the left. While one is sampled the next one's source is asked for.
static void run_blocks(const kal_job *j, kal_rect row, int32_t side, const span *spans, void *room)
{
    const slanted *s = j->state;
    const kal__patch_source from = {&s->slant, &j->in[0], &s->in, s->edge, s->pixel};
    kal__patch patches[2], *now = &patches[0], *then = &patches[1];
    kal_rect block, next;
    bool any = next_block(row, row.x0, side, spans, &block);
    if (any) kal__patch_plan(now, &from, block);
    while (any) {
        any = next_block(row, block.x1, side, spans, &next);
        if (any) kal__patch_plan(then, &from, next);
        kal__patch_copy(now, &from, room);
        for (int32_t y = row.y0; y < row.y1; y++) {
            if (any) kal__patch_ask(then, &from, y - row.y0, row.y1 - row.y0);
            sample_row(j, now, block, y, &spans[y - row.y0]);
        }
        kal__patch *const swap = now;
        now = then;
        then = swap;
        block = next;
    }
}

// The spans of the rows, then the patch.
size_t kal__slant_scratch(const kal__slant *s, const kal_extent *e, int32_t width, int32_t height)
{
    return (((size_t)height * sizeof(span) + 63) & ~(size_t)63) +
           kal__patch_room(s, width, height, kal_pixel_size(e));
}

kal_status kal__slant_run(const kal_job *j)
{
    const slanted *s = j->state;
    const kal_rect o = j->out->rect;
    const int32_t side = kal__patch_block(&s->slant, (size_t)j->out->pixel);
    span *spans = j->scratch;
    void *room = (unsigned char *)j->scratch + (((size_t)(o.y1 - o.y0) * sizeof(span) + 63) & ~(size_t)63);
    for (int32_t y = o.y0; y < o.y1; y++) {
        span at = {o.x0, o.x1};
        if (s->edge == KAL_EDGE_FILL) narrow_row(s, y, &at.a, &at.b);
        if (at.a > at.b) at.a = at.b;
        fill_run(s, j, y, o.x0, at.a);
        fill_run(s, j, y, at.b, o.x1);
        spans[y - o.y0] = at;
    }
    for (int32_t y = o.y0; y < o.y1; y += side)
        run_blocks(j, kal_rect_of(o.x0, y, o.x1, y + side < o.y1 ? y + side : o.y1), side, spans + (y - o.y0),
                   room);
    return KAL_OK;
}
