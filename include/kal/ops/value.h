// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Boxes, points and sizes: values of values. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_VALUE_H
#define KAL_HEADER_OPS_VALUE_H

#include <kal/ops/define.h>

KAL_BEGIN

#define KAL_UNITS "pixel|normalised"
#define KAL_FORMS "xyxy|xywh"

#define KAL_BOXES_PARAMS(P)                                                        \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "four numbers for each box")                \
    P(CHOICE, form, 0, 0, 0, KAL_FORMS, "far edges, or width and height")          \
    P(CHOICE, unit, 0, 0, 0, KAL_UNITS, "pixels, or parts of the picture's sides") \
    P(X, width, 0, 0, KAL_MAX_SIDE, "px", "width of the picture")                  \
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")
KAL_PARAMS(boxes, KAL_BOXES_PARAMS)
#define kal_boxes_params(...) KAL_WITH(boxes, KAL_BOXES_PARAMS, __VA_ARGS__)
KAL_OP_0(boxes)

#define KAL_BOX_NUMBERS_PARAMS(P)                                                  \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                  \
    P(CHOICE, form, 0, 0, 0, KAL_FORMS, "far edges, or width and height")          \
    P(CHOICE, unit, 0, 0, 0, KAL_UNITS, "pixels, or parts of the picture's sides") \
    P(X, width, 0, 0, KAL_MAX_SIDE, "px", "width of the picture")                  \
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")
KAL_PARAMS(box_numbers, KAL_BOX_NUMBERS_PARAMS)
#define kal_box_numbers_params(...) KAL_WITH(box_numbers, KAL_BOX_NUMBERS_PARAMS, __VA_ARGS__)
KAL_OP_0(box_numbers)

#define KAL_BOX_SIZE_PARAMS(P) P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of the box")
KAL_PARAMS(box_size, KAL_BOX_SIZE_PARAMS)
#define kal_box_size_params(...) KAL_WITH(box_size, KAL_BOX_SIZE_PARAMS, __VA_ARGS__)
KAL_OP_0(box_size)

#define KAL_BOX_UNION_PARAMS(P) P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")
KAL_PARAMS(box_union, KAL_BOX_UNION_PARAMS)
#define kal_box_union_params(...) KAL_WITH(box_union, KAL_BOX_UNION_PARAMS, __VA_ARGS__)
KAL_OP_0(box_union)

#define KAL_BOX_INTERSECTION_PARAMS(P) P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")
KAL_PARAMS(box_intersection, KAL_BOX_INTERSECTION_PARAMS)
#define kal_box_intersection_params(...) KAL_WITH(box_intersection, KAL_BOX_INTERSECTION_PARAMS, __VA_ARGS__)
KAL_OP_0(box_intersection)

#define KAL_BOX_IOU_PARAMS(P)                                     \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box") \
    P(LIST, with, 0, -1e9, 1e9, "px", "the other boxes")
KAL_PARAMS(box_iou, KAL_BOX_IOU_PARAMS)
#define kal_box_iou_params(...) KAL_WITH(box_iou, KAL_BOX_IOU_PARAMS, __VA_ARGS__)
KAL_OP_0(box_iou)

#define KAL_BOX_CONTAINS_PARAMS(P)                                \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box") \
    P(LIST, with, 0, -1e9, 1e9, "px", "boxes to look for")        \
    P(LIST, points, 0, -1e9, 1e9, "px", "or points")
KAL_PARAMS(box_contains, KAL_BOX_CONTAINS_PARAMS)
#define kal_box_contains_params(...) KAL_WITH(box_contains, KAL_BOX_CONTAINS_PARAMS, __VA_ARGS__)
KAL_OP_0(box_contains)

#define KAL_BOX_SORT_PARAMS(P)                                          \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")       \
    P(CHOICE, by, 0, 0, 0, "scan|area|width|height", "what decides")    \
    P(BOOL, descending, false, 0, 0, "", "the largest, or last, first") \
    P(INT, skip, 0, 0, KAL_MAX_SIDE, "", "so many are left out")        \
    P(INT, count, 0, 0, KAL_MAX_SIDE, "", "no more than so many; 0: all")
