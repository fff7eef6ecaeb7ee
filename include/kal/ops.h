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

/// Constructors: one input; two (first what changes, second the base); a number of them.
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

KAL_END
#endif
