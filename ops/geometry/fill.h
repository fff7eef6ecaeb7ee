// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What lies around an image, for ops whose canvas is larger than it.
#ifndef KAL_OPS_FILL_H
#define KAL_OPS_FILL_H

#include "op.h"

/// Refuses a colour of the wrong length, and one that would make a mask something else.
static inline kal_status kal__check_fill(const char *op, kal_list color, const kal_extent *e, kal_error *err)
{
    const kal_status st = kal__check_color(op, "color", color, e, true, err);
    if (st) return st;
    if (e->model == KAL_MASK && color.n && color.v[0] != 0 && color.v[0] != 255)
        return kal_fail(err, KAL_INVALID, "%s: the colour around a mask is 0 or 255, not %g", op, color.v[0]);
    return KAL_OK;
}

/// What an op reads that looks at `r`, which may stick out of the image or lie beside it.
static inline kal_rect kal__need_around(const kal_extent *in, kal_rect r, kal_edge edge)
{
    return kal_rect_clip(kal_need_halo(in, r, 0, 0, 0, 0, edge), kal_rect_all(in));
}

/// n times the pixel of `size` bytes; n >= 1.
static inline void kal__fill_pixels(void *dst, const void *pixel, size_t size, size_t n)
{
    memcpy(dst, pixel, size);
    for (size_t done = size, part; done < n * size; done += part) {
        part = done < n * size - done ? done : n * size - done;
        memcpy((unsigned char *)dst + done, dst, part);
    }
}

/// How much of what is left over on an axis lies before the image: none, half of it (rounded down), or all.
static inline int32_t kal__gravity_start(int32_t left_over, int32_t gravity, bool vertical)
{
    static const signed char where[2][9] = {{0, 0, 1, 1, 1, 0, -1, -1, -1},
                                            {0, -1, -1, 0, 1, 1, 1, 0, -1}};   // by kal_gravity
    const int32_t at = where[vertical][gravity];
    return at < 0 ? 0 : at > 0 ? left_over : left_over / 2;
}

#endif
