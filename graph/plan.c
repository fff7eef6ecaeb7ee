// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// From a graph to stages: which rect of each node is needed, which ops share a stage, which rows each band reads, how many rows
// each ring has. Everything is decided here, before the first pixel.
#include "build.h"

#include "audit.h"
#include "memo.h"
#include "coding.h"
#include "digest.h"
#include "measure.h"
#include "need.h"
#include "retouch.h"
#include "run.h"
#include "tables.h"

#include <stdlib.h>
#include <string.h>

static bool is_view(const kal_node *n)
{
    return n->kind == KAL__APPLY && (n->call.op->flags & KAL_OP_VIEW);
}

// Has no rows of its own: readers look at an input.
static bool passes(const kal__builder *b, const kal_node *n)
{
    return is_view(n) || kal__info_of(b, n)->untouched;
}

// ---- 1. needs: from the wants back to the sources -------------------------------------------------

static void want_pixels(kal__builder *b, const kal_node *n, kal_rect rect)
{
    kal__info *i = kal__info_of(b, n);
    i->need = kal_rect_join(i->need, rect);
    i->uses++;
}

// Inputs that a value is only about, without a look at their pixels, are not computed.
static kal_status propagate_value(kal__builder *b, const kal_node *n)
{
    for (int32_t i = 0; i < n->call.n && n->call.op->measure->rows; i++) {
        const kal_rect r = kal__need(&n->call, i, kal_rect_all(&n->call.in[0]->extent));
        if (!kal_rect_empty(r)) want_pixels(b, kal__input(n, i), r);
    }
    return KAL_OK;
}

// Rows that are made so many at a time are made from a multiple to a multiple.
static kal_status keep_to_grid(const kal__builder *b, const kal_call *c, kal_rect *need)
{
    const int32_t rows = c->op->rows(c);
    if (rows < 1) return kal_fail(b->err, KAL_INTERNAL, "%s: rows() says %d", c->op->name, rows);
    const int64_t end = ((int64_t)need->y1 + rows - 1) / rows * rows;
    need->y0 -= need->y0 % rows;
    need->y1 = end < c->extent.height ? (int32_t)end : c->extent.height;
    return KAL_OK;
}

// What a want looks at: nothing of a value.
static const kal_node *image_of(const kal__want *w)
{
    return w->value ? NULL : w->instead ? w->instead : w->writer ? kal__input(w->node, 0) : w->node;
}

static const kal_node *encoded_image(const kal__builder *b, const kal_node *encoded)
{
    for (size_t i = 0; i < b->n_wants; i++)
        if (b->wants[i].node == encoded) return image_of(&b->wants[i]);
    return kal__input(encoded, 0);
}

// What others kept may have a right sum and be of another size all the same.
static bool find_rows(kal_memo *m, const kal_node *n, kal__info *me)
{
    if (!kal__memo_find(m, KAL__STORED_ROWS, n->key, me->need, &me->hit, &me->hit_rect)) return false;
    const kal_rect r = me->hit_rect;
    const bool fits =
        kal_rect_inside(r, kal_rect_all(&n->call.extent)) &&
        (size_t)(r.x1 - r.x0) * (size_t)(r.y1 - r.y0) <= me->hit->size / kal_pixel_size(&n->call.extent);
    if (!fits) kal__slab_unref(&me->hit);
    return fits;
}

static kal_status propagate(kal__builder *b, const kal_node *n)
{
    kal__info *me = kal__info_of(b, n);
    if (n->kind == KAL__ENCODE) {
        const kal_rect r = kal__encoded_rect(n);
        want_pixels(b, encoded_image(b, n), r);
        if (n->kept) want_pixels(b, kal__input(n, 1), kal_rect_shift(r, n->kept->x, n->kept->y));
        return KAL_OK;
    }
    if (n->kind == KAL__VALUE) return propagate_value(b, n);
    if (kal_rect_empty(me->need)) return KAL_OK;
    b->p->nodes++;
    if (n->kind == KAL__PIXELS) return KAL_OK;
    if (n->kind == KAL__APPLY && (n->call.op->flags & KAL_OP_WHOLE)) me->need = kal_rect_all(&n->call.extent);
    if (b->p->memo && !n->is_volatile && !is_view(n) && kal_node_memo(n) != KAL_MEMO_NEVER &&
        find_rows(b->p->memo, n, me)) {
        me->found = true;
        b->p->nodes_reused++;
        kal__audit_note(b->options->audit, KAL__STORED_ROWS, n, me->hit, me->hit_rect);
        return KAL_OK;
    }
    if (n->kind == KAL__APPLY && n->call.op->rows) {
        const kal_status st = keep_to_grid(b, &n->call, &me->need);
        if (st) return st;
    }
    me->untouched = n->kind == KAL__APPLY && n->call.op->touches &&
                    kal_rect_empty(kal_rect_clip(n->call.op->touches(&n->call), me->need));
    for (int32_t i = 0; i < n->call.n; i++) {
        const kal_rect r = kal__need(&n->call, i, me->need);
        if (kal_rect_empty(r)) continue;
        if (!kal_rect_inside(r, kal_rect_all(&n->call.in[i]->extent)))
            return kal_fail(b->err, KAL_INTERNAL, "%s: need() asks for pixels outside input %d",
                            n->call.op->name, i);
        want_pixels(b, kal__input(n, i), r);
    }
    return KAL_OK;
}

