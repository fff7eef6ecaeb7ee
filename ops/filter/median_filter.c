// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// median_filter: the middle one of the (2·radius + 1)² samples around each, in every channel for itself, alpha included. Exact; equal to
// OpenCV's medianBlur with edge=copy. Floats are ordered by their bits, −0 under 0 and a NaN beyond the infinity of its sign.
//
// Four ways, chosen by type and radius alone:
//   radius 1, 2: columns are sorted once for all windows that share them, which leaves a row for each rank; each of these is sorted
//       across a window. A sample of rank i in column j then has (i + 1)(j + 1) − 1 others that are not above it. What has too
//       many below or above cannot be the median; three diagonals remain. Sorted again they have so many known relations that
//       the median is that of the first's largest, the second's middle and the third's smallest.
//   radius 3, 4: the same with networks that were found by trying: median_network.h.
//   u8: histograms of columns, and of the window one that is moved along by a column in and a column out (S. Perreault, P. Hébert,
//       "Median filtering in constant time"): cost does not depend on the radius. In stripes, whose histograms stay in the cache.
//   others: the median's bits from the highest on, by counting what is smaller; many windows at a time.
#include "median_filter.h"

#include "cpu.h"
#include "kernels.h"
#include "median_network.h"
#include "rows.h"
#include "window.h"

#define FOLD_SIGN(v) ((v) ^ ((uint32_t)((int32_t)(v) >> 31) | 0x80000000u))
#define UNFOLD_SIGN(v) ((v)&0x80000000u ? (v) ^ 0x80000000u : ~(v))

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_median_filter_p *p = params;
    *out = c->in[0]->extent;
    if (p->edge == KAL_EDGE_FILL && out->model == KAL_MASK) out->model = KAL_GRAY;
    const kal_status st = kal__check_color("median_filter", "color", p->color, out, true, err);
    return st ? st : kal__check_type("median_filter", out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (((const kal_median_filter_p *)c->params)->radius == 0) to->same = c->in[0];
    return to->same != NULL;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_median_filter_p *p = c->params;
    return kal_need_halo(&c->in[0]->extent, out, p->radius, p->radius, p->radius, p->radius,
                         (kal_edge)p->edge);
}

// ---- windows of 3 and 5 ---------------------------------------------------------------------------

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ORDER(T, a, b)                           \
    do {                                         \
        const T low = MIN(a, b), up = MAX(a, b); \
        a = low, b = up;                         \
    } while (0)
#define SORT_3(T, a, b, c) \
    do {                   \
        ORDER(T, a, b);    \
        ORDER(T, b, c);    \
        ORDER(T, a, b);    \
    } while (0)
#define SORT_5(T, a, b, c, d, e) \
    do {                         \
        ORDER(T, a, d);          \
        ORDER(T, b, e);          \
        ORDER(T, a, c);          \
        ORDER(T, b, d);          \
        ORDER(T, a, b);          \
        ORDER(T, c, e);          \
        ORDER(T, b, c);          \
        ORDER(T, d, e);          \
        ORDER(T, c, d);          \
    } while (0)
#define MIDDLE(a, b, c) MAX(MIN(a, b), MIN(MAX(a, b), c))
#define LOAD_5(T, from) \
    T a = (from)[i], b = (from)[i + s], c = (from)[i + 2 * s], d = (from)[i + 3 * s], e = (from)[i + 4 * s]

