// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Floats through doubles, as cast.c, tone.c and levels.c do it. A maximum and a minimum give their second operand when one is not a number: to
// integers clamp(v · max, 0, max) + 1/2 so makes 0 of NaN; levels keep it.
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

KAL__TARGET_AVX2 static inline __m128i four(const float *p, __m256d max)
{
    const __m256d x = _mm256_mul_pd(_mm256_cvtps_pd(_mm_loadu_ps(p)), max);
    const __m256d y = _mm256_min_pd(_mm256_max_pd(x, _mm256_setzero_pd()), max);
    return _mm256_cvttpd_epi32(_mm256_add_pd(y, _mm256_set1_pd(0.5)));
}

KAL__TARGET_AVX2 void kal__f32_to_u16_avx2(uint16_t *dst, const float *src, size_t n)
{
    const __m256d max = _mm256_set1_pd(65535);
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128((__m128i *)(void *)(dst + i),
                         _mm_packus_epi32(four(src + i, max), four(src + i + 4, max)));
    kal__f32_to_u16_c(dst + i, src + i, n - i);
}

KAL__TARGET_AVX2 void kal__f32_to_u8_avx2(uint8_t *dst, const float *src, size_t n)
{
    const __m256d max = _mm256_set1_pd(255);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const float *s = src + i;
        const __m128i a = _mm_packus_epi32(four(s, max), four(s + 4, max)),
                      b = _mm_packus_epi32(four(s + 8, max), four(s + 12, max));
        _mm_storeu_si128((__m128i *)(void *)(dst + i), _mm_packus_epi16(a, b));
    }
    kal__f32_to_u8_c(dst + i, src + i, n - i);
}

KAL__TARGET_AVX512 static inline __m256i eight(const float *p, __mmask8 m, __m512d max)
{
    const __m512d x = _mm512_mul_pd(_mm512_cvtps_pd(_mm256_maskz_loadu_ps(m, p)), max);
    const __m512d y = _mm512_min_pd(_mm512_max_pd(x, _mm512_setzero_pd()), max);
    return _mm512_cvttpd_epi32(_mm512_add_pd(y, _mm512_set1_pd(0.5)));
}

KAL__TARGET_AVX512 void kal__f32_to_u16_avx512(uint16_t *dst, const float *src, size_t n)
{
    const __m512d max = _mm512_set1_pd(65535);
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 m = n - i >= 8 ? 255 : (__mmask8)((1u << (n - i)) - 1);
        _mm_mask_storeu_epi16(dst + i, m, _mm256_cvtepi32_epi16(eight(src + i, m, max)));
    }
}

KAL__TARGET_AVX512 void kal__f32_to_u8_avx512(uint8_t *dst, const float *src, size_t n)
{
    const __m512d max = _mm512_set1_pd(255);
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 m = n - i >= 8 ? 255 : (__mmask8)((1u << (n - i)) - 1);
        _mm_mask_storeu_epi8(dst + i, m, _mm256_cvtepi32_epi8(eight(src + i, m, max)));
    }
}

// A product and a sum, each rounded: fused they would be other floats.
KAL__TARGET_AVX2 void kal__scale_f32_avx2(float *dst, const float *src, size_t n, float scale, float offset)
{
    const __m256 by = _mm256_set1_ps(scale), more = _mm256_set1_ps(offset);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256 a = _mm256_mul_ps(_mm256_loadu_ps(src + i), by),
                     b = _mm256_mul_ps(_mm256_loadu_ps(src + i + 8), by);
        _mm256_storeu_ps(dst + i, _mm256_add_ps(a, more));
        _mm256_storeu_ps(dst + i + 8, _mm256_add_ps(b, more));
    }
    kal__scale_f32_c(dst + i, src + i, n - i, scale, offset);
}

