// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See store.h: one entry, written whole under another name and found by a mapping.
#define _GNU_SOURCE
#include "store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define ORDER 0x01020304u

// ---- sums ---------------------------------------------------------------------------------------

static size_t pieces_of(uint64_t size)
{
    return (size_t)((size + KAL__STORE_PIECE - 1) / KAL__STORE_PIECE);
}

static uint64_t piece_sum(const unsigned char *data, uint64_t size, size_t i)
{
    const uint64_t at = (uint64_t)i * KAL__STORE_PIECE;
    const uint64_t n = size - at < KAL__STORE_PIECE ? size - at : KAL__STORE_PIECE;
    return kal__hash_of(data + at, (size_t)n).lo;
}

// With 0 where the sum itself stands.
static void head_sum(const kal__store_head *h, const unsigned char *rest, size_t n, uint64_t out[2])
{
    kal__hash hash;
    kal__store_head copy = *h;
    copy.sum[0] = copy.sum[1] = 0;
    kal__hash_init(&hash);
    kal__hash_add(&hash, &copy, sizeof copy);
    kal__hash_add(&hash, rest, n);
    const kal_key k = kal__hash_done(&hash);
    out[0] = k.lo;
    out[1] = k.hi;
}

// ---- reading ------------------------------------------------------------------------------------

static size_t table_size(const kal__store_head *h)
{
    return (size_t)h->pieces * sizeof(uint64_t) + h->recipe_size;
}

// A sum says that a head is whole, not that whoever wrote it meant well.
static bool has_sense(const kal__store_head *h)
{
    const int64_t width = (int64_t)h->x1 - h->x0, height = (int64_t)h->y1 - h->y0;
    if (h->x0 < 0 || h->y0 < 0 || width <= 0 || height <= 0) return false;
    if (h->kind == KAL__STORED_ROWS) return (uint64_t)width <= h->size / (uint64_t)height;
    return h->kind <= KAL__STORED_BLOB && h->kind && !h->x0 && !h->y0 && height == 1 &&
           (uint64_t)width == h->size;
}

static bool fits(const kal__store_head *h, size_t n)
{
    if (h->order != ORDER || h->recipe_size > KAL__STORE_RECIPE || h->size > SIZE_MAX || !has_sense(h))
        return false;
    if (h->pieces != pieces_of(h->size) || h->at % KAL__STORE_PAGE != 0) return false;
    const size_t before = sizeof *h + table_size(h);
    return before <= n && h->at >= before && h->at <= n && h->size == n - h->at;
}

bool kal__store_is_ours(const void *file, size_t n)
{
    return memcmp(file, KAL__STORE_MAGIC, n < sizeof KAL__STORE_MAGIC ? n : sizeof KAL__STORE_MAGIC) == 0;
}

kal__store_state kal__store_read_head(const unsigned char *file, size_t n, kal_key key, kal__stored *what,
                                      kal__store_head *head)
{
    uint64_t sum[2];
    if (!kal__store_is_ours(file, n)) return KAL__STORE_FOREIGN;
    if (n < sizeof *head) return KAL__STORE_BROKEN;
    memcpy(head, file, sizeof *head);
    if (head->order == __builtin_bswap32(ORDER)) return KAL__STORE_FOREIGN;   // another kind of machine's
    if (!fits(head, n)) return KAL__STORE_BROKEN;
    head_sum(head, file + sizeof *head, table_size(head), sum);
    if (memcmp(sum, head->sum, sizeof sum) != 0 || head->key_hi != key.hi || head->key_lo != key.lo)
        return KAL__STORE_BROKEN;
    *what =
        (kal__stored){.key = key,
                      .kind = (kal__stored_kind)head->kind,
                      .rect = {head->x0, head->y0, head->x1, head->y1},
                      .size = (size_t)head->size,
                      .ns = head->ns > 0 && head->ns < 1e18 ? head->ns : 0,
                      .made = head->made,
                      .on_disk = n,
                      .recipe = (const char *)file + sizeof *head + (size_t)head->pieces * sizeof(uint64_t),
                      .recipe_size = head->recipe_size};
    return KAL__STORE_SOUND;
}

bool kal__store_is_whole(const unsigned char *file, const kal__store_head *head)
{
    for (size_t i = 0; i < head->pieces; i++) {
        uint64_t sum;
        memcpy(&sum, file + sizeof *head + i * sizeof sum, sizeof sum);
        if (piece_sum(file + head->at, head->size, i) != sum) return false;
    }
    return true;
}

typedef struct mapping {
    void *file;
    size_t n;
} mapping;

static void unmap(void *user)
{
    mapping *m = user;
    munmap(m->file, m->n);
    free(m);
}

