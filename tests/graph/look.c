// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Requests that only look, and those that may compute nothing: over random graphs, what is foretold is what is then done; entries from
// folder to folder.
#include "graphs.h"

#include <unistd.h>

static kal_memo *memo_at(const char *folder)
{
    kal_memo *m = kal_memo_new((uint64_t)64 << 20);
    REQUIRE(m != NULL);
    REQUIRE_OK(kal_memo_set_folder(m, folder, 0, &check_error));
    return m;
}

static kal_sight look(kal_node *node, kal_memo *m)
{
    kal_sight seen;
    const kal_options o = {.memo = m};
    REQUIRE_OK(kal_look(&node, 1, &o, &seen, &check_error));
    return seen;
}

static void one_picture(void)
{
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    rng r = {5};
    kal_scope *s = kal_scope_new();
    const char *path = check_temp("look.png");
    REQUIRE_OK(kal_save(rng_image(&r, s, &e), path, NULL, NULL, &check_error));
    kal_node *photo = kal_load(s, path, NULL), *soft = kal_apply_text(s, "gaussian", "3", &photo, 1);
    kal_node *gray = kal_apply_text(s, "gray", NULL, &soft, 1),
             *mean = kal_apply_text(s, "mean", NULL, &gray, 1), *file = kal_encode(s, soft, "png", NULL);
    const kal_bound bound = {"value", mean};
    kal_node *hangs = kal_apply_bound(s, "threshold", NULL, &soft, 1, &bound, 1);
    kal_memo *m = memo_at(check_temp("look"));
    kal_stats stats;
    const kal_options known = {.memo = m, .only_known = true, .stats = &stats}, all = {.memo = m};
    unsigned char *want = malloc(300 * 200 * 3), *got = malloc(300 * 200 * 3);
    kal_bytes b, again;
    kal_value v;
    kal_key key;
    char text[33];

    kal_sight seen = look(file, m);
    REQUIRE(!seen.known && !seen.unsettled && seen.nodes == 2 && !seen.nodes_reused && seen.planned_bytes);
    REQUIRE(look(hangs, m).unsettled && !look(hangs, m).known);
    REQUIRE_FAILS(KAL_MISSING, kal_read(soft, kal_rect_all(&e), got, 900, &known, &check_error));
    REQUIRE_OK(kal_node_key(soft, &key, &check_error));
    REQUIRE(strstr(check_error.message, kal_key_print(key, text)) && !stats.decodes && !stats.computed_tiles);
    REQUIRE_FAILS(KAL_MISSING, kal_read_bytes(file, &known, &b, &check_error));
    REQUIRE_FAILS(KAL_MISSING, kal_read_value(mean, &known, &v, &check_error));
    kal_memo_stats told;
    kal_memo_get_stats(m, &told);
    REQUIRE(!told.stored && !told.folder_stored);

    kal_options keep = all;
    keep.memo_mode = KAL_MEMO_ALWAYS;
    REQUIRE_OK(kal_read(soft, kal_rect_all(&e), want, 900, &keep, &check_error));
    seen = look(soft, m);
    REQUIRE(seen.known == 1 && seen.nodes == 1 && seen.nodes_reused == 1);
    REQUIRE_OK(kal_read(soft, kal_rect_all(&e), got, 900, &known, &check_error));
    REQUIRE_MEM(want, got, 300 * 200 * 3);
    REQUIRE(!look(file, m).known);
    REQUIRE_OK(kal_read_bytes(file, &known, &b, &check_error));   // is encoded, and not kept
    REQUIRE(!look(file, m).known);
    REQUIRE_FAILS(KAL_MISSING, kal_read_value(mean, &known, &v, &check_error));
    REQUIRE_OK(kal_read_bytes(file, &keep, &again, &check_error));
    REQUIRE(b.size == again.size);
    REQUIRE_MEM(b.data, again.data, b.size);
    kal_bytes_free(&again);
    REQUIRE(look(file, m).known == 1);
    kal_node *both[2] = {file, mean};
    REQUIRE_OK(kal_look(both, 2, &all, &seen, &check_error));
    REQUIRE(seen.known == 1 && seen.nodes == 3 && seen.nodes_reused == 2);
    REQUIRE_OK(kal_read_value(mean, &keep, &v, &check_error));
    kal_value_free(&v);
    REQUIRE(look(mean, m).known == 1 && !look(hangs, m).unsettled);
    REQUIRE_OK(kal_read_value(mean, &known, &v, &check_error));
    kal_value_free(&v);
    const kal_options never = {.memo = m, .memo_mode = KAL_MEMO_NEVER, .only_known = true};
    REQUIRE_FAILS(KAL_MISSING, kal_read(soft, kal_rect_all(&e), got, 900, &never, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_look(both, 0, &all, &seen, &check_error));
    kal_bytes_free(&b);
    kal_memo_free(&m);
    free(want);
    free(got);
    kal_scope_free(&s);
}

// What is foretold of nodes is what a request does; and what it may not do without, it does not.
static void random_graphs(uint64_t seed, int n)
{
    int refused = 0, done = 0;
    for (int i = 0; i < n; i++) {
        rng r = {seed + (uint64_t)i};
        kal_scope *s = kal_scope_new();
        kal_node *image = random_graph(&r, s);
        kal_extent e;
        kal_memo *m = kal_memo_new((uint64_t)64 << 20);
        for (int k = 0; image && k < 3 && !kal_node_extent(image, &e, NULL); k++) {
            kal_stats stats = {0};
            kal_options o = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS, .only_known = true, .stats = &stats};
            kal_key with, without;
            const kal_sight seen = look(image, m);
            const kal_status st = kal_content_key(image, &o, &with, &check_error);
            REQUIRE(st == KAL_OK || st == KAL_MISSING);
            REQUIRE(!stats.decodes && !stats.computed_tiles);
            REQUIRE(!seen.known || !st);
            refused += st != KAL_OK;
            done += !st;
            o.only_known = false;
            REQUIRE_OK(kal_content_key(image, &o, &without, &check_error));
            REQUIRE(st || kal_key_equal(with, without));
            if (!seen.unsettled && k == 0) REQUIRE(stats.nodes == seen.nodes);
        }
        kal_memo_free(&m);
        kal_scope_free(&s);
    }
    REQUIRE_NOTE(refused > n / 3 && done > n / 3, "%d refused, %d done", refused, done);
}

