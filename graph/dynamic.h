// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Parameters that are computed: `threshold photo value=(mean photo)`. Such a node is kept as written; before anything is evaluated it is
// resolved: the values are computed, the op is applied to literals, and what runs is an ordinary graph. An equal value from
// changed pixels therefore lands on the same node.
#ifndef KAL_GRAPH_DYNAMIC_H
#define KAL_GRAPH_DYNAMIC_H

#include "node.h"

/// A parameter, by its row in the schema, and the node whose numbers are its value; or one of these for several.
enum { KAL__BOX = 254, KAL__SIZE = 255 };   // x, y, width, height; width, height
typedef struct kal__bound {
    int32_t code;
    kal_node *value;
} kal__bound;
/// The code of a name; -1: there is no such parameter.
int32_t kal__bound_code(kal__schema s, const char *name, size_t n);
const char *kal__bound_name(kal__schema s, int32_t code);
/// The parameters that a code stands for, at most 4.
int32_t kal__bound_rows(kal__schema s, int32_t code, const kal_param **rows);

/// Percentages of an image whose size is not known yet, as the computed parameters that they become.
typedef struct kal__shares {
    kal_node *of;
    kal__bound bound[KAL__MAX_BOUND];   // values owned
    int32_t n;
} kal__shares;
/// Makes the parameter that many percent of the side that goes with it.
kal_status kal__share(kal__shares *shares, kal__schema s, const kal_param *p, double percent, kal_error *err);
/// Takes parameters that are computed beside, by name: they stand where percentages of unknown sizes go. INVALID, LIMIT, or what is wrong with a value.
kal_status kal__bind(kal__shares *shares, const kal_op *op, const kal_bound *bound, int32_t n,
                     kal_error *err);
void kal__shares_release(kal__shares *shares);

/// An op applied later: inputs or parameters are not known yet.
kal_status kal__apply_later(const kal_op *op, const void *params, kal_node *const *in, int32_t n,
                            const kal__bound *bound, int32_t n_bound, kal_node **out, kal_error *err);
/// The static node for a node: itself, or what it resolves to. *out is the caller's reference. `start`: see kal__evaluate.
kal_status kal__static(const kal_node *node, const kal_options *options, double start, kal_node **out,
                       kal_error *err);

#endif
