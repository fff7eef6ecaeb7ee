// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What may go wrong when a JPEG is saved with lossless_outside: odd and damaged files, what cannot be, memory, stops, failures.
// `io.jpeg_odd [seed]`.
#include "kept.h"

#include <unistd.h>

// ---- files that are odd -------------------------------------------------------------------------

// Behind the first marker of this kind from `at` on, or 0.
static size_t behind(const unsigned char *file, size_t size, int marker, size_t at)
{
    for (; at + 1 < size; at++)
        if (file[at] == 0xff && file[at + 1] == marker) return at + 2;
    return 0;
}

// With n bytes put in before `at`; frees the old one.
static unsigned char *with_bytes(unsigned char *file, size_t *size, size_t at, const void *bytes, size_t n)
{
    unsigned char *longer = malloc(*size + n);
    memcpy(longer, file, at);
    memcpy(longer + at, bytes, n);
    memcpy(longer + at + n, file + at, *size - at);
    free(file);
    *size += n;
    return longer;
}

static kal_status try_save(const unsigned char *file, size_t size, bool changed, kal_bytes *b)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_bytes(s, file, size, NULL);
    if (changed) n = inverted_there(s, n, kal_rect_of(20, 20, 40, 30));
    *b = (kal_bytes){NULL, 0};
    kal_node *encoded = kal_encode(s, n, "jpeg", KEEP);
    kal_status st = kal_node_error(encoded, &check_error);
    if (!st) st = kal_read_bytes(encoded, &fresh, b, &check_error);
    kal_scope_free(&s);
    return st;
}

// A quantiser of 0, or one by which the library's 16-bit divisors become 0, decodes; nothing can be coded with it.
static void test_quantisers(rng *r)
{
    for (int i = 0; i < 4; i++) {
        size_t size;
        unsigned char *file = a_file(r, &kinds[i % 2 ? 9 : 0], 90, 70, 3, &size);
        const size_t at = behind(file, size, 0xdb, 0);
        if (REQUIRE(at)) file[at + 3 + i] = 0;
        kal_bytes b;
        const kal_status st = try_save(file, size, true, &b);
        REQUIRE_NOTE(st == KAL_UNSUPPORTED && strstr(check_error.message, "quantiser of 0"), "%s",
                     check_error.message);
        free(file);
    }
}

static void same_picture_saved(const unsigned char *file, size_t size, const char *what)
{
    kal_bytes b;
    if (!REQUIRE_NOTE(try_save(file, size, false, &b) == KAL_OK, "%s: %s", what, check_error.message)) return;
    kal_scope *s = kal_scope_new();
    kal_extent e;
    unsigned char *want = read_all(kal_load_bytes(s, file, size, NULL), &fresh, &e);
    unsigned char *got = read_all(kal_load_bytes(s, b.data, b.size, NULL), &fresh, NULL);
    REQUIRE_NOTE(want && got && !memcmp(want, got, bytes_of(&e)), "%s: another picture", what);
    free(want);
    free(got);
    kal_bytes_free(&b);
    REQUIRE_NOTE(try_save(file, size, true, &b) == KAL_OK, "%s, changed: %s", what, check_error.message);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// What a decoder passes over between the last block and the end; a table defined anew where nobody reads it any more.
static void test_odd(rng *r)
{
    static const unsigned char comment[] = {0xff, 0xfe, 0, 5, 'a', 0xff, 0xd9}, zeros[3] = {0};
    unsigned char table[69] = {0xff, 0xdb, 0, 67, 0};
    memset(table + 5, 77, 64);
    size_t size;
    unsigned char *file = a_file(r, &kinds[0], 90, 70, 3, &size);
    file = with_bytes(file, &size, size - 2, comment, sizeof comment);
    same_picture_saved(file, size, "a comment before the end");
    free(file);
    file = a_file(r, &kinds[0], 90, 70, 3, &size);
    file = with_bytes(file, &size, size - 2, zeros, sizeof zeros);
    same_picture_saved(file, size, "bytes before the end");
    free(file);
    for (int i = 0; i < KINDS && !kinds[i].separate; i++)
        if (kinds[i + 1].separate) {
            file = a_file(r, &kinds[i + 1], 90, 70, 3, &size);
            const size_t second = behind(file, size, 0xda, behind(file, size, 0xda, 0));
            if (REQUIRE(second)) file = with_bytes(file, &size, second - 2, table, sizeof table);
            same_picture_saved(file, size, "a table defined anew");
            free(file);
        }
}

// DC coefficients that no picture of 8 bits has, but that decode: a new block beside them would be further off than a code can tell.
static unsigned char *far_off(const unsigned char *file, size_t size, unsigned long *n)
{
    struct jpeg_decompress_struct j;
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr mgr;
    unsigned char *data = NULL;
    *n = 0;
    j.err = c.err = jpeg_std_error(&mgr);
    jpeg_create_decompress(&j);
    jpeg_create_compress(&c);
    jpeg_mem_src(&j, file, size);
    jpeg_mem_dest(&c, &data, n);
    jpeg_read_header(&j, TRUE);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&j);
    for (JDIMENSION y = 0; y < j.comp_info[0].height_in_blocks; y++) {
        JBLOCKROW row = j.mem->access_virt_barray((j_common_ptr)&j, arrays[0], y, 1, TRUE)[0];
        for (JDIMENSION x = 0; x < j.comp_info[0].width_in_blocks; x++) row[x][0] = 1900;
    }
    jpeg_copy_critical_parameters(&j, &c);
    jpeg_write_coefficients(&c, arrays);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    jpeg_finish_decompress(&j);
    jpeg_destroy_decompress(&j);
    return data;
}

