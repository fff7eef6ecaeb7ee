// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// sharpen for integers. d = in − blurred is compared and set to 0 as an integer, then in + amount · d is in as well. Saturating
// packs stand for the reference's clamps: truncating v + 1/2 gives 0 or less for v < 0, and |v| < 2^31.
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

KAL__TARGET_AVX2 static inline __m128i more4(__m128i x, __m128i d, __m256d amount)
{
    const __m256d v = _mm256_add_pd(_mm256_cvtepi32_pd(x), _mm256_mul_pd(amount, _mm256_cvtepi32_pd(d)));
    return _mm256_cvttpd_epi32(_mm256_add_pd(v, _mm256_set1_pd(0.5)));
}

KAL__TARGET_AVX2 static inline __m256i more8(__m256i x, __m256i d, __m256d amount)
{
    const __m128i low = more4(_mm256_castsi256_si128(x), _mm256_castsi256_si128(d), amount);
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(low),
        more4(_mm256_extracti128_si256(x, 1), _mm256_extracti128_si256(d, 1), amount), 1);
}

KAL__TARGET_AVX2 static inline __m256i more16(const uint8_t *src, __m256i d, __m256d amount)
{
    const __m256i first = more8(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)src)),
                                _mm256_cvtepi16_epi32(_mm256_castsi256_si128(d)), amount),
                  second = more8(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(src + 8))),
                                 _mm256_cvtepi16_epi32(_mm256_extracti128_si256(d, 1)), amount);
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xd8);
}

KAL__TARGET_AVX2 void kal__sharpen_u8_avx2(uint8_t *dst, const uint8_t *src, size_t n, double amount,
                                           double threshold)
{
    // |d| <= 255 is larger than the threshold when it is larger than its integer part
    const __m256i least = _mm256_set1_epi16((short)(threshold < 255 ? threshold : 255));
    const __m256d by = _mm256_set1_pd(amount);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)(src + i))),
                      d = _mm256_sub_epi16(x, _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)(dst + i)))),
                      large = _mm256_cmpgt_epi16(_mm256_abs_epi16(d), least);
        const __m256i v = more16(src + i, _mm256_and_si256(d, large), by);
        _mm_storeu_si128((void *)(dst + i),
                         _mm_packus_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
    }
    kal__sharpen_u8_c(dst + i, src + i, n - i, amount, threshold);
}

KAL__TARGET_AVX2 void kal__sharpen_u16_avx2(uint16_t *dst, const uint16_t *src, size_t n, double amount,
                                            double threshold)
{
    const __m256i least = _mm256_set1_epi32((int)(threshold < 65535 ? threshold : 65535));
    const __m256d by = _mm256_set1_pd(amount);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i x = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)(src + i))),
                      d = _mm256_sub_epi32(x,
                                           _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)(dst + i)))),
                      large = _mm256_cmpgt_epi32(_mm256_abs_epi32(d), least);
        const __m256i v = more8(x, _mm256_and_si256(d, large), by);
        _mm_storeu_si128((void *)(dst + i),
                         _mm_packus_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
    }
    kal__sharpen_u16_c(dst + i, src + i, n - i, amount, threshold);
}

#endif
