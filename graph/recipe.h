// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a key was made from, in words: it lies beside what is kept, so that a miss can be told from the hit it might have been.
#ifndef KAL_GRAPH_RECIPE_H
#define KAL_GRAPH_RECIPE_H

#include "load.h"

/// A line a node, inputs first: "KEY name version name=value … : KEY KEY". Of a graph that is too large the last lines, with "…" before them. `t` fails
/// without memory.
void kal__recipe(const kal_node *node, kal__text *t);

#endif
