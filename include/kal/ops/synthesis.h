// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures made of numbers, and formulas. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_SYNTHESIS_H
#define KAL_HEADER_OPS_SYNTHESIS_H

#include <kal/ops/define.h>

KAL_BEGIN

#define KAL_MADE_TYPES "u8|u16|f32"
/// Size and kind of a picture that is made of nothing. X and Y, so that a size is bound to them.
#define KAL_CANVAS_PARAMS(P)                                                                                \
    P(X, width, 256, 1, KAL_MAX_SIDE, "px", "width of the result")                                          \
    P(Y, height, 256, 1, KAL_MAX_SIDE, "px", "its height")                                                  \
    P(INT, channels, KAL_AUTO, 1, 4, "", "1: gray, 2: with alpha, 3: RGB, 4: RGBA; unset: as colours need") \
    P(CHOICE, type, 0, 0, 0, KAL_MADE_TYPES, "the sample type")
#define KAL_PATTERN_PARAMS(P)                                                                     \
    P(COLOR, from, 0, 0, 255, "0..255", "the first colour, in 255ths for any type; unset: black") \
    P(COLOR, to, 0, 0, 255, "0..255", "the other; unset: white")                                  \
    KAL_CANVAS_PARAMS(P)

#define KAL_SOLID_PARAMS(P)                                                                  \
    P(COLOR, color, 0, 0, 255, "0..255", "the colour, in 255ths for any type; unset: black") \
    KAL_CANVAS_PARAMS(P)
KAL_PARAMS(solid, KAL_SOLID_PARAMS)
#define kal_solid_params(...) KAL_WITH(solid, KAL_SOLID_PARAMS, __VA_ARGS__)
KAL_OP_0(solid)

#define KAL_GRADIENT_PARAMS(P)                                                                            \
    KAL_PATTERN_PARAMS(P)                                                                                 \
    P(CHOICE, kind, 0, 0, 0, "linear|radial", "along a line, or out of a point")                          \
    P(FLOAT, x0, KAL_AUTO, -1e9, 1e9, "px", "where `from` is; unset: at the left edge, or in the middle") \
    P(FLOAT, y0, KAL_AUTO, -1e9, 1e9, "px", "unset: at the top, or in the middle")                        \
    P(FLOAT, x1, KAL_AUTO, -1e9, 1e9, "px", "where `to` is; unset: at the right edge, or in a corner")    \
    P(FLOAT, y1, KAL_AUTO, -1e9, 1e9, "px", "unset: y0, or in a corner")
KAL_PARAMS(gradient, KAL_GRADIENT_PARAMS)
#define kal_gradient_params(...) KAL_WITH(gradient, KAL_GRADIENT_PARAMS, __VA_ARGS__)
KAL_OP_0(gradient)

#define KAL_CHECKERBOARD_PARAMS(P) \
    KAL_PATTERN_PARAMS(P)          \
    P(INT, cell, 16, 1, KAL_MAX_SIDE, "px", "side of a square")
KAL_PARAMS(checkerboard, KAL_CHECKERBOARD_PARAMS)
#define kal_checkerboard_params(...) KAL_WITH(checkerboard, KAL_CHECKERBOARD_PARAMS, __VA_ARGS__)
KAL_OP_0(checkerboard)

#define KAL_ZONE_PLATE_PARAMS(P) \
    KAL_PATTERN_PARAMS(P)        \
    P(FLOAT, frequency, 0.5, 0, 1, "cycles per pixel", "at the middle of the longer side's edges")
KAL_PARAMS(zone_plate, KAL_ZONE_PLATE_PARAMS)
#define kal_zone_plate_params(...) KAL_WITH(zone_plate, KAL_ZONE_PLATE_PARAMS, __VA_ARGS__)
KAL_OP_0(zone_plate)

#define KAL_PERLIN_PARAMS(P)                                                          \
    KAL_PATTERN_PARAMS(P)                                                             \
    P(FLOAT, scale, 64, 1, 1e6, "px", "side of the largest cells")                    \
    P(INT, octaves, 4, 1, 16, "", "layers, each of half the cells of the one before") \
    P(FLOAT, gain, 0.5, 0, 1, "", "height of a layer against the one before")         \
    P(INT, seed, 0, 0, 1000000000, "", "another seed, another picture")
