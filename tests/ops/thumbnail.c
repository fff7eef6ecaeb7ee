// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// thumbnail: sizes of every way to meet the box, and a picture straight from a JPEG, which is decoded smaller and still looks the same.
#include "check.h"

static void test_sizes(void)
{
    static const struct {
        int32_t w, h;
        const char *params;
        int32_t want_w, want_h;
    } cases[] = {
        {400, 300, "256", 256, 192},
        {300, 400, "256", 192, 256},
        {400, 300, "width=100 height=100 fit=cover", 100, 100},
        {400, 300, "width=100 height=50 fit=cover", 100, 50},
        {400, 300, "width=100 height=50 fit=inside", 67, 50},
        {400, 300, "width=100 height=50 fit=fill", 100, 50},
        {40, 30, "256", 40, 30},
        {40, 30, "256 enlarge=true", 256, 192},
        {40, 30, "width=256 height=20 fit=cover", 40, 20},
        {40, 30, "width=80 height=80 fit=cover enlarge=true", 80, 80},
        {40, 30, "width=80 height=20 fit=fill", 40, 20},
        {4000, 1, "100", 100, 1},
        {1, 4000, "height=100", 1, 100},
        {401, 300, "200", 200, 150},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_scope *s = kal_scope_new();
        rng r = {i};
        kal_extent e = extent_of(cases[i].w, cases[i].h, 3, KAL_U8);
        kal_node *image = rng_image(&r, s, &e),
                 *made = kal_apply_text(s, "thumbnail", cases[i].params, &image, 1);
        if (REQUIRE_OK(kal_node_extent(made, &e, &check_error)))
            REQUIRE_NOTE(e.width == cases[i].want_w && e.height == cases[i].want_h, "%d×%d, %s: %d×%d",
                         cases[i].w, cases[i].h, cases[i].params, e.width, e.height);
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    rng r = {5};
    kal_extent e = extent_of(9, 9, 3, KAL_U8);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_thumbnail(s, rng_image(&r, s, &e), NULL), &check_error));
    kal_scope_free(&s);
}

// A cover keeps the side that gravity names.
static void test_gravity(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(90, 30, 1, KAL_U8);
    unsigned char pixels[90 * 30];
    for (int i = 0; i < 90 * 30; i++) pixels[i] = (unsigned char)(i % 90 < 30 ? 10 : i % 90 < 60 ? 100 : 200);
    kal_node *image = kal_pixels(s, &e, pixels, 90);
    static const struct {
        kal_gravity gravity;
        unsigned char middle;
    } cases[] = {{KAL_CENTRE, 100}, {KAL_NORTH, 100}, {KAL_WEST, 10}, {KAL_EAST, 200}, {KAL_SOUTHEAST, 200}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_extent got;
        kal_node *made = kal_thumbnail(s, image,
                                       kal_thumbnail_params(.width = 10, .height = 10, .fit = KAL_FIT_COVER,
                                                            .gravity = (int32_t)cases[i].gravity));
        unsigned char *p = read_all(made, NULL, &got);
        if (REQUIRE(p && got.width == 10 && got.height == 10)) REQUIRE(p[5 * 10 + 5] == cases[i].middle);
        free(p);
    }
    kal_scope_free(&s);
    kal_memo_clear(NULL);
}

static kal_node *smooth(kal_scope *s, int32_t w, int32_t h)
{
    const kal_extent e = extent_of(w, h, 3, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e));
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            for (int32_t c = 0; c < 3; c++)   // waves, and squares of 80 pixels
                p[(y * w + x) * 3 + c] =
                    (unsigned char)(abs((x * (c + 2) / 2 + y) % 360 - 180) + (x / 80 + y / 80) % 2 * 60);
    kal_node *n = kal_pixels(s, &e, p, (ptrdiff_t)w * 3);
    free(p);
    return n;
}

static double mean_difference(const unsigned char *a, const unsigned char *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += abs(a[i] - b[i]);
    return sum / (double)n;
}

