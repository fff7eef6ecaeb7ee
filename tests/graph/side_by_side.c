// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What requests of one process do to each other: they wait for memory in a line that can be left, and a fork in the middle of them leaves the child whole.
#define _GNU_SOURCE
#include "acme.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

// ---- a line that can be left ----------------------------------------------------------------------

// A request whose target takes nothing until it may: what it holds it holds till then.
typedef struct request {
    kal_cancel *cancel;
    bool *may, at_target;   // atomic
    kal_status status;
} request;

static ptrdiff_t write_when_allowed(void *user, const void *data, size_t n, kal_error *err)
{
    request *r = user;
    (void)data, (void)err;
    __atomic_store_n(&r->at_target, true, __ATOMIC_RELEASE);
    while (r->may && !__atomic_load_n(r->may, __ATOMIC_ACQUIRE)) usleep(1000);
    return (ptrdiff_t)n;
}

static void *ask(void *arg)
{
    request *r = arg;
    kal_error err;
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_cast(s, kal_noise(s, kal_noise_params(.width = 900, .height = 900)),
                           kal_cast_params(.type = KAL_U8));
    kal_node *e = kal_encode(s, kal_flip(s, n, kal_flip_params(.direction = 1)), "pnm", NULL);
    const kal_options o = {
        .threads = 1, .cancel = r->cancel, .memo_mode = KAL_MEMO_NEVER, .max_memory = 64 << 20};
    const kal_output out = {.user = r, .write = write_when_allowed};
    r->status = kal_write_outputs(&e, &out, 1, &o, &err);
    kal_scope_free(&s);
    return NULL;
}

// The first holds all there is, the second waits for it, and the third, behind the second, is cancelled: it returns while the others are where they were.
static void cancelled_behind_others(void)
{
    bool may = false;
    pthread_t t[3];
    request r[3] = {
        {.may = &may, .cancel = kal_cancel_new()}, {.cancel = NULL}, {.cancel = kal_cancel_new()}};
    REQUIRE(!pthread_create(&t[0], NULL, ask, &r[0]));
    while (!__atomic_load_n(&r[0].at_target, __ATOMIC_ACQUIRE)) usleep(1000);
    for (int i = 1; i < 3; i++) {
        REQUIRE(!pthread_create(&t[i], NULL, ask, &r[i]));
        usleep(100000);
    }
    alarm(60);   // it did not return before the first had
    kal_cancel_set(r[2].cancel);
    pthread_join(t[2], NULL);
    alarm(0);
    REQUIRE(r[2].status == KAL_CANCELLED);
    REQUIRE(!__atomic_load_n(&r[1].at_target, __ATOMIC_ACQUIRE));
    __atomic_store_n(&may, true, __ATOMIC_RELEASE);
    for (int i = 0; i < 2; i++) pthread_join(t[i], NULL);
    REQUIRE(r[0].status == KAL_OK && r[1].status == KAL_OK);
    kal_cancel_free(&r[0].cancel);
    kal_cancel_free(&r[2].cancel);
}

// ---- forks ----------------------------------------------------------------------------------------

#ifndef __SANITIZE_THREAD__
static kal_memo *memo;
static bool stopped;   // atomic

static void *look_at_the_memo(void *arg)
{
    kal_memo_stats stats;
    while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) kal_memo_get_stats(memo, &stats);
    return arg;
}

static void *make_memos(void *arg)
{
    while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) {
        kal_memo *m = kal_memo_new(1 << 20);
        kal_memo_free(&m);
    }
    return arg;
}

static void *find_ops(void *arg)
{
    while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) kal_op_at(100000);
    return arg;
}

// What a child does with the memo and the list of ops that other threads had in their hands.
static int in_the_child(void)
{
    kal_extent e;
    kal_scope *s = kal_scope_new();
    const kal_options o = {.memo = memo, .memo_mode = KAL_MEMO_ALWAYS, .threads = 2};
    kal_node *n = kal_gaussian(s, kal_solid(s, kal_solid_params(.width = 40, .height = 30)), NULL);
    void *got = read_all(n, &o, &e);
    kal_memo *own = kal_memo_new(1 << 20);
    const bool ok = got && own && kal_op_find("gaussian");
    free(got);
    kal_memo_free(&own);
    kal_scope_free(&s);
    return ok ? 0 : 1;
}

static void forked(void)
{
    static void *(*const work[])(void *) = {look_at_the_memo, make_memos, find_ops};
    pthread_t t[3];
    int status = 0;
    memo = kal_memo_new(1 << 20);
    for (int i = 0; i < 3; i++) REQUIRE(!pthread_create(&t[i], NULL, work[i], NULL));
    for (int i = 0; i < 200 && !status; i++) {
        const pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            _exit(in_the_child());
        }
        waitpid(pid, &status, 0);
        REQUIRE_NOTE(status == 0, "child %d ended with %d", i, status);
    }
    __atomic_store_n(&stopped, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
    kal_memo_free(&memo);
}
#endif

int main(void)
{
    setenv("KAL_MAX_MEMORY", "1M", 1);   // of all requests together
    cancelled_behind_others();
#ifdef __SANITIZE_THREAD__
    check_skip("forks: the thread sanitizer does not follow them");
#else
    forked();
#endif
    return check_done();
}
