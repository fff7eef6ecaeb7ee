// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Requests that end before they are done: cancel, deadline, a call that cannot be interrupted; and progress, which tells the end.
#define _GNU_SOURCE
#include "acme.h"

#include <pthread.h>

static void *cancel_soon(void *c)
{
    nanosleep(&(struct timespec){0, 30000000}, NULL);
    kal_cancel_set(c);
    return NULL;
}

static void stopping(kal_scope *s, kal_node *image)
{
    kal_node *slow_node = image;
    for (int i = 0; i < 3; i++)
        slow_node = kal_gaussian(s, kal_apply(s, "acme.slow", NULL, &slow_node, 1), NULL);
    kal_cancel *c = kal_cancel_new();
    pthread_t t;
    pthread_create(&t, NULL, cancel_soon, c);
    const kal_options o = {.cancel = c, .band = 1, .threads = 2};
    double start = seconds();
    REQUIRE(read_all(slow_node, &o, NULL) == NULL);
    REQUIRE(check_error.status == KAL_CANCELLED);
    REQUIRE_NOTE(seconds() - start < 1, "%g s", seconds() - start);
    pthread_join(t, NULL);
    // what is remembered is not given out either
    kal_bytes b = {0};
    kal_node *file = kal_encode(s, kal_invert(s, image, NULL), "png", NULL);
    const kal_options keep = {.memo_mode = KAL_MEMO_ALWAYS},
                      stopped = {.memo_mode = KAL_MEMO_ALWAYS, .cancel = c};
    REQUIRE_OK(kal_read_bytes(file, &keep, &b, &check_error));
    kal_bytes_free(&b);
    REQUIRE_FAILS(KAL_CANCELLED, kal_read_bytes(file, &stopped, &b, &check_error));
    const kal_options late = {.memo_mode = KAL_MEMO_ALWAYS, .deadline = 1e-12};
    REQUIRE_FAILS(KAL_DEADLINE, kal_read_bytes(file, &late, &b, &check_error));
    kal_memo_clear(NULL);
    kal_cancel_free(&c);
    const kal_options d = {.deadline = 0.03, .band = 1};
    start = seconds();
    REQUIRE(read_all(slow_node, &d, NULL) == NULL);
    REQUIRE(check_error.status == KAL_DEADLINE);
    REQUIRE_NOTE(seconds() - start < 1, "%g s", seconds() - start);
    kal_memo_stats m;
    kal_memo_get_stats(NULL, &m);
    REQUIRE(m.entries == 0);
}

// Kernels that never end by themselves: they cancel their own request, or wait for its deadline, and ask.
static kal_cancel *own;
static int asked;

static kal_status until_stopped(const kal_job *j)
{
    const double start = seconds();
    if (own) kal_cancel_set(own);
    for (asked = 1; !kal_job_stopped(j); asked++)
        if (seconds() - start > 20) return KAL_OK;   // nobody stops it: the test fails
    return KAL_CANCELLED;
}

static kal_status measured_until_stopped(const kal_job *j, void *gathered)
{
    (void)gathered;
    return until_stopped(j);
}

static kal_status no_value(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)c, (void)gathered, (void)err;
    return kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1);
}

static const kal_measure endless_measure = {
    .kind = KAL_VALUE_NUMBERS, .rows = measured_until_stopped, .end = no_value};
static const kal_op endless = {.name = "acme.endless",
                               .version = 1,
                               .inputs = "image",
                               .help = "ends when it is stopped",
                               .params_size = sizeof(acme_p),
                               .flags = KAL_OP_POINTWISE,
                               .extent = acme_extent,
                               .run = until_stopped},
                    endless_value = {.name = "acme.endless_value",
                                     .version = 1,
                                     .inputs = "image",
                                     .help = "ends when it is stopped",
                                     .params_size = sizeof(acme_p),
                                     .extent = acme_extent,
                                     .measure = &endless_measure};

static void asking(kal_scope *s, kal_node *image)
{
    REQUIRE_OK(kal_op_register(&endless, &check_error));
    REQUIRE_OK(kal_op_register(&endless_value, &check_error));
    kal_node *pixels = kal_apply(s, "acme.endless", NULL, &image, 1),
             *value = kal_apply(s, "acme.endless_value", NULL, &image, 1);
    for (int late = 0; late < 2; late++) {
        own = late ? NULL : kal_cancel_new();
        const kal_options o = {.cancel = own, .deadline = late ? 0.05 : 0, .threads = 2};
        const kal_status want = late ? KAL_DEADLINE : KAL_CANCELLED;
        kal_value v;
        REQUIRE(read_all(pixels, &o, NULL) == NULL);
        REQUIRE_NOTE(check_error.status == want && asked > late, "%s", check_error.message);
        kal_cancel *first = own;
        if (own) own = kal_cancel_new();   // the other is set
        const kal_options again = {.cancel = own, .deadline = late ? 0.05 : 0, .threads = 2};
        REQUIRE_FAILS(want, kal_read_value(value, &again, &v, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, late ? "deadline" : "cancelled"), "%s", check_error.message);
        if (own) kal_cancel_free(&own), kal_cancel_free(&first);
    }
}

