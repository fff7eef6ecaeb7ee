// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The format "optimize": what passes keeps to its bounds, measured anew on the bytes that came; the answer hangs on the aim alone, whatever the threads,
// the memo and the order of formats; nothing better was overlooked; what was tried is remembered; what is kept as it is; pictures of all kinds; what is refused.
#include "check.h"

#include <math.h>

#define RANDOM_AIMS 24

// A picture that has something of everything: a ramp, texture, edges.
static kal_node *scene(kal_scope *s, int32_t w, int32_t h, int32_t channels, kal_type type, uint64_t seed)
{
    const kal_extent e = extent_of(w, h, channels, type);
    unsigned char *p = malloc(bytes_of(&e));
    rng r = {seed};
    const bool alpha = channels == 2 || channels == 4;
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            for (int32_t c = 0; c < channels; c++) {
                const size_t i = ((size_t)y * (size_t)w + (size_t)x) * (size_t)channels + (size_t)c;
                int v =
                    (x * (3 + c) + y * 2) % 256 / 2 + (((x / 16) ^ (y / 16)) & 1) * 60 + rng_below(&r, 24);
                if (alpha && c == channels - 1) v = x < w / 2 ? 255 : 128;
                v = v > 255 ? 255 : v;
                if (type == KAL_U8) p[i] = (unsigned char)v;
                if (type == KAL_U16) ((uint16_t *)(void *)p)[i] = (uint16_t)(v * 257);
                if (type == KAL_F32) ((float *)(void *)p)[i] = (float)v / 255.0f;
            }
    kal_node *n = kal_pixels(s, &e, p, (ptrdiff_t)((size_t)w * kal_pixel_size(&e)));
    REQUIRE_OK(kal_node_error(n, &check_error));
    free(p);
    return n;
}

static kal_node *optimized(kal_scope *s, kal_node *n, const char *params)
{
    kal_node *o = kal_encode(s, n, "optimize", params);
    REQUIRE_OK(kal_node_error(o, &check_error));
    return o;
}

static double metric_of(kal_scope *s, const char *metric, kal_node *a, kal_node *b)
{
    kal_node *const in[2] = {a, b};
    kal_extent e;
    kal_value v = {0};
    REQUIRE_OK(kal_node_extent(a, &e, &check_error));
    const bool small = !strcmp(metric, "ssimulacra2") && (e.width < 113 || e.height < 113);
    REQUIRE_OK(kal_read_value(kal_apply_text(s, metric, small ? "aligned=true" : "", in, 2), NULL, &v,
                              &check_error));
    const double score = v.v ? v.v[0] : (double)NAN;
    kal_value_free(&v);
    return score;
}

static kal_node *decoded(kal_scope *s, const kal_choice *c)
{
    kal_node *n = kal_load_bytes(s, c->data, c->size, "upright=false");
    REQUIRE_OK(kal_node_error(n, &check_error));
    return n;
}

static const kal_candidate *chosen(const kal_choice *c)
{
    return &c->candidates[c->chosen];
}

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
    const double score = metric_of(s, c->metric, image, decoded(s, c));
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

static void test_order_of_formats(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *image = scene(s, 150, 120, 3, KAL_U8, 11);
    kal_choice a, b;
    REQUIRE_OK(
        kal_choose(optimized(s, image, "min_score=70 formats=\"jpeg,webp,png\""), NULL, &a, &check_error));
    REQUIRE_OK(
        kal_choose(optimized(s, image, "min_score=70 formats=\"png,webp,jpg\""), NULL, &b, &check_error));
    REQUIRE(a.size == b.size && !memcmp(a.data, b.data, a.size));
    kal_choice_release(&a);
    kal_choice_release(&b);
    kal_scope_free(&s);
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

static void test_nothing_overlooked(void)
{
    static point points[2][ALL];
    kal_scope *s = kal_scope_new();
    kal_node *image = scene(s, 130, 120, 3, KAL_U8, 5);
    all_qualities(s, image, "jpeg", "progressive=true optimize=true tables=tuned subsampling=420", points[0]);
    all_qualities(s, image, "webp", "effort=4", points[1]);
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
        if (feasible && !by_bytes)   // a hundredth of the bytes, or a point
            REQUIRE_NOTE((double)c.size <= 1.01 * (double)fewest || chosen(&c)->score <= bound + 1,
                         "%s: %zu of %llu", params, c.size, (unsigned long long)fewest);
        kal_choice_release(&c);
    }
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

// ---- the original -------------------------------------------------------------------------------

static void write_bytes(const char *path, const kal_bytes *b)
{
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(b->data, 1, b->size, f) == b->size);
    if (f) fclose(f);
}

