// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// SVG: natural sizes, pixels that can be said beforehand, nothing loaded from outside, files that are none.
#define LEAKS_OF_OTHERS "leak:libxml2\nleak:librsvg\nleak:libfontconfig\nleak:libpango\nleak:libglib\n"
#include "files.h"

#define SPACE "xmlns='http://www.w3.org/2000/svg'"

static void sizes(void)
{
    static const struct {
        const char *text;
        int w, h;
    } cases[] = {
        {"<svg " SPACE " width='20' height='10'/>", 20, 10},
        {"<svg " SPACE " width='1in' height='72pt'/>", 96, 96},
        {"<svg " SPACE " width='10.2' height='9.9'/>", 11, 10},
        {"<svg " SPACE " viewBox='5 5 33 44'/>", 33, 44},
        {"<svg " SPACE " width='100%' height='100%' viewBox='0 0 7 9'/>", 7, 9},
        {"<svg " SPACE "/>", 300, 150},
        {"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- <svg> --><!DOCTYPE svg [ <!ENTITY a 'b'> ]>\n<s:svg "
         "xmlns:s='http://www.w3.org/2000/svg' width='3' height='4'/>",
         3, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_extent e;
        void *p = decoded(cases[i].text, strlen(cases[i].text), NULL, &e);
        REQUIRE_NOTE(p && e.width == cases[i].w && e.height == cases[i].h && e.channels == 4 && e.alpha,
                     "%s: %d×%d %s", cases[i].text, p ? e.width : 0, p ? e.height : 0, check_error.message);
        free(p);
    }
}

// Whole pixels, covered wholly, with colours that are mixed by alpha.
static void pixels(void)
{
    static const char text[] =
        "<svg " SPACE " width='4' height='2'><rect width='2' height='1' fill='#ff8001'/>"
        "<rect x='2' width='1' height='2' fill='#c86432' fill-opacity='0.2'/></svg>";
    static const unsigned char want[2][4][4] = {{{255, 128, 1, 255}, {255, 128, 1, 255}, {200, 100, 50, 51}},
                                                {{0}, {0}, {200, 100, 50, 51}}};
    kal_extent e;
    unsigned char *p = decoded(text, strlen(text), NULL, &e);
    if (!REQUIRE(p && e.width == 4 && e.height == 2)) return;
    for (int i = 0; i < 32; i++)
        // a fifth of a colour has 51 steps
        REQUIRE_NOTE(abs(p[i] - ((const unsigned char *)want)[i]) <= (i / 4 % 4 == 2 && i % 4 < 3 ? 3 : 0),
                     "byte %d: %d", i, p[i]);
    free(p);
}

// A picture beside it and an entity of a file: drawn without them, or refused, and never loaded.
static void outside(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(4, 4, 3, KAL_U8), drawn = {4, 4, 4, KAL_U8, KAL_RGB, true};
    unsigned char red[48], none[64] = {0};
    for (int i = 0; i < 48; i++) red[i] = i % 3 ? 0 : 255;
    kal_bytes png = encoded(node_of(s, &e, red), "png", NULL);
    char path[300], text[900];
    snprintf(path, sizeof path, "%s", check_temp("red.png"));
    put_file(path, png.data, png.size);
    const char *ways[] = {path, "file://", "http://127.0.0.1:9/red.png"};
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text,
                 "<svg " SPACE " xmlns:xlink='http://www.w3.org/1999/xlink' width='4' height='4'>"
                 "<image xlink:href='%s%s' width='4' height='4'/></svg>",
                 ways[i], i == 1 ? path : "");
        require_picture(text, strlen(text), NULL, &drawn, none, ways[i]);
        put_file(check_temp("outside.svg"), text, strlen(text));   // beside it
        kal_extent x;
        kal_node *n = kal_load(s, check_temp("outside.svg"), NULL);
        unsigned char *p = read_all(n, NULL, &x);
        REQUIRE(p && !memcmp(p, none, 64));
        free(p);
    }
    kal_bytes_free(&png);
    kal_scope_free(&s);
}

static void refusals(void)
{
    static const char whole[] =
        "<?xml version='1.0'?><svg " SPACE " width='40' height='30'><g><path d='M0 0L9 9'/></g></svg>";
    for (size_t n = 60; n < sizeof whole - 1; n++) {
        kal_extent e;
        void *p = decoded(whole, n, NULL, &e);
        REQUIRE_NOTE(!p && (check_error.status == KAL_CORRUPT || check_error.status == KAL_UNSUPPORTED),
                     "%zu: %s", n, p ? "a picture" : check_error.message);
        REQUIRE_NOTE(check_error.status == KAL_UNSUPPORTED || strstr(check_error.message, "bytes"), "%s",
                     check_error.message);
        free(p);
    }
    static const struct {
        const char *text;
        kal_status status;
    } cases[] = {{"<svg " SPACE " width='40000' height='3'/>", KAL_LIMIT},
                 {"<svg " SPACE " width='1e9' height='1e9'/>", KAL_LIMIT},
                 {"<svg " SPACE " width='0' height='3'/>", KAL_CORRUPT},
                 {"<html><svg " SPACE " width='4' height='3'/></html>", KAL_UNSUPPORTED},
                 {"<!DOCTYPE html><svg>       </svg>      </html>", KAL_CORRUPT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_extent e;
        void *p = decoded(cases[i].text, strlen(cases[i].text), NULL, &e);
        REQUIRE_NOTE(!p && check_error.status == cases[i].status, "%s: %s", cases[i].text,
                     p ? "a picture" : check_error.message);
        free(p);
    }
    // a reference to itself a billion times
    char bomb[2000] = "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a0 '<g/>'>";
    for (int i = 1; i < 10; i++)
        for (int k = 0; k < 12; k++)
            snprintf(bomb + strlen(bomb), sizeof bomb - strlen(bomb),
                     k == 0   ? "<!ENTITY a%d '"
                     : k < 11 ? "&a%d;"
                              : "'>",
                     k == 0 ? i : i - 1);
    strcat(bomb, "]><svg " SPACE " width='4' height='4'>&a9;</svg>");
    kal_extent e;
    void *p = decoded(bomb, strlen(bomb), NULL, &e);
    REQUIRE_NOTE(!p && check_error.status == KAL_CORRUPT, "%s", p ? "a picture" : check_error.message);
    free(p);
}

int main(void)
{
    static const char text[] = "<svg " SPACE " width='20' height='10'/>";
    kal_node *n = kal_load_bytes(NULL, text, sizeof text - 1, NULL);
    const bool here = kal_node_error(n, &check_error) != KAL_UNSUPPORTED;
    kal_node_unref(&n);
    if (!here) {
        check_skip("%s", check_error.message);
        return check_done();
    }
    sizes();
    pixels();
    outside();
    refusals();
    kal_memo_clear(NULL);
    return check_done();
}
