// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One pixel at a place of a patch, in 32.32 from the patch's corner. The formulas stand in slant.c.
#ifndef KAL_OPS_SAMPLE_H
#define KAL_OPS_SAMPLE_H

#include "op.h"

static inline const unsigned char *kal__whole_at(const unsigned char *patch, ptrdiff_t stride, size_t pixel,
                                                 int64_t sx, int64_t sy)
{
    return patch + (sy >> 32) * stride + (sx >> 32) * (ptrdiff_t)pixel;
}

static inline void kal__mix_u8(uint8_t *dst, const uint8_t *const p[4], int32_t fx, int32_t fy,
                               size_t channels)
{
    for (size_t k = 0; k < channels; k++) {
        const int32_t top = p[0][k] * (256 - fx) + p[1][k] * fx, low = p[2][k] * (256 - fx) + p[3][k] * fx;
        dst[k] = (uint8_t)((top * (256 - fy) + low * fy + (1 << 15)) >> 16);
    }
}

// Everything stays below 2^32: weights sum to 2^16, and 255 · 255 · 2^16 + 2^23 fits.
static inline void kal__mix_alpha_u8(uint8_t *dst, const uint8_t *const p[4], uint32_t fx, uint32_t fy,
                                     size_t channels)
{
    const uint32_t w[4] = {(256 - fx) * (256 - fy), fx * (256 - fy), (256 - fx) * fy, fx * fy};
    const size_t last = channels - 1;
    const uint32_t a[4] = {w[0] * p[0][last], w[1] * p[1][last], w[2] * p[2][last], w[3] * p[3][last]};
    const uint32_t all = a[0] + a[1] + a[2] + a[3], alpha = (all + (1 << 15)) >> 16;
    for (size_t k = 0; k < last; k++) {
        const uint32_t sum = a[0] * p[0][k] + a[1] * p[1][k] + a[2] * p[2][k] + a[3] * p[3][k];
        dst[k] = alpha ? (uint8_t)((sum + all / 2) / all) : 0;
    }
    dst[last] = (uint8_t)alpha;
}

static inline void kal__bilinear_at(uint8_t *dst, const uint8_t *patch, ptrdiff_t stride, int64_t sx,
                                    int64_t sy, size_t channels, bool alpha)
{
    const uint8_t *at = kal__whole_at(patch, stride, channels, sx, sy);
    const uint8_t *const p[4] = {at, at + channels, at + stride, at + stride + channels};
    if (alpha)
        kal__mix_alpha_u8(dst, p, (uint32_t)(sx >> 24 & 255), (uint32_t)(sy >> 24 & 255), channels);
    else
        kal__mix_u8(dst, p, (int32_t)(sx >> 24 & 255), (int32_t)(sy >> 24 & 255), channels);
}

// Weights of the taps around a fraction: linear, or Catmull-Rom.
static inline void kal__tap_weights(double f, int32_t taps, double *w)
{
    if (taps == 2) {
        w[0] = 1 - f;
        w[1] = f;
        return;
    }
    w[0] = ((-0.5 * f + 1) * f - 0.5) * f;
    w[1] = (1.5 * f - 2.5) * f * f + 1;
    w[2] = ((-1.5 * f + 2) * f + 0.5) * f;
    w[3] = (0.5 * f - 0.5) * f * f;
}

// sum += w · pixel, colours times alpha
static inline void kal__add_tap(double *sum, const void *p, double w, kal_type type, size_t channels,
                                bool alpha)
{
    const double a = alpha ? kal__get(p, type, channels - 1) : 1;
    for (size_t k = 0; k < channels - alpha; k++) sum[k] += w * (kal__get(p, type, k) * a);
    if (alpha) sum[channels - 1] += w * a;
}

static inline void kal__unweigh_sum(void *dst, kal_type type, size_t channels, bool alpha, const double *sum)
{
    const double a = alpha ? sum[channels - 1] : 1;
    const bool gone = type == KAL_F32 ? !(a > 0) : a < 0.5;   // what alpha is stored as
    for (size_t k = 0; k + alpha < channels; k++)
        kal__set(dst, type, k, !alpha ? sum[k] : gone ? 0 : sum[k] / a);
    if (alpha) kal__set(dst, type, channels - 1, a);
}

static inline void kal__wide_at(void *dst, const unsigned char *patch, ptrdiff_t stride, int64_t sx,
                                int64_t sy, int32_t before, int32_t taps, kal_type type, size_t channels,
                                bool alpha)
{
    const double one = 4294967296.0;
    const size_t pixel = channels * kal_type_size(type);
    const unsigned char *first =
        kal__whole_at(patch, stride, pixel, sx, sy) - before * stride - before * (ptrdiff_t)pixel;
    double wx[4], wy[4], row[KAL_MAX_CHANNELS], sum[KAL_MAX_CHANNELS];
    kal__tap_weights((double)(uint32_t)sx / one, taps, wx);
    kal__tap_weights((double)(uint32_t)sy / one, taps, wy);
    for (size_t k = 0; k < channels; k++) sum[k] = 0;
    for (int32_t b = 0; b < taps; b++, first += stride) {
        for (size_t k = 0; k < channels; k++) row[k] = 0;
        for (int32_t a = 0; a < taps; a++)
            kal__add_tap(row, first + (size_t)a * pixel, wx[a], type, channels, alpha);
        for (size_t k = 0; k < channels; k++) sum[k] += wy[b] * row[k];
    }
    kal__unweigh_sum(dst, type, channels, alpha, sum);
}

#endif
