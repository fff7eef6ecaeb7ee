// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Rows read backwards, and eight rows that become columns. Blocks of 8×8 pixels are transposed in registers, pixels of 3 bytes as 4; what is left of
// the rows is their last eight pixels once more.
#include "halves.h"

#if defined(__x86_64__) && defined(__GNUC__)

// As many whole pixels as 16 bytes hold, in each half. Loads begin before their first pixel as much as the pixels leave free.
KAL__TARGET_AVX2 void kal__mirror_u8_avx2(uint8_t *dst, const uint8_t *src, size_t n, size_t pixel)
{
    const size_t each = 16 / pixel, bytes = each * pixel, before = 16 - bytes;
    uint8_t index[16];
    for (size_t k = 0; k < 16; k++)
        index[k] = k < bytes ? (uint8_t)(before + bytes - pixel - k / pixel * pixel + k % pixel) : 0x80;
    const __m256i at = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)index));
    size_t i = 0;
    for (; i + 4 * each <= n; i += 2 * each) {
        const uint8_t *s = src + (n - i - each) * pixel - before;
        store_halves(dst + i * pixel, dst + (i + each) * pixel,
                     _mm256_shuffle_epi8(load_halves(s, s - bytes), at));
    }
    kal__mirror_u8_c(dst + i * pixel, src, n - i, pixel);
}

KAL__TARGET_AVX2 static inline __m128i load_8(const uint8_t *p)
{
    return _mm_loadl_epi64((const __m128i *)(const void *)p);
}

KAL__TARGET_AVX2 static inline void store_pair(uint8_t *dst, ptrdiff_t step, __m128i v)
{
    _mm_storel_epi64((__m128i *)(void *)dst, v);
    _mm_storel_epi64((__m128i *)(void *)(dst + step), _mm_unpackhi_epi64(v, v));
}

KAL__TARGET_AVX2 static inline void turn_1(uint8_t *dst, ptrdiff_t step, const uint8_t *const rows[8],
                                           size_t at)
{
    __m128i a[4], b[4];
    for (int k = 0; k < 4; k++)
        a[k] = _mm_unpacklo_epi8(load_8(rows[2 * k] + at), load_8(rows[2 * k + 1] + at));
    for (int k = 0; k < 2; k++) {
        b[k] = _mm_unpacklo_epi16(a[2 * k], a[2 * k + 1]);       // columns 0..3 of four rows
        b[k + 2] = _mm_unpackhi_epi16(a[2 * k], a[2 * k + 1]);   // 4..7
    }
    store_pair(dst, step, _mm_unpacklo_epi32(b[0], b[1]));
    store_pair(dst + 2 * step, step, _mm_unpackhi_epi32(b[0], b[1]));
    store_pair(dst + 4 * step, step, _mm_unpacklo_epi32(b[2], b[3]));
    store_pair(dst + 6 * step, step, _mm_unpackhi_epi32(b[2], b[3]));
}

// Eight rows of eight numbers, in place.
KAL__TARGET_AVX2 static inline void transpose(__m256i v[8])
{
    __m256i a[8], b[8];
    for (int k = 0; k < 8; k += 2) {
        a[k] = _mm256_unpacklo_epi32(v[k], v[k + 1]);
        a[k + 1] = _mm256_unpackhi_epi32(v[k], v[k + 1]);
    }
    for (int k = 0; k < 8; k += 4) {
        b[k] = _mm256_unpacklo_epi64(a[k], a[k + 2]);
        b[k + 1] = _mm256_unpackhi_epi64(a[k], a[k + 2]);
        b[k + 2] = _mm256_unpacklo_epi64(a[k + 1], a[k + 3]);
        b[k + 3] = _mm256_unpackhi_epi64(a[k + 1], a[k + 3]);
    }
    for (int k = 0; k < 4; k++) {
        v[k] = _mm256_permute2x128_si256(b[k], b[k + 4], 0x20);
        v[k + 4] = _mm256_permute2x128_si256(b[k], b[k + 4], 0x31);
    }
}

KAL__TARGET_AVX2 static inline void turn_4(uint8_t *dst, ptrdiff_t step, const uint8_t *const rows[8],
                                           size_t at)
{
    __m256i v[8];
    for (int k = 0; k < 8; k++) v[k] = load_32(rows[k] + 4 * at);
    transpose(v);
    for (int k = 0; k < 8; k++) _mm256_storeu_si256((__m256i *)(void *)(dst + k * step), v[k]);
}

// 24 bytes, no more, read and written.
KAL__TARGET_AVX2 static inline void turn_3(uint8_t *dst, ptrdiff_t step, const uint8_t *const rows[8],
                                           size_t at)
{
    // the second load begins 4 bytes early
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,   //
                                            4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    const __m256i drop = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1,   //
                                          0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    __m256i v[8];
    for (int k = 0; k < 8; k++) {
        const uint8_t *s = rows[k] + 3 * at;
        v[k] = _mm256_shuffle_epi8(load_halves(s, s + 8), spread);
    }
    transpose(v);
    for (int k = 0; k < 8; k++) {
        const __m256i w = _mm256_shuffle_epi8(v[k], drop);
        const __m128i high = _mm256_extracti128_si256(w, 1);
        uint8_t *d = dst + k * step;
        _mm_storeu_si128((__m128i *)(void *)d, _mm256_castsi256_si128(w));
        _mm_storel_epi64((__m128i *)(void *)(d + 12), high);
        const int32_t last = _mm_extract_epi32(high, 2);
        __builtin_memcpy(d + 20, &last, 4);
    }
}

#define TURN(size)                                                                                    \
    KAL__TARGET_AVX2 void kal__turn_##size##_avx2(uint8_t *dst, ptrdiff_t step,                       \
                                                  const uint8_t *const rows[8], size_t n)             \
    {                                                                                                 \
        if (n < 8) {                                                                                  \
            kal__turn_##size##_c(dst, step, rows, n);                                                 \
            return;                                                                                   \
        }                                                                                             \
        for (size_t i = 0; i + 8 <= n; i += 8) turn_##size(dst + (ptrdiff_t)i * step, step, rows, i); \
        if (n % 8) turn_##size(dst + (ptrdiff_t)(n - 8) * step, step, rows, n - 8);                   \
    }
TURN(1)
TURN(3)
TURN(4)

#endif
