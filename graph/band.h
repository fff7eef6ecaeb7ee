// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One band of a stage.
#ifndef KAL_GRAPH_BAND_H
#define KAL_GRAPH_BAND_H

#include "run.h"

/// Makes the rows of a band; `scratch` has as many bytes as the plan says. Threads: any, as the schedule gave them out.
kal_status kal__run_band(kal__stage *s, int32_t band, void *scratch, const kal__watch *watch,
                         kal_stats *stats, kal_error *err);

/// Who may stop the request whose band this thread is at; NULL: it is at none.
const struct kal__watch *kal__watch_of_band(void);

#endif
