// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is promised about boxes, points, sizes and the boxes of masks, a row a promise. Boxes are half open, edges are rounded once, units
// are said and never guessed; an object of n pixels has a box of n.
#include "rows.h"

static const row boxes[] = {
    {"a box of pixels has a place and a size", "boxes [10 20 50 50] | box_numbers form=xywh", GIVES,
     "[10, 20, 40, 30]"},
    {"its size", "boxes [10 20 50 50] | box_size", GIVES, "[40, 30]"},
    {"its parts of a picture", "boxes [10 20 50 50] | box_numbers unit=normalised width=256 height=128",
     GIVES, "[0.0390625, 0.15625, 0.1953125, 0.390625]"},
    {"both at once", "boxes [10 20 50 50] | box_numbers xywh normalised 256 128", GIVES,
     "[0.0390625, 0.15625, 0.15625, 0.234375]"},
    {"a normalised box in pixels", "boxes [0.5 0.25 1 0.75] unit=normalised width=256 height=128", GIVES,
     "[[128, 32, 256, 96]]"},
    {"a crop by it is as large",
     "p = solid 1 width=256 height=128; size (crop p (boxes [0.5 0.25 1 0.75] unit=normalised (size p)))",
     GIVES, "[128, 64]"},
    {"place and size, normalised", "boxes [0.5 0.25 0.5 0.5] xywh normalised 256 128", GIVES,
     "[[128, 32, 256, 96]]"},
    {"an edge is rounded, not cut off", "boxes [0.29 0 0.5 1] unit=normalised width=100 height=10", GIVES,
     "[[29, 0, 50, 10]]"},
    {"and in the crop by the same rule",
     "p = gradient width=100 height=10; crop p (boxes [0.29 0 0.5 1] unit=normalised (size p))", SAME,
     "p = gradient width=100 height=10; crop p 29 0 21 10"},
    {"halves go to even", "boxes [0.5 1.5 2.5 3.5]", GIVES, "[[0, 2, 2, 4]]"},
    {"edges are rounded, a size is their difference",
     "p = gradient width=9 height=9; crop p (box_shift [1 1 3 3] 0.5 0.5)", SAME,
     "p = gradient width=9 height=9; crop p 2 2 2 2"},
    {"a box without width", "boxes [5 1 5 2]", FAILS, "boxes: box 1 is empty"},
    {"a box beyond the left edge", "boxes [-1 1 5 2]", FAILS, "has a negative edge"},
    {"a box beyond the size that was said", "boxes [1 1 11 2] width=10 height=10", FAILS,
     "reaches beyond the picture"},
    {"parts of nobody knows what", "boxes [0.1 0.1 0.5 0.5] unit=normalised", FAILS,
     "needs the picture's width and height"},
    {"a box of small numbers is one pixel, not everything", "boxes [0 0 1 1] width=10 height=10", GIVES,
     "[[0, 0, 1, 1]]"},
    {"everything, when it is said", "boxes [0 0 1 1] unit=normalised width=10 height=10", GIVES,
     "[[0, 0, 10, 10]]"},
    {"a box of one resolution on another", "box_transfer [10 10 20 20] from=[100 100] to=[200 200]", GIVES,
     "[[20, 20, 40, 40]]"},
    {"and a crop by it",
     "p = solid 1 width=200 height=200; size (crop p (box_transfer [10 10 20 20] [100 100] (size p)))", GIVES,
     "[20, 20]"},
    {"there and back nothing is lost",
     "box_transfer [1 2 3 4] from=[7 9] to=[64 48] | box_transfer from=[64 48] to=[7 9] | box_iou [1 2 3 4]",
     GIVES, "1"},
    {"one edge further is another box", "boxes [1 2 3 10]", OTHER, "boxes [1 2 3 11]"},
    {"a size that is said is part of the key, not of the value", "boxes [1 2 3 10] width=20 height=20", SAME,
     "boxes [1 2 3 10]"},
    {"union", "box_union [10 20 50 50 1 30 20 70]", GIVES, "[[1, 20, 50, 70]]"},
    {"intersection", "box_intersection [10 20 50 50 1 30 20 70]", GIVES, "[[10, 30, 20, 50]]"},
    {"nothing in common", "box_intersection [10 20 50 50 50 20 60 50]", GIVES, "[]"},
    {"intersection over union", "box_iou [0 0 10 10] [5 5 10 10]", GIVES, "0.25"},
    {"a box has another", "box_contains [0 0 10 10] [5 5 10 10 5 5 11 10]", GIVES, "[1, 0]"},
    {"a box has a point, not on its far edge", "box_contains [0 0 10 10] points=[9.9 0 10 0]", GIVES,
     "[1, 0]"},
    {"scaled", "box_scale [10 20 50 50] 2 3", GIVES, "[[20, 60, 100, 150]]"},
    {"scaled about its middle", "box_scale [10 20 50 50] 0.5 about=centre", GIVES, "[[20, 27.5, 40, 42.5]]"},
    {"moved", "box_shift [10 20 50 50] -3 4", GIVES, "[[7, 24, 47, 54]]"},
    {"padded by a part of it", "box_pad [10 10 30 30] 0.1", GIVES, "[[8, 8, 32, 32]]"},
    {"padded by pixels", "box_pad [10 10 30 30] 3 unit=pixel", GIVES, "[[7, 7, 33, 33]]"},
    {"cut off at the picture", "box_clip [-5 2 12 20 40 0 41 9] 40 30", GIVES, "[[0, 2, 12, 20]]"},
    {"square", "box_square [10 20 50 50]", GIVES, "[[10, 15, 50, 55]]"},
    {"square, inside the picture", "box_square [30 2 40 30] width=40 height=30", GIVES, "[[12, 2, 40, 30]]"},
    {"of an aspect", "box_fit [10 20 50 50] 2", GIVES, "[[0, 20, 60, 50]]"},
    {"sides in multiples of 8", "box_snap [10 20 50 50] 8", GIVES, "[[10, 19, 50, 51]]"},
    {"of 16", "box_snap [10 20 50 50] 16", GIVES, "[[6, 19, 54, 51]]"},
    {"of 32, inside the picture", "box_snap [10 20 50 50] 32 width=64 height=64", GIVES, "[[0, 19, 64, 51]]"},
    {"never smaller than a size", "box_snap [10 20 50 50] 8 least=41", GIVES, "[[6, 11, 54, 59]]"},
    {"with what is around it", "box_context [0 10 10 20] 0.5 width=40 height=30", GIVES, "[[0, 5, 20, 25]]"},
    {"boxes that meet become one, as long as any do",
     "box_merge [0 0 10 10 20 20 30 30 9 25 11 26 9 9 21 21]", GIVES, "[[0, 0, 30, 30]]"},
    {"boxes that only touch stay apart", "box_merge [0 0 10 10 10 0 20 10]", GIVES,
     "[[0, 0, 10, 10], [10, 0, 20, 10]]"},
    {"in scan order", "box_sort [10 20 50 50 1 20 9 70 4 4 5 5]", GIVES,
     "[[4, 4, 5, 5], [1, 20, 9, 70], [10, 20, 50, 50]]"},
};

