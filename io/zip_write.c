// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Many files as one run of bytes: a ZIP archive whose entries are stored as they are, so that each can be had by its place. Written from front to
// back; numbers that are too large for the old fields stand in those of ZIP64. Entries lie in a folder of the target's name, as SZI wants
// it. No times: bytes are a function of what is in them and of that name.
#include "codec.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, END64 = 0x06064b50, WHERE64 = 0x07064b50 };
enum { UTF8 = 1 << 11, UNIX = 3 << 8, DAY_ONE = 0x21, ZIP64 = 1 };
#define FILE_MODE ((uint32_t)0100644 << 16)
#define CHUNK ((size_t)64 << 10)

// Of a list that grows to megabytes without ever being there twice.
typedef struct chunk {
    struct chunk *next;
    size_t n;
    unsigned char data[CHUNK];
} chunk;

typedef struct zip {
    kal__writer base;
    kal__writer *inner;
    uint64_t start;         // of the archive in it
    char *stem;             // "out"
    kal__text head;         // the target's own file, until the first further one
    chunk *first, **last;   // the central directory
    uint64_t listed;        // its bytes
    uint64_t entries;
    bool begun, ended;
    bool beside;   // the further files lie in "out_files"
} zip;

static void put(kal__text *t, uint64_t v, size_t n)
{
    unsigned char b[8];
    for (size_t i = 0; i < n; i++) b[i] = (unsigned char)(v >> (8 * i));
    kal__put(t, b, n);
}

static uint32_t clipped(uint64_t v)
{
    return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

// What a local and a central header have in common.
static void put_common(kal__text *t, bool large, const char *name, uint32_t crc, uint32_t size)
{
    bool plain = true;
    for (const char *c = name; *c; c++) plain &= (unsigned char)*c < 0x80;
    put(t, large ? 45 : 20, 2);
    put(t, plain ? 0 : UTF8, 2);
    put(t, 0, 2);   // stored
    put(t, 0, 2);
    put(t, DAY_ONE, 2);   // 1980-01-01
    put(t, crc, 4);
    put(t, size, 4);
    put(t, size, 4);
    put(t, strlen(name), 2);
}

static bool list(zip *z, const unsigned char *p, size_t n)
{
    for (chunk *c; n;) {
        c = *z->last;
        if (!c) {
            c = *z->last = kal__new(1, sizeof *c);
            if (!c) return false;
            c->next = NULL;
            c->n = 0;
        }
        if (c->n == CHUNK) {
            z->last = &c->next;
            continue;
        }
        const size_t room = CHUNK - c->n, take = n < room ? n : room;
        memcpy(c->data + c->n, p, take);
        c->n += take;
        z->listed += take;
        p += take;
        n -= take;
    }
    return true;
}

static bool list_entry(zip *z, const char *name, uint32_t crc, uint32_t size, uint64_t at)
{
    const bool large = at >= UINT32_MAX;
    kal__text t = {0};
    put(&t, CENTRAL, 4);
    put(&t, UNIX | 45, 2);
    put_common(&t, large, name, crc, size);
    put(&t, large ? 12 : 0, 2);
    put(&t, 0, 6);   // no comment, disk 0, no kind of text
    put(&t, FILE_MODE, 4);
    put(&t, clipped(at), 4);
    kal__puts(&t, name);
    if (large) {
        put(&t, ZIP64, 2);
        put(&t, 8, 2);
        put(&t, at, 8);
    }
    const bool ok = !t.failed && list(z, (const unsigned char *)t.data, t.size);
    free(t.data);
    return ok;
}

static kal_status put_entry(zip *z, const char *name, const void *data, size_t n, kal_error *err)
{
    kal__text t = {0};
    const uint64_t at = z->inner->written - z->start;
    if (n >= UINT32_MAX || strlen(name) > UINT16_MAX)
        return kal_fail(err, KAL_INVALID, "zip: %s is too large for an entry", name);
    const uint32_t crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), data, n);
    put(&t, LOCAL, 4);
    put_common(&t, false, name, crc, (uint32_t)n);
    put(&t, 0, 2);
    kal__puts(&t, name);
    z->entries++;
    const bool ok = list_entry(z, name, crc, (uint32_t)n, at) && !t.failed;
    kal_status st = ok ? KAL_OK : kal_fail(err, KAL_NOMEM, "zip: out of memory");
    if (!st) st = z->inner->write(z->inner, t.data, t.size, err);
    if (!st && n) st = z->inner->write(z->inner, data, n, err);
    free(t.data);
    z->base.written = z->inner->written - z->start;
    return st;
}

static kal_status zip_write(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    zip *z = (zip *)w;
    if (z->begun) return kal_fail(err, KAL_INTERNAL, "zip: the target's own file comes first");
    kal__put(&z->head, data, n);
    return z->head.failed ? kal_fail(err, KAL_NOMEM, "zip: out of memory") : KAL_OK;
}

