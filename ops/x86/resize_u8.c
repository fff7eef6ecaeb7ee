// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// resize of u8. Sums are exact in 32 bits, so their order is free.
//   Columns: bytes of two source rows side by side, widened, times a pair of weights; two output lines at once share
//   the widened pairs.
//   Rows: 16 lines × 8 samples turned round; a pixel beside the next one, channel by channel, makes pairs again, 64
//   bytes for all lines. An output is a sum of loads times pairs of weights. A window that starts at the second of a
//   pair takes its weights from one place earlier, where the zero before them lies.
#include "kernels.h"
#include "geometry/resize.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define AVX2 KAL__TARGET_AVX2
#define AVX2_INLINE KAL__TARGET_AVX2 KAL__INLINE
#define AVX512 KAL__TARGET_AVX512
#define AVX512_INLINE KAL__TARGET_AVX512 KAL__INLINE

static inline int32_t pair(const int16_t *t)
{
    int32_t v;
    memcpy(&v, t, sizeof v);
    return v;
}

// ---- columns --------------------------------------------------------------------------------------

// Some tens of rows are read side by side, more than processors follow by themselves.
#define AHEAD 384   // bytes
AVX2_INLINE void want_soon(const uint8_t *const *src, size_t x)
{
    _mm_prefetch((const char *)((uintptr_t)src[0] + x + AHEAD), _MM_HINT_T0);
    _mm_prefetch((const char *)((uintptr_t)src[1] + x + AHEAD), _MM_HINT_T0);
}

AVX2_INLINE void columns_32(int16_t *dst, size_t pitch, size_t lines, const uint8_t *const *src,
                            const int16_t *t, size_t taps, size_t x)
{
    const __m256i zero = _mm256_setzero_si256(), half = _mm256_set1_epi32(128);
    __m256i s[2][4];
    for (size_t l = 0; l < lines; l++)
        for (int i = 0; i < 4; i++) s[l][i] = half;
    for (size_t k = 0; k < taps; k += 2) {
        if (x % 64 == 0) want_soon(src + k, x);
        const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(src[k] + x));
        const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(src[k + 1] + x));
        const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
        const __m256i v[4] = {_mm256_unpacklo_epi8(low, zero), _mm256_unpackhi_epi8(low, zero),
                              _mm256_unpacklo_epi8(high, zero), _mm256_unpackhi_epi8(high, zero)};
        for (size_t l = 0; l < lines; l++) {
            const __m256i w = _mm256_set1_epi32(pair(t + l * taps + k));
            for (int i = 0; i < 4; i++) s[l][i] = _mm256_add_epi32(s[l][i], _mm256_madd_epi16(v[i], w));
        }
    }
    for (size_t l = 0; l < lines; l++) {
        for (int i = 0; i < 4; i++) s[l][i] = _mm256_srai_epi32(s[l][i], 8);
        const __m256i p = _mm256_packs_epi32(s[l][0], s[l][1]), q = _mm256_packs_epi32(s[l][2], s[l][3]);
        __m256i *to = (__m256i *)(void *)(dst + l * pitch + x);
        _mm256_storeu_si256(to, _mm256_permute2x128_si256(p, q, 0x20));
        _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(p, q, 0x31));
    }
}

AVX2_INLINE void columns_avx2(int16_t *dst, size_t pitch, size_t lines, const uint8_t *const *src,
                              const int16_t *t, size_t taps, size_t n)
{
    size_t x = 0;
    for (; x + 32 <= n; x += 32) columns_32(dst, pitch, lines, src, t, taps, x);
    if (x < n) columns_32(dst, pitch, lines, src, t, taps, n - 32);   // some again
}

AVX2 void kal__resize_v_u8_avx2(int16_t *dst, size_t pitch, size_t lines, const uint8_t *const *src,
                                const int16_t *t, size_t taps, size_t n)
{
    if (n < 32)
        kal__resize_v_u8_c(dst, pitch, lines, src, t, taps, n);
    else if (lines == 2)
        columns_avx2(dst, pitch, 2, src, t, taps, n);
    else
        columns_avx2(dst, pitch, 1, src, t, taps, n);
}

