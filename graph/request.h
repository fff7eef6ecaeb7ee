// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A request for pixels of one node, from its first line to its last: statistics, settling of what is dynamic, progress.
#ifndef KAL_GRAPH_REQUEST_H
#define KAL_GRAPH_REQUEST_H

#include "run.h"

typedef struct kal__request {
    const kal_options *options;
    double start;      // which the deadline counts from
    kal_node *image;   // or value; static; held until the end
    kal__tally tally;
} kal__request;

/// After a failure it has ended, and was told so.
kal_status kal__request_begin(kal__request *q, const kal_node *node, const kal_options *options,
                              kal_error *err);
/// The same for a request for a value.
kal_status kal__request_begin_value(kal__request *q, const kal_node *node, const kal_options *options,
                                    kal_error *err);
/// Tells how it ended, lets go of the node, returns the status given.
kal_status kal__request_end(kal__request *q, kal_status st);
/// A request begins: statistics are filled also when it fails at once. Returns when, on the clock that deadlines count on.
double kal__begin(const kal_options *options);
/// Tells how it ended: once of each call, whatever became of it. Returns the status given.
kal_status kal__tell_end(const kal_options *options, kal_status st, kal__tally tally);
/// Refuses a rectangle outside the image, no memory, and a stride shorter than a row.
kal_status kal__check_rect(const kal_extent *e, kal_rect rect, const void *dst, ptrdiff_t stride,
                           kal_error *err);

#endif
