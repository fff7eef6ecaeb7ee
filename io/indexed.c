// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Few colours for a picture of many, in integers: the colours are counted in cells of a few bits a sample; the box of cells that spreads most along
// some sample is cut at its mean until there are enough boxes, whose means are the palette. Opaque pixels and others have boxes of their own, so
// that nothing that was opaque shines through; those of others are of samples times alpha, and of alpha, since colour counts as far as it is seen.
#include "indexed.h"

#include <stdlib.h>
#include <string.h>

#define FOUND 1024   // slots for the colours of a picture that has few
#define SEEN 4096    // slots for what was looked up
#define NONE 65535

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

struct kal__indexed {
    kal_extent extent;
    kal__indexed_how how;
    kal__indexed_palette palette;
    int clear_to, opaque_from;   // alpha of up to that is transparent, of from that on opaque
    bool exact;
    uint32_t found[FOUND];   // alpha and colour
    uint16_t value[FOUND];   // of it, or NONE
    // ---- of more colours
    int first_opaque;              // of the palette
    unsigned char times[256][4];   // the palette's samples times alpha, and alpha
    uint16_t *nearest;             // of each cell of opaque ones, NONE before it is known
    uint64_t *seen;                // others: samples, that they are, and the value
    int32_t *errors[2];            // of four samples, with one pixel more on each side; 16 times
};

static uint32_t colour_of(const kal__indexed *c, const unsigned char *p, bool *clear)
{
    const kal_extent *e = &c->extent;
    const int colours = e->channels - e->alpha;
    const uint32_t r = p[0], g = colours == 3 ? p[1] : r, b = colours == 3 ? p[2] : r;
    const int alpha = e->alpha ? p[colours] : 255;
    *clear = alpha <= c->clear_to;
    return (uint32_t)(c->how.alpha ? alpha : 255) << 24 | r << 16 | g << 8 | b;
}

static bool is_opaque(const kal__indexed *c, uint32_t colour)
{
    return (int)(colour >> 24) >= c->opaque_from;
}

// Samples times alpha, and alpha.
static void times_alpha(uint32_t colour, int v[4])
{
    v[3] = (int)(colour >> 24);
    for (int k = 0; k < 3; k++) v[k] = ((int)(colour >> (16 - 8 * k) & 255) * v[3] + 127) / 255;
}

static uint32_t packed(const unsigned char c[4])
{
    return (uint32_t)c[3] << 24 | (uint32_t)c[0] << 16 | (uint32_t)c[1] << 8 | c[2];
}

// ---- few colours --------------------------------------------------------------------------------

static uint32_t find(const kal__indexed *c, uint32_t colour)
{
    uint32_t slot = ((colour ^ 0xff000000) * 2654435761u) >> 22;
    while (c->value[slot] != NONE && c->found[slot] != colour) slot = (slot + 1) % FOUND;
    return slot;
}

static int by_colour(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void set_colour(kal__indexed_palette *p, int i, uint32_t colour)
{
    for (int k = 0; k < 3; k++) p->colours[i][k] = (unsigned char)(colour >> (16 - 8 * k));
    p->colours[i][3] = (unsigned char)(colour >> 24);
}

// Sorted, with the transparent one where it belongs.
static void set_palette(kal__indexed *c, uint32_t *list, int n, bool clear)
{
    kal__indexed_palette *p = &c->palette;
    const bool first = clear && c->how.alpha;
    qsort(list, (size_t)n, sizeof *list, by_colour);
    for (int i = 0; i < n; i++) set_colour(p, first + i, list[i]);
    p->n = first + n;
    if (first) p->clear = 0;
    if (clear && !first) p->clear = p->n++;
}

// false: there are too many.
static bool few(kal__indexed *c, const unsigned char *picture)
{
    uint32_t list[257], last = 0;
    int n = 0;
    bool clear, any = false;
    for (int i = 0; i < FOUND; i++) c->value[i] = NONE;
    const size_t pixels = (size_t)c->extent.width * (size_t)c->extent.height;
    for (size_t i = 0; i < pixels; i++, picture += c->extent.channels) {
        const uint32_t colour = colour_of(c, picture, &clear);
        any |= clear;
        if (clear || (n && colour == last) || n > c->how.most) continue;
        last = colour;
        const uint32_t slot = find(c, colour);
        if (c->value[slot] == NONE) {
            c->value[slot] = 0;
            c->found[slot] = colour;
            list[n++] = colour;
        }
    }
    if (n + any > c->how.most) return false;
    set_palette(c, list, n, c->how.alpha ? any : c->extent.alpha && n < c->how.most);
    const int from = c->palette.clear == 0 && n ? 1 : 0;
    for (int i = 0; i < n; i++) c->value[find(c, list[i])] = (uint16_t)(from + i);
    return true;
}

// ---- many ---------------------------------------------------------------------------------------

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

// Opaque ones, and behind them the others. n: how many of each.
static void count(const kal__indexed *c, const unsigned char *picture, cell *cells, point *points,
                  int32_t n[2])
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
    n[0] = take_points(cells, &opaque_space, points);
    n[1] = c->opaque_from > c->clear_to + 1
               ? take_points(cells + opaque_space.cells, &other_space, points + n[0])
               : 0;
}

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

