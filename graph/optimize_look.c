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

#define LEAST_SIDE 16
#define ROWS 12        // of MCUs that are looked at, at least
#define ENOUGH 192    // MCUs
#define FEWEST 0.02   // bits a pixel: what has fewer is alike

// JPEGs of which qualities, and of which the share of chroma; and what photographs have in the mean: log2 of bits a pixel, and of chroma's beside luma's.
static const int qualities[KAL__QUALITY_LOOKS - 1] = {8, 20, 40, 60, 75, 88, 96};
#define SHARE_AT 3
static const double mean_of[KAL__QUALITY_LOOKS] = {-3.3, -2.5, -1.8, -1.4, -1.0, -0.3, 0.7, -1.7};

static double share(double part, double whole)
{
    return kal__log2((part + FEWEST) / (whole + FEWEST));
}

kal_status kal__look(kal__search *s, const kal_node *n, kal_error *err)
{
    kal__jpeg_size sizes[KAL__QUALITY_LOOKS - 1];
    kal__jpeg_view v;
    double *look = s->look;
    memset(look, 0, sizeof s->look);
    s->seen = kal__jpeg_view_of(n, &v) && v.width >= LEAST_SIDE && v.height >= LEAST_SIDE;
    if (!s->seen) return KAL_OK;
    v.halved = true;
    const int64_t down = v.height / kal__jpeg_side(&v), all = down * (v.width / kal__jpeg_side(&v));
    const int64_t every = down / ROWS < all / ENOUGH ? down / ROWS : all / ENOUGH;
    const kal__jpeg_how how = kal__count_how(s, every < 1 ? 1 : (int32_t)every);
    const kal_status st = kal__jpeg_count(&v, &how, qualities, KAL__QUALITY_LOOKS - 1, sizes, err);
    if (st) return st;
    const double pixels = (double)v.width * v.height;
    for (int k = 0; k < KAL__QUALITY_LOOKS - 1; k++)
        look[k] = share((sizes[k].luma + sizes[k].chroma) / pixels, 1 - FEWEST) - mean_of[k];
    const kal__jpeg_size *of = &sizes[SHARE_AT];
    look[KAL__QUALITY_LOOKS - 1] =
        share(of->chroma / pixels, of->luma / pixels) - mean_of[KAL__QUALITY_LOOKS - 1];
    return KAL_OK;
}
