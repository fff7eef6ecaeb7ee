// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Facts in memory, for a memo without a folder: 32 bytes that are known of a key. When there are too many all are forgotten, which costs time alone.
#ifndef KAL_GRAPH_FACTS_H
#define KAL_GRAPH_FACTS_H

#include "store.h"

typedef struct kal__fact {
    kal_key key;
    kal__fact_kind kind;   // 0: a free place
    unsigned char value[KAL__FACT];
} kal__fact;

/// Zero is empty. Whoever owns it locks.
typedef struct kal__facts {
    kal__fact *places;
    size_t n, room;   // room: a power of two, or 0
} kal__facts;

bool kal__facts_find(const kal__facts *f, kal__fact_kind kind, kal_key key, unsigned char value[KAL__FACT]);
/// Without memory it is not known afterwards. `most`: bytes that they may take.
void kal__facts_put(kal__facts *f, size_t most, kal__fact_kind kind, kal_key key,
                    const unsigned char value[KAL__FACT]);
/// Bytes that they take.
size_t kal__facts_bytes(const kal__facts *f);
void kal__facts_free(kal__facts *f);

#endif
