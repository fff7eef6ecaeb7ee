// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Palettes among the files of "optimize": a picture of few colours becomes one that loses nothing, one of more keeps to its bounds, measured anew; what is told of
// them; how many are tried; where none is; the same answer for any threads and memo.
#include "../io/files.h"

#include "optimizing.h"

// Boxes of n colours that lie far from each other.
static unsigned char *flat(const kal_extent *e, int n, uint64_t seed)
{
    unsigned char list[256][4], *p = malloc(bytes_of(e));
    rng r = {seed};
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 4; k++) list[i][k] = (unsigned char)rng_next(&r);
        list[i][0] = (unsigned char)(i * 255 / n);
    }
    for (int32_t y = 0; y < e->height; y++)
        for (int32_t x = 0; x < e->width; x++) {
            const int box = x / 9 + 31 * (y / 7), other = (box * 2654435 >> 7 & 0xffff) % n;
            memcpy(p + ((size_t)y * (size_t)e->width + (size_t)x) * (size_t)e->channels,
                   list[(x ^ y) % 5 ? other : (box + 1) % n], (size_t)e->channels);
        }
    return p;
}

// Of all colours, smooth here and rough there.
static unsigned char *photo(const kal_extent *e, uint64_t seed)
{
    unsigned char *p = malloc(bytes_of(e));
    rng r = {seed};
    for (int32_t y = 0; y < e->height; y++)
        for (int32_t x = 0; x < e->width; x++)
            for (int32_t c = 0; c < e->channels; c++) {
                const size_t i = ((size_t)y * (size_t)e->width + (size_t)x) * (size_t)e->channels + (size_t)c;
                int v = (x * (3 + c) + y * 2) % 256 / 2 + (((x / 16) ^ (y / 16)) & 1) * 60 +
                        rng_below(&r, x < e->width / 2 ? 3 : 20);
                if (e->alpha && c == e->channels - 1) v = x < e->width / 3 ? 255 : 90 + x % 100;
                p[i] = (unsigned char)(v > 255 ? 255 : v);
            }
    return p;
}

// How many colours a candidate was asked for; 0: it has no palette.
static int colours_of(const kal_candidate *c)
{
    int n = 0;
    const char *p = strcmp(c->format, "png") ? NULL : strstr(c->params, "colours=");
    if (p && sscanf(p, "colours=%d", &n) != 1) n = -1;
    return n;
}

// What is told: eight PNGs at most, each once, and a palette is one that the search has.
static int require_told(const kal_choice *c)
{
    static const char rungs[] = " 2 3 4 6 8 12 16 24 32 48 64 96 128 160 192 256 ";
    int pngs = 0, palettes = 0;
    for (int32_t i = 0; i < c->n; i++) {
        const kal_candidate *x = &c->candidates[i];
        const int n = colours_of(x);
        char word[20];
        snprintf(word, sizeof word, " %d ", n);
        pngs += !strcmp(x->format, "png");
        palettes += n != 0;
        REQUIRE_NOTE(!n || (strstr(rungs, word) && strstr(x->params, "compression=9")), "%s", x->params);
        for (int32_t k = 0; k < i; k++)
            REQUIRE_NOTE(strcmp(x->format, c->candidates[k].format) != 0 ||
                             strcmp(x->params, c->candidates[k].params) != 0,
                         "%s is tried twice", x->params);
    }
    REQUIRE_NOTE(pngs <= 8, "%d", pngs);
    return palettes;
}

// ---- few colours --------------------------------------------------------------------------------

static void require_exact(kal_scope *s, const kal_choice *c, const kal_extent *e, const unsigned char *p)
{
    kal_extent got = {0};
    unsigned char *is = read_all(kal_load_bytes(s, c->data, c->size, NULL), NULL, &got);
    const bool gray = e->channels - e->alpha == 1;
    REQUIRE(is && got.width == e->width && got.height == e->height && got.alpha == e->alpha);
    for (size_t i = 0; is && i < (size_t)e->width * (size_t)e->height; i++)
        for (int k = 0; k < got.channels; k++) {
            const bool alpha = e->alpha && k == got.channels - 1;
            const int from = alpha ? e->channels - 1 : gray ? 0 : k;
            if (!REQUIRE(is[i * (size_t)got.channels + (size_t)k] ==
                         p[i * (size_t)e->channels + (size_t)from]))
                break;
        }
    free(is);
}

