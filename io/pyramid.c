// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See pyramid.h.
#include "pyramid.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

// ---- halving ------------------------------------------------------------------------------------

#define HALVE(T, WIDE, ROUND)                                                                   \
    {                                                                                           \
        const T *p[4] = {(const T *)a, (const T *)a + next, (const T *)b, (const T *)b + next}; \
        const int colours = e->channels - e->alpha;                                             \
        WIDE weight = 4, w[4] = {1, 1, 1, 1};                                                   \
        if (e->alpha) {                                                                         \
            weight = 0;                                                                         \
            for (int i = 0; i < 4; i++) weight += w[i] = (WIDE)p[i][colours];                   \
            ((T *)to)[colours] = (T)ROUND(weight, (WIDE)4);                                     \
        }                                                                                       \
        for (int c = 0; c < colours; c++) {                                                     \
            WIDE sum = 0;                                                                       \
            for (int i = 0; i < 4; i++) sum += (WIDE)p[i][c] * w[i];                            \
            ((T *)to)[c] = (T)(weight > 0 ? ROUND(sum, weight) : 0);                            \
        }                                                                                       \
    }
#define ROUNDED(sum, n) (((sum) + (n) / 2) / (n))
#define DIVIDED(sum, n) ((sum) / (n))

static void halve_pixel(const kal_extent *e, const void *a, const void *b, ptrdiff_t next, void *to)
{
    if (e->type == KAL_U8) HALVE(uint8_t, uint32_t, ROUNDED)
    if (e->type == KAL_U16) HALVE(uint16_t, uint64_t, ROUNDED)
    if (e->type == KAL_F32) HALVE(float, float, DIVIDED)
    if (e->model == KAL_MASK) *(uint8_t *)to = *(uint8_t *)to >= 128 ? 255 : 0;
}

// The same for what most pictures are; all pixels that have a neighbour.
static void halve_bytes(int channels, const uint8_t *restrict a, const uint8_t *restrict b, int32_t n,
                        uint8_t *restrict to)
{
    for (int32_t x = 0; x < n; x++, a += 2 * channels, b += 2 * channels, to += channels)
        for (int c = 0; c < channels; c++)
            to[c] = (uint8_t)((a[c] + a[c + channels] + b[c] + b[c + channels] + 2) / 4);
}

void kal__halve(const kal_extent *e, const unsigned char *a, const unsigned char *b, unsigned char *out)
{
    const size_t pixel = kal_pixel_size(e);
    int32_t x = 0;
    if (e->type == KAL_U8 && !e->alpha && (e->model == KAL_RGB || e->model == KAL_GRAY)) {
        if (e->model == KAL_RGB)
            halve_bytes(3, a, b, e->width / 2, out);
        else
            halve_bytes(1, a, b, e->width / 2, out);
        x = e->width / 2 * 2;
        out += (size_t)(x / 2) * pixel;
    }
    for (; x < e->width; x += 2, out += pixel) {
        const size_t at = (size_t)x * pixel;
        if (e->type == KAL_U32)
            memcpy(out, a + at, pixel);   // between two labels there is none
        else
            halve_pixel(e, a + at, b + at, x + 1 < e->width ? e->channels : 0, out);
    }
}

// ---- levels -------------------------------------------------------------------------------------

kal_extent kal__half_of(const kal_extent *e)
{
    kal_extent half = *e;
    half.width = (e->width + 1) / 2;
    half.height = (e->height + 1) / 2;
    return half;
}

int kal__count_levels(const kal_extent *e, int32_t width, int32_t height)
{
    kal_extent x = *e;
    int n = 1;
    for (; x.width > width || x.height > height; n++) x = kal__half_of(&x);
    return n;
}

void kal__band_rows(const kal_extent *e, int32_t step, int32_t overlap, int32_t band, int32_t *y0,
                    int32_t *y1)
{
    const int64_t first = (int64_t)band * step - overlap, end = ((int64_t)band + 1) * step + overlap;
    *y0 = first > 0 ? (int32_t)first : 0;
    *y1 = end < e->height ? (int32_t)end : e->height;
}

// Pairs only, but for the last row.
int32_t kal__band_halved(const kal_extent *e, int32_t step, int32_t overlap, int32_t band)
{
    int32_t y0, y1;
    if (band < 0) return 0;
    kal__band_rows(e, step, overlap, band, &y0, &y1);
    return y1 < e->height ? y1 & ~1 : y1;
}

static size_t row_bytes(const kal_extent *e)
{
    return (size_t)e->width * kal_pixel_size(e);
}