static void test_far_off(void)
{
    const kal_extent e = extent_of(64, 64, 1, KAL_U8);
    unsigned char white[64 * 64];
    unsigned long size, n;
    memset(white, 255, sizeof white);
    unsigned char *plain = jpeg_of(&e, white, &(jpeg_kind){.h = 1, .v = 1, .quality = 100}, &size);
    unsigned char *file = far_off(plain, size, &n);
    kal_bytes b;
    const kal_status st = try_save(file, n, true, &b);
    REQUIRE_NOTE(st == KAL_UNSUPPORTED && strstr(check_error.message, "differ by"), "%d: %s", (int)st,
                 check_error.message);
    kal_bytes_free(&b);
    REQUIRE_OK(try_save(file, n, false, &b));
    kal_bytes_free(&b);
    free(plain);
    free(file);
}

// ---- what it holds, where it goes ---------------------------------------------------------------

// The plan counts all coefficients where they lie in memory: once, and twice when they are moved.
static void test_memory(rng *r)
{
    size_t size;
    unsigned char *file = a_file(r, &kinds[2], 1280, 960, 3, &size);
    kal_scope *s = kal_scope_new();
    kal_node *photo = kal_load_bytes(s, file, size, NULL);
    const size_t all = (size_t)1280 * 960 * 3 * sizeof(JCOEF);
    kal_node *moved[2] = {kal_turn(s, photo, kal_turn_params(.how = KAL_TURN_HALF)),
                          crop(s, photo, kal_rect_of(0, 0, 1272, 960))};
    for (int i = 0; i < 3; i++) {
        kal_stats stats;
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .stats = &stats};
        kal_bytes b = save(s, i < 2 ? moved[i] : photo, &o);
        REQUIRE_NOTE(i < 2 ? stats.planned_bytes >= 2 * all : stats.planned_bytes < all, "%d: %zu told", i,
                     (size_t)stats.planned_bytes);
        kal_bytes_free(&b);
    }
    free(file);
    kal_scope_free(&s);
}

// An album of one picture is that picture.
static void test_album(rng *r)
{
    size_t size;
    unsigned char *file = a_file(r, &kinds[0], 200, 160, 3, &size), room[65536];
    kal_scope *s = kal_scope_new();
    kal_node *n = inverted_there(s, kal_load_bytes(s, file, size, NULL), kal_rect_of(40, 120, 60, 140));
    kal_bytes want = save(s, n, &fresh);
    const char *path = check_temp("album.jpg");
    kal_album *a;
    REQUIRE_OK(kal_album_create(path, NULL, &a, &check_error));
    REQUIRE_OK(kal_album_add(a, n, KEEP, &fresh, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_album_add(a, n, KEEP, &fresh, &check_error));
    REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));
    FILE *f = fopen(path, "rb");
    const size_t got = f ? fread(room, 1, sizeof room, f) : 0;
    if (f) fclose(f);
    REQUIRE(got == want.size && !memcmp(room, want.data, got));
    kal_bytes_free(&want);
    free(file);
    kal_scope_free(&s);
}

// ---- what cannot be -----------------------------------------------------------------------------

static void refuses(kal_scope *s, kal_node *n, const char *params, const char *says)
{
    kal_node *encoded = kal_encode(s, n, "jpeg", params);
    kal_status st = kal_node_error(encoded, &check_error);
    kal_bytes b = {NULL, 0};
    if (!st) st = kal_read_bytes(encoded, &fresh, &b, &check_error);
    REQUIRE_NOTE(st == KAL_INVALID && strstr(check_error.message, says), "%s: %s", says, check_error.message);
    kal_bytes_free(&b);
}

