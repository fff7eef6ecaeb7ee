// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// draw_boxes, draw_lines, draw_polygons, draw_circles, draw_points. Numbers are pixels, edges lie between them: pixel x covers x … x + 1.
//
//     draw_boxes      half open; edges rounded to whole pixels, halves to even, so nothing is soft. The frame is the outermost `width`
//                     pixels of the box, the fill what is left. A label stands on a plate of the frame's colour above the box, or inside where
//                     there is no room above, moved to the left as far as it sticks out
//     draw_lines      what is within width / 2 of the line
//     draw_polygons   the fill is what a ray leaves through an odd number of outlines (even-odd, all polygons together), the outlines, each
//                     within width / 2, upon it
//     draw_circles    the fill within the radius, the ring within width / 2 of it
//     draw_points     a mark around each point
//
// Soft edges are the share of the pixel that is covered; see drawing.h for its exactness. Round parts are chords within 1/512 pixel.
#include "letters.h"

#include <stdlib.h>

static kal_status check_rows(const kal_call *c, kal_list l, int32_t each, const char *what, kal_error *err)
{
    if (l.n % each == 0) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %d numbers; %s", c->op->name, l.n, what);
}

// ---- boxes --------------------------------------------------------------------------------------

// An empty box draws nothing; one that ends before it begins is most likely x y width height.
static kal_status check_boxes(const kal_call *c, kal_list l, kal_error *err)
{
    const kal_status st = check_rows(c, l, 4, "a box has 4: x0 y0 x1 y1", err);
    for (int32_t i = 0; i < l.n && !st; i += 4)
        if (l.v[i + 2] < l.v[i] || l.v[i + 3] < l.v[i + 1])
            return kal_fail(err, KAL_INVALID,
                            "draw_boxes: box %d ends before it begins (%g %g %g %g); x0 y0 x1 y1 are needed",
                            i / 4 + 1, l.v[i], l.v[i + 1], l.v[i + 2], l.v[i + 3]);
    return st;
}

static kal_status draw_boxes_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_draw_boxes_p *p = params;
    const int32_t labels = kal__letters_count(p->labels);
    kal_status st = check_boxes(c, p->boxes, err);
    p->font_size = kal__type_size(p->font, p->font_size);
    if (!st && labels > 1 && labels != p->boxes.n / 4)
        st = kal_fail(err, KAL_INVALID,
                      "draw_boxes: %d labels for %d boxes; give one for each, or one for all", labels,
                      p->boxes.n / 4);
    if (!st) st = kal__check_letters("draw_boxes", p->font, p->font_size, p->labels, err);
    if (!st) st = kal__draw_extent(c, p->color, p->fill, out, err);
    if (!st && p->colors.n % kal__colours(out))
        st = kal_fail(err, KAL_INVALID, "draw_boxes: colors has %d numbers; a colour of this image has %d",
                      p->colors.n, kal__colours(out));
    if (!st) st = kal__check_range("draw_boxes", "colors", p->colors, out->type, err);
    return st;
}

static kal_rect box_at(const kal_draw_boxes_p *p, int32_t i)
{
    const double *b = p->boxes.v + 4 * i;
    return kal_rect_of(kal__draw_pixel(b[0]), kal__draw_pixel(b[1]), kal__draw_pixel(b[2]),
                       kal__draw_pixel(b[3]));
}

// `ink` is the first of the box's colour.
static void draw_box(kal__drawing *d, const kal_draw_boxes_p *p, int32_t ink, kal_rect r)
{
    const kal_rect in = kal_rect_of(r.x0 + p->width, r.y0 + p->width, r.x1 - p->width, r.y1 - p->width);
    if (kal_rect_empty(r)) return;
    if (kal_rect_empty(in)) {
        kal__draw_rect(d, ink + KAL__OUTLINE, r);
        return;
    }
    kal__draw_rect(d, ink + KAL__OUTLINE, kal_rect_of(r.x0, r.y0, r.x1, in.y0));
    kal__draw_rect(d, ink + KAL__OUTLINE, kal_rect_of(r.x0, in.y0, in.x0, in.y1));
    kal__draw_rect(d, ink + KAL__OUTLINE, kal_rect_of(in.x1, in.y0, r.x1, in.y1));
    kal__draw_rect(d, ink + KAL__OUTLINE, kal_rect_of(r.x0, in.y1, r.x1, r.y1));
    if (p->fill.n) kal__draw_rect(d, ink + KAL__FILL, in);
}

