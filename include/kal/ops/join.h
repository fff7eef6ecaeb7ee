// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops on several images: arithmetic, channels, one placed upon another. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_JOIN_H
#define KAL_HEADER_OPS_JOIN_H

#include <kal/ops/geometry.h>

KAL_BEGIN

#define KAL_ARITH_PARAMS(P) \
    P(LIST, value, 0, -1e9, 1e9, "sample", "with one image: the number, one or one per colour channel")
KAL_PARAMS(add, KAL_ARITH_PARAMS)
KAL_PARAMS(subtract, KAL_ARITH_PARAMS)
KAL_PARAMS(multiply, KAL_ARITH_PARAMS)
KAL_PARAMS(divide, KAL_ARITH_PARAMS)
#define kal_add_params(...) KAL_WITH(add, KAL_ARITH_PARAMS, __VA_ARGS__)
#define kal_subtract_params(...) KAL_WITH(subtract, KAL_ARITH_PARAMS, __VA_ARGS__)
#define kal_multiply_params(...) KAL_WITH(multiply, KAL_ARITH_PARAMS, __VA_ARGS__)
#define kal_divide_params(...) KAL_WITH(divide, KAL_ARITH_PARAMS, __VA_ARGS__)
KAL_OP_2(add)
KAL_OP_2(subtract)
KAL_OP_2(multiply)
KAL_OP_2(divide)

#define KAL_BLEND_PARAMS(P) P(FLOAT, alpha, 0.5, 0, 1, "", "share of the image; the base gets the rest")
KAL_PARAMS(blend, KAL_BLEND_PARAMS)
#define kal_blend_params(...) KAL_WITH(blend, KAL_BLEND_PARAMS, __VA_ARGS__)
KAL_OP_2(blend)

/// How an image lies on another: the operators of Porter and Duff, then blend modes.
#define KAL_MODES                                                                                         \
    "over|clear|source|in|out|atop|dest|dest_over|dest_in|dest_out|dest_atop|xor|plus|multiply|screen|"   \
    "overlay|darken|"                                                                                     \
    "lighten|color_dodge|color_burn|hard_light|soft_light|difference|exclusion|add|hue|saturation|color|" \
    "luminosity"
