// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Luma and chroma to red, green and blue as libheif 1.15 does it, in vectors: every sample of chroma stands for the pixels it covers, and
//
//     R = Y' + r Cr'      G = Y' + g Cb' + h Cr'      B = Y' + b Cb'      rounded half up, clipped
//
// in floats, each product and each sum rounded in this order. Y' is Y, Cb' and Cr' are less the half; in the limited range Y' is
// (Y − 16 · 2^(bits−8)) · 1.1689 and chroma is stretched by 1.1429. Floats that are never fused are the same on every instruction set,
// and the same as libheif's where that was built without fusing (x86-64); elsewhere single samples may differ by 1.
#include "heif.h"

#include "cpu.h"

#include <string.h>

#if KAL__HEIF

bool kal__heif_matrix(int matrix, float out[4])
{
    static const struct {
        int matrix;
        float r, b;   // the weights of red and blue in luma; 0: not said, libheif's own
    } known[] = {{1, 0.2126f, 0.0722f}, {2, 0, 0},           {4, 0.30f, 0.11f},     {5, 0.299f, 0.114f},
                 {6, 0.299f, 0.114f},   {7, 0.212f, 0.087f}, {9, 0.2627f, 0.0593f}, {10, 0.2627f, 0.0593f}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].matrix != matrix) continue;
        const float r = known[i].r, b = known[i].b, rest = b + r - 1;
        const float made[4] = {2 * (-r + 1), 2 * b * (-b + 1) / rest, 2 * r * (-r + 1) / rest, 2 * (-b + 1)},
                    own[4] = {1.402f, -0.344136f, -0.714136f, 1.772f};
        memcpy(out, r > 0 ? made : own, sizeof made);
        return true;
    }
    return false;
}

enum { SOME = 512 };   // pixels whose chroma lies in L1

typedef struct shares {
    float r[SOME], g[SOME], h[SOME], b[SOME];   // what chroma adds to the luma of a pixel
} shares;

#define CHROMA(at, i)                                               \
    {                                                               \
        const float u = (float)((int32_t)cb[i] - half) * p->chroma, \
                    v = (float)((int32_t)cr[i] - half) * p->chroma; \
        s->r[at] = p->matrix[0] * v, s->g[at] = p->matrix[1] * u;   \
        s->h[at] = p->matrix[2] * v, s->b[at] = p->matrix[3] * u;   \
    }
#define CLIPPED(T, v) ((T)(int32_t)((v) + 0.5f < 0 ? 0 : (v) + 0.5f > max ? max : (v) + 0.5f))

#define ROW(T)                                                                                            \
    KAL__INLINE void row_##T##_body(const kal__ycc *p, shares *restrict s, const T *restrict luma,        \
                                    const T *restrict cb, const T *restrict cr, T *restrict r,            \
                                    T *restrict g, T *restrict b, int n)                                  \
    {                                                                                                     \
        const int32_t half = 1 << (p->bits - 1);                                                          \
        const float max = (float)((1 << p->bits) - 1), black = p->black, stretch = p->luma;               \
        if (p->across)                                                                                    \
            for (int i = 0; i < (n + 1) / 2; i++) {                                                       \
                CHROMA(2 * i, i)                                                                          \
                CHROMA(2 * i + 1, i)                                                                      \
            }                                                                                             \
        else                                                                                              \
            for (int i = 0; i < n; i++) CHROMA(i, i)                                                      \
        for (int i = 0; i < n; i++) {                                                                     \
            const float y = ((float)luma[i] - black) * stretch;                                           \
            const float red = y + s->r[i], green = y + s->g[i] + s->h[i], blue = y + s->b[i];             \
            r[i] = CLIPPED(T, red);                                                                       \
            g[i] = CLIPPED(T, green);                                                                     \
            b[i] = CLIPPED(T, blue);                                                                      \
        }                                                                                                 \
    }                                                                                                     \
    KAL__VARIANTS(                                                                                        \
        row_##T,                                                                                          \
        (const kal__ycc *p, shares *s, const T *luma, const T *cb, const T *cr, T *r, T *g, T *b, int n), \
        (p, s, luma, cb, cr, r, g, b, n))
ROW(uint8_t)
ROW(uint16_t)

void kal__heif_rgb_row(const kal__ycc *p, int y, int width, unsigned char *const to[3])
{
    shares s;
    const unsigned char *from[3];
    for (int c = 0; c < 3; c++) from[c] = p->plane[c] + (ptrdiff_t)(c ? y >> p->down : y) * p->pitch[c];
    for (int x = 0; x < width; x += SOME) {
        const int n = width - x < SOME ? width - x : SOME, cx = x >> p->across;
        if (p->bits == 8)
            row_uint8_t(p, &s, from[0] + x, from[1] + cx, from[2] + cx, to[0] + x, to[1] + x, to[2] + x, n);
        else {
            const uint16_t *luma = (const void *)from[0], *cb = (const void *)from[1],
                           *cr = (const void *)from[2];
            uint16_t *r = (void *)to[0], *g = (void *)to[1], *b = (void *)to[2];
            row_uint16_t(p, &s, luma + x, cb + cx, cr + cx, r + x, g + x, b + x, n);
        }
    }
}

KAL__INLINE void join_body(unsigned char *restrict dst, const unsigned char *restrict r,
                           const unsigned char *restrict g, const unsigned char *restrict b, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[3 * i] = r[i], dst[3 * i + 1] = g[i], dst[3 * i + 2] = b[i];
}
KAL__VARIANTS(join,
              (unsigned char *dst, const unsigned char *r, const unsigned char *g, const unsigned char *b,
               size_t n),
              (dst, r, g, b, n))

void kal__heif_join(unsigned char *dst, const unsigned char *const plane[3], size_t n)
{
    join(dst, plane[0], plane[1], plane[2], n);
}

#endif