KAL_PARAMS(box_sort, KAL_BOX_SORT_PARAMS)
#define kal_box_sort_params(...) KAL_WITH(box_sort, KAL_BOX_SORT_PARAMS, __VA_ARGS__)
KAL_OP_0(box_sort)

#define KAL_BOX_APPEND_PARAMS(P)                                  \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box") \
    P(LIST, more, 0, -1e9, 1e9, "px", "boxes that come after them")
KAL_PARAMS(box_append, KAL_BOX_APPEND_PARAMS)
#define kal_box_append_params(...) KAL_WITH(box_append, KAL_BOX_APPEND_PARAMS, __VA_ARGS__)
KAL_OP_0(box_append)

#define KAL_BOX_MERGE_PARAMS(P)                                   \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box") \
    P(FLOAT, gap, 0, 0, 1e9, "px", "boxes less than so far apart are merged too")
KAL_PARAMS(box_merge, KAL_BOX_MERGE_PARAMS)
#define kal_box_merge_params(...) KAL_WITH(box_merge, KAL_BOX_MERGE_PARAMS, __VA_ARGS__)
KAL_OP_0(box_merge)

#define KAL_BOX_SHIFT_PARAMS(P)                                   \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box") \
    P(FLOAT, x, 0, -1e9, 1e9, "px", "to the right")               \
    P(FLOAT, y, 0, -1e9, 1e9, "px", "downwards")
KAL_PARAMS(box_shift, KAL_BOX_SHIFT_PARAMS)
#define kal_box_shift_params(...) KAL_WITH(box_shift, KAL_BOX_SHIFT_PARAMS, __VA_ARGS__)
KAL_OP_0(box_shift)

#define KAL_BOX_SCALE_PARAMS(P)                                                      \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                    \
    P(FLOAT, x, 1, 1e-6, 1e6, "", "factor")                                          \
    P(FLOAT, y, KAL_AUTO, 1e-6, 1e6, "", "factor along the height; unset: the same") \
    P(CHOICE, about, 0, 0, 0, "origin|centre", "what stays where it is")
KAL_PARAMS(box_scale, KAL_BOX_SCALE_PARAMS)
#define kal_box_scale_params(...) KAL_WITH(box_scale, KAL_BOX_SCALE_PARAMS, __VA_ARGS__)
KAL_OP_0(box_scale)

#define KAL_BOX_PAD_PARAMS(P)                                                \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")            \
    P(FLOAT, x, 0, -1e9, 1e9, "", "what is added on every side")             \
    P(FLOAT, y, KAL_AUTO, -1e9, 1e9, "", "above and below; unset: the same") \
    P(CHOICE, unit, 0, 0, 0, "fraction|pixel", "parts of the box's own width and height, or pixels")
KAL_PARAMS(box_pad, KAL_BOX_PAD_PARAMS)
#define kal_box_pad_params(...) KAL_WITH(box_pad, KAL_BOX_PAD_PARAMS, __VA_ARGS__)
KAL_OP_0(box_pad)

#define KAL_BOX_CONTEXT_PARAMS(P)                                                                    \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                                    \
    P(FLOAT, x, 0, 0, 1e9, "", "what is added on every side")                                        \
    P(FLOAT, y, KAL_AUTO, 0, 1e9, "", "above and below; unset: the same")                            \
    P(CHOICE, unit, 0, 0, 0, "fraction|pixel", "parts of the box's own width and height, or pixels") \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the picture")                             \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height")                                      \
    P(CHOICE, beyond, 0, 0, 0, "shift|clip", "at the picture's edge: moved inwards, or cut off")
KAL_PARAMS(box_context, KAL_BOX_CONTEXT_PARAMS)
#define kal_box_context_params(...) KAL_WITH(box_context, KAL_BOX_CONTEXT_PARAMS, __VA_ARGS__)
KAL_OP_0(box_context)

