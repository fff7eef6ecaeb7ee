// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The search. It goes in rounds: of each line that is not done one file is tried, several at once; what a round brought decides who goes on. So the
// answer hangs on the aim alone, not on who is faster. A try is two ordinary requests: the picture encoded, and its decode beside the picture measured; the memo
// knows both by their own keys.
#include "optimize.h"

#include "apply.h"
#include "fmath.h"
#include "gain.h"
#include "load.h"
#include "options.h"
#include "retouch.h"
#include "value.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TRIES (KAL__LINES * (KAL__QUALITY_PROBES + 2))
#define MOST_SCALES 5

typedef enum state { WAITS, SEARCHES, SCORES, DONE } state;

// A line while it is searched, at one scale of the picture.
typedef struct runner {
    const kal__line *line;
    kal_node *image;   // as this format takes it
    kal__quality by;
    uint64_t beside;   // bytes of its files that no quality changes: metadata
    state state;
    int next;   // quality to be tried; 0 of a line without any
    int last;   // its try of this round
} runner;

typedef struct search {
    const kal__aim *aim;
    kal_options options;
    double start;
    kal__watch watch;
    kal__line lines[KAL__LINES];
    runner runners[KAL__LINES];
    int n;
    kal__try tries[MOST_TRIES];
    int n_tries, best;
    double scale;
    kal_node *picture;     // its samples, in memory where they fit
    kal_node *reference;   // what is compared with
    kal__meta *meta;       // that files get
    pthread_mutex_t lock;
    int done;   // tries, for progress
    kal_progress_fn *progress;
    kal_stats *stats;   // the request's
} search;

// What the curve of sizes does not know of; at most half of what there may be.
static uint64_t beside(const search *s, const kal__codec *c)
{
    uint64_t n = 0;
    for (int i = 0; i < KAL__BLOBS && s->meta && s->aim->p.metadata != KAL__STRIP_META; i++)
        if (c->carries >> i & 1) n += kal__meta_blob(s->meta, (kal__blob_kind)i)->size;
    return s->aim->max_bytes && n > s->aim->max_bytes / 2 ? s->aim->max_bytes / 2 : n;
}

static uint64_t above(const runner *r, uint64_t bytes)
{
    return bytes > r->beside ? bytes - r->beside : 1;
}

static const kal__optimize_ops *const ops = &kal__optimize_ops_used;

// ---- pictures -----------------------------------------------------------------------------------

// An op on a node, which is replaced.
static kal_status through(kal_node **n, const kal_op *op, const char *params, kal_error *err)
{
    if (kal_node_error(*n, err)) return err->status;
    kal_node *made = kal_apply_text(NULL, op->name, params, n, 1);
    const kal_status st = kal_node_error(made, err);
    kal_node_unref(n);
    *n = made;
    return st;
}

// Whether its profile says that its colours are not sRGB's.
static bool other_space(const kal_node *n)
{
    kal_field f;
    const void *icc;
    size_t size;
    if (!kal_node_meta(n, "icc", &icc, &size)) return false;
    return !kal_node_field(n, "icc.description", &f) || !strstr(f.text, "sRGB");
}

#define LEAST_SIDE 8   // that metrics take

// As the metric wants it: in sRGB, and a tiny picture with its edges continued.
static kal_status comparable(kal_node **n, kal_error *err)
{
    const kal_extent e = (*n)->call.extent;
    char text[96];
    kal_status st = other_space(*n) ? through(n, ops->to_srgb, "", err) : KAL_OK;
    if (st || (e.width >= LEAST_SIDE && e.height >= LEAST_SIDE)) return st;
    snprintf(text, sizeof text, "x=0 y=0 width=%d height=%d edge=copy",
             e.width < LEAST_SIDE ? LEAST_SIDE : e.width, e.height < LEAST_SIDE ? LEAST_SIDE : e.height);
    return through(n, ops->embed, text, err);
}

