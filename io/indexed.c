// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A picture in the values of a palette: its own colours where they are few, else those that boxes of them make (indexed_boxes.c). Opaque pixels and others
// have colours of their own, so that nothing that was opaque shines through; those of others are of samples times alpha, and of alpha, since colour counts
// as far as it is seen.
#include "indexed_part.h"

#include <stdlib.h>
#include <string.h>

#define SEEN 4096   // slots for what was looked up
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

// The nearest colour of its kind, of samples times alpha, and alpha.
static unsigned search(const kal__indexed *c, const int v[4], bool opaque)
{
    const int from = opaque ? c->first_opaque : c->palette.clear + 1,
              end = opaque ? c->palette.n : c->first_opaque;
    int least = 1 << 30, best = from;
    for (int i = from; i < end; i++) {
        int far = 0;
        for (int k = 0; k < 4; k++) far += (c->times[i][k] - v[k]) * (c->times[i][k] - v[k]);
        if (i == c->palette.clear || far >= least) continue;
        least = far;
        best = i;
    }
    return (unsigned)best;
}

// Each colour's value.
static void value_some(kal__indexed *c)
{
    int v[4];
    for (int i = 0; i < SLOTS; i++) {
        if (!c->some->n[i]) continue;
        times_alpha(c->some->colour[i], v);
        c->some->value[i] = (uint16_t)search(c, v, is_opaque(c, c->some->colour[i]));
    }
}

static bool many(kal__indexed *c, const unsigned char *picture, bool clear)
{
    uint32_t list[256];
    const size_t errors = 4 * ((size_t)c->extent.width + 2);
    const int n = kal__indexed_boxes(c, picture, c->how.most - clear, list);
    bool ok = n > 0;
    if (!c->some) ok = (c->nearest = kal__new(KAL__INDEXED_CELLS, sizeof *c->nearest)) != NULL && ok;
    if (c->some || c->how.alpha) ok = (c->seen = kal__new_zero(SEEN, sizeof *c->seen)) != NULL && ok;
    for (int i = 0; i < 2 && c->how.dither; i++)
        ok = (c->errors[i] = kal__new_zero(errors, sizeof(int32_t))) != NULL && ok;
    if (!ok) return false;
    for (size_t i = 0; c->nearest && i < KAL__INDEXED_CELLS; i++) c->nearest[i] = NONE;
    take_colours(c, list, n, clear);
    if (c->some) value_some(c);
    return true;
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
    return sizeof(kal__indexed) + kal__indexed_boxes_memory(e, how) + KAL__INDEXED_CELLS * sizeof(uint16_t) +
           SEEN * sizeof(uint64_t) + sizeof(some) + 2 * 4 * ((size_t)e->width + 2) * sizeof(int32_t);
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
    free(c->some);
    free(c->errors[0]);
    free(c->errors[1]);
    free(c);
}

// ---- values -------------------------------------------------------------------------------------

// Of opaque ones in cells: the nearest to the middle of the cell.
static unsigned nearest(kal__indexed *c, const int v[4])
{
    const int cell_of = (v[0] >> 2) << 12 | (v[1] >> 2) << 6 | v[2] >> 2;
    const int middle[4] = {(v[0] & ~3) + 2, (v[1] & ~3) + 2, (v[2] & ~3) + 2, 255};
    if (c->nearest[cell_of] == NONE) c->nearest[cell_of] = (uint16_t)search(c, middle, true);
    return c->nearest[cell_of];
}

static unsigned look_up(kal__indexed *c, const int v[4], bool opaque)
{
    uint32_t all = 0;
    for (int k = 0; k < 4; k++) all = all << 8 | (uint32_t)v[k];
    uint64_t *slot = &c->seen[(all * 2654435761u) >> 20];
    const uint64_t mark = (uint64_t)all << 9 | 256;
    if ((*slot & ~(uint64_t)255) != mark) *slot = mark | search(c, v, opaque);
    return (unsigned)(*slot & 255);
}

static unsigned nearest_of(kal__indexed *c, const int v[4], bool opaque)
{
    return opaque && !c->some ? nearest(c, v) : look_up(c, v, opaque);
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
    const unsigned value = nearest_of(c, v, opaque);
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
    if (c->some && !c->how.dither) return c->some->value[slot_of(c->some, colour)];
    times_alpha(colour, v);
    return c->how.dither ? dithered(c, x, opaque, v) : nearest_of(c, v, opaque);
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
