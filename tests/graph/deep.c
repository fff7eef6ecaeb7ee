// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A graph of 100,000 chained nodes builds, prints, parses, keys, runs and frees; and a wide one of shared diamonds does not explode.
#include "check.h"

#define DEPTH 100000

static kal_node *chain(kal_scope *s, kal_node *at, int32_t depth)
{
    for (int32_t i = 0; i < depth; i++) {
        kal_node *next =
            i % 3 == 0 ? kal_invert(NULL, at, NULL)
            : i % 3 == 1
                ? kal_gaussian(NULL, at, kal_gaussian_params(.sigma = 0.3))
                : kal_turn(NULL, at, kal_turn_params(.how = i % 2 ? KAL_TURN_FLIP : KAL_TURN_MIRROR));
        if (i) kal_node_unref(&at);
        at = next;
    }
    (void)s;
    return at;
}

int main(void)
{
    rng r = {3};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(16, 16, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e), *deep = chain(s, image, DEPTH);
    REQUIRE_OK(kal_node_error(deep, &check_error));
    REQUIRE(kal_node_count() > DEPTH);

    kal_bytes text;
    kal_key a, b;
    REQUIRE_OK(kal_print_graph(deep, &text, &check_error));
    REQUIRE_OK(kal_node_key(deep, &a, &check_error));
    char name[40], key[33];
    kal_node_key(image, &b, NULL);
    snprintf(name, sizeof name, "i%.12s", kal_key_print(b, key));
    kal_program *p;
    if (REQUIRE_OK(kal_program_parse((char *)text.data, text.size,
                                     &(kal_binding){.name = name, .node = image}, 1, &p, &check_error))) {
        kal_node_key(kal_program_root(p), &b, NULL);
        REQUIRE(kal_key_equal(a, b));
    }
    kal_program_free(&p);

    kal_stats stats;
    const kal_options o = {.stats = &stats, .memo_mode = KAL_MEMO_NEVER};
    void *got = read_all(deep, &o, NULL), *want = naive_pixels(deep);
    REQUIRE_MEM(got, want, bytes_of(&e));
    printf("%d nodes: %zu bytes of text, evaluated in %.0f ms, peak %llu bytes\n", DEPTH, text.size,
           stats.wall_ms, (unsigned long long)stats.peak_bytes);
    REQUIRE_NOTE(stats.peak_bytes < 1000000, "%llu bytes: rings of finished stages are not let go",
                 (unsigned long long)stats.peak_bytes);
    free(got);
    free(want);
    kal_bytes_free(&text);
    kal_node_unref(&deep);

    // x + blurred x, again and again: 2^40 paths, 80 nodes
    kal_node *x = image;
    for (int i = 0; i < 40; i++)
        x = kal_uncrop(
            s,
            kal_gaussian(s, kal_crop(s, x, kal_crop_params(.x = 4, .y = 4, .width = 8, .height = 8)), NULL),
            x, kal_uncrop_params(.x = 4, .y = 4, .feather = 2));
    got = read_all(x, &o, NULL);
    want = naive_pixels(x);
    REQUIRE_MEM(got, want, bytes_of(&e));
    REQUIRE(stats.computed_tiles < 400);
    free(got);
    free(want);
    kal_scope_free(&s);
    return check_done();
}