#define KAL_BOX_CLIP_PARAMS(P)                                                      \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                   \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of what boxes must lie in") \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height")                     \
    P(X, x, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "its left edge")                  \
    P(Y, y, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "its top edge")
KAL_PARAMS(box_clip, KAL_BOX_CLIP_PARAMS)
#define kal_box_clip_params(...) KAL_WITH(box_clip, KAL_BOX_CLIP_PARAMS, __VA_ARGS__)
KAL_OP_0(box_clip)

#define KAL_BOX_TRANSFER_PARAMS(P)                                                  \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                   \
    P(LIST, from, 0, 0, 1e9, "px", "size of the picture they are of: width height") \
    P(LIST, to, 0, 0, 1e9, "px", "size of the other")
KAL_PARAMS(box_transfer, KAL_BOX_TRANSFER_PARAMS)
#define kal_box_transfer_params(...) KAL_WITH(box_transfer, KAL_BOX_TRANSFER_PARAMS, __VA_ARGS__)
KAL_OP_0(box_transfer)

#define KAL_BOX_SQUARE_PARAMS(P)                                                        \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                       \
    P(CHOICE, how, 0, 0, 0, "grow|shrink", "to the longer side, or to the shorter")     \
    P(X, width, 0, 0, KAL_MAX_SIDE, "px", "of a picture it has to lie in; 0: anywhere") \
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")                                \
    P(CHOICE, beyond, 0, 0, 0, "refuse|clamp", "a box with no room in the picture: an error, or made smaller")
KAL_PARAMS(box_square, KAL_BOX_SQUARE_PARAMS)
#define kal_box_square_params(...) KAL_WITH(box_square, KAL_BOX_SQUARE_PARAMS, __VA_ARGS__)
KAL_OP_0(box_square)

#define KAL_BOX_FIT_PARAMS(P)                                                           \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                       \
    P(FLOAT, aspect, 1, 1e-4, 1e4, "", "width over height")                             \
    P(CHOICE, how, 0, 0, 0, "grow|shrink", "around the box, or inside it")              \
    P(X, width, 0, 0, KAL_MAX_SIDE, "px", "of a picture it has to lie in; 0: anywhere") \
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")                                \
    P(CHOICE, beyond, 0, 0, 0, "refuse|clamp", "a box with no room in the picture: an error, or made smaller")
KAL_PARAMS(box_fit, KAL_BOX_FIT_PARAMS)
#define kal_box_fit_params(...) KAL_WITH(box_fit, KAL_BOX_FIT_PARAMS, __VA_ARGS__)
KAL_OP_0(box_fit)

#define KAL_BOX_SNAP_PARAMS(P)                                                          \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                       \
    P(INT, multiple, 16, 1, 65536, "px", "sides become multiples of it")                \
    P(INT, least, 0, 0, KAL_MAX_SIDE, "px", "no side is shorter")                       \
    P(CHOICE, round, 0, 0, 0, "up|down", "to the next multiple, or the one before")     \
    P(X, width, 0, 0, KAL_MAX_SIDE, "px", "of a picture it has to lie in; 0: anywhere") \
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")                                \
    P(CHOICE, beyond, 0, 0, 0, "refuse|clamp", "a box with no room in the picture: an error, or made smaller")
KAL_PARAMS(box_snap, KAL_BOX_SNAP_PARAMS)
#define kal_box_snap_params(...) KAL_WITH(box_snap, KAL_BOX_SNAP_PARAMS, __VA_ARGS__)
KAL_OP_0(box_snap)

