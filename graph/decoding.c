// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files being decoded: see coding.h.
#define _GNU_SOURCE
#include "at_work.h"

#include "need.h"
#include "patient.h"
#include "reel.h"
#include "source.h"

#include <stdlib.h>
#include <string.h>

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
    *err = (kal_error){0};
    return KAL_OK;
}

kal_status kal__decode_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    bool found;
    const kal_status went_on = go_on(s, watch, &found, err);
    if (went_on || found) return went_on;
    kal__coding *c = s->coding = kal__new_zero(1, sizeof *c);
    if (!c) return kal_fail(err, KAL_NOMEM, "out of memory for decoding");
    c->source = kal__node_source(s->node);
    kal_status st = kal__coding_open(c, !s->serial, watch, stats, err);
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

// Where a call of the decoder's puts its rows.
typedef struct room {
    unsigned char *dst;
    size_t row;
    kal__slab *slab;   // that it lies in, of a call that may be left; NULL: no call is
} room;

// A call that may take long is one that the request does not wait for once it is stopped.
static kal_status rows_at_once(kal__stage *s, const room *r, int32_t from, int32_t n, const kal__watch *watch,
                               kal_error *err)
{
    unsigned char *dst = r->dst + (size_t)from * r->row;
    return r->slab ? kal__rows_on_a_thread(s, r->slab, dst, (ptrdiff_t)r->row, n, watch, err)
                   : s->coding->source->codec->rows(s->coding->decoder, dst, (ptrdiff_t)r->row, n, err);
}

// One by one, so that it is known which of them are there; the others are 0.
static kal_status rows_there_are(kal__stage *s, const room *at, kal_rect r, const kal__watch *watch,
                                 kal_error *err)
{
    const int32_t n = r.y1 - r.y0, step = s->coding->source->header.rows ? 1 : n;
    int32_t done = 0;
    kal_status st = KAL_OK;
    while (done < n && !s->lack && !st) {
        st = rows_at_once(s, at, done, step, watch, err);
        if (!st) {
            done += step;
        } else if (st == KAL_CORRUPT) {
            const kal__codec *c = s->coding->source->codec;
            if (step == n && c->good) done = c->good(s->coding->decoder);
            st = forgive(s, st, r.y0 + done, err);
        }
    }
    if (!st) memset(at->dst + (size_t)done * at->row, 0, (size_t)(n - done) * at->row);
    return st;
}

// Straight into the ring where a decoder's rows are as long as those of the ring.
static bool room_for(kal__stage *s, const kal_tile *out, unsigned char *scratch, const kal__watch *watch,
                     room *at)
{
    const kal__header *h = &s->coding->source->header;
    const bool direct = at->row == s->stride;
    const bool may_be_left = ((!h->rows && direct) || h->slow) && kal__can_be_stopped(watch);
    at->dst = direct ? kal_row(out, out->rect.y0) : scratch;
    if (may_be_left && direct) at->slab = kal__slab_ref(s->slab);
    if (!may_be_left || direct) return true;
    at->slab = kal__slab_new((size_t)(out->rect.y1 - out->rect.y0) *
                             at->row);   // who was left may not find other's rows
    if (at->slab) at->dst = at->slab->data;
    return at->slab != NULL;
}

static kal_status decode_rows(kal__stage *s, kal_rect r, unsigned char *scratch, const kal__watch *watch,
                              kal_error *err)
{
    const int32_t pixel = (int32_t)kal_pixel_size(&s->node->call.extent);
    const kal_tile out = kal__ring_tile(s, r, 0, 0, pixel);
    room at = {.row = (size_t)s->coded * (size_t)pixel};
    if (!room_for(s, &out, scratch, watch, &at))
        return kal_fail(err, KAL_NOMEM, "out of memory for decoding");
    const kal_status st = s->coding->source->lenient ? rows_there_are(s, &at, r, watch, err)
                                                     : rows_at_once(s, &at, 0, r.y1 - r.y0, watch, err);
    if (!st && at.row != s->stride) take_columns(s, &out, at.dst);
    kal__slab_unref(&at.slab);
    return st;
}

static kal_status decode_end(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    kal__coding *c = s->coding;
    const bool whole = s->rect.y1 == s->node->call.extent.height;
    if (!s->lack && (c->check == TRUSTED || kal__coding_has_stamp(c)) && leaves(s)) return KAL_OK;
    kal__decoder *d = c->decoder;
    c->decoder = NULL;
    kal_status st = c->source->codec->close(d, whole && !s->lack ? err : NULL);
    if (!whole || s->lack) st = KAL_OK;     // given up on purpose
    st = forgive(s, st, s->rect.y1, err);   // the rows are all there, and something behind them is not
    st = st ? kal__coding_blame(c, st, watch, stats, err) : kal__coding_check(c, watch, stats, err);
    kal__coding_free(s);
    return st;
}

// Others are at work with the same reader: the file is looked at through another one.
static kal_status blame_part(const kal__coding *c, kal_status st, const kal__watch *watch, kal_error *err)
{
    kal_error other = {0};
    const bool found = kal__blames_content(st);
    if (c->check == STAMPED && !kal__coding_has_stamp(c)) return kal__source_changed(c->source, err);
    if (found && c->check == TO_DIGEST && kal__source_is_same(c->source, watch, &other) == KAL_CHANGED)
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
    if (st) return blame_part(c, st, watch, err);   // the run closes
    // acquire/release: the last one sees that the others are done with the decoder
    if (__atomic_sub_fetch(&c->parts_left, 1, __ATOMIC_ACQ_REL) > 0) return KAL_OK;
    const kal_status same = kal__coding_check(c, watch, stats, err);
    kal__coding_close(s);
    return same;
}

kal_status kal__decode_band(kal__stage *s, int32_t band, void *scratch, const kal__watch *watch,
                            kal_stats *stats, kal_error *err)
{
    if (!s->serial) return decode_part(s, kal__band_rect(s, band), scratch, watch, stats, err);
    kal_status st = band == 0 ? kal__decode_begin(s, watch, stats, err) : KAL_OK;
    if (!st) st = decode_rows(s, kal__band_rect(s, band), scratch, watch, err);
    if (st) return kal__coding_blame(s->coding, st, watch, stats, err);
    return band == s->n_bands - 1 ? decode_end(s, watch, stats, err) : KAL_OK;
}
