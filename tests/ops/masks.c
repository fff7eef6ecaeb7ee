// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops on masks: fixed cases with exact numbers, and random masks against loops that say what is meant pixel by pixel.
#include "masks.h"

// ---- boxes of parts -----------------------------------------------------------------------------

static void test_boxes(void)
{
    kal_node *block = mask_with(64, 64, (boxes){{{10, 10, 30, 30}}}),
             *two = mask_with(64, 64, (boxes){{{40, 40, 50, 50}, {10, 10, 30, 30}}});
    prints(block, "mask_boxes", "", "[[10, 10, 30, 30]]");
    prints(two, "mask_boxes", "", "[[10, 10, 30, 30], [40, 40, 50, 50]]");
    prints(block, "mask_boxes", "margin=0.1", "[[8, 8, 32, 32]]");
    prints(mask_with(64, 64, (boxes){{{2, 2, 10, 10}}}), "mask_boxes", "margin=0.5", "[[0, 0, 14, 14]]");
    prints(mask_with(64, 64, (boxes){{{50, 50, 64, 64}}}), "mask_boxes", "margin=0.5", "[[43, 43, 64, 64]]");
    prints(mask_with(10, 10, (boxes){{{5, 5, 6, 6}}}), "mask_boxes", "", "[[5, 5, 6, 6]]");
    prints(mask_with(10, 10, (boxes){{{2, 3, 8, 4}}}), "mask_boxes", "", "[[2, 3, 8, 4]]");
    prints(mask_with(10, 10, (boxes){{{0}}}), "mask_boxes", "", "[]");
    prints(mask_with(10, 10, (boxes){{{0}}}), "mask_boxes", "merge=all", "[]");
    prints(two, "mask_boxes", "merge=all", "[[10, 10, 50, 50]]");
    kal_node *near = mask_with(50, 40, (boxes){{{10, 10, 20, 20}, {22, 10, 32, 20}}});
    prints(near, "mask_boxes", "margin=0.5", "[[5, 5, 37, 25]]");
    prints(near, "mask_boxes", "margin=0.5 merge=none", "[[5, 5, 25, 25], [17, 5, 37, 25]]");
    // touching is not overlapping
    prints(near, "mask_boxes", "margin=0.1", "[[9, 9, 21, 21], [21, 9, 33, 21]]");
    // halves to even, once: 2.5 and 7.5
    prints(mask_with(10, 10, (boxes){{{3, 3, 7, 8}}}), "mask_boxes", "margin=0.125", "[[2, 2, 8, 9]]");
    // merging goes on: the third meets only what the first two became
    prints(mask_with(30, 30, (boxes){{{0, 0, 3, 3}, {20, 0, 21, 20}, {4, 19, 20, 20}, {5, 5, 7, 7}}}),
           "mask_boxes", "connectivity=4", "[[0, 0, 3, 3], [4, 0, 21, 20]]");
    // the order is that of first pixels, not of left edges
    prints(mask_with(20, 9, (boxes){{{9, 0, 10, 3}, {0, 2, 9, 3}, {12, 0, 13, 1}}}), "mask_boxes", "",
           "[[0, 0, 10, 3], [12, 0, 13, 1]]");
    kal_node *islands = mask_with(10, 10, (boxes){{{0, 0, 1, 1}, {3, 0, 8, 1}, {0, 5, 5, 9}}});
    prints(islands, "mask_boxes", "area=0.05", "[[3, 0, 8, 1], [0, 5, 5, 9]]");
    prints(islands, "mask_boxes", "area=6", "[[0, 5, 5, 9]]");
    prints(islands, "mask_boxes", "largest=2", "[[3, 0, 8, 1], [0, 5, 5, 9]]");
    prints(islands, "mask_boxes", "largest=9", "[[0, 0, 1, 1], [3, 0, 8, 1], [0, 5, 5, 9]]");
    prints(islands, "mask_boxes", "closing=[3 1]", "[[0, 0, 8, 1], [0, 5, 5, 9]]");
    kal_node *inside = mask_with(20, 20, (boxes){{{6, 6, 7, 7}, {8, 6, 13, 7}, {6, 10, 11, 14}}});
    prints(inside, "mask_boxes", "opening=2", "[[6, 10, 11, 14]]");
    prints(inside, "mask_boxes", "opening=[2 1] closing=[1 4] largest=1", "[[6, 6, 13, 14]]");
    prints(islands, "mask_areas", "", "[1, 5, 20]");
    prints(mask_with(4, 4, (boxes){{{0}}}), "mask_areas", "", "[]");
    kal_node *corner = mask_with(4, 4, (boxes){{{0, 0, 2, 2}, {2, 2, 4, 4}}});
    prints(corner, "mask_areas", "", "8");
    prints(corner, "mask_areas", "connectivity=4", "[4, 4]");
    prints(corner, "mask_boxes", "connectivity=4", "[[0, 0, 2, 2], [2, 2, 4, 4]]");
    kal_node *nothing = mask_with(9, 9, (boxes){{{0}}});
    kal_program *p;
    kal_extent e = {0};
    const char *text = "crop in (mask_boxes in)";
    if (REQUIRE_OK(kal_program_parse(text, strlen(text), &(kal_binding){.name = "in", .node = block}, 1, &p,
                                     &check_error)))
        REQUIRE(!kal_node_extent(kal_program_root(p), &e, &check_error) && e.width == 20 && e.height == 20);
    kal_program_free(&p);
    if (REQUIRE_OK(kal_program_parse(text, strlen(text), &(kal_binding){.name = "in", .node = nothing}, 1, &p,
                                     &check_error)))
        REQUIRE(kal_node_extent(kal_program_root(p), &e, &check_error) == KAL_INVALID &&
                strstr(check_error.message, "the value has 0: nothing was found"));
    kal_program_free(&p);
    check_fails(op("mask_boxes", "connectivity=5", corner), "mask_boxes: connectivity is 4 or 8, not 5");
    check_fails(op("mask_boxes", "opening=[1 2 3]", corner), "mask_boxes: opening is a width and a height");
    const kal_extent gray = extent_of(4, 4, 1, KAL_U8);
    check_fails(op("mask_boxes", "", rng_image(&r, s, &gray)), "mask_boxes: takes a mask");
}

