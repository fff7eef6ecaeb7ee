// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See matrix.h. The output is made in blocks, a few rows high and wide enough for the vectors: their source rows are widened once,
// edges and all, into the scratch, where each output row then takes its sum. Samples u8 with whole weights are widened to 16 bits
// and summed in 32: doubles would hold the same whole numbers.
#include "matrix.h"

#include "channels.h"
#include "kernels.h"
#include "mem.h"
#include "wide.h"

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

enum { LINES = 8, WIDTH = 192 };   // of a block: rows, and samples at least

// A multiple of 32, which any number of channels leaves whole vectors.
static size_t block_pixels(const kal_extent *e, int32_t columns)
{
    return (WIDTH / (size_t)e->channels + (size_t)columns + 31) & ~(size_t)31;
}

static size_t pitch_of(const kal_extent *e, int32_t columns)
{
    return (block_pixels(e, columns) + (size_t)columns - 1) * (size_t)e->channels;
}

// Whole weights of 16 bits whose sums stay below 2^31.
static bool whole(const double *weights, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        const double size = weights[i] < 0 ? -weights[i] : weights[i];
        if (size > 32767 || size != (double)(int32_t)size) return false;
        most += size * 255;
    }
    return most < 2147483648.0;
}

// The weights that are not zero, and a zero to make pairs.
static void set_taps(kal__matrix *m, const kal_extent *e, const double *weights)
{
    const size_t pitch = pitch_of(e, m->columns);
    for (int32_t i = 0; i < m->columns * m->rows; i++) {
        if (weights[i] == 0) continue;
        m->weights[m->taps] = weights[i];
        if (m->integers) m->integers[m->taps] = (int16_t)weights[i];
        m->at[m->taps++] = (int32_t)((size_t)(i / m->columns) * pitch) + (i % m->columns) * e->channels;
    }
    if (m->integers) m->integers[m->taps] = 0;
    m->at[m->taps] = 0;
}

