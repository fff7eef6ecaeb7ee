// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Requests from the outside: errors that arrive whole, cancel, deadline, progress, statistics, memory limits, users' ops, forks.
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <fenv.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const kal_options fresh = {.memo_mode = KAL_MEMO_NEVER};

// ---- users' ops ---------------------------------------------------------------------------------

typedef struct acme_p {
    size_t size;
    int32_t radius;
    double gain;
} acme_p;

static const kal_param acme_params[] = {
    {"radius", KAL_PARAM_INT, offsetof(acme_p, radius), 1, NULL, 0, 50, "px", "rows above and below"},
    {"gain", KAL_PARAM_FLOAT, offsetof(acme_p, gain), 1, NULL, 0, 10, "", "factor"},
};

static kal_status acme_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return out->type == KAL_U8 ? KAL_OK : kal_fail(err, KAL_UNSUPPORTED, "acme: u8 only");
}

static kal_rect acme_need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const acme_p *p = c->params;
    return kal_need_halo(&c->in[0]->extent, out, 0, p->radius, 0, p->radius, KAL_EDGE_COPY);
}

// the largest of the rows around, times gain
static kal_status acme_run(const kal_job *j)
{
    const acme_p *p = j->call->params;
    const int32_t h = j->call->extent.height;
    const size_t n = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        unsigned char *dst = kal_row(j->out, y);
        memset(dst, 0, n);
        for (int32_t k = -p->radius; k <= p->radius; k++) {
            const unsigned char *src = kal_row(&j->in[0], kal_edge_index(y + k, h, KAL_EDGE_COPY));
            for (size_t i = 0; i < n; i++) dst[i] = src[i] > dst[i] ? src[i] : dst[i];
        }
        for (size_t i = 0; i < n; i++)
            dst[i] = (unsigned char)(dst[i] * p->gain > 255 ? 255 : dst[i] * p->gain);
    }
    return KAL_OK;
}

