// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Many rectangles of one picture, as training wants them: the picture is decoded once, into the memo, and every rectangle
// is then read into rows of ours in any order. The corner patches are also saved, all in one plan. patches IN FOLDER
#include <kal/kal.h>

#include <stdio.h>

#define SIDE 128
static unsigned char patch[SIDE * SIDE * 4];

int main(int argc, char **argv)
{
    if (argc != 3) return fprintf(stderr, "patches IN FOLDER\n"), 2;
    kal_error err;
    kal_extent e;
    kal_key key;
    kal_stats stats;
    const kal_options o = {.stats = &stats, .memo_mode = KAL_MEMO_ALWAYS};
    kal_scope *s = kal_scope_new();
    kal_node *photo = kal_load(s, argv[1], NULL);
    kal_status st = kal_node_extent(photo, &e, &err);
    if (!st && (e.width < SIDE || e.height < SIDE || kal_pixel_size(&e) > 4))
        st = kal_fail(&err, KAL_INVALID, "%s: at least %d×%d, and 8 bits", argv[1], SIDE, SIDE);
    if (!st) st = kal_content_key(photo, &o, &key, &err);   // names the pixels, and leaves them in the memo
    unsigned long long decodes = stats.decodes, n = 0;
    for (int32_t y = 0; !st && y + SIDE <= e.height; y += SIDE / 2)
        for (int32_t x = 0; !st && x + SIDE <= e.width; x += SIDE / 2, n++) {
            const kal_rect r = kal_rect_of(x, y, x + SIDE, y + SIDE);
            st = kal_read(photo, r, patch, SIDE * (ptrdiff_t)kal_pixel_size(&e), &o, &err);
            decodes += stats.decodes;
        }
    if (!st) printf("%llu patches, decoded %llu time(s)\n", n, decodes);

    kal_node *files[4];
    char names[4][4096];
    const char *paths[4];
    for (int i = 0; !st && i < 4; i++) {
        const int32_t x = i & 1 ? e.width - SIDE : 0, y = i & 2 ? e.height - SIDE : 0;
        kal_node *corner = kal_crop(s, photo, kal_crop_params(.x = x, .y = y, .width = SIDE, .height = SIDE));
        files[i] = kal_encode(s, corner, "png", NULL);
        snprintf(names[i], sizeof names[i], "%s/%d-%d.png", argv[2], x, y);
        paths[i] = names[i];
    }
    if (!st) st = kal_write_files(files, paths, 4, &o, &err);
    if (!st)
        printf("4 files, %llu encoded, %llu decoded\n", (unsigned long long)stats.encodes,
               (unsigned long long)stats.decodes);
    if (st) kal_error_print(&err);
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    return st != KAL_OK;
}