// ---- 2. stages ----------------------------------------------------------------------------------

static kal__stage *stage_new(kal__builder *b, kal__stage_kind kind, const kal_node *node, kal_rect rect,
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
static kal__stage *resolve(const kal__builder *b, const kal_node *n, int32_t *dx, int32_t *dy)
{
    *dx = *dy = 0;
    while (passes(b, n) && !kal__info_of(b, n)->stage) {
        const bool view = is_view(n);
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
    e->from = resolve(b, input, &e->dx, &e->dy);
    if (!e->from) return;
    e->next_reader = e->from->readers;
    e->from->readers = e;
    e->from->n_readers++;
}

static void connect_step(const kal__builder *b, kal__stage *s, const kal__step *step)
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
    if (in->kind != KAL__APPLY || passes(b, in) || f->found || f->uses != 1 || kal_rect_empty(f->need))
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
    kal__stage *s = stage_new(b, KAL__COMPUTE_STAGE, last, me->need, n_edges, n);
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
        connect_step(b, s, &s->steps[k]);
        e += s->steps[k].node->call.n - (s->steps[k].from_step >= 0);
    }
    me->stage = s;
    return KAL_OK;
}

static kal_status add_decode(kal__builder *b, const kal_node *n)
{
    kal__info *me = kal__info_of(b, n);
    kal__stage *s = stage_new(b, KAL__DECODE_STAGE, n, me->need, 0, 0);
    if (!s) return kal__no_memory(b);
    kal__source *source = kal__node_source(n);
    s->serial = true;
    s->coded = n->call.extent.width;
    s->helpers = b->p->threads;
    s->rect.y0 = 0;   // rows come from the top whatever is needed …
    if (source->header.rows == 0) s->rect = kal_rect_all(&n->call.extent);
    if (source->codec->reach) {   // … unless the codec can skip some
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
    kal__stage *s = stage_new(b, KAL__CONST_STAGE, n, rect, 0, 0);
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
        if (n->kind != KAL__APPLY || passes(b, n) || b->infos[i].found || kal_rect_empty(b->infos[i].need))
            continue;
        const int32_t in = fusable_input(b, n);
        if (in >= 0) fused[kal__order_find(&b->p->order, kal__input(n, in))] = true;
    }
}

static kal_status add_stages(kal__builder *b)
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
        } else if (n->kind == KAL__APPLY && !passes(b, n)) {
            st = add_compute(b, n);
        }
        if (st) return st;
    }
    return KAL_OK;
}

// ---- 3. sinks -----------------------------------------------------------------------------------

static bool is_worth(const kal__builder *b, const kal_node *n)
{
    return kal__memo_worth(b->options->memo_mode, n, kal__cost_of(n));
}

// Stages come after those that they read.
static void find_dear(kal__builder *b)
{
    for (int32_t i = 0; b->keep && i < b->p->n_stages; i++) {
        kal__stage *s = b->p->stages[i];
        s->dear = is_worth(b, s->node);
        for (KAL__EACH_EDGE(e, s)) s->dear |= e->from && e->from->dear;
        for (size_t k = 0; k < b->n_wants; k++)   // what is computed of a picture whose other parts are known
            if (b->wants[k].instead) s->last |= kal__input(b->wants[k].instead, 0) == s->node;
    }
}

