// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bilinear samples of bytes along a slanted line, eight pixels at a time; the formulas are in slant.c. Coordinates run in 64 bits, as they must;
// their upper part is then whole pixels and 8 bits of fraction. One load of 8 bytes (4 for gray) brings a pixel and its neighbour. With samples
// and rows shifted by half their range everything fits signed 16 bits:
//     h' = h − 2^15 = (255 − fx) (a − 128) + fx (b − 128) + (a − 128)         out = ((256 − fy) h0' + fy h1' + 2^23 + 2^15) >> 16
// Fewer than eight pixels at the end of a run are the last eight of it once more.
#include "halves.h"

#if defined(__x86_64__) && defined(__GNUC__)

typedef struct line {
    __m256i x[2], y[2];   // coordinates, in the order that `narrow` puts right
} line;

KAL__TARGET_AVX2 static inline void line_at(line *l, int64_t sx, int64_t sy, int64_t cos, int64_t sin)
{
    l->x[0] = _mm256_setr_epi64x(sx, sx + cos, sx + 4 * cos, sx + 5 * cos);
    l->x[1] = _mm256_setr_epi64x(sx + 2 * cos, sx + 3 * cos, sx + 6 * cos, sx + 7 * cos);
    l->y[0] = _mm256_setr_epi64x(sy, sy + sin, sy + 4 * sin, sy + 5 * sin);
    l->y[1] = _mm256_setr_epi64x(sy + 2 * sin, sy + 3 * sin, sy + 6 * sin, sy + 7 * sin);
}

KAL__TARGET_AVX2 static inline void line_step(line *l, __m256i cos8, __m256i sin8)
{
    l->x[0] = _mm256_add_epi64(l->x[0], cos8);
    l->x[1] = _mm256_add_epi64(l->x[1], cos8);
    l->y[0] = _mm256_add_epi64(l->y[0], sin8);
    l->y[1] = _mm256_add_epi64(l->y[1], sin8);
}

// Eight times 24.8.
KAL__TARGET_AVX2 static inline __m256i narrow(const __m256i v[2])
{
    const __m256 a = _mm256_castsi256_ps(_mm256_srli_epi64(v[0], 24)),
                 b = _mm256_castsi256_ps(_mm256_srli_epi64(v[1], 24));
    return _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88));
}

typedef struct eight {
    __m256i offset;   // of the upper left taps
    __m256i wx;       // 255 − fx, fx in the two low bytes
    __m256i wy;       // 256 − fy, fy in two words
} eight;

KAL__TARGET_AVX2 static inline eight eight_of(const line *l, __m256i scale)
{
    const __m256i x = narrow(l->x), y = narrow(l->y), byte = _mm256_set1_epi32(255);
    const __m256i fx = _mm256_and_si256(x, byte), fy = _mm256_and_si256(y, byte);
    const __m256i whole =
        _mm256_or_si256(_mm256_srli_epi32(x, 8), _mm256_slli_epi32(_mm256_srli_epi32(y, 8), 16));
    return (eight){_mm256_madd_epi16(whole, scale),
                   _mm256_add_epi32(_mm256_sub_epi32(_mm256_slli_epi32(fx, 8), fx), byte),
                   _mm256_add_epi32(_mm256_sub_epi32(_mm256_slli_epi32(fy, 16), fy), _mm256_set1_epi32(256))};
}

// Pairs of neighbours as bytes → h' as words.
KAL__TARGET_AVX2 static inline __m256i across(__m256i pairs, __m256i wx)
{
    const __m256i s = _mm256_xor_si256(pairs, _mm256_set1_epi8((char)0x80));
    return _mm256_add_epi16(_mm256_maddubs_epi16(wx, s), _mm256_srai_epi16(_mm256_slli_epi16(s, 8), 8));
}

KAL__TARGET_AVX2 static inline __m256i down(__m256i rows, __m256i wy)
{
    return _mm256_srli_epi32(
        _mm256_add_epi32(_mm256_madd_epi16(rows, wy), _mm256_set1_epi32((1 << 23) + (1 << 15))), 16);
}

KAL__TARGET_AVX2 static inline __m128i load_two(const uint8_t *a, const uint8_t *b)
{
    int64_t second;
    __builtin_memcpy(&second, b, 8);
    return _mm_insert_epi64(_mm_loadl_epi64((const __m128i *)(const void *)a), second, 1);
}

KAL__TARGET_AVX2 static inline __m256i load_four(const uint8_t *a, const uint8_t *b, const uint8_t *c,
                                                 const uint8_t *d)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load_two(a, b)), load_two(c, d), 1);
}