// ---- parts, by filling from each first pixel ----------------------------------------------------

static void flood(const uint8_t *data, int32_t w, int32_t h, int32_t x, int32_t y, uint8_t value, bool eight,
                  int32_t label, int32_t *labels)
{
    if (x < 0 || y < 0 || x >= w || y >= h || data[y * w + x] != value || labels[y * w + x]) return;
    labels[y * w + x] = label;
    for (int32_t dy = -1; dy <= 1; dy++)
        for (int32_t dx = -1; dx <= 1; dx++)
            if (eight || !dx || !dy) flood(data, w, h, x + dx, y + dy, value, eight, label, labels);
}

// labels 1 … n in order of first pixels
static int32_t label(const uint8_t *data, int32_t w, int32_t h, uint8_t value, bool eight, int32_t *labels)
{
    int32_t n = 0;
    memset(labels, 0, (size_t)w * (size_t)h * sizeof *labels);
    for (int32_t i = 0; i < w * h; i++)
        if (data[i] == value && !labels[i]) flood(data, w, h, i % w, i / w, value, eight, ++n, labels);
    return n;
}

#define MOST 4000   // pixels of a random mask

typedef struct part {
    int32_t area, x0, y0, x1, y1;
    bool border;
} part;

static int32_t parts_of(const uint8_t *data, int32_t w, int32_t h, uint8_t value, bool eight, int32_t *labels,
                        part *parts)
{
    const int32_t n = label(data, w, h, value, eight, labels);
    for (int32_t i = 0; i <= n; i++) parts[i] = (part){.x0 = w, .y0 = h};
    for (int32_t i = 0; i < w * h; i++) {
        part *p = &parts[labels[i]];
        const int32_t x = i % w, y = i / w;
        p->area++;
        if (x < p->x0) p->x0 = x;
        if (y < p->y0) p->y0 = y;
        if (x >= p->x1) p->x1 = x + 1;
        if (y >= p->y1) p->y1 = y + 1;
        p->border |= !x || !y || x == w - 1 || y == h - 1;
    }
    return n;
}

// How many parts come before part i by size, the earlier of equal ones first.
static int32_t rank_of(const part *parts, int32_t n, int32_t i)
{
    int32_t rank = 0;
    for (int32_t k = 1; k <= n; k++)
        rank += parts[k].area > parts[i].area || (parts[k].area == parts[i].area && k < i);
    return rank;
}

