// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Which band may run now, and what changes when it is done. No pixels, no threads, no locks: the simulator below calls these
// functions with one imaginary worker, run.c calls the same ones under its lock with real ones.
//
// Why this cannot deadlock. Rings are private to their stage and the conditions "inputs done" and "room" only ever become true
// and stay true until used, so the network is confluent: any schedule can be continued to every state another schedule reached.
// The simulation reaches the end with these ring sizes; so can every run. Memory: rings are allocated in the order the
// simulation allocated them, and only while the total stays under the simulated peak. When the next ring has to wait, the rings
// before it suffice to reach, by the same argument, the state in which the simulation had freed enough.
#include "plan.h"

#include <string.h>

// ---- the rules ----------------------------------------------------------------------------------

static int32_t row_done(const kal__stage *s)
{
    const int64_t y = (int64_t)s->rect.y0 + (int64_t)s->done * s->band;
    return y < s->rect.y1 ? (int32_t)y : s->rect.y1;
}

// The first row some reader still needs; when all have finished, the end.
static int32_t row_held(const kal__stage *s)
{
    int32_t low = s->rect.y1;
    for (const kal__edge *e = s->readers; e; e = e->next_reader) {
        if (e->to->done >= e->to->n_bands) continue;
        const int32_t r = kal__edge_release(e, e->to->done);
        if (r < low) low = r;
    }
    return low;
}

static bool inputs_done(const kal__stage *s)
{
    for (KAL__EACH_EDGE(e, s))
        if (e->from && row_done(e->from) < kal__edge_ready(e, s->next)) return false;
    return true;
}

// Rows the ring must have for the next band to be written beside everything that is still held and every earlier band that is
// still being written.
static int64_t rows_wanted(const kal__stage *s)
{
    const int32_t held = row_held(s), written = row_done(s);
    return (int64_t)kal__band_rect(s, s->next).y1 - (held < written ? held : written);
}

static bool has_room(const kal__stage *s)
{
    return !s->readers || s->rows >= s->rect.y1 - s->rect.y0 || rows_wanted(s) <= s->rows;
}

// Pieces wait in the encoder until those before them are joined. One worker never finds the window full.
static bool in_window(const kal__stage *s)
{
    return !s->window || s->next - s->done < s->window;
}

static bool may_allocate(const kal__plan *p, const kal__stage *s)
{
    const kal__schedule *c = &p->schedule;
    if (s->allocated || c->bound == SIZE_MAX) return true;
    return s->alloc_rank == c->next_alloc && c->live + s->memory <= c->bound;
}

static bool runnable(const kal__plan *p, const kal__stage *s)
{
    return s->next < s->n_bands && !(s->serial && s->in_flight) && in_window(s) && inputs_done(s) &&
           has_room(s) && may_allocate(p, s);
}

// ---- the heap of stages that may be runnable ----------------------------------------------------
// What is serial first, an encoder before a decoder; then the most downstream of what any number of workers may do at once.

static kal__stage_kind rank(const kal__stage *s)
{
    return s->serial || s->kind == KAL__COPY_STAGE ? s->kind : KAL__COMPUTE_STAGE;
}

static bool before(const kal__stage *a, const kal__stage *b)
{
    return rank(a) != rank(b) ? rank(a) < rank(b) : a->index > b->index;
}

static void push(kal__schedule *c, kal__stage *s)
{
    if (s->queued || s->over) return;
    s->queued = true;
    size_t i = c->n_heap++;
    for (; i && before(s, c->heap[(i - 1) / 2]); i = (i - 1) / 2) c->heap[i] = c->heap[(i - 1) / 2];
    c->heap[i] = s;
}

static kal__stage *pop(kal__schedule *c)
{
    kal__stage *top = c->heap[0], *last = c->heap[--c->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < c->n_heap; i = child) {
        if (child + 1 < c->n_heap && before(c->heap[child + 1], c->heap[child])) child++;
        if (!before(c->heap[child], last)) break;
        c->heap[i] = c->heap[child];
    }
    if (c->n_heap) c->heap[i] = last;
    top->queued = false;
    return top;
}

static void offer(kal__plan *p, kal__stage *s)
{
    if (runnable(p, s)) push(&p->schedule, s);
}

// The stage that stands next in the order of allocation may have been waiting for its turn or for memory.
static void offer_next_alloc(kal__plan *p)
{
    kal__schedule *c = &p->schedule;
    if (c->bound == SIZE_MAX) return;
    while (c->next_alloc < p->n_stages && c->alloc_order[c->next_alloc] &&
           c->alloc_order[c->next_alloc]->allocated)
        c->next_alloc++;
    if (c->next_alloc < p->n_stages && c->alloc_order[c->next_alloc]) offer(p, c->alloc_order[c->next_alloc]);
}

// ---- driving ------------------------------------------------------------------------------------

void kal__schedule_start(kal__plan *p, size_t bound)
{
    kal__schedule *c = &p->schedule;
    c->n_heap = 0;
    c->next_alloc = 0;
    c->live = c->peak = 0;
    c->bound = bound;
    c->unfinished = 0;
    c->bands_done = 0;
    for (int32_t i = 0; i < p->n_stages; i++) {
        kal__stage *s = p->stages[i];
        const bool constant = s->kind == KAL__CONST_STAGE;
        s->next = s->done = constant ? s->n_bands : 0;
        s->in_flight = 0;
        s->readers_left = s->n_readers;
        s->allocated = s->over = constant;
        s->queued = false;
        memset(s->finished, 0, (size_t)s->n_bands);
        c->unfinished += !constant;
    }
    for (int32_t i = 0; i < p->n_stages; i++)
        if (p->stages[i]->kind != KAL__CONST_STAGE) offer(p, p->stages[i]);
}

