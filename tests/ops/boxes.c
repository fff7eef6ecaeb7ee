// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Boxes, points and sizes: what each op gives, what is refused, crops by computed boxes.
#include "values.h"

// ---- literals -----------------------------------------------------------------------------------

static void literals(void)
{
    // a pixel box on 256 × 128: its other forms, and its size
    gives("boxes [10 20 50 50] width=256 height=128", "[[10, 20, 50, 50]]");
    gives("boxes [10 20 50 50] | box_numbers form=xywh", "[10, 20, 40, 30]");
    gives("boxes [10 20 40 30] xywh", "[[10, 20, 50, 50]]");
    gives("boxes [10 20 50 50] | box_size", "[40, 30]");
    gives("boxes [10 20 50 50] | box_numbers unit=normalised width=256 height=128",
          "[0.0390625, 0.15625, 0.1953125, 0.390625]");
    gives("boxes [10 20 50 50] | box_numbers xywh normalised 256 128",
          "[0.0390625, 0.15625, 0.15625, 0.234375]");
    // a normalised box
    gives("boxes [0.5 0.25 1 0.75] unit=normalised width=256 height=128", "[[128, 32, 256, 96]]");
    gives("p = photo | resize 256 128; boxes [0.5 0.25 1 0.75] unit=normalised size=(size p)",
          "[[128, 32, 256, 96]]");
    REQUIRE(
        has_size("p = photo | resize 256 128; crop p (boxes [0.5 0.25 1 0.75] unit=normalised size=(size p))",
                 128, 64));
    gives("p = photo | resize 256 128; boxes [0.5 0.25 1 0.75] unit=normalised (size p)",
          "[[128, 32, 256, 96]]");
    gives("size photo | box_clip [1 1 99 99]", "[[1, 1, 40, 30]]");
    // one rounding rule: edges, halves to even; the far edge of a size too
    gives("boxes [0.29 0 0.5 1] unit=normalised width=100 height=10", "[[29, 0, 50, 10]]");
    gives("boxes [0.5 1.5 2.5 3.5]", "[[0, 2, 2, 4]]");
    gives("boxes [0.5 1.5 1 2] xywh", "[[0, 2, 2, 4]]");
    REQUIRE(has_size("photo | crop (box_shift [1 1 3 3] 0.5 0.5)", 2, 2));   // 1.5 2.5 … 3.5: 2 … 4
    REQUIRE(same_content("photo | crop (box_shift [1 1 3 3] 0.5 0.5)", "photo | crop 2 2 2 2"));
    // nothing is guessed: this is one pixel
    gives("boxes [0 0 1 1] width=10 height=10", "[[0, 0, 1, 1]]");
    REQUIRE(has_size("photo | crop (boxes [0 0 1 1])", 1, 1));
    gives("boxes [0 0 1 1] unit=normalised width=10 height=10", "[[0, 0, 10, 10]]");
    gives("boxes []", "[]");
    refused("boxes [5 1 5 2]", "boxes: box 1 is empty");
    refused("boxes [1 1 2 2 3 4 2 5]", "boxes: box 2 is empty");
    refused("boxes [1 1 0 2] form=xywh", "is empty");
    refused("boxes [-1 1 5 2]", "negative");
    refused("boxes [0.1 0.1 0.5 0.5] unit=normalised", "needs the picture's width and height");
    refused("boxes [0.1 0.1 5 0.5] unit=normalised width=10 height=10", "beyond 1");
    refused("boxes [0.1 0.1 0.2 0.2] unit=normalised width=2 height=2", "empty once its edges are rounded");
    refused("boxes [1 1 11 2] width=10 height=10", "reaches beyond the picture");
    refused("boxes [1 1 11]", "3 numbers");
    refused("box_shift [1 1 11]", "box_shift: boxes has 3 numbers");
    refused("box_shift [1 1 1 5]", "box_shift: box 1 is empty");
}

