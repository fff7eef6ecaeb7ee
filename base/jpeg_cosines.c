// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See jpeg_count.h. Colours and cosines to the bit as libjpeg has them by default, or drawings, whose cosines lie on the edge between two steps, would be counted wrong: ITU-R BT.601 in 16 bits, and the
// transform of Loeffler, Ligtenberg and Moschytz (Practical fast 1-D DCT algorithms with 11 multiplications, 1989) in 13.
#include "jpeg_count.h"

#include "cpu.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

// Natural order of each place of the zigzag (ITU-T T.81, figure A.6).
const uint8_t kal__jpeg_natural[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                       12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                       35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                       58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// ---- the transform ----------------------------------------------------------------------------------

#define BITS 13
#define FIXED(x) ((int32_t)((x) * (1 << BITS) + 0.5))

typedef int32_t lanes __attribute__((vector_size(32)));

KAL__INLINE lanes less_bits(lanes v, int n)
{
    return (v + (1 << (n - 1))) >> n;
}

// Of eight numbers, for eight of them side by side. The first time two bits more are kept than the second leaves.
KAL__INLINE void eight(lanes v[8], bool second)
{
    const int n = second ? BITS + 2 : BITS - 2;
    const lanes s0 = v[0] + v[7], s1 = v[1] + v[6], s2 = v[2] + v[5], s3 = v[3] + v[4];
    const lanes d0 = v[0] - v[7], d1 = v[1] - v[6], d2 = v[2] - v[5], d3 = v[3] - v[4];
    const lanes even = s0 + s3, odd = s1 + s2, e = s0 - s3, f = s1 - s2;
    v[0] = second ? less_bits(even + odd, 2) : (even + odd) * 4;
    v[4] = second ? less_bits(even - odd, 2) : (even - odd) * 4;
    const lanes both = (e + f) * FIXED(0.541196100);
    v[2] = less_bits(both + e * FIXED(0.765366865), n);
    v[6] = less_bits(both - f * FIXED(1.847759065), n);
    const lanes all = (d0 + d1 + d2 + d3) * FIXED(1.175875602);
    const lanes a = (d0 + d3) * -FIXED(0.899976223), b = (d1 + d2) * -FIXED(2.562915447);
    const lanes c = (d1 + d3) * -FIXED(1.961570560) + all, d = (d0 + d2) * -FIXED(0.390180644) + all;
    v[1] = less_bits(d0 * FIXED(1.501321110) + a + d, n);
    v[3] = less_bits(d1 * FIXED(3.072711026) + b + c, n);
    v[5] = less_bits(d2 * FIXED(2.053119869) + b + d, n);
    v[7] = less_bits(d3 * FIXED(0.298631336) + a + c, n);
}

#ifdef __clang__
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PICK(a, b, ...) __builtin_shuffle(a, b, (lanes){__VA_ARGS__})
#endif
#define LOW1 0, 8, 2, 10, 4, 12, 6, 14
#define HIGH1 1, 9, 3, 11, 5, 13, 7, 15
#define LOW2 0, 1, 8, 9, 4, 5, 12, 13
#define HIGH2 2, 3, 10, 11, 6, 7, 14, 15
#define LOW4 0, 1, 2, 3, 8, 9, 10, 11
#define HIGH4 4, 5, 6, 7, 12, 13, 14, 15

// Rows become columns: numbers, pairs and fours change places.
KAL__INLINE void turn(lanes v[8])
{
    lanes a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = PICK(v[i], v[i + 1], LOW1);
        a[i + 1] = PICK(v[i], v[i + 1], HIGH1);
    }
    for (int i = 0; i < 8; i++) {
        const int k = (i & 4) + (i & 1);   // and the pair beyond
        b[i] = i & 2 ? PICK(a[k], a[k + 2], HIGH2) : PICK(a[k], a[k + 2], LOW2);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = PICK(b[i], b[i + 4], LOW4);
        v[i + 4] = PICK(b[i], b[i + 4], HIGH4);
    }
}

KAL__INLINE void transform(lanes v[8], kal__jpeg_block *restrict out)
{
    int32_t all[64];
    turn(v);
    eight(v, false);
    turn(v);
    eight(v, true);
    memcpy(all, v, sizeof all);
    out->mean = (int16_t)all[0];
    all[0] = 0;
    for (int k = 0; k < 64; k++) all[k] = all[k] < 0 ? -all[k] : all[k];
    for (int k = 0; k < 64; k++) out->at[k] = (uint16_t)all[kal__jpeg_natural[k]];
    for (int part = 0; part < 4; part++) {
        uint16_t most = 0;
        for (int k = 0; k < 16; k++) most = out->at[part * 16 + k] > most ? out->at[part * 16 + k] : most;
        out->most[part] = most;
    }
}

// ---- an MCU -----------------------------------------------------------------------------------------

#define SIDE 16   // at most

// A row of its samples.
KAL__INLINE void samples_of(const unsigned char *px, size_t pixel, const size_t at[3], int side,
                            int32_t p[3][SIDE * SIDE], int y)
{
    for (int x = 0; x < side; x++)
        for (int c = 0; c < 3; c++) p[c][y * SIDE + x] = px[(size_t)x * pixel + at[c]];
}