// Two rows of four pixels → words. `spread` brings the weights of the four to their samples; lows and highs are the same for rows.
KAL__TARGET_AVX2 static inline __m256i four_rgb(__m256i top, __m256i low, __m256i wx, __m256i wy_first,
                                                __m256i wy_second)
{
    const __m256i pairs = BOTH_HALVES(0, 3, 1, 4, 2, 5, 0, 3, 8, 11, 9, 12, 10, 13, 8, 11);
    const __m256i a = across(_mm256_shuffle_epi8(top, pairs), wx),
                  b = across(_mm256_shuffle_epi8(low, pairs), wx);
    return _mm256_packus_epi32(down(_mm256_unpacklo_epi16(a, b), wy_first),
                               down(_mm256_unpackhi_epi16(a, b), wy_second));
}

// Pixels 0 1 2 3 | 4 5 6 7, each in 4 bytes.
KAL__TARGET_AVX2 static inline __m256i eight_rgb(const eight *e, const uint8_t *patch, ptrdiff_t stride)
{
    const __m256i first = BOTH_HALVES(0, 1, 0, 1, 0, 1, 0, 1, 4, 5, 4, 5, 4, 5, 4, 5),
                  second = BOTH_HALVES(8, 9, 8, 9, 8, 9, 8, 9, 12, 13, 12, 13, 12, 13, 12, 13);
    int32_t o[8];
    _mm256_storeu_si256((__m256i *)(void *)o, e->offset);
    const uint8_t *q = patch + stride;
    const __m256i a =
        four_rgb(load_four(patch + o[0], patch + o[1], patch + o[4], patch + o[5]),
                 load_four(q + o[0], q + o[1], q + o[4], q + o[5]), _mm256_shuffle_epi8(e->wx, first),
                 _mm256_shuffle_epi32(e->wy, 0x00), _mm256_shuffle_epi32(e->wy, 0x55));
    const __m256i b =
        four_rgb(load_four(patch + o[2], patch + o[3], patch + o[6], patch + o[7]),
                 load_four(q + o[2], q + o[3], q + o[6], q + o[7]), _mm256_shuffle_epi8(e->wx, second),
                 _mm256_shuffle_epi32(e->wy, 0xaa), _mm256_shuffle_epi32(e->wy, 0xff));
    return _mm256_packus_epi16(a, b);
}

