// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// box_blur: the mean of the n = (2·radius + 1)² samples around each.
//
//     without alpha: out = Σ in / n        with alpha a: a' = Σ a / n,  colour = Σ (in · a) / Σ a, 0 where Σ a is
//
// u8 and u16: exact sums, a column in and a column out at a time, so that the cost does not depend on the radius; then doubles, whose
// rounding cannot show without alpha, as n is odd and no mean is nearer to a half than 1/2n. Half up. Equal to OpenCV's blur. Of u8
// without alpha, sums fit 16 bits up to a radius of 7: there each window's columns are added anew, many windows at a time.
// f32: sep.h with weights of one, since sums that are moved along would hang on where they began.
#include "cpu.h"
#include "rows.h"
#include "sep.h"
#include "space/light.h"
#include "window.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_box_blur_p *p = params;
    *out = c->in[0]->extent;
    if (out->model == KAL_MASK) p->light = KAL_LIGHT_STORED;
    if (out->model == KAL_MASK) out->model = KAL_GRAY;
    const kal_status st = kal__check_color("box_blur", "color", p->color, out, true, err);
    return st ? st : kal__check_type("box_blur", out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_box_blur_p *p = c->params;
    if (!(p->radius)) {
        to->same = c->in[0];
        return true;
    }
    return kal__light_fold(
        c, (kal__light_fields){offsetof(kal_box_blur_p, light), offsetof(kal_box_blur_p, color)}, to, room);
}
KAL__LIGHT_FITS(kal_box_blur_p);

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_box_blur_p *p = c->params;
    return kal__sep_need(c, p->radius, p->radius, (kal_edge)p->edge, out);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_box_blur_p *p = c->params;
    if (c->extent.type != KAL_F32) return KAL_OK;
    double ones[2 * KAL_BOX_BLUR_MOST + 1];
    const int32_t side = 2 * p->radius + 1;
    for (int32_t i = 0; i < side; i++) ones[i] = 1;
    kal__sep *s = NULL;
    const kal_status st =
        kal__sep_new(c, ones, side, ones, side, false, (kal_edge)p->edge, p->color, &s, err);
    if (s) s->scale = 1.0 / ((double)side * side);
    *state = s;
    return st;
}

// ---- sums -----------------------------------------------------------------------------------------
// Of columns in `sums`; those of u8 without alpha are below 2^28, all others below 2^53.

// Radii up to which sums of bytes are below 2^16: of windows, of columns.
enum { SHORT = 7, SHORT_COLUMNS = 128 };

