// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Targets that take no bytes, or do not come back: a request that is stopped returns all the same, the target is aborted once, and in the end no
// thread and no descriptor is left.
#define LEAKS_OF_OTHERS "leak:libx265.so\nleak:libheif.so\nleak:libdav1d.so\n"
#include "files.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SOON 5.0
#else
#define SOON 1.0   // on a busy machine
#endif
#define AFTER 0.1   // what the request has before it is stopped

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int entries_of(const char *folder)
{
    DIR *d = opendir(folder);
    int n = 0;
    if (!d) return 0;
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

typedef struct held {
    int threads, files;
} held;

static held held_now(void)
{
    return (held){entries_of("/proc/self/task"), entries_of("/proc/self/fd")};
}

// What was left behind needs a moment to see that it may go.
static void let_go(const held *before, const char *what)
{
    held h = held_now();
    for (double end = now() + 10; now() < end && (h.threads > before->threads || h.files > before->files);) {
        usleep(1000);
        h = held_now();
    }
    REQUIRE_NOTE(h.threads <= before->threads && h.files <= before->files,
                 "%s: %d threads and %d descriptors, and before it %d and %d", what, h.threads, h.files,
                 before->threads, before->files);
}

// ---- who stops it -------------------------------------------------------------------------------

typedef struct stopper {
    kal_options options;
    kal_cancel *cancel;   // NULL: a deadline
    const int *hangs;     // atomic: it is cancelled then; NULL: after a while
    double at;
    pthread_t thread;
} stopper;

static void *cancel_later(void *arg)
{
    stopper *s = arg;
    if (!s->hangs) usleep((useconds_t)(AFTER * 1e6));
    for (int i = 0; s->hangs && i < 10000 && !__atomic_load_n(s->hangs, __ATOMIC_SEQ_CST); i++) usleep(1000);
    if (s->hangs) usleep(15000);
    s->at = now();
    kal_cancel_set(s->cancel);
    return NULL;
}

static void stopper_begin(stopper *s, bool cancels, const int *hangs)
{
    *s = (stopper){.options = {.memo_mode = KAL_MEMO_NEVER, .threads = 2, .max_memory = (uint64_t)1 << 30},
                   .hangs = hangs};
    s->at = now() + AFTER;
    if (cancels) {
        s->options.cancel = s->cancel = kal_cancel_new();
        pthread_create(&s->thread, NULL, cancel_later, s);
    } else {
        s->options.deadline = AFTER;
    }
}

static double longest;

static void stopper_end(stopper *s, kal_status st, const char *what)
{
    const double end = now();
    if (s->cancel) pthread_join(s->thread, NULL);
    const double late = end - s->at;
    if (late > longest) longest = late;
    REQUIRE_NOTE(st == (s->cancel ? KAL_CANCELLED : KAL_DEADLINE), "%s: %s: %s", what, kal_status_name(st),
                 check_error.message);
    REQUIRE_NOTE(late < SOON, "%s: %g s", what, late);
    kal_cancel_free(&s->cancel);
}

// ---- functions that do not come back ------------------------------------------------------------

typedef struct gate {
    int shut_at;                            // of the calls of write; 0: at `end`
    int calls, ends, aborts, open, hangs;   // atomic
} gate;

static void wait_for_it(gate *g)
{
    __atomic_store_n(&g->hangs, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&g->open, __ATOMIC_SEQ_CST)) usleep(1000);
}

static ptrdiff_t gate_write(void *user, const void *data, size_t n, kal_error *err)
{
    gate *g = user;
    (void)err;
    unsigned sum = 0;   // the bytes are there for as long as the call lasts
    if (__atomic_add_fetch(&g->calls, 1, __ATOMIC_SEQ_CST) == g->shut_at) wait_for_it(g);
    for (size_t i = 0; i < n; i++) sum += ((const unsigned char *)data)[i];
    return sum > 0 || n ? (ptrdiff_t)n : -1;
}

static kal_status gate_end(void *user, kal_error *err)
{
    gate *g = user;
    (void)err;
    __atomic_add_fetch(&g->ends, 1, __ATOMIC_SEQ_CST);
    if (!g->shut_at) wait_for_it(g);
    return KAL_OK;
}

static void gate_abort(void *user)
{
    __atomic_add_fetch(&((gate *)user)->aborts, 1, __ATOMIC_SEQ_CST);
}

static kal_output gate_output(gate *g)
{
    return (kal_output){.user = g, .write = gate_write, .end = gate_end, .abort = gate_abort};
}

static void opens(gate *g, const held *before, const char *what)
{
    if (__atomic_load_n(&g->hangs, __ATOMIC_SEQ_CST))   // else it was stopped before
        REQUIRE_NOTE(!__atomic_load_n(&g->aborts, __ATOMIC_SEQ_CST), "%s: aborted during a call", what);
    __atomic_store_n(&g->open, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 10000 && !__atomic_load_n(&g->aborts, __ATOMIC_SEQ_CST); i++) usleep(1000);
    let_go(before, what);
    REQUIRE_NOTE(g->aborts == 1 && g->ends == (g->hangs && !g->shut_at),
                 "%s: %d times aborted, %d times ended", what, g->aborts, g->ends);
}

