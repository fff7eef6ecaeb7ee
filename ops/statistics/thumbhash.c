// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// thumbhash: some 25 bytes that a blurred placeholder can be drawn from (Evan Wallace's ThumbHash), as base-64 or hexadecimal digits. A
// larger image goes through `thumbnail 100` first. Then, as the reference does it, in doubles and in its order: a cosine transform of
//
//     l = (r + g + b) / 3     p = (r + g) / 2 − b     q = r − g     alpha
//
// over the average colour, with up to 7 × 7 terms of l (5 × 5 with alpha), 3 × 3 of p and q, 5 × 5 of alpha, each quantised to 4 bits by the
// largest. The bytes are the reference's but where a term is nothing (a flat channel, a single column): there the errors of its cosines
// decide between 7 and 8, and in ours other errors do.
#include "fmath.h"
#include "op.h"

#include <stdio.h>

extern const kal_op kal__op_cast, kal__op_thumbnail;

enum { SIDE = 100, TERMS = 32, BYTES = 40 };

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    (void)out;
    const kal_extent *e = &c->in[0]->extent;
    if (kal__colours(e) != 1 && kal__colours(e) != 3)
        return kal_fail(err, KAL_INVALID, "thumbhash: the image has %d colour channels; 1 or 3 are needed",
                        kal__colours(e));
    return kal__check_type("thumbhash", e, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_extent *e = &c->in[0]->extent;
    *to = (kal_folded){.op = c->op, .params = c->params, .n = 1, .in = {c->in[0]}, .before_params = room};
    if (e->width > SIDE || e->height > SIDE) {
        kal_thumbnail_p *box = room;
        *box = kal_thumbnail_defaults();
        box->width = SIDE;
        box->height = SIDE;
        to->before = &kal__op_thumbnail;
    } else if (e->type != KAL_U8) {
        *(kal_cast_p *)room = kal_cast_defaults();   // to u8
        to->before = &kal__op_cast;
    }
    return to->before;
}

typedef struct gathered {
    uint8_t rgba[4 * SIDE * SIDE];
    double channel[4][SIDE * SIDE];   // l, p, q, alpha
} gathered;

static size_t size(const kal_call *c)
{
    (void)c;
    return sizeof(gathered);
}

static kal_status rows(const kal_job *j, void *all)
{
    const kal_extent *e = &j->call->in[0]->extent;
    const bool gray = kal__colours(e) == 1;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const uint8_t *src = kal_row(&j->in[0], y);
        uint8_t *dst = ((gathered *)all)->rgba + 4 * (ptrdiff_t)y * e->width;
        for (int32_t x = 0; x < e->width; x++, src += e->channels, dst += 4) {
            for (int32_t k = 0; k < 3; k++) dst[k] = src[gray ? 0 : k];
            dst[3] = e->alpha ? src[e->channels - 1] : 255;
        }
    }
    return KAL_OK;
}

// ---- the transform ------------------------------------------------------------------------------

// Every colour over the average one.
static bool to_channels(gathered *g, int32_t n)
{
    double average[3] = {0}, opaque = 0;
    for (int32_t i = 0; i < n; i++) {
        const uint8_t *p = g->rgba + 4 * i;
        const double alpha = p[3] / 255.0;
        for (int32_t k = 0; k < 3; k++) average[k] += alpha / 255 * p[k];
        opaque += alpha;
    }
    for (int32_t k = 0; k < 3 && opaque > 0; k++) average[k] /= opaque;
    for (int32_t i = 0; i < n; i++) {
        const uint8_t *p = g->rgba + 4 * i;
        const double alpha = p[3] / 255.0;
        double v[3];
        for (int32_t k = 0; k < 3; k++) v[k] = average[k] * (1 - alpha) + alpha / 255 * p[k];
        g->channel[0][i] = (v[0] + v[1] + v[2]) / 3;
        g->channel[1][i] = (v[0] + v[1]) / 2 - v[2];
        g->channel[2][i] = v[0] - v[1];
        g->channel[3][i] = alpha;
    }
    return opaque < n;
}

typedef struct terms {
    double constant, scale, v[TERMS];   // v in 0..1, of scale
    int32_t n;
} terms;

static double term(const double *channel, int32_t w, int32_t h, int32_t cx, int32_t cy)
{
    double fx[SIDE], sum = 0;
    for (int32_t x = 0; x < w; x++) fx[x] = kal__cospi(cx * (x + 0.5) / w);
    for (int32_t y = 0; y < h; y++) {
        const double fy = kal__cospi(cy * (y + 0.5) / h);
        for (int32_t x = 0; x < w; x++) sum += channel[x + y * w] * fx[x] * fy;
    }
    return sum / (w * h);
}

