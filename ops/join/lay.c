// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How images lie on one another: the operators of Porter and Duff and the blend modes of W3C's Compositing and Blending, straight alpha.
// s, a: the image's colour, and its alpha times the opacity; b, c: the base's; opaque without alpha:
//
//     operators      ao = F a + G c                        co = (F a s + G c b) / ao,  0 where ao is 0; F and G and B are in modes.c
//     blend modes    ao = a + c (1 − a)                    co = (a (1 − c) s + a c B(b, s) + (1 − a) c b) / ao
//
// with B of one colour, or, of hue, saturation, color and luminosity, of red, green and blue together (one colour counts as gray); all
// in doubles, samples over their full scale, in this order; 8 and 16 bits round half up. plus clamps the sums to 1. `over` with opacity 1
// has kernels of its own, exact rationals rounded half up once, with M the full scale:
//
//     A = ai M + ab (M − ai)       ao = A / M       co = (ci ai M + cb ab (M − ai)) / A
//
// so ao's rounding does not enter co, and a base without alpha gives (ci ai + cb (M − ai)) / M. f32 is unclamped.
#include "lay.h"

#include "cpu.h"
#include "kernels.h"
#include "modes.h"

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

// ---- in doubles -----------------------------------------------------------------------------------

// i / 255 of every byte, as the division gives it.
#define OF_255(i) (i) / 255.0
#define FOUR(i) OF_255(i), OF_255((i) + 1), OF_255((i) + 2), OF_255((i) + 3)
#define SIXTEEN(i) FOUR(i), FOUR((i) + 4), FOUR((i) + 8), FOUR((i) + 12)
#define QUARTER(i) SIXTEEN(i), SIXTEEN((i) + 16), SIXTEEN((i) + 32), SIXTEEN((i) + 48)
static const double of_255[256] = {QUARTER(0), QUARTER(64), QUARTER(128), QUARTER(192)};

KAL__INLINE void scale_body(double *restrict to, const double *restrict from, double by, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = from[i] * by;
}
KAL__VARIANTS(scale, (double *to, const double *from, double by, size_t n), (to, from, by, n))

static void load(double *to, const void *row, kal_type type, size_t at, size_t step, size_t n)
{
    if (type == KAL_U8)
        for (size_t i = 0; i < n; i++) to[i] = of_255[((const uint8_t *)row)[at + i * step]];
    else if (type == KAL_U16)
        for (size_t i = 0; i < n; i++) to[i] = ((const uint16_t *)row)[at + i * step] / 65535.0;
    else
        for (size_t i = 0; i < n; i++) to[i] = (double)((const float *)row)[at + i * step];
}

static void store(void *row, kal_type type, size_t at, size_t step, const double *from, size_t n)
{
    double v[KAL__CHUNK];
    uint8_t bytes[KAL__CHUNK];
    uint16_t words[KAL__CHUNK];
    if (type != KAL_F32) scale(v, from, kal_type_max(type), n);
    if (type == KAL_U8) {
        kal__kernels()->narrow_u8(bytes, v, n);
        for (size_t i = 0; i < n; i++) ((uint8_t *)row)[at + i * step] = bytes[i];
    } else if (type == KAL_U16) {
        kal__kernels()->narrow_u16(words, v, n);
        for (size_t i = 0; i < n; i++) ((uint16_t *)row)[at + i * step] = words[i];
    } else {
        for (size_t i = 0; i < n; i++) ((float *)row)[at + i * step] = (float)from[i];
    }
}

// One colour of a chunk whose alphas are there.
static void one_colour(const kal__mode *m, kal__chunk *k, const kal__lay *l, void *dst, const void *image,
                       const void *base, size_t at, size_t c, size_t n)
{
    const size_t step = l->colours + l->base_alpha;
    load(k->s, image, l->type, at * l->step + c, l->step, n);
    load(k->b, base, l->type, at * step + c, step, n);
    m->colour(k, n);
    store(dst, l->type, at * step + c, step, k->d, n);
}

// All of them at once: one of them is red, green and blue.
static void three_colours(const kal__mode *m, kal__chunk *k, const kal__lay *l, void *dst, const void *image,
                          const void *base, size_t at, size_t n)
{
    double s[3][KAL__CHUNK], b[3][KAL__CHUNK], d[3][KAL__CHUNK];
    const size_t step = l->colours + l->base_alpha;
    for (size_t c = 0; c < 3; c++) {
        const size_t from = l->colours == 3 ? c : 0;
        load(s[c], image, l->type, at * l->step + from, l->step, n);
        load(b[c], base, l->type, at * step + from, step, n);
    }
    m->rgb(s, b, d, n);
    for (size_t c = 0; c < l->colours; c++) {
        memcpy(k->s, s[c], n * sizeof(double));
        memcpy(k->b, b[c], n * sizeof(double));
        memcpy(k->d, d[c], n * sizeof(double));
        m->colour(k, n);
        store(dst, l->type, at * step + c, step, k->d, n);
    }
}