// Its rows, computed once, as a node of their own when they fit into half of what may be held; else itself.
static kal_status hold(search *s, kal_node **n, kal_error *err)
{
    const kal_extent *e = &(*n)->call.extent;
    const size_t row = (size_t)e->width * kal_pixel_size(e), bytes = row * (size_t)e->height;
    kal__resolved o;
    kal__tally tally;
    kal_status st = kal__resolve(&s->options, &o, err);
    if (st || bytes > o.max_memory / 2 || (*n)->kind == KAL__PIXELS) return st;
    kal__slab *slab = kal__slab_new(bytes);
    if (!slab) return KAL_OK;
    const kal__want w = {.node = *n, .rect = kal_rect_all(e), .dst = slab->data, .stride = (ptrdiff_t)row};
    kal_node *held = NULL;
    st = kal__evaluate(&w, 1, &s->options, s->start, &tally, err);
    if (!st) st = kal__pixels_of(e, slab, &held, err);
    kal__slab_unref(&slab);
    if (st) return st;
    kal_node_unref(n);
    *n = held;
    return KAL_OK;
}

// What files get of what the picture says of itself.
static kal_status take_meta(search *s, kal_node **image, kal_error *err)
{
    bool failed = false;
    const int policy = s->aim->p.metadata;
    kal_status st = KAL_OK;
    if (policy == KAL__STRIP_META && other_space(*image)) st = through(image, ops->to_srgb, "to=srgb", err);
    if (st || policy == KAL__STRIP_META) return st;
    kal__meta *m = kal__meta_without_gain((*image)->meta, &failed);
    if (!failed && m && policy == KAL__KEEP_COLOUR) {
        kal__meta *icc = kal__meta_with_icc(NULL, m->icc.data, m->icc.size);
        failed = !icc;
        kal__meta_unref(&m);
        m = icc;
    }
    s->meta = m;
    return failed ? kal_fail(err, KAL_NOMEM, "optimize: out of memory for metadata") : KAL_OK;
}

static kal_status open_picture(search *s, kal_node *image, kal_error *err)
{
    kal_node *n = kal_node_ref(image);
    kal__meta_unref(&s->meta);
    kal_status st = KAL_OK;
    if (image->call.extent.type == KAL_F32) st = through(&n, ops->cast, "type=u16", err);
    if (!st) st = take_meta(s, &n, err);
    if (!st && s->aim->p.metric != KAL__NO_METRIC) {
        s->reference = kal_node_ref(n);
        st = comparable(&s->reference, err);
    }
    const bool same = s->reference == n;
    if (!st) st = hold(s, &n, err);
    if (!st && same) {
        kal_node_unref(&s->reference);
        s->reference = kal_node_ref(n);
    }
    if (!st && s->reference) st = hold(s, &s->reference, err);
    s->picture = n;
    return st;
}

static void close_picture(search *s)
{
    for (int i = 0; i < s->n; i++) kal_node_unref(&s->runners[i].image);
    kal_node_unref(&s->picture);
    kal_node_unref(&s->reference);
    kal__meta_unref(&s->meta);
}

// ---- a try --------------------------------------------------------------------------------------

static kal_status encode(const search *s, const runner *r, kal__try *t, const kal_options *o, kal_error *err)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal__codec *c = r->line->codec;
    const bool strip = s->aim->p.metadata == KAL__STRIP_META;
    kal__arena arena = {0};
    char quality[32] = "";
    if (r->line->curve) snprintf(quality, sizeof quality, "quality=%d", t->quality);
    snprintf(t->params, sizeof t->params, "%s%s%s%s%s", quality, *quality && *r->line->fixed ? " " : "",
             r->line->fixed, strip && (*quality || *r->line->fixed) ? " " : "", strip ? "strip=true" : "");
    kal__codec_defaults(c, c->name, params);
    kal_status st = kal__params_parse(kal__schema_of_codec(c), params, t->params,
                                      &(kal__param_context){&r->image->call.extent, &arena, NULL}, err);
    kal_node *node = NULL;
    if (!st) st = kal__encode_with(r->image, c, params, s->meta, &node, err);
    kal__arena_free(&arena);
    kal__want w = {.node = node};
    kal_bytes made = {NULL, 0};
    kal__tally tally;
    if (!st) w.rect = kal__encoded_rect(node);
    if (!st) st = kal__write_memory(&made.data, &made.size, &w.writer, err);
    if (!st) st = kal__write_suited(c, o->spill, &w.writer, err);
    if (!st) st = kal__evaluate(&w, 1, o, s->start, &tally, err);
    if (w.writer && st) w.writer->abort(w.writer);
    if (w.writer && !st) st = w.writer->commit(w.writer, err);
    kal_node_unref(&node);
    if (st) return st;
    t->told.bytes = made.size;
    t->bytes = kal__slab_borrow(made.data, made.size, free, made.data);
    if (!t->bytes) free(made.data);
    return t->bytes ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory");
}

