// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See store.h: a folder opened, its count of bytes, and when it is left alone.
#define _GNU_SOURCE
#include "store_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_LIMIT ((uint64_t)5 << 30)

// ---- names --------------------------------------------------------------------------------------

void kal__store_path(kal_key key, char out[40])
{
    char text[33];
    kal_key_print(key, text);
    snprintf(out, 40, "%.2s/%s", text, text + 2);
}

bool kal__store_key_of(const char *shard, const char *name, kal_key *out)
{
    char text[33];
    if (strlen(shard) != 2 || strlen(name) != 30) return false;
    snprintf(text, sizeof text, "%s%s", shard, name);
    if (strspn(text, "0123456789abcdef") != 32) return false;
    return kal_key_parse(text, out);
}

// ---- when it is left alone ------------------------------------------------------------------------

void kal__store_off(kal__store *s, const char *what, int error)
{
    pthread_mutex_lock(&s->lock);
    if (!s->warning[0])
        snprintf(
            s->warning, sizeof s->warning,
            "the memo's folder %.160s: %s: %.40s; what is in it is still found, nothing more is kept there",
            s->name, what, strerror(error));
    pthread_mutex_unlock(&s->lock);
    __atomic_store_n(&s->off, 1, __ATOMIC_RELEASE);
}

bool kal__store_warning(kal__store *s, char *out, size_t room)
{
    if (!__atomic_load_n(&s->off, __ATOMIC_ACQUIRE) || __atomic_exchange_n(&s->told, 1, __ATOMIC_RELAXED))
        return false;
    pthread_mutex_lock(&s->lock);
    snprintf(out, room, "%s", s->warning);
    pthread_mutex_unlock(&s->lock);
    return true;
}

// ---- the count of bytes ---------------------------------------------------------------------------
// A hint for when to collect: what a file of 8 bytes says, under its lock. Collecting counts anew. It is opened each time, so that threads and processes
// that were forked have each a lock of their own; and who was stopped while he held it keeps nobody waiting for long.

#define TURNS 200   // of 0.1 ms

