// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Who makes an entry says so, that others wait for it and do not make it too. Saying so is an optimisation: where it fails, things are made twice.
#ifndef KAL_LEASE_H
#define KAL_LEASE_H

#include "remote.h"

/// The leases of a memo in this process.
typedef struct kal__leases kal__leases;
kal__leases *kal__leases_new(void);
void kal__leases_free(kal__leases **slot);
/// Before a remote is closed: nothing of it is held any more, nor told again.
void kal__leases_forget(kal__leases *l, const kal__remote *r);

/// Leases of all keys for `owner`, far away, or in the folder when there are none to be had there. false: another process has one, and nothing was taken.
/// *fresh: some were not the owner's before. A holder that is gone, or has not moved for KAL__LEASE_TTL, has none. Threads: any.
bool kal__lease_take(kal__leases *l, kal__store *s, kal__remote *r, const void *owner, const kal_key *keys,
                     size_t n, bool *fresh);
/// Lets go of all that the owner has, far away once everything put before is there. Threads: any.
void kal__lease_end(kal__leases *l, kal__store *s, const void *owner);

#endif
