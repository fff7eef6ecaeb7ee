// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes on bytes where an alpha or three colours together are in play, in floats. The bytes are those of doubles: what lies so near to where
// rounding turns over that floats may not tell is gathered and made in doubles. Of what the modes add up nothing is below 0 and nothing
// weighs more than what it is divided by, so that floats are off by some 2^-20 of full scale; by more where 1 − x of bytes, or a range
// of them, is divided by, or both weights go to 0 together. The tests compare every mode.
#include "cpu.h"
#include "kernels.h"
#include "modes.h"

enum { WIDE = 4 };   // samples of a pixel, at most

// What floats are surely nearer than, in steps of a byte: several times the most that was seen.
static float slack_of(int32_t mode)
{
    static const float slack[] = {[KAL_MODE_XOR] = 1 / 64.0f,         [KAL_MODE_COLOR_DODGE] = 1 / 256.0f,
                                  [KAL_MODE_COLOR_BURN] = 1 / 64.0f,  [KAL_MODE_HUE] = 1 / 256.0f,
                                  [KAL_MODE_SATURATION] = 1 / 256.0f, [KAL_MODE_COLOR] = 1 / 256.0f,
                                  [KAL_MODE_LUMINOSITY] = 1 / 256.0f};
    const float own = (size_t)mode < KAL__COUNT(slack) ? slack[mode] : 0;
    return own > 0 ? own : 1 / 1024.0f;
}

typedef struct bytes {
    uint8_t v[WIDE][KAL__CHUNK];
} bytes;

// ---- pixels to planes and back --------------------------------------------------------------------

KAL__INLINE void split4_body(bytes *restrict to, const uint8_t *restrict row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 4; k++) to->v[k][i] = row[4 * i + k];
}
KAL__VARIANTS(split4, (bytes * to, const uint8_t *row, size_t n), (to, row, n))

KAL__INLINE void join4_body(uint8_t *restrict row, const bytes *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 4; k++) row[4 * i + k] = from->v[k][i];
}
KAL__VARIANTS(join4, (uint8_t * row, const bytes *from, size_t n), (row, from, n))

static void split(bytes *to, const uint8_t *row, size_t step, size_t n)
{
    if (step == 4)
        split4(to, row, n);
    else if (step == 3)
        kal__kernels()->split3_u8(to->v[0], to->v[1], to->v[2], row, n);
    else
        for (size_t i = 0; i < n * step; i++) to->v[i % step][i / step] = row[i];
}

static void join(uint8_t *row, const bytes *from, size_t step, size_t n)
{
    if (step == 4)
        join4(row, from, n);
    else if (step == 3)
        kal__kernels()->join3_u8(row, from->v[0], from->v[1], from->v[2], n);
    else
        for (size_t i = 0; i < n * step; i++) row[i] = from->v[i % step][i / step];
}

// ---- floats ---------------------------------------------------------------------------------------

KAL__INLINE void widen_body(float *restrict to, const uint8_t *restrict from, float by, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = (float)from[i] * by;
}
KAL__VARIANTS(widen, (float *to, const uint8_t *from, float by, size_t n), (to, from, by, n))

// Rounds half up; `near` is set where doubles are wanted.
KAL__INLINE void narrow_body(uint8_t *restrict to, uint8_t *restrict near, const float *restrict v,
                             float slack, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float x = v[i] * 255 + 0.5f;
        const int32_t whole = (int32_t)x;
        const float part = x - (float)whole;
        to[i] = (uint8_t)whole;
        near[i] |= (uint8_t)((part < slack) | (part > 1 - slack));
    }
}
KAL__VARIANTS(narrow, (uint8_t * to, uint8_t *near, const float *v, float slack, size_t n),
              (to, near, v, slack, n))

// ---- chunks ---------------------------------------------------------------------------------------

typedef struct chunk {
    bytes image, base, to;
    uint8_t near[KAL__CHUNK];
    kal__near_chunk k;
    float slack;
} chunk;

static void colour(const kal__near_mode *m, chunk *h, size_t c, size_t n)
{
    m->colour(&h->k, n);
    narrow(h->to.v[c], h->near, h->k.d, h->slack, n);
}