// With a folder what is read or saved last is a candidate as well, when it stands on something dear: who comes back wants that first.
static bool is_candidate(const kal__builder *b, const kal__stage *s)
{
    return is_worth(b, s->node) ||
           (s->dear && s->last && !s->node->is_volatile && kal_node_memo(s->node) != KAL_MEMO_NEVER &&
            kal__memo_is_shared(b->p->memo));
}

// A stage that nobody else reads may compute straight into the caller's rows, unless the memo will want its own.
static bool can_write_outside(const kal__builder *b, const kal__stage *s, const kal__want *w)
{
    if (s && b->keep && is_candidate(b, s)) return false;
    return s && s->kind == KAL__COMPUTE_STAGE && !s->n_readers && !s->outside && w->stride > 0 &&
           kal_rect_equal(s->rect, w->rect);
}

// What it holds of the file, and of what is new.
static kal_status add_retoucher(kal__builder *b, kal__stage *s)
{
    const struct kal__kept *kept = s->node->kept;
    kal_extent region = s->node->call.in[0]->extent;
    region.width = kept->how.region.x1 - kept->how.region.x0;
    region.height = kept->how.region.y1 - kept->how.region.y0;
    const kal_status st = s->node->u.codec->accepts(&region, s->node->call.params, &s->codec_memory, b->err);
    kal__source *source = kal__node_source(kept->stored);
    s->helpers = b->p->threads;
    s->codec_memory += kept->how.memory + kal__source_memory(source, false) + KAL__WRITER_BYTES;
    kal__source_unref(&source);
    if (s->writer) s->codec_memory += s->writer->memory;
    return st;
}

// Pieces have the same rows whatever the memory; without room for several at once they are packed one by one, or rows come in order where that
// gives the same bytes for less.
static kal_status add_encoder(kal__builder *b, kal__stage *s, const kal_extent *e)
{
    const kal__codec *c = s->node->u.codec;
    if (s->node->kept) return add_retoucher(b, s);
    kal__pieces pieces = {0};
    if (c->pieces) c->pieces(e, s->node->call.params, &pieces);
    const bool little = b->shrink || b->p->threads < 2;
    const bool pieced = pieces.rows > 0 && !(pieces.in_order && little);
    if (pieced) {
        s->serial = false;
        s->band = pieces.rows < e->height ? pieces.rows : e->height;
        s->above = pieces.above;
        s->window = little ? 1 : b->p->threads + 1;
    }
    const kal_status st = c->accepts(e, s->node->call.params, &s->codec_memory, b->err);
    const size_t at_once = (size_t)(s->window < b->p->threads ? s->window : b->p->threads);
    s->codec_memory += pieces.memory * at_once + pieces.result * (size_t)s->window + KAL__WRITER_BYTES;
    if (!pieced) s->codec_memory += pieces.in_order;
    if (s->writer) s->codec_memory += s->writer->memory;
    if (s->book && c->among) s->codec_memory += c->among(e, s->node->call.params);
    return st;
}

static kal_status add_measure(kal__builder *b, const kal__want *w)
{
    const kal_call *c = &w->node->call;
    const kal_measure *m = c->op->measure;
    const bool looks = m->rows && c->n;
    const kal_rect rect = looks ? kal_rect_all(&c->in[0]->extent) : kal_rect_of(0, 0, 1, 1);
    kal__stage *s = stage_new(b, KAL__MEASURE_STAGE, w->node, rect, looks ? c->n : 0, 1);
    if (!s) return kal__no_memory(b);
    s->serial = true;
    s->value = w->value;
    s->codec_memory = m->size ? m->size(c) : 0;
    s->steps[0] = (kal__step){.node = w->node, .from_step = -1};
    if (looks) connect_step(b, s, &s->steps[0]);
    return KAL_OK;
}

