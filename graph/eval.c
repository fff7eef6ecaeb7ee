// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The short way in: what the public calls do. Each makes a list of wants, a plan, and runs it.
#include "apply.h"
#include "calm.h"
#include "coding.h"
#include "dynamic.h"
#include "encoded.h"
#include "flight.h"
#include "load.h"
#include "look.h"
#include "measure.h"
#include "memo.h"
#include "mosaic.h"
#include "need.h"
#include "options.h"
#include "patient.h"
#include "request.h"
#include "retouch.h"
#include "trace.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

struct kal_cancel {
    bool set;   // atomic
};

kal_cancel *kal_cancel_new(void)
{
    return kal__new_zero(1, sizeof(kal_cancel));
}

void kal_cancel_set(kal_cancel *c)
{
    if (c) __atomic_store_n(&c->set, true, __ATOMIC_RELAXED);   // nothing is published with it
}

bool kal__cancelled(const kal_cancel *c)
{
    return __atomic_load_n(&c->set, __ATOMIC_RELAXED);
}

void kal_cancel_free(kal_cancel **c)
{
    free(*c);
    *c = NULL;
}

void kal_bytes_free(kal_bytes *b)
{
    free(b->data);
    *b = (kal_bytes){NULL, 0};
}

double kal__cost_of(const kal_node *n)
{
    if (n->kind == KAL__DECODE) return 2;
    return n->kind == KAL__APPLY ? (double)n->call.op->cost : 0;
}

// ---- evaluate -----------------------------------------------------------------------------------

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
        if (w->deadline > 0) alone.deadline = w->deadline - kal__now();
        if (alone.deadline < 0 || kal_content_key(picture, &alone, &content, NULL))
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

