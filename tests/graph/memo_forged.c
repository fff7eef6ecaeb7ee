// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Entries whose sums are right and which are not what their keys say: somebody made them. Pixels may be wrong by them, but no byte beside them is looked
// at, and what is made anew takes their place. And what parts of a picture hang on beside pixels: profiles, metadata, the kind of an input.
#define _GNU_SOURCE
#include "graphs.h"

#include "files.h"
#include "store.h"

#include <unistd.h>

static kal_memo *memo_at(const char *folder)
{
    kal_memo *m = kal_memo_new((uint64_t)64 << 20);
    REQUIRE(m != NULL);
    REQUIRE_OK(kal_memo_set_folder(m, folder, 0, &check_error));
    return m;
}

// ---- sizes ----------------------------------------------------------------------------------------

static void forge(const char *folder, kal_key key, kal__stored_kind kind, kal_rect rect)
{
    kal__store *s;
    const kal__stored what = {.key = key, .kind = kind, .rect = rect, .size = 5, .ns = 1e9};
    REQUIRE_OK(kal__store_open(folder, 0, &s, &check_error));
    kal__store_remove(s, key);
    REQUIRE(kal__store_put(s, &what, "forge"));
    kal__store_close(&s);
}

static kal_key key_of(const kal_node *n)
{
    kal_key key = {0, 0};
    REQUIRE_OK(kal_node_key(n, &key, &check_error));
    return key;
}

static void sizes(void)
{
    const char *folder = check_temp("sizes");
    const kal_extent e = extent_of(600, 400, 3, KAL_U8), small = extent_of(30, 20, 3, KAL_U8);
    const size_t size = bytes_of(&e);
    const kal_rect all = kal_rect_all(&e);
    const kal_options plain = {.memo_mode = KAL_MEMO_NEVER};
    unsigned char *want = malloc(size), *got = malloc(size);
    rng r = {5};
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e), *in[2] = {rng_image(&r, s, &small), image};
    kal_node *soft = kal_apply_text(s, "gaussian", "3", &image, 1);
    in[1] = soft;
    kal_node *one = kal_apply_text(s, "insert", "20 20", in, 2),
             *two = kal_apply_text(s, "insert", "450 300", in, 2);
    kal_node *file = kal_encode(s, soft, "qoi", NULL), *mean = kal_apply_text(s, "mean", NULL, &soft, 1);
    for (int turn = 0; turn < 2; turn++) {
        kal_memo *m = memo_at(folder);
        const kal_options o = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS};
        kal_bytes b, right;
        kal_value v, known;
        REQUIRE_OK(kal_read(one, all, got, 1800, &o, &check_error));
        if (turn) REQUIRE_MEM(got, want, size);
        REQUIRE_OK(kal_read(turn ? soft : two, all, got, 1800, &o, &check_error));
        REQUIRE_OK(kal_read(turn ? soft : two, all, want, 1800, &plain, &check_error));
        REQUIRE_MEM(got, want, size);
        REQUIRE_OK(kal_read_bytes(file, &o, &b, &check_error));
        REQUIRE_OK(kal_read_bytes(file, &plain, &right, &check_error));
        REQUIRE(b.size == right.size && !memcmp(b.data, right.data, b.size));
        REQUIRE_OK(kal_read_value(mean, &o, &v, &check_error));
        REQUIRE_OK(kal_read_value(mean, &plain, &known, &check_error));
        REQUIRE(v.columns == known.columns && !memcmp(v.v, known.v, sizeof(double[3])));
        kal_bytes_free(&b);
        kal_bytes_free(&right);
        kal_value_free(&v);
        kal_value_free(&known);
        kal_memo_free(&m);
        if (turn) break;
        REQUIRE_OK(kal_read(one, all, want, 1800, &plain, &check_error));
        forge(folder, key_of(one), KAL__STORED_ROWS, all);
        forge(folder, key_of(two), KAL__STORED_ROWS, all);   // of which parts are looked for
        forge(folder, key_of(soft), KAL__STORED_ROWS, kal_rect_of(INT32_MIN, 0, INT32_MAX, INT32_MAX));
        forge(folder, key_of(file), KAL__STORED_BYTES, kal_rect_of(0, 0, 1 << 24, 1));
        forge(folder, key_of(mean), KAL__STORED_VALUE, kal_rect_of(-1, 0, 1 << 24, 1));
    }
    // what was made anew is what is found
    kal__store *store;
    REQUIRE_OK(kal__store_open(folder, 0, &store, &check_error));
    kal__stored is;
    kal__slab *slab = kal__store_get(store, key_of(one), KAL__STORED_ROWS, all, &is);
    REQUIRE(slab && is.size == size);
    kal__slab_unref(&slab);
    kal__store_close(&store);
    kal_scope_free(&s);
    free(want);
    free(got);
}

int main(void)
{
    sizes();
    kal_memo_clear(NULL);
    return check_done();
}
