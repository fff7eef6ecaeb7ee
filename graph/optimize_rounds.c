// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See optimize_search.h. Of each line that is not done one file is tried, several at once; what a round brought decides who goes on (optimize_order.c). So
// the answer hangs on the aim alone, not on who is faster.
#include "optimize_search.h"

#include "apply.h"
#include "load.h"
#include "options.h"
#include "thread.h"

#include <math.h>
#include <string.h>

static uint64_t metadata_of(const kal__search *s, const kal__codec *c)
{
    uint64_t n = 0;
    for (int i = 0; i < KAL__BLOBS && s->meta && s->aim->p.metadata != KAL__STRIP_META; i++)
        if (c->carries >> i & 1) n += kal__meta_blob(s->meta, (kal__blob_kind)i)->size;
    return n;
}

// What the curve of sizes does not know of; at most half of what there may be.
static uint64_t beside(const kal__search *s, const kal__runner *r)
{
    const uint64_t n = r->metadata + (uint64_t)r->line->head;
    return s->aim->max_bytes && n > s->aim->max_bytes / 2 ? s->aim->max_bytes / 2 : n;
}

// ---- rounds -------------------------------------------------------------------------------------

typedef struct turn {
    kal__search *search;
    int order[KAL__LINES], n;
    int next;   // atomic
} turn;

static void *work(void *arg)
{
    turn *r = arg;
    for (;;) {
        const int i = __atomic_fetch_add(&r->next, 1, __ATOMIC_RELAXED);
        if (i >= r->n) return NULL;
        kal__runner *who = &r->search->runners[r->order[i]];
        kal__try_one(r->search, who, &r->search->tries[who->last]);
    }
}

static kal__try *new_try(kal__search *s, kal__runner *r)
{
    kal__try *t = &s->tries[s->n_tries];
    *t = (kal__try){.line = (int)(r->line - s->lines), .quality = r->next, .scale = s->scale};
    t->told = (kal_candidate){.format = r->line->codec->name,
                              .score = (double)NAN,
                              .width = s->picture->call.extent.width,
                              .height = s->picture->call.extent.height};
    r->last = s->n_tries++;
    return t;
}

// The slowest first, so that the others fill what is left of the processors.
static void gather(kal__search *s, turn *r)
{
    r->n = 0;
    for (int slow = 9; slow >= 0; slow--)
        for (int i = 0; i < s->n; i++) {
            kal__runner *who = &s->runners[i];
            if (!kal__is_on(who) || who->line->slow != slow || s->n_tries == KAL__TRIES) continue;
            if (who->state == KAL__SEARCHES) new_try(s, who);
            r->order[r->n++] = i;
        }
}

static kal_status run_round(kal__search *s, turn *r, kal_error *err)
{
    kal__resolved o;
    kal_status st = kal__resolve(&s->options, &o, err);
    if (st) return st;
    r->next = 0;
    kal__together(r->n < o.threads ? r->n : o.threads, work, r);
    st = kal__watch_check(&s->watch, err);
    for (int i = 0; i < r->n && !st; i++) {   // it may have been stopped by its own deadline
        const kal__try *t = &s->tries[s->runners[r->order[i]].last];
        if (t->status == KAL_CANCELLED || t->status == KAL_DEADLINE || t->status == KAL_MISSING)
            st = kal_fail(err, t->status, "%s", t->why);
    }
    return st;
}

// How good a file is: by its score or, where none is asked for, by what is expected of that quality.
static double height(const kal__search *s, const kal__try *t)
{
    const kal__quality *by = t->line < 0 || !s->lines[t->line].curve ? NULL : &s->runners[t->line].by;
    if (t->told.score == t->told.score) return kal__height_of(s->aim, t->told.score);
    if (s->aim->p.metric != KAL__NO_METRIC) return -1e9;
    return by ? by->score[t->quality] : 100;
}

