// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a memo holds in memory, beside a list that does the same by looking through all of it; and that what it says it takes is what it takes.
// `graph.held [seed]`.
#include "check.h"

#include "held.h"

#include <malloc.h>

// ---- the list -----------------------------------------------------------------------------------

#define MOST 400

typedef struct item {
    kal__stored_kind kind;
    kal_key key;
    kal_rect rect;
    const kal__slab *slab;
    size_t bytes;
    double worth, ratio;
    uint64_t born;
} item;

typedef struct list {
    item items[MOST];
    int n;
    double clock;
    uint64_t bytes, limit, births, evicted;
} list;

static void list_remove(list *l, int i)
{
    l->bytes -= l->items[i].bytes;
    l->items[i] = l->items[--l->n];
}

static void list_shrink(list *l, uint64_t bytes)
{
    while (l->n && l->bytes > bytes) {
        int least = 0;
        for (int i = 1; i < l->n; i++) {
            const item *a = &l->items[i], *b = &l->items[least];
            if (a->worth < b->worth || (a->worth == b->worth && a->born < b->born)) least = i;
        }
        l->clock = l->items[least].worth;
        list_remove(l, least);
        l->evicted++;
    }
}

// The bytes it takes are those that the held one says.
static void list_put(list *l, item it)
{
    it.worth = l->clock + it.ratio;
    it.born = l->births++;
    bool wanted = it.bytes <= l->limit;
    for (int i = l->n; i-- > 0 && wanted;)
        wanted = !(l->items[i].kind == it.kind && kal_key_equal(l->items[i].key, it.key) &&
                   kal_rect_inside(it.rect, l->items[i].rect));
    for (int i = l->n; i-- > 0 && wanted;)
        if (l->items[i].kind == it.kind && kal_key_equal(l->items[i].key, it.key) &&
            kal_rect_inside(l->items[i].rect, it.rect))
            list_remove(l, i);
    if (wanted && l->n < MOST) {
        l->items[l->n++] = it;
        l->bytes += it.bytes;
    }
    list_shrink(l, l->limit);
}

static bool list_has(const list *l, kal__stored_kind kind, kal_key key, kal_rect rect)
{
    for (int i = 0; i < l->n; i++)
        if (l->items[i].kind == kind && kal_key_equal(l->items[i].key, key) &&
            kal_rect_inside(rect, l->items[i].rect))
            return true;
    return false;
}

static void list_touch(list *l, const kal__slab *slab)
{
    for (int i = 0; i < l->n; i++)
        if (l->items[i].slab == slab) l->items[i].worth = l->clock + l->items[i].ratio;
}

// ---- both ---------------------------------------------------------------------------------------

static kal_rect some_rect(rng *r)
{
    const int32_t x = rng_below(r, 4), y = rng_below(r, 4);
    return kal_rect_of(x, y, x + 1 + rng_below(r, 4), y + 1 + rng_below(r, 4));
}

