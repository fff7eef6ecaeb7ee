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
    broken();
    kal_memo_clear(NULL);
    return check_done();
}
