// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See mem.h. Pixels never come from malloc, so the heap does not fragment and memory really goes back.
#define _GNU_SOURCE
#include "mem.h"

#include "putf.h"
#include "fork.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// ---- plain allocation ---------------------------------------------------------------------------

static long fail_at;
static bool fail_sticky;

void kal__fail_alloc(long nth, bool sticky)
{
    __atomic_store_n(&fail_sticky, sticky, __ATOMIC_RELAXED);
    __atomic_store_n(&fail_at, nth, __ATOMIC_RELAXED);
}

// Only tests set fail_at, so the relaxed load is all an ordinary run pays.
static bool told_to_fail(void)
{
    if (!__atomic_load_n(&fail_at, __ATOMIC_RELAXED)) return false;
    const long left = __atomic_sub_fetch(&fail_at, 1, __ATOMIC_RELAXED);
    if (left == 0 && __atomic_load_n(&fail_sticky, __ATOMIC_RELAXED))
        __atomic_store_n(&fail_at, 1, __ATOMIC_RELAXED);
    return left == 0;
}

void *kal__new(size_t n, size_t size)
{
    size_t bytes;
    if (!kal__mul(n, size, &bytes) || told_to_fail()) return NULL;
    return malloc(bytes ? bytes : 1);
}

void *kal__new_zero(size_t n, size_t size)
{
    if (told_to_fail()) return NULL;
    return calloc(n ? n : 1, size ? size : 1);
}

bool kal__grow(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (!kal__mul(n, size, &bytes) || told_to_fail()) return false;
    void *old;
    memcpy(&old, p, sizeof old);
    void *grown = realloc(old, bytes ? bytes : 1);
    if (!grown) return false;
    memcpy(p, &grown, sizeof grown);
    return true;
}

bool kal__more(void *p, size_t n, size_t *room, size_t size)
{
    const size_t more = *room ? *room * 2 : 16;
    if (n < *room) return true;
    if (!kal__grow(p, more, size)) return false;
    *room = more;
    return true;
}

// ---- arena --------------------------------------------------------------------------------------

struct kal__block {
    struct kal__block *next;
    size_t pad;   // keeps what follows 16-byte aligned
};

void *kal__take(kal__arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (!kal__mul(n, size, &bytes) || !kal__add(bytes, 15, &bytes)) return NULL;
    bytes &= ~(size_t)15;
    if (!a->blocks || a->size - a->used < bytes) {
        const size_t want = a->total < 4096 ? 4096 : a->total < (1u << 20) ? a->total : (1u << 20);
        const size_t room = bytes > want ? bytes : want;
        size_t whole;
        if (!kal__add(room, sizeof(struct kal__block), &whole)) return NULL;
        struct kal__block *b = kal__new_zero(1, whole);
        if (!b) return NULL;
        b->next = a->blocks;
        a->blocks = b;
        a->used = 0;
        a->size = room;
        a->total += room;
    }
    void *p = (unsigned char *)(a->blocks + 1) + a->used;
    a->used += bytes;
    return p;
}

void kal__arena_free(kal__arena *a)
{
    for (struct kal__block *b = a->blocks; b;) {
        struct kal__block *next = b->next;
        free(b);
        b = next;
    }
    *a = (kal__arena){0};
}

// ---- text ---------------------------------------------------------------------------------------

static bool make_room(kal__text *t, size_t more)
{
    size_t need;
    if (t->failed || !kal__add(t->size, more, &need) || !kal__add(need, 1, &need)) return !(t->failed = true);
    if (need <= t->room) return true;
    const size_t room = need < 256 ? 256 : need + need / 2;
    if (!kal__grow(&t->data, room, 1)) return !(t->failed = true);
    t->room = room;
    return true;
}

void kal__put(kal__text *t, const void *data, size_t n)
{
    if (!n || !make_room(t, n)) return;
    memcpy(t->data + t->size, data, n);
    t->size += n;
}

void kal__puts(kal__text *t, const char *s)
{
    kal__put(t, s, strlen(s));
}

