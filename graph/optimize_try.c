// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See optimize_search.h. A try is two ordinary requests: the picture encoded, and its decode beside the picture measured; the memo knows both by
// their own keys.
#include "optimize_search.h"

#include "putf.h"
#include "apply.h"
#include "gain.h"
#include "icc.h"
#include "load.h"
#include "options.h"
#include "retouch.h"
#include "value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const kal__optimize_ops *const ops = &kal__optimize_ops_used;

// ---- pictures -----------------------------------------------------------------------------------

kal_status kal__through(kal_node **n, const kal_op *op, const char *params, kal_error *err)
{
    if (kal_node_error(*n, err)) return err->status;
    kal_node *made = kal_apply_text(NULL, op->name, params, n, 1);
    const kal_status st = kal_node_error(made, err);
    kal_node_unref(n);
    *n = made;
    return st;
}

// Whether its profile says that its colours are not sRGB's. One that is damaged, or of other colours than the picture has, says nothing, to a viewer neither.
static bool other_space(const kal_node *n)
{
    const kal__blob *icc = n->meta ? &n->meta->icc : NULL;
    if (!icc || !kal__icc_is_usable(icc) || kal__icc_is_srgb(icc)) return false;
    const char *space = (const char *)icc->data + 16;
    return !memcmp(space, n->call.extent.channels - n->call.extent.alpha == 1 ? "GRAY" : "RGB ", 4);
}

#define LEAST_SIDE 8   // that metrics take

// As the metric wants it: in sRGB, and a tiny picture with its edges continued.
static kal_status comparable(kal_node **n, kal_error *err)
{
    const kal_extent e = (*n)->call.extent;
    char text[96];
    kal_status st = other_space(*n) ? kal__through(n, ops->to_srgb, "", err) : KAL_OK;
    if (st || (e.width >= LEAST_SIDE && e.height >= LEAST_SIDE)) return st;
    snprintf(text, sizeof text, "x=0 y=0 width=%d height=%d edge=copy",
             e.width < LEAST_SIDE ? LEAST_SIDE : e.width, e.height < LEAST_SIDE ? LEAST_SIDE : e.height);
    return kal__through(n, ops->embed, text, err);
}

bool kal__search_holds(const kal_extent *e, const kal__resolved *o)
{
    return (size_t)e->width * kal_pixel_size(e) * (size_t)e->height <= o->max_memory / 2;
}

// Its rows, computed once, as a node of their own when they fit into half of what may be held; else itself.
static kal_status hold(kal__search *s, kal_node **n, kal_error *err)
{
    const kal_extent *e = &(*n)->call.extent;
    const size_t row = (size_t)e->width * kal_pixel_size(e), bytes = row * (size_t)e->height;
    kal__resolved o;
    kal__tally tally;
    kal_status st = kal__resolve(&s->options, &o, err);
    if (st || !kal__search_holds(e, &o) || (*n)->kind == KAL__PIXELS) return st;
    kal__slab *slab = kal__slab_new(bytes);
    if (!slab) return KAL_OK;
    const kal__want w = {.node = *n, .rect = kal_rect_all(e), .dst = slab->data, .stride = (ptrdiff_t)row};
    kal_node *held = NULL;
    st = kal__evaluate(&w, 1, &s->options, s->start, &tally, err);
    if (!st) st = kal__pixels_of(e, slab, &held, err);
    kal__slab_unref(&slab);
    if (st == KAL_LIMIT)
        return KAL_OK;   // there is no room for a plan beside it: each try has one of its own
    if (st) return st;
    kal_node_unref(n);
    *n = held;
    s->held += bytes;
    return KAL_OK;
}

