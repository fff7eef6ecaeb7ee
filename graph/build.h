// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A plan while it is made: needs.c, stages.c and sinks.c one after another, rings.c sizes bands and rings, plan.c has them work.
#ifndef KAL_GRAPH_BUILD_H
#define KAL_GRAPH_BUILD_H

#include "plan.h"

// What the planner knows of a node.
typedef struct kal__info {
    kal_rect need;
    int32_t uses;   // of its pixels, by ops and wants
    kal__stage *stage;
    bool found;       // in the memo …
    kal__slab *hit;   // … with these pixels, until a stage holds them
    kal_rect hit_rect;
    bool untouched;   // an op of which only what it hands on is needed: readers look at its last input
} kal__info;

typedef struct kal__builder {
    kal__plan *p;
    const kal__want *wants;
    size_t n_wants;
    const kal__resolved *options;
    kal__info *infos;
    int32_t band;     // rows asked for by the caller; 0: chosen
    int32_t shrink;   // halvings of the chosen band; negative: doublings
    size_t needed;    // bytes of a plan that was too big
    bool keep;        // whether results may be kept for the memo
    bool spill;       // whether rings may lie in files
    kal_error *err;
} kal__builder;

static inline kal__info *kal__info_of(const kal__builder *b, const kal_node *n)
{
    return &b->infos[kal__order_find(&b->p->order, n)];
}

static inline bool kal__is_view(const kal_node *n)
{
    return n->kind == KAL__APPLY && (n->call.op->flags & KAL_OP_VIEW);
}

/// Has no rows of its own: readers look at an input.
static inline bool kal__passes(const kal__builder *b, const kal_node *n)
{
    return kal__is_view(n) || kal__info_of(b, n)->untouched;
}

/// What a want looks at: nothing of a value.
const kal_node *kal__image_of(const kal__want *w);
/// Somebody needs these pixels of a node.
void kal__want_pixels(kal__builder *b, const kal_node *n, kal_rect rect);
/// From a node's needs to those of its inputs; users come before.
kal_status kal__propagate(kal__builder *b, const kal_node *n);

/// NULL: out of memory.
kal__stage *kal__stage_new(kal__builder *b, kal__stage_kind kind, const kal_node *node, kal_rect rect,
                           int32_t n_edges, int32_t n_steps);
/// Through what passes to the stage that has the rows; (dx, dy) collects the shift.
kal__stage *kal__resolve_stage(const kal__builder *b, const kal_node *n, int32_t *dx, int32_t *dy);
/// The edges of a step.
void kal__connect_step(const kal__builder *b, kal__stage *s, const kal__step *step);
/// A stage for each run of nodes that is computed, decoded or there.
kal_status kal__add_stages(kal__builder *b);

bool kal__is_worth(const kal__builder *b, const kal_node *n);
/// Marks the stages that stand on what is worth keeping. After all stages but the sinks.
void kal__find_dear(kal__builder *b);
/// Whether the memo would want the rows of a stage.
bool kal__is_candidate(const kal__builder *b, const kal__stage *s);
/// Where the rows of a want go.
kal_status kal__add_sink(kal__builder *b, const kal__want *w);

/// Makes `e` an edge from the stage that has the rows of `input`.
void kal__connect(const kal__builder *b, kal__stage *to, kal__edge *e, const kal_node *input);

static inline kal_status kal__no_memory(const kal__builder *b)
{
    return kal_fail(b->err, KAL_NOMEM, "out of memory for a plan");
}

/// Rows a band, bands, stride.
void kal__choose_band(const kal__builder *b, kal__stage *s);
/// What a band of the edge's reader reads through the edge, in the reader's coordinates; may be empty.
kal_rect kal__band_need(const kal__edge *e, int32_t band);
/// Which rows each band of the reader reads through the edge.
kal_status kal__read_rows(const kal__builder *b, kal__edge *e);
/// Lets readers of a stage that hands on most of its last input read that input past it, where they need nothing it touches. After bands
/// were chosen, from the last stage to the first; the stage is left with the rows that are still read.
kal_status kal__look_past(kal__builder *b, kal__stage *s);
/// More than there can be: sums of such sizes would wrap around.
#define KAL__ABSURD ((size_t)1 << 50)
/// KAL_LIMIT for what an op asks for.
kal_status kal__absurd(kal__builder *b, const kal_node *node, size_t bytes);
/// Tables, scratch, an estimate of the work.
kal_status kal__prepare_stage(kal__builder *b, kal__stage *s);
/// LIMIT for what would take long to plan and cannot fit.
kal_status kal__refuse_absurd(kal__builder *b);
/// The least rings, by simulation; then wider ones if memory allows.
kal_status kal__size_rings(kal__builder *b);

#endif
