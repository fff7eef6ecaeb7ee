// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Options filled in.
#ifndef KAL_GRAPH_OPTIONS_H
#define KAL_GRAPH_OPTIONS_H

#include "plan.h"

/// "64M", "1.5G", "1000".
bool kal__size_of(const char *s, uint64_t *out);
/// The workers of a request that says nothing about them.
int32_t kal__usual_threads(void);
kal_status kal__resolve(const kal_options *o, kal__resolved *out, kal_error *err);

#endif
