// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// kal-bench [name]: what the engine costs. Every figure is the median of repeated runs in this process, on pictures of its own making; memory
// is the peak resident set of a child that does one job, less that of a child that does nothing.
#define _GNU_SOURCE
#include <kal/kal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/kal-bench-XXXXXX";

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const kal_error *err)
{
    kal_error_print(err);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

typedef void body(void *);

// Median of `runs` times of `inner` calls each, in seconds a call.
static double median(int runs, int inner, body *f, void *arg)
{
    double t[101];
    f(arg);
    for (int i = 0; i < runs; i++) {
        const double start = now();
        for (int k = 0; k < inner; k++) f(arg);
        t[i] = (now() - start) / inner;
    }
    qsort(t, (size_t)runs, sizeof *t, by_value);
    return t[runs / 2];
}

// ---- pictures -----------------------------------------------------------------------------------

// Smooth shapes with a little noise: neither flat nor random, as photographs are.
static kal_node *picture(kal_scope *s, int32_t width, int32_t height)
{
    const kal_extent e = {width, height, 3, KAL_U8, KAL_RGB, false};
    unsigned char *p = malloc((size_t)width * (size_t)height * 3);
    uint32_t seed = 1;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            seed = seed * 1664525u + 1013904223u;
            const int32_t noise = (int32_t)(seed >> 29);
            unsigned char *q = p + ((size_t)y * (size_t)width + (size_t)x) * 3;
            q[0] = (unsigned char)((x / 8 + y / 16 + noise) & 255);
            q[1] = (unsigned char)((((x / 64) ^ (y / 64)) * 5 + noise) & 255);
            q[2] = (unsigned char)((y / 12 + noise) & 255);
        }
    kal_node *n = kal_pixels(s, &e, p, (ptrdiff_t)width * 3);
    free(p);
    return n;
}

static char *file(const char *name)
{
    static char paths[16][128];
    static int next;
    char *p = paths[next++ & 15];
    snprintf(p, sizeof paths[0], "%s/%s", folder, name);
    return p;
}

static void make(const char *name, int32_t width, int32_t height)
{
    kal_error err;
    kal_scope *s = kal_scope_new();
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .max_memory = (uint64_t)4 << 30};
    if (kal_save(picture(s, width, height), file(name), NULL, &o, &err)) die(&err);
    kal_scope_free(&s);
}

// ---- small things -------------------------------------------------------------------------------

typedef struct small {
    kal_node *node;
    unsigned char *out;
    kal_options o;
    kal_extent e;
} small;

static void read_small(void *arg)
{
    small *m = arg;
    kal_error err;
    if (kal_read(m->node, kal_rect_all(&m->e), m->out, (ptrdiff_t)m->e.width * 3, &m->o, &err)) die(&err);
}

static void one_op(void)
{
    kal_scope *s = kal_scope_new();
    static unsigned char out[16 * 16 * 3];
    small m = {.out = out, .o = {.memo_mode = KAL_MEMO_NEVER}};
    kal_node *at = picture(s, 16, 16);
    m.node = kal_invert(s, at, NULL);
    kal_node_extent(m.node, &m.e, NULL);
    const double one = median(51, 200, read_small, &m);
    for (int i = 0; i < 10; i++)
        at = i % 2 ? kal_invert(s, at, NULL)
                   : kal_linear(s, at, kal_linear_params(.offset = {(double[]){i + 1.0}, 1}));
    m.node = at;
    const double ten = median(51, 200, read_small, &m);
    printf("one op on 16×16              %8.2f µs\nten point ops on 16×16       %8.2f µs (%.2f µs for each "
           "further op)\n",
           one * 1e6, ten * 1e6, (ten - one) / 9 * 1e6);
    kal_scope_free(&s);
}

static void ten_nodes(void *arg)
{
    kal_node *at = kal_node_ref(arg);
    for (int i = 0; i < 10; i++) {
        kal_node *next = kal_gaussian(NULL, at, kal_gaussian_params(.sigma = 1 + i));
        kal_node_unref(&at);
        at = next;
    }
    kal_key k;
    kal_node_key(at, &k, NULL);
    kal_node_unref(&at);
}

static void keys(void)
{
    kal_scope *s = kal_scope_new();
    printf("key of a 10-node graph       %8.2f µs (built, keyed, freed)\n",
           median(51, 500, ten_nodes, picture(s, 16, 16)) * 1e6);
    kal_scope_free(&s);
}

static void memo_hit(void)
{
    kal_scope *s = kal_scope_new();
    small m = {.node = kal_gaussian(s, picture(s, 4000, 3000), kal_gaussian_params(.sigma = 2)),
               .o = {.memo_mode = KAL_MEMO_ALWAYS}};
    kal_node_extent(m.node, &m.e, NULL);
    m.out = malloc((size_t)m.e.width * (size_t)m.e.height * 3);
    const double start = now();
    read_small(&m);
    const double cold = now() - start, hit = median(11, 1, read_small, &m);
    printf("12 MP gaussian, first time   %8.2f ms\n12 MP gaussian, memo hit     %8.2f ms (copied into the "
           "caller's rows)\n",
           cold * 1e3, hit * 1e3);
    free(m.out);
    kal_memo_clear(NULL);
    kal_scope_free(&s);
}

// ---- a folder, and views ----------------------------------------------------------------------------

typedef struct looked {
    kal_node *node;
    kal_rect rect;
    kal_options o;
} looked;

