// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files at work: see coding.h.
#define _GNU_SOURCE
#include "coding.h"

#include "errand.h"
#include "hashing.h"
#include "known.h"
#include "need.h"
#include "patient.h"
#include "reel.h"
#include "retouch.h"
#include "source.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// ---- opening a source again ---------------------------------------------------------------------

typedef struct kal__coding {
    kal__source *source;
    kal__reader *reader;
    kal__reader *patient;   // at the bottom of it, while the request is watched; NULL: none
    unsigned char *bytes;   // of a small file
    enum {
        TRUSTED,
        DIGESTING,
        STAMPED,
        TO_DIGEST
    } check;   // how to tell, at the end, that it was the file that was loaded
    kal__decoder *decoder;
    kal__encoder *encoder;
    kal__ask ask;
    kal__writer *writer;       // before the target, for an encoder that may be left; NULL: the target itself
    struct joining *joining;   // of an encoder in pieces
    int32_t parts_left;        // of a decoder in parts; atomic
} kal__coding;

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

static kal_status changed(const kal__source *s, kal_error *err)
{
    return kal_fail(err, KAL_CHANGED, "%s: the file changed since it was loaded; load it again",
                    kal__source_name(s));
}

static kal_status open_small(kal__coding *c, kal__reader *file, kal_error *err)
{
    size_t size;
    kal_status st = kal__read_all(file, KAL__SMALL_FILE, &c->bytes, &size, err);
    if (st == KAL_LIMIT && file->position > KAL__SMALL_FILE) return changed(c->source, err);
    if (st) return st;
    if (size != c->source->size || !kal_key_equal(kal__hash_of(c->bytes, size), c->source->digest))
        return changed(c->source, err);
    return kal__open_memory(c->bytes, size, kal__source_name(c->source), &c->reader, err);
}

static bool has_its_stamp(const kal__coding *c)
{
    kal__stamp now;
    return c->source->pinned && c->reader->stamp && c->reader->stamp(c->reader, &now) &&
           kal__stamp_equal(&now, &c->source->stamp);
}

static bool can_be_stopped(const kal__watch *w)
{
    return w->deadline > 0 || (w->options && w->options->cancel);
}

static kal_status open_source(kal__coding *c, bool parts, const kal__watch *watch, kal_stats *stats,
                              kal_error *err)
{
    const kal__source *s = c->source;
    if (s->bytes) return kal__open_memory(s->bytes->data, s->size, kal__source_name(s), &c->reader, err);
    kal__reader *file;
    kal_status st = s->origin->open(s->origin, &file, err);
    if (st) return st;
    __atomic_fetch_add(&stats->opens, 1, __ATOMIC_RELAXED);
    if (s->origin->waits && can_be_stopped(watch)) {
        file = kal__patient_new(file, watch);
        if (!file)
            return kal_fail(err, KAL_NOMEM, "%s: no memory or thread to wait for it", kal__source_name(s));
        c->patient = file;
    }
    if (s->unkeyed) {   // nothing but the stamp, where there is one, to compare with
        c->reader = file;
        c->check = has_its_stamp(c) ? STAMPED : TRUSTED;
        return s->pinned && c->check == TRUSTED ? changed(s, err) : KAL_OK;
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
        c->check = has_its_stamp(c) ? STAMPED : TO_DIGEST;
        return KAL_OK;
    }
    c->reader = kal__hashing_new(file);
    c->check = DIGESTING;
    return c->reader ? KAL_OK : kal_fail(err, KAL_NOMEM, "%s: out of memory", kal__source_name(s));
}

