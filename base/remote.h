// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Entries of a store, whole, where other machines find them: a folder on a network, Redis, a server that speaks HTTP. It may be slow, full,
// gone or lie: then there is nothing, soon. docs/notes/memo.md says how, and who is trusted.
#ifndef KAL_REMOTE_H
#define KAL_REMOTE_H

#include "store.h"

typedef struct kal__remote kal__remote;

/// "file:///mnt/memo", "redis://host:6379/0", "redis+unix:/run/redis.sock", "http://host/prefix", each with "?NAME=VALUE&…"; `params` (NULL is fine) are
/// more of them, separated by spaces. Nothing is asked of it yet.
kal_status kal__remote_open(const char *url, const char *params, kal__remote **out, kal_error *err);
/// Sends what waits, for at most two seconds.
void kal__remote_close(kal__remote **slot);
/// Without what is secret in it.
const char *kal__remote_name(const kal__remote *r);
/// Whether it was opened so.
bool kal__remote_is(const kal__remote *r, const char *url, const char *params);

/// As kal__store_get; what comes is kept in `s`, unless that is NULL. Threads: any.
kal__slab *kal__remote_get(kal__remote *r, kal__store *s, kal_key key, kal__stored_kind kind, kal_rect rect,
                           kal__stored *what);
/// Whether there is something under that name. Threads: any.
bool kal__remote_has(kal__remote *r, kal_key key);
/// Will be sent, by a thread of its own, unless too much waits. Takes a reference. Threads: any.
void kal__remote_put(kal__remote *r, const kal__stored *what, kal__slab *data);

/// That this process makes the entry of a key: until it says otherwise, or has said nothing for KAL__LEASE_TTL.
#define KAL__LEASE_TTL 2.0   // seconds
typedef enum kal__lease_answer {
    KAL__LEASED,   // by us
    KAL__BUSY,   // by another; *mark changes while it lives, where the remote cannot tell by itself that it does not
    KAL__NO_LEASE   // there are none to be had
} kal__lease_answer;
/// `over`: take it from whoever has it.
kal__lease_answer kal__remote_lease(kal__remote *r, kal_key key, bool over, uint64_t *mark);
void kal__remote_lease_again(kal__remote *r, kal_key key);
/// After all that was put before.
void kal__remote_lease_end(kal__remote *r, kal_key key);

/// Once after it could not be reached, refused something or was left alone: which, and why. Threads: any.
bool kal__remote_warning(kal__remote *r, char *out, size_t room);
/// Waits until what waits has been sent, for at most two seconds. Threads: any.
void kal__remote_flush(kal__remote *r, bool for_good);

typedef struct kal__remote_counts {
    uint64_t hits, misses;   // of what was wanted
    uint64_t refused;   // of the misses: what came was damaged, foreign, too large, or of nobody we trust
    uint64_t stored;    // sent
    uint64_t dropped;   // not sent: too much waited, or the remote was gone
    uint64_t failed;    // it did not answer, or too slowly
} kal__remote_counts;
/// Of this process.
void kal__remote_counted(const kal__remote *r, kal__remote_counts *out);

#endif
