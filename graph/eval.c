// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a request comes to: what is known is found, the rest is planned and run, and what was made is remembered.
#include "calm.h"
#include "encoded.h"
#include "flight.h"
#include "load.h"
#include "look.h"
#include "measure.h"
#include "memo.h"
#include "mosaic.h"
#include "options.h"
#include "retouch.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

// The keys a plan will store; claimed so that nobody computes them at the same time, here (then *alone) or in another process. *again: some of it
// may be known by now.
static kal_status claim_all(const kal__plan *p, kal__flight *f, bool *alone, bool *again, kal_error *err)
{
    *alone = true;
    *again = false;
    kal_key *keys = kal__new((size_t)p->n_stages, sizeof *keys);
    if (!keys) return KAL_OK;
    size_t n = 0;
    for (int32_t i = 0; i < p->n_stages; i++)
        if (p->stages[i]->keep) keys[n++] = p->stages[i]->node->key;
    *alone = !n || kal__memo_claim(p->memo, p, keys, n);
    for (int32_t i = 0; i < p->n_stages && *alone && !*again; i++)   // it came between the plan and the claim
        *again = p->stages[i]->keep && kal__memo_has(p->memo, p->stages[i]->node->key, p->stages[i]->rect);
    if (*again) {
        free(keys);
        return KAL_OK;
    }
    const kal_status st = *alone ? kal__flight_take(f, keys, n, again, err) : KAL_OK;
    free(keys);
    return st;
}

// Plans until nobody else is computing what this plan would keep. Waiting holds nothing that others wait for, so it cannot tie a knot.
static kal_status plan_alone(const kal__want *wants, size_t n, const kal__resolved *o, kal__flight *f,
                             kal__plan **plan, kal_error *err)
{
    for (;;) {
        bool alone, again;
        kal_status st = kal__plan_make(wants, n, o, plan, err);
        if (st || !(*plan)->memo || o->only_known) return st;
        st = claim_all(*plan, f, &alone, &again, err);
        if (!st && alone && !again) return KAL_OK;
        kal__memo_release(o->memo, *plan);
        kal__plan_free(plan);
        if (!st) st = kal__watch_check(f->watch, err);
        if (st) return st;
        if (!alone) kal__memo_wait(o->memo, 0.02);
    }
}

// A run of bytes that a key names; many files are none.
static bool is_remembered(const kal__want *w, const kal__resolved *o)
{
    return w->writer && o->memo && !w->book && kal__keeps_bytes(w->node);
}

// Wants whose encoded bytes are known are written at once; the others are left, at the front of `left`, which `wants` may be.
static kal_status split_known(const kal__want *wants, size_t n, const kal__resolved *o, kal__want *left,
                              size_t *n_left, kal_stats *stats, kal_error *err)
{
    *n_left = 0;
    for (size_t i = 0; i < n; i++) {
        kal__want w = wants[i];
        bool known = w.writer && w.node->u.given;
        if (known) {
            const kal_status st = w.writer->write(w.writer, w.node->u.given->data, w.node->u.n_given, err);
            if (st) return st;
            stats->nodes++;
        }
        if (!known && is_remembered(&w, o)) {
            const kal_status st = kal__write_known(o->memo, w.node, o->audit, w.writer, &known, err);
            if (st) return st;
            stats->nodes += known;
            stats->nodes_reused += known;
        }
        if (w.value && o->memo && kal__fact_find(o->memo, w.node, o->audit, w.value)) {
            known = true;
            stats->nodes++;
            stats->nodes_reused++;
        }
        if (!known) left[(*n_left)++] = w;
    }
    return KAL_OK;
}

// Until nobody else encodes or measures what is left.
static kal_status wait_for_others(kal__flight *f, kal__want *left, size_t *n_left, const kal__resolved *o,
                                  kal_stats *stats, kal_error *err)
{
    bool again = f->memo != NULL;
    kal_key *keys = again ? kal__new(*n_left, sizeof *keys) : NULL;
    kal_status st = KAL_OK;
    while (keys && again && *n_left && !st) {
        size_t n = 0;
        for (size_t i = 0; i < *n_left; i++)
            if (is_remembered(&left[i], o) || (left[i].value && !left[i].node->is_volatile))
                keys[n++] = left[i].node->key;
        st = kal__flight_take(f, keys, n, &again, err);
        if (!st && again) st = split_known(left, *n_left, o, left, n_left, stats, err);
    }
    free(keys);
    return st;
}

// What is left gets writers that remember.
static kal_status remember_all(kal__want *left, size_t *n_left, const kal__resolved *o, size_t *room,
                               kal_error *err)
{
    for (size_t i = 0; i < *n_left; i++) {
        if (!is_remembered(&left[i], o) || o->only_known) continue;
        kal__writer *w = kal__remember(left[i].writer, room);
        if (!w) {
            *n_left = i;
            return kal_fail(err, KAL_NOMEM, "out of memory");
        }
        left[i].writer = w;
    }
    return KAL_OK;
}

// Half of what the plan leaves free, and at most a quarter of the memo.
static size_t room_for_encoded(const kal__plan *p, const kal__resolved *o)
{
    const size_t free_bytes = o->max_memory > p->peak ? (o->max_memory - p->peak) / 2 : 0;
    const size_t most = p->memo ? kal__memo_room(p->memo) / 4 : 0;
    return free_bytes < most ? free_bytes : most;
}

// Of pictures of which parts are known: what stands for them.
typedef struct stand_in {
    kal__mosaic *parts;
    kal_node *node;
} stand_in;

