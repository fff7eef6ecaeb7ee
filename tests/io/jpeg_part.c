// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A part of a JPEG is decoded without the rest, and is that part of the whole picture bit for bit: every sampling, progressive and with
// restarts, at every reduction. `io.jpeg_part [seed]`.
#include "jpegs.h"

#include "mem.h"

static const jpeg_kind kinds[] = {
    {.h = 2, .v = 2},
    {.h = 2, .v = 1},
    {.h = 1, .v = 1},
    {.h = 1, .v = 2},
    {.h = 4, .v = 1},
    {.h = 4, .v = 2},
    {.h = 2, .v = 2, .progressive = true},
    {.h = 1, .v = 1, .progressive = true},
    {.h = 2, .v = 2, .restart_rows = 1},
    {.h = 2, .v = 2, .restart_mcus = 5},
    {.h = 2, .v = 1, .restart_mcus = 7},
    {.h = 1, .v = 1, .restart_rows = 2},
    {.h = 1, .v = 2, .restart_mcus = 3},
};

static const int32_t sizes[][2] = {{70, 1100}, {1, 1},     {17, 33},  {64, 64},
                                   {100, 75},  {203, 251}, {640, 40}, {33, 400}};

static kal_rect random_part(rng *r, const kal_extent *e)
{
    kal_rect q;
    q.x0 = rng_below(r, e->width), q.y0 = rng_below(r, e->height);
    q.x1 = q.x0 + 1 + rng_below(r, e->width - q.x0), q.y1 = q.y0 + 1 + rng_below(r, e->height - q.y0);
    if (!rng_below(r, 3)) q.x0 = 0, q.x1 = e->width;
    if (!rng_below(r, 4)) q.y1 = e->height;
    return q;
}

// Several workers decode what has restarts in parts, one from one end to the other.
static void compare_threads(const kal_node *node, const unsigned char *whole, const kal_extent *e,
                            const char *where)
{
    for (int32_t band = 0; band < 60; band += 23) {
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 4, .band = band};
        kal_extent got;
        unsigned char *p = read_all(node, &o, &got);
        REQUIRE_NOTE(p && !memcmp(p, whole, bytes_of(e)), "%s: four workers, band %d: %s", where, band,
                     p ? "pixels differ" : check_error.message);
        free(p);
    }
}

static void compare_parts(rng *r, const kal_node *node, const char *where)
{
    kal_extent e;
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 1};
    unsigned char *whole = read_all(node, &o, &e);
    if (!REQUIRE_NOTE(whole, "%s: %s", where, check_error.message)) return;
    compare_threads(node, whole, &e, where);
    const size_t pixel = kal_pixel_size(&e);
    for (int i = 0; i < 24; i++) {
        const kal_rect q = random_part(r, &e);
        const size_t row = (size_t)(q.x1 - q.x0) * pixel;
        unsigned char *got = malloc(row * (size_t)(q.y1 - q.y0));
        // every other one stays in the memo, where a later one may find itself inside it
        const kal_options part = {.memo_mode = i % 2 ? KAL_MEMO_ALWAYS : KAL_MEMO_NEVER,
                                  .threads = 1 + i % 3};
        bool same = REQUIRE_OK(kal_read(node, q, got, (ptrdiff_t)row, &part, &check_error));
        for (int32_t y = q.y0; y < q.y1 && same; y++)
            same = !memcmp(got + (size_t)(y - q.y0) * row,
                           whole + ((size_t)y * (size_t)e.width + (size_t)q.x0) * pixel, row);
        REQUIRE_NOTE(same, "%s: part %d,%d..%d,%d differs%s", where, q.x0, q.y0, q.x1, q.y1,
                     i % 2 ? ", with a memo" : "");
        free(got);
    }
    kal_memo_clear(NULL);
    free(whole);
}

