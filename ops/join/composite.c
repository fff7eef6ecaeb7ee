// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// composite: the image over the base at x, y, straight alpha (Porter and Duff's over). i: image, b: base;
// opaque without alpha:
//
//     ao = ai + ab (1 − ai)        co = (ci ai + cb ab (1 − ai)) / ao,  0 where ao is 0
//
// 8 and 16 bits with max M, exact rationals rounded half up once:
//
//     A = ai M + ab (M − ai)       ao = A / M       co = (ci ai M + cb ab (M − ai)) / A
//
// so ao's rounding does not enter co, and a base without alpha gives (ci ai + cb (M − ai)) / M. f32 works in
// doubles, unclamped. The result has the base's size and channels; what sticks out is cut off, and outside
// the image the base is copied.
#include "channels.h"
#include "kernels.h"
#include "paste.h"

extern const kal_op kal__op_insert;

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    const kal_extent *a = &c->in[0]->extent, *b = &c->in[1]->extent;
    *out = *b;
    if (a->model != KAL_MASK) kal__unmask(out);
    if (a->type != b->type)
        return kal_fail(err, KAL_INVALID, "composite: the image is %s and the base is %s; use cast",
                        kal__type_name(a->type), kal__type_name(b->type));
    if (kal__colours(a) != kal__colours(b))
        return kal_fail(
            err, KAL_INVALID,
            "composite: the image has %d colour channel%s and the base has %d; use to_rgb or gray",
            kal__colours(a), kal__colours(a) == 1 ? "" : "s", kal__colours(b));
    return kal__check_type("composite", out, err);
}

static kal_rect place(const kal_call *c)
{
    const kal_composite_p *p = c->params;
    return kal_rect_shift(kal_rect_all(&c->in[0]->extent), p->x, p->y);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    return kal__paste_need(place(c), kal_rect_of(0, 0, 0, 0), i, out);
}

// Nothing lies on the base; or both are opaque, then it is insert (which would keep calling a mask a mask).
static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_composite_p *p = c->params;
    if (kal_rect_empty(kal_rect_clip(place(c), kal_rect_all(&c->extent)))) {
        to->same = c->in[1];
        return true;
    }
    if (c->in[0]->extent.alpha || c->in[1]->extent.alpha || c->extent.model != c->in[1]->extent.model)
        return false;
    kal_insert_p *insert = room;
    *insert = kal_insert_defaults();
    insert->x = p->x;
    insert->y = p->y;
    *to = (kal_folded){.op = &kal__op_insert, .params = insert, .n = 2, .in = {c->in[0], c->in[1]}};
    return true;
}

// ---- kernels ------------------------------------------------------------------------------------
// Top pixels are `step` samples apart, with alpha when that is more than the colours; the base's and the
// result's the same.

typedef struct layout {
    size_t colours, step;
    bool alpha, base_alpha;
} layout;

#define OVER(type, T, W, M)                                                                                 \
    static inline void mix_##type(T *dst, const T *top, const T *base, size_t colours, W ai)                \
    {                                                                                                       \
        for (size_t k = 0; k < colours; k++) dst[k] = (T)((top[k] * ai + base[k] * (M - ai) + M / 2) / M);  \
    }                                                                                                       \
    static inline void over_both_##type(T *dst, const T *top, const T *base, size_t colours, W ai, W ab)    \
    {                                                                                                       \
        const W rest = ab * (M - ai), all = ai * M + rest;                                                  \
        for (size_t k = 0; k < colours; k++)                                                                \
            dst[k] = all ? (T)((2 * (top[k] * ai * M + base[k] * rest) + all) / (2 * all)) : 0;             \
        dst[colours] = (T)((all + M / 2) / M);                                                              \
    }                                                                                                       \
    static void over_##type##_c(void *out, const void *image, const void *under, size_t n, const layout *l) \
    {                                                                                                       \
        const size_t colours = l->colours, step = colours + l->base_alpha;                                  \
        T *dst = out;                                                                                       \
        const T *top = image, *base = under;                                                                \
        for (size_t i = 0; i < n; i++, dst += step, base += step, top += l->step) {                         \
            const W ai = l->alpha ? top[colours] : M, ab = l->base_alpha ? base[colours] : M;               \
            if (ab == M) {                                                                                  \
                mix_##type(dst, top, base, colours, ai);                                                    \
                if (l->base_alpha) dst[colours] = M;                                                        \
            } else {                                                                                        \
                over_both_##type(dst, top, base, colours, ai, ab);                                          \
            }                                                                                               \
        }                                                                                                   \
    }
