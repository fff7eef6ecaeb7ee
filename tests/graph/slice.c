// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The main job, end to end: a JPEG of our own, cropped, blurred, put back, encoded; equal to the naive evaluator at any band height,
// number of threads and memo mode.
#include "check.h"

static kal_bytes encode(kal_node *image, const char *params)
{
    kal_bytes b;
    kal_node *e = kal_encode(NULL, image, "jpeg", params);
    REQUIRE_OK(kal_read_bytes(e, NULL, &b, &check_error));
    kal_node_unref(&e);
    return b;
}

static void same(kal_node *node, const kal_options *o)
{
    kal_extent e;
    void *a = read_all(node, o, &e), *b = naive_pixels(node);
    if (REQUIRE_NOTE(a != NULL, "%s", check_error.message)) REQUIRE_MEM(a, b, bytes_of(&e));
    free(a);
    free(b);
}

int main(int argc, char **argv)
{
    rng r = {7};
    kal_scope *s = kal_scope_new();
    const int32_t w = argc > 2 ? atoi(argv[1]) : 701, h = argc > 2 ? atoi(argv[2]) : 533;
    const kal_extent e = extent_of(w, h, 3, KAL_U8);
    kal_node *noise = rng_image(&r, s, &e);
    kal_node *smooth = kal_gaussian(s, noise, kal_gaussian_params(.sigma = 4));
    kal_bytes jpeg = encode(smooth, "quality=90");
    kal_node *photo = kal_load_bytes(s, jpeg.data, jpeg.size, NULL);
    kal_bytes_free(&jpeg);

    kal_node *face =
        kal_crop(s, photo, kal_crop_params(.x = w / 3, .y = h / 4, .width = w / 3, .height = h / 2));
    kal_node *soft = kal_invert(s, kal_gaussian(s, face, kal_gaussian_params(.sigma = 3)), NULL);
    kal_node *back = kal_uncrop(s, soft, photo, kal_uncrop_params(.x = w / 3, .y = h / 4, .feather = 8));
    kal_node *turned = kal_turn(s, back, kal_turn_params(.how = KAL_TURN_RIGHT));
    REQUIRE_OK(kal_node_error(turned, &check_error));

    for (int32_t band = 0; band < 40; band += band ? 13 : 1)
        for (int32_t threads = 1; threads <= 8; threads += 7)
            for (int mode = KAL_MEMO_AUTO; mode <= KAL_MEMO_NEVER; mode++) {
                const kal_options o = {.threads = threads, .band = band, .memo_mode = (kal_memo_mode)mode};
                same(back, &o);
                same(turned, &o);
                if (band % 2) kal_memo_clear(NULL);
            }
    kal_stats stats;
    const kal_options o = {.stats = &stats};
    kal_node *out = kal_encode(s, back, "jpeg", "quality=90");
    kal_bytes b;
    REQUIRE_OK(kal_read_bytes(out, &o, &b, &check_error));
    printf("%zu bytes, %.1f ms, peak %.1f MB, %llu bands\n", b.size, stats.wall_ms,
           (double)stats.peak_bytes / 1e6, (unsigned long long)stats.computed_tiles);
    kal_bytes_free(&b);
    kal_memo_clear(NULL);
    kal_scope_free(&s);
    return check_done();
}
