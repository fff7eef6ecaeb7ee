// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The loop that runs bands, and the pool of workers that run it. One lock, held only to choose and to record; a band is
// tens of microseconds or more. The caller of a request is one of its workers and works on nothing else.
#define _GNU_SOURCE
#include "run.h"

#include "admit.h"
#include "band.h"
#include "coding.h"
#include "fork.h"
#include "memo.h"
#include "mosaic.h"
#include "spill.h"
#include "trace.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK ((size_t)1 << 20)   // of a worker, in bytes

typedef struct run {
    kal__plan *plan;
    const kal__watch *watch;
    kal_stats *stats;
    kal_error err;
    kal_status status;
    int32_t workers;       // at work on it now
    pthread_cond_t wake;   // for the caller
    double told;           // when progress was last reported
    bool telling;
    struct run *next;
} run;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static run *runs;           // being run now
static int32_t n_threads;   // in the pool, callers not counted
static int32_t n_idle;
static int32_t n_working;   // callers and workers

// ---- rings --------------------------------------------------------------------------------------

static void ring_freed(kal__plan *p, kal__stage *s)
{
    (void)p;
    kal__slab_unref(&s->slab);
}

static kal_status ring_allocate(const kal__plan *p, kal__stage *s, kal_error *err)
{
    if (s->outside || kal__stage_is_sink(s)) return KAL_OK;
    const size_t bytes = (size_t)s->rows * s->stride;
    s->slab = s->spilt ? kal__spill_slab(p->spill, bytes, err) : kal__slab_new(bytes);
    s->data = s->slab ? s->slab->data : NULL;
    if (s->slab) return KAL_OK;
    return s->spilt ? err->status
                    : kal_fail(err, KAL_NOMEM, "out of memory for %d rows of %zu bytes", s->rows, s->stride);
}

// A band was done: what it looked at of rings in files is the system's again.
static void rest(const kal__stage *s)
{
    if (s->spilt) kal__spill_rest(s->slab);
    for (KAL__EACH_EDGE(e, s))
        if (e->from && e->from->spilt) kal__spill_rest(e->from->slab);
}

// ---- choosing and recording, under the lock -----------------------------------------------------

static bool over(const run *r)
{
    return r->status || !r->plan->schedule.unfinished;
}

static void fail(run *r, kal_status st, const kal_error *err)
{
    if (r->status) return;   // the first cause stays
    r->status =
        st == KAL_IO && err->status ? err->status : st;   // whoever failed behind a codec said what it was
    r->err = *err;
    r->err.status = r->status;
}

static kal__stage *choose(run *r, int32_t *band)
{
    kal_error err;
    if (over(r)) return NULL;
    const kal_status st = kal__watch_check(r->watch, &err);
    if (st) {
        fail(r, st, &err);
        return NULL;
    }
    bool first;
    kal__stage *s = kal__schedule_pick(r->plan, band, &first);
    const kal_status got = s && first ? ring_allocate(r->plan, s, &err) : KAL_OK;
    if (!got) return s;
    fail(r, got, &err);
    s->in_flight--;
    return NULL;
}

// May one more help? Requests together get no more threads than one of them may have; their callers come first.
static bool wants_help(const run *r)
{
    return r->plan->schedule.n_heap && n_working < r->plan->threads && r->workers < r->plan->threads &&
           !over(r);
}

static run *needy(void)
{
    run *r = runs;
    while (r && !wants_help(r)) r = r->next;
    return r;
}

static void record(run *r, kal__stage *s, int32_t band, kal_status st, const kal_error *err, double seconds)
{
    s->ns += seconds * 1e9;
    if (st) {
        s->in_flight--;
        fail(r, st, err);
    } else {
        kal__schedule_finish(r->plan, s, band, ring_freed);
    }
    if (n_idle && wants_help(r)) pthread_cond_signal(&work);
    pthread_cond_signal(&r->wake);
}

// Progress is told outside the lock, by whoever has just finished a band, at most every 50 ms and by one at a time.
static void tell(run *r)
{
    const kal_options *o = r->watch->options;
    if (!o || !o->progress || r->telling || over(r)) return;
    const double now = kal__now();
    if (now - r->told < 0.05) return;
    r->told = now;
    r->telling = true;
    const uint64_t done = r->plan->schedule.bands_done, total = r->plan->n_bands;
    pthread_mutex_unlock(&lock);
    o->progress(o->user, KAL_RUNNING, done, total);
    pthread_mutex_lock(&lock);
    r->telling = false;
}

