// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Samples in memory become nodes; images become nodes of encoded bytes; encoded bytes become files.
#include "apply.h"
#include "calm.h"
#include "digest.h"
#include "edit.h"
#include "gain.h"
#include "geo.h"
#include "load.h"
#include "options.h"
#include "retouch.h"
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- samples in memory --------------------------------------------------------------------------

static const kal_op op_pixels = {
    .name = "input", .version = 1, .family = "files", .help = "Samples in memory", .inputs = ""};

static void fill_pixels(kal_node *node, void *arg)
{
    node->u.pixels.slab = kal__slab_ref(arg);
}

static kal_status check_pixels(const kal_extent *e, const void *data, ptrdiff_t stride, size_t *bytes,
                               kal_error *err)
{
    if (!e || !data) return kal_fail(err, KAL_INVALID, "pixels: no samples were given (NULL)");
    if (e->width < 1 || e->height < 1 || e->width > KAL_MAX_SIDE || e->height > KAL_MAX_SIDE ||
        e->channels < 1 || e->channels > KAL_MAX_CHANNELS || (unsigned)e->type > KAL_U32 ||
        (unsigned)e->model > KAL_MASK)
        return kal_fail(err, KAL_INVALID, "pixels: %d×%d×%d is not the size of an image", e->width, e->height,
                        e->channels);
    const kal_status st = kal__check_model("pixels", e, err);
    if (st) return st;
    size_t row;
    if (!kal__mul((size_t)e->width, kal_pixel_size(e), &row) || !kal__mul(row, (size_t)e->height, bytes))
        return kal_fail(err, KAL_LIMIT, "pixels: the image is too large");
    if (stride < (ptrdiff_t)row && -stride < (ptrdiff_t)row)
        return kal_fail(err, KAL_INVALID, "pixels: a row has %zu bytes, and the stride is %td", row, stride);
    return KAL_OK;
}

static kal_status named_pixels(const kal_extent *e, kal__slab *slab, const kal_key *digest, kal_node **out,
                               kal_error *err)
{
    kal_key key;
    const kal__key_parts parts = {.kind = KAL__PIXELS, .what = "pixels", .version = "1", .digest = digest};
    const kal_status st = kal__make_key(&parts, &key, err);
    const kal_call call = {.op = &op_pixels, .extent = *e};
    if (st) return st;
    *out = kal__intern(KAL__PIXELS, key, &call, NULL, 0, 0, fill_pixels, slab);
    return *out ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a node (pixels)");
}

kal_status kal__pixels_of(const kal_extent *e, kal__slab *slab, kal_node **out, kal_error *err)
{
    kal_key digest;
    const size_t row = (size_t)e->width * kal_pixel_size(e);
    const kal_status st = kal_content_key_of(e, slab->data, (ptrdiff_t)row, &digest, err);
    return st ? st : named_pixels(e, slab, &digest, out, err);
}

// By the threads that a request would have that says nothing about them.
static kal_status digest_pixels(const kal_extent *e, const void *from, ptrdiff_t stride, unsigned char *to,
                                kal_key *out, kal_error *err)
{
    return kal__digest_picture(e, from, stride, to, kal__usual_threads(), out)
               ? KAL_OK
               : kal_fail(err, KAL_NOMEM, "out of memory for a content key");
}

static kal_status pixels_node(const kal_extent *e, const void *data, ptrdiff_t stride, kal_node **out,
                              kal_error *err)
{
    size_t bytes = 0;
    kal_key digest;
    kal_status st = check_pixels(e, data, stride, &bytes, err);
    if (st) return st;
    kal__slab *slab = kal__slab_new(bytes);
    if (!slab) return kal_fail(err, KAL_NOMEM, "out of memory for %zu bytes of samples", bytes);
    st = digest_pixels(e, data, stride, slab->data, &digest, err);
    if (!st) st = named_pixels(e, slab, &digest, out, err);
    kal__slab_unref(&slab);
    return st;
}

