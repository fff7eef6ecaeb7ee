// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Filling a typed map. It is kept in the form that is hashed: entries lie one behind another as they come, and when a map or list ends they are put in
// order, with its tag before them, in the place where they lay. So a key is one pass over bytes, and what is printed are these bytes read back.
#include "typed_map.h"

#include "known.h"
#include "node.h"
#include "value.h"
#include "utf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)64 << 20)
#define MOST_ENTRIES ((size_t)1 << 20)

// An entry of a map or list that has not ended: in a map its name (4 bytes of length before it), then its value.
typedef struct entry {
    size_t at, name, size;   // in `bytes`; characters of the name; of name and value together
} entry;

typedef struct level {
    bool list;
    size_t bytes, entries;   // where its own begin
} level;

struct kal_map {
    kal__text bytes;
    entry *entries;
    size_t n, room, all;   // of those that have not ended; ever
    level levels[KAL__MAP_DEPTH + 1];
    int depth;
    kal_error error;
};

static kal_map nothing = {.error = {.status = KAL_NOMEM, .message = "map: out of memory"}};

kal_map *kal_map_new(void)
{
    kal_map *m = kal__new_zero(1, sizeof *m);
    return m ? m : &nothing;
}

void kal_map_free(kal_map **slot)
{
    kal_map *m = *slot;
    *slot = NULL;
    if (!m || m == &nothing) return;
    free(m->bytes.data);
    free(m->entries);
    free(m);
}

// ---- mistakes -----------------------------------------------------------------------------------

kal_status kal_map_error(const kal_map *m, kal_error *err)
{
    return m->error.status ? kal__repeat(&m->error, err) : KAL_OK;
}

static const char *name_of(const kal_map *m, const entry *e)
{
    return m->bytes.data + e->at + 4;
}

// "train.sizes[2]": the maps and lists around, then the entry itself.
static void place(const kal_map *m, const char *name, char *out, size_t room)
{
    size_t n = 0;
    out[0] = 0;
    for (int d = 0; d <= m->depth && n < room; d++) {
        const level *l = &m->levels[d];
        const size_t end = d < m->depth ? m->levels[d + 1].entries : m->n;
        if (d < m->depth && !l->list)
            n += (size_t)snprintf(out + n, room - n, "%s%.*s", n ? "." : "",
                                  (int)(m->entries[end - 1].name < 60 ? m->entries[end - 1].name : 60),
                                  name_of(m, &m->entries[end - 1]));
        else if (l->list)
            n += (size_t)snprintf(out + n, room - n, "[%zu]", end - l->entries - (d < m->depth));
        else if (name)
            n += (size_t)snprintf(out + n, room - n, "%s%.60s", n ? "." : "", name);
    }
}

static void mistake(kal_map *m, kal_status status, const char *name, const char *what)
{
    char where[200];
    if (m->error.status) return;
    place(m, name && kal__is_utf8(name, strlen(name)) ? name : NULL, where, sizeof where);
    kal_fail(&m->error, status, "map: %s%s%s", where, *where ? ": " : "", what);
}

// ---- entries ------------------------------------------------------------------------------------

static const char *wrong_name(const kal_map *m, const char *name)
{
    if (m->levels[m->depth].list) return name ? "what stands in a list has no name" : NULL;
    if (!name || !*name) return "what stands in a map needs a name";
    return kal__is_utf8(name, strlen(name)) ? NULL : "the name is not UTF-8";
}

// The name, and a tag; false: nothing is added.
static bool add(kal_map *m, const char *name, int tag)
{
    if (m->error.status) return false;
    const char *wrong = wrong_name(m, name);
    if (wrong) return mistake(m, KAL_INVALID, name, wrong), false;
    if (m->all == MOST_ENTRIES || m->bytes.size > MOST_BYTES)
        return mistake(m, KAL_LIMIT, name, "more than 1048576 entries or 64 MiB in one map"), false;
    if (!kal__more(&m->entries, m->n, &m->room, sizeof *m->entries))
        return mistake(m, KAL_NOMEM, name, "out of memory"), false;
    m->entries[m->n] = (entry){m->bytes.size, name ? strlen(name) : 0, 0};
    if (name) {
        kal__put_le(&m->bytes, strlen(name), 4);
        kal__puts(&m->bytes, name);
    }
    kal__put_le(&m->bytes, (uint64_t)tag, 1);
    m->n++;
    m->all++;
    return true;
}

static void added(kal_map *m)
{
    entry *e = &m->entries[m->n - 1];
    e->size = m->bytes.size - e->at;
    if (m->bytes.failed) mistake(m, KAL_NOMEM, NULL, "out of memory");
}

// An entry whose value is a number of so many bytes.
static void add_number(kal_map *m, const char *name, int tag, uint64_t v, int bytes)
{
    if (!add(m, name, tag)) return;
    kal__put_le(&m->bytes, v, bytes);
    added(m);
}

static void put_key(kal__text *t, kal_key k)
{
    kal__put_le(t, k.lo, 8);
    kal__put_le(t, k.hi, 8);
}

