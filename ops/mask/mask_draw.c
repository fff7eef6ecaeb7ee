// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Masks made of numbers: box_mask, points_mask and polygon_mask. Numbers are pixels, edges lie between them: pixel x covers x … x + 1.
//
//     box_mask      x0 y0 x1 y1 of each box, half open, rounded to nearest, halves to even; set where any box is
//     points_mask   x y of each point; set where a point lies in the pixel
//     polygon_mask  polygon x y of each corner; set where a ray from the pixel's centre crosses the outlines an odd number of times (even-odd, all
//                   polygons together, so a hole is one more polygon). A centre on an outline is inside when the inside lies to
//                   its right, or on a level outline below it
//
// What lies outside the image is not drawn. Size: width and height, unset those of an image, whose pixels are not read.
#include "fmath.h"
#include "mask.h"
#include "mem.h"

#include <stdlib.h>

// ---- common -------------------------------------------------------------------------------------

// All three structs begin alike: the list, then the size.
typedef kal_box_mask_p draw_p;
_Static_assert(offsetof(kal_points_mask_p, width) == offsetof(draw_p, width) &&
                   offsetof(kal_polygon_mask_p, height) == offsetof(draw_p, height),
               "one struct by three names");

static kal_status extent_of(const kal_call *c, draw_p *p, int32_t each, const char *what, kal_extent *out,
                            kal_error *err)
{
    if (c->n && p->width == KAL_AUTO) p->width = c->in[0]->extent.width;
    if (c->n && p->height == KAL_AUTO) p->height = c->in[0]->extent.height;
    if (p->width == KAL_AUTO || p->height == KAL_AUTO)
        return kal_fail(err, KAL_INVALID, "%s: how large? Give width and height, or an image of that size",
                        c->op->name);
    *out = kal__mask_of(p->width, p->height);
    if (p->boxes.n % each == 0) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %d numbers; %s", c->op->name, p->boxes.n, what);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)c, (void)i, (void)out;
    return kal_rect_of(0, 0, 0, 0);
}

static void clear(const kal_job *j)
{
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        memset(kal_row(j->out, y), 0, (size_t)kal_tile_width(j->out));
}

// Sets columns x0 … x1 − 1 of a row, as far as they lie in the job.
static void set_span(const kal_job *j, int32_t y, int32_t x0, int32_t x1)
{
    const kal_rect r = kal_rect_clip(kal_rect_of(x0, y, x1, y + 1), j->out->rect);
    if (!kal_rect_empty(r)) memset(kal_at(j->out, r.x0, y), 255, (size_t)(r.x1 - r.x0));
}

// ---- boxes --------------------------------------------------------------------------------------

static kal_status extent_boxes(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    return extent_of(c, params, 4, "a box has 4: x0 y0 x1 y1", out, err);
}

static int32_t edge(double v)
{
    return (int32_t)kal__rint(kal__clamp(v, -1, KAL_MAX_SIDE));
}

static kal_status run_boxes(const kal_job *j)
{
    const kal_list l = ((const kal_box_mask_p *)j->call->params)->boxes;
    clear(j);
    for (int32_t i = 0; i < l.n; i += 4) {
        const double *b = l.v + i;
        const kal_rect r =
            kal_rect_clip(kal_rect_of(edge(b[0]), edge(b[1]), edge(b[2]), edge(b[3])), j->out->rect);
        for (int32_t y = r.y0; y < r.y1; y++) set_span(j, y, r.x0, r.x1);
    }
    return KAL_OK;
}

// ---- points -------------------------------------------------------------------------------------

static kal_status extent_points(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    return extent_of(c, params, 2, "a point has 2: x y", out, err);
}

static kal_status run_points(const kal_job *j)
{
    const kal_list l = ((const kal_points_mask_p *)j->call->params)->points;
    const kal_rect r = j->out->rect;
    clear(j);
    for (int32_t i = 0; i < l.n; i += 2) {
        const double x = l.v[i], y = l.v[i + 1];
        if (x >= r.x0 && x < r.x1 && y >= r.y0 && y < r.y1) *kal_at(j->out, (int32_t)x, (int32_t)y) = 255;
    }
    return KAL_OK;
}

// ---- polygons -----------------------------------------------------------------------------------

// A side that crosses the middles of rows y0 … y1 − 1, from its upper end on.
typedef struct side {
    int32_t y0, y1;
    double x, y, dx, dy;
} side;
typedef struct sides {
    int32_t n, most;   // of sides in any row
    side v[];
} sides;

static kal_status extent_polygons(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    return extent_of(c, params, 3, "a corner has 3: polygon x y", out, err);
}

// The first row whose middle lies at y or below.
static int32_t row_at(double y, int32_t height)
{
    return (int32_t)kal__ceil(kal__clamp(y, 0, height) - 0.5);
}

static bool add_side(const double *a, const double *b, int32_t height, side *out)
{
    const double *top = a[2] < b[2] ? a : b, *low = top == a ? b : a;
    const int32_t y0 = row_at(top[2], height), y1 = row_at(low[2], height);
    if (y0 >= y1) return false;
    *out = (side){y0, y1, top[1], top[2], low[1] - top[1], low[2] - top[2]};
    return true;
}

static int by_row(const void *a, const void *b)
{
    const side *p = a, *q = b;
    return p->y0 < q->y0 ? -1 : p->y0 > q->y0;
}