static void shut(kal_node *n, const char *format, int shut_at, bool cancels)
{
    char what[100];
    snprintf(what, sizeof what, "%s to a function that hangs at %d%s", format, shut_at,
             cancels ? "" : ", deadline");
    gate g = {.shut_at = shut_at};
    const held before = held_now();
    const kal_output out = gate_output(&g);
    stopper s;
    stopper_begin(&s, cancels, &g.hangs);
    stopper_end(&s, kal_write_outputs(&n, &out, 1, &s.options, &check_error), what);
    opens(&g, &before, what);
}

// The first target was not ended, however many bytes it has.
static void one_of_two(kal_node *n)
{
    gate g[2] = {{.shut_at = 1000000}, {.shut_at = 1}};
    const held before = held_now();
    const kal_output out[2] = {gate_output(&g[0]), gate_output(&g[1])};
    kal_node *const nodes[2] = {n, n};
    stopper s;
    stopper_begin(&s, true, &g[1].hangs);
    stopper_end(&s, kal_write_outputs(nodes, out, 2, &s.options, &check_error), "one of two");
    REQUIRE(g[0].aborts == 1 && !g[0].ends);
    opens(&g[1], &before, "one of two");
}

// A file that was encoded before is only written.
static void known_bytes(kal_node *n)
{
    kal_bytes b = {NULL, 0};
    gate g = {.shut_at = 1};
    kal_memo *memo = kal_memo_new((size_t)256 << 20);
    const kal_options keep = {.memo = memo};
    REQUIRE_OK(kal_read_bytes(n, &keep, &b, &check_error));
    kal_bytes_free(&b);
    const held before = held_now();
    const kal_output out = gate_output(&g);
    stopper s;
    stopper_begin(&s, true, &g.hangs);
    s.options.memo = memo;
    s.options.memo_mode = KAL_MEMO_AUTO;
    stopper_end(&s, kal_write_outputs(&n, &out, 1, &s.options, &check_error), "known bytes");
    opens(&g, &before, "known bytes");
    kal_memo_free(&memo);
}

static void shut_album(kal_scope *scope, const char *format, kal_node *image)
{
    for (int finish = 0; finish < 2; finish++) {
        char what[100];
        snprintf(what, sizeof what, "an album of %s to a function that hangs", format);
        gate g = {.shut_at = 2};
        const held before = held_now();
        const kal_output out = gate_output(&g);
        kal_album *a;
        stopper s;
        REQUIRE_OK(kal_album_create_output(&out, format, &a, &check_error));
        stopper_begin(&s, true, &g.hangs);
        kal_status st = KAL_OK;
        for (int i = 0; i < 3000 && !st; i++)
            st = kal_album_add(a, i % 2 ? kal_apply(scope, "flip", NULL, &image, 1) : image, NULL, &s.options,
                               &check_error);
        stopper_end(&s, st, what);
        REQUIRE_FAILS(st, kal_album_add(a, image, NULL, NULL, &check_error));
        if (finish)
            REQUIRE_FAILS(st, kal_album_finish(&a, NULL, &check_error));
        else
            kal_album_abort(&a);
        opens(&g, &before, what);
    }
}

// ---- what nobody reads --------------------------------------------------------------------------

static void unread_pipe(kal_node *n, const char *format)
{
    int ends[2];
    char what[100];
    snprintf(what, sizeof what, "%s to a pipe that nobody reads", format);
    const held before = held_now();
    REQUIRE(pipe(ends) == 0);
    stopper s;
    stopper_begin(&s, true, NULL);
    stopper_end(&s, kal_write_fd(n, ends[1], &s.options, &check_error), what);
    // the number is another's now, and that one gets nothing
    close(ends[1]);
    const char *path = check_temp("another");
    const int other = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE(other == ends[1]);
    unsigned char some[5000];
    while (read(ends[0], some, sizeof some) > 0) continue;   // what was on its way
    close(ends[0]);
    let_go(&(held){before.threads, before.files + 1}, what);
    struct stat st;
    REQUIRE(fstat(other, &st) == 0 && st.st_size == 0);
    close(other);
    unlink(path);
    let_go(&before, what);
}

static void unread_fifo(kal_node *n, const char *format, bool opened)
{
    char what[100];
    snprintf(what, sizeof what, "%s to a named pipe %s", format,
             opened ? "that nobody reads" : "without an end");
    const char *path = check_temp("fifo");
    const held before = held_now();
    REQUIRE(mkfifo(path, 0600) == 0);
    int end = opened ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    stopper s;
    stopper_begin(&s, opened, NULL);
    stopper_end(&s, kal_write_files(&n, &path, 1, &s.options, &check_error), what);
    if (!opened) end = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);   // whoever waits for it goes on
    usleep(20000);
    close(end);
    let_go(&before, what);
    unlink(path);
}

