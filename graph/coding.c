// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files at work, what decoding and encoding have in common: see at_work.h.
#define _GNU_SOURCE
#include "at_work.h"

#include "errand.h"
#include "hashing.h"
#include "known.h"
#include "need.h"
#include "patient.h"
#include "source.h"

#include <stdlib.h>
#include <string.h>

// ---- opening a source again ---------------------------------------------------------------------

// All at once, unless it is large or nothing is gained by that.
static bool is_held(const kal__source *s, bool parts)
{
    if ((s->codec->scattered && s->pinned) || s->unkeyed) return false;
    if (s->reel && s->codec->next) parts = true;   // digested bytes may wait between pages, a stream may not
    return s->size <= KAL__SMALL_FILE && (parts || !s->codec->streams);
}

size_t kal__source_memory(const kal__source *s, bool parts)
{
    return s->bytes ? 0 : is_held(s, parts) ? s->size : KAL__STREAM_BYTES;
}

static kal_status open_small(kal__coding *c, kal__reader *file, kal_error *err)
{
    size_t size;
    kal_status st = kal__read_all(file, KAL__SMALL_FILE, &c->bytes, &size, err);
    if (st == KAL_LIMIT && file->position > KAL__SMALL_FILE) return kal__source_changed(c->source, err);
    if (st) return st;
    if (size != c->source->size || !kal_key_equal(kal__hash_of(c->bytes, size), c->source->digest))
        return kal__source_changed(c->source, err);
    return kal__open_memory(c->bytes, size, kal__source_name(c->source), &c->reader, err);
}

bool kal__coding_has_stamp(const kal__coding *c)
{
    kal__stamp now;
    return c->source->pinned && c->reader->stamp && c->reader->stamp(c->reader, &now) &&
           kal__stamp_equal(&now, &c->source->stamp);
}

kal_status kal__coding_open(kal__coding *c, bool parts, const kal__watch *watch, kal_stats *stats,
                            kal_error *err)
{
    const kal__source *s = c->source;
    if (s->bytes) return kal__open_memory(s->bytes->data, s->size, kal__source_name(s), &c->reader, err);
    kal__reader *file;
    kal_status st = s->origin->open(s->origin, &file, err);
    if (st) return st;
    __atomic_fetch_add(&stats->opens, 1, __ATOMIC_RELAXED);
    if (s->origin->waits && kal__can_be_stopped(watch)) {
        file = kal__patient_new(file, watch);
        if (!file) return kal_fail(err, KAL_NOMEM, "%s: no memory to wait for it", kal__source_name(s));
        c->patient = file;
    }
    if (s->unkeyed) {   // nothing but the stamp, where there is one, to compare with
        c->reader = file;
        c->check = kal__coding_has_stamp(c) ? STAMPED : TRUSTED;
        return s->pinned && c->check == TRUSTED ? kal__source_changed(s, err) : KAL_OK;
    }
    if (is_held(s, parts)) {
        st = open_small(c, file, err);
        __atomic_fetch_add(&stats->bytes_read, file->position, __ATOMIC_RELAXED);
        file->close(file);
        c->patient = NULL;
        return st;
    }
    if (s->codec->scattered) {
        c->reader = file;
        file->size = s->size;
        c->check = kal__coding_has_stamp(c) ? STAMPED : TO_DIGEST;
        return KAL_OK;
    }
    c->reader = kal__hashing_new(file);
    c->check = DIGESTING;
    return c->reader ? KAL_OK : kal_fail(err, KAL_NOMEM, "%s: out of memory", kal__source_name(s));
}

