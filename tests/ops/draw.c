// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Drawing: fixed cases with exact numbers, areas against areas by formula, and filled polygons against polygon_mask.
#include "masks.h"

static kal_node *flat(int32_t w, int32_t h, int32_t channels, kal_type type, bool alpha, double v)
{
    const kal_extent e = {w, h, channels, type, channels - alpha == 1 ? KAL_GRAY : KAL_RGB, alpha};
    double values[4000];
    for (size_t i = 0; i < (size_t)(w * h * channels); i++) values[i] = v;
    return image_of(s, e, values);
}

static double sum_of(kal_node *n)
{
    kal_extent e;
    void *data = read_all(n, NULL, &e);
    double sum = 0;
    if (!REQUIRE_NOTE(data != NULL, "%s", check_error.message)) return 0;
    for (size_t i = 0; i < (size_t)e.width * (size_t)e.height * (size_t)e.channels; i++)
        sum += at(data, e.type, i);
    free(data);
    return sum;
}

static void test_boxes(void)
{
    kal_node *black = flat(5, 4, 1, KAL_U8, false, 0);
    VALUES(op("draw_boxes", "boxes=[1 0 5 4] width=1 color=9", black), 0, 9, 9, 9, 9, 0, 9, 0, 0, 9, 0, 9, 0,
           0, 9, 0, 9, 9, 9, 9);
    VALUES(op("draw_boxes", "boxes=[1 0 5 4] width=1 color=9 fill=4", black), 0, 9, 9, 9, 9, 0, 9, 4, 4, 9, 0,
           9, 4, 4, 9, 0, 9, 9, 9, 9);
    // white unless said; halves to even: 0.5 → 0, 1.5 → 2; the left edge lies outside, and so does its frame
    VALUES(op("draw_boxes", "boxes=[-3 0.5 1.5 2] width=1", black), 255, 255, 0, 0, 0, 255, 255, 0, 0, 0, 0,
           0, 0, 0, 0, 0, 0, 0, 0, 0);
    // a frame that meets itself
    VALUES(op("draw_boxes", "boxes=[1 1 4 3] width=1 color=7", black), 0, 0, 0, 0, 0, 0, 7, 7, 7, 0, 0, 7, 7,
           7, 0, 0, 0, 0, 0, 0);
    // half of 100 and of 201: 150.5, up; twice where two lie
    kal_node *gray = flat(3, 1, 1, KAL_U8, false, 100);
    VALUES(op("draw_boxes", "boxes=[0 0 2 1] color=201 opacity=0.5", gray), 151, 151, 100);
    VALUES(op("draw_boxes", "boxes=[0 0 2 1 1 0 3 1] color=200 opacity=0.5", gray), 150, 175, 150);
    REQUIRE(op("draw_boxes", "", gray) == gray && op("draw_boxes", "boxes=[9 9 12 12]", gray) == gray);
    // u16 and f32; white is full
    VALUES(op("draw_boxes", "boxes=[0 0 1 1]", flat(2, 1, 1, KAL_U16, false, 5)), 65535, 5);
    VALUES(op("draw_boxes", "boxes=[0 0 1 1]", flat(2, 1, 1, KAL_F32, false, 0.25)), 1, 0.25);
    VALUES(op("draw_boxes", "boxes=[0 0 1 1] color=red", flat(2, 1, 3, KAL_U8, false, 5)), 255, 0, 0, 5, 5,
           5);
    // over what is clear the colour stays, with the opacity for alpha; over what is not, alpha stays full
    const kal_extent ga = {2, 1, 2, KAL_U8, KAL_GRAY, true};
    kal_node *clear = image_of(s, ga, (const double[]){40, 0, 40, 255});
    VALUES(op("draw_boxes", "boxes=[0 0 2 1] color=140 opacity=0.6", clear), 140, 153, 100, 255);
    VALUES(op("draw_boxes", "boxes=[0 0 2 1] color=[140 153]", clear), 140, 153, 100, 255);
    VALUES(op("draw_boxes", "boxes=[0 0 1 1] color=#ff000080", flat(1, 1, 3, KAL_U8, false, 100)), 178, 50,
           50);
    // labels: a plate of the frame's colour above the box, inside where there is no room, to the left where it would stick out
    kal_node *wide = flat(60, 50, 1, KAL_U8, false, 9);
    const double hi = (double)count(kal_text_image(s, kal_text_image_params(.text = "Hi")));
    kal_node *labelled = op("draw_boxes", "boxes=[10 30 30 40] labels=Hi width=0 color=200", wide);
    REQUIRE(sum_of(labelled) == 9 * (3000 - 20 * 16.0) + 200 * (20 * 16 - hi));   // black letters
    REQUIRE(sum_of(kal_crop(s, labelled, kal_crop_params(.x = 10, .y = 14, .width = 20, .height = 16))) ==
            200 * (20 * 16 - hi));
    labelled = op("draw_boxes", "boxes=[50 5 59 40] labels=Hi width=0 color=50", wide);   // white letters
    REQUIRE(sum_of(kal_crop(s, labelled, kal_crop_params(.x = 40, .y = 5, .width = 20, .height = 16))) ==
            50 * (20 * 16 - hi) + 255 * hi);
    REQUIRE(op("draw_boxes", "boxes=[1 20 9 30 2 30 8 40] labels=A width=1", wide) !=
            op("draw_boxes", "boxes=[1 20 9 30 2 30 8 40] labels=\"A|\" width=1", wide));
    // colours in turn, each with letters that can be seen on it
    VALUES(
        op("draw_boxes", "boxes=[0 0 1 1 1 0 2 1 2 0 3 1] colors=[7 200]", flat(4, 1, 1, KAL_U8, false, 1)),
        7, 200, 7, 1);
    VALUES(op("draw_boxes", "boxes=[0 0 1 1 1 0 2 1] colors=[1 2 3 4 5 6] opacity=1",
              flat(2, 1, 3, KAL_U8, false, 0)),
           1, 2, 3, 4, 5, 6);
    labelled = op("draw_boxes", "boxes=[10 30 30 40 30 30 50 40] labels=Hi width=0 colors=[200 50]", wide);
    REQUIRE(sum_of(labelled) == 9 * (3000 - 2 * 320.0) + 200 * (320 - hi) + 50 * (320 - hi) + 255 * hi);
    check_fails(op("draw_boxes", "boxes=[0 0 1 1] colors=[1 2]", flat(2, 1, 3, KAL_U8, false, 0)),
                "draw_boxes: colors has 2 numbers");
    check_fails(op("draw_boxes", "boxes=[1 20 9 30] labels=\"A|B\"", wide),
                "draw_boxes: 2 labels for 1 boxes");
    check_fails(op("draw_boxes", "boxes=[1 2 3 4 10 20 9 30]", black),
                "draw_boxes: box 2 ends before it begins (10 20 9 30)");
    check_fails(op("draw_boxes", "boxes=[10 20 11 19]", black), "draw_boxes: box 1 ends before it begins");
    check_fails(op("draw_text", "text=a color=300", black),
                "draw_text: color=300 is outside 0..255, which u8");
    check_fails(op("draw_text", "text=a background=-1", black),
                "draw_text: background=-1 is outside 0..255");
    check_fails(op("draw_boxes", "boxes=[0 0 1 1] colors=[0 0 256]", black),
                "draw_boxes: colors=256 is outside");
    check_fails(op("embed", "width=200 height=200 color=256", black), "embed: color=256 is outside 0..255");
    check_fails(op("draw_boxes", "boxes=[1 2 3]", black), "draw_boxes: 3 numbers; a box has 4");
    check_fails(op("draw_boxes", "color=[1 2 3]", black), "draw_boxes: color has 3 values");
    REQUIRE(model_of(op("draw_boxes", "boxes=[0 0 1 1]", mask_with(3, 3, (boxes){{{0}}}))) == KAL_GRAY);
}

