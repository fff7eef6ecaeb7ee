// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A reader that digests what passes through it, so that a file is looked at once.
#ifndef KAL_GRAPH_HASHING_H
#define KAL_GRAPH_HASHING_H

#include "run.h"

/// Owns `inner`, also when there is no memory for it (NULL). Threads: one at a time.
kal__reader *kal__hashing_new(kal__reader *inner);
/// The same, but `placed`, and without a digest. `inner` has read_at.
kal__reader *kal__placed_new(kal__reader *inner);
/// The first bytes, at most as many as are held (4 KiB), without reading past them; before the first read. -1: *err says why.
ptrdiff_t kal__hashing_peek(kal__reader *r, const unsigned char **front, kal_error *err);
/// Reads what is left and gives the digest of all; LIMIT when there are more than `most` bytes. `watch` (or NULL) may stop it.
kal_status kal__hashing_end(kal__reader *r, uint64_t most, const kal__watch *watch, kal_key *out,
                            kal_error *err);

#endif
