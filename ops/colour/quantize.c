// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// quantize and dither: every u8 pixel becomes the nearest colour of a palette, the one with the least sum of squared differences over the
// colour channels; of equals the first. dither spreads what is lost (Floyd and Steinberg), left to right, top to bottom, in sixteenths:
//
//     v = clamp(in + ⌊(e + 8) / 16⌋, 0, 255)   d = v − colour   e: right + 7 d, below left + 3 d, below + 5 d, below right + 1 d
//
// Since an error runs through the whole image, dither is done at once. Alpha stays and spreads nothing.
#include "channels.h"
#include "mem.h"
#include "palettes.h"

#include <stdlib.h>

enum { MOST = 256, CHANNELS = 4, SLOTS = 4096 };

static kal_status check(const char *op, const kal_call *c, const kal_quantize_p *p, kal_extent *out,
                        kal_error *err)
{
    *out = c->in[0]->extent;
    kal__unmask(out);
    const int32_t colours = kal__colours(out);
    if (out->type != KAL_U8) return kal__refuse_type(op, out, "are not quantised; cast type=u8 first", err);
    if (colours > CHANNELS)
        return kal_fail(err, KAL_INVALID, "%s: the image has %d colour channels; at most %d are compared", op,
                        colours, CHANNELS);
    if (p->index) {
        out->channels = 1;
        out->alpha = false;
        out->model = KAL_DATA;
    }
    return kal__palette_check(op, p->colors, colours, MOST, err);
}

typedef struct palette {
    int32_t n, channels;
    uint8_t colours[MOST * CHANNELS];
} palette;

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_quantize_p *p = c->params;
    palette *t = kal__new_zero(1, sizeof *t);
    if (!t) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    t->channels = kal__colours(&c->in[0]->extent);
    t->n = kal__palette_size(p->palette, p->colors, t->channels);
    kal__palette_fill(p->palette, p->colors, t->channels, t->colours);
    *state = t;
    return KAL_OK;
}

static uint8_t search(const palette *t, const uint8_t *pixel)
{
    int32_t best = 0, least = INT32_MAX;
    const uint8_t *colour = t->colours;
    for (int32_t i = 0; i < t->n; i++, colour += t->channels) {
        int32_t sum = 0;
        for (int32_t k = 0; k < t->channels; k++) {
            const int32_t d = pixel[k] - colour[k];
            sum += d * d;
        }
        if (sum < least) least = sum, best = i;
    }
    return (uint8_t)best;
}

// What was found before, by a hash of the pixel: the pixel itself, that there is one, its index.
static uint8_t nearest(const palette *t, const uint8_t *pixel, uint64_t *found)
{
    uint32_t v = 0;
    for (int32_t k = 0; k < t->channels; k++) v = v << 8 | pixel[k];
    uint64_t *slot = &found[(v * 2654435761u) >> 20];
    const uint64_t mark = (uint64_t)v << 9 | 256;
    if ((*slot & ~(uint64_t)255) != mark) *slot = mark | search(t, pixel);
    return (uint8_t)*slot;
}

static void put(const kal_job *j, const palette *t, uint8_t *dst, const uint8_t *src, size_t i, uint8_t index)
{
    const kal_extent *in = &j->call->in[0]->extent;
    if (((const kal_quantize_p *)j->call->params)->index) {
        dst[i] = index;
        return;
    }
    const size_t channels = (size_t)in->channels;
    memcpy(dst + i * channels, t->colours + (ptrdiff_t)index * t->channels, (size_t)t->channels);
    if (in->alpha) dst[i * channels + channels - 1] = src[i * channels + channels - 1];
}

#define PARAMS kal_quantize_p
static const kal_param params[] = {KAL_QUANTIZE_PARAMS(KAL_SCHEMA)};

// ---- quantize -----------------------------------------------------------------------------------

static kal_status extent(const kal_call *c, void *p, kal_extent *out, kal_error *err)
{
    return check("quantize", c, p, out, err);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)c;
    (void)width;
    (void)height;
    return SLOTS * sizeof(uint64_t);
}