static void draw_label(kal__drawing *d, kal__type *type, const kal_draw_boxes_p *p, const kal_extent *e,
                       int32_t ink, const kal__letters *t, kal_rect r)
{
    const int32_t room = p->font_size / 8, w = t->width + 2 * room, h = t->height;
    if (kal_rect_empty(r) || !t->width) return;
    int32_t x = r.x0, y = r.y0 - h;
    if (x + w > e->width && x < e->width) x = e->width - w;
    if (x < 0 && r.x1 > 0) x = 0;
    if (y < 0 && r.y1 > 0) y = r.y0 > 0 ? r.y0 : 0;
    kal__draw_rect(d, ink + KAL__OUTLINE, kal_rect_of(x, y, x + w, y + h));
    kal__draw_letters(d, ink + KAL__LETTERS, type, t, KAL_ALIGN_LEFT, x + room, y);
}

// Colours are taken in turn.
static int32_t ink_at(const kal_call *c, int32_t i)
{
    const int32_t colors = ((const kal_draw_boxes_p *)c->params)->colors.n / kal__colours(&c->extent);
    return colors ? KAL__INKS * (1 + i % colors) : 0;
}

// All boxes, then all labels: none is hidden by a box.
static void draw_boxes_trace(const kal_call *c, kal__drawing *d)
{
    const kal_draw_boxes_p *p = c->params;
    const int32_t n = p->boxes.n / 4, labels = kal__letters_count(p->labels);
    for (int32_t i = 0; i < n; i++) draw_box(d, p, ink_at(c, i), box_at(p, i));
    if (!labels) return;
    kal__type type;
    kal__letters t;
    kal__draw_type(d, &type, p->font, p->font_size);
    for (int32_t i = 0; i < n && kal__letters_at(&type, p->labels, labels == 1 ? 0 : i, &t); i++)
        draw_label(d, &type, p, &c->extent, ink_at(c, i), &t, box_at(p, i));
    kal__draw_type_end(d, &type);
}

static const char *draw_boxes_library(const kal_call *c)
{
    return kal__font_library(((const kal_draw_boxes_p *)c->params)->font);
}

// ---- lines and polygons -------------------------------------------------------------------------

static kal_status draw_lines_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_draw_lines_p *p = params;
    const kal_status st = check_rows(c, p->lines, 3, "a corner has 3: line x y", err);
    return st ? st : kal__draw_extent(c, p->color, (kal_list){NULL, 0}, out, err);
}

static kal_status draw_polygons_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_draw_polygons_p *p = params;
    const kal_status st = check_rows(c, p->polygons, 3, "a corner has 3: polygon x y", err);
    return st ? st : kal__draw_extent(c, p->color, p->fill, out, err);
}

// Rows from i on that have the same number.
static int32_t corners_at(kal_list l, int32_t i)
{
    int32_t n = 1;
    while (i + 3 * n < l.n && l.v[i + 3 * n] == l.v[i]) n++;
    return n;
}

static void strokes(kal__drawing *d, kal_list l, bool closed, double width)
{
    for (int32_t i = 0, n; width > 0 && i < l.n; i += 3 * n) {
        n = corners_at(l, i);
        kal__area_begin(d, KAL__OUTLINE, false);
        kal__area_stroke(d, l.v + i + 1, n, 3, closed, width);
        kal__area_end(d);
    }
}

static void draw_lines_trace(const kal_call *c, kal__drawing *d)
{
    const kal_draw_lines_p *p = c->params;
    strokes(d, p->lines, false, p->width);
}

static void draw_polygons_trace(const kal_call *c, kal__drawing *d)
{
    const kal_draw_polygons_p *p = c->params;
    const kal_list l = p->polygons;
    kal__area_begin(d, KAL__FILL, true);
    for (int32_t i = 0, n; p->fill.n && i < l.n; i += 3 * n) {
        n = corners_at(l, i);
        kal__area_outline(d, l.v + i + 1, n, 3);
    }
    kal__area_end(d);
    strokes(d, l, true, p->width);
}

// ---- circles and points -------------------------------------------------------------------------

