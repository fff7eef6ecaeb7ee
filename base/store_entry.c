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

static size_t piece_size(uint64_t size, size_t i)
{
    const uint64_t left = size - (uint64_t)i * KAL__STORE_PIECE;
    return left < KAL__STORE_PIECE ? (size_t)left : KAL__STORE_PIECE;
}

static uint64_t number_at(const unsigned char *p, size_t i)
{
    uint64_t v;
    memcpy(&v, p + i * sizeof v, sizeof v);
    return v;
}

kal__stretch kal__store_stretch(const unsigned char *file, const kal__store_head *h, size_t i)
{
    const unsigned char *sums = file + sizeof *h, *ends = sums + h->pieces * sizeof(uint64_t);
    uint64_t at = (uint64_t)i * KAL__STORE_PIECE, n = piece_size(h->size, i);
    if (kal__store_is_packed(h)) {
        at = i ? number_at(ends, i - 1) : 0;
        n = number_at(ends, i) - at;
    }
    return (kal__stretch){file + h->at + at, (size_t)n, number_at(sums, i)};
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
    return (size_t)h->pieces * sizeof(uint64_t) * (kal__store_is_packed(h) ? 2 : 1) + h->recipe_size;
}

// A sum says that a head is whole, not that whoever wrote it meant well.
static bool has_sense(const kal__store_head *h)
{
    const int64_t width = (int64_t)h->x1 - h->x0, height = (int64_t)h->y1 - h->y0;
    if (h->x0 < 0 || h->y0 < 0 || width <= 0 || height <= 0) return false;
    const uint32_t kind = h->kind & ~KAL__STORE_PACKED;
    if (kind == KAL__STORED_ROWS) return (uint64_t)width <= h->size / (uint64_t)height;
    return kind <= KAL__STORED_BLOB && kind && !h->x0 && !h->y0 && height == 1 && (uint64_t)width == h->size;
}

static bool fits(const kal__store_head *h, size_t n)
{
    if (h->order != ORDER || h->recipe_size > KAL__STORE_RECIPE || h->size > SIZE_MAX || !has_sense(h))
        return false;
    if (h->pieces != pieces_of(h->size) || h->at % KAL__STORE_PAGE != 0) return false;
    const size_t before = sizeof *h + table_size(h);
    return before <= n && h->at >= before && h->at <= n &&
           (kal__store_is_packed(h) ? h->size >= n - h->at : h->size == n - h->at);
}

// Of an entry whose head has its sum: packed pieces follow one another to the end of the file.
static bool ends_fit(const unsigned char *file, const kal__store_head *h, size_t n)
{
    const unsigned char *ends = file + sizeof *h + h->pieces * sizeof(uint64_t);
    uint64_t at = 0;
    if (!kal__store_is_packed(h)) return true;
    for (size_t i = 0; i < h->pieces; i++) {
        const uint64_t end = number_at(ends, i);
        if (end <= at || end > n - h->at) return false;
        at = end;
    }
    return at == n - h->at;
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
    if (memcmp(sum, head->sum, sizeof sum) != 0 || head->key_hi != key.hi || head->key_lo != key.lo ||
        !ends_fit(file, head, n))
        return KAL__STORE_BROKEN;
    *what = (kal__stored){.key = key,
                          .kind = (kal__stored_kind)(head->kind & ~KAL__STORE_PACKED),
                          .rect = {head->x0, head->y0, head->x1, head->y1},
                          .size = (size_t)head->size,
                          .ns = head->ns > 0 && head->ns < 1e18 ? head->ns : 0,
                          .made = head->made,
                          .on_disk = n,
                          .recipe = (const char *)file + sizeof *head + table_size(head) - head->recipe_size,
                          .recipe_size = head->recipe_size};
    return KAL__STORE_SOUND;
}

bool kal__store_is_whole(const unsigned char *file, const kal__store_head *head)
{
    for (size_t i = 0; i < head->pieces; i++) {
        const kal__stretch p = kal__store_stretch(file, head, i);
        if (kal__hash_of(p.data, p.size).lo != p.sum) return false;
    }
    return true;
}

