// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See png_filter.h. Undoing Sub, Average and Paeth goes from pixel to pixel, each waiting for the one before: a pixel's bytes lie in one
// register, and of two Paeth rows the lower one runs a pixel behind in the other half of it. Filtering waits for nothing.
#include "png_filter.h"

#include "cpu.h"

#include <stdlib.h>
#include <string.h>

// The nearest of a (left), b (above) and c (above left) to a + b - c, in this order.
KAL__INLINE int paeth(int a, int b, int c)
{
    const int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
    const int ab = pa <= pb ? a : b, p = pa <= pb ? pa : pb;
    return p <= pc ? ab : c;
}

// ---- undoing ------------------------------------------------------------------------------------

KAL__INLINE void undo_up_body(unsigned char *out, const unsigned char *in, const unsigned char *up, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = (unsigned char)(in[i] + up[i]);
}
KAL__VARIANTS(undo_up, (unsigned char *out, const unsigned char *in, const unsigned char *up, size_t n),
              (out, in, up, n))

static void undo_sub_c(size_t bpp, unsigned char *out, const unsigned char *in, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = (unsigned char)(in[i] + (i < bpp ? 0 : out[i - bpp]));
}

static void undo_average_c(size_t bpp, unsigned char *out, const unsigned char *in, const unsigned char *up,
                           size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)(in[i] + (((i < bpp ? 0 : out[i - bpp]) + up[i]) >> 1));
}

static void undo_paeth_c(size_t bpp, unsigned char *out, const unsigned char *in, const unsigned char *up,
                         size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)(in[i] + (i < bpp ? up[i] : paeth(out[i - bpp], up[i], up[i - bpp])));
}

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define INLINE_AVX2 static inline __attribute__((always_inline, target("avx2")))

// A pixel; 3 bytes are read as 4 and 6 as 8.
INLINE_AVX2 __m128i load(const unsigned char *p, size_t bpp)
{
    uint64_t v = 0;
    memcpy(&v, p, bpp < 3 ? bpp : bpp <= 4 ? 4 : 8);
    return _mm_cvtsi64_si128((int64_t)v);
}

// Exactly a pixel: with in == out a byte more would be one that is still to be read.
INLINE_AVX2 void store(unsigned char *p, __m128i v, size_t bpp)
{
    const uint64_t all = (uint64_t)_mm_cvtsi128_si64(v);
    if (bpp == 3) {
        memcpy(p, &all, 2);
        p[2] = (unsigned char)(all >> 16);
    } else if (bpp == 6) {
        const uint16_t rest = (uint16_t)(all >> 32);
        memcpy(p, &all, 4);
        memcpy(p + 4, &rest, 2);
    } else {
        memcpy(p, &all, bpp);
    }
}

INLINE_AVX2 void undo_sub_body(size_t bpp, unsigned char *out, const unsigned char *in, size_t n)
{
    __m128i a = _mm_setzero_si128();
    for (size_t i = 0; i < n; i += bpp) {
        a = _mm_add_epi8(load(in + i, bpp), a);
        store(out + i, a, bpp);
    }
}

INLINE_AVX2 void undo_average_body(size_t bpp, unsigned char *out, const unsigned char *in,
                                   const unsigned char *up, size_t n)
{
    const __m128i one = _mm_set1_epi8(1);
    __m128i a = _mm_setzero_si128();
    for (size_t i = 0; i < n; i += bpp) {
        const __m128i b = load(up + i, bpp);
        const __m128i odd = _mm_and_si128(_mm_xor_si128(a, b), one);   // the machine's mean rounds up
        a = _mm_add_epi8(load(in + i, bpp), _mm_sub_epi8(_mm_avg_epu8(a, b), odd));
        store(out + i, a, bpp);
    }
}

