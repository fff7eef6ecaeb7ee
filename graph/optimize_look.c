// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See optimize_search.h. A picture is looked through before it is searched: what it is like says where to begin.
#include "optimize_search.h"

#include "fmath.h"
#include "load.h"

#include <stdlib.h>
#include <string.h>

int kal__count_colours(const kal_node *n)
{
    enum { SLOTS = 1024 };
    uint32_t found[SLOTS], last = 0;
    bool there[SLOTS] = {false};
    const kal_extent *e = &n->call.extent;
    const size_t pixels = (size_t)e->width * (size_t)e->height, pixel = kal_pixel_size(e);
    int count = 0;
    if (n->kind != KAL__PIXELS || e->type != KAL_U8 || pixel > sizeof *found) return 0;
    const unsigned char *p = n->u.pixels.slab->data;
    for (size_t i = 0; i < pixels; i++, p += pixel) {
        uint32_t v = 0;
        memcpy(&v, p, pixel);
        if (i && v == last) continue;
        last = v;
        uint32_t slot = (v * 2654435761u) >> 22;
        while (there[slot] && found[slot] != v) slot = (slot + 1) % SLOTS;
        if (!there[slot] && ++count > 256) return 0;
        there[slot] = true;
        found[slot] = v;
    }
    return count;
}

// ---- a sample -----------------------------------------------------------------------------------

#define BANDS 8
#define BAND_ROWS 64

kal_node *kal__sample_rows(kal_node *n)
{
    kal_extent e = n->call.extent;
    const int32_t height = e.height, rows = BANDS * BAND_ROWS;
    const size_t row = (size_t)e.width * kal_pixel_size(&e);
    if (n->kind != KAL__PIXELS || height < 2 * rows) return kal_node_ref(n);
    kal__slab *slab = kal__slab_new(row * (size_t)rows);
    kal_node *sample = NULL;
    const unsigned char *src = n->u.pixels.slab->data;
    for (int32_t i = 0; slab && i < BANDS; i++) {
        const int32_t from = (int32_t)((int64_t)(height - BAND_ROWS) * i / (BANDS - 1));
        memcpy((unsigned char *)slab->data + (size_t)i * BAND_ROWS * row, src + (size_t)from * row,
               BAND_ROWS * row);
    }
    e.height = rows;
    if (slab && kal__pixels_of(&e, slab, &sample, NULL)) sample = NULL;
    kal__slab_unref(&slab);
    return sample ? sample : kal_node_ref(n);
}

// ---- what files of it weigh -----------------------------------------------------------------------

#define SIDE 16         // of a square: four blocks of luma, and of both chromas one at half the resolution
#define MOST_ROWS 32    // of squares that are looked at, about
#define FEWEST 2.0e-4   // coefficients a pixel: fewer are as good as none

// At least so large, of an orthonormal transform of 8 x 8, times eight; and log2 of how many a pixel photographs have in the mean.
static const int large[KAL__QUALITY_LOOKS] = {4, 11, 32, 90, 256};
static const double mean_of[KAL__QUALITY_LOOKS] = {-0.6, -1.2, -2.2, -3.7, -6.0};

// Walsh and Hadamard's, of eight numbers `step` apart: as a cosine transform, but of sums alone.
static void walsh(int32_t *v, int step)
{
    for (int half = 4; half; half /= 2)
        for (int i = 0; i < 8; i++) {
            if (i & half) continue;
            int32_t *a = v + i * step, *b = v + (i + half) * step;
            const int32_t sum = *a + *b, less = *a - *b;
            *a = sum, *b = less;
        }
}

// How many of its coefficients, but the mean, are so large; `scale`: what its values are multiplied by.
static void count_block(int32_t v[64], int scale, uint64_t n[KAL__QUALITY_LOOKS])
{
    for (int i = 0; i < 8; i++) walsh(v + 8 * i, 1);
    for (int i = 0; i < 8; i++) walsh(v + i, 8);
    v[0] = 0;
    for (int k = 0; k < KAL__QUALITY_LOOKS; k++) {
        uint32_t many = 0;
        for (int i = 0; i < 64; i++) many += (v[i] < 0 ? -v[i] : v[i]) >= large[k] * scale;
        n[k] += many;
    }
}

// Luma and what blue and red have more, of 8 or 16 bits, gray or colour.
static void square_of(const kal_extent *e, const unsigned char *src, size_t stride, int32_t luma[4][64],
                      int32_t chroma[2][64])
{
    const int channels = e->channels, wide = e->type == KAL_U16;
    const int g = channels - e->alpha > 2 ? 1 : 0, b = 2 * g;
    memset(chroma, 0, 2 * sizeof *chroma);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const unsigned char *p = src + (size_t)y * stride +
                                     (size_t)x * (size_t)channels * (size_t)(wide + 1) +
                                     wide;   // the upper byte
            const int32_t l = (77 * p[0] + 150 * p[g << wide] + 29 * p[b << wide]) >> 8;
            const int half = (y / 2) * 8 + x / 2;
            luma[(y / 8) * 2 + x / 8][(y % 8) * 8 + x % 8] = l;
            chroma[0][half] += p[b << wide] - l;
            chroma[1][half] += p[0] - l;
        }
}

bool kal__look(const kal_node *n, double look[KAL__QUALITY_LOOKS])
{
    const kal_extent *e = &n->call.extent;
    const int32_t across = e->width / SIDE, down = e->height / SIDE;
    const int32_t step = down / MOST_ROWS < 1 ? 1 : down / MOST_ROWS;
    uint64_t many[KAL__QUALITY_LOOKS] = {0}, squares = 0;
    memset(look, 0, KAL__QUALITY_LOOKS * sizeof *look);
    if (n->kind != KAL__PIXELS || e->type == KAL_F32 || !across || !down) return false;
    const size_t pixel = kal_pixel_size(e), stride = (size_t)e->width * pixel;
    const unsigned char *src = n->u.pixels.slab->data;
    for (int32_t y = 0; y < down; y += step)
        for (int32_t x = 0; x < across; x++, squares++) {
            int32_t luma[4][64], chroma[2][64];
            square_of(e, src + ((size_t)y * stride + (size_t)x * pixel) * SIDE, stride, luma, chroma);
            for (int i = 0; i < 4; i++) count_block(luma[i], 1, many);
            for (int i = 0; i < 2; i++) count_block(chroma[i], 4, many);
        }
    for (int k = 0; k < KAL__QUALITY_LOOKS; k++)
        look[k] = kal__log2((double)many[k] / (double)(squares * SIDE * SIDE) + FEWEST) - mean_of[k];
    return true;
}