// Whatever the decoder left unread belongs to the digest too.
static kal_status check_digest(kal__coding *c, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    if (c->reader->by_place)
        __atomic_fetch_add(&stats->bytes_read, __atomic_exchange_n(&c->reader->by_place, 0, __ATOMIC_RELAXED),
                           __ATOMIC_RELAXED);
    if (c->check == TRUSTED || (c->check == STAMPED && has_its_stamp(c))) return KAL_OK;
    if (c->source->unkeyed) return changed(c->source, err);
    if (c->check != DIGESTING) {
        c->reader = kal__hashing_new(c->reader);
        if (!c->reader) return kal_fail(err, KAL_NOMEM, "%s: out of memory", kal__source_name(c->source));
        c->check = DIGESTING;
    }
    kal_key key;
    const kal_status st = kal__hashing_end(c->reader, UINT64_MAX, watch, &key, err);
    if (st) return st;
    __atomic_fetch_add(&stats->bytes_read, c->reader->position, __ATOMIC_RELAXED);
    return kal_key_equal(key, c->source->digest) ? KAL_OK : changed(c->source, err);
}

// What cannot be decoded may be another file by now, which is the better answer.
static kal_status blame(kal__coding *c, kal_status st, const kal__watch *watch, kal_stats *stats,
                        kal_error *err)
{
    const bool found = st == KAL_CORRUPT || st == KAL_UNSUPPORTED || st == KAL_LIMIT || st == KAL_INVALID;
    kal_error other;
    if (!found || !c || !c->reader || check_digest(c, watch, stats, &other) != KAL_CHANGED) return st;
    if (err) *err = other;
    return KAL_CHANGED;
}

static void joining_free(struct joining *j);

static void coding_destroy(kal__coding *c)
{
    if (!c) return;
    joining_free(c->joining);
    if (c->reader) c->reader->close(c->reader);
    kal__left_writer_free(c->writer);
    free(c->bytes);
    kal__source_unref(&c->source);
    free(c);
}

static void coding_free(kal__stage *s)
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
    if (!l->stage) kal__coding_give_up(l->coding);
    kal__slab_unref(&l->slab);
    kal_node_unref(&l->node);
    free(l);
}

// Takes `call` apart into memory of its own.
static kal_status call_for_long(kal__stage *s, const long_call *call, const kal__watch *watch, kal_error *err)
{
    bool left;
    long_call *l = kal__new(1, sizeof *l);
    if (!l) return kal_fail(err, KAL_NOMEM, "out of memory for a call");
    *l = *call;
    l->stage = s;
    l->coding = s->coding;
    l->base.leave = leave;
    l->base.free = long_call_free;
    return kal__errand_run(&l->base, watch, &left, err);
}

static kal_status rows_on_a_thread(kal__stage *s, unsigned char *dst, ptrdiff_t stride, int32_t rows,
                                   const kal__watch *watch, kal_error *err)
{
    const long_call call = {
        .base.run = run_rows, .slab = kal__slab_ref(s->slab), .dst = dst, .stride = stride, .rows = rows};
    return call_for_long(s, &call, watch, err);
}

static kal_status end_on_a_thread(kal__stage *s, const kal__watch *watch, kal_error *err)
{
    const long_call call = {.base.run = run_end, .node = kal_node_ref(kal__node_of(&s->node->call))};
    return call_for_long(s, &call, watch, err);
}

// ---- decoding -----------------------------------------------------------------------------------

void kal__coding_close(kal__stage *s)
{
    kal__coding *c = s->coding;
    if (!c) return;
    if (c->decoder) c->source->codec->close(c->decoder, NULL);
    if (c->encoder && !s->book) s->node->u.codec->end(c->encoder, NULL);
    coding_free(s);
}

void kal__coding_give_up(struct kal__coding *c)
{
    if (c && c->decoder) c->source->codec->close(c->decoder, NULL);
    coding_destroy(c);
}

