// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See store.h: an entry is written whole under another name, then renamed.
#define _GNU_SOURCE
#include "store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static bool is_covered(kal__store *s, const kal__stored *what, const char *path)
{
    kal__store_head h;
    struct stat st;
    const int fd = openat(s->folder, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    const bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    const ssize_t n = file ? pread(fd, &h, sizeof h, 0) : 0;
    close(fd);
    if (!file) return true;   // not ours to replace
    return n == (ssize_t)sizeof h && kal__store_is_ours(&h, sizeof h) && h.order == KAL__STORE_ORDER &&
           (h.kind & ~KAL__STORE_PACKED) == (uint32_t)what->kind && h.key_hi == what->key.hi &&
           h.key_lo == what->key.lo && kal_rect_inside(what->rect, kal_rect_of(h.x0, h.y0, h.x1, h.y1));
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
    if (c->file) return kal__write_all(fd, c->file, c->n);
    unsigned char *front = kal__store_front(c->what, c->data, &n);
    if (!front) return errno = ENOMEM, false;
    const bool ok = kal__write_all(fd, front, n) && kal__write_all(fd, c->data, c->what->size);
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
                                                kal__store_piece_size(h->size, i), step, &n);
        const uint64_t sum = packed ? kal__hash_of(packed, n).lo : 0;
        end += n;
        raw += kal__store_piece_size(h->size, i);
        *enough = packed && end <= raw / 10 * 9;
        memcpy(front + sizeof *h + i * sizeof sum, &sum, sizeof sum);
        memcpy(front + sizeof *h + (h->pieces + i) * sizeof end, &end, sizeof end);
        if (*enough) ok = kal__write_all(fd, packed, n);
    }
    if (!ok || !*enough) return ok;
    kal__store_finish_front(front, h, c->what->recipe);
    c->n = (size_t)(h->at + end);
    return lseek(fd, 0, SEEK_SET) == 0 && kal__write_all(fd, front, (size_t)h->at);
}

static bool write_packed(int fd, content *c, bool *enough)
{
    kal__store_head h = kal__store_head_of(c->what, KAL__STORE_PACKED);
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
    if (ok) kal__store_count(&s->counts.stored);
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
