// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Telling the caller what ran when: kal_options.trace. Without it nothing here does anything.
#ifndef KAL_GRAPH_TRACE_H
#define KAL_GRAPH_TRACE_H

#include "plan.h"

/// A band ended well; `start` and `end` by kal__now. Call it without any lock, and before the band counts as done: the request is then
/// still there, and cannot end before it was told.
void kal__trace_band(const kal_options *o, const kal__stage *s, int32_t band, int32_t thread, double start,
                     double end);
/// A part of the request that is no band ("plan", "prepare", "finish") ended now, on the caller's thread.
void kal__trace_part(const kal_options *o, const char *what, double start);

#endif
