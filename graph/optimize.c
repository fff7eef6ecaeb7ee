// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The format "optimize": whichever file an aim asks for. Its node is dynamic; settled it is an encoded node whose bytes are there already, found
// in the memo with the report of the search, or searched for.
#include "optimize_search.h"

#include "apply.h"
#include "dynamic.h"
#include "edit.h"
#include "flight.h"
#include "load.h"
#include "memo.h"
#include "options.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

// ---- the record ---------------------------------------------------------------------------------

#define PARAMS kal__optimize_p
static const kal_param params[] = {KAL__OPTIMIZE_PARAMS(KAL_SCHEMA)};

static const char *version(void)
{
    return "1";
}

static bool sniff(const unsigned char *head, size_t n)
{
    (void)head, (void)n;
    return false;
}

static kal_status accepts(const kal_extent *e, const void *given, size_t *memory, kal_error *err)
{
    kal__aim a;
    kal__line lines[KAL__LINES];
    int n;
    *memory = 0;
    if (e->model != KAL_GRAY && e->model != KAL_RGB && e->model != KAL_MASK)
        return kal_fail(err, KAL_INVALID, "optimize: only gray and RGB pictures are looked at");
    kal_status st = kal__aim_of(given, &a, err);
    return st ? st : kal__lines_of(&a, e, lines, &n, err);
}

static kal_status begin(const kal_extent *e, const void *given, const kal__meta *meta, kal__writer *w,
                        kal__encoder **out, kal_error *err)
{
    (void)e, (void)given, (void)meta, (void)w, (void)out;
    return kal_fail(err, KAL_INVALID, "optimize: it cannot be one of several pictures in a file");
}

const kal__codec kal__codec_optimize = {
    .name = "optimize",
    .suffixes = "",
    .help = "The smallest file that looks right, or the best that fits: of several formats and qualities",
    .edition = "1",
    .version = version,
    .sniff = sniff,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__optimize_p),
    .accepts = accepts,
    .searches = true,
    .begin = begin,
};

// ---- what a search is kept under ----------------------------------------------------------------

// The image, what was asked, and whoever has a say: codecs and the metric, with their versions.
static kal_status key_of(kal_node *image, const kal__aim *a, bool fits, kal_key *out, kal_error *err)
{
    kal__line lines[KAL__LINES];
    int n;
    kal__text made_by = {0};
    kal_status st = kal__lines_of(a, &image->call.extent, lines, &n, err);
    if (st) return st;
    kal__puts(&made_by, fits ? "optimize 10" : "optimize 9, streamed");   // not looked through then
    for (int i = 0; i < n; i++) {
        const char *v = lines[i].codec->version(), *edition = lines[i].codec->edition;
        kal__putf(&made_by, " / %s %s %s %s", lines[i].codec->name, v ? v : "", edition ? edition : "",
                  lines[i].fixed);
        const kal__ladder *l = lines[i].ladder;
        if (lines[i].effort >= 0) kal__putf(&made_by, " %d", lines[i].effort);
        if (l) kal__putf(&made_by, " %s %d", l->name ? l->name : "steps", l->n);
    }
    const kal_op *metric = kal__metric_of(a);
    if (metric) kal__putf(&made_by, " / %s %u", metric->name, metric->version);
    kal__put(&made_by, "", 1);
    const kal_call *in[1] = {&image->call};
    const kal_key digest = kal__meta_digest(image->meta);
    const kal__key_parts parts = {.kind = KAL__ENCODE,
                                  .what = "optimize",
                                  .version = made_by.data,
                                  .schema = kal__schema_of_codec(&kal__codec_optimize),
                                  .params = &a->p,
                                  .digest = &digest,
                                  .in = in,
                                  .n = 1};
    st = made_by.failed ? kal_fail(err, KAL_NOMEM, "optimize: out of memory")
                        : kal__make_key(&parts, out, err);
    free(made_by.data);
    return st;
}