KAL__TARGET_AVX512 void kal__scale_f32_avx512(float *dst, const float *src, size_t n, float scale,
                                              float offset)
{
    const __m512 by = _mm512_set1_ps(scale), more = _mm512_set1_ps(offset);
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        const __m512 a = _mm512_mul_ps(_mm512_loadu_ps(src + i), by),
                     b = _mm512_mul_ps(_mm512_loadu_ps(src + i + 16), by);
        _mm512_storeu_ps(dst + i, _mm512_add_ps(a, more));
        _mm512_storeu_ps(dst + i + 16, _mm512_add_ps(b, more));
    }
    for (; i < n; i += 16) {
        const __mmask16 m = n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1);
        const __m512 a = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, src + i), by);
        _mm512_mask_storeu_ps(dst + i, m, _mm512_add_ps(a, more));
    }
}

// The second operand again, when it is NaN; a sum with 0 makes 0 of −0.
KAL__TARGET_AVX2 void kal__clamp_f32_avx2(float *dst, const float *src, size_t n)
{
    const __m256 zero = _mm256_setzero_ps(), one = _mm256_set1_ps(1);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 x = _mm256_min_ps(one, _mm256_max_ps(zero, _mm256_loadu_ps(src + i)));
        _mm256_storeu_ps(dst + i, _mm256_add_ps(x, zero));
    }
    kal__clamp_f32_c(dst + i, src + i, n - i);
}

KAL__TARGET_AVX512 void kal__clamp_f32_avx512(float *dst, const float *src, size_t n)
{
    const __m512 zero = _mm512_setzero_ps(), one = _mm512_set1_ps(1);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m512 x = _mm512_min_ps(one, _mm512_max_ps(zero, _mm512_loadu_ps(src + i)));
        _mm512_storeu_ps(dst + i, _mm512_add_ps(x, zero));
    }
    for (; i < n; i += 16) {
        const __mmask16 m = n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1);
        const __m512 x = _mm512_min_ps(one, _mm512_max_ps(zero, _mm512_maskz_loadu_ps(m, src + i)));
        _mm512_mask_storeu_ps(dst + i, m, _mm512_add_ps(x, zero));
    }
}

KAL__TARGET_AVX2 void kal__stretch_f32_avx2(float *dst, const float *src, size_t n, const double *by)
{
    const __m256d black = _mm256_set1_pd(by[0]), range = _mm256_set1_pd(by[1]), low = _mm256_set1_pd(by[2]),
                  rise = _mm256_set1_pd(by[3]);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const __m256d x = _mm256_div_pd(_mm256_sub_pd(_mm256_cvtps_pd(_mm_loadu_ps(src + i)), black), range);
        const __m256d t = _mm256_min_pd(_mm256_set1_pd(1), _mm256_max_pd(_mm256_setzero_pd(), x));
        _mm_storeu_ps(dst + i, _mm256_cvtpd_ps(_mm256_add_pd(low, _mm256_mul_pd(t, rise))));
    }
    kal__stretch_f32_c(dst + i, src + i, n - i, by);
}

KAL__TARGET_AVX512 void kal__stretch_f32_avx512(float *dst, const float *src, size_t n, const double *by)
{
    const __m512d black = _mm512_set1_pd(by[0]), range = _mm512_set1_pd(by[1]), low = _mm512_set1_pd(by[2]),
                  rise = _mm512_set1_pd(by[3]);
    for (size_t i = 0; i < n; i += 8) {
        const __mmask8 m = n - i >= 8 ? 255 : (__mmask8)((1u << (n - i)) - 1);
        const __m512d v = _mm512_cvtps_pd(_mm256_maskz_loadu_ps(m, src + i));
        const __m512d x = _mm512_div_pd(_mm512_sub_pd(v, black), range);
        const __m512d t = _mm512_min_pd(_mm512_set1_pd(1), _mm512_max_pd(_mm512_setzero_pd(), x));
        _mm256_mask_storeu_ps(dst + i, m, _mm512_cvtpd_ps(_mm512_add_pd(low, _mm512_mul_pd(t, rise))));
    }
}

#endif