// Equal boxes are one key; other boxes, other kinds of value and a size that was said are others.
static void equality(void)
{
    REQUIRE(same_node("boxes [1 2 3 10]", "boxes boxes=[1.0 2 3 10] form=xyxy"));
    REQUIRE(!same_content("boxes [1 2 3 10]", "boxes [1 2 3 11]"));
    REQUIRE(!same_node("boxes [1 2 3 10]", "boxes [1 2 3 10] width=20 height=20"));
    REQUIRE(same_content("boxes [1 2 3 10]", "boxes [1 2 2 8] form=xywh"));
    REQUIRE(!same_content("points [40 30]", "size photo"));
    REQUIRE(!same_content("boxes [1 2 3 10]", "box_numbers [1 2 3 10]"));
    REQUIRE(!same_content("boxes [1 2 3 10]", "points [1 2 3 10]"));
}

static void points(void)
{
    gives("points [0.5 0.25] unit=normalised width=200 height=100", "[[100, 25]]");
    gives("points [100 25] | point_numbers unit=normalised width=200 height=100", "[0.5, 0.25]");
    gives("points [0.5 0.25 1 1] normalised size=(size photo)", "[[20, 7.5], [40, 30]]");
    gives("points [1 2.5 3 4] | point_shift -1 0.5", "[[0, 3], [2, 4.5]]");
    gives("points [1 2.5] | point_scale 2", "[[2, 5]]");
    gives("points [1 2.5] | point_scale 2 -4", "[[2, -10]]");
    gives("points [-3 4 50 29.5 7 8] | point_clip size=(size photo)", "[[0, 4], [39, 29], [7, 8]]");
    gives("points [-3 4 50 29.5 7 8] | point_clip size=(size photo) how=drop", "[[7, 8]]");
    gives("points [10 20] | point_transfer from=[100 100] to=[200 50]", "[[20, 10]]");
    gives("points [5 5] | point_box", "[[5, 5, 6, 6]]");
    gives("points [5 5.5 -0.5 9] | point_box", "[[-1, 5, 6, 10]]");
    refused("point_box []", "point_box: there are no points");
    refused("points [1 2 3]", "3 numbers");
    refused("points [0.5 0.5] unit=normalised", "needs the picture's width and height");
}

static void sizes(void)
{
    kal_stats stats;
    const kal_options o = {.stats = &stats, .memo_mode = KAL_MEMO_NEVER};
    gives("size photo", "[40, 30]");
    gives("photo | crop 1 2 3 4 | size", "[3, 4]");
    gives("size_scale [5 7] 0.5", "[2, 4]");
    gives("size_scale [640 480] x=0.5 y=2", "[320, 960]");
    refused("size_scale [3 3] 0.1", "less than a pixel");
    refused("size_scale [3 3 1]", "is not a size");
    gives("size_fits [2 3] [3 4] smaller=true", "1");
    gives("size_fits [2 5] [3 4] smaller=true", "0");
    gives("size_fits [3 4] [2 5] smaller=true", "0");
    gives("size_fits [3 4] [3 4]", "1");
    gives("size_fits [3 4] [3 4] smaller=true", "0");
    REQUIRE(has_size("photo | crop 0 0 10 10 | resize (size photo)", 40, 30));
    REQUIRE(has_size("photo | resize size=(photo | size | size_scale 0.5)", 20, 15));
    // no pixel is looked at
    kal_bytes png = {0};
    kal_value v;
    kal_node *gray =
        kal_band_extract(scope, photo, kal_band_extract_params(.bands = {(const double[]){0}, 1}));
    kal_node *bytes = kal_cast(scope, gray, kal_cast_params(.type = KAL_U8));
    if (!REQUIRE_OK(kal_read_bytes(kal_encode(scope, bytes, "png", NULL), NULL, &png, &check_error))) return;
    kal_node *file = kal_load_bytes(scope, png.data, png.size, NULL);
    kal_node *size = kal_size(scope, kal_gaussian(scope, file, NULL), NULL);
    REQUIRE_OK(kal_read_value(size, &o, &v, &check_error));
    REQUIRE(stats.decodes == 0 && v.kind == KAL_VALUE_SIZE && v.v[0] == 40);
    kal_value_free(&v);
    kal_bytes_free(&png);
}

