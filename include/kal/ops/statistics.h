// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Values of a whole image. How to read the lists: kal/ops/define.h.
#ifndef KAL_HEADER_OPS_STATISTICS_H
#define KAL_HEADER_OPS_STATISTICS_H

#include <kal/ops/define.h>

KAL_BEGIN

KAL_PARAMS(mean, KAL_NO_PARAMS)
KAL_OP_1(mean)

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

KAL_END
#endif
