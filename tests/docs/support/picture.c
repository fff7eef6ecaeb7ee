// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A picture for the documentation's examples: ramps and a checked pattern. picture OUT WIDTH HEIGHT
#include <kal/kal.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 4) return fprintf(stderr, "picture OUT WIDTH HEIGHT\n"), 2;
    const kal_extent e = {atoi(argv[2]), atoi(argv[3]), 3, KAL_U8, KAL_RGB, false};
    const size_t n = (size_t)e.width * (size_t)e.height * 3;
    unsigned char *data = malloc(n), *at = data;
    if (!data) return 1;
    for (int32_t y = 0; y < e.height; y++)
        for (int32_t x = 0; x < e.width; x++) {
            *at++ = (unsigned char)((int64_t)x * 255 / e.width);
            *at++ = (unsigned char)((int64_t)y * 255 / e.height);
            *at++ = (unsigned char)((x / 16 ^ y / 16) * 37);
        }
    kal_error err;
    kal_node *node = kal_pixels(NULL, &e, data, (ptrdiff_t)e.width * 3);
    const kal_status st = kal_save(node, argv[1], NULL, NULL, &err);
    if (st) kal_error_print(&err);
    kal_node_unref(&node);
    kal_memo_clear(NULL);
    free(data);
    return st != KAL_OK;
}