kal__slab *kal__store_data(const unsigned char *file, const kal__store_head *head, kal__stored *what,
                           void (*release)(void *user), void *user, bool *broken)
{
    *broken = false;
    if (!kal__store_is_packed(head)) return kal__slab_borrow(file + head->at, what->size, release, user);
    kal__slab *slab = kal__pack_ready() ? kal__slab_new(what->size) : NULL;
    if (!slab) return NULL;
    if (kal__unpack(file, head, kal__pack_step(what), slab->data)) {
        release(user);
        what->recipe = NULL, what->recipe_size = 0;   // it lay there
        return slab;
    }
    *broken = true;
    kal__slab_unref(&slab);
    return NULL;
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
                       kal_rect rect, kal__stored *what)
{
    kal__store_head head;
    kal__slab *slab = NULL;
    const kal__store_state state = kal__store_read_head(m->file, m->n, key, what, &head);
    const bool fits_in = state == KAL__STORE_SOUND && what->kind == kind && kal_rect_inside(rect, what->rect);
    bool broken = state == KAL__STORE_BROKEN || (fits_in && !kal__store_is_whole(m->file, &head));
    if (fits_in && !broken) slab = kal__store_data(m->file, &head, what, unmap, m, &broken);
    if (broken) discard(s, path, m->n);
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
    kal__store_path(key, path);
    const int fd = openat(s->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        mapping *m = st.st_size > 0 ? map(fd, (size_t)st.st_size) : NULL;
        if (!st.st_size) discard(s, path, 0);
        if (m) slab = take(s, path, m, key, kind, rect, what);
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
    return n == (ssize_t)sizeof h && h.order == ORDER &&
           (h.kind & ~KAL__STORE_PACKED) == (uint32_t)what->kind && h.key_hi == what->key.hi &&
           h.key_lo == what->key.lo && kal_rect_inside(what->rect, kal_rect_of(h.x0, h.y0, h.x1, h.y1));
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

static kal__store_head head_of(const kal__stored *what, uint32_t packed)
{
    const size_t recipe = what->recipe_size < KAL__STORE_RECIPE ? what->recipe_size : KAL__STORE_RECIPE;
    kal__store_head h = {.magic = KAL__STORE_MAGIC,
                         .order = ORDER,
                         .kind = (uint32_t)what->kind | packed,
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
    h.at = (sizeof h + table_size(&h) + KAL__STORE_PAGE - 1) / KAL__STORE_PAGE * KAL__STORE_PAGE;
    return h;
}

// The head and its sum go before the table, of which the numbers are there, and the recipe behind them.
static void finish_front(unsigned char *front, kal__store_head *h, const char *recipe)
{
    unsigned char *table = front + sizeof *h;
    if (h->recipe_size) memcpy(table + table_size(h) - h->recipe_size, recipe, h->recipe_size);
    head_sum(h, table, table_size(h), h->sum);
    memcpy(front, h, sizeof *h);
}

unsigned char *kal__store_front(const kal__stored *what, const void *data, size_t *size)
{
    kal__store_head h = head_of(what, 0);
    unsigned char *front = kal__new_zero((size_t)h.at, 1);
    if (!front) return NULL;
    for (size_t i = 0; i < h.pieces; i++) {
        const uint64_t sum =
            kal__hash_of((const unsigned char *)data + i * KAL__STORE_PIECE, piece_size(h.size, i)).lo;
        memcpy(front + sizeof h + i * sizeof sum, &sum, sizeof sum);
    }
    finish_front(front, &h, what->recipe);
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

// What an entry's file is to hold, and once it does how much that is.
typedef struct content {
    const kal__stored *what;
    const void *data;            // of it
    const unsigned char *file;   // or the whole file
    size_t n;
} content;

static bool write_plain(int fd, content *c)
{
    size_t n;
    if (c->file) return kal__store_write(fd, c->file, c->n);
    unsigned char *front = kal__store_front(c->what, c->data, &n);
    if (!front) return errno = ENOMEM, false;
    const bool ok = kal__store_write(fd, front, n) && kal__store_write(fd, c->data, c->what->size);
    free(front);
    c->n = n + c->what->size;
    return ok;
}

// The pieces first, then what stands before them. *enough: it became so much smaller that unpacking is worth it.
static bool write_pieces(int fd, content *c, kal__packer *p, kal__store_head *h, unsigned char *front,
                         bool *enough)
{
    const size_t step = kal__pack_step(c->what);
    uint64_t end = 0, raw = 0;
    bool ok = lseek(fd, (off_t)h->at, SEEK_SET) >= 0;
    *enough = true;
    for (size_t i = 0; i < h->pieces && ok && *enough; i++) {
        size_t n;
        const unsigned char *packed = kal__pack(p, (const unsigned char *)c->data + i * KAL__STORE_PIECE,
                                                piece_size(h->size, i), step, &n);
        const uint64_t sum = packed ? kal__hash_of(packed, n).lo : 0;
        end += n;
        raw += piece_size(h->size, i);
        *enough = packed && end <= raw / 10 * 9;
        memcpy(front + sizeof *h + i * sizeof sum, &sum, sizeof sum);
        memcpy(front + sizeof *h + (h->pieces + i) * sizeof end, &end, sizeof end);
        if (*enough) ok = kal__store_write(fd, packed, n);
    }
    if (!ok || !*enough) return ok;
    finish_front(front, h, c->what->recipe);
    c->n = (size_t)(h->at + end);
    return lseek(fd, 0, SEEK_SET) == 0 && kal__store_write(fd, front, (size_t)h->at);
}

static bool write_packed(int fd, content *c, bool *enough)
{
    kal__store_head h = head_of(c->what, KAL__STORE_PACKED);
    kal__packer *p = kal__packer_new();
    unsigned char *front = kal__new_zero((size_t)h.at, 1);
    bool ok = true;
    *enough = p && front;
    if (*enough) ok = write_pieces(fd, c, p, &h, front, enough);
    kal__packer_free(&p);
    free(front);
    return ok;
}

static bool write_content(kal__store *s, int fd, content *c)
{
    bool enough = false;
    if (!c->file && kal__store_packs(s) && kal__pack_may(c->what) && !write_packed(fd, c, &enough))
        return false;
    return enough || (lseek(fd, 0, SEEK_SET) == 0 && ftruncate(fd, 0) == 0 && write_plain(fd, c));
}

static bool write_entry(kal__store *s, const char *path, content *c)
{
    char name[40];
    struct stat before;
    const int fd = kal__store_begin(s, name);
    if (fd < 0) return kal__store_off(s, "a file there cannot be made", errno), false;
    const bool replaces = fstatat(s->folder, path, &before, AT_SYMLINK_NOFOLLOW) == 0;
    const bool ok = write_content(s, fd, c) && publish(s, name, path);
    if (!ok) {
        const int why = errno;
        unlinkat(s->tmp, name, 0);
        if (why != ENOENT && why != ENOMEM)   // somebody cleared the folder: next time
            kal__store_off(s, "writing", why);
    }
    close(fd);
    if (!ok) return false;
    const uint64_t used = kal__store_add_used(s, (int64_t)c->n - (replaces ? (int64_t)before.st_size : 0));
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

static bool keep(kal__store *s, content *c)
{
    char path[40];
    const bool ok = is_wanted(s, c->what, path) && write_entry(s, path, c);
    if (ok) count(&s->counts.stored);
    return ok;
}

bool kal__store_put_file(kal__store *s, const kal__stored *what, const unsigned char *file, size_t n)
{
    return keep(s, &(content){.what = what, .file = file, .n = n});
}

bool kal__store_put(kal__store *s, const kal__stored *what, const void *data)
{
    return keep(s, &(content){.what = what, .data = data});
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
    if (whole) *copied = kal__store_put_file(to, &what, m->file, m->n);
    unmap(m);
    return whole;
}