static kal_status draw_circles_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_draw_circles_p *p = params;
    kal_status st = check_rows(c, p->circles, 3, "a circle has 3: x y radius", err);
    for (int32_t i = 2; !st && i < p->circles.n; i += 3)
        if (p->circles.v[i] < 0)
            st = kal_fail(err, KAL_INVALID, "draw_circles: a radius is 0 or more, not %g", p->circles.v[i]);
    return st ? st : kal__draw_extent(c, p->color, p->fill, out, err);
}

static void draw_circles_trace(const kal_call *c, kal__drawing *d)
{
    const kal_draw_circles_p *p = c->params;
    for (int32_t i = 0; i < p->circles.n; i += 3) {
        const double *v = p->circles.v + i, half = p->width / 2;
        if (p->fill.n) {
            kal__area_begin(d, KAL__FILL, false);
            kal__area_circle(d, v[0], v[1], v[2], false);
            kal__area_end(d);
        }
        if (!(half > 0)) continue;
        kal__area_begin(d, KAL__OUTLINE, false);
        kal__area_circle(d, v[0], v[1], v[2] + half, false);
        if (v[2] > half) kal__area_circle(d, v[0], v[1], v[2] - half, true);
        kal__area_end(d);
    }
}

static kal_status draw_points_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_draw_points_p *p = params;
    const kal_status st = check_rows(c, p->points, 2, "a point has 2: x y", err);
    return st ? st : kal__draw_extent(c, p->color, (kal_list){NULL, 0}, out, err);
}

static void disc(kal__drawing *d, double x, double y, const kal_draw_points_p *p)
{
    kal__area_circle(d, x, y, p->radius, false);
}

static void square(kal__drawing *d, double x, double y, const kal_draw_points_p *p)
{
    const double r = p->radius;
    kal__area_outline(d, (const double[]){x - r, y - r, x + r, y - r, x + r, y + r, x - r, y + r}, 4, 2);
}

// Two strokes over each other, the one `u`, the other a quarter of a turn on.
static void strokes_at(kal__drawing *d, double x, double y, double ux, double uy, double width)
{
    const double a[] = {x - ux, y - uy, x + ux, y + uy}, b[] = {x + uy, y - ux, x - uy, y + ux};
    kal__area_stroke(d, a, 2, 2, false, width);
    kal__area_stroke(d, b, 2, 2, false, width);
}

static void plus(kal__drawing *d, double x, double y, const kal_draw_points_p *p)
{
    strokes_at(d, x, y, p->radius, 0, p->width);
}

static void cross(kal__drawing *d, double x, double y, const kal_draw_points_p *p)
{
    strokes_at(d, x, y, p->radius * 0.70710678118654752, p->radius * 0.70710678118654752, p->width);
}

static void (*const marks[])(kal__drawing *, double, double, const kal_draw_points_p *) = {
    [KAL_MARK_DISC] = disc, [KAL_MARK_SQUARE] = square, [KAL_MARK_PLUS] = plus, [KAL_MARK_CROSS] = cross};

static void draw_points_trace(const kal_call *c, kal__drawing *d)
{
    const kal_draw_points_p *p = c->params;
    for (int32_t i = 0; i < p->points.n; i += 2) {
        kal__area_begin(d, KAL__OUTLINE, false);
        marks[p->mark](d, p->points.v[i], p->points.v[i + 1], p);
        kal__area_end(d);
    }
}

// ---- records ------------------------------------------------------------------------------------

KAL__DRAWN(draw_boxes, p->fill, p->colors)
KAL__DRAWN(draw_lines, p->color, KAL__NO_COLORS)
KAL__DRAWN(draw_polygons, p->fill, KAL__NO_COLORS)
KAL__DRAWN(draw_circles, p->fill, KAL__NO_COLORS)
KAL__DRAWN(draw_points, p->color, KAL__NO_COLORS)

