// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Medians from histograms of columns. Unlike the reference's, bins here count all samples that are not above them: a median lies where
// counts pass the half, and one comparison with all bins says how many do not, without a branch to be taken at random.
#include "filter/median_filter.h"
#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

enum { BINS = KAL__MEDIAN_BINS };

// Where v counts, by v.
#define FROM(v)                                                                                           \
    {                                                                                                     \
        v <= 0, v <= 1, v <= 2, v <= 3, v <= 4, v <= 5, v <= 6, v <= 7, v <= 8, v <= 9, v <= 10, v <= 11, \
            v <= 12, v <= 13, v <= 14, v <= 15                                                            \
    }
static const uint16_t from[BINS][BINS] = {FROM(0),  FROM(1),  FROM(2),  FROM(3), FROM(4),  FROM(5),
                                          FROM(6),  FROM(7),  FROM(8),  FROM(9), FROM(10), FROM(11),
                                          FROM(12), FROM(13), FROM(14), FROM(15)};

KAL__TARGET_AVX2 static inline __m256i load(const uint16_t *at)
{
    return _mm256_loadu_si256((const void *)at);
}

KAL__TARGET_AVX2 static inline void store(uint16_t *at, __m256i v)
{
    _mm256_storeu_si256((void *)at, v);
}

KAL__TARGET_AVX2 void kal__median_count_u8_avx2(const kal__median_columns *c, const uint8_t *in,
                                                const uint8_t *out)
{
    uint16_t *coarse = c->coarse;
    for (size_t i = 0; i < c->n; i++, coarse += BINS) {
        const size_t high = in[i] >> 4;
        uint16_t *fine = c->fine + (high * c->n + i) * BINS;
        __m256i v = _mm256_add_epi16(load(coarse), load(from[high]));
        store(fine, _mm256_add_epi16(load(fine), load(from[in[i] & 15])));
        if (out) {
            fine = c->fine + ((size_t)(out[i] >> 4) * c->n + i) * BINS;
            v = _mm256_sub_epi16(v, load(from[out[i] >> 4]));
            store(fine, _mm256_sub_epi16(load(fine), load(from[out[i] & 15])));
        }
        store(coarse, v);
    }
}

// How many bins are not above.
KAL__TARGET_AVX2 static inline size_t below(__m256i bins, __m256i half)
{
    const __m256i not_above = _mm256_cmpeq_epi16(_mm256_subs_epu16(bins, half), _mm256_setzero_si256());
    return (size_t)__builtin_popcount((unsigned)_mm256_movemask_epi8(not_above)) / 2;
}

KAL__TARGET_AVX2 void kal__median_slide_u8_avx2(uint8_t *dst, const kal__median_columns *c, size_t channel,
                                                size_t s, size_t side, size_t n)
{
    const size_t step = s * BINS;
    const uint16_t *coarse = c->coarse + channel * BINS;
    const __m256i half = _mm256_set1_epi16((short)(side * side / 2));
    uint16_t counts[BINS + 1] = {0},
                           parts[BINS][BINS];   // the window's, a zero before them; of each upper half
    size_t upto[BINS] = {0};                    // the window that a part was counted for, + 1; 0: none yet
    __m256i window = _mm256_setzero_si256();
    for (size_t x = 0; x + 1 < side; x++) window = _mm256_add_epi16(window, load(coarse + x * step));
    for (size_t x = 0; x < n; x++) {
        window = _mm256_add_epi16(window, load(coarse + (x + side - 1) * step));
        store(counts + 1, window);
        const size_t k = below(window, half);
        const __m256i rest = _mm256_sub_epi16(half, _mm256_set1_epi16((short)counts[k]));
        window = _mm256_sub_epi16(window, load(coarse + x * step));
        const uint16_t *fine = c->fine + (k * c->n + channel) * BINS;
        __m256i part = _mm256_setzero_si256();
        size_t at = upto[k];
        if (!at || x + 1 - at >= side / 2) {
            for (size_t i = x; i < x + side; i++) part = _mm256_add_epi16(part, load(fine + i * step));
        } else {
            part = load(parts[k]);
            for (at--; at < x; at++)
                part = _mm256_add_epi16(
                    part, _mm256_sub_epi16(load(fine + (at + side) * step), load(fine + at * step)));
        }
        store(parts[k], part);
        upto[k] = x + 1;
        dst[x * s + channel] = (uint8_t)(k * BINS + below(part, rest));
    }
}

#endif
