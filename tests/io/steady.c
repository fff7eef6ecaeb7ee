// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Functions of the caller's that always come back, a little at a time: a request that is stopped returns all the same, and they are not
// called for long after it.
#define _GNU_SOURCE
#include "check.h"

#include <time.h>
#include <unistd.h>

#define SOON 1.0   // seconds; asked is a hundredth of it

static kal_bytes file;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct steady {
    size_t at, most;   // bytes a call
    int calls, ends;   // atomic
} steady;

static ptrdiff_t some(steady *s, size_t n)
{
    __atomic_add_fetch(&s->calls, 1, __ATOMIC_RELAXED);
    usleep(2000);
    return (ptrdiff_t)(n < s->most ? n : s->most);
}

static ptrdiff_t give(void *user, void *dst, size_t n, kal_error *err)
{
    steady *s = user;
    (void)err;
    const ptrdiff_t got = some(s, n < file.size - s->at ? n : file.size - s->at);
    memcpy(dst, file.data + s->at, (size_t)got);
    s->at += (size_t)got;
    return got;
}

static kal_status go_to(void *user, uint64_t at, kal_error *err)
{
    (void)err;
    ((steady *)user)->at = (size_t)at;
    return KAL_OK;
}

static ptrdiff_t take(void *user, const void *data, size_t n, kal_error *err)
{
    (void)data, (void)err;
    return some(user, n);
}

static void ended(void *user)
{
    __atomic_add_fetch(&((steady *)user)->ends, 1, __ATOMIC_RELEASE);
}

// Nobody calls any more soon after, and what there was is let go.
static void is_quiet(steady *s, const char *what)
{
    const double start = now();
    while (!__atomic_load_n(&s->ends, __ATOMIC_ACQUIRE) && now() - start < 20) usleep(1000);
    REQUIRE_NOTE(now() - start < SOON, "%s: let go after %g s", what, now() - start);
    const int calls = __atomic_load_n(&s->calls, __ATOMIC_RELAXED);
    usleep(20000);
    REQUIRE_NOTE(s->ends == 1 && __atomic_load_n(&s->calls, __ATOMIC_RELAXED) == calls,
                 "%s: %d ends, %d calls, then %d", what, s->ends, calls, s->calls);
}

static void opened(bool seeks)
{
    steady s = {.most = 64};
    kal_scope *scope = kal_scope_new();
    const kal_input in = {
        .name = "slow", .user = &s, .read = give, .seek = seeks ? go_to : NULL, .close = ended};
    const double start = now();
    kal_watch_opening(0.05, NULL);
    kal_node *n = kal_load_input(scope, &in, NULL);
    kal_watch_opening(0, NULL);
    REQUIRE_FAILS(KAL_DEADLINE, kal_node_error(n, &check_error));
    REQUIRE_NOTE(now() - start < SOON, "opening: %g s", now() - start);
    kal_scope_free(&scope);
    is_quiet(&s, seeks ? "opening" : "opening a stream");
}

// A file is read when it is opened, for its key, and again when its rows are asked for.
static void evaluated(void)
{
    steady s = {.most = 1 << 20};
    kal_scope *scope = kal_scope_new();
    const kal_input in = {.name = "slow", .user = &s, .read = give, .seek = go_to, .close = ended};
    kal_node *n = kal_load_input(scope, &in, NULL);
    kal_extent e;
    if (REQUIRE_OK(kal_node_extent(n, &e, &check_error))) {
        kal_bytes rows = {malloc((size_t)e.width * (size_t)e.height * 3), 0};
        const kal_options o = {.deadline = 0.05, .memo_mode = KAL_MEMO_NEVER};
        s.most = 64;
        const double start = now();
        REQUIRE_FAILS(KAL_DEADLINE, kal_read(n, kal_rect_of(0, 0, e.width, e.height), rows.data, e.width * 3,
                                             &o, &check_error));
        REQUIRE_NOTE(now() - start < SOON, "rows: %g s", now() - start);
        free(rows.data);
    }
    kal_scope_free(&scope);
    is_quiet(&s, "rows");
}

static void written(kal_node *picture)
{
    steady s = {.most = 64};
    kal_scope *scope = kal_scope_new();
    kal_node *n = kal_encode(scope, picture, "ppm", NULL);
    const kal_output out = {.user = &s, .write = take, .abort = ended};
    const kal_options o = {.deadline = 0.05, .memo_mode = KAL_MEMO_NEVER};
    const double start = now();
    REQUIRE_FAILS(KAL_DEADLINE, kal_write_outputs(&n, &out, 1, &o, &check_error));
    REQUIRE_NOTE(now() - start < SOON, "writing: %g s", now() - start);
    kal_scope_free(&scope);
    is_quiet(&s, "writing");
}

int main(void)
{
    rng r = {9};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(1000, 700, 3, KAL_U8);
    kal_node *n = rng_image(&r, s, &e);
    kal_node *encoded = kal_encode(s, n, "ppm", NULL);
    if (REQUIRE_OK(kal_read_bytes(encoded, NULL, &file, &check_error))) {
        opened(true);
        opened(false);
        evaluated();
        written(n);
    }
    kal_bytes_free(&file);
    kal_scope_free(&s);
    return check_done();
}