// Recency: a hit moves the entry's time, at most once a minute.
static void touch(int fd, const struct stat *st)
{
    const time_t now = time(NULL);
    if (now - st->st_mtime > 60 || st->st_mtime > now)
        futimens(fd, (struct timespec[2]){{0, UTIME_OMIT}, {0, UTIME_NOW}});
}

static void count(uint64_t *n)
{
    __atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
}

static void discard(kal__store *s, const char *path, size_t n)
{
    count(&s->counts.broken);
    if (unlinkat(s->folder, path, 0) == 0) kal__store_add_used(s, -(int64_t)n);
}

static kal__slab *take(kal__store *s, const char *path, mapping *m, kal_key key, kal__stored_kind kind,
                       kal_rect rect, kal__stored *what, bool *fits_in)
{
    kal__store_head head;
    const kal__store_state state = kal__store_read_head(m->file, m->n, key, what, &head);
    *fits_in = state == KAL__STORE_SOUND && what->kind == kind && kal_rect_inside(rect, what->rect);
    if (state == KAL__STORE_BROKEN || (*fits_in && !kal__store_is_whole(m->file, &head))) {
        *fits_in = false;
        discard(s, path, m->n);
    }
    kal__slab *slab =
        *fits_in ? kal__slab_borrow((unsigned char *)m->file + head.at, what->size, unmap, m) : NULL;
    if (!slab) unmap(m);
    return slab;
}

// All of it is read at once, unless it is not as long as it says.
static mapping *map(int fd, size_t n)
{
    kal__store_head h;
    mapping *m = kal__new(1, sizeof *m);
    if (!m) return NULL;
    const bool whole = pread(fd, &h, sizeof h, 0) == (ssize_t)sizeof h && fits(&h, n);
    *m = (mapping){mmap(NULL, n, PROT_READ, MAP_PRIVATE | (whole ? MAP_POPULATE : 0), fd, 0), n};
    if (m->file != MAP_FAILED) return m;
    free(m);
    return NULL;
}

kal__slab *kal__store_get(kal__store *s, kal_key key, kal__stored_kind kind, kal_rect rect, kal__stored *what)
{
    char path[40];
    struct stat st;
    kal__slab *slab = NULL;
    bool found = false;
    kal__store_path(key, path);
    const int fd = openat(s->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        mapping *m = st.st_size > 0 ? map(fd, (size_t)st.st_size) : NULL;
        if (!st.st_size) discard(s, path, 0);
        if (m) slab = take(s, path, m, key, kind, rect, what, &found);
        if (slab) what->used = (uint64_t)st.st_mtime, touch(fd, &st);
    }
    if (fd >= 0) close(fd);
    count(slab ? &s->counts.hits : &s->counts.misses);
    return slab;
}

