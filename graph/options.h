// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Options filled in.
#ifndef KAL_GRAPH_OPTIONS_H
#define KAL_GRAPH_OPTIONS_H

#include "plan.h"

/// The size that a variable names; where it is empty or not there, `out` stays. INVALID: it is none.
kal_status kal__size_from_env(const char *name, uint64_t *out, kal_error *err);
/// The workers of a request that says nothing about them.
int32_t kal__usual_threads(void);
kal_status kal__resolve(const kal_options *o, kal__resolved *out, kal_error *err);

#endif
