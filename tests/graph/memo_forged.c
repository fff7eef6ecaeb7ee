// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Entries whose sums are right and which are not what their keys say: somebody made them. Pixels may be wrong by them, but no byte beside them is looked
// at, and what is made anew takes their place. And what parts of a picture hang on beside pixels: profiles, metadata, the kind of an input.
#define _GNU_SOURCE
#include "graphs.h"

#include "../io/files.h"
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

// ---- audit ----------------------------------------------------------------------------------------

// What is put together from parts is looked at as well.
static void parts(void)
{
    const char *folder = check_temp("parts");
    const kal_extent e = extent_of(900, 700, 3, KAL_U8), small = extent_of(30, 20, 3, KAL_U8);
    const size_t size = bytes_of(&e);
    const kal_rect all = kal_rect_all(&e);
    unsigned char *out = malloc(size), *want = malloc(size);
    rng r = {8};
    kal_scope *s = kal_scope_new();
    kal_node *in[2] = {rng_image(&r, s, &small), rng_image(&r, s, &e)};
    kal_node *one = kal_apply_text(s, "insert", "20 20", in, 2),
             *two = kal_apply_text(s, "insert", "40 30", in, 2);
    one = kal_apply_text(s, "invert", NULL, &one, 1), two = kal_apply_text(s, "invert", NULL, &two, 1);
    kal_memo *m = memo_at(folder);
    const kal_options first = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS},
                      plain = {.memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_read(one, all, out, 2700, &first, &check_error));
    kal_memo_free(&m);
    kal__store *store;
    REQUIRE_OK(kal__store_open(folder, 0, &store, &check_error));
    out[2700 * 650 + 3 * 800 + 2] ^= 1;
    const kal__stored wrong = {
        .key = key_of(one), .kind = KAL__STORED_ROWS, .rect = all, .size = size, .ns = 1e9};
    REQUIRE(kal__store_remove(store, key_of(one)) && kal__store_put(store, &wrong, out));
    kal__store_close(&store);
    m = memo_at(folder);
    const kal_options o = {.memo = m, .audit = 1};
    REQUIRE_FAILS(KAL_INTERNAL, kal_read(two, all, out, 2700, &o, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "pixel 800,650"), "%s", check_error.message);
    REQUIRE_OK(kal_read(two, all, out, 2700, &o, &check_error));
    REQUIRE_OK(kal_read(two, all, want, 2700, &plain, &check_error));
    REQUIRE_MEM(out, want, size);
    kal_memo_free(&m);
    kal_scope_free(&s);
    free(out);
    free(want);
}

// ---- what is no pixel -----------------------------------------------------------------------------

typedef struct nothing_p {
    size_t size;
} nothing_p;

static kal_status same_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)err;
    *out = c->in[0]->extent;
    return KAL_OK;
}

// As much brighter as its input's metadata and kind say.
static kal_status run_tells(const kal_job *j)
{
    const void *exif = NULL;
    size_t size = 0;
    unsigned char more = j->call->in[0]->extent.model == KAL_MASK ? 100 : 0;
    kal_call_meta(j->call->in[0], "exif", &exif, &size);
    for (size_t i = 0; i < size; i++) more = (unsigned char)(more * 3 + ((const unsigned char *)exif)[i]);
    const kal_rect r = j->out->rect;
    const int32_t n = kal_tile_width(j->out) * j->out->pixel;
    for (int32_t y = r.y0; y < r.y1; y++)
        for (int32_t x = 0; x < n; x++)
            kal_row(j->out, y)[x] = (unsigned char)(kal_row(&j->in[0], y)[x] + more);
    return KAL_OK;
}

static const kal_op tells = {.name = "acme.tells",
                             .version = 1,
                             .help = "what its input says of itself",
                             .inputs = "image",
                             .params_size = sizeof(nothing_p),
                             .cost = 5,
                             .extent = same_extent,
                             .run = run_tells};

static void is_computed(const char *folder, kal_node *n, const char *note)
{
    kal_extent e;
    REQUIRE_OK(kal_node_extent(n, &e, &check_error));
    const size_t size = bytes_of(&e);
    unsigned char *want = malloc(size), *got = malloc(size);
    const ptrdiff_t stride = (ptrdiff_t)(size / (size_t)e.height);
    kal_memo *m = memo_at(folder);
    const kal_options o = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS}, plain = {.memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_read(n, kal_rect_all(&e), got, stride, &o, &check_error));
    REQUIRE_OK(kal_read(n, kal_rect_all(&e), want, stride, &plain, &check_error));
    REQUIRE_NOTE(!memcmp(want, got, size), "%s", note);
    kal_memo_free(&m);
    free(want);
    free(got);
}

// Two files with the same pixels that say different things of themselves.
static void metadata(void)
{
    const char *folder = check_temp("metadata");
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    rng r = {6};
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e);
    for (int k = 0; k < 2; k++) {
        kal_bytes jpeg, exif = make_exif(1, k == 1);
        REQUIRE_OK(kal_read_bytes(kal_encode(s, image, "jpeg", NULL), NULL, &jpeg, &check_error));
        add_to_jpeg(&jpeg, &exif, NULL, NULL);
        kal_node *photo = kal_load_bytes(s, jpeg.data, jpeg.size, NULL);
        kal_node *soft = kal_apply_text(s, "gaussian", "2", &photo, 1);
        is_computed(folder, kal_apply_text(s, "acme.tells", NULL, &soft, 1), k ? "other EXIF" : "EXIF");
        kal_bytes_free(&jpeg);
        kal_bytes_free(&exif);
    }
    kal_scope_free(&s);
}

// A mask with something pasted on it that is none is none itself, where nothing was pasted too.
static void kinds(void)
{
    const char *folder = check_temp("kinds");
    kal_extent e = extent_of(900, 700, 1, KAL_U8), small = extent_of(30, 20, 1, KAL_U8);
    rng r = {7};
    e.model = KAL_MASK;
    kal_scope *s = kal_scope_new();
    kal_node *base = rng_image(&r, s, &e);
    for (int k = 0; k < 2; k++) {
        small.model = k ? KAL_MASK : KAL_GRAY;
        kal_node *in[2] = {rng_image(&r, s, &small), base};
        kal_node *n = kal_apply_text(s, "insert", "30 40", in, 2);
        is_computed(folder, kal_apply_text(s, "acme.tells", NULL, &n, 1), k ? "a mask" : "gray");
    }
    kal_scope_free(&s);
}

int main(void)
{
    REQUIRE_OK(kal_op_register(&tells, &check_error));
    sizes();
    parts();
    metadata();
    kinds();
    kal_memo_clear(NULL);
    return check_done();
}
