// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Somebody else waits: a call that may take as long as it likes, on a thread that is left behind when the request is stopped meanwhile.
#ifndef KAL_GRAPH_DESK_H
#define KAL_GRAPH_DESK_H

#include "run.h"

#include <pthread.h>

/// A small desk between two: one side lays a wish on it and waits, the thread of the other does it. At the front of a struct of its users'.
typedef struct kal__desk {
    /// Does what is wished. On the thread, without the lock.
    void (*serve)(struct kal__desk *d);
    /// Lets go of everything, the desk's struct too: on the thread when that was left, else by the one who closes it.
    void (*clear)(struct kal__desk *d);
    const kal__watch *watch;   // may stop it; NULL: nobody does
    kal_status stopped;        // written atomically: nothing is wished any more
    pthread_mutex_t lock;
    pthread_cond_t wish, answer;
    bool wished;   // and not done yet
    bool running, going, left, ended;
} kal__desk;

void kal__desk_init(kal__desk *d, void (*serve)(kal__desk *), void (*clear)(kal__desk *),
                    const kal__watch *watch);
/// Locks it, to lay a wish on it. Not OK, and not locked: it was stopped before; `name` is who is told of.
kal_status kal__desk_take(kal__desk *d, const char *name, kal_error *err);
/// Wishes, and waits with a look at the request now and then. The desk stays locked (give it with pthread_mutex_unlock). Not OK: the request's own
/// status, and the wish is still being done; or NOMEM, no thread can be had. The thread begins with the first wish.
kal_status kal__desk_ask(kal__desk *d, kal_error *err);
/// From here on it is `watch` that may stop it; NULL: nobody does, between requests.
void kal__desk_watch(kal__desk *d, const kal__watch *watch);
/// The request ends while somebody may still wait: whoever does is told that nobody waits, and the request is not looked at any more.
void kal__desk_leave(kal__desk *d);
/// The thread ends, or is left behind when it is still at a wish; whoever goes last clears.
void kal__desk_close(kal__desk *d);

#endif