// The decoder of a page before this one, when it waits somewhere: it goes on from there.
static kal_status go_on(kal__stage *s, const kal__watch *watch, bool *found, kal_error *err)
{
    int32_t at;
    kal__source *source = kal__node_source(s->node);
    kal__coding *c = source->reel ? kal__reel_take(source->reel, source->page, &at) : NULL;
    *found = c != NULL;
    if (!c) {
        kal__source_unref(&source);
        return KAL_OK;
    }
    kal__source_unref(&c->source);
    c->source = source;
    s->coding = c;
    if (c->patient) kal__patient_watch(c->patient, watch);
    kal__meta *meta = kal__meta_new();
    kal_status st = meta ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for decoding");
    for (; !st && at < source->page; at++) {
        kal__header h = {.rows = 0};
        st = source->codec->next(c->decoder, &h, meta, err);
    }
    kal__meta_unref(&meta);
    return st;
}

// What can be checked at once, and does not hang on this request, may wait for the next page.
static bool leaves(kal__stage *s)
{
    kal__coding *c = s->coding;
    const kal__source *source = c->source;
    const bool may =
        source->reel && source->codec->next && (c->check == TRUSTED || c->check == STAMPED) &&
        (source->once || !(source->origin && source->origin->waits && !source->bytes && !c->bytes));
    if (may && c->patient) kal__patient_watch(c->patient, NULL);
    if (!may || !kal__reel_leave(source->reel, c, source->page, false)) return false;
    s->coding = NULL;
    return true;
}

// Its first page was passed over by whoever comes here without one on the reel.
static kal_status open_stream(kal__source *s, kal__coding **out, kal_error *err)
{
    kal__coding *c = *out = kal__new_zero(1, sizeof *c);
    if (!c) return kal_fail(err, KAL_NOMEM, "out of memory for decoding");
    c->source = kal__source_ref(s);
    const kal_status st = s->origin->open(s->origin, &c->reader, err);
    if (st) return st;
    kal_limits_get(&c->ask.limits);
    c->ask.layout = s->layout;
    c->ask.onward = true;
    return s->codec->open(c->reader, &c->ask, &c->decoder, err);
}

kal_status kal__coding_next(kal__source *s, kal__header *h, kal__meta *m, bool *last, kal_error *err)
{
    int32_t at = 0;
    kal__coding *c = kal__reel_take(s->reel, s->page, &at);
    kal_status st = c ? KAL_OK : open_stream(s, &c, err);
    for (; !st && at < s->page; at++) st = s->codec->next(c->decoder, h, m, err);
    *last = st == KAL_INVALID && c->decoder && at == s->page;
    if (!st && kal__reel_leave(s->reel, c, s->page, true)) return KAL_OK;
    kal__coding_give_up(c);
    return *last ? KAL_OK
           : st  ? st
                 : kal_fail(err, KAL_INVALID, "%s: is no longer walked through", kal__source_name(s));
}

// Of a lenient source: what is corrupt is missing from this row on. Another failure stays one.
static kal_status forgive(kal__stage *s, kal_status st, int32_t row, kal_error *err)
{
    if (st != KAL_CORRUPT || !s->coding->source->lenient) return st;
    s->lack = kal__new(1, sizeof *s->lack);
    if (!s->lack) return kal_fail(err, KAL_NOMEM, "out of memory for decoding");
    *s->lack = (kal__lack){.row = row, .why = *err};
    *err = (kal_error){KAL_OK, ""};
    return KAL_OK;
}

static kal_status decode_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    bool found;
    const kal_status went_on = go_on(s, watch, &found, err);
    if (went_on || found) return went_on;
    kal__coding *c = s->coding = kal__new_zero(1, sizeof *c);
    if (!c) return kal_fail(err, KAL_NOMEM, "out of memory for decoding");
    c->source = kal__node_source(s->node);
    kal_status st = open_source(c, !s->serial, watch, stats, err);
    if (st) return st;
    kal_limits_get(&c->ask.limits);
    c->ask.page = c->source->page;
    c->ask.layout = c->source->layout;
    c->ask.lenient = c->source->lenient;
    c->ask.onward = c->source->once;
    c->ask.places = c->source->places;
    c->ask.expected = s->node->call.extent;
    if (!c->ask.limits.threads || c->ask.limits.threads > (uint32_t)s->helpers)
        c->ask.limits.threads = (uint32_t)s->helpers;
    st = c->source->codec->open(c->reader, &c->ask, &c->decoder, err);
    const kal_rect part = kal_rect_of(s->coded_x0, s->rect.y0, s->coded_x0 + s->coded, s->rect.y1);
    if (!st && c->source->codec->aim)
        st = forgive(s, c->source->codec->aim(c->decoder, c->source->shrink, part, !s->serial, err),
                     s->rect.y0, err);
    if (!st) __atomic_fetch_add(&stats->decodes, 1, __ATOMIC_RELAXED);
    return st;
}