// The rows that a band sees, and one that waits for the other of its pair when bands of an odd number of rows have no overlap.
static int32_t most_rows(const kal_extent *e, int32_t step, int32_t overlap)
{
    const int64_t n = (int64_t)step + 2 * (int64_t)overlap + (!overlap && step % 2);
    return n < e->height ? (int32_t)n : e->height;
}

size_t kal__pyramid_memory(const kal_extent *e, int n, int from, int32_t step, int32_t overlap)
{
    kal_extent x = *e;
    size_t bytes = 0;
    for (int i = 0; i < n; i++, x = kal__half_of(&x))
        if (i >= from) bytes += row_bytes(&x) * (size_t)most_rows(&x, step, overlap);
    return bytes;
}

static bool take_rows(const kal__pyramid *p, kal__level *l)
{
    if (!l->rows)
        l->rows = kal__new((size_t)most_rows(&l->extent, p->step, p->overlap), row_bytes(&l->extent));
    return l->rows != NULL;
}

kal_status kal__pyramid_begin(kal__pyramid *p, const kal_extent *e, int n, int from, kal_error *err)
{
    kal_extent x = *e;
    bool ok = n <= KAL__MOST_LEVELS;
    for (p->n = 0; p->n < n && ok; p->n++, x = kal__half_of(&x)) {
        kal__level *l = &p->levels[p->n];
        *l = (kal__level){.extent = x, .bands = (int32_t)(((int64_t)x.height + p->step - 1) / p->step)};
        if (p->n >= from) ok = take_rows(p, l);
    }
    return ok ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for the levels of a picture");
}

void kal__pyramid_end(kal__pyramid *p)
{
    for (int i = 0; i < p->n; i++) {
        free(p->levels[i].rows);
        p->levels[i].rows = NULL;
    }
}

static unsigned char *row_at(const kal__level *l, int32_t y)
{
    return l->rows + (size_t)(y - l->top) * row_bytes(&l->extent);
}

// What neither a band to come nor the next level needs goes.
static void let_go(const kal__pyramid *p, kal__level *l)
{
    int32_t y0 = l->filled, y1;
    if (l->band < l->bands) kal__band_rows(&l->extent, p->step, p->overlap, l->band, &y0, &y1);
    if (y0 > l->halved) y0 = l->halved;
    if (y0 > l->filled) y0 = l->filled;
    memmove(l->rows, row_at(l, y0), (size_t)(l->filled - y0) * row_bytes(&l->extent));
    l->top = y0;
}

static kal_status arrived(kal__pyramid *p, int i, kal_error *err);

static kal_status halve_to(kal__pyramid *p, int i, int32_t end, kal_error *err)
{
    kal__level *l = &p->levels[i], *next = l + 1;
    kal_status st = KAL_OK;
    for (; l->halved < end && !st; l->halved += 2) {
        const int32_t y = l->halved;
        kal__halve(&l->extent, row_at(l, y), row_at(l, y + 1 < l->extent.height ? y + 1 : y),
                   row_at(next, next->filled));
        next->filled++;
        st = arrived(p, i + 1, err);
    }
    return st;
}

// A level has rows more: its bands that have all of theirs.
static kal_status arrived(kal__pyramid *p, int i, kal_error *err)
{
    kal__level *l = &p->levels[i];
    for (kal_status st; l->band < l->bands; let_go(p, l)) {
        int32_t y0, y1;
        kal__band_rows(&l->extent, p->step, p->overlap, l->band, &y0, &y1);
        if (l->filled < y1) return KAL_OK;
        st = p->take(p->user, i, l->band, row_at(l, y0), y0, y1, err);
        if (!st && i + 1 < p->n)
            st = halve_to(p, i, kal__band_halved(&l->extent, p->step, p->overlap, l->band), err);
        else
            l->halved = l->filled;
        if (st) return st;
        l->band++;
    }
    return KAL_OK;
}

kal_status kal__pyramid_put(kal__pyramid *p, int level, const unsigned char *rows, ptrdiff_t stride,
                            int32_t n, kal_error *err)
{
    kal__level *l = &p->levels[level];
    const size_t row = row_bytes(&l->extent);
    if (!take_rows(p, l)) return kal_fail(err, KAL_NOMEM, "out of memory for the levels of a picture");
    kal_status st = KAL_OK;
    while (n && !st) {
        int32_t y0, y1;
        kal__band_rows(&l->extent, p->step, p->overlap, l->band, &y0, &y1);
        for (; n && l->filled < y1; n--, l->filled++, rows += stride) memcpy(row_at(l, l->filled), rows, row);
        st = arrived(p, level, err);
    }
    return st;
}