static void test_parts_of(const uint8_t *data, int32_t w, int32_t h, bool eight, int32_t area,
                          int32_t largest)
{
    static int32_t labels[MOST];
    static part parts[MOST + 1];
    static uint8_t want[MOST];
    static double numbers[4 * MOST];
    char what[100];
    kal_node *m = mask_from(data, w, h);
    const int32_t size = w * h, connectivity = eight ? 8 : 4;
    const int32_t n = parts_of(data, w, h, 255, eight, labels, parts);
    snprintf(what, sizeof what, "%d×%d, connectivity %d, area %d, %d largest", w, h, connectivity, area,
             largest);
    compare(kal_components(s, m, kal_components_params(.connectivity = connectivity)), (uint8_t *)labels,
            (size_t)size * 4, what);
    for (int32_t i = 0; i < n; i++) numbers[i] = parts[i + 1].area;
    value_is(kal_mask_areas(s, m, kal_mask_areas_params(.connectivity = connectivity)), numbers, n, what);
    for (int32_t i = 0; i < n; i++) {
        const part *p = &parts[i + 1];
        memcpy(numbers + 4 * i, (const double[]){p->x0, p->y0, p->x1, p->y1}, 4 * sizeof(double));
    }
    value_is(
        kal_mask_boxes(s, m, kal_mask_boxes_params(.merge = KAL_MERGE_NONE, .connectivity = connectivity)),
        numbers, 4 * n, what);
    for (int32_t i = 0; i < size; i++) want[i] = labels[i] && parts[labels[i]].area >= area ? 255 : 0;
    compare(kal_remove_small(s, m, kal_remove_small_params(.area = area, .connectivity = connectivity)), want,
            (size_t)size, what);
    for (int32_t i = 0; i < size; i++)
        want[i] = labels[i] && rank_of(parts, n, labels[i]) < largest ? 255 : 0;
    compare(kal_keep_largest(s, m, kal_keep_largest_params(.n = largest, .connectivity = connectivity)), want,
            (size_t)size, what);
    parts_of(data, w, h, 0, !eight, labels, parts);
    const double areas[] = {0, area,
                            1e15};   // 0: all; and what is at the border is no hole, however large one may be
    for (int k = 0; k < 3; k++) {
        for (int32_t i = 0; i < size; i++)
            want[i] = !labels[i] || (!parts[labels[i]].border && (!k || parts[labels[i]].area < areas[k]))
                          ? 255
                          : 0;
        compare(kal_fill_holes(s, m, kal_fill_holes_params(.area = areas[k], .connectivity = connectivity)),
                want, (size_t)size, what);
    }
}

static void test_parts(void)
{
    for (int i = 0; i < 60; i++) {
        const int32_t w = 1 + rng_below(&r, 60), h = 1 + rng_below(&r, 60);
        uint8_t *data = rng_mask(w, h, rng_below(&r, 9));
        test_parts_of(data, w, h, i & 1, 1 + rng_below(&r, 12), 1 + rng_below(&r, 9));
        free(data);
    }
    // a spiral is one part, found piece by piece
    uint8_t spiral[31 * 31] = {0};
    for (int32_t x = 0, y = 0, way = 0, left = 30, turn = 0; left > 0; turn++, left -= turn % 2 ? 0 : 2) {
        for (int32_t k = 0; k < left; k++, x += (way == 0) - (way == 2), y += (way == 1) - (way == 3))
            spiral[y * 31 + x] = 255;
        way = (way + 1) % 4;
    }
    test_parts_of(spiral, 31, 31, false, 40, 1);
    test_parts_of(spiral, 31, 31, true, 40, 1);
    // islands of 1, 5 and 20 pixels: fewer than 5 go; of 1 and 3 all go
    kal_node *islands = mask_with(10, 10, (boxes){{{0, 0, 1, 1}, {3, 0, 8, 1}, {0, 5, 5, 9}}}),
             *small = mask_with(10, 10, (boxes){{{0, 0, 1, 1}, {3, 0, 6, 1}}});
    REQUIRE(count(op("remove_small", "area=0.05", islands)) == 25);
    REQUIRE(count(op("remove_small", "area=6", islands)) == 20);
    REQUIRE(count(op("remove_small", "area=0.05", small)) == 0);
    REQUIRE(count(op("keep_largest", "", small)) == 3);
    check_fails(op("components", "connectivity=6", small), "components: connectivity is 4 or 8");
    check_fails(op("fill_holes", "", op("gaussian", "", small)), "fill_holes: takes a mask");
}