// Runs bands of one run until there is none to start, or until a helper is one too many. Called and left with the lock
// held. `thread`: 0 for the caller, who is no helper.
static void work_on(run *r, int32_t thread)
{
    kal__slab *scratch = NULL;
    int32_t band;
    n_working++;
    for (kal__stage *s; (!thread || n_working <= r->plan->threads) && (s = choose(r, &band));) {
        if (n_idle && wants_help(r)) pthread_cond_signal(&work);
        pthread_mutex_unlock(&lock);
        kal_error err = {0};
        kal_status st = KAL_OK;
        kal__slab *alone = NULL;   // the one job of a stage may want more than is kept for each worker
        const bool more = s->scratch > r->plan->scratch;
        const size_t size = more ? s->scratch : r->plan->scratch;
        kal__slab **const room = more ? &alone : &scratch;
        if (!*room && size) *room = kal__slab_new(size);
        if (!*room && size) st = kal_fail(&err, KAL_NOMEM, "out of memory for scratch");
        const double start = kal__now();
        if (!st) st = kal__run_band(s, band, *room ? (*room)->data : NULL, r->watch, r->stats, &err);
        const double end = kal__now();
        kal__slab_unref(&alone);
        if (!st && r->plan->spill) rest(s);
        if (!st) kal__trace_band(r->watch->options, s, band, thread, start, end);
        pthread_mutex_lock(&lock);
        record(r, s, band, st, &err, end - start);
        tell(r);
    }
    n_working--;
    if (n_idle && needy()) pthread_cond_signal(&work);
    kal__slab_unref(&scratch);
}

// ---- the pool -----------------------------------------------------------------------------------

// Kernels must not see a caller's rounding or denormal mode: results are the same on every thread.
static void *worker(void *arg)
{
    const int32_t thread = (int32_t)(intptr_t)arg;
    fesetenv(FE_DFL_ENV);
    pthread_mutex_lock(&lock);
    for (;;) {
        run *r = needy();
        if (!r) {
            n_idle++;
            pthread_cond_wait(&work, &lock);
            n_idle--;
            continue;
        }
        r->workers++;
        work_on(r, thread);
        r->workers--;
        pthread_cond_signal(&r->wake);
    }
    return NULL;
}

// In the child of a fork: it starts without pool and requests, whose rings are leaked there.
static void nobody(void *owner)
{
    (void)owner;
    runs = NULL;
    n_threads = n_idle = n_working = 0;
    pthread_cond_init(&work, NULL);
}
KAL__GUARD(lock, KAL__FORK_RUNS, nobody)

static void start_threads(int32_t wanted)
{
    while (n_threads < wanted) {
        // fewer workers will do, and so does the caller alone
        if (!kal__thread_start(NULL, STACK, worker, (void *)(intptr_t)(n_threads + 1))) return;
        n_threads++;
    }
}

static void enter(run *r)
{
    pthread_mutex_lock(&lock);
    if (r->plan->threads > 1) {
        start_threads(r->plan->threads - 1);
        r->next = runs;
        runs = r;
    }
    r->workers = 1;
}

static void leave(run *r)
{
    for (run **at = &runs; *at; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            break;
        }
    pthread_mutex_unlock(&lock);
}

static void wait_for_work(run *r)
{
    if (kal__can_be_stopped(r->watch))
        kal__cond_wait(&r->wake, &lock, KAL__GLANCE);
    else
        pthread_cond_wait(&r->wake, &lock);
}

// What it takes to make the rows of a stage again, when those that are kept are there: inputs come before what is made of them.
static double all_ns(const kal__stage *s, const double *before)
{
    double ns = s->ns;
    for (KAL__EACH_EDGE(e, s))
        if (e->from && !e->from->keep) ns += before[e->from->index];
    return ns;
}

static void keep_results(const kal__plan *p)
{
    double *ns = kal__new_zero((size_t)p->n_stages, sizeof *ns);
    for (int32_t i = 0; ns && i < p->n_stages; i++) {
        const kal__stage *s = p->stages[i];
        ns[i] = all_ns(s, ns);
        if (!s->keep || !s->slab) continue;
        if (kal_rect_equal(s->rect, kal_rect_all(&s->node->call.extent)))
            kal__content_remember(p->memo, s->node, s->slab->data, s->stride);
        const kal__made made = {
            KAL__STORED_ROWS, s->node, s->rect, s->slab, s->stride * (size_t)s->rows, s->ns, ns[i]};
        if (kal__memo_put(p->memo, &made,
                          p->memo_mode == KAL_MEMO_ALWAYS || kal_node_memo(s->node) == KAL_MEMO_ALWAYS) &&
            s->last)
            kal__parts_remember(p->memo, s->node, s->rect);
    }
    free(ns);
}

