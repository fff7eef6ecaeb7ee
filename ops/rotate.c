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
#include "mem.h"

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
        return kal_fail(err, KAL_UNSUPPORTED, "rotate: u32 samples are labels; kernel must be nearest");
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

// ---- where a pixel comes from -------------------------------------------------------------------

typedef struct map {
    int64_t x0, y0;   // of output pixel (0, 0)
    int64_t cos, sin;
    int64_t bias;   // added before the whole part is taken
    struct support support;
} map;

static bool is_narrow(const kal_call *c)
{
    return c->extent.type == KAL_U8 && ((const kal_rotate_p *)c->params)->kernel == BILINEAR;
}

static map map_of(const kal_call *c)
{
    const kal_rotate_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent, *out = &c->extent;
    const int64_t cos = (int64_t)kal__round(cosine(p) * (double)ONE);
    const int64_t sin = (int64_t)kal__round(sine(p) * (double)ONE);
    const int64_t w = out->width - 1, h = out->height - 1;
    map m = {.cos = cos, .sin = sin, .support = supports[p->kernel]};
    m.x0 = ((in->width - 1) * ONE - w * cos + h * sin) >> 1;
    m.y0 = ((in->height - 1) * ONE - w * sin - h * cos) >> 1;
    m.bias = p->kernel == NEAREST ? ONE / 2 : is_narrow(c) ? ONE / 512 : 0;
    return m;
}

static int64_t map_x(const map *m, int32_t x, int32_t y)
{
    return m->x0 + x * m->cos - y * m->sin + m->bias;
}

static int64_t map_y(const map *m, int32_t x, int32_t y)
{
    return m->y0 + x * m->sin + y * m->cos + m->bias;
}

static int32_t whole(int64_t s)
{
    return (int32_t)(s >> 32);
}

static void include(int64_t v, int64_t *lo, int64_t *hi)
{
    if (v < *lo) *lo = v;
    if (v > *hi) *hi = v;
}

// The taps of the corners; all others lie between.
static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    if (kal_rect_empty(out)) return kal_rect_of(0, 0, 0, 0);
    const map m = map_of(c);
    int64_t x0 = INT64_MAX, x1 = INT64_MIN, y0 = INT64_MAX, y1 = INT64_MIN;
    for (int k = 0; k < 4; k++) {
        const int32_t x = k & 1 ? out.x1 - 1 : out.x0, y = k & 2 ? out.y1 - 1 : out.y0;
        include(map_x(&m, x, y), &x0, &x1);
        include(map_y(&m, x, y), &y0, &y1);
    }
    const kal_rect taps = kal_rect_of(whole(x0) - m.support.before, whole(y0) - m.support.before,
                                      whole(x1) + m.support.after + 1, whole(y1) + m.support.after + 1);
    return kal__need_around(&c->in[0]->extent, taps, (kal_edge)((const kal_rotate_p *)c->params)->edge);
}

// ---- state --------------------------------------------------------------------------------------

typedef struct rotation {
    map map;
    kal_edge edge;
    kal_extent in;
    double fill[KAL_MAX_CHANNELS];                           // premultiplied
    _Alignas(8) unsigned char pixel[KAL_MAX_CHANNELS * 4];   // the same as samples
} rotation;

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_rotate_p *p = c->params;
    const kal_extent *e = &c->extent;
    rotation *s = *state = kal__new_zero(1, sizeof *s);
    if (!s) return kal_fail(err, KAL_NOMEM, "rotate: out of memory");
    s->map = map_of(c);
    s->edge = (kal_edge)p->edge;
    s->in = c->in[0]->extent;
    kal__colour_pixel(p->color, e, true, s->pixel);
    for (int32_t k = 0; k < e->channels; k++) s->fill[k] = kal__get(s->pixel, e->type, (size_t)k);
    for (int32_t k = 0; k < kal__colours(e) && e->alpha; k++) s->fill[k] *= s->fill[e->channels - 1];
    return KAL_OK;
}

// ---- taps ---------------------------------------------------------------------------------------

// The pixel that stands for (x, y); NULL: the fill colour.
static const unsigned char *tap(const rotation *s, const kal_tile *in, int32_t x, int32_t y)
{
    x = kal_edge_index(x, s->in.width, s->edge);
    y = kal_edge_index(y, s->in.height, s->edge);
    return x < 0 || y < 0 ? NULL : kal_at(in, x, y);
}