kal_node *kal_pixels(kal_scope *scope, const kal_extent *extent, const void *data, ptrdiff_t stride)
{
    kal_error err = {0};
    kal_node *node = NULL;
    const kal_status st = pixels_node(extent, data, stride, &node, &err);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

kal_node *kal_pixels_borrowed(kal_scope *scope, const kal_extent *extent, const void *data, ptrdiff_t stride,
                              void (*release)(void *user), void *user)
{
    kal_error err = {0};
    kal_node *node = NULL;
    size_t bytes = 0;
    kal_status st = check_pixels(extent, data, stride, &bytes, &err);
    const bool as_ours = !st && stride > 0 && (size_t)stride == bytes / (size_t)extent->height &&
                         (uintptr_t)data % kal_type_size(extent->type) == 0;
    if (!as_ours) {
        if (!st) st = pixels_node(extent, data, stride, &node, &err);
        if (release) release(user);
        return st ? kal__error_node(scope, &err) : kal__born(scope, node);
    }
    kal__slab *slab = kal__slab_borrow(data, bytes, release, user);   // calls release itself
    if (!slab && release) release(user);
    st = slab ? kal__pixels_of(extent, slab, &node, &err)
              : kal_fail(&err, KAL_NOMEM, "out of memory for a node (pixels)");
    kal__slab_unref(&slab);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

kal_status kal_content_key_of(const kal_extent *e, const void *pixels, ptrdiff_t stride, kal_key *out,
                              kal_error *err)
{
    size_t bytes;
    const kal_status st = check_pixels(e, pixels, stride, &bytes, err);
    return st ? st : digest_pixels(e, pixels, stride, NULL, out, err);
}

// ---- encoded bytes ------------------------------------------------------------------------------

typedef struct encoding {
    const kal__codec *codec;
    kal__meta *meta;
} encoding;

static void fill_encode(kal_node *node, void *arg)
{
    const encoding *e = arg;
    node->u.codec = e->codec;
    node->dynamic |= e->codec->searches;
    kal__meta_unref(&node->meta);
    node->meta = kal__meta_ref(e->meta);
}

// The library, and what we do with it; behind it the same of who encodes what its files are made of.
static void name_makers(const kal__codec *c, const void *params, char *out, size_t room)
{
    const kal__codec *makers[2] = {c, c->within ? c->within(params) : NULL};
    size_t n = 0;
    for (int i = 0; i < 2 && makers[i] && n < room; i++) {
        const char *version = makers[i]->version(), *edition = makers[i]->edition;
        n += (size_t)snprintf(out + n, room - n, "%s%s%s%s", i ? " / " : "", version ? version : "",
                              edition ? " / " : "", edition ? edition : "");
    }
}

static kal_status encode_node(kal_node *image, const kal__codec *c, const void *params, kal__meta *meta,
                              kal_node **out, kal_error *err)
{
    const kal_call *in[1] = {&image->call};
    const kal_key digest = kal__meta_digest(meta);
    char made_by[800];
    name_makers(c, params, made_by, sizeof made_by);
    const kal__key_parts parts = {.kind = KAL__ENCODE,
                                  .what = c->name,
                                  .version = made_by,
                                  .schema = kal__schema_of_codec(c),
                                  .params = params,
                                  .digest = &digest,
                                  .in = in,
                                  .n = 1};
    kal_key key;
    const kal_status st = kal__make_key(&parts, &key, err);
    if (st) return st;
    const kal_call call = {.op = NULL, .params = params, .n = 1, .in = in};
    encoding e = {c, meta};
    *out = kal__intern(KAL__ENCODE, key, &call, c->params, c->n_params, c->params_size, fill_encode, &e);
    return *out ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a node (%s)", c->name);
}

bool kal__is_strip(const kal__codec *c, const void *params)
{
    for (size_t i = 0; i < c->n_params; i++)
        if (c->params[i].kind == KAL_PARAM_BOOL && !strcmp(c->params[i].name, "strip"))
            return *(const bool *)((const unsigned char *)params + c->params[i].offset);
    return false;
}

bool kal__is_too_large(const kal__codec *c, const kal__meta *m, int what)
{
    const kal__blob *b = kal__meta_blob((kal__meta *)(uintptr_t)m, (kal__blob_kind)what);
    return c->most[what] && b->size > c->most[what];
}

// What somebody set must be in the file.
static kal_status check_room(const kal__codec *c, const kal__meta *m, kal_error *err)
{
    for (int i = 0; i < KAL__BLOBS && m; i++)
        if (m->set >> i & 1 && kal__is_too_large(c, m, i))
            return kal_fail(
                err, KAL_INVALID,
                "%s: with what was set the picture's %s has more bytes than the %u that there is room for",
                c->name, kal__blob_name((kal__blob_kind)i), c->most[i]);
    return KAL_OK;
}

// A format that has no other place for density has it in EXIF; and what was turned is upright in XMP, too.
static kal_status encode_told(kal_node *image, const kal__codec *c, const void *params, kal__meta *meta,
                              kal_node **out, kal_error *err)
{
    kal__meta *upright = NULL, *with = NULL;
    if (kal__is_strip(c, params)) return encode_node(image, c, params, meta, out, err);
    const bool dense = c->carries & KAL__OWN_DENSITY || !(c->carries >> KAL__EXIF & 1);
    bool ok = kal__meta_upright(meta, &upright);
    if (ok && !dense) ok = kal__meta_density_in_exif(upright, &with);
    const kal_status st = ok ? encode_node(image, c, params, dense ? upright : with, out, err)
                             : kal_fail(err, KAL_NOMEM, "%s: out of memory for metadata", c->name);
    kal__meta_unref(&upright);
    kal__meta_unref(&with);
    return st;
}

kal_status kal__encode_with(kal_node *image, const kal__codec *c, void *params, kal__meta *meta,
                            kal_node **out, kal_error *err)
{
    const kal__schema s = kal__schema_of_codec(c);
    if (image->kind == KAL__ENCODE)
        return kal_fail(err, KAL_INVALID, "%s: encoded bytes cannot be encoded again", c->name);
    if (kal__gives_value(image))
        return kal_fail(err, KAL_INVALID, "%s: %s gives a value, not an image: print it", c->name,
                        image->call.op->name);
    kal_status st = kal__params_check(s, params, err);
    size_t memory;
    if (!st && !image->dynamic) st = c->accepts(&image->call.extent, params, &memory, err);
    if (!st && !c->version())
        st = kal_fail(err, KAL_UNSUPPORTED, "%s: the library for it cannot be loaded", c->name);
    if (!st && !kal__is_strip(c, params)) st = check_room(c, meta, err);
    if (!st) st = encode_told(image, c, params, meta, out, err);
    if (st) return kal__of_output(st, err);
    kal_node *kept;   // only to learn at once whether it can be
    st = kal__retouched(*out, &kept, err);
    kal_node_unref(&kept);
    if (st) kal_node_unref(out);
    return kal__of_output(st, err);
}

kal_status kal__encode(kal_node *image, const kal__codec *c, void *params, kal_node **out, kal_error *err)
{
    bool failed;
    kal__meta *meta = kal__meta_without_gain(image->meta, &failed);
    if (failed) return kal_fail(err, KAL_NOMEM, "%s: out of memory for metadata", c->name);
    const kal_status st = kal__encode_with(image, c, params, meta, out, err);
    kal__meta_unref(&meta);
    return st;
}

static kal_status encode_text(kal_node *image, const kal__codec *c, const char *word, const char *text,
                              kal_node **out, kal_error *err)
{
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    kal_status st = kal_node_error(image, err);
    if (st) return st;
    const kal__schema s = kal__schema_of_codec(c);
    kal__arena arena = {0};
    const kal__calm calm = kal__calm_begin();
    kal__codec_defaults(c, word, params);
    if (text)
        st = kal__of_output(
            kal__params_parse(s, params, text, &(kal__param_context){&image->call.extent, &arena, NULL}, err),
            err);
    if (!st) st = kal__encode(image, c, params, out, err);
    kal__arena_free(&arena);
    kal__calm_end(&calm);
    return st;
}

kal_node *kal_encode(kal_scope *scope, kal_node *image, const char *format, const char *params)
{
    kal_error err = {0};
    kal_node *node = NULL;
    const kal__codec *c = format ? kal__codec_named(format) : NULL;
    kal_status st = kal_node_error(image, &err);
    if (!st && !c)
        st = kal__unknown_format(KAL_INVALID, KAL__WRITES, format ? format : "encode",
                                 "there is no such format", &err);
    if (!st && !c->begin) st = kal_fail(&err, KAL_INVALID, "%s can be read but not written", c->name);
    if (!st) st = encode_text(image, c, format, params, &node, &err);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

kal_status kal_save(kal_node *image, const char *path, const char *params, const kal_options *options,
                    kal_error *err)
{
    const kal__codec *c;
    char word[KAL__SUFFIX];
    kal_node *node = NULL;
    kal_status st = kal_node_error(image, err);
    if (!st && !path) st = kal_fail(err, KAL_INVALID, "save: no path was given (NULL)");
    if (!st) st = kal__codec_for_path(path, NULL, &c, word, err);
    if (!st) st = encode_text(image, c, word, params, &node, err);
    if (st) {
        kal__begin(options);
        return kal__tell_end(options, st, (kal__tally){0, 0});
    }
    st = kal_write_files(&node, &path, 1, options, err);
    kal_node_unref(&node);
    return st;
}