void kal__putf(kal__text *t, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    const int n = kal__vformat(NULL, 0, fmt, args);
    va_end(args);
    if (n > 0 && make_room(t, (size_t)n)) {
        kal__vformat(t->data + t->size, (size_t)n + 1, fmt, again);
        t->size += (size_t)n;
    }
    va_end(again);
}

void kal__put_le(kal__text *t, uint64_t v, int bytes)
{
    if (!make_room(t, sizeof v)) return;
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) v = __builtin_bswap64(v);
    memcpy(t->data + t->size, &v, sizeof v);   // eight are one store; `bytes` of them count
    t->size += (size_t)bytes;
}

bool kal__text_done(kal__text *t, char **data, size_t *size)
{
    *data = NULL;
    if (!make_room(t, 0)) {
        free(t->data);
        *t = (kal__text){0};
        return false;
    }
    t->data[t->size] = 0;
    *data = t->data;
    if (size) *size = t->size;
    *t = (kal__text){0};
    return true;
}

// ---- past the caches ------------------------------------------------------------------------------

#ifdef __SSE2__
#include <emmintrin.h>

// Lines at both ends may be shared with a neighbour, who writes them too: they are left to the caches.
void *kal__stream(void *restrict dst, const void *restrict src, size_t n)
{
    unsigned char *d = dst;
    const unsigned char *s = src;
    const size_t head = (0 - (uintptr_t)d) & 63;
    if (n < head + 64) return memcpy(d, s, n);
    memcpy(d, s, head);
    size_t i = head;
    for (; i + 64 <= n; i += 64)
        for (size_t k = i; k < i + 64; k += 16)
            _mm_stream_si128((__m128i *)(void *)(d + k),
                             _mm_loadu_si128((const __m128i *)(const void *)(s + k)));
    memcpy(d + i, s + i, n - i);
    return dst;
}

void kal__stream_end(void)
{
    _mm_sfence();
}

#else

void *kal__stream(void *restrict dst, const void *restrict src, size_t n)
{
    return memcpy(dst, src, n);
}

void kal__stream_end(void)
{
}

#endif

// ---- slabs --------------------------------------------------------------------------------------

// A few freed slabs wait here: fresh pages cost more than most kernels.
#define CACHED 16
#define CACHED_BYTES ((size_t)32 << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
KAL__GUARD(lock, KAL__FORK_SLABS, NULL)
static kal__slab *cache[CACHED];
static size_t n_cached, cached_bytes, live_bytes;

static size_t apart(size_t a, size_t b)
{
    return a < b ? b - a : a - b;
}