static void let_go(void *user)
{
    kal__slab *slab = user;
    kal__slab_unref(&slab);
}

#define ALIGNED_BELOW 113   // sides at which SSIMULACRA2 has fewer scales than weights

static kal_status score(const search *s, kal__try *t, const kal_options *o, kal_error *err)
{
    const kal_extent *e = &s->reference->call.extent;
    const bool small = e->width < ALIGNED_BELOW || e->height < ALIGNED_BELOW;
    const bool dssim = s->aim->p.metric == KAL__DSSIM;
    kal_value v = {0};
    kal__tally tally;
    kal_node *decoded = kal_load_borrowed(NULL, t->bytes->data, (size_t)t->told.bytes, let_go,
                                          kal__slab_ref(t->bytes), "upright=false");
    kal_status st = kal_node_error(decoded, err);
    if (!st) st = comparable(&decoded, err);
    kal_node *const in[2] = {s->reference, decoded};
    kal_node *measured =
        st ? NULL
           : kal_apply_text(NULL, kal__metric_of(s->aim)->name, !dssim && small ? "aligned=true" : "", in, 2);
    if (!st) st = kal_node_error(measured, err);
    const kal__want w = {.node = measured, .value = &v};
    if (!st) st = kal__evaluate(&w, 1, o, s->start, &tally, err);
    if (!st) t->told.score = v.v[0];
    kal_value_free(&v);
    kal_node_unref(&measured);
    kal_node_unref(&decoded);
    return st;
}

// Bounds that it breaks, and by how much.
static void judge(const search *s, kal__try *t)
{
    const kal__aim *a = s->aim;
    kal_candidate *c = &t->told;
    size_t n = 0;
    const bool large = a->max_bytes && c->bytes > a->max_bytes;
    const bool scored = c->score == c->score, bound = a->bound == a->bound;
    const bool poor = bound && (!scored || kal__height_of(a, c->score) < kal__height_of(a, a->bound));
    if (large || scored) t->why[0] = 0;
    if (large)
        n = (size_t)snprintf(t->why, sizeof t->why, "%llu bytes too many",
                             (unsigned long long)(c->bytes - a->max_bytes));
    if (poor && scored)
        snprintf(t->why + n, sizeof t->why - n, "%s%.4g is not %s %.4g", n ? "; " : "", c->score,
                 a->p.metric == KAL__DSSIM ? "at most" : "at least", a->bound);
    c->keeps = !t->status && !large && !poor;
}

// Not every try needs a score: where bytes alone are searched the found one does, and what loses nothing is scored only where it can win.
static bool wants_score(const search *s, const runner *r, kal__try *t)
{
    const kal__aim *a = s->aim;
    const kal__try *b = s->best >= 0 ? &s->tries[s->best] : NULL;
    if (a->p.metric == KAL__NO_METRIC || t->told.score == t->told.score) return false;
    if (r->line->curve) return a->p.quality || !r->by.max_bytes || r->state == SCORES;
    if (a->max_bytes && t->told.bytes > a->max_bytes) return false;
    if (a->p.objective != KAL__SMALLEST || !b || !b->told.keeps || t->told.bytes < b->told.bytes) return true;
    snprintf(t->why, sizeof t->why, "not scored: another that keeps to all is smaller");
    return false;
}

static void add_stats(kal_stats *to, const kal_stats *from)
{
    uint64_t *const sums[] = {&to->opens,          &to->bytes_read, &to->decodes,      &to->encodes,
                              &to->computed_tiles, &to->nodes,      &to->nodes_reused, &to->reused_tiles};
    const uint64_t more[] = {from->opens,          from->bytes_read, from->decodes,      from->encodes,
                             from->computed_tiles, from->nodes,      from->nodes_reused, from->reused_tiles};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) *sums[i] += more[i];
    if (from->peak_bytes > to->peak_bytes) to->peak_bytes = from->peak_bytes;
    if (from->planned_bytes > to->planned_bytes) to->planned_bytes = from->planned_bytes;
}