static void test_few(void)
{
    static const char *const aims[] = {
        "formats=png min_score=95",           "formats=png max_dssim=0.0000001",
        "formats=png max_bytes=100000",       "formats=png min_score=95 lossless=false",
        "formats=png quality=75 metric=none", "formats=\"png,jpeg\" quality=90"};
    for (int channels = 1; channels <= 4; channels++)
        for (size_t k = 0; k < sizeof aims / sizeof *aims; k++) {
            if (channels == 2 && strstr(aims[k], "jpeg")) continue;
            kal_scope *s = kal_scope_new();
            const kal_extent e = extent_of(180, 130, channels, KAL_U8);
            unsigned char *p = flat(&e, 12, 3);
            kal_node *image = node_of(s, &e, p);
            kal_choice c;
            REQUIRE_OK(kal_choose(optimized(s, image, aims[k]), NULL, &c, &check_error));
            const kal_candidate *is = &c.candidates[c.chosen];
            REQUIRE_NOTE(c.passed && colours_of(is) == 256, "%d channels, %s: %s %s", channels, aims[k],
                         is->format, is->params);
            REQUIRE(c.size > 25 && c.data[25] == 3 && c.data[24] == 4);
            require_exact(s, &c, &e, p);
            require_told(&c);
            for (int32_t i = 0; i < c.n; i++) {   // of fewer colours alone, and none that nobody looks at
                const int n = colours_of(&c.candidates[i]);
                REQUIRE_NOTE(!n || n == 256 || (n < 12 && !strstr(aims[k], "quality")), "%s: %d", aims[k], n);
            }
            kal_choice_release(&c);
            free(p);
            kal_scope_free(&s);
        }
}

// A palette is tried of gray where it has fewer bits, and of 16 bits never as if it lost nothing.
static void test_where(void)
{
    static const struct {
        int channels, colours;
        kal_type type;
        bool exact;
    } cases[] = {{1, 16, KAL_U8, true},  {1, 17, KAL_U8, false},  {2, 17, KAL_U8, true},
                 {3, 256, KAL_U8, true}, {3, 12, KAL_U16, false}, {4, 200, KAL_U8, true}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        kal_scope *s = kal_scope_new();
        kal_extent e = extent_of(280, 160, cases[k].channels, KAL_U8);
        unsigned char *p = flat(&e, cases[k].colours, 4);
        kal_node *image = node_of(s, &e, p);
        if (cases[k].type == KAL_U16) image = kal_apply_text(s, "cast", "type=u16", &image, 1);
        kal_choice c;
        REQUIRE_OK(
            kal_choose(optimized(s, image, "formats=png quality=80 metric=none"), NULL, &c, &check_error));
        bool exact = false;
        for (int32_t i = 0; i < c.n; i++) exact |= colours_of(&c.candidates[i]) == 256;
        REQUIRE_NOTE(exact == cases[k].exact, "case %zu", k);
        kal_choice_release(&c);
        free(p);
        kal_scope_free(&s);
    }
}

// A profile of gray has no place beside a palette: such a file would lose it.
static void test_profile(void)
{
    for (int with = 0; with < 2; with++) {
        kal_scope *s = kal_scope_new();
        const kal_extent e = extent_of(90, 60, 1, KAL_U8);
        unsigned char *p = malloc(bytes_of(&e));
        memset(p, 77, bytes_of(&e));
        kal_bytes jpeg = encoded(node_of(s, &e, p), "jpeg", NULL), full = bytes_copy(jpeg.data, jpeg.size),
                  icc = make_icc();
        memcpy(icc.data + 16, "GRAY", 4);
        if (with) add_to_jpeg(&full, NULL, &icc, NULL);
        kal_choice c;
        REQUIRE_OK(kal_choose(
            optimized(s, kal_load_bytes(s, full.data, full.size, NULL), "formats=png quality=80 metric=none"),
            NULL, &c, &check_error));
        bool palette = false;
        for (int32_t i = 0; i < c.n; i++) palette |= colours_of(&c.candidates[i]) != 0;
        REQUIRE_NOTE(palette == !with, "%d", with);
        kal_choice_release(&c);
        kal_bytes_free(&jpeg), bytes_free(&full), bytes_free(&icc);
        free(p);
        kal_scope_free(&s);
    }
}

// ---- more ---------------------------------------------------------------------------------------

