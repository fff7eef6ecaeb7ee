// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Doubles to integers; pixels with alpha: two or four channels fill vectors evenly, the other numbers are left to the reference.
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

// max gives its second operand when the first is NaN.
KAL__TARGET_AVX2 static inline __m128i round4(const double *src, __m256d top)
{
    const __m256d v = _mm256_max_pd(_mm256_loadu_pd(src), _mm256_setzero_pd());
    return _mm256_cvttpd_epi32(_mm256_add_pd(_mm256_min_pd(v, top), _mm256_set1_pd(0.5)));
}

// The last blocks of a row overlap.
KAL__TARGET_AVX2 void kal__narrow_u8_avx2(uint8_t *dst, const double *src, size_t n)
{
    const __m256d top = _mm256_set1_pd(255);
    if (n < 16) {
        kal__narrow_u8_c(dst, src, n);
        return;
    }
    for (size_t i = 0; i < n; i += 16) {
        if (i + 16 > n) i = n - 16;
        const __m128i a = _mm_packs_epi32(round4(src + i, top), round4(src + i + 4, top)),
                      b = _mm_packs_epi32(round4(src + i + 8, top), round4(src + i + 12, top));
        _mm_storeu_si128((void *)(dst + i), _mm_packus_epi16(a, b));
    }
}

KAL__TARGET_AVX2 void kal__narrow_u16_avx2(uint16_t *dst, const double *src, size_t n)
{
    const __m256d top = _mm256_set1_pd(65535);
    if (n < 8) {
        kal__narrow_u16_c(dst, src, n);
        return;
    }
    for (size_t i = 0; i < n; i += 8) {
        if (i + 8 > n) i = n - 8;
        _mm_storeu_si128((void *)(dst + i), _mm_packus_epi32(round4(src + i, top), round4(src + i + 4, top)));
    }
}

KAL__TARGET_AVX2 void kal__weigh_u8_avx2(uint16_t *dst, const uint8_t *src, size_t pixels, size_t channels)
{
    size_t i = 0;
    const size_t n = pixels * channels;
    for (; (channels == 2 || channels == 4) && i + 16 <= n; i += 16) {
        const __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)(src + i)));
        __m256i y;
        if (channels == 4) {
            const __m256i a = _mm256_shufflehi_epi16(_mm256_shufflelo_epi16(x, 0xff), 0xff);
            y = _mm256_blend_epi16(_mm256_mullo_epi16(x, a), x, 0x88);
        } else {
            const __m256i a = _mm256_shufflehi_epi16(_mm256_shufflelo_epi16(x, 0xf5), 0xf5);
            y = _mm256_blend_epi16(_mm256_mullo_epi16(x, a), x, 0xaa);
        }
        _mm256_storeu_si256((void *)(dst + i), y);
    }
    kal__weigh_u8_c(dst + i, src + i, (n - i) / channels, channels);
}

// The alpha of each lane's pixel.
KAL__TARGET_AVX2 static inline __m256d alpha256(__m256d v, size_t channels)
{
    return channels == 4 ? _mm256_permute4x64_pd(v, 0xff) : _mm256_permute_pd(v, 0xf);
}

KAL__TARGET_AVX2 static inline __m256d keep256(__m256d colours, __m256d alpha, size_t channels)
{
    return channels == 4 ? _mm256_blend_pd(colours, alpha, 8) : _mm256_blend_pd(colours, alpha, 10);
}

KAL__TARGET_AVX2 void kal__weigh_f64_avx2(double *v, size_t pixels, size_t channels)
{
    size_t i = 0;
    const size_t n = pixels * channels;
    if (channels == 2 || channels == 4)
        for (; i + 4 <= n; i += 4) {
            const __m256d x = _mm256_loadu_pd(v + i);
            _mm256_storeu_pd(v + i, keep256(_mm256_mul_pd(x, alpha256(x, channels)), x, channels));
        }
    kal__weigh_f64_c(v + i, (n - i) / channels, channels);
}

KAL__TARGET_AVX2 void kal__unweigh_f64_avx2(double *v, size_t pixels, size_t channels, double scale,
                                            double offset)
{
    size_t i = 0;
    const size_t n = pixels * channels;
    const __m256d by = _mm256_set1_pd(scale), more = _mm256_set1_pd(offset), zero = _mm256_setzero_pd();
    if (channels == 2 || channels == 4)
        for (; i + 4 <= n; i += 4) {
            const __m256d x = _mm256_mul_pd(_mm256_loadu_pd(v + i), by), a = alpha256(x, channels);
            const __m256d colours = _mm256_add_pd(_mm256_div_pd(x, a), more),
                          none = _mm256_cmp_pd(a, zero, _CMP_LE_OQ);
            _mm256_storeu_pd(v + i, keep256(_mm256_andnot_pd(none, colours), x, channels));
        }
    kal__unweigh_f64_c(v + i, (n - i) / channels, channels, scale, offset);
}

KAL__TARGET_AVX512 static inline __m512d alpha512(__m512d v, size_t channels)
{
    return channels == 4 ? _mm512_permutex_pd(v, 0xff) : _mm512_permute_pd(v, 0xff);
}

KAL__TARGET_AVX512 void kal__weigh_f64_avx512(double *v, size_t pixels, size_t channels)
{
    size_t i = 0;
    const size_t n = pixels * channels;
    const __mmask8 colours = channels == 4 ? 0x77 : 0x55;
    if (channels == 2 || channels == 4)
        for (; i + 8 <= n; i += 8) {
            const __m512d x = _mm512_loadu_pd(v + i);
            _mm512_storeu_pd(v + i, _mm512_mask_mul_pd(x, colours, x, alpha512(x, channels)));
        }
    kal__weigh_f64_avx2(v + i, (n - i) / channels, channels);
}

KAL__TARGET_AVX512 void kal__unweigh_f64_avx512(double *v, size_t pixels, size_t channels, double scale,
                                                double offset)
{
    size_t i = 0;
    const size_t n = pixels * channels;
    const __mmask8 colours = channels == 4 ? 0x77 : 0x55;
    const __m512d by = _mm512_set1_pd(scale), more = _mm512_set1_pd(offset), zero = _mm512_setzero_pd();
    if (channels == 2 || channels == 4)
        for (; i + 8 <= n; i += 8) {
            const __m512d x = _mm512_mul_pd(_mm512_loadu_pd(v + i), by), a = alpha512(x, channels);
            const __mmask8 some = _mm512_cmp_pd_mask(a, zero, _CMP_NLE_UQ);
            const __m512d y = _mm512_maskz_add_pd(some, _mm512_div_pd(x, a), more);
            _mm512_storeu_pd(v + i, _mm512_mask_mov_pd(x, colours, y));
        }
    kal__unweigh_f64_avx2(v + i, (n - i) / channels, channels, scale, offset);
}

#endif