static int by_number(const void *a, const void *b)
{
    const int32_t p = *(const int32_t *)a, q = *(const int32_t *)b;
    return p < q ? -1 : p > q;
}

static size_t tables(const kal_call *c)
{
    return sizeof(sides) + (size_t)((const kal_polygon_mask_p *)c->params)->polygons.n / 3 * sizeof(side);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_list l = ((const kal_polygon_mask_p *)c->params)->polygons;
    sides *s = kal__new(tables(c), 1);
    if (!s) return kal_fail(err, KAL_NOMEM, "polygon_mask: out of memory for %d corners", l.n / 3);
    s->n = 0;
    for (int32_t first = 0, i = 0; i < l.n; i += 3) {
        const bool last = i + 3 == l.n || l.v[i + 3] != l.v[i];
        s->n += add_side(l.v + i, l.v + (last ? first : i + 3), c->extent.height, &s->v[s->n]);
        if (last) first = i + 3;
    }
    qsort(s->v, (size_t)s->n, sizeof *s->v, by_row);
    *state = s;
    return KAL_OK;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width, (void)height;
    return (size_t)((const kal_polygon_mask_p *)c->params)->polygons.n / 3 * 2 * sizeof(int32_t);
}

// The first column whose middle lies at x or right of it.
static int32_t crossing(const side *s, int32_t y, int32_t width)
{
    const double x = s->x + s->dx * ((y + 0.5 - s->y) / s->dy);
    return (int32_t)kal__ceil(kal__clamp(x, 0, width) - 0.5);
}

// Sides are taken in as rows reach them and dropped as rows leave them; what is open does not hang on where the job begins.
static kal_status run_polygons(const kal_job *j)
{
    const sides *s = j->state;
    int32_t *const open = j->scratch, *const x = s->n ? open + s->n : NULL;
    int32_t n = 0, next = 0;
    clear(j);
    for (int32_t y = j->out->rect.y0; s->n && y < j->out->rect.y1; y++) {
        int32_t kept = 0;
        for (; next < s->n && s->v[next].y0 <= y; next++) open[n++] = next;
        for (int32_t i = 0; i < n; i++)
            if (s->v[open[i]].y1 > y) open[kept++] = open[i];
        n = kept;
        for (int32_t i = 0; i < n; i++) x[i] = crossing(&s->v[open[i]], y, j->call->extent.width);
        qsort(x, (size_t)n, sizeof *x, by_number);
        for (int32_t i = 0; i + 1 < n; i += 2) set_span(j, y, x[i], x[i + 1]);
    }
    return KAL_OK;
}

// ---- records ------------------------------------------------------------------------------------

#define PARAMS kal_box_mask_p
static const kal_param box_params[] = {KAL_BOX_MASK_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_points_mask_p
static const kal_param points_params[] = {KAL_POINTS_MASK_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_polygon_mask_p
static const kal_param polygon_params[] = {KAL_POLYGON_MASK_PARAMS(KAL_SCHEMA)};

#define SIZE                                                                                                  \
    "\nThe size is width × height, unset that of an image, whose pixels are not read. What lies outside is " \
    "not drawn. "

const kal_op kal__op_box_mask = {
    .name = "box_mask",
    .version = 1,
    .family = "masks",
    .help = "A mask of boxes: set where any of them is" SIZE
            "Edges are\nrounded to whole pixels: box_mask photo boxes=(mask_boxes m margin=0.1).",
    .inputs = "image?",
    KAL__PARAMS(box_params, kal_box_mask_p),
    .cost = 0.1f,
    .extent = extent_boxes,
    .need = need,
    .run = run_boxes,
    .samples = KAL__SAMPLES("boxes=[1 2 5 4 3 3 400 500]", "boxes=[-5 0.5 2.5 2]", ""),
};

const kal_op kal__op_points_mask = {
    .name = "points_mask",
    .version = 1,
    .family = "masks",
    .help = "A mask of points: set where one lies in the pixel" SIZE,
    .inputs = "image?",
    KAL__PARAMS(points_params, kal_points_mask_p),
    .cost = 0.1f,
    .extent = extent_points,
    .need = need,
    .run = run_points,
    .samples = KAL__SAMPLES("points=[0 0 3.9 2 12 8 -0.5 0]", ""),
};

const kal_op kal__op_polygon_mask = {
    .name = "polygon_mask",
    .version = 1,
    .family = "masks",
    .help =
        "A mask of polygons: set where a pixel's centre is inside of an odd number of them" SIZE
        "Each\ncorner is three numbers, polygon x y; a polygon's corners follow each other, and its last is "
        "joined to\n"
        "its first. A hole is one more polygon: polygon_mask photo polygons=(mask_polygons m) is m again.",
    .inputs = "image?",
    KAL__PARAMS(polygon_params, kal_polygon_mask_p),
    .cost = 0.3f,
    .extent = extent_polygons,
    .need = need,
    .prepare = prepare,
    .release = free,
    .tables = tables,
    .scratch = scratch,
    .run = run_polygons,
    .samples = KAL__SAMPLES("polygons=[0 1 1 0 8 2 0 3 7]", "width=9 height=20",
                            "polygons=[0 -3 -3 0 50 -1 0 20 30 0 1 6 7 3 2 7 4 5 7 9 2.5 7 0.5 6]"),
};