// In lanes of 16 bits whose upper half is 0.
INLINE_AVX2 __m128i undo_paeth_lanes(__m128i a, __m128i b, __m128i c, __m128i x)
{
    const __m128i da = _mm_sub_epi16(b, c), db = _mm_sub_epi16(a, c);
    const __m128i pa = _mm_abs_epi16(da), pb = _mm_abs_epi16(db), pc = _mm_abs_epi16(_mm_add_epi16(da, db));
    const __m128i least = _mm_min_epi16(pc, _mm_min_epi16(pa, pb));
    const __m128i bc = _mm_blendv_epi8(c, b, _mm_cmpeq_epi16(least, pb));
    return _mm_add_epi8(x, _mm_blendv_epi8(bc, a, _mm_cmpeq_epi16(least, pa)));
}

INLINE_AVX2 void undo_paeth_body(size_t bpp, unsigned char *out, const unsigned char *in,
                                 const unsigned char *up, size_t n)
{
    __m128i a = _mm_setzero_si128(), c = a;
    for (size_t i = 0; i < n; i += bpp) {
        const __m128i b = _mm_cvtepu8_epi16(load(up + i, bpp));
        a = undo_paeth_lanes(a, b, c, _mm_cvtepu8_epi16(load(in + i, bpp)));
        c = b;
        store(out + i, _mm_packus_epi16(a, a), bpp);
    }
}

// Lower half: the upper row's pixel i. Upper half: the lower row's pixel i - 1, whose b is what the upper row gave last, and whose c is
// the b of the step before, as it is for the upper row.
INLINE_AVX2 void undo_paeth2_body(size_t bpp, unsigned char *const out[2], const unsigned char *const in[2],
                                  const unsigned char *up, size_t n)
{
    __m128i a = _mm_setzero_si128(), c = a, x1 = a;
    for (size_t i = 0; i < n; i += bpp) {
        const __m128i x = _mm_cvtepu8_epi16(_mm_unpacklo_epi32(load(in[0] + i, bpp), x1));
        const __m128i b = _mm_unpacklo_epi64(_mm_cvtepu8_epi16(load(up + i, bpp)), a);
        x1 = load(in[1] + i, bpp);
        a = undo_paeth_lanes(a, b, c, x);
        c = b;
        const __m128i both = _mm_packus_epi16(a, a);
        store(out[0] + i, both, bpp);
        if (i) store(out[1] + i - bpp, _mm_srli_epi64(both, 32), bpp);
    }
    const __m128i x = _mm_cvtepu8_epi16(_mm_slli_epi64(x1, 32));
    a = undo_paeth_lanes(a, _mm_unpacklo_epi64(a, a), c, x);
    store(out[1] + n - bpp, _mm_srli_epi64(_mm_packus_epi16(a, a), 32), bpp);
}

// One copy of a loop for each size of pixel.
#define BY_BPP(body, ...)                  \
    switch (bpp) {                         \
    case 1: body(1, __VA_ARGS__); return;  \
    case 2: body(2, __VA_ARGS__); return;  \
    case 3: body(3, __VA_ARGS__); return;  \
    case 4: body(4, __VA_ARGS__); return;  \
    case 6: body(6, __VA_ARGS__); return;  \
    default: body(8, __VA_ARGS__); return; \
    }

AVX2 static void undo_sub_avx2(size_t bpp, unsigned char *out, const unsigned char *in,
                               size_t n){BY_BPP(undo_sub_body, out, in, n)}

AVX2 static void undo_average_avx2(size_t bpp, unsigned char *out, const unsigned char *in,
                                   const unsigned char *up,
                                   size_t n){BY_BPP(undo_average_body, out, in, up, n)}

AVX2 static void undo_paeth_avx2(size_t bpp, unsigned char *out, const unsigned char *in,
                                 const unsigned char *up, size_t n){BY_BPP(undo_paeth_body, out, in, up, n)}

AVX2 static void undo_paeth2_avx2(size_t bpp, unsigned char *const out[2], const unsigned char *const in[2],
                                  const unsigned char *up, size_t n)
{
    if (bpp == 3)
        undo_paeth2_body(3, out, in, up, n);
    else
        undo_paeth2_body(4, out, in, up, n);
}

