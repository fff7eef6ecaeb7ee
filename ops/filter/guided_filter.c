// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// guided_filter (K. He, J. Sun, X. Tang, "Guided image filtering"): in each window of (2·radius + 1)² pixels every colour p of the
// image is fitted by a plane over the colours I of the guide, and each pixel takes the mean of the planes of all windows around it:
//
//     a = (Σ + epsilon · white²)⁻¹ cov(I, p),  b = mean(p) − a · mean(I)        out = mean(a) · I + mean(b)
//
// Σ is the covariance of I, white is the guide's. The guide is a second image of the same size, or the image itself. Windows end at the
// border. With alpha, pixels count in a window by it, and a window counts among others by its mean alpha; alpha itself stays.
//
// Sums are those of window.h: of 8 bits, and of 16 without alpha, exact; others in an order that hangs on coordinates alone. a and b
// are rounded to floats, and everything else is doubles. Pivots of Σ + epsilon are never below epsilon, whatever rounding does to them.
// Integers round half up and saturate.
#include "channels.h"
#include "cpu.h"
#include "wide.h"
#include "window.h"

enum { GUIDES = 4, SOME = 64 };   // colours of a guide at most; pixels at a time

static const kal_call *guide_of(const kal_call *c)
{
    return c->in[c->n - 1];
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    const kal_extent *g = &guide_of(c)->extent;
    *out = c->in[0]->extent;
    kal__unmask(out);
    if (g->width != out->width || g->height != out->height)
        return kal_fail(err, KAL_INVALID,
                        "guided_filter: the guide is %d×%d, the image %d×%d: they must be of one size",
                        g->width, g->height, out->width, out->height);
    if (kal__colours(g) > GUIDES)
        return kal_fail(err, KAL_INVALID, "guided_filter: the guide has %d colour channels, more than %d",
                        kal__colours(g), GUIDES);
    const kal_status st = kal__check_type("guided_filter", g, err);
    return st ? st : kal__check_type("guided_filter", out, err);
}

static int32_t radius_of(const kal_call *c)
{
    return ((const kal_guided_filter_p *)c->params)->radius;
}

// `out` and what lies within `by` of it, inside the image.
static kal_rect around(const kal_call *c, kal_rect out, int32_t by)
{
    return kal_need_halo(&c->extent, out, by, by, by, by, KAL_EDGE_FILL);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    return around(c, out, 2 * radius_of(c));
}

// ---- what is summed -----------------------------------------------------------------------------
// Planes of the first sums: the weights, if there is alpha; guide colours; their products, (i, j) for j <= i; image colours and their
// products with each guide colour, unless they are the guide's. Of the second: for each image colour its a's and b; the weights.

typedef struct counts {
    size_t alpha, guides, colours;   // 0 or 1; n of them
    bool self;
    size_t mean, products, image, all;   // where they begin; planes of the first sums
    size_t fits;                         // planes of the second
} counts;

static counts counts_of(const kal_call *c)
{
    counts n = {.alpha = c->extent.alpha,
                .guides = (size_t)kal__colours(&guide_of(c)->extent),
                .colours = (size_t)kal__colours(&c->extent),
                .self = guide_of(c) == c->in[0]};
    n.mean = n.alpha;
    n.products = n.mean + n.guides;
    n.image = n.products + n.guides * (n.guides + 1) / 2;
    n.all = n.image + (n.self ? 0 : n.colours * (n.guides + 1));
    n.fits = n.colours * (n.guides + 1) + n.alpha;
    return n;
}

static size_t pair(size_t i, size_t j)
{
    return i < j ? j * (j + 1) / 2 + i : i * (i + 1) / 2 + j;
}

// ---- scratch ------------------------------------------------------------------------------------

// Rows of image and guide in doubles; room of the sums; what was fitted in each window, rows of planes.
typedef struct room {
    double *image, *guide;
    void *sums;
    float *fits;
    size_t step, bytes;   // of a plane of fits; of all
} room;