// Without alpha colours stay as they were cut.
static void take_colours(kal__indexed *c, uint32_t *list, int n, bool clear)
{
    kal__indexed_palette *p = &c->palette;
    if (c->how.alpha) {
        set_palette(c, list, n, clear);
    } else {
        for (int i = 0; i < n; i++) set_colour(p, i, list[i]);
        p->n = n;
        if (clear) p->clear = p->n++;
    }
    while (c->first_opaque < p->n &&
           (c->first_opaque == p->clear || !is_opaque(c, packed(p->colours[c->first_opaque]))))
        c->first_opaque++;
    for (int i = 0; i < p->n; i++) {
        int v[4];
        times_alpha(packed(p->colours[i]), v);
        for (int k = 0; k < 4; k++) c->times[i][k] = (unsigned char)v[k];
    }
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

static bool many(kal__indexed *c, const unsigned char *picture, bool clear)
{
    cell *cells = kal__new_zero(cells_of(&c->how), sizeof *cells);
    point *points = kal__new(points_of(&c->extent, &c->how), sizeof *points);
    const size_t errors = 4 * ((size_t)c->extent.width + 2);
    c->nearest = kal__new(opaque_space.cells, sizeof *c->nearest);
    bool ok = cells && points && c->nearest;
    if (c->how.alpha) ok = (c->seen = kal__new_zero(SEEN, sizeof *c->seen)) != NULL && ok;
    for (int i = 0; i < 2 && c->how.dither; i++)
        ok = (c->errors[i] = kal__new_zero(errors, sizeof(int32_t))) != NULL && ok;
    if (ok) {
        uint32_t list[256];
        int32_t n[2];
        for (size_t i = 0; i < opaque_space.cells; i++) c->nearest[i] = NONE;
        count(c, picture, cells, points, n);
        take_colours(c, list, cut_all(list, points, n, c->how.most - clear), clear);
    }
    free(cells);
    free(points);
    return ok;
}

// Which kinds of alpha there are. With fewer colours than kinds what is transparent goes with the others, and then what is opaque, too.
static bool part_kinds(kal__indexed *c, const unsigned char *picture)
{
    bool clear = false, other = false, opaque = false;
    const size_t pixels = (size_t)c->extent.width * (size_t)c->extent.height;
    const int at = c->extent.channels - 1;
    for (size_t i = 0; i < pixels; i++, picture += c->extent.channels) {
        const int alpha = c->extent.alpha ? picture[at] : 255;
        clear |= alpha == 0;
        opaque |= alpha == 255;
        other |= alpha > 0 && alpha < 255;
    }
    c->clear_to = clear && clear + other + opaque <= c->how.most ? 0 : -1;
    c->opaque_from = c->clear_to == 0 || (other || clear) + opaque <= c->how.most ? 255 : 256;
    return c->clear_to == 0;
}

// With alpha there may be few colours but of what nobody sees.
static bool settle(kal__indexed *c, const unsigned char *picture)
{
    c->clear_to = c->how.alpha ? -1 : 127;
    c->opaque_from = c->how.alpha ? 255 : 128;
    c->exact = few(c, picture);
    if (c->exact) return true;
    if (!c->how.alpha) return many(c, picture, c->extent.alpha);
    const bool clear = part_kinds(c, picture);
    c->exact = clear && few(c, picture);
    return c->exact || many(c, picture, clear);
}

size_t kal__indexed_memory(const kal_extent *e, const kal__indexed_how *how)
{
    return sizeof(kal__indexed) + cells_of(how) * sizeof(cell) + points_of(e, how) * sizeof(point) +
           opaque_space.cells * sizeof(uint16_t) + (how->alpha ? SEEN * sizeof(uint64_t) : 0) +
           2 * 4 * ((size_t)e->width + 2) * sizeof(int32_t);
}

kal__indexed *kal__indexed_new(const kal_extent *e, const unsigned char *picture, const kal__indexed_how *how,
                               kal__indexed_palette *out)
{
    kal__indexed *c = kal__new_zero(1, sizeof *c);
    if (!c) return NULL;
    c->extent = *e;
    c->how = *how;
    c->how.alpha = how->alpha && e->alpha;
    c->palette.clear = -1;
    if (!settle(c, picture)) {
        kal__indexed_free(c);
        return NULL;
    }
    *out = c->palette;
    return c;
}

void kal__indexed_free(kal__indexed *c)
{
    free(c->nearest);
    free(c->seen);
    free(c->errors[0]);
    free(c->errors[1]);
    free(c);
}

// ---- values -------------------------------------------------------------------------------------

// Of opaque ones: the nearest to the middle of the cell.
static unsigned nearest(kal__indexed *c, const int v[4])
{
    const int cell_of = (v[0] >> 2) << 12 | (v[1] >> 2) << 6 | v[2] >> 2;
    if (c->nearest[cell_of] < 256) return c->nearest[cell_of];
    const kal__indexed_palette *p = &c->palette;
    int least = 1 << 30;
    for (int i = c->first_opaque; i < p->n; i++) {
        int far = 0;
        for (int k = 0; k < 3; k++) {
            const int d = p->colours[i][k] - ((v[k] & ~3) + 2);
            far += d * d;
        }
        if (i == p->clear || far >= least) continue;
        least = far;
        c->nearest[cell_of] = (uint16_t)i;
    }
    return c->nearest[cell_of];
}

// Of the others: the nearest of samples times alpha, and alpha.
static unsigned nearest_other(kal__indexed *c, const int v[4])
{
    uint32_t all = 0, best = 0;
    for (int k = 0; k < 4; k++) all = all << 8 | (uint32_t)v[k];
    uint64_t *slot = &c->seen[(all * 2654435761u) >> 20];
    const uint64_t mark = (uint64_t)all << 9 | 256;
    if ((*slot & ~(uint64_t)255) == mark) return (unsigned)(*slot & 255);
    int least = 1 << 30;
    for (int i = c->palette.clear + 1; i < c->first_opaque; i++) {
        int far = 0;
        for (int k = 0; k < 4; k++) far += (c->times[i][k] - v[k]) * (c->times[i][k] - v[k]);
        if (far >= least) continue;
        least = far;
        best = (uint32_t)i;
    }
    *slot = mark | best;
    return best;
}

static int clamped(int v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

// What the value is wrong by goes to the right and down, in sixteenths.
static unsigned dithered(kal__indexed *c, int32_t x, bool opaque, const int of[4])
{
    int32_t *here = c->errors[0] + 4 * (x + 1), *below = c->errors[1] + 4 * (x + 1);
    const int samples = opaque ? 3 : 4;
    int v[4] = {0, 0, 0, 255};
    for (int k = 0; k < samples; k++) {
        const int error = here[k] < 0 ? -((8 - here[k]) / 16) : (8 + here[k]) / 16;
        v[k] = clamped(of[k] + error);
    }
    const unsigned value = opaque ? nearest(c, v) : nearest_other(c, v);
    for (int k = 0; k < samples; k++) {
        const int error = v[k] - c->times[value][k];
        here[4 + k] += 7 * error;
        below[k - 4] += 3 * error;
        below[k] += 5 * error;
        below[4 + k] += error;
    }
    return value;
}

static unsigned value_of(kal__indexed *c, int32_t x, uint32_t colour)
{
    const bool opaque = is_opaque(c, colour);
    int v[4];
    times_alpha(colour, v);
    return c->how.dither ? dithered(c, x, opaque, v) : opaque ? nearest(c, v) : nearest_other(c, v);
}

void kal__indexed_row(kal__indexed *c, const unsigned char *row, unsigned char *values)
{
    bool clear;
    for (int32_t x = 0; x < c->extent.width; x++, row += c->extent.channels) {
        const uint32_t v = colour_of(c, row, &clear);
        values[x] = (unsigned char)(clear      ? (unsigned)c->palette.clear
                                    : c->exact ? c->value[find(c, v)]
                                               : value_of(c, x, v));
    }
    if (c->exact || !c->how.dither) return;
    int32_t *swap = c->errors[0];
    c->errors[0] = c->errors[1];
    c->errors[1] = swap;
    memset(swap, 0, 4 * ((size_t)c->extent.width + 2) * sizeof *swap);
}
