// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// clahe: contrast limited adaptive histogram equalisation as OpenCV's createCLAHE does it, in the same floats and the same order, so that
// u8 and u16 are its bytes:
//
//   tiles    the image, continued by reflection (dcb|abcd|cba) on the right and at the bottom where it does not divide into columns × rows
//            of them; then both sides grow, one that divides by a whole number of tiles' count
//   limit    L = max(⌊clip · pixels of a tile / bins⌋, 1); what a bin has above L is shared out: an equal part for every bin, the rest one
//            each in steps of max(bins / rest, 1)
//   curve    out[v] = rint(N(v) · (bins − 1) / pixels of a tile)                          halves to even
//   pixel    (a · (1 − x) + b · x) · (1 − y) + (c · (1 − x) + d · x) · y, of the curves of the four nearest tiles, rint
//
// clip = 0 does not limit. f32 goes through the curves of the u16 nearest to it and is not rounded after. Each colour channel by itself; alpha stays. The curves of one channel at a time are held.
#include "channels.h"
#include "cpu.h"
#include "fmath.h"
#include "statistics/histogram.h"

typedef struct grid {
    int32_t columns, rows, width, height;   // of tiles, and of one tile
    int32_t bins, limit;
} grid;

static grid grid_of(const kal_call *c)
{
    const kal_clahe_p *p = c->params;
    const kal_extent *e = &c->extent;
    grid g = {.columns = p->columns, .rows = p->rows, .bins = kal__histogram_steps(e->type)};
    const bool even = e->width % g.columns == 0 && e->height % g.rows == 0;
    g.width = (even ? e->width : e->width + g.columns - e->width % g.columns) / g.columns;
    g.height = (even ? e->height : e->height + g.rows - e->height % g.rows) / g.rows;
    const double limit = p->clip * ((double)g.width * g.height) / g.bins;
    g.limit = limit >= INT32_MAX ? INT32_MAX : (int32_t)limit;
    if (p->clip > 0 && g.limit < 1) g.limit = 1;
    return g;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_clahe_p *p = params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    const kal_status st = kal__check_type("clahe", out, err);
    if (st) return st;
    // what is counted in a tile stays far inside 32 bits
    const int64_t tile = ((int64_t)out->width / p->columns + 1) * ((int64_t)out->height / p->rows + 1);
    if (tile < (1 << 30)) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "clahe: a tile of %lld pixels is too large; give more columns and rows",
                    (long long)tile);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width;
    (void)height;
    const grid g = grid_of(c);
    const size_t columns = (size_t)c->extent.width;
    return columns * sizeof(float) + columns * 2 * sizeof(int32_t) + (size_t)g.bins * sizeof(int32_t) +
           (size_t)g.columns * (size_t)g.bins * sizeof(uint32_t) +
           (size_t)g.columns * (size_t)g.rows * (size_t)g.bins * sizeof(uint16_t);
}

#define AS_IT_IS(v) (v)

// What lies right of the image or below it is what it mirrors.
#define COUNT(T, STEP)                                                                                       \
    static void count_##T(const kal_job *j, const grid *g, int32_t k, int32_t tx, int32_t ty,                \
                          int32_t *counts)                                                                   \
    {                                                                                                        \
        const kal_extent *e = &j->call->extent;                                                              \
        const int32_t end = (tx + 1) * g->width, inside = end < e->width ? end : e->width;                   \
        for (int32_t y = ty * g->height; y < (ty + 1) * g->height; y++) {                                    \
            const T *row = (const T *)(const void *)kal_row(                                                 \
                               &j->in[0], kal_edge_index(y, e->height, KAL_EDGE_REFLECT)) +                  \
                           k;                                                                                \
            int32_t x = tx * g->width;                                                                       \
            for (; x < inside; x++) counts[STEP(row[(ptrdiff_t)x * e->channels])]++;                         \
            for (; x < end; x++)                                                                             \
                counts[STEP(row[(ptrdiff_t)kal_edge_index(x, e->width, KAL_EDGE_REFLECT) * e->channels])]++; \
        }                                                                                                    \
    }
