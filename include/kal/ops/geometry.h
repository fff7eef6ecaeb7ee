// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops that move pixels: parts, sizes, turns. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_GEOMETRY_H
#define KAL_HEADER_OPS_GEOMETRY_H

#include <kal/ops/define.h>

KAL_BEGIN

#define KAL_CROP_PARAMS(P)                                                         \
    P(X, x, 0, 0, KAL_MAX_SIDE, "px", "left edge of the part to keep")             \
    P(Y, y, 0, 0, KAL_MAX_SIDE, "px", "top edge")                                  \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width; unset: all to the right") \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height; unset: all below")
KAL_PARAMS(crop, KAL_CROP_PARAMS)
#define kal_crop_params(...) KAL_WITH(crop, KAL_CROP_PARAMS, __VA_ARGS__)
KAL_OP_1(crop)

#define KAL_CROPS_PARAMS(P)                                                         \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each part")                  \
    P(INT, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width that each becomes")       \
    P(INT, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height; unset: the width") \
    P(CHOICE, kernel, KAL_LANCZOS3, 0, 0, KAL_KERNELS, "how parts of another size are fitted")
KAL_PARAMS(crops, KAL_CROPS_PARAMS)
#define kal_crops_params(...) KAL_WITH(crops, KAL_CROPS_PARAMS, __VA_ARGS__)
KAL_OP_1(crops)

#define KAL_EMBED_PARAMS(P)                                                                   \
    P(X, x, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "where the image's left edge goes")         \
    P(Y, y, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "where its top edge goes")                  \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the result; unset: the image's")   \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height of the result; unset: the image's") \
    P(CHOICE, edge, KAL_EDGE_FILL, 0, 0, KAL_EDGES, "what surrounds the image")               \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(embed, KAL_EMBED_PARAMS)
#define kal_embed_params(...) KAL_WITH(embed, KAL_EMBED_PARAMS, __VA_ARGS__)
KAL_OP_1(embed)

#define KAL_CENTER_PAD_PARAMS(P)                                                              \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the result; unset: the image's")   \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height of the result; unset: the image's") \
    P(CHOICE, edge, KAL_EDGE_FILL, 0, 0, KAL_EDGES, "what surrounds the image")               \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(center_pad, KAL_CENTER_PAD_PARAMS)
#define kal_center_pad_params(...) KAL_WITH(center_pad, KAL_CENTER_PAD_PARAMS, __VA_ARGS__)
KAL_OP_1(center_pad)

/// The eight turns and mirrors, in the order of EXIF orientation: what to do to make such a picture upright.
#define KAL_TURNS "none|mirror|half|flip|transpose|right|transverse|left"
typedef enum kal_turn_how {
    KAL_TURN_NONE,
    KAL_TURN_MIRROR,
    KAL_TURN_HALF,
    KAL_TURN_FLIP,
    KAL_TURN_TRANSPOSE,
    KAL_TURN_RIGHT,
    KAL_TURN_TRANSVERSE,
    KAL_TURN_LEFT
} kal_turn_how;
#define KAL_TURN_PARAMS(P) \
    P(CHOICE, how, 0, 0, 0, KAL_TURNS, "mirror: left-right; flip: top-bottom; right: clockwise")
KAL_PARAMS(turn, KAL_TURN_PARAMS)
#define kal_turn_params(...) KAL_WITH(turn, KAL_TURN_PARAMS, __VA_ARGS__)
KAL_OP_1(turn)

#define KAL_FLIP_PARAMS(P) P(CHOICE, direction, 0, 0, 0, "horizontal|vertical", "left-right, or top-bottom")
KAL_PARAMS(flip, KAL_FLIP_PARAMS)
#define kal_flip_params(...) KAL_WITH(flip, KAL_FLIP_PARAMS, __VA_ARGS__)
KAL_OP_1(flip)

#define KAL_LINE_KERNELS "nearest|bilinear|bicubic"
#define KAL_ROTATE_PARAMS(P)                                                       \
    P(FLOAT, angle, 0, -1e6, 1e6, "degrees", "counter-clockwise about the centre") \
    P(BOOL, expand, true, 0, 0, "", "grow the canvas so that nothing is cut off")  \
    P(CHOICE, kernel, 1, 0, 0, KAL_LINE_KERNELS, "interpolation")                  \
    P(CHOICE, edge, KAL_EDGE_FILL, 0, 0, KAL_EDGES, "what lies outside the image") \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, transparent with alpha")
