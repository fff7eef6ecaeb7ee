// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See special.h. The key of node N for a rectangle r: of a picture whose content is known, that; of a paste that r does not see, its base's for r; of
// a node whose inputs have their own keys for what r needs of them, its own; else a hash of its op, its parameters and those of its inputs.
#include "special.h"

#include "apply.h"
#include "need.h"

#include <stdlib.h>
#include <string.h>

#define MOST_VISITS ((size_t)4 << 20)
#define DEEPEST 400

typedef struct said {
    kal_rect rect;   // of the answer that is known; empty: none
    kal_key key;
    kal_key own;   // of op and parameters alone
    bool has_own;
    bool picture, known;   // by content
    kal_key content;
} said;

struct kal__special {
    kal__order order;
    said *said;
    size_t visits;
    int depth;
    bool pastes, shape;   // shape: pictures are all alike
};

bool kal__is_picture(const kal_node *n)
{
    if (n->is_volatile) return false;
    return n->kind == KAL__DECODE || (n->kind == KAL__APPLY && kal_node_memo(n) == KAL_MEMO_ALWAYS);
}

// What ops may look at beside pixels belongs to it: ours at the profile alone, others' at all that kal_call_meta tells.
static kal_key content_of(const kal_node *n, const unsigned char *fact, bool others)
{
    static const char *const names[] = {"icc", "exif", "xmp", "iptc"};
    kal__hash h;
    kal__hash_init(&h);
    kal__hash_add(&h, "kal1 content", 12);
    kal__hash_add(&h, fact, sizeof(kal_key));
    for (int i = 0; i < (others ? 4 : 1); i++) {
        const void *data = NULL;
        size_t size = 0;
        kal_node_meta(n, names[i], &data, &size);
        kal__hash_add(&h, &size, sizeof size);
        if (size) kal__hash_add(&h, data, size);
    }
    return kal__hash_done(&h);
}

static bool is_others(const kal_node *n)
{
    return n->kind == KAL__APPLY && strchr(n->call.op->name, '.');
}

static void look_up(kal__special *s, kal_memo *facts)
{
    bool others = false;
    for (size_t i = 0; i < s->order.n; i++) others |= is_others(s->order.nodes[i]);
    for (size_t i = 0; i < s->order.n; i++) {
        const kal_node *n = s->order.nodes[i];
        unsigned char fact[KAL__FACT];
        said *at = &s->said[i];
        s->pastes |= n->kind == KAL__APPLY && n->call.op->touches && n->call.n > 0;
        at->picture = kal__is_picture(n);
        at->known = at->picture && kal__memo_fact(facts, KAL__FACT_CONTENT, n->key, fact);
        if (at->known) at->content = content_of(n, fact, others);
    }
}

kal__special *kal__special_new(const kal_node *image, kal_memo *facts, size_t parts)
{
    kal_node *root = (kal_node *)(uintptr_t)image;
    kal__special *s = kal__new_zero(1, sizeof *s);
    if (!s) return NULL;
    const kal_status st = kal__order_make(&root, 1, &s->order, NULL);
    if (!st && parts * s->order.n <= MOST_VISITS) s->said = kal__new_zero(s->order.n, sizeof *s->said);
    if (!s->said) {
        kal__special_free(s);
        return NULL;
    }
    look_up(s, facts);
    return s;
}

bool kal__special_differs(const kal__special *s)
{
    return s->pastes;
}

kal_node *kal__special_unknown(const kal__special *s)
{
    for (size_t k = 0; k + 1 < s->order.n; k++)
        if (s->said[k].picture && !s->said[k].known) return (kal_node *)(uintptr_t)s->order.nodes[k];
    return NULL;
}

void kal__special_free(kal__special *s)
{
    if (!s) return;
    kal__order_free(&s->order);
    free(s->said);
    free(s);
}

static bool own_key(said *at, const kal_node *n)
{
    char version[KAL__VERSION_ROOM];
    if (at->has_own) return true;
    kal__put_version(&n->call, version);
    const kal__key_parts parts = {.kind = KAL__APPLY,
                                  .what = n->call.op->name,
                                  .version = version,
                                  .schema = kal__schema_of(n->call.op),
                                  .params = n->call.params};
    return at->has_own = !kal__make_key(&parts, &at->own, NULL);
}