OVER(u8, uint8_t, uint32_t, 255u)
OVER(u16, uint16_t, uint64_t, 65535u)

static const layout rgba_on_rgb = {3, 4, true, false}, rgba_on_rgba = {3, 4, true, true};

void kal__over_rgb_u8_c(uint8_t *dst, const uint8_t *top, const uint8_t *base, size_t n)
{
    over_u8_c(dst, top, base, n, &rgba_on_rgb);
}

void kal__over_rgba_u8_c(uint8_t *dst, const uint8_t *top, const uint8_t *base, size_t n)
{
    over_u8_c(dst, top, base, n, &rgba_on_rgba);
}

// The common kinds have kernels.
static void over_u8(void *out, const void *image, const void *under, size_t n, const layout *l)
{
    if (l->colours != 3 || !l->alpha)
        over_u8_c(out, image, under, n, l);
    else if (l->base_alpha)
        kal__kernels()->over_rgba_u8(out, image, under, n);
    else
        kal__kernels()->over_rgb_u8(out, image, under, n);
}

static void over_f32_c(void *out, const void *image, const void *under, size_t n, const layout *l)
{
    const size_t colours = l->colours, step = colours + l->base_alpha;
    float *dst = out;
    const float *top = image, *base = under;
    for (size_t i = 0; i < n; i++, dst += step, base += step, top += l->step) {
        const double ai = l->alpha ? (double)top[colours] : 1, ab = l->base_alpha ? (double)base[colours] : 1;
        const double rest = ab * (1 - ai), ao = ai + rest;
        for (size_t k = 0; k < colours; k++)
            dst[k] = ao == 0 ? 0 : (float)(((double)top[k] * ai + (double)base[k] * rest) / ao);
        if (l->base_alpha) dst[colours] = (float)ao;
    }
}

static kal_status run(const kal_job *j)
{
    static void (*const over[])(void *, const void *, const void *, size_t, const layout *) = {
        [KAL_U8] = over_u8, [KAL_U16] = over_u16_c, [KAL_F32] = over_f32_c};
    const kal_extent *image = &j->call->in[0]->extent, *base = &j->call->extent;
    const layout l = {(size_t)kal__colours(base), (size_t)image->channels, image->alpha, base->alpha};
    const kal_rect at = place(j->call), hit = kal_rect_clip(j->out->rect, at);
    const size_t row = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const size_t left = (size_t)(hit.x0 - j->out->rect.x0) * (size_t)j->out->pixel,
                     right = (size_t)(hit.x1 - j->out->rect.x0) * (size_t)j->out->pixel;
        unsigned char *dst = kal_row(j->out, y);
        const unsigned char *src = kal_row(&j->in[1], y);
        if (kal_rect_empty(hit) || y < hit.y0 || y >= hit.y1) {
            memcpy(dst, src, row);
            continue;
        }
        memcpy(dst, src, left);
        memcpy(dst + right, src + right, row - right);
        over[base->type](kal_at(j->out, hit.x0, y), kal_at(&j->in[0], hit.x0 - at.x0, y - at.y0),
                         kal_at(&j->in[1], hit.x0, y), (size_t)(hit.x1 - hit.x0), &l);
    }
    return KAL_OK;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    const kal_composite_p *p = c->params;
    kal__map_shift(i ? 0 : p->x, i ? 0 : p->y, m);
    return true;
}

#define PARAMS kal_composite_p
static const kal_param params[] = {KAL_COMPOSITE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_composite = {
    .name = "composite",
    .version = 1,
    .family = "arithmetic",
    .help = "The image laid over the base at x, y, by its alpha\n"
            "Straight alpha on both sides; an image without alpha is opaque. The result has the base's\n"
            "size and channels; what sticks out is cut off. 8 and 16 bits are exact rationals, rounded\n"
            "half up once.",
    .inputs = "image base",
    KAL__PARAMS(params, kal_composite_p),
    .cost = 1,
    .extent = extent,
    .need = need,
    .touches = place,
    .fold = fold,
    .map = map,
    .run = run,
    .samples = KAL__SAMPLES("", "x=1 y=1", "x=-2 y=3", "x=3 y=-1"),
};
