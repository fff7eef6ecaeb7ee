// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// RGBA over RGBA, RGB or one colour in bytes: the exact rationals of composite.c and flatten.c, rounded half up.
//
// With A = ai 255 + ab (255 − ai) and N = ci ai 255 + cb ab (255 − ai), half up is floor((2 N + A) / 2 A) = floor((N + ⌊A / 2⌋) / A): for odd A there are
// no halves, and the odd 2 N + A is never a multiple of 2 A. N + ⌊A / 2⌋ is at most 16 613 887 < 2^24, so it, A and the products are exact
// in floats, and the whole part of the rounded quotient is right: a quotient that is not whole lies at least 1 / 65025 under the next
// number, more than the 2^-17 that rounding may add below 256.
// ao = (A + 127) / 255 in integers: x / 255 is (x + 1 + x / 256) / 256 for x < 65535.
#include "halves.h"

#if defined(__x86_64__) && defined(__GNUC__)

// ---- colours over an opaque colour --------------------------------------------------------------
// (c a + g (255 − a) + 127) / 255 in 16 bits: with x up to 65152, x / 255 is (x + 1 + x / 256) / 256.

KAL__TARGET_AVX2 static inline __m256i mix_16(__m256i c, __m256i g, __m256i a)
{
    const __m256i rest = _mm256_sub_epi16(_mm256_set1_epi16(255), a);
    const __m256i x = _mm256_add_epi16(
        _mm256_add_epi16(_mm256_mullo_epi16(c, a), _mm256_mullo_epi16(g, rest)), _mm256_set1_epi16(127));
    return _mm256_srli_epi16(
        _mm256_add_epi16(_mm256_add_epi16(x, _mm256_set1_epi16(1)), _mm256_srli_epi16(x, 8)), 8);
}

// Eight pixels of RGBA over eight of RGB0.
KAL__TARGET_AVX2 static inline __m256i mix_8(__m256i top, __m256i base)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i alpha = BOTH_HALVES(3, -1, 3, -1, 3, -1, 3, -1, 7, -1, 7, -1, 7, -1, 7, -1),
                  alpha_high = BOTH_HALVES(11, -1, 11, -1, 11, -1, 11, -1, 15, -1, 15, -1, 15, -1, 15, -1);
    const __m256i low = mix_16(_mm256_unpacklo_epi8(top, zero), _mm256_unpacklo_epi8(base, zero),
                               _mm256_shuffle_epi8(top, alpha));
    const __m256i high = mix_16(_mm256_unpackhi_epi8(top, zero), _mm256_unpackhi_epi8(base, zero),
                                _mm256_shuffle_epi8(top, alpha_high));
    return _mm256_packus_epi16(low, high);
}

// RGB of eight pixels; 4 bytes more are written.
KAL__TARGET_AVX2 static inline void store_rgb(uint8_t *dst, __m256i v)
{
    const __m256i drop = BOTH_HALVES(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    store_halves(dst, dst + 12, _mm256_shuffle_epi8(v, drop));
}

KAL__TARGET_AVX2 void kal__flatten_rgba_u8_avx2(uint8_t *dst, const uint8_t *src, size_t n,
                                                const uint8_t *under)
{
    const __m256i base = _mm256_set1_epi32(under[0] | under[1] << 8 | under[2] << 16);
    size_t i = 0;
    for (; i + 10 <= n; i += 8) store_rgb(dst + 3 * i, mix_8(load_32(src + 4 * i), base));
    kal__flatten_rgba_u8_c(dst + 3 * i, src + 4 * i, n - i, under);
}

KAL__TARGET_AVX2 void kal__over_rgb_u8_avx2(uint8_t *dst, const uint8_t *top, const uint8_t *base, size_t n)
{
    const __m256i spread = BOTH_HALVES(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    size_t i = 0;
    for (; i + 10 <= n; i += 8) {
        const __m256i under = _mm256_shuffle_epi8(load_halves(base + 3 * i, base + 3 * i + 12), spread);
        store_rgb(dst + 3 * i, mix_8(load_32(top + 4 * i), under));
    }
    kal__over_rgb_u8_c(dst + 3 * i, top + 4 * i, base + 3 * i, n - i);
}

// ---- both with alpha ----------------------------------------------------------------------------

KAL__TARGET_AVX2 static inline __m256i channel_avx2(__m256i top, __m256i base, __m256 wt, __m256 wb,
                                                    __m256 half, __m256 all)
{
    const __m256i byte = _mm256_set1_epi32(255);
    const __m256 ci = _mm256_cvtepi32_ps(_mm256_and_si256(top, byte)),
                 cb = _mm256_cvtepi32_ps(_mm256_and_si256(base, byte));
    const __m256 n = _mm256_add_ps(_mm256_add_ps(_mm256_mul_ps(ci, wt), _mm256_mul_ps(cb, wb)), half);
    return _mm256_cvttps_epi32(_mm256_div_ps(n, all));
}

KAL__TARGET_AVX2 static inline __m256i by_255_avx2(__m256i x)
{
    return _mm256_srli_epi32(
        _mm256_add_epi32(_mm256_add_epi32(x, _mm256_set1_epi32(1)), _mm256_srli_epi32(x, 8)), 8);
}

KAL__TARGET_AVX2 static inline __m256i over_avx2(__m256i top, __m256i base)
{
    const __m256i ai = _mm256_srli_epi32(top, 24), ab = _mm256_srli_epi32(base, 24);
    const __m256i rest = _mm256_mullo_epi16(ab, _mm256_sub_epi32(_mm256_set1_epi32(255), ai));
    const __m256i own = _mm256_sub_epi32(_mm256_slli_epi32(ai, 8), ai), all = _mm256_add_epi32(own, rest);
    const __m256 wt = _mm256_cvtepi32_ps(own), wb = _mm256_cvtepi32_ps(rest),
                 half = _mm256_cvtepi32_ps(_mm256_srli_epi32(all, 1));
    const __m256 by =
        _mm256_cvtepi32_ps(_mm256_max_epi32(all, _mm256_set1_epi32(1)));   // where it is 0, so is N
    const __m256i r = channel_avx2(top, base, wt, wb, half, by);
    const __m256i g = channel_avx2(_mm256_srli_epi32(top, 8), _mm256_srli_epi32(base, 8), wt, wb, half, by);
    const __m256i b = channel_avx2(_mm256_srli_epi32(top, 16), _mm256_srli_epi32(base, 16), wt, wb, half, by);
    const __m256i a = by_255_avx2(_mm256_add_epi32(all, _mm256_set1_epi32(127)));
    return _mm256_or_si256(_mm256_or_si256(r, _mm256_slli_epi32(g, 8)),
                           _mm256_or_si256(_mm256_slli_epi32(b, 16), _mm256_slli_epi32(a, 24)));
}

KAL__TARGET_AVX2 void kal__over_rgba_u8_avx2(uint8_t *dst, const uint8_t *top, const uint8_t *base, size_t n)
{
    const __m256i opaque = _mm256_set1_epi32(0x00ffffff);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i t = _mm256_loadu_si256((const __m256i *)(const void *)(top + 4 * i)),
                      b = _mm256_loadu_si256((const __m256i *)(const void *)(base + 4 * i));
        const bool all =
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_or_si256(b, opaque), _mm256_set1_epi8(-1))) == -1;
        _mm256_storeu_si256((__m256i *)(void *)(dst + 4 * i),
                            all ? _mm256_or_si256(mix_8(t, b), _mm256_set1_epi32((int)0xff000000u))
                                : over_avx2(t, b));
    }
    kal__over_rgba_u8_c(dst + 4 * i, top + 4 * i, base + 4 * i, n - i);
}

