// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// box_blur: the mean of the n = (2·radius + 1)² samples around each.
//
//     without alpha: out = Σ in / n        with alpha a: a' = Σ a / n,  colour = Σ (in · a) / Σ a, 0 where Σ a is
//
// u8 and u16: exact sums, a column in and a column out at a time, so that the cost does not depend on the radius; then doubles, whose
// rounding cannot show without alpha, as n is odd and no mean is nearer to a half than 1/2n. Half up. Equal to OpenCV's blur.
// f32: sep.h with weights of one, since sums that are moved along would hang on where they began.
#include "cpu.h"
#include "rows.h"
#include "sep.h"
#include "space/light.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_box_blur_p *p = params;
    *out = c->in[0]->extent;
    if (out->model == KAL_MASK) p->light = KAL_LIGHT_STORED;
    if (out->model == KAL_MASK) out->model = KAL_GRAY;
    const kal_status st = kal__check_per_channel("box_blur", "color", p->color, out, true, err);
    return st ? st : kal__check_type("box_blur", out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_box_blur_p *p = c->params;
    if (!(p->radius)) {
        to->same = c->in[0];
        return true;
    }
    if (p->light == KAL_LIGHT_STORED) return false;
    kal_box_blur_p *stored = (void *)((unsigned char *)room + KAL__LIGHT_ROOM);
    *stored = *p;
    stored->light = KAL_LIGHT_STORED;
    stored->color = kal__light_colour(&c->in[0]->extent, p->color, (double *)(void *)(stored + 1));
    kal__light_fold(c, c->op, stored, to, room);
    return true;
}
_Static_assert(KAL__LIGHT_ROOM + sizeof(kal_box_blur_p) + KAL_MAX_CHANNELS * sizeof(double) <= KAL_FOLD_ROOM,
               "room");

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

