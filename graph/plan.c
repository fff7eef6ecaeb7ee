// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// From a graph to stages: which rect of each node is needed, which ops share a stage, which rows each band reads, how many rows
// each ring has. Everything is decided here, before the first pixel.
#include "plan.h"

#include "memo.h"
#include "coding.h"
#include "need.h"

#include <stdlib.h>
#include <string.h>

// What the planner knows of a node.
typedef struct info {
    kal_rect need;
    int32_t uses;   // of its pixels, by ops and wants
    kal__stage *stage;
    bool found;       // in the memo …
    kal__slab *hit;   // … with these pixels, until a stage holds them
    kal_rect hit_rect;
} info;

typedef struct builder {
    kal__plan *p;
    const kal__want *wants;
    size_t n_wants;
    const kal__resolved *options;
    info *infos;
    int32_t band;     // rows asked for by the caller; 0: chosen
    int32_t shrink;   // halvings of the chosen band
    bool keep;        // whether results may be kept for the memo
    kal_error *err;
} builder;

static info *info_of(const builder *b, const kal_node *n)
{
    return &b->infos[kal__order_find(&b->p->order, n)];
}

static bool is_view(const kal_node *n)
{
    return n->kind == KAL__APPLY && (n->call.op->flags & KAL_OP_VIEW);
}

static kal_status no_memory(const builder *b)
{
    return kal_fail(b->err, KAL_NOMEM, "out of memory for a plan");
}

// ---- 1. needs: from the wants back to the sources -------------------------------------------------

static void want_pixels(builder *b, const kal_node *n, kal_rect rect)
{
    info *i = info_of(b, n);
    i->need = kal_rect_join(i->need, rect);
    i->uses++;
}

static void propagate(builder *b, const kal_node *n)
{
    info *me = info_of(b, n);
    if (n->kind == KAL__ENCODE) {
        want_pixels(b, kal__input(n, 0), kal_rect_all(&n->call.in[0]->extent));
        return;
    }
    if (kal_rect_empty(me->need)) return;
    b->p->nodes++;
    if (n->kind == KAL__PIXELS) return;
    if (n->kind == KAL__APPLY && (n->call.op->flags & KAL_OP_WHOLE)) me->need = kal_rect_all(&n->call.extent);
    if (b->p->memo && !is_view(n) && kal__memo_find(b->p->memo, n->key, me->need, &me->hit, &me->hit_rect)) {
        me->found = true;
        b->p->nodes_reused++;
        return;
    }
    for (int32_t i = 0; i < n->call.n; i++) {
        const kal_rect r = kal__need(&n->call, i, me->need);
        if (!kal_rect_empty(r)) want_pixels(b, kal__input(n, i), r);
    }
}

// ---- 2. stages ----------------------------------------------------------------------------------

static kal__stage *stage_new(builder *b, kal__stage_kind kind, const kal_node *node, kal_rect rect,
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
    b->p->stages[b->p->n_stages++] = s;
    return s;
}

// Through crops to the stage that has the rows; (dx, dy) collects the shift.
static kal__stage *resolve(const builder *b, const kal_node *n, int32_t *dx, int32_t *dy)
{
    *dx = *dy = 0;
    while (is_view(n) && !info_of(b, n)->stage) {
        const kal_rect at = kal__need(&n->call, 0, kal_rect_of(0, 0, 1, 1));
        *dx += at.x0;
        *dy += at.y0;
        n = kal__input(n, 0);
    }
    return info_of(b, n)->stage;
}

static void connect(const builder *b, kal__stage *to, kal__edge *e, const kal_node *input, bool needed)
{
    e->to = to;
    e->from = needed ? resolve(b, input, &e->dx, &e->dy) : NULL;
    if (!e->from) return;
    e->next_reader = e->from->readers;
    e->from->readers = e;
    e->from->n_readers++;
}

static void connect_step(const builder *b, kal__stage *s, const kal__step *step)
{
    const kal_call *c = &step->node->call;
    int32_t e = step->first_edge;
    for (int32_t i = 0; i < c->n; i++) {
        if (i == step->from_step) continue;
        const bool needed = !kal_rect_empty(kal__need(c, i, s->rect));
        connect(b, s, &s->edges[e++], kal__input(step->node, i), needed);
    }
}