// Beyond the picture its last pixels go on.
KAL__INLINE void samples_at_edge(const kal__jpeg_view *v, const unsigned char *line, int32_t x0, int side,
                                 int32_t p[3][SIDE * SIDE], int y)
{
    const size_t at[3] = {v->red, v->green, v->blue};
    for (int x = 0; x < side; x++) {
        const int32_t column = x0 + x < v->width ? x0 + x : v->width - 1;
        for (int c = 0; c < 3; c++) p[c][y * SIDE + x] = line[(size_t)column * v->pixel + at[c]];
    }
}

KAL__INLINE void take_samples(const kal__jpeg_view *v, int32_t x0, int32_t y0, int side,
                              int32_t p[3][SIDE * SIDE])
{
    const size_t rgb[3] = {0, 1, 2}, at[3] = {v->red, v->green, v->blue};
    const bool is_rgb = v->pixel == 3 && v->green == 1;
    for (int y = 0; y < side; y++) {
        const int32_t row = y0 + y < v->height ? y0 + y : v->height - 1;
        const unsigned char *line = v->data + (size_t)row * v->stride;
        if (x0 + side > v->width)
            samples_at_edge(v, line, x0, side, p, y);
        else if (is_rgb && side == SIDE)   // the usual: known to the compiler
            samples_of(line + (size_t)x0 * 3, 3, rgb, SIDE, p, y);
        else
            samples_of(line + (size_t)x0 * v->pixel, v->pixel, at, side, p, y);
    }
}

// Red, green and blue become luma and chroma, less 128.
KAL__INLINE void to_luma(int32_t p[3][SIDE * SIDE], int side)
{
    const int32_t half = 1 << 15, offset = half - 1;
    for (int y = 0; y < side; y++)
        for (int i = y * SIDE; i < y * SIDE + side; i++) {
            const int32_t r = p[0][i], g = p[1][i], b = p[2][i];
            p[0][i] = ((19595 * r + 38470 * g + 7471 * b + half) >> 16) - 128;
            p[1][i] = (half * b - 11059 * r - 21709 * g + offset) >> 16;
            p[2][i] = (half * r - 27439 * g - 5329 * b + offset) >> 16;
        }
}

KAL__INLINE void block_at(const int32_t p[SIDE * SIDE], int x, int y, kal__jpeg_block *out)
{
    lanes rows[8];
    for (int i = 0; i < 8; i++) memcpy(&rows[i], p + (y + i) * SIDE + x, sizeof rows[i]);
    transform(rows, out);
}

// Sums of four, rounded down and up in turn.
KAL__INLINE void halved_block(const int32_t p[SIDE * SIDE], kal__jpeg_block *out)
{
    lanes rows[8];
    for (int y = 0; y < 8; y++) {
        const int32_t *q = p + 2 * y * SIDE;
        int32_t sums[8];
        for (int x = 0; x < 8; x++)
            sums[x] = (q[2 * x] + q[2 * x + 1] + q[SIDE + 2 * x] + q[SIDE + 2 * x + 1] + 1 + (x & 1)) >> 2;
        memcpy(&rows[y], sums, sizeof sums);
    }
    transform(rows, out);
}

KAL__INLINE void fill_body(const kal__jpeg_view *v, int32_t y, kal__jpeg_row *r)
{
    const int32_t side = r->tall * 8;
    for (int32_t x = 0; x < r->across[1]; x++) {
        int32_t p[3][SIDE * SIDE];
        take_samples(v, x * side, y * side, side, p);
        to_luma(p, side == SIDE ? SIDE : SIDE / 2);
        for (int i = 0; i < r->tall * r->tall; i++) {
            const int down = i / r->tall, right = i % r->tall;
            const size_t at = (size_t)down * (size_t)r->across[0] + (size_t)(x * r->tall + right);
            block_at(p[0], right * 8, down * 8, &r->blocks[0][at]);
        }
        for (int c = 1; c < 3 && !v->gray; c++)
            if (v->halved)
                halved_block(p[c], &r->blocks[c][x]);
            else
                block_at(p[c], 0, 0, &r->blocks[c][x]);
    }
}
KAL__VARIANTS(fill, (const kal__jpeg_view *v, int32_t y, kal__jpeg_row *r), (v, y, r))

void kal__jpeg_row_fill(const kal__jpeg_view *v, int32_t y, kal__jpeg_row *r)
{
    fill(v, y, r);
}

int32_t kal__jpeg_side(const kal__jpeg_view *v)
{
    return v->halved ? SIDE : SIDE / 2;
}

bool kal__jpeg_row_open(const kal__jpeg_view *v, kal__jpeg_row *r)
{
    const int32_t side = kal__jpeg_side(v), by = side / 8;
    *r = (kal__jpeg_row){.across = {(v->width + side - 1) / side * by, (v->width + side - 1) / side},
                         .tall = by};
    const size_t luma = (size_t)r->across[0] * (size_t)by, chroma = (size_t)r->across[1];
    r->blocks[0] = kal__new(luma + (v->gray ? 0 : 2 * chroma), sizeof *r->blocks[0]);
    if (!r->blocks[0]) return false;
    r->blocks[1] = r->blocks[0] + luma;
    r->blocks[2] = r->blocks[1] + (v->gray ? 0 : chroma);
    return true;
}

void kal__jpeg_row_close(kal__jpeg_row *r)
{
    free(r->blocks[0]);
}
