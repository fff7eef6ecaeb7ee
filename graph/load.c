// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files, bytes and samples become nodes. The only place that reads a file while a graph is built: header and digest, then closed.
#include "load.h"

#include "apply.h"
#include "coding.h"
#include "hashing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- limits -------------------------------------------------------------------------------------

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static kal_limits limits = {.pixels = (uint64_t)1 << 30,
                            .file_bytes = (uint64_t)1 << 33,
                            .scans = 200,
                            .meta_bytes = (uint64_t)16 << 20};

pthread_mutex_t *kal__limits_mutex(void)
{
    return &lock;
}

void kal_limits_get(kal_limits *out)
{
    pthread_mutex_lock(&lock);
    *out = limits;
    pthread_mutex_unlock(&lock);
}

void kal_limits_set(const kal_limits *in)
{
    pthread_mutex_lock(&lock);
    limits = *in;
    pthread_mutex_unlock(&lock);
}

// ---- sources ------------------------------------------------------------------------------------

typedef struct loading {
    kal__source *source;
    kal__meta *meta;
    kal_limits limits;
} loading;

static kal_status read_header(loading *l, const unsigned char *bytes, size_t size, const char *name,
                              const char *format, kal_error *err)
{
    kal_status st = kal__codec_for_bytes(bytes, size, name, format, &l->source->codec, err);
    if (st) return st;
    kal__reader *r;
    st = kal__open_memory(bytes, size, name, &r, err);
    if (st) return st;
    st = l->source->codec->header(r, &l->limits, &l->source->header, l->meta, err);
    r->close(r);
    return st;
}

static kal_status keep_bytes(loading *l, const void *data, size_t size, kal_error *err)
{
    l->source->bytes = kal__slab_new(size);
    if (!l->source->bytes) return kal_fail(err, KAL_NOMEM, "out of memory for %zu bytes", size);
    if (size) memcpy(l->source->bytes->data, data, size);
    l->source->size = size;
    return KAL_OK;
}

static kal_status read_small(loading *l, kal__reader *file, const char *format, kal_error *err)
{
    unsigned char *bytes;
    size_t size;
    kal_status st = kal__read_all(file, l->limits.file_bytes, &bytes, &size, err);
    if (st) return st;
    l->source->digest = kal__hash_of(bytes, size);
    l->source->size = size;
    st = read_header(l, bytes, size, file->name, format, err);
    free(bytes);
    return st;
}

// In one pass: its first bytes say what it is, then the header is read, then the rest is digested.
static kal_status read_stream(loading *l, kal__reader *r, const char *format, kal_error *err)
{
    const unsigned char *front;
    const uint64_t most = l->limits.file_bytes;
    const ptrdiff_t n = kal__hashing_peek(r, &front, err);
    if (n < 0) return err->status;
    kal_status st = kal__codec_for_bytes(front, (size_t)n, r->name, format, &l->source->codec, err);
    if (st) return st;
    if (!l->source->codec->streams && r->size && r->size <= KAL__SMALL_FILE)
        return read_small(l, r, format, err);
    st = l->source->codec->header(r, &l->limits, &l->source->header, l->meta, err);
    if (!st) st = kal__hashing_end(r, most, &l->source->digest, err);
    l->source->size = (size_t)r->position;
    return st;
}

static kal_status read_file(loading *l, kal__reader *file, const char *format, kal_error *err)
{
    if (file->size > l->limits.file_bytes) {
        kal_fail(err, KAL_LIMIT, "%s: %zu bytes are more than the limit of %llu", file->name, file->size,
                 (unsigned long long)l->limits.file_bytes);
        file->close(file);
        return KAL_LIMIT;
    }
    kal__reader *r = kal__hashing_new(file);
    if (!r) return kal_fail(err, KAL_NOMEM, "out of memory for a file");
    const kal_status st = read_stream(l, r, format, err);
    r->close(r);
    return st;
}

// The header again, with everything in memory: it may find parts then.
static kal_status look_for_parts(loading *l, const char *format, kal_error *err)
{
    kal__reader *file;
    kal__origin *o = l->source->origin;
    if (!l->source->header.part_unseen || l->source->size > KAL__SMALL_FILE) return KAL_OK;
    kal__meta_unref(&l->meta);
    l->meta = kal__meta_new();
    if (!l->meta) return kal_fail(err, KAL_NOMEM, "%s: out of memory", o->name);
    kal_status st = o->open(o, &file, &l->source->stamp, err);
    if (st) return st;
    st = read_small(l, file, format, err);
    file->close(file);
    return st;
}