static const row points_and_sizes[] = {
    {"a normalised point in pixels", "points [0.5 0.25] unit=normalised width=200 height=100", GIVES,
     "[[100, 25]]"},
    {"and back", "points [100 25] | point_numbers unit=normalised width=200 height=100", GIVES,
     "[0.5, 0.25]"},
    {"moved", "point_shift [1 2.5 3 4] -1 0.5", GIVES, "[[0, 3], [2, 4.5]]"},
    {"scaled", "point_scale [1 2.5] 2 -4", GIVES, "[[2, -10]]"},
    {"into the picture", "point_clip [-3 4 50 29.5 7 8] 40 30", GIVES, "[[0, 4], [39, 29], [7, 8]]"},
    {"or left out", "point_clip [-3 4 50 29.5 7 8] 40 30 drop", GIVES, "[[7, 8]]"},
    {"to another resolution", "point_transfer [10 20] from=[100 100] to=[200 50]", GIVES, "[[20, 10]]"},
    {"the box of a single point is a pixel", "point_box [5 5]", GIVES, "[[5, 5, 6, 6]]"},
    {"points as a mask, and its boxes: none is lost", "points_mask [5 5 0 0 9.9 9.9] 10 10 | mask_boxes",
     GIVES, "[[0, 0, 1, 1], [5, 5, 6, 6], [9, 9, 10, 10]]"},
    {"a size times a factor, halves to even", "size_scale [5 7] 0.5", GIVES, "[2, 4]"},
    {"a size of nothing", "size_scale [3 3] 0.1", FAILS, "less than a pixel"},
    {"a smaller size fits", "size_fits [2 3] [3 4]", GIVES, "1"},
    {"of two that are longer one way each, neither does", "size_fits [2 5] [3 4]", GIVES, "0"},
    {"nor the other way round", "size_fits [3 4] [2 5]", GIVES, "0"},
};