static void test_refused(rng *r)
{
    size_t size;
    unsigned char *file = a_file(r, &kinds[0], 100, 80, 3, &size);
    kal_scope *s = kal_scope_new();
    kal_node *photo = kal_load_bytes(s, file, size, NULL);
    const kal_extent e = extent_of(32, 32, 3, KAL_U8);
    kal_node *noise = rng_image(r, s, &e);
    kal_bytes png = {NULL, 0};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, noise, "png", NULL), &fresh, &png, &check_error));
    refuses(s, noise, KEEP, "samples in memory");
    refuses(s, kal_gaussian(s, photo, kal_gaussian_params(.sigma = 2)), KEEP,
            "gaussian makes the whole picture anew");
    refuses(s, kal_gray(s, photo, NULL), KEEP, "gray makes the whole picture anew");
    refuses(s, kal_load_bytes(s, png.data, png.size, NULL), KEEP, "it is a png file");
    refuses(s, kal_load_bytes(s, file, size, "shrink=2"), KEEP, "shrink=2");
    refuses(s, photo, KEEP " quality=50", "leave out");
    refuses(s, photo, KEEP " tables=tuned", "leave out");
    refuses(s, crop(s, photo, kal_rect_of(1, 0, 50, 50)), KEEP, "blocks of 16 pixels across");
    refuses(s, crop(s, photo, kal_rect_of(0, 8, 50, 50)), KEEP, "blocks of 16 pixels down");
    refuses(s, kal_turn(s, photo, kal_turn_params(.how = KAL_TURN_MIRROR)), KEEP, "at 100");
    kal_bytes_free(&png);
    free(file);
    kal_scope_free(&s);
}

// A file that ends early or is damaged is never carried over as if it were sound; what libjpeg takes without a word is taken here.
static void test_damaged(rng *r)
{
    int sound = 0, found = 0;
    for (int i = 0; i < 60 * KINDS; i++) {
        size_t size, n;
        unsigned char *file = a_file(r, &kinds[i % KINDS], 90, 70, 3, &size);
        n = size;
        if (rng_below(r, 2))
            n = 1 + (size_t)rng_below(r, (int32_t)size - 1);
        else
            for (int k = rng_below(r, 3); k >= 0; k--)
                file[rng_below(r, (int32_t)size)] = (unsigned char)(rng_below(r, 4) ? rng_next(r) : 0xff);
        kal_scope *s = kal_scope_new();
        kal_node *photo = kal_load_bytes(s, file, n, NULL);
        kal_bytes b = {NULL, 0};
        kal_error why;
        kal_node *encoded = kal_encode(s, photo, "jpeg", KEEP);
        kal_status st = kal_node_error(encoded, &why);
        if (!st) st = kal_read_bytes(encoded, &fresh, &b, &why);
        REQUIRE_NOTE(st || n == size, "kind %d: cut at %zu of %zu and saved", i % KINDS, n, size);
        if (!st) {
            void *p = read_all(kal_load_bytes(s, b.data, b.size, NULL), &fresh, NULL);
            REQUIRE_NOTE(p, "kind %d: saved and cannot be read: %s", i % KINDS, check_error.message);
            free(p);
        }
        sound += !st;
        found += st == KAL_CORRUPT || st == KAL_UNSUPPORTED || st == KAL_INVALID || st == KAL_LIMIT;
        REQUIRE_NOTE(!st || found, "%s", why.message);
        kal_bytes_free(&b);
        free(file);
        kal_scope_free(&s);
    }
    REQUIRE_NOTE(found > 30 * KINDS, "%d found, %d sound", found, sound);
}

// Another file by the time it is saved.
static void test_changed(rng *r)
{
    size_t size;
    unsigned char *file = a_file(r, &kinds[0], 100, 80, 3, &size);
    const char *path = check_temp("kept.jpg"), *to = check_temp("kept_out.jpg");
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(file, 1, size, f) == size && !fclose(f));
    kal_scope *s = kal_scope_new();
    kal_node *done = inverted_there(s, kal_load(s, path, NULL), kal_rect_of(10, 10, 40, 40));
    REQUIRE_OK(kal_node_error(done, &check_error));
    free(file);
    file = a_file(r, &kinds[2], 100, 80, 3, &size);
    f = fopen(path, "wb");
    REQUIRE(f && fwrite(file, 1, size, f) == size && !fclose(f));
    REQUIRE_FAILS(KAL_CHANGED, kal_save(done, to, KEEP, &fresh, &check_error));
    REQUIRE(access(to, F_OK));
    free(file);
    kal_scope_free(&s);
}

