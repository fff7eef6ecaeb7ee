// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A place for bytes that can be gone back to, before one that cannot: everything is kept until it is whole.
#include "codec.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

typedef struct staged {
    kal__writer base;
    kal__writer *inner;
    kal__text text;
    bool passed_on;
} staged;

static kal_status staged_write(kal__writer *base, const void *data, size_t n, kal_error *err)
{
    staged *w = (staged *)base;
    base->written += n;
    if (base->written > base->memory)
        return kal_fail(err, KAL_LIMIT,
                        "a file of this kind is not written from front to back: before a pipe or functions "
                        "of a caller's it is "
                        "kept until it is whole, and it has more than %zu bytes; write to a file",
                        base->memory);
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
    memcpy(w->text.data + at, data, n);
    return KAL_OK;
}

static kal_status staged_finish(kal__writer *base, kal_error *err)
{
    staged *w = (staged *)base;
    if (w->passed_on) return KAL_OK;
    w->passed_on = true;
    const kal_status st =
        w->base.written ? w->inner->write(w->inner, w->text.data, (size_t)w->base.written, err) : KAL_OK;
    return st ? st : w->inner->finish(w->inner, err);
}

static void staged_free(staged *w)
{
    free(w->text.data);
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

kal_status kal__write_staged(kal__writer *inner, size_t most, kal__writer **out, kal_error *err)
{
    staged *w = kal__new_zero(1, sizeof *w);
    *out = NULL;
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

kal_status kal__write_suited(const kal__codec *c, kal__writer **w, kal_error *err)
{
    if (c->tree && !(*w)->file) return kal__write_zip(*w, w, err);
    if (c->patches && !(*w)->patch) return kal__write_staged(*w, KAL__STAGED_BYTES, w, err);
    return KAL_OK;
}
