// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// local_mean and local_std: mean and standard deviation of the n = (2·radius + 1)² samples around each, in f32:
//
//     mean = S / (n · white)        std = √(((Q − c (2 S − n c)) − (S − n c)² / n) / n) / white,  S = Σ in, Q = Σ in²
//
// of the population (n, not n − 1). S and Q are sums of window.h: whole numbers below 2^53 for integers, so the mean is the true one rounded.
// c is S / n cut to a whole number for them: all but the last division is then exact too, where Q / n − (S / n)² would lose
// what a bright window differs by. Of f32, c is 0. Alpha is not looked at, and left out of the result.
#include "channels.h"
#include "cpu.h"
#include "rows.h"
#include "window.h"

extern const kal_op kal__op_local_mean, kal__op_local_std;

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_local_mean_p *p = params;
    const kal_extent *e = &c->in[0]->extent;
    kal_status st = kal__check_color(c->op->name, "color", p->color, e, true, err);
    if (!st) st = kal__check_type(c->op->name, e, err);
    *out = *e;
    kal__unmask(out);
    out->type = KAL_F32;
    out->alpha = false;
    out->channels = kal__colours(e);
    return st;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_local_mean_p *p = c->params;
    return kal_need_halo(&c->in[0]->extent, out, p->radius, p->radius, p->radius, p->radius,
                         (kal_edge)p->edge);
}

static size_t planes_of(const kal_call *c)
{
    return (size_t)c->extent.channels * (c->op == &kal__op_local_std ? 2 : 1);
}

static size_t row_bytes(const kal_call *c, int32_t width)
{
    const size_t pixels = (size_t)width + 2 * (size_t)((const kal_local_mean_p *)c->params)->radius;
    return (pixels * kal_pixel_size(&c->in[0]->extent) + 63) & ~(size_t)63;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    const int32_t radius = ((const kal_local_mean_p *)c->params)->radius,
                  stripe = kal__window_stripe(radius, width);
    return row_bytes(c, stripe) + kal__window_room(radius, planes_of(c), stripe, height);
}

// ---- rows ---------------------------------------------------------------------------------------

