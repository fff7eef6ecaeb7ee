// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Masks: made, changed, measured, laid on. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_MASK_H
#define KAL_HEADER_OPS_MASK_H

#include <kal/ops/define.h>

KAL_BEGIN

#define KAL_SHAPES "rectangle|ellipse|cross"
#define KAL_MORPH_PARAMS(P)                                                                      \
    P(INT, width, KAL_AUTO, 1, 16384, "px", "width of the kernel; unset: 3, or as `kernel` has") \
    P(INT, height, KAL_AUTO, 1, 16384, "px", "its height; unset: the width")                     \
    P(CHOICE, shape, 0, 0, 0, KAL_SHAPES, "its shape")                                           \
    P(LIST, kernel, 0, 0, 0, "", "in place of a shape: row by row, 0 where it has a hole")
#define KAL_ERODE_PARAMS(P) \
    KAL_MORPH_PARAMS(P)     \
    P(BOOL, reflect, false, 0, 0, "", "turn the kernel by half a turn")
KAL_PARAMS(erode, KAL_ERODE_PARAMS)
KAL_PARAMS(dilate, KAL_ERODE_PARAMS)
KAL_PARAMS(open, KAL_MORPH_PARAMS)
KAL_PARAMS(close, KAL_MORPH_PARAMS)
#define kal_erode_params(...) KAL_WITH(erode, KAL_ERODE_PARAMS, __VA_ARGS__)
#define kal_dilate_params(...) KAL_WITH(dilate, KAL_ERODE_PARAMS, __VA_ARGS__)
#define kal_open_params(...) KAL_WITH(open, KAL_MORPH_PARAMS, __VA_ARGS__)
#define kal_close_params(...) KAL_WITH(close, KAL_MORPH_PARAMS, __VA_ARGS__)
KAL_OP_1(erode)
KAL_OP_1(dilate)
KAL_OP_1(open)
KAL_OP_1(close)

KAL_PARAMS(mask_and, KAL_NO_PARAMS)
KAL_PARAMS(mask_or, KAL_NO_PARAMS)
KAL_PARAMS(mask_xor, KAL_NO_PARAMS)
KAL_OP_N(mask_and)
KAL_OP_N(mask_or)
KAL_OP_N(mask_xor)

#define KAL_COMPONENTS_PARAMS(P) P(INT, connectivity, 8, 4, 8, "", "8: corners touch, too; 4: sides only")
#define KAL_REMOVE_SMALL_PARAMS(P)                                                           \
    P(FLOAT, area, 0, 0, 1e15, "px", "smaller parts go; under 1 it is a share of the image") \
    P(INT, connectivity, 8, 4, 8, "", "8: corners touch, too; 4: sides only")
#define KAL_KEEP_LARGEST_PARAMS(P)                           \
    P(INT, n, 1, 1, KAL_MAX_SIDE, "", "how many parts stay") \
    P(INT, connectivity, 8, 4, 8, "", "8: corners touch, too; 4: sides only")
#define KAL_FILL_HOLES_PARAMS(P)                                                                             \
    P(FLOAT, area, 0, 0, 1e15, "px", "smaller holes are filled; under 1 it is a share of the image; 0: all") \
    P(INT, connectivity, 8, 4, 8, "", "of what is set. 8: corners touch, too; 4: sides only")
KAL_PARAMS(components, KAL_COMPONENTS_PARAMS)
KAL_PARAMS(remove_small, KAL_REMOVE_SMALL_PARAMS)
KAL_PARAMS(keep_largest, KAL_KEEP_LARGEST_PARAMS)
KAL_PARAMS(fill_holes, KAL_FILL_HOLES_PARAMS)
#define kal_components_params(...) KAL_WITH(components, KAL_COMPONENTS_PARAMS, __VA_ARGS__)
#define kal_remove_small_params(...) KAL_WITH(remove_small, KAL_REMOVE_SMALL_PARAMS, __VA_ARGS__)
#define kal_keep_largest_params(...) KAL_WITH(keep_largest, KAL_KEEP_LARGEST_PARAMS, __VA_ARGS__)
#define kal_fill_holes_params(...) KAL_WITH(fill_holes, KAL_FILL_HOLES_PARAMS, __VA_ARGS__)
KAL_OP_1(components)
KAL_OP_1(remove_small)
KAL_OP_1(keep_largest)
KAL_OP_1(fill_holes)

/// What becomes of boxes that overlap; or one box around everything.
#define KAL_MERGES "overlapping|all|none"
typedef enum kal_merge { KAL_MERGE_OVERLAPPING, KAL_MERGE_ALL, KAL_MERGE_NONE } kal_merge;
#define KAL_MASK_BOXES_PARAMS(P)                                                                       \
    P(FLOAT, margin, 0, 0, 1000, "of the side",                                                        \
      "each box grows by so much of its width and height on every side")                               \
    P(CHOICE, merge, 0, 0, 0, KAL_MERGES, "all: one box around everything")                            \
    P(LIST, opening, 0, 1, 16384, "px", "open the mask before: width and height, or one for both")     \
    P(LIST, closing, 0, 1, 16384, "px", "close it before, after the opening")                          \
    P(FLOAT, area, 0, 0, 1e15, "px", "smaller parts are left out; under 1 it is a share of the image") \
    P(INT, largest, KAL_AUTO, 1, KAL_MAX_SIDE, "", "only so many of the largest parts; unset: all")    \
    P(INT, connectivity, 8, 4, 8, "", "8: corners touch, too; 4: sides only")
