// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See fork.h.
#include "fork.h"

#include <stdbool.h>
#include <stddef.h>

#define LISTED \
    KAL__FORK_MEMO   // those above it are there from the start: whoever holds one may make an owner of others

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;   // of the lists
static kal__guarded *guarded[KAL__FORK_ORDERS];

static void before_fork(void)
{
    for (int i = 0; i < KAL__FORK_ORDERS; i++) {
        if (i == LISTED) pthread_mutex_lock(&lock);
        for (kal__guarded *g = guarded[i]; g; g = g->next) pthread_mutex_lock(g->lock);
    }
}

static void let_go(bool child)
{
    for (int i = KAL__FORK_ORDERS; i-- > 0;) {
        for (kal__guarded *g = guarded[i]; g; g = g->next) {
            if (child && g->child) g->child(g->owner);
            pthread_mutex_unlock(g->lock);
        }
        if (i == LISTED) pthread_mutex_unlock(&lock);
    }
}

static void after_in_parent(void)
{
    let_go(false);
}

static void after_in_child(void)
{
    let_go(true);
}

static void begin(void)
{
    pthread_atfork(before_fork, after_in_parent, after_in_child);
}

void kal__guard(kal__guarded *g, kal__fork_order order, pthread_mutex_t *of, void (*child)(void *owner),
                void *owner)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
    pthread_mutex_lock(&lock);
    *g = (kal__guarded){guarded[order], order, of, child, owner};
    guarded[order] = g;
    pthread_mutex_unlock(&lock);
}

void kal__guard_end(kal__guarded *g)
{
    pthread_mutex_lock(&lock);
    for (kal__guarded **at = &guarded[g->order]; *at; at = &(*at)->next)
        if (*at == g) {
            *at = g->next;
            break;
        }
    pthread_mutex_unlock(&lock);
}