typedef enum kal_mode {
    KAL_MODE_OVER,
    KAL_MODE_CLEAR,
    KAL_MODE_SOURCE,
    KAL_MODE_IN,
    KAL_MODE_OUT,
    KAL_MODE_ATOP,
    KAL_MODE_DEST,
    KAL_MODE_DEST_OVER,
    KAL_MODE_DEST_IN,
    KAL_MODE_DEST_OUT,
    KAL_MODE_DEST_ATOP,
    KAL_MODE_XOR,
    KAL_MODE_PLUS,
    KAL_MODE_MULTIPLY,
    KAL_MODE_SCREEN,
    KAL_MODE_OVERLAY,
    KAL_MODE_DARKEN,
    KAL_MODE_LIGHTEN,
    KAL_MODE_COLOR_DODGE,
    KAL_MODE_COLOR_BURN,
    KAL_MODE_HARD_LIGHT,
    KAL_MODE_SOFT_LIGHT,
    KAL_MODE_DIFFERENCE,
    KAL_MODE_EXCLUSION,
    KAL_MODE_ADD,
    KAL_MODE_HUE,
    KAL_MODE_SATURATION,
    KAL_MODE_COLOR,
    KAL_MODE_LUMINOSITY
} kal_mode;
#define KAL_COMPOSITE_PARAMS(P)                                                       \
    P(X, x, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px",                                     \
      "left edge of the image on the base; with a gravity, inwards from it")          \
    P(Y, y, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "top edge, the same")               \
    P(CHOICE, mode, KAL_MODE_OVER, 0, 0, KAL_MODES, "how the image lies on the base") \
    P(FLOAT, opacity, 1, 0, 1, "", "its alpha is multiplied by it")                   \
    P(CHOICE, gravity, 0, 0, 0, "none|" KAL_GRAVITIES, "where on the base it lies")   \
    P(BOOL, tile, false, 0, 0, "", "again and again over the whole base")             \
    P(INT, gap, 0, 0, KAL_MAX_SIDE, "px", "between tiles")
KAL_PARAMS(composite, KAL_COMPOSITE_PARAMS)
#define kal_composite_params(...) KAL_WITH(composite, KAL_COMPOSITE_PARAMS, __VA_ARGS__)
KAL_OP_2(composite)

#define KAL_LAYERS_PARAMS(P)                                                          \
    P(LIST, at, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px",                                 \
      "x y of each image on the base, from the top; unset: all at 0 0")               \
    P(CHOICE, mode, KAL_MODE_OVER, 0, 0, KAL_MODES, "how they lie on what is below")  \
    P(LIST, opacity, 0, 0, 1, "",                                                     \
      "their alpha is multiplied by it: one number, or one for each image; unset: 1") \
    P(TEXT, modes, "", 0, 0, "", "in place of mode, a word for each image, from the top")
KAL_PARAMS(layers, KAL_LAYERS_PARAMS)
#define kal_layers_params(...) KAL_WITH(layers, KAL_LAYERS_PARAMS, __VA_ARGS__)
KAL_OP_N(layers)

#define KAL_BAND_EXTRACT_PARAMS(P) \
    P(LIST, bands, 0, 0, KAL_MAX_CHANNELS - 1, "", "indices of the channels to keep, from 0")
KAL_PARAMS(band_extract, KAL_BAND_EXTRACT_PARAMS)
#define kal_band_extract_params(...) KAL_WITH(band_extract, KAL_BAND_EXTRACT_PARAMS, __VA_ARGS__)
KAL_OP_1(band_extract)

#define KAL_BAND_JOIN_PARAMS(P) P(BOOL, alpha, false, 0, 0, "", "the last channel is alpha")
KAL_PARAMS(band_join, KAL_BAND_JOIN_PARAMS)
#define kal_band_join_params(...) KAL_WITH(band_join, KAL_BAND_JOIN_PARAMS, __VA_ARGS__)
KAL_OP_N(band_join)

#define KAL_FLATTEN_PARAMS(P) P(COLOR, background, 0, 0, 0, "sample", "what shows through; unset: black")
KAL_PARAMS(flatten, KAL_FLATTEN_PARAMS)
#define kal_flatten_params(...) KAL_WITH(flatten, KAL_FLATTEN_PARAMS, __VA_ARGS__)
KAL_OP_1(flatten)

#define KAL_INSERT_PARAMS(P)                                                            \
    P(X, x, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "left edge of the image on the base") \
    P(Y, y, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "top edge")
KAL_PARAMS(insert, KAL_INSERT_PARAMS)
#define kal_insert_params(...) KAL_WITH(insert, KAL_INSERT_PARAMS, __VA_ARGS__)
KAL_OP_2(insert)

#define KAL_UNCROP_PARAMS(P)                                                                 \
    P(X, x, 0, 0, KAL_MAX_SIDE, "px", "left edge of the place on the base")                  \
    P(Y, y, 0, 0, KAL_MAX_SIDE, "px", "top edge")                                            \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the place; unset: the image's")   \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height of the place; unset: the image's") \
    P(INT, feather, 0, 0, 16384, "px", "width of the soft seam; 0: exact replacement")       \
    P(CHOICE, resize, 0, 0, 0, "none|" KAL_KERNELS, "how to fit an image of another size")
KAL_PARAMS(uncrop, KAL_UNCROP_PARAMS)
#define kal_uncrop_params(...) KAL_WITH(uncrop, KAL_UNCROP_PARAMS, __VA_ARGS__)
KAL_OP_2(uncrop)

#define KAL_UNCROPS_PARAMS(P)                                                           \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each part's place")              \
    P(INT, feather, 0, 0, 16384, "px", "width of the soft seams; 0: exact replacement") \
    P(CHOICE, resize, KAL_LANCZOS3, 0, 0, KAL_KERNELS, "how parts are fitted into their places")
KAL_PARAMS(uncrops, KAL_UNCROPS_PARAMS)
#define kal_uncrops_params(...) KAL_WITH(uncrops, KAL_UNCROPS_PARAMS, __VA_ARGS__)
KAL_OP_2(uncrops)

#define KAL_MERGE_TILES_PARAMS(P)                                                                      \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each image in the result")                      \
    P(CHOICE, window, 0, 0, 0, "linear|cosine", "how tiles fade into each other")                      \
    P(INT, overlap, 0, 0, KAL_MAX_SIDE, "px", "width of the fading edge; 0: half the tile")            \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the result; unset: to the last box's edge") \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height; unset: the same")
KAL_PARAMS(merge_tiles, KAL_MERGE_TILES_PARAMS)
#define kal_merge_tiles_params(...) KAL_WITH(merge_tiles, KAL_MERGE_TILES_PARAMS, __VA_ARGS__)
KAL_OP_N(merge_tiles)

KAL_END
#endif