static void add_key(kal_map *m, const char *name, int tag, kal_key key)
{
    if (!add(m, name, tag)) return;
    put_key(&m->bytes, key);
    added(m);
}

void kal_map_none(kal_map *m, const char *name)
{
    add_number(m, name, KAL__TAG_NONE, 0, 0);
}

void kal_map_bool(kal_map *m, const char *name, bool v)
{
    add_number(m, name, KAL__TAG_BOOL, v, 1);
}

void kal_map_int(kal_map *m, const char *name, int64_t v)
{
    add_number(m, name, KAL__TAG_INT, (uint64_t)v, 8);
}

void kal_map_real(kal_map *m, const char *name, double v)
{
    uint64_t bits;
    if (v != v) {
        mistake(m, KAL_INVALID, name, "NaN is no parameter");
        return;
    }
    if (v == 0) v = 0;   // -0
    memcpy(&bits, &v, sizeof bits);
    add_number(m, name, KAL__TAG_REAL, bits, 8);
}

void kal_map_text(kal_map *m, const char *name, const char *text)
{
    if (!text || !kal__is_utf8(text, strlen(text))) {
        mistake(m, KAL_INVALID, name, text ? "the text is not UTF-8: give it as bytes" : "there is no text");
        return;
    }
    if (strlen(text) > MOST_BYTES) {
        mistake(m, KAL_LIMIT, name, "the text has more than 64 MiB: give it as bytes");
        return;
    }
    if (!add(m, name, KAL__TAG_TEXT)) return;
    kal__put_le(&m->bytes, strlen(text), 4);
    kal__puts(&m->bytes, text);
    added(m);
}

void kal_map_bytes(kal_map *m, const char *name, const void *data, size_t size)
{
    if (size && !data) {
        mistake(m, KAL_INVALID, name, "there are no bytes");
        return;
    }
    if (!add(m, name, KAL__TAG_BYTES)) return;
    kal__put_le(&m->bytes, size, 8);
    put_key(&m->bytes, kal__hash_of(size ? data : "", size));
    added(m);
}

void kal_map_file(kal_map *m, const char *name, const char *path)
{
    kal_key digest;
    kal__stamp stamp;
    kal_error err;
    if (m->error.status) return;
    if (!path || kal__digest_file(path, &stamp, &digest, &err)) {
        mistake(m, path ? err.status : KAL_INVALID, name, path ? err.message : "there is no path");
        return;
    }
    if (!add(m, name, KAL__TAG_BYTES)) return;
    kal__put_le(&m->bytes, stamp.size, 8);
    put_key(&m->bytes, digest);
    added(m);
}

// ---- values and images --------------------------------------------------------------------------

void kal_map_value(kal_map *m, const char *name, const kal_value *v)
{
    if (v && v->kind == KAL_VALUE_TEXT) {
        kal_map_text(m, name, v->text);
        return;
    }
    const size_t n = v && v->v && v->rows >= 0 && v->columns >= 0 ? (size_t)v->rows * (size_t)v->columns : 0;
    const char *wrong = !v || !v->v || v->rows < 0 || v->columns < 0 ? "there is no value" : NULL;
    for (size_t i = 0; i < n && !wrong; i++)
        if (v->v[i] != v->v[i]) wrong = "NaN is no parameter";
    if (!wrong && n > MOST_BYTES / 8) wrong = "a value of more than 64 MiB: give it as an array";
    if (wrong) {
        mistake(m, KAL_INVALID, name, wrong);
        return;
    }
    if (!add(m, name, KAL__TAG_VALUE)) return;
    kal__value_pack(v, &m->bytes);
    added(m);
}

void kal_map_box(kal_map *m, const char *name, const double box[4])
{
    double copy[4] = {box[0], box[1], box[2], box[3]};
    kal_map_value(m, name, &(kal_value){.kind = KAL_VALUE_BOXES, .rows = 1, .columns = 4, .v = copy});
}

void kal_map_node(kal_map *m, const char *name, const kal_node *node)
{
    kal_key key;
    kal_error err;
    if (m->error.status) return;
    kal_status st = node ? kal_node_key(node, &key, &err) : kal_fail(&err, KAL_INVALID, "there is no image");
    if (!st && node->is_volatile)
        st = kal_fail(&err, KAL_INVALID, "its key does not tell what it is: give its content");
    if (st)
        mistake(m, st, name, err.message);
    else
        add_key(m, name, KAL__TAG_NODE, key);
}

void kal_map_content(kal_map *m, const char *name, const kal_node *node, const kal_options *options)
{
    kal_key key;
    kal_error err;
    if (m->error.status) return;
    const kal_status st =
        node ? kal_content_key(node, options, &key, &err) : kal_fail(&err, KAL_INVALID, "there is no image");
    if (st)
        mistake(m, st, name, err.message);
    else
        add_key(m, name, KAL__TAG_CONTENT, key);
}

