// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Very wide and very tall pictures stream: from file to file through a crop, a blur and a paste, within a few rows' memory, and the
// pixels are those of the whole.
#include "check.h"

#include <sys/stat.h>

// A plain picture file, written by hand: row y, column x, channel c.
static void write_ppm(const char *path, int32_t w, int32_t h)
{
    FILE *f = fopen(path, "wb");
    unsigned char *row = malloc((size_t)w * 3);
    fprintf(f, "P6\n%d %d\n255\n", w, h);
    for (int32_t y = 0; y < h; y++) {
        for (int32_t i = 0; i < w * 3; i++) row[i] = (unsigned char)(i * 7 + y * 13 + (i ^ y) / 5);
        fwrite(row, 1, (size_t)w * 3, f);
    }
    free(row);
    fclose(f);
}

static kal_node *job(kal_scope *s, const char *path, int32_t w, int32_t h)
{
    kal_node *photo = kal_load(s, path, NULL);
    kal_node *part =
        kal_crop(s, photo, kal_crop_params(.x = w / 4, .y = h / 4, .width = w / 2, .height = h / 2));
    kal_node *soft = kal_gaussian(s, part, kal_gaussian_params(.sigma = 3));
    return kal_uncrop(s, soft, photo, kal_uncrop_params(.x = w / 4, .y = h / 4, .feather = 4));
}

static void stream(int32_t w, int32_t h, const char *suffix, uint64_t most)
{
    char out[300];
    kal_scope *s = kal_scope_new();
    const char *in = check_temp("in.ppm");
    write_ppm(in, w, h);
    snprintf(out, sizeof out, "%s.%s", check_temp("out"), suffix);
    kal_stats stats;
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .stats = &stats, .max_memory = most, .threads = 2};
    kal_node *node = job(s, in, w, h);
    if (REQUIRE_OK(kal_save(node, out, NULL, &o, &check_error))) {
        REQUIRE_NOTE(stats.peak_bytes <= most, "%d×%d %s: %llu bytes", w, h, suffix,
                     (unsigned long long)stats.peak_bytes);
        printf("%d×%d to %s: held %.1f MB, %.0f ms\n", w, h, suffix, (double)stats.peak_bytes / 1e6,
               stats.wall_ms);
        kal_key a, b;
        const kal_options all = {.memo_mode = KAL_MEMO_NEVER};
        REQUIRE_OK(kal_content_key(node, &all, &a, &check_error));
        REQUIRE_OK(kal_content_key(kal_load(s, out, NULL), &all, &b, &check_error));
        REQUIRE(kal_key_equal(a, b));
    }
    remove(out);
    kal_scope_free(&s);
}

int main(void)
{
    stream(200000, 64, "ppm", (uint64_t)96 << 20);   // a row is 600 kB, and the file of 38 MB is held too
    stream(64, 200000, "ppm", (uint64_t)48 << 20);
    stream(200000, 64, "png", (uint64_t)96 << 20);
    stream(64, 200000, "png", (uint64_t)48 << 20);
    return check_done();
}
