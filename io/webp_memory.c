// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What libwebp holds while it makes a file. Of a lossy one that is luma and chroma, and above all tokens of two bytes, which wait for their statistics: some 24
// times what the file will have, 1 to 8 bytes a pixel of photographs and 30 of noise. So that a plan need not count with noise, a picture that
// would have more than its share is coded without them (low_memory), in half as much time again: what its blocks say of it, before. By that the file
// hangs on the picture alone.
#include "webp.h"

#if KAL__WEBP

#include "fmath.h"

#include <stdlib.h>

#define EACH_CELL 16                // pixels of a plane: a block of 4 x 4 in each is looked at
#define FREE ((double)(16 << 20))   // bytes that tokens may have beyond their share
#define WORST 32.0                  // bytes a pixel that tokens of any picture have at most
#define MORE 2    // bytes a pixel that tokens may have beyond what blocks say: chroma of noise
#define QUICK 2   // up to this effort there are no tokens

// By quality: the quantiser's step (RFC 6386, of what is no mean) for orthonormal coefficients, and bytes a pixel that tokens may have.
static const struct knot {
    int quality;
    double step, tokens;
} knots[] = {{0, 142, 3},   {5, 62.5, 3},   {25, 32, 3}, {50, 21, 3.5}, {75, 15, 4.5},
             {80, 11.5, 5}, {90, 6.5, 7.5}, {95, 4, 10}, {100, 2, 14}};

static struct knot knot_at(int quality)
{
    const struct knot *b = knots + 1;
    while (b->quality < quality) b++;
    const struct knot *a = b - 1;
    const double part = (double)(quality - a->quality) / (b->quality - a->quality);
    return (struct knot){quality, a->step + part * (b->step - a->step),
                         a->tokens + part * (b->tokens - a->tokens)};
}

// Of tokens, by what blocks say.
static double room_of(double pixels, int quality)
{
    const double share = pixels * knot_at(quality).tokens + FREE;
    return share < pixels * WORST ? share : pixels * WORST;
}

size_t kal__webp_memory(const kal_extent *x, const kal__webp_p *p)
{
    const double pixels = (double)x->width * x->height;
    double each = 1.5 + MORE, tokens = 0;   // luma and chroma
    if (p->lossless)
        each = 36;   // measured of noise: 32 bits a pixel, what libwebp makes of them, and the file
    else if (x->alpha)
        each = 41;   // its alpha is a file that loses nothing; then there are tokens
    else
        tokens = room_of(pixels, p->quality);
    return (size_t)(pixels * each + tokens) + ((size_t)2 << 20);
}

size_t kal__webp_among(const kal_extent *x, const void *params)
{
    const kal__webp_p *p = params;
    const size_t pixels = (size_t)x->width * (size_t)x->height;
    const bool tokens =
        !p->lossless && !x->alpha;   // for here nobody looks, and 32 bits a pixel are there, too
    return pixels * (2 * sizeof(uint32_t) + (tokens ? sizeof(uint32_t) + (size_t)WORST : 0));
}

// ---- what blocks say ----------------------------------------------------------------------------

// The Hadamard transform of four values, `apart` from one another.
static void hadamard(int *v, int apart)
{
    const int a = v[0] + v[2 * apart], b = v[0] - v[2 * apart], c = v[apart] + v[3 * apart],
              d = v[apart] - v[3 * apart];
    v[0] = a + c, v[apart] = a - c, v[2 * apart] = b + d, v[3 * apart] = b - d;
}

// Bits of the coefficients of a block but its mean, in steps.
static double block_bits(const uint8_t *p, ptrdiff_t stride, double step)
{
    int v[16];
    for (int i = 0; i < 16; i++) v[i] = p[i / 4 * stride + i % 4];
    for (int i = 0; i < 4; i++) hadamard(v + 4 * i, 1);
    for (int i = 0; i < 4; i++) hadamard(v + i, 4);
    double product = 1;
    for (int i = 1; i < 16; i++) product *= 1 + abs(v[i]) / (4 * step);
    return kal__log2(product);
}

// The mean of a sample of a plane, which lies now here, now there in its cell, since pictures repeat themselves.
static double plane_bits(const uint8_t *p, ptrdiff_t stride, int32_t width, int32_t height, double step)
{
    double sum = 0;
    int64_t n = 0;
    for (int32_t y = 0; y + EACH_CELL <= height; y += EACH_CELL)
        for (int32_t x = 0; x + EACH_CELL <= width; x += EACH_CELL, n++)
            sum += block_bits(p + (y + n % 11) * stride + x + n % 13, stride, step);
    return n ? sum / 16 / (double)n : 0;
}

bool kal__webp_is_heavy(const WebPPicture *p, const kal__webp_p *params)
{
    const struct knot k = knot_at(params->quality);
    const int32_t width = p->width / 2, height = p->height / 2;
    const double pixels = (double)p->width * p->height, room = room_of(pixels, params->quality) / pixels;
    if (params->effort <= QUICK || room >= WORST) return false;
    const double luma = plane_bits(p->y, p->y_stride, p->width, p->height, k.step),
                 chroma = plane_bits(p->u, p->uv_stride, width, height, k.step) +
                          plane_bits(p->v, p->uv_stride, width, height, k.step);
    return 1 + 7.8 * (luma + chroma * 3 / 8) > room;
}

#endif
