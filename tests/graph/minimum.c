// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the planner says is the least memory is enough, and one byte less is refused before the first pixel: random graphs at exactly the
// simulated minimum, with one worker and with several. `graph.minimum [seed] [count]`.
#include "graphs.h"

// The bytes that the refusal of a plan names; 0 when it is not refused.
static uint64_t least(const kal_node *node, const kal_extent *e, void *out, kal_options o)
{
    o.max_memory = 1;
    const ptrdiff_t row = (ptrdiff_t)((size_t)e->width * kal_pixel_size(e));
    const kal_status st = kal_read(node, kal_rect_all(e), out, row, &o, &check_error);
    if (st == KAL_OK) return 0;
    const char *at = strstr(check_error.message, "the plan needs ");
    REQUIRE_NOTE(st == KAL_LIMIT && at, "%s", check_error.message);
    return at ? strtoull(at + 15, NULL, 10) : 0;
}

static bool one(uint64_t seed)
{
    rng r = {seed};
    kal_scope *s = kal_scope_new();
    kal_node *node = random_graph(&r, s);
    kal_extent e;
    kal_node_extent(node, &e, NULL);
    const ptrdiff_t row = (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e));
    unsigned char *want = naive_pixels(node), *got = malloc(bytes_of(&e));
    bool limited = false;
    for (int32_t threads = 1; threads <= 8; threads += threads == 1 ? 1 : 6) {
        kal_stats stats;
        kal_options o = {.threads = threads, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
        const uint64_t bytes = least(node, &e, got, o);
        if (bytes < 2) continue;   // needs nothing beside the caller's rows
        limited = true;
        o.max_memory = bytes;
        memset(got, 0x5a, bytes_of(&e));
        const kal_status st = kal_read(node, kal_rect_all(&e), got, row, &o, &check_error);
        REQUIRE_NOTE(st == KAL_OK && !memcmp(got, want, bytes_of(&e)),
                     "seed %llu, %d threads, %llu bytes: %s", (unsigned long long)seed, threads,
                     (unsigned long long)bytes, st ? check_error.message : "pixels differ");
        REQUIRE_NOTE(stats.peak_bytes <= bytes, "seed %llu, %d threads: held %llu of %llu bytes",
                     (unsigned long long)seed, threads, (unsigned long long)stats.peak_bytes,
                     (unsigned long long)bytes);
        o.max_memory = bytes - 1;
        REQUIRE_NOTE(kal_read(node, kal_rect_all(&e), got, row, &o, &check_error) == KAL_LIMIT, "seed %llu",
                     (unsigned long long)seed);
    }
    free(want);
    free(got);
    kal_scope_free(&s);
    return limited;
}

int main(int argc, char **argv)
{
    const uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 1000;
    uint64_t limited = 0;
    for (uint64_t i = 0; i < count; i++) limited += one(first + i);
    printf("%llu random graphs from seed %llu, %llu with a limit to keep\n", (unsigned long long)count,
           (unsigned long long)first, (unsigned long long)limited);
    REQUIRE(limited > count / 2);
    return check_done();
}
