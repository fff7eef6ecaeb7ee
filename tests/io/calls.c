// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes from and to functions, descriptors and borrowed memory: the same picture however they come, a failure at any call is that failure and not the
// end of the bytes, and everything is let go of once.
// libx265 keeps what it once took.
#define LEAKS_OF_OTHERS "leak:libx265.so\nleak:libheif.so\nleak:libdav1d.so\n"
#include "files.h"

#include <fcntl.h>
#include <unistd.h>

static const kal_options fresh = {.memo_mode = KAL_MEMO_NEVER};

// ---- a source -----------------------------------------------------------------------------------

typedef struct feed {
    const unsigned char *data;
    size_t size, at, step;
    int calls, fail_at, seeks, closes;   // fail_at counts reads and seeks together
    kal_status status;                   // that it fails with; KAL_OK: it says nothing
    ptrdiff_t lie;                       // given instead of the number of bytes, when not 0
} feed;

static bool fails(feed *f, kal_error *err)
{
    if (++f->calls != f->fail_at) return false;
    if (f->status) kal_fail(err, f->status, "the net is down");
    return true;
}

static ptrdiff_t feed_read(void *user, void *dst, size_t n, kal_error *err)
{
    feed *f = user;
    if (fails(f, err)) return -1;
    if (f->lie) return f->lie;
    size_t got = f->size - f->at < n ? f->size - f->at : n;
    if (f->step && got > f->step) got = f->step;
    memcpy(dst, f->data + f->at, got);
    f->at += got;
    return (ptrdiff_t)got;
}

static kal_status feed_seek(void *user, uint64_t at, kal_error *err)
{
    feed *f = user;
    f->seeks++;
    if (fails(f, err)) return f->status ? f->status : KAL_CALLBACK;
    f->at = (size_t)at;
    return KAL_OK;
}

static void feed_close(void *user)
{
    ((feed *)user)->closes++;
}

static kal_input input_of(feed *f, bool seeks)
{
    return (kal_input){.name = "the feed",
                       .user = f,
                       .read = feed_read,
                       .seek = seeks ? feed_seek : NULL,
                       .close = feed_close};
}

static kal_bytes noise_in(const char *format, int32_t w, int32_t h)
{
    rng r = {11};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(w, h, 3, KAL_U8);
    kal_bytes b = {NULL, 0};
    REQUIRE_OK(kal_read_bytes(kal_encode(s, rng_image(&r, s, &e), format, NULL), &fresh, &b, &check_error));
    kal_scope_free(&s);
    return b;
}

static const char *const formats[] = {"jpeg", "png",  "ppm",  "qoi", "bmp", "npy",
                                      "heic", "webp", "tiff", "jp2", "jxl", "gif"};
#define FORMATS (sizeof formats / sizeof *formats)

