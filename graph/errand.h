// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Calls into a codec's library that cannot be interrupted, for requests that can be.
#ifndef KAL_GRAPH_ERRAND_H
#define KAL_GRAPH_ERRAND_H

#include "codec.h"
#include "run.h"

/// Such a call, with everything it looks at.
typedef struct kal__errand {
    kal_status (*run)(struct kal__errand *e, kal_error *err);
    /// Nobody waits any more: called at once, under a lock, by the one who waited; then `run` may go on for long. May be NULL.
    void (*leave)(struct kal__errand *e);
    /// Lets go of everything, the struct too. After the request was stopped by the thread that was at it, else by the one who waited.
    void (*free)(struct kal__errand *e);
} kal__errand;

/// Runs it on a thread of its own and looks up now and then. When the request is stopped meanwhile it returns, with *left set, and the errand is
/// that thread's; else it was freed. Without a thread it is simply not interruptible.
kal_status kal__errand_run(kal__errand *e, const kal__watch *watch, bool *left, kal_error *err);

/// A writer before `inner` that can be left: from then on everything fails with CANCELLED and `inner` is not touched. Its owner neither commits nor
/// aborts it: kal__left_writer_free. NULL: out of memory.
kal__writer *kal__left_writer_new(kal__writer *inner);
void kal__left_writer_leave(kal__writer *w);
void kal__left_writer_free(kal__writer *w);

#endif