static void test_areas(void)
{
    // half a pixel is 128: 127.5 up
    kal_node *black = flat(4, 3, 1, KAL_U8, false, 0);
    VALUES(op("draw_lines", "lines=[0 0.5 1 0 3.5 1] width=1", black), 114, 128, 128, 114, 114, 128, 128, 114,
           0, 0, 0, 0);
    VALUES(op("draw_polygons", "polygons=[0 0 0 0 4 0 0 0 2] fill=200 width=0", black), 200, 200, 150, 50,
           150, 50, 0, 0, 0, 0, 0, 0);
    // areas: exact to the rounding of the samples
    kal_node *real = flat(40, 40, 1, KAL_F32, false, 0);
    REQUIRE(fabs(sum_of(op("draw_circles", "circles=[20.3 19.6 12] fill=1 width=0", real)) - 452.389) < 0.2);
    REQUIRE(fabs(sum_of(op("draw_circles", "circles=[20.3 19.6 12] width=3", real)) - 226.195) < 0.3);
    REQUIRE(fabs(sum_of(op("draw_points", "points=[20 20] radius=5", real)) - 78.54) < 0.1);
    REQUIRE(fabs(sum_of(op("draw_points", "points=[20.25 20.5] radius=5 mark=square", real)) - 100) < 0.01);
    REQUIRE(fabs(sum_of(op("draw_lines", "lines=[0 10 10 0 30 25] width=4", real)) - (100 + 12.566)) < 0.1);
    // what several pieces of a line cover counts once: a cross of two strokes
    REQUIRE(fabs(sum_of(op("draw_lines", "lines=[0 10 20 0 30 20 0 20 20 0 20 10 0 20 30] width=4", real)) -
                 (160 - 16 + 2 * 12.566)) < 0.1);
    // even-odd: a hole is one more polygon
    REQUIRE(fabs(sum_of(op(
                     "draw_polygons",
                     "polygons=[0 2 2 0 32 2 0 32 32 0 2 32 1 10 10 1 20 10 1 20 20 1 10 20] fill=1 width=0",
                     real)) -
                 800) < 1e-3);
    check_fails(op("draw_circles", "circles=[1 2 -3]", black), "draw_circles: a radius is 0 or more");
    check_fails(op("draw_lines", "lines=[1 2]", black), "draw_lines: 2 numbers; a corner has 3");
    check_fails(op("draw_points", "points=1", black), "draw_points: 1 numbers; a point has 2");
}

