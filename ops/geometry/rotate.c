// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// rotate: counter-clockwise about the centre. Output pixel (x, y) of W×H looks at the input's w×h at
//
//     sx = ((w − 1) − (W − 1)·cos + (H − 1)·sin) / 2 + x·cos − y·sin
//     sy = ((h − 1) − (W − 1)·sin − (H − 1)·cos) / 2 + x·sin + y·cos
//
// in 32.32 fixed point: cos and sin are rounded once, the rest is exact in 64 bits, so that a pixel depends
// on its own coordinates alone. Then
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
// A tap outside the image is what `edge` says, so a filled border is smooth. Quarter and half turns become
// turn, which is exact; a quarter turn that must keep the size of an oblong image does not.
#include "fill.h"

#include "fmath.h"
#include "kernels.h"
#include "mem.h"
#include "patch.h"

#include <stdlib.h>

extern const kal_op kal__op_turn;

#define ONE ((int64_t)1 << 32)

enum { NEAREST, BILINEAR, BICUBIC };

// Taps before and after the one at floor(s).
static const struct support {
    int32_t before, after;
} supports[] = {[NEAREST] = {0, 0}, [BILINEAR] = {0, 1}, [BICUBIC] = {1, 2}};

static double cosine(const kal_rotate_p *p)
{
    return kal__cospi(p->angle / 180);
}

static double sine(const kal_rotate_p *p)
{
    return kal__sinpi(p->angle / 180);
}

// ---- the canvas ---------------------------------------------------------------------------------

// angle modulo 360, exact
static double reduced(double angle)
{
    double a = angle - 360 * kal__floor(angle / 360);
    if (a < 0) a += 360;
    return a >= 360 ? 0 : a;
}

// Room for the rotated corners; what rounding of cos and sin adds to a whole number of pixels does not count.
static int32_t side(double along, double across)
{
    const double n = kal__ceil((along < 0 ? -along : along) + (across < 0 ? -across : across) - 1e-9);
    return n < 1 ? 1 : (int32_t)n;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_rotate_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    *out = *in;
    p->angle = reduced(p->angle);
    if (p->edge != KAL_EDGE_FILL) p->color = (kal_list){NULL, 0};
    if (in->model == KAL_MASK) p->kernel = NEAREST;
    if (in->type == KAL_U32 && p->kernel != NEAREST && kal__floor(p->angle / 90) * 90 != p->angle)
        return kal__refuse_mixing("rotate", in, err);
    if (p->expand) {
        out->width = side(in->width * cosine(p), in->height * sine(p));
        out->height = side(in->width * sine(p), in->height * cosine(p));
    }
    return kal__check_fill("rotate", p->color, out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    static const kal_turn_how quarters[] = {KAL_TURN_NONE, KAL_TURN_LEFT, KAL_TURN_HALF, KAL_TURN_RIGHT};
    const kal_rotate_p *p = c->params;
    const double q = kal__floor(p->angle / 90);
    if (q * 90 != p->angle) return false;
    const kal_turn_how how = quarters[(int32_t)q];
    const bool swaps = how == KAL_TURN_LEFT || how == KAL_TURN_RIGHT;
    if (swaps && !p->expand && c->extent.width != c->extent.height) return false;
    kal_turn_p *turn = room;
    *turn = kal_turn_defaults();
    turn->how = how;
    *to = (kal_folded){.op = &kal__op_turn, .params = turn, .n = 1, .in = {c->in[0]}};
    return true;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)i;
    const kal_extent *in = &c->in[0]->extent, *out = &c->extent;
    const double cos = cosine(c->params), sin = sine(c->params);
    m[0] = cos;
    m[1] = sin;
    m[2] = (out->width - in->width * cos - in->height * sin) / 2;
    m[3] = -sin;
    m[4] = cos;
    m[5] = (out->height + in->width * sin - in->height * cos) / 2;
    return true;
}

// ---- where a pixel comes from -------------------------------------------------------------------

static bool is_narrow(const kal_call *c)
{
    return c->extent.type == KAL_U8 && ((const kal_rotate_p *)c->params)->kernel == BILINEAR;
}

