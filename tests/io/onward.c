// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Streams that are read onward: each page is the one of the file, is there as soon as its bytes are, and nothing of those before is held; in order
// and once; a stream that breaks off, fails or stalls says so.
#include "files.h"
#include "gifs.h"
#include "y4ms.h"

#include <time.h>

typedef struct feed {
    kal_bytes bytes;
    size_t at, step, fails_at, stalls_at;   // 0: nowhere
    bool endless;                           // what it has again and again, but for `head` bytes
    size_t head;
    uint64_t given;
    int closes;
} feed;

static ptrdiff_t give(void *user, void *dst, size_t n, kal_error *err)
{
    feed *f = user;
    if (f->fails_at && f->given >= f->fails_at) return kal_fail(err, KAL_IO, "the line is dead"), -1;
    if (f->stalls_at && f->given >= f->stalls_at) nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
    if (f->endless && f->at == f->bytes.size) f->at = f->head;
    if (n > f->step) n = f->step;
    if (n > f->bytes.size - f->at) n = f->bytes.size - f->at;
    memcpy(dst, (unsigned char *)f->bytes.data + f->at, n);
    f->at += n;
    f->given += n;
    return (ptrdiff_t)n;
}

static void closed(void *user)
{
    __atomic_add_fetch(&((feed *)user)->closes, 1, __ATOMIC_RELEASE);
}

static kal_node *load_feed(kal_scope *s, feed *f, const char *params)
{
    const kal_input in = {.name = "the feed", .user = f, .read = give, .close = closed};
    char all[100];
    snprintf(all, sizeof all, "keyed=false %s", params);
    return kal_load_input(s, &in, all);
}

// Pixels as RGBA of 8 bits, since a stream of GIF always has alpha.
static unsigned char *as_rgba(kal_node *n, const kal_options *o, kal_extent *e)
{
    unsigned char *p = read_all(n, o, e);
    if (!p || e->channels != 3 || e->type != KAL_U8) return p;
    const size_t pixels = (size_t)e->width * (size_t)e->height;
    unsigned char *r = malloc(pixels * 4);
    for (size_t i = 0; i < pixels; i++) memcpy(r + 4 * i, p + 3 * i, 3), r[4 * i + 3] = 255;
    free(p);
    e->channels = 4;
    return r;
}

static void same_delay(kal_node *want, kal_node *got, const char *what, int page)
{
    kal_field a, b;
    const double wanted = kal_node_field(want, "delay", &a) ? a.numbers[0] : -1,
                 has = kal_node_field(got, "delay", &b) ? b.numbers[0] : -1;
    REQUIRE_NOTE(has == wanted, "%s, page %d: shown for %g s, not %g", what, page, has, wanted);
}

// `ahead`: bytes that may be asked for beyond a page's own.
static void same_pages(const kal_bytes *b, const char *params, int pages, size_t ahead, const char *what)
{
    for (int step = 0; step < 3; step++) {
        feed f = {.bytes = *b, .step = step == 0 ? 1 : step == 1 ? 1000 : SIZE_MAX};
        kal_scope *s = kal_scope_new();
        kal_node *file = kal_load_bytes(s, b->data, b->size, params), *n = load_feed(s, &f, params);
        kal_pages *walk = NULL;
        kal_error err;
        if (!REQUIRE_OK(kal_pages_open(n, &walk, &check_error))) break;
        REQUIRE_NOTE(f.given <= 4096 + ahead || step == 2, "%s: %d bytes for the header", what, (int)f.given);
        REQUIRE(kal_pages_count(walk) == 0 || kal_pages_count(walk) == pages);
        for (int i = 0; i < pages; i++) {
            kal_extent e, x;
            REQUIRE_NOTE(kal_pages_has(walk, i, &err), "%s, page %d: %s", what, i, err.message);
            kal_node *page = kal_pages_at(walk, s, i);
            if (step == 1 && i == 1 && pages > 2) continue;   // passed over
            unsigned char *got = as_rgba(page, NULL, &e), *want = as_rgba(kal_page(s, file, i), NULL, &x);
            REQUIRE_NOTE(got && want && e.width == x.width && e.height == x.height &&
                             e.channels == x.channels && !memcmp(got, want, bytes_of(&x)),
                         "%s, page %d: %s", what, i, check_error.message);
            same_delay(kal_page(s, file, i), page, what, i);
            const size_t part = b->size * (size_t)(i + 1) / (size_t)pages;
            if (step < 2)
                REQUIRE_NOTE(f.given <= part + 4096 + ahead, "%s, page %d: %d bytes", what, i, (int)f.given);
            free(got);
            free(want);
        }
        REQUIRE(!kal_pages_has(walk, pages, &err));
        REQUIRE_NOTE(err.status == KAL_OK, "%s: %s", what, err.message);
        REQUIRE(kal_pages_count(walk) == pages);
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_pages_at(walk, s, pages), &check_error));
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_pages_at(walk, s, 0), &check_error));
        kal_pages_close(&walk);
        kal_scope_free(&s);
        REQUIRE_NOTE(f.closes == 1, "%s: closed %d times", what, f.closes);
    }
}

