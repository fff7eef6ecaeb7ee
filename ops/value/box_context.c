// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// box_context: boxes with a margin around them, inside the picture; each axis by itself, in doubles, not rounded:
//
//     a = x0 − m,  b = x1 + m        m = by, or by · (x1 − x0)
//     shift    moved until it is inside, as long as before; all of the picture's side when it is longer than that
//     clip     max(a, 0), min(b, side); a box that lies outside is dropped
#include "box.h"

enum { SHIFT, CLIP };

static void side_within(double *a, double *b, double margin, double side, int32_t beyond)
{
    *a -= margin;
    *b += margin;
    if (beyond == SHIFT && *a < 0) *b -= *a, *a = 0;
    if (beyond == SHIFT && *b > side) *a -= *b - side, *b = side;
    *a = kal__most(*a, 0);
    *b = kal__least(*b, side);
}

static kal__box with_context(const kal_box_context_p *p, kal__box b)
{
    enum { FRACTION };
    const bool own = p->unit == FRACTION;
    side_within(&b.x0, &b.x1, own ? p->x * (b.x1 - b.x0) : p->x, p->width, p->beyond);
    side_within(&b.y0, &b.y1, own ? p->y * (b.y1 - b.y0) : p->y, p->height, p->beyond);
    return b;
}

static kal_status box_context_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    kal_box_context_p *p = params;
    kal__settle_second(p->x, &p->y);
    return kal__check_boxes("box_context", "boxes", p->boxes, err);
}

static kal_status box_context_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_box_context_p *p = c->params;
    const int32_t n = kal__n_boxes(p->boxes);
    kal__box *to = kal__new_boxes(out, n);
    if (!to) return KAL_NOMEM;
    out->rows = 0;
    for (int32_t i = 0; i < n; i++) {
        const kal__box b = with_context(p, kal__boxes_of(p->boxes)[i]);
        if (!kal__box_empty(b)) to[out->rows++] = b;
    }
    return KAL_OK;
}

#define PARAMS kal_box_context_p
static const kal_param box_context_params[] = {KAL_BOX_CONTEXT_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_context, BOXES,
    "Boxes with some of what is around them, inside the picture\nA margin on every side, as box_pad "
    "adds it. Near an edge the box is moved inwards and keeps its size,\nor is cut off there.",
    "[10 20 50 50] 0.25 width=60 height=60", "[10 20 50 50 0 0 3 3] 8 unit=pixel width=60 height=60",
    "[10 20 50 50 70 0 80 9] x=0.5 y=0 width=60 height=60 beyond=clip");