static const row numbers[] = {
    {"the boxes of two lists", "box_append [10 20 50 50] [0 0 1 1 2 2 3 3]", GIVES,
     "[[10, 20, 50, 50], [0, 0, 1, 1], [2, 2, 3, 3]]"},
    {"one of which found nothing", "m = box_mask [] 9 9; box_append (mask_boxes m) [1 2 3 4]", GIVES,
     "[[1, 2, 3, 4]]"},
    {"the points of two lists", "point_append [1 2] [3 4 5.5 6]", GIVES, "[[1, 2], [3, 4], [5.5, 6]]"},
    {"half a size", "calc \"a / 2\" [641 480]", GIVES, "[320.5, 240]"},
    {"its area", "p = solid 1 width=40 height=30; calc \"v0 * v1\" values=(size p)", GIVES, "1200"},
    {"its longer side", "calc \"max(v0, v1)\" values=[40 30]", GIVES, "40"},
    {"two sizes, side by side", "calc \"a + b\" [40 30] [2 4]", GIVES, "[42, 34]"},
    {"a number for all", "calc \"a * b\" [1 2 3] 10", GIVES, "[10, 20, 30]"},
    {"by place", "calc \"x * width\" [0 0 0]", GIVES, "[0, 3, 6]"},
    {"chosen", "calc \"select(a > 4, a, 0)\" [1 5 9]", GIVES, "[0, 5, 9]"},
    {"blanks and brackets mean nothing", "calc \"(a)*2\" [1]", NODE, "calc \"a * 2\" [1]"},
    {"an image as large as another and half",
     "p = solid 1 width=40 height=30; p | resize size=(calc \"a * 1.5\" (size p)) | size", GIVES, "[60, 45]"},
    {"the part of the smaller box that lies in the other",
     "a = box_numbers [0 0 10 10] xywh; b = box_numbers [5 5 9 9] xywh\n"
     "c = boxes [0 0 10 10 5 5 9 9] | box_intersection | box_numbers xywh\n"
     "x = calc \"v2 * v3\" values=c; y = calc \"v2 * v3\" values=a; z = calc \"v2 * v3\" values=b\n"
     "calc \"a / min(b, c)\" x y z",
     GIVES, "1"},
    {"nothing by nothing", "calc \"a / b\" 0 0", FAILS, "calc: number 1 is not finite"},
    {"a list that is not there", "calc \"a + b\" [1 2]", FAILS,
     "calc: the formula names b, and there are no numbers in b"},
    {"lists of two and three", "calc \"a + b\" [1 2] [1 2 3]", FAILS, "as many, or 1, are needed"},
    {"numbers have no rows", "calc \"y\" [1 2]", FAILS, "calc: numbers have a place"},
    {"a mistake has a place", "calc \"a +\" [1 2]", FAILS, "calc: column 4"},
};