// What is far away is drawn right, or refused.
static void test_far(void)
{
    kal_node *real = flat(40, 40, 1, KAL_F32, false, 0);
    // nearly straight edges, of chords within 1/512: with 2^14 in a quarter they would be off by 0.01 and 0.1 pixels
    REQUIRE(fabs(sum_of(op("draw_circles", "circles=[-9999980 -460 1e7] fill=1 width=0", real)) -
                 40 * (20 - 480.0 * 480 / 2e7)) < 0.1);
    REQUIRE(fabs(sum_of(op("draw_circles", "circles=[-99999980 -4780 1e8] fill=1 width=0", real)) -
                 40 * (20 - 4800.0 * 4800 / 2e8)) < 0.1);
    REQUIRE(fabs(sum_of(op("draw_circles", "circles=[-99999980 -4780 1e8] width=2", real)) - 80) < 0.1);
    // where a side meets the image's edge is rounded to 1/256 of its height
    REQUIRE(fabs(sum_of(op("draw_circles", "circles=[-4780 1e8 99999980] fill=1 width=0", real)) -
                 40 * (20 - 4800.0 * 4800 / 2e8)) < 0.2);
    // a strip of 2 along the diagonal, corner to corner
    REQUIRE(fabs(sum_of(op("draw_lines", "lines=[0 -1e8 -1e8 0 1e8 1e8] width=2", real)) - 111.137) < 0.05);
    // a huge circle has few sides, since what lies beside the image is not divided
    kal_node *far = op("draw_circles", "circles=[-99999980 -4780 1e8] fill=1", real);
    REQUIRE(kal_node_call(far)->op->tables(kal_node_call(far)) < 20000);
    check_fails(op("draw_boxes", "boxes=[0 0 9 1e9]", real), "draw_boxes: boxes=");
    check_fails(op("draw_lines", "lines=[0 1e308 0 0 5 5]", real), "draw_lines: lines=");
    check_fails(op("draw_polygons", "polygons=[0 -1e308 0 0 5 5]", real), "draw_polygons: polygons=");
    check_fails(op("draw_circles", "circles=[1 1 1e9]", real), "draw_circles: circles=");
    check_fails(op("draw_points", "points=[1 -2e8]", real), "draw_points: points=");
    check_fails(op("draw_labels", "points=[1 -2e8] texts=a", real), "draw_labels: points=");
}

