// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// light=linear: what an op that sums samples becomes, so that it sums light: to_linear into samples with room enough, the op, from_linear.
#ifndef KAL_OPS_LIGHT_H
#define KAL_OPS_LIGHT_H

#include "op.h"

#include <stddef.h>

/// Of an op's parameters: its light, and a colour for what lies outside, where it has one (else 0).
typedef struct kal__light_fields {
    size_t light, color;
} kal__light_fields;
/// Folds a call that wants light=linear into these three; false where it wants samples as they are stored.
bool kal__light_fold(const kal_call *c, kal__light_fields at, kal_folded *to, void *room);
/// That it has room for: to_linear's and from_linear's parameters, the op's own, a colour.
#define KAL__LIGHT_FITS(p)                                                                        \
    _Static_assert(2 * sizeof(kal_to_linear_p) + sizeof(p) + KAL_MAX_CHANNELS * sizeof(double) <= \
                       KAL_FOLD_ROOM,                                                             \
                   "room")

#endif
