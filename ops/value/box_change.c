// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Boxes moved, scaled, grown, cut off, and carried to another resolution; each edge by itself, in doubles, not rounded:
//
//     box_shift      edge + by
//     box_scale      edge · factor;  about the centre c ± factor · (x1 − x0) / 2 with c = (x0 + x1) / 2
//     box_pad        x0 − m, x1 + m with m = by, or by · (x1 − x0)
//     box_clip       the part inside a rectangle; a box that lies outside of it is dropped
//     box_transfer   edge · to / from
#include "box.h"

// ---- box_shift ----------------------------------------------------------------------------------

static kal_status box_shift_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    return kal__check_boxes("box_shift", "boxes", ((const kal_box_shift_p *)params)->boxes, err);
}

static kal_status box_shift_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_shift_p *p = c->params;
    const kal__box *b = kal__boxes_of(p->boxes);
    const int32_t n = kal__n_boxes(p->boxes);
    kal__box *to = kal__new_boxes(out, n);
    for (int32_t i = 0; to && i < n; i++)
        to[i] = (kal__box){b[i].x0 + p->x, b[i].y0 + p->y, b[i].x1 + p->x, b[i].y1 + p->y};
    return to ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_box_shift_p
static const kal_param box_shift_params[] = {KAL_BOX_SHIFT_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(box_shift, BOXES, "Boxes moved by x, y", "[10 20 50 50] x=-3 y=4.5",
               "[10 20 50 50 1 2 3 4] 100 200");

// ---- box_scale ----------------------------------------------------------------------------------

enum { ORIGIN, CENTRE };

static kal_status box_scale_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    kal_box_scale_p *p = params;
    kal__settle_second(p->x, &p->y);
    return kal__check_boxes("box_scale", "boxes", p->boxes, err);
}

static void scale_side(double *from, double *to, double factor, bool centre)
{
    const double middle = (*from + *to) / 2, half = factor * (*to - *from) / 2;
    *from = centre ? middle - half : *from * factor;
    *to = centre ? middle + half : *to * factor;
}

static kal_status box_scale_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_scale_p *p = c->params;
    const int32_t n = kal__n_boxes(p->boxes);
    kal__box *to = kal__new_boxes(out, n);
    for (int32_t i = 0; to && i < n; i++) {
        to[i] = kal__boxes_of(p->boxes)[i];
        scale_side(&to[i].x0, &to[i].x1, p->x, p->about == CENTRE);
        scale_side(&to[i].y0, &to[i].y1, p->y, p->about == CENTRE);
    }
    return to ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_box_scale_p
static const kal_param box_scale_params[] = {KAL_BOX_SCALE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_scale, BOXES,
    "Boxes times a factor\nAbout the picture's corner, for a picture scaled by it; or about each box's own "
    "centre.",
    "[10 20 50 50] 0.5", "[10 20 50 50 1 2 3 4] x=2 y=3", "[10 20 50 50] 1.5 about=centre");

// ---- box_pad ------------------------------------------------------------------------------------

static kal__box padded(const kal_box_pad_p *p, kal__box b)
{
    enum { FRACTION };
    const bool own = p->unit == FRACTION;
    const double x = own ? p->x * (b.x1 - b.x0) : p->x, y = own ? p->y * (b.y1 - b.y0) : p->y;
    return (kal__box){b.x0 - x, b.y0 - y, b.x1 + x, b.y1 + y};
}

static kal_status box_pad_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    kal_box_pad_p *p = params;
    kal__settle_second(p->x, &p->y);
    kal_status st = kal__check_boxes("box_pad", "boxes", p->boxes, err);
    for (int32_t i = 0; i < kal__n_boxes(p->boxes) && !st; i++)
        st = kal__check_box("box_pad", i, padded(p, kal__boxes_of(p->boxes)[i]), err);
    return st;
}

static kal_status box_pad_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_pad_p *p = c->params;
    const int32_t n = kal__n_boxes(p->boxes);
    kal__box *to = kal__new_boxes(out, n);
    for (int32_t i = 0; to && i < n; i++) to[i] = padded(p, kal__boxes_of(p->boxes)[i]);
    return to ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_box_pad_p
static const kal_param box_pad_params[] = {KAL_BOX_PAD_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_pad, BOXES,
    "Boxes grown on every side\nBy a part of their own width and height, or by pixels; less than 0 shrinks.",
    "[10 20 50 50] 0.1", "[10 20 50 50 1 2 3 4] x=3 y=0 unit=pixel", "[10 20 50 50] -0.25");

// ---- box_clip -----------------------------------------------------------------------------------

static kal_status box_clip_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    return kal__check_boxes("box_clip", "boxes", ((const kal_box_clip_p *)params)->boxes, err);
}

static kal_status box_clip_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_clip_p *p = c->params;
    const kal__box inside = {p->x, p->y, (double)p->x + p->width, (double)p->y + p->height};
    const int32_t n = kal__n_boxes(p->boxes);
    kal__box *to = kal__new_boxes(out, n);
    if (!to) return KAL_NOMEM;
    out->rows = 0;
    for (int32_t i = 0; i < n; i++) {
        const kal__box b = kal__box_common(kal__boxes_of(p->boxes)[i], inside);
        if (!kal__box_empty(b)) to[out->rows++] = b;
    }
    return KAL_OK;
}

#define PARAMS kal_box_clip_p
static const kal_param box_clip_params[] = {KAL_BOX_CLIP_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(box_clip, BOXES,
               "The part of each box inside a picture, or inside another box\n"
               "A box that lies outside is dropped. size=(size photo) or box=(…) computes the limits.",
               "[-5 2 12 20 30 30 40 40] width=10 height=15", "[1 1 9 9] 4 4 3 2");

// ---- box_transfer -------------------------------------------------------------------------------

static kal_status box_transfer_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_box_transfer_p *p = params;
    kal_status st = kal__check_boxes("box_transfer", "boxes", p->boxes, err);
    if (!st) st = kal__check_size("box_transfer", "from", p->from, err);
    return st ? st : kal__check_size("box_transfer", "to", p->to, err);
}

static kal_status box_transfer_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_transfer_p *p = c->params;
    const double *from = p->from.v, *to = p->to.v;
    const int32_t n = kal__n_boxes(p->boxes);
    kal__box *made = kal__new_boxes(out, n);
    for (int32_t i = 0; made && i < n; i++) {
        const kal__box b = kal__boxes_of(p->boxes)[i];
        made[i] = (kal__box){b.x0 * to[0] / from[0], b.y0 * to[1] / from[1], b.x1 * to[0] / from[0],
                             b.y1 * to[1] / from[1]};
    }
    return made ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_box_transfer_p
static const kal_param box_transfer_params[] = {KAL_BOX_TRANSFER_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_transfer, BOXES,
    "Boxes of a picture of one size, on the same picture in another\nThe sizes are [width height], or "
    "computed: from=(size small) to=(size photo).",
    "[10 10 20 20] from=[100 100] to=[200 200]", "[10 10 20 20 0 0 7 9] [30 40] [100 200]");
