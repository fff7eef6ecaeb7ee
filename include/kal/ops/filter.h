// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops whose samples hang on their neighbours. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_FILTER_H
#define KAL_HEADER_OPS_FILTER_H

#include <kal/ops/define.h>

KAL_BEGIN

#define KAL_GAUSSIAN_PARAMS(P)                                                     \
    P(FLOAT, sigma, 1, 0, 1000, "px", "standard deviation; 0: nothing happens")    \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image") \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque") \
    KAL_LIGHT_PARAM(P)
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

#define KAL_MEDIAN_FILTER_PARAMS(P)                                                              \
    P(INT, radius, 1, 0, 127, "px", "pixels on each side of the middle one; 0: nothing happens") \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image")               \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(median_filter, KAL_MEDIAN_FILTER_PARAMS)
#define kal_median_filter_params(...) KAL_WITH(median_filter, KAL_MEDIAN_FILTER_PARAMS, __VA_ARGS__)
KAL_OP_1(median_filter)

#define KAL_BOX_BLUR_MOST 500
#define KAL_BOX_BLUR_PARAMS(P)                                                     \
    P(INT, radius, 1, 0, KAL_BOX_BLUR_MOST, "px",                                  \
      "pixels on each side of the middle one; 0: nothing happens")                 \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image") \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque") \
    KAL_LIGHT_PARAM(P)
KAL_PARAMS(box_blur, KAL_BOX_BLUR_PARAMS)
#define kal_box_blur_params(...) KAL_WITH(box_blur, KAL_BOX_BLUR_PARAMS, __VA_ARGS__)
KAL_OP_1(box_blur)

#define KAL_BILATERAL_PARAMS(P)                                                                          \
    P(INT, radius, KAL_AUTO, 1, 100, "px", "of the disc that is looked at; unset: 1.5 · sigma_space")    \
    P(FLOAT, sigma_color, KAL_AUTO, 1e-6, 1e9, "sample", "how far colours may differ; unset: white / 8") \
    P(FLOAT, sigma_space, 3, 0.01, 1000, "px", "how far pixels may be away")                             \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image")                       \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(bilateral, KAL_BILATERAL_PARAMS)
#define kal_bilateral_params(...) KAL_WITH(bilateral, KAL_BILATERAL_PARAMS, __VA_ARGS__)
KAL_OP_1(bilateral)

#define KAL_GUIDED_FILTER_PARAMS(P)                                     \
    P(INT, radius, 8, 1, 500, "px", "of the windows it fits planes to") \
    P(FLOAT, epsilon, 0.01, 1e-8, 1e8, "", "variance, of parts of white, up to which it smooths")
KAL_PARAMS(guided_filter, KAL_GUIDED_FILTER_PARAMS)
#define kal_guided_filter_params(...) KAL_WITH(guided_filter, KAL_GUIDED_FILTER_PARAMS, __VA_ARGS__)
KAL_OP_2(guided_filter)

#define KAL_LOCAL_MEAN_PARAMS(P)                                                   \
    P(INT, radius, 7, 1, 500, "px", "pixels on each side of the middle one")       \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image") \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(local_mean, KAL_LOCAL_MEAN_PARAMS)
#define kal_local_mean_params(...) KAL_WITH(local_mean, KAL_LOCAL_MEAN_PARAMS, __VA_ARGS__)
KAL_OP_1(local_mean)

#define KAL_LOCAL_STD_PARAMS(P) KAL_LOCAL_MEAN_PARAMS(P)
KAL_PARAMS(local_std, KAL_LOCAL_STD_PARAMS)
#define kal_local_std_params(...) KAL_WITH(local_std, KAL_LOCAL_STD_PARAMS, __VA_ARGS__)
KAL_OP_1(local_std)

#define KAL_SOBEL_PARAMS(P)                                                                   \
    P(CHOICE, of, 0, 0, 0, "magnitude|x|y", "to the right, downwards, or the length of both") \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image")            \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(sobel, KAL_SOBEL_PARAMS)
#define kal_sobel_params(...) KAL_WITH(sobel, KAL_SOBEL_PARAMS, __VA_ARGS__)
KAL_OP_1(sobel)

#define KAL_SCHARR_PARAMS(P)                                                                  \
    P(CHOICE, of, 0, 0, 0, "magnitude|x|y", "to the right, downwards, or the length of both") \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image")            \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(scharr, KAL_SCHARR_PARAMS)
#define kal_scharr_params(...) KAL_WITH(scharr, KAL_SCHARR_PARAMS, __VA_ARGS__)
KAL_OP_1(scharr)

#define KAL_LAPLACIAN_PARAMS(P)                                                    \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "what lies outside the image") \
    P(COLOR, color, 0, 0, 0, "sample", "the colour of fill; unset: black, opaque")
KAL_PARAMS(laplacian, KAL_LAPLACIAN_PARAMS)
#define kal_laplacian_params(...) KAL_WITH(laplacian, KAL_LAPLACIAN_PARAMS, __VA_ARGS__)
KAL_OP_1(laplacian)

#define KAL_CANNY_PARAMS(P)                                                              \
    P(FLOAT, low, 50, 0, 32767, "", "slope from which on a ridge may belong to an edge") \
    P(FLOAT, high, 150, 0, 32767, "", "slope from which on it is one; the greater of both counts")
KAL_PARAMS(canny, KAL_CANNY_PARAMS)
#define kal_canny_params(...) KAL_WITH(canny, KAL_CANNY_PARAMS, __VA_ARGS__)
KAL_OP_1(canny)

KAL_END
#endif
