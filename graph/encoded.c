// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See encoded.h. In the memo, n bytes are an entry of n×1 samples.
#include "encoded.h"

#include <stdlib.h>
#include <string.h>

typedef struct remembering {
    kal__writer base;
    kal__writer *to;
    kal__text bytes;
    uint64_t before;   // that stand in the other one already
    size_t *left, taken;
    bool all;
} remembering;

static void give_back(remembering *r)
{
    __atomic_fetch_add(r->left, r->taken, __ATOMIC_RELAXED);
    r->taken = 0;
    r->all = false;
    free(r->bytes.data);
    r->bytes = (kal__text){0};
}

// Room is taken a piece at a time, twice what is kept: it is copied once when it goes to the memo.
static bool take_room(remembering *r, size_t n)
{
    while (r->taken < 2 * (r->bytes.size + n)) {
        const size_t piece = (size_t)1 << 20;
        size_t left = __atomic_load_n(r->left, __ATOMIC_RELAXED);
        do
            if (left < piece) return false;
        while (!__atomic_compare_exchange_n(r->left, &left, left - piece, true, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED));
        r->taken += piece;
    }
    return true;
}

static kal_status pass_on(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    remembering *r = (remembering *)w;
    w->written += n;
    if (r->all && !take_room(r, n)) give_back(r);
    if (r->all) kal__put(&r->bytes, data, n);
    if (r->all && r->bytes.failed) give_back(r);
    return r->to->write(r->to, data, n, err);
}

static kal_status patch(kal__writer *w, uint64_t at, const void *data, size_t n, kal_error *err)
{
    remembering *r = (remembering *)w;
    if (r->all && at + n <= r->bytes.size) memcpy(r->bytes.data + at, data, n);
    return r->to->patch(r->to, r->before + at, data, n, err);
}

static void forget(kal__writer *w)
{
    remembering *r = (remembering *)w;
    give_back(r);
    free(r);
}

static kal_status done(kal__writer *w, kal_error *err)
{
    (void)err;
    forget(w);
    return KAL_OK;
}

kal__writer *kal__remember(kal__writer *to, size_t *left)
{
    remembering *r = kal__new_zero(1, sizeof *r);
    if (!r) return NULL;
    r->base =
        (kal__writer){.write = pass_on, .patch = to->patch ? patch : NULL, .commit = done, .abort = forget};
    r->base.memory = to->memory;
    r->to = to;
    r->before = to->written;
    r->left = left;
    r->all = true;
    return &r->base;
}

void kal__remembered(kal__writer *w, kal_memo *m, const kal_node *node, double ns)
{
    remembering *r = (remembering *)w;
    const size_t n = r->bytes.size;
    if (!r->all || r->bytes.failed || !n || n > INT32_MAX) return;
    kal__slab *slab = kal__slab_new(n);
    if (!slab) return;
    memcpy(slab->data, r->bytes.data, n);
    const kal__made made = {KAL__STORED_BYTES, node, kal_rect_of(0, 0, (int32_t)n, 1), slab, n, ns, ns};
    kal__memo_put(m, &made, false);
    kal__slab_unref(&slab);
}

kal_status kal__write_known(kal_memo *m, const kal_node *node, kal__audit *audit, kal__writer *to,
                            bool *found, kal_error *err)
{
    kal__slab *slab;
    kal_rect have;
    *found = kal__memo_find(m, KAL__STORED_BYTES, node->key, kal_rect_of(0, 0, 1, 1), &slab, &have);
    if (!*found) return KAL_OK;
    kal__audit_note(audit, KAL__STORED_BYTES, node, slab, have);
    const kal_status st = to->write(to, slab->data, (size_t)have.x1, err);
    kal__slab_unref(&slab);
    return st;
}
