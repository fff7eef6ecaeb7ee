// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What ends a request early: a cancel, which any thread may set, and a deadline.
#ifndef KAL_GRAPH_WATCH_H
#define KAL_GRAPH_WATCH_H

#include "node.h"
#include "thread.h"

#define KAL__GLANCE 0.01   // seconds after which whoever waits looks at the watch again

/// What one evaluation may use and must watch.
typedef struct kal__watch {
    const kal_options *options;   // cancel, progress; may be NULL
    double deadline;              // on the monotonic clock; 0: none
    uint32_t limit;               // seconds, of the limits, that it comes from; 0: it is the request's own
} kal__watch;

/// From `start` on; the deadline is that of the options or of the limits, whichever comes first.
kal__watch kal__watch_from(const kal_options *options, double start);
bool kal__cancelled(const kal_cancel *c);
bool kal__can_be_stopped(const kal__watch *w);
/// Cancelled or too late? KAL_OK otherwise.
kal_status kal__watch_check(const kal__watch *w, kal_error *err);

#endif
