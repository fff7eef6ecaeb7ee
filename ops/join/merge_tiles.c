// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// merge_tiles: images at their boxes, faded into each other where they overlap. Along each side of a box of n pixels, with d the distance to
// its nearer edge, 0 for the outermost, and r = overlap, at most n / 2 and that when it is 0:
//
//     linear   w = 4096 · (d + 1) / (r + 1)            cosine   w = 2048 · (1 − cos π (d + 1) / (r + 1))
//
// rounded to whole numbers, halves to even, at least 1; 4096 from r on. A pixel is Σ wx wy v / Σ wx wy, of 8 and 16 bits rounded half up.
// Weights are whole numbers so that sums are exact in doubles (f32: under at most 32 tiles): where all tiles agree the result is what they
// agree on, bit for bit, and the order of tiles means nothing for 8 and 16 bits.
#include "box.h"
#include "channels.h"
#include "cpu.h"

enum { LINEAR, FULL = 4096 };

static kal_rect place_of(const kal_call *c, int32_t i)
{
    const kal__box b = kal__box_round(kal__boxes_of(((const kal_merge_tiles_p *)c->params)->boxes)[i]);
    return kal_rect_of((int32_t)b.x0, (int32_t)b.y0, (int32_t)b.x1, (int32_t)b.y1);
}

static kal_status check_tile(const kal_call *c, int32_t i, const kal__box *boxes, const kal_merge_tiles_p *p,
                             kal_error *err)
{
    const kal_extent *e = &c->in[i]->extent, *first = &c->in[0]->extent;
    const kal__box b = kal__box_round(boxes[i]);
    if (e->type != first->type || e->channels != first->channels || e->alpha != first->alpha)
        return kal_fail(err, KAL_INVALID,
                        "merge_tiles: tile %d has another type or other channels than the first", i + 1);
    if (b.x1 - b.x0 != e->width || b.y1 - b.y0 != e->height)
        return kal_fail(err, KAL_INVALID,
                        "merge_tiles: tile %d is %d×%d and its box %g×%g; use resize or box_scale", i + 1,
                        e->width, e->height, b.x1 - b.x0, b.y1 - b.y0);
    if (b.x0 >= 0 && b.y0 >= 0 && b.x1 <= p->width && b.y1 <= p->height) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "merge_tiles: box %d is not inside the picture of %d×%d", i + 1,
                    p->width, p->height);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_merge_tiles_p *p = params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    kal_status st = kal__check_boxes("merge_tiles", "boxes", p->boxes, err);
    if (st) return st;
    if (kal__n_boxes(p->boxes) != c->n)
        return kal_fail(err, KAL_INVALID, "merge_tiles: %d images and %d boxes", c->n,
                        kal__n_boxes(p->boxes));
    const kal__box *b = kal__boxes_of(p->boxes);
    kal__box all = b[0];
    for (int32_t i = 1; i < c->n; i++) all = kal__box_join(all, b[i]);
    all = kal__box_round(all);
    if (p->width == KAL_AUTO) p->width = all.x1 >= 1 ? (int32_t)all.x1 : 1;
    if (p->height == KAL_AUTO) p->height = all.y1 >= 1 ? (int32_t)all.y1 : 1;
    out->width = p->width;
    out->height = p->height;
    for (int32_t i = 0; i < c->n && !st; i++) st = check_tile(c, i, b, p, err);
    return st ? st : kal__check_type("merge_tiles", out, err);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    const kal_rect at = place_of(c, i);
    return kal_rect_shift(kal_rect_clip(out, at), -at.x0, -at.y0);
}

// In one row's memory: weighted samples, the weights' sums, and one tile's weights along the row.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    return (size_t)width * ((size_t)c->extent.channels + 2) * sizeof(double);
}

static double weight(const kal_merge_tiles_p *p, int32_t i, int32_t n)
{
    const int32_t d = i < n - 1 - i ? i : n - 1 - i, half = n / 2;
    const int32_t r = p->overlap && p->overlap < half ? p->overlap : half;
    if (d >= r) return FULL;
    const double t = (double)(d + 1) / (r + 1);
    return kal__most(kal__rint(p->window == LINEAR ? FULL * t : FULL / 2 * (1 - kal__cospi(t))), 1);
}

#define MERGE(type, T, ROUND)                                                                                \
    KAL__INLINE void gather_##type##_body(double *restrict sum, double *restrict over,                       \
                                          const T *restrict src, const double *restrict along, double down,  \
                                          size_t n, size_t channels)                                         \
    {                                                                                                        \
        for (size_t x = 0; x < n; x++) {                                                                     \
            const double w = along[x] * down;                                                                \
            over[x] += w;                                                                                    \
            for (size_t k = 0; k < channels; k++)                                                            \
                sum[x * channels + k] += w * (double)src[x * channels + k];                                  \
        }                                                                                                    \
    }                                                                                                        \
    KAL__VARIANTS(gather_##type,                                                                             \
                  (double *sum, double *over, const T *src, const double *along, double down, size_t n,      \
                   size_t channels),                                                                         \
                  (sum, over, src, along, down, n, channels))                                                \
    KAL__INLINE void share_##type##_body(T *restrict dst, const double *restrict sum,                        \
                                         const double *restrict over, size_t n, size_t channels)             \
    {                                                                                                        \
        for (size_t x = 0; x < n; x++)                                                                       \
            for (size_t k = 0; k < channels; k++)                                                            \
                dst[x * channels + k] = (T)ROUND(sum[x * channels + k] / over[x]);                           \
    }                                                                                                        \
    KAL__VARIANTS(share_##type, (T * dst, const double *sum, const double *over, size_t n, size_t channels), \
                  (dst, sum, over, n, channels))