static void test_file(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes file, text;
    if (!REQUIRE_OK(kal_read_bytes(kal_encode(s, smooth(s, 1601, 1203), "jpeg", "quality=95"), NULL, &file,
                                   &check_error)))
        return;
    kal_node *image = kal_load_bytes(s, file.data, file.size, NULL);
    static const struct {
        int32_t width;
        double gap;
        int reduced;
    } cases[] = {{100, 1.5, 8}, {100, 2, 8},   {150, 1.5, 4}, {400, 1.5, 2},
                 {400, 2.5, 1}, {700, 1.5, 1}, {100, 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int32_t w = cases[i].width;
        kal_node *thumb = kal_thumbnail(s, image, kal_thumbnail_params(.width = w, .gap = cases[i].gap));
        kal_node *whole = kal_thumbnail(s, image, kal_thumbnail_params(.width = w, .gap = 0));
        const kal_node *stored = kal_node_input(thumb, 0);
        kal_extent e, full;
        if (!REQUIRE_OK(kal_node_extent(stored, &e, &check_error))) continue;
        REQUIRE_NOTE(e.width == (1601 + cases[i].reduced - 1) / cases[i].reduced,
                     "width %d gap %g: decoded %d wide", w, cases[i].gap, e.width);
        unsigned char *a = read_all(thumb, NULL, &e), *b = read_all(whole, NULL, &full);
        if (REQUIRE(a && b && e.width == full.width && e.height == full.height))
            REQUIRE_NOTE(mean_difference(a, b, bytes_of(&e)) < 2.5, "width %d gap %g: %g", w, cases[i].gap,
                         mean_difference(a, b, bytes_of(&e)));
        free(a), free(b);
    }
    kal_node *thumb = kal_thumbnail(s, image, kal_thumbnail_params(.width = 100));
    if (REQUIRE_OK(kal_print_graph(thumb, &text, &check_error))) {
        REQUIRE(strstr((char *)text.data, "resize width=100 height=75"));
        kal_bytes_free(&text);
    }
    kal_bytes_free(&file);
    kal_scope_free(&s);
    kal_memo_clear(NULL);
}

// However a file is turned, its thumbnail is in register with that of the whole picture, decoded smaller or not.
static void test_turned(void)
{
    static const unsigned char exif[] =
        "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0";
    kal_scope *s = kal_scope_new();
    kal_bytes file;
    kal_node *image = smooth(s, 1601, 1203);
    if (!REQUIRE_OK(kal_read_bytes(kal_encode(s, image, "jpeg", "quality=95"), NULL, &file, &check_error)))
        return;
    for (unsigned char o = 1; o <= 8; o++) {
        const size_t n = sizeof exif - 1, size = file.size + n + 4;
        unsigned char *turned = malloc(size);
        memcpy(turned, file.data, 2);
        memcpy(turned + 2, (unsigned char[]){0xff, 0xe1, 0, (unsigned char)(n + 2)}, 4);
        memcpy(turned + 6, exif, n);
        turned[6 + 25] = o;
        memcpy(turned + 6 + n, file.data + 2, file.size - 2);
        kal_node *photo = kal_load_bytes(s, turned, size, NULL);
        int found;
        bool applied;
        kal_node_orientation(photo, &found, &applied);
        REQUIRE(found == o);
        for (int32_t fit = KAL_FIT_INSIDE; fit <= KAL_FIT_FILL; fit++) {
            kal_thumbnail_p p = kal_thumbnail_defaults();
            p.width = 100, p.height = 90, p.fit = fit;
            kal_extent e, whole_e;
            unsigned char *a = read_all(kal_thumbnail(s, photo, &p), NULL, &e);
            p.gap = 0;
            unsigned char *b = read_all(kal_thumbnail(s, photo, &p), NULL, &whole_e);
            if (REQUIRE(a && b && e.width == whole_e.width && e.height == whole_e.height))
                REQUIRE_NOTE(mean_difference(a, b, bytes_of(&e)) < 2.5, "orientation %d, fit %d: %g", o, fit,
                             mean_difference(a, b, bytes_of(&e)));
            free(a), free(b);
        }
        free(turned);
    }
    kal_bytes_free(&file);
    kal_scope_free(&s);
    kal_memo_clear(NULL);
}

int main(void)
{
    test_sizes();
    test_gravity();
    test_file();
    test_turned();
    return check_done();
}
