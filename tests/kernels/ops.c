// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops that are mostly their loops, run in bands over whole images as the engine runs them: every level gives the reference's bytes, for
// random sizes and for images of extremes, and 12 megapixels are timed.
//
//   test.kernels.ops --bench [WORD]    only the ops whose name begins with WORD
#include "kernel.h"

#include "node.h"

#include <math.h>

typedef struct work {
    const kal_call *call;
    void *state;
    unsigned char *in[3];
    int32_t rows;   // of a band
    void *scratch;
} work;

static kal_tile window(const kal_extent *e, unsigned char *data, kal_rect r)
{
    const int32_t pixel = (int32_t)kal_pixel_size(e);
    const ptrdiff_t stride = (ptrdiff_t)e->width * pixel;
    return (kal_tile){.rect = r,
                      .data = data + r.y0 * stride + (ptrdiff_t)r.x0 * pixel,
                      .stride = stride,
                      .ring = e->height,
                      .pixel = pixel};
}

static void run_op(const kal__kernel_table *k, void *out, const void *arg)
{
    const work *w = arg;
    const kal_call *c = w->call;
    const kal__isa before = kal__cpu_isa();
    kal__cpu_set_isa((kal__isa)(k - kal__kernel_tables));
    for (int32_t y = 0; y < c->extent.height; y += w->rows) {
        const int32_t end = y + w->rows < c->extent.height ? y + w->rows : c->extent.height;
        const kal_rect band = kal_rect_of(0, y, c->extent.width, end);
        const kal_tile to = window(&c->extent, out, band);
        kal_tile in[3];
        for (int32_t i = 0; i < c->n; i++)
            in[i] = window(&c->in[i]->extent, w->in[i], c->op->need ? c->op->need(c, i, band) : band);
        REQUIRE_OK(c->op->run(&(kal_job){
            .call = c, .state = w->state, .in = in, .out = &to, .scratch = w->scratch, .err = &check_error}));
    }
    kal__cpu_set_isa(before);
}

// Noise that repeats after a while, with runs of the extremes in every eighth 4096 bytes.
static void fill(rng *r, const kal_extent *e, unsigned char *data)
{
    const size_t n = bytes_of(e), noise = n < (1 << 20) ? n : (1 << 20);
    if (e->type == KAL_F32) {
        static const float odd[] = {-0.0f, -1, 1, 1.5f, 1e30f, -1e30f, 1e-40f, INFINITY, -INFINITY, NAN};
        float *at = (float *)(void *)data;
        for (size_t i = 0; i < n / 4; i++) at[i] = (float)rng_below(r, 1 << 20) / (1 << 20) * 1.2f - 0.1f;
        for (size_t i = 0; i < n / 4; i += 37) at[i] = odd[rng_below(r, sizeof odd / sizeof *odd)];
        return;
    }
    for (size_t i = 0; i < noise; i++) data[i] = (unsigned char)rng_next(r);
    for (size_t i = noise; i < n; i++) data[i] = data[i - noise];
    for (size_t i = 0; i < n; i++)
        if ((i >> 12 & 7) == 3) data[i] = i >> 9 & 1 ? 255 : 0;
}

static void try_op(rng *r, const char *op, const char *params, const kal_extent *e, int32_t n_in, bool timed)
{
    char name[120];
    kal_scope *s = kal_scope_new();
    work w = {.rows = timed ? 16 : 1 + rng_below(r, 20)};
    kal_node *in[3];
    for (int32_t i = 0; i < n_in; i++) {
        w.in[i] = malloc(bytes_of(e));
        fill(r, e, w.in[i]);
        in[i] = kal_pixels(s, e, w.in[i], (ptrdiff_t)e->width * (ptrdiff_t)kal_pixel_size(e));
    }
    kal_node *node = kal_apply_text(s, op, params, in, n_in);
    const kal_call *c = w.call = kal_node_call(node);
    if (REQUIRE_NOTE(!kal_node_error(node, &check_error), "%s", check_error.message) &&
        node->kind == KAL__APPLY) {
        if (c->op->prepare) REQUIRE_OK(c->op->prepare(c, &w.state, &check_error));
        const size_t room = c->op->scratch ? c->op->scratch(c, c->extent.width, w.rows) : 0;
        w.scratch = aligned_alloc(64, (room + 127) & ~(size_t)63);
        snprintf(name, sizeof name, "%s %s %dx%dx%d %s", op, params, e->width, e->height, e->channels,
                 e->type == KAL_U8    ? "u8"
                 : e->type == KAL_U16 ? "u16"
                                      : "f32");
        kernel_try(&(kernel_call){name, run_op, &w, bytes_of(&c->extent), kal_type_size(c->extent.type),
                                  (double)c->extent.width * c->extent.height, (double)bytes_of(e) * n_in},
                   timed);
        free(w.scratch);
        if (c->op->release) c->op->release(w.state);
    }
    for (int32_t i = 0; i < n_in; i++) free(w.in[i]);
    kal_scope_free(&s);
}

