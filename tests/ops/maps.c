// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Coordinates carried from image to image: by what the text says, and by where pixels really go.
#include "values.h"

// A box on an image made from the photo, and the same on the photo; both ways.
static void maps(void)
{
    static const char *const exact[][3] = {
        {"photo | crop 5 6 20 10", "1, 2, 3, 4.5", "6, 8, 8, 10.5"},
        {"photo | crop 5 6 20 10 | crop 2 1 4 4", "1, 2, 3, 4", "8, 9, 10, 11"},
        {"photo | resize 80 90", "10, 9, 20, 30", "5, 3, 10, 10"},
        {"photo | crop 10 10 20 20 | resize 40 10", "0, 0, 40, 10", "10, 10, 30, 30"},
        {"photo | resize 4 10 from_x=8 from_width=8", "0, 0, 4, 10", "8, 0, 16, 30"},
        {"photo | flip horizontal", "0, 0, 10, 3", "30, 0, 40, 3"},
        {"photo | turn right", "0, 0, 3, 10", "0, 27, 10, 30"},
        {"photo | turn left", "0, 0, 3, 10", "30, 0, 40, 3"},
        {"photo | turn transpose", "0, 0, 3, 10", "0, 0, 10, 3"},
        {"photo | turn transverse", "0, 0, 3, 10", "30, 27, 40, 30"},
        {"photo | rotate 90", "0, 0, 3, 10", "30, 0, 40, 3"},
        {"photo | embed 3 4 60 50", "3, 4, 8, 9", "0, 0, 5, 5"},
        {"photo | center_pad 50 50", "5, 10, 6, 11", "0, 0, 1, 1"},
        {"photo | gaussian 2 | linear 2", "5, 10, 6, 11", "5, 10, 6, 11"},
        {"photo | crop 5 6 20 10 | gaussian 2 | uncrop", "5, 10, 6, 11", "5, 10, 6, 11"},
    };
    char text[400], want[100];
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        for (int back = 0; back < 2; back++) {
            snprintf(text, sizeof text, "other = %s; map_boxes %s [%s]", exact[i][0],
                     back ? "photo other" : "other photo", exact[i][1 + back]);
            snprintf(want, sizeof want, "[[%s]]", exact[i][2 - back]);
            gives(text, want);
        }
    // between two that come from one picture; onto a base it was pasted on
    gives("a = photo | crop 5 6 20 10; b = photo | resize 80 60; map_boxes a b [1 2 3 4]",
          "[[12, 16, 16, 20]]");
    gives("a = photo | crop 5 6 20 10; b = a | gaussian 1; base = photo | resize 90 80; map_points b "
          "(insert b base x=7 y=8) [1 2]",
          "[[8, 10]]");
    gives("a = photo | crop 5 6 20 10 | resize 40 20; map_points a (a | uncrop photo box=(boxes [5 6 25 16]) "
          "resize=bilinear) [4 4]",
          "[[7, 8]]");
    gives("map_boxes photo photo [1 2 3 4.5]", "[[1, 2, 3, 4.5]]");
    // computed boxes, computed images
    gives("s = photo | crop (boxes [5 6 25 16]); map_boxes s photo (boxes [0 0 1 1] | box_pad 1 | box_clip 9 "
          "9)",
          "[[5, 6, 7, 8]]");
    refused("map_boxes photo [1 2 3 4]", "map_boxes takes 2 inputs");
    refused("map_points photo photo [1 2 3]", "map_points: points has 3 numbers");
}

// Between pictures with nothing in common, and through what has no place.
static void strangers(rng *r)
{
    const kal_extent e = extent_of(9, 9, 1, KAL_U8);
    kal_node *const two[2] = {rng_image(r, scope, &e), rng_image(r, scope, &e)};
    const double v[4] = {1, 1, 2, 2};
    kal_node *n = kal_map_boxes(scope, two[0], two[1], kal_map_boxes_params(.boxes = {v, 4}));
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
    REQUIRE_FAILS(KAL_INVALID,
                  kal_call_map(kal_node_call(n), kal_node_call(photo), (double[6]){0}, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "map_boxes: neither image"), "%s", check_error.message);
    // one pasted on the other: by its place
    kal_node *canvas = kal_insert(scope, two[0], two[1], kal_insert_params(.x = 3, .y = -2));
    double m[6];
    REQUIRE_OK(kal_call_map(kal_node_call(two[0]), kal_node_call(canvas), m, &check_error));
    REQUIRE(m[0] == 1 && m[1] == 0 && m[2] == 3 && m[3] == 0 && m[4] == 1 && m[5] == -2);
    REQUIRE_OK(kal_call_map(kal_node_call(canvas), kal_node_call(two[1]), m, &check_error));
    REQUIRE(m[0] == 1 && m[1] == 0 && m[2] == 0 && m[3] == 0 && m[4] == 1 && m[5] == 0);
}

