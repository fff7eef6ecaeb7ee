// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// gaussian of 8 bits against its definition in doubles, from sigmas that hardly blur to those whose weights are a few steps of an
// integer: noise, and what shows weights that are not those of a gaussian (a line, stripes of a few pixels).
#include "check.h"

#include <math.h>

static rng r = {91};

static const double sigmas[] = {0.3, 0.5, 0.8, 1, 1.5, 1.6, 2, 3, 5, 10, 30, 100, 300, 1000};

// ---- the definition -----------------------------------------------------------------------------

static int32_t mirrored(int32_t i, int32_t n)
{
    const int32_t at = ((i % (2 * n)) + 2 * n) % (2 * n);
    return at < n ? at : 2 * n - 1 - at;
}

static double *weights_of(double sigma, int32_t radius)
{
    double *w = malloc((2 * (size_t)radius + 1) * sizeof *w), sum = 0;
    for (int32_t i = -radius; i <= radius; i++)
        sum += w[i + radius] = exp(-i * (double)i / (2 * sigma * sigma));
    for (int32_t i = 0; i <= 2 * radius; i++) w[i] /= sum;
    return w;
}

// One pass over `lines` lines of n samples, `along` samples apart; lines begin `across` apart.
static void pass(double *to, const double *from, int32_t n, size_t along, int32_t lines, size_t across,
                 const double *w, int32_t radius, bool mirror)
{
    for (int32_t l = 0; l < lines; l++)
        for (int32_t x = 0; x < n; x++) {
            double sum = 0;
            for (int32_t i = -radius; i <= radius; i++) {
                const int32_t at = mirror ? mirrored(x + i, n) : x + i < 0 ? 0 : x + i >= n ? n - 1 : x + i;
                sum += w[i + radius] * from[(size_t)l * across + (size_t)at * along];
            }
            to[(size_t)l * across + (size_t)x * along] = sum;
        }
}

static double *blurred(const unsigned char *data, int32_t width, int32_t height, double sigma, bool mirror)
{
    const int32_t radius = (int32_t)ceil(3 * sigma);
    const size_t n = (size_t)width * (size_t)height;
    double *w = weights_of(sigma, radius), *a = malloc(n * sizeof *a), *b = malloc(n * sizeof *b);
    for (size_t i = 0; i < n; i++) a[i] = data[i];
    pass(b, a, height, (size_t)width, width, 1, w, radius, mirror);
    pass(a, b, width, 1, height, (size_t)width, w, radius, mirror);
    free(b);
    free(w);
    return a;
}

// ---- pictures -----------------------------------------------------------------------------------

typedef enum kind { NOISE, LINE, STRIPES, KINDS } kind;
static const char *const names[] = {"noise", "line", "stripes"};

static void draw(kind k, unsigned char *data, const kal_extent *e, int32_t period)
{
    if (k == NOISE) rng_pixels(&r, e, data);
    for (int32_t y = 0; y < e->height && k != NOISE; y++)
        for (int32_t x = 0; x < e->width; x++) {
            const bool on = k == LINE ? x == e->width / 2 : (x + y / 3) % period == 0;
            data[(size_t)y * (size_t)e->width + (size_t)x] = on ? 255 : 0;
        }
}

static void check(kind k, int32_t width, int32_t height, int32_t period, double sigma)
{
    const kal_extent e = extent_of(width, height, 1, KAL_U8);
    const size_t n = bytes_of(&e);
    unsigned char *data = malloc(n);
    draw(k, data, &e, period);
    const bool mirror = rng_below(&r, 2);
    kal_scope *s = kal_scope_new();
    kal_node *node =
        kal_gaussian(s, kal_pixels(s, &e, data, width),
                     kal_gaussian_params(.sigma = sigma, .edge = mirror ? KAL_EDGE_MIRROR : KAL_EDGE_COPY));
    unsigned char *got = read_all(node, NULL, NULL);
    double *want = blurred(data, width, height, sigma, mirror), most = 0;
    for (size_t i = 0; i < n && REQUIRE_NOTE(got, "%s", check_error.message); i++) {
        const double d = fabs(got[i] - want[i]);
        most = d > most ? d : most;
    }
    // half a level is what a byte cannot do without
    REQUIRE_NOTE(most <= 0.53, "%s %d×%d of %d, sigma %g: %g levels off", names[k], width, height, period,
                 sigma, most);
    free(got);
    free(want);
    free(data);
    kal_scope_free(&s);
}

int main(void)
{
    for (size_t i = 0; i < sizeof sigmas / sizeof *sigmas; i++) {
        check(NOISE, 97, 61, 0, sigmas[i]);
        check(LINE, 1501, 3, 0, sigmas[i]);
        for (int32_t period = 2; period < 8; period++) check(STRIPES, 211, 23, period, sigmas[i]);
    }
    return check_done();
}
