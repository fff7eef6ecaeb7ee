// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See reel.h, and the pages of a picture as a user walks through them.
#include "reel.h"

#include "load.h"
#include "opening.h"

#include <stdlib.h>

struct kal__reel {
    int refs;   // atomic
    pthread_mutex_t lock;
    struct kal__coding *waits;   // NULL: none
    int32_t page;                // that it is through with …
    bool fresh;                  // … or before the rows of
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

bool kal__reel_leave(kal__reel *r, struct kal__coding *c, int32_t page, bool fresh)
{
    pthread_mutex_lock(&r->lock);
    const bool ok = !r->closed && !r->waits;
    if (ok) r->waits = c, r->page = page, r->fresh = fresh;
    pthread_mutex_unlock(&r->lock);
    return ok;
}

struct kal__coding *kal__reel_take(kal__reel *r, int32_t page, int32_t *at)
{
    pthread_mutex_lock(&r->lock);
    const bool before = r->page < page || (r->page == page && r->fresh);
    struct kal__coding *c = r->waits && before ? r->waits : NULL;
    if (c) *at = r->page, r->waits = NULL;
    pthread_mutex_unlock(&r->lock);
    return c;
}

// ---- pages --------------------------------------------------------------------------------------

struct kal_pages {
    kal_node *picture;
    kal__reel *reel;
    int32_t n, next;   // n < 0: nobody knows
    kal_node *seen;    // of a stream: the page that was asked for last …
    int32_t seen_at;   // … and which that is
};

// The next page of a stream, which is there or comes; *last: none does.
static kal_status look(kal_pages *p, int32_t page, bool *last, kal_error *err)
{
    kal_node *node;
    *last = false;
    if (p->seen && page == p->seen_at) return KAL_OK;
    if (page != (p->seen ? p->seen_at + 1 : 0))
        return kal_fail(err, KAL_INVALID, "page %d: the pages of a stream can be had once and in order",
                        page);
    const kal_status st = kal__open_page(p->picture, page, p->reel, last, &node, err);
    if (*last) p->n = page;
    if (st || *last) return st;
    kal_node_unref(&p->seen);
    p->seen = node;
    p->seen_at = page;
    return KAL_OK;
}

bool kal_pages_has(kal_pages *p, int32_t page, kal_error *err)
{
    bool last;
    kal_error local;
    if (!err) err = &local;
    *err = (kal_error){0};
    if (p->n >= 0) return page >= 0 && page < p->n;
    if (look(p, page, &last, err)) return false;
    *err = (kal_error){0};
    return !last;
}

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
    *p = (kal_pages){.picture = kal_node_ref(picture), .reel = reel, .n = info.pages ? info.pages : -1};
    *out = p;
    return KAL_OK;
}

int32_t kal_pages_count(const kal_pages *p)
{
    return p->n < 0 ? 0 : p->n;
}

kal_node *kal_pages_at(kal_pages *p, kal_scope *scope, int32_t page)
{
    bool last = false;
    kal_error err = {0};
    if (p->n >= 0 && !(p->seen && page == p->seen_at)) return kal__page_of(scope, p->picture, page, p->reel);
    kal_status st = look(p, page, &last, &err);
    if (last) st = kal_fail(&err, KAL_INVALID, "there is no page %d; the last one is %d", page, page - 1);
    return st ? kal__error_node(scope, &err) : kal__born(scope, kal_node_ref(p->seen));
}

kal_node *kal_pages_next(kal_pages *p, kal_scope *scope)
{
    kal_error err;
    if (!kal_pages_has(p, p->next, &err) && !err.status) return NULL;
    return kal_pages_at(p, scope, p->next++);
}

void kal_pages_close(kal_pages **slot)
{
    kal_pages *p = *slot;
    *slot = NULL;
    if (!p) return;
    kal_node_unref(&p->seen);
    kal__reel_close(p->reel);
    kal__reel_unref(&p->reel);
    kal_node_unref(&p->picture);
    free(p);
}
