// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A plan while it is made: plan.c turns needs into stages, rings.c sizes their bands and rings.
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
} kal__info;

typedef struct kal__builder {
    kal__plan *p;
    const kal__want *wants;
    size_t n_wants;
    const kal__resolved *options;
    kal__info *infos;
    int32_t band;     // rows asked for by the caller; 0: chosen
    int32_t shrink;   // halvings of the chosen band
    size_t needed;    // bytes of a plan that was too big
    bool keep;        // whether results may be kept for the memo
    kal_error *err;
} kal__builder;

static inline kal_status kal__no_memory(const kal__builder *b)
{
    return kal_fail(b->err, KAL_NOMEM, "out of memory for a plan");
}

/// Rows a band, bands, stride.
void kal__choose_band(const kal__builder *b, kal__stage *s);
/// Which rows each band of the stage reads through the edge.
kal_status kal__read_rows(const kal__builder *b, kal__stage *s, kal__edge *e);
/// Tables, scratch, an estimate of the work.
kal_status kal__prepare_stage(kal__builder *b, kal__stage *s);
/// The least rings, by simulation; then wider ones if memory allows.
kal_status kal__size_rings(kal__builder *b);

#endif
