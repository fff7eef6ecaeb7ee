// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is promised about keys and pixels, a row a promise. There is one unit, that of the sample; sums saturate; everything rounds to
// nearest and nothing is cut off.
#include "rows.h"

static const char pictures[] =
    "red = solid [255 0 0] width=2 height=1; green = solid [0 255 0] width=2 height=1\n"
    "blue = solid [0 0 255] width=2 height=1; zero = solid 0 width=4 height=1\n"
    "ten = solid 10 width=1 height=1; photo = sample scene width=40 height=30\n"
    "six = solid 0 width=3 height=2; count = expr [six] \"x + 3 * y + 1\"";

static const row keys[] = {
    {"the same picture twice is one node", "sample scene width=40 height=30", NODE, "photo"},
    {"one sample changed is another", "draw_points photo [7.5 7.5] radius=1 color=[1 2 3]", OTHER, "photo"},
    {"a corner is another", "crop photo 0 0 20 15", OTHER, "photo"},
    {"the shape is part of a picture", "solid 0 width=8 height=2", OTHER, "solid 0 width=4 height=4"},
    {"the type is", "cast photo type=u16", OTHER, "photo"},
    {"a mask is no gray image of the same bytes", "box_mask [0 0 1 1] 2 1", OTHER,
     "b = box_mask [0 0 1 1] 2 1; expr [b] \"a\" type=u8"},
    {"the order of inputs counts", "montage [red green] columns=2", OTHER, "montage [green red] columns=2"},
    {"how often counts", "montage [red red green] columns=3", OTHER, "montage [red green] columns=2"},
    {"the order of a list's numbers counts", "layers [red green photo] at=[0 0 1 0]", OTHER,
     "layers [red green photo] at=[1 0 0 0]"},
    {"the order of parameters does not", "gaussian photo edge=mirror sigma=2", NODE,
     "gaussian photo sigma=2 edge=mirror"},
    {"one parameter more is another", "gaussian photo sigma=2 edge=mirror", OTHER, "gaussian photo sigma=2"},
    {"a default that is written is the default", "gaussian photo sigma=1 edge=copy", NODE, "gaussian photo"},
    {"a number has the type of its parameter", "gaussian photo 2", NODE, "gaussian photo 2.0"},
    {"a list of one is its number", "linear photo scale=[2]", NODE, "linear photo scale=2"},
    {"a change far down is seen at the top", "photo | gaussian 2 | invert | rotate 3", OTHER,
     "photo | gaussian 2.5 | invert | rotate 3"},
    {"rows of points are no row of numbers", "points [1 2 3 4]", OTHER, "box_numbers [1 2 3 4]"},
};

