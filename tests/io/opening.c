// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Inputs that keep whoever opens them waiting: given up at the deadline, when cancelled, at the limit of seconds; what was left behind gives back
// what it had when it comes back.
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// ---- a function that hangs until it is told -------------------------------------------------------

typedef struct slow_input {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool go;
    int closed;   // atomic
} slow_input;

static ptrdiff_t hang(void *user, void *dst, size_t n, kal_error *err)
{
    slow_input *s = user;
    (void)dst, (void)n, (void)err;
    pthread_mutex_lock(&s->lock);
    while (!s->go) pthread_cond_wait(&s->wake, &s->lock);
    pthread_mutex_unlock(&s->lock);
    return 0;
}

static void closed(void *user)
{
    __atomic_add_fetch(&((slow_input *)user)->closed, 1, __ATOMIC_RELEASE);
}

static void let_go(slow_input *s)
{
    pthread_mutex_lock(&s->lock);
    s->go = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < 2000 && !__atomic_load_n(&s->closed, __ATOMIC_ACQUIRE); i++) usleep(1000);
}

// ---- who gives up -------------------------------------------------------------------------------

static void *cancel_soon(void *arg)
{
    usleep(50000);
    kal_cancel_set(arg);
    return NULL;
}

typedef kal_node *opens(kal_scope *s, void *what);

// Within a second of the 50 ms that were given, with the status and the name.
static void given_up(opens *open, void *what, bool by_cancel, const char *name)
{
    kal_scope *s = kal_scope_new();
    kal_cancel *c = kal_cancel_new();
    pthread_t t;
    const double start = now();
    if (by_cancel) pthread_create(&t, NULL, cancel_soon, c);
    kal_watch_opening(by_cancel ? 0 : 0.05, by_cancel ? c : NULL);
    const kal_status st = kal_node_error(open(s, what), &check_error);
    kal_watch_opening(0, NULL);
    if (by_cancel) pthread_join(t, NULL);
    REQUIRE_NOTE(st == (by_cancel ? KAL_CANCELLED : KAL_DEADLINE), "%s: %s", kal_status_name(st),
                 check_error.message);
    REQUIRE_NOTE(strstr(check_error.message, name), "%s", check_error.message);
    REQUIRE_NOTE(now() - start < 1, "%g s", now() - start);
    kal_cancel_free(&c);
    kal_scope_free(&s);
}

static kal_node *open_calls(kal_scope *s, void *what)
{
    const kal_input in = {.name = "a slow one", .user = what, .read = hang, .close = closed};
    return kal_load_input(s, &in, NULL);
}

static kal_node *open_path(kal_scope *s, void *what)
{
    return kal_load(s, what, NULL);
}

static void functions(void)
{
    for (int by_cancel = 0; by_cancel < 2; by_cancel++) {
        slow_input in = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};
        given_up(open_calls, &in, by_cancel, "a slow one");
        REQUIRE(!__atomic_load_n(&in.closed, __ATOMIC_ACQUIRE));   // it is still at work
        let_go(&in);
        REQUIRE_NOTE(in.closed == 1, "closed %d times", in.closed);
    }
}

static void let_in(const char *path)
{
    const int fd = open(path, O_WRONLY | O_NONBLOCK);   // whoever was left behind opens, and finds nothing
    if (fd >= 0) close(fd);
}

static void pipes(void)
{
    char path[4000];
    snprintf(path, sizeof path, "%s", check_temp("fifo"));
    REQUIRE(!mkfifo(path, 0600));
    for (int by_cancel = 0; by_cancel < 2; by_cancel++) {
        given_up(open_path, path, by_cancel, "fifo");
        let_in(path);
    }
    // in a text as well
    char text[sizeof path + 40];
    snprintf(text, sizeof text, "load \"%s\" | invert", path);
    kal_program *p = NULL;
    kal_watch_opening(0.05, NULL);
    REQUIRE_FAILS(KAL_DEADLINE, kal_program_parse(text, strlen(text), NULL, 0, &p, &check_error));
    kal_watch_opening(0, NULL);
    kal_program_free(&p);
    let_in(path);
    unlink(path);
}

// ---- the limit ----------------------------------------------------------------------------------

static void limited(const char *text, kal_limits *before)
{
    kal_limits l;
    kal_limits_get(before);
    l = *before;
    REQUIRE_OK(kal_limits_parse(text, &l, &check_error));
    kal_limits_set(&l);
}

static void by_the_limit(void)
{
    slow_input in = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};
    kal_limits before;
    limited("seconds=1", &before);
    kal_scope *s = kal_scope_new();
    const double start = now();
    REQUIRE(kal_node_error(open_calls(s, &in), &check_error) == KAL_LIMIT);
    REQUIRE_NOTE(strstr(check_error.message, "a slow one") && strstr(check_error.message, "seconds=N"), "%s",
                 check_error.message);
    REQUIRE_NOTE(now() - start < 2.5, "%g s", now() - start);
    let_go(&in);
    // and a request; a deadline that comes first stays one
    kal_node *image = kal_apply_text(s, "zone_plate", "width=3000 height=3000", NULL, 0);
    for (int i = 0; i < 40; i++) {
        kal_node *in1 = image;
        image = kal_apply_text(s, "median_filter", "radius=15", &in1, 1);
    }
    kal_bytes b = {NULL, 0};
    kal_node *file = kal_encode(s, image, "png", NULL);
    REQUIRE_OK(kal_node_error(file, &check_error));
    REQUIRE_FAILS(KAL_LIMIT, kal_read_bytes(file, NULL, &b, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "seconds=N"), "%s", check_error.message);
    const kal_options sooner = {.deadline = 0.05};
    REQUIRE_FAILS(KAL_DEADLINE, kal_read_bytes(file, &sooner, &b, &check_error));
    kal_limits_set(&before);
    kal_scope_free(&s);
}

int main(void)
{
    functions();
    pipes();
    by_the_limit();
    for (int i = 0; i < 2000 && kal_node_count(); i++) usleep(1000);   // those that were left behind
    REQUIRE_NOTE(!kal_node_count(), "%zu nodes", kal_node_count());
    return check_done();
}
