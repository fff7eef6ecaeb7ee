// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Samples alone: every type, order and layout against samples laid down by hand, pages, what is told in keys and texts, files that are too
// short; and the file that says which picture it was.
#include "files.h"

static const char *const types[] = {"u8", "u16", "f32", "u32"};

// A picture as a file holds it, from packed pixels of this machine.
static kal_bytes laid_down(const kal_extent *e, const unsigned char *p, int skip, bool big, bool planar)
{
    const uint16_t one = 1;
    const bool swap = big == (*(const unsigned char *)&one == 1);
    const int size = (int)kal_type_size(e->type), n = e->width * e->height, channels = e->channels;
    kal_bytes b = {malloc((size_t)skip + bytes_of(e)), (size_t)skip + bytes_of(e)};
    unsigned char *to = b.data;
    memset(to, 0xee, (size_t)skip);
    for (int i = 0; i < n; i++)
        for (int c = 0; c < channels; c++)
            for (int k = 0; k < size; k++)
                to[skip + (planar ? c * n + i : i * channels + c) * size + k] =
                    p[(i * channels + c) * size + (swap ? size - 1 - k : k)];
    return b;
}

static kal_extent kind_of(int32_t w, int32_t h, int32_t channels, kal_type type)
{
    kal_extent e = extent_of(w, h, channels, type);
    if (type == KAL_U32) e.model = KAL_DATA, e.alpha = false;
    return e;
}

static void layouts(void)
{
    rng r = {5};
    for (int i = 0; i < 64; i++) {
        const int32_t channels[] = {1, 2, 3, 4, 7};
        const bool big = i & 1, planar = i >> 1 & 1;
        const int type = i >> 2 & 3, skip = rng_below(&r, 2) * rng_below(&r, 200000);
        const kal_extent e = kind_of(1 + rng_below(&r, 700), 1 + rng_below(&r, 30),
                                     channels[rng_below(&r, 5)], (kal_type)type);
        unsigned char *p = malloc(bytes_of(&e));
        rng_pixels(&r, &e, p);
        kal_bytes b = laid_down(&e, p, skip, big, planar);
        char told[200];
        snprintf(told, sizeof told,
                 "format=pixels width=%d height=%d channels=%d type=%s skip=%d order=%s planar=%s", e.width,
                 e.height, e.channels, types[type], skip, big ? "big" : "little", planar ? "true" : "false");
        require_picture(b.data, b.size, told, &e, p, told);
        if (!skip && !planar && !big) {
            kal_scope *s = kal_scope_new();
            kal_bytes ours = encoded(node_of(s, &e, p), "pixels", NULL);
            if (REQUIRE(ours.size == b.size)) REQUIRE_MEM(ours.data, b.data, b.size);
            kal_bytes_free(&ours);
            kal_scope_free(&s);
        }
        bytes_free(&b);
        free(p);
    }
}

static void fails(const kal_bytes *b, const char *told, kal_status status, const char *says)
{
    kal_extent e;
    void *p = decoded(b->data, b->size, told, &e);
    REQUIRE_NOTE(!p && check_error.status == status && strstr(check_error.message, says), "%s: %s", told,
                 p ? "it was read" : check_error.message);
    free(p);
}

static void refused(void)
{
    static const char p[100] = "P5 1 1 255 as it begins, but nobody looks";
    const kal_bytes b = {(void *)(uintptr_t)p, sizeof p};
    fails(&b, "format=pixels width=10 height=10", KAL_INVALID, "tell channels=");
    fails(&b, "format=pixels width=10 channels=3", KAL_INVALID, "tell height=");
    fails(&b, "format=gray height=10", KAL_INVALID, "tell width=");
    fails(&b, "format=rgb width=1 height=1 channels=1", KAL_INVALID, "format=rgb has 3 channels");
    fails(&b, "format=rgb width=7 height=5", KAL_CORRUPT, "the file has 100 bytes, and 7×5×3 of u8 need 105");
    fails(&b, "format=gray width=10 height=10 skip=1", KAL_CORRUPT,
          "has 100 bytes, and 10×10×1 of u8, with what lies before them, need 101");
    fails(&b, "format=gray width=10 height=10 skip=1000", KAL_CORRUPT, "need 1100");
    fails(&b, "format=gray width=10 height=10 skip=2147483647", KAL_CORRUPT, "need 2147483747");
    fails(&b, "format=gray width=10 height=10 skip=1e10", KAL_CORRUPT, "need 10000000100");
    fails(&b, "format=gray width=10 height=10 skip=1.5", KAL_INVALID, "skip=1.5 is not a whole number");
    fails(&b, "format=gray width=10 height=10 skip=-1", KAL_INVALID, "outside");
    fails(&b, "format=gray width=3e9 height=10", KAL_INVALID, "width=3");
    fails(&b, "format=gray width=10 height=5 page=2", KAL_INVALID, "page");
    fails(&b, "format=pixels width=100000 height=100000 channels=64 type=f32", KAL_LIMIT, "pixels=");
    fails(&b, "format=hash", KAL_INVALID, "hash can be written but not read");
    fails(&b, "format=pgm width=1", KAL_INVALID, "are for format=pixels");
    kal_scope *s = kal_scope_new();
    rng r = {3};
    const kal_extent e = extent_of(3, 2, 3, KAL_U8);
    const kal_node *n = kal_encode(s, rng_image(&r, s, &e), "gray", NULL);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "form=gray has 1 channels and the picture 3"), "%s",
                 check_error.message);
    kal_scope_free(&s);
}

