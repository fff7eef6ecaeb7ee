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
    const size_t row = (size_t)WIDTH * 3, apart = row + more, size = apart * HEIGHT + 2 * BESIDE;
    unsigned char *room = malloc(size), *first = room + BESIDE + offset;
    memset(room, 0x5a, size);
    if (upside_down) first += (HEIGHT - 1) * apart;
    const ptrdiff_t stride = upside_down ? -(ptrdiff_t)apart : (ptrdiff_t)apart;
    const kal_options o = {.threads = 2, .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_read(node, kal_rect_of(0, 0, WIDTH, HEIGHT), first, stride, &o, &check_error));
    size_t beside = 0;
    for (size_t y = 0; y < HEIGHT; y++) {
        if (!REQUIRE_MEM(first + (ptrdiff_t)y * stride, want + y * row, row)) break;
        for (size_t x = row; x < apart && (upside_down ? y > 0 : y + 1 < HEIGHT); x++)
            beside += first[(ptrdiff_t)y * stride + (ptrdiff_t)x] != 0x5a;
    }
    for (size_t i = 0; i < BESIDE + offset; i++) beside += room[i] != 0x5a;
    REQUIRE(beside == 0);
    free(room);
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
    kal_scope_free(&s);
    return check_done();
}
