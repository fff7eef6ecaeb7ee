// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Running a plan on the pool.
#ifndef KAL_GRAPH_RUN_H
#define KAL_GRAPH_RUN_H

#include "plan.h"
#include "watch.h"

/// Bands done and bands in all.
typedef struct kal__tally {
    uint64_t done, total;
} kal__tally;
/// Runs the plan to its end; statistics are added to *stats.
kal_status kal__run(kal__plan *p, const kal__watch *w, kal_stats *stats, kal__tally *tally, kal_error *err);

/// Plans and runs; the writers of the wants are neither committed nor aborted. Statistics are added to options->stats, progress is told
/// but for its end, which the caller tells once files are committed. `start`: when the request began, which the deadline counts from.
kal_status kal__evaluate(const kal__want *wants, size_t n, const kal_options *options, double start,
                         kal__tally *told, kal_error *err);

#endif
