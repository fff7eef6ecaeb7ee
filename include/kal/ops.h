// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The parameters of every op, and a constructor for each:
//
//     kal_node *soft = kal_gaussian(scope, photo, kal_gaussian_params(.sigma = 2));
//     kal_node *same = kal_apply_text(scope, "gaussian", "sigma=2", &photo, 1);
//
// The params macro writes the defaults, then your fields; NULL means all defaults; zero is just zero. Each list below is
// the only place a parameter is written: the struct, its defaults, the text grammar, help and docs come from it, and its
// order is part of the key (append only). Meaning, ranges and formulas: docs/ops/, or `kal help NAME`.
//
// In C++ start from kal_gaussian_defaults() and assign.
#ifndef KAL_OPS_H
#define KAL_OPS_H

#include <kal/graph.h>
#include <kal/op.h>

// The params macros write a default and then your field over it, which is what these two warnings are about; a macro cannot silence
// them only for itself.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Winitializer-overrides"
#elif defined(__GNUC__) && !defined(__cplusplus)
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

KAL_BEGIN

#define KAL_SET_INT(f, d) p.f = d;
#define KAL_SET_X(f, d) p.f = d;
#define KAL_SET_Y(f, d) p.f = d;
#define KAL_SET_FLOAT(f, d) p.f = d;
#define KAL_SET_BOOL(f, d) p.f = d;
#define KAL_SET_CHOICE(f, d) p.f = d;
#define KAL_SET_TEXT(f, d) p.f = d;
#define KAL_SET_LIST(f, d) p.f.v = NULL, p.f.n = 0;
#define KAL_SET_COLOR(f, d) p.f.v = NULL, p.f.n = 0;
#define KAL_ASSIGN(kind, name, def, min, max, unit, help) KAL_SET_##kind(name, def)

/// The params struct of an op and its defaults as a function. `size` tells an older caller's struct from a newer one.
#define KAL_PARAMS(op, LIST)                             \
    typedef struct kal_##op##_p {                        \
        size_t size;                                     \
        LIST(KAL_FIELD)                                  \
    } kal_##op##_p;                                      \
    static inline kal_##op##_p kal_##op##_defaults(void) \
    {                                                    \
        kal_##op##_p p;                                  \
        p.size = sizeof p;                               \
        LIST(KAL_ASSIGN)                                 \
        return p;                                        \
    }
