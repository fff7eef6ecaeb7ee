// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files, bytes and samples become nodes. The only place that reads a file while a graph is built: header and digest, then closed.
#include "load.h"

#include "apply.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// ---- limits -------------------------------------------------------------------------------------

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static kal_limits limits = {.pixels = (uint64_t)1 << 30, .file_bytes = (uint64_t)1 << 33, .scans = 200,
                            .meta_bytes = (uint64_t)16 << 20};

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

// ---- codecs -------------------------------------------------------------------------------------

bool kal_codec_at(size_t i, kal_codec_info *out, const char **version)
{
    if (i >= kal__n_codecs) return false;
    const kal__codec *c = kal__codecs[i];
    *out = (kal_codec_info){c->name, c->suffixes, c->help, c->open != NULL, c->begin != NULL, c->params, c->n_params};
    if (version) *version = c->version();
    return true;
}

static bool word_in(const char *list, const char *word, size_t n)
{
    for (const char *w = list;; w++) {
        const size_t m = strcspn(w, "|");
        bool same = m == n;
        for (size_t i = 0; same && i < n; i++) same = w[i] == (word[i] | (word[i] >= 'A' && word[i] <= 'Z' ? 32 : 0));
        if (same) return true;
        w += m;
        if (!*w) return false;
    }
}

const kal__codec *kal__codec_named(const char *name)
{
    for (size_t i = 0; i < kal__n_codecs; i++)
        if (!strcmp(kal__codecs[i]->name, name) || word_in(kal__codecs[i]->suffixes, name, strlen(name)))
            return kal__codecs[i];
    return NULL;
}

static kal_status unknown_format(const char *where, const char *what, kal_error *err)
{
    char names[200] = "";
    for (size_t i = 0; i < kal__n_codecs; i++) {
        if (i) strcat(names, ", ");
        strcat(names, kal__codecs[i]->name);
    }
    return kal_fail(err, KAL_UNSUPPORTED, "%s: %s; the formats are %s", where, what, names);
}

kal_status kal__codec_for_path(const char *path, const char *format, const kal__codec **out, kal_error *err)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    *out = NULL;
    if (format && *format) {
        *out = kal__codec_named(format);
        if (!*out) return unknown_format(path, "there is no such format", err);
    } else if (!strcmp(path, "-")) {
        return unknown_format("-", "standard output has no suffix: say format=", err);
    } else {
        for (size_t i = 0; dot && i < kal__n_codecs && !*out; i++)
            if (word_in(kal__codecs[i]->suffixes, dot + 1, strlen(dot + 1))) *out = kal__codecs[i];
        if (!*out) return unknown_format(path, "the suffix tells no format; say format=", err);
    }
    if (!(*out)->begin) return kal_fail(err, KAL_UNSUPPORTED, "%s: %s can be read but not written", path, (*out)->name);
    return KAL_OK;
}

static kal_status codec_for_bytes(const unsigned char *head, size_t n, const char *name, const char *format,
                                  const kal__codec **out, kal_error *err)
{
    *out = NULL;
    if (format && *format) {
        *out = kal__codec_named(format);
        return *out ? KAL_OK : unknown_format(name, "there is no such format", err);
    }
    for (size_t i = 0; i < kal__n_codecs; i++)
        if (kal__codecs[i]->sniff(head, n)) {
            *out = kal__codecs[i];
            return KAL_OK;
        }
    if (!n) return kal_fail(err, KAL_CORRUPT, "%s: the file is empty", name);
    return unknown_format(name, "not an image in a known format", err);
}

// ---- sources ------------------------------------------------------------------------------------

typedef struct loading {
    kal__source *source;
    kal__meta *meta;
    kal_limits limits;
} loading;

static kal_status read_header(loading *l, const unsigned char *bytes, size_t size, const char *name, const char *format,
                              kal_error *err)
{
    kal_status st = codec_for_bytes(bytes, size, name, format, &l->source->codec, err);
    if (st) return st;
    kal__reader *r;
    st = kal__open_memory(bytes, size, name, &r, err);
    if (st) return st;
    st = l->source->codec->header(r, &l->limits, &l->source->header, l->meta, err);
    r->close(r);
    return st;
}

