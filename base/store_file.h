// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the files about stores share: a folder that is open, and the form of an entry.
#ifndef KAL_STORE_FILE_H
#define KAL_STORE_FILE_H

#include "fork.h"
#include "hash.h"
#include "store.h"
#include "disk.h"

#include <sys/stat.h>

typedef struct kal__fact_file {
    int fd;   // -1: not open
    bool writes;
    uint64_t read;            // bytes of it
    unsigned char *records;   // those that are whole, in order
    uint32_t n, room;
    uint32_t *slots;   // hash of kind and key → number + 1 of the last record
    size_t n_slots;    // a power of two
} kal__fact_file;

struct kal__store {
    kal__guarded guarded;
    int folder, tmp;     // descriptors of v1 and v1/tmp
    bool counts_bytes;   // there is a file for it; else nothing can be put
    uint64_t limit;
    char *name;
    bool looks;             // nothing is made, put or removed
    int off;                // atomic: nothing is put any more
    int told;               // atomic: that was said
    int packs;              // atomic: what may be packed is
    uint64_t serial;        // atomic: of names in tmp
    pthread_mutex_t lock;   // of what follows
    kal__fact_file facts[16];
    kal_key *stuck;   // entries that cannot be removed, in order, while nobody collects: they are left alone
    size_t n_stuck;
    char warning[400];
    uint64_t stuck_bytes;       // atomic: of those
    kal__store_counts counts;   // atomic, each
};

#define KAL__STORE_VERSION "v1"
#define KAL__STORE_LEASES "leases"   // in it
#define KAL__STORE_MAGIC "kalmemo"   // and its NUL
#define KAL__STORE_PIECE ((size_t)1 << 20)
#define KAL__STORE_PAGE ((size_t)4096)
#define KAL__STORE_RECIPE ((size_t)64 << 10)   // at most

/// In the machine's own order, which `order` tells. Of a packed entry `kind` has KAL__STORE_PACKED, and behind the sums, which are of packed pieces, stand
/// the places where these end.
#define KAL__STORE_PACKED 0x100u
#define KAL__STORE_ORDER 0x01020304u
typedef struct kal__store_head {
    char magic[8];
    uint32_t order, kind;
    uint64_t key_hi, key_lo;
    int32_t x0, y0, x1, y1;
    uint64_t size, at;   // of the data, and where in the file it begins
    double ns;
    uint64_t made;
    uint32_t recipe_size, pieces;
    uint64_t sum[2];   // of the head with 0 here, the table of pieces and the recipe
} kal__store_head;

/// "ab/cdef…"
void kal__store_path(kal_key key, char out[40]);
/// Of a name in a folder of entries; false: it is none.
bool kal__store_key_of(const char *shard, const char *name, kal_key *out);

/// Of what has the name of an entry: whether it begins as one, or was cut before that ends. What does not is one that was damaged.
bool kal__store_is_ours(const void *file, size_t n);
/// How long the file says it is, of which n bytes are there; 0: it is none of ours, or too short to say. Nothing is believed yet.
uint64_t kal__store_says(const unsigned char *file, size_t n);
/// What a mapped file is, when its head is whole and says `key`. Foreign: another kind of machine's, which may be whole.
typedef enum kal__store_state { KAL__STORE_SOUND, KAL__STORE_BROKEN, KAL__STORE_FOREIGN } kal__store_state;
kal__store_state kal__store_read_head(const unsigned char *file, size_t n, kal_key key, kal__stored *what,
                                      kal__store_head *head);
static inline bool kal__store_is_packed(const kal__store_head *head)
{
    return head->kind & KAL__STORE_PACKED;
}

/// A piece as it lies in the file.
typedef struct kal__stretch {
    const unsigned char *data;
    size_t size;
    uint64_t sum;
} kal__stretch;
kal__stretch kal__store_stretch(const unsigned char *file, const kal__store_head *head, size_t i);
/// The data of a file that is whole: within it, with the slab `user` is released; or unpacked, and it is released at once. NULL: out of memory or, with *broken, what is
/// packed there is no such data; `user` is not released then.
kal__slab *kal__store_data(const unsigned char *file, const kal__store_head *head, kal__stored *what,
                           void (*release)(void *user), void *user, bool *broken);
/// Whether all pieces of the data have their sums.
bool kal__store_is_whole(const unsigned char *file, const kal__store_head *head);

/// Whether a head's numbers agree with one another and with a file of n bytes.
bool kal__store_fits(const kal__store_head *h, size_t n);
/// Bytes of piece i of data of that size.
size_t kal__store_piece_size(uint64_t size, size_t i);

/// A head without its sum; `packed`: KAL__STORE_PACKED or 0.
kal__store_head kal__store_head_of(const kal__stored *what, uint32_t packed);
/// The head and its sum go before the table, of which the numbers are there, and the recipe behind them.
void kal__store_finish_front(unsigned char *front, kal__store_head *h, const char *recipe);
/// What stands before the data in a file: the head, the table and the recipe. NULL: out of memory. Free with free.
unsigned char *kal__store_front(const kal__stored *what, const void *data, size_t *size);
/// Keeps a whole file that was found to be sound, as kal__store_put does.
bool kal__store_put_file(kal__store *s, const kal__stored *what, const unsigned char *file, size_t n);

// ---- packing --------------------------------------------------------------------------------------

/// Whether the library is there.
bool kal__pack_ready(void);
/// Whether such an entry is worth trying.
bool kal__pack_may(const kal__stored *what);
/// Bytes of a pixel, by which what is packed goes; 0: as it is.
size_t kal__pack_step(const kal__stored *what);
typedef struct kal__packer kal__packer;
/// NULL: out of memory, or the library is not there.
kal__packer *kal__packer_new(void);
void kal__packer_free(kal__packer **slot);
/// A piece packed, until the next call; NULL: the library cannot.
const unsigned char *kal__pack(kal__packer *p, const unsigned char *data, size_t n, size_t step,
                               size_t *size);
/// All of an entry's data; false: what is there is none.
bool kal__unpack(const unsigned char *file, const kal__store_head *head, size_t step, unsigned char *to);

/// A new file in tmp, locked so that nobody takes it for one that was left; -1: it cannot be made.
int kal__store_begin(kal__store *s, char name[40]);
void kal__facts_close(kal__store *s);

static inline void kal__store_count(uint64_t *n)
{
    __atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
}

/// Adds to the count of bytes; the sum without what cannot be removed, 0 when it cannot be had. Negative subtracts.
uint64_t kal__store_add_used(kal__store *s, int64_t bytes);
void kal__store_set_used(kal__store *s, uint64_t bytes);
/// Nothing is put from here on, and why.
void kal__store_off(kal__store *s, const char *what, int error);
/// Removes what processes that are gone left unfinished.
void kal__store_sweep(kal__store *s);

#endif
