// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Memory: checked sizes, an arena for a plan's small things, a growing text, and slabs for pixels.
#ifndef KAL_MEM_H
#define KAL_MEM_H

#include <kal/base.h>

#include <pthread.h>

/// a * b and a + b into *out; false when it does not fit.
static inline bool kal__mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool kal__add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

/// malloc and calloc of n things; NULL when out of memory, when the size overflows, or when the tests say so. Free with free.
void *kal__new(size_t n, size_t size);
void *kal__new_zero(size_t n, size_t size);
/// Grows *p (n things of a size); false leaves it as it was.
bool kal__grow(void *p, size_t n, size_t size);
/// Room for one more in the list *p of n things of a size, which has *room of them: when it is full it becomes twice as long. false leaves both.
bool kal__more(void *p, size_t n, size_t *room, size_t size);
/// Makes the nth allocation from now fail (and, when sticky, all after it); 0: none. For the tests.
void kal__fail_alloc(long nth, bool sticky);

// ---- arena: many small things, freed together ----------------------------------------------------

typedef struct kal__arena {
    struct kal__block *blocks;
    size_t used, size, total;
} kal__arena;

/// Zeroed, 16-byte aligned; NULL when out of memory.
void *kal__take(kal__arena *arena, size_t n, size_t size);
void kal__arena_free(kal__arena *arena);

// ---- text that grows -----------------------------------------------------------------------------

/// Becomes `failed` once memory is out and stays so; check at the end.
typedef struct kal__text {
    char *data;
    size_t size, room;
    bool failed;
} kal__text;

void kal__put(kal__text *t, const void *data, size_t n);
void kal__puts(kal__text *t, const char *s);
void kal__putf(kal__text *t, const char *fmt, ...) KAL_PRINTF(2, 3);
/// The lowest `bytes` bytes of v, the lowest first, whatever the machine.
void kal__put_le(kal__text *t, uint64_t v, int bytes);
/// Hands over the NUL-terminated text; false (and nothing) when it failed.
bool kal__text_done(kal__text *t, char **data, size_t *size);

// ---- past the caches ------------------------------------------------------------------------------

/// memcpy for what nobody reads soon: whole lines go to memory without being fetched first, and push nothing out of the caches.
void *kal__stream(void *restrict dst, const void *restrict src, size_t n);
/// After the last of some, before anybody else is told that they are there.
void kal__stream_end(void);

// ---- slabs: pixels ------------------------------------------------------------------------------

/// Refcounted memory that begins at a cache line, its size rounded up to whole ones. From 16 KiB on it is whole pages, from mmap: freed ones are kept for
/// reuse up to a small cap, for slabs of about the same size. Threads: any.
typedef struct kal__slab {
    unsigned char *data;
    size_t size;
    int refs;   // atomic
    bool borrowed;
    bool small;                    // the data follow in the same block
    void (*release)(void *user);   // of borrowed memory; or NULL
    void *user;
} kal__slab;

kal__slab *kal__slab_new(size_t size);
/// Somebody else's memory, until the last reference goes; NULL when out of memory: then nothing is released.
kal__slab *kal__slab_borrow(const void *data, size_t size, void (*release)(void *user), void *user);
kal__slab *kal__slab_ref(kal__slab *slab);
void kal__slab_unref(kal__slab **slab);
/// The same of a reference that was given away, as functions are called that let go of borrowed memory.
void kal__slab_release(void *slab);
/// Gives cached slabs back to the system.
void kal__slab_trim(void);
/// Bytes in slabs now, cached ones left out.
size_t kal__slab_bytes(void);

#endif
