// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See sep.h.
#include "sep.h"

#include "cpu.h"
#include "fmath.h"
#include "mem.h"

#include <stdlib.h>

double *kal__gaussian_weights(double sigma, int32_t *radius)
{
    const int32_t r = sigma > 0 ? (int32_t)kal__ceil(3 * sigma) : 0;
    double *w = kal__new((size_t)(2 * r + 1), sizeof *w);
    if (!w) return NULL;
    double sum = 0;
    for (int32_t i = -r; i <= r; i++)
        sum += w[i + r] = r ? kal__exp(-(double)i * i / (2 * sigma * sigma)) : 1;
    for (int32_t i = 0; i <= 2 * r; i++) w[i] /= sum;
    *radius = r;
    return w;
}

// 14-bit weights that sum to 16384 exactly: what rounding lost goes to the middle.
static int16_t *integers_of(const double *w, int32_t n)
{
    int16_t *t = kal__new((size_t)n, sizeof *t);
    if (!t) return NULL;
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++) sum += t[i] = (int16_t)kal__round(w[i] * 16384);
    t[n / 2] = (int16_t)(t[n / 2] + 16384 - sum);
    return t;
}

static double *copy_of(const double *w, int32_t n)
{
    double *c = kal__new((size_t)n, sizeof *c);
    if (c) memcpy(c, w, (size_t)n * sizeof *c);
    return c;
}

