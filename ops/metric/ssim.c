// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// ssim: structural similarity by Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli, "Image quality assessment: from error visibility to
// structural similarity", IEEE Trans. Image Processing 13(4), 2004. ms_ssim: at several scales, by Z. Wang, E. P. Simoncelli and A. C. Bovik,
// "Multi-scale structural similarity for image quality assessment", Asilomar 2003.
//
// Luma 0.299 R + 0.587 G + 0.114 B of samples on 0..1, not rounded; windows of 11×11, Gaussian of sigma 1.5, that lie inside; with means m, variances v
// (of the weights, not n - 1) and the covariance v_ab, C1 = 0.01², C2 = 0.03²:
//
//     l = (2 m_a m_b + C1) / (m_a² + m_b² + C1)     cs = (2 v_ab + C2) / (v_a + v_b + C2)     ssim = mean of l · cs
//
// ms_ssim: each scale halves the one before (mean of 2×2, what is left over counts twice); the product over scales of mean cs, at the last of
// mean l · cs, to the power of the scale's weight. A mean below 0 counts as 0.
#include "ssim.h"

#include "fmath.h"

extern const kal_op kal__op_ssim;

// As published, of all five scales: their sum is 1.0001. Of fewer they are made to sum to 1.
static const double weights[KAL__SSIM_SCALES] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

static kal__pyramid pyramid_of(const kal_call *c)
{
    return kal__ssim_pyramid(c->op == &kal__op_ssim ? 1 : ((const kal_ms_ssim_p *)c->params)->scales);
}

// The last scale, rounded down, holds a window.
static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_ms_ssim_p *p = params;
    (void)out;
    return kal__metric_sides(c, KAL__SSIM_WINDOW << (c->op == &kal__op_ssim ? 0 : p->scales - 1), err);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    const kal__pyramid of = pyramid_of(c);
    return kal__pyramid_need(&of, &c->in[i]->extent, out);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    const kal__pyramid of = pyramid_of(c);
    (void)width, (void)height;   // of the result, which has none
    return kal__ssim_scratch(&of, &c->in[0]->extent);
}

static size_t size(const kal_call *c)
{
    (void)c;
    return sizeof(kal__ssim_sums);
}

static int32_t apart(const kal_call *c)
{
    return kal__pyramid_rows(&c->in[0]->extent);
}

static kal_status rows(const kal_job *j, void *gathered)
{
    float under[2];
    const kal__pyramid of = pyramid_of(j->call);
    const int n = kal__metric_backgrounds(j->call, under);
    kal_status st = KAL_OK;
    for (int i = 0; i < n && !st; i++) st = kal__ssim_rows(j, &of, i, under[i], gathered);
    return st;
}

// ---- sums to a number ---------------------------------------------------------------------------

static double score_of(const kal_call *c, const kal__ssim_sums *bands, int which)
{
    const kal_extent *e = &c->in[0]->extent;
    const kal__pyramid of = pyramid_of(c);
    kal__scale scales[KAL__SCALES];
    const int n = kal__pyramid_scales(&of, e, 0, e->height, scales);
    double all = 0, product = 1;
    for (int s = 0; s < n && n < KAL__SSIM_SCALES; s++) all += weights[s];
    for (int s = 0; s < n; s++) {
        double sum = 0;
        for (int32_t b = 0; b < kal__pyramid_bands(e); b++) sum += bands[b].of[which][s][s == n - 1];
        const double mean = sum / ((double)(scales[s].width - KAL__SSIM_WINDOW + 1) *
                                   (double)(scales[s].height - KAL__SSIM_WINDOW + 1));
        if (c->op == &kal__op_ssim) return mean;
        product *= mean > 0 ? kal__pow(mean, n < KAL__SSIM_SCALES ? weights[s] / all : weights[s]) : 0;
    }
    return product;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    float under[2];
    if (kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1))
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    for (int i = 0; i < kal__metric_backgrounds(c, under); i++) {
        const double score = score_of(c, gathered, i);
        if (!i || score < out->v[0]) out->v[0] = score;
    }
    return KAL_OK;
}

static const kal_measure measure = {
    .kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end, .apart = apart};

const kal_op kal__op_ssim = {
    .name = "ssim",
    .version = 2,
    .family = "metrics",
    .help =
        "Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004): 1 for the same\n"
        "The mean over all windows of 11×11 that lie inside, Gaussian of sigma 1.5, with K1 = 0.01 and K2 = "
        "0.03, of\n"
        "luma 0.299 R + 0.587 G + 0.114 B as it is, at the picture's own size. Gray or RGB, sides of at "
        "least 11. A\n"
        "reference with alpha is scored over dark and over light gray, and the lower score counts. For "
        "comparing with\n"
        "others' numbers; ssimulacra2 is nearer to what is seen.",
    .inputs = "reference distorted",
    .params_size = sizeof(kal_ssim_p),
    .cost = 8,
    .extent = extent,
    .need = need,
    .scratch = scratch,
    .measure = &measure,
    .samples = KAL__SAMPLES(""),
};

#define PARAMS kal_ms_ssim_p
static const kal_param params[] = {KAL_MS_SSIM_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_ms_ssim = {
    .name = "ms_ssim",
    .version = 2,
    .family = "metrics",
    .help =
        "Structural similarity at five scales (Wang, Simoncelli, Bovik 2003): 1 for the same\n"
        "As ssim, at scales of which each is half the one before: mean contrast and structure of each, at "
        "the last\n"
        "with luminance, to the published powers 0.0448, 0.2856, 0.3001, 0.2363, 0.1333, multiplied. Gray "
        "or RGB.\n"
        "Sides must be at least 176, eleven at the last scale; with fewer `scales`, whose powers are made "
        "to sum to\n"
        "1, half of that for each scale less, but numbers of other scales cannot be compared.",
    .inputs = "reference distorted",
    KAL__PARAMS(params, kal_ms_ssim_p),
    .cost = 11,
    .extent = extent,
    .need = need,
    .scratch = scratch,
    .measure = &measure,
    .samples = KAL__SAMPLES("scales=1", "scales=2"),
};
