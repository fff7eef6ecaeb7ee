// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The inverse of the normal distribution: a number spread evenly over 0..1 becomes one spread like a bell.
#ifndef KAL_OPS_NORMAL_H
#define KAL_OPS_NORMAL_H

/// For 2^-36 < p < 1 - 2^-36, to about 15 digits; exactly odd around 1/2 where 1 - p is exact.
double kal__normal(double p);

#endif