AVX512_INLINE void columns_64(int16_t *dst, size_t pitch, size_t lines, const uint8_t *const *src,
                              const int16_t *t, size_t taps, size_t x, __mmask64 m)
{
    const __m512i zero = _mm512_setzero_si512(), half = _mm512_set1_epi32(128);
    __m512i s[2][4];
    for (size_t l = 0; l < lines; l++)
        for (int i = 0; i < 4; i++) s[l][i] = half;
    for (size_t k = 0; k < taps; k += 2) {
        want_soon(src + k, x);
        const __m512i a = _mm512_maskz_loadu_epi8(m, src[k] + x);
        const __m512i b = _mm512_maskz_loadu_epi8(m, src[k + 1] + x);
        const __m512i low = _mm512_unpacklo_epi8(a, b), high = _mm512_unpackhi_epi8(a, b);
        const __m512i v[4] = {_mm512_unpacklo_epi8(low, zero), _mm512_unpackhi_epi8(low, zero),
                              _mm512_unpacklo_epi8(high, zero), _mm512_unpackhi_epi8(high, zero)};
        for (size_t l = 0; l < lines; l++) {
            const __m512i w = _mm512_set1_epi32(pair(t + l * taps + k));
            for (int i = 0; i < 4; i++) s[l][i] = _mm512_dpwssd_epi32(s[l][i], v[i], w);
        }
    }
    const __m512i first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0),
                  second = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    for (size_t l = 0; l < lines; l++) {
        for (int i = 0; i < 4; i++) s[l][i] = _mm512_srai_epi32(s[l][i], 8);
        const __m512i p = _mm512_packs_epi32(s[l][0], s[l][1]), q = _mm512_packs_epi32(s[l][2], s[l][3]);
        int16_t *to = dst + l * pitch + x;
        _mm512_mask_storeu_epi16(to, (__mmask32)m, _mm512_permutex2var_epi64(p, first, q));
        _mm512_mask_storeu_epi16(to + 32, (__mmask32)(m >> 32), _mm512_permutex2var_epi64(p, second, q));
    }
}

AVX512_INLINE void columns_avx512(int16_t *dst, size_t pitch, size_t lines, const uint8_t *const *src,
                                  const int16_t *t, size_t taps, size_t n)
{
    size_t x = 0;
    for (; x + 64 <= n; x += 64) columns_64(dst, pitch, lines, src, t, taps, x, ~(__mmask64)0);
    if (x < n) columns_64(dst, pitch, lines, src, t, taps, x, ((__mmask64)1 << (n - x)) - 1);
}

AVX512 void kal__resize_v_u8_avx512(int16_t *dst, size_t pitch, size_t lines, const uint8_t *const *src,
                                    const int16_t *t, size_t taps, size_t n)
{
    if (lines == 2)
        columns_avx512(dst, pitch, 2, src, t, taps, n);
    else
        columns_avx512(dst, pitch, 1, src, t, taps, n);
}

// ---- rows -----------------------------------------------------------------------------------------

AVX2_INLINE __m256i two_lines(const int16_t *src, size_t pitch)
{
    const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)src);
    const __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(src + 8 * pitch));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

