// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Making nodes with statuses instead of error nodes, for the rest of this room.
#ifndef KAL_GRAPH_APPLY_H
#define KAL_GRAPH_APPLY_H

#include "node.h"

#define KAL__MAX_INPUTS 256

typedef struct kal__arity {
    int32_t min, max;
} kal__arity;

/// How many inputs an op takes.
kal__arity kal__arity_of(const kal_op *op);
/// The number of inputs, and that each is an image.
kal_status kal__check_inputs(const kal_op *op, kal_node *const *in, int32_t n, kal_error *err);
/// What values in a text are read against: input 0; for an op without inputs colours of 8 bits; NULL: not known yet.
const kal_extent *kal__unit_of(const kal_op *op, kal_node *const *in, int32_t n);
/// Whether there is such a picture: as many channels as its model has, a mask of one of 8 bits. `what` it is of, for the error.
kal_status kal__check_model(const char *what, const kal_extent *e, kal_error *err);
/// An op by a name that need not end in NUL; the error names the nearest one.
kal_status kal__find_op(const char *name, size_t n, const kal_op **out, kal_error *err);
/// The version of a call's op as it stands in keys.
#define KAL__VERSION_ROOM 160
void kal__put_version(const kal_call *call, char out[KAL__VERSION_ROOM]);
/// The node of an op on sound inputs; *out is the caller's reference.
kal_status kal__apply(const kal_op *op, const void *params, kal_node *const *in, int32_t n, kal_node **out,
                      kal_error *err);

#endif
