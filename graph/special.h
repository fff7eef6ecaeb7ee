// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a part of an image hangs on, as a key: that of the graph without the pastes that the part does not see. After a local edit the parts
// elsewhere have the keys they had before, and with them the pixels.
#ifndef KAL_GRAPH_SPECIAL_H
#define KAL_GRAPH_SPECIAL_H

#include "plan.h"

/// The grid of parts: KAL__PART pixels square, from 0, 0 on.
#define KAL__PART 256

/// Parts of one image being named. Threads: one at a time.
typedef struct kal__special kal__special;

/// NULL: nothing is gained (there is no paste in its graph, or too much of a graph for so many parts), or out of memory.
kal__special *kal__special_new(const kal_node *image, size_t parts);
/// The key of a part: what it shows, and where. false: it would take too long to say.
bool kal__special_key(kal__special *s, kal_rect part, kal_key *out);
void kal__special_free(kal__special *s);

#endif
