// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What tokens take once they are coded, guessed from how often each came: by that deflate.c decides what to take, and where to cut blocks. In integers: the bytes that come of it are the same everywhere.
#ifndef KAL_IO_DEFLATE_COST_H
#define KAL_IO_DEFLATE_COST_H

#include "deflate_block.h"

#define UNIT 16   // of a bit, in all of these

typedef struct costs {
    unsigned literal[256], length[MAX_MATCH + 1], distance[DISTANCES];
} costs;

// Of a block of these tokens, with its head, without the bits behind symbols: those are the same wherever it is cut.
uint64_t kal__block_cost(const tally *c);
// And with them.
uint64_t kal__tokens_cost(const tally *c);
// Of n literals, and of those that were before, which weigh more.
void kal__literal_costs(costs *c, const tally *before, const unsigned char *p, size_t n);
// Matches are cheap, so that they are tried; how frequent they then are says what they really cost.
void kal__cheap_matches(costs *c);
// Matches cost what codes for these would take, `old` quarters of what was before.
void kal__adapt_matches(costs *c, const tally *seen, unsigned old);

#endif
