// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a search expects: it goes through the probes, is the surer the nearer they are, and tells what no photograph does from what they do.
#include "check.h"

#include "../../graph/optimize_curves.h"

#include <math.h>

static kal__quality search_of(const double *look, uint64_t max_bytes, double min_score)
{
    kal__quality s = {.pixels = 1e6, .max_bytes = max_bytes, .min_score = min_score};
    kal__quality_look(&s, &webp, look);
    return s;
}

static const double plain[KAL__QUALITY_LOOKS] = {0};

static uint64_t bytes_at(const kal__quality *s, int quality, double more)
{
    return (uint64_t)(s->pixels / 8 * exp2(s->bits[quality] + more));
}

static void normal(void)
{
    for (double z = -8; z <= 8; z += 0.01) {
        const double wrong = kal__quality_normal(z) - 0.5 * erfc(-z / sqrt(2));
        REQUIRE_NOTE(fabs(wrong) < 1.5e-4, "%g: %g", z, wrong);
    }
}

// Of any look curves rise.
static void looks(void)
{
    rng r = {11};
    for (int i = 0; i < 200; i++) {
        double look[KAL__QUALITY_LOOKS];
        for (int k = 0; k < KAL__QUALITY_LOOKS; k++) look[k] = (rng_below(&r, 2001) - 1000) * 0.01;
        const kal__quality s = search_of(look, 0, 50);
        for (int q = 2; q <= KAL__QUALITY_MOST; q++)
            REQUIRE(s.bits[q] >= s.bits[q - 1] && s.score[q] >= s.score[q - 1] && s.score[q] <= 100);
    }
    const double busy[KAL__QUALITY_LOOKS] = {1, 1, 1, 1, 1, 1, 1, 0};
    const kal__quality a = search_of(plain, 0, 50), b = search_of(busy, 0, 50);
    REQUIRE(b.bits[75] > a.bits[75] + 0.5);
}

static void probes(void)
{
    kal__quality s = search_of(plain, 100000, 0);
    kal__quality_expected before, e;
    kal__quality_expect(&s, &before);
    REQUIRE(before.usual && fabs(before.mean[60] - s.bits[60]) < 1e-9);
    kal__quality_tell(&s, 60, bytes_at(&s, 60, 0.1), 0);
    kal__quality_tell(&s, 30, bytes_at(&s, 30, 0.05), 0);
    kal__quality_expect(&s, &e);
    REQUIRE(e.usual);
    REQUIRE_NOTE(fabs(e.mean[60] - s.bits[60] - 0.1) < 1e-3, "%g", e.mean[60] - s.bits[60]);
    REQUIRE_NOTE(fabs(e.mean[30] - s.bits[30] - 0.05) < 1e-3, "%g", e.mean[30] - s.bits[30]);
    REQUIRE(e.sd[60] < 0.1 * e.sd[62] && e.sd[62] < e.sd[70]);
    for (int q = 1; q <= KAL__QUALITY_MOST; q++) REQUIRE(e.sd[q] < before.sd[q]);
    REQUIRE(e.mean[45] > s.bits[45] + 0.03 && e.mean[45] < s.bits[45] + 0.15);   // between them
}

// Nobody looked, or the probes are like nothing: less is sure.
static void odd(void)
{
    kal__quality seen = search_of(plain, 100000, 0), unseen = search_of(NULL, 100000, 0);
    kal__quality_expected a, b;
    kal__quality_expect(&seen, &a);
    kal__quality_expect(&unseen, &b);
    REQUIRE(b.sd[50] > 2 * a.sd[50] && fabs(b.mean[50] - a.mean[50]) < 1e-9);
    kal__quality_tell(&seen, 50, bytes_at(&seen, 50, 5), 0);
    kal__quality_expect(&seen, &b);
    REQUIRE(!b.usual && b.sd[80] > a.sd[80]);
    REQUIRE(fabs(b.mean[50] - seen.bits[50] - 5) < 0.02 && b.mean[60] > seen.bits[60] + 4);
}