// 8 samples of 16 lines: to[i] has sample i of lines 0..15.
AVX2_INLINE void turn(const int16_t *src, size_t pitch, __m256i to[8])
{
    __m256i a[8], b[8];
    for (size_t i = 0; i < 8; i++) a[i] = two_lines(src + i * pitch, pitch);
    for (int i = 0; i < 4; i++) {
        b[2 * i] = _mm256_unpacklo_epi16(a[2 * i], a[2 * i + 1]);
        b[2 * i + 1] = _mm256_unpackhi_epi16(a[2 * i], a[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++) {
            a[4 * i + 2 * k] = _mm256_unpacklo_epi32(b[4 * i + k], b[4 * i + 2 + k]);
            a[4 * i + 2 * k + 1] = _mm256_unpackhi_epi32(b[4 * i + k], b[4 * i + 2 + k]);
        }
    for (int i = 0; i < 4; i++) {
        to[2 * i] = _mm256_unpacklo_epi64(a[i], a[4 + i]);
        to[2 * i + 1] = _mm256_unpackhi_epi64(a[i], a[4 + i]);
    }
}

// Pairs of pixels: 64 bytes for each and channel, lines 0-3, 8-11, then 4-7, 12-15.
AVX2_INLINE void turn_pixels(const kal__across_u8 *a, size_t channels, __m256i *pairs)
{
    const kal__window last = a->window[a->outputs - 1];
    const size_t pixels = (size_t)(last.first + last.count - a->window[0].first);
    __m256i t[8 * KAL_MAX_CHANNELS];
    for (size_t x = 0; x < pixels; x += 8) {
        for (size_t i = 0; i < channels; i++) turn(a->src + x * channels + 8 * i, a->pitch, t + 8 * i);
        for (size_t p = 0; p < 4; p++)
            for (size_t c = 0; c < channels; c++, pairs += 2) {
                const __m256i one = t[2 * p * channels + c], next = t[(2 * p + 1) * channels + c];
                pairs[0] = _mm256_unpacklo_epi16(one, next);
                pairs[1] = _mm256_unpackhi_epi16(one, next);
            }
    }
}

// 16 samples of 16 lines back into rows.
AVX2_INLINE void turn_back(const __m128i *from, uint8_t *const *dst, size_t lines, size_t at)
{
    __m128i a[16], b[16];
    for (int i = 0; i < 16; i++) a[i] = _mm_load_si128(from + i);
    for (int step = 0; step < 4; step++) {   // the perfect shuffle of 16 rows, four times
        for (int i = 0; i < 8; i++) {
            b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
            b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
        }
        for (int i = 0; i < 16; i++) a[i] = b[i];
    }
    for (size_t l = 0; l < lines; l++) _mm_storeu_si128((__m128i *)(void *)(dst[l] + at), a[l]);
}

AVX2_INLINE void rows_back(const kal__across_u8 *a, const __m128i *sums, size_t channels)
{
    const size_t n = a->outputs * channels;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) turn_back(sums + i, a->dst, a->lines, i);
    if (i < n && n >= 16)
        turn_back(sums + n - 16, a->dst, a->lines, n - 16);   // some again
    else
        for (; i < n; i++)
            for (size_t l = 0; l < a->lines; l++) a->dst[l][i] = ((const uint8_t *)(sums + i))[l];
}

static inline __m128i *sums_of(const kal__across_u8 *a)
{
    const kal__window last = a->window[a->outputs - 1];
    const size_t pixels = (size_t)(last.first + last.count - a->window[0].first);
    return (__m128i *)((unsigned char *)a->room + kal__across_u8_room(pixels, 0, a->channels));
}

// Channels c..c+n-1 of one output, n <= 4.
AVX2_INLINE void output_avx2(const __m256i *v, const int16_t *t, size_t pairs, size_t channels, size_t n,
                             __m128i *to)
{
    __m256i s[4][2];
    for (size_t c = 0; c < n; c++) s[c][0] = s[c][1] = _mm256_set1_epi32(1 << 19);
    for (size_t k = 0; k < pairs; k++, v += 2 * channels, t += 2) {
        const __m256i w = _mm256_set1_epi32(pair(t));
        for (size_t c = 0; c < n; c++)
            for (int h = 0; h < 2; h++)
                s[c][h] = _mm256_add_epi32(s[c][h], _mm256_madd_epi16(v[2 * c + (size_t)h], w));
    }
    for (size_t c = 0; c < n; c++) {
        const __m256i p = _mm256_packs_epi32(_mm256_srai_epi32(s[c][0], 20), _mm256_srai_epi32(s[c][1], 20));
        _mm_store_si128(to + c, _mm_packus_epi16(_mm256_castsi256_si128(p), _mm256_extracti128_si256(p, 1)));
    }
}

AVX512_INLINE void output_avx512(const __m512i *v, const int16_t *t, size_t pairs, size_t channels, size_t n,
                                 __m128i *to)
{
    __m512i s[4];
    for (size_t c = 0; c < n; c++) s[c] = _mm512_set1_epi32(1 << 19);
    for (size_t k = 0; k < pairs; k++, v += channels, t += 2) {
        const __m512i w = _mm512_set1_epi32(pair(t));
        for (size_t c = 0; c < n; c++) s[c] = _mm512_dpwssd_epi32(s[c], v[c], w);
    }
    for (size_t c = 0; c < n; c++) {
        const __m512i p = _mm512_max_epi32(_mm512_srai_epi32(s[c], 20), _mm512_setzero_si512());
        _mm_store_si128(to + c, _mm_shuffle_epi32(_mm512_cvtusepi32_epi8(p), 0xd8));
    }
}

#define ACROSS(isa, TARGET, vector)                                                                   \
    TARGET##_INLINE void across_##isa(const kal__across_u8 *a, size_t channels)                       \
    {                                                                                                 \
        __m128i *sums = sums_of(a), *to = sums;                                                       \
        const int32_t base = a->window[0].first;                                                      \
        turn_pixels(a, channels, a->room);                                                            \
        for (size_t x = 0; x < a->outputs; x++) {                                                     \
            const size_t first = (size_t)(a->window[x].first - base), odd = first & 1;                \
            const int16_t *t = a->t + a->at[x] - odd;                                                 \
            const size_t pairs = ((size_t)a->window[x].count + odd + 1) / 2;                          \
            const vector *v = (const vector *)a->room + first / 2 * channels * (64 / sizeof(vector)); \
            size_t c = 0;                                                                             \
            for (; c + 4 <= channels; c += 4, to += 4)                                                \
                output_##isa(v + c * (64 / sizeof(vector)), t, pairs, channels, 4, to);               \
            for (; c + 3 <= channels; c += 3, to += 3)                                                \
                output_##isa(v + c * (64 / sizeof(vector)), t, pairs, channels, 3, to);               \
            for (; c < channels; c++, to++)                                                           \
                output_##isa(v + c * (64 / sizeof(vector)), t, pairs, channels, 1, to);               \
        }                                                                                             \
        rows_back(a, sums, channels);                                                                 \
    }                                                                                                 \
    TARGET void kal__resize_h_u8_##isa(const kal__across_u8 *a)                                       \
    {                                                                                                 \
        switch (a->channels) {                                                                        \
        case 1: across_##isa(a, 1); break;                                                            \
        case 3: across_##isa(a, 3); break;                                                            \
        case 4: across_##isa(a, 4); break;                                                            \
        default: across_##isa(a, a->channels);                                                        \
        }                                                                                             \
    }
ACROSS(avx2, AVX2, __m256i)
ACROSS(avx512, AVX512, __m512i)

#endif
