// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Parameters that are computed: `threshold photo value=(mean photo)`. Such a node is kept as written; before anything is evaluated it is
// resolved: the values are computed, the op is applied to literals, and what runs is an ordinary graph. An equal value from
// changed pixels therefore lands on the same node.
#ifndef KAL_GRAPH_DYNAMIC_H
#define KAL_GRAPH_DYNAMIC_H

#include "node.h"

/// A parameter and the image whose samples are its value.
typedef struct kal__bound {
    const kal_param *param;
    kal_node *value;
} kal__bound;

/// An op applied later: inputs or parameters are not known yet.
kal_status kal__apply_later(const kal_op *op, const void *params, kal_node *const *in, int32_t n,
                            const kal__bound *bound, int32_t n_bound, kal_node **out, kal_error *err);
/// The static node for a node: itself, or what it resolves to. *out is the caller's reference. `start`: see kal__evaluate.
kal_status kal__static(const kal_node *node, const kal_options *options, double start, kal_node **out,
                       kal_error *err);

#endif
