// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Readers that look past what was pasted: an op that hands on most of its base makes only the rows in which something changed, and pixels
// are those of the naive evaluator: pastes upon pastes, read from several sides. `graph.past [seed] [count]`.
#include "graphs.h"

#define MOST 14

static kal_node *crop(kal_scope *s, kal_node *n, int32_t x, int32_t y, int32_t w, int32_t h)
{
    return kal_crop(s, n, kal_crop_params(.x = x, .y = y, .width = w, .height = h));
}

static kal_node *paste(rng *r, kal_scope *s, kal_node *const *have, int32_t n)
{
    kal_node *base = have[n - 1 - rng_below(r, n < 3 ? n : 3)], *small = have[rng_below(r, n)];
    kal_extent e;
    kal_node_extent(base, &e, NULL);
    const int32_t w = 1 + rng_below(r, e.width / 2), h = 1 + rng_below(r, e.height / 3);
    const int32_t x = rng_below(r, e.width - w), y = rng_below(r, e.height - h);
    small = crop(s, small, x, y, w, h);
    if (rng_below(r, 2)) small = kal_gaussian(s, small, kal_gaussian_params(.sigma = 0.7));
    const int32_t to_x = rng_below(r, e.width - w), to_y = rng_below(r, e.height - h);
    const double line[6] = {0, x, y, 0, to_x, to_y}, color[3] = {250, 20, 3};
    switch (rng_below(r, 4)) {
    case 3: return kal_draw_lines(s, base, kal_draw_lines_params(.lines = {line, 6}, .color = {color, 3}));
    case 0:
        return kal_uncrop(
            s, small, base,
            kal_uncrop_params(.x = to_x, .y = to_y, .width = w, .height = h, .feather = rng_below(r, 3)));
    case 1: return kal_composite(s, small, base, kal_composite_params(.x = to_x - w / 2, .y = to_y));
    default: return kal_insert(s, small, base, kal_insert_params(.x = to_x, .y = to_y - h / 2));
    }
}

// What reads rows in other ways: with a halo, from the bottom up, two at once.
static kal_node *other(rng *r, kal_scope *s, kal_node *const *have, int32_t n)
{
    kal_node *a = have[n - 1 - rng_below(r, n < 2 ? n : 2)], *b = have[rng_below(r, n)];
    switch (rng_below(r, 4)) {
    case 0: return kal_gaussian(s, a, kal_gaussian_params(.sigma = 1));
    case 1: return kal_flip(s, a, kal_flip_params(.direction = 1));
    case 2: return kal_blend(s, a, b, kal_blend_params(.alpha = 0.5));
    default: return kal_invert(s, a, NULL);
    }
}

static kal_node *pasted(rng *r, kal_scope *s)
{
    kal_node *have[MOST];
    const kal_extent e =
        extent_of(6 + rng_below(r, 40), 9 + rng_below(r, 90), rng_below(r, 2) ? 3 : 4, KAL_U8);
    int32_t n = 0;
    have[n++] = rng_image(r, s, &e);
    have[n++] = rng_image(r, s, &e);
    const int32_t wanted = 4 + rng_below(r, MOST - 4);
    while (n < wanted) {
        have[n] = rng_below(r, 4) ? paste(r, s, have, n) : other(r, s, have, n);
        n++;
    }
    return have[n - 1];
}

static void one(uint64_t seed)
{
    static const int32_t threads[] = {1, 3, 8};
    rng r = {seed};
    kal_scope *s = kal_scope_new();
    kal_node *node = pasted(&r, s);
    kal_extent e;
    if (REQUIRE_OK(kal_node_extent(node, &e, &check_error))) {
        const size_t row = (size_t)e.width * kal_pixel_size(&e);
        unsigned char *want = naive_pixels(node), *got = malloc(bytes_of(&e));
        for (int i = 0; i < 3; i++) {
            const kal_options o = {
                .threads = threads[i], .band = 1 + rng_below(&r, 12), .memo_mode = KAL_MEMO_NEVER};
            kal_rect q = kal_rect_all(&e);
            if (i == 2) q.y0 = rng_below(&r, e.height), q.y1 = q.y0 + 1 + rng_below(&r, e.height - q.y0);
            memset(got, 0x5a, bytes_of(&e));
            const kal_status st = kal_read(node, q, got, (ptrdiff_t)row, &o, &check_error);
            REQUIRE_NOTE(!st && !memcmp(got, want + row * (size_t)q.y0, row * (size_t)(q.y1 - q.y0)),
                         "seed %llu, rows %d..%d, %d threads, bands of %d: %s", (unsigned long long)seed,
                         q.y0, q.y1, o.threads, o.band, st ? check_error.message : "pixels differ");
        }
        free(want);
        free(got);
    }
    kal_scope_free(&s);
}

// The part of the plan that begins with this stage's name; NULL when there is none.
static char *planned(kal_node *node, const char *stage, char *room, size_t size)
{
    kal_bytes b;
    const kal_options o = {.band = 16, .memo_mode = KAL_MEMO_NEVER};
    if (!REQUIRE_OK(kal_explain(&node, 1, KAL_AS_JSON, &o, &b, &check_error))) return NULL;
    const char *at = strstr((const char *)b.data, stage);
    if (at) snprintf(room, size, "%.*s", (int)strcspn(at, "}"), at);
    kal_bytes_free(&b);
    return at ? room : NULL;
}