// A large file: the digest from one pass, the header from another, over the same descriptor's file.
static kal_status read_large(loading *l, kal__reader *file, const char *format, kal_error *err)
{
    const size_t room = (size_t)1 << 20;
    unsigned char *buffer = kal__new(room, 1);
    if (!buffer) return kal_fail(err, KAL_NOMEM, "%s: out of memory", file->name);
    kal__hash h;
    kal__hash_init(&h);
    ptrdiff_t n;
    kal_status st = KAL_OK;
    for (bool first = true; !st && (n = file->read(file, buffer, room, err)) != 0; first = false) {
        if (n < 0) st = KAL_IO;
        if (!st && first) st = codec_for_bytes(buffer, (size_t)n, file->name, format, &l->source->codec, err);
        if (!st) kal__hash_add(&h, buffer, (size_t)n);
        if (!st && file->position > l->limits.file_bytes)
            st = kal_fail(err, KAL_LIMIT, "%s: more than the limit of %llu bytes", file->name, (unsigned long long)l->limits.file_bytes);
    }
    free(buffer);
    l->source->digest = kal__hash_done(&h);
    l->source->size = (size_t)file->position;
    kal__reader *again = NULL;
    if (!st) st = kal__open_file(file->name, &again, NULL, err);
    if (!st) st = l->source->codec->header(again, &l->limits, &l->source->header, l->meta, err);
    if (again) again->close(again);
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

static kal_status read_small(loading *l, kal__reader *file, bool keep, const char *format, kal_error *err)
{
    unsigned char *bytes;
    size_t size;
    kal_status st = kal__read_all(file, l->limits.file_bytes, &bytes, &size, err);
    if (st) return st;
    l->source->digest = kal__hash_of(bytes, size);
    l->source->size = size;
    st = read_header(l, bytes, size, file->name, format, err);
    if (!st && keep) st = keep_bytes(l, bytes, size, err);
    free(bytes);
    return st;
}

static kal_status load_path(loading *l, const char *path, const char *format, kal_error *err)
{
    kal__reader *file;
    kal_status st = kal__open_file(path, &file, &l->source->stamp, err);
    if (st) return st;
    const bool standard = !strcmp(path, "-");
    if (standard || file->size <= KAL__SMALL_FILE)
        st = read_small(l, file, standard, format, err);
    else
        st = read_large(l, file, format, err);
    file->close(file);
    if (st || standard) return st;
    const size_t n = strlen(path) + 1;
    l->source->path = kal__new(n, 1);
    if (!l->source->path) return kal_fail(err, KAL_NOMEM, "%s: out of memory", path);
    memcpy(l->source->path, path, n);
    return KAL_OK;
}

static kal_status load_memory(loading *l, const void *data, size_t size, const char *format, kal_error *err)
{
    const kal_status st = keep_bytes(l, data, size, err);
    if (st) return st;
    l->source->digest = kal__hash_of(data, size);
    return read_header(l, l->source->bytes->data, size, "bytes in memory", format, err);
}

// ---- nodes --------------------------------------------------------------------------------------

static void fill_decode(kal_node *node, void *arg)
{
    const loading *l = arg;
    node->u.source = kal__source_ref(l->source);
    node->meta = kal__meta_ref(l->meta);
}

// Whether the picture will be turned is part of the stored rows' name, because it decides what becomes of the EXIF tag.
typedef struct stored_p {
    size_t size;
    bool upright;
} stored_p;
static const kal_param stored_params[] = {{"upright", KAL_PARAM_BOOL, offsetof(stored_p, upright), 1, NULL, 0, 0, "", ""}};
static const kal__schema stored_schema = {stored_params, 1, sizeof(stored_p), "load"};

static kal_status decode_node(loading *l, kal_node **out, kal_error *err)
{
    const kal__codec *c = l->source->codec;
    const char *version = c->version();
    if (!version) return kal_fail(err, KAL_UNSUPPORTED, "%s: the library for it cannot be loaded", c->name);
    kal_key key;
    const stored_p p = {sizeof p, l->meta->applied || l->meta->orientation == 1};
    const kal__key_parts parts = {.kind = KAL__DECODE, .what = c->name, .version = version, .schema = stored_schema,
                                  .params = &p, .digest = &l->source->digest};
    kal_status st = kal__make_key(&parts, &key, err);
    if (st) return st;
    const kal_call call = {.op = &kal__op_load, .params = &p, .extent = l->source->header.extent};
    *out = kal__intern(KAL__DECODE, key, &call, stored_params, 1, sizeof p, fill_decode, l);
    if (!*out) return kal_fail(err, KAL_NOMEM, "out of memory for a node (load)");
    kal__node_set_source(*out, l->source);   // the place seen last is the likeliest to be there still
    return KAL_OK;
}

static const char *const turn_words[] = {"none", "mirror", "half", "flip", "transpose", "right", "transverse", "left"};

static kal_status turn_upright(kal_node **node, int orientation, kal_error *err)
{
    const struct {
        size_t size;
        int32_t how;
    } params = {sizeof params, orientation - 1};
    const kal_op *turn = kal_op_find("turn");
    if (!turn) return kal_fail(err, KAL_INTERNAL, "there is no op to turn with");
    kal_node *in = *node;
    const kal_status st = kal__apply(turn, &params, &in, 1, node, err);
    if (!st) kal_node_unref(&in);
    else *node = in;
    return st;
}

static kal_status load(const char *path, const void *data, size_t size, const kal__load_p *p, kal_node **out, kal_error *err)
{
    *out = NULL;
    loading l = {.source = kal__new_zero(1, sizeof(kal__source)), .meta = kal__meta_new()};
    kal_limits_get(&l.limits);
    kal_status st = KAL_OK;
    if (!l.source || !l.meta)
        st = kal_fail(err, KAL_NOMEM, "out of memory for a source");
    else
        l.source->refs = 1;
    if (!st) st = path ? load_path(&l, path, p->format, err) : load_memory(&l, data, size, p->format, err);
    if (!st) l.meta->applied = p->upright && l.meta->orientation != 1;
    if (!st) st = decode_node(&l, out, err);
    if (!st && l.meta->applied) st = turn_upright(out, l.meta->orientation, err);
    if (st) kal_node_unref(out);
    kal__meta_unref(&l.meta);
    kal__source_unref(&l.source);
    return st;
}

// ---- printing -----------------------------------------------------------------------------------

// The turn that undoes EXIF orientation o: quarter turns are each other's inverse, the others their own.
static int32_t inverse_turn(int orientation)
{
    return (orientation == 6 ? 8 : orientation == 8 ? 6 : orientation) - 1;
}

bool kal__is_upright_load(const kal_node *n)
{
    if (n->kind != KAL__APPLY || n->call.n != 1 || strcmp(n->call.op->name, "turn")) return false;
    const kal_node *stored = kal__input(n, 0);
    return stored->kind == KAL__DECODE && stored->meta->applied &&
           *(const int32_t *)(const void *)((const unsigned char *)n->call.params + n->call.op->params[0].offset) ==
               stored->meta->orientation - 1;
}

static void print_path(kal__text *t, const kal_node *stored)
{
    kal__source *s = kal__node_source(stored);
    char key[33];
    if (s->path) {
        kal__puts(t, "load ");
        kal__put_string(t, s->path);
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
    const bool file = s->path != NULL;
    kal__source_unref(&s);
    print_path(t, stored);
    if (!file) {   // a binding names the stored rows; they are turned like any others
        if (turned) kal__putf(t, " | turn how=%s", turn_words[stored->meta->orientation - 1]);
    } else if (!((const stored_p *)stored->call.params)->upright) {
        kal__puts(t, " upright=false");
    } else if (!turned && stored->meta->applied) {
        kal__putf(t, " | turn how=%s", turn_words[inverse_turn(stored->meta->orientation)]);
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
            "The format is told by the content. Nothing but the header is read until pixels are needed; a file that changes\n"
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
    if (!p->path || !*p->path) return kal_fail(err, KAL_INVALID, "load: which file? load \"photo.jpg\"");
    return load(p->path, NULL, 0, p, out, err);
}

static kal_node *load_any(kal_scope *scope, const char *path, const void *data, size_t size, const char *params)
{
    kal__load_p p;
    kal_error err = {KAL_OK, ""};
    kal_node *node = NULL;
    kal__arena arena = {0};
    const kal__schema s = kal__schema_of(&kal__op_load);
    kal__params_default(s, &p);
    kal_status st = params ? kal__params_parse(s, &p, params, &(kal__param_context){NULL, &arena}, &err) : KAL_OK;
    if (!st && path) p.path = path;
    if (!st) st = path ? kal__load_apply(&p, &node, &err) : load(NULL, data, size, &p, &node, &err);
    kal__arena_free(&arena);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

kal_node *kal_load(kal_scope *scope, const char *path, const char *params)
{
    return load_any(scope, path ? path : "", NULL, 0, params);
}

kal_node *kal_load_bytes(kal_scope *scope, const void *data, size_t size, const char *params)
{
    return load_any(scope, NULL, data, data ? size : 0, params);
}

// ---- samples in memory --------------------------------------------------------------------------

static const kal_op op_pixels = {.name = "input", .version = 1, .family = "files", .help = "Samples in memory", .inputs = ""};

static void fill_pixels(kal_node *node, void *arg)
{
    node->u.pixels.slab = kal__slab_ref(arg);
}

static kal_status check_pixels(const kal_extent *e, const void *data, ptrdiff_t stride, size_t *bytes, kal_error *err)
{
    if (!e || !data) return kal_fail(err, KAL_INVALID, "pixels: no samples were given (NULL)");
    if (e->width < 1 || e->height < 1 || e->width > KAL_MAX_SIDE || e->height > KAL_MAX_SIDE || e->channels < 1 ||
        e->channels > KAL_MAX_CHANNELS || (unsigned)e->type > KAL_U32 || (unsigned)e->model > KAL_MASK)
        return kal_fail(err, KAL_INVALID, "pixels: %d×%d×%d is not the size of an image", e->width, e->height, e->channels);
    if (e->model == KAL_MASK && (e->type != KAL_U8 || e->channels != 1))
        return kal_fail(err, KAL_INVALID, "pixels: a mask is u8 with one channel");
    size_t row;
    if (!kal__mul((size_t)e->width, kal_pixel_size(e), &row) || !kal__mul(row, (size_t)e->height, bytes))
        return kal_fail(err, KAL_LIMIT, "pixels: the image is too large");
    if (stride < (ptrdiff_t)row && -stride < (ptrdiff_t)row)
        return kal_fail(err, KAL_INVALID, "pixels: a row has %zu bytes, and the stride is %td", row, stride);
    return KAL_OK;
}

static kal_status pixels_node(const kal_extent *e, const void *data, ptrdiff_t stride, kal_node **out, kal_error *err)
{
    size_t bytes;
    kal_status st = check_pixels(e, data, stride, &bytes, err);
    if (st) return st;
    kal__slab *slab = kal__slab_new(bytes);
    if (!slab) return kal_fail(err, KAL_NOMEM, "out of memory for %zu bytes of samples", bytes);
    const size_t row = bytes / (size_t)e->height;
    for (int32_t y = 0; y < e->height; y++)
        memcpy(slab->data + (size_t)y * row, (const unsigned char *)data + y * stride, row);
    kal_key digest, key;
    st = kal_content_key_of(e, slab->data, (ptrdiff_t)row, &digest, err);
    const kal__key_parts parts = {.kind = KAL__PIXELS, .what = "pixels", .version = "1", .digest = &digest};
    if (!st) st = kal__make_key(&parts, &key, err);
    const kal_call call = {.op = &op_pixels, .extent = *e};
    if (!st) {
        *out = kal__intern(KAL__PIXELS, key, &call, NULL, 0, 0, fill_pixels, slab);
        if (!*out) st = kal_fail(err, KAL_NOMEM, "out of memory for a node (pixels)");
    }
    kal__slab_unref(&slab);
    return st;
}

kal_node *kal_pixels(kal_scope *scope, const kal_extent *extent, const void *data, ptrdiff_t stride)
{
    kal_error err = {KAL_OK, ""};
    kal_node *node = NULL;
    const kal_status st = pixels_node(extent, data, stride, &node, &err);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

kal_status kal_content_key_of(const kal_extent *e, const void *pixels, ptrdiff_t stride, kal_key *out, kal_error *err)
{
    size_t bytes;
    const kal_status st = check_pixels(e, pixels, stride, &bytes, err);
    if (st) return st;
    kal__digest *d = kal__digest_new(e, kal_rect_all(e), out);
    if (!d) return kal_fail(err, KAL_NOMEM, "out of memory for a content key");
    for (int32_t y = 0; y < e->height; y++) kal__digest_row(d, (const unsigned char *)pixels + y * stride);
    kal__digest_free(&d);
    return KAL_OK;
}

// ---- encoded bytes ------------------------------------------------------------------------------

static void fill_encode(kal_node *node, void *arg)
{
    memcpy(&node->u.codec, arg, sizeof node->u.codec);
}

static kal_key meta_digest(const kal__meta *m)
{
    kal__hash h;
    kal__hash_init(&h);
    const kal__blob *const blobs[] = {m ? &m->exif : NULL, m ? &m->icc : NULL, m ? &m->xmp : NULL};
    for (size_t i = 0; i < 3; i++) {
        const uint32_t n = blobs[i] ? (uint32_t)blobs[i]->size : 0;
        const unsigned char le[4] = {(unsigned char)n, (unsigned char)(n >> 8), (unsigned char)(n >> 16), (unsigned char)(n >> 24)};
        kal__hash_add(&h, le, sizeof le);
        if (n) kal__hash_add(&h, blobs[i]->data, n);
    }
    const unsigned char upright = m && m->applied;
    kal__hash_add(&h, &upright, 1);
    return kal__hash_done(&h);
}

kal_status kal__encode(kal_node *image, const kal__codec *c, void *params, kal_node **out, kal_error *err)
{
    const kal__schema s = {c->params, c->n_params, c->params_size, c->name};
    kal_status st = kal__params_check(s, params, err);
    size_t memory;
    if (!st && !image->dynamic) st = c->accepts(&image->call.extent, params, &memory, err);
    const char *version = c->version();
    if (!st && !version) st = kal_fail(err, KAL_UNSUPPORTED, "%s: the library for it cannot be loaded", c->name);
    if (st) return st;
    const kal_call *in[1] = {&image->call};
    const kal_key meta = meta_digest(image->meta);
    const kal__key_parts parts = {.kind = KAL__ENCODE, .what = c->name, .version = version, .schema = s, .params = params,
                                  .digest = &meta, .in = in, .n = 1};
    kal_key key;
    st = kal__make_key(&parts, &key, err);
    if (st) return st;
    const kal_call call = {.op = NULL, .params = params, .n = 1, .in = in};
    *out = kal__intern(KAL__ENCODE, key, &call, c->params, c->n_params, c->params_size, fill_encode, &c);
    return *out ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a node (%s)", c->name);
}

static kal_status encode_text(kal_node *image, const kal__codec *c, const char *text, kal_node **out, kal_error *err)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    kal_status st = kal_node_error(image, err);
    if (!st && image->kind == KAL__ENCODE) st = kal_fail(err, KAL_INVALID, "%s: encoded bytes cannot be encoded again", c->name);
    if (st) return st;
    const kal__schema s = {c->params, c->n_params, c->params_size, c->name};
    kal__arena arena = {0};
    kal__params_default(s, params);
    if (text) st = kal__params_parse(s, params, text, &(kal__param_context){&image->call.extent, &arena}, err);
    if (!st) st = kal__encode(image, c, params, out, err);
    kal__arena_free(&arena);
    return st;
}

kal_node *kal_encode(kal_scope *scope, kal_node *image, const char *format, const char *params)
{
    kal_error err = {KAL_OK, ""};
    kal_node *node = NULL;
    const kal__codec *c = format ? kal__codec_named(format) : NULL;
    kal_status st = kal_node_error(image, &err);
    if (!st && !c) st = unknown_format(format ? format : "encode", "there is no such format", &err);
    if (!st && !c->begin) st = kal_fail(&err, KAL_UNSUPPORTED, "%s can be read but not written", c->name);
    if (!st) st = encode_text(image, c, params, &node, &err);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

kal_status kal_save(kal_node *image, const char *path, const char *params, const kal_options *options, kal_error *err)
{
    const kal__codec *c;
    kal_node *node = NULL;
    kal_status st = kal_node_error(image, err);
    if (!st) st = kal__codec_for_path(path, NULL, &c, err);
    if (!st) st = encode_text(image, c, params, &node, err);
    if (!st) st = kal_write_files(&node, &path, 1, options, err);
    if (node) kal_node_unref(&node);
    return st;
}
