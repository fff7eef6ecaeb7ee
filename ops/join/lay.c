// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How images lie on one another: the operators of Porter and Duff and the blend modes of W3C's Compositing and Blending, straight alpha.
// s, a: the image's colour, and its alpha times the opacity; b, c: the base's; opaque without alpha:
//
//     operators      ao = F a + G c                        co = (F a s + G c b) / ao,  0 where ao is 0; F and G are in the table below
//     blend modes    ao = a + c (1 − a)                    co = (a (1 − c) s + a c B(b, s) + (1 − a) c b) / ao
//
// in doubles, samples over their full scale, in this order; 8 and 16 bits round half up. plus clamps the sums to 1. `over` with opacity 1
// has kernels of its own, exact rationals rounded half up once, with M the full scale:
//
//     A = ai M + ab (M − ai)       ao = A / M       co = (ci ai M + cb ab (M − ai)) / A
//
// so ao's rounding does not enter co, and a base without alpha gives (ci ai + cb (M − ai)) / M. f32 is unclamped.
#include "lay.h"

#include "cpu.h"
#include "kernels.h"

// ---- over, opaque as it is: exact ----------------------------------------------------------------

#define OVER(type, T, W, M)                                                                                \
    static inline void mix_##type(T *dst, const T *top, const T *base, size_t colours, W ai)               \
    {                                                                                                      \
        for (size_t k = 0; k < colours; k++) dst[k] = (T)((top[k] * ai + base[k] * (M - ai) + M / 2) / M); \
    }                                                                                                      \
    static inline void over_both_##type(T *dst, const T *top, const T *base, size_t colours, W ai, W ab)   \
    {                                                                                                      \
        const W rest = ab * (M - ai), all = ai * M + rest;                                                 \
        for (size_t k = 0; k < colours; k++)                                                               \
            dst[k] = all ? (T)((2 * (top[k] * ai * M + base[k] * rest) + all) / (2 * all)) : 0;            \
        dst[colours] = (T)((all + M / 2) / M);                                                             \
    }                                                                                                      \
    static void over_##type##_c(void *out, const void *image, const void *under, size_t n,                 \
                                const kal__lay *l)                                                         \
    {                                                                                                      \
        const size_t colours = l->colours, step = colours + l->base_alpha;                                 \
        T *dst = out;                                                                                      \
        const T *top = image, *base = under;                                                               \
        for (size_t i = 0; i < n; i++, dst += step, base += step, top += l->step) {                        \
            const W ai = l->alpha ? top[colours] : M, ab = l->base_alpha ? base[colours] : M;              \
            if (ab == M) {                                                                                 \
                mix_##type(dst, top, base, colours, ai);                                                   \
                if (l->base_alpha) dst[colours] = M;                                                       \
            } else {                                                                                       \
                over_both_##type(dst, top, base, colours, ai, ab);                                         \
            }                                                                                              \
        }                                                                                                  \
    }
OVER(u8, uint8_t, uint32_t, 255u)
OVER(u16, uint16_t, uint64_t, 65535u)

static const kal__lay rgba_on_rgb = {.colours = 3, .step = 4, .alpha = true},
                      rgba_on_rgba = {.colours = 3, .step = 4, .alpha = true, .base_alpha = true};

void kal__over_rgb_u8_c(uint8_t *dst, const uint8_t *top, const uint8_t *base, size_t n)
{
    over_u8_c(dst, top, base, n, &rgba_on_rgb);
}

void kal__over_rgba_u8_c(uint8_t *dst, const uint8_t *top, const uint8_t *base, size_t n)
{
    over_u8_c(dst, top, base, n, &rgba_on_rgba);
}

// The common kinds have kernels.
static void over_u8(void *out, const void *image, const void *under, size_t n, const kal__lay *l)
{
    if (l->colours != 3 || !l->alpha)
        over_u8_c(out, image, under, n, l);
    else if (l->base_alpha)
        kal__kernels()->over_rgba_u8(out, image, under, n);
    else
        kal__kernels()->over_rgb_u8(out, image, under, n);
}

static void over_f32_c(void *out, const void *image, const void *under, size_t n, const kal__lay *l)
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

// ---- what the modes do to alpha, and operators to colours ----------------------------------------

enum { CHUNK = 128 };   // pixels at a time

// One chunk of one colour: image s and base b with their alphas, over ao.
typedef struct chunk {
    double s[CHUNK], b[CHUNK], a[CHUNK], c[CHUNK], ao[CHUNK], d[CHUNK];
} chunk;

static inline double least(double x, double y)
{
    return x < y ? x : y;
}

static inline double most(double x, double y)
{
    return x > y ? x : y;
}