kal_status kal__sep_new(const kal_call *c, const double *x, int32_t nx, const double *y, int32_t ny,
                        bool integers, kal_edge edge, kal_list color, kal__sep **out, kal_error *err)
{
    const kal_extent *e = &c->extent;
    kal__sep *s = *out = kal__new_zero(1, sizeof *s);
    if (!s) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    s->rx = nx / 2;
    s->ry = ny / 2;
    s->scale = 1;
    s->edge = edge;
    s->x = copy_of(x, nx);
    s->y = copy_of(y, ny);
    const bool narrow = integers && e->type == KAL_U8 && !e->alpha;
    if (narrow) s->ix = integers_of(x, nx), s->iy = integers_of(y, ny);
    if (!s->x || !s->y || (narrow && (!s->ix || !s->iy))) {
        kal__sep_free(s);
        *out = NULL;
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    }
    unsigned char pixel[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(color, e, false, pixel);
    for (int32_t k = 0; k < e->channels; k++) s->fill[k] = kal__get(pixel, e->type, (size_t)k);
    for (int32_t k = 0; k < kal__colours(e) && e->alpha; k++) s->fill[k] *= s->fill[e->channels - 1];
    return KAL_OK;
}

void kal__sep_free(void *sep)
{
    kal__sep *s = sep;
    if (!s) return;
    free(s->x);
    free(s->y);
    free(s->ix);
    free(s->iy);
    free(s);
}

kal_rect kal__sep_need(const kal_call *c, int32_t rx, int32_t ry, kal_edge edge, kal_rect out)
{
    return kal_need_halo(&c->in[0]->extent, out, rx, ry, rx, ry, edge);
}

size_t kal__sep_scratch(const kal_call *c, int32_t rx, int32_t width)
{
    // the row between the passes and a row of samples or sums, both with room for the halo
    return 2 * ((size_t)width + 2 * (size_t)rx + 1) * (size_t)c->extent.channels * sizeof(double);
}

// ---- the row between the passes -----------------------------------------------------------------
// `row` holds pixels out.x0 − rx … out.x1 + rx. Columns inside the image are computed; the others are copied from the column
// that stands for them, or are the fill colour.

typedef struct span {
    int32_t x0, x1;     // of `row`, in image coordinates
    int32_t in0, in1;   // columns that are computed
} span;

static span span_of(const kal__sep *s, const kal_tile *in, kal_rect out, int32_t width)
{
    span p = {out.x0 - s->rx, out.x1 + s->rx, 0, 0};
    p.in0 = p.x0 < 0 ? 0 : p.x0;
    p.in1 = p.x1 > width ? width : p.x1;
    if (p.in0 < in->rect.x0) p.in0 = in->rect.x0;
    if (p.in1 > in->rect.x1) p.in1 = in->rect.x1;
    return p;
}

// ---- u8, 14 bits --------------------------------------------------------------------------------

KAL__INLINE void sep_v_u8_body(int32_t *acc, const uint8_t *src, int32_t t, size_t n)
{
    for (size_t i = 0; i < n; i++) acc[i] += t * src[i];
}
KAL__VARIANTS(sep_v_u8, (int32_t *restrict acc, const uint8_t *restrict src, int32_t t, size_t n),
              (acc, src, t, n))

static void sep_v_fill_u8(int32_t *acc, const double *fill, int32_t t, size_t n, size_t channels)
{
    for (size_t i = 0; i < n; i++) acc[i] += t * (int32_t)fill[i % channels];
}

// Weights outside, samples inside: the sums of a block of samples stay in registers or L1, and every sample is independent.
KAL__INLINE void sep_h_u8_body(uint8_t *dst, const int16_t *row, const int16_t *t, int32_t taps,
                               size_t channels, size_t n)
{
    enum { BLOCK = 128 };
    for (size_t from = 0; from < n; from += BLOCK) {
        int32_t sum[BLOCK];
        const size_t m = n - from < BLOCK ? n - from : BLOCK;
        for (size_t i = 0; i < m; i++) sum[i] = 1 << 19;
        for (int32_t k = 0; k < taps; k++) {
            const int16_t *at = row + from + (size_t)k * channels;
            const int32_t w = t[k];
            for (size_t i = 0; i < m; i++) sum[i] += w * at[i];
        }
        for (size_t i = 0; i < m; i++) {
            const int32_t v = sum[i] >> 20;
            dst[from + i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
    }
}
KAL__VARIANTS(sep_h_u8,
              (uint8_t *restrict dst, const int16_t *restrict row, const int16_t *restrict t, int32_t taps,
               size_t channels, size_t n),
              (dst, row, t, taps, channels, n))

// The column that stands for x, as a column that is computed; -1: fill.
static int32_t stand_in(const kal__sep *s, const kal_call *c, int32_t x)
{
    return kal_edge_index(x, c->in[0]->extent.width, s->edge);
}

// Extends the computed columns by the edge mode: size bytes a pixel, `fill` one such pixel. A column that lies outside `row` but
// is needed by an edge is computed into `row` only if it falls inside it; see edge_column.
typedef void column_fn(const kal__sep *s, const kal_call *c, const kal_tile *in, int32_t x, int32_t y,
                       void *pixel);

static void extend(const kal__sep *s, const kal_call *c, const kal_tile *in, const span *p, int32_t y,
                   unsigned char *row, size_t size, column_fn *column)
{
    for (int32_t x = p->x0; x < p->x1; x++) {
        if (x == p->in0 && p->in0 < p->in1) x = p->in1;
        if (x >= p->x1) break;
        unsigned char *to = row + (size_t)(x - p->x0) * size;
        const int32_t from = stand_in(s, c, x);
        if (from >= p->in0 && from < p->in1)
            memcpy(to, row + (size_t)(from - p->x0) * size, size);
        else
            column(s, c, in, from, y, to);
    }
}

static const uint8_t *source_row(const kal__sep *s, const kal_call *c, const kal_tile *in, int32_t y)
{
    const int32_t at = kal_edge_index(y, c->in[0]->extent.height, s->edge);
    return at < 0 ? NULL : kal_row(in, at);
}

static void column_u8(const kal__sep *s, const kal_call *c, const kal_tile *in, int32_t x, int32_t y,
                      void *pixel)
{
    const size_t channels = (size_t)c->extent.channels;
    for (size_t k = 0; k < channels; k++) {
        int32_t acc = 128;
        for (int32_t i = -s->ry; i <= s->ry; i++) {
            const uint8_t *src = x < 0 ? NULL : source_row(s, c, in, y + i);
            acc += s->iy[i + s->ry] *
                   (src ? src[(size_t)(x - in->rect.x0) * channels + k] : (int32_t)s->fill[k]);
        }
        ((int16_t *)pixel)[k] = (int16_t)(acc >> 8);
    }
}

static void row_u8(const kal__sep *s, const kal_call *c, const kal_tile *in, kal_rect out, int32_t y,
                   uint8_t *dst, void *scratch)
{
    const size_t channels = (size_t)c->extent.channels;
    const span p = span_of(s, in, out, c->in[0]->extent.width);
    const size_t n = p.in1 > p.in0 ? (size_t)(p.in1 - p.in0) * channels : 0;
    int32_t *acc = scratch;
    int16_t *row = (int16_t *)(acc + ((size_t)(p.x1 - p.x0) * channels + 1));
    for (size_t i = 0; i < n; i++) acc[i] = 128;
    for (int32_t k = -s->ry; k <= s->ry && n; k++) {
        const uint8_t *src = source_row(s, c, in, y + k);
        if (src)
            sep_v_u8(acc, src + (size_t)(p.in0 - in->rect.x0) * channels, s->iy[k + s->ry], n);
        else
            sep_v_fill_u8(acc, s->fill, s->iy[k + s->ry], n, channels);
    }
    int16_t *inside = row + (ptrdiff_t)(p.in0 - p.x0) * (ptrdiff_t)channels;
    for (size_t i = 0; i < n; i++) inside[i] = (int16_t)(acc[i] >> 8);
    extend(s, c, in, &p, y, (unsigned char *)row, channels * sizeof *row, column_u8);
    sep_h_u8(dst, row, s->ix, 2 * s->rx + 1, channels, (size_t)(out.x1 - out.x0) * channels);
}

// ---- wide ---------------------------------------------------------------------------------------

KAL__INLINE void widen_u8_body(double *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = src[i];
}
KAL__VARIANTS(widen_u8, (double *restrict dst, const uint8_t *restrict src, size_t n), (dst, src, n))

KAL__INLINE void widen_u16_body(double *dst, const uint16_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = src[i];
}
KAL__VARIANTS(widen_u16, (double *restrict dst, const uint16_t *restrict src, size_t n), (dst, src, n))

KAL__INLINE void widen_f32_body(double *dst, const float *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (double)src[i];
}
KAL__VARIANTS(widen_f32, (double *restrict dst, const float *restrict src, size_t n), (dst, src, n))

KAL__INLINE void sep_v_f64_body(double *acc, const double *src, double t, size_t n)
{
    for (size_t i = 0; i < n; i++) acc[i] += t * src[i];
}
KAL__VARIANTS(sep_v_f64, (double *restrict acc, const double *restrict src, double t, size_t n),
              (acc, src, t, n))

KAL__INLINE void sep_h_f64_body(double *dst, const double *row, const double *t, int32_t taps,
                                size_t channels, size_t n)
{
    enum { BLOCK = 64 };
    for (size_t from = 0; from < n; from += BLOCK) {
        const size_t m = n - from < BLOCK ? n - from : BLOCK;
        double sum[BLOCK];
        for (size_t i = 0; i < m; i++) sum[i] = 0;
        for (int32_t k = 0; k < taps; k++) {
            const double *at = row + from + (size_t)k * channels;
            const double w = t[k];
            for (size_t i = 0; i < m; i++) sum[i] += w * at[i];
        }
        for (size_t i = 0; i < m; i++) dst[from + i] = sum[i];
    }
}
KAL__VARIANTS(sep_h_f64,
              (double *restrict dst, const double *restrict row, const double *restrict t, int32_t taps,
               size_t channels, size_t n),
              (dst, row, t, taps, channels, n))

KAL__INLINE void narrow_u8_body(uint8_t *dst, const double *src, double scale, double offset, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double v = src[i] * scale + offset;
        dst[i] = (uint8_t)(int32_t)((v > 255 ? 255 : v > 0 ? v : 0) + 0.5);
    }
}
KAL__VARIANTS(narrow_u8,
              (uint8_t *restrict dst, const double *restrict src, double scale, double offset, size_t n),
              (dst, src, scale, offset, n))

KAL__INLINE void narrow_u16_body(uint16_t *dst, const double *src, double scale, double offset, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double v = src[i] * scale + offset;
        dst[i] = (uint16_t)(int32_t)((v > 65535 ? 65535 : v > 0 ? v : 0) + 0.5);
    }
}
KAL__VARIANTS(narrow_u16,
              (uint16_t *restrict dst, const double *restrict src, double scale, double offset, size_t n),
              (dst, src, scale, offset, n))

KAL__INLINE void narrow_f32_body(float *dst, const double *src, double scale, double offset, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (float)(src[i] * scale + offset);
}
KAL__VARIANTS(narrow_f32,
              (float *restrict dst, const double *restrict src, double scale, double offset, size_t n),
              (dst, src, scale, offset, n))

// Pixels first … first + n of a row as doubles, colours times alpha.
static void widen(double *dst, const void *src, size_t first, size_t n, const kal_extent *e)
{
    const size_t channels = (size_t)e->channels, from = first * channels, count = n * channels;
    if (e->type == KAL_U8)
        widen_u8(dst, (const uint8_t *)src + from, count);
    else if (e->type == KAL_U16)
        widen_u16(dst, (const uint16_t *)src + from, count);
    else
        widen_f32(dst, (const float *)src + from, count);
    for (size_t i = 0; i < n && e->alpha; i++, dst += channels)
        for (size_t k = 0; k + 1 < channels; k++) dst[k] *= dst[channels - 1];
}

static void column_wide(const kal__sep *s, const kal_call *c, const kal_tile *in, int32_t x, int32_t y,
                        void *pixel)
{
    const size_t channels = (size_t)c->extent.channels;
    double *acc = pixel, one[KAL_MAX_CHANNELS];
    for (size_t k = 0; k < channels; k++) acc[k] = 0;
    for (int32_t i = -s->ry; i <= s->ry; i++) {
        const uint8_t *src = x < 0 ? NULL : source_row(s, c, in, y + i);
        if (src) widen(one, src, (size_t)(x - in->rect.x0), 1, &c->extent);
        for (size_t k = 0; k < channels; k++) acc[k] += s->y[i + s->ry] * (src ? one[k] : s->fill[k]);
    }
}

// With alpha: colours are divided by it, and are nothing where there is none.
static void finish_alpha(const kal__sep *s, const kal_extent *e, void *dst, const double *sum, size_t n)
{
    const size_t channels = (size_t)e->channels;
    const double top = kal_type_max(e->type);
    for (size_t x = 0, at = 0; x < n; x++, at += channels) {
        const double a = sum[at + channels - 1] * s->scale, held = kal__clamp(a, 0, top);
        for (size_t k = 0; k + 1 < channels; k++)
            kal__set(dst, e->type, at + k, held <= 0 ? 0 : sum[at + k] * s->scale / a + s->offset);
        kal__set(dst, e->type, at + channels - 1, e->type == KAL_F32 ? a : held);
    }
}

static void finish(const kal__sep *s, const kal_extent *e, void *dst, const double *sum, size_t pixels)
{
    const size_t n = pixels * (size_t)e->channels;
    if (e->alpha)
        finish_alpha(s, e, dst, sum, pixels);
    else if (e->type == KAL_U8)
        narrow_u8(dst, sum, s->scale, s->offset, n);
    else if (e->type == KAL_U16)
        narrow_u16(dst, sum, s->scale, s->offset, n);
    else
        narrow_f32(dst, sum, s->scale, s->offset, n);
}

static void row_wide(const kal__sep *s, const kal_call *c, const kal_tile *in, kal_rect out, int32_t y,
                     void *dst, void *scratch)
{
    const kal_extent *e = &c->extent;
    const size_t channels = (size_t)e->channels;
    const span p = span_of(s, in, out, c->in[0]->extent.width);
    const size_t room = (size_t)(p.x1 - p.x0) * channels, width = (size_t)(out.x1 - out.x0);
    double *row = scratch, *one = row + room;
    const size_t pixels = p.in1 > p.in0 ? (size_t)(p.in1 - p.in0) : 0;
    double *inside = row + (ptrdiff_t)(p.in0 - p.x0) * (ptrdiff_t)channels;
    for (size_t i = 0; i < pixels * channels; i++) inside[i] = 0;
    for (int32_t k = -s->ry; k <= s->ry && pixels; k++) {
        const uint8_t *src = source_row(s, c, in, y + k);
        if (src)
            widen(one, src, (size_t)(p.in0 - in->rect.x0), pixels, e);
        else
            for (size_t i = 0; i < pixels * channels; i++) one[i] = s->fill[i % channels];
        sep_v_f64(inside, one, s->y[k + s->ry], pixels * channels);
    }
    extend(s, c, in, &p, y, (unsigned char *)row, channels * sizeof *row, column_wide);
    sep_h_f64(one, row, s->x, 2 * s->rx + 1, channels, width * channels);
    finish(s, e, dst, one, width);
}

void kal__sep_row(const kal__sep *s, const kal_call *c, const kal_tile *in, kal_rect out, int32_t y,
                  void *dst, void *scratch)
{
    if (s->ix)
        row_u8(s, c, in, out, y, dst, scratch);
    else
        row_wide(s, c, in, out, y, dst, scratch);
}

kal_status kal__sep_run(const kal__sep *s, const kal_job *j)
{
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        kal__sep_row(s, j->call, &j->in[0], j->out->rect, y, kal_row(j->out, y), j->scratch);
    return KAL_OK;
}
