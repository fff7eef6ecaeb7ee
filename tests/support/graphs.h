// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Random graphs from the registry's ops and samples: shared nodes, diamonds, joins, crops, decoded JPEGs.
#ifndef GRAPHS_H
#define GRAPHS_H

#include "check.h"

/// A node at the end of such a graph, at most 40,000 pixels anywhere; owned by the scope.
kal_node *random_graph(rng *r, kal_scope *s);

#endif