// ---- boxes of boxes -----------------------------------------------------------------------------

static void sets(void)
{
    gives("box_union [10 20 50 50 1 30 20 70]", "[[1, 20, 50, 70]]");
    refused("box_union []", "box_union: there are no boxes");
    gives("box_intersection [10 20 50 50 1 30 20 70]", "[[10, 30, 20, 50]]");
    gives("box_intersection [10 20 50 50 50 20 60 50]", "[]");
    gives("box_intersection []", "[]");
    gives("box_iou [0 0 10 10] [0 0 10 20]", "0.5");
    gives("box_iou [0 0 10 10 5 5 10 10] [0 0 10 10 5 0 15 10 10 0 20 10]",
          "[[1, 0.3333333333333333, 0], [0.25, 0.25, 0]]");
    gives("b = boxes [0 0 10 10]; box_iou b (box_pad b 0.5)", "0.25");
    gives("box_contains [0 0 10 10] [5 5 10 10 5 5 11 10 0 0 10 10]", "[1, 0, 1]");
    gives("box_contains [0 0 10 10 3 3 4 4] points=[3 3 10 3 0 0]", "[[1, 0, 1], [1, 0, 0]]");
    refused("box_contains [0 0 10 10] [1 1 2 2] points=[1 1]", "not both");
    gives("box_sort [10 20 50 50 1 20 9 70 4 4 5 5]", "[[4, 4, 5, 5], [1, 20, 9, 70], [10, 20, 50, 50]]");
    gives("box_sort [10 20 50 50 1 20 9 70 4 4 5 5] descending=true",
          "[[10, 20, 50, 50], [1, 20, 9, 70], [4, 4, 5, 5]]");
    gives("box_sort [10 20 50 50 1 20 9 70 4 4 5 5] by=area descending=true count=1", "[[10, 20, 50, 50]]");
    gives("box_sort [10 20 50 50 1 20 9 70 4 4 5 5] by=width skip=1 count=1", "[[1, 20, 9, 70]]");
    gives("box_sort [0 5 1 6 9 0 10 1 4 0 5 1] by=area", "[[4, 0, 5, 1], [9, 0, 10, 1], [0, 5, 1, 6]]");
    gives("box_sort [1 2 3 4] skip=3", "[]");
    gives("box_merge [40 40 50 50 10 10 30 30]", "[[10, 10, 30, 30], [40, 40, 50, 50]]");
    gives("box_merge [0 0 10 10 10 0 20 10]", "[[0, 0, 10, 10], [10, 0, 20, 10]]");
    gives("box_merge [0 0 10 10 12 0 20 10] gap=2", "[[0, 0, 10, 10], [12, 0, 20, 10]]");
    gives("box_merge [0 0 10 10 12 0 20 10] gap=2.5", "[[0, 0, 20, 10]]");
    // two that meet only once a third was merged
    gives("box_merge [0 0 10 10 20 20 30 30 9 25 11 26 9 9 21 21]", "[[0, 0, 30, 30]]");
    // overlap after a margin
    gives("boxes [10 10 20 20 22 10 32 20] | box_pad 0.5 | box_merge", "[[5, 5, 37, 25]]");
}

