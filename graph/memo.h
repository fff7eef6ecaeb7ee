// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Results by key and rect, in memory and in a folder. Entries are slabs adopted from the stage that made them, or mappings; a hit is a reference.
#ifndef KAL_GRAPH_MEMO_H
#define KAL_GRAPH_MEMO_H

#include "plan.h"
#include "remote.h"
#include "store.h"

#include <kal/memo.h>

/// The process's own, made at first use.
kal_memo *kal__memo_default(void);
/// Pixels of `key` that cover `rect`: a reference in *slab, packed rows of *have. Of bytes and values the rectangle is n×1.
bool kal__memo_find(kal_memo *m, kal__stored_kind kind, kal_key key, kal_rect rect, kal__slab **slab,
                    kal_rect *have);
/// The same of a picture: as many rows as it says.
bool kal__memo_find_rows(kal_memo *m, kal_key key, const kal_extent *e, kal_rect rect, kal__slab **slab,
                         kal_rect *have);
/// What is put, and what it cost: `ns` to make it, `all_ns` with everything that led to it and is not kept itself.
typedef struct kal__made {
    kal__stored_kind kind;
    const kal_node *node;
    kal_rect rect;
    kal__slab *slab;
    size_t bytes;
    double ns, all_ns;
} kal__made;
/// Takes a reference to the slab; evicts what is cheapest to make again for its size. In the folder and far away it is kept only when it took
/// longer than reading it does, or when `always`. Whether it is kept: in the folder, where there is one.
bool kal__memo_put(kal_memo *m, const kal__made *made, bool always);
/// Whether there may be any facts.
bool kal__memo_has_facts(kal_memo *m);
/// What is known of a key, in the folder or, without one, in memory: the last that was said.
bool kal__memo_fact(kal_memo *m, kal__fact_kind kind, kal_key key, unsigned char value[KAL__FACT]);
void kal__memo_fact_put(kal_memo *m, kal__fact_kind kind, kal_key key, const unsigned char value[KAL__FACT]);
/// What is kept under the key goes, in memory and in the folder.
void kal__memo_forget(kal_memo *m, kal_key key);
/// The same of n bytes that are no node's, with their recipe; whatever they cost.
void kal__memo_put_blob(kal_memo *m, kal_key key, kal__slab *slab, size_t n, double ns,
                        const kal__text *recipe);
/// The folder; NULL: none.
kal__store *kal__memo_store(kal_memo *m);
/// What is far; NULL: nothing.
kal__remote *kal__memo_remote(kal_memo *m);
/// What was wrong with a folder or a remote of the environment; taken. NULL: nothing, or it was told.
char *kal__memo_trouble(kal_memo *m);
/// Tells, once each, what is wrong with its folder and its remote.
void kal__memo_warn(kal_memo *m, const kal_options *options);
/// Whether other processes find what is put.
bool kal__memo_is_shared(const kal_memo *m);
/// By which processes that share say what they make; NULL: nobody shares.
struct kal__leases *kal__memo_leases(kal_memo *m);
/// Is a result of this node, costing about so many ns per byte, worth keeping?
bool kal__memo_worth(kal_memo_mode mode, const kal_node *node, double cost);
/// Bytes that one plan may keep.
size_t kal__memo_room(kal_memo *m);
/// Gives back memory until at most `bytes` are held.
void kal__memo_shrink(kal_memo *m, uint64_t bytes);

/// Whether memory has these pixels, for who asks once more; counts nothing.
bool kal__memo_has(kal_memo *m, kal_key key, kal_rect rect);

// Single flight: a plan claims what it will keep; another that wants the same waits for it to end and then finds it.
/// True: all keys were free and are now claimed by `owner`; false: one is claimed by somebody else, nothing was claimed.
bool kal__memo_claim(kal_memo *m, const void *owner, const kal_key *keys, size_t n);
/// Lets go of all claims of `owner` and wakes who waits.
void kal__memo_release(kal_memo *m, const void *owner);
/// Waits until some claim is let go, at most `seconds`.
void kal__memo_wait(kal_memo *m, double seconds);

#endif
