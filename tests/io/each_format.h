// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A file of every format there is: those that are written are asked of the registry, so a new one is never left out; those that are only read are
// made here, and one of which there is none fails the test.
#ifndef EACH_FORMAT_H
#define EACH_FORMAT_H

#include "psds.h"
#include "svgs.h"
#include "y4ms.h"

static inline void put_le(kal_bytes *b, uint64_t v, int n)
{
    unsigned char p[8];
    for (int i = 0; i < n; i++) p[i] = (unsigned char)(v >> (8 * i));
    *b = bytes_join(*b, p, (size_t)n);
}

/// Light of one colour each, 16 bits, and of the directory what must be there.
static inline kal_bytes dng_of_noise(void)
{
    enum { WIDTH = 120, HEIGHT = 90, PIXELS = 400 };
    static const struct {
        uint16_t tag, type, count;
        uint32_t value;
    } entries[] = {{254, 4, 1, 0},         {256, 4, 1, WIDTH},
                   {257, 4, 1, HEIGHT},    {258, 3, 1, 16},
                   {259, 3, 1, 1},         {262, 3, 1, 32803},
                   {273, 4, 1, PIXELS},    {277, 3, 1, 1},
                   {278, 4, 1, HEIGHT},    {279, 4, 1, 2 * WIDTH * HEIGHT},
                   {33421, 3, 2, 0x20002}, {33422, 1, 4, 0x2010100},
                   {50706, 1, 4, 0x401},   {50717, 4, 1, 65535}};
    rng r = {31};
    kal_bytes b = bytes_copy("II*\0\x08\0\0", 8);
    put_le(&b, sizeof entries / sizeof *entries, 2);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        put_le(&b, entries[i].tag, 2), put_le(&b, entries[i].type, 2);
        put_le(&b, entries[i].count, 4), put_le(&b, entries[i].value, 4);
    }
    while (b.size < PIXELS) put_le(&b, 0, 1);
    for (int i = 0; i < WIDTH * HEIGHT; i++) put_le(&b, rng_next(&r) & 0xffff, 2);
    return b;
}

/// Lines of three floats, as they are.
static inline kal_bytes exr_of_noise(void)
{
    enum { WIDTH = 40, HEIGHT = 30, LINE = WIDTH * 12 };
    static const unsigned char box[16] = {0, 0, 0, 0, 0, 0, 0, 0, WIDTH - 1, 0, 0, 0, HEIGHT - 1},
                               one[4] = {0, 0, 0x80, 0x3f}, zeros[8];
    static const char channels[] = "B\0\2\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0G\0\2\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0"
                                   "R\0\2\0\0\0\0\0\0\0\1\0\0\0\1\0\0\0";
    const struct {
        const char *name, *type;
        const void *data;
        size_t n;
    } attributes[] = {{"channels", "chlist", channels, sizeof channels},
                      {"compression", "compression", zeros, 1},
                      {"dataWindow", "box2i", box, 16},
                      {"displayWindow", "box2i", box, 16},
                      {"lineOrder", "lineOrder", zeros, 1},
                      {"pixelAspectRatio", "float", one, 4},
                      {"screenWindowCenter", "v2f", zeros, 8},
                      {"screenWindowWidth", "float", one, 4}};
    rng r = {32};
    kal_bytes b = bytes_copy("\x76\x2f\x31\x01\2\0\0", 8);
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        b = bytes_join(b, attributes[i].name, strlen(attributes[i].name) + 1);
        b = bytes_join(b, attributes[i].type, strlen(attributes[i].type) + 1);
        put_le(&b, attributes[i].n, 4);
        b = bytes_join(b, attributes[i].data, attributes[i].n);
    }
    put_le(&b, 0, 1);
    const size_t lines = b.size + 8 * HEIGHT;
    for (size_t y = 0; y < HEIGHT; y++) put_le(&b, lines + y * (LINE + 8), 8);
    for (size_t y = 0; y < HEIGHT; y++) {
        put_le(&b, y, 4), put_le(&b, LINE, 4);
        for (int i = 0; i < WIDTH * 3; i++) put_le(&b, 0x3f800000 | (rng_next(&r) & 0x7fffff), 4);
    }
    return b;
}

static inline kal_bytes psd_of_noise(void)
{
    const psd_kind k = {RGB, 8, 3, false, false, -1, NULL, true};
    rng r = {33};
    unsigned char *planes = psd_planes(&r, &k, 120, 90);
    kal_bytes none = bytes_copy("", 0);
    const kal_bytes b = psd_of(&k, 120, 90, planes, NULL, &none);
    bytes_free(&none);
    free(planes);
    return b;
}

/// RGB of noise as each format holds it; an error node where none can.
static inline kal_node *encoded_noise(kal_scope *s, const char *format, int32_t w, int32_t h)
{
    kal_node *n = NULL;
    for (int real = 0; real < 2 && (!n || kal_node_error(n, NULL)); real++) {
        rng r = {11};
        const kal_extent e = extent_of(w, h, 3, real ? KAL_F32 : KAL_U8);
        n = kal_encode(s, rng_image(&r, s, &e), format, NULL);
    }
    return n;
}

/// What has to be said to load a file of noise of 120×90; NULL: nothing.
static inline const char *told_of(const char *format)
{
    return strcmp(format, "pixels") ? NULL : "format=rgb width=120 height=90";
}

/// A file of the format (free its data), or nothing, said why, when a library for it is not here.
static inline kal_bytes file_of(const kal_codec_info *c)
{
    static const struct {
        const char *name;
        kal_bytes (*make)(void);
    } read_only[] = {{"raw", dng_of_noise},
                     {"exr", exr_of_noise},
                     {"psd", psd_of_noise},
                     {"svg", svg_of_shapes},
                     {"y4m", y4m_of_three}};
    kal_bytes b = {NULL, 0}, own = {NULL, 0};
    if (c->writes) {
        kal_scope *s = kal_scope_new();
        const kal_options never = {.memo_mode = KAL_MEMO_NEVER};
        const kal_status st = kal_read_bytes(encoded_noise(s, c->name, 120, 90), &never, &b, &check_error);
        if (st == KAL_UNSUPPORTED) check_skip("%s: %s", c->name, check_error.message);
        REQUIRE_NOTE(!st || st == KAL_UNSUPPORTED, "%s: %s", c->name, check_error.message);
        if (!st) own = bytes_copy(b.data, b.size);
        kal_bytes_free(&b);
        kal_scope_free(&s);
        return own;
    }
    size_t i = 0;
    while (i < sizeof read_only / sizeof *read_only && strcmp(read_only[i].name, c->name)) i++;
    if (!REQUIRE_NOTE(i < sizeof read_only / sizeof *read_only, "there is no file of %s to try", c->name))
        return own;
    own = read_only[i].make();
    kal_node *n = kal_load_bytes(NULL, own.data, own.size, NULL);
    if (kal_node_error(n, &check_error) == KAL_UNSUPPORTED) {
        check_skip("%s: %s", c->name, check_error.message);
        bytes_free(&own);
    }
    kal_node_unref(&n);
    return own;
}

#endif