KAL_PARAMS(rotate, KAL_ROTATE_PARAMS)
#define kal_rotate_params(...) KAL_WITH(rotate, KAL_ROTATE_PARAMS, __VA_ARGS__)
KAL_OP_1(rotate)

#define KAL_RESIZE_PARAMS(P)                                                             \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "new width; unset: keeps the aspect")   \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "new height; unset: keeps the aspect") \
    P(CHOICE, kernel, KAL_LANCZOS3, 0, 0, KAL_KERNELS, "the filter")                     \
    P(BOOL, antialias, true, 0, 0, "", "widen the filter when shrinking")                \
    P(BOOL, enlarge, true, 0, 0, "", "false: never enlarge; the aspect is kept")         \
    P(FLOAT, from_x, 0, 0, KAL_MAX_SIDE, "px",                                           \
      "left edge of the part that is resized, in eighths of a pixel")                    \
    P(FLOAT, from_y, 0, 0, KAL_MAX_SIDE, "px", "its top edge")                           \
    P(FLOAT, from_width, 0, 0, KAL_MAX_SIDE, "px", "its width; 0: all to the right")     \
    P(FLOAT, from_height, 0, 0, KAL_MAX_SIDE, "px", "its height; 0: all below")          \
    KAL_LIGHT_PARAM(P)
KAL_PARAMS(resize, KAL_RESIZE_PARAMS)
#define kal_resize_params(...) KAL_WITH(resize, KAL_RESIZE_PARAMS, __VA_ARGS__)
KAL_OP_1(resize)

#define KAL_FITS "inside|cover|fill"
typedef enum kal_fit_how { KAL_FIT_INSIDE, KAL_FIT_COVER, KAL_FIT_FILL, KAL_FIT_PAD } kal_fit_how;
#define KAL_GRAVITIES "centre|north|northeast|east|southeast|south|southwest|west|northwest"
typedef enum kal_gravity {
    KAL_CENTRE,
    KAL_NORTH,
    KAL_NORTHEAST,
    KAL_EAST,
    KAL_SOUTHEAST,
    KAL_SOUTH,
    KAL_SOUTHWEST,
    KAL_WEST,
    KAL_NORTHWEST
} kal_gravity;

#define KAL_THUMBNAIL_PARAMS(P)                                                                 \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the box; unset: as high as wide")    \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height of the box; unset: as wide as high")  \
    P(CHOICE, fit, KAL_FIT_INSIDE, 0, 0, KAL_FITS, "how the picture meets the box")             \
    P(CHOICE, gravity, KAL_CENTRE, 0, 0, KAL_GRAVITIES, "what cover keeps")                     \
    P(BOOL, enlarge, false, 0, 0, "", "true: a small picture is enlarged")                      \
    P(CHOICE, kernel, KAL_LANCZOS3, 0, 0, KAL_KERNELS, "the filter")                            \
    P(FLOAT, gap, 1.5, 0, 100, "", "a file is decoded at least so many times larger; 0: whole") \
    KAL_LIGHT_PARAM(P)
KAL_PARAMS(thumbnail, KAL_THUMBNAIL_PARAMS)
#define kal_thumbnail_params(...) KAL_WITH(thumbnail, KAL_THUMBNAIL_PARAMS, __VA_ARGS__)
KAL_OP_1(thumbnail)

#define KAL_AFFINE_PARAMS(P)                                                                            \
    P(LIST, matrix, 0, -1e9, 1e9, "", "a b c d e f: x' = a x + b y + c, y' = d x + e y + f")            \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the result; unset: the image's")             \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height of the result; unset: the image's")           \
    P(CHOICE, direction, 0, 0, 0, "forward|backward", "from the image to the result, or the other way") \
    P(CHOICE, at, 0, 0, 0, "corner|centre", "where in pixel 0 coordinates are 0; corner: as boxes")     \
    P(CHOICE, kernel, 1, 0, 0, KAL_LINE_KERNELS, "interpolation")                                       \
    P(CHOICE, edge, KAL_EDGE_FILL, 0, 0, KAL_EDGES, "what lies outside the image")                      \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, transparent with alpha")
