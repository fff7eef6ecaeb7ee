// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// --shard I/N: which of many runs are this machine's. Each run gives every shard a number, made of what its pictures hold, its values and
// the shard, and is of the shard with the largest (rendezvous hashing): nobody asks the others, paths and order do not matter, and of N + 1 shards
// the new one takes its part from all while nothing moves between those before.
#include "inputs.h"

#include <stdlib.h>
#include <string.h>

#define MOST_SHARDS 100000

static uint64_t mix(uint64_t h)
{
    h ^= h >> 30;
    h *= 0xbf58476d1ce4e5b9u;
    h ^= h >> 27;
    h *= 0x94d049bb133111ebu;
    return h ^ h >> 31;
}

static uint64_t hash_text(uint64_t h, const char *s)
{
    return mix(hash_on(h, s, strlen(s)));
}

// Of the picture as it lies in its file, which the memo's folder knows when it was looked at before. One that cannot be loaded fails in one
// shard, by its name.
static uint64_t hash_picture(const char *path)
{
    uint64_t h = hash_text(1, path);
    kal_key key;
    kal_scope *scope = kal_scope_new();
    kal_node *node = kal_load(scope, path, NULL);
    if (!kal_node_error(node, NULL) && !kal_node_key(node, &key, NULL)) h = mix(key.hi ^ mix(key.lo));
    kal_scope_free(&scope);
    return h;
}

static uint64_t hash_turn(const turns *t, const uint64_t *pictures, int32_t i)
{
    const turn at = turn_at(t, i);
    uint64_t h = 0;
    for (int k = 0; k < at.n; k++) h = mix(h ^ pictures[(at.in - t->in->paths) + k]) + 1;
    for (int32_t k = 0; t->sweep && k < t->sweep->n; k++) {
        h = hash_text(h, t->sweep->axes[k].name);
        h = hash_text(h, sweep_value(t->sweep, k, at.row));
    }
    return h;
}

static int32_t shard_of(uint64_t of, int32_t shards)
{
    int32_t best = 1;
    uint64_t most = 0;
    for (int32_t i = 1; i <= shards; i++) {
        const uint64_t h = mix(of ^ mix((uint64_t)i * 0x9e3779b97f4a7c15u));
        if (h > most) most = h, best = i;
    }
    return best;
}

static int read_shard(const char *text, int32_t *i, int32_t *n)
{
    char more;
    if (sscanf(text, "%d/%d%c", i, n, &more) != 2 || *n < 1 || *n > MOST_SHARDS || *i < 1 || *i > *n)
        return usage("--shard: \"%s\" is not I/N, as 1/4 … 4/4", text);
    return EXIT_OK;
}

static uint64_t *hash_pictures(const turns *t)
{
    uint64_t *all = calloc((size_t)t->in->n + 1, sizeof *all);
    for (int32_t i = 0; all && i < t->in->n; i++) all[i] = hash_picture(t->in->paths[i]);
    return all;
}

int shard_take(const settings *s, const turns *t, int32_t **mine, int32_t *n)
{
    int32_t shard, shards;
    *mine = NULL;
    int code = s->shard ? read_shard(s->shard, &shard, &shards) : EXIT_OK;
    if (code || !s->shard) return code;
    for (int32_t i = 0; i < t->in->n; i++)
        if (!strcmp(t->in->paths[i], "-")) return usage("--shard: every shard would need standard input");
    const int32_t all = turns_count(t);
    uint64_t *pictures = hash_pictures(t);
    int32_t *list = calloc((size_t)all + 1, sizeof *list);
    *n = 0;
    for (int32_t i = 0; pictures && list && i < all; i++)
        if (shard_of(hash_turn(t, pictures, i), shards) == shard) list[(*n)++] = i;
    code = pictures && list ? EXIT_OK : usage("out of memory");
    free(pictures);
    *mine = list;
    return code;
}
