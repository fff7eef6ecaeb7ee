// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What tests of the format "optimize" have in common: pictures, searches, and what came of them measured anew.
#ifndef OPTIMIZING_H
#define OPTIMIZING_H

#include "check.h"

#include <math.h>

/// A picture that has something of everything: a ramp, texture, edges.
static inline kal_node *scene(kal_scope *s, int32_t w, int32_t h, int32_t channels, kal_type type,
                              uint64_t seed)
{
    const kal_extent e = extent_of(w, h, channels, type);
    unsigned char *p = malloc(bytes_of(&e));
    rng r = {seed};
    const bool alpha = channels == 2 || channels == 4;
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            for (int32_t c = 0; c < channels; c++) {
                const size_t i = ((size_t)y * (size_t)w + (size_t)x) * (size_t)channels + (size_t)c;
                int v =
                    (x * (3 + c) + y * 2) % 256 / 2 + (((x / 16) ^ (y / 16)) & 1) * 60 + rng_below(&r, 24);
                if (alpha && c == channels - 1) v = x < w / 2 ? 255 : 128;
                v = v > 255 ? 255 : v;
                if (type == KAL_U8) p[i] = (unsigned char)v;
                if (type == KAL_U16) ((uint16_t *)(void *)p)[i] = (uint16_t)(v * 257);
                if (type == KAL_F32) ((float *)(void *)p)[i] = (float)v / 255.0f;
            }
    kal_node *n = kal_pixels(s, &e, p, (ptrdiff_t)((size_t)w * kal_pixel_size(&e)));
    REQUIRE_OK(kal_node_error(n, &check_error));
    free(p);
    return n;
}

/// Whether that format is read and written here.
static inline bool is_there(const char *format)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_apply_text(s, "sample", "scene width=16 height=16", NULL, 0);
    const bool there = !kal_node_error(kal_encode(s, n, format, NULL), NULL);
    kal_scope_free(&s);
    return there;
}

/// Whether one of those that these tests search is not here; then that is noted.
static inline bool formats_are_missing(void)
{
    const bool missing = !is_there("jpeg") || !is_there("webp") || !is_there("png");
    if (missing) check_skip("jpeg, png or webp is not here");
    return missing;
}

static inline kal_node *optimized(kal_scope *s, kal_node *n, const char *params)
{
    kal_node *o = kal_encode(s, n, "optimize", params);
    REQUIRE_OK(kal_node_error(o, &check_error));
    return o;
}

static inline double metric_of(kal_scope *s, const char *metric, kal_node *a, kal_node *b)
{
    kal_node *const in[2] = {a, b};
    kal_extent e;
    kal_value v = {0};
    REQUIRE_OK(kal_node_extent(a, &e, &check_error));
    const bool small = !strcmp(metric, "ssimulacra2") && (e.width < 113 || e.height < 113);
    REQUIRE_OK(kal_read_value(kal_apply_text(s, metric, small ? "aligned=true" : "", in, 2), NULL, &v,
                              &check_error));
    const double score = v.v ? v.v[0] : (double)NAN;
    kal_value_free(&v);
    return score;
}

static inline kal_node *read_back(kal_scope *s, const kal_choice *c)
{
    kal_node *n = kal_load_bytes(s, c->data, c->size, "upright=false");
    REQUIRE_OK(kal_node_error(n, &check_error));
    return n;
}

static inline const kal_candidate *chosen(const kal_choice *c)
{
    return &c->candidates[c->chosen];
}

#endif