// `columns_N` sorts n columns of N rows into rows of ranks, `step` apart; `ranks_N` makes medians of those, s samples from pixel to pixel.
#define NETWORKS(name, T)                                                                                    \
    KAL__INLINE void name##_columns_3_body(T *restrict to, size_t step, const void *const *rows, size_t n)   \
    {                                                                                                        \
        const T *restrict r0 = rows[0], *restrict r1 = rows[1], *restrict r2 = rows[2];                      \
        T *restrict t1 = to + step, *restrict t2 = t1 + step;                                                \
        for (size_t i = 0; i < n; i++) {                                                                     \
            T a = r0[i], b = r1[i], c = r2[i];                                                               \
            SORT_3(T, a, b, c);                                                                              \
            to[i] = a, t1[i] = b, t2[i] = c;                                                                 \
        }                                                                                                    \
    }                                                                                                        \
    KAL__VARIANTS(name##_columns_3, (T * to, size_t step, const void *const *rows, size_t n),                \
                  (to, step, rows, n))                                                                       \
    KAL__INLINE void name##_ranks_3_body(T *restrict dst, const T *restrict r0, size_t step, size_t s,       \
                                         size_t n)                                                           \
    {                                                                                                        \
        const T *restrict r1 = r0 + step, *restrict r2 = r1 + step;                                          \
        for (size_t i = 0; i < n; i++) {                                                                     \
            const T a = MAX(MAX(r0[i], r0[i + s]), r0[i + 2 * s]),                                           \
                    b = MIDDLE(r1[i], r1[i + s], r1[i + 2 * s]),                                             \
                    c = MIN(MIN(r2[i], r2[i + s]), r2[i + 2 * s]);                                           \
            dst[i] = MIDDLE(a, b, c);                                                                        \
        }                                                                                                    \
    }                                                                                                        \
    KAL__VARIANTS(name##_ranks_3, (T * dst, const T *from, size_t step, size_t s, size_t n),                 \
                  (dst, from, step, s, n))                                                                   \
    KAL__INLINE void name##_columns_5_body(T *restrict to, size_t step, const void *const *rows, size_t n)   \
    {                                                                                                        \
        const T *restrict r0 = rows[0], *restrict r1 = rows[1], *restrict r2 = rows[2],                      \
                          *restrict r3 = rows[3], *restrict r4 = rows[4];                                    \
        T *restrict t1 = to + step, *restrict t2 = t1 + step, *restrict t3 = t2 + step,                      \
                    *restrict t4 = t3 + step;                                                                \
        for (size_t i = 0; i < n; i++) {                                                                     \
            T a = r0[i], b = r1[i], c = r2[i], d = r3[i], e = r4[i];                                         \
            SORT_5(T, a, b, c, d, e);                                                                        \
            to[i] = a, t1[i] = b, t2[i] = c, t3[i] = d, t4[i] = e;                                           \
        }                                                                                                    \
    }                                                                                                        \
    KAL__VARIANTS(name##_columns_5, (T * to, size_t step, const void *const *rows, size_t n),                \
                  (to, step, rows, n))                                                                       \
    KAL__INLINE void name##_ranks_5_body(T *restrict dst, const T *restrict r0, size_t step, size_t s,       \
                                         size_t n)                                                           \
    {                                                                                                        \
        const T *restrict r1 = r0 + step, *restrict r2 = r1 + step, *restrict r3 = r2 + step,                \
                          *restrict r4 = r3 + step;                                                          \
        for (size_t i = 0; i < n; i++) {                                                                     \
            T first, third, m0, m1, m2, m3, m4;                                                              \
            {                                                                                                \
                LOAD_5(T, r0);                                                                               \
                SORT_5(T, a, b, c, d, e);                                                                    \
                first = d, m0 = e;                                                                           \
            }                                                                                                \
            {                                                                                                \
                LOAD_5(T, r1);                                                                               \
                SORT_5(T, a, b, c, d, e);                                                                    \
                first = MAX(first, c), m1 = d, third = e;                                                    \
            }                                                                                                \
            {                                                                                                \
                LOAD_5(T, r2);                                                                               \
                SORT_5(T, a, b, c, d, e);                                                                    \
                first = MAX(first, b), m2 = c, third = MIN(third, d);                                        \
            }                                                                                                \
            {                                                                                                \
                LOAD_5(T, r3);                                                                               \
                SORT_5(T, a, b, c, d, e);                                                                    \
                first = MAX(first, a), m3 = b, third = MIN(third, c);                                        \
            }                                                                                                \
            {                                                                                                \
                LOAD_5(T, r4);                                                                               \
                SORT_5(T, a, b, c, d, e);                                                                    \
                m4 = a, third = MIN(third, b);                                                               \
            }                                                                                                \
            SORT_5(T, m0, m1, m2, m3, m4);                                                                   \
            dst[i] = MIDDLE(first, m2, third);                                                               \
        }                                                                                                    \
    }                                                                                                        \
    KAL__VARIANTS(name##_ranks_5, (T * dst, const T *from, size_t step, size_t s, size_t n),                 \
                  (dst, from, step, s, n))                                                                   \
    static void name##_network(void *dst, const void *const *rows, int32_t radius, void *ranks, size_t step, \
                               size_t s, size_t n)                                                           \
    {                                                                                                        \
        if (radius == 1) {                                                                                   \
            name##_columns_3(ranks, step, rows, n + 2 * s);                                                  \
            name##_ranks_3(dst, ranks, step, s, n);                                                          \
        } else {                                                                                             \
            name##_columns_5(ranks, step, rows, n + 4 * s);                                                  \
            name##_ranks_5(dst, ranks, step, s, n);                                                          \
        }                                                                                                    \
    }