static kal_status add_sink(kal__builder *b, const kal__want *w)
{
    if (w->value) return add_measure(b, w);
    const kal_node *image = image_of(w);
    const kal__stage_kind kind = w->writer ? KAL__ENCODE_STAGE : w->key ? KAL__DIGEST_STAGE : KAL__COPY_STAGE;
    int32_t dx, dy;
    kal__stage *last = resolve(b, image, &dx, &dy);
    if (last) last->last = true;
    if (kind == KAL__COPY_STAGE && !w->patches && !passes(b, image) && kal__info_of(b, image)->uses == 1 &&
        can_write_outside(b, kal__info_of(b, image)->stage, w)) {
        kal__stage *s = kal__info_of(b, image)->stage;
        s->outside = true;
        s->data = w->dst;
        s->stride = (size_t)w->stride;
        return KAL_OK;
    }
    const struct kal__kept *kept = w->writer ? w->node->kept : NULL;
    kal__stage *s = stage_new(b, kind, w->writer ? w->node : image, w->rect, kept ? 2 : 1, 0);
    if (!s) return kal__no_memory(b);
    s->serial = kind != KAL__COPY_STAGE;
    s->writer = w->writer;
    s->book = w->book;
    s->patches = w->patches;
    kal__connect(b, s, &s->edges[0], image);
    if (kept) {
        kal__connect(b, s, &s->edges[1], kal__input(w->node, 1));
        s->edges[1].dx += kept->x;
        s->edges[1].dy += kept->y;
    }
    if (kind == KAL__COPY_STAGE) {
        s->outside = true;
        s->data = w->dst;
        s->stride = (size_t)w->stride;   // a negative one wraps and unwraps
    }
    if (kind == KAL__DIGEST_STAGE) s->digest = kal__digest_new(&image->call.extent, w->key);
    if (kind == KAL__DIGEST_STAGE && !s->digest) return kal__no_memory(b);
    return kind == KAL__ENCODE_STAGE ? add_encoder(b, s, &image->call.extent) : KAL_OK;
}

// ---- all together -------------------------------------------------------------------------------

static void decide_keeping(kal__builder *b)
{
    size_t room = b->keep ? kal__memo_room(b->p->memo) : 0;
    for (int32_t i = b->p->n_stages; i-- > 0;) {
        kal__stage *s = b->p->stages[i];
        const bool computed = s->kind == KAL__COMPUTE_STAGE || s->kind == KAL__DECODE_STAGE;
        if (!computed || s->outside || !room) continue;
        const size_t bytes = s->stride * (size_t)(s->rect.y1 - s->rect.y0);
        if (bytes > room || !is_candidate(b, s)) continue;
        s->keep = true;
        room -= bytes;
    }
}

static kal_status build(kal__builder *b)
{
    kal__plan *p = b->p;
    for (size_t i = 0; i < b->n_wants; i++)
        if (!b->wants[i].writer && !b->wants[i].value)
            want_pixels(b, image_of(&b->wants[i]), b->wants[i].rect);
    kal_status st = KAL_OK;
    for (size_t i = p->order.n; i-- > 0 && !st;) st = propagate(b, p->order.nodes[i]);
    if (!st) st = add_stages(b);
    find_dear(b);
    for (size_t i = 0; i < b->n_wants && !st; i++) st = add_sink(b, &b->wants[i]);
    for (int32_t i = 0; i < p->n_stages && !st; i++) kal__choose_band(b, p->stages[i]);
    if (!st) st = kal__refuse_absurd(b);
    if (!st) decide_keeping(b);
    for (int32_t i = p->n_stages; i-- > 0 && !st;) st = kal__look_past(b, p->stages[i]);
    for (int32_t i = 0; i < p->n_stages && !st; i++)
        for (KAL__EACH_EDGE(e, p->stages[i]))
            if (!st) st = kal__read_rows(b, e);
    for (int32_t i = 0; i < p->n_stages && !st; i++) st = kal__prepare_stage(b, p->stages[i]);
    if (st) return st;
    if (p->work_ns < 100e3 && !b->band) p->threads = 1;   // less than handing it over would cost
    int32_t decoders = 0;
    for (int32_t i = 0; i < p->n_stages; i++) decoders += p->stages[i]->kind == KAL__DECODE_STAGE;
    p->schedule.many = decoders > KAL__FEW_DECODERS;
    return kal__size_rings(b);
}

static kal_status roots_of(const kal__want *wants, size_t n, kal__plan *p, kal_error *err)
{
    kal_node **roots = kal__new(2 * n, sizeof(kal_node *));
    if (!roots) return kal_fail(err, KAL_NOMEM, "out of memory for a plan");
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (wants[i].instead) roots[k++] = wants[i].instead;
    for (size_t i = 0; i < n; i++)
        roots[k++] = wants[i].node;   // a want of pixels comes behind what stands for it
    const kal_status st = kal__order_make(roots, k, &p->order, err);
    free(roots);
    return st;
}

