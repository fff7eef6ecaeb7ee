// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Boxes brought to a shape: square, of an aspect, with sides that are multiples. Whole pixels: edges are rounded first, halves to even;
// then w×h becomes
//
//     box_square, box_fit   grow: max(w, round(h·aspect)) × max(h, round(w/aspect)); shrink: the same with min, at least 1
//     box_snap              each side to a multiple, up or down, at least one multiple and at least `least`
//
// about the middle: an odd pixel is added at the right or the bottom, and taken at the left or the top. With a size, the box is then moved
// inside the picture.
#include "box.h"

typedef struct room {
    int32_t width, height;   // 0: without limit
} room;

static kal_status outside(const char *op, int32_t i, double w, double h, room r, kal_error *err)
{
    return kal_fail(err, KAL_INVALID, "%s: box %d would be %g×%g, and the picture is %d×%d", op, i + 1, w, h,
                    r.width, r.height);
}

// A side of the box becomes `size` long.
static void place(double *from, double *to, double size, int32_t limit)
{
    *from -= kal__floor((size - (*to - *from)) / 2);
    if (limit) *from = kal__clamp(*from, 0, limit - size);
    *to = *from + size;
}

static kal_status reshape(const char *op, int32_t i, kal__box b, double w, double h, room r, kal__box *out,
                          kal_error *err)
{
    if ((r.width && w > r.width) || (r.height && h > r.height)) return outside(op, i, w, h, r, err);
    place(&b.x0, &b.x1, w, r.width);
    place(&b.y0, &b.y1, h, r.height);
    *out = b;
    return KAL_OK;
}

// ---- box_square, box_fit ------------------------------------------------------------------------

enum { GROW, SHRINK };

static kal_status one_fit(const char *op, const kal_list *boxes, int32_t i, double aspect, int32_t how,
                          room r, kal__box *out, kal_error *err)
{
    const kal__box b = kal__box_round(kal__boxes_of(*boxes)[i]);
    const double w = kal__most(b.x1 - b.x0, 1), h = kal__most(b.y1 - b.y0, 1);
    const double wide = kal__rint(h * aspect), high = kal__rint(w / aspect);
    if (how == GROW) return reshape(op, i, b, kal__most(w, wide), kal__most(h, high), r, out, err);
    return reshape(op, i, b, kal__most(kal__least(w, wide), 1), kal__most(kal__least(h, high), 1), r, out,
                   err);
}

static kal_status fit_all(const char *op, const kal_list *boxes, double aspect, int32_t how, room r,
                          kal__box *to, kal_error *err)
{
    kal__box b;
    kal_status st = kal__check_boxes(op, "boxes", *boxes, err);
    for (int32_t i = 0; i < kal__n_boxes(*boxes) && !st; i++)
        st = one_fit(op, boxes, i, aspect, how, r, to ? &to[i] : &b, err);
    return st;
}

static kal_status box_square_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_box_square_p *p = params;
    return fit_all("box_square", &p->boxes, 1, p->how, (room){p->width, p->height}, NULL, err);
}

static kal_status box_square_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const kal_box_square_p *p = c->params;
    kal__box *to = kal__new_boxes(out, kal__n_boxes(p->boxes));
    return to ? fit_all("box_square", &p->boxes, 1, p->how, (room){p->width, p->height}, to, err) : KAL_NOMEM;
}

#define PARAMS kal_box_square_p
static const kal_param box_square_params[] = {KAL_BOX_SQUARE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_square, BOXES,
    "Boxes made square about their middle\nWith a size the square is moved inside the picture; one that has "
    "no room there is an error.",
    "[10 20 50 50]", "[10 20 50 51] shrink", "[0 2 9 40 1 1 2 2] width=60 height=50");

static kal_status box_fit_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_box_fit_p *p = params;
    return fit_all("box_fit", &p->boxes, p->aspect, p->how, (room){p->width, p->height}, NULL, err);
}

static kal_status box_fit_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const kal_box_fit_p *p = c->params;
    kal__box *to = kal__new_boxes(out, kal__n_boxes(p->boxes));
    return to ? fit_all("box_fit", &p->boxes, p->aspect, p->how, (room){p->width, p->height}, to, err)
              : KAL_NOMEM;
}

#define PARAMS kal_box_fit_p
static const kal_param box_fit_params[] = {KAL_BOX_FIT_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_fit, BOXES,
    "Boxes brought to an aspect about their middle\nWith a size they are moved inside the picture; one that "
    "has no room there is an error.",
    "[10 20 50 50] 1.5", "[10 20 50 50] aspect=1.7777777777777777 how=shrink",
    "[0 2 9 40 1 1 2 2] 0.5 width=60 height=50");

// ---- box_snap -----------------------------------------------------------------------------------

static double snapped(double side, const kal_box_snap_p *p)
{
    enum { UP };
    const double m = p->multiple, parts = side / m;
    const double n = kal__most(p->round == UP ? kal__ceil(parts) : kal__floor(parts), 1);
    return kal__most(n, kal__ceil(p->least / m)) * m;
}

static kal_status snap_all(const kal_box_snap_p *p, kal__box *to, kal_error *err)
{
    kal__box made;
    kal_status st = kal__check_boxes("box_snap", "boxes", p->boxes, err);
    for (int32_t i = 0; i < kal__n_boxes(p->boxes) && !st; i++) {
        const kal__box b = kal__box_round(kal__boxes_of(p->boxes)[i]);
        st = reshape("box_snap", i, b, snapped(b.x1 - b.x0, p), snapped(b.y1 - b.y0, p),
                     (room){p->width, p->height}, to ? &to[i] : &made, err);
    }
    return st;
}

static kal_status box_snap_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    return snap_all(params, NULL, err);
}

static kal_status box_snap_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const kal_box_snap_p *p = c->params;
    kal__box *to = kal__new_boxes(out, kal__n_boxes(p->boxes));
    return to ? snap_all(p, to, err) : KAL_NOMEM;
}

#define PARAMS kal_box_snap_p
static const kal_param box_snap_params[] = {KAL_BOX_SNAP_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_snap, BOXES,
    "Boxes whose width and height are multiples, as models want them\nGrown (or shrunk) about the middle; "
    "with a size they are moved inside the picture, and one\nthat has no room there is an error.",
    "[10 20 50 50]", "[10 20 50 50 0 0 3 3] 8 least=20", "[10 20 50 50] 32 round=down",
    "[1 2 30 31] 8 width=40 height=33");
