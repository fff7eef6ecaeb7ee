// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The format "optimize": what passes keeps to its bounds, measured anew on the bytes that came; the answer hangs on the aim alone, whatever the threads,
// the memo and the order of formats; nothing better was overlooked; what was tried is remembered.
#include "optimizing.h"

#define RANDOM_AIMS 24

// ---- the guarantee ------------------------------------------------------------------------------

typedef struct aim {
    char text[200];
    double max_bytes, min_score, max_dssim;
} aim;

static aim random_aim(rng *r)
{
    static const char *const formats[] = {"jpeg", "jpeg,webp", "webp,png", "png,jpeg", "jpeg,png,webp"};
    aim a = {.max_bytes = rng_below(r, 3) ? 500 + rng_below(r, 12000) : 0};
    if (!a.max_bytes || rng_below(r, 2)) {
        if (rng_below(r, 3))
            a.min_score = 30 + rng_below(r, 65);
        else
            a.max_dssim = 0.0002 * (1 + rng_below(r, 60));
    }
    snprintf(a.text, sizeof a.text, "formats=\"%s\" max_bytes=%g min_score=%g max_dssim=%g%s",
             formats[rng_below(r, 5)], a.max_bytes, a.min_score, a.max_dssim,
             rng_below(r, 4) ? "" : " lossless=false");
    return a;
}

// Counted and measured by us, of the bytes that were given.
static void require_kept(kal_scope *s, kal_node *image, const aim *a, const kal_choice *c, uint64_t seed)
{
    const bool dssim = !strcmp(c->metric, "dssim");
    const double score = metric_of(s, c->metric, image, read_back(s, c));
    const bool fits = !(a->max_bytes > 0) || (double)c->size <= a->max_bytes;
    const bool well =
        dssim ? !(a->max_dssim > 0) || score <= a->max_dssim : !(a->min_score > 0) || score >= a->min_score;
    REQUIRE_NOTE(chosen(c)->bytes == c->size, "seed %llu", (unsigned long long)seed);
    REQUIRE_NOTE(chosen(c)->score == score, "seed %llu: %.17g told, %.17g seen", (unsigned long long)seed,
                 chosen(c)->score, score);
    REQUIRE_NOTE(c->passed == (fits && well), "seed %llu: %s: %zu bytes, %g", (unsigned long long)seed,
                 a->text, c->size, score);
    REQUIRE_NOTE(c->passed == !*chosen(c)->why, "seed %llu: %s", (unsigned long long)seed, chosen(c)->why);
    for (int32_t i = 0; i < c->n && c->passed; i++) {   // no other that was tried and keeps is better
        const kal_candidate *x = &c->candidates[i];
        const bool best = a->max_bytes > 0 && !(a->min_score > 0) && !(a->max_dssim > 0);
        if (!x->keeps || !(x->score == x->score)) continue;
        REQUIRE_NOTE(best ? x->score <= score : x->bytes >= c->size, "seed %llu", (unsigned long long)seed);
    }
}

static void test_guarantee(void)
{
    int passed = 0;
    for (uint64_t seed = 1; seed <= RANDOM_AIMS; seed++) {
        rng r = {seed};
        kal_scope *s = kal_scope_new();
        kal_node *image =
            scene(s, 60 + rng_below(&r, 100), 60 + rng_below(&r, 60), rng_below(&r, 2) ? 3 : 1, KAL_U8, seed);
        const aim a = random_aim(&r);
        kal_choice c;
        REQUIRE_OK(kal_choose(optimized(s, image, a.text), NULL, &c, &check_error));
        if (c.n) require_kept(s, image, &a, &c, seed);
        passed += c.passed;
        kal_choice_release(&c);
        kal_scope_free(&s);
    }
    REQUIRE_NOTE(passed > RANDOM_AIMS / 3, "%d passed", passed);
}

// ---- the answer hangs on the aim alone ----------------------------------------------------------

static bool same_choice(const kal_choice *a, const kal_choice *b)
{
    return a->size == b->size && !memcmp(a->data, b->data, a->size) && a->n == b->n &&
           a->passed == b->passed && !strcmp(chosen(a)->params, chosen(b)->params);
}

static void test_same_for_all(void)
{
    static const char *const aims[] = {"min_score=75 formats=\"jpeg,png,webp\"",
                                       "max_bytes=5000 formats=\"jpeg,png,webp\"",
                                       "max_dssim=0.003 max_bytes=3000 formats=\"webp,jpeg\""};
    for (size_t k = 0; k < 3; k++) {
        kal_scope *s = kal_scope_new();
        kal_node *n = optimized(s, scene(s, 150, 120, 3, KAL_U8, 9), aims[k]);
        kal_choice first = {.n = 0};
        for (int way = 0; way < 5; way++) {
            static const int32_t threads[] = {1, 2, 8, 3, 1};
            kal_memo *memo = kal_memo_new(way == 3 ? 1 << 16 : 64 << 20);
            kal_choice c, again;
            const kal_options o = {.threads = threads[way],
                                   .memo = memo,
                                   .memo_mode = way == 4 ? KAL_MEMO_NEVER : KAL_MEMO_AUTO};
            REQUIRE_OK(kal_choose(n, &o, &c, &check_error));
            REQUIRE(!c.found);
            REQUIRE_OK(kal_choose(n, &o, &again, &check_error));
            REQUIRE(same_choice(&c, &again) &&
                    (way == 3 || again.found == (way < 3)));   // a tiny memo keeps what it can
            if (first.n) REQUIRE_NOTE(same_choice(&first, &c), "aim %zu, way %d", k, way);
            kal_choice_release(&again);
            if (way)
                kal_choice_release(&c);
            else
                first = c;
            kal_memo_free(&memo);
        }
        kal_choice_release(&first);
        kal_scope_free(&s);
    }
}