#define WHOLE(v) (int32_t)((v) + 0.5)   // a mean of samples lies between them, and needs no clamping
#define REAL(v) (v)
MERGE(u8, uint8_t, WHOLE)
MERGE(u16, uint16_t, WHOLE)
MERGE(f32, float, REAL)

typedef struct row {
    double *sum, *over, *along;
} row;

static void gather_tile(const kal_job *j, int32_t i, int32_t y, const row *to)
{
    const kal_merge_tiles_p *p = j->call->params;
    const kal_rect at = place_of(j->call, i), hit = kal_rect_clip(j->out->rect, at);
    if (y < hit.y0 || y >= hit.y1) return;
    const kal_extent *e = &j->call->in[i]->extent;
    const size_t n = (size_t)(hit.x1 - hit.x0), channels = (size_t)e->channels,
                 from = (size_t)(hit.x0 - j->out->rect.x0);
    double *sum = to->sum + from * channels, *over = to->over + from;
    const void *src = kal_at(&j->in[i], hit.x0 - at.x0, y - at.y0);
    const double down = weight(p, y - at.y0, e->height);
    for (size_t x = 0; x < n; x++) to->along[x] = weight(p, hit.x0 - at.x0 + (int32_t)x, e->width);
    if (e->type == KAL_U8)
        gather_u8(sum, over, src, to->along, down, n, channels);
    else if (e->type == KAL_U16)
        gather_u16(sum, over, src, to->along, down, n, channels);
    else
        gather_f32(sum, over, src, to->along, down, n, channels);
}

static kal_status share_row(const kal_job *j, int32_t y, const row *from)
{
    const kal_extent *e = &j->call->extent;
    const size_t n = (size_t)kal_tile_width(j->out), channels = (size_t)e->channels;
    void *dst = kal_row(j->out, y);
    for (size_t x = 0; x < n; x++)
        if (from->over[x] == 0)
            return kal_fail(j->err, KAL_INVALID, "merge_tiles: no box covers pixel %d,%d",
                            j->out->rect.x0 + (int32_t)x, y);
    if (e->type == KAL_U8)
        share_u8(dst, from->sum, from->over, n, channels);
    else if (e->type == KAL_U16)
        share_u16(dst, from->sum, from->over, n, channels);
    else
        share_f32(dst, from->sum, from->over, n, channels);
    return KAL_OK;
}

static kal_status run(const kal_job *j)
{
    const size_t n = (size_t)kal_tile_width(j->out), channels = (size_t)j->call->extent.channels;
    const row r = {j->scratch, (double *)j->scratch + n * channels,
                   (double *)j->scratch + n * (channels + 1)};
    kal_status st = KAL_OK;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1 && !st; y++) {
        for (size_t i = 0; i < n * (channels + 1); i++) r.sum[i] = 0;
        for (int32_t i = 0; i < j->call->n; i++)
            if (!kal_rect_empty(j->in[i].rect)) gather_tile(j, i, y, &r);
        st = share_row(j, y, &r);
    }
    return st;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->n == 1 && kal_rect_equal(place_of(c, 0), kal_rect_all(&c->extent)) &&
        c->in[0]->extent.model != KAL_MASK)
        to->same = c->in[0];
    return to->same != NULL;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    const kal_rect at = place_of(c, i);
    kal__map_shift(at.x0, at.y0, m);
    return true;
}

#define PARAMS kal_merge_tiles_p
static const kal_param params[] = {KAL_MERGE_TILES_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_merge_tiles = {
    .name = "merge_tiles",
    .version = 1,
    .family = "geometry",
    .help =
        "Overlapping tiles back into one picture, without seams\n"
        "One box for each image, as tile_boxes gives them; where boxes overlap, tiles fade into each other. "
        "Tiles\n"
        "in which nothing changed give the picture itself, bit for bit. Of tiles that were enlarged the "
        "boxes "
        "are\n"
        "enlarged, too: box_scale. Alpha is mixed like the others. Every pixel must lie in a box.",
    .inputs = "images...",
    KAL__PARAMS(params, kal_merge_tiles_p),
    .cost = 2,
    .extent = extent,
    .need = need,
    .fold = fold,
    .map = map,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("[0 0 13 9 8 0 21 9 15 0 28 9]",
                            "[0 0 13 9 0 6 13 15 0 10 13 19] window=cosine overlap=2",
                            "[0 0 61 47 33 0 94 47 20 0 81 47] overlap=9"),
};
