// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// light=linear: what an op that sums samples becomes, so that it sums light: to_linear into samples with room enough, the op, from_linear.
#ifndef KAL_OPS_LIGHT_H
#define KAL_OPS_LIGHT_H

#include "op.h"

/// Bytes of a fold's room that kal__light_fold takes, from its start.
enum { KAL__LIGHT_ROOM = 2 * sizeof(kal_to_linear_p) };
/// Folds the call into these three. The params are the op's, `light` as stored among them, and lie in the room or in the call.
void kal__light_fold(const kal_call *c, const kal_op *op, const void *params, kal_folded *to, void *room);
/// A colour of such an op, for what lies between; `room` for as many numbers.
kal_list kal__light_colour(const kal_extent *e, kal_list colour, double *room);

#endif
