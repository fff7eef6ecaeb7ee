// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What an attacker found.
#define _GNU_SOURCE
#include "acme.h"

#include <fcntl.h>
#include <unistd.h>

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

int main(void)
{
    rng r = {11};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(180, 140, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e);
    attacks(s, image);
    kal_scope_free(&s);
    return check_done();
}
