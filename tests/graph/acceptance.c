// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Cases that users of other libraries met: crop and uncrop (U), orientation, alpha and round trips (I). Keys (K) and files that change (S) are
// in keys.c and eval.c, arithmetic (P), padding (L) and resizing (R) beside the ops.
#include "check.h"

static kal_node *flat(kal_scope *s, int32_t w, int32_t h, int value)
{
    const kal_extent e = extent_of(w, h, 1, KAL_U8);
    unsigned char *p = malloc((size_t)w * (size_t)h);
    memset(p, value, (size_t)w * (size_t)h);
    kal_node *n = kal_pixels(s, &e, p, w);
    free(p);
    return n;
}

static void row(kal_node *n, int32_t y, int32_t x0, const unsigned char *want, int32_t count)
{
    unsigned char got[64];
    REQUIRE_OK(kal_read(n, kal_rect_of(x0, y, x0 + count, y + 1), got, count, NULL, &check_error));
    REQUIRE_MEM(got, want, (size_t)count);
}

// What nobody sees of the base, green, and of the part, blue, is not seen in the seam either: colours weigh as much as they cover.
static void hidden_colours(kal_scope *s)
{
    static const unsigned char below[2][4] = {{0, 255, 0, 0}, {200, 100, 0, 64}},
                               top[2][4] = {{255, 0, 0, 255}, {0, 0, 255, 0}};
    const kal_extent whole = extent_of(20, 20, 4, KAL_U8), part = extent_of(10, 10, 4, KAL_U8);
    for (int b = 0; b < 2; b++)
        for (int t = 0; t < 2; t++) {
            unsigned char base[1600], over[400], got[1600];
            for (int i = 0; i < 400; i++) memcpy(base + 4 * i, below[b], 4);
            for (int i = 0; i < 100; i++) memcpy(over + 4 * i, top[t], 4);
            kal_node *n = kal_uncrop(s, kal_pixels(s, &part, over, 40), kal_pixels(s, &whole, base, 80),
                                     kal_uncrop_params(.x = 5, .y = 5, .feather = 4));
            REQUIRE_OK(kal_read(n, kal_rect_all(&whole), got, 80, NULL, &check_error));
            for (int i = 5; i < 15;
                 i++) {   // along the middle, where one axis mixes: (a + 1) fifths of the part
                const int a = i - 5 < 14 - i ? i - 5 : 14 - i, w = a < 4 ? a + 1 : 5;
                const unsigned char *p = got + 4 * (20 * 10 + i);
                const double seen = top[t][3] * w, left = below[b][3] * (5 - w);
                REQUIRE(p[3] == (int)((seen + left) / 5 + 0.5));
                for (int c = 0; c < 3 && seen + left > 0; c++) {
                    const double want = (top[t][c] * seen + below[b][c] * left) / (seen + left);
                    REQUIRE_NOTE(p[c] - want <= 0.5001 && want - p[c] <= 0.5001, "%d over %d, %d: %d for %g",
                                 t, b, i, p[c], want);
                }
            }
        }
}

static void uncrop(kal_scope *s)
{
    rng r = {21};
    for (int t = 0; t < 3; t++) {   // U1: there and back again is nothing
        const kal_extent e = extent_of(23, 19, 3, (kal_type)t);
        kal_node *base = rng_image(&r, s, &e),
                 *part = kal_crop(s, base, kal_crop_params(.x = 5, .y = 3, .width = 11, .height = 9));
        kal_node *back = kal_uncrop(s, part, base, kal_uncrop_params(.x = 5, .y = 3));
        kal_key a, b;
        REQUIRE_OK(kal_content_key(back, NULL, &a, &check_error));
        REQUIRE_OK(kal_content_key(base, NULL, &b, &check_error));
        REQUIRE(kal_key_equal(a, b));
        if (t == KAL_F32) continue;
        back = kal_uncrop(s, part, base, kal_uncrop_params(.x = 5, .y = 3, .feather = 4));
        REQUIRE_OK(kal_content_key(back, NULL, &a, &check_error));
        REQUIRE(kal_key_equal(a, b));
    }
    hidden_colours(s);
    kal_node *base = flat(s, 20, 20, 100), *part = flat(s, 6, 6, 200);
    // U2, one axis: the place reaches from top to bottom, so only its left and right have a seam
    kal_node *tall = kal_uncrop(s, flat(s, 6, 20, 200), base, kal_uncrop_params(.x = 7, .feather = 3));
    row(tall, 10, 6, (unsigned char[]){100, 125, 150, 175, 175, 150, 125, 100}, 8);
    row(tall, 0, 6, (unsigned char[]){100, 125, 150, 175, 175, 150, 125, 100}, 8);
    // both axes: base + 100·ax·ay/16
    kal_node *soft = kal_uncrop(s, part, base, kal_uncrop_params(.x = 7, .y = 7, .feather = 3));
    row(soft, 9, 6, (unsigned char[]){100, 119, 138, 156, 156, 138, 119, 100}, 8);
    row(soft, 7, 6, (unsigned char[]){100, 106, 113, 119, 119, 113, 106, 100}, 8);
    // U3: width 1 is symmetric; on the image's border there is no seam
    row(kal_uncrop(s, part, base, kal_uncrop_params(.x = 7, .y = 0, .feather = 1)), 3, 6,
        (unsigned char[]){100, 150, 200, 200, 200, 200, 150, 100}, 8);
    row(kal_uncrop(s, part, base, kal_uncrop_params(.x = 0, .y = 0, .feather = 1)), 0, 0,
        (unsigned char[]){200, 200, 200, 200, 200, 150, 100, 100}, 8);
    // U4: wider than half the crop: clamped
    REQUIRE_OK(kal_node_error(kal_uncrop(s, part, base, kal_uncrop_params(.x = 7, .y = 7, .feather = 10)),
                              &check_error));
    row(kal_uncrop(s, part, base, kal_uncrop_params(.x = 7, .y = 7, .feather = 10)), 9, 6,
        (unsigned char[]){100, 119, 138, 156, 156, 138, 119, 100}, 8);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_uncrop(s, part, base, kal_uncrop_params(.x = 15, .y = 7)),
                                              &check_error));
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_uncrop(s, part, base, kal_uncrop_params(.width = 7)), &check_error));
    // another size is fitted
    kal_node *fitted =
        kal_uncrop(s, flat(s, 3, 12, 200), base,
                   kal_uncrop_params(.x = 7, .y = 7, .width = 6, .height = 6, .resize = 1 + KAL_BILINEAR));
    row(fitted, 9, 6, (unsigned char[]){100, 200, 200, 200, 200, 200, 200, 100}, 8);
}

