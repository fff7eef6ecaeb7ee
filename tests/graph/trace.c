// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// kal_options.trace: every band that was computed is told exactly once, with one worker and with eight, and what one thread did does not
// overlap.
#include "check.h"

#include <pthread.h>

enum { MOST = 20000 };

typedef struct event {
    const kal_node *node;
    char what[16], name[64];
    int32_t thread, band, y0, y1;
    uint64_t begin, end;
} event;

typedef struct trace {
    pthread_mutex_t lock;
    event list[MOST];
    size_t n;
    uint64_t bands;   // that node_stats counts, of what was not found in the memo
} trace;

static trace told = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void tell(void *user, const kal_trace *t)
{
    trace *at = user;
    pthread_mutex_lock(&at->lock);
    if (at->n < MOST) {
        event *e = &at->list[at->n++];
        *e = (event){t->node, "", "", t->thread, t->band, t->y0, t->y1, t->begin_ns, t->end_ns};
        snprintf(e->what, sizeof e->what, "%s", t->what);
        snprintf(e->name, sizeof e->name, "%s", t->name);
    }
    pthread_mutex_unlock(&at->lock);
}

// A fused run counts by its last op alone; samples in memory are no work.
static void tell_node(void *user, const kal_node_stats *n)
{
    trace *at = user;
    if (!n->reused && n->last == n->node && strcmp(n->name, "input")) at->bands += n->bands;
}

static int by_thread(const void *a, const void *b)
{
    const event *x = a, *y = b;
    if (x->thread != y->thread) return x->thread < y->thread ? -1 : 1;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static int by_band(const void *a, const void *b)
{
    const event *x = a, *y = b;
    if (x->node != y->node) return (uintptr_t)x->node < (uintptr_t)y->node ? -1 : 1;
    const int what = strcmp(x->what, y->what);
    return what ? what : x->band - y->band;
}

static bool sound(const event *e)
{
    const bool part = !e->node;
    return e->begin <= e->end && e->name[0] && part == (e->band == -1) && part == (e->y0 == e->y1) &&
           (!part || e->thread == 0);
}

static void check_threads(int32_t threads)
{
    qsort(told.list, told.n, sizeof *told.list, by_thread);
    bool whole = true, apart = true;
    for (size_t i = 0; i < told.n; i++) {
        const event *e = &told.list[i], *next = e + 1;
        whole &= sound(e) && e->thread >= 0 && (threads > 1 || e->thread == 0);
        if (i + 1 < told.n && next->thread == e->thread) apart &= e->end <= next->begin;
    }
    REQUIRE_NOTE(whole, "%d threads", threads);
    REQUIRE_NOTE(apart, "%d threads", threads);
}

// Bands of one stage: 0, 1, 2 … with rows that join.
static void check_bands(int32_t threads)
{
    size_t bands = 0;
    qsort(told.list, told.n, sizeof *told.list, by_band);
    bool once = true;
    for (size_t i = 0; i < told.n; i++) {
        const event *e = &told.list[i], *before = e - 1;
        if (!e->node) continue;
        bands++;
        const bool follows = i && before->node == e->node && !strcmp(before->what, e->what);
        once &= follows ? e->band == before->band + 1 && e->y0 == before->y1 : e->band == 0;
    }
    REQUIRE_NOTE(once, "%d threads", threads);
    REQUIRE_NOTE(bands == told.bands, "%zu bands told, %llu computed", bands, (unsigned long long)told.bands);
}

static size_t count(const char *what, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < told.n; i++)
        n += !strcmp(told.list[i].what, what) && (!name || !strcmp(told.list[i].name, name));
    return n;
}

static kal_options traced(int32_t threads, kal_stats *stats)
{
    told.n = 0;
    told.bands = 0;
    return (kal_options){.threads = threads,
                         .memo_mode = KAL_MEMO_NEVER,
                         .trace = tell,
                         .node_stats = tell_node,
                         .user = &told,
                         .stats = stats,
                         .band = 7};
}

static void files(kal_scope *s, kal_node *image, int32_t threads)
{
    kal_node *fused = kal_invert(s, kal_gaussian(s, image, kal_gaussian_params(.sigma = 3)), NULL);
    kal_node *encoded = kal_encode(s, fused, "png", NULL);
    const char *path = check_temp("trace.png");
    kal_stats stats;
    const kal_options o = traced(threads, &stats);
    REQUIRE_OK(kal_write_files(&encoded, &path, 1, &o, &check_error));
    REQUIRE(stats.threads <= (uint64_t)threads && (stats.threads > 1) == (threads > 1));
    REQUIRE(count("plan", NULL) == 1 && count("prepare", NULL) == 1 && count("finish", NULL) == 1);
    REQUIRE(count("compute", "gaussian+invert") > 1 && count("encode", "png") > 0);
    REQUIRE(count("compute", NULL) == stats.computed_tiles);
    check_threads(threads);
    check_bands(threads);

    kal_node *loaded = kal_load(s, path, NULL), *soft = kal_gaussian(s, loaded, NULL);
    const kal_options again = traced(threads, &stats);
    kal_extent e;
    free(read_all(soft, &again, &e));
    REQUIRE(count("decode", "load") > 0 && count("finish", NULL) == 0);
    check_threads(threads);
    check_bands(threads);

    const kal_options digest = traced(threads, &stats);
    kal_key key;
    REQUIRE_OK(kal_content_key(soft, &digest, &key, &check_error));
    REQUIRE(count("digest", "content key") > 0);
    check_threads(threads);
}

// What the memo gives is no work; a request that fails tells what had ended.
static void corners(kal_scope *s, kal_node *image)
{
    kal_node *soft = kal_gaussian(s, image, kal_gaussian_params(.sigma = 5));
    kal_extent e;
    kal_stats stats;
    kal_options o = traced(2, &stats);
    o.memo_mode = KAL_MEMO_ALWAYS;
    free(read_all(soft, &o, &e));
    REQUIRE(count("compute", "gaussian") > 0);
    told.n = 0;
    free(read_all(soft, &o, &e));
    REQUIRE(count("compute", NULL) == 0 && count("copy", "copy out") > 0);
    o = traced(2, &stats);
    o.max_memory = 1;
    unsigned char pixel[3];
    REQUIRE_FAILS(KAL_LIMIT, kal_read(soft, kal_rect_of(0, 0, 1, 1), pixel, 3, &o, &check_error));
    REQUIRE(count("plan", NULL) == 1 && told.n == 1);
    kal_memo_clear(NULL);
}

int main(void)
{
    rng r = {20260401};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(640, 480, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e);
    files(s, image, 1);
    files(s, image, 8);
    corners(s, image);
    kal_scope_free(&s);
    return check_done();
}
