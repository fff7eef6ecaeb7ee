// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Looking past an op that hands on most of its last input: of a picture on which something small was pasted, most rows are the base's own.
// A reader's band that needs nothing of what was touched reads the base's ring, and the op makes only the rows in between.
//
//     base ──────────────────────────▶ encode        bands above and below the pasted image
//       └─────▶ uncrop ──────────────▶ encode        bands that see some of it
//
// Which of two edges a band reads is a function of its rect alone (kal__edge_for); to the scheduler they are edges like any other.
#include "build.h"

// A reader looks past so many pastes upon each other at most: each has an edge to all of them, and each band asks every edge. A long chain is
// copied whole once in so many, and takes time in proportion to its length.
#define DEEPEST 8

// The edge to the base: the last one of the first step.
static const kal__edge *base_edge(const kal__stage *s)
{
    return &s->edges[(s->n_steps > 1 ? s->steps[1].first_edge : s->n_edges) - 1];
}

static bool may_look_past(const kal__stage *s)
{
    return s->kind == KAL__COMPUTE_STAGE && (s->n_steps == 1 || s->in_place) &&
           s->steps[0].node->call.op->touches && !s->keep && !s->outside && base_edge(s)->from;
}

static kal_rect touched_by(const kal__stage *s)
{
    kal_rect all = {0, 0, 0, 0};
    for (int32_t k = 0; k < s->n_steps; k++) all = kal_rect_join(all, s->steps[k].touched);
    return all;
}

// A step that does not make a whole band at once would choose another edge than the one the band waited for.
static bool may_choose(const kal__edge *e)
{
    return e->depth < DEEPEST && (e->to->n_steps <= 1 || (e->to->in_place && e->step == 0));
}

// Rows of `from` that bands still read when those which see nothing of `touched` do not; *beside: whether there are such.
static kal_rect rows_within(const kal__edge *e, kal_rect touched, bool *beside)
{
    kal_rect all = {0, 0, 0, 0};
    *beside = false;
    for (int32_t k = 0; k < e->to->n_bands; k++) {
        const kal_rect in = kal__band_need(e, k);
        if (kal_rect_empty(in)) continue;
        const kal_rect at = kal_rect_shift(in, e->dx, e->dy);
        if (may_choose(e) && kal_rect_empty(kal_rect_clip(at, touched)))
            *beside = true;
        else
            all = kal_rect_join(all, at);
    }
    return all;
}

// Beside `e`, an edge to the stage that has the rows of the last input.
static kal_status add_past(kal__builder *b, kal__edge *e, kal_rect touched)
{
    const kal_node *node = e->from->steps[0].node;
    kal__edge *past = kal__take(&b->p->arena, 1, sizeof *past);
    if (!past) return kal__no_memory(b);
    past->slot = e->slot;
    past->step = e->step;
    past->depth = e->depth + 1;
    kal__connect(b, e->to, past, kal__input(node, node->call.n - 1));
    past->dx += e->dx;
    past->dy += e->dy;
    e->past = past;
    e->touched = touched;
    return KAL_OK;
}

kal_status kal__look_past(kal__builder *b, kal__stage *s)
{
    if (!may_look_past(s)) return KAL_OK;
    const kal_rect touched = touched_by(s);
    kal_rect rows = {0, 0, 0, 0};
    bool any = false, beside;
    for (const kal__edge *e = s->readers; e; e = e->next_reader) {
        rows = kal_rect_join(rows, rows_within(e, touched, &beside));
        any |= beside;
    }
    if (!any || kal_rect_empty(rows)) return KAL_OK;
    for (kal__edge *e = s->readers; e; e = e->next_reader) {
        rows_within(e, touched, &beside);
        const kal_status st = beside ? add_past(b, e, touched) : KAL_OK;
        if (st) return st;
    }
    const kal_call *c = &s->steps[0].node->call;
    const int32_t grid =
        c->op->rows && s->n_steps == 1 ? c->op->rows(c) : 1;   // as far as it is made so many at a time
    const int32_t y0 = rows.y0 - rows.y0 % grid;
    const int64_t y1 = ((int64_t)rows.y1 + grid - 1) / grid * grid;
    s->rect.y0 = y0 > s->rect.y0 ? y0 : s->rect.y0;
    s->rect.y1 = y1 < s->rect.y1 ? (int32_t)y1 : s->rect.y1;
    kal__choose_band(b, s);
    return KAL_OK;
}