// What files get of what the picture says of itself.
static kal_status take_meta(kal__search *s, kal_node **image, kal_error *err)
{
    bool failed = false;
    const int policy = s->aim->p.metadata;
    kal_status st = KAL_OK;
    if (policy == KAL__STRIP_META && other_space(*image))
        st = kal__through(image, ops->to_srgb, "to=srgb", err);
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

kal_status kal__search_open(kal__search *s, kal_node *image, kal_error *err)
{
    kal_node *n = kal_node_ref(image);
    kal__meta_unref(&s->meta);
    kal__resolved o;
    kal_status st = kal__resolve(&s->options, &o, err);
    s->held = 0;
    if (!st && image->call.extent.type == KAL_F32) st = kal__through(&n, ops->cast, "type=u16", err);
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
    s->few = st ? 0 : kal__count_colours(n);
    s->seen = false;
    if (!st && !s->aim->p.quality) st = kal__look(s, n, err);   // where nothing is searched nobody asks
    s->budget = (kal__budget){.most = st ? 0 : o.max_memory - s->held};
    return st;
}

void kal__search_close(kal__search *s)
{
    for (int i = 0; i < s->n; i++) kal_node_unref(&s->runners[i].image);
    kal_node_unref(&s->picture);
    kal_node_unref(&s->reference);
    kal__meta_unref(&s->meta);
}

// ---- a try --------------------------------------------------------------------------------------

// What the parameter is there.
static int rung_of(const kal__ladder *l, int quality)
{
    int i = 0;
    while (i < l->n - 1 && l->at[i] < quality) i++;
    return l->value ? l->value[i] : quality;
}

// Those that are not empty, with blanks between.
static void join(const char *const *words, int count, char *out, size_t n)
{
    size_t used = 0;
    *out = '\0';
    for (int i = 0; i < count; i++)
        if (*words[i] && used < n)
            used += (size_t)snprintf(out + used, n - used, "%s%s", used ? " " : "", words[i]);
}

kal_status kal__line_params(const kal__search *s, const kal__runner *r, int quality, void *params,
                            kal__arena *arena, char *text, size_t n, kal_error *err)
{
    const kal__codec *c = r->line->codec;
    const kal__ladder *l = r->line->ladder;
    const bool strip = s->aim->p.metadata == KAL__STRIP_META;
    char first[32] = "", effort[32] = "", all[KAL__TRY_PARAMS];
    if (r->line->curve)
        snprintf(first, sizeof first, "%s=%d", l && l->name ? l->name : "quality",
                 l ? rung_of(l, quality) : quality);
    if (r->line->effort >= 0) snprintf(effort, sizeof effort, "effort=%d", r->line->effort);
    join((const char *[]){first, r->line->fixed, effort, strip ? "strip=true" : ""}, 4, all, sizeof all);
    if (text) snprintf(text, n, "%s", all);
    kal__codec_defaults(c, c->name, params);
    return kal__params_parse(kal__schema_of_codec(c), params, all,
                             &(kal__param_context){&r->image->call.extent, arena, NULL}, err);
}

static kal_status encode(const kal__search *s, const kal__runner *r, kal__try *t, const kal_options *o,
                         kal_error *err)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal__codec *c = r->line->codec;
    kal__arena arena = {0};
    kal_status st = kal__line_params(s, r, t->quality, params, &arena, t->params, sizeof t->params, err);
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

#define ALIGNED_BELOW 113   // sides at which SSIMULACRA2 has fewer scales than weights

static kal_status measure(const kal__search *s, kal_node *decoded, const kal_options *o, double *score,
                          kal_error *err)
{
    const kal_extent *e = &s->reference->call.extent;
    const bool small = e->width < ALIGNED_BELOW || e->height < ALIGNED_BELOW;
    const bool dssim = s->aim->p.metric == KAL__DSSIM;
    kal_value v = {0};
    kal__tally tally;
    kal_node *const in[2] = {s->reference, decoded};
    kal_node *measured =
        kal_apply_text(NULL, kal__metric_of(s->aim)->name, !dssim && small ? "aligned=true" : "", in, 2);
    kal_status st = kal_node_error(measured, err);
    const kal__want w = {.node = measured, .value = &v};
    if (!st) st = kal__evaluate(&w, 1, o, s->start, &tally, err);
    if (!st) *score = v.v[0];
    kal_value_free(&v);
    kal_node_unref(&measured);
    return st;
}

// Of the same samples every metric says that nothing differs, and their keys are sooner compared.
static kal_status compare(const kal__search *s, kal_node *decoded, const kal_options *o, bool *same,
                          kal_error *err)
{
    kal_key keys[2];
    kal__tally tally;
    const kal_extent *a = &s->reference->call.extent, *b = &decoded->call.extent;
    const kal__want w[2] = {{.node = s->reference, .rect = kal_rect_all(a), .key = &keys[0]},
                            {.node = decoded, .rect = kal_rect_all(b), .key = &keys[1]}};
    const kal_status st = kal__evaluate(w, 2, o, s->start, &tally, err);
    *same = !st && kal_key_equal(keys[0], keys[1]);
    return st;
}

static kal_status score(const kal__search *s, bool lossless, kal__try *t, const kal_options *o,
                        kal_error *err)
{
    bool same = false;
    kal_node *decoded;
    kal_status st = kal__load_made(kal__slab_ref(t->bytes), (size_t)t->told.bytes, &decoded, err);
    if (!st) st = comparable(&decoded, err);
    if (!st && lossless) st = compare(s, decoded, o, &same, err);
    if (same) t->told.score = s->aim->p.metric == KAL__DSSIM ? 0 : 100;
    if (!st && !same) st = measure(s, decoded, o, &t->told.score, err);
    kal_node_unref(&decoded);
    return st;
}

// Bounds that it breaks, and by how much.
static void kal__try_judge(const kal__search *s, kal__try *t)
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
        kal__format(t->why + n, sizeof t->why - n, "%s%.4g is not %s %.4g", n ? "; " : "", c->score,
                    a->p.metric == KAL__DSSIM ? "at most" : "at least", a->bound);
    if (!scored && !t->status && !t->why[0] && a->p.metric != KAL__NO_METRIC)
        snprintf(t->why, sizeof t->why, "not scored");
    // What was not looked at keeps to nothing: of those that fit the found one is.
    c->keeps = !t->status && !large && !poor && (scored || a->p.metric == KAL__NO_METRIC);
}

