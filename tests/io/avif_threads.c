// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// AVIF is coded by several threads, and its bytes are the same for any number of them: small and large, gray and colour, with alpha and
// without, lossy and lossless, again and again.
#include "files.h"

static kal_bytes file_of(kal_node *image, const char *params, int32_t threads)
{
    kal_node *n = kal_encode(NULL, image, "avif", params);
    kal_bytes b = {0};
    REQUIRE_OK(
        kal_read_bytes(n, &(kal_options){.threads = threads, .memo_mode = KAL_MEMO_NEVER}, &b, &check_error));
    kal_node_unref(&n);
    return b;
}

static void require_alike(int32_t w, int32_t h, int32_t channels, const char *params)
{
    static const int32_t threads[] = {2, 5, 8, 1};
    const kal_extent e = extent_of(w, h, channels, KAL_U8);
    rng r = {(uint64_t)w * 31 + (uint64_t)channels};
    unsigned char *pixels = malloc(bytes_of(&e));
    smooth_pixels(&e, pixels);
    for (size_t i = 0; i < bytes_of(&e); i += 7) pixels[i] = (unsigned char)(pixels[i] ^ rng_below(&r, 16));
    kal_scope *s = kal_scope_new();
    kal_node *n = node_of(s, &e, pixels);
    kal_bytes one = file_of(n, params, 1);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        kal_bytes b = file_of(n, params, threads[i]);
        REQUIRE_NOTE(b.size == one.size && !memcmp(b.data, one.data, b.size),
                     "%dx%d of %d channels, %s: %zu bytes by one thread, %zu by %d", w, h, channels, params,
                     one.size, b.size, threads[i]);
        kal_bytes_free(&b);
    }
    kal_bytes_free(&one);
    kal_scope_free(&s);
    free(pixels);
}

int main(void)
{
    static const int32_t sizes[][2] = {{1, 1}, {7, 9}, {64, 64}, {129, 65}, {400, 300}, {1000, 700}};
    static const char *const params[] = {"quality=20",    "quality=60", "quality=95",
                                         "lossless=true", "effort=0",   "effort=4 subsampling=444"};
    const kal_extent e = extent_of(8, 8, 3, KAL_U8);
    static const unsigned char gray[8 * 8 * 3];
    kal_node *n = node_of(NULL, &e, gray);
    kal_node *file = kal_encode(NULL, n, "avif", NULL);
    const bool there = !kal_node_error(file, &check_error);
    kal_node_unref(&file), kal_node_unref(&n);
    if (!there) {
        check_skip("%s", check_error.message);
        return 77;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof params / sizeof *params; k++)
            for (int32_t c = i < 5 ? 1 : 3; c <= (i < 5 ? 4 : 3); c++)
                require_alike(sizes[i][0], sizes[i][1], c, params[k]);
    return check_done();
}