// From whole rows to those columns that are needed.
static void take_columns(const kal__stage *s, const kal_tile *out, const unsigned char *from)
{
    const size_t pixel = (size_t)out->pixel, row = (size_t)s->coded * pixel;
    from += (size_t)(out->rect.x0 - s->coded_x0) * pixel;
    for (int32_t y = out->rect.y0; y < out->rect.y1; y++, from += row)
        memcpy(kal_row(out, y), from, s->stride);
}

// A whole picture may take long: the request does not wait for it once it is stopped.
static kal_status rows_at_once(kal__stage *s, unsigned char *dst, ptrdiff_t row, int32_t n, bool whole,
                               const kal__watch *watch, kal_error *err)
{
    return whole && can_be_stopped(watch)
               ? rows_on_a_thread(s, dst, row, n, watch, err)
               : s->coding->source->codec->rows(s->coding->decoder, dst, row, n, err);
}

// One by one, so that it is known which of them are there; the others are 0.
static kal_status rows_there_are(kal__stage *s, unsigned char *dst, size_t row, kal_rect r, bool whole,
                                 const kal__watch *watch, kal_error *err)
{
    const int32_t n = r.y1 - r.y0, step = s->coding->source->header.rows ? 1 : n;
    int32_t done = 0;
    kal_status st = KAL_OK;
    while (done < n && !s->lack && !st) {
        st = rows_at_once(s, dst + (size_t)done * row, (ptrdiff_t)row, step, whole, watch, err);
        if (!st) {
            done += step;
        } else if (st == KAL_CORRUPT) {
            const kal__codec *c = s->coding->source->codec;
            if (step == n && c->good) done = c->good(s->coding->decoder);
            st = forgive(s, st, r.y0 + done, err);
        }
    }
    if (!st) memset(dst + (size_t)done * row, 0, (size_t)(n - done) * row);
    return st;
}

static kal_status decode_rows(kal__stage *s, kal_rect r, unsigned char *scratch, const kal__watch *watch,
                              kal_error *err)
{
    kal__coding *c = s->coding;
    const int32_t pixel = (int32_t)kal_pixel_size(&s->node->call.extent);
    const size_t row = (size_t)s->coded * (size_t)pixel;
    const kal_tile out = kal__ring_tile(s, r, 0, 0, pixel);
    const int32_t n = r.y1 - r.y0;
    const bool direct = row == s->stride;
    unsigned char *dst = direct ? kal_row(&out, r.y0) : scratch;
    const bool whole = c->source->header.rows == 0 && direct;
    const kal_status st = c->source->lenient ? rows_there_are(s, dst, row, r, whole, watch, err)
                                             : rows_at_once(s, dst, (ptrdiff_t)row, n, whole, watch, err);
    if (!st && !direct) take_columns(s, &out, scratch);
    return st;
}

static kal_status decode_end(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    kal__coding *c = s->coding;
    const bool whole = s->rect.y1 == s->node->call.extent.height;
    if (!s->lack && (c->check == TRUSTED || has_its_stamp(c)) && leaves(s)) return KAL_OK;
    kal__decoder *d = c->decoder;
    c->decoder = NULL;
    kal_status st = c->source->codec->close(d, whole && !s->lack ? err : NULL);
    if (!whole || s->lack) st = KAL_OK;     // given up on purpose
    st = forgive(s, st, s->rect.y1, err);   // the rows are all there, and something behind them is not
    st = st ? blame(c, st, watch, stats, err) : check_digest(c, watch, stats, err);
    coding_free(s);
    return st;
}

