// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The search for a quality: over tables of what encoders really gave (where they are there), and over curves made up, rising and not quite: the bound is kept, what
// can be met is met, near the best there is, in few probes.
#include "check.h"

#include "../../graph/optimize_curves.h"
#include "quality_standard.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct table {
    char name[80];
    const kal__quality_curve *curve;
    double pixels;
    const double *look;   // NULL: made up
    uint64_t bytes[101];
    double score[101];
} table;

typedef struct tally {
    int searches, probes, most, missed, far;
} tally;

// Far: more than a hundredth of the bytes and more than a point from the best.
static void search(const table *t, uint64_t max_bytes, double min_score, tally *n)
{
    kal__quality s = {.pixels = t->pixels, .max_bytes = max_bytes, .min_score = min_score};
    kal__quality_look(&s, t->curve, t->look);
    int best = 0;
    for (int q = 1; q <= 100; q++) {
        if (max_bytes ? t->bytes[q] > max_bytes : t->score[q] < min_score) continue;
        if (!best || (max_bytes ? t->score[q] > t->score[best] : t->bytes[q] < t->bytes[best])) best = q;
    }
    for (int q; (q = kal__quality_next(&s)) != 0;) {
        for (int i = 0; i < s.n; i++)
            REQUIRE_NOTE(s.probes[i].quality != q, "%s: %d is tried twice", t->name, q);
        if (!REQUIRE_NOTE(q >= 1 && q <= 100 && s.n < KAL__QUALITY_PROBES, "%s: %d", t->name, q)) break;
        kal__quality_tell(&s, q, t->bytes[q], t->score[q]);
    }
    const kal__quality_probe *p = kal__quality_found(&s);
    if (p) REQUIRE(max_bytes ? p->bytes <= max_bytes : p->score >= min_score);
    if (!best && t->look)   // of what encoders gave
        REQUIRE_NOTE(s.n <= 6, "%s: %d probes for what cannot be had", t->name, s.n);
    n->searches += best > 0;
    n->probes += best ? s.n : 0;
    if (best && s.n > n->most) n->most = s.n;
    n->missed += best && !p;
    if (!best || !p) return;
    const double bytes = (double)t->bytes[best];
    const bool far = max_bytes ? (double)p->bytes < 0.99 * bytes && p->score < t->score[best] - 1
                               : (double)p->bytes > 1.01 * bytes && p->score > t->score[best] + 1;
    n->far += far;
}

static void all_of(const table *t, tally *n)
{
    for (int q = 1; q <= 100; q++)
        for (int less = -1; less <= 1; less++) search(t, t->bytes[q] + (uint64_t)(int64_t)less, 0, n);
    for (double b = (double)t->bytes[1] * 0.8; b < (double)t->bytes[100] * 1.3; b *= 1.02)
        search(t, (uint64_t)b, 0, n);
    double least = t->score[1], most = t->score[1];   // beyond them the first probe is the last
    for (int q = 2; q <= 100; q++) {
        if (t->score[q] < least) least = t->score[q];
        if (t->score[q] > most) most = t->score[q];
    }
    search(t, 0, least - 5, n);
    search(t, 0, most + 1, n);
    for (double score = least; score <= most; score += 0.1) search(t, 0, score, n);
}

// Of curves that jump at random one in a hundred may be far; the bound is kept always.
static void report(const char *what, const tally *n, double most, int far)
{
    printf("%s: %d searches, %.2f probes in the mean, at most %d, %d far from the best\n", what, n->searches,
           (double)n->probes / n->searches, n->most, n->far);
    REQUIRE_NOTE(!n->missed && n->most <= 8, "%s: %d missed, %d probes", what, n->missed, n->most);
    REQUIRE_NOTE(n->far <= far, "%s: %d far", what, n->far);
    REQUIRE_NOTE((double)n->probes <= most * n->searches, "%s: %.2f probes", what,
                 (double)n->probes / n->searches);
}

// Curves unlike the mean ones: steeper, flatter, shifted, with steps; always rising.
static void made_up(void)
{
    rng r = {3};
    tally n = {0};
    for (int i = 0; i < 60; i++) {
        table t = {
            .name = "made up", .curve = i % 2 ? &jpeg : &webp, .pixels = 1e4 * (1 + rng_below(&r, 1000))};
        double bits = -4 + rng_below(&r, 50) * 0.1, score = -80 + rng_below(&r, 80);
        const double steep = 0.005 + rng_below(&r, 100) * 0.001, climb = (97 - score) / 100;
        for (int q = 1; q <= 100; q++) {
            bits += steep * (0.2 + rng_below(&r, 17) * 0.1) + (rng_below(&r, 30) ? 0 : 0.2);
            score += climb * (0.1 + rng_below(&r, 19) * 0.1);
            t.bytes[q] = (uint64_t)(t.pixels / 8 * exp2(bits)) + (uint64_t)q;
            t.score[q] = score;
        }
        all_of(&t, &n);
    }
    report("made up", &n, 5.5, n.searches / 100);
}

