// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// For tests of what ops compute: every sample type × 1..5 channels × alpha, a formula per pixel in plain
// doubles, and the laws of tiling. Results are near(): exactly the real number rounded half up and saturated,
// f32 within a relative 1e-5.
#ifndef FORMULA_H
#define FORMULA_H

#include "check.h"

#include <math.h>

static const char *const type_names[] = {"u8", "u16", "f32", "u32"};
static char about[500];   // what is being tried

static inline double at(const void *data, kal_type type, size_t i)
{
    switch (type) {
    case KAL_U8: return ((const uint8_t *)data)[i];
    case KAL_U16: return ((const uint16_t *)data)[i];
    case KAL_U32: return ((const uint32_t *)data)[i];
    case KAL_F32: break;
    }
    return (double)((const float *)data)[i];
}

static inline double rounded(double v, double max)
{
    v = floor(v + 0.5);
    return v < 0 ? 0 : v > max ? max : v;
}

/// `slack`: how far off v itself may be before rounding.
static inline bool near(kal_type type, double got, double v, double slack)
{
    const double max = kal_type_max(type);
    if (type == KAL_U32) return got == v;
    if (type == KAL_F32) return fabs(got - v) <= slack + 1e-5 * fabs(v) + 1e-7;
    return got >= rounded(v - slack, max) && got <= rounded(v + slack, max);
}

/// All combinations: next_kind(&k, &e) until false; start with k = 0.
static inline bool next_kind(int *k, kal_extent *e, int32_t width, int32_t height)
{
    const int i = (*k)++;
    if (i >= 27) return false;
    static const struct {
        int32_t channels;
        bool alpha;
    } forms[9] = {{1, 0}, {2, 0}, {2, 1}, {3, 0}, {3, 1}, {4, 0}, {4, 1}, {5, 0}, {5, 1}};
    const int32_t channels = forms[i % 9].channels, colours = channels - forms[i % 9].alpha;
    const kal_model model = colours == 1 ? KAL_GRAY : colours == 3 ? KAL_RGB : KAL_DATA;
    *e = (kal_extent){width, height, channels, (kal_type)(i / 9), model, forms[i % 9].alpha};
    snprintf(about, sizeof about, "%s, %d channels%s", type_names[e->type], channels,
             e->alpha ? " with alpha" : "");
    return true;
}

static inline int32_t colours_of(const kal_extent *e)
{
    return e->channels - e->alpha;
}

/// Writes the expected pixel to `out` from the pixels of the inputs at the same place.
typedef void pixel_fn(const kal_extent *e, const double *const in[], const void *user, double *out);

static inline void check_pointwise(kal_node *node, kal_node *const *inputs, int n, pixel_fn *formula,
                                   const void *user, double slack)
{
    kal_extent e;
    if (!REQUIRE_NOTE(!kal_node_extent(node, &e, &check_error), "%s: %s", about, check_error.message)) return;
    void *got = naive_pixels(node), *data[4];
    kal_extent in[4];
    for (int i = 0; i < n; i++) kal_node_extent(inputs[i], &in[i], NULL), data[i] = naive_pixels(inputs[i]);
    size_t bad = 0;
    for (size_t p = 0; p < (size_t)e.width * (size_t)e.height && bad < 3; p++) {
        double pixels[4][KAL_MAX_CHANNELS], want[KAL_MAX_CHANNELS] = {0};
        const double *each[4] = {pixels[0], pixels[1], pixels[2], pixels[3]};
        for (int i = 0; i < n; i++)
            for (int32_t k = 0; k < in[i].channels; k++)
                pixels[i][k] = at(data[i], in[i].type, p * (size_t)in[i].channels + (size_t)k);
        formula(&in[0], each, user, want);
        for (int32_t k = 0; k < e.channels; k++) {
            const double v = at(got, e.type, p * (size_t)e.channels + (size_t)k);
            bad += !REQUIRE_NOTE(near(e.type, v, want[k], slack),
                                 "%s: pixel %zu channel %d is %g, want %g from %g", about, p, k, v, want[k],
                                 pixels[0][k < in[0].channels ? k : 0]);
        }
    }
    for (int i = 0; i < n; i++) free(data[i]);
    free(got);
}

