// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A folder of results by key, for any number of processes at once: a file for each, mapped when it is found, checked before it is believed.
// docs/notes/memo.md says how it is laid out and why. Nothing here knows what an image is.
#ifndef KAL_STORE_H
#define KAL_STORE_H

#include "mem.h"

typedef struct kal__store kal__store;

typedef enum kal__stored_kind {
    KAL__STORED_ROWS = 1,   // packed rows of a rectangle
    KAL__STORED_BYTES,      // of an encoded file; the rectangle is n×1
    KAL__STORED_VALUE,      // the same, packed
    KAL__STORED_BLOB        // somebody's own
} kal__stored_kind;

/// What an entry is.
typedef struct kal__stored {
    kal_key key;
    kal__stored_kind kind;
    kal_rect rect;
    size_t size;      // of its data
    double ns;        // what it cost to make
    uint64_t made;    // seconds since 1970, as is
    uint64_t used;    // when it was last wanted, to the minute
    size_t on_disk;   // bytes of its file
    const char *recipe;
    size_t recipe_size;
} kal__stored;

/// The folder is made when it is not there; what killed processes left in it is removed. `limit`: bytes; 0: 5 GiB.
kal_status kal__store_open(const char *folder, uint64_t limit, kal__store **out, kal_error *err);
// One that is read and left as it is; where there is none, it is empty.
kal_status kal__store_look(const char *folder, kal__store **out, kal_error *err);
void kal__store_close(kal__store **slot);
/// Whether it was opened so, and still keeps there.
bool kal__store_is(const kal__store *s, const char *folder, uint64_t limit);
const char *kal__store_folder(const kal__store *s);
uint64_t kal__store_limit(const kal__store *s);

/// Rows and blobs are packed from now on: "zstd", or "none". What is there is found either way.
kal_status kal__store_set_packing(kal__store *s, const char *how, kal_error *err);
bool kal__store_packs(const kal__store *s);

/// An entry of this key and kind that covers the rectangle: what it is, and its data for as long as the slab is held. NULL: there is none, or
/// none that is whole. The recipe is there as long as the data, and not of a packed entry. Threads: any.
kal__slab *kal__store_get(kal__store *s, kal_key key, kal__stored_kind kind, kal_rect rect,
                          kal__stored *what);
/// Whether there is something under that name, which may prove to be broken.
bool kal__store_has(kal__store *s, kal_key key);
/// Keeps it, unless what is there covers it; false when it is not kept. `made`, `used`, `on_disk` are its own. Threads: any.
bool kal__store_put(kal__store *s, const kal__stored *what, const void *data);

// ---- facts ----------------------------------------------------------------------------------------

#define KAL__FACT 32   // bytes of one
typedef enum kal__fact_kind {
    KAL__FACT_STAMP = 1,   // of a file, by the key of its stamp: its digest
    KAL__FACT_CONTENT,     // of a picture: its content key
    KAL__FACT_SHAPE,       // of a graph whatever its pictures are: there was one
    KAL__FACT_TILE         // of what a part of a picture hangs on: the key of an entry that has it
} kal__fact_kind;
/// The last that was said of it. Threads: any.
bool kal__fact_known(kal__store *s, kal__fact_kind kind, kal_key key, unsigned char value[KAL__FACT]);
void kal__fact_remember(kal__store *s, kal__fact_kind kind, kal_key key,
                        const unsigned char value[KAL__FACT]);

/// Once after the store stopped keeping (a full disk, a folder that may only be read): why. Threads: any.
bool kal__store_warning(kal__store *s, char *out, size_t room);

typedef struct kal__store_counts {
    uint64_t hits, misses, stored, broken, removed;
} kal__store_counts;
/// Of this process.
void kal__store_counted(const kal__store *s, kal__store_counts *out);

// ---- the folder as a whole ------------------------------------------------------------------------

/// Called for each entry with a head that is whole; `sound`: its data too, where that was asked for. false ends the walk.
typedef bool kal__store_fn(void *user, const kal__stored *what, bool sound);
/// Walks through all entries in the order of their keys. `verify`: reads all of each. Those that are broken are told with `sound` false (with a
/// head that is broken: key, on_disk and used alone are known).
void kal__store_each(kal__store *s, bool verify, kal__store_fn *fn, void *user);
bool kal__store_remove(kal__store *s, kal_key key);
/// Copies an entry that is whole; false when there is none.
bool kal__store_copy(kal__store *from, kal__store *to, kal_key key, bool *copied);
/// Removes what does not begin as an entry, and what is worth least until at most `bytes` are there; *before and *after: bytes. Another process that is at it:
/// *busy, and nothing is done. What cannot be removed is left alone from then on and counts for nothing; IO: there is some, newly found.
kal_status kal__store_collect(kal__store *s, uint64_t bytes, uint64_t *before, uint64_t *after, bool *busy,
                              kal_error *err);

#endif
