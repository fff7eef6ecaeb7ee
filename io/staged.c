// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A place for bytes that can be gone back to, before one that cannot: everything is kept until it is whole, in memory, and what is more than
// that in a file without a name, where a folder was given for it.
#define _GNU_SOURCE
#include "codec.h"
#include "mem.h"
#include "spill.h"
#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)256 << 10)   // that goes to the file at once

typedef struct staged {
    kal__writer base;
    kal__writer *inner;
    kal__text text;   // all of it, or what is not in the file yet
    char *folder;     // NULL: there is none to spill into
    int fd;           // -1: nothing was spilt
    uint64_t spilt;   // bytes that are in the file
    bool passed_on;
} staged;

static kal_status no_room(const staged *w, const char *what, kal_error *err)
{
    return kal__cannot_write(err, "%s: %s: %s", w->folder, what, strerror(errno));
}

static kal_status put_at(const staged *w, uint64_t at, const void *data, size_t n, kal_error *err)
{
    return kal__write_all_at(w->fd, data, n, at) ? KAL_OK : no_room(w, "writing what is kept", err);
}

static kal_status spill(staged *w, kal_error *err)
{
    if (w->fd < 0) w->fd = kal__spill_file(w->folder, err);
    if (w->fd < 0) return err->status;
    const kal_status st = put_at(w, w->spilt, w->text.data, w->text.size, err);
    if (st) return st;
    w->spilt += w->text.size;
    free(w->text.data);   // the next ones are few
    w->text = (kal__text){.data = NULL};
    return KAL_OK;
}

static kal_status staged_write(kal__writer *base, const void *data, size_t n, kal_error *err)
{
    staged *w = (staged *)base;
    base->written += n;
    if (base->written > base->memory && !w->folder)
        return kal_fail(
            err, KAL_LIMIT,
            "a file of this kind is not written from front to back: before a pipe or functions "
            "of a caller's it is "
            "kept until it is whole, and it has more than %zu bytes; write to a file, or give a folder for "
            "it (--spill DIR, KAL_SPILL, kal_options.spill)",
            base->memory);
    kal_status st = KAL_OK;
    if (w->text.size && w->text.size + n > (w->fd < 0 ? base->memory : CHUNK)) st = spill(w, err);
    if (st) return st;
    kal__put(&w->text, data, n);
    return w->text.failed ? kal_fail(err, KAL_NOMEM, "out of memory for %llu encoded bytes",
                                     (unsigned long long)base->written)
                          : KAL_OK;
}

static kal_status staged_patch(kal__writer *base, uint64_t at, const void *data, size_t n, kal_error *err)
{
    staged *w = (staged *)base;
    if (at + n > base->written)
        return kal_fail(err, KAL_INTERNAL, "byte %llu is not written yet", (unsigned long long)at);
    const size_t front = at < w->spilt ? (w->spilt - at < n ? (size_t)(w->spilt - at) : n) : 0;
    const kal_status st = front ? put_at(w, at, data, front, err) : KAL_OK;
    if (!st && n > front)
        memcpy(w->text.data + (at + front - w->spilt), (const char *)data + front, n - front);
    return st;
}

static kal_status pass_on_file(staged *w, kal_error *err)
{
    unsigned char *some = kal__new(CHUNK, 1);
    kal_status st = some ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory");
    for (uint64_t at = 0; at < w->spilt && !st;) {
        const ssize_t got = pread(w->fd, some, CHUNK, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        st = got > 0 ? w->inner->write(w->inner, some, (size_t)got, err)
                     : no_room(w, "reading what was kept", err);
        at += got > 0 ? (uint64_t)got : 0;
    }
    free(some);
    return st;
}

static kal_status staged_finish(kal__writer *base, kal_error *err)
{
    staged *w = (staged *)base;
    if (w->passed_on) return KAL_OK;
    w->passed_on = true;
    kal_status st = w->fd >= 0 ? pass_on_file(w, err) : KAL_OK;
    if (!st && w->text.size) st = w->inner->write(w->inner, w->text.data, w->text.size, err);
    return st ? st : w->inner->finish(w->inner, err);
}

static void staged_free(staged *w)
{
    if (w->fd >= 0) close(w->fd);
    free(w->text.data);
    free(w->folder);
    free(w);
}

static void staged_abort(kal__writer *base)
{
    staged *w = (staged *)base;
    w->inner->abort(w->inner);
    staged_free(w);
}

static kal_status staged_commit(kal__writer *base, kal_error *err)
{
    staged *w = (staged *)base;
    kal_status st = staged_finish(base, err);
    if (st)
        w->inner->abort(w->inner);
    else
        st = w->inner->commit(w->inner, err);
    staged_free(w);
    return st;
}

kal_status kal__write_staged(kal__writer *inner, size_t most, const char *folder, kal__writer **out,
                             kal_error *err)
{
    staged *w = kal__new_zero(1, sizeof *w);
    *out = NULL;
    folder = kal__spill_folder(folder);
    if (w) w->fd = -1;
    if (w && folder && !(w->folder = strdup(folder))) free(w), w = NULL;
    if (!w) {
        inner->abort(inner);
        return kal_fail(err, KAL_NOMEM, "out of memory");
    }
    w->base = (kal__writer){.write = staged_write,
                            .patch = staged_patch,
                            .finish = staged_finish,
                            .commit = staged_commit,
                            .abort = staged_abort,
                            .memory = most};
    w->inner = inner;
    *out = &w->base;
    return KAL_OK;
}

kal_status kal__write_suited(const kal__codec *c, const char *folder, kal__writer **w, kal_error *err)
{
    if (c->tree && !(*w)->file) return kal__write_zip(*w, w, err);
    if (c->patches && !(*w)->patch) return kal__write_staged(*w, KAL__STAGED_BYTES, folder, w, err);
    return KAL_OK;
}
