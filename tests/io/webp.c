// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// WebP: lossless is that, lossy is near, metadata and orientation come along, and of an animation the first frame lies on its canvas.
#include "files.h"

static kal_bytes file_of(kal_scope *s, const kal_extent *e, const char *params, unsigned char **pixels)
{
    rng r = {5};
    unsigned char *p = malloc(bytes_of(e));
    rng_pixels(&r, e, p);
    kal_node *n = kal_pixels(s, e, p, (ptrdiff_t)((size_t)e->width * kal_pixel_size(e)));
    kal_bytes b = encoded(n, "webp", params), own = bytes_copy(b.data, b.size);
    kal_bytes_free(&b);
    if (pixels)
        *pixels = p;
    else
        free(p);
    return own;
}

static void lossless(void)
{
    static const kal_extent kinds[] = {{61, 47, 3, KAL_U8, KAL_RGB, false},
                                       {40, 33, 4, KAL_U8, KAL_RGB, true},
                                       {1, 1, 3, KAL_U8, KAL_RGB, false},
                                       {300, 2, 4, KAL_U8, KAL_RGB, true}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int effort = 0; effort <= 6; effort += 3) {
            kal_scope *s = kal_scope_new();
            unsigned char *want;
            char params[60], what[80];
            snprintf(params, sizeof params, "lossless=true effort=%d", effort);
            snprintf(what, sizeof what, "kind %zu, effort %d", i, effort);
            kal_bytes b = file_of(s, &kinds[i], params, &want);
            require_picture(b.data, b.size, NULL, &kinds[i], want, what);
            free(want);
            bytes_free(&b);
            kal_scope_free(&s);
        }
}

// What is gray or has an alpha that is nowhere seen comes back as RGB; alpha is exact in a lossy file, too.
static void lossy(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *scene = kal_apply_text(s, "sample", "scene width=160 height=120", NULL, 0);
    REQUIRE_OK(kal_node_error(scene, &check_error));
    unsigned char *want = read_all(scene, NULL, NULL);
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        kal_bytes b = encoded(scene, "webp", i ? "quality=95" : "quality=30");
        kal_extent e;
        unsigned char *got = decoded(b.data, b.size, NULL, &e);
        double off = 0;
        if (REQUIRE(got && want && e.width == 160 && e.height == 120 && e.channels == 3))
            for (size_t k = 0; k < bytes_of(&e); k++) off += abs(got[k] - want[k]);
        off /= (double)(160 * 120 * 3);
        REQUIRE_NOTE(off < (i ? 4 : 12), "quality %d: off by %.2f", i, off);
        sizes[i] = b.size;
        free(got);
        kal_bytes_free(&b);
    }
    REQUIRE(sizes[0] * 2 < sizes[1]);
    free(want);
    kal_scope_free(&s);
}

static void refusals(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {6};
    const kal_extent wide = {16384, 1, 3, KAL_U8, KAL_RGB, false}, deep = extent_of(3, 3, 3, KAL_U16);
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_encode(s, rng_image(&r, s, &wide), "webp", NULL), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "16383"), "%s", check_error.message);
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_encode(s, rng_image(&r, s, &deep), "webp", NULL), &check_error));
    kal_scope_free(&s);
}

static kal_bytes chunk(const char *name, const void *data, size_t n)
{
    unsigned char head[8];
    memcpy(head, name, 4);
    for (int i = 0; i < 4; i++) head[4 + i] = (unsigned char)(n >> (8 * i));
    kal_bytes b = bytes_join(bytes_copy(head, 8), data, n);
    return n & 1 ? bytes_join(b, "", 1) : b;
}

static void put_24(unsigned char *p, int32_t v)
{
    for (int i = 0; i < 3; i++) p[i] = (unsigned char)(v >> (8 * i));
}

// A canvas of 20×16 with two frames of 8×6, the first at 4, 6.
static void animation(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = {8, 6, 3, KAL_U8, KAL_RGB, false}, canvas = {20, 16, 4, KAL_U8, KAL_RGB, true};
    unsigned char *pixels, extended[10] = {2}, frame[16] = {0};
    kal_bytes one = file_of(s, &e, "lossless=true", &pixels), body = bytes_copy("WEBP", 4);
    put_24(extended + 4, 19), put_24(extended + 7, 15);
    put_24(frame, 2), put_24(frame + 3, 3), put_24(frame + 6, 7), put_24(frame + 9, 5),
        put_24(frame + 12, 40);
    kal_bytes parts[4] = {chunk("VP8X", extended, 10), chunk("ANIM", "\0\0\0\0\0\0", 6)};
    for (int i = 2; i < 4; i++) {
        kal_bytes whole = bytes_join(bytes_copy(frame, 16), one.data + 12, one.size - 12);
        parts[i] = chunk("ANMF", whole.data, whole.size);
        bytes_free(&whole);
    }
    for (int i = 0; i < 4; i++) {
        body = bytes_join(body, parts[i].data, parts[i].size);
        bytes_free(&parts[i]);
    }
    kal_bytes file = chunk("RIFF", body.data, body.size);
    unsigned char want[16][20][4] = {{{0}}};
    for (size_t y = 0; y < 6; y++)
        for (size_t x = 0; x < 8; x++) {
            memcpy(want[y + 6][x + 4], pixels + (y * 8 + x) * 3, 3);
            want[y + 6][x + 4][3] = 255;
        }
    require_picture(file.data, file.size, NULL, &canvas, want, "the first frame");
    kal_node *n = kal_load_bytes(s, file.data, file.size, NULL);
    kal_file_info info;
    REQUIRE(kal_node_file(n, &info) && info.pages == 2);
    file.data[12 + 8 + 10 + 8 + 6 + 8] = 9;   // the frame begins at 18 now, and sticks out
    REQUIRE_FAILS(KAL_CORRUPT, kal_node_error(kal_load_bytes(s, file.data, file.size, NULL), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "outside of its canvas"), "%s", check_error.message);
    file.data[12 + 8 + 10 + 8 + 6 + 8] = 2;
    // a second head, with a smaller canvas than the frame was checked against
    put_24(extended + 7, 1);
    kal_bytes second = chunk("VP8X", extended, 10),
              more = bytes_join(bytes_copy(body.data, body.size), second.data, second.size);
    kal_bytes twice = chunk("RIFF", more.data, more.size);
    REQUIRE_FAILS(KAL_CORRUPT, kal_node_error(kal_load_bytes(s, twice.data, twice.size, NULL), &check_error));
    bytes_free(&second), bytes_free(&more), bytes_free(&twice);
    bytes_free(&file), bytes_free(&body), bytes_free(&one);
    free(pixels);
    kal_scope_free(&s);
}

int main(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {1};
    const kal_extent e = extent_of(4, 4, 3, KAL_U8);
    const bool here =
        kal_node_error(kal_encode(s, rng_image(&r, s, &e), "webp", NULL), &check_error) == KAL_OK;
    kal_scope_free(&s);
    if (!here) {
        check_skip("%s", check_error.message);
        return check_done();
    }
    lossless();
    lossy();
    refusals();
    animation();
    kal_memo_clear(NULL);
    return check_done();
}
