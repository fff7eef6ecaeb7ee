// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// QOI: files written chunk by chunk after the specification, both ways; round trips; files that are none.
#include "files.h"

#define TEXT(s) s, sizeof(s) - 1
#define TAIL "\0\0\0\0\0\0\0\1"

// All kinds of chunks; the encoder has no choice but these.
static const char rgb[] = "qoif\0\0\0\5\0\0\0\2\3\0"
                          "\x79"               // by +1, 0, -1 from 0 0 0
                          "\xc1"               // twice more
                          "\xfe\x10\x20\x30"   // as it is
                          "\xaa\x5d"           // green by 10, red by 3 less, blue by 5 more
                          "\x31"               // seen before: (1·3 + 0·5 + 255·7 + 255·11) mod 64 = 49
                          "\xc0"               // once more
                          "\x40"               // by -2, -2, -2
                          "\xc1" TAIL,
                  rgb_pixels[] = "\1\0\xff\1\0\xff\1\0\xff\x10\x20\x30\x17\x2a\x3f"
                                 "\1\0\xff\1\0\xff\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd",
                  rgba[] = "qoif\0\0\0\3\0\0\0\1\4\0"
                           "\xff\1\2\3\4"   // as it is
                           "\0"             // an empty slot
                           "\x7f" TAIL,     // by 1, 1, 1
    rgba_pixels[] = "\1\2\3\4\0\0\0\0\1\1\1\0";

static void both_ways(const char *file, size_t n, const char *pixels, kal_extent e)
{
    require_picture(file, n, NULL, &e, pixels, "by hand");
    kal_scope *s = kal_scope_new();
    kal_bytes b = encoded(node_of(s, &e, pixels), "qoi", NULL);
    if (REQUIRE(b.size == n)) REQUIRE_MEM(b.data, file, n);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// Noise, and flat colours whose runs end at 62 and go over the ends of rows.
static void round_trips(void)
{
    static const int32_t sizes[][2] = {{1, 1}, {7, 1}, {1, 9}, {62, 2}, {63, 5}, {257, 19}};
    rng r = {7};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int32_t channels = 3; channels <= 4; channels++)
            for (int way = 0; way < 3; way++) {
                const kal_extent e = extent_of(sizes[i][0], sizes[i][1], channels, KAL_U8);
                unsigned char *p = malloc(bytes_of(&e));
                rng_pixels(&r, &e, p);
                for (size_t k = 0; k < bytes_of(&e) && way; k++) p[k] = way == 1 ? 255 : p[k] & 3;
                kal_scope *s = kal_scope_new();
                kal_bytes b = encoded(node_of(s, &e, p), "qoi", NULL);
                require_picture(b.data, b.size, NULL, &e, p, "round trip");
                kal_bytes_free(&b);
                kal_scope_free(&s);
                free(p);
            }
}

static void fails(const char *file, size_t n, kal_status status, const char *says)
{
    kal_extent e;
    void *p = decoded(file, n, NULL, &e);
    REQUIRE_NOTE(!p && check_error.status == status && strstr(check_error.message, says), "%s: %s", says,
                 check_error.message);
    free(p);
}

static void refused(void)
{
    static const char head[] = "qoif\0\0\0\1\0\0\0\1";
    static const struct {
        const char *rest;
        size_t n;
        kal_status status;
        const char *says;
    } cases[] = {{TEXT("\5\0\xc0" TAIL), KAL_CORRUPT, "at byte 14: there are 5 channels"},
                 {TEXT("\3\0\xc1" TAIL), KAL_CORRUPT, "the last run goes on behind the last pixel"},
                 {TEXT("\3\0\xc0\0\0\0\0\0\0\0\2"), KAL_CORRUPT, "the end marker is missing"},
                 {TEXT("\3\0\xc0\0\0\0"), KAL_CORRUPT, "the file ends at byte 18"},
                 {TEXT("\3\0\xfe\1"), KAL_CORRUPT, "the file ends at byte 16"},
                 {TEXT("\3"), KAL_CORRUPT, "the file ends at byte 13"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char file[64];
        memcpy(file, head, 12);
        memcpy(file + 12, cases[i].rest, cases[i].n);
        fails(file, 12 + cases[i].n, cases[i].status, cases[i].says);
    }
    fails(TEXT("qoif\0\0\0\0\0\0\0\1\3\0" TAIL), KAL_CORRUPT, "the picture is 0×1");
    fails(TEXT("qoif\xff\0\0\0\0\0\0\1\3\0" TAIL), KAL_CORRUPT, "sides must be 1..");
    fails(TEXT("qoif\0\1\0\0\0\1\0\0\3\0" TAIL), KAL_LIMIT, "more than the limit");
    static const struct {
        kal_extent e;
        const char *says;
    } images[] = {{{3, 2, 3, KAL_U16, KAL_RGB, false}, "cast type=u8"},
                  {{3, 2, 1, KAL_U8, KAL_GRAY, false}, "to_rgb"},
                  {{3, 2, 4, KAL_U8, KAL_DATA, false}, "to_rgb"}};
    kal_scope *s = kal_scope_new();
    rng r = {3};
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        const kal_node *n = kal_encode(s, rng_image(&r, s, &images[i].e), "qoi", NULL);
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, images[i].says), "%s", check_error.message);
    }
    kal_scope_free(&s);
}

int main(void)
{
    both_ways(TEXT(rgb), rgb_pixels, extent_of(5, 2, 3, KAL_U8));
    both_ways(TEXT(rgba), rgba_pixels, extent_of(3, 1, 4, KAL_U8));
    round_trips();
    const kal_limits limits = limit_pixels(1 << 20);
    refused();
    kal_limits_set(&limits);
    return check_done();
}
