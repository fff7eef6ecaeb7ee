// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files and bytes become nodes.
#include "load.h"

#include "apply.h"
#include "known.h"
#include "opening.h"
#include "reel.h"
#include "source.h"

#include <string.h>

// ---- nodes --------------------------------------------------------------------------------------

static void fill_decode(kal_node *node, void *arg)
{
    const kal__loading *l = arg;
    node->u.source = kal__source_ref(l->source);
    node->meta = kal__meta_ref(l->meta);
    node->is_volatile = l->source->unkeyed || l->source->lenient;   // what is known already would warn nobody
}

static kal_status fit_meta(kal__loading *l, kal_error *err)
{
    bool failed;
    kal__meta *fits = kal__meta_for(l->meta, &l->source->header.extent, &failed);
    if (failed) return kal_fail(err, KAL_NOMEM, "out of memory for metadata");
    kal__meta_unref(&l->meta);
    l->meta = fits;
    return KAL_OK;
}

// Whether the picture will be turned is part of the stored rows' name, because it decides what becomes of the EXIF tag.
typedef struct stored_p {
    size_t size;
    bool upright;
    int32_t shrink, page;
    kal__layout layout;
    bool lenient;
    int32_t
        left_out;   // which blocks of metadata were too large: an op that looks at one sees another picture
} stored_p;
static const kal_param stored_params[] = {
    {"upright", KAL_PARAM_BOOL, offsetof(stored_p, upright), 1, NULL, 0, 0, "", ""},
    {"shrink", KAL_PARAM_INT, offsetof(stored_p, shrink), 1, NULL, 1, 1024, "", ""},
    {"page", KAL_PARAM_INT, offsetof(stored_p, page), 1, NULL, 0, 1e9, "", ""},
    {"width", KAL_PARAM_INT, offsetof(stored_p, layout.width), 0, NULL, 0, KAL_MAX_SIDE, "", ""},
    {"height", KAL_PARAM_INT, offsetof(stored_p, layout.height), 0, NULL, 0, KAL_MAX_SIDE, "", ""},
    {"channels", KAL_PARAM_INT, offsetof(stored_p, layout.channels), 0, NULL, 0, KAL_MAX_CHANNELS, "", ""},
    {"type", KAL_PARAM_CHOICE, offsetof(stored_p, layout.type), 0, NULL, 0, 0, KAL_TYPES, ""},
    {"skip", KAL_PARAM_FLOAT, offsetof(stored_p, layout.skip), 0, NULL, 0, 1e15, "", ""},
    {"order", KAL_PARAM_CHOICE, offsetof(stored_p, layout.order), 0, NULL, 0, 0, "little|big", ""},
    {"planar", KAL_PARAM_BOOL, offsetof(stored_p, layout.planar), 0, NULL, 0, 0, "", ""},
    {"lenient", KAL_PARAM_BOOL, offsetof(stored_p, lenient), 0, NULL, 0, 0, "", ""},
    {"left_out", KAL_PARAM_INT, offsetof(stored_p, left_out), 0, NULL, 0, 1 << KAL__BLOBS, "", ""}};
#define STORED_PARAMS (sizeof stored_params / sizeof *stored_params)
#define STORED_FIRST 3   // those after them came later
static const kal__schema stored_schema = {stored_params, STORED_PARAMS, sizeof(stored_p), "load",
                                          STORED_PARAMS - STORED_FIRST};

static int32_t blocks_left_out(const kal__meta *m)
{
    int32_t blocks = 0;
    for (int i = 0; i < KAL__BLOBS; i++) blocks |= (m->left_out[i] > 0) << i;
    return blocks;
}