static bool key_of(kal__special *s, const kal_node *n, kal_rect r, kal_key *out);

// It may follow from an image that is not seen: a mask on which something else was pasted is none.
static void add_extent(kal__hash *h, const kal_extent *e)
{
    const int32_t all[6] = {e->width, e->height, e->channels, (int32_t)e->type, (int32_t)e->model, e->alpha};
    kal__hash_add(h, all, sizeof all);
}

// Of inputs and op; *same: all of them have their own keys.
static bool combined(kal__special *s, const kal_node *n, kal_rect r, said *at, bool *same, kal_key *out)
{
    kal__hash h;
    *same = true;
    if (!own_key(at, n)) return false;
    kal__hash_init(&h);
    kal__hash_add(&h, "kal1 part", 9);
    kal__hash_add(&h, &at->own, sizeof at->own);
    add_extent(&h, &n->call.extent);
    for (int32_t i = 0; i < n->call.n; i++) {
        const kal_node *in = kal__input(n, i);
        const kal_rect need = kal__need(&n->call, i, r);
        kal_key key = in->key;
        if (!kal_rect_empty(need) && !key_of(s, in, need, &key)) return false;
        *same &= kal_key_equal(key, in->key);
        kal__hash_add(&h, &key, sizeof key);
        add_extent(&h, &in->call.extent);
    }
    *out = kal__hash_done(&h);
    return true;
}

static const kal_node *beneath_pastes(const kal_node *n, kal_rect r)
{
    while (n->kind == KAL__APPLY && n->call.op->touches && n->call.n > 0 &&
           kal_rect_empty(kal_rect_clip(n->call.op->touches(&n->call), r)))
        n = kal__input(n, n->call.n - 1);
    return n;
}

static bool key_of(kal__special *s, const kal_node *n, kal_rect r, kal_key *out)
{
    bool same;
    if (!s->shape) n = beneath_pastes(n, r);
    said *at = &s->said[kal__order_find(&s->order, n)];
    *out = at->known ? at->content : n->key;
    if (at->picture && s->shape) *out = kal__hash_of(&n->call.extent, offsetof(kal_extent, channels));
    if (at->known || (at->picture && s->shape)) return true;
    if (n->kind != KAL__APPLY || !n->call.n) return !n->is_volatile && n->kind != KAL__DYNAMIC;
    if (!kal_rect_empty(at->rect) && kal_rect_equal(at->rect, r)) return *out = at->key, true;
    if (++s->visits > MOST_VISITS || s->depth == DEEPEST) return false;
    s->depth++;
    const bool ok = combined(s, n, r, at, &same, out);
    s->depth--;
    if (!ok) return false;
    if (same) *out = n->key;
    at->rect = r;
    at->key = *out;
    return true;
}

// The place belongs to it: pixels of one picture at two places are two parts.
bool kal__special_key(kal__special *s, kal_rect part, kal_key *out)
{
    kal_key key;
    const kal_node *root = s->order.nodes[s->order.n - 1];
    const int32_t where[4] = {part.x0, part.y0, part.x1, part.y1};
    if (!key_of(s, root, part, &key)) return false;
    kal__hash h;
    kal__hash_init(&h);
    kal__hash_add(&h, &key, sizeof key);
    kal__hash_add(&h, where, sizeof where);
    *out = kal__hash_done(&h);
    return true;
}

bool kal__special_shape(kal__special *s, kal_key *out)
{
    const kal_node *root = s->order.nodes[s->order.n - 1];
    const kal_rect all = kal_rect_all(&root->call.extent);
    s->shape = true;
    for (size_t i = 0; i < s->order.n; i++) s->said[i].rect = kal_rect_of(0, 0, 0, 0);
    const bool ok = key_of(s, root, all, out);
    for (size_t i = 0; i < s->order.n; i++) s->said[i].rect = kal_rect_of(0, 0, 0, 0);
    s->shape = false;
    return ok;
}
