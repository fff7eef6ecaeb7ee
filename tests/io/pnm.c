// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The Netpbm family: files written letter by letter against the samples they mean, round trips of every kind,
// headers that lie.
#include "files.h"

static const int32_t sizes[][2] = {{1, 1}, {7, 1}, {1, 9}, {13, 5}, {64, 33}, {257, 19}};

// What is written must come back, with the model the format can tell.
static void round_trip_as(rng *r, kal_extent e, const char *format, const char *params, const char *magic)
{
    kal_extent want = e;
    if (e.model == KAL_MASK) want.model = KAL_GRAY;
    if (e.type == KAL_F32) want.model = e.channels == 1 ? KAL_GRAY : KAL_RGB;
    void *pixels = malloc(bytes_of(&e));
    rng_pixels(r, &e, pixels);
    kal_node *n = node_of(NULL, &e, pixels);
    kal_bytes b = encoded(n, format, params);
    REQUIRE_NOTE(b.size > 2 && !memcmp(b.data, magic, 2), "%.2s against %s for " EXTENT_FORMAT,
                 (char *)b.data, magic, EXTENT_ARGS(&e));
    require_picture(b.data, b.size, NULL, &want, pixels, magic);
    kal_bytes_free(&b);
    kal_node_unref(&n);
    free(pixels);
}

static void round_trip(rng *r, kal_extent e, const char *params, const char *magic)
{
    round_trip_as(r, e, "pnm", params, magic);
}

// A suffix asks for a form, and the picture that fits it is written so whatever else would do.
static void test_suffixes(void)
{
    static const struct {
        const char *format, *params, *magic;
        kal_extent e;
    } cases[] = {{"pbm", NULL, "P4", {13, 5, 1, KAL_U8, KAL_MASK, false}},
                 {"pbm", "plain=true", "P1", {80, 3, 1, KAL_U8, KAL_MASK, false}},
                 {"pgm", NULL, "P5", {13, 5, 1, KAL_U8, KAL_MASK, false}},
                 {"pgm", NULL, "P5", {13, 5, 1, KAL_U16, KAL_GRAY, false}},
                 {"PGM", "plain=true", "P2", {13, 5, 1, KAL_U8, KAL_GRAY, false}},
                 {"ppm", NULL, "P6", {13, 5, 3, KAL_U8, KAL_RGB, false}},
                 {"ppm", "form=pam", "P7", {13, 5, 3, KAL_U8, KAL_RGB, false}},
                 {"pam", NULL, "P7", {13, 5, 1, KAL_U8, KAL_MASK, false}},
                 {"pam", NULL, "P7", {13, 5, 1, KAL_U16, KAL_GRAY, false}},
                 {"pam", NULL, "P7", {13, 5, 3, KAL_U8, KAL_RGB, false}},
                 {"pam", NULL, "P7", {13, 5, 7, KAL_U8, KAL_DATA, false}},
                 {"pfm", NULL, "PF", {13, 5, 3, KAL_F32, KAL_RGB, false}}};
    rng r = {12};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        round_trip_as(&r, cases[i].e, cases[i].format, cases[i].params, cases[i].magic);
    kal_scope *s = kal_scope_new();   // data of one channel is gray to others
    const kal_extent data = {3, 1, 1, KAL_U8, KAL_DATA, false};
    kal_bytes b = encoded(node_of(s, &data, "abc"), "pgm", NULL);
    REQUIRE(b.size > 3 && !memcmp(b.data + b.size - 3, "abc", 3) && b.data[1] == '5');
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

static void test_round_trips(void)
{
    rng r = {11};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (kal_type type = KAL_U8; type <= KAL_U16; type++) {
            for (int32_t channels = 1; channels <= 4; channels++) {
                static const char *const magic[] = {"", "P5", "P7", "P6", "P7"};
                const kal_extent e = extent_of(sizes[s][0], sizes[s][1], channels, type);
                round_trip(&r, e, NULL, magic[channels]);
                if (channels % 2) round_trip(&r, e, "plain=true", channels == 1 ? "P2" : "P3");
            }
            for (int32_t channels = 1; channels <= 64; channels += 9) {
                kal_extent e = extent_of(sizes[s][0], sizes[s][1], channels, type);
                e.model = KAL_DATA;
                e.alpha = false;
                round_trip(&r, e, NULL, "P7");
            }
        }
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        round_trip(&r, extent_of(sizes[s][0], sizes[s][1], 1, KAL_F32), NULL, "Pf");
        round_trip(&r, extent_of(sizes[s][0], sizes[s][1], 3, KAL_F32), NULL, "PF");
        round_trip(&r, (kal_extent){sizes[s][0], sizes[s][1], 1, KAL_U8, KAL_MASK, false}, NULL, "P5");
    }
}