// A codec that decodes the whole picture in one call cannot be interrupted; the request returns all the same, and the call's memory is freed
// when it ends.
static void orphaned(kal_scope *s)
{
    rng r = {12};
    const kal_extent small = extent_of(1200, 900, 3, KAL_U8);
    kal_bytes b = {0};
    kal_node *heif = kal_encode(s, rng_image(&r, s, &small), "avif", "quality=40");
    if (kal_node_error(heif, &check_error)) {
        check_skip("a decode that outlives its request: %s", check_error.message);
        return;
    }
    REQUIRE_OK(kal_read_bytes(heif, &fresh, &b, &check_error));
    kal_node *n = kal_load_bytes(s, b.data, b.size, NULL);
    kal_bytes_free(&b);
    double start = seconds();
    void *want = read_all(n, &fresh, NULL);
    const double whole = seconds() - start;
    const kal_options d = {.deadline = whole / 8, .memo_mode = KAL_MEMO_NEVER};
    start = seconds();
    REQUIRE(read_all(n, &d, NULL) == NULL);
    REQUIRE_NOTE(check_error.status == KAL_DEADLINE, "%s", check_error.message);
    REQUIRE_NOTE(seconds() - start < whole / 8 + 0.5, "%g s", seconds() - start);
    const kal_options long_enough = {.deadline = 600, .memo_mode = KAL_MEMO_NEVER};
    void *got = read_all(n, &long_enough, NULL);   // on a thread of its own, to the end
    if (REQUIRE(got && want)) REQUIRE_MEM(got, want, bytes_of(&small));
    free(got);
    free(want);
    nanosleep(&(struct timespec){(time_t)(whole * 2) + 1, 0},
              NULL);   // lets the orphan end before leaks are counted
}

typedef struct target {
    int writes, ends, aborts, late;
    bool over;
} target;

static ptrdiff_t target_write(void *user, const void *data, size_t n, kal_error *err)
{
    target *t = user;
    (void)data, (void)err;
    t->writes++;
    t->late += t->over;
    return (ptrdiff_t)n;
}

static kal_status target_end(void *user, kal_error *err)
{
    (void)err;
    ((target *)user)->ends++;
    return KAL_OK;
}

static void target_abort(void *user)
{
    ((target *)user)->aborts++;
}

// A codec whose library does all its work in one call at the end: the request does not wait for it, and its target is not touched any more.
static void orphaned_encoder(kal_scope *s, const char *format, const char *params)
{
    rng r = {13};
    const kal_extent size = extent_of(900, 700, 3, KAL_U8);
    kal_node *file = kal_encode(s, rng_image(&r, s, &size), format, params);
    if (kal_node_error(file, &check_error)) {
        check_skip("an encode that outlives its request: %s", check_error.message);
        return;
    }
    target whole = {0}, part = {0};
    const kal_output all = {
        .name = "all", .user = &whole, .write = target_write, .end = target_end, .abort = target_abort};
    double start = seconds();
    const kal_options long_enough = {.deadline = 600, .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_write_outputs(&file, &all, 1, &long_enough, &check_error));
    REQUIRE(whole.ends == 1 && !whole.aborts && whole.writes > 0);
    const double took = seconds() - start;
    const kal_output some = {
        .name = "some", .user = &part, .write = target_write, .end = target_end, .abort = target_abort};
    const kal_options d = {.deadline = took / 4, .memo_mode = KAL_MEMO_NEVER};
    start = seconds();
    REQUIRE_FAILS(KAL_DEADLINE, kal_write_outputs(&file, &some, 1, &d, &check_error));
    part.over = true;
    REQUIRE_NOTE(seconds() - start < took / 4 + 0.5, "%s: %g s of %g", format, seconds() - start, took);
    REQUIRE(part.aborts == 1 && !part.ends);
    nanosleep(&(struct timespec){(time_t)(took * 2) + 1, 0}, NULL);   // lets the orphan end
    REQUIRE_NOTE(!part.late, "%s: written to after the end", format);
}

static void progress(kal_scope *s, kal_node *image)
{
    kal_node *n = kal_apply(s, "acme.slow", NULL, &image, 1);
    told t = {0};
    const kal_options o = {.progress = tell, .user = &t, .band = 2, .memo_mode = KAL_MEMO_NEVER};
    free(read_all(n, &o, NULL));
    REQUIRE(t.phase == KAL_DONE && t.last == t.total && t.ends == 1 && !t.fell && t.calls > 2);
    told f = {0};
    const kal_options bad = {.progress = tell, .user = &f, .band = 8};
    REQUIRE(read_all(kal_apply(s, "acme.fails", NULL, &image, 1), &bad, NULL) == NULL);
    REQUIRE(f.phase == KAL_FAILED && f.last < f.total && f.ends == 1);
}

int main(void)
{
    rng r = {11};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(180, 140, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e);
    REQUIRE_OK(kal_op_register(&acme_slow, &check_error));
    REQUIRE_OK(kal_op_register(&acme_fails, &check_error));
    stopping(s, image);
    asking(s, image);
    orphaned(s);
    orphaned_encoder(s, "avif", "quality=40");
    orphaned_encoder(s, "jxl", NULL);
    orphaned_encoder(s, "jpeg", "progressive=true");
    progress(s, image);
    kal_scope_free(&s);
    return check_done();
}
