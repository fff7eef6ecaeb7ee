// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// resize in doubles: side by side lie different sums, never parts of one, so that each adds in the order of its weights.
//   Columns: sums stay in registers over all source rows given.
//   Rows: a sample of all 16 lines is 128 bytes; outputs are sums of those, divided by alpha, turned back, rounded.
#include "kernels.h"
#include "geometry/resize.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define AVX2 KAL__TARGET_AVX2
#define AVX2_INLINE KAL__TARGET_AVX2 KAL__INLINE
#define AVX512 KAL__TARGET_AVX512
#define AVX512_INLINE KAL__TARGET_AVX512 KAL__INLINE

#define LINES KAL__LINES

// ---- samples to reals -----------------------------------------------------------------------------

AVX2_INLINE __m256d four(const void *src, kal_type type, size_t i)
{
    if (type == KAL_F32) return _mm256_cvtps_pd(_mm_loadu_ps((const float *)src + i));
    if (type == KAL_U16)
        return _mm256_cvtepi32_pd(
            _mm_cvtepu16_epi32(_mm_loadl_epi64((const __m128i *)(const void *)((const uint16_t *)src + i))));
    int32_t v;
    memcpy(&v, (const uint8_t *)src + i, sizeof v);
    return _mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(v)));
}

static inline size_t size_of(kal_type type)
{
    return type == KAL_U8 ? 1 : type == KAL_U16 ? 2 : 4;
}

// Samples i..n-1: fewer than a vector, whole pixels.
static void rest(double *dst, const void *src, kal_type type, size_t channels, bool alpha, size_t i, size_t n)
{
    kal__resize_widen_c(dst + i, (const unsigned char *)src + i * size_of(type), type, alpha ? channels : 1,
                        alpha, (n - i) / (alpha ? channels : 1));
}

AVX2_INLINE void fetch(const void *src, size_t bytes)
{
    for (size_t b = 0; b < bytes; b += 64) _mm_prefetch((const char *)src + b, _MM_HINT_T0);
}

// Four pixels of bytes with alpha, multiplied as integers.
AVX2_INLINE __m256i four_rgba(const uint8_t *src)
{
    const __m256i v = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)src));
    const __m256i a = _mm256_shufflehi_epi16(_mm256_shufflelo_epi16(v, 0xff), 0xff);
    return _mm256_mullo_epi16(v, _mm256_blend_epi16(a, _mm256_set1_epi16(1), 0x88));
}

// Alpha itself is multiplied by 1.
AVX2_INLINE void widen(double *dst, const void *src, kal_type type, size_t channels, bool alpha,
                       size_t pixels)
{
    const size_t n = pixels * channels;
    size_t i = 0;
    fetch((const unsigned char *)src + n * size_of(type), n * size_of(type));   // of this row next
    for (; alpha && channels == 4 && type == KAL_U8 && i + 16 <= n; i += 16) {
        const __m256i v = four_rgba((const uint8_t *)src + i);
        const __m128i half[2] = {_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)};
        for (size_t k = 0; k < 4; k++) {
            const __m128i two = k & 1 ? _mm_unpackhi_epi16(half[k / 2], _mm_setzero_si128())
                                      : _mm_unpacklo_epi16(half[k / 2], _mm_setzero_si128());
            _mm256_storeu_pd(dst + i + 4 * k, _mm256_cvtepi32_pd(two));
        }
    }
    for (; i + 4 <= n; i += 4) {
        __m256d v = four(src, type, i);
        if (alpha && channels == 4)
            v = _mm256_mul_pd(v, _mm256_blend_pd(_mm256_permute4x64_pd(v, 0xff), _mm256_set1_pd(1), 8));
        if (alpha && channels == 2)
            v = _mm256_mul_pd(v, _mm256_blend_pd(_mm256_permute_pd(v, 0xf), _mm256_set1_pd(1), 10));
        _mm256_storeu_pd(dst + i, v);
    }
    if (i < n) rest(dst, src, type, channels, alpha, i, n);
}

AVX512_INLINE __m512d eight(const void *src, kal_type type, size_t i)
{
    if (type == KAL_F32) return _mm512_cvtps_pd(_mm256_loadu_ps((const float *)src + i));
    if (type == KAL_U16)
        return _mm512_cvtepi32_pd(_mm256_cvtepu16_epi32(
            _mm_loadu_si128((const __m128i *)(const void *)((const uint16_t *)src + i))));
    return _mm512_cvtepi32_pd(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)((const uint8_t *)src + i))));
}

