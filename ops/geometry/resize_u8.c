// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// resize of u8 without alpha, see resize.c for the formula and resize.h for the order of work.
#include "resize.h"

#include "kernels.h"

// ---- kernels ------------------------------------------------------------------------------------

// 16 bits times 16 bits: compilers know a vector instruction for that.
static void add_4(int32_t *acc, const uint8_t *const *src, const int16_t *t, size_t x, size_t n)
{
    const uint8_t *a = src[0] + x, *b = src[1] + x, *c = src[2] + x, *d = src[3] + x;
    const int16_t ta = t[0], tb = t[1], tc = t[2], td = t[3];
    for (size_t i = 0; i < n; i++)
        acc[i] += ta * (int16_t)a[i] + tb * (int16_t)b[i] + (tc * (int16_t)c[i] + td * (int16_t)d[i]);
}

static void add_1(int32_t *acc, const uint8_t *src, int16_t t, size_t n)
{
    for (size_t i = 0; i < n; i++) acc[i] += t * (int16_t)src[i];
}

// `lines` rows of sums over the same source rows, line l with the weights from t + l·taps; taps is even.
void kal__resize_v_u8_c(int16_t *dst, size_t pitch, size_t lines, const uint8_t *const *src, const int16_t *t,
                        size_t taps, size_t n)
{
    enum { CHUNK = 1024 };   // so that sums stay in L1
    int32_t acc[CHUNK];
    for (size_t l = 0; l < lines; l++, dst += pitch, t += taps)
        for (size_t x = 0; x < n; x += CHUNK) {
            const size_t part = n - x < CHUNK ? n - x : CHUNK;
            for (size_t i = 0; i < part; i++) acc[i] = 128;
            size_t k = 0;
            for (; k + 4 <= taps; k += 4) add_4(acc, src + k, t + k, x, part);
            for (; k < taps; k++) add_1(acc, src[k] + x, t[k], part);
            for (size_t i = 0; i < part; i++) dst[x + i] = (int16_t)(acc[i] >> 8);
        }
}

