// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A TrueType font of a few letters whose places and areas are known, made here: 1000 units an em, 800 above the base line and 200 below.
//
//     A  א    a square from 100, 0 to 600, 500; advance 700        V   a triangle 0, 700  600, 700  300, 0; advance 600, 100 less after A
//     B  ב    a bar from 100, 0 to 300, 800; advance 400           1   a bar from 0, 0 to 100, 700; advance 200
//     C       a square from 0, 100 to 600, 700 of which only the middles of the sides are on the curve; advance 700
//     ,       a square from 0, 0 to 100, 100; advance 200          blank   advance 300
//     L       a square from -100, 0 to 400, 500; advance 500
#ifndef LITTLE_FONT_H
#define LITTLE_FONT_H

#include <stdint.h>
#include <string.h>

typedef struct little_font {
    uint8_t bytes[4096];
    size_t n;
} little_font;

static inline void put16(little_font *f, int v)
{
    f->bytes[f->n++] = (uint8_t)(v >> 8);
    f->bytes[f->n++] = (uint8_t)v;
}

static inline void put32(little_font *f, uint32_t v)
{
    put16(f, (int)(v >> 16));
    put16(f, (int)(v & 0xffff));
}

static const struct little_glyph {
    int advance, points;
    bool on;
    int at[4][2];
} little_glyphs[] = {
    {500, 4, true, {{100, 0}, {100, 400}, {400, 400}, {400, 0}}},   // what the font has not
    {700, 4, true, {{100, 0}, {100, 500}, {600, 500}, {600, 0}}},
    {400, 4, true, {{100, 0}, {100, 800}, {300, 800}, {300, 0}}},
    {700, 4, false, {{0, 100}, {0, 700}, {600, 700}, {600, 100}}},
    {600, 3, true, {{0, 700}, {600, 700}, {300, 0}}},
    {200, 4, true, {{0, 0}, {0, 700}, {100, 700}, {100, 0}}},
    {200, 4, true, {{0, 0}, {0, 100}, {100, 100}, {100, 0}}},
    {300, 0, true, {{0}}},
    {500, 4, true, {{-100, 0}, {-100, 500}, {400, 500}, {400, 0}}},
};
enum { LITTLE_GLYPHS = sizeof little_glyphs / sizeof *little_glyphs };
static const struct {
    int code, glyph;
} little_codes[] = {{' ', 7}, {',', 6}, {'1', 5}, {'A', 1},   {'B', 2},
                    {'C', 3}, {'L', 8}, {'V', 4}, {0x5d0, 1}, {0x5d1, 2}};

static inline void put_cmap(little_font *f)
{
    const int n = sizeof little_codes / sizeof *little_codes + 1;
    put16(f, 0), put16(f, 1), put16(f, 3), put16(f, 1), put32(f, 12);
    put16(f, 4), put16(f, 16 + 8 * n), put16(f, 0), put16(f, 2 * n), put16(f, 16), put16(f, 3),
        put16(f, 2 * n - 16);
    for (int i = 0; i < n; i++) put16(f, i < n - 1 ? little_codes[i].code : 0xffff);
    put16(f, 0);
    for (int i = 0; i < n; i++) put16(f, i < n - 1 ? little_codes[i].code : 0xffff);
    for (int i = 0; i < n; i++) put16(f, i < n - 1 ? little_codes[i].glyph - little_codes[i].code : 1);
    for (int i = 0; i < n; i++) put16(f, 0);
}

static inline void put_glyph(little_font *f, const struct little_glyph *g)
{
    int low[2] = {9999, 9999}, high[2] = {-9999, -9999};
    for (int i = 0; i < g->points; i++)
        for (int k = 0; k < 2; k++) {
            if (g->at[i][k] < low[k]) low[k] = g->at[i][k];
            if (g->at[i][k] > high[k]) high[k] = g->at[i][k];
        }
    put16(f, 1), put16(f, low[0]), put16(f, low[1]), put16(f, high[0]), put16(f, high[1]);
    put16(f, g->points - 1), put16(f, 0);
    for (int i = 0; i < g->points; i++) f->bytes[f->n++] = g->on;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < g->points; i++) put16(f, g->at[i][k] - (i ? g->at[i - 1][k] : 0));
    while (f->n & 3) f->bytes[f->n++] = 0;
}

static inline void put_table(little_font *f, const char *tag, const uint32_t *offsets)
{
    if (!strcmp(tag, "cmap")) put_cmap(f);
    if (!strcmp(tag, "head")) {
        put32(f, 0x10000), put32(f, 0x10000), put32(f, 0), put32(f, 0x5f0f3cf5), put16(f, 0), put16(f, 1000);
        for (int i = 0; i < 4; i++) put32(f, 0);
        put16(f, 0), put16(f, 0), put16(f, 700), put16(f, 800), put16(f, 0), put16(f, 8), put16(f, 2);
        put16(f, 1), put16(f, 0);
    }
    if (!strcmp(tag, "hhea")) {
        put32(f, 0x10000), put16(f, 800), put16(f, -200), put16(f, 0), put16(f, 700);
        for (int i = 0; i < 11; i++) put16(f, 0);
        put16(f, LITTLE_GLYPHS);
    }
    if (!strcmp(tag, "hmtx"))
        for (int i = 0; i < LITTLE_GLYPHS; i++)
            put16(f, little_glyphs[i].advance),
                put16(f, little_glyphs[i].points ? little_glyphs[i].at[0][0] : 0);
    if (!strcmp(tag, "kern")) {
        put16(f, 0), put16(f, 1), put16(f, 0), put16(f, 20), put16(f, 1);
        put16(f, 1), put16(f, 6), put16(f, 0), put16(f, 0), put16(f, 1), put16(f, 4), put16(f, -100);
    }
    if (!strcmp(tag, "loca"))
        for (int i = 0; i <= LITTLE_GLYPHS; i++) put32(f, offsets[i]);
    if (!strcmp(tag, "maxp")) {
        put32(f, 0x10000), put16(f, LITTLE_GLYPHS), put16(f, 4), put16(f, 1);
        for (int i = 0; i < 11; i++) put16(f, i == 2);
    }
}

static inline little_font little_font_make(void)
{
    static const char *const tags[] = {"cmap", "glyf", "head", "hhea", "hmtx", "kern", "loca", "maxp"};
    little_font f = {.n = 0};
    uint32_t offsets[LITTLE_GLYPHS + 1];
    put32(&f, 0x10000), put16(&f, 8), put16(&f, 128), put16(&f, 3), put16(&f, 0);
    f.n += 8 * 16;
    for (int t = 0; t < 8; t++) {
        const size_t from = f.n;
        for (int i = 0; i <= LITTLE_GLYPHS && !strcmp(tags[t], "glyf"); i++) {
            offsets[i] = (uint32_t)(f.n - from);
            if (i < LITTLE_GLYPHS && little_glyphs[i].points) put_glyph(&f, &little_glyphs[i]);
        }
        put_table(&f, tags[t], offsets);
        little_font row = {.n = 0};
        put32(&row, 0), put32(&row, 0), put32(&row, (uint32_t)from), put32(&row, (uint32_t)(f.n - from));
        memcpy(row.bytes, tags[t], 4);
        memcpy(f.bytes + 12 + 16 * t, row.bytes, 16);
        while (f.n & 3) f.bytes[f.n++] = 0;
    }
    return f;
}

#endif