// The nearest in size, if most of its pages are of use.
static kal__slab *from_cache(size_t size)
{
    pthread_mutex_lock(&lock);
    size_t best = n_cached;
    for (size_t i = 0; i < n_cached; i++)
        if (apart(cache[i]->size, size) <= size / 2 &&
            (best == n_cached || apart(cache[i]->size, size) < apart(cache[best]->size, size)))
            best = i;
    kal__slab *found = best < n_cached ? cache[best] : NULL;
    if (found) {
        cache[best] = cache[--n_cached];
        cached_bytes -= found->size;
        live_bytes += size;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

// Rings of pictures that differ a little in size share pages: what is too much goes back, so that no plan holds more than
// it says; what is missing is added, and only that is fresh. The thread sanitizer does not see addresses that mremap
// frees, and would take their next owner for an intruder.
static bool fit(kal__slab *s, size_t size)
{
#ifdef __SANITIZE_THREAD__
    void *p = size <= s->size ? s->data : MAP_FAILED;
#else
    void *p = size <= s->size ? s->data : mremap(s->data, s->size, size, MREMAP_MAYMOVE);
#endif
    if (p == MAP_FAILED) return false;
    if (size < s->size) munmap(s->data + size, s->size - size);
    s->data = p;
    s->size = size;
    return true;
}

static void slab_destroy(kal__slab *s)
{
    if (!s->small) munmap(s->data, s->size);
    free(s);
}

// Whole pictures are read in all directions: with large pages, which the system may give, their addresses are found sooner.
#define LARGE ((size_t)32 << 20)

static void ask_for_large_pages(void *p, size_t size)
{
#if defined(MADV_HUGEPAGE)
    if (size >= LARGE) (void)madvise(p, size, MADV_HUGEPAGE);
#else
    (void)p, (void)size;
#endif
}

static kal__slab *slab_fresh(size_t size)
{
    kal__slab *s = kal__new(1, sizeof *s);
    void *p = s ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
    if (p == MAP_FAILED) {
        free(s);
        return NULL;
    }
    ask_for_large_pages(p, size);
    *s = (kal__slab){.data = p, .size = size};
    pthread_mutex_lock(&lock);
    live_bytes += size;
    pthread_mutex_unlock(&lock);
    return s;
}

// A memo holds values and thumbnails by the hundred thousand: a page each, and a mapping of the kernel's, would be many times what they are.
#define SMALL ((size_t)16 << 10)
#define LINE 64

static kal__slab *slab_small(size_t size)
{
    const size_t head = (sizeof(kal__slab) + LINE - 1) / LINE * LINE;
    kal__slab *s = aligned_alloc(LINE, head + size);
    if (!s) return NULL;
    *s = (kal__slab){.data = (unsigned char *)s + head, .size = size, .refs = 1, .small = true};
    pthread_mutex_lock(&lock);
    live_bytes += size;
    pthread_mutex_unlock(&lock);
    return s;
}

kal__slab *kal__slab_new(size_t size)
{
    const size_t unit = size < SMALL ? LINE : 4096;
    size_t whole;
    if (!kal__add(size ? size : 1, unit - 1, &whole)) return NULL;
    whole &= ~(unit - 1);
    if (told_to_fail()) return NULL;
    if (size < SMALL) return slab_small(whole);
    kal__slab *s = from_cache(whole);
    if (s && !fit(s, whole)) {
        pthread_mutex_lock(&lock);
        live_bytes -= whole;
        pthread_mutex_unlock(&lock);
        slab_destroy(s);
        s = NULL;
    }
    if (!s) s = slab_fresh(whole);
    if (s) s->refs = 1;
    return s;
}

kal__slab *kal__slab_borrow(const void *data, size_t size, void (*release)(void *user), void *user)
{
    kal__slab *s = kal__new(1, sizeof *s);
    if (s)
        *s = (kal__slab){.data = (unsigned char *)(uintptr_t)data,
                         .size = size,
                         .refs = 1,
                         .borrowed = true,
                         .release = release,
                         .user = user};
    return s;
}

static void give_back(kal__slab *s)
{
    if (s->release) s->release(s->user);
    free(s);
}

kal__slab *kal__slab_ref(kal__slab *s)
{
    if (s) __atomic_fetch_add(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}

void kal__slab_unref(kal__slab **slab)
{
    kal__slab *s = *slab;
    *slab = NULL;
    // Release/acquire: the last holder sees everything the others wrote before it frees.
    if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
    if (s->borrowed) {
        give_back(s);
        return;
    }
    pthread_mutex_lock(&lock);
    live_bytes -= s->size;
    const bool keep = !s->small && n_cached < CACHED && cached_bytes + s->size <= CACHED_BYTES;
    if (keep) {
        cache[n_cached++] = s;
        cached_bytes += s->size;
    }
    pthread_mutex_unlock(&lock);
    if (!keep) slab_destroy(s);
}

void kal__slab_release(void *slab)
{
    kal__slab *held = slab;
    kal__slab_unref(&held);
}

void kal__slab_trim(void)
{
    kal__slab *out[CACHED];
    pthread_mutex_lock(&lock);
    const size_t n = n_cached;
    memcpy(out, cache, sizeof out);
    n_cached = 0;
    cached_bytes = 0;
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < n; i++) slab_destroy(out[i]);
}

size_t kal__slab_bytes(void)
{
    pthread_mutex_lock(&lock);
    const size_t n = live_bytes;
    pthread_mutex_unlock(&lock);
    return n;
}