AVX512_INLINE void widen_512(double *dst, const void *src, kal_type type, size_t channels, bool alpha,
                             size_t pixels)
{
    const size_t n = pixels * channels;
    size_t i = 0;
    fetch((const unsigned char *)src + n * size_of(type), n * size_of(type));
    for (; alpha && channels == 4 && type == KAL_U8 && i + 16 <= n; i += 16) {
        const __m512i v = _mm512_cvtepu16_epi32(four_rgba((const uint8_t *)src + i));
        _mm512_storeu_pd(dst + i, _mm512_cvtepi32_pd(_mm512_castsi512_si256(v)));
        _mm512_storeu_pd(dst + i + 8, _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(v, 1)));
    }
    for (; i + 8 <= n; i += 8) {
        __m512d v = eight(src, type, i);
        if (alpha && channels == 4) v = _mm512_mask_mul_pd(v, 0x77, v, _mm512_permutex_pd(v, 0xff));
        if (alpha && channels == 2) v = _mm512_mask_mul_pd(v, 0x55, v, _mm512_permute_pd(v, 0xff));
        _mm512_storeu_pd(dst + i, v);
    }
    if (i < n) rest(dst, src, type, channels, alpha, i, n);
}

#define WIDEN(isa, TARGET, widen)                                                                            \
    TARGET##_INLINE void any_##isa(double *dst, const void *src, kal_type type, size_t channels, bool alpha, \
                                   size_t pixels)                                                            \
    {                                                                                                        \
        switch (type) {                                                                                      \
        case KAL_U8: widen(dst, src, KAL_U8, channels, alpha, pixels); break;                                \
        case KAL_U16: widen(dst, src, KAL_U16, channels, alpha, pixels); break;                              \
        case KAL_F32: widen(dst, src, KAL_F32, channels, alpha, pixels); break;                              \
        case KAL_U32: break; /* labels are not computed with */                                              \
        }                                                                                                    \
    }                                                                                                        \
    TARGET void kal__resize_widen_##isa(double *dst, const void *src, kal_type type, size_t channels,        \
                                        bool alpha, size_t pixels)                                           \
    {                                                                                                        \
        if (!alpha)                                                                                          \
            any_##isa(dst, src, type, channels, false, pixels);                                              \
        else if (channels == 4)                                                                              \
            any_##isa(dst, src, type, 4, true, pixels);                                                      \
        else if (channels == 2)                                                                              \
            any_##isa(dst, src, type, 2, true, pixels);                                                      \
        else                                                                                                 \
            kal__resize_widen_c(dst, src, type, channels, alpha, pixels);                                    \
    }
WIDEN(avx2, AVX2, widen)
WIDEN(avx512, AVX512, widen_512)

// ---- columns --------------------------------------------------------------------------------------

#define COLUMNS(isa, TARGET, vector, mm, WIDE, VECTORS)                                          \
    TARGET void kal__resize_v_real_##isa(double *acc, const double *const *src, const double *t, \
                                         size_t taps, size_t n, bool more)                       \
    {                                                                                            \
        size_t x = 0;                                                                            \
        for (; x + VECTORS * WIDE <= n; x += VECTORS * WIDE) {                                   \
            vector s[VECTORS];                                                                   \
            for (size_t i = 0; i < VECTORS; i++)                                                 \
                s[i] = more ? mm##loadu_pd(acc + x + i * WIDE) : mm##setzero_pd();               \
            for (size_t k = 0; k < taps; k++) {                                                  \
                const vector w = mm##set1_pd(t[k]);                                              \
                const double *v = src[k] + x;                                                    \
                for (size_t i = 0; i < VECTORS; i++)                                             \
                    s[i] = mm##add_pd(s[i], mm##mul_pd(w, mm##loadu_pd(v + i * WIDE)));          \
            }                                                                                    \
            for (size_t i = 0; i < VECTORS; i++) mm##storeu_pd(acc + x + i * WIDE, s[i]);        \
        }                                                                                        \
        for (; x + WIDE <= n; x += WIDE) {                                                       \
            vector s = more ? mm##loadu_pd(acc + x) : mm##setzero_pd();                          \
            for (size_t k = 0; k < taps; k++)                                                    \
                s = mm##add_pd(s, mm##mul_pd(mm##set1_pd(t[k]), mm##loadu_pd(src[k] + x)));      \
            mm##storeu_pd(acc + x, s);                                                           \
        }                                                                                        \
        for (; x < n; x++) {                                                                     \
            double s = more ? acc[x] : 0;                                                        \
            for (size_t k = 0; k < taps; k++) s += t[k] * src[k][x];                             \
            acc[x] = s;                                                                          \
        }                                                                                        \
    }
COLUMNS(avx2, AVX2, __m256d, _mm256_, 4, 8)
COLUMNS(avx512, AVX512, __m512d, _mm512_, 8, 4)

// ---- rows -----------------------------------------------------------------------------------------