static size_t aligned(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

static room room_of(const kal_call *c, int32_t width, int32_t height, void *scratch)
{
    const int32_t r = radius_of(c);
    const counts n = counts_of(c);
    const size_t columns = (size_t)width + 4 * (size_t)r,
                 first = kal__window_room(r, n.all, width + 2 * r, height + 2 * r),
                 second = kal__window_room(r, n.fits, width, height);
    const size_t guide = aligned(columns * (size_t)c->extent.channels * sizeof(double)),
                 sums = guide + aligned(columns * (size_t)guide_of(c)->extent.channels * sizeof(double)),
                 fits = sums + aligned(first > second ? first : second);
    room m = {.step = ((size_t)width + 2 * (size_t)r + SOME - 1) & ~(size_t)(SOME - 1)};
    m.bytes = fits + m.step * n.fits * ((size_t)height + 2 * (size_t)r) * sizeof(float);
    unsigned char *at = scratch;
    if (!at) return m;
    m.image = scratch, m.guide = (double *)(void *)(at + guide), m.sums = at + sums;
    m.fits = (float *)(void *)(at + fits);
    return m;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    return room_of(c, kal__window_stripe(radius_of(c), width), height, NULL).bytes;
}

// ---- windows of pixels --------------------------------------------------------------------------

typedef struct work {
    const kal_job *job;
    counts n;
    room room;
    kal_rect out, fitted;   // a stripe; the windows around its pixels
    int32_t radius;
} work;

// Row y's columns that lie in the windows and in the image, and where they begin in rows of sums.
static kal_rect columns_of(const work *w, kal_rect of, size_t *first)
{
    const kal_rect in = around(w->job->call, of, w->radius);
    *first = (size_t)(in.x0 - (of.x0 - w->radius));
    return in;
}

static bool outside(const work *w, int32_t y)
{
    return y < 0 || y >= w->job->call->extent.height;
}

// NULL stands for ones.
KAL__INLINE void add_product_body(double *restrict to, const double *restrict a, size_t sa,
                                  const double *restrict b, size_t sb, const double *restrict c, size_t sc,
                                  size_t n)
{
    if (b && c)
        for (size_t i = 0; i < n; i++) to[i] += a[i * sa] * b[i * sb] * c[i * sc];
    else if (b)
        for (size_t i = 0; i < n; i++) to[i] += a[i * sa] * b[i * sb];
    else
        for (size_t i = 0; i < n; i++) to[i] += a[i * sa];
}
KAL__VARIANTS(add_product,
              (double *to, const double *a, size_t sa, const double *b, size_t sb, const double *c, size_t sc,
               size_t n),
              (to, a, sa, b, sb, c, sc, n))

static void add_pixels(void *user, int32_t y, double *sums, size_t step)
{
    const work *w = user;
    const kal_job *j = w->job;
    const counts *n = &w->n;
    size_t first;
    if (outside(w, y)) return;
    const kal_rect in = columns_of(w, w->fitted, &first);
    const kal_extent *e = &j->call->extent, *ge = &guide_of(j->call)->extent;
    const kal_tile *guide = &j->in[j->call->n - 1];
    const size_t pixels = (size_t)(in.x1 - in.x0), s = (size_t)e->channels, t = (size_t)ge->channels;
    kal__widen(w->room.image, kal_row(&j->in[0], y), (size_t)(in.x0 - j->in[0].rect.x0), pixels, e, false);
    if (!n->self)
        kal__widen(w->room.guide, kal_row(guide, y), (size_t)(in.x0 - guide->rect.x0), pixels, ge, false);
    const double *image = w->room.image, *g = n->self ? image : w->room.guide,
                 *alpha = n->alpha ? image + s - 1 : NULL;
    sums += first;
    if (alpha) add_product(sums, alpha, s, NULL, 0, NULL, 0, pixels);
    for (size_t i = 0; i < n->guides; i++) {
        add_product(sums + (n->mean + i) * step, g + i, t, alpha, s, NULL, 0, pixels);
        for (size_t k = 0; k <= i; k++)
            add_product(sums + (n->products + pair(i, k)) * step, g + i, t, g + k, t, alpha, s, pixels);
    }
    for (size_t k = 0; k < n->colours && !n->self; k++) {
        double *to = sums + (n->image + k * (n->guides + 1)) * step;
        add_product(to, image + k, s, alpha, s, NULL, 0, pixels);
        for (size_t i = 0; i < n->guides; i++)
            add_product(to + (i + 1) * step, image + k, s, g + i, t, alpha, s, pixels);
    }
}

// How many of the places within `radius` of x lie in 0 … n − 1.
static double places(int32_t x, int32_t radius, int32_t n)
{
    const int32_t from = x < radius ? 0 : x - radius, to = n - x <= radius ? n : x + radius + 1;
    return to - from;
}

typedef double plane[SOME];

// Σ + least on the diagonal, as L D Lᵀ in its place.
KAL__INLINE void factor(plane *m, size_t n, double least)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double *v = m[pair(i, j)];
            for (size_t k = 0; k < j; k++)
                for (size_t x = 0; x < SOME; x++)
                    v[x] -= m[pair(i, k)][x] * m[pair(j, k)][x] * m[pair(k, k)][x];
            for (size_t x = 0; x < SOME && i != j; x++) v[x] /= m[pair(j, j)][x];
            for (size_t x = 0; x < SOME && i == j; x++) v[x] = v[x] > least ? v[x] : least;
        }
}