// 24 bytes, no more.
KAL__TARGET_AVX2 static inline void store_rgb(uint8_t *dst, __m256i v)
{
    const __m256i w =
        _mm256_shuffle_epi8(v, BOTH_HALVES(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m128i high = _mm256_extracti128_si256(w, 1);
    _mm_storeu_si128((__m128i *)(void *)dst, _mm256_castsi256_si128(w));
    _mm_storel_epi64((__m128i *)(void *)(dst + 12), high);
    const int32_t last = _mm_extract_epi32(high, 2);
    __builtin_memcpy(dst + 20, &last, 4);
}

KAL__TARGET_AVX2 void kal__bilinear_rgb_u8_avx2(uint8_t *dst, size_t n, const uint8_t *patch,
                                                ptrdiff_t stride, int64_t sx, int64_t sy, int64_t cos,
                                                int64_t sin)
{
    if (n < 8) {
        kal__bilinear_rgb_u8_c(dst, n, patch, stride, sx, sy, cos, sin);
        return;
    }
    const __m256i cos8 = _mm256_set1_epi64x(8 * cos), sin8 = _mm256_set1_epi64x(8 * sin);
    const __m256i scale = _mm256_set1_epi32(3 | (int32_t)stride << 16);
    line l;
    line_at(&l, sx, sy, cos, sin);
    for (size_t i = 0; i + 8 <= n; i += 8, line_step(&l, cos8, sin8)) {
        const eight e = eight_of(&l, scale);
        store_rgb(dst + 3 * i, eight_rgb(&e, patch, stride));
    }
    if (n % 8 == 0) return;
    line_at(&l, sx + (int64_t)(n - 8) * cos, sy + (int64_t)(n - 8) * sin, cos, sin);
    const eight e = eight_of(&l, scale);
    store_rgb(dst + 3 * (n - 8), eight_rgb(&e, patch, stride));
}

KAL__TARGET_AVX2 static inline void eight_gray(uint8_t *dst, const line *l, __m256i scale,
                                               const uint8_t *patch, ptrdiff_t stride)
{
    const eight e = eight_of(l, scale);
    const __m256i top = _mm256_i32gather_epi32((const int *)(const void *)patch, e.offset, 1),
                  low = _mm256_i32gather_epi32((const int *)(const void *)(patch + stride), e.offset, 1);
    const __m256i a = _mm256_and_si256(across(top, e.wx), _mm256_set1_epi32(0xffff)), b = across(low, e.wx);
    const __m256i v = down(_mm256_or_si256(a, _mm256_slli_epi32(b, 16)), e.wy);
    const __m256i w = _mm256_packus_epi16(_mm256_packus_epi32(v, v), v);
    const uint32_t first = (uint32_t)_mm256_extract_epi32(w, 0),
                   second = (uint32_t)_mm256_extract_epi32(w, 4);
    const uint64_t all = first | (uint64_t)second << 32;
    __builtin_memcpy(dst, &all, 8);
}

KAL__TARGET_AVX2 void kal__bilinear_gray_u8_avx2(uint8_t *dst, size_t n, const uint8_t *patch,
                                                 ptrdiff_t stride, int64_t sx, int64_t sy, int64_t cos,
                                                 int64_t sin)
{
    if (n < 8) {
        kal__bilinear_gray_u8_c(dst, n, patch, stride, sx, sy, cos, sin);
        return;
    }
    const __m256i cos8 = _mm256_set1_epi64x(8 * cos), sin8 = _mm256_set1_epi64x(8 * sin);
    const __m256i scale = _mm256_set1_epi32(1 | (int32_t)stride << 16);
    line l;
    line_at(&l, sx, sy, cos, sin);
    for (size_t i = 0; i + 8 <= n; i += 8, line_step(&l, cos8, sin8))
        eight_gray(dst + i, &l, scale, patch, stride);
    if (n % 8 == 0) return;
    line_at(&l, sx + (int64_t)(n - 8) * cos, sy + (int64_t)(n - 8) * sin, cos, sin);
    eight_gray(dst + n - 8, &l, scale, patch, stride);
}

// ---- with alpha ---------------------------------------------------------------------------------
// Two pixels in the halves, four channels in 32 bits each. The quotient of floats may be off by one; the remainder tells.

KAL__TARGET_AVX2 static inline __m256i two_tap(__m256i pixels, __m256i weight, __m256i *sum)
{
    const __m256i a = _mm256_mullo_epi32(_mm256_shuffle_epi32(pixels, 0xff), weight);
    *sum = _mm256_add_epi32(*sum, _mm256_mullo_epi32(a, pixels));
    return a;
}

KAL__TARGET_AVX2 static inline __m256 to_float(__m256i v)
{
    const __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(v, 16)),
                 low = _mm256_cvtepi32_ps(_mm256_and_si256(v, _mm256_set1_epi32(0xffff)));
    return _mm256_add_ps(_mm256_mul_ps(high, _mm256_set1_ps(65536)), low);
}

// Pixels a, b of one row and the next, as 32-bit channels in the two halves.
KAL__TARGET_AVX2 static inline __m256i two_rgba(const uint8_t *p, const uint8_t *q, ptrdiff_t stride,
                                                __m256i fx, __m256i fy)
{
    const __m256i one = _mm256_set1_epi32(256), gx = _mm256_sub_epi32(one, fx),
                  gy = _mm256_sub_epi32(one, fy);
    const __m128i top = load_two(p, q), low = load_two(p + stride, q + stride);
    __m256i sum = _mm256_setzero_si256();
    // shuffles gather the left (0, 2) and the right (1, 3) pixels of both
    const __m256i all = _mm256_add_epi32(
        _mm256_add_epi32(
            two_tap(_mm256_cvtepu8_epi32(_mm_shuffle_epi32(top, 0x08)), _mm256_mullo_epi32(gx, gy), &sum),
            two_tap(_mm256_cvtepu8_epi32(_mm_shuffle_epi32(top, 0x0d)), _mm256_mullo_epi32(fx, gy), &sum)),
        _mm256_add_epi32(
            two_tap(_mm256_cvtepu8_epi32(_mm_shuffle_epi32(low, 0x08)), _mm256_mullo_epi32(gx, fy), &sum),
            two_tap(_mm256_cvtepu8_epi32(_mm_shuffle_epi32(low, 0x0d)), _mm256_mullo_epi32(fx, fy), &sum)));
    const __m256i alpha = _mm256_srli_epi32(_mm256_add_epi32(all, _mm256_set1_epi32(1 << 15)), 16);
    const __m256i n = _mm256_add_epi32(sum, _mm256_srli_epi32(all, 1)),
                  by = _mm256_max_epi32(all, _mm256_set1_epi32(1));
    __m256i v = _mm256_cvttps_epi32(_mm256_div_ps(to_float(n), _mm256_cvtepi32_ps(by)));
    const __m256i rest = _mm256_sub_epi32(n, _mm256_mullo_epi32(v, by));
    v = _mm256_add_epi32(v, _mm256_cmpgt_epi32(_mm256_setzero_si256(), rest));
    v = _mm256_sub_epi32(v, _mm256_cmpgt_epi32(rest, _mm256_sub_epi32(by, _mm256_set1_epi32(1))));
    v = _mm256_andnot_si256(_mm256_cmpeq_epi32(alpha, _mm256_setzero_si256()), v);
    return _mm256_blend_epi32(v, alpha, 0x88);
}

KAL__TARGET_AVX2 static inline void eight_rgba(uint8_t *dst, const line *l, __m256i scale,
                                               const uint8_t *patch, ptrdiff_t stride)
{
    const eight e = eight_of(l, scale);
    int32_t o[8], fx[8], fy[8];
    _mm256_storeu_si256((__m256i *)(void *)o, e.offset);
    _mm256_storeu_si256((__m256i *)(void *)fx, _mm256_and_si256(narrow(l->x), _mm256_set1_epi32(255)));
    _mm256_storeu_si256((__m256i *)(void *)fy, _mm256_and_si256(narrow(l->y), _mm256_set1_epi32(255)));
    for (int k = 0; k < 8; k += 2) {
        const __m256i x = _mm256_inserti128_si256(_mm256_set1_epi32(fx[k]), _mm_set1_epi32(fx[k + 1]), 1),
                      y = _mm256_inserti128_si256(_mm256_set1_epi32(fy[k]), _mm_set1_epi32(fy[k + 1]), 1);
        const __m256i v = two_rgba(patch + o[k], patch + o[k + 1], stride, x, y);
        const __m256i w = _mm256_packus_epi16(_mm256_packus_epi32(v, v), v);
        const int32_t a = _mm256_extract_epi32(w, 0), b = _mm256_extract_epi32(w, 4);
        __builtin_memcpy(dst + 4 * k, &a, 4);
        __builtin_memcpy(dst + 4 * k + 4, &b, 4);
    }
}

KAL__TARGET_AVX2 void kal__bilinear_rgba_u8_avx2(uint8_t *dst, size_t n, const uint8_t *patch,
                                                 ptrdiff_t stride, int64_t sx, int64_t sy, int64_t cos,
                                                 int64_t sin)
{
    if (n < 8) {
        kal__bilinear_rgba_u8_c(dst, n, patch, stride, sx, sy, cos, sin);
        return;
    }
    const __m256i cos8 = _mm256_set1_epi64x(8 * cos), sin8 = _mm256_set1_epi64x(8 * sin);
    const __m256i scale = _mm256_set1_epi32(4 | (int32_t)stride << 16);
    line l;
    line_at(&l, sx, sy, cos, sin);
    for (size_t i = 0; i + 8 <= n; i += 8, line_step(&l, cos8, sin8))
        eight_rgba(dst + 4 * i, &l, scale, patch, stride);
    if (n % 8 == 0) return;
    line_at(&l, sx + (int64_t)(n - 8) * cos, sy + (int64_t)(n - 8) * sin, cos, sin);
    eight_rgba(dst + 4 * (n - 8), &l, scale, patch, stride);
}

// ---- at given places ----------------------------------------------------------------------------

KAL__TARGET_AVX2 static inline void line_from(line *l, const int64_t *x, const int64_t *y)
{
    const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)x),
                  b = _mm256_loadu_si256((const __m256i *)(const void *)(x + 4)),
                  c = _mm256_loadu_si256((const __m256i *)(const void *)y),
                  d = _mm256_loadu_si256((const __m256i *)(const void *)(y + 4));
    l->x[0] = _mm256_permute2x128_si256(a, b, 0x20);
    l->x[1] = _mm256_permute2x128_si256(a, b, 0x31);
    l->y[0] = _mm256_permute2x128_si256(c, d, 0x20);
    l->y[1] = _mm256_permute2x128_si256(c, d, 0x31);
}