// Where every corner is a whole pixel and sides are straight along the axes, what is filled is the polygon's mask.
static void test_like_masks(void)
{
    for (int i = 0; i < 30; i++) {
        const int32_t w = 1 + rng_below(&r, 40), h = 1 + rng_below(&r, 40);
        uint8_t *data = rng_mask(w, h, rng_below(&r, 9));
        kal_node *m = mask_from(data, w, h);
        kal_value v;
        if (REQUIRE_OK(kal_read_value(op("mask_polygons", "", m), NULL, &v, &check_error))) {
            kal_list l = {v.v, v.rows * v.columns};
            kal_node *drawn = kal_apply(
                s, "draw_polygons",
                kal_draw_polygons_params(.polygons = l, .width = 0, .fill = {(const double[]){255}, 1}),
                (kal_node *[]){flat(w, h, 1, KAL_U8, false, 0)}, 1);
            compare(drawn, data, (size_t)w * (size_t)h, "outlines filled");
            kal_value_free(&v);
        }
        free(data);
    }
}

// ---- text ---------------------------------------------------------------------------------------

static void test_text(void)
{
    kal_extent e;
    kal_node *n = kal_text_image(s, kal_text_image_params(.text = "Hi"));
    REQUIRE_OK(kal_node_extent(n, &e, &check_error));
    REQUIRE(e.width == 16 && e.height == 16 && e.channels == 1 && e.model == KAL_MASK);
    const size_t set = count(n);
    REQUIRE(set ==
            2 * 2 * 9 + 2 + 2 * 2 + 3 + 2 * 5 + 4);   // two stems and a bar; a dot, a flag, a stem, a foot
    // scaled by whole numbers: four times the pixels
    REQUIRE(count(kal_text_image(s, kal_text_image_params(.text = "Hi", .font_size = 32))) == 4 * set);
    REQUIRE(kal_text_image(s, kal_text_image_params(.text = "Hi", .font_size = 23)) == n);
    REQUIRE_OK(kal_node_extent(kal_text_image(s, kal_text_image_params(.text = "one\nÄöü€", .padding = 3)),
                               &e, &check_error));
    REQUIRE(e.width == 4 * 8 + 6 && e.height == 2 * 16 + 6);
    kal_node *rgb = kal_apply_text(s, "text_image", "text=x color=red background=white", NULL, 0);
    REQUIRE_OK(kal_node_extent(rgb, &e, &check_error));
    REQUIRE(e.channels == 3 && !e.alpha && e.model == KAL_RGB);
    REQUIRE_OK(
        kal_node_extent(kal_apply_text(s, "text_image", "text=x color=red", NULL, 0), &e, &check_error));
    REQUIRE(e.channels == 4 && e.alpha);
    check_fails(kal_text_image(s, NULL), "text_image: there is nothing to show");
    check_fails(kal_apply_text(s, "text_image", "text=x color=[1 2]", NULL, 0),
                "text_image: a colour is 1 number or 3");
    // every letter differs from every other, but the blanks and the hyphens
    uint8_t *seen[192];
    int32_t same = 0;
    for (int32_t i = 0; i < 191; i++) {
        const uint32_t code = (uint32_t)i < 95 ? 32 + (uint32_t)i : 160 + (uint32_t)i - 95;
        char letter[3] = {(char)code, 0, 0};
        if (code > 127) letter[0] = (char)(0xc0 | code >> 6), letter[1] = (char)(0x80 | (code & 63));
        seen[i] = read_all(kal_text_image(s, kal_text_image_params(.text = letter)), NULL, NULL);
        for (int32_t k = 0; k < i; k++) same += seen[i] && seen[k] && !memcmp(seen[i], seen[k], 128);
    }
    REQUIRE_NOTE(same == 2, "%d pairs of letters look alike", same);
    for (int32_t i = 0; i < 191; i++) free(seen[i]);
    // on an image: the same pixels, where the anchor says
    kal_node *black = flat(40, 20, 1, KAL_U8, false, 0);
    REQUIRE(sum_of(op("draw_text", "text=Hi x=38 y=19 anchor=bottom_right color=1", black)) == (double)set);
    REQUIRE(sum_of(op("draw_text", "text=Hi x=20 y=10 anchor=center color=1 background=2", black)) ==
            2 * 256.0 - (double)set);
    REQUIRE(op("draw_text", "text=Hi x=40", black) == black);
    REQUIRE(sum_of(op("draw_labels", "points=[0 0 20 0] texts=\"Hi|Hi\" color=1", black)) == 2 * (double)set);
    REQUIRE(op("draw_labels", "points=[0 0 20 0] texts=Hi color=1", black) !=
            op("draw_labels", "points=[0 0 20 0] texts=\"Hi|Ho\" color=1", black));
    check_fails(op("draw_labels", "points=[0 0 20 0] texts=\"a|b|c\"", black),
                "draw_labels: 3 texts for 2 points");
}