KAL__TARGET_AVX512 static inline __m512i channel_avx512(__m512i top, __m512i base, __m512 wt, __m512 wb,
                                                        __m512 half, __m512 all)
{
    const __m512i byte = _mm512_set1_epi32(255);
    const __m512 ci = _mm512_cvtepi32_ps(_mm512_and_si512(top, byte)),
                 cb = _mm512_cvtepi32_ps(_mm512_and_si512(base, byte));
    const __m512 n = _mm512_add_ps(_mm512_add_ps(_mm512_mul_ps(ci, wt), _mm512_mul_ps(cb, wb)), half);
    return _mm512_cvttps_epi32(_mm512_div_ps(n, all));
}

KAL__TARGET_AVX512 void kal__over_rgba_u8_avx512(uint8_t *dst, const uint8_t *top, const uint8_t *base,
                                                 size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        const __mmask16 m = n - i >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << (n - i)) - 1);
        const __m512i t = _mm512_maskz_loadu_epi32(m, top + 4 * i),
                      u = _mm512_maskz_loadu_epi32(m, base + 4 * i);
        const __m512i ai = _mm512_srli_epi32(t, 24), ab = _mm512_srli_epi32(u, 24);
        const __m512i rest = _mm512_mullo_epi16(ab, _mm512_sub_epi32(_mm512_set1_epi32(255), ai));
        const __m512i own = _mm512_sub_epi32(_mm512_slli_epi32(ai, 8), ai), all = _mm512_add_epi32(own, rest);
        const __m512 wt = _mm512_cvtepi32_ps(own), wb = _mm512_cvtepi32_ps(rest),
                     half = _mm512_cvtepi32_ps(_mm512_srli_epi32(all, 1));
        const __m512 by = _mm512_cvtepi32_ps(_mm512_max_epi32(all, _mm512_set1_epi32(1)));
        const __m512i r = channel_avx512(t, u, wt, wb, half, by);
        const __m512i g = channel_avx512(_mm512_srli_epi32(t, 8), _mm512_srli_epi32(u, 8), wt, wb, half, by);
        const __m512i b =
            channel_avx512(_mm512_srli_epi32(t, 16), _mm512_srli_epi32(u, 16), wt, wb, half, by);
        const __m512i x = _mm512_add_epi32(all, _mm512_set1_epi32(128));   // + 127 + 1
        const __m512i a = _mm512_srli_epi32(
            _mm512_add_epi32(x, _mm512_srli_epi32(_mm512_sub_epi32(x, _mm512_set1_epi32(1)), 8)), 8);
        const __m512i v =
            _mm512_or_si512(_mm512_or_si512(r, _mm512_slli_epi32(g, 8)),
                            _mm512_or_si512(_mm512_slli_epi32(b, 16), _mm512_slli_epi32(a, 24)));
        _mm512_mask_storeu_epi32(dst + 4 * i, m, v);
    }
}

#endif
