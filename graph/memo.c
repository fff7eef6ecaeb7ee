// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See memo.h. What is held in memory, under one lock; then a folder, then what is far.
#include "memo.h"

#include "fork.h"
#include "facts.h"
#include "held.h"
#include "lease.h"
#include "options.h"
#include "recipe.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct claim {
    const void *owner;
    kal_key key;
} claim;

struct kal_memo {
    kal__guarded guarded;
    pthread_mutex_t lock;
    pthread_cond_t released;
    kal__held held;
    claim *claims;
    size_t n_claims, claims_room;
    kal__store *store;     // NULL: no folder
    kal__remote *remote;   // NULL: none
    kal__leases *leases;   // with either
    kal__facts facts;      // without a folder
    char *trouble[2];      // atomic: what the environment names and cannot be had
};

#define DEFAULT_LIMIT ((uint64_t)256 << 20)
#define FACTS 32   // facts may take such a part of the limit

// In the child of a fork: what its threads had claimed is let go.
static void nobody(void *owner)
{
    kal_memo *m = owner;
    m->n_claims = 0;
    kal__cond_init(&m->released);
}

kal_memo *kal_memo_new(uint64_t limit)
{
    kal_memo *m = kal__new_zero(1, sizeof *m);
    if (!m) return NULL;
    pthread_mutex_init(&m->lock, NULL);
    kal__cond_init(&m->released);
    kal__guard(&m->guarded, KAL__FORK_MEMO, &m->lock, nobody, m);
    m->held.stats.limit = limit;
    return m;
}

// ---- the folder ---------------------------------------------------------------------------------

// Reading a byte back, with its sum, takes about 0.3 ns, and writing it was not for nothing; packed about 2.
#define WORTH_A_FILE 1.0
#define WORTH_PACKING 5.0

// Without memory for it things are made twice, nothing else.
static void share(kal_memo *m)
{
    if (!m->leases && kal__memo_is_shared(m)) m->leases = kal__leases_new();
}

static kal_memo *default_memo(bool with_folder);

static kal_status set_store(kal_memo *m, kal__store *store)
{
    free(__atomic_exchange_n(&m->trouble[0], NULL, __ATOMIC_ACQ_REL));
    kal__store_close(&m->store);
    m->store = store;
    share(m);
    return KAL_OK;
}

kal_status kal_memo_set_folder(kal_memo *m, const char *folder, uint64_t limit, kal_error *err)
{
    kal__store *store = NULL;
    if (!m) m = default_memo(false);
    if (!m) return kal_fail(err, KAL_NOMEM, "out of memory for a memo");
    if (m->store && folder && kal__store_is(m->store, folder, limit)) return KAL_OK;
    const kal_status st = folder && *folder ? kal__store_open(folder, limit, &store, err) : KAL_OK;
    return st ? st : set_store(m, store);
}

kal_status kal_memo_look_into(kal_memo *m, const char *folder, kal_error *err)
{
    kal__store *store = NULL;
    if (!m) m = default_memo(false);
    if (!m) return kal_fail(err, KAL_NOMEM, "out of memory for a memo");
    const kal_status st = kal__store_look(folder, &store, err);
    return st ? st : set_store(m, store);
}

kal_status kal_memo_set_packing(kal_memo *m, const char *how, kal_error *err)
{
    if (!m) m = kal__memo_default();
    return m && m->store
               ? kal__store_set_packing(m->store, how, err)
               : kal_fail(err, KAL_INVALID, "this memo has no folder: kal_memo_set_folder, KAL_MEMO_DIR");
}

kal_status kal_memo_set_remote(kal_memo *m, const char *url, const char *params, kal_error *err)
{
    kal__remote *remote = NULL;
    if (!m) m = kal__memo_default();
    if (!m) return kal_fail(err, KAL_NOMEM, "out of memory for a memo");
    if (m->remote && url && kal__remote_is(m->remote, url, params)) return KAL_OK;
    const kal_status st = url && *url ? kal__remote_open(url, params, &remote, err) : KAL_OK;
    if (st) return st;
    free(__atomic_exchange_n(&m->trouble[1], NULL, __ATOMIC_ACQ_REL));
    if (m->leases) kal__leases_forget(m->leases, m->remote);
    kal__remote_close(&m->remote);
    m->remote = remote;
    share(m);
    return KAL_OK;
}