KAL__TARGET_AVX2 static inline void put_rgb(uint8_t *dst, const line *l, __m256i scale, const uint8_t *patch,
                                            ptrdiff_t stride)
{
    const eight e = eight_of(l, scale);
    store_rgb(dst, eight_rgb(&e, patch, stride));
}

#define GATHER(kind, channels, put)                                                                          \
    KAL__TARGET_AVX2 void kal__gather_##kind##_u8_avx2(uint8_t *dst, size_t n, const uint8_t *patch,         \
                                                       ptrdiff_t stride, const int64_t *x, const int64_t *y) \
    {                                                                                                        \
        if (n < 8) {                                                                                         \
            kal__gather_##kind##_u8_c(dst, n, patch, stride, x, y);                                          \
            return;                                                                                          \
        }                                                                                                    \
        const __m256i scale = _mm256_set1_epi32(channels | (int32_t)stride << 16);                           \
        line l;                                                                                              \
        for (size_t i = 0; i < n; i += 8) {                                                                  \
            const size_t at = i + 8 <= n ? i : n - 8;                                                        \
            line_from(&l, x + at, y + at);                                                                   \
            put(dst + channels * at, &l, scale, patch, stride);                                              \
        }                                                                                                    \
    }
GATHER(gray, 1, eight_gray)
GATHER(rgb, 3, put_rgb)
GATHER(rgba, 4, eight_rgba)
#undef GATHER

#endif
