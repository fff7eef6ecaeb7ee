// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Few colours for a picture of many, in integers: the colours are counted, each by itself where they are some thousand at most, else in cells of a few
// bits a sample; the box of them that spreads most along some sample is cut at its mean until there are enough boxes, whose means are the palette.
#include "indexed_part.h"

#include <stdlib.h>
#include <string.h>

// How samples are counted: of opaque pixels three, of others four.
typedef struct space {
    int samples, bits;
    size_t cells;
} space;
static const space opaque_space = {3, 6, 262144}, other_space = {4, 5, 1048576};

typedef struct cell {
    uint32_t n, sum[4];   // of the bits that are left
} cell;

typedef struct point {
    uint32_t n;
    unsigned char c[4];
} point;

typedef struct box {
    int32_t from, end;   // of the points
    int samples;         // 3: it is opaque
    int axis;            // along which it spreads most …
    uint64_t spread;     // … so much: squares from the mean
    int mean;
} box;

// ---- counting -----------------------------------------------------------------------------------

static void count_one(cell *cells, const space *s, const int v[4])
{
    size_t at = 0;
    for (int k = 0; k < s->samples; k++) at = at << s->bits | (size_t)(v[k] >> (8 - s->bits));
    cells[at].n++;
    for (int k = 0; k < s->samples; k++) cells[at].sum[k] += (uint32_t)v[k] & ((1u << (8 - s->bits)) - 1);
}

static int32_t take_points(const cell *cells, const space *s, point *points)
{
    int32_t n = 0;
    for (size_t at = 0; at < s->cells; at++) {
        const uint64_t in = cells[at].n;
        if (!in) continue;
        point p = {cells[at].n, {0, 0, 0, 255}};
        for (int k = 0; k < 4 && k < s->samples; k++) {
            const size_t place = at >> ((s->samples - 1 - k) * s->bits) & ((1u << s->bits) - 1);
            p.c[k] = (unsigned char)((place << (8 - s->bits)) + (size_t)((cells[at].sum[k] + in / 2) / in));
        }
        points[n++] = p;
    }
    return n;
}

// false: there are too many.
static bool count_some(kal__indexed *c, const unsigned char *picture)
{
    const size_t pixels = (size_t)c->extent.width * (size_t)c->extent.height;
    int n = 0;
    bool clear;
    for (size_t i = 0; i < pixels; i++, picture += c->extent.channels) {
        const uint32_t colour = colour_of(c, picture, &clear);
        if (clear) continue;
        const uint32_t slot = slot_of(c->some, colour);
        if (!c->some->n[slot]++) {
            if (++n > SOME) return false;
            c->some->colour[slot] = colour;
        }
    }
    return true;
}

// Those of one kind.
static int32_t take_some(const kal__indexed *c, bool opaque, point *points)
{
    int32_t n = 0;
    int v[4];
    for (int i = 0; i < SLOTS; i++) {
        if (!c->some->n[i] || is_opaque(c, c->some->colour[i]) != opaque) continue;
        times_alpha(c->some->colour[i], v);
        point *p = &points[n++];
        p->n = c->some->n[i];
        for (int k = 0; k < 4; k++) p->c[k] = (unsigned char)(k < 3 || !opaque ? v[k] : 255);
    }
    return n;
}

static void count_cells(const kal__indexed *c, const unsigned char *picture, cell *cells)
{
    const size_t pixels = (size_t)c->extent.width * (size_t)c->extent.height;
    bool clear;
    for (size_t i = 0; i < pixels; i++, picture += c->extent.channels) {
        const uint32_t colour = colour_of(c, picture, &clear);
        if (clear) continue;
        int v[4];
        times_alpha(colour, v);
        if (is_opaque(c, colour))
            count_one(cells, &opaque_space, v);
        else
            count_one(cells + opaque_space.cells, &other_space, v);
    }
}

// Opaque ones, and behind them the others. n: how many of each.
static void count(const kal__indexed *c, const unsigned char *picture, cell *cells, point *points,
                  int32_t n[2])
{
    const bool others = c->opaque_from > c->clear_to + 1;
    if (c->some) {
        n[0] = take_some(c, true, points);
        n[1] = take_some(c, false, points + n[0]);
        return;
    }
    count_cells(c, picture, cells);
    n[0] = take_points(cells, &opaque_space, points);
    n[1] = others ? take_points(cells + opaque_space.cells, &other_space, points + n[0]) : 0;
}