// ---- sheets -------------------------------------------------------------------------------------

static void test_grid(void)
{
    kal_node *one[3] = {flat(2, 1, 1, KAL_U8, false, 1), flat(2, 1, 1, KAL_U8, false, 2),
                        flat(2, 1, 1, KAL_U8, false, 3)};
    VALUES(kal_sheet(s, one, 3, kal_sheet_params(.columns = 3)), 1, 1, 2, 2, 3, 3);
    VALUES(kal_sheet(s, one, 3, kal_sheet_params(.columns = 1)), 1, 1, 2, 2, 3, 3);
    VALUES(kal_sheet(s, one, 3, NULL), 1, 1, 2, 2, 3, 3, 0, 0);
    VALUES(kal_sheet(s, one, 3, kal_sheet_params(.order = 1)), 1, 1, 3, 3, 2, 2, 0, 0);
    VALUES(kal_sheet(s, one, 3,
                     kal_sheet_params(.columns = 2, .gap = 1, .background = {(const double[]){9}, 1})),
           1, 1, 9, 2, 2, 9, 9, 9, 9, 9, 3, 3, 9, 9, 9);
    // lists of 1 and 2: what is missing is background
    const kal_list lists = {(const double[]){1, 2}, 2};
    VALUES(kal_sheet(s, one, 3, kal_sheet_params(.lists = lists)), 1, 1, 0, 0, 2, 2, 3, 3);
    VALUES(kal_sheet(s, one, 3, kal_sheet_params(.lists = lists, .order = 1)), 1, 1, 2, 2, 0, 0, 3, 3);
    // mixed sizes stand in the middle, an odd pixel right and below; gray beside colour, none beside alpha
    kal_node *mixed[2] = {flat(1, 1, 1, KAL_U8, false, 5), flat(2, 3, 4, KAL_U8, true, 7)};
    VALUES(kal_sheet(s, mixed, 2, kal_sheet_params(.columns = 2)), 0, 0, 0, 255, 0, 0, 0, 255, 7, 7, 7, 7, 7,
           7, 7, 7, 5, 5, 5, 255, 0, 0, 0, 255, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 255, 0, 0, 0, 255, 7, 7, 7,
           7, 7, 7, 7, 7);
    const kal_list full = {(const double[]){1}, 1};
    // a label's strip lies below its cell, a head's beside its row; both are white on black, black on white
    kal_extent e;
    kal_node *labelled =
        kal_sheet(s, one, 3, kal_sheet_params(.columns = 3, .labels = "a|b|", .heads = "row"));
    REQUIRE_OK(kal_node_extent(labelled, &e, &check_error));
    REQUIRE(e.width == 3 * 8 + 4 + 3 * 12 && e.height == 2 * (16 + 4));
    // heads of rows that are lower than letters neither overlap nor are cut
    kal_node *headed =
        kal_sheet(s, one, 3, kal_sheet_params(.columns = 1, .heads = "H|i\ni|H", .color = full));
    REQUIRE_OK(kal_node_extent(headed, &e, &check_error));
    REQUIRE(e.width == 8 + 4 + 2 && e.height == 3 * (32 + 4));
    REQUIRE(sum_of(headed) ==
            2 * (1 + 2 + 3) + 2.0 * (double)(count(kal_text_image(s, kal_text_image_params(.text = "Hi")))));
    kal_node *dark = kal_sheet(s, one, 1, kal_sheet_params(.labels = "a")),
             *light = kal_sheet(s, one, 1,
                                kal_sheet_params(.labels = "a", .background = {(const double[]){255}, 1}));
    REQUIRE(sum_of(dark) - 2 == 255 * (12 * 20 + 10) - (sum_of(light) - 2));
    check_fails(kal_sheet(s, one, 3, kal_sheet_params(.labels = "a|b")), "sheet: 2 labels for 3 images");
    check_fails(kal_sheet(s, one, 2, kal_sheet_params(.lists = lists)),
                "sheet: the lists hold 3 images, and there are 2");
    check_fails(kal_sheet(s, one, 3, kal_sheet_params(.columns = 2, .heads = "a")),
                "sheet: 1 heads for 2 rows");
    check_fails(kal_sheet(s, (kal_node *[]){one[0], flat(1, 1, 1, KAL_U16, false, 0)}, 2, NULL),
                "sheet: one image is u8 and another u16");
}

