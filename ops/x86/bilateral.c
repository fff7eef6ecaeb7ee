// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// bilateral of bytes, of one colour and of three; what else there is goes to the reference. Two taps at a time, whose weights and samples
// lie side by side in words, so that one multiplication sums both. At AVX-512 weights are looked up in registers, 128 of a byte table
// at once; at AVX2 they are gathered.
#include "filter/bilateral.h"
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

// ---- AVX2: 16 pixels ----------------------------------------------------------------------------
// In words 0-15; of what is unpacked, "low" has pixels 0-3 and 8-11, "high" the others.

typedef struct seen256 {
    __m256i v[3], low, high;   // samples; distances
} seen256;

KAL__TARGET_AVX2 INLINE __m256i words(const uint8_t *from)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)from));
}

KAL__TARGET_AVX2 INLINE seen256 see256(const uint8_t *at, size_t plane, const __m256i *middle,
                                       const int colours)
{
    const __m256i zero = _mm256_setzero_si256();
    seen256 s;
    __m256i d = zero;
    for (int k = 0; k < colours; k++) {
        s.v[k] = words(at + (size_t)k * plane);
        d = _mm256_add_epi16(d, _mm256_abs_epi16(_mm256_sub_epi16(s.v[k], middle[k])));
    }
    s.low = _mm256_unpacklo_epi16(d, zero);
    s.high = _mm256_unpackhi_epi16(d, zero);
    return s;
}

KAL__TARGET_AVX2 INLINE __m256i weights256(const int32_t *table, __m256i a, __m256i b, __m256i space)
{
    const __m256i first = _mm256_i32gather_epi32(table, a, 4), second = _mm256_i32gather_epi32(table, b, 4);
    return _mm256_mulhrs_epi16(_mm256_or_si256(first, _mm256_slli_epi32(second, 16)), space);
}

