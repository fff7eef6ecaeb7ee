// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// ssimulacra2: how alike two pictures look, as SSIMULACRA2 2.1 by Jon Sneyers scores it (github cloudinary/ssimulacra2, BSD 3-clause; formulas and
// weights from there). Sums over maps of six scales in XYB become one number.
#include "ssimulacra2.h"

#include "fmath.h"

// By channel (X, Y, B) and scale: of the means of ssim, artifact and lost, and of their 4-norms.
static const double weights[3][KAL__SSIM2_SCALES][6] = {
    {{0, 0.0007376606707406586, 0, 0, 0.0007793481682867309, 0},
     {0, 0.0004371155730107379, 0, 1.1041726426657346, 0.00066284834129271, 0.00015231632783718752},
     {0, 0.0016406437456599754, 0, 1.8422455520539298, 11.441172603757666, 0},
     {0.0007989109436015163, 0.000176816438078653, 0, 1.8787594979546387, 10.94906990605142, 0},
     {0.0007289346991508072, 0.9677937080626833, 0, 0.00014003424285435884, 0.9981766977854967,
      0.00031949755934435053},
     {0.0004550992113792063, 0, 0, 0.0013648766163243398, 0, 0}},
    {{0, 0, 0, 7.466890328078848, 0, 17.445833984131262},
     {0.0006235601634041466, 0, 0, 6.683678146179332, 0.00037724407979611296, 1.027889937768264},
     {225.20515300849274, 0, 0, 19.213238186143016, 0.0011401524586618361, 0.001237755635509985},
     {176.39317598450694, 0, 0, 24.43300999870476, 0.28520802612117757, 0.0004485436923833408},
     {0, 0, 0, 34.77906344483772, 44.835625328877896, 0},
     {0, 0, 0, 0, 0, 0}},
    {{0, 0.0008680556573291698, 0, 0, 0, 0},
     {0, 0.0005313191874358747, 0, 0.00016533814161379112, 0, 0},
     {0, 0, 0, 0.0004179171803251336, 0.0017290828234722833, 0},
     {0.0020827005846636437, 0, 0, 8.826982764996862, 23.19243343998926, 0},
     {95.1080498811086, 0.9863978034400682, 0.9834382792465353, 0.0012286405048278493, 171.2667255897307,
      0.9807858872435379},
     {0, 0, 0, 0.0005130064588990679, 0, 0.00010854057858411537}}};

#define PARAMS kal_ssimulacra2_p
static const kal_param params[] = {KAL_SSIMULACRA2_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    return kal__pyramid_need(&kal__ssim2_pyramid, &c->in[i]->extent, out);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width, (void)height;   // of the result, which has none
    return kal__ssim2_scratch(&kal__ssim2_pyramid, &c->in[0]->extent);
}

// ---- rows to sums -------------------------------------------------------------------------------

static size_t size(const kal_call *c)
{
    (void)c;
    return sizeof(kal__ssim2_sums);
}

static int32_t apart(const kal_call *c)
{
    return kal__pyramid_rows(&c->in[0]->extent);
}

static kal_status rows(const kal_job *j, void *gathered)
{
    float under[2];
    const int n = kal__metric_backgrounds(j->call, under);
    kal_status st = KAL_OK;
    for (int i = 0; i < n && !st; i++) st = kal__ssim2_rows(j, i, under[i], gathered);
    return st;
}

// ---- sums to a score ----------------------------------------------------------------------------

static double mean_or_norm(double sum, double pixels, bool norm)
{
    return norm ? __builtin_sqrt(__builtin_sqrt(sum / pixels)) : sum / pixels;
}

// The original counts weights through, whatever the number of scales: with fewer than six they are those of others.
static double weight_of(const kal_call *c, int channel, int scale, int scales, int what)
{
    const kal_ssimulacra2_p *p = c->params;
    return p->aligned ? weights[channel][scale][what]
                      : (&weights[0][0][0])[(channel * scales + scale) * 6 + what];
}

static double score_of(const kal_call *c, const kal__ssim2_sums *bands, int32_t n_bands, int which)
{
    const kal_extent *e = &c->in[0]->extent;
    kal__scale of[KAL__SCALES];
    const int scales = kal__pyramid_scales(&kal__ssim2_pyramid, e, 0, e->height, of);
    double t = 0;
    for (int channel = 0; channel < 3; channel++)
        for (int s = 0; s < scales; s++)
            for (int what = 0; what < 6; what++) {
                double sum = 0;
                for (int32_t b = 0; b < n_bands; b++) sum += bands[b].of[which][s][channel][what];
                t += weight_of(c, channel, s, scales, what) *
                     mean_or_norm(sum, (double)of[s].width * (double)of[s].height, what >= 3);
            }
    t *= 0.9562382616834844;
    t = 2.326765642916932 * t - 0.020884521182843837 * t * t + 6.248496625763138e-05 * t * t * t;
    return t > 0 ? 100 - 10 * kal__pow(t, 0.6276336467831387) : 100;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    float under[2];
    const int32_t n_bands = kal__pyramid_bands(&c->in[0]->extent);
    if (kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1))
        return kal_fail(err, KAL_NOMEM, "ssimulacra2: out of memory");
    for (int i = 0; i < kal__metric_backgrounds(c, under); i++) {
        const double score = score_of(c, gathered, n_bands, i);
        if (!i || score < out->v[0]) out->v[0] = score;
    }
    return KAL_OK;
}

static const kal_measure measure = {
    .kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end, .apart = apart};

const kal_op kal__op_ssimulacra2 = {
    .name = "ssimulacra2",
    .version = 2,
    .family = "metrics",
    .help =
        "How alike two pictures look: SSIMULACRA2 2.1, 100 for the same\n"
        "About 90 cannot be told apart side by side, 70 is high quality, 50 medium, 30 low; it may go below "
        "0.\n"
        "Gray or RGB, sides of at least 8. Samples are taken as sRGB: convert other profiles first (icc).\n"
        "Where the reference has alpha both are put over dark and over light gray, and the lower score\n"
        "counts; where only the other has, over middle gray. The blur is the exact one of nine taps, where\n"
        "the original's recursive one drifts: scores differ by 0.02 in the mean, at most 1.",
    .inputs = "reference distorted",
    KAL__PARAMS(params, kal_ssimulacra2_p),
    .cost = 60,
    .extent = kal__metric_extent,
    .need = need,
    .tables = kal__metric_tables,
    .prepare = kal__metric_prepare,
    .release = kal__metric_release,
    .scratch = scratch,
    .measure = &measure,
    .samples = KAL__SAMPLES("", "aligned=true"),
};