// ---- files by hand ------------------------------------------------------------------------------

#define TEXT(s) s, sizeof(s) - 1

static void u8(const char *file, size_t n, int32_t w, int32_t h, int32_t channels, const char *samples)
{
    const kal_extent e = extent_of(w, h, channels, KAL_U8);
    require_picture(file, n, NULL, &e, samples, file);
}

static void u16(const char *file, size_t n, int32_t w, int32_t h, const uint16_t *samples)
{
    const kal_extent e = extent_of(w, h, 1, KAL_U16);
    require_picture(file, n, NULL, &e, samples, file);
}

static void test_by_hand(void)
{
    u8(TEXT("P1\n3 2\n1 0 1\n010"), 3, 2, 1, "\x00\xff\x00\xff\x00\xff");
    u8(TEXT("P1#c\n#c 9\n3 #x\n2\n1 0 1 # 1\n010\n"), 3, 2, 1, "\x00\xff\x00\xff\x00\xff");
    u8(TEXT("P4 9 2\n\x80\x80\x01\x00"), 9, 2, 1,
       "\x00\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\x00\xff");
    u8(TEXT("P2\n2 2\n255\n0 255\n7\t9"), 2, 2, 1, "\x00\xff\x07\x09");
    u8(TEXT("P2 4 1 3 0 1#c\n2 3"), 4, 1, 1, "\x00\x55\xaa\xff");
    u8(TEXT("P3 1 2 255 1 2 3 4 5 6 "), 1, 2, 3, "\1\2\3\4\5\6");
    u8(TEXT("P5\n#a\n2 1\n255\n#\n"), 2, 1, 1, "#\n");
    u8(TEXT("P5 3 1 2\n\0\1\2"), 3, 1, 1, "\x00\x80\xff");   // 127.5 rounds up
    u8(TEXT("P6\r\n1 1\r255\n\r\n\r"), 1, 1, 3, "\r\n\r");
    u8(TEXT("P7\nWIDTH 2\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n\1\2\3\4"), 2, 1,
       2, "\1\2\3\4");
    u8(TEXT("P7\n#x\nMAXVAL 1\nDEPTH 1\nTUPLTYPE BLACKANDWHITE\nHEIGHT 1\nWIDTH 2\nENDHDR\n\1\0"), 2, 1, 1,
       "\xff\x00");
    u8(TEXT("P7\nMAXVAL 255\nDEPTH 3\nHEIGHT 1\nWIDTH 1\nENDHDR\n\1\2\3"), 1, 1, 3, "\1\2\3");
    u8(TEXT("P7\nMAXVAL 255\nDEPTH 4\nHEIGHT 1\nWIDTH 1\nTUPLTYPE  RGB_ALPHA \nENDHDR\n\1\2\3\4"), 1, 1, 4,
       "\1\2\3\4");
    u16(TEXT("P5 2 1 65535\n\x12\x34\xff\xff"), 2, 1, (uint16_t[]){0x1234, 0xffff});
    u16(TEXT("P5 3 1 256\n\0\0\0\x80\1\0"), 3, 1, (uint16_t[]){0, 32768, 65535});   // 32767.5 rounds up
    u16(TEXT("P2 3 1 1023 0 512 1023"), 3, 1, (uint16_t[]){0, 32800, 65535});       // 32799.53
    const kal_extent data = {1, 1, 5, KAL_U8, KAL_DATA, false};
    static const char five[] =
        "P7\nMAXVAL 255\nDEPTH 5\nHEIGHT 1\nWIDTH 1\nTUPLTYPE SPECTRUM\nENDHDR\n\1\2\3\4\5";
    require_picture(TEXT(five), NULL, &data, "\1\2\3\4\5", "five");
}