// Which of two comes nearer to the aim. What keeps to the bounds comes first; then what fits; ties go by bytes, by score, by the order of formats.
static bool is_better(const kal__search *s, const kal__try *a, const kal__try *b)
{
    const kal__aim *m = s->aim;
    const double ha = height(s, a), hb = height(s, b);
    if (!a->status != !b->status) return !a->status;
    if (a->told.keeps != b->told.keeps) return a->told.keeps;
    const bool fits[2] = {!m->max_bytes || a->told.bytes <= m->max_bytes,
                          !m->max_bytes || b->told.bytes <= m->max_bytes};
    if (fits[0] != fits[1]) return fits[0];
    if (a->told.keeps && a->scale != b->scale) return a->scale > b->scale;
    const bool by_score = fits[0] && (!a->told.keeps || m->p.objective == KAL__BEST);
    if (by_score && ha != hb) return ha > hb;
    if (a->told.bytes != b->told.bytes) return a->told.bytes < b->told.bytes;
    if (ha != hb) return ha > hb;
    return a->line != b->line ? a->line < b->line : a->quality < b->quality;
}

// The best of all so far; and, beyond what may be held, the bytes of the worst go.
static void keep_best(kal__search *s, size_t room)
{
    size_t held = 0;
    for (int i = 0; i < s->n_tries; i++) {
        if (s->best < 0 || is_better(s, &s->tries[i], &s->tries[s->best])) s->best = i;
        if (s->tries[i].bytes) held += (size_t)s->tries[i].told.bytes;
    }
    while (held > room) {
        int worst = -1;
        for (int i = 0; i < s->n_tries; i++)
            if (s->tries[i].bytes && i != s->best &&
                (worst < 0 || is_better(s, &s->tries[worst], &s->tries[i])))
                worst = i;
        if (worst < 0) return;
        held -= (size_t)s->tries[worst].told.bytes;
        kal__slab_unref(&s->tries[worst].bytes);
    }
}

// By bytes the found one is looked at again, for its score.
static void finish_line(kal__search *s, kal__runner *r)
{
    const kal__quality_probe *p = kal__quality_found(&r->by);
    r->state = KAL__DONE;
    if (!r->by.max_bytes || !p || s->aim->p.metric == KAL__NO_METRIC) return;
    for (int i = 0; i < s->n_tries; i++) {
        const kal__try *t = &s->tries[i];
        if (t->line != (int)(r->line - s->lines) || t->scale != s->scale || t->quality != p->quality)
            continue;
        if (t->told.score == t->told.score || t->status) return;
        r->last = i;
        r->state = KAL__SCORES;
        return;
    }
}

#define FAR_OFF 0.05   // in log2

// A file is not as was counted. Of pictures without anything in them bytes jump from one quality to the next, and no two are alike.
static bool is_far_off(const kal__runner *r)
{
    const kal__quality_probe *p = &r->by.probes[r->by.n - 1];
    const double off = kal__quality_value(&r->by, p) - r->by.bits[p->quality];
    return off > FAR_OFF || off < -FAR_OFF;
}

static void advance(kal__search *s, kal__runner *r)
{
    kal__try *t = &s->tries[r->last];
    if (r->state == KAL__SCORES || t->status || !r->line->curve || s->aim->p.quality) {
        r->state = KAL__DONE;
        return;
    }
    const double h = t->told.score == t->told.score ? kal__height_of(s->aim, t->told.score) : 0;
    kal__quality_tell(&r->by, t->quality, kal__above(r, t->told.bytes), h);
    if (r->by.counted && is_far_off(r)) kal__quality_look(&r->by, r->line->curve, s->look);
    r->next = kal__quality_next(&r->by);
    if (!r->next) finish_line(s, r);
}

static void settle_round(kal__search *s, const turn *r, size_t room)
{
    keep_best(s, room);
    for (int i = 0; i < r->n; i++) advance(s, &s->runners[r->order[i]]);
    kal__order_next(s);
}

// As the format takes it: of 16 bits a picture of 8 where it must be.
static kal_status take_image(const kal__search *s, kal__runner *r, kal_error *err)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    size_t memory;
    r->image = kal_node_ref(s->picture);
    if (s->picture->call.extent.type != KAL_U16) return KAL_OK;
    kal__arena arena = {0};
    const kal_status st = kal__line_params(s, r, r->next, params, &arena, NULL, 0, err);
    const bool taken = !st && !r->line->codec->accepts(&s->picture->call.extent, params, &memory, NULL);
    kal__arena_free(&arena);
    if (st || taken) return st;
    return kal__through(&r->image, kal__optimize_ops_used.cast, "type=u8", err);
}

