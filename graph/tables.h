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

/// Bytes of the widest row that passes from one op of a stage to the next.
static inline size_t kal__widest_between(const kal__stage *s)
{
    size_t row = 0;
    for (int32_t k = 0, last; k < s->n_steps; k = last + 1) {
        last = kal__run_end(s, k);
        const size_t bytes =
            (size_t)(s->rect.x1 - s->rect.x0) * kal_pixel_size(&s->steps[last].node->call.extent);
        if (last + 1 < s->n_steps && bytes > row) row = bytes;
    }
    return row;
}

#endif
