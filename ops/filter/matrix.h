// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Filters with a matrix of weights w, odd by odd, in correlation orientation: the matrix lies on the image as
// it is read, unflipped. With S = Σw and the middle column and row cx, cy:
//
//     sum(x, y) = Σ_r Σ_c w[r][c] · in(x + c − cx, y + r − cy)     doubles, row by row, zero weights left out
//
//     without alpha:        out = sum / scale + offset
//     with alpha, S ≠ 0:    alpha = sum(alpha) / S
//                           colour = (sum(colour · alpha) / scale) / alpha + offset, 0 where alpha <= 0
//     with alpha, S = 0:    colours as if there were no alpha (edges); alpha stays
//
// Integers round half up and saturate. An opaque alpha channel changes no colour. S counts as 0 when it is
// lost in rounding: |S| <= 10^-12 Σ|w|.
#ifndef KAL_OPS_MATRIX_H
#define KAL_OPS_MATRIX_H

#include "op.h"

typedef struct kal__matrix {
    int32_t columns, rows;
    double sum;   // S
    double scale, offset;
    kal_edge edge;
    double fill[KAL_MAX_CHANNELS];   // colour outside, multiplied by its alpha where colours are
    int32_t taps;                    // weights that are not zero, row by row:
    int32_t *at;                     // where the sample of each lies in a block of source rows,
    double *weights;                 // the weights,
    int16_t *integers;               // or u8 samples and whole weights; NULL: doubles. Even in number
} kal__matrix;

/// S of n weights, exactly 0 when it counts as that.
double kal__weights_sum(const double *weights, int32_t n);

/// Copies the weights. `sum` is S, given because a product of sums knows its zeros better than the products'
/// sum.
kal_status kal__matrix_new(const kal_call *c, const double *weights, int32_t columns, int32_t rows,
                           double sum, kal_edge edge, kal_list color, kal__matrix **out, kal_error *err);
void kal__matrix_free(kal__matrix *m);
size_t kal__matrix_scratch(const kal_call *c, int32_t columns, int32_t rows);
/// The whole job, with scratch of that size.
void kal__matrix_run(const kal__matrix *m, const kal_job *j);

#endif
