// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Results so large that they are written past the caches: into the caller's rows at any address, lying apart or not, upside down too; nothing
// beside them is touched.
#include "check.h"

enum { WIDTH = 3001, HEIGHT = 1900, BESIDE = 256 };   // 17 MB

static void try_read(const kal_node *node, const unsigned char *want, size_t offset, size_t more,
                     bool upside_down)
{
    kal_extent e;
    if (!REQUIRE_OK(kal_node_extent(node, &e, &check_error))) return;
    const size_t height = (size_t)e.height, row = (size_t)e.width * kal_pixel_size(&e), apart = row + more,
                 size = apart * height + 2 * BESIDE;
    unsigned char *room = malloc(size), *first = room + BESIDE + offset;
    memset(room, 0x5a, size);
    if (upside_down) first += (height - 1) * apart;
    const ptrdiff_t stride = upside_down ? -(ptrdiff_t)apart : (ptrdiff_t)apart;
    const kal_options o = {.threads = 2, .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_read(node, kal_rect_all(&e), first, stride, &o, &check_error));
    size_t beside = 0;
    for (size_t y = 0; y < height; y++) {
        if (!REQUIRE_MEM(first + (ptrdiff_t)y * stride, want + y * row, row)) break;
        for (size_t x = row; x < apart && (upside_down ? y > 0 : y + 1 < height); x++)
            beside += first[(ptrdiff_t)y * stride + (ptrdiff_t)x] != 0x5a;
    }
    for (size_t i = 0; i < BESIDE + offset; i++) beside += room[i] != 0x5a;
    REQUIRE(beside == 0);
    free(room);
}

// Ops go by blocks, narrower than a row, through buffers; one of them reads another image.
static void chain(rng *r, kal_scope *s)
{
    const kal_extent e = extent_of(1501, 1000, 3, KAL_F32), gray = extent_of(1501, 1000, 1, KAL_F32);
    const double scale[] = {1.1, 0.9}, offset[] = {-0.03, 0.04}, tint[] = {0.5, 1, 2};
    kal_node *n =
        kal_linear(s, rng_image(r, s, &e), kal_linear_params(.scale = {scale, 1}, .offset = {offset, 1}));
    n = kal_invert(s, kal_levels(s, n, NULL), NULL);
    n = kal_multiply(s, n, rng_image(r, s, &gray), NULL);
    n = kal_add(s, n, NULL, kal_add_params(.value = {tint, 3}));
    n = kal_linear(s, n, kal_linear_params(.scale = {scale + 1, 1}, .offset = {offset + 1, 1}));
    for (int narrow = 0; narrow < 2; narrow++) {   // to fewer bytes at the end
        unsigned char *want = naive_pixels(n);
        for (int i = 0; i < 4; i++) try_read(n, want, (size_t)i * 20, i % 3 ? (size_t)(60 * i) : 0, i == 3);
        free(want);
        n = kal_cast(s, n, kal_cast_params(.type = KAL_U16));
    }
}

int main(void)
{
    rng r = {29};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(WIDTH, HEIGHT + 1, 3, KAL_U8);
    unsigned char *data = malloc(bytes_of(&e));
    for (size_t i = 0; i < bytes_of(&e); i++) data[i] = (unsigned char)rng_next(&r);
    kal_node *in = kal_pixels(s, &e, data, (ptrdiff_t)WIDTH * 3);
    kal_node *part = kal_crop(s, in, kal_crop_params(.y = 1, .width = WIDTH, .height = HEIGHT));
    static const size_t offsets[] = {0, 1, 32, 63};
    for (int i = 0; i < 8; i++)
        try_read(part, data + (size_t)WIDTH * 3, offsets[i % 4], i % 3 ? (size_t)(61 * i) : 0, i > 4);
    // an op that writes past the caches itself
    for (size_t i = 0; i < bytes_of(&e); i++) data[i] = (unsigned char)~data[i];
    kal_node *inverted = kal_invert(s, part, NULL);
    for (int i = 0; i < 8; i++)
        try_read(inverted, data + (size_t)WIDTH * 3, offsets[i % 4], i % 3 ? (size_t)(61 * i) : 0, i > 4);
    free(data);
    chain(&r, s);
    kal_scope_free(&s);
    return check_done();
}
