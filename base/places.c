// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Where the pages of a file lie, for whoever asks for them again.
#include "codec.h"
#include "mem.h"

#include <pthread.h>
#include <stdlib.h>

struct kal__places {
    int refs;   // atomic
    pthread_mutex_t lock;
    uint64_t *at;   // under the lock; NULL: nobody looked yet. Then they stay
    int32_t n;
    void *walk;   // the same
    void (*drop)(void *walk);
};

kal__places *kal__places_new(void)
{
    kal__places *p = kal__new_zero(1, sizeof *p);
    if (!p) return NULL;
    p->refs = 1;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

kal__places *kal__places_ref(kal__places *p)
{
    if (p) __atomic_fetch_add(&p->refs, 1, __ATOMIC_RELAXED);
    return p;
}

void kal__places_unref(kal__places **slot)
{
    kal__places *p = *slot;
    *slot = NULL;
    if (!p || __atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
    pthread_mutex_destroy(&p->lock);
    if (p->walk) p->drop(p->walk);
    free(p->at);
    free(p);
}

bool kal__places_find(kal__places *p, int32_t page, uint64_t *at, int32_t *pages)
{
    if (!p) return false;
    pthread_mutex_lock(&p->lock);
    const bool known = p->at != NULL;
    if (known) *pages = p->n;
    if (known && page < p->n) *at = p->at[page];
    pthread_mutex_unlock(&p->lock);
    return known;
}

void kal__places_keep(kal__places *p, uint64_t *at, int32_t pages)
{
    if (p) pthread_mutex_lock(&p->lock);
    const bool first = p && !p->at;
    if (first) p->at = at, p->n = pages;
    if (p) pthread_mutex_unlock(&p->lock);
    if (!first) free(at);
}

const void *kal__places_walk(kal__places *p)
{
    if (!p) return NULL;
    pthread_mutex_lock(&p->lock);
    const void *walk = p->walk;
    pthread_mutex_unlock(&p->lock);
    return walk;
}

void kal__places_keep_walk(kal__places *p, void *walk, void (*drop)(void *walk))
{
    if (p) pthread_mutex_lock(&p->lock);
    const bool first = p && !p->walk;
    if (first) p->walk = walk, p->drop = drop;
    if (p) pthread_mutex_unlock(&p->lock);
    if (!first) drop(walk);
}
