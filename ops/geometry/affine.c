// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// affine: the image under x' = a x + b y + c, y' = d x + e y + f. The inverse is worked out in doubles and rounded once to 32.32; from
// there all is exact, and sampled as in slant.c. `forward` takes places on the image to places on the result, `backward` those of the result to
// the image's. With at=corner a pixel reaches from x to x + 1, as boxes and points do; with at=centre its middle is x, as OpenCV counts.
//
// Beside OpenCV's warpAffine and Pillow's transform: they round coordinates to 1/32 of a pixel, or round down at the end, so smooth
// pictures agree to a few units of 255, not to the bit.
//
// shear: x' = x + sx y, y' = y + sy x about the centre. It becomes affine.
#include "fill.h"
#include "fmath.h"
#include "slant.h"

#include <stdlib.h>

enum { FORWARD, BACKWARD };
enum { CORNER, CENTRE };

// ---- matrices -----------------------------------------------------------------------------------

static bool invert(const double *m, double *to)
{
    const double det = m[0] * m[4] - m[1] * m[3];
    if (!(det > 1e-12 || det < -1e-12)) return false;
    to[0] = m[4] / det;
    to[1] = -m[1] / det;
    to[2] = (m[1] * m[5] - m[4] * m[2]) / det;
    to[3] = -m[3] / det;
    to[4] = m[0] / det;
    to[5] = (m[3] * m[2] - m[0] * m[5]) / det;
    return true;
}

// Moves what is counted from the middle of pixel 0 by half a pixel on both sides.
static void recount(double *m, double by)
{
    m[2] += by - by * (m[0] + m[1]);
    m[5] += by - by * (m[3] + m[4]);
}

// From the result to the image, between the middles of pixels; and the other way, as `map` wants it.
static bool backward_of(const kal_affine_p *p, double *m)
{
    memcpy(m, p->matrix.v, 6 * sizeof *m);
    if (p->direction == FORWARD && !invert(p->matrix.v, m)) return false;
    if (p->at == CORNER) recount(m, -0.5);
    return true;
}

static bool forward_of(const kal_affine_p *p, double *m)
{
    memcpy(m, p->matrix.v, 6 * sizeof *m);
    if (p->direction == BACKWARD && !invert(p->matrix.v, m)) return false;
    if (p->at == CENTRE) recount(m, 0.5);
    return true;
}

static int64_t fixed(double v)
{
    return (int64_t)kal__round(v * (double)KAL__ONE);
}

// Without what sampling adds.
static kal__slant bare_slant(const kal_affine_p *p)
{
    double m[6] = {0};
    backward_of(p, m);
    return (kal__slant){.x0 = fixed(m[2]),
                        .y0 = fixed(m[5]),
                        .xx = fixed(m[0]),
                        .xy = fixed(m[1]),
                        .yx = fixed(m[3]),
                        .yy = fixed(m[4])};
}

static kal__slant slant_of(const kal_call *c)
{
    const kal_affine_p *p = c->params;
    kal__slant s = bare_slant(p);
    kal__slant_set(&s, &c->in[0]->extent, p->kernel);
    return s;
}

// ---- checks -------------------------------------------------------------------------------------

static bool within(double a, double b, double c)
{
    const double most = 1 << 29;   // three of them fit 32 bits
    return a > -most && a < most && b > -most && b < most && c > -most && c < most;
}

static kal_status check_matrix(const kal_affine_p *p, kal_error *err)
{
    double m[6], other[6];
    if (p->matrix.n != 6)
        return kal_fail(
            err, KAL_INVALID,
            "affine: matrix has %d numbers; it takes six, a b c d e f, for a x + b y + c, d x + e y + f",
            p->matrix.n);
    if (!backward_of(p, m) || !forward_of(p, other))
        return kal_fail(err, KAL_INVALID, "affine: the matrix leaves nothing of the image; a e − b d is 0");
    if (!within(m[0] * p->width, m[1] * p->height, m[2]) || !within(m[3] * p->width, m[4] * p->height, m[5]))
        return kal_fail(err, KAL_INVALID,
                        "affine: the matrix looks more than 2^29 pixels away from the image");
    return KAL_OK;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_affine_p *p = params;
    *out = c->in[0]->extent;
    if (p->width == KAL_AUTO) p->width = out->width;
    if (p->height == KAL_AUTO) p->height = out->height;
    if (p->edge != KAL_EDGE_FILL) p->color = (kal_list){NULL, 0};
    if (out->model == KAL_MASK) p->kernel = KAL__NEAREST;
    out->width = p->width;
    out->height = p->height;
    if (out->type == KAL_U32 && p->kernel != KAL__NEAREST) return kal__refuse_mixing("affine", out, err);
    const kal_status st = check_matrix(p, err);
    return st ? st : kal__check_fill("affine", p->color, out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal__slant s = bare_slant(c->params);
    const kal_extent *in = &c->in[0]->extent;
    if (s.x0 || s.y0 || s.xx != KAL__ONE || s.xy || s.yx || s.yy != KAL__ONE) return false;
    if (in->width != c->extent.width || in->height != c->extent.height) return false;
    to->same = c->in[0];
    return true;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)i;
    return forward_of(c->params, m);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal__slant s = slant_of(c);
    return kal__slant_need(&s, &c->in[0]->extent, (kal_edge)((const kal_affine_p *)c->params)->edge, out);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_affine_p *p = c->params;
    const kal__slant s = slant_of(c);
    return kal__slant_prepare(c, &s, p->kernel, (kal_edge)p->edge, p->color, state, err);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    const kal__slant s = slant_of(c);
    return kal__slant_scratch(&s, &c->extent, width, height);
}

