// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// boxes: boxes from numbers, in a form and a unit that are said and never guessed, checked, and rounded to whole pixels:
//
//     edge = the number, or number · side when normalised; of x y w h the far edge is first x + w;  then halves to even
//
// box_numbers: the way back, not rounded. box_size: width and height of one box.
#include "box.h"

enum { XYXY, XYWH };

static kal__box from_form(kal__box b, int32_t form)
{
    if (form == XYWH) b.x1 += b.x0, b.y1 += b.y0;
    return b;
}

static kal_status refuse(int32_t i, kal__box b, const char *what, kal_error *err)
{
    return kal_fail(err, KAL_INVALID, "boxes: box %d (%g %g %g %g, as x0 y0 x1 y1) %s", i + 1, b.x0, b.y0,
                    b.x1, b.y1, what);
}

// ---- boxes --------------------------------------------------------------------------------------

static kal_status one_box(const kal_boxes_p *p, int32_t i, kal__box *out, kal_error *err)
{
    kal__box b = from_form(kal__boxes_of(p->boxes)[i], p->form);
    if (kal__box_empty(b)) return kal__check_box("boxes", i, b, err);
    if (b.x0 < 0 || b.y0 < 0) return refuse(i, b, "has a negative edge", err);
    if (p->unit == KAL__NORMALISED) {
        if (b.x1 > 1 || b.y1 > 1) return refuse(i, b, "reaches beyond 1 and is not normalised", err);
        b = (kal__box){b.x0 * p->width, b.y0 * p->height, b.x1 * p->width, b.y1 * p->height};
    }
    *out = kal__box_round(b);
    if (kal__box_empty(*out)) return refuse(i, b, "is empty once its edges are rounded", err);
    if ((p->width && out->x1 > p->width) || (p->height && out->y1 > p->height))
        return refuse(i, *out, "reaches beyond the picture", err);
    return KAL_OK;
}

static kal_status boxes_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_boxes_p *p = params;
    if (p->boxes.n % 4)
        return kal_fail(err, KAL_INVALID, "boxes: %d numbers are given; a box has four, %s", p->boxes.n,
                        p->form == XYXY ? "x0 y0 x1 y1" : "x y width height");
    kal_status st = kal__check_unit("boxes", p->unit, p->width, p->height, err);
    kal__box b;
    for (int32_t i = 0; i < kal__n_boxes(p->boxes) && !st; i++) st = one_box(p, i, &b, err);
    return st;
}

static kal_status boxes_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const kal_boxes_p *p = c->params;
    const int32_t n = kal__n_boxes(p->boxes);
    kal__box *to = kal__new_boxes(out, n);
    kal_status st = to ? KAL_OK : KAL_NOMEM;
    for (int32_t i = 0; i < n && !st; i++) st = one_box(p, i, &to[i], err);
    return st;
}

#define PARAMS kal_boxes_p
static const kal_param boxes_params[] = {KAL_BOXES_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    boxes, BOXES,
    "Boxes from numbers\nWhole pixels: every edge is rounded once, halves to even. Empty or negative boxes "
    "are refused, and with a\nsize those that reach beyond it; normalised ones need the size.",
    "[10 20 50 50]", "[10 20 40 30 0 0 1 1] form=xywh",
    "[0.5 0.25 1 0.75] unit=normalised width=256 height=128", "[0.29 0 0.5 1] xywh normalised 100 100",
    "[1 2 3 4] width=3 height=4");

// ---- box_numbers --------------------------------------------------------------------------------

static kal_status box_numbers_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_box_numbers_p *p = params;
    const kal_status st = kal__check_boxes("box_numbers", "boxes", p->boxes, err);
    return st ? st : kal__check_unit("box_numbers", p->unit, p->width, p->height, err);
}

static kal_status box_numbers_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_numbers_p *p = c->params;
    const int32_t n = kal__n_boxes(p->boxes);
    if (kal_value_make(out, KAL_VALUE_NUMBERS, n, 4)) return KAL_NOMEM;
    for (int32_t i = 0; i < n; i++) {
        kal__box b = kal__boxes_of(p->boxes)[i];
        if (p->form == XYWH) b.x1 -= b.x0, b.y1 -= b.y0;
        if (p->unit == KAL__NORMALISED)
            b = (kal__box){b.x0 / p->width, b.y0 / p->height, b.x1 / p->width, b.y1 / p->height};
        memcpy(out->v + 4 * (size_t)i, &b, sizeof b);
    }
    return KAL_OK;
}

#define PARAMS kal_box_numbers_p
static const kal_param box_numbers_params[] = {KAL_BOX_NUMBERS_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(box_numbers, NUMBERS,
               "Boxes as numbers, in a form and a unit\nWhat boxes reads; nothing is rounded.",
               "[10 20 50 50]", "[10 20 50 50 1 2 3 4] form=xywh",
               "[10 20 50 50] unit=normalised width=256 height=128");

// ---- box_size -----------------------------------------------------------------------------------

static kal_status box_size_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_box_size_p *p = params;
    const kal_status st = kal__check_boxes("box_size", "boxes", p->boxes, err);
    if (st || p->boxes.n == 4) return st;
    return kal_fail(err, KAL_INVALID,
                    "box_size: one box is needed, and there are %d; box_union or box_sort first",
                    kal__n_boxes(p->boxes));
}

static kal_status box_size_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal__box b = kal__box_round(*kal__boxes_of(((const kal_box_size_p *)c->params)->boxes));
    if (kal_value_make(out, KAL_VALUE_SIZE, 1, 2)) return KAL_NOMEM;
    out->v[0] = b.x1 - b.x0;
    out->v[1] = b.y1 - b.y0;
    return KAL_OK;
}

#define PARAMS kal_box_size_p
static const kal_param box_size_params[] = {KAL_BOX_SIZE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(box_size, SIZE,
               "Width and height of a box\nOf its rounded edges: the size that a crop by it has.",
               "[10 20 50 50]", "[1 2 3.5 9]");
