// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A program of somebody else, who has nothing but what is installed: prints the version, and the keys of a soft crop and of its pixels.
#include <kal/kal.h>

#include <stdio.h>

#define WIDTH 64
#define HEIGHT 48

static int report(const kal_error *err)
{
    kal_error_print(err);
    return 1;
}

int main(void)
{
    static float samples[HEIGHT][WIDTH][3];
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++) samples[y][x][c] = (float)((x * 7 + y * 13 + c * 29) % 101) / 100;

    const kal_extent extent = {WIDTH, HEIGHT, 3, KAL_F32, KAL_RGB, false};
    kal_scope *scope = kal_scope_new();
    kal_node *photo = kal_pixels(scope, &extent, samples, sizeof samples[0]);
    kal_node *crop = kal_crop(scope, photo, kal_crop_params(.x = 5, .y = 7, .width = 40, .height = 30));
    kal_node *soft = kal_gaussian(scope, crop, kal_gaussian_params(.sigma = 1.5));

    kal_error err;
    kal_key name, content;
    if (kal_node_key(soft, &name, &err) || kal_content_key(soft, NULL, &content, &err)) return report(&err);

    // One picture through a codec, so that what the library rests on is really linked.
    static const unsigned char gray[8 * 8];
    const kal_extent small = {8, 8, 1, KAL_U8, KAL_GRAY, false};
    kal_bytes jpeg;
    if (kal_read_bytes(kal_encode(scope, kal_pixels(scope, &small, gray, 8), "jpeg", NULL), NULL, &jpeg,
                       &err))
        return report(&err);
    kal_bytes_free(&jpeg);
    kal_scope_free(&scope);

    char a[33], b[33];
    printf("%s %s %s\n", kal_version(), kal_key_print(name, a), kal_key_print(content, b));
    return 0;
}
