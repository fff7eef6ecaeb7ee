// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A caller's functions before and behind every format there is: the same picture however many bytes come at a time, the same file however many
// are taken, and at whichever call one fails, that failure and nothing else.
// What libx265 once took, and what libheif leaves of a file that breaks off, is theirs.
#define LEAKS_OF_OTHERS "leak:libx265.so\nleak:libheif.so\nleak:libdav1d.so\n"
#include "each_format.h"
#include "feeds.h"

// ---- sources ------------------------------------------------------------------------------------

// With seek or without: the node and the pixels of the same bytes in memory.
static void same_picture(const char *format, const kal_bytes *file)
{
    static const size_t steps[] = {0, 1, 7, 4099};
    for (int k = 0; k < 8; k++) {
        kal_scope *s = kal_scope_new();
        feed f = {.data = file->data, .size = file->size, .step = steps[k / 2]};
        const kal_input in = input_of(&f, k & 1);
        kal_extent e;
        kal_node *plain = kal_load_bytes(s, file->data, file->size, told_of(format));
        void *want = read_all(plain, &fresh, &e);
        kal_key a, b;
        REQUIRE_OK(kal_node_key(plain, &a, &check_error));
        kal_scope *other = kal_scope_new();
        kal_scope_free(&s);   // nothing of the first is left: the feed's own bytes are what is read
        kal_node *node = kal_load_input(other, &in, told_of(format));
        if (REQUIRE_OK(kal_node_key(node, &b, &check_error))) {
            REQUIRE_NOTE(kal_key_equal(a, b), "%s, steps of %zu", format, f.step);
            for (int twice = 0; twice < 2; twice++) {
                void *got = read_all(node, &fresh, NULL);
                REQUIRE_NOTE(got && want && !memcmp(got, want, bytes_of(&e)), "%s, steps of %zu, seek %d",
                             format, f.step, k & 1);
                free(got);
            }
            REQUIRE(f.closes == !(k & 1));   // a stream that was kept has nothing more to give
        }
        kal_scope_free(&other);
        REQUIRE_NOTE(f.closes == 1, "%d", f.closes);
        free(want);
    }
}

typedef struct way {
    const char *format;
    bool seeks;
    bool keyed;   // else nothing is read before the codec does
} way;

static kal_status load_and_read(feed *f, const way *w)
{
    char params[100];
    const char *told = told_of(w->format);
    kal_scope *s = kal_scope_new();
    const kal_input in = input_of(f, w->seeks);
    snprintf(params, sizeof params, "%s %s", told ? told : "", w->keyed ? "" : "keyed=false");
    kal_node *n = kal_load_input(s, &in, params);
    kal_status st = kal_node_error(n, &check_error);
    kal_extent e;
    if (!st) st = kal_node_extent(n, &e, &check_error);
    void *pixels = st ? NULL : malloc(bytes_of(&e));
    if (!st)
        st = kal_read(n, kal_rect_all(&e), pixels, (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)), &fresh,
                      &check_error);
    free(pixels);
    kal_scope_free(&s);
    return st;
}

// A failure at any call: its own words and status, whatever codec was in between.
static void fails_anywhere(const way *w, const kal_bytes *file, kal_status status)
{
    int k = w->seeks ? 2 : 1;   // when the first seek fails it is a stream
    for (bool more = true; more; k++) {
        feed f = {.data = file->data, .size = file->size, .step = 3000, .fail_at = k, .status = status};
        const kal_status st = load_and_read(&f, w);
        more = f.calls >= k;
        REQUIRE_NOTE(f.closes == 1, "%s: call %d: closed %d times", w->format, k, f.closes);
        if (!more) {
            REQUIRE_NOTE(st == KAL_OK, "%s: %s", w->format, check_error.message);
            continue;
        }
        REQUIRE_NOTE(st == (status ? status : KAL_CALLBACK), "%s, seek %d, keyed %d: call %d: %s: %s",
                     w->format, w->seeks, w->keyed, k, kal_status_name(st), check_error.message);
        REQUIRE_NOTE(strstr(check_error.message, "the feed") &&
                         strstr(check_error.message, status ? "the net is down" : "gave no reason"),
                     "%s: call %d: %s", w->format, k, check_error.message);
    }
    REQUIRE_NOTE(k > 2, "%s: only %d calls", w->format, k);
}