static void look(void *arg)
{
    const looked *l = arg;
    kal_view v;
    kal_error err;
    if (kal_view_open(l->node, l->rect, &l->o, &v, &err)) die(&err);
    kal_view_close(&v);
}

// As another process: nothing is in memory.
static void find_anew(void *arg)
{
    kal_memo_clear(NULL);
    look(arg);
}

static void views(void)
{
    kal_scope *s = kal_scope_new();
    kal_error err;
    char memo[sizeof folder + 10];
    snprintf(memo, sizeof memo, "%s/memo", folder);
    kal_node *soft = kal_gaussian(s, picture(s, 4000, 3000), NULL);
    looked all = {soft, kal_rect_of(0, 0, 4000, 3000), {.memo_mode = KAL_MEMO_ALWAYS}}, part = all;
    part.rect = kal_rect_of(512, 512, 768, 768);
    if (kal_memo_set_folder(NULL, memo, 0, &err)) die(&err);
    look(&all);
    printf("12 MP, view of a hit in memory   %8.2f us\n", median(15, 1000, look, &all) * 1e6);
    printf("256x256 of it                    %8.2f us\n", median(15, 1000, look, &part) * 1e6);
    const double t = median(15, 1, find_anew, &all);
    printf("12 MP, found in a folder         %8.2f ms, %.1f GB/s (mapped, sums checked)\n", t * 1e3,
           36e-3 / t);
    kal_memo_collect(NULL, 0, NULL, NULL, NULL);
    kal_memo_set_folder(NULL, NULL, 0, NULL);
    kal_memo_clear(NULL);
    kal_scope_free(&s);
}

// ---- jobs in a child ------------------------------------------------------------------------------

typedef struct cost {
    double seconds, rss_mb, planned_mb;
} cost;

// `text` has one %s for the input and one for the output; an empty text does nothing.
static cost child(const char *text, const char *in, const char *out)
{
    int pipes[2];
    if (pipe(pipes)) exit(1);
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        cost c = {0};
        char full[1024];
        kal_error err;
        kal_stats st = {0};
        kal_program *p = NULL;
        snprintf(full, sizeof full, text, in, out);
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .stats = &st};
        if (*text &&
            (kal_program_parse(full, strlen(full), NULL, 0, &p, &err) || kal_program_run(p, &o, &err)))
            die(&err);
        kal_program_free(&p);
        struct rusage u;
        getrusage(RUSAGE_SELF, &u);
        c = (cost){st.wall_ms / 1e3, (double)u.ru_maxrss / 1e3, (double)st.planned_bytes / 1e6};
        _exit(write(pipes[1], &c, sizeof c) == sizeof c ? 0 : 1);
    }
    cost c = {0};
    int status;
    if (read(pipes[0], &c, sizeof c) != sizeof c) c.seconds = -1;
    close(pipes[0]);
    close(pipes[1]);
    waitpid(pid, &status, 0);
    return c;
}

static void job(const char *what, const char *text, const char *in, const char *out)
{
    double seconds[5], rss[5];
    cost c = {0};
    for (int i = 0; i < 5; i++) {
        c = child(text, in, out);
        seconds[i] = c.seconds;
        rss[i] = c.rss_mb - child("", "", "").rss_mb;
    }
    qsort(seconds, 5, sizeof *seconds, by_value);
    qsort(rss, 5, sizeof *rss, by_value);
    printf("%-44s %7.0f ms   %6.1f MB held, %6.1f MB planned (%.2f)\n", what, seconds[2] * 1e3, rss[2],
           c.planned_mb, c.planned_mb / rss[2]);
}

static void jobs(void)
{
    make("12.jpg", 4000, 3000);
    make("12.png", 4000, 3000);
    make("12.ppm", 4000, 3000);
    char *j12 = file("12.jpg"), *p12 = file("12.png"), *n12 = file("12.ppm"), *oj = file("o.jpg"),
         *op = file("o.png"), *on = file("o.ppm");
    job("12 MP PPM → PPM", "load %s | save %s", n12, on);
    job("12 MP JPEG → PPM", "load %s | save %s", j12, on);
    job("12 MP PNG → PPM", "load %s | save %s", p12, on);
    job("12 MP PPM → JPEG", "load %s | save %s", n12, oj);
    job("12 MP PPM → PNG", "load %s | save %s", n12, op);
    job("12 MP JPEG crop → gaussian 6 → uncrop",
        "load %s | crop 1200 800 640 640 | gaussian 6 | uncrop feather=8 | save %s", j12, oj);
    job("12 MP JPEG → half, lanczos3", "load %s | resize width=2000 | save %s", j12, oj);
    job("12 MP JPEG, a quarter turn", "load %s | turn right | save %s", j12, oj);
    job("12 MP PNG gaussian 3 → PNG", "load %s | gaussian 3 | save %s", p12, op);
    job("12 MP PNG, upside down → JPEG", "load %s | flip vertical | save %s", p12, oj);
    make("100.jpg", 11600, 8700);
    job("100 MP JPEG crop → gaussian 3 → uncrop",
        "load %s | crop 3000 2000 4000 4000 | gaussian 3 | uncrop feather=8 | save %s", file("100.jpg"), oj);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } all[] = {{"op", one_op}, {"key", keys}, {"jobs", jobs}, {"memo", memo_hit}, {"view", views}};
    if (!mkdtemp(folder)) return 1;
    printf("kallitype %s, medians\n", kal_version());
    // children are measured before this process has made large pictures of its own: they inherit what it holds
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (argc < 2 || !strcmp(argv[1], all[i].name)) all[i].run();
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0;
}