kal__store *kal__memo_store(kal_memo *m)
{
    return m ? m->store : NULL;
}

kal__remote *kal__memo_remote(kal_memo *m)
{
    return m ? m->remote : NULL;
}

char *kal__memo_trouble(kal_memo *m)
{
    for (int i = 0; i < 2; i++) {
        char *t = __atomic_exchange_n(&m->trouble[i], NULL, __ATOMIC_ACQ_REL);
        if (t) return t;
    }
    return NULL;
}

bool kal__memo_is_shared(const kal_memo *m)
{
    return m->store || m->remote;
}

kal__leases *kal__memo_leases(kal_memo *m)
{
    return m && kal__memo_is_shared(m) ? m->leases : NULL;
}

// Those of KAL_MEMO_DIR, unless another is asked for, and KAL_MEMO_REMOTE. One that cannot be had is a warning of the next request.
static void tiers_of_the_environment(kal_memo *m, bool with_folder)
{
    uint64_t limit = 0;
    const char *folder = getenv("KAL_MEMO_DIR"), *url = getenv("KAL_MEMO_REMOTE");
    kal_error err;
    if (!m) return;
    const bool named = with_folder && folder && *folder;
    if (named && (kal__size_from_env("KAL_MEMO_SIZE", &limit, &err) ||
                  kal__store_open(folder, limit, &m->store, &err)))
        m->trouble[0] = strdup(err.message);
    else if (named && kal__store_set_packing(m->store, getenv("KAL_MEMO_PACK"), &err))
        m->trouble[0] = strdup(err.message);
    if (url && *url && kal__remote_open(url, NULL, &m->remote, &err)) m->trouble[1] = strdup(err.message);
    share(m);
}

static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
KAL__GUARD(once, KAL__FORK_DEFAULT_MEMO, NULL)

static kal_memo *default_memo(bool with_folder)
{
    static kal_memo *memo;
    kal_memo *m = __atomic_load_n(&memo, __ATOMIC_ACQUIRE);   // pairs with the release below
    if (m) return m;   // without a lock that somebody might hold while another thread forks
    pthread_mutex_lock(&once);
    m = memo;
    if (!m) {
        tiers_of_the_environment(m = kal_memo_new(DEFAULT_LIMIT), with_folder);
        __atomic_store_n(&memo, m, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&once);
    return m;
}

kal_memo *kal__memo_default(void)
{
    return default_memo(true);
}

void kal_memo_clear(kal_memo *m)
{
    if (!m) m = kal__memo_default();
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    kal__held_beside(&m->held, -(int64_t)kal__facts_bytes(&m->facts));
    kal__facts_free(&m->facts);
    kal__held_clear(&m->held);
    pthread_mutex_unlock(&m->lock);
}

void kal_memo_free(kal_memo **slot)
{
    kal_memo *m = *slot;
    *slot = NULL;
    if (!m) return;
    kal_memo_clear(m);
    kal__leases_free(&m->leases);
    kal__remote_close(&m->remote);
    kal__store_close(&m->store);
    kal__guard_end(&m->guarded);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->released);
    free(m->claims);
    for (char *t; (t = kal__memo_trouble(m)) != NULL;) free(t);
    free(m);
}

void kal_memo_get_stats(kal_memo *m, kal_memo_stats *out)
{
    if (!m) m = kal__memo_default();
    *out = (kal_memo_stats){0};
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    *out = m->held.stats;
    pthread_mutex_unlock(&m->lock);
    kal__store_counts c = {0};
    if (m->store) kal__store_counted(m->store, &c);
    out->folder_hits = c.hits;
    out->folder_stored = c.stored;
    out->folder_broken = c.broken;
    kal__remote_counts r = {0};
    if (m->remote) kal__remote_counted(m->remote, &r);
    out->remote_hits = r.hits;
    out->remote_misses = r.misses;
    out->remote_refused = r.refused;
    out->remote_stored = r.stored;
    out->remote_dropped = r.dropped;
    out->remote_failed = r.failed;
}

void kal_memo_set_limit(kal_memo *m, uint64_t limit)
{
    if (!m) m = kal__memo_default();
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    m->held.stats.limit = limit;
    kal__held_shrink(&m->held, limit);
    pthread_mutex_unlock(&m->lock);
}