// What a map says is what happens to pixels: a picture that counts its own columns and rows. How many were looked at.
static int32_t follow(const kal_node *n, const char *what, double allowed)
{
    kal_extent e = {0};
    double m[6];
    int32_t seen = 0;
    if (!REQUIRE_OK(kal_call_map(kal_node_call(n), kal_node_call(photo), m, &check_error))) return 0;
    float *p = read_all(n, NULL, &e);
    for (int32_t y = 3; p && y < e.height - 3; y++)   // borders and seams mix with what lies beside
        for (int32_t x = 3; x < e.width - 3; x++) {
            const double u = m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2],
                         v = m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5];
            if (u < 3 || v < 3 || u > 37 || v > 27) continue;
            const float *at = p + ((size_t)y * (size_t)e.width + (size_t)x) * 2;
            const double du = (double)at[0] - u, dv = (double)at[1] - v;
            REQUIRE_NOTE(du * du + dv * dv < allowed * allowed, "%s: %d,%d shows %g %g, not %g %g", what, x,
                         y, (double)at[0], (double)at[1], u, v);
            seen++;
        }
    free(p);
    return seen;
}

static void follows_pixels(void)
{
    static const char *const texts[] = {
        "crop 5 6 30 20",
        "resize 80 60 kernel=bilinear",
        "resize 20 15 kernel=box",
        "resize 33 41 kernel=bilinear antialias=false",
        "rotate 33",
        "rotate -10 expand=false",
        "rotate 200 kernel=bicubic",
        "turn right",
        "turn left",
        "turn half",
        "turn transverse",
        "flip vertical",
        "embed -3 4 70 60",
        "crop 5 6 20 10 | invert | invert | uncrop",
        "resize 30 20 bilinear antialias=false from_x=2.5 from_y=1.25 from_width=30 from_height=20.5",
        "rotate 20 | crop 5 5 20 20 | resize 37 50 kernel=bilinear | turn left"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[200];
        snprintf(text, sizeof text, "photo | %s", texts[i]);
        kal_node *n = node_of(text);
        const int32_t seen = n ? follow(n, text, 0.01) : 0;
        REQUIRE_NOTE(seen > 50, "%s: only %d pixels were looked at", text, seen);
        kal_node_unref(&n);
    }
}

// Every op on one image that has a map, by its samples: within a third of a pixel, or for `nearest` within the pixel.
static void all_follow(void)
{
    for (size_t i = 0; kal_op_at(i); i++) {
        const kal_op *op = kal_op_at(i);
        int32_t least, most, seen = 0, worked = 0;
        kal_op_arity(op, &least, &most);
        if (!op->map || least != 1 || most != 1) continue;
        for (const char *const *sample = op->samples; *sample; sample++) {
            kal_node *n = kal_apply_text(scope, op->name, *sample, &photo, 1);
            char what[200];
            if (kal_node_error(n, NULL)) continue;
            const kal_call *c = kal_node_call(n);
            if (c->op->map && !c->op->map(c, 0, (double[6]){0})) continue;   // nothing to follow by
            snprintf(what, sizeof what, "%s %s", op->name, *sample);
            const bool nearest = strstr(*sample, "nearest") != NULL;
            seen += follow(n, what, nearest ? 0.75 : 0.34);
            worked++;
        }
        REQUIRE_NOTE(!worked || seen, "%s: no sample shows a pixel", op->name);
    }
}

// A thumbnail of a JPEG is made of a smaller decode: still the same picture.
static void maps_decodes(rng *r)
{
    const kal_extent e = extent_of(320, 160, 3, KAL_U8);
    kal_bytes jpeg = {0};
    if (!REQUIRE_OK(kal_read_bytes(kal_encode(scope, rng_image(r, scope, &e), "jpeg", NULL), NULL, &jpeg,
                                   &check_error)))
        return;
    kal_node *file = kal_load_bytes(scope, jpeg.data, jpeg.size, NULL);
    kal_node *small = kal_thumbnail(scope, file, kal_thumbnail_params(.width = 40, .height = 40));
    const double v[4] = {10, 5, 20, 10};
    kal_value got = {0};
    REQUIRE(kal_node_input(small, 0) != file);
    kal_node *n = kal_map_boxes(scope, small, file, kal_map_boxes_params(.boxes = {v, 4}));
    if (REQUIRE_OK(kal_read_value(n, NULL, &got, &check_error)))
        REQUIRE_NOTE(got.v[0] == 80 && got.v[1] == 40 && got.v[2] == 160 && got.v[3] == 80, "%g %g %g %g",
                     got.v[0], got.v[1], got.v[2], got.v[3]);
    kal_value_free(&got);
    kal_bytes_free(&jpeg);
}

int main(void)
{
    rng r = {12};
    photo_make();
    maps();
    strangers(&r);
    follows_pixels();
    all_follow();
    maps_decodes(&r);
    kal_scope_free(&scope);
    kal_memo_clear(NULL);
    return check_done();
}
