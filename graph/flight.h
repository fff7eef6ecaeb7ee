// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One flight for many processes that share a memo: who is first makes it, who comes later waits and finds it.
#ifndef KAL_GRAPH_FLIGHT_H
#define KAL_GRAPH_FLIGHT_H

#include "memo.h"
#include "run.h"

typedef struct kal__flight {
    kal_memo *memo;   // NULL: there is nobody to share with
    const kal__watch *watch;
    int turns;
    double until;   // when waiting ends for good; 0: it has not begun
} kal__flight;

/// Waits until no other process makes any of the keys, and says that this one does. *again: some of it may be there by now; then nothing was said.
/// Waiting, and what happens to those that are waited for, ends in no error but the watch's.
kal_status kal__flight_take(kal__flight *f, const kal_key *keys, size_t n, bool *again, kal_error *err);
/// All of it was made and put, or never will be.
void kal__flight_end(kal__flight *f);

#endif
