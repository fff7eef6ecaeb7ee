// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Fields of an EXIF block set and taken out. What a maker's note points at must stay where it is, so nothing in the block moves: a directory
// that grows is laid out anew at the end, what it was is overwritten with zeros, and so is every value that nothing points at any more.
#include "edit.h"
#include "exif.h"
#include "fmath.h"
#include "num.h"

#include <stdlib.h>
#include <string.h>

typedef struct block {
    kal__text bytes;
    kal__ifd t;
    size_t at[4];
} block;

// false: these bytes are no such structure, or memory is out.
static bool look(block *b)
{
    if (b->bytes.failed || !kal__ifd_open(&b->t, b->bytes.data, b->bytes.size)) return false;
    kal__exif_directories(&b->t, b->at);
    return true;
}

static unsigned char *bytes_at(block *b, size_t at)
{
    return (unsigned char *)b->bytes.data + at;
}

static void put(block *b, size_t at, int bytes, uint32_t v)
{
    unsigned char *p = bytes_at(b, at);
    for (int i = 0; i < bytes; i++) p[b->t.big ? bytes - 1 - i : i] = (unsigned char)(v >> (8 * i));
}

// Directories within the block and beside each other: others cannot be changed one by one.
static bool apart(const block *b)
{
    size_t end[4];
    for (int k = 0; k < 4; k++) {
        end[k] = b->at[k] + 6 + 12 * kal__ifd_count(&b->t, b->at[k]);
        if (b->at[k] && (b->at[k] < 8 || b->at[k] > b->t.n - 2)) return false;
        for (int i = 0; i < k; i++)
            if (b->at[i] && b->at[k] && b->at[i] < end[k] && b->at[k] < end[i]) return false;
    }
    return true;
}

