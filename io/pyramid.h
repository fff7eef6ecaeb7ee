// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Levels of a picture, each half as wide and high as the one before, in one pass: rows come from top to bottom, and of each level no more is held
// than one band of it. TIFF and tile trees are written so.
//
//   level 0   ████████████ band 0 ─▶ its blocks
//             ████████████ band 1                 a band may reach into both beside it (`overlap`)
//   level 1      ██████ band 0                    whatever a band was told of is halved for the next level at once
#ifndef KAL_IO_PYRAMID_H
#define KAL_IO_PYRAMID_H

#include "codec.h"

#define KAL__MOST_LEVELS 32

typedef struct kal__level {
    kal_extent extent;
    int32_t bands, band;   // how many there are, and the next one
    int32_t top, filled;   // rows from top to filled lie in `rows`
    int32_t halved;        // those above are in the next level
    unsigned char *rows;   // NULL: its rows are somebody else's
} kal__level;

/// Rows y0 … y1 of a level, of which `rows` is the first, packed: its band, with what it overlaps. In order within a level.
typedef kal_status kal__band_of_level(void *user, int level, int32_t band, const unsigned char *rows,
                                      int32_t y0, int32_t y1, kal_error *err);

typedef struct kal__pyramid {
    int n;
    int32_t step, overlap;   // rows of a band, and those above and below that it sees, too
    kal__band_of_level *take;
    void *user;
    kal__level levels[KAL__MOST_LEVELS];
} kal__pyramid;

/// One level smaller: half as wide and high, rounded up.
kal_extent kal__half_of(const kal_extent *e);
/// How many levels there are until one is at most so large.
int kal__count_levels(const kal_extent *e, int32_t width, int32_t height);

/// Prepares `n` levels, and rows of those from the level `from` on. Of the others only extents are known until their rows come: then there are some.
kal_status kal__pyramid_begin(kal__pyramid *p, const kal_extent *e, int n, int from, kal_error *err);
/// Bytes that are held.
size_t kal__pyramid_memory(const kal_extent *e, int n, int from, int32_t step, int32_t overlap);
/// The next n rows of a level. Rows of one level alone are put.
kal_status kal__pyramid_put(kal__pyramid *p, int level, const unsigned char *rows, ptrdiff_t stride,
                            int32_t n, kal_error *err);
void kal__pyramid_end(kal__pyramid *p);

/// The rows that a band sees, and the end of those that are halved once it was told.
void kal__band_rows(const kal_extent *e, int32_t step, int32_t overlap, int32_t band, int32_t *y0,
                    int32_t *y1);
int32_t kal__band_halved(const kal_extent *e, int32_t step, int32_t overlap, int32_t band);

/// Two rows become one of half their pixels: means of 2 x 2, of colours weighted by alpha; labels are taken from the first.
void kal__halve(const kal_extent *e, const unsigned char *a, const unsigned char *b, unsigned char *out);

#endif
