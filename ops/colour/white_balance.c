// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// white_balance: light of each channel times a gain, so that one colour becomes gray: sample(light(in) · gain), the curve of sRGB there and
// back (srgb.h). With m the light of that colour and Y = 0.212671 m_R + 0.715160 m_G + 0.072169 m_B its luminance, gain = Y / m. The colour
// is given, a mean of the image say, or is that of a black body: chromaticity after Kim et al. (US 7024034),
//
//     x = a/T³ + b/T² + c/T + d, two pieces with a bend at 4000 K       y = a cubic of x, three pieces
//
// divided channel by channel by that of 6500 K, at which nothing changes. Alpha stays.
#include "channels.h"
#include "colour/tone.h"
#include "srgb.h"

static double piece(const double k[4], double t)
{
    return ((k[0] * t + k[1]) * t + k[2]) * t + k[3];
}

// Light of a black body of T kelvin in sRGB, Y being 1.
static void black_body(double kelvin, double rgb[3])
{
    static const double warm[4] = {-0.2661239e9, -0.2343589e6, 0.8776956e3, 0.179910},
                        cold[4] = {-3.0258469e9, 2.1070379e6, 0.2226347e3, 0.240390},
                        low[4] = {-1.1063814, -1.34811020, 2.18555832, -0.20219683},
                        middle[4] = {-0.9549476, -1.37418593, 2.09137015, -0.16748867},
                        high[4] = {3.0817580, -5.87338670, 3.75112997, -0.37001483};
    const double x = piece(kelvin <= 4000 ? warm : cold, 1 / kelvin);
    const double y = piece(kelvin <= 2222 ? low : kelvin <= 4000 ? middle : high, x);
    const double u = x / y, w = (1 - x - y) / y;
    rgb[0] = 3.240479 * u - 1.537150 - 0.498535 * w;
    rgb[1] = -0.969256 * u + 1.875991 + 0.041556 * w;
    rgb[2] = 0.055648 * u - 0.204043 + 1.057311 * w;
}

// The light that is to be gray.
static void light_of(const kal_white_balance_p *p, double max, double m[3])
{
    if (p->gray.n) {
        for (int32_t k = 0; k < 3; k++) m[k] = kal__light(p->gray.v[k] / max);
        return;
    }
    double day[3];
    black_body(p->temperature, m);
    black_body(6500, day);
    for (int32_t k = 0; k < 3; k++) m[k] /= day[k];
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_white_balance_p *p = params;
    *out = c->in[0]->extent;
    const int32_t n = p->gray.n;
    if (kal__colours(out) != 3)
        return kal_fail(err, KAL_INVALID, "white_balance: the image has %d colour channels; 3 are needed",
                        kal__colours(out));
    if (!n == !p->temperature)
        return kal_fail(err, KAL_INVALID,
                        "white_balance: say what is to become gray, either gray=[R G B], as (photo | mean) "
                        "gives it, or temperature=5000");
    if (p->temperature && p->temperature < 2000)
        return kal_fail(err, KAL_INVALID,
                        "white_balance: temperature=%g is below 2000, of which sRGB has no colour",
                        p->temperature);
    if (n && n != 3 && n != out->channels)
        return kal_fail(err, KAL_INVALID, "white_balance: gray has %d values; give 3", n);
    for (int32_t k = 0; k < 3 && n; k++)
        if (!(p->gray.v[k] > 0))
            return kal_fail(err, KAL_INVALID,
                            "white_balance: gray has %g; what has no red, green or blue cannot become gray",
                            p->gray.v[k]);
    return kal__check_type("white_balance", out, err);
}

KAL__INLINE void balance_body(double *v, size_t n, double gain, double max)
{
    for (size_t i = 0; i < n; i++) v[i] = max * kal__sample(kal__light(v[i] / max) * gain);
}
KAL__VARIANTS(balance, (double *v, size_t n, double gain, double max), (v, n, gain, max))

static void curve(const kal_call *c, int32_t channel, double *v, size_t n)
{
    const double max = kal_type_max(c->extent.type);
    double m[3];
    light_of(c->params, max, m);
    balance(v, n, (0.212671 * m[0] + 0.715160 * m[1] + 0.072169 * m[2]) / m[channel], max);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    return kal__tone_new(c, curve, NULL, false, state, err);
}

#define PARAMS kal_white_balance_p
static const kal_param params[] = {KAL_WHITE_BALANCE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_white_balance = {
    .name = "white_balance",
    .version = 1,
    .family = "colour",
    .help = "Gains for red, green and blue, so that a colour becomes gray\n"
            "One of the two parameters must be said. gray is that colour: of a gray card, or white_balance "
            "photo\n"
            "gray=(photo | mean), by which the photo is gray on average. Or temperature: of the light in "
            "kelvin, black\n"
            "bodies' colours becoming gray; below 6500 the result is cooler, above it warmer. Luminance of "
            "that colour\n"
            "stays. Samples are sRGB and are turned into light and back; alpha stays. For RGB.",
    .inputs = "image",
    KAL__PARAMS(params, kal_white_balance_p),
    .flags = KAL_OP_POINTWISE | KAL_OP_SAMPLEWISE,
    .cost = 3,
    .extent = extent,
    .prepare = prepare,
    .release = kal__tone_free,
    .run = kal__tone_run,
    .samples =
        KAL__SAMPLES("gray=[120 100 80.5]", "temperature=3000", "temperature=12000", "gray=[0.5 0.4 0.6]"),
};
