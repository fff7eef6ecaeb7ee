// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// perspective: the image under x' = (a x + b y + c) / w, y' = (d x + e y + f) / w, w = g x + h y + i. The inverse is worked out in doubles; for
// every pixel of the result the place is the quotient in doubles, rounded to 2^-20 of a pixel, and then sampled by the formulas of
// slant.c. What w makes negative lies behind the eye and shows the fill colour.
//
// A block of pixels that are all before the eye looks at what lies between the places of its corners. That much is copied into a
// patch; what is too much, or meets the horizon, is cut in half until it is neither.
#include "cpu.h"
#include "fill.h"
#include "fmath.h"
#include "gather.h"
#include "mem.h"

#include <stdlib.h>

enum { FORWARD, BACKWARD };
enum { CORNER, CENTRE };
enum { RUN = 64 };

// ---- matrices: m[0] m[1] m[2] / m[3] m[4] m[5] / m[6] m[7] m[8] -----------------------------------

static double absolute(double v)
{
    return v < 0 ? -v : v;
}

static double weight(const double *m, double x, double y)
{
    return m[6] * x + m[7] * y + m[8];
}

static void multiply(const double *a, const double *b, double *to)
{
    for (int i = 0; i < 9; i++)
        to[i] = a[i / 3 * 3] * b[i % 3] + a[i / 3 * 3 + 1] * b[i % 3 + 3] + a[i / 3 * 3 + 2] * b[i % 3 + 6];
}

static bool invert(const double *m, double *to)
{
    const double adjugate[9] = {
        m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
        m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
        m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]};
    const double det = m[0] * adjugate[0] + m[1] * adjugate[3] + m[2] * adjugate[6];
    if (!(det > 1e-15 || det < -1e-15)) return false;
    for (int i = 0; i < 9; i++) to[i] = adjugate[i] / det;
    return true;
}

// The unit square to four points, clockwise from its corner at 0, 0.
static bool from_square(const double *q, double *m)
{
    const double dx1 = q[2] - q[4], dx2 = q[6] - q[4], sx = q[0] - q[2] + q[4] - q[6];
    const double dy1 = q[3] - q[5], dy2 = q[7] - q[5], sy = q[1] - q[3] + q[5] - q[7];
    const double det = dx1 * dy2 - dx2 * dy1;
    if (!(det > 1e-9 || det < -1e-9)) return false;
    const double g = (sx * dy2 - dx2 * sy) / det, h = (dx1 * sy - sx * dy1) / det;
    const double all[9] = {q[2] - q[0] + g * q[2],
                           q[6] - q[0] + h * q[6],
                           q[0],
                           q[3] - q[1] + g * q[3],
                           q[7] - q[1] + h * q[7],
                           q[1],
                           g,
                           h,
                           1};
    memcpy(m, all, sizeof all);
    return true;
}

static bool from_points(const kal_perspective_p *p, double *m)
{
    const double corners[8] = {0, 0, p->width, 0, p->width, p->height, 0, p->height};
    double a[9], b[9], back[9];
    if (!from_square(p->from.v, a) || !from_square(p->to.n ? p->to.v : corners, b) || !invert(a, back))
        return false;
    multiply(b, back, m);
    return true;
}

// Forward, in the coordinates of corners, with w > 0 in the middle of the image.
static bool forward_of(const kal_perspective_p *p, const kal_extent *in, double *m)
{
    double given[9];
    if (p->from.n) {
        if (!from_points(p, given)) return false;
    } else if (p->direction == FORWARD) {
        memcpy(given, p->matrix.v, sizeof given);
    } else if (!invert(p->matrix.v, given)) {
        return false;
    }
    const double half = p->at == CENTRE ? 0.5 : 0;
    const double there[9] = {1, 0, half, 0, 1, half, 0, 0, 1}, back[9] = {1, 0, -half, 0, 1, -half, 0, 0, 1};
    double part[9];
    multiply(there, given, part);
    multiply(part, back, m);
    const double w = weight(m, in->width / 2.0, in->height / 2.0);
    for (int i = 0; i < 9; i++) m[i] /= w;
    return w > 1e-9 || w < -1e-9;
}

// Backward, between the middles of pixels.
static bool backward_of(const kal_perspective_p *p, const kal_extent *in, double *m)
{
    static const double there[9] = {1, 0, -0.5, 0, 1, -0.5, 0, 0, 1},
                        back[9] = {1, 0, 0.5, 0, 1, 0.5, 0, 0, 1};
    double forward[9], inverse[9], part[9];
    if (!forward_of(p, in, forward) || !invert(forward, inverse)) return false;
    multiply(there, inverse, part);
    multiply(part, back, m);
    return true;
}

// ---- checks -------------------------------------------------------------------------------------