static void lies(const char *format, const kal_bytes *file)
{
    for (int seeks = 0; seeks < 2; seeks++) {
        const way w = {format, seeks, true};
        feed f = {.data = file->data, .size = file->size, .lie = (ptrdiff_t)1 << 40};
        REQUIRE_FAILS(KAL_CALLBACK, load_and_read(&f, &w));
        REQUIRE_NOTE(strstr(check_error.message, "the feed: read at byte 0 gave"), "%s", check_error.message);
        f = (feed){.data = file->data, .size = file->size, .lie = -7};
        REQUIRE_FAILS(KAL_CALLBACK, load_and_read(&f, &w));
        f = (feed){.data = file->data, .size = file->size / 2};
        REQUIRE_FAILS(KAL_CORRUPT, load_and_read(&f, &w));
        REQUIRE_NOTE(strstr(check_error.message, "the feed"), "%s", check_error.message);
    }
    // a seek that never works is a pipe
    feed f = {.data = file->data, .size = file->size, .fail_at = 1, .status = KAL_UNSUPPORTED};
    REQUIRE_OK(load_and_read(&f, &(way){format, true, true}));
    REQUIRE(f.seeks == 1);
}

static void other_bytes(const char *format, const kal_bytes *file)
{
    unsigned char *copy = malloc(file->size);
    memcpy(copy, file->data, file->size);
    feed f = {.data = copy, .size = file->size};
    const kal_input in = input_of(&f, true);
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_input(s, &in, told_of(format));
    REQUIRE_OK(kal_node_error(n, &check_error));
    copy[file->size - 1] ^= 1;
    REQUIRE(!read_all(n, &fresh, NULL));
    REQUIRE_NOTE(check_error.status == KAL_CHANGED, "%s: %s", format, check_error.message);
    kal_scope_free(&s);
    free(copy);
}

// One failure is one failure: the next request begins where it must.
static void after_a_failure(const char *format, const kal_bytes *file)
{
    feed f = {.data = file->data, .size = file->size};
    const kal_input in = input_of(&f, true);
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_input(s, &in, told_of(format));
    for (int k = 0; k < 2; k++) {
        f.calls = 0;
        f.fail_at = 2 + k;
        f.status = KAL_LIMIT;
        REQUIRE(!read_all(n, &fresh, NULL));
        REQUIRE_NOTE(check_error.status == KAL_LIMIT, "%s: %s", format, check_error.message);
        f.fail_at = 0;
        void *pixels = read_all(n, &fresh, NULL);
        REQUIRE_NOTE(pixels != NULL, "%s: %s", format, check_error.message);
        free(pixels);
    }
    kal_scope_free(&s);
}

// ---- targets ------------------------------------------------------------------------------------

static void taken_slowly(const char *format, kal_node *encoded, const kal_bytes *want)
{
    for (size_t step = 1; step < 8; step++) {
        drain d = {.step = step};
        const kal_output o = drain_output(&d);
        REQUIRE_OK(kal_write_outputs(&encoded, &o, 1, &fresh, &check_error));
        REQUIRE_NOTE(d.size == want->size && !memcmp(d.data, want->data, want->size), "%s, %zu at a time",
                     format, step);
        REQUIRE(d.ends == 1 && d.aborts == 0);
        free(d.data);
    }
}

