// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// sobel, scharr and laplacian: differences of a pixel's neighbours, in f32. With a, b the weights 1, 2 of sobel or 3, 10 of scharr:
//
//     x = a (ne − nw) + b (e − w) + a (se − sw)        y = a (sw − nw) + b (s − n) + a (se − ne)
//     magnitude = √(x² + y²)                           laplacian = ((n + s) + (w + e)) − 4 in
//
// divided by white: a step from black to white is 4 of sobel's x. What is below 0 stays below 0. Doubles in this order; of integers
// everything before the root and the division is exact, so that times white it is OpenCV's Sobel, Scharr and Laplacian. Alpha is not
// looked at, and left out of the result.
#include "channels.h"
#include "cpu.h"
#include "rows.h"
#include "wide.h"

enum { OF_MAGNITUDE, OF_X, OF_Y };

extern const kal_op kal__op_sobel, kal__op_scharr, kal__op_laplacian;

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_sobel_p *p = params;
    const kal_list color = c->op == &kal__op_laplacian ? ((const kal_laplacian_p *)params)->color : p->color;
    const kal_extent *e = &c->in[0]->extent;
    kal_status st = kal__check_color(c->op->name, "color", color, e, true, err);
    if (!st) st = kal__check_type(c->op->name, e, err);
    *out = *e;
    kal__unmask(out);
    out->type = KAL_F32;
    out->alpha = false;
    out->channels = kal__colours(e);
    return st;
}

static kal_edge edge_of(const kal_call *c)
{
    return (kal_edge)(c->op == &kal__op_laplacian ? ((const kal_laplacian_p *)c->params)->edge
                                                  : ((const kal_sobel_p *)c->params)->edge);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    return kal_need_halo(&c->in[0]->extent, out, 1, 1, 1, 1, edge_of(c));
}

// ---- a row ------------------------------------------------------------------------------------------
// Three source rows from the pixel before on, s samples a pixel.

#define SUM_X (a * (r0[i + 2 * s] - r0[i]) + b * (r1[i + 2 * s] - r1[i]) + a * (r2[i + 2 * s] - r2[i]))
#define SUM_Y (a * (r2[i] - r0[i]) + b * (r2[i + s] - r0[i + s]) + a * (r2[i + 2 * s] - r0[i + 2 * s]))
#define ROW(name, expr)                                                                                     \
    KAL__INLINE void name##_body(float *restrict dst, const double *restrict r0, const double *restrict r1, \
                                 const double *restrict r2, size_t s, size_t n, double a, double b,         \
                                 double white)                                                              \
    {                                                                                                       \
        (void)r1, (void)a, (void)b;                                                                         \
        for (size_t i = 0; i < n; i++) dst[i] = (float)((expr) / white);                                    \
    }                                                                                                       \
    KAL__VARIANTS(name,                                                                                     \
                  (float *dst, const double *r0, const double *r1, const double *r2, size_t s, size_t n,    \
                   double a, double b, double white),                                                       \
                  (dst, r0, r1, r2, s, n, a, b, white))
ROW(row_x, SUM_X)
ROW(row_y, SUM_Y)
ROW(row_magnitude, __builtin_sqrt(SUM_X *SUM_X + SUM_Y * SUM_Y))
ROW(row_laplacian, ((r0[i + s] + r2[i + s]) + (r1[i] + r1[i + 2 * s])) - 4 * r1[i + s])

typedef void row_fn(float *dst, const double *r0, const double *r1, const double *r2, size_t s, size_t n,
                    double a, double b, double white);
static row_fn *const rows_of[] = {[OF_MAGNITUDE] = row_magnitude, [OF_X] = row_x, [OF_Y] = row_y};

// ---- the job ----------------------------------------------------------------------------------------

static size_t row_samples(const kal_call *c, int32_t width)
{
    return (((size_t)width + 2) * (size_t)c->in[0]->extent.channels + 15) & ~(size_t)15;
}

// A row as it is read, three in doubles, and one of results with alpha.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    return row_samples(c, width) * (sizeof(float) + 3 * sizeof(double) + sizeof(float));
}

static kal_status run(const kal_job *j)
{
    const kal_call *c = j->call;
    const kal_sobel_p *p = c->params;
    const bool laplacian = c->op == &kal__op_laplacian, scharr = c->op == &kal__op_scharr;
    const kal_extent *e = &c->in[0]->extent;
    const kal_rect o = j->out->rect;
    const size_t step = row_samples(c, o.x1 - o.x0), s = (size_t)e->channels,
                 colours = (size_t)kal__colours(e), pixels = (size_t)(o.x1 - o.x0);
    double *ring = j->scratch;
    float *line = (float *)(void *)(ring + 3 * step), *raw = line + step;
    row_fn *const row = laplacian ? row_laplacian : rows_of[p->of];
    const kal__rows source =
        kal__rows_of(j, edge_of(c), laplacian ? ((const kal_laplacian_p *)c->params)->color : p->color);
    for (int32_t y = o.y0 - 1, i = 0; y <= o.y1; y++, i++) {
        kal__rows_get(&source, o.x0 - 1, o.x1 + 1, y, raw);
        kal__widen(ring + (size_t)(i % 3) * step, raw, 0, pixels + 2, e, false);
        if (i < 2) continue;
        float *dst = (float *)(void *)kal_row(j->out, y - 1);
        row(e->alpha ? line : dst, ring + (size_t)((i + 1) % 3) * step, ring + (size_t)((i + 2) % 3) * step,
            ring + (size_t)(i % 3) * step, s, pixels * s, scharr ? 3 : 1, scharr ? 10 : 2,
            kal_type_max(e->type));
        for (size_t x = 0; x < pixels && e->alpha; x++)
            for (size_t k = 0; k < colours; k++) dst[x * colours + k] = line[x * s + k];
    }
    return KAL_OK;
}

#define PARAMS kal_sobel_p
static const kal_param sobel_params[] = {KAL_SOBEL_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_laplacian_p
static const kal_param laplacian_params[] = {KAL_LAPLACIAN_PARAMS(KAL_SCHEMA)};
_Static_assert(sizeof(kal_sobel_p) == sizeof(kal_scharr_p), "one struct by two names");

#define COMMON                                                                                               \
    "\nIn f32, in parts of white, below 0 where it gets darker: linear offset=0.5 shows both, and cast to\n" \
    "integers leaves out what is below 0. Every colour for itself; alpha is not looked at, and left out."
#define RECORD(word, rows, line, ...)         \
    const kal_op kal__op_##word = {           \
        .name = #word,                        \
        .version = 1,                         \
        .family = "filter",                   \
        .help = line COMMON,                  \
        .inputs = "image",                    \
        KAL__PARAMS(rows, kal_##word##_p),    \
        .cost = 0.5f,                         \
        .extent = extent,                     \
        .need = need,                         \
        .scratch = scratch,                   \
        .run = run,                           \
        .samples = KAL__SAMPLES(__VA_ARGS__), \
    }
RECORD(sobel, sobel_params,
       "How steeply samples rise around each, to the right, downwards, or the length of both", "",
       "x edge=mirror", "y edge=wrap", "edge=fill color=200", "y edge=reflect");
RECORD(scharr, sobel_params, "sobel with weights 3, 10, 3, which favour no direction", "", "x edge=reflect",
       "y edge=fill");
RECORD(laplacian, laplacian_params, "How much the four neighbours of each are above it", "", "edge=mirror",
       "edge=fill color=200");