AVX2_INLINE void turn_4(__m256d a, __m256d b, __m256d c, __m256d d, __m256d to[4])
{
    const __m256d ab0 = _mm256_unpacklo_pd(a, b), ab1 = _mm256_unpackhi_pd(a, b),
                  cd0 = _mm256_unpacklo_pd(c, d), cd1 = _mm256_unpackhi_pd(c, d);
    to[0] = _mm256_permute2f128_pd(ab0, cd0, 0x20);
    to[1] = _mm256_permute2f128_pd(ab1, cd1, 0x20);
    to[2] = _mm256_permute2f128_pd(ab0, cd0, 0x31);
    to[3] = _mm256_permute2f128_pd(ab1, cd1, 0x31);
}

AVX2 void kal__resize_turn_real_avx2(double *dst, const double *src, size_t pitch, size_t n)
{
    for (size_t i = 0; i < n; i += 4)
        for (size_t l = 0; l < LINES; l += 4) {
            const double *p = src + l * pitch + i;
            __m256d v[4];
            turn_4(_mm256_loadu_pd(p), _mm256_loadu_pd(p + pitch), _mm256_loadu_pd(p + 2 * pitch),
                   _mm256_loadu_pd(p + 3 * pitch), v);
            for (size_t k = 0; k < 4; k++) _mm256_store_pd(dst + (i + k) * LINES + l, v[k]);
        }
}

// Samples to lines, which lie `pitch` apart.
AVX2_INLINE void turn_back(const double *turned, size_t samples, double *rows, size_t pitch)
{
    for (size_t i = 0; i < samples; i += 4)
        for (size_t l = 0; l < LINES; l += 4) {
            const double *p = turned + i * LINES + l;
            __m256d v[4];
            turn_4(_mm256_load_pd(p), _mm256_load_pd(p + LINES), _mm256_load_pd(p + 2 * LINES),
                   _mm256_load_pd(p + 3 * LINES), v);
            for (size_t k = 0; k < 4; k++) _mm256_store_pd(rows + (l + k) * pitch + i, v[k]);
        }
}

// Colours over alpha, of one output.
AVX2_INLINE void divide(double *sums, size_t colours, bool floats)
{
    for (size_t l = 0; l < LINES; l += 4) {
        const __m256d a = _mm256_load_pd(sums + colours * LINES + l);
        const __m256d gone = floats ? _mm256_cmp_pd(a, _mm256_setzero_pd(), _CMP_NGT_UQ)
                                    : _mm256_cmp_pd(a, _mm256_set1_pd(0.5), _CMP_LT_OQ);
        for (size_t c = 0; c < colours; c++) {
            double *s = sums + c * LINES + l;
            _mm256_store_pd(s, _mm256_andnot_pd(gone, _mm256_div_pd(_mm256_load_pd(s), a)));
        }
    }
}

// Half up and clamped; a maximum with NaN first gives its second.
AVX2_INLINE __m128i rounded(const double *v, double most)
{
    const __m256d x = _mm256_max_pd(_mm256_load_pd(v), _mm256_setzero_pd());
    return _mm256_cvttpd_epi32(_mm256_add_pd(_mm256_min_pd(x, _mm256_set1_pd(most)), _mm256_set1_pd(0.5)));
}

AVX2_INLINE void narrow(void *dst, const double *v, kal_type type, size_t n)
{
    size_t i = 0;
    if (type == KAL_F32)
        for (; i + 4 <= n; i += 4) _mm_storeu_ps((float *)dst + i, _mm256_cvtpd_ps(_mm256_load_pd(v + i)));
    else if (type == KAL_U16)
        for (; i + 8 <= n; i += 8)
            _mm_storeu_si128((__m128i *)(void *)((uint16_t *)dst + i),
                             _mm_packus_epi32(rounded(v + i, 65535), rounded(v + i + 4, 65535)));
    else
        for (; i + 16 <= n; i += 16) {
            const __m128i a = _mm_packs_epi32(rounded(v + i, 255), rounded(v + i + 4, 255));
            const __m128i b = _mm_packs_epi32(rounded(v + i + 8, 255), rounded(v + i + 12, 255));
            _mm_storeu_si128((__m128i *)(void *)((uint8_t *)dst + i), _mm_packus_epi16(a, b));
        }
    for (; i < n; i++) kal__set(dst, type, i, v[i]);
}

// n sums side by side, all lines: of n channels with the same weights, or of n outputs each with its own.
typedef struct chain {
    const double *v, *t;
    size_t count;
} chain;

AVX2_INLINE void chains_avx2(const chain *c, size_t n, bool same, size_t channels, size_t count, double *to)
{
    __m256d s[3][4];
    for (size_t i = 0; i < n; i++)
        for (size_t h = 0; h < 4; h++) s[i][h] = _mm256_setzero_pd();
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < n; i++) {
            const __m256d w = _mm256_broadcast_sd(c[same ? 0 : i].t + k);
            const double *v = (same ? c[0].v + i * LINES : c[i].v) + k * channels * LINES;
            for (size_t h = 0; h < 4; h++)
                s[i][h] = _mm256_add_pd(s[i][h], _mm256_mul_pd(w, _mm256_load_pd(v + 4 * h)));
        }
    for (size_t i = 0; i < n; i++)
        for (size_t h = 0; h < 4; h++) _mm256_store_pd(to + i * LINES + 4 * h, s[i][h]);
}

