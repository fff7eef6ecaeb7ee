// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Random graphs, each evaluated with random bands, threads and memo mode, whole and in part, and compared with the naive evaluator.
// `graph.random [seed] [count]`.
#include "graphs.h"

static void compare(rng *r, kal_node *node, uint64_t seed)
{
    kal_extent e;
    kal_node_extent(node, &e, NULL);
    const size_t pixel = kal_pixel_size(&e);
    unsigned char *want = naive_pixels(node);
    for (int k = 0; k < 3; k++) {
        const kal_options o = {.threads = 1 + rng_below(r, 8),
                               .band = rng_below(r, 3) ? 1 + rng_below(r, 20) : 0,
                               .memo_mode = (kal_memo_mode)rng_below(r, 3)};
        kal_rect q = kal_rect_all(&e);
        if (k) {
            q.x0 = rng_below(r, e.width), q.x1 = q.x0 + 1 + rng_below(r, e.width - q.x0);
            q.y0 = rng_below(r, e.height), q.y1 = q.y0 + 1 + rng_below(r, e.height - q.y0);
        }
        const size_t row = (size_t)(q.x1 - q.x0) * pixel;
        unsigned char *got = malloc(row * (size_t)(q.y1 - q.y0));
        const kal_status st = kal_read(node, q, got, (ptrdiff_t)row, &o, &check_error);
        bool same = !st;
        for (int32_t y = q.y0; y < q.y1 && same; y++)
            same = !memcmp(got + (size_t)(y - q.y0) * row,
                           want + ((size_t)y * (size_t)e.width + (size_t)q.x0) * pixel, row);
        free(got);
        if (!same) {
            kal_bytes text;
            if (kal_print_graph(node, &text, NULL)) text.data = NULL;
            REQUIRE_NOTE(same, "seed %llu, rect %d,%d..%d,%d, threads %d, band %d, memo %d: %s\n%s",
                         (unsigned long long)seed, q.x0, q.y0, q.x1, q.y1, o.threads, o.band, o.memo_mode,
                         st ? check_error.message : "pixels differ", (char *)text.data);
            kal_bytes_free(&text);
            break;
        }
        check_passed++;
    }
    free(want);
}

static void one(uint64_t seed)
{
    rng r = {seed};
    kal_scope *s = kal_scope_new();
    compare(&r, random_graph(&r, s), seed);
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    const uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 1500;
    for (uint64_t i = 0; i < count; i++) {
        one(first + i);
        if (i % 100 == 99) kal_memo_clear(NULL);
    }
    kal_memo_clear(NULL);
    printf("%llu random graphs from seed %llu\n", (unsigned long long)count, (unsigned long long)first);
    return check_done();
}
