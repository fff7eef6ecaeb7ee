// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metrics look up between rows: once their job is stopped none goes on, and one that is not makes what it makes without being asked.
#include "check.h"

#include "node.h"

static int asked, enough;

static bool stopped(void)
{
    return ++asked >= enough;
}

static kal_tile tile_of(const kal_extent *e, unsigned char *pixels)
{
    const size_t pixel = kal_pixel_size(e);
    return (kal_tile){.rect = kal_rect_all(e),
                      .data = pixels,
                      .stride = (ptrdiff_t)((size_t)e->width * pixel),
                      .ring = e->height,
                      .pixel = (int32_t)pixel};
}

// All rows of one band, stopped at the nth asking; 0: never.
static kal_status rows_of(const kal_node *n, unsigned char *const pixels[2], int at)
{
    const kal_call *c = &n->call;
    const kal_op *op = c->op;
    const kal_tile in[2] = {tile_of(&c->in[0]->extent, pixels[0]), tile_of(&c->in[1]->extent, pixels[1])};
    void *state = NULL;
    REQUIRE_OK(op->prepare ? op->prepare(c, &state, &check_error) : KAL_OK);
    const kal_extent *e = op->measure ? &c->in[0]->extent : &c->extent;
    unsigned char *data = calloc(1, bytes_of(e) + 64);
    const kal_tile out = tile_of(e, data);
    const size_t room = op->scratch ? op->scratch(c, e->width, e->height) : 0;
    void *scratch = aligned_alloc(64, (room + 127) & ~(size_t)63),
         *gathered = op->measure ? calloc(1, op->measure->size(c) + 1) : NULL;
    asked = 0, enough = at;
    const kal_job job = {.call = c,
                         .state = state,
                         .in = in,
                         .out = &out,
                         .scratch = scratch,
                         .err = &check_error,
                         .stopped = at ? stopped : NULL};
    const kal_status st = op->measure ? op->measure->rows(&job, gathered) : op->run(&job);
    if (gathered && op->measure->release) op->measure->release(gathered);
    if (state && op->release) op->release(state);
    free(gathered);
    free(scratch);
    free(data);
    return st;
}

int main(void)
{
    static const struct {
        const char *op, *params;
    } all[] = {{"ssimulacra2", ""},
               {"dssim", ""},
               {"ssim", ""},
               {"ms_ssim", ""},
               {"difference_map", "metric=ssimulacra2"},
               {"difference_map", "metric=dssim"}};
    const kal_extent e = extent_of(190, 180, 3, KAL_U8);
    kal_scope *s = kal_scope_new();
    rng r = {4};
    kal_node *in[2];
    unsigned char *pixels[2];
    for (int i = 0; i < 2; i++) {
        in[i] = rng_image(&r, s, &e);
        pixels[i] = read_all(in[i], NULL, NULL);
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        kal_node *n = kal_apply_text(s, all[i].op, all[i].params, in, 2);
        if (!REQUIRE_OK(kal_node_error(n, &check_error))) continue;
        REQUIRE_OK(rows_of(n, pixels, 0));
        REQUIRE_OK(rows_of(n, pixels, 1 << 30));
        const int all_of_it = asked;
        REQUIRE_NOTE(all_of_it >= e.height, "%s: asks %d times", all[i].op, all_of_it);
        for (int at = 1; at < all_of_it; at += 37) {
            REQUIRE_NOTE(rows_of(n, pixels, at) == KAL_CANCELLED, "%s, asked %d times", all[i].op, at);
            REQUIRE_NOTE(asked == at, "%s: went on for %d", all[i].op, asked - at);
        }
    }
    for (int i = 0; i < 2; i++) free(pixels[i]);
    kal_scope_free(&s);
    return check_done();
}
