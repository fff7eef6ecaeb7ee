// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// For tests of ops on masks: masks from boxes and from chance, and what is asked of results.
#ifndef MASKS_H
#define MASKS_H

#include "formula.h"

static rng r;
static kal_scope *s;

static inline kal_extent mask_extent(int32_t w, int32_t h)
{
    return (kal_extent){w, h, 1, KAL_U8, KAL_MASK, false};
}

static inline kal_node *mask_from(const uint8_t *data, int32_t w, int32_t h)
{
    const kal_extent e = mask_extent(w, h);
    return kal_pixels(s, &e, data, w);
}

typedef struct boxes {
    int32_t v[6][4];   // half open; an empty one ends them
} boxes;

static inline kal_node *mask_with(int32_t w, int32_t h, boxes b)
{
    uint8_t *data = calloc((size_t)w * (size_t)h, 1);
    for (int i = 0; i < 6 && b.v[i][2] > b.v[i][0]; i++)
        for (int32_t y = b.v[i][1]; y < b.v[i][3]; y++)
            memset(data + y * w + b.v[i][0], 255, (size_t)(b.v[i][2] - b.v[i][0]));
    kal_node *n = mask_from(data, w, h);
    free(data);
    return n;
}

// Set with a chance of `share` in 8.
static inline uint8_t *rng_mask(int32_t w, int32_t h, int share)
{
    uint8_t *data = malloc((size_t)w * (size_t)h);
    for (int32_t i = 0; i < w * h; i++) data[i] = rng_below(&r, 8) < share ? 255 : 0;
    return data;
}

static inline void prints(kal_node *image, const char *op, const char *params, const char *want)
{
    kal_value v;
    kal_bytes b = {0};
    kal_node *n = kal_apply_text(s, op, params, &image, 1);
    if (!REQUIRE_OK(kal_read_value(n, NULL, &v, &check_error))) return;
    REQUIRE_OK(kal_value_print(&v, &b, &check_error));
    REQUIRE_NOTE(!strcmp((char *)b.data, want), "%s %s: %s, want %s", op, params, (char *)b.data, want);
    kal_bytes_free(&b);
    kal_value_free(&v);
}

static inline size_t count(kal_node *n)
{
    kal_extent e;
    uint8_t *data = read_all(n, NULL, &e);
    size_t set = 0;
    if (!REQUIRE_NOTE(data != NULL, "%s", check_error.message)) return 0;
    for (size_t i = 0; i < bytes_of(&e); i++) {
        REQUIRE(data[i] == 0 || data[i] == 255);
        set += data[i] != 0;
    }
    free(data);
    return set;
}

static inline kal_node *op(const char *name, const char *params, kal_node *in)
{
    return kal_apply_text(s, name, params, &in, 1);
}

static inline void compare(kal_node *node, const uint8_t *want, size_t n, const char *what)
{
    uint8_t *got = read_all(node, NULL, NULL);
    REQUIRE_NOTE(got && !memcmp(got, want, n), "%s", what);
    free(got);
}

static inline void value_is(kal_node *node, const double *want, int32_t n, const char *what)
{
    kal_value v;
    if (!REQUIRE_OK(kal_read_value(node, NULL, &v, &check_error))) return;
    REQUIRE_NOTE(v.rows * v.columns == n, "%s: %d numbers, want %d", what, v.rows * v.columns, n);
    for (int32_t i = 0; i < n && i < v.rows * v.columns; i++)
        REQUIRE_NOTE(v.v[i] == want[i], "%s: number %d is %g, want %g", what, i, v.v[i], want[i]);
    kal_value_free(&v);
}

#endif