// Merged boxes do not overlap, hold every box, and do not hang on the order they came in.
static void merges(rng *r)
{
    for (int round = 0; round < 60; round++) {
        double v[4 * 24], other[4 * 24];
        const int32_t n = 1 + rng_below(r, 24);
        for (int32_t i = 0; i < n; i++) {
            v[4 * i] = rng_below(r, 90), v[4 * i + 1] = rng_below(r, 90);
            v[4 * i + 2] = v[4 * i] + 1 + rng_below(r, 20),
                      v[4 * i + 3] = v[4 * i + 1] + 1 + rng_below(r, 20);
        }
        memcpy(other, v, sizeof v);
        for (int32_t i = n - 1; i > 0; i--) {
            double t[4];
            const int32_t k = rng_below(r, i + 1);
            memcpy(t, other + 4 * i, sizeof t);
            memmove(other + 4 * i, other + 4 * k, sizeof t);
            memcpy(other + 4 * k, t, sizeof t);
        }
        kal_value a = {0}, b = {0};
        kal_node *one = kal_box_merge(scope, kal_box_merge_params(.boxes = {v, 4 * n}));
        kal_node *two = kal_box_merge(scope, kal_box_merge_params(.boxes = {other, 4 * n}));
        if (!REQUIRE_OK(kal_read_value(one, NULL, &a, &check_error))) continue;
        if (!REQUIRE_OK(kal_read_value(two, NULL, &b, &check_error))) continue;
        REQUIRE_NOTE(a.rows == b.rows && !memcmp(a.v, b.v, (size_t)a.rows * 4 * sizeof *a.v), "round %d",
                     round);
        for (int32_t i = 0; i < a.rows; i++)
            for (int32_t k = 0; k < i; k++) {
                const double *p = a.v + 4 * i, *q = a.v + 4 * k;
                REQUIRE(!(p[0] < q[2] && q[0] < p[2] && p[1] < q[3] && q[1] < p[3]));
            }
        for (int32_t i = 0; i < n; i++) {
            bool held = false;
            for (int32_t k = 0; k < a.rows; k++) {
                const double *p = v + 4 * i, *q = a.v + 4 * k;
                held |= q[0] <= p[0] && q[1] <= p[1] && q[2] >= p[2] && q[3] >= p[3];
            }
            REQUIRE(held);
        }
        kal_value_free(&a);
        kal_value_free(&b);
    }
}

// Areas and membership are what counting pixels gives.
static void counted(rng *r)
{
    for (int round = 0; round < 60; round++) {
        double v[2][4];
        for (int i = 0; i < 2; i++) {
            v[i][0] = rng_below(r, 20), v[i][1] = rng_below(r, 20);
            v[i][2] = v[i][0] + 1 + rng_below(r, 20), v[i][3] = v[i][1] + 1 + rng_below(r, 20);
        }
        double common = 0, joint = 0, outside = 0;
        for (int y = 0; y < 40; y++)
            for (int x = 0; x < 40; x++) {
                bool in[2];
                for (int i = 0; i < 2; i++)
                    in[i] = x >= v[i][0] && x < v[i][2] && y >= v[i][1] && y < v[i][3];
                common += in[0] && in[1], joint += in[0] || in[1], outside += in[1] && !in[0];
            }
        kal_value iou = {0}, has = {0};
        REQUIRE_OK(
            kal_read_value(kal_box_iou(scope, kal_box_iou_params(.boxes = {v[0], 4}, .with = {v[1], 4})),
                           NULL, &iou, &check_error));
        REQUIRE_OK(kal_read_value(
            kal_box_contains(scope, kal_box_contains_params(.boxes = {v[0], 4}, .with = {v[1], 4})), NULL,
            &has, &check_error));
        REQUIRE_NOTE(iou.v && iou.v[0] == common / joint, "round %d", round);
        REQUIRE_NOTE(has.v && has.v[0] == (outside == 0), "round %d", round);
        kal_value_free(&iou);
        kal_value_free(&has);
    }
}

