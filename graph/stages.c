// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Planning, second: which ops share a stage, and who reads whom.
#include "build.h"

#include "coding.h"
#include "memo.h"
#include "need.h"
#include "tables.h"

#include <stdlib.h>
#include <string.h>

kal__stage *kal__stage_new(kal__builder *b, kal__stage_kind kind, const kal_node *node, kal_rect rect,
                           int32_t n_edges, int32_t n_steps)
{
    kal__stage *s = kal__take(&b->p->arena, 1, sizeof *s);
    kal__step *steps = kal__take(&b->p->arena, (size_t)n_steps, sizeof *steps);
    kal__edge *edges = kal__take(&b->p->arena, (size_t)n_edges, sizeof *edges);
    if (!s || !steps || !edges) return NULL;
    *s = (kal__stage){.kind = kind,
                      .node = node,
                      .rect = rect,
                      .steps = steps,
                      .n_steps = n_steps,
                      .edges = edges,
                      .n_edges = n_edges,
                      .index = b->p->n_stages};
    for (int32_t i = 0; i < n_edges; i++) edges[i] = (kal__edge){.to = s, .slot = i};
    b->p->stages[b->p->n_stages++] = s;
    return s;
}

// Through what passes to the stage that has the rows; (dx, dy) collects the shift.
kal__stage *kal__resolve_stage(const kal__builder *b, const kal_node *n, int32_t *dx, int32_t *dy)
{
    *dx = *dy = 0;
    while (kal__passes(b, n) && !kal__info_of(b, n)->stage) {
        const bool view = kal__is_view(n);
        const kal_rect at = view ? kal__need(&n->call, 0, kal_rect_of(0, 0, 1, 1)) : kal_rect_of(0, 0, 1, 1);
        *dx += at.x0;
        *dy += at.y0;
        n = kal__input(n, view ? 0 : n->call.n - 1);
    }
    return kal__info_of(b, n)->stage;
}

void kal__connect(const kal__builder *b, kal__stage *to, kal__edge *e, const kal_node *input)
{
    e->to = to;
    e->from = kal__resolve_stage(b, input, &e->dx, &e->dy);
    if (!e->from) return;
    e->next_reader = e->from->readers;
    e->from->readers = e;
    e->from->n_readers++;
}

void kal__connect_step(const kal__builder *b, kal__stage *s, const kal__step *step)
{
    const kal_call *c = &step->node->call;
    int32_t e = step->first_edge;
    for (int32_t i = 0; i < c->n; i++) {
        if (i == step->from_step) continue;
        s->edges[e].step = (int32_t)(step - s->steps);
        if (!kal_rect_empty(kal__need(c, i, s->rect)))
            kal__connect(b, s, &s->edges[e], kal__input(step->node, i));
        e++;
    }
}

// Whether an input is an op computed for this reader alone, band by band, so that they may share a stage.
static bool may_join(const kal__builder *b, const kal_node *in)
{
    const kal__info *f = kal__info_of(b, in);
    if (in->kind != KAL__APPLY || kal__passes(b, in) || f->found || f->uses != 1 || kal_rect_empty(f->need))
        return false;
    return !(in->call.op->flags & (KAL_OP_WHOLE | KAL_OP_SERIAL)) && !in->call.op->rows &&
           !(b->keep && kal__memo_worth(b->options->memo_mode, in, kal__cost_of(in)));
}

static bool is_in_place(const kal_node *n)
{
    return n->kind == KAL__APPLY && (n->call.op->flags & KAL_OP_IN_PLACE) && n->call.op->touches &&
           !(n->call.op->flags & (KAL_OP_WHOLE | KAL_OP_SERIAL | KAL_OP_POINTWISE));
}

// Whether the op changes in place what another of its kind has made, to the same rows.
static bool joins_in_place(const kal__builder *b, const kal_node *n)
{
    if (!is_in_place(n) || n->call.op->rows) return false;
    const kal_node *in = kal__input(n, n->call.n - 1);
    return is_in_place(in) && may_join(b, in) &&
           kal_rect_equal(kal__info_of(b, in)->need, kal__info_of(b, n)->need);
}

// The input whose stage an op can join: a pointwise one that of any input, one that works in place that of its last. A chain of the
// latter is a stage of its own, for one goes by blocks and the other by what is touched.
static int32_t fusable_input(const kal__builder *b, const kal_node *n)
{
    if (joins_in_place(b, n)) return n->call.n - 1;
    for (int32_t i = 0; i < n->call.n && (n->call.op->flags & KAL_OP_POINTWISE); i++)
        if (may_join(b, kal__input(n, i)) && !joins_in_place(b, kal__input(n, i))) return i;
    return -1;
}

// A run of ops ends where the next cannot join; walked backwards it is a list of nodes.
static int32_t run_length(const kal__builder *b, const kal_node *last, int32_t *n_edges)
{
    int32_t n = 1;
    *n_edges = last->call.n;
    for (int32_t i; (i = fusable_input(b, last)) >= 0; n++) {
        last = kal__input(last, i);
        *n_edges += last->call.n - 1;
    }
    return n;
}