static void refused_anywhere(const char *format, kal_node *encoded, size_t step)
{
    int k = 1;
    for (bool more = true; more; k++) {
        drain d = {.step = step, .fail_at = k};
        const kal_output o = drain_output(&d);
        const kal_status st = kal_write_outputs(&encoded, &o, 1, &fresh, &check_error);
        more = d.calls >= k;
        REQUIRE_NOTE(more ? st == KAL_IO && strstr(check_error.message, "the drain: the disk is gone") : !st,
                     "%s: call %d: %s: %s", format, k, kal_status_name(st), st ? check_error.message : "");
        REQUIRE_NOTE(d.aborts == more && d.ends == !more, "%s: call %d: %d aborts, %d ends", format, k,
                     d.aborts, d.ends);
        free(d.data);
    }
    drain last = {.end_fails = KAL_DEADLINE}, none = {.lie = 1};
    const kal_output o[2] = {drain_output(&last), drain_output(&none)};
    REQUIRE_FAILS(KAL_DEADLINE, kal_write_outputs(&encoded, &o[0], 1, &fresh, &check_error));
    REQUIRE(last.ends == 1 && last.aborts == 1);
    free(last.data);
    REQUIRE_FAILS(KAL_CALLBACK, kal_write_outputs(&encoded, &o[1], 1, &fresh, &check_error));
    REQUIRE(!none.ends && none.aborts == 1);
}

static kal_status write_album(const char *format, kal_node *const *pictures, drain *d)
{
    const kal_output o = drain_output(d);
    kal_album *a;
    kal_status st = kal_album_create_output(&o, format, &a, &check_error);
    if (st) return st;
    for (int i = 0; i < 2 && !st; i++) st = kal_album_add(a, pictures[i], NULL, &fresh, &check_error);
    kal_error again;
    const kal_status last = kal_album_finish(&a, NULL, st ? &again : &check_error);
    REQUIRE_NOTE(!st || last == st, "%s: %s, and in the end %s", format, kal_status_name(st),
                 kal_status_name(last));
    return last;
}

// Of two pictures.
static void album_refused_anywhere(const char *format)
{
    kal_scope *s = kal_scope_new();
    rng r = {13};
    const kal_extent e = extent_of(60, 40, 3, KAL_U8);
    kal_node *const pictures[2] = {rng_image(&r, s, &e), rng_image(&r, s, &e)};
    int k = 1;
    for (bool more = true; more; k++) {
        drain d = {.step = 3000, .fail_at = k};
        const kal_status st = write_album(format, pictures, &d);
        if (k == 1 && st == KAL_UNSUPPORTED) {   // what cannot be written from front to back
            check_skip("%s: %s", format, check_error.message);
            more = false;
        } else {
            more = d.calls >= k;
            REQUIRE_NOTE(more ? st == KAL_IO && strstr(check_error.message, "the disk is gone") : !st,
                         "an album of %s: call %d: %s: %s", format, k, kal_status_name(st),
                         st ? check_error.message : "");
            REQUIRE_NOTE(d.aborts == more && d.ends == !more, "an album of %s: call %d: %d aborts, %d ends",
                         format, k, d.aborts, d.ends);
        }
        free(d.data);
    }
    kal_scope_free(&s);
}

// ---- each format --------------------------------------------------------------------------------

static void reads(const char *format, const kal_bytes *file)
{
    static const kal_status statuses[] = {KAL_DEADLINE, KAL_IO, KAL_OK};
    same_picture(format, file);
    for (int k = 0; k < 4; k++)
        for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
            fails_anywhere(&(way){format, k & 1, k < 2}, file, statuses[i]);
    lies(format, file);
    other_bytes(format, file);
    after_a_failure(format, file);
}

static void writes(const char *format)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = encoded_noise(s, format, 120, 90);
    kal_bytes want = {NULL, 0};
    if (REQUIRE_OK(kal_read_bytes(n, &fresh, &want, &check_error))) {
        taken_slowly(format, n, &want);
        refused_anywhere(format, n, want.size / 23 + 1);
    }
    kal_bytes_free(&want);
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    kal_codec_info c;
    for (size_t i = 0; kal_codec_at(i, &c, NULL); i++) {
        if (argc > 1 && strcmp(argv[1], c.name)) continue;
        kal_bytes file = file_of(&c);
        if (!file.size) continue;
        if (c.reads) reads(c.name, &file);
        if (c.writes) writes(c.name);
        if (c.writes && c.album) album_refused_anywhere(c.name);
        bytes_free(&file);
    }
    kal_memo_clear(NULL);
    return check_done();
}
