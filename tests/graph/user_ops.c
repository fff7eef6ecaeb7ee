// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Users' ops: registered, run, keyed, and failing; errors that arrive whole.
#define _GNU_SOURCE
#include "acme.h"

#include <unistd.h>

static void user_ops(kal_scope *s, kal_node *image)
{
    REQUIRE_OK(kal_op_register(&acme_max, &check_error));
    REQUIRE_OK(kal_op_register(&acme_max, &check_error));
    REQUIRE_OK(kal_op_register(&acme_flip, &check_error));
    REQUIRE_OK(kal_op_register(&acme_fails, &check_error));
    REQUIRE_OK(kal_op_register(&acme_slow, &check_error));
    kal_op twin = acme_max;
    REQUIRE_FAILS(KAL_INVALID, kal_op_register(&twin, &check_error));
    twin.name = "max";
    REQUIRE_FAILS(KAL_INVALID, kal_op_register(&twin, &check_error));

    kal_node *a = kal_apply_text(s, "acme.max", "radius=3 gain=1.5", &image, 1);
    kal_node *b = kal_apply(s, "acme.flip", NULL, &a, 1);
    kal_node *c = kal_gaussian(s, b, kal_gaussian_params(.sigma = 1));
    kal_extent e;
    void *want = naive_pixels(c);
    for (int32_t threads = 1; threads <= 8; threads *= 2) {
        const kal_options o = {.threads = threads, .band = 7, .memo_mode = KAL_MEMO_NEVER};
        void *got = read_all(c, &o, &e);
        REQUIRE_MEM(got, want, bytes_of(&e));
        free(got);
    }
    free(want);
    kal_key k1, k2;
    kal_node_key(a, &k1, NULL);
    kal_node_key(kal_apply_text(s, "acme.max", "radius=3 gain=1.25", &image, 1), &k2, NULL);
    REQUIRE(!kal_key_equal(k1, k2));
}

static kal_key key_of(const kal_node *node)
{
    kal_key k = {0};
    REQUIRE_OK(kal_node_key(node, &k, &check_error));
    return k;
}

// What an op got later does not move the keys of those who do not use it.
static void growing(kal_scope *s, kal_node *image)
{
    static kal_op grows;
    grows = acme_max;
    grows.name = "acme.grows";
    grows.n_params = 1;
    REQUIRE_OK(kal_op_register(&grows, &check_error));
    const kal_key old = key_of(kal_apply_text(s, "acme.grows", "radius=7", &image, 1));
    grows.n_params = 2;
    REQUIRE(!kal_key_equal(old, key_of(kal_apply_text(s, "acme.grows", "radius=7", &image, 1))));
    grows.n_later = 1;
    REQUIRE(kal_key_equal(old, key_of(kal_apply_text(s, "acme.grows", "radius=7 gain=1", &image, 1))));
    REQUIRE(!kal_key_equal(old, key_of(kal_apply_text(s, "acme.grows", "radius=7 gain=2", &image, 1))));
    kal_bytes printed = {0};
    REQUIRE_OK(
        kal_print_graph(kal_apply_text(s, "acme.grows", "radius=6", &image, 1), &printed, &check_error));
    REQUIRE(!strstr((const char *)printed.data, "gain"));
    kal_bytes_free(&printed);
    kal_op wrong = grows;
    wrong.name = "acme.wrong";
    wrong.n_later = 3;
    REQUIRE_FAILS(KAL_INVALID, kal_op_register(&wrong, &check_error));
}

static void failing(kal_scope *s, kal_node *image)
{
    kal_node *bad = kal_apply(s, "acme.fails", NULL, &image, 1);
    kal_node *more = kal_gaussian(s, bad, NULL);
    kal_extent e;
    const kal_options o = {.threads = 4, .band = 16};
    REQUIRE(read_all(more, &o, &e) == NULL);
    REQUIRE(check_error.status == KAL_CALLBACK);
    REQUIRE_NOTE(strstr(check_error.message, "no model for row"), "%s", check_error.message);
    kal_memo_stats m;
    kal_memo_get_stats(NULL, &m);
    REQUIRE(m.entries == 0);
    const char *path = check_temp("never.jpg");
    kal_node *upright = kal_apply(s, "acme.fails", NULL, &image, 1);
    REQUIRE_FAILS(KAL_CALLBACK, kal_save(upright, path, NULL, &o, &check_error));
    REQUIRE(access(path, F_OK) != 0);
    // an error node goes through everything and tells the first cause
    kal_node *none = kal_crop(s, image, kal_crop_params(.x = 100000));
    kal_node *after = kal_invert(s, kal_gaussian(s, none, NULL), NULL);
    REQUIRE(after == none);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(after, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "crop"), "%s", check_error.message);
    REQUIRE_FAILS(KAL_INVALID, kal_save(after, path, NULL, NULL, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_read(image, kal_rect_of(0, 0, 1, 100000), &e, 1000, NULL, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_read(NULL, kal_rect_of(0, 0, 1, 1), &e, 1000, NULL, &check_error));
}

int main(void)
{
    rng r = {11};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(180, 140, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e);
    user_ops(s, image);
    growing(s, image);
    kal_memo_clear(NULL);
    failing(s, image);
    kal_scope_free(&s);
    return check_done();
}
