// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Facts of a store: 32 bytes that are known of a key, many in a file. A record has 64 bytes and a sum of its own and is appended by one write;
// what was torn is passed over. The last one of a key counts. Losing some costs time, never a wrong answer.
#define _GNU_SOURCE
#include "store_file.h"

#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x4c414bf1u                // never text
#define MOST_BYTES ((uint64_t)1 << 20)   // of a file; then the older half goes
#define MOST_NEW ((uint64_t)4 << 20)     // that are read of one: the last

typedef struct record {
    uint32_t magic, kind;
    uint64_t key_hi, key_lo;
    unsigned char value[KAL__FACT];
    uint64_t sum;
} record;
_Static_assert(sizeof(record) == 64, "records are packed");

static uint64_t sum_of(const record *r)
{
    return kal__hash_of(r, offsetof(record, sum)).lo;
}

static kal__fact_file *file_of(kal__store *s, kal_key key)
{
    return &s->facts[key.hi >> 60];
}

static void name_of(kal_key key, char out[16])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(out, "facts-", 6);
    out[6] = digits[key.hi >> 60];
    out[7] = 0;
}

// ---- what is known, in memory ---------------------------------------------------------------------

static const record *record_at(const kal__fact_file *f, uint32_t i)
{
    return (const record *)(const void *)(f->records + (size_t)i * sizeof(record));
}

static uint32_t *slot_of(const kal__fact_file *f, uint32_t kind, kal_key key)
{
    size_t i = (size_t)(key.lo ^ kind) & (f->n_slots - 1);
    for (;; i = (i + 1) & (f->n_slots - 1)) {
        if (!f->slots[i]) return &f->slots[i];
        const record *r = record_at(f, f->slots[i] - 1);
        if (r->kind == kind && r->key_hi == key.hi && r->key_lo == key.lo) return &f->slots[i];
    }
}

static void enter(kal__fact_file *f, uint32_t i)
{
    const record *r = record_at(f, i);
    *slot_of(f, r->kind, (kal_key){r->key_hi, r->key_lo}) = i + 1;
}

static bool more_slots(kal__fact_file *f)
{
    const size_t n = f->n_slots ? f->n_slots * 2 : 256;
    uint32_t *slots = kal__new_zero(n, sizeof *slots);
    if (!slots) return false;
    free(f->slots);
    f->slots = slots;
    f->n_slots = n;
    for (uint32_t i = 0; i < f->n; i++) enter(f, i);
    return true;
}

static bool take_record(kal__fact_file *f, const record *r)
{
    if (f->n == f->room) {
        const size_t room = f->room ? f->room * 2 : 64;
        if (!kal__grow(&f->records, room, sizeof *r)) return false;
        f->room = (uint32_t)room;
    }
    if (((size_t)f->n + 1) * 2 > f->n_slots && !more_slots(f)) return false;
    memcpy(f->records + (size_t)f->n * sizeof *r, r, sizeof *r);
    enter(f, f->n++);
    return true;
}

// Whatever is whole in bytes that came; returns how many of them are done with.
static size_t take_records(kal__fact_file *f, const unsigned char *p, size_t n)
{
    size_t at = 0;
    while (n - at >= sizeof(record)) {
        record r;
        memcpy(&r, p + at, sizeof r);
        const bool whole = r.magic == MAGIC && r.sum == sum_of(&r);
        if (whole && !take_record(f, &r)) break;
        at += whole ? sizeof r : 1;
    }
    return at;
}

static void forget(kal__fact_file *f)
{
    if (f->fd >= 0) close(f->fd);
    free(f->records);
    free(f->slots);
    *f = (kal__fact_file){.fd = -1};
}

static void read_new(kal__fact_file *f, uint64_t size)
{
    if (size - f->read > MOST_NEW) f->read = size - MOST_NEW;
    unsigned char *bytes = kal__new((size_t)(size - f->read), 1);
    const ssize_t n = bytes ? pread(f->fd, bytes, (size_t)(size - f->read), (off_t)f->read) : -1;
    if (n > 0) f->read += take_records(f, bytes, (size_t)n);
    free(bytes);
}

// What others have added, or put in its place.
static bool refresh(kal__store *s, kal__fact_file *f, kal_key key, int flags)
{
    char name[16];
    struct stat st;
    if (f->fd >= 0 && (fstat(f->fd, &st) != 0 || !st.st_nlink || (uint64_t)st.st_size < f->read)) forget(f);
    if (f->fd < 0) {
        name_of(key, name);
        f->fd = openat(s->folder, name, flags | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
        f->writes = flags != O_RDONLY;
        if (f->fd < 0 || fstat(f->fd, &st) != 0) return false;
        if (!S_ISREG(st.st_mode)) {
            forget(f);
            errno = EINVAL;
            return false;
        }
    }
    if ((uint64_t)st.st_size > f->read) read_new(f, (uint64_t)st.st_size);
    return true;
}

// ---- the two questions ----------------------------------------------------------------------------

bool kal__fact_known(kal__store *s, kal__fact_kind kind, kal_key key, unsigned char value[KAL__FACT])
{
    bool found = false;
    kal__fact_file *f = file_of(s, key);
    pthread_mutex_lock(&s->lock);
    if (refresh(s, f, key, O_RDONLY) && f->n_slots) {
        const uint32_t i = *slot_of(f, kind, key);
        if (i) memcpy(value, record_at(f, i - 1)->value, KAL__FACT);
        found = i != 0;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

// The newer half in a new file in its place. What another process appends to the old one meanwhile is lost, which is allowed.
static void halve(kal__store *s, kal__fact_file *f, kal_key key)
{
    char name[16], temp[40];
    const uint32_t from = f->n / 2;
    const size_t n = (size_t)(f->n - from) * sizeof(record);
    name_of(key, name);
    const int fd = kal__store_begin(s, temp);
    if (fd < 0) return;
    const bool ok = kal__write_all(fd, f->records + (size_t)from * sizeof(record), n) &&
                    renameat(s->tmp, temp, s->folder, name) == 0;
    if (!ok) unlinkat(s->tmp, temp, 0);
    close(fd);
    forget(f);
}

void kal__fact_remember(kal__store *s, kal__fact_kind kind, kal_key key, const unsigned char value[KAL__FACT])
{
    record r = {.magic = MAGIC, .kind = kind, .key_hi = key.hi, .key_lo = key.lo};
    kal__fact_file *f = file_of(s, key);
    memcpy(r.value, value, KAL__FACT);
    r.sum = sum_of(&r);
    if (__atomic_load_n(&s->off, __ATOMIC_ACQUIRE)) return;
    pthread_mutex_lock(&s->lock);
    if (f->fd >= 0 && !f->writes) forget(f);
    bool open = refresh(s, f, key, O_RDWR | O_CREAT);
    if (open && f->read > MOST_BYTES) {
        halve(s, f, key);
        open = refresh(s, f, key, O_RDWR | O_CREAT);
    }
    const int why = errno;
    const uint32_t i = open && f->n_slots ? *slot_of(f, kind, key) : 0;
    const bool new = !i || memcmp(record_at(f, i - 1)->value, value, KAL__FACT) != 0;
    const bool failed = !open || (new &&write(f->fd, &r, sizeof r) != (ssize_t)sizeof r);
    pthread_mutex_unlock(&s->lock);
    if (failed) kal__store_off(s, "writing", open ? errno : why);
}

void kal__facts_close(kal__store *s)
{
    for (size_t i = 0; i < sizeof s->facts / sizeof *s->facts; i++) forget(&s->facts[i]);
}
