// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// resize of everything but u8 without alpha, see resize.c for the formula and resize.h for the order of work. All
// sums are of doubles in the order of the weights and start at 0; what is outside a window is not even multiplied
// by 0, since it may be infinite.
#include "resize.h"

#include "kernels.h"

// ---- kernels ------------------------------------------------------------------------------------

// Samples as reals, colours times alpha.
void kal__resize_widen_c(double *dst, const void *src, kal_type type, size_t channels, bool alpha,
                         size_t pixels)
{
    const size_t n = pixels * channels;
    if (type == KAL_U8)
        for (size_t i = 0; i < n; i++) dst[i] = ((const uint8_t *)src)[i];
    else if (type == KAL_U16)
        for (size_t i = 0; i < n; i++) dst[i] = ((const uint16_t *)src)[i];
    else
        for (size_t i = 0; i < n; i++) dst[i] = (double)((const float *)src)[i];
    for (size_t x = 0; alpha && x < pixels; x++, dst += channels)
        for (size_t k = 0; k + 1 < channels; k++) dst[k] *= dst[channels - 1];
}

// Adds the products of some source rows to a row of sums; without `more` the sums start here.
void kal__resize_v_real_c(double *acc, const double *const *src, const double *t, size_t taps, size_t n,
                          bool more)
{
    for (size_t i = 0; i < n && !more; i++) acc[i] = 0;
    for (size_t k = 0; k < taps; k++)
        for (size_t i = 0; i < n; i++) acc[i] += t[k] * src[k][i];
}

// KAL__LINES rows to samples: of each n in all lines. Up to 3 more may be read and written.
void kal__resize_turn_real_c(double *dst, const double *src, size_t pitch, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t l = 0; l < KAL__LINES; l++) *dst++ = src[l * pitch + i];
}

// One output of line l: from sums of all lines, channel by channel.
static void finish(const kal__across_real *a, size_t x, size_t l, const double *sum)
{
    const size_t colours = a->channels - a->alpha, at = x * a->channels;
    const double alpha = a->alpha ? sum[colours * KAL__LINES] : 1;
    const bool gone = a->type == KAL_F32 ? !(alpha > 0) : alpha < 0.5;   // what alpha is stored as
    for (size_t c = 0; c < colours; c++, sum += KAL__LINES)
        kal__set(a->dst[l], a->type, at + c, !a->alpha ? *sum : gone ? 0 : *sum / alpha);
    if (a->alpha) kal__set(a->dst[l], a->type, at + colours, alpha);
}

static inline void weigh(double *sum, const double *v, const double *t, int32_t n, size_t step, size_t lanes)
{
    for (size_t l = 0; l < lanes; l++) sum[l] = 0;
    for (int32_t k = 0; k < n; k++, v += step)
        for (size_t l = 0; l < lanes; l++) sum[l] += t[k] * v[l];
}

void kal__resize_h_real_c(const kal__across_real *a)
{
    double sum[KAL_MAX_CHANNELS * KAL__LINES];
    const size_t step = a->channels * a->lanes;
    for (size_t x = 0; x < a->outputs; x++) {
        const kal__window w = a->window[x];
        const double *v = a->src + (size_t)(w.first - a->window[0].first) * step, *t = a->t + a->at[x];
        for (size_t c = 0; c < a->channels; c++, v += a->lanes) {
            if (a->lanes == KAL__LINES)
                weigh(sum + c * KAL__LINES, v, t, w.count, step, KAL__LINES);
            else
                weigh(sum + c * KAL__LINES, v, t, w.count, step, a->lanes);
        }
        for (size_t l = 0; l < a->lines; l++) finish(a, x, l, sum + l);
    }
}

size_t kal__across_real_room(size_t outputs, size_t channels)
{
    return 2 * (outputs * channels + 4) * KAL__LINES * sizeof(double);   // before and after turning back
}

// ---- sizes --------------------------------------------------------------------------------------

enum {
    PART_SAMPLES = 2048,    // of a row in the block: 256 KB
    ACROSS_OUTPUTS = 192,   // samples of a rows pass
    STEP = 96,           // samples of a row that go through the columns pass at a time: 24 KB with the sums
    ROWS = 16,           // source rows that do
    PAST = 4,            // samples that turning may write past the end
    HUGE_WINDOW = 8192   // samples; beyond, lines go one by one, so that the scratch stays within a row
};

typedef struct sizes {
    size_t lines;
    size_t part, outputs;             // pixels in a part of a row, outputs of a rows pass
    size_t step;                      // STEP, in whole pixels and if possible vectors
    size_t block, rows, sums, room;   // bytes
} sizes;

static size_t more_of(size_t a, size_t b)
{
    return a > b ? a : b;
}

static sizes sizes_of(size_t widest, size_t columns, size_t channels)
{
    const bool huge = widest * channels > HUGE_WINDOW;
    sizes s = {.lines = huge ? 1 : KAL__LINES,
               .part = more_of(PART_SAMPLES / channels, huge ? widest : 2 * widest),
               .outputs = more_of(ACROSS_OUTPUTS / channels, 16),
               .step = STEP / channels * channels};
    if (s.step >= 8 * channels) s.step = STEP / (8 * channels) * 8 * channels;
    if (s.part > columns) s.part = columns;
    s.block = (s.part * channels + PAST) * s.lines * sizeof(double);
    s.rows = STEP * ROWS * sizeof(double);
    s.sums = STEP * s.lines * sizeof(double);
    s.room = kal__across_real_room(s.outputs, channels);
    s.block = (s.block + 63) / 64 * 64;
    return s;
}