// A failure takes the candidate out, and is told; being stopped ends the search.
static void try_one(search *s, runner *r, kal__try *t)
{
    kal_stats stats = {0};
    kal_options o = s->options;
    kal_error err = {KAL_OK, ""};
    o.stats = &stats;
    kal_status st = kal__watch_check(&s->watch, &err);
    if (!st && !t->bytes) st = encode(s, r, t, &o, &err);
    if (!st && wants_score(s, r, t)) st = score(s, t, &o, &err);
    t->status = st;
    judge(s, t);
    if (st) snprintf(t->why, sizeof t->why, "%.190s", err.message);
    pthread_mutex_lock(&s->lock);
    add_stats(s->stats, &stats);
    const uint64_t all = (uint64_t)s->n * 4;
    s->done++;
    if (s->progress)
        s->progress(s->options.user, KAL_RUNNING, (uint64_t)s->done,
                    (uint64_t)s->done < all ? all : (uint64_t)s->done + 1);
    pthread_mutex_unlock(&s->lock);
}

// ---- rounds -------------------------------------------------------------------------------------

typedef struct turn {
    search *search;
    int order[KAL__LINES], n;
    int next;   // atomic
} turn;

static void *work(void *arg)
{
    turn *r = arg;
    for (;;) {
        const int i = __atomic_fetch_add(&r->next, 1, __ATOMIC_RELAXED);
        if (i >= r->n) return NULL;
        runner *who = &r->search->runners[r->order[i]];
        try_one(r->search, who, &r->search->tries[who->last]);
    }
}

static kal__try *new_try(search *s, runner *r)
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
static void gather(search *s, turn *r)
{
    r->n = 0;
    for (int slow = 9; slow >= 0; slow--)
        for (int i = 0; i < s->n; i++) {
            runner *who = &s->runners[i];
            const bool on = who->state == SEARCHES || who->state == SCORES;
            if (!on || who->line->slow != slow || s->n_tries == MOST_TRIES) continue;
            if (who->state == SEARCHES) new_try(s, who);
            r->order[r->n++] = i;
        }
}

static kal_status run_round(search *s, turn *r, kal_error *err)
{
    pthread_t threads[KAL__LINES];
    kal__resolved o;
    int others = 0;
    kal_status st = kal__resolve(&s->options, &o, err);
    if (st) return st;
    r->next = 0;
    while (others < r->n - 1 && others < o.threads - 1 && !pthread_create(&threads[others], NULL, work, r))
        others++;
    work(r);
    for (int i = 0; i < others; i++) pthread_join(threads[i], NULL);
    st = kal__watch_check(&s->watch, err);
    for (int i = 0; i < r->n && !st; i++) {   // it may have been stopped by its own deadline
        const kal__try *t = &s->tries[s->runners[r->order[i]].last];
        if (t->status == KAL_CANCELLED || t->status == KAL_DEADLINE || t->status == KAL_MISSING)
            st = kal_fail(err, t->status, "%s", t->why);
    }
    return st;
}

// Which of two comes nearer to the aim. What keeps to the bounds comes first; then what fits; ties go by bytes, by score, by the order of formats.
static bool is_better(const search *s, const kal__try *a, const kal__try *b)
{
    const kal__aim *m = s->aim;
    const double ha = a->told.score == a->told.score ? kal__height_of(m, a->told.score) : -1e9;
    const double hb = b->told.score == b->told.score ? kal__height_of(m, b->told.score) : -1e9;
    if (!a->status != !b->status) return !a->status;
    if (a->told.keeps != b->told.keeps) return a->told.keeps;
    const bool fits[2] = {!m->max_bytes || a->told.bytes <= m->max_bytes,
                          !m->max_bytes || b->told.bytes <= m->max_bytes};
    if (fits[0] != fits[1]) return fits[0];
    if (a->scale != b->scale) return a->scale > b->scale;
    const bool by_score = fits[0] && (!a->told.keeps || m->p.objective == KAL__BEST);
    if (by_score && ha != hb) return ha > hb;
    if (a->told.bytes != b->told.bytes) return a->told.bytes < b->told.bytes;
    if (ha != hb) return ha > hb;
    return a->line != b->line ? a->line < b->line : a->quality < b->quality;
}

