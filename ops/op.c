// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See op.h.
#include "op.h"

kal_status kal__check_per_channel(const char *op, const char *name, kal_list l, const kal_extent *e,
                                  bool alpha, kal_error *err)
{
    const int32_t n = kal__colours(e);
    if (l.n <= 1 || l.n == n || (alpha && e->alpha && l.n == n + 1)) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %s has %d values; the image has %d colour channel%s: give 1 or %d",
                    op, name, l.n, n, n == 1 ? "" : "s", n);
}

kal_status kal__check_range(const char *op, const char *name, kal_list l, kal_type type, kal_error *err)
{
    const double most = kal_type_max(type);
    for (int32_t i = 0; i < l.n && type != KAL_F32; i++)
        if (l.v[i] < 0 || l.v[i] > most)
            return kal_fail(err, KAL_INVALID, "%s: %s=%g is outside 0..%.0f, which %s samples hold", op, name,
                            l.v[i], most, kal_type_name(type));
    return KAL_OK;
}

kal_status kal__check_color(const char *op, const char *name, kal_list l, const kal_extent *e, bool alpha,
                            kal_error *err)
{
    const kal_status st = kal__check_per_channel(op, name, l, e, alpha, err);
    return st ? st : kal__check_range(op, name, l, e->type, err);
}

void kal__colour_pixel(kal_list colour, const kal_extent *e, bool clear, void *pixel)
{
    const int32_t n = kal__colours(e);
    for (int32_t c = 0; c < n; c++) kal__set(pixel, e->type, (size_t)c, kal__per_channel(colour, c, 0));
    if (!e->alpha) return;
    const double opaque = clear && colour.n == 0 ? 0 : kal_type_max(e->type);
    kal__set(pixel, e->type, (size_t)n, colour.n == n + 1 && colour.n > 1 ? colour.v[n] : opaque);
}

kal_status kal__refuse_type(const char *op, const kal_extent *e, const char *advice, kal_error *err)
{
    return kal_fail(err, KAL_INVALID, "%s: %s samples %s", op, kal_type_name(e->type), advice);
}

kal_status kal__check_type(const char *op, const kal_extent *e, kal_error *err)
{
    if (e->type != KAL_U32) return KAL_OK;
    return kal__refuse_type(op, e, "are labels and cannot be computed with; cast type=f32 first", err);
}

kal_status kal__same_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)err;
    *out = c->in[0]->extent;
    return KAL_OK;
}
