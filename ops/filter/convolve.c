// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// convolve: a matrix of weights over the neighbourhood, in correlation orientation (not flipped). Formula and
// alpha: matrix.h.
#include "channels.h"
#include "matrix.h"

// The side of a square of n, or 0.
static int32_t square_side(int32_t n)
{
    int32_t side = 1;
    while (side * side < n && side < 255) side += 2;
    return side * side == n ? side : 0;
}

static kal_status check_matrix(kal_convolve_p *p, kal_error *err)
{
    const int32_t n = p->kernel.n;
    if (n == 0)
        return kal_fail(err, KAL_INVALID,
                        "convolve: give the matrix row by row: kernel=[0 -1 0 -1 5 -1 0 -1 0]");
    if (p->columns == KAL_AUTO) {
        p->columns = square_side(n);
        if (!p->columns)
            return kal_fail(
                err, KAL_INVALID,
                "convolve: kernel has %d values, which is no odd square (9, 25, 49 …); say columns=", n);
    }
    const int32_t rows = n / p->columns;
    if (n % p->columns)
        return kal_fail(err, KAL_INVALID,
                        "convolve: kernel has %d values, which do not fill rows of columns=%d", n,
                        p->columns);
    if (p->columns % 2 == 0 || rows % 2 == 0 || rows > 255)
        return kal_fail(
            err, KAL_INVALID,
            "convolve: kernel has %d columns and %d rows; both must be odd, at most 255: pad it with "
            "zeros",
            p->columns, rows);
    return KAL_OK;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_convolve_p *p = params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    kal_status st = kal__check_type("convolve", out, err);
    if (!st) st = check_matrix(p, err);
    if (!st) st = kal__check_color("convolve", "color", p->color, out, true, err);
    if (st) return st;
    const double sum = kal__weights_sum(p->kernel.v, p->kernel.n);
    if (p->scale == 0) p->scale = sum == 0 ? 1 : sum;
    return KAL_OK;
}

// The middle weight alone, divided by itself.
static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_convolve_p *p = c->params;
    for (int32_t i = 0; i < p->kernel.n; i++)
        if (p->kernel.v[i] != (i == p->kernel.n / 2 ? p->scale : 0)) return false;
    if (p->offset != 0) return false;
    to->same = c->in[0];
    return true;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_convolve_p *p = c->params;
    const int32_t rx = p->columns / 2, ry = p->kernel.n / p->columns / 2;
    return kal_need_halo(&c->in[0]->extent, out, rx, ry, rx, ry, (kal_edge)p->edge);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_convolve_p *p = c->params;
    kal__matrix *m = NULL;
    const kal_status st =
        kal__matrix_new(c, p->kernel.v, p->columns, p->kernel.n / p->columns,
                        kal__weights_sum(p->kernel.v, p->kernel.n), (kal_edge)p->edge, p->color, &m, err);
    if (st) return st;
    m->scale = p->scale;
    m->offset = p->offset;
    *state = m;
    return KAL_OK;
}

static void release(void *state)
{
    kal__matrix_free(state);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width;
    (void)height;
    const kal_convolve_p *p = c->params;
    return kal__matrix_scratch(c, p->columns, p->kernel.n / p->columns);
}

static kal_status run(const kal_job *j)
{
    kal__matrix_run(j->state, j);
    return KAL_OK;
}

#define PARAMS kal_convolve_p
static const kal_param params[] = {KAL_CONVOLVE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_convolve = {
    .name = "convolve",
    .version = 1,
    .family = "filter",
    .help = "A matrix of weights over each pixel's neighbourhood\n"
            "The matrix is given row by row and lies on the image as it is read (correlation: it is not\n"
            "flipped); columns and rows are odd. The sum is divided by scale, then offset is added. With\n"
            "alpha, colours are weighted by it and alpha is averaged too; when the weights sum to zero\n"
            "(edges), colours are taken as they are and alpha stays.",
    .inputs = "image",
    KAL__PARAMS(params, kal_convolve_p),
    .cost = 5,
    .extent = extent,
    .need = need,
    .fold = fold,
    .prepare = prepare,
    .release = release,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("kernel=[0 -1 0 -1 5 -1 0 -1 0] edge=mirror",
                            "kernel=[1 2 3 4 5 6 7 8 9 10 11 12 13 14 15] columns=5",
                            "kernel=[-1 0 1 -2 0 2 -1 0 1] scale=2 offset=0.5 edge=wrap",
                            "kernel=[1 2 4] columns=1 edge=reflect",
                            "kernel=[1 1 1 1 1 1 1 1 1] scale=5 offset=3 edge=fill color=200",
                            "kernel=[3 0 0 0 0 0 2] columns=7 edge=fill"),
};