#define KAL_TILE_BOXES_PARAMS(P)                                                         \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the picture")                 \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height")                          \
    P(INT, tile, 512, 1, KAL_MAX_SIDE, "px", "width of a tile")                          \
    P(INT, tile_height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height; unset: the width") \
    P(INT, overlap, 64, 0, KAL_MAX_SIDE, "px", "of neighbours, at least")                \
    P(INT, multiple, 1, 1, 65536, "px", "a tile's sides are multiples of it")
KAL_PARAMS(tile_boxes, KAL_TILE_BOXES_PARAMS)
#define kal_tile_boxes_params(...) KAL_WITH(tile_boxes, KAL_TILE_BOXES_PARAMS, __VA_ARGS__)
KAL_OP_0(tile_boxes)

#define KAL_SMART_CROP_PARAMS(P)                                              \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the box")          \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height")               \
    P(CHOICE, by, 0, 0, 0, "attention|entropy", "what counts as much to see") \
    P(CHOICE, fit, 0, 0, 0, "largest|exact", "the largest box of that shape, or one of that size")
KAL_PARAMS(smart_crop, KAL_SMART_CROP_PARAMS)
#define kal_smart_crop_params(...) KAL_WITH(smart_crop, KAL_SMART_CROP_PARAMS, __VA_ARGS__)
KAL_OP_1(smart_crop)

#define KAL_POINTS_PARAMS(P)                                                       \
    P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point")                       \
    P(CHOICE, unit, 0, 0, 0, KAL_UNITS, "pixels, or parts of the picture's sides") \
    P(X, width, 0, 0, KAL_MAX_SIDE, "px", "width of the picture")                  \
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")
KAL_PARAMS(points, KAL_POINTS_PARAMS)
#define kal_points_params(...) KAL_WITH(points, KAL_POINTS_PARAMS, __VA_ARGS__)
KAL_OP_0(points)

#define KAL_POINT_NUMBERS_PARAMS(P)                                                \
    P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point")                       \
    P(CHOICE, unit, 0, 0, 0, KAL_UNITS, "pixels, or parts of the picture's sides") \
    P(X, width, 0, 0, KAL_MAX_SIDE, "px", "width of the picture")                  \
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")
KAL_PARAMS(point_numbers, KAL_POINT_NUMBERS_PARAMS)
#define kal_point_numbers_params(...) KAL_WITH(point_numbers, KAL_POINT_NUMBERS_PARAMS, __VA_ARGS__)
KAL_OP_0(point_numbers)

#define KAL_POINT_SHIFT_PARAMS(P)                            \
    P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point") \
    P(FLOAT, x, 0, -1e9, 1e9, "px", "to the right")          \
    P(FLOAT, y, 0, -1e9, 1e9, "px", "downwards")
KAL_PARAMS(point_shift, KAL_POINT_SHIFT_PARAMS)
#define kal_point_shift_params(...) KAL_WITH(point_shift, KAL_POINT_SHIFT_PARAMS, __VA_ARGS__)
KAL_OP_0(point_shift)

#define KAL_POINT_SCALE_PARAMS(P)                            \
    P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point") \
    P(FLOAT, x, 1, -1e6, 1e6, "", "factor")                  \
    P(FLOAT, y, KAL_AUTO, -1e6, 1e6, "", "factor along the height; unset: the same")
KAL_PARAMS(point_scale, KAL_POINT_SCALE_PARAMS)
#define kal_point_scale_params(...) KAL_WITH(point_scale, KAL_POINT_SCALE_PARAMS, __VA_ARGS__)
KAL_OP_0(point_scale)

#define KAL_POINT_CLIP_PARAMS(P)                                         \
    P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point")             \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the picture") \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height")          \
    P(CHOICE, how, 0, 0, 0, "move|drop", "what becomes of points outside")
KAL_PARAMS(point_clip, KAL_POINT_CLIP_PARAMS)
#define kal_point_clip_params(...) KAL_WITH(point_clip, KAL_POINT_CLIP_PARAMS, __VA_ARGS__)
KAL_OP_0(point_clip)

#define KAL_POINT_TRANSFER_PARAMS(P)                                                \
    P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point")                        \
    P(LIST, from, 0, 0, 1e9, "px", "size of the picture they are of: width height") \
    P(LIST, to, 0, 0, 1e9, "px", "size of the other")