COUNT(uint8_t, AS_IT_IS)
COUNT(uint16_t, AS_IT_IS)
COUNT(float, kal__step_of)

static void clip(const grid *g, int32_t *counts)
{
    int32_t over = 0;
    for (int32_t v = 0; v < g->bins; v++)
        if (counts[v] > g->limit) {
            over += counts[v] - g->limit;
            counts[v] = g->limit;
        }
    const int32_t part = over / g->bins;
    for (int32_t v = 0; v < g->bins; v++) counts[v] += part;
    int32_t rest = over - part * g->bins;
    const int32_t step = rest && g->bins / rest > 1 ? g->bins / rest : 1;
    for (int32_t v = 0; v < g->bins && rest > 0; v += step, rest--) counts[v]++;
}

static void curve_of(const grid *g, const int32_t *counts, uint16_t *curve)
{
    const float scale = (float)(g->bins - 1) / (float)(g->width * g->height);
    int32_t sum = 0;
    for (int32_t v = 0; v < g->bins; v++) {
        sum += counts[v];
        curve[v] = (uint16_t)kal__clamp(kal__rint((double)((float)sum * scale)), 0, g->bins - 1);
    }
}

// Between which tiles a column or row lies, and how near the second.
static void between(int32_t i, int32_t tile, int32_t tiles, int32_t *first, int32_t *second, float *share)
{
    const float at = (float)i * (1.0f / (float)tile) - 0.5f;
    const int32_t down = at < 0 ? -1 : (int32_t)at;
    *share = at - (float)down;
    *first = down < 0 ? 0 : down;
    *second = down + 1 < tiles ? down + 1 : tiles - 1;
    if (*first > *second) *first = *second;
}

typedef struct across {
    float *share;
    int32_t *first, *second;   // where the curves of the two tiles begin in a row of tiles
    uint32_t *pairs;           // for a row of tiles and the one below, both curves' values side by side
    int32_t top, bottom;       // which
} across;

static void pair_rows(across *a, const grid *g, int32_t top, int32_t bottom, const uint16_t *curves)
{
    const size_t n = (size_t)g->columns * (size_t)g->bins;
    const uint16_t *upper = curves + (size_t)top * n, *lower = curves + (size_t)bottom * n;
    for (size_t i = 0; i < n; i++) a->pairs[i] = upper[i] | (uint32_t)lower[i] << 16;
    a->top = top;
    a->bottom = bottom;
}

// Adding and taking away 1.5 · 2^23 rounds a float of this size to even.
#define ROUNDED(v) ((int32_t)(((v) + 12582912.0f) - 12582912.0f))
#define SHARE(v) ((v) / 65535.0f)
#define MAP(T, STEP, STORE)                                                                              \
    KAL__INLINE void map_##T##_body(const across *a, float down, T *restrict dst, const T *restrict src, \
                                    size_t n, size_t step)                                               \
    {                                                                                                    \
        const float *restrict share = a->share;                                                          \
        const int32_t *restrict first = a->first, *restrict second = a->second;                          \
        const uint32_t *restrict pairs = a->pairs;                                                       \
        for (size_t x = 0; x < n; x++) {                                                                 \
            const int32_t v = STEP(src[x * step]);                                                       \
            const uint32_t p = pairs[first[x] + v], q = pairs[second[x] + v];                            \
            const float r = share[x], l = 1.0f - r;                                                      \
            const float out =                                                                            \
                ((float)(int32_t)(p & 65535) * l + (float)(int32_t)(q & 65535) * r) * (1.0f - down) +    \
                ((float)(int32_t)(p >> 16) * l + (float)(int32_t)(q >> 16) * r) * down;                  \
            dst[x * step] = (T)STORE(out);                                                               \
        }                                                                                                \
    }                                                                                                    \
    KAL__VARIANTS(map_##T, (const across *a, float down, T *dst, const T *src, size_t n, size_t step),   \
                  (a, down, dst, src, n, step))