NETWORKS(u8, uint8_t)
NETWORKS(u16, uint16_t)
NETWORKS(u32, uint32_t)

// ---- bit by bit -----------------------------------------------------------------------------------

enum { BLOCK = 128 };

#define BITWISE(name, T)                                                                                     \
    KAL__INLINE void name##_bits_body(T *restrict dst, const void *const *rows, size_t from, int32_t radius, \
                                      size_t s, size_t n)                                                    \
    {                                                                                                        \
        const size_t side = 2 * (size_t)radius + 1;                                                          \
        const T half = (T)(side * side / 2);                                                                 \
        T v[BLOCK] = {0}, next[BLOCK], smaller[BLOCK];                                                       \
        for (T bit = (T) ~((T) ~(T)0 >> 1); bit; bit = (T)(bit >> 1)) {                                      \
            for (size_t i = 0; i < n; i++) next[i] = (T)(v[i] | bit), smaller[i] = 0;                        \
            for (size_t y = 0; y < side; y++)                                                                \
                for (size_t x = 0; x < side; x++) {                                                          \
                    const T *restrict row = (const T *)rows[y] + from + x * s;                               \
                    for (size_t i = 0; i < n; i++) smaller[i] = (T)(smaller[i] + (row[i] < next[i]));        \
                }                                                                                            \
            for (size_t i = 0; i < n; i++) v[i] = smaller[i] <= half ? next[i] : v[i];                       \
        }                                                                                                    \
        for (size_t i = 0; i < n; i++) dst[from + i] = v[i];                                                 \
    }                                                                                                        \
    KAL__VARIANTS(name##_bits,                                                                               \
                  (T * dst, const void *const *rows, size_t from, int32_t radius, size_t s, size_t n),       \
                  (dst, rows, from, radius, s, n))                                                           \
    static void name##_large(void *dst, const void *const *rows, int32_t radius, size_t s, size_t n)         \
    {                                                                                                        \
        for (size_t i = 0; i < n; i += BLOCK)                                                                \
            name##_bits(dst, rows, i, radius, s, n - i < BLOCK ? n - i : BLOCK);                             \
    }
BITWISE(u16, uint16_t)
BITWISE(u32, uint32_t)

// ---- rows in a ring ---------------------------------------------------------------------------------

static size_t row_step(const kal_call *c, int32_t width)
{
    const size_t radius = (size_t)((const kal_median_filter_p *)c->params)->radius;
    const size_t bytes = ((size_t)width + 2 * radius) * kal_pixel_size(&c->extent);
    return (bytes + KAL__MEDIAN_BEYOND + 63) & ~(size_t)63;
}

KAL__INLINE void to_order_body(uint32_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] = FOLD_SIGN(v[i]);
}
KAL__VARIANTS(to_order, (uint32_t * v, size_t n), (v, n))

KAL__INLINE void from_order_body(uint32_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] = UNFOLD_SIGN(v[i]);
}
KAL__VARIANTS(from_order, (uint32_t * v, size_t n), (v, n))

static bool by_network(int32_t radius)
{
    return radius >= KAL__MEDIAN_LEAST && radius <= KAL__MEDIAN_MOST;
}

static void median_row(const kal_job *j, const void *const *rows, void *dst, void *ranks, size_t step)
{
    const kal_extent *e = &j->call->extent;
    const int32_t radius = ((const kal_median_filter_p *)j->call->params)->radius;
    const size_t s = (size_t)e->channels, n = (size_t)kal_tile_width(j->out) * s;
    if (by_network(radius)) {
        kal__median_network_row(dst, rows, radius, e->type, ranks, step, s, n);
        if (e->type == KAL_F32) from_order(dst, n);
        return;
    }
    step /= kal_pixel_size(e) / s;
    if (e->type == KAL_U8)
        u8_network(dst, rows, radius, ranks, step, s, n);
    else if (e->type == KAL_U16)
        (radius > 2 ? u16_large(dst, rows, radius, s, n) : u16_network(dst, rows, radius, ranks, step, s, n));
    else
        (radius > 2 ? u32_large(dst, rows, radius, s, n) : u32_network(dst, rows, radius, ranks, step, s, n));
    if (e->type == KAL_F32) from_order(dst, n);
}