static void tell_end(const kal_options *o, kal_status st, kal__tally t)
{
    if (!o || !o->progress) return;
    const bool stopped = st == KAL_CANCELLED || st == KAL_DEADLINE;
    if (!st && !t.total) t = (kal__tally){1, 1};   // all of it was known
    if (st && t.done >= t.total) t.total = t.done + 1;
    o->progress(o->user, !st ? KAL_DONE : stopped ? KAL_STOPPED : KAL_FAILED, t.done, t.total);
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

kal_status kal__check_rect(const kal_extent *e, kal_rect rect, const void *dst, ptrdiff_t stride,
                           kal_error *err)
{
    if (kal_rect_empty(rect))
        return kal_fail(err, KAL_INVALID, "the rectangle %d,%d..%d,%d is empty", rect.x0, rect.y0, rect.x1,
                        rect.y1);
    if (!kal_rect_inside(rect, kal_rect_all(e)))
        return kal_fail(err, KAL_INVALID, "the rectangle %d,%d..%d,%d is not inside the image of %d×%d",
                        rect.x0, rect.y0, rect.x1, rect.y1, e->width, e->height);
    const ptrdiff_t row = (ptrdiff_t)(rect.x1 - rect.x0) * (ptrdiff_t)kal_pixel_size(e);
    if (!dst) return kal_fail(err, KAL_INVALID, "there is nowhere to read to (NULL)");
    if (stride < row && -stride < row)
        return kal_fail(err, KAL_INVALID, "a row has %td bytes, and the stride is %td", row, stride);
    return KAL_OK;
}

// A request begins: statistics are filled also when it fails at once.
static double begin(const kal_options *o)
{
    if (o && o->stats) *o->stats = (kal_stats){0};
    return kal__now();
}

typedef enum gives { IMAGE, BYTES, VALUE } gives;

// The static node to evaluate; it must be of the kind that is asked for.
static kal_status settled(const kal_node *node, gives wanted, const kal_options *options, double start,
                          kal_node **out, kal_error *err)
{
    static const char *const words[] = {"an image", "encoded bytes", "a value"};
    static const char *const hints[] = {"", ": see kal_encode", ": see mean"};
    const kal_status st = kal__static(node, options, start, out, err);
    if (st) return st;
    const gives is = (*out)->kind == KAL__ENCODE ? BYTES : (*out)->kind == KAL__VALUE ? VALUE : IMAGE;
    if (is == wanted) return KAL_OK;
    kal_node_unref(out);
    return kal_fail(err, KAL_INVALID, "the node is %s, not %s%s", words[is], words[wanted], hints[wanted]);
}

kal_status kal__request_begin(kal__request *q, const kal_node *node, const kal_options *options,
                              kal_error *err)
{
    *q = (kal__request){.options = options, .start = begin(options)};
    return settled(node, IMAGE, options, q->start, &q->image, err);
}

kal_status kal__request_begin_value(kal__request *q, const kal_node *node, const kal_options *options,
                                    kal_error *err)
{
    *q = (kal__request){.options = options, .start = begin(options)};
    return settled(node, VALUE, options, q->start, &q->image, err);
}

kal_status kal__request_end(kal__request *q, kal_status st)
{
    tell_end(q->options, st, q->tally);
    kal_node_unref(&q->image);
    return st;
}

kal_status kal_read(const kal_node *node, kal_rect rect, void *dst, ptrdiff_t stride,
                    const kal_options *options, kal_error *err)
{
    kal__request q;
    kal_status st = kal__request_begin(&q, node, options, err);
    if (st) return st;
    st = kal__check_rect(&q.image->call.extent, rect, dst, stride, err);
    const kal__want w = {.node = q.image, .rect = rect, .dst = dst, .stride = stride};
    if (!st) st = kal__evaluate(&w, 1, options, q.start, &q.tally, err);
    return kal__request_end(&q, st);
}

static kal_status value_key(const kal_node *node, const kal_options *options, kal_key *out, kal_error *err)
{
    kal_value v;
    kal__text t = {0};
    kal_status st = kal_read_value(node, options, &v, err);
    if (st) return st;
    kal__puts(&t, "kalv1");
    kal__value_pack(&v, &t);
    if (t.failed)
        st = kal_fail(err, KAL_NOMEM, "out of memory for a key");
    else
        *out = kal__hash_of(t.data, t.size);
    free(t.data);
    kal_value_free(&v);
    return st;
}

kal_status kal_content_key(const kal_node *node, const kal_options *options, kal_key *out, kal_error *err)
{
    if (kal_node_value(node, NULL)) return value_key(node, options, out, err);
    kal__request q;
    kal_status st = kal__request_begin(&q, node, options, err);
    if (st) return st;
    const kal__want w = {.node = q.image, .rect = kal_rect_all(&q.image->call.extent), .key = out};
    st = kal__evaluate(&w, 1, options, q.start, &q.tally, err);
    return kal__request_end(&q, st);
}

// ---- encoded ------------------------------------------------------------------------------------

static kal_status want_encoded(const kal_node *node, const kal_options *options, double start, kal__want *w,
                               kal_error *err)
{
    kal_node *encoded;
    const kal_status st = settled(node, BYTES, options, start, &encoded, err);
    if (!st) *w = (kal__want){.node = encoded, .rect = kal__encoded_rect(encoded)};
    return st;
}

kal_status kal_read_bytes(const kal_node *encoded, const kal_options *options, kal_bytes *out, kal_error *err)
{
    *out = (kal_bytes){NULL, 0};
    kal__want w = {0};
    const double start = begin(options);
    kal_status st = want_encoded(encoded, options, start, &w, err);
    if (!st) st = kal__write_memory(&out->data, &out->size, &w.writer, err);
    if (!st) st = kal__write_suited(w.node->u.codec, options ? options->spill : NULL, &w.writer, err);
    kal__tally tally = {0, 0};
    if (!st) st = kal__evaluate(&w, 1, options, start, &tally, err);
    if (w.writer && st) w.writer->abort(w.writer);
    if (w.writer && !st) st = w.writer->commit(w.writer, err);
    tell_end(options, st, tally);
    kal_node_unref(&w.node);
    return st;
}

// All are finished before the first is renamed, so that a full disk leaves none.
static kal_status finish_files(kal__want *wants, int32_t n, kal_status st, const kal_options *options,
                               kal_error *err)
{
    kal_stats *stats = options ? options->stats : NULL;
    const double start = kal__now();
    for (int32_t i = 0; i < n && !st; i++) st = wants[i].writer->finish(wants[i].writer, err);
    for (int32_t i = 0; i < 2 * n; i++) {   // what is far may still fail, so it goes first
        kal__writer *w = wants[i % n].writer;
        if (!w || w->far != (i < n)) continue;
        wants[i % n].writer = NULL;
        if (stats && !st) stats->bytes_written += w->written;
        if (st)
            w->abort(w);
        else
            st = w->commit(w, err);
    }
    kal__trace_part(options, "finish", start);
    return st;
}

// Each is there, and each means another file.
static kal_status check_paths(const char *const *paths, int32_t n, kal_error *err)
{
    for (int32_t i = 0; i < n; i++)
        if (!paths[i]) return kal_fail(err, KAL_INVALID, "path %d is missing (NULL)", i);
    char **names = kal__new_zero((size_t)n, sizeof *names);
    kal_status st = names ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory");
    for (int32_t i = 0; i < n && !st; i++) {
        names[i] = kal_target_name(paths[i]);
        if (!names[i]) st = kal_fail(err, KAL_NOMEM, "%s: out of memory", paths[i]);
        for (int32_t k = 0; k < i && !st; k++)
            if (!strcmp(names[i], names[k]))
                st = strcmp(paths[i], paths[k])
                         ? kal_fail(err, KAL_INVALID, "%s: two pictures would be written there, one as %s",
                                    paths[i], paths[k])
                         : kal_fail(err, KAL_INVALID, "%s: two pictures would be written there", paths[i]);
    }
    for (int32_t i = 0; i < n && names; i++) free(names[i]);
    free(names);
    return st;
}

// Before what may keep the request waiting, when it can be stopped; `watch` outlives it.
static kal_status be_patient(kal__writer **w, const kal__watch *watch, kal_error *err)
{
    if (!*w || !(*w)->waits || !kal__can_be_stopped(watch)) return KAL_OK;
    *w = kal__patient_writer_new(*w, watch);
    return *w ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a target");
}

// Writers are taken, whatever happens.
static kal_status write_all(kal_node *const *encoded, int32_t n, kal__writer **writers, kal_status st,
                            const kal_options *options, double start, kal_error *err)
{
    kal__want *wants = kal__new_zero((size_t)n, sizeof *wants);
    if (!wants) {
        for (int32_t i = 0; i < n; i++)
            if (writers[i]) writers[i]->abort(writers[i]);
        return kal_fail(err, KAL_NOMEM, "out of memory");
    }
    for (int32_t i = 0; i < n && !st; i++) st = want_encoded(encoded[i], options, start, &wants[i], err);
    for (int32_t i = 0; i < n; i++) wants[i].writer = writers[i];
    const kal__watch watch = kal__watch_from(options, start);
    for (int32_t i = 0; i < n && !st; i++) st = be_patient(&wants[i].writer, &watch, err);
    for (int32_t i = 0; i < n && !st; i++)
        st =
            kal__write_suited(wants[i].node->u.codec, options ? options->spill : NULL, &wants[i].writer, err);
    kal__tally tally = {0, 0};
    if (!st) st = kal__evaluate(wants, (size_t)n, options, start, &tally, err);
    st = finish_files(wants, n, st, options, err);
    tell_end(options, st, tally);
    for (int32_t i = 0; i < n; i++) kal_node_unref(&wants[i].node);
    free(wants);
    return st;
}

kal_status kal_write_files(kal_node *const *encoded, const char *const *paths, int32_t n,
                           const kal_options *options, kal_error *err)
{
    const double start = begin(options);
    if (n < 1 || !encoded || !paths) return kal_fail(err, KAL_INVALID, "nothing to write");
    kal_status st = check_paths(paths, n, err);
    kal__writer **writers = st ? NULL : kal__new_zero((size_t)n, sizeof(kal__writer *));
    if (st) return st;
    if (!writers) return kal_fail(err, KAL_NOMEM, "out of memory");
    for (int32_t i = 0; i < n && !st; i++)
        if (encoded[i] && encoded[i]->kind == KAL__ENCODE)   // of others it will be said what they are
            st = kal__target(encoded[i]->u.codec, paths[i], &writers[i], err);
    st = write_all(encoded, n, writers, st, options, start, err);
    free(writers);
    return st;
}

kal_status kal_write_outputs(kal_node *const *encoded, const kal_output *outputs, int32_t n,
                             const kal_options *options, kal_error *err)
{
    const double start = begin(options);
    if (n < 1 || !outputs) return kal_fail(err, KAL_INVALID, "nothing to write");
    kal__writer **writers = encoded ? kal__new_zero((size_t)n, sizeof(kal__writer *)) : NULL;
    if (!writers) {
        for (int32_t i = 0; i < n; i++)
            if (outputs[i].abort) outputs[i].abort(outputs[i].user);
        return encoded ? kal_fail(err, KAL_NOMEM, "out of memory")
                       : kal_fail(err, KAL_INVALID, "nothing to write");
    }
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < n; i++) {   // all of them: each is told how it ended
        const kal_status opened = kal__write_calls(&outputs[i], &writers[i], st ? NULL : err);
        if (!st) st = opened;
    }
    st = write_all(encoded, n, writers, st, options, start, err);
    free(writers);
    return st;
}

kal_status kal_write_fd(const kal_node *encoded, int fd, const kal_options *options, kal_error *err)
{
    const double start = begin(options);
    kal_node *node = (kal_node *)(uintptr_t)encoded;
    kal__writer *writer;
    const kal_status st = kal__write_fd(fd, &writer, err);
    return st ? st : write_all(&node, 1, &writer, KAL_OK, options, start, err);
}