static int open_count(const kal__store *s)
{
    return s->tmp < 0
               ? -1
               : openat(s->folder, "used", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
}

static int lock_count(const kal__store *s)
{
    const int fd = s->counts_bytes ? open_count(s) : -1;
    bool ours = false;
    for (int i = 0; fd >= 0 && !ours && i < TURNS; i++) {
        ours = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (!ours) nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    if (ours || fd < 0) return fd;
    close(fd);
    return -1;
}

// A child that was forked meanwhile has it open too.
static void unlock_count(int fd)
{
    flock(fd, LOCK_UN);
    close(fd);
}

static uint64_t read_count(int fd)
{
    uint64_t n;
    return pread(fd, &n, sizeof n, 0) == (ssize_t)sizeof n ? n : 0;
}

static bool write_count(int fd, uint64_t n)
{
    return pwrite(fd, &n, sizeof n, 0) == (ssize_t)sizeof n;
}

uint64_t kal__store_add_used(kal__store *s, int64_t bytes)
{
    const int fd = lock_count(s);
    if (fd < 0) return 0;
    const uint64_t was = read_count(fd);
    const uint64_t sum = bytes < 0 && (uint64_t)-bytes > was ? 0 : was + (uint64_t)bytes;
    const bool told = write_count(fd, sum);
    unlock_count(fd);
    const uint64_t stuck = __atomic_load_n(&s->stuck_bytes, __ATOMIC_RELAXED);
    return told && sum > stuck ? sum - stuck : 0;   // else the next collection will tell
}

void kal__store_set_used(kal__store *s, uint64_t bytes)
{
    const int fd = lock_count(s);
    if (fd < 0) return;
    const bool ok = write_count(fd, bytes);
    (void)ok;   // a hint
    unlock_count(fd);
}

// ---- what was left ------------------------------------------------------------------------------

// Who writes a file there holds its lock.
static void sweep_one(int tmp, const char *name)
{
    const int fd = openat(tmp, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) unlinkat(tmp, name, 0);
    close(fd);
}

static void sweep_folder(int at, const char *folder, const char *names)
{
    const int fd = openat(at, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0) close(fd);
        return;
    }
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        if (!strncmp(e->d_name, names, strlen(names))) sweep_one(fd, e->d_name);
    closedir(d);
}

void kal__store_sweep(kal__store *s)
{
    sweep_folder(s->folder, "tmp", "kal-");
    sweep_folder(s->folder, KAL__STORE_LEASES, "lease-");
}

// ---- open and close -----------------------------------------------------------------------------

// "a/b/c" with all that leads to it. An error number, and how far in the path it was: 0 when it is there.
static int make_folders(const char *path, size_t *far)
{
    char *copy = strdup(path);
    int why = copy ? 0 : ENOMEM;
    *far = strlen(path);
    for (char *c = copy ? copy + 1 : NULL; c && *c && !why; c++)
        if (*c == '/') {
            *c = 0;
            if (mkdir(copy, 0777) != 0 && errno != EEXIST && errno != EROFS)
                why = errno, *far = (size_t)(c - copy);
            *c = '/';
        }
    if (!why && mkdir(copy, 0700) != 0 && errno != EEXIST) why = errno;
    free(copy);
    return why;
}

// Tells backups and the like that nothing is lost with it.
static void leave_tag(int folder)
{
    static const char tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
                              "# Results that kallitype remembers; all of it may be removed.\n";
    const int fd = openat(folder, "CACHEDIR.TAG", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return;
    const bool ok = write(fd, tag, sizeof tag - 1) == (ssize_t)(sizeof tag - 1);
    (void)ok;
    close(fd);
}

static int folder_in(int at, const char *name)
{
    mkdirat(at, name, 0777);
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static kal_status open_folders(kal__store *s, kal_error *err)
{
    size_t far;
    const int unmade = make_folders(s->name, &far);
    const int top = open(s->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0 && unmade)
        return kal_fail(err, KAL_IO, "the memo's folder %.200s cannot be made: %.*s: %s", s->name,
                        (int)(far < 200 ? far : 200), s->name, strerror(unmade));
    if (top < 0)
        return kal_fail(err, KAL_IO, "the memo's folder %.200s cannot be opened: %s", s->name,
                        strerror(errno));
    s->folder = folder_in(top, KAL__STORE_VERSION);
    const int why = errno;
    if (s->folder >= 0) leave_tag(top);
    close(top);
    if (s->folder < 0)
        return kal_fail(err, KAL_IO,
                        "the memo's folder %.200s cannot be used: " KAL__STORE_VERSION " in it: %s", s->name,
                        strerror(why));
    s->tmp = folder_in(s->folder, "tmp");
    const int used = open_count(s);
    s->counts_bytes = used >= 0;
    if (!s->counts_bytes) {
        kal__store_off(s, "it may not be written to", errno);
        return KAL_OK;
    }
    close(used);
    kal__store_sweep(s);
    return KAL_OK;
}

// There is nothing to be told of what cannot be opened: it was asked for what it holds, and that is nothing.
static kal_status look_into(kal__store *s, kal_error *err)
{
    (void)err;
    const int top = open(s->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top >= 0)
        s->folder = openat(top, KAL__STORE_VERSION, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (top >= 0) close(top);
    s->looks = true;
    s->off = s->told = 1;
    return KAL_OK;
}

static kal_status new_store(const char *folder, uint64_t limit,
                            kal_status (*open)(kal__store *s, kal_error *err), kal__store **out,
                            kal_error *err)
{
    kal__store *s = *out = kal__new_zero(1, sizeof *s);
    if (!s) return kal_fail(err, KAL_NOMEM, "out of memory");
    s->folder = s->tmp = -1;
    for (size_t i = 0; i < sizeof s->facts / sizeof *s->facts; i++) s->facts[i].fd = -1;
    s->limit = limit ? limit : DEFAULT_LIMIT;
    pthread_mutex_init(&s->lock, NULL);
    kal__guard(&s->guarded, KAL__FORK_STORE, &s->lock, NULL, NULL);
    s->name = strdup(folder);
    const kal_status st = s->name ? open(s, err) : kal_fail(err, KAL_NOMEM, "out of memory");
    if (st) kal__store_close(out);
    return st;
}

kal_status kal__store_open(const char *folder, uint64_t limit, kal__store **out, kal_error *err)
{
    return new_store(folder, limit, open_folders, out, err);
}

kal_status kal__store_look(const char *folder, kal__store **out, kal_error *err)
{
    return new_store(folder, 0, look_into, out, err);
}

void kal__store_close(kal__store **slot)
{
    kal__store *s = *slot;
    *slot = NULL;
    if (!s) return;
    kal__facts_close(s);
    if (s->folder >= 0) close(s->folder);
    if (s->tmp >= 0) close(s->tmp);
    kal__guard_end(&s->guarded);
    pthread_mutex_destroy(&s->lock);
    free(s->stuck);
    free(s->name);
    free(s);
}

bool kal__store_is(const kal__store *s, const char *folder, uint64_t limit)
{
    struct stat is, was;
    char path[4096];
    if (strcmp(s->name, folder) != 0 || s->limit != (limit ? limit : DEFAULT_LIMIT)) return false;
    if (__atomic_load_n(&s->off, __ATOMIC_ACQUIRE)) return false;
    const int n = snprintf(path, sizeof path, "%s/" KAL__STORE_VERSION, folder);
    return n > 0 && (size_t)n < sizeof path && !stat(path, &is) && !fstat(s->folder, &was) &&
           is.st_dev == was.st_dev && is.st_ino == was.st_ino;
}

uint64_t kal__store_limit(const kal__store *s)
{
    return s->limit;
}

const char *kal__store_folder(const kal__store *s)
{
    return s->name;
}

void kal__store_counted(const kal__store *s, kal__store_counts *out)
{
    const kal__store_counts *c = &s->counts;
    *out = (kal__store_counts){.hits = __atomic_load_n(&c->hits, __ATOMIC_RELAXED),
                               .misses = __atomic_load_n(&c->misses, __ATOMIC_RELAXED),
                               .stored = __atomic_load_n(&c->stored, __ATOMIC_RELAXED),
                               .broken = __atomic_load_n(&c->broken, __ATOMIC_RELAXED),
                               .removed = __atomic_load_n(&c->removed, __ATOMIC_RELAXED)};
}
