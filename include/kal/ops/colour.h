// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops on tones and colours, each pixel by itself or by a curve. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_COLOUR_H
#define KAL_HEADER_OPS_COLOUR_H

#include <kal/ops/define.h>

KAL_BEGIN

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

#define KAL_BRIGHTNESS_PARAMS(P) P(FLOAT, factor, 1, 0, 1e6, "", "what samples are multiplied by")
KAL_PARAMS(brightness, KAL_BRIGHTNESS_PARAMS)
#define kal_brightness_params(...) KAL_WITH(brightness, KAL_BRIGHTNESS_PARAMS, __VA_ARGS__)
KAL_OP_1(brightness)

#define KAL_CONTRAST_PARAMS(P)                                                         \
    P(FLOAT, factor, 1, 0, 1e6, "", "what distances from the pivot are multiplied by") \
    P(FLOAT, pivot, KAL_AUTO, -1e9, 1e9, "sample", "the tone that stays; unset: half of full scale")
KAL_PARAMS(contrast, KAL_CONTRAST_PARAMS)
#define kal_contrast_params(...) KAL_WITH(contrast, KAL_CONTRAST_PARAMS, __VA_ARGS__)
KAL_OP_1(contrast)

#define KAL_EXPOSURE_PARAMS(P)                                                   \
    P(FLOAT, stops, 0, -30, 30, "stops", "each doubles the light, or halves it") \
    P(BOOL, linear, false, 0, 0, "", "samples are amounts of light, not sRGB")
KAL_PARAMS(exposure, KAL_EXPOSURE_PARAMS)
#define kal_exposure_params(...) KAL_WITH(exposure, KAL_EXPOSURE_PARAMS, __VA_ARGS__)
KAL_OP_1(exposure)

#define KAL_COLOR_MATRIX_PARAMS(P) \
    P(LIST, matrix, 0, -1e6, 1e6, "", "3 rows of 3 weights or, the last being added, of 4; or 4 rows of 5")
KAL_PARAMS(color_matrix, KAL_COLOR_MATRIX_PARAMS)
#define kal_color_matrix_params(...) KAL_WITH(color_matrix, KAL_COLOR_MATRIX_PARAMS, __VA_ARGS__)
KAL_OP_1(color_matrix)

#define KAL_SATURATION_PARAMS(P) P(FLOAT, factor, 1, 0, 1000, "", "0: gray; 1: as it is; over 1: stronger")
KAL_PARAMS(saturation, KAL_SATURATION_PARAMS)
#define kal_saturation_params(...) KAL_WITH(saturation, KAL_SATURATION_PARAMS, __VA_ARGS__)
KAL_OP_1(saturation)

#define KAL_HUE_PARAMS(P) \
    P(FLOAT, degrees, 0, -1e6, 1e6, "degrees", "how far hues turn; 120: red becomes green")
KAL_PARAMS(hue, KAL_HUE_PARAMS)
#define kal_hue_params(...) KAL_WITH(hue, KAL_HUE_PARAMS, __VA_ARGS__)
KAL_OP_1(hue)

#define KAL_SEPIA_PARAMS(P) P(FLOAT, amount, 1, 0, 1, "", "0: as it is; 1: all of it")
KAL_PARAMS(sepia, KAL_SEPIA_PARAMS)
#define kal_sepia_params(...) KAL_WITH(sepia, KAL_SEPIA_PARAMS, __VA_ARGS__)
KAL_OP_1(sepia)

#define KAL_TINT_PARAMS(P)                                        \
    P(COLOR, color, 0, -1e9, 1e9, "sample", "what white becomes") \
    P(FLOAT, amount, 1, 0, 1, "", "0: as it is; 1: all of it")
KAL_PARAMS(tint, KAL_TINT_PARAMS)
#define kal_tint_params(...) KAL_WITH(tint, KAL_TINT_PARAMS, __VA_ARGS__)
KAL_OP_1(tint)

#define KAL_WHITE_BALANCE_PARAMS(P)                                                     \
    P(LIST, gray, 0, 0, 1e9, "sample", "red, green and blue of what is to become gray") \
    P(FLOAT, temperature, 0, 0, 25000, "K", "from 2000, of the light the picture was taken in; 0: not said")