static kal_status decode_node(kal__loading *l, kal_node **out, kal_error *err)
{
    const kal__codec *c = l->source->codec;
    if (l->source->lenient)
        l->source->header.part_rows = 0, l->source->header.part_unseen = false;   // in order
    const char *version = l->source->unkeyed ? "" : c->version();   // such a key is of this run's alone
    if (!version) return kal_fail(err, KAL_UNSUPPORTED, "%s: the library for it cannot be loaded", c->name);
    kal_key key;
    const stored_p p = {.size = sizeof p,
                        .upright = l->meta->applied || l->meta->orientation == 1,
                        .shrink = l->source->shrink,
                        .page = l->source->page,
                        .layout = l->source->layout,
                        .lenient = l->source->lenient,
                        .left_out = blocks_left_out(l->meta)};
    const kal__key_parts parts = {.kind = KAL__DECODE,
                                  .what = c->name,
                                  .version = version,
                                  .schema = stored_schema,
                                  .params = &p,
                                  .digest = &l->source->digest};
    kal_status st = kal__make_key(&parts, &key, err);
    if (st) return st;
    const kal_call call = {.op = &kal__op_load, .params = &p, .extent = l->source->header.extent};
    *out = kal__intern(KAL__DECODE, key, &call, stored_params, STORED_PARAMS, sizeof p, fill_decode, l);
    if (!*out) return kal_fail(err, KAL_NOMEM, "out of memory for a node (load)");
    kal__node_set_source(*out, l->source);   // the place seen last is the likeliest to be there still
    return KAL_OK;
}

// The op that undoes orientations, if there is one: one of ours, so that a key says what it means everywhere.
static const kal_op *upright_op(void)
{
    for (size_t i = 0; i < kal__n_ops; i++)
        if (kal__ops[i]->flags & KAL_OP_UPRIGHT) return kal__ops[i];
    return NULL;
}

// Its parameter in a params struct: an orientation less 1.
static int32_t *turn_of(const kal_op *op, void *params)
{
    return (int32_t *)(void *)((unsigned char *)params + op->params[0].offset);
}

kal_status kal__turn_upright(kal_node **node, int orientation, kal_error *err)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal_op *op = upright_op();
    if (orientation == 1) return KAL_OK;
    if (!op) return kal_fail(err, KAL_INTERNAL, "there is no op to turn with");
    kal__params_default(kal__schema_of(op), params);
    *turn_of(op, params) = orientation - 1;
    kal_node *in = *node;
    const kal_status st = kal__apply(op, params, &in, 1, node, err);
    if (!st)
        kal_node_unref(&in);
    else
        *node = in;
    return st;
}

int kal__undone_by(int orientation)
{
    return orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
}

static kal_status shrink_to(kal__source *s, int32_t by, const char *name, kal_error *err)
{
    s->shrink = by;
    if (by == 1) return KAL_OK;
    if (by & (by - 1)) return kal_fail(err, KAL_INVALID, "load: shrink=%d; it is a power of two", by);
    if (!(s->header.shrinks & (uint32_t)by))
        return kal_fail(err, KAL_INVALID, "%s: this %s cannot be decoded at 1/%d of its size; use resize",
                        name, s->codec->name, by);
    s->codec->shrink(&s->header, by);
    return KAL_OK;
}

static kal_status stored_smaller(const kal_node *n, int32_t by, kal_node **out, kal_error *err)
{
    kal__source *s = kal__node_source(n);
    kal_status st = KAL_OK;
    if (s->shrink == 1 && (s->header.shrinks & (uint32_t)by) && !s->once) {   // two sizes would read it twice
        kal__loading l = {.source = kal__source_copy(s, s->origin), .meta = n->meta};
        st = l.source ? shrink_to(l.source, by, "load", err)
                      : kal_fail(err, KAL_NOMEM, "out of memory for a source");
        if (!st) st = decode_node(&l, out, err);
        kal__source_unref(&l.source);
    }
    kal__source_unref(&s);
    return st;
}

kal_status kal__load_smaller(const kal_node *n, int32_t by, kal_node **out, kal_error *err)
{
    *out = NULL;
    if (n->kind == KAL__DECODE) return stored_smaller(n, by, out, err);
    if (!kal__is_upright_load(n)) return KAL_OK;
    kal_node *stored;
    kal_status st = stored_smaller(kal__input(n, 0), by, &stored, err);
    if (!st && stored) st = kal__apply(n->call.op, n->call.params, &stored, 1, out, err);
    kal_node_unref(&stored);
    return st;
}

// The header is read: the stored rows become a node, turned if that is wanted.
static kal_status make_node(kal__loading *l, int32_t shrink, bool upright, kal_node **out, kal_error *err)
{
    const char *name = kal__source_name(l->source);
    kal_status st = KAL_OK;
    if (l->ask.page && !l->source->codec->pages) st = kal__no_page(name, l->ask.page, 1, err);
    if (!st) st = shrink_to(l->source, shrink, name, err);
    if (!st) st = fit_meta(l, err);
    if (!st) l->meta->format = l->source->codec->name, l->meta->bytes = l->source->once ? 0 : l->source->size;
    if (!st) l->meta->applied = upright && l->meta->orientation != 1;
    if (!st) st = decode_node(l, out, err);
    if (!st && l->meta->applied) st = kal__turn_upright(out, l->meta->orientation, err);
    if (st) kal_node_unref(out);
    return st;
}