static void lay_chunk(const kal__lay *l, void *dst, const void *image, const void *base, size_t at, size_t n)
{
    const size_t colours = l->colours, step = colours + l->base_alpha;
    const kal__mode *m = &kal__modes[l->mode];
    kal__chunk k;
    for (size_t i = 0; i < n; i++) k.a[i] = k.c[i] = 1;
    if (l->alpha) load(k.a, image, l->type, at * l->step + colours, l->step, n);
    if (l->base_alpha) load(k.c, base, l->type, at * step + colours, step, n);
    for (size_t i = 0; i < n; i++) k.a[i] *= l->opacity;
    m->alpha(&k, n);
    if (m->rgb)
        three_colours(m, &k, l, dst, image, base, at, n);
    else
        for (size_t c = 0; c < colours; c++) one_colour(m, &k, l, dst, image, base, at, c, n);
    if (l->base_alpha) store(dst, l->type, at * step + colours, step, k.ao, n);
}

void kal__lay_in_doubles(const kal__lay *l, void *dst, const void *image, const void *base, size_t n)
{
    kal__lay flat = *l;
    if (!l->alpha && !l->base_alpha && !kal__modes[l->mode].rgb) {   // samples are pixels of one colour
        n *= l->colours;
        flat.colours = flat.step = 1;
    }
    for (size_t at = 0; at < n; at += KAL__CHUNK)
        lay_chunk(&flat, dst, image, base, at, n - at < KAL__CHUNK ? n - at : KAL__CHUNK);
}

// ---- opaque bytes ---------------------------------------------------------------------------------
// There are 65,536 pairs of them: what no loop of integers says is a table, made by the very formulas.

static bool opaque_bytes(const kal__lay *l)
{
    return l->type == KAL_U8 && !l->alpha && !l->base_alpha && !kal__modes[l->mode].rgb;
}

static bool has_loop(const kal__lay *l)
{
    return l->opacity == 1 && kal__opaque_u8(l->mode);
}

bool kal__lay_wants_pairs(const kal__lay *l)
{
    return opaque_bytes(l) && !kal__lay_replaces(l) && !has_loop(l);
}

void kal__lay_pairs(const kal__lay *l, kal__pairs *pairs)
{
    kal__lay one = *l;
    uint8_t image[256], base[256];
    one.colours = one.step = 1;
    one.pairs = NULL;
    for (int32_t i = 0; i < 256; i++) image[i] = (uint8_t)i;
    for (int32_t b = 0; b < 256; b++) {
        memset(base, b, sizeof base);
        kal__lay_row(&one, pairs->table + (size_t)b * 256, image, base, 256);
    }
    pairs->line = false;
    if (l->mode == KAL_MODE_OVER) kal__pairs_try_line(pairs, l->opacity);
}

// ---- rows ---------------------------------------------------------------------------------------

void kal__lay_row(const kal__lay *l, void *dst, const void *image, const void *base, size_t n)
{
    static void (*const plain[])(void *, const void *, const void *, size_t, const kal__lay *) = {
        [KAL_U8] = over_u8, [KAL_U16] = over_u16_c, [KAL_F32] = over_f32_c};
    if (kal__lay_replaces(l))
        memcpy(dst, image, n * l->step * kal_type_size(l->type));
    else if (l->mode == KAL_MODE_OVER && l->opacity == 1)
        plain[l->type](dst, image, base, n, l);
    else if (opaque_bytes(l) && has_loop(l))
        kal__opaque_u8(l->mode)(dst, image, base, n * l->colours);
    else if (l->pairs)
        kal__pairs_row(l->pairs, dst, image, base, n * l->colours);
    else if (kal__lay_can_near(l))
        kal__lay_near(l, dst, image, base, n);
    else
        kal__lay_in_doubles(l, dst, image, base, n);
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
                        kal_type_name(image->type), kal_type_name(base->type));
    if (kal__colours(image) != kal__colours(base))
        return kal_fail(err, KAL_INVALID,
                        "%s: the image has %d colour channel%s and the base has %d; use to_rgb or gray", op,
                        kal__colours(image), kal__colours(image) == 1 ? "" : "s", kal__colours(base));
    if (!base->alpha && !kal__modes[how].opaque)
        return kal_fail(err, KAL_INVALID,
                        "%s: this mode makes the base transparent, and it has no alpha channel; give it one "
                        "with band_join alpha=true",
                        op);
    if (kal__modes[how].rgb && kal__colours(base) != 3 && kal__colours(base) != 1)
        return kal_fail(err, KAL_INVALID, "%s: this mode is about red, green and blue, not %d colours", op,
                        kal__colours(base));
    return kal__check_type(op, base, err);
}
