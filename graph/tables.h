// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Runs of ops on single samples become tables.
#ifndef KAL_GRAPH_TABLES_H
#define KAL_GRAPH_TABLES_H

#include "plan.h"

/// What applies a kal__table, handed in by kal.c.
extern const kal_op *const kal__table_op;

/// Finds the runs of a stage that will be tables, and the bytes they will take.
size_t kal__tables_find(kal__stage *s);
/// Makes them; the steps are prepared.
kal_status kal__tables_make(kal__stage *s, kal_error *err);
void kal__tables_free(kal__stage *s);

/// The last step of the table that step k begins; k itself when it is run by itself.
static inline int32_t kal__run_end(const kal__stage *s, int32_t k)
{
    return s->steps[k].run ? k + s->steps[k].run - 1 : k;
}

#endif