// Also where bytes and score are both bounded and the picture may become smaller, so that lines end in many ways.
static void test_order_of_formats(void)
{
    static const char *const orders[] = {"jpeg,webp,png", "png,webp,jpg", "webp,jpeg,png"};
    rng r = {11};
    for (int i = 0; i < 12; i++) {
        kal_scope *s = kal_scope_new();
        kal_node *image = scene(s, 60 + rng_below(&r, 100), 60 + rng_below(&r, 80), 3, KAL_U8, rng_next(&r));
        char bounds[100];
        snprintf(bounds, sizeof bounds, "min_score=%d max_bytes=%d allow_downscale=%s",
                 40 + rng_below(&r, 50), i ? 200 + rng_below(&r, 4000) : 100000, i & 1 ? "true" : "false");
        kal_choice first = {.n = 0}, c;
        for (int k = 0; k < 3; k++) {
            char text[200];
            snprintf(text, sizeof text, "%s formats=\"%s\"", bounds, orders[k]);
            if (!REQUIRE_OK(kal_choose(optimized(s, image, text), NULL, &c, &check_error))) continue;
            if (k)
                REQUIRE_NOTE(c.size == first.size && !memcmp(c.data, first.data, c.size) && c.n == first.n,
                             "%s: %zu bytes of %d tries, %zu of %d first", text, c.size, c.n, first.size,
                             first.n);
            if (k)
                kal_choice_release(&c);
            else
                first = c;
        }
        kal_choice_release(&first);
        kal_scope_free(&s);
    }
}

// ---- nothing better was overlooked --------------------------------------------------------------

enum { ALL = 100 };
typedef struct point {
    uint64_t bytes;
    double score;
} point;

static void all_qualities(kal_scope *s, kal_node *image, const char *format, const char *fixed,
                          point out[ALL])
{
    for (int q = 1; q <= ALL; q++) {
        char params[96];
        kal_bytes b;
        snprintf(params, sizeof params, "quality=%d %s", q, fixed);
        REQUIRE_OK(kal_read_bytes(kal_encode(s, image, format, params), NULL, &b, &check_error));
        out[q - 1] =
            (point){b.size, metric_of(s, "ssimulacra2", image, kal_load_bytes(s, b.data, b.size, NULL))};
        kal_bytes_free(&b);
    }
}

// The fewest bytes of the qualities from which on each reaches the score.
static uint64_t surely(point points[2][ALL], double score)
{
    uint64_t fewest = UINT64_MAX;
    for (int format = 0; format < 2; format++)
        for (int k = ALL; k-- > 0 && points[format][k].score >= score;)
            if (k == 0 || points[format][k - 1].score < score)
                fewest = points[format][k].bytes < fewest ? points[format][k].bytes : fewest;
    return fewest;
}

static void test_nothing_overlooked(void)
{
    static point points[2][ALL];
    kal_scope *s = kal_scope_new();
    kal_node *image = scene(s, 130, 120, 3, KAL_U8, 5);
    all_qualities(s, image, "jpeg", "progressive=true optimize=true tables=tuned subsampling=420", points[0]);
    all_qualities(s, image, "webp", "effort=4", points[1]);
    int far = 0;
    for (int i = 0; i < 24; i++) {
        const bool by_bytes = i & 1;
        const double bound = by_bytes ? 900 + 400 * i : 30 + 2.5 * i;
        uint64_t fewest = UINT64_MAX;
        double highest = -1e9;
        for (int k = 0; k < 2 * ALL; k++) {   // by bytes of each format its highest quality that fits
            const point *p = &points[k / ALL][k % ALL];
            const bool last = k % ALL == ALL - 1 || (double)p[1].bytes > bound;
            if (by_bytes && (double)p->bytes <= bound && last && p->score > highest) highest = p->score;
            if (!by_bytes && p->score >= bound && p->bytes < fewest) fewest = p->bytes;
        }
        const bool feasible = by_bytes ? highest > -1e9 : fewest < UINT64_MAX;
        char params[160];
        kal_choice c;
        snprintf(params, sizeof params, "%s=%g formats=\"jpeg,webp\" subsampling=420 lossless=false",
                 by_bytes ? "max_bytes" : "min_score", bound);
        REQUIRE_OK(kal_choose(optimized(s, image, params), NULL, &c, &check_error));
        REQUIRE_NOTE(c.passed == feasible, "%s", params);
        REQUIRE_NOTE(c.n <= 16, "%s: %d tried", params, c.n);
        if (feasible && by_bytes)
            REQUIRE_NOTE(chosen(&c)->score >= highest - 1 || (double)c.size >= 0.99 * bound, "%s: %g of %g",
                         params, chosen(&c)->score, highest);
        const bool near = chosen(&c)->score <= bound + 1;   // or a hundredth of the bytes
        if (feasible && !by_bytes)
            REQUIRE_NOTE((double)c.size <= 1.01 * (double)surely(points, bound) || near, "%s: %zu of %llu",
                         params, c.size, (unsigned long long)surely(points, bound));
        far += feasible && !by_bytes && (double)c.size > 1.01 * (double)fewest && !near;
        kal_choice_release(&c);
    }
    // Where scores fall and rise again one quality alone may do better than all around it: it is not always seen.
    REQUIRE_NOTE(far <= 1, "%d of 12 far from the best", far);
    kal_scope_free(&s);
}