static bool find(kal_memo *m, kal_key key, kal__slab **report, size_t *size)
{
    kal_rect have;
    if (!m || !kal__memo_find(m, KAL__STORED_BLOB, key, kal_rect_of(0, 0, 0, 1), report, &have)) return false;
    *size = (size_t)have.x1;
    return true;
}

static void keep(kal_memo *m, kal_key key, const kal_node *image, kal__slab *report, size_t size, double ns)
{
    char text[33], of[33];
    kal__text recipe = {0};
    if (!m || size > INT32_MAX || image->is_volatile) return;
    kal__putf(&recipe, "%s blob - optimize %s :\n", kal_key_print(key, text), kal_key_print(image->key, of));
    kal__memo_put_blob(m, key, report, size, ns, &recipe);
    free(recipe.data);
}

typedef struct request {
    kal_node *image;
    kal__aim aim;
    kal_key key;
    const kal_options *options;
    double start;
    kal__resolved o;
} request;

static kal_status search(const request *r, kal__slab **report, size_t *size, kal_error *err)
{
    const double from = kal__now();
    char key[33];
    if (r->options && r->options->only_known)
        return kal_fail(err, KAL_MISSING, "not in the memo: %s, a search", kal_key_print(r->key, key));
    bool lasting;   // with more memory there may be another answer
    const kal_status st =
        kal__optimize_search(r->image, &r->aim, r->options, r->start, report, size, &lasting, err);
    if (!st && lasting) keep(r->o.memo, r->key, r->image, *report, *size, (kal__now() - from) * 1e9);
    return st;
}

// Beside this request, and this process, one searches and the others wait.
static kal_status search_alone(const request *r, kal__slab **report, size_t *size, bool *found,
                               kal_error *err)
{
    const kal__watch watch = kal__watch_from(r->options, r->start);
    kal__flight f = {.memo = r->o.memo && kal__memo_is_shared(r->o.memo) ? r->o.memo : NULL, .watch = &watch};
    kal_status st = KAL_OK;
    bool again = true;
    while (!st && r->o.memo && !kal__memo_claim(r->o.memo, r, &r->key, 1)) {
        kal__memo_wait(r->o.memo, 0.02);
        st = kal__watch_check(&watch, err);
    }
    if (st) return st;
    while (!st && again) {
        *found = find(r->o.memo, r->key, report, size);
        if (*found) break;
        st = kal__flight_take(&f, &r->key, 1, &again, err);
    }
    if (!st && !*found) st = search(r, report, size, err);
    kal__flight_end(&f);
    if (r->o.memo) kal__memo_release(r->o.memo, r);
    return st;
}

static kal_status choose(kal_node *image, const kal_node *node, const kal_options *options, double start,
                         kal_choice *out, kal_error *err)
{
    request r = {.image = image, .options = options, .start = start};
    kal__slab *report = NULL;
    size_t size = 0;
    bool found;
    *out = (kal_choice){.n = 0};
    kal_status st = kal__aim_of(node->call.params, &r.aim, err);
    if (!st) st = kal__resolve(options, &r.o, err);
    if (!st) st = key_of(image, &r.aim, kal__search_holds(&image->call.extent, &r.o), &r.key, err);
    if (st) return st;
    found = find(r.o.memo, r.key, &report, &size);
    if (!found) st = search_alone(&r, &report, &size, &found, err);
    if (!st) st = kal__report_read(report, size, out, err);
    if (st == KAL_CORRUPT && found) {   // meddled with: as if it were not there
        kal__memo_forget(r.o.memo, r.key);
        found = false;
        st = search(&r, &report, &size, err);
        if (!st) st = kal__report_read(report, size, out, err);
    }
    if (!st) kal__report_belongs(out, image, r.key);
    out->found = found;
    return st;
}

// ---- the node that has the bytes ----------------------------------------------------------------

typedef struct given {
    const kal__codec *codec;
    kal__slab *slab;
    size_t size;
    bool missed;
    kal__meta *meta;
} given;