// On itself: the file that is read is replaced when the new one is whole.
static void test_onto_itself(rng *r)
{
    size_t size;
    int outside, inside;
    unsigned char *file = a_file(r, &kinds[0], 100, 80, 3, &size);
    const char *path = check_temp("itself.jpg");
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(file, 1, size, f) == size && !fclose(f));
    kal_scope *s = kal_scope_new();
    const kal_rect box = kal_rect_of(40, 40, 60, 60);
    kal_node *done = inverted_there(s, kal_load(s, path, NULL), box);
    REQUIRE_OK(kal_save(done, path, KEEP, &fresh, &check_error));
    unsigned char room[65536];
    f = fopen(path, "rb");
    const size_t n = f ? fread(room, 1, sizeof room, f) : 0;
    if (f) fclose(f);
    coefficients a = coefficients_of(file, size), b = coefficients_of(room, n);
    compare(&a, &b, cells_of(box, a.cell), &outside, &inside);
    REQUIRE(!outside && inside);
    coefficients_free(&a);
    coefficients_free(&b);
    free(file);
    kal_scope_free(&s);
}

// Called off while coefficients are read and written: nothing is left, and the same request is right afterwards.
static void test_stopped(rng *r)
{
    for (int i = 0; i < KINDS; i += 9) {
        size_t size;
        unsigned char *file = a_file(r, &kinds[i], 1500, 1100, 3, &size);
        kal_scope *s = kal_scope_new();
        kal_node *n = inverted_there(s, kal_load_bytes(s, file, size, NULL), kal_rect_of(200, 900, 260, 960));
        kal_bytes want = save(s, n, &fresh);
        for (double late = 1e-3; late < 10; late *= 3) {
            const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .deadline = late, .threads = 1 + i % 2};
            kal_bytes b = {NULL, 0};
            const kal_status st = kal_read_bytes(kal_encode(s, n, "jpeg", KEEP), &o, &b, &check_error);
            REQUIRE_NOTE(st ? st == KAL_DEADLINE && !b.data
                            : b.size == want.size && !memcmp(b.data, want.data, b.size),
                         "kind %d, %g s: %s", i, late, check_error.message);
            kal_bytes_free(&b);
        }
        kal_bytes_free(&want);
        free(file);
        kal_scope_free(&s);
    }
    usleep(300000);   // lets what was left end before nodes are counted
}

// ---- failures -----------------------------------------------------------------------------------

typedef struct sink {
    int calls, fail_at, aborts, ends;
} sink;

static ptrdiff_t sink_write(void *user, const void *data, size_t n, kal_error *err)
{
    sink *k = user;
    (void)data;
    if (++k->calls != k->fail_at) return (ptrdiff_t)(n < 900 ? n : 900);
    kal_fail(err, KAL_IO, "the disk is full");
    return -1;
}

static kal_status sink_end(void *user, kal_error *err)
{
    (void)err;
    ((sink *)user)->ends++;
    return KAL_OK;
}

static void sink_abort(void *user)
{
    ((sink *)user)->aborts++;
}

static void test_failing(rng *r)
{
    for (int i = 0; i < KINDS; i++) {
        size_t size;
        unsigned char *file = a_file(r, &kinds[i], 120, 300, 3, &size);
        kal_scope *s = kal_scope_new();
        kal_node *n = inverted_there(s, kal_load_bytes(s, file, size, NULL), kal_rect_of(20, 100, 60, 190));
        kal_node *encoded = kal_encode(s, n, "jpeg", KEEP);
        kal_status st = KAL_IO;
        for (int at = 1; st && at < 2000; at++) {
            sink k = {.fail_at = at};
            const kal_output out = {
                .name = "the sink", .user = &k, .write = sink_write, .end = sink_end, .abort = sink_abort};
            st = kal_write_outputs(&encoded, &out, 1, &fresh, &check_error);
            REQUIRE_NOTE(st ? st == KAL_IO && k.aborts == 1 && !k.ends : !k.aborts && k.ends == 1,
                         "kind %d, call %d: %s", i, at, check_error.message);
            if (st) REQUIRE(strstr(check_error.message, "the disk is full"));
        }
        REQUIRE(!st);
        free(file);
        kal_scope_free(&s);
    }
}

int main(int argc, char **argv)
{
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261127;
    rng r = {seed};
    printf("seed %llu\n", (unsigned long long)seed);
    test_quantisers(&r);
    test_odd(&r);
    test_far_off();
    test_memory(&r);
    test_album(&r);
    test_refused(&r);
    test_damaged(&r);
    test_changed(&r);
    test_onto_itself(&r);
    test_failing(&r);
    test_stopped(&r);
    return check_done();
}
