// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The only place that reads a file while a graph is built: header and digest, then closed.
#include "source.h"

#include "coding.h"
#include "hashing.h"
#include "known.h"
#include "opening.h"
#include "reel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Which codec, and how the samples lie where that must be told.
static kal_status choose(kal__loading *l, const unsigned char *front, size_t n, const char *name,
                         const char *format, kal_error *err)
{
    static const kal__layout nothing;
    kal__layout *told = &l->ask.layout;
    const kal__codec **codec = &l->source->codec;
    kal_status st = kal__codec_for_bytes(front, n, name, format, &l->ask.limits, codec, err);
    if (!st && (*codec)->told)
        st = (*codec)->told(name, format, told, err);
    else if (!st && memcmp(told, &nothing, sizeof nothing) != 0)
        st = kal_fail(
            err, KAL_INVALID,
            "%s: width, height, channels, type, skip, order and planar are for format=pixels; a file of %s "
            "says them itself",
            name, (*codec)->name);
    if (!st) l->source->layout = *told;
    return st;
}

static kal_status read_header(kal__loading *l, const unsigned char *bytes, size_t size, const char *name,
                              const char *format, kal_error *err)
{
    kal_status st = choose(l, bytes, size, name, format, err);
    if (st) return st;
    kal__reader *r;
    st = kal__open_memory(bytes, size, name, &r, err);
    if (st) return st;
    st = l->source->codec->header(r, &l->ask, &l->source->header, l->meta, err);
    r->close(r);
    return st;
}

static kal_status keep_bytes(kal__loading *l, const void *data, size_t size, kal_error *err)
{
    l->source->bytes = kal__slab_new(size);
    if (!l->source->bytes) return kal_fail(err, KAL_NOMEM, "out of memory for %zu bytes", size);
    if (size) memcpy(l->source->bytes->data, data, size);
    l->source->size = size;
    return KAL_OK;
}

static kal_status read_small(kal__loading *l, kal__reader *file, const char *format, kal_error *err)
{
    unsigned char *bytes;
    size_t size;
    kal_status st = kal__read_all(file, l->ask.limits.file_bytes, &bytes, &size, err);
    if (st) return st;
    l->source->digest = kal__hash_of(bytes, size);
    l->source->size = size;
    st = read_header(l, bytes, size, file->name, format, err);
    free(bytes);
    return st;
}

