// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The folder of a memo as its owner sees it: what lies there, and what goes.
#include "memo.h"

static kal_status folder_of(kal_memo *m, kal__store **out, kal_error *err)
{
    *out = kal__memo_store(m ? m : kal__memo_default());
    return *out ? KAL_OK
                : kal_fail(err, KAL_INVALID, "this memo has no folder: kal_memo_set_folder, KAL_MEMO_DIR");
}

typedef struct telling {
    kal_memo_entry_fn *fn;
    void *user;
} telling;

static bool tell(void *user, const kal__stored *what, bool sound)
{
    static const char *const kinds[] = {"?", "rows", "bytes", "value", "blob"};
    const telling *t = user;
    const kal_memo_entry e = {.key = what->key,
                              .kind = kinds[(unsigned)what->kind < 5 ? what->kind : 0],
                              .rect = what->rect,
                              .bytes = what->size,
                              .on_disk = what->on_disk,
                              .seconds = what->ns * 1e-9,
                              .made = what->made,
                              .used = what->used,
                              .recipe = what->recipe,
                              .recipe_size = what->recipe_size,
                              .sound = sound};
    return t->fn(t->user, &e);
}

kal_status kal_memo_each(kal_memo *m, bool verify, kal_memo_entry_fn *fn, void *user, kal_error *err)
{
    kal__store *s;
    telling t = {fn, user};
    const kal_status st = folder_of(m, &s, err);
    if (!st) kal__store_each(s, verify, tell, &t);
    return st;
}

kal_status kal_memo_copy(kal_memo *from, kal_memo *to, kal_key key, bool *copied, kal_error *err)
{
    kal__store *a, *b;
    char text[33];
    *copied = false;
    kal_status st = folder_of(from, &a, err);
    if (!st) st = folder_of(to, &b, err);
    if (st) return st;
    if (!kal__store_copy(a, b, key, copied))
        return kal_fail(err, KAL_MISSING, "%s: there is no whole entry %s", kal__store_folder(a),
                        kal_key_print(key, text));
    if (*copied || kal__store_has(b, key)) return KAL_OK;
    return kal__cannot_write(err, "%s: %s cannot be put there", kal__store_folder(b),
                             kal_key_print(key, text));
}

bool kal_memo_remove(kal_memo *m, kal_key key)
{
    kal__store *s;
    return !folder_of(m, &s, NULL) && kal__store_remove(s, key);
}

kal_status kal_memo_collect(kal_memo *m, uint64_t bytes, uint64_t *before, uint64_t *after, kal_error *err)
{
    kal__store *s;
    uint64_t was = 0, is = 0;
    bool busy = false;
    kal_status st = folder_of(m, &s, err);
    if (!st)
        st = kal__store_collect(s, bytes == UINT64_MAX ? kal__store_limit(s) : bytes, &was, &is, &busy, err);
    if (!st && busy) st = kal__cannot_write(err, "%s: another process collects there", kal__store_folder(s));
    if (before) *before = was;
    if (after) *after = is;
    return st;
}
