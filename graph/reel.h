// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The pages of one file in turn: between two of them their decoder waits on a reel, so that a page which is built upon those before it is not
// decoded from the first on each time.
#ifndef KAL_GRAPH_REEL_H
#define KAL_GRAPH_REEL_H

#include "coding.h"

struct kal__coding;

/// With one reference. NULL: out of memory.
kal__reel *kal__reel_new(void);
kal__reel *kal__reel_ref(kal__reel *r);
void kal__reel_unref(kal__reel **slot);
/// What waits is given up, and nothing waits there any more.
void kal__reel_close(kal__reel *r);
/// Leaves a decoder that is through with its page or (`fresh`) stands before its rows; false: it may not wait here.
bool kal__reel_leave(kal__reel *r, struct kal__coding *c, int32_t page, bool fresh);
/// Takes the decoder that waits at a page before this one, or before the rows of this one; *at is its page. NULL: none.
struct kal__coding *kal__reel_take(kal__reel *r, int32_t page, int32_t *at);

#endif