static void test_bounds(void)
{
    int passed = 0, chosen = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        rng r = {seed};
        kal_scope *s = kal_scope_new();
        const kal_extent e =
            extent_of(70 + rng_below(&r, 120), 70 + rng_below(&r, 80), 1 + rng_below(&r, 4), KAL_U8);
        unsigned char *p = photo(&e, seed);
        kal_node *image = node_of(s, &e, p);
        const int what = rng_below(&r, 4);
        const double score = what != 1 ? 20 + rng_below(&r, 70) : 0, dssim = 0.001 * (1 + rng_below(&r, 60)),
                     bytes = what == 1 || what == 2 ? 800 + rng_below(&r, 15000) : 0;
        char aim[160];
        snprintf(aim, sizeof aim, "formats=\"%s\" max_bytes=%g %s=%g", rng_below(&r, 3) ? "png" : "png,webp",
                 bytes, what == 3 ? "max_dssim" : "min_score", what == 3 ? dssim : score);
        kal_choice c;
        REQUIRE_OK(kal_choose(optimized(s, image, aim), NULL, &c, &check_error));
        const double is = metric_of(s, c.metric, image, read_back(s, &c));
        const kal_candidate *x = &c.candidates[c.chosen];
        const bool fits = !(bytes > 0) || (double)c.size <= bytes,
                   well = what == 3 ? is <= dssim : what == 1 || is >= score;
        REQUIRE_NOTE(x->score == is && x->bytes == c.size, "seed %d: %g told, %g seen", (int)seed, x->score,
                     is);
        REQUIRE_NOTE(c.passed == (fits && well), "seed %d: %s: %zu bytes, %g", (int)seed, aim, c.size, is);
        for (int32_t i = 0; i < c.n && c.passed; i++)
            if (c.candidates[i].keeps && c.candidates[i].score == c.candidates[i].score)
                REQUIRE_NOTE(what == 1 ? c.candidates[i].score <= is : c.candidates[i].bytes >= c.size,
                             "seed %d", (int)seed);
        REQUIRE_NOTE(require_told(&c) > 0, "seed %d", (int)seed);
        passed += c.passed;
        chosen += c.passed && colours_of(x);
        kal_choice_release(&c);
        free(p);
        kal_scope_free(&s);
    }
    REQUIRE_NOTE(passed >= 12 && chosen >= 6, "%d passed, %d of them palettes", passed, chosen);
}

// It is the smallest of all palettes that look right, or a rung away.
static void test_nothing_overlooked(void)
{
    static const int rungs[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(190, 140, 3, KAL_U8);
    unsigned char *p = photo(&e, 7);
    kal_node *image = node_of(s, &e, p);
    double score[16];
    for (int i = 0; i < 16; i++) {
        char params[60];
        kal_choice c = {.metric = "ssimulacra2"};
        kal_bytes b = {0};
        snprintf(params, sizeof params, "colours=%d compression=9", rungs[i]);
        REQUIRE_OK(kal_read_bytes(kal_encode(s, image, "png", params), NULL, &b, &check_error));
        c.data = b.data, c.size = b.size;
        score[i] = metric_of(s, c.metric, image, read_back(s, &c));
        kal_bytes_free(&b);
    }
    for (int i = 0; i < 16; i++) {
        char aim[60];
        kal_choice c;
        if (score[i] <= 1) continue;
        snprintf(aim, sizeof aim, "formats=png min_score=%.3f", score[i] - 0.5);
        REQUIRE_OK(kal_choose(optimized(s, image, aim), NULL, &c, &check_error));
        const int n = colours_of(&c.candidates[c.chosen]);
        REQUIRE_NOTE(c.passed && n && (n <= rungs[i] || n == rungs[i < 15 ? i + 1 : i]), "%s: %d for %d", aim,
                     n, rungs[i]);
        kal_choice_release(&c);
    }
    free(p);
    kal_scope_free(&s);
}

// ---- what is told, the same for all -------------------------------------------------------------

static void test_same_for_all(void)
{
    static const char *const aims[] = {"formats=\"png,jpeg\" min_score=60", "formats=png max_bytes=6000",
                                       "formats=png min_score=80 max_bytes=4000"};
    for (size_t k = 0; k < 3; k++) {
        kal_scope *s = kal_scope_new();
        const kal_extent e = extent_of(150, 120, 4 - (int)k % 2, KAL_U8);
        unsigned char *p = photo(&e, 9);
        kal_node *n = optimized(s, node_of(s, &e, p), aims[k]);
        kal_bytes first = {0};
        for (int way = 0; way < 5; way++) {
            static const int32_t threads[] = {1, 2, 8, 3, 1};
            kal_memo *memo = kal_memo_new(way == 3 ? 1 << 16 : 64 << 20);
            const kal_options o = {.threads = threads[way],
                                   .memo = memo,
                                   .memo_mode = way == 4 ? KAL_MEMO_NEVER : KAL_MEMO_AUTO};
            for (int again = 0; again < 2; again++) {
                kal_choice c;
                kal_bytes told;
                REQUIRE_OK(kal_choose(n, &o, &c, &check_error));
                c.found = false;   // that alone may differ
                REQUIRE_OK(kal_choice_print(&c, KAL_AS_JSON, &told, &check_error));
                REQUIRE(strstr((char *)told.data, "colours="));
                if (first.data)
                    REQUIRE_NOTE(told.size == first.size && !memcmp(told.data, first.data, told.size),
                                 "aim %zu, way %d", k, way);
                if (first.data)
                    kal_bytes_free(&told);
                else
                    first = told;
                kal_choice_release(&c);
            }
            kal_memo_free(&memo);
        }
        kal_bytes_free(&first);
        free(p);
        kal_scope_free(&s);
    }
}

int main(void)
{
    test_few();
    test_where();
    test_profile();
    test_bounds();
    test_nothing_overlooked();
    test_same_for_all();
    kal_memo_clear(NULL);
    return check_done();
}