// Others are at work with the same reader: the file is looked at through another one.
static kal_status blame_part(const kal__coding *c, kal_status st, kal_error *err)
{
    kal_error other = {KAL_OK, ""};
    const bool found = st == KAL_CORRUPT || st == KAL_UNSUPPORTED || st == KAL_LIMIT || st == KAL_INVALID;
    if (c->check == STAMPED && !has_its_stamp(c)) return changed(c->source, err);
    if (found && c->check == TO_DIGEST && kal__source_is_same(c->source, &other) == KAL_CHANGED)
        *err = other, st = KAL_CHANGED;
    return st;
}

// The last part to end closes.
static kal_status decode_part(kal__stage *s, kal_rect r, unsigned char *scratch, const kal__watch *watch,
                              kal_stats *stats, kal_error *err)
{
    kal__coding *c = s->coding;
    const int32_t pixel = (int32_t)kal_pixel_size(&s->node->call.extent);
    const size_t row = (size_t)s->coded * (size_t)pixel;
    const kal_tile out = kal__ring_tile(s, r, 0, 0, pixel);
    const bool direct = row == s->stride;
    const kal_rect part = kal_rect_of(s->coded_x0, r.y0, s->coded_x0 + s->coded, r.y1);
    const kal_status st =
        c->source->codec->part(c->decoder, part, direct ? kal_row(&out, r.y0) : scratch, (ptrdiff_t)row, err);
    if (!st && !direct) take_columns(s, &out, scratch);
    if (st) return blame_part(c, st, err);   // the run closes
    // acquire/release: the last one sees that the others are done with the decoder
    if (__atomic_sub_fetch(&c->parts_left, 1, __ATOMIC_ACQ_REL) > 0) return KAL_OK;
    const kal_status same = check_digest(c, watch, stats, err);
    kal__coding_close(s);
    return same;
}

kal_status kal__decode_band(kal__stage *s, int32_t band, void *scratch, const kal__watch *watch,
                            kal_stats *stats, kal_error *err)
{
    if (!s->serial) return decode_part(s, kal__band_rect(s, band), scratch, watch, stats, err);
    kal_status st = band == 0 ? decode_begin(s, watch, stats, err) : KAL_OK;
    if (!st) st = decode_rows(s, kal__band_rect(s, band), scratch, watch, err);
    if (st) return blame(s->coding, st, watch, stats, err);
    return band == s->n_bands - 1 ? decode_end(s, watch, stats, err) : KAL_OK;
}

// ---- encoding -----------------------------------------------------------------------------------

static kal_status look_up(const void *watch, kal_error *err)
{
    return kal__watch_check(watch, err);
}

// The file that most is taken from is read as one that is decoded is, and must be the one that was loaded.
static kal_status retouch_begin(kal__stage *s, kal__writer *to, const kal__watch *watch, kal_stats *stats,
                                kal_error *err)
{
    kal__coding *c = s->coding;
    const struct kal__kept *kept = s->node->kept;
    kal__retouch how = kept->how;
    c->source = kal__node_source(kept->stored);
    kal_status st = open_source(c, false, watch, stats, err);
    if (st) return st;
    how.source = c->reader;
    how.helpers = s->helpers;
    how.watch = can_be_stopped(watch) ? look_up : NULL;
    how.user = watch;
    kal_limits_get(&how.limits);
    st = s->node->u.codec->retouch(&s->node->call.in[0]->extent, s->node->call.params, s->node->meta, &how,
                                   to, &c->encoder, err);
    return blame(c, st, watch, stats, err);
}