MAP(uint8_t, AS_IT_IS, ROUNDED)
MAP(uint16_t, AS_IT_IS, ROUNDED)
MAP(float, kal__step_of, SHARE)

static void map_row(const kal_job *j, const grid *g, across *a, int32_t k, int32_t y, const uint16_t *curves)
{
    const kal_extent *e = &j->call->extent;
    int32_t top, bottom;
    float down;
    between(y, g->height, g->rows, &top, &bottom, &down);
    if (top != a->top || bottom != a->bottom) pair_rows(a, g, top, bottom, curves);
    const unsigned char *src = kal_row(&j->in[0], y);
    unsigned char *dst = kal_row(j->out, y);
    const size_t n = (size_t)e->width, step = (size_t)e->channels;
    if (e->type == KAL_U8)
        map_uint8_t(a, down, dst + k, src + k, n, step);
    else if (e->type == KAL_F32)
        map_float(a, down, (float *)(void *)dst + k, (const float *)(const void *)src + k, n, step);
    else
        map_uint16_t(a, down, (uint16_t *)(void *)dst + k, (const uint16_t *)(const void *)src + k, n, step);
}

static kal_status run(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    const grid g = grid_of(j->call);
    across a = {.share = j->scratch};
    a.first = (int32_t *)(void *)(a.share + e->width);
    a.second = a.first + e->width;
    int32_t *counts = a.second + e->width;
    a.pairs = (uint32_t *)(void *)(counts + g.bins);
    uint16_t *curves = (uint16_t *)(void *)(a.pairs + (ptrdiff_t)g.columns * g.bins);
    for (int32_t x = 0; x < e->width; x++) {
        between(x, g.width, g.columns, &a.first[x], &a.second[x], &a.share[x]);
        a.first[x] *= g.bins, a.second[x] *= g.bins;
    }
    for (int32_t k = 0; k < kal__colours(e); k++) {
        for (int32_t t = 0; t < g.columns * g.rows; t++) {
            memset(counts, 0, (size_t)g.bins * sizeof *counts);
            (e->type == KAL_U8    ? count_uint8_t
             : e->type == KAL_F32 ? count_float
                                  : count_uint16_t)(j, &g, k, t % g.columns, t / g.columns, counts);
            if (g.limit) clip(&g, counts);
            curve_of(&g, counts, curves + (ptrdiff_t)t * g.bins);
        }
        a.top = -1;
        for (int32_t y = 0; y < e->height; y++) map_row(j, &g, &a, k, y, curves);
    }
    for (int32_t y = 0; y < e->height && e->alpha; y++)
        kal__keep_alpha(e, kal_row(j->out, y), kal_row(&j->in[0], y), (size_t)e->width);
    return KAL_OK;
}

#define PARAMS kal_clahe_p
static const kal_param params[] = {KAL_CLAHE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_clahe = {
    .name = "clahe",
    .version = 1,
    .family = "tone",
    .help =
        "Local contrast: histogram equalisation tile by tile, with a limit (CLAHE)\n"
        "OpenCV's createCLAHE for each colour channel by itself; alpha stays. clip is the most that a bin "
        "may "
        "have,\nin parts of an even histogram: 2 to 4 is usual, 0 does not limit. f32 is counted in "
        "65536\nsteps from 0 to 1. The whole image is held.",
    .inputs = "image",
    KAL__PARAMS(params, kal_clahe_p),
    .flags = KAL_OP_WHOLE,
    .cost = 4,
    .extent = extent,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("columns=2 rows=3", "clip=2 columns=1 rows=1", "clip=0 columns=3 rows=2",
                            "clip=1.5 columns=16 rows=16"),
};