static kal_status flip_all(const kal_job *j)
{
    const int32_t h = j->call->extent.height;
    for (int32_t y = 0; y < h; y++)
        memcpy(kal_row(j->out, y), kal_row(&j->in[0], h - 1 - y),
               (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel);
    return KAL_OK;
}

static kal_status always_fails(const kal_job *j)
{
    return j->out->rect.y1 > 100
               ? kal_fail(j->err, KAL_CALLBACK, "acme.fails: no model for row %d", j->out->rect.y1)
               : KAL_OK;
}

static kal_status slow(const kal_job *j)
{
    nanosleep(&(struct timespec){0, 5000000}, NULL);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        memcpy(kal_row(j->out, y), kal_row(&j->in[0], y),
               (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel);
    return KAL_OK;
}

static const char *const acme_samples[] = {"radius=2", "radius=3 gain=1.5", NULL};
static kal_op acme_max = {.name = "acme.max",
                          .version = 1,
                          .family = "acme",
                          .help = "tile-wise, with a halo",
                          .inputs = "image",
                          .params = acme_params,
                          .n_params = 2,
                          .params_size = sizeof(acme_p),
                          .cost = 2,
                          .extent = acme_extent,
                          .need = acme_need,
                          .run = acme_run,
                          .samples = acme_samples};
static kal_op acme_flip = {.name = "acme.flip",
                           .version = 1,
                           .family = "acme",
                           .help = "whole image",
                           .inputs = "image",
                           .params_size = sizeof(acme_p),
                           .flags = KAL_OP_WHOLE,
                           .cost = 2,
                           .extent = acme_extent,
                           .run = flip_all,
                           .samples = acme_samples + 2};
static kal_op acme_fails = {.name = "acme.fails",
                            .version = 1,
                            .family = "acme",
                            .help = "fails",
                            .inputs = "image",
                            .params_size = sizeof(acme_p),
                            .extent = acme_extent,
                            .run = always_fails,
                            .samples = acme_samples + 2};
static kal_op acme_slow = {.name = "acme.slow",
                           .version = 1,
                           .family = "acme",
                           .help = "5 ms a band",
                           .inputs = "image",
                           .params_size = sizeof(acme_p),
                           .cost = 1000,
                           .extent = acme_extent,
                           .run = slow,
                           .samples = acme_samples + 2};

static void user_ops(kal_scope *s, kal_node *image)
{
    REQUIRE_OK(kal_op_register(&acme_max, &check_error));
    REQUIRE_OK(kal_op_register(&acme_max, &check_error));
    REQUIRE_OK(kal_op_register(&acme_flip, &check_error));
    REQUIRE_OK(kal_op_register(&acme_fails, &check_error));
    REQUIRE_OK(kal_op_register(&acme_slow, &check_error));
    kal_op twin = acme_max;
    REQUIRE_FAILS(KAL_INVALID, kal_op_register(&twin, &check_error));
    twin.name = "max";
    REQUIRE_FAILS(KAL_INVALID, kal_op_register(&twin, &check_error));

    kal_node *a = kal_apply_text(s, "acme.max", "radius=3 gain=1.5", &image, 1);
    kal_node *b = kal_apply(s, "acme.flip", NULL, &a, 1);
    kal_node *c = kal_gaussian(s, b, kal_gaussian_params(.sigma = 1));
    kal_extent e;
    void *want = naive_pixels(c);
    for (int32_t threads = 1; threads <= 8; threads *= 2) {
        const kal_options o = {.threads = threads, .band = 7, .memo_mode = KAL_MEMO_NEVER};
        void *got = read_all(c, &o, &e);
        REQUIRE_MEM(got, want, bytes_of(&e));
        free(got);
    }
    free(want);
    kal_key k1, k2;
    kal_node_key(a, &k1, NULL);
    kal_node_key(kal_apply_text(s, "acme.max", "radius=3 gain=1.25", &image, 1), &k2, NULL);
    REQUIRE(!kal_key_equal(k1, k2));
}

// ---- errors, cancel, deadline -------------------------------------------------------------------

static void failing(kal_scope *s, kal_node *image)
{
    kal_node *bad = kal_apply(s, "acme.fails", NULL, &image, 1);
    kal_node *more = kal_gaussian(s, bad, NULL);
    kal_extent e;
    const kal_options o = {.threads = 4, .band = 16};
    REQUIRE(read_all(more, &o, &e) == NULL);
    REQUIRE(check_error.status == KAL_CALLBACK);
    REQUIRE_NOTE(strstr(check_error.message, "no model for row"), "%s", check_error.message);
    kal_memo_stats m;
    kal_memo_get_stats(NULL, &m);
    REQUIRE(m.entries == 0);
    const char *path = check_temp("never.jpg");
    kal_node *upright = kal_apply(s, "acme.fails", NULL, &image, 1);
    REQUIRE_FAILS(KAL_CALLBACK, kal_save(upright, path, NULL, &o, &check_error));
    REQUIRE(access(path, F_OK) != 0);
    // an error node goes through everything and tells the first cause
    kal_node *none = kal_crop(s, image, kal_crop_params(.x = 100000));
    kal_node *after = kal_invert(s, kal_gaussian(s, none, NULL), NULL);
    REQUIRE(after == none);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(after, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "crop"), "%s", check_error.message);
    REQUIRE_FAILS(KAL_INVALID, kal_save(after, path, NULL, NULL, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_read(image, kal_rect_of(0, 0, 1, 100000), &e, 1000, NULL, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_read(NULL, kal_rect_of(0, 0, 1, 1), &e, 1000, NULL, &check_error));
}

static void *cancel_soon(void *c)
{
    nanosleep(&(struct timespec){0, 30000000}, NULL);
    kal_cancel_set(c);
    return NULL;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
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

typedef struct told {
    uint64_t last, total;
    int calls, ends;
    kal_phase phase;
    bool fell;
} told;

static void tell(void *user, kal_phase phase, uint64_t done, uint64_t total)
{
    told *t = user;
    t->calls++;
    t->fell |= done < t->last;
    t->ends += phase != KAL_RUNNING;
    t->last = done, t->total = total, t->phase = phase;
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

// ---- limits, statistics, forks, threads ---------------------------------------------------------

static void limits(kal_scope *s, kal_node *image)
{
    kal_node *turned = kal_turn(s, kal_gaussian(s, image, NULL), kal_turn_params(.how = KAL_TURN_RIGHT));
    kal_stats stats;
    const kal_options small = {.max_memory = 20000, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
    REQUIRE(read_all(turned, &small, NULL) == NULL);
    REQUIRE(check_error.status == KAL_LIMIT);
    REQUIRE_NOTE(strstr(check_error.message, "gaussian"), "%s", check_error.message);
    const kal_options enough = {.memo_mode = KAL_MEMO_NEVER, .stats = &stats};
    free(read_all(turned, &enough, NULL));
    const kal_options exact = {
        .max_memory = stats.planned_bytes, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
    void *got = read_all(turned, &exact, NULL);
    REQUIRE(got != NULL);
    REQUIRE(stats.peak_bytes <= exact.max_memory);
    free(got);
}

typedef struct per_node {
    int nodes, reused, kept;
    bool decode, encode;
    uint64_t bytes;
} per_node;

static void count_node(void *user, const kal_node_stats *n)
{
    per_node *p = user;
    p->nodes++;
    p->reused += n->reused;
    p->kept += n->kept;
    p->decode |= !strcmp(n->name, "load") && (n->ms > 0 || n->reused);
    p->encode |= !strcmp(n->name, "jpeg") && n->bytes > 0;
    p->bytes += n->bytes;
}

// Every op tells its own, fused ones too.
static void node_statistics(kal_scope *s, kal_node *photo)
{
    kal_node *n = kal_invert(s,
                             kal_linear(s, kal_gaussian(s, photo, kal_gaussian_params(.sigma = 1.25)),
                                        kal_linear_params(.offset = {(double[]){3}, 1})),
                             NULL);
    kal_node *e = kal_encode(s, n, "jpeg", "quality=77");
    kal_bytes b;
    per_node p = {0}, q = {0};
    kal_options o = {.node_stats = count_node, .user = &p};
    REQUIRE_OK(kal_read_bytes(e, &o, &b, &check_error));
    REQUIRE(p.nodes == 5 && p.decode && p.encode && p.reused == 0 && p.kept == 2 &&
            p.bytes > 4 * 180 * 140 * 3);
    kal_bytes_free(&b);
    o.user = &q;
    free(read_all(n, &o, NULL));
    REQUIRE_NOTE(q.nodes == 3 && q.reused == 1, "%d nodes, %d reused", q.nodes, q.reused);
    kal_memo_clear(NULL);
}

// What others found by attacking: each was wrong once.
static int32_t ticks;

static kal_status tick(const kal_job *j)
{
    const int32_t n = __atomic_add_fetch(&ticks, 1, __ATOMIC_RELAXED);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        memset(kal_row(j->out, y), n, (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel);
    return KAL_OK;
}

static kal_status mute(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)params, (void)out, (void)err;
    return KAL_INVALID;
}

static kal_rect greedy(const kal_call *c, int32_t i, kal_rect out)
{
    (void)c, (void)i;
    out.x1 += 8;
    return out;
}

static kal_op acme_tick = {.name = "acme.tick",
                           .version = 1,
                           .family = "acme",
                           .help = "counts",
                           .inputs = "image",
                           .params_size = sizeof(acme_p),
                           .flags = KAL_OP_VOLATILE,
                           .cost = 9,
                           .extent = acme_extent,
                           .run = tick};
static kal_op acme_mute = {.name = "acme.mute",
                           .version = 1,
                           .family = "acme",
                           .help = "says nothing",
                           .inputs = "image",
                           .params_size = sizeof(acme_p),
                           .extent = mute,
                           .run = tick};
static kal_op acme_greedy = {.name = "acme.greedy",
                             .version = 1,
                             .family = "acme",
                             .help = "asks for too much",
                             .inputs = "image",
                             .params_size = sizeof(acme_p),
                             .extent = acme_extent,
                             .need = greedy,
                             .run = acme_run};

static void attacks(kal_scope *s, kal_node *image)
{
    REQUIRE_OK(kal_op_register(&acme_tick, &check_error));
    REQUIRE_OK(kal_op_register(&acme_mute, &check_error));
    REQUIRE_OK(kal_op_register(&acme_greedy, &check_error));
    kal_node *soft = kal_gaussian(s, kal_apply(s, "acme.tick", NULL, &image, 1), NULL);
    unsigned char a[3], b[3];
    REQUIRE_OK(kal_read(soft, kal_rect_of(0, 0, 1, 1), a, 3, NULL, &check_error));
    REQUIRE_OK(kal_read(soft, kal_rect_of(0, 0, 1, 1), b, 3, NULL, &check_error));
    REQUIRE_NOTE(a[0] != b[0], "what stands on a volatile op is volatile");
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_apply(s, "acme.mute", NULL, &image, 1), &check_error));
    REQUIRE(strstr(check_error.message, "acme.mute"));
    REQUIRE_FAILS(KAL_INTERNAL,
                  kal_read(kal_apply(s, "acme.greedy", NULL, &image, 1), kal_rect_of(0, 0, 180, 1),
                           &(unsigned char[540]){0}, 540, &fresh, &check_error));
    REQUIRE(strstr(check_error.message, "acme.greedy"));
    // encoded bytes bound into a text
    kal_program *p;
    REQUIRE_FAILS(KAL_INVALID,
                  kal_program_parse("in | save /tmp/never.ppm", 24,
                                    &(kal_binding){.name = "in", .node = kal_encode(s, image, "png", NULL)},
                                    1, &p, &check_error));
    // two files, one of them on a full disk: neither appears
    const char *good = check_temp("good.png"), *paths[2] = {good, "/dev/full"};
    kal_node *png = kal_encode(s, image, "png", NULL), *two[2] = {png, png};
    REQUIRE_FAILS(KAL_IO, kal_write_files(two, paths, 2, &fresh, &check_error));
    REQUIRE(access(good, F_OK) != 0);
    // -0 in a list is 0, whoever came first
    const kal_extent f = extent_of(2, 1, 1, KAL_F32);
    kal_node *x = kal_pixels(s, &f, (float[]){1, 2}, 8);
    const double minus[] = {-0.0};
    kal_node *m = kal_multiply(s, x, NULL, kal_multiply_params(.value = {minus, 1}));
    uint32_t bits[2];
    REQUIRE_OK(kal_read(m, kal_rect_of(0, 0, 2, 1), bits, 8, &fresh, &check_error));
    REQUIRE(bits[0] == 0);
    // a closed pipe is an error, not the end of the process
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    close(ends[0]);
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    const char *one[1] = {path};
    REQUIRE_FAILS(KAL_IO, kal_write_files(two, one, 1, &fresh, &check_error));
    close(ends[1]);
    // a device is no file; a pipe is read once and kept
    REQUIRE_FAILS(KAL_IO, kal_node_error(kal_load(s, "/dev/zero", NULL), &check_error));
    kal_bytes bytes;
    REQUIRE_OK(kal_read_bytes(png, &fresh, &bytes, &check_error));
    REQUIRE(pipe(ends) == 0);
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    REQUIRE(write(ends[1], bytes.data, bytes.size) == (ssize_t)bytes.size);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    kal_extent e;
    void *got = read_all(kal_load(s, path, NULL), &fresh, &e), *want = read_all(image, &fresh, NULL);
    if (REQUIRE_NOTE(got != NULL, "%s", check_error.message)) REQUIRE_MEM(got, want, bytes_of(&e));
    close(ends[0]);
    free(got);
    free(want);
    kal_bytes_free(&bytes);
    // tables count: refused at once, not after seconds and gigabytes
    const kal_options small = {.max_memory = (uint64_t)32 << 20, .memo_mode = KAL_MEMO_NEVER};
    const double start = seconds();
    REQUIRE_FAILS(KAL_LIMIT, kal_read(kal_resize(s, image, kal_resize_params(.width = 90000000, .height = 1)),
                                      kal_rect_of(0, 0, 1, 1), a, 3, &small, &check_error));
    REQUIRE_NOTE(seconds() - start < 5, "%g s", seconds() - start);
    kal_memo_clear(NULL);
}

static void statistics(kal_scope *s, kal_node *image)
{
    kal_bytes b;
    REQUIRE_OK(kal_read_bytes(kal_encode(s, image, "jpeg", NULL), &fresh, &b, &check_error));
    const char *path = check_temp("photo.jpg");
    FILE *f = fopen(path, "wb");
    fwrite(b.data, 1, b.size, f);
    fclose(f);
    kal_node *photo = kal_load(s, path, NULL);
    kal_node *a = kal_gaussian(s, photo, kal_gaussian_params(.sigma = 2));
    kal_node *three =
        kal_insert(s, kal_crop(s, a, kal_crop_params(.x = 9, .width = 20)),
                   kal_insert(s, kal_invert(s, photo, NULL), photo, kal_insert_params(.x = 30)), NULL);
    kal_stats stats;
    const kal_options o = {.stats = &stats, .memo_mode = KAL_MEMO_NEVER};
    free(read_all(three, &o, NULL));
    REQUIRE(stats.decodes == 1 && stats.opens == 1 && stats.bytes_read == b.size && stats.encodes == 0);
    REQUIRE(stats.computed_tiles > 0 && stats.reused_tiles == 0 && stats.peak_bytes > 0 && stats.wall_ms > 0);
    const kal_options keep = {.stats = &stats, .memo_mode = KAL_MEMO_ALWAYS};
    free(read_all(three, &keep, NULL));
    free(read_all(three, &keep, NULL));
    REQUIRE(stats.decodes == 0 && stats.computed_tiles == 0 && stats.reused_tiles > 0 &&
            stats.nodes_reused == 1);
    const char *out = check_temp("out.jpg");
    REQUIRE_OK(kal_save(three, out, "quality=80", &keep, &check_error));
    REQUIRE(stats.encodes == 1 && stats.bytes_written > 0);
    told end = {0};
    kal_options again = keep;
    again.progress = tell;
    again.user = &end;
    REQUIRE_OK(kal_save(three, out, "quality=80", &again, &check_error));
    REQUIRE(end.ends == 1 && end.phase == KAL_DONE && end.last == end.total && end.total > 0);
    REQUIRE_NOTE(stats.encodes == 0 && stats.computed_tiles == 0 && stats.bytes_written > 0,
                 "an encoded picture is written again from the memo");
    kal_memo_clear(NULL);

    node_statistics(s, photo);

    // the same place, another picture (S14); and one that changes behind our back
    kal_bytes c;
    REQUIRE_OK(
        kal_read_bytes(kal_encode(s, kal_invert(s, image, NULL), "jpeg", NULL), &fresh, &c, &check_error));
    f = fopen(path, "wb");
    fwrite(c.data, 1, c.size, f);
    fclose(f);
    kal_extent e;
    REQUIRE(read_all(photo, &fresh, NULL) == NULL);
    REQUIRE(check_error.status == KAL_CHANGED);
    REQUIRE_NOTE(strstr(check_error.message, "photo.jpg"), "%s", check_error.message);
    kal_node *second = kal_load(s, path, NULL);
    REQUIRE(second != photo);
    void *got = read_all(second, NULL, &e),
         *want = read_all(kal_load_bytes(s, c.data, c.size, NULL), &fresh, NULL);
    REQUIRE_MEM(got, want, bytes_of(&e));
    free(got);
    free(want);
    kal_bytes_free(&b);
    kal_bytes_free(&c);
    kal_memo_clear(NULL);
}

// A caller's rounding mode changes neither keys nor pixels.
static void rounding(kal_scope *s, kal_node *image)
{
    static const struct {
        const char *op, *params;
    } ops[] = {{"gamma", "exponent=2.2"},
               {"multiply", "value=0.3"},
               {"gaussian", "sigma=1.7"},
               {"resize", "width=77"},
               {"rotate", "angle=33.3"}};
    static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        kal_key key[4], content[4];
        for (int m = 0; m < 4; m++) {
            fesetround(modes[m]);
            kal_node *n = kal_apply_text(s, ops[i].op, ops[i].params, &image, 1);
            const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = m + 1, .band = 9};
            const kal_status a = kal_node_key(n, &key[m], &check_error),
                             b = kal_content_key(n, &o, &content[m], &check_error);
            const int after = fegetround();
            fesetround(FE_TONEAREST);
            REQUIRE(!a && !b && after == modes[m]);
            REQUIRE_NOTE(kal_key_equal(key[m], key[0]) && kal_key_equal(content[m], content[0]),
                         "%s, rounding mode %d", ops[i].op, m);
        }
    }
}

static void forks(kal_node *image)
{
#ifdef __SANITIZE_THREAD__
    (void)image;
    check_skip("forks: the thread sanitizer does not follow them");
#else
    kal_extent e;
    const kal_options o = {.threads = 4, .band = 8, .memo_mode = KAL_MEMO_NEVER};
    void *want = read_all(image, &o, &e);
    for (int i = 0; i < 8; i++) {
        const pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            void *got = read_all(image, &o, NULL);
            _exit(got && !memcmp(got, want, bytes_of(&e)) ? 0 : 1);
        }
        int status = -1;
        waitpid(pid, &status, 0);
        REQUIRE_NOTE(status == 0, "child %d ended with %d", i, status);
    }
    free(want);
#endif
}

static kal_node *shared;
static void *shared_want;
static void *one_thread(void *arg)
{
    (void)arg;
    kal_extent e;
    for (int i = 0; i < 20; i++) {
        const kal_options o = {.threads = 2, .band = 9, .memo_mode = (kal_memo_mode)(i % 3)};
        void *got = read_all(shared, &o, &e);
        REQUIRE_MEM(got, shared_want, bytes_of(&e));
        free(got);
        if (i % 5 == 4) kal_memo_clear(NULL);
    }
    return NULL;
}

// Many requests for one node at once: each right, and computed once where the memo is used.
static void crowd(kal_scope *s, kal_node *image)
{
    shared = kal_uncrop(
        s,
        kal_gaussian(s, kal_crop(s, image, kal_crop_params(.x = 10, .y = 10, .width = 100, .height = 90)),
                     NULL),
        image, kal_uncrop_params(.x = 10, .y = 10, .feather = 4));
    shared_want = read_all(shared, &fresh, NULL);
    pthread_t t[6];
    for (int i = 0; i < 6; i++) pthread_create(&t[i], NULL, one_thread, NULL);
    for (int i = 0; i < 6; i++) pthread_join(t[i], NULL);
    free(shared_want);
    kal_memo_clear(NULL);
}

static void computed(kal_scope *s, kal_node *image)
{
    kal_node *soft = kal_gray(s, kal_gaussian(s, image, NULL), NULL), *mean = kal_mean(s, soft, NULL);
    const kal_bound bound[] = {{"sigma", mean}};
    kal_node *far = kal_crop(s, image, kal_crop_params(.width = 30, .height = 20));
    kal_node *later =
        kal_apply_bound(s, "gaussian", kal_gaussian_params(.edge = KAL_EDGE_MIRROR), &far, 1, bound, 1);
    kal_node *on = kal_invert(s, later, NULL);
    kal_extent e;
    REQUIRE_OK(kal_node_error(on, &check_error));
    float v[1];
    REQUIRE_OK(kal_read(mean, kal_rect_of(0, 0, 1, 1), v, sizeof v, NULL, &check_error));
    kal_node *literal = kal_invert(
        s, kal_gaussian(s, far, kal_gaussian_params(.sigma = (double)v[0], .edge = KAL_EDGE_MIRROR)), NULL);
    void *a = read_all(on, NULL, &e), *b = read_all(literal, &fresh, NULL);
    REQUIRE_MEM(a, b, bytes_of(&e));
    free(a);
    free(b);
    // as text: computed in place, and by name
    kal_program *p, *q;
    const kal_binding in = {.name = "in", .node = image};
    const char *text = "soft = in | gaussian | gray; v = mean soft; in | crop 30x20+0+0 | gaussian sigma=v "
                       "edge=mirror | invert";
    const char *same = "in | crop width=30 height=20 | gaussian sigma=(in | gaussian sigma=1 | gray | mean) "
                       "edge=mirror | invert";
    REQUIRE_OK(kal_program_parse(text, strlen(text), &in, 1, &p, &check_error));
    REQUIRE_OK(kal_program_parse(same, strlen(same), &in, 1, &q, &check_error));
    REQUIRE(kal_program_root(p) == on && kal_program_root(q) == on);
    kal_bytes t;
    kal_key key;
    char hex[33], name[40];
    kal_node_key(image, &key, NULL);
    snprintf(name, sizeof name, "i%.12s", kal_key_print(key, hex));
    REQUIRE_OK(kal_print_graph(on, &t, &check_error));
    kal_program_free(&q);
    REQUIRE_OK(kal_program_parse((char *)t.data, t.size, &(kal_binding){.name = name, .node = image}, 1, &q,
                                 &check_error));
    REQUIRE(q && kal_program_root(q) == on);
    kal_bytes_free(&t);
    kal_program_free(&p);
    kal_program_free(&q);
    // metadata is the image's, not the value's; the values' work is told; the deadline is one for all
    kal_stats stats = {.nodes = 99};
    const kal_options o = {.stats = &stats, .memo_mode = KAL_MEMO_NEVER};
    free(read_all(on, &o, NULL));
    REQUIRE(stats.nodes > 3 && stats.nodes < 20 && stats.computed_tiles > 2);
    kal_node *slow_mean = kal_mean(s, kal_gray(s, kal_apply(s, "acme.slow", NULL, &image, 1), NULL), NULL);
    kal_node *chain = far;
    for (int i = 0; i < 5; i++)
        chain = kal_apply_bound(s, "gaussian", NULL, &chain, 1, &(kal_bound){"sigma", slow_mean}, 1);
    const kal_options late = {.deadline = 0.02, .memo_mode = KAL_MEMO_NEVER, .band = 2, .stats = &stats};
    REQUIRE(read_all(chain, &late, NULL) == NULL && check_error.status == KAL_DEADLINE);
    REQUIRE_NOTE(stats.wall_ms < 200, "%g ms", stats.wall_ms);
    const kal_extent one = extent_of(1, 1, 1, KAL_F32);
    const float bad_value = strtof("nan", NULL);
    kal_node *nan = kal_pixels(s, &one, &bad_value, 4);
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_extent(kal_apply_bound(s, "crop", NULL, &image, 1, &(kal_bound){"width", nan}, 1),
                                  &e, &check_error));
    REQUIRE_FAILS(
        KAL_INVALID,
        kal_node_error(kal_apply_text(s, "gaussian", "edge=fill color=white", &later, 1), &check_error));
    REQUIRE_FAILS(KAL_SYNTAX,
                  kal_program_parse("in | save o.jpg quality=(in | mean)", 35, &in, 1, &p, &check_error));

    // an error that only the value brings
    const kal_bound wide[] = {{"width", mean}};
    kal_node *bad = kal_apply_bound(s, "crop", kal_crop_params(.x = 170), &image, 1, wide, 1);
    REQUIRE_OK(kal_node_error(bad, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_node_extent(bad, &e, &check_error));
    REQUIRE_OK(kal_read_bytes(kal_encode(s, on, "jpeg", NULL), NULL, &t, &check_error));
    kal_bytes_free(&t);
    kal_memo_clear(NULL);
}

int main(void)
{
    rng r = {11};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(180, 140, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e);
    user_ops(s, image);
    kal_memo_clear(NULL);
    failing(s, image);
    stopping(s, image);
    orphaned(s);
    progress(s, image);
    limits(s, image);
    attacks(s, image);
    statistics(s, image);
    crowd(s, image);
    computed(s, image);
    rounding(s, image);
    forks(kal_gaussian(s, image, NULL));
    kal_scope_free(&s);
    return check_done();
}
