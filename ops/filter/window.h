// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sums over windows of (2·radius + 1)² places, at a cost that does not depend on the radius and with bits that do not depend on where
// a job begins.
//
// A sum that is moved along, a place in and a place out, hangs on where it began as soon as one addition rounds. So each axis is cut at the
// multiples of side = 2·radius + 1, in absolute coordinates, and a window lies in at most two pieces:
//
//     … | · · [ a a a | b b ] · | …      sum = a, added from the cut backwards, + b, added from the cut onwards
//
// Every piece of both kinds is one addition more than the one before, and its order follows from coordinates alone, whatever
// the band or rectangle. Nothing is taken out again, so that nothing cancels either. Columns come first, then rows. Whole numbers are
// exact as long as sums stay below 2^53.
#ifndef KAL_OPS_WINDOW_H
#define KAL_OPS_WINDOW_H

#include "op.h"

/// Adds row y of every plane to `sums`, plane k from k · step on: the columns x0 − radius … x1 + radius of the rect asked for.
typedef void kal__window_add(void *user, int32_t y, double *sums, size_t step);
/// Gets the sums of the windows around pixels x0 … x1 of row y; rows come from top to bottom.
typedef void kal__window_done(void *user, int32_t y, const double *sums, size_t step);

/// What a rect of at most this size wants as `room`.
size_t kal__window_room(int32_t radius, size_t planes, int32_t width, int32_t height);
void kal__window_run(int32_t radius, size_t planes, kal_rect rect, void *room, kal__window_add *add,
                     kal__window_done *done, void *user);

/// Jobs go in stripes of this width: rows of some planes stay in the cache, and the columns beside a stripe are few against it.
static inline int32_t kal__window_stripe(int32_t radius, int32_t width)
{
    const int32_t most = radius > 32 ? 4 * radius : 128;
    return width < most ? width : most;
}

/// Rows of a job (`least_rows`) whose windows reach `radius` rows beyond it: as many as are read beyond, so that its beginning costs no
/// more than the rest; at most 256, for the memory.
static inline int32_t kal__window_rows(int32_t radius)
{
    return radius < 128 ? 2 * radius : 256;
}

#endif
