// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Slabs: exactly as many pages as were asked for, whatever the cache had, and nothing counted twice.
#include "check.h"
#include "mem.h"

#include <pthread.h>
#include <string.h>

#define KB ((size_t)1 << 10)

static void slab_is_near(size_t before, size_t after, bool reused)
{
    kal__slab_trim();
    kal__slab *s = kal__slab_new(before);
    REQUIRE(s && kal__slab_bytes() == s->size);
    memset(s->data, 7, s->size);
    kal__slab_unref(&s);
    REQUIRE(kal__slab_bytes() == 0);
    s = kal__slab_new(after);
    REQUIRE(s && s->size == ((after + 4095) & ~(size_t)4095) && kal__slab_bytes() == s->size);
    REQUIRE((s->data[0] == 7) == reused);
    for (size_t i = before; i < after; i++) REQUIRE(s->data[i] == 0);   // pages that were added are fresh
    memset(s->data, 8, s->size);
    kal__slab_unref(&s);
}

static void nearest(void)
{
    slab_is_near(400 * KB, 400 * KB, true);
#ifndef __SANITIZE_THREAD__   // where slabs do not grow
    slab_is_near(400 * KB, 480 * KB, true);
#endif
    slab_is_near(400 * KB, 300 * KB, true);
    slab_is_near(400 * KB, 900 * KB, false);
    slab_is_near(400 * KB, 100 * KB, false);
    kal__slab *a = kal__slab_new(400 * KB), *b = kal__slab_new(600 * KB);
    unsigned char *const exact = b->data;
    kal__slab_unref(&a);
    kal__slab_unref(&b);
    a = kal__slab_new(600 * KB);
    REQUIRE(a->data == exact);
    kal__slab_unref(&a);
}

// Each thread's pages stay its own while they wander through the cache in changing sizes.
static void *churn(void *arg)
{
    const unsigned char mine = (unsigned char)(uintptr_t)arg;
    uint64_t seed = mine;
    kal__slab *held[4] = {0};
    bool sound = true;
    for (int i = 0; i < 4000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        kal__slab **s = &held[seed >> 60 & 3];
        if (*s) sound = sound && (*s)->data[0] == mine && (*s)->data[(*s)->size - 1] == mine;
        kal__slab_unref(s);
        *s = kal__slab_new(1 + (seed >> 33) % (256 * KB));
        if (!*s) return NULL;
        (*s)->data[0] = (*s)->data[(*s)->size - 1] = mine;
    }
    for (int i = 0; i < 4; i++) kal__slab_unref(&held[i]);
    return sound ? arg : NULL;
}

static void threads(void)
{
    pthread_t t[4];
    for (uintptr_t i = 0; i < 4; i++) REQUIRE(pthread_create(&t[i], NULL, churn, (void *)(i + 1)) == 0);
    for (int i = 0; i < 4; i++) {
        void *sound;
        REQUIRE(pthread_join(t[i], &sound) == 0 && sound);
    }
    REQUIRE(kal__slab_bytes() == 0);
}

int main(void)
{
    nearest();
    threads();
    kal__slab_trim();
    return check_done();
}