// Cells of a size, and what makes images fit them: the fit op, before.
static void test_cells(void)
{
    kal_extent e;
    kal_node *in[3], *fitted[3];
    const kal_extent sizes[3] = {{31, 17, 3, KAL_U8, KAL_RGB, false},
                                 {16, 12, 3, KAL_U8, KAL_RGB, false},
                                 {9, 40, 3, KAL_U8, KAL_RGB, false}};
    static const char *const words[] = {"inside", "cover", "fill"};
    for (int i = 0; i < 3; i++) in[i] = rng_image(&r, s, &sizes[i]);
    for (int how = 0; how < 3; how++) {
        char params[100];
        snprintf(params, sizeof params, "width=16 height=12 fit=%s", words[how]);
        for (int i = 0; i < 3; i++) fitted[i] = op("fit", params, in[i]);
        const kal_sheet_p *p = kal_sheet_params(.width = 16, .height = 12, .fit = how + 1, .labels = "a|b|c");
        kal_node *sheet = kal_sheet(s, in, 3, p);
        REQUIRE(sheet == kal_sheet(s, fitted, 3, p));
        REQUIRE_OK(kal_node_extent(sheet, &e, &check_error));
        REQUIRE(e.width == 32 && e.height == 2 * (12 + 20));
    }
    REQUIRE_OK(
        kal_node_extent(kal_sheet(s, in, 3, kal_sheet_params(.fit = 1, .columns = 3)), &e, &check_error));
    REQUIRE(e.width == 93 && e.height == 40);
    REQUIRE_OK(kal_node_extent(
        kal_sheet(s, in, 1, kal_sheet_params(.labels = "ab", .label_width = 50, .label_height = 30)), &e,
        &check_error));
    REQUIRE(e.width == 50 && e.height == 17 + 30);
    check_fails(kal_sheet(s, in, 3, kal_sheet_params(.width = 16)),
                "sheet: images of up to 31×40 do not fit");
    check_fails(kal_sheet(s, in, 1, kal_sheet_params(.labels = "ab", .label_width = 19)),
                "sheet: label_width=19 is too little, letters take 20");
}

int main(void)
{
    r.s = 11;
    s = kal_scope_new();
    test_boxes();
    test_areas();
    test_far();
    test_like_masks();
    test_text();
    test_grid();
    test_cells();
    kal_scope_free(&s);
    return check_done();
}
