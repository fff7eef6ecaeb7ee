// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Many rectangles in one request are the same pixels as one by one, whatever lies under them, and decoded once. `graph.patches [seed]`.
#include "check.h"

static kal_rect random_rect(rng *r, const kal_extent *e, int32_t side)
{
    const int32_t w = 1 + rng_below(r, side < e->width ? side : e->width);
    const int32_t h = 1 + rng_below(r, side < e->height ? side : e->height);
    const int32_t x = rng_below(r, e->width - w + 1), y = rng_below(r, e->height - h + 1);
    return kal_rect_of(x, y, x + w, y + h);
}

static void one(rng *r, const kal_node *node, const char *what)
{
    enum { SIDE = 17, N = 120 };
    kal_extent e;
    kal_node_extent(node, &e, NULL);
    const size_t pixel = kal_pixel_size(&e), stride = SIDE * pixel, step = SIDE * stride;
    unsigned char *whole = naive_pixels(node), *got = malloc(N * step);
    kal_rect rects[N];
    for (int i = 0; i < N; i++) rects[i] = i % 9 == 8 ? rects[i - 1] : random_rect(r, &e, SIDE);
    for (int32_t threads = 1; threads <= 8; threads += 7) {
        kal_stats stats;
        const kal_options o = {
            .threads = threads, .band = rng_below(r, 6), .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
        memset(got, 0x5a, N * step);
        if (!REQUIRE_OK(
                kal_read_rects(node, rects, N, got, (ptrdiff_t)stride, (ptrdiff_t)step, &o, &check_error)))
            continue;
        REQUIRE(stats.decodes <= 1);
        for (int i = 0; i < N; i++) {
            const kal_rect q = rects[i];
            const size_t row = (size_t)(q.x1 - q.x0) * pixel;
            bool same = true;
            for (int32_t y = q.y0; y < q.y1; y++)
                same &= !memcmp(got + (size_t)i * step + (size_t)(y - q.y0) * stride,
                                whole + ((size_t)y * (size_t)e.width + (size_t)q.x0) * pixel, row);
            REQUIRE_NOTE(same, "%s: rectangle %d, %d,%d..%d,%d, %d threads", what, i, q.x0, q.y0, q.x1, q.y1,
                         threads);
            if (row < stride) REQUIRE(got[(size_t)i * step + row] == 0x5a);
        }
    }
    free(whole);
    free(got);
}

static void test_refusals(const kal_node *node)
{
    unsigned char room[4096];
    kal_rect rects[2] = {{0, 0, 8, 8}, {0, 0, 8, 8}};
    REQUIRE_OK(kal_read_rects(node, NULL, 0, NULL, 0, 0, NULL, &check_error));
    REQUIRE_OK(kal_read_rects(node, rects, 2, room, 24, 192, NULL, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_read_rects(node, rects, 2, room, 24, 191, NULL, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_read_rects(node, rects, 2, room, 23, 192, NULL, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_read_rects(node, rects, -1, room, 24, 192, NULL, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "number of rectangles is -1"), "%s", check_error.message);
    REQUIRE_FAILS(KAL_INVALID, kal_read_rects(node, NULL, 2, room, 24, 192, NULL, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "NULL"), "%s", check_error.message);
    rects[1].x1 = 1000;
    REQUIRE_FAILS(KAL_INVALID, kal_read_rects(node, rects, 2, room, 24, 192, NULL, &check_error));
    REQUIRE(strstr(check_error.message, "rectangle 1"));
}

int main(int argc, char **argv)
{
    rng r = {argc > 1 ? strtoull(argv[1], NULL, 0) : 1};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(90, 130, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e);
    one(&r, image, "samples");
    one(&r, kal_gaussian(s, image, kal_gaussian_params(.sigma = 2)), "gaussian");
    one(&r, kal_crop(s, image, kal_crop_params(.x = 5, .y = 7, .width = 60, .height = 99)), "crop");
    kal_bytes b;
    if (REQUIRE_OK(kal_read_bytes(kal_encode(s, image, "jpeg", NULL), NULL, &b, &check_error))) {
        one(&r, kal_load_bytes(s, b.data, b.size, NULL), "jpeg");
        kal_bytes_free(&b);
    }
    test_refusals(image);
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    return check_done();
}