// What is added before the whole part is taken is in x0 and y0.
static kal__slant slant_of(const kal_call *c)
{
    const kal_rotate_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent, *out = &c->extent;
    const int64_t cos = (int64_t)kal__round(cosine(p) * (double)ONE);
    const int64_t sin = (int64_t)kal__round(sine(p) * (double)ONE);
    const int64_t w = out->width - 1, h = out->height - 1;
    const int64_t bias = p->kernel == NEAREST ? ONE / 2 : is_narrow(c) ? ONE / 512 : 0;
    return (kal__slant){.x0 = (((in->width - 1) * ONE - w * cos + h * sin) >> 1) + bias,
                        .y0 = (((in->height - 1) * ONE - w * sin - h * cos) >> 1) + bias,
                        .cos = cos,
                        .sin = sin,
                        .before = supports[p->kernel].before,
                        .after = supports[p->kernel].after};
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    if (kal_rect_empty(out)) return kal_rect_of(0, 0, 0, 0);
    const kal__slant s = slant_of(c);
    return kal__need_around(&c->in[0]->extent, kal__slant_taps(&s, out),
                            (kal_edge)((const kal_rotate_p *)c->params)->edge);
}

// ---- state --------------------------------------------------------------------------------------

// n output pixels; sx, sy are the first one's coordinates in the patch.
typedef struct rotation rotation;
typedef void span_fn(const rotation *s, const kal__patch *p, void *dst, size_t n, int64_t sx, int64_t sy);

struct rotation {
    kal__slant slant;
    span_fn *span;
    kal_edge edge;
    kal_extent in;
    int32_t taps;
    _Alignas(8) unsigned char pixel[KAL_MAX_CHANNELS * 4];   // the fill colour
};

static const unsigned char *whole_at(const kal__patch *p, size_t pixel, int64_t sx, int64_t sy)
{
    return p->data + (sy >> 32) * p->stride + (sx >> 32) * (ptrdiff_t)pixel;
}

static void rotate_nearest(const rotation *s, const kal__patch *p, void *out, size_t n, int64_t sx,
                           int64_t sy)
{
    const size_t pixel = kal_pixel_size(&s->in);
    unsigned char *dst = out;
    for (size_t i = 0; i < n; i++, dst += pixel, sx += s->slant.cos, sy += s->slant.sin) {
        const unsigned char *src = whole_at(p, pixel, sx, sy);
        if (pixel == 3)
            dst[0] = src[0], dst[1] = src[1], dst[2] = src[2];
        else
            memcpy(dst, src, pixel);
    }
}

// ---- u8, bilinear -------------------------------------------------------------------------------

static inline void mix_u8(uint8_t *dst, const uint8_t *const p[4], int32_t fx, int32_t fy, size_t channels)
{
    for (size_t k = 0; k < channels; k++) {
        const int32_t top = p[0][k] * (256 - fx) + p[1][k] * fx, low = p[2][k] * (256 - fx) + p[3][k] * fx;
        dst[k] = (uint8_t)((top * (256 - fy) + low * fy + (1 << 15)) >> 16);
    }
}

// Everything stays below 2^32: weights sum to 2^16, and 255 · 255 · 2^16 + 2^23 fits.
static inline void mix_alpha_u8(uint8_t *dst, const uint8_t *const p[4], uint32_t fx, uint32_t fy,
                                size_t channels)
{
    const uint32_t w[4] = {(256 - fx) * (256 - fy), fx * (256 - fy), (256 - fx) * fy, fx * fy};
    const size_t last = channels - 1;
    const uint32_t a[4] = {w[0] * p[0][last], w[1] * p[1][last], w[2] * p[2][last], w[3] * p[3][last]};
    const uint32_t all = a[0] + a[1] + a[2] + a[3], alpha = (all + (1 << 15)) >> 16;
    for (size_t k = 0; k < last; k++) {
        const uint32_t sum = a[0] * p[0][k] + a[1] * p[1][k] + a[2] * p[2][k] + a[3] * p[3][k];
        dst[k] = alpha ? (uint8_t)((sum + all / 2) / all) : 0;
    }
    dst[last] = (uint8_t)alpha;
}

static inline void bilinear_u8(uint8_t *dst, size_t n, const uint8_t *patch, ptrdiff_t stride, int64_t sx,
                               int64_t sy, int64_t cos, int64_t sin, size_t channels, bool alpha)
{
    for (size_t i = 0; i < n; i++, dst += channels, sx += cos, sy += sin) {
        const uint8_t *at = patch + (sy >> 32) * stride + (sx >> 32) * (ptrdiff_t)channels;
        const uint8_t *const p[4] = {at, at + channels, at + stride, at + stride + channels};
        if (alpha)
            mix_alpha_u8(dst, p, (uint32_t)(sx >> 24 & 255), (uint32_t)(sy >> 24 & 255), channels);
        else
            mix_u8(dst, p, (int32_t)(sx >> 24 & 255), (int32_t)(sy >> 24 & 255), channels);
    }
}