#define KAL_WITH(op, LIST, ...) \
    (&(const kal_##op##_p){.size = sizeof(kal_##op##_p), LIST(KAL_DEFAULT) __VA_ARGS__})

/// Constructors: no input; one; two (first what changes, second the base); a number of them.
#define KAL_OP_0(op)                                                           \
    static inline kal_node *kal_##op(kal_scope *s, const kal_##op##_p *params) \
    {                                                                          \
        return kal_apply(s, #op, params, NULL, 0);                             \
    }
/// Constructors: one input; two (first what changes, second the base); one or none (NULL); a number of them.
#define KAL_OP_1(op)                                                                            \
    static inline kal_node *kal_##op(kal_scope *s, kal_node *image, const kal_##op##_p *params) \
    {                                                                                           \
        return kal_apply(s, #op, params, &image, 1);                                            \
    }
#define KAL_OP_2(op)                                                                \
    static inline kal_node *kal_##op(kal_scope *s, kal_node *image, kal_node *base, \
                                     const kal_##op##_p *params)                    \
    {                                                                               \
        kal_node *const in[2] = {image, base};                                      \
        return kal_apply(s, #op, params, in, base ? 2 : 1);                         \
    }
#define KAL_OP_MAYBE(op)                                                                        \
    static inline kal_node *kal_##op(kal_scope *s, kal_node *image, const kal_##op##_p *params) \
    {                                                                                           \
        return kal_apply(s, #op, params, &image, image ? 1 : 0);                                \
    }
#define KAL_OP_N(op)                                                                   \
    static inline kal_node *kal_##op(kal_scope *s, kal_node *const *images, int32_t n, \
                                     const kal_##op##_p *params)                       \
    {                                                                                  \
        return kal_apply(s, #op, params, images, n);                                   \
    }

// ---- geometry -----------------------------------------------------------------------------------

#define KAL_CROP_PARAMS(P)                                                         \
    P(X, x, 0, 0, KAL_MAX_SIDE, "px", "left edge of the part to keep")             \
    P(Y, y, 0, 0, KAL_MAX_SIDE, "px", "top edge")                                  \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width; unset: all to the right") \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height; unset: all below")
KAL_PARAMS(crop, KAL_CROP_PARAMS)
#define kal_crop_params(...) KAL_WITH(crop, KAL_CROP_PARAMS, __VA_ARGS__)
KAL_OP_1(crop)

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

#define KAL_INSERT_PARAMS(P)                                                            \
    P(X, x, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "left edge of the image on the base") \
    P(Y, y, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "top edge")
KAL_PARAMS(insert, KAL_INSERT_PARAMS)
#define kal_insert_params(...) KAL_WITH(insert, KAL_INSERT_PARAMS, __VA_ARGS__)
KAL_OP_2(insert)

#define KAL_KERNELS "nearest|box|bilinear|bicubic|mitchell|lanczos3"
typedef enum kal_kernel {
    KAL_NEAREST,
    KAL_BOX,
    KAL_BILINEAR,
    KAL_BICUBIC,
    KAL_MITCHELL,
    KAL_LANCZOS3
} kal_kernel;

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

#define KAL_ROTATE_PARAMS(P)                                                       \
    P(FLOAT, angle, 0, -1e6, 1e6, "degrees", "counter-clockwise about the centre") \
    P(BOOL, expand, true, 0, 0, "", "grow the canvas so that nothing is cut off")  \
    P(CHOICE, kernel, 1, 0, 0, "nearest|bilinear|bicubic", "interpolation")        \
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
    P(FLOAT, from_height, 0, 0, KAL_MAX_SIDE, "px", "its height; 0: all below")
KAL_PARAMS(resize, KAL_RESIZE_PARAMS)
#define kal_resize_params(...) KAL_WITH(resize, KAL_RESIZE_PARAMS, __VA_ARGS__)
KAL_OP_1(resize)

#define KAL_FITS "inside|cover|fill"
typedef enum kal_fit { KAL_FIT_INSIDE, KAL_FIT_COVER, KAL_FIT_FILL } kal_fit;
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

#define KAL_THUMBNAIL_PARAMS(P)                                                                \
    P(X, width, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "width of the box; unset: as high as wide")   \
    P(Y, height, KAL_AUTO, 1, KAL_MAX_SIDE, "px", "height of the box; unset: as wide as high") \
    P(CHOICE, fit, KAL_FIT_INSIDE, 0, 0, KAL_FITS, "how the picture meets the box")            \
    P(CHOICE, gravity, KAL_CENTRE, 0, 0, KAL_GRAVITIES, "what cover keeps")                    \
    P(BOOL, enlarge, false, 0, 0, "", "true: a small picture is enlarged")                     \
    P(CHOICE, kernel, KAL_LANCZOS3, 0, 0, KAL_KERNELS, "the filter")                           \
    P(FLOAT, gap, 1.5, 0, 100, "", "a file is decoded at least so many times larger; 0: whole")
KAL_PARAMS(thumbnail, KAL_THUMBNAIL_PARAMS)
#define kal_thumbnail_params(...) KAL_WITH(thumbnail, KAL_THUMBNAIL_PARAMS, __VA_ARGS__)
KAL_OP_1(thumbnail)

// ---- filters ------------------------------------------------------------------------------------

#define KAL_GAUSSIAN_PARAMS(P)                                                     \
    P(FLOAT, sigma, 1, 0, 1000, "px", "standard deviation; 0: nothing happens")    \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image") \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(gaussian, KAL_GAUSSIAN_PARAMS)
#define kal_gaussian_params(...) KAL_WITH(gaussian, KAL_GAUSSIAN_PARAMS, __VA_ARGS__)
KAL_OP_1(gaussian)

#define KAL_CONVOLVE_PARAMS(P)                                                      \
    P(LIST, kernel, 0, -1e9, 1e9, "", "the matrix, row by row")                     \
    P(INT, columns, KAL_AUTO, 1, 255, "", "columns of the matrix; unset: square")   \
    P(FLOAT, scale, 0, 0, 0, "", "divides the sum; 0: the sum of the matrix, or 1") \
    P(FLOAT, offset, 0, -1e9, 1e9, "sample", "added after the division")            \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image")  \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(convolve, KAL_CONVOLVE_PARAMS)
#define kal_convolve_params(...) KAL_WITH(convolve, KAL_CONVOLVE_PARAMS, __VA_ARGS__)
KAL_OP_1(convolve)

#define KAL_CONVOLVE_SEP_PARAMS(P)                                                        \
    P(LIST, horizontal, 0, -1e9, 1e9, "", "weights along the row, an odd number of them") \
    P(LIST, vertical, 0, -1e9, 1e9, "", "weights along the column; unset: the same")      \
    P(FLOAT, scale, 0, 0, 0, "", "divides the sum; 0: the product of the two sums, or 1") \
    P(FLOAT, offset, 0, -1e9, 1e9, "sample", "added after the division")                  \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image")        \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(convolve_sep, KAL_CONVOLVE_SEP_PARAMS)
#define kal_convolve_sep_params(...) KAL_WITH(convolve_sep, KAL_CONVOLVE_SEP_PARAMS, __VA_ARGS__)
KAL_OP_1(convolve_sep)

#define KAL_SHARPEN_PARAMS(P)                                                             \
    P(FLOAT, sigma, 1, 0, 100, "px", "standard deviation of the blur that is subtracted") \
    P(FLOAT, amount, 1, -10, 10, "", "how much of the difference is added")               \
    P(FLOAT, threshold, 0, 0, 65535, "sample", "smaller differences are left alone")      \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image")        \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(sharpen, KAL_SHARPEN_PARAMS)
#define kal_sharpen_params(...) KAL_WITH(sharpen, KAL_SHARPEN_PARAMS, __VA_ARGS__)
KAL_OP_1(sharpen)

// ---- tone and colour ----------------------------------------------------------------------------

#define KAL_NO_PARAMS(P)
KAL_PARAMS(invert, KAL_NO_PARAMS)
KAL_OP_1(invert)

#define KAL_LINEAR_PARAMS(P)                                                            \
    P(LIST, scale, 0, -1e9, 1e9, "", "factor, one or one per colour channel; unset: 1") \
    P(LIST, offset, 0, -1e9, 1e9, "sample", "added after, one or one per colour channel; unset: 0")
KAL_PARAMS(linear, KAL_LINEAR_PARAMS)
#define kal_linear_params(...) KAL_WITH(linear, KAL_LINEAR_PARAMS, __VA_ARGS__)
KAL_OP_1(linear)

#define KAL_GAMMA_PARAMS(P) \
    P(FLOAT, exponent, 1, 0.01, 100, "", "out = in^exponent on 0..1; under 1 brightens")
KAL_PARAMS(gamma, KAL_GAMMA_PARAMS)
#define kal_gamma_params(...) KAL_WITH(gamma, KAL_GAMMA_PARAMS, __VA_ARGS__)
KAL_OP_1(gamma)

#define KAL_LEVELS_PARAMS(P)                                                                \
    P(FLOAT, black, 0, 0, 1, "of full scale", "input that becomes out_black")               \
    P(FLOAT, white, 1, 0, 1, "of full scale", "input that becomes out_white")               \
    P(FLOAT, gamma, 1, 0.01, 100, "", "middle tones: out = in^(1/gamma); over 1 brightens") \
    P(FLOAT, out_black, 0, 0, 1, "of full scale", "darkest result")                         \
    P(FLOAT, out_white, 1, 0, 1, "of full scale", "brightest result")
KAL_PARAMS(levels, KAL_LEVELS_PARAMS)
#define kal_levels_params(...) KAL_WITH(levels, KAL_LEVELS_PARAMS, __VA_ARGS__)
KAL_OP_1(levels)

#define KAL_THRESHOLD_PARAMS(P) \
    P(FLOAT, value, KAL_AUTO, 0, 65535, "sample", "a sample above it becomes 255; unset: half of full scale")
KAL_PARAMS(threshold, KAL_THRESHOLD_PARAMS)
#define kal_threshold_params(...) KAL_WITH(threshold, KAL_THRESHOLD_PARAMS, __VA_ARGS__)
KAL_OP_1(threshold)

KAL_PARAMS(gray, KAL_NO_PARAMS)
KAL_OP_1(gray)

KAL_PARAMS(to_rgb, KAL_NO_PARAMS)
KAL_OP_1(to_rgb)

#define KAL_CAST_PARAMS(P) \
    P(CHOICE, type, 0, 0, 0, KAL_TYPES, "the new sample type; full scale maps to full scale")
KAL_PARAMS(cast, KAL_CAST_PARAMS)
#define kal_cast_params(...) KAL_WITH(cast, KAL_CAST_PARAMS, __VA_ARGS__)
KAL_OP_1(cast)

#define KAL_LUT_PARAMS(P) \
    P(LIST, table, 0, 0, 65535, "sample", "256 values, or 256 for each colour channel in turn")
KAL_PARAMS(lut, KAL_LUT_PARAMS)
#define kal_lut_params(...) KAL_WITH(lut, KAL_LUT_PARAMS, __VA_ARGS__)
KAL_OP_1(lut)

// ---- values: small f32 images that parameters can be bound to --------------------------------------

KAL_PARAMS(mean, KAL_NO_PARAMS)
KAL_OP_1(mean)

// ---- arithmetic and joining ---------------------------------------------------------------------

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

#define KAL_COMPOSITE_PARAMS(P)                                                         \
    P(X, x, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "left edge of the image on the base") \
    P(Y, y, 0, -KAL_MAX_SIDE, KAL_MAX_SIDE, "px", "top edge")
KAL_PARAMS(composite, KAL_COMPOSITE_PARAMS)
#define kal_composite_params(...) KAL_WITH(composite, KAL_COMPOSITE_PARAMS, __VA_ARGS__)
KAL_OP_2(composite)

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

// ---- boxes, points, sizes: values of values ----------------------------------------------------------

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
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")
KAL_PARAMS(box_square, KAL_BOX_SQUARE_PARAMS)
#define kal_box_square_params(...) KAL_WITH(box_square, KAL_BOX_SQUARE_PARAMS, __VA_ARGS__)
KAL_OP_0(box_square)

#define KAL_BOX_FIT_PARAMS(P)                                                           \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                       \
    P(FLOAT, aspect, 1, 1e-4, 1e4, "", "width over height")                             \
    P(CHOICE, how, 0, 0, 0, "grow|shrink", "around the box, or inside it")              \
    P(X, width, 0, 0, KAL_MAX_SIDE, "px", "of a picture it has to lie in; 0: anywhere") \
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")
KAL_PARAMS(box_fit, KAL_BOX_FIT_PARAMS)
#define kal_box_fit_params(...) KAL_WITH(box_fit, KAL_BOX_FIT_PARAMS, __VA_ARGS__)
KAL_OP_0(box_fit)

#define KAL_BOX_SNAP_PARAMS(P)                                                          \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box")                       \
    P(INT, multiple, 16, 1, 65536, "px", "sides become multiples of it")                \
    P(INT, least, 0, 0, KAL_MAX_SIDE, "px", "no side is shorter")                       \
    P(CHOICE, round, 0, 0, 0, "up|down", "to the next multiple, or the one before")     \
    P(X, width, 0, 0, KAL_MAX_SIDE, "px", "of a picture it has to lie in; 0: anywhere") \
    P(Y, height, 0, 0, KAL_MAX_SIDE, "px", "its height")
KAL_PARAMS(box_snap, KAL_BOX_SNAP_PARAMS)
#define kal_box_snap_params(...) KAL_WITH(box_snap, KAL_BOX_SNAP_PARAMS, __VA_ARGS__)
KAL_OP_0(box_snap)

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

#define KAL_MAP_BOXES_PARAMS(P) \
    P(LIST, boxes, 0, -1e9, 1e9, "px", "x0 y0 x1 y1 of each box on the first image")
KAL_PARAMS(map_boxes, KAL_MAP_BOXES_PARAMS)
#define kal_map_boxes_params(...) KAL_WITH(map_boxes, KAL_MAP_BOXES_PARAMS, __VA_ARGS__)
KAL_OP_2(map_boxes)

#define KAL_MAP_POINTS_PARAMS(P) P(LIST, points, 0, -1e9, 1e9, "px", "x y of each point on the first image")
KAL_PARAMS(map_points, KAL_MAP_POINTS_PARAMS)
#define kal_map_points_params(...) KAL_WITH(map_points, KAL_MAP_POINTS_PARAMS, __VA_ARGS__)
KAL_OP_2(map_points)
// ---- statistics and tone: values of a whole image, and curves that hang on them -------------------

#define KAL_HISTOGRAM_PARAMS(P) P(INT, bins, 256, 1, 65536, "", "equal parts of full scale that are counted")
KAL_PARAMS(histogram, KAL_HISTOGRAM_PARAMS)
#define kal_histogram_params(...) KAL_WITH(histogram, KAL_HISTOGRAM_PARAMS, __VA_ARGS__)
KAL_OP_2(histogram)

KAL_PARAMS(min, KAL_NO_PARAMS)
KAL_PARAMS(max, KAL_NO_PARAMS)
KAL_PARAMS(sum, KAL_NO_PARAMS)
KAL_PARAMS(std, KAL_NO_PARAMS)
KAL_PARAMS(median, KAL_NO_PARAMS)
KAL_OP_2(min)
KAL_OP_2(max)
KAL_OP_2(sum)
KAL_OP_2(std)
KAL_OP_2(median)

#define KAL_PERCENTILE_METHODS "linear|lower|higher|nearest|midpoint"
#define KAL_PERCENTILE_PARAMS(P)                                           \
    P(LIST, p, 0, 0, 100, "%", "which percentiles; unset: 0 25 50 75 100") \
    P(CHOICE, method, 0, 0, 0, KAL_PERCENTILE_METHODS, "between two samples")
KAL_PARAMS(percentile, KAL_PERCENTILE_PARAMS)
#define kal_percentile_params(...) KAL_WITH(percentile, KAL_PERCENTILE_PARAMS, __VA_ARGS__)
KAL_OP_2(percentile)

#define KAL_CURVES "each|together"
#define KAL_EQUALIZE_PARAMS(P) \
    P(CHOICE, channels, 0, 0, 0, KAL_CURVES, "a curve for each colour channel, or one for all")
KAL_PARAMS(equalize, KAL_EQUALIZE_PARAMS)
KAL_PARAMS(equalize_table, KAL_EQUALIZE_PARAMS)
#define kal_equalize_params(...) KAL_WITH(equalize, KAL_EQUALIZE_PARAMS, __VA_ARGS__)
#define kal_equalize_table_params(...) KAL_WITH(equalize_table, KAL_EQUALIZE_PARAMS, __VA_ARGS__)
KAL_OP_1(equalize)
KAL_OP_2(equalize_table)

#define KAL_STRETCH_PARAMS(P)                                              \
    P(FLOAT, low, 0, 0, 100, "%", "percentile that becomes out_low")       \
    P(FLOAT, high, 100, 0, 100, "%", "percentile that becomes out_high")   \
    P(FLOAT, out_low, KAL_AUTO, -1e9, 1e9, "sample", "unset: 0")           \
    P(FLOAT, out_high, KAL_AUTO, -1e9, 1e9, "sample", "unset: full scale") \
    P(CHOICE, channels, 0, 0, 0, KAL_CURVES, "a range for each colour channel, or one for all")
KAL_PARAMS(stretch, KAL_STRETCH_PARAMS)
#define kal_stretch_params(...) KAL_WITH(stretch, KAL_STRETCH_PARAMS, __VA_ARGS__)
KAL_OP_1(stretch)

#define KAL_RESCALE_PARAMS(P)                                                        \
    P(LIST, range, 0, -1e9, 1e9, "sample", "low and high, or both for each channel") \
    P(FLOAT, out_low, KAL_AUTO, -1e9, 1e9, "sample", "what low becomes; unset: 0")   \
    P(FLOAT, out_high, KAL_AUTO, -1e9, 1e9, "sample", "what high becomes; unset: full scale")
KAL_PARAMS(rescale, KAL_RESCALE_PARAMS)
#define kal_rescale_params(...) KAL_WITH(rescale, KAL_RESCALE_PARAMS, __VA_ARGS__)
KAL_OP_1(rescale)

#define KAL_AUTOCONTRAST_PARAMS(P)                                             \
    P(FLOAT, cutoff, 0, 0, 49, "%", "share of samples left out at either end") \
    P(CHOICE, channels, 0, 0, 0, KAL_CURVES, "a curve for each colour channel, or one for all")
KAL_PARAMS(autocontrast, KAL_AUTOCONTRAST_PARAMS)
#define kal_autocontrast_params(...) KAL_WITH(autocontrast, KAL_AUTOCONTRAST_PARAMS, __VA_ARGS__)
KAL_OP_1(autocontrast)

#define KAL_CLAHE_PARAMS(P)                                                                     \
    P(FLOAT, clip, 40, 0, 1e6, "", "most in a bin, in parts of an even histogram; 0: no limit") \
    P(INT, columns, 8, 1, 256, "", "tiles side by side")                                        \
    P(INT, rows, 8, 1, 256, "", "tiles one under another")
KAL_PARAMS(clahe, KAL_CLAHE_PARAMS)
#define kal_clahe_params(...) KAL_WITH(clahe, KAL_CLAHE_PARAMS, __VA_ARGS__)
KAL_OP_1(clahe)

#define KAL_PALETTES "default|gray|viridis|magma|inferno|plasma|cividis|turbo|jet|tab10|tab20"
typedef enum kal_palette {
    KAL_PALETTE_DEFAULT,
    KAL_PALETTE_GRAY,
    KAL_PALETTE_VIRIDIS,
    KAL_PALETTE_MAGMA,
    KAL_PALETTE_INFERNO,
    KAL_PALETTE_PLASMA,
    KAL_PALETTE_CIVIDIS,
    KAL_PALETTE_TURBO,
    KAL_PALETTE_JET,
    KAL_PALETTE_TAB10,
    KAL_PALETTE_TAB20
} kal_palette;
#define KAL_APPLY_PALETTE_PARAMS(P)                                                          \
    P(CHOICE, palette, KAL_PALETTE_DEFAULT, 0, 0, KAL_PALETTES, "a named palette")           \
    P(LIST, colors, 0, -1e9, 1e9, "sample", "your own palette instead: the colours in turn") \
    P(BOOL, wrap, false, 0, 0, "", "past the last colour begin again, instead of staying there")
KAL_PARAMS(apply_palette, KAL_APPLY_PALETTE_PARAMS)
#define kal_apply_palette_params(...) KAL_WITH(apply_palette, KAL_APPLY_PALETTE_PARAMS, __VA_ARGS__)
KAL_OP_1(apply_palette)

#define KAL_QUANTIZE_PARAMS(P)                                                                            \
    P(CHOICE, palette, KAL_PALETTE_DEFAULT, 0, 0, KAL_PALETTES, "a named palette")                        \
    P(LIST, colors, 0, -1e9, 1e9, "sample", "your own instead: a sample for each colour channel in turn") \
    P(BOOL, index, false, 0, 0, "", "true: numbers of colours instead of colours")
KAL_PARAMS(quantize, KAL_QUANTIZE_PARAMS)
KAL_PARAMS(dither, KAL_QUANTIZE_PARAMS)
#define kal_quantize_params(...) KAL_WITH(quantize, KAL_QUANTIZE_PARAMS, __VA_ARGS__)
#define kal_dither_params(...) KAL_WITH(dither, KAL_QUANTIZE_PARAMS, __VA_ARGS__)
KAL_OP_1(quantize)
KAL_OP_1(dither)

KAL_PARAMS(unique, KAL_NO_PARAMS)
KAL_OP_2(unique)

#define KAL_DOMINANT_PARAMS(P)                              \
    P(INT, count, 5, 1, 256, "", "at most so many colours") \
    P(BOOL, shares, false, 0, 0, "", "true: after each colour its share of the pixels, 0 to 1")
KAL_PARAMS(dominant, KAL_DOMINANT_PARAMS)
#define kal_dominant_params(...) KAL_WITH(dominant, KAL_DOMINANT_PARAMS, __VA_ARGS__)
KAL_OP_2(dominant)

KAL_PARAMS(dhash, KAL_NO_PARAMS)
KAL_OP_1(dhash)

#define KAL_THUMBHASH_PARAMS(P) P(CHOICE, digits, 0, 0, 0, "base64|hex", "how the bytes are written")
KAL_PARAMS(thumbhash, KAL_THUMBHASH_PARAMS)
#define kal_thumbhash_params(...) KAL_WITH(thumbhash, KAL_THUMBHASH_PARAMS, __VA_ARGS__)
KAL_OP_1(thumbhash)
// ---- masks ----------------------------------------------------------------------------------------

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