// A run of output pixels of row y. `inside`: every tap lies inside the image.
typedef void span_fn(const rotation *s, const kal_job *j, int32_t y, int32_t x0, int32_t x1, bool inside);

static void rotate_nearest(const rotation *s, const kal_job *j, int32_t y, int32_t x0, int32_t x1,
                           bool inside)
{
    const kal_tile *in = &j->in[0];
    const size_t pixel = (size_t)in->pixel;
    unsigned char *dst = kal_at(j->out, x0, y);
    for (int32_t x = x0; x < x1; x++, dst += pixel) {
        const int32_t u = whole(map_x(&s->map, x, y)), v = whole(map_y(&s->map, x, y));
        const unsigned char *src = inside ? kal_at(in, u, v) : tap(s, in, u, v);
        if (!src) src = s->pixel;
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

static inline void bilinear_u8(const rotation *s, const kal_job *j, int32_t y, int32_t x0, int32_t x1,
                               bool inside, size_t channels, bool alpha)
{
    const kal_tile *in = &j->in[0];
    uint8_t *dst = kal_at(j->out, x0, y);
    int64_t sx = map_x(&s->map, x0, y), sy = map_y(&s->map, x0, y);
    for (int32_t x = x0; x < x1; x++, dst += channels, sx += s->map.cos, sy += s->map.sin) {
        const int32_t u = whole(sx), v = whole(sy);
        const uint8_t *p[4];
        if (inside) {
            p[0] = kal_row(in, v) + (size_t)(u - in->rect.x0) * channels;
            p[2] = kal_row(in, v + 1) + (size_t)(u - in->rect.x0) * channels;
            p[1] = p[0] + channels;
            p[3] = p[2] + channels;
        } else {
            for (int k = 0; k < 4; k++) {
                p[k] = tap(s, in, u + (k & 1), v + (k >> 1));
                if (!p[k]) p[k] = s->pixel;
            }
        }
        if (alpha)
            mix_alpha_u8(dst, p, (uint32_t)(sx >> 24 & 255), (uint32_t)(sy >> 24 & 255), channels);
        else
            mix_u8(dst, p, (int32_t)(sx >> 24 & 255), (int32_t)(sy >> 24 & 255), channels);
    }
}

static void rotate_bilinear_u8_c(const rotation *s, const kal_job *j, int32_t y, int32_t x0, int32_t x1,
                                 bool inside)
{
    const size_t channels = (size_t)s->in.channels;
    if (channels == 1)
        bilinear_u8(s, j, y, x0, x1, inside, 1, false);
    else if (channels == 3 && !s->in.alpha)
        bilinear_u8(s, j, y, x0, x1, inside, 3, false);
    else if (channels == 4 && s->in.alpha)
        bilinear_u8(s, j, y, x0, x1, inside, 4, true);
    else
        bilinear_u8(s, j, y, x0, x1, inside, channels, s->in.alpha);
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
static inline void add_tap(double *sum, const void *p, const double *fill, double w, kal_type type,
                           size_t channels, bool alpha)
{
    const double a = alpha && p ? kal__get(p, type, channels - 1) : 1;
    for (size_t k = 0; k < channels - alpha; k++) sum[k] += w * (p ? kal__get(p, type, k) * a : fill[k]);
    if (alpha) sum[channels - 1] += w * (p ? a : fill[channels - 1]);
}

static inline void finish(void *dst, kal_type type, size_t channels, bool alpha, const double *sum)
{
    const double a = alpha ? sum[channels - 1] : 1;
    const bool gone = type == KAL_F32 ? !(a > 0) : a < 0.5;   // what alpha is stored as
    for (size_t k = 0; k + alpha < channels; k++)
        kal__set(dst, type, k, !alpha ? sum[k] : gone ? 0 : sum[k] / a);
    if (alpha) kal__set(dst, type, channels - 1, a);
}

static inline void wide(const rotation *s, const kal_job *j, int32_t y, int32_t x0, int32_t x1, bool inside,
                        int32_t taps, kal_type type, size_t channels, bool alpha)
{
    const kal_tile *in = &j->in[0];
    const int32_t before = s->map.support.before;
    unsigned char *dst = kal_at(j->out, x0, y);
    double wx[4], wy[4], row[KAL_MAX_CHANNELS], sum[KAL_MAX_CHANNELS];
    for (int32_t x = x0; x < x1; x++, dst += j->out->pixel) {
        const int64_t sx = map_x(&s->map, x, y), sy = map_y(&s->map, x, y);
        const int32_t u = whole(sx), v = whole(sy);
        weights((double)(uint32_t)sx / (double)ONE, taps, wx);
        weights((double)(uint32_t)sy / (double)ONE, taps, wy);
        for (size_t k = 0; k < channels; k++) sum[k] = 0;
        for (int32_t b = 0; b < taps; b++) {
            const unsigned char *p = inside ? kal_at(in, u - before, v - before + b) : NULL;
            for (size_t k = 0; k < channels; k++) row[k] = 0;
            for (int32_t a = 0; a < taps; a++) {
                const void *at = inside ? p + a * in->pixel : tap(s, in, u - before + a, v - before + b);
                add_tap(row, at, s->fill, wx[a], type, channels, alpha);
            }
            for (size_t k = 0; k < channels; k++) sum[k] += wy[b] * row[k];
        }
        finish(dst, type, channels, alpha, sum);
    }
}

// The common kinds with everything known to the compiler.
static void rotate_wide(const rotation *s, const kal_job *j, int32_t y, int32_t x0, int32_t x1, bool inside)
{
    const kal_extent *e = &s->in;
    const size_t n = (size_t)e->channels;
    const int32_t taps = s->map.support.before + s->map.support.after + 1;
#define KIND(T, N, A)                                        \
    if (e->type == T && n == N && e->alpha == A && inside) { \
        if (taps == 2)                                       \
            wide(s, j, y, x0, x1, true, 2, T, N, A);         \
        else                                                 \
            wide(s, j, y, x0, x1, true, 4, T, N, A);         \
        return;                                              \
    }
    KIND(KAL_U8, 1, false)
    KIND(KAL_U8, 3, false)
    KIND(KAL_U8, 4, true)
    KIND(KAL_U16, 3, false)
    KIND(KAL_F32, 3, false)
#undef KIND
    wide(s, j, y, x0, x1, inside, taps, e->type, n, e->alpha);
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

// The x of row y whose whole coordinates are at least `first` and at least `end` short of the image's far
// sides.
static void narrow_both(const rotation *s, int32_t y, int32_t first, int32_t end, int32_t *a, int32_t *b)
{
    const map *m = &s->map;
    narrow_to(map_x(m, 0, y), m->cos, first * ONE, (s->in.width - end) * ONE, a, b);
    narrow_to(map_y(m, 0, y), m->sin, first * ONE, (s->in.height - end) * ONE, a, b);
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

// fill | some taps outside | all inside | some outside | fill
static void row_of(const rotation *s, const kal_job *j, span_fn *span, int32_t y, int32_t x0, int32_t x1)
{
    const struct support u = s->map.support;
    if (s->edge == KAL_EDGE_FILL) {
        int32_t a = x0, b = x1;
        narrow_both(s, y, -u.after, -u.before, &a, &b);
        fill_run(s, j, y, x0, a);
        fill_run(s, j, y, b, x1);
        x0 = a;
        x1 = b;
    }
    int32_t a = x0, b = x1;
    narrow_both(s, y, u.before, u.after, &a, &b);
    if (x0 < a) span(s, j, y, x0, a, false);
    if (a < b) span(s, j, y, a, b, true);
    if (b < x1) span(s, j, y, b, x1, false);
}

// In narrow columns, so that the slanting rows of the input stay in the cache from one output row to the
// next.
static kal_status run(const kal_job *j)
{
    enum { COLUMNS = 64 };
    const rotation *s = j->state;
    const int32_t kernel = ((const kal_rotate_p *)j->call->params)->kernel;
    span_fn *const span = kernel == NEAREST    ? rotate_nearest
                          : is_narrow(j->call) ? rotate_bilinear_u8_c
                                               : rotate_wide;
    const kal_rect o = j->out->rect;
    for (int32_t x = o.x0; x < o.x1; x += COLUMNS) {
        const int32_t end = x + COLUMNS < o.x1 ? x + COLUMNS : o.x1;
        for (int32_t y = o.y0; y < o.y1; y++) row_of(s, j, span, y, x, end);
    }
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
    .run = run,
    .samples = KAL__SAMPLES("angle=33", "angle=-10 expand=false edge=mirror", "angle=90",
                            "angle=200.5 kernel=nearest edge=wrap", "angle=270 expand=false color=255",
                            "angle=120 kernel=bicubic edge=reflect", "angle=45 kernel=bicubic",
                            "angle=301 edge=copy expand=false"),
};