// ---- and, or, xor, alike ------------------------------------------------------------------------

static void test_logic(void)
{
    kal_node *none = mask_with(20, 10, (boxes){{{0}}}), *a = mask_with(20, 10, (boxes){{{1, 1, 5, 6}}}),
             *b = mask_with(20, 10, (boxes){{{3, 4, 9, 8}}}), *three[3] = {a, b, none};
    uint8_t *data = read_all(a, NULL, NULL);
    compare(kal_mask_or(s, (kal_node *[]){a, none}, 2, NULL), data, 200, "or with nothing");
    free(data);
    REQUIRE(count(a) == 20 && count(b) == 24);
    REQUIRE(count(kal_mask_or(s, three, 3, NULL)) == 40);
    REQUIRE(count(kal_mask_and(s, three, 2, NULL)) == 4);
    REQUIRE(count(kal_mask_and(s, three, 3, NULL)) == 0);
    REQUIRE(count(kal_mask_xor(s, three, 3, NULL)) == 36);
    REQUIRE(count(kal_mask_xor(s, (kal_node *[]){a, a, a}, 3, NULL)) == 20);
    REQUIRE(kal_mask_or(s, three, 1, NULL) == a);
    check_fails(kal_mask_or(s, (kal_node *[]){a, mask_with(9, 9, (boxes){{{0}}})}, 2, NULL),
                "mask_or: the first mask is 20×10 and another 9×9");
    value_is(kal_mask_iou(s, a, b, NULL), (const double[]){0.1}, 1, "4 of 40");
    value_is(kal_mask_iou(s, a, a, NULL), (const double[]){1}, 1, "itself");
    value_is(kal_mask_iou(s, none, none, NULL), (const double[]){1}, 1, "nothing");
    value_is(kal_mask_iou(s, a, none, NULL), (const double[]){0}, 1, "with nothing");
}

static void test_threshold(void)
{
    const kal_extent e = extent_of(6, 1, 1, KAL_U8), rgb = extent_of(1, 1, 3, KAL_U8);
    kal_node *in = image_of(s, e, (const double[]){127, 128, 0, 1, 255, 254});
    VALUES(kal_threshold(s, in, NULL), 0, 255, 0, 0, 255, 255);
    VALUES(kal_threshold(s, in, kal_threshold_params(.value = 0)), 255, 255, 0, 255, 255, 255);
    VALUES(kal_threshold(s, in, kal_threshold_params(.value = 255)), 0, 0, 0, 0, 0, 0);
    VALUES(kal_threshold(s, image_of(s, rgb, (const double[]){0, 0, 200}), NULL), 255);
}

// ---- masks from numbers, and numbers from masks -------------------------------------------------

static void test_draw(void)
{
    VALUES(op("box_mask", "boxes=[1 0 3 2]", mask_with(4, 2, (boxes){{{0}}})), 0, 255, 255, 0, 0, 255, 255,
           0);
    VALUES(kal_box_mask(
               s, NULL,
               kal_box_mask_params(.width = 4, .height = 1, .boxes = {(const double[]){0.5, 0, 2.5, 9}, 4})),
           255, 255, 0, 0);
    VALUES(
        kal_points_mask(
            s, NULL,
            kal_points_mask_params(.width = 3, .height = 2,
                                   .points = {(const double[]){0.9, 0, 2, 1.99, 3, 0, -0.1, 1, 1, 2}, 10})),
        255, 0, 0, 0, 0, 255);
    // a triangle by the middles of pixels, those on the left and upper side inside
    VALUES(kal_polygon_mask(
               s, NULL,
               kal_polygon_mask_params(.width = 4, .height = 4,
                                       .polygons = {(const double[]){7, 0.5, 0.5, 7, 3.5, 0.5, 7, 0.5, 3.5},
                                                    9})),
           255, 255, 255, 0, 255, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0);
    check_fails(kal_box_mask(s, NULL, NULL), "box_mask: how large?");
    check_fails(kal_box_mask(s, NULL, kal_box_mask_params(.width = 4)), "box_mask: how large?");
    check_fails(op("box_mask", "boxes=[1 2 3]", mask_with(4, 4, (boxes){{{0}}})),
                "box_mask: 3 numbers; a box has 4");
    check_fails(op("points_mask", "points=1", mask_with(4, 4, (boxes){{{0}}})),
                "points_mask: 1 numbers; a point has 2");
    check_fails(op("polygon_mask", "polygons=[1 2]", mask_with(4, 4, (boxes){{{0}}})),
                "polygon_mask: 2 numbers; a corner has 3");
}

