// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Encoded bytes in the memo: a file that was encoded before is written again without decoding, computing or encoding anything.
#ifndef KAL_GRAPH_ENCODED_H
#define KAL_GRAPH_ENCODED_H

#include "audit.h"
#include "memo.h"

/// A writer that passes everything on and remembers it while there is room in *left (atomic), which several share; commit and abort end
/// only itself, not `to`. *left is what the request may hold beside its plan.
kal__writer *kal__remember(kal__writer *to, size_t *left);
/// Puts what was remembered, if all of it was, under the key.
void kal__remembered(kal__writer *w, kal_memo *m, const kal_node *node, double ns);
/// Writes the bytes of `key` if the memo has them; *found says so.
kal_status kal__write_known(kal_memo *m, const kal_node *node, kal__audit *audit, kal__writer *to,
                            bool *found, kal_error *err);

#endif
