// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See held.h.
#include "held.h"

#include <stdlib.h>

#define FEWEST_BUCKETS 64
// Bytes that an entry takes beside its own: the head of its slab, its bucket, and what malloc adds to four blocks. Of values it is most.
#define BESIDE (sizeof(kal__held_key) + sizeof(kal__held_entry) + sizeof(kal__held_place) + 160)

// ---- the heap -----------------------------------------------------------------------------------

static kal__held_entry *entry_at(const kal__held *h, size_t at)
{
    return &h->heap[at].of->entries[h->heap[at].i];
}

static void stand(kal__held *h, size_t at, kal__held_place p)
{
    h->heap[at] = p;
    p.of->entries[p.i].heap = at;
}

static bool goes_before(const kal__held_entry *a, const kal__held_entry *b)
{
    return a->worth < b->worth || (a->worth <= b->worth && a->born < b->born);
}

static void sift_up(kal__held *h, size_t at)
{
    const kal__held_place p = h->heap[at];
    const kal__held_entry *e = entry_at(h, at);
    for (; at && goes_before(e, entry_at(h, (at - 1) / 2)); at = (at - 1) / 2)
        stand(h, at, h->heap[(at - 1) / 2]);
    stand(h, at, p);
}

static void sift_down(kal__held *h, size_t at)
{
    const kal__held_place p = h->heap[at];
    const kal__held_entry *e = entry_at(h, at);
    for (size_t below; (below = 2 * at + 1) < h->n; at = below) {
        if (below + 1 < h->n && goes_before(entry_at(h, below + 1), entry_at(h, below))) below++;
        if (!goes_before(entry_at(h, below), e)) break;
        stand(h, at, h->heap[below]);
    }
    stand(h, at, p);
}

static void leave_heap(kal__held *h, size_t at)
{
    const kal__held_place last = h->heap[--h->n];
    if (at == h->n) return;
    stand(h, at, last);
    sift_up(h, at);
    sift_down(h, last.of->entries[last.i].heap);
}

// ---- keys ---------------------------------------------------------------------------------------

// A key is a hash already.
static kal__held_key **slot_of(const kal__held *h, kal_key key)
{
    kal__held_key **slot = &h->buckets[key.lo & (h->n_buckets - 1)];
    while (*slot && !kal_key_equal((*slot)->key, key)) slot = &(*slot)->next;
    return slot;
}

static kal__held_key *key_of(const kal__held *h, kal_key key)
{
    return h->n_buckets ? *slot_of(h, key) : NULL;
}

// Without memory for it chains grow longer, nothing else; false: there are none at all.
static bool grow_buckets(kal__held *h)
{
    if (h->n_keys < h->n_buckets) return true;
    const size_t n = h->n_buckets ? 2 * h->n_buckets : FEWEST_BUCKETS;
    kal__held_key **fresh = kal__new_zero(n, sizeof(kal__held_key *));
    if (!fresh) return h->n_buckets > 0;
    for (size_t i = 0; i < h->n_buckets; i++)
        for (kal__held_key *k = h->buckets[i], *next; k; k = next) {
            kal__held_key **slot = &fresh[k->key.lo & (n - 1)];
            next = k->next;
            k->next = *slot;
            *slot = k;
        }
    free(h->buckets);
    h->buckets = fresh;
    h->n_buckets = n;
    return true;
}

// The one of a key, made when there is none; NULL: out of memory.
static kal__held_key *key_for(kal__held *h, kal_key key)
{
    if (!grow_buckets(h)) return NULL;
    kal__held_key **slot = slot_of(h, key);
    if (*slot) return *slot;
    kal__held_key *k = kal__new_zero(1, sizeof *k);
    if (!k) return NULL;
    k->key = key;
    h->n_keys++;
    return *slot = k;
}

static void drop_if_empty(kal__held *h, kal__held_key *k)
{
    if (k->n) return;
    kal__held_key **slot = slot_of(h, k->key);
    *slot = k->next;
    h->n_keys--;
    free(k->entries);
    free(k);
}

// ---- entries ------------------------------------------------------------------------------------

// The key stays, even if that was its last.
static void remove_entry(kal__held *h, kal__held_key *k, size_t i)
{
    h->stats.bytes -= k->entries[i].bytes;
    kal__slab_unref(&k->entries[i].slab);
    leave_heap(h, k->entries[i].heap);
    k->entries[i] = k->entries[--k->n];
    if (i < k->n) h->heap[k->entries[i].heap].i = i;
    h->stats.entries = h->n;
}