// The best of all so far; and, beyond what may be held, the bytes of the worst go.
static void keep_best(search *s, size_t room)
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
static void finish_line(search *s, runner *r)
{
    const kal__quality_probe *p = kal__quality_found(&r->by);
    r->state = DONE;
    if (!r->by.max_bytes || !p || s->aim->p.metric == KAL__NO_METRIC) return;
    for (int i = 0; i < s->n_tries; i++) {
        const kal__try *t = &s->tries[i];
        if (t->line != (int)(r->line - s->lines) || t->scale != s->scale || t->quality != p->quality)
            continue;
        if (t->told.score == t->told.score || t->status) return;
        r->last = i;
        r->state = SCORES;
        return;
    }
}

static bool can_still_win(const search *s, const runner *r)
{
    const kal__try *b = s->best >= 0 ? &s->tries[s->best] : NULL;
    if (!b || !b->told.keeps || s->aim->p.objective != KAL__SMALLEST || r->by.max_bytes) return true;
    for (int i = 0; i < r->by.n; i++)   // what is below the score already is larger
        if (r->by.probes[i].score < r->by.min_score && r->by.probes[i].bytes + r->beside >= b->told.bytes)
            return false;
    return true;
}

static void advance(search *s, runner *r)
{
    kal__try *t = &s->tries[r->last];
    if (r->state == SCORES || t->status || !r->line->curve || s->aim->p.quality) {
        r->state = DONE;
        return;
    }
    const double h = t->told.score == t->told.score ? kal__height_of(s->aim, t->told.score) : 0;
    kal__quality_tell(&r->by, t->quality, above(r, t->told.bytes), h);
    r->next = kal__quality_next(&r->by);
    if (!r->next) finish_line(s, r);
}

#define HIGH_QUALITY 90   // from there on halved colour costs more than it spares

// Full colour where halved colour is not enough, or only just. Of what loses nothing the slow way, where the quick one comes near.
static bool is_called_for(const search *s, const runner *w)
{
    if (w->line->follows < 0) return true;
    const runner *before = &s->runners[w->line->follows];
    const kal__quality_probe *p = kal__quality_found(&before->by);
    if (w->line->curve) return !p || p->quality >= HIGH_QUALITY;
    const kal__try *quick = &s->tries[before->last], *b = &s->tries[s->best];
    return quick->status || !b->told.keeps || quick->told.bytes / 2 <= b->told.bytes;
}

// What loses nothing comes last: by then it is known how small it must be.
static bool may_begin(const search *s, const runner *w)
{
    for (int i = 0; i < s->n; i++) {
        const runner *r = &s->runners[i];
        const bool on = r->state == SEARCHES || r->state == SCORES;
        if (w->line->lossless && !r->line->lossless && (on || r->state == WAITS)) return false;
    }
    return w->line->follows < 0 || s->runners[w->line->follows].state == DONE;
}

static void begin_others(search *s)
{
    for (int i = 0; i < s->n; i++) {
        runner *w = &s->runners[i];
        if (w->state == WAITS && may_begin(s, w)) w->state = is_called_for(s, w) ? SEARCHES : DONE;
    }
}

static void settle_round(search *s, const turn *r, size_t room)
{
    keep_best(s, room);
    for (int i = 0; i < r->n; i++) advance(s, &s->runners[r->order[i]]);
    for (int i = 0; i < s->n; i++)
        if (s->runners[i].state == SEARCHES && !can_still_win(s, &s->runners[i])) s->runners[i].state = DONE;
    begin_others(s);
}

// As the format takes it: of 16 bits a picture of 8 where it must be.
static kal_status take_image(const search *s, runner *r, kal_error *err)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    size_t memory;
    r->image = kal_node_ref(s->picture);
    kal__codec_defaults(r->line->codec, r->line->codec->name, params);
    if (s->picture->call.extent.type != KAL_U16 ||
        !r->line->codec->accepts(&s->picture->call.extent, params, &memory, NULL))
        return KAL_OK;
    return through(&r->image, ops->cast, "type=u8", err);
}

// What is known of a line at this scale from an earlier search.
static void recall(search *s, runner *r)
{
    for (int i = 0; i < s->n_tries; i++) {
        const kal__try *t = &s->tries[i];
        if (t->line == (int)(r->line - s->lines) && t->scale == s->scale && !t->status)
            kal__quality_tell(&r->by, t->quality, above(r, t->told.bytes), 0);
    }
}