void kal__memo_shrink(kal_memo *m, uint64_t bytes)
{
    pthread_mutex_lock(&m->lock);
    kal__held_shrink(&m->held, bytes);
    pthread_mutex_unlock(&m->lock);
}

size_t kal__memo_room(kal_memo *m)
{
    pthread_mutex_lock(&m->lock);
    const uint64_t room = m->held.stats.limit;
    pthread_mutex_unlock(&m->lock);
    return room > SIZE_MAX ? SIZE_MAX : (size_t)room;
}

static bool find(kal_memo *m, kal__stored_kind kind, kal_key key, kal_rect rect, kal__slab **slab,
                 kal_rect *have)
{
    pthread_mutex_lock(&m->lock);
    const bool found = kal__held_find(&m->held, kind, key, rect, slab, have);
    pthread_mutex_unlock(&m->lock);
    return found;
}

static bool put(kal_memo *m, kal__stored_kind kind, kal_key key, kal_rect rect, kal__slab *slab, size_t bytes,
                double ns)
{
    pthread_mutex_lock(&m->lock);
    const bool kept = kal__held_put(&m->held, kind, key, rect, slab, bytes, ns);
    pthread_mutex_unlock(&m->lock);
    return kept;
}

void kal__memo_forget(kal_memo *m, kal_key key)
{
    pthread_mutex_lock(&m->lock);
    kal__held_forget(&m->held, key);
    pthread_mutex_unlock(&m->lock);
    if (m->store) kal__store_remove(m->store, key);
}

// What others kept may have right sums and another size than it says.
static bool is_sized(const kal__stored *what)
{
    const kal_rect r = what->rect;
    return what->kind == KAL__STORED_ROWS ||   // it hangs on the picture: kal__memo_find_rows
           (!r.x0 && !r.y0 && r.y1 == 1 && r.x1 >= 0 && (size_t)r.x1 == what->size);
}

bool kal__memo_find(kal_memo *m, kal__stored_kind kind, kal_key key, kal_rect rect, kal__slab **slab,
                    kal_rect *have)
{
    kal__stored what;
    if (find(m, kind, key, rect, slab, have)) return true;
    *slab = m->store ? kal__store_get(m->store, key, kind, rect, &what) : NULL;
    if (!*slab && m->remote) *slab = kal__remote_get(m->remote, m->store, key, kind, rect, &what);
    if (!*slab) return false;
    if (!is_sized(&what)) {
        kal__slab_unref(slab);
        kal__memo_forget(m, key);
        return false;
    }
    *have = what.rect;
    put(m, kind, key, what.rect, *slab, what.size, what.ns);   // checked once
    return true;
}

// To the folder, and to who is far: true when the folder has it.
static bool put_further(kal_memo *m, kal__stored *what, const kal__text *recipe, kal__slab *slab)
{
    if (recipe->failed) return false;
    what->recipe = recipe->data;
    what->recipe_size = recipe->size;
    const bool kept = m->store && kal__store_put(m->store, what, slab->data);
    if (m->remote) kal__remote_put(m->remote, what, slab);
    return kept;
}

bool kal__memo_put(kal_memo *m, const kal__made *made, bool always)
{
    const bool here = put(m, made->kind, made->node->key, made->rect, made->slab, made->bytes, made->ns);
    if (!kal__memo_is_shared(m)) return here;
    const double worth = m->store && kal__store_packs(m->store) ? WORTH_PACKING : WORTH_A_FILE;
    if (!(always || made->all_ns >= worth * (double)made->bytes)) return false;
    kal__text recipe = {0};
    kal__stored what = {.key = made->node->key,
                        .kind = made->kind,
                        .rect = made->rect,
                        .size = made->bytes,
                        .ns = made->all_ns};
    kal__recipe(made->node, &recipe);
    const bool kept = put_further(m, &what, &recipe, made->slab);
    free(recipe.data);
    return kept;
}

void kal__memo_put_blob(kal_memo *m, kal_key key, kal__slab *slab, size_t n, double ns,
                        const kal__text *recipe)
{
    const kal_rect rect = kal_rect_of(0, 0, (int32_t)n, 1);
    kal__stored what = {.key = key, .kind = KAL__STORED_BLOB, .rect = rect, .size = n, .ns = ns};
    put(m, KAL__STORED_BLOB, key, rect, slab, n, ns);
    if (kal__memo_is_shared(m)) put_further(m, &what, recipe, slab);
}