// A row goes in and, if there is one, another out.
#define GATHER(name, T, S)                                                                             \
    KAL__INLINE void name##_change_body(S *restrict sums, const T *restrict in, const T *restrict out, \
                                        size_t n)                                                      \
    {                                                                                                  \
        if (out)                                                                                       \
            for (size_t i = 0; i < n; i++) sums[i] = (S)(sums[i] + (S)in[i] - (S)out[i]);              \
        else                                                                                           \
            for (size_t i = 0; i < n; i++) sums[i] = (S)(sums[i] + (S)in[i]);                          \
    }                                                                                                  \
    KAL__VARIANTS(name##_change, (S * sums, const T *in, const T *out, size_t n), (sums, in, out, n))
// n sums of windows, whose first pixel is in `now`; afterwards the next one is. What windows differ by from pixel to pixel comes first, many at
// a time, then their sums.
#define ALONG(name, C, S)                                                                              \
    KAL__INLINE void name##_steps_body(S *restrict to, const C *restrict sums, size_t ahead, size_t n) \
    {                                                                                                  \
        for (size_t i = 0; i < n; i++) to[i] = (S)sums[i + ahead] - (S)sums[i];                        \
    }                                                                                                  \
    KAL__VARIANTS(name##_steps, (S * to, const C *sums, size_t ahead, size_t n), (to, sums, ahead, n)) \
    KAL__INLINE void name##_climb(S *restrict to, const size_t s, size_t n, S *restrict now)           \
    {                                                                                                  \
        for (size_t i = 0; i < n; i += s)                                                              \
            for (size_t k = 0; k < s; k++) {                                                           \
                const S step = to[i + k];                                                              \
                to[i + k] = now[k];                                                                    \
                now[k] += step;                                                                        \
            }                                                                                          \
    }                                                                                                  \
    static void name##_along(S *to, const C *sums, size_t side, size_t s, size_t n, S *now)            \
    {                                                                                                  \
        S few[4] = {now[0], s > 1 ? now[1] : 0, s > 2 ? now[2] : 0, s > 3 ? now[3] : 0};               \
        name##_steps(to, sums, side *s, n);                                                            \
        switch (s) {                                                                                   \
        case 1: name##_climb(to, 1, n, few); break;                                                    \
        case 2: name##_climb(to, 2, n, few); break;                                                    \
        case 3: name##_climb(to, 3, n, few); break;                                                    \
        case 4: name##_climb(to, 4, n, few); break;                                                    \
        default: name##_climb(to, s, n, now); return;                                                  \
        }                                                                                              \
        memcpy(now, few, s * sizeof *now);                                                             \
    }                                                                                                  \
    static void name##_first(S *now, const C *sums, size_t side, size_t s)                             \
    {                                                                                                  \
        memset(now, 0, s * sizeof *now);                                                               \
        for (size_t i = 0; i < side * s; i++) now[i % s] += sums[i];                                   \
    }
#define MEANS(name, T, S, REAL)                                                                   \
    KAL__INLINE void name##_mean_body(T *restrict dst, const S *restrict sums, REAL by, size_t n) \
    {                                                                                             \
        for (size_t i = 0; i < n; i++) dst[i] = (T)(int32_t)((REAL)sums[i] * by + (REAL)0.5);     \
    }                                                                                             \
    KAL__VARIANTS(name##_mean, (T * dst, const S *sums, REAL by, size_t n), (dst, sums, by, n))
GATHER(short, uint8_t, uint16_t)
GATHER(u8, uint8_t, int32_t)
GATHER(u16, uint16_t, int64_t)
GATHER(weighed, uint32_t, int64_t)
ALONG(short, uint16_t, int32_t)
ALONG(u8, int32_t, int32_t)
ALONG(u16, int64_t, int64_t)
MEANS(u8, uint8_t, int32_t, double)
MEANS(u16, uint16_t, int64_t, double)
// Up to this radius floats do: sums are below 2^24, a mean is off by less than 255 · 2^-23 and 2^-17 more from the half that is added, and
// none is nearer than 1 / 2n to where it turns over.
enum { FLOATS = 50 };
MEANS(near, uint8_t, int32_t, float)

// (sum + n / 2) / n by a multiplication: with 2^k <= n < 2^(k + 1), m = ⌈2^(16 + k) / n⌉ and e = m n − 2^(16 + k), the quotient of any x is
// exact while x e < 2^(16 + k). x < 256 n, and e is at most 67 of the n there are, 2^k / n more than 1/2.
KAL__INLINE void short_side(uint8_t *restrict dst, const uint16_t *restrict sums, const size_t side, size_t s,
                            size_t n)
{
    const uint32_t places = (uint32_t)(side * side), k = places < 16    ? 3
                                                         : places < 32  ? 4
                                                         : places < 64  ? 5
                                                         : places < 128 ? 6
                                                                        : 7;
    const uint32_t by = ((1u << (16 + k)) + places - 1) / places;
    for (size_t i = 0; i < n; i++) {
        uint16_t sum = (uint16_t)(places / 2);
        for (size_t c = 0; c < side; c++) sum = (uint16_t)(sum + sums[i + c * s]);
        dst[i] = (uint8_t)((uint16_t)(sum * by >> 16) >> k);
    }
}
KAL__INLINE void short_means_body(uint8_t *dst, const uint16_t *sums, size_t side, size_t s, size_t n)
{
    switch (side) {
    case 3: short_side(dst, sums, 3, s, n); return;
    case 5: short_side(dst, sums, 5, s, n); return;
    case 7: short_side(dst, sums, 7, s, n); return;
    case 9: short_side(dst, sums, 9, s, n); return;
    case 11: short_side(dst, sums, 11, s, n); return;
    case 13: short_side(dst, sums, 13, s, n); return;
    case 15: short_side(dst, sums, 15, s, n); return;
    }
}
KAL__VARIANTS(short_means, (uint8_t * dst, const uint16_t *sums, size_t side, size_t s, size_t n),
              (dst, sums, side, s, n))

// Colours times alpha, into 32 bits.
#define WEIGHTED(name, T)                                                                           \
    static void name##_weigh(uint32_t *restrict dst, const T *restrict src, size_t s, size_t n)     \
    {                                                                                               \
        for (size_t i = 0; i < n; i += s, src += s, dst += s) {                                     \
            for (size_t k = 0; k + 1 < s; k++) dst[k] = (uint32_t)src[k] * src[s - 1];              \
            dst[s - 1] = src[s - 1];                                                                \
        }                                                                                           \
    }                                                                                               \
    static void name##_unweigh(T *dst, const int64_t *sums, double by, size_t s, size_t n)          \
    {                                                                                               \
        for (size_t i = 0; i < n; i += s, sums += s, dst += s) {                                    \
            const double a = (double)sums[s - 1];                                                   \
            for (size_t k = 0; k + 1 < s; k++) dst[k] = (T)(a > 0 ? (double)sums[k] / a + 0.5 : 0); \
            dst[s - 1] = (T)(a * by + 0.5);                                                         \
        }                                                                                           \
    }
WEIGHTED(u8, uint8_t)
WEIGHTED(u16, uint16_t)

// ---- the job ----------------------------------------------------------------------------------------

enum { PIECE = 256 };   // pixels of a row whose sums of windows stay in the cache

// In scratch: two source rows, what goes in and what goes out, and the same weighted; sums of columns, sums of windows.
typedef struct room {
    unsigned char *row[2];
    uint32_t *weighed[2];
    void *sums, *windows;
    size_t bytes;
} room;

static room room_of(const kal_call *c, int32_t width, void *scratch)
{
    // a pixel more than is summed: the step behind the last window is made, and not taken
    const size_t pixels = (size_t)(width + 2 * ((const kal_box_blur_p *)c->params)->radius) + 1,
                 channels = (size_t)c->extent.channels, samples = (pixels * channels + 15) & ~(size_t)15;
    unsigned char *at = scratch;
    room r = {.bytes = samples * 24 + PIECE * channels * sizeof(int64_t)};
    if (!at) return r;
    for (int i = 0; i < 2; i++)
        r.row[i] = at + (size_t)i * samples * 4, r.weighed[i] = (void *)(r.row[i] + samples * 8);
    r.sums = at + samples * 16;
    r.windows = at + samples * 24;
    return r;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    const int32_t radius = ((const kal_box_blur_p *)c->params)->radius;
    if (c->extent.type == KAL_F32) return kal__sep_scratch(c, false, radius, radius, width);
    return room_of(c, width, NULL).bytes;
}

static bool is_short(const kal_call *c, int32_t most)
{
    return c->extent.type == KAL_U8 && !c->extent.alpha &&
           ((const kal_box_blur_p *)c->params)->radius <= most;
}

static size_t sum_size(const kal_call *c)
{
    return is_short(c, SHORT_COLUMNS)                     ? sizeof(uint16_t)
           : c->extent.type == KAL_U8 && !c->extent.alpha ? sizeof(int32_t)
                                                          : sizeof(int64_t);
}

// Pixels of a source row: where they are, when all are `inside` the image, or copied.
static const void *pixels(const kal__rows *source, int32_t x0, int32_t x1, int32_t y, bool inside, void *copy)
{
    const int32_t row = kal_edge_index(y, source->e->height, source->edge);
    if (inside && row >= 0) return kal_at(source->in, x0, row);
    kal__rows_get(source, x0, x1, y, copy);
    return copy;
}

// Pixels x0 … x1 − 1 of source row `in` go into the sums and, if `both`, those of row `out` out of them.
static void change(const kal_job *j, const kal__rows *source, const room *r, int32_t in, int32_t out,
                   bool both, int32_t x0, int32_t x1)
{
    const kal_extent *e = &j->call->extent;
    const int32_t first = j->out->rect.x0 - ((const kal_box_blur_p *)j->call->params)->radius;
    const size_t s = (size_t)e->channels, n = (size_t)(x1 - x0) * s;
    const bool inside = x0 >= 0 && x1 <= e->width;
    void *sums = (unsigned char *)r->sums + (size_t)(x0 - first) * s * sum_size(j->call);
    const void *row[2] = {NULL, NULL};
    for (int i = 0; i < 1 + both; i++) {
        row[i] = pixels(source, x0, x1, i ? out : in, inside, r->row[i]);
        if (!e->alpha) continue;
        e->type == KAL_U8 ? u8_weigh(r->weighed[i], row[i], s, n) : u16_weigh(r->weighed[i], row[i], s, n);
    }
    if (e->alpha)
        weighed_change(sums, r->weighed[0], both ? r->weighed[1] : NULL, n);
    else if (e->type == KAL_U16)
        u16_change(sums, row[0], row[1], n);
    else
        is_short(j->call, SHORT_COLUMNS) ? short_change(sums, row[0], row[1], n)
                                         : u8_change(sums, row[0], row[1], n);
}

// The whole width: what lies inside the image, and what the edge mode puts beside it.
static void change_row(const kal_job *j, const kal__rows *source, const room *r, int32_t in, int32_t out,
                       bool both)
{
    const int32_t radius = ((const kal_box_blur_p *)j->call->params)->radius, width = source->e->width;
    const int32_t x0 = j->out->rect.x0 - radius, x1 = j->out->rect.x1 + radius;
    const int32_t left = x0 < 0 ? 0 : x0, right = x1 > width ? width : x1;   // an output pixel is inside
    if (x0 < left) change(j, source, r, in, out, both, x0, left);
    change(j, source, r, in, out, both, left, right);
    if (right < x1) change(j, source, r, in, out, both, right, x1);
}

static void means(const kal_job *j, const room *r, unsigned char *dst)
{
    const kal_extent *e = &j->call->extent;
    const int32_t radius = ((const kal_box_blur_p *)j->call->params)->radius;
    const size_t side = 2 * (size_t)radius + 1, s = (size_t)e->channels,
                 n = (size_t)kal_tile_width(j->out) * s, piece = PIECE * s;
    const double by = 1 / (double)(side * side);
    const bool short_columns = is_short(j->call, SHORT_COLUMNS), bytes = e->type == KAL_U8 && !e->alpha;
    int32_t now[KAL_MAX_CHANNELS];
    int64_t now_wide[KAL_MAX_CHANNELS];
    if (short_columns)
        short_first(now, r->sums, side, s);
    else if (bytes)
        u8_first(now, r->sums, side, s);
    else
        u16_first(now_wide, r->sums, side, s);
    for (size_t i = 0; i < n; i += piece) {
        const size_t m = n - i < piece ? n - i : piece;
        void *to = dst + i * kal_type_size(e->type);
        if (short_columns)
            short_along(r->windows, (const uint16_t *)r->sums + i, side, s, m, now);
        else if (bytes)
            u8_along(r->windows, (const int32_t *)r->sums + i, side, s, m, now);
        else
            u16_along(r->windows, (const int64_t *)r->sums + i, side, s, m, now_wide);
        if (e->alpha)
            e->type == KAL_U8 ? u8_unweigh(to, r->windows, by, s, m) : u16_unweigh(to, r->windows, by, s, m);
        else if (bytes && radius <= FLOATS)
            near_mean(to, r->windows, (float)by, m);
        else if (bytes)
            u8_mean(to, r->windows, by, m);
        else
            u16_mean(to, r->windows, by, m);
    }
}

static kal_status run(const kal_job *j)
{
    const kal_box_blur_p *p = j->call->params;
    const kal_rect o = j->out->rect;
    if (j->state) {
        kal__sep_run(j->state, j->call, j, NULL);
        return KAL_OK;
    }
    const room r = room_of(j->call, o.x1 - o.x0, j->scratch);
    const kal__rows source = kal__rows_of(j, p->edge, p->color);
    const size_t s = (size_t)j->call->extent.channels;
    memset(r.sums, 0, (size_t)((unsigned char *)r.windows - (unsigned char *)r.sums));
    for (int32_t y = o.y0 - p->radius; y < o.y0 + p->radius; y++) change_row(j, &source, &r, y, 0, false);
    for (int32_t y = o.y0; y < o.y1; y++) {
        change_row(j, &source, &r, y + p->radius, y - p->radius - 1, y > o.y0);
        unsigned char *dst = kal_row(j->out, y);
        if (is_short(j->call, SHORT))
            short_means(dst, r.sums, 2 * (size_t)p->radius + 1, s, (size_t)(o.x1 - o.x0) * s);
        else
            means(j, &r, dst);
    }
    return KAL_OK;
}

static int32_t least_rows(const kal_call *c)
{
    if (c->extent.type == KAL_F32) return 0;
    return kal__window_rows(((const kal_box_blur_p *)c->params)->radius);
}

#define PARAMS kal_box_blur_p
static const kal_param params[] = {KAL_BOX_BLUR_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_box_blur = {
    .name = "box_blur",
    .version = 1,
    .family = "filter",
    .help = "The mean of the samples around each\n"
            "Of the square of 2·radius + 1 pixels. With alpha, colours are weighted by it. Of 8- and 16-bit\n"
            "samples the cost hardly grows with the radius up to some 128, and is about twice that at 256.",
    .inputs = "image",
    KAL__PARAMS(params, kal_box_blur_p),
    .n_later = 1,
    .cost = 2,
    .extent = extent,
    .need = need,
    .fold = fold,
    .prepare = prepare,
    .release = kal__sep_free,
    .scratch = scratch,
    .least_rows = least_rows,
    .run = run,
    .samples =
        KAL__SAMPLES("", "2 edge=mirror", "7 edge=reflect", "1 edge=wrap", "3 edge=fill",
                     "1 edge=fill color=200", "0", "2 light=linear", "1 edge=fill color=90 light=linear"),
};
