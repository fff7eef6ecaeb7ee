// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Requests from the outside: memory limits, statistics, computed values, the caller's rounding, forks, threads.
#define _GNU_SOURCE
#include "acme.h"

#include <fenv.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

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

// Every call that evaluates tells how it ended, once, whatever became of it.
static void ends(kal_scope *s, kal_node *image)
{
    told t[10] = {{0}};
    kal_options o[10];
    kal_extent e;
    kal_view view;
    kal_key key;
    kal_bytes b;
    kal_value v;
    kal_album *album = NULL;
    kal_node *none = kal_crop(s, image, kal_crop_params(.width = -1));
    for (int i = 0; i < 10; i++) o[i] = (kal_options){.progress = tell, .user = &t[i]};
    REQUIRE_OK(kal_node_extent(image, &e, &check_error));
    unsigned char one[64];
    REQUIRE_OK(kal_read(image, kal_rect_of(0, 0, 1, 1), one, 64, &o[0], &check_error));
    REQUIRE(kal_read(none, kal_rect_of(0, 0, 1, 1), one, 64, &o[1], &check_error));
    REQUIRE(kal_content_key(none, &o[2], &key, &check_error));
    REQUIRE(kal_read_bytes(image, &o[3], &b, &check_error));
    REQUIRE(kal_read_value(image, &o[4], &v, &check_error));
    REQUIRE_OK(kal_view_open(image, kal_rect_of(0, 0, 1, 1), &o[5], &view, &check_error));
    kal_view_close(&view);
    REQUIRE(kal_view_open(image, kal_rect_of(-1, 0, 1, 1), &o[6], &view, &check_error));
    REQUIRE(kal_write_files(&none, NULL, 1, &o[7], &check_error));
    REQUIRE_OK(kal_album_create(check_temp("album.gif"), NULL, &album, &check_error));
    REQUIRE_OK(kal_album_add(album, image, NULL, &o[8], &check_error));
    REQUIRE_OK(kal_album_finish(&album, NULL, &check_error));
    REQUIRE(kal_save(none, check_temp("none.png"), NULL, &o[9], &check_error));
    for (int i = 0; i < 10; i++) {
        const bool well = i == 0 || i == 5 || i == 8;
        REQUIRE_NOTE(t[i].ends == 1 && t[i].phase == (well ? KAL_DONE : KAL_FAILED), "call %d: %d ends", i,
                     t[i].ends);
    }
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
    ends(s, image);
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

#ifndef __SANITIZE_THREAD__
static bool asked;   // atomic: enough

static void *ask_the_memo(void *arg)
{
    while (!__atomic_load_n(&asked, __ATOMIC_RELAXED))
        kal_memo_collect(NULL, 0, NULL, NULL, NULL);   // no folder
    return arg;
}

// While others look for the process's own memo.
static void forks_often(void)
{
    pthread_t thread;
    int status = 0;
    REQUIRE(!pthread_create(&thread, NULL, ask_the_memo, NULL));
    for (int i = 0; i < 300 && !status; i++) {
        const pid_t pid = fork();
        if (pid == 0) _exit(0);
        alarm(20);
        waitpid(pid, &status, 0);
        alarm(0);
        REQUIRE_NOTE(status == 0, "child %d ended with %d", i, status);
    }
    __atomic_store_n(&asked, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}
#endif

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
    forks_often();
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
    kal_value v;
    REQUIRE_OK(kal_read_value(mean, NULL, &v, &check_error));
    REQUIRE(v.kind == KAL_VALUE_NUMBERS && v.rows == 1 && v.columns == 1);
    kal_node *literal = kal_invert(
        s, kal_gaussian(s, far, kal_gaussian_params(.sigma = v.v[0], .edge = KAL_EDGE_MIRROR)), NULL);
    kal_value_free(&v);
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
    static const struct {
        const char *param;
        int32_t n;
        const char *says;
    } wrong[] = {
        {NULL, 1, "without the name"}, {"widht", 1, "no parameter \"widht\""}, {"width", -1, "-1 computed"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const kal_bound by = {wrong[i].param, wide[0].value};
        kal_node *ways[2] = {kal_apply_bound(s, "crop", NULL, &image, 1, &by, wrong[i].n),
                             kal_apply_text_bound(s, "crop", "x=1", &image, 1, &by, wrong[i].n)};
        for (int k = 0; k < 2; k++) {
            REQUIRE_FAILS(KAL_INVALID, kal_node_error(ways[k], &check_error));
            REQUIRE_NOTE(strstr(check_error.message, wrong[i].says), "%s", check_error.message);
        }
    }
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
    REQUIRE_OK(kal_op_register(&acme_slow, &check_error));
    limits(s, image);
    statistics(s, image);
    crowd(s, image);
    computed(s, image);
    rounding(s, image);
    forks(kal_gaussian(s, image, NULL));
    kal_scope_free(&s);
    return check_done();
}
