// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// WebP: lossless is that, lossy is near, metadata and orientation come along, and pages of an animation are its canvas.
#include "pages.h"

#include <math.h>

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

// RGB is handed to libwebp as luma and chroma, strip by strip, RGBA as 32 bits a pixel: of an opaque picture both are one file.
static void strips(void)
{
    static const int32_t sizes[][2] = {{1, 1},   {2, 31}, {33, 32}, {47, 33},
                                       {61, 63}, {5, 64}, {90, 65}, {301, 97}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int quality = 0; quality <= 100; quality += 25) {
            const kal_extent rgb = extent_of(sizes[i][0], sizes[i][1], 3, KAL_U8),
                             rgba = extent_of(sizes[i][0], sizes[i][1], 4, KAL_U8);
            const size_t n = (size_t)rgb.width * (size_t)rgb.height;
            unsigned char *p = malloc(3 * n), *q = malloc(4 * n);
            smooth_pixels(&rgb, p);
            for (size_t k = 0; k < n; k++) {
                for (size_t c = 0; c < 3; c++)
                    q[4 * k + c] = p[3 * k + c] ^= (unsigned char)(k * 7919 >> 5 & 31);
                q[4 * k + 3] = 255;
            }
            char params[32];
            snprintf(params, sizeof params, "quality=%d", quality);
            kal_scope *s = kal_scope_new();
            kal_bytes a = encoded(node_of(s, &rgb, p), "webp", params),
                      b = encoded(node_of(s, &rgba, q), "webp", params);
            REQUIRE_NOTE(a.size && a.size == b.size && !memcmp(a.data, b.data, a.size),
                         EXTENT_FORMAT " quality %d: %zu and %zu bytes", EXTENT_ARGS(&rgb), quality, a.size,
                         b.size);
            kal_bytes_free(&a), kal_bytes_free(&b);
            kal_scope_free(&s);
            free(p), free(q);
        }
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

// Frames of noise at random places, mixed or in their place, which stay or go, by themselves and one after the other.
static void pages(void)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        rng r = {seed};
        kal_scope *s = kal_scope_new();
        const int w = 2 + rng_below(&r, 30), h = 2 + rng_below(&r, 30), n = 1 + rng_below(&r, 6);
        double *canvas = calloc((size_t)(w * h) * 4, sizeof(double)),
               *seen = calloc((size_t)(w * h * n) * 4, sizeof(double));
        unsigned char extended[10] = {2 | 16}, anim[6] = {0, 0, 0, 0, 5, 0};
        put_24(extended + 4, w - 1), put_24(extended + 7, h - 1);
        kal_bytes body = bytes_copy("WEBP", 4), part = chunk("VP8X", extended, 10);
        body = bytes_join(body, part.data, part.size), bytes_free(&part);
        part = chunk("ANIM", anim, 6);
        body = bytes_join(body, part.data, part.size), bytes_free(&part);
        for (int k = 0; k < n; k++) {
            const int x0 = k && rng_below(&r, 3) ? rng_below(&r, (w + 1) / 2) : 0,
                      y0 = k ? rng_below(&r, (h + 1) / 2) : 0;
            const bool whole = !x0 && !y0;
            const kal_extent e =
                extent_of(whole ? w : 1 + rng_below(&r, w - 2 * x0),
                          whole ? h : 1 + rng_below(&r, h - 2 * y0), 3 + rng_below(&r, 2), KAL_U8);
            unsigned char *pixels, frame[16] = {0};
            kal_bytes one = file_of(s, &e, "lossless=true", &pixels);
            put_24(frame, x0), put_24(frame + 3, y0), put_24(frame + 6, e.width - 1),
                put_24(frame + 9, e.height - 1);
            put_24(frame + 12, 20 * k);
            frame[15] = (unsigned char)rng_below(&r, 4);
            part = bytes_join(bytes_copy(frame, 16), one.data + 12, one.size - 12);
            kal_bytes whole_part = chunk("ANMF", part.data, part.size);
            body = bytes_join(body, whole_part.data, whole_part.size);
            bytes_free(&part), bytes_free(&whole_part), bytes_free(&one);
            for (int i = 0; i < e.width * e.height; i++) {
                double *d = canvas + 4 * ((2 * y0 + i / e.width) * w + 2 * x0 + i % e.width);
                const unsigned char *p = pixels + i * e.channels;
                const double a = e.channels == 4 ? p[3] / 255.0 : 1, b = frame[15] & 2 ? 0 : d[3] * (1 - a);
                for (int c = 0; c < 3; c++) d[c] = a + b > 0 ? (p[c] / 255.0 * a + d[c] * b) / (a + b) : 0;
                d[3] = a + b;
            }
            memcpy(seen + (size_t)(k * w * h) * 4, canvas, (size_t)(w * h) * 4 * sizeof(double));
            for (int i = 0; frame[15] & 1 && i < e.width * e.height; i++)
                memset(canvas + 4 * ((2 * y0 + i / e.width) * w + 2 * x0 + i % e.width), 0,
                       4 * sizeof(double));
            free(pixels);
        }
        kal_bytes file = chunk("RIFF", body.data, body.size);
        for (int k = 0; k < n; k++) {
            kal__header x;
            kal__meta *m;
            REQUIRE_OK(page_header(&file, k, &x, &m));
            REQUIRE(m->pages == n && m->loops == 5 && m->delay == k * 20 / 1000.0);
            kal__meta_unref(&m);
            unsigned char *p = page_alone(&file, k, &x);
            double off = 0;
            for (int i = 0; p && i < w * h * 4; i++) {
                const double *q = seen + 4 * (k * w * h + i / 4);
                const double d =
                    q[3] > 0 || i % 4 == 3 ? fabs(p[i] - 255 * q[i % 4]) / (1 + 3 / (q[3] + 0.001)) : 0;
                off = d > off ? d : off;
            }
            REQUIRE_NOTE(p && x.extent.channels == 4 && off <= 1, "seed %d, page %d: off by %.2f", (int)seed,
                         k, off);
            free(p);
        }
        for (int from = 0; from < n; from += 2) {
            require_next(&file, from, n, 0, "webp");
            require_next(&file, from, n, 0x5a6d7e5b, "webp");
        }
        REQUIRE_FAILS(KAL_INVALID,
                      kal_node_error(kal_load_bytes(s, file.data, file.size, "page=9"), &check_error));
        free(canvas), free(seen);
        bytes_free(&file), bytes_free(&body);
        kal_scope_free(&s);
    }
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
    strips();
    refusals();
    animation();
    pages();
    kal_memo_clear(NULL);
    return check_done();
}