KAL_PARAMS(mask_boxes, KAL_MASK_BOXES_PARAMS)
#define kal_mask_boxes_params(...) KAL_WITH(mask_boxes, KAL_MASK_BOXES_PARAMS, __VA_ARGS__)
KAL_OP_1(mask_boxes)

KAL_PARAMS(mask_areas, KAL_COMPONENTS_PARAMS)
#define kal_mask_areas_params(...) KAL_WITH(mask_areas, KAL_COMPONENTS_PARAMS, __VA_ARGS__)
KAL_OP_1(mask_areas)

#define KAL_BOX_MASK_PARAMS(P)                                                            \
    P(LIST, boxes, 0, 0, 0, "px", "x0 y0 x1 y1 of each box")                              \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the mask; unset: the image's") \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height; unset: the image's")
#define KAL_POINTS_MASK_PARAMS(P)                                                         \
    P(LIST, points, 0, 0, 0, "px", "x y of each point")                                   \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the mask; unset: the image's") \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height; unset: the image's")
#define KAL_POLYGON_MASK_PARAMS(P)                                                        \
    P(LIST, polygons, 0, 0, 0, "px", "polygon x y of each corner")                        \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the mask; unset: the image's") \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "its height; unset: the image's")
KAL_PARAMS(box_mask, KAL_BOX_MASK_PARAMS)
KAL_PARAMS(points_mask, KAL_POINTS_MASK_PARAMS)
KAL_PARAMS(polygon_mask, KAL_POLYGON_MASK_PARAMS)
#define kal_box_mask_params(...) KAL_WITH(box_mask, KAL_BOX_MASK_PARAMS, __VA_ARGS__)
#define kal_points_mask_params(...) KAL_WITH(points_mask, KAL_POINTS_MASK_PARAMS, __VA_ARGS__)
#define kal_polygon_mask_params(...) KAL_WITH(polygon_mask, KAL_POLYGON_MASK_PARAMS, __VA_ARGS__)
KAL_OP_MAYBE(box_mask)
KAL_OP_MAYBE(points_mask)
KAL_OP_MAYBE(polygon_mask)

#define KAL_MASK_POLYGONS_PARAMS(P)                                                    \
    P(FLOAT, area, 0, 0, 1e15, "px",                                                   \
      "outlines around fewer pixels are left out; under 1 it is a share of the image") \
    P(INT, connectivity, 8, 4, 8, "", "8: corners touch, too; 4: sides only")
KAL_PARAMS(mask_polygons, KAL_MASK_POLYGONS_PARAMS)
#define kal_mask_polygons_params(...) KAL_WITH(mask_polygons, KAL_MASK_POLYGONS_PARAMS, __VA_ARGS__)
KAL_OP_1(mask_polygons)

KAL_PARAMS(mask_iou, KAL_NO_PARAMS)
KAL_OP_2(mask_iou)

KAL_PARAMS(otsu, KAL_NO_PARAMS)
KAL_OP_1(otsu)

KAL_PARAMS(distance, KAL_NO_PARAMS)
KAL_OP_1(distance)

#define KAL_FEATHER_PARAMS(P)                                                              \
    P(INT, width, 8, 0, 16384, "px", "width of the soft edge; 0: hard")                    \
    P(CHOICE, side, 0, 0, 0, "inside|outside", "on which side of the mask's edge it lies") \
    P(CHOICE, type, 0, 0, 0, "u8|u16|f32", "the sample type of the result")
KAL_PARAMS(feather, KAL_FEATHER_PARAMS)
#define kal_feather_params(...) KAL_WITH(feather, KAL_FEATHER_PARAMS, __VA_ARGS__)
KAL_OP_1(feather)

#define KAL_DIM_PARAMS(P) P(FLOAT, alpha, 0.5, 0, 1, "", "share that is left of what lies outside the mask")
KAL_PARAMS(dim, KAL_DIM_PARAMS)
#define kal_dim_params(...) KAL_WITH(dim, KAL_DIM_PARAMS, __VA_ARGS__)
KAL_OP_2(dim)

KAL_PARAMS(mask_blend, KAL_NO_PARAMS)
static inline kal_node *kal_mask_blend(kal_scope *s, kal_node *image, kal_node *mask, kal_node *base,
                                       const kal_mask_blend_p *params)
{
    kal_node *const in[3] = {image, mask, base};
    return kal_apply(s, "mask_blend", params, in, 3);
}

KAL_END
#endif