void kal__held_shrink(kal__held *h, uint64_t bytes)
{
    while (h->n && h->stats.bytes > bytes) {
        const kal__held_place least = h->heap[0];
        h->clock = least.of->entries[least.i].worth;
        remove_entry(h, least.of, least.i);
        drop_if_empty(h, least.of);
        h->stats.evicted++;
    }
}

bool kal__held_find(kal__held *h, kal__stored_kind kind, kal_key key, kal_rect rect, kal__slab **slab,
                    kal_rect *have)
{
    const kal__held_key *k = key_of(h, key);
    bool found = false;
    for (size_t i = 0; k && i < k->n && !found; i++) {
        kal__held_entry *e = &k->entries[i];
        if (e->kind != kind || !kal_rect_inside(rect, e->rect)) continue;
        *slab = kal__slab_ref(e->slab);
        *have = e->rect;
        e->worth = h->clock + e->ratio;
        sift_down(h, e->heap);   // the clock only goes on
        found = true;
    }
    h->stats.hits += found;
    h->stats.misses += !found;
    return found;
}

bool kal__held_has(const kal__held *h, kal_key key, kal_rect rect)
{
    const kal__held_key *k = key_of(h, key);
    bool has = false;
    for (size_t i = 0; k && i < k->n && !has; i++)
        has = k->entries[i].kind == KAL__STORED_ROWS && kal_rect_inside(rect, k->entries[i].rect);
    return has;
}

// Within one that is there it is not needed; those within it are not, either.
static bool is_wanted(kal__held *h, kal__held_key *k, const kal__held_entry *fresh)
{
    for (size_t i = k->n; i-- > 0;) {
        if (k->entries[i].kind != fresh->kind) continue;
        if (kal_rect_inside(fresh->rect, k->entries[i].rect)) return false;
        if (kal_rect_inside(k->entries[i].rect, fresh->rect)) remove_entry(h, k, i);
    }
    return true;
}

static bool insert(kal__held *h, kal__held_key *k, const kal__held_entry *fresh)
{
    if (!is_wanted(h, k, fresh)) return false;
    if (k->n == k->room) {
        const size_t room = k->room ? k->room * 2 : 1;
        if (!kal__grow(&k->entries, room, sizeof *k->entries)) return false;
        k->room = room;
    }
    if (h->n == h->room) {
        const size_t room = h->room ? h->room * 2 : FEWEST_BUCKETS;
        if (!kal__grow(&h->heap, room, sizeof *h->heap)) return false;
        h->room = room;
    }
    k->entries[k->n] = *fresh;
    stand(h, h->n, (kal__held_place){k, k->n++});
    sift_up(h, h->n++);
    h->stats.entries = h->n;
    h->stats.bytes += fresh->bytes;
    h->stats.stored++;
    return true;
}

bool kal__held_put(kal__held *h, kal__stored_kind kind, kal_key key, kal_rect rect, kal__slab *slab,
                   size_t size, double ns)
{
    const size_t bytes = (slab->borrowed ? size : slab->size) + BESIDE;
    const double ratio = ns / (double)bytes;
    kal__held_key *k = bytes <= h->stats.limit ? key_for(h, key) : NULL;
    kal__held_entry e = {.kind = kind,
                         .rect = rect,
                         .slab = kal__slab_ref(slab),
                         .bytes = bytes,
                         .ratio = ratio,
                         .worth = h->clock + ratio,
                         .born = h->births++};
    const bool kept = k && insert(h, k, &e);
    if (!kept) kal__slab_unref(&e.slab);
    if (k) drop_if_empty(h, k);
    kal__held_shrink(h, h->stats.limit);
    return kept;
}

void kal__held_forget(kal__held *h, kal_key key)
{
    kal__held_key *k = key_of(h, key);
    if (!k) return;
    while (k->n) remove_entry(h, k, k->n - 1);
    drop_if_empty(h, k);
}

void kal__held_beside(kal__held *h, int64_t bytes)
{
    h->stats.bytes += (uint64_t)bytes;
    kal__held_shrink(h, h->stats.limit);
}

void kal__held_clear(kal__held *h)
{
    for (size_t i = 0; i < h->n_buckets; i++)
        while (h->buckets[i]) kal__held_forget(h, h->buckets[i]->key);
    free(h->buckets);
    free(h->heap);
    h->buckets = NULL;
    h->heap = NULL;
    h->n_buckets = h->room = 0;
}