static void changes(void)
{
    gives("box_shift [10 20 50 50] -3 4.5", "[[7, 24.5, 47, 54.5]]");
    gives("box_scale [10 20 50 50] 0.5", "[[5, 10, 25, 25]]");
    gives("box_scale [10 20 50 50] 2 3", "[[20, 60, 100, 150]]");
    gives("box_scale [10 20 50 50] 0.5 about=centre", "[[20, 27.5, 40, 42.5]]");
    gives("box_pad [10 10 30 30] 0.1", "[[8, 8, 32, 32]]");
    gives("box_pad [10 10 30 20] x=0.1 y=1", "[[8, 0, 32, 30]]");
    gives("box_pad [10 10 30 30] 3 unit=pixel", "[[7, 7, 33, 33]]");
    gives("box_pad [10 10 30 30] -0.25", "[[15, 15, 25, 25]]");
    refused("box_pad [10 10 30 30] -0.5", "box_pad: box 1 is empty");
    gives("box_pad [2 2 10 10] 0.5 | box_clip 64 64", "[[0, 0, 14, 14]]");
    gives("box_pad [50 50 64 64] 0.5 | box_clip 64 64", "[[43, 43, 64, 64]]");
    gives("box_clip [-5 2 12 20 40 0 41 9 -9 0 0 5] size=(size photo)", "[[0, 2, 12, 20]]");
    gives("box_clip [1 1 9 9] box=(boxes [3 2 7 6])", "[[3, 2, 7, 6]]");
    gives("box_clip [1 1 9 9] 4x4+3+2", "[[3, 2, 7, 6]]");
    refused("box_clip [1 1 9 9]", "box_clip: width must be given");
    gives("box_transfer [10 10 20 20] from=[100 100] to=[200 200]", "[[20, 20, 40, 40]]");
    REQUIRE(
        has_size("p = photo | resize 200 200; crop p (box_transfer [10 10 20 20] from=[100 100] to=(size p))",
                 20, 20));
    gives("box_transfer [10 10 20 20] [300 100] [100 100]",
          "[[3.3333333333333335, 10, 6.666666666666667, 20]]");
    refused("box_transfer [10 10 20 20] from=[100 0] to=[1 1]", "from is not a size");
}

static void fits(void)
{
    gives("box_square [10 20 50 50]", "[[10, 15, 50, 55]]");
    gives("box_square [10 20 50 51]", "[[10, 16, 50, 56]]");   // 9 more: 4 above, 5 below
    gives("box_square [10 20 50 51] shrink", "[[15, 20, 46, 51]]");
    gives("box_square [0 2 9 40] width=60 height=50", "[[0, 2, 38, 40]]");
    gives("box_square [30 2 40 30] size=(size photo)", "[[12, 2, 40, 30]]");
    refused("box_square [0 2 35 12] size=(size photo)",
            "box_square: box 1 would be 35×35, and the picture is 40×30");
    gives("box_fit [10 20 50 50] 2", "[[0, 20, 60, 50]]");
    gives("box_fit [10 20 50 50] 2 shrink", "[[10, 25, 50, 45]]");
    gives("box_fit [10 20 50 50] 1", "[[10, 15, 50, 55]]");
    gives("box_snap [10 20 50 50]", "[[6, 19, 54, 51]]");
    gives("box_snap [10 20 50 50] 32", "[[-2, 19, 62, 51]]");
    gives("box_snap [10 20 50 50] 32 size=(photo | resize 100 100 | size)", "[[0, 19, 64, 51]]");
    gives("box_snap [10 20 50 50] 8 least=41", "[[6, 11, 54, 59]]");
    gives("box_snap [10 20 50 50] 16 round=down", "[[14, 27, 46, 43]]");
    gives("box_snap [10 20 14 24] 16 round=down", "[[4, 14, 20, 30]]");
    refused("box_snap [0 0 39 20] 16 size=(size photo)", "box_snap: box 1 would be 48×32");
    // edges are rounded first: two tenths of a pixel make no multiple more
    gives("box_snap [9.9 0 26.1 16] 16", "[[10, 0, 26, 16]]");
}

// What has no room is made smaller when that is asked for.
static void clamped(void)
{
    gives("box_square [0 2 35 12] size=(size photo) beyond=clamp", "[[3, 0, 33, 30]]");
    gives("box_square [10 5 20 15] size=(size photo) beyond=clamp", "[[10, 5, 20, 15]]");
    gives("box_fit [0 2 35 12] 0.5 size=(size photo) beyond=clamp", "[[10, 0, 25, 30]]");
    gives("box_fit [0 0 40 20] 4 width=20 height=100 beyond=clamp", "[[0, 8, 20, 13]]");
    gives("box_snap [0 0 39 20] 16 size=(size photo) beyond=clamp", "[[4, 2, 36, 18]]");
    refused("box_snap [0 0 39 20] 32 size=(size photo) beyond=clamp", "box_snap: box 1 would be");
}