// All of it is there already: kept as it is.
static kal_status keep_stream(loading *l, unsigned char *bytes, size_t size, const char *name,
                              const char *format, kal_error *err)
{
    l->source->digest = kal__hash_of(bytes, size);
    l->source->size = size;
    kal_status st = read_header(l, bytes, size, name, format, err);
    if (!st) st = keep_bytes(l, bytes, size, err);
    free(bytes);
    return st;
}

// A key of this run's alone: nothing tells what the rest will be.
static kal_key passing_key(void)
{
    static uint64_t count;
    const uint64_t what[4] = {(uint64_t)getpid(), (uint64_t)(kal__now() * 1e9), (uint64_t)(uintptr_t)&count,
                              __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED)};
    return kal__hash_of(what, sizeof what);
}

// Only the front is kept, for the header, until its pixels are computed.
static kal_status keep_front(loading *l, unsigned char *front, size_t n, kal__reader *rest,
                             const char *format, kal_error *err)
{
    const char *name = l->source->origin->name;
    kal_status st = read_header(l, front, n, name, format, err);
    if (!st && !l->source->codec->streams)
        st = kal_fail(err, KAL_UNSUPPORTED,
                      "%s: %s is not decoded from a stream of more than %zu bytes; use a file", name,
                      l->source->codec->name, KAL__SMALL_FILE);
    if (st) {
        free(front);
        rest->close(rest);
        return st;
    }
    kal__origin *whole;
    st = kal__origin_rest(name, front, n, rest, l->limits.file_bytes, l->source->origin->waits, &whole, err);
    if (st) return st;
    kal__origin_unref(&l->source->origin);
    l->source->origin = whole;
    l->source->once = true;
    l->source->header.part_rows =
        0;   // there may be parts in the front, but nothing will be there to find them in
    l->source->header.part_unseen = false;
    l->source->size = SIZE_MAX;
    l->source->digest = passing_key();
    return KAL_OK;
}

// A stream that was kept has no more to give: only its name stays.
static kal_status let_go(loading *l, kal_error *err)
{
    kal__origin *name;
    const kal_status st = kal__origin_name(l->source->origin->name, &name, err);
    if (st) return st;
    kal__origin_unref(&l->source->origin);
    l->source->origin = name;
    return KAL_OK;
}

static kal_status load_stream(loading *l, kal__reader *r, const char *format, kal_error *err)
{
    unsigned char *bytes;
    size_t n;
    const uint64_t most = l->limits.file_bytes;
    kal_status st = kal__read_front(r, KAL__SMALL_FILE + 1, &bytes, &n, err);
    const char *name = l->source->origin->name;
    if (!st && n > most) {
        free(bytes);
        st =
            kal_fail(err, KAL_LIMIT, "%s: more than the limit of %llu bytes", name, (unsigned long long)most);
    }
    if (!st && n > KAL__SMALL_FILE) return keep_front(l, bytes, n, r, format, err);
    if (!st) st = keep_stream(l, bytes, n, name, format, err);
    r->close(r);
    return st ? st : let_go(l, err);
}

// Takes the caller's reference to the origin.
static kal_status load_origin(loading *l, kal__origin *origin, const char *format, kal_error *err)
{
    kal__reader *file;
    l->source->origin = origin;
    kal_status st = origin->open(origin, &file, &l->source->stamp, err);
    if (st) return st;
    if (!file->regular) return load_stream(l, file, format, err);
    st = read_file(l, file, format, err);
    return st ? st : look_for_parts(l, format, err);
}

static kal_status load_memory(loading *l, kal__slab *bytes, size_t size, const char *format, kal_error *err)
{
    l->source->bytes = bytes;
    l->source->size = size;
    l->source->digest = kal__hash_of(bytes->data, size);
    return read_header(l, bytes->data, size, kal__source_name(l->source), format, err);
}

// ---- nodes --------------------------------------------------------------------------------------

static void fill_decode(kal_node *node, void *arg)
{
    const loading *l = arg;
    node->u.source = kal__source_ref(l->source);
    node->meta = kal__meta_ref(l->meta);
    node->is_volatile = l->source->once;
}