static kal_bytes noise_film(int w, int h, int frames)
{
    char head[80];
    rng r = {12};
    snprintf(head, sizeof head, "YUV4MPEG2 W%d H%d F25:1 C420\n", w, h);
    const size_t n = (size_t)(w * h + 2 * ((w + 1) / 2) * ((h + 1) / 2));
    unsigned char *p = malloc(n);
    kal_bytes b = bytes_copy(head, strlen(head));
    for (int i = 0; i < frames; i++) {
        for (size_t k = 0; k < n; k++) p[k] = (unsigned char)rng_next(&r);
        b = bytes_join(bytes_join(b, "FRAME\n", 6), p, n);
    }
    free(p);
    return b;
}

// More than anybody could hold, of which only the first hundred pages are wanted.
static void endless(void)
{
    kal_bytes b = noise_film(640, 480, 2);
    feed f = {.bytes = b,
              .step = SIZE_MAX,
              .endless = true,
              .head = (size_t)(strchr((char *)b.data, '\n') - (char *)b.data) + 1};
    kal_node *n = load_feed(NULL, &f, "");
    kal_pages *walk = NULL;
    kal_key k, seen[2] = {{0}};
    REQUIRE_OK(kal_pages_open(n, &walk, &check_error));
    kal_limits old, less;
    kal_limits_get(&old);
    less = old;
    less.file_bytes = 2000000;   // of a picture, not of all of them
    kal_limits_set(&less);
    for (int i = 0; i < 100; i++) {
        kal_node *page = kal_pages_next(walk, NULL);
        kal_stats stats = {0};
        if (!REQUIRE_OK(kal_content_key(page, &(kal_options){.stats = &stats}, &k, &check_error))) break;
        if (i < 2) seen[i] = k;
        REQUIRE(kal_key_equal(k, seen[i % 2]) && stats.planned_bytes < 8 << 20);
        kal_node_unref(&page);
    }
    REQUIRE(!kal_key_equal(seen[0], seen[1]));
    kal_pages_close(&walk);
    kal_node_unref(&n);
    kal_limits_set(&old);
    bytes_free(&b);
}

static kal_status walk_all(feed *f, const kal_options *o, int *pages)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = load_feed(s, f, "");
    kal_pages *walk = NULL;
    kal_key k;
    *pages = 0;
    kal_status st = kal_pages_open(n, &walk, &check_error);
    for (int i = 0; !st; i++) {
        kal_error err;
        if (!kal_pages_has(walk, i, &err)) {
            if ((st = err.status)) check_error = err;
            break;
        }
        st = kal_content_key(kal_pages_at(walk, s, i), o, &k, &check_error);
        *pages += !st;
    }
    kal_pages_close(&walk);
    kal_scope_free(&s);
    return st;
}

static void troubles(void)
{
    kal_bytes b = noise_film(64, 48, 6);
    int pages;
    for (int i = 0; i < 12; i++) {
        feed f = {.bytes = {b.data, b.size * (size_t)(i + 1) / 13}, .step = 777};
        const kal_status st = walk_all(&f, NULL, &pages);
        REQUIRE_NOTE(st == KAL_CORRUPT && pages <= i / 2 && strstr(check_error.message, "byte"),
                     "%d of 12: %d pages, %s", i, pages, check_error.message);
        REQUIRE(f.closes == 1);
        feed g = {.bytes = b, .step = 777, .fails_at = f.bytes.size};
        REQUIRE_NOTE(walk_all(&g, NULL, &pages) == KAL_IO && strstr(check_error.message, "the line is dead"),
                     "%s", check_error.message);
        REQUIRE(g.closes == 1);
    }
    feed f = {.bytes = b, .step = 5000, .stalls_at = b.size / 2};
    REQUIRE_NOTE(walk_all(&f, &(kal_options){.deadline = 0.05}, &pages) == KAL_DEADLINE && pages >= 2,
                 "%d pages: %s", pages, check_error.message);
    for (int i = 0; i < 3000 && !__atomic_load_n(&f.closes, __ATOMIC_ACQUIRE); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);   // whoever waited comes back and closes
    REQUIRE(f.closes == 1);
    kal_cancel *c =
        kal_cancel_new();   // a request that may be stopped and is not: the same reader waits between two of them
    feed g = {.bytes = b, .step = 500};
    REQUIRE_OK(walk_all(&g, &(kal_options){.cancel = c}, &pages));
    REQUIRE(pages == 6);
    kal_cancel_free(&c);
    bytes_free(&b);
}