static const row masks[] = {
    {"twenty pixels are twenty", "box_mask [10 10 30 30] 64 64 | mask_boxes", GIVES, "[[10, 10, 30, 30]]"},
    {"and so is the crop", "m = box_mask [10 10 30 30] 64 64; size (crop m (mask_boxes m))", GIVES,
     "[20, 20]"},
    {"two parts, in scan order", "box_mask [40 40 50 50 10 10 30 30] 64 64 | mask_boxes", GIVES,
     "[[10, 10, 30, 30], [40, 40, 50, 50]]"},
    {"a margin is a part of the box, on every side", "box_mask [10 10 30 30] 64 64 | mask_boxes margin=0.1",
     GIVES, "[[8, 8, 32, 32]]"},
    {"cut off at the top left", "box_mask [2 2 10 10] 64 64 | mask_boxes margin=0.5", GIVES,
     "[[0, 0, 14, 14]]"},
    {"cut off at the bottom right", "box_mask [50 50 64 64] 64 64 | mask_boxes margin=0.5", GIVES,
     "[[43, 43, 64, 64]]"},
    {"a single pixel", "box_mask [5 5 6 6] 10 10 | mask_boxes", GIVES, "[[5, 5, 6, 6]]"},
    {"the corner's four pixels are four", "box_mask [0 0 2 2] 10 10 | mask_boxes", GIVES, "[[0, 0, 2, 2]]"},
    {"a thin line", "box_mask [2 3 8 4] 10 10 | mask_boxes", GIVES, "[[2, 3, 8, 4]]"},
    {"an empty mask has no boxes", "box_mask [] 10 10 | mask_boxes", GIVES, "[]"},
    {"and nothing can be cropped by it", "m = box_mask [] 10 10; crop m (mask_boxes m)", FAILS,
     "crop: box takes 4 numbers, and the value has 0: nothing was found"},
    {"one box around everything", "box_mask [40 40 50 50 10 10 30 30] 64 64 | mask_boxes merge=all", GIVES,
     "[[10, 10, 50, 50]]"},
    {"boxes that overlap after the margin become one",
     "box_mask [10 10 20 20 22 10 32 20] 50 40 | mask_boxes margin=0.5", GIVES, "[[5, 5, 37, 25]]"},
    {"the largest parts only", "box_mask [0 0 1 1 3 0 8 1 0 5 5 9] 10 10 | mask_boxes largest=2", GIVES,
     "[[3, 0, 8, 1], [0, 5, 5, 9]]"},
    {"more than there are: all", "box_mask [0 0 1 1 3 0 8 1] 10 10 | mask_boxes largest=9", GIVES,
     "[[0, 0, 1, 1], [3, 0, 8, 1]]"},
    {"large parts only", "box_mask [0 0 1 1 3 0 8 1 0 5 5 9] 10 10 | mask_boxes area=6", GIVES,
     "[[0, 5, 5, 9]]"},
    {"opened by a kernel that is not square",
     "box_mask [6 6 7 7 8 6 13 7 6 10 11 14] 20 20 | mask_boxes opening=[2 1] merge=none", GIVES,
     "[[8, 6, 13, 7], [6, 10, 11, 14]]"},
    {"closed by another", "box_mask [0 0 1 1 3 0 8 1] 10 10 | mask_boxes closing=[3 1]", GIVES,
     "[[0, 0, 8, 1]]"},
    {"above the value, not at it", "solid 127 width=1 height=1 | threshold 127.5", GIVES, "[[0]]"},
    {"half of full scale is 127.5", "solid 128 width=1 height=1 | threshold", GIVES, "[[255]]"},
    {"nothing is above nothing", "solid 0 width=1 height=1 | threshold 0", GIVES, "[[0]]"},
    {"but 1 is", "solid 1 width=1 height=1 | threshold 0", GIVES, "[[255]]"},
    {"nothing is above white", "solid 255 width=1 height=1 | threshold 255", GIVES, "[[0]]"},
    {"of a colour any channel will do", "solid [0 0 200] width=1 height=1 | threshold", GIVES, "[[255]]"},
    {"a value that no sample can reach", "solid 9 width=1 height=1 | threshold 255.5", FAILS,
     "threshold: value=255.5 is above full scale, 255"},
    {"a part of as many pixels as the area stays",
     "box_mask [0 0 1 1 3 0 8 1 0 5 5 9] 10 10 | remove_small area=0.05 | mask_areas", GIVES, "[5, 20]"},
    {"all too small: nothing stays", "box_mask [0 0 1 1 3 0 6 1] 10 10 | remove_small area=0.05 | mask_areas",
     GIVES, "[]"},
    {"unless the largest is asked for",
     "m = box_mask [0 0 1 1 3 0 6 1] 10 10; a = remove_small m area=0.05; b = keep_largest m; mask_or [a b] "
     "| mask_boxes",
     GIVES, "[[3, 0, 6, 1]]"},
    {"a pixel grows to nine", "box_mask [3 3 4 4] 7 7 | dilate | mask_areas", GIVES, "9"},
    {"and back to one", "box_mask [3 3 4 4] 7 7 | dilate | erode", SAME, "box_mask [3 3 4 4] 7 7"},
    {"the border erodes nothing", "box_mask [0 0 5 5] 5 5 | erode | mask_areas", GIVES, "25"},
    {"or with nothing", "a = box_mask [1 1 5 6] 20 10; b = box_mask [] 20 10; mask_or [a b]", SAME,
     "box_mask [1 1 5 6] 20 10"},
    {"or counts common pixels once",
     "a = box_mask [1 1 5 6] 20 10; b = box_mask [3 4 9 8] 20 10; mask_or [a b] | mask_areas", GIVES, "40"},
    {"parts that touch by corners", "box_mask [0 0 2 2 2 2 4 4] 4 4 | mask_areas", GIVES, "8"},
    {"are two by sides", "box_mask [0 0 2 2 2 2 4 4] 4 4 | mask_areas connectivity=4", GIVES, "[4, 4]"},
    {"outlines and back", "m = box_mask [1 1 4 8 9 0 20 2] 20 9; polygon_mask m (mask_polygons m)", SAME,
     "box_mask [1 1 4 8 9 0 20 2] 20 9"},
    {"boxes and back", "m = box_mask [1 1 4 8 9 0 20 2] 20 9; box_mask m (mask_boxes m)", SAME,
     "box_mask [1 1 4 8 9 0 20 2] 20 9"},
};

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