static void contexts(void)
{
    gives("box_context [10 10 20 20] 0.5 size=(size photo)", "[[5, 5, 25, 25]]");
    gives("box_context [0 10 10 20] 0.5 size=(size photo)",
          "[[0, 5, 20, 25]]");   // moved, as large as elsewhere
    gives("box_context [0 10 10 20] 0.5 size=(size photo) beyond=clip", "[[0, 5, 15, 25]]");
    gives("box_context [30 20 40 30] 4 unit=pixel size=(size photo)", "[[22, 12, 40, 30]]");
    gives("box_context [5 5 35 25] x=0.1 y=1 size=(size photo)", "[[2, 0, 38, 30]]");
    gives("box_context [50 5 60 15] 2 unit=pixel size=(size photo)", "[[26, 3, 40, 17]]");
    gives("box_context [50 5 60 15] 2 unit=pixel size=(size photo) beyond=clip", "[]");
    refused("box_context [1 1 9 9] 1", "box_context: width must be given");
}

static void tiles(rng *r)
{
    gives("tile_boxes 100 50 tile=50 overlap=0", "[[0, 0, 50, 50], [50, 0, 100, 50]]");
    gives("tile_boxes 100 60 tile=60 overlap=10", "[[0, 0, 60, 60], [40, 0, 100, 60]]");
    gives("tile_boxes size=(size photo) tile=16 tile_height=64 overlap=4 multiple=8",
          "[[0, 0, 16, 24], [12, 0, 28, 24], [24, 0, 40, 24], [0, 6, 16, 30], [12, 6, 28, 30], [24, 6, 40, "
          "30]]");
    gives("tile_boxes 20 30", "[[0, 0, 20, 30]]");
    refused("tile_boxes 100 100 tile=64 overlap=64",
            "tile_boxes: tiles of a width of 64 cannot overlap by 64");
    refused("tile_boxes 100 7 multiple=8 overlap=1", "tile_boxes: no multiple of 8 fits into a height of 7");
    for (int round = 0; round < 200; round++) {
        const int32_t w = 1 + rng_below(r, 300), h = 1 + rng_below(r, 300), m = 1 + rng_below(r, 8);
        const int32_t t = 10 + rng_below(r, 100), overlap = rng_below(r, 10);
        kal_value v;
        if (kal_read_value(kal_tile_boxes(scope, kal_tile_boxes_params(.width = w, .height = h, .tile = t,
                                                                       .overlap = overlap, .multiple = m)),
                           NULL, &v, &check_error))
            continue;
        const double tw = v.v[2] - v.v[0], th = v.v[3] - v.v[1];
        REQUIRE_NOTE((int)tw % m == 0 && (int)th % m == 0 && v.v[0] == 0 && v.v[1] == 0, "round %d", round);
        REQUIRE(v.v[4 * v.rows - 2] == w && v.v[4 * v.rows - 1] == h);
        for (int32_t i = 1; i < v.rows; i++) {
            const double *b = v.v + 4 * i, *a = b - 4;
            REQUIRE(b[2] - b[0] == tw && b[3] - b[1] == th);
            if (b[1] == a[1])
                REQUIRE_NOTE(a[2] - b[0] >= overlap && b[0] > a[0], "round %d", round);
            else
                REQUIRE_NOTE(a[3] - b[1] >= overlap && b[1] > a[1] && b[0] == 0, "round %d", round);
        }
        kal_value_free(&v);
    }
}

