// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Several formats searched together: what comes of it is as good as the best of what each gives alone, in fewer files; files that lose nothing are not made where they
// cannot be small enough, and are chosen where they are.
#include "optimizing.h"

#define RANDOM_AIMS 16

static const char *const formats[] = {"jpeg", "webp", "png", "avif"};
enum { FORMATS = sizeof formats / sizeof *formats };

typedef struct outcome {
    bool passed;
    double bytes, score;
    int32_t tries, slow;   // of these: files of WebP that lose nothing
    char format[16];
} outcome;

static outcome search(kal_node *image, const char *wanted, double min_score, double max_bytes)
{
    char aim[200];
    kal_scope *s = kal_scope_new();
    kal_choice c = {0};
    snprintf(aim, sizeof aim, "formats=\"%s\" min_score=%g max_bytes=%g original=false", wanted, min_score,
             max_bytes);
    outcome o = {.passed = false};
    if (REQUIRE_OK(kal_choose(kal_encode(s, image, "optimize", aim), NULL, &c, &check_error))) {
        const kal_candidate *best = &c.candidates[c.chosen];
        o = (outcome){.passed = c.passed, .bytes = (double)c.size, .score = best->score, .tries = c.n};
        snprintf(o.format, sizeof o.format, "%s", best->format);
        for (int32_t i = 0; i < c.n; i++)
            o.slow += !strcmp(c.candidates[i].format, "webp") &&
                      strstr(c.candidates[i].params, "lossless=true") != NULL;
    }
    kal_choice_release(&c);
    kal_scope_free(&s);
    return o;
}

static kal_node *picture(kal_scope *s, rng *r)
{
    static const char *const kinds[] = {"scene", "scene", "ramps", "text", "zone"};
    char text[100];
    snprintf(text, sizeof text, "%s width=%d height=%d", kinds[rng_below(r, 5)], 120 + (int)rng_below(r, 120),
             120 + (int)rng_below(r, 120));
    kal_node *n = kal_apply_text(s, "sample", text, NULL, 0);
    if (rng_below(r, 2)) {
        snprintf(text, sizeof text, "amount=%d", 2 + (int)rng_below(r, 14));
        n = kal_apply_text(s, "add_noise", text, &n, 1);
    }
    if (!rng_below(r, 3)) n = kal_apply_text(s, "gray", "", &n, 1);
    REQUIRE_OK(kal_node_error(n, &check_error));
    return n;
}

// Of both bounds, which cannot be had: something that fits, where a format alone has it.
static void fits_as_each(kal_node *n, const char *all, double min_score, double max_bytes, uint64_t seed)
{
    bool fits = false;
    for (int i = 0; i < FORMATS; i++)
        if (is_there(formats[i])) fits |= search(n, formats[i], min_score, max_bytes).bytes <= max_bytes;
    const outcome o = search(n, all, min_score, max_bytes);
    REQUIRE_NOTE(!fits || o.bytes <= max_bytes, "seed %llu: score %g: %g bytes of %g",
                 (unsigned long long)seed, min_score, o.bytes, max_bytes);
}

// Near enough: a hundredth of the bytes, or a point; and what loses nothing may have taken the place of a near one.
static bool is_near(const outcome *o, const outcome *best)
{
    return o->bytes <= 1.01 * best->bytes || o->score <= best->score + 1 ||
           (o->score == 100 && o->bytes <= 1.2 * best->bytes);
}

static void as_good_as_each(uint64_t seed, int *together, int *alone)
{
    rng r = {seed};
    kal_scope *s = kal_scope_new();
    kal_node *n = picture(s, &r);
    const double min_score = 30 + (double)rng_below(&r, 68);
    char all[60] = "";
    outcome best = {.passed = false};
    for (int i = 0; i < FORMATS; i++) {
        if (!is_there(formats[i])) continue;
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", *all ? "," : "", formats[i]);
        const outcome o = search(n, formats[i], min_score, 0);
        *alone += o.tries;
        if (o.passed && (!best.passed || o.bytes < best.bytes)) best = o;
    }
    const outcome o = search(n, all, min_score, 0);
    *together += o.tries;
    REQUIRE_NOTE(o.passed == best.passed, "seed %llu: %d", (unsigned long long)seed, o.passed);
    REQUIRE_NOTE(!o.passed || is_near(&o, &best),
                 "seed %llu: score %g: %s of %g bytes, %g, together; %s of %g, %g, alone",
                 (unsigned long long)seed, min_score, o.format, o.bytes, o.score, best.format, best.bytes,
                 best.score);
    if (best.passed)
        fits_as_each(n, all, min_score, floor(best.bytes * (0.4 + 0.1 * (double)rng_below(&r, 5))), seed);
    kal_scope_free(&s);
}

// Slow files that lose nothing: none of a photograph, for a score; those of a drawing, where they win.
static void slow_ones(void)
{
    kal_scope *s = kal_scope_new();
    if (!is_there("webp")) {
        check_skip("there is no WebP");
        kal_scope_free(&s);
        return;
    }
    kal_node *n = kal_apply_text(s, "sample", "scene width=300 height=200", NULL, 0);
    n = kal_apply_text(s, "add_noise", "amount=12", &n, 1);
    outcome o = search(n, "jpeg,webp", 60, 0);
    REQUIRE(o.passed && o.slow == 0);
    n = kal_apply_text(s, "sample", "text width=300 height=200", NULL, 0);
    o = search(n, "jpeg,webp", 90, 0);
    REQUIRE(o.passed && o.slow > 0 && o.score == 100);
    kal_scope_free(&s);
}

int main(void)
{
    int together = 0, alone = 0;
    for (int i = 0; i < RANDOM_AIMS; i++) as_good_as_each(1000 + (uint64_t)i, &together, &alone);
    printf("%d files together, %d alone\n", together, alone);
    REQUIRE(together < alone);
    slow_ones();
    return check_done();
}