// However many bytes come at a time, with seek or without: the node and the pixels of the same bytes in memory.
static void same_picture(const char *format, const kal_bytes *file)
{
    static const size_t steps[] = {0, 1, 7, 4099};
    for (int k = 0; k < 8; k++) {
        kal_scope *s = kal_scope_new();
        feed f = {.data = file->data, .size = file->size, .step = steps[k / 2]};
        const kal_input in = input_of(&f, k & 1);
        kal_extent e;
        kal_node *plain = kal_load_bytes(s, file->data, file->size, NULL);
        void *want = read_all(plain, &fresh, &e);
        kal_key a, b;
        REQUIRE_OK(kal_node_key(plain, &a, &check_error));
        kal_scope *other = kal_scope_new();
        kal_scope_free(&s);   // nothing of the first is left: the feed's own bytes are what is read
        kal_node *node = kal_load_input(other, &in, NULL);
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

static kal_status load_and_read(feed *f, bool seeks)
{
    kal_scope *s = kal_scope_new();
    const kal_input in = input_of(f, seeks);
    kal_node *n = kal_load_input(s, &in, NULL);
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
static void fails_anywhere(const char *format, const kal_bytes *file, bool seeks, kal_status status)
{
    int k = seeks ? 2 : 1;   // when the first seek fails it is a stream
    for (bool more = true; more; k++) {
        feed f = {.data = file->data, .size = file->size, .step = 3000, .fail_at = k, .status = status};
        const kal_status st = load_and_read(&f, seeks);
        more = f.calls >= k;
        REQUIRE_NOTE(f.closes == 1, "%s: call %d: closed %d times", format, k, f.closes);
        if (!more) {
            REQUIRE_NOTE(st == KAL_OK, "%s: %s", format, check_error.message);
            continue;
        }
        REQUIRE_NOTE(st == (status ? status : KAL_CALLBACK), "%s: call %d: %s: %s", format, k,
                     kal_status_name(st), check_error.message);
        REQUIRE_NOTE(strstr(check_error.message, "the feed") &&
                         strstr(check_error.message, status ? "the net is down" : "gave no reason"),
                     "%s: call %d: %s", format, k, check_error.message);
    }
    REQUIRE_NOTE(k > 3, "%s: only %d calls", format, k);
}

static void lies(const kal_bytes *file)
{
    for (int seeks = 0; seeks < 2; seeks++) {
        feed f = {.data = file->data, .size = file->size, .lie = (ptrdiff_t)1 << 40};
        REQUIRE_FAILS(KAL_CALLBACK, load_and_read(&f, seeks));
        REQUIRE_NOTE(strstr(check_error.message, "the feed: read at byte 0 gave"), "%s", check_error.message);
        f = (feed){.data = file->data, .size = file->size, .lie = -7};
        REQUIRE_FAILS(KAL_CALLBACK, load_and_read(&f, seeks));
        f = (feed){.data = file->data, .size = file->size / 2};
        REQUIRE_FAILS(KAL_CORRUPT, load_and_read(&f, seeks));
        REQUIRE_NOTE(strstr(check_error.message, "the feed"), "%s", check_error.message);
    }
    // a seek that never works is a pipe
    feed f = {.data = file->data, .size = file->size, .fail_at = 1, .status = KAL_UNSUPPORTED};
    REQUIRE_OK(load_and_read(&f, true));
    REQUIRE(f.seeks == 1);
    kal_scope *s = kal_scope_new();
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load_input(s, NULL, NULL), &check_error));
    kal_scope_free(&s);
}

static void other_bytes(const kal_bytes *file)
{
    unsigned char *copy = malloc(file->size);
    memcpy(copy, file->data, file->size);
    feed f = {.data = copy, .size = file->size};
    const kal_input in = input_of(&f, true);
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_input(s, &in, NULL);
    REQUIRE_OK(kal_node_error(n, &check_error));
    copy[file->size - 1] ^= 1;
    REQUIRE(!read_all(n, &fresh, NULL));
    REQUIRE_NOTE(check_error.status == KAL_CHANGED, "%s", check_error.message);
    kal_scope_free(&s);
    free(copy);
}

// ---- a long stream ------------------------------------------------------------------------------

#define LONG_WIDTH 9000
#define LONG_HEIGHT 4000

typedef struct endless {
    char head[40];
    size_t n_head, at, end;
} endless;

// A picture whose sample i is i % 251.
static ptrdiff_t endless_read(void *user, void *dst, size_t n, kal_error *err)
{
    endless *g = user;
    (void)err;
    size_t got = 0;
    for (unsigned char *p = dst; got < n && g->at < g->end; got++, g->at++)
        p[got] =
            g->at < g->n_head ? (unsigned char)g->head[g->at] : (unsigned char)((g->at - g->n_head) % 251);
    return (ptrdiff_t)got;
}

static endless endless_of(void)
{
    endless g = {.at = 0};
    g.n_head = (size_t)snprintf(g.head, sizeof g.head, "P6 %d %d 255\n", LONG_WIDTH, LONG_HEIGHT);
    g.end = g.n_head + (size_t)LONG_WIDTH * LONG_HEIGHT * 3;
    return g;
}

static void long_stream(void)
{
    endless g = endless_of();
    const kal_input in = {.name = "a long stream", .user = &g, .read = endless_read};
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_input(s, &in, NULL);
    REQUIRE_OK(kal_node_error(n, &check_error));
    const kal_rect r = kal_rect_of(100, LONG_HEIGHT - 5, 140, LONG_HEIGHT);
    unsigned char got[5][40 * 3];
    kal_stats stats = {0};
    const kal_options o = {.stats = &stats, .max_memory = (uint64_t)24 << 20};
    REQUIRE_OK(kal_read(n, r, got, sizeof got[0], &o, &check_error));
    for (size_t y = 0; y < 5; y++)
        for (size_t i = 0; i < 120; i++)
            REQUIRE(got[y][i] == (((size_t)LONG_HEIGHT - 5 + y) * LONG_WIDTH * 3 + 300 + i) % 251);
    REQUIRE_FAILS(KAL_INVALID, kal_read(n, r, got, sizeof got[0], &fresh, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "a long stream: is a stream"), "%s", check_error.message);
    // two of them are two pictures
    endless h = endless_of();
    const kal_input again = {.name = "another", .user = &h, .read = endless_read};
    kal_key a, b;
    REQUIRE_OK(kal_node_key(n, &a, &check_error));
    REQUIRE_OK(kal_node_key(kal_load_input(s, &again, NULL), &b, &check_error));
    REQUIRE(!kal_key_equal(a, b));
    // beyond the limit: said when it is seen
    kal_limits old, less;
    kal_limits_get(&old);
    less = old;
    less.file_bytes = (uint64_t)80 << 20;
    kal_limits_set(&less);
    endless k = endless_of();
    const kal_input third = {.name = "too long", .user = &k, .read = endless_read};
    n = kal_load_input(s, &third, NULL);
    REQUIRE_FAILS(KAL_LIMIT, kal_read(n, r, got, sizeof got[0], &fresh, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "too long: more than the limit of"), "%s", check_error.message);
    kal_limits_set(&old);
    kal_scope_free(&s);
}

// ---- a target -----------------------------------------------------------------------------------

typedef struct drain {
    unsigned char *data;
    size_t size, step;
    int calls, fail_at, ends, aborts;
    kal_status end_fails;
    ptrdiff_t lie;
} drain;

static ptrdiff_t drain_write(void *user, const void *data, size_t n, kal_error *err)
{
    drain *d = user;
    if (++d->calls == d->fail_at) {
        kal_fail(err, KAL_IO, "the disk is gone");
        return -1;
    }
    if (d->lie) return d->lie - 1;
    const size_t took = d->step && n > d->step ? d->step : n;
    d->data = realloc(d->data, d->size + took);
    memcpy(d->data + d->size, data, took);
    d->size += took;
    return (ptrdiff_t)took;
}

static kal_status drain_end(void *user, kal_error *err)
{
    drain *d = user;
    d->ends++;
    return d->end_fails ? kal_fail(err, d->end_fails, "it was refused") : KAL_OK;
}

static void drain_abort(void *user)
{
    ((drain *)user)->aborts++;
}

static kal_output drain_output(drain *d)
{
    return (kal_output){
        .name = "the drain", .user = d, .write = drain_write, .end = drain_end, .abort = drain_abort};
}

// ---- a source that keeps us waiting -------------------------------------------------------------

typedef struct gate {
    feed f;
    int calls, shut_at, open;   // atomic
} gate;

static ptrdiff_t gate_read(void *user, void *dst, size_t n, kal_error *err)
{
    gate *g = user;
    if (__atomic_add_fetch(&g->calls, 1, __ATOMIC_SEQ_CST) == g->shut_at)
        while (!__atomic_load_n(&g->open, __ATOMIC_SEQ_CST)) usleep(1000);
    return feed_read(&g->f, dst, n, err);
}

static kal_status gate_seek(void *user, uint64_t at, kal_error *err)
{
    return feed_seek(&((gate *)user)->f, at, err);
}

static void gate_close(void *user)
{
    __atomic_store_n(&((gate *)user)->f.closes, 1, __ATOMIC_SEQ_CST);
}

static int64_t gate_size(void *user)
{
    return (int64_t)((gate *)user)->f.size;
}

// A read that does not come back, whichever it is: the request ends at its deadline, and what was left behind touches nothing of it. `stays`: how
// long it does not come back after that, in microseconds.
static bool shut(const kal_bytes *file, const char *params, int at, int32_t threads, int32_t x,
                 useconds_t stays)
{
    gate g = {.f = {.data = file->data, .size = file->size, .step = 4000}};
    const kal_input in = {.name = "the gate",
                          .user = &g,
                          .read = gate_read,
                          .seek = gate_seek,
                          .size = gate_size,
                          .close = gate_close};
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_input(s, &in, params);
    n = kal_crop(s, n, kal_crop_params(.x = x));
    kal_extent e;
    REQUIRE_OK(kal_node_extent(n, &e, &check_error));
    g.calls = 0;
    g.shut_at = at;
    unsigned char *pixels = malloc(bytes_of(&e));
    kal_options *o = malloc(sizeof *o);
    *o = (kal_options){.memo_mode = KAL_MEMO_NEVER, .threads = threads, .deadline = 0.05};
    const kal_status st = kal_read(n, kal_rect_all(&e), pixels,
                                   (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)), o, &check_error);
    const bool met = __atomic_load_n(&g.calls, __ATOMIC_SEQ_CST) >= at;
    REQUIRE_NOTE(!met || st == KAL_DEADLINE, "read %d: %s: %s", at, kal_status_name(st), check_error.message);
    memset(o, 0x41, sizeof *o);
    free(o);
    free(pixels);
    kal_scope_free(&s);
    if (met) usleep(stays);
    __atomic_store_n(&g.open, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 10000 && !__atomic_load_n(&g.f.closes, __ATOMIC_SEQ_CST); i++) usleep(1000);
    REQUIRE(__atomic_load_n(&g.f.closes, __ATOMIC_SEQ_CST) == 1);
    return met;
}