static const row colours[] = {
    {"gray of pure red", "gray red", GIVES, "[[76, 76]]"},
    {"of pure green", "gray green", GIVES, "[[150, 150]]"},
    {"of pure blue", "gray blue", GIVES, "[[29, 29]]"},
    {"of a colour", "solid [100 150 200] width=1 height=1 | gray", GIVES, "[[141]]"},
    {"sums saturate", "solid 250 width=1 height=1 | add value=10", GIVES, "[[255]]"},
    {"of two images too", "solid 250 width=1 height=1 | add ten", GIVES, "[[255]]"},
    {"differences saturate", "solid 5 width=1 height=1 | subtract value=10", GIVES, "[[0]]"},
    {"products saturate", "solid 100 width=1 height=1 | multiply value=3", GIVES, "[[255]]"},
    {"one channel goes with every colour", "red | multiply (solid 3 width=2 height=1)", GIVES,
     "[[[3, 0, 0], [3, 0, 0]]]"},
    {"types do not mix by themselves", "red | add (solid 3 width=2 height=1 type=u16)", FAILS,
     "add: the image is u8 and the other is u16; use cast"},
    {"a quotient is rounded", "solid 5 width=1 height=1 | divide value=2", GIVES, "[[3]]"},
    {"half of each", "blend (solid [20 20 20] width=1 height=1) (to_rgb ten)", GIVES, "[[[15, 15, 15]]]"},
    {"a mix is rounded", "blend (solid 200 width=1 height=1) (solid 101 width=1 height=1) alpha=0.3", GIVES,
     "[[131]]"},
    {"what lies outside a mask is dimmed",
     "dim (box_mask [1 0 2 1] 3 1) (solid 100 width=3 height=1) alpha=0.2", GIVES, "[[20, 100, 20]]"},
    {"the default palette", "expr [zero] \"select(x < 3, x, 254)\" | apply_palette", GIVES,
     "[[[0, 0, 0], [0, 0, 139], [255, 255, 84], [255, 255, 255]]]"},
    {"its fourth and last colour", "expr [zero] \"select(x < 2, 3, 255)\" | apply_palette | crop 1 0 2 1",
     GIVES, "[[[0, 255, 0], [0, 0, 0]]]"},
    {"a palette wants numbers", "apply_palette red", FAILS, "apply_palette: "},
    {"histogram equalisation", "expr [zero] \"max(x - 1, 0) * 100\" | equalize", GIVES, "[[0, 0, 128, 255]]"},
    {"one value stays", "solid 7 width=2 height=1 | equalize", GIVES, "[[7, 7]]"},
    {"the negative", "invert ten", GIVES, "[[245]]"},
    {"twice is nothing", "photo | invert | invert", SAME, "photo"},
    {"a range stretched", "expr [zero] \"50 + 20 * x\" | stretch out_low=0 out_high=90", GIVES,
     "[[0, 30, 60, 90]]"},
    {"what is all one value becomes the lower end",
     "solid 7 width=2 height=1 | stretch out_low=40 out_high=90", GIVES, "[[40, 40]]"},
    {"channels in another order", "band_extract red [2 1 0]", GIVES, "[[[0, 0, 255], [0, 0, 255]]]"},
    {"alpha stays", "solid [100 200 50 128] width=1 height=1 | invert", GIVES, "[[[155, 55, 205, 128]]]"},
    {"until it is flattened", "solid [100 200 50 0] width=1 height=1 | flatten white", GIVES,
     "[[[255, 255, 255]]]"},
    {"white becomes clear", "solid [255 255 255] width=1 height=1 | color_key white", GIVES,
     "[[[255, 255, 255, 0]]]"},
    {"and what has white in one channel does not", "color_key red white", GIVES,
     "[[[255, 0, 0, 255], [255, 0, 0, 255]]]"},
    {"distinct values and how often", "expr [zero] \"min(x, 2)\" | unique", GIVES,
     "[[0, 1], [1, 1], [2, 2]]"},
    {"statistics have the sample's unit", "solid 10 width=2 height=2 | mean", GIVES, "10"},
    {"in any type", "solid 10 width=2 height=2 type=u16 | mean", GIVES, "2570"},
    {"the deviation is that of all there is", "expr [zero] \"2 * x\" | std", GIVES, "2.23606797749979"},
};

static const row layouts[] = {
    {"padded: the odd pixel goes after, 4 to 7", "solid 9 width=4 height=1 | center_pad 7 1", GIVES,
     "[[0, 9, 9, 9, 9, 0, 0]]"},
    {"3 to 6", "solid 9 width=3 height=1 | center_pad 6 1", GIVES, "[[0, 9, 9, 9, 0, 0]]"},
    {"3 to 7", "solid 9 width=3 height=1 | center_pad 7 1", GIVES, "[[0, 0, 9, 9, 9, 0, 0]]"},
    {"5 to 6", "solid 9 width=5 height=1 | center_pad 6 1", GIVES, "[[9, 9, 9, 9, 9, 0]]"},
    {"2 to 5", "solid 9 width=2 height=1 | center_pad 5 1", GIVES, "[[0, 9, 9, 0, 0]]"},
    {"padded to less than it is", "solid 9 width=10 height=1 | center_pad 4 1", FAILS,
     "center_pad: the image of 10×1 does not fit into 4×1"},
    {"a sheet by columns, each a list, in the order given",
     "sheet [red green blue] order=columns lists=[1 1 1]", GIVES,
     "[[[255, 0, 0], [255, 0, 0], [0, 255, 0], [0, 255, 0], [0, 0, 255], [0, 0, 255]]]"},
    {"by rows", "sheet [red green blue] lists=[1 1 1]", GIVES,
     "[[[255, 0, 0], [255, 0, 0]], [[0, 255, 0], [0, 255, 0]], [[0, 0, 255], [0, 0, 255]]]"},
    {"lists of one and two: what is missing is black", "sheet [red green blue] lists=[1 2]", GIVES,
     "[[[255, 0, 0], [255, 0, 0], [0, 0, 0], [0, 0, 0]], [[0, 255, 0], [0, 255, 0], [0, 0, 255], [0, 0, "
     "255]]]"},
    {"of several sizes each stands in the middle",
     "a = solid 5 width=1 height=1; b = solid 7 width=3 height=3; sheet [a b] columns=2", GIVES,
     "[[0, 0, 0, 7, 7, 7], [0, 5, 0, 7, 7, 7], [0, 0, 0, 7, 7, 7]]"},
};