static kal_status begin_line(search *s, int i, bool by_bytes, kal_error *err)
{
    const kal__aim *a = s->aim;
    const kal_extent *e = &s->picture->call.extent;
    runner *r = &s->runners[i];
    r->line = &s->lines[i];
    r->beside = beside(s, r->line->codec);
    r->by = (kal__quality){.curve = r->line->curve,
                           .pixels = (double)e->width * e->height,
                           .max_bytes = by_bytes ? a->max_bytes - r->beside : 0,
                           .min_score = a->bound == a->bound ? kal__height_of(a, a->bound) : 0};
    const bool again = by_bytes && a->bound == a->bound;   // after a search by score
    if (again && r->line->curve) recall(s, r);
    r->next = a->p.quality ? a->p.quality : r->line->curve ? kal__quality_next(&r->by) : 0;
    r->state = again && (!r->line->curve || r->line->follows >= 0) ? DONE : WAITS;
    if (r->state == WAITS && r->line->curve && !r->next) finish_line(s, r);
    return r->image ? KAL_OK : take_image(s, r, err);
}

// All lines, by score or, `by_bytes`, by bytes.
static kal_status run_lines(search *s, bool by_bytes, kal_error *err)
{
    kal__resolved o;
    kal_status st = kal__resolve(&s->options, &o, err);
    for (int i = 0; i < s->n && !st; i++) st = begin_line(s, i, by_bytes, err);
    if (!st) begin_others(s);
    while (!st) {
        turn r = {.search = s};
        gather(s, &r);
        if (!r.n) return KAL_OK;
        st = run_round(s, &r, err);
        if (!st) settle_round(s, &r, o.max_memory / 4);
    }
    return st;
}

// ---- the original -------------------------------------------------------------------------------

static const kal_node *file_of(const kal_node *image)
{
    const kal_node *n = image;
    while (n->kind == KAL__APPLY && (n->call.op->flags & KAL_OP_UPRIGHT)) n = kal__input(n, 0);
    return n->kind == KAL__DECODE ? n : NULL;
}

static bool may_keep(const search *s, const kal__source *src, const kal__meta *m)
{
    bool asked = false;
    for (int i = 0; i < s->n; i++) asked |= s->lines[i].codec == src->codec;
    return asked && s->aim->p.original && s->aim->p.metadata == KAL__KEEP_META && src->shrink == 1 &&
           !src->page && m && m->pages == 1 && !src->lenient && !src->unkeyed && !src->once && !src->preview;
}

// The file that the picture came from is a candidate of which nothing is lost. One that cannot be read again is none, and that is told.
static kal_status try_original(search *s, const kal_node *image, kal_error *err)
{
    const kal_node *n = file_of(image);
    kal__source *src = n ? kal__node_source(n) : NULL;
    kal_status st = KAL_OK;
    if (src && may_keep(s, src, n->meta)) {
        kal__try *t = &s->tries[s->n_tries++];
        const bool dssim = s->aim->p.metric == KAL__DSSIM, none = s->aim->p.metric == KAL__NO_METRIC;
        kal_error why;
        size_t size = 0;
        *t = (kal__try){.line = -1, .scale = 1};
        t->told = (kal_candidate){.format = src->codec->name,
                                  .score = none    ? (double)NAN
                                           : dssim ? 0
                                                   : 100,
                                  .width = image->call.extent.width,
                                  .height = image->call.extent.height,
                                  .original = true};
        t->status = kal__source_bytes(src, &t->bytes, &size, &why);
        t->told.bytes = size;
        judge(s, t);
        if (t->status) snprintf(t->why, sizeof t->why, "%.190s", why.message);
        if (t->status == KAL_CHANGED) st = kal_fail(err, t->status, "%s", t->why);
        s->best = s->n_tries - 1;
    }
    kal__source_unref(&src);
    return st;
}

// ---- smaller pictures ---------------------------------------------------------------------------

// By how much to scale the sides: by the files of this scale that look right and are too large.
static double shrink_by(const search *s)
{
    uint64_t least = 0;
    for (int i = 0; i < s->n_tries; i++) {
        const kal__try *t = &s->tries[i];
        const bool well = t->told.score == t->told.score &&
                          kal__height_of(s->aim, t->told.score) >= kal__height_of(s->aim, s->aim->bound);
        if (t->scale == s->scale && !t->status && well && (!least || t->told.bytes < least))
            least = t->told.bytes;
    }
    const double by = least ? __builtin_sqrt((double)s->aim->max_bytes / (double)least) * 0.98 : 0.7;
    return by > 0.95 ? 0.95 : by < 0.2 ? 0.2 : by;
}

