// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files of several pictures: written one at a time in bounded memory, read by number, whatever they are made of; nothing is left behind by a
// file that failed.
#include "files.h"

#include <sys/stat.h>

static const char *const formats[] = {"tiff", "gif", "png", "webp"};

static bool can_hold_pages(const char *format)
{
    kal_codec_info info;
    for (size_t i = 0; kal_codec_at(i, &info, NULL); i++)
        if (!strcmp(info.name, format)) return info.writes && info.album;
    return false;
}

static kal_node *number(kal_scope *s, int i)
{
    rng r = {(uint64_t)i};
    const kal_extent e = extent_of(40 + i % 7, 30 + i % 5, 3, KAL_U8);
    return rng_image(&r, s, &e);
}

static void some(const char *format)
{
    const char *path = check_temp(format);
    kal_scope *s = kal_scope_new();
    kal_album *a;
    const bool same_size = strcmp(format, "tiff");
    REQUIRE_OK(kal_album_create(path, format, &a, &check_error));
    for (int i = 0; i < 5; i++)
        REQUIRE_OK(kal_album_add(a, number(s, same_size ? 35 * i : i),
                                 same_size && !strcmp(format, "webp") ? "lossless=true" : NULL, NULL,
                                 &check_error));
    REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));
    kal_node *first = kal_load(s, path, NULL);
    kal_file_info info;
    REQUIRE_NOTE(kal_node_file(first, &info) && info.pages == 5, "%s: %d pages", format, info.pages);
    for (int i = 4; i >= 0; i--) {
        kal_extent e;
        kal_node *page = kal_page(s, first, i);
        char asked[20];
        kal_key one, other;
        snprintf(asked, sizeof asked, "page=%d", i);
        void *want = read_all(number(s, same_size ? 35 * i : i), NULL, NULL);
        if (!REQUIRE_OK(kal_node_extent(page, &e, &check_error))) continue;
        void *got = read_all(page, NULL, NULL);
        if (strcmp(format, "gif"))   // whose colours are few
            REQUIRE_NOTE(got && want && e.width == 40 + (same_size ? 0 : i % 7) &&
                             !memcmp(got, want, bytes_of(&e)),
                         "%s %d: %s", format, i, check_error.message);
        REQUIRE_OK(kal_node_key(page, &one, &check_error));
        REQUIRE_OK(kal_node_key(kal_load(s, path, asked), &other, &check_error));
        REQUIRE(kal_key_equal(one, other));
        free(got);
        free(want);
    }
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_page(s, first, 5), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "page 5") && strstr(check_error.message, "5, from 0 to 4"), "%s",
                 check_error.message);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_page(s, first, -1), &check_error));
    kal_scope_free(&s);
}

static void a_thousand(void)
{
    const char *path = check_temp("thousand.tif");
    kal_scope *s = kal_scope_new();
    kal_album *a;
    uint64_t most = 0;
    REQUIRE_OK(kal_album_create(path, NULL, &a, &check_error));
    for (int i = 0; i < 1000; i++) {
        kal_scope *one = kal_scope_new();
        kal_stats stats;
        const kal_options o = {.stats = &stats, .memo_mode = KAL_MEMO_NEVER};
        char params[80];
        snprintf(params, sizeof params, "noise width=64 height=48 seed=%d", i);
        REQUIRE_OK(kal_album_add(a, kal_apply_text(one, "noise", params + 6, NULL, 0), "compression=lzw", &o,
                                 &check_error));
        if (stats.peak_bytes > most) most = stats.peak_bytes;
        kal_scope_free(&one);
    }
    REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));
    REQUIRE_NOTE(most < (uint64_t)4 << 20, "%llu bytes", (unsigned long long)most);
    kal_file_info info;
    kal_node *first = kal_load(s, path, NULL);
    REQUIRE(kal_node_file(first, &info) && info.pages == 1000);
    kal_limits old, few;
    kal_limits_get(&old);
    few = old;
    few.pages = 999;
    kal_limits_set(&few);
    REQUIRE_FAILS(KAL_LIMIT, kal_node_error(kal_load(s, path, NULL), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "pages"), "%s", check_error.message);
    kal_limits_set(&old);
    for (int i = 0; i < 1000; i += 333) {
        char params[80];
        kal_key k[2];
        snprintf(params, sizeof params, "width=64 height=48 seed=%d", i);
        REQUIRE_OK(kal_content_key(kal_page(s, first, i), NULL, &k[0], &check_error));
        REQUIRE_OK(kal_content_key(kal_apply_text(s, "noise", params, NULL, 0), NULL, &k[1], &check_error));
        REQUIRE_NOTE(kal_key_equal(k[0], k[1]), "page %d", i);
    }
    kal_scope_free(&s);
}