// Whatever the decoder left unread belongs to the digest too.
kal_status kal__coding_check(kal__coding *c, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    if (c->reader->by_place)
        __atomic_fetch_add(&stats->bytes_read, __atomic_exchange_n(&c->reader->by_place, 0, __ATOMIC_RELAXED),
                           __ATOMIC_RELAXED);
    if (c->check == TRUSTED || (c->check == STAMPED && kal__coding_has_stamp(c))) return KAL_OK;
    if (c->source->unkeyed) return kal__source_changed(c->source, err);
    if (c->check != DIGESTING) {
        c->reader = kal__hashing_new(c->reader);
        if (!c->reader) return kal_fail(err, KAL_NOMEM, "%s: out of memory", kal__source_name(c->source));
        c->check = DIGESTING;
    }
    kal_key key;
    const kal_status st = kal__hashing_end(c->reader, UINT64_MAX, watch, &key, err);
    if (st) return st;
    __atomic_fetch_add(&stats->bytes_read, c->reader->position, __ATOMIC_RELAXED);
    return kal_key_equal(key, c->source->digest) ? KAL_OK : kal__source_changed(c->source, err);
}

// What cannot be decoded may be another file by now, which is the better answer.
kal_status kal__coding_blame(kal__coding *c, kal_status st, const kal__watch *watch, kal_stats *stats,
                             kal_error *err)
{
    const bool found = kal__blames_content(st);
    kal_error other;
    if (!found || !c || !c->reader || kal__coding_check(c, watch, stats, &other) != KAL_CHANGED) return st;
    if (err) *err = other;
    return KAL_CHANGED;
}

static void coding_destroy(kal__coding *c)
{
    if (!c) return;
    kal__joining_free(c->joining);
    if (c->reader) c->reader->close(c->reader);
    kal__left_writer_free(c->writer);
    free(c->bytes);
    kal__source_unref(&c->source);
    free(c);
}

void kal__coding_free(kal__stage *s)
{
    coding_destroy(s->coding);
    s->coding = NULL;
}

// ---- a call that cannot be interrupted ----------------------------------------------------------
// The stage's coding is the errand's while it runs, and what the codec looks at with it.

typedef struct long_call {
    kal__errand base;
    kal__stage *stage;   // to which the coding goes back; NULL: it was left
    kal__coding *coding;
    kal__slab *slab;   // a reference of its own; of a decoder's rows
    kal_node *node;    // the same; of an encoder, for its parameters and metadata
    unsigned char *dst;
    ptrdiff_t stride;
    int32_t rows;
} long_call;

static kal_status run_rows(kal__errand *e, kal_error *err)
{
    long_call *l = (long_call *)e;
    return l->coding->source->codec->rows(l->coding->decoder, l->dst, l->stride, l->rows, err);
}

static kal_status run_end(kal__errand *e, kal_error *err)
{
    long_call *l = (long_call *)e;
    kal__encoder *c = l->coding->encoder;
    l->coding->encoder = NULL;
    return l->node->u.codec->end(c, err);
}

static void leave(kal__errand *e)
{
    long_call *l = (long_call *)e;
    l->stage->coding = NULL;
    l->stage = NULL;
    if (l->coding->patient) kal__patient_leave(l->coding->patient);
    if (l->coding->writer) kal__left_writer_leave(l->coding->writer);
}

static void long_call_free(kal__errand *e)
{
    long_call *l = (long_call *)e;
    if (!l->stage && l->node && l->coding->encoder)   // it was left before it began
        l->node->u.codec->end(l->coding->encoder, NULL);
    if (!l->stage) kal__coding_give_up(l->coding);
    kal__slab_unref(&l->slab);
    kal_node_unref(&l->node);
    free(l);
}

// Takes the references that `call` has.
static kal_status call_for_long(kal__stage *s, const long_call *call, const kal__watch *watch, kal_error *err)
{
    bool left;
    long_call *l = kal__new(1, sizeof *l);
    if (!l) {
        kal__slab *slab = call->slab;
        kal_node *node = call->node;
        kal__slab_unref(&slab);
        kal_node_unref(&node);
        return kal_fail(err, KAL_NOMEM, "out of memory for a call");
    }
    *l = *call;
    l->stage = s;
    l->coding = s->coding;
    l->base.leave = leave;
    l->base.free = long_call_free;
    return kal__errand_run(&l->base, watch, &left, err);
}

