// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See reel.h, and the pages of a picture as a user walks through them.
#include "reel.h"

#include "load.h"

#include <stdlib.h>

struct kal__reel {
    int refs;   // atomic
    pthread_mutex_t lock;
    struct kal__coding *waits;   // NULL: none
    int32_t page;                // that it is through with
    bool closed;
};

kal__reel *kal__reel_new(void)
{
    kal__reel *r = kal__new_zero(1, sizeof *r);
    if (!r) return NULL;
    r->refs = 1;
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

kal__reel *kal__reel_ref(kal__reel *r)
{
    if (r) __atomic_fetch_add(&r->refs, 1, __ATOMIC_RELAXED);
    return r;
}

void kal__reel_unref(kal__reel **slot)
{
    kal__reel *r = *slot;
    *slot = NULL;
    if (!r || __atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
    kal__coding_give_up(r->waits);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void kal__reel_close(kal__reel *r)
{
    pthread_mutex_lock(&r->lock);
    struct kal__coding *c = r->waits;
    r->waits = NULL;
    r->closed = true;
    pthread_mutex_unlock(&r->lock);
    kal__coding_give_up(c);
}

bool kal__reel_leave(kal__reel *r, struct kal__coding *c, int32_t page)
{
    pthread_mutex_lock(&r->lock);
    const bool ok = !r->closed && !r->waits;
    if (ok) r->waits = c, r->page = page;
    pthread_mutex_unlock(&r->lock);
    return ok;
}

struct kal__coding *kal__reel_take(kal__reel *r, int32_t page, int32_t *at)
{
    pthread_mutex_lock(&r->lock);
    struct kal__coding *c = r->waits && r->page < page ? r->waits : NULL;
    if (c) *at = r->page, r->waits = NULL;
    pthread_mutex_unlock(&r->lock);
    return c;
}

// ---- pages --------------------------------------------------------------------------------------

struct kal_pages {
    kal_node *picture;
    kal__reel *reel;
    int32_t n, next;
};

kal_status kal_pages_open(kal_node *picture, kal_pages **out, kal_error *err)
{
    kal_file_info info;
    *out = NULL;
    const kal_status st = kal_node_error(picture, err);
    if (st) return st;
    if (!kal_node_file(picture, &info))
        return kal_fail(err, KAL_INVALID, "pages are of a picture as it was loaded, with no op on it");
    kal_pages *p = kal__new_zero(1, sizeof *p);
    kal__reel *reel = p ? kal__reel_new() : NULL;
    if (!reel) {
        free(p);
        return kal_fail(err, KAL_NOMEM, "out of memory");
    }
    *p = (kal_pages){.picture = kal_node_ref(picture), .reel = reel, .n = info.pages};
    *out = p;
    return KAL_OK;
}

int32_t kal_pages_count(const kal_pages *p)
{
    return p->n;
}

kal_node *kal_pages_at(kal_pages *p, kal_scope *scope, int32_t page)
{
    return kal__page_of(scope, p->picture, page, p->reel);
}

kal_node *kal_pages_next(kal_pages *p, kal_scope *scope)
{
    return p->next < p->n ? kal_pages_at(p, scope, p->next++) : NULL;
}

void kal_pages_close(kal_pages **slot)
{
    kal_pages *p = *slot;
    *slot = NULL;
    if (!p) return;
    kal__reel_close(p->reel);
    kal__reel_unref(&p->reel);
    kal_node_unref(&p->picture);
    free(p);
}
