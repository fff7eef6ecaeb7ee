// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The end of a program made from the blocks of a page: runs them in order, with nodes of the names they use. Part of page.c, not a
// header of its own.
int main(void)
{
    int failed = 0;
    for (const block *b = blocks; b->run; b++) {
        kal_scope *s = kal_scope_new();
        kal_error err = {0};
        kal_node *photo = kal_load(s, "in.jpg", NULL);
        kal_node *face =
            kal_crop(s, photo, kal_crop_params(.x = 1200, .y = 800, .width = 640, .height = 640));
        kal_node *soft = kal_gaussian(s, face, kal_gaussian_params(.sigma = 6));
        kal_node *back = kal_uncrop(s, soft, photo, kal_uncrop_params(.x = 1200, .y = 800, .feather = 8));
        kal_node *other = kal_turn(s, photo, kal_turn_params(.how = KAL_TURN_HALF));
        kal_node *const images[2] = {photo, other};
        const kal_status st = b->run(s, photo, face, soft, back, photo, photo, other, images, 2, err, KAL_OK);
        if ((st != KAL_OK) != b->fails) {
            fprintf(stderr, "%s: the block of line %d: %s\n", b->page, b->line,
                    b->fails ? "did not fail" : kal_status_name(st));
            failed = 1;
        }
        kal_scope_free(&s);
        kal_memo_clear(NULL);
    }
    if (kal_node_count()) fprintf(stderr, "%zu nodes are still alive\n", kal_node_count()), failed = 1;
    return failed;
}
