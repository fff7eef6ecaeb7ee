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

// ---- detail -------------------------------------------------------------------------------------

#define ROWS 256   // that are looked at, about
#define ONE 65536.0

// Of 8 or 16 bits, gray or colour.
static void luma_of(const kal_extent *e, const unsigned char *src, unsigned char *dst)
{
    const int channels = e->channels, wide = e->type == KAL_U16;
    const int g = channels - e->alpha > 2 ? 1 : 0, b = 2 * g;
    for (int32_t x = 0; x < e->width; x++) {
        const unsigned char *p =
            src + (size_t)x * (size_t)channels * (size_t)(wide + 1) + wide;   // the upper byte
        dst[x] = (unsigned char)((77 * p[0] + 150 * p[g << wide] + 29 * p[b << wide]) >> 8);
    }
}

double kal__detail(const kal_node *n)
{
    const kal_extent *e = &n->call.extent;
    const size_t row = (size_t)e->width * kal_pixel_size(e);
    if (n->kind != KAL__PIXELS || e->type == KAL_F32 || e->height < 2 || e->width < 2) return -1;
    unsigned char *luma = kal__new((size_t)e->width, 2);
    if (!luma) return -1;
    uint32_t log_of[256];
    uint64_t across = 0, down = 0, pairs = 0;
    for (int d = 0; d < 256; d++) log_of[d] = (uint32_t)(kal__log2(1 + d) * ONE);
    const int32_t step = e->height / ROWS < 1 ? 1 : e->height / ROWS;
    for (int32_t y = 0; y + 1 < e->height; y += step, pairs++) {
        const unsigned char *src = (const unsigned char *)n->u.pixels.slab->data + (size_t)y * row;
        unsigned char *a = luma, *b = luma + e->width;
        luma_of(e, src, a);
        luma_of(e, src + row, b);
        for (int32_t x = 0; x < e->width; x++) {
            down += log_of[abs(a[x] - b[x])];
            across += x ? log_of[abs(a[x] - a[x - 1])] : 0;
        }
    }
    free(luma);
    return ((double)across / (double)(e->width - 1) + (double)down / e->width) / (double)pairs / 2 / ONE;
}
