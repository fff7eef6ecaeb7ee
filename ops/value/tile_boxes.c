// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// tile_boxes: boxes of one size that cover a picture, row after row. Along each side, with t the tile's, s the picture's and o the overlap:
//
//     t' = min(t, s), down to a multiple       n = 1 + ceil((s − t') / (t' − o))       box i begins at floor(i (s − t') / (n − 1))
//
// so the overlap is o or more everywhere, much the same everywhere, and the last box ends with the picture.
#include "box.h"

typedef struct axis {
    int32_t tile, n, rest;   // rest: what box n - 1 begins at
} axis;

static kal_status axis_of(const char *what, int32_t side, int32_t tile, const kal_tile_boxes_p *p, axis *a,
                          kal_error *err)
{
    if (side < 1) return kal_fail(err, KAL_INVALID, "tile_boxes: the %s of what is cut is needed", what);
    a->tile = tile < side ? tile : side;
    a->tile -= a->tile % p->multiple;
    if (!a->tile)
        return kal_fail(err, KAL_INVALID, "tile_boxes: no multiple of %d fits into a %s of %d", p->multiple,
                        what, tile < side ? tile : side);
    a->rest = side - a->tile;
    a->n = 1;
    if (!a->rest) return KAL_OK;
    const int32_t step = a->tile - p->overlap;
    if (step < 1)
        return kal_fail(err, KAL_INVALID, "tile_boxes: tiles of a %s of %d cannot overlap by %d", what,
                        a->tile, p->overlap);
    a->n = 1 + (a->rest + step - 1) / step;
    return KAL_OK;
}

static kal_status axes_of(kal_tile_boxes_p *p, axis *x, axis *y, kal_error *err)
{
    enum { MOST = 1 << 20 };
    if (p->tile_height == KAL_AUTO) p->tile_height = p->tile;
    kal_status st = axis_of("width", p->width, p->tile, p, x, err);
    if (!st) st = axis_of("height", p->height, p->tile_height, p, y, err);
    if (!st && (int64_t)x->n * y->n > MOST)
        st = kal_fail(err, KAL_INVALID, "tile_boxes: %d × %d tiles are too many", x->n, y->n);
    return st;
}

static kal_status tile_boxes_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    axis x = {0}, y = {0};
    return axes_of(params, &x, &y, err);
}

static double start_of(const axis *a, int32_t i)
{
    return i ? (double)((int64_t)i * a->rest / (a->n - 1)) : 0;
}

static kal_status tile_boxes_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    kal_tile_boxes_p p = *(const kal_tile_boxes_p *)c->params;
    axis x = {0}, y = {0};
    const kal_status st = axes_of(&p, &x, &y, err);
    if (st) return st;
    kal__box *to = kal__new_boxes(out, x.n * y.n);
    for (int32_t i = 0; to && i < x.n * y.n; i++) {
        const double x0 = start_of(&x, i % x.n), y0 = start_of(&y, i / x.n);
        to[i] = (kal__box){x0, y0, x0 + x.tile, y0 + y.tile};
    }
    return to ? KAL_OK : KAL_NOMEM;
}

#define PARAMS kal_tile_boxes_p
static const kal_param tile_boxes_params[] = {KAL_TILE_BOXES_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    tile_boxes, BOXES,
    "Boxes of one size that overlap and cover a picture\nRow after row. A picture smaller than a tile "
    "has tiles as large as it is; with a multiple, sides are multiples of it.\nThe overlap is the "
    "least; tiles are spread evenly. What was done to the tiles comes back with merge_tiles.",
    "1000 700", "1000 700 tile=256 overlap=32", "101 57 tile=40 tile_height=30 overlap=7 multiple=8",
    "20 30 overlap=4 multiple=8");