void kal_map_array(kal_map *m, const char *name, kal_element element, const int64_t *shape,
                   int32_t dimensions, const void *data)
{
    kal_key digest;
    if (m->error.status) return;
    const char *wrong = kal__array_digest(element, shape, dimensions, data, &digest);
    if (wrong) {
        mistake(m, KAL_INVALID, name, wrong);
        return;
    }
    if (!add(m, name, KAL__TAG_ARRAY)) return;
    kal__put_le(&m->bytes, (uint64_t)element, 1);
    kal__put_le(&m->bytes, (uint64_t)dimensions, 1);
    for (int32_t i = 0; i < dimensions; i++) kal__put_le(&m->bytes, (uint64_t)shape[i], 8);
    put_key(&m->bytes, digest);
    added(m);
}

// ---- maps and lists -----------------------------------------------------------------------------

static void begin(kal_map *m, const char *name, bool list)
{
    if (!m->error.status && m->depth == KAL__MAP_DEPTH) {
        mistake(m, KAL_LIMIT, name, "more than 32 maps and lists in one another");
        return;
    }
    if (!add(m, name, list ? KAL__TAG_LIST : KAL__TAG_MAP)) return;
    m->levels[++m->depth] = (level){list, m->bytes.size, m->n};
}

void kal_map_begin(kal_map *m, const char *name)
{
    begin(m, name, false);
}

void kal_map_begin_list(kal_map *m, const char *name)
{
    begin(m, name, true);
}

// By their bytes, as strcmp would: a part of a name comes before the name.
static int by_name(const kal_map *m, const entry *x, const entry *y)
{
    const int c = memcmp(name_of(m, x), name_of(m, y), x->name < y->name ? x->name : y->name);
    return c ? c : (x->name > y->name) - (x->name < y->name);
}

// Merge sort: qsort_r is not everywhere, and qsort may be slow on purpose. `spare` has room for n.
static void sort(const kal_map *m, entry *e, size_t n, entry *spare)
{
    if (n < 2) return;
    const size_t half = n / 2;
    sort(m, e, half, spare);
    sort(m, e + half, n - half, spare);
    memcpy(spare, e, half * sizeof *e);
    for (size_t i = 0, j = half, k = 0; i < half; k++)
        e[k] = j < n && by_name(m, &e[j], &spare[i]) < 0 ? e[j++] : spare[i++];
}

// The entries of the level in their order, with their number before them; *twice (or it stays) a name that is there again.
static void ordered(const kal_map *m, const level *l, kal__text *out, const entry **twice, entry *room)
{
    const size_t n = m->n - l->entries;
    if (n) memcpy(room, m->entries + l->entries, n * sizeof *room);
    if (!l->list) sort(m, room, n, room + n);
    kal__put_le(out, n, 4);
    for (size_t i = 0; i < n; i++) {
        if (i && !l->list && !by_name(m, &room[i - 1], &room[i])) *twice = &room[i];
        kal__put(out, m->bytes.data + room[i].at, room[i].size);
    }
}

// The map or list of the level as it will be; on a mistake its status, and *err.
static kal_status end_of(const kal_map *m, const level *l, kal__text *out, kal_error *err)
{
    const size_t n = m->n - l->entries;
    const entry *twice = NULL;
    entry *room = kal__new(n ? 2 * n : 1, sizeof *room);
    if (!room) return kal_fail(err, KAL_NOMEM, "out of memory");
    ordered(m, l, out, &twice, room);
    kal_status st = out->failed ? kal_fail(err, KAL_NOMEM, "out of memory") : KAL_OK;
    if (!st && twice)
        st = kal_fail(err, KAL_INVALID, "\"%.*s\" is there twice", (int)(twice->name < 60 ? twice->name : 60),
                      name_of(m, twice));
    free(room);
    return st;
}

void kal_map_end(kal_map *m)
{
    kal_error err;
    kal__text whole = {0};
    if (m->error.status) return;
    if (!m->depth) {
        mistake(m, KAL_INVALID, NULL, "kal_map_end without a map or list that was begun");
        return;
    }
    const level *l = &m->levels[m->depth--];
    const kal_status st = end_of(m, l, &whole, &err);
    m->n = l->entries;
    m->bytes.size = l->bytes;
    kal__put(&m->bytes, whole.data, whole.size);
    free(whole.data);
    added(m);
    if (st) {   // it happened in what has ended
        m->depth++;
        mistake(m, st, NULL, err.message);
        m->depth--;
    }
}

kal_status kal__map_form(const kal_map *m, kal__text *out, kal_error *err)
{
    kal_status st = kal_map_error(m, err);
    if (!st && m->depth)
        st =
            kal_fail(err, KAL_INVALID, "map: %d of its maps and lists have not ended: kal_map_end", m->depth);
    if (st) return st;
    kal__put_le(out, KAL__TAG_MAP, 1);
    st = end_of(m, &m->levels[0], out, err);
    return st ? kal_within(err, "map") : KAL_OK;
}

kal_status kal_map_key(const kal_map *m, kal_key *out, kal_error *err)
{
    kal__text form = {0};
    *out = (kal_key){0, 0};
    kal__put(&form, "kalm1", 5);
    const kal_status st = kal__map_form(m, &form, err);
    if (!st) *out = kal__hash_of(form.data, form.size);
    free(form.data);
    return st;
}