static kal_status fit_meta(loading *l, kal_error *err)
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
    int32_t shrink;
} stored_p;
static const kal_param stored_params[] = {
    {"upright", KAL_PARAM_BOOL, offsetof(stored_p, upright), 1, NULL, 0, 0, "", ""},
    {"shrink", KAL_PARAM_INT, offsetof(stored_p, shrink), 1, NULL, 1, 8, "", ""}};
#define STORED_PARAMS (sizeof stored_params / sizeof *stored_params)
static const kal__schema stored_schema = {stored_params, STORED_PARAMS, sizeof(stored_p), "load", 0};

static kal_status decode_node(loading *l, kal_node **out, kal_error *err)
{
    const kal__codec *c = l->source->codec;
    const char *version = c->version();
    if (!version) return kal_fail(err, KAL_UNSUPPORTED, "%s: the library for it cannot be loaded", c->name);
    kal_key key;
    const stored_p p = {sizeof p, l->meta->applied || l->meta->orientation == 1, l->source->shrink};
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

static kal_status turn_upright(kal_node **node, int orientation, kal_error *err)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    const kal_op *op = upright_op();
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

static kal_status shrink_to(kal__source *s, int32_t by, const char *name, kal_error *err)
{
    s->shrink = by;
    if (by == 1) return KAL_OK;
    if (by & (by - 1)) return kal_fail(err, KAL_INVALID, "load: shrink=%d; it is 1, 2, 4 or 8", by);
    if (by > s->codec->shrinks)
        return kal_fail(err, KAL_INVALID, "%s: %s cannot be decoded at 1/%d of its size; use resize", name,
                        s->codec->name, by);
    s->codec->shrink(&s->header, by);
    return KAL_OK;
}

static kal_status stored_smaller(const kal_node *n, int32_t by, kal_node **out, kal_error *err)
{
    kal__source *s = kal__node_source(n);
    kal_status st = KAL_OK;
    if (s->shrink == 1 && by <= s->codec->shrinks && !s->once) {   // two sizes would read it twice
        loading l = {.source = kal__source_copy(s, s->origin), .meta = n->meta};
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

// From an origin, or from bytes in memory: takes the caller's reference, whatever happens.
static kal_status load(kal__origin *origin, kal__slab *bytes, size_t size, const kal__load_p *p,
                       kal_node **out, kal_error *err)
{
    *out = NULL;
    const char *name = origin ? origin->name : "bytes in memory";
    kal__load_p checked = *p;
    loading l = {.source = kal__new_zero(1, sizeof(kal__source)), .meta = kal__meta_new()};
    kal_limits_get(&l.limits);
    kal_status st = kal__params_check(kal__schema_of(&kal__op_load), &checked, err);
    if (!st && (!l.source || !l.meta)) st = kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    if (l.source) l.source->refs = 1;
    if (st) {
        kal__origin_unref(&origin);
        kal__slab_unref(&bytes);
    } else {
        st = origin ? load_origin(&l, origin, p->format, err) : load_memory(&l, bytes, size, p->format, err);
    }
    if (!st) st = shrink_to(l.source, p->shrink, kal__source_name(l.source), err);
    if (!st) st = fit_meta(&l, err);
    if (!st) l.meta->format = l.source->codec->name, l.meta->bytes = l.source->once ? 0 : l.source->size;
    if (!st) l.meta->applied = p->upright && l.meta->orientation != 1;
    if (!st) st = decode_node(&l, out, err);
    if (!st && l.meta->applied) st = turn_upright(out, l.meta->orientation, err);
    if (st) kal_node_unref(out);
    kal__meta_unref(&l.meta);
    kal__source_unref(&l.source);
    return st == KAL_IO && err->status ? err->status : st;
}

// ---- printing -----------------------------------------------------------------------------------

// The orientation that is undone by the turn that another one is: quarter turns are each other's inverse, the others their own.
static int inverse(int orientation)
{
    return orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
}

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

void kal__load_print(const kal_node *n, kal__text *t)
{
    const bool turned = n->kind == KAL__APPLY;
    const kal_node *stored = turned ? kal__input(n, 0) : n;
    kal__source *s = kal__node_source(stored);
    const bool file = *kal__source_path(s) != 0;
    kal__source_unref(&s);
    print_path(t, stored);
    if (!file) {   // a binding names the stored rows; they are turned like any others
        if (turned) print_turn(t, stored->meta->orientation);
        return;
    }
    const stored_p *p = stored->call.params;
    if (p->shrink != 1) kal__putf(t, " shrink=%d", p->shrink);
    if (!p->upright) {
        kal__puts(t, " upright=false");
    } else if (!turned && stored->meta->applied) {
        print_turn(t, inverse(stored->meta->orientation));
    }
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
    .help = "The picture in a file, upright\n"
            "The format is told by the content. Nothing but the header is read until pixels are needed; a "
            "file that changes\n"
            "afterwards is an error, never stale pixels. A path of - reads standard input.",
    .inputs = "",
    .params = load_params,
    .n_params = sizeof load_params / sizeof *load_params,
    .params_size = sizeof(kal__load_p),
    .flags = KAL_OP_SOURCE,
    .cost = 2,
    .extent = load_extent,
};

kal_status kal__load_apply(const kal__load_p *p, kal_node **out, kal_error *err)
{
    kal__origin *origin;
    if (!p->path || !*p->path) return kal_fail(err, KAL_INVALID, "load: which file? load \"photo.jpg\"");
    const kal_status st = kal__origin_file(p->path, &origin, err);
    return st ? st : load(origin, NULL, 0, p, out, err);
}

static kal_status parse_params(const char *text, kal__load_p *p, kal__arena *arena, kal_error *err)
{
    const kal__schema s = kal__schema_of(&kal__op_load);
    kal__params_default(s, p);
    return text ? kal__params_parse(s, p, text, &(kal__param_context){NULL, arena}, err) : KAL_OK;
}

kal_node *kal_load(kal_scope *scope, const char *path, const char *params)
{
    kal__load_p p;
    kal_error err = {KAL_OK, ""};
    kal_node *node = NULL;
    kal__arena arena = {0};
    kal_status st = parse_params(params, &p, &arena, &err);
    if (path) p.path = path;
    if (!st) st = kal__load_apply(&p, &node, &err);
    kal__arena_free(&arena);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

// From what was opened (`st` says how that went): its reference is taken.
static kal_node *load_opened(kal_scope *scope, kal__origin *origin, kal__slab *bytes, size_t size,
                             const char *params, kal_status st, kal_error *err)
{
    kal__load_p p;
    kal_node *node = NULL;
    kal__arena arena = {0};
    if (!st) {
        st = parse_params(params, &p, &arena, err);
        if (!st) {
            st = load(origin, bytes, size, &p, &node, err);
        } else {
            kal__origin_unref(&origin);
            kal__slab_unref(&bytes);
        }
    }
    kal__arena_free(&arena);
    return st ? kal__error_node(scope, err) : kal__born(scope, node);
}

kal_node *kal_load_bytes(kal_scope *scope, const void *data, size_t size, const char *params)
{
    kal_error err = {KAL_OK, ""};
    const size_t n = data ? size : 0;
    kal__slab *bytes = kal__slab_new(n);
    if (bytes && n) memcpy(bytes->data, data, n);
    const kal_status st = bytes ? KAL_OK : kal_fail(&err, KAL_NOMEM, "out of memory for %zu bytes", n);
    return load_opened(scope, NULL, bytes, n, params, st, &err);
}

kal_node *kal_load_borrowed(kal_scope *scope, const void *data, size_t size, void (*release)(void *user),
                            void *user, const char *params)
{
    kal_error err = {KAL_OK, ""};
    kal__slab *bytes = kal__slab_borrow(data ? data : "", data ? size : 0, release, user);
    if (!bytes && release) release(user);
    const kal_status st = bytes ? KAL_OK : kal_fail(&err, KAL_NOMEM, "out of memory for a source");
    return load_opened(scope, NULL, bytes, data ? size : 0, params, st, &err);
}

kal_node *kal_load_fd(kal_scope *scope, int fd, const char *name, const char *params)
{
    kal__origin *origin;
    kal_error err = {KAL_OK, ""};
    const kal_status st = kal__origin_fd(fd, name, &origin, &err);
    return load_opened(scope, origin, NULL, 0, params, st, &err);
}

kal_node *kal_load_input(kal_scope *scope, const kal_input *input, const char *params)
{
    kal__origin *origin;
    kal_error err = {KAL_OK, ""};
    const kal_status st = kal__origin_calls(input, &origin, &err);
    return load_opened(scope, origin, NULL, 0, params, st, &err);
}
