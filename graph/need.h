// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The one function that says what an op reads, with the defaults that flags imply; and small facts about nodes.
#ifndef KAL_GRAPH_NEED_H
#define KAL_GRAPH_NEED_H

#include "plan.h"

/// The part of input i that `out` needs.
static inline kal_rect kal__need(const kal_call *c, int32_t i, kal_rect out)
{
    const kal_rect all = kal_rect_all(&c->in[i]->extent);
    if (kal_rect_empty(out)) return kal_rect_of(0, 0, 0, 0);
    if (c->op->flags & KAL_OP_WHOLE) return all;
    return c->op->need ? c->op->need(c, i, out) : kal_rect_clip(out, all);
}

/// Rows that go through a fused run at a time, so that what lies between two ops stays in L1 or L2. A first op with a halo has work to
/// share between rows.
static inline int32_t kal__fused_rows(const kal__stage *s)
{
    const size_t rows = ((size_t)48 << 10) / (s->stride ? s->stride : 1);
    const size_t least = s->steps[0].node->call.op->flags & KAL_OP_POINTWISE ? 1 : 16;
    const size_t n = rows < least ? least : rows;
    return n > (size_t)s->band ? s->band : (int32_t)n;
}

/// Whether a stage fills so many rows of the caller's that nobody will find them in a cache: they may as well go past them.
static inline bool kal__is_far(const kal__stage *s)
{
    const size_t row = (size_t)(s->rect.x1 - s->rect.x0) * kal_pixel_size(&s->node->call.extent);
    return s->outside && row * (size_t)(s->rect.y1 - s->rect.y0) >= (size_t)16 << 20;
}

/// About ns per byte to make this node's pixels again, what lies before it included as far as it is of the same size.
double kal__cost_of(const kal_node *node);

/// Bytes of the encoded file held while it is decoded by rows, or in parts.
size_t kal__source_memory(const kal__source *s, bool parts);

#endif
