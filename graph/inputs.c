// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Which functions of callers' a node stands on.
#include "node.h"

static void tell_of(kal_node *node, void (*tell)(void *user, const kal_node *of, const kal_input *input),
                    void *user)
{
    kal__source *s = kal__node_source(node);
    for (int i = 2; i-- > 0;) {
        const kal_input *input = kal__origin_input(s->origin, i);
        if (input) tell(user, node, input);
    }
    kal__source_unref(&s);
}

kal_status kal_node_each_input(const kal_node *node,
                               void (*tell)(void *user, const kal_node *of, const kal_input *input),
                               void *user, kal_error *err)
{
    if (!node || !__atomic_load_n(&node->calls, __ATOMIC_RELAXED)) return KAL_OK;
    kal__order o = {0};
    kal_node *root = kal__node_of(&node->call);
    const kal_status st = kal__order_make(&root, 1, &o, err);
    for (size_t i = 0; !st && i < o.n; i++)
        if (o.nodes[i]->kind == KAL__DECODE) tell_of(kal__node_of(&o.nodes[i]->call), tell, user);
    kal__order_free(&o);
    return st;
}