// The contents of pictures come first, when the rest may be known by them; their rows are kept, and not made twice.
static void learn_contents(kal_node *image, const kal__resolved *o, const kal__watch *w, kal_stats *stats)
{
    kal_node *picture;
    for (int i = 0; i < 4 && kal__may_cut_off(o->memo, image, &picture); i++) {
        const kal_extent *e = &picture->call.extent;
        if ((uint64_t)e->width * (uint64_t)e->height * kal_pixel_size(e) > kal__memo_room(o->memo) / 2)
            return;
        kal_key content;
        kal_options alone = {.threads = o->threads,
                             .max_memory = o->max_memory,
                             .memo = o->memo,
                             .spill = o->spill,
                             .stats = stats,
                             .cancel = w->options ? w->options->cancel : NULL};
        const kal__want key = {.node = picture, .rect = kal_rect_all(e), .key = &content};
        kal__tally told;
        const double start = kal__now();
        if (w->deadline > 0) alone.deadline = w->deadline - start;
        if (alone.deadline < 0 || kal__evaluate(&key, 1, &alone, start, &told, NULL))
            return;                                          // the plan will say why
        if (!kal__content_known(o->memo, picture)) return;   // it was not kept
    }
}

static stand_in *stand_ins(kal__want *wants, size_t n, const kal__resolved *o, const kal__watch *watch,
                           kal_stats *stats)
{
    const bool may = o->memo && kal__memo_has_facts(o->memo) && !o->only_known;
    stand_in *list = may ? kal__new_zero(n, sizeof *list) : NULL;
    for (size_t i = 0; list && i < n; i++) {
        kal__want *w = &wants[i];
        if (w->value || w->patches || w->node->kept) continue;
        kal_node *image = w->writer ? kal__input(w->node, 0) : w->node;
        const kal_rect rect = w->writer ? kal__encoded_rect(w->node) : w->rect;
        learn_contents(image, o, watch, stats);
        w->instead = list[i].node = kal__mosaic_find(o->memo, image, rect, o->audit, &list[i].parts);
    }
    return list;
}

static void stand_ins_free(stand_in *list, size_t n)
{
    for (size_t i = 0; list && i < n; i++) {
        kal_node_unref(&list[i].node);
        kal__mosaic_free(list[i].parts);
    }
    free(list);
}

static kal__flight flight_of(const kal__resolved *o, const kal__watch *w)
{
    const bool shared = o->memo && !o->only_known && kal__memo_is_shared(o->memo);
    return (kal__flight){.memo = shared ? o->memo : NULL, .watch = w};
}

static kal_status plan_and_run(kal__want *wants, size_t n, const kal__resolved *o, const kal__watch *w,
                               size_t *room, kal_stats *stats, kal__tally *tally, kal_error *err)
{
    kal__plan *plan = NULL;
    const double start = kal__now();
    stand_in *others = stand_ins(wants, n, o, w, stats);
    kal__flight f = flight_of(o, w);
    kal_status st = plan_alone(wants, n, o, &f, &plan, err);
    kal__trace_part(w->options, "plan", start);
    if (!st) *room = room_for_encoded(plan, o);
    if (!st && o->only_known) st = kal__refuse_work(plan, wants, n, err);
    if (!st) st = kal__run(plan, w, stats, tally, err);
    if (plan && plan->memo) kal__memo_release(plan->memo, plan);
    kal__flight_end(&f);
    kal__plan_free(&plan);
    stand_ins_free(others, n);
    return st;
}

static void remember(kal__want *wants, size_t n, const kal__resolved *o, kal_status st, double ns)
{
    for (size_t i = 0; i < n && o->memo && !o->only_known; i++) {
        if (wants[i].value && !st) kal__fact_put(o->memo, wants[i].node, wants[i].value, ns);
        if (!is_remembered(&wants[i], o)) continue;
        if (!st) kal__remembered(wants[i].writer, o->memo, wants[i].node, ns);
        wants[i].writer->abort(wants[i].writer);
    }
}

kal_status kal__evaluate(const kal__want *wants, size_t n, const kal_options *options, double start,
                         kal__tally *told, kal_error *err)
{
    *told = (kal__tally){0, 0};
    kal_stats none = {0}, *stats = options && options->stats ? options->stats : &none;
    kal__resolved o;
    kal_error local;
    if (!err) err = &local;
    kal_status st = kal__resolve(options, &o, err);
    if (st) return st;
    const kal__watch w = kal__watch_from(options, start);
    st = kal__watch_check(&w, err);   // also when everything is known
    if (st) return st;
    kal__want *left = kal__new_zero(n, sizeof *left);
    if (!left) return kal_fail(err, KAL_NOMEM, "out of memory");
    const kal__calm calm = kal__calm_begin();
    size_t n_left, room = 0;   // for encoded bytes on their way to the memo: known once there is a plan
    kal__tally tally = {0, 0};
    o.audit = o.memo && options && !o.only_known ? kal__audit_new(options->audit) : NULL;
    kal__flight f = flight_of(&o, &w);
    st = split_known(wants, n, &o, left, &n_left, stats, err);
    if (!st && n_left) st = wait_for_others(&f, left, &n_left, &o, stats, err);
    if (st) n_left = 0;
    if (!st) st = remember_all(left, &n_left, &o, &room, err);
    if (!st && n_left) st = plan_and_run(left, n_left, &o, &w, &room, stats, &tally, err);
    if (!st) st = kal__audit_run(o.audit, o.memo, options, err);
    kal__audit_free(o.audit);
    remember(left, n_left, &o, st, (kal__now() - start) * 1e9);
    kal__flight_end(&f);
    for (size_t i = 0; i < n && !st && options && options->warn; i++)
        if (wants[i].writer) kal__warn_of_encoded(wants[i].node, wants[i].writer->name, options);
    kal__memo_warn(o.memo, options);
    free(left);
    kal__calm_end(&calm);
    stats->wall_ms = (kal__now() - start) * 1e3;
    *told = tally;
    return st;
}