#define PICK(name, ...)                \
    if (kal__cpu_isa() >= KAL__AVX2) { \
        name##_avx2(__VA_ARGS__);      \
    } else {                           \
        name##_c(__VA_ARGS__);         \
    }
#define HAS_PAETH2(bpp) (((bpp) == 3 || (bpp) == 4) && kal__cpu_isa() >= KAL__AVX2)

#else

#define PICK(name, ...) name##_c(__VA_ARGS__);
#define HAS_PAETH2(bpp) false
#define undo_paeth2_avx2(...) ((void)0)

#endif

void kal__png_unfilter(int filter, size_t bpp, unsigned char *out, const unsigned char *in,
                       const unsigned char *up, size_t n)
{
    switch (filter) {
    case KAL__PNG_NONE: memmove(out, in, n); return;
    case KAL__PNG_SUB: PICK(undo_sub, bpp, out, in, n) return;
    case KAL__PNG_UP: undo_up(out, in, up, n); return;
    case KAL__PNG_AVERAGE: PICK(undo_average, bpp, out, in, up, n) return;
    default: PICK(undo_paeth, bpp, out, in, up, n) return;
    }
}

void kal__png_unfilter_paeth2(size_t bpp, unsigned char *const out[2], const unsigned char *const in[2],
                              const unsigned char *up, size_t n)
{
    if (HAS_PAETH2(bpp)) {
        undo_paeth2_avx2(bpp, out, in, up, n);
        return;
    }
    kal__png_unfilter(KAL__PNG_PAETH, bpp, out[0], in[0], up, n);
    kal__png_unfilter(KAL__PNG_PAETH, bpp, out[1], in[1], out[0], n);
}

// ---- filtering ----------------------------------------------------------------------------------

typedef struct row {
    unsigned char *out;
    const unsigned char *in, *up;
    size_t n, bpp;
} row;

// What a filter expects of byte i, which has a pixel to its left.
#define EXPECT_NONE 0
#define EXPECT_SUB r.in[i - r.bpp]
#define EXPECT_UP r.up[i]
#define EXPECT_AVERAGE ((r.in[i - r.bpp] + r.up[i]) >> 1)
#define EXPECT_PAETH paeth(r.in[i - r.bpp], r.up[i], r.up[i - r.bpp])

// In runs that keep the sum in 32 bits, which is what the vectors add in.
#define FILTER(name, expect)                                                 \
    KAL__INLINE void filter_##name##_body(row r, uint64_t *sum)              \
    {                                                                        \
        for (size_t from = r.bpp; from < r.n;) {                             \
            const size_t end = r.n - from > 65536 ? from + 65536 : r.n;      \
            uint32_t part = 0;                                               \
            for (size_t i = from; i < end; i++) {                            \
                const unsigned char v = (unsigned char)(r.in[i] - (expect)); \
                r.out[i] = v;                                                \
                part += v < 128 ? v : 256u - v;                              \
            }                                                                \
            *sum += part;                                                    \
            from = end;                                                      \
        }                                                                    \
    }                                                                        \
    KAL__VARIANTS(filter_##name, (row r, uint64_t * sum), (r, sum))

FILTER(none, EXPECT_NONE)
FILTER(sub, EXPECT_SUB)
FILTER(up, EXPECT_UP)
FILTER(average, EXPECT_AVERAGE)
FILTER(paeth, EXPECT_PAETH)

uint64_t kal__png_filter(int filter, size_t bpp, unsigned char *out, const unsigned char *in,
                         const unsigned char *up, size_t n)
{
    static void (*const filters[])(row, uint64_t *) = {filter_none, filter_sub, filter_up, filter_average,
                                                       filter_paeth};
    uint64_t sum = 0;
    for (size_t i = 0; i < bpp; i++) {   // the first pixel has nothing to its left
        const int expect[] = {0, 0, up[i], up[i] >> 1, up[i]};
        out[i] = (unsigned char)(in[i] - expect[filter]);
        sum += out[i] < 128 ? out[i] : 256u - out[i];
    }
    filters[filter]((row){out, in, up, n, bpp}, &sum);
    return sum;
}
