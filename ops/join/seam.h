// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The soft seam around a part that is put back, for uncrop and uncrops: weights along an axis, and the mix of a pixel. The formula is at the
// head of uncrop.c.
#ifndef KAL_OPS_SEAM_H
#define KAL_OPS_SEAM_H

#include "op.h"

#include <float.h>

// Seam weights of one axis: w and, for a pixel at distance `near` and `far` from the two edges, a in 1..w+1.
typedef struct kal__seam {
    int32_t w, length;
    bool at_start, at_end;   // on the base's border
} kal__seam;

static inline kal__seam kal__seam_of(int32_t feather, int32_t from, int32_t to, int32_t side)
{
    const int32_t half = (to - from) / 2;
    return (kal__seam){feather < half ? feather : half, to - from, from == 0, to == side};
}

static inline int32_t kal__seam_weight(const kal__seam *s, int32_t i)
{
    const int32_t full = s->w + 1;
    const int32_t a = s->at_start || i + 1 > full ? full : i + 1;
    const int32_t left = s->length - i;
    const int32_t b = s->at_end || left > full ? full : left;
    return a < b ? a : b;
}

static inline int64_t kal__divide_round(int64_t n, int64_t d)
{
    return n >= 0 ? (2 * n + d) / (2 * d) : -((-2 * n + d) / (2 * d));
}

/// n samples of dst from i on: base + (crop − base) · num / den. `crop` begins at its sample 0; base may be dst.
static inline void kal__seam_mix(void *dst, const void *crop, const void *base, kal_type type, size_t i,
                                 size_t n, int64_t num, int64_t den)
{
    for (size_t k = i; k < i + n; k++)
        if (type == KAL_F32) {
            const float b = ((const float *)base)[k], c = ((const float *)crop)[k - i];
            ((float *)dst)[k] = num == den ? c : b + (c - b) * ((float)num / (float)den);
        } else if (type == KAL_U16) {
            const int64_t b = ((const uint16_t *)base)[k], c = ((const uint16_t *)crop)[k - i];
            ((uint16_t *)dst)[k] = (uint16_t)(b + kal__divide_round((c - b) * num, den));
        } else {
            const int64_t b = ((const uint8_t *)base)[k], c = ((const uint8_t *)crop)[k - i];
            ((uint8_t *)dst)[k] = (uint8_t)(b + kal__divide_round((c - b) * num, den));
        }
}

/// By their alphas: num' = num · alpha(crop), den' = num' + (den − num) · alpha(base). Of alphas that are alike, or none, as they are.
static inline void kal__seam_weigh(int64_t top, int64_t below, int64_t *num, int64_t *den)
{
    int shift = 0;
    while (*den >> shift >= INT64_C(1) << 29)
        shift++;   // what follows multiplies by an alpha and a sample of 16 bits each, and by 2
    const int64_t part = (*num >> shift) * top, whole = part + ((*den - *num) >> shift) * below;
    if (top != below && whole) *num = part, *den = whole;
}

static inline void kal__seam_float(float *dst, const float *crop, const float *base, size_t n, int64_t num,
                                   int64_t den)
{
    const double top = crop[n], below = base[n], part = top * (double)num,
                 whole = part + below * (double)(den - num);
    const bool weighs = top >= 0 && below >= 0 && whole > 0 && whole <= DBL_MAX && top != below;
    const float w = weighs ? (float)(part / whole) : (float)num / (float)den;
    for (size_t k = 0; k < n; k++)
        dst[k] = (weighs && part >= whole) || num == den ? crop[k] : base[k] + (crop[k] - base[k]) * w;
}

/// A pixel of dst: base + (crop − base) · num / den; colours weighed by alpha, so that what is hidden stays so.
static inline void kal__seam_pixel(void *dst, const void *crop, const void *base, const kal_extent *e,
                                   int64_t num, int64_t den)
{
    const size_t n = (size_t)e->channels - e->alpha, at = n * kal_type_size(e->type);
    int64_t part = num, whole = den;
    if (e->alpha && e->type == KAL_U8)
        kal__seam_weigh(((const uint8_t *)crop)[n], ((const uint8_t *)base)[n], &part, &whole);
    if (e->alpha && e->type == KAL_U16)
        kal__seam_weigh(((const uint16_t *)crop)[n], ((const uint16_t *)base)[n], &part, &whole);
    if (e->alpha && e->type == KAL_F32)
        kal__seam_float(dst, crop, base, n, num, den);
    else
        kal__seam_mix(dst, crop, base, e->type, 0, n, part, whole);
    if (e->alpha) kal__seam_mix(dst, (const unsigned char *)crop + at, base, e->type, n, 1, num, den);
}

#endif