/// Bands of any height and rectangles of any place are the same pixels as the whole.
static inline void check_tilings(rng *r, kal_node *node)
{
    static const int32_t bands[] = {0, 1, 2, 7};
    kal_extent e;
    if (!REQUIRE_NOTE(!kal_node_extent(node, &e, &check_error), "%s: %s", about, check_error.message)) return;
    unsigned char *want = naive_pixels(node);
    const size_t pixel = kal_pixel_size(&e);
    for (int b = 0; b < 4; b++) {
        const kal_options o = {.band = bands[b], .threads = 1 + b % 2, .memo_mode = KAL_MEMO_NEVER};
        void *got = read_all(node, &o, NULL);
        if (REQUIRE_NOTE(got != NULL, "%s: %s", about, check_error.message))
            REQUIRE_NOTE(!memcmp(got, want, bytes_of(&e)), "%s: band %d", about, bands[b]);
        free(got);
        const int32_t x0 = rng_below(r, e.width), y0 = rng_below(r, e.height);
        const kal_rect q = {x0, y0, x0 + 1 + rng_below(r, e.width - x0),
                            y0 + 1 + rng_below(r, e.height - y0)};
        const size_t row = (size_t)(q.x1 - q.x0) * pixel;
        unsigned char *part = malloc(row * (size_t)(q.y1 - q.y0));
        if (REQUIRE_OK(kal_read(node, q, part, (ptrdiff_t)row, &o, &check_error)))
            for (int32_t y = q.y0; y < q.y1; y++)
                REQUIRE_NOTE(!memcmp(part + (size_t)(y - q.y0) * row,
                                     want + ((size_t)y * (size_t)e.width + (size_t)q.x0) * pixel, row),
                             "%s: band %d, rect %d,%d %d,%d, row %d", about, bands[b], q.x0, q.y0, q.x1, q.y1,
                             y);
        free(part);
    }
    free(want);
}

/// The node is an error whose sentence contains `words`.
static inline void check_fails(kal_node *node, const char *words)
{
    check_error.message[0] = 0;
    const bool failed = kal_node_error(node, &check_error) != KAL_OK;
    REQUIRE_NOTE(failed && strstr(check_error.message, words), "want \"%s\", got \"%s\"", words,
                 check_error.message);
}

static inline kal_model model_of(kal_node *node)
{
    kal_extent e = {0};
    REQUIRE_OK(kal_node_extent(node, &e, &check_error));
    return e.model;
}

/// A small image from numbers.
static inline kal_node *image_of(kal_scope *s, kal_extent e, const double *values)
{
    const size_t n = (size_t)e.width * (size_t)e.height * (size_t)e.channels;
    void *data = malloc(bytes_of(&e));
    for (size_t i = 0; i < n; i++) switch (e.type) {
        case KAL_U8: ((uint8_t *)data)[i] = (uint8_t)values[i]; break;
        case KAL_U16: ((uint16_t *)data)[i] = (uint16_t)values[i]; break;
        case KAL_U32: ((uint32_t *)data)[i] = (uint32_t)values[i]; break;
        case KAL_F32: ((float *)data)[i] = (float)values[i]; break;
        }
    kal_node *node = kal_pixels(s, &e, data, (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)));
    free(data);
    return node;
}

/// All samples of a node are these.
static inline void check_values(kal_node *node, const double *want, size_t n)
{
    kal_extent e;
    void *got = read_all(node, NULL, &e);
    if (!REQUIRE_NOTE(got != NULL, "%s", check_error.message)) return;
    REQUIRE(n == (size_t)e.width * (size_t)e.height * (size_t)e.channels);
    for (size_t i = 0; i < n && i < bytes_of(&e); i++)
        REQUIRE_NOTE(at(got, e.type, i) == (e.type == KAL_F32 ? (double)(float)want[i] : want[i]),
                     "sample %zu is %g, want %g", i, at(got, e.type, i), want[i]);
    free(got);
}
#define VALUES(node, ...) \
    check_values(node, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

#endif