static kal_status check_lists(const kal_perspective_p *p, kal_error *err)
{
    if ((p->matrix.n != 0) == (p->from.n != 0))
        return kal_fail(err, KAL_INVALID, "perspective: give either matrix or from");
    if (p->matrix.n && p->matrix.n != 9)
        return kal_fail(err, KAL_INVALID, "perspective: matrix has %d numbers; it takes nine, row by row",
                        p->matrix.n);
    if ((p->from.n && p->from.n != 8) || (p->to.n && p->to.n != 8))
        return kal_fail(err, KAL_INVALID, "perspective: from and to take four points each, x y of each");
    if (p->to.n && !p->from.n)
        return kal_fail(err, KAL_INVALID, "perspective: to goes with from, not with matrix");
    return KAL_OK;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_perspective_p *p = params;
    *out = c->in[0]->extent;
    if (p->width == KAL_AUTO) p->width = out->width;
    if (p->height == KAL_AUTO) p->height = out->height;
    if (out->model == KAL_MASK) p->kernel = KAL__NEAREST;
    out->width = p->width;
    out->height = p->height;
    if (out->type == KAL_U32 && p->kernel != KAL__NEAREST) return kal__refuse_mixing("perspective", out, err);
    const kal_status st = check_lists(p, err);
    if (st) return st;
    if (p->from.n) p->direction = FORWARD;
    double m[9];
    if (!backward_of(p, &c->in[0]->extent, m))
        return kal_fail(err, KAL_INVALID,
                        "perspective: this leaves nothing of the image, or three points lie on a line");
    return kal__check_fill("perspective", p->color, out, err);
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)i;
    double all[9];
    if (!forward_of(c->params, &c->in[0]->extent, all) || all[6] != 0 || all[7] != 0) return false;
    memcpy(m, all, 6 * sizeof *m);
    return true;
}

// ---- where pixels look --------------------------------------------------------------------------

typedef struct view {
    double m[9];
    kal__gather how;
} view;

// Before the eye, and not by less than what rounding may have left of the terms. The bound is a line as long as x and y are not negative, so
// between corners that are before it all is.
static bool before_the_eye(const double *m, double x, double y)
{
    const double nearly = 1e-7, terms = absolute(m[6]) * x + absolute(m[7]) * y + absolute(m[8]);
    return weight(m, x, y) > nearly * terms;
}

// 2^31 pixels and 2^-20 of one: added to this, a number's last bits are what is wanted. Halves go to even.
static inline int64_t place_of(double v)
{
    const double most = 1 << 29, magic = 6755399441055744.0 / 1048576;
    const double held = v < -most ? -most : v > most ? most : v, sum = held + magic;
    int64_t bits, base;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&base, &magic, sizeof base);
    return (bits - base) * 4096;
}

KAL__INLINE void places_body(int64_t *x, int64_t *y, const double *m, int32_t x0, int32_t row, int32_t n,
                             int64_t dx, int64_t dy)
{
    const double px = m[1] * row + m[2], py = m[4] * row + m[5], pw = m[7] * row + m[8];
    for (int32_t i = 0; i < n; i++) {
        const double u = x0 + i, by = 1 / (m[6] * u + pw);
        x[i] = place_of((m[0] * u + px) * by) + dx;
        y[i] = place_of((m[3] * u + py) * by) + dy;
    }
}
KAL__VARIANTS(places,
              (int64_t * x, int64_t *y, const double *m, int32_t x0, int32_t row, int32_t n, int64_t dx,
               int64_t dy),
              (x, y, m, x0, row, n, dx, dy))

// All taps of the pixels of `out`; false: the horizon is among them.
static bool taps_of(const view *v, kal_rect out, kal_rect *taps)
{
    int64_t x0 = INT64_MAX, x1 = INT64_MIN, y0 = INT64_MAX, y1 = INT64_MIN;
    for (int k = 0; k < 4; k++) {
        const int32_t cx = k & 1 ? out.x1 - 1 : out.x0, cy = k & 2 ? out.y1 - 1 : out.y0;
        int64_t x, y;
        if (!before_the_eye(v->m, cx, cy)) return false;
        places_body(&x, &y, v->m, cx, cy, 1, v->how.bias, v->how.bias);
        if (x < x0) x0 = x;
        if (x > x1) x1 = x;
        if (y < y0) y0 = y;
        if (y > y1) y1 = y;
    }
    const int64_t slack = (int64_t)1 << 26;   // rounding inside of the corners, 1/64 of a pixel
    *taps = kal__gather_taps(&v->how, x0 - slack, y0 - slack, x1 + slack, y1 + slack);
    return true;
}

