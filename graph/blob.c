// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes that a caller is shown: those a node was loaded from, and of a caller's computation those in the memo (kal/map.h). There a blob of n bytes is
// an entry of n×1 samples, as an encoded file is; whoever makes one holds a claim on its key, as a plan does.
#include "audit.h"
#include "flight.h"
#include "memo.h"
#include "options.h"
#include "run.h"

#include <kal/map.h>

#include <stdlib.h>
#include <string.h>

typedef struct request {
    kal_key key;
    kal_make_fn *make;
    void *user;
    const char *recipe;
    bool only_known;
    double audit;
    kal__resolved o;
    kal__watch watch;
} request;

// What this thread is making: who asks for that again would wait for itself.
typedef struct making {
    kal_memo *memo;
    kal_key key;
    const struct making *around;
} making;
static _Thread_local const making *innermost;

void kal_blob_release(kal_blob *blob)
{
    kal__slab *slab = blob->held;
    kal__slab_unref(&slab);
    *blob = (kal_blob){NULL, 0, false, NULL};
}

static void hand_out(kal__slab *slab, size_t size, bool found, kal_blob *out)
{
    *out = (kal_blob){slab->data, size, found, slab};
}

bool kal_node_loaded_bytes(const kal_node *node, kal_blob *out)
{
    *out = (kal_blob){NULL, 0, false, NULL};
    if (!node || node->kind != KAL__DECODE) return false;
    kal__source *s = kal__node_source(node);   // another load may give the node another one
    if (s->bytes) hand_out(kal__slab_ref(s->bytes), s->size, true, out);
    kal__source_unref(&s);
    return out->held != NULL;
}

static bool find(const request *r, kal_blob *out)
{
    kal__slab *slab;
    kal_rect have;
    if (!kal__memo_find(r->o.memo, KAL__STORED_BLOB, r->key, kal_rect_of(0, 0, 0, 1), &slab, &have))
        return false;
    hand_out(slab, (size_t)have.x1, true, out);
    return true;
}

// As a line of a recipe: blanks for what would end it.
static void put_recipe(const request *r, kal__text *t)
{
    char key[33];
    const size_t most = (size_t)60 << 10, from = 33;
    kal__putf(t, "%s blob - %s", kal_key_print(r->key, key), r->recipe ? r->recipe : "");
    if (!t->failed && t->size > most) t->size = most;
    for (size_t i = from; !t->failed && i < t->size; i++)
        if (t->data[i] == '\n' || t->data[i] == '\r') t->data[i] = ' ';
    kal__puts(t, " :\n");
}

static void keep(const request *r, kal__slab *slab, size_t size, double ns)
{
    kal__text recipe = {0};
    if (size > INT32_MAX) return;
    put_recipe(r, &recipe);
    kal__memo_put_blob(r->o.memo, r->key, slab, size, ns, &recipe);
    free(recipe.data);
}

static kal_status call(const request *r, kal_bytes *made, kal_error *err)
{
    const making now = {r->o.memo, r->key, innermost};
    innermost = &now;
    *err = (kal_error){0};
    const kal_status st = r->make(r->user, made, err);
    innermost = now.around;
    if (st && !err->message[0]) kal_fail(err, st, "making a result: %s", kal_status_text(st));
    err->status = st;
    if (!st && made->size && !made->data)
        return kal_fail(err, KAL_CALLBACK, "making a result: it has a size and no bytes");
    return st;
}

static kal_status make(const request *r, kal_blob *out, kal_error *err)
{
    kal_bytes made = {NULL, 0};
    const double start = kal__now();
    kal_status st = call(r, &made, err);
    if (!st && !made.data) made.data = malloc(1);   // of no bytes, too, there is something to hold
    kal__slab *slab = !st && made.data ? kal__slab_borrow(made.data, made.size, free, made.data) : NULL;
    if (!st && !slab) st = kal_fail(err, KAL_NOMEM, "out of memory for a result");
    if (st) {
        free(made.data);
        return st;
    }
    if (r->o.memo) keep(r, slab, made.size, (kal__now() - start) * 1e9);
    hand_out(slab, made.size, false, out);
    return KAL_OK;
}