static kal_status scale_picture(const search *s, const kal_node *image, kal_node **out, kal_error *err)
{
    const kal_extent *e = &image->call.extent;
    char text[80];
    const double w = e->width * s->scale, h = e->height * s->scale;
    snprintf(text, sizeof text, "width=%d height=%d", w < 1 ? 1 : (int)kal__round(w),
             h < 1 ? 1 : (int)kal__round(h));
    *out = kal_node_ref(kal__node_of(&image->call));
    return s->scale < 1 ? through(out, ops->resize, text, err) : KAL_OK;
}

// ---- all of it ----------------------------------------------------------------------------------

static bool passes(const search *s)
{
    return s->best >= 0 && s->tries[s->best].told.keeps;
}

// At one scale: by what the aim bounds; where that cannot be, the best that fits.
static kal_status search_at(search *s, kal_node *image, kal_error *err)
{
    const kal__aim *a = s->aim;
    const bool bytes = a->max_bytes != 0;
    kal_status st = open_picture(s, image, err);
    if (!st) st = run_lines(s, bytes && (a->p.objective == KAL__BEST || a->bound != a->bound), err);
    if (!st && bytes && !passes(s) && a->p.objective == KAL__SMALLEST && a->bound == a->bound &&
        !a->p.allow_downscale)
        st = run_lines(s, true, err);
    close_picture(s);
    return st;
}

static kal_status search_scales(search *s, kal_node *image, kal_error *err)
{
    kal_status st = KAL_OK;
    for (int i = 0; i < MOST_SCALES && !st; i++) {
        kal_node *scaled = NULL;
        if (i) s->scale *= shrink_by(s);
        st = scale_picture(s, image, &scaled, err);
        if (!st) st = search_at(s, scaled, err);
        kal_node_unref(&scaled);
        const bool may = s->aim->p.allow_downscale && s->aim->max_bytes && s->aim->bound == s->aim->bound;
        if (!may || passes(s)) break;
    }
    return st;
}

// None could be made: all errors are one.
static kal_status no_file(const search *s, kal_error *err)
{
    char said[400] = "";
    size_t n = 0;
    for (int i = 0; i < s->n_tries && n < sizeof said; i++)
        n += (size_t)snprintf(said + n, sizeof said - n, "%s%.150s", n ? "; " : "", s->tries[i].why);
    return kal_fail(err, s->n_tries ? s->tries[s->best < 0 ? 0 : s->best].status : KAL_INVALID,
                    "optimize: no format takes this picture: %s", said);
}

kal_status kal__optimize_search(kal_node *image, const kal__aim *a, const kal_options *options, double start,
                                kal__slab **report, size_t *size, kal_error *err)
{
    search *s = kal__new_zero(1, sizeof *s);
    kal_stats none = {0};
    if (!s) return kal_fail(err, KAL_NOMEM, "optimize: out of memory");
    s->aim = a;
    s->start = start;
    s->best = -1;
    s->scale = 1;
    if (options) s->options = *options;
    s->watch = kal__watch_from(options, start);
    s->progress = s->options.progress;
    s->stats = s->options.stats ? s->options.stats : &none;
    s->options.progress = NULL;
    s->options.node_stats = NULL;
    s->options.audit = 0;
    s->options.stats = NULL;
    pthread_mutex_init(&s->lock, NULL);
    kal_status st = kal__lines_of(a, &image->call.extent, s->lines, &s->n, err);
    if (!st) st = try_original(s, image, err);
    if (!st) st = search_scales(s, image, err);
    if (!st && (s->best < 0 || s->tries[s->best].status)) st = no_file(s, err);
    if (!st) {
        *report = kal__report_make(a, s->tries, s->n_tries, s->best, size);
        if (!*report) st = kal_fail(err, KAL_NOMEM, "optimize: out of memory");
    }
    for (int i = 0; i < s->n_tries; i++) kal__slab_unref(&s->tries[i].bytes);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return st;
}