static void test_original(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b;
    kal_choice c;
    const char *path = check_temp("small.jpg");
    REQUIRE_OK(kal_read_bytes(kal_encode(s, scene(s, 160, 120, 3, KAL_U8, 2), "jpeg", "quality=30"), NULL, &b,
                              &check_error));
    write_bytes(path, &b);
    kal_node *photo = kal_load(s, path, NULL);
    kal_bytes gif;   // of a format that is not tried unless it is asked for
    REQUIRE_OK(
        kal_read_bytes(kal_encode(s, scene(s, 20, 20, 1, KAL_U8, 2), "gif", NULL), NULL, &gif, &check_error));
    kal_node *still = kal_load_bytes(s, gif.data, gif.size, NULL);
    REQUIRE_OK(kal_choose(optimized(s, still, "min_score=100"), NULL, &c, &check_error));
    REQUIRE(c.candidates[0].original && c.size <= gif.size);
    kal_choice_release(&c);
    kal_bytes_free(&gif);
    REQUIRE_OK(
        kal_choose(optimized(s, photo, "min_score=90 formats=\"jpeg, png,png\""), NULL, &c, &check_error));
    REQUIRE(c.passed && chosen(&c)->original && c.size == b.size && !memcmp(c.data, b.data, b.size));
    REQUIRE_TEXT(c.suffix, "jpg");
    REQUIRE_TEXT(c.media_type, "image/jpeg");
    kal_node *file = kal_choice_file(s, &c);
    kal_choice_release(&c);
    const char *out = check_temp("kept.jpg");
    REQUIRE_OK(kal_write_files(&file, &out, 1, NULL, &check_error));
    kal_node *back = kal_load(s, out, NULL);
    kal_key keys[2];
    REQUIRE_OK(kal_node_key(back, &keys[0], &check_error));
    REQUIRE_OK(kal_node_key(photo, &keys[1], &check_error));
    REQUIRE(kal_key_equal(keys[0], keys[1]));
    static const char *const without[] = {"min_score=90 formats=\"jpeg\" original=false",
                                          "min_score=90 formats=\"png\"",
                                          "min_score=90 formats=\"jpeg\" metadata=strip"};
    for (size_t i = 0; i < 3; i++) {
        REQUIRE_OK(kal_choose(optimized(s, photo, without[i]), NULL, &c, &check_error));
        for (int32_t k = 0; k < c.n; k++) REQUIRE_NOTE(!c.candidates[k].original, "%s", without[i]);
        kal_choice_release(&c);
    }
    kal_node *cut = kal_apply_text(s, "crop", "x=0 y=0 width=100 height=100", &photo, 1);
    REQUIRE_OK(kal_choose(optimized(s, cut, "min_score=60 formats=\"jpeg\""), NULL, &c, &check_error));
    for (int32_t k = 0; k < c.n; k++) REQUIRE(!c.candidates[k].original);
    kal_choice_release(&c);
    kal_bytes_free(&b);
    const char *other = check_temp("other.jpg");
    REQUIRE_OK(kal_read_bytes(kal_encode(s, scene(s, 160, 120, 3, KAL_U8, 21), "jpeg", "quality=30"), NULL,
                              &b, &check_error));
    write_bytes(other, &b);
    kal_node *later = optimized(s, kal_load(s, other, NULL), "min_score=50 formats=\"jpeg\"");
    b.data[b.size / 2] ^= 1;   // another file by now
    write_bytes(other, &b);
    REQUIRE_FAILS(KAL_CHANGED, kal_choose(later, NULL, &c, &check_error));
    REQUIRE(!c.n && !c.held);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// ---- pictures of all kinds ----------------------------------------------------------------------

static void test_kinds(void)
{
    static const struct {
        int32_t w, h, channels;
        kal_type type;
        const char *params, *only;   // only: the format that must win; NULL: any
    } kinds[] = {{1, 1, 3, KAL_U8, "", NULL},
                 {7, 9, 3, KAL_U8, "min_score=80", NULL},
                 {9, 7, 1, KAL_U8, "max_bytes=400", NULL},
                 {120, 90, 1, KAL_U8, "min_score=70", NULL},
                 {120, 90, 4, KAL_U8, "min_score=70", NULL},
                 {120, 90, 2, KAL_U8, "min_score=70", NULL},
                 {64, 48, 3, KAL_U16, "min_score=70", NULL},
                 {64, 48, 3, KAL_U16, "formats=\"png\" min_score=100", "png"},
                 {64, 48, 3, KAL_F32, "min_score=70", NULL}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        kal_scope *s = kal_scope_new();
        kal_choice c;
        kal_extent e;
        kal_node *image = scene(s, kinds[i].w, kinds[i].h, kinds[i].channels, kinds[i].type, 4);
        REQUIRE_OK(kal_choose(optimized(s, image, kinds[i].params), NULL, &c, &check_error));
        if (c.n) {
            REQUIRE_NOTE(c.passed, "kind %zu: %s", i, chosen(&c)->why);
            REQUIRE_NOTE(!kinds[i].only || !strcmp(chosen(&c)->format, kinds[i].only), "kind %zu", i);
            REQUIRE_OK(kal_node_extent(decoded(s, &c), &e, &check_error));
            REQUIRE_NOTE(e.width == kinds[i].w && e.height == kinds[i].h, "kind %zu", i);
            REQUIRE_NOTE(e.alpha || kinds[i].channels % 2, "kind %zu: alpha is gone", i);
        }
        kal_choice_release(&c);
        kal_scope_free(&s);
    }
}

// 16 bits are whole in a PNG.
static void test_sixteen_bits(void)
{
    kal_scope *s = kal_scope_new();
    kal_choice c;
    kal_key a, b;
    kal_node *image = scene(s, 64, 48, 3, KAL_U16, 4);
    REQUIRE_OK(kal_choose(optimized(s, image, "formats=\"png\" min_score=100"), NULL, &c, &check_error));
    REQUIRE_OK(kal_content_key(image, NULL, &a, &check_error));
    REQUIRE_OK(kal_content_key(decoded(s, &c), NULL, &b, &check_error));
    REQUIRE(kal_key_equal(a, b));
    kal_choice_release(&c);
    kal_scope_free(&s);
}

// Colours that sRGB has not: files keep the profile, or hold sRGB; the score is of what is seen.
static void test_colours_and_fields(void)
{
    static const char *const policies[] = {"keep", "colour", "strip"};
    kal_scope *s = kal_scope_new();
    kal_node *wide = scene(s, 120, 90, 3, KAL_U8, 6);
    wide = kal_apply_text(s, "icc_assign", "to=display_p3", &wide, 1);
    wide = kal_apply_text(s, "set_field", "\"exif.Artist\" \"Ada\"", &wide, 1);
    for (int i = 0; i < 3; i++) {
        char params[96];
        kal_choice c;
        kal_field f;
        const void *icc;
        size_t n;
        snprintf(params, sizeof params, "min_score=85 formats=\"jpeg,webp\" metadata=%s", policies[i]);
        kal_node *node = optimized(s, wide, params);
        if (kal_choose(node, NULL, &c, &check_error) == KAL_UNSUPPORTED) {
            check_skip("no Little CMS");
            break;
        }
        kal_node *back = decoded(s, &c);
        REQUIRE(kal_node_meta(back, "icc", &icc, &n) == (i < 2));
        REQUIRE(kal_node_field(back, "exif.Artist", &f) == (i == 0));
        kal_node *seen[2] = {wide, back};
        for (int k = 0; k < 2; k++)
            if (k == 0 || i < 2) seen[k] = kal_apply_text(s, "icc_transform", "to=srgb", &seen[k], 1);
        REQUIRE_NOTE(c.passed &&
                         fabs(metric_of(s, "ssimulacra2", seen[0], seen[1]) - chosen(&c)->score) < 1e-9,
                     "%s", policies[i]);
        kal_choice_release(&c);
    }
    kal_scope_free(&s);
}

static void test_smaller_picture(void)
{
    kal_scope *s = kal_scope_new();
    kal_choice c;
    kal_node *image = scene(s, 200, 160, 3, KAL_U8, 8);
    const char *plain = "min_score=80 max_bytes=4000 formats=\"jpeg,webp\" lossless=false";
    char with[160];
    REQUIRE_OK(kal_choose(optimized(s, image, plain), NULL, &c, &check_error));
    REQUIRE(!c.passed && c.size <= 4000 && strstr(chosen(&c)->why, "is not at least 80"));
    kal_choice_release(&c);
    snprintf(with, sizeof with, "%s allow_downscale=true", plain);
    REQUIRE_OK(kal_choose(optimized(s, image, with), NULL, &c, &check_error));
    REQUIRE(c.passed && c.size <= 4000 && chosen(&c)->width < 200 && chosen(&c)->score >= 80);
    for (int easier = 50; easier < 80; easier += 7) {   // what is asked less of can be had, too
        kal_choice d;
        snprintf(with, sizeof with,
                 "min_score=%d max_bytes=1500 formats=\"jpeg\" lossless=false allow_downscale=true", easier);
        REQUIRE_OK(kal_choose(optimized(s, image, with), NULL, &d, &check_error));
        REQUIRE_NOTE(d.passed, "%s: %s", with, chosen(&d)->why);
        kal_choice_release(&d);
    }
    kal_choice tiny;   // by bytes alone, where no quality fits
    REQUIRE_OK(kal_choose(optimized(s, image, "max_bytes=900 formats=\"jpeg\" allow_downscale=true"), NULL,
                          &tiny, &check_error));
    REQUIRE(tiny.passed && tiny.size <= 900);
    kal_choice_release(&tiny);
    char size[64];
    snprintf(size, sizeof size, "width=%d height=%d", chosen(&c)->width, chosen(&c)->height);
    kal_node *small = kal_apply_text(s, "resize", size, &image, 1);
    REQUIRE(metric_of(s, "ssimulacra2", small, decoded(s, &c)) == chosen(&c)->score);
    kal_choice_release(&c);
    kal_scope_free(&s);
}

// ---- what is refused, what is stopped -----------------------------------------------------------

static void test_refused(void)
{
    static const struct {
        const char *params, *says;
    } cases[] = {{"formats=\"jpg,wepb\"", "did you mean \"webp\"?"},
                 {"formats=\"tiff\"", "there are jpeg, png, webp"},
                 {"min_score=80 max_dssim=0.1", "one of min_score"},
                 {"metric=none min_score=80", "metric=none scores nothing"},
                 {"metric=none", "needs quality, or max_bytes"},
                 {"metric=dssim min_score=80", "not the one whose value is bounded"},
                 {"objective=best", "needs max_bytes"},
                 {"objective=smallest max_bytes=100", "needs min_score"},
                 {"metric=butter", "metric=butter is not"},
                 {"min_score=101", "min_score"},
                 {"sharpness=3", "sharpness"}};
    kal_scope *s = kal_scope_new();
    kal_node *image = scene(s, 20, 20, 3, KAL_U8, 1);
    kal_choice c;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        REQUIRE(kal_node_error(kal_encode(s, image, "optimize", cases[i].params), &check_error) ==
                KAL_INVALID);
        REQUIRE_NOTE(strstr(check_error.message, cases[i].says), "%s: %s", cases[i].params,
                     check_error.message);
    }
    REQUIRE_FAILS(KAL_INVALID, kal_choose(image, NULL, &c, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_choose(kal_encode(s, image, "jpeg", NULL), NULL, &c, &check_error));
    kal_node *clear = scene(s, 20, 20, 4, KAL_U8, 1);   // no format that was allowed takes it
    REQUIRE(kal_choose(optimized(s, clear, "formats=\"jpeg\""), NULL, &c, &check_error) != KAL_OK);
    REQUIRE_NOTE(strstr(check_error.message, "no format takes this picture: jpeg"), "%s",
                 check_error.message);
    kal_memo *memo = kal_memo_new(1 << 20);
    const kal_options only = {.only_known = true, .memo = memo};
    REQUIRE_FAILS(KAL_MISSING, kal_choose(optimized(s, image, "min_score=33"), &only, &c, &check_error));
    kal_memo_free(&memo);
    kal_scope_free(&s);
}

typedef struct telling {
    kal_cancel *cancel;
    uint64_t last;
    int times;
    kal_phase end;
} telling;

static void tell(void *user, kal_phase phase, uint64_t done, uint64_t total)
{
    telling *t = user;
    REQUIRE(done >= t->last && (done < total || phase == KAL_DONE));
    t->last = done;
    t->end = phase;
    if (++t->times == 2 && t->cancel) kal_cancel_set(t->cancel);
}

static void test_progress_and_cancel(void)
{
    kal_scope *s = kal_scope_new();
    kal_choice c;
    kal_node *image = scene(s, 300, 200, 3, KAL_U8, 7);
    telling t = {.last = 0};
    kal_options o = {.progress = tell, .user = &t, .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_choose(optimized(s, image, "min_score=71 formats=\"jpeg,webp\""), &o, &c, &check_error));
    REQUIRE(t.times > 2 && t.end == KAL_DONE);
    kal_choice_release(&c);
    t = (telling){.cancel = kal_cancel_new()};
    o.cancel = t.cancel;
    REQUIRE_FAILS(KAL_CANCELLED, kal_choose(optimized(s, image, "min_score=71 formats=\"jpeg,webp\""), &o, &c,
                                            &check_error));
    REQUIRE(t.end == KAL_STOPPED && !c.held);
    kal_cancel_free(&t.cancel);
    const kal_options late = {.deadline = 1e-9, .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_FAILS(KAL_DEADLINE, kal_choose(optimized(s, image, "min_score=71"), &late, &c, &check_error));
    kal_scope_free(&s);
}

// ---- as any other node --------------------------------------------------------------------------

static void warn(void *user, const kal_warning *w)
{
    snprintf(user, 200, "%s", w->text);
}

static void test_as_a_node(void)
{
    kal_scope *s = kal_scope_new();
    kal_choice c;
    kal_bytes json, svg, text;
    kal_node *image = scene(s, 100, 80, 3, KAL_U8, 12),
             *n = optimized(s, image, "min_score=70 formats=\"webp\" lossless=false");
    REQUIRE_OK(kal_choose(n, NULL, &c, &check_error));
    REQUIRE_OK(kal_choice_print(&c, KAL_AS_JSON, &json, &check_error));
    REQUIRE(strstr((char *)json.data, "\"passed\": true") &&
            strstr((char *)json.data, "\"media_type\": \"image/webp\""));
    REQUIRE_OK(kal_choice_print(&c, KAL_AS_SVG, &svg, &check_error));
    REQUIRE(strstr((char *)svg.data, "class=\"chosen\"/>") && strstr((char *)svg.data, "</svg>"));
    REQUIRE_FAILS(KAL_INVALID, kal_choice_print(&c, KAL_AS_DOT, &text, &check_error));
    kal_bytes_free(&json);
    kal_bytes_free(&svg);
    char told[200] = "";
    const kal_options o = {.warn = warn, .user = told};
    const char *path = check_temp("it-is-webp.png");
    REQUIRE_OK(kal_write_files(&n, &path, 1, &o, &check_error));
    REQUIRE_NOTE(strstr(told, "the file is webp"), "%s", told);
    told[0] = 0;
    kal_bytes poor;
    REQUIRE_OK(
        kal_read_bytes(optimized(s, image, "max_bytes=100 formats=\"webp\""), &o, &poor, &check_error));
    REQUIRE_NOTE(strstr(told, "nothing keeps to what optimize was asked"), "%s", told);
    kal_bytes_free(&poor);
    kal_key plain, other;
    REQUIRE_OK(kal_node_key(n, &plain, &check_error));
    REQUIRE_OK(kal_node_key(optimized(s, image, "min_score=71 formats=\"webp\" lossless=false"), &other,
                            &check_error));
    REQUIRE(!kal_key_equal(plain, other));
    REQUIRE_OK(kal_explain(&n, 1, KAL_AS_TEXT, NULL, &text, &check_error));
    kal_bytes_free(&text);
    kal_sight sight;
    REQUIRE_OK(kal_look(&n, 1, NULL, &sight, &check_error));
    kal_choice_release(&c);
    kal_memo_clear(NULL);
    kal_scope_free(&s);
}

int main(void)
{
    kal_codec_info info;
    int formats = 0;
    const char *version;
    for (size_t i = 0; kal_codec_at(i, &info, &version); i++)
        formats += version &&
                   (!strcmp(info.name, "jpeg") || !strcmp(info.name, "webp") || !strcmp(info.name, "png"));
    test_refused();
    if (formats < 3) {
        check_skip("jpeg, png or webp is not here");
        return check_done();
    }
    test_guarantee();
    test_same_for_all();
    test_order_of_formats();
    test_nothing_overlooked();
    test_remembered();
    test_nothing_scored();
    test_original();
    test_kinds();
    test_sixteen_bits();
    test_colours_and_fields();
    test_smaller_picture();
    test_progress_and_cancel();
    test_as_a_node();
    kal_memo_clear(NULL);
    return check_done();
}