// A bright corner on an even ground is found, by both ways; an even picture gives the middle.
static void smart(void)
{
    const kal_extent e = {200, 100, 3, KAL_U8, KAL_RGB, false};
    unsigned char *p = malloc(bytes_of(&e));
    const char *const ways[] = {"1 1", "1 1 by=entropy", "width=60 height=60 fit=exact"};
    for (int where = 0; where < 3; where++) {   // left, right, nowhere
        memset(p, 90, bytes_of(&e));
        for (int y = 30; y < 70; y++)
            for (int x = 0; x < 30; x++)
                for (int k = 0; k < 3 && where < 2; k++)
                    p[3 * (y * 200 + x + 165 * where) + k] = (unsigned char)(x * 7 * (k + 1) + y * 5);
        kal_node *image = kal_pixels(scope, &e, p, 600);
        for (int i = 0; i < 3; i++) {
            kal_value v = {0};
            REQUIRE_OK(kal_read_value(kal_apply_text(scope, "smart_crop", ways[i], &image, 1), NULL, &v,
                                      &check_error));
            REQUIRE_NOTE(v.v[2] - v.v[0] == (i < 2 ? 100 : 60) && v.v[3] - v.v[1] == (i < 2 ? 100 : 60), "%s",
                         ways[i]);
            const bool found = where == 0   ? v.v[0] <= 4
                               : where == 1 ? v.v[2] >= 195
                                            : v.v[0] + v.v[2] > 194 && v.v[0] + v.v[2] < 206;
            REQUIRE_NOTE(found, "%s, place %d: %g..%g", ways[i], where, v.v[0], v.v[2]);
            kal_value_free(&v);
        }
    }
    free(p);
    refused("smart_crop photo 50 50 fit=exact", "smart_crop: 50×50 has no room");
}

// ---- crops --------------------------------------------------------------------------------------

// Crop and put back is the picture itself, bit for bit, whichever way the box is computed.
static void crops(void)
{
    static const char *const texts[] = {
        "b = boxes [5 6 25 16]; photo | crop b | uncrop photo box=b",
        "b = boxes [5 6 25 16]; photo | crop b | uncrop",
        "b = boxes [5 6 25 16]; photo | crop b | invert | invert | uncrop",
        "b = boxes [0.1 0.2 0.7 0.9] unit=normalised size=(size photo); photo | crop b | uncrop",
        "b = boxes [5 6 25 16 20 3 30 9] | box_union; photo | crop b | uncrop photo b",
        "b = boxes [5 6 25 16] | box_pad 0.1 | box_snap 8 size=(size photo); photo | crop b | uncrop "
        "feather=3",
        "b = boxes [5 6 25 16] | box_square size=(size photo); photo | crop b | uncrop",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        REQUIRE_NOTE(same_content(texts[i], "photo"), "%s", texts[i]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) reads_back(texts[i]);
    // what is done in between stays inside the box
    REQUIRE(same_content("b = boxes [5 6 25 16]; photo | crop b | gaussian 2 | uncrop feather=3",
                         "photo | crop 5 6 20 10 | gaussian 2 | uncrop feather=3"));
    REQUIRE(same_content("b = boxes [5 6 25 16]; photo | crop b | gaussian 2 | uncrop",
                         "photo | crop 5 6 20 10 | gaussian 2 | uncrop photo 5 6"));
    refused("photo | crop (boxes [])", "crop: box takes 4 numbers, and the value has 0: nothing was found");
    refused("photo | linear scale=(photo | crop 1 1 2 2 | mean) | uncrop", "no crop upstream");
    refused("photo | crop (boxes [1 1 2 2 3 3 4 4])", "reduce it first");
    refused("photo | crop (boxes [1 1 99 2])", "crop: ");
}

int main(void)
{
    rng r = {11};
    photo_make();
    literals();
    equality();
    points();
    sizes();
    sets();
    merges(&r);
    counted(&r);
    changes();
    fits();
    clamped();
    contexts();
    tiles(&r);
    smart();
    crops();
    kal_scope_free(&scope);
    kal_memo_clear(NULL);
    return check_done();
}
