// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops from libraries of their own. What a library says of itself is looked at before any of its records is; all of them are before the
// first is registered, and a library that was refused is let go.
#include "node.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define ENTRY "kal_plugin_ops"

static kal_status load(const char *path, void **handle, kal_error *err)
{
    char here[4096];
    if (!path || !*path) return kal_fail(err, KAL_INVALID, "the name of the library is empty");
    const int n = snprintf(here, sizeof here, "%s%s", strchr(path, '/') ? "" : "./", path);
    if (n >= (int)sizeof here) return kal_fail(err, KAL_INVALID, "%.200s…: the name is too long", path);
    *handle = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    if (*handle) return KAL_OK;
    const char *why = dlerror();
    const bool named = why && strstr(why, path);
    return kal_fail(err, KAL_IO, "%.200s%s%.250s", named ? "" : path, named ? "" : ": ",
                    why ? why : "it cannot be loaded");
}

static kal_status plugin_of(const char *path, void *handle, const kal_plugin **out, kal_error *err)
{
    kal_plugin_fn *entry = NULL;
    void *at = dlsym(handle, ENTRY);
    memcpy(&entry, &at, sizeof entry);
    if (!entry)
        return kal_fail(err, KAL_UNSUPPORTED, "%.300s: it has no function " ENTRY "; is it a library of ops?",
                        path);
    const kal_plugin *p = entry();
    if (!p) return kal_fail(err, KAL_UNSUPPORTED, "%.300s: " ENTRY " gives nothing", path);
    if (p->abi != KAL_PLUGIN_ABI || p->record != (int32_t)sizeof(kal_op))
        return kal_fail(err, KAL_UNSUPPORTED,
                        "%.300s: it was built for version %d of the records (of %d bytes), and this is "
                        "version %d (of %d); build it anew",
                        path, p->abi, p->record, KAL_PLUGIN_ABI, (int)sizeof(kal_op));
    *out = p;
    return KAL_OK;
}

static kal_status check_op(const char *path, const kal_plugin *p, size_t i, kal_error *err)
{
    kal_status st = kal__op_check(p->ops[i], err);
    const kal_op *old = st ? NULL : kal_op_find(p->ops[i]->name);
    if (old && old != p->ops[i]) st = kal_fail(err, KAL_INVALID, "there is an op %s already", old->name);
    for (size_t k = 0; k < i && !st; k++)
        if (!strcmp(p->ops[k]->name, p->ops[i]->name))
            st = kal_fail(err, KAL_INVALID, "op %s is there twice", p->ops[i]->name);
    if (st) kal_within(err, "%.200s", path);
    return st;
}

kal_status kal_plugin_load(const char *path, kal_error *err)
{
    kal_error local = {0};
    void *handle = NULL;
    const kal_plugin *p = NULL;
    if (!err) err = &local;
    kal_status st = load(path, &handle, err);
    if (st) return st;
    st = plugin_of(path, handle, &p, err);
    for (size_t i = 0; !st && i < p->n; i++) st = check_op(path, p, i, err);
    if (st) return dlclose(handle), st;
    for (size_t i = 0; !st && i < p->n; i++) st = kal_op_register(p->ops[i], err);
    return st;
}