AVX512_INLINE void chains_avx512(const chain *c, size_t n, bool same, size_t channels, size_t count,
                                 double *to)
{
    __m512d s[4][2];
    for (size_t i = 0; i < n; i++) s[i][0] = s[i][1] = _mm512_setzero_pd();
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < n; i++) {
            const __m512d w = _mm512_set1_pd(c[same ? 0 : i].t[k]);
            const double *v = (same ? c[0].v + i * LINES : c[i].v) + k * channels * LINES;
            for (size_t h = 0; h < 2; h++)
                s[i][h] = _mm512_add_pd(s[i][h], _mm512_mul_pd(w, _mm512_load_pd(v + 8 * h)));
        }
    for (size_t i = 0; i < n; i++)
        for (size_t h = 0; h < 2; h++) _mm512_store_pd(to + i * LINES + 8 * h, s[i][h]);
}

static inline chain chain_of(const kal__across_real *a, size_t x, size_t c)
{
    const kal__window w = a->window[x];
    return (chain){a->src + ((size_t)(w.first - a->window[0].first) * a->channels + c) * LINES,
                   a->t + a->at[x], (size_t)w.count};
}

#define ACROSS(isa, TARGET, MOST)                                                                           \
    /* MOST outputs of one channel if their windows are of one length, else one. */                         \
    TARGET##_INLINE size_t singles_##isa(const kal__across_real *a, size_t x, double *to)                   \
    {                                                                                                       \
        chain c[MOST];                                                                                      \
        bool even = x + MOST <= a->outputs;                                                                 \
        for (size_t i = 0; i < MOST && even; i++) {                                                         \
            c[i] = chain_of(a, x + i, 0);                                                                   \
            even = c[i].count == c[0].count;                                                                \
        }                                                                                                   \
        if (even) {                                                                                         \
            chains_##isa(c, MOST, false, 1, c[0].count, to);                                                \
            return MOST;                                                                                    \
        }                                                                                                   \
        c[0] = chain_of(a, x, 0);                                                                           \
        chains_##isa(c, 1, true, 1, c[0].count, to);                                                        \
        return 1;                                                                                           \
    }                                                                                                       \
    TARGET##_INLINE void sums_##isa(const kal__across_real *a, size_t channels, double *to)                 \
    {                                                                                                       \
        for (size_t x = 0, n = 1; x < a->outputs; x += n, to += n * channels * LINES) {                     \
            if (channels == 1) {                                                                            \
                n = singles_##isa(a, x, to);                                                                \
                continue;                                                                                   \
            }                                                                                               \
            for (size_t c = 0, m; c < channels; c += m) {                                                   \
                const chain k = chain_of(a, x, c);                                                          \
                m = MOST >= 4 && channels - c >= 4 ? 4 : channels - c == 3 ? 3 : channels - c >= 2 ? 2 : 1; \
                switch (m) {                                                                                \
                case 4: chains_##isa(&k, MOST, true, channels, k.count, to + c * LINES); break;             \
                case 3: chains_##isa(&k, 3, true, channels, k.count, to + c * LINES); break;                \
                case 2: chains_##isa(&k, 2, true, channels, k.count, to + c * LINES); break;                \
                default: chains_##isa(&k, 1, true, channels, k.count, to + c * LINES);                      \
                }                                                                                           \
            }                                                                                               \
            if (a->alpha) divide(to, channels - 1, a->type == KAL_F32);                                     \
        }                                                                                                   \
    }                                                                                                       \
    TARGET void kal__resize_h_real_##isa(const kal__across_real *a)                                         \
    {                                                                                                       \
        const size_t n = a->outputs * a->channels, pitch = (n + 3) / 4 * 4;                                 \
        double *sums = a->room, *rows = sums + pitch * LINES;                                               \
        switch (a->channels) {                                                                              \
        case 1: sums_##isa(a, 1, sums); break;                                                              \
        case 3: sums_##isa(a, 3, sums); break;                                                              \
        case 4: sums_##isa(a, 4, sums); break;                                                              \
        default: sums_##isa(a, a->channels, sums);                                                          \
        }                                                                                                   \
        turn_back(sums, n, rows, pitch);                                                                    \
        for (size_t l = 0; l < a->lines; l++) narrow(a->dst[l], rows + l * pitch, a->type, n);              \
    }
ACROSS(avx2, AVX2, 3)
ACROSS(avx512, AVX512, 4)

#endif