static const struct row {
    const char *op, *params;
    int32_t inputs;
    int32_t channels;
    kal_type type;
    bool timed;
} table[] = {
    {"gray", "", 1, 3, KAL_U8, true},
    {"gray", "", 1, 4, KAL_U8, true},
    {"gray", "", 1, 3, KAL_U16, true},
    {"gray", "", 1, 3, KAL_F32, true},
    {"threshold", "", 1, 1, KAL_U8, true},
    {"threshold", "value=0", 1, 1, KAL_U8, false},
    {"threshold", "value=0.5", 1, 3, KAL_U8, false},
    {"threshold", "value=254.5", 1, 4, KAL_U8, false},
    {"threshold", "value=255", 1, 3, KAL_U8, false},
    {"threshold", "", 1, 3, KAL_U8, true},
    {"threshold", "", 1, 4, KAL_U8, true},
    {"threshold", "", 1, 2, KAL_U8, false},
    {"threshold", "", 1, 1, KAL_U16, true},
    {"threshold", "", 1, 3, KAL_F32, true},
    {"invert", "", 1, 3, KAL_U8, true},
    {"invert", "", 1, 4, KAL_U8, true},
    {"invert", "", 1, 3, KAL_U16, false},
    {"invert", "", 1, 3, KAL_F32, true},
    {"composite", "", 2, 4, KAL_U8, true},
    {"composite", "x=-3 y=2", 2, 4, KAL_U8, false},
    {"composite", "", 2, 2, KAL_U8, true},
    {"composite", "", 2, 4, KAL_U16, true},
    {"composite", "", 2, 4, KAL_F32, true},
    {"linear", "scale=1.2 offset=0.1", 1, 3, KAL_F32, true},
    {"linear", "scale=1.2 offset=0.1", 1, 4, KAL_F32, true},
    {"gamma", "exponent=2.2", 1, 3, KAL_F32, false},
    {"gamma", "exponent=2.2", 1, 4, KAL_U8, true},
    {"levels", "black=0.1 white=0.9", 1, 3, KAL_F32, true},
    {"levels", "black=0.1 white=0.9 gamma=1.5", 1, 3, KAL_F32, false},
    {"flatten", "background=[200 100 7]", 1, 4, KAL_U8, true},
    {"flatten", "", 1, 2, KAL_U8, false},
    {"flatten", "background=200", 1, 4, KAL_U16, true},
    {"flatten", "background=0.5", 1, 4, KAL_F32, true},
    {"to_rgb", "", 1, 1, KAL_U8, true},
    {"to_rgb", "", 1, 2, KAL_U8, true},
    {"to_rgb", "", 1, 1, KAL_F32, false},
    {"cast", "type=u16", 1, 3, KAL_U8, true},
    {"cast", "type=f32", 1, 3, KAL_U8, true},
    {"cast", "type=u8", 1, 3, KAL_U16, true},
    {"cast", "type=f32", 1, 3, KAL_U16, true},
    {"cast", "type=u8", 1, 3, KAL_F32, true},
    {"cast", "type=u16", 1, 3, KAL_F32, true},
    {"band_extract", "bands=1", 1, 3, KAL_U8, true},
    {"band_extract", "bands=3", 1, 4, KAL_U8, true},
    {"band_extract", "bands=[0 1 2]", 1, 4, KAL_U8, true},
    {"band_extract", "bands=[2 1 0]", 1, 3, KAL_U8, true},
    {"band_extract", "bands=[2 1 0]", 1, 3, KAL_F32, false},
    {"band_join", "", 3, 1, KAL_U8, true},
    {"band_join", "alpha=true", 2, 1, KAL_U8, true},
    {"band_join", "", 2, 3, KAL_U8, false},
    {"add", "", 2, 3, KAL_U8, true},
    {"subtract", "", 2, 3, KAL_U8, true},
    {"multiply", "", 2, 3, KAL_U8, true},
    {"divide", "", 2, 3, KAL_U8, true},
    {"multiply", "", 2, 4, KAL_U8, true},
    {"blend", "alpha=0.3", 2, 3, KAL_U8, true},
    {"blend", "alpha=0.3", 2, 3, KAL_F32, true},
    {"turn", "how=mirror", 1, 3, KAL_U8, true},
    {"turn", "how=mirror", 1, 1, KAL_U8, true},
    {"turn", "how=half", 1, 4, KAL_U8, true},
    {"turn", "how=half", 1, 1, KAL_U16, true},
    {"turn", "how=mirror", 1, 3, KAL_F32, true},
    {"turn", "how=transpose", 1, 1, KAL_U8, true},
    {"turn", "how=right", 1, 3, KAL_U8, true},
    {"turn", "how=left", 1, 4, KAL_U8, true},
    {"turn", "how=transverse", 1, 2, KAL_U8, true},
    {"turn", "how=right", 1, 3, KAL_U16, true},
    {"turn", "how=left", 1, 4, KAL_U16, false},
    {"turn", "how=right", 1, 3, KAL_F32, true},
    {"turn", "how=right", 1, 4, KAL_F32, false},
    {"turn", "how=right", 1, 5, KAL_U8, false},
    {"rotate", "angle=33", 1, 3, KAL_U8, true},
    {"rotate", "angle=33", 1, 1, KAL_U8, true},
    {"rotate", "angle=33", 1, 4, KAL_U8, true},
    {"perspective", "[1.1 0.2 -1 0.1 0.9 1 0.0001 -0.0002 1]", 1, 3, KAL_U8, true},
    {"perspective", "[1.1 0.2 -1 0.1 0.9 1 0.0001 -0.0002 1]", 1, 1, KAL_U8, true},
    {"perspective", "[1.1 0.2 -1 0.1 0.9 1 0.0001 -0.0002 1]", 1, 4, KAL_U8, true},
    {"perspective", "[1.1 0.2 -1 0.1 0.9 1 0.01 -0.02 1] edge=mirror", 1, 3, KAL_U8, false},
    {"affine", "[1.1 0.2 -1 0.1 0.9 1]", 1, 3, KAL_U8, true},
    {"rotate", "angle=1.5 expand=false edge=mirror", 1, 3, KAL_U8, true},
    {"rotate", "angle=123.4 edge=wrap", 1, 3, KAL_U8, false},
    {"rotate", "angle=271 edge=copy color=3", 1, 1, KAL_U8, false},
    {"rotate", "angle=200.01 edge=reflect", 1, 4, KAL_U8, false},
    {"rotate", "angle=89.99 color=[1 2 3 4]", 1, 4, KAL_U8, false},
    {"rotate", "angle=45 color=200", 1, 2, KAL_U8, false},
    {"rotate", "angle=33 kernel=nearest", 1, 3, KAL_U8, false},
    {"rotate", "angle=33 kernel=bicubic", 1, 3, KAL_U8, false},
    {"rotate", "angle=33 kernel=bicubic", 1, 4, KAL_U8, false},
    {"rotate", "angle=33", 1, 3, KAL_U16, false},
    {"rotate", "angle=33", 1, 3, KAL_F32, false},
    {"box_blur", "1", 1, 3, KAL_U8, true},
    {"box_blur", "7", 1, 3, KAL_U8, true},
    {"box_blur", "20", 1, 3, KAL_U8, true},
    {"box_blur", "5", 1, 1, KAL_U8, false},
    {"median_filter", "3", 1, 3, KAL_U8, true},
    {"median_filter", "4", 1, 3, KAL_U8, true},
    {"median_filter", "7", 1, 3, KAL_U8, true},
    {"median_filter", "15", 1, 3, KAL_U8, true},
    {"median_filter", "3", 1, 3, KAL_U16, true},
    {"median_filter", "4", 1, 1, KAL_F32, false},
    {"bilateral", "4 30 4", 1, 3, KAL_U8, true},
    {"bilateral", "4 75 4", 1, 3, KAL_U8, true},
    {"bilateral", "4 120 4", 1, 3, KAL_U8, false},
    {"bilateral", "13 30 4", 1, 3, KAL_U8, false},
    {"bilateral", "4 30 4", 1, 1, KAL_U8, true},
    {"bilateral", "2 300 4", 1, 1, KAL_U8, false},
    {"bilateral", "2 50 4", 1, 4, KAL_U8, false},
    {"bilateral", "2 3000 2", 1, 3, KAL_U16, false},
    {"bilateral", "2 0.1 2", 1, 3, KAL_F32, false},
    {"local_mean", "7", 1, 3, KAL_U8, true},
    {"local_std", "7", 1, 3, KAL_U8, true},
    {"local_std", "3", 1, 3, KAL_U16, false},
    {"guided_filter", "8", 1, 3, KAL_U8, true},
    {"guided_filter", "3 0.001", 1, 1, KAL_U16, false},
    {"guided_filter", "2", 2, 4, KAL_U8, false},
};

int main(int argc, char **argv)
{
    kernel_begin(argc, argv);
    const char *only = argc > 2 ? argv[2] : "";
    rng r = {7};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct row *t = &table[i];
        if (strncmp(t->op, only, strlen(only))) continue;
        for (int k = 0; k < 12; k++) {
            const kal_extent e =
                extent_of(1 + rng_below(&r, k < 6 ? 60 : 400), 1 + rng_below(&r, 50), t->channels, t->type);
            try_op(&r, t->op, t->params, &e, t->inputs, false);
        }
        if (!kernel_bench || !t->timed) continue;
        const kal_extent e = extent_of(4000, 3000, t->channels, t->type);
        try_op(&r, t->op, t->params, &e, t->inputs, true);
    }
    return check_done();
}