// Every s-th sample, and its square.
#define ADD(name, T)                                                                                     \
    KAL__INLINE void name##_every(double *restrict to, const T *restrict from, const size_t s, size_t n) \
    {                                                                                                    \
        for (size_t i = 0; i < n; i++) to[i] += (double)from[i * s];                                     \
    }                                                                                                    \
    KAL__INLINE void name##_every_square(double *restrict to, const T *restrict from, const size_t s,    \
                                         size_t n)                                                       \
    {                                                                                                    \
        for (size_t i = 0; i < n; i++) to[i] += (double)from[i * s] * (double)from[i * s];               \
    }                                                                                                    \
    KAL__INLINE void name##_add_body(double *to, const T *from, size_t s, size_t n, bool square)         \
    {                                                                                                    \
        if (square)                                                                                      \
            (s == 1   ? name##_every_square(to, from, 1, n)                                              \
             : s == 3 ? name##_every_square(to, from, 3, n)                                              \
                      : name##_every_square(to, from, s, n));                                            \
        else                                                                                             \
            (s == 1   ? name##_every(to, from, 1, n)                                                     \
             : s == 3 ? name##_every(to, from, 3, n)                                                     \
                      : name##_every(to, from, s, n));                                                   \
    }                                                                                                    \
    KAL__VARIANTS(name##_add, (double *to, const T *from, size_t s, size_t n, bool square),              \
                  (to, from, s, n, square))
ADD(u8, uint8_t)
ADD(u16, uint16_t)
ADD(f32, float)

KAL__INLINE void means_body(float *restrict dst, const double *restrict sums, size_t s, size_t n, double by)
{
    for (size_t i = 0; i < n; i++) dst[i * s] = (float)(sums[i] / by);
}
KAL__VARIANTS(means, (float *dst, const double *sums, size_t s, size_t n, double by), (dst, sums, s, n, by))

KAL__INLINE void deviations_body(float *restrict dst, const double *restrict sums,
                                 const double *restrict squares, size_t s, size_t n, double places,
                                 double white)
{
    const double shift = white > 1 ? 1 / places : 0;
    for (size_t i = 0; i < n; i++) {
        const double c = white > 1 ? (double)(int32_t)(sums[i] * shift) : 0, rest = sums[i] - places * c,
                     v = ((squares[i] - c * (sums[i] + rest)) - rest * rest / places) / places;
        dst[i * s] = (float)(__builtin_sqrt(v < 0 ? 0 : v) / white);
    }
}
KAL__VARIANTS(deviations,
              (float *dst, const double *sums, const double *squares, size_t s, size_t n, double places,
               double white),
              (dst, sums, squares, s, n, places, white))

// ---- the job ------------------------------------------------------------------------------------

typedef struct work {
    const kal_job *job;
    kal__rows source;
    int32_t radius, x0, x1;   // of a stripe
    void *row;
} work;

static void add(void *user, int32_t y, double *sums, size_t step)
{
    const work *w = user;
    const kal_call *c = w->job->call;
    const kal_extent *e = &c->in[0]->extent;
    const size_t s = (size_t)e->channels, colours = (size_t)c->extent.channels, planes = planes_of(c),
                 n = (size_t)(w->x1 - w->x0 + 2 * w->radius);
    kal__rows_get(&w->source, w->x0 - w->radius, w->x1 + w->radius, y, w->row);
    for (size_t k = 0; k < planes; k++) {
        const size_t from = k % colours;
        if (e->type == KAL_U8)
            u8_add(sums + k * step, (const uint8_t *)w->row + from, s, n, k >= colours);
        else if (e->type == KAL_U16)
            u16_add(sums + k * step, (const uint16_t *)w->row + from, s, n, k >= colours);
        else
            f32_add(sums + k * step, (const float *)w->row + from, s, n, k >= colours);
    }
}

static void done(void *user, int32_t y, const double *sums, size_t step)
{
    const work *w = user;
    const kal_call *c = w->job->call;
    const size_t s = (size_t)c->extent.channels, n = (size_t)(w->x1 - w->x0);
    const double side = 2.0 * w->radius + 1, places = side * side,
                 white = kal_type_max(c->in[0]->extent.type);
    float *dst = (float *)(void *)kal_at(w->job->out, w->x0, y);
    for (size_t k = 0; k < s; k++)
        if (planes_of(c) > s)
            deviations(dst + k, sums + k * step, sums + (s + k) * step, s, n, places, white);
        else
            means(dst + k, sums + k * step, s, n, places * white);
}

static kal_status run(const kal_job *j)
{
    const kal_local_mean_p *p = j->call->params;
    const kal_rect o = j->out->rect;
    const int32_t most = kal__window_stripe(p->radius, o.x1 - o.x0);
    work w = {.job = j, .source = kal__rows_of(j, p->edge, p->color), .radius = p->radius, .row = j->scratch};
    void *room = (unsigned char *)j->scratch + row_bytes(j->call, most);
    for (w.x0 = o.x0; w.x0 < o.x1; w.x0 = w.x1) {
        w.x1 = o.x1 - w.x0 < most ? o.x1 : w.x0 + most;
        kal__window_run(p->radius, planes_of(j->call), kal_rect_of(w.x0, o.y0, w.x1, o.y1), room, add, done,
                        &w);
    }
    return KAL_OK;
}

static int32_t least_rows(const kal_call *c)
{
    return kal__window_rows(((const kal_local_mean_p *)c->params)->radius);
}

#define PARAMS kal_local_mean_p
static const kal_param params[] = {KAL_LOCAL_MEAN_PARAMS(KAL_SCHEMA)};
_Static_assert(sizeof(kal_local_mean_p) == sizeof(kal_local_std_p), "one struct by two names");

#define COMMON                                                                                               \
    "\nOf the square of 2·radius + 1 pixels, in f32 and in parts of white, every colour for itself; alpha " \
    "is\n"                                                                                                   \
    "not looked at, and left out. The cost hardly grows with the radius up to some 128, and is about twice " \
    "that\n"                                                                                                 \
    "at 256."
#define RECORD(word, ns, line, ...)            \
    const kal_op kal__op_##word = {            \
        .name = #word,                         \
        .version = 1,                          \
        .family = "filter",                    \
        .help = line COMMON,                   \
        .inputs = "image",                     \
        KAL__PARAMS(params, kal_local_mean_p), \
        .cost = ns,                            \
        .extent = extent,                      \
        .need = need,                          \
        .scratch = scratch,                    \
        .least_rows = least_rows,              \
        .run = run,                            \
        .samples = KAL__SAMPLES(__VA_ARGS__),  \
    }
RECORD(local_mean, 1.2f, "The mean around each, not rounded: what a sample is to be compared with", "",
       "1 edge=mirror", "6 edge=reflect", "20 edge=wrap", "3 edge=fill color=200");
RECORD(local_std, 2, "The standard deviation around each: how much samples differ there", "", "1 edge=mirror",
       "5 edge=wrap", "12 edge=fill");
