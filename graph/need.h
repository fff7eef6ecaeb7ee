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