#define PARAMS kal_draw_boxes_p
static const kal_param draw_boxes_params[] = {KAL_DRAW_BOXES_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_draw_lines_p
static const kal_param draw_lines_params[] = {KAL_DRAW_LINES_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_draw_polygons_p
static const kal_param draw_polygons_params[] = {KAL_DRAW_POLYGONS_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_draw_circles_p
static const kal_param draw_circles_params[] = {KAL_DRAW_CIRCLES_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_draw_points_p
static const kal_param draw_points_params[] = {KAL_DRAW_POINTS_PARAMS(KAL_SCHEMA)};

#define ABOUT                                                                                                \
    "\nColours are in the sample's unit; an alpha given with one counts with the opacity. On an image with " \
    "alpha\nthe drawing is laid over it as by composite; a mask becomes gray. "

const kal_op kal__op_draw_boxes = {
    .name = "draw_boxes",
    .help = "Boxes drawn on an image, crisp: frames of whole pixels, filled or not" ABOUT
            "Edges are\nrounded to whole pixels, and the frame lies inside the box: draw_boxes photo "
            "boxes=(mask_boxes m) color=red.\n"
            "A label stands above its box on a plate of the frame's colour, or inside when there is no room "
            "above; for `font` see\n"
            "draw_text.",
    KAL__DRAWN_RECORD(draw_boxes),
    .library = draw_boxes_library,
    .samples = KAL__SAMPLES(
        "boxes=[1 2 9 7 -3 -4 5 3 40 30 400 500] color=200 width=1",
        "boxes=[0.5 0.5 12.5 8] width=3 opacity=0.4 fill=90", "boxes=[2 1 5 4] width=9",
        "boxes=[-90 -90 900 900]", "boxes=[2 20 60 40 5 3 9 9] labels=\"cat|Ä\" color=180 width=1",
        "boxes=[1 2 9 7 3 1 12 8 5 3 30 40] colors=[9 100 200 40 50 60] fill=7 opacity=0.8", ""),
};

const kal_op kal__op_draw_lines = {
    .name = "draw_lines",
    .help = "Lines drawn on an image, with soft edges" ABOUT
            "Each corner is three\nnumbers, line x y; a line's corners follow each other, and one alone is a "
            "dot. Pixel x reaches from x to\n"
            "x + 1: a line one pixel wide is crisp at halves.",
    KAL__DRAWN_RECORD(draw_lines),
    .samples =
        KAL__SAMPLES("lines=[0 1 1 0 11 7 0 3 8 1 5 2] color=220", "lines=[0 -5 3.25 0 70 4.5] width=1",
                     "lines=[3 2 2 3 30 30 3 4 60 3 2 2] width=7 opacity=0.5", "lines=[1 4 4] width=0",
                     "lines=[1 4 4 1 10 4 1 2 4] width=3"),
};

const kal_op kal__op_draw_polygons = {
    .name = "draw_polygons",
    .help =
        "Polygons drawn on an image, with soft edges, outlined, filled or both" ABOUT
        "Each corner is\nthree numbers, polygon x y; a polygon's corners follow each other, and its last is "
        "joined to its first. What\n"
        "lies inside an odd number of them is filled, so a hole is one more polygon: draw_polygons photo\n"
        "polygons=(mask_polygons m) fill=red opacity=0.5 width=0.",
    KAL__DRAWN_RECORD(draw_polygons),
    .samples =
        KAL__SAMPLES("polygons=[0 1 1 0 8 2 0 3 7] fill=200",
                     "polygons=[0 -3 -3 0 50 -1 0 20 30 0 1 6 7 3 2 7 4 5 7 9 2.5 7 0.5 6] fill=99 width=0 "
                     "opacity=0.6",
                     "polygons=[1 2 2 1 9.5 3 1 5 8] width=1.5", ""),
};

const kal_op kal__op_draw_circles = {
    .name = "draw_circles",
    .help = "Circles drawn on an image, with soft edges, as rings, filled or both" ABOUT
            "Pixel x reaches\nfrom x to x + 1, so the middle of the first pixel is 0.5 0.5.",
    KAL__DRAWN_RECORD(draw_circles),
    .samples = KAL__SAMPLES("circles=[6 4 3 0 0 5.5] color=230", "circles=[8.5 3.25 2.6] fill=128 width=0",
                            "circles=[20 10 300 5 5 0.5] width=4 fill=40 opacity=0.3", ""),
};

const kal_op kal__op_draw_points = {
    .name = "draw_points",
    .help = "Points drawn on an image as small discs, squares or crosses, with soft edges" ABOUT
            "Pixel x\nreaches from x to x + 1, so the middle of the first pixel is 0.5 0.5.",
    KAL__DRAWN_RECORD(draw_points),
    .samples = KAL__SAMPLES("points=[2 3 9 5 0.5 0.5] color=210 radius=2", "points=[5 4] mark=square",
                            "points=[4 4 50 30] mark=plus radius=3 opacity=0.7",
                            "points=[6.25 3.5 -2 4] mark=cross width=1", ""),
};
