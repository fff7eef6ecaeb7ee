// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// mask_polygons: the outlines of a mask along the edges of its pixels, so that polygon_mask gives the mask back exactly. What is set lies to
// the right of the way: round a part from its top left corner clockwise, round a hole the other way. Only corners are kept. Where two
// pixels touch at a corner the way goes on around both (connectivity 8) or comes back around one (4). Outlines are in the order in
// which their first upper edges are met, row by row. Exact; OpenCV's contours go through the centres of pixels instead.
#include "mask.h"
#include "mem.h"

#include <stdlib.h>

typedef struct corner {
    int32_t x, y;
} corner;

// Behind this: one bit for each pixel, set when the way has gone along its upper edge.
typedef struct outlines {
    corner *v;
    size_t n, room;
    int32_t *length;   // corners of each outline
    size_t n_outlines, length_room;
} outlines;

static size_t row_of_bits(const kal_call *c)
{
    return ((size_t)c->in[0]->extent.width + 7) / 8;
}

static size_t size(const kal_call *c)
{
    return sizeof(outlines) + row_of_bits(c) * (size_t)c->in[0]->extent.height;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)out;
    const kal_mask_polygons_p *p = params;
    const kal_status st = kal__check_mask("mask_polygons", &c->in[0]->extent, err);
    return st ? st : kal__check_connectivity("mask_polygons", p->connectivity, err);
}

static bool add_corner(outlines *o, int32_t x, int32_t y)
{
    if (!kal__more(&o->v, o->n, &o->room, sizeof *o->v)) return false;
    o->v[o->n++] = (corner){x, y};
    return true;
}

static bool is_set(const kal_tile *in, int32_t x, int32_t y)
{
    const kal_rect r = in->rect;
    return x >= r.x0 && x < r.x1 && y >= r.y0 && y < r.y1 && *kal_at(in, x, y);
}

// East, south, west, north: the step, and from the corner where it begins, the pixels left and right of it.
static const struct {
    int32_t dx, dy, left_x, left_y, right_x, right_y;
} ways[4] = {{1, 0, 0, -1, 0, 0}, {0, 1, 0, 0, -1, 0}, {-1, 0, -1, 0, -1, -1}, {0, -1, -1, -1, 0, -1}};

// Follows one outline from the upper edge of pixel x, y. Twice its area, which is positive around a part.
static bool follow(outlines *o, const kal_tile *in, unsigned char *gone, size_t step, int32_t x, int32_t y,
                   bool eight, int64_t *twice)
{
    const corner first = {x, y};
    int way = 0;
    *twice = 0;
    if (!add_corner(o, x, y)) return false;
    do {
        if (way == 0) gone[(size_t)y * step + (size_t)x / 8] |= (unsigned char)(1 << x % 8);
        *twice += (int64_t)x * ways[way].dy - (int64_t)y * ways[way].dx;
        x += ways[way].dx;
        y += ways[way].dy;
        const bool left = is_set(in, x + ways[way].left_x, y + ways[way].left_y),
                   right = is_set(in, x + ways[way].right_x, y + ways[way].right_y);
        if (right && !left) continue;   // straight on
        way = left && (right || eight) ? (way + 3) % 4 : (way + 1) % 4;
        if ((x != first.x || y != first.y || way) && !add_corner(o, x, y)) return false;
    } while (x != first.x || y != first.y || way);
    return true;
}

// The first pixel from x on that is set below one that is not, `above` NULL: below nothing; at most `end`.
static int32_t next_edge(const uint8_t *row, const uint8_t *above, int32_t x, int32_t end)
{
    for (; x + 8 <= end; x += 8) {
        uint64_t here, there = 0;
        memcpy(&here, row + x, 8);
        if (above) memcpy(&there, above + x, 8);
        if (here & ~there) break;
    }
    while (x < end && (!row[x] || (above && above[x]))) x++;
    return x;
}

// Every upper edge of what is set that no outline has gone along begins one.
static bool outlines_of_row(outlines *o, const kal_job *j, int32_t y)
{
    const kal_mask_polygons_p *p = j->call->params;
    const kal_tile *in = &j->in[0];
    const size_t step = row_of_bits(j->call);
    const double least = kal__area(p->area, &j->call->in[0]->extent);
    unsigned char *gone = (unsigned char *)(o + 1);
    const uint8_t *row = kal_row(in, y), *above = y ? kal_row(in, y - 1) : NULL;
    const int32_t width = kal_tile_width(in);
    for (int32_t x = next_edge(row, above, 0, width); x < width; x = next_edge(row, above, x + 1, width)) {
        if (gone[(size_t)y * step + (size_t)x / 8] >> x % 8 & 1) continue;
        const size_t from = o->n;
        int64_t twice;
        if (!kal__more(&o->length, o->n_outlines, &o->length_room, sizeof *o->length) ||
            !follow(o, in, gone, step, x, y, p->connectivity == 8, &twice))
            return false;
        if ((double)(twice < 0 ? -twice : twice) < 2 * least)
            o->n = from;
        else
            o->length[o->n_outlines++] = (int32_t)(o->n - from);
    }
    return true;
}

static kal_status rows(const kal_job *j, void *gathered)
{
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        if (!outlines_of_row(gathered, j, y))
            return kal_fail(j->err, KAL_NOMEM, "mask_polygons: out of memory for the corners");
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)c;
    const outlines *o = gathered;
    if (o->n > INT32_MAX / 3 || kal_value_make(out, KAL_VALUE_POLYGONS, (int32_t)o->n, 3))
        return kal_fail(err, KAL_NOMEM, "mask_polygons: out of memory for %zu corners", o->n);
    double *to = out->v;
    const corner *from = o->v;
    for (size_t i = 0; i < o->n_outlines; i++)
        for (int32_t k = 0; k < o->length[i]; k++, from++) {
            *to++ = (double)i;
            *to++ = from->x;
            *to++ = from->y;
        }
    return KAL_OK;
}

static void release(void *gathered)
{
    outlines *o = gathered;
    free(o->v);
    free(o->length);
}

static const kal_measure measure = {
    .kind = KAL_VALUE_POLYGONS, .size = size, .rows = rows, .end = end, .release = release};

#define PARAMS kal_mask_polygons_p
static const kal_param params[] = {KAL_MASK_POLYGONS_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_mask_polygons = {
    .name = "mask_polygons",
    .version = 1,
    .family = "masks",
    .help = "The outlines of a mask, along the edges of its pixels\n"
            "A value: rows of polygon, x, y. Parts go clockwise, holes the other way, each a polygon of its "
            "own. The\n"
            "area is that within an outline; polygon_mask gives the mask back.",
    .inputs = "mask",
    KAL__PARAMS(params, kal_mask_polygons_p),
    .flags = KAL_OP_WHOLE,
    .cost = 3,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES("", "connectivity=4", "area=2"),
};
