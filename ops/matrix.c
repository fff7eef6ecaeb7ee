// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See matrix.h. An output row is made from the source rows one by one: each is widened to doubles with its
// edges on (`line`), then added to `sum` once per weight, a plain loop over the row.
#include "matrix.h"

#include "channels.h"
#include "cpu.h"
#include "mem.h"

#include <stdlib.h>

double kal__weights_sum(const double *weights, int32_t n)
{
    double sum = 0, size = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += weights[i];
        size += weights[i] < 0 ? -weights[i] : weights[i];
    }
    return (sum < 0 ? -sum : sum) <= 1e-12 * size ? 0 : sum;
}

// Colours are weighted by alpha.
static bool weighted(const kal__matrix *m, const kal_extent *e)
{
    return e->alpha && m->sum != 0;
}

kal_status kal__matrix_new(const kal_call *c, const double *weights, int32_t columns, int32_t rows,
                           double sum, kal_edge edge, kal_list color, kal__matrix **out, kal_error *err)
{
    const kal_extent *e = &c->extent;
    const size_t n = (size_t)columns * (size_t)rows;
    kal__matrix *m = kal__new_zero(1, sizeof *m);
    double *copy = m ? kal__new(n, sizeof *copy) : NULL;
    if (!copy) {
        free(m);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    }
    memcpy(copy, weights, n * sizeof *copy);
    *m = (kal__matrix){
        .columns = columns, .rows = rows, .weights = copy, .sum = sum, .scale = 1, .edge = edge};
    unsigned char pixel[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(color, e, false, pixel);
    for (int32_t k = 0; k < e->channels; k++) m->fill[k] = kal__get(pixel, e->type, (size_t)k);
    for (int32_t k = 0; k < kal__colours(e) && weighted(m, e); k++) m->fill[k] *= m->fill[e->channels - 1];
    *out = m;
    return KAL_OK;
}

void kal__matrix_free(kal__matrix *m)
{
    if (!m) return;
    free(m->weights);
    free(m);
}

size_t kal__matrix_scratch(const kal_call *c, int32_t columns, int32_t width)
{
    return (2 * (size_t)width + (size_t)columns) * (size_t)c->extent.channels * sizeof(double);
}

// n samples as doubles, then colours times alpha.
static void widen(double *to, const void *src, size_t first, size_t n, const kal_extent *e, bool weigh)
{
    if (e->type == KAL_U8)
        for (size_t i = 0; i < n; i++) to[i] = ((const uint8_t *)src)[first + i];
    else if (e->type == KAL_U16)
        for (size_t i = 0; i < n; i++) to[i] = ((const uint16_t *)src)[first + i];
    else
        for (size_t i = 0; i < n; i++) to[i] = (double)((const float *)src)[first + i];
    if (!weigh) return;
    const size_t channels = (size_t)e->channels;
    for (size_t i = 0; i < n; i += channels)
        for (size_t k = 0; k < channels - 1; k++) to[i + k] *= to[i + channels - 1];
}

// Pixels x0 … x1 of source row y (not yet an index inside the image).
static void line(const kal__matrix *m, const kal_call *c, const kal_tile *in, int32_t x0, int32_t x1,
                 int32_t y, double *to)
{
    const kal_extent *e = &c->in[0]->extent;
    const size_t channels = (size_t)e->channels;
    const bool weigh = weighted(m, e);
    const int32_t row = kal_edge_index(y, e->height, m->edge);
    const unsigned char *src = row < 0 ? NULL : kal_row(in, row);
    for (int32_t x = x0; x < x1;) {
        const int32_t from = kal_edge_index(x, e->width, m->edge);
        int32_t run = 1;   // pixels that follow each other
        if (from >= 0 && from == x) run = (x1 < e->width ? x1 : e->width) - x;
        double *at = to + (size_t)(x - x0) * channels;
        if (!src || from < 0)
            for (size_t i = 0; i < (size_t)run * channels; i++) at[i] = m->fill[i % channels];
        else
            widen(at, src, (size_t)(from - in->rect.x0) * channels, (size_t)run * channels, e, weigh);
        x += run;
    }
}

KAL__INLINE void matrix_add_body(double *restrict sum, const double *restrict line, double w, size_t n)
{
    for (size_t i = 0; i < n; i++) sum[i] += w * line[i];
}
KAL__VARIANTS(matrix_add, (double *sum, const double *line, double w, size_t n), (sum, line, w, n))

// Without branches, which would be taken at random where sums go over and under.
#define FINISH(type, T, max)                                                                                 \
    KAL__INLINE void matrix_finish_##type##_body(T *restrict dst, const double *restrict sum, size_t n,      \
                                                 double scale, double offset)                                \
    {                                                                                                        \
        for (size_t i = 0; i < n; i++) {                                                                     \
            const double v = sum[i] / scale + offset, low = v > 0 ? v : 0;                                   \
            dst[i] = (T)(int32_t)((low < max ? low : max) + 0.5);                                            \
        }                                                                                                    \
    }                                                                                                        \
    KAL__VARIANTS(matrix_finish_##type, (T * dst, const double *sum, size_t n, double scale, double offset), \
                  (dst, sum, n, scale, offset))
FINISH(u8, uint8_t, 255.0)
FINISH(u16, uint16_t, 65535.0)

static void finish_plain(const kal__matrix *m, kal_type type, void *dst, const double *sum, size_t n)
{
    if (type == KAL_U8)
        matrix_finish_u8(dst, sum, n, m->scale, m->offset);
    else if (type == KAL_U16)
        matrix_finish_u16(dst, sum, n, m->scale, m->offset);
    else
        for (size_t i = 0; i < n; i++) ((float *)dst)[i] = (float)(sum[i] / m->scale + m->offset);
}

static void finish_weighted(const kal__matrix *m, const kal_extent *e, void *dst, const double *sum, size_t n)
{
    const size_t channels = (size_t)e->channels, colours = channels - 1;
    for (size_t i = 0; i < n; i += channels) {
        const double a = sum[i + colours] / m->sum;
        for (size_t k = 0; k < colours; k++)
            kal__set(dst, e->type, i + k, a > 0 ? sum[i + k] / m->scale / a + m->offset : 0);
        kal__set(dst, e->type, i + colours, a);
    }
}

void kal__matrix_run(const kal__matrix *m, const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    const kal_rect o = j->out->rect;
    const size_t channels = (size_t)e->channels, pixels = (size_t)(o.x1 - o.x0), n = pixels * channels;
    const int32_t cx = m->columns / 2, cy = m->rows / 2;
    double *sum = j->scratch, *row = sum + n;
    for (int32_t y = o.y0; y < o.y1; y++) {
        for (size_t i = 0; i < n; i++) sum[i] = 0;
        for (int32_t r = 0; r < m->rows; r++) {
            const double *w = m->weights + (size_t)r * (size_t)m->columns;
            line(m, j->call, &j->in[0], o.x0 - cx, o.x1 + cx, y + r - cy, row);
            for (int32_t k = 0; k < m->columns; k++)
                if (w[k] != 0) matrix_add(sum, row + (size_t)k * channels, w[k], n);
        }
        if (weighted(m, e))
            finish_weighted(m, e, kal_row(j->out, y), sum, n);
        else
            finish_plain(m, e->type, kal_row(j->out, y), sum, n);
        if (e->alpha && m->sum == 0)
            kal__keep_alpha(e, kal_row(j->out, y), kal_at(&j->in[0], o.x0, y), pixels);
    }
}
