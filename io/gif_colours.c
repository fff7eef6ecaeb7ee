// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Few colours for a picture of many, in integers: the colours are counted in cells of 6 bits a sample; the box of cells that spreads most along
// some sample is cut at its mean until there are enough boxes, whose means are the palette.
#include "gif_colours.h"

#include <stdlib.h>
#include <string.h>

#define CELLS 262144   // 6 bits a sample
#define FOUND 1024     // slots for the colours of a picture that has few
#define NONE UINT32_MAX

typedef struct cell {
    uint32_t n, sum[3];   // of the two bits that are left
} cell;

typedef struct point {
    uint32_t n;
    unsigned char c[3];
} point;

typedef struct box {
    int32_t from, end;   // of the points
    int axis;            // along which it spreads most …
    uint64_t spread;     // … so much: squares from the mean
    int mean;
} box;

struct kal__gif_colours {
    kal_extent extent;
    kal__gif_palette palette;
    bool exact, dither;
    uint32_t found[FOUND];   // colour, or NONE
    uint16_t value[FOUND];   // of it
    uint16_t *nearest;       // of each cell, 65535 before it is known
    int32_t *errors[2];      // of three samples, with one pixel more on each side; 16 times
};

static uint32_t colour_of(const kal_extent *e, const unsigned char *p, bool *clear)
{
    const int colours = e->channels - e->alpha;
    const uint32_t r = p[0], g = colours == 3 ? p[1] : r, b = colours == 3 ? p[2] : r;
    *clear = e->alpha && p[colours] < 128;
    return r << 16 | g << 8 | b;
}

// ---- few colours --------------------------------------------------------------------------------

static uint32_t find(const kal__gif_colours *c, uint32_t colour)
{
    uint32_t slot = (colour * 2654435761u) >> 22;
    while (c->found[slot] != NONE && c->found[slot] != colour) slot = (slot + 1) % FOUND;
    return slot;
}