// The pictures of the tables, and what kal__look says of them.
static const struct {
    const char *name;
    double pixels, look[KAL__QUALITY_LOOKS];
} pictures[] = {{"coffee.png", 256 * 192, {1.088, 1.212, 1.150, 1.162, 1.152, 1.086, 0.969, 0.206}},
                {"k23.png", 256 * 256, {0.908, 0.979, 0.911, 0.896, 0.872, 0.788, 0.745, -0.131}},
                {"astro.png", 256 * 256, {0.956, 1.011, 0.968, 0.980, 0.970, 0.908, 0.805, -0.734}}};

static void tables(void)
{
    const char *path = check_shared("data/metrics/rd_tables.tsv");
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f) {
        check_skip("KAL_SHARED has no data/metrics/rd_tables.tsv");
        return;
    }
    char line[300], ref[60], codec[20];
    table t = {0};
    int q;
    tally formats[2] = {{0}, {0}};
    while (fgets(line, sizeof line, f)) {
        unsigned long long bytes;
        double score;
        if (sscanf(line, "%59s %19s %d %llu %lf", ref, codec, &q, &bytes, &score) != 5) continue;
        t.bytes[q] = bytes, t.score[q] = score;
        if (q < 100) continue;
        snprintf(t.name, sizeof t.name, "%s %s", ref, codec);
        int of = 0;
        while (of < 2 && strcmp(pictures[of].name, ref) != 0) of++;
        t.pixels = pictures[of].pixels;
        t.look = pictures[of].look;
        const int is_webp = !strcmp(codec, "webp");
        t.curve = is_webp ? &webp : &jpeg_standard;
        all_of(&t, &formats[is_webp]);
    }
    fclose(f);
    report("tables of jpeg", &formats[0], 3.2, 0);
    report("tables of webp", &formats[1], 2.8, 0);
}

// Where there are few steps, the one that is found lies at most one from the best there is, in as few probes as were allowed.
static void steps(void)
{
    static const uint8_t at[] = {1, 7, 14, 20, 27, 34, 40, 47, 53, 60, 67, 73, 80, 86, 93, 100};
    rng r = {7};
    int far = 0, searches = 0;
    for (int i = 0; i < 4000; i++) {
        double score[16];
        const int n = rng_below(&r, 17);
        for (int k = 0; k < 16; k++)
            score[k] = (k ? score[k - 1] : -80 + rng_below(&r, 150)) + 0.5 * rng_below(&r, 30);
        kal__quality s = {.steps = at, .n_steps = n, .most = 5, .pixels = 1e5};
        kal__quality_look(&s, &jpeg, NULL);
        const bool by_bytes = i & 1;
        s.min_score = rng_below(&r, 100);
        if (by_bytes) s.max_bytes = 1000 + (uint64_t)rng_below(&r, 30000);
        int best = -1;
        uint64_t bytes[16];
        for (int k = 0; k < n; k++) {
            bytes[k] = (uint64_t)(5000 + 200 * score[k]) - (score[k] < -20 ? 0 : 1);
            if (score[k] < -20) bytes[k] = (uint64_t)(900 + k);
            if (by_bytes ? bytes[k] <= s.max_bytes : best < 0 && score[k] >= s.min_score) best = k;
        }
        for (int q; (q = kal__quality_next(&s)) != 0;) {
            int k = 0;
            while (k < n && at[k] != q) k++;
            if (!REQUIRE_NOTE(k < n && s.n < 5, "%d, probe %d", q, s.n)) break;
            for (int j = 0; j < s.n; j++) REQUIRE_NOTE(s.probes[j].quality != q, "%d is tried twice", q);
            kal__quality_tell(&s, q, bytes[k], score[k]);
        }
        const kal__quality_probe *p = kal__quality_found(&s);
        REQUIRE((best >= 0) == (p != NULL));
        if (!p || best < 0) continue;
        searches++;
        const int away = p->quality - at[best];
        far += !by_bytes && p->score <= s.min_score + 1 ? 0 : away > 8 || away < -8;
    }
    printf("steps: %d searches, %d more than one from the best\n", searches, far);
    REQUIRE(far <= searches / 20);
}

int main(void)
{
    steps();
    made_up();
    tables();
    return check_done();
}
