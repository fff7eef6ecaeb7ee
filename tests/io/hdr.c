// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Radiance's RGBE: files by hand after the format's description, flat and with both kinds of run lengths, every orientation; what is written,
// and how near samples come back.
#include "files.h"

#include <math.h>

#define TEXT(s) s, sizeof(s) - 1
#define HEAD "#?RADIANCE\n# a comment\nFORMAT=32-bit_rle_rgbe\n"

static void reads(const char *file, size_t n, int32_t w, int32_t h, const float *pixels)
{
    const kal_extent e = extent_of(w, h, 3, KAL_F32);
    require_picture(file, n, NULL, &e, pixels, file);
}

static void by_hand(void)
{
    const float two[] = {1, 0.5f, 0.25f, 0, 0, 0}, half[] = {0.5f, 0.25f, 0.125f, 0, 0, 0},
                apart[] = {0.5f, 0.125f, 0.03125f, 0, 0, 0},
                edges[] = {255 * 0x1p119f, 0, 0x1p119f, 0x1p-135f, 0, 0};
    float eight[24], many[3 * 600];
    for (int i = 0; i < 24; i++) eight[i] = i % 3 == 0 ? 1 : i % 3 == 1 ? (float)(i / 3 + 1) / 128 : 0;
    for (int i = 0; i < 3 * 600; i++) many[i] = i % 3 == 0 ? 1 : 0.5f;
    reads(TEXT(HEAD "\n-Y 1 +X 2\n\x80\x40\x20\x81\x80\x80\x80\0"), 2, 1, two);
    reads(TEXT("#?RGBE\r\n\r\n-Y 1 +X 2\r\n\x80\x40\x20\x81\0\0\0\0"), 2, 1, two);
    reads(TEXT(HEAD "EXPOSURE=4\nEXPOSURE= 0.5\n\n-Y 1 +X 2\n\x80\x40\x20\x81\0\0\0\0"), 2, 1, half);
    reads(TEXT(HEAD "COLORCORR= 2 4 8\n\n-Y 1 +X 2\n\x80\x40\x20\x81\0\0\0\0"), 2, 1, apart);
    reads(TEXT(HEAD "\n-Y 1 +X 2\n\xff\0\1\xff\1\0\0\1"), 2, 1, edges);
    // a row of its own length, 2 2 0 8: a run, eight as they are, a run of three and one of five, a run
    reads(TEXT(HEAD "\n-Y 1 +X 8\n\2\2\0\x8\x88\x80\x8\1\2\3\4\5\6\7\x8\x83\0\x85\0\x88\x81"), 8, 1, eight);
    // the old way: one pixel, 87 = 0x57 of it, and 2·256 more
    reads(TEXT(HEAD "\n-Y 1 +X 600\n\x80\x40\x40\x81\1\1\1\x57\1\1\1\2"), 600, 1, many);
    reads(TEXT(HEAD "\n-Y 2 +X 1\n\x80\x40\x20\x81\0\0\0\0"), 1, 2, two);
}

// Six pixels as they lie, and where they belong: read as an upright picture, 3×2 of numbers.
static void orientations(void)
{
    static const struct {
        const char *size;
        const char *lies;
    } cases[] = {{"-Y 2 +X 3", "123456"}, {"-Y 2 -X 3", "321654"}, {"+Y 2 -X 3", "654321"},
                 {"+Y 2 +X 3", "456123"}, {"+X 3 -Y 2", "142536"}, {"-X 3 -Y 2", "362514"},
                 {"-X 3 +Y 2", "635241"}, {"+X 3 +Y 2", "415263"}};
    float want[18];
    for (int i = 0; i < 18; i++) want[i] = (float)(i / 3 + 1) / 128;
    for (size_t i = 0; i < 8; i++) {
        char head[100];
        snprintf(head, sizeof head, "%s\n%s\n", HEAD, cases[i].size);
        kal_bytes b = bytes_copy(head, strlen(head));
        for (int k = 0; k < 6; k++) {
            unsigned char p[4] = {0, 0, 0, 0x81};
            memset(p, cases[i].lies[k] - '0', 3);
            if (*p == 1) memcpy(p, "\2\2\2\x80", 4);   // 1 1 1 would be a run
            b = bytes_join(b, p, 4);
        }
        const kal_extent e = extent_of(3, 2, 3, KAL_F32);
        require_picture(b.data, b.size, NULL, &e, want, cases[i].size);
        bytes_free(&b);
    }
}