static void test_polygons(void)
{
    prints(mask_with(9, 9, (boxes){{{2, 3, 5, 7}}}), "mask_polygons", "",
           "[[[2, 3], [5, 3], [5, 7], [2, 7]]]");
    prints(mask_with(9, 9, (boxes){{{0, 0, 3, 1}, {0, 1, 1, 3}, {2, 1, 3, 3}, {1, 2, 2, 3}}}),
           "mask_polygons", "", "[[[0, 0], [3, 0], [3, 3], [0, 3]], [[1, 2], [2, 2], [2, 1], [1, 1]]]");
    kal_node *corner = mask_with(2, 2, (boxes){{{0, 0, 1, 1}, {1, 1, 2, 2}}});
    prints(corner, "mask_polygons", "", "[[[0, 0], [1, 0], [1, 1], [2, 1], [2, 2], [1, 2], [1, 1], [0, 1]]]");
    prints(corner, "mask_polygons", "connectivity=4",
           "[[[0, 0], [1, 0], [1, 1], [0, 1]], [[1, 1], [2, 1], [2, 2], [1, 2]]]");
    prints(mask_with(9, 9, (boxes){{{2, 3, 5, 7}, {7, 7, 8, 8}}}), "mask_polygons", "area=2",
           "[[[2, 3], [5, 3], [5, 7], [2, 7]]]");
    prints(mask_with(3, 3, (boxes){{{0}}}), "mask_polygons", "", "[]");
    // in a text, from numbers to numbers
    kal_node *two = mask_with(20, 9, (boxes){{{1, 1, 4, 8}, {9, 0, 20, 2}}});
    static const char *const same[] = {"polygon_mask in (mask_polygons in)", "box_mask in (mask_boxes in)",
                                       "in | mask_boxes | box_mask width=20 height=9"};
    uint8_t *want = read_all(two, NULL, NULL);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        kal_program *p;
        if (REQUIRE_OK(kal_program_parse(same[i], strlen(same[i]), &(kal_binding){.name = "in", .node = two},
                                         1, &p, &check_error)))
            compare(kal_program_root(p), want, 180, same[i]);
        kal_program_free(&p);
    }
    free(want);
    // there and back
    for (int i = 0; i < 40; i++) {
        const int32_t w = 1 + rng_below(&r, 50), h = 1 + rng_below(&r, 50);
        uint8_t *data = rng_mask(w, h, 1 + rng_below(&r, 8));
        kal_node *m = mask_from(data, w, h),
                 *outlines = op("mask_polygons", i & 1 ? "connectivity=4" : "", m);
        kal_value v;
        if (REQUIRE_OK(kal_read_value(outlines, NULL, &v, &check_error))) {
            const kal_list l = {v.v, v.rows * v.columns};
            kal_node *back = kal_polygon_mask(s, m, kal_polygon_mask_params(.polygons = l));
            compare(back, data, (size_t)w * (size_t)h, "outlines filled");
            check_tilings(&r, back);
            kal_value_free(&v);
        }
        free(data);
    }
}

// ---- distance, feather --------------------------------------------------------------------------

// The least square of a distance to a pixel that is `target`; −1: there is none.
static int32_t square_to(const uint8_t *data, int32_t w, int32_t h, int32_t x, int32_t y, uint8_t target)
{
    int32_t best = -1;
    for (int32_t v = 0; v < h; v++)
        for (int32_t u = 0; u < w; u++) {
            const int32_t d = (x - u) * (x - u) + (y - v) * (y - v);
            if (data[v * w + u] == target && (best < 0 || d < best)) best = d;
        }
    return best;
}