size_t kal__resize_real_scratch(const kal__axis *x, int32_t width, size_t channels)
{
    const sizes s = sizes_of((size_t)kal__widest(x), (size_t)kal__columns(x, width), channels);
    return s.block + s.rows + s.sums + s.room;
}

// ---- the two passes -----------------------------------------------------------------------------

// What a piece of the columns pass works on: `n` samples of the block's rows y0..y1, from byte `offset` of the
// source rows on.
typedef struct piece {
    const kal_tile *in;
    const kal_extent *e;
    const kal__taps *taps;
    int32_t y0, y1;
    size_t offset, n;
    double *sums;   // STEP for each line
    double *rows;   // ROWS widened source rows
} piece;

// Source rows v0..v1, at most ROWS, into all sums that they belong to.
static void add_rows(const piece *p, int32_t v0, int32_t v1)
{
    const size_t channels = (size_t)p->e->channels;
    const double *src[ROWS];
    for (int32_t v = v0; v < v1; v++) {
        double *row = p->rows + (size_t)(v - v0) * STEP;
        kal__kernels()->resize_widen(row, kal_row(p->in, v) + p->offset, p->e->type, channels, p->e->alpha,
                                     p->n / channels);
        src[v - v0] = row;
    }
    for (int32_t y = p->y0; y < p->y1; y++) {
        const kal__window w = p->taps->window[y];
        const int32_t from = w.first > v0 ? w.first : v0,
                      end = w.first + w.count < v1 ? w.first + w.count : v1;
        if (from >= end) continue;
        kal__kernels()->resize_v_real(p->sums + (size_t)(y - p->y0) * STEP, src + (from - v0),
                                      p->taps->w + p->taps->at[y] + (from - w.first), (size_t)(end - from),
                                      p->n, from > w.first);
    }
}

static void columns_pass(piece p, size_t samples, const sizes *s, double *block)
{
    const size_t sample = (size_t)p.in->pixel / (size_t)p.e->channels;
    const kal__window last = p.taps->window[p.y1 - 1];
    for (size_t x = 0; x < samples; x += s->step, block += s->step * s->lines, p.offset += s->step * sample) {
        p.n = samples - x < s->step ? samples - x : s->step;
        for (int32_t v = p.taps->window[p.y0].first, end = last.first + last.count; v < end; v += ROWS)
            add_rows(&p, v, end - v < ROWS ? end : v + ROWS);
        if (s->lines == 1)
            memcpy(block, p.sums, p.n * sizeof *block);
        else
            kal__kernels()->resize_turn_real(block, p.sums, STEP, p.n);
    }
}

static void rows_pass(const kal_job *j, const kal__taps *taps, const sizes *s, kal_rect part,
                      const double *block, void *room)
{
    const kal_extent *e = &j->call->extent;
    const size_t channels = (size_t)e->channels;
    const int32_t base = taps->window[part.x0].first;
    void *dst[KAL__LINES];
    for (int32_t x = part.x0, n; x < part.x1; x += n) {
        n = part.x1 - x < (int32_t)s->outputs ? part.x1 - x : (int32_t)s->outputs;
        for (int32_t y = part.y0; y < part.y1; y++) dst[y - part.y0] = kal_at(j->out, x, y);
        const kal__across_real a = {.dst = dst,
                                    .lines = (size_t)(part.y1 - part.y0),
                                    .src =
                                        block + (size_t)(taps->window[x].first - base) * channels * s->lines,
                                    .lanes = s->lines,
                                    .window = taps->window + x,
                                    .at = taps->at + x,
                                    .t = taps->w,
                                    .outputs = (size_t)n,
                                    .channels = channels,
                                    .type = e->type,
                                    .alpha = e->alpha,
                                    .room = room};
        (s->lines == 1 ? kal__resize_h_real_c : kal__kernels()->resize_h_real)(&a);
    }
}

void kal__resize_real(const kal_job *j, const kal__resize_tables *t)
{
    const kal_tile *in = &j->in[0];
    const kal_rect o = j->out->rect;
    const size_t channels = (size_t)j->call->extent.channels;
    const sizes s = sizes_of((size_t)t->x.widest, (size_t)kal_tile_width(in), channels);
    const int32_t lines = (int32_t)s.lines;
    double *block = j->scratch, *rows = block + s.block / sizeof *block, *sums = rows + s.rows / sizeof *rows;
    memset(sums, 0, s.sums);   // of lines that are not there
    const kal__window *w = t->x.window;
    for (int32_t x = o.x0, n; x < o.x1; x += n) {
        n = kal__outputs_within(w, x, o.x1, s.part, (size_t)(o.x1 - x));
        const int32_t first = w[x].first, last = w[x + n - 1].first + w[x + n - 1].count;
        for (int32_t y = o.y0; y < o.y1; y += lines) {
            const kal_rect part = kal_rect_of(x, y, x + n, o.y1 - y < lines ? o.y1 : y + lines);
            const piece p = {.in = in,
                             .e = &j->call->in[0]->extent,
                             .taps = &t->y,
                             .y0 = part.y0,
                             .y1 = part.y1,
                             .offset = (size_t)(first - in->rect.x0) * (size_t)in->pixel,
                             .sums = sums,
                             .rows = rows};
            columns_pass(p, (size_t)(last - first) * channels, &s, block);
            rows_pass(j, &t->x, &s, part, block, sums + s.sums / sizeof *sums);
        }
    }
}
