// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Readers and writers for what may keep us waiting: a pipe, a caller's function, a server. Somebody else waits for it.
#ifndef KAL_GRAPH_PATIENT_H
#define KAL_GRAPH_PATIENT_H

#include "codec.h"
#include "run.h"

/// A reader that reads `inner` on a thread of its own and, when the request is stopped meanwhile, fails with the request's own status and
/// leaves that thread behind, which closes `inner` when it comes back. `inner` is owned in any case. `watch` must outlive it. NULL:
/// out of memory.
kal__reader *kal__patient_new(kal__reader *inner, const kal__watch *watch);

/// From here on it is `watch` that may stop it; NULL: nobody does, between requests.
void kal__patient_watch(kal__reader *r, const kal__watch *watch);

/// The request ends while somebody may still read: whoever does is told that nobody waits, and the request is not looked at any more.
void kal__patient_leave(kal__reader *r);

/// The same for a target that waits, without `patch` and `file`: stopped, everything fails, and whoever owns it aborts it as ever, which leaves the
/// thread behind when that is still at a call; it aborts `inner` when it comes back. `watch`: NULL, as between requests, and calls are made at once.
/// `inner` is taken in any case. NULL: out of memory.
kal__writer *kal__patient_writer_new(kal__writer *inner, const kal__watch *watch);
void kal__patient_writer_watch(kal__writer *w, const kal__watch *watch);

#endif