bool kal__store_has(kal__store *s, kal_key key)
{
    char path[40];
    struct stat st;
    kal__store_path(key, path);
    return fstatat(s->folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

// ---- writing ------------------------------------------------------------------------------------

static bool is_covered(kal__store *s, const kal__stored *what, const char *path)
{
    kal__store_head h;
    const int fd = openat(s->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    const ssize_t n = pread(fd, &h, sizeof h, 0);
    close(fd);
    if (n < 0 || !kal__store_is_ours(&h, (size_t)n)) return true;   // not ours to replace
    return n == (ssize_t)sizeof h && h.order == ORDER && h.kind == (uint32_t)what->kind &&
           h.key_hi == what->key.hi && h.key_lo == what->key.lo &&
           kal_rect_inside(what->rect, kal_rect_of(h.x0, h.y0, h.x1, h.y1));
}

bool kal__store_write(int fd, const void *data, size_t n)
{
    for (const unsigned char *p = data; n;) {
        const ssize_t w = write(fd, p, n < ((size_t)1 << 30) ? n : (size_t)1 << 30);
        if (w < 0 && errno == EINTR) continue;
        if (w <= 0) {
            if (!w) errno = ENOSPC;
            return false;
        }
        p += w;
        n -= (size_t)w;
    }
    return true;
}

unsigned char *kal__store_front(const kal__stored *what, const void *data, size_t *size)
{
    const size_t recipe = what->recipe_size < KAL__STORE_RECIPE ? what->recipe_size : KAL__STORE_RECIPE;
    kal__store_head h = {.magic = KAL__STORE_MAGIC,
                         .order = ORDER,
                         .kind = (uint32_t)what->kind,
                         .key_hi = what->key.hi,
                         .key_lo = what->key.lo,
                         .x0 = what->rect.x0,
                         .y0 = what->rect.y0,
                         .x1 = what->rect.x1,
                         .y1 = what->rect.y1,
                         .size = what->size,
                         .ns = what->ns,
                         .made = (uint64_t)time(NULL),
                         .recipe_size = (uint32_t)recipe,
                         .pieces = (uint32_t)pieces_of(what->size)};
    const size_t n = sizeof h + table_size(&h);
    h.at = (n + KAL__STORE_PAGE - 1) / KAL__STORE_PAGE * KAL__STORE_PAGE;
    unsigned char *front = kal__new_zero((size_t)h.at, 1), *table = front ? front + sizeof h : NULL;
    if (!front) return NULL;
    for (size_t i = 0; i < h.pieces; i++) {
        const uint64_t sum = piece_sum(data, what->size, i);
        memcpy(table + i * sizeof sum, &sum, sizeof sum);
    }
    if (recipe) memcpy(table + (size_t)h.pieces * sizeof(uint64_t), what->recipe, recipe);
    head_sum(&h, table, table_size(&h), h.sum);
    memcpy(front, &h, sizeof h);
    *size = (size_t)h.at;
    return front;
}

static bool is_held(int fd)
{
    struct stat st;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink;
}

int kal__store_begin(kal__store *s, char name[40])
{
    for (int i = 0; i < 20; i++) {
        const uint64_t serial = __atomic_add_fetch(&s->serial, 1, __ATOMIC_RELAXED);
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        snprintf(name, 40, "kal-%x-%x-%x", (unsigned)getpid(), (unsigned)serial, (unsigned)t.tv_nsec);
        const int fd = openat(s->tmp, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0 && errno != EEXIST) return -1;
        if (fd < 0) continue;
        if (is_held(fd)) return fd;
        unlinkat(s->tmp, name, 0);   // who sweeps saw it before it was locked
        close(fd);
    }
    errno = EBUSY;
    return -1;
}

static bool publish(kal__store *s, const char *name, const char *path)
{
    if (renameat(s->tmp, name, s->folder, path) == 0) return true;
    if (errno != ENOENT) return false;
    char shard[3] = {path[0], path[1], 0};
    mkdirat(s->folder, shard, 0777);
    return renameat(s->tmp, name, s->folder, path) == 0;
}

static bool write_entry(kal__store *s, const char *path, const unsigned char *front, size_t n,
                        const void *data, size_t size)
{
    char name[40];
    struct stat before;
    const int fd = kal__store_begin(s, name);
    if (fd < 0) return kal__store_off(s, "a file there cannot be made", errno), false;
    const bool replaces = fstatat(s->folder, path, &before, AT_SYMLINK_NOFOLLOW) == 0;
    const bool ok =
        kal__store_write(fd, front, n) && kal__store_write(fd, data, size) && publish(s, name, path);
    if (!ok) {
        const int why = errno;
        unlinkat(s->tmp, name, 0);
        if (why != ENOENT) kal__store_off(s, "writing", why);   // somebody cleared the folder: next time
    }
    close(fd);
    if (!ok) return false;
    const uint64_t used =
        kal__store_add_used(s, (int64_t)(n + size) - (replaces ? (int64_t)before.st_size : 0));
    uint64_t was, is;
    bool busy;
    if (used > s->limit) kal__store_collect(s, s->limit / 10 * 9, &was, &is, &busy, NULL);
    return true;
}

static bool is_wanted(kal__store *s, const kal__stored *what, char path[40])
{
    if (__atomic_load_n(&s->off, __ATOMIC_ACQUIRE) || !what->size || what->size > s->limit / 4) return false;
    if (what->size / KAL__STORE_PIECE >= UINT32_MAX) return false;
    kal__store_path(what->key, path);
    return !is_covered(s, what, path);
}

bool kal__store_put_file(kal__store *s, const kal__stored *what, const unsigned char *file, size_t n)
{
    char path[40];
    const bool ok = is_wanted(s, what, path) && write_entry(s, path, file, n, NULL, 0);
    if (ok) count(&s->counts.stored);
    return ok;
}

bool kal__store_put(kal__store *s, const kal__stored *what, const void *data)
{
    char path[40];
    size_t n;
    if (!is_wanted(s, what, path)) return false;
    unsigned char *front = kal__store_front(what, data, &n);
    const bool ok = front && write_entry(s, path, front, n, data, what->size);
    free(front);
    if (ok) count(&s->counts.stored);
    return ok;
}

// ---- from folder to folder ------------------------------------------------------------------------

bool kal__store_copy(kal__store *from, kal__store *to, kal_key key, bool *copied)
{
    char path[40];
    struct stat st;
    kal__stored what;
    kal__store_head head;
    mapping *m = NULL;
    *copied = false;
    kal__store_path(key, path);
    const int fd = openat(from->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        m = map(fd, (size_t)st.st_size);
    if (fd >= 0) close(fd);
    if (!m) return false;
    const bool whole = kal__store_read_head(m->file, m->n, key, &what, &head) == KAL__STORE_SOUND &&
                       kal__store_is_whole(m->file, &head);
    if (whole) *copied = kal__store_put(to, &what, (unsigned char *)m->file + head.at);
    unmap(m);
    return whole;
}