static kal_status run(const kal_job *j)
{
    const palette *t = j->state;
    const size_t n = (size_t)kal_tile_width(j->out), channels = (size_t)j->call->in[0]->extent.channels;
    memset(j->scratch, 0, SLOTS * sizeof(uint64_t));
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const uint8_t *src = kal_row(&j->in[0], y);
        uint8_t *dst = kal_row(j->out, y);
        for (size_t i = 0; i < n; i++) put(j, t, dst, src, i, nearest(t, src + i * channels, j->scratch));
    }
    return KAL_OK;
}

const kal_op kal__op_quantize = {
    .name = "quantize",
    .version = 1,
    .family = "colour",
    .help = "Every pixel to the nearest colour of a palette\n"
            "A named palette, or colors as a list with a sample for each colour channel of the image:\n"
            "quantize photo colors=(photo | dominant 16). index=true gives numbers of colours, which "
            "apply_palette "
            "turns back.\nNearest is the least sum of squared differences, of equals the first; alpha stays. "
            "u8 only.",
    .inputs = "image",
    KAL__PARAMS(params, kal_quantize_p),
    .flags = KAL_OP_POINTWISE,
    .cost = 8,
    .extent = extent,
    .prepare = prepare,
    .release = free,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("", "tab20 index=true", "colors=[9 8 7 200.5 300 -4 60 0 0 0 70 80]"),
};

// ---- dither -------------------------------------------------------------------------------------

static kal_status dither_extent(const kal_call *c, void *p, kal_extent *out, kal_error *err)
{
    return check("dither", c, p, out, err);
}

// Errors of two rows, a pixel wider on both sides.
static size_t errors_of(const kal_call *c)
{
    const kal_extent *in = &c->in[0]->extent;
    return ((size_t)in->width + 2) * (size_t)kal__colours(in);
}

static size_t dither_scratch(const kal_call *c, int32_t width, int32_t height)
{
    return scratch(c, width, height) + 2 * errors_of(c) * sizeof(int32_t);
}

// Dithers a row; errors begin at the pixel left of the row. C's division would round towards 0, hence the shift.
static void dither_row(const kal_job *j, const palette *t, int32_t y, int32_t *now, int32_t *next)
{
    const uint8_t *src = kal_row(&j->in[0], y);
    uint8_t *dst = kal_row(j->out, y);
    const int32_t channels = t->channels;
    for (int32_t x = 0; x < j->call->extent.width; x++, now += channels, next += channels) {
        uint8_t v[CHANNELS];
        for (int32_t k = 0; k < channels; k++) {
            const int32_t e = now[channels + k] + 8 + (4096 << 4);
            const int32_t sum = src[x * j->in[0].pixel + k] + (e >> 4) - 4096;
            v[k] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
        }
        const uint8_t index = nearest(t, v, j->scratch);
        for (int32_t k = 0; k < channels; k++) {
            const int32_t d = v[k] - t->colours[index * channels + k];
            now[2 * channels + k] += 7 * d;
            next[k] += 3 * d;
            next[channels + k] += 5 * d;
            next[2 * channels + k] += d;
        }
        put(j, t, dst, src, (size_t)x, index);
    }
}

static kal_status dither_run(const kal_job *j)
{
    const size_t n = errors_of(j->call);
    int32_t *errors = (int32_t *)(void *)((uint64_t *)j->scratch + SLOTS);
    memset(j->scratch, 0, dither_scratch(j->call, 0, 0));
    for (int32_t y = 0; y < j->call->extent.height; y++) {
        int32_t *now = errors + (y % 2 ? n : 0), *next = errors + (y % 2 ? 0 : n);
        memset(next, 0, n * sizeof *next);
        dither_row(j, j->state, y, now, next);
    }
    return KAL_OK;
}

const kal_op kal__op_dither = {
    .name = "dither",
    .version = 1,
    .family = "colour",
    .help =
        "Every pixel to a colour of a palette, its error spread over its neighbours (Floyd and Steinberg)\n"
        "As quantize, but flat colours in between become patterns. Row by row from left to right, so the "
        "whole image is "
        "held.\nAlpha stays and spreads nothing. u8 only.",
    .inputs = "image",
    KAL__PARAMS(params, kal_dither_p),
    .flags = KAL_OP_WHOLE,
    .cost = 12,
    .extent = dither_extent,
    .prepare = prepare,
    .release = free,
    .scratch = dither_scratch,
    .run = dither_run,
    .samples = KAL__SAMPLES("", "tab20 index=true", "colors=[9 8 7 200.5 300 -4 60 0 0 0 70 80]"),
};