static void three_colours(const kal__near_mode *m, chunk *h, size_t colours, size_t n)
{
    float s[3][KAL__CHUNK], b[3][KAL__CHUNK], d[3][KAL__CHUNK];
    for (size_t c = 0; c < 3; c++) {
        widen(s[c], h->image.v[colours == 3 ? c : 0], 1 / 255.0f, n);
        widen(b[c], h->base.v[colours == 3 ? c : 0], 1 / 255.0f, n);
    }
    m->rgb(s, b, d, n);
    for (size_t c = 0; c < colours; c++) {
        memcpy(h->k.s, s[c], n * sizeof(float));
        memcpy(h->k.b, b[c], n * sizeof(float));
        memcpy(h->k.d, d[c], n * sizeof(float));
        colour(m, h, c, n);
    }
}

static void lay_chunk(const kal__lay *l, chunk *h, uint8_t *dst, const uint8_t *image, const uint8_t *base,
                      size_t n)
{
    const size_t colours = l->colours, step = colours + l->base_alpha;
    const kal__near_mode *m = &kal__near_modes[l->mode];
    split(&h->image, image, l->step, n);
    split(&h->base, base, step, n);
    if (!l->alpha) memset(h->image.v[colours], 255, n);
    if (!l->base_alpha) memset(h->base.v[colours], 255, n);
    memset(h->near, 0, sizeof h->near);
    widen(h->k.a, h->image.v[colours], (float)(l->opacity / 255), n);
    widen(h->k.c, h->base.v[colours], 1 / 255.0f, n);
    m->alpha(&h->k, n);
    for (size_t c = 0; c < colours && !m->rgb; c++) {
        widen(h->k.s, h->image.v[c], 1 / 255.0f, n);
        widen(h->k.b, h->base.v[c], 1 / 255.0f, n);
        colour(m, h, c, n);
    }
    if (m->rgb) three_colours(m, h, colours, n);
    if (l->base_alpha) narrow(h->to.v[colours], h->near, h->k.ao, h->slack, n);
    join(dst, &h->to, step, n);
}

// ---- what is made in doubles ----------------------------------------------------------------------

typedef struct gathered {
    uint8_t image[WIDE * KAL__CHUNK], base[WIDE * KAL__CHUNK];
    uint8_t *to[KAL__CHUNK];
    size_t n;
} gathered;

static void settle(const kal__lay *l, gathered *g)
{
    const size_t step = l->colours + l->base_alpha;
    uint8_t made[WIDE * KAL__CHUNK];
    kal__lay_in_doubles(l, made, g->image, g->base, g->n);
    for (size_t i = 0; i < g->n; i++) memcpy(g->to[i], made + i * step, step);
    g->n = 0;
}

static void gather(const kal__lay *l, gathered *g, const uint8_t *near, uint8_t *dst, const uint8_t *image,
                   const uint8_t *base, size_t n)
{
    const size_t step = l->colours + l->base_alpha;
    for (size_t i = 0; i < n; i++) {
        uint64_t eight = 1;
        if (i % 8 == 0) memcpy(&eight, near + i, 8);
        if (!eight) i += 7;
        if (!eight || !near[i]) continue;
        memcpy(g->image + g->n * l->step, image + i * l->step, l->step);
        memcpy(g->base + g->n * step, base + i * step, step);
        g->to[g->n++] = dst + i * step;
        if (g->n == KAL__CHUNK) settle(l, g);
    }
}

// ---- rows -----------------------------------------------------------------------------------------

// Of an opacity next to 0 or 1 floats would not know that it is not that.
bool kal__lay_can_near(const kal__lay *l)
{
    const bool told = l->opacity == 0 || l->opacity == 1 || (l->opacity > 1e-6 && l->opacity < 1 - 1e-5);
    return l->type == KAL_U8 && l->colours < WIDE && told;
}

void kal__lay_near(const kal__lay *l, uint8_t *dst, const uint8_t *image, const uint8_t *base, size_t n)
{
    const size_t step = l->colours + l->base_alpha;
    chunk h;
    gathered g;
    h.slack = slack_of(l->mode);
    g.n = 0;
    for (size_t at = 0; at < n; at += KAL__CHUNK) {
        const size_t some = n - at < KAL__CHUNK ? n - at : KAL__CHUNK;
        lay_chunk(l, &h, dst + at * step, image + at * l->step, base + at * step, some);
        gather(l, &g, h.near, dst + at * step, image + at * l->step, base + at * step, some);
    }
    if (g.n) settle(l, &g);
}