#define GATHER(name, T, S)                                                               \
    KAL__INLINE void name##_add_body(S *restrict sums, const T *restrict row, size_t n)  \
    {                                                                                    \
        for (size_t i = 0; i < n; i++) sums[i] += row[i];                                \
    }                                                                                    \
    KAL__VARIANTS(name##_add, (S * sums, const T *row, size_t n), (sums, row, n))        \
    KAL__INLINE void name##_take_body(S *restrict sums, const T *restrict row, size_t n) \
    {                                                                                    \
        for (size_t i = 0; i < n; i++) sums[i] -= row[i];                                \
    }                                                                                    \
    KAL__VARIANTS(name##_take, (S * sums, const T *row, size_t n), (sums, row, n))
#define MEANS(name, T, S)                                                                             \
    static void name##_along(S *restrict to, const S *restrict sums, size_t side, size_t s, size_t n) \
    {                                                                                                 \
        for (size_t k = 0; k < s; k++) {                                                              \
            S sum = 0;                                                                                \
            for (size_t i = 0; i < side; i++) sum += sums[i * s + k];                                 \
            to[k] = sum;                                                                              \
        }                                                                                             \
        for (size_t i = s; i < n; i++) to[i] = to[i - s] + (sums[i + (side - 1) * s] - sums[i - s]);  \
    }                                                                                                 \
    KAL__INLINE void name##_mean_body(T *restrict dst, const S *restrict sums, double by, size_t n)   \
    {                                                                                                 \
        for (size_t i = 0; i < n; i++) dst[i] = (T)(int32_t)((double)sums[i] * by + 0.5);             \
    }                                                                                                 \
    KAL__VARIANTS(name##_mean, (T * dst, const S *sums, double by, size_t n), (dst, sums, by, n))
GATHER(u8, uint8_t, int32_t)
GATHER(u16, uint16_t, int64_t)
GATHER(weighed, uint32_t, int64_t)
MEANS(u8, uint8_t, int32_t)
MEANS(u16, uint16_t, int64_t)

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

// In scratch: a source row, the same weighted, sums of columns, sums of windows.
typedef struct room {
    unsigned char *row;
    uint32_t *weighed;
    void *sums, *windows;
    size_t bytes;
} room;

static room room_of(const kal_call *c, int32_t width, void *scratch)
{
    const size_t pixels = (size_t)(width + 2 * ((const kal_box_blur_p *)c->params)->radius),
                 samples = (pixels * (size_t)c->extent.channels + 15) & ~(size_t)15;
    unsigned char *at = scratch;
    return (room){.row = at,
                  .weighed = (void *)(at ? at + samples * 4 : NULL),
                  .sums = at ? at + samples * 8 : NULL,
                  .windows = at ? at + samples * 16 : NULL,
                  .bytes = samples * 24};
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    const int32_t radius = ((const kal_box_blur_p *)c->params)->radius;
    if (c->extent.type == KAL_F32) return kal__sep_scratch(c, false, radius, radius, width);
    return room_of(c, width, NULL).bytes;
}

// Source row y goes into the sums, or out of them again.
static void change(const kal_job *j, const kal__rows *source, const room *r, int32_t y, bool out)
{
    const kal_extent *e = &j->call->extent;
    const int32_t radius = ((const kal_box_blur_p *)j->call->params)->radius;
    const int32_t x0 = j->out->rect.x0 - radius, x1 = j->out->rect.x1 + radius;
    const size_t s = (size_t)e->channels, n = (size_t)(x1 - x0) * s;
    kal__rows_get(source, x0, x1, y, r->row);
    if (e->alpha && e->type == KAL_U8)
        u8_weigh(r->weighed, r->row, s, n);
    else if (e->alpha)
        u16_weigh(r->weighed, (const uint16_t *)(const void *)r->row, s, n);
    if (e->alpha)
        (out ? weighed_take : weighed_add)(r->sums, r->weighed, n);
    else if (e->type == KAL_U8)
        (out ? u8_take : u8_add)(r->sums, r->row, n);
    else
        (out ? u16_take : u16_add)(r->sums, (const uint16_t *)(const void *)r->row, n);
}

static void means(const kal_job *j, const room *r, void *dst)
{
    const kal_extent *e = &j->call->extent;
    const size_t side = 2 * (size_t)((const kal_box_blur_p *)j->call->params)->radius + 1,
                 s = (size_t)e->channels, n = (size_t)kal_tile_width(j->out) * s;
    const double by = 1 / (double)(side * side);
    if (e->type == KAL_U8 && !e->alpha)
        u8_along(r->windows, r->sums, side, s, n);
    else
        u16_along(r->windows, r->sums, side, s, n);
    if (e->alpha && e->type == KAL_U8)
        u8_unweigh(dst, r->windows, by, s, n);
    else if (e->alpha)
        u16_unweigh(dst, r->windows, by, s, n);
    else if (e->type == KAL_U8)
        u8_mean(dst, r->windows, by, n);
    else
        u16_mean(dst, r->windows, by, n);
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
    memset(r.sums, 0, (size_t)((unsigned char *)r.windows - (unsigned char *)r.sums));
    for (int32_t y = o.y0 - p->radius; y < o.y0 + p->radius; y++) change(j, &source, &r, y, false);
    for (int32_t y = o.y0; y < o.y1; y++) {
        change(j, &source, &r, y + p->radius, false);
        means(j, &r, kal_row(j->out, y));
        change(j, &source, &r, y - p->radius, true);
    }
    return KAL_OK;
}

#define PARAMS kal_box_blur_p
static const kal_param params[] = {KAL_BOX_BLUR_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_box_blur = {
    .name = "box_blur",
    .version = 1,
    .family = "filter",
    .help = "The mean of the samples around each\n"
            "Of the square of 2·radius + 1 pixels. With alpha, colours are weighted by it. Of 8- and 16-bit\n"
            "samples the cost does not grow with the radius.",
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
    .run = run,
    .samples =
        KAL__SAMPLES("", "2 edge=mirror", "7 edge=reflect", "1 edge=wrap", "3 edge=fill",
                     "1 edge=fill color=200", "0", "2 light=linear", "1 edge=fill color=90 light=linear"),
};