static kal_status add_compute(kal__builder *b, const kal_node *last)
{
    int32_t n_edges;
    const int32_t n = run_length(b, last, &n_edges);
    kal__info *me = kal__info_of(b, last);
    kal__stage *s = kal__stage_new(b, KAL__COMPUTE_STAGE, last, me->need, n_edges, n);
    if (!s) return kal__no_memory(b);
    s->in_place = joins_in_place(b, last);
    const kal_node *node = last;
    for (int32_t k = n; k-- > 0;) {
        const int32_t from = k ? fusable_input(b, node) : -1;
        const kal_call *c = &node->call;
        s->steps[k] = (kal__step){.node = node,
                                  .from_step = from,
                                  .touched = c->op->touches ? c->op->touches(c) : kal_rect_all(&c->extent)};
        s->serial |= (node->call.op->flags & KAL_OP_SERIAL) != 0;
        if (k) node = kal__input(node, from);
    }
    int32_t e = 0;
    for (int32_t k = 0; k < n; k++) {
        s->steps[k].first_edge = e;
        kal__connect_step(b, s, &s->steps[k]);
        e += s->steps[k].node->call.n - (s->steps[k].from_step >= 0);
    }
    me->stage = s;
    return KAL_OK;
}

static kal_status add_decode(kal__builder *b, const kal_node *n)
{
    kal__info *me = kal__info_of(b, n);
    kal__stage *s = kal__stage_new(b, KAL__DECODE_STAGE, n, me->need, 0, 0);
    if (!s) return kal__no_memory(b);
    kal__source *source = kal__node_source(n);
    s->serial = true;
    s->coded = n->call.extent.width;
    s->helpers = b->p->threads;
    s->rect.y0 = 0;   // rows come from the top whatever is needed …
    if (source->header.rows == 0) s->rect = kal_rect_all(&n->call.extent);
    if (source->codec->reach && source->header.rows > 0) {   // … unless the codec can skip some
        const kal_rect part = source->codec->reach(&source->header, me->need);
        s->rect =
            me->need;   // and no more: what lies beside it is not exact, and must not come into the memo
        if (source->codec->scattered && source->header.rows > 0)
            s->rect.y0 -= s->rect.y0 % source->header.rows;   // but whole blocks are
        s->coded_x0 = part.x0;
        s->coded = part.x1 - part.x0;
    }
    s->codec_memory = source->header.memory;
    const bool enough = s->rect.y1 - s->rect.y0 >= 2 * source->header.part_rows;
    if (source->header.part_rows > 0 && enough && b->p->threads > 1 && !b->shrink) {
        s->serial = false;                                     // each worker has a decoder of its own
        s->rect.y0 -= s->rect.y0 % source->header.part_rows;   // no part is decoded for two
        s->codec_memory += source->header.memory * (size_t)(b->p->threads - 1);
    }
    s->codec_memory += kal__source_memory(source, !s->serial);
    kal__source_unref(&source);
    me->stage = s;
    return KAL_OK;
}

static kal_status add_const(kal__builder *b, const kal_node *n, kal__slab *slab, kal_rect rect)
{
    kal__stage *s = kal__stage_new(b, KAL__CONST_STAGE, n, rect, 0, 0);
    if (!s) return kal__no_memory(b);
    s->data = slab->data;
    s->slab = slab;   // a reference of the plan's own
    s->stride = (size_t)(rect.x1 - rect.x0) * kal_pixel_size(&n->call.extent);
    s->rows = rect.y1 - rect.y0;
    kal__info_of(b, n)->stage = s;
    return KAL_OK;
}

// An op whose one user will take it into its own stage gets none.
static void mark_fused(const kal__builder *b, bool *fused)
{
    for (size_t i = 0; i < b->p->order.n; i++) {
        const kal_node *n = b->p->order.nodes[i];
        if (n->kind != KAL__APPLY || kal__passes(b, n) || b->infos[i].found ||
            kal_rect_empty(b->infos[i].need))
            continue;
        const int32_t in = fusable_input(b, n);
        if (in >= 0) fused[kal__order_find(&b->p->order, kal__input(n, in))] = true;
    }
}

kal_status kal__add_stages(kal__builder *b)
{
    bool *fused = kal__take(&b->p->arena, b->p->order.n, sizeof *fused);
    if (!fused) return kal__no_memory(b);
    mark_fused(b, fused);
    for (size_t i = 0; i < b->p->order.n; i++) {
        const kal_node *n = b->p->order.nodes[i];
        kal__info *me = &b->infos[i];
        if (kal_rect_empty(me->need) || fused[i]) continue;
        kal_status st = KAL_OK;
        if (me->found) {
            kal__slab *slab = me->hit;
            me->hit = NULL;   // the stage owns it now
            st = add_const(b, n, slab, me->hit_rect);
            if (st) kal__slab_unref(&slab);
        } else if (n->kind == KAL__PIXELS) {
            st = add_const(b, n, kal__slab_ref(n->u.pixels.slab), kal_rect_all(&n->call.extent));
        } else if (n->kind == KAL__DECODE) {
            st = add_decode(b, n);
        } else if (n->kind == KAL__APPLY && !kal__passes(b, n)) {
            st = add_compute(b, n);
        }
        if (st) return st;
    }
    return KAL_OK;
}
