// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The memo: what was computed, in memory, in a folder and on other machines. docs/keys.md says when a result is found again.
#ifndef KAL_MEMO_H
#define KAL_MEMO_H

#include <kal/eval.h>

KAL_BEGIN

typedef struct kal_memo_stats {
    uint64_t entries, bytes, limit, hits, misses, stored,
        evicted;   ///< in memory; bytes: all that it takes to keep them
    uint64_t folder_hits, folder_stored,
        folder_broken;   ///< of this process: found, put, and removed since damaged
    uint64_t remote_hits, remote_misses,
        remote_stored;   ///< of this process: found far away, not found, sent
    uint64_t
        remote_refused;   ///< of the misses: what came was damaged, of another key, too large, or without the right seal
    uint64_t remote_dropped;   ///< not sent: too much waited, or the remote was gone
    uint64_t remote_failed;    ///< the remote did not answer, or too slowly
} kal_memo_stats;

/// A memory tier of its own, at most `limit` bytes. Threads: any.
KAL_API kal_memo *kal_memo_new(uint64_t limit);
KAL_API void kal_memo_free(kal_memo **memo);
/// Keeps results in a folder too, for this and other processes, now and later: at most about `limit` bytes (0: 5 GiB). It is made when it is not there.
/// NULL: in none. The process's own memo (`memo` NULL) begins with that of KAL_MEMO_DIR and KAL_MEMO_SIZE. A folder that becomes full or may only be read is
/// read, and one warning is told (kal_options.warn, without a node). Whoever can write to it can make pixels wrong: docs/notes/memo.md. Not
/// while requests use the memo.
KAL_API kal_status kal_memo_set_folder(kal_memo *memo, const char *folder, uint64_t limit, kal_error *err);
/// Finds results in a folder and leaves it as it is, for who only asks: nothing is made, put or removed there, and one that is not there is
/// empty. Not while requests use the memo.
KAL_API kal_status kal_memo_look_into(kal_memo *memo, const char *folder, kal_error *err);
/// How rows and blobs are put into that folder from now on: "none", as they lie in memory, to be mapped; or "zstd", packed without loss: photographs in
/// about half the room, flat pictures in a fraction of it, read at about 0.6 GB/s instead of 20; what took less than that to make is not kept then.
/// Either is found whichever way it was put. The process's own memo begins with that of KAL_MEMO_PACK. Errors: KAL_INVALID (another name, no
/// folder), KAL_UNSUPPORTED (libzstd is not there).
KAL_API kal_status kal_memo_set_packing(kal_memo *memo, const char *how, kal_error *err);
/// Keeps results far away too, where other machines find them: "file:///mnt/memo" (a folder on a network), "redis://HOST:PORT/DB",
/// "redis+unix:/SOCKET", "http://HOST/PREFIX" (GET and PUT). Options follow the URL, as "?read_only&timeout_ms=500", or stand in `params` ("read_only
/// timeout_ms=500"; NULL is fine): read_only, connect_ms (100), timeout_ms (2000), max_bytes of an entry (64M), secret=FILE (KAL_MEMO_SECRET). URL NULL: nowhere.
/// The process's own memo begins with that of KAL_MEMO_REMOTE. A remote that is gone, slow or lies costs less than a second and no run fails by it;
/// what is put is sent by a thread, and what is left of it at kal_memo_free and at exit for two seconds. One warning is told (kal_options.warn, without a node) when it
/// cannot be reached, refuses something, or is left alone. INVALID: no such URL or option; UNSUPPORTED: the library for
/// it is not there. Who can write there can make pixels wrong, unless there is a secret: docs/notes/memo.md. Not while requests use the memo.
KAL_API kal_status kal_memo_set_remote(kal_memo *memo, const char *url, const char *params, kal_error *err);
/// What lies in the folder of a memo.
typedef struct kal_memo_entry {
    kal_key key;
    const char *kind;   ///< "rows", "bytes" (an encoded file), "value", "blob"
    kal_rect rect;      ///< of rows; else n×1 for n bytes
    uint64_t bytes, on_disk;
    double seconds;        ///< that it took to make
    uint64_t made, used;   ///< seconds since 1970; when it was last wanted, to the minute
    const char *recipe;    ///< what its key was made from, a line a node, inputs first …
    size_t recipe_size;    ///< … which is not ended by a NUL
    bool sound;            ///< false: it is damaged; key and on_disk alone are known
} kal_memo_entry;
/// Called for each, in the order of their keys; what it points at lives during the call. false ends the walk.
typedef bool kal_memo_entry_fn(void *user, const kal_memo_entry *entry);
/// `verify`: all bytes of each are read. INVALID: the memo (NULL: the process's own) has no folder. Threads: any, beside whatever uses it.
KAL_API kal_status kal_memo_each(kal_memo *memo, bool verify, kal_memo_entry_fn *fn, void *user,
                                 kal_error *err);
/// Removes one; false when there is none. Those who have it mapped keep it.
KAL_API bool kal_memo_remove(kal_memo *memo, kal_key key);
/// Removes what is worth least until at most `bytes` are left (0: everything); UINT64_MAX: the folder's limit. *before and *after (NULL is fine): bytes of all
/// entries. Files that are none of ours stay. KAL_IO: another process is at it, and nothing was done.
KAL_API kal_status kal_memo_collect(kal_memo *memo, uint64_t bytes, uint64_t *before, uint64_t *after,
                                    kal_error *err);
/// Why a node is found in the folder or not, as text: it and what it stands on, first inputs first, up to what is found; of each that is not, the entry
/// that differs least, and in what: a parameter, a version, the bytes of a file. Computes nothing. Free with kal_bytes_free; NUL-terminated.
KAL_API kal_status kal_memo_why(kal_memo *memo, const kal_node *node, kal_bytes *out, kal_error *err);
/// What an entry was made from, and the entry that differs least from it. INVALID: there is none of that key.
KAL_API kal_status kal_memo_why_key(kal_memo *memo, kal_key key, kal_bytes *out, kal_error *err);
/// Copies an entry of one memo's folder into that of another, when all of it is whole. *copied: false when it was there already, as large. MISSING:
/// there is none, or it is damaged; IO: it cannot be written. Threads: any, beside whatever uses them.
KAL_API kal_status kal_memo_copy(kal_memo *from, kal_memo *to, kal_key key, bool *copied, kal_error *err);
/// Waits until what goes far away has gone, for at most two seconds; and tells (`warn` of the options, NULL is fine), once, what is wrong with the folder and the
/// remote: requests tell it too, but not what the last of them sent. Threads: any.
KAL_API void kal_memo_flush(kal_memo *memo, const kal_options *options);
/// Forgets what is in memory; the folder stays as it is.
KAL_API void kal_memo_clear(kal_memo *memo);
/// `memo` NULL: the process's own.
KAL_API void kal_memo_get_stats(kal_memo *memo, kal_memo_stats *out);
KAL_API void kal_memo_set_limit(kal_memo *memo, uint64_t limit);

KAL_END
#endif