static void waits(void)
{
    for (size_t i = 0; i < 3; i++) {
        kal_bytes file = noise_in(formats[i], 150, 120);
        for (int threads = 1; threads <= 3; threads += 2)
            for (int x = 0; x < 100; x += 70)
                for (int at = 1; shut(&file, NULL, at, threads, x, 0);) at += 1 + at / 2;
        kal_bytes_free(&file);
    }
}

// The same in the middle of a call that cannot be stopped and reads as it goes. The request returns, and what belonged to it goes; whoever
// waits in that call looks up every 10 ms, and must not look at the request that was.
static void left_behind(const kal_bytes *file)
{
    for (int at = 1; shut(file, "keyed=false", at, 2, 0, 40000);) at += 1 + at / 4;
}

// A picture and more behind it than is kept: it is decoded on several threads, and at two sizes.
static ptrdiff_t tailed_read(void *user, void *dst, size_t n, kal_error *err)
{
    feed *f = user;
    if (f->at < f->size) return feed_read(user, dst, n, err);
    const size_t most = (size_t)66 << 20, left = f->at < most ? most - f->at : 0;
    if (n > left) n = left;
    memset(dst, 0, n);
    f->at += n;
    return (ptrdiff_t)n;
}

static void with_a_tail(void)
{
    kal_bytes file = noise_in("jpeg", 700, 600);
    kal_scope *s = kal_scope_new();
    kal_node *plain = kal_load_bytes(s, file.data, file.size, NULL);
    kal_extent e;
    void *want = read_all(plain, &fresh, &e);
    for (int both = 0; both < 2; both++) {
        feed f = {.data = file.data, .size = file.size};
        const kal_input in = {.name = "tailed", .user = &f, .read = tailed_read};
        kal_node *n = kal_load_input(s, &in, NULL);
        kal_node *const out[2] = {kal_encode(s, n, "ppm", NULL),
                                  kal_encode(s, kal_apply_text(s, "thumbnail", "80", &n, 1), "ppm", NULL)};
        drain d[2] = {{.step = 0}, {.step = 0}};
        const kal_output to[2] = {drain_output(&d[0]), drain_output(&d[1])};
        const kal_options o = {.threads = 4, .memo_mode = KAL_MEMO_NEVER};
        REQUIRE_OK(kal_write_outputs(out, to, 1 + both, &o, &check_error));
        REQUIRE(want && d[0].size > bytes_of(&e) &&
                !memcmp(d[0].data + d[0].size - bytes_of(&e), want, bytes_of(&e)));
        free(d[0].data), free(d[1].data);
    }
    free(want);
    kal_scope_free(&s);
    kal_bytes_free(&file);
}