static void test_distance(void)
{
    VALUES(op("distance", "", mask_with(5, 2, (boxes){{{1, 0, 5, 2}}})), 0, 1, 2, 3, 4, 0, 1, 2, 3, 4);
    VALUES(op("distance", "", mask_with(2, 1, (boxes){{{0, 0, 2, 1}}})), (double)INFINITY, (double)INFINITY);
    VALUES(op("feather", "width=3", mask_with(6, 1, (boxes){{{1, 0, 6, 1}}})), 0, 64, 128, 191, 255, 255);
    VALUES(op("feather", "width=3 side=outside type=f32", mask_with(6, 1, (boxes){{{0, 0, 2, 1}}})), 1, 1,
           0.75, 0.5, 0.25, 0);
    VALUES(op("feather", "width=0 type=u16", mask_with(2, 1, (boxes){{{0, 0, 1, 1}}})), 65535, 0);
    for (int i = 0; i < 30; i++) {
        const int32_t w = 1 + rng_below(&r, 40), h = 1 + rng_below(&r, 40), width = rng_below(&r, 12);
        uint8_t *data = rng_mask(w, h, rng_below(&r, 9));
        kal_node *m = mask_from(data, w, h), *d = op("distance", "", m);
        kal_node *soft[2];
        for (int k = 0; k < 2; k++)
            soft[k] =
                kal_feather(s, m, kal_feather_params(.width = width, .side = k, .type = KAL_U16 + i % 2));
        float *got = read_all(d, NULL, NULL);
        void *edge[2] = {read_all(soft[0], NULL, NULL), read_all(soft[1], NULL, NULL)};
        for (int32_t p = 0; p < w * h; p++) {
            const int32_t in = square_to(data, w, h, p % w, p / w, 0),
                          out = square_to(data, w, h, p % w, p / w, 255);
            REQUIRE(got[p] == (in < 0 ? INFINITY : (float)sqrt(in)));
            const double full = width + 1, a = in < 0 ? 1 : fmin(1, sqrt(in) / full),
                         b = out < 0 ? 0 : fmax(0, 1 - sqrt(out) / full);
            const kal_type type = KAL_U16 + i % 2;
            REQUIRE_NOTE(near(type, at(edge[0], type, (size_t)p), a * kal_type_max(type), 1e-9), "inside %d",
                         p);
            REQUIRE_NOTE(near(type, at(edge[1], type, (size_t)p), b * kal_type_max(type), 1e-9), "outside %d",
                         p);
        }
        check_tilings(&r, soft[i & 1]);
        free(got), free(edge[0]), free(edge[1]), free(data);
    }
}

// ---- otsu, dim, mask_blend ----------------------------------------------------------------------

static void test_otsu(void)
{
    const kal_extent e = extent_of(6, 1, 1, KAL_U8), wide = extent_of(4, 1, 1, KAL_U16);
    prints(image_of(s, e, (const double[]){50, 50, 50, 200, 200, 200}), "otsu", "", "50");
    prints(image_of(s, e, (const double[]){10, 20, 30, 200, 210, 255}), "otsu", "", "30");
    prints(image_of(s, e, (const double[]){7, 7, 7, 7, 7, 7}), "otsu", "", "7");
    prints(image_of(s, wide, (const double[]){65535, 0, 300, 65000}), "otsu", "", "300");
    kal_node *in = image_of(s, e, (const double[]){10, 20, 30, 200, 210, 255});
    kal_program *p;
    const char *text = "threshold in value=(in | otsu)";
    if (REQUIRE_OK(kal_program_parse(text, strlen(text), &(kal_binding){.name = "in", .node = in}, 1, &p,
                                     &check_error)))
        VALUES(kal_program_root(p), 0, 0, 0, 255, 255, 255);
    kal_program_free(&p);
    const kal_extent faint = extent_of(2, 1, 2, KAL_U8), rgb = extent_of(2, 2, 3, KAL_U8),
                     real = extent_of(2, 2, 1, KAL_F32);
    prints(image_of(s, faint, (const double[]){9, 255, 70, 0}), "otsu", "", "9");
    check_fails(op("otsu", "", rng_image(&r, s, &rgb)), "otsu: takes one colour channel");
    prints(image_of(s, real, (const double[]){0.25, 0.25, 0.75, 2}), "otsu", "", "0.2500114442664225");
}

static void dimmed(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    const double m = in[1][0], alpha = *(const double *)user;
    for (int32_t k = 0; k < e->channels; k++)
        out[k] = in[0][k] * (k < colours_of(e) ? alpha + (1 - alpha) * m / 255 : 1);
}

