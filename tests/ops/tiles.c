// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// tile_boxes, crop, merge_tiles: what was not changed comes back bit for bit, and what was fades over evenly.
#include "check.h"

static rng r = {41};

enum { MOST = 256 };

// The picture cut at its boxes, each tile brightened by `step` times its number; merged again.
static kal_node *split_and_merge(kal_scope *s, kal_node *image, const kal_tile_boxes_p *boxes, double step,
                                 int window, int32_t overlap)
{
    kal_node *tiles[MOST];
    kal_value v = {0};
    if (!REQUIRE_OK(kal_read_value(kal_tile_boxes(s, boxes), NULL, &v, &check_error))) return image;
    for (int32_t i = 0; i < v.rows; i++) {
        const double *b = v.v + 4 * i, add = step * i;
        tiles[i] =
            kal_crop(s, image,
                     kal_crop_params(.x = (int32_t)b[0], .y = (int32_t)b[1], .width = (int32_t)(b[2] - b[0]),
                                     .height = (int32_t)(b[3] - b[1])));
        if (step > 0) tiles[i] = kal_add(s, tiles[i], NULL, kal_add_params(.value = {&add, 1}));
    }
    kal_node *merged = kal_merge_tiles(
        s, tiles, v.rows,
        kal_merge_tiles_params(.boxes = {v.v, 4 * v.rows}, .window = window, .overlap = overlap));
    kal_value_free(&v);
    return merged;
}

static void unchanged(void)
{
    static const kal_extent kinds[] = {{101, 77, 3, KAL_U8, KAL_RGB, false},
                                       {64, 90, 4, KAL_U16, KAL_RGB, true},
                                       {83, 41, 1, KAL_F32, KAL_GRAY, false},
                                       {97, 55, 4, KAL_F32, KAL_RGB, true}};
    for (int round = 0; round < 60; round++) {
        kal_scope *s = kal_scope_new();
        kal_node *image = rng_image(&r, s, &kinds[round % 4]);
        const kal_extent e = kinds[round % 4];
        const kal_tile_boxes_p boxes = {.size = sizeof boxes,
                                        .width = e.width,
                                        .height = e.height,
                                        .tile = 16 + rng_below(&r, 40),
                                        .tile_height = KAL_AUTO,
                                        .overlap = rng_below(&r, 15),
                                        .multiple = 1 + rng_below(&r, 4)};
        kal_node *back =
            split_and_merge(s, image, &boxes, 0, round / 4 % 2, round % 3 ? 1 + rng_below(&r, 12) : 0);
        unsigned char *want = read_all(image, NULL, NULL), *got = read_all(back, NULL, NULL);
        REQUIRE_NOTE(want && got && !memcmp(want, got, bytes_of(&e)), "round %d, tile %d, overlap %d", round,
                     boxes.tile, boxes.overlap);
        free(want), free(got);
        kal_scope_free(&s);
    }
}

// Two tiles of 0 and 100 that overlap by 4 go over in equal steps, or along a cosine.
static void fades(void)
{
    static const unsigned char linear[12] = {0, 0, 0, 0, 20, 40, 60, 80, 100, 100, 100, 100};
    static const unsigned char cosine[12] = {0, 0, 0, 0, 10, 35, 65, 90, 100, 100, 100, 100};
    const kal_extent e = {12, 3, 1, KAL_U8, KAL_GRAY, false};
    unsigned char black[36] = {0};
    kal_scope *s = kal_scope_new();
    kal_node *image = kal_pixels(s, &e, black, 12);
    for (int window = 0; window < 2; window++) {
        const kal_tile_boxes_p boxes = {.size = sizeof boxes,
                                        .width = 12,
                                        .height = 3,
                                        .tile = 8,
                                        .tile_height = KAL_AUTO,
                                        .overlap = 4,
                                        .multiple = 1};
        unsigned char *got = read_all(split_and_merge(s, image, &boxes, 100, window, 4), NULL, NULL);
        for (int y = 0; y < 3 && got; y++)
            for (int x = 0; x < 12; x++)
                REQUIRE_NOTE(got[12 * y + x] == (window ? cosine : linear)[x], "window %d at %d: %d", window,
                             x, got[12 * y + x]);
        free(got);
    }
    kal_scope_free(&s);
}

// However tiles differ, no step between neighbours is larger than the difference over the seam's width asks for.
static void seamless(void)
{
    const kal_extent e = {200, 160, 1, KAL_F32, KAL_GRAY, false};
    kal_scope *s = kal_scope_new();
    float *flat = calloc(200 * 160, sizeof *flat);
    kal_node *image = kal_pixels(s, &e, flat, 200 * sizeof *flat);
    for (int window = 0; window < 2; window++) {
        const kal_tile_boxes_p boxes = {.size = sizeof boxes,
                                        .width = 200,
                                        .height = 160,
                                        .tile = 64,
                                        .tile_height = KAL_AUTO,
                                        .overlap = 20,
                                        .multiple = 1};
        float *got = (float *)(void *)read_all(split_and_merge(s, image, &boxes, 1, window, 20), NULL, NULL);
        for (int i = 0; i < 200 * 160 && got; i++)
            if (i % 200) REQUIRE(got[i] - got[i - 1] <= 0.09f && got[i] >= got[i - 1]);
        free(got);
    }
    free(flat);
    kal_scope_free(&s);
}

static void refusals(void)
{
    const kal_extent e = {8, 6, 3, KAL_U8, KAL_RGB, false};
    static const struct {
        const char *how, *words;
    } bad[] = {{"[0 0 8 6]", "merge_tiles: 2 images and 1 boxes"},
               {"[0 0 8 6 4 0 13 6]", "merge_tiles: tile 2 is 8×6 and its box 9×6"},
               {"[0 0 8 6 -4 0 4 6]", "merge_tiles: box 2 is not inside"},
               {"[0 0 8 6 4 0 12 6] width=10", "merge_tiles: box 2 is not inside the picture of 10×6"},
               {"[0 0 8 6 4 0 12]", "merge_tiles: boxes has 7 numbers"}};
    kal_scope *s = kal_scope_new();
    kal_node *const in[2] = {rng_image(&r, s, &e), rng_image(&r, s, &e)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REQUIRE(kal_node_error(kal_apply_text(s, "merge_tiles", bad[i].how, in, 2), &check_error) ==
                KAL_INVALID);
        REQUIRE_NOTE(strstr(check_error.message, bad[i].words), "%s", check_error.message);
    }
    kal_key key;
    kal_node *hole = kal_apply_text(s, "merge_tiles", "[0 0 8 6 9 0 17 6]", in, 2);
    REQUIRE(kal_content_key(hole, NULL, &key, &check_error) == KAL_INVALID);
    REQUIRE_NOTE(strstr(check_error.message, "no box covers pixel 8,0"), "%s", check_error.message);
    kal_scope_free(&s);
}

int main(void)
{
    unchanged();
    fades();
    seamless();
    refusals();
    kal_memo_clear(NULL);
    return check_done();
}