typedef struct keys {
    kal_key list[64];
    int n;
} keys;

static bool note(void *user, const kal_memo_entry *e)
{
    keys *k = user;
    if (k->n < 64) k->list[k->n++] = e->key;
    return true;
}

static void folders(void)
{
    const kal_extent e = extent_of(200, 150, 3, KAL_U8);
    rng r = {6};
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e), *soft = kal_apply_text(s, "gaussian", "3", &image, 1);
    kal_node *file = kal_encode(s, soft, "png", NULL);
    const char *one = check_temp("one"), *two = check_temp("two");
    kal_memo *a = memo_at(one), *b = memo_at(two), *none = kal_memo_new(1000);
    kal_options o = {.memo = a, .memo_mode = KAL_MEMO_ALWAYS};
    kal_bytes first, again;
    REQUIRE_OK(kal_read_bytes(file, &o, &first, &check_error));
    keys k = {.n = 0};
    REQUIRE_OK(kal_memo_each(a, false, note, &k, &check_error));
    REQUIRE(k.n > 0);
    bool copied;
    for (int i = 0; i < k.n; i++) {
        REQUIRE_OK(kal_memo_copy(a, b, k.list[i], &copied, &check_error));
        REQUIRE(copied);
        REQUIRE_OK(kal_memo_copy(a, b, k.list[i], &copied, &check_error));
        REQUIRE(!copied);
    }
    REQUIRE_FAILS(KAL_INVALID, kal_memo_copy(none, b, k.list[0], &copied, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_memo_copy(a, none, k.list[0], &copied, &check_error));
    o = (kal_options){.memo = b, .only_known = true};
    REQUIRE_OK(kal_read_bytes(file, &o, &again, &check_error));
    REQUIRE(first.size == again.size);
    REQUIRE_MEM(first.data, again.data, first.size);
    kal_bytes_free(&again);
    kal_bytes_free(&first);
    REQUIRE(kal_memo_remove(a, k.list[0]));
    REQUIRE_FAILS(KAL_MISSING, kal_memo_copy(a, b, k.list[0], &copied, &check_error));
    char text[33], path[4200];
    kal_key_print(k.list[0], text);
    snprintf(path, sizeof path, "%s/v1/%.2s/%s", two, text, text + 2);
    REQUIRE(truncate(path, 4100) == 0);
    REQUIRE_FAILS(KAL_MISSING, kal_memo_copy(b, a, k.list[0], &copied, &check_error));
    kal_memo_free(&a);
    kal_memo_free(&b);
    kal_memo_free(&none);
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    one_picture();
    random_graphs(815, argc > 1 ? atoi(argv[1]) : 60);
    folders();
    kal_memo_clear(NULL);
    return check_done();
}
