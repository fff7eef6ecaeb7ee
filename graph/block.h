// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The block in which pixels go through all ops of a stage before the next ones do, between two buffers in the scratch.
#ifndef KAL_GRAPH_BLOCK_H
#define KAL_GRAPH_BLOCK_H

#include "need.h"
#include "tables.h"

typedef struct kal__block {
    int32_t columns, rows;
    size_t bytes;   ///< of a buffer
} kal__block;

/// Bytes of the widest pixel that lies in a buffer: of all ops but the last, which writes into the ring; of all when the ring is far and
/// is filled from a buffer past the caches.
static inline size_t kal__widest_pixel(const kal__stage *s)
{
    size_t most = 0;
    for (int32_t k = 0, last; k < s->n_steps; k = last + 1) {
        last = kal__run_end(s, k);
        const size_t bytes = kal_pixel_size(&s->steps[last].node->call.extent);
        if ((last + 1 < s->n_steps || kal__is_far(s)) && bytes > most) most = bytes;
    }
    return most;
}

/// Rows that a band, and a block of a first op with a halo, have at least.
static inline int32_t kal__least_rows(const kal__stage *s)
{
    const kal_call *c = s->n_steps ? &s->steps[0].node->call : NULL;
    const int32_t rows = c && c->op->least_rows ? c->op->least_rows(c) : 0;
    return rows > 16 ? rows : 16;
}

/// Both buffers and what streams in stay in L1. A first op with a halo has work to share between rows, and one that is serial is to see
/// them whole: then L2.
static inline kal__block kal__block_of(const kal__stage *s)
{
    const size_t pixel = kal__widest_pixel(s), width = (size_t)(s->rect.x1 - s->rect.x0), row = width * pixel;
    const bool halo = !(s->steps[0].node->call.op->flags & KAL_OP_POINTWISE), whole = halo || s->serial;
    const size_t room = (size_t)(whole ? 48 : 12) << 10, least = halo ? (size_t)kal__least_rows(s) : 1;
    size_t columns = width, rows = row ? room / row : 1;
    if (!whole && row > room) columns = room / pixel / 64 * 64;
    if (columns < 64 || columns > width) columns = width;
    if (rows < least) rows = least;
    if (rows > (size_t)s->band) rows = (size_t)s->band;
    return (kal__block){(int32_t)columns, (int32_t)rows, (columns * pixel * rows + 63) & ~(size_t)63};
}

#endif