// One sample of all lines from the sums of products.
static void put(const kal__across_u8 *a, size_t at, const int32_t *sum)
{
    for (size_t l = 0; l < a->lines; l++) {
        const int32_t v = sum[l] >> 20;
        a->dst[l][at] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

void kal__resize_h_u8_c(const kal__across_u8 *a)
{
    const kal__window first = a->window[0], last = a->window[a->outputs - 1];
    const size_t samples = (size_t)(last.first + last.count - first.first) * a->channels;
    int16_t *turned = a->room;
    for (size_t i = 0; i < samples; i++)
        for (size_t l = 0; l < KAL__LINES; l++) turned[i * KAL__LINES + l] = a->src[l * a->pitch + i];
    for (size_t at = 0; at < a->outputs * a->channels; at++) {
        const size_t x = at / a->channels, c = at % a->channels;
        const kal__window w = a->window[x];
        const int16_t *t = a->t + a->at[x];
        const int16_t *v = turned + ((size_t)(w.first - first.first) * a->channels + c) * KAL__LINES;
        int32_t sum[KAL__LINES];
        for (size_t l = 0; l < KAL__LINES; l++) sum[l] = 1 << 19;
        for (int32_t k = 0; k < w.count; k++, v += a->channels * KAL__LINES)
            for (size_t l = 0; l < KAL__LINES; l++) sum[l] += t[k] * v[l];
        put(a, at, sum);
    }
}

size_t kal__across_u8_room(size_t pixels, size_t outputs, size_t channels)
{
    // the windows turned round, by eights of pixels; outputs not yet turned back
    return ((pixels + 8) / 8 * 8 * 2 + outputs) * channels * KAL__LINES;
}

// ---- sizes --------------------------------------------------------------------------------------

enum {
    PART_SAMPLES = 16384,               // of a row in the block: 512 KB of i16
    ACROSS_SAMPLES = 768,               // turned round at a time: 24 KB
    ACROSS_OUTPUTS = 1024,              // samples
    PAST = 8,                           // pixels that the rows pass may read past the end
    TAPS = KAL__MOST_TAPS * 5 / 4 + 4   // of two lines together, and one to make them even
};

// Pixels of a row that fit where so many samples are meant to, with two of the widest windows at least.
static size_t pixels_in(size_t samples, size_t widest, size_t channels)
{
    return samples / channels > 2 * widest ? samples / channels : 2 * widest;
}

static size_t outputs_in(size_t channels)
{
    return ACROSS_OUTPUTS / channels > 16 ? ACROSS_OUTPUTS / channels : 16;
}

static size_t pitch_of(size_t pixels, size_t channels)
{
    return ((pixels + PAST) * channels + 31) / 32 * 32;
}

typedef struct sizes {
    size_t part, across, outputs;   // pixels in a part of a row; pixels and outputs of a rows pass
    size_t block, room;             // bytes
} sizes;

static sizes sizes_of(size_t widest, size_t columns, size_t channels)
{
    sizes s = {.part = pixels_in(PART_SAMPLES, widest, channels),
               .across = pixels_in(ACROSS_SAMPLES, widest, channels),
               .outputs = outputs_in(channels)};
    if (s.part > columns) s.part = columns;
    s.block = pitch_of(s.part, channels) * KAL__LINES * sizeof(int16_t);
    s.room = kal__across_u8_room(s.across, s.outputs, channels);
    return s;
}

size_t kal__resize_u8_scratch(const kal__axis *x, int32_t width, size_t channels)
{
    if (kal__widest(x) > KAL__MOST_TAPS + 2) return 0;   // it is not this way's work
    const sizes s = sizes_of((size_t)kal__widest(x), (size_t)kal__columns(x, width), channels);
    return s.block + s.room;
}

// ---- the two passes -----------------------------------------------------------------------------

// Weights of `lines` rows from y on over their common source rows.
static size_t common_weights(const kal__taps *taps, int32_t y, size_t lines, size_t n, int16_t *t)
{
    const kal__window first = taps->window[y];
    n += n & 1;
    memset(t, 0, n * lines * sizeof *t);
    for (size_t l = 0; l < lines; l++, t += n) {
        const kal__window w = taps->window[y + (int32_t)l];
        memcpy(t + (w.first - first.first), taps->t + taps->at[y + (int32_t)l], (size_t)w.count * sizeof *t);
    }
    return n;
}

// Rows y0..y1 of the block, from pixel x0 on. Two lines together share the unpacking of their source rows,
// which pays unless they have few in common.
static void columns_pass(const kal_tile *in, const kal__taps *taps, int32_t y0, int32_t y1, int32_t x0,
                         size_t n, int16_t *block, size_t pitch)
{
    const uint8_t *src[TAPS];
    int16_t t[2 * TAPS];
    for (int32_t y = y0; y < y1;) {
        const kal__window w = taps->window[y], next = taps->window[y + 1 < y1 ? y + 1 : y];
        const int32_t both = next.first + next.count - w.first;
        const size_t lines = y + 1 < y1 && 4 * both <= 5 * w.count + 4 ? 2 : 1;
        const size_t used = lines == 2 ? (size_t)both : (size_t)w.count;
        const size_t all = common_weights(taps, y, lines, used, t);
        for (size_t k = 0; k < all; k++)
            src[k] = kal_row(in, w.first + (int32_t)(k < used ? k : used - 1)) + (size_t)x0;
        kal__kernels()->resize_v_u8(block + (size_t)(y - y0) * pitch, pitch, lines, src, t, all, n);
        y += (int32_t)lines;
    }
}

static void rows_pass(const kal_tile *out, const kal__taps *taps, const sizes *s, int32_t y0, int32_t y1,
                      int32_t x0, int32_t x1, const int16_t *block, size_t pitch, void *room)
{
    const size_t channels = (size_t)out->pixel;
    const int32_t base = taps->window[x0].first;
    uint8_t *dst[KAL__LINES];
    for (int32_t x = x0, n; x < x1; x += n) {
        n = kal__outputs_within(taps->window, x, x1, s->across, s->outputs);
        for (int32_t y = y0; y < y1; y++) dst[y - y0] = kal_at(out, x, y);
        const kal__across_u8 a = {.dst = dst,
                                  .lines = (size_t)(y1 - y0),
                                  .src = block + (size_t)(taps->window[x].first - base) * channels,
                                  .pitch = pitch,
                                  .window = taps->window + x,
                                  .at = taps->at + x,
                                  .t = taps->t,
                                  .outputs = (size_t)n,
                                  .channels = channels,
                                  .room = room};
        kal__kernels()->resize_h_u8(&a);
    }
}

void kal__resize_u8(const kal_job *j, const kal__resize_tables *t)
{
    const kal_tile *in = &j->in[0];
    const kal_rect o = j->out->rect;
    const size_t channels = (size_t)in->pixel;
    const sizes s = sizes_of((size_t)t->x.widest, (size_t)kal_tile_width(in), channels);
    const size_t pitch = pitch_of(s.part, channels);
    int16_t *block = j->scratch;
    unsigned char *room = (unsigned char *)j->scratch + s.block;
    const kal__window *w = t->x.window;
    for (int32_t x = o.x0, n; x < o.x1; x += n) {
        n = kal__outputs_within(w, x, o.x1, s.part, (size_t)(o.x1 - x));
        const int32_t first = w[x].first, last = w[x + n - 1].first + w[x + n - 1].count;
        const size_t samples = (size_t)(last - first) * channels;
        for (int32_t l = 0; l < KAL__LINES; l++)   // what is read past the end
            memset(block + (size_t)l * pitch + samples, 0, PAST * channels * sizeof *block);
        for (int32_t y = o.y0; y < o.y1; y += KAL__LINES) {
            const int32_t end = y + KAL__LINES < o.y1 ? y + KAL__LINES : o.y1;
            columns_pass(in, &t->y, y, end, (first - in->rect.x0) * in->pixel, samples, block, pitch);
            rows_pass(j->out, &t->x, &s, y, end, x, x + n, block, pitch, room);
        }
    }
}
