// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Nodes: immutable, interned by key, counted, freed without recursion; scopes that own them; error nodes.
#include "node.h"

#include "fork.h"
#include "files.h"
#include "reel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// ---- the table of all nodes ---------------------------------------------------------------------
// Open addressing by the key's low half; holds no reference. A count falls from one to zero only under the lock, so a look-up
// either finds a node alive or does not find it.

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
KAL__GUARD(lock, KAL__FORK_NODES, NULL)
static kal_node **table;
static size_t n_slots, n_live, n_errors;

static size_t slot_of(kal_key key)
{
    return (size_t)key.lo & (n_slots - 1);
}

static kal_node *find(kal_key key)
{
    if (!n_slots) return NULL;
    for (size_t i = slot_of(key); table[i]; i = (i + 1) & (n_slots - 1))
        if (kal_key_equal(table[i]->key, key)) return table[i];
    return NULL;
}

static bool table_grow(void)
{
    if (n_slots && (n_live + 1) * 4 <= n_slots * 3) return true;
    const size_t old_n = n_slots, new_n = n_slots ? n_slots * 2 : 1024;
    kal_node **old = table, **grown = kal__new_zero(new_n, sizeof *grown);
    if (!grown) return false;
    table = grown;
    n_slots = new_n;
    for (size_t i = 0; i < old_n; i++) {
        if (!old[i]) continue;
        size_t j = slot_of(old[i]->key);
        while (table[j]) j = (j + 1) & (n_slots - 1);
        table[j] = old[i];
    }
    free(old);
    return true;
}

static void table_add(kal_node *node)
{
    size_t i = slot_of(node->key);
    while (table[i]) i = (i + 1) & (n_slots - 1);
    table[i] = node;
    n_live++;
}

// Removes and closes the gap: every later entry of the run moves back if its own slot allows.
static void table_remove(const kal_node *node)
{
    size_t i = slot_of(node->key);
    while (table[i] != node) i = (i + 1) & (n_slots - 1);
    for (size_t j = (i + 1) & (n_slots - 1); table[j]; j = (j + 1) & (n_slots - 1)) {
        const size_t home = slot_of(table[j]->key);
        if (((j - home) & (n_slots - 1)) < ((j - i) & (n_slots - 1))) continue;
        table[i] = table[j];
        i = j;
    }
    table[i] = NULL;
    n_live--;
}

size_t kal_node_count(void)
{
    pthread_mutex_lock(&lock);
    const size_t n = n_live + n_errors;
    pthread_mutex_unlock(&lock);
    return n;
}

// ---- references ---------------------------------------------------------------------------------

kal_node *kal_node_ref(kal_node *node)
{
    if (node) __atomic_fetch_add(&node->refs, 1, __ATOMIC_RELAXED);
    return node;
}