static void view_of(const kal_call *c, view *v)
{
    const kal_perspective_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent;
    backward_of(p, in, v->m);
    kal__gather_set(&v->how, in, p->kernel, (kal_edge)p->edge, p->color);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    view v = {0};
    kal_rect taps;
    if (kal_rect_empty(out)) return kal_rect_of(0, 0, 0, 0);
    view_of(c, &v);
    if (!taps_of(&v, out, &taps)) return kal_rect_all(&v.how.in);
    return kal__need_around(&v.how.in, taps, v.how.edge);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    view *v = *state = kal__new_zero(1, sizeof *v);
    if (!v) return kal_fail(err, KAL_NOMEM, "perspective: out of memory");
    view_of(c, v);
    return KAL_OK;
}

// ---- the run ------------------------------------------------------------------------------------

static void fill_block(const kal_job *j, kal_rect block)
{
    const view *v = j->state;
    for (int32_t y = block.y0; y < block.y1; y++)
        kal__fill_pixels(kal_at(j->out, block.x0, y), v->how.pixel, (size_t)j->out->pixel,
                         (size_t)(block.x1 - block.x0));
}

static void sample_block(const kal_job *j, kal_rect block, kal_rect taps)
{
    const view *v = j->state;
    const int64_t dx = v->how.bias - taps.x0 * KAL__ONE, dy = v->how.bias - taps.y0 * KAL__ONE;
    kal__patch p;
    int64_t x[RUN], y[RUN];
    kal__gather_patch(&v->how, &p, &j->in[0], taps, j->scratch);
    for (int32_t row = block.y0; row < block.y1; row++) {
        const int32_t n = block.x1 - block.x0;
        places(x, y, v->m, block.x0, row, n, dx, dy);
        v->how.span(&v->how, &p, kal_at(j->out, block.x0, row), (size_t)n, x, y);
    }
}

// False: too much, or partly behind the eye.
static bool try_block(const kal_job *j, kal_rect block)
{
    const view *v = j->state;
    kal_rect taps;
    if (!taps_of(v, block, &taps)) {
        if (block.x1 - block.x0 > 1 || block.y1 - block.y0 > 1) return false;
        fill_block(j, block);
        return true;
    }
    if (v->how.edge == KAL_EDGE_FILL && kal_rect_empty(kal_rect_clip(taps, kal_rect_all(&v->how.in)))) {
        fill_block(j, block);
        return true;
    }
    if (!kal__gather_fits(taps, (size_t)j->out->pixel)) return false;
    sample_block(j, block, taps);
    return true;
}

static void run_block(const kal_job *j, kal_rect block)
{
    if (try_block(j, block)) return;
    kal_rect a = block, b = block;
    if (block.x1 - block.x0 >= block.y1 - block.y0)
        a.x1 = b.x0 = block.x0 + (block.x1 - block.x0) / 2;
    else
        a.y1 = b.y0 = block.y0 + (block.y1 - block.y0) / 2;
    run_block(j, a);
    run_block(j, b);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)c, (void)width, (void)height;
    return KAL__GATHER_ROOM;
}

static kal_status run(const kal_job *j)
{
    const kal_rect o = j->out->rect;
    for (int32_t y = o.y0; y < o.y1; y += RUN)
        for (int32_t x = o.x0; x < o.x1; x += RUN)
            run_block(j, kal_rect_of(x, y, x + RUN < o.x1 ? x + RUN : o.x1, y + RUN < o.y1 ? y + RUN : o.y1));
    return KAL_OK;
}

#define PARAMS kal_perspective_p
static const kal_param params[] = {KAL_PERSPECTIVE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_perspective = {
    .name = "perspective",
    .version = 2,
    .family = "geometry",
    .help = "The image under a matrix of 3 × 3, or so that four points come to lie on four others\n"
            "from=[four points on the image] alone makes them the corners of the result, clockwise from the "
            "upper "
            "left:\n"
            "it straightens a page. With at=centre the matrix is that of OpenCV's warpPerspective. What lies "
            "behind the eye\n"
            "shows the colour. Boxes and points cannot follow, but where the matrix is affine. Nothing is "
            "smoothed "
            "when it\n"
            "shrinks. Masks always use nearest, labels (u32) accept only that. Bilinear, 8 bits are sampled "
            "at places\n"
            "rounded to 1/256 pixel.",
    .inputs = "image",
    KAL__PARAMS(params, kal_perspective_p),
    .cost = 3,
    .extent = extent,
    .need = need,
    .prepare = prepare,
    .release = free,
    .scratch = scratch,
    .map = map,
    .run = run,
    .samples =
        KAL__SAMPLES("from=[1 2 11 1 9 8 0 7] width=20 height=16", "[1.1 0.2 -1 0.1 0.9 1 0.01 -0.004 1]",
                     "[1 0 2 0 1 -1 0 0 2] direction=backward kernel=nearest edge=wrap",
                     "from=[1 1 12 0 11 9 0 8] to=[2 1 9 2 12 8 1 7] kernel=bicubic edge=mirror",
                     "[1 0.1 0 0 1.5 0 0.02 0.15 1] at=centre edge=copy width=30 height=25",
                     "[1 0 3 0 1 2 0 0 1] color=255"),
};