// No option that makes another picture of the file, where it is upright. (Those of samples alone come with a format.)
static bool is_plain(const kal__load_p *p)
{
    return (!p->format || !*p->format) && p->shrink == 1 && !p->page && p->keyed && !p->lenient &&
           !p->preview;
}

kal_node *kal__known_for(kal_node *known, bool upright)
{
    if (known && !upright && kal__is_upright_load(known)) kal_node_unref(&known);
    return known;
}

static kal_status load_within(kal__origin *origin, kal__slab *bytes, size_t size, const kal__load_p *p,
                              const kal_limits *limits, kal_node **out, kal_error *err)
{
    *out = NULL;
    const char *name = origin ? origin->name : "bytes in memory";
    kal__load_p checked = *p;
    kal__loading l = {.source = kal__new_zero(1, sizeof(kal__source)), .meta = kal__meta_new()};
    l.limits = kal__limits_count();
    l.ask.limits = *limits;
    l.plain = origin && is_plain(p);
    l.upright = p->upright;
    l.ask.page = p->page;
    l.ask.lenient = p->lenient;
    l.ask.layout = (kal__layout){.width = p->width,
                                 .height = p->height,
                                 .channels = p->channels,
                                 .type = p->type,
                                 .skip = p->skip,
                                 .order = p->order,
                                 .planar = p->planar};
    l.unkeyed = !p->keyed;
    kal_status st = kal__params_check(kal__schema_of(&kal__op_load), &checked, err);
    if (!st && checked.skip != (double)(uint64_t)checked.skip)
        st = kal_fail(err, KAL_INVALID, "load: skip=%.15g is not a whole number", checked.skip);
    if (!st && (!l.source || !l.meta)) st = kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    if (l.source) l.source->refs = 1, l.source->page = p->page, l.source->lenient = p->lenient;
    if (!st && !(l.ask.places = l.source->places = kal__places_new()))
        st = kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    if (st) {
        kal__origin_unref(&origin);
        kal__slab_unref(&bytes);
    } else if (p->preview) {
        st = kal__source_read_preview(&l, origin, bytes, size, p->format, err);
    } else {
        st = origin ? kal__source_read(&l, origin, p->format, err)
                    : kal__source_read_bytes(&l, bytes, size, p->format, err);
    }
    *out = l.known;
    if (!st && !l.known) st = make_node(&l, p->shrink, p->upright, out, err);
    const bool same = p->upright || (l.meta && l.meta->orientation == 1);
    if (!st && !l.known && l.plain && same && l.source->pinned && !l.source->unkeyed)
        kal__picture_remember(&l.source->stamp, l.limits, *out);
    kal__meta_unref(&l.meta);
    kal__source_unref(&l.source);
    return st == KAL_IO && err->status ? err->status : st;
}

kal_status kal__load_now(kal__origin *origin, kal__slab *bytes, size_t size, const kal__load_p *p,
                         kal_node **out, kal_error *err)
{
    kal_limits limits;
    kal_limits_get(&limits);
    return load_within(origin, bytes, size, p, &limits, out, err);
}

kal_status kal__load_made(kal__slab *bytes, size_t size, kal_node **out, kal_error *err)
{
    kal__load_p p;
    kal_limits limits;
    kal_limits_get(&limits);
    limits.formats = 0;
    kal__params_default(kal__schema_of(&kal__op_load), &p);
    p.upright = false;
    return load_within(NULL, bytes, size, &p, &limits, out, err);
}

// ---- other pages --------------------------------------------------------------------------------

static kal_status stored_of(kal_node *picture, kal_node **stored, kal_error *err)
{
    const kal_status st = kal_node_error(picture, err);
    if (st) return st;
    *stored = kal__is_upright_load(picture) ? kal__input(picture, 0) : picture;
    return (*stored)->kind == KAL__DECODE
               ? KAL_OK
               : kal_fail(err, KAL_INVALID,
                          "page: pages are of a picture as it was loaded, with no op on it");
}