static kal_status put_named(zip *z, const char *name, const void *data, size_t n, kal_error *err)
{
    char *text;
    kal__text t = {0};
    kal__putf(&t, "%s/%s", z->stem, name);
    if (!kal__text_done(&t, &text, NULL)) return kal_fail(err, KAL_NOMEM, "zip: out of memory");
    const kal_status st = put_entry(z, text, data, n, err);
    free(text);
    return st;
}

static kal_status begin(zip *z, kal_error *err)
{
    char name[300];
    if (z->begun) return KAL_OK;
    z->begun = true;
    z->beside = z->head.size > 0;
    snprintf(name, sizeof name, "%s.dzi", z->stem);
    return z->beside ? put_named(z, name, z->head.data, z->head.size, err) : KAL_OK;
}

static kal_status zip_file(kal__writer *w, const char *name, const void *data, size_t n, kal_error *err)
{
    zip *z = (zip *)w;
    char beside[600];
    const kal_status st = begin(z, err);
    if (st) return st;
    snprintf(beside, sizeof beside, "%s_files/%s", z->stem, name);
    return put_named(z, z->beside ? beside : name, data, n, err);
}

static kal_status put_end(zip *z, kal_error *err)
{
    kal__text t = {0};
    const uint64_t at = z->inner->written - z->start, size = z->listed, end = at + size;
    if (at >= UINT32_MAX || size >= UINT32_MAX || z->entries >= UINT16_MAX) {
        put(&t, END64, 4);
        put(&t, 44, 8);   // bytes that follow
        put(&t, UNIX | 45, 2);
        put(&t, 45, 2);
        put(&t, 0, 8);
        put(&t, z->entries, 8);
        put(&t, z->entries, 8);
        put(&t, size, 8);
        put(&t, at, 8);
        put(&t, WHERE64, 4);
        put(&t, 0, 4);
        put(&t, end, 8);
        put(&t, 1, 4);
    }
    const uint64_t n = z->entries < UINT16_MAX ? z->entries : UINT16_MAX;
    put(&t, END, 4);
    put(&t, 0, 4);
    put(&t, n, 2);
    put(&t, n, 2);
    put(&t, clipped(size), 4);
    put(&t, clipped(at), 4);
    put(&t, 0, 2);
    kal_status st = t.failed ? kal_fail(err, KAL_NOMEM, "zip: out of memory") : KAL_OK;
    for (const chunk *c = z->first; c && !st; c = c->next) st = z->inner->write(z->inner, c->data, c->n, err);
    if (!st) st = z->inner->write(z->inner, t.data, t.size, err);
    free(t.data);
    z->base.written = z->inner->written - z->start;
    return st;
}

static kal_status zip_finish(kal__writer *w, kal_error *err)
{
    zip *z = (zip *)w;
    if (z->ended) return KAL_OK;
    z->ended = true;
    kal_status st = begin(z, err);
    if (!st) st = put_end(z, err);
    return st ? st : z->inner->finish(z->inner, err);
}

static void zip_free(zip *z)
{
    free(z->stem);
    free(z->head.data);
    for (chunk *c = z->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(z);
}

static void zip_abort(kal__writer *w)
{
    zip *z = (zip *)w;
    z->inner->abort(z->inner);
    zip_free(z);
}

static kal_status zip_commit(kal__writer *w, kal_error *err)
{
    zip *z = (zip *)w;
    kal_status st = zip_finish(w, err);
    if (st)
        z->inner->abort(z->inner);
    else
        st = z->inner->commit(z->inner, err);
    zip_free(z);
    return st;
}

// The folder in the archive: what would lead out of the one that somebody unpacks it to, or could on another system, is none.
static char *stem_of(const char *name)
{
    const char *dot = name ? strrchr(name, '.') : NULL;
    const size_t n = dot && dot > name ? (size_t)(dot - name) : name ? strlen(name) : 0;
    bool good = n > 0 && !(n <= 2 && !strncmp(name, "..", n));
    for (size_t i = 0; i < n; i++)
        good &= (unsigned char)name[i] >= ' ' && name[i] != 0x7f && name[i] != '\\' && name[i] != '/';
    return good ? strndup(name, n) : strdup("image");
}

kal_status kal__write_zip(kal__writer *inner, kal__writer **out, kal_error *err)
{
    zip *z = kal__new_zero(1, sizeof *z);
    *out = NULL;
    if (z) z->stem = stem_of(inner->name);
    if (!z || !z->stem) {
        free(z);
        inner->abort(inner);
        return kal_fail(err, KAL_NOMEM, "out of memory");
    }
    z->base = (kal__writer){.write = zip_write,
                            .file = zip_file,
                            .finish = zip_finish,
                            .commit = zip_commit,
                            .abort = zip_abort,
                            .memory = inner->memory,
                            .name = z->stem};
    z->inner = inner;
    z->last = &z->first;
    z->start = inner->written;
    *out = &z->base;
    return KAL_OK;
}
