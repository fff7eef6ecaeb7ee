// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The content key is one, however a picture is come by: row by row, all at once by any number of threads, copied meanwhile, with rows that lie
// apart or upside down, and whatever its NaN are.
#include "digest.h"

#include "check.h"

#include <math.h>

static kal_key by_rows(const kal_extent *e, const unsigned char *from, ptrdiff_t stride)
{
    kal_key key = {0, 0};
    kal__digest *d = kal__digest_new(e, &key);
    for (int32_t y = 0; y < e->height; y++) kal__digest_row(d, from + y * stride);
    kal__digest_free(&d);
    return key;
}

static void test_picture(rng *r, const kal_extent *e)
{
    const size_t row = (size_t)e->width * kal_pixel_size(e), n = row * (size_t)e->height;
    const ptrdiff_t strides[] = {(ptrdiff_t)row, (ptrdiff_t)row + 8, -(ptrdiff_t)row - 8};
    unsigned char *pixels = malloc((row + 8) * (size_t)e->height), *copy = malloc(n);
    for (size_t i = 0; i + 8 <= n; i += 8) {
        const uint64_t v = rng_next(r);
        memcpy(pixels + i, &v, 8);
    }
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++) {
        const unsigned char *first =
            strides[i] < 0 ? pixels + (size_t)-strides[i] * (size_t)(e->height - 1) : pixels;
        const kal_key want = by_rows(e, first, strides[i]);
        for (int32_t threads = 1; threads < 6; threads++)
            for (int copied = 0; copied < 2; copied++) {
                kal_key got = {1, 2};
                memset(copy, 7, n);
                REQUIRE(kal__digest_picture(e, first, strides[i], copied ? copy : NULL, threads, &got));
                REQUIRE_NOTE(kal_key_equal(got, want), "%d×%d×%d, %d threads, stride %td", e->width,
                             e->height, e->channels, threads, strides[i]);
                for (int32_t y = 0; y < e->height && copied; y++)
                    REQUIRE(!memcmp(copy + (size_t)y * row, first + y * strides[i], row));
            }
    }
    free(pixels), free(copy);
}

static void test_nan(void)
{
    const kal_extent e = {300, 2, 1, KAL_F32, KAL_DATA, false};
    float a[600] = {0}, b[600] = {0};
    a[7] = a[400] = NAN;
    const uint32_t other = 0xffc00123u;
    memcpy(&b[7], &other, 4), memcpy(&b[400], &other, 4);
    kal_key x, y;
    REQUIRE(kal__digest_picture(&e, (unsigned char *)a, 1200, NULL, 1, &x));
    REQUIRE(kal__digest_picture(&e, (unsigned char *)b, 1200, NULL, 1, &y));
    REQUIRE(kal_key_equal(x, y));
    b[8] = -0.0f;   // which is another number than 0
    REQUIRE(kal__digest_picture(&e, (unsigned char *)b, 1200, NULL, 1, &y) && !kal_key_equal(x, y));
}

int main(void)
{
    static const kal_extent all[] = {
        {1, 1, 1, KAL_U8, KAL_GRAY, false},      {256, 256, 1, KAL_U8, KAL_GRAY, false},
        {257, 513, 2, KAL_U8, KAL_GRAY, true},   {2600, 3300, 1, KAL_U8, KAL_GRAY, false},
        {1500, 2000, 3, KAL_U8, KAL_RGB, false}, {900, 1000, 3, KAL_F32, KAL_RGB, false},
        {3, 1000, 4, KAL_U16, KAL_RGB, true},    {1000, 1, 5, KAL_U32, KAL_DATA, false},
        {1201, 2003, 4, KAL_U16, KAL_RGB, true}};
    rng r = {31};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) test_picture(&r, &all[i]);
    test_nan();
    return check_done();
}