static terms transform(const double *channel, int32_t w, int32_t h, int32_t nx, int32_t ny)
{
    terms t = {.n = 0};
    for (int32_t cy = 0; cy < ny; cy++)
        for (int32_t cx = 0; cx * ny < nx * (ny - cy); cx++) {
            const double f = term(channel, w, h, cx, cy), size = f < 0 ? -f : f;
            if (!cx && !cy) {
                t.constant = f;
                continue;
            }
            t.v[t.n++] = f;
            if (size > t.scale) t.scale = size;
        }
    for (int32_t i = 0; i < t.n && t.scale > 0; i++) t.v[i] = 0.5 + 0.5 / t.scale * t.v[i];
    return t;
}

// ---- the bytes ----------------------------------------------------------------------------------

// Half up, into six bits.
static uint32_t whole(double v)
{
    return (uint32_t)kal__clamp(kal__floor(v + 0.5), 0, 63);
}

static int32_t limit(int32_t most, int32_t side, int32_t longest)
{
    const int32_t n = (int32_t)whole((double)most * side / longest);
    return n > 1 ? n : 1;
}

static int32_t encode(gathered *g, int32_t w, int32_t h, uint8_t *out)
{
    const bool alpha = to_channels(g, w * h);
    const int32_t most = alpha ? 5 : 7, longest = w > h ? w : h;
    const int32_t lx = limit(most, w, longest), ly = limit(most, h, longest);
    const terms t[4] = {transform(g->channel[0], w, h, lx > 3 ? lx : 3, ly > 3 ? ly : 3),
                        transform(g->channel[1], w, h, 3, 3), transform(g->channel[2], w, h, 3, 3),
                        transform(g->channel[3], w, h, alpha ? 5 : 0, alpha ? 5 : 0)};
    const uint32_t first = whole(63 * t[0].constant) | whole(31.5 + 31.5 * t[1].constant) << 6 |
                           whole(31.5 + 31.5 * t[2].constant) << 12 | whole(31 * t[0].scale) << 18 |
                           (uint32_t)alpha << 23;
    const uint32_t second = (uint32_t)(w > h ? ly : lx) | whole(63 * t[1].scale) << 3 |
                            whole(63 * t[2].scale) << 9 | (uint32_t)(w > h) << 15;
    int32_t n = 0;
    for (int32_t shift = 0; shift < 24; shift += 8) out[n++] = (uint8_t)(first >> shift);
    for (int32_t shift = 0; shift < 16; shift += 8) out[n++] = (uint8_t)(second >> shift);
    if (alpha) out[n++] = (uint8_t)(whole(15 * t[3].constant) | whole(15 * t[3].scale) << 4);
    int32_t half = 0;
    for (int32_t k = 0; k < 4; k++)
        for (int32_t i = 0; i < t[k].n; i++, half ^= 1) {
            const uint32_t v = whole(15 * t[k].v[i]);
            if (half)
                out[n - 1] |= (uint8_t)(v << 4);
            else
                out[n++] = (uint8_t)v;
        }
    return n;
}

static void write_hex(const uint8_t *v, int32_t n, char *text)
{
    for (int32_t i = 0; i < n; i++) text += snprintf(text, 3, "%02x", v[i]);
}

static void write_base64(const uint8_t *v, int32_t n, char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int32_t i = 0; i < n; i += 3) {
        const uint32_t three =
            (uint32_t)v[i] << 16 | (i + 1 < n ? (uint32_t)v[i + 1] << 8 : 0) | (i + 2 < n ? v[i + 2] : 0);
        for (int32_t k = 0; k < 4; k++) *text++ = i + k > n ? '=' : digits[three >> (18 - 6 * k) & 63];
    }
    *text = 0;
}

static kal_status end(const kal_call *c, void *all, kal_value *out, kal_error *err)
{
    (void)err;
    const kal_extent *e = &c->in[0]->extent;
    uint8_t bytes[BYTES] = {0};
    char text[2 * BYTES + 1];
    const int32_t n = encode(all, e->width, e->height, bytes);
    (((const kal_thumbhash_p *)c->params)->digits ? write_hex : write_base64)(bytes, n, text);
    return kal_value_make_text(out, text);
}

static const kal_measure measure = {.kind = KAL_VALUE_TEXT, .size = size, .rows = rows, .end = end};

#define PARAMS kal_thumbhash_p
static const kal_param params[] = {KAL_THUMBHASH_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_thumbhash = {
    .name = "thumbhash",
    .version = 1,
    .family = "values",
    .help = "A ThumbHash: a blurred placeholder with its aspect, average colour and alpha, in some 25 bytes\n"
            "An image with a side above 100 goes through thumbnail first. For gray or RGB. Decoders are at\n"
            "evanw.github.io/thumbhash.",
    .inputs = "image",
    KAL__PARAMS(params, kal_thumbhash_p),
    .cost = 5,
    .extent = extent,
    .fold = fold,
    .measure = &measure,
    .samples = KAL__SAMPLES("", "digits=hex"),
};
