// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a memo holds in memory: pictures by the hundred, or values by the hundred thousand. Entries of one key, which differ in kind and rectangle,
// lie beside each other and are looked through; keys are hashed; and what goes first is the top of a heap. Who calls holds the memo's lock.
#ifndef KAL_GRAPH_HELD_H
#define KAL_GRAPH_HELD_H

#include "plan.h"
#include "store.h"

#include <kal/memo.h>

typedef struct kal__held_entry {
    kal__stored_kind kind;
    kal_rect rect;
    kal__slab *slab;
    size_t bytes;    // of memory, all of it
    double worth;    // GDSF: clock at last use + cost / bytes
    double ratio;    // cost / bytes, ns per byte
    uint64_t born;   // of equal worth the older goes first
    size_t heap;     // where it stands there
} kal__held_entry;

/// All entries of a key.
typedef struct kal__held_key {
    kal_key key;
    struct kal__held_key *next;   // in its bucket
    kal__held_entry *entries;
    size_t n, room;
} kal__held_key;

typedef struct kal__held_place {
    kal__held_key *of;
    size_t i;
} kal__held_place;

/// Zero is empty, with a limit of no bytes.
typedef struct kal__held {
    kal__held_key **buckets;
    size_t n_keys, n_buckets;   // a power of two
    kal__held_place *heap;      // the least worth first
    size_t n, room;
    uint64_t births;
    double clock;           // worth of the last victim
    kal_memo_stats stats;   // of memory; the folder's and the remote's stay 0
} kal__held;

/// A reference in *slab to what covers `rect`, and where that lies; counted as a hit or a miss.
bool kal__held_find(kal__held *h, kal__stored_kind kind, kal_key key, kal_rect rect, kal__slab **slab,
                    kal_rect *have);
/// Whether there are such rows; counts nothing.
bool kal__held_has(const kal__held *h, kal_key key, kal_rect rect);
/// Takes a reference to the slab, of which `size` bytes are wanted, and lets go of what is cheapest to make again for the memory it takes. false: it is not
/// kept.
bool kal__held_put(kal__held *h, kal__stored_kind kind, kal_key key, kal_rect rect, kal__slab *slab,
                   size_t size, double ns);
void kal__held_forget(kal__held *h, kal_key key);
/// Until at most so many bytes are held.
void kal__held_shrink(kal__held *h, uint64_t bytes);
/// So many bytes more, or fewer, are held beside entries, and count as theirs do.
void kal__held_beside(kal__held *h, int64_t bytes);
/// Lets go of all; what was counted stays.
void kal__held_clear(kal__held *h);

#endif
