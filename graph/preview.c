// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The small picture that a camera puts beside the raw one is a file of its own within the file: it is taken out, kept, and loaded as any other, so
// that its key is over its own bytes, and another program that has these bytes has the same key.
#include "source.h"

#include <stdlib.h>
#include <string.h>

static kal_status take_out(kal__loading *l, const unsigned char *bytes, size_t size, const char *name,
                           const char *format, kal__preview *out, kal_error *err)
{
    const kal__codec *c;
    kal__reader *r;
    kal_status st = kal__codec_for_bytes(bytes, size, name, format, &l->ask.limits, &c, err);
    if (!st && !c->preview)
        st = kal_fail(err, KAL_INVALID, "%s: preview=true is for raw files of cameras, and this is %s", name,
                      c->name);
    if (!st) st = kal__open_memory(bytes, size, name, &r, err);
    if (st) return st;
    st = c->preview(r, &l->ask, out, err);
    r->close(r);
    return st;
}

// Which way is up is part of what it is, where its own bytes do not say it.
static kal_key digest_of(const kal__slab *bytes, size_t n, int orientation)
{
    kal__hash h;
    const unsigned char turned = (unsigned char)orientation;
    kal__hash_init(&h);
    kal__hash_add(&h, bytes->data, n);
    if (orientation != 1) kal__hash_add(&h, &turned, 1);
    return kal__hash_done(&h);
}

static kal_status keep(kal__loading *l, const kal__preview *p, const char *name, kal_error *err)
{
    kal__slab *bytes = kal__slab_new(p->size);
    if (!bytes) return kal_fail(err, KAL_NOMEM, "%s: out of memory for %zu bytes", name, p->size);
    memcpy(bytes->data, p->data, p->size);
    l->unkeyed = false;
    const kal_status st = kal__source_read_bytes(l, bytes, p->size, "", err);
    if (!st && l->meta->orientation == 1) {
        l->meta->orientation = p->orientation;
        l->source->digest = digest_of(bytes, p->size, p->orientation);
    }
    return st;
}

kal_status kal__source_read_preview(kal__loading *l, kal__origin *origin, kal__slab *given, size_t n,
                                    const char *format, kal_error *err)
{
    kal__reader *file;
    unsigned char *bytes = NULL;
    kal__preview p = {.orientation = 1};
    const char *name = origin ? origin->name : "bytes in memory";
    kal_status st = KAL_OK;
    l->source->origin = origin;
    l->source->preview = true;
    if (origin && origin->remote && !l->ask.limits.network)
        st = kal__over_limit(err, "network=true", "%s: nothing is read from the web here", name);
    if (!st && origin && !(st = origin->open(origin, &file, err))) {
        st = kal__read_all(file, l->ask.limits.file_bytes, &bytes, &n, err);
        file->close(file);
    }
    if (!st) st = take_out(l, bytes ? bytes : given->data, n, name, format, &p, err);
    free(bytes);
    kal__slab_unref(&given);
    if (!st) st = keep(l, &p, name, err);
    free(p.data);
    return st;
}
