// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How a picture looks (kal__look), by which is expected what files of it weigh: flat ones less than noise, and the same picture the same in whatever samples it is.
#include "../io/files.h"
#include "optimize_search.h"
#include "optimizing.h"

typedef double look[KAL__QUALITY_LOOKS];

static double furthest(const look a, const look b)
{
    double d = 0;
    for (int k = 0; k < KAL__QUALITY_LOOKS; k++)
        if (fabs(a[k] - b[k]) > d) d = fabs(a[k] - b[k]);
    return d;
}

// Gray levels by a rule, in so many channels.
typedef int level_of(int32_t x, int32_t y, rng *r);

static int flat(int32_t x, int32_t y, rng *r)
{
    (void)x, (void)y, (void)r;
    return 100;
}

static int noise(int32_t x, int32_t y, rng *r)
{
    (void)x, (void)y;
    return rng_below(r, 256);
}

static int faint(int32_t x, int32_t y, rng *r)
{
    (void)x, (void)y;
    return 100 + rng_below(r, 6);
}

static kal_node *gray(kal_scope *s, int32_t w, int32_t h, int32_t channels, kal_type type, level_of *of)
{
    const kal_extent e = extent_of(w, h, channels, type);
    unsigned char *p = malloc(bytes_of(&e));
    rng r = {5};
    for (size_t i = 0; i < (size_t)w * (size_t)h; i++) {
        const int v = of((int32_t)(i % (size_t)w), (int32_t)(i / (size_t)w), &r);
        for (size_t c = 0; c < (size_t)channels; c++) {
            if (type == KAL_U8) p[i * (size_t)channels + c] = (unsigned char)v;
            if (type == KAL_U16) ((uint16_t *)(void *)p)[i * (size_t)channels + c] = (uint16_t)(v * 257);
        }
    }
    kal_node *n = node_of(s, &e, p);
    free(p);
    return n;
}

static bool look_at(const kal_node *n, look out)
{
    static kal__search search;
    kal_error err = {0};
    memset(search.look, 1, sizeof search.look);
    REQUIRE_NOTE(!kal__look(&search, n, &err), "%s", err.message);
    memcpy(out, search.look, sizeof search.look);
    return search.seen;
}

static void kinds(kal_scope *s)
{
    look a, b, c;
    REQUIRE(look_at(gray(s, 200, 150, 1, KAL_U8, flat), a));
    REQUIRE(look_at(gray(s, 200, 150, 1, KAL_U8, faint), b));
    REQUIRE(look_at(gray(s, 200, 150, 1, KAL_U8, noise), c));
    for (int k = 0; k < KAL__QUALITY_LOOKS - 1; k++)   // the last is of colour
        REQUIRE_NOTE(a[k] <= b[k] + 0.01 && b[k] < c[k], "look %d: %g, %g, %g", k, a[k], b[k], c[k]);
    REQUIRE(b[6] > a[6] + 3 && c[0] > b[0] + 3);
    REQUIRE_NOTE(fabs(b[0] - a[0]) < 0.1, "%g and %g", a[0], b[0]);   // so coarse a file has nothing of it
}

// The luma of gray is its value, and it has no colour.
static void samples(kal_scope *s)
{
    look a, b;
    REQUIRE(look_at(gray(s, 100, 90, 1, KAL_U8, noise), a));
    static const int channels[] = {1, 3, 4};
    for (int i = 0; i < 3; i++)
        for (int wide = 0; wide < 2; wide++) {
            REQUIRE(look_at(gray(s, 100, 90, channels[i], wide ? KAL_U16 : KAL_U8, noise), b));
            REQUIRE_NOTE(furthest(a, b) < 1e-12, "%d channels: %g", channels[i], furthest(a, b));
        }
}

// Of tall pictures some rows are looked at: they tell about the same.
static void tall(kal_scope *s)
{
    look a, b;
    REQUIRE(look_at(gray(s, 64, 256, 1, KAL_U8, noise), a));
    REQUIRE(look_at(gray(s, 64, 4000, 1, KAL_U8, noise), b));
    REQUIRE_NOTE(furthest(a, b) < 0.05, "%g", furthest(a, b));
}

static void none(kal_scope *s)
{
    static const look zeros;
    look a;
    REQUIRE(!look_at(gray(s, 15, 400, 3, KAL_U8, noise), a) &&
            furthest(a, zeros) <= 0);   // narrower than a square
    REQUIRE(!look_at(scene(s, 64, 64, 3, KAL_F32, 1), a) && furthest(a, zeros) <= 0);
    kal_node *op = kal_invert(s, scene(s, 64, 64, 3, KAL_U8, 1), NULL);   // not in memory
    REQUIRE(!look_at(op, a) && furthest(a, zeros) <= 0);
}

int main(void)
{
    kal_scope *s = kal_scope_new();
    kinds(s);
    samples(s);
    tall(s);
    none(s);
    kal_scope_free(&s);
    return check_done();
}