// In turn, backwards, some left out, after closing: the pages are the same, and a walk decodes each picture once.
static void walks(const char *path, const char *what)
{
    kal_scope *s = kal_scope_new();
    kal_pages *walk;
    kal_node *first = kal_load(s, path, NULL), *n;
    const kal_options never = {.memo_mode = KAL_MEMO_NEVER, .threads = 1};
    REQUIRE_OK(kal_pages_open(first, &walk, &check_error));
    const int32_t pages = kal_pages_count(walk);
    void **want = calloc((size_t)pages, sizeof *want);
    kal_extent e;
    for (int32_t i = 0; i < pages; i++) want[i] = read_all(kal_page(s, first, i), &never, &e);
    for (int32_t i = 0; (n = kal_pages_next(walk, s)) != NULL; i++) {
        void *got = read_all(n, &never, &e);
        REQUIRE_NOTE(got && want[i] && !memcmp(got, want[i], bytes_of(&e)), "%s: page %d: %s", what, i,
                     check_error.message);
        free(got);
    }
    static const int32_t order[] = {2, 3, 1, 4, 4, 0, 3};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (order[i] >= pages) continue;
        if (i == 5) kal_pages_close(&walk);
        void *got =
            read_all(walk ? kal_pages_at(walk, s, order[i]) : kal_page(s, first, order[i]), &never, &e);
        REQUIRE_NOTE(got && !memcmp(got, want[order[i]], bytes_of(&e)), "%s: page %d", what, order[i]);
        free(got);
    }
    for (int32_t i = 0; i < pages; i++) free(want[i]);
    free(want);
    kal_pages_close(&walk);
    kal_scope_free(&s);
}

static void shared_walks(const char *path)
{
    walks(path, path);
}

static void failures(void)
{
    const char *path = check_temp("kept.tif");
    kal_scope *s = kal_scope_new();
    kal_album *a;
    put_file(path, "old", 3);
    REQUIRE_OK(kal_album_create(path, NULL, &a, &check_error));
    REQUIRE_OK(kal_album_add(a, number(s, 1), NULL, NULL, &check_error));
    kal_cancel *c = kal_cancel_new();
    kal_cancel_set(c);
    const kal_options o = {.cancel = c};
    REQUIRE_FAILS(KAL_CANCELLED, kal_album_add(a, number(s, 2), NULL, &o, &check_error));
    // nothing had begun of it, nor of one that no plan is found for
    REQUIRE_OK(kal_album_add(a, number(s, 2), NULL, NULL, &check_error));
    const kal_options poor = {.max_memory = 100000};
    REQUIRE_FAILS(KAL_LIMIT,
                  kal_album_add(a, kal_apply_text(s, "gradient", "width=9000 height=9000", NULL, 0), NULL,
                                &poor, &check_error));
    REQUIRE_OK(kal_album_add(a, number(s, 3), NULL, NULL, &check_error));
    // a picture that breaks off leaves a file that cannot be gone on with
    kal_bytes png = encoded(number(s, 4), "png", NULL);
    kal_node *cut = kal_load_bytes(s, png.data, png.size * 2 / 3, NULL);
    REQUIRE_FAILS(KAL_CORRUPT, kal_album_add(a, cut, NULL, NULL, &check_error));
    REQUIRE_FAILS(KAL_CORRUPT, kal_album_add(a, number(s, 5), NULL, NULL, &check_error));
    REQUIRE_FAILS(KAL_CORRUPT, kal_album_finish(&a, NULL, &check_error));
    kal_bytes_free(&png);
    kal_cancel_free(&c);
    struct stat st;
    REQUIRE(!a && stat(path, &st) == 0 && st.st_size == 3);
    REQUIRE_OK(kal_album_create(path, NULL, &a, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_album_finish(&a, NULL, &check_error));
    REQUIRE(stat(path, &st) == 0 && st.st_size == 3);
    REQUIRE_OK(kal_album_create(check_temp("one.jpg"), NULL, &a, &check_error));
    REQUIRE_OK(kal_album_add(a, number(s, 1), NULL, NULL, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_album_add(a, number(s, 2), NULL, NULL, &check_error));
    REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));   // with the one it has
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_page(s, kal_load(s, check_temp("one.jpg"), NULL), 1), &check_error));
    kal_node *n =
        kal_apply_text(s, "invert", "", (kal_node *[]){kal_load(s, check_temp("one.jpg"), NULL)}, 1);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_page(s, n, 0), &check_error));
    kal_scope_free(&s);
}

int main(void)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (can_hold_pages(formats[i]))
            some(formats[i]);
        else
            check_skip("no pages are written to %s here", formats[i]);
    if (can_hold_pages("tiff")) {
        a_thousand();
        walks(check_temp("tiff"), "tiff");
        failures();
    }
    if (!each_shared("|gif|apng|webp|tiff|tif|", shared_walks)) check_skip("there are no shared pictures");
    kal_memo_clear(NULL);
    return check_done();
}
