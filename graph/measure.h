// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Values: gathered by a stage that looks at rows in order, or at bands apart, remembered as facts under their keys.
#ifndef KAL_GRAPH_MEASURE_H
#define KAL_GRAPH_MEASURE_H

#include "plan.h"

/// Memory for what the stage gathers, before its first band. Threads: any.
kal_status kal__measure_open(kal__stage *s, kal_error *err);
/// Where a band gathers: with all others, or apart.
void *kal__measure_of(const kal__stage *s, int32_t band);
/// This band is done; whether it was the last of all.
bool kal__measure_done(kal__stage *s, int32_t band);
/// Lets go of what was gathered.
void kal__measure_close(kal__stage *s);

/// A value the memo knows: *out is the caller's.
bool kal__fact_find(kal_memo *m, const kal_node *node, struct kal__audit *audit, kal_value *out);
/// Remembers it; not of volatile nodes.
void kal__fact_put(kal_memo *m, const kal_node *node, const kal_value *v, double ns);

#endif