static void tell_node(const kal_options *o, const kal__stage *s, const kal_node *node, double share)
{
    const bool sink = kal__stage_is_sink(s);
    const size_t pixel = node->kind == KAL__ENCODE ? 0 : kal_pixel_size(&node->call.extent);
    const uint64_t pixels = (uint64_t)(s->rect.x1 - s->rect.x0) * (uint64_t)(s->rect.y1 - s->rect.y0);
    const char *name = node->kind == KAL__ENCODE ? node->u.codec->name
                       : node->call.op           ? node->call.op->name
                                                 : "input";
    const kal_node_stats n = {.node = node,
                              .last = s->node,
                              .name = name,
                              .ms = s->ns * share / 1e6,
                              .bands = (uint64_t)s->n_bands,
                              .bytes = sink ? s->writer ? s->writer->written : 0 : pixels * pixel,
                              .reused = s->kind == KAL__CONST_STAGE && node->kind != KAL__PIXELS,
                              .kept = s->keep && node == s->node};
    o->node_stats(o->user, &n);
}

static void tell_nodes(const kal__plan *p, const kal_options *o)
{
    for (int32_t i = 0; i < p->n_stages; i++) {
        const kal__stage *s = p->stages[i];
        for (int32_t k = 0; k < s->n_steps; k++) tell_node(o, s, s->steps[k].node, 1.0 / s->n_steps);
        if (!s->n_steps && s->kind != KAL__COPY_STAGE && s->kind != KAL__DIGEST_STAGE)
            tell_node(o, s, s->node, 1);
    }
}

// What was filled in, of pictures that broke off.
static void warn_of(const kal__stage *s, const kal_options *o)
{
    char text[sizeof s->lack->why.message];
    const int32_t height = s->node->call.extent.height, row = s->lack->row;
    if (row < height)
        snprintf(text, sizeof text, "%.300s; rows %d to %d of %d are 0", s->lack->why.message, row,
                 height - 1, height);
    else
        snprintf(text, sizeof text, "%.300s; all rows were there", s->lack->why.message);
    o->warn(o->user, &(kal_warning){.node = s->node, .rows = row, .text = text});
}

static kal_status run_plan(run *r)
{
    kal__cond_init(&r->wake);
    enter(r);
    for (;;) {
        work_on(r, 0);
        if (over(r) && r->workers == 1 && !r->telling) break;
        wait_for_work(r);
    }
    leave(r);
    pthread_cond_destroy(&r->wake);
    return r->status;
}

kal_status kal__run(kal__plan *p, const kal__watch *w, kal_stats *stats, kal__tally *tally, kal_error *err)
{
    run r = {.plan = p, .watch = w, .stats = stats};
    kal__schedule_start(p, p->schedule.peak);
    kal_status st = kal__admit(p->peak, p->memo, w, &r.err);
    if (!st) {
        const double start = kal__now();
        st = kal__plan_prepare(p, w, stats, &r.err);
        kal__trace_part(w->options, "prepare", start);
        if (!st) st = run_plan(&r);
        kal__admit_end(p->peak);
    }
    for (int32_t i = 0; i < p->n_stages; i++) kal__coding_close(p->stages[i]);
    if (!st && p->memo) keep_results(p);
    if (st && err) *err = r.err, err->status = st;
    stats->reused_tiles += p->reused_bands;
    stats->nodes += p->nodes;
    stats->nodes_reused += p->nodes_reused;
    if (p->peak + KAL__BESIDE > stats->planned_bytes) stats->planned_bytes = p->peak + KAL__BESIDE;
    const size_t peak = kal__plan_memory(p);
    if (peak > stats->peak_bytes) stats->peak_bytes = peak;
    if ((uint64_t)p->threads > stats->threads) stats->threads = (uint64_t)p->threads;
    if (!st && w->options && w->options->node_stats) tell_nodes(p, w->options);
    for (int32_t i = 0; !st && w->options && w->options->warn && i < p->n_stages; i++)
        if (p->stages[i]->lack) warn_of(p->stages[i], w->options);
    *tally = (kal__tally){st ? p->schedule.bands_done : p->n_bands, p->n_bands};
    return st;
}
