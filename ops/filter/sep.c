// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See sep.h.
#include "sep.h"

#include "cpu.h"
#include "fmath.h"
#include "kernels.h"
#include "mem.h"
#include "wide.h"

#include <stdlib.h>

double *kal__gaussian_weights(double sigma, int32_t *radius)
{
    const int32_t r = sigma > 0 ? (int32_t)kal__ceil(3 * sigma) : 0;
    double *w = kal__new(2 * (size_t)r + 1, sizeof *w);
    if (!w) return NULL;
    double sum = 0;
    for (int32_t i = -r; i <= r; i++)
        sum += w[i + r] = r ? kal__exp(-(double)i * i / (2 * sigma * sigma)) : 1;
    for (int32_t i = 0; i <= 2 * r; i++) w[i] /= sum;
    *radius = r;
    return w;
}

// Bits that weights have beyond 14: as many as keep each of them in 16 bits, at most 3, which keeps the sums of the second pass in 32.
static int32_t extra_bits(const double *w, int32_t radius)
{
    double most = 0;
    for (int32_t k = 0; k <= radius; k++) most = w[radius + k] > most ? w[radius + k] : most;
    int32_t bits = 3;
    while (bits && most * (16384 << bits) > 32766) bits--;
    return bits;
}

// Integers for the weights from the middle outwards, and a zero to make pairs; with both sides they sum to 16384 << bits exactly.
// The middle is the nearest even number, as the sides are equal. On the side, what stands up to a place is rounded, not the weight at
// the place: what one loses the next gets, each is within 1 of what it should be, and nothing collects anywhere. A middle that
// took all the losses would show through a wide blur as a sharp picture.
static kal_status integers_of(const double *w, int32_t radius, int32_t bits, int16_t **out, kal_error *err)
{
    int16_t *t = *out = kal__new((size_t)radius + 2, sizeof *t);
    if (!t) return kal_fail(err, KAL_NOMEM, "out of memory for weights");
    const double one = 16384 << bits;
    const int32_t half_middle = (int32_t)kal__round(w[radius] * one / 2), side = (8192 << bits) - half_middle;
    double sum = w[radius] * one / 2 - half_middle;
    for (int32_t k = 1, before = 0; k <= radius; k++) {
        sum += w[radius + k] * one;
        const int32_t upto = k < radius ? (int32_t)kal__round(sum) : side;
        t[k] = (int16_t)(upto - before);
        before = upto;
    }
    t[0] = (int16_t)(2 * half_middle);
    t[radius + 1] = 0;
    return KAL_OK;
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
    s->at = kal__new((size_t)nx, sizeof *s->at);
    for (int32_t k = 0; k < nx && s->at; k++) s->at[k] = k * e->channels;
    kal_status st =
        s->x && s->y && s->at ? KAL_OK : kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    s->narrow = kal__sep_narrow(c, integers);
    if (!st && s->narrow) {
        s->bits_x = extra_bits(x, s->rx);
        s->bits_y = extra_bits(y, s->ry);
        st = integers_of(x, s->rx, s->bits_x, &s->ix, err);
        if (!st) st = integers_of(y, s->ry, s->bits_y, &s->iy, err);
    }
    if (st) {
        kal__sep_free(s);
        *out = NULL;
        return st;
    }
    unsigned char pixel[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(color, e, false, pixel);
    for (int32_t k = 0; k < e->channels; k++) s->fill[k] = kal__get(pixel, e->type, (size_t)k);
    for (int32_t k = 0; k < kal__colours(e) && e->alpha; k++) s->fill[k] *= s->fill[e->channels - 1];
    return KAL_OK;
}

kal_status kal__sep_gaussian(const kal_call *c, double sigma, kal_edge edge, kal_list color, void **state,
                             kal_error *err)
{
    int32_t r;
    double *w = kal__gaussian_weights(sigma, &r);
    if (!w) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    kal__sep *s;
    const kal_status st = kal__sep_new(c, w, 2 * r + 1, w, 2 * r + 1, true, edge, color, &s, err);
    free(w);
    *state = s;
    return st;
}

void kal__sep_free(void *sep)
{
    kal__sep *s = sep;
    if (!s) return;
    free(s->x);
    free(s->y);
    free(s->at);
    free(s->ix);
    free(s->iy);
    free(s);
}

kal_rect kal__sep_need(const kal_call *c, int32_t rx, int32_t ry, kal_edge edge, kal_rect out)
{
    return kal_need_halo(&c->in[0]->extent, out, rx, ry, rx, ry, edge);
}

// Output rows that go through the passes together: the vertical one takes a column of source rows through L1 once for all of them.
#define LINES 4

bool kal__sep_narrow(const kal_call *c, bool integers)
{
    return integers && c->extent.type == KAL_U8 && !c->extent.alpha;
}

// Samples of a block of the wide path: a whole number of pixels, whose source rows stay in L1 for common radii.
static size_t block_pixels(const kal_extent *e)
{
    return e->channels < 96 ? 96 / (size_t)e->channels : 1;
}

static size_t aligned(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

// What lies in a job's scratch, for the u8 path words between the passes, else doubles.
typedef struct room {
    const void **rows;   // source rows of a group of lines
    void *row;           // between the passes: LINES of them,
    size_t step;         // samples from one to the next
    void *fill;          // a source row of the fill colour
    double *block;       // wide path: source rows of a block of pixels with alpha; sums of a block
    size_t bytes;
} room;

static room room_of(const kal_extent *e, bool narrow, int32_t rx, int32_t ry, int32_t width, void *scratch)
{
    const size_t channels = (size_t)e->channels, rows = 2 * (size_t)ry + LINES, pixels = (size_t)width,
                 size = narrow ? sizeof(int16_t) : sizeof(double),
                 step = aligned((pixels + 2 * (size_t)rx) * channels * size);
    const size_t fill = aligned(rows * sizeof(void *)) + LINES * step,
                 block = fill + aligned((pixels + 2 * (size_t)rx) * kal_pixel_size(e));
    unsigned char *at = scratch;
    return (room){
        .rows = scratch,
        .row = at ? at + fill - LINES * step : NULL,
        .step = step / size,
        .fill = at ? at + fill : NULL,
        .block = at ? (void *)(at + block) : NULL,
        .bytes = block + (narrow ? 0 : rows * block_pixels(e) * channels * sizeof(double)),
    };
}

size_t kal__sep_scratch(const kal_call *c, bool integers, int32_t rx, int32_t ry, int32_t width)
{
    return room_of(&c->extent, kal__sep_narrow(c, integers), rx, ry, width, NULL).bytes;
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

// The column that stands for x, as a column that is computed; -1: fill.
static int32_t stand_in(const kal__sep *s, const kal_call *c, int32_t x)
{
    return kal_edge_index(x, c->in[0]->extent.width, s->edge);
}

// Extends the computed columns by the edge mode, `size` bytes a pixel: columns that stand in `row` are copied, the others, which lie
// elsewhere in the input or are fill (-1), are computed one by one.
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

// The source rows that `lines` rows from y on need, from column x on; n samples of them.
static void source_rows(const kal__sep *s, const kal_call *c, const kal_tile *in, int32_t x, int32_t y,
                        int32_t lines, size_t n, const room *r)
{
    const size_t channels = (size_t)c->extent.channels;
    bool filled = false;
    for (int32_t k = 0; k < 2 * s->ry + lines; k++) {
        const uint8_t *src = source_row(s, c, in, y + k - s->ry);
        r->rows[k] = src ? src + (ptrdiff_t)(x - in->rect.x0) * in->pixel : r->fill;
        for (size_t i = 0; i < n && !src && !filled; i++)
            kal__set(r->fill, c->extent.type, i, s->fill[i % channels]);
        filled = filled || !src;
    }
}

// ---- u8, 14 bits and more --------------------------------------------------------------------------------

// Weights outside, samples inside: the sums of a block of samples stay in registers or L1, and every sample is independent.
enum { BLOCK = 128 };

void kal__sep_v_u8_c(int16_t *dst, size_t step, int32_t lines, const void *const *rows, const int16_t *t,
                     int32_t radius, int32_t shift, size_t n)
{
    for (int32_t q = 0; q < lines; q++, rows++, dst += step)
        for (size_t from = 0; from < n; from += BLOCK) {
            int32_t sum[BLOCK];
            int16_t two[BLOCK];   // 16 bits times 16 bits: compilers know a vector instruction for that
            const size_t m = n - from < BLOCK ? n - from : BLOCK;
            const uint8_t *mid = (const uint8_t *)rows[radius] + from;
            for (size_t i = 0; i < m; i++) sum[i] = (1 << (shift - 1)) + t[0] * mid[i];
            for (int32_t k = 1; k <= radius; k++) {
                const uint8_t *up = (const uint8_t *)rows[radius - k] + from,
                              *down = (const uint8_t *)rows[radius + k] + from;
                for (size_t i = 0; i < m; i++) two[i] = (int16_t)(up[i] + down[i]);
                for (size_t i = 0; i < m; i++) sum[i] += t[k] * two[i];
            }
            for (size_t i = 0; i < m; i++) dst[from + i] = (int16_t)(sum[i] >> shift);
        }
}

void kal__sep_h_u8_c(uint8_t *dst, const int16_t *row, const int16_t *t, int32_t radius, int32_t shift,
                     size_t channels, size_t n)
{
    for (size_t from = 0; from < n; from += BLOCK) {
        int32_t sum[BLOCK];
        const size_t m = n - from < BLOCK ? n - from : BLOCK;
        const int16_t *mid = row + from + (size_t)radius * channels;
        for (size_t i = 0; i < m; i++) sum[i] = (1 << (shift - 1)) + t[0] * mid[i];
        for (int32_t k = 1; k <= radius; k++) {
            const int16_t *left = mid - (size_t)k * channels, *right = mid + (size_t)k * channels;
            for (size_t i = 0; i < m; i++) sum[i] += t[k] * (int16_t)(left[i] + right[i]);
        }
        for (size_t i = 0; i < m; i++) dst[from + i] = (uint8_t)(sum[i] >> shift);
    }
}

static void column_u8(const kal__sep *s, const kal_call *c, const kal_tile *in, int32_t x, int32_t y,
                      void *pixel)
{
    const size_t channels = (size_t)c->extent.channels;
    const int32_t shift = 8 + s->bits_y;
    for (size_t k = 0; k < channels; k++) {
        int32_t acc = 1 << (shift - 1);
        for (int32_t i = -s->ry; i <= s->ry; i++) {
            const uint8_t *src = x < 0 ? NULL : source_row(s, c, in, y + i);
            acc += s->iy[i < 0 ? -i : i] *
                   (src ? src[(size_t)(x - in->rect.x0) * channels + k] : (int32_t)s->fill[k]);
        }
        ((int16_t *)pixel)[k] = (int16_t)(acc >> shift);
    }
}

static void lines_u8(const kal__sep *s, const kal_call *c, const kal_job *j, int32_t y, int32_t lines)
{
    const kal_rect out = j->out->rect;
    const kal_tile *in = &j->in[0];
    const size_t channels = (size_t)c->extent.channels, width = (size_t)(out.x1 - out.x0);
    const span p = span_of(s, in, out, c->in[0]->extent.width);
    const room r = room_of(&c->extent, true, s->rx, s->ry, (int32_t)width, j->scratch);
    const kal__kernel_table *kernels = kal__kernels();
    int16_t *row = r.row;
    if (p.in0 < p.in1) {
        const size_t n = (size_t)(p.in1 - p.in0) * channels;
        source_rows(s, c, in, p.in0, y, lines, n, &r);
        kernels->sep_v_u8(row + (size_t)(p.in0 - p.x0) * channels, r.step, lines, r.rows, s->iy, s->ry,
                          8 + s->bits_y, n);
    }
    for (int32_t q = 0; q < lines; q++, row += r.step) {
        extend(s, c, in, &p, y + q, (unsigned char *)row, channels * sizeof *row, column_u8);
        kernels->sep_h_u8(kal_row(j->out, y + q), row, s->ix, s->rx, 20 + s->bits_x, channels,
                          width * channels);
    }
}

// ---- wide ---------------------------------------------------------------------------------------

#define WIDE_V(type, T)                                                                             \
    void kal__sep_wide_##type##_c(double *dst, size_t step, int32_t lines, const void *const *rows, \
                                  const double *t, int32_t taps, size_t n)                          \
    {                                                                                               \
        for (int32_t q = 0; q < lines; q++, rows++, dst += step)                                    \
            for (size_t from = 0; from < n; from += BLOCK) {                                        \
                double sum[BLOCK] = {0};                                                            \
                const size_t m = n - from < BLOCK ? n - from : BLOCK;                               \
                for (int32_t k = 0; k < taps; k++) {                                                \
                    const T *x = (const T *)rows[k] + from;                                         \
                    for (size_t i = 0; i < m; i++) sum[i] += t[k] * (double)x[i];                   \
                }                                                                                   \
                for (size_t i = 0; i < m; i++) dst[from + i] = sum[i];                              \
            }                                                                                       \
    }
WIDE_V(u8, uint8_t)
WIDE_V(u16, uint16_t)
WIDE_V(f32, float)
WIDE_V(f64, double)

static void column_wide(const kal__sep *s, const kal_call *c, const kal_tile *in, int32_t x, int32_t y,
                        void *pixel)
{
    const size_t channels = (size_t)c->extent.channels;
    double *acc = pixel, one[KAL_MAX_CHANNELS];
    for (size_t k = 0; k < channels; k++) acc[k] = 0;
    for (int32_t i = -s->ry; i <= s->ry; i++) {
        const uint8_t *src = x < 0 ? NULL : source_row(s, c, in, y + i);
        if (src) kal__widen(one, src, (size_t)(x - in->rect.x0), 1, &c->extent, c->extent.alpha);
        for (size_t k = 0; k < channels; k++) acc[k] += s->y[i + s->ry] * (src ? one[k] : s->fill[k]);
    }
}

// Pixels with alpha: the source rows of columns x0 … x1 with colours weighted, in place of the rows themselves. Of u8 they fit
// u16; else they are doubles.
static void weighted_rows(const kal__sep *s, const kal_call *c, const kal_tile *in, int32_t x0, int32_t x1,
                          int32_t y, int32_t lines, const room *r)
{
    const kal_extent *e = &c->extent;
    const size_t channels = (size_t)e->channels, pixels = (size_t)(x1 - x0), n = pixels * channels,
                 first = (size_t)(x0 - in->rect.x0);
    const bool bytes = e->type == KAL_U8;
    unsigned char *to = (unsigned char *)r->block;
    for (int32_t k = 0; k < 2 * s->ry + lines; k++, to += n * (bytes ? sizeof(uint16_t) : sizeof(double))) {
        const uint8_t *src = source_row(s, c, in, y + k - s->ry);
        if (src && bytes)
            kal__kernels()->weigh_u8((uint16_t *)to, src + first * channels, pixels, channels);
        else if (src)
            kal__widen((double *)to, src, first, pixels, e, true);
        else if (bytes)
            for (size_t i = 0; i < n; i++) ((uint16_t *)to)[i] = (uint16_t)s->fill[i % channels];
        else
            for (size_t i = 0; i < n; i++) ((double *)to)[i] = s->fill[i % channels];
        r->rows[k] = to;
    }
}

static void columns_wide(const kal__sep *s, const kal_call *c, const kal_tile *in, const span *p, int32_t y,
                         int32_t lines, const room *r)
{
    const kal_extent *e = &c->extent;
    const kal__kernel_table *k = kal__kernels();
    const size_t channels = (size_t)e->channels;
    double *row = (double *)r->row + (size_t)(p->in0 - p->x0) * channels;
    if (e->alpha) {
        const int32_t most = (int32_t)block_pixels(e), taps = 2 * s->ry + 1;
        for (int32_t x = p->in0; x < p->in1; x += most, row += (size_t)most * channels) {
            const int32_t end = p->in1 - x < most ? p->in1 : x + most;
            weighted_rows(s, c, in, x, end, y, lines, r);
            (e->type == KAL_U8 ? k->sep_wide_u16 : k->sep_wide_f64)(row, r->step, lines, r->rows, s->y, taps,
                                                                    (size_t)(end - x) * channels);
        }
    } else if (p->in0 < p->in1) {
        const size_t n = (size_t)(p->in1 - p->in0) * channels;
        source_rows(s, c, in, p->in0, y, lines, n, r);
        (e->type == KAL_U8    ? k->sep_wide_u8
         : e->type == KAL_U16 ? k->sep_wide_u16
                              : k->sep_wide_f32)(row, r->step, lines, r->rows, s->y, 2 * s->ry + 1, n);
    }
}

static void finish(const kal__sep *s, const kal_extent *e, void *dst, size_t first, double *sum,
                   size_t pixels)
{
    if (e->alpha)
        kal__kernels()->unweigh_f64(sum, pixels, (size_t)e->channels, s->scale, s->offset);
    else
        kal__scale_f64(sum, s->scale, s->offset, pixels * (size_t)e->channels);
    kal__narrow(dst, first, sum, pixels, e);
}

static void lines_wide(const kal__sep *s, const kal_call *c, const kal_job *j, int32_t y, int32_t lines)
{
    const kal_rect out = j->out->rect;
    const kal_extent *e = &c->extent;
    const size_t channels = (size_t)e->channels, width = (size_t)(out.x1 - out.x0), most = block_pixels(e);
    const span p = span_of(s, &j->in[0], out, c->in[0]->extent.width);
    const room r = room_of(e, false, s->rx, s->ry, (int32_t)width, j->scratch);
    columns_wide(s, c, &j->in[0], &p, y, lines, &r);
    double *row = r.row;
    for (int32_t q = 0; q < lines; q++, row += r.step) {
        extend(s, c, &j->in[0], &p, y + q, (unsigned char *)row, channels * sizeof *row, column_wide);
        for (size_t x = 0; x < width; x += most) {
            const size_t pixels = width - x < most ? width - x : most;
            kal__kernels()->sum_f64(r.block, row + x * channels, s->at, s->x, 2 * s->rx + 1,
                                    pixels * channels);
            finish(s, e, kal_row(j->out, y + q), x, r.block, pixels);
        }
    }
}

void kal__sep_run(const kal__sep *s, const kal_call *c, const kal_job *j, kal__sep_after *after)
{
    const kal_rect out = j->out->rect;
    for (int32_t y = out.y0; y < out.y1; y += LINES) {
        const int32_t lines = out.y1 - y < LINES ? out.y1 - y : LINES;
        if (s->narrow)
            lines_u8(s, c, j, y, lines);
        else
            lines_wide(s, c, j, y, lines);
        for (int32_t q = 0; q < lines && after; q++) after(j, y + q);
    }
}