// Many a library does all its work at the end, in one call. In pieces there is none such, and a book's encoder outlives the request.
static bool may_be_left(const kal__stage *s, const kal__watch *watch)
{
    return can_be_stopped(watch) && !s->window && !s->book;
}

static kal_status encode_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    kal__coding *c = s->coding = kal__new_zero(1, sizeof *c);
    if (!c) return kal_fail(err, KAL_NOMEM, "out of memory for encoding");
    const kal_node *n = s->node;
    kal__writer *to = s->writer;
    if (may_be_left(s, watch)) {
        to = c->writer = kal__left_writer_new(s->writer);
        if (!to) return kal_fail(err, KAL_NOMEM, "out of memory for encoding");
    }
    if (n->kept) return retouch_begin(s, to, watch, stats, err);
    const kal_extent *e = &n->call.in[0]->extent;
    if (!s->book) return n->u.codec->begin(e, n->call.params, n->meta, to, &c->encoder, err);
    kal__encoder **open = &s->book->encoder;
    s->book->begun = true;
    const kal_status st = *open ? n->u.codec->page(*open, e, n->call.params, n->meta, err)
                                : n->u.codec->begin(e, n->call.params, n->meta, s->writer, open, err);
    c->encoder = *open;
    return st;
}

// As many rows at once as lie together in the ring, from y on.
static int32_t together(const kal_tile *in, int32_t y, int32_t end)
{
    const int32_t at = (in->row0 + (y - in->rect.y0)) % in->ring;
    return in->ring - at < end - y ? in->ring - at : end - y;
}

static kal_status encode_rows(kal__stage *s, kal_rect r, kal_error *err)
{
    const int32_t pixel = (int32_t)kal_pixel_size(&s->node->call.in[0]->extent);
    const kal__codec *c = s->node->u.codec;
    const bool two = s->node->kept != NULL;
    const kal_tile in = kal__edge_tile(&s->edges[0], r, pixel);
    const kal_tile was = two ? kal__edge_tile(&s->edges[1], r, pixel) : in;
    for (int32_t y = r.y0; y < r.y1;) {
        int32_t n = together(&in, y, r.y1);
        if (two && together(&was, y, r.y1) < n) n = together(&was, y, r.y1);
        const kal_status st = two ? c->compare(s->coding->encoder, kal_row(&in, y), in.stride,
                                               kal_row(&was, y), was.stride, n, err)
                                  : c->put(s->coding->encoder, kal_row(&in, y), in.stride, n, err);
        if (st) return st;
        y += n;
    }
    return KAL_OK;
}

static kal_status end_here(kal__stage *s, kal_error *err)
{
    kal__encoder *c = s->coding->encoder;
    s->coding->encoder = NULL;
    return s->node->u.codec->end(c, err);
}

static kal_status encode_end(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    kal_status st = KAL_OK;
    if (s->book)
        s->coding->encoder = NULL;   // it stays with the book
    else
        st = s->coding->writer ? end_on_a_thread(s, watch, err) : end_here(s, err);
    if (s->node->kept)
        st = st ? blame(s->coding, st, watch, stats, err) : check_digest(s->coding, watch, stats, err);
    if (!st) __atomic_fetch_add(&stats->encodes, 1, __ATOMIC_RELAXED);
    return st;
}

// ---- encoding in pieces -------------------------------------------------------------------------
// A worker that has packed a piece leaves it in a slot and, under the same lock, looks whether somebody is joining. If so, that one will
// find it. If not, the next piece is missing or is its own: it joins from its own on until one is missing. So all that waits begins at the
// joiner's own band or behind it, and that band is not done before the joiner returns. Bands at work are less than a window beyond what is
// done, therefore slots never collide, and the stage does not end before its file does.

typedef struct joining {
    pthread_mutex_t lock;
    int32_t next;   // to be joined
    bool busy;
    int32_t n;   // slots
    bool *full;
    kal__piece *pieces;
} joining;