// The input whose stage a pointwise op can join: computed for it alone.
static int32_t fusable_input(const builder *b, const kal_node *n)
{
    if (!(n->call.op->flags & KAL_OP_POINTWISE)) return -1;
    for (int32_t i = 0; i < n->call.n; i++) {
        const kal_node *in = kal__input(n, i);
        const info *f = info_of(b, in);
        if (in->kind != KAL__APPLY || is_view(in) || f->found || f->uses != 1 || kal_rect_empty(f->need))
            continue;
        if (in->call.op->flags & (KAL_OP_WHOLE | KAL_OP_SERIAL)) continue;
        if (b->keep && kal__memo_worth(b->options->memo_mode, in, kal__cost_of(in))) continue;
        return i;
    }
    return -1;
}

// A run of ops ends where the next cannot join; walked backwards it is a list of nodes.
static int32_t run_length(const builder *b, const kal_node *last, int32_t *n_edges)
{
    int32_t n = 1;
    *n_edges = last->call.n;
    for (int32_t i; (i = fusable_input(b, last)) >= 0; n++) {
        last = kal__input(last, i);
        *n_edges += last->call.n - 1;
    }
    return n;
}

static kal_status add_compute(builder *b, const kal_node *last)
{
    int32_t n_edges;
    const int32_t n = run_length(b, last, &n_edges);
    info *me = info_of(b, last);
    kal__stage *s = stage_new(b, KAL__COMPUTE_STAGE, last, me->need, n_edges, n);
    if (!s) return no_memory(b);
    const kal_node *node = last;
    for (int32_t k = n; k-- > 0;) {
        const int32_t from = k ? fusable_input(b, node) : -1;
        s->steps[k] = (kal__step){.node = node, .from_step = from};
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

static kal_status add_decode(builder *b, const kal_node *n)
{
    info *me = info_of(b, n);
    kal_rect r = me->need;
    r.y0 = 0;   // rows come from the top whatever is needed
    kal__stage *s = stage_new(b, KAL__DECODE_STAGE, n, r, 0, 0);
    if (!s) return no_memory(b);
    kal__source *source = kal__node_source(n);
    s->serial = true;
    s->codec_memory = source->header.memory + kal__source_memory(source);
    if (source->header.rows == 0) s->rect = kal_rect_all(&n->call.extent);
    kal__source_unref(&source);
    me->stage = s;
    return KAL_OK;
}

static kal_status add_const(builder *b, const kal_node *n, kal__slab *slab, kal_rect rect)
{
    kal__stage *s = stage_new(b, KAL__CONST_STAGE, n, rect, 0, 0);
    if (!s) return no_memory(b);
    s->data = slab->data;
    s->slab = slab;   // a reference of the plan's own
    s->stride = (size_t)(rect.x1 - rect.x0) * kal_pixel_size(&n->call.extent);
    s->rows = rect.y1 - rect.y0;
    info_of(b, n)->stage = s;
    return KAL_OK;
}

// An op whose one user will take it into its own stage gets none.
static void mark_fused(const builder *b, bool *fused)
{
    for (size_t i = 0; i < b->p->order.n; i++) {
        const kal_node *n = b->p->order.nodes[i];
        if (n->kind != KAL__APPLY || is_view(n) || b->infos[i].found || kal_rect_empty(b->infos[i].need))
            continue;
        const int32_t in = fusable_input(b, n);
        if (in >= 0) fused[kal__order_find(&b->p->order, kal__input(n, in))] = true;
    }
}

static kal_status add_stages(builder *b)
{
    bool *fused = kal__take(&b->p->arena, b->p->order.n, sizeof *fused);
    if (!fused) return no_memory(b);
    mark_fused(b, fused);
    for (size_t i = 0; i < b->p->order.n; i++) {
        const kal_node *n = b->p->order.nodes[i];
        info *me = &b->infos[i];
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
        } else if (n->kind == KAL__APPLY && !is_view(n)) {
            st = add_compute(b, n);
        }
        if (st) return st;
    }
    return KAL_OK;
}

// ---- 3. sinks -----------------------------------------------------------------------------------

// A stage that nobody else reads may compute straight into the caller's rows, unless the memo will want its own.
static bool can_write_outside(const builder *b, const kal__stage *s, const kal__want *w)
{
    if (s && b->keep && kal__memo_worth(b->options->memo_mode, s->node, kal__cost_of(s->node))) return false;
    return s && s->kind == KAL__COMPUTE_STAGE && !s->n_readers && !s->outside && w->stride > 0 &&
           kal_rect_equal(s->rect, w->rect);
}

static kal_status add_sink(builder *b, const kal__want *w)
{
    const kal_node *image = w->writer ? kal__input(w->node, 0) : w->node;
    const kal__stage_kind kind = w->writer ? KAL__ENCODE_STAGE : w->key ? KAL__DIGEST_STAGE : KAL__COPY_STAGE;
    if (kind == KAL__COPY_STAGE && !is_view(image) && info_of(b, image)->uses == 1 &&
        can_write_outside(b, info_of(b, image)->stage, w)) {
        kal__stage *s = info_of(b, image)->stage;
        s->outside = true;
        s->data = w->dst;
        s->stride = (size_t)w->stride;
        return KAL_OK;
    }
    kal__stage *s = stage_new(b, kind, w->writer ? w->node : image, w->rect, 1, 0);
    if (!s) return no_memory(b);
    s->serial = kind != KAL__COPY_STAGE;
    s->writer = w->writer;
    connect(b, s, &s->edges[0], image, true);
    if (kind == KAL__COPY_STAGE) {
        s->outside = true;
        s->data = w->dst;
        s->stride = (size_t)w->stride;   // a negative one wraps and unwraps
    }
    if (kind == KAL__DIGEST_STAGE) s->digest = kal__digest_new(&image->call.extent, w->rect, w->key);
    if (kind == KAL__DIGEST_STAGE && !s->digest) return no_memory(b);
    if (kind == KAL__ENCODE_STAGE)
        return w->node->u.codec->accepts(&image->call.extent, w->node->call.params, &s->codec_memory, b->err);
    return KAL_OK;
}

// ---- 4. bands, and the rows each one reads ------------------------------------------------------

#define BAND_BYTES (192 << 10)   // about 50 µs of the cheapest work; a few fit in L2

static int32_t natural_rows(const kal__stage *s)
{
    if (s->kind != KAL__DECODE_STAGE) return 16;
    kal__source *source = kal__node_source(s->node);
    const int32_t rows = source->header.rows;
    kal__source_unref(&source);
    return rows;
}

static void choose_band(const builder *b, kal__stage *s)
{
    const int32_t height = s->rect.y1 - s->rect.y0, step = natural_rows(s);
    const size_t row =
        (size_t)(s->rect.x1 - s->rect.x0) *
        kal_pixel_size(&(s->kind == KAL__ENCODE_STAGE ? kal__input(s->node, 0) : s->node)->call.extent);
    int64_t rows = (int64_t)(BAND_BYTES / (row ? row : 1));
    if (rows < 16) rows = 16;
    rows >>= b->shrink;
    if (b->band) rows = b->band;
    if (step > 0 && !b->band) rows = rows < step ? step : rows / step * step;
    if (s->kind == KAL__DECODE_STAGE && step == 0) rows = height;
    if (s->kind == KAL__COMPUTE_STAGE && (s->steps[0].node->call.op->flags & KAL_OP_WHOLE)) rows = height;
    if (rows < 1) rows = 1;
    if (rows > height) rows = height;
    s->band = (int32_t)rows;
    s->n_bands = (height + s->band - 1) / s->band;
    if (s->kind != KAL__CONST_STAGE && !s->outside) s->stride = row;
}

static const kal_call *edge_call(const kal__stage *s, const kal__edge *e, int32_t *input)
{
    const int32_t at = (int32_t)(e - s->edges);
    int32_t k = s->n_steps - 1;
    while (k > 0 && s->steps[k].first_edge > at) k--;
    if (k < 0) return NULL;   // a sink reads what it is
    *input = at - s->steps[k].first_edge;
    if (s->steps[k].from_step >= 0 && *input >= s->steps[k].from_step) ++*input;
    return &s->steps[k].node->call;
}

// Rows per band, made monotone: a band may start when all rows that it or an earlier one needs are done; rows are let go when
// neither it nor a later one needs them.
static kal_status read_rows(const builder *b, kal__stage *s, kal__edge *e)
{
    e->ready = kal__take(&b->p->arena, (size_t)s->n_bands * 2, sizeof *e->ready);
    if (!e->ready) return no_memory(b);
    e->release = e->ready + s->n_bands;
    if (!e->from) return KAL_OK;
    int32_t input = 0;
    const kal_call *call = edge_call(s, e, &input);
    int32_t high = e->from->rect.y0;
    for (int32_t k = 0; k < s->n_bands; k++) {
        const kal_rect out = kal__band_rect(s, k);
        const kal_rect in = call ? kal__need(call, input, out) : out;
        const bool empty = kal_rect_empty(in);
        if (!empty && !kal_rect_inside(kal_rect_shift(in, e->dx, e->dy), e->from->rect))
            return kal_fail(b->err, KAL_INTERNAL,
                            "%s: need() asks for more for a part than for the whole (input %d, rows %d..%d)",
                            call ? call->op->name : "a plan", input, out.y0, out.y1);
        if (!empty && in.y1 + e->dy > high) high = in.y1 + e->dy;
        e->ready[k] = high;
        e->release[k] = empty ? INT32_MAX : in.y0 + e->dy;
    }
    int32_t low = e->from->rect.y1;
    for (int32_t k = s->n_bands; k-- > 0;) {
        if (e->release[k] < low) low = e->release[k];
        e->release[k] = low;
    }
    return KAL_OK;
}

// What one band of each reader needs at once, in whole bands of the writer.
static int64_t rows_at_least(const kal__stage *s)
{
    int64_t rows = s->band;
    for (const kal__edge *e = s->readers; e; e = e->next_reader)
        for (int32_t k = 0; k < e->to->n_bands; k++) {
            const int64_t bands = ((int64_t)e->ready[k] - s->rect.y0 + s->band - 1) / s->band;
            const int64_t held = bands * s->band + s->rect.y0 - e->release[k];
            if (held > rows) rows = held;
        }
    return rows;
}

// ---- 5. rings -----------------------------------------------------------------------------------

static void first_rings(builder *b)
{
    for (int32_t i = 0; i < b->p->n_stages; i++) {
        kal__stage *s = b->p->stages[i];
        if (s->kind == KAL__CONST_STAGE) continue;
        const bool none = s->kind <= KAL__DIGEST_STAGE;   // sinks without rows of their own
        if (none) {
            s->rows = s->rect.y1 - s->rect.y0;
            s->memory = s->codec_memory;
            continue;
        }
        kal__stage_set_rows(s, s->outside || s->keep ? s->rect.y1 - s->rect.y0 : rows_at_least(s));
        if (!s->outside && s->kind == KAL__COPY_STAGE) s->memory = 0;
    }
}

// A few more bands let stages run beside each other.
static void widen(builder *b, int32_t bands)
{
    for (int32_t i = 0; i < b->p->n_stages; i++) {
        kal__stage *s = b->p->stages[i];
        if (s->kind < KAL__DECODE_STAGE || s->kind == KAL__CONST_STAGE || s->outside || !s->n_readers)
            continue;
        kal__stage_set_rows(s, s->rows + (int64_t)bands * s->band);
    }
}

static size_t peak_of(const kal__plan *p)
{
    return p->schedule.peak + p->scratch * (size_t)p->threads;
}

static kal_status too_big(const builder *b)
{
    const kal__stage *big = b->p->stages[0];
    for (int32_t i = 1; i < b->p->n_stages; i++)
        if (b->p->stages[i]->memory > big->memory) big = b->p->stages[i];
    const char *name = big->kind == KAL__DECODE_STAGE ? "load"
                       : big->n_steps                 ? big->steps[0].node->call.op->name
                                                      : "encode";
    return kal_fail(
        b->err, KAL_LIMIT,
        "the plan needs %zu bytes and %zu are allowed; the largest part is %s, %zu bytes (%d rows of %zu)",
        peak_of(b->p), b->options->max_memory, name, big->memory, big->rows, big->stride);
}

static kal_status size_rings(builder *b)
{
    kal__plan *p = b->p;
    first_rings(b);
    kal_status st = kal__simulate(p, b->err);
    if (st) return st;
    if (peak_of(p) > b->options->max_memory) return too_big(b);
    p->peak = peak_of(p);
    if (p->threads < 2 && p->n_stages < 3) return KAL_OK;
    int32_t *rows = kal__new((size_t)p->n_stages, sizeof *rows);
    if (!rows) return no_memory(b);
    for (int32_t i = 0; i < p->n_stages; i++) rows[i] = p->stages[i]->rows;
    widen(b, p->threads > 1 ? 2 : 0);
    st = kal__simulate(p, b->err);
    if (!st && peak_of(p) > b->options->max_memory) {   // back to the smallest
        for (int32_t i = 0; i < p->n_stages; i++)
            if (p->stages[i]->kind == KAL__DECODE_STAGE || p->stages[i]->kind == KAL__COMPUTE_STAGE)
                kal__stage_set_rows(p->stages[i], rows[i]);
        st = kal__simulate(p, b->err);
    }
    free(rows);
    p->peak = peak_of(p);
    return st;
}

// ---- 6. what a job needs beside rings -----------------------------------------------------------

static size_t stage_scratch(const kal__stage *s)
{
    if (s->kind == KAL__DECODE_STAGE) {
        // whole rows pass through a buffer on their way to the columns that are needed
        const size_t row = (size_t)s->node->call.extent.width * kal_pixel_size(&s->node->call.extent);
        return row > s->stride ? row * (size_t)s->band : 0;
    }
    size_t most = 0, row = 0;
    const int32_t width = s->rect.x1 - s->rect.x0;
    for (int32_t k = 0; k < s->n_steps; k++) {
        const kal_call *c = &s->steps[k].node->call;
        const size_t n = c->op->scratch ? c->op->scratch(c, width, s->band) : 0;
        const size_t bytes = (size_t)width * kal_pixel_size(&c->extent);
        if (n > most) most = n;
        if (k + 1 < s->n_steps && bytes > row) row = bytes;
    }
    const size_t between = 2 * ((row * (size_t)kal__fused_rows(s) + 63) & ~(size_t)63);
    return ((most + 63) & ~(size_t)63) + between;
}

static kal_status prepare_stage(builder *b, kal__stage *s)
{
    kal__plan *p = b->p;
    s->finished = kal__take(&p->arena, (size_t)s->n_bands, 1);
    if (!s->finished) return no_memory(b);
    for (int32_t k = 0; k < s->n_steps; k++) {
        kal__step *step = &s->steps[k];
        const kal_op *op = step->node->call.op;
        if (!op->prepare) continue;
        const kal_status st = op->prepare(&step->node->call, &step->state, b->err);
        if (st) return st;
    }
    s->scratch = stage_scratch(s);
    if (s->scratch > p->scratch) p->scratch = s->scratch;
    const size_t bytes = s->stride * (size_t)(s->rect.y1 - s->rect.y0);
    p->n_bands += s->kind == KAL__CONST_STAGE ? 0 : (uint64_t)s->n_bands;
    if (s->kind == KAL__COMPUTE_STAGE)
        for (int32_t k = 0; k < s->n_steps; k++)
            p->work_ns += (double)bytes * (double)s->steps[k].node->call.op->cost;
    else if (s->kind != KAL__CONST_STAGE)
        p->work_ns += (double)bytes * 2;
    if (s->kind == KAL__CONST_STAGE && s->node->kind != KAL__PIXELS) p->reused_bands += (uint64_t)s->n_bands;
    return KAL_OK;
}

// ---- all together -------------------------------------------------------------------------------

static void decide_keeping(builder *b)
{
    size_t room = b->keep ? kal__memo_room(b->p->memo) : 0;
    for (int32_t i = b->p->n_stages; i-- > 0;) {
        kal__stage *s = b->p->stages[i];
        const bool computed = s->kind == KAL__COMPUTE_STAGE || s->kind == KAL__DECODE_STAGE;
        if (!computed || s->outside || !room) continue;
        const size_t bytes = s->stride * (size_t)(s->rect.y1 - s->rect.y0);
        if (bytes > room || !kal__memo_worth(b->options->memo_mode, s->node, kal__cost_of(s->node))) continue;
        s->keep = true;
        room -= bytes;
    }
}

static kal_status build(builder *b)
{
    kal__plan *p = b->p;
    for (size_t i = 0; i < b->n_wants; i++)
        if (!b->wants[i].writer) want_pixels(b, b->wants[i].node, b->wants[i].rect);
    for (size_t i = p->order.n; i-- > 0;) propagate(b, p->order.nodes[i]);
    kal_status st = add_stages(b);
    for (size_t i = 0; i < b->n_wants && !st; i++) st = add_sink(b, &b->wants[i]);
    for (int32_t i = 0; i < p->n_stages && !st; i++) choose_band(b, p->stages[i]);
    for (int32_t i = 0; i < p->n_stages && !st; i++)
        for (int32_t e = 0; e < p->stages[i]->n_edges && !st; e++)
            st = read_rows(b, p->stages[i], &p->stages[i]->edges[e]);
    for (int32_t i = 0; i < p->n_stages && !st; i++) st = prepare_stage(b, p->stages[i]);
    if (st) return st;
    if (p->work_ns < 100e3 && !b->band) p->threads = 1;   // less than handing it over would cost
    decide_keeping(b);
    return size_rings(b);
}

static kal_status roots_of(const kal__want *wants, size_t n, kal__plan *p, kal_error *err)
{
    kal_node **roots = kal__new(n, sizeof(kal_node *));
    if (!roots) return kal_fail(err, KAL_NOMEM, "out of memory for a plan");
    for (size_t i = 0; i < n; i++) roots[i] = wants[i].node;
    const kal_status st = kal__order_make(roots, n, &p->order, err);
    free(roots);
    return st;
}

static kal_status attempt(const kal__want *wants, size_t n, const kal__resolved *o, bool keep, int32_t shrink,
                          kal__plan **out, kal_error *err)
{
    kal__plan *p = kal__new_zero(1, sizeof *p);
    if (!p) return kal_fail(err, KAL_NOMEM, "out of memory for a plan");
    p->threads = o->threads;
    p->memo = o->memo_mode == KAL_MEMO_NEVER ? NULL : o->memo;
    p->memo_mode = o->memo_mode;
    kal_status st = roots_of(wants, n, p, err);
    const size_t most = p->order.n + n;
    builder b = {.p = p,
                 .wants = wants,
                 .n_wants = n,
                 .options = o,
                 .band = o->band,
                 .shrink = shrink,
                 .keep = keep && p->memo,
                 .err = err};
    if (!st) {
        b.infos = kal__take(&p->arena, p->order.n, sizeof *b.infos);
        p->stages = kal__take(&p->arena, most, sizeof(kal__stage *));
        p->schedule.heap = kal__take(&p->arena, most, sizeof(kal__stage *));
        p->schedule.alloc_order = kal__take(&p->arena, most, sizeof(kal__stage *));
        st = b.infos && p->stages && p->schedule.heap && p->schedule.alloc_order ? build(&b) : no_memory(&b);
    }
    for (size_t i = 0; b.infos && i < p->order.n; i++) kal__slab_unref(&b.infos[i].hit);
    if (st) kal__plan_free(&p);
    *out = p;
    return st;
}

kal_status kal__plan_make(const kal__want *wants, size_t n, const kal__resolved *o, kal__plan **out,
                          kal_error *err)
{
    // A plan too big first gives up keeping results, then shrinks its bands.
    kal_status st = attempt(wants, n, o, true, 0, out, err);
    for (int32_t shrink = 0; st == KAL_LIMIT && shrink < 5; shrink++)
        st = attempt(wants, n, o, false, shrink, out, err);
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
        kal__digest_free(&s->digest);
        kal__slab_unref(&s->slab);
    }
    kal__order_free(&p->order);
    kal__arena_free(&p->arena);
    free(p);
}
