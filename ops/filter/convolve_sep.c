// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// convolve_sep: convolve with the matrix vertical[r] · horizontal[c], columns first, then rows, in doubles.
// Meaning and alpha are those of matrix.h with S = Σvertical · Σhorizontal. Two ways:
//
//     sep.h       sum · (1 / scale) + offset. It divides alpha by the same scale, right for scale = S alone;
//                 for S = 0 alpha is an ordinary channel to it and is put back afterwards
//     matrix.h    images with alpha and another scale: the matrix multiplied out
#include "channels.h"
#include "matrix.h"
#include "mem.h"
#include "sep.h"

#include <stdlib.h>

#define MAX_WEIGHTS 255

typedef struct state {
    kal__sep *sep;
    kal__matrix *matrix;
    bool keep_alpha;   // S = 0
} state;

static double total(const kal_convolve_sep_p *p)
{
    return kal__weights_sum(p->horizontal.v, p->horizontal.n) *
           kal__weights_sum(p->vertical.v, p->vertical.n);
}

static kal_status check_weights(const char *name, kal_list w, kal_error *err)
{
    if (w.n % 2 == 1 && w.n <= MAX_WEIGHTS) return KAL_OK;
    return kal_fail(err, KAL_INVALID,
                    "convolve_sep: %s has %d values; give an odd number of them, at most %d: pad with a zero",
                    name, w.n, MAX_WEIGHTS);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_convolve_sep_p *p = params;
    *out = c->in[0]->extent;
    kal__unmask(out);
    kal_status st = kal__check_type("convolve_sep", out, err);
    if (!st && p->horizontal.n == 0)
        st = kal_fail(err, KAL_INVALID, "convolve_sep: give the weights: horizontal=[1 2 1]");
    if (p->vertical.n == 0) p->vertical = p->horizontal;
    if (!st) st = check_weights("horizontal", p->horizontal, err);
    if (!st) st = check_weights("vertical", p->vertical, err);
    if (!st) st = kal__check_color("convolve_sep", "color", p->color, out, true, err);
    if (st) return st;
    const double sum = total(p);
    if (p->scale == 0) p->scale = sum == 0 ? 1 : sum;
    return KAL_OK;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_convolve_sep_p *p = c->params;
    return kal__sep_need(c, p->horizontal.n / 2, p->vertical.n / 2, (kal_edge)p->edge, out);
}

// The call as sep.h shall see it: for S = 0, alpha is a channel like the others.
static kal_call as_seen(const kal_call *c, bool keep_alpha)
{
    kal_call seen = *c;
    if (keep_alpha) seen.extent.alpha = false;
    return seen;
}

static kal_status multiplied_out(const kal_call *c, double sum, kal__matrix **out, kal_error *err)
{
    const kal_convolve_sep_p *p = c->params;
    const kal_list x = p->horizontal, y = p->vertical;
    double *w = kal__new((size_t)x.n * (size_t)y.n, sizeof *w);
    if (!w) return kal_fail(err, KAL_NOMEM, "convolve_sep: out of memory");
    for (int32_t i = 0; i < x.n * y.n; i++) w[i] = y.v[i / x.n] * x.v[i % x.n];
    const kal_status st = kal__matrix_new(c, w, x.n, y.n, sum, (kal_edge)p->edge, p->color, out, err);
    free(w);
    if (st) return st;
    (*out)->scale = p->scale;
    (*out)->offset = p->offset;
    return KAL_OK;
}

static void release(void *of)
{
    state *s = of;
    if (!s) return;
    kal__sep_free(s->sep);
    kal__matrix_free(s->matrix);
    free(s);
}

static kal_status prepare(const kal_call *c, void **out, kal_error *err)
{
    const kal_convolve_sep_p *p = c->params;
    const double sum = total(p);
    state *s = kal__new_zero(1, sizeof *s);
    if (!s) return kal_fail(err, KAL_NOMEM, "convolve_sep: out of memory");
    s->keep_alpha = c->extent.alpha && sum == 0;
    kal_status st;
    if (c->extent.alpha && sum != 0 && p->scale != sum) {
        st = multiplied_out(c, sum, &s->matrix, err);
    } else {
        const kal_call seen = as_seen(c, s->keep_alpha);
        st = kal__sep_new(&seen, p->horizontal.v, p->horizontal.n, p->vertical.v, p->vertical.n, false,
                          (kal_edge)p->edge, p->color, &s->sep, err);
        if (!st) s->sep->scale = 1 / p->scale;
        if (!st) s->sep->offset = p->offset;
    }
    if (st) {
        release(s);
        return st;
    }
    *out = s;
    return KAL_OK;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    const kal_convolve_sep_p *p = c->params;
    const int32_t n = p->horizontal.n;
    const size_t a = kal__sep_scratch(c, false, n / 2, p->vertical.n / 2, width),
                 b = kal__matrix_scratch(c, n, p->vertical.n);
    return a > b ? a : b;
}

static void keep_alpha(const kal_job *j, int32_t y)
{
    const kal_rect o = j->out->rect;
    kal__keep_alpha(&j->call->extent, kal_row(j->out, y), kal_at(&j->in[0], o.x0, y), (size_t)(o.x1 - o.x0));
}

static kal_status run(const kal_job *j)
{
    const state *s = j->state;
    const kal_call seen = as_seen(j->call, s->keep_alpha);
    if (s->matrix)
        kal__matrix_run(s->matrix, j);
    else
        kal__sep_run(s->sep, &seen, j, s->keep_alpha ? keep_alpha : NULL);
    return KAL_OK;
}

#define PARAMS kal_convolve_sep_p
static const kal_param params[] = {KAL_CONVOLVE_SEP_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_convolve_sep = {
    .name = "convolve_sep",
    .version = 1,
    .family = "filter",
    .help = "Weights along columns, then along rows: convolve with a matrix that is a product\n"
            "Weights are not flipped; their numbers are odd. The sum is divided by scale, then offset is\n"
            "added. With alpha, colours are weighted by it and alpha is averaged too; when the weights\n"
            "sum to zero (edges), colours are taken as they are and alpha stays.",
    .inputs = "image",
    KAL__PARAMS(params, kal_convolve_sep_p),
    .cost = 8,
    .extent = extent,
    .need = need,
    .prepare = prepare,
    .release = release,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES(
        "horizontal=[1 2 1] edge=mirror", "horizontal=[-1 0 1] vertical=[1 2 1] offset=0.5 edge=wrap",
        "horizontal=[1 2 3 4 5] vertical=7 scale=60 edge=reflect", "horizontal=1 vertical=[1 -3 5] edge=fill",
        "horizontal=[1 1 1] scale=5 offset=3 edge=fill color=200"),
};