// What is probed next does not hang on the order of what was told.
static void order(void)
{
    rng r = {23};
    for (int i = 0; i < 300; i++) {
        kal__quality a = search_of(plain, 50000 + (uint64_t)rng_below(&r, 400000), 0), b = a;
        const int n = 1 + rng_below(&r, 4), from = 1 + rng_below(&r, 20);
        for (int k = 0; k < n; k++)
            kal__quality_tell(&a, from + 19 * k, bytes_at(&a, from + 19 * k, 0.05 * k), 0);
        for (int k = n - 1; k >= 0; k--)
            kal__quality_tell(&b, from + 19 * k, bytes_at(&b, from + 19 * k, 0.05 * k), 0);
        REQUIRE_NOTE(kal__quality_next(&a) == kal__quality_next(&b), "%d: %d and %d", i,
                     kal__quality_next(&a), kal__quality_next(&b));
    }
}

// What lies beyond all that is expected is looked for at the end of it, not at the beginning; of all that fits the best.
static void beyond_all(void)
{
    static const double bounds[] = {99.9, 120, 300};
    for (int i = 0; i < 3; i++) {
        kal__quality s = search_of(plain, 0, bounds[i]);
        REQUIRE_NOTE(kal__quality_next(&s) == 100, "%g: %d", bounds[i], kal__quality_next(&s));
    }
    kal__quality room = search_of(plain, 1000000000, 0), none = search_of(plain, 1, 0);
    REQUIRE_NOTE(kal__quality_next(&room) == 100, "%d", kal__quality_next(&room));
    REQUIRE_NOTE(kal__quality_next(&none) == 1, "%d", kal__quality_next(&none));
}

// Nothing was ever seen of such a look: no score beyond what there is, and little is sure.
static void strange_looks(void)
{
    const double flat[KAL__QUALITY_LOOKS] = {-2.3, -3.1, -3.8, -4.2, -4.6, -5.3, -6.3, -4},
                 wild[KAL__QUALITY_LOOKS] = {6, 6, 6, 5.5, 5.2, 4.6, 3.8, 5};
    const double *const strange[] = {flat, wild};
    static const kal__quality_curve *const curves[] = {&jpeg, &jpeg_full, &webp,   &avif,
                                                       &heif, &jxl,       &palette};
    for (int i = 0; i < 2; i++)
        for (size_t c = 0; c < sizeof curves / sizeof *curves; c++) {
            kal__quality s = {.pixels = 1e6, .max_bytes = 1000};
            kal__quality_expected e;
            kal__quality_look(&s, curves[c], strange[i]);
            REQUIRE_NOTE(s.score[1] < 90 && s.score[100] <= 100 && s.bits[100] < 12,
                         "curve %zu: %g to %g, %g", c, s.score[1], s.score[100], s.bits[100]);
            kal__quality_expect(&s, &e);
            REQUIRE(!e.usual && e.sd[50] > 0.2);
        }
}

// Of a curve that rises whatever keeps to the bound is found, be it the first quality alone, in 8 probes.
static void only_some(void)
{
    rng r = {41};
    for (int i = 0; i < 4000; i++) {
        uint64_t bytes[101] = {0};
        double score[101] = {0}, up = 500;
        const bool by_bytes = i & 1;
        for (int q = 1; q <= 100; q++) {
            up *= 1 + rng_below(&r, 1 + i % 97) * 0.001 + (rng_below(&r, 20) ? 0 : 0.3);
            bytes[q] = (uint64_t)up + (uint64_t)q;
            score[q] = 100 - 200.0 / (1 + rng_below(&r, 2) * 0.001 + q * (1 + i % 7) * 0.05);
            if (score[q] < score[q - 1] || q == 1) score[q] = q == 1 ? score[q] : score[q - 1] + 0.001;
        }
        const int last = 1 + rng_below(&r, i % 3 ? 100 : 4);
        kal__quality s = search_of(plain, by_bytes ? bytes[last] : 0, score[last]);
        for (int q; (q = kal__quality_next(&s)) != 0;) {
            if (!REQUIRE(s.n < KAL__QUALITY_PROBES && !kal__quality_is_probed(&s, q))) return;
            kal__quality_tell(&s, q, bytes[q], score[q]);
        }
        REQUIRE_NOTE(kal__quality_found(&s), "%d: by %s, up to %d", i, by_bytes ? "bytes" : "score", last);
    }
}

int main(void)
{
    normal();
    looks();
    probes();
    odd();
    order();
    beyond_all();
    strange_looks();
    only_some();
    return check_done();
}