KAL__INLINE void solve(plane *v, plane *m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            for (size_t x = 0; x < SOME; x++) v[i][x] -= m[pair(i, k)][x] * v[k][x];
    for (size_t i = 0; i < n; i++)
        for (size_t x = 0; x < SOME; x++) v[i][x] /= m[pair(i, i)][x];
    for (size_t i = n; i-- > 0;)
        for (size_t k = i + 1; k < n; k++)
            for (size_t x = 0; x < SOME; x++) v[i][x] -= m[pair(k, i)][x] * v[k][x];
}

// The planes of SOME windows whose pixels' weights are summed in `weights`; what is found where that is 0 is no number.
KAL__INLINE void fit_body(float *restrict to, size_t to_step, const double *restrict sums, size_t step,
                          const counts *n, const double *restrict weights, double least)
{
    plane mean[GUIDES], m[GUIDES * (GUIDES + 1) / 2], own[GUIDES * (GUIDES + 1) / 2], a[GUIDES], b;
    for (size_t i = 0; i < n->guides; i++)
        for (size_t x = 0; x < SOME; x++) mean[i][x] = sums[(n->mean + i) * step + x] / weights[x];
    for (size_t i = 0; i < n->guides; i++)
        for (size_t k = 0; k <= i; k++) {
            const double *v = sums + (n->products + pair(i, k)) * step;
            double *cov = own[pair(i, k)], *with = m[pair(i, k)];
            for (size_t x = 0; x < SOME; x++) cov[x] = v[x] / weights[x] - mean[i][x] * mean[k][x];
            for (size_t x = 0; x < SOME; x++) with[x] = i == k ? cov[x] + least : cov[x];
        }
    factor(m, n->guides, least);
    for (size_t c = 0; c < n->colours; c++) {
        const double *v = sums + (n->image + c * (n->guides + 1)) * step;
        for (size_t x = 0; x < SOME; x++) b[x] = n->self ? mean[c < GUIDES ? c : 0][x] : v[x] / weights[x];
        for (size_t i = 0; i < n->guides; i++)
            for (size_t x = 0; x < SOME; x++)
                a[i][x] = n->self ? own[pair(i, c < GUIDES ? c : 0)][x]
                                  : v[(i + 1) * step + x] / weights[x] - mean[i][x] * b[x];
        solve(a, m, n->guides);
        for (size_t i = 0; i < n->guides; i++)
            for (size_t x = 0; x < SOME; x++) b[x] -= a[i][x] * mean[i][x];
        float *dst = to + c * (n->guides + 1) * to_step;
        for (size_t i = 0; i < n->guides; i++)
            for (size_t x = 0; x < SOME; x++) dst[i * to_step + x] = (float)a[i][x];
        for (size_t x = 0; x < SOME; x++) dst[n->guides * to_step + x] = (float)b[x];
    }
}
KAL__VARIANTS(fit,
              (float *to, size_t to_step, const double *sums, size_t step, const counts *n,
               const double *weights, double least),
              (to, to_step, sums, step, n, weights, least))

