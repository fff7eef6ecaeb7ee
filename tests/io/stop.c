// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A request is cancelled while a codec is at work, at several moments: it returns within 50 ms, whatever the codec is doing. `stop FORMAT
// WIDTH` measures one with pictures of that width; docs/notes/sources.md has the table.
// What libheif leaves of a file that breaks off, and what libx265 once took, is theirs.
#define LEAKS_OF_OTHERS "leak:libx265.so\nleak:libheif.so\nleak:libdav1d.so\n"
#include "each_format.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SOON 0.5
#else
#define SOON 0.05
#endif

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct later {
    kal_cancel *cancel;
    double after, at;
} later;

static void *cancel_later(void *arg)
{
    later *l = arg;
    usleep((useconds_t)(l->after * 1e6));
    l->at = now();
    kal_cancel_set(l->cancel);
    return NULL;
}

static const kal_options ample = {.memo_mode = KAL_MEMO_NEVER, .threads = 2, .max_memory = (uint64_t)4 << 30};

static kal_status encode(kal_node *n, const kal_options *o, kal_error *err)
{
    kal_bytes b = {NULL, 0};
    const kal_status st = kal_read_bytes(n, o, &b, err);
    kal_bytes_free(&b);
    return st;
}

static kal_status decode(kal_node *n, const kal_options *o, kal_error *err)
{
    kal_extent e;
    kal_status st = kal_node_extent(n, &e, err);
    if (st) return st;
    void *p = malloc(bytes_of(&e));
    st = kal_read(n, kal_rect_all(&e), p, (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)), o, err);
    free(p);
    return st;
}

typedef kal_status work(kal_node *n, const kal_options *o, kal_error *err);

// From the cancel to the return; 0 when it was done before.
static double wait_after(work *does, kal_node *n, double after)
{
    kal_error err = {0};
    later l = {kal_cancel_new(), after, 0};
    pthread_t t;
    pthread_create(&t, NULL, cancel_later, &l);
    kal_options o = ample;
    o.cancel = l.cancel;
    const kal_status st = does(n, &o, &err);
    const double end = now();
    pthread_join(t, NULL);
    REQUIRE_NOTE(!st || st == KAL_CANCELLED, "%s: %s", kal_status_name(st), err.message);
    kal_cancel_free(&l.cancel);
    return end > l.at ? end - l.at : 0;
}

// The least of some tries at each moment, which is the codec's wait and not the machine's; of them the most.
static double longest_wait(work *does, kal_node *n, double *whole)
{
    double start = now(), longest = 0;
    REQUIRE_OK(does(n, &ample, &check_error));
    *whole = now() - start;
    for (int moment = 0; moment < 5; moment++) {
        double least = 1e9;
        for (int i = 0; i < 4 && least > SOON / 5; i++) {
            const double took = wait_after(does, n, *whole * (moment + 0.5) / 5);
            if (took < least) least = took;
        }
        if (least > longest) longest = least;
    }
    return longest;
}

static void stops(const char *format, const char *what, work *does, kal_node *n)
{
    double whole;
    const double wait = longest_wait(does, n, &whole);
    printf("%-6s %s: %6.0f ms, cancelled it returns after at most %4.0f ms\n", format, what, whole * 1e3,
           wait * 1e3);
    fflush(stdout);
    REQUIRE_NOTE(wait <= SOON, "%s, %s: %g s after the cancel", format, what, wait);
}

static void try_format(const kal_codec_info *c, int32_t width)
{
    kal_bytes b = {NULL, 0};
    kal_scope *s = kal_scope_new();
    kal_node *n = encoded_noise(s, c->name, width, width * 3 / 4);
    if (!c->writes || kal_read_bytes(n, &ample, &b, &check_error)) {
        if (c->writes) check_skip("%s: %s", c->name, check_error.message);
    } else {
        char told[100] = "";
        if (told_of(c->name))
            snprintf(told, sizeof told, "format=rgb width=%d height=%d", width, width * 3 / 4);
        stops(c->name, "encode", encode, n);
        if (c->reads) stops(c->name, "decode", decode, kal_load_bytes(s, b.data, b.size, told));
    }
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    kal_codec_info c;
    for (size_t i = 0; kal_codec_at(i, &c, NULL); i++)
        if (argc < 2 || !strcmp(argv[1], c.name)) try_format(&c, argc > 2 ? atoi(argv[2]) : 800);
    usleep(argc < 2 ? 500000 : 2000000);   // lets what was left behind end before leaks are counted …
    for (int i = 0; i < 300 && kal_node_count(); i++)
        usleep(100000);   // … which an encoder of AVIF does late
    kal_memo_clear(NULL);
    return check_done();
}
