// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See store.h: an entry found by a mapping, or carried to another folder.
#define _GNU_SOURCE
#include "store_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// ---- reading ------------------------------------------------------------------------------------

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

static void discard(kal__store *s, const char *path, size_t n)
{
    kal__store_count(&s->counts.broken);
    if (!s->looks && unlinkat(s->folder, path, 0) == 0) kal__store_add_used(s, -(int64_t)n);
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
    const bool whole = pread(fd, &h, sizeof h, 0) == (ssize_t)sizeof h && kal__store_fits(&h, n);
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
        if (slab) what->used = (uint64_t)st.st_mtime;
        if (slab && !s->looks) touch(fd, &st);
    }
    if (fd >= 0) close(fd);
    kal__store_count(slab ? &s->counts.hits : &s->counts.misses);
    return slab;
}

bool kal__store_has(kal__store *s, kal_key key)
{
    char path[40];
    struct stat st;
    kal__store_path(key, path);
    return fstatat(s->folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
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