// Nothing is digested again.
kal_status kal__page_now(kal_node *picture, int32_t page, kal__reel *reel, kal_node **out, kal_error *err)
{
    kal_node *stored = NULL;
    *out = NULL;
    kal_status st = stored_of(picture, &stored, err);
    if (st) return st;
    const stored_p *p = stored->call.params;
    kal__source *s = kal__node_source(stored);
    if (page < 0 || (page >= stored->meta->pages && !s->once)) {
        st = kal__no_page(kal__source_name(s), page, stored->meta->pages, err);
    } else if (s->once && !page && stored->meta->pages == 1) {
        *out = kal_node_ref(picture);   // all there is
    } else if (s->once) {
        st =
            kal_fail(err, KAL_INVALID, "%s: is a stream of more than is kept, and its pages can be read once",
                     kal__source_name(s));
    } else {
        kal__loading l = {.source = kal__source_copy(s, s->origin), .meta = kal__meta_new()};
        kal_limits_get(&l.ask.limits);
        l.ask.page = page;
        l.ask.layout = s->layout;
        l.ask.lenient = s->lenient;
        if (!l.source || !l.meta)
            st = kal_fail(err, KAL_NOMEM, "%s: out of memory", kal__source_name(s));
        else
            l.ask.places = l.source->places, st = kal__source_read_page(&l, page, reel, err);
        if (!st) st = make_node(&l, p->shrink, p->upright, out, err);
        kal__meta_unref(&l.meta);
        kal__source_unref(&l.source);
    }
    kal__source_unref(&s);
    return st == KAL_IO && err->status ? err->status : st;
}

// Page 0 was loaded with the stream; it leaves its decoder on the reel, from which the next ones go on.
static kal_status load_onward(kal_node *stored, int32_t page, kal__reel *reel, bool *last, kal_node **out,
                              kal_error *err)
{
    const stored_p *p = stored->call.params;
    kal__source *s = kal__node_source(stored);
    kal__loading l = {.source = kal__source_copy(s, s->origin), .meta = kal__meta_derive(stored->meta)};
    kal_status st = KAL_OK;
    if (!l.source || !l.meta) {
        st = kal_fail(err, KAL_NOMEM, "%s: out of memory", kal__source_name(s));
    } else {
        kal__reel_unref(&l.source->reel);
        l.source->reel = kal__reel_ref(reel);
        l.source->page = l.ask.page = page;
        if (page) st = kal__coding_next(l.source, &l.source->header, l.meta, last, err);
        if (!st && !*last) st = make_node(&l, p->shrink, p->upright, out, err);
    }
    kal__meta_unref(&l.meta);
    kal__source_unref(&l.source);
    kal__source_unref(&s);
    return st == KAL_IO && err->status ? err->status : st;
}

kal_status kal__page_of_stream_now(kal_node *picture, int32_t page, kal__reel *reel, bool *last,
                                   kal_node **out, kal_error *err)
{
    kal_node *stored;
    *out = NULL;
    *last = false;
    const kal_status st = stored_of(picture, &stored, err);
    return st ? st : load_onward(stored, page, reel, last, out, err);
}

kal_node *kal__page_of(kal_scope *scope, kal_node *picture, int32_t page, kal__reel *reel)
{
    kal_error err = {0};
    kal_node *node;
    const kal_status st = kal__open_page(picture, page, reel, NULL, &node, &err);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

kal_node *kal_page(kal_scope *scope, kal_node *picture, int32_t page)
{
    return kal__page_of(scope, picture, page, NULL);
}

// ---- printing -----------------------------------------------------------------------------------

static void print_turn(kal__text *t, int orientation)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal_op *op = upright_op();
    const kal__schema s = kal__schema_of(op);
    kal__params_default(s, params);
    *turn_of(op, params) = orientation - 1;
    kal__putf(t, " | %s", op->name);
    kal__params_print(s, params, t);
}

bool kal__is_upright_load(const kal_node *n)
{
    if (n->kind != KAL__APPLY || n->call.op != upright_op()) return false;
    const kal_node *stored = kal__input(n, 0);
    int32_t turn;
    memcpy(&turn, (const unsigned char *)n->call.params + n->call.op->params[0].offset, sizeof turn);
    return stored->kind == KAL__DECODE && stored->meta->applied && turn == stored->meta->orientation - 1;
}