bool kal__memo_has_facts(kal_memo *m)
{
    pthread_mutex_lock(&m->lock);
    const bool any = m->store || m->facts.n;
    pthread_mutex_unlock(&m->lock);
    return any;
}

bool kal__memo_fact(kal_memo *m, kal__fact_kind kind, kal_key key, unsigned char value[KAL__FACT])
{
    if (m->store) return kal__fact_known(m->store, kind, key, value);
    pthread_mutex_lock(&m->lock);
    const bool known = kal__facts_find(&m->facts, kind, key, value);
    pthread_mutex_unlock(&m->lock);
    return known;
}

void kal__memo_fact_put(kal_memo *m, kal__fact_kind kind, kal_key key, const unsigned char value[KAL__FACT])
{
    if (m->store) {
        kal__fact_remember(m->store, kind, key, value);
        return;
    }
    pthread_mutex_lock(&m->lock);
    const size_t before = kal__facts_bytes(&m->facts);
    kal__facts_put(&m->facts, (size_t)m->held.stats.limit / FACTS, kind, key, value);
    kal__held_beside(&m->held, (int64_t)(kal__facts_bytes(&m->facts) - before));
    pthread_mutex_unlock(&m->lock);
}

bool kal__memo_worth(kal_memo_mode mode, const kal_node *node, double cost)
{
    const kal_memo_mode own = kal_node_memo(node);
    if (mode == KAL_MEMO_NEVER || own == KAL_MEMO_NEVER || node->is_volatile) return false;
    // Reading a byte again costs about 0.12 ns from memory; ten times that is worth the room.
    return mode == KAL_MEMO_ALWAYS || own == KAL_MEMO_ALWAYS || cost >= 1.2;
}

bool kal__memo_find_rows(kal_memo *m, kal_key key, const kal_extent *e, kal_rect rect, kal__slab **slab,
                         kal_rect *have)
{
    if (!kal__memo_find(m, KAL__STORED_ROWS, key, rect, slab, have)) return false;
    const kal_rect r = *have;
    if (kal_rect_inside(r, kal_rect_all(e)) &&
        (size_t)(r.x1 - r.x0) * (size_t)(r.y1 - r.y0) <= (*slab)->size / kal_pixel_size(e))
        return true;
    kal__slab_unref(slab);
    kal__memo_forget(m, key);
    return false;
}

// ---- single flight ------------------------------------------------------------------------------

static bool claimed(const kal_memo *m, const void *owner, kal_key key)
{
    for (size_t i = 0; i < m->n_claims; i++)
        if (kal_key_equal(m->claims[i].key, key) && m->claims[i].owner != owner) return true;
    return false;
}

bool kal__memo_has(kal_memo *m, kal_key key, kal_rect rect)
{
    pthread_mutex_lock(&m->lock);
    const bool has = kal__held_has(&m->held, key, rect);
    pthread_mutex_unlock(&m->lock);
    return has;
}

bool kal__memo_claim(kal_memo *m, const void *owner, const kal_key *keys, size_t n)
{
    if (kal__is_outside()) return true;   // whoever has it may wait for us: computed twice, then
    pthread_mutex_lock(&m->lock);
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) ok = !claimed(m, owner, keys[i]);
    if (ok && m->n_claims + n > m->claims_room) {
        const size_t room = (m->n_claims + n) * 2;
        if (kal__grow(&m->claims, room, sizeof *m->claims)) m->claims_room = room;
    }
    // Out of memory for a claim costs a computation done twice, nothing else.
    for (size_t i = 0; i < n && ok && m->n_claims < m->claims_room; i++)
        m->claims[m->n_claims++] = (claim){owner, keys[i]};
    pthread_mutex_unlock(&m->lock);
    return ok;
}

void kal__memo_release(kal_memo *m, const void *owner)
{
    pthread_mutex_lock(&m->lock);
    for (size_t i = m->n_claims; i-- > 0;)
        if (m->claims[i].owner == owner) m->claims[i] = m->claims[--m->n_claims];
    pthread_cond_broadcast(&m->released);
    pthread_mutex_unlock(&m->lock);
}

void kal__memo_wait(kal_memo *m, double seconds)
{
    pthread_mutex_lock(&m->lock);
    if (m->n_claims) kal__cond_wait(&m->released, &m->lock, seconds);
    pthread_mutex_unlock(&m->lock);
}