// One failure is one failure: the next request begins where it must.
static void after_a_failure(const kal_bytes *file)
{
    feed f = {.data = file->data, .size = file->size};
    const kal_input in = input_of(&f, true);
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_input(s, &in, NULL);
    for (int k = 0; k < 2; k++) {
        f.calls = 0;
        f.fail_at = 2 + k;
        f.status = KAL_LIMIT;
        REQUIRE(!read_all(n, &fresh, NULL));
        REQUIRE_NOTE(check_error.status == KAL_LIMIT, "%s", check_error.message);
        f.fail_at = 0;
        void *pixels = read_all(n, &fresh, NULL);
        REQUIRE_NOTE(pixels != NULL, "%s", check_error.message);
        free(pixels);
    }
    kal_scope_free(&s);
    feed g = {.size = 0};
    const kal_input none = {.user = &g, .close = feed_close};
    s = kal_scope_new();
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load_input(s, &none, NULL), &check_error));
    REQUIRE(g.closes == 1);
    drain d = {.step = 0};
    const kal_output o = drain_output(&d);
    REQUIRE_FAILS(KAL_INVALID, kal_write_outputs(NULL, &o, 1, NULL, &check_error));
    REQUIRE(d.aborts == 1);
    kal_scope_free(&s);
}

static void targets(void)
{
    rng r = {12};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e), *png = kal_encode(s, image, "png", NULL);
    kal_bytes want;
    REQUIRE_OK(kal_read_bytes(png, &fresh, &want, &check_error));
    for (size_t step = 0; step < 8; step++) {
        drain d = {.step = step};
        const kal_output o = drain_output(&d);
        REQUIRE_OK(kal_write_outputs(&png, &o, 1, &fresh, &check_error));
        REQUIRE(d.size == want.size && !memcmp(d.data, want.data, want.size));
        REQUIRE(d.ends == 1 && d.aborts == 0);
        free(d.data);
    }
    bool more = true;
    for (int k = 1; more; k++) {
        drain d = {.step = 20000, .fail_at = k};
        const kal_output o = drain_output(&d);
        const kal_status st = kal_write_outputs(&png, &o, 1, &fresh, &check_error);
        more = d.calls >= k;
        REQUIRE(more ? st == KAL_IO && strstr(check_error.message, "the drain: the disk is gone") : !st);
        REQUIRE(d.aborts == more && d.ends == !more);
        free(d.data);
    }
    for (ptrdiff_t lie = 1; lie < (ptrdiff_t)1 << 40;
         lie += (ptrdiff_t)1 << 39) {   // takes none; takes too many
        drain d = {.lie = lie};
        const kal_output o = drain_output(&d);
        REQUIRE_FAILS(KAL_CALLBACK, kal_write_outputs(&png, &o, 1, &fresh, &check_error));
        REQUIRE(d.aborts == 1 && d.ends == 0);
    }
    drain d = {.end_fails = KAL_DEADLINE};
    kal_output o = drain_output(&d);
    REQUIRE_FAILS(KAL_DEADLINE, kal_write_outputs(&png, &o, 1, &fresh, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "the drain: it was refused"), "%s", check_error.message);
    REQUIRE(d.aborts == 1 && d.ends == 1);
    free(d.data);
    // two, of which one fails: neither is ended; and what cannot even be computed aborts as well
    drain good = {.step = 0}, bad = {.fail_at = 1}, first = {.step = 0}, second = {.step = 0};
    const kal_output two[2] = {drain_output(&good), drain_output(&bad)};
    kal_node *const both[2] = {png, kal_encode(s, image, "ppm", NULL)};
    REQUIRE_FAILS(KAL_IO, kal_write_outputs(both, two, 2, &fresh, &check_error));
    REQUIRE(good.aborts == 1 && !good.ends && bad.aborts == 1 && !bad.ends);
    const kal_output others[2] = {drain_output(&first), drain_output(&second)};
    kal_node *const wrong[2] = {png, kal_apply_text(s, "no such op", "", &image, 1)};
    REQUIRE_FAILS(KAL_INVALID, kal_write_outputs(wrong, others, 2, &fresh, &check_error));
    REQUIRE(first.aborts == 1 && second.aborts == 1 && !first.ends && !second.ends);
    free(good.data), free(bad.data), free(first.data), free(second.data);
    kal_bytes_free(&want);
    kal_scope_free(&s);
}