static void print_path(kal__text *t, const kal_node *stored)
{
    kal__source *s = kal__node_source(stored);
    char key[33];
    if (*kal__source_path(s)) {
        kal__puts(t, "load ");
        kal__put_string(t, kal__source_path(s));
    } else {
        kal_key_print(stored->key, key);
        kal__putf(t, "input i%.12s key=%s", key, key);
    }
    kal__source_unref(&s);
}

void kal__load_told(const kal_node *n, kal__text *t)
{
    kal__params_print((kal__schema){stored_params, STORED_PARAMS, sizeof(stored_p), "load", 0},
                      n->call.params, t);
}

// What a load of the stored rows is told, each behind a space.
static void print_told(const kal_node *stored, kal__text *t)
{
    const stored_p *p = stored->call.params;
    kal__source *s = kal__node_source(stored);
    if (p->shrink != 1) kal__putf(t, " shrink=%d", p->shrink);
    if (p->page) kal__putf(t, " page=%d", p->page);
    if (s->codec->told) kal__putf(t, " format=%s", s->codec->name);
    for (size_t i = STORED_FIRST; i < STORED_PARAMS - 1; i++)
        if (!kal__param_is_default(&stored_params[i], p))
            kal__params_print((kal__schema){&stored_params[i], 1, sizeof *p, "load", 0}, p, t);
    if (s->preview) kal__puts(t, " preview=true");
    if (s->unkeyed) kal__puts(t, " keyed=false");
    if (!p->upright) kal__puts(t, " upright=false");
    kal__source_unref(&s);
}

kal_status kal_node_loaded_params(const kal_node *node, kal_bytes *out, kal_error *err)
{
    char *text;
    kal__text t = {0};
    *out = (kal_bytes){NULL, 0};
    if (!node || node->kind != KAL__DECODE) return kal_fail(err, KAL_INVALID, "the node was not loaded");
    print_told(node, &t);
    if (!kal__text_done(&t, &text, &out->size)) return kal_fail(err, KAL_NOMEM, "out of memory for a text");
    out->data = (unsigned char *)text;
    return KAL_OK;
}

void kal__load_print(const kal_node *n, kal__text *t)
{
    const bool turned = n->kind == KAL__APPLY;
    const kal_node *stored = turned ? kal__input(n, 0) : n;
    const stored_p *p = stored->call.params;
    kal__source *s = kal__node_source(stored);
    const bool file = *kal__source_path(s) != 0;
    kal__source_unref(&s);
    print_path(t, stored);
    if (file) print_told(stored, t);
    if (turned && !file)   // a binding names the stored rows; they are turned like any others
        print_turn(t, stored->meta->orientation);
    if (!turned && file && p->upright && stored->meta->applied)
        print_turn(t, kal__undone_by(stored->meta->orientation));
}

#define PARAMS kal__load_p
static const kal_param load_params[] = {KAL__LOAD_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static kal_status load_extent(const kal_call *c, void *p, kal_extent *out, kal_error *err)
{
    (void)c, (void)p, (void)out;
    return kal_fail(err, KAL_INTERNAL, "load is not an op on images");
}

const kal_op kal__op_load = {
    .name = "load",
    .version = 1,
    .family = "files",
    .help =
        "The picture in a file, upright\n"
        "The format is told by the content. Nothing but the header is read until pixels are needed; a "
        "file that changes\n"
        "afterwards is an error, never stale pixels. A path of - reads standard input, one that begins with "
        "https:// or http:// the web.",
    .inputs = "",
    .params = load_params,
    .n_params = sizeof load_params / sizeof *load_params,
    .params_size = sizeof(kal__load_p),
    .flags = KAL_OP_SOURCE,
    .cost = 2,
    .extent = load_extent,
};

#define AGAIN 4   // times that a path is looked at, of which another file takes the place while it is read

kal_status kal__load_apply(const kal__load_p *p, kal_node **out, kal_error *err)
{
    kal__origin *origin;
    if (!p->path || !*p->path) return kal_fail(err, KAL_INVALID, "load: which file? load \"photo.jpg\"");
    if (is_plain(p) && (*out = kal__known_for(kal__picture_at(p->path, kal__limits_count()), p->upright)))
        return KAL_OK;
    kal_status st = KAL_CHANGED;
    for (int i = 0; i < AGAIN && st == KAL_CHANGED; i++) {
        st = kal__origin_file(p->path, &origin, err);
        if (!st) st = kal__open(origin, NULL, 0, p, out, err);
    }
    return st;
}