KAL_PARAMS(point_transfer, KAL_POINT_TRANSFER_PARAMS)
#define kal_point_transfer_params(...) KAL_WITH(point_transfer, KAL_POINT_TRANSFER_PARAMS, __VA_ARGS__)
KAL_OP_0(point_transfer)

#define KAL_POINT_BOX_PARAMS(P) P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point")
KAL_PARAMS(point_box, KAL_POINT_BOX_PARAMS)
#define kal_point_box_params(...) KAL_WITH(point_box, KAL_POINT_BOX_PARAMS, __VA_ARGS__)
KAL_OP_0(point_box)

#define KAL_POINT_APPEND_PARAMS(P)                           \
    P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point") \
    P(LIST, more, 0, -1e9, 1e9, "px", "points that come after them")
KAL_PARAMS(point_append, KAL_POINT_APPEND_PARAMS)
#define kal_point_append_params(...) KAL_WITH(point_append, KAL_POINT_APPEND_PARAMS, __VA_ARGS__)
KAL_OP_0(point_append)

KAL_PARAMS(size, KAL_NO_PARAMS)
KAL_OP_1(size)

#define KAL_SIZE_SCALE_PARAMS(P)                 \
    P(LIST, of, 0, 0, 1e9, "px", "width height") \
    P(FLOAT, x, 1, 0, 1e6, "", "factor")         \
    P(FLOAT, y, KAL_AUTO, 0, 1e6, "", "factor of the height; unset: the same")
KAL_PARAMS(size_scale, KAL_SIZE_SCALE_PARAMS)
#define kal_size_scale_params(...) KAL_WITH(size_scale, KAL_SIZE_SCALE_PARAMS, __VA_ARGS__)
KAL_OP_0(size_scale)

#define KAL_SIZE_FITS_PARAMS(P)                                 \
    P(LIST, of, 0, 0, 1e9, "px", "width height")                \
    P(LIST, into, 0, 0, 1e9, "px", "width height of the other") \
    P(BOOL, smaller, false, 0, 0, "", "both sides must be smaller")
KAL_PARAMS(size_fits, KAL_SIZE_FITS_PARAMS)
#define kal_size_fits_params(...) KAL_WITH(size_fits, KAL_SIZE_FITS_PARAMS, __VA_ARGS__)
KAL_OP_0(size_fits)

#define KAL_CALC_PARAMS(P)                                                     \
    P(TEXT, formula, "a", 0, 0, "", "what comes of the numbers, as \"a / 2\"") \
    P(LIST, a, 0, 0, 0, "", "numbers the formula calls a, one at a time")      \
    P(LIST, b, 0, 0, 0, "", "and b, at the same place")                        \
    P(LIST, c, 0, 0, 0, "", "and c")                                           \
    P(LIST, d, 0, 0, 0, "", "and d")                                           \
    P(LIST, values, 0, 0, 0, "", "numbers the formula calls v0, v1 ... v15")
KAL_PARAMS(calc, KAL_CALC_PARAMS)
#define kal_calc_params(...) KAL_WITH(calc, KAL_CALC_PARAMS, __VA_ARGS__)
KAL_OP_0(calc)

#define KAL_MAP_BOXES_PARAMS(P) \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box on the first image")
KAL_PARAMS(map_boxes, KAL_MAP_BOXES_PARAMS)
#define kal_map_boxes_params(...) KAL_WITH(map_boxes, KAL_MAP_BOXES_PARAMS, __VA_ARGS__)
KAL_OP_2(map_boxes)

#define KAL_MAP_POINTS_PARAMS(P) P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point on the first image")
KAL_PARAMS(map_points, KAL_MAP_POINTS_PARAMS)
#define kal_map_points_params(...) KAL_WITH(map_points, KAL_MAP_POINTS_PARAMS, __VA_ARGS__)
KAL_OP_2(map_points)

KAL_END
#endif