static const row bound[] = {
    {"a crop by a mask", "crop photo (mask_boxes m)", SAME, "crop photo 4 6 10 10"},
    {"a crop by points", "crop photo (point_box [4 6 13.5 15])", SAME, "crop photo 4 6 10 10"},
    {"by a value with a name", "b = mask_boxes m; crop photo box=b", SAME, "crop photo 4 6 10 10"},
    {"a size from another picture", "photo | crop 0 0 10 10 | resize (size photo) | size", GIVES, "[40, 30]"},
    {"a number from a picture", "solid 9 | threshold value=(solid 8 | mean) | mean", GIVES, "255"},
    {"values and lists in brackets in the order they stand", "box_contains [0 0 40 30] (mask_boxes m)", GIVES,
     "1"},
    {"and the other way round", "box_contains (mask_boxes m) [0 0 40 30]", GIVES, "0"},
    {"a piped value comes first", "mask_boxes m | box_contains [0 0 40 30]", GIVES, "0"},
    {"points of a part, on the picture", "map_points (photo | crop 4 6 10 10) photo [1.5 2]", GIVES,
     "[[5.5, 8]]"},
    {"and a rotated one back",
     "r = photo | rotate 33; map_points r photo (map_points photo r [7.5 9.5]) | point_box", GIVES,
     "[[7, 9, 8, 10]]"},
};

int main(void)
{
    RUN_ROWS("", boxes);
    RUN_ROWS("", points_and_sizes);
    RUN_ROWS("", numbers);
    RUN_ROWS("", masks);
    RUN_ROWS("photo = sample scene width=40 height=30; m = box_mask [4 6 14 16] 40 30", bound);
    maps();
    kal_memo_clear(NULL);
    return check_done();
}