KAL_PARAMS(white_balance, KAL_WHITE_BALANCE_PARAMS)
#define kal_white_balance_params(...) KAL_WITH(white_balance, KAL_WHITE_BALANCE_PARAMS, __VA_ARGS__)
KAL_OP_1(white_balance)

#define KAL_COLOR_KEY_PARAMS(P)                                                                \
    P(COLOR, color, 0, -1e9, 1e9, "sample", "the colour, one value or one per colour channel") \
    P(FLOAT, tolerance, 0, 0, 1e9, "sample", "how far each channel may be from it")
KAL_PARAMS(color_key, KAL_COLOR_KEY_PARAMS)
#define kal_color_key_params(...) KAL_WITH(color_key, KAL_COLOR_KEY_PARAMS, __VA_ARGS__)
KAL_OP_1(color_key)

#define KAL_SWAP_PARAMS(P) P(LIST, order, 0, 0, 63, "", "which channel comes first, second …; each once")
KAL_PARAMS(swap, KAL_SWAP_PARAMS)
#define kal_swap_params(...) KAL_WITH(swap, KAL_SWAP_PARAMS, __VA_ARGS__)
KAL_OP_1(swap)

KAL_PARAMS(premultiply, KAL_NO_PARAMS)
KAL_PARAMS(unpremultiply, KAL_NO_PARAMS)
KAL_OP_1(premultiply)
KAL_OP_1(unpremultiply)

#define KAL_LUT3D_PARAMS(P)                                                                    \
    P(INT, grid, KAL_AUTO, 2, 256, "", "colours along each axis; unset: as many as there are") \
    P(LIST, table, 0, -1e9, 1e9, "", "size³ colours on 0..1, red changing fastest")            \
    P(TEXT, cube, "", 0, 0, "", "the text of a .cube file, in place of both")                  \
    P(FILE, file, "", 0, 0, "", "or the file itself")
KAL_PARAMS(lut3d, KAL_LUT3D_PARAMS)
#define kal_lut3d_params(...) KAL_WITH(lut3d, KAL_LUT3D_PARAMS, __VA_ARGS__)
KAL_OP_1(lut3d)

#define KAL_PROFILES "srgb|srgb_linear|display_p3|adobe_rgb|prophoto|rec2020|gray|gray_linear"
#define KAL_INTENTS "perceptual|relative|saturation|absolute"

#define KAL_ICC_TRANSFORM_PARAMS(P)                                                            \
    P(CHOICE, to, KAL_AUTO, 0, 0, KAL_PROFILES "|file|like",                                   \
      "the new profile; unset: the one given, else srgb or gray")                              \
    P(FILE, profile, "", 0, 0, "", "the new profile, an ICC file")                             \
    P(CHOICE, from, KAL_AUTO, 0, 0, KAL_PROFILES "|file|embedded",                             \
      "of the samples; unset: the one given, else embedded")                                   \
    P(FILE, from_profile, "", 0, 0, "", "the profile of the samples, an ICC file")             \
    P(CHOICE, intent, 1, 0, 0, KAL_INTENTS, "what becomes of colours the new profile has not") \
    P(BOOL, black_point, true, 0, 0, "", "black becomes black (has no meaning for absolute)")
KAL_PARAMS(icc_transform, KAL_ICC_TRANSFORM_PARAMS)
#define kal_icc_transform_params(...) KAL_WITH(icc_transform, KAL_ICC_TRANSFORM_PARAMS, __VA_ARGS__)
KAL_OP_2(icc_transform)

#define KAL_ICC_ASSIGN_PARAMS(P)                              \
    P(CHOICE, to, KAL_AUTO, 0, 0, KAL_PROFILES "|file|like",  \
      "the profile; unset: the one given, else srgb or gray") \
    P(FILE, profile, "", 0, 0, "", "the profile, an ICC file")
KAL_PARAMS(icc_assign, KAL_ICC_ASSIGN_PARAMS)
#define kal_icc_assign_params(...) KAL_WITH(icc_assign, KAL_ICC_ASSIGN_PARAMS, __VA_ARGS__)
KAL_OP_2(icc_assign)

KAL_END
#endif