KAL_PARAMS(affine, KAL_AFFINE_PARAMS)
#define kal_affine_params(...) KAL_WITH(affine, KAL_AFFINE_PARAMS, __VA_ARGS__)
KAL_OP_1(affine)

#define KAL_SHEAR_PARAMS(P)                                                                 \
    P(FLOAT, x, 0, -1e4, 1e4, "", "how many pixels to the right, for each pixel downwards") \
    P(FLOAT, y, 0, -1e4, 1e4, "", "how many pixels downwards, for each pixel to the right") \
    P(BOOL, expand, true, 0, 0, "", "grow the canvas so that nothing is cut off")           \
    P(CHOICE, kernel, 1, 0, 0, KAL_LINE_KERNELS, "interpolation")                           \
    P(CHOICE, edge, KAL_EDGE_FILL, 0, 0, KAL_EDGES, "what lies outside the image")          \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, transparent with alpha")
KAL_PARAMS(shear, KAL_SHEAR_PARAMS)
#define kal_shear_params(...) KAL_WITH(shear, KAL_SHEAR_PARAMS, __VA_ARGS__)
KAL_OP_1(shear)

#define KAL_PERSPECTIVE_PARAMS(P)                                                                          \
    P(LIST, matrix, 0, -1e9, 1e9, "", "nine numbers, row by row")                                          \
    P(LIST, from, 0, -1e9, 1e9, "px", "or four points on the image: x y of each")                          \
    P(LIST, to, 0, -1e9, 1e9, "px", "where they come to lie; unset: the corners of the result, clockwise") \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the result; unset: the image's")                \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height of the result; unset: the image's")              \
    P(CHOICE, direction, 0, 0, 0, "forward|backward",                                                      \
      "of the matrix: from the image to the result, or back")                                              \
    P(CHOICE, at, 0, 0, 0, "corner|centre", "where in pixel 0 coordinates are 0; corner: as boxes")        \
    P(CHOICE, kernel, 1, 0, 0, KAL_LINE_KERNELS, "interpolation")                                          \
    P(CHOICE, edge, KAL_EDGE_FILL, 0, 0, KAL_EDGES, "what lies outside the image")                         \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, transparent with alpha")
KAL_PARAMS(perspective, KAL_PERSPECTIVE_PARAMS)
#define kal_perspective_params(...) KAL_WITH(perspective, KAL_PERSPECTIVE_PARAMS, __VA_ARGS__)
KAL_OP_1(perspective)
#define KAL_REMAP_PARAMS(P)                                                                                \
    P(CHOICE, at, 1, 0, 0, "corner|centre", "where in pixel 0 the map's 0 is; centre: as OpenCV and expr") \
    P(CHOICE, kernel, 1, 0, 0, KAL_LINE_KERNELS, "interpolation")                                          \
    P(CHOICE, edge, KAL_EDGE_FILL, 0, 0, KAL_EDGES, "what lies outside the image")                         \
    P(COLOR, color, 0, 0, 0, "sample",                                                                     \
      "the colour of fill, and of what is no place; unset: black, transparent with alpha")
KAL_PARAMS(remap, KAL_REMAP_PARAMS)
#define kal_remap_params(...) KAL_WITH(remap, KAL_REMAP_PARAMS, __VA_ARGS__)
/// A second image, the map: x and y of each pixel's place.
KAL_OP_2(remap)

#define KAL_FIT_PARAMS(P)                                                                      \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the box; unset: as wide as high")   \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height of the box; unset: as high as wide") \
    P(CHOICE, fit, KAL_FIT_INSIDE, 0, 0, KAL_FITS "|pad", "how the picture meets the box")     \
    P(CHOICE, gravity, KAL_CENTRE, 0, 0, KAL_GRAVITIES, "what cover keeps, where pad puts it") \
    P(CHOICE, kernel, KAL_LANCZOS3, 0, 0, KAL_KERNELS, "the filter")                           \
    P(CHOICE, edge, KAL_EDGE_FILL, 0, 0, KAL_EDGES, "what pad puts around the picture")        \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")             \
    KAL_LIGHT_PARAM(P)
