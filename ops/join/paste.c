// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See paste.h.
#include "paste.h"

kal_status kal__check_paste(const char *op, const kal_call *c, kal_error *err)
{
    const kal_extent *a = &c->in[0]->extent, *b = &c->in[1]->extent;
    if (a->type != b->type)
        return kal_fail(err, KAL_INVALID, "%s: the image is %s and the base is %s; use cast", op,
                        kal_type_name(a->type), kal_type_name(b->type));
    if (a->channels != b->channels || a->alpha != b->alpha)
        return kal_fail(err, KAL_INVALID,
                        "%s: the image has %d channel%s%s and the base has %d%s; use to_rgb, gray or flatten",
                        op, a->channels, a->channels == 1 ? "" : "s", a->alpha ? " with alpha" : "",
                        b->channels, b->alpha ? " with alpha" : "");
    return KAL_OK;
}

kal_rect kal__paste_need(kal_rect place, kal_rect covered, int32_t i, kal_rect out)
{
    if (i == 0) return kal_rect_shift(kal_rect_clip(out, place), -place.x0, -place.y0);
    if (kal_rect_inside(out, covered)) return kal_rect_of(0, 0, 0, 0);
    return out;
}

void kal__paste_replace(const kal_job *j, kal_rect place)
{
    const kal_tile *out = j->out;
    const size_t pixel = (size_t)out->pixel;
    const kal_rect over = kal_rect_clip(out->rect, place);
    for (int32_t y = out->rect.y0; y < out->rect.y1; y++) {
        const bool hit = !kal_rect_empty(over) && y >= over.y0 && y < over.y1;
        unsigned char *dst = kal_row(out, y);
        const unsigned char *base = kal_row(&j->in[1], y);
        const size_t n = (size_t)kal_tile_width(out) * pixel;
        if (!hit) {
            memcpy(dst, base, n);
            continue;
        }
        const size_t a = (size_t)(over.x0 - out->rect.x0) * pixel,
                     b = (size_t)(over.x1 - out->rect.x0) * pixel;
        memcpy(dst, base, a);
        memcpy(dst + a, kal_at(&j->in[0], over.x0 - place.x0, y - place.y0), b - a);
        memcpy(dst + b, base + b, n - b);
    }
}