kal_status kal__matrix_new(const kal_call *c, const double *weights, int32_t columns, int32_t rows,
                           double sum, kal_edge edge, kal_list color, kal__matrix **out, kal_error *err)
{
    const kal_extent *e = &c->extent;
    const size_t n = (size_t)columns * (size_t)rows;
    kal__matrix *m = *out = kal__new_zero(1, sizeof *m);
    if (!m) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    *m = (kal__matrix){.columns = columns, .rows = rows, .sum = sum, .scale = 1, .edge = edge};
    const bool integers = e->type == KAL_U8 && !weighted(m, e) && whole(weights, n);
    m->at = kal__new(n + 1, sizeof *m->at);
    m->weights = kal__new(n, sizeof *m->weights);
    m->integers = integers ? kal__new(n + 1, sizeof *m->integers) : NULL;
    if (!m->at || !m->weights || (integers && !m->integers)) {
        kal__matrix_free(m);
        *out = NULL;
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    }
    set_taps(m, e, weights);
    unsigned char pixel[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(color, e, false, pixel);
    for (int32_t k = 0; k < e->channels; k++) m->fill[k] = kal__get(pixel, e->type, (size_t)k);
    for (int32_t k = 0; k < kal__colours(e) && weighted(m, e); k++) m->fill[k] *= m->fill[e->channels - 1];
    return KAL_OK;
}

void kal__matrix_free(kal__matrix *m)
{
    if (!m) return;
    free(m->at);
    free(m->weights);
    free(m->integers);
    free(m);
}

size_t kal__matrix_scratch(const kal_call *c, int32_t columns, int32_t rows)
{
    const kal_extent *e = &c->extent;
    return (((size_t)rows + LINES - 1) * pitch_of(e, columns) +
            block_pixels(e, columns) * (size_t)e->channels) *
           sizeof(double);
}

// ---- source rows --------------------------------------------------------------------------------

KAL__INLINE void widen_words_body(int16_t *restrict dst, const uint8_t *restrict src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = src[i];
}
KAL__VARIANTS(widen_words, (int16_t * dst, const uint8_t *src, size_t n), (dst, src, n))

static void put(const kal__matrix *m, const kal_extent *e, void *to, const unsigned char *src, size_t first,
                size_t pixels)
{
    const size_t channels = (size_t)e->channels, n = pixels * channels;
    if (m->integers && src)
        widen_words(to, src + first * channels, n);
    else if (m->integers)
        for (size_t i = 0; i < n; i++) ((int16_t *)to)[i] = (int16_t)m->fill[i % channels];
    else if (src)
        kal__widen(to, src, first, pixels, e, weighted(m, e));
    else
        for (size_t i = 0; i < n; i++) ((double *)to)[i] = m->fill[i % channels];
}

// Pixels x0 … x1 of source row y (not yet an index inside the image).
static void line(const kal__matrix *m, const kal_call *c, const kal_tile *in, int32_t x0, int32_t x1,
                 int32_t y, void *to)
{
    const kal_extent *e = &c->in[0]->extent;
    const size_t pixel = (size_t)e->channels * (m->integers ? sizeof(int16_t) : sizeof(double));
    const int32_t row = kal_edge_index(y, e->height, m->edge);
    const unsigned char *src = row < 0 ? NULL : kal_row(in, row);
    for (int32_t x = x0; x < x1;) {
        const int32_t from = kal_edge_index(x, e->width, m->edge);
        int32_t run = 1;   // pixels that follow each other
        if (from >= 0 && from == x) run = (x1 < e->width ? x1 : e->width) - x;
        unsigned char *at = (unsigned char *)to + (size_t)(x - x0) * pixel;
        if (!src || from < 0)
            put(m, e, at, NULL, 0, (size_t)run);
        else
            put(m, e, at, src, (size_t)(from - in->rect.x0), (size_t)run);
        x += run;
    }
}

// ---- sums -----------------------------------------------------------------------------------------

enum { BLOCK = 128 };

void kal__sum_f64_c(double *dst, const double *src, const int32_t *at, const double *w, int32_t taps,
                    size_t n)
{
    for (size_t from = 0; from < n; from += BLOCK) {
        double sum[BLOCK] = {0};
        const size_t m = n - from < BLOCK ? n - from : BLOCK;
        for (int32_t k = 0; k < taps; k++) {
            const double *x = src + from + (size_t)at[k];
            for (size_t i = 0; i < m; i++) sum[i] += w[k] * x[i];
        }
        for (size_t i = 0; i < m; i++) dst[from + i] = sum[i];
    }
}

void kal__sum_i16_c(double *dst, const int16_t *src, const int32_t *at, const int16_t *w, int32_t taps,
                    size_t n)
{
    for (size_t from = 0; from < n; from += BLOCK) {
        int32_t sum[BLOCK] = {0};
        const size_t m = n - from < BLOCK ? n - from : BLOCK;
        for (int32_t k = 0; k < taps; k++) {
            const int16_t *x = src + from + (size_t)at[k];
            for (size_t i = 0; i < m; i++) sum[i] += w[k] * x[i];
        }
        for (size_t i = 0; i < m; i++) dst[from + i] = sum[i];
    }
}

void kal__sum_u8_c(uint8_t *dst, const int16_t *src, const int32_t *at, const int16_t *w, int32_t taps,
                   int32_t start, int32_t shift, size_t n)
{
    for (size_t from = 0; from < n; from += BLOCK) {
        int32_t sum[BLOCK];
        const size_t m = n - from < BLOCK ? n - from : BLOCK;
        for (size_t i = 0; i < m; i++) sum[i] = start;
        for (int32_t k = 0; k < taps; k++) {
            const int16_t *x = src + from + (size_t)at[k];
            for (size_t i = 0; i < m; i++) sum[i] += w[k] * x[i];
        }
        for (size_t i = 0; i < m; i++) {
            const int32_t v = sum[i] >> shift;
            dst[from + i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
    }
}

// Whole weights over a scale of 2^shift with a whole offset: sum / scale + offset + 1/2 is exact in doubles, and its integer part is
// (sum + start) >> shift. False: another scale or offset, or the sum might leave 32 bits.
typedef struct direct {
    int32_t start, shift;
} direct;

static bool direct_of(const kal__matrix *m, direct *d)
{
    if (!m->integers || !(m->offset >= -65536 && m->offset <= 65536)) return false;
    for (d->shift = 0; d->shift < 14 && m->scale != 1 << d->shift;) d->shift++;
    d->start = (int32_t)m->offset * (1 << d->shift) + (1 << d->shift) / 2;
    if (m->scale != 1 << d->shift || m->offset != (int32_t)m->offset) return false;
    double most = d->start < 0 ? -(double)d->start : d->start;
    for (int32_t k = 0; k < m->taps; k++) most += 255 * (m->weights[k] < 0 ? -m->weights[k] : m->weights[k]);
    return most < 2147483648.0;
}

KAL__INLINE void divide_body(double *v, double by, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] /= by;
}
KAL__VARIANTS(divide, (double *v, double by, size_t n), (v, by, n))

static void unweigh(const kal__matrix *m, const kal_extent *e, double *v, size_t pixels)
{
    const size_t channels = (size_t)e->channels, n = pixels * channels, last = channels - 1;
    if (m->scale == m->sum)
        divide(v, m->scale, n);
    else
        for (size_t i = 0; i < n; i++) v[i] /= i % channels == last ? m->sum : m->scale;
    kal__kernels()->unweigh_f64(v, pixels, channels, 1, m->offset);
    for (size_t i = 0; i < n && e->type == KAL_F32; i += channels)   // no number is no alpha here
        for (size_t k = 0; k < last && v[i + last] != v[i + last]; k++) v[i + k] = 0;
}

static void finish(const kal__matrix *m, const kal_extent *e, void *dst, size_t first, double *v,
                   size_t pixels)
{
    const size_t n = pixels * (size_t)e->channels;
    if (weighted(m, e)) {
        unweigh(m, e, v, pixels);
    } else {
        if (m->scale != 1) divide(v, m->scale, n);
        kal__scale_f64(v, 1, m->offset, n);
    }
    kal__narrow(dst, first, v, pixels, e);
}

// Rows y … y + lines of columns x … x + pixels.
static void block(const kal__matrix *m, const kal_job *j, int32_t x, int32_t y, int32_t lines, size_t pixels,
                  const direct *d)
{
    const kal_extent *e = &j->call->extent;
    const kal__kernel_table *k = kal__kernels();
    const size_t pitch = pitch_of(e, m->columns), channels = (size_t)e->channels, n = pixels * channels;
    double *const sum = j->scratch, *const rows = sum + block_pixels(e, m->columns) * channels;
    int16_t *const words = (int16_t *)rows;
    const int32_t x0 = x - m->columns / 2, x1 = x + (int32_t)pixels + m->columns / 2;
    for (int32_t r = 0; r < lines + m->rows - 1; r++) {
        const size_t at = (size_t)r * pitch;
        line(m, j->call, &j->in[0], x0, x1, y + r - m->rows / 2,
             m->integers ? (void *)(words + at) : (void *)(rows + at));
    }
    for (int32_t q = 0; q < lines; q++) {
        const size_t at = (size_t)q * pitch;
        const size_t first = (size_t)(x - j->out->rect.x0);
        unsigned char *dst = kal_row(j->out, y + q);
        if (d) {
            k->sum_u8(dst + first * channels, words + at, m->at, m->integers, m->taps, d->start, d->shift, n);
            continue;
        }
        if (m->integers)
            k->sum_i16(sum, words + at, m->at, m->integers, m->taps, n);
        else
            k->sum_f64(sum, rows + at, m->at, m->weights, m->taps, n);
        finish(m, e, dst, first, sum, pixels);
    }
}

void kal__matrix_run(const kal__matrix *m, const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    const kal_rect o = j->out->rect;
    const int32_t most = (int32_t)block_pixels(e, m->columns);
    direct d;
    const bool whole_out = direct_of(m, &d);
    for (int32_t y = o.y0; y < o.y1; y += LINES) {
        const int32_t lines = o.y1 - y < LINES ? o.y1 - y : LINES;
        for (int32_t x = o.x0; x < o.x1; x += most)
            block(m, j, x, y, lines, (size_t)(o.x1 - x < most ? o.x1 - x : most), whole_out ? &d : NULL);
        for (int32_t q = 0; q < lines && e->alpha && m->sum == 0; q++)
            kal__keep_alpha(e, kal_row(j->out, y + q), kal_at(&j->in[0], o.x0, y + q), (size_t)(o.x1 - o.x0));
    }
}