kal__stage *kal__schedule_pick(kal__plan *p, int32_t *band, bool *first)
{
    kal__schedule *c = &p->schedule;
    while (c->n_heap) {
        kal__stage *s = pop(c);
        if (!runnable(p, s)) continue;
        *first = !s->allocated;
        if (*first) {
            s->allocated = true;
            if (c->bound == SIZE_MAX) {
                s->alloc_rank = c->next_alloc;
                c->alloc_order[c->next_alloc++] = s;
            }
            s->charged = s->memory;
            c->live += s->charged;
            if (c->live > c->peak) c->peak = c->live;
            offer_next_alloc(p);
        }
        *band = s->next++;
        s->in_flight++;
        offer(p, s);
        return s;
    }
    return NULL;
}

static void ring_freed(kal__plan *p, kal__stage *s, kal__freed_fn *freed)
{
    if (s->kind == KAL__CONST_STAGE || s->keep) return;   // kept ones stay until they go to the memo
    p->schedule.live -= s->charged;
    s->charged = 0;
    if (freed) freed(p, s);
    offer_next_alloc(p);
}

static void stage_over(kal__plan *p, kal__stage *s, kal__freed_fn *freed)
{
    s->over = true;
    p->schedule.unfinished--;
    if (p->schedule.many &&
        s->kind == KAL__DECODE_STAGE) {   // its rows are still read, its decoder is closed
        p->schedule.live -= s->codec_memory;
        s->charged -= s->codec_memory;
        offer_next_alloc(p);
    }
    for (KAL__EACH_EDGE(e, s))
        if (e->from && --e->from->readers_left == 0 && e->from->over) ring_freed(p, e->from, freed);
    if (s->readers_left == 0) ring_freed(p, s, freed);
}

void kal__schedule_finish(kal__plan *p, kal__stage *s, int32_t band, kal__freed_fn *freed)
{
    s->in_flight--;
    p->schedule.bands_done++;
    s->finished[band] = 1;
    const int32_t old = s->done;
    while (s->done < s->n_bands && s->finished[s->done]) s->done++;
    offer(p, s);   // a serial stage is free again, and room counts from the oldest band that is not done
    if (s->done == old) return;
    if (s->done == s->n_bands) stage_over(p, s, freed);
    for (kal__edge *e = s->readers; e; e = e->next_reader) offer(p, e->to);
    for (KAL__EACH_EDGE(e, s))
        if (e->from) offer(p, e->from);
}

// ---- simulation ---------------------------------------------------------------------------------

// Follows, from the most downstream stage that is not finished, what it waits for, until a stage is found that only lacks room.
static kal__stage *who_lacks_room(kal__plan *p)
{
    for (int32_t i = p->n_stages; i-- > 0;) {
        kal__stage *s = p->stages[i];
        if (s->over || s->next >= s->n_bands) continue;
        for (int32_t guard = 0; guard <= p->n_stages; guard++) {
            kal__stage *waits_for = NULL;
            for (KAL__EACH_EDGE(e, s))
                if (!waits_for && e->from && row_done(e->from) < kal__edge_ready(e, s->next))
                    waits_for = e->from;
            if (!waits_for) break;
            s = waits_for;
        }
        if (s->next < s->n_bands && inputs_done(s) && !has_room(s)) return s;
    }
    return NULL;
}

static void set_rows(kal__stage *s, int64_t rows)
{
    const int64_t all = (int64_t)s->rect.y1 - s->rect.y0;
    rows = (rows + s->band - 1) / s->band * s->band;   // whole bands, so that no band wraps
    if (rows * 2 >= all) rows = all;                   // half the image or more: make it the whole
    s->rows = (int32_t)rows;
    // of a file, what a few bands look at; its other pages are the system's, which takes them when it wants
    const int64_t held = s->spilt && rows > 4 * (int64_t)s->band ? 4 * (int64_t)s->band : rows;
    s->memory = (s->outside ? 0 : (size_t)held * s->stride) + s->codec_memory;
}

static kal_status run_dry(kal__plan *p, bool *grew, kal_error *err)
{
    kal__schedule_start(p, SIZE_MAX);
    *grew = false;
    while (p->schedule.unfinished) {
        int32_t band;
        bool first;
        kal__stage *s = kal__schedule_pick(p, &band, &first);
        if (s) {
            kal__schedule_finish(p, s, band, NULL);
            continue;
        }
        s = who_lacks_room(p);
        if (!s) return kal_fail(err, KAL_INTERNAL, "the plan does not end (simulation)");
        set_rows(s, rows_wanted(s));
        *grew = true;
        offer(p, s);
    }
    return KAL_OK;
}

void kal__stage_set_rows(kal__stage *s, int64_t rows)
{
    set_rows(s, rows);
}

kal_status kal__simulate(kal__plan *p, kal_error *err)
{
    bool grew = true;
    while (grew) {
        const kal_status st = run_dry(p, &grew, err);
        if (st) return st;
    }
    return KAL_OK;
}