// It would connect, and that is all.
static void deaf_server(kal_node *n, const char *format)
{
    char what[100], url[100];
    const char *const path = url;
    snprintf(what, sizeof what, "%s to a server that takes nothing", format);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    const held before = held_now();
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 5) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/x.%s", ntohs(at.sin_port), format);
    stopper s;
    stopper_begin(&s, true, NULL);
    const kal_status st = kal_write_files(&n, &path, 1, &s.options, &check_error);
    const bool here = st != KAL_UNSUPPORTED;
    if (here)
        stopper_end(&s, st, what);
    else
        check_skip("%s: %s", what, check_error.message);
    if (!here) pthread_join(s.thread, NULL), kal_cancel_free(&s.cancel);
    close(fd);
    let_go(&before, what);
}

// ---- a picture of an album that takes long ------------------------------------------------------

static void slow_page(kal_scope *scope, const char *format, kal_node *image)
{
    const char *path = check_temp("album");
    const int lying = entries_of(check_temp(""));
    const held before = held_now();
    kal_album *a;
    stopper s;
    REQUIRE_OK(kal_album_create(path, format, &a, &check_error));
    kal_status st = kal_album_add(a, image, NULL, &(kal_options){.memo_mode = KAL_MEMO_NEVER}, &check_error);
    if (st == KAL_UNSUPPORTED) {
        check_skip("%s: %s", format, check_error.message);
        kal_album_abort(&a);
        return;
    }
    stopper_begin(&s, true, NULL);
    for (int i = 0; !st && i < 1000; i++)
        st = kal_album_add(a, i % 2 ? image : kal_apply(scope, "flip", NULL, &image, 1), NULL, &s.options,
                           &check_error);
    stopper_end(&s, st, format);
    // stopped before the picture was begun, the album is whole without it
    const kal_status end = kal_album_finish(&a, NULL, &check_error);
    REQUIRE_NOTE(!end || end == st, "%s: %s", kal_status_name(end), check_error.message);
    if (!end) unlink(path);
    REQUIRE(entries_of(check_temp("")) == lying);
    let_go(&before, format);
}

// What a library does at the end of a file, and a target that does not come back from its own end.
static void late_end(const char *format, kal_node *image, bool hangs)
{
    char what[100];
    snprintf(what, sizeof what, "the end of an album of %s%s", format, hangs ? " whose target hangs" : "");
    gate g = {.shut_at = hangs ? 0 : 1 << 30};
    const held before = held_now();
    const kal_output out = gate_output(&g);
    kal_album *a;
    stopper s;
    REQUIRE_OK(kal_album_create_output(&out, format, &a, &check_error));
    const kal_status added =
        kal_album_add(a, image, NULL, &(kal_options){.memo_mode = KAL_MEMO_NEVER}, &check_error);
    if (added == KAL_UNSUPPORTED) {
        check_skip("%s: %s", format, check_error.message);
        kal_album_abort(&a);
        return;
    }
    REQUIRE_OK(added);
    stopper_begin(&s, true, hangs ? &g.hangs : NULL);
    stopper_end(&s, kal_album_finish(&a, &s.options, &check_error), what);
    REQUIRE(!a);
    opens(&g, &before, what);
}

int main(void)
{
    static const char *const formats[] = {"tiff", "jpeg", "png", "gif", "bmp"};
    static const char *const albums[] = {"tiff", "png", "gif", "webp"};
    signal(SIGPIPE, SIG_DFL);
    rng r = {5};
    const kal_extent e = extent_of(700, 500, 3, KAL_U8), large = extent_of(2400, 1600, 3, KAL_U8),
                     middle = extent_of(1100, 800, 3, KAL_U8);
    kal_scope *scope = kal_scope_new();
    kal_node *image = rng_image(&r, scope, &e), *more = rng_image(&r, scope, &large);
    kal_bytes b = {NULL, 0};   // starts the pool, and loads what is loaded once
    const kal_options two = {.threads = 2};
    REQUIRE_OK(kal_read_bytes(kal_encode(scope, image, "png", NULL), &two, &b, &check_error));
    kal_bytes_free(&b);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        kal_node *n = kal_encode(scope, image, formats[i], NULL);
        for (int at = 0; at < 3; at++) shut(n, formats[i], at, at != 1);
        unread_pipe(n, formats[i]);
        unread_fifo(n, formats[i], true);
        unread_fifo(n, formats[i], false);
        deaf_server(n, formats[i]);
    }
    deaf_server(kal_encode(scope, rng_image(&r, scope, &(kal_extent){4000, 2500, 3, KAL_U8, KAL_RGB, false}),
                           "bmp", NULL),
                "bmp");   // more than is kept: in chunks
    one_of_two(kal_encode(scope, image, "jpeg", NULL));
    known_bytes(kal_encode(scope, image, "jpeg", NULL));
    shut_album(scope, "pixels", image);   // others are kept until they are whole
    for (size_t i = 0; i < sizeof albums / sizeof *albums; i++) slow_page(scope, albums[i], more);
    late_end("pixels", image, true);
    late_end("avif", rng_image(&r, scope, &middle), false);
    late_end("jp2", rng_image(&r, scope, &middle), false);
    printf("stopped they return after at most %.0f ms\n", longest * 1e3);
    kal_scope_free(&scope);
    kal_memo_clear(NULL);
    return check_done();
}
