// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// dssim: how different two pictures look, by structural similarity in L, a and b over five scales, as the program dssim 3 by Kornel Lesinski
// counts it; written from a description of its formulas, not from its sources.
#include "dssim.h"

#include "fmath.h"

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    return kal__pyramid_need(&kal__dssim_pyramid, &c->in[i]->extent, out);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width, (void)height;   // of the result, which has none
    return kal__dssim_scratch(&kal__dssim_pyramid, &c->in[0]->extent);
}

static size_t size(const kal_call *c)
{
    return kal__dssim_room(&c->in[0]->extent) * sizeof(float);
}

static int32_t apart(const kal_call *c)
{
    return kal__pyramid_rows(&c->in[0]->extent);
}

static void gather(void *to, int scale, int32_t y, const float *similarity, size_t n)
{
    float **next = to;
    (void)y;
    memcpy(next[scale], similarity, n * sizeof(float));
    next[scale] += n;
}

// Scale after scale.
static kal_status rows(const kal_job *j, void *gathered)
{
    kal__scale scales[KAL__SCALES];
    float *next[KAL__SCALES], *p = gathered;
    const int n = kal__pyramid_band(&kal__dssim_pyramid, &j->call->in[0]->extent,
                                    j->out->rect.y0 / kal__pyramid_rows(&j->call->in[0]->extent), scales);
    for (int s = 0; s < n; s++) {
        next[s] = p;
        p += (size_t)scales[s].width * (size_t)(scales[s].out1 - scales[s].out0);
    }
    return kal__dssim_walk(j, &kal__dssim_pyramid, gather, next);
}

// ---- similarity to a number ---------------------------------------------------------------------

KAL__INLINE double term(float p, bool away, double from)
{
    const double v = (double)p, d = v - from;
    return !away ? v : d < 0 ? -d : d;
}

// In eight parts; what is left over goes to the first of them.
KAL__INLINE void add_up_body(double part[8], const float *p, size_t n, bool away, double from)
{
    double sums[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++) sums[k] += term(p[i + k], away, from);
    for (size_t k = 0; i + k < n; k++) sums[k] += term(p[i + k], away, from);
    memcpy(part, sums, sizeof sums);
}
KAL__VARIANTS(add_up, (double part[8], const float *p, size_t n, bool away, double from),
              (part, p, n, away, from))

// Of the similarities of a scale, or of how far they are from one: band after band, so that the sum is one number.
static double mean_of(const kal_extent *e, const float *gathered, int scale, bool away, double from)
{
    const int32_t bands = kal__pyramid_bands(e);
    kal__scale scales[KAL__SCALES];
    double sum = 0;
    for (int32_t band = 0; band < bands; band++, gathered += kal__dssim_room(e)) {
        const float *p = gathered;
        kal__pyramid_band(&kal__dssim_pyramid, e, band, scales);
        const kal__scale *a = scales;
        for (; a < scales + scale; a++)   // those of larger scales come before
            p += (size_t)a->width * (size_t)(a->out1 - a->out0);
        const size_t n = (size_t)a->width * (size_t)(a->out1 - a->out0);
        double part[8];
        add_up(part, p, n, away, from);
        for (int i = 0; i < 8; i++) sum += part[i];
    }
    return sum / ((double)scales[scale].width * (double)scales[scale].height);
}

// The mean is raised to a half for each halving, since large scales say less by it.
static double score_of(const kal_extent *e, const float *gathered, int scale)
{
    double middle = mean_of(e, gathered, scale, false, 0);
    middle = middle > 0 ? middle : 0;
    for (int i = 0; i < scale; i++) middle = __builtin_sqrt(middle);
    return 1 - mean_of(e, gathered, scale, true, middle);
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    static const double weights[] = {0.028, 0.197, 0.322, 0.298, 0.155};
    const kal_extent *e = &c->in[0]->extent;
    kal__scale scales[KAL__SCALES];
    const int n = kal__pyramid_scales(&kal__dssim_pyramid, e, 0, e->height, scales);
    double sum = 0, all = 0;
    for (int s = 0; s < n; s++) sum += weights[s] * score_of(e, gathered, s), all += weights[s];
    if (kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1)) return kal_fail(err, KAL_NOMEM, "dssim: out of memory");
    const double least = 2.220446049250313e-16, like = sum / all;
    out->v[0] = 1 / (like > least ? like : least) - 1;
    return KAL_OK;
}

static const kal_measure measure = {
    .kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end, .apart = apart};

const kal_op kal__op_dssim = {
    .name = "dssim",
    .version = 2,
    .family = "metrics",
    .help = "How different two pictures look: DSSIM (3.x), 0 for the same\n"
            "0.001 is hardly visible, 0.01 clearly worse. Gray or RGB, sides of at least 8. Samples are "
            "taken as\n"
            "sRGB; what lets light through lies over a pattern of colours. It holds a float for each pixel "
            "and a\n"
            "third.",
    .inputs = "reference distorted",
    .params_size = sizeof(kal_dssim_p),
    .cost = 60,
    .extent = kal__metric_extent,
    .need = need,
    .tables = kal__metric_tables,
    .prepare = kal__metric_prepare,
    .release = kal__metric_release,
    .scratch = scratch,
    .measure = &measure,
    .samples = KAL__SAMPLES(""),
};