static const row places[] = {
    {"cropped and put back it is the picture", "photo | crop 5 6 20 10 | uncrop", SAME, "photo"},
    {"over a seam too", "photo | crop 5 6 20 10 | uncrop feather=4", SAME, "photo"},
    {"a seam goes over evenly and drops no ring",
     "solid 200 width=6 height=1 | uncrop (solid 100 width=8 height=1) x=1 feather=3", GIVES,
     "[[100, 125, 150, 175, 175, 150, 125, 100]]"},
    {"a seam of one pixel is the same on both sides",
     "solid 200 width=6 height=1 | uncrop (solid 100 width=8 height=1) x=1 feather=1", GIVES,
     "[[100, 150, 200, 200, 200, 200, 150, 100]]"},
    {"at the picture's border there is none",
     "solid 200 width=6 height=1 | uncrop (solid 100 width=8 height=1) feather=1", GIVES,
     "[[200, 200, 200, 200, 200, 150, 100, 100]]"},
    {"wider than half the part: as wide as there is room",
     "solid 200 width=6 height=1 | uncrop (solid 100 width=8 height=1) x=1 feather=10", GIVES,
     "[[100, 125, 150, 175, 175, 150, 125, 100]]"},
    {"a place beyond the picture", "crop photo 0 0 1 1 | uncrop photo x=40", FAILS,
     "uncrop: the place, 1×1 at 40,0"},
    {"resized to the size it has", "resize photo 40 30", NODE, "photo"},
    {"half of an odd size", "solid 1 width=7 height=5 | downsample 2 | size", GIVES, "[3, 2]"},
    {"an eighth of too little", "solid 1 width=7 height=5 | downsample 8", FAILS, "downsample: boxes of 8×8"},
    {"the shorter side, and multiples of 16", "solid 1 width=640 height=480 | resize_min_size 256 | size",
     GIVES, "[336, 256]"},
    {"100 is 96", "solid 1 width=640 height=480 | resize_min_size 100 | size", GIVES, "[128, 96]"},
    {"and of an upright one", "solid 1 width=200 height=300 | resize_min_size 64 | size", GIVES, "[64, 96]"},
    {"or exactly", "solid 1 width=640 height=480 | resize_min_size 100 modulo=1 | size", GIVES, "[133, 100]"},
    {"a quarter turn, against the clock, exact", "rotate count 90", GIVES, "[[3, 6], [2, 5], [1, 4]]"},
    {"four are none", "photo | rotate 90 | rotate 90 | rotate 90 | rotate 90", SAME, "photo"},
    {"beside each other", "montage [count count] columns=2", GIVES,
     "[[1, 2, 3, 1, 2, 3], [4, 5, 6, 4, 5, 6]]"},
    {"a mask resized is a mask", "box_mask [1 1 3 3] 4 4 | resize 8 8 | mask_boxes", GIVES, "[[2, 2, 6, 6]]"},
};

// One picture has one content key, wherever it comes from, and keeps it through a file; a colour that became clear stays clear.
static void through_files(void)
{
    static const char *const texts[] = {"photo", "photo | color_key white", "photo | gray",
                                        "box_mask [1 1 3 3] 40 30", "cast photo type=u16"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *path = check_temp("case.png");
        char text[300];
        kal_node *n = node_of(pictures, texts[i]);
        if (!REQUIRE_NOTE(n, "%s: %s", texts[i], check_error.message)) continue;
        REQUIRE_OK(kal_save(n, path, NULL, NULL, &check_error));
        snprintf(text, sizeof text, "load \"%s\"%s", path, strstr(texts[i], "mask") ? " | threshold" : "");
        compares(pictures, &(row){"through a file", text, SAME, texts[i]});
        kal_node_unref(&n);
    }
}

// Other pixels under the same name and in as many bytes: another node, another key, and never the old pixels.
static void rewritten(void)
{
    const char *path = check_temp("case.pgm");
    char text[300];
    kal_node *seen[2];
    snprintf(text, sizeof text, "load \"%s\"", path);
    for (int i = 0; i < 2; i++) {
        kal_node *n = node_of(pictures, i ? "photo | gray | invert" : "photo | gray");
        REQUIRE_OK(kal_save(n, path, NULL, NULL, &check_error));
        compares(pictures,
                 &(row){"what the file holds now", text, SAME, i ? "photo | gray | invert" : "photo | gray"});
        seen[i] = node_of("", text);
        kal_node_unref(&n);
    }
    REQUIRE(seen[0] && seen[1] && seen[0] != seen[1]);
    kal_node_unref(&seen[0]);
    kal_node_unref(&seen[1]);
}

int main(void)
{
    RUN_ROWS(pictures, keys);
    RUN_ROWS(pictures, colours);
    RUN_ROWS(pictures, layouts);
    RUN_ROWS(pictures, places);
    through_files();
    rewritten();
    kal_memo_clear(NULL);
    return check_done();
}