static void blended(const kal_extent *e, const double *const in[], const void *user, double *out)
{
    (void)user;
    for (int32_t k = 0; k < e->channels; k++) out[k] = in[2][k] + in[1][0] / 65535 * (in[0][k] - in[2][k]);
}

static void test_mix(void)
{
    const kal_extent one = extent_of(3, 1, 1, KAL_U8);
    kal_node *image = image_of(s, one, (const double[]){100, 100, 101}),
             *m = mask_with(3, 1, (boxes){{{1, 0, 2, 1}}});
    VALUES(kal_dim(s, m, image, kal_dim_params(.alpha = 0.2)), 20, 100, 20);
    REQUIRE(kal_dim(s, m, image, kal_dim_params(.alpha = 1)) == image);
    VALUES(kal_mask_blend(s, image, m, image_of(s, one, (const double[]){1, 2, 3}), NULL), 1, 100, 3);
    check_fails(kal_dim(s, mask_with(3, 2, (boxes){{{0}}}), image, NULL),
                "dim: the mask is 3×2 and the base 3×1");
    check_fails(kal_mask_blend(s, image, m, op("cast", "type=u16", image), NULL),
                "mask_blend: image and base have the same");
    check_fails(kal_mask_blend(s, image, op("cast", "type=u32", image), image, NULL),
                "mask_blend: the mask has one channel");
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 17, 11);) {
        const kal_extent soft = extent_of(17, 11, 1, KAL_U8), wide = extent_of(17, 11, 1, KAL_U16);
        kal_node *a = rng_image(&r, s, &e), *b = rng_image(&r, s, &e), *weight = rng_image(&r, s, &soft),
                 *weight16 = rng_image(&r, s, &wide);
        const double alpha = 0.3;
        kal_node *d = kal_dim(s, weight, a, kal_dim_params(.alpha = alpha)),
                 *mixed = kal_mask_blend(s, a, weight16, b, NULL);
        check_pointwise(d, (kal_node *[]){a, weight}, 2, dimmed, &alpha, 1e-6);
        check_pointwise(mixed, (kal_node *[]){a, weight16, b}, 3, blended, NULL, 1e-6);
        check_tilings(&r, d);
        check_tilings(&r, mixed);
    }
}

// The memory of the one job for a whole image is not counted for every worker: mask, links and numbers, 9 bytes for each pixel.
static void test_memory(void)
{
    kal_node *m = op("threshold", "", op("flip", "", mask_with(2000, 1000, (boxes){{{5, 5, 900, 800}}})));
    kal_stats stats = {0};
    const kal_options o = {.threads = 8, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
    void *data = read_all(op("components", "", m), &o, NULL);
    REQUIRE(data != NULL);
    REQUIRE_NOTE(stats.planned_bytes < 22u * 1000 * 1000, "%llu", (unsigned long long)stats.planned_bytes);
    free(data);
}

// Every other pixel of a row of odd width: as many runs as there can be, and no room behind the last.
static void test_most_runs(void)
{
    const int32_t w = 1023, h = 1021;
    uint8_t *data = calloc((size_t)w * h, 1), *want = calloc((size_t)w * h, 1);
    for (int32_t i = 0; i < w * h; i += 2) data[i] = 255;
    kal_node *m = mask_from(data, w, h);
    want[0] = 255;
    compare(kal_keep_largest(s, m, kal_keep_largest_params(.n = 1, .connectivity = 4)), want, (size_t)w * h,
            "the first of equals");
    want[0] = 0;
    compare(kal_remove_small(s, m, kal_remove_small_params(.area = 2, .connectivity = 4)), want,
            (size_t)w * h, "all are small");
    compare(kal_remove_small(s, m, kal_remove_small_params(.area = 2, .connectivity = 8)), data,
            (size_t)w * h, "all are one");
    for (int32_t i = 0; i < w * h; i++)
        want[i] = data[i] || (i % w && i % w < w - 1 && i / w && i / w < h - 1) ? 255 : 0;
    compare(kal_fill_holes(s, m, kal_fill_holes_params(.connectivity = 8)), want, (size_t)w * h,
            "but at the border");
    free(data);
    free(want);
}

int main(void)
{
    r.s = 97;
    s = kal_scope_new();
    test_boxes();
    test_parts();
    test_logic();
    test_threshold();
    test_draw();
    test_polygons();
    test_distance();
    test_otsu();
    test_mix();
    test_memory();
    test_most_runs();
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    return check_done();
}