// 1000 rows, of which 200 … 299 change; an encoder reads them by 16.
static void makes_only_what_changes(void)
{
    rng r = {5};
    char plan[600];
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(64, 1000, 3, KAL_U8);
    kal_node *base = kal_invert(s, rng_image(&r, s, &e), NULL);
    kal_node *part = crop(s, base, 10, 200, 40, 100);
    kal_node *done = kal_uncrop(s, kal_gaussian(s, part, kal_gaussian_params(.sigma = 2)), base,
                                kal_uncrop_params(.x = 10, .y = 200, .width = 40, .height = 100));
    kal_node *file = kal_encode(s, done, "pnm", NULL);
    REQUIRE(planned(file, "uncrop", plan, sizeof plan));
    REQUIRE_NOTE(strstr(plan, "\"rect\": [0, 192, 64, 304]"), "%s", plan);
    // nothing of what changed is wanted: no stage at all
    kal_node *below = kal_encode(s, crop(s, done, 0, 400, 64, 64), "pnm", NULL);
    REQUIRE(!planned(below, "uncrop", plan, sizeof plan) && !planned(below, "gaussian", plan, sizeof plan));
    // beside it, in the same rows
    kal_node *beside = kal_encode(s, crop(s, done, 52, 0, 12, 1000), "pnm", NULL);
    REQUIRE(!planned(beside, "uncrop", plan, sizeof plan));
    // what is kept for the memo is made whole
    kal_stats stats;
    kal_options o = {.memo_mode = KAL_MEMO_ALWAYS, .stats = &stats};
    kal_bytes b;
    for (int i = 0; i < 2; i++) {
        REQUIRE_OK(kal_read_bytes(kal_encode(s, done, i ? "png" : "pnm", NULL), &o, &b, &check_error));
        kal_bytes_free(&b);
    }
    REQUIRE_NOTE(stats.computed_tiles == 0, "%llu", (unsigned long long)stats.computed_tiles);
    kal_memo_clear(NULL);
    kal_scope_free(&s);
}

// More pastes upon each other than a reader looks past.
static void long_chain(void)
{
    rng r = {77};
    kal_scope *s = kal_scope_new();
    const kal_extent big = extent_of(60, 400, 3, KAL_U8), small = extent_of(7, 5, 3, KAL_U8);
    kal_node *node = rng_image(&r, s, &big);
    for (int i = 0; i < 150; i++)
        node = kal_insert(s, rng_image(&r, s, &small), node,
                          kal_insert_params(.x = rng_below(&r, 60) - 3, .y = rng_below(&r, 400) - 2));
    void *want = naive_pixels(node);
    for (int32_t threads = 1; threads <= 2; threads++) {
        const kal_options o = {.threads = threads, .band = 16, .memo_mode = KAL_MEMO_NEVER};
        kal_extent e;
        void *got = read_all(node, &o, &e);
        REQUIRE_MEM(got, want, bytes_of(&e));
        free(got);
    }
    free(want);
    kal_scope_free(&s);
}

// Ops that work in place on one another are one stage: a band is made once, however many there are.
static void chain_is_one_pass(void)
{
    rng r = {79};
    kal_scope *s = kal_scope_new();
    const kal_extent big = extent_of(60, 400, 3, KAL_U8), small = extent_of(7, 5, 3, KAL_U8);
    kal_node *base = rng_image(&r, s, &big);
    for (int32_t n = 50; n <= 3200; n *= 8) {
        kal_node *node = base;
        for (int32_t i = 0; i < n; i++)
            node = kal_insert(s, rng_image(&r, s, &small), node,
                              kal_insert_params(.x = rng_below(&r, 53), .y = rng_below(&r, 395)));
        kal_stats stats = {0};
        const kal_options o = {.threads = 1, .band = 16, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
        void *want = naive_pixels(node), *got = read_all(node, &o, NULL);
        REQUIRE_MEM(got, want, bytes_of(&big));
        REQUIRE_NOTE(stats.computed_tiles == 25, "%d inserts: %llu bands", n,
                     (unsigned long long)stats.computed_tiles);
        free(want);
        free(got);
    }
    kal_scope_free(&s);
}

// A reader of several ops goes by blocks narrower than the rows; each block reads what its band waited for.
static void in_blocks(void)
{
    rng r = {78};
    kal_scope *s = kal_scope_new();
    const kal_extent big = extent_of(1500, 240, 3, KAL_F32), small = extent_of(40, 9, 3, KAL_F32);
    kal_node *base = kal_gaussian(s, rng_image(&r, s, &big), kal_gaussian_params(.sigma = 1));
    kal_node *p = kal_insert(s, rng_image(&r, s, &small), base, kal_insert_params(.x = 700, .y = 90));
    kal_node *two =
        kal_gamma(s, kal_levels(s, p, kal_levels_params(.white = 0.9)), kal_gamma_params(.exponent = 1.5));
    kal_node *node = kal_blend(s, kal_gaussian(s, two, kal_gaussian_params(.sigma = 2)), p, NULL);
    void *want = naive_pixels(node);
    for (int i = 0; i < 24; i++) {
        const kal_options o = {.threads = 1 + i % 4, .band = 4 << i % 4, .memo_mode = KAL_MEMO_NEVER};
        kal_extent e;
        void *got = read_all(node, &o, &e);
        REQUIRE_MEM(got, want, bytes_of(&e));
        free(got);
    }
    free(want);
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    const uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 1200;
    makes_only_what_changes();
    long_chain();
    chain_is_one_pass();
    in_blocks();
    for (uint64_t i = 0; i < count; i++) one(first + i);
    printf("%llu graphs of pastes from seed %llu\n", (unsigned long long)count, (unsigned long long)first);
    return check_done();
}