static void test_floats(void)
{
    const float v[] = {1.0f, -2.5f};   // top, bottom; the file has the bottom row first
    static const char big[] = "Pf\n1 2\n1.0\n\xc0\x20\0\0\x3f\x80\0\0",
                      little[] = "Pf 1 2 -3.5e0\n\0\0\x20\xc0\0\0\x80\x3f";
    const kal_extent e = extent_of(1, 2, 1, KAL_F32);
    require_picture(TEXT(big), NULL, &e, v, "big-endian");
    require_picture(TEXT(little), NULL, &e, v, "little-endian");
    static const char *const scales[] = {"0", "-0.0", "x", "1f", "-", "nan"};
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        char file[64];
        const int n = snprintf(file, sizeof file, "Pf 1 1 %s\n1234", scales[i]);
        kal_node *node = kal_load_bytes(NULL, file, (size_t)n, NULL);
        REQUIRE_FAILS(KAL_CORRUPT, kal_node_error(node, &check_error));
        kal_node_unref(&node);
    }
}

// ---- lies ---------------------------------------------------------------------------------------

static void test_lies(void)
{
    static const struct {
        const char *file, *says;
        kal_status status;
    } lies[] = {
        {"P5\n0 1\n255\n", "width", KAL_CORRUPT},
        {"P5\n-1 1\n255\n", "width", KAL_CORRUPT},
        {"P5\n1 +1\n255\n", "height", KAL_CORRUPT},
        {"P5\n1.5 1\n255\n", "width", KAL_CORRUPT},
        {"P5\n18446744073709551617 1\n255\n", "width", KAL_CORRUPT},
        {"P5\n1 4294967297\n255\n", "height", KAL_CORRUPT},
        {"P5\n1 1\n65536\n", "maximum", KAL_CORRUPT},
        {"P5\n1 1\n0\n", "maximum", KAL_CORRUPT},
        {"P5\n1 1\nx\n", "maximum", KAL_CORRUPT},
        {"P5\n100000000 100000000\n255\n", "limit", KAL_LIMIT},
        {"P7 332\n#x\n", "PAM", KAL_CORRUPT},
        {"P7\nWIDTH 1\nHEIGHT 1\nMAXVAL 255\nENDHDR\n1", "DEPTH", KAL_CORRUPT},
        {"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 65\nMAXVAL 255\nENDHDR\n1", "DEPTH", KAL_CORRUPT},
        {"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n1234", "TUPLTYPE", KAL_CORRUPT},
        {"P5\n111111111111111111111111111111111111111111111111", "too long", KAL_CORRUPT},
        {"P5 1 1 255", "ends at byte", KAL_CORRUPT},
        {"P5 # never ends", "ends at byte", KAL_CORRUPT},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        kal_node *n = kal_load_bytes(NULL, lies[i].file, strlen(lies[i].file), NULL);
        const kal_status st = kal_node_error(n, &check_error);
        REQUIRE_NOTE(st == lies[i].status && strstr(check_error.message, lies[i].says) &&
                         strstr(check_error.message, "pnm"),
                     "%s: %s: %s", lies[i].file, kal_status_name(st), check_error.message);
        kal_node_unref(&n);
    }
    static const struct {
        const char *file, *says;
    } samples[] = {{"P2 1 1 9 10", "maximum"},     {"P2 1 1 9 -1", "number"},
                   {"P2 2 1 9 1", "ends at byte"}, {"P1 1 1 2", "0 nor 1"},
                   {"P5 1 1 9\nz", "maximum"},     {"P6 1 1 255\nab", "ends at byte"},
                   {"P4 9 1 a", "ends at byte"}};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        kal_extent e;
        void *p = decoded(samples[i].file, strlen(samples[i].file), NULL, &e);
        REQUIRE_NOTE(!p && check_error.status == KAL_CORRUPT && strstr(check_error.message, samples[i].says),
                     "%s: %s", samples[i].file, check_error.message);
        free(p);
    }
}

