// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See wide.h. Plain loops, which compilers turn into vectors; what they do badly has kernels: pixels with alpha.
#include "wide.h"

#include "kernels.h"

#define WIDEN(type, T)                                                                          \
    KAL__INLINE void widen_##type##_body(double *restrict dst, const T *restrict src, size_t n) \
    {                                                                                           \
        for (size_t i = 0; i < n; i++) dst[i] = (double)src[i];                                 \
    }                                                                                           \
    KAL__VARIANTS(widen_##type, (double *dst, const T *src, size_t n), (dst, src, n))
WIDEN(u8, uint8_t)
WIDEN(u16, uint16_t)
WIDEN(f32, float)

void kal__weigh_u8_c(uint16_t *dst, const uint8_t *src, size_t pixels, size_t channels)
{
    for (; pixels > 0; pixels--, dst += channels, src += channels) {
        for (size_t k = 0; k + 1 < channels; k++) dst[k] = (uint16_t)(src[k] * src[channels - 1]);
        dst[channels - 1] = src[channels - 1];
    }
}

void kal__weigh_f64_c(double *v, size_t pixels, size_t channels)
{
    for (; pixels > 0; pixels--, v += channels)
        for (size_t k = 0; k + 1 < channels; k++) v[k] *= v[channels - 1];
}

void kal__widen(double *dst, const void *src, size_t first, size_t n, const kal_extent *e, bool weigh)
{
    const size_t channels = (size_t)e->channels, from = first * channels, count = n * channels;
    if (e->type == KAL_U8)
        widen_u8(dst, (const uint8_t *)src + from, count);
    else if (e->type == KAL_U16)
        widen_u16(dst, (const uint16_t *)src + from, count);
    else
        widen_f32(dst, (const float *)src + from, count);
    if (weigh) kal__kernels()->weigh_f64(dst, n, channels);
}

// Without branches, which would be taken at random where sums go over and under. NaN gives 0.
#define NARROW(type, T, max)                                         \
    void kal__narrow_##type##_c(T *dst, const double *src, size_t n) \
    {                                                                \
        for (size_t i = 0; i < n; i++) {                             \
            const double low = src[i] > 0 ? src[i] : 0;              \
            dst[i] = (T)(int32_t)((low < max ? low : max) + 0.5);    \
        }                                                            \
    }
NARROW(u8, uint8_t, 255.0)
NARROW(u16, uint16_t, 65535.0)

KAL__INLINE void narrow_f32_body(float *restrict dst, const double *restrict src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = (float)src[i];
}
KAL__VARIANTS(narrow_f32, (float *dst, const double *src, size_t n), (dst, src, n))

void kal__narrow(void *dst, size_t first, const double *src, size_t n, const kal_extent *e)
{
    const size_t from = first * (size_t)e->channels, count = n * (size_t)e->channels;
    if (e->type == KAL_U8)
        kal__kernels()->narrow_u8((uint8_t *)dst + from, src, count);
    else if (e->type == KAL_U16)
        kal__kernels()->narrow_u16((uint16_t *)dst + from, src, count);
    else
        narrow_f32((float *)dst + from, src, count);
}

KAL__INLINE void scale_body(double *v, double scale, double offset, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] = v[i] * scale + offset;
}
KAL__VARIANTS(scale, (double *v, double scale, double offset, size_t n), (v, scale, offset, n))

void kal__scale_f64(double *v, double by, double offset, size_t n)
{
    scale(v, by, offset, n);
}

// Sums of colours weighted by alpha become colours, and are nothing where there is none.
void kal__unweigh_f64_c(double *v, size_t pixels, size_t channels, double scale_by, double offset)
{
    for (; pixels > 0; pixels--, v += channels) {
        const double a = v[channels - 1] * scale_by;
        for (size_t k = 0; k + 1 < channels; k++) v[k] = a <= 0 ? 0 : v[k] * scale_by / a + offset;
        v[channels - 1] = a;
    }
}
