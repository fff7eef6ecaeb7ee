// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Many small pictures laid on a large one, by a chain of insert and by layers: twice as many may cost twice as much, and no more. What is
// counted is work, which no clock disturbs: bands that kernels computed and the bytes of them.
#include "check.h"

enum { SIDE = 8, WIDTH = 300, HEIGHT = 700, MOST = 1600, AT_ONCE = 255 };

typedef struct work {
    uint64_t bands, bytes;
} work;

static void add_node(void *user, const kal_node_stats *n)
{
    ((work *)user)->bytes += n->bytes;
}

static kal_node *chain_of(kal_scope *s, kal_node *small, kal_node *base, int n, const double *at)
{
    for (int i = n - 1; i >= 0; i--)
        base = kal_insert(s, small, base,
                          kal_insert_params(.x = (int32_t)at[2 * i], .y = (int32_t)at[2 * i + 1]));
    return base;
}

// As many in one as an op takes inputs, from the bottom up.
static kal_node *layers_of(kal_scope *s, kal_node *small, kal_node *base, int n, const double *at)
{
    kal_node *in[AT_ONCE + 1];
    for (int i = 0; i < AT_ONCE; i++) in[i] = small;
    for (int left = n; left > 0; left -= AT_ONCE) {
        const int part = left < AT_ONCE ? left : AT_ONCE;
        in[part] = base;
        base = kal_layers(s, in, part + 1, kal_layers_params(.at = {at + 2 * (left - part), 2 * part}));
    }
    return base;
}

typedef kal_node *pile(kal_scope *s, kal_node *small, kal_node *base, int n, const double *at);

// The rows, and the work that they took.
static uint8_t *rows_of(pile *of, int n, const double *at, work *w)
{
    const kal_extent large = extent_of(WIDTH, HEIGHT, 3, KAL_U8), little = extent_of(SIDE, SIDE, 3, KAL_U8);
    rng r = {5};
    kal_stats stats = {0};
    *w = (work){0};
    const kal_options o = {
        .threads = 1, .memo_mode = KAL_MEMO_NEVER, .stats = &stats, .node_stats = add_node, .user = w};
    kal_scope *s = kal_scope_new();
    kal_node *base = rng_image(&r, s, &large), *small = rng_image(&r, s, &little);
    uint8_t *rows = read_all(of(s, small, base, n, at), &o, NULL);
    kal_scope_free(&s);
    w->bands = stats.computed_tiles;
    return rows;
}

int main(void)
{
    static double at[2 * MOST];
    rng r = {11};
    for (int i = 0; i < MOST; i++) {
        at[2 * i] = rng_below(&r, WIDTH - SIDE);
        at[2 * i + 1] = rng_below(&r, HEIGHT - SIDE);
    }
    work chain[4], layers[4];
    for (int k = 0; k < 4; k++) {
        const int n = MOST / 8 << k;
        uint8_t *a = rows_of(chain_of, n, at, &chain[k]), *b = rows_of(layers_of, n, at, &layers[k]);
        REQUIRE_MEM(a, b, (size_t)WIDTH * HEIGHT * 3);
        free(a);
        free(b);
        printf("%d: a chain computes %llu bands of %llu bytes, layers %llu of %llu\n", n,
               (unsigned long long)chain[k].bands, (unsigned long long)chain[k].bytes,
               (unsigned long long)layers[k].bands, (unsigned long long)layers[k].bytes);
    }
    for (int k = 1; k < 4; k++) {
        REQUIRE(chain[k].bands <= 2 * chain[k - 1].bands + 64 &&
                layers[k].bands <= 2 * layers[k - 1].bands + 64);
        REQUIRE(10 * chain[k].bytes <= 21 * chain[k - 1].bytes &&
                10 * layers[k].bytes <= 21 * layers[k - 1].bytes);
    }
    return check_done();
}