#define BILINEAR(kind, channels, alpha)                                                                     \
    void kal__bilinear_##kind##_u8_c(uint8_t *dst, size_t n, const uint8_t *patch, ptrdiff_t stride,        \
                                     int64_t sx, int64_t sy, int64_t cos, int64_t sin)                      \
    {                                                                                                       \
        bilinear_u8(dst, n, patch, stride, sx, sy, cos, sin, channels, alpha);                              \
    }                                                                                                       \
    static void rotate_##kind##_u8(const rotation *s, const kal__patch *p, void *dst, size_t n, int64_t sx, \
                                   int64_t sy)                                                              \
    {                                                                                                       \
        kal__kernels()->bilinear_##kind##_u8(dst, n, p->data, p->stride, sx, sy, s->slant.cos,              \
                                             s->slant.sin);                                                 \
    }
BILINEAR(gray, 1, false)
BILINEAR(rgb, 3, false)
BILINEAR(rgba, 4, true)

static void rotate_any_u8(const rotation *s, const kal__patch *p, void *dst, size_t n, int64_t sx, int64_t sy)
{
    bilinear_u8(dst, n, p->data, p->stride, sx, sy, s->slant.cos, s->slant.sin, (size_t)s->in.channels,
                s->in.alpha);
}

static span_fn *bilinear_for(const kal_extent *e)
{
    if (e->channels == 1) return rotate_gray_u8;
    if (e->channels == 3 && !e->alpha) return rotate_rgb_u8;
    return e->channels == 4 && e->alpha ? rotate_rgba_u8 : rotate_any_u8;
}

// ---- wide ---------------------------------------------------------------------------------------

// Weights of the taps around a fraction: linear, or Catmull-Rom.
static inline void weights(double f, int32_t taps, double *w)
{
    if (taps == 2) {
        w[0] = 1 - f;
        w[1] = f;
        return;
    }
    w[0] = ((-0.5 * f + 1) * f - 0.5) * f;
    w[1] = (1.5 * f - 2.5) * f * f + 1;
    w[2] = ((-1.5 * f + 2) * f + 0.5) * f;
    w[3] = (0.5 * f - 0.5) * f * f;
}

// sum += w · pixel, colours times alpha
static inline void add_tap(double *sum, const void *p, double w, kal_type type, size_t channels, bool alpha)
{
    const double a = alpha ? kal__get(p, type, channels - 1) : 1;
    for (size_t k = 0; k < channels - alpha; k++) sum[k] += w * (kal__get(p, type, k) * a);
    if (alpha) sum[channels - 1] += w * a;
}

static inline void finish(void *dst, kal_type type, size_t channels, bool alpha, const double *sum)
{
    const double a = alpha ? sum[channels - 1] : 1;
    const bool gone = type == KAL_F32 ? !(a > 0) : a < 0.5;   // what alpha is stored as
    for (size_t k = 0; k + alpha < channels; k++)
        kal__set(dst, type, k, !alpha ? sum[k] : gone ? 0 : sum[k] / a);
    if (alpha) kal__set(dst, type, channels - 1, a);
}

static inline void wide(const rotation *s, const kal__patch *p, void *out, size_t n, int64_t sx, int64_t sy,
                        int32_t taps, kal_type type, size_t channels, bool alpha)
{
    const int32_t before = s->slant.before;
    const size_t pixel = channels * kal_type_size(type);
    unsigned char *dst = out;
    double wx[4], wy[4], row[KAL_MAX_CHANNELS], sum[KAL_MAX_CHANNELS];
    for (size_t i = 0; i < n; i++, dst += pixel, sx += s->slant.cos, sy += s->slant.sin) {
        const unsigned char *first = whole_at(p, pixel, sx - before * ONE, sy - before * ONE);
        weights((double)(uint32_t)sx / (double)ONE, taps, wx);
        weights((double)(uint32_t)sy / (double)ONE, taps, wy);
        for (size_t k = 0; k < channels; k++) sum[k] = 0;
        for (int32_t b = 0; b < taps; b++, first += p->stride) {
            for (size_t k = 0; k < channels; k++) row[k] = 0;
            for (int32_t a = 0; a < taps; a++)
                add_tap(row, first + (size_t)a * pixel, wx[a], type, channels, alpha);
            for (size_t k = 0; k < channels; k++) sum[k] += wy[b] * row[k];
        }
        finish(dst, type, channels, alpha, sum);
    }
}

