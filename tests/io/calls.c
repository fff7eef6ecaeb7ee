// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes from and to functions, descriptors and borrowed memory: long streams, sources that keep us waiting, targets that refuse, and everything is let
// go of once. calls_formats.c has what must hold of every format.
// libx265 keeps what it once took.
#define LEAKS_OF_OTHERS "leak:libx265.so\nleak:libheif.so\nleak:libdav1d.so\n"
#include "feeds.h"

#include <fcntl.h>
#include <unistd.h>

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

static void tell_never(void *user, const kal_node *of, const kal_input *input)
{
    (void)user, (void)of, (void)input;
    REQUIRE(false);
}

static void long_stream(void)
{
    endless g = endless_of();
    const kal_input in = {.name = "a long stream", .user = &g, .read = endless_read};
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_input(s, &in, NULL);
    REQUIRE_OK(kal_node_error(n, &check_error));
    REQUIRE_OK(kal_node_each_input(n, tell_never, NULL, &check_error));
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
    static const char *const formats[] = {"jpeg", "png", "ppm"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
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

// What cannot be begun is let go of all the same.
static void nothing(void)
{
    feed f = {.size = 0};
    const kal_input none = {.user = &f, .close = feed_close};
    kal_scope *s = kal_scope_new();
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load_input(s, NULL, NULL), &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load_input(s, &none, NULL), &check_error));
    REQUIRE(f.closes == 1);
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

static void write_file(const char *name, const kal_bytes *file, char path[300])
{
    snprintf(path, 300, "%s", check_temp(name));
    FILE *out = fopen(path, "wb");
    REQUIRE(out && fwrite(file->data, 1, file->size, out) == file->size);
    if (out) fclose(out);
}

static void descriptors(const kal_bytes *file)
{
    char path[300];
    write_file("fd.bin", file, path);
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

// What a node is decoded from can be seen, and held longer than the node; another load of the same bytes, which is told of them then, takes nothing away.
static void shown(const kal_bytes *file)
{
    char path[300];
    write_file("shown.bin", file, path);
    int count = 0, other = 0;
    kal_blob first, b;
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_borrowed(s, file->data, file->size, released, &count, NULL);
    REQUIRE_OK(kal_node_error(n, &check_error));
    REQUIRE(kal_node_loaded_bytes(n, &first));
    REQUIRE(first.data == file->data && first.size == file->size);
    REQUIRE(kal_load_borrowed(s, file->data, file->size, released, &other, NULL) == n);
    REQUIRE(kal_load_bytes(s, file->data, file->size, NULL) == n);
    REQUIRE(kal_node_loaded_bytes(n, &b));
    REQUIRE(b.size == file->size && !memcmp(b.data, file->data, b.size));
    kal_blob_release(&b);
    REQUIRE(!kal_node_loaded_bytes(kal_invert(s, n, NULL), &b));
    REQUIRE(!b.data && !b.size && !b.held);
    kal_scope_free(&s);
    REQUIRE(count == 0 && other == 1);
    kal_blob_release(&first);
    REQUIRE(count == 1);
    s = kal_scope_new();
    REQUIRE(!kal_node_loaded_bytes(kal_load(s, path, NULL), &b));
    REQUIRE(!kal_node_loaded_bytes(kal_load_bytes(s, "no picture", 10, NULL), &b));
    REQUIRE(!kal_node_loaded_bytes(NULL, &b));
    kal_scope_free(&s);
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

// ---- a function that asks for the very picture that is written to it --------------------------------

static kal_node *asked;
static kal_status inner;
static unsigned char rows[2][150 * 200 * 3];

static ptrdiff_t asks(void *user, const void *data, size_t n, kal_error *err)
{
    int *calls = user;
    (void)data;
    const kal_options o = {.threads = 1 + *calls % 2};
    if (!(*calls)++) inner = kal_read(asked, kal_rect_of(0, 0, 200, 150), rows[0], 600, &o, err);
    return (ptrdiff_t)n;
}

static void reentrant(void)
{
    for (int k = 0; k < 4; k++) {
        kal_scope *s = kal_scope_new();
        kal_node *noise =
            kal_noise(s, kal_noise_params(.width = 200, .height = 150, .channels = 3, .seed = k + 70));
        asked = kal_gaussian(s, noise, kal_gaussian_params(.sigma = 5));
        kal_node *n = kal_encode(s, asked, "png", NULL);
        int calls = 0;
        const kal_output out = {.user = &calls, .write = asks};
        const kal_options o = {.threads = 1 + k % 2, .deadline = k / 2 ? 60 : 0},
                          never = {.memo_mode = KAL_MEMO_NEVER};
        inner = KAL_INTERNAL;
        REQUIRE_OK(kal_write_outputs(&n, &out, 1, &o, &check_error));
        REQUIRE(calls && inner == KAL_OK);
        REQUIRE_OK(kal_read(asked, kal_rect_of(0, 0, 200, 150), rows[1], 600, &never, &check_error));
        REQUIRE_MEM(rows[0], rows[1], sizeof rows[0]);
        kal_scope_free(&s);
    }
}

// ---- one content at two places ----------------------------------------------------------------------

typedef struct lender {
    const kal_bytes *file;
    size_t at;
    bool dead;
} lender;

static ptrdiff_t lend(void *user, void *dst, size_t n, kal_error *err)
{
    lender *l = user;
    if (l->dead) return kal_fail(err, KAL_IO, "the server is gone"), -1;
    if (n > l->file->size - l->at) n = l->file->size - l->at;
    memcpy(dst, l->file->data + l->at, n);
    l->at += n;
    return (ptrdiff_t)n;
}

static kal_status lend_from(void *user, uint64_t at, kal_error *err)
{
    (void)err;
    ((lender *)user)->at = (size_t)at;
    return KAL_OK;
}

static kal_status read_anew(kal_node *n)
{
    static const kal_options never = {.memo_mode = KAL_MEMO_NEVER};
    static unsigned char pixels[100 * 120 * 3];
    return kal_read(n, kal_rect_of(0, 0, 100, 90), pixels, 300, &never, &check_error);
}

static void tell_last(void *user, const kal_node *of, const kal_input *input)
{
    REQUIRE(of && input->read == lend);
    *(const void **)user = input->user;
}

static void elsewhere(const kal_bytes *file)
{
    kal_scope *s = kal_scope_new();
    char one[500], two[500];
    snprintf(one, sizeof one, "%s", check_temp("one.png"));
    snprintf(two, sizeof two, "%s", check_temp("two.png"));
    put_file(one, file->data, file->size);
    put_file(two, file->data, file->size);
    kal_node *a = kal_load(s, one, NULL), *b = kal_load(s, two, NULL);
    REQUIRE(a == b);
    put_file(two, "another file by now", 19);
    REQUIRE_OK(read_anew(a));   // the one that is what it was
    kal_bytes text = {0};
    REQUIRE_OK(kal_print_graph(a, &text, &check_error));
    char line[1200];
    snprintf(line, sizeof line, "%.*s", (int)text.size, (const char *)text.data);
    REQUIRE_NOTE(strstr(line, "one.png") && !strstr(line, "two.png"), "%s", line);
    kal_bytes_free(&text);
    remove(two);
    REQUIRE_OK(read_anew(a));   // the one that is there
    lender l = {.file = file};
    const kal_input in = {.name = "lent", .user = &l, .read = lend, .seek = lend_from};
    REQUIRE(kal_load(s, one, NULL) == a && kal_load_input(s, &in, NULL) == a);
    const void *told = NULL;
    REQUIRE_OK(kal_node_each_input(kal_apply_text(s, "invert", NULL, &a, 1), tell_last, &told, &check_error));
    REQUIRE(told == &l);
    l.dead = true;
    REQUIRE_OK(read_anew(a));   // the file
    l.dead = false;
    remove(one);
    REQUIRE_OK(read_anew(a));   // the functions
    l.dead = true;
    REQUIRE_FAILS(KAL_IO, read_anew(a));
    kal_scope_free(&s);
}

int main(void)
{
    kal_scope *s = kal_scope_new();
    if (!kal_node_error(
            kal_encode(s, kal_apply_text(s, "sample", "scene width=16 height=16", NULL, 0), "heic", NULL),
            NULL)) {
        kal_bytes large = noise_in("heic", 700, 500);
        left_behind(&large);
        kal_bytes_free(&large);
    }
    reentrant();
    kal_scope_free(&s);
    kal_bytes file = noise_in("png", 120, 90);
    nothing();
    long_stream();
    waits();
    with_a_tail();
    targets();
    descriptors(&file);
    elsewhere(&file);
    borrowed(&file);
    shown(&file);
    kal_bytes_free(&file);
    return check_done();
}