#define PARAMS kal_affine_p
static const kal_param params[] = {KAL_AFFINE_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_affine = {
    .name = "affine",
    .version = 1,
    .family = "geometry",
    .help =
        "The image under a matrix of 2 × 3: x' = a x + b y + c, y' = d x + e y + f\n"
        "It takes places on the image to places on the result, or with direction=backward the other way. "
        "at=corner\n"
        "counts as boxes do, at=centre as OpenCV. The matrix of OpenCV's warpAffine is at=centre, that of "
        "Pillow's\n"
        "transform direction=backward. Nothing is smoothed when it shrinks: resize first. With alpha, "
        "colours are\n"
        "weighted by it. Masks always use nearest, labels (u32) accept only that. Bilinear, 8 bits are "
        "sampled at\n"
        "places rounded to 1/256 pixel; some are off by one.",
    .inputs = "image",
    KAL__PARAMS(params, kal_affine_p),
    .cost = 2,
    .extent = extent,
    .need = need,
    .fold = fold,
    .prepare = prepare,
    .release = free,
    .scratch = scratch,
    .map = map,
    .run = kal__slant_run,
    .samples =
        KAL__SAMPLES("[1.2 0.3 -2 -0.25 0.9 3.5]", "[0.5 0 1 0 0.25 0.5] width=20 height=15 edge=mirror",
                     "[0 -1 9.25 1 0 0] edge=wrap kernel=nearest",
                     "[30 2 -9 -3 20 4] direction=backward edge=reflect kernel=bicubic",
                     "[2 0.5 1 -0.5 1.5 6] at=centre kernel=bicubic width=33",
                     "[0.7 0.2 0 0.1 -0.8 20] direction=backward at=centre edge=copy height=40",
                     "[1 0 3 0 1 -2] color=255"),
};

// ---- shear --------------------------------------------------------------------------------------

static double absolute(double v)
{
    return v < 0 ? -v : v;
}

static kal_status shear_extent(const kal_call *c, void *params_, kal_extent *out, kal_error *err)
{
    kal_shear_p *p = params_;
    const kal_extent *in = &c->in[0]->extent;
    *out = *in;
    if (p->edge != KAL_EDGE_FILL) p->color = (kal_list){NULL, 0};
    if (in->model == KAL_MASK) p->kernel = KAL__NEAREST;
    if (in->type == KAL_U32 && p->kernel != KAL__NEAREST) return kal__refuse_mixing("shear", in, err);
    if (absolute(1 - p->x * p->y) < 1e-9)
        return kal_fail(err, KAL_INVALID, "shear: x=%g with y=%g leaves nothing of the image", p->x, p->y);
    const double w = kal__ceil(in->width + absolute(p->x) * in->height - 1e-9),
                 h = kal__ceil(in->height + absolute(p->y) * in->width - 1e-9);
    if (p->expand && (w > KAL_MAX_SIDE || h > KAL_MAX_SIDE))
        return kal_fail(err, KAL_INVALID, "shear: the result would be over %d pixels long", KAL_MAX_SIDE);
    if (p->expand) out->width = (int32_t)w, out->height = (int32_t)h;
    return kal__check_fill("shear", p->color, out, err);
}

static bool shear_fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_shear_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent, *out = &c->extent;
    kal_affine_p *affine = room;
    double *m = (double *)(void *)((unsigned char *)room + KAL_FOLD_ROOM / 2);
    *affine = kal_affine_defaults();
    affine->matrix = (kal_list){m, 6};
    affine->width = out->width;
    affine->height = out->height;
    affine->kernel = p->kernel;
    affine->edge = p->edge;
    affine->color = p->color;
    m[0] = m[4] = 1;
    m[1] = p->x;
    m[2] = (out->width - in->width - p->x * in->height) / 2;
    m[3] = p->y;
    m[5] = (out->height - in->height - p->y * in->width) / 2;
    *to = (kal_folded){.op = &kal__op_affine, .params = affine, .n = 1, .in = {c->in[0]}};
    return true;
}

static kal_status shear_run(const kal_job *j)
{
    return kal_fail(j->err, KAL_INTERNAL, "shear was not folded");
}

#define PARAMS kal_shear_p
static const kal_param shear_params[] = {KAL_SHEAR_PARAMS(KAL_SCHEMA)};
_Static_assert(sizeof(kal_affine_p) <= KAL_FOLD_ROOM / 2, "room for the matrix behind it");

const kal_op kal__op_shear = {
    .name = "shear",
    .version = 1,
    .family = "geometry",
    .help =
        "Slanted about the centre: x' = x + sx y, y' = y + sy x\n"
        "y runs downwards: with x=0.5 the bottom moves to the right. With expand=false the size is kept and "
        "corners\n"
        "are cut off. It is an affine.",
    .inputs = "image",
    KAL__PARAMS(shear_params, kal_shear_p),
    .cost = 2,
    .extent = shear_extent,
    .fold = shear_fold,
    .run = shear_run,
    .samples = KAL__SAMPLES("0.5", "x=-0.3 y=0.2 expand=false edge=mirror", "y=0.25 kernel=bicubic",
                            "x=0.1 kernel=nearest color=255"),
};