// The common kinds with everything known to the compiler.
static void rotate_wide(const rotation *s, const kal__patch *p, void *dst, size_t n, int64_t sx, int64_t sy)
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

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_rotate_p *p = c->params;
    rotation *s = *state = kal__new_zero(1, sizeof *s);
    if (!s) return kal_fail(err, KAL_NOMEM, "rotate: out of memory");
    s->slant = slant_of(c);
    s->span = p->kernel == NEAREST ? rotate_nearest : is_narrow(c) ? bilinear_for(&c->extent) : rotate_wide;
    s->edge = (kal_edge)p->edge;
    s->in = c->in[0]->extent;
    s->taps = s->slant.before + s->slant.after + 1;
    kal__colour_pixel(p->color, &c->extent, true, s->pixel);
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
static void narrow_row(const rotation *s, int32_t y, int32_t *a, int32_t *b)
{
    const kal__slant *m = &s->slant;
    narrow_to(kal__slant_x(m, 0, y), m->cos, -m->after * ONE, (s->in.width + m->before) * ONE, a, b);
    narrow_to(kal__slant_y(m, 0, y), m->sin, -m->after * ONE, (s->in.height + m->before) * ONE, a, b);
}

static void fill_run(const rotation *s, const kal_job *j, int32_t y, int32_t x0, int32_t x1)
{
    if (x0 >= x1) return;
    unsigned char *dst = kal_at(j->out, x0, y);
    const size_t n = (size_t)(x1 - x0) * (size_t)j->out->pixel;
    size_t done = (size_t)j->out->pixel;
    memcpy(dst, s->pixel, done);
    for (size_t part; done < n; done += part) {
        part = done < n - done ? done : n - done;
        memcpy(dst + done, dst, part);
    }
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
    const rotation *s = j->state;
    const int32_t x0 = at->a > block.x0 ? at->a : block.x0, x1 = at->b < block.x1 ? at->b : block.x1;
    if (x0 < x1)
        s->span(s, p, kal_at(j->out, x0, y), (size_t)(x1 - x0), kal__slant_x(&s->slant, x0, y) - p->x0 * ONE,
                kal__slant_y(&s->slant, x0, y) - p->y0 * ONE);
}

// A row of blocks, from the left. While one is sampled the next one's source is asked for.
static void run_blocks(const kal_job *j, kal_rect row, int32_t side, const span *spans, void *room)
{
    const rotation *s = j->state;
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
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    const kal__slant s = slant_of(c);
    return (((size_t)height * sizeof(span) + 63) & ~(size_t)63) +
           kal__patch_room(&s, width, height, kal_pixel_size(&c->extent));
}

static kal_status run(const kal_job *j)
{
    const rotation *s = j->state;
    const kal_rect o = j->out->rect;
    const int32_t side = kal__patch_block((size_t)j->out->pixel);
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

#define PARAMS kal_rotate_p
static const kal_param params[] = {KAL_ROTATE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_rotate = {
    .name = "rotate",
    .version = 1,
    .family = "geometry",
    .help =
        "Counter-clockwise about the centre, by any angle\n"
        "Quarter and half turns are exact. With expand=false the size is kept and corners are cut off.\n"
        "With alpha, colours are weighted by it. Masks always use nearest, labels (u32) accept only that.",
    .inputs = "image",
    KAL__PARAMS(params, kal_rotate_p),
    .cost = 2,
    .extent = extent,
    .need = need,
    .fold = fold,
    .prepare = prepare,
    .release = free,
    .scratch = scratch,
    .map = map,
    .run = run,
    .samples = KAL__SAMPLES("angle=33", "angle=-10 expand=false edge=mirror", "angle=90",
                            "angle=200.5 kernel=nearest edge=wrap", "angle=270 expand=false color=255",
                            "angle=120 kernel=bicubic edge=reflect", "angle=45 kernel=bicubic",
                            "angle=301 edge=copy expand=false"),
};