static int by_colour(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void set_colour(kal__gif_palette *p, int i, uint32_t colour)
{
    p->colours[i][0] = (unsigned char)(colour >> 16);
    p->colours[i][1] = (unsigned char)(colour >> 8);
    p->colours[i][2] = (unsigned char)colour;
}

// false: there are too many.
static bool few(kal__gif_colours *c, const unsigned char *picture)
{
    uint32_t list[257], last = NONE;
    int n = 0;
    bool clear, any = false;
    memset(c->found, 0xff, sizeof c->found);
    const size_t pixels = (size_t)c->extent.width * (size_t)c->extent.height;
    for (size_t i = 0; i < pixels; i++, picture += c->extent.channels) {
        const uint32_t colour = colour_of(&c->extent, picture, &clear);
        any |= clear;
        if (clear || colour == last || n > 256) continue;
        last = colour;
        const uint32_t slot = find(c, colour);
        if (c->found[slot] == NONE) {
            c->found[slot] = colour;
            list[n++] = colour;
        }
    }
    if (n + any > 256) return false;
    kal__gif_palette *p = &c->palette;
    qsort(list, (size_t)n, sizeof *list, by_colour);
    for (int i = 0; i < n; i++) {
        set_colour(p, i, list[i]);
        c->value[find(c, list[i])] = (uint16_t)i;
    }
    p->n = n;
    if (c->extent.alpha && n < 256) p->clear = p->n++;
    return true;
}

// ---- many ---------------------------------------------------------------------------------------

static int32_t count(const kal__gif_colours *c, const unsigned char *picture, cell *cells, point *points)
{
    const size_t pixels = (size_t)c->extent.width * (size_t)c->extent.height;
    int32_t n = 0;
    bool clear;
    for (size_t i = 0; i < pixels; i++, picture += c->extent.channels) {
        const uint32_t v = colour_of(&c->extent, picture, &clear);
        if (clear) continue;
        cell *to = &cells[(v >> 18 & 63) << 12 | (v >> 10 & 63) << 6 | (v >> 2 & 63)];
        to->n++;
        for (int k = 0; k < 3; k++) to->sum[k] += v >> (16 - 8 * k) & 3;
    }
    for (int32_t i = 0; i < CELLS; i++) {
        const uint64_t in = cells[i].n;
        if (!in) continue;
        points[n].n = cells[i].n;
        for (int k = 0; k < 3; k++)
            points[n].c[k] =
                (unsigned char)((uint64_t)(i >> (12 - 6 * k) & 63) * 4 + (cells[i].sum[k] + in / 2) / in);
        n++;
    }
    return n;
}

static void measure(box *b, const point *points)
{
    b->spread = 0;
    for (int k = 0; k < 3; k++) {
        uint64_t n = 0, sum = 0, spread = 0;
        for (int32_t i = b->from; i < b->end; i++) {
            n += points[i].n;
            sum += (uint64_t)points[i].n * points[i].c[k];
        }
        const int mean = (int)(sum / n);
        for (int32_t i = b->from; i < b->end; i++)
            spread += (uint64_t)points[i].n * (uint64_t)((points[i].c[k] - mean) * (points[i].c[k] - mean));
        if (k && spread <= b->spread) continue;
        *b = (box){b->from, b->end, k, spread, mean};
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
    *other = (box){.from = middle, .end = b->end};
    b->end = middle;
    measure(b, points);
    measure(other, points);
}

static uint32_t mean_of(const box *b, const point *points)
{
    uint64_t n = 0, sum[3] = {0};
    for (int32_t i = b->from; i < b->end; i++) {
        n += points[i].n;
        for (int k = 0; k < 3; k++) sum[k] += (uint64_t)points[i].n * points[i].c[k];
    }
    uint32_t colour = 0;
    for (int k = 0; k < 3; k++) colour = colour << 8 | (uint32_t)((sum[k] + n / 2) / n);
    return colour;
}

static void cut_all(kal__gif_palette *p, point *points, int32_t n, int most)
{
    box boxes[256] = {{.end = n}};
    measure(&boxes[0], points);
    for (p->n = 1; p->n < most; p->n++) {
        int widest = 0;
        for (int i = 1; i < p->n; i++)
            if (boxes[i].spread > boxes[widest].spread) widest = i;
        if (!boxes[widest].spread) break;
        cut(&boxes[widest], &boxes[p->n], points);
    }
    for (int i = 0; i < p->n; i++) set_colour(p, i, mean_of(&boxes[i], points));
}

static bool many(kal__gif_colours *c, const unsigned char *picture)
{
    cell *cells = kal__new_zero(CELLS, sizeof *cells);
    point *points = kal__new(CELLS, sizeof *points);
    const size_t errors = 3 * ((size_t)c->extent.width + 2);
    c->nearest = kal__new(CELLS, sizeof *c->nearest);
    bool ok = cells && points && c->nearest;
    for (int i = 0; i < 2 && c->dither; i++)
        ok = (c->errors[i] = kal__new_zero(errors, sizeof(int32_t))) != NULL && ok;
    if (ok) {
        memset(c->nearest, 0xff, CELLS * sizeof *c->nearest);
        cut_all(&c->palette, points, count(c, picture, cells, points), c->extent.alpha ? 255 : 256);
        if (c->extent.alpha) c->palette.clear = c->palette.n++;
    }
    free(cells);
    free(points);
    return ok;
}

size_t kal__gif_colours_memory(int32_t width)
{
    return sizeof(kal__gif_colours) + CELLS * (sizeof(cell) + sizeof(point)) + CELLS * sizeof(uint16_t) +
           2 * 3 * ((size_t)width + 2) * sizeof(int32_t);
}

kal__gif_colours *kal__gif_colours_new(const kal_extent *e, const unsigned char *picture, bool dither,
                                       kal__gif_palette *out)
{
    kal__gif_colours *c = kal__new_zero(1, sizeof *c);
    if (!c) return NULL;
    c->extent = *e;
    c->dither = dither;
    c->palette.clear = -1;
    c->exact = few(c, picture);
    if (!c->exact && !many(c, picture)) {
        kal__gif_colours_free(c);
        return NULL;
    }
    *out = c->palette;
    return c;
}

void kal__gif_colours_free(kal__gif_colours *c)
{
    free(c->nearest);
    free(c->errors[0]);
    free(c->errors[1]);
    free(c);
}

// ---- values -------------------------------------------------------------------------------------

// The nearest to the middle of the cell.
static unsigned nearest(kal__gif_colours *c, int r, int g, int b)
{
    const int cell_of = (r >> 2) << 12 | (g >> 2) << 6 | b >> 2;
    if (c->nearest[cell_of] < 256) return c->nearest[cell_of];
    const kal__gif_palette *p = &c->palette;
    const int at[3] = {(r & ~3) + 2, (g & ~3) + 2, (b & ~3) + 2};
    int least = 1 << 30;
    for (int i = 0; i < p->n; i++) {
        int far = 0;
        for (int k = 0; k < 3; k++) far += (p->colours[i][k] - at[k]) * (p->colours[i][k] - at[k]);
        if (i == p->clear || far >= least) continue;
        least = far;
        c->nearest[cell_of] = (uint16_t)i;
    }
    return c->nearest[cell_of];
}

static int clamped(int v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

// What the value is wrong by goes to the right and down, in sixteenths.
static unsigned dithered(kal__gif_colours *c, int32_t x, const int rgb[3])
{
    int32_t *here = c->errors[0] + 3 * (x + 1), *below = c->errors[1] + 3 * (x + 1);
    int v[3];
    for (int k = 0; k < 3; k++) {
        const int error = here[k] < 0 ? -((8 - here[k]) / 16) : (8 + here[k]) / 16;
        v[k] = clamped(rgb[k] + error);
    }
    const unsigned value = nearest(c, v[0], v[1], v[2]);
    for (int k = 0; k < 3; k++) {
        const int error = v[k] - c->palette.colours[value][k];
        here[3 + k] += 7 * error;
        below[k - 3] += 3 * error;
        below[k] += 5 * error;
        below[3 + k] += error;
    }
    return value;
}

void kal__gif_colours_row(kal__gif_colours *c, const unsigned char *row, unsigned char *values)
{
    bool clear;
    for (int32_t x = 0; x < c->extent.width; x++, row += c->extent.channels) {
        const uint32_t v = colour_of(&c->extent, row, &clear);
        const int rgb[3] = {(int)(v >> 16), (int)(v >> 8 & 255), (int)(v & 255)};
        values[x] = (unsigned char)(clear       ? (unsigned)c->palette.clear
                                    : c->exact  ? c->value[find(c, v)]
                                    : c->dither ? dithered(c, x, rgb)
                                                : nearest(c, rgb[0], rgb[1], rgb[2]));
    }
    if (c->exact || !c->dither) return;
    int32_t *swap = c->errors[0];
    c->errors[0] = c->errors[1];
    c->errors[1] = swap;
    memset(swap, 0, 3 * ((size_t)c->extent.width + 2) * sizeof *swap);
}