// ---- boxes --------------------------------------------------------------------------------------

static void measure(box *b, const point *points)
{
    b->spread = 0;
    for (int k = 0; k < b->samples; k++) {
        uint64_t n = 0, sum = 0, spread = 0;
        for (int32_t i = b->from; i < b->end; i++) {
            n += points[i].n;
            sum += (uint64_t)points[i].n * points[i].c[k];
        }
        const int mean = (int)(sum / n);
        for (int32_t i = b->from; i < b->end; i++)
            spread += (uint64_t)points[i].n * (uint64_t)((points[i].c[k] - mean) * (points[i].c[k] - mean));
        if (k && spread <= b->spread) continue;
        *b = (box){b->from, b->end, b->samples, k, spread, mean};
    }
}

// What is above the mean goes into a box of its own. Something is, when it spreads.
static void cut(box *b, box *other, point *points)
{
    int32_t middle = b->from;
    for (int32_t i = b->from; i < b->end; i++) {
        if (points[i].c[b->axis] > b->mean) continue;
        const point swap = points[i];
        points[i] = points[middle];
        points[middle++] = swap;
    }
    *other = (box){.from = middle, .end = b->end, .samples = b->samples};
    b->end = middle;
    measure(b, points);
    measure(other, points);
}

static uint32_t mean_of(const box *b, const point *points)
{
    uint64_t n = 0, sum[4] = {0};
    for (int32_t i = b->from; i < b->end; i++) {
        n += points[i].n;
        for (int k = 0; k < 4; k++) sum[k] += (uint64_t)points[i].n * points[i].c[k];
    }
    const uint32_t alpha = (uint32_t)((sum[3] + n / 2) / n);
    uint32_t colour = alpha;
    for (int k = 0; k < 3; k++) {
        uint32_t v = (uint32_t)((sum[k] + n / 2) / n);
        if (alpha < 255) v = alpha ? (v * 255 + alpha / 2) / alpha : 0;
        colour = colour << 8 | (v > 255 ? 255 : v);
    }
    return colour;
}

// Boxes of opaque pixels and of others, so many points of each, in as many colours as may be.
static int cut_all(uint32_t list[256], point *points, const int32_t of[2], int most)
{
    box boxes[256];
    int n = 0;
    for (int i = 0; i < 2; i++) {
        if (!of[i]) continue;
        boxes[n] = (box){.from = i ? of[0] : 0, .end = of[0] + (i ? of[1] : 0), .samples = 3 + i};
        measure(&boxes[n++], points);
    }
    for (; n < most; n++) {
        int widest = 0;
        for (int i = 1; i < n; i++)
            if (boxes[i].spread > boxes[widest].spread) widest = i;
        if (!boxes[widest].spread) break;
        cut(&boxes[widest], &boxes[n], points);
    }
    for (int i = 0; i < n; i++) list[i] = mean_of(&boxes[i], points);
    return n;
}

static size_t cells_of(const kal__indexed_how *how)
{
    return opaque_space.cells + (how->alpha ? other_space.cells : 0);
}

static size_t points_of(const kal_extent *e, const kal__indexed_how *how)
{
    const size_t pixels = (size_t)e->width * (size_t)e->height, cells = cells_of(how);
    return pixels < cells ? pixels : cells;
}

size_t kal__indexed_boxes_memory(const kal_extent *e, const kal__indexed_how *how)
{
    return cells_of(how) * sizeof(cell) + points_of(e, how) * sizeof(point);
}

static bool count_all(kal__indexed *c, const unsigned char *picture, point *points, int32_t n[2])
{
    cell *cells = c->some ? NULL : kal__new_zero(cells_of(&c->how), sizeof *cells);
    const bool ok = cells || c->some;
    if (ok) count(c, picture, cells, points, n);
    free(cells);
    return ok;
}

int kal__indexed_boxes(kal__indexed *c, const unsigned char *picture, int most, uint32_t list[256])
{
    int32_t of[2];
    c->some = kal__new_zero(1, sizeof *c->some);
    point *points = kal__new(points_of(&c->extent, &c->how), sizeof *points);
    if (c->some && !count_some(c, picture)) {
        free(c->some);
        c->some = NULL;
    }
    const int n = points && count_all(c, picture, points, of) ? cut_all(list, points, of, most) : 0;
    free(points);
    return n;
}