// Not every try needs a score: where bytes alone are searched the found one does, and what loses nothing is scored only where it can win.
static bool wants_score(const kal__search *s, const kal__runner *r, kal__try *t)
{
    const kal__aim *a = s->aim;
    const kal__try *b = s->best >= 0 ? &s->tries[s->best] : NULL;
    if (a->p.metric == KAL__NO_METRIC || t->told.score == t->told.score) return false;
    if (r->line->curve) return a->p.quality || !r->by.max_bytes || r->state == KAL__SCORES;
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

void kal__try_one(kal__search *s, kal__runner *r, kal__try *t)
{
    kal_stats stats = {0};
    kal_options o = s->options;
    kal_error err = {0};
    o.stats = &stats;
    kal__budget *before = kal__admit_within(&s->budget);
    kal_status st = kal__watch_check(&s->watch, &err);
    if (!st && !t->bytes) st = encode(s, r, t, &o, &err);
    if (!st && wants_score(s, r, t)) st = score(s, r->line->lossless, t, &o, &err);
    kal__admit_within(before);
    t->status = st;
    kal__try_judge(s, t);
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

uint64_t kal__quick_png(kal__search *s)
{
    kal_stats stats = {0};
    kal_options o = s->options;
    kal_error err;
    kal_bytes made = {NULL, 0};
    if (s->quick_png) return s->quick_png;
    o.stats = &stats;
    kal_node *sample = kal__sample_rows(s->picture);
    kal_node *node = kal_encode(NULL, sample, "png", "compression=1 strip=true");
    const double part = (double)sample->call.extent.height / s->picture->call.extent.height;
    s->quick_png = kal_read_bytes(node, &o, &made, &err) ? UINT64_MAX : (uint64_t)((double)made.size / part);
    kal_node_unref(&node);
    kal_node_unref(&sample);
    kal_bytes_free(&made);
    add_stats(s->stats, &stats);
    return s->quick_png;
}

// ---- the original -------------------------------------------------------------------------------

static const kal_node *file_of(const kal_node *image)
{
    const kal_node *n = image;
    while (n->kind == KAL__APPLY && (n->call.op->flags & KAL_OP_UPRIGHT)) n = kal__input(n, 0);
    return n->kind == KAL__DECODE ? n : NULL;
}

static bool may_keep(const kal__search *s, const kal__source *src, const kal__meta *m)
{
    bool asked = !*s->aim->p.formats;
    for (int i = 0; i < s->n; i++) asked |= s->lines[i].codec == src->codec;
    return asked && s->aim->p.original && s->aim->p.metadata == KAL__KEEP_META && src->shrink == 1 &&
           !src->page && m && m->pages == 1 && !src->lenient && !src->unkeyed && !src->once && !src->preview;
}

static void tell_of_pages(const kal__search *s, const kal_node *n, const kal__source *src)
{
    char text[400];
    if (!s->options.warn) return;
    snprintf(text, sizeof text,
             "%.250s: of a file of several pictures one is looked at, and the others are left out",
             kal__source_name(src));
    s->options.warn(s->options.user, &(kal_warning){.node = n, .rows = -1, .text = text});
}

// The file that the picture came from is a candidate of which nothing is lost. One that cannot be read again is none, and that is told.
kal_status kal__try_original(kal__search *s, const kal_node *image, kal_error *err)
{
    const kal_node *n = file_of(image);
    kal__source *src = n ? kal__node_source(n) : NULL;
    if (src && n->meta && n->meta->pages > 1 && !src->page) tell_of_pages(s, n, src);
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
        kal__try_judge(s, t);
        if (t->status) snprintf(t->why, sizeof t->why, "%.190s", why.message);
        if (t->status == KAL_CHANGED) st = kal_fail(err, t->status, "%s", t->why);
        s->best = s->n_tries - 1;
    }
    kal__source_unref(&src);
    return st;
}
