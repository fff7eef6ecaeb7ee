// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Raw files: a DNG made by hand, whose gray is gray in the end; which way is up; what is none of the codec's business; cut and changed files.
#include "dngs.h"

#include <math.h>

#define WIDTH DNG_WIDTH
#define HEIGHT DNG_HEIGHT

static void gray(void)
{
    for (int level = 1; level <= 3; level++) {
        kal_bytes b = dng(1, level / 5.0);
        kal_extent e;
        uint16_t *p = decoded(b.data, b.size, NULL, &e);
        const double want = 65535 * (1.055 * pow(level / 5.0, 1 / 2.4) - 0.055);
        double off = 0;
        if (REQUIRE_NOTE(p && e.width == WIDTH && e.height == HEIGHT && e.channels == 3 && e.type == KAL_U16,
                         "%s", check_error.message))
            for (int i = 0; i < WIDTH * HEIGHT * 3; i++) off = fmax(off, fabs(p[i] - want));
        REQUIRE_NOTE(off < 400, "off by %.0f of %.0f", off, want);
        free(p);
        bytes_free(&b);
    }
}

static void upright_or_not(void)
{
    static const int ways[] = {1, 3, 6, 8};
    kal_scope *s = kal_scope_new();
    for (int i = 0; i < 4; i++) {
        kal_bytes b = dng(ways[i], 0.5);
        int orientation;
        bool applied;
        kal_extent e;
        kal_node *n = kal_load_bytes(s, b.data, b.size, NULL);
        REQUIRE_OK(kal_node_extent(n, &e, &check_error));
        kal_node_orientation(n, &orientation, &applied);
        REQUIRE_NOTE(orientation == ways[i] && e.width == (ways[i] > 4 ? HEIGHT : WIDTH), "%d: %d, %d wide",
                     ways[i], orientation, e.width);
        bytes_free(&b);
    }
    kal_scope_free(&s);
}

// Files of the makers that are no raw ones, and of others.
static void left_alone(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b = dng(1, 0.5);
    kal_file_info info;
    REQUIRE(kal_node_file(kal_load_bytes(s, b.data, b.size, NULL), &info) && !strcmp(info.format, "raw"));
    // without what makes it a DNG it is gray of 16 bits
    unsigned char *photometric = b.data + 10 + 12 * 5, *version = b.data + 10 + 12 * 15,
                  *make = b.data + 10 + 12 * 6;
    REQUIRE(photometric[0] == 6 && photometric[1] == 1 && version[0] == 0x12 && version[1] == 0xc6);
    put(photometric + 8, 1, 2);
    put(version, 50700, 2);
    for (int i = 0; i < 2; i++) {
        kal_node *n = kal_load_bytes(s, b.data, b.size, NULL);
        const kal_status st = kal_node_error(n, &check_error);
        REQUIRE_NOTE((st == KAL_UNSUPPORTED && strstr(check_error.message, "tiff")) ||
                         (kal_node_file(n, &info) && !strcmp(info.format, "tiff")),
                     "%s", check_error.message);
        memcpy(b.data + make[8] + 256 * make[9], "NIKON", 6);
    }
    bytes_free(&b);
    kal_scope_free(&s);
}

static void broken(void)
{
    kal_bytes b = dng(1, 0.5);
    static const double parts[] = {0.01, 0.1, 0.2, 0.5, 0.9, 0.99};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        kal_extent e;
        void *p = decoded(b.data, (size_t)((double)b.size * parts[i]), NULL, &e);
        REQUIRE_NOTE(!p && *check_error.message, "%g: %s", parts[i], p ? "a picture" : check_error.message);
        free(p);
    }
    rng r = {4};
    for (int i = 0; i < 300; i++) {
        kal_bytes m = bytes_copy(b.data, b.size);
        for (int k = 1 + rng_below(&r, 4); k; k--) m.data[rng_below(&r, 600)] = (unsigned char)rng_next(&r);
        kal_node *n = kal_load_bytes(NULL, m.data, m.size, NULL);
        kal_extent e;
        void *p = NULL;
        if (!kal_node_extent(n, &e, &check_error)) p = read_all(n, NULL, NULL);
        REQUIRE_NOTE(p || *check_error.message, "%d", i);
        free(p);
        kal_node_unref(&n);
        bytes_free(&m);
    }
    bytes_free(&b);
}