#define OPERATOR(name, F, G, TOP)                                             \
    KAL__INLINE void name##_alpha_body(chunk *k, size_t n)                    \
    {                                                                         \
        for (size_t i = 0; i < n; i++) {                                      \
            const double a = k->a[i], c = k->c[i];                            \
            (void)a, (void)c;                                                 \
            k->ao[i] = least((F)*a + (G)*c, TOP);                             \
        }                                                                     \
    }                                                                         \
    KAL__VARIANTS(name##_alpha, (chunk * k, size_t n), (k, n))                \
    KAL__INLINE void name##_colour_body(chunk *k, size_t n)                   \
    {                                                                         \
        for (size_t i = 0; i < n; i++) {                                      \
            const double a = k->a[i], c = k->c[i], ao = k->ao[i];             \
            const double sum = least((F)*a * k->s[i] + (G)*c * k->b[i], TOP); \
            k->d[i] = ao == 0 ? 0 : sum / ao;                                 \
        }                                                                     \
    }                                                                         \
    KAL__VARIANTS(name##_colour, (chunk * k, size_t n), (k, n))
#define FREE __builtin_inf()
OPERATOR(over, 1, 1 - a, FREE)
OPERATOR(clear, 0, 0, FREE)
OPERATOR(source, 1, 0, FREE)
OPERATOR(in, c, 0, FREE)
OPERATOR(out, 1 - c, 0, FREE)
OPERATOR(atop, c, 1 - a, FREE)
OPERATOR(dest, 0, 1, FREE)
OPERATOR(dest_over, 1 - c, 1, FREE)
OPERATOR(dest_in, 0, a, FREE)
OPERATOR(dest_out, 0, 1 - a, FREE)
OPERATOR(dest_atop, 1 - c, a, FREE)
OPERATOR(xor, 1 - c, 1 - a, FREE)
OPERATOR(plus, 1, 1, 1.0)

// ---- blend modes: B of the base's b and the image's s --------------------------------------------

static inline double screen_of(double b, double s)
{
    return b + s - b * s;
}

static inline double hard_light_of(double b, double s)
{
    return s <= 0.5 ? b * (2 * s) : screen_of(b, 2 * s - 1);
}

static inline double color_dodge_of(double b, double s)
{
    return b <= 0 ? 0 : s >= 1 ? 1 : least(1, b / (1 - s));
}

static inline double color_burn_of(double b, double s)
{
    return b >= 1 ? 1 : s <= 0 ? 0 : 1 - least(1, (1 - b) / s);
}

static inline double soft_light_of(double b, double s)
{
    if (s <= 0.5) return b - (1 - 2 * s) * b * (1 - b);
    const double d = b <= 0.25 ? ((16 * b - 12) * b + 4) * b : __builtin_sqrt(b);
    return b + (2 * s - 1) * (d - b);
}

#define BLEND(name, B)                                                                      \
    KAL__INLINE void name##_colour_body(chunk *k, size_t n)                                 \
    {                                                                                       \
        for (size_t i = 0; i < n; i++) {                                                    \
            const double s = k->s[i], b = k->b[i], a = k->a[i], c = k->c[i], ao = k->ao[i]; \
            k->d[i] = ao == 0 ? 0 : (a * (1 - c) * s + a * c * (B) + (1 - a) * c * b) / ao; \
        }                                                                                   \
    }                                                                                       \
    KAL__VARIANTS(name##_colour, (chunk * k, size_t n), (k, n))
BLEND(multiply, b *s)
BLEND(screen, screen_of(b, s))
BLEND(overlay, hard_light_of(s, b))
BLEND(darken, least(b, s))
BLEND(lighten, most(b, s))
BLEND(color_dodge, color_dodge_of(b, s))
BLEND(color_burn, color_burn_of(b, s))
BLEND(hard_light, hard_light_of(b, s))
BLEND(soft_light, soft_light_of(b, s))
BLEND(difference, most(b, s) - least(b, s))
BLEND(exclusion, b + s - 2 * b * s)
BLEND(add, least(b + s, 1))

typedef struct mode {
    void (*alpha)(chunk *k, size_t n);
    void (*colour)(chunk *k, size_t n);
    bool opaque;   // an opaque base stays opaque
} mode;

// by kal_mode
static const mode modes[] = {
    {over_alpha, over_colour, true},
    {clear_alpha, clear_colour, false},
    {source_alpha, source_colour, false},
    {in_alpha, in_colour, false},
    {out_alpha, out_colour, false},
    {atop_alpha, atop_colour, true},
    {dest_alpha, dest_colour, true},
    {dest_over_alpha, dest_over_colour, true},
    {dest_in_alpha, dest_in_colour, false},
    {dest_out_alpha, dest_out_colour, false},
    {dest_atop_alpha, dest_atop_colour, false},
    {xor_alpha, xor_colour, false},
    {plus_alpha, plus_colour, true},
    {over_alpha, multiply_colour, true},
    {over_alpha, screen_colour, true},
    {over_alpha, overlay_colour, true},
    {over_alpha, darken_colour, true},
    {over_alpha, lighten_colour, true},
    {over_alpha, color_dodge_colour, true},
    {over_alpha, color_burn_colour, true},
    {over_alpha, hard_light_colour, true},
    {over_alpha, soft_light_colour, true},
    {over_alpha, difference_colour, true},
    {over_alpha, exclusion_colour, true},
    {over_alpha, add_colour, true},
};

// ---- rows ---------------------------------------------------------------------------------------

static void load(double *to, const void *row, kal_type type, size_t at, size_t step, size_t n)
{
    if (type == KAL_U8)
        for (size_t i = 0; i < n; i++) to[i] = ((const uint8_t *)row)[at + i * step] / 255.0;
    else if (type == KAL_U16)
        for (size_t i = 0; i < n; i++) to[i] = ((const uint16_t *)row)[at + i * step] / 65535.0;
    else
        for (size_t i = 0; i < n; i++) to[i] = (double)((const float *)row)[at + i * step];
}

static void store(void *row, kal_type type, size_t at, size_t step, const double *from, size_t n)
{
    if (type == KAL_U8)
        for (size_t i = 0; i < n; i++) ((uint8_t *)row)[at + i * step] = kal__to_u8(from[i] * 255);
    else if (type == KAL_U16)
        for (size_t i = 0; i < n; i++) ((uint16_t *)row)[at + i * step] = kal__to_u16(from[i] * 65535);
    else
        for (size_t i = 0; i < n; i++) ((float *)row)[at + i * step] = (float)from[i];
}

static void lay_chunk(const kal__lay *l, void *dst, const void *image, const void *base, size_t at, size_t n)
{
    const size_t colours = l->colours, step = colours + l->base_alpha;
    const mode *m = &modes[l->mode];
    chunk k;
    for (size_t i = 0; i < n; i++) k.a[i] = k.c[i] = 1;
    if (l->alpha) load(k.a, image, l->type, at * l->step + colours, l->step, n);
    if (l->base_alpha) load(k.c, base, l->type, at * step + colours, step, n);
    for (size_t i = 0; i < n; i++) k.a[i] *= l->opacity;
    m->alpha(&k, n);
    for (size_t c = 0; c < colours; c++) {
        load(k.s, image, l->type, at * l->step + c, l->step, n);
        load(k.b, base, l->type, at * step + c, step, n);
        m->colour(&k, n);
        store(dst, l->type, at * step + c, step, k.d, n);
    }
    if (l->base_alpha) store(dst, l->type, at * step + colours, step, k.ao, n);
}

void kal__lay_row(const kal__lay *l, void *dst, const void *image, const void *base, size_t n)
{
    static void (*const plain[])(void *, const void *, const void *, size_t, const kal__lay *) = {
        [KAL_U8] = over_u8, [KAL_U16] = over_u16_c, [KAL_F32] = over_f32_c};
    if (kal__lay_replaces(l)) {
        memcpy(dst, image, n * l->step * kal_type_size(l->type));
    } else if (l->mode == KAL_MODE_OVER && l->opacity == 1) {
        plain[l->type](dst, image, base, n, l);
    } else {
        for (size_t at = 0; at < n; at += CHUNK)
            lay_chunk(l, dst, image, base, at, n - at < CHUNK ? n - at : CHUNK);
    }
}

kal__lay kal__lay_of(int32_t how, double opacity, const kal_extent *image, const kal_extent *base)
{
    return (kal__lay){.mode = how,
                      .opacity = opacity,
                      .type = base->type,
                      .colours = (size_t)kal__colours(base),
                      .step = (size_t)image->channels,
                      .alpha = image->alpha,
                      .base_alpha = base->alpha};
}

kal_status kal__check_lay(const char *op, int32_t how, const kal_extent *image, const kal_extent *base,
                          kal_error *err)
{
    if (image->type != base->type)
        return kal_fail(err, KAL_INVALID, "%s: the image is %s and the base is %s; use cast", op,
                        kal__type_name(image->type), kal__type_name(base->type));
    if (kal__colours(image) != kal__colours(base))
        return kal_fail(err, KAL_INVALID,
                        "%s: the image has %d colour channel%s and the base has %d; use to_rgb or gray", op,
                        kal__colours(image), kal__colours(image) == 1 ? "" : "s", kal__colours(base));
    if (!base->alpha && !modes[how].opaque)
        return kal_fail(err, KAL_INVALID,
                        "%s: this mode makes the base transparent, and it has no alpha channel; give it one "
                        "with band_join alpha=true",
                        op);
    return kal__check_type(op, base, err);
}