static void test_refusals(void)
{
    static const struct {
        kal_extent e;
        const char *format, *params, *says;
    } cases[] = {{{2, 2, 1, KAL_U32, KAL_DATA, false}, "pnm", NULL, "cast"},
                 {{2, 2, 4, KAL_F32, KAL_RGB, true}, "pnm", NULL, "flatten"},
                 {{2, 2, 5, KAL_F32, KAL_DATA, false}, "pnm", NULL, "band_extract"},
                 {{2, 2, 4, KAL_U8, KAL_RGB, true}, "pnm", "plain=true", "plain"},
                 {{2, 2, 3, KAL_U8, KAL_RGB, false}, "pgm", NULL, "use gray"},
                 {{2, 2, 2, KAL_U8, KAL_GRAY, true}, "pgm", NULL, "flatten"},
                 {{2, 2, 1, KAL_F32, KAL_GRAY, false}, "pgm", NULL, "pfm"},
                 {{2, 2, 1, KAL_U8, KAL_GRAY, false}, "ppm", NULL, "to_rgb"},
                 {{2, 2, 4, KAL_U8, KAL_RGB, true}, "ppm", NULL, "flatten"},
                 {{2, 2, 3, KAL_F32, KAL_RGB, false}, "ppm", NULL, "pfm"},
                 {{2, 2, 1, KAL_U8, KAL_GRAY, false}, "pbm", NULL, "threshold"},
                 {{2, 2, 3, KAL_F32, KAL_RGB, false}, "pam", NULL, "pfm"},
                 {{2, 2, 3, KAL_U8, KAL_RGB, false}, "pam", "plain=true", "plain"},
                 {{2, 2, 3, KAL_U8, KAL_RGB, false}, "pfm", NULL, "cast type=f32"}};
    rng r = {1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_encode(s, rng_image(&r, s, &cases[i].e), cases[i].format, cases[i].params);
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, cases[i].says), "%s: %s", cases[i].format,
                     check_error.message);
        kal_scope_free(&s);
    }
    // the suffix of a path asks as a format does, and is part of the key
    kal_scope *s = kal_scope_new();
    kal_node *n = rng_image(&r, s, &(kal_extent){2, 2, 3, KAL_U8, KAL_RGB, false});
    REQUIRE_FAILS(KAL_INVALID, kal_save(n, check_temp("x.pgm"), NULL, NULL, &check_error));
    kal_key a, b;
    REQUIRE_OK(kal_node_key(kal_encode(s, n, "ppm", NULL), &a, &check_error));
    REQUIRE_OK(kal_node_key(kal_encode(s, n, "pnm", "form=ppm"), &b, &check_error));
    REQUIRE(kal_key_equal(a, b));
    REQUIRE_OK(kal_node_key(kal_encode(s, n, "pam", NULL), &b, &check_error));
    REQUIRE(!kal_key_equal(a, b));
    kal_scope_free(&s);
}

// Others must read what we write: netpbm's own programs turn it into PNG, which we read.
static void test_netpbm(void)
{
    if (!has_program("pamtopng") || !has_program("pfmtopam")) {
        check_skip("netpbm is not installed");
        return;
    }
    rng r = {5};
    for (int32_t channels = 1; channels <= 4; channels++)
        for (kal_type type = KAL_U8; type <= KAL_U16; type++) {
            const kal_extent e = extent_of(31, 17, channels, type);
            void *pixels = malloc(bytes_of(&e));
            rng_pixels(&r, &e, pixels);
            kal_node *n = node_of(NULL, &e, pixels);
            kal_bytes b = encoded(n, "pnm", NULL);
            char command[512];
            put_file(check_temp("x.pnm"), b.data, b.size);
            snprintf(command, sizeof command, "pamtopng '%s' 2>/dev/null", check_temp("x.pnm"));
            kal_bytes png = output_of(command);
            require_picture(png.data, png.size, NULL, &e, pixels, "pamtopng");
            bytes_free(&png);
            kal_bytes_free(&b);
            kal_node_unref(&n);
            free(pixels);
        }
}

int main(void)
{
    test_round_trips();
    test_suffixes();
    test_by_hand();
    test_floats();
    test_lies();
    test_refusals();
    test_netpbm();
    kal_memo_clear(NULL);
    return check_done();
}
