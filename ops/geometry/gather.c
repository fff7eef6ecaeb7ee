// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See gather.h.
#include "gather.h"

#include "kernels.h"
#include "sample.h"

// ---- spans --------------------------------------------------------------------------------------

static void span_nearest(const kal__gather *g, const kal__patch *p, void *dst, size_t n, const int64_t *x,
                         const int64_t *y)
{
    const size_t pixel = kal_pixel_size(&g->in);
    for (size_t i = 0; i < n; i++)
        memcpy((unsigned char *)dst + i * pixel, kal__whole_at(p->data, p->stride, pixel, x[i], y[i]), pixel);
}

static inline void gather_u8(uint8_t *dst, size_t n, const uint8_t *patch, ptrdiff_t stride, const int64_t *x,
                             const int64_t *y, size_t channels, bool alpha)
{
    for (size_t i = 0; i < n; i++, dst += channels)
        kal__bilinear_at(dst, patch, stride, x[i], y[i], channels, alpha);
}

#define GATHER(kind, channels, alpha)                                                              \
    void kal__gather_##kind##_u8_c(uint8_t *dst, size_t n, const uint8_t *patch, ptrdiff_t stride, \
                                   const int64_t *x, const int64_t *y)                             \
    {                                                                                              \
        gather_u8(dst, n, patch, stride, x, y, channels, alpha);                                   \
    }                                                                                              \
    static void span_##kind##_u8(const kal__gather *g, const kal__patch *p, void *dst, size_t n,   \
                                 const int64_t *x, const int64_t *y)                               \
    {                                                                                              \
        (void)g;                                                                                   \
        kal__kernels()->gather_##kind##_u8(dst, n, p->data, p->stride, x, y);                      \
    }
GATHER(gray, 1, false)
GATHER(rgb, 3, false)
GATHER(rgba, 4, true)

static void span_any_u8(const kal__gather *g, const kal__patch *p, void *dst, size_t n, const int64_t *x,
                        const int64_t *y)
{
    gather_u8(dst, n, p->data, p->stride, x, y, (size_t)g->in.channels, g->in.alpha);
}

static void span_wide(const kal__gather *g, const kal__patch *p, void *dst, size_t n, const int64_t *x,
                      const int64_t *y)
{
    const kal_extent *e = &g->in;
    const size_t channels = (size_t)e->channels, pixel = kal_pixel_size(e);
    for (size_t i = 0; i < n; i++)
        kal__wide_at((unsigned char *)dst + i * pixel, p->data, p->stride, x[i], y[i], g->before,
                     g->before + g->after + 1, e->type, channels, e->alpha);
}

// ---- patches ------------------------------------------------------------------------------------

void kal__gather_set(kal__gather *g, const kal_extent *in, int32_t kernel, kal_edge edge, kal_list color)
{
    kal__slant s = {0};
    kal__slant_set(&s, in, kernel);
    *g = (kal__gather){.in = *in, .edge = edge, .bias = s.x0, .before = s.before, .after = s.after};
    if (kernel == KAL__NEAREST)
        g->span = span_nearest;
    else if (!kal__slant_is_narrow(in, kernel))
        g->span = span_wide;
    else if (in->channels == 1)
        g->span = span_gray_u8;
    else if (in->channels == 3 && !in->alpha)
        g->span = span_rgb_u8;
    else
        g->span = in->channels == 4 && in->alpha ? span_rgba_u8 : span_any_u8;
    kal__colour_pixel(color, in, true, g->pixel);
}

kal_rect kal__gather_taps(const kal__gather *g, int64_t x0, int64_t y0, int64_t x1, int64_t y1)
{
    return kal_rect_of((int32_t)(x0 >> 32) - g->before, (int32_t)(y0 >> 32) - g->before,
                       (int32_t)(x1 >> 32) + g->after + 1, (int32_t)(y1 >> 32) + g->after + 1);
}

static size_t stride_of(int32_t width, size_t pixel)
{
    return ((size_t)width * pixel + 8 + 15) & ~(size_t)15;
}

bool kal__gather_fits(kal_rect taps, size_t pixel)
{
    const int64_t w = (int64_t)taps.x1 - taps.x0, h = (int64_t)taps.y1 - taps.y0;
    if (w > KAL__PATCH_STRIDE || h > KAL__PATCH_ROWS) return false;
    const size_t stride = stride_of((int32_t)w, pixel);
    return stride <= KAL__PATCH_STRIDE && stride * (size_t)h <= KAL__GATHER_ROOM;
}

void kal__gather_patch(const kal__gather *g, kal__patch *p, const kal_tile *in, kal_rect taps, void *room)
{
    const kal__patch_source from = {NULL, in, &g->in, g->edge, g->pixel};
    p->stride = (ptrdiff_t)stride_of(taps.x1 - taps.x0, (size_t)in->pixel);
    p->x0 = taps.x0;
    p->y0 = p->first = taps.y0;
    p->end = taps.y1;
    for (int32_t i = 0; i < taps.y1 - taps.y0; i++) p->columns[i].a = taps.x0, p->columns[i].b = taps.x1;
    kal__patch_copy(p, &from, room);
}