// What was fitted in a window without weight is 0, in others it is multiplied by that.
static void weigh(const counts *n, float *to, size_t step, const double *sums, const double *held,
                  double white)
{
    float *weights = to + (n->fits - 1) * step;
    for (size_t x = 0; x < SOME; x++) weights[x] = sums[x] > 0 ? (float)(sums[x] / (held[x] * white)) : 0;
    for (size_t k = 0; k + 1 < n->fits; k++)
        for (size_t x = 0; x < SOME; x++)
            to[k * step + x] = weights[x] > 0 ? to[k * step + x] * weights[x] : 0;
}

static void fit_row(void *user, int32_t y, const double *sums, size_t step)
{
    const work *w = user;
    const kal_call *c = w->job->call;
    const kal_extent *e = &c->extent;
    const int32_t width = w->fitted.x1 - w->fitted.x0;
    const double rows = places(y, w->radius, e->height), white = kal_type_max(guide_of(c)->extent.type);
    float *to = w->room.fits + (size_t)(y - w->fitted.y0) * w->n.fits * w->room.step;
    for (int32_t from = 0; from < width; from += SOME) {
        // the last block begins sooner, so as to read and write no further than the row
        const int32_t x = width - from < SOME && width >= SOME ? width - SOME : from;
        double held[SOME], weights[SOME];
        for (int32_t i = 0; i < SOME; i++) {
            held[i] = rows * (x + i < width ? places(w->fitted.x0 + x + i, w->radius, e->width) : 1);
            weights[i] = w->n.alpha ? sums[x + i] : held[i];
        }
        fit(to + x, w->room.step, sums + x, step, &w->n, weights,
            ((const kal_guided_filter_p *)c->params)->epsilon * white * white);
        if (w->n.alpha) weigh(&w->n, to + x, w->room.step, sums + x, held, kal_type_max(e->type));
    }
}

// ---- windows of fits ----------------------------------------------------------------------------

KAL__INLINE void add_floats_body(double *restrict to, const float *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] += (double)from[i];
}
KAL__VARIANTS(add_floats, (double *to, const float *from, size_t n), (to, from, n))

static void add_fits(void *user, int32_t y, double *sums, size_t step)
{
    const work *w = user;
    size_t first;
    if (outside(w, y)) return;
    const kal_rect in = columns_of(w, w->out, &first);
    const float *from = w->room.fits + (size_t)(y - w->fitted.y0) * w->n.fits * w->room.step;
    for (size_t k = 0; k < w->n.fits; k++, from += w->room.step)
        add_floats(sums + k * step + first, from, (size_t)(in.x1 - in.x0));
}

KAL__INLINE void apply_body(double *restrict dst, const double *restrict sums, size_t step,
                            const double *restrict guide, const counts *n, size_t s, size_t t,
                            const double *restrict weights, size_t pixels)
{
    for (size_t c = 0; c < n->colours; c++) {
        const double *v = sums + c * (n->guides + 1) * step;
        for (size_t x = 0; x < pixels; x++) {
            double sum = v[n->guides * step + x];
            for (size_t i = 0; i < n->guides; i++) sum += v[i * step + x] * guide[x * t + i];
            if (weights[x] > 0) dst[x * s + c] = sum / weights[x];
        }
    }
}
KAL__VARIANTS(apply,
              (double *dst, const double *sums, size_t step, const double *guide, const counts *n, size_t s,
               size_t t, const double *weights, size_t pixels),
              (dst, sums, step, guide, n, s, t, weights, pixels))