// The JPEG that lies beside the raw picture, bit for bit as if it were loaded by itself, and the way up that the file says.
static void previews(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(40, 24, 3, KAL_U8);
    kal_extent got, alone;
    rng r = {12};
    kal_bytes jpeg = encoded(rng_image(&r, s, &e), "jpeg", "quality=90");
    for (int orientation = 1; orientation < 9; orientation += 5) {
        kal_bytes b = dng_with(orientation, 0.5, &jpeg, 40, 24);
        kal_node *raw = kal_load_bytes(s, b.data, b.size, NULL),
                 *n = kal_load_bytes(s, b.data, b.size, "preview=true"),
                 *by_itself = kal_load_bytes(s, jpeg.data, jpeg.size, NULL);
        REQUIRE_OK(kal_node_extent(raw, &got, &check_error));
        REQUIRE(got.type == KAL_U16);
        unsigned char *p = read_all(n, NULL, &got), *q = read_all(by_itself, NULL, &alone);
        if (!REQUIRE_NOTE(p && q, "%s", check_error.message)) break;
        int how;
        bool applied;
        kal_node_orientation(n, &how, &applied);
        REQUIRE(how == orientation && applied == (orientation != 1));
        if (orientation == 1) {
            REQUIRE(n == by_itself && !memcmp(&got, &alone, sizeof got));
            REQUIRE_MEM(p, q, 40 * 24 * 3);
        } else {   // 6: the first column, from the lowest up, is the first row
            REQUIRE(got.width == 24 && got.height == 40);
            for (int x = 0; x < 24; x++) REQUIRE_MEM(p + 3 * x, q + 40 * 3 * (23 - x), 3);
        }
        free(p);
        free(q);
        const char *path = check_temp("shot.dng");
        FILE *f = fopen(path, "wb");
        REQUIRE(fwrite(b.data, 1, b.size, f) == b.size);
        fclose(f);
        kal_node *of_file = kal_load(s, path, "preview=true");
        kal_bytes text;
        REQUIRE_OK(kal_print_graph(of_file, &text, &check_error));
        REQUIRE_NOTE(strstr((char *)text.data, "preview=true"), "%s", text.data);
        kal_program *program;
        kal_key a, c;
        REQUIRE_OK(kal_program_parse((char *)text.data, text.size, NULL, 0, &program, &check_error));
        REQUIRE_OK(kal_node_key(of_file, &a, &check_error));
        REQUIRE_OK(kal_node_key(kal_program_root(program), &c, &check_error));
        REQUIRE_MEM(&a, &c, sizeof a);
        kal_program_free(&program);
        kal_bytes_free(&text);
        bytes_free(&b);
    }
    kal_bytes without = dng(1, 0.5);
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_load_bytes(s, without.data, without.size, "preview=true"),
                                              &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "no preview"), "%s", check_error.message);
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_load_bytes(s, jpeg.data, jpeg.size, "preview=true"), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "raw files of cameras"), "%s", check_error.message);
    bytes_free(&without);
    kal_bytes_free(&jpeg);
    kal_scope_free(&s);
}

int main(void)
{
    kal_limits limits;
    kal_limits_get(&limits);
    limits.pixels = 1 << 20;
    kal_limits_set(&limits);
    kal_bytes b = dng(1, 0.5);
    kal_node *n = kal_load_bytes(NULL, b.data, b.size, NULL);
    const kal_status st = kal_node_error(n, &check_error);
    kal_node_unref(&n);
    bytes_free(&b);
    if (st == KAL_UNSUPPORTED) {
        check_skip("%s", check_error.message);
        return check_done();
    }
    gray();
    upright_or_not();
    left_alone();
    previews();
    broken();
    kal_memo_clear(NULL);
    return check_done();
}