static void one(rng *r, const jpeg_kind *kind, int32_t width, int32_t height, int32_t channels)
{
    const kal_extent e = extent_of(width, height, channels, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    rng_pixels(r, &e, pixels);
    unsigned long size;
    unsigned char *file = jpeg_of(&e, pixels, kind, &size);
    for (int by = 1; by <= 8; by *= 2) {
        char params[32], where[160];
        kal_scope *s = kal_scope_new();
        snprintf(params, sizeof params, "shrink=%d", by);
        snprintf(where, sizeof where, "%d×%d×%d sampled %d×%d%s restarts %d/%d at 1/%d", width, height,
                 channels, kind->h, kind->v, kind->progressive ? " progressive" : "", kind->restart_rows,
                 kind->restart_mcus, by);
        kal_node *node = kal_load_bytes(s, file, size, params);
        kal_extent got = {0};
        if (REQUIRE_OK(kal_node_extent(node, &got, &check_error))) {
            REQUIRE_NOTE(got.width == (width + by - 1) / by && got.height == (height + by - 1) / by,
                         "%s: %d×%d", where, got.width, got.height);
            compare_parts(r, node, where);
        }
        kal_scope_free(&s);
    }
    free(file);
    free(pixels);
}

// A damaged file is the same to one worker and to four: an error for both, or the same pixels.
static void test_damaged(rng *r)
{
    const kal_extent e = extent_of(120, 700, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    rng_pixels(r, &e, pixels);
    unsigned long size;
    unsigned char *file = jpeg_of(&e, pixels, &(jpeg_kind){.h = 2, .v = 2, .restart_rows = 1}, &size);
    unsigned char *copy = malloc(size);
    int sound = 0;
    for (int i = 0; i < 400; i++) {
        memcpy(copy, file, size);
        for (int k = rng_below(r, 3); k >= 0; k--)
            copy[rng_below(r, (int32_t)size)] = (unsigned char)(rng_below(r, 4) ? rng_next(r) : 0xff);
        const size_t n = rng_below(r, 8) ? size : (size_t)rng_below(r, (int32_t)size);
        kal_scope *s = kal_scope_new();
        kal_node *node = kal_load_bytes(s, copy, n, NULL);
        kal_extent a_e, b_e;
        const kal_options one = {.threads = 1, .memo_mode = KAL_MEMO_NEVER},
                          four = {.threads = 4, .memo_mode = KAL_MEMO_NEVER};
        if (!kal_node_error(node, NULL)) {
            unsigned char *a = read_all(node, &one, &a_e), *b = read_all(node, &four, &b_e);
            REQUIRE_NOTE(!a == !b, "damage %d: %s for one worker, %s for four", i, a ? "sound" : "damaged",
                         b ? "sound" : "damaged");
            if (a && b) REQUIRE_NOTE(!memcmp(a, b, bytes_of(&a_e)), "damage %d: other pixels", i);
            sound += a != NULL;
            free(a), free(b);
        }
        kal_scope_free(&s);
    }
    printf("400 damaged files, %d of them decoded\n", sound);
    free(copy), free(file), free(pixels);
}

// A marker without a segment may stand between segments. Taken for one, its length would be the marker behind it: a jump into the middle
// of metadata, where a frame that is none awaits.
static void test_bare_marker(rng *r)
{
    enum { JUMP = 4 + 65507 - 2 };   // from the file's begin: TEM, and 0xffe1 for a length
    const kal_extent e = extent_of(120, 700, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    rng_pixels(r, &e, pixels);
    unsigned long size;
    unsigned char *file = jpeg_of(&e, pixels, &(jpeg_kind){.h = 2, .v = 2, .restart_rows = 1}, &size);
    const size_t more = 2 + 2 + 65535;
    unsigned char *copy = calloc(size + more, 1);
    memcpy(copy, "\xff\xd8\xff\x01\xff\xe1\xff\xff", 8);
    memcpy(copy + 2 + more, file + 2, size - 2);
    size_t scan = 2 + more;
    for (bool sos = false; !sos; scan += 2 + ((size_t)copy[scan + 2] << 8 | copy[scan + 3]))
        sos = copy[scan + 1] == 0xda;
    const size_t rest = scan - JUMP - 6;
    memcpy(copy + JUMP, "\xff\xc0\0\2\xff\xe2", 6);
    copy[JUMP + 6] = (unsigned char)(rest >> 8), copy[JUMP + 7] = (unsigned char)rest;
    kal_scope *s = kal_scope_new();
    const kal_options one = {.threads = 1, .memo_mode = KAL_MEMO_NEVER},
                      four = {.threads = 4, .memo_mode = KAL_MEMO_NEVER};
    unsigned char *want = read_all(kal_load_bytes(s, file, size, NULL), &one, NULL);
    kal_node *node = kal_load_bytes(s, copy, size + more, NULL);
    unsigned char *a = read_all(node, &one, NULL), *b = read_all(node, &four, NULL);
    if (REQUIRE_NOTE(want && a && b, "%s", check_error.message))
        REQUIRE(!memcmp(want, a, bytes_of(&e)) && !memcmp(want, b, bytes_of(&e)));
    kal_scope_free(&s);
    free(want), free(a), free(b);
    free(copy), free(file), free(pixels);
}

// What is kept of where the parts are is in the plan.
static void test_planned(rng *r)
{
    const kal_extent e = extent_of(120, 8000, 3, KAL_U8);
    static const jpeg_kind two[] = {{.h = 2, .v = 2}, {.h = 2, .v = 2, .restart_rows = 1}};
    uint64_t planned[2] = {0, 0};
    unsigned char *pixels = malloc(bytes_of(&e));
    rng_pixels(r, &e, pixels);
    for (int k = 0; k < 2; k++) {
        unsigned long size;
        unsigned char *file = jpeg_of(&e, pixels, &two[k], &size);
        kal_scope *s = kal_scope_new();
        kal_stats stats;
        const kal_options one = {.threads = 1, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
        REQUIRE_OK(
            kal_read(kal_load_bytes(s, file, size, NULL), kal_rect_all(&e), pixels, 360, &one, &check_error));
        planned[k] = stats.planned_bytes;
        kal_scope_free(&s);
        free(file);
    }
    REQUIRE_NOTE(planned[1] >= planned[0] + 500 * sizeof(size_t), "%llu planned, %llu with restarts",
                 (unsigned long long)planned[0], (unsigned long long)planned[1]);
    free(pixels);
}

// Whichever allocation fails, no file is said to have changed.
static void test_no_memory(rng *r)
{
    const kal_extent e = extent_of(120, 700, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    rng_pixels(r, &e, pixels);
    unsigned long size;
    unsigned char *file = jpeg_of(&e, pixels, &(jpeg_kind){.h = 2, .v = 2, .restart_rows = 1}, &size);
    const kal_options four = {.threads = 4, .memo_mode = KAL_MEMO_NEVER};
    for (long n = 1; n < 60; n++) {
        kal_scope *s = kal_scope_new();
        kal_node *node = kal_load_bytes(s, file, size, NULL);
        kal__fail_alloc(n, false);
        const kal_status st = kal_read(node, kal_rect_all(&e), pixels, 360, &four, &check_error);
        kal__fail_alloc(0, false);
        REQUIRE_NOTE(!st || st == KAL_NOMEM, "allocation %ld: %s", n, check_error.message);
        kal_scope_free(&s);
    }
    free(file), free(pixels);
}

static void test_refusals(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(9, 9, 3, KAL_U8);
    unsigned char pixels[9 * 9 * 3] = {0};
    unsigned long size;
    unsigned char *file = jpeg_of(&e, pixels, &kinds[0], &size);
    static const char *const wrong[] = {"shrink=0", "shrink=3", "shrink=-1", "shrink=16"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load_bytes(s, file, size, wrong[i]), &check_error));
    free(file);
    kal_bytes png;
    kal_node *encoded = kal_encode(s, kal_pixels(s, &e, pixels, 27), "png", NULL);
    if (REQUIRE_OK(kal_read_bytes(encoded, NULL, &png, &check_error))) {
        REQUIRE_FAILS(KAL_INVALID,
                      kal_node_error(kal_load_bytes(s, png.data, png.size, "shrink=2"), &check_error));
        REQUIRE(strstr(check_error.message, "png") && strstr(check_error.message, "resize"));
        kal_bytes_free(&png);
    }
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    rng r = {argc > 1 ? strtoull(argv[1], NULL, 0) : 1};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            one(&r, &kinds[k], sizes[i][0], sizes[i][1], 3);
    one(&r, &kinds[2], 203, 251, 1);
    one(&r, &kinds[8], 203, 1251, 1);
    one(&r, &kinds[8], 4003, 600, 3);
    test_damaged(&r);
    test_bare_marker(&r);
    test_no_memory(&r);
    test_planned(&r);
    test_refusals();
    return check_done();
}
