// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Requests that only look: what is there, and what would have to be done.
#ifndef KAL_GRAPH_LOOK_H
#define KAL_GRAPH_LOOK_H

#include "plan.h"

/// Whether the bytes of an encoded node are kept at all: a run of bytes that a key names; many files are none.
bool kal__keeps_bytes(const kal_node *encoded);
/// Whether a want is an encoded node or a value that is in the memo: no plan need be made for it.
bool kal__is_known(const kal__want *w, kal_memo *m);
/// Of a plan that would compute or decode, KAL_MISSING with the key of what is not there.
kal_status kal__refuse_work(const kal__plan *p, const kal__want *wants, size_t n, kal_error *err);
/// What kal_explain and kal_look plan for; nothing is written to their writers. The nodes are static and held, also after a failure.
kal_status kal__wants_of(kal_node *const *nodes, int32_t n, const kal_options *options, kal__want *wants,
                         kal_error *err);

#endif