// Behind more bytes than an int counts; they are a hole in the file, and nobody keeps them.
static void far(void)
{
    static const unsigned char row[4] = {1, 2, 3, 4};
    const double skip = 2147483648.0 + 5;
    kal_extent e;
    char told[100];
    put_file(check_temp("far.bin"), row, 1);
    FILE *f = fopen(check_temp("far.bin"), "r+b");
    if (!f || fseeko(f, (off_t)skip, SEEK_SET) || fwrite(row, 1, 4, f) != 4 || fclose(f)) {
        check_skip("a file of more than 2 GiB: there is no room for one");
        remove(check_temp("far.bin"));
        return;
    }
    snprintf(told, sizeof told, "format=gray width=4 height=1 keyed=false skip=%.0f", skip);
    kal_node *n = kal_load(NULL, check_temp("far.bin"), told);
    kal_stats stats;
    const kal_options o = {.stats = &stats};
    unsigned char *p = read_all(n, &o, &e);
    REQUIRE_NOTE(p && !memcmp(p, row, 4), "%s: %s", told, check_error.message);
    REQUIRE_NOTE(stats.bytes_read <= 16384, "%llu bytes were read", (unsigned long long)stats.bytes_read);
    free(p);
    kal_node_unref(&n);
    remove(check_temp("far.bin"));
}

static kal_key key_of(const kal_bytes *b, const char *told)
{
    kal_key k = {0};
    kal_node *n = kal_load_bytes(NULL, b->data, b->size, told);
    REQUIRE_OK(kal_node_key(n, &k, &check_error));
    kal_node_unref(&n);
    return k;
}

// What is told is part of the key, however it was told; and what a text of it says is the same node.
static void keys(void)
{
    static const char *const different[] = {"width=8 height=4 channels=3",
                                            "width=4 height=8 channels=3",
                                            "width=8 height=4 channels=2",
                                            "width=8 height=4 channels=3 type=u16",
                                            "width=8 height=4 channels=3 skip=1",
                                            "width=8 height=4 channels=3 page=1",
                                            "width=8 height=4 channels=3 planar=true",
                                            "width=8 height=4 channels=3 order=big"};
    enum { N = sizeof different / sizeof *different };
    kal_key k[N];
    unsigned char p[600];
    for (size_t i = 0; i < sizeof p; i++) p[i] = (unsigned char)(i * 7);
    const kal_bytes b = {p, sizeof p};
    put_file(check_temp("a.bin"), p, sizeof p);
    for (int i = 0; i < N; i++) {
        char told[100];
        snprintf(told, sizeof told, "format=pixels %s", different[i]);
        k[i] = key_of(&b, told);
        for (int j = 0; j < i; j++) REQUIRE_NOTE(!kal_key_equal(k[i], k[j]), "%s", told);
        kal_node *n = kal_load(NULL, check_temp("a.bin"), told);
        kal_bytes text = {0};
        kal_program *again = NULL;
        REQUIRE_OK(kal_print_graph(n, &text, &check_error));
        if (REQUIRE_OK(kal_program_parse((const char *)text.data, text.size, NULL, 0, &again, &check_error)))
            REQUIRE_NOTE(kal_program_root(again) == n, "%s", (char *)text.data);
        kal_program_free(&again);
        kal_bytes_free(&text);
        kal_node_unref(&n);
    }
    REQUIRE(kal_key_equal(k[0], key_of(&b, "format=rgb width=8 height=4")));
}