KAL_PARAMS(fit, KAL_FIT_PARAMS)
#define kal_fit_params(...) KAL_WITH(fit, KAL_FIT_PARAMS, __VA_ARGS__)
KAL_OP_1(fit)

#define KAL_RESIZE_MIN_SIZE_PARAMS(P)                                            \
    P(INT, side, 256, 1, KAL_MAX_SIDE, "px", "of the shorter side")              \
    P(INT, modulo, 16, 1, 65536, "px", "both sides go down to a multiple of it") \
    P(CHOICE, kernel, KAL_LANCZOS3, 0, 0, KAL_KERNELS, "the filter")             \
    KAL_LIGHT_PARAM(P)
KAL_PARAMS(resize_min_size, KAL_RESIZE_MIN_SIZE_PARAMS)
#define kal_resize_min_size_params(...) KAL_WITH(resize_min_size, KAL_RESIZE_MIN_SIZE_PARAMS, __VA_ARGS__)
KAL_OP_1(resize_min_size)

#define KAL_DOWNSAMPLE_PARAMS(P)                                                 \
    P(INT, factor, 2, 1, 4096, "", "so many times smaller")                      \
    P(INT, factor_y, KAL_AUTO, 1, 4096, "", "along the height; unset: the same") \
    KAL_LIGHT_PARAM(P)
KAL_PARAMS(downsample, KAL_DOWNSAMPLE_PARAMS)
#define kal_downsample_params(...) KAL_WITH(downsample, KAL_DOWNSAMPLE_PARAMS, __VA_ARGS__)
KAL_OP_1(downsample)

#define KAL_ZOOM_PARAMS(P)                                         \
    P(INT, factor, 2, 1, KAL_MAX_SIDE, "", "so many times larger") \
    P(INT, factor_y, KAL_AUTO, 1, KAL_MAX_SIDE, "", "along the height; unset: the same")
KAL_PARAMS(zoom, KAL_ZOOM_PARAMS)
#define kal_zoom_params(...) KAL_WITH(zoom, KAL_ZOOM_PARAMS, __VA_ARGS__)
KAL_OP_1(zoom)

#define KAL_REPLICATE_PARAMS(P)                                          \
    P(INT, columns, 1, 1, KAL_MAX_SIDE, "", "so many beside each other") \
    P(INT, rows, 1, 1, KAL_MAX_SIDE, "", "so many below each other")
KAL_PARAMS(replicate, KAL_REPLICATE_PARAMS)
#define kal_replicate_params(...) KAL_WITH(replicate, KAL_REPLICATE_PARAMS, __VA_ARGS__)
KAL_OP_1(replicate)

#define KAL_MONTAGE_PARAMS(P)                                                                           \
    P(INT, columns, KAL_AUTO, 1, 1000000, "", "cells beside each other; unset: about as many as below") \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of a cell; unset: of the widest image")         \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height; unset: of the highest image")            \
    P(INT, gap, 0, 0, 1000000, "px", "between cells")                                                   \
    P(CHOICE, gravity, KAL_CENTRE, 0, 0, KAL_GRAVITIES, "where a smaller image lies in its cell")       \
    P(COLOR, color, 0, 0, 0, "sample", "what is left over; unset: black, transparent with alpha")
KAL_PARAMS(montage, KAL_MONTAGE_PARAMS)
#define kal_montage_params(...) KAL_WITH(montage, KAL_MONTAGE_PARAMS, __VA_ARGS__)
KAL_OP_N(montage)

#define KAL_TRIM_BOX_PARAMS(P)                                         \
    P(FLOAT, tolerance, KAL_AUTO, 0, 1e9, "sample",                    \
      "how far from the background a border may be; unset: 10 of 255") \
    P(COLOR, background, 0, 0, 0, "sample", "unset: the first pixel's")
KAL_PARAMS(trim_box, KAL_TRIM_BOX_PARAMS)
#define kal_trim_box_params(...) KAL_WITH(trim_box, KAL_TRIM_BOX_PARAMS, __VA_ARGS__)
KAL_OP_1(trim_box)

KAL_END
#endif
