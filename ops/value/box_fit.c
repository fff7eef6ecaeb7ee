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
// inside the picture. One that has no room there is refused, or, with beyond=clamp, becomes the largest of its kind that has: of the same
// aspect, or the largest multiples.
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
enum { REFUSE, CLAMP };

// The largest of the aspect that has room.
static void clamp_fit(double *w, double *h, double aspect, room r)
{
    if (r.width && *w > r.width) {
        *w = r.width;
        *h = kal__least(*h, kal__most(kal__rint(*w / aspect), 1));
    }
    if (r.height && *h > r.height) {
        *h = r.height;
        *w = kal__least(*w, kal__most(kal__rint(*h * aspect), 1));
    }
}

// What box_square and box_fit have in common.
typedef struct fitting {
    const char *op;
    kal_list boxes;
    double aspect;
    int32_t how, beyond;
    room room;
} fitting;

static kal_status one_fit(const fitting *f, int32_t i, kal__box *out, kal_error *err)
{
    const kal__box b = kal__box_round(kal__boxes_of(f->boxes)[i]);
    double w = kal__most(b.x1 - b.x0, 1), h = kal__most(b.y1 - b.y0, 1);
    const double wide = kal__rint(h * f->aspect), high = kal__rint(w / f->aspect);
    w = f->how == GROW ? kal__most(w, wide) : kal__most(kal__least(w, wide), 1);
    h = f->how == GROW ? kal__most(h, high) : kal__most(kal__least(h, high), 1);
    if (f->beyond == CLAMP) clamp_fit(&w, &h, f->aspect, f->room);
    return reshape(f->op, i, b, w, h, f->room, out, err);
}

static kal_status fit_all(const fitting *f, kal__box *to, kal_error *err)
{
    kal__box b;
    kal_status st = kal__check_boxes(f->op, "boxes", f->boxes, err);
    for (int32_t i = 0; i < kal__n_boxes(f->boxes) && !st; i++) st = one_fit(f, i, to ? &to[i] : &b, err);
    return st;
}

static fitting square_of(const kal_box_square_p *p)
{
    return (fitting){"box_square", p->boxes, 1, p->how, p->beyond, {p->width, p->height}};
}

static fitting fit_of(const kal_box_fit_p *p)
{
    return (fitting){"box_fit", p->boxes, p->aspect, p->how, p->beyond, {p->width, p->height}};
}

static kal_status box_square_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const fitting f = square_of(params);
    return fit_all(&f, NULL, err);
}

static kal_status box_square_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const fitting f = square_of(c->params);
    kal__box *to = kal__new_boxes(out, kal__n_boxes(f.boxes));
    return to ? fit_all(&f, to, err) : KAL_NOMEM;
}

#define PARAMS kal_box_square_p
static const kal_param box_square_params[] = {KAL_BOX_SQUARE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_square, BOXES,
    "Boxes made square about their middle\nWith a size the square is moved inside the picture; one that has "
    "no room there is an error, or with beyond=clamp made smaller.",
    "[10 20 50 50]", "[10 20 50 51] shrink", "[0 2 9 40 1 1 2 2] width=60 height=50",
    "[0 2 35 12] width=40 height=30 beyond=clamp");

static kal_status box_fit_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const fitting f = fit_of(params);
    return fit_all(&f, NULL, err);
}

static kal_status box_fit_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const fitting f = fit_of(c->params);
    kal__box *to = kal__new_boxes(out, kal__n_boxes(f.boxes));
    return to ? fit_all(&f, to, err) : KAL_NOMEM;
}

#define PARAMS kal_box_fit_p
static const kal_param box_fit_params[] = {KAL_BOX_FIT_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    box_fit, BOXES,
    "Boxes brought to an aspect about their middle\nWith a size they are moved inside the picture; one that "
    "has no room there is an error, or with beyond=clamp made smaller.",
    "[10 20 50 50] 1.5", "[10 20 50 50] aspect=1.7777777777777777 how=shrink",
    "[0 2 9 40 1 1 2 2] 0.5 width=60 height=50", "[0 2 35 12] 0.5 width=40 height=30 beyond=clamp");

// ---- box_snap -----------------------------------------------------------------------------------

static double snapped(double side, const kal_box_snap_p *p)
{
    enum { UP };
    const double m = p->multiple, parts = side / m;
    const double n = kal__most(p->round == UP ? kal__ceil(parts) : kal__floor(parts), 1);
    return kal__most(n, kal__ceil(p->least / m)) * m;
}

// At most the largest multiple that has room.
static double snapped_within(double side, int32_t limit, const kal_box_snap_p *p)
{
    const double s = snapped(side, p), most = limit - limit % p->multiple;
    return p->beyond == CLAMP && limit && most ? kal__least(s, most) : s;
}

static kal_status snap_all(const kal_box_snap_p *p, kal__box *to, kal_error *err)
{
    kal__box made;
    kal_status st = kal__check_boxes("box_snap", "boxes", p->boxes, err);
    for (int32_t i = 0; i < kal__n_boxes(p->boxes) && !st; i++) {
        const kal__box b = kal__box_round(kal__boxes_of(p->boxes)[i]);
        st = reshape("box_snap", i, b, snapped_within(b.x1 - b.x0, p->width, p),
                     snapped_within(b.y1 - b.y0, p->height, p), (room){p->width, p->height},
                     to ? &to[i] : &made, err);
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
    "with a size they are moved inside the picture, and one\nthat has no room there is an error, or with "
    "beyond=clamp made smaller.",
    "[10 20 50 50]", "[10 20 50 50 0 0 3 3] 8 least=20", "[10 20 50 50] 32 round=down",
    "[1 2 30 31] 8 width=40 height=33", "[1 2 30 31] 16 width=40 height=20 beyond=clamp");
