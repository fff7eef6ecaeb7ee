// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files being encoded: see coding.h.
#define _GNU_SOURCE
#include "at_work.h"

#include "errand.h"
#include "need.h"
#include "retouch.h"

#include <pthread.h>
#include <stdlib.h>

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
    kal_status st = kal__coding_open(c, false, watch, stats, err);
    if (st) return st;
    how.source = c->reader;
    how.helpers = s->helpers;
    how.watch = kal__can_be_stopped(watch) ? look_up : NULL;
    how.user = watch;
    kal_limits_get(&how.limits);
    st = s->node->u.codec->retouch(&s->node->call.in[0]->extent, s->node->call.params, s->node->meta, &how,
                                   to, &c->encoder, err);
    return kal__coding_blame(c, st, watch, stats, err);
}

// Many a library does all its work at the end, in one call. In pieces there is none such, and a book's encoder outlives the request:
// it is left at its turns.
static bool may_be_left(const kal__stage *s, const kal__watch *watch)
{
    return kal__can_be_stopped(watch) && !s->window && !s->book;
}

static kal_status book_begin(kal__stage *s, kal_error *err)
{
    const kal_node *n = s->node;
    const kal_extent *e = &n->call.in[0]->extent;
    kal__book *b = s->book;
    if (!b->front && !(b->front = kal__left_writer_new(s->writer)))
        return kal_fail(err, KAL_NOMEM, "out of memory for encoding");
    b->front->helpers = s->helpers;
    b->begun = true;
    const kal_status st = b->encoder
                              ? n->u.codec->page(b->encoder, e, n->call.params, n->meta, err)
                              : n->u.codec->begin(e, n->call.params, n->meta, b->front, &b->encoder, err);
    s->coding->encoder = b->encoder;
    return kal__of_output(st, err);
}

kal_status kal__encode_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    kal__coding *c = s->coding = kal__new_zero(1, sizeof *c);
    if (!c) return kal_fail(err, KAL_NOMEM, "out of memory for encoding");
    const kal_node *n = s->node;
    kal__writer *to = s->writer;
    if (may_be_left(s, watch)) {
        to = c->writer = kal__left_writer_new(s->writer);
        if (!to) return kal_fail(err, KAL_NOMEM, "out of memory for encoding");
    }
    to->helpers = s->helpers;
    if (n->kept && s->book) s->book->begun = true;   // such a file holds one picture, and is ended with it
    if (n->kept) return retouch_begin(s, to, watch, stats, err);
    const kal_extent *e = &n->call.in[0]->extent;
    if (!s->book)
        return kal__of_output(n->u.codec->begin(e, n->call.params, n->meta, to, &c->encoder, err), err);
    return book_begin(s, err);
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

static kal_status turn(kal__stage *s, const kal__watch *watch, kal_error *err)
{
    const kal__codec *c = s->node->u.codec;
    s->coding->encoder = NULL;   // it stays with the book
    if (!c->turn) return KAL_OK;
    return kal__can_be_stopped(watch)
               ? kal__book_on_a_thread(s->book, c, kal__node_of(&s->node->call), false, watch, err)
               : c->turn(s->book->encoder, err);
}

static kal_status encode_end(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    kal_status st = KAL_OK;
    if (s->book && !s->node->kept)
        st = turn(s, watch, err);
    else
        st = s->coding->writer ? kal__end_on_a_thread(s, watch, err) : end_here(s, err);
    if (s->node->kept)
        st = st ? kal__coding_blame(s->coding, st, watch, stats, err)
                : kal__coding_check(s->coding, watch, stats, err);
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

void kal__joining_free(joining *j)
{
    if (!j) return;
    for (int32_t i = 0; i < j->n; i++) free(j->pieces[i].data);
    free(j->full);
    free(j->pieces);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

kal_status kal__pieces_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err)
{
    const size_t n = (size_t)s->window;
    kal_status st = kal__encode_begin(s, watch, stats, err);
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
    kal_status st = band == 0 && !s->node->kept ? kal__encode_begin(s, watch, stats, err) : KAL_OK;
    if (!st) st = encode_rows(s, kal__band_rect(s, band), err);
    if (st && s->node->kept) st = kal__coding_blame(s->coding, st, watch, stats, err);
    if (st || band < s->n_bands - 1) return st;
    st = encode_end(s, watch, stats, err);
    kal__coding_free(s);
    return st;
}