// One picture is read onward too; what cannot be is read as a stream always was.
static void single_pictures(void)
{
    static const char *const formats[] = {"png", "jpeg", "qoi", "pnm", "bmp", "tiff", "webp"};
    rng r = {2};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        kal_scope *s = kal_scope_new();
        const kal_extent e = extent_of(200, 150, 3, KAL_U8);
        kal_bytes b = {0};
        feed f = {.step = 333};   // the node's, as long as there is one
        if (kal_read_bytes(kal_encode(s, rng_image(&r, s, &e), formats[i], NULL), NULL, &b, &check_error)) {
            check_skip("%s", check_error.message);
        } else {
            f.bytes = b;
            kal_key want = {0}, got = {1, 1};
            REQUIRE_OK(kal_content_key(kal_load_bytes(s, b.data, b.size, NULL), NULL, &want, &check_error));
            kal_node *n = load_feed(s, &f, "");
            REQUIRE_OK(kal_content_key(n, NULL, &got, &check_error));
            REQUIRE_NOTE(kal_key_equal(want, got), "%s", formats[i]);
            kal_bytes_free(&b);
        }
        kal_scope_free(&s);
    }
}

// An animation of a format that is not read onward is kept whole, as any stream is.
static void kept_whole(void)
{
    kal_scope *s = kal_scope_new();
    kal_album *a = NULL;
    kal_pages *walk = NULL;
    rng r = {4};
    const kal_extent e = extent_of(20, 15, 3, KAL_U8);
    REQUIRE_OK(kal_album_create(check_temp("a.png"), NULL, &a, &check_error));
    for (int i = 0; i < 3; i++)
        REQUIRE_OK(
            kal_album_add(a, rng_image(&r, s, &e), i ? "delay=0.5" : "delay=0.25", NULL, &check_error));
    REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));
    kal_bytes b = get_file(check_temp("a.png"));
    feed f = {.bytes = b, .step = 333};
    kal_node *n = load_feed(s, &f, ""), *file = kal_load_bytes(s, b.data, b.size, NULL);
    REQUIRE_OK(kal_pages_open(n, &walk, &check_error));
    for (int i = 0; i < 3 && walk; i++) {
        kal_key want = {0}, got = {1, 1};
        kal_node *page = kal_pages_at(walk, s, i);
        REQUIRE_OK(kal_content_key(kal_page(s, file, i), NULL, &want, &check_error));
        REQUIRE_OK(kal_content_key(page, NULL, &got, &check_error));
        REQUIRE_NOTE(kal_key_equal(want, got), "page %d", i);
        same_delay(kal_page(s, file, i), page, "an animated PNG", i);
    }
    kal_pages_close(&walk);
    kal_scope_free(&s);
    bytes_free(&b);
}

int main(void)
{
    kal_bytes film = noise_film(96, 64, 5), gif = gif_of_three(), mixed = y4m_of_three();
    same_pages(&film, "", 5, 8192, "y4m");
    same_pages(&mixed, "", 3, 65536, "a small y4m");
    same_pages(&gif, "", 3, 65536, "gif");
    rng r = {77};
    const kal_extent e = extent_of(90, 70, 3, KAL_U16);
    kal_bytes raw = {malloc(4 * bytes_of(&e)), 4 * bytes_of(&e)};
    for (int i = 0; i < 4; i++) rng_pixels(&r, &e, (unsigned char *)raw.data + (size_t)i * bytes_of(&e));
    same_pages(&raw, "format=rgb width=90 height=70 type=u16", 4, 65536, "samples");
    endless();
    troubles();
    single_pictures();
    kept_whole();
    bytes_free(&film);
    bytes_free(&gif);
    bytes_free(&mixed);
    bytes_free(&raw);
    kal_memo_clear(NULL);
    return check_done();
}
