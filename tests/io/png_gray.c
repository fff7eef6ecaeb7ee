// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PNG of few grays: those that 1, 2 or 4 bits have come back as gray, in as few bits, with a profile of gray; others have a palette.
#include "files.h"

// Of PNG's header.
static int bits_in(const kal_bytes *b)
{
    return b->data[24];
}

static bool is_gray(const kal_bytes *b)
{
    return b->data[25] == 0;
}

static void fill(rng *r, unsigned char *p, size_t n, const int *levels, int32_t count)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)levels[i < (size_t)count ? (int32_t)i : rng_below(r, count)];
}

// Exactly what was given, of any width, in so many bits; 0: with a palette, which comes back as RGB.
static void written(const int *levels, int32_t count, int bits, kal_model model, const char *params)
{
    static const int32_t widths[] = {1, 7, 8, 9, 61, 4100};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        kal_scope *s = kal_scope_new();
        const kal_extent e = {widths[i], 40, 1, KAL_U8, model, false};
        const size_t n = (size_t)e.width * 40;
        unsigned char *p = malloc(3 * n);
        rng r = {(uint64_t)e.width};
        fill(&r, p, n, levels, count);
        kal_bytes b = encoded(node_of(s, &e, p), "png", params);
        REQUIRE_NOTE(is_gray(&b) == (bits > 0) && (!bits || bits_in(&b) == bits), "%s: %d levels: %d bits",
                     params, count, bits_in(&b));
        kal_extent want = {e.width, 40, bits ? 1 : 3, KAL_U8, bits ? KAL_GRAY : KAL_RGB, false};
        for (size_t k = n; k-- > 0 && !bits;) p[3 * k] = p[3 * k + 1] = p[3 * k + 2] = p[k];
        require_picture(b.data, b.size, NULL, &want, p, params);
        kal_bytes_free(&b);
        free(p);
        kal_scope_free(&s);
    }
}

static void levels(void)
{
    static const int two[] = {0, 255}, black[] = {0}, white[] = {255}, four[] = {0, 85, 170, 255},
                     part[] = {85, 255},
                     sixteen[] = {0, 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255},
                     odd[] = {0, 254}, near[] = {0, 17}, many[] = {0, 85, 86};
    written(two, 2, 1, KAL_GRAY, "colours=2");
    written(two, 2, 1, KAL_MASK, "colours=256");
    written(black, 1, 1, KAL_GRAY, "colours=2");
    written(white, 1, 1, KAL_GRAY, "colours=2");
    written(four, 4, 2, KAL_GRAY, "colours=4");
    written(sixteen, 16, 4, KAL_GRAY, "colours=16");
    written(sixteen, 16, 4, KAL_GRAY, "colours=16 filter=up compression=9");
    written(odd, 2, 0, KAL_GRAY, "colours=2");
    written(part, 2, 0, KAL_GRAY, "colours=2");   // 2 bits of gray, or 1 of a palette
    written(near, 2, 0, KAL_GRAY, "colours=2");
    written(many, 3, 0, KAL_GRAY, "colours=4");
}

// A profile of gray is kept where the file is gray, and not without a word where it is not.
static void profile(void)
{
    kal_scope *s = kal_scope_new();
    unsigned char p[64];
    for (int i = 0; i < 64; i++) p[i] = i % 3 ? 255 : 0;
    const kal_extent e = {8, 8, 1, KAL_U8, KAL_GRAY, false};
    kal_node *n = node_of(s, &e, p);
    n = kal_apply_text(s, "icc_assign", "to=gray", &n, 1);
    if (kal_node_error(n, NULL)) {
        check_skip("there is no Little CMS");
        kal_scope_free(&s);
        return;
    }
    const void *had = NULL, *has = NULL;
    size_t was = 0, is = 0;
    kal_bytes b = encoded(n, "png", "colours=2");
    REQUIRE(is_gray(&b) && kal_node_meta(n, "icc", &had, &was) &&
            kal_node_meta(kal_load_bytes(s, b.data, b.size, NULL), "icc", &has, &is));
    REQUIRE(had && has && was == is && !memcmp(had, has, is));
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

int main(void)
{
    levels();
    profile();
    kal_memo_clear(NULL);
    return check_done();
}