// A directory that says more than lies in the block would take what is appended for entries.
static bool start(block *b, const kal__blob *from)
{
    static const unsigned char empty[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const bool any = from->size != 0;
    kal__put(&b->bytes, any ? from->data : empty, any ? from->size : sizeof empty);
    if (!look(b) || !apart(b)) return false;
    for (int k = 0; k < 4; k++)
        if (b->at[k] && kal__ifd_count(&b->t, b->at[k]) < kal__ifd_get(&b->t, b->at[k], 2))
            put(b, b->at[k], 2, (uint32_t)kal__ifd_count(&b->t, b->at[k]));
    size_t end = 0;   // where the next one is said may lie outside, too
    for (int k = 0; k < 4; k++) {
        const size_t at = b->at[k] ? b->at[k] + 6 + 12 * kal__ifd_count(&b->t, b->at[k]) : 0;
        if (at > end) end = at;
    }
    if (end > b->bytes.size) kal__put(&b->bytes, "\0\0\0", 4);
    return look(b);
}

// Appends to it, from an even place on. Returns where.
static size_t append(block *b, const void *data, size_t n)
{
    if (b->bytes.size & 1) kal__put(&b->bytes, "", 1);
    const size_t at = b->bytes.size;
    kal__put(&b->bytes, data, n);
    return at;
}

// ---- out ----------------------------------------------------------------------------------------

static bool is_tag(const void *of, unsigned tag)
{
    return *(const unsigned *)of == tag;
}

static void forget(block *b, size_t at, size_t n, size_t except)
{
    if (at < b->t.n && n <= b->t.n - at && !kal__exif_needed(&b->t, at, n, except))
        memset(bytes_at(b, at), 0, n);
}

static void forget_values(block *b, const kal__ifd_entry *e)
{
    if (e->size > 4) forget(b, e->at, e->size, e->place);
}

static void take_out(block *b, size_t directory, unsigned tag)
{
    kal__ifd_entry e;
    const size_t n = kal__ifd_count(&b->t, directory);
    for (size_t i = 0; i < n; i++)
        if (kal__ifd_at(&b->t, directory, i, &e) && e.tag == tag) forget_values(b, &e);
    kal__exif_thin(&b->t, directory, is_tag, &tag);
}

static bool any_tag(const void *of, unsigned tag)
{
    (void)of, (void)tag;
    return true;
}

// All that says where a picture was taken, and what points at it.
// false: some of it is not understood, and would stay.
static bool take_out_place(block *b)
{
    const unsigned pointer = KAL__EXIF_GPS;
    kal__ifd_entry e;
    const size_t n = kal__ifd_count(&b->t, b->at[KAL__EXIF_PLACE]);
    for (size_t i = 0; i < n; i++)
        if (!kal__ifd_at(&b->t, b->at[KAL__EXIF_PLACE], i, &e)) return false;
    for (size_t i = 0; i < n; i++)
        if (kal__ifd_at(&b->t, b->at[KAL__EXIF_PLACE], i, &e)) forget_values(b, &e);
    if (n) kal__exif_thin(&b->t, b->at[KAL__EXIF_PLACE], any_tag, NULL);
    if (b->at[KAL__EXIF_MAIN]) kal__exif_thin(&b->t, b->at[KAL__EXIF_MAIN], is_tag, &pointer);
    return true;
}

// ---- in -----------------------------------------------------------------------------------------

typedef struct value {
    unsigned tag, type;
    size_t count;
    const void *data;   // in the block's byte order
    size_t size;
} value;

// Which entry of which directory points at each, and what a new one begins with.
static const struct {
    kal__exif_part parent;
    unsigned pointer, tag, type;
    const char *version;
} parts[] = {
    [KAL__EXIF_PHOTO] = {KAL__EXIF_MAIN, KAL__EXIF_POINTER, 36864, KAL__IFD_UNDEFINED, "0232"},
    [KAL__EXIF_PLACE] = {KAL__EXIF_MAIN, KAL__EXIF_GPS, 0, KAL__IFD_BYTE, "\2\3\0\0"},
    [KAL__EXIF_INTER] = {KAL__EXIF_PHOTO, KAL__EXIF_INTEROP, 2, KAL__IFD_UNDEFINED, "0100"},
};

static void put_entry(block *b, size_t at, const value *v, size_t values)
{
    put(b, at, 2, v->tag);
    put(b, at + 2, 2, v->type);
    put(b, at + 4, 4, (uint32_t)v->count);
    memset(bytes_at(b, at + 8), 0, 4);
    if (v->size <= 4)
        memcpy(bytes_at(b, at + 8), v->data, v->size);
    else
        put(b, at + 8, 4, (uint32_t)values);
}

// The directory with room for an entry more behind those of lower tags: at the end, which its pointer then says. Returns where the room is.
static size_t make_room(block *b, kal__exif_part part, unsigned tag)
{
    const size_t was = b->at[part], n = kal__ifd_count(&b->t, was), next = kal__ifd_next(&b->t, was);
    size_t before = 0;
    while (before < n && kal__ifd_get(&b->t, was + 2 + before * 12, 2) < tag) before++;
    const size_t now = append(b, "\0", 2);
    for (size_t i = 0; i <= n + 1; i++) kal__put(&b->bytes, "\0\0\0\0\0\0\0\0\0\0\0", i <= n ? 12 : 4);
    if (!look(b)) return 0;
    put(b, now, 2, (uint32_t)n + 1);
    if (n) {
        memcpy(bytes_at(b, now + 2), bytes_at(b, was + 2), before * 12);
        memcpy(bytes_at(b, now + 14 + before * 12), bytes_at(b, was + 2 + before * 12), (n - before) * 12);
        forget(b, was, n * 12 + 6, was);
    }
    put(b, now + 14 + n * 12, 4, (uint32_t)next);
    kal__ifd_entry e = {.at = 4};
    if (part != KAL__EXIF_MAIN) kal__ifd_find(&b->t, b->at[parts[part].parent], parts[part].pointer, &e);
    put(b, e.at, 4, (uint32_t)now);
    look(b);
    return now + 2 + before * 12;
}

static bool set_value(block *b, kal__exif_part part, const value *v);

static bool make_directory(block *b, kal__exif_part part)
{
    unsigned char place[4];
    if (b->at[part]) return true;
    const size_t at = append(b, "\0\0\0\0\0", 6);
    if (part == KAL__EXIF_MAIN) {
        if (look(b)) put(b, 4, 4, (uint32_t)at);
        return look(b);
    }
    for (int i = 0; i < 4; i++) place[b->t.big ? 3 - i : i] = (unsigned char)(at >> (8 * i));
    const value pointer = {parts[part].pointer, KAL__IFD_LONG, 1, place, 4};
    const value version = {parts[part].tag, parts[part].type, 4, parts[part].version, 4};
    return look(b) && set_value(b, parts[part].parent, &pointer) && b->at[part] &&
           set_value(b, part, &version);
}

// Whether the directory has one entry of that tag, which is understood.
static bool only_one(const block *b, size_t directory, unsigned tag, kal__ifd_entry *out)
{
    const size_t n = kal__ifd_count(&b->t, directory);
    size_t many = 0;
    for (size_t i = 0; i < n; i++) many += kal__ifd_get(&b->t, directory + 2 + i * 12, 2) == tag;
    return many == 1 && kal__ifd_find(&b->t, directory, tag, out);
}

// The entry stays; so does the place of its values where the new ones fit.
static bool replace(block *b, const kal__ifd_entry *was, const value *v)
{
    const bool fits =
        v->size > 4 && v->size <= was->size && !kal__exif_needed(&b->t, was->at, was->size, was->place);
    const bool last = !fits && was->size > 4 && was->at + was->size == b->bytes.size &&
                      !kal__exif_needed(&b->t, was->at, was->size, was->place);
    forget_values(b, was);
    if (last) b->bytes.size = was->at;
    const size_t values = v->size <= 4 ? 0 : fits ? was->at : append(b, v->data, v->size);
    if (!look(b)) return false;
    if (fits) memcpy(bytes_at(b, values), v->data, v->size);
    put_entry(b, was->place, v, values);
    return look(b);
}

// In place of what there is of the tag.
static bool set_value(block *b, kal__exif_part part, const value *v)
{
    kal__ifd_entry e;
    if (!make_directory(b, part)) return false;
    if (only_one(b, b->at[part], v->tag, &e)) return replace(b, &e, v);
    take_out(b, b->at[part], v->tag);
    const size_t values = v->size > 4 ? append(b, v->data, v->size) : 0;
    if (!look(b) || kal__ifd_count(&b->t, b->at[part]) >= 65535) return false;
    const size_t at = make_room(b, part, v->tag);
    if (at) put_entry(b, at, v, values);
    return at && look(b);
}

// ---- names --------------------------------------------------------------------------------------

static const char *tag_name_at(const void *of, size_t i)
{
    (void)of;
    return kal__exif_name_at(i);
}

static kal_status no_such(const char *field, const char *name, kal_error *err)
{
    size_t n = 0;
    while (kal__exif_name_at(n)) n++;
    const char *near = kal__nearest(name, strlen(name), tag_name_at, NULL, n);
    return kal_fail(err, KAL_INVALID, "%.80s: EXIF has no such field%s%s", field, near ? "; near: exif." : "",
                    near ? near : "");
}

static kal_status named(const kal__edit *w, kal__exif_part *part, kal__exif_tag *tag, kal_error *err)
{
    if (!kal__exif_named(w->name, part, tag)) return no_such(w->field, w->name, err);
    if (!w->value &&
        (tag->tag == KAL__EXIF_POINTER || tag->tag == KAL__EXIF_GPS || tag->tag == KAL__EXIF_INTEROP))
        return kal_fail(err, KAL_INVALID, "%s: only all of it can be taken out: exif, or gps", w->field);
    if (!w->value && tag->tag == KAL__EXIF_ORIENTATION && *part == KAL__EXIF_MAIN)
        return kal_fail(err, KAL_INVALID, "%s: it says how the samples lie, which does not change; turn does",
                        w->field);
    if (w->value && !tag->type)
        return kal_fail(
            err, KAL_INVALID,
            "%s: this is not to be set: it says how the picture is stored, or is the camera's own", w->field);
    return KAL_OK;
}

static kal_status not_understood(const block *b, const kal__edit *w, kal_error *err)
{
    if (b->bytes.failed) return kal_fail(err, KAL_NOMEM, "%s: out of memory", w->field);
    return kal_fail(err, KAL_CORRUPT,
                    "%s: the picture's EXIF is not understood; unset_field exif takes it out", w->field);
}

static kal_status finish(block *b, const kal__edit *w, kal_status st, kal__blob *out, kal_error *err)
{
    if (!st && b->bytes.failed) st = not_understood(b, w, err);
    if (st)
        free(b->bytes.data);
    else
        *out = (kal__blob){b->bytes.data, b->bytes.size};
    return st;
}

// Whether a field of that tag in directory k is the one that is meant: either of the first two may hold the other's.
static bool meant(kal__exif_part part, const kal__exif_tag *tag, int k)
{
    if (!strncmp(tag->name, "0x", 2)) return !kal__exif_tag_of((kal__exif_part)k, tag->tag);
    return k == (int)part || (k <= KAL__EXIF_PHOTO && part <= KAL__EXIF_PHOTO);
}

kal_status kal__exif_edit(const kal__blob *from, const kal__edit *w, kal__blob *out, kal_error *err)
{
    kal__exif_part part;
    kal__exif_tag tag;
    block b = {{0}, {0}, {0}};
    kal__text text = {0};
    size_t count = 0;
    kal_status st = named(w, &part, &tag, err);
    if (st || (!w->value && !from->size)) return st;
    if (!start(&b, from)) st = not_understood(&b, w, err);
    if (!st && w->value) st = kal__exif_parse(w->field, &tag, w->value, b.t.big, &text, &count, err);
    for (int k = 0; k < 4 && !st; k++)
        if (b.at[k] && meant(part, &tag, k) && (!w->value || k != (int)part)) take_out(&b, b.at[k], tag.tag);
    const value v = {tag.tag, tag.type, count, text.data, text.size};
    if (!st && w->value && !set_value(&b, part, &v)) st = not_understood(&b, w, err);
    free(text.data);
    return finish(&b, w, st, out, err);
}

kal_status kal__exif_without(const kal__blob *from, bool place, const kal__edit *w, kal__blob *out,
                             kal_error *err)
{
    block b = {{0}, {0}, {0}};
    if (!from->size) return KAL_OK;
    kal_status st = start(&b, from) ? KAL_OK : not_understood(&b, w, err);
    if (!st && place && !take_out_place(&b))
        st = not_understood(&b, w, err);
    else if (!st && place)
        look(&b);
    else if (!st)
        b.bytes.size = kal__exif_drop_preview(&b.t);
    return finish(&b, w, st, out, err);
}

kal_status kal__exif_with_density(const kal__blob *from, const double density[2], const kal__edit *w,
                                  kal__blob *out, kal_error *err)
{
    static const unsigned tags[] = {KAL__EXIF_X_RESOLUTION, KAL__EXIF_Y_RESOLUTION, KAL__EXIF_UNIT};
    block b = {{0}, {0}, {0}};
    const bool any = density[0] > 0 && density[1] > 0;
    bool well = true;
    if (!any && !from->size) return KAL_OK;
    kal_status st = start(&b, from) ? KAL_OK : not_understood(&b, w, err);
    for (int i = 0; i < 3 && !st && well; i++) {
        unsigned char bytes[8];
        uint32_t v[2] = {2, 0};   // the unit: an inch
        take_out(&b, b.at[KAL__EXIF_MAIN], tags[i]);
        if (!any) continue;
        if (i < 2) kal__fraction(density[i] * 0.0254, v);
        const int each = i < 2 ? 4 : 2;
        for (int k = 0; k < 8; k++)
            bytes[k] = (unsigned char)(v[k / each % 2] >> (8 * (b.t.big ? each - 1 - k % each : k % each)));
        const value entry = {tags[i], i < 2 ? KAL__IFD_RATIONAL : KAL__IFD_SHORT, 1, bytes, i < 2 ? 8 : 2};
        well = set_value(&b, KAL__EXIF_MAIN, &entry);
    }
    if (!st && !well) st = not_understood(&b, w, err);
    return finish(&b, w, st, out, err);
}

kal_status kal__exif_check(const kal__edit *w, kal_error *err)
{
    kal__exif_part part;
    kal__exif_tag tag;
    kal__text text = {0};
    size_t count;
    kal_status st = named(w, &part, &tag, err);
    if (!st && w->value) st = kal__exif_parse(w->field, &tag, w->value, false, &text, &count, err);
    free(text.data);
    return st;
}