// ---- what was tried is remembered ---------------------------------------------------------------

// How many qualities are new, of JPEGs of halved colour; others count as new.
static int note_tried(const kal_choice *c, bool tried[101])
{
    int more = 0;
    for (int32_t i = 0; i < c->n; i++) {
        int q = 0;
        const bool half =
            strstr(c->candidates[i].params, "420") && sscanf(c->candidates[i].params, "quality=%d", &q) == 1;
        more += !half || !tried[q];
        if (half) tried[q] = true;
    }
    return more;
}

static void test_remembered(void)
{
    kal_scope *s = kal_scope_new();
    kal_memo *memo = kal_memo_new(256 << 20);
    kal_stats stats;
    const kal_options o = {.memo = memo, .stats = &stats};
    kal_node *image = scene(s, 200, 150, 3, KAL_U8, 3);
    kal_choice c;
    kal_bytes b;
    kal_node *n = optimized(s, image, "min_score=80 formats=\"jpeg\" lossless=false subsampling=420");
    REQUIRE_OK(kal_choose(n, &o, &c, &check_error));
    REQUIRE(stats.encodes == (uint64_t)c.n && stats.decodes == (uint64_t)c.n);
    REQUIRE_OK(kal_read_bytes(n, &o, &b, &check_error));
    REQUIRE(b.size == c.size && !memcmp(b.data, c.data, b.size));
    REQUIRE(!stats.encodes && !stats.decodes && !stats.computed_tiles);
    kal_bytes_free(&b);
    bool tried[101] = {false};
    const int before = note_tried(&c, tried);
    REQUIRE(before == c.n);
    kal_choice_release(&c);
    for (int score = 70; score < 80; score++) {   // what was tried for another aim is not made again
        char params[96];
        snprintf(params, sizeof params, "min_score=%d formats=\"jpeg\" lossless=false subsampling=420",
                 score);
        REQUIRE_OK(kal_choose(optimized(s, image, params), &o, &c, &check_error));
        const int more = note_tried(&c, tried);
        REQUIRE_NOTE(stats.encodes == (uint64_t)more && stats.decodes == (uint64_t)more,
                     "%s: %llu encodes, %d new", params, (unsigned long long)stats.encodes, more);
        kal_choice_release(&c);
    }
    kal_memo_free(&memo);
    kal_scope_free(&s);
}

static void test_nothing_scored(void)
{
    kal_scope *s = kal_scope_new();
    kal_memo *memo = kal_memo_new(64 << 20);
    kal_stats stats;
    const kal_options o = {.memo = memo, .stats = &stats};
    kal_choice c;
    kal_node *image = scene(s, 100, 80, 3, KAL_U8, 3);
    REQUIRE_OK(kal_choose(optimized(s, image, "metric=none quality=70 formats=\"jpeg,webp,png\""), &o, &c,
                          &check_error));
    REQUIRE(!stats.decodes && stats.encodes == (uint64_t)c.n && c.passed);
    for (int32_t i = 0; i < c.n; i++)
        REQUIRE(!(c.candidates[i].score == c.candidates[i].score) && c.candidates[i].bytes >= c.size);
    kal_choice_release(&c);
    REQUIRE_OK(
        kal_choose(optimized(s, image, "metric=none max_bytes=3000 formats=\"jpeg\""), &o, &c, &check_error));
    REQUIRE(!stats.decodes && c.passed && c.size <= 3000 && !strcmp(c.metric, "none"));
    for (int32_t i = 0; i < c.n; i++)
        REQUIRE(c.candidates[i].bytes <= c.size || c.candidates[i].bytes > 3000);
    kal_choice_release(&c);
    kal_memo_free(&memo);
    kal_scope_free(&s);
}

int main(void)
{
    if (formats_are_missing()) return check_done();
    test_guarantee();
    test_same_for_all();
    test_order_of_formats();
    test_nothing_overlooked();
    test_remembered();
    test_nothing_scored();
    kal_memo_clear(NULL);
    return check_done();
}