static void pages(void)
{
    rng r = {8};
    const kal_extent e = extent_of(31, 17, 3, KAL_U16);
    kal_scope *s = kal_scope_new();
    unsigned char *p = malloc(5 * bytes_of(&e) + 100);
    for (int i = 0; i < 5; i++) rng_pixels(&r, &e, p + (size_t)i * bytes_of(&e));
    kal_node *n = kal_load_bytes(s, p, 5 * bytes_of(&e) + 100, "format=rgb width=31 height=17 type=u16");
    kal_pages *walk = NULL;
    if (REQUIRE_OK(kal_pages_open(n, &walk, &check_error))) {
        REQUIRE(kal_pages_count(walk) == 5);   // and something that is no whole picture
        for (int i = 0; i < 5; i++) {
            void *got = read_all(kal_pages_next(walk, s), NULL, NULL);
            if (REQUIRE_NOTE(got != NULL, "%s", check_error.message))
                REQUIRE_MEM(got, p + (size_t)i * bytes_of(&e), bytes_of(&e));
            free(got);
        }
        kal_pages_close(&walk);
    }
    kal_album *a = NULL;
    char *path = strdup(check_temp("pages.bin"));
    REQUIRE_OK(kal_album_create(path, NULL, &a, &check_error));
    memset(path, 'x', strlen(path));   // it was the caller's
    free(path);
    for (int i = 0; i < 5; i++) REQUIRE_OK(kal_album_add(a, kal_page(s, n, i), NULL, NULL, &check_error));
    const kal_extent other = extent_of(17, 31, 3, KAL_U16);
    REQUIRE_FAILS(KAL_INVALID, kal_album_add(a, rng_image(&r, s, &other), NULL, NULL, &check_error));
    kal_album_abort(&a);
    REQUIRE_OK(kal_album_create(check_temp("pages.bin"), NULL, &a, &check_error));
    for (int i = 0; i < 5; i++) REQUIRE_OK(kal_album_add(a, kal_page(s, n, i), NULL, NULL, &check_error));
    REQUIRE_OK(kal_album_finish(&a, NULL, &check_error));
    kal_bytes b = get_file(check_temp("pages.bin"));
    if (REQUIRE(b.size == 5 * bytes_of(&e))) REQUIRE_MEM(b.data, p, b.size);
    bytes_free(&b);
    free(p);
    kal_scope_free(&s);
}

// ---- a stream of more than is kept --------------------------------------------------------------

typedef struct source {
    uint64_t at, size;
} source;

static ptrdiff_t give(void *user, void *dst, size_t n, kal_error *err)
{
    source *f = user;
    (void)err;
    if (n > f->size - f->at) n = (size_t)(f->size - f->at);
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)dst)[i] = (unsigned char)((f->at + i) * 2654435761u >> 13);
    f->at += n;
    return (ptrdiff_t)n;
}

static void long_streams(void)
{
    for (int missing = 0; missing < 2; missing++) {
        source f = {0, 5 + 3 * 7000 * 4000 - (uint64_t)missing};
        kal_scope *s = kal_scope_new();
        const kal_input in = {.name = "the feed", .user = &f, .read = give};
        kal_node *n = kal_load_input(s, &in, "format=rgb width=7000 height=4000 skip=5");
        kal_bytes b = {NULL, 0};
        const kal_status st = kal_read_bytes(kal_encode(s, n, "hash", NULL), NULL, &b, &check_error);
        if (missing)
            REQUIRE_NOTE(st == KAL_CORRUPT && strstr(check_error.message, "has 84000004 bytes") &&
                             strstr(check_error.message, "need 84000005"),
                         "%s", check_error.message);
        else
            REQUIRE_OK(st);
        kal_bytes_free(&b);
        kal_scope_free(&s);
    }
}

// ---- the hash -----------------------------------------------------------------------------------

// The content key whatever works on it, and whatever the picture carries.
static void hashes(void)
{
    rng r = {21};
    for (int i = 0; i < 12; i++) {
        kal_scope *s = kal_scope_new();
        const kal_extent e =
            extent_of(1 + rng_below(&r, 900), 1 + rng_below(&r, 900), 1 + i % 4, (kal_type)(i % 3));
        kal_node *image = rng_image(&r, s, &e);
        char want[34];
        kal_key k;
        REQUIRE_OK(kal_content_key(image, NULL, &k, &check_error));
        kal_key_print(k, want);
        want[32] = '\n';
        for (int threads = 1; threads <= 4; threads++) {
            const kal_options o = {.threads = threads, .memo_mode = KAL_MEMO_NEVER};
            kal_bytes b = {NULL, 0};
            REQUIRE_OK(kal_read_bytes(kal_encode(s, image, "hash", NULL), &o, &b, &check_error));
            REQUIRE_NOTE(b.size == 33 && !memcmp(b.data, want, 33), "%d threads: %.33s", threads,
                         (char *)b.data);
            kal_bytes_free(&b);
        }
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(30, 20, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e);
    kal_bytes png = encoded(image, "png", NULL), with = bytes_copy(png.data, png.size), a, b;
    const unsigned char density[] = {0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1};
    splice(&with, 33, png_chunk("pHYs", density, sizeof density));
    a = encoded(image, "hash", NULL);
    b = encoded(kal_load_bytes(s, with.data, with.size, NULL), "hash", NULL);
    if (REQUIRE(a.size == b.size)) REQUIRE_MEM(a.data, b.data, a.size);
    kal_bytes_free(&png);
    bytes_free(&with);
    kal_bytes_free(&a);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

int main(void)
{
    layouts();
    refused();
    far();
    keys();
    pages();
    long_streams();
    hashes();
    kal_memo_clear(NULL);
    return check_done();
}