KAL_PARAMS(perlin, KAL_PERLIN_PARAMS)
#define kal_perlin_params(...) KAL_WITH(perlin, KAL_PERLIN_PARAMS, __VA_ARGS__)
KAL_OP_0(perlin)

#define KAL_NOISES "gaussian|uniform"
typedef enum kal_noise_kind { KAL_NOISE_GAUSSIAN, KAL_NOISE_UNIFORM } kal_noise_kind;
#define KAL_NOISE_PARAMS(P)                                                                               \
    P(CHOICE, kind, 0, 0, 0, KAL_NOISES, "how samples are spread")                                        \
    P(INT, seed, 0, 0, 1000000000, "", "another seed, other samples")                                     \
    KAL_CANVAS_PARAMS(P)                                                                                  \
    P(FLOAT, mean, KAL_AUTO, -1e9, 1e9, "sample", "of gaussian noise; unset: half of full scale")         \
    P(FLOAT, sigma, KAL_AUTO, 0, 1e9, "sample", "its standard deviation; unset: an eighth of full scale") \
    P(FLOAT, low, KAL_AUTO, -1e9, 1e9, "sample", "least of uniform noise; unset: 0")                      \
    P(FLOAT, high, KAL_AUTO, -1e9, 1e9, "sample", "most of it; unset: full scale")
KAL_PARAMS(noise, KAL_NOISE_PARAMS)
#define kal_noise_params(...) KAL_WITH(noise, KAL_NOISE_PARAMS, __VA_ARGS__)
KAL_OP_0(noise)

#define KAL_ADD_NOISE_PARAMS(P)                                                      \
    P(FLOAT, amount, KAL_AUTO, 0, 1e9, "sample",                                     \
      "standard deviation, or, uniform, how far at most; unset: 1/16 of full scale") \
    P(CHOICE, kind, 0, 0, 0, KAL_NOISES, "how it is spread")                         \
    P(INT, seed, 0, 0, 1000000000, "", "another seed, other noise")                  \
    P(BOOL, gray, false, 0, 0, "", "the same in all colour channels")
KAL_PARAMS(add_noise, KAL_ADD_NOISE_PARAMS)
#define kal_add_noise_params(...) KAL_WITH(add_noise, KAL_ADD_NOISE_PARAMS, __VA_ARGS__)
KAL_OP_1(add_noise)

#define KAL_SAMPLES "scene|ramps|zone|text"
typedef enum kal_sample_picture { KAL_SCENE, KAL_RAMPS, KAL_ZONE, KAL_PAGE } kal_sample_picture;
#define KAL_SAMPLE_PARAMS(P)                                       \
    P(CHOICE, picture, 0, 0, 0, KAL_SAMPLES, "which")              \
    P(X, width, 512, 1, KAL_MAX_SIDE, "px", "width of the result") \
    P(Y, height, 384, 1, KAL_MAX_SIDE, "px", "its height")         \
    P(INT, seed, 0, 0, 1000000000, "", "another seed, another picture")
KAL_PARAMS(sample, KAL_SAMPLE_PARAMS)
#define kal_sample_params(...) KAL_WITH(sample, KAL_SAMPLE_PARAMS, __VA_ARGS__)
KAL_OP_0(sample)

#define KAL_EXPR_PARAMS(P)                                                                                \
    P(TEXT, formula, "a", 0, 0, "", "what a sample becomes, as \"a * 0.5 + b\"")                          \
    P(CHOICE, type, 0, 0, 0, "same|u8|u16|f32", "the sample type of the result; same: the first image's") \
    P(LIST, values, 0, 0, 0, "", "numbers the formula calls v0, v1 ... v15; they may be computed")
KAL_PARAMS(expr, KAL_EXPR_PARAMS)
#define kal_expr_params(...) KAL_WITH(expr, KAL_EXPR_PARAMS, __VA_ARGS__)
KAL_OP_N(expr)

KAL_END
#endif
