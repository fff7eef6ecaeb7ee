// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Loading from outside a text: by a path, from bytes, a descriptor, or functions of the caller's.
#include "load.h"

#include "known.h"
#include "opening.h"

#include <string.h>

static kal_status parse_params(const char *text, kal__load_p *p, kal__arena *arena, kal_error *err)
{
    const kal__schema s = kal__schema_of(&kal__op_load);
    kal__params_default(s, p);
    return text ? kal__params_parse(s, p, text, &(kal__param_context){NULL, arena, NULL}, err) : KAL_OK;
}

kal_node *kal_load_known(kal_scope *scope, const char *path)
{
    kal_node *node = path ? kal__picture_at(path, kal__limits_count()) : NULL;
    return node ? kal__born(scope, node) : NULL;
}

kal_node *kal_load(kal_scope *scope, const char *path, const char *params)
{
    kal__load_p p;
    kal_error err = {0};
    kal_node *node = NULL;
    kal__arena arena = {0};
    kal_status st = parse_params(params, &p, &arena, &err);
    if (path) p.path = path;
    if (!st) st = kal__load_apply(&p, &node, &err);
    kal__arena_free(&arena);
    return st ? kal__error_node(scope, &err) : kal__born(scope, node);
}

// From what was opened (`st` says how that went): its reference is taken.
static kal_node *load_opened(kal_scope *scope, kal__origin *origin, kal__slab *bytes, size_t size,
                             const char *params, kal_status st, kal_error *err)
{
    kal__load_p p;
    kal_node *node = NULL;
    kal__arena arena = {0};
    if (!st) {
        st = parse_params(params, &p, &arena, err);
        if (!st) {
            st = kal__open(origin, bytes, size, &p, &node, err);
        } else {
            kal__origin_unref(&origin);
            kal__slab_unref(&bytes);
        }
    }
    kal__arena_free(&arena);
    return st ? kal__error_node(scope, err) : kal__born(scope, node);
}

kal_node *kal_load_bytes(kal_scope *scope, const void *data, size_t size, const char *params)
{
    kal_error err = {0};
    const size_t n = data ? size : 0;
    kal__slab *bytes = kal__slab_new(n);
    if (bytes && n) memcpy(bytes->data, data, n);
    const kal_status st = bytes ? KAL_OK : kal_fail(&err, KAL_NOMEM, "out of memory for %zu bytes", n);
    return load_opened(scope, NULL, bytes, n, params, st, &err);
}

kal_node *kal_load_borrowed(kal_scope *scope, const void *data, size_t size, void (*release)(void *user),
                            void *user, const char *params)
{
    kal_error err = {0};
    kal__slab *bytes = kal__slab_borrow(data ? data : "", data ? size : 0, release, user);
    if (!bytes && release) release(user);
    const kal_status st = bytes ? KAL_OK : kal_fail(&err, KAL_NOMEM, "out of memory for a source");
    return load_opened(scope, NULL, bytes, data ? size : 0, params, st, &err);
}

kal_node *kal_load_fd(kal_scope *scope, int fd, const char *name, const char *params)
{
    kal__origin *origin;
    kal_error err = {0};
    const kal_status st = kal__origin_fd(fd, name, &origin, &err);
    return load_opened(scope, origin, NULL, 0, params, st, &err);
}

kal_node *kal_load_input(kal_scope *scope, const kal_input *input, const char *params)
{
    kal__origin *origin;
    kal_error err = {0};
    const kal_status st = kal__origin_calls(input, &origin, &err);
    return load_opened(scope, origin, NULL, 0, params, st, &err);
}