static void run_rows(const kal_job *j)
{
    const kal_median_filter_p *p = j->call->params;
    const kal_rect o = j->out->rect;
    const int32_t side = 2 * p->radius + 1;
    const size_t step = row_step(j->call, o.x1 - o.x0);
    unsigned char *ring = j->scratch, *ranks = ring + (size_t)side * step;
    const kal__rows source = kal__rows_of(j, p->edge, p->color);
    const void *rows[255];
    for (int32_t y = o.y0 - p->radius, i = 0; y < o.y1 + p->radius; y++, i++) {
        unsigned char *row = ring + (size_t)(i % side) * step;
        kal__rows_get(&source, o.x0 - p->radius, o.x1 + p->radius, y, row);
        if (source.e->type == KAL_F32)
            to_order((uint32_t *)(void *)row,
                     (size_t)(o.x1 - o.x0 + 2 * p->radius) * (size_t)source.e->channels);
        if (i < side - 1) continue;
        for (int32_t k = 0; k < side; k++) rows[k] = ring + (size_t)((i + 1 + k) % side) * step;
        median_row(j, rows, kal_row(j->out, y - p->radius), ranks, step);
    }
}

// ---- histograms -------------------------------------------------------------------------------------
// `coarse` counts the upper four bits of a column's samples, `fine` both, those of one upper half behind each other for all columns.

enum { BINS = KAL__MEDIAN_BINS };

static int32_t stripe_pixels(const kal_extent *e, int32_t width)
{
    const int32_t most = 384 / e->channels;
    return width < most ? width : most;
}

static void count(const kal__median_columns *c, const uint8_t *row, uint16_t by)
{
    for (size_t i = 0; i < c->n; i++) {
        uint16_t *coarse = c->coarse + i * BINS + (row[i] >> 4),
                 *fine = c->fine + ((size_t)(row[i] >> 4) * c->n + i) * BINS + (row[i] & 15);
        *coarse = (uint16_t)(*coarse + by);
        *fine = (uint16_t)(*fine + by);
    }
}

void kal__median_count_u8_c(const kal__median_columns *c, const uint8_t *in, const uint8_t *out)
{
    if (out) count(c, out, (uint16_t)-1);
    count(c, in, 1);
}

#define EACH_BIN for (int b = 0; b < BINS; b++)

void kal__median_slide_u8_c(uint8_t *dst, const kal__median_columns *c, size_t channel, size_t s, size_t side,
                            size_t n)
{
    uint16_t window[BINS] = {0}, parts[BINS][BINS];
    size_t upto[BINS];   // the window that a part was counted for, + 1; 0: none yet
    const uint32_t half = (uint32_t)(side * side / 2);
    EACH_BIN upto[b] = 0;
    for (size_t x = 0; x + 1 < side; x++)
        EACH_BIN window[b] = (uint16_t)(window[b] + c->coarse[(x * s + channel) * BINS + (size_t)b]);
    for (size_t x = 0; x < n; x++) {
        const uint16_t *in = c->coarse + ((x + side - 1) * s + channel) * BINS,
                       *out = c->coarse + (x * s + channel) * BINS;
        EACH_BIN window[b] = (uint16_t)(window[b] + in[b]);
        uint32_t below = 0;
        size_t k = 0;
        while (below + window[k] <= half) below += window[k++];
        EACH_BIN window[b] = (uint16_t)(window[b] - out[b]);
        uint16_t *part = parts[k];
        const uint16_t *fine = c->fine + (k * c->n + channel) * BINS;
        size_t at = upto[k];
        if (!at || x + 1 - at >= side) {
            EACH_BIN part[b] = 0;
            for (size_t i = x; i < x + side; i++)
                EACH_BIN part[b] = (uint16_t)(part[b] + fine[i * s * BINS + (size_t)b]);
        } else {
            for (at--; at < x; at++)
                EACH_BIN part[b] = (uint16_t)(part[b] + fine[(at + side) * s * BINS + (size_t)b] -
                                              fine[at * s * BINS + (size_t)b]);
        }
        upto[k] = x + 1;
        size_t v = 0;
        while (below + part[v] <= half) below += part[v++];
        dst[x * s + channel] = (uint8_t)(k * BINS + v);
    }
}

