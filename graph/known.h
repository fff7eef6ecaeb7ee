// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Digests of files by their stamps, so that a file is read for its digest once in a process.
#ifndef KAL_GRAPH_KNOWN_H
#define KAL_GRAPH_KNOWN_H

#include "codec.h"

#include <kal/eval.h>

#include <pthread.h>

/// Whether another content would have another stamp: a file that was written to just now may be written to again within one tick of the
/// clock that stamps it. Two seconds is the coarsest of such clocks.
bool kal__stamp_settled(const kal__stamp *s);
/// For tests: the clock that stamps are compared with is so many ns ahead of the system's, as if that had been stepped since.
void kal__known_step(int64_t ns);
/// Of settled stamps. Threads: any.
bool kal__digest_known(const kal__stamp *s, kal_key *out);
void kal__digest_remember(const kal__stamp *s, kal_key digest);
/// The picture that a file, open, was, loaded without any option under the same limits: its node, a reference of the caller's, while it lives and
/// somebody has it; else NULL. So a file that stands still has its header read once. Threads: any.
kal_node *kal__picture_known(const kal__stamp *s, uint64_t limits);
/// The same of a path, without opening it, for the user and group that opened it with that stamp. What was stored through a mapping since the stamp was taken has changed the times, for
/// dirty pages were sent to the disk before it was.
kal_node *kal__picture_at(const char *path, uint64_t limits);
void kal__picture_remember(const kal__stamp *s, uint64_t limits, const kal_node *picture);
/// The digest of a file and, unless NULL, its stamp: by that, when it is known already and the file stands still, else by reading it. CHANGED when it
/// becomes another one meanwhile.
kal_status kal__digest_file(const char *path, kal__stamp *stamp, kal_key *out, kal_error *err);

#endif