static kal_bytes encoded(kal_node *n, const char *format)
{
    kal_bytes b = {0};
    kal_node *e = kal_encode(NULL, n, format, NULL);
    REQUIRE_OK(kal_read_bytes(e, NULL, &b, &check_error));
    kal_node_unref(&e);
    return b;
}

static void round_trips(kal_scope *s)
{
    rng r = {4};
    static const char *const formats[] = {"png", "pnm"};
    for (int f = 0; f < 2; f++)
        for (int32_t channels = 1; channels <= 4; channels++)
            for (int t = KAL_U8; t <= KAL_U16;
                 t++) {   // I2, I3: alpha stays; pixels and content key are equal
                const kal_extent e = extent_of(31, 17, channels, (kal_type)t);
                kal_node *n = rng_image(&r, s, &e);
                kal_bytes b = encoded(n, formats[f]);
                kal_node *back = kal_load_bytes(s, b.data, b.size, NULL);
                kal_extent got;
                kal_key x, y;
                REQUIRE_OK(kal_node_extent(back, &got, &check_error));
                REQUIRE(got.channels == channels && got.alpha == e.alpha && got.type == e.type &&
                        got.model == e.model);
                REQUIRE_OK(kal_content_key(n, NULL, &x, &check_error));
                REQUIRE_OK(kal_content_key(back, NULL, &y, &check_error));
                REQUIRE(kal_key_equal(x, y));
                kal_bytes_free(&b);
            }
}

// I1: upright from a path, from bytes, and by the text; `upright=false` gives the stored rows; saving resets the tag.
static void orientation(kal_scope *s)
{
    for (int o = 1; o <= 8; o++) {
        char name[32];
        snprintf(name, sizeof name, "data/images/exif/%d.jpg", o);
        const char *path = check_shared(name);
        if (!path) {
            check_skip("orientation of real photographs: the shared data is not there");
            return;
        }
        kal_node *a = kal_load(s, path, NULL), *stored = kal_load(s, path, "upright=false");
        kal_extent e, f;
        REQUIRE_OK(kal_node_extent(a, &e, &check_error));
        REQUIRE_OK(kal_node_extent(stored, &f, &check_error));
        REQUIRE(e.width < e.height && (o < 5 ? f.width < f.height : f.width > f.height));
        int found;
        bool applied;
        kal_node_orientation(a, &found, &applied);
        REQUIRE(found == o && applied == (o != 1));
        kal_node_orientation(stored, &found, &applied);
        REQUIRE(found == o && !applied);
        FILE *file = fopen(path, "rb");
        unsigned char *bytes = malloc(1 << 17);
        const size_t n = fread(bytes, 1, 1 << 17, file);
        fclose(file);
        REQUIRE(kal_load_bytes(s, bytes, n, NULL) == a);   // the same content is the same node
        free(bytes);
        kal_bytes b = encoded(kal_gaussian(s, a, NULL), "jpeg");
        kal_node_orientation(kal_load_bytes(s, b.data, b.size, NULL), &found, &applied);
        REQUIRE(found == 1 && !applied);
        kal_bytes_free(&b);
        kal_program *p;
        char text[1200];
        snprintf(text, sizeof text, "load \"%s\" upright=false | turn %s", path,
                 (const char *[]){"none", "mirror", "half", "flip", "transpose", "right", "transverse",
                                  "left"}[o - 1]);
        REQUIRE_OK(kal_program_parse(text, strlen(text), NULL, 0, &p, &check_error));
        kal_key x, y;
        REQUIRE_OK(kal_content_key(kal_program_root(p), NULL, &x, &check_error));
        REQUIRE_OK(kal_content_key(a, NULL, &y, &check_error));
        REQUIRE(kal_key_equal(x, y));
        kal_program_free(&p);
        kal_bytes printed;
        REQUIRE_OK(
            kal_print_graph(kal_turn(s, a, kal_turn_params(.how = KAL_TURN_LEFT)), &printed, &check_error));
        REQUIRE_OK(kal_program_parse((char *)printed.data, printed.size, NULL, 0, &p, &check_error));
        REQUIRE(kal_program_root(p) == kal_turn(s, a, kal_turn_params(.how = KAL_TURN_LEFT)));
        kal_program_free(&p);
        kal_bytes_free(&printed);
    }
}

int main(void)
{
    kal_scope *s = kal_scope_new();
    uncrop(s);
    round_trips(s);
    orientation(s);
    kal_memo_clear(NULL);
    kal_scope_free(&s);
    return check_done();
}
