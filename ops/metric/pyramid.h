// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The walk that metrics share. A band of rows goes through all scales at once: rows of light of both pictures are handed to the first scale, which hands each
// pair of them on, halved. A metric keeps as many of a scale's rows as it looks at together, and makes its own of those in the middle.
// So nothing is held but these rows, whatever the picture's height.
#ifndef KAL_OPS_PYRAMID_H
#define KAL_OPS_PYRAMID_H

#include "lanes.h"
#include "op.h"

#define KAL__SCALES 6   // of any metric, at most

/// What the scales of a metric are.
typedef struct kal__pyramid {
    int scales;      // at most: nothing comes behind one with a side below 8
    size_t planes;   // of a row of light
    int32_t reach;   // a row of a scale hangs on so many above and below
    bool up;   // half of an odd size is rounded up, and what is left over counts twice; else it is dropped
} kal__pyramid;

/// A scale, and its rows of a walk: those that are made, and those of light that come.
typedef struct kal__scale {
    int32_t width, height;
    int32_t out0, out1, in0, in1;
    size_t pitch;   // floats from row to row
    float *wait[2],
        *half[2];   // the row of light that waits for the one that goes with it, and what both make
} kal__scale;

/// The scales of two such pictures, for the rows out0 to out1 of the first. Their number, at least 1.
int kal__pyramid_scales(const kal__pyramid *of, const kal_extent *e, int32_t out0, int32_t out1,
                        kal__scale scales[KAL__SCALES]);
/// Rows of the pictures that are walked at once, a multiple of 1 << (KAL__SCALES - 1): at most KAL__BAND, in bands that are about alike and of an even number, so that
/// two threads have as much to do. The last may have fewer.
#define KAL__BAND 512
int32_t kal__pyramid_rows(const kal_extent *e);
/// Scales of band `band` of the pictures, and how many bands there are.
int kal__pyramid_band(const kal__pyramid *of, const kal_extent *e, int32_t band,
                      kal__scale scales[KAL__SCALES]);
int32_t kal__pyramid_bands(const kal_extent *e);
/// Rows of the pictures that the bands around these rows hang on.
kal_rect kal__pyramid_need(const kal__pyramid *of, const kal_extent *e, kal_rect out);

typedef struct kal__walk {
    const kal__pyramid *of;
    const kal_job *job;   // asked whether it is stopped
    size_t planes[2];     // of each picture's light, at most those of the pyramid
    /// Makes light of row y of a picture, 0 or 1: planes a pitch from one another.
    void (*light)(struct kal__walk *w, int side, int32_t y, float *light);
    /// A row of light of both pictures at a scale, in order. They may be changed.
    void (*row)(struct kal__walk *w, int scale, int32_t y, float *const light[2]);
    void *user;
    int n;
    kal__scale scales[KAL__SCALES];
    float *first[2];
} kal__walk;

/// Floats of scratch of a walk, and where they come from: zeros.
size_t kal__walk_floats(const kal__pyramid *of, int n, const kal__scale *scales);
void kal__walk_begin(kal__walk *w, float **room);
/// All rows of the first scale, from in0 to in1. CANCELLED: the job was stopped between two of them.
kal_status kal__walk_rows(kal__walk *w);

// ---- rows that are kept --------------------------------------------------------------------------

/// Row y of as many as are kept.
static inline float *kal__ring_row(float *ring, const kal__scale *s, int32_t rows, int32_t y)
{
    return ring + (size_t)(y % rows) * s->pitch + KAL__PAD;
}

/// Row y and `reach` above and below it. Above and below the picture lies `outside`; NULL: what lies at its edge.
static inline void kal__ring_around(float *ring, const kal__scale *s, int32_t reach, int32_t y,
                                    const float *outside, const float **out)
{
    const int32_t last = s->height - 1;
    for (int32_t i = -reach; i <= reach; i++) {
        const int32_t at = y + i < 0 ? 0 : y + i > last ? last : y + i;
        out[i + reach] = outside && at != y + i ? outside : kal__ring_row(ring, s, 2 * reach + 1, at);
    }
}

/// With row y there, rows below this one have all within reach.
static inline int32_t kal__ring_ready(const kal__scale *s, int32_t reach, int32_t y)
{
    return y == s->height - 1 ? s->height : y + 1 - reach;
}

#endif
