// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is promised about boxes, points, sizes and the boxes of masks: values.txt, bound.txt, and what a box on one image is on another.
#include "rows.h"

// A box on something made from a picture, and the same on the picture: one and the other way round, through chains too.
static void maps(void)
{
    static const struct {
        const char *what, *made, *there, *here;   // on what was made, on the picture
    } rows[] = {
        {"crop", "photo | crop 5 6 20 10", "[1, 2, 3, 4]", "[6, 8, 8, 10]"},
        {"resize", "photo | resize 80 90", "[10, 9, 20, 30]", "[5, 3, 10, 10]"},
        {"flip", "photo | flip horizontal", "[0, 0, 10, 3]", "[30, 0, 40, 3]"},
        {"turn", "photo | turn right", "[0, 0, 3, 10]", "[0, 27, 10, 30]"},
        {"quarter turns by rotate", "photo | rotate 90", "[0, 0, 3, 10]", "[30, 0, 40, 3]"},
        {"pad", "photo | center_pad 50 50", "[5, 10, 6, 11]", "[0, 0, 1, 1]"},
        {"fit with bars", "photo | fit 80 80 pad", "[0, 10, 20, 30]", "[0, 0, 10, 10]"},
        {"thumbnail", "photo | thumbnail 20", "[1, 2, 3, 4]", "[2, 4, 6, 8]"},
        {"crop, resize, turn", "photo | crop 10 10 20 20 | resize 40 40 | turn right", "[0, 0, 4, 20]",
         "[10, 28, 20, 30]"},
        {"pad, flip, crop", "photo | embed 5 5 50 40 | flip vertical | crop 5 5 10 10", "[0, 0, 10, 10]",
         "[0, 20, 10, 30]"},
        {"uncrop", "photo | crop 5 6 20 10 | gaussian 2 | uncrop", "[5, 10, 6, 11]", "[5, 10, 6, 11]"},
        {"a resized part that came home", "photo | crop 5 6 20 10 | resize 40 20 | uncrop resize=bilinear",
         "[7, 8, 9, 10]", "[7, 8, 9, 10]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int back = 0; back < 2; back++) {
            char text[300], want[60];
            snprintf(text, sizeof text, "made = %s; map_boxes %s %s", rows[i].made,
                     back ? "photo made" : "made photo", back ? rows[i].here : rows[i].there);
            snprintf(want, sizeof want, "[%s]", back ? rows[i].there : rows[i].here);
            gives("photo = sample scene width=40 height=30", &(row){rows[i].what, text, GIVES, want});
        }
}

int main(void)
{
    run_file("", "values.txt");
    run_file("photo = sample scene width=40 height=30; m = box_mask [4 6 14 16] 40 30", "bound.txt");
    maps();
    kal_memo_clear(NULL);
    return check_done();
}