static void test_same(uint64_t seed)
{
    rng r = {seed};
    list *l = calloc(1, sizeof *l);
    kal__held h = {0};
    h.stats.limit = l->limit = 30000;
    for (int step = 0; step < 20000; step++) {
        // few keys, and of those some in one bucket
        const kal_key key = {(uint64_t)rng_below(&r, 8), (uint64_t)rng_below(&r, 3)
                                                             << (rng_below(&r, 2) ? 40 : 0)};
        const kal__stored_kind kind = rng_below(&r, 3) ? KAL__STORED_ROWS : KAL__STORED_BYTES;
        kal_rect rect = some_rect(&r);
        const int what = rng_below(&r, 100);
        if (what < 50) {
            kal__slab *s = kal__slab_new((size_t)(1 + rng_below(&r, 600)));
            const double ns = rng_below(&r, 4) ? rng_below(&r, 100000) : 5000;
            kal__held probe = {.stats = {.limit = UINT64_MAX}};   // what such a one takes
            REQUIRE(kal__held_put(&probe, kind, key, rect, s, s->size, ns));
            const size_t bytes = probe.stats.bytes;
            kal__held_clear(&probe);
            kal__held_put(&h, kind, key, rect, s, s->size, ns);
            list_put(l, (item){kind, key, rect, s, bytes, 0, ns / (double)bytes, 0});
            kal__slab_unref(&s);
        } else if (what < 95) {
            rect.x1 = rect.x0 + 1, rect.y1 = rect.y0 + 1;
            kal__slab *got = NULL;
            kal_rect have;
            const bool found = kal__held_find(&h, kind, key, rect, &got, &have);
            REQUIRE_NOTE(found == list_has(l, kind, key, rect), "seed %llu, step %d",
                         (unsigned long long)seed, step);
            REQUIRE(kal__held_has(&h, key, rect) == list_has(l, KAL__STORED_ROWS, key, rect));
            if (found) {
                REQUIRE(kal_rect_inside(rect, have));
                list_touch(l, got);
                kal__slab_unref(&got);
            }
        } else if (what < 98) {
            kal__held_forget(&h, key);
            for (int i = l->n; i-- > 0;)
                if (kal_key_equal(l->items[i].key, key)) list_remove(l, i);
        } else {
            const uint64_t to = (uint64_t)rng_below(&r, 30000);
            kal__held_shrink(&h, to);
            list_shrink(l, to);
        }
        if (!REQUIRE_NOTE(h.stats.bytes == l->bytes && h.n == (size_t)l->n && h.stats.entries == h.n &&
                              h.stats.evicted == l->evicted && h.stats.bytes <= l->limit,
                          "seed %llu, step %d: %llu bytes of %zu, not %llu of %d", (unsigned long long)seed,
                          step, (unsigned long long)h.stats.bytes, h.n, (unsigned long long)l->bytes, l->n))
            break;
    }
    REQUIRE_NOTE(h.stats.hits > 500 && l->evicted > 500, "%llu hits, %llu evicted",
                 (unsigned long long)h.stats.hits, (unsigned long long)l->evicted);
    kal__held_clear(&h);
    REQUIRE(!h.n && !h.stats.bytes && !h.n_keys);
    free(l);
}

// ---- what it takes ------------------------------------------------------------------------------

static size_t in_use(void)
{
    const struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

// Values and small pictures by the ten thousand: what is held is what it says, and stays below the limit.
static void test_small(void)
{
    enum { N = 20000, LIMIT = 3 << 20 };
    kal_memo *memo = kal_memo_new(LIMIT);
    kal_scope *s = kal_scope_new();
    rng r = {5};
    const kal_extent e = extent_of(300, 300, 1, KAL_U8);
    kal_node *image = rng_image(&r, s, &e);
    const size_t before = in_use();
    size_t most = 0;
    kal_memo_stats m;
    for (int i = 0; i < N; i++) {
        kal_scope *own = kal_scope_new();
        kal_value v;
        unsigned char pixels[64];
        kal_node *part =
            kal_crop(own, image, kal_crop_params(.x = i % 290, .y = i / 290, .width = 8, .height = 8));
        const kal_options o = {.memo = memo, .memo_mode = KAL_MEMO_ALWAYS, .threads = 1};
        REQUIRE_OK(kal_read_value(kal_apply_text(own, "mean", "", &part, 1), &o, &v, &check_error));
        kal_value_free(&v);
        kal_node *soft = kal_gaussian(own, part, kal_gaussian_params(.sigma = 1));
        REQUIRE_OK(kal_read(soft, kal_rect_of(0, 0, 8, 8), pixels, 8, &o, &check_error));
        kal_scope_free(&own);
        if (i % 500 == 499 && in_use() > before + most) most = in_use() - before;
    }
    kal_memo_get_stats(memo, &m);
    REQUIRE_NOTE(m.evicted > N && m.entries > 5000 && m.bytes <= LIMIT,
                 "%llu evicted, %llu entries of %llu bytes", (unsigned long long)m.evicted,
                 (unsigned long long)m.entries, (unsigned long long)m.bytes);
    // an allocator that tells nothing has nothing to say
    if (most) REQUIRE_NOTE(most < LIMIT + (1 << 20), "%zu bytes are in use for a limit of %d", most, LIMIT);
    REQUIRE_NOTE(kal__slab_bytes() < LIMIT + (1 << 20), "%zu bytes of slabs", kal__slab_bytes());
    kal_scope_free(&s);
    kal_memo_free(&memo);
}

int main(int argc, char **argv)
{
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    for (uint64_t i = 0; i < 5; i++) test_same(seed + i);
    test_small();
    return check_done();
}