// Of few colours a palette is smaller where its values have fewer bits than the samples had. It is of RGB: a profile of gray would become another.
static bool suits(const kal__search *s, const kal__line *l)
{
    const kal_extent *e = &s->picture->call.extent;
    if (l->few && s->meta && s->meta->icc.size && e->channels - e->alpha == 1) return false;
    const int bits = s->few <= 2 ? 1 : s->few <= 4 ? 2 : s->few <= 16 ? 4 : 8;
    return !l->few || (s->few && bits < 8 * e->channels);
}

// Below as many colours as there are: with all of them nothing is lost, and that is another line.
static int rungs(const kal__search *s, const kal__ladder *l)
{
    int n = l->n;
    while (n && l->value && s->few && l->value[n - 1] >= s->few) n--;
    return n;
}

// What is known of a line at this scale from an earlier search. Both together try no more files than one may.
static void recall(kal__search *s, kal__runner *r)
{
    for (int i = 0; i < s->n_tries; i++) {
        const kal__try *t = &s->tries[i];
        if (t->line == (int)(r->line - s->lines) && t->scale == s->scale && !t->status)
            kal__quality_tell(&r->by, t->quality, kal__above(r, t->told.bytes), 0);
    }
}

static kal_status begin_line(kal__search *s, int i, bool by_bytes, kal_error *err)
{
    const kal__aim *a = s->aim;
    const kal_extent *e = &s->picture->call.extent;
    kal__runner *r = &s->runners[i];
    r->line = &s->lines[i];
    r->metadata = metadata_of(s, r->line->codec);
    r->beside = beside(s, r);
    r->beaten = false;
    r->last = -1;
    r->by = (kal__quality){.pixels = (double)e->width * e->height,
                           .max_bytes = by_bytes ? a->max_bytes - r->beside : 0,
                           .min_score = a->bound == a->bound ? kal__height_of(a, a->bound) : 0};
    if (r->line->curve) kal__quality_look(&r->by, r->line->curve, s->seen ? s->look : NULL);
    if (r->line->ladder) {
        r->by.steps = r->line->ladder->at;
        r->by.n_steps = rungs(s, r->line->ladder);
        r->by.most = r->line->ladder->probes;
    }
    const bool again =
        by_bytes && a->bound == a->bound && a->p.objective == KAL__SMALLEST;   // after a search by score
    if (again && r->line->curve) recall(s, r);
    r->next = a->p.quality ? a->p.quality : r->line->curve ? kal__quality_next(&r->by) : 0;
    r->state = again && (!r->line->curve || r->line->follows >= 0) ? KAL__DONE : KAL__WAITS;
    if (!suits(s, r->line)) r->state = KAL__DONE;
    r->fresh = r->line->curve && !a->p.quality;
    if (r->state == KAL__WAITS && r->line->curve && !r->next) finish_line(s, r);
    return r->image ? KAL_OK : take_image(s, r, err);
}

// What is known of a line without making a file of it, once its turn has come.
static kal_status count_lines(kal__search *s, kal_error *err)
{
    kal_status st = KAL_OK;
    for (int i = 0; i < s->n && !st; i++) {
        kal__runner *r = &s->runners[i];
        if (r->state != KAL__SEARCHES || !r->fresh) continue;
        r->fresh = false;
        st = kal__count_line(s, r, err);
        if (st || r->next) continue;
        finish_line(s, r);
        kal__order_next(s);
        i = -1;   // others may have begun
    }
    return st;
}

kal_status kal__search_lines(kal__search *s, bool by_bytes, kal_error *err)
{
    kal__resolved o;
    kal_status st = kal__resolve(&s->options, &o, err);
    for (int i = 0; i < s->n && !st; i++) st = begin_line(s, i, by_bytes, err);
    if (!st) kal__order_first(s, by_bytes);
    while (!st) {
        turn r = {.search = s};
        st = count_lines(s, err);
        if (st) break;
        gather(s, &r);
        if (!r.n) return KAL_OK;
        st = run_round(s, &r, err);
        if (!st) settle_round(s, &r, o.max_memory / 4);
    }
    return st;
}