// ---- descriptors and borrowed memory ------------------------------------------------------------

static void descriptors(const kal_bytes *file)
{
    char path[300];
    snprintf(path, sizeof path, "%s", check_temp("fd.bin"));
    FILE *out = fopen(path, "wb");
    REQUIRE(out && fwrite(file->data, 1, file->size, out) == file->size);
    if (out) fclose(out);
    kal_scope *s = kal_scope_new();
    const int fd = open(path, O_RDONLY);
    REQUIRE(lseek(fd, 5, SEEK_SET) == 5);
    kal_node *n = kal_load_fd(s, fd, NULL, NULL), *plain = kal_load_bytes(s, file->data, file->size, NULL);
    kal_key a, b;
    REQUIRE_OK(kal_node_key(n, &a, &check_error));
    REQUIRE_OK(kal_node_key(plain, &b, &check_error));
    REQUIRE(kal_key_equal(a, b));
    REQUIRE(lseek(fd, 0, SEEK_CUR) == 5);
    close(fd);   // ours alone
    void *pixels = read_all(n, &fresh, NULL);
    REQUIRE(pixels != NULL);
    free(pixels);
    REQUIRE_FAILS(KAL_IO, kal_node_error(kal_load_fd(s, 9999, "nothing", NULL), &check_error));
    // through a pipe, both ways: it takes what 64 KiB of a pipe hold
    int ends[2];
    REQUIRE(!pipe(ends));
    kal_node *ppm =
        kal_encode(s, kal_crop(s, plain, kal_crop_params(.width = 20, .height = 10)), "ppm", NULL);
    REQUIRE_OK(kal_write_fd(ppm, ends[1], &fresh, &check_error));
    close(ends[1]);
    kal_node *back = kal_load_fd(s, ends[0], "the pipe", NULL);
    REQUIRE_OK(kal_node_error(back, &check_error));
    close(ends[0]);
    kal_bytes x, y;
    REQUIRE_OK(kal_read_bytes(kal_encode(s, back, "ppm", NULL), &fresh, &x, &check_error));
    REQUIRE_OK(kal_read_bytes(ppm, &fresh, &y, &check_error));
    REQUIRE(x.size == y.size && !memcmp(x.data, y.data, x.size));
    kal_bytes_free(&x), kal_bytes_free(&y);
    REQUIRE(!pipe(ends));
    close(ends[0]);   // nobody reads: an error, not a signal
    REQUIRE_FAILS(KAL_IO, kal_write_fd(ppm, ends[1], &fresh, &check_error));
    close(ends[1]);
    kal_scope_free(&s);
}

