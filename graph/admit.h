// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One number for what all requests of the process hold together, and the memo with them.
#ifndef KAL_GRAPH_ADMIT_H
#define KAL_GRAPH_ADMIT_H

#include "run.h"

/// What some requests of one caller may hold together, beside what holds for all.
typedef struct kal__budget {
    size_t most, held;   // of those that run
    int n;
} kal__budget;
/// Of requests on this thread from now on; NULL: there is none. Which it was before.
kal__budget *kal__admit_within(kal__budget *b);

/// Waits, first come first served, until `bytes` fit beside what others hold; the memo gives way first. A request larger than the
/// limit runs alone. Stopped meanwhile: that status.
kal_status kal__admit(size_t bytes, kal_memo *memo, const kal__watch *w, kal_error *err);
/// On the same thread.
void kal__admit_end(size_t bytes);

#endif
