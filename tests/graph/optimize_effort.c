// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What encoders are told to do for it (effort), and how much colour they may leave out (subsampling): which files are tried, and what of them is kept.
#include "../io/files.h"

#include "optimizing.h"

// Edges of colour alone: what halves colour has a hard time.
static kal_node *colourful(kal_scope *s, int32_t box_side)
{
    const kal_extent e = extent_of(160, 128, 3, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e));
    rng r = {5};
    for (int32_t y = 0; y < e.height; y++)
        for (int32_t x = 0; x < e.width; x++) {
            const bool box = (x / box_side + y / box_side) & 1;
            unsigned char *v = p + ((size_t)y * (size_t)e.width + (size_t)x) * 3;
            v[0] = (unsigned char)((box ? 190 : 90) + rng_below(&r, 5));
            v[1] = (unsigned char)((box ? 110 : 150) + rng_below(&r, 5));
            v[2] = (unsigned char)(120 + x / 2 + rng_below(&r, 5));
        }
    kal_node *n = node_of(s, &e, p);
    free(p);
    return n;
}

static kal_choice choose(kal_scope *s, kal_node *n, const char *params)
{
    kal_choice c;
    REQUIRE_OK(kal_choose(kal_encode(s, n, "optimize", params), NULL, &c, &check_error));
    return c;
}

// Of every file of that format: it has the word, or has not.
static int tried(const kal_choice *c, const char *format, const char *word)
{
    int n = 0;
    for (int32_t i = 0; i < c->n; i++)
        n += !strcmp(c->candidates[i].format, format) && strstr(c->candidates[i].params, word) != NULL;
    return n;
}

static void test_efforts(void)
{
    static const struct {
        const char *effort, *webp, *avif;
        bool slow;   // files that lose nothing, made slowly
    } cases[] = {{"", "effort=4", "effort=3", true},
                 {"effort=usual", "effort=4", "effort=3", true},
                 {"effort=quick", "effort=2", "effort=0", false},
                 {"effort=best", "effort=6", "effort=4", true}};
    kal_scope *s = kal_scope_new();
    kal_node *n = colourful(s, 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < 2; k++) {
            char params[120];
            snprintf(params, sizeof params, "min_score=70 lossless=false subsampling=420 formats=\"%s\" %s",
                     k ? "avif" : "webp", cases[i].effort);
            if (!is_there(k ? "avif" : "webp")) continue;
            kal_choice c = choose(s, n, params);
            const int all = tried(&c, k ? "avif" : "webp", ""),
                      with = tried(&c, k ? "avif" : "webp", k ? cases[i].avif : cases[i].webp);
            REQUIRE_NOTE(c.passed && all > 0 && all == with, "%s: %d of %d", params, with, all);
            kal_choice_release(&c);
        }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char params[120];
        snprintf(params, sizeof params, "max_bytes=90000 objective=best formats=\"png\" %s", cases[i].effort);
        kal_choice c = choose(s, n, params);
        const int slow = tried(&c, "png", "compression=9") - tried(&c, "png", "colours");
        REQUIRE_NOTE(c.passed && (slow > 0) == cases[i].slow, "%s: %d", params, slow);
        kal_choice_release(&c);
    }
    kal_scope_free(&s);
}

// Full colour where half of it does not reach the score, in each format that can; asked for, it is the only one.
static void test_full_colour(void)
{
    static const char *const formats[] = {"jpeg", "avif"};
    kal_scope *s = kal_scope_new();
    kal_node *n = colourful(s, 3);
    for (int i = 0; i < 2; i++) {
        char params[120];
        if (!is_there(formats[i])) continue;
        snprintf(params, sizeof params, "min_score=85 lossless=false formats=%s", formats[i]);
        kal_choice both = choose(s, n, params);
        const int half = tried(&both, formats[i], "subsampling=420"),
                  full = tried(&both, formats[i], "subsampling=444");
        REQUIRE_NOTE(both.passed && half && full, "%s: %d of 4:2:0, %d of 4:4:4", params, half, full);
        for (int k = 0; k < 2; k++) {
            const char *word = k ? "subsampling=444" : "subsampling=420", *other = k ? "=420" : "=444";
            snprintf(params, sizeof params, "min_score=85 lossless=false formats=%s %s", formats[i], word);
            kal_choice one = choose(s, n, params);
            REQUIRE_NOTE(tried(&one, formats[i], word) && !tried(&one, formats[i], other), "%s", params);
            if (one.passed)
                REQUIRE_NOTE(both.size <= one.size + one.size / 50, "%s: %zu bytes, both %zu", params,
                             one.size, both.size);
            kal_choice_release(&one);
            snprintf(params, sizeof params, "quality=50 formats=%s %s", formats[i], word);
            one = choose(s, n, params);
            REQUIRE_NOTE(one.n == 1 && tried(&one, formats[i], word) == 1, "%s: %d", params, one.n);
            kal_choice_release(&one);
        }
        kal_choice_release(&both);
    }
    kal_scope_free(&s);
}

int main(void)
{
    test_efforts();
    test_full_colour();
    return check_done();
}