// *needed: the bytes of a plan that is too big (LIMIT).
static kal_status attempt(const kal__want *wants, size_t n, const kal__resolved *o, bool keep, int32_t shrink,
                          bool spill, kal__plan **out, size_t *needed, kal_error *err)
{
    *out = NULL;
    kal__plan *p = kal__new_zero(1, sizeof *p);
    if (!p) return kal_fail(err, KAL_NOMEM, "out of memory for a plan");
    p->threads = o->threads;
    p->memo = o->memo_mode == KAL_MEMO_NEVER ? NULL : o->memo;
    p->memo_mode = o->memo_mode;
    p->spill = o->spill;
    kal_status st = roots_of(wants, n, p, err);
    const size_t most = p->order.n + n;
    kal__builder b = {.p = p,
                      .wants = wants,
                      .n_wants = n,
                      .options = o,
                      .band = o->band,
                      .shrink = shrink,
                      .keep = keep && p->memo,
                      .spill = spill,
                      .err = err};
    if (!st) {
        b.infos = kal__take(&p->arena, p->order.n, sizeof *b.infos);
        p->stages = kal__take(&p->arena, most, sizeof(kal__stage *));
        p->schedule.heap = kal__take(&p->arena, most, sizeof(kal__stage *));
        p->schedule.alloc_order = kal__take(&p->arena, most, sizeof(kal__stage *));
        st = b.infos && p->stages && p->schedule.heap && p->schedule.alloc_order ? build(&b)
                                                                                 : kal__no_memory(&b);
    }
    for (size_t i = 0; b.infos && i < p->order.n; i++) kal__slab_unref(&b.infos[i].hit);
    *needed = b.needed;
    if (st) kal__plan_free(&p);
    *out = p;
    return st;
}

kal_status kal__plan_make(const kal__want *wants, size_t n, const kal__resolved *o, kal__plan **out,
                          kal_error *err)
{
    // A plan too big first gives up keeping results, then shrinks its bands; then, where there is a folder for them, large rings go to files. If
    // none fits, the smallest is named.
    size_t needed, smallest = SIZE_MAX;
    kal_error told, local;
    if (!err) err = &local;
    kal_status st = attempt(wants, n, o, true, 0, false, out, &needed, err);
    for (int32_t shrink = 0; st == KAL_LIMIT && shrink < 5; shrink++) {
        st = attempt(wants, n, o, false, shrink, false, out, &needed, err);
        if (st == KAL_LIMIT && needed < smallest) smallest = needed, told = *err;
    }
    // who reads a file across its rows goes over all of it once a band, so bands are as high as there is room for
    for (int32_t grow = 6; st == KAL_LIMIT && o->spill && grow >= 0; grow--)
        st = attempt(wants, n, o, false, -grow, true, out, &needed, err);
    if (st == KAL_LIMIT) *err = told;
    return st;
}

static kal_status prepare_step(kal__step *step, kal_error *err)
{
    const kal_op *op = step->node->call.op;
    if (!op->prepare) return KAL_OK;
    err->message[0] = 0;
    const kal_status st = op->prepare(&step->node->call, &step->state, err);
    if (st && !err->message[0]) kal_fail(err, st, "%s: %s", op->name, kal_status_text(st));
    return st;
}

kal_status kal__plan_prepare(kal__plan *p, const kal__watch *w, kal_stats *stats, kal_error *err)
{
    for (int32_t i = 0; i < p->n_stages; i++)
        for (int32_t k = 0; k < p->stages[i]->n_steps; k++) {
            kal_status st = (k & 63) ? KAL_OK : kal__watch_check(w, err);
            if (!st) st = prepare_step(&p->stages[i]->steps[k], err);
            if (st) return st;
        }
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < p->n_stages && !st; i++) {
        st = kal__tables_make(p->stages[i], err);
        if (!st) st = kal__watch_check(w, err);
        if (!st) st = kal__coding_begin(p->stages[i], w, stats, err);
    }
    return st;
}

void kal__plan_free(kal__plan **plan)
{
    kal__plan *p = *plan;
    *plan = NULL;
    if (!p) return;
    for (int32_t i = 0; i < p->n_stages; i++) {
        kal__stage *s = p->stages[i];
        for (int32_t k = 0; k < s->n_steps; k++) {
            const kal_op *op = s->steps[k].node->call.op;
            if (s->steps[k].state && op->release) op->release(s->steps[k].state);
        }
        kal__tables_free(s);
        kal__measure_close(s);
        kal__digest_free(&s->digest);
        free(s->lack);
        kal__slab_unref(&s->slab);
    }
    kal__order_free(&p->order);
    kal__arena_free(&p->arena);
    free(p);
}