// In one pass: its first bytes say what it is, then the header is read, then the rest is digested. A codec that reads here and there does so
// afterwards, when it is known where the file ends.
static kal_status read_stream(kal__loading *l, kal__reader *file, kal__reader *r, const char *format,
                              bool known, kal_error *err)
{
    const unsigned char *front;
    const uint64_t most = l->ask.limits.file_bytes;
    const ptrdiff_t n = kal__hashing_peek(r, &front, err);
    if (n < 0) return err->status;
    kal_status st = choose(l, front, (size_t)n, r->name, format, err);
    if (st) return st;
    if (!l->source->codec->streams && !(l->source->codec->scattered && known) && !l->unkeyed && r->size &&
        r->size <= KAL__SMALL_FILE)
        return read_small(l, r, format, err);
    if (!l->source->codec->scattered)
        st = l->source->codec->header(r, &l->ask, &l->source->header, l->meta, err);
    const kal__watch watch = kal__opening_watch();
    if (!st && !known) st = kal__hashing_end(r, most, &watch, &l->source->digest, err);
    if (st) return st;
    if (!known) l->source->size = file->size = (size_t)r->position;
    if (l->source->codec->scattered)
        st = l->source->codec->header(file, &l->ask, &l->source->header, l->meta, err);
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

static kal_status read_file(kal__loading *l, kal__reader *file, const char *format, kal_error *err)
{
    if (file->size > l->ask.limits.file_bytes) {
        kal__over_limit(err, "file_bytes=N", "%s: %zu bytes are more than the limit of %llu", file->name,
                        file->size, (unsigned long long)l->ask.limits.file_bytes);
        file->close(file);
        return KAL_LIMIT;
    }
    kal__source *s = l->source;
    const bool settled = file->stamp && file->stamp(file, &s->stamp) && kal__stamp_settled(&s->stamp);
    if (!file->size) l->unkeyed = false;   // it has to be read to see where it ends
    const bool known = l->unkeyed || (settled && kal__digest_known(&s->stamp, &s->digest));
    if (known) s->size = file->size;
    if (settled && l->plain) l->known = kal__known_for(kal__picture_known(&s->stamp, l->limits), l->upright);
    if (l->known) {
        file->close(file);
        return KAL_OK;
    }
    if (l->unkeyed) s->digest = passing_key();
    kal__reader *r = l->unkeyed ? kal__placed_new(file) : kal__hashing_new(file);
    if (!r) return kal_fail(err, KAL_NOMEM, "out of memory for a file");
    kal_status st = read_stream(l, file, r, format, known, err);
    kal__stamp after;
    const bool stays = !file->stamp || (file->stamp(file, &after) && kal__stamp_equal(&after, &s->stamp));
    if (!st && !stays) st = kal_fail(err, KAL_CHANGED, "%s: the file changed while it was read", file->name);
    s->pinned = !st && settled && stays;
    s->unkeyed = l->unkeyed;
    if (s->unkeyed) s->header.part_unseen = false;   // to see them it would have to be read
    if (s->pinned && !s->unkeyed) kal__digest_remember(&s->stamp, s->digest);
    if (s->unkeyed && !s->pinned)
        kal__places_unref(&s->places);   // nothing would tell that they are another file's
    r->close(r);
    return st;
}

// The header again, with everything in memory: it may find parts then.
static kal_status look_for_parts(kal__loading *l, const char *format, kal_error *err)
{
    kal__reader *file;
    kal__origin *o = l->source->origin;
    if (!l->source->header.part_unseen || l->source->size > KAL__SMALL_FILE) return KAL_OK;
    kal__meta_unref(&l->meta);
    l->meta = kal__meta_new();
    if (!l->meta) return kal_fail(err, KAL_NOMEM, "%s: out of memory", o->name);
    kal_status st = o->open(o, &file, err);
    if (st) return st;
    st = read_small(l, file, format, err);
    file->close(file);
    return st;
}

// All of it is there already: kept as it is.
static kal_status keep_stream(kal__loading *l, unsigned char *bytes, size_t size, const char *name,
                              const char *format, kal_error *err)
{
    l->source->digest = kal__hash_of(bytes, size);
    l->source->size = size;
    kal_status st = read_header(l, bytes, size, name, format, err);
    if (!st) st = keep_bytes(l, bytes, size, err);
    free(bytes);
    return st;
}

// Only the front is kept, for the header, until its pixels are computed.
static kal_status keep_front(kal__loading *l, unsigned char *front, size_t n, kal__reader *rest,
                             const char *format, kal_error *err)
{
    const char *name = l->source->origin->name;
    l->ask.front = true;
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
    st = kal__origin_rest(name, front, n, rest, l->ask.limits.file_bytes, l->source->origin->waits, &whole,
                          err);
    if (st) return st;
    kal__origin_unref(&l->source->origin);
    l->source->origin = whole;
    l->source->once = l->source->unkeyed = true;
    l->source->header.part_rows =
        0;   // there may be parts in the front, but nothing will be there to find them in
    l->source->header.part_unseen = false;
    l->source->size = SIZE_MAX;
    l->source->digest = passing_key();
    return KAL_OK;
}

// A stream that was kept has no more to give: only its name stays.
static kal_status let_go(kal__loading *l, kal_error *err)
{
    kal__origin *name;
    const kal_status st = kal__origin_name(l->source->origin->name, &name, err);
    if (st) return st;
    kal__origin_unref(&l->source->origin);
    l->source->origin = name;
    return KAL_OK;
}

// Whether a stream of it can be read onward, picture by picture.
static bool goes_onward(const kal__codec *c)
{
    return c->streams && (!c->scattered || c->onward);
}

static kal_status load_stream(kal__loading *l, kal__reader *r, const char *format, kal_error *err)
{
    unsigned char *bytes;
    size_t n;
    const uint64_t most = l->ask.limits.file_bytes;
    kal_status st = kal__read_front(r, KAL__SMALL_FILE + 1, &bytes, &n, err);
    const char *name = l->source->origin->name;
    if (!st && n > most) {
        free(bytes);
        st = kal__over_limit(err, "file_bytes=N", "%s: more than the limit of %llu bytes", name,
                             (unsigned long long)most);
    }
    if (!st && n > KAL__SMALL_FILE) return keep_front(l, bytes, n, r, format, err);
    if (!st) st = keep_stream(l, bytes, n, name, format, err);
    r->close(r);
    return st ? st : let_go(l, err);
}

static kal_status choose_from(kal__loading *l, kal__reader *r, const char *format, kal_error *err)
{
    unsigned char front[4096];
    size_t n = 0;
    while (n < sizeof front) {
        const ptrdiff_t got = r->read_at(r, n, front + n, sizeof front - n, err);
        if (got < 0) return err->status;
        if (!got) break;
        n += (size_t)got;
    }
    return choose(l, front, n, r->name, format, err);
}

// What was looked at so far counts for nothing.
static kal_status forget_header(kal__loading *l, kal_error *err)
{
    l->ask.front = l->ask.onward = false;
    kal__meta_unref(&l->meta);
    l->meta = kal__meta_new();
    return l->meta ? KAL_OK : kal_fail(err, KAL_NOMEM, "%s: out of memory", l->source->origin->name);
}

// No more is read than the header; the pictures are computed as bytes come.
static kal_status load_onward(kal__loading *l, kal__reader *rest, const char *format, kal_error *err)
{
    kal__source *s = l->source;
    kal__origin *flow;
    kal__reader *r;
    kal_status st =
        kal__origin_flow(s->origin->name, rest, l->ask.limits.file_bytes, s->origin->waits, &flow, err);
    if (st) return st;
    st = flow->open(flow, &r, err);
    if (!st) {
        st = choose_from(l, r, format, err);
        l->ask.front = l->ask.onward = !st && goes_onward(s->codec);
        if (l->ask.onward) st = s->codec->header(r, &l->ask, &s->header, l->meta, err);
        if (!st && l->meta->pages > 1 && !s->codec->onward) st = forget_header(l, err);   // one alone goes so
        r->close(r);
    }
    if (!st && !l->ask.onward) {   // all of it, as if nobody had looked
        st = flow->open(flow, &r, err);
        kal__origin_unref(&flow);
        return st ? st : load_stream(l, r, format, err);
    }
    if (st) {
        kal__origin_unref(&flow);
        return st;
    }
    kal__origin_unref(&s->origin);
    s->origin = flow;
    s->once = s->unkeyed = true;
    s->header.part_rows = 0;
    s->header.part_unseen = false;
    s->size = SIZE_MAX;
    s->digest = passing_key();
    return KAL_OK;
}

kal_status kal__source_read(kal__loading *l, kal__origin *origin, const char *format, kal_error *err)
{
    kal__reader *file;
    l->source->origin = origin;
    if (origin->remote && !l->ask.limits.network)
        return kal__over_limit(err, "network=true", "%s: nothing is read from the web here", origin->name);
    kal_status st = origin->open(origin, &file, err);
    if (st) return st;
    if (!file->regular && l->unkeyed) return load_onward(l, file, format, err);
    if (!file->regular) return load_stream(l, file, format, err);
    st = read_file(l, file, format, err);
    return st || l->known ? st : look_for_parts(l, format, err);
}

kal_status kal__source_read_bytes(kal__loading *l, kal__slab *bytes, size_t size, const char *format,
                                  kal_error *err)
{
    l->source->bytes = bytes;
    l->source->size = size;
    l->source->digest = kal__hash_of(bytes->data, size);
    return read_header(l, bytes->data, size, kal__source_name(l->source), format, err);
}

kal_status kal__source_changed(const kal__source *s, kal_error *err)
{
    return kal_fail(err, KAL_CHANGED, "%s: the file changed since it was loaded; load it again",
                    kal__source_name(s));
}

static bool has_its_stamp(const kal__source *s, kal__reader *file)
{
    kal__stamp now;
    return file->stamp && file->stamp(file, &now) && kal__stamp_equal(&now, &s->stamp);
}

kal_status kal__source_is_same(const kal__source *s, const kal__watch *watch, kal_error *err)
{
    kal__reader *file;
    kal_key digest;
    kal_status st = s->origin->open(s->origin, &file, err);
    if (st) return st;
    kal__reader *r = kal__hashing_new(file);
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", kal__source_name(s));
    st = kal__hashing_end(r, UINT64_MAX, watch, &digest, err);
    r->close(r);
    return st ? st : kal_key_equal(digest, s->digest) ? KAL_OK : kal__source_changed(s, err);
}

kal_status kal__source_bytes(const kal__source *s, kal__slab **out, size_t *size, kal_error *err)
{
    unsigned char *data = NULL;
    kal__reader *file;
    kal_limits limits;
    if (s->bytes) {
        *out = kal__slab_ref(s->bytes);
        *size = s->size;
        return KAL_OK;
    }
    kal_limits_get(&limits);
    kal_status st = s->origin->open(s->origin, &file, err);
    if (st) return st;
    st = kal__read_all(file, limits.file_bytes, &data, size, err);
    file->close(file);
    if (!st && !kal_key_equal(kal__hash_of(data, *size), s->digest)) st = kal__source_changed(s, err);
    *out = st ? NULL : kal__slab_borrow(data, *size, free, data);
    if (!*out) free(data);
    return st ? st : *out ? KAL_OK : kal_fail(err, KAL_NOMEM, "%s: out of memory", kal__source_name(s));
}

// What was read as the header of a page, or why not: of another file by now, it counts for nothing.
static kal_status still_the_file(const kal__source *s, kal_status st, kal_error *err)
{
    kal_error other = {0};
    const bool found = kal__blames_content(st);
    if (st && !found) return st;
    const kal_status same = !s->unkeyed ? kal__source_is_same(s, NULL, &other)
                            : s->pinned ? kal__source_changed(s, &other)
                                        : KAL_OK;
    if (st && same != KAL_CHANGED) return st;
    if (same) *err = other;
    return same;
}

kal_status kal__source_read_page(kal__loading *l, int32_t page, kal__reel *reel, kal_error *err)
{
    kal__source *s = l->source;
    kal__reader *file, *r;
    s->page = page;
    s->shrink = 1;
    kal__reel_unref(&s->reel);
    s->reel = kal__reel_ref(reel);
    s->header = (kal__header){.rows = 0};
    kal_status st = s->bytes ? kal__open_memory(s->bytes->data, s->size, kal__source_name(s), &file, err)
                             : s->origin->open(s->origin, &file, err);
    if (st) return st;
    if (!file->size) file->size = s->size;
    r = !s->bytes && !s->codec->scattered && file->read_at ? kal__placed_new(file) : file;
    if (!r) return kal_fail(err, KAL_NOMEM, "%s: out of memory", kal__source_name(s));
    const bool before = !s->bytes && s->pinned && has_its_stamp(s, file);
    st = s->codec->header(r, &l->ask, &s->header, l->meta, err);
    s->header.part_unseen = false;
    const bool pinned = before && has_its_stamp(s, file);
    r->close(r);
    return s->bytes || pinned ? st : still_the_file(s, st, err);
}