// true: the caller held the last reference and the node is out of the table.
static bool drop(kal_node *node)
{
    int refs = __atomic_load_n(&node->refs, __ATOMIC_RELAXED);
    // Release: what this holder did comes before the last one's free, which acquires through the lock.
    while (refs > 1)
        if (__atomic_compare_exchange_n(&node->refs, &refs, refs - 1, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            return false;
    pthread_mutex_lock(&lock);
    const bool last = __atomic_sub_fetch(&node->refs, 1, __ATOMIC_ACQ_REL) == 0;
    if (last && node->kind != KAL__ERROR) table_remove(node);
    if (last && node->kind == KAL__ERROR) n_errors--;
    pthread_mutex_unlock(&lock);
    return last;
}

static void destroy(kal_node *node)
{
    switch (node->kind) {
    case KAL__DECODE: kal__source_unref(&node->u.source); break;
    case KAL__PIXELS: kal__slab_unref(&node->u.pixels.slab); break;
    case KAL__ERROR: free(node->u.error); break;
    case KAL__APPLY:
    case KAL__DYNAMIC:
    case KAL__VALUE: kal__files_unref(kal__schema_of_node(node), node->call.params); break;
    case KAL__ENCODE: kal__slab_unref(&node->u.given); break;
    }
    kal__meta_unref(&node->meta);
    free(node->kept);
    free(node);
}

void kal_node_unref(kal_node **slot)
{
    kal_node *todo = *slot;
    *slot = NULL;
    if (!todo || !drop(todo)) return;
    todo->next = NULL;
    while (todo) {
        kal_node *node = todo;
        todo = node->next;
        for (int32_t i = 0; i < node->call.n; i++) {
            kal_node *in = kal__input(node, i);
            if (!drop(in)) continue;
            in->next = todo;
            todo = in;
        }
        destroy(node);
    }
}

// ---- making -------------------------------------------------------------------------------------

static const size_t align = 15;

// One allocation: node, input pointers, params, then what lists and texts need.
static kal_node *build(kal__kind kind, kal_key key, const kal_call *call, kal__schema s)
{
    const size_t at_in = (sizeof(kal_node) + align) & ~align;
    const size_t at_params = (at_in + (size_t)call->n * sizeof(kal_call *) + align) & ~align;
    const size_t at_extra = (at_params + s.size + align) & ~align;
    const size_t extra = call->params ? kal__params_extra(s, call->params) : 0;
    kal_node *node = kal__new_zero(1, at_extra + extra);
    if (!node) return NULL;
    unsigned char *base = (unsigned char *)node;
    const kal_call **in = (const kal_call **)(base + at_in);
    node->call = *call;
    node->call.in = in;
    node->call.params = base + at_params;
    if (call->params) kal__params_copy(s, base + at_params, call->params, base + at_extra);
    if (call->params) kal__files_ref(s, call->params);
    for (int32_t i = 0; i < call->n; i++) in[i] = &kal_node_ref(kal__node_of(call->in[i]))->call;
    node->key = key;
    node->kind = kind;
    node->dynamic = kind == KAL__DYNAMIC || (call->n && kal__input(node, 0)->dynamic);
    node->is_volatile = call->op && (call->op->flags & KAL_OP_VOLATILE);
    for (int32_t k = 0; k < call->n; k++) {
        node->is_volatile |= kal__input(node, k)->is_volatile;
        node->calls |= __atomic_load_n(&kal__input(node, k)->calls, __ATOMIC_RELAXED);
    }
    node->refs = 1;
    return node;
}

// What fill does not say itself goes with the base, or with the first input.
static bool take_meta(kal_node *node)
{
    bool failed = false;
    if (node->call.n)
        node->meta = kal__meta_for(kal__input(node, kal__meta_input(node->call.op, node->call.n))->meta,
                                   &node->call.extent, &failed);
    return !failed;
}

// What an op did to the picture it did to what is said of it; a smaller decode is a smaller picture.
static bool settle_meta(kal_node *node)
{
    double m[6];
    if (node->kind == KAL__APPLY && node->call.op->says) return true;
    if (node->kind == KAL__APPLY && node->call.n) {
        const int32_t i = kal__meta_input(node->call.op, node->call.n);
        const kal_extent *from = &node->call.in[i]->extent, *to = &node->call.extent;
        return kal__meta_through(&node->meta, kal__input_map(&node->call, i, m) ? m : NULL,
                                 from->width == to->width && from->height == to->height);
    }
    if (node->kind == KAL__DYNAMIC) return kal__meta_through(&node->meta, NULL, false);
    if (node->kind != KAL__DECODE || node->u.source->shrink == 1) return true;
    const double by = 1.0 / node->u.source->shrink, smaller[6] = {by, 0, 0, 0, by, 0};
    return kal__meta_through(&node->meta, smaller, false);
}

static void give_up(kal_node *fresh)
{
    for (int32_t i = 0; i < fresh->call.n; i++) {
        kal_node *in = kal__input(fresh, i);
        kal_node_unref(&in);
    }
    destroy(fresh);
}

kal_node *kal__node_find(kal_key key)
{
    pthread_mutex_lock(&lock);
    kal_node *node = kal_node_ref(find(key));
    pthread_mutex_unlock(&lock);
    return node;
}

kal_node *kal__intern(kal__kind kind, kal_key key, const kal_call *call, const kal_param *rows, size_t n_rows,
                      size_t params_size, kal__fill_fn *fill, void *arg)
{
    kal_node *node = kal__node_find(key);
    if (node) return node;

    kal_node *fresh = build(kind, key, call, (kal__schema){rows, n_rows, params_size, "", 0});
    if (!fresh) return NULL;
    if (!take_meta(fresh)) {
        give_up(fresh);
        return NULL;
    }
    if (fill) fill(fresh, arg);
    if (!settle_meta(fresh)) {
        give_up(fresh);
        return NULL;
    }
    pthread_mutex_lock(&lock);
    node = kal_node_ref(find(key));   // somebody may have been quicker
    const bool added = !node && table_grow();
    if (added) table_add(node = fresh);
    pthread_mutex_unlock(&lock);
    if (!added) give_up(fresh);
    return node;
}

// Stands for every case in which there is no room to say more; nobody owns it.
static kal_node no_memory = {.kind = KAL__ERROR, .refs = 1 << 30};

kal_node *kal_node_set_memo(kal_node *node, kal_memo_mode mode)
{
    if (node && (unsigned)mode <= KAL_MEMO_NEVER)
        __atomic_store_n(&node->memo_mode, (int)mode, __ATOMIC_RELAXED);
    return node;
}

kal_memo_mode kal_node_memo(const kal_node *node)
{
    return node ? (kal_memo_mode)__atomic_load_n(&node->memo_mode, __ATOMIC_RELAXED) : KAL_MEMO_AUTO;
}

kal_node *kal__error_node(kal_scope *scope, const kal_error *err)
{
    kal_node *node = kal__new_zero(1, sizeof *node);
    kal_error *copy = kal__new_zero(1, sizeof *copy);
    if (!node || !copy) {
        free(node);
        free(copy);
        return &no_memory;
    }
    *copy = *err;
    if (!copy->status) copy->status = KAL_INTERNAL;   // an error is never "ok"
    node->kind = KAL__ERROR;
    node->refs = 1;
    node->u.error = copy;
    pthread_mutex_lock(&lock);
    n_errors++;
    pthread_mutex_unlock(&lock);
    return kal__born(scope, node);
}

// ---- sources ------------------------------------------------------------------------------------

kal__source *kal__source_ref(kal__source *s)
{
    if (s) __atomic_fetch_add(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}

void kal__source_unref(kal__source **slot)
{
    kal__source *s = *slot;
    *slot = NULL;
    if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
    kal__reel_unref(&s->reel);
    kal__origin_unref(&s->origin);
    kal__slab_unref(&s->bytes);
    kal__places_unref(&s->places);
    free(s);
}

kal__source *kal__node_source(const kal_node *node)
{
    pthread_mutex_lock(&lock);
    kal__source *s = kal__source_ref(node->u.source);
    pthread_mutex_unlock(&lock);
    return s;
}

// Is there the file that was seen there? Where that is not known, there is.
static bool still_there(const kal__origin *o, const kal__stamp *seen)
{
    kal__stamp now;
    return !seen->ino || (kal__path_stamp(o->path, &now) && kal__stamp_equal(&now, seen));
}

// Of two places the one that still has these bytes.
const char *kal__source_path(const kal__source *s)
{
    kal__stamp seen;
    kal__origin *o;
    for (int i = 0; (o = s->origin ? kal__origin_place(s->origin, i, &seen) : NULL); i++)
        if (o->path && still_there(o, &seen)) return o->path;
    return s->origin && s->origin->path ? s->origin->path : "";
}

const char *kal__source_name(const kal__source *s)
{
    return s->origin ? s->origin->name : "bytes in memory";
}

kal__source *kal__source_copy(const kal__source *s, kal__origin *origin)
{
    kal__source *n = kal__new(1, sizeof *n);
    if (!n) return NULL;
    // Field by field: others may be counting references of the old one.
    *n = (kal__source){.refs = 1,
                       .codec = s->codec,
                       .header = s->header,
                       .shrink = s->shrink,
                       .page = s->page,
                       .layout = s->layout,
                       .lenient = s->lenient,
                       .reel = kal__reel_ref(s->reel),
                       .digest = s->digest,
                       .places = kal__places_ref(s->places),
                       .stamp = s->stamp,
                       .pinned = s->pinned,
                       .origin = kal__origin_ref(origin),
                       .unkeyed = s->unkeyed,
                       .once = s->once,
                       .preview = s->preview,
                       .bytes = kal__slab_ref(s->bytes),
                       .size = s->size};
    return n;
}

// One can be named, the other has the bytes: both are worth keeping.
static kal__source *merge(const kal__source *named, const kal__source *bytes)
{
    kal__source *s = kal__source_copy(bytes, named->origin);
    if (s) s->stamp = named->stamp, s->pinned = named->pinned, s->preview = named->preview;
    return s;
}

static bool may_be_one_of_two(const kal__source *s)
{
    return s->origin && !s->origin->remote && !s->bytes && !s->unkeyed && !s->once && !s->preview;
}

// Of two places of the same bytes a file comes first, else the one that was seen last; and where it is gone or another file by then, the other. NULL: there is one alone.
static kal__source *either(const kal__source *old, const kal__source *fresh)
{
    if (!may_be_one_of_two(old) || !may_be_one_of_two(fresh)) return NULL;
    kal__stamp seen;
    kal__origin *was = kal__origin_place(old->origin, 0, &seen),
                *now = kal__origin_place(fresh->origin, 0, &seen);
    if (was == now || (was->path && now->path && !strcmp(was->path, now->path))) return NULL;
    const bool back = was->path && !now->path;
    const kal__source *first = back ? old : fresh, *second = back ? fresh : old;
    kal__origin *both =
        kal__origin_either(back ? was : now, &first->stamp, back ? now : was, &second->stamp);
    kal__source *s = both ? kal__source_copy(first, both) : NULL;
    kal__origin_unref(&both);
    return s;
}

void kal__node_set_source(kal_node *node, kal__source *source)
{
    pthread_mutex_lock(&lock);
    kal__source *old = node->u.source, *fresh = NULL;
    if (old->bytes && source->origin)
        fresh = merge(source, old);
    else if (source->bytes && old->origin)
        fresh = merge(old, source);
    else if (old != source)
        fresh = either(old, source);
    node->u.source = fresh ? fresh : kal__source_ref(source);
    const kal__origin *now = node->u.source->origin;
    if (kal__origin_input(now, 0) || kal__origin_input(now, 1))
        __atomic_store_n(&node->calls, true, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lock);
    kal__source_unref(&old);
}

// ---- scopes -------------------------------------------------------------------------------------

struct kal_scope {
    kal_node **nodes;
    size_t n, room;
};

// What there is when there is no memory for a scope: every node born in it is the out-of-memory error.
static kal_scope no_scope;

kal_scope *kal_scope_new(void)
{
    kal_scope *s = kal__new_zero(1, sizeof *s);
    return s ? s : &no_scope;
}

void kal_scope_free(kal_scope **scope)
{
    kal_scope *s = *scope;
    *scope = NULL;
    if (!s || s == &no_scope) return;
    for (size_t i = s->n; i-- > 0;) kal_node_unref(&s->nodes[i]);
    free(s->nodes);
    free(s);
}

kal_node *kal__born(kal_scope *s, kal_node *node)
{
    if (!s) return node;
    if (s == &no_scope || !kal__more(&s->nodes, s->n, &s->room, sizeof *s->nodes)) {
        kal_node_unref(&node);
        return &no_memory;
    }
    s->nodes[s->n++] = node;
    return node;
}

// ---- reading ------------------------------------------------------------------------------------

kal_status kal_node_error(const kal_node *node, kal_error *err)
{
    if (node && node->kind != KAL__ERROR) return KAL_OK;
    if (!node) return kal_fail(err, KAL_INVALID, "no node was given (NULL)");
    if (!node->u.error) return kal_fail(err, KAL_NOMEM, "out of memory for a node");
    if (err) *err = *node->u.error;
    return node->u.error->status;
}

kal_status kal_node_key(const kal_node *node, kal_key *out, kal_error *err)
{
    const kal_status st = kal_node_error(node, err);
    if (!st) *out = node->key;
    return st;
}

const kal_call *kal_node_call(const kal_node *node)
{
    return node && node->kind != KAL__ERROR ? &node->call : NULL;
}

kal_node *kal_node_input(const kal_node *node, int32_t i)
{
    return node && i >= 0 && i < node->call.n ? kal__input(node, i) : NULL;
}

bool kal_node_meta(const kal_node *node, const char *name, const void **data, size_t *size)
{
    if (!node || !node->meta) return false;
    const kal__meta *m = node->meta;
    const kal__blob *b = !strcmp(name, "exif")   ? &m->exif
                         : !strcmp(name, "icc")  ? &m->icc
                         : !strcmp(name, "xmp")  ? &m->xmp
                         : !strcmp(name, "iptc") ? &m->iptc
                                                 : NULL;
    if (!b || !b->size) return false;
    *data = b->data;
    *size = b->size;
    return true;
}

bool kal_node_field(const kal_node *node, const char *name, kal_field *out)
{
    return node && node->meta && kal__meta_field(node->meta, name, out);
}

bool kal_node_field_at(const kal_node *node, size_t index, kal_field *out)
{
    return node && node->meta && kal__meta_field_at(node->meta, index, out);
}

bool kal_call_meta(const kal_call *input, const char *name, const void **data, size_t *size)
{
    return kal_node_meta(kal__node_of(input), name, data, size);
}

bool kal_node_file(const kal_node *node, kal_file_info *out)
{
    const kal__meta *m = node ? node->meta : NULL;
    if (!m || !m->format) return false;
    *out = (kal_file_info){m->format, m->bytes, m->pages};
    return true;
}

void kal_node_orientation(const kal_node *node, int *orientation, bool *applied)
{
    const kal__meta *m = node ? node->meta : NULL;
    *orientation = m ? m->orientation : 1;
    *applied = m && m->applied;
}