// An audit: the caller has what makes it, so that it can be made again.
static kal_status look_again(const request *r, kal_blob *found, kal_error *err)
{
    char key[33];
    kal_bytes now = {NULL, 0};
    size_t i = 0;
    kal_status st = call(r, &now, err);
    const unsigned char *was = found->data;
    while (!st && i < now.size && i < found->size && now.data[i] == was[i]) i++;
    if (!st && (i < now.size || i < found->size)) {
        st = kal_fail(err, KAL_INTERNAL,
                      "audit: a result of the caller's, key %s: what was kept is not what is made now, first "
                      "at byte %zu; "
                      "it depends on something that its key does not name, or the memo was meddled with",
                      kal_key_print(r->key, key), i);
        kal__memo_forget(r->o.memo, r->key);
    }
    free(now.data);
    if (st) kal_blob_release(found);
    return st;
}

static bool asks_for_itself(const request *r)
{
    for (const making *m = innermost; m; m = m->around)
        if (m->memo == r->o.memo && kal_key_equal(m->key, r->key)) return true;
    return false;
}

// Beside this process, too, one makes it and the others wait.
static kal_status make_alone(const request *r, kal_blob *out, kal_error *err)
{
    kal__flight f = {.memo = r->o.memo, .watch = &r->watch};
    bool again = true;
    kal_status st = KAL_OK;
    while (!st && again) {
        if (find(r, out)) return KAL_OK;   // whom we waited for may have made it
        st = kal__flight_take(&f, &r->key, 1, &again, err);
    }
    if (!st) st = make(r, out, err);
    kal__flight_end(&f);
    return st;
}

static kal_status missing(const request *r, kal_error *err)
{
    char key[33];
    return kal_fail(err, KAL_MISSING, "%s, a result of the caller's, is not there",
                    kal_key_print(r->key, key));
}

static kal_status find_or_make(const request *r, kal_blob *out, kal_error *err)
{
    kal_status st = kal__watch_check(&r->watch, err);
    if (!st && r->o.memo && find(r, out))
        return kal__audit_chooses(r->audit, r->key) ? look_again(r, out, err) : KAL_OK;
    if (!st && r->only_known) st = missing(r, err);
    if (st || !r->o.memo) return st ? st : make(r, out, err);
    if (asks_for_itself(r)) return kal_fail(err, KAL_INVALID, "what makes a result asks for that result");
    while (!kal__memo_claim(r->o.memo, r, &r->key, 1)) {
        kal__memo_wait(r->o.memo, 0.02);
        st = kal__watch_check(&r->watch, err);
        if (st) return st;
    }
    st = make_alone(r, out, err);
    kal__memo_release(r->o.memo, r);
    return st;
}

kal_status kal_memo_blob(kal_memo *memo, kal_key key, kal_make_fn *how, void *user, const char *recipe,
                         const kal_options *options, kal_blob *out, kal_error *err)
{
    kal_error local;
    const double start = kal__now();
    request r = {.key = key, .make = how, .user = user, .recipe = recipe};
    r.only_known = options && options->only_known;
    r.audit = options && !r.only_known ? options->audit : 0;
    if (!err) err = &local;
    *out = (kal_blob){NULL, 0, false, NULL};
    kal_status st = kal__resolve(options, &r.o, err);
    if (!st && r.o.memo && memo) r.o.memo = memo;
    r.watch = kal__watch_from(options, start);
    if (!st) st = find_or_make(&r, out, err);
    if (options && options->stats)
        *options->stats =
            (kal_stats){.nodes = !st, .nodes_reused = out->found, .wall_ms = (kal__now() - start) * 1e3};
    return st;
}