static void joining_free(joining *j)
{
    if (!j) return;
    for (int32_t i = 0; i < j->n; i++) free(j->pieces[i].data);
    free(j->full);
    free(j->pieces);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

static kal_status pieces_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    const size_t n = (size_t)s->window;
    kal_status st = encode_begin(s, watch, stats, err);
    if (st) return st;
    joining *j = s->coding->joining = kal__new_zero(1, sizeof *j);
    if (!j) return kal_fail(err, KAL_NOMEM, "out of memory for encoding");
    pthread_mutex_init(&j->lock, NULL);
    j->full = kal__new_zero(n, sizeof *j->full);
    j->pieces = kal__new_zero(n, sizeof *j->pieces);
    if (!j->full || !j->pieces) return kal_fail(err, KAL_NOMEM, "out of memory for encoding");
    j->n = s->window;
    return KAL_OK;
}

static kal_status leave_and_join(kal__stage *s, int32_t band, const kal__piece *piece,
                                 const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    joining *j = s->coding->joining;
    kal_status st = KAL_OK;
    pthread_mutex_lock(&j->lock);
    j->pieces[band % j->n] = *piece;
    j->full[band % j->n] = true;
    if (j->busy) {
        pthread_mutex_unlock(&j->lock);
        return KAL_OK;
    }
    j->busy = true;
    while (!st && j->next < s->n_bands && j->full[j->next % j->n]) {
        kal__piece *p = &j->pieces[j->next % j->n];
        pthread_mutex_unlock(&j->lock);
        st = s->node->u.codec->join(s->coding->encoder, p, err);
        free(p->data);
        if (!st && j->next + 1 == s->n_bands) st = encode_end(s, watch, stats, err);
        pthread_mutex_lock(&j->lock);
        *p = (kal__piece){0};
        j->full[j->next % j->n] = false;
        j->next++;
    }
    j->busy = st != KAL_OK;   // after a failure nobody joins
    pthread_mutex_unlock(&j->lock);
    return st;
}

static kal_status pack_band(kal__stage *s, kal_rect r, int32_t band, const kal__watch *watch,
                            kal_stats *stats, kal_error *err)
{
    const int32_t y0 = r.y0;
    r.y0 = y0 - s->above > s->rect.y0 ? y0 - s->above : s->rect.y0;
    const kal_tile in =
        kal__edge_tile(&s->edges[0], r, (int32_t)kal_pixel_size(&s->node->call.in[0]->extent));
    kal__piece piece = {0};
    const kal_status st = s->node->u.codec->pack(s->coding->encoder, &in, y0, &piece, err);
    if (st) {
        free(piece.data);
        return st;
    }
    return leave_and_join(s, band, &piece, watch, stats, err);
}

kal_status kal__encode_band(kal__stage *s, int32_t band, const kal__watch *watch, kal_stats *stats,
                            kal_error *err)
{
    if (s->window) return pack_band(s, kal__band_rect(s, band), band, watch, stats, err);
    kal_status st = band == 0 && !s->node->kept ? encode_begin(s, watch, stats, err) : KAL_OK;
    if (!st) st = encode_rows(s, kal__band_rect(s, band), err);
    if (st && s->node->kept) st = blame(s->coding, st, watch, stats, err);
    if (st || band < s->n_bands - 1) return st;
    st = encode_end(s, watch, stats, err);
    coding_free(s);
    return st;
}

kal_status kal__coding_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    if (s->kind == KAL__ENCODE_STAGE && s->node->kept) return encode_begin(s, watch, stats, err);
    if (s->kind == KAL__ENCODE_STAGE) return s->serial ? KAL_OK : pieces_begin(s, watch, stats, err);
    if (s->kind != KAL__DECODE_STAGE || s->serial) return KAL_OK;
    const kal_status st = decode_begin(s, watch, stats, err);
    if (st) return blame(s->coding, st, watch, stats, err);
    s->coding->parts_left = s->n_bands;
    return KAL_OK;
}