static void released(void *user)
{
    ++*(int *)user;
}

static void borrowed(const kal_bytes *file)
{
    int count = 0;
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_borrowed(s, file->data, file->size, released, &count, NULL);
    kal_node *kept = kal_node_ref(kal_invert(s, n, NULL));
    REQUIRE_OK(kal_node_error(kept, &check_error));
    kal_scope_free(&s);
    REQUIRE(count == 0);
    void *pixels = read_all(kept, &fresh, NULL);
    REQUIRE(pixels != NULL);
    free(pixels);
    kal_node_unref(&kept);
    REQUIRE(count == 1);
    s = kal_scope_new();
    count = 0;
    n = kal_load_borrowed(s, "no picture", 10, released, &count, NULL);
    REQUIRE_FAILS(KAL_UNSUPPORTED, kal_node_error(n, &check_error));
    REQUIRE(count == 1);
    kal_scope_free(&s);
}

int main(void)
{
    for (size_t i = 0; i < FORMATS; i++) {
        kal_scope *s = kal_scope_new();
        const kal_extent tiny = extent_of(16, 16, 3, KAL_U8);
        rng r = {1};
        kal_bytes probe = {NULL, 0};
        const bool here =
            !kal_read_bytes(kal_encode(s, rng_image(&r, s, &tiny), formats[i], NULL), &fresh, &probe, NULL);
        kal_bytes_free(&probe);
        kal_scope_free(&s);
        if (!here) {
            printf("%s cannot be written here\n", formats[i]);
            continue;
        }
        kal_bytes file = noise_in(formats[i], 120, 90);
        same_picture(formats[i], &file);
        fails_anywhere(formats[i], &file, false, KAL_DEADLINE);
        fails_anywhere(formats[i], &file, true, KAL_DEADLINE);
        fails_anywhere(formats[i], &file, true, KAL_IO);
        fails_anywhere(formats[i], &file, true, KAL_OK);
        lies(&file);
        other_bytes(&file);
        after_a_failure(&file);
        kal_bytes_free(&file);
    }
    kal_scope *s = kal_scope_new();
    if (!kal_node_error(
            kal_encode(s, kal_apply_text(s, "sample", "scene width=16 height=16", NULL, 0), "heic", NULL),
            NULL)) {
        kal_bytes large = noise_in("heic", 700, 500);
        left_behind(&large);
        kal_bytes_free(&large);
    }
    kal_scope_free(&s);
    kal_bytes file = noise_in("png", 120, 90);
    long_stream();
    waits();
    with_a_tail();
    targets();
    descriptors(&file);
    borrowed(&file);
    kal_bytes_free(&file);
    return check_done();
}
