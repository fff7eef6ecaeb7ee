// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Nodes in topological order, found iteratively: a graph may be a hundred thousand deep.
#include "node.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_of(const kal__order *o, const kal_node *node)
{
    size_t i = (size_t)node->key.lo & (o->n_slots - 1);
    while (o->slots[i] && o->slots[i] != node) i = (i + 1) & (o->n_slots - 1);
    return i;
}

static bool grow(kal__order *o)
{
    if (o->n_slots && (o->n + 1) * 2 <= o->n_slots) return true;
    kal__order big = *o;
    big.n_slots = o->n_slots ? o->n_slots * 2 : 64;
    big.slots = kal__new_zero(big.n_slots, sizeof *big.slots);
    big.index = kal__new_zero(big.n_slots, sizeof *big.index);
    big.nodes = kal__new(big.n_slots, sizeof *big.nodes);
    if (!big.slots || !big.index || !big.nodes) {
        free(big.slots);
        free(big.index);
        free(big.nodes);
        return false;
    }
    if (o->n) memcpy(big.nodes, o->nodes, o->n * sizeof *big.nodes);
    for (size_t i = 0; i < o->n_slots; i++) {
        if (!o->slots[i]) continue;
        const size_t j = slot_of(&big, o->slots[i]);
        big.slots[j] = o->slots[i];
        big.index[j] = o->index[i];
    }
    kal__order_free(o);
    *o = big;
    return true;
}

size_t kal__order_find(const kal__order *o, const kal_node *node)
{
    if (!o->n_slots) return SIZE_MAX;
    const size_t i = slot_of(o, node);
    return o->slots[i] ? o->index[i] : SIZE_MAX;
}

static bool add(kal__order *o, const kal_node *node)
{
    if (!grow(o)) return false;
    const size_t i = slot_of(o, node);
    o->slots[i] = node;
    o->index[i] = (uint32_t)o->n;
    o->nodes[o->n++] = node;
    return true;
}

// The path from the root being visited: a node and which of its inputs comes next.
typedef struct frame {
    const kal_node *node;
    int32_t next;
} frame;

typedef struct stack {
    frame *frames;
    size_t n, room;
} stack;

static bool push(stack *s, const kal_node *node)
{
    if (!kal__more(&s->frames, s->n, &s->room, sizeof *s->frames)) return false;
    s->frames[s->n++] = (frame){node, 0};
    return true;
}

static bool visit(kal__order *o, stack *s, const kal_node *root)
{
    if (kal__order_find(o, root) != SIZE_MAX) return true;
    if (!push(s, root)) return false;
    while (s->n) {
        frame *f = &s->frames[s->n - 1];
        if (f->next < f->node->call.n) {
            const kal_node *in = kal__input(f->node, f->next++);
            if (kal__order_find(o, in) == SIZE_MAX && !push(s, in)) return false;
            continue;
        }
        const kal_node *done = f->node;
        s->n--;
        if (kal__order_find(o, done) == SIZE_MAX && !add(o, done)) return false;
    }
    return true;
}

kal_status kal__order_make(kal_node *const *roots, size_t n, kal__order *out, kal_error *err)
{
    *out = (kal__order){0};
    stack s = {0};
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) ok = visit(out, &s, roots[i]);
    free(s.frames);
    if (ok) return KAL_OK;
    kal__order_free(out);
    return kal_fail(err, KAL_NOMEM, "out of memory for a graph");
}

void kal__order_free(kal__order *o)
{
    free(o->nodes);
    free(o->slots);
    free(o->index);
    *o = (kal__order){0};
}
