// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See files.h. A file's shared name is the address of the path inside its entry; that is what stands in canonical parameters, so that a
// struct copied from node to node keeps meaning the same bytes.
#include "files.h"

#include "fork.h"
#include "known.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST ((uint64_t)64 << 20)

typedef struct entry {
    int refs;   // under the lock
    struct entry *next;
    kal_key digest;
    unsigned char *bytes;
    size_t size;
    kal__arena arena;   // of several files, whose bytes are not held:
    char **names;       // ended by NULL
    kal_key *digests;
    char path[];
} entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
KAL__GUARD(lock, KAL__FORK_FILES, NULL)
static entry *entries;

static entry *entry_of(const char *file)
{
    return (entry *)(uintptr_t)(file - offsetof(entry, path));
}

static void destroy(entry *e)
{
    free(e->bytes);
    kal__arena_free(&e->arena);
    free(e);
}

// A shared name given again: another reference, and nothing is read.
static bool shared_already(const char *file)
{
    pthread_mutex_lock(&lock);
    entry *e = entries;
    while (e && e->path != file) e = e->next;
    if (e) e->refs++;
    pthread_mutex_unlock(&lock);
    return e != NULL;
}

// The error says where else was looked.
static kal_status open_it(const char *path, const char *folders, kal__reader **r, kal_error *err)
{
    char found[PATH_MAX];
    const bool below = kal__find_below(path, folders, found);
    const kal_status st = kal__open_file(below ? found : path, r, err);
    if (!st || below || !folders || !*folders || strchr(path, '/')) return st;
    char text[sizeof err->message];
    snprintf(text, sizeof text, "%s", err->message);
    return kal_fail(err, st, "%s, nor below %s", text, folders);
}

static kal_status read_file(entry *e, const char *path, const char *folders, kal_error *err)
{
    kal__reader *r;
    if (!strcmp(path, "-")) return kal_fail(err, KAL_INVALID, "a file is needed here, not standard input");
    kal_status st = open_it(path, folders, &r, err);
    if (st) return st;
    st = kal__read_all(r, MOST, &e->bytes, &e->size, err);
    r->close(r);
    if (!st) e->digest = kal__hash_of(e->bytes, e->size);
    return st;
}

// Their digests, in their order, as bytes that are digested.
static kal_status read_files(entry *e, const char *paths, kal_error *err)
{
    int n;
    kal__text all = {0};
    kal_status st = kal__words_split(paths, NULL, NULL, &e->arena, &e->names, &n, err);
    e->digests = st ? NULL : kal__take(&e->arena, (size_t)n + 1, sizeof *e->digests);
    if (!st && !e->digests) st = kal_fail(err, KAL_NOMEM, "out of memory");
    for (int i = 0; i < n && !st; i++) {
        st = kal__digest_file(e->names[i], NULL, &e->digests[i], err);
        kal__put_le(&all, e->digests[i].lo, 8);
        kal__put_le(&all, e->digests[i].hi, 8);
    }
    if (!st && all.failed) st = kal_fail(err, KAL_NOMEM, "out of memory");
    if (!st) e->digest = kal__hash_of(all.size ? all.data : "", all.size);
    free(all.data);
    return st;
}

static kal_status read_entry(const kal_param *p, const char *path, entry **out, kal_error *err)
{
    entry *e = kal__new_zero(1, sizeof *e + strlen(path) + 1);
    if (!e) return kal_fail(err, KAL_NOMEM, "%s: out of memory", path);
    memcpy(e->path, path, strlen(path) + 1);
    e->refs = 1;
    const kal_status st =
        p->kind == KAL_PARAM_FILES ? read_files(e, path, err) : read_file(e, path, p->unit, err);
    if (st) {
        destroy(e);
        return st;
    }
    *out = e;
    return KAL_OK;
}

// The entry of the same path and bytes, when there is one, with a reference more.
static entry *share(entry *fresh)
{
    pthread_mutex_lock(&lock);
    entry *e = entries;
    while (e && (strcmp(e->path, fresh->path) || !e->names != !fresh->names ||
                 !kal_key_equal(e->digest, fresh->digest)))
        e = e->next;
    if (e) {
        e->refs++;
    } else {
        fresh->next = entries;
        entries = fresh;
    }
    pthread_mutex_unlock(&lock);
    if (e) destroy(fresh);
    return e ? e : fresh;
}

static void unref(const char *file)
{
    entry *e = entry_of(file);
    pthread_mutex_lock(&lock);
    const bool last = !--e->refs;
    if (last) {
        entry **at = &entries;
        while (*at != e) at = &(*at)->next;
        *at = e->next;
    }
    pthread_mutex_unlock(&lock);
    if (last) destroy(e);
}

// The field of a FILE parameter that names a file; NULL for another row, and for none.
static const char **file_of(const kal_param *p, const void *params)
{
    const char **at = (const char **)(void *)((unsigned char *)(uintptr_t)params + p->offset);
    return kal__is_of_files(p) && *at && **at ? at : NULL;
}

kal_status kal__files_hold(kal__schema s, void *params, kal__held_files *held, kal_error *err)
{
    for (size_t i = 0; i < s.n; i++) {
        const char **at = file_of(&s.rows[i], params);
        if (!at) continue;
        if (held->n == (int32_t)(sizeof held->at / sizeof *held->at))
            return kal_fail(err, KAL_INTERNAL, "%s: too many parameters are files", s.of);
        if (!shared_already(*at)) {
            entry *e = NULL;
            const kal_status st = read_entry(&s.rows[i], *at, &e, err);
            if (st) return kal_within(err, "%s: %s", s.of, s.rows[i].name), st;
            *at = share(e)->path;
        }
        held->at[held->n++] = *at;
    }
    return KAL_OK;
}

void kal__files_release(kal__held_files *held)
{
    while (held->n) unref(held->at[--held->n]);
}

void kal__files_ref(kal__schema s, const void *params)
{
    for (size_t i = 0; i < s.n; i++) {
        const char **at = file_of(&s.rows[i], params);
        if (at) shared_already(*at);
    }
}

void kal__files_unref(kal__schema s, const void *params)
{
    for (size_t i = 0; i < s.n; i++) {
        const char **at = file_of(&s.rows[i], params);
        if (at) unref(*at);
    }
}

kal_key kal__file_digest(const char *file)
{
    return entry_of(file)->digest;
}

kal_status kal__files_same(const char *files, kal_error *err)
{
    const entry *e = *files ? entry_of(files) : NULL;
    for (int i = 0; e && e->names[i]; i++) {
        kal_key now;
        const kal_status st = kal__digest_file(e->names[i], NULL, &now, err);
        if (st) return st;
        if (!kal_key_equal(now, e->digests[i]))
            return kal_fail(err, KAL_CHANGED, "%s: the file changed since the graph was made", e->names[i]);
    }
    return KAL_OK;
}

bool kal__files_have(const char *files, const char *name)
{
    const entry *e = *files ? entry_of(files) : NULL;
    for (int i = 0; e && e->names[i]; i++)
        if (!strcmp(e->names[i], name)) return true;
    return false;
}

const void *kal_file_bytes(const char *file, size_t *size)
{
    static const unsigned char none[1];
    if (size) *size = 0;
    if (!file || !*file) return NULL;
    const entry *e = entry_of(file);
    if (size) *size = e->size;
    return e->bytes ? e->bytes : none;
}