static void fill_given(kal_node *node, void *arg)
{
    const given *g = arg;
    node->u.codec = g->codec;
    node->u.given = kal__slab_ref(g->slab);
    node->u.n_given = g->size;
    node->u.missed = g->missed;
    kal__meta_unref(&node->meta);
    node->meta = kal__meta_ref(g->meta);
    node->dynamic = false;
}

static kal_status given_node(kal_node *image, const kal__found *f, kal_node **out, kal_error *err)
{
    _Alignas(16) unsigned char room[KAL__PARAMS_ROOM];
    const kal__codec *codec = kal__codec_named(f->chosen->format);
    kal__arena arena = {0};
    kal__codec_defaults(codec, codec->name, room);
    kal_status st = kal__params_parse(kal__schema_of_codec(codec), room, f->chosen->params,
                                      &(kal__param_context){&image->call.extent, &arena, NULL}, err);
    kal__slab *slab = kal__slab_borrow(f->data, f->size, kal__slab_release, kal__slab_ref(f->report));
    if (!slab) {
        kal__slab *again = f->report;
        kal__slab_unref(&again);
        if (!st) st = kal_fail(err, KAL_NOMEM, "optimize: out of memory");
    }
    const kal_call *in[1] = {&image->call};
    const kal_call call = {.params = room, .n = 1, .in = in};
    given g = {codec, slab, f->size, !f->chosen->keeps, NULL};
    if (!st && !kal__meta_density_in_exif(image->meta, &g.meta))   // as it was encoded
        st = kal_fail(err, KAL_NOMEM, "optimize: out of memory for metadata");
    if (!st)
        *out = kal__intern(KAL__ENCODE, kal__hash_of(&f->key, sizeof f->key), &call, codec->params,
                           codec->n_params, codec->params_size, fill_given, &g);
    if (!st && !*out) st = kal_fail(err, KAL_NOMEM, "optimize: out of memory for a node");
    kal__meta_unref(&g.meta);
    kal__slab_unref(&slab);
    kal__arena_free(&arena);
    return st;
}

kal_node *kal_choice_file(kal_scope *scope, const kal_choice *choice)
{
    kal_error err = {0};
    kal_node *node = NULL;
    kal__found f;
    kal_status st = kal__found_of(choice, &f)
                        ? KAL_OK
                        : kal_fail(&err, KAL_INVALID, "kal_choice_file: nothing was chosen");
    if (!st) st = given_node(f.image, &f, &node, &err);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

kal_status kal__optimize_settle(kal_node *image, const kal_node *node, const kal_options *options,
                                double start, kal_node **out, kal_error *err)
{
    kal_choice c;
    kal_options quiet = options ? *options : (kal_options){0};
    quiet.progress = NULL;
    kal__found f;
    kal_status st = choose(image, node, &quiet, start, &c, err);
    if (!st && kal__found_of(&c, &f)) st = given_node(image, &f, out, err);
    kal_choice_release(&c);
    return st;
}

// ---- the call -----------------------------------------------------------------------------------

kal_status kal_choose(const kal_node *optimized, const kal_options *options, kal_choice *out, kal_error *err)
{
    kal_error local;
    kal_node *image = NULL;
    const double start = kal__begin(options);
    if (!err) err = &local;
    *out = (kal_choice){.n = 0};
    kal_status st = kal_node_error(optimized, err);
    if (!st && (optimized->kind != KAL__ENCODE || !optimized->u.codec->searches))
        st = kal_fail(err, KAL_INVALID, "kal_choose: the node is not of the format optimize");
    if (!st) st = kal__static(kal__input(optimized, 0), options, start, &image, err);
    if (!st) st = choose(image, optimized, options, start, out, err);
    kal_node_unref(&image);
    if (options && options->stats) options->stats->wall_ms = (kal__now() - start) * 1e3;
    return kal__tell_end(options, st, (kal__tally){st ? 999 : 1000, 1000});
}