KAL__TARGET_AVX2 INLINE void store256(uint32_t *to, __m256i low, __m256i high)
{
    _mm256_storeu_si256((void *)to, _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256((void *)(to + 8), _mm256_permute2x128_si256(low, high, 0x31));
}

KAL__TARGET_AVX2 INLINE void some256(const kal__bilateral_row *r, size_t x, const int colours)
{
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i middle[3], low[4], high[4];
    for (int k = 0; k < colours; k++) middle[k] = words(r->middle + (size_t)k * r->plane + x);
    for (int k = 0; k <= colours; k++) low[k] = high[k] = _mm256_setzero_si256();
    for (int32_t t = 0; t < r->taps; t += 2) {
        const seen256 a = see256(r->at[t] + x, r->plane, middle, colours),
                      b = see256(r->at[t + 1] + x, r->plane, middle, colours);
        const __m256i space = _mm256_set1_epi32(r->space[t] | (int32_t)r->space[t + 1] << 16),
                      w_low = weights256(r->table->weight, a.low, b.low, space),
                      w_high = weights256(r->table->weight, a.high, b.high, space);
        for (int k = 0; k < colours; k++) {
            low[k] =
                _mm256_add_epi32(low[k], _mm256_madd_epi16(w_low, _mm256_unpacklo_epi16(a.v[k], b.v[k])));
            high[k] =
                _mm256_add_epi32(high[k], _mm256_madd_epi16(w_high, _mm256_unpackhi_epi16(a.v[k], b.v[k])));
        }
        low[colours] = _mm256_add_epi32(low[colours], _mm256_madd_epi16(w_low, ones));
        high[colours] = _mm256_add_epi32(high[colours], _mm256_madd_epi16(w_high, ones));
    }
    for (int k = 0; k <= colours; k++) store256(r->sums + (size_t)k * r->step + x, low[k], high[k]);
}

KAL__TARGET_AVX2 void kal__bilateral_u8_avx2(const kal__bilateral_row *r, int32_t colours)
{
    if (colours == 3)
        for (size_t x = 0; x < r->pixels; x += 16) some256(r, x, 3);
    else if (colours == 1)
        for (size_t x = 0; x < r->pixels; x += 16) some256(r, x, 1);
    else
        kal__bilateral_u8_c(r, colours);
}

// ---- AVX-512: 64 pixels -------------------------------------------------------------------------

// Bytes of a page's weights at the low bytes of distances.
KAL__TARGET_AVX512 INLINE __m512i look_up(const uint8_t *page, __m512i at, __mmask64 upper)
{
    const __m512i t0 = _mm512_loadu_si512(page), t1 = _mm512_loadu_si512(page + 64),
                  t2 = _mm512_loadu_si512(page + 128), t3 = _mm512_loadu_si512(page + 192);
    return _mm512_mask_blend_epi8(upper, _mm512_permutex2var_epi8(t0, at, t1),
                                  _mm512_permutex2var_epi8(t2, at, t3));
}

typedef struct seen512 {
    __m512i v[3], low, high;   // samples; bytes of weights of the colours
} seen512;

KAL__TARGET_AVX512 INLINE __m512i apart(__m512i a, __m512i b)
{
    return _mm512_sub_epi8(_mm512_max_epu8(a, b), _mm512_min_epu8(a, b));
}

// With one page, distances that saturate weigh nothing. With more, each carry of their sum is a page.
KAL__TARGET_AVX512 INLINE seen512 see512(const kal__bilateral_table *t, const uint8_t *at, size_t plane,
                                         const __m512i *middle, const int colours, const bool one)
{
    seen512 s;
    __mmask64 above = 0, far = 0;   // a page, two pages
    for (int k = 0; k < colours; k++) s.v[k] = _mm512_loadu_si512(at + (size_t)k * plane);
    __m512i d = apart(s.v[0], middle[0]);
    for (int k = 1; k < colours; k++) {
        const __m512i more = apart(s.v[k], middle[k]), sum = _mm512_add_epi8(d, more);
        const __mmask64 carry = one ? 0 : _mm512_cmplt_epu8_mask(sum, more);
        far |= above & carry;
        above |= carry;
        d = one ? _mm512_adds_epu8(d, more) : sum;
    }
    const __mmask64 upper = _mm512_movepi8_mask(d);
    s.low = look_up(t->low, d, upper);
    s.high = look_up(t->high, d, upper);
    if (one) return s;
    s.low = _mm512_mask_blend_epi8(above, s.low, look_up(t->low + 256, d, upper));
    s.high = _mm512_mask_blend_epi8(above, s.high, look_up(t->high + 256, d, upper));
    if (t->pages < 3) {
        s.low = _mm512_maskz_mov_epi8(~far, s.low);
        s.high = _mm512_maskz_mov_epi8(~far, s.high);
    } else {
        s.low = _mm512_mask_blend_epi8(far, s.low, look_up(t->low + 512, d, upper));
        s.high = _mm512_mask_blend_epi8(far, s.high, look_up(t->high + 512, d, upper));
    }
    return s;
}

// Adds the products of four times 16 pairs: pixels 0-3, 4-7, 8-11 and 12-15 of each 128 bits.
KAL__TARGET_AVX512 INLINE void add512(__m512i sum[4], const __m512i w[4], __m512i a, __m512i b)
{
    const __m512i zero = _mm512_setzero_si512(), low = _mm512_unpacklo_epi8(a, b),
                  high = _mm512_unpackhi_epi8(a, b);
    sum[0] = _mm512_dpwssd_epi32(sum[0], w[0], _mm512_unpacklo_epi8(low, zero));
    sum[1] = _mm512_dpwssd_epi32(sum[1], w[1], _mm512_unpackhi_epi8(low, zero));
    sum[2] = _mm512_dpwssd_epi32(sum[2], w[2], _mm512_unpacklo_epi8(high, zero));
    sum[3] = _mm512_dpwssd_epi32(sum[3], w[3], _mm512_unpackhi_epi8(high, zero));
}

// 128 bits i of sum[k] are pixels 16 i + 4 k.
KAL__TARGET_AVX512 INLINE void store512(uint32_t *to, const __m512i sum[4])
{
    const __m512i a = _mm512_shuffle_i64x2(sum[0], sum[1], 0x44),
                  b = _mm512_shuffle_i64x2(sum[2], sum[3], 0x44),
                  c = _mm512_shuffle_i64x2(sum[0], sum[1], 0xee),
                  d = _mm512_shuffle_i64x2(sum[2], sum[3], 0xee);
    _mm512_storeu_si512(to, _mm512_shuffle_i64x2(a, b, 0x88));
    _mm512_storeu_si512(to + 16, _mm512_shuffle_i64x2(a, b, 0xdd));
    _mm512_storeu_si512(to + 32, _mm512_shuffle_i64x2(c, d, 0x88));
    _mm512_storeu_si512(to + 48, _mm512_shuffle_i64x2(c, d, 0xdd));
}

KAL__TARGET_AVX512 INLINE void some512(const kal__bilateral_row *r, size_t x, const int colours,
                                       const bool one)
{
    const __m512i ones = _mm512_set1_epi16(1);
    __m512i middle[3], sum[4][4];
    for (int k = 0; k < colours; k++) middle[k] = _mm512_loadu_si512(r->middle + (size_t)k * r->plane + x);
    for (int k = 0; k <= colours; k++)
        for (int q = 0; q < 4; q++) sum[k][q] = _mm512_setzero_si512();
    for (int32_t t = 0; t < r->taps; t += 2) {
        const seen512 a = see512(r->table, r->at[t] + x, r->plane, middle, colours, one),
                      b = see512(r->table, r->at[t + 1] + x, r->plane, middle, colours, one);
        const __m512i space_a = _mm512_set1_epi16(r->space[t]), space_b = _mm512_set1_epi16(r->space[t + 1]),
                      a0 = _mm512_mulhrs_epi16(_mm512_unpacklo_epi8(a.low, a.high), space_a),
                      a1 = _mm512_mulhrs_epi16(_mm512_unpackhi_epi8(a.low, a.high), space_a),
                      b0 = _mm512_mulhrs_epi16(_mm512_unpacklo_epi8(b.low, b.high), space_b),
                      b1 = _mm512_mulhrs_epi16(_mm512_unpackhi_epi8(b.low, b.high), space_b);
        const __m512i w[4] = {_mm512_unpacklo_epi16(a0, b0), _mm512_unpackhi_epi16(a0, b0),
                              _mm512_unpacklo_epi16(a1, b1), _mm512_unpackhi_epi16(a1, b1)};
        for (int k = 0; k < colours; k++) add512(sum[k], w, a.v[k], b.v[k]);
        for (int q = 0; q < 4; q++) sum[colours][q] = _mm512_dpwssd_epi32(sum[colours][q], w[q], ones);
    }
    for (int k = 0; k <= colours; k++) store512(r->sums + (size_t)k * r->step + x, sum[k]);
}

KAL__TARGET_AVX512 void kal__bilateral_u8_avx512(const kal__bilateral_row *r, int32_t colours)
{
    if (colours == 3 && r->table->pages == 1)
        for (size_t x = 0; x < r->pixels; x += 64) some512(r, x, 3, true);
    else if (colours == 3)
        for (size_t x = 0; x < r->pixels; x += 64) some512(r, x, 3, false);
    else if (colours == 1)
        for (size_t x = 0; x < r->pixels; x += 64) some512(r, x, 1, true);
    else
        kal__bilateral_u8_avx2(r, colours);
}

#endif
