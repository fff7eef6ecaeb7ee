// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// From a graph to stages: which rect of each node is needed (needs.c), which ops share a stage (stages.c), where rows go (sinks.c), which rows each band
// reads, how many rows each ring has (rings.c). Everything is decided here, before the first pixel.
#include "build.h"

#include "coding.h"
#include "digest.h"
#include "measure.h"
#include "memo.h"
#include "need.h"
#include "run.h"
#include "tables.h"

#include <stdlib.h>
#include <string.h>

static void decide_keeping(kal__builder *b)
{
    size_t room = b->keep ? kal__memo_room(b->p->memo) : 0;
    for (int32_t i = b->p->n_stages; i-- > 0;) {
        kal__stage *s = b->p->stages[i];
        const bool computed = s->kind == KAL__COMPUTE_STAGE || s->kind == KAL__DECODE_STAGE;
        if (!computed || s->outside || !room) continue;
        const size_t bytes = s->stride * (size_t)(s->rect.y1 - s->rect.y0);
        if (bytes > room || !kal__is_candidate(b, s)) continue;
        s->keep = true;
        room -= bytes;
    }
}

static kal_status build(kal__builder *b)
{
    kal__plan *p = b->p;
    for (size_t i = 0; i < b->n_wants; i++)
        if (!b->wants[i].writer && !b->wants[i].value)
            kal__want_pixels(b, kal__image_of(&b->wants[i]), b->wants[i].rect);
    kal_status st = KAL_OK;
    for (size_t i = p->order.n; i-- > 0 && !st;) st = kal__propagate(b, p->order.nodes[i]);
    if (!st) st = kal__add_stages(b);
    kal__find_dear(b);
    for (size_t i = 0; i < b->n_wants && !st; i++) st = kal__add_sink(b, &b->wants[i]);
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
    // A plan too big first gives up keeping results, then shrinks its bands; then, where there is a folder for them, large rings go to files; at last
    // it takes fewer workers. If none fits, the smallest is named.
    size_t needed, smallest = SIZE_MAX;
    kal_error local, told;
    if (!err) err = &local;
    kal_status st = attempt(wants, n, o, true, 0, false, out, &needed, err);
    told = *err;
    for (int32_t shrink = 0; st == KAL_LIMIT && shrink < 5; shrink++) {
        st = attempt(wants, n, o, false, shrink, false, out, &needed, err);
        if (st == KAL_LIMIT && needed < smallest) smallest = needed, told = *err;
    }
    // who reads a file across its rows goes over all of it once a band, so bands are as high as there is room for
    for (int32_t grow = 6; st == KAL_LIMIT && o->spill && grow >= 0; grow--)
        st = attempt(wants, n, o, false, -grow, true, out, &needed, err);
    // what each worker computes with may be what is too much
    kal__resolved fewer = *o;
    while (st == KAL_LIMIT && fewer.threads > 1) {
        fewer.threads /= 2;
        st = attempt(wants, n, &fewer, false, 4, o->spill != NULL, out, &needed, err);
        if (st == KAL_LIMIT && needed < smallest) smallest = needed, told = *err;
    }
    if (st == KAL_LIMIT) *err = told;
    return st;
}

static kal_status prepare_step(kal__step *step, kal_error *err)
{
    const kal_op *op = step->node->call.op;
    if (!op->prepare) return KAL_OK;
    *err = (kal_error){0};
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
