// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Locks over a fork. Only the thread that forks is there in the child, so that a lock which another one held would be held for ever. All of ours are taken before a fork, in
// one order, and let go on either side of it. What those threads were at is lost to the child.
#ifndef KAL_FORK_H
#define KAL_FORK_H

#include <pthread.h>

/// The order: a lock is taken while those above it may be held, never the other way round.
typedef enum kal__fork_order {
    KAL__FORK_DEFAULT_MEMO,
    KAL__FORK_RUNS,
    KAL__FORK_ADMISSION,
    KAL__FORK_MEMO,   // from here on there may be several of a kind
    KAL__FORK_NODES,
    KAL__FORK_SLABS,
    KAL__FORK_FILES,
    KAL__FORK_LIMITS,
    KAL__FORK_KNOWN,
    KAL__FORK_OPS,
    KAL__FORK_STORE,
    KAL__FORK_LEASES,
    KAL__FORK_REMOTES,
    KAL__FORK_REMOTE,
    KAL__FORK_ORDERS
} kal__fork_order;

/// A lock that lives as long as its owner does.
typedef struct kal__guarded {
    struct kal__guarded *next;
    kal__fork_order order;
    pthread_mutex_t *lock;
    void (*child)(void *owner);
    void *owner;
} kal__guarded;

/// `child`, which may be NULL, is called there with the lock held: what threads had that are not there is let go.
void kal__guard(kal__guarded *g, kal__fork_order order, pthread_mutex_t *lock, void (*child)(void *owner),
                void *owner);
void kal__guard_end(kal__guarded *g);

/// A static lock is guarded where it stands, from before main on.
#define KAL__GUARD(lock, order, child)                          \
    __attribute__((constructor)) static void guard_##lock(void) \
    {                                                           \
        static kal__guarded g;                                  \
        kal__guard(&g, order, &lock, child, NULL);              \
    }

#endif