static size_t ring_bytes(const kal_call *c, int32_t pixels)
{
    const size_t side = 2 * (size_t)((const kal_median_filter_p *)c->params)->radius + 1;
    return side * row_step(c, pixels);
}

static void run_stripe(const kal_job *j, int32_t x0, int32_t x1)
{
    const kal_median_filter_p *p = j->call->params;
    const kal_rect o = j->out->rect;
    const size_t s = (size_t)j->call->extent.channels, step = row_step(j->call, x1 - x0);
    const int32_t side = 2 * p->radius + 1;
    unsigned char *ring = j->scratch, *next = ring + (size_t)side * step;
    uint16_t *counts = (uint16_t *)(void *)(next + step);
    kal__median_columns c = {.n = (size_t)(x1 - x0 + 2 * p->radius) * s};
    c.coarse = counts, c.fine = counts + c.n * BINS;
    memset(counts, 0, c.n * BINS * (BINS + 1) * sizeof *counts);
    const kal__rows source = kal__rows_of(j, p->edge, p->color);
    for (int32_t y = o.y0 - p->radius, i = 0; y < o.y1 + p->radius; y++, i++) {
        unsigned char *row = ring + (size_t)(i % side) * step;
        kal__rows_get(&source, x0 - p->radius, x1 + p->radius, y, next);
        kal__kernels()->median_count_u8(&c, next, i < side ? NULL : row);
        memcpy(row, next, c.n);
        uint8_t *dst = i < side - 1 ? NULL : kal_at(j->out, x0, y - p->radius);
        for (size_t k = 0; k < s && dst; k++)
            kal__kernels()->median_slide_u8(dst, &c, k, s, (size_t)side, (size_t)(x1 - x0));
    }
}

static bool by_histograms(const kal_call *c)
{
    return c->extent.type == KAL_U8 && ((const kal_median_filter_p *)c->params)->radius > KAL__MEDIAN_MOST;
}

static kal_status run(const kal_job *j)
{
    const int32_t x1 = j->out->rect.x1, most = stripe_pixels(&j->call->extent, kal_tile_width(j->out));
    if (!by_histograms(j->call))
        run_rows(j);
    else
        for (int32_t x = j->out->rect.x0; x < x1; x += most) run_stripe(j, x, x1 - x < most ? x1 : x + most);
    return KAL_OK;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    const int32_t radius = ((const kal_median_filter_p *)c->params)->radius,
                  stripe = stripe_pixels(&c->extent, width);
    const size_t n = (size_t)(stripe + 2 * radius) * (size_t)c->extent.channels;
    if (by_histograms(c))
        return ring_bytes(c, stripe) + row_step(c, stripe) + n * BINS * (BINS + 1) * sizeof(uint16_t);
    // ranks of columns are as many rows again, of small windows
    const size_t ranks = radius > KAL__MEDIAN_MOST ? 0 : 2 * (size_t)radius + 1;
    return ring_bytes(c, width) + ranks * row_step(c, width);
}

static int32_t least_rows(const kal_call *c)
{
    if (!by_histograms(c)) return 0;
    return kal__window_rows(((const kal_median_filter_p *)c->params)->radius);
}

#define PARAMS kal_median_filter_p
static const kal_param params[] = {KAL_MEDIAN_FILTER_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_median_filter = {
    .name = "median_filter",
    .version = 1,
    .family = "filter",
    .help = "The median of the samples around each: takes out specks and keeps edges\n"
            "Of the square of 2·radius + 1 pixels, in every channel for itself, alpha included. Of 8-bit "
            "samples\n"
            "the cost grows little with the radius, two or three times from 4 to 127; of others it grows "
            "with it beyond\n"
            "radius 4.",
    .inputs = "image",
    KAL__PARAMS(params, kal_median_filter_p),
    .cost = 4,
    .extent = extent,
    .need = need,
    .fold = fold,
    .scratch = scratch,
    .least_rows = least_rows,
    .run = run,
    .samples = KAL__SAMPLES("", "2 edge=mirror", "3", "2 edge=wrap", "1 edge=fill color=200",
                            "5 edge=reflect", "15 edge=fill", "0"),
};
