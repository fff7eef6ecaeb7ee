// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See box.h.
#include "box.h"

kal_status kal__check_box(const char *op, int32_t i, kal__box b, kal_error *err)
{
    if (!kal__box_empty(b)) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: box %d is empty (%g %g %g %g); x0 < x1 and y0 < y1 are needed", op,
                    i + 1, b.x0, b.y0, b.x1, b.y1);
}

kal_status kal__check_boxes(const char *op, const char *name, kal_list l, kal_error *err)
{
    if (l.n % 4)
        return kal_fail(err, KAL_INVALID, "%s: %s has %d numbers; a box has four, x0 y0 x1 y1", op, name,
                        l.n);
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < kal__n_boxes(l) && !st; i++) st = kal__check_box(op, i, kal__boxes_of(l)[i], err);
    return st;
}

kal_status kal__check_points(const char *op, const char *name, kal_list l, kal_error *err)
{
    if (l.n % 2 == 0) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %s has %d numbers; a point has two, x y", op, name, l.n);
}

kal_status kal__check_size(const char *op, const char *name, kal_list l, kal_error *err)
{
    if (l.n == 2 && l.v[0] > 0 && l.v[1] > 0) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %s is not a size; give [width height], or (size photo)", op, name);
}

kal__box *kal__new_boxes(kal_value *out, int32_t n)
{
    return kal_value_make(out, KAL_VALUE_BOXES, n, 4) ? NULL : (kal__box *)(void *)out->v;
}

kal__point *kal__new_points(kal_value *out, int32_t n)
{
    return kal_value_make(out, KAL_VALUE_POINTS, n, 2) ? NULL : (kal__point *)(void *)out->v;
}

kal_status kal__check_unit(const char *op, int32_t unit, int32_t width, int32_t height, kal_error *err)
{
    if (unit == KAL__PIXEL || (width && height)) return KAL_OK;
    return kal_fail(err, KAL_INVALID,
                    "%s: unit=normalised needs the picture's width and height, or size=(size photo)", op);
}