static void apply_row(void *user, int32_t y, const double *sums, size_t step)
{
    const work *w = user;
    const kal_job *j = w->job;
    const kal_extent *e = &j->call->extent, *ge = &guide_of(j->call)->extent;
    const kal_tile *guide = &j->in[j->call->n - 1];
    const size_t s = (size_t)e->channels, t = (size_t)ge->channels;
    for (int32_t x = w->out.x0; x < w->out.x1; x += SOME) {
        const size_t pixels = (size_t)(w->out.x1 - x < SOME ? w->out.x1 - x : SOME),
                     at = (size_t)(x - w->out.x0);
        double weights[SOME];
        for (size_t i = 0; i < pixels; i++)
            weights[i] = w->n.alpha
                             ? sums[(w->n.fits - 1) * step + at + i]
                             : places(y, w->radius, e->height) * places(x + (int32_t)i, w->radius, e->width);
        kal__widen(w->room.image, kal_row(&j->in[0], y), (size_t)(x - j->in[0].rect.x0), pixels, e, false);
        kal__widen(w->room.guide, kal_row(guide, y), (size_t)(x - guide->rect.x0), pixels, ge, false);
        apply(w->room.image, sums + at, step, w->room.guide, &w->n, s, t, weights, pixels);
        kal__narrow(kal_row(j->out, y), (size_t)(x - j->out->rect.x0), w->room.image, pixels, e);
    }
}

static kal_status run(const kal_job *j)
{
    const kal_rect o = j->out->rect;
    work w = {.job = j, .n = counts_of(j->call), .radius = radius_of(j->call)};
    const int32_t most = kal__window_stripe(w.radius, o.x1 - o.x0);
    w.room = room_of(j->call, most, o.y1 - o.y0, j->scratch);
    for (int32_t x = o.x0; x < o.x1; x = w.out.x1) {
        w.out = kal_rect_of(x, o.y0, o.x1 - x < most ? o.x1 : x + most, o.y1);
        w.fitted = around(j->call, w.out, w.radius);
        kal__window_run(w.radius, w.n.all, w.fitted, w.room.sums, add_pixels, fit_row, &w);
        kal__window_run(w.radius, w.n.fits, w.out, w.room.sums, add_fits, apply_row, &w);
    }
    return KAL_OK;
}

static int32_t least_rows(const kal_call *c)
{
    return kal__window_rows(2 * radius_of(c));
}

#define PARAMS kal_guided_filter_p
static const kal_param params[] = {KAL_GUIDED_FILTER_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_guided_filter = {
    .name = "guided_filter",
    .version = 1,
    .family = "filter",
    .help =
        "Smooths and keeps the edges of a guide: the image itself, or another of its size\n"
        "Where the guide hardly varies within the radius, its variance being below epsilon, the result is a\n"
        "mean; where it varies more the result follows it. All its colours count together. With a "
        "photograph\n"
        "as the guide, a rough mask is fitted to what the photograph shows. With alpha, pixels count by it;\n"
        "alpha stays. A guide has at most four colours. The cost hardly grows with the radius up to some "
        "128,\n"
        "beyond which what a band sums up first is felt.",
    .inputs = "image guide?",
    KAL__PARAMS(params, kal_guided_filter_p),
    .cost = 20,
    .extent = extent,
    .need = need,
    .scratch = scratch,
    .least_rows = least_rows,
    .run = run,
    .samples = KAL__SAMPLES("", "1 epsilon=0.0001", "3 epsilon=0.1", "radius=21 epsilon=0.001"),
};