kal_status kal__rows_on_a_thread(kal__stage *s, kal__slab *slab, unsigned char *dst, ptrdiff_t stride,
                                 int32_t rows, const kal__watch *watch, kal_error *err)
{
    const long_call call = {
        .base.run = run_rows, .slab = kal__slab_ref(slab), .dst = dst, .stride = stride, .rows = rows};
    return call_for_long(s, &call, watch, err);
}

kal_status kal__end_on_a_thread(kal__stage *s, const kal__watch *watch, kal_error *err)
{
    const long_call call = {.base.run = run_end, .node = kal_node_ref(kal__node_of(&s->node->call))};
    return call_for_long(s, &call, watch, err);
}

typedef struct turning {
    kal__errand base;
    kal__book *book;   // NULL: it was left
    const kal__codec *codec;
    kal__encoder *encoder;   // NULL: it is ended
    kal__writer *front;
    kal_node *node;   // a reference, for its parameters
} turning;

static kal_status run_turn(kal__errand *e, kal_error *err)
{
    const turning *t = (const turning *)e;
    return t->codec->turn(t->encoder, err);
}

static kal_status run_last(kal__errand *e, kal_error *err)
{
    turning *t = (turning *)e;
    kal__encoder *c = t->encoder;
    t->encoder = NULL;
    return t->codec->end(c, err);
}

static void leave_turn(kal__errand *e)
{
    turning *t = (turning *)e;
    t->book->encoder = NULL;
    t->book->front = NULL;
    t->book = NULL;
    if (t->front) kal__left_writer_leave(t->front);
}

static void turning_free(kal__errand *e)
{
    turning *t = (turning *)e;
    if (!t->book && t->encoder) t->codec->end(t->encoder, NULL);
    if (!t->book) kal__left_writer_free(t->front);
    kal_node_unref(&t->node);
    free(t);
}

kal_status kal__book_on_a_thread(kal__book *b, const kal__codec *c, kal_node *node, bool ends,
                                 const kal__watch *watch, kal_error *err)
{
    bool left;
    turning *t = kal__new(1, sizeof *t);
    if (!t) return kal_fail(err, KAL_NOMEM, "out of memory for a call");
    *t = (turning){.base = {ends ? run_last : run_turn, leave_turn, turning_free},
                   .book = b,
                   .codec = c,
                   .encoder = b->encoder,
                   .front = b->front,
                   .node = kal_node_ref(node)};
    if (ends) b->encoder = NULL;
    return kal__errand_run(&t->base, watch, &left, err);
}

// ---- the ends -----------------------------------------------------------------------------------

void kal__coding_close(kal__stage *s)
{
    kal__coding *c = s->coding;
    if (!c) return;
    if (c->decoder) c->source->codec->close(c->decoder, NULL);
    if (c->encoder && (!s->book || s->node->kept)) s->node->u.codec->end(c->encoder, NULL);
    kal__coding_free(s);
}

void kal__coding_give_up(struct kal__coding *c)
{
    if (c && c->decoder) c->source->codec->close(c->decoder, NULL);
    coding_destroy(c);
}

kal_status kal__coding_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    if (s->kind == KAL__ENCODE_STAGE && s->node->kept) return kal__encode_begin(s, watch, stats, err);
    if (s->kind == KAL__ENCODE_STAGE) return s->serial ? KAL_OK : kal__pieces_begin(s, watch, stats, err);
    if (s->kind != KAL__DECODE_STAGE || s->serial) return KAL_OK;
    const kal_status st = kal__decode_begin(s, watch, stats, err);
    if (st) return kal__coding_blame(s->coding, st, watch, stats, err);
    s->coding->parts_left = s->n_bands;
    return KAL_OK;
}