static void written(void)
{
    static const char want[] = "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 9\n"
                               "\2\2\0\x9\x87\x80\2\0\xff"   // seven of 0x80; two as they are
                               "\x87\x41\2\0\xff"
                               "\x87\x20\2\0\x80"
                               "\x87\x81\2\0\xff";
    const float inf = 1.0f / 0.0f;
    float v[27];
    for (int i = 0; i < 21; i++) v[i] = i % 3 == 0 ? 1 : i % 3 == 1 ? 0.505f : 0.25f;
    const float odd[] = {-1, 0.0f / 0.0f, 0x1p-130f, inf, 0x1.ffp127f, 0x1p126f};   // nothing; too much
    memcpy(v + 21, odd, sizeof odd);
    kal_extent e = extent_of(9, 1, 3, KAL_F32);
    kal_scope *s = kal_scope_new();
    kal_bytes b = encoded(node_of(s, &e, v), "hdr", NULL);
    if (REQUIRE_NOTE(b.size == sizeof want - 1, "%zu", b.size)) REQUIRE_MEM(b.data, want, b.size);
    kal_bytes_free(&b);
    kal_scope_free(&s);
}

// A picture that came from such a file goes back into one unchanged, and each sample of any picture is off by no more than
// a 255th of the largest of its pixel, as often above as below.
static void round_trips(void)
{
    rng r = {8};
    static const int32_t widths[] = {1, 7, 8, 127, 128, 129, 1000, 32767, 32768};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        const kal_extent e = extent_of(widths[i], 3, 3, KAL_F32);
        const size_t n = (size_t)e.width * 9;
        size_t above = 0, below = 0;
        float *p = malloc(bytes_of(&e));
        rng_pixels(&r, &e, p);
        kal_scope *s = kal_scope_new();
        kal_bytes b = encoded(node_of(s, &e, p), "hdr", NULL), again;
        kal_extent got;
        float *q = decoded(b.data, b.size, NULL, &got);
        if (REQUIRE_NOTE(q && extent_equal(&got, &e), "%s", check_error.message)) {
            again = encoded(node_of(s, &e, q), "hdr", NULL);
            REQUIRE(again.size == b.size && !memcmp(again.data, b.data, b.size));
            kal_bytes_free(&again);
            for (size_t k = 0; k < n; k += 3) {
                float most = 0;
                for (size_t c = k; c < k + 3; c++) most = p[c] > most ? p[c] : most;
                for (size_t c = k; c < k + 3; c++) {
                    const float v = p[c] > 0 ? p[c] : 0;
                    REQUIRE_NOTE(fabsf(q[c] - v) <= most / 255, "%g became %g", v, q[c]);
                    above += q[c] > v, below += q[c] < v;
                }
            }
        }
        if (n > 3000)
            REQUIRE_NOTE(above > below / 2 && below > above / 2, "%zu above, %zu below", above, below);
        free(q);
        kal_bytes_free(&b);
        kal_scope_free(&s);
        free(p);
    }
}

static void refused(void)
{
    static const struct {
        const char *file;
        size_t n;
        kal_status status;
        const char *says;
    } cases[] = {
        {TEXT("#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 1 +X 1\n1234"), KAL_UNSUPPORTED, "XYZ"},
        {TEXT("#?RADIANCE\nFORMAT=ascii\n\n-Y 1 +X 1\n1234"), KAL_UNSUPPORTED, "\"ascii\""},
        {TEXT(HEAD "EXPOSURE=0\n\n-Y 1 +X 1\n1234"), KAL_CORRUPT, "EXPOSURE"},
        {TEXT(HEAD "COLORCORR=1 2\n\n-Y 1 +X 1\n1234"), KAL_CORRUPT, "COLORCORR"},
        {TEXT(HEAD "\n-Y 1 -Y 1\n1234"), KAL_CORRUPT, "is no line like"},
        {TEXT(HEAD "\n-Y 1 +X 1 2\n1234"), KAL_CORRUPT, "is no line like"},
        {TEXT(HEAD "\n-Y 0 +X 1\n1234"), KAL_CORRUPT, "sides must be"},
        {TEXT(HEAD "\n-Y 9999 +X 9999\n1234"), KAL_LIMIT, "more than the limit"},
        {TEXT(HEAD "\n-Y 1 +X 2\n1234"), KAL_CORRUPT, "the file ends at byte"},
        {TEXT(HEAD "-Y 1 +X 2"), KAL_CORRUPT, "the file ends at byte"},
        {TEXT(HEAD "\n-Y 1 +X 2\n1234\1\1\1\2"), KAL_CORRUPT, "a run does not fit"},
        {TEXT(HEAD "\n-Y 1 +X 2\n\1\1\1\2"), KAL_CORRUPT, "a run does not fit"},
        {TEXT(HEAD "\n-Y 1 +X 8\n\2\2\0\x9"), KAL_CORRUPT, "another length"},
        {TEXT(HEAD "\n-Y 1 +X 8\n\2\2\0\x8\x89\0"), KAL_CORRUPT, "a run does not fit"},
        {TEXT(HEAD "\n-Y 1 +X 8\n\2\2\0\x8\0\0"), KAL_CORRUPT, "a run does not fit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        require_refused(cases[i].file, cases[i].n, cases[i].status, "hdr: ", cases[i].says);
    }
}

int main(void)
{
    by_hand();
    orientations();
    written();
    round_trips();
    const kal_limits limits = limit_pixels(1 << 20);
    refused();
    kal_limits_set(&limits);
    return check_done();
}
